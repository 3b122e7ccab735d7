"""The figures of notebook 11 show what they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils.plots.league import (
    LEVELS,
    draw_detectors,
    plot_ahead,
    plot_alarms,
    plot_budget,
    plot_left_out,
    plot_perplexity,
    plot_signs,
    plot_sizes,
    plot_table,
    plot_variety,
    plot_warnings,
    show_detectors,
)
from course_utils.recordings.league_log import League

KINDS = {"a": "texts", "b": "prompts", "c": "trace"}


@pytest.fixture(scope="module")
def league():
    return League.read()


def cells(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_table_says_each_area_shortly():
    figure = plot_table({"a": [1.0, 0.5], "b": [0.04, np.nan]}, ["x y", "z"], "t")
    assert cells(figure) == ["1", ".50", ".04", "–"]


def test_a_detector_that_never_wakes_has_a_dash():
    assert cells(plot_sizes({"a": [8, None]}, ["x", "y"], "t")) == ["8", "–"]


def test_alarms_are_in_percent():
    assert cells(plot_alarms({"a": [0.05, 1.0]}, ["x", "y"], "t")) == ["5%", "100%"]


def test_the_live_figure_counts_who_calls_every_set():
    artists = draw_detectors(Figure(), KINDS)
    found = {"a": [3.0, 4.0], "b": [1.0, 9.0], "c": []}
    bands = {"a": (-2.0, 2.0), "b": (-2.0, 2.0), "c": None}
    said = show_detectors(artists, found, bands, "one cause")
    assert said == "one cause: 1 of 2 detectors call every set."
    across, _ = artists["dots"].get_data()
    assert len(across) == 4
    *_, band = artists["bands"].get_segments()
    assert band[:, 0].tolist() == [0, 0]


def test_far_dots_stay_in_the_figure():
    artists = draw_detectors(Figure(), KINDS)
    bands = dict.fromkeys(KINDS, (-2.0, 2.0))
    show_detectors(artists, {"a": [99.0], "b": [-99.0], "c": [0.0]}, bands, "x")
    low, high = artists["dots"].axes.get_xlim()
    assert all(low <= x <= high for x in artists["dots"].get_xdata())


def test_every_set_has_its_dot(league):
    axes = plot_variety(league).axes[0]
    drawn = sum(len(line.get_xdata()) for line in axes.lines)
    assert drawn == league.draws * len(LEVELS) * len(league.causes)
    dots = plot_perplexity(league).axes[0].lines
    extra = league.variety["sound"].size + league.draws
    assert sum(len(line.get_xdata()) for line in dots) == drawn + extra


def test_the_budget_has_a_line_for_each_kind():
    found = {8: (0.8, (0.7, 0.9)), 16: (0.9, (0.85, 0.95))}
    figure = plot_budget({"texts": found, "trace": found}, {"texts": "a", "trace": "c"})
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert labels == ["texts: a", "trace: c"]


def test_scores_on_causes_left_out_are_set_side_by_side():
    areas = {"one": {"x": 0.9, "y": 0.2}, "two": {"x": 1.0, "y": 1.0}}
    axes = plot_left_out(areas, "t").axes[0]
    assert axes.lines[0].get_ydata().tolist() == [0.9, 0.2]
    assert axes.get_ylim()[0] < 0.2


def test_areas_run_from_before_to_after_the_onset():
    areas = {"s": {"sign": np.array([[0.5, 0.6], [0.7, 0.8]])}}
    axes = plot_ahead(areas, [10, -10], {"s": 40.0}).axes[0]
    assert list(axes.lines[0].get_xdata()) == [-10, 10]
    assert axes.lines[0].get_ydata() == pytest.approx([0.6, 0.7])


def test_each_sign_has_a_panel():
    along = {"one": np.arange(5.0), "two": np.zeros(5)}
    assert len(plot_signs(along, 2, 4).axes) == 2


def test_warnings_are_drawn_over_false_alarms():
    axes = plot_warnings({"s": [0.5, 0.9]}, {"s": [0.0, 0.1]}, "t").axes[0]
    assert list(axes.lines[0].get_xdata()) == [0.0, 0.1]
