import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.forms import covered_modes, effective_modes, kept, mode_shares
from course_utils.worlds.measures import effective_number

weights = st.lists(st.floats(0.001, 1), min_size=1, max_size=12)
shares_of_modes = weights.map(lambda w: torch.tensor(w, dtype=torch.float64) / sum(w))


@given(shares_of_modes)
def test_effective_modes_lie_between_one_and_all(shares):
    assert 1 - 1e-9 <= effective_modes(shares) <= len(shares) + 1e-9


@given(shares_of_modes)
def test_effective_modes_is_the_effective_number_of_notebook_00(shares):
    named = {str(i): share for i, share in enumerate(shares.tolist())}
    assert effective_modes(shares).item() == pytest.approx(effective_number(named))


@given(shares_of_modes, st.integers(1, 9))
def test_splitting_every_mode_multiplies_the_effective_modes(shares, parts):
    split = shares.repeat_interleave(parts) / parts
    assert effective_modes(split) == pytest.approx(parts * effective_modes(shares))


@given(shares_of_modes, st.floats(0.01, 1))
def test_what_belongs_to_no_mode_does_not_count(shares, inside):
    assert effective_modes(inside * shares) == pytest.approx(effective_modes(shares))


@pytest.mark.parametrize("modes", [1, 2, 20])
def test_equal_shares_keep_everything(modes):
    equal = torch.full((modes,), 1 / modes)
    assert effective_modes(equal) == pytest.approx(modes)
    assert covered_modes(equal, equal) == modes
    assert kept(equal, equal) == pytest.approx(1)


def test_nothing_in_any_mode_is_zero_modes():
    shares = torch.tensor([[0.0, 0.0], [0.5, 0.0]])
    assert effective_modes(shares).tolist() == [0, 1]
    assert covered_modes(shares, torch.tensor([0.5, 0.5])).tolist() == [0, 1]


def test_shares_take_any_leading_shape_and_precision():
    shares = torch.rand(3, 4, 5).softmax(dim=-1)
    assert effective_modes(shares).shape == (3, 4)
    assert effective_modes([1, 0]) == 1
    assert effective_modes(np.float64([0.5, 0.5])).dtype == torch.float64
    half = torch.full((1024,), 1 / 1024, dtype=torch.float16)
    assert effective_modes(half) == pytest.approx(1024, rel=1e-3)
    assert effective_modes(torch.empty(0, 3)).shape == (0,)


def test_a_mode_is_covered_from_a_tenth_of_its_share_on():
    reference = torch.tensor([0.5, 0.3, 0.2, 0.0])
    shares = torch.tensor([[0.05, 0.02, 0.03, 0.9], [0.0, 0.0, 0.0, 1.0]])
    assert covered_modes(shares, reference).tolist() == [2, 0]
    assert covered_modes(shares, reference, floor=0.05).tolist() == [3, 0]


def test_mode_shares_count_labels_and_leave_strays_out():
    labels = torch.tensor([[0, 0, 2, -1], [-1, -1, -1, -1]])
    expected = torch.tensor([[0.5, 0.0, 0.25], [0.0, 0.0, 0.0]])
    assert torch.equal(mode_shares(labels, 3), expected)


@given(st.lists(st.integers(-1, 6), min_size=1))
def test_mode_shares_and_strays_sum_to_one(labels):
    shares = mode_shares(torch.tensor(labels), 7)
    strays = labels.count(-1) / len(labels)
    assert shares.sum().item() + strays == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "labels", [[], [0.5, 1.0], [0, 3], [-2, 0], 1, torch.empty(2, 0, dtype=torch.long)]
)
def test_bad_labels_are_refused_by_name(labels):
    with pytest.raises(ValueError, match="labels"):
        mode_shares(torch.tensor(labels) if isinstance(labels, list) else labels, 3)


@pytest.mark.parametrize("modes", [0, -1, 2.0, True, None])
def test_bad_numbers_of_modes_are_refused(modes):
    with pytest.raises(ValueError, match="modes"):
        mode_shares(torch.tensor([0]), modes)


@pytest.mark.parametrize(
    "shares", [[0.6, 0.6], [1.5, -0.5], [math.nan, 0.5], [math.inf, 0.0], [], 1.0]
)
def test_what_are_no_shares_is_refused(shares):
    with pytest.raises(ValueError, match="shares"):
        effective_modes(shares)


@pytest.mark.parametrize("reference", [[0.5, 0.5, 0.0], [[0.5, 0.5]], [0.0, 0.0], []])
def test_a_reference_over_other_modes_is_refused(reference):
    for function in (covered_modes, kept):
        with pytest.raises(ValueError, match="reference"):
            function([0.5, 0.5], reference)


@pytest.mark.parametrize("floor", [0, -0.1, 1.1, math.nan, None, True])
def test_bad_floors_are_refused(floor):
    with pytest.raises(ValueError, match="floor"):
        covered_modes([1.0], [1.0], floor)
