"""What notebook 06 reads from its log, and that its figures can be drawn."""

import itertools

import pytest
from matplotlib.figure import Figure

from course_utils.causes import reward_pictures as pictures
from course_utils.causes.reward import Exchange
from course_utils.causes.reward_log import RewardRuns, span
from course_utils.causes.reward_runs import EVERY, RECIPES, STEPS
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def runs():
    return RewardRuns.read()


@pytest.fixture(scope="module")
def dial(runs):
    """The live figure's artists, on a figure of their own."""
    plots = StoryWorld().probabilities("arc")
    return pictures.draw_run(Figure(), plots)


def test_every_run_begins_at_the_storyteller_and_ends_at_the_last_step(runs):
    assert runs.recipes == list(RECIPES)
    assert len(runs) == sum(len(runs.seeds(recipe)) for recipe in runs.recipes)
    for points in runs.points.values():
        assert [point.step for point in points] == list(range(0, STEPS + 1, EVERY))
        assert points[0] == runs.start


def test_traces_have_a_row_for_each_run(runs):
    for recipe in runs.recipes:
        entropies, rewards = runs.traces(recipe)
        assert entropies.shape == rewards.shape == (len(runs.seeds(recipe)), STEPS)
        assert (entropies > 0).all()
        assert ((rewards >= 0) & (rewards <= 1)).all()


def test_heroes_can_be_met_at_every_point(runs):
    for points in runs.points.values():
        for point in points:
            assert 0 < point.coverage("hero", pictures.MET_IN) <= 1


def test_the_dominant_mode_gains_nothing_at_the_start(runs):
    end = runs.ends("plain")[0]
    for factor, counts in runs.start.counts.items():
        assert runs.gain(runs.start, factor) == 0
        first = counts.index(max(counts))
        expected = end.counts[factor][first] / end.valid - max(counts) / sum(counts)
        assert runs.gain(end, factor) == pytest.approx(expected)


def test_every_step_of_every_run_can_be_shown(runs, dial):
    for recipe, seed in runs.points:
        for step in (0, STEPS):
            said = pictures.show_run(dial, runs, recipe, seed, step)
            assert said.startswith(f"{recipe}, seed {seed}, step {step}: reward")
    point = runs.points["plain", 0][-1]
    pictures.show_run(dial, runs, "plain", 0, STEPS)
    heights = [bar.get_height() for bar in dial["bars"]]
    assert heights == list(point.shares("arc").values())


def test_names_beside_the_lines_do_not_touch(runs, dial):
    for recipe, seed in runs.points:
        pictures.show_run(dial, runs, recipe, seed, STEPS)
        heights = sorted(name.get_position()[1] for name in dial["names"].values())
        gaps = [high - low for low, high in itertools.pairwise(heights)]
        assert min(gaps) > 0.08


def test_still_figures_can_be_drawn(runs):
    climbs = {"one": [14.0, 14.0], "two": [14.0, 12.0], "three": [14.0, 1.0]}
    figures = [
        pictures.plot_climbs(climbs),
        pictures.plot_price(runs),
        pictures.plot_exchange(runs, Exchange(5.0, 8.0, 0.9)),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)


def test_a_span_is_the_mean_with_the_ends():
    assert span([0.5, 1.0, 0.9], 2) == "0.80 (0.50-1.00)"
    assert span([2.0], 1) == "2.0 (2.0-2.0)"
