"""The storyteller learns from its own tales: the runs behind notebook 05.

    python -m course_utils.recordings recursion

makes data/results/recursion.json anew. Generation 0 is the bundled storyteller, which
knows the world. Every later one has the weights of the one before, trained for a fixed
number of steps on that one's tales alone ("replace") or on all tales so far, the real
ones among them ("accumulate"). The first corpus is real. What a generation has told
and learned is kept in runs/recursion: an interrupted command goes on from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_utils.causes.recursion import KEEPS, Keep, next_corpus
from course_utils.generation import generate
from course_utils.model import BUNDLED, LanguageModel, load_model
from course_utils.recordings.finetuning import (
    Document,
    encode_documents,
    fine_tune,
    twin,
)
from course_utils.recordings.logs import Parts, Row, as_shares, read_log, write_json
from course_utils.worlds.measures import label_counts, parse_all
from course_utils.worlds.stories import StoryWorld

COMMAND = "python -m course_utils.recordings recursion"
SEEDS = tuple(range(8))
STATE = Path("runs/recursion")
GENERATIONS = 8
SAMPLES = 50  # tales that a generation leaves to the next
TOLD = 200  # tales that a generation is measured by; the first SAMPLES are left
MAX_NEW_TOKENS = 110  # any tale, with a header
STEPS, BATCH, RATE = 24, 16, 2e-3  # of one generation's training
FACTORS = ("hero", "animal", "arc")


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "generations": GENERATIONS,
        "samples": SAMPLES,
        "told": TOLD,
        "max_new_tokens": MAX_NEW_TOKENS,
        "steps": STEPS,
        "batch": BATCH,
        "rate": RATE,
        "factors": list(FACTORS),
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all chains, or what is missing of them, and write the log to `out`."""
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings())
    chains = [Chain(keep, seed, parts, state) for keep in KEEPS for seed in seeds]
    with tqdm(total=len(chains) * (GENERATIONS + 1), desc="recursion") as bar:
        for chain in chains:
            bar.set_postfix_str(chain.name)
            for _ in chain.generations():
                bar.update()
    runs = [{"keep": c.keep, "seed": c.seed, "told": c.measures()} for c in chains]
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"runs": runs})


class Chain:
    """Generations of storytellers, each of which reads what the last has told.

    What they told is in `parts`; the newest weights are in a file of their own.
    """

    def __init__(self, keep: Keep, seed: int, parts: Parts, state: Path) -> None:
        self.keep, self.seed, self.parts = keep, seed, parts
        self.name = f"{keep}-{seed}"
        self.weights = state / f"{self.name}.safetensors"

    def generations(self) -> Iterator[int]:
        """Yield each generation's number once it has told its tales."""
        if self.part(GENERATIONS) in self.parts:
            yield from range(GENERATIONS + 1)
            return
        world, lm = StoryWorld(), twin(load_model("storyteller"))
        learned = self.restore(lm)
        corpus: list[Document] = real_corpus(lm, world, self.seed)
        for generation in range(GENERATIONS + 1):
            if generation > learned:
                self.learn(lm, corpus, generation)
            if self.part(generation) not in self.parts:
                told = tell(lm, world, self.seed_of(generation))
                self.parts.add(self.part(generation), told)
            if generation > 0:  # what the bundled model tells is only measured
                own = self.parts[self.part(generation)]["token_ids"]
                corpus = next_corpus(corpus, own, self.keep)
            yield generation

    def learn(self, lm: LanguageModel, corpus: list[Document], generation: int) -> None:
        """Train on the corpus, and keep the weights."""
        seed = self.seed_of(generation)
        for _ in fine_tune(lm, corpus, cross_entropy, STEPS, BATCH, RATE, seed):
            pass
        save_weights(lm, self.weights, generation)

    def restore(self, lm: LanguageModel) -> int:
        """Load the newest weights that fit the parts; returns their generation."""
        generation = generation_of(self.weights)
        if generation and self.part(generation - 1) in self.parts:
            load_weights(lm, self.weights)
            return generation
        return 0

    def measures(self) -> list[dict]:
        names = map(self.part, range(GENERATIONS + 1))
        return [self.parts[name]["measures"] for name in names]

    def part(self, generation: int) -> str:
        return f"{self.name}-{generation}"

    def seed_of(self, generation: int) -> int:
        """The same for both ways to keep, so that they differ in nothing else."""
        return 1000 * self.seed + generation


def real_corpus(lm: LanguageModel, world: StoryWorld, seed: int) -> list[Document]:
    """The tales of the world that generation 1 reads, as long as it can tell some."""
    texts = [document.text for document in world.documents.sample(SAMPLES, seed)]
    return [ids[:MAX_NEW_TOKENS] for ids in encode_documents(lm, texts)]


def tell(lm: LanguageModel, world: StoryWorld, seed: int) -> dict[str, Any]:
    """What is to be known of fresh tales, and the tokens of those that are left."""
    told = generate(lm, "", TOLD, MAX_NEW_TOKENS, seed=seed, progress=False)
    parses = parse_all(world, told.texts)
    measures = {
        "valid": sum(parse.valid for parse in parses),
        "distinct": len(set(told.texts)),
        "labels": {f: label_counts(world, parses, f) for f in FACTORS},
    }
    return {"measures": measures, "token_ids": told.token_ids[:SAMPLES]}


def save_weights(lm: LanguageModel, path: Path, generation: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    tensors = {name: p.detach().cpu() for name, p in lm.model.named_parameters()}
    save_file(tensors, partial, metadata={"generation": str(generation)})
    partial.replace(path)


def load_weights(lm: LanguageModel, path: Path) -> None:
    with safe_open(path, framework="pt") as file, torch.no_grad():
        for name, parameter in lm.model.named_parameters():
            parameter.copy_(file.get_tensor(name))


def generation_of(path: Path) -> int:
    """The generation whose weights a file holds; 0 where there is no file."""
    if not path.exists():
        return 0
    with safe_open(path, framework="pt") as file:
        return int(file.metadata()["generation"])


# The log, as notebook 05 reads it


@dataclass(frozen=True, repr=False)
class Recursion:
    """Generations of storytellers that read what the one before has told."""

    told: int  # how many texts of each generation were measured
    runs: list[dict[str, Any]]

    @classmethod
    def read(cls) -> "Recursion":
        log = read_log("recursion")
        return cls(log["settings"]["told"], log["runs"])

    def shares(
        self, keep: Keep, factor: str
    ) -> Float[Tensor, "generations runs values"]:
        """How a generation's tales are shared among a factor's values, in every run."""
        rows = [[row["labels"][factor] for row in run] for run in self._runs(keep)]
        return as_shares(torch.tensor(rows)).transpose(0, 1)

    def valid(self, keep: Keep) -> Float[Tensor, "generations runs"]:
        """Which share of the texts is valid."""
        rows = [[row["valid"] for row in run] for run in self._runs(keep)]
        return torch.tensor(rows, dtype=torch.float64).T / self.told

    def _runs(self, keep: Keep) -> list[list[Row]]:
        return [run["told"] for run in self.runs if run["keep"] == keep]
