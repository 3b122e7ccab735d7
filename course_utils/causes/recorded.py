"""The recorded runs of notebook 05, as it reads them.

Each class holds one experiment of a log in data/results, which `read` opens and
`python -m course_utils.causes NAME` makes. Shares of a factor's values, such as the
heroes, are in the order of the truth, and of the texts that settle on a value.
"""

import json
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.causes.forms import effective_modes
from course_utils.causes.recursion import Keep
from course_utils.data_files import data_path
from course_utils.worlds.stories import StoryWorld

Row = dict[str, Any]  # what was measured at one point of one run


def read_log(name: str) -> dict[str, Any]:
    """The log that `python -m course_utils.causes NAME` has made."""
    return json.loads(data_path("results", f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, repr=False)
class Overfitting:
    """A skewed corpus that is read again and again.

    Class i of the corpus has tales that stand `copies[i]` times in it; `arms` has the
    rows of every run, one for each number of `readings`. Each run has a seed, and with
    it a corpus, of its own.
    """

    copies: list[int]
    readings: list[int]
    seeds: list[int]
    arms: dict[str, list[list[Row]]]

    @classmethod
    def read(cls) -> "Overfitting":
        log = read_log("pretraining")
        copies, batch = log["settings"]["copies"], log["settings"]["batch"]
        texts = copies[0] * len(copies)  # every class is an equal part of the corpus
        readings = [step * batch // texts for step in log["settings"]["checkpoints"]]
        return cls(copies, readings, log["seeds"], log["overfitting"])

    def values(self, arm: str, measure: str) -> Float[Tensor, "runs readings *classes"]:
        """One measure, such as "mass" or "held_out_loss", in every run."""
        rows = [[row[measure] for row in run] for run in self.arms[arm]]
        return torch.tensor(rows, dtype=torch.float64)

    def shares(self, arm: str, factor: str) -> Float[Tensor, "runs readings values"]:
        """How the texts told are shared among a factor's values, in every run."""
        rows = [[row["labels"][factor] for row in run] for run in self.arms[arm]]
        return _as_shares(torch.tensor(rows))

    def heroes(self, arm: str) -> Float[Tensor, "runs readings"]:
        """The effective number of heroes told, in every run."""
        return effective_modes(self.shares(arm, "hero"))

    def corpus_shares(
        self, world: StoryWorld, factor: str
    ) -> Float[Tensor, "runs values"]:
        """How each run's corpus is shared among a factor's values."""
        copies = [c for c in self.copies for _ in range(self.copies[0] // c)]
        values = list(world.probabilities(factor))
        counts = torch.zeros(len(self.seeds), len(values))
        for row, seed in zip(counts, self.seeds, strict=True):
            tales = world.sample(len(copies), [seed, 2])  # as in pretraining_runs
            for tale, c in zip(tales, copies, strict=True):
                row[values.index(tale.labels[factor])] += c
        return _as_shares(counts)


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
        return _as_shares(torch.tensor(rows))

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


@dataclass(frozen=True, repr=False)
class Recursion:
    """Generations of storytellers that read what the one before has told."""

    told: int  # how many texts of each generation were measured
    runs: list[dict[str, Any]]

    @classmethod
    def read(cls) -> "Recursion":
        log = read_log("recursion")
        return cls(log["settings"]["told"], log["runs"])

    def shares(
        self, keep: Keep, factor: str
    ) -> Float[Tensor, "generations runs values"]:
        """How a generation's tales are shared among a factor's values, in every run."""
        rows = [[row["labels"][factor] for row in run] for run in self._runs(keep)]
        return _as_shares(torch.tensor(rows)).transpose(0, 1)

    def valid(self, keep: Keep) -> Float[Tensor, "generations runs"]:
        """Which share of the texts is valid."""
        rows = [[row["valid"] for row in run] for run in self._runs(keep)]
        return torch.tensor(rows, dtype=torch.float64).T / self.told

    def _runs(self, keep: Keep) -> list[list[Row]]:
        return [run["told"] for run in self.runs if run["keep"] == keep]


def _as_shares(counts: Tensor) -> Float[Tensor, "*batch values"]:
    """Counts, divided by their sum; all zeros where there are none."""
    counts = counts.double()
    return counts / counts.sum(dim=-1, keepdim=True).clamp_min(1)
