"""The figures of notebook 08 show what they are given."""

import pytest
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.plots.self_bleu import (
    draw_bands,
    plot_growth,
    plot_resampling,
    plot_sets,
    show_bands,
)


def test_growth_has_a_line_for_each_order_and_the_pairs():
    axes = plot_growth([10, 100, 1000], {2: [1, 2, 3], 4: [0, 1, 2]}, [0.1, 0.2]).axes
    lines = [line for line in axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in lines] == [3, 3, 2]


def test_growth_takes_any_orders():
    axes = plot_growth([10], {n: [n / 10] for n in range(1, 7)}, [0.1]).axes[0]
    written = [text.get_text() for text in axes.texts]
    assert {f"n = {n}" for n in range(1, 7)} <= set(written)


def test_resampling_shows_the_interval_as_it_is():
    axes = plot_resampling([0.3, 0.4], [0.7, 0.8], (0.25, 0.45)).axes[0]
    assert list(axes.lines[0].get_xdata()) == [0.25, 0.45]


def test_sets_above_the_band_have_the_colour_of_collapse():
    axes = plot_sets({"warm": [0.3, 0.4], "cold": [0.9]}, (0.2, 0.35)).axes[0]
    warm, cold = axes.collections
    assert len(set(map(tuple, warm.get_facecolors()))) == 2
    assert len(cold.get_offsets()) == 1


@pytest.mark.parametrize(
    ("score", "colour", "said"),
    [
        (0.9, "collapsed", "more alike than the world"),
        (0.5, "healthy", "like the world"),
        (0.6, "healthy", "like the world"),
        (0.1, "healthy", "more varied than the world"),
    ],
)
def test_marker_says_where_the_chosen_score_lies(score, colour, said):
    artists = draw_bands(Figure(), [10, 20])
    caption = show_bands(artists, [0.2, score], [(0.1, 0.3), (0.4, 0.6)], 1)
    assert artists["marker"].get_color() == PALETTE[colour]
    assert artists["title"].get_text() == f"Self-BLEU {score:.2f}: {said}"
    assert artists["marker"].get_xydata().tolist() == [[1, score]]
    assert "0.40 to 0.60" in caption
