"""The running IPython shell, where there is one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def running_shell() -> Any | None:
    """The shell of this kernel; None in plain Python. Imports nothing."""
    ipython = sys.modules.get("IPython")  # imported wherever a shell runs
    return ipython.get_ipython() if ipython else None


@contextmanager
def kernel_kept() -> Iterator[None]:
    """Let `quit()` and `exit()` raise SystemExit, as they do outside of notebooks.

    In a kernel they say nothing and end it when the cell is done.
    """
    shell = running_shell()
    if shell is None:
        yield
        return
    kept = getattr(shell, "keepkernel_on_exit", None)
    outermost = "ask_exit" not in vars(shell)  # an exercise may stand in another
    shell.ask_exit = _raise_exit
    try:
        yield
    finally:
        if outermost:
            del shell.ask_exit
        shell.keepkernel_on_exit = kept


def _raise_exit() -> None:
    raise SystemExit
