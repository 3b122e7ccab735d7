"""The report's examples: loops, the most alike pairs, the worst prompts."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from course_utils.detection.embedding import tfidf_cosines
from course_utils.detection.repetition import Loop
from course_utils.detection.report.measures import long_loops, plain
from course_utils.detection.self_bleu import bleu_against_others, self_bleu
from course_utils.detection.words import Tokenize, terms_of, words
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


def loops_in(
    texts: list[str], tokenize: Tokenize = words
) -> Iterator[tuple[int, Loop, str]]:
    """The texts that go round in a loop of six words or more, rules like ----- not."""
    for start in range(0, len(texts), _CHUNK):
        rows = [tokenize(text) for text in texts[start : start + _CHUNK]]
        for i, loop in enumerate(long_loops(rows)):
            if loop is not None:
                phrase = rows[i][loop.start : loop.start + loop.period]
                yield start + i, loop, " ".join(map(str, phrase))


def longest_loops(
    loops: list[tuple[int, Loop, str]], kept: list[int]
) -> list[LoopFinding]:
    longest = sorted(loops, key=lambda found: -found[1].period * found[1].repeats)
    return [LoopFinding(kept[i], loop, phrase) for i, loop, phrase in longest[:_SHOWN]]


def most_alike(texts: list[str], tokenize: Tokenize = words) -> list[tuple[str, str]]:
    """Pairs of texts that differ, with the largest cosines; each text in one pair."""
    first_of = {plain(text): i for i, text in reversed(list(enumerate(texts)))}
    own = sorted(first_of.values())
    if len(own) < 2:
        return []
    different = [texts[i] for i in own]
    cosines = tfidf_cosines(different, terms_of(tokenize)).triu(diagonal=1)
    most = min(cosines.numel(), 50 * _SHOWN)
    values, places = cosines.flatten().topk(most)
    pairs: list[tuple[str, str]] = []
    used: set[int] = set()
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        i, j = divmod(place, len(own))
        if value > 0 and not {i, j} & used and len(pairs) < _SHOWN:
            used |= {i, j}
            pairs.append((texts[own[i]], texts[own[j]]))
    return pairs


def worst_prompts(
    texts: list[str],
    prompts: list[str],
    dice: random.Random,
    tokenize: Tokenize = words,
) -> tuple[list[PromptFinding], float | None]:
    """The prompts whose texts are most alike, and the median Self-BLEU of all prompts.

    Of the same number of texts for each prompt that has enough; none for fewer than two
    such prompts.
    """
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for prompt, text in zip(prompts, texts, strict=bool(prompts)):
        by_prompt[prompt].append(text)
    enough = {p: t for p, t in by_prompt.items() if len(t) >= _FEWEST_OF_A_PROMPT}
    if len(enough) < 2:
        return [], None
    size = min(_MOST_OF_A_PROMPT, *map(len, enough.values()))
    drawn = {p: dice.sample(t, size) for p, t in enough.items()}
    scores = {
        p: float(bleu_against_others(list(map(tokenize, t))).mean())
        for p, t in drawn.items()
    }
    found = []
    for prompt in sorted(scores, key=lambda p: -scores[p])[:_SHOWN]:
        interval = self_bleu(drawn[prompt], tokenize=tokenize).interval
        own = scores[prompt]
        found.append(PromptFinding(prompt, len(enough[prompt]), size, own, interval))
    return found, median(scores.values())
