"""Checks of `mid_ranks`, an exercise of notebook 11."""

from course_utils.classroom.cases import Case, Checks, wrong


def _below(values):
    return [sum(other < value for other in values) for value in values]


def _not_above(values):
    return [sum(other <= value for other in values) for value in values]


CASES = [
    Case("mid_ranks(values)", values="[30.0, 10.0, 20.0]"),
    Case("mid_ranks(values)", values="[5.0, 3.0, 5.0]"),
    Case("mid_ranks(values)", values="[0.0, 0.0, 0.0, 1.0]"),
    Case("mid_ranks(values)", values="[2.0, 1.0, 2.0, 7.0, 1.0, 2.0]"),
    Case("mid_ranks(values)", values="[-0.5, -0.25, -0.5, 0.0]"),
    Case("mid_ranks(values)", values="[4.0]"),
]
HINTS = [
    "How many values lie below this one, and how many are equal to it (itself among "
    "them)? Its rank follows from these two counts.",
    "With `below` values under it and `equal` alike, the ranks below + 1 to below + "
    "equal are shared. Their mean is below + (equal + 1) / 2.",
    "`numbers = np.array(values)`; `(numbers[:, None] > numbers).sum(axis=1)` counts "
    "those below each, `==` those that are equal.",
]
WRONG = [
    wrong(
        "[(a + 1 + b) // 2 for a, b in zip(_below(values), _not_above(values))]",
        "You round. Two values that share the ranks 2 and 3 have 2.5 each.",
    ),
    wrong(
        "[below + 1 for below in _below(values)]",
        "Equal values share the *least* of their ranks in your answer. They share the "
        "mean, so that a tie counts half.",
    ),
    wrong(
        "_not_above(values)",
        "Equal values share the *largest* of their ranks in your answer. They share "
        "the mean, so that a tie counts half.",
    ),
    wrong(
        "(np.argsort(np.argsort(values, kind='stable')) + 1).tolist()",
        "Equal values get different ranks, by their place in the list. Chance placed "
        "them: they share the mean of these ranks.",
    ),
    wrong(
        "(np.argsort(values, kind='stable') + 1).tolist()",
        "argsort says which value comes first, second, ... Asked for is the rank of "
        "each value, in the order of the list.",
    ),
    wrong(
        "(np.unique(values, return_inverse=True)[1] + 1).tolist()",
        "You number the different values. A rank also counts how *many* lie below: "
        "after three zeros a 1 has the rank 4.",
    ),
    wrong(
        "(mid_ranks(values) - 1).tolist()",
        "You count from 0. Ranks begin with 1.",
    ),
    wrong(
        "(len(values) + 1 - mid_ranks(values)).tolist()",
        "Your largest value has the rank 1. Here the least one has.",
    ),
    wrong(
        "[a + b for a, b in zip(_below(values), _not_above(values), strict=True)]",
        "This is twice the mean rank, less 1. With `below` and `not_above` it is "
        "(below + 1 + not_above) / 2.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_below, _not_above])
