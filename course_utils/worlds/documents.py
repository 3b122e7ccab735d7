"""Documents: what the storyteller reads in training, tales with all around them.

A document is a tale, perhaps under a header that settles some of its factors, or a
collection of two to four tales that share a factor without saying which. So a context
can shift what comes next, and by how much is known exactly.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.worlds.distribution import Distribution, check_count
from course_utils.worlds.grammar import entropy_of, split_words
from course_utils.worlds.parsing import NEXT_TALE, Framing, Labels
from course_utils.worlds.tales import Story, Tales


@dataclass(frozen=True, slots=True)
class Document:
    """A tale or a collection, with the labels of each tale.

    `kind` is "plain", "words" or "about"; `shared` names what a collection shares.
    """

    text: str
    kind: str
    stories: tuple[Labels, ...]
    shared: str | None = None


class Documents(Distribution):
    """The distribution over documents, exact in every respect; reach it through
    `StoryWorld.documents`. Entropies and log-probabilities are in nats.
    """

    def __init__(self, world: Tales) -> None:
        settings = world.data["documents"]
        kinds = {kind: settings[kind] for kind in ("plain", "words", "about")}
        framing = Framing(kinds, settings["another_tale"], settings["shared"])
        super().__init__(world.rules, framing)
        self.world = world

    def next_tale(self, text: str, factor: str) -> dict[str, float]:
        """The exact distribution of a factor in the tale that follows `text`.

        `text` holds one to three whole tales of a collection. What they may share
        shifts the next one; what they don't stays as it is in the world.
        Raises ValueError where no tale can follow. Built on in notebook 16.
        """
        reading = self.reading()
        for word in (*split_words(text), NEXT_TALE):
            if reading.advance(word) == 0:
                raise ValueError(
                    "text must hold one to three whole tales that share a factor, "
                    f"so that another may follow, not {text[:60]!r} ..."
                )
        prior, first = self.world.probabilities(factor), reading.stories[0]
        shared = reading.shared_posterior().get(factor, 0.0)
        return {
            value: (1 - shared) * p + shared * (value == first[factor])
            for value, p in prior.items()
        }

    def entropy(self) -> float:
        """Exact entropy in nats of a document."""
        kinds, tale = self.framing.kinds, self.world.entropy()
        sizes = _collection_sizes(self.framing.another_tale)
        total = entropy_of(kinds.values())
        total += (1 - kinds["plain"]) * tale
        total += kinds["plain"] * entropy_of(sizes)
        for size, p in enumerate(sizes, start=1):
            told = size * tale - self._shared_information(size)
            total += kinds["plain"] * p * told
        return total

    def _shared_information(self, size: int) -> float:
        """How many nats the tales of a collection of `size` tell about each other."""
        if size == 1:
            return 0.0
        shared = self.framing.shared
        grids = np.meshgrid(
            *(np.array(list(self.rules.probabilities[f].values())) for f in shared),
            indexing="ij",
        )
        first = math.prod(grids)
        matches = [p ** (size - 1) for p in grids]  # all later tales agree by chance
        weights = list(shared.values())
        total = 0.0
        for agree in _subsets(len(weights)):
            chance = _chance_of_agreement(agree, matches, weights)
            ratio = sum(weights[i] / matches[i] for i in agree)
            total += float((first * chance * np.log(ratio)).sum())
        return total

    def sample(self, n: int, seed: int | Sequence[int] = 0) -> list[Document]:
        """Draw n independent documents; `seed` as numpy's `default_rng` takes it."""
        check_count(n)
        rng = np.random.default_rng(seed)
        kinds_of, shared_of = self.framing.kinds, self.framing.shared
        kinds = rng.choice(list(kinds_of), size=n, p=list(kinds_of.values()))
        chances = _collection_sizes(self.framing.another_tale)
        sizes = 1 + rng.choice(len(chances), size=n, p=chances)
        sizes[kinds != "plain"] = 1
        shared = rng.choice(list(shared_of), size=n, p=list(shared_of.values()))
        tales = [[story] for story in self.world.tell(n, rng)]
        for rank in range(2, len(chances) + 1):
            self._add_tales(tales, np.flatnonzero(sizes >= rank), shared, rng)
        return [
            self._document(*parts) for parts in zip(kinds, tales, shared, strict=True)
        ]

    def _add_tales(
        self,
        tales: list[list[Story]],
        which: np.ndarray,
        shared: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Tell one more tale in each of the documents `which`."""
        for factor in self.framing.shared:
            rows = [i for i in which if shared[i] == factor]
            fixed = {factor: [tales[i][0].labels[factor] for i in rows]}
            told = self.world.tell(len(rows), rng, fixed)
            for i, story in zip(rows, told, strict=True):
                tales[i].append(story)

    def _document(self, kind: str, tales: list[Story], shared: str) -> Document:
        text = NEXT_TALE.join(story.text for story in tales)
        if kind != "plain":
            text = self.world.header(kind, tales[0].labels) + NEXT_TALE + text
        labels = tuple(story.labels for story in tales)
        return Document(text, str(kind), labels, str(shared) if tales[1:] else None)


def _collection_sizes(another_tale: Sequence[float]) -> list[float]:
    """Probabilities of 1, 2, 3, 4 tales in a plain document."""
    sizes, reached = [], 1.0
    for chance in another_tale:
        sizes.append(reached * (1 - chance))
        reached *= chance
    return [*sizes, reached]


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    """All subsets of range(n) but the empty one."""
    for size in range(1, n + 1):
        yield from itertools.combinations(range(n), size)


def _chance_of_agreement(
    agree: tuple[int, ...], matches: list[np.ndarray], weights: Sequence[float]
) -> np.ndarray:
    """Probability that exactly the factors `agree` are the same in all later tales.

    One of them is shared by design, the others agree by chance.
    """
    others = math.prod(1 - m for i, m in enumerate(matches) if i not in agree)
    designed = sum(
        weights[i] * math.prod(matches[j] for j in agree if j != i) for i in agree
    )
    return np.asarray(others * designed)
