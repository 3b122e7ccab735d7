"""The contestants of notebook 16, which need texts or requests: registered on import.

What is asked for, and the corpus that is searched, are of the world of the storyteller.
With another model they are left out.
"""

import functools
from collections.abc import Sequence

import numpy as np

from course_utils.detection.repetition import find_loop
from course_utils.mitigation.contestants import one, settings
from course_utils.mitigation.prompting import fit_into
from course_utils.mitigation.shootout import Batch, Contestant, register, told
from course_utils.mitigation.temperature import Temperature
from course_utils.model import LanguageModel
from course_utils.recordings.prompts import NEXT_TOKENS, queries, retriever
from course_utils.worlds.stories import StoryWorld


def _asked(lm: LanguageModel, n: int, seed: int, /, T: float, ask: str) -> Batch:
    """One text each for n requests, drawn evenly from what can be asked for."""
    dice = np.random.default_rng([16, seed])
    options = requests(ask)
    prompts = [options[place] for place in dice.integers(len(options), size=n)]
    return told(lm, prompts, 1, [Temperature(T)], seed)


@functools.cache
def requests(ask: str) -> list[str]:
    """Requests for a hero, for two words, or the first words of tales."""
    world = StoryWorld()
    heroes, animals, things = (
        list(world.probabilities(factor)) for factor in ("hero", "animal", "object")
    )
    if ask == "heroes":
        return [f"A story about {hero}." for hero in heroes]
    if ask == "words":
        return [f"Words: {a}, {t}." for a in animals for t in things]
    if ask == "openings":
        tales = world.sample(1000, seed=16)
        return list(dict.fromkeys(" ".join(t.text.split()[:4]) for t in tales))
    raise ValueError(f"ask must be heroes, words or openings, not {ask!r}")


def _retrieved(
    lm: LanguageModel, n: int, seed: int, /, T: float, k: int, diversity: float
) -> Batch:
    """The next tale after k that a query for an animal or a place has found."""
    known, asked = retriever(), queries()
    dice = np.random.default_rng([17, seed])
    prompts = []
    for place in dice.integers(len(asked), size=n):
        found = known.search(asked[place], k, diversity)
        texts = [known.corpus[i] for i in found]
        prompts.append(fit_into(lm, texts, "", NEXT_TOKENS, "\n"))
    batch = told(lm, prompts, 1, [Temperature(T)], seed, NEXT_TOKENS)
    tales = [
        text[len(prompt) :].split("\n")[0]
        for text, prompt in zip(batch.texts, prompts, strict=True)
    ]
    return Batch(tales, batch.costs)


def _restarted(lm: LanguageModel, n: int, seed: int, /, T: float) -> Batch:
    """Texts that have got into a loop are dropped, and begun anew from nothing.

    The looping text is paid for, too. (`write_with_restarts` looks every few tokens;
    a tale is as long as that.)
    """
    first = told(lm, "", n, [Temperature(T)], seed)
    return keep_unless_looping(first)


def keep_unless_looping(batch: Batch) -> Batch:
    texts, costs, owed = list[str](), list[int](), 0
    for text, cost in zip(batch.texts, batch.costs, strict=True):
        owed += cost
        if find_loop(text.split(), repeats=2) is None:
            texts.append(text)
            costs.append(owed)
            owed = 0
    return Batch(texts, costs, owed)


def _register() -> Sequence[Contestant]:
    asked = [(T, ask) for ask in ("heroes", "words", "openings") for T in (1, 1.25)]
    found = [(T, k, d) for T in (1, 1.25) for k, d in ((1, 0), (2, 0), (2, 0.8))]
    heats = 0.7, 0.85, 1, 1.15, 1.3, 1.45
    return [
        register(Contestant(name, write, candidates, published, "16"))
        for name, write, candidates, published in (
            ("several requests", _asked, settings("T ask", *asked), ()),
            (
                "retrieval",
                _retrieved,
                settings("T k diversity", *found),
                settings("T k diversity", (1, 2, 0.8)),
            ),
            ("restarts", _restarted, one("T", *heats), one("T", 0.7)),
        )
    ]


OF_THE_WORLD = tuple(entry.name for entry in _register())
