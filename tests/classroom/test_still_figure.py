"""`show`: a still figure carries its alt text."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from course_utils.classroom import show


def test_a_still_figure_says_its_alt_text():
    still = show(Figure(), alt="A curve that falls.")
    assert repr(still) == "Figure: A curve that falls."
    assert still.png.startswith(b"\x89PNG")


def test_a_pyplot_figure_is_not_shown_twice():
    matplotlib_figure = plt.figure()
    show(matplotlib_figure, alt="Nothing.")
    assert not plt.fignum_exists(matplotlib_figure.number)


def test_a_picture_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="alt"):
        show(Figure(), alt="")
