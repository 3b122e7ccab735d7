"""What a detector is worth: how often it is right, and how often it cries wolf.

A detector gives each request or set of texts a number, larger for more collapse, such
as the drop of notebook 07. Those of sound things and of collapsed ones overlap.
`alarm_rate` judges one threshold, `auroc` all of them at once. Built in notebook 07.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.foundations.intervals import Interval, wilson_interval
from course_utils.foundations.validation import as_float_tensor, as_number


@dataclass(frozen=True)
class AlarmRate:
    """How many of n requests are flagged: hits, or false alarms if all are healthy."""

    flagged: int
    n: int

    @property
    def share(self) -> float:
        return self.flagged / self.n

    @property
    def interval(self) -> Interval:
        """95 % interval of the share (Wilson)."""
        return wilson_interval(self.flagged, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.share:.0%} ({low:.0%} to {high:.0%})"


def alarm_rate(drops: Sequence[float], threshold: float = 0.3) -> AlarmRate:
    """How many of the `drops` are above the threshold.

    Raises ValueError for an empty list and for NaN.
    """
    values = _as_drops("drops", drops)
    return AlarmRate(int((values > threshold).sum()), len(values))


def auroc(healthy: Sequence[float], collapsed: Sequence[float]) -> float:
    """How probable it is that a collapsed request drops further than a healthy one.

    The share of pairs, one of each, in which it does; ties count half. 0.5 is what
    chance gives, 1 a perfect separation; it equals the area under the ROC curve.
    Raises ValueError for an empty list and for NaN. Hanley and McNeil 1982.
    """
    low, high = _as_drops("healthy", healthy), _as_drops("collapsed", collapsed)
    ranked = low.sort().values
    below = torch.searchsorted(ranked, high)
    not_above = torch.searchsorted(ranked, high, right=True)
    return ((below + not_above).double() / 2).mean().item() / len(low)


def auroc_interval(
    healthy: Sequence[float], collapsed: Sequence[float], z: float = 1.96
) -> Interval:
    """Interval of `auroc`, 95 % with the default z; never of width 0.

    Holds what the area may be so that the one found lies within z standard errors of
    it, as Wilson's interval of a share does. Newcombe 2006, method 5
    (doi:10.1002/sim.2324), with the standard error of Hanley and McNeil 1982.
    Raises ValueError for an empty list and for NaN.
    """
    return area_interval(auroc(healthy, collapsed), len(healthy), len(collapsed), z)


def area_interval(area: float, m: int, n: int, z: float = 1.96) -> Interval:
    """`auroc_interval` of an area that was found with m healthy and n collapsed.

    Raises ValueError for an area outside 0 to 1 and for m or n below 1.
    """
    if not 0 <= area <= 1 or m < 1 or n < 1:
        raise ValueError(
            f"area is {area}, m is {m}, n is {n}; allowed: an area from 0 to 1, and "
            "m and n of at least 1"
        )
    return _lowest_area(area, m, n, z), 1 - _lowest_area(1 - area, m, n, z)


def _lowest_area(found: float, m: int, n: int, z: float) -> float:
    """By bisection: the area that lies z of its standard errors below `found`."""
    low, high = 0.0, found
    for _ in range(60):
        area = (low + high) / 2
        shared = (1 - area) / (2 - area) + area / (1 + area)
        variance = area * (1 - area) * (1 + ((m + n) / 2 - 1) * shared) / (m * n)
        if found - area > z * math.sqrt(variance):
            low = area
        else:
            high = area
    return low


def alarm_threshold(healthy: Sequence[float], rate: float = 0.05) -> float:
    """The lowest threshold that a further healthy score passes at `rate` or less.

    One more score, drawn as the m `healthy` ones were, has the same chance of each
    place among them: above the k largest with k / (m + 1). So the k-th largest is
    taken, for the largest k that keeps the promise, whatever the scores' distribution;
    an alarm is what lies *above* it. Too few healthy scores can't promise a low rate,
    then it is infinity: 5 % needs 19 of them. The promise holds on average over such
    lists, a single threshold may be off a little.
    Raises ValueError for an empty list, NaN, and a rate outside 0 to 1.
    Vovk and others 2005 (conformal prediction). Built in notebook 11.
    """
    scores = _as_drops("healthy", healthy)
    allowed = "a share above 0 and below 1"
    rate = as_number("rate", rate, allowed)
    if not 0 < rate < 1:
        raise ValueError(f"rate must be {allowed}, not {rate:g}")
    k = min(math.floor(rate * (len(scores) + 1) + 1e-9), len(scores))
    return scores.sort().values[-k].item() if k else math.inf


def _as_drops(name: str, values: Sequence[float]) -> Float[Tensor, " requests"]:
    checked = as_float_tensor(name, values)
    if checked.ndim != 1 or checked.isnan().any():
        raise ValueError(f"{name} must be a list of numbers without NaN")
    # Not from `checked`: float32 would make ties, and 0.3 larger than 0.3.
    return torch.as_tensor(values, dtype=torch.float64)
