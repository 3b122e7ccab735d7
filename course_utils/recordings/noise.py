"""Noise on the logits, and draws that are shared out: the runs behind notebook 14.

    python -m course_utils.recordings noise

makes data/results/noise.json anew. A run is three sets of 64 texts, and variety is
counted within a set: some arms spread the texts of a set apart. What is finished is
kept in runs/noise: an interrupted command goes on from there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_utils.mitigation.adaptive import DynamicTemperature
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings.frontier import FINE, Arm, Plan
from course_utils.recordings.frontier import SEEDS as SEEDS

STATE = Path("runs/noise")
SIGMAS = (0.5, 1, 1.5, 2, 2.5, 3)
EPSILONS = (0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5)
HEATS = (0.8, 1, 1.2, 1.4, 1.6)

ARMS = {
    "temperature": Arm(FINE, lambda T, _: [Temperature(T)]),
    "dynatemp from 1": Arm(
        (1, 1.5, 2, 2.5, 3, 3.5), lambda T, _: [DynamicTemperature(1.0, T)]
    ),
    "noise": Arm(SIGMAS, lambda s, seed: [GaussianNoise(s, seed=seed)]),
    "noise per text": Arm(
        SIGMAS, lambda s, seed: [GaussianNoise(s, per="text", seed=seed)]
    ),
    "noise per text, in pairs": Arm(
        SIGMAS,
        lambda s, seed: [GaussianNoise(s, per="text", antithetic=True, seed=seed)],
    ),
    "entropy noise": Arm(EPSILONS, lambda e, seed: [EntropyNoise(e, seed=seed)]),
    "entropy noise per text": Arm(
        EPSILONS, lambda e, seed: [EntropyNoise(e, per="text", seed=seed)]
    ),
    "stratified Gumbel": Arm(
        HEATS, lambda T, seed: [Temperature(T), GumbelNoise(True, seed=seed)]
    ),
    "arithmetic": Arm(
        HEATS, lambda T, seed: [Temperature(T), ArithmeticSampling(seed=seed)]
    ),
}
PLAN = Plan("noise", ARMS, groups=3, size=64, counted=40)


def settings() -> dict[str, Any]:
    return PLAN.settings()


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to `out`."""
    PLAN.record(out, seeds, state)
