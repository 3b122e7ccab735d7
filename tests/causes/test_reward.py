"""The optimum under a leash, and the gradients that are to lead there."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.reward import (
    clipped_loss,
    exchange_intervals,
    fit_exchange,
    least_kl,
    leave_one_out_advantages,
    policy_gradient_loss,
    regularised_optimum,
    sharpen,
)
from course_utils.foundations.entropy import entropy, kl_divergence
from course_utils.foundations.softmax import softmax

weights = st.lists(st.floats(0.01, 1), min_size=2, max_size=8)
betas = st.floats(0.05, 20)


def distribution(weights):
    probs = torch.tensor(weights, dtype=torch.float64)
    return probs / probs.sum()


@st.composite
def choices(draw):
    """A reference, rewards and some other distribution over the same outcomes."""
    n = draw(st.integers(2, 8))
    lists = st.lists(st.floats(0.01, 1), min_size=n, max_size=n)
    rewards = draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n))
    ref, other = distribution(draw(lists)), distribution(draw(lists))
    return ref, torch.tensor(rewards, dtype=torch.float64), other


# --- the optimum


@given(choices(), betas)
def test_nothing_beats_the_regularised_optimum(choice, beta):
    ref, rewards, other = choice

    def objective(probs):
        return (probs * rewards).sum() - beta * kl_divergence(probs, ref, math.e)

    best = regularised_optimum(ref, rewards, beta)
    assert objective(best) >= objective(other) - 1e-9


@given(choices(), betas)
def test_equal_rewards_keep_their_odds(choice, beta):
    ref, rewards, _ = choice
    rewards[1] = rewards[0]
    best = regularised_optimum(ref, rewards, beta)
    assert (best[0] / best[1]).item() == pytest.approx((ref[0] / ref[1]).item())


@given(choices(), betas, st.floats(-1e3, 1e3))
def test_a_shift_of_all_rewards_changes_nothing(choice, beta, shift):
    ref, rewards, _ = choice
    torch.testing.assert_close(
        regularised_optimum(ref, rewards + shift, beta),
        regularised_optimum(ref, rewards, beta),
        rtol=1e-6,
        atol=1e-9,
    )


@given(choices())
def test_a_strong_leash_gives_the_reference_and_none_the_best(choice):
    ref, rewards, _ = choice
    torch.testing.assert_close(regularised_optimum(ref, rewards, 1e12), ref)
    is_best = (rewards == rewards.max()).double()
    expected = ref * is_best / (ref * is_best).sum()
    torch.testing.assert_close(regularised_optimum(ref, rewards, 0), expected)


@given(weights, betas, st.floats(0, 5))
def test_a_taste_for_the_familiar_sharpens(weights, beta, alpha):
    ref = distribution(weights)
    torch.testing.assert_close(
        regularised_optimum(ref, alpha * ref.log(), beta),
        sharpen(ref, 1 + alpha / beta),
    )


@given(weights, st.floats(0.1, 20))
def test_sharpening_is_a_temperature_over_whole_outcomes(weights, power):
    probs = distribution(weights)
    torch.testing.assert_close(sharpen(probs, power), softmax(probs.log(), 1 / power))


@given(weights, st.floats(1, 10), st.floats(0, 5))
def test_entropy_never_rises_with_sharpening(weights, power, more):
    probs = distribution(weights)
    sharper = entropy(sharpen(probs, power + more))
    assert sharper <= entropy(sharpen(probs, power)) + 1e-9


def test_what_the_reference_never_says_stays_impossible():
    rewards = [1e4, 1.0, 0.0]
    for beta in (0, 1e-300, 0.01, 1):
        best = regularised_optimum([0.0, 0.5, 0.5], rewards, beta)
        assert best[0] == 0
        assert best.sum().item() == pytest.approx(1)


def test_a_forbidden_outcome_gets_nothing():
    best = regularised_optimum([0.2, 0.8], [0.0, -math.inf], 1)
    assert best.tolist() == [1, 0]
    with pytest.raises(ValueError, match="every possible outcome"):
        regularised_optimum([1.0, 0.0], [-math.inf, 0.0], 1)


def test_optimum_and_sharpening_work_row_by_row():
    ref = torch.tensor([[0.5, 0.5], [0.1, 0.9]])
    both = regularised_optimum(ref, [1.0, 0.0], 0.5)
    for row, alone in zip(both, ref, strict=True):
        torch.testing.assert_close(row, regularised_optimum(alone, [1.0, 0.0], 0.5))
    torch.testing.assert_close(sharpen(ref, 2)[1], sharpen(ref[1], 2))


def test_a_high_power_does_not_underflow():
    assert sharpen([0.001] * 1000, 500).tolist() == pytest.approx([0.001] * 1000)
    assert sharpen([0.6, 0.4, 0.0], 1e6).tolist() == [1, 0, 0]


@pytest.mark.parametrize("beta", [-1, math.nan, math.inf, "1", None, True])
def test_a_bad_leash_is_refused_by_name(beta):
    with pytest.raises(ValueError, match="beta"):
        regularised_optimum([0.5, 0.5], [1.0, 0.0], beta)


@pytest.mark.parametrize("rewards", [[1.0], [math.nan, 0.0], [math.inf, 0.0], None])
def test_bad_rewards_are_refused_by_name(rewards):
    with pytest.raises(ValueError, match="rewards"):
        regularised_optimum([0.5, 0.5], rewards, 1)


@pytest.mark.parametrize("power", [0, -1, math.inf, math.nan])
def test_a_bad_power_is_refused_by_name(power):
    with pytest.raises(ValueError, match="power"):
        sharpen([0.5, 0.5], power)


# --- REINFORCE


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=9))
def test_advantages_are_rewards_less_the_mean_of_the_others(rewards):
    expected = [
        r - sum(rewards[:i] + rewards[i + 1 :]) / (len(rewards) - 1)
        for i, r in enumerate(rewards)
    ]
    found = leave_one_out_advantages(torch.tensor(rewards, dtype=torch.float64))
    assert found.tolist() == pytest.approx(expected)
    assert found.sum().item() == pytest.approx(0, abs=1e-9)


def test_one_text_has_no_others():
    with pytest.raises(ValueError, match="at least 2"):
        leave_one_out_advantages([1.0])


def expected_gradient(logits, rewards, texts):
    """The exact mean of the loss's gradient over all batches that could be drawn."""
    total = torch.zeros_like(logits)
    for batch in itertools.product(range(len(logits)), repeat=texts):
        drawn = list(batch)
        leaf = logits.clone().requires_grad_()
        log_probs = leaf.log_softmax(-1)[drawn]
        loss = policy_gradient_loss(log_probs[:, None], rewards[drawn])
        (gradient,) = torch.autograd.grad(loss, leaf)
        total += logits.softmax(-1)[drawn].prod() * gradient
    return total


