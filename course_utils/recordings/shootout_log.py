"""The shoot-out's log, as notebook 17 reads it: points, frontiers, leads."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.foundations.intervals import (
    jackknife_interval,
    mean_interval,
    student_t,
)
from course_utils.mitigation.contestants import PLAIN
from course_utils.mitigation.pareto import dominated, hypervolume
from course_utils.recordings.frontier import Estimate
from course_utils.recordings.logs import Row, read_log

QUALITY, VARIETY = "validity", "pairs"


@dataclass(frozen=True)
class Judged:
    """A contestant with one of its settings, as it was judged.

    chosen     by the seeds for tuning
    published  as its authors, or the article, use it
    """

    contestant: str
    setting: Mapping[str, Any]
    chosen: bool
    published: bool

    @property
    def label(self) -> str:
        numbers = " ".join(f"{name} {value}" for name, value in self.setting.items())
        return f"{self.contestant} ({numbers})" if numbers else self.contestant


@dataclass(frozen=True, repr=False)
class Shootout:
    """What all contestants reached for the same budget, seed by seed.

    entries   of each model, all that were judged
    results   of each model [entries, seeds, measures]; NaN where there is none
    tried     quality and variety of every candidate on the seeds for tuning, by model
              and contestant
    world     the world's own texts for that budget [seeds, measures]
    """

    budget: int
    measures: list[str]
    entries: Mapping[str, list[Judged]]
    results: Mapping[str, Float[Tensor, "entries seeds measures"]]
    tried: Mapping[str, Mapping[str, list[list[float]]]]
    world: Float[Tensor, "seeds measures"]

    @classmethod
    def read(cls, name: str = "shootout") -> "Shootout":
        """The course's own contest, or "shootout_again" on seeds that picked nobody."""
        return cls.from_log(read_log(name))

    @classmethod
    def from_log(cls, log: Row) -> "Shootout":
        """A contest from its log; a setting of which a run has failed is left out."""
        kept = {
            model: [row for row in found["judged"] if None not in row["runs"]]
            for model, found in log["models"].items()
        }
        names = "contestant", "setting", "chosen", "published"
        entries = {
            model: [Judged(*(row[name] for name in names)) for row in rows]
            for model, rows in kept.items()
        }
        results = {
            model: _table([row["runs"] for row in rows]) for model, rows in kept.items()
        }
        tried = {model: found["tried"] for model, found in log["models"].items()}
        budget, measures = log["settings"]["budget"], log["measures"]
        return cls(budget, measures, entries, results, tried, _table(log["world"]))

    @property
    def models(self) -> list[str]:
        return list(self.entries)

    @property
    def seeds(self) -> int:
        return len(self.world)

    @property
    def contestants(self) -> list[str]:
        """All names, in the order of the notebooks that build them."""
        return list(dict.fromkeys(e.contestant for e in self.entries[self.models[0]]))

    def values(self, model: str, measure: str) -> Float[Tensor, "entries seeds"]:
        """A measure of all that were judged; "validity" and "fidelity" are shares."""
        return self._measure(self.results[model], measure)

    def of_world(self, measure: str) -> Float[Tensor, " seeds"]:
        """The same of the world's own texts, for as many tokens."""
        return self._measure(self.world, measure)

    def _measure(self, table: Tensor, measure: str) -> Tensor:
        def column(name: str) -> Tensor:
            return table[..., self.measures.index(name)]

        if measure == "validity":
            return column("valid") / column("texts").clamp_min(1)
        if measure == "fidelity":
            return column("valid") / (column("valid") + column("changed"))
        return column(measure)

    def place(self, model: str, contestant: str, **setting: Any) -> int:
        """Where a setting stands among the entries. Raises ValueError if it doesn't."""
        for i, entry in enumerate(self.entries[model]):
            if entry.contestant == contestant and dict(entry.setting) == setting:
                return i
        raise ValueError(f"{contestant!r} with {setting} was not judged on {model!r}")

    def of(self, model: str, contestants: str | Iterable[str]) -> list[int]:
        """The places of the chosen settings of some contestants."""
        names = [contestants] if isinstance(contestants, str) else list(contestants)
        return [
            i
            for i, entry in enumerate(self.entries[model])
            if entry.chosen and entry.contestant in names
        ]

    def picked(self, model: str, contestants: Iterable[str], at_least: float) -> Judged:
        """The setting with most variety of those that are good enough, in the means.

        These seeds have picked it: let others judge it. Raises ValueError where none
        is good enough.
        """
        names, points = set(contestants), self.points(model).tolist()
        good = [
            (variety, i)
            for i, (quality, variety) in enumerate(points)
            if quality >= at_least and self.entries[model][i].contestant in names
        ]
        if not good:
            raise ValueError(f"at_least is {at_least}: no setting on {model!r} is so")
        return self.entries[model][max(good)[1]]

    # Points: quality and variety

    def points(
        self, model: str, seeds: Sequence[int] | None = None
    ) -> Float[Tensor, "entries 2"]:
        """Validity and pairs of all that were judged: means over the seeds."""
        kept = list(range(self.seeds)) if seeds is None else list(seeds)
        both = [self.values(model, m)[:, kept].mean(dim=-1) for m in (QUALITY, VARIETY)]
        return torch.stack(both, dim=-1)

    def world_point(self, seeds: Sequence[int] | None = None) -> tuple[float, float]:
        kept = list(range(self.seeds)) if seeds is None else list(seeds)
        quality, variety = (self.of_world(m)[kept] for m in (QUALITY, VARIETY))
        return quality.mean().item(), variety.mean().item()

    def beaten(self, model: str) -> Bool[Tensor, " entries"]:
        """Whether some other setting has a better mean in both."""
        return dominated(self.points(model))

    def clearly_beaten(self, model: str) -> Bool[Tensor, " entries"]:
        """Whether some other one is better in both by more than the seeds' luck.

        Seed by seed the same numbers are compared: both differences have intervals of
        95 % above 0 (Student's t). Each entry is set beside all others, so some of
        these are luck all the same.
        """
        values = torch.stack([self.values(model, m) for m in (QUALITY, VARIETY)])
        ahead = values[:, None] - values[:, :, None]  # [aims, entry, other, seeds]
        low = _low_ends(ahead)
        return (low > 0).all(dim=0).any(dim=-1)

    # What a contestant covers with its three settings

    def area(self, model: str, contestants: str | Iterable[str]) -> Estimate:
        """The hypervolume of chosen settings, in units of what the world's texts cover.

        The interval is the jackknife's over seeds.
        """
        places = self.of(model, contestants)
        return self._over_seeds(lambda seeds: self._area(model, places, seeds))

    def lead(self, model: str, contestant: str, over: str = PLAIN) -> Estimate:
        """By how much a contestant covers more than another, on the same seeds."""
        ours, theirs = self.of(model, contestant), self.of(model, over)
        return self._over_seeds(
            lambda seeds: (
                self._area(model, ours, seeds) - self._area(model, theirs, seeds)
            )
        )

    def lead_at(
        self, model: str, place: int, other: int, measure: str = VARIETY
    ) -> Estimate:
        """A measure of one entry less that of another, on the same seeds."""
        values = self.values(model, measure)
        ahead = (values[place] - values[other]).tolist()
        return Estimate(sum(ahead) / len(ahead), mean_interval(ahead), len(ahead))

    def by_tries(self, model: str, contestant: str) -> list[float]:
        """What 1, 2, ... of its candidates cover, on average over all choices of them.

        On the seeds for tuning, in units of what the world's texts cover.
        """
        points = self.tried[model][contestant]
        unit = math.prod(self.world_point())
        return [
            _mean(
                hypervolume(each) / unit for each in itertools.combinations(points, n)
            )
            for n in range(1, len(points) + 1)
        ]

    def shown(
        self, model: str, axes: tuple[str, str], signs: tuple[int, int] = (1, 1)
    ) -> dict[str, list[tuple[tuple[float, float], tuple[float, float]]]]:
        """Of each contestant the points of its settings, and their half-widths of 95 %.

        Settings in which a measure is missing for some seed are left out.
        """
        values = torch.stack(
            [s * self.values(model, m) for s, m in zip(signs, axes, strict=True)], dim=1
        )
        reach = student_t(self.seeds) * values.std(dim=-1) / math.sqrt(self.seeds)
        found: dict[str, list] = {name: [] for name in self.contestants}
        for i, entry in enumerate(self.entries[model]):
            if values[i].isfinite().all():
                middle = values[i].mean(dim=-1)
                pair = tuple(middle.tolist()), tuple(reach[i].tolist())
                found[entry.contestant].append(pair)
        return found

    def _area(self, model: str, places: list[int], seeds: Sequence[int]) -> float:
        return hypervolume(self.points(model, seeds)[places]) / math.prod(
            self.world_point(seeds)
        )

    def _over_seeds(self, measure: Callable[[Sequence[int]], float]) -> Estimate:
        every = range(self.seeds)
        return Estimate(measure(every), jackknife_interval(measure, every), self.seeds)


def _low_ends(values: Float[Tensor, "*any seeds"]) -> Float[Tensor, "*any"]:
    """Lower ends of the intervals of means over the last axis."""
    n = values.shape[-1]
    error = values.std(dim=-1) / math.sqrt(n)
    return values.mean(dim=-1) - student_t(n) * error


def _table(rows: Any) -> Tensor:
    def number(value: Any) -> Any:
        if isinstance(value, list):
            return [number(each) for each in value]
        return math.nan if value is None else float(value)

    return torch.tensor(number(rows), dtype=torch.float64)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return math.fsum(numbers) / len(numbers)
