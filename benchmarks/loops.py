"""Loops of long texts: how much longer a text of twice the words takes."""

import random
from functools import partial

from benchmarks.timing import Contestant, ratios, report, take_turns
from course_utils.detection.repetition import find_loops

WORDS = 60_000
VOCABULARY = 5000
ROUNDS = 5


def run() -> None:
    texts = {"words drawn at random": drawn, "a phrase of 40 words again": looping}
    for name, text in texts.items():
        once, twice = [text(WORDS)], [text(2 * WORDS)]
        contestants: dict[str, Contestant] = {
            "once": partial(find_loops, once),
            "twice": partial(find_loops, twice),
        }
        seconds = take_turns(contestants, ROUNDS)
        what = f"find_loops, {name}: twice {WORDS:,} words / once"
        report(what, ratios(seconds["twice"], seconds["once"]), "below 3")


def drawn(size: int) -> list[int]:
    dice = random.Random(0)
    return [dice.randrange(VOCABULARY) for _ in range(size)]


def looping(size: int) -> list[int]:
    return (drawn(40) * (size // 40 + 1))[:size]
