"""Resident memory of a fresh process that does what notebook 00 does to the model."""

from benchmarks.timing import report
from course_utils.recordings.memory import peak_of

NOTEBOOK = """
import ipykernel.ipkernel, ipywidgets, matplotlib.pyplot
from benchmarks.models import storyteller
from course_utils import Temperature, generate
lm = storyteller()
for temperature in (0.3, 1, 3):
    runs = generate(lm, n=64, max_new_tokens=100, processors=[Temperature(temperature)])
"""


def run() -> None:
    what = "peak memory: imports, model, 3 x 64 stories"
    report(what, [peak_of(NOTEBOOK) / 1e6], "under 600", unit="MB")
