"""Checks of `entropy`, `kl_divergence`, `entropy_slope`, exercises of notebook 03."""

import math

import torch

from course_utils.checks.detection.monitor import ENTROPY_OF_LOGITS
from course_utils.classroom.judging import Case, Checks


def returns_surprises(probs, base=2):
    """These are the surprises, one for each token. Entropy is their mean: weigh each
    with its probability and add up along the last dimension."""
    return -probs.log() / math.log(base)


def forgets_the_weights(probs, base=2):
    """You add up the surprises without weights. A token's surprise counts as often as
    the token comes: multiply by its probability."""
    return -probs.log().sum(dim=-1) / math.log(base)


def forgets_the_minus(probs, base=2):
    """The sign is wrong: the logarithm of a probability is negative, so a minus
    belongs in front."""
    return torch.xlogy(probs, probs).sum(dim=-1) / math.log(base)


def stays_in_nats(probs, base=2):
    """This is the entropy in nats, whatever `base` says. Divide by `math.log(base)`:
    that makes bits where `base` is 2."""
    return -torch.xlogy(probs, probs).sum(dim=-1)


def always_gives_bits(probs, base=2):
    """You give bits, whatever `base` says. Divide the sum over natural logarithms by
    `math.log(base)`."""
    return -torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)


def takes_the_mean(probs, base=2):
    """You divide by the number of tokens. The probabilities are the weights already:
    add up, `sum(dim=-1)`, instead of taking the mean."""
    return -torch.xlogy(probs, probs).mean(dim=-1) / math.log(base)


def multiplies_zero_by_infinity(probs, base=2):
    """A probability of 0 gives NaN, because the logarithm of 0 is minus infinity. What
    never comes never surprises: it must count as 0. `torch.xlogy(probs, probs)` is
    p log p with that rule."""
    return -(probs * probs.log()).sum(dim=-1) / math.log(base)


def gives_the_perplexity(probs, base=2):
    """This is the perplexity, the number of equally likely tokens. Entropy is its
    logarithm."""
    return torch.exp(-torch.xlogy(probs, probs).sum(dim=-1))


def compares_with_uniform(probs, base=2):
    """You divide by the entropy of equal chances, so the result never exceeds 1. Leave
    that out: the entropy of four equal chances is 2 bits."""
    return -torch.xlogy(probs, probs).sum(dim=-1) / math.log(probs.shape[-1])


def adds_up_the_batch(probs, base=2):
    """You add up over the whole batch. Every row has an entropy of its own:
    `sum(dim=-1)`."""
    return -torch.xlogy(probs, probs).sum() / math.log(base)


def adds_up_the_first_dimension(probs, base=2):
    """You add up along the first dimension. The tokens are along the last one:
    `sum(dim=-1)`."""
    return -torch.xlogy(probs, probs).sum(dim=0) / math.log(base)


ENTROPY = Checks(
    cases=[
        Case("entropy(probs)", {"probs": "torch.tensor([0.75, 0.25])"}),
        Case("entropy(probs)", {"probs": "torch.tensor([0.25, 0.25, 0.25, 0.25])"}),
        Case("entropy(probs)", {"probs": "torch.tensor([1.0, 0.0])"}),
        Case(
            "entropy(probs, base=torch.e)", {"probs": "torch.tensor([0.5, 0.3, 0.2])"}
        ),
        Case(
            "entropy(probs)",
            {"probs": "torch.tensor([[0.5, 0.5], [0.9, 0.1], [0.0, 1.0]])"},
        ),
        Case(
            "entropy(probs)",
            {"probs": "torch.tensor([[[0.5, 0.5]], [[0.125, 0.875]]])"},
        ),
    ],
    hints=[
        "The surprise of a token is minus the logarithm of its probability. Entropy is "
        "the mean surprise, each token weighted with its probability.",
        "`torch.xlogy(probs, probs)` is p log p, and 0 where p is 0. Add it up along "
        "the last dimension. Where does the minus go?",
        "A logarithm to another base is the natural one, divided by `math.log(base)`.",
    ],
    wrong=[
        returns_surprises,
        forgets_the_weights,
        forgets_the_minus,
        stays_in_nats,
        always_gives_bits,
        takes_the_mean,
        multiplies_zero_by_infinity,
        gives_the_perplexity,
        compares_with_uniform,
        adds_up_the_batch,
        adds_up_the_first_dimension,
    ],
)


