import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.foundations.precision import (
    FORMATS,
    distinct_values,
    drawn_in,
    gpt2_like_logits,
    is_uniform,
    rounding_share,
    softmax_in,
    ulp_at,
    uniform_from,
    zeroed,
)
from course_utils.foundations.softmax import softmax
from tests.judging import judge_at

HALVES = (torch.float16, torch.bfloat16)
each_format = pytest.mark.parametrize("dtype", FORMATS, ids=str)
rows = st.lists(st.floats(-40, 40, width=32), min_size=2, max_size=30)


@pytest.fixture(scope="module")
def row():
    return gpt2_like_logits()


# --- ulp_at


@pytest.mark.parametrize(
    ("value", "dtype", "gap"),
    [
        (1.0, torch.float32, 2**-23),
        (1.0, torch.float16, 2**-10),
        (1.0, torch.bfloat16, 2**-7),
        (1.0, torch.float64, 2**-52),
        (35.0, torch.bfloat16, 0.25),
        (-35.0, torch.bfloat16, 0.25),
        (31.9, torch.bfloat16, 0.125),
        (1 / 50_257, torch.bfloat16, 2**-23),
        (1 / 50_257, torch.float16, 2**-24),  # below the smallest normal number
        (0.0, torch.float16, 2**-24),
        (0.0, torch.float64, 5e-324),
        (65504.0, torch.float16, 32),
    ],
)
def test_known_gaps(value, dtype, gap):
    assert ulp_at(value, dtype).item() == gap


@each_format
@given(exponent=st.floats(-30, 15), sign=st.sampled_from([-1, 1]))
def test_the_gap_leads_to_the_next_number(dtype, exponent, sign):
    value = torch.tensor(sign * 2**exponent, dtype=torch.float64).to(dtype)
    upwards = torch.tensor(math.inf, dtype=dtype)
    following = torch.nextafter(value.abs(), upwards).double()
    assert following - value.abs().double() == ulp_at(value, dtype)


@each_format
def test_the_gap_below_a_power_of_two_is_half_the_one_above(dtype):
    below = torch.nextafter(
        torch.tensor(4.0, dtype=dtype), torch.zeros((), dtype=dtype)
    )
    assert ulp_at(4.0, dtype) == 2 * ulp_at(below, dtype)


@given(st.floats(-60000, 60000))
def test_rounding_moves_a_number_by_half_a_gap_at_most(value):
    for dtype in HALVES:
        exact = torch.tensor(value, dtype=torch.float64)
        error = (exact.to(dtype).double() - exact).abs()
        assert error <= ulp_at(value, dtype) / 2


def test_gaps_keep_the_shape_and_take_lists_and_arrays():
    assert ulp_at(torch.ones(2, 0, 3), torch.float16).shape == (2, 0, 3)
    assert ulp_at([1, 35], torch.bfloat16).tolist() == [2**-7, 0.25]
    assert ulp_at(np.float32([35]), torch.bfloat16).tolist() == [0.25]


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, 65505.0, "35", None, [[1], [1, 2]]]
)
def test_values_without_a_gap_are_refused(value):
    with pytest.raises(ValueError, match="values"):
        ulp_at(value, torch.float16)


@pytest.mark.parametrize("dtype", [torch.int32, "float16", None, float])
def test_only_four_formats_are_known(dtype):
    for call in (ulp_at, softmax_in, rounding_share, uniform_from):
        with pytest.raises(ValueError, match="dtype"):
            call([1.0, 2.0], dtype)


# --- distinct_values and zeroed


def test_distinct_values_are_counted_row_by_row():
    values = torch.tensor([[1.0, 2.0, 1.0], [3.0, 3.0, 3.0], [1.0, 2.0, 3.0]])
    assert distinct_values(values).tolist() == [2, 1, 3]
    assert distinct_values(values[None]).shape == (1, 3)


