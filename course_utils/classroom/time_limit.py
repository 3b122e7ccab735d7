"""Run a learner's code so that it can neither hang the notebook nor flood it."""

import contextlib
import ctypes
import io
import sys
import threading
from collections.abc import Callable, Iterator

PRINT_LIMIT = 300  # characters of a learner's own prints that are kept
_GRACE = 1.0  # seconds in which a stopped thread may end


class Stopped(BaseException):
    """Raised inside a thread whose time is up; `except Exception` can't catch it."""


class CapturedPrints(io.TextIOBase):
    """Keeps the first characters written to it and drops the rest."""

    def __init__(self):
        self._kept = ""
        self._parked = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._parked:
            threading.Event().wait()
        self._kept += text[: PRINT_LIMIT + 1 - len(self._kept)]
        return len(text)

    def park_writers(self) -> None:
        """Let whoever writes next wait for ever, without using the processor."""
        self._parked = True

    def take(self) -> str:
        """What was written since the last call, cut to a readable length."""
        kept, self._kept = self._kept, ""
        return kept[:PRINT_LIMIT] + " ..." * (len(kept) > PRINT_LIMIT)


def finishes_in_time(
    work: Callable[[], None], seconds: float, prints: CapturedPrints
) -> bool:
    """Run `work` in a thread of its own; False if it had to be stopped.

    Works in a kernel's main thread and on Windows, where alarms don't exist. A thread
    that can't be stopped is left behind: stuck outside Python, it holds no one up; in
    a loop that swallows every exception, it waits for ever at its next print, if that
    comes within the next 0.05 s. What it prints later appears in the notebook.
    """
    thread = threading.Thread(target=_quietly, args=(work,), daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    finally:
        finished = not thread.is_alive()
        _stop(thread)
        if thread.is_alive():
            prints.park_writers()
            thread.join(0.05)
    return finished


def _quietly(work: Callable[[], None]) -> None:
    with contextlib.suppress(Stopped):
        work()


def _stop(thread: threading.Thread) -> None:
    """Ask again and again: an `except:` in a loop may swallow a single request."""
    for _ in range(int(_GRACE / 0.01)):
        if not thread.is_alive() or thread.ident is None:
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped)
        )
        thread.join(0.01)


@contextlib.contextmanager
def captured_prints() -> Iterator[CapturedPrints]:
    """Catch what is printed; warnings on stderr are dropped."""
    prints = CapturedPrints()
    outside = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = prints, CapturedPrints()
    try:
        yield prints
    finally:
        sys.stdout, sys.stderr = outside
