"""Every toy of this package over several seeds, kept as data/results/forms.json.

    python -m course_utils.recordings forms

makes the log anew, in a few minutes. What a run has finished is kept in runs/forms:
an interrupted command goes on where it was. Notebook 04 reads the log.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from course_utils.causes.forms import (
    covered_modes,
    effective_modes,
    gan,
    mode_shares,
    policies,
)
from course_utils.causes.forms import embeddings as emb
from course_utils.data_files import data_path
from course_utils.foundations.intervals import bootstrap_interval
from course_utils.recordings.logs import Parts, write_json

Trace = dict[str, list[float]]
Setting = dict[str, Any]
Seen = tuple[list[int], Float[Tensor, "records modes"], Trace]  # steps, shares, more

COMMAND = "python -m course_utils.recordings forms"
SEEDS = tuple(range(10))
STATE = Path("runs/forms")


@dataclass(frozen=True)
class Experiment:
    """A toy whose `modes` ought to be equally common.

    `run(seed, **setting)` gives the recorded steps, the shares of the modes then, and
    further measures. `variants` are settings by name; `module` is where the constants
    stand that decide the rest.
    """

    run: Callable[..., Seen]
    modes: int
    module: ModuleType
    variants: dict[str, Setting]


# One run of each experiment


def ring(seed: int, **setting: Any) -> Seen:
    run = gan.train_gan(gan.sample_ring, seed, **setting)
    return run.steps, mode_shares(gan.ring_modes(run.samples), gan.MODES), {}


def digits(seed: int, **setting: Any) -> Seen:
    setting = {"generator_rate": gan.DIGIT_HASTE} | setting
    run = gan.train_gan(gan.sample_digits, seed, gan.DIGIT_STEPS, **setting)
    return run.steps, mode_shares(gan.digit_modes(run.samples), gan.DIGITS), {}


def embeddings(seed: int, **setting: Any) -> Seen:
    images, labels = gan.load_digits()
    run = emb.train_embeddings(images, seed, **setting)
    more = {
        "agreement": run.agreement,
        "std": emb.relative_std(run.embeddings).tolist(),
        "accuracy": [emb.neighbour_accuracy(e, labels) for e in run.embeddings],
    }
    return run.steps, emb.direction_shares(run.embeddings), more


def bandit(seed: int, **setting: Any) -> Seen:
    setting = {"play": policies.pull_arms} | setting
    policy = policies.learn(choices=len(policies.PAYS), seed=seed, **setting)
    steps = list(range(0, len(policy), 50))
    return steps, policy[steps, : policies.BEST_ARMS], {}


def grid(seed: int, **setting: Any) -> Seen:
    policy = policies.learn_routes(seed=seed, **setting)
    steps = list(range(0, len(policy), 20))
    return steps, policies.route_shares(policy[steps]), {}


def self_play(seed: int, **setting: Any) -> Seen:
    policy = policies.learn(
        policies.play_oneself,
        len(policies.MOVES),
        seed=seed,
        actions_per_step=policies.GAMES_PER_STEP,
        **setting,
    )
    steps = list(range(0, len(policy), 20))
    so_far = policy.cumsum(dim=0) / torch.arange(1, len(policy) + 1).unsqueeze(-1)
    more = {
        "so far": effective_modes(so_far[steps]).tolist(),
        "exploitability": policies.exploitability(policy[steps]).tolist(),
    }
    return steps, policy[steps], more


EXPERIMENTS = {
    "ring": Experiment(
        ring,
        gan.MODES,
        gan,
        {
            "as it is": {},
            "minibatch statistics": {"batch_statistic": gan.minibatch_std},
            "gradient penalty": {"r1": 1.0},
            "equal rates": {"generator_rate": gan.RATE},
        },
    ),
    "digits": Experiment(
        digits,
        gan.DIGITS,
        gan,
        {
            "as it is": {},
            "minibatch statistics": {"batch_statistic": gan.minibatch_std},
            "gradient penalty": {"r1": 1.0},
            "equal rates": {"generator_rate": gan.RATE},
        },
    ),
    "embeddings": Experiment(
        embeddings,
        emb.DIMENSIONS,
        emb,
        {
            "as it is": {},
            "negatives": {"loss": emb.tell_apart},
            "stop-gradient": {"stop_gradient": True},
        },
    ),
    "bandit": Experiment(
        bandit,
        policies.BEST_ARMS,
        policies,
        {
            "as it is": {"bonus": 0.0},
            "entropy bonus": {"bonus": 0.1},
            "no luck": {"bonus": 0.0, "play": policies.pull_sure_arms},
        },
    ),
    "grid": Experiment(
        grid,
        len(policies.ROUTES),
        policies,
        {
            "as it is": {"bonus": 0.0},
            "entropy bonus": {"bonus": 0.3},
            **{f"bonus {b}": {"bonus": b} for b in (0.1, 0.2, 0.45, 0.6, 0.8)},
        },
    ),
    "self-play": Experiment(
        self_play,
        len(policies.MOVES),
        policies,
        {"as it is": {"bonus": 0.0}, "entropy bonus": {"bonus": 0.2}},
    ),
}


# The log


def record(out: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Run all variants with all seeds and write the log to the file `out`."""
    torch.set_num_threads(1)  # these networks are too small to be shared
    runs = {}
    total = len(seeds) * sum(len(each.variants) for each in EXPERIMENTS.values())
    with tqdm(total=total, desc="forms") as bar:
        for name in EXPERIMENTS:
            runs[name] = _all_variants(name, seeds, bar)
    log = {
        "command": COMMAND,
        "seeds": list(seeds),
        "modes": {name: each.modes for name, each in EXPERIMENTS.items()},
        "settings": {name: settings(name) for name in EXPERIMENTS},
        "runs": runs,
    }
    write_json(out, log)


