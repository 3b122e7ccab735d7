"""Unusual but right answers to notebook 06's exercises pass; near misses are named."""

import pytest
import torch

from course_utils.causes.reward import leave_one_out_advantages
from tests.judging import judge_at

# --- regularised_optimum


def test_the_optimum_by_logsumexp_passes():
    def answer(ref_probs, rewards, beta):
        logits = ref_probs.log() + rewards / beta
        return (logits - logits.logsumexp(dim=-1, keepdim=True)).exp()

    assert judge_at("causes.reward.regularised_optimum", answer).passed


def test_the_optimum_row_by_row_in_double_precision_passes():
    def answer(ref_probs, rewards, beta):
        if ref_probs.ndim > 1:
            pairs = zip(ref_probs, rewards, strict=True)
            return torch.stack([answer(p, r, beta) for p, r in pairs])
        logits = ref_probs.double().log() + rewards.double() / beta
        weights = (logits - logits.max()).exp()
        return weights / weights.sum()

    assert judge_at("causes.reward.regularised_optimum", answer).passed


def test_the_optimum_shifted_by_the_best_of_the_possible_passes():
    def answer(ref_probs, rewards, beta):
        possible = torch.where(ref_probs > 0, rewards, -torch.inf)
        best = possible.max(dim=-1, keepdim=True).values
        weights = ref_probs * ((possible - best) / beta).exp()
        return weights / weights.sum(dim=-1, keepdim=True)

    assert judge_at("causes.reward.regularised_optimum", answer).passed


@pytest.mark.parametrize("little", [1e-8, 1e-10, 1e-20])
def test_a_little_added_to_the_reference_is_named(little):
    def answer(ref_probs, rewards, beta):
        return torch.softmax((ref_probs + little).log() + rewards / beta, dim=-1)

    assert (
        "You add a little"
        in judge_at("causes.reward.regularised_optimum", answer).diagnosis
    )


# --- leave_one_out_advantages


def test_advantages_by_a_loop_pass():
    def answer(rewards):
        others = [
            torch.cat([rewards[:i], rewards[i + 1 :]]) for i in range(len(rewards))
        ]
        pairs = zip(rewards, others, strict=True)
        return torch.stack([reward - other.mean() for reward, other in pairs])

    assert judge_at("causes.reward.leave_one_out_advantages", answer).passed


def test_advantages_by_a_matrix_in_double_precision_pass():
    def answer(rewards):
        n = len(rewards)
        others = (torch.ones(n, n) - torch.eye(n)).double() / (n - 1)
        return rewards.double() - others @ rewards.double()

    assert judge_at("causes.reward.leave_one_out_advantages", answer).passed


def test_the_median_as_a_baseline_is_named():
    verdict = judge_at(
        "causes.reward.leave_one_out_advantages",
        lambda rewards: rewards - rewards.median(),
    )
    assert "median" in verdict.diagnosis


# --- policy_gradient_loss


def test_the_loss_by_a_loop_over_texts_passes():
    def answer(token_log_probs, rewards):
        advantages = leave_one_out_advantages(rewards)
        total = 0
        for row, advantage in zip(token_log_probs, advantages, strict=True):
            total = total - advantage * row[~row.isnan()].sum()
        return total / len(rewards)

    assert judge_at("causes.reward.policy_gradient_loss", answer).passed


def test_the_loss_as_a_dot_product_passes():
    def answer(token_log_probs, rewards):
        texts = torch.where(token_log_probs.isnan(), 0.0, token_log_probs).sum(dim=1)
        return -leave_one_out_advantages(rewards) @ texts / len(rewards)

    assert judge_at("causes.reward.policy_gradient_loss", answer).passed


def test_a_loss_without_gradient_is_named():
    def answer(token_log_probs, rewards):
        texts = token_log_probs.nansum(dim=-1)
        return torch.tensor(-(leave_one_out_advantages(rewards) * texts).mean().item())

    assert (
        "no gradient"
        in judge_at("causes.reward.policy_gradient_loss", answer).diagnosis
    )


# --- clipped_loss


def test_the_clipped_loss_token_by_token_passes():
    def answer(token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28):
        total = 0
        rows = zip(token_log_probs, old_token_log_probs, advantages, strict=True)
        for new_row, old_row, advantage in rows:
            for new, old in zip(new_row, old_row, strict=True):
                if not new.isnan():
                    ratio = (new - old).exp()
                    clipped = ratio.clamp(1 - low, 1 + high)
                    total = total - min(ratio * advantage, clipped * advantage)
        return total / len(advantages)

    assert judge_at("causes.reward.clipped_loss", answer).passed


def test_the_larger_of_two_losses_passes():
    def answer(token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28):
        is_token = ~token_log_probs.isnan()
        change = (token_log_probs - old_token_log_probs).masked_fill(~is_token, 0)
        cost = -advantages[:, None] * change.exp()
        clipped = -advantages[:, None] * change.exp().clip(1 - low, 1 + high)
        return (torch.max(cost, clipped) * is_token).sum(dim=1).mean()

    assert judge_at("causes.reward.clipped_loss", answer).passed


def test_one_bound_for_each_sign_passes():
    def answer(token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28):
        ratio = token_log_probs.exp() / old_token_log_probs.exp()
        a = advantages.unsqueeze(1)
        gain = torch.where(a >= 0, ratio.clamp(max=1 + high), ratio.clamp(min=1 - low))
        return -(gain * a).nansum() / len(advantages)

    assert judge_at("causes.reward.clipped_loss", answer).passed
