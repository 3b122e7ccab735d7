"""Who is beaten in both aims, and what area some points cover together."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.mitigation.pareto import best_together, dominated, hypervolume

numbers = st.integers(0, 6).map(float)
tables = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8)


@given(tables)
def test_dominated_is_what_its_definition_says(points):
    expected = [
        any(a >= x and b >= y and (a > x or b > y) for a, b in points)
        for x, y in points
    ]
    assert dominated(points).tolist() == expected


def test_equal_points_dont_beat_each_other():
    assert dominated([[1, 1], [1, 1]]).tolist() == [False, False]


def test_three_aims_can_be_compared_too():
    points = [[1, 1, 1], [1, 1, 2], [0, 5, 0]]
    assert dominated(points).tolist() == [True, False, False]


@given(tables)
def test_the_area_is_that_of_the_unit_squares_below_some_point(points):
    squares = sum(
        any(x > i and y > j for x, y in points)
        for i, j in itertools.product(range(6), repeat=2)
    )
    assert hypervolume(points) == pytest.approx(squares)


@given(tables)
def test_what_is_dominated_adds_no_area(points):
    table = torch.tensor(points)
    assert hypervolume(table[~dominated(table)]) == pytest.approx(hypervolume(points))


def test_the_area_is_counted_from_the_worst_point():
    assert hypervolume([[2, 3]], worst=(1, 1)) == 2
    assert hypervolume([[2, 3], [1, 9]], worst=(1, 1)) == 2
    assert hypervolume([]) == 0


def test_the_best_together_cover_the_most():
    points = [[1, 9], [5, 5], [9, 1], [4, 4], [5.1, 1]]
    assert best_together(points, 3) == [0, 1, 2]
    assert best_together(points, 1) == [1]
    assert best_together(points, 9) == [0, 1, 2, 3, 4]


def test_points_without_any_area_are_still_chosen_from():
    assert len(best_together([[0, 0], [0, 0], [1, 0]], 2)) == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dominated([1, 2]), "points must be a table"),
        (lambda: hypervolume([[1, 2, 3]]), r"\[n, 2\]"),
        (lambda: hypervolume([[1, float("nan")]]), "NaN"),
        (lambda: dominated([[1, float("inf")]]), "infinite"),
        (lambda: best_together([[1, 2]], 0), "k must be"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
