"""The figures of notebook 14 show what they are given."""

import numpy as np
from matplotlib.figure import Figure

from course_utils.plots.noise import (
    RANKS,
    draw_marginal,
    plot_codes,
    plot_two_entropies,
    show_marginal,
)


def test_two_entropies_are_two_lines():
    axes = plot_two_entropies([1, 2], [5, 4], [6, 6]).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[6, 6], [5, 4]]


def test_a_marginal_stands_beside_its_temperature():
    artists = draw_marginal(Figure())
    probs = np.full(100, 0.01)
    rows, possible = [probs, probs / 2, probs / 4], np.arange(100) < 90
    said = show_marginal(artists, rows, 1.5, possible)
    assert "1.50" in said and "noise 5.00%, temperature 2.50%" in said
    assert [line.get_ydata()[0] for line in artists["lines"]] == [0.01, 0.005, 0.0025]
    assert len(artists["lines"][0].get_ydata()) == RANKS


def test_without_a_truth_nothing_is_shaded():
    artists = draw_marginal(Figure())
    rows = [np.full(50, 0.02)] * 3
    assert "mpossible" not in show_marginal(artists, rows, 1.0, None)
    assert not artists["shade"].get_visible()


def test_codes_are_ticks_on_the_parts_of_the_tokens():
    axes = plot_codes({"a": 0.5, "b": 0.5}, {"even": [0.25, 0.75], "luck": [0.1]}).axes[
        0
    ]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0.25, 0.75], [0.1]]
    assert {"a", "b", "even", "luck"} <= {text.get_text() for text in axes.texts}