def test_infinities_and_signed_zeros_are_equal_to_themselves():
    assert distinct_values([-math.inf, -math.inf, math.inf, 1.0]).item() == 3
    assert distinct_values([0.0, -0.0]).item() == 1
    assert distinct_values([7]).item() == 1


@given(st.lists(st.integers(-5, 5), min_size=1))
def test_distinct_values_agree_with_a_set(values):
    for dtype in FORMATS:
        assert distinct_values(torch.tensor(values).to(dtype)) == len(set(values))


@given(rows, st.sampled_from(FORMATS))
def test_storing_never_makes_more_distinct_values(values, dtype):
    values = torch.tensor(values)
    assert distinct_values(values.to(dtype)) <= distinct_values(values)


@pytest.mark.parametrize("values", [[], 1.0, [1.0, math.nan], "values", None])
def test_distinct_values_refuses_what_it_cannot_count(values):
    with pytest.raises(ValueError, match="values"):
        distinct_values(values)


def test_zeroed_counts_exact_zeros():
    assert zeroed([[0.0, 1.0, 0.0], [0.5, 0.5, 1e-45]]).tolist() == [2, 0]
    assert zeroed(torch.tensor([0.0, 1.0], dtype=torch.float16)).item() == 1


@pytest.mark.parametrize("probs", [[], [-0.1, 1.1], [math.nan, 1.0], None])
def test_zeroed_refuses_what_is_no_probability(probs):
    with pytest.raises(ValueError, match="probs"):
        zeroed(probs)


# --- softmax_in


@each_format
def test_softmax_in_is_near_softmax_and_in_the_format(dtype):
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0)) * 5
    probs = softmax_in(logits, dtype, 0.7)
    assert probs.dtype == dtype
    assert probs.shape == logits.shape
    tolerance = 50 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        probs.double(), softmax(logits.double(), 0.7), rtol=tolerance, atol=1e-6
    )


@given(rows, st.floats(0, 20), st.sampled_from(FORMATS))
def test_rounding_never_changes_the_order(values, temperature, dtype):
    logits = torch.tensor(values)
    probs = softmax_in(logits, dtype, temperature)[logits.argsort()]
    assert (probs.diff() >= 0).all()


def test_logits_that_share_a_gap_tie_at_every_temperature():
    logits = torch.tensor([35.0, 35.1, 36.0])
    for temperature in (0.05, 0.3, 1, 2, 1000):
        tied = softmax_in(logits, torch.bfloat16, temperature)
        apart = softmax_in(logits, torch.float32, temperature)
        assert tied[0] == tied[1]
        assert apart[0] < apart[1]


def test_casting_back_does_not_undo_a_tie(row):
    stored = row.bfloat16()
    assert distinct_values(stored.float()) == distinct_values(stored)
    assert distinct_values(softmax(stored.float().double())) == distinct_values(stored)


def test_masked_tokens_stay_impossible():
    for dtype in FORMATS:
        assert softmax_in([1.0, -math.inf, 1.0], dtype).tolist() == [0.5, 0, 0.5]


def test_a_vocabulary_beyond_the_largest_half_float_is_no_problem():
    probs = softmax_in(torch.zeros(131_072), torch.float16)
    assert probs[0].item() == 2**-17
    assert zeroed(probs).item() == 0


@pytest.mark.parametrize("logits", [[1e5, 0.0], [math.nan, 0.0], [], [-math.inf]])
def test_logits_that_the_format_cannot_hold_are_refused(logits):
    with pytest.raises(ValueError, match="logits"):
        softmax_in(logits, torch.float16)


# --- what the facts of notebook 02 rest on


def test_the_row_is_shaped_as_it_says(row):
    assert row.shape == (50_257,)
    assert row.dtype == torch.float32
    assert row.mean().item() == pytest.approx(-35, abs=1e-3)
    assert (row.max() - row.min()).item() == pytest.approx(29, abs=1e-4)
    assert torch.equal(row, gpt2_like_logits(0))
    assert not torch.equal(row, gpt2_like_logits(1))


