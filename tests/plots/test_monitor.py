"""The figures of notebook 07 show what they are given."""

from course_utils.plots.monitor import plot_sums


def test_sums_have_a_panel_each_with_both_sides_and_the_limit():
    healthy, cold = [[0.0, 0.1], [0.2, 0.0]], [[0.0, 0.9], [0.1, 1.2], [0.0, 0.4]]
    panels = {"one": (healthy, cold, 0.5), "many": (healthy, cold, 1.0)}
    figure = plot_sums(panels, onset=1)
    titles = [axes.get_title("left") or axes.get_title() for axes in figure.axes]
    assert titles == ["One", "Many"]
    for axes, limit in zip(figure.axes, (0.5, 1.0), strict=True):
        *climbs, line, onset = axes.lines
        assert [list(climb.get_ydata()) for climb in climbs] == healthy + cold
        assert list(line.get_ydata()) == [limit, limit]
        assert list(onset.get_xdata()) == [1, 1]


def test_many_sums_are_thinned_out():
    axes = plot_sums({"one": ([[0.0]] * 95, [[0.0]] * 19, 1.0)}, onset=0).axes[0]
    assert len(axes.lines) == 19 + 19 + 2
