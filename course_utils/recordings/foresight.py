"""Can a loop be foretold? Texts that loop, and what their traces said ahead of it.

    python -m course_utils.recordings foresight

makes data/results/foresight.json anew, from three services. "bonus": a sampler that
makes likelier what came before, so that sentences feed themselves. "cold": the
storyteller at T = 0.1, which may not end and falls back into the same tale. "mixed":
half of the requests go to the cold service, half to one at T = 0.6. What is finished is
kept in runs/foresight: an interrupted command goes on from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from tqdm.auto import tqdm
from transformers import SuppressTokensLogitsProcessor

from course_utils.detection.foresight import (
    Along,
    Onset,
    Warnings,
    area_ahead,
    goes_on,
    onsets,
    signs,
    warnings,
)
from course_utils.detection.scoring import alarm_threshold
from course_utils.generation import Processor, Runs, generate
from course_utils.mitigation.temperature import Temperature
from course_utils.model import BUNDLED, LanguageModel, load_model
from course_utils.recordings.league_sources import PROMPTS, RepeatBonus
from course_utils.recordings.logs import Parts, Row, read_log, write_json

COMMAND = "python -m course_utils.recordings foresight"
SEEDS = tuple(range(8))
STATE = Path("runs/foresight")
EACH = 16  # texts after each prompt
AHEAD = tuple(range(60, -61, -4))  # tokens before a loop begins
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)  # false alarms that are promised
EARLY = 20  # tokens before a loop is known, to count as an early warning
BEGUN = 8  # tokens of a stretch that, said twice, may become a loop
BESIDE = 20  # texts that a looping one is fitted against
FIRST, FEW, LEAST = 16, 50, 0.05  # tokens without an alarm; texts; of a deviation
STRENGTH, BONUS_TOKENS = 7.0, 160
COLD, WARM, COLD_TOKENS = 0.1, 0.6, 245
TOGETHER = "all signs together"


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "prompts": list(PROMPTS),
        "texts": [EACH, BONUS_TOKENS, COLD_TOKENS],
        "ahead": list(AHEAD),
        "rates": list(RATES),
        "early": EARLY,
        "bonus": STRENGTH,
        "temperatures": [COLD, WARM],
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Watch every service, or what is missing of them, and write the log to `out`.

    Raises ValueError for fewer than three seeds: of each one's thresholds two others
    are needed, one for what is usual and one for what is too much.
    """
    if len(seeds) < 3:
        raise ValueError(f"seeds has {len(seeds)} entries; allowed are 3 or more")
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings() | {"seeds": list(seeds)})
    for name, (serve, repeats, shortest) in tqdm(SERVICES.items(), desc="foresight"):
        if name not in parts:
            watched = [watch(serve(seed), repeats, shortest) for seed in seeds]
            parts.add(name, measured(watched))
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"services": {name: parts[name] for name in SERVICES}})


# Services


def _bonus(seed: int) -> list[Runs]:
    lm = load_model("storyteller")
    return [_told(lm, [RepeatBonus(STRENGTH, lm.stop_ids)], seed, BONUS_TOKENS)]


def _cold(seed: int) -> list[Runs]:
    return [_without_end(COLD, seed)]


def _mixed(seed: int) -> list[Runs]:
    return [_without_end(COLD, 100 + seed), _without_end(WARM, 200 + seed)]


def _without_end(temperature: float, seed: int) -> Runs:
    lm = load_model("storyteller")
    never_end = SuppressTokensLogitsProcessor(lm.stop_ids)
    return _told(lm, [never_end, Temperature(temperature)], seed, COLD_TOKENS)


def _told(
    lm: LanguageModel, processors: Sequence[Processor], seed: int, tokens: int
) -> Runs:
    seed = 7_000_000 + 1000 * seed
    asked = list(PROMPTS)
    return generate(lm, asked, EACH, tokens, processors, seed, progress=False)


SERVICES: Mapping[str, tuple[Callable[[int], list[Runs]], int, int]] = {
    "bonus": (_bonus, 3, 1),  # how often a loop says its words, and its shortest round
    "cold": (_cold, 2, 15),
    "mixed": (_mixed, 2, 15),
}


# What their traces say


@dataclass(frozen=True)
class Watched:
    """One seed's texts: the signs along each, the loops, and the texts without any.

    Texts that end before a stretch said twice can become a loop are neither.
    """

    along: list[dict[str, Along]]
    loops: list[Onset]
    sound: list[int]

    @property
    def others(self) -> list[dict[str, Along]]:
        """The signs along texts that don't loop."""
        return [self.along[text] for text in self.sound]


def watch(served: Sequence[Runs], repeats: int, shortest: int) -> Watched:
    """Read the traces of a service's texts."""
    ids = [row for runs in served for row in runs.token_ids]
    along = [
        signs(
            row,
            runs.entropy[place, : len(row)].tolist(),
            runs.logprob[place, : len(row)].tolist(),
        )
        for runs in served
        for place, row in enumerate(runs.token_ids)
    ]
    loops = onsets(ids, repeats, shortest)
    begun = {onset.text for onset in (*loops, *onsets(ids, 2, BEGUN))}
    return Watched(along, loops, [t for t in range(len(ids)) if t not in begun])


def measured(watched: Sequence[Watched]) -> Row:
    """Areas ahead of loops, and warnings at promised rates, seed by seed."""
    names = list(watched[0].along[0])
    areas = {
        name: [[_area(seed, name, ahead) for ahead in AHEAD] for seed in watched]
        for name in names
    }
    areas[TOGETHER] = [
        [_area_together(watched, held_out, ahead) for ahead in AHEAD]
        for held_out in range(len(watched))
    ]
    return {
        "loops": [len(seed.loops) for seed in watched],
        "texts": [len(seed.along) for seed in watched],
        "rounds": _quartiles([o.known - o.begins for s in watched for o in s.loops]),
        "areas": areas,
        "warnings": {name: _warned(watched, name) for name in names},
    }