@pytest.mark.parametrize("texts", [2, 3])
def test_the_policy_gradient_is_unbiased(texts):
    logits = torch.tensor([0.3, -1.0, 0.5], dtype=torch.float64)
    rewards = torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64)
    leaf = logits.clone().requires_grad_()
    exact = -(leaf.softmax(-1) * rewards).sum()
    (gradient,) = torch.autograd.grad(exact, leaf)
    torch.testing.assert_close(expected_gradient(logits, rewards, texts), gradient)


def test_equal_rewards_give_no_gradient():
    log_probs = torch.randn(4, 3).log_softmax(-1).requires_grad_()
    loss = policy_gradient_loss(log_probs, torch.full((4,), 0.7))
    (gradient,) = torch.autograd.grad(loss, log_probs)
    assert gradient.abs().max() < 1e-6


def test_what_stands_after_the_end_counts_for_nothing():
    log_probs = torch.tensor([[-1.0, -2.0], [-0.5, math.nan]], requires_grad=True)
    loss = policy_gradient_loss(log_probs, torch.tensor([1.0, 0.0]))
    assert loss.item() == pytest.approx(-(-3.0 + 0.5) / 2)
    (gradient,) = torch.autograd.grad(loss, log_probs)
    assert gradient.isfinite().all()
    assert gradient[1, 1] == 0


def test_the_reward_is_no_path_for_the_gradient():
    rewards = torch.tensor([1.0, 0.0], requires_grad=True)
    log_probs = torch.tensor([[-1.0], [-2.0]], requires_grad=True)
    policy_gradient_loss(log_probs, rewards).backward()
    assert rewards.grad is None


@pytest.mark.parametrize("rewards", [torch.ones(3), torch.ones(2, 1)])
def test_rewards_must_fit_the_texts(rewards):
    with pytest.raises(ValueError, match="rewards"):
        policy_gradient_loss(torch.zeros(2, 5), rewards)


# --- the clipped ratio


def test_at_ratio_1_the_clipped_gradient_is_that_of_reinforce():
    new = torch.rand(5, 4).log()
    new[2, 3] = math.nan
    rewards = torch.rand(5)
    leaf, twin = new.clone().requires_grad_(), new.clone().requires_grad_()
    policy_gradient_loss(leaf, rewards).backward()
    clipped_loss(twin, new, leave_one_out_advantages(rewards)).backward()
    torch.testing.assert_close(leaf.grad, twin.grad)


@pytest.mark.parametrize(
    ("ratio", "advantage", "moves"),
    [
        (1.3, 1.0, False),  # gained enough
        (1.27, 1.0, True),
        (0.7, 1.0, True),  # fell although it is good: pulled back
        (0.7, -1.0, False),  # lost enough
        (1.3, -1.0, True),  # rose although it is bad: pulled back
    ],
)
def test_where_the_clipped_gradient_ends(ratio, advantage, moves):
    old = torch.tensor([[0.5]]).log()
    new = (old + math.log(ratio)).requires_grad_()
    clipped_loss(new, old, torch.tensor([advantage])).backward()
    assert (new.grad != 0).item() == moves


