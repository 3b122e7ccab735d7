"""A ladder of rising collapse: the storyteller, tuned on a blind reward step by step.

Each rung is kept as its difference from the storyteller, in half precision, and was
measured against the world, so that whoever builds a detector of collapse knows what it
should find. Made in notebook 06 (`python -m course_utils.recordings reward`).
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_utils.data_files import data_path
from course_utils.model import BUNDLED, LanguageModel, load_model

FOLDER = data_path("models", "ladder")
MANIFEST = "ladder.json"

_RESTORE = "restore it with `git checkout` or by downloading the course again"


@dataclass(frozen=True)
class Rung:
    """One tuned model: how many steps it was tuned for, and what it has kept.

    step          of tuning; 0 is the storyteller itself
    n             texts that were measured, at temperature 1
    valid         share of them that are tales of the world
    reward        mean reward
    entropy       nats per token, of the model's own distributions along its texts
    kl            nats per text, from the storyteller
    effective     effective number of values of each factor, over valid texts
    coverage      share of each factor's values that occur at all
    sha256        of the file with the difference; empty for step 0
    """

    step: int
    n: int
    valid: float
    reward: float
    entropy: float
    kl: float
    effective: Mapping[str, float]
    coverage: Mapping[str, float]
    sha256: str = ""

    @property
    def filename(self) -> str:
        return f"step_{self.step:03}.safetensors"


@cache
def ladder(folder: Path = FOLDER) -> tuple[Rung, ...]:
    """The rungs from step 0 on. Raises OSError where they don't fit the storyteller."""
    manifest = json.loads(_existing(folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest["base_sha256"] != base_sha256():
        raise OSError(
            f"the ladder in {folder} was tuned from another storyteller than the one "
            "here: make it anew with `python -m course_utils.recordings reward`"
        )
    return tuple(Rung(**entry) for entry in manifest["rungs"])


def load_tuned(step: int, folder: Path = FOLDER) -> LanguageModel:
    """The storyteller after `step` steps of tuning; 0 gives the storyteller itself.

    `[rung.step for rung in ladder()]` are the steps there are. Raises ValueError for
    any other, and OSError for a file that is missing or altered. Built in notebook 06.
    """
    rungs = {rung.step: rung for rung in ladder(folder)}
    if step not in rungs:
        allowed = ", ".join(map(str, rungs))
        raise ValueError(f"step is {step!r}; allowed are the ladder's: {allowed}")
    lm = load_model("storyteller")
    if step == 0:
        return lm
    path = _existing(folder / rungs[step].filename)
    found = sha256_of(path)
    if found != rungs[step].sha256:
        raise OSError(f"the course's file {path} is truncated or altered: {_RESTORE}")
    return with_difference(lm, load_file(path), f"storyteller-tuned-{step}")


def with_difference(
    lm: LanguageModel, difference: Mapping[str, Tensor], name: str
) -> LanguageModel:
    """A copy of `lm` under a new name, with `difference` added to its weights."""
    model = copy.deepcopy(lm.model)
    with torch.no_grad():
        for key, change in difference.items():
            model.get_parameter(key).add_(change.to(lm.device, torch.float32))
    return replace(lm, model=model, name=name)


def difference(
    tuned: LanguageModel, base: LanguageModel, dtype: torch.dtype = torch.float16
) -> dict[str, Tensor]:
    """What tuning has changed: tuned less base, of the weights that differ."""
    before = dict(base.model.named_parameters())
    return {
        name: (after - before[name]).detach().to("cpu", dtype)
        for name, after in tuned.model.named_parameters()
        if not torch.equal(after, before[name])
    }


def write_ladder(
    folder: Path,
    rungs: list[tuple[Rung, dict[str, Tensor]]],
    settings: Mapping[str, object],
) -> None:
    """Write the differences, in place of any old ones, and the manifest last."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("step_*.safetensors"):
        old.unlink()
    entries = []
    for rung, change in rungs:
        path = folder / rung.filename
        if rung.step > 0:
            save_file(change, path)
        sha256 = sha256_of(path) if rung.step > 0 else ""
        entries.append(asdict(replace(rung, sha256=sha256)))
    manifest = {"base_sha256": base_sha256(), **settings, "rungs": entries}
    text = json.dumps(manifest, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    ladder.cache_clear()


def base_sha256() -> str:
    """Of the storyteller's weights: differences fit no others."""
    return BUNDLED["storyteller"]["model.safetensors"]


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise OSError(f"the course's file {path} is missing: {_RESTORE}")
    return path
