"""Checks of `Temperature`, an exercise of notebook 01."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import Difference, compare, compare_kind, shown


def compare_probabilities(expected, got) -> Difference | None:
    """Logits may differ by a constant: their softmax counts, and what is masked."""
    if different_kind := compare_kind(expected, got):
        return different_kind
    if not torch.equal(expected.isneginf(), got.isneginf()):
        diagnosis = "At temperature 0 all but the largest become `-torch.inf`."
        return Difference(diagnosis, shown(expected), shown(got))
    difference = compare(torch.softmax(expected, -1), torch.softmax(got, -1))
    # Shown are the scores themselves: nobody asked the learner for probabilities.
    return difference and Difference(difference.diagnosis, shown(expected), shown(got))


IDS = {"input_ids": "torch.tensor([[5]])"}
TWO_IDS = {"input_ids": "torch.tensor([[5], [6]])"}
CASES = [
    Case("Temperature(2.0)(input_ids, scores)", **IDS, scores=[[2.0, 1.0, 0.0]]),
    Case(
        "Temperature(0.5)(input_ids, scores)",
        **TWO_IDS,
        scores=[[2.0, -1.0], [0.0, 3.0]],
    ),
    Case(
        "Temperature(0.5)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[1.0, -torch.inf, 0.0]])",
    ),
    Case(
        "Temperature(0)(input_ids, scores)",
        compare_probabilities,
        **IDS,
        scores=[[-1.0, -3.0, -2.0]],
    ),
    Case(
        "Temperature(0)(input_ids, scores)",
        compare_probabilities,
        **IDS,
        scores=[[2.0, 1.0, 2.0]],
    ),
    Case(
        "Temperature(0)(input_ids, scores)",
        compare_probabilities,
        **TWO_IDS,
        scores=[[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]],
    ),
]
HINTS = [
    "`__init__` keeps the temperature in `self.temperature`; `__call__` gets the "
    "scores (logits) of the whole batch and returns new ones.",
    "Above 0 it is one division. At 0, keep the largest score of each row and set "
    "the others to `-torch.inf`.",
    "`scores.masked_fill(scores < largest, -torch.inf)`, with "
    "`largest = scores.amax(dim=-1, keepdim=True)`.",
]
WRONG = [
    wrong(
        "scores * self.temperature",
        "You multiply the scores by the temperature. Divide: a high temperature must "
        "bring them closer together.",
    ),
    wrong(
        "scores.clone()",
        "The scores come out as they went in: divide them by `self.temperature`.",
    ),
    wrong(
        "scores.div_(self.temperature)",
        "You change the caller's `scores` in place. Return a new tensor: `scores / "
        "self.temperature`.",
    ),
    wrong(
        "torch.softmax(scores / self.temperature, dim=-1)",
        "You return probabilities. A processor returns scores (logits): the softmax "
        "comes later, once, after all processors.",
    ),
    wrong(
        "scores / self.temperature",
        "At temperature 0 you divide by zero. Treat it on its own: all but the largest "
        "scores become `-torch.inf`.",
    ),
    wrong(
        "scores / self.temperature if self.temperature > 0 else "
        "torch.full_like(scores, -torch.inf).scatter(-1, scores.argmax(dim=-1, "
        "keepdim=True), 0.0)",
        "At temperature 0 two scores tie for the largest, and you keep only one of "
        "them. Ties share: mask what is smaller than the largest (`scores < largest`).",
    ),
    wrong(
        "scores / self.temperature if self.temperature > 0 else "
        "scores.masked_fill(scores < scores.max(), -torch.inf)",
        "At temperature 0 you look for the largest score of the whole batch. Every row "
        "has its own: `scores.amax(dim=-1, keepdim=True)`.",
    ),
    wrong(
        "scores / self.temperature if self.temperature > 0 else "
        "scores.masked_fill(scores < scores.amax(dim=-1, keepdim=True), 0.0)",
        "At temperature 0 you set the losers' scores to 0. That is a logit like any "
        "other, with probability left: `-torch.inf` is what gives probability 0.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
