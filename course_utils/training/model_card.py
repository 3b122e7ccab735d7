"""The storyteller's model card: how it was made, how near the truth it is."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from course_utils.model import LanguageModel, load_model
from course_utils.training import measure, storyteller
from course_utils.worlds import stories
from course_utils.worlds.measures import effective_number
from course_utils.worlds.stories import StoryWorld

WORLD_FILE = Path(stories.__file__).with_name("stories.toml")
MODEL_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def write_model_card(out: Path, steps: int, seed: int) -> None:
    """Measure the model in `out` against its world, and write MODEL_CARD.md."""
    world = StoryWorld()
    lm = replace(load_model(out), name="storyteller")
    (out / "MODEL_CARD.md").write_text(
        "\n".join(_card(lm, world, out, steps, seed)) + "\n", encoding="utf-8"
    )
    for name in MODEL_FILES:
        # These lines belong into BUNDLED in course_utils/model.py.
        print(f'"{name}": "{_sha256(out / name)}",')


def _card(
    lm: LanguageModel, world: StoryWorld, out: Path, steps: int, seed: int
) -> Iterator[str]:
    """The card line by line: what it is, how it was made, how near the truth it is."""
    windows = steps * storyteller.BATCH
    parameters = sum(p.numel() for p in lm.model.parameters())
    yield "# Model card: storyteller"
    yield ""
    yield "A small GPT-2 that tells the tales of `course_utils.worlds.stories`."
    yield "Made for teaching: the true distribution of its texts is known exactly."
    yield ""
    yield f"- **Made by** `python -m course_utils.training storyteller --seed {seed}`"
    yield f"- **Parameters** {parameters:,} (4 layers, width 192, 6 heads, context 256)"
    yield f"- **Vocabulary** {len(lm.tokenizer):,} tokens, byte-level BPE"
    yield f"- **Read** {windows * storyteller.CONTEXT:,} tokens, no document twice"
    yield "- **Learned** at each token the world's exact next-token probabilities"
    yield "  (`course_utils.training.targets`), by cross-entropy"
    yield f"- **Steps** {steps:,} of {storyteller.BATCH} windows each"
    yield f"- **Corpus** sampled from `stories.toml`, sha256 `{_sha256(WORLD_FILE)}`"
    for name in MODEL_FILES:
        yield f"- **sha256** of `{name}`: `{_sha256(out / name)}`"
    yield ""
    yield "## Measured against the world"
    yield ""
    yield from _measured(lm, world)
    yield ""
    yield "## Use and limits"
    yield ""
    yield "It knows its tales and nothing else. Prompts from outside its world give"
    yield "salad. Weights and text: CC BY 4.0."


def _measured(lm: LanguageModel, world: StoryWorld) -> Iterator[str]:
    ce = measure.cross_entropy(lm, world)
    low, high = ce.interval
    yield f"Cross-entropy {ce.model:.4f} nats per token; the world's exact entropy at"
    yield f"the same positions is {ce.oracle:.4f}. That is {ce.gap:.2%} above it (95 %"
    yield f"interval {low:.2%} to {high:.2%}; {ce.documents:,} held-out documents,"
    yield f"{ce.tokens:,} tokens)."
    yield ""
    arcs = effective_number(world.probabilities("arc"))
    yield f"| T | valid of 1,000 | 95 % interval | effective arcs (truth {arcs:.1f}) |"
    yield "|---|---|---|---|"
    for temperature in (0.3, 0.7, 1.0, 1.5, 2.0, 3.0):
        found = measure.at_temperature(lm, world, temperature)
        low, high = found.interval
        yield (
            f"| {temperature} | {found.valid} | {low:.3f} to {high:.3f} "
            f"| {found.effective_arcs:.1f} |"
        )
    yield ""
    yield "| factor | total variation from the truth, T = 1 | of perfect samples |"
    yield "|---|---|---|"
    for factor, (distance, floor) in measure.factor_distances(lm, world).items():
        yield f"| {factor} | {distance:.4f} | {floor:.4f} |"
    yield ""
    documents = measure.greedy_documents(lm)
    yield f"Greedy decoding past the end of its first tale: {_loop(documents)}"


def _loop(documents: list[str]) -> str:
    """In words: does the last complete document repeat the one before?"""
    complete = documents[:-1]
    if len(complete) >= 2 and complete[-1] == complete[-2]:
        return f"it tells the same tale {complete.count(complete[-1])} times in a row."
    return f"{len(set(complete))} different documents, no loop within the context."


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
