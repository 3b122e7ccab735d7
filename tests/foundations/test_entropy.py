import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.foundations.entropy import (
    cross_entropy,
    entropy,
    entropy_slope,
    kl_divergence,
    perplexity,
)
from course_utils.foundations.softmax import log_softmax, softmax

logit_rows = st.lists(st.floats(-30, 30), min_size=2, max_size=30)
distributions = logit_rows.map(lambda row: softmax(torch.tensor(row).double()))
pairs = st.integers(2, 20).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(-30, 30), min_size=n, max_size=n)] * 2)
)


def distribution(row):
    return softmax(torch.tensor(row, dtype=torch.float64))


@given(distributions)
def test_entropy_lies_between_zero_and_that_of_uniform(probs):
    assert 0 <= entropy(probs).item() <= math.log2(len(probs)) + 1e-9


@given(logit_rows, st.floats(0, 20), st.floats(0, 20))
def test_entropy_never_falls_with_temperature(row, one, other):
    low, high = sorted((one, other))
    logits = torch.tensor(row, dtype=torch.float64)
    cold, warm = entropy(softmax(logits, low)), entropy(softmax(logits, high))
    assert cold.item() <= warm.item() + 1e-9


@given(logit_rows, st.floats(0.5, 20))
def test_entropy_slope_agrees_with_finite_differences(row, temperature):
    logits, h = torch.tensor(row, dtype=torch.float64), 1e-4
    after = entropy(softmax(logits, temperature + h))
    before = entropy(softmax(logits, temperature - h))
    slope = entropy_slope(logits, temperature)
    torch.testing.assert_close(slope, (after - before) / (2 * h), rtol=0, atol=1e-6)


@given(logit_rows, st.floats(0, 20))
def test_entropy_slope_is_never_negative(row, temperature):
    assert entropy_slope(torch.tensor(row), temperature).item() >= 0


@given(st.floats(-30, 30), st.integers(1, 20), st.floats(0, 20))
def test_entropy_slope_of_equal_logits_is_zero(logit, count, temperature):
    row = torch.full((count,), logit)
    assert entropy_slope(row, temperature).item() == 0


@given(logit_rows, st.floats(0.1, 20), st.floats(-100, 100))
def test_entropy_slope_ignores_shifts_and_impossible_tokens(row, temperature, shift):
    logits = torch.tensor(row, dtype=torch.float64)
    expected = entropy_slope(logits, temperature)
    torch.testing.assert_close(entropy_slope(logits + shift, temperature), expected)
    masked = torch.tensor([*row, -math.inf], dtype=torch.float64)
    torch.testing.assert_close(entropy_slope(masked, temperature), expected)


@given(pairs)
def test_kl_divergence_is_never_negative_and_zero_only_for_equals(rows):
    p, q = map(distribution, rows)
    assert kl_divergence(p, q).item() >= 0
    assert kl_divergence(p, p).item() == 0


@given(pairs)
def test_cross_entropy_is_entropy_plus_kl_divergence(rows):
    p, q = map(distribution, rows)
    torch.testing.assert_close(cross_entropy(p, q), entropy(p) + kl_divergence(p, q))


def test_known_values():
    assert entropy([0.5, 0.5]).item() == 1
    assert entropy([0.25] * 4).item() == 2
    assert entropy([0.5, 0.5], base=math.e).item() == pytest.approx(math.log(2))
    assert kl_divergence([1.0, 0.0], [0.25, 0.75]).item() == pytest.approx(2)
    assert cross_entropy([0.5, 0.5], [0.25, 0.75]).item() == pytest.approx(
        0.5 * 2 + 0.5 * math.log2(4 / 3)
    )


def test_entropy_slope_of_two_logits():
    """Var = p (1 - p) gap^2; at gap 1 and T = 1 both are easily done by hand."""
    p = 1 / (1 + math.exp(-1))
    assert entropy_slope([1.0, 0.0], base=math.e).item() == pytest.approx(p * (1 - p))
    bits = p * (1 - p) / math.log(2)
    assert entropy_slope([1.0, 0.0]).item() == pytest.approx(bits)
    halved = torch.softmax(torch.tensor([0.5, 0.0]), -1).prod().item() / 8
    assert entropy_slope([1.0, 0.0], 2, math.e).item() == pytest.approx(halved)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("temperature", [0, 1e-30, 1e-3])
def test_entropy_slope_is_zero_where_the_winners_have_everything(dtype, temperature):
    logits = torch.tensor([[3.0, 1.0, 3.0], [0.0, -2.0, -math.inf]], dtype=dtype)
    slope = entropy_slope(logits, temperature)
    assert slope.dtype == dtype
    assert slope.tolist() == [0, 0]


def test_entropy_slope_survives_logits_that_leave_the_range():
    for dtype, large in ((torch.float16, 6e4), (torch.float32, 3e38)):
        logits = torch.tensor([large, -large, 0.0], dtype=dtype)
        assert entropy_slope(logits, 1.0).item() == 0
        assert math.isfinite(entropy_slope(logits, 1e4).item())
    hot = entropy_slope(torch.tensor([1e30, 0.0]), 1e30).item()
    assert hot == pytest.approx(entropy_slope([1.0, 0.0]).item() / 1e30)


