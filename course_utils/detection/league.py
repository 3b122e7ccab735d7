"""A league of detectors: which of them to trust, for which cause of collapse.

Ranks compare detectors of all units. What was drawn are whole ladders (texts, models,
what they collapse onto), so intervals are over those; and whoever combines detectors
must be judged on a cause that was not there when the weights were set. Built in
notebook 11.
"""

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from course_utils.detection.scoring import area_interval, auroc
from course_utils.foundations.intervals import Interval, mean_interval

SOUND = "sound"  # the cause of a set that has not collapsed

Score = Callable[[Float[np.ndarray, "sets detectors"]], Float[np.ndarray, " sets"]]
Fit = Callable[[Float[np.ndarray, "sets detectors"], Bool[np.ndarray, " sets"]], Score]


def mid_ranks(values: Sequence[float]) -> Float[np.ndarray, " values"]:
    """The rank of each value, from 1 for the least on; equal ones share their mean.

    [5, 3, 5] has the ranks 2.5, 1, 2.5. Raises ValueError for no value and for NaN.
    Wilcoxon 1945. Built in notebook 11.
    """
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.ndim != 1 or len(numbers) == 0 or np.isnan(numbers).any():
        raise ValueError(
            "values must be a list of at least one number, without NaN, not "
            f"{reprlib.repr(values)}"
        )
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[place]


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """From -1 to 1: do two lists order their things alike? The correlation of ranks.

    NaN where all of a list are equal. Raises ValueError for lists of unlike lengths,
    for fewer than two values and for NaN. Spearman 1904. Built in notebook 11.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(
            f"first and second have {len(first)} and {len(second)} values; allowed are "
            "two or more, as many in each"
        )
    a, b = (ranks - ranks.mean() for ranks in (mid_ranks(first), mid_ranks(second)))
    length = math.sqrt((a @ a) * (b @ b))
    return float(a @ b) / length if length else math.nan


@dataclass(frozen=True)
class Standing:
    """How well a detector tells collapsed sets from sound ones.

    area      AUROC, the mean over draws
    interval  95 % over draws, never of width 0
    draws     how many ladders were drawn
    """

    area: float
    interval: Interval
    draws: int

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.area:.2f} ({low:.2f} to {high:.2f})"


def standing(
    sound: Sequence[Sequence[float]], collapsed: Sequence[Sequence[float]]
) -> Standing:
    """AUROC of scores (larger: more collapse), draw by draw.

    Each draw's collapsed sets are held against that draw's own sound ones, so that
    draws are independent. Raises what `standing_of_areas` raises, and ValueError where
    a draw has no set. Built in notebook 11.
    """
    if len(sound) != len(collapsed):
        raise ValueError(
            f"collapsed has {len(collapsed)} draws; allowed are as many as sound has, "
            f"{len(sound)}"
        )
    areas = [auroc(a, b) for a, b in zip(sound, collapsed, strict=True)]
    return standing_of_areas(areas, sum(map(len, sound)), sum(map(len, collapsed)))


def standing_of_areas(areas: Sequence[float], sound: int, collapsed: int) -> Standing:
    """The mean of the areas of independent draws, with its interval.

    sound, collapsed  how many sets of each all draws have together

    The interval holds two: Student's t over draws, and Newcombe's over sets, which does
    not shrink to nothing where all draws agree. Raises ValueError for
    fewer than five draws.
    """
    area = math.fsum(areas) / max(len(areas), 1)
    ends = mean_interval(areas), area_interval(area, sound, collapsed)
    lows, highs = zip(*ends, strict=True)
    within = max(0.0, min(lows)), min(1.0, max(highs))
    return Standing(area, within, len(areas))


def wakes_up(areas: Mapping[int, float], bar: float = 0.9) -> int | None:
    """The least number of texts from which on a detector reaches the bar.

    areas  AUROC by number of texts; NaN where the detector can't tell

    None where the largest number isn't enough.
    """
    awake = None
    for size in sorted(areas, reverse=True):
        if not areas[size] >= bar:
            break
        awake = size
    return awake


def leave_one_cause_out(
    rows: Float[np.ndarray, "sets detectors"], causes: Sequence[str], fit: Fit
) -> dict[str, float]:
    """AUROC for each cause of a score that was fitted without that cause.

    causes  of each set; `SOUND` for those that have not collapsed
    fit     takes rows and whether each has collapsed; returns what scores rows

    The first half of the sound sets is fitted on, the other half judged by: order them
    by draw, so that no draw is in both. Raises ValueError for fewer than two causes
    beside `SOUND`, for fewer than four sound sets, and for NaN. Built in notebook 11.
    """
    rows, named = np.asarray(rows, dtype=float), np.asarray(causes)
    others = [cause for cause in dict.fromkeys(causes) if cause != SOUND]
    sound = np.flatnonzero(named == SOUND)
    if len(rows) != len(named):
        raise ValueError(f"causes has {len(named)} entries for {len(rows)} rows")
    if np.isnan(rows).any():
        raise ValueError("rows has NaN; allowed are numbers")
    if len(others) < 2 or len(sound) < 4:
        raise ValueError(
            f"causes has {len(others)} causes and {len(sound)} sound sets; allowed are "
            "two or more causes, and four sound sets or more"
        )
    known, fresh = np.split(sound, [len(sound) // 2])
    areas = {}
    for cause in others:
        rest = np.flatnonzero((named != SOUND) & (named != cause))
        kept = np.concatenate([known, rest])
        score = fit(rows[kept], named[kept] != SOUND)
        areas[cause] = auroc(
            _list(score(rows[fresh])), _list(score(rows[named == cause]))
        )
    return areas


def logistic(
    rows: Float[np.ndarray, "sets detectors"], collapsed: Bool[np.ndarray, " sets"]
) -> Score:
    """A weighted sum of all detectors, by scikit-learn's logistic regression.

    Each detector is first measured in standard deviations of the sound rows, from their
    mean, and cut at 10: a few broken sets shall not set all weights.
    """
    from sklearn.linear_model import LogisticRegression

    scaled = _in_sound_deviations(rows[~collapsed])
    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    model.fit(scaled(rows), collapsed)
    return lambda new: model.decision_function(scaled(new))


def loudest(
    rows: Float[np.ndarray, "sets detectors"], collapsed: Bool[np.ndarray, " sets"]
) -> Score:
    """The detector that lies farthest above sound sets, in their standard deviations.

    Nothing is learned from collapsed rows, so no cause can be missing among them.
    """
    scaled = _in_sound_deviations(rows[~collapsed])
    return lambda new: scaled(new).max(axis=1)


def _in_sound_deviations(
    sound: Float[np.ndarray, "sets detectors"],
) -> Callable[[Float[np.ndarray, "sets detectors"]], Float[np.ndarray, "..."]]:
    """Mean and standard deviation of sound rows as a scale, cut at 10 deviations."""
    middle = sound.mean(axis=0)
    spread = np.apply_along_axis(sound_deviation, 0, sound)
    return lambda rows: np.clip((rows - middle) / spread, -10, 10)


def sound_deviation(scores: Float[np.ndarray, " sets"]) -> float:
    """The standard deviation of sound scores, as a unit for others.

    Where all are equal, but for rounding, as the share of copies often is, a hundredth
    stands for it (of the score, where that is above 1). Raises ValueError for fewer
    than two scores.
    """
    if len(scores) < 2:
        raise ValueError(f"scores has {len(scores)} entries; allowed are 2 or more")
    size = max(abs(float(np.mean(scores))), 1.0)
    spread = float(np.std(scores, ddof=1))
    return spread if spread > 1e-9 * size else 0.01 * size


def _list(values: Any) -> list[float]:
    return np.asarray(values, dtype=float).tolist()