def test_clip_higher_lets_good_tokens_grow_further():
    old = torch.tensor([[0.01]]).log()
    new = (old + math.log(1.25)).requires_grad_()
    for high, moves in ((0.2, False), (0.28, True)):
        loss = clipped_loss(new, old, torch.tensor([1.0]), 0.2, high)
        assert (torch.autograd.grad(loss, new)[0] != 0).item() == moves


def test_wide_bounds_clip_nothing():
    new, old, advantages = (
        torch.rand(3, 2).log(),
        torch.rand(3, 2).log(),
        torch.randn(3),
    )
    expected = -((new - old).exp() * advantages[:, None]).sum(-1).mean()
    found = clipped_loss(new, old, advantages, 1, 1e6)
    torch.testing.assert_close(found, expected)


def test_bad_bounds_and_shapes_are_refused_by_name():
    two = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="low must lie"):
        clipped_loss(two, two, torch.zeros(2), low=1.5)
    with pytest.raises(ValueError, match="high"):
        clipped_loss(two, two, torch.zeros(2), high=-0.1)
    with pytest.raises(ValueError, match="old_token_log_probs"):
        clipped_loss(two, torch.zeros(2, 4), torch.zeros(2))
    with pytest.raises(ValueError, match="advantages"):
        clipped_loss(two, two, torch.zeros(3))


# --- the price


@given(choices(), st.floats(0.05, 0.95), betas)
def test_no_policy_has_the_reward_for_less_kl(choice, happy, beta):
    ref, _, other = choice
    # Two endings for each outcome, the first is rewarded.
    rewards = torch.tensor([1.0, 0.0], dtype=torch.float64).repeat(len(ref))
    split = torch.tensor([happy, 1 - happy], dtype=torch.float64)
    joint = (ref[:, None] * split).flatten()
    some = (other[:, None] * split.flip(0)).flatten()
    best = regularised_optimum(joint, rewards, beta)
    for policy, slack in ((some, math.inf), (best, 1e-9)):
        paid = kl_divergence(policy, joint, math.e).item()
        least = least_kl((policy * rewards).sum().item(), happy)
        assert least - 1e-9 <= paid <= least + slack


def test_the_least_kl_of_certainty_is_the_surprise():
    assert least_kl(1, 0.25) == pytest.approx(math.log(4))
    assert least_kl(0.25, 0.25) == 0
    assert least_kl(0.5, 0) == math.inf
    assert least_kl(0, 0) == 0


@pytest.mark.parametrize("reward", [-0.1, 1.1, math.nan, None])
def test_least_kl_wants_shares(reward):
    with pytest.raises(ValueError, match="reward"):
        least_kl(reward, 0.5)


# --- the law of exchange


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_fit_finds_a_law_that_holds(a, b):
    entropies = [0.1, 0.2, 0.35, 0.5]
    fit = fit_exchange(entropies, [b - a * math.exp(h) for h in entropies])
    assert (fit.a, fit.b) == (pytest.approx(a, abs=1e-9), pytest.approx(b, abs=1e-9))
    assert fit.reward_at(0.2) == pytest.approx(b - a * math.exp(0.2), abs=1e-9)


def test_fit_says_how_good_it_is():
    assert fit_exchange([0.1, 0.2, 0.3], [0.9, 0.5, 0.1]).r_squared > 0.99
    assert fit_exchange([0.1, 0.2, 0.3, 0.4], [1, 0, 0, 1]).r_squared < 0.1
    assert fit_exchange([0.1, 0.2], [0.5, 0.5]).r_squared == 1


def test_intervals_hold_what_the_runs_say():
    entropies = torch.tensor([[0.1, 0.3, 0.5]] * 5)
    bs = torch.tensor([[2.8], [2.9], [3.0], [3.1], [3.2]])
    runs = entropies, bs - 2 * entropies.exp()
    (low_a, high_a), (low_b, high_b) = exchange_intervals(*runs)
    assert (low_a, high_a) == (pytest.approx(2, 1e-4), pytest.approx(2, 1e-4))
    # The mean of the fitted b is 3, and t for 4 degrees of freedom 2.776.
    error = (bs.std() / 5**0.5).item()
    assert low_b == pytest.approx(3 - 2.776 * error, abs=1e-2)
    assert high_b == pytest.approx(3 + 2.776 * error, abs=1e-2)


@pytest.mark.parametrize(
    ("entropies", "rewards", "match"),
    [
        ([0.1, 0.2], [1.0], "one length"),
        ([0.1, math.nan], [1.0, 0.0], "finite"),
        ([0.1, 0.1], [1.0, 0.0], "two different"),
        ([0.1], [1.0], "two different"),
    ],
)
def test_what_cannot_be_fitted_is_refused(entropies, rewards, match):
    with pytest.raises(ValueError, match=match):
        fit_exchange(entropies, rewards)


@pytest.mark.parametrize("rows", [[[0.1, 0.2]], [0.1, 0.2], [[0.1, 0.2]] * 4])
def test_few_runs_have_no_interval(rows):
    with pytest.raises(ValueError, match="at least 5 runs"):
        exchange_intervals(rows, rows)
