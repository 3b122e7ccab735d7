"""Checks of `minibatch_std`, an exercise of notebook 04."""

import torch

from course_utils.classroom.comparing import Difference, compare, compare_kind
from course_utils.classroom.judging import Case, Checks


def divides_by_n_minus_one(features):
    """You divide by n - 1, which is torch's default, and a batch of one gives NaN.
    Divide by n: `std(dim=0, correction=0)`."""
    return _with_column(features, features.std(dim=0).mean())


def measures_within_samples(features):
    """You take the standard deviation within each sample. Wanted is how the samples
    differ from each other: over the batch, `dim=0`."""
    return _with_column(features, features.std(dim=1, correction=0).mean())


def measures_within_samples_by_n_minus_one(features):
    """You take the standard deviation within each sample, `dim=1`, and divide by n - 1.
    Wanted is how the samples differ from each other: `std(dim=0, correction=0)`."""
    return _with_column(features, features.std(dim=1).mean())


def tells_each_row_its_own(features):
    """You give each row its own standard deviation. Wanted is one number for the
    whole batch: the standard deviation over `dim=0`, averaged over the features."""
    return torch.cat([features, features.std(1, correction=0, keepdim=True)], dim=1)


def tells_each_row_its_own_by_n_minus_one(features):
    """You give each row its own standard deviation, divided by n - 1. Wanted is one
    number for the whole batch: `std(dim=0, correction=0)`, averaged."""
    return torch.cat([features, features.std(dim=1, keepdim=True)], dim=1)


def measures_all_numbers_together(features):
    """You take one standard deviation of all numbers together, and features that
    differ from each other look like variety. Take each feature's over the batch
    first, then their mean."""
    return _with_column(features, features.std(correction=0))


def measures_all_numbers_by_n_minus_one(features):
    """`std()` takes all numbers together, and divides by n - 1. Take each feature's
    over the batch first, `std(dim=0, correction=0)`, then their mean."""
    return _with_column(features, features.std())


def averages_first(features):
    """You average the features before you take the standard deviation, and features
    that move in opposite ways cancel. First the standard deviation of each, then the
    mean."""
    return _with_column(features, features.mean(dim=1).std(correction=0))


def takes_the_variance(features):
    """This is the variance. The standard deviation is its root."""
    return _with_column(features, features.var(dim=0, correction=0).mean())


def averages_the_variances(features):
    """You average the variances and take the root of that. First the root of each
    feature's variance, then their mean."""
    return _with_column(features, features.var(dim=0, correction=0).mean().sqrt())


def takes_the_absolute_deviation(features):
    """You average absolute deviations. The standard deviation is the root of the mean
    SQUARED deviation."""
    return _with_column(features, (features - features.mean(dim=0)).abs().mean())


def sums_the_features(features):
    """You add up the standard deviations of the features. Take their mean, so that
    the number doesn't depend on how many features there are."""
    return _with_column(features, features.std(dim=0, correction=0).sum())


def adds_a_column_for_each_feature(features):
    """You append one column for each feature. Take the mean of their standard
    deviations: one number, one column."""
    spread = features.std(dim=0, correction=0)
    return torch.cat([features, spread.expand_as(features)], dim=1)


def appends_a_row(features):
    """You append the features' standard deviations as one more row. Their mean is one
    number, and it goes into one more column."""
    return torch.cat([features, features.std(dim=0, correction=0)[None]])


def returns_the_number_only(features):
    """You return the number alone. Append it to `features` as a column:
    `torch.cat([features, column], dim=1)`."""
    return features.std(dim=0, correction=0).mean()


def returns_the_column_only(features):
    """You return the new column alone. Append it to `features`:
    `torch.cat([features, column], dim=1)`."""
    return features.std(dim=0, correction=0).mean().expand(len(features), 1)


def puts_the_column_first(features):
    """Your column comes first. Append it as the last one."""
    column = features.std(dim=0, correction=0).mean().expand(len(features), 1)
    return torch.cat([column, features], dim=1)


def adds_instead_of_appending(features):
    """You add the number to every feature. Append it as a column of its own, so that
    the discriminator can tell it from the features."""
    return features + features.std(dim=0, correction=0).mean()


def detaches(features):
    """No gradient flows through your column (`detach`, `item`, `no_grad` or
    `torch.tensor` cut it), so the generator can't learn from it to vary."""
    return _with_column(features, features.detach().std(dim=0, correction=0).mean())


def takes_the_root_of_zero(features):
    """Where all samples are the same, the slope of your root is infinite and the
    gradient NaN. Use `std`, or add 1e-8 under the root."""
    variance = ((features - features.mean(dim=0)) ** 2).mean(dim=0)
    return _with_column(features, variance.sqrt().mean())


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


MINIBATCH_STD = Checks(
    cases=[
        Case(
            "minibatch_std(features)",
            {"features": "torch.tensor([[1.0, 2.0, 0.0], [3.0, 6.0, 8.0]])"},
            compare_nearly,
        ),
        Case(
            "minibatch_std(features)",
            {"features": "torch.tensor([[0.0, 4.0, 1.0], [4.0, 0.0, 3.0]])"},
            compare_nearly,
        ),
        Case(
            "minibatch_std(features)",
            {"features": "torch.tensor([[0.0, 1.0], [0.0, 2.0], [3.0, 6.0]])"},
            compare_nearly,
        ),
        Case(
            "minibatch_std(features)",
            {"features": "torch.tensor([[5.0, 1.0], [5.0, 1.0], [5.0, 1.0]])"},
            compare_nearly,
        ),
        Case(
            "minibatch_std(features)",
            {"features": "torch.tensor([[1.0, -1.0, 0.5]])"},
            compare_nearly,
        ),
        Case(
            "torch.autograd.grad(minibatch_std(features)[:, -1].sum(), features)[0]",
            {"features": "torch.tensor([[0.0, 1.0], [2.0, 5.0]], requires_grad=True)"},
            compare_nearly,
        ),
        Case(
            "torch.autograd.grad(minibatch_std(features)[:, -1].sum(), features)[0]",
            {"features": "torch.ones(3, 2, requires_grad=True)"},
            compare_nearly,
        ),
    ],
    hints=[
        "How much does feature number 1 differ from sample to sample? That is its "
        "standard deviation down the batch. Do it for all features and average.",
        "`features.std(dim=0, correction=0).mean()` is the number.",
        "`number.expand(len(features), 1)` is the column, and "
        "`torch.cat([features, column], dim=1)` appends it.",
    ],
    wrong=[
        divides_by_n_minus_one,
        measures_within_samples,
        measures_within_samples_by_n_minus_one,
        tells_each_row_its_own,
        tells_each_row_its_own_by_n_minus_one,
        measures_all_numbers_together,
        measures_all_numbers_by_n_minus_one,
        averages_first,
        takes_the_variance,
        averages_the_variances,
        takes_the_absolute_deviation,
        sums_the_features,
        adds_a_column_for_each_feature,
        appends_a_row,
        returns_the_number_only,
        returns_the_column_only,
        puts_the_column_first,
        adds_instead_of_appending,
        detaches,
        takes_the_root_of_zero,
    ],
)

CHECKS = {"minibatch_std": MINIBATCH_STD}
