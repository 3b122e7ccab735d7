"""Checks of `TopP`, an exercise of notebook 12."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _descending(scores):
    """Probabilities, largest first, the mass before each, and their places."""
    probs, order = torch.softmax(scores, dim=-1).sort(dim=-1, descending=True)
    return probs, probs.cumsum(dim=-1) - probs, order


def _masked(scores, outside, order):
    removed = torch.zeros_like(outside).scatter(-1, order, outside)
    return scores.masked_fill(removed, -torch.inf)


IDS = {"input_ids": "torch.tensor([[5]])"}
TWO_IDS = {"input_ids": "torch.tensor([[5], [6]])"}
CASES = [
    Case(
        "TopP(0.7)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[0.6, 0.3, 0.1]]).log()",
    ),
    Case(
        "TopP(0.5)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[0.1, 0.15, 0.6, 0.15]]).log()",
    ),
    Case(
        "TopP(0.8)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[0.05, 0.2, 0.1, 0.35, 0.3]]).log()",
    ),
    Case(
        "TopP(0.9)(input_ids, scores)",
        **TWO_IDS,
        scores=[[9.0, 1.0, 0.0, 0.0], [0.3, 1.0, 0.9, 0.8]],
    ),
    Case(
        "TopP(0.95)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[2.0, -torch.inf, 1.0]])",
    ),
    Case("TopP(0.3)(input_ids, scores)", **IDS, scores=[[-8.0, -9.5, -9.0]]),
    Case(
        "TopP(1.0)(input_ids, scores)",
        **IDS,
        scores="torch.arange(12.0).reshape(1, 12)",
    ),
]
HINTS = [
    "Sort the probabilities of each row, the largest first, and sum them up. A token "
    "is outside once those *before* it have `p` or more.",
    "`probs, order = scores.softmax(-1).sort(descending=True)`; the mass before each "
    "token is `probs.cumsum(-1) - probs`.",
    "The order must be undone: `removed = torch.zeros_like(outside).scatter(-1, "
    "order, outside)`, then `masked_fill` with `-torch.inf`.",
]
WRONG = [
    wrong(
        "_masked(scores, before + probs > self.p, order)",
        "The token that carries the sum over `p` belongs to the set: without it the "
        "set has less than `p`. Ask for the mass *before* each token.",
        probs="_descending(scores)[0]",
        before="_descending(scores)[1]",
        order="_descending(scores)[2]",
    ),
    wrong(
        "scores.masked_fill(_descending(scores)[1] >= self.p, -torch.inf)",
        "You mask by places in the sorted row. Send the mask back to the tokens: "
        "`scatter(-1, order, outside)`.",
    ),
    wrong(
        "scores.masked_fill(torch.softmax(scores, -1) < 1 - self.p, -torch.inf)",
        "You compare each single probability with `1 - p`. It is the *sum* of those "
        "kept that must reach `p`.",
    ),
    wrong(
        "scores.gather(-1, order).masked_fill(before >= self.p, -torch.inf)",
        "You return the scores in sorted order. Every token must stand at its own "
        "place again.",
        before="_descending(scores)[1]",
        order="_descending(scores)[2]",
    ),
    wrong(
        "_masked(scores, before >= self.p, order).masked_fill("
        "_masked(scores, before >= self.p, order).isneginf(), 0.0)",
        "You set forbidden scores to 0. That is a logit like any other: `-torch.inf` "
        "is what gives probability 0.",
        before="_descending(scores)[1]",
        order="_descending(scores)[2]",
    ),
    wrong(
        "_masked(scores, probs.cumsum(-1) - probs >= self.p, order)",
        "You sum up from the *least* likely token. Sort with `descending=True`.",
        probs="torch.softmax(scores, -1).sort(dim=-1)[0]",
        order="torch.softmax(scores, -1).sort(dim=-1)[1]",
    ),
    wrong(
        "scores.masked_fill(torch.softmax(scores, -1).cumsum(-1) > self.p, -torch.inf)",
        "You sum up in the order of the vocabulary. Sort by probability first.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_descending, _masked])
