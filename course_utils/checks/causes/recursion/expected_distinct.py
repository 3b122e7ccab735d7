"""Checks of `expected_distinct`, an exercise of notebook 05."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("expected_distinct(probs, 2)", probs=[0.5, 0.5]),
    Case("expected_distinct(probs, 1)", probs=[0.7, 0.2, 0.1]),
    Case("expected_distinct(probs, 10)", probs=[0.7, 0.2, 0.1]),
    Case("expected_distinct(probs, 3)", probs=[[0.5, 0.5, 0.0], [0.8, 0.1, 0.1]]),
    Case("expected_distinct(probs, 100)", probs="torch.full((1000,), 0.001)"),
]
HINTS = [
    "Take one value of probability p. With which chance do *all* draws miss it? "
    "Then the sum over values: expectations add up.",
    "One draw misses it with 1 - p, independent draws all miss it with "
    "`(1 - p) ** samples`.",
]
WRONG = [
    wrong(
        "((1 - probs) ** samples).sum(dim=-1)",
        "This is how many values are *missed* on average. Each value is found with 1 "
        "minus that probability: add those up.",
    ),
    wrong(
        "(1 - (1 - probs) ** samples).mean(dim=-1)",
        "You average over the values, which gives the share of them that is found. "
        "Here their number is wanted: the sum.",
    ),
    wrong(
        "(samples * probs).sum(dim=-1)",
        "You add up how often each value is drawn, which gives the number of draws. A "
        "value counts once, however often it comes.",
    ),
    wrong(
        "(1 - probs ** samples).sum(dim=-1)",
        "`p ** samples` is the chance that *every* draw gives the value. You need the "
        "chance that no draw does: `(1 - p) ** samples`.",
    ),
    wrong(
        "(1 - (1 - probs)).sum(dim=-1)",
        "`samples` has no effect in your answer. One draw misses a value with 1 - p; "
        "all of them miss it with that to the power of `samples`.",
    ),
    wrong(
        "(probs > 0).sum(dim=-1).to(probs.dtype)",
        "You count all values that can come up. In a finite sample some of them don't.",
    ),
    wrong(
        "(1 - (1 - probs) ** samples).sum()",
        "You add up all rows of the batch. Each row has a number of its own: "
        "`sum(dim=-1)`.",
    ),
    wrong(
        "(1 - torch.exp(-samples * probs)).sum(dim=-1)",
        "`exp(-samples * p)` is close for rare values, but only close: the exact "
        "chance of missing a value is `(1 - p) ** samples`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
