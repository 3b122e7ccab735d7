"""BLEU from scratch, and Self-BLEU: how much of each text stands in the others.

Self-BLEU grows with the number of texts, all else equal: compare it at one number of
texts only, and with what healthy texts score there (`null_band`). Papineni and others
2002 (BLEU), Zhu and others 2018 (Self-BLEU). Built in notebook 08.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int

from course_utils.detection.null_bands import in_sets, rank_band, scores_needed
from course_utils.detection.words import Tokenize, split_texts, words
from course_utils.foundations.intervals import Interval, jackknife_interval
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

References = Literal["all", "pairs"]
Smoothing = Literal["method1", "method4"] | None
Short = Literal["capped", "nltk"]
Words = Sequence[Hashable]

_METHOD1 = 0.1  # counts as so many matches
_METHOD4 = 5.0


@dataclass(frozen=True, repr=False)
class SelfBleu:
    """How alike the texts of a set are.

    mean      0 if no two texts share a word, 1 if all are equal
    std       of the scores, each counted once (not of their mean)
    interval  95 % of the mean, for as many texts, by the jackknife
    size      how many texts
    scores    one for each text ("all") or each pair ("pairs")
    """

    mean: float
    std: float
    interval: Interval
    size: int
    n: int
    references: References
    smoothing: Smoothing
    scores: Float[np.ndarray, " scores"] = field(compare=False)

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"Self-BLEU-{self.n} {self.mean:.3f} ({low:.3f} to {high:.3f}) of "
            f"{self.size} texts, references: {self.references}"
        )

    def plot(self) -> "Figure":
        """A histogram of the scores."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 3))
        axes = figure.subplots()
        axes.hist(self.scores, bins=np.linspace(0, 1, 41).tolist())
        axes.axvline(self.mean, color="black")
        axes.set(xlim=(0, 1), xlabel=f"BLEU-{self.n} against the other texts")
        axes.set(ylabel={"all": "texts", "pairs": "pairs"}[self.references])
        axes.set_title(f"Mean {self.mean:.2f}, standard deviation {self.std:.2f}")
        return figure


def self_bleu(
    texts: Sequence[str],
    n: int = 4,
    references: References = "all",
    smoothing: Smoothing = "method1",
    tokenize: Tokenize = words,
    short: Short = "capped",
) -> SelfBleu:
    """BLEU of each text against the others, averaged.

    references "all" takes all other texts together as references, in time linear in
    the number of words; "pairs" averages over every two texts, the earlier one judged
    by the later, in quadratic time. Scores are those of nltk's `sentence_bleu` with the
    same smoothing, but for texts of fewer than n words. Such a text has no run of n
    words: short "capped" judges it by the orders up to its length, so that equal texts
    score 1, however short; "nltk" counts each higher order as no match out of one.
    Raises ValueError for fewer than two texts and for a text without a word.
    """
    n = as_whole_number("n", n, at_least=1)
    _check_choices(references, smoothing, short)
    rows = split_texts(texts, tokenize)
    scores = _SCORERS[references](rows, n, smoothing, short)

    def mean_of(kept: Sequence[Words]) -> float:
        return float(_SCORERS[references](kept, n, smoothing, short).mean())

    low, high = jackknife_interval(mean_of, rows, at_least=2)
    return SelfBleu(
        float(scores.mean()),
        float(scores.std()),
        (max(low, 0.0), min(high, 1.0)),  # NaN stays, as it is first
        len(rows),
        n,
        references,
        smoothing,
        scores,
    )


def estimate_self_bleu(generations: Sequence[str], n: int = 4) -> tuple[float, float]:
    """The article's measure: mean and standard deviation of BLEU over all pairs.

    Each generation is judged by each later one, as nltk does with its "method4".
    Raises ValueError for fewer than two generations and for one without a word.
    """
    n = as_whole_number("n", n, at_least=1)
    rows = split_texts(generations, name="generations")
    scores = _scores_of_pairs(rows, n, "method4", "nltk")
    return float(scores.mean()), float(scores.std())


