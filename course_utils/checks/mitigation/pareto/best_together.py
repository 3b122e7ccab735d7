"""Checks of `best_together`, an exercise of notebook 17."""

from course_utils.classroom.cases import Case, Checks, mistake, wrong
from course_utils.mitigation.pareto import hypervolume

CASES = [
    Case("best_together(points, k=1)", points=[[1.0, 4.0], [3.0, 3.0], [4.0, 1.0]]),
    Case("best_together(points, k=2)", points=[[1.0, 8.0], [5.0, 5.0], [8.0, 1.0]]),
    Case(
        "best_together(points, k=2)",
        points=[[5.0, 5.0], [4.9, 5.1], [9.0, 1.5], [1.0, 6.0]],
    ),
    Case(
        "best_together(points, k=3)",
        points=[[0.99, 52.0], [0.98, 53.0], [0.9, 56.0], [1.0, 40.0], [0.3, 60.0]],
    ),
    Case("best_together(points, k=5)", points=[[1.0, 4.0], [3.0, 3.0], [4.0, 1.0]]),
]
HINTS = [
    "What counts is the area of the whole choice, `hypervolume(points[chosen])`. Two "
    "good settings that do the same add little to each other.",
    "`itertools.combinations(range(len(points)), k)` gives every choice of k places. "
    "Take as many as there are, if k is larger.",
    "`max(choices, key=lambda chosen: hypervolume(points[list(chosen)]))`, as a list.",
]
WRONG = [
    wrong(
        "points.prod(dim=-1).topk(min(k, len(points))).indices.sort().values.tolist()",
        "You rank the settings one by one. Choose those that cover most *together*.",
    ),
    wrong(
        "points[:, 0].topk(min(k, len(points))).indices.sort().values.tolist()",
        "These are the best in the first aim alone.",
    ),
    wrong(
        "points[:, 1].topk(min(k, len(points))).indices.sort().values.tolist()",
        "These are the best in the second aim alone.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)


@mistake(CHECKS)
def gives_the_area(points, k, worst=(0, 0)):
    """You return an area. Asked are the places of the chosen points, as a list."""
    return hypervolume(points)


@mistake(CHECKS)
def gives_the_points(points, k, worst=(0, 0)):
    """You return the points themselves. Asked are their places, as a list."""
    return points[: min(k, len(points))].tolist()