def swaps_the_roles(p, q, base=2):
    """You have swapped p and q: KL is not symmetric. The tokens are drawn from p, so p
    is what weighs."""
    return _kl(q, p, base)


def gives_the_cross_entropy(p, q, base=2):
    """This is the cross-entropy. Subtract p's own entropy: KL is what is left, and 0
    where p and q agree."""
    return -torch.xlogy(p, q).sum(dim=-1) / math.log(base)


def subtracts_the_entropies(p, q, base=2):
    """This is the difference of two entropies, and it can be 0 for very different p
    and q. Take the cross-entropy, with q's surprises weighted by p, minus the entropy
    of p."""
    gain = torch.xlogy(p, p).sum(dim=-1) - torch.xlogy(q, q).sum(dim=-1)
    return gain / math.log(base)


def turns_the_fraction_over(p, q, base=2):
    """The sign is wrong: KL is the mean of log(p / q), and never negative."""
    return -_kl(p, q, base)


def averages_both_directions(p, q, base=2):
    """You take the mean of both directions. KL(p || q) is one of them: tokens are
    drawn from p."""
    return (_kl(p, q, base) + _kl(q, p, base)) / 2


def adds_up_differences(p, q, base=2):
    """This is the total variation, half the sum of the differences. KL compares
    logarithms: the mean under p of log p - log q."""
    return (p - q).abs().sum(dim=-1) / 2


def leaves_kl_in_nats(p, q, base=2):
    """This is KL in nats, whatever `base` says: divide by `math.log(base)`."""
    return _kl(p, q, math.e)


def always_gives_kl_in_bits(p, q, base=2):
    """You give bits, whatever `base` says: divide the sum over natural logarithms by
    `math.log(base)`."""
    return _kl(p, q, 2)


def stumbles_over_zero(p, q, base=2):
    """Where p is 0 you multiply 0 by an infinite logarithm, and get NaN. What p never
    draws counts as 0: `torch.xlogy(p, p) - torch.xlogy(p, q)` keeps to that."""
    return (p * (p / q).log()).sum(dim=-1) / math.log(base)


def lets_q_off(p, q, base=2):
    """Where q gives 0 to a token that p can draw, KL is infinite: q would be surprised
    without end. You add something small or leave such tokens out. Only p's zeros may
    be left out."""
    small = torch.finfo(torch.float32).tiny
    logs = torch.xlogy(p, p) - torch.xlogy(p, q.clamp_min(small))
    return logs.sum(dim=-1) / math.log(base)


def leaves_out_zeros_of_q(p, q, base=2):
    """You leave out the tokens to which q gives 0. But where p can draw such a token,
    KL is infinite. Only p's own zeros count as 0."""
    logs = torch.xlogy(p, p) - torch.xlogy(p, q)
    return logs.masked_fill(q == 0, 0.0).sum(dim=-1) / math.log(base)


def adds_something_small_to_q(p, q, base=2):
    """You add something small to q, so that its logarithm stays finite. But where q
    gives 0 to a token that p can draw, KL is infinite."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q + 1e-9)).sum(dim=-1) / math.log(base)


def averages_over_the_tokens(p, q, base=2):
    """You take the plain mean over the tokens. The terms are weighted with p already:
    add them up, `sum(dim=-1)`."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).mean(dim=-1) / math.log(base)


