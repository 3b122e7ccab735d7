"""Answers to notebook 07 that are right in an unusual way, or nearly right."""

import math

import pytest
import torch

from tests.judging import judge_at

# --- entropy_of_logits


def by_logsumexp(scores):
    log_z = scores.double().logsumexp(dim=-1)
    probs = torch.softmax(scores.double(), dim=-1)
    possible = scores.masked_fill(probs == 0, 0.0)
    return (log_z - (probs * possible).sum(dim=-1)) / math.log(2)


def by_torch(scores):
    return torch.distributions.Categorical(logits=scores).entropy() / math.log(2)


def with_nansum(scores):
    log_probs = torch.log_softmax(scores, dim=-1)
    return -(log_probs.exp() * log_probs).nansum(dim=-1) / math.log(2)


def with_a_small_number(scores):
    probs = torch.softmax(scores, dim=-1)
    return -(probs * (probs + 1e-12).log2()).sum(dim=-1)


@pytest.mark.parametrize(
    "answer", [by_logsumexp, by_torch, with_nansum, with_a_small_number]
)
def test_entropy_of_logits_in_other_ways_passes(answer):
    assert judge_at("detection.monitor.entropy_of_logits", answer).passed


# --- EntropyTrace


def test_a_trace_that_computes_by_itself_and_hands_on_a_copy_passes():
    class EntropyTrace:
        def __init__(self):
            self.steps = []

        def __call__(self, input_ids, scores):
            rows = torch.distributions.Categorical(logits=scores).entropy()
            self.steps += [rows.double() / math.log(2)]
            return scores.clone()

    assert judge_at("detection.monitor.EntropyTrace", EntropyTrace).passed


def test_a_trace_that_keeps_lists_of_numbers_is_told_the_type():
    class EntropyTrace:
        def __init__(self):
            self.steps = []

        def __call__(self, input_ids, scores):
            rows = torch.distributions.Categorical(logits=scores).entropy()
            self.steps.append((rows / math.log(2)).tolist())
            return scores

    assert (
        "The type is wrong"
        in judge_at("detection.monitor.EntropyTrace", EntropyTrace).diagnosis
    )


# --- largest_drop


def with_loops(entropy, usual, window=None):
    both = min(len(entropy), len(usual))
    size = both if window is None else window
    worst = None
    for start in range(both - size + 1):
        before = sum(usual[start : start + size])
        if size and before:
            drop = 1 - sum(entropy[start : start + size]) / before
            worst = drop if worst is None else max(worst, drop)
    return worst


def with_unfold(entropy, usual, window=None):
    pairs = torch.tensor(list(zip(entropy, usual, strict=False)), dtype=torch.float64)
    size = len(pairs) if window is None else window
    if size == 0 or len(pairs) < size:
        return None
    now, before = pairs.unfold(0, size, 1).mean(dim=-1).unbind(dim=-1)
    drops = (1 - now / before)[before > 0]
    return drops.max().item() if len(drops) else None


@pytest.mark.parametrize("answer", [with_loops, with_unfold])
def test_largest_drop_in_other_ways_passes(answer):
    assert judge_at("detection.monitor.largest_drop", answer).passed


def test_a_drop_in_percent_fails():
    def answer(entropy, usual, window=None):
        drop = with_loops(entropy, usual, window)
        return drop and 100 * drop

    assert judge_at("detection.monitor.largest_drop", answer).state == "wrong"


# --- auroc


def with_tensors(healthy, collapsed):
    low, high = torch.tensor(healthy)[:, None], torch.tensor(collapsed)
    return ((high > low).double() + 0.5 * (high == low)).mean()


def with_ranks(healthy, collapsed):
    from scipy.stats import rankdata

    ranks = rankdata([*healthy, *collapsed])[len(healthy) :]
    n = len(collapsed)
    return float(ranks.sum() - n * (n + 1) / 2) / (len(healthy) * n)


def by_scikit_learn(healthy, collapsed):
    from sklearn.metrics import roc_auc_score

    truth = [0] * len(healthy) + [1] * len(collapsed)
    return roc_auc_score(truth, [*healthy, *collapsed])


def by_trapezoids(healthy, collapsed):
    area, last = 0.0, (0.0, 0.0)
    for threshold in [*sorted({*healthy, *collapsed}, reverse=True), -math.inf]:
        x = sum(drop >= threshold for drop in healthy) / len(healthy)
        y = sum(drop >= threshold for drop in collapsed) / len(collapsed)
        area += (x - last[0]) * (y + last[1]) / 2
        last = x, y
    return area


@pytest.mark.parametrize(
    "answer", [with_tensors, with_ranks, by_scikit_learn, by_trapezoids]
)
def test_auroc_in_other_ways_passes(answer):
    assert judge_at("detection.scoring.auroc", answer).passed
