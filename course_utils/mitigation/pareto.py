"""Two aims at once: who is beaten, and how much a set of settings reaches together.

A *point* is one setting: how good its texts are, and how varied. In both more is
better, and none may be had for the other at a known price: so what can be said is who
is beaten in both (dominated), and how large the area is that a set of points covers
(hypervolume). Plain functions of tensors. Built in notebook 17.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.foundations.validation import as_whole_number

Point = tuple[float, float]
ORIGIN: Point = (0.0, 0.0)


def dominated(points: Any) -> Bool[Tensor, " n"]:
    """Of points [n, aims]: whether another is at least as good in all, better in one.

    More is better. Equal points don't dominate each other. Raises ValueError for
    numbers that are none and for anything but a table. Built in notebook 17.
    """
    table = _as_points(points)
    as_good = (table[None] >= table[:, None]).all(dim=-1)
    better = (table[None] > table[:, None]).any(dim=-1)
    return (as_good & better).any(dim=-1)


def hypervolume(points: Any, worst: Sequence[float] = ORIGIN) -> float:
    """The area between `worst` and the points [n, 2]: what at least one of them beats.

    A point that is not better than `worst` in both adds nothing; no points cover 0.
    Raises ValueError for numbers that are none and for other than two aims.
    Zitzler and Thiele 1998. Built in notebook 17.
    """
    table = _as_points(points, aims=2)
    floor = torch.tensor(worst, dtype=torch.float64)
    inside = (table - floor)[(table > floor).all(dim=-1)].tolist()
    area, reached = 0.0, 0.0
    for x, y in sorted(inside, reverse=True):
        area += x * max(0.0, y - reached)
        reached = max(reached, y)
    return area


def best_together(points: Any, k: int, worst: Sequence[float] = ORIGIN) -> list[int]:
    """The places of the k points [n, 2] that cover the largest area together.

    Tries all choices, so n should be small. Of equal ones the first; of points that add
    nothing, the best by their product. All places if there are no more than k.
    Raises ValueError for k < 1 and for what `hypervolume` refuses.
    Built in notebook 17.
    """
    k = as_whole_number("k", k, at_least=1)
    table = _as_points(points, aims=2)
    products = table.clamp_min(0).prod(dim=-1)

    def worth(places: Iterable[int]) -> tuple[float, float]:
        chosen = list(places)
        area = hypervolume(table[chosen], worst)
        # Rounded, so that what differs by the order of a sum counts as equal.
        return round(area, 12), round(products[chosen].sum().item(), 12)

    choices = itertools.combinations(range(len(table)), min(k, len(table)))
    return list(max(choices, key=worth))


def _as_points(points: Any, aims: int | None = None) -> Float[Tensor, "n aims"]:
    table = torch.as_tensor(points, dtype=torch.float64)
    if table.numel() == 0:
        return table.reshape(0, aims or 2)
    if table.ndim != 2 or (aims is not None and table.shape[1] != aims):
        wanted = f"[n, {aims}]" if aims else "[n, aims]"
        raise ValueError(
            f"points must be a table {wanted}, not of shape {tuple(table.shape)}"
        )
    if math.isnan(table.sum().item()) or not table.isfinite().all():
        raise ValueError("points has NaN or infinite entries; allowed: numbers")
    return table
