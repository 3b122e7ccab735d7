"""Prompts, retrieved tales and restarts: the runs behind notebook 16.

    python -m course_utils.recordings prompts

makes data/results/prompts.json anew, from three experiments. "prompts": plots told
after several requests, by the storyteller and by tuned ones, a model for each seed.
"retrieval": what the next tale is like after two tales that a retriever has found,
against the exact posterior. "restarts": texts that may not end, with and without
restarts. What is finished is kept in runs/prompts: an interrupted command goes on from
there.
"""

import functools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm
from transformers import SuppressTokensLogitsProcessor

from course_utils.detection.repetition import find_loop
from course_utils.generation import generate
from course_utils.mitigation.prompting import Retriever, write_with_restarts
from course_utils.mitigation.temperature import Temperature
from course_utils.model import BUNDLED, LanguageModel, load_model
from course_utils.recordings.ladder import load_tuned
from course_utils.recordings.logs import Parts, Row, read_log, write_json
from course_utils.worlds.measures import parse_all, rarefied
from course_utils.worlds.stories import StoryWorld

COMMAND = "python -m course_utils.recordings prompts"
SEEDS = tuple(range(8))
STATE = Path("runs/prompts")
MAX_NEW_TOKENS = 110  # any tale, with a header
TOLD, COUNTED = 100, 60  # texts of a run, and those in which plots are counted
MODELS = {"storyteller": 0, "tuned 60": 60}  # steps of tuning
REQUESTS = {
    "nothing": "",
    "about Mira": "A story about Mira.",
    "about Bruno": "A story about Bruno.",
    "two words": "Words: fox, lantern.",
    "other words": "Words: toad, umbrella.",
    "once upon a time": "Once upon a time",
    "a frosty morning": "One frosty morning",
}
CORPUS, EXAMPLES, DIVERSITY = 2000, 2, 0.8
NEXT_TOLD, NEXT_TOKENS, LONGEST = 64, 100, 77
STUCK_TOKENS, RESTARTED_TOKENS, STUCK_HEAT, LOOK_EVERY = 245, 490, 0.05, 30


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "told": [TOLD, COUNTED, MAX_NEW_TOKENS],
        "requests": dict(REQUESTS),
        "models": dict(MODELS),
        "retrieval": [CORPUS, EXAMPLES, DIVERSITY, NEXT_TOLD, NEXT_TOKENS, LONGEST],
        "restarts": [STUCK_TOKENS, RESTARTED_TOKENS, STUCK_HEAT, LOOK_EVERY],
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to `out`."""
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings())
    names = [name for name, _ in _jobs(seeds)]
    for name, job in tqdm(list(_jobs(seeds)), desc="prompts"):
        if name not in parts:
            parts.add(name, job())
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"rows": {name: parts[name] for name in names}})


def _jobs(seeds: Sequence[int]) -> Iterator[tuple[str, Any]]:
    for model, steps in MODELS.items():
        for request, prompt in REQUESTS.items():
            for seed in seeds:
                name = f"prompts/{model}/{request}/{seed}"
                yield name, functools.partial(_plots, steps, prompt, seed)
    for query in queries():
        yield f"retrieval/{query}", functools.partial(_retrieved, query)
    for seed in range(3 * len(seeds)):
        yield f"restarts/{seed}", functools.partial(_stuck, seed)


def _plots(steps: int, prompt: str, seed: int) -> Row:
    """How many plots 100 texts tell after a request."""
    lm = _lm(steps, seed if steps else 0)
    runs = generate(lm, prompt, TOLD, MAX_NEW_TOKENS, seed=seed, progress=False)
    arcs = Counter(p.labels["arc"] for p in parse_all(_world(), runs.texts) if p.valid)
    enough = arcs.total() >= COUNTED
    return {
        "valid": arcs.total(),
        "arcs": round(rarefied(arcs.values(), COUNTED), 3) if enough else None,
        "commonest": max(arcs.values(), default=0),
    }


def queries() -> list[str]:
    """What tales are looked for: an animal, or a place."""
    world = _world()
    return [*world.probabilities("animal"), *world.probabilities("place")]


def found_for(query: str, diversity: float) -> list[str]:
    """The tales that the retriever finds, the best first."""
    known = retriever()
    return [known.corpus[i] for i in known.search(query, EXAMPLES, diversity)]


def _retrieved(query: str) -> Row:
    """The heroes and plots of the next tale after nothing, and after two tales."""
    row: Row = {}
    for name, diversity in (("nearest", 0.0), ("diverse", DIVERSITY)):
        context = "\n".join(found_for(query, diversity))
        row[name] = {f: _next(context, f) for f in ("hero", "arc")}
    return row


def _next(context: str, factor: str) -> Row:
    """A factor of the next tale: the exact posterior, and what the model tells.

    A tale counts if it is one by itself, whether it shares what it should or not.
    """
    exact = _world().documents.next_tale(context, factor)
    tales = [text[len(context) + 1 :].split("\n")[0] for text in _continued(context)]
    parses = [p for p in parse_all(_world(), tales) if p.valid]
    counts = Counter(p.labels[factor] for p in parses)
    return {
        "n": len(parses),
        "model": [counts[value] for value in exact],
        "exact": [round(p, 5) for p in exact.values()],
    }


@functools.lru_cache(maxsize=4)
def _continued(context: str) -> list[str]:
    prompt = context + "\n"
    told = generate(_lm(0), prompt, NEXT_TOLD, NEXT_TOKENS, seed=16, progress=False)
    return told.texts


def _stuck(seed: int) -> Row:
    """How much of a text that may not end is said in a loop, with restarts or not."""
    lm = _lm(0)
    cold = [
        SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device),
        Temperature(STUCK_HEAT),
    ]
    run = generate(lm, "", 1, STUCK_TOKENS, cold, seed=1000 * seed, progress=False)
    told = write_with_restarts(
        lm, "", loop_start, RESTARTED_TOKENS, LOOK_EVERY, cold, seed=1000 * seed
    )
    kept = [lm.encode(piece)[1:] for piece in told.pieces]
    return {
        "alone": _looped(run.token_ids[0]),
        "restarted": max(map(_looped, kept)),
        "restarts": told.restarts,
        "kept": round(sum(map(len, kept)) / RESTARTED_TOKENS, 4),
    }


def loop_start(ids: list[int], _bits: list[float]) -> int | None:
    """The place from which token ids say the same twice in a row, or more often."""
    loop = find_loop(ids, repeats=2)
    return None if loop is None else loop.start


def _looped(ids: list[int]) -> float:
    loop = find_loop(ids, repeats=2)
    return 0.0 if loop is None else round(loop.period * loop.repeats / len(ids), 4)


@functools.cache
def _world() -> StoryWorld:
    return StoryWorld()


@functools.cache
def _lm(steps: int, seed: int = 0) -> LanguageModel:
    return load_tuned(steps, seed) if steps else load_model("storyteller")


@functools.cache
def retriever() -> Retriever:
    """Of tales short enough for two of them, and the next, in the model's window."""
    tales = [tale.text for tale in _world().sample(CORPUS, seed=16)]
    return Retriever([text for text in tales if len(_lm(0).encode(text)) <= LONGEST])


