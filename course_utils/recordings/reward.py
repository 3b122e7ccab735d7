"""The recorded runs of notebook 06: each way of tuning, over several seeds.

    python -m course_utils.recordings reward

writes data/results/reward.json and the ladder of tuned models. Interrupt it when you
like: the next call goes on from the last checkpoint of the run it was in. `RewardRuns`
reads the log.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm.auto import tqdm

from course_utils.causes.tuning import (
    MOOD,
    Recipe,
    Reward,
    Step,
    Tuner,
    happy_ending,
    sound,
)
from course_utils.data_files import data_path
from course_utils.model import LanguageModel, load_model
from course_utils.recordings import ladder
from course_utils.recordings.logs import read_log, write_json
from course_utils.recordings.measurement import Measured, measure
from course_utils.training.storyteller import load_checkpoint, save_checkpoint
from course_utils.worlds.stories import StoryWorld

COMMAND = "python -m course_utils.recordings reward"
SEEDS = tuple(range(8))
STEPS = 60
EVERY = 10  # steps from one measurement to the next
MEASURED = 192  # texts at each of them
MEASURED_ON_LADDER = 1024
LADDER_STEPS = {0: (20, 40, 60), 1: (20, 40, 60)}  # of "plain"; other seeds: the end

RECIPES = {
    "plain": Recipe(),
    "slow": Recipe(learning_rate=1e-3),
    "KL 0.02": Recipe(kl_weight=0.02),
    "KL 0.1": Recipe(kl_weight=0.1),
    "KL 0.5": Recipe(kl_weight=0.5),
    "entropy 0.03": Recipe(entropy_weight=0.03),
    # Two updates for each batch of texts: half the rate makes a step as long.
    "clip": Recipe(learning_rate=1e-3, updates=2, clip=(0.2, 0.2)),
    "clip higher": Recipe(learning_rate=1e-3, updates=2, clip=(0.2, 0.28)),
    # What the leashes do when they are differentiated in part.
    "KL 0.1 in the loss": Recipe(kl_weight=0.1, penalties="loss"),
    "entropy 0.03 in the loss": Recipe(entropy_weight=0.03, penalties="loss"),
    # A reward that a storyteller has nearly earned before it begins.
    "valid only": Recipe(),
    # How a step is taken, and how noisy it is.
    "SGD": Recipe(optimizer="SGD", learning_rate=0.1),
    "64 texts": Recipe(texts=64),
    "SGD, 64 texts": Recipe(optimizer="SGD", learning_rate=0.1, texts=64),
    "256 texts": Recipe(texts=256),
    "SGD, 256 texts": Recipe(optimizer="SGD", learning_rate=0.1, texts=256),
}
STEPS_OF = {"256 texts": 30, "SGD, 256 texts": 30}  # the others take STEPS
# Recipes that are shown run by run, without an interval; the others have all seeds.
SEEDS_OF = {
    "slow": 3,
    "KL 0.02": 3,
    "KL 0.5": 3,
    "clip": 3,
    "clip higher": 3,
    "KL 0.1 in the loss": 3,
    "entropy 0.03 in the loss": 3,
    "64 texts": 3,
    "SGD, 64 texts": 3,
    "256 texts": 2,
    "SGD, 256 texts": 2,
}


def settings() -> dict[str, Any]:
    """All that the recorded runs depend on, as it stands in the log."""
    return {
        "storyteller": ladder.base_sha256(),
        "mood": MOOD,
        "steps": STEPS,
        "every": EVERY,
        "measured": MEASURED,
        "seeds_of": dict(SEEDS_OF),
        "steps_of": dict(STEPS_OF),
        "recipes": {name: asdict(recipe) for name, recipe in RECIPES.items()},
    }


def planned(seeds: Sequence[int]) -> list[tuple[str, int]]:
    """Recipe and seed of every run, in the order of recording."""
    return [(name, s) for name in RECIPES for s in seeds[: SEEDS_OF.get(name)]]


def record(
    out: Path, seeds: Sequence[int] = SEEDS, work: Path = Path("runs/reward")
) -> None:
    """Make all runs, write the log to `out` and the ladder of the plain ones."""
    torch.set_num_threads(1)
    lm, world = load_model("storyteller"), StoryWorld()
    start = measure(lm, lm, world, 0, MEASURED_ON_LADDER)
    runs, climbed = [], []
    for name, seed in tqdm(planned(seeds), desc="reward"):
        run, steps = planned_run(lm, world, name, seed, work), steps_of(name)
        measured = run.up_to(steps)
        traces = run.steps_up_to(steps)
        runs.append(
            {"recipe": name, "seed": seed, "steps": traces, "measured": measured}
        )
        if name == "plain":
            climbed.append(run)
    make_ladder(lm, world, climbed, start, place_of_ladder(out))
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, {**log, "start": asdict(start), "runs": runs})


def planned_run(
    lm: LanguageModel, world: StoryWorld, name: str, seed: int, work: Path
) -> "Run":
    """One run of a recipe, with what it is paid for and which rungs it leaves."""
    rungs = LADDER_STEPS.get(seed, (STEPS,)) if name == "plain" else ()
    pays = sound if name == "valid only" else happy_ending
    return Run(lm, world, RECIPES[name], seed, work, rungs=rungs, pays=pays)


def steps_of(name: str) -> int:
    """How many steps a recipe takes."""
    return STEPS_OF.get(name, STEPS)


class Run:
    """One run of tuning on a reward, kept in a folder where it can go on.

    It is measured at every `every`-th step, on n texts; at the steps in `rungs` its
    weights are kept. The folder's name tells runs apart that differ in what matters.
    """

    def __init__(
        self,
        lm: LanguageModel,
        world: StoryWorld,
        recipe: Recipe,
        seed: int,
        work: Path,
        every: int = EVERY,
        n: int = MEASURED,
        rungs: Sequence[int] = (),
        pays: Callable[[StoryWorld], Reward] = happy_ending,
    ) -> None:
        self.world, self.every, self.n, self.rungs = world, every, n, rungs
        self.tuner = Tuner(lm, pays(world), recipe, seed)
        paid_for = [MOOD, pays.__name__]
        what = [ladder.base_sha256(), *paid_for, asdict(recipe), seed, every, n, *rungs]
        name = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]
        self.folder = work / name
        self.checkpoint = self.folder / "checkpoint.safetensors"

    def up_to(self, steps: int) -> list[dict[str, Any]]:
        """What was measured at every `every`-th step up to `steps`, going on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tuner = self.tuner
        tuner.steps_done = load_checkpoint(
            self.checkpoint, tuner.lm.model, [tuner.optimizer]
        )
        latest = []
        while tuner.steps_done < steps:
            latest.append(tuner.step())
            if tuner.steps_done % self.every == 0:
                self._save(latest)
                latest = []
        return [_read(self._measured_at(step)) for step in self._places(steps)]

    def steps_up_to(self, steps: int) -> list[list[float]]:
        """Mean reward and entropy (nats per token) of the texts of every step."""
        parts = [_read(self._steps_before(step)) for step in self._places(steps)]
        return [step for part in parts for step in part]

    def difference_at(self, step: int) -> dict[str, Tensor]:
        """The weights after `step` steps, less the untuned model's."""
        return load_file(self._difference_at(step))

    def _save(self, latest: list[Step]) -> None:
        """The checkpoint last: where it is, all that belongs to its steps is there."""
        tuner, step = self.tuner, self.tuner.steps_done
        pair = tuner.lm, tuner.reference
        found = measure(*pair, self.world, step, self.n, tuner.seed)
        write_json(self._measured_at(step), asdict(found))
        rounded = [[round(value, 4) for value in each] for each in latest]
        write_json(self._steps_before(step), rounded)
        if step in self.rungs:
            save_file(ladder.difference(*pair), self._difference_at(step))
        save_checkpoint(self.checkpoint, tuner.lm.model, [tuner.optimizer], step)

    def _places(self, steps: int) -> range:
        return range(self.every, steps + 1, self.every)

    def _steps_before(self, step: int) -> Path:
        return self.folder / f"steps_{step:03}.json"

    def _measured_at(self, step: int) -> Path:
        return self.folder / f"measured_{step:03}.json"

    def _difference_at(self, step: int) -> Path:
        return self.folder / f"difference_{step:03}.safetensors"


