"""Checks of `strata`, an exercise of notebook 14."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "strata(lots, uniform)"
CASES = [
    Case(CALL, lots=[[0.9], [0.2]], uniform=[[0.5], [0.5]]),
    Case(CALL, lots=[[0.5], [0.1], [0.9]], uniform=[[0.0], [0.3], [0.9]]),
    Case(
        CALL,
        lots=[[0.1, 0.8], [0.7, 0.2], [0.4, 0.9], [0.3, 0.6]],
        uniform=[[0.2, 0.4], [0.6, 0.8], [0.1, 0.3], [0.5, 0.7]],
    ),
]
HINTS = [
    "`argsort` of random numbers is a random order of 0 to rows - 1. Row by row, that "
    "is the number of the stratum.",
    "Stratum i begins at i / rows and is 1 / rows wide; `uniform` says where in it.",
    "`(lots.argsort(dim=0) + uniform) / len(lots)`.",
]
WRONG = [
    wrong(
        "(lots.argsort(dim=-1) + uniform) / len(lots)",
        "You sort along the vocabulary. Each token deals its strata out among the "
        "*rows*: `dim=0`.",
    ),
    wrong(
        "lots.argsort(dim=0) / len(lots) + uniform",
        "A stratum is 1 / rows wide, so the place within it has to shrink too: divide "
        "the sum.",
    ),
    wrong(
        "lots.argsort(dim=0) + uniform",
        "The numbers must lie in [0, 1): divide by the number of rows.",
    ),
    wrong(
        "(torch.arange(len(lots))[:, None] + uniform) / len(lots)",
        "The first row always gets the lowest stratum. The order has to be drawn by "
        "lot, for each token anew.",
    ),
    wrong(
        "lots.argsort(dim=0) / len(lots)",
        "Every number sits at the beginning of its stratum. Add `uniform` before you "
        "divide.",
    ),
    wrong(
        "(lots.argsort(dim=0) + uniform) / lots.shape[-1]",
        "You divide by the number of tokens. There are as many strata as *rows*.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
