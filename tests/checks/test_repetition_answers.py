"""Answers to notebook 10 that are right in an unusual way, or nearly right."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import pytest
import torch

from course_utils.detection.repetition import Loop
from tests.judging import judge_at

# --- rep_n


def by_a_set_of_those_seen(row, n=4):
    seen, again, total = set(), 0, 0
    for start in range(len(row) - n + 1):
        gram = tuple(row[start : start + n])
        again, total = again + (gram in seen), total + 1
        seen.add(gram)
    return torch.tensor(again / total if total else 0.0)


def as_a_fraction(row, n=4):
    counts = Counter(zip(*(row[i:] for i in range(n)), strict=False))
    return Fraction(counts.total() - len(counts), counts.total() or 1)


def by_positions(row, n=4):
    grams = [row[i : i + n] for i in range(len(row) - n + 1)]
    return sum(g in grams[:i] for i, g in enumerate(grams)) / (len(grams) or 1)


@pytest.mark.parametrize(
    "answer", [by_a_set_of_those_seen, as_a_fraction, by_positions]
)
def test_rep_n_in_other_ways_passes(answer):
    assert judge_at("detection.repetition.rep_n", answer).passed


def test_rep_n_in_percent_fails():
    verdict = judge_at(
        "detection.repetition.rep_n", lambda row, n=4: 100 * by_positions(row, n)
    )
    assert verdict.state == "wrong"


# --- find_loop


def start_by_start(row, repeats=3):
    best, longest = None, 0
    for period in range(1, len(row) // repeats + 1):
        for start in range(len(row) - period):
            end = start + period
            while end < len(row) and row[end] == row[end - period]:
                end += 1
            if end - start >= repeats * period and end - start > longest:
                longest = end - start
                best = Loop(start, period, 1 + (longest - period) / period)
    return best


def starts_outside(row, repeats=3):
    found = []
    for start, period in itertools.product(range(len(row)), range(1, len(row))):
        length = period
        while (
            start + length < len(row)
            and row[start + length] == row[start + length % period]
        ):
            length += 1
        if length >= repeats * period:
            found.append((-length, period, start))
    if not found:
        return None
    length, period, start = min(found)
    return Loop(start, period, -length / period)


def by_groups(row, repeats=3):
    stretches = []
    for p in range(1, len(row) // repeats + 1):
        place = p
        same = (a == b for a, b in zip(row[p:], row, strict=False))
        for matches, group in itertools.groupby(same):
            run = len(list(group))
            if matches and run + p >= repeats * p:
                stretches.append((run + p, -p, p - place))
            place += run
    if not stretches:
        return None
    length, p, start = max(stretches)
    return Loop(-start, -p, length / -p)


@pytest.mark.parametrize("answer", [start_by_start, starts_outside, by_groups])
def test_find_loop_in_other_ways_passes(answer):
    verdict = judge_at("detection.repetition.find_loop", answer)
    assert verdict.passed, verdict


def test_find_loop_that_returns_a_tuple_is_told_the_type():
    def answer(row, repeats=3):
        loop = start_by_start(row, repeats)
        return loop and (loop.start, loop.period, loop.repeats)

    assert (
        "`Loop` is expected"
        in judge_at("detection.repetition.find_loop", answer).diagnosis
    )


def test_find_loop_is_told_which_part_is_wrong():
    def answer(row, repeats=3):
        loop = start_by_start(row, repeats)
        return loop and Loop(loop.start + 7, loop.period, loop.repeats)

    assert (
        judge_at("detection.repetition.find_loop", answer).diagnosis
        == "The loop's `start` is wrong."
    )


@pytest.mark.parametrize("answer", [lambda row, repeats=3: None, lambda row: None])
def test_find_loop_without_loops_fails(answer):
    assert not judge_at("detection.repetition.find_loop", answer).passed


# --- adjusted_distinct


def pooled(rows, n):
    grams = [
        tuple(row[i : i + n]) for row in reversed(rows) for i in range(len(row) - n + 1)
    ]
    return len(set(grams)), len(grams)


def by_a_sum_of_chances(rows, vocabulary, n=1):
    different, total = pooled(rows, n)
    kinds = vocabulary**n
    return different / sum((1 - 1 / kinds) ** draw for draw in range(total))


def as_a_tensor(rows, vocabulary, n=1):
    different, total = pooled(rows, n)
    kinds = torch.tensor(float(vocabulary)) ** n
    return different / (kinds * (1 - ((kinds - 1) / kinds) ** total))


def by_expm1_and_log1p(rows, vocabulary, n=1):
    """The safest way for large vocabularies, but not for one of a single word."""
    different, total = pooled(rows, n)
    kinds = vocabulary**n
    return different / (-kinds * math.expm1(total * math.log1p(-1 / kinds)))


@pytest.mark.parametrize(
    "answer", [by_a_sum_of_chances, as_a_tensor, by_expm1_and_log1p]
)
def test_adjusted_distinct_in_other_ways_passes(answer):
    assert judge_at("detection.repetition.adjusted_distinct", answer).passed


def test_the_expectation_by_its_exponential_limit_fails():
    def answer(rows, vocabulary, n=1):
        different, total = pooled(rows, n)
        kinds = torch.tensor(float(vocabulary)) ** n
        return different / (kinds * (1 - torch.exp(-total / kinds)))

    assert judge_at("detection.repetition.adjusted_distinct", answer).state == "wrong"