def adds_up_kl_over_the_batch(p, q, base=2):
    """You add up over the whole batch. Each row has a KL of its own: `sum(dim=-1)`."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / math.log(base)


def _kl(p, q, base):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1) / math.log(base)


KL_DIVERGENCE = Checks(
    cases=[
        Case(
            "kl_divergence(p, q)",
            {"p": "torch.tensor([0.5, 0.5])", "q": "torch.tensor([0.75, 0.25])"},
        ),
        Case(
            "kl_divergence(p, q)",
            {"p": "torch.tensor([0.2, 0.8])", "q": "torch.tensor([0.8, 0.2])"},
        ),
        Case(
            "kl_divergence(p, p)",
            {"p": "torch.tensor([0.2, 0.3, 0.5])"},
        ),
        Case(
            "kl_divergence(p, q)",
            {"p": "torch.tensor([1.0, 0.0])", "q": "torch.tensor([0.25, 0.75])"},
        ),
        Case(
            "kl_divergence(p, q)",
            {
                "p": "torch.tensor([0.5, 0.5, 0.0])",
                "q": "torch.tensor([0.5, 0.5, 0.0])",
            },
        ),
        Case(
            "kl_divergence(p, q)",
            {"p": "torch.tensor([0.5, 0.5])", "q": "torch.tensor([1.0, 0.0])"},
        ),
        Case(
            "kl_divergence(p, q, base=torch.e)",
            {"p": "torch.tensor([0.9, 0.1])", "q": "torch.tensor([0.3, 0.7])"},
        ),
        Case(
            "kl_divergence(p, q, base=torch.e)",
            {"p": "torch.tensor([0.4, 0.6])", "q": "torch.tensor([0.0, 1.0])"},
        ),
        Case(
            "kl_divergence(p, q)",
            {
                "p": "torch.tensor([[0.5, 0.5], [0.1, 0.9]])",
                "q": "torch.tensor([[0.6, 0.4], [0.7, 0.3]])",
            },
        ),
    ],
    hints=[
        "KL is the cross-entropy of p and q minus the entropy of p: the surprise that "
        "q's errors add.",
        "In one sum: the mean under p of log p - log q. `torch.xlogy(p, q)` is "
        "p log q, 0 where p is 0, and minus infinity where only q is 0.",
        "`(torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1)`, and then the unit.",
    ],
    wrong=[
        swaps_the_roles,
        gives_the_cross_entropy,
        subtracts_the_entropies,
        turns_the_fraction_over,
        averages_both_directions,
        adds_up_differences,
        leaves_kl_in_nats,
        always_gives_kl_in_bits,
        stumbles_over_zero,
        lets_q_off,
        leaves_out_zeros_of_q,
        adds_something_small_to_q,
        averages_over_the_tokens,
        adds_up_kl_over_the_batch,
    ],
)


def forgets_the_cube(logits, temperature=1.0, base=2):
    """You forget to divide the variance by the temperature's third power. At
    temperature 1 nobody sees it, at 2 your slope is eight times too large."""
    return _variance(logits, temperature) / math.log(base)


def divides_by_the_square(logits, temperature=1.0, base=2):
    """You divide by the square of the temperature. Count again: two factors come from
    the derivative of z / T, a third one from H's own z / T."""
    return _variance(logits, temperature) / temperature**2 / math.log(base)


def divides_once(logits, temperature=1.0, base=2):
    """You divide the variance of the logits by the temperature once. The formula has
    its third power."""
    return _variance(logits, temperature) / temperature / math.log(base)


def takes_the_plain_variance(logits, temperature=1.0, base=2):
    """You take the variance of the logits as if all were equally likely. Weigh each
    with its probability, in the mean and in the variance."""
    plain = logits.var(dim=-1, correction=0)
    return plain / temperature**3 / math.log(base)


def forgets_the_mean(logits, temperature=1.0, base=2):
    """This is the mean of the squared logits. For the variance, subtract the mean
    logit before you square."""
    probs = torch.softmax(logits / temperature, dim=-1)
    return _weighted(probs, logits**2) / temperature**3 / math.log(base)


def takes_the_deviation(logits, temperature=1.0, base=2):
    """This is the standard deviation over T^3. The formula has the variance: leave the
    square root out."""
    return _variance(logits, temperature).sqrt() / temperature**3 / math.log(base)


def forgets_the_unit(logits, temperature=1.0, base=2):
    """This is the slope in nats. For units of log `base`, divide by
    `math.log(base)`, as in `entropy`."""
    return _variance(logits, temperature) / temperature**3


def gives_the_slope_in_bits_only(logits, temperature=1.0, base=2):
    """You give bits, whatever `base` says: divide by `math.log(base)`."""
    return _variance(logits, temperature) / temperature**3 / math.log(2)


def weighs_as_at_temperature_one(logits, temperature=1.0, base=2):
    """Your probabilities are those at temperature 1. The variance is taken under
    `softmax(logits, temperature)`."""
    return _variance(logits, 1.0) / temperature**3 / math.log(base)


