"""What a reward asks of a model, and what gradient steps towards it do to the model.

First the optimum in closed form, then the estimates that gradients are taken of:
REINFORCE with a baseline, and the clipped ratio of PPO and DAPO; at the end, what a
reward costs. Built in notebook 06, in this order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.foundations.intervals import FEWEST, Interval, jackknife_interval
from course_utils.foundations.validation import as_float_tensor, as_number, as_probs

CLIP_LOW, CLIP_HIGH = 0.2, 0.28  # DAPO, section 4.1; PPO has 0.2 on both sides


def regularised_optimum(
    ref_probs: Float[Tensor, "*batch outcomes"],
    rewards: Float[Tensor, "*batch outcomes"],
    beta: float,
) -> Float[Tensor, "*batch outcomes"]:
    """The distribution with the highest E[reward] - beta * KL(. || reference).

    It is ref_probs * exp(rewards / beta), normalised: the leash `beta` (reward per
    nat) acts as a temperature. beta = 0 is the limit: the reference among the best of
    what it can draw. A reward of -inf forbids an outcome.
    Raises ValueError for ref_probs that are no distribution, rewards of another length,
    NaN or +inf, a row in which nothing is allowed, and beta < 0, NaN or inf.
    Rafailov et al. 2023 (arXiv 2305.18290), eq. 4. Built in notebook 06.
    """
    ref_probs = as_probs("ref_probs", ref_probs)
    rewards = _as_rewards(rewards, ref_probs)
    beta = _as_weight("beta", beta)
    possible = rewards.masked_fill(ref_probs == 0, -torch.inf)
    best = possible.amax(dim=-1, keepdim=True)
    if best.isneginf().any():
        raise ValueError("rewards has a row in which every possible outcome has -inf")
    short_of_best = possible - best
    if beta < torch.finfo(ref_probs.dtype).tiny:  # a division would give 0 / 0
        weights = ref_probs * (short_of_best == 0)
    else:
        weights = ref_probs * (short_of_best / beta).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def sharpen(
    probs: Float[Tensor, "*batch outcomes"], power: float
) -> Float[Tensor, "*batch outcomes"]:
    """`probs` to a power, normalised: above 1 the likely gain, below 1 the rare.

    With power = 1 + alpha / beta this is what a taste for the familiar, a reward of
    alpha * ln(reference), does under a leash beta. It is the temperature 1 / power,
    taken once over whole outcomes instead of token by token.
    Raises ValueError for probs that are no distribution and unless 0 < power < inf.
    Zhang et al. 2025 (arXiv 2510.01171), section 3. Built in notebook 06.
    """
    probs = as_probs("probs", probs)
    power = _as_weight("power", power)
    if power == 0:
        raise ValueError("power must be above 0, not 0")
    # Scaling by the largest keeps a high power from underflowing everywhere.
    weights = (probs / probs.amax(dim=-1, keepdim=True)) ** power
    return weights / weights.sum(dim=-1, keepdim=True)


def leave_one_out_advantages(
    rewards: Float[Tensor, "*batch texts"],
) -> Float[Tensor, "*batch texts"]:
    """Each reward less the mean of the other rewards of its row.

    A baseline that does not depend on the text it is taken from leaves the gradient
    unbiased and makes it less noisy. Raises ValueError for fewer than two rewards.
    Kool et al. 2019; for language models Ahmadian et al. 2024 (arXiv 2402.14740).
    Built in notebook 06.
    """
    rewards = as_float_tensor("rewards", rewards)
    n = rewards.shape[-1]
    if n < 2:
        raise ValueError("rewards must hold at least 2 texts' rewards a row, not 1")
    return (rewards - rewards.mean(dim=-1, keepdim=True)) * n / (n - 1)


def policy_gradient_loss(
    token_log_probs: Float[Tensor, "texts tokens"], rewards: Float[Tensor, "texts"]
) -> Float[Tensor, ""]:
    """REINFORCE: minus the mean over texts of advantage times log-probability.

    Its gradient is an unbiased estimate of minus that of the expected reward, where
    the texts were drawn from the model itself. `token_log_probs` in nats, NaN after a
    text's end; advantages are `leave_one_out_advantages(rewards)`.
    Raises ValueError where there is not one reward for each of at least two texts.
    Williams 1992, section 4. Built in notebook 06.
    """
    _check_one_for_each_text("rewards", rewards, token_log_probs)
    advantages = leave_one_out_advantages(rewards).detach()
    return -(advantages * token_log_probs.nansum(dim=-1)).mean()


def clipped_loss(
    token_log_probs: Float[Tensor, "texts tokens"],
    old_token_log_probs: Float[Tensor, "texts tokens"],
    advantages: Float[Tensor, "texts"],
    low: float = CLIP_LOW,
    high: float = CLIP_HIGH,
) -> Float[Tensor, ""]:
    """PPO's clipped surrogate, summed over a text's tokens, minus its mean over texts.

    The ratio new / old of each token's probability earns min(ratio * A, clipped * A),
    clipped to 1 - low ... 1 + high: beyond that a text can gain nothing more, so that
    the same draws can serve for several updates. At ratio 1 the gradient is that of
    REINFORCE. `high` above `low` is DAPO's clip-higher: rare tokens may grow faster.
    Log-probabilities in nats, NaN after a text's end. Raises ValueError for shapes that
    differ, low outside 0 to 1 and high below 0.
    Schulman et al. 2017 (arXiv 1707.06347), eq. 7; Yu et al. 2025 (arXiv 2503.14476),
    eq. 10. Built in notebook 06.
    """
    _check_one_for_each_text("advantages", advantages, token_log_probs)
    _check_same_shape(token_log_probs, old_token_log_probs)
    low, high = _as_weight("low", low), _as_weight("high", high)
    if low > 1:
        raise ValueError(f"low must lie between 0 and 1, not {low}")
    is_token = ~(token_log_probs.isnan() | old_token_log_probs.isnan())
    # Filled before exp: a NaN that is only masked out later still spoils the gradient.
    change = (token_log_probs - old_token_log_probs).where(is_token, 0.0)
    ratio = change.exp()
    advantages = advantages.detach()[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    surrogate = torch.minimum(ratio * advantages, clipped * advantages)
    return -(surrogate * is_token).sum(dim=-1).mean()


def least_kl(reward: float, ref_reward: float) -> float:
    """The smallest KL(policy || reference), in nats, at which this reward can be had.

    For a reward that is 0 or 1: no policy whose mean reward is `reward` is nearer to a
    reference whose mean is `ref_reward`, and `regularised_optimum` is this near. It is
    the KL divergence of the two coins. 0 to 1 costs -ln(ref_reward).
    Raises ValueError for rewards outside 0 to 1; infinite where the reference never
    (or always) earns the reward and the policy differs.
    Cover & Thomas 2006, section 2.8 (data processing). Built in notebook 06.
    """
    p, q = _as_share("reward", reward), _as_share("ref_reward", ref_reward)
    return _nats(p, q) + _nats(1 - p, 1 - q)


@dataclass(frozen=True)
class Exchange:
    """R = -a * e^H + b: what a nat of entropy buys in reward."""

    a: float
    b: float
    r_squared: float

    def reward_at(self, entropy: float) -> float:
        """The reward that the law gives at a policy entropy in nats per token."""
        return self.b - self.a * math.exp(entropy)


def fit_exchange(
    entropies: Float[Tensor, "points"], rewards: Float[Tensor, "points"]
) -> Exchange:
    """Least squares of R = -a * e^H + b, entropies in nats per token.

    Raises ValueError unless there are as many rewards as entropies, all finite, and at
    least two entropies differ.
    Cui et al. 2025 (arXiv 2505.22617), abstract. Built in notebook 06.
    """
    x = torch.as_tensor(entropies, dtype=torch.float64).exp()
    y = torch.as_tensor(rewards, dtype=torch.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            "entropies and rewards must be two rows of one length, not of shapes "
            f"{tuple(x.shape)} and {tuple(y.shape)}"
        )
    if not (x.isfinite().all() and y.isfinite().all()):
        raise ValueError("entropies and rewards must be finite numbers")
    if len(x) < 2 or x.max() == x.min():
        raise ValueError("entropies must hold at least two different values")
    dx, dy = x - x.mean(), y - y.mean()
    slope = ((dx * dy).sum() / dx.square().sum()).item()
    residual = (dy - slope * dx).square().sum().item()
    spread = dy.square().sum().item()
    r_squared = 1 - residual / spread if spread > 0 else 1.0
    return Exchange(-slope, y.mean().item() - slope * x.mean().item(), r_squared)


def exchange_intervals(
    entropies: Float[Tensor, "runs points"],
    rewards: Float[Tensor, "runs points"],
    level: float = 0.95,
) -> tuple[Interval, Interval]:
    """Jackknife intervals of a and b, fitted to the mean over runs at each point.

    Whole runs are left out in turn: the points of one run are no independent
    observations. Raises ValueError for fewer than five runs. Tukey 1958.
    """
    x = torch.as_tensor(entropies, dtype=torch.float64)
    y = torch.as_tensor(rewards, dtype=torch.float64)
    if x.ndim != 2 or x.shape != y.shape or len(x) < FEWEST:
        raise ValueError(
            "entropies and rewards must have one shape, at least "
            f"{FEWEST} runs times points, not {tuple(x.shape)} and {tuple(y.shape)}"
        )

    def fit(kept: Sequence[int]) -> Exchange:
        rows = list(kept)
        return fit_exchange(x[rows].mean(dim=0), y[rows].mean(dim=0))

    runs = range(len(x))
    return (
        jackknife_interval(lambda kept: fit(kept).a, runs, len(x), level=level),
        jackknife_interval(lambda kept: fit(kept).b, runs, len(x), level=level),
    )


def _nats(p: float, q: float) -> float:
    if p == 0:
        return 0.0
    return p * math.log(p / q) if q > 0 else math.inf


def _as_share(name: str, value: Any) -> float:
    share = as_number(name, value, "a number between 0 and 1")
    if not 0 <= share <= 1:
        raise ValueError(f"{name} must be a number between 0 and 1, not {share}")
    return share


def _as_weight(name: str, value: Any) -> float:
    allowed = "a finite number of at least 0"
    weight = as_number(name, value, allowed)
    if weight < 0 or math.isinf(weight):
        raise ValueError(f"{name} must be {allowed}, not {weight}")
    return weight


def _as_rewards(rewards: Any, ref_probs: Tensor) -> Tensor:
    """Rewards in the dtype of the probabilities, one for each of the outcomes."""
    rewards = as_float_tensor("rewards", rewards).to(ref_probs)
    if rewards.shape[-1] != ref_probs.shape[-1]:
        raise ValueError(
            f"rewards must hold one reward for each of {ref_probs.shape[-1]} outcomes, "
            f"not {rewards.shape[-1]}"
        )
    if rewards.isnan().any() or rewards.isposinf().any():
        raise ValueError("rewards must be numbers or -inf, but has NaN or +inf")
    return rewards


def _check_one_for_each_text(name: str, values: Any, token_log_probs: Tensor) -> None:
    if token_log_probs.ndim != 2 or values.shape != token_log_probs.shape[:1]:
        raise ValueError(
            f"{name} must hold one number for each row of token_log_probs, but the "
            f"shapes are {tuple(values.shape)} and {tuple(token_log_probs.shape)}"
        )


def _check_same_shape(new: Tensor, old: Tensor) -> None:
    if new.shape != old.shape:
        raise ValueError(
            "old_token_log_probs must have the shape of token_log_probs, "
            f"{tuple(new.shape)}, not {tuple(old.shape)}"
        )
