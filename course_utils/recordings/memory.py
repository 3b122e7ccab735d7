"""The most memory that a process has held, and that of a fresh one for some script."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path


def peak_bytes() -> int:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux its maximum counts what the parent process held.
        told = status.read_text(encoding="utf-8").split("VmHWM:")[1]
        return int(told.split()[0]) * 1024
    import resource  # Windows has none

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def forget_peak() -> None:
    """Count from what is held now; only Linux can, elsewhere nothing happens."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def peak_of(script: str, *arguments: str, steady: bool = False) -> int:
    """What a fresh process has held at most when it is through with a script.

    steady  large blocks that are free go back at once (glibc), so that the peak is of
            what is in use and the same in every run

    Raises CalledProcessError where the script fails.
    """
    more = {"MALLOC_MMAP_THRESHOLD_": "131072"} if steady else {}
    told = f"{script}\nfrom course_utils.recordings.memory import peak_bytes"
    command = [sys.executable, "-c", f"{told}\nprint(peak_bytes())", *arguments]
    settings = os.environ | more
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=settings
    )
    return int(done.stdout.split()[-1])
