"""Checks of `bleu`, an exercise of notebook 08."""

import math

from course_utils.checks.detection.self_bleu.word_cases import words_case
from course_utils.classroom.cases import Checks, wrong
from course_utils.detection.self_bleu import brevity_penalty, clipped_precision


def _counted(hypothesis, references, n):
    return [clipped_precision(hypothesis, references, k + 1) for k in range(n)]


def _precisions(hypothesis, references, n):
    counted = _counted(hypothesis, references, n)
    none = counted[0][0] == 0
    return [0.0 if none else (m or 0.1) / t for m, t in counted]


def _score(precisions):
    return math.prod(precisions) ** (1 / len(precisions))


def _closest(hypothesis, references):
    length = len(hypothesis)
    return min((abs(len(row) - length), len(row)) for row in references)[1]


def _penalty(hypothesis, references):
    return brevity_penalty(len(hypothesis), _closest(hypothesis, references))


CASES = [
    words_case("bleu(hypothesis, references, n=1)", "a b c d", "a b x y"),
    words_case("bleu(hypothesis, references, n=2)", "a b c d", "a b c x"),
    words_case("bleu(hypothesis, references)", "a b c d e", "a b c d e"),
    words_case("bleu(hypothesis, references)", "a b c d e f", "a b c d e x"),
    words_case("bleu(hypothesis, references)", "a b c d", "a b c d e f g h"),
    words_case("bleu(hypothesis, references)", "a b c d e f g h", "a b c d"),
    words_case("bleu(hypothesis, references)", "a b c d e f", "a b x d e f"),
    words_case("bleu(hypothesis, references)", "a b c d e", "v w x y z"),
    words_case(
        "bleu(hypothesis, references, n=2)",
        "a b c d",
        "a b c d x y",
        "a b c d e f g h i",
        "a b c x y",
        "a",
    ),
    words_case("bleu(hypothesis, references, n=2)", "a b c d", "a b c d e f", "a b"),
    words_case("bleu(hypothesis, references)", "a b", "a b"),
]
HINTS = [
    "For each order from 1 to `n` call `clipped_precision`. An order with 0 "
    "matches counts as 0.1 of its total, unless order 1 has none: then return 0.",
    "The geometric mean is `math.prod(precisions) ** (1 / n)`.",
    "The closest length, the shorter of two: "
    "`min((abs(len(row) - length), len(row)) for row in references)[1]`. "
    "Then multiply by `brevity_penalty(length, closest)`.",
]
WRONG = [
    wrong(
        "sum(_precisions(hypothesis, references, n)) / n * _penalty(hypothesis, "
        "references)",
        "You average the precisions by adding them. BLEU takes the geometric mean: the "
        "mean of their logarithms, exponentiated.",
    ),
    wrong(
        "product * _penalty(hypothesis, references)",
        "You multiply the precisions and stop. A geometric mean of `n` numbers is the "
        "n-th root of their product.",
        product="math.prod(_precisions(hypothesis, references, n))",
    ),
    wrong(
        "_precisions(hypothesis, references, n)[-1] * _penalty(hypothesis, references)",
        "You use n-grams of order `n` only. All orders from 1 to `n` count alike.",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, max(n - 1, 1))) * "
        "_penalty(hypothesis, references)",
        "You leave out the highest order: `range(n)` ends at `n - 1`, so add 1 to it.",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n))",
        "A hypothesis that is much shorter than the reference scores too well: "
        "multiply by the brevity penalty.",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n)) * penalty",
        "You penalise long hypotheses instead of short ones: the hypothesis' length "
        "comes first, `brevity_penalty(length, reference_length)`.",
        length="_closest(hypothesis, references)",
        penalty="math.exp(min(0, 1 - len(hypothesis) / length))",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n)) * penalty",
        "You take the first reference's length for the penalty. Take the one closest "
        "to the hypothesis' length.",
        penalty="brevity_penalty(len(hypothesis), len(references[0]))",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n)) * penalty",
        "You take the shortest reference's length for the penalty. Take the one "
        "closest to the hypothesis' length.",
        penalty="brevity_penalty(len(hypothesis), min(map(len, references)))",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n)) * penalty",
        "You take the longest reference's length for the penalty. Take the one closest "
        "to the hypothesis' length.",
        penalty="brevity_penalty(len(hypothesis), max(map(len, references)))",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, n)) * penalty",
        "Two references are equally close in length, and you take the longer. The "
        "shorter one counts.",
        length="len(hypothesis)",
        closest="min((abs(len(row) - length), -len(row)) for row in references)[1]",
        penalty="brevity_penalty(len(hypothesis), -closest)",
    ),
    wrong(
        "0.0 if any(matches == 0 for matches, _ in precisions) else _score([m / t "
        "for m, t in precisions]) * _penalty(hypothesis, references)",
        "One order without a match makes your whole score 0. Count 0.1 matches there, "
        "so that the other orders are still heard.",
        precisions="_counted(hypothesis, references, n)",
    ),
    wrong(
        "0.0 if counted[0][0] == 0 else _score([m / t or 0.1 for m, t in counted]) * "
        "_penalty(hypothesis, references)",
        "Where an order has no match you make its *precision* 0.1. Count 0.1 "
        "*matches*, and divide them by the total as usual.",
        counted="_counted(hypothesis, references, n)",
    ),
    wrong(
        "0.0 if counted[0][0] == 0 else _score([(m + 0.1) / t for m, t in counted]) * "
        "_penalty(hypothesis, references)",
        "You add 0.1 to the matches of every order. Only an order without any match "
        "gets it, so that equal texts still score 1.",
        counted="_counted(hypothesis, references, n)",
    ),
    wrong(
        "_score(kept) * _penalty(hypothesis, references) if kept else 0.0",
        "You leave out the orders without a match, and the mean is taken over the "
        "rest. They count too, with 0.1 matches.",
        counted="_counted(hypothesis, references, n)",
        kept="[m / t for m, t in counted if m > 0]",
    ),
    wrong(
        "_score(_precisions(hypothesis, references, orders)) * _penalty(hypothesis, "
        "references)",
        "You leave out the orders above the hypothesis' length. They count as well, as "
        "0 of 1 and hence, smoothed, as 0.1 of 1.",
        orders="min(n, len(hypothesis))",
    ),
    wrong(
        "_score([(m or 0.1) / t for m, t in counted]) * _penalty(hypothesis, "
        "references)",
        "Not a single word matches, and your score is not 0. Smoothing is for the "
        "longer n-grams: without any common word return 0.",
        counted="_counted(hypothesis, references, n)",
    ),
    wrong(
        "_score([(m + 0.1) / (t + 0.1) for m, t in counted]) * penalty",
        "You add 0.1 to matches and totals of every order. Only an order without any "
        "match gets 0.1 matches, and the totals stay as they are.",
        counted="_counted(hypothesis, references, n)",
        penalty="_penalty(hypothesis, references)",
    ),
    wrong(
        "_score([m / t + 0.1 for m, t in counted]) * _penalty(hypothesis, references)",
        "You add 0.1 to every precision. Only an order without any match is smoothed, "
        "and it gets 0.1 *matches*, divided by its total.",
        counted="_counted(hypothesis, references, n)",
    ),
]
CHECKS = Checks(
    CASES, HINTS, WRONG, helpers=[_counted, _precisions, _score, _closest, _penalty]
)
