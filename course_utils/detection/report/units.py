"""Which texts are compared, and what was drawn: single texts, or prompts with theirs.

Ten texts of one prompt are no ten draws. So where prompts are known they are the units:
a block of a prompt's texts stays together, and a block of the set stands beside one of
as many texts from the reference.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

FEWEST_JUDGED = 10  # blocks; nothing is judged by fewer
_TEXTS_OF_A_PROMPT = 10  # of each prompt, where not all can be looked at
_MANY_TEXTS = 20  # of each of a few prompts, which are then taken as given
_NO_PROMPT = "\0no prompt"
_SHARED = 0.5  # of both sets' texts, from which on only shared prompts are compared

Group = list[int]


@dataclass(frozen=True)
class Units:
    """Blocks of texts, by their places in the set and in the reference.

    own, reference  the places of each block's texts; as many in both, and none in the
                    reference where there is none
    strata          a number for each block, equal where blocks are of one prompt
    unit            what a block is
    notes           what was left out, and why
    """

    own: list[Group]
    reference: list[Group]
    strata: list[int]
    unit: str
    notes: list[str] = field(default_factory=list)

    @property
    def texts(self) -> int:
        """How many of the set's texts are looked at."""
        return sum(map(len, self.own))


def units_alone(
    texts: int, prompts: Sequence[str] | None, sample: int, dice: random.Random
) -> Units:
    """Of a set without a reference."""
    groups = _groups(texts, prompts, dice)
    blocks = list(groups.values()) if groups else _singles(texts, dice)
    kept = _limited(blocks, sample, dice)
    own = [blocks[i][:size] for i, size in kept]
    return Units(own, [], [0] * len(own), "prompts" if groups else "texts")


def units_beside(
    texts: int,
    prompts: Sequence[str] | None,
    reference_texts: int,
    reference_prompts: Sequence[str] | None,
    sample: int,
    dice: random.Random,
) -> Units:
    """Of a set and its reference: block beside block, of as many texts.

    Where both have the same prompts, texts of the same prompt stand beside each other:
    as whole blocks, or, of fewer than ten prompts, one by one.
    """
    own = _groups(texts, prompts, dice)
    reference = _groups(reference_texts, reference_prompts, dice)
    if own and reference:
        shared = [p for p in own if p in reference and not p.startswith(_NO_PROMPT)]
        pairs = [(own[p], reference[p]) for p in shared]
        texts_beside = sum(min(len(a), len(b)) for a, b in pairs)
        shares = [_share(groups, shared) for groups in (own, reference)]
        if texts_beside >= 2 and min(shares) >= _SHARED:
            left = [len(groups) - len(shared) for groups in (own, reference)]
            return _of_shared_prompts(pairs, max(left), sample, dice)
    notes: list[str] = []
    if not reference:
        own = _of_one_side(own, "reference", notes)
    elif not own:
        reference = _of_one_side(reference, "set", notes)
    pairs = _matched(
        list(own.values()) if own else _singles(texts, dice),
        list(reference.values()) if reference else _singles(reference_texts, dice),
        dice,
    )
    return _paired(pairs, [0] * len(pairs), _unit(own, reference), notes, sample, dice)


def _of_one_side(
    groups: dict[str, Group], other: str, notes: list[str]
) -> dict[str, Group]:
    """What prompts count as where the other side names none.

    Few prompts with many texts each are taken as given: every text is a draw. Of others
    one text each stands beside one of the other side's.
    """
    if not groups:
        return {}
    if len(groups) < FEWEST_JUDGED and min(map(len, groups.values())) >= _MANY_TEXTS:
        notes.append(
            f"The {other} names no prompts, so each text counts as a draw: what is "
            f"found holds for these {len(groups)} prompts."
        )
        return {}
    notes.append(
        f"The {other} names no prompts, so one text of each prompt is compared: "
        "likeness within a prompt is not judged."
    )
    return groups


def units_of_texts(
    texts: int, reference_texts: int, sample: int, dice: random.Random
) -> Units:
    """Single texts beside single texts, whatever their prompts: only to describe."""
    count = min(texts, reference_texts, sample)
    own, reference = (_singles(n, dice)[:count] for n in (texts, reference_texts))
    return Units(own, reference, [0] * count, "texts")


def _of_shared_prompts(
    pairs: list[tuple[Group, Group]], left: int, sample: int, dice: random.Random
) -> Units:
    notes = []
    if left:
        verb = "prompt stands" if left == 1 else "prompts stand"
        notes.append(f"{left:,} {verb} in one of the two only, left out here.")
    if len(pairs) >= FEWEST_JUDGED:
        return _paired(pairs, [0] * len(pairs), "prompts", notes, sample, dice)
    single = [
        ([a], [b], stratum)
        for stratum, pair in enumerate(pairs)
        for a, b in zip(*pair, strict=False)
    ]
    notes.append(
        f"Texts are compared within each prompt that both have ({len(pairs)}): what is "
        "found holds for these."
    )
    blocks = [(a, b) for a, b, _ in single]
    strata = [stratum for *_, stratum in single]
    return _paired(blocks, strata, "texts of the same prompt", notes, sample, dice)


def _paired(
    pairs: list[tuple[Group, Group]],
    strata: list[int],
    unit: str,
    notes: list[str],
    sample: int,
    dice: random.Random,
) -> Units:
    """As many texts from both sides of a pair, and at most `sample` from all."""
    common = [a[: min(len(a), len(b))] for a, b in pairs]
    kept = _limited(common, sample, dice)
    return Units(
        [pairs[i][0][:size] for i, size in kept],
        [pairs[i][1][:size] for i, size in kept],
        [strata[i] for i, _ in kept],
        unit,
        notes,
    )


def _matched(
    own: list[Group], reference: list[Group], dice: random.Random
) -> list[tuple[Group, Group]]:
    """Blocks of both sides at random, those of like size beside each other."""
    count = min(len(own), len(reference))
    chosen = (dice.sample(own, count), dice.sample(reference, count))
    first, second = (sorted(groups, key=len, reverse=True) for groups in chosen)
    return list(zip(first, second, strict=True))


def _limited(
    blocks: Sequence[Group], sample: int, dice: random.Random
) -> list[tuple[int, int]]:
    """Which blocks are kept, and how many texts of each: `sample` together at most."""
    most = max(_TEXTS_OF_A_PROMPT, sample // max(len(blocks), 1))
    most = min(most, max(sample // 2, 1))
    kept, room = [], sample
    for i in dice.sample(range(len(blocks)), len(blocks)):
        size = min(len(blocks[i]), most)
        if size <= room:
            kept.append((i, size))
            room -= size
    return kept


def _groups(
    texts: int, prompts: Sequence[str] | None, dice: random.Random
) -> dict[str, Group]:
    """The places of each prompt's texts, in random order; none for a single prompt.

    Texts without a prompt are no texts of one prompt: each is drawn by itself.
    """
    if prompts is None or len(set(prompts)) < 2:
        return {}
    groups: dict[str, Group] = defaultdict(list)
    for place in dice.sample(range(texts), texts):
        groups[prompts[place] or f"{_NO_PROMPT} {place}"].append(place)
    return dict(groups)


def _singles(texts: int, dice: random.Random) -> list[Group]:
    return [[place] for place in dice.sample(range(texts), texts)]


def _share(groups: dict[str, Group], prompts: Sequence[str]) -> float:
    inside = sum(len(groups[prompt]) for prompt in prompts)
    return inside / sum(map(len, groups.values()))


def _unit(own: dict[str, Group], reference: dict[str, Group]) -> str:
    return "prompts" if own or reference else "texts"