def place_of_ladder(out: Path) -> Path:
    """The course's folder for the course's log, one beside it for any other."""
    shipped = out.resolve() == data_path("results", "reward.json").resolve()
    return ladder.FOLDER if shipped else out.parent / "ladder"


def make_ladder(
    lm: LanguageModel,
    world: StoryWorld,
    runs: Sequence[Run],
    start: Measured,
    folder: Path,
) -> None:
    """Measure the rungs of all runs as they will be loaded, and write them."""
    rungs = [(as_rung(start, runs[0].tuner.seed), dict[str, Tensor]())]
    for run in runs:
        for step in run.rungs:
            change = ladder.packed(run.difference_at(step))
            tuned = ladder.with_difference(lm, ladder.unpacked(change), "rung")
            found = measure(tuned, lm, world, step, MEASURED_ON_LADDER)
            rungs.append((as_rung(found, run.tuner.seed), change))
    made_by = {"command": COMMAND, "recipe": asdict(runs[0].tuner.recipe)}
    ladder.write_ladder(folder, rungs, made_by)


def as_rung(measured: Measured, seed: int) -> ladder.Rung:
    """The measures of a rung, from its counts."""
    effective = {f: round(measured.effective(f), 3) for f in measured.counts}
    covered = {
        factor: round(sum(count > 0 for count in counts) / len(counts), 3)
        for factor, counts in measured.counts.items()
    }
    return ladder.Rung(
        seed,
        measured.step,
        measured.n,
        valid=round(measured.validity, 4),
        reward=round(measured.reward, 4),
        entropy=measured.entropy,
        kl=measured.kl,
        effective=effective,
        coverage=covered,
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# The log, as notebook 06 reads it


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
