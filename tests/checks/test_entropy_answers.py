"""Answers to notebook 03 that are right in an unusual way, or nearly right."""

import math

import pytest
import torch

from tests.judging import judge_at

# --- entropy


def row_by_row(probs, base=2):
    flat = probs.reshape(-1, probs.shape[-1])
    sums = [-sum(p * math.log(p, base) for p in row.tolist() if p) for row in flat]
    return torch.tensor(sums, dtype=torch.float64).reshape(probs.shape[:-1])


def with_a_small_number(probs, base=2):
    return -(probs * torch.log(probs + 1e-10)).sum(dim=-1) / math.log(base)


def by_torch(probs, base=2):
    return torch.distributions.Categorical(probs).entropy() / math.log(base)


def by_special_function(probs, base=2):
    return torch.special.entr(probs).sum(dim=-1) / math.log(base)


@pytest.mark.parametrize(
    "answer", [row_by_row, with_a_small_number, by_torch, by_special_function]
)
def test_entropy_in_other_ways_passes(answer):
    assert judge_at("foundations.entropy.entropy", answer).passed


def test_entropy_that_drops_zeros_of_the_whole_batch_is_told_so():
    def answer(probs, base=2):
        possible = probs[probs > 0]
        return -(possible * possible.log()).sum() / math.log(base)

    verdict = judge_at("foundations.entropy.entropy", answer)
    assert "over the whole batch" in verdict.diagnosis


def test_entropy_in_log2_alone_is_told_about_the_base():
    def answer(probs, base=2):
        return -torch.nansum(probs * probs.log2(), dim=-1)

    verdict = judge_at("foundations.entropy.entropy", answer)
    assert "whatever `base` says" in verdict.diagnosis


# --- kl_divergence


def cross_minus_own(p, q, base=2):
    cross = -torch.xlogy(p, q).sum(dim=-1)
    own = -torch.xlogy(p, p).sum(dim=-1)
    return (cross - own) / math.log(base)


def by_torch_kl(p, q, base=2):
    parts = torch.nn.functional.kl_div(q.log(), p, reduction="none")
    return parts.nan_to_num(nan=0.0, posinf=math.inf).sum(-1) / math.log(base)


def with_where(p, q, base=2):
    p, q = p.double(), q.double()
    ratio = torch.where(p > 0, p / q, torch.ones_like(p))
    return (p * ratio.log()).sum(dim=-1) / math.log(base)


@pytest.mark.parametrize("answer", [cross_minus_own, by_torch_kl, with_where])
def test_kl_divergence_in_other_ways_passes(answer):
    assert judge_at("foundations.entropy.kl_divergence", answer).passed


def test_a_small_number_in_q_is_no_excuse():
    def answer(p, q, base=2):
        logs = torch.xlogy(p, p) - p * (q + 1e-12).log()
        return logs.sum(dim=-1) / math.log(base)

    assert judge_at("foundations.entropy.kl_divergence", answer).state == "wrong"


# --- entropy_slope


def varentropy(logits, temperature=1.0, base=2):
    log_probs = torch.log_softmax(logits / temperature, dim=-1)
    probs = log_probs.exp()
    surprise = -log_probs.masked_fill(probs == 0, 0.0)
    mean = (probs * surprise).sum(dim=-1, keepdim=True)
    spread = (probs * (surprise - mean) ** 2).sum(dim=-1)
    return spread / temperature / math.log(base)


def by_finite_differences(logits, temperature=1.0, base=2):
    def entropy(at):
        probs = torch.softmax(logits.double() / at, dim=-1)
        return torch.special.entr(probs).sum(dim=-1)

    rise = entropy(temperature + 1e-4) - entropy(temperature - 1e-4)
    return rise / 2e-4 / math.log(base)


def square_of_mean(logits, temperature=1.0, base=2):
    probs = torch.softmax(logits / temperature, dim=-1)
    z = torch.where(probs > 0, logits, torch.zeros_like(logits))
    variance = (probs * z**2).sum(-1) - (probs * z).sum(-1) ** 2
    return variance / temperature**3 / math.log(base)


@pytest.mark.parametrize("answer", [varentropy, by_finite_differences])
def test_entropy_slope_in_other_ways_passes(answer):
    assert judge_at("foundations.entropy.entropy_slope", answer).passed


def test_entropy_slope_by_the_shifting_theorem_passes_up_to_rounding():
    def answer(logits, temperature=1.0, base=2):
        return square_of_mean(logits.double(), temperature, base)

    assert judge_at("foundations.entropy.entropy_slope", answer).passed


# --- mean_pairwise_cosine


def pair_by_pair(vectors):
    if vectors.ndim > 2:
        return torch.stack([pair_by_pair(each) for each in vectors])
    n = len(vectors)
    cosines = [
        torch.cosine_similarity(vectors[i], vectors[j], dim=0)
        for i in range(n)
        for j in range(i)
    ]
    return torch.stack(cosines).mean()


def upper_triangle(vectors):
    units = torch.nn.functional.normalize(vectors.double(), dim=-1)
    n = vectors.shape[-2]
    above = torch.triu_indices(n, n, offset=1)
    return (units @ units.mT)[..., above[0], above[1]].mean(dim=-1)


@pytest.mark.parametrize("answer", [pair_by_pair, upper_triangle])
def test_mean_pairwise_cosine_in_other_ways_passes(answer):
    assert judge_at("detection.hidden_states.mean_pairwise_cosine", answer).passed
