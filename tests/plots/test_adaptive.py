"""The figures of notebook 13 show what they are given."""

import pytest
from matplotlib.figure import Figure

from course_utils.plots.adaptive import (
    draw_spark,
    plot_control,
    plot_rules,
    show_spark,
)


def test_each_gain_has_a_line_beside_the_target():
    axes = plot_control({0.3: [1, 2, 3], 1.0: [1, 4, 4]}, 4.0).axes[0]
    target, *traces = axes.lines
    assert set(target.get_ydata()) == {4.0}
    assert [list(trace.get_ydata()) for trace in traces] == [[1, 2, 3], [1, 4, 4]]


def test_each_rule_is_named_at_its_end():
    axes = plot_rules([0, 1, 2], {"up": [1, 2, 3], "down": [3, 2, 1]}).axes[0]
    assert [text.get_text().strip() for text in axes.texts] == ["up", "down"]


@pytest.mark.parametrize(
    "is_valid, words", [(True, "a valid tale"), (False, "no tale"), (None, "a text")]
)
def test_a_spark_is_shown_with_its_text(is_valid, words):
    artists = draw_spark(Figure(), length=5, hottest=2.5)
    said = show_spark(
        artists, ["a", "b", "c"], [1.0, 2.0, 2.4], [3.0, 0.5, 0.1], 2.0, is_valid
    )
    assert said.startswith("Mean T 1.80. Below the threshold: 67% of the tokens")
    assert words in said
    heights = [bar.get_height() for bar in artists["bars"]]
    assert heights == [3.0, 0.5, 0.1, 0, 0]
