"""The figures of notebook 17 show what they are given."""

import pytest
from matplotlib.figure import Figure

from course_utils.plots import shootout as pictures
from course_utils.recordings.frontier import Estimate

POINTS = {
    "a": [((1.0, 20.0), (0.01, 2.0)), ((0.8, 40.0), (0.02, 3.0))],
    "b": [((0.9, 10.0), (0.01, 1.0))],
    "none": [],
}
LABELS = ("share valid", "pairs")


@pytest.fixture
def contest():
    return pictures.draw_contest(Figure())


def test_the_frontier_is_what_nobody_beats():
    edge = pictures._frontier([(1, 20), (0.8, 40), (0.9, 10), (1, 15)])
    assert edge == [(1, 20), (0.8, 40)]


def test_picked_contestants_are_in_colour_with_their_intervals(contest):
    told = pictures.show_contest(contest, POINTS, ["a", "b"], (1, 50), LABELS, "A")
    first, second, third = contest["shown"]
    assert first["dots"].get_ydata() == [20.0, 40.0]
    assert first["bars"][0].get_xdata() == [0.99, 1.01]
    assert first["bars"][3].get_ydata() == [37.0, 43.0]
    assert list(second["dots"].get_xdata()) == [0.9]
    assert len(third["dots"].get_xdata()) == 0
    assert contest["world"].get_ydata() == [50]
    assert "a up to 40" in told and "b up to 10" in told
    low, high = contest["axes"].get_ylim()
    assert low < 10 and high > 50


def test_fewer_settings_leave_no_old_bars(contest):
    pictures.show_contest(contest, POINTS, ["a"], None, LABELS, "A")
    pictures.show_contest(contest, POINTS, ["none"], None, LABELS, "none")
    slot = contest["shown"][0]
    assert len(slot["dots"].get_xdata()) == 0
    assert all(len(bar.get_xdata()) == 0 for bar in slot["bars"])


def test_leads_are_coloured_by_what_is_sure():
    sure = {"good": (0.1, 0.2), "bad": (-0.2, -0.1), "open": (-0.1, 0.1)}
    leads = {"m": {n: Estimate(sum(i) / 2, i, 8) for n, i in sure.items()}}
    leads["other"] = leads["m"]
    figure = pictures.plot_leads(leads)
    colours = [line.get_color() for line in figure.axes[0].lines[1::2]]
    palette = [pictures.PALETTE[n] for n in ("healthy", "collapsed", "muted")]
    assert colours == palette


def test_still_figures_have_a_panel_or_line_for_each():
    assert len(pictures.plot_area([(1, 2), (2, 1)], ["a", "b"]).axes[0].texts) == 2
    lines = {"a": [0.5, 0.6], "b": [0.4, 0.7]}
    figure = pictures.plot_tries(lines, {"a": "model"}, "t")
    assert len(figure.axes[0].lines) == 2
    ratios = {"x, batch 1": {"a": [1.0, 1.1]}, "x, batch 8": {"a": [1.0, 1.2]}}
    assert len(pictures.plot_costs(ratios, "t").axes) == 2
