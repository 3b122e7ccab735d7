"""Checks of `dominated`, an exercise of notebook 17."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "dominated(points)"
CASES = [
    Case(CALL, points=[[1.0, 2.0], [3.0, 4.0]]),
    Case(CALL, points=[[1.0, 4.0], [3.0, 2.0]]),
    Case(CALL, points=[[2.0, 2.0], [2.0, 3.0], [1.0, 5.0]]),
    Case(CALL, points=[[2.0, 2.0], [2.0, 2.0], [1.0, 1.0]]),
    Case(
        CALL,
        points=[[0.99, 50.0], [0.9, 56.0], [0.95, 49.0], [0.9, 50.0], [1.0, 20.0]],
    ),
    Case(CALL, points=[[0.5, 0.5]]),
]
HINTS = [
    "Compare every point with every other: `points[None] >= points[:, None]` has, in "
    "row i and column j, whether j is at least as good as i in each aim.",
    "j beats i if it is at least as good in *all* aims and better in *any*. A point "
    "never beats itself that way.",
    "`(as_good.all(-1) & better.any(-1)).any(dim=-1)`, with `as_good` and `better` "
    "from `>=` and `>`.",
]
_PAIRS = {
    "as_good": "(points[None] >= points[:, None]).all(dim=-1)",
    "better": "(points[None] > points[:, None])",
}
WRONG = [
    wrong(
        "better.all(dim=-1).any(dim=-1)",
        "You ask that a point be better in every aim. As good in one and better in "
        "the other is enough to beat it.",
        **_PAIRS,
    ),
    wrong(
        "as_good.any(dim=-1)",
        "By >= alone each point beats itself. The other must be better in at least "
        "one aim.",
        **_PAIRS,
    ),
    wrong(
        "better.any(dim=-1).any(dim=-1)",
        "Better in one aim is not enough: the other must not be worse in any.",
        **_PAIRS,
    ),
    wrong(
        "~(as_good & better.any(dim=-1)).any(dim=-1)",
        "These are the points that are *not* beaten: the frontier. Turn it round.",
        **_PAIRS,
    ),
    wrong(
        "(as_good & better.any(dim=-1)).any(dim=0)",
        "You say which points beat another one, not which are beaten. Look along "
        "the other axis.",
        **_PAIRS,
    ),
    wrong(
        "points.sum(dim=-1) < points.sum(dim=-1).max()",
        "A sum of both aims sets a price of one in the other. To be beaten is to be "
        "worse or equal in each.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
