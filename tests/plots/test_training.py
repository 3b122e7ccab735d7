"""The figures of notebook 05 can be drawn, and its sliders move them."""

import pytest
import torch
from matplotlib.figure import Figure

from course_utils.causes.recursion import KEEPS, recurse
from course_utils.plots import training as pictures
from course_utils.recordings.pretraining import ARMS
from course_utils.recordings.pretraining_log import Flattening, Overfitting
from course_utils.recordings.recursion import Recursion
from course_utils.worlds.stories import StoryWorld


def test_figures_can_be_drawn():
    heroes = StoryWorld().probabilities("hero")
    truth = torch.tensor([*heroes.values()]).double()
    truth /= truth.sum()
    told = {k: recurse(truth.expand(5, 24), 9, 4, k) > 0 for k in KEEPS}
    rows = truth.expand(3, 24)
    figures = [
        pictures.plot_favourites(rows, rows, rows.square()),
        pictures.plot_overfitting(Overfitting.read()),
        pictures.plot_corpora(*[dict.fromkeys(ARMS, rows) for rows in truth[:2]]),
        pictures.plot_flattening(Flattening.read(), in_world=14.0),
        pictures.plot_survival(told, (1, 2, 3, 4)),
        pictures.plot_survival(told, (1, 4)),
        pictures.plot_recursion(Recursion.read()),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)


def test_the_bonus_figure_shows_heroes_and_junk():
    bonus, smooth, warm = torch.tensor(
        [[0.5, 0.4, 0.05, 0.05], [0.6, 0.3, 0.1, 0.0], [0.5, 0.5, 0.0, 0.0]]
    )
    artists = pictures.draw_bonus(Figure(), ["Mira", "Tom"], torch.tensor([0.6, 0.4]))
    caption = pictures.show_bonus(artists, 0.1, bonus, (0.2, smooth), (1.3, warm))
    assert [bar.get_height() for bar in artists["bars"]] == pytest.approx([0.5, 0.4])
    assert [bar.get_width() for bar in artists["junk"]] == pytest.approx([0, 0.1, 0.1])
    assert artists["title"].get_text() == "λ = 0.1: 0% of tales survive"
    assert "T = 1.30" in caption


def test_the_generation_figure_counts_who_is_told():
    artists = pictures.draw_generation(Figure(), torch.tensor([0.6, 0.3, 0.1]))
    shares = {
        "replace": torch.tensor([0.0, 1.0, 0.0]),
        "accumulate": torch.tensor([0.5, 0.5, 0.0]),
    }
    caption = pictures.show_generation(artists, shares)
    assert caption == "Replace: 1 of 3 heroes; accumulate: 2 of 3 heroes."
    assert artists["replace"]["bars"][1].get_height() == 1
    assert artists["accumulate"]["title"].get_text() == "Accumulate: 2 of 3 heroes"
