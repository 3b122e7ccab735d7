"""Unusual but right answers to notebook 05's exercises pass; near misses don't."""

import numpy as np
import pytest
import torch

from course_utils.foundations.softmax import sample
from tests.judging import judge_at


def judge_loss(answer):
    return judge_at("causes.pretraining.entropy_regularised_loss", answer)


def judge_recurse(answer):
    return judge_at("causes.recursion.recurse", answer)


def test_the_loss_by_torchs_own_functions_passes():
    def answer(logits, targets, weight):
        flat = logits.reshape(-1, logits.shape[-1])
        loss = torch.nn.functional.cross_entropy(flat, targets.reshape(-1))
        return loss - weight * torch.special.entr(flat.softmax(-1)).sum(-1).mean()

    assert judge_loss(answer).passed


def test_the_loss_in_double_precision_passes():
    def answer(logits, targets, weight):
        log_probs = logits.double().log_softmax(-1)
        p = log_probs.exp()
        entropy = -torch.where(p > 0, p * log_probs.clamp_min(-1e9), 0.0).sum(-1)
        index = targets[..., None]
        surprise = -torch.take_along_dim(log_probs, index, -1)[..., 0]
        return surprise.mean() - weight * entropy.mean()

    assert judge_loss(answer).passed


def test_a_distribution_object_passes():
    def answer(logits, targets, weight):
        told = torch.distributions.Categorical(logits=logits)
        return (-told.log_prob(targets) - weight * told.entropy()).mean()

    assert judge_loss(answer).passed


def test_expected_distinct_by_a_loop_passes():
    def answer(probs, samples):
        missed = torch.ones_like(probs)
        for _ in range(samples):
            missed = missed * (1 - probs)
        return probs.shape[-1] - missed.sum(-1)

    assert judge_at("causes.recursion.expected_distinct", answer).passed


def by_one_hot(probs, samples, generations, keep="replace", generator=None):
    shares, pool = [probs], []
    for _ in range(generations):
        ids = sample(shares[-1], samples, generator)
        pool = [ids] if keep == "replace" else [*pool, ids]
        corpus = torch.cat(pool, dim=-1)
        counts = torch.nn.functional.one_hot(corpus, probs.shape[-1]).float()
        shares.append(counts.mean(dim=-2))
    return torch.stack([row.float() for row in shares])


def test_a_recursion_that_keeps_ids_in_single_precision_passes():
    assert judge_recurse(by_one_hot).passed


def test_a_recursion_by_multinomial_passes():
    def answer(probs, samples, generations, keep="replace", generator=None):
        result = [probs]
        corpus = 0
        for _ in range(generations):
            flat = result[-1].reshape(-1, probs.shape[-1])
            ids = torch.multinomial(flat, samples, True, generator=generator)
            new = torch.stack([torch.bincount(r, minlength=flat.shape[1]) for r in ids])
            new = new.reshape(probs.shape)
            corpus = corpus + new if keep == "accumulate" else new
            result.append((corpus / corpus.sum(-1, keepdim=True)).to(probs.dtype))
        return torch.stack(result)

    assert judge_recurse(answer).passed


def test_numpys_own_random_numbers_are_told_of_the_generator():
    def answer(probs, samples, generations, keep="replace", generator=None):
        rng = np.random.default_rng()
        shares, corpus = [probs.double()], 0
        for _ in range(generations):
            p = shares[-1].numpy()
            new = torch.tensor(rng.multinomial(samples, p / p.sum(-1, keepdims=True)))
            corpus = corpus + new if keep == "accumulate" else new
            shares.append(corpus.double() / corpus.sum(-1, keepdim=True))
        return torch.stack(shares)

    assert "You don't use `generator`" in judge_recurse(answer).diagnosis


@pytest.mark.parametrize("late", ["truth", "uniform"])
def test_a_recursion_that_mends_itself_fails(late):
    def answer(probs, samples, generations, keep="replace", generator=None):
        shares = by_one_hot(probs, samples, generations, keep, generator)
        other = (
            probs if late == "truth" else torch.full_like(probs, 1 / probs.shape[-1])
        )
        return torch.cat([shares[:1], 0.9 * shares[1:] + 0.1 * other.float()])

    assert judge_recurse(answer).state == "wrong"
