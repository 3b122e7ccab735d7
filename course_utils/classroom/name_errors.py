"""One card for every NameError: most often a cell above has not been run.

`python -m course_utils lab` loads this module into every kernel as an IPython
extension, so that the card comes in a cell run before all others, too. `start` loads
it elsewhere.
"""

from types import TracebackType
from typing import Any

from course_utils.classroom.cards import Card, show_card
from course_utils.classroom.shell import running_shell

_ADVICE = (
    "Most often a cell above has not been run since the kernel started. In the menu: "
    "Run > Run All Above Selected Cell. If that does not help, `{name}` is misspelt."
)


def name_error_card(error: NameError) -> Card:
    """What is missing, and the menu entry that most often brings it back."""
    name = error.name or str(error)
    return Card(f"`{name}` is not known yet.", _ADVICE.format(name=name), tone="bad")


def explain_name_errors() -> None:
    """Let the running IPython shell, if there is one, add the card to NameErrors."""
    shell = running_shell()
    if shell is not None:
        load_ipython_extension(shell)


def load_ipython_extension(shell: Any) -> None:
    shell.set_custom_exc((NameError,), _show_with_card)


def _show_with_card(
    shell: Any,
    kind: type[BaseException],
    error: NameError,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    show_card(name_error_card(error))
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
