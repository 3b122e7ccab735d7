"""What a tuned model tells, measured against the world: the points of notebook 06."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch

from course_utils.causes.tuning import (
    MAX_NEW_TOKENS,
    MOOD,
    SEED_STRIDE,
    log_probs_along,
    mean_kl,
)
from course_utils.generation import generate
from course_utils.model import LanguageModel
from course_utils.worlds.measures import effective_number, rarefied
from course_utils.worlds.parsing import FACTORS
from course_utils.worlds.stories import StoryWorld

BATCH = 64
FIRST_SEED = 2**31  # far from those of tuning; a generator takes 32 bits


@dataclass(frozen=True)
class Measured:
    """What a model tells after some steps of tuning.

    n        fresh texts at temperature 1
    valid    how many of them are tales of the world
    happy    how many earn the reward
    entropy  nats per token, of the model's own distributions along its texts
    kl       nats per text, from the untuned model
    counts   how often each value of each factor occurs in the valid texts, in the
             order of `StoryWorld().probabilities(factor)`
    """

    step: int
    n: int
    valid: int
    happy: int
    entropy: float
    kl: float
    counts: Mapping[str, list[int]]

    @property
    def reward(self) -> float:
        """Mean reward of a text."""
        return self.happy / self.n

    @property
    def validity(self) -> float:
        """Share of texts that are tales of the world."""
        return self.valid / self.n

    def shares(self, factor: str) -> dict[str, float]:
        """The share of each value of a factor among the valid texts.

        Raises ValueError where none is valid.
        """
        if self.valid == 0:
            raise ValueError(f"no text is valid at step {self.step}: nothing to share")
        counts = zip(values_of(factor), self.counts[factor], strict=True)
        return {value: count / self.valid for value, count in counts}

    def commonest(self, factor: str) -> str:
        """The value that most of the valid texts have."""
        shares = self.shares(factor)
        return max(shares, key=lambda value: shares[value])

    def effective(self, factor: str) -> float:
        """How many equally common values of a factor would be as diverse."""
        return effective_number(self.shares(factor))

    def coverage(self, factor: str, texts: int) -> float:
        """Share of a factor's values to be expected among so many valid texts.

        Raises ValueError for more texts than are valid.
        """
        counts = self.counts[factor]
        return rarefied(counts, texts) / len(counts)


@cache
def values_of(factor: str) -> tuple[str, ...]:
    """A factor's values, in the order in which they are counted."""
    return tuple(StoryWorld().probabilities(factor))


def measure(
    lm: LanguageModel,
    reference: LanguageModel,
    world: StoryWorld,
    step: int,
    n: int,
    seed: int = 0,
) -> Measured:
    """Measure `lm` on n fresh texts; KL is estimated on the first batch of them."""
    first = FIRST_SEED + seed * SEED_STRIDE
    batches = [
        generate(
            lm, "", min(BATCH, n - i), MAX_NEW_TOKENS, seed=first + i, progress=False
        )
        for i in range(0, n, BATCH)
    ]
    with torch.no_grad():
        log_probs = log_probs_along(lm, batches[0])
        ref_log_probs = log_probs_along(reference, batches[0])
    kl = mean_kl(log_probs, ref_log_probs, batches[0]).item()
    entropies = torch.cat([batch.entropy.flatten() for batch in batches])
    parses = [world.parse(text) for batch in batches for text in batch.texts]
    valid = [parse.labels for parse in parses if parse.valid]
    counts = {
        factor: [
            sum(labels[factor] == value for labels in valid)
            for value in world.probabilities(factor)
        ]
        for factor in FACTORS
    }
    happy = sum(labels["mood"] == MOOD for labels in valid)
    nats = entropies.nanmean().item() * math.log(2)
    return Measured(step, n, len(valid), happy, round(nats, 5), round(kl, 4), counts)
