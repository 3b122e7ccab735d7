"""Resident memory of a fresh process that does what notebook 00 does to the model."""

import subprocess
import sys
from pathlib import Path

from benchmarks.timing import report

NOTEBOOK = """
import ipykernel.ipkernel, ipywidgets, matplotlib.pyplot
from benchmarks.models import storyteller
from course_utils import Temperature, generate
lm = storyteller()
for temperature in (0.3, 1, 3):
    runs = generate(lm, n=64, max_new_tokens=100, processors=[Temperature(temperature)])
from benchmarks.memory import peak_megabytes
print(peak_megabytes())
"""


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux its maximum counts what the parent process held.
        told = status.read_text(encoding="utf-8").split("VmHWM:")[1]
        return int(told.split()[0]) * 1024 / 1e6
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def run() -> None:
    script = [sys.executable, "-c", NOTEBOOK]
    found = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    what = "peak memory: imports, model, 3 x 64 stories"
    report(what, [float(found)], "under 600", unit="MB")