def settings(name: str) -> Setting:
    """All that decides an experiment's runs besides their seeds, as plain values."""
    experiment = EXPERIMENTS[name]
    constants = {
        constant: value
        for constant, value in vars(experiment.module).items()
        if constant.isupper() and isinstance(value, int | float)
    }
    variants = {
        variant: {key: getattr(value, "__name__", value) for key, value in made.items()}
        for variant, made in experiment.variants.items()
    }
    return {"constants": constants, "variants": variants}


def _all_variants(name: str, seeds: Sequence[int], bar: tqdm) -> dict[str, dict]:
    """The experiment's part of the log; what an earlier call has finished is kept."""
    kept = Parts(STATE / f"{name}.json", settings(name))
    found = {}
    for variant in EXPERIMENTS[name].variants:
        for seed in seeds:
            if f"{variant} {seed}" not in kept:
                kept.add(f"{variant} {seed}", _trace(name, variant, seed))
            bar.update()
        found[variant] = _stacked([kept[f"{variant} {seed}"] for seed in seeds])
    return found


def _trace(name: str, variant: str, seed: int) -> Trace:
    """What the definition sees of one run, record by record, rounded."""
    experiment = EXPERIMENTS[name]
    steps, shares, more = experiment.run(seed, **experiment.variants[variant])
    reference = torch.full((experiment.modes,), 1 / experiment.modes)
    measures = {
        "effective": effective_modes(shares).tolist(),
        "covered": covered_modes(shares, reference).tolist(),
        "inside": shares.sum(dim=-1).tolist(),
    }
    rounded = {
        key: [round(x, 3) for x in row] for key, row in (measures | more).items()
    }
    return {"steps": steps, **rounded}


def _stacked(traces: list[Trace]) -> dict[str, list]:
    """The steps once, and every measure with one row per seed."""
    measures = [measure for measure in traces[0] if measure != "steps"]
    rows = {measure: [trace[measure] for trace in traces] for measure in measures}
    return {"steps": traces[0]["steps"], **rows}


def forms_log(path: Path | None = None) -> dict[str, Any]:
    """The recorded log, from data/results/forms.json unless another file is named."""
    return json.loads(
        (path or data_path("results", "forms.json")).read_text(encoding="utf-8")
    )


def final_values(
    log: Mapping[str, Any], experiment: str, variant: str, measure: str = "effective"
) -> list[float]:
    """One number per seed: the mean over the last quarter of its records.

    A single record would catch a generator or a player in mid-leap.
    """
    rows = log["runs"][experiment][variant][measure]
    last = max(1, len(rows[0]) // 4)
    return [sum(row[-last:]) / last for row in rows]


@dataclass(frozen=True)
class Late:
    """A measure late in the run: its mean over the seeds, with a 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def late(
    log: Mapping[str, Any], experiment: str, variant: str, measure: str = "effective"
) -> Late:
    """The mean of `final_values`, with its bootstrap interval over the seeds."""
    values = final_values(log, experiment, variant, measure)
    return Late(sum(values) / len(values), *bootstrap_interval(values))


def late_table(
    log: Mapping[str, Any], experiment: str, measure: str = "effective"
) -> str:
    """One line for each variant of an experiment: its name and `late`."""
    return "\n".join(
        f"{variant:22}{late(log, experiment, variant, measure)}"
        for variant in log["runs"][experiment]
    )
