"""Self-BLEU of many parts of one set of texts, whose n-grams are counted once.

The scores are those of `bleu_against_others` for each part.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Int

from course_utils.detection.self_bleu import (
    closest_other,
    elsewhere_of_sorted,
    length_penalties,
    numbered_ngrams,
    smoothed_mean,
)

Words = Sequence[Hashable]


class NgramTable:
    """How often each n-gram of orders 1 to n stands in each of some texts."""

    def __init__(self, rows: Sequence[Words], n: int = 4) -> None:
        """Of texts as lists of words, none empty."""
        self.lengths = np.array([len(row) for row in rows])
        self.n = n
        self._orders = [
            _entries(*order, len(rows)) for order in numbered_ngrams(rows, n)
        ]

    def bleu_against_others(
        self, chosen: Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, " chosen"]:
        """BLEU of each chosen text with the other chosen ones as references.

        The texts are given by their places, two or more, none of them twice. Smoothing
        is "method1"; orders above a text's length are left out.
        """
        lengths = self.lengths[chosen]
        place = np.full(len(self.lengths), -1)
        place[chosen] = np.arange(len(chosen))
        matches = np.zeros((len(chosen), self.n), dtype=np.int64)
        for k, (gram, text, count) in enumerate(self._orders):
            inside = np.flatnonzero(place[text] >= 0)
            clipped = np.minimum(
                count[inside], elsewhere_of_sorted(gram[inside], count[inside])
            )
            matches[:, k] = np.bincount(
                place[text[inside]], weights=clipped, minlength=len(chosen)
            )
        totals = np.maximum(lengths[:, None] - np.arange(self.n), 1)
        penalties = length_penalties(lengths, closest_other(lengths))
        return smoothed_mean(matches, totals, lengths, "method1", "capped") * penalties


def _entries(
    gram: Int[np.ndarray, " grams"], text: Int[np.ndarray, " grams"], texts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each n-gram of each text with its count; by n-gram, the largest count first.

    What stands in one text only never matches, in no part, and is left out.
    """
    pairs, count = np.unique(gram * texts + text, return_counts=True)
    gram, text = np.divmod(pairs, texts)
    shared = np.bincount(gram)[gram] > 1
    gram, text, count = gram[shared], text[shared], count[shared]
    order = np.lexsort((-count, gram))
    return gram[order], text[order], count[order]
