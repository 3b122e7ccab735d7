"""How undecided is a distribution? Entropy and its relatives.

Entropy falls as a distribution collapses; cross-entropy and KL divergence tell it
apart from the truth; perplexity is cross-entropy on a scale of "so many equal choices",
and so is the effective number, of entropy. How fast entropy rises with the temperature
is its slope, which is never negative. Built in notebook 03.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.foundations.softmax import softmax
from course_utils.foundations.validation import (
    as_base,
    as_float_tensor,
    as_logits,
    as_probs,
    as_temperature,
)


def entropy(
    probs: Float[Tensor, "*batch vocab"], base: float = 2
) -> Float[Tensor, "*batch"]:
    """Shannon entropy of each row of `probs`, in bits (or units of log `base`).

    Zero probabilities count as zero (the limit of p log p).
    Raises ValueError where a row is negative or doesn't sum to 1 within 1e-4.
    Shannon 1948, section 6. Built in notebook 03.
    """
    probs = as_probs("probs", probs)
    return _in_units(-torch.xlogy(probs, probs), base)


def entropy_of_log_probs(
    log_probs: Float[Tensor, "*batch vocab"], base: float = 2
) -> Float[Tensor, "*batch"]:
    """Entropy of each row of log-probabilities in nats, in bits (or by `base`).

    For rows that come from a softmax, which is taken on trust: exact where
    probabilities vanish, and differentiable there. Shannon 1948, section 6.
    """
    finite = log_probs.masked_fill(log_probs.isneginf(), 0.0)  # 0 * -inf counts for 0
    return _in_units(-log_probs.exp() * finite, base)


def effective_number(
    shares: Float[Tensor, "*batch values"], order: float = 1.0
) -> Float[Tensor, "*batch"]:
    """How many equally common values would be as diverse: the Hill number of an order.

    Order 1 is exp of the entropy, 0 counts what is there, inf looks at the largest
    share alone. `shares` sum to 1, which is taken on trust. Hill 1973.
    """
    if order == 1:
        return _in_units(-torch.xlogy(shares, shares), math.e).exp()
    if order == 0:
        return (shares > 0).sum(dim=-1).to(shares.dtype)
    if math.isinf(order):
        return 1 / shares.amax(dim=-1)
    return shares.pow(order).sum(dim=-1) ** (1 / (1 - order))


def entropy_slope(
    logits: Float[Tensor, "*batch vocab"], temperature: float = 1.0, base: float = 2
) -> Float[Tensor, "*batch"]:
    """How fast entropy rises with T: dH/dT, in bits (or units of log `base`) per unit.

    Equals Var_p(z) / T^3 with p = softmax(z / T), so it is never negative. At T = 0 it
    is 0, the limit; -inf logits have no part in it.
    Raises ValueError for what `softmax` refuses. Physics knows it as the heat capacity
    over T (Gibbs 1902, ch. VII). Built in notebook 03.
    """
    logits, temperature = as_logits(logits), as_temperature(temperature)
    # Down here all but the largest logits have lost their probability, as at T = 0.
    temperature = max(temperature, torch.finfo(logits.dtype).tiny)
    probs = softmax(logits, temperature)
    shifted = logits - logits.amax(dim=-1, keepdim=True)
    # Var(z / T) / T: z^2 and T^3 alone may leave the range of the dtype.
    scaled = torch.where(probs > 0, shifted, 0.0) / temperature
    mean = (probs * scaled).sum(dim=-1, keepdim=True)
    variance = probs * (scaled - mean).square()
    return _in_units(variance, base) / temperature


def cross_entropy(
    p: Float[Tensor, "*batch vocab"], q: Float[Tensor, "*batch vocab"], base: float = 2
) -> Float[Tensor, "*batch"]:
    """Mean surprise -log q of tokens drawn from p, in bits (or units of log `base`).

    Infinite where q gives 0 to what p can draw; p's own zeros count as zero.
    Raises ValueError for rows that are no distributions over one vocabulary.
    Cover & Thomas 2006, section 5.4. Built in notebook 03.
    """
    p, q = _as_pair(p, q)
    return _in_units(-torch.xlogy(p, q), base)


def kl_divergence(
    p: Float[Tensor, "*batch vocab"], q: Float[Tensor, "*batch vocab"], base: float = 2
) -> Float[Tensor, "*batch"]:
    """KL(p || q), in bits (or units of log `base`): what it costs to take q for p.

    Infinite where q gives 0 to what p can draw; 0 where both agree. Not symmetric.
    Raises ValueError for rows that are no distributions over one vocabulary.
    Kullback & Leibler 1951. Built in notebook 03.
    """
    p, q = _as_pair(p, q)
    return _in_units(torch.xlogy(p, p) - torch.xlogy(p, q), base)


def perplexity(
    token_log_probs: Float[Tensor, "*batch tokens"],
) -> Float[Tensor, "*batch"]:
    """exp of the mean negative log-probability of each row's tokens.

    `token_log_probs` in nats; NaN marks padding and is left out, so that
    `perplexity(runs.logprob)` gives one number per run. A perplexity of 8 is that of
    eight equally likely tokens at every step; one impossible token makes it infinite.
    Raises ValueError for a row without tokens and for a log-probability above 0.
    Jelinek et al. 1977. Built in notebook 03.
    """
    log_probs = as_float_tensor("token_log_probs", token_log_probs)
    is_padding = log_probs.isnan()
    if is_padding.all(dim=-1).any():
        raise ValueError("token_log_probs has a row without tokens (all NaN)")
    if (log_probs > 1e-5).any():
        largest = log_probs[~is_padding].max().item()
        raise ValueError(
            f"token_log_probs must be at most 0, as logs of probabilities are, "
            f"but the largest is {largest:.6g}"
        )
    return torch.exp(-log_probs.nanmean(dim=-1))


def _in_units(nats: Tensor, base: float) -> Tensor:
    """Sum each row and divide by log `base`."""
    # Rounding may leave a hair below 0, which none of these quantities can be.
    return nats.sum(dim=-1).clamp_min(0).abs() / math.log(as_base(base))


def _as_pair(p: Any, q: Any) -> tuple[Tensor, Tensor]:
    """Both as distributions over one vocabulary, in the wider of their dtypes."""
    p, q = as_probs("p", p), as_probs("q", q)
    try:
        torch.broadcast_shapes(p.shape, q.shape)
        comparable = p.shape[-1] == q.shape[-1]
    except RuntimeError:
        comparable = False
    if not comparable:
        raise ValueError(
            "p and q must be distributions over the same vocabulary, not of shapes "
            f"{tuple(p.shape)} and {tuple(q.shape)}"
        )
    return p, q
