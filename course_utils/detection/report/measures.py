"""The report's measures of likeness, each taken on any part of the texts at once.

What a measure needs of a text (its words, its n-grams, whether it loops) is found
once; drawing the texts anew, hundreds of times, then costs little.
"""

import math
import zlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.detection.clusters import clusters_of_cosines, dominant_share
from course_utils.detection.embedding import tfidf_cosines
from course_utils.detection.ngram_table import NgramTable
from course_utils.detection.repetition import Loop, find_loops, rep_n
from course_utils.detection.vendi import vendi_of_eigenvalues
from course_utils.detection.words import Tokenize, is_drawing, terms_of, words
from course_utils.foundations.intervals import Interval

_APART = 0.5  # cosine distance between kinds of texts
_LOOP_WORDS = 6  # a shorter stretch is no loop: "no, no, no"

Places = Int[np.ndarray, " chosen"]


class Pool:
    """Texts, with all that the measures need to know of each of them."""

    def __init__(self, texts: Sequence[str], tokenize: Tokenize = words) -> None:
        self.texts = list(texts)
        self.rows: list[Sequence[Hashable]] = [tokenize(text) for text in texts]
        self.cosines: Float[Tensor, "n n"] = tfidf_cosines(
            self.texts, terms_of(tokenize)
        )
        self.bytes = [text.encode("utf-8", "replace") for text in texts]
        numbers: dict[str, int] = {}
        same = [numbers.setdefault(plain(t), len(numbers)) for t in texts]
        self.same = np.array(same)
        self.repeated = np.array([rep_n(row) for row in self.rows])
        self.loops = np.array([loop is not None for loop in long_loops(self.rows)])
        self.ngrams = NgramTable(self.rows, 4)

    def __len__(self) -> int:
        return len(self.texts)


def long_loops(rows: Sequence[Sequence[Hashable]]) -> list[Loop | None]:
    """Of each text the loop of six words or more, if any; rules like ----- are none."""
    found = find_loops(rows, 3, is_drawing)
    return [
        loop if loop and loop.period * loop.repeats >= _LOOP_WORDS else None
        for loop in found
    ]


@dataclass(frozen=True)
class Measure:
    """One detector of the report.

    plainly      what it finds when texts are too alike, as the end of a sentence
    collapse_is  "high" or "low": where this measure goes as texts grow alike
    limits       the least and the largest value possible
    share        whether it is a share of texts, known no better than to one text
    effective    whether it is an effective number of texts, and can be no larger than
                 their number
    in_percent   whether a sentence tells it in percent
    """

    name: str
    question: str
    plainly: str
    collapse_is: str
    of: Callable[[Pool, Places], float]
    limits: Interval = (0.0, 1.0)
    share: bool = False
    effective: bool = False
    in_percent: bool = False

    @property
    def sign(self) -> int:
        """1 where larger values mean more alike, else -1."""
        return 1 if self.collapse_is == "high" else -1


@dataclass(frozen=True)
class Finding:
    """What one measure says.

    value, reference      of as many texts of the set and of the reference
    interval, reference_interval  95 % of each, for so many texts
    band                  values that are not told from the reference's
    difference            value minus reference, with its 95 % interval
    p                     how often swaps of blocks find any measure (of those not yet
                          called) as far on this side; a verdict needs .05 or less
    detectable            the difference that would be found four times in five
    verdict               "more alike", "more varied", "like the reference" (not told
                          apart), "too few" or "no reference"
    """

    name: str
    question: str
    value: float
    interval: Interval
    collapse_is: str
    reference: float | None = None
    reference_interval: Interval | None = None
    band: Interval | None = None
    difference: float | None = None
    difference_interval: Interval | None = None
    p: float | None = None
    detectable: float | None = None
    verdict: str = "no reference"


def plain(text: str) -> str:
    """A text without what only spacing changes."""
    return " ".join(text.split())


def _copies(pool: Pool, chosen: Places) -> float:
    counts = np.bincount(pool.same[chosen])
    return float(counts[counts > 1].sum() / len(chosen))


def _self_bleu(pool: Pool, chosen: Places) -> float:
    return float(pool.ngrams.bleu_against_others(chosen).mean())


def _compression(pool: Pool, chosen: Places) -> float:
    raw = b"\n".join([pool.bytes[i] for i in chosen])
    return len(raw) / len(zlib.compress(raw, level=9))


def _vendi(pool: Pool, chosen: Places) -> float:
    cosines = _cosines(pool, chosen).double()
    return vendi_of_eigenvalues(torch.linalg.eigvalsh(cosines / len(chosen)))


def _largest_kind(pool: Pool, chosen: Places) -> float:
    return dominant_share(clusters_of_cosines(_cosines(pool, chosen), _APART))


def _cosines(pool: Pool, chosen: Places) -> Float[Tensor, "n n"]:
    places = torch.from_numpy(chosen)
    return pool.cosines[places][:, places]


def _looping(pool: Pool, chosen: Places) -> float:
    return float(pool.loops[chosen].mean())


def _repetition(pool: Pool, chosen: Places) -> float:
    return float(pool.repeated[chosen].mean())


MEASURES = (
    Measure(
        "copies",
        "Which share of the texts occurs more than once?",
        "texts are copies of each other",
        "high",
        _copies,
        share=True,
        in_percent=True,
    ),
    Measure(
        "Self-BLEU-4",
        "How much of each text, up to four words in a row, stands in the others?",
        "texts use the same phrases",
        "high",
        _self_bleu,
    ),
    Measure(
        "compression ratio",
        "How many times smaller do all texts together get when compressed?",
        "much of each text stands in earlier ones",
        "high",
        _compression,
        limits=(0.0, math.inf),
    ),
    Measure(
        "Vendi score",
        "To how many entirely different texts does the set amount, by its words?",
        "few texts differ in their words",
        "low",
        _vendi,
        limits=(1.0, math.inf),
        effective=True,
    ),
    Measure(
        "largest kind",
        "Which share has the largest cluster of texts with like words?",
        "one kind of text takes over",
        "high",
        _largest_kind,
        share=True,
        in_percent=True,
    ),
    Measure(
        "looping",
        "Which share of the texts says the same words three times or more in a row?",
        "texts go round in loops",
        "high",
        _looping,
        share=True,
        in_percent=True,
    ),
    Measure(
        "repetition",
        "Which share of a text's four-word runs stood in it before?",
        "texts repeat themselves",
        "high",
        _repetition,
        in_percent=True,
    ),
)