# The log, as notebook 16 reads it


@dataclass(frozen=True, repr=False)
class Prompts:
    """What was told after requests and examples, and what restarts do to loops."""

    seeds: list[int]
    rows: dict[str, Row]

    @classmethod
    def read(cls) -> "Prompts":
        log = read_log("prompts")
        return cls(log["seeds"], log["rows"])

    def request(self, name: str) -> str:
        """The prompt of a request."""
        return REQUESTS[name]

    def plots(self, model: str, request: str) -> Float[Tensor, " seeds"]:
        """Different plots in 60 valid tales, by seed; NaN where fewer are valid."""
        rows = [self.rows[f"prompts/{model}/{request}/{s}"] for s in self.seeds]
        arcs = [math.nan if row["arcs"] is None else row["arcs"] for row in rows]
        return torch.tensor(arcs, dtype=torch.float64)

    def next_tale(
        self, kind: str, factor: str
    ) -> list[tuple[Float[Tensor, " values"], Float[Tensor, " values"]]]:
        """For each query the shares told and the exact ones; `nearest` or `diverse`."""
        found = []
        for name, row in self.rows.items():
            if name.startswith("retrieval/"):
                told = torch.tensor(row[kind][factor]["model"], dtype=torch.float64)
                exact = torch.tensor(row[kind][factor]["exact"], dtype=torch.float64)
                found.append((told / told.sum(), exact / exact.sum()))
        return found

    def restarts(self, measure: str) -> list[float]:
        """`alone`, `restarted` (shares in a loop) or `restarts`, text by text."""
        rows = [r for name, r in self.rows.items() if name.startswith("restarts/")]
        return [row[measure] for row in rows]
