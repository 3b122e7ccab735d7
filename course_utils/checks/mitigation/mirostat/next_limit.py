"""Checks of `next_limit`, an exercise of notebook 13."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "next_limit(limit, surprise, target=3.0, rate=0.1)"
CASES = [
    Case(CALL, limit=[6.0], surprise=[5.0]),
    Case(CALL, limit=[6.0], surprise=[1.0]),
    Case(
        "next_limit(limit, surprise, target=1.5, rate=0.5)",
        limit=[2.0, 4.0, 3.0],
        surprise=[0.0, 1.5, 9.0],
    ),
]
HINTS = [
    "Where the token was more surprising than the target, the limit must tighten.",
    "Take `rate` times the error, surprise less target, off the limit.",
]
WRONG = [
    wrong(
        "limit + rate * (surprise - target)",
        "The sign is turned: after a token that was too surprising the limit has to "
        "fall.",
    ),
    wrong(
        "limit - (surprise - target)",
        "You take off the whole error. `rate` says which part.",
    ),
    wrong(
        "limit - rate * surprise",
        "You forgot the target: what counts is how far the surprise lies above it.",
    ),
    wrong(
        "limit * (1 - rate * (surprise - target))",
        "You multiply. The step is subtracted from the limit.",
    ),
    wrong(
        "target - rate * (surprise - limit)",
        "Limit and target have changed places: the limit moves, the target stays.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
