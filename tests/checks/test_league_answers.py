"""Answers to notebook 11 that are right in an unusual way, or nearly right."""

import bisect
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from course_utils.detection.scoring import auroc
from tests.judging import judge_at

# --- mid_ranks


def by_scipy(values):
    return rankdata(values)


def by_bisection(values):
    ordered = sorted(values)
    return [
        Fraction(
            bisect.bisect_left(ordered, v) + bisect.bisect_right(ordered, v) + 1, 2
        )
        for v in values
    ]


def by_tensors(values):
    v = torch.tensor(values)
    return (v[:, None] > v).sum(1) + ((v[:, None] == v).sum(1) + 1) / 2


def by_places(values):
    places = {}
    for place, value in enumerate(sorted(values), start=1):
        places.setdefault(value, []).append(place)
    return tuple(sum(places[v]) / len(places[v]) for v in values)


@pytest.mark.parametrize("answer", [by_scipy, by_bisection, by_tensors, by_places])
def test_mid_ranks_in_other_ways_pass(answer):
    assert judge_at("detection.league.mid_ranks", answer).passed


def test_ranks_of_the_sorted_list_fail():
    verdict = judge_at(
        "detection.league.mid_ranks", lambda values: sorted(by_bisection(values))
    )
    assert verdict.state == "wrong"


# --- alarm_threshold


def by_trying_all(healthy, rate=0.05):
    m = len(healthy)
    kept = [
        score
        for score in healthy
        if sum(other >= score for other in healthy) / (m + 1) <= rate + 1e-9
    ]
    return min(kept, default=math.inf)


def by_counting_down(healthy, rate=0.05):
    ranked, threshold = sorted(healthy, reverse=True), math.inf
    for k, score in enumerate(ranked, start=1):
        if k / (len(healthy) + 1) > rate + 1e-9:
            break
        threshold = score
    return torch.tensor(threshold)


def by_numpy(healthy, rate=0.05):
    k = int(np.floor(rate * (len(healthy) + 1) + 1e-9))
    return np.partition(healthy, -k)[-k] if k else np.inf


def test_a_threshold_in_other_ways_passes():
    for answer in (by_counting_down, by_numpy):
        assert judge_at("detection.scoring.alarm_threshold", answer).passed


def test_a_threshold_that_minds_ties_too_much_fails():
    assert judge_at("detection.scoring.alarm_threshold", by_trying_all).state == "wrong"


# --- leave_one_cause_out


def with_plain_lists(rows, causes, fit):
    sound = [i for i, cause in enumerate(causes) if cause == "sound"]
    known, fresh = sound[: len(sound) // 2], sound[len(sound) // 2 :]
    areas = {}
    for left_out in sorted(set(causes) - {"sound"}):
        kept = known + [i for i, c in enumerate(causes) if c not in ("sound", left_out)]
        score = fit(rows[kept], np.array([causes[i] != "sound" for i in kept]))
        sick = [i for i, c in enumerate(causes) if c == left_out]
        areas[left_out] = auroc(list(score(rows[fresh])), list(score(rows[sick])))
    return areas


def by_masks(rows, causes, fit):
    named = np.asarray(causes)
    sound = named == "sound"
    early = sound & (sound.cumsum() <= sound.sum() // 2)
    late = sound & ~early
    return {
        str(cause): np.float64(
            auroc(score(rows[late]).tolist(), score(rows[named == cause]).tolist())
        )
        for cause in np.unique(named[~sound])
        for kept in [early | ~(sound | (named == cause))]
        for score in [fit(rows[kept], ~sound[kept])]
    }


@pytest.mark.parametrize("answer", [with_plain_lists, by_masks])
def test_a_cause_left_out_in_other_ways_passes(answer):
    assert judge_at("detection.league.leave_one_cause_out", answer).passed


def test_random_halves_of_the_sound_sets_fail():
    def answer(rows, causes, fit):
        order = np.r_[[i for i, c in enumerate(causes) if c == "sound"][::-1]]
        others = [i for i, c in enumerate(causes) if c != "sound"]
        mixed = np.r_[order, others]
        return with_plain_lists(rows[mixed], [causes[i] for i in mixed], fit)

    verdict = judge_at("detection.league.leave_one_cause_out", answer)
    assert verdict.state == "wrong"
