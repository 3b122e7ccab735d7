"""Repetition within a text, within a set of texts, and the loops that texts end in.

How much repetition is too much depends on the language: a refrain belongs to a song.
So each measure is best read against texts that are known to be sound, and
`repetition(..., reference=...)` gives the excess. Built in notebook 10.
"""

import math
import zlib
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from course_utils.detection.loops import longest_stretches
from course_utils.detection.self_bleu import ngrams
from course_utils.detection.words import (
    Tokenize,
    check_texts,
    is_drawing,
    split_texts,
    words,
)
from course_utils.foundations.intervals import FEWEST, Interval, bootstrap_interval
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Words = Sequence[Hashable]


@dataclass(frozen=True)
class Loop:
    """A stretch that says the same `period` words again and again.

    start    the place of its first word, counted from 0
    repeats  how often the words are said, at least in part: 2.5 is twice and a half
    """

    start: int
    period: int
    repeats: float


@dataclass(frozen=True, repr=False)
class Repetition:
    """How much the texts of a set repeat themselves.

    share     of a text's n-grams that stand earlier in the same text: the mean
    interval  95 % of the mean
    excess    share minus the reference's, with its interval, if there is a reference
    loops     of each text that has one, by its place in the set; rules like ----- are
              none
    shares    one for each text
    """

    share: float
    interval: Interval
    n: int
    excess: float | None
    excess_interval: Interval | None
    loops: dict[int, Loop]
    shares: list[float] = field(compare=False)

    def __repr__(self) -> str:
        low, high = self.interval
        words = f"repeated {self.n}-grams {self.share:.1%} ({low:.1%} to {high:.1%})"
        if self.excess is not None and self.excess_interval is not None:
            low, high = self.excess_interval
            words += f", {self.excess:+.1%} ({low:+.1%} to {high:+.1%}) over reference"
        return f"{words}; loops in {len(self.loops)} of {len(self.shares)} texts"

    def plot(self) -> "Figure":
        """A histogram of the texts' shares."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 3))
        axes = figure.subplots()
        axes.hist(self.shares, bins=np.linspace(0, 1, 41).tolist())
        axes.axvline(self.share, color="black")
        axes.set(xlim=(0, 1), ylabel="texts")
        axes.set_xlabel(f"share of {self.n}-grams that stood before in the text")
        axes.set_title(f"Mean {self.share:.1%}; {len(self.loops)} texts loop")
        return figure


def repetition(
    texts: Sequence[str],
    n: int = 4,
    reference: Sequence[str] | None = None,
    tokenize: Tokenize = words,
) -> Repetition:
    """Repeated n-grams of each text, loops, and the excess over a reference.

    Raises ValueError for fewer than two texts and for a text without a word, in
    `texts` and in `reference`.
    """
    rows = split_texts(texts, tokenize)
    shares = [rep_n(row, n) for row in rows]
    loops = {i: loop for i, loop in enumerate(find_loops(rows, 3, is_drawing)) if loop}
    excess, excess_interval = None, None
    if reference is not None:
        base = [rep_n(r, n) for r in split_texts(reference, tokenize, name="reference")]
        excess = float(np.mean(shares) - np.mean(base))
        excess_interval = _interval_of_difference(shares, base)
    share, interval = float(np.mean(shares)), _interval(shares)
    return Repetition(share, interval, n, excess, excess_interval, loops, shares)


def rep_n(row: Words, n: int = 4) -> float:
    """The share of a text's n-grams that stand earlier in the same text.

    1 - different / all; 0 for a text shorter than n, where nothing can repeat.
    "seq-rep-n" of Welleck and others 2020 (arXiv 1908.04319) is its mean over texts.
    """
    counts = ngrams(row, as_whole_number("n", n, at_least=1))
    return 1 - len(counts) / counts.total() if counts else 0.0


def within_and_across(parts: Sequence[Words], n: int = 4) -> tuple[float, float]:
    """Shares of a text's n-grams that stand earlier: in the same part, or in another.

    `parts` are the text's pieces in order, such as the tales of a collection or the
    answers of a talk; no n-gram reaches from one into the next. What stands earlier in
    both counts as within. The two sum to `rep_n` of all these n-grams; 0 and 0 where no
    part has n words. A loop of a few words repeats within parts, a source that tells
    the same again and again repeats across them. Built in notebook 10.
    """
    n = as_whole_number("n", n, at_least=1)
    before: set[tuple[Hashable, ...]] = set()
    within = across = total = 0
    for part in parts:
        counts = ngrams(part, n)
        total += counts.total()
        within += counts.total() - len(counts)
        across += len(before & counts.keys())
        before |= counts.keys()
    return within / max(total, 1), across / max(total, 1)


def rep_n_along(
    row: Words, n: int = 4, window: int = 64
) -> Float[np.ndarray, " words"]:
    """`rep_n` of the last `window` words (or as many as there are) at each word.

    A window sees a loop only if it holds more n-grams than the loop's period. Raises
    ValueError for a window of fewer than n words.
    """
    n = as_whole_number("n", n, at_least=1)
    fit = as_whole_number("window", window, at_least=n) - n + 1
    grams = list(zip(*(row[start:] for start in range(n)), strict=False))
    inside: Counter = Counter()
    shares = np.zeros(len(row))
    for place, gram in enumerate(grams):
        inside[gram] += 1
        if place >= fit:
            left = grams[place - fit]
            inside[left] -= 1
            if inside[left] == 0:
                del inside[left]
        shares[place + n - 1] = 1 - len(inside) / min(place + 1, fit)
    return shares


def distinct_n(rows: Sequence[Words], n: int = 2) -> float:
    """Different n-grams over all n-grams, of all texts together.

    Falls as texts are added, from any source: compare it at one number of words only,
    or use `adjusted_distinct`. Li and others 2016 (arXiv 1510.03055). Raises ValueError
    where no text has n words.
    """
    counts = _pooled(rows, n)
    return len(counts) / counts.total()


def adjusted_distinct(rows: Sequence[Words], vocabulary: int, n: int = 1) -> float:
    """Different n-grams over those expected of as many even draws.

    The expectation takes each of `vocabulary` words as equally likely, hence each of
    vocabulary ** n n-grams. 1 for such draws, of any number; words of a language are
    not drawn evenly, and theirs still changes with length. EAD of Liu and others 2022
    (arXiv 2202.13587), whose n is 1. Raises ValueError where no text has n words.
    """
    vocabulary = as_whole_number("vocabulary", vocabulary, at_least=1)
    counts = _pooled(rows, n)
    kinds = float(vocabulary) ** n
    if kinds == 1:
        return float(len(counts))
    expected = -kinds * math.expm1(counts.total() * math.log1p(-1 / kinds))
    return len(counts) / expected


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes of all texts over their bytes when compressed (once, by zlib).

    The more of a text stands before, the smaller it gets. Grows with the number of
    texts. zlib looks back over 32,768 bytes only, so the order of texts matters: a copy
    further away is not seen. Shaib and others 2024 (arXiv 2403.00553). Raises
    ValueError if there is no letter at all.
    """
    check_texts(texts, at_least=1)
    raw = "\n".join(texts).encode()
    if not "".join(texts):
        raise ValueError("texts holds no letter; at least one is needed")
    return len(raw) / len(zlib.compress(raw, level=9))


