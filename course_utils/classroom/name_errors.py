"""A hint below a NameError: most often a cell above has not been run."""

from types import TracebackType
from typing import Any

from course_utils.classroom.shell import running_shell

HINT = (
    "Either `{name}` is misspelt, or the cell that makes it has not been run since the "
    "kernel started. In the menu: Run > Run All Above Selected Cell."
)


def explain_name_errors() -> None:
    """Let the running IPython shell, if there is one, add the hint to NameErrors."""
    shell = running_shell()
    if shell is not None:
        shell.set_custom_exc((NameError,), _show_with_hint)


def _show_with_hint(
    shell: Any,
    kind: type[BaseException],
    error: NameError,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    if error.name:
        print(HINT.format(name=error.name))
