"""What is beyond chance: one test for all measures together.

A set is told from its reference by swapping blocks between them at random. Where both
come from one source, what was found is one of the values after such swaps like any
other. The measures are tested together, the clearest first, each beside the largest of
those that are left after the same swaps: so the chance that any is called wrongly is
the stated one. Westfall and Young 1993, which is Holm's way (1979) with the measures'
own correlations.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from course_utils.detection.report.measures import MEASURES, Finding, Measure, Pool
from course_utils.detection.report.spread import (
    Parts,
    all_measures,
    interval_of,
    interval_of_difference,
    parts_of,
    within,
)
from course_utils.detection.report.units import FEWEST_JUDGED, Units
from course_utils.foundations.intervals import Interval

FAMILY = 0.05  # chance that any measure is called "more alike" where none is
SHUFFLES = 199
_ONE_SIDED = 1.645 / 1.96  # of an interval's reach, where one side is asked for
_FOUND_FOUR_IN_FIVE = 0.84  # standard errors beyond the limit

Differences = Float[np.ndarray, "swaps measures"]


class Drawn(NamedTuple):
    """The texts that are compared: for every place its block; as many on both sides."""

    pool: Pool
    own: Int[np.ndarray, " texts"]
    reference: Int[np.ndarray, " texts"] | None
    block: Int[np.ndarray, " texts"]
    strata: Int[np.ndarray, " blocks"]


def drawn(units: Units, pool: Pool) -> Drawn:
    """`pool` holds the texts of the own blocks in their order, then the reference's."""
    size = units.texts
    block = np.repeat(np.arange(len(units.own)), [len(group) for group in units.own])
    reference = np.arange(size, 2 * size) if units.reference else None
    return Drawn(pool, np.arange(size), reference, block, np.array(units.strata))


def judged(
    texts: Drawn,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    tick: Callable[[], object] = lambda: None,
) -> list[Finding]:
    """Every measure, with what is known of it; `tick` is called as the work goes on.

    No verdict without shuffles, and none of fewer than ten blocks.
    """
    with _one_thread():
        return _judged(texts, shuffles, np.random.default_rng(seed), tick)


def _judged(
    texts: Drawn, shuffles: int, dice: np.random.Generator, tick: Callable[[], object]
) -> list[Finding]:
    sides = [side for side in (texts.own, texts.reference) if side is not None]
    values = [all_measures(texts.pool, side) for side in sides]
    parts = parts_of(texts.pool, sides, texts.block, texts.strata, dice, tick)
    blocks = len(texts.strata)
    sizes = blocks, len(texts.own)
    found = [_alone(i, m, values, parts, sizes) for i, m in enumerate(MEASURES)]
    if texts.reference is None:
        return found
    if blocks < FEWEST_JUDGED or shuffles == 0:
        return [replace(finding, verdict="too few") for finding in found]
    limits = _Limits(_swapped(texts, values, shuffles, dice, tick))
    return [
        _called(finding, measure, i, limits, len(texts.own))
        for i, (finding, measure) in enumerate(zip(found, MEASURES, strict=True))
    ]


@contextmanager
def _one_thread() -> Iterator[None]:
    """For thousands of small matrices, where threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _alone(
    place: int,
    measure: Measure,
    values: Sequence[np.ndarray],
    parts: Sequence[Parts],
    sizes: tuple[int, int],
) -> Finding:
    """A measure of the set, and of the reference if there is one, without a verdict."""
    value, *other = (float(side[place]) for side in values)
    own, *others = (part.of(place) for part in parts)
    interval = interval_of(measure, value, own, *sizes)
    collapse_is = measure.collapse_is
    found = Finding(measure.name, measure.question, value, interval, collapse_is)
    if not other:
        return found
    pair = value, other[0]
    return replace(
        found,
        reference=other[0],
        reference_interval=interval_of(measure, other[0], others[0], *sizes),
        difference=value - other[0],
        difference_interval=interval_of_difference(
            measure, pair, [own, others[0]], *sizes
        ),
    )


def _swapped(
    texts: Drawn,
    values: Sequence[np.ndarray],
    shuffles: int,
    dice: np.random.Generator,
    tick: Callable[[], object],
) -> Differences:
    """Differences on the side of collapse: those found, then after random swaps."""
    assert texts.reference is not None
    sign = np.array([measure.sign for measure in MEASURES])
    found = [sign * (values[0] - values[1])]
    for _ in range(shuffles):
        swap = (dice.random(len(texts.strata)) < 0.5)[texts.block]
        first = np.where(swap, texts.reference, texts.own)
        second = np.where(swap, texts.own, texts.reference)
        one, other = (all_measures(texts.pool, side) for side in (first, second))
        found.append(sign * (one - other))
        tick()
    return np.array(found)


class _Limits:
    """How far from 0 a difference may lie by chance, for each measure and side.

    spread         of the differences after swaps, for each measure
    alike, varied  for each measure p, and how many spreads are chance on this side
    """

    def __init__(self, differences: Differences) -> None:
        # To swap all blocks turns a difference round, so each stands for two.
        both = np.concatenate([differences, -differences])
        self.spread = np.sqrt(np.square(differences).mean(axis=0))
        steps = both / np.where(self.spread > 0, self.spread, np.inf)
        self.alike = step_down(steps)
        self.varied = step_down(-steps)


def step_down(steps: Differences) -> list[tuple[float, float]]:
    """For each measure p, and the largest step that is chance.

    The first of `steps` is what was found. The clearest measure is held against the
    largest step of all, each further one against the largest of those not yet called.
    Westfall and Young 1993.
    """
    ends = [(1.0, np.inf)] * steps.shape[1]
    left = list(range(steps.shape[1]))
    p, limit = 0.0, np.inf
    for i in sorted(left, key=lambda i: -steps[0, i]):
        largest = steps[:, left].max(axis=1)
        if p <= FAMILY:  # after the first that is not called, the limit stays
            allowed = int(FAMILY * len(largest) + 1e-9)
            limit = float(np.sort(largest)[::-1][allowed])
        p = max(p, float((largest >= steps[0, i] - 1e-12).mean()))
        ends[i] = p, limit
        left.remove(i)
    return ends


def _called(
    finding: Finding, measure: Measure, place: int, limits: _Limits, texts: int
) -> Finding:
    """The verdict: beyond what swaps do, and 0 outside a one-sided 95 % interval."""
    assert finding.reference is not None and finding.difference_interval is not None
    (p_alike, alike), (p_varied, varied) = limits.alike[place], limits.varied[place]
    low, high = finding.difference_interval
    difference, reach = measure.sign * (low + high) / 2, _ONE_SIDED * (high - low) / 2
    verdict = "like the reference"
    if low == high:
        pass  # no part differs from another: how sure the values are is unknown
    elif p_alike <= FAMILY and difference > reach:
        verdict = "more alike"
    elif p_varied <= FAMILY and -difference > reach:
        verdict = "more varied"
    spread = float(limits.spread[place])
    above, below = (alike, varied) if measure.sign > 0 else (varied, alike)
    band = _band(measure, finding.reference, above * spread, below * spread, texts)
    detectable = (alike + _FOUND_FOUR_IN_FIVE) * spread if spread > 0 else None
    p = min(p_alike, p_varied)
    return replace(finding, band=band, p=p, detectable=detectable, verdict=verdict)


def _band(
    measure: Measure, reference: float, up: float, down: float, texts: int
) -> Interval:
    """Never of no width: nothing is known better than to one text."""
    least = max(1.0, abs(reference)) / texts
    low, high = reference - (down or least), reference + (up or least)
    return within(measure, low, high, texts)
