"""The recorded runs of notebook 06, as it reads them.

`python -m course_utils.causes reward` makes the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.causes.recorded import read_log
from course_utils.causes.reward_runs import Measured


@dataclass(frozen=True, repr=False)
class RewardRuns:
    """Every recipe with every seed.

    points    of a run (recipe, seed): what was measured at steps 0, 10, ... 60
    steps     of a run: mean reward and entropy (nats per token) of each step's texts
    """

    points: Mapping[tuple[str, int], list[Measured]]
    steps: Mapping[tuple[str, int], list[list[float]]]

    @classmethod
    def read(cls) -> "RewardRuns":
        log = read_log("reward")
        runs = {(run["recipe"], run["seed"]): run for run in log["runs"]}
        start = Measured(**log["start"])
        points = {
            key: [start, *(Measured(**found) for found in run["measured"])]
            for key, run in runs.items()
        }
        return cls(points, {key: run["steps"] for key, run in runs.items()})

    def __len__(self) -> int:
        return len(self.points)

    @property
    def recipes(self) -> list[str]:
        """The recipes' names, in the order of recording."""
        return list(dict.fromkeys(recipe for recipe, _ in self.points))

    def seeds(self, recipe: str) -> list[int]:
        return [seed for each, seed in self.points if each == recipe]

    @property
    def start(self) -> Measured:
        """The untuned storyteller."""
        return next(iter(self.points.values()))[0]

    def ends(self, recipe: str) -> list[Measured]:
        """The last measurement of each of a recipe's runs."""
        return [self.points[recipe, seed][-1] for seed in self.seeds(recipe)]

    def gain(self, end: Measured, factor: str) -> float:
        """How the share has changed of what the untuned storyteller told most."""
        top = self.start.commonest(factor)
        return end.shares(factor)[top] - self.start.shares(factor)[top]

    def traces(
        self, recipe: str
    ) -> tuple[Float[Tensor, "runs steps"], Float[Tensor, "runs steps"]]:
        """Entropies (nats per token) and mean rewards of the texts of every step."""
        steps = [self.steps[recipe, seed] for seed in self.seeds(recipe)]
        rewards, entropies = torch.tensor(steps, dtype=torch.float64).unbind(dim=-1)
        return entropies, rewards


def span(values: Sequence[float], digits: int) -> str:
    """The mean of some runs and, in brackets, the lowest and the highest."""
    mean = sum(values) / len(values)
    ends = f"({min(values):.{digits}f}-{max(values):.{digits}f})"
    return f"{mean:.{digits}f} {ends}"
