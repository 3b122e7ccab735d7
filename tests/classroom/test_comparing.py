"""What counts as the same answer, and how a difference is put in words."""

import pytest
import torch

from course_utils.classroom.comparing import compare, compare_shares


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([1.0, -torch.inf, torch.nan]),
        torch.tensor([], dtype=torch.long),
        torch.tensor(True),
        [torch.zeros(2), "a"],
        (1, 2.5),
        {"a": 1},
        None,
        True,
    ],
)
def test_a_value_equals_itself(value):
    assert compare(value, value) is None


def test_rounding_is_no_difference():
    assert compare(torch.tensor([1.0]), torch.tensor([1.0 + 1e-6])) is None
    assert compare(0.3, 0.1 + 0.2) is None


@pytest.mark.parametrize(
    ("expected", "got", "word"),
    [
        (torch.zeros(2), None, "return"),
        (torch.zeros(2), [0, 0], "type"),
        (torch.zeros(2), torch.zeros(1, 2), "shape"),
        (torch.zeros(2), torch.zeros(2).long(), "dtype"),
        (torch.zeros(2).long(), torch.zeros(2).bool(), "dtype"),
        (torch.zeros(2), torch.zeros(2).cfloat(), "dtype"),
        (torch.zeros(2), torch.ones(2).double(), "value"),
        (torch.zeros(2), torch.tensor([0.0, torch.nan]), "NaN"),
        (torch.zeros(2, 2), torch.eye(2), "index [0, 0]"),
        (torch.tensor(1.0), torch.tensor(2.0), "value"),
        ([1, 2], [1], "items"),
        ([1, 2], [1, 3], "value"),
        ("a", "b", "value"),
        (1.0, "1", "type"),
    ],
)
def test_a_difference_is_named(expected, got, word):
    assert word in compare(expected, got).diagnosis


def test_random_draws_are_judged_by_their_shares():
    comparer = compare_shares((0.5, 0.5), tolerance=0.1)
    half = torch.tensor([0, 1] * 10)
    assert comparer(half, half.flip(0)) is None
    assert "as often" in comparer(half, torch.zeros_like(half)).diagnosis
    assert "outside 0 ... 1" in comparer(half, half + 1).diagnosis
    assert comparer(half, half.int()) is None


def test_the_scatter_of_the_expected_draws_does_not_count():
    comparer = compare_shares((0.5, 0.5), tolerance=0.12)
    drawn = torch.tensor([0] * 8 + [1] * 12)
    assert comparer(drawn, torch.tensor([0] * 12 + [1] * 8)) is None
    difference = comparer(drawn, torch.tensor([0] * 13 + [1] * 7))
    assert difference.expected == "shares 0.50, 0.50"


def test_precision_is_no_difference():
    assert compare(torch.ones(2), torch.ones(2).double()) is None
    assert compare(torch.ones(2).long(), torch.ones(2).int()) is None


def test_long_values_are_cut():
    difference = compare("x" * 1000, "y")
    assert len(difference.expected) < 320


def test_dicts_are_compared_value_by_value():
    wanted = {"loops": 1 / 6, "heat": 1.0}
    assert compare(wanted, {"heat": 1, "loops": 0.16666666666666669}) is None
    assert "wrong" in compare(wanted, {"loops": 0.2, "heat": 1.0}).diagnosis
    assert compare(wanted, {"loops": 1 / 6}).diagnosis.startswith("'heat' is missing")
    extra = compare(wanted, wanted | {"sound": 0.5})
    assert extra.diagnosis.startswith("'sound' should not be")
