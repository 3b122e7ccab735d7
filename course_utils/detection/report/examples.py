"""The report's examples: loops, the most alike pairs, the worst prompts."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from course_utils.detection.repetition import Loop, find_loops
from course_utils.detection.report.measures import Sample, plain
from course_utils.detection.self_bleu import bleu_against_others, self_bleu
from course_utils.detection.words import words
from course_utils.foundations.intervals import Interval

_SHOWN = 5  # of each kind of example
_FEWEST_OF_A_PROMPT = 5
_MOST_OF_A_PROMPT = 20
_CHUNK = 2000


@dataclass(frozen=True)
class PromptFinding:
    """How alike the texts of one prompt are, by Self-BLEU of `size` of them."""

    prompt: str
    texts: int
    size: int
    self_bleu: float
    interval: Interval


@dataclass(frozen=True)
class LoopFinding:
    """A text that goes round in a loop."""

    index: int
    loop: Loop
    phrase: str


def most_copied(texts: Sequence[str]) -> list[tuple[str, int]]:
    """The texts that stand there more than once, and how often, commonest first."""
    counted = Counter(texts).most_common(_SHOWN)
    return [(text, count) for text, count in counted if count > 1]


def loops_in(texts: list[str]) -> Iterator[tuple[int, Loop, str]]:
    for start in range(0, len(texts), _CHUNK):
        rows = [words(text) for text in texts[start : start + _CHUNK]]
        for i, loop in enumerate(find_loops(rows)):
            if loop is not None and loop.period * loop.repeats >= 6:
                phrase = rows[i][loop.start : loop.start + loop.period]
                yield start + i, loop, " ".join(phrase)


def longest_loops(
    loops: list[tuple[int, Loop, str]], kept: list[int]
) -> list[LoopFinding]:
    longest = sorted(loops, key=lambda found: -found[1].period * found[1].repeats)
    return [LoopFinding(kept[i], loop, phrase) for i, loop, phrase in longest[:_SHOWN]]


def most_alike(sample: Sample) -> list[tuple[str, str]]:
    """Pairs of texts that differ, with the largest cosines; each text in one pair."""
    first_of = {plain(text): i for i, text in reversed(list(enumerate(sample.texts)))}
    own = sorted(first_of.values())
    cosines = sample.cosines[own][:, own].triu(diagonal=1)
    most = min(cosines.numel(), 50 * _SHOWN)
    values, places = cosines.flatten().topk(most)
    pairs: list[tuple[str, str]] = []
    used: set[int] = set()
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        i, j = divmod(place, len(own))
        if value > 0 and not {i, j} & used and len(pairs) < _SHOWN:
            used |= {i, j}
            pairs.append((sample.texts[own[i]], sample.texts[own[j]]))
    return pairs


def worst_prompts(
    texts: list[str], prompts: list[str], dice: random.Random
) -> list[PromptFinding]:
    """Self-BLEU of the same number of texts for each prompt that has enough."""
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for prompt, text in zip(prompts, texts, strict=bool(prompts)):
        by_prompt[prompt].append(text)
    enough = {p: t for p, t in by_prompt.items() if len(t) >= _FEWEST_OF_A_PROMPT}
    if len(enough) < 2:
        return []
    size = min(_MOST_OF_A_PROMPT, *map(len, enough.values()))
    drawn = {p: dice.sample(t, size) for p, t in enough.items()}
    scores = {
        p: bleu_against_others(list(map(words, t))).mean() for p, t in drawn.items()
    }
    worst = sorted(scores, key=lambda p: -scores[p])[:_SHOWN]
    return [
        PromptFinding(
            p, len(enough[p]), size, float(scores[p]), self_bleu(drawn[p]).interval
        )
        for p in worst
    ]
