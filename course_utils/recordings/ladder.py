"""A ladder of rising collapse: the storyteller, tuned on a blind reward step by step.

Each rung is kept as its difference from the storyteller, in whole numbers of 8 bits
with a scale for each row, and was measured against the world as it is loaded, so that
whoever builds a detector of collapse knows what it should find. Several runs, each with
a seed of its own, collapse onto different tales. Made in notebook 06
(`python -m course_utils.recordings reward`).
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import NoReturn

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_utils.data_files import data_path
from course_utils.model import BUNDLED, LanguageModel, load_model

FOLDER = data_path("models", "ladder")
MANIFEST = "ladder.json"

_SCALE = " scale"  # what the name of a tensor's scales ends with
_RESTORE = "restore it with `git checkout` or by downloading the course again"


@dataclass(frozen=True)
class Rung:
    """One tuned model: how many steps it was tuned for, and what it has kept.

    seed          of the run; the storyteller itself has the first one's
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

    seed: int
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
        return f"seed_{self.seed}_step_{self.step:03}.safetensors"


@cache
def ladder(folder: Path = FOLDER) -> tuple[Rung, ...]:
    """The rungs of every run in turn, first step 0, which they have in common.

    Raises OSError where they don't fit the storyteller.
    """
    manifest = json.loads(_existing(folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest["base_sha256"] != base_sha256():
        raise OSError(
            f"the ladder in {folder} was tuned from another storyteller than the one "
            "here: make it anew with `python -m course_utils.recordings reward`"
        )
    return tuple(Rung(**entry) for entry in manifest["rungs"])


def load_tuned(step: int, seed: int = 0, folder: Path = FOLDER) -> LanguageModel:
    """The storyteller after `step` steps of tuning; 0 gives the storyteller itself.

    `[(rung.step, rung.seed) for rung in ladder()]` are those there are: of seeds 0 and
    1 several steps, of the others the last. Raises ValueError for any other, and
    OSError for a file that is missing or altered. Built in notebook 06.
    """
    change = tuning(step, seed, folder)
    if not change:
        return load_model("storyteller")
    name = f"storyteller-tuned-{step}" + (f"-seed-{seed}" if seed else "")
    return with_difference(load_model("storyteller"), change, name)


def tuning(step: int, seed: int = 0, folder: Path = FOLDER) -> dict[str, Tensor]:
    """What those steps have changed in the storyteller's weights; nothing for step 0.

    Raises what `load_tuned` raises.
    """
    rungs = {(rung.step, rung.seed): rung for rung in ladder(folder)}
    if step == 0 and not isinstance(step, bool):
        return {}
    if (step, seed) not in rungs:
        _refuse(step, seed, sorted(rungs))
    rung = rungs[step, seed]
    path = _existing(folder / rung.filename)
    if sha256_of(path) != rung.sha256:
        raise OSError(f"the course's file {path} is truncated or altered: {_RESTORE}")
    return unpacked(load_file(path))


def _refuse(step: int, seed: int, known: list[tuple[int, int]]) -> NoReturn:
    steps = sorted({step for step, _ in known})
    if step not in steps:
        allowed = ", ".join(map(str, steps))
        raise ValueError(f"step is {step!r}; allowed are the ladder's: {allowed}")
    allowed = ", ".join(str(seed) for at, seed in known if at == step)
    raise ValueError(f"seed is {seed!r}; of step {step} there are: {allowed}")


def with_difference(
    lm: LanguageModel, difference: Mapping[str, Tensor], name: str
) -> LanguageModel:
    """A copy of `lm` under a new name, with `difference` added to its weights."""
    model = copy.deepcopy(lm.model)
    with torch.no_grad():
        for key, change in difference.items():
            model.get_parameter(key).add_(change.to(lm.device, torch.float32))
    return replace(lm, model=model, name=name)


def difference(tuned: LanguageModel, base: LanguageModel) -> dict[str, Tensor]:
    """What tuning has changed: tuned less base, of the weights that differ."""
    before = dict(base.model.named_parameters())
    return {
        name: (after - before[name]).detach().to("cpu", torch.float32)
        for name, after in tuned.model.named_parameters()
        if not torch.equal(after, before[name])
    }


def packed(change: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each row of each tensor as whole numbers from -127 to 127, times its scale."""
    tensors: dict[str, Tensor] = {}
    for name, values in change.items():
        scale = values.abs().amax(dim=-1, keepdim=True) / 127
        whole = (values / scale.clamp_min(torch.finfo(torch.float32).tiny)).round()
        tensors |= {name: whole.to(torch.int8), f"{name}{_SCALE}": scale}
    return tensors


def unpacked(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `packed` has packed, in float32."""
    return {
        name: whole.float() * tensors[f"{name}{_SCALE}"]
        for name, whole in tensors.items()
        if not name.endswith(_SCALE)
    }


def write_ladder(
    folder: Path,
    rungs: list[tuple[Rung, dict[str, Tensor]]],
    settings: Mapping[str, object],
) -> None:
    """Write packed differences, in place of any old ones, and the manifest last."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.safetensors"):
        old.unlink()
    entries = []
    for rung, change in rungs:
        path = folder / rung.filename
        if rung.step > 0:
            save_file(dict(change), path)
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
