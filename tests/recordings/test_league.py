"""The sets of the league: each cause does what its name says."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from course_utils.detection.repetition import find_loops
from course_utils.recordings import league_sources
from course_utils.recordings.league import SIZES, makers, places_of, sample_of
from course_utils.recordings.league_sources import (
    CAUSES,
    EACH,
    PROMPTS,
    SOUND,
    RepeatBonus,
    Source,
    Written,
)


def test_a_bonus_goes_to_what_followed_the_longest_stretch():
    ids = torch.tensor([[5, 6, 7, 1, 6, 2, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8]])
    scores = RepeatBonus(3.0)(ids, torch.zeros(2, 10))
    assert scores[0].nonzero().flatten().tolist() == [7]
    assert scores[0, 7] == 6.0  # two tokens long
    assert not scores[1].any()


def test_a_bonus_never_goes_to_what_is_ruled_out():
    ids = torch.tensor([[0, 0, 0, 0, 4]])
    assert not RepeatBonus(3.0, never=[0])(ids, torch.zeros(1, 6)).any()
    assert not RepeatBonus(3.0, shortest=2)(
        torch.tensor([[1, 2, 3, 1]]), torch.zeros(1, 6)
    ).any()
    assert not RepeatBonus(3.0)(torch.tensor([[1]]), torch.zeros(1, 6)).any()


@pytest.mark.parametrize(
    "arguments", [{"strength": "much"}, {"strength": 1, "longest": 0}]
)
def test_bad_settings_of_a_bonus_are_refused(arguments):
    with pytest.raises(ValueError):
        RepeatBonus(**arguments)


def test_sizes_take_as_many_texts_of_each_prompt():
    texts = [[Written(f"{p} {i}", p, []) for i in range(EACH)] for p in PROMPTS]
    rows = [row for prompt in texts for row in prompt]
    for size, places in places_of(texts):
        assert len(places) == size == len(set(places))
        counts = [sum(rows[i].prompt == p for i in places) for p in PROMPTS]
        assert set(counts) == {size // len(PROMPTS)}
    assert SIZES[-1] == EACH * len(PROMPTS)


@pytest.fixture(scope="module")
def source():
    """A source whose sets are small."""
    patch = pytest.MonkeyPatch()
    for name, value in {"EACH": 4, "POOL": 16, "REFERENCE": 4}.items():
        patch.setattr(league_sources, name, value)
    yield Source(0)
    patch.undo()


CHEAP = [n for n in makers() if n not in ("own output", "one tale", "sound")]


@pytest.mark.parametrize("name", CHEAP)
def test_each_cause_makes_its_sets(name, source):
    made = list(makers()[name](source))
    assert len(made) == (1 if name in SOUND else 3)
    for texts in made:
        assert [len(rows) for rows in texts] == [4] * len(PROMPTS)
        for prompt, rows in zip(PROMPTS, texts, strict=True):
            assert all(row.prompt == prompt for row in rows)
            assert all(row.text.startswith(prompt) for row in rows)


def test_one_plot_takes_over_more_and_more(source):
    plot = next(iter(source.world.probabilities("arc")))
    shares = []
    for texts in source.one_plot():
        rows = [row for prompt in texts for row in prompt]
        shares.append(np.mean([source._label(row, "arc") == plot for row in rows]))
    assert all(a < b for a, b in pairwise(shares))


def test_no_text_is_served_twice_where_something_takes_over(source):
    for make in (source.one_plot, source.one_hero, source.of_the_world):
        for texts in make():
            for rows in texts:
                assert len({row.text for row in rows}) == len(rows)
    (world,) = source.of_the_world()
    every = [row.text for rows in world for row in rows]
    assert len(set(every)) == len(every)


def test_copies_are_of_a_prompt_s_own_answers(source):
    *_, deep = source.copying()
    for rows in deep:
        assert len({row.text for row in rows}) == 1 or len(rows) > 2
        assert len({row.text for row in rows}) < len(rows)


def test_a_bonus_makes_texts_loop(source):
    mild, _, deep = source.looping()
    loops = [
        sum(map(bool, find_loops([r.token_ids for rows in texts for r in rows])))
        for texts in (mild, deep)
    ]
    assert loops[0] < loops[1]


def test_texts_of_the_world_leave_no_trace(source):
    (texts,) = source.of_the_world()
    sample = sample_of(source.lm, texts)
    assert sample.entropy is None
    assert all(len(nats) > 20 for nats in sample.surprise)


def test_a_sample_holds_what_the_texts_after_their_prompts_surprise(source):
    (texts,) = source.hot()
    sample = sample_of(source.lm, texts)
    rows = [row for prompt in texts for row in prompt]
    assert [len(nats) for nats in sample.surprise] == [len(r.token_ids) for r in rows]
    assert sample.points.shape[0] == len(rows)
    assert sample.entropy == [row.bits for row in rows]


def test_draws_of_unlike_seeds_share_no_random_numbers():
    draws = [Source(seed).draw(number) for seed in range(8) for number in range(100)]
    assert len(set(draws)) == len(draws)
    assert min(b - a for a, b in pairwise(sorted(draws))) >= 256


def test_every_cause_has_a_family_and_three_levels():
    assert len(CAUSES) >= 10
    assert len({cause.family for cause in CAUSES.values()}) >= 4
    assert all(len(cause.levels) == 3 for cause in CAUSES.values())
