"""Searches and samples side by side, prompt by prompt: the runs behind notebook 15.

    python -m course_utils.recordings searches

makes data/results/searches.json anew. Each of 24 requests asks for ten tales, by
searches and by sampling, all with ten rows in the model, so at about the same number of
passes. Contrastive search tells one tale for each, with either sign. What is finished
is kept in runs/searches: an interrupted command goes on from there.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from course_utils.detection.repetition import find_loop, rep_n
from course_utils.detection.words import words
from course_utils.generation import generate
from course_utils.mitigation.contrastive import contrastive_search
from course_utils.mitigation.search import beam_search, diverse_beam_search
from course_utils.mitigation.stochastic import stochastic_beam_search
from course_utils.mitigation.temperature import Temperature
from course_utils.model import BUNDLED, LanguageModel, load_model
from course_utils.recordings.logs import Parts, Row, read_log, write_json
from course_utils.worlds.measures import parse_all
from course_utils.worlds.stories import StoryWorld

COMMAND = "python -m course_utils.recordings searches"
SEEDS = tuple(range(8))  # of those methods that draw lots
STATE = Path("runs/searches")
ROWS = 10
MAX_NEW_TOKENS = 110  # any tale
PENALTIES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
GROUPS = (2, 5, 10)
HEATS = (0.5, 0.7, 1.0, 1.2, 1.4)
ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
OF_EACH_KIND = 8  # requests: for a hero, for an animal and a thing, for a beginning
SIGNS = {"penalised": False, "rewarded": True}


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "rows": ROWS,
        "max_new_tokens": MAX_NEW_TOKENS,
        "penalties": list(PENALTIES),
        "groups": list(GROUPS),
        "heats": list(HEATS),
        "alphas": list(ALPHAS),
        "prompts": prompts(),
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def prompts() -> list[str]:
    """Requests for tales about a hero, with two words in them, and first words."""
    heroes, animals, things = (
        list(_world().probabilities(factor))[:OF_EACH_KIND]
        for factor in ("hero", "animal", "object")
    )
    about = [f"A story about {hero}." for hero in heroes]
    with_words = [
        f"Words: {animal}, {thing}."
        for animal, thing in zip(animals, things[::-1], strict=True)
    ]
    begun: dict[str, None] = {}
    for tale in _world().sample(100, seed=15):
        begun.setdefault(" ".join(tale.text.split()[:4]))
    return [*about, *with_words, *list(begun)[:OF_EACH_KIND]]


def methods(seeds: Sequence[int]) -> dict[str, list[Callable[[str], Row]]]:
    """Of each method its runs, one for each seed where it draws lots."""
    found: dict[str, list[Callable[[str], Row]]] = {"beams": [_beams]}
    for groups in GROUPS:
        for penalty in PENALTIES:
            name = f"diverse, {groups} groups, {penalty:g}"
            found[name] = [functools.partial(_diverse, groups, penalty)]
    found["without replacement"] = [
        functools.partial(_without_replacement, seed) for seed in seeds
    ]
    for T in HEATS:
        found[f"samples, T {T:g}"] = [
            functools.partial(_samples, T, seed) for seed in seeds
        ]
    for sign, reward in SIGNS.items():
        for alpha in ALPHAS:
            name = f"contrastive, {sign}, {alpha:g}"
            found[name] = [functools.partial(_contrastive, alpha, reward)]
    return found


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to `out`."""
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings() | {"seeds": list(seeds)})
    asked = prompts()
    for name, runs in tqdm(methods(seeds).items(), desc="searches"):
        if name not in parts:
            parts.add(name, [[run(prompt) for run in runs] for prompt in asked])
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    rows = {name: parts[name] for name in methods(seeds)}
    write_json(out, log | {"prompts": asked, "rows": rows})


def _beams(prompt: str) -> Row:
    found = beam_search(_lm(), prompt, ROWS, MAX_NEW_TOKENS)
    return tallied(found.texts, found.passes)


def _diverse(groups: int, penalty: float, prompt: str) -> Row:
    found = diverse_beam_search(_lm(), prompt, ROWS, groups, penalty, MAX_NEW_TOKENS)
    return tallied(found.texts, found.passes)


def _without_replacement(seed: int, prompt: str) -> Row:
    found = stochastic_beam_search(_lm(), prompt, ROWS, MAX_NEW_TOKENS, seed=seed)
    return tallied(found.texts, found.passes)


def _samples(T: float, seed: int, prompt: str) -> Row:
    heat = [Temperature(T)]
    runs = generate(_lm(), prompt, ROWS, MAX_NEW_TOKENS, heat, seed, progress=False)
    return tallied(runs.texts, sum(map(len, runs.token_ids)))


def tallied(texts: Sequence[str], passes: int) -> Row:
    """What is to be known of ten texts: how many are valid, how they differ."""
    valid = [p.labels for p in parse_all(_world(), texts) if p.valid]
    return {
        "valid": len(valid),
        "texts": len(set(texts)),
        "arcs": len({labels["arc"] for labels in valid}),
        "tales": len({(x["arc"], x["animal"], x["place"]) for x in valid}),
        "passes": passes,
    }


def _contrastive(alpha: float, reward: bool, prompt: str) -> Row:
    lm = _lm()
    told = contrastive_search(lm, prompt, 5, alpha, MAX_NEW_TOKENS, reward)
    row = words(told.texts[0])
    similarity = told.similarity[0]
    return {
        "valid": int(_world().parse(told.texts[0]).valid),
        "rep": round(rep_n(row, 2), 4),
        "loops": int(find_loop(told.token_ids[0]) is not None),
        "similarity": round(sum(similarity) / len(similarity), 4),
        "passes": told.passes,
    }


@functools.cache
def _world() -> StoryWorld:
    return StoryWorld()


@functools.cache
def _lm() -> LanguageModel:
    return load_model("storyteller")


# The log, as notebook 15 reads it


@dataclass(frozen=True, repr=False)
class Searches:
    """What each method told at each request, seed by seed."""

    prompts: list[str]
    rows: Mapping[str, list[list[Row]]]

    @classmethod
    def read(cls) -> "Searches":
        log = read_log("searches")
        return cls(log["prompts"], log["rows"])

    def values(self, method: str, measure: str) -> Float[Tensor, " prompts"]:
        """A measure for each prompt: the mean over the seeds, where there are any."""
        rows = [[row[measure] for row in runs] for runs in self.rows[method]]
        return torch.tensor(rows, dtype=torch.float64).mean(dim=-1)
