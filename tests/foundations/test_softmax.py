import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.foundations.softmax import gumbel_max, log_softmax, sample, softmax

finite = st.floats(-1e4, 1e4, width=32)
rows = st.lists(finite, min_size=1, max_size=50).map(torch.tensor)
temperatures = st.floats(0.01, 100)


@given(rows, st.floats(0, 100))
def test_softmax_sums_to_one(logits, temperature):
    probs = softmax(logits, temperature)
    assert (probs >= 0).all()
    assert probs.sum().item() == pytest.approx(1, abs=1e-5)


@given(rows, temperatures)
def test_softmax_is_torchs_softmax_of_scaled_logits(logits, temperature):
    expected = (logits.double() / temperature).softmax(dim=-1)
    torch.testing.assert_close(
        softmax(logits.double(), temperature), expected, rtol=1e-9, atol=1e-12
    )


@given(st.lists(st.integers(-100, 100), min_size=1), st.integers(-1000, 1000))
def test_softmax_ignores_a_shift_of_all_logits(logits, shift):
    logits = torch.tensor(logits, dtype=torch.float64)
    torch.testing.assert_close(softmax(logits + shift), softmax(logits))


@given(rows, temperatures)
def test_temperature_never_changes_the_order_of_tokens(logits, temperature):
    probs = softmax(logits, temperature)[logits.argsort()]
    assert (probs.diff() >= 0).all()


@given(rows, temperatures)
def test_log_softmax_is_the_log_of_softmax(logits, temperature):
    logits = logits.double()
    torch.testing.assert_close(
        log_softmax(logits, temperature).exp(), softmax(logits, temperature)
    )


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-45, 1e-300])
def test_zero_temperature_is_the_argmax_and_ties_share_it(temperature):
    logits = torch.tensor([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]])
    expected = torch.tensor([[0, 0.5, 0.5], [1, 0, 0]])
    assert torch.equal(softmax(logits, temperature), expected)
    assert torch.equal(log_softmax(logits, temperature), expected.log())


def test_tiny_temperatures_approach_the_limit_without_nan():
    assert torch.equal(softmax([1.0, 2.0, 2.0], 1e-30), torch.tensor([0, 0.5, 0.5]))


def test_high_temperature_approaches_uniform():
    torch.testing.assert_close(
        softmax([5.0, -5.0, 0.0, 1.0], 1e8), torch.full((4,), 0.25)
    )


def test_softmax_does_not_overflow():
    assert softmax([1e38, -1e38, 1e38]).tolist() == [0.5, 0, 0.5]
    assert softmax(torch.tensor([3e38, -3e38])).tolist() == [1, 0]


def test_minus_infinity_means_impossible():
    logits = torch.tensor([[0.0, -math.inf], [-math.inf, -7.0]])
    for temperature in (0, 0.5, 2):
        assert torch.equal(softmax(logits, temperature), torch.eye(2))


@pytest.mark.parametrize("shape", [(1,), (4, 7), (2, 3, 5), (0, 5)])
def test_softmax_takes_any_leading_shape(shape):
    logits = torch.randn(shape)
    torch.testing.assert_close(softmax(logits), logits.softmax(dim=-1))


def test_rows_do_not_influence_each_other():
    logits = torch.randn(5, 9)
    for temperature in (0, 0.7):
        together = softmax(logits, temperature)
        for row, alone in zip(together, logits, strict=True):
            assert torch.equal(row, softmax(alone, temperature))


def test_softmax_keeps_the_dtype_and_the_gradient():
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        assert softmax(torch.zeros(3, dtype=dtype)).dtype == dtype
    logits = torch.tensor([1.0, 2.0, -math.inf], requires_grad=True)
    softmax(logits, 0.5)[0].backward()
    assert torch.isfinite(logits.grad).all()


def test_softmax_leaves_its_argument_alone():
    logits = torch.randn(3, 4)
    before = logits.clone()
    softmax(logits, 0.5), softmax(logits, 0), log_softmax(logits), gumbel_max(logits)
    assert torch.equal(logits, before)


def test_lists_whole_numbers_and_arrays_become_float32():
    expected = torch.tensor([2.0, 1.0, 0.0]).softmax(dim=-1)
    for logits in ([2, 1, 0], torch.tensor([2, 1, 0]), np.float32([2, 1, 0])):
        torch.testing.assert_close(softmax(logits), expected)


