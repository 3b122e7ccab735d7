"""The figures of notebook 09 show what they are given."""

import pytest
import torch
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.plots.clusters import (
    draw_collapse,
    plot_centres,
    plot_looks,
    show_collapse,
)

POINTS = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0]])


def test_centres_are_crosses_among_points_coloured_by_cluster():
    axes = plot_centres(POINTS, torch.tensor([0, 0, 4]), POINTS[:2]).axes[0]
    assert axes.lines[0].get_xydata().tolist() == [[0, 1], [2, 3]]
    first, second, third = axes.collections[0].to_rgba([0, 0, 4]).tolist()
    assert first == second != third
    assert axes.collections[0].get_offsets().tolist() == POINTS.tolist()


@pytest.mark.parametrize(
    ("chosen", "said"),
    [(0, "20%: the rule is silent"), (1, "80%: the rule is silent"), (2, "90%: the")],
)
def test_title_says_the_chosen_share_and_whether_the_rule_fires(chosen, said):
    artists = draw_collapse(Figure(), POINTS, [0, 0.5, 1], [5, 3, 1.2])
    ranks, shares = torch.tensor([0, 1, 1]), [0.2, 0.8, 0.9]
    caption = show_collapse(artists, POINTS + 1, ranks, shares, chosen)
    assert f"Largest cluster {said}" in artists["title"].get_text()
    assert ("the rule fires" in caption) == (chosen == 2)
    level = [0, 0.5, 1][chosen]
    share, score = (mark.get_xydata().tolist() for mark in artists["marks"])
    assert share == [[level, shares[chosen]]]
    assert score == [[level, [5, 3, 1.2][chosen]]]
    assert artists["curve"].get_ydata() == shares
    assert artists["dots"].get_offsets().tolist() == (POINTS + 1).tolist()
    assert artists["dots"].get_array().tolist() == [0, 1, 1]
    assert f"Collapse {level:.1f}" in caption and "Vendi score" in caption


def test_all_points_lie_within_the_picture():
    axes = draw_collapse(Figure(), POINTS, [0, 1], [2, 1])["dots"].axes
    assert axes.get_xlim() == (-0.5, 4.5) and axes.get_ylim() == (-1.5, 3.5)


def test_only_the_first_source_has_the_colour_of_health():
    shares = {"varied": [0.5, 0.6, 0.7], "cold": [0.9, 0.8]}
    scores = {"varied": [5, 6, 7], "cold": [2, 1]}
    left, right = plot_looks(shares, scores).axes
    for axes, values in ((left, shares), (right, scores)):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [list(line.get_ydata()) for line in dots] == [*values.values()]
        colours = [line.get_color() for line in dots]
        assert colours == [PALETTE["healthy"], PALETTE["collapsed"]]
        assert [t.get_text() for t in axes.get_xticklabels()] == ["varied", "cold"]
