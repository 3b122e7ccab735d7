"""The figures of notebook 06 can be drawn, and its slider moves them."""

import itertools

import pytest
from matplotlib.figure import Figure

from course_utils.causes.reward import Exchange
from course_utils.plots import reward as pictures
from course_utils.recordings.reward import STEPS, RewardRuns, steps_of
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def runs():
    return RewardRuns.read()


@pytest.fixture(scope="module")
def dial(runs):
    """The live figure's artists, on a figure of their own."""
    plots = StoryWorld().probabilities("arc")
    return pictures.draw_run(Figure(), plots)


def test_heroes_can_be_met_at_every_point(runs):
    for points in runs.points.values():
        for point in points:
            assert 0 < point.coverage("hero", pictures.MET_IN) <= 1


def test_every_step_of_every_run_can_be_shown(runs, dial):
    for recipe, seed in runs.points:
        for step in (0, STEPS):  # beyond a short run's end, its end is shown
            said = pictures.show_run(dial, runs, recipe, seed, step)
            at = min(step, steps_of(recipe))
            assert said.startswith(f"{recipe}, seed {seed}, step {at}: reward")
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
