import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.recurrence import entropy_at_revisits
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature

LOOP = [7, 1, 2, 3, 1, 2, 3, 1, 2, 3]


def test_a_loop_is_compared_with_its_first_round():
    """Pairs 12, 23, 31 first come before tokens 3, 4 and 5, then three later."""
    bits = [9, 9, 9, 4.0, 2.0, 1.0, 3.0, 1.5, 0.5, 1.0]
    found = entropy_at_revisits([LOOP], [bits], size=2).changes
    assert found == {1: [pytest.approx(-2 / 3)], 2: [-3.0]}


def test_each_text_counts_once():
    bits = [0.0] * 7 + [1.0] * 3
    found = entropy_at_revisits([LOOP, LOOP, [1, 2, 3]], [bits, bits, [0.0] * 3], 3)
    assert found.changes[1] == [1.0, 1.0]


def test_a_text_without_repetition_has_no_revisits():
    found = entropy_at_revisits([range(20)], [torch.zeros(20)])
    assert found.changes == {}
    assert "no context came twice" in repr(found)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30), st.integers(1, 4))
def test_equal_entropies_never_change(ids, size):
    found = entropy_at_revisits([ids], [[2.0] * len(ids)], size).changes
    assert all(values == [0.0] for values in found.values())
    assert list(found) == list(range(1, len(found) + 1))


def test_visits_beyond_the_last_that_counts_are_left_out():
    found = entropy_at_revisits([[0] * 20], [torch.zeros(20)], size=1, most=4)
    assert list(found.changes) == [1, 2, 3, 4]
    default = entropy_at_revisits([[0] * 20], [torch.zeros(20)])
    assert list(default.changes) == list(range(1, 11))


def test_the_trace_of_a_generation_fits(lm):
    runs = generate(lm, ["fox", "owl"], 1, 60, [Temperature(0)], seed=0)
    found = entropy_at_revisits(runs.token_ids, runs.model_entropy, size=2)
    assert all(math.isfinite(v) for row in found.changes.values() for v in row)


def test_report_prints_and_draws_itself():
    rising, falling = list(range(10)), list(range(10, 0, -1))
    walks = [rising, falling] * 3
    found = entropy_at_revisits([LOOP] * 6, walks, size=2)
    # Six changes of +-3: a mean of 0, and t for 5 degrees of freedom.
    half = 2.5706 * 3 * (6 / 5) ** 0.5 / 6**0.5
    assert f"n = 6, 95 % interval {-half:+.3f} to {half:+.3f}" in repr(found)
    axes = found.plot(label="both")
    assert found.plot(axes) is axes
    assert len(axes.lines) == len(axes.collections) == 2
    one = entropy_at_revisits([LOOP], [rising], size=2)
    assert "interval" not in repr(one)
    assert not one.plot().collections


@pytest.mark.parametrize(
    "rows", [[], [[1.0] * 9], [[1.0] * 9 + [math.nan]], [[1.0] * 10] * 2]
)
def test_rows_that_do_not_fit_are_refused(rows):
    with pytest.raises(ValueError, match="entropies"):
        entropy_at_revisits([LOOP], rows)


@pytest.mark.parametrize("number", [0, -1, 1.5, None])
def test_bad_numbers_are_refused(number):
    with pytest.raises(ValueError, match="size"):
        entropy_at_revisits([LOOP], [[0.0] * 10], size=number)
    with pytest.raises(ValueError, match="most"):
        entropy_at_revisits([LOOP], [[0.0] * 10], most=number)