def find_loop(row: Words, repeats: int = 3) -> Loop | None:
    """The longest stretch in which the same words are said `repeats` times or more.

    A stretch has the period p if each of its words, from the p-th after the first on,
    equals the one p before. Of stretches of the same length the one of the shortest
    period, then the earliest. Takes time in the square of the text's length; for long
    texts, and for many, there is `find_loops`.
    """
    repeats = as_whole_number("repeats", repeats, at_least=2)
    best, longest = None, 0
    for period in range(1, len(row) // repeats + 1):
        start = 0  # of the stretch that goes on at `place`
        for place in range(period, len(row) + 1):
            if place < len(row) and row[place] == row[place - period]:
                continue
            length = place - start
            if length >= repeats * period and length > longest:
                best, longest = Loop(start, period, length / period), length
            start = place - period + 1
    return best


def find_loops(
    rows: Sequence[Words],
    repeats: int = 3,
    is_bare: Callable[[Hashable], bool] | None = None,
) -> list[Loop | None]:
    """`find_loop` for each text, in nearly linear time.

    is_bare  for words that alone make no loop: with `words.is_drawing` the rule `-----`
             is none
    """
    repeats = as_whole_number("repeats", repeats, at_least=2)
    found: list[Loop | None] = [None] * len(rows)
    for i, start, length, period in longest_stretches(rows, repeats, is_bare):
        found[i] = Loop(start, period, length / period)
    return found


def _pooled(rows: Sequence[Words], n: int) -> Counter:
    n = as_whole_number("n", n, at_least=1)
    counts = sum((ngrams(row, n) for row in rows), start=ngrams((), n))
    if not counts:
        raise ValueError(f"rows holds no text of {n} words or more; one is needed")
    return counts


def _interval(values: list[float]) -> Interval:
    """Of the mean; unknown of too few texts."""
    if len(values) < FEWEST:
        return math.nan, math.nan
    return bootstrap_interval(values)


def _interval_of_difference(first: list[float], second: list[float]) -> Interval:
    """Of the difference of two means, by the intervals' half widths in quadrature."""
    (a, b), (c, d) = _interval(first), _interval(second)
    x, y = float(np.mean(first)), float(np.mean(second))
    low, high = math.hypot(x - a, d - y), math.hypot(b - x, y - c)
    return x - y - low, x - y + high
