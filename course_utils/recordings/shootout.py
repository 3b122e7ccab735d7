"""All remedies at one budget of tokens: the runs behind notebook 17.

    python -m course_utils shootout

makes data/results/shootout.json anew. Every contestant tries its settings on seeds that
nobody is judged by; the three that cover most together, and the published ones, are
judged on eight others, over the storyteller and two kinds of collapsed models. A seed
of these is a model of its own. What is finished is kept in runs/shootout: an
interrupted command goes on from there.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from course_utils.mitigation.pareto import best_together
from course_utils.mitigation.shootout import (
    CONTESTANTS,
    MAX_NEW_TOKENS,
    Contestant,
    Setting,
)
from course_utils.recordings import shootout_cells, shootout_models
from course_utils.recordings.grid import TIME_LIMIT, Cell, Store, key_of, run_grid
from course_utils.recordings.logs import Row, write_json
from course_utils.recordings.shootout_cells import OF_THE_WORLD, make_cell, run_cell
from course_utils.recordings.shootout_measures import (
    OF_ANY,
    OF_WORLD,
    measure_tales,
    tales_of_the_world,
)

COMMAND = "python -m course_utils shootout"
SEEDS = tuple(range(8))
TUNING = (8, 9, 10)  # seeds that settings are chosen by
STATE = Path("runs/shootout")
BUDGET = 6000  # tokens of the model: some 65 tales
KEPT = 3  # settings of each contestant that are judged


@dataclass(frozen=True)
class Plan:
    """A shoot-out: who takes part, with which models, on which seeds.

    models      kinds of `shootout_models`; with a `reference` names for `load_model`
    reference   a model that judges texts, by cross-entropy, where no truth is known
    picked      settings by model and contestant that are judged instead of chosen ones
    """

    models: Sequence[str] = shootout_models.KINDS
    contestants: Sequence[str] = ()  # none: all
    seeds: Sequence[int] = SEEDS
    tuning: Sequence[int] = TUNING
    budget: int = BUDGET
    reference: str | None = None
    state: Path = STATE
    jobs: int | None = 2
    time_limit: float = TIME_LIMIT
    command: str = COMMAND
    own: Mapping[str, Contestant] = field(default_factory=dict)
    picked: Mapping[str, Mapping[str, Sequence[Setting]]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return (self.state / "models").resolve()

    @property
    def entries(self) -> dict[str, Contestant]:
        """Those that take part, by name."""
        known = CONTESTANTS | dict(self.own)
        names = list(self.contestants) or list(known)
        for name in names:
            if name not in known:
                raise ValueError(
                    f"contestants has {name!r}; there are {', '.join(known)}"
                )
        if self.reference is not None:
            names = [name for name in names if name not in OF_THE_WORLD]
        return {name: known[name] for name in names}

    def settings(self) -> dict[str, Any]:
        """All that decides what the log says, but for the seeds."""
        return {
            "models": list(self.models),
            "contestants": {n: list(e.candidates) for n, e in self.entries.items()},
            "published": {n: list(e.published) for n, e in self.entries.items()},
            "tuning": list(self.tuning),
            "budget": self.budget,
            "kept": KEPT,
            "max_new_tokens": MAX_NEW_TOKENS,
            "reference": self.reference,
            "weights": {
                model: {
                    str(seed): self.weights(model, seed)[:16]
                    for seed in (*self.seeds, *self.tuning)
                }
                for model in self.models
            },
        }

    def weights(self, model: str, seed: int) -> str:
        return shootout_cells.weights_of(model, seed, self.reference, self.folder)

    def check(self) -> None:
        """Raise ValueError for who is unknown, before any work is begun."""
        if not self.entries:
            raise ValueError("contestants has none that can take part")
        if self.reference is None:
            for model in self.models:
                shootout_models.weights_of(model, 0, self.folder)

    # What is to be done

    def prepare(self) -> None:
        """Make the models that are not bundled."""
        if self.reference is None:
            for model in self.models:
                for seed in (*self.seeds, *self.tuning):
                    shootout_models.prepare(model, seed, self.folder)

    def cell(self, model: str, seed: int, name: str, setting: Setting) -> Cell:
        weights = self.weights(model, seed)
        given = name, setting, self.budget, weights, self.reference
        return make_cell(model, seed, *given)

    def run(self, cells: Sequence[Cell]) -> dict[str, str]:
        """Run cells; what failed, with the reason."""
        one = functools.partial(run_cell, folder=self.folder, own=dict(self.own))
        return run_grid(cells, one, self.store, self.jobs, self.time_limit)

    @property
    def store(self) -> Store:
        return Store(self.state / "cells")

    # The two halves of a contest

    def tune(self) -> dict[str, str]:
        """Try every candidate on the seeds that nobody is judged by."""
        return self.run(
            [
                self.cell(model, seed, name, setting)
                for model in self.models
                for seed in self.tuning
                for name, entry in self.entries.items()
                for setting in entry.candidates
            ]
        )

    def tried(self, model: str, name: str) -> list[list[float]]:
        """What each candidate reached on those seeds: means of quality and variety."""
        points = []
        for setting in self.entries[name].candidates:
            rows = [
                self.store.read(self.cell(model, seed, name, setting))
                for seed in self.tuning
            ]
            reached = [self.point(row) for row in rows if row is not None]
            columns = zip(*reached, strict=True) if reached else [(0.0,), (0.0,)]
            points.append([round(sum(c) / len(c), 4) for c in columns])
        return points

    def point(self, row: Row) -> tuple[float, float]:
        """How good, and how varied: what settings are chosen by.

        With a known truth the share of valid texts, and pairs of hero and plot. Else
        the mean probability of a token under the reference (the geometric one), and the
        Vendi score of 15 texts.
        """
        if self.reference is None:
            return row["valid"] / max(1, row["texts"]), float(row["pairs"])
        nats = torch.inf if row["nats"] is None else row["nats"]
        return float(torch.tensor(-nats).exp()), row["vendi"] or 0.0

    def chosen(self, model: str, name: str) -> list[Setting]:
        if self.picked:
            return list(self.picked[model][name])
        places = best_together(self.tried(model, name), KEPT)
        return [self.entries[name].candidates[place] for place in places]

    def judged(self, model: str) -> list[tuple[str, Setting]]:
        """Contestant and setting of all that is judged: chosen, then published ones."""
        return [
            (name, setting)
            for name, entry in self.entries.items()
            for setting in _unique([*self.chosen(model, name), *entry.published])
        ]

    def judge(self) -> dict[str, str]:
        return self.run(
            [
                self.cell(model, seed, name, setting)
                for model in self.models
                for seed in self.seeds
                for name, setting in self.judged(model)
            ]
        )

    # The log

    def log(self, failed: Mapping[str, str]) -> dict[str, Any]:
        """All results, as the file has them."""
        measures = OF_WORLD if self.reference is None else OF_ANY
        seconds = sum(row["seconds"] for row in self._all_rows())
        return {
            "command": self.command,
            "cpu_minutes": round(seconds / 60, 1),
            "seeds": list(self.seeds),
            "settings": self.settings(),
            "measures": [*measures, "tokens"],
            "models": {model: self._results(model) for model in self.models},
            "world": self._world(measures),
            "failed": self._failures(failed),
        }

    def _results(self, model: str) -> dict[str, Any]:
        rows = []
        for name, setting in self.judged(model):
            runs = [
                self.store.read(self.cell(model, seed, name, setting))
                for seed in self.seeds
            ]
            entry = self.entries[name]
            rows.append(
                {
                    "contestant": name,
                    "setting": dict(setting),
                    "chosen": setting in self.chosen(model, name),
                    "published": setting in entry.published,
                    "runs": [self._columns(row) for row in runs],
                }
            )
        names = self.entries if self.tuning else ()
        tried = {name: self.tried(model, name) for name in names}
        return {"tried": tried, "judged": rows}

    def _columns(self, row: Row | None) -> list[Any] | None:
        if row is None:
            return None
        return [v for name, v in row.items() if name != "seconds"]

    def _all_rows(self) -> Iterable[Row]:
        for model in self.models:
            cells = [
                self.cell(model, seed, name, setting)
                for name, entry in self.entries.items()
                for setting in entry.candidates
                for seed in self.tuning
            ] + [
                self.cell(model, seed, name, setting)
                for name, setting in self.judged(model)
                for seed in self.seeds
            ]
            yield from filter(None, map(self.store.read, cells))

    def _world(self, measures: Sequence[str]) -> list[list[Any]]:
        """The world's own texts for the same budget, for each seed."""
        if self.reference is not None:
            return []
        lm = shootout_models.load("storyteller", 0, self.folder)
        rows = [
            measure_tales(tales_of_the_world(lm, self.budget, seed))
            for seed in self.seeds
        ]
        return [[row[name] for name in measures] for row in rows]

    def _failures(self, failed: Mapping[str, str]) -> list[dict[str, Any]]:
        cells = [
            self.cell(model, seed, name, setting)
            for model in self.models
            for seed in (*self.tuning, *self.seeds)
            for name, entry in self.entries.items()
            for setting in entry.settings()
        ]
        by_key = {key_of(cell): cell for cell in cells}
        names = "model", "seed", "contestant", "setting"
        return [
            {name: by_key[key][name] for name in names} | {"reason": reason}
            for key, reason in failed.items()
        ]


def record(
    out: Path,
    seeds: Sequence[int] = SEEDS,
    state: Path = STATE,
    plan: Plan | None = None,
) -> dict[str, str]:
    """Hold the contest, or what is missing of it, and write the log to `out`.

    Returns what failed, by key of its cell, with the reason.
    """
    plan = plan or Plan(seeds=seeds, state=state)
    plan.check()
    torch.set_num_threads(1)
    plan.prepare()
    failed = plan.tune()
    failed |= plan.judge()
    write_json(out, plan.log(failed))
    return failed


def _unique(settings: Iterable[Setting]) -> list[Setting]:
    found: list[Setting] = []
    for setting in settings:
        if setting not in found:
            found.append(setting)
    return found