@pytest.mark.parametrize(
    "logits",
    [
        [1.0, math.nan],
        [1.0, math.inf],
        [-math.inf, -math.inf],
        [[0.0, 1.0], [math.nan, 0.0]],
        [],
        torch.empty(3, 0),
        3.0,
        "logits",
        None,
        [[1.0], [1.0, 2.0]],
        [True, False],
        torch.tensor([1j]),
    ],
)
def test_bad_logits_are_refused_by_name(logits):
    for function in (softmax, log_softmax, gumbel_max):
        with pytest.raises(ValueError, match="logits"):
            function(logits)


@pytest.mark.parametrize(
    "temperature", [-1, -1e-9, math.nan, math.inf, "1", None, True]
)
def test_bad_temperatures_are_refused_by_name(temperature):
    for function in (softmax, log_softmax, gumbel_max):
        with pytest.raises(ValueError, match="temperature"):
            function([1.0, 2.0], temperature)


def chi_square(drawn, probs):
    """Pearson's statistic over the degrees of freedom: near 1 if all is well."""
    counts = torch.bincount(drawn, minlength=len(probs)).double()
    expected = probs.double() * len(drawn)
    possible = expected > 0
    assert (counts[~possible] == 0).all()
    misfit = (counts - expected)[possible] ** 2 / expected[possible]
    return (misfit.sum() / (possible.sum() - 1)).item()


def test_samples_match_the_probabilities():
    logits = torch.randn(20, generator=torch.Generator().manual_seed(1))
    logits[3] = -math.inf
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        probs = softmax(logits, 0.8)
        drawn = sample(probs, 50_000, generator)
        raced = gumbel_max(logits.expand(50_000, -1), 0.8, generator)
        assert chi_square(drawn, probs) < 2.5
        assert chi_square(raced, probs) < 2.5


def test_sample_gives_one_column_per_draw():
    probs = torch.full((4, 3, 5), 0.2)
    assert sample(probs).shape == (4, 3, 1)
    assert sample(probs, 7).shape == (4, 3, 7)
    assert sample([1.0]).tolist() == [0]


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-53, 1.0])
def test_sample_never_returns_an_impossible_token(monkeypatch, uniform):
    monkeypatch.setattr(
        torch, "rand", lambda shape, **kw: torch.full(shape, uniform, dtype=kw["dtype"])
    )
    assert sample([0.0, 0.5, 0.0, 0.49999, 0.0]).item() in (1, 3)
    assert sample([0.0, 1.0, 0.0]).item() == 1


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_gumbel_max_never_returns_an_impossible_token(monkeypatch, uniform):
    monkeypatch.setattr(
        torch, "rand", lambda shape, **kw: torch.full(shape, uniform, dtype=kw["dtype"])
    )
    assert gumbel_max([-math.inf, 0.0, -math.inf]).item() == 1


def test_sampling_is_deterministic_in_the_generator():
    probs = softmax(torch.randn(3, 100))
    first, second = (
        sample(probs, 9, torch.Generator().manual_seed(4)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, sample(probs, 9, torch.Generator().manual_seed(5)))


def test_gumbel_max_at_zero_temperature_draws_lots_between_ties():
    drawn = gumbel_max(torch.tensor([1.0, 1.0, 0.0]).expand(200, -1), 0)
    assert set(drawn.tolist()) == {0, 1}


@pytest.mark.parametrize("probs", [[0.5, 0.6], [1.5, -0.5], [math.nan, 1.0], [], 1.0])
def test_sample_refuses_what_is_no_distribution(probs):
    with pytest.raises(ValueError, match="probs"):
        sample(probs)


@pytest.mark.parametrize("num_samples", [0, -1, 1.0, True, None])
def test_sample_refuses_bad_counts(num_samples):
    with pytest.raises(ValueError, match="num_samples"):
        sample([1.0], num_samples)


def test_a_bare_seed_is_no_generator():
    for function in (sample, gumbel_max):
        with pytest.raises(ValueError, match="generator"):
            function([0.5, 0.5], generator=3)


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probs = softmax(torch.randn(2, 3).T)
        sample(probs, 3)
