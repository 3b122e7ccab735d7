"""Checks of the `Temperature` class, an exercise of notebook 01."""

import torch

from course_utils.classroom.comparing import Difference, compare, compare_kind, shown
from course_utils.classroom.judging import Case, Checks


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


class Multiplies:
    """You multiply the scores by the temperature. Divide: a high temperature must
    bring them closer together."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        return scores * self.temperature


class ChangesNothing:
    """The scores come out as they went in: divide them by `self.temperature`."""

    def __init__(self, temperature):
        pass

    def __call__(self, input_ids, scores):
        return scores.clone()


class ReturnsProbabilities:
    """You return probabilities. A processor returns scores (logits): the softmax
    comes later, once, after all processors."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        return torch.softmax(scores / self.temperature, dim=-1)


class DividesInPlace:
    """You change the caller's `scores` in place. Return a new tensor:
    `scores / self.temperature`."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        scores /= self.temperature
        return scores


class DividesByZero:
    """At temperature 0 you divide by zero. Treat it on its own: all but the largest
    scores become `-torch.inf`."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        return scores / self.temperature


class BreaksTies:
    """At temperature 0 two scores tie for the largest, and you keep only one of them.
    Ties share: mask what is smaller than the largest (`scores < largest`)."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        if self.temperature > 0:
            return scores / self.temperature
        largest = scores.argmax(dim=-1, keepdim=True)
        return torch.full_like(scores, -torch.inf).scatter(-1, largest, 0.0)


class ComparesOverTheBatch:
    """At temperature 0 you look for the largest score of the whole batch. Every row
    has its own: `scores.amax(dim=-1, keepdim=True)`."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        if self.temperature > 0:
            return scores / self.temperature
        return scores.masked_fill(scores < scores.max(), -torch.inf)


class MasksWithZero:
    """At temperature 0 you set the losers' scores to 0. That is a logit like any
    other, with probability left: `-torch.inf` is what gives probability 0."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        if self.temperature > 0:
            return scores / self.temperature
        largest = scores.amax(dim=-1, keepdim=True)
        return scores.masked_fill(scores < largest, 0.0)


IDS = {"input_ids": "torch.tensor([[5]])"}
TWO_IDS = {"input_ids": "torch.tensor([[5], [6]])"}

TEMPERATURE = Checks(
    cases=[
        Case(
            "Temperature(2.0)(input_ids, scores)",
            IDS | {"scores": "torch.tensor([[2.0, 1.0, 0.0]])"},
        ),
        Case(
            "Temperature(0.5)(input_ids, scores)",
            TWO_IDS | {"scores": "torch.tensor([[2.0, -1.0], [0.0, 3.0]])"},
        ),
        Case(
            "Temperature(0.5)(input_ids, scores)",
            IDS | {"scores": "torch.tensor([[1.0, -torch.inf, 0.0]])"},
        ),
        Case(
            "Temperature(0)(input_ids, scores)",
            IDS | {"scores": "torch.tensor([[-1.0, -3.0, -2.0]])"},
            compare_probabilities,
        ),
        Case(
            "Temperature(0)(input_ids, scores)",
            IDS | {"scores": "torch.tensor([[2.0, 1.0, 2.0]])"},
            compare_probabilities,
        ),
        Case(
            "Temperature(0)(input_ids, scores)",
            TWO_IDS | {"scores": "torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]])"},
            compare_probabilities,
        ),
    ],
    hints=[
        "`__init__` keeps the temperature in `self.temperature`; `__call__` gets the "
        "scores (logits) of the whole batch and returns new ones.",
        "Above 0 it is one division. At 0, keep the largest score of each row and set "
        "the others to `-torch.inf`.",
        "`scores.masked_fill(scores < largest, -torch.inf)`, with "
        "`largest = scores.amax(dim=-1, keepdim=True)`.",
    ],
    wrong=[
        Multiplies,
        ChangesNothing,
        ReturnsProbabilities,
        DividesInPlace,
        DividesByZero,
        BreaksTies,
        ComparesOverTheBatch,
        MasksWithZero,
    ],
)

CHECKS = {"Temperature": TEMPERATURE}
