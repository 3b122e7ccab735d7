import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.classroom import LiveFigure, slider
from course_utils.plots.entropy import (
    BASELINE,
    ColouredText,
    lay_out,
    plot_written_and_read,
    printable_tokens,
)

tokens = st.lists(st.text("ab ", min_size=1, max_size=12), max_size=30)


@given(tokens, st.integers(1, 20))
def test_every_box_stands_where_its_token_does(tokens, width):
    lines, boxes = lay_out(tokens, width)
    assert "".join(lines) == "".join(tokens)
    for token, box in zip(tokens, boxes, strict=True):
        (left, top), (right, _), (_, bottom), _ = box
        assert lines[top][left:right] == token
        assert bottom == top + 1


@given(tokens, st.integers(12, 20))
def test_no_line_is_longer_than_the_panel(tokens, width):
    assert all(len(line) <= width for line in lay_out(tokens, width)[0])


def test_no_text_has_one_empty_line():
    assert lay_out([], 10) == ([""], [])


def test_tokens_become_printable(lm):
    ids = lm.encode("a fox\n\t\u4e16")
    shown = printable_tokens(lm, ids)
    assert len(shown) == len(ids)
    assert all(text and text.isprintable() for text in shown)
    assert "¶" in "".join(shown)
    assert printable_tokens(lm, [lm.end_of_text_id]) == ["·"]


def test_panel_shows_another_text_at_each_move(full_draws):
    def draw(figure):
        return ColouredText(figure, (0, 0, 1, 1), highest=4, width=10, lines=2)

    def update(panel, position):
        texts = ["one", " two", " th$e", " f_$r", " five"][: position + 1]
        panel.show(texts, range(len(texts)), position)

    figure = LiveFigure(
        draw,
        update,
        {"position": slider(0, 4, value=0, step=1, label="token")},
        alt="words",
    )
    figure.set(position=4)
    assert figure.error is None
    panel = figure._picture.artists
    shown = "onetwo" + "th$ef_$r"
    assert len(panel.letters.get_paths()) == len(shown)
    assert panel.letters.get_offsets()[6].tolist() == [1, 1 + BASELINE]
    assert len(panel.boxes.get_paths()) == 5
    assert len(full_draws) == 1
    panel.show(["one"], [1.0])
    assert not panel.outline.get_paths()


@pytest.mark.parametrize(
    ("own", "one", "titles"),
    [
        ([1, 2, 3], [2, 1, 3], ["it rises", "down, then up"]),
        ([1, 3, 2], [1, 2, 3], ["it wavers", "what texts do"]),
        ([1, 1, 2], [3, 2, 1], ["it wavers", "what texts do"]),
    ],
)
def test_written_and_read_says_what_it_shows(own, one, titles):
    grid, nearly = [0.5, 1, 2], torch.tensor([[0.0], [0.1], [0.0], [0.1], [0.05]])
    sets = [torch.tensor([2.0, 3.0, 4.0]) + nearly * k for k in (1, 2, 3)]
    own, one = (torch.tensor(means) + nearly for means in (own, one))
    figure = plot_written_and_read(grid, sets, own, one)
    left, right = figure.axes
    for axes, title, columns in zip((left, right), titles, (own, one), strict=True):
        shown = axes.get_title(loc="left") or axes.get_title()
        assert shown.endswith(title)
        thick = axes.lines[-1]
        assert thick.get_xdata().tolist() == grid
        assert thick.get_ydata().tolist() == columns.mean(0).tolist()
    assert len(left.lines) == len(sets) + 1
    assert [line.get_ydata()[0].item() for line in left.lines[:-1]] == [
        rows[:, 0].mean().item() for rows in sets
    ]
    assert (left.get_xlabel(), right.get_xlabel()) == ("read at T", "written at T")
