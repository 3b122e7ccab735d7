"""Checks of `two_entropies`, an exercise of notebook 14."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _bits(probs):
    return -torch.xlogy(probs, probs).sum(-1) / torch.tensor(2.0).log()


CALL = "two_entropies(noisy_logits)"
CASES = [
    Case(CALL, noisy_logits=[[0.0, 0.0], [0.0, 0.0]]),
    Case(CALL, noisy_logits=[[9.0, 0.0], [0.0, 9.0]]),
    Case(CALL, noisy_logits=[[1.0, 0.0, -1.0], [0.0, 2.0, 0.5], [0.3, 0.3, 0.3]]),
    Case(
        CALL,
        noisy_logits="torch.tensor([[0.0, 1.0, -torch.inf], [2.0, 0.0, -torch.inf]])",
    ),
]
HINTS = [
    "Turn every row into probabilities first. Realised: entropy, then mean. Marginal: "
    "mean, then entropy.",
    "`probs = noisy_logits.softmax(dim=-1)`; its mean over the shakes is "
    "`probs.mean(dim=0)`.",
    "`entropy(probs).mean(), entropy(probs.mean(dim=0))`.",
]
WRONG = [
    wrong(
        "(_bits(probs.mean(0)), _bits(probs).mean())",
        "The order is realised, marginal: the mean of the entropies comes first.",
        probs="torch.softmax(noisy_logits, -1)",
    ),
    wrong(
        "(_bits(torch.softmax(noisy_logits, -1)).mean(), "
        "_bits(torch.softmax(noisy_logits.mean(0), -1)))",
        "You average the logits. What comes out follows the mean of the "
        "*probabilities*.",
    ),
    wrong(
        "(_bits(probs), _bits(probs.mean(0)))",
        "The realised entropy is one number: the mean over the shakes.",
        probs="torch.softmax(noisy_logits, -1)",
    ),
    wrong(
        "(_bits(probs).mean() * math.log(2), _bits(probs.mean(0)) * math.log(2))",
        "You give nats. Bits have the logarithm to base 2.",
        probs="torch.softmax(noisy_logits, -1)",
    ),
    wrong(
        "(_bits(probs).mean(), _bits(probs).mean())",
        "Both are the mean of the entropies. The marginal one is the entropy of the "
        "mean of the rows.",
        probs="torch.softmax(noisy_logits, -1)",
    ),
    wrong(
        "(_bits(probs).mean(), _bits(probs.mean(0)))",
        "You take the softmax over the shakes (`dim=0`). Each shake is a row of its "
        "own: `dim=-1`.",
        probs="torch.softmax(noisy_logits, 0)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_bits])
