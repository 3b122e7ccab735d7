"""The models of the shoot-out: the storyteller, and two kinds that have collapsed.

"tuned" is the storyteller after 60 steps on a blind reward (notebook 06), "own output"
after eight generations that each read only what the one before has told (notebook 05).
Both have luck of their own: a model for each seed. What isn't bundled is made once and
kept in a folder, which the machines of a cluster must share.
"""

from pathlib import Path

from safetensors.torch import load_file, save_file

from course_utils.model import LanguageModel, load_model
from course_utils.recordings import ladder, recursion, reward
from course_utils.recordings.finetuning import twin
from course_utils.recordings.logs import Parts
from course_utils.worlds.stories import StoryWorld

KINDS = ("storyteller", "tuned", "own output")  # those of the shoot-out
LADDER = ("storyteller", "tuned 20", "tuned 40", "tuned")  # a rising collapse
FOLDER = Path("runs/shootout/models")
TUNED_STEPS = reward.STEPS


def prepare(kind: str, seed: int, folder: Path = FOLDER) -> None:
    """Make the weights of a model that are neither bundled nor in the folder."""
    path = weights_of(kind, seed, folder)
    if path is None or path.exists():
        return
    if kind == "tuned":
        lm, world = load_model("storyteller"), StoryWorld()
        run = reward.planned_run(lm, world, "plain", seed, folder / "tuning")
        run.up_to(TUNED_STEPS)
        change = ladder.packed(run.difference_at(TUNED_STEPS))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        save_file(change, partial)
        partial.replace(path)
        return
    chain = _chain(seed, folder)
    for _ in chain.generations():
        pass
    chain.weights.rename(path)


def load(kind: str, seed: int, folder: Path = FOLDER) -> LanguageModel:
    """A model of the shoot-out; "storyteller" is the same for all seeds.

    Raises OSError where its weights have not been made, and ValueError for a kind that
    is none.
    """
    path = weights_of(kind, seed, folder)
    lm = load_model("storyteller")
    if path is not None and not path.exists():
        raise OSError(
            f"the weights {path} are missing: `python -m course_utils shootout` makes "
            "them where it is called, and its workers must see the same folder"
        )
    if kind == "storyteller":
        return lm
    if path is None:
        return ladder.load_tuned(*_rung(kind, seed))
    name = f"{kind} {seed}"
    if kind == "tuned":
        return ladder.with_difference(lm, ladder.unpacked(load_file(path)), name)
    heir = twin(lm)
    recursion.load_weights(heir, path)
    return LanguageModel(heir.model, heir.tokenizer, name)


def weights_of(kind: str, seed: int, folder: Path = FOLDER) -> Path | None:
    """The file with a model's weights; None where they are bundled."""
    allowed = sorted({*KINDS, *LADDER})
    if kind not in allowed:
        raise ValueError(f"model must be one of {', '.join(allowed)}, not {kind!r}")
    is_tuned = kind.startswith("tuned")
    if kind == "storyteller" or (is_tuned and _rung(kind, seed) in _rungs()):
        return None
    return folder / f"{kind.replace(' ', '_')}_{seed}.safetensors"


def sha256_of_weights(kind: str, seed: int, folder: Path = FOLDER) -> str:
    """What tells a model's weights from all others'; the file must be there."""
    path = weights_of(kind, seed, folder)
    if path is not None:
        return ladder.sha256_of(path)
    return (
        ladder.base_sha256() if kind == "storyteller" else _rungs()[_rung(kind, seed)]
    )


def _rung(kind: str, seed: int) -> tuple[int, int]:
    """Step and seed on the ladder; of the lower steps it has two seeds, in turn."""
    _, _, step = kind.partition("tuned ")
    return (int(step), seed % 2) if step else (TUNED_STEPS, seed)


def _rungs() -> dict[tuple[int, int], str]:
    return {(rung.step, rung.seed): rung.sha256 for rung in ladder.ladder()}


def _chain(seed: int, folder: Path) -> recursion.Chain:
    state = folder / "recursion"
    parts = Parts(state / f"parts_{seed}.json", recursion.settings())
    return recursion.Chain("replace", seed, parts, state)
