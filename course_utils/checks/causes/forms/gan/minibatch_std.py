"""Checks of `minibatch_std`, an exercise of notebook 04."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import Difference, compare, compare_kind


def _with_column(features, number):
    return torch.cat([features, number.expand(len(features), 1)], dim=1)


def compare_nearly(expected, got) -> Difference | None:
    """As `compare`, but 0.0002 is no difference: for a small number under a root."""
    different_kind = compare_kind(expected, got)
    if different_kind or not isinstance(expected, torch.Tensor):
        return different_kind or compare(expected, got)
    if (expected - got).abs().max() <= 2e-4:
        return None
    return compare(expected, got)


_VALUE = "minibatch_std(features)"
_SLOPE = "torch.autograd.grad(minibatch_std(features)[:, -1].sum(), features)[0]"
CASES = [
    Case(_VALUE, compare_nearly, features=[[1.0, 2.0, 0.0], [3.0, 6.0, 8.0]]),
    Case(_VALUE, compare_nearly, features=[[0.0, 4.0, 1.0], [4.0, 0.0, 3.0]]),
    Case(_VALUE, compare_nearly, features=[[0.0, 1.0], [0.0, 2.0], [3.0, 6.0]]),
    Case(_VALUE, compare_nearly, features=[[5.0, 1.0], [5.0, 1.0], [5.0, 1.0]]),
    Case(_VALUE, compare_nearly, features=[[1.0, -1.0, 0.5]]),
    Case(
        _SLOPE,
        compare_nearly,
        features="torch.tensor([[0.0, 1.0], [2.0, 5.0]], requires_grad=True)",
    ),
    Case(_SLOPE, compare_nearly, features="torch.ones(3, 2, requires_grad=True)"),
]
HINTS = [
    "How much does feature number 1 differ from sample to sample? That is its "
    "standard deviation down the batch. Do it for all features and average.",
    "`features.std(dim=0, correction=0).mean()` is the number.",
    "`number.expand(len(features), 1)` is the column, and "
    "`torch.cat([features, column], dim=1)` appends it.",
]
WRONG = [
    wrong(
        "_with_column(features, features.std(dim=0).mean())",
        "You divide by n - 1, which is torch's default, and a batch of one gives NaN. "
        "Divide by n: `std(dim=0, correction=0)`.",
    ),
    wrong(
        "_with_column(features, features.std(dim=1, correction=0).mean())",
        "You take the standard deviation within each sample. Wanted is how the samples "
        "differ from each other: over the batch, `dim=0`.",
    ),
    wrong(
        "_with_column(features, features.std(dim=1).mean())",
        "You take the standard deviation within each sample, `dim=1`, and divide by n "
        "- 1. Wanted is how the samples differ from each other: `std(dim=0, "
        "correction=0)`.",
    ),
    wrong(
        "torch.cat([features, features.std(1, correction=0, keepdim=True)], dim=1)",
        "You give each row its own standard deviation. Wanted is one number for the "
        "whole batch: the standard deviation over `dim=0`, averaged over the features.",
    ),
    wrong(
        "torch.cat([features, features.std(dim=1, keepdim=True)], dim=1)",
        "You give each row its own standard deviation, divided by n - 1. Wanted is one "
        "number for the whole batch: `std(dim=0, correction=0)`, averaged.",
    ),
    wrong(
        "_with_column(features, features.std(correction=0))",
        "You take one standard deviation of all numbers together, and features that "
        "differ from each other look like variety. Take each feature's over the batch "
        "first, then their mean.",
    ),
    wrong(
        "_with_column(features, features.std())",
        "`std()` takes all numbers together, and divides by n - 1. Take each feature's "
        "over the batch first, `std(dim=0, correction=0)`, then their mean.",
    ),
    wrong(
        "_with_column(features, features.mean(dim=1).std(correction=0))",
        "You average the features before you take the standard deviation, and features "
        "that move in opposite ways cancel. First the standard deviation of each, then "
        "the mean.",
    ),
    wrong(
        "_with_column(features, features.var(dim=0, correction=0).mean())",
        "This is the variance. The standard deviation is its root.",
    ),
    wrong(
        "_with_column(features, features.var(dim=0, correction=0).mean().sqrt())",
        "You average the variances and take the root of that. First the root of each "
        "feature's variance, then their mean.",
    ),
    wrong(
        "_with_column(features, (features - features.mean(dim=0)).abs().mean())",
        "You average absolute deviations. The standard deviation is the root of the "
        "mean SQUARED deviation.",
    ),
    wrong(
        "_with_column(features, features.std(dim=0, correction=0).sum())",
        "You add up the standard deviations of the features. Take their mean, so that "
        "the number doesn't depend on how many features there are.",
    ),
    wrong(
        "torch.cat([features, spread.expand_as(features)], dim=1)",
        "You append one column for each feature. Take the mean of their standard "
        "deviations: one number, one column.",
        spread="features.std(dim=0, correction=0)",
    ),
    wrong(
        "torch.cat([features, features.std(dim=0, correction=0)[None]])",
        "You append the features' standard deviations as one more row. Their mean is "
        "one number, and it goes into one more column.",
    ),
    wrong(
        "features.std(dim=0, correction=0).mean()",
        "You return the number alone. Append it to `features` as a column: "
        "`torch.cat([features, column], dim=1)`.",
    ),
    wrong(
        "features.std(dim=0, correction=0).mean().expand(len(features), 1)",
        "You return the new column alone. Append it to `features`: "
        "`torch.cat([features, column], dim=1)`.",
    ),
    wrong(
        "torch.cat([column, features], dim=1)",
        "Your column comes first. Append it as the last one.",
        column="features.std(dim=0, correction=0).mean().expand(len(features), 1)",
    ),
    wrong(
        "features + features.std(dim=0, correction=0).mean()",
        "You add the number to every feature. Append it as a column of its own, so "
        "that the discriminator can tell it from the features.",
    ),
    wrong(
        "_with_column(features, features.detach().std(dim=0, correction=0).mean())",
        "No gradient flows through your column (`detach`, `item`, `no_grad` or "
        "`torch.tensor` cut it), so the generator can't learn from it to vary.",
    ),
    wrong(
        "_with_column(features, variance.sqrt().mean())",
        "Where all samples are the same, the slope of your root is infinite and the "
        "gradient NaN. Use `std`, or add 1e-8 under the root.",
        variance="((features - features.mean(dim=0)) ** 2).mean(dim=0)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_with_column])
