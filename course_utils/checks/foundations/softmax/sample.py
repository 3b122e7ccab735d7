"""Checks of `sample`, an exercise of notebook 01."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import compare_shares


def _uniform(probs, num_samples, generator):
    return torch.rand((*probs.shape[:-1], num_samples), generator=generator)


def _inverse_cdf(probs, uniform):
    ends = probs.cumsum(dim=-1)
    return torch.searchsorted(ends, uniform.contiguous(), right=True)


def _scaled_cdf(probs, uniform):
    return _inverse_cdf(probs, uniform * probs.sum(dim=-1, keepdim=True))


CASES = [
    Case("sample(probs)", probs=[1.0, 0.0]),
    Case("sample(probs)", probs=[0.0, 1.0, 0.0]),
    Case("sample(probs, num_samples=3)", probs=[0.0, 1.0, 0.0]),
    Case("sample(probs, num_samples=2)", probs=[[1.0, 0.0], [0.0, 1.0]]),
    Case("sample(probs)", probs=[[[1.0, 0.0]], [[0.0, 1.0]]]),
    Case(
        "sample(probs, num_samples=4_000)",
        compare_shares((0.5, 0.3, 0.2), tolerance=0.04),
        probs=[0.5, 0.3, 0.2],
    ),
    Case(
        "sample(probs, num_samples=4_000)[1]",
        compare_shares((0.1, 0.0, 0.9), tolerance=0.04),
        probs=[[0.8, 0.2, 0.0], [0.1, 0.0, 0.9]],
    ),
    Case(
        "sample(probs, num_samples=4_000).sum(dim=0)",
        compare_shares((0.25, 0.5, 0.25), tolerance=0.04),
        probs=[[0.5, 0.5], [0.5, 0.5]],
    ),
    Case(
        "torch.equal(sample(probs, 99, seeded()), sample(probs, 99, seeded()))",
        probs=[0.5, 0.5],
        seeded="lambda: torch.Generator().manual_seed(1)",
    ),
    Case("torch.equal(sample(probs, 99), sample(probs, 99))", probs=[0.5, 0.5]),
    Case(
        "torch.equal(sample(probs, 99, dice), sample(probs, 99, dice))",
        probs=[0.5, 0.5],
        dice="torch.Generator().manual_seed(1)",
    ),
    # With this seed the uniform numbers, whether drawn as float32 or float64, soon
    # exceed 0.99992; chance alone would ask for ten times as many.
    Case(
        "(sample(probs, 20_000, dice) > 1).sum()",
        probs=[0.5, 0.49992, 0.0],
        dice="torch.Generator().manual_seed(647)",
    ),
]
HINTS = [
    "Lay the probabilities end to end on a line from 0 to 1. A uniform number "
    "falls into one of the intervals: that is the token.",
    "`probs.cumsum(dim=-1)` gives where the intervals end, `torch.rand` the "
    "numbers. The token is the count of ends that lie at or below the number.",
    "`torch.searchsorted(ends, uniform, right=True)` counts them, row by row, for "
    "`uniform` of shape `(*probs.shape[:-1], num_samples)`.",
]
WRONG = [
    wrong(
        "probs.argmax(dim=-1, keepdim=True).expand(*probs.shape[:-1], num_samples)",
        "You always return the most probable token. Draw: a token of probability 0.2 "
        "should come out in about one draw in five.",
    ),
    wrong(
        "torch.randint(probs.shape[-1], shape, generator=generator)",
        "Your draws don't depend on `probs`: every token comes equally often.",
        shape="(*probs.shape[:-1], num_samples)",
    ),
    wrong(
        "found.clamp(max=probs.shape[-1] - 1)",
        "You look the uniform number up in the probabilities themselves. Look it up in "
        "their running sum, `probs.cumsum(dim=-1)`.",
        uniform="_uniform(probs, num_samples, generator)",
        found="(uniform[..., None, :] > probs[..., :, None]).sum(dim=-2)",
    ),
    wrong(
        "_inverse_cdf(probs, _uniform(probs, num_samples, generator)) + 1",
        "Your token ids are one too high. The first interval, below the first running "
        "sum, belongs to token 0.",
    ),
    wrong(
        "_inverse_cdf(probs, _uniform(probs, num_samples, generator)) - 1",
        "Your token ids are one too low. A uniform number below the first running sum "
        "means token 0.",
    ),
    wrong(
        "_inverse_cdf(probs, uniform).expand(*probs.shape[:-1], num_samples)",
        "All `num_samples` draws of a row are the same. Each needs a uniform number of "
        "its own.",
        uniform="_uniform(probs, 1, generator)",
    ),
    wrong(
        "_inverse_cdf(probs, uniform.expand(*probs.shape[:-1], num_samples))",
        "All rows use the same uniform numbers, so their draws are not independent. "
        "Draw numbers of shape `(*probs.shape[:-1], num_samples)`.",
        uniform="torch.rand(num_samples, generator=generator)",
    ),
    wrong(
        "_inverse_cdf(probs, _uniform(probs, 1, generator)).squeeze(-1)",
        "You draw one token per row and leave the last dimension out: the shape must "
        "be that of `probs` with `num_samples` in place of the vocabulary.",
    ),
    wrong(
        "torch.multinomial(probs, num_samples, generator=generator)",
        "You draw without replacement, so no token can come twice. Each draw must see "
        "all tokens again (`torch.multinomial` has `replacement=True`).",
    ),
    wrong(
        "_scaled_cdf(probs, _uniform(probs, num_samples, None))",
        "You don't use `generator`: two generators with the same seed must give the "
        "same draws. Hand it on: `torch.rand(..., generator=generator)`.",
    ),
    wrong(
        "_inverse_cdf(probs, _uniform(probs, num_samples, generator))",
        "The running sum ends a little below 1, and a uniform number above its end "
        "gives a token that `probs` rules out. Scale the uniform number by the sum's "
        "last entry: `uniform * ends[..., -1:]`.",
    ),
    wrong(
        "_scaled_cdf(probs, _uniform(probs, num_samples, dice))",
        "Your answer draws the same tokens at every call. Set no seed inside: without "
        "a `generator`, torch's own random numbers go on from call to call.",
        dice="generator or torch.Generator().manual_seed(0)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_uniform, _inverse_cdf, _scaled_cdf])
