"""Ranks, standings, and a combined score on causes that it has not met."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from course_utils.detection.league import (
    SOUND,
    leave_one_cause_out,
    logistic,
    loudest,
    mid_ranks,
    rank_correlation,
    sound_deviation,
    standing,
    wakes_up,
)
from course_utils.detection.scoring import alarm_threshold, auroc

numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


@given(numbers)
def test_mid_ranks_are_those_of_scipy(values):
    assert mid_ranks(values).tolist() == rankdata(values).tolist()


@given(numbers, numbers)
def test_the_area_by_ranks_is_that_over_all_pairs(healthy, collapsed):
    n = len(collapsed)
    ranks = mid_ranks([*healthy, *collapsed])[len(healthy) :]
    area = (ranks.sum() - n * (n + 1) / 2) / (len(healthy) * n)
    assert area == pytest.approx(auroc(healthy, collapsed))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2))
def test_rank_correlation_is_that_of_scipy(pairs):
    first, second = zip(*pairs, strict=True)
    found = rank_correlation(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(first, second).statistic)


def test_bad_lists_are_refused():
    for bad in ([], [math.nan, 1.0]):
        with pytest.raises(ValueError, match="values"):
            mid_ranks(bad)
    with pytest.raises(ValueError, match="2 and 1 values"):
        rank_correlation([1, 2], [1])


# Standings


def test_a_perfect_detector_has_an_interval_of_some_width():
    found = standing([[0.0, 0.1]] * 8, [[1.0]] * 8)
    assert found.area == 1
    assert found.interval[0] < 0.95 and found.interval[1] == 1


def test_the_interval_of_a_standing_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held, runs = 0, 300
    shift = 1.0  # normal scores: the area is Phi(1 / sqrt 2)
    truth = 0.5 * (1 + math.erf(0.5))
    for _ in range(runs):
        effect = rng.normal(0, 0.5, size=(8, 1))  # draws differ
        sound = rng.normal(0, 1, size=(8, 10))
        collapsed = rng.normal(shift, math.sqrt(0.75), size=(8, 3)) + effect
        low, high = standing(sound.tolist(), collapsed.tolist()).interval
        held += low <= truth <= high
    assert held / runs > 0.92


def test_a_standing_needs_five_draws():
    with pytest.raises(ValueError):
        standing([[0.0]] * 4, [[1.0]] * 4)


def test_a_detector_wakes_up_where_it_stays_above_the_bar():
    assert wakes_up({8: 0.95, 16: 0.8, 32: 0.91, 64: 0.99}) == 32
    assert wakes_up({8: math.nan, 16: 0.9, 32: 0.95}) == 16
    assert wakes_up({8: 0.5, 16: 0.6}) is None


# Leave one cause out

CAUSES = [SOUND] * 20 + ["a"] * 6 + ["b"] * 6 + ["c"] * 6


def rows_of(seen_by):
    """Rows in which detector i moves by 5 for the causes that it sees."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(len(CAUSES), len(seen_by)))
    for place, causes in enumerate(seen_by):
        rows[:, place] += [5 * (cause in causes) for cause in CAUSES]
    return rows


def test_a_cause_that_only_its_own_detector_sees_cannot_be_learned_from_others():
    rows = rows_of(["a", "b", "c"])
    learned = leave_one_cause_out(rows, CAUSES, logistic)
    assert sum(learned.values()) < 2.4  # the weight of its detector was never set
    alarmed = leave_one_cause_out(rows, CAUSES, loudest)
    assert sum(alarmed.values()) > 2.7


def test_a_detector_that_sees_all_causes_carries_over():
    found = leave_one_cause_out(rows_of(["abc", ""]), CAUSES, logistic)
    assert list(found) == ["a", "b", "c"]
    assert min(found.values()) > 0.95


def test_the_fit_sees_neither_the_cause_nor_the_sound_sets_it_is_judged_by():
    seen = []

    def fit(rows, collapsed):
        seen.append((set(rows[:, 0]), collapsed.sum()))
        return lambda new: np.zeros(len(new))

    rows = np.arange(len(CAUSES))[:, None].astype(float)
    leave_one_cause_out(rows, CAUSES, fit)
    for (used, many), left_out in zip(seen, "abc", strict=True):
        assert used.isdisjoint(i for i, c in enumerate(CAUSES) if c == left_out)
        assert used.isdisjoint(range(10, 20))
        assert many == 12


def test_detectors_that_never_move_do_no_harm():
    rows = np.hstack([rows_of(["abc"]), np.zeros((len(CAUSES), 1))])
    for fit in (logistic, loudest):
        assert min(leave_one_cause_out(rows, CAUSES, fit).values()) > 0.9


def test_equal_scores_of_sound_sets_are_no_tiny_unit():
    dust = np.array([0.1, 0.1, 0.1]) + np.array([0, 1e-17, -1e-17])
    assert sound_deviation(dust) == sound_deviation(np.zeros(3)) == 0.01
    assert sound_deviation(np.full(4, 500.0)) == 5
    with pytest.raises(ValueError, match="1 entries"):
        sound_deviation(np.zeros(1))


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="rows has NaN"):
        leave_one_cause_out(
            np.full((6, 1), math.nan), [SOUND] * 4 + ["a", "b"], loudest
        )
    with pytest.raises(ValueError, match="collapsed has 4 draws"):
        standing([[0.0]] * 5, [[1.0]] * 4)


def test_too_few_causes_are_refused():
    with pytest.raises(ValueError, match="1 causes"):
        leave_one_cause_out(np.zeros((6, 1)), [SOUND] * 4 + ["a", "a"], loudest)
    with pytest.raises(ValueError, match="3 sound sets"):
        leave_one_cause_out(np.zeros((5, 1)), [SOUND] * 3 + ["a", "b"], loudest)
    with pytest.raises(ValueError, match="3 entries for 4 rows"):
        leave_one_cause_out(np.zeros((4, 1)), [SOUND, "a", "b"], loudest)


# Alarms


@pytest.mark.parametrize(("m", "rate"), [(19, 0.05), (20, 0.1), (39, 0.05), (7, 0.3)])
def test_a_further_score_passes_the_threshold_as_often_as_promised(m, rate):
    rng = np.random.default_rng(m)
    passed = [
        (new := rng.exponential(size=m + 1))[0]
        > alarm_threshold(new[1:].tolist(), rate)
        for _ in range(4000)
    ]
    exact = math.floor(rate * (m + 1) + 1e-9) / (m + 1)
    assert np.mean(passed) == pytest.approx(exact, abs=0.02)
    assert exact <= rate


def test_too_few_scores_promise_nothing():
    assert alarm_threshold([1.0] * 18, 0.05) == math.inf
    assert alarm_threshold([*range(19)], 0.05) == 18


def test_equal_scores_raise_no_alarm():
    assert alarm_threshold([0.0] * 100, 0.05) == 0.0


@pytest.mark.parametrize("rate", [0, 1, -0.1, math.nan])
def test_a_rate_outside_0_to_1_is_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        alarm_threshold([1.0, 2.0], rate)
