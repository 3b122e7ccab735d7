"""How loops are found: all stretches of a text with a period, in nearly linear time.

A stretch of period p that says its words twice or more holds two neighbours among the
places 0, p, 2p, ...: both begin the same words. So for each p only those places are
compared, n/1 + n/2 + n/3 + ... of them, and how far two places agree is looked up in
tables of the runs of 1, 2, 4, ... words that stand more than once in a text. Main and
Lorentz 1984 (doi:10.1016/0196-6774(84)90021-X), Karp, Miller and Rosenberg 1972.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

Words = Sequence[Hashable]
IsBare = Callable[[Hashable], bool]

_CELLS_AT_ONCE = 4_000_000


class Stretches(NamedTuple):
    """Stretches with a period: their text, first word, length and period, in words."""

    text: Int[np.ndarray, " found"]
    start: Int[np.ndarray, " found"]
    length: Int[np.ndarray, " found"]
    period: Int[np.ndarray, " found"]

    def only(self, kept: np.ndarray) -> "Stretches":
        return Stretches(*(part[kept] for part in self))


def longest_stretches(
    rows: Sequence[Words], repeats: int, is_bare: IsBare | None = None
) -> Iterator[tuple[int, int, int, int]]:
    """For each text that has one: its number, and start, length, period of the longest.

    A stretch is `repeats` periods long or more. Those of which every word is bare (such
    as the marks of `-----`) don't count. Of equally long ones the one with the shortest
    period, then the earliest.
    """
    for chosen in _portions(rows):
        found = _stretches([rows[i] for i in chosen], repeats, is_bare)
        order = np.lexsort((found.start, found.period, -found.length, found.text))
        text, first = np.unique(found.text[order], return_index=True)
        best = found.only(order[first])
        places = np.array(chosen, dtype=np.int64)[text]
        columns = (places, best.start, best.length, best.period)
        yield from zip(*(column.tolist() for column in columns), strict=True)


def _portions(rows: Sequence[Words]) -> Iterator[list[int]]:
    """Texts of like lengths together, since they lie in a table as wide as the longest.

    So that one long text does not make the table of all others wide.
    """
    portion: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        if portion and (len(portion) + 1) * len(rows[i]) > _CELLS_AT_ONCE:
            yield portion
            portion = []
        portion.append(i)
    if portion:
        yield portion


def _stretches(
    rows: Sequence[Words], repeats: int, is_bare: IsBare | None
) -> Stretches:
    numbers: dict[Hashable, int] = {}
    width = max(map(len, rows)) + 1  # a column after the longest ends every text
    table = np.full((len(rows), width), -1, dtype=np.int64)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = [numbers.setdefault(word, len(numbers)) for word in row]
    at, period = _anchors(table, repeats)
    levels = _levels(table)
    ahead = _agreement(levels, at, at + period, 1)
    behind = _agreement(levels, at - 1, at + period - 1, -1)
    text, place = np.divmod(at, width)
    found = Stretches(text, place - behind, behind + ahead + period, period)
    found = found.only(found.length >= repeats * period)
    if is_bare is None:
        return found
    bare = np.array([is_bare(word) for word in numbers] + [True])[table]
    said = np.cumsum(~bare, axis=1)
    last = said[found.text, found.start + found.length - 1]
    return found.only(
        last > said[found.text, found.start] - ~bare[found.text, found.start]
    )


def _anchors(
    table: Int[np.ndarray, "texts width"], repeats: int
) -> tuple[Int[np.ndarray, " found"], Int[np.ndarray, " found"]]:
    """Places (counted through the whole table) that hold the word of one period on."""
    places, periods = [], []
    width = table.shape[1]
    for period in range(1, (width - 1) // repeats + 1):
        column = table[:, ::period]
        same = (column[:, 1:] == column[:, :-1]) & (column[:, 1:] >= 0)
        text, step = np.nonzero(same)
        places.append(text * width + step * period)
        periods.append(np.full(len(text), period))
    if not places:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(places), np.concatenate(periods)


def _levels(table: Int[np.ndarray, "texts width"]) -> list[Int[np.ndarray, " cells"]]:
    """For runs of 1, 2, 4, ... words from each cell on: equal numbers, equal runs.

    A run that stands in its text only once has the number -1.
    """
    text = np.repeat(np.arange(len(table)), table.shape[1])
    cells = np.flatnonzero(table.ravel() >= 0)
    keys = text[cells] * (table.max() + 1) + table.ravel()[cells]
    levels: list[Int[np.ndarray, " cells"]] = []
    while True:
        _, number, count = np.unique(keys, return_inverse=True, return_counts=True)
        again = count[number] > 1
        level = np.full(table.size + 1, -1, dtype=np.int64)
        level[cells[again]] = number[again]
        levels.append(level)
        cells, reach = cells[again], 2 ** (len(levels) - 1)
        cells = cells[level[np.minimum(cells + reach, table.size)] >= 0]
        if len(cells) == 0:
            return levels
        keys = level[cells] * (level.max() + 1) + level[cells + reach]


def _agreement(
    levels: list[Int[np.ndarray, " cells"]],
    one: Int[np.ndarray, " pairs"],
    other: Int[np.ndarray, " pairs"],
    step: int,
) -> Int[np.ndarray, " pairs"]:
    """How many words from two places on are the same, onward (1) or backward (-1)."""
    length = np.zeros_like(one)
    beyond = len(levels[0]) - 1
    for power in reversed(range(len(levels))):
        reach = 2**power
        shift = length if step > 0 else 1 - length - reach
        first, second = (np.clip(at + shift, -1, beyond) for at in (one, other))
        # Where a place would lie outside it is the last one, where no run begins.
        number = levels[power][first]
        fits = (number >= 0) & (number == levels[power][second])
        length = length + reach * fits
    return length
