"""Which detector to trust: the sets of notebook 11, and what each detector says.

    python -m course_utils.recordings league

makes data/results/league.json anew: for each seed ten sound sets, three of each cause
of collapse, from mild to deep, and four that are sound but unlike the reference, or
broken. Of each set: its true variety, and the value of every detector at several
numbers of texts. What is finished is kept in runs/league: an interrupted command goes
on from there.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from course_utils.detection.detectors import DETECTORS, scores
from course_utils.detection.embedding import state_points
from course_utils.detection.report import collapse_report
from course_utils.detection.report.measures import Finding
from course_utils.detection.sample import Sample
from course_utils.model import BUNDLED, LanguageModel
from course_utils.recordings.finetuning import token_log_probs
from course_utils.recordings.league_sources import (
    CAUSES,
    EACH,
    HEALTHY,
    POOL,
    PROMPTS,
    REFERENCE,
    SOUND,
    TOKENS,
    Source,
    Written16,
    prompt_ids,
)
from course_utils.recordings.logs import Parts, Row, write_json
from course_utils.worlds.measures import kept_variety, parse_all, validity
from course_utils.worlds.parsing import FACTORS

COMMAND = "python -m course_utils.recordings league"
SEEDS = tuple(range(8))
STATE = Path("runs/league")
SIZES = (8, 16, 32, 64, 128)  # texts, spread evenly over the prompts
REPORTED = 8  # texts a prompt that the report is given
OPEN = tuple(factor for factor in FACTORS if factor != "opening")  # after a prompt


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "prompts": list(PROMPTS),
        "texts": [EACH, TOKENS, POOL, REFERENCE, HEALTHY, REPORTED],
        "sizes": list(SIZES),
        "detectors": list(DETECTORS),
        "causes": {name: list(cause.levels) for name, cause in CAUSES.items()},
        "families": {name: cause.family for name, cause in CAUSES.items()},
        "sound": list(SOUND),
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all sets, or what is missing of them, and write the log to `out`."""
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings())
    with tqdm(total=len(seeds) * len(makers()), desc="league") as bar:
        for seed in seeds:
            _Seed(seed).complete(parts, bar)
    rows = {name: [parts[f"{name}/{seed}"] for seed in seeds] for name in makers()}
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"rows": rows})


def makers() -> dict[str, Any]:
    """What makes the sets of each name, from a source."""
    causes = {name: cause.sets for name, cause in CAUSES.items()}
    return {"sound": Source.healthy, **SOUND, **causes}


class _Seed:
    """One seed's sets, each measured as soon as it is made."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.source = Source(seed)
        self.reference: Sample | None = None

    def complete(self, parts: Parts, bar: tqdm) -> None:
        for name, make in makers().items():
            part = f"{name}/{self.seed}"
            bar.set_postfix_str(part)
            if part not in parts:
                if self.reference is None:
                    self.reference = sample_of(self.source.lm, self.source.reference)
                sets = enumerate(make(self.source))
                parts.add(part, [self.measured(*numbered) for numbered in sets])
            bar.update()

    def measured(self, number: int, texts: Written16) -> Row:
        """The truth about a set, and what each detector makes of it at each size."""
        sample = sample_of(self.source.lm, texts)
        parses = parse_all(self.source.world, sample.texts)
        found = {
            size: scores(sample.take(places), self.reference)
            for size, places in places_of(texts)
        }
        return {
            "variety": rounded(kept_variety(self.source.world, parses, factors=OPEN)),
            "valid": validity(parses),
            "values": [
                [rounded(found[size].get(name)) for name in DETECTORS] for size in SIZES
            ],
            **self.reported(number, texts),
        }

    def reported(self, number: int, texts: Written16) -> Row:
        """Does the report find the set more alike, and the least p on that side?

        64 texts stand beside 64 of the reference, other ones for each set of a cause.
        """
        start = number * REPORTED % REFERENCE
        other = [rows[start : start + REPORTED] for rows in self.source.reference]
        (ours, asked), (theirs, their_asked) = map(_columns, (_first(texts), other))
        report = collapse_report(
            ours,
            theirs,
            prompts=asked,
            reference_prompts=their_asked,
            seed=number,
            progress=False,
        )
        alike = [f.p for f in report.findings if f.p is not None and _more_alike(f)]
        return {"p": min(alike, default=1.0), "called": report.is_collapsed}


def _first(texts: Written16) -> Written16:
    return [rows[:REPORTED] for rows in texts]


def _columns(texts: Written16) -> tuple[list[str], list[str]]:
    """The texts, and their prompts."""
    rows = [row for prompt in texts for row in prompt]
    return [row.text for row in rows], [row.prompt for row in rows]


def _more_alike(finding: Finding) -> bool:
    sign = 1 if finding.collapse_is == "high" else -1
    return sign * (finding.difference or 0.0) > 0


def sample_of(lm: LanguageModel, texts: Written16) -> Sample:
    """A set as detectors want it; `lm` embeds the texts, and is surprised by them."""
    rows = [row for prompt in texts for row in prompt]
    starts = [prompt_ids(lm, row.prompt) for row in rows]
    documents = [
        [*start, *row.token_ids] for start, row in zip(starts, rows, strict=True)
    ]
    along = token_log_probs(lm, documents)
    surprise = [
        (-nats[len(start) :]).tolist()
        for nats, start in zip(along, starts, strict=True)
    ]
    traces = [row.bits for row in rows if row.bits is not None]
    return Sample(
        [row.text for row in rows],
        [row.prompt for row in rows],
        traces if len(traces) == len(rows) else None,
        surprise,
        state_points(lm, [row.text for row in rows]),
    )


def places_of(texts: Written16) -> Iterator[tuple[int, list[int]]]:
    """For each size, the places of the first texts of each prompt."""
    for size in SIZES:
        each = size // len(texts)
        first = 0
        places: list[int] = []
        for rows in texts:
            places += range(first, first + each)
            first += len(rows)
        yield size, places


def rounded(value: float | None) -> float | None:
    """To four digits that count; None for what can't be told."""
    if value is None or math.isnan(value):
        return None
    return float(f"{value:.4g}")
