"""Sources of texts for trials of the collapse report, each healthy in its own way.

A source is asked for a set of texts and their prompts; every set is drawn anew.
"""

import random
from collections.abc import Callable
from itertools import accumulate

from course_utils.worlds.stories import StoryWorld

Draw = Callable[[int, random.Random], tuple[list[str], list[str] | None]]

_WORDS = [f"w{i}" for i in range(3000)]
_COMMON = [*accumulate(1 / rank for rank in range(1, len(_WORDS) + 1))]
_TOPICS = 12
_TEXTS_OF_A_PROMPT = 10


def tales(size: int, dice: random.Random) -> tuple[list[str], None]:
    """Documents of the course's world."""
    found = StoryWorld().sample(size, seed=dice.randrange(2**31))
    return [story.text for story in found], None


def topics(size: int, dice: random.Random) -> tuple[list[str], None]:
    """Each text has one of twelve topics, which half of its words come from."""
    return [_on_topic(dice.randrange(_TOPICS), dice) for _ in range(size)], None


def prompted(size: int, dice: random.Random) -> tuple[list[str], list[str]]:
    """Ten texts for each prompt, which share its words."""
    texts, prompts = [], []
    for i in range(-(-size // _TEXTS_OF_A_PROMPT)):
        own = _drawn(6, dice)
        for _ in range(_TEXTS_OF_A_PROMPT):
            texts.append(" ".join(dice.choices(own, k=5) + _drawn(25, dice)))
            prompts.append(f"prompt {i}")
    name = dice.random()
    return texts[:size], [f"{name} {prompt}" for prompt in prompts[:size]]


def loops(size: int, dice: random.Random) -> tuple[list[str], None]:
    """Two texts of a hundred end in a loop."""
    texts = []
    for _ in range(size):
        row = _drawn(40, dice)
        if dice.random() < 0.02:
            row[12:] = (row[8:12] * 7)[:28]
        texts.append(" ".join(row))
    return texts, None


def lengths(size: int, dice: random.Random) -> tuple[list[str], None]:
    """From five words to some hundreds, most of them short."""
    found = [min(400, 5 + int(dice.lognormvariate(3, 0.9))) for _ in range(size)]
    return [" ".join(_drawn(length, dice)) for length in found], None


def answers(size: int, dice: random.Random) -> tuple[list[str], None]:
    """Short answers, the usual ones given again and again."""
    usual = [f"w{i} w{i * i % 97}" for i in range(40)]
    given = dice.choices(usual, cum_weights=_COMMON[:40], k=size)
    own = [" ".join(_drawn(3, dice)) for _ in range(size)]
    return [
        a if dice.random() < 0.6 else b for a, b in zip(given, own, strict=True)
    ], None


SOURCES: dict[str, Draw] = {
    "tales of the world": tales,
    "twelve topics": topics,
    "ten texts a prompt": prompted,
    "2 % looping": loops,
    "lengths of all kinds": lengths,
    "short answers": answers,
}


def _on_topic(topic: int, dice: random.Random) -> str:
    own = [f"t{topic}x{i}" for i in range(60)]
    row = dice.choices(own, cum_weights=_COMMON[:60], k=15) + _drawn(15, dice)
    dice.shuffle(row)
    return " ".join(row)


def _drawn(size: int, dice: random.Random) -> list[str]:
    return dice.choices(_WORDS, cum_weights=_COMMON, k=size)
