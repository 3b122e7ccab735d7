"""How much each measure of a set varies: by its random halves and quarters.

Two halves of a set without a text in common are two independent sets of half its size,
so the mean of (a - b)**2 / 2 over random halves is the variance of such sets, without
bias, for any measure; and the same of quarters. Going from quarters to halves the
variance falls by some factor, which is one half for a mean but not for measures that
look at pairs or at the set as a whole; the same factor leads from halves to the set.
The halves are made of the quarters, in all three ways, so that for a mean the factor is
one half exactly. No text is ever drawn twice, which a measure of likeness would take
for a copy.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from course_utils.detection.report.measures import MEASURES, Measure, Pool
from course_utils.foundations.intervals import FEWEST, Interval, student_t

UNKNOWN = (math.nan, math.nan)

SPLITS = 25
_PAIRINGS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))  # of four quarters
_FALLS_BY = 0.2, 0.85  # from halves to the whole, at least and at most
_FEWEST_FOR_QUARTERS = 8
_ROUNDING = 1e-9

Places = Int[np.ndarray, " texts"]


class Parts(NamedTuple):
    """Every measure of both halves and of all quarters of a set, in each split."""

    halves: Float[np.ndarray, "halvings 2 measures"]
    quarters: Float[np.ndarray, "splits 4 measures"]
    used: float = 1.0  # of all texts, since parts have one size

    def of(self, measure: int) -> "Parts":
        return Parts(self.halves[..., measure], self.quarters[..., measure], self.used)

    def scaled_to(self, value: float) -> "Parts":
        """As if both had the set's value on average."""
        halves, quarters = (
            part * (value / part.mean()) if part.size else part for part in self[:2]
        )
        return Parts(halves, quarters, self.used)

    def minus(self, other: "Parts") -> "Parts":
        halves = self.halves - other.halves
        return Parts(halves, self.quarters - other.quarters, self.used)

    def error(self) -> float:
        """The standard error of the whole set's value; nan where it is unknown."""
        if self.halves.size == 0:
            return math.nan
        of_half = float(np.square(self.halves[:, 0] - self.halves[:, 1]).mean() / 2)
        falls_by = 0.5
        if self.quarters.size:
            of_quarter = float(self.quarters.var(axis=1, ddof=1).mean())
            if of_quarter > _ROUNDING**2:
                falls_by = min(max(of_half / of_quarter, _FALLS_BY[0]), _FALLS_BY[1])
        return math.sqrt(of_half * falls_by * self.used)


def all_measures(pool: Pool, chosen: Places) -> Float[np.ndarray, " measures"]:
    """Every measure of the chosen texts."""
    return np.array([measure.of(pool, chosen) for measure in MEASURES])


def parts_of(
    pool: Pool,
    sides: Sequence[Places],
    block: Places,
    strata: Int[np.ndarray, " blocks"],
    dice: np.random.Generator,
    tick: Callable[[], object],
) -> list[Parts]:
    """Random halves and quarters of the blocks; the same ones on each side.

    Of each stratum every part has its share.
    """
    blocks = len(strata)
    splits = SPLITS if blocks >= FEWEST else 0
    found: list[tuple[list, list]] = [([], []) for _ in sides]
    used = 1.0
    for _ in range(splits):
        quarters = _quarters(block, strata, dice)
        used = 4 * len(quarters[0]) / len(block)
        for (of_halves, of_quarters), side in zip(found, sides, strict=True):
            for pair in _PAIRINGS:
                halves = [np.concatenate([quarters[i] for i in two]) for two in pair]
                of_halves.append([all_measures(pool, side[half]) for half in halves])
            if blocks >= _FEWEST_FOR_QUARTERS:
                of_quarters.append([all_measures(pool, side[q]) for q in quarters])
        tick()
    width = len(MEASURES)
    return [
        Parts(
            np.array(of_halves).reshape(-1, 2, width),
            np.array(of_quarters).reshape(-1, 4, width),
            used,
        )
        for of_halves, of_quarters in found
    ]


def _quarters(
    block: Places, strata: Int[np.ndarray, " blocks"], dice: np.random.Generator
) -> list[Places]:
    """Four random parts of one size, of whole blocks but for what is cut off."""
    order_of_strata = dice.permutation(strata.max() + 1)
    order = np.lexsort((dice.random(len(strata)), order_of_strata[strata]))
    order = order[: len(order) // 4 * 4] if len(order) >= 8 else order
    quarter = np.full(len(strata), -1)
    quarter[order] = (np.arange(len(order)) + dice.integers(4)) % 4
    parts = [np.flatnonzero(quarter[block] == i) for i in range(4)]
    size = min(map(len, parts))
    return [part[:size] for part in parts]


def interval_of(
    measure: Measure, value: float, parts: Parts, blocks: int, texts: int
) -> Interval:
    """95 % of a measure of one set, within the measure's limits."""
    parts = _comparable(measure, value, parts)
    error = parts.error()
    if math.isnan(error):
        return UNKNOWN
    reach = _reach(blocks)
    if not _has_no_end(measure):
        return _of_share(value, error, reach, blocks)
    if measure.effective:  # as a share of all texts
        low, high = _of_share(value / texts, error / texts, reach, blocks)
        return within(measure, low * texts, high * texts, texts)
    factor = math.exp(reach * error / value)
    return within(measure, value / factor, value * factor, texts)


def interval_of_difference(
    measure: Measure,
    values: tuple[float, float],
    parts: Sequence[Parts],
    blocks: int,
    texts: int,
) -> Interval:
    """95 % of the first value less the second, of sets whose blocks are paired."""
    first, second = (
        _comparable(measure, value, part)
        for value, part in zip(values, parts, strict=True)
    )
    error = first.minus(second).error()
    if math.isnan(error):
        return UNKNOWN
    # No share is known better than to one text.
    error = max(error, 1 / texts) if measure.share else error
    difference, reach = values[0] - values[1], _reach(blocks) * error
    most = measure.limits[1] - measure.limits[0]
    return max(difference - reach, -most), min(difference + reach, most)


def _reach(blocks: int) -> float:
    """Student's t of half the draws, which tell both the error and how it falls."""
    return student_t(max(blocks // 2, 3))


def within(measure: Measure, low: float, high: float, texts: int) -> Interval:
    """An interval cut where the measure ends; a Vendi score at the number of texts."""
    least, most = measure.limits
    most = texts if measure.effective else most
    return max(low, least), min(high, most)


def _has_no_end(measure: Measure) -> bool:
    return measure.limits[1] == math.inf


def _comparable(measure: Measure, value: float, parts: Parts) -> Parts:
    """A measure without an upper end grows with the texts, and its spread with it."""
    if parts.halves.size == 0 or not _has_no_end(measure):
        return parts
    return parts.scaled_to(value)


def _of_share(value: float, error: float, reach: float, blocks: int) -> Interval:
    """Wilson's interval of as many draws as the error speaks of (Korn, Graubard 1998).

    Of as many as there are blocks where they do not differ at all.
    """
    spread = value * (1 - value)
    differs = error > _ROUNDING and spread > 0
    draws = spread / error**2 if differs else float(blocks)
    scale = 1 + reach**2 / draws
    middle = (value + reach**2 / (2 * draws)) / scale
    half = reach * math.sqrt(spread / draws + (reach / (2 * draws)) ** 2) / scale
    return min(max(middle - half, 0.0), value), max(min(middle + half, 1.0), value)
