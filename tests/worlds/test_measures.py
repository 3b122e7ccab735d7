"""Measures against the known truth give what they say on cases done by hand."""

import math

import numpy as np
import pytest

from course_utils.worlds.measures import (
    coverage,
    effective_number,
    faults,
    fidelity,
    kept_variety,
    label_divergence,
    label_shares,
    memorised_share,
    noise_floor,
    parse_all,
    rarefied,
    total_variation,
    validity,
)
from course_utils.worlds.stories import StoryWorld

WORLD = StoryWorld()
STORIES = WORLD.sample(40, seed=1)
TEXTS = [story.text for story in STORIES]


def test_valid_faithful_and_broken_tales_are_told_apart():
    hero = STORIES[0].labels["hero"]
    other = "Tom" if hero != "Tom" else "Mira"
    head, _, tail = TEXTS[0].rpartition(hero)
    changed = head + other + tail
    parses = parse_all(WORLD, [TEXTS[1], changed, "Salad salad.", TEXTS[2][:60]])
    assert validity(parses) == 0.25
    assert fidelity(parses) == 0.5
    assert faults(parses) == {
        "valid": 1,
        "grammar": 1,
        "consistency": 1,
        "unfinished": 1,
    }


def test_fidelity_without_a_grammatical_tale_is_nan():
    assert math.isnan(fidelity(parse_all(WORLD, ["Salad."])))


def test_label_shares_count_valid_tales_only():
    parses = parse_all(WORLD, [TEXTS[0], TEXTS[0], TEXTS[1], "Salad."])
    shares = label_shares(parses, "hero")
    assert math.isclose(sum(shares.values()), 1.0)
    with pytest.raises(ValueError, match="no valid tale"):
        label_shares(parse_all(WORLD, ["Salad."]), "hero")


def test_no_texts_are_refused():
    with pytest.raises(ValueError, match="texts is empty"):
        parse_all(WORLD, [])


def test_coverage_and_effective_number():
    truth = {"a": 0.5, "b": 0.25, "c": 0.25}
    assert coverage({"a": 1.0}, truth) == pytest.approx(1 / 3)
    assert coverage({"a": 0.5, "z": 0.5}, truth) == pytest.approx(1 / 3)
    assert effective_number({"a": 1.0}) == 1.0
    assert effective_number(dict.fromkeys("abcd", 0.25)) == pytest.approx(4.0)


def test_distances_between_label_distributions():
    p, q = {"a": 0.5, "b": 0.5}, {"a": 1.0}
    assert total_variation(p, q) == 0.5
    assert total_variation({"a": 1.0}, {"b": 1.0}) == 1.0
    assert label_divergence(q, p) == 1.0
    assert label_divergence(p, q) == math.inf


@pytest.mark.parametrize("n", [1, 5, 40, 500])
def test_noise_floor_is_what_perfect_samples_show(n):
    truth = WORLD.probabilities("hero")
    rng = np.random.default_rng(0)
    probs = np.array(list(truth.values()))
    draws = rng.multinomial(n, probs, size=4000) / n
    seen = abs(draws - probs).sum(axis=1).mean() / 2
    assert noise_floor(truth, n) == pytest.approx(seen, rel=0.02)


def test_measures_of_nothing_are_refused():
    for measure in (
        lambda: validity([]),
        lambda: coverage({"a": 1.0}, {}),
        lambda: effective_number({}),
        lambda: effective_number({"a": 3, "b": 3}),
        lambda: memorised_share([], {"a"}),
        lambda: memorised_share(["a"], "abc"),
        lambda: noise_floor({"a": 1.0}, 0),
        lambda: label_shares(parse_all(WORLD, TEXTS[:1]), "colour"),
    ):
        with pytest.raises(ValueError):
            measure()


def test_memorised_share():
    assert memorised_share(["a", "b", "b", "c"], {"b"}) == 0.5


def test_rarefaction_counts_what_smaller_samples_show():
    assert rarefied([3, 3, 4], 1) == pytest.approx(1)
    assert rarefied([3, 3, 4], 10) == 3
    dice = np.random.default_rng(0)
    texts = np.repeat([0, 1, 2], [5, 1, 2])
    drawn = [len({*dice.permutation(texts)[:3].tolist()}) for _ in range(4000)]
    assert rarefied([5, 1, 2], 3) == pytest.approx(np.mean(drawn), abs=0.03)


@pytest.mark.parametrize("texts", [0, 9])
def test_rarefaction_needs_as_many_texts(texts):
    with pytest.raises(ValueError, match="allowed are 1 to 8"):
        rarefied([5, 1, 2], texts)


def test_a_sound_set_keeps_the_world_s_variety_at_any_size():
    world = StoryWorld()
    for n in (64, 500):
        parses = parse_all(world, [story.text for story in world.sample(n, seed=n)])
        assert kept_variety(world, parses) == pytest.approx(1, abs=0.06)


def test_one_tale_in_many_words_keeps_next_to_nothing():
    world = StoryWorld()
    (tale,) = world.sample(1, seed=3)
    parses = parse_all(world, [story.text for story in world.retell(tale, 100)])
    what_happens = ("arc", "hero", "animal", "place", "object", "trait")
    kept = kept_variety(world, parses, factors=what_happens)
    assert kept < 0.15


def test_texts_that_settle_nothing_have_no_variety():
    world = StoryWorld()
    assert math.isnan(kept_variety(world, parse_all(world, ["What?", "No."])))
