"""Since when: whether texts grow more alike along a file, which often is in time.

The file is cut into as many parts of equal length as there is room for. Where the order
of the texts says nothing, a shuffled order gives as clear a step as often as not.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from course_utils.detection.repetition import rep_n
from course_utils.detection.report.units import FEWEST_JUDGED
from course_utils.detection.self_bleu import bleu_against_others
from course_utils.detection.words import Tokenize, words

_PARTS = 10
_FEWEST_PARTS = 4
_TEXTS_OF_A_PART = 20  # at least
_LOOKED_AT = 50  # of each part
_CALLED = 0.05
NAMES = ("Self-BLEU-4", "repetition")


@dataclass(frozen=True)
class Along:
    """Parts of a file in its order, and the clearest step up among them.

    starts   the place of each part's first text, from 0 on
    values   of each part: Self-BLEU-4 and repetition, of so many texts (`looked_at`)
    step     where texts grow more alike: the place of a part's first text; None where
             shuffled orders show as clear a step in more than 5 % of cases
    measure  which of the two steps up
    before, after  its means on both sides
    p        how often a shuffled order shows a step as clear
    """

    starts: list[int]
    values: list[tuple[float, float]]
    looked_at: int
    step: int | None
    measure: str
    before: float
    after: float
    p: float


def along(
    texts: Sequence[str],
    prompts: Sequence[str] | None,
    shuffles: int,
    seed: int = 0,
    tokenize: Tokenize = words,
) -> Along | None:
    """Look for a step along `texts`; None for fewer than 80, or of too few prompts.

    Texts of one prompt that follow each other are shuffled together.
    """
    count = min(_PARTS, len(texts) // _TEXTS_OF_A_PART)
    blocks = _blocks(len(texts), prompts)
    if count < _FEWEST_PARTS or len(blocks) < FEWEST_JUDGED:
        return None
    dice = np.random.default_rng(seed)
    size = len(texts) // count
    looked_at = min(_LOOKED_AT, size)
    offsets = np.sort(dice.choice(size, looked_at, replace=False))
    known: dict[int, Sequence[Hashable]] = {}

    def row(i: int) -> Sequence[Hashable]:
        if i not in known:
            known[i] = tokenize(texts[i])
        return known[i]

    def values(order: Sequence[int]) -> Float[np.ndarray, "parts measures"]:
        parts = [[order[k * size + j] for j in offsets] for k in range(count)]
        return np.array([_values([row(i) for i in part]) for part in parts])

    found = values(range(len(texts)))
    drawn = [found]
    for _ in range(shuffles):
        mixed = [blocks[i] for i in dice.permutation(len(blocks))]
        drawn.append(values([i for block in mixed for i in block]))
    starts = [k * size for k in range(count)]
    return _clearest(np.array(drawn), starts, looked_at)


def _values(rows: Sequence[Sequence[Hashable]]) -> tuple[float, float]:
    return float(bleu_against_others(rows).mean()), float(np.mean([*map(rep_n, rows)]))


def _clearest(
    drawn: Float[np.ndarray, "orders parts measures"],
    starts: list[int],
    looked_at: int,
) -> Along:
    """The step with the largest difference of means, in standard deviations."""
    count = drawn.shape[1]
    sums = drawn.cumsum(axis=1)
    first = np.arange(1, count)[:, None]
    before = sums[:, :-1] / first
    after = (sums[:, -1:] - sums[:, :-1]) / (count - first)
    steps = after - before
    spread = steps.std(axis=0)
    steps = steps / np.where(spread > 0, spread, np.inf)
    largest = steps.max(axis=(1, 2))
    p = float((largest >= largest[0] - 1e-12).mean())
    place, measure = np.unravel_index(steps[0].argmax(), steps[0].shape)
    return Along(
        starts,
        [(float(a), float(b)) for a, b in drawn[0]],
        looked_at,
        starts[place + 1] if p <= _CALLED else None,
        NAMES[measure],
        float(before[0, place, measure]),
        float(after[0, place, measure]),
        p,
    )


def _blocks(size: int, prompts: Sequence[str] | None) -> list[list[int]]:
    """Neighbours of one prompt together, where prompts come one after the other."""
    single = [[i] for i in range(size)]
    if prompts is None:
        return single
    runs: list[list[int]] = []
    for i, prompt in enumerate(prompts):
        if runs and prompt == prompts[runs[-1][-1]]:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs if 1 < len(runs) == len(set(prompts)) else single
