"""The recorded runs of notebook 05, as it reads them.

Each class holds one experiment of a log in data/results, which `read` opens and
`python -m course_utils.causes NAME` makes.
"""

import json
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.causes.recursion import Keep
from course_utils.data_files import data_path
from course_utils.foundations.entropy import entropy

Row = dict[str, Any]  # what was measured at one point of one run


def read_log(name: str) -> dict[str, Any]:
    """The log that `python -m course_utils.causes NAME` has made."""
    return json.loads(data_path("results", f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, repr=False)
class Overfitting:
    """A skewed corpus that is read again and again.

    Line i of the corpus has tales that stand `copies[i]` times in it; `arms` has the
    rows of every run, one for each number of `readings`.
    """

    copies: list[int]
    readings: list[int]
    arms: dict[str, list[list[Row]]]

    @classmethod
    def read(cls) -> "Overfitting":
        log = read_log("pretraining")
        copies, batch = log["settings"]["copies"], log["settings"]["batch"]
        texts = copies[0] * len(copies)  # every line is an equal part of the corpus
        readings = [step * batch // texts for step in log["settings"]["checkpoints"]]
        return cls(copies, readings, log["overfitting"])

    def values(self, arm: str, measure: str) -> Float[Tensor, "runs readings *lines"]:
        """One measure, such as "mass" or "held_out_loss", in every run."""
        rows = [[row[measure] for row in run] for run in self.arms[arm]]
        return torch.tensor(rows, dtype=torch.float64)


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

    def valid(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """Which share of the texts is valid, in every run."""
        rows = self._rows(kind, which)
        return torch.tensor([row["valid"] / row["told"] for row in rows])

    def heroes(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """The effective number of heroes that are told, in every run."""
        counts = [row["labels"]["hero"] for row in self._rows(kind, which)]
        shares = torch.tensor(counts, dtype=torch.float64)
        shares /= shares.sum(dim=-1, keepdim=True)
        return 2 ** entropy(shares)

    def excess(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """Cross-entropy above the world's own entropy, nats per token, in every run."""
        return torch.tensor([row["excess"] for row in self._rows(kind, which)])

    def _rows(self, kind: str, which: str) -> list[Row]:
        return [run[which] for run in self.kinds[kind]]


@dataclass(frozen=True, repr=False)
class Recursion:
    """Generations of storytellers that read what the one before has told."""

    samples: int
    told: int
    runs: list[dict[str, Any]]

    @classmethod
    def read(cls) -> "Recursion":
        log = read_log("recursion")
        return cls(log["settings"]["samples"], log["settings"]["told"], log["runs"])

    def counts(
        self, keep: Keep, factor: str
    ) -> Float[Tensor, "generations runs values"]:
        """How often each value of a factor was told, in the order of the truth."""
        rows = [[row["labels"][factor] for row in run] for run in self._runs(keep)]
        return torch.tensor(rows, dtype=torch.float64).transpose(0, 1)

    def shares(
        self, keep: Keep, factor: str
    ) -> Float[Tensor, "generations runs values"]:
        """The same as shares of the tales that got as far as naming one."""
        counts = self.counts(keep, factor)
        return counts / counts.sum(dim=-1, keepdim=True)

    def valid(self, keep: Keep) -> Float[Tensor, "generations runs"]:
        """Which share of the texts is valid."""
        rows = [[row["valid"] for row in run] for run in self._runs(keep)]
        return torch.tensor(rows, dtype=torch.float64).T / self.told

    def _runs(self, keep: Keep) -> list[list[Row]]:
        return [run["told"] for run in self.runs if run["keep"] == keep]
