"""Intervals cover the truth as often as they say."""

import math
import statistics

import numpy as np
import pytest
import torch
from scipy.stats import binom, ttest_1samp

from course_utils.foundations.intervals import (
    bootstrap_interval,
    cluster_interval,
    jackknife_error,
    jackknife_interval,
    mean_interval,
    student_t,
    wilson_interval,
)


def test_wilson_gives_the_textbook_value():
    low, high = wilson_interval(8, 10)
    assert (low, high) == (
        pytest.approx(0.4902, abs=1e-4),
        pytest.approx(0.9433, abs=1e-4),
    )


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_wilson_covers_the_true_share(share):
    generator = torch.Generator().manual_seed(1)
    draws = torch.rand((2000, 60), generator=generator) < share
    inside = [
        low <= share <= high
        for low, high in (wilson_interval(int(k), 60) for k in draws.sum(dim=1))
    ]
    assert 0.92 <= sum(inside) / 2000 <= 0.99


def test_wilson_stays_within_0_and_1():
    assert wilson_interval(0, 5)[0] == 0.0
    assert wilson_interval(5, 5)[1] == 1.0


def normal(n, dice):
    return torch.randn(n, generator=dice, dtype=torch.float64), 0.0


def skewed(n, dice):
    return torch.empty(n, dtype=torch.float64).exponential_(generator=dice), 1.0


def counts(n, dice):
    return torch.poisson(torch.full((n,), 2.0), generator=dice).double(), 2.0


def uniform(n, dice):
    return torch.rand(n, generator=dice, dtype=torch.float64), 0.5


def covered(interval, draw, n, runs=2000):
    """How often the interval of n values holds the mean of what they come from."""
    dice, inside = torch.Generator().manual_seed(n), 0
    for _ in range(runs):
        values, truth = draw(n, dice)
        low, high = interval(values.tolist())
        inside += low <= truth <= high
    return inside / runs


def test_wilson_covers_between_93_and_97_percent_on_average():
    """For one share it can't, as counts are whole: 0.85 to 0.99 at n = 8."""
    for n in (5, 8, 10, 20, 50, 100):
        chances = np.linspace(0.02, 0.98, 49)
        inside = [
            sum(
                binom.pmf(k, n, share)
                for k in range(n + 1)
                if wilson_interval(k, n)[0] <= share <= wilson_interval(k, n)[1]
            )
            for share in chances
        ]
        assert 0.93 <= np.mean(inside) <= 0.97


@pytest.mark.parametrize("n", [5, 8, 14, 15, 40])
@pytest.mark.parametrize("draw", [normal, uniform, counts])
def test_student_s_interval_covers_between_93_and_97_percent(draw, n):
    assert 0.925 <= covered(mean_interval, draw, n) <= 0.975  # 2000 runs: +- 0.01


@pytest.mark.parametrize("n", [5, 8, 15, 24, 60])
@pytest.mark.parametrize("draw", [normal, uniform, counts])
def test_bootstrap_covers_between_93_and_97_percent(draw, n):
    def interval(values):
        return bootstrap_interval(values, resamples=500)

    assert 0.925 <= covered(interval, draw, n, 1000) <= 0.98  # +- 0.014


@pytest.mark.parametrize("n", [15, 24, 60])
def test_bootstrap_covers_skewed_values_from_15_on(n):
    def interval(values):
        return bootstrap_interval(values, resamples=500)

    assert 0.925 <= covered(interval, skewed, n, 1000) <= 0.975


def test_bootstrap_below_15_values_is_student_s():
    values = [0.0, 1.0, 5.0, 2.0, 2.5]
    assert bootstrap_interval(values) == mean_interval(values)


@pytest.mark.parametrize("values", [list(range(20)), [0.0, 1.0, 3.5] * 10])
def test_bootstrap_is_deterministic_in_its_seed(values):
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_bootstrap_of_equal_values_has_no_width():
    assert bootstrap_interval([3.0] * 20) == (3.0, 3.0)


