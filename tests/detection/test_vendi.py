"""The Vendi score: its anchors, its orders, and two forms with one answer."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.detection.vendi import (
    cosines,
    nearness,
    vendi,
    vendi_of_kernel,
    vendi_score,
)

ORDERS = [0.5, 1, 2, math.inf]


def points(n, width, seed=0):
    dice = torch.Generator().manual_seed(seed)
    return torch.randn(n, width, generator=dice, dtype=torch.float64)


@pytest.mark.parametrize("q", [0, *ORDERS])
def test_n_things_at_right_angles_are_n(q):
    assert vendi_score(torch.eye(6), q) == pytest.approx(6)


@pytest.mark.parametrize("q", [0, *ORDERS])
def test_copies_are_one(q):
    assert vendi_score(torch.ones(7, 3), q) == pytest.approx(1)


def test_the_authors_example():
    """README of vertaix/Vendi-Score: 2.1573 for this kernel."""
    kernel = [[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert vendi_of_kernel(kernel) == pytest.approx(2.1573, abs=1e-4)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("shape", [(5, 40), (40, 5)])
def test_both_forms_agree(q, shape):
    """Also in the order: a known package forgets q in one of its forms."""
    vectors = points(*shape)
    unit = vectors / vectors.norm(dim=-1, keepdim=True)
    by_kernel = vendi_of_kernel(unit @ unit.T, q)
    assert vendi_score(vectors, q) == pytest.approx(by_kernel, rel=1e-6)


def test_cosines_are_the_kernel_of_the_score():
    vectors = points(6, 3)
    assert vendi_of_kernel(cosines(vectors)) == pytest.approx(vendi_score(vectors))


def test_nearness_is_a_kernel_from_one_place_to_far_away():
    crowd = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 2.0], [99.0, 0.0]])
    kernel = nearness(crowd, width=2)
    assert kernel[0].tolist() == pytest.approx([1, 1, math.exp(-0.5), 0])
    assert 2 < vendi_of_kernel(kernel) < 3


def test_higher_orders_see_less():
    scores = [vendi_score(points(30, 8), q) for q in ORDERS]
    assert scores == sorted(scores, reverse=True)


@given(st.integers(2, 12), st.integers(1, 6), st.randoms())
@settings(deadline=None)
def test_range_and_order_of_rows(n, width, random):
    vectors = points(n, width, seed=n)
    score = vendi_score(vectors)
    shuffled = vectors[random.sample(range(n), n)]
    assert 1 - 1e-9 <= score <= n + 1e-9
    assert vendi_score(shuffled) == pytest.approx(score)


def test_a_copy_of_every_thing_changes_nothing():
    vectors = points(9, 4)
    doubled = torch.cat([vectors, vectors])
    assert vendi_score(doubled) == pytest.approx(vendi_score(vectors))


def test_it_has_an_interval():
    found = vendi(points(50, 8))
    assert found.interval[0] < found.score < found.interval[1]
    assert found.size == 50
    assert "Vendi score" in repr(found)
    assert all(math.isnan(end) for end in vendi(torch.eye(2)).interval)


def test_its_interval_holds_nothing_impossible():
    odd_one_out = torch.tensor([[1.0, 0.0]] * 9 + [[0.0, 1.0]])
    low, high = vendi(odd_one_out).interval
    assert 1 <= low < high <= 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vendi(torch.ones(1, 3)), "vectors must have the shape"),
        (lambda: vendi([[1.0, 0.0], [0.0, 0.0]]), r"vectors\[1\] is 0 everywhere"),
        (lambda: vendi(torch.full((2, 2), torch.nan)), "vectors has NaN"),
        (lambda: vendi_score(torch.eye(2), -1), "q must be a number of at least 0"),
        (lambda: nearness(torch.eye(2), 0), "width must be a positive number"),
        (lambda: nearness(torch.ones(3), 1), "points must be finite numbers"),
        (lambda: vendi_of_kernel(torch.ones(2, 3)), "kernel must be a square matrix"),
        (lambda: vendi_of_kernel([[1.0, 0.2], [0.1, 1.0]]), "kernel must be symmetric"),
        (lambda: vendi_of_kernel(torch.eye(2) * 2), "kernel must have 1 on its"),
        (lambda: vendi_of_kernel([[1.0, 3.0], [3.0, 1.0]]), "no negative eigenvalue"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