def takes_the_variance_of_probabilities(logits, temperature=1.0, base=2):
    """You take the variance of the probabilities. It is that of the logits, weighted
    with the probabilities."""
    probs = torch.softmax(logits / temperature, dim=-1)
    mean = _weighted(probs, probs)[..., None]
    spread = _weighted(probs, (probs - mean) ** 2)
    return spread / temperature**3 / math.log(base)


def is_upset_by_minus_infinity(logits, temperature=1.0, base=2):
    """A logit of `-inf` gives NaN: 0 times infinity. A token that never comes counts
    for nothing: replace its logit by any number (`masked_fill`) after you have its
    probability, 0."""
    probs = torch.softmax(logits / temperature, dim=-1)
    mean = (probs * logits).sum(dim=-1, keepdim=True)
    variance = (probs * (logits - mean) ** 2).sum(dim=-1)
    return variance / temperature**3 / math.log(base)


def forgets_to_keep_the_dimension(logits, temperature=1.0, base=2):
    """You subtract the rows' means along the wrong dimension, or one mean from all
    rows. Keep the dimension: `sum(dim=-1, keepdim=True)`."""
    probs = torch.softmax(logits / temperature, dim=-1)
    possible = logits.masked_fill(probs == 0, 0.0)
    mean = (probs * possible).sum(dim=-1).mean()
    variance = (probs * (possible - mean) ** 2).sum(dim=-1)
    return variance / temperature**3 / math.log(base)


def has_the_opposite_sign(logits, temperature=1.0, base=2):
    """The sign is wrong: a variance is never negative, and nor is the slope."""
    return -_variance(logits, temperature) / temperature**3 / math.log(base)


def _variance(logits, temperature):
    """The variance of the logits under softmax(logits / temperature)."""
    probs = torch.softmax(logits / temperature, dim=-1)
    possible = logits.masked_fill(probs == 0, 0.0)
    mean = _weighted(probs, possible)[..., None]
    return _weighted(probs, (possible - mean) ** 2)


def _weighted(probs, values):
    return (probs * values).sum(dim=-1)


ENTROPY_SLOPE = Checks(
    cases=[
        Case("entropy_slope(logits)", {"logits": "torch.tensor([1.0, 0.0])"}),
        Case("entropy_slope(logits)", {"logits": "torch.tensor([2.0, 3.0, 5.0])"}),
        Case("entropy_slope(logits)", {"logits": "torch.tensor([1.0, 1.0, 1.0])"}),
        Case(
            "entropy_slope(logits, temperature=2.0)",
            {"logits": "torch.tensor([3.0, 1.0, 0.0])"},
        ),
        Case(
            "entropy_slope(logits, temperature=0.5, base=torch.e)",
            {"logits": "torch.tensor([1.0, 0.5, 0.0])"},
        ),
        Case(
            "entropy_slope(logits)", {"logits": "torch.tensor([1.0, 0.0, -torch.inf])"}
        ),
        Case(
            "entropy_slope(logits, temperature=1.5)",
            {"logits": "torch.tensor([[4.0, 1.0, 0.0], [0.0, 0.0, 2.0]])"},
        ),
    ],
    hints=[
        "First the probabilities at this temperature, `softmax(logits, temperature)`. "
        "With them as weights, the mean of the logits; with it, their variance.",
        "mean = `(probs * logits).sum(dim=-1, keepdim=True)`; the variance is the "
        "weighted sum of `(logits - mean) ** 2`. Divide by `temperature ** 3` and, for "
        "the unit, by `math.log(base)`.",
        "Tokens with probability 0 may have a logit of `-inf`, and 0 times infinity is "
        "NaN: `logits.masked_fill(probs == 0, 0.0)` before the sums.",
    ],
    wrong=[
        forgets_the_cube,
        divides_by_the_square,
        divides_once,
        takes_the_plain_variance,
        forgets_the_mean,
        takes_the_deviation,
        forgets_the_unit,
        gives_the_slope_in_bits_only,
        weighs_as_at_temperature_one,
        takes_the_variance_of_probabilities,
        is_upset_by_minus_infinity,
        forgets_to_keep_the_dimension,
        has_the_opposite_sign,
    ],
)

CHECKS = {
    "entropy": ENTROPY,
    "kl_divergence": KL_DIVERGENCE,
    "entropy_slope": ENTROPY_SLOPE,
    "entropy_of_logits": ENTROPY_OF_LOGITS,
}
