"""What healthy sets of texts score: a measure's null band, and its false alarms.

A band is as good as the texts that it is made of. They must be of the same kind as
those on trial: where a model writes documents and is stopped after some tokens, true
documents that are cut there, too. And sets of the same size. Built in notebook 08.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

from course_utils.detection.words import check_texts
from course_utils.foundations.intervals import Interval
from course_utils.foundations.validation import as_number, as_whole_number
from course_utils.model import LanguageModel

Item = TypeVar("Item")


def cut_alike(texts: Sequence[str], lm: LanguageModel, length: int) -> list[str]:
    """Each text as far as `generate(lm, "", max_new_tokens=length)` would write it.

    That is, its first `length` tokens; a text that ends before them stays whole. So
    texts that were not written by the model can be compared with those that were.
    Raises ValueError for an empty list and for a length below 1.
    Built in notebook 08.
    """
    check_texts(texts, at_least=1)
    length = as_whole_number("length", length, at_least=1)
    written = lm.tokenizer(list(texts), add_special_tokens=False, verbose=False)
    return [
        text if len(ids) <= length else lm.decode(ids[:length])
        for text, ids in zip(texts, written["input_ids"], strict=True)
    ]


def in_sets(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """The items, in their order, in sets of `size` that share none; a rest is left out.

    Raises ValueError for a size below 1. Built in notebook 08.
    """
    size = as_whole_number("size", size, at_least=1)
    starts = range(0, len(items) - size + 1, size)
    return [items[start : start + size] for start in starts]


def rank_band(scores: Sequence[float], level: float = 0.95) -> Interval:
    """Where one more score lies, drawn as these were, with probability `level`.

    It has the same chance of every rank among them, whatever their distribution. So it
    falls above the band with probability (1 - level) / 2 at most, and below likewise;
    that is so on average over bands, while a single one may be off a little.
    Raises ValueError for NaN and for too few scores: 95 % needs 39 of them.
    Vovk and others 2005 (conformal prediction). Built in notebook 08.
    """
    needed = scores_needed(level)
    if len(scores) < needed:
        raise ValueError(
            f"scores has {len(scores)} entries; a level of {level} needs {needed}"
        )
    if any(math.isnan(score) for score in scores):
        raise ValueError("scores has NaN; allowed are numbers")
    ranked = sorted(map(float, scores))
    rank = (len(ranked) + 1) // (needed + 1)
    return ranked[rank - 1], ranked[-rank]


def scores_needed(level: float = 0.95) -> int:
    """The fewest scores whose least and largest enclose `level` of further ones.

    Raises ValueError unless the level lies between 0 and 1.
    """
    level = as_number("level", level, "a number between 0 and 1")
    if not 0 < level < 1:
        raise ValueError(f"level must be a number between 0 and 1, not {level}")
    return math.ceil(2 / (1 - level) - 1 - 1e-9)
