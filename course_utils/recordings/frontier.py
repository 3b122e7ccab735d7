"""Samplers by validity and variety: what the recordings of Part IV have in common.

An *arm* is a sampler with one number to turn, from careful to bold. At every setting
and seed the storyteller tells fresh texts; the parser says how many are valid, and
variety is counted on the valid ones alone: different pairs of hero and plot in a fixed
number of them.
"""

import functools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from course_utils.detection.repetition import distinct_n
from course_utils.detection.words import words
from course_utils.foundations.intervals import Interval, jackknife_interval
from course_utils.generation import Processor, Runs, generate
from course_utils.model import BUNDLED, load_model
from course_utils.recordings.logs import Parts, Row, read_log, write_json
from course_utils.worlds.measures import faults, parse_all, rarefied
from course_utils.worlds.stories import StoryWorld

MAX_NEW_TOKENS = 110  # any tale, with a header
SEEDS = tuple(range(8))
FINE = (0.6, 0.8, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8)  # temperatures, plain sampling
BROKEN = 0.6  # an arm ends at the first setting whose validity is below


@dataclass(frozen=True)
class Arm:
    """A sampler: its settings, from careful to bold, and what makes it from one.

    `make` is called with a setting and a seed, for samplers that draw lots themselves.
    """

    settings: Sequence[float]
    make: Callable[[float, int], list[Processor]]


@dataclass(frozen=True)
class Plan:
    """A recording: its arms, and how many texts are told in each run.

    A run is `groups` calls of `size` texts each. Variety is counted within a group, in
    `counted` of its valid texts, and then averaged.
    """

    name: str
    arms: Mapping[str, Arm]
    groups: int
    size: int
    counted: int

    @property
    def command(self) -> str:
        return f"python -m course_utils.recordings {self.name}"

    @property
    def texts(self) -> int:
        return self.groups * self.size

    def settings(self) -> dict[str, Any]:
        """All that decides what the log says, but for the seeds."""
        return {
            "arms": {name: list(arm.settings) for name, arm in self.arms.items()},
            "groups": self.groups,
            "size": self.size,
            "counted": self.counted,
            "broken": BROKEN,
            "max_new_tokens": MAX_NEW_TOKENS,
            "model": BUNDLED["storyteller"]["model.safetensors"][:16],
        }

    def record(self, out: Path, seeds: Sequence[int], state: Path) -> None:
        """Make all runs, or what is missing of them, and write the log to `out`."""
        torch.set_num_threads(1)
        parts = Parts(state / "parts.json", self.settings())
        total = sum(len(arm.settings) for arm in self.arms.values())
        with tqdm(total=total, desc=self.name) as bar:
            arms = {n: self._arm(n, seeds, parts, bar) for n in self.arms}
        log = {"command": self.command, "seeds": list(seeds)}
        write_json(out, log | {"settings": self.settings(), "arms": arms})

    def _arm(
        self, name: str, seeds: Sequence[int], parts: Parts, bar: tqdm
    ) -> list[list[Row]]:
        """A list of rows, one for each seed, for each setting that is not broken."""
        found: list[list[Row]] = []
        for setting in self.arms[name].settings:
            bar.set_postfix_str(f"{name} {setting:g}")
            bar.update()
            if found and sum(row["valid"] for row in found[-1]) < (
                BROKEN * self.texts * len(seeds)
            ):
                continue
            for seed in seeds:
                if (part := f"{name} {setting:g} {seed}") not in parts:
                    parts.add(part, self._run(self.arms[name], setting, seed))
            found.append([parts[f"{name} {setting:g} {seed}"] for seed in seeds])
        return found

    def _run(self, arm: Arm, setting: float, seed: int) -> Row:
        """What is to be known of the texts of one run."""
        told = []
        for lot in range(1000 * seed, 1000 * seed + self.groups):
            samplers = arm.make(setting, lot)
            texts = "", self.size, MAX_NEW_TOKENS
            told.append(generate(_lm(), *texts, samplers, seed=lot, progress=False))
        return measures(told, self.counted)


def measures(told: Sequence[Runs], counted: int) -> Row:
    """The measures of some groups of texts; pairs is None where too few are valid."""
    groups = [parse_all(_world(), runs.texts) for runs in told]
    found = faults([parse for group in groups for parse in group])
    pairs = [
        Counter((p.labels["hero"], p.labels["arc"]) for p in group if p.valid)
        for group in groups
    ]
    enough = all(group.total() >= counted for group in pairs)
    varied = [rarefied(group.values(), counted) for group in pairs] if enough else []
    rows = [words(text) for runs in told for text in runs.texts[:100]]
    return {
        "valid": found["valid"],
        "changed": found["consistency"],
        "pairs": round(sum(varied) / len(varied), 3) if varied else None,
        "found": round(sum(map(len, pairs)) / len(pairs), 3),
        "bigrams": round(distinct_n(rows, 2), 4),
        "entropy": _mean([runs.entropy for runs in told]),
        "model_entropy": _mean([runs.model_entropy for runs in told]),
        "temperature": _mean([runs.temperature for runs in told]),
    }


def _mean(traces: list[Tensor]) -> float:
    return round(torch.cat([trace.flatten() for trace in traces]).nanmean().item(), 4)


@functools.cache
def _world() -> StoryWorld:
    return StoryWorld()


@functools.cache
def _lm() -> Any:
    return load_model("storyteller")


# A log, as the notebooks read it


