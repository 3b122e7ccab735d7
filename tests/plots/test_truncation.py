"""The figures of notebook 12 show what they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.plots.truncation import (
    RANKS,
    draw_cuts,
    plot_cut,
    plot_frontiers,
    show_cuts,
)
from course_utils.recordings.frontier import Frontier


def row(valid, pairs):
    return {"valid": valid, "changed": 0, "pairs": pairs, "entropy": 1.0}


@pytest.fixture
def runs():
    plain = [[row(100, 40)], [row(90, 60)], [row(85, 65)], [row(10, None)]]
    other = [[row(99, 45)], [row(88, 70)], [row(20, None)]]
    settings = {"temperature": [0.8, 1, 1.2, 1.4], "min-p 0.1": [1, 2, 3]}
    return Frontier(100, 10, settings, {"temperature": plain, "min-p 0.1": other})


@pytest.mark.parametrize("size", [12, 100])
def test_cuts_show_who_keeps_what(size):
    artists = draw_cuts(Figure(), ["all", "one"])
    probs = np.full(size, 1 / size)
    masks = {"all": np.ones(size, bool), "one": np.arange(size) == 0}
    said = show_cuts(artists, probs, np.arange(size) < 3, masks)
    assert said.startswith("The world allows 3 tokens. one keeps 1, all keeps")
    shown = artists["image"].get_array()
    assert shown.sum(axis=1).tolist() == [min(size, RANKS), 1]
    colours = [to_hex(bar.get_facecolor()).upper() for bar in artists["bars"]]
    assert colours[2:4] == [PALETTE["healthy"], PALETTE["collapsed"]]


def test_cuts_of_another_model_have_no_truth_to_show():
    artists = draw_cuts(Figure(), ["all"])
    said = show_cuts(artists, np.full(50, 0.02), None, {"all": np.ones(50, bool)})
    assert "world" not in said
    assert to_hex(artists["bars"][0].get_facecolor()).upper() == PALETTE["muted"]


def test_mistakes_and_losses_stand_in_the_order_given():
    errors, lost = {"a": 0.001, "b": 0.0}, {"a": 0.0, "b": 0.5}
    left, right = plot_cut(errors, lost).axes
    assert [bar.get_width() for bar in left.patches] == [0, 1]
    assert [bar.get_width() for bar in right.patches] == [50, 0]


def test_a_frontier_leaves_the_picture_below_its_floor(runs):
    panels = [("one", ["min-p 0.1"])]
    figure = plot_frontiers(runs, 50, panels, floor=0.8, marked=[1])
    plain, other = figure.axes[0].lines[:2]
    assert plain.get_xdata().tolist() == [1.0, 0.9, 0.85, 0.1]
    assert other.get_ydata()[:2].tolist() == [45, 70]
    assert "T = 1" in [text.get_text() for text in figure.axes[0].texts]
