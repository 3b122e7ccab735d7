"""From logits to a token: softmax, temperature and two ways to draw from it.

Built in notebook 01, in this order: the formula, the shift that keeps it from
overflowing, the two limits of the temperature, inverse-CDF sampling, Gumbel-max.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.validation import (
    as_logits,
    as_probs,
    as_temperature,
    as_whole_number,
    check_generator,
)


def softmax(
    logits: Float[Tensor, "*batch vocab"], temperature: float = 1.0
) -> Float[Tensor, "*batch vocab"]:
    """Probabilities exp(z_i / T) / sum_j exp(z_j / T) along the last dimension.

    T = 0 is the limit: the largest logit takes all, and ties share it. Large T comes
    near to uniform; infinity itself is refused. -inf logits get probability 0.
    Computes in the logits' own dtype; lists of numbers become float32.
    Raises ValueError for a row with NaN, +inf or only -inf, and for T < 0, NaN or inf.
    Boltzmann 1868; for networks Bridle 1990. Built in notebook 01.
    """
    logits, temperature = as_logits(logits), as_temperature(temperature)
    if _is_zero(temperature, logits.dtype):
        return _share_among_largest(logits)
    weights = torch.exp(_shift_to_zero(logits) / temperature)
    return weights / weights.sum(dim=-1, keepdim=True)


def log_softmax(
    logits: Float[Tensor, "*batch vocab"], temperature: float = 1.0
) -> Float[Tensor, "*batch vocab"]:
    """The logarithm of `softmax`, in nats, exact where the probability underflows.

    Takes and refuses what `softmax` does. Built in notebook 01.
    """
    logits, temperature = as_logits(logits), as_temperature(temperature)
    if _is_zero(temperature, logits.dtype):
        return _share_among_largest(logits).log()
    scaled = _shift_to_zero(logits) / temperature
    return scaled - scaled.exp().sum(dim=-1, keepdim=True).log()


def sample(
    probs: Float[Tensor, "*batch vocab"],
    num_samples: int = 1,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "*batch num_samples"]:
    """Draw token ids with replacement, by inverting the cumulative distribution.

    A uniform number falls into one of the intervals that the probabilities lay end to
    end; a token of probability 0 has an empty interval and is never drawn.
    Raises ValueError where a row is negative or doesn't sum to 1 within 1e-4, and for
    num_samples < 1. Devroye 1986, ch. III.2. Built in notebook 01.
    """
    probs = as_probs("probs", probs)
    num_samples = as_whole_number("num_samples", num_samples, at_least=1)
    check_generator(generator)
    cumulative = probs.double().cumsum(dim=-1).contiguous()
    total = cumulative[..., -1:].contiguous()
    shape = (*probs.shape[:-1], num_samples)
    uniform = torch.rand(
        shape, generator=generator, dtype=torch.float64, device=probs.device
    )
    # Scaling by the total instead of 1 leaves no gap above a sum that rounds below 1.
    drawn = torch.searchsorted(cumulative, uniform * total, right=True)
    last_possible = torch.searchsorted(cumulative, total)
    return torch.minimum(drawn, last_possible)


def gumbel_max(
    logits: Float[Tensor, "*batch vocab"],
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "*batch"]:
    """Draw one token id per row as the argmax of logits / T plus Gumbel noise.

    Has the distribution of `sample(softmax(logits, temperature))` without a
    normalisation. At T = 0 ties are drawn by lot. Takes and refuses what `softmax`
    does. Gumbel 1954; Maddison et al. 2014 (arXiv 1411.0030). Built in notebook 01.
    """
    check_generator(generator)
    # A shift of a whole row changes no argmax; this one is safe at T = 0 as well.
    log_probs = log_softmax(logits, temperature).double()
    uniform = torch.rand(
        log_probs.shape,
        generator=generator,
        dtype=torch.float64,
        device=log_probs.device,
    )
    # A uniform number of exactly 0 would make the noise -inf, and masked tokens tie.
    uniform = uniform.clamp_min(torch.finfo(torch.float64).tiny)
    noise = -torch.log(-torch.log(uniform))
    return (log_probs + noise).argmax(dim=-1)


def _shift_to_zero(logits: Tensor) -> Tensor:
    # exp(z - c) / sum exp(z - c) is the same for every c; with the largest logit as c
    # nothing overflows.
    return logits - logits.amax(dim=-1, keepdim=True)


def _is_zero(temperature: float, dtype: torch.dtype) -> bool:
    # Below the smallest normal number a division would give 0 / 0 for the largest.
    return temperature < torch.finfo(dtype).tiny


def _share_among_largest(logits: Tensor) -> Tensor:
    is_largest = logits == logits.amax(dim=-1, keepdim=True)
    return is_largest.to(logits.dtype) / is_largest.sum(dim=-1, keepdim=True)
