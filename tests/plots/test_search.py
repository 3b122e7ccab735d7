"""The figures of notebook 15 show what they are given."""

from matplotlib.figure import Figure

from course_utils.plots.search import draw_tree, heights, plot_methods, show_tree


def test_texts_lie_together_as_long_as_their_tokens_agree():
    rows = heights([[1, 2, 3], [1, 2, 4], [1, 5]])
    assert rows[0] == [1, 1, 0.5, 0]
    assert rows[1] == [1, 1, 0.5, 1]
    assert rows[2] == [1, 1, 2]


def test_a_tree_says_when_texts_part_and_how_many_plots_they_have():
    artists = draw_tree(Figure(), 3, 5)
    ids, texts = [[1, 2, 3], [1, 2, 4], [9]], ["one", "two", "three"]
    said = show_tree(artists, ids, texts, [0, 0, 1], kinds=2)
    assert "Texts part after 2 tokens (median)" in said and "plots: 2" in said
    assert [t.get_text() for t in artists["endings"]] == [f"...{t}" for t in texts]
    first, _, last = (line.get_color() for line in artists["lines"])
    assert first != last


def test_a_tree_of_fewer_texts_leaves_lines_empty():
    artists = draw_tree(Figure(), 3, 5)
    said = show_tree(artists, [[1], [2]], ["a", "b"], [0, 1], kinds=None)
    assert "plots" not in said
    assert len(artists["lines"][2].get_xdata()) == 0


def test_methods_stand_in_the_order_given():
    rows = {"beams": (1.0, 0.9, 1.1, 1.0), "samples": (6.0, 5.0, 7.0, 0.5)}
    left, right = plot_methods(rows, 6.5).axes
    assert [label.get_text() for label in left.get_yticklabels()] == list(rows)
    assert [bar.get_width() for bar in right.patches] == [100, 50]
