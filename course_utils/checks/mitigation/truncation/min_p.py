"""Checks of `MinP`, an exercise of notebook 12."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _probs(scores):
    return torch.softmax(scores, dim=-1)


IDS = {"input_ids": "torch.tensor([[5]])"}
TWO_IDS = {"input_ids": "torch.tensor([[5], [6]])"}
CASES = [
    Case("MinP(0.2)(input_ids, scores)", **IDS, scores=[[3.0, 2.0, 0.0]]),
    Case("MinP(0.5)(input_ids, scores)", **IDS, scores=[[-1.0, -1.5, -3.0]]),
    Case(
        "MinP(0.3)(input_ids, scores)",
        **TWO_IDS,
        scores=[[6.0, 1.0, 0.0, 0.0], [1.0, 0.9, 0.8, 0.7]],
    ),
    Case("MinP(1.0)(input_ids, scores)", **IDS, scores=[[1.0, 0.0, 1.0]]),
    Case("MinP(0)(input_ids, scores)", **IDS, scores=[[1.0, 0.0, -9.0]]),
    Case(
        "MinP(0.1)(input_ids, scores)",
        **IDS,
        scores="torch.tensor([[2.0, -torch.inf, 1.0]])",
    ),
    Case("MinP(0.05)(input_ids, scores)", **IDS, scores="torch.zeros(1, 500)"),
]
HINTS = [
    "Turn each row into probabilities, find the largest, and multiply it by `min_p`: "
    "what lies below that is forbidden.",
    "`probs = scores.softmax(dim=-1)`, and `probs.amax(dim=-1, keepdim=True)` is the "
    "largest of each row, ready to be compared with the row.",
    "`scores.masked_fill(probs < self.min_p * largest, -torch.inf)`.",
]
WRONG = [
    wrong(
        "scores.masked_fill(_probs(scores) < self.min_p, -torch.inf)",
        "You compare with `min_p` itself. The limit is `min_p` times the largest "
        "probability of the row, so that it falls where the model is undecided.",
    ),
    wrong(
        "scores.masked_fill(p < self.min_p * p.max(), -torch.inf)",
        "You take the largest probability of the whole batch. Every row has its own: "
        "`probs.amax(dim=-1, keepdim=True)`.",
        p="_probs(scores)",
    ),
    wrong(
        "scores.masked_fill(scores < self.min_p * scores.amax(-1, keepdim=True), "
        "-torch.inf)",
        "You compare logits. `min_p` is a share of a probability: take the softmax "
        "of each row first.",
    ),
    wrong(
        "scores.masked_fill(p < self.min_p * p.amax(-1, keepdim=True), 0.0)",
        "You set forbidden scores to 0. That is a logit like any other: `-torch.inf` "
        "is what gives probability 0.",
        p="_probs(scores)",
    ),
    wrong(
        "p.masked_fill(p < self.min_p * p.amax(-1, keepdim=True), 0.0)",
        "You return probabilities. A processor returns scores (logits): those that "
        "stay are left as they are.",
        p="_probs(scores)",
    ),
    wrong(
        "scores.masked_fill(p <= self.min_p * p.amax(-1, keepdim=True), -torch.inf)",
        "A token right at the limit stays: with `min_p` of 1 the likeliest would be "
        "forbidden too. Compare with `<`.",
        p="_probs(scores)",
    ),
    wrong(
        "scores.masked_fill(p >= self.min_p * p.amax(-1, keepdim=True), -torch.inf)",
        "You forbid the likely tokens and keep the others.",
        p="_probs(scores)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_probs])
