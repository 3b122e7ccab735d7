"""Unusual but right answers to notebook 04's exercises pass; near misses don't."""

import math

import pytest
import torch

from course_utils import entropy
from tests.judging import judge_at

# --- effective_modes


def judge_modes(answer):
    return judge_at("causes.forms.effective_modes", answer)


def in_bits(shares):
    total = shares.sum(-1, keepdim=True)
    probs = torch.where(total > 0, shares / total.clamp_min(1e-12), 1.0)
    probs = probs / probs.sum(-1, keepdim=True)
    return torch.where(total[..., 0] > 0, 2 ** entropy(probs), 0.0)


def as_a_product(shares):
    shares = shares.double()
    total = shares.sum(-1, keepdim=True)
    probs = shares / torch.where(total > 0, total, 1.0)
    return (probs**-probs).prod(-1) * (total[..., 0] > 0)


def row_by_row(shares):
    def one(row):
        kept = [p for p in row if p > 0]
        return math.exp(-sum(p / sum(kept) * math.log(p / sum(kept)) for p in kept))

    rows = shares.reshape(-1, shares.shape[-1]).tolist()
    numbers = [one(row) if sum(row) else 0.0 for row in rows]
    return torch.tensor(numbers).reshape(shares.shape[:-1])


def by_torchs_own(shares):
    total = shares.sum(dim=-1)
    probs = (shares / total[..., None]).nan_to_num()
    return torch.special.entr(probs).sum(-1).exp() * (total > 0)


@pytest.mark.parametrize("answer", [in_bits, as_a_product, row_by_row, by_torchs_own])
def test_effective_modes_may_be_written_in_many_ways(answer):
    assert judge_modes(answer).passed


@pytest.mark.parametrize("small", [1e-3, 1e-5])
def test_a_small_number_in_the_logarithm_is_not_exact(small):
    def answer(shares):
        probs = (shares + small) / (shares + small).sum(-1, keepdim=True)
        entropies = -(probs * probs.log()).sum(-1)
        return torch.where(shares.sum(-1) > 0, entropies.exp(), 0.0)

    assert judge_modes(answer).state == "wrong"


def test_a_row_may_not_be_taken_for_the_batch():
    verdict = judge_modes(lambda shares: torch.special.entr(shares).sum().exp())
    assert verdict.state == "wrong"


# --- minibatch_std


def judge_std(answer):
    return judge_at("causes.forms.gan.minibatch_std", answer)


def with_a_number_under_the_root(features):
    variance = ((features - features.mean(0)) ** 2).mean(0)
    spread = (variance + 1e-8).sqrt().mean()
    return torch.cat([features, spread.repeat(len(features), 1)], dim=1)


def feature_by_feature(features):
    spreads = [torch.std(column, correction=0) for column in features.T]
    number = sum(spreads) / len(spreads)
    return torch.hstack([features, number * torch.ones(len(features), 1)])


def in_double_precision(features):
    spread = features.double().std(dim=0, unbiased=False).mean()
    rows = [torch.cat([row, spread.reshape(1)]) for row in features.double()]
    return torch.stack(rows)


@pytest.mark.parametrize(
    "answer", [with_a_number_under_the_root, feature_by_feature, in_double_precision]
)
def test_minibatch_std_may_be_written_in_many_ways(answer):
    assert judge_std(answer).passed


def test_a_number_taken_out_of_the_graph_is_told_so():
    def answer(features):
        number = features.std(dim=0, correction=0).mean().item()
        return torch.cat([features, torch.full((len(features), 1), number)], dim=1)

    assert "No gradient flows" in judge_std(answer).diagnosis


def test_mean_absolute_deviation_is_no_standard_deviation():
    def answer(features):
        spread = (features - features.mean(0)).abs().mean()
        return torch.cat([features, spread.expand(len(features), 1)], dim=1)

    assert judge_std(answer).state == "wrong"


# --- policy_gradient


def judge_gradient(answer):
    return judge_at("causes.forms.policies.policy_gradient", answer)


def by_autograd(logits, actions, rewards, bonus=0.0):
    logits = logits.clone().requires_grad_()
    log_probs = logits.log_softmax(-1)[actions]
    credit = (rewards - bonus * log_probs).detach()
    ((credit - credit.mean()) * log_probs).mean().backward()
    return logits.grad


def action_by_action(logits, actions, rewards, bonus=0.0):
    log_probs = logits.double().log_softmax(-1)
    credits = [r - bonus * log_probs[a] for a, r in zip(actions, rewards, strict=True)]
    baseline = sum(credits) / len(credits)
    total = torch.zeros_like(log_probs)
    for action, credit in zip(actions, credits, strict=True):
        pull = -log_probs.exp()
        pull[action] += 1
        total += (credit - baseline) * pull
    return total / len(credits)


def without_the_policy(logits, actions, rewards, bonus=0.0):
    """Right as well: credits less their mean sum to 0, so the policy cancels."""
    credit = rewards - bonus * logits.log_softmax(-1)[actions]
    credit = (credit - credit.mean()) / len(credit)
    return torch.zeros_like(logits).index_add(0, actions, credit)


def with_bare_logits(logits, actions, rewards, bonus=0.0):
    """Right as well: what log-softmax subtracts is the same for all actions."""
    credit = rewards - bonus * logits[actions]
    return without_the_policy(logits, actions, credit)


@pytest.mark.parametrize(
    "answer", [by_autograd, action_by_action, without_the_policy, with_bare_logits]
)
def test_policy_gradient_may_be_written_in_many_ways(answer):
    assert judge_gradient(answer).passed


def test_the_log_of_an_underflown_probability_fails():
    def answer(logits, actions, rewards, bonus=0.0):
        probs = logits.softmax(-1)
        credit = rewards - bonus * probs[actions].log()
        one_hot = torch.nn.functional.one_hot(actions, len(logits))
        return ((credit - credit.mean())[:, None] * (one_hot - probs)).mean(0)

    assert judge_gradient(answer).state == "wrong"


def test_leaving_the_own_credit_out_of_the_baseline_fails():
    def answer(logits, actions, rewards, bonus=0.0):
        return by_autograd(logits, actions, rewards, bonus) * len(actions) / 2

    assert judge_gradient(answer).state == "wrong"
