"""`doctor`: is this machine ready for the course? One line for each thing checked."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable

from course_utils.classroom.cards import Card, Code
from course_utils.classroom.progress_file import progress_path

_PACKAGES = ("torch", "transformers", "numpy", "matplotlib", "ipywidgets")
_ENOUGH_MEMORY = 2e9  # bytes: a kernel takes well under one
_ENOUGH_SPEED = 300  # tokens per second, 64 tales at a time


class NotReadyError(Exception):
    """What is wrong and what helps, in one line for the learner."""


def doctor() -> Card:
    """Check this machine; make it the value of a cell. Never raises.

    Checks the Python version, the packages, memory, the bundled model, its speed, and
    whether progress can be saved. Takes a few seconds.
    """
    checks = [_python, _packages, _memory, _model_and_speed, _progress]
    found = [_run(check) for check in checks]
    troubles = sum(not fine for fine, _ in found)
    lines = "\n".join(f"{'ok  ' if fine else 'LOOK'} {line}" for fine, line in found)
    if troubles:
        things = "thing needs" if troubles == 1 else "things need"
        return Card(f"{troubles} {things} a look", Code(lines), tone="bad")
    return Card("This machine is ready", Code(lines), tone="good")


def _run(check: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, check()
    except Exception as error:
        return False, f"{error}"


def _python() -> str:
    return f"Python {platform.python_version()} on {platform.system()}"


def _packages() -> str:
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotReadyError(f"missing: {', '.join(missing)}; run `make venv` again")
    versions = (f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return ", ".join(versions)


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "memory: not measured on this system"
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if size < _ENOUGH_MEMORY:
        raise NotReadyError(
            f"{size / 1e9:.1f} GB of memory; the course likes 2 or more"
        )
    return f"{size / 1e9:.0f} GB of memory, {os.cpu_count()} processor cores"


def _model_and_speed() -> str:
    from course_utils.generation import generate
    from course_utils.model import load_model

    lm = load_model("storyteller")
    start = time.perf_counter()
    runs = generate(lm, "", n=64, max_new_tokens=40, seed=0, progress=False)
    tokens = sum(map(len, runs.token_ids))
    speed = tokens / (time.perf_counter() - start)
    if speed < _ENOUGH_SPEED:
        raise NotReadyError(f"{speed:.0f} tokens a second; other programs may be busy")
    return f"storyteller is whole and writes {speed:,.0f} tokens a second"


def _progress() -> str:
    path = progress_path()
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError:
        raise NotReadyError(
            "progress can't be saved in the course's folder; set COURSE_PROGRESS to a "
            "file that you may write"
        ) from None
    free = shutil.disk_usage(path.parent).free
    return f"progress is saved in {path.name} ({free / 1e9:.0f} GB free)"
