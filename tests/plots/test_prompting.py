"""The figures of notebook 16 show what they are given."""

from matplotlib.figure import Figure

from course_utils.plots.prompting import (
    draw_posteriors,
    plot_requests,
    plot_shift,
    show_posteriors,
)

PRIORS = {"hero": {"Mira": 0.6, "Tom": 0.4}, "arc": {"lost": 0.9, "thief": 0.1}}


def test_posteriors_are_bars_and_what_is_shared_is_said():
    artists = draw_posteriors(Figure(), PRIORS)
    after = {"hero": {"Mira": 0.1, "Tom": 0.9}, "arc": PRIORS["arc"]}
    said = show_posteriors(artists, after, ["hero"], ["Tom, lost", "Tom, thief"])
    assert said == "The examples share: hero."
    assert artists["title"].get_text().startswith("Tom, lost; Tom, thief")
    assert [bar.get_width() for bar in artists["bars"]["hero"]] == [0.1, 0.9]


def test_examples_that_no_collection_has_leave_no_bar():
    artists = draw_posteriors(Figure(), PRIORS)
    said = show_posteriors(artists, None, [])
    assert "share: nothing" in said and "No such collection" in said
    assert all(bar.get_width() == 0 for bar in artists["bars"]["arc"])


def test_each_model_has_a_dot_for_each_seed():
    plots = {m: {"nothing": [1, 2], "a word": [3, 4]} for m in ("a", "b", "c")}
    axes = plot_requests(plots, 12.0).axes[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [2] * 6 + [2]


def test_a_shift_is_a_dot_beside_the_diagonal():
    axes = plot_shift({"told": [(0.5, 0.25)]}, "heroes").axes[0]
    assert axes.lines[1].get_xdata().tolist() == [0.25]
    assert axes.lines[1].get_ydata().tolist() == [0.5]
