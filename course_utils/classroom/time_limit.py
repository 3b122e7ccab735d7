"""Run a learner's code so that it can neither hang the notebook nor flood it."""

import builtins
import contextlib
import ctypes
import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from traceback import StackSummary, walk_stack
from typing import TextIO

PRINT_LIMIT = 300  # characters of a learner's own prints that are kept
IMPORT_LIMIT = 60.0  # seconds that imports may take on top of the limit
_GRACE = 1.0  # seconds in which a stopped thread may end
_GLANCE = 0.05  # seconds between two looks at the clock
_HELD_UP = 1.5  # seconds by which a look comes late if nothing else could run


class Stopped(BaseException):
    """Raised inside a thread whose time is up; `except Exception` can't catch it."""


class CapturedPrints(io.TextIOBase):
    """Keeps the first characters written to it and drops the rest.

    Once it has ended, whoever still writes to it writes to the stream it stood for: a
    `redirect_stdout` in a thread that was left behind may put it back in place later.
    """

    def __init__(self, outside: TextIO) -> None:
        self._outside = outside
        self._kept = ""
        self._ended = False
        self._parked: set[threading.Thread] = set()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if threading.current_thread() in self._parked:
            threading.Event().wait()
        if self._ended:
            return self._outside.write(text)
        self._kept += text[: PRINT_LIMIT + 1 - len(self._kept)]
        return len(text)

    def park(self, thread: threading.Thread) -> None:
        """Let it wait for ever at its next print, without using the processor."""
        self._parked.add(thread)

    def end(self) -> None:
        self._ended = True

    def take(self) -> str:
        """What was written since the last call, cut to a readable length."""
        kept, self._kept = self._kept, ""
        return kept[:PRINT_LIMIT] + " ..." * (len(kept) > PRINT_LIMIT)


@dataclass(frozen=True)
class Halt:
    """Why work was stopped: after so many seconds.

    stuck_at  where it was, innermost first, if for some seconds not even the clock
              could run: in a single call into compiled code that lets nothing else in
              Python go on, and that nothing in the same process can interrupt
    """

    seconds: float
    stuck_at: StackSummary | None


def run_in_time(
    work: Callable[[], None], seconds: float, prints: CapturedPrints
) -> Halt | None:
    """Run `work` in a thread of its own; None if it came to its end in time.

    What it takes to import modules for the first time doesn't count. Works in a
    kernel's main thread and on Windows, where alarms don't exist. A thread that can't
    be stopped is left behind: stuck outside Python, it holds no one up; in a loop that
    swallows every exception, it waits for ever at its next print, if that comes within
    the next 0.05 s. What it prints later appears in the notebook.
    """
    thread = threading.Thread(target=_quietly, args=(work,), daemon=True)
    with _ImportClock(thread) as clock:
        thread.start()
        try:
            halt = _wait(thread, clock, seconds)
        finally:
            _stop(thread)
    if thread.is_alive():
        prints.park(thread)
        thread.join(0.05)
    return halt


def _wait(
    thread: threading.Thread, clock: "_ImportClock", seconds: float
) -> Halt | None:
    looked = clock.begin
    while thread.is_alive():
        now = time.monotonic()
        stuck_at = _place_of(thread) if now - looked > _GLANCE + _HELD_UP else None
        if clock.elapsed() > seconds:
            return Halt(clock.elapsed(), stuck_at)
        looked = now
        thread.join(_GLANCE)
    return None


def _place_of(thread: threading.Thread) -> StackSummary | None:
    """Where it is now; lines are looked up later, for meanwhile it would go on."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame and StackSummary.extract(walk_stack(frame), lookup_lines=False)


class _ImportClock:
    """How long a thread has worked, but for imports that load modules."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self._loading = 0.0
        self._since: float | None = None

    def __enter__(self) -> "_ImportClock":
        self.begin = time.monotonic()
        self._import = builtins.__import__
        builtins.__import__ = self._timed
        return self

    def __exit__(self, *error: object) -> None:
        builtins.__import__ = self._import

    def elapsed(self) -> float:
        now, since = time.monotonic(), self._since
        loading = self._loading + (0.0 if since is None else now - since)
        return now - self.begin - min(loading, IMPORT_LIMIT)

    def _timed(self, *args, **kwargs):
        outermost = self._since is None
        if not (outermost and threading.current_thread() is self._thread):
            return self._import(*args, **kwargs)
        known, begin = len(sys.modules), time.monotonic()
        self._since = begin
        try:
            return self._import(*args, **kwargs)
        finally:
            self._since = None
            if len(sys.modules) > known:
                self._loading += time.monotonic() - begin


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
    outside = sys.stdout, sys.stderr
    prints, warnings = map(CapturedPrints, outside)
    sys.stdout, sys.stderr = prints, warnings
    try:
        yield prints
    finally:
        sys.stdout, sys.stderr = outside
        prints.end()
        warnings.end()
