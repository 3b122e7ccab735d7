"""The report's measures of likeness, all taken on samples of one size."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from course_utils.detection.clusters import clusters_of_cosines, dominant_share
from course_utils.detection.embedding import tfidf_cosines
from course_utils.detection.repetition import compression_ratio, rep_n
from course_utils.detection.self_bleu import bleu_against_others
from course_utils.detection.vendi import vendi_of_kernel
from course_utils.detection.words import words
from course_utils.foundations.intervals import Interval, jackknife_error

_APART = 0.5  # cosine distance between kinds of texts
_Z95, _Z99 = 1.96, 2.576


class Sample(NamedTuple):
    """Some texts, their words, and how alike every two of them are by their words."""

    texts: list[str]
    rows: list[Sequence[Hashable]]
    cosines: Float[Tensor, "n n"]

    def only(self, kept: Sequence[int]) -> "Sample":
        chosen = list(kept)
        texts = [self.texts[i] for i in chosen]
        rows = [self.rows[i] for i in chosen]
        return Sample(texts, rows, self.cosines[chosen][:, chosen])


@dataclass(frozen=True)
class Measure:
    """One detector of the report.

    collapse_is  "high" or "low": where this measure goes as texts grow alike
    limits       the least and the largest value possible
    share        whether it is a share of texts, known no better than to one text
    """

    name: str
    question: str
    collapse_is: str
    of: Callable[[Sample], float]
    limits: Interval = (0.0, 1.0)
    share: bool = False


def _copies(sample: Sample) -> float:
    counts = Counter(map(plain, sample.texts))
    return sum(c for c in counts.values() if c > 1) / len(sample.texts)


MEASURES = (
    Measure(
        "copies",
        "Which share of the texts occurs more than once?",
        "high",
        _copies,
        share=True,
    ),
    Measure(
        "Self-BLEU-4",
        "How much of each text, up to four words in a row, stands in the others?",
        "high",
        lambda sample: bleu_against_others(sample.rows).mean(),
    ),
    Measure(
        "compression ratio",
        "How many times smaller do all texts together get when compressed?",
        "high",
        lambda sample: compression_ratio(sample.texts),
        limits=(0.0, math.inf),
    ),
    Measure(
        "Vendi score",
        "To how many entirely different texts does the set amount, by its words?",
        "low",
        lambda sample: vendi_of_kernel(sample.cosines),
        limits=(1.0, math.inf),
    ),
    Measure(
        "largest kind",
        "Which share has the largest cluster of texts with like words?",
        "high",
        lambda sample: dominant_share(clusters_of_cosines(sample.cosines, _APART)),
        share=True,
    ),
    Measure(
        "repetition",
        "Which share of a text's four-word runs stood in it before?",
        "high",
        lambda sample: sum(map(rep_n, sample.rows)) / len(sample.rows),
    ),
)


@dataclass(frozen=True)
class Finding:
    """What one measure says.

    interval   95 % of the value, for as many texts
    reference  the same measure of as many reference texts, if there are any
    band       where 99 % of sets of this size from the reference's source would lie
    """

    name: str
    question: str
    value: float
    interval: Interval
    reference: float | None
    band: Interval | None
    collapse_is: str

    @property
    def verdict(self) -> str:
        """In words: "more alike", "more varied", "like the reference" or "no band"."""
        if self.band is None or math.isnan(self.band[0]):
            return "no band"
        low, high = self.band
        if low <= self.value <= high:
            return "like the reference"
        alike = (self.value > high) == (self.collapse_is == "high")
        return "more alike" if alike else "more varied"


def samples_of(drawn: list[list[str]]) -> list[Sample]:
    """Words are weighted alike in all samples, so that these can be compared."""
    cosines = tfidf_cosines([text for texts in drawn for text in texts])
    samples, start = [], 0
    for texts in drawn:
        own = slice(start, start + len(texts))
        rows: list[Sequence[Hashable]] = [words(text) for text in texts]
        samples.append(Sample(texts, rows, cosines[own, own]))
        start += len(texts)
    return samples


def find(measure: Measure, samples: list[Sample]) -> Finding:
    """The measure of the first sample, and the band around that of the second."""
    (value, error), *others = [_value_and_error(measure, s) for s in samples]
    reference, band = None, None
    if others:
        reference, spread = others[0]
        # The reference's own value is uncertain, and so is a new set's.
        band = _around(reference, _Z99 * math.sqrt(2) * spread, measure.limits)
    interval = _around(value, _Z95 * error, measure.limits)
    return Finding(
        measure.name,
        measure.question,
        value,
        interval,
        reference,
        band,
        measure.collapse_is,
    )


def _value_and_error(measure: Measure, sample: Sample) -> tuple[float, float]:
    def of(kept: Sequence[int]) -> float:
        return float(measure.of(sample.only(kept)))

    n = len(sample.texts)
    value = of(range(n))
    error = jackknife_error(of, range(n), at_least=2)
    # No share is surer than a count of so many texts (Poisson), plus one unseen.
    least = math.sqrt(value * n + 1) / n if measure.share else 0.0
    return value, max(error, least)


def _around(value: float, error: float, limits: Interval) -> Interval:
    return max(value - error, limits[0]), min(value + error, limits[1])


def plain(text: str) -> str:
    return " ".join(text.split())