@pytest.mark.parametrize("seed", [-1, 1.0, None])
def test_the_row_needs_a_whole_seed(seed):
    with pytest.raises(ValueError, match="seed"):
        gpt2_like_logits(seed)


def test_ties_come_from_storage_at_every_temperature(row):
    stored = distinct_values(row.bfloat16()).item()
    assert 100 <= stored <= 200
    for temperature in (0.5, 1, 2, 4, 8):
        probs = softmax_in(row, torch.bfloat16, temperature)
        assert distinct_values(probs).item() == stored


def test_half_precision_loses_its_tail_at_low_temperature_only(row):
    lost = [zeroed(softmax_in(row, torch.float16, t)).item() for t in (0.5, 1, 3)]
    assert lost[0] > 50_000 > lost[1] > 30_000 > lost[2]
    assert lost[2] == 0
    for temperature in (0.5, 1, 2):
        assert zeroed(softmax_in(row, torch.bfloat16, temperature)).item() == 0


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (torch.bfloat16, 3e3, 3e4),
        (torch.float16, 5e3, 5e4),
        (torch.float32, 1e8, 3e9),
        (torch.float64, 3e16, 3e18),
    ],
    ids=str,
)
def test_where_each_format_becomes_exactly_uniform(row, dtype, low, high):
    found = uniform_from(row, dtype)
    assert low < found < high
    assert is_uniform(softmax_in(row, dtype, found))
    assert not is_uniform(softmax_in(row, dtype, 0.99 * found))
    for factor in (1.01, 2, 10, 1000):
        assert is_uniform(softmax_in(row, dtype, factor * found))


def test_uniform_begins_where_the_spread_fits_into_a_gap(row):
    """exp(-29 / T) / V is one gap below 1 / V at T = 29 / (V * gap)."""
    for dtype in FORMATS:
        bound = 29 / (len(row) * ulp_at(1 / len(row), dtype).item())
        assert 0.99 * bound <= uniform_from(row, dtype) <= 4 * bound


def test_uniform_from_at_the_ends():
    assert uniform_from([3.0, 3.0], torch.float32) == 0
    assert uniform_from([5.0], torch.float16) == 0
    assert uniform_from([35.0, 35.1], torch.bfloat16) == 0
    assert 0 < uniform_from([0.0, 1e-4], torch.float16) < 1


@pytest.mark.parametrize("logits", [[[0.0, 1.0]], [0.0, -math.inf], [], [math.nan]])
def test_uniform_from_refuses_what_has_no_such_temperature(logits):
    with pytest.raises(ValueError, match="logits"):
        uniform_from(logits, torch.float32)


def test_rounding_is_noise_below_temperature_2_and_all_there_is_far_above(row):
    for dtype, limit in ((torch.bfloat16, 0.03), (torch.float16, 0.01)):
        for temperature in (0.3, 1, 2):
            assert rounding_share(row, dtype, temperature) < limit
        assert rounding_share(row, dtype, 1e6).item() == pytest.approx(1)
    assert rounding_share(row, torch.float32, 2) < 1e-5


def test_rounding_share_of_equal_or_masked_logits():
    assert rounding_share([2.0, 2.0], torch.float16).item() == 0
    assert rounding_share([2.0, 2.0, -math.inf], torch.float16).item() == 0
    assert rounding_share(torch.randn(2, 3, 5), torch.bfloat16).shape == (2, 3)


# --- drawn_in


@given(logits=rows, dtype=st.sampled_from(FORMATS))
def test_what_is_drawn_is_a_distribution_near_the_right_one(logits, dtype):
    probs = softmax(torch.tensor(logits))
    drawn = drawn_in(probs, dtype)
    assert drawn.dtype == torch.float64
    assert (drawn >= 0).all()
    assert drawn.sum().item() == pytest.approx(1)
    # Each of the two sums around a piece is off by half a gap below 1 at most.
    limit = 2 * torch.finfo(torch.promote_types(dtype, dtype)).eps + 1e-6
    assert (drawn - probs).abs().max() < limit


