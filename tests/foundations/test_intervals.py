"""Intervals cover the truth as often as they say."""

import math
import statistics

import pytest
import torch
from scipy.stats import ttest_1samp

from course_utils.foundations.intervals import (
    bootstrap_interval,
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


def test_bootstrap_covers_the_true_mean():
    generator = torch.Generator().manual_seed(2)
    rows = torch.randn((200, 50), generator=generator) + 3
    inside = 0
    for row in rows:
        low, high = bootstrap_interval(row.tolist(), resamples=400)
        inside += low <= 3 <= high
    assert 0.88 <= inside / 200 <= 0.99


def test_bootstrap_is_deterministic_in_its_seed():
    values = [0.0, 1.0, 5.0, 2.0]
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_jackknife_covers_the_true_value_of_a_measure():
    generator = torch.Generator().manual_seed(3)
    inside = 0
    for row in torch.randn((300, 60), generator=generator):
        low, high = jackknife_interval(statistics.stdev, row.tolist())
        inside += low <= 1 <= high
    assert 0.88 <= inside / 300 <= 0.99


def test_jackknife_of_a_mean_is_the_usual_interval():
    values = [1.0, 2.0, 4.0, 7.0]
    low, high = jackknife_interval(statistics.mean, values)
    error = 1.96 * statistics.stdev(values) / math.sqrt(4)
    assert (low, high) == (pytest.approx(3.5 - error), pytest.approx(3.5 + error))


def test_jackknife_of_too_few_items_is_unknown():
    assert all(map(math.isnan, jackknife_interval(len, [1])))
    assert all(map(math.isnan, jackknife_interval(len, [1, 2], at_least=2)))


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="successes is"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("values", [[1.0, float("nan")], [[1.0, 2.0], [3.0, 4.0]]])
def test_values_that_are_no_numbers_are_refused(values):
    with pytest.raises(ValueError, match="values has NaN"):
        bootstrap_interval(values)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match="level is 95"):
        bootstrap_interval([1.0, 2.0], level=95)


def test_one_value_has_no_interval():
    with pytest.raises(ValueError, match="at least 2"):
        bootstrap_interval([1.0])


def test_student_s_t_is_that_of_the_tables():
    assert student_t(8) == pytest.approx(2.3646, abs=1e-4)
    assert student_t(2) == pytest.approx(12.706, abs=1e-3)
    assert student_t(10_000) == pytest.approx(1.96, abs=1e-3)


def test_the_interval_of_a_mean_agrees_with_scipy():
    values = [1.0, 2.0, 4.0, 7.0]
    expected = ttest_1samp(values, 0).confidence_interval(0.9)
    found = mean_interval(values, 0.9)
    assert found == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    "values, words", [([1.0], "n is 1"), ([1.0, math.nan], "NaN"), ([], "n is 0")]
)
def test_too_few_or_bad_values_have_no_interval(values, words):
    with pytest.raises(ValueError, match=words):
        mean_interval(values)
