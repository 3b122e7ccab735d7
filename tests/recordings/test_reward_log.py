"""What notebook 06 reads from its log."""

import pytest

from course_utils.recordings.reward import (
    EVERY,
    RECIPES,
    RewardRuns,
    span,
    steps_of,
)


@pytest.fixture(scope="module")
def runs():
    return RewardRuns.read()


def test_every_run_begins_at_the_storyteller_and_ends_at_the_last_step(runs):
    assert runs.recipes == list(RECIPES)
    assert len(runs) == sum(len(runs.seeds(recipe)) for recipe in runs.recipes)
    for (recipe, _), points in runs.points.items():
        at = list(range(0, steps_of(recipe) + 1, EVERY))
        assert [point.step for point in points] == at
        assert points[0] == runs.start


def test_traces_have_a_row_for_each_run(runs):
    for recipe in runs.recipes:
        entropies, rewards = runs.traces(recipe)
        shape = (len(runs.seeds(recipe)), steps_of(recipe))
        assert entropies.shape == rewards.shape == shape
        assert (entropies > 0).all()
        assert ((rewards >= 0) & (rewards <= 1)).all()


def test_the_dominant_mode_gains_nothing_at_the_start(runs):
    end = runs.ends("plain")[0]
    for factor, counts in runs.start.counts.items():
        assert runs.gain(runs.start, factor) == 0
        first = counts.index(max(counts))
        expected = end.counts[factor][first] / end.valid - max(counts) / sum(counts)
        assert runs.gain(end, factor) == pytest.approx(expected)


def test_a_span_is_the_mean_with_the_ends():
    assert span([0.5, 1.0, 0.9], 2) == "0.80 (0.50-1.00)"
    assert span([2.0], 1) == "2.0 (2.0-2.0)"
