"""Checks of `hypervolume`, an exercise of notebook 17."""

import torch

from course_utils.classroom.cases import Case, Checks, mistake, wrong

CASES = [
    Case("hypervolume(points)", points=[[2.0, 3.0]]),
    Case("hypervolume(points)", points=[[1.0, 3.0], [2.0, 2.0], [4.0, 1.0]]),
    Case("hypervolume(points)", points=[[4.0, 1.0], [1.0, 3.0], [1.5, 0.5]]),
    Case("hypervolume(points)", points=[[2.0, 2.0], [2.0, 2.0], [2.0, 1.0]]),
    Case("hypervolume(points, worst=(1, 1))", points=[[2.0, 4.0], [3.0, 2.0]]),
    Case("hypervolume(points, worst=(1, 1))", points=[[5.0, 1.0], [2.0, 3.0]]),
    Case("hypervolume(points, worst=(2, 2))", points=[[5.0, 1.0], [1.0, 9.0]]),
]
HINTS = [
    "Go through the points from the best in the first aim downwards. Each adds a "
    "rectangle: as wide as its first number, as high as it reaches *beyond* those "
    "before it.",
    "Keep the height that has been reached so far. A point below it adds nothing.",
    "Subtract `worst` and drop what is not above 0 in both. Then, for x, y in "
    "`sorted(points, reverse=True)`: `area += x * max(0, y - reached)` and "
    "`reached = max(reached, y)`.",
]
WRONG = [
    wrong(
        "(points - torch.tensor(worst)).clamp_min(0).prod(dim=-1).sum().item()",
        "You add up whole rectangles. Where two overlap, the area counts once.",
    ),
    wrong(
        "(points - torch.tensor(worst)).clamp_min(0).prod(dim=-1).max().item()",
        "This is the largest single rectangle. A second point may add a strip to it.",
    ),
    wrong(
        "(points - torch.tensor(worst)).clamp_min(0).amax(dim=0).prod().item()",
        "This is the box around all points. Its corner is reached by none of them.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)


@mistake(CHECKS)
def forgets_the_worst(points, worst=(0, 0)):
    """The area begins at `worst`, not at 0: subtract it first."""
    return _swept(points.tolist())


@mistake(CHECKS)
def keeps_points_below_the_worst(points, worst=(0, 0)):
    """A point that is not better than `worst` in both aims covers nothing. Drop it
    before you begin: a product of two negative numbers looks like an area."""
    return _swept((points - torch.tensor(worst)).tolist())


@mistake(CHECKS)
def keeps_the_order(points, worst=(0, 0)):
    """You take the points as they come. Sort them, from the best in the first aim
    downwards: else a strip is counted too narrow."""
    moved = points - torch.tensor(worst)
    return _swept(moved[(moved > 0).all(dim=-1)].tolist(), order=False)


@mistake(CHECKS)
def forgets_the_height(points, worst=(0, 0)):
    """A point below those before it adds nothing: a strip's height is never less than
    0."""
    moved = points - torch.tensor(worst)
    area, reached = 0.0, 0.0
    for x, y in sorted(moved[(moved > 0).all(dim=-1)].tolist(), reverse=True):
        area += x * (y - reached)
        reached = y
    return area


def _swept(rows: list[list[float]], order: bool = True) -> float:
    area, reached = 0.0, 0.0
    for x, y in sorted(rows, reverse=True) if order else rows:
        area += x * max(0.0, y - reached)
        reached = max(reached, y)
    return area
