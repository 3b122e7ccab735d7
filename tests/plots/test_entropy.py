from hypothesis import given
from hypothesis import strategies as st

from course_utils.classroom import LiveFigure, slider
from course_utils.plots.entropy import (
    BASELINE,
    ColouredText,
    lay_out,
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
