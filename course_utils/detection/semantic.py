"""Semantic entropy: how undecided a model is about *what* it says, in whatever words.

Several texts of one prompt are put together where they mean the same, and the entropy
is taken over the meanings. Unlike the entropy of tokens it sees a model that tells
everybody the same. Built in notebook 07.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from course_utils.foundations.entropy import entropy

Item = TypeVar("Item")


def group_by_meaning(
    items: Sequence[Item], same: Callable[[Item, Item], bool]
) -> list[list[Item]]:
    """Groups in which each item means the `same` as the first; in order of coming.

    `same(a, b)` should hold both ways round: a follows from b, and b from a. Each item
    is compared with one item of each group. Farquhar and others 2024
    (doi:10.1038/s41586-024-07421-0).
    """
    groups: list[list[Item]] = []
    for item in items:
        home = next((group for group in groups if same(group[0], item)), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    return groups


def semantic_entropy(
    items: Sequence[Item], same: Callable[[Item, Item], bool], base: float = 2
) -> float:
    """Entropy over the meanings of a prompt's texts, in bits (or units of log `base`).

    From 0, where all mean the same, to log n, where no two of n do: so it is too low
    where there are about as many meanings as texts; compare it at one n. The discrete
    form, which counts texts and doesn't weigh them by their probability. Raises
    ValueError for fewer than two items. Farquhar and others 2024
    (doi:10.1038/s41586-024-07421-0). Built in notebook 07.
    """
    if len(items) < 2:
        raise ValueError(f"items has {len(items)} entries; allowed are 2 or more")
    sizes = [len(group) for group in group_by_meaning(items, same)]
    shares = torch.tensor(sizes, dtype=torch.float64) / len(items)
    return entropy(shares, base).item()
