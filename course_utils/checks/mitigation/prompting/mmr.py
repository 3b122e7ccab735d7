"""Checks of `mmr`, an exercise of notebook 16."""

import torch

from course_utils.classroom.cases import Case, Checks, mistake, wrong

BETWEEN = [
    [1.0, 0.95, 0.1, 0.2],
    [0.95, 1.0, 0.15, 0.1],
    [0.1, 0.15, 1.0, 0.6],
    [0.2, 0.1, 0.6, 1.0],
]
CALL = "mmr(to_query, between, k={}, diversity={})"
GIVEN: dict[str, list] = {"to_query": [0.9, 0.85, 0.5, 0.4], "between": BETWEEN}
CASES = [
    Case(CALL.format(1, 0.5), **GIVEN),
    Case(CALL.format(2, 0.0), **GIVEN),
    Case(CALL.format(2, 0.5), **GIVEN),
    Case(CALL.format(3, 0.7), **GIVEN),
    Case(
        CALL.format(3, 0.6),
        to_query=[0.3, 0.8, 0.7, 0.75],
        between=[
            [1.0, 0.0, 0.5, 0.1],
            [0.0, 1.0, 0.2, 0.9],
            [0.5, 0.2, 1.0, 0.4],
            [0.1, 0.9, 0.4, 1.0],
        ],
    ),
    Case(CALL.format(9, 0.5), **GIVEN),
]
HINTS = [
    "Take one after the other. The first is the nearest; each further one pays for its "
    "likeness to the *most alike* of those already taken.",
    "`between[:, taken].amax(dim=-1)` is that likeness for every text. Give those "
    "taken a score of -inf, so that none is taken twice.",
    "`score = (1 - diversity) * to_query - diversity * between[:, taken].amax(-1)`, "
    "and `int(score.argmax())` is the next.",
]
WRONG = [
    wrong(
        "to_query.topk(min(k, len(to_query))).indices.tolist()",
        "These are the k nearest, however alike they are. Take off `diversity` times "
        "the likeness to those already taken.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)


def _greedy(to_query, k, score_of):
    taken: list[int] = []
    for _ in range(min(k, len(to_query))):
        score = score_of(taken).clone()
        score[taken] = -torch.inf
        taken.append(int(score.argmax()))
    return taken


@mistake(CHECKS)
def takes_the_mean(to_query, between, k, diversity=0.5):
    """You take the mean likeness to those already taken. It is the largest: one near
    copy is enough to be redundant."""
    return _greedy(
        to_query,
        k,
        lambda taken: (
            (1 - diversity) * to_query
            - (diversity * between[:, taken].mean(dim=-1) if taken else 0)
        ),
    )


@mistake(CHECKS)
def rewards_likeness(to_query, between, k, diversity=0.5):
    """You add the likeness to those taken. It is a cost: subtract it."""
    return _greedy(
        to_query,
        k,
        lambda taken: (
            (1 - diversity) * to_query
            + (diversity * between[:, taken].amax(dim=-1) if taken else 0)
        ),
    )


@mistake(CHECKS)
def forgets_the_weight(to_query, between, k, diversity=0.5):
    """The likeness to the query has a weight, too: 1 - diversity."""
    return _greedy(
        to_query,
        k,
        lambda taken: (
            to_query - (diversity * between[:, taken].amax(dim=-1) if taken else 0)
        ),
    )
