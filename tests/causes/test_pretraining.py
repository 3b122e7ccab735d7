"""Sharpness, the two losses that flatten, and where training with them ends."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.pretraining import (
    entropy_regularised_loss,
    entropy_regularised_optimum,
    flatten_to_loss,
    label_smoothing_loss,
    label_smoothing_optimum,
    match_loss,
    sharpness,
)
from course_utils.foundations.entropy import cross_entropy, entropy
from course_utils.foundations.softmax import softmax

logit_rows = st.lists(st.floats(-8, 8), min_size=2, max_size=30, unique=True)
weights = st.floats(0.02, 20)
ZIPF = torch.tensor([1 / r for r in range(1, 25)]).double()
ZIPF /= ZIPF.sum()


def distribution(row):
    return softmax(torch.tensor(row, dtype=torch.float64))


# --- sharpness


@given(logit_rows, st.floats(-1, 2))
def test_sharpness_of_a_power_of_the_truth_is_the_exponent(row, exponent):
    logits = torch.tensor(row, dtype=torch.float64)
    if logits.max() - logits.min() > 0.1:
        shares = (exponent * logits).softmax(-1)
        found = sharpness(shares, logits.softmax(-1)).item()
        assert found == pytest.approx(exponent, abs=1e-3)


def test_sharpness_is_one_over_the_temperature():
    for temperature in (0.5, 1.0, 2.0):
        shares = softmax(ZIPF.log(), temperature)
        assert sharpness(shares, ZIPF).item() == pytest.approx(1 / temperature)


def test_perfect_samples_have_a_sharpness_near_one():
    draws = torch.multinomial(
        ZIPF, 20_000, True, generator=torch.Generator().manual_seed(0)
    )
    shares = torch.bincount(draws, minlength=24) / 20_000
    assert sharpness(shares, ZIPF).item() == pytest.approx(1, abs=0.05)


def test_only_the_commonest_or_only_the_rarest_is_infinitely_sharp_or_flat():
    truth = [0.4, 0.4, 0.1, 0.1, 0.0]
    assert sharpness([0.7, 0.3, 0.0, 0.0, 0.0], truth).item() == math.inf
    assert sharpness([0.0, 0.0, 0.0, 1.0, 0.0], truth).item() == -math.inf
    assert sharpness([0.4, 0.4, 0.1, 0.1, 0.0], truth).item() == pytest.approx(1)


def test_sharpness_goes_row_by_row_and_broadcasts():
    shares = torch.stack([ZIPF, softmax(ZIPF.log(), 0.5)])
    torch.testing.assert_close(
        sharpness(shares, ZIPF), torch.tensor([1.0, 2.0]).double()
    )


@pytest.mark.parametrize(
    ("shares", "truth", "message"),
    [
        ([0.5, 0.5], [1.0, 0.0], "shares has values that have probability 0"),
        ([0.5, 0.5], [0.5, 0.5], "truth must have values of different probability"),
        ([1.0, 0.0], [1.0, 0.0], "truth must have values of different probability"),
        ([0.5, 0.4], [0.7, 0.3], "shares must sum to 1"),
        ([0.5, 0.5], [0.7, 0.4], "truth must sum to 1"),
    ],
)
def test_sharpness_refuses_what_has_none(shares, truth, message):
    with pytest.raises(ValueError, match=message):
        sharpness(shares, truth)


# --- the losses


@given(logit_rows, st.floats(0, 3), st.data())
def test_entropy_regularised_loss_is_cross_entropy_minus_entropy(row, weight, data):
    target = data.draw(st.integers(0, len(row) - 1))
    probs = distribution(row)
    loss = entropy_regularised_loss(
        torch.tensor([row], dtype=torch.float64), torch.tensor([target]), weight
    )
    expected = -probs[target].log() - weight * entropy(probs, math.e)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-9)


@pytest.mark.parametrize("amount", [0.0, 0.1, 0.9])
def test_label_smoothing_loss_is_that_of_torch(amount):
    logits, targets = torch.randn(4, 7, 11), torch.randint(11, (4, 7))
    expected = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), label_smoothing=amount
    )
    torch.testing.assert_close(label_smoothing_loss(logits, targets, amount), expected)


@pytest.mark.parametrize("loss", [entropy_regularised_loss, label_smoothing_loss])
def test_strength_zero_is_plain_cross_entropy(loss):
    logits, targets = torch.randn(5, 9), torch.randint(9, (5,))
    expected = torch.nn.functional.cross_entropy(logits, targets)
    torch.testing.assert_close(loss(logits, targets, 0), expected)


def test_ruled_out_tokens_leave_loss_and_gradient_finite():
    logits = torch.tensor([[1.0, 2.0, -math.inf]], requires_grad=True)
    loss = entropy_regularised_loss(logits, torch.tensor([0]), 0.5)
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()
    plain = label_smoothing_loss(logits, torch.tensor([0]), 0)
    assert plain.isfinite()


def test_gradient_of_the_entropy_term_flattens():
    logits = torch.tensor([[2.0, 0.0, -3.0]], requires_grad=True)
    target = torch.tensor([0])
    entropy_regularised_loss(logits, target, 1.0).backward()
    regularised = logits.grad.clone()
    logits.grad = None
    entropy_regularised_loss(logits, target, 0.0).backward()
    assert regularised[0, 0] > logits.grad[0, 0]  # descent raises the top less


@pytest.mark.parametrize("loss", [entropy_regularised_loss, label_smoothing_loss])
@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (torch.tensor([0, 3]), "targets must lie in 0 ... 2"),
        (torch.tensor([0, -1]), "targets must lie in 0 ... 2"),
        (torch.tensor([0]), "targets must be token ids of shape"),
        (torch.tensor([0.0, 1.0]), "targets must be token ids of shape"),
        (torch.tensor([True, False]), "targets must be token ids of shape"),
    ],
)
def test_losses_refuse_targets_that_do_not_fit(loss, targets, message):
    with pytest.raises(ValueError, match=message):
        loss(torch.randn(2, 3), targets, 0.1)


def test_losses_refuse_an_empty_batch():
    with pytest.raises(ValueError, match="targets is empty"):
        entropy_regularised_loss(torch.zeros(0, 3), torch.zeros(0).long(), 0.1)


@pytest.mark.parametrize("strength", [-0.1, math.nan, math.inf, "1", None, True])
def test_bad_strengths_are_refused_by_name(strength):
    logits, targets = torch.zeros(1, 3), torch.tensor([0])
    with pytest.raises(ValueError, match="weight"):
        entropy_regularised_loss(logits, targets, strength)
    with pytest.raises(ValueError, match="weight"):
        entropy_regularised_optimum(ZIPF, strength)
    with pytest.raises(ValueError, match="amount"):
        label_smoothing_loss(logits, targets, strength)
    with pytest.raises(ValueError, match="amount"):
        label_smoothing_optimum(ZIPF, strength)


# --- their optima


def loss_of(q, truth, weight):
    return cross_entropy(truth, q, math.e) - weight * entropy(q, math.e)


@given(logit_rows, weights)
def test_the_optimum_meets_its_condition(row, weight):
    truth = distribution(row)
    q = entropy_regularised_optimum(truth, weight)
    h = entropy(q, math.e)
    torch.testing.assert_close(truth, q * (1 + weight * (q.log() + h)))


@given(logit_rows, weights, st.integers(0, 2**32))
def test_no_distribution_near_the_optimum_has_a_lower_loss(row, weight, seed):
    truth = distribution(row)
    q = entropy_regularised_optimum(truth, weight)
    noise = torch.randn(len(row), generator=torch.Generator().manual_seed(seed))
    other = softmax(q.log() + 0.1 * noise.double())
    assert loss_of(q, truth, weight) <= loss_of(other, truth, weight) + 1e-9


def test_gradient_descent_ends_at_the_optimum():
    truth = torch.cat([ZIPF, torch.zeros(40)])
    logits = torch.zeros(64, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=500, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        q = logits.softmax(-1)
        loss = loss_of(q, truth, 0.2)
        loss.backward()
        return loss

    optimizer.step(closure)
    expected = entropy_regularised_optimum(truth, 0.2)
    torch.testing.assert_close(logits.softmax(-1).detach(), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("weight", [0.03, 0.1, 0.3, 1.0, 100.0])
@pytest.mark.parametrize("junk", [1, 1500, 50_000])
def test_the_floor_under_impossible_tokens(weight, junk):
    truth = torch.cat([ZIPF, torch.zeros(junk).double()])
    q = entropy_regularised_optimum(truth, weight)
    floor = math.exp(-1 / weight - entropy(q, math.e).item())
    torch.testing.assert_close(q[24:], torch.full((junk,), floor).double())
    assert q.sum().item() == pytest.approx(1)


def test_small_weights_act_like_a_temperature():
    for weight in (0.01, 0.03):
        q = entropy_regularised_optimum(ZIPF, weight)
        tempered = softmax(ZIPF.log(), 1 / (1 - weight))
        assert (q - tempered).abs().max() < weight**2 / 2


def test_the_optimum_flattens_more_and_more_towards_uniform():
    entropies = [
        entropy(entropy_regularised_optimum(ZIPF, w)).item()
        for w in (0, 1e-9, 1e-4, 0.01, 0.1, 1, 10, 1e4)
    ]
    assert entropies == sorted(entropies)
    assert entropies[-1] == pytest.approx(math.log2(24), abs=1e-4)


def test_certainty_stays_certain_only_without_a_weight():
    certain = torch.tensor([0.0, 1.0, 0.0])
    assert entropy_regularised_optimum(certain, 0).tolist() == [0, 1, 0]
    assert (entropy_regularised_optimum(certain, 0.5) > 0).all()
    assert entropy_regularised_optimum([1.0], 0.5).tolist() == [1.0]


def test_optima_go_row_by_row_in_double_precision():
    rows = softmax(torch.randn(2, 3, 7)).half().float()
    rows /= rows.sum(-1, keepdim=True)
    for optimum in (entropy_regularised_optimum, label_smoothing_optimum):
        q = optimum(rows, 0.3)
        assert q.dtype == torch.float64
        torch.testing.assert_close(q[1, 2], optimum(rows[1, 2], 0.3))


def test_label_smoothing_puts_its_amount_on_all_tokens_alike():
    truth = torch.cat([ZIPF, torch.zeros(76)])
    q = label_smoothing_optimum(truth, 0.1)
    assert q[24:].sum().item() == pytest.approx(0.1 * 76 / 100)
    assert torch.equal(label_smoothing_optimum(truth, 0), truth)


# --- matching


def test_matched_strengths_have_the_same_loss():
    truth = torch.cat([ZIPF, torch.zeros(200)])

    def loss_at(weight):
        return cross_entropy(truth, entropy_regularised_optimum(truth, weight)).item()

    found = match_loss(loss_at, loss_at(0.123), 0, 1)
    assert found == pytest.approx(0.123, abs=1e-6)


def test_a_loss_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="target is 7"):
        match_loss(lambda x: x, 7, 0, 1)
    with pytest.raises(ValueError, match="target is nan"):
        match_loss(lambda x: x, math.nan, 0, 1)


def test_the_ends_can_be_met():
    assert match_loss(lambda x: x, 0, 0, 1) == pytest.approx(0, abs=1e-9)
    assert match_loss(lambda x: x, 1, 0, 1) == pytest.approx(1)


def test_rivals_are_brought_to_the_same_loss():
    rows = torch.stack([ZIPF, ZIPF.flip(0)])
    loss = cross_entropy(ZIPF, entropy_regularised_optimum(ZIPF, 0.2), math.e).item()
    amount, smoothed = flatten_to_loss(label_smoothing_optimum, rows, loss, 0, 0.9)
    assert 0 < amount < 0.9 and smoothed.shape == rows.shape
    found = cross_entropy(rows, smoothed, math.e).mean().item()
    assert found == pytest.approx(loss, abs=1e-9)


def test_no_flattening_costs_no_more_than_the_entropy():
    loss = entropy(ZIPF, math.e).item()
    amount, smoothed = flatten_to_loss(label_smoothing_optimum, ZIPF, loss, 0, 0.9)
    assert amount < 1e-4
    torch.testing.assert_close(smoothed, ZIPF, atol=1e-4, rtol=0)
