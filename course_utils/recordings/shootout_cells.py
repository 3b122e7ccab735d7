"""One cell of the shoot-out: a model, a contestant with a setting, and a seed.

A cell is a dictionary of plain parameters, so that any machine with the package can run
it: `run_cell` loads the model, lets the contestant spend its budget, and measures.
"""

import functools
import hashlib
import importlib.metadata
import time
from collections.abc import Mapping
from pathlib import Path

import torch

from course_utils.mitigation import contestants as contestants  # registers them
from course_utils.mitigation.shootout import (
    CONTESTANTS,
    MAX_NEW_TOKENS,
    Contestant,
    Setting,
    write_within,
)
from course_utils.model import LanguageModel, load_model
from course_utils.recordings import shootout_models, shootout_prompts
from course_utils.recordings.grid import Cell
from course_utils.recordings.logs import Row
from course_utils.recordings.shootout_measures import measure_any, measure_tales

OF_THE_WORLD = shootout_prompts.OF_THE_WORLD


def make_cell(
    model: str,
    seed: int,
    name: str,
    setting: Setting,
    budget: int,
    weights: str,
    reference: str | None = None,
) -> Cell:
    """All that decides what a cell gives.

    reference   a model that judges, for one whose truth nobody knows
    weights     sha256 of what writes, and of what judges
    """
    return {
        "model": model,
        "seed": seed,
        "contestant": name,
        "setting": dict(setting),
        "budget": budget,
        "max_new_tokens": MAX_NEW_TOKENS,
        "weights": weights,
        "reference": reference,
        "version": version(),
    }


def run_cell(
    cell: Cell, folder: Path, own: Mapping[str, Contestant] | None = None
) -> Row:
    """What a cell's texts amount to, and the seconds that it took.

    folder   where the weights are that are not bundled
    own      contestants that the package doesn't have

    Raises ValueError for a contestant that is unknown, and for weights that are others
    than the cell's.
    """
    torch.set_num_threads(1)
    begin = time.perf_counter()
    known = CONTESTANTS | dict(own or {})
    if cell["contestant"] not in known:
        raise ValueError(
            f"contestant is {cell['contestant']!r}; there are {', '.join(known)}"
        )
    entry, is_ours = known[cell["contestant"]], cell["reference"] is None
    model, seed = cell["model"], cell["seed"]
    if weights_of(model, seed, cell["reference"], folder) != cell["weights"]:
        raise ValueError(
            f"the weights of {model!r} here are not those of this cell: copy "
            "them from the machine where the shoot-out was called"
        )
    lm = _ours(model, seed, folder) if is_ours else _any(model)
    told = write_within(entry, cell["setting"], lm, cell["budget"], cell["seed"])
    if is_ours:
        row = measure_tales(told.texts)
    else:
        row = measure_any(told.texts, _any(cell["reference"]))
    seconds = round(time.perf_counter() - begin, 2)
    return {**row, "tokens": told.tokens, "seconds": seconds}


def weights_of(model: str, seed: int, reference: str | None, folder: Path) -> str:
    """The sha256 of a model's weights; with a reference, of both."""
    if reference is None:
        return _sha256_of_ours(model, seed, folder)
    return sha256_of_model(model) + sha256_of_model(reference)


@functools.cache
def sha256_of_model(name: str) -> str:
    """Of all weights of any model, by their names and bytes."""
    found = hashlib.sha256()
    for key, tensor in sorted(_any(name).model.state_dict().items()):
        found.update(key.encode())
        found.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()


def version() -> str:
    """Of the package: its results may differ from those of another."""
    try:
        return importlib.metadata.version("collapse-course")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@functools.lru_cache(maxsize=64)
def _sha256_of_ours(model: str, seed: int, folder: Path) -> str:
    return shootout_models.sha256_of_weights(model, seed, folder)


@functools.lru_cache(maxsize=2)
def _ours(model: str, seed: int, folder: Path) -> LanguageModel:
    return shootout_models.load(model, seed, folder)


@functools.lru_cache(maxsize=2)
def _any(name: str) -> LanguageModel:
    return load_model(name)
