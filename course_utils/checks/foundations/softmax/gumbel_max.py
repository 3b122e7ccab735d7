"""Checks of `gumbel_max`, an exercise of notebook 01."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import compare_shares


def _gumbel(shape, generator):
    return -torch.log(-torch.log(torch.rand(shape, generator=generator)))


CASES = [
    Case("gumbel_max(logits)", logits=[0.0, 100.0]),
    Case("gumbel_max(logits)", logits=[[100.0, 0.0], [0.0, 100.0]]),
    Case(
        "gumbel_max(logits)",
        compare_shares((0.6652, 0.2447, 0.0900), tolerance=0.02),
        logits="torch.tensor([2.0, 1.0, 0.0]).repeat(20_000, 1)",
    ),
    Case(
        "gumbel_max(logits, temperature=3.0)",
        compare_shares((0.4484, 0.3213, 0.2302), tolerance=0.02),
        logits="torch.tensor([2.0, 1.0, 0.0]).repeat(20_000, 1)",
    ),
    Case(
        "torch.equal(gumbel_max(logits, 1.0, seeded()), "
        "gumbel_max(logits, 1.0, seeded()))",
        logits="torch.zeros(99, 5)",
        seeded="lambda: torch.Generator().manual_seed(1)",
    ),
    Case(
        "torch.equal(gumbel_max(logits), gumbel_max(logits))",
        logits="torch.zeros(99, 5)",
    ),
    Case(
        "torch.equal(gumbel_max(logits, 1.0, dice), gumbel_max(logits, 1.0, dice))",
        logits="torch.zeros(99, 5)",
        dice="torch.Generator().manual_seed(1)",
    ),
]
HINTS = [
    "No softmax is needed: divide the logits by the temperature, add noise to "
    "each, and take the argmax over the vocabulary.",
    "Gumbel noise is `-log(-log(uniform))`, with "
    "`uniform = torch.rand(logits.shape, generator=generator)`.",
]
WRONG = [
    wrong(
        "logits.argmax(dim=-1)",
        "Your answer always takes the largest logit. Add Gumbel noise before the "
        "argmax, a number of its own to every logit.",
    ),
    wrong(
        "(scaled + torch.rand(logits.shape, generator=generator)).argmax(dim=-1)",
        "You add the uniform numbers as they are. Gumbel noise is "
        "`-log(-log(uniform))`.",
        scaled="logits / temperature",
    ),
    wrong(
        "(scaled + torch.randn(logits.shape, generator=generator)).argmax(dim=-1)",
        "You add normal noise. Only Gumbel noise, `-log(-log(uniform))`, makes the "
        "argmax follow the softmax.",
        scaled="logits / temperature",
    ),
    wrong(
        "(logits / temperature - _gumbel(logits.shape, generator)).argmax(dim=-1)",
        "The sign of your noise is wrong: it is `-log(-log(uniform))`, with two minus "
        "signs, and it is added.",
    ),
    wrong(
        "(logits + _gumbel(logits.shape, generator)).argmax(dim=-1)",
        "`temperature` has no effect in your answer. Divide the logits by it, and only "
        "the logits: if the noise is divided too, it cancels out.",
    ),
    wrong(
        "(logits / temperature + noise).argmax(dim=-1)",
        "All rows get the same noise, so their draws are not independent. The noise "
        "has the shape of `logits`.",
        noise="_gumbel(logits.shape[-1:], generator)",
    ),
    wrong(
        "logits / temperature + _gumbel(logits.shape, generator)",
        "You return the noisy logits. Return where the largest is: `argmax(dim=-1)`.",
    ),
    wrong(
        "(logits / temperature + _gumbel(logits.shape, None)).argmax(dim=-1)",
        "You don't use `generator`: two generators with the same seed must give the "
        "same tokens. Hand it on: `torch.rand(..., generator=generator)`.",
    ),
    wrong(
        "(logits / temperature + _gumbel(logits.shape, dice)).argmax(dim=-1)",
        "Your noise is the same at every call. Set no seed inside: without a "
        "`generator`, torch's own random numbers go on from call to call.",
        dice="generator or torch.Generator().manual_seed(0)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_gumbel])
