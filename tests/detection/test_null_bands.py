"""Null bands: their texts are cut as a model's are, and they hold what they promise."""

import math

import numpy as np
import pytest

from course_utils import StoryWorld, generate, load_model
from course_utils.detection.null_bands import (
    cut_alike,
    in_sets,
    rank_band,
    scores_needed,
)


@pytest.fixture(scope="module")
def documents():
    return [document.text for document in StoryWorld().documents.sample(60, seed=3)]


def test_a_text_of_the_model_that_is_cut_alike_is_one_that_it_had_stopped_earlier():
    lm = load_model("storyteller")
    long, short = (
        generate(lm, "", 8, length, seed=1, progress=False).texts
        for length in (120, 50)
    )
    assert cut_alike(long, lm, 50) == short


def test_a_short_text_stays_whole_and_a_long_one_keeps_its_beginning(documents):
    lm = load_model("storyteller")
    cut = cut_alike(documents, lm, 80)
    assert len(cut) == len(documents)
    for before, after in zip(documents, cut, strict=True):
        assert before.startswith(after)
        start = len(lm.encode("")) if lm.encode(before)[0] in lm.stop_ids else 0
        whole = len(lm.encode(before)) - start
        assert len(lm.encode(after)) - start == min(80, whole)
    assert cut_alike(documents, lm, 10_000) == documents


@pytest.mark.parametrize(
    ("texts", "length", "message"),
    [
        ("a text", 5, "texts must be a list of texts"),
        ([], 5, "texts has 0 entries"),
        (["a text"], 0, "length must be a whole number of at least 1"),
    ],
)
def test_cut_alike_names_bad_input(texts, length, message):
    with pytest.raises(ValueError, match=message):
        cut_alike(texts, load_model("storyteller"), length)


def test_sets_share_nothing_and_leave_the_rest_out():
    assert in_sets([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4]]
    assert in_sets([1], 2) == []
    with pytest.raises(ValueError, match="size must be a whole number of at least 1"):
        in_sets([1, 2], 0)


def test_a_band_of_39_has_the_extremes_and_one_of_79_the_second():
    assert rank_band(range(39)) == (0, 38)
    assert rank_band(range(79)) == (1, 77)
    assert rank_band([3, 1, 2], level=0.5) == (1, 3)


@pytest.mark.parametrize("n", [39, 50, 200])
def test_bands_hold_what_they_promise_whatever_the_distribution(n):
    dice = np.random.default_rng(0)
    scores = dice.exponential(size=(4000, n + 1))
    bands = [rank_band(row[:-1].tolist()) for row in scores]
    above = np.mean([row[-1] > high for row, (_, high) in zip(scores, bands, strict=1)])
    below = np.mean([row[-1] < low for row, (low, _) in zip(scores, bands, strict=1)])
    slack = 3 * math.sqrt(0.025 * 0.975 / 4000)
    assert above < 0.025 + slack
    assert below < 0.025 + slack
    if n == 39:  # here the promise is kept to the point
        assert above > 0.025 - slack


def test_bands_refuse_too_few_scores_and_nan():
    with pytest.raises(ValueError, match=r"scores has 38 entries; a level of 0\.95"):
        rank_band(range(38))
    with pytest.raises(ValueError, match="scores has NaN"):
        rank_band([math.nan] * 39)


def test_how_many_scores_are_needed():
    assert [scores_needed(level) for level in (0.5, 0.9, 0.95, 0.99)] == [
        3,
        19,
        39,
        199,
    ]
    with pytest.raises(ValueError, match="level must be a number between 0 and 1"):
        scores_needed(1.0)
