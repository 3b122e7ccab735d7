"""What training on a corpus does to variety: frequency bias, and losses that flatten.

A model that fits its corpus copies the corpus's frequencies. `sharpness` says whether
it exaggerates them. Two losses ask for flatter predictions than the corpus has; their
optima are known in closed form, so that they can be set beside plain temperature at
the same cross-entropy. Built in notebook 05.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.entropy import cross_entropy, entropy_of_log_probs
from course_utils.foundations.softmax import log_softmax
from course_utils.foundations.validation import as_number, as_probs

Flatten = Callable[[Tensor, float], Tensor]  # of distributions, by some strength

STEEPEST = 1000.0  # the largest finite sharpness
SMALLEST_WEIGHT = 1e-6  # below this the regularised optimum is the truth to 5 digits
NEWTON_STEPS = 12


def sharpness(
    shares: Float[Tensor, "*batch values"], truth: Float[Tensor, "*batch values"]
) -> Float[Tensor, "*batch"]:
    """The exponent s for which truth^s, normalised, is most likely to give `shares`.

    1: the frequencies are copied. Above 1: common values are exaggerated, as at
    temperature 1 / s. Below 1: flattened; 0: as often on average as if all were equal.
    inf (-inf) where only the commonest (rarest) values come up; capped at +-1000
    otherwise. The likelihood is largest where both have the same mean log truth.
    Raises ValueError for rows that are no distributions, for shares of what the truth
    rules out, and for a truth whose possible values are all equally likely.
    Built in notebook 05.
    """
    shares, truth = as_probs("shares", shares), as_probs("truth", truth)
    shares, truth = torch.broadcast_tensors(shares.double(), truth.double())
    log_truth = _log_of_skewed(truth, shares)
    exponent = _exponent_with_mean(log_truth, _mean(log_truth, shares))
    largest = log_truth.amax(dim=-1, keepdim=True)
    smallest = _smallest_possible(log_truth)
    only_commonest = ((shares == 0) | (log_truth == largest)).all(dim=-1)
    only_rarest = ((shares == 0) | (log_truth == smallest)).all(dim=-1)
    exponent = exponent.masked_fill(only_commonest, torch.inf)
    return exponent.masked_fill(only_rarest, -torch.inf)


def entropy_regularised_loss(
    logits: Float[Tensor, "*batch vocab"], targets: Int[Tensor, "*batch"], weight: float
) -> Float[Tensor, ""]:
    """Cross-entropy minus `weight` times the entropy of the prediction, in nats.

    The mean over all positions of -log q(target) - weight * H(q), with q the softmax
    of the logits. Differentiable; logits of -inf are allowed.
    Raises ValueError for targets that don't fit the logits and a weight below 0.
    The confidence penalty of Pereyra et al. 2017, section 3 (arXiv 1701.06548).
    Built in notebook 05.
    """
    weight = _as_amount("weight", weight, below=math.inf)
    log_probs = log_softmax(logits)
    surprise = _surprise(log_probs, targets)
    return (surprise - weight * entropy_of_log_probs(log_probs, math.e)).mean()


def label_smoothing_loss(
    logits: Float[Tensor, "*batch vocab"], targets: Int[Tensor, "*batch"], amount: float
) -> Float[Tensor, ""]:
    """Cross-entropy against targets that leave `amount` to be shared by all tokens.

    The mean over positions of (1 - amount) * -log q(target) + amount * mean_v -log
    q(v), in nats: what `torch.nn.functional.cross_entropy(label_smoothing=amount)` is.
    Raises ValueError for targets that don't fit the logits and an amount outside 0
    to below 1. Szegedy et al. 2016, section 7 (arXiv 1512.00567).
    Built in notebook 05.
    """
    amount = _as_amount("amount", amount, below=1)
    log_probs = log_softmax(logits)
    surprise = _surprise(log_probs, targets)
    if amount == 0:  # a logit of -inf would make 0 * inf
        return surprise.mean()
    return ((1 - amount) * surprise - amount * log_probs.mean(dim=-1)).mean()


def entropy_regularised_optimum(
    truth: Float[Tensor, "*batch vocab"], weight: float
) -> Float[Tensor, "*batch vocab"]:
    """The q with the least cross-entropy(truth, q) - weight * H(q).

    Training with that loss ends here. Where its derivative is zero, truth / q =
    1 + weight * (log q + H(q)), with H in nats: a token of probability 0 in truth gets
    exp(-1 / weight - H(q)), so none is ruled out. For small weights q is nearly truth
    at temperature 1 / (1 - weight); for weight = 0 it is truth. float64.
    Raises ValueError where truth is no distribution and for a weight below 0.
    Built in notebook 05.
    """
    truth = as_probs("truth", truth).double()
    weight = _as_amount("weight", weight, below=math.inf)
    if weight < SMALLEST_WEIGHT:
        return truth
    # With a = 1 / weight + H(q) and omega + log omega = log(truth / weight) + a, the
    # condition reads log q = omega - a. Newton's method finds the a for which q sums
    # to 1; from below, as here, it never overshoots, because the sum is convex in a.
    log_ratio = truth.log() - math.log(weight)
    a = torch.full_like(truth[..., :1], max(1 / weight, math.log(truth.shape[-1])))
    for _ in range(NEWTON_STEPS):
        omega = _wright_omega(log_ratio + a)
        q = torch.exp(omega - a)
        a = a + (q.sum(-1, keepdim=True) - 1) / (q / (1 + omega)).sum(-1, keepdim=True)
    return q / q.sum(dim=-1, keepdim=True)


def label_smoothing_optimum(
    truth: Float[Tensor, "*batch vocab"], amount: float
) -> Float[Tensor, "*batch vocab"]:
    """Where training with `label_smoothing_loss` ends: truth, mixed with uniform.

    Raises ValueError where truth is no distribution and for an amount outside 0 to
    below 1. Szegedy et al. 2016, section 7 (arXiv 1512.00567). Built in notebook 05.
    """
    truth = as_probs("truth", truth).double()
    amount = _as_amount("amount", amount, below=1)
    return (1 - amount) * truth + amount / truth.shape[-1]


def match_loss(
    loss_at: Callable[[float], float], target: float, low: float, high: float
) -> float:
    """The strength between low and high at which a rising `loss_at` meets `target`.

    Raises ValueError where target isn't between the losses at low and high.
    Built in notebook 05.
    """
    ends = loss_at(low), loss_at(high)
    slack = 1e-9 * max(1.0, abs(target))  # an end itself may come out a little off
    if not ends[0] - slack <= target <= ends[1] + slack:
        raise ValueError(
            f"target is {target:.6g}; between {low:g} and {high:g} the loss only "
            f"takes values from {ends[0]:.6g} to {ends[1]:.6g}"
        )
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if loss_at(middle) < target else (low, middle)
    return (low + high) / 2


def flatten_to_loss(
    flatten: Flatten,
    truth: Float[Tensor, "*batch vocab"],
    loss: float,
    low: float,
    high: float,
) -> tuple[float, Float[Tensor, "*batch vocab"]]:
    """The strength at which `flatten(truth, strength)` has this loss, and what it is.

    The loss is the mean cross-entropy(truth, flattened) in nats, which must rise with
    the strength from low to high: so rivals can be compared at the same price.
    Raises ValueError where no strength in between has it. Built in notebook 05.
    """

    def loss_at(strength: float) -> float:
        flat = flatten(truth, strength)
        return cross_entropy(truth, flat, base=math.e).mean().item()

    strength = match_loss(loss_at, loss, low, high)
    return strength, flatten(truth, strength)


def _log_of_skewed(
    truth: Float[Tensor, "*batch values"], shares: Float[Tensor, "*batch values"]
) -> Float[Tensor, "*batch values"]:
    """log truth, -inf for impossible values; refuses what has no sharpness."""
    if (shares > 0)[truth == 0].any():
        raise ValueError("shares has values that have probability 0 in truth")
    log_truth = truth.log()
    smallest = _smallest_possible(log_truth).squeeze(-1)
    if (log_truth.amax(dim=-1) == smallest).any():
        raise ValueError(
            "truth must have values of different probability: where all are equally "
            "likely, nothing can be exaggerated"
        )
    return log_truth


def _smallest_possible(
    log_truth: Float[Tensor, "*batch values"],
) -> Float[Tensor, "*batch 1"]:
    possible = log_truth.masked_fill(log_truth.isneginf(), torch.inf)
    return possible.amin(dim=-1, keepdim=True)


def _mean(
    log_truth: Float[Tensor, "*batch values"], probs: Float[Tensor, "*batch values"]
) -> Float[Tensor, "*batch"]:
    """The mean of log truth under `probs`, where impossible values count as 0."""
    return torch.where(probs > 0, probs * log_truth, 0.0).sum(dim=-1)


def _exponent_with_mean(
    log_truth: Float[Tensor, "*batch values"], mean: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """The exponent at which truth ** exponent has this mean log truth, by bisection.

    The mean rises with the exponent, as the negative energy does with coldness.
    """
    low = torch.full_like(mean, -STEEPEST)
    high = torch.full_like(mean, STEEPEST)
    for _ in range(60):
        middle = (low + high) / 2
        powers = (middle[..., None] * log_truth).masked_fill(
            log_truth.isneginf(), -torch.inf
        )
        too_low = _mean(log_truth, powers.softmax(dim=-1)) < mean
        low = torch.where(too_low, middle, low)
        high = torch.where(too_low, high, middle)
    return (low + high) / 2


def _surprise(
    log_probs: Float[Tensor, "*batch vocab"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """-log q(target) at each position, in nats."""
    targets = torch.as_tensor(targets)
    shape, vocab = tuple(log_probs.shape[:-1]), log_probs.shape[-1]
    whole = not (targets.is_floating_point() or targets.dtype == torch.bool)
    if not whole or tuple(targets.shape) != shape:
        raise ValueError(
            f"targets must be token ids of shape {shape}, one for each row of logits, "
            f"not {targets.dtype} of shape {tuple(targets.shape)}"
        )
    if targets.numel() == 0:
        raise ValueError("targets is empty; at least one is needed")
    if ((targets < 0) | (targets >= vocab)).any():
        raise ValueError(
            f"targets must lie in 0 ... {vocab - 1}, but range from "
            f"{targets.min().item()} to {targets.max().item()}"
        )
    return -log_probs.gather(-1, targets.long()[..., None]).squeeze(-1)


def _wright_omega(y: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """The solution of omega + log omega = y, by Newton's method (-inf gives 0)."""
    omega = torch.where(y > 1, y - y.clamp_min(1).log(), y.clamp_max(1).exp())
    for _ in range(5):
        # An omega that underflows to 0 is exact enough, but has no logarithm.
        log_omega = omega.clamp_min(torch.finfo(omega.dtype).tiny).log()
        omega = omega * (1 + y.clamp_min(log_omega) - log_omega) / (1 + omega)
    return omega


def _as_amount(name: str, value: float, below: float) -> float:
    allowed = f"a number of at least 0 and below {below:g}"
    number = as_number(name, value, allowed)
    if not 0 <= number < below:
        raise ValueError(f"{name} must be {allowed}, not {number}")
    return number