def _area(seed: Watched, name: str, ahead: int) -> float | None:
    looping = [(seed.along[onset.text][name], onset.begins) for onset in seed.loops]
    return _rounded(area_ahead(looping, [s[name] for s in seed.others], ahead))


def _area_together(
    watched: Sequence[Watched], held_out: int, ahead: int
) -> float | None:
    """Of a logistic regression on all signs, fitted for this place on other seeds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rest = [seed for place, seed in enumerate(watched) if place != held_out]
    rows = [_pairs(seed, ahead) for seed in rest]
    looping, beside = (np.concatenate(part) for part in zip(*rows, strict=True))
    if len(looping) < 20:
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    y = np.repeat([1, 0], [len(looping), len(beside)])
    model.fit(np.concatenate([looping, beside]), y)

    def together(signs: Mapping[str, Along]) -> Along:
        rows = np.stack(list(signs.values()), axis=1)[1:]  # nothing is known before
        return np.append(np.nan, model.decision_function(rows))

    seed = watched[held_out]
    along = [(together(seed.along[o.text]), o.begins) for o in seed.loops]
    others = [together(signs) for signs in seed.others]
    return _rounded(area_ahead(along, others, ahead))


def _pairs(
    seed: Watched, ahead: int
) -> tuple[Float[np.ndarray, "n signs"], Float[np.ndarray, "m signs"]]:
    """The signs of looping texts at a place, and of others at the same places."""
    width = len(seed.along[0])
    looping, beside = [np.empty((0, width))], [np.empty((0, width))]
    others = [np.stack(list(signs.values()), axis=1) for signs in seed.others]
    for onset in seed.loops:
        place = onset.begins - ahead
        mine = np.stack(list(seed.along[onset.text].values()), axis=1)
        alive = [other[place] for other in others if goes_on(other, place)]
        if goes_on(mine, place) and alive:
            looping.append(mine[None, place])
            start = onset.text % len(alive)  # not always the same ones
            beside.append(np.array([*alive[start:], *alive[:start]][:BESIDE]))
    return np.concatenate(looping), np.concatenate(beside)


def _warned(watched: Sequence[Watched], name: str) -> list[list[Row]]:
    """For each rate and seed, what a threshold that other seeds have set does.

    Of these, some say what is usual at each place, the others set the threshold: the
    texts of neither have a share in the other.
    """
    by_rate: list[list[Row]] = [[] for _ in RATES]
    for place, seed in enumerate(watched):
        rest = [other for number, other in enumerate(watched) if number != place]
        first, second = (rest[start::2] for start in (0, 1))
        above = _above_usual([signs[name] for other in first for signs in other.others])
        peaks = [above(s[name]).max() for other in second for s in other.others]
        along = [above(signs[name]) for signs in seed.along]
        for rate, rows in zip(RATES, by_rate, strict=True):
            threshold = alarm_threshold([*map(float, peaks)], rate)
            rows.append(_row(warnings(along, seed.loops, seed.sound, threshold)))
    return by_rate


def _above_usual(sound: Sequence[Along]) -> Callable[[Along], Along]:
    """Standard deviations above what sound texts have at the same place.

    0 for the first tokens, which say little, and where few sound texts go.
    """
    length = sorted(map(len, sound))[-min(FEW, len(sound))]
    at = [[a[place] for a in sound if len(a) > place] for place in range(length)]
    middle = np.array([np.mean(values) for values in at])
    spread = np.array([np.std(values) for values in at])

    def above(along: Along) -> Along:
        kept = min(length, len(along))
        off = (along[:kept] - middle[:kept]) / np.maximum(spread[:kept], LEAST)
        off[: min(FIRST, kept)] = 0
        return off

    return above


def _row(found: Warnings) -> Row:
    leads = [lead for lead in found.leads if lead is not None]
    return {
        "false": found.false,
        "sound": found.sound,
        "loops": len(found.leads),
        "early": round(found.ahead_by(EARLY) * len(found.leads)),
        "before": found.before,
        "lead": float(np.median(leads)) if leads else None,
    }


def _quartiles(values: Sequence[float]) -> list[float]:
    return np.quantile(values, [0.25, 0.5, 0.75]).tolist()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


# The log, as notebook 11 reads it


@dataclass(frozen=True, repr=False)
class Foresight:
    """What was recorded of one service.

    loops, texts  how many of each seed's texts loop, and how many there are
    rounds        quartiles of the tokens from where a loop begins to where it is known
    areas         by sign: AUROC [seeds, ahead], NaN where nothing could be compared
    warnings      by sign: for each rate and seed what a threshold did
    """

    loops: list[int]
    texts: list[int]
    rounds: list[float]
    areas: dict[str, Float[np.ndarray, "seeds ahead"]]
    warnings: dict[str, list[list[Row]]]

    @classmethod
    def read(cls, service: str) -> "Foresight":
        """Raises KeyError for a service that was not watched."""
        row = read_log("foresight")["services"][service]
        areas = {name: np.array(a, dtype=float) for name, a in row["areas"].items()}
        return cls(row["loops"], row["texts"], row["rounds"], areas, row["warnings"])

    def rate(self, sign: str, rate: float, what: str) -> list[float]:
        """By seed: the share of sound texts ("false") or of loops ("early", "before")
        that a threshold flags which promises that rate."""
        of = "sound" if what == "false" else "loops"
        return [row[what] / row[of] for row in self.warnings[sign][RATES.index(rate)]]
