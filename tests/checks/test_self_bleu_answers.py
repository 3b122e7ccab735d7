"""Answers to notebook 08 that are right in an unusual way, or nearly right."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from course_utils.detection.self_bleu import brevity_penalty, clipped_precision
from tests.judging import judge_at

# --- clipped_precision


def in_loops(hypothesis, references, n):
    rows = [[row[i : i + n] for i in range(len(row) - n + 1)] for row in references]
    grams = [hypothesis[i : i + n] for i in range(len(hypothesis) - n + 1)]
    matches = 0
    for i, gram in enumerate(grams):
        seen_before = grams[:i].count(gram)
        matches += seen_before < max(row.count(gram) for row in rows)
    return matches, len(grams) or 1


def as_array_numbers(hypothesis, references, n):
    return tuple(np.array(clipped_precision(hypothesis, references, n)))


@pytest.mark.parametrize("answer", [in_loops, as_array_numbers])
def test_clipped_precision_in_other_ways_passes(answer):
    assert judge_at("detection.self_bleu.clipped_precision", answer).passed


def test_counts_in_a_list_pass_for_a_tuple():
    path = "detection.self_bleu.clipped_precision"
    assert judge_at(path, lambda *given: list(clipped_precision(*given))).passed


def test_a_reference_used_up_is_a_changed_argument():
    def answer(hypothesis, references, n):
        result = clipped_precision(hypothesis, references, n)
        references.pop()
        return result

    assert (
        "references"
        in judge_at("detection.self_bleu.clipped_precision", answer).diagnosis
    )


# --- bleu


def by_logarithms(hypothesis, references, n=4):
    counted = [clipped_precision(hypothesis, references, k) for k in range(1, n + 1)]
    if not counted[0][0]:
        return 0
    logs = [math.log(max(matches, 0.1) / total) for matches, total in counted]
    length = len(hypothesis)
    closest = sorted(map(len, references), key=lambda r: (abs(r - length), r))[0]
    return math.exp(sum(logs) / n) * brevity_penalty(length, closest)


def by_nltk(hypothesis, references, n=4):
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    method = SmoothingFunction().method1
    return sentence_bleu(references, hypothesis, (1 / n,) * n, method)


def by_tensors(hypothesis, references, n=4):
    return torch.tensor(by_logarithms(hypothesis, references, n))


@pytest.mark.parametrize("answer", [by_logarithms, by_nltk, by_tensors])
def test_bleu_in_other_ways_passes(answer):
    assert judge_at("detection.self_bleu.bleu", answer).passed


def test_bleu_with_another_small_number_fails():
    def answer(hypothesis, references, n=4):
        counted = [clipped_precision(hypothesis, references, k + 1) for k in range(n)]
        if not counted[0][0]:
            return 0.0
        precisions = [max(matches, 1e-9) / total for matches, total in counted]
        closest = min((abs(len(r) - len(hypothesis)), len(r)) for r in references)[1]
        penalty = brevity_penalty(len(hypothesis), closest)
        return math.prod(precisions) ** (1 / n) * penalty

    assert judge_at("detection.self_bleu.bleu", answer).state == "wrong"


# --- largest_elsewhere


def each_with_each(gram, counts):
    return [
        max(
            [c for j, c in enumerate(counts) if gram[j] == gram[i] and j != i],
            default=0,
        )
        for i in range(len(gram))
    ]


def sorted_groups(gram, counts):
    places = sorted(range(len(gram)), key=lambda i: (gram[i], -counts[i]))
    found = np.zeros(len(gram), dtype=int)
    for rank, i in enumerate(places):
        best = next(j for j in places if gram[j] == gram[i])
        if i != best:
            found[i] = counts[best]
        elif rank + 1 < len(places) and gram[places[rank + 1]] == gram[i]:
            found[i] = counts[places[rank + 1]]
    return found


def by_counters(gram, counts):
    groups = {g: Counter() for g in gram}
    for g, c in zip(gram, counts, strict=True):
        groups[g][c] += 1
    return tuple(
        max((groups[g] - Counter([c])).elements(), default=0)
        for g, c in zip(gram, counts, strict=True)
    )


def as_tensor(gram, counts):
    return torch.tensor(each_with_each(gram, counts), dtype=torch.float64)


@pytest.mark.parametrize(
    "answer", [each_with_each, sorted_groups, by_counters, as_tensor]
)
def test_largest_elsewhere_in_other_ways_passes(answer):
    assert judge_at("detection.self_bleu.largest_elsewhere", answer).passed


def test_largest_elsewhere_without_a_return_is_told_so():
    def answer(gram, counts):
        each_with_each(gram, counts)

    verdict = judge_at("detection.self_bleu.largest_elsewhere", answer)
    assert "did you forget `return`" in verdict.diagnosis
