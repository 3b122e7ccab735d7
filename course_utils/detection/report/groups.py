"""The measures of each group of texts: by model, by temperature, by prompt."""

import math
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.detection.report.judging import drawn, judged
from course_utils.detection.report.measures import Finding, Pool
from course_utils.detection.report.units import FEWEST_JUDGED, Group, Units, units_alone
from course_utils.detection.words import Tokenize, words

_FEWEST_TEXTS = 20
_MOST_GROUPS = 12
_MOST_TEXTS = 200  # of each group
REFERENCE = "the reference"


@dataclass(frozen=True)
class GroupFinding:
    """The measures of one group's texts.

    name      the value of the field
    texts     how many the group has
    findings  one for each measure, of as many texts as of every other group
    """

    name: str
    texts: int
    findings: list[Finding]


@dataclass(frozen=True)
class Groups:
    """Groups beside each other, by the values of one field, `size` texts of each."""

    field: str
    size: int
    groups: list[GroupFinding]
    notes: list[str]


def groups_by(
    field: str,
    values: Sequence[Any],
    texts: Sequence[str],
    prompts: Sequence[str] | None,
    reference: Sequence[str],
    seed: int = 0,
    tokenize: Tokenize = words,
) -> Groups:
    """Each group with 20 texts or more, twelve at most, and the reference, if any.

    All are measured on one number of texts, since every measure changes with it. Raises
    ValueError where fewer than two groups have 20 texts.
    """
    places, large = check_groups(field, values)
    notes = []
    if len(large) < len(places):
        few = len(places) - len(large)
        notes.append(
            f"{few:,} values of {field} with under {_FEWEST_TEXTS} texts are left out."
        )
    chosen = sorted(large, key=lambda name: -len(places[name]))[:_MOST_GROUPS]
    if len(chosen) < len(large):
        notes.append(
            f"Shown are the {_MOST_GROUPS} commonest of {len(large):,} values."
        )
    chosen.sort(key=_order)
    sets = {n: [texts[i] for i in places[n]] for n in chosen}
    of_prompts = {n: prompts and [prompts[i] for i in places[n]] for n in chosen}
    if len(reference) >= _FEWEST_TEXTS:
        sets[REFERENCE], of_prompts[REFERENCE] = list(reference), None
    return _measured(field, sets, of_prompts, notes, seed, tokenize)


def check_groups(
    field: str, values: Sequence[Any]
) -> tuple[dict[str, Group], list[str]]:
    """The places of each group's texts, and the groups that are large enough.

    Raises ValueError for fewer than two of these: asked before the work.
    """
    places: dict[str, Group] = defaultdict(list)
    for place, value in enumerate(values):
        places[_name(value)].append(place)
    large = [name for name in places if len(places[name]) >= _FEWEST_TEXTS]
    if len(large) < 2:
        raise ValueError(
            f"by is {field!r}, whose values have {_sizes(places)} texts; at least two "
            f"need {_FEWEST_TEXTS} or more"
        )
    return places, large


def _measured(
    field: str,
    sets: dict[str, list[str]],
    prompts: dict[str, Any],
    notes: list[str],
    seed: int,
    tokenize: Tokenize,
) -> Groups:
    dice = random.Random(seed)
    size = min(_MOST_TEXTS, *map(len, sets.values()))
    found = []
    for name, told in sets.items():
        units = _of_size(units_alone(len(told), prompts[name], size, dice), size)
        if units is None:  # of few prompts: they are given, texts are drawn
            units = units_alone(len(told), None, size, dice)
        chosen = [told[i] for block in units.own for i in block]
        measured = judged(drawn(units, Pool(chosen, tokenize)), 0, seed)
        found.append(GroupFinding(name, len(told), measured))
    return Groups(field, size, found, notes)


def _of_size(units: Units, size: int) -> Units | None:
    """The same units if they hold so many texts and are enough for an interval."""
    is_whole = units.texts == size and len(units.own) >= FEWEST_JUDGED
    return units if is_whole else None


def _name(value: Any) -> str:
    return "(none)" if value is None else str(value)


def _order(name: str) -> list[tuple[float, str]]:
    """By the alphabet, with numbers in a name by their size."""
    parts = re.split(r"(-?\d+(?:\.\d+)?)", name)
    return [(float(p), "") if i % 2 else (math.inf, p) for i, p in enumerate(parts)]


def _sizes(places: dict[str, Group]) -> str:
    sizes = sorted(map(len, places.values()), reverse=True)
    shown = ", ".join(f"{size:,}" for size in sizes[:5])
    return shown + (", ..." if len(sizes) > 5 else "")
