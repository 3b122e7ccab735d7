"""Checks of `entropy_slope`, an exercise of notebook 03."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _variance(logits, temperature):
    """The variance of the logits under softmax(logits / temperature)."""
    probs = torch.softmax(logits / temperature, dim=-1)
    possible = logits.masked_fill(probs == 0, 0.0)
    mean = _weighted(probs, possible)[..., None]
    return _weighted(probs, (possible - mean) ** 2)


def _weighted(probs, values):
    return (probs * values).sum(dim=-1)


CASES = [
    Case("entropy_slope(logits)", logits=[1.0, 0.0]),
    Case("entropy_slope(logits)", logits=[2.0, 3.0, 5.0]),
    Case("entropy_slope(logits)", logits=[1.0, 1.0, 1.0]),
    Case("entropy_slope(logits, temperature=2.0)", logits=[3.0, 1.0, 0.0]),
    Case(
        "entropy_slope(logits, temperature=0.5, base=torch.e)", logits=[1.0, 0.5, 0.0]
    ),
    Case("entropy_slope(logits)", logits="torch.tensor([1.0, 0.0, -torch.inf])"),
    Case(
        "entropy_slope(logits, temperature=1.5)",
        logits=[[4.0, 1.0, 0.0], [0.0, 0.0, 2.0]],
    ),
]
HINTS = [
    "First the probabilities at this temperature, `softmax(logits, temperature)`. "
    "With them as weights, the mean of the logits; with it, their variance.",
    "mean = `(probs * logits).sum(dim=-1, keepdim=True)`; the variance is the "
    "weighted sum of `(logits - mean) ** 2`. Divide by `temperature ** 3` and, for "
    "the unit, by `math.log(base)`.",
    "Tokens with probability 0 may have a logit of `-inf`, and 0 times infinity is "
    "NaN: `logits.masked_fill(probs == 0, 0.0)` before the sums.",
]
WRONG = [
    wrong(
        "_variance(logits, temperature) / math.log(base)",
        "You forget to divide the variance by the temperature's third power. At "
        "temperature 1 nobody sees it, at 2 your slope is eight times too large.",
    ),
    wrong(
        "_variance(logits, temperature) / temperature ** 2 / math.log(base)",
        "You divide by the square of the temperature. Count again: two factors come "
        "from the derivative of z / T, a third one from H's own z / T.",
    ),
    wrong(
        "_variance(logits, temperature) / temperature / math.log(base)",
        "You divide the variance of the logits by the temperature once. The formula "
        "has its third power.",
    ),
    wrong(
        "logits.var(dim=-1, correction=0) / temperature ** 3 / math.log(base)",
        "You take the variance of the logits as if all were equally likely. Weigh each "
        "with its probability, in the mean and in the variance.",
    ),
    wrong(
        "_weighted(probs, logits ** 2) / temperature ** 3 / math.log(base)",
        "This is the mean of the squared logits. For the variance, subtract the mean "
        "logit before you square.",
        probs="torch.softmax(logits / temperature, dim=-1)",
    ),
    wrong(
        "_variance(logits, temperature).sqrt() / temperature ** 3 / math.log(base)",
        "This is the standard deviation over T^3. The formula has the variance: leave "
        "the square root out.",
    ),
    wrong(
        "_variance(logits, temperature) / temperature ** 3",
        "This is the slope in nats. For units of log `base`, divide by "
        "`math.log(base)`, as in `entropy`.",
    ),
    wrong(
        "_variance(logits, temperature) / temperature ** 3 / math.log(2)",
        "You give bits, whatever `base` says: divide by `math.log(base)`.",
    ),
    wrong(
        "_variance(logits, 1.0) / temperature ** 3 / math.log(base)",
        "Your probabilities are those at temperature 1. The variance is taken under "
        "`softmax(logits, temperature)`.",
    ),
    wrong(
        "_weighted(probs, (probs - mean) ** 2) / temperature ** 3 / math.log(base)",
        "You take the variance of the probabilities. It is that of the logits, "
        "weighted with the probabilities.",
        probs="torch.softmax(logits / temperature, dim=-1)",
        mean="_weighted(probs, probs)[..., None]",
    ),
    wrong(
        "variance / temperature ** 3 / math.log(base)",
        "A logit of `-inf` gives NaN: 0 times infinity. A token that never comes "
        "counts for nothing: replace its logit by any number (`masked_fill`) after you "
        "have its probability, 0.",
        probs="torch.softmax(logits / temperature, dim=-1)",
        mean="(probs * logits).sum(dim=-1, keepdim=True)",
        variance="(probs * (logits - mean) ** 2).sum(dim=-1)",
    ),
    wrong(
        "-_variance(logits, temperature) / temperature ** 3 / math.log(base)",
        "The sign is wrong: a variance is never negative, and nor is the slope.",
    ),
    wrong(
        "_weighted(probs, (possible - mean) ** 2) / temperature**3 / math.log(base)",
        "You subtract the rows' means along the wrong dimension, or one mean from all "
        "rows. Keep the dimension: `sum(dim=-1, keepdim=True)`.",
        probs="torch.softmax(logits / temperature, dim=-1)",
        possible="logits.masked_fill(probs == 0, 0.0)",
        mean="_weighted(probs, possible).mean()",
    ),
    wrong(
        "_variance(logits / temperature, 1.0) / temperature**3 / math.log(base)",
        "You take the variance of z / T, in which two factors 1 / T are already, and "
        "divide by T^3 as well. Take the variance of the logits z themselves.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_variance, _weighted])
