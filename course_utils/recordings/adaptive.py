"""Temperatures that follow the entropy, and Mirostat: the runs behind notebook 13.

    python -m course_utils.recordings adaptive

makes data/results/adaptive.json anew. Each arm has one number to turn, beside plain
temperature, so that all can be compared at the same validity, or at the same mean
entropy. What is finished is kept in runs/adaptive: an interrupted command goes on from
there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
)
from course_utils.mitigation.mirostat import MirostatV1, MirostatV2
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings.frontier import FINE, Arm, Plan
from course_utils.recordings.frontier import SEEDS as SEEDS

STATE = Path("runs/adaptive")
HIGHEST = (0.8, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8)  # of the spark; it starts at 0.8
HEIGHTS = (1, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6)

ARMS = {
    "temperature": Arm(FINE, lambda T, _: [Temperature(T)]),
    "article": Arm((2.5,), lambda T, _: [AdaptiveTemperature(highest=T)]),
    "spark up to T": Arm(HIGHEST, lambda T, _: [AdaptiveTemperature(highest=T)]),
    "spark, hot from the start": Arm(
        HIGHEST, lambda T, _: [AdaptiveTemperature(start=T, highest=T, wait=0)]
    ),
    "target entropy": Arm(
        (0.3, 0.4, 0.5, 0.55, 0.6, 0.65), lambda bits, _: [EntropyTarget(bits)]
    ),
    "EDT, theta 0.1": Arm(FINE, lambda T, _: [EDT(T, theta=0.1)]),
    "EDT, theta 1": Arm(FINE, lambda T, _: [EDT(T, theta=1.0)]),
    "dynatemp from 0.5": Arm(HEIGHTS, lambda T, _: [DynamicTemperature(0.5, T)]),
    "dynatemp from 1": Arm(
        (1, 1.5, 2, 2.5, 3, 3.5, 4), lambda T, _: [DynamicTemperature(1.0, T)]
    ),
    "mirostat v1 at 1.5": Arm(
        (1, 2, 2.5, 3, 4), lambda bits, _: [Temperature(1.5), MirostatV1(bits)]
    ),
    "mirostat v2 at 1.5": Arm(
        (1, 2, 2.5, 3, 4, 5), lambda bits, _: [Temperature(1.5), MirostatV2(bits)]
    ),
}
PLAN = Plan("adaptive", ARMS, groups=1, size=200, counted=100)


def settings() -> dict[str, Any]:
    return PLAN.settings()


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to `out`."""
    PLAN.record(out, seeds, state)