def bleu_against_others(
    rows: Sequence[Words],
    n: int = 4,
    smoothing: Smoothing = "method1",
    short: Short = "capped",
) -> Float[np.ndarray, " texts"]:
    """BLEU of each text with all other texts together as references: linear time.

    Texts are given as lists of words, two of them or more, none empty; `short` is as in
    `self_bleu`.
    """
    return _scores_against_all(rows, n, smoothing, short)


def null_band(
    reference: Sequence[str],
    size: int,
    n: int = 4,
    references: References = "all",
    smoothing: Smoothing = "method1",
    tokenize: Tokenize = words,
    level: float = 0.95,
    short: Short = "capped",
) -> Interval:
    """Where the mean Self-BLEU of `size` texts lies that are as varied as `reference`.

    The `rank_band` of sets that share no text (sets drawn with replacement would hold
    copies, which Self-BLEU exists to find). The reference must be of the same kind and
    length as what is judged: `cut_alike`.
    Raises ValueError where the reference makes too few sets: 95 % needs 39 of them.
    Built in notebook 08.
    """
    size = as_whole_number("size", size, at_least=2)
    n = as_whole_number("n", n, at_least=1)
    _check_choices(references, smoothing, short)
    rows = split_texts(reference, tokenize, name="reference")
    sets, needed = in_sets(rows, size), scores_needed(level)
    if len(sets) < needed:
        raise ValueError(
            f"reference has {len(rows)} texts, enough for {len(sets)} sets of "
            f"{size}; a level of {level} needs {needed} sets"
        )
    scorer = _SCORERS[references]
    scores = [float(scorer(s, n, smoothing, short).mean()) for s in sets]
    return rank_band(scores, level)


