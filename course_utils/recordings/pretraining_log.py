"""What notebook 05 reads from the log of pretraining runs."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.causes.forms import effective_modes
from course_utils.recordings.logs import Row, as_shares, read_log
from course_utils.recordings.pretraining import ARMS, BATCH, corpus_of
from course_utils.worlds.stories import StoryWorld


@dataclass(frozen=True, repr=False)
class Overfitting:
    """Corpora that are read once or again and again, by the storyteller.

    In a corpus with copies, class i of its tales stands `copies[i]` times in it; `arms`
    has the rows of every run, one for each of `steps`. Each run has a seed, and with
    it a corpus, of its own.
    """

    copies: list[int]
    steps: list[int]
    seeds: list[int]
    arms: dict[str, list[list[Row]]]

    @classmethod
    def read(cls) -> "Overfitting":
        log = read_log("pretraining")
        chosen = log["settings"]
        return cls(
            chosen["copies"], chosen["checkpoints"], log["seeds"], log["overfitting"]
        )

    def readings(self, arm: str) -> list[float]:
        """How often an arm's corpus has been read, at each of the steps."""
        return [step * BATCH / ARMS[arm].texts for step in self.steps]

    def values(self, arm: str, measure: str) -> Float[Tensor, "runs readings *classes"]:
        """One measure, such as "mass" or "held_out_loss", in every run."""
        rows = [[row[measure] for row in run] for run in self.arms[arm]]
        return torch.tensor(rows, dtype=torch.float64)

    def shares(self, arm: str, factor: str) -> Float[Tensor, "runs readings values"]:
        """How the texts told are shared among a factor's values, in every run."""
        rows = [[row["labels"][factor] for row in run] for run in self.arms[arm]]
        return as_shares(torch.tensor(rows))

    def heroes(self, arm: str) -> Float[Tensor, "runs readings"]:
        """The effective number of heroes told, in every run."""
        return effective_modes(self.shares(arm, "hero"))

    def corpus_shares(
        self, world: StoryWorld, arm: str, factor: str
    ) -> Float[Tensor, "runs values"]:
        """How the corpus of each of an arm's runs is shared among a factor's values."""
        values = list(world.probabilities(factor))
        counts = torch.zeros(len(self.seeds), len(values))
        for row, seed in zip(counts, self.seeds, strict=True):
            for tale, c in zip(*corpus_of(world, arm, seed), strict=True):
                row[values.index(tale.labels[factor])] += c
        return as_shares(counts)


@dataclass(frozen=True, repr=False)
class Flattening:
    """Losses that flatten, each beside plain training at the same cross-entropy.

    `kinds` has the runs of every loss; of a run, "loss" is the model trained with it
    and "temperature" the plainly trained one at the matched temperature.
    """

    kinds: dict[str, list[dict[str, Row]]]

    @classmethod
    def read(cls) -> "Flattening":
        return cls(read_log("pretraining")["flattening"])

    def values(self, kind: str, which: str, measure: str) -> Float[Tensor, " runs"]:
        """One measure, such as "temperature" or "junk", in every run.

        "excess" is the cross-entropy above the world's own entropy, in nats per token.
        """
        rows = [run[which][measure] for run in self.kinds[kind]]
        return torch.tensor(rows, dtype=torch.float64)

    def valid(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """Which share of the texts is valid, in every run."""
        return self.values(kind, which, "valid") / self.values(kind, which, "told")

    def shares(
        self, kind: str, which: str, factor: str
    ) -> Float[Tensor, "runs values"]:
        """How the texts told are shared among a factor's values, in every run."""
        rows = [run[which]["labels"][factor] for run in self.kinds[kind]]
        return as_shares(torch.tensor(rows))

    def heroes(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """The effective number of heroes told, in every run."""
        return effective_modes(self.shares(kind, which, "hero"))

    def beside_temperature(
        self, kind: str
    ) -> tuple[Float[Tensor, " runs"], Float[Tensor, " runs"]]:
        """Heroes and validity of a loss, minus those of temperature, in every run."""
        heroes, valid = (
            of(kind, "loss") - of(kind, "temperature")
            for of in (self.heroes, self.valid)
        )
        return heroes, valid