@dataclass(frozen=True)
class Estimate:
    """A number from runs that differ in their seed, with its interval of 95 %."""

    value: float
    interval: Interval
    n: int  # seeds

    @property
    def exists(self) -> bool:
        """Whether the runs ever came to where it is asked for."""
        return not math.isnan(self.value)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.1f} ({low:.1f} to {high:.1f})"

    def __format__(self, spec: str) -> str:
        low, high = (format(end, spec) for end in self.interval)
        return f"{format(self.value, spec)} ({low} to {high})" if spec else str(self)


@dataclass(frozen=True, repr=False)
class Frontier:
    """What every arm reached at each of its settings, seed by seed.

    texts    told in a run
    counted  valid texts in which pairs of hero and plot are counted
    """

    texts: int
    counted: int
    settings: Mapping[str, list[float]]
    rows: Mapping[str, list[list[Row]]]

    @classmethod
    def read(cls, name: str) -> "Frontier":
        """The log that `python -m course_utils.recordings NAME` has made."""
        log, plan = read_log(name), read_log(name)["settings"]
        reached = {arm: len(rows) for arm, rows in log["arms"].items()}
        settings = {arm: plan["arms"][arm][:n] for arm, n in reached.items()}
        texts = plan["groups"] * plan["size"]
        return cls(texts, plan["counted"], settings, log["arms"])

    @property
    def seeds(self) -> int:
        return len(next(iter(self.rows.values()))[0])

    def values(self, arm: str, measure: str) -> Float[Tensor, "settings seeds"]:
        """A measure at every setting and seed; `validity`, `fidelity` are shares.

        The others are those of the log. NaN where a run has none.
        """
        return torch.tensor(
            [[self._value(row, measure) for row in rows] for rows in self.rows[arm]],
            dtype=torch.float64,
        )

    def _value(self, row: Row, measure: str) -> float:
        if measure == "validity":
            return row["valid"] / self.texts
        if measure == "fidelity":
            told = row["valid"] + row["changed"]
            return row["valid"] / told if told else math.nan
        return math.nan if row[measure] is None else row[measure]

    def mean(self, arm: str, measure: str) -> list[float]:
        """A measure at every setting: the mean over the seeds."""
        return self.values(arm, measure).mean(dim=-1).tolist()

    def at(
        self, arm: str, level: float, measure: str = "pairs", by: str = "validity"
    ) -> Estimate:
        """A measure of an arm, turned until its mean `by` has come to `level`.

        Between two settings the arm is taken to be straight. NaN where it never gets
        there. The interval is the jackknife's over seeds.
        """

        def value(seeds: Sequence[int]) -> float:
            return _crossing(*self._curves(arm, by, measure, seeds), level)

        return self._over_seeds(value)

    def lead(
        self,
        arm: str,
        level: float,
        over: str = "temperature",
        measure: str = "pairs",
        by: str = "validity",
    ) -> Estimate:
        """By how much an arm is ahead of another where both have come to `level`."""

        def ahead(seeds: Sequence[int]) -> float:
            ours, theirs = (
                _crossing(*self._curves(name, by, measure, seeds), level)
                for name in (arm, over)
            )
            return ours - theirs

        return self._over_seeds(ahead)

    def lead_at(
        self,
        arm: str,
        setting: float,
        over: str = "temperature",
        measure: str = "pairs",
        by: str = "validity",
    ) -> Estimate:
        """The same for one setting of an arm, where the other has come to its level."""
        place = self.settings[arm].index(setting)

        def ahead(seeds: Sequence[int]) -> float:
            level, ours = (c[place] for c in self._curves(arm, by, measure, seeds))
            theirs = _crossing(*self._curves(over, by, measure, seeds), level)
            return ours - theirs

        return self._over_seeds(ahead)

    def table_of_leads(self, levels: Sequence[float] = (0.98, 0.95)) -> str:
        """Every arm's lead over plain temperature in pairs, at each level of validity.

        Also what plain temperature has there. Intervals are of 95 %, over seeds.
        """
        head = [f"{level:.0%} are valid" for level in levels]
        plain = [f"{self.at('temperature', level):.1f}" for level in levels]
        rows = [("", head), ("plain temperature has", plain)]
        for arm in self.rows:
            if arm != "temperature":
                leads = [self.lead(arm, level) for level in levels]
                told = [f"{x:+.1f}" if x.exists else "never there" for x in leads]
                rows.append((arm, told))
        return "\n".join(
            f"{name:27}" + "".join(cell.ljust(25) for cell in cells).rstrip()
            for name, cells in rows
        )

    def _curves(
        self, arm: str, by: str, measure: str, seeds: Sequence[int]
    ) -> tuple[list[float], list[float]]:
        """Two measures at every setting: means over some of the seeds."""
        first, second = (
            self.values(arm, name)[:, list(seeds)].mean(dim=-1).tolist()
            for name in (by, measure)
        )
        return first, second

    def _over_seeds(self, measure: Callable[[Sequence[int]], float]) -> Estimate:
        every = range(self.seeds)
        interval = jackknife_interval(measure, every)
        return Estimate(measure(every), interval, self.seeds)


def _crossing(by: Sequence[float], values: Sequence[float], level: float) -> float:
    """The value at the last place where the curve of `by` comes to the level."""
    found = math.nan
    for i in range(len(by) - 1):
        low, high = sorted(by[i : i + 2])
        if low <= level <= high and low < high:
            share = (level - by[i]) / (by[i + 1] - by[i])
            found = values[i] + share * (values[i + 1] - values[i])
    return found