def test_entropy_slope_has_a_gradient_and_leaves_its_argument_alone():
    logits = torch.tensor([1.0, 2.0, -math.inf], requires_grad=True)
    entropy_slope(logits, 0.5).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.tolist() == [1, 2, -math.inf]


def test_entropy_slope_measures_rows_one_by_one():
    logits = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(0))
    slopes = entropy_slope(logits, 0.7)
    assert slopes.shape == (3, 4)
    torch.testing.assert_close(slopes[1, 2], entropy_slope(logits[1, 2], 0.7))


def test_entropy_slope_refuses_what_softmax_refuses():
    for logits in ([math.nan, 1.0], [math.inf, 1.0], [-math.inf], [], "logits"):
        with pytest.raises(ValueError, match="logits"):
            entropy_slope(logits)
    for temperature in (-1, math.nan, math.inf, "1"):
        with pytest.raises(ValueError, match="temperature"):
            entropy_slope([1.0, 2.0], temperature)
    with pytest.raises(ValueError, match="base"):
        entropy_slope([1.0, 2.0], base=1)


def test_certainty_has_entropy_zero_and_prints_so():
    assert str(entropy([0.0, 1.0, 0.0])) == "tensor(0.)"
    assert str(entropy([1.0])) == "tensor(0.)"


def test_impossible_tokens_cost_infinitely_much():
    p, q = [0.5, 0.5], [1.0, 0.0]
    assert kl_divergence(p, q).item() == math.inf
    assert cross_entropy(p, q).item() == math.inf
    assert kl_divergence(q, p).item() == 1


def test_rows_are_measured_one_by_one():
    probs = softmax(torch.randn(3, 4, 7))
    assert entropy(probs).shape == (3, 4)
    assert entropy(probs)[1, 2] == entropy(probs[1, 2])
    q = softmax(torch.randn(7))
    assert kl_divergence(probs, q).shape == (3, 4)
    torch.testing.assert_close(
        kl_divergence(probs, q)[2, 1], kl_divergence(probs[2, 1], q)
    )


@pytest.mark.parametrize(
    "probs", [[0.5, 0.4], [0.5, 0.6], [1.1, -0.1], [math.nan, 1.0], [], "half", 1.0]
)
def test_what_is_no_distribution_is_refused(probs):
    with pytest.raises(ValueError, match="probs"):
        entropy(probs)
    with pytest.raises(ValueError, match=r"^p "):
        kl_divergence(probs, [0.5, 0.5])
    with pytest.raises(ValueError, match=r"^q "):
        cross_entropy([0.5, 0.5], probs)


def test_one_bad_row_in_a_batch_is_found():
    with pytest.raises(ValueError, match=r"sums to 0\.9"):
        entropy([[0.5, 0.5], [0.5, 0.4]])


def test_sums_within_the_tolerance_pass():
    assert entropy([0.5, 0.50009]).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("base", [1, 0, -2, 0.5, math.nan, math.inf, "2", None])
def test_bad_bases_are_refused(base):
    with pytest.raises(ValueError, match="base"):
        entropy([1.0], base=base)


@pytest.mark.parametrize("q", [[1.0], [[0.5, 0.5]] * 3])
def test_different_vocabularies_cannot_be_compared(q):
    p = [[0.5, 0.5], [0.5, 0.5]]
    with pytest.raises(ValueError, match="same vocabulary"):
        kl_divergence(p, q)


@given(st.integers(1, 100), st.integers(1, 30))
def test_perplexity_of_equal_choices_is_their_number(choices, tokens):
    log_probs = torch.full((tokens,), -math.log(choices), dtype=torch.float64)
    assert perplexity(log_probs).item() == pytest.approx(choices)


def test_perplexity_leaves_padding_out():
    padded = torch.tensor([[-1.0, -3.0, math.nan], [-2.0, math.nan, math.nan]])
    torch.testing.assert_close(perplexity(padded), torch.full((2,), math.exp(2)))


def test_perplexity_of_the_truth_is_two_to_its_entropy():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, generator=generator).double()
    tokens = softmax(logits).multinomial(100_000, True, generator=generator)
    measured = perplexity(log_softmax(logits)[tokens])
    assert measured.item() == pytest.approx(
        2 ** entropy(softmax(logits)).item(), rel=0.02
    )


def test_an_impossible_token_makes_perplexity_infinite():
    assert perplexity([-1.0, -math.inf]).item() == math.inf


@pytest.mark.parametrize(
    "log_probs", [[math.nan], [], [[-1.0], [math.nan]], [0.5], None]
)
def test_perplexity_refuses_empty_rows_and_positive_log_probs(log_probs):
    with pytest.raises(ValueError, match="token_log_probs"):
        perplexity(log_probs)
