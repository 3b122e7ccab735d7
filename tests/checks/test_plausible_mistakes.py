"""Mistakes as learners write them: each must be told what is wrong."""

import math

import pytest
import torch
import torch.nn.functional as F

from course_utils.detection.monitor import entropy_of_logits
from course_utils.detection.self_bleu import brevity_penalty, clipped_precision
from tests.judging import judge_at


def score_of(vectors, base=math.e, power=math.e):
    units = F.normalize(vectors, dim=-1)
    shares = torch.linalg.eigvalsh(units @ units.T / len(vectors)).clamp(min=0)
    return power ** (torch.special.entr(shares).sum() / math.log(base)).item()


def trace_that(keeps):
    class EntropyTrace:
        def __init__(self):
            self.steps = []

        def __call__(self, input_ids, scores):
            keeps(self.steps, scores)
            return scores

    return EntropyTrace


def in_nats(steps, scores):
    probs = torch.softmax(scores, dim=-1)
    steps.append(-torch.xlogy(probs, probs).sum(dim=-1))


def undivided_ties(logits, temperature=1.0):
    if temperature == 0:
        return (logits == logits.amax(dim=-1, keepdim=True)).float()
    return torch.softmax(logits / temperature, dim=-1)


def slope_by_scaled_variance(logits, temperature=1.0, base=2):
    scaled = logits / temperature
    probs = torch.softmax(scaled, dim=-1)
    scaled = scaled.masked_fill(probs == 0, 0.0)
    mean = (probs * scaled).sum(dim=-1, keepdim=True)
    variance = (probs * (scaled - mean) ** 2).sum(dim=-1)
    return variance / temperature**3 / math.log(base)


def smoothed(smooth):
    def bleu(hypothesis, references, n=4):
        counted = [clipped_precision(hypothesis, references, k + 1) for k in range(n)]
        length = len(hypothesis)
        closest = min((abs(len(row) - length), len(row)) for row in references)[1]
        mean = sum(math.log(smooth(m, t)) for m, t in counted) / n
        return math.exp(mean) * brevity_penalty(length, closest)

    return bleu


def uncentred(points, directions=1):
    widest = torch.linalg.svd(points, full_matrices=False).Vh[:directions]
    left = points - points @ widest.T @ widest
    return left - left.mean(dim=0)


def best_accuracy(healthy, collapsed):
    n = len(healthy) + len(collapsed)
    lines = [min(healthy + collapsed) - 1, *healthy, *collapsed]
    right = [
        sum(c > t for c in collapsed) + sum(h <= t for h in healthy) for t in lines
    ]
    return max(right) / n


def best_balanced(healthy, collapsed):
    hits = [
        sum(c >= t for c in collapsed) / len(collapsed) for t in healthy + collapsed
    ]
    passed = [sum(h < t for h in healthy) / len(healthy) for t in healthy + collapsed]
    return max((a + b) / 2 for a, b in zip(hits, passed, strict=True))


def kl_of_pytorch(arguments):
    def kl_divergence(p, q, base=2):
        return F.kl_div(*arguments(p, q), reduction="none").sum(-1) / math.log(base)

    return kl_divergence


VENDI, TRACE = "detection.vendi.vendi_score", "detection.monitor.EntropyTrace"
BLEU, KL = "detection.self_bleu.bleu", "foundations.entropy.kl_divergence"
AUROC = "detection.scoring.auroc"

MISTAKES = [
    (VENDI, lambda v: score_of(v - v.mean(dim=0)), "You subtract the mean"),
    (VENDI, lambda v: score_of(v, power=2), "in nats"),
    (TRACE, trace_that(in_nats), "in nats"),
    (TRACE, trace_that(lambda s, x: s.extend(entropy_of_logits(x))), "`extend`"),
    (TRACE, trace_that(lambda s, x: s.__iadd__(entropy_of_logits(x))), "`+=`"),
    ("foundations.softmax.softmax", undivided_ties, "each of the tied logits"),
    (
        "foundations.entropy.entropy_slope",
        slope_by_scaled_variance,
        "variance of z / T",
    ),
    (BLEU, smoothed(lambda m, t: (m + 0.1) / t), "matches of every order"),
    (BLEU, smoothed(lambda m, t: (m + 0.1) / (t + 0.1)), "matches and totals"),
    (BLEU, smoothed(lambda m, t: m / t + 0.1), "to every precision"),
    ("detection.embedding.without_common_directions", uncentred, "Centre them before"),
    (AUROC, best_accuracy, "best threshold"),
    (AUROC, best_balanced, "the threshold that is right most often"),
    (KL, kl_of_pytorch(lambda p, q: (p, q)), "`F.kl_div(a, b)` is no KL"),
    (KL, kl_of_pytorch(lambda p, q: (q, p)), "the logarithm of its first argument"),
    (KL, kl_of_pytorch(lambda p, q: (q.log(), p)), "NaN where both are 0"),
    (KL, kl_of_pytorch(lambda p, q: (p.log(), q)), "You have swapped p and q"),
]


@pytest.mark.parametrize(
    ("path", "answer", "said"), MISTAKES, ids=[said for _, _, said in MISTAKES]
)
def test_a_plausible_mistake_is_named(path, answer, said):
    verdict = judge_at(path, answer)
    assert verdict.state == "wrong"
    assert said in verdict.diagnosis