@pytest.mark.parametrize("clusters", [5, 8, 16])
def test_clusters_cover_where_each_has_a_rate_of_its_own(clusters):
    dice, inside = np.random.default_rng(clusters), 0
    for _ in range(2000):
        sizes = dice.integers(12, 36, clusters)
        rates = dice.beta(4, 4, clusters)
        drawn = [
            dice.binomial(1, p, n).tolist() for p, n in zip(rates, sizes, strict=True)
        ]
        low, high = cluster_interval(drawn)
        inside += low <= 0.5 <= high
    assert 0.925 <= inside / 2000 <= 0.975


def test_clusters_of_one_value_are_those_values():
    values = [1.0, 2.0, 4.0, 7.0, 9.0]
    expected = pytest.approx(mean_interval(values))
    assert cluster_interval([[value] for value in values]) == expected
    assert cluster_interval([[value] * 3 for value in values]) == expected


@pytest.mark.parametrize(
    ("clusters", "words"),
    [([[1.0]] * 4, "has 4 entries"), ([[1.0]] * 5 + [[]], "empty one")],
)
def test_too_few_or_empty_clusters_are_refused(clusters, words):
    with pytest.raises(ValueError, match=words):
        cluster_interval(clusters)


@pytest.mark.parametrize("n", [8, 20, 60])
@pytest.mark.parametrize("of", ["mean", "middle half"])
def test_jackknife_covers_between_93_and_97_percent(of, n):
    measure = statistics.fmean if of == "mean" else middle_half

    def interval(values):
        return jackknife_interval(measure, values)

    assert 0.925 <= covered(interval, normal, n, 1000) <= 0.98


def middle_half(values):
    """The mean of the values without the lowest and the highest quarter."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    return statistics.fmean(ordered[cut : len(ordered) - cut])


def test_jackknife_of_a_mean_is_student_s_interval():
    values = [1.0, 2.0, 4.0, 7.0, 5.0]
    found = jackknife_interval(statistics.mean, values)
    assert found == pytest.approx(mean_interval(values))
    assert jackknife_interval(statistics.mean, values, level=0.8) == pytest.approx(
        mean_interval(values, 0.8)
    )


def test_jackknife_error_is_the_usual_standard_error():
    values = [1.0, 2.0, 4.0, 7.0, 5.0]
    expected = statistics.stdev(values) / math.sqrt(5)
    assert jackknife_error(statistics.mean, values) == pytest.approx(expected)


def test_jackknife_of_too_few_items_is_unknown():
    assert all(map(math.isnan, jackknife_interval(len, [1, 2, 3, 4])))
    assert all(map(math.isnan, jackknife_interval(len, [1] * 5, at_least=5)))
    assert math.isnan(jackknife_error(len, [1, 2, 3, 4]))


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="successes is"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("values", [[1.0, math.nan] * 3, [[1.0, 2.0]] * 5])
def test_values_that_are_no_numbers_are_refused(values):
    with pytest.raises(ValueError, match="values has NaN"):
        bootstrap_interval(values)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match="level is 95"):
        bootstrap_interval([1.0, 2.0, 3.0, 4.0, 5.0], level=95)


@pytest.mark.parametrize("interval", [bootstrap_interval, mean_interval])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_fewer_than_five_values_have_no_interval(interval, n):
    with pytest.raises(ValueError, match=f"values has {n} entries; allowed are 5"):
        interval([1.0] * n)


def test_student_s_t_is_that_of_the_tables():
    assert student_t(8) == pytest.approx(2.3646, abs=1e-4)
    assert student_t(2) == pytest.approx(12.706, abs=1e-3)
    assert student_t(10_000) == pytest.approx(1.96, abs=1e-3)


def test_the_interval_of_a_mean_agrees_with_scipy():
    values = [1.0, 2.0, 4.0, 7.0, 5.0]
    expected = ttest_1samp(values, 0).confidence_interval(0.9)
    found = mean_interval(values, 0.9)
    assert found == pytest.approx((expected.low, expected.high))