def self_repetition(rows: Sequence[Words], n: int = 8) -> Float[np.ndarray, " texts"]:
    """The share of each text's n-grams, from 0 to 1, that stand in another text, too.

    With a long n it sees passages that were copied, and not what all texts have in
    common; a text of fewer than n words has none. Rises with the number of texts.
    Raises ValueError for n below 1 and for no text. After the self-repetition in
    Shaib and others 2024 (arXiv 2403.00553), as a share. Built in notebook 08.
    """
    n = as_whole_number("n", n, at_least=1)
    if len(rows) == 0:
        raise ValueError("rows is empty; allowed are one text or more")
    *_, (gram, text) = numbered_ngrams(rows, n)
    once = np.unique(gram * len(rows) + text)  # each n-gram once for a text
    holders = np.bincount(once // len(rows), minlength=1)
    shared = np.bincount(text, weights=holders[gram] > 1, minlength=len(rows))
    return shared / np.maximum(np.bincount(text, minlength=len(rows)), 1)


# BLEU


def clipped_precision(
    hypothesis: Words, references: Sequence[Words], n: int
) -> tuple[int, int]:
    """How many n-grams of the hypothesis stand in a reference, and how many it has.

    An n-gram counts at most as often as in that reference which has it most often. A
    hypothesis shorter than n counts as 0 of 1. Papineni and others 2002, section 2.1.
    """
    counts = ngrams(hypothesis, n)
    allowed: Counter = Counter()
    for reference in references:
        allowed |= ngrams(reference, n)  # the larger count of each
    return (counts & allowed).total(), max(counts.total(), 1)


def ngrams(row: Words, n: int) -> Counter:
    """Every n words in a row, with their counts."""
    return Counter(zip(*(row[start:] for start in range(n)), strict=False))


def brevity_penalty(length: int, reference_length: int) -> float:
    """1 for a hypothesis that is no shorter than the reference, less for a shorter one.

    Papineni and others 2002, section 2.3.
    """
    if length >= reference_length:
        return 1.0
    return math.exp(1 - reference_length / length) if length > 0 else 0.0


def bleu(
    hypothesis: Words,
    references: Sequence[Words],
    n: int = 4,
    smoothing: Smoothing = "method1",
) -> float:
    """Geometric mean of the clipped precisions of orders 1 to n, times the penalty.

    The reference length is the closest one, the shorter of two that are equally close.
    0 where not even a word matches, and orders above the hypothesis's length count as
    no match out of one: nltk's `sentence_bleu` (`self_bleu` with short="nltk").
    """
    precisions = [clipped_precision(hypothesis, references, k + 1) for k in range(n)]
    matches, totals = np.array(precisions).T
    length = len(hypothesis)
    closest = min((abs(len(row) - length), len(row)) for row in references)[1]
    mean = smoothed_mean(matches, totals, np.array(length), smoothing, "nltk")
    return float(mean) * brevity_penalty(length, closest)


def smoothed_mean(
    matches: Int[np.ndarray, "*texts n"],
    totals: Int[np.ndarray, "*texts n"],
    lengths: Int[np.ndarray, "*texts"],
    smoothing: Smoothing,
    short: Short,
) -> Float[np.ndarray, "*texts"]:
    """Over the orders, zeros smoothed; 0 where not even a single word matches."""
    smoothed = np.maximum(matches, _stand_in(matches == 0, lengths, smoothing))
    # An order left at 0 despite smoothing is left out, as in nltk.
    left_out = (smoothed == 0) & (smoothing is not None)
    with np.errstate(divide="ignore"):
        logs = np.where(left_out, 0.0, np.log(smoothed / totals))
    orders = np.arange(1, matches.shape[-1] + 1)
    counted = (orders <= lengths[..., None]) | (short == "nltk")
    means = np.where(counted, logs, 0.0).sum(axis=-1) / counted.sum(axis=-1).clip(1)
    return np.where(matches[..., 0] == 0, 0.0, np.exp(means))


def _stand_in(
    missing: np.ndarray, lengths: Int[np.ndarray, "*texts"], smoothing: Smoothing
) -> Float[np.ndarray, "*texts n"]:
    """What stands for the matches of an order that has none. Chen and Cherry 2014."""
    if smoothing is None:
        return np.zeros(missing.shape)
    if smoothing == "method1":
        return np.where(missing, _METHOD1, 0.0)
    rank = missing.cumsum(axis=-1)  # the first order without a match, the second, ...
    # A text of one word has a logarithm of 0, hence no stand-in.
    return np.where(missing, np.log(lengths)[..., None] / (2.0**rank * _METHOD4), 0.0)


# Self-BLEU over pairs


def _scores_of_pairs(
    rows: Sequence[Words], n: int, smoothing: Smoothing, short: Short
) -> Float[np.ndarray, " pairs"]:
    counted = [[ngrams(row, k + 1) for k in range(n)] for row in rows]
    totals = np.array([[max(c.total(), 1) for c in counts] for counts in counted])
    lengths = np.array([len(row) for row in rows])
    earlier, later = np.triu_indices(len(rows), k=1)
    matches = np.array(
        [
            [(a & b).total() for a, b in zip(counted[i], counted[j], strict=True)]
            for i, j in zip(earlier, later, strict=True)
        ]
    )
    penalties = length_penalties(lengths[earlier], lengths[later])
    of = totals[earlier], lengths[earlier]
    return smoothed_mean(matches, *of, smoothing, short) * penalties


# Self-BLEU against all others, in linear time


def _scores_against_all(
    rows: Sequence[Words], n: int, smoothing: Smoothing, short: Short
) -> Float[np.ndarray, " texts"]:
    lengths = np.array([len(row) for row in rows])
    matches = np.zeros((len(rows), n), dtype=np.int64)
    for k, (gram, text) in enumerate(numbered_ngrams(rows, n)):
        matches[:, k] = _matches_elsewhere(gram, text, len(rows))
    totals = np.maximum(lengths[:, None] - np.arange(n), 1)
    penalties = length_penalties(lengths, closest_other(lengths))
    return smoothed_mean(matches, totals, lengths, smoothing, short) * penalties


def numbered_ngrams(
    rows: Sequence[Words], n: int
) -> Iterator[tuple[Int[np.ndarray, " grams"], Int[np.ndarray, " grams"]]]:
    """For each order up to n, a number for every n-gram and the text it stands in."""
    lengths = np.array([len(row) for row in rows])
    text = np.repeat(np.arange(len(rows)), lengths)
    left = np.concatenate([np.arange(length, 0, -1) for length in lengths])
    numbers: dict[Hashable, int] = {}
    word = np.array([numbers.setdefault(w, len(numbers)) for row in rows for w in row])
    gram = np.zeros_like(word)
    for order in range(1, n + 1):
        starts = np.flatnonzero(left >= order)  # with enough words left in the text
        longer = gram[starts] * len(numbers) + word[starts + order - 1]
        gram[starts] = np.unique(longer, return_inverse=True)[1]
        yield gram[starts], text[starts]


def _matches_elsewhere(
    gram: Int[np.ndarray, " grams"], text: Int[np.ndarray, " grams"], size: int
) -> Int[np.ndarray, " texts"]:
    """How many n-grams of each text stand in others, at most as often as there."""
    pairs, counts = np.unique(gram * size + text, return_counts=True)
    gram, text = np.divmod(pairs, size)
    clipped = np.minimum(counts, largest_elsewhere(gram, counts))
    return np.bincount(text, weights=clipped, minlength=size).astype(np.int64)


def largest_elsewhere(
    gram: Int[np.ndarray, " entries"] | Sequence[int],
    counts: Int[np.ndarray, " entries"] | Sequence[int],
) -> Int[np.ndarray, " entries"]:
    """For each count the largest other count of the same n-gram; 0 if it has no other.

    An entry is an n-gram's number, from 0 on, and its count in one text. Of all counts
    of an n-gram only the two largest matter: whoever holds the largest is held to the
    second, everyone else to the largest. Built in notebook 08.
    """
    gram, counts = np.asarray(gram), np.asarray(counts)
    order = np.lexsort((-counts, gram))  # by n-gram, the largest count first
    elsewhere = np.empty_like(counts)
    elsewhere[order] = elsewhere_of_sorted(gram[order], counts[order])
    return elsewhere


def elsewhere_of_sorted(
    gram: Int[np.ndarray, " entries"], counts: Int[np.ndarray, " entries"]
) -> Int[np.ndarray, " entries"]:
    """`largest_elsewhere` of entries by n-gram, of each the largest count first."""
    holds_largest = np.diff(gram, prepend=-1) > 0
    first = np.flatnonzero(holds_largest)
    following = np.append(first[1:], len(gram))
    second = np.append(counts, 0)[first + 1] * (following - first > 1)
    of_gram = np.cumsum(holds_largest) - 1
    return np.where(holds_largest, second[of_gram], counts[first][of_gram])


def closest_other(lengths: Int[np.ndarray, " texts"]) -> Int[np.ndarray, " texts"]:
    """For each text the length closest to its own among the others; ties: the shorter.

    In sorted order it is one of the two neighbours.
    """
    order = np.argsort(lengths, kind="stable")
    ranked = lengths[order]
    below = np.append(-np.inf, ranked[:-1])
    above = np.append(ranked[1:], np.inf)
    closest = np.where(above - ranked < ranked - below, above, below)
    found = np.empty_like(lengths)
    found[order] = closest
    return found


def length_penalties(
    lengths: Int[np.ndarray, " texts"], references: Int[np.ndarray, " texts"]
) -> Float[np.ndarray, " texts"]:
    return np.exp(np.minimum(0.0, 1 - references / lengths))


_SCORERS = {"all": _scores_against_all, "pairs": _scores_of_pairs}


def _check_choices(references: str, smoothing: str | None, short: str) -> None:
    if references not in _SCORERS:
        raise ValueError(f'references is {references!r}; allowed are "all" and "pairs"')
    if smoothing not in ("method1", "method4", None):
        raise ValueError(
            f'smoothing is {smoothing!r}; allowed are "method1", "method4" and None'
        )
    if short not in ("capped", "nltk"):
        raise ValueError(f'short is {short!r}; allowed are "capped" and "nltk"')