@each_format
def test_drawn_in_counts_what_a_search_in_the_rounded_sums_finds(dtype):
    probs = softmax(3 * torch.randn(40, generator=torch.Generator().manual_seed(1)))
    sums = probs.cumsum(dim=-1).to(dtype).double()
    spots = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    found = torch.searchsorted(sums, spots * sums[-1], right=True)
    shares = torch.bincount(found, minlength=40) / len(spots)
    assert (drawn_in(probs, dtype) - shares).abs().max() < 1e-5


def test_a_piece_below_half_a_gap_is_never_drawn():
    drawn = drawn_in([0.5, 0.001, 0.001, 0.498], torch.bfloat16)
    assert drawn.tolist() == [0.5, 0, 2**-8, 0.5 - 2**-8]
    assert drawn_in([0.5, 0.25, 0.25], torch.bfloat16).tolist() == [0.5, 0.25, 0.25]


def test_a_half_precision_sum_loses_most_of_a_large_vocabulary_at_t_2(row):
    probs = softmax(row.double(), 2)
    lost = {dtype: probs[drawn_in(probs, dtype) == 0].sum() for dtype in FORMATS}
    assert lost[torch.bfloat16] > 0.5 > lost[torch.float16] > 0.3
    assert lost[torch.float32] < 1e-3 and lost[torch.float64] < 1e-3


def test_rows_are_drawn_each_by_themselves_and_need_not_sum_to_1():
    batch = torch.rand(2, 3, 7)
    drawn = drawn_in(batch, torch.float16)
    assert drawn.shape == (2, 3, 7)
    assert torch.equal(drawn[1, 2], drawn_in(batch[1, 2], torch.float16))
    assert torch.equal(drawn, drawn_in(2 * batch, torch.float16))


@pytest.mark.parametrize(
    "probs", [[0.5, -0.1], [0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0]]
)
def test_drawn_in_refuses_what_nothing_can_be_drawn_from(probs):
    with pytest.raises(ValueError, match="probs must be finite"):
        drawn_in(probs, torch.bfloat16)


def test_drawn_in_knows_four_formats_only():
    with pytest.raises(ValueError, match="dtype must be one of"):
        drawn_in([0.5, 0.5], torch.int32)


def test_a_16_bit_sum_moves_more_than_half_of_the_signal_at_t_2_in_every_row():
    for seed in range(8):
        logits = gpt2_like_logits(seed)
        at = [
            [rounding_share(logits, torch.float32, t, d).item() for t in (1, 2, 3)]
            for d in (torch.float32, torch.float16, torch.bfloat16)
        ]
        assert max(at[0]) < 0.01
        assert all(low < 0.1 < 0.5 < high < higher for low, high, higher in at[1:])


# --- right answers to the exercises that take another way


def judged(name, answer):
    return judge_at(f"foundations.precision.{name}", answer)


def test_the_gap_by_the_next_number_passes():
    def ulp_at(values, dtype):
        stored = values.abs().to(dtype)
        upwards = torch.full_like(stored, math.inf)
        return torch.nextafter(stored, upwards).double() - stored.double()

    assert judged("ulp_at", ulp_at).passed


def test_drawn_in_by_a_loop_over_tokens_passes():
    def drawn_in(probs, dtype):
        total = torch.zeros(probs.shape[:-1], dtype=torch.float32)
        before, pieces = torch.zeros_like(total), []
        for column in probs.float().unbind(dim=-1):
            total = total + column
            pieces.append(total.to(dtype).float() - before)
            before = total.to(dtype).float()
        return torch.stack(pieces, dim=-1) / before[..., None]

    assert judged("drawn_in", drawn_in).passed


def test_softmax_in_double_precision_between_the_roundings_passes():
    def softmax_in(logits, dtype, temperature=1.0):
        stored = logits.to(dtype).double()
        return torch.softmax(stored / temperature, dim=-1).to(dtype)

    assert judged("softmax_in", softmax_in).passed
