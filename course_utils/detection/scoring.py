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
from course_utils.foundations.validation import as_float_tensor


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
    area = auroc(healthy, collapsed)
    sizes = len(healthy), len(collapsed)
    return _lowest_area(area, *sizes, z), 1 - _lowest_area(1 - area, *sizes, z)


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


def _as_drops(name: str, values: Sequence[float]) -> Float[Tensor, " requests"]:
    checked = as_float_tensor(name, values)
    if checked.ndim != 1 or checked.isnan().any():
        raise ValueError(f"{name} must be a list of numbers without NaN")
    # Not from `checked`: float32 would make ties, and 0.3 larger than 0.3.
    return torch.as_tensor(values, dtype=torch.float64)
