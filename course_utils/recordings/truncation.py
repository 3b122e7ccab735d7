"""Samplers that truncate, at every temperature: the runs behind notebook 12.

    python -m course_utils.recordings truncation

makes data/results/truncation.json anew. Each arm is a sampler at its usual setting,
and what is turned is the temperature: that of plain sampling too, so that every
sampler can be set beside plain temperature at the same validity. What is finished is
kept in runs/truncation: an interrupted command goes on from there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_utils.generation import Processor
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)
from course_utils.recordings.frontier import FINE, Arm, Plan
from course_utils.recordings.frontier import SEEDS as SEEDS

STATE = Path("runs/truncation")
WIDE = (0.7, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 6)
CLOSE = (0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.35, 1.5, 1.6, 1.75, 2, 2.2, 2.5, 3, 4, 6)
LATE = (0.7, 1, 1.25, 1.5, 1.75, 2, 2.5, 2.6, 2.7, 2.8, 3, 4, 6)


def _first(*samplers: Processor, settings: Sequence[float] = WIDE) -> Arm:
    """The temperature first, as transformers has it."""
    return Arm(settings, lambda T, _: [Temperature(T), *samplers])


def _last(sampler: Processor) -> Arm:
    """The temperature last, as llama.cpp has it."""
    return Arm(WIDE, lambda T, _: [sampler, Temperature(T)])


ARMS = {
    "temperature": Arm(FINE, lambda T, _: [Temperature(T)]),
    "top-p 0.9": _first(TopP(0.9), settings=CLOSE),
    "top-k 50": _first(TopK(50)),
    "top-k 50, top-p 0.9": _first(TopK(50), TopP(0.9), settings=CLOSE),
    "min-p 0.1": _first(MinP(0.1), settings=CLOSE),
    "min-p 0.05": _first(MinP(0.05), settings=CLOSE),
    "typical 0.9": _first(Typical(0.9), settings=CLOSE),
    "epsilon 9e-4": _first(Epsilon(9e-4), settings=CLOSE),
    "eta 2e-3": _first(Eta(2e-3), settings=CLOSE),
    "top-n-sigma 1": _first(TopNSigma(1.0)),
    "top-h 0.4": _first(TopH(0.4)),
    "top-h 0.4, unnormalised": _first(TopH(0.4, renormalised=False)),
    "p-less": _first(PLess(), settings=LATE),
    "top-p 0.9, then T": _last(TopP(0.9)),
    "min-p 0.1, then T": _last(MinP(0.1)),
}
PLAN = Plan("truncation", ARMS, groups=1, size=200, counted=100)


def settings() -> dict[str, Any]:
    return PLAN.settings()


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to `out`."""
    PLAN.record(out, seeds, state)
