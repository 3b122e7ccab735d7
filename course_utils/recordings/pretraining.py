"""Losses and repetitions put to the test on the storyteller: behind notebook 05.

    python -m course_utils.recordings pretraining

makes data/results/pretraining.json anew, from two experiments. "flattening": the
storyteller goes on learning from fresh texts, with losses that ask for flatter
predictions; each result is set beside plain temperature at the same cross-entropy.
"overfitting": it reads a small corpus again and again, in which some tales stand more
often than others. What is finished is kept in runs/pretraining: an interrupted command
goes on from there.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_utils.causes.forms import effective_modes
from course_utils.causes.pretraining import (
    entropy_regularised_loss,
    label_smoothing_loss,
    match_loss,
    sharpness,
)
from course_utils.foundations.entropy import entropy
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from course_utils.model import BUNDLED, LanguageModel, load_model
from course_utils.recordings.finetuning import (
    Document,
    Loss,
    encode_documents,
    fine_tune,
    logits_along,
    mean_loss,
    token_log_probs,
    twin,
)
from course_utils.recordings.logs import Parts, Row, as_shares, read_log, write_json
from course_utils.worlds.measures import label_counts, parse_all
from course_utils.worlds.stories import StoryWorld
from course_utils.worlds.tales import Story

COMMAND = "python -m course_utils.recordings pretraining"
SEEDS = (0, 1, 2)
STATE = Path("runs/pretraining")
FACTORS = ("hero", "animal", "arc")
MAX_NEW_TOKENS = 110  # any tale, with a header
BATCH, RATE = 16, 1e-3
HELD_OUT_SEED = 2**31  # no corpus has it

# Flattening: a loss and its strength.
WEIGHTS = (0.05, 0.1, 0.2)
AMOUNTS = (0.001, 0.005, 0.02)
FLATTENING_STEPS = 60
FLATTENING_HELD_OUT = 40
FLATTENING_TOLD = 250

# Overfitting: each class of tales takes an equal part of the corpus.
COPIES = (32, 16, 8, 4, 2, 1)  # a class with c copies each has 32 / c different tales
ARMS = {"repeated": 0.0, "repeated, entropy bonus": 0.1, "fresh": 0.0}
CHECKPOINTS = (0, 12, 24, 48, 96, 192)  # steps; the corpus is read once in 12
OVERFITTING_HELD_OUT = 60
OVERFITTING_TOLD = 100


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "weights": list(WEIGHTS),
        "amounts": list(AMOUNTS),
        "flattening_steps": FLATTENING_STEPS,
        "flattening_held_out": FLATTENING_HELD_OUT,
        "flattening_told": FLATTENING_TOLD,
        "copies": list(COPIES),
        "arms": dict(ARMS),
        "checkpoints": list(CHECKPOINTS),
        "overfitting_held_out": OVERFITTING_HELD_OUT,
        "overfitting_told": OVERFITTING_TOLD,
        "batch": BATCH,
        "rate": RATE,
        "max_new_tokens": MAX_NEW_TOKENS,
        "factors": list(FACTORS),
        "model": BUNDLED["storyteller"]["model.safetensors"][:16],
    }


def record(out: Path, seeds: Sequence[int] = SEEDS, state: Path = STATE) -> None:
    """Make all runs, or what is missing of them, and write the log to the file out."""
    torch.set_num_threads(1)
    parts = Parts(state / "parts.json", settings())
    jobs = [(kind, seed) for seed in seeds for kind in (*losses(), *ARMS)]
    for kind, seed in tqdm(jobs, desc="pretraining"):
        name = f"{kind}-{seed}"
        if name not in parts:
            make = overfitting if kind in ARMS else flattening
            parts.add(name, make(kind, seed))
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    for experiment, kinds in (("flattening", losses()), ("overfitting", ARMS)):
        log[experiment] = {k: [parts[f"{k}-{s}"] for s in seeds] for k in kinds}
    write_json(out, log)


def losses() -> dict[str, Loss]:
    """Every loss that the storyteller is trained on, by its name in the log."""
    named: dict[str, Loss] = {"cross-entropy": cross_entropy}
    for weight in WEIGHTS:
        named[f"entropy {weight:g}"] = regularised(weight)
    for amount in AMOUNTS:
        smoothing = functools.partial(label_smoothing_loss, amount=amount)
        named[f"smoothing {amount:g}"] = smoothing
    return named


def regularised(weight: float) -> Loss:
    return functools.partial(entropy_regularised_loss, weight=weight)


# Flattening


def flattening(kind: str, seed: int) -> dict[str, Any]:
    """Train with one loss; judge the model, and plain training at a matched T."""
    lm = trained_with(kind, seed)
    test = held_out(FLATTENING_HELD_OUT)
    logits = torch.cat(list(logits_along(lm, test.documents)))
    found = {"loss": judge(lm, test, logits, 1.0, seed)}
    if kind != "cross-entropy":
        plain = trained_with("cross-entropy", seed)
        logits = torch.cat(list(logits_along(plain, test.documents)))
        matched = matching_temperature(logits, test.truth, found["loss"]["excess"])
        found["temperature"] = judge(plain, test, logits, matched, seed)
    return found


@functools.lru_cache(maxsize=2)
def trained_with(kind: str, seed: int) -> LanguageModel:
    """The storyteller after some steps on fresh texts with the loss of this name."""
    world, lm = StoryWorld(), twin(load_model("storyteller"))
    documents = world.documents.sample(BATCH * FLATTENING_STEPS, [seed, 1])
    texts = [document.text for document in documents]
    corpus = [ids[:MAX_NEW_TOKENS] for ids in encode_documents(lm, texts)]
    loss = losses()[kind]
    for _ in fine_tune(lm, corpus, loss, FLATTENING_STEPS, BATCH, RATE, seed):
        pass
    return lm


class HeldOut(NamedTuple):
    """Texts that no model has read, and the exact chances of each of their tokens."""

    documents: Sequence[Document]
    truth: Float[Tensor, "tokens vocab"]


@functools.cache
def held_out(n: int) -> HeldOut:
    world, lm = StoryWorld(), load_model("storyteller")
    texts = [document.text for document in world.documents.sample(n, HELD_OUT_SEED)]
    documents = [ids[:MAX_NEW_TOKENS] for ids in encode_documents(lm, texts)]
    truth = []
    for ids in documents:
        oracle = world.documents.oracle(lm.tokenizer)
        for token in ids:
            truth.append(oracle.distribution().float())
            oracle.push(token)
    return HeldOut(documents, torch.stack(truth))


def judge(
    lm: LanguageModel,
    test: HeldOut,
    logits: Float[Tensor, "tokens vocab"],
    temperature: float,
    seed: int,
) -> dict[str, Any]:
    """How far from the truth, how much junk, and what is told, at one temperature.

    `excess` is KL(truth || model) in nats per token, `junk` the share of the next
    token's probability that goes to tokens which the world rules out there.
    """
    probs = (logits / temperature).softmax(dim=-1)
    junk = probs.masked_fill(test.truth > 0, 0.0).sum(dim=-1).mean().item()
    return {
        "temperature": round(temperature, 4),
        "excess": round(excess_loss(logits / temperature, test.truth), 6),
        "junk": float(f"{junk:.4g}"),
        **told(lm, FLATTENING_TOLD, seed, temperature),
    }


def excess_loss(
    logits: Float[Tensor, "tokens vocab"], truth: Float[Tensor, "tokens vocab"]
) -> float:
    """Cross-entropy of the predictions minus the truth's entropy, nats per token."""
    loss = cross_entropy(logits, truth)
    return (loss - entropy(truth, math.e).mean()).item()


def matching_temperature(
    logits: Float[Tensor, "tokens vocab"],
    truth: Float[Tensor, "tokens vocab"],
    excess: float,
) -> float:
    """The T of at least 1 with this excess loss; 1 where the loss there is above it."""

    def loss_at(temperature: float) -> float:
        return excess_loss(logits / temperature, truth)

    return match_loss(loss_at, max(excess, loss_at(1.0)), 1.0, 5.0)


def told(
    lm: LanguageModel, n: int, seed: int, temperature: float = 1.0
) -> dict[str, Any]:
    """What n fresh texts are like."""
    world = StoryWorld()
    processors = [Temperature(temperature)]
    runs = generate(lm, "", n, MAX_NEW_TOKENS, processors, seed=seed, progress=False)
    parses = parse_all(world, runs.texts)
    return {
        "told": n,
        "valid": sum(parse.valid for parse in parses),
        "distinct": len(set(runs.texts)),
        "labels": {f: label_counts(world, parses, f) for f in FACTORS},
    }


# Overfitting


def overfitting(arm: str, seed: int) -> list[dict[str, Any]]:
    """Read a skewed corpus again and again, or fresh tales; measure at checkpoints."""
    world, lm = StoryWorld(), twin(load_model("storyteller"))
    stories, copies = skewed_corpus(world, seed)
    tales = encode_documents(lm, [story.text for story in stories])
    if arm == "fresh":
        stories = world.sample(BATCH * CHECKPOINTS[-1], [seed, 3])
        corpus = encode_documents(lm, [story.text for story in stories])
    else:
        corpus = [tale for tale, c in zip(tales, copies, strict=True) for _ in range(c)]
    loss = regularised(ARMS[arm])
    training = fine_tune(lm, corpus, loss, CHECKPOINTS[-1], BATCH, RATE, seed)
    return [
        {"step": step, **memory(lm, tales, copies), **told(lm, OVERFITTING_TOLD, seed)}
        for step in itertools.chain([0], training)
        if step in CHECKPOINTS
    ]


def skewed_corpus(world: StoryWorld, seed: int) -> tuple[list[Story], list[int]]:
    """Different tales, and how often each stands in the corpus of a run."""
    copies = [c for c in COPIES for _ in range(COPIES[0] // c)]
    return world.sample(len(copies), [seed, 2]), copies


def memory(
    lm: LanguageModel, tales: Sequence[Document], copies: Sequence[int]
) -> dict[str, Any]:
    """What the model has kept of a corpus in which the tales stand so often.

    `mass` is the probability, for each number of copies, that the next text is one of
    those tales to the letter; exact, by the model's own probabilities. `sharpness`
    compares the tales' shares of all that with their shares of the corpus.
    """
    unread = StoryWorld().sample(OVERFITTING_HELD_OUT, HELD_OUT_SEED)
    fresh = encode_documents(lm, [story.text for story in unread])
    log_probs = torch.stack([row.sum() for row in token_log_probs(lm, tales)]).double()
    count = torch.tensor(copies, dtype=torch.float64)
    mass = [log_probs[count == c].exp().sum().item() for c in COPIES]
    lengths = torch.tensor([len(tale) for tale in tales])
    train = -(count * log_probs).sum() / (count * lengths).sum()
    return {
        "train_loss": round(train.item(), 4),
        "held_out_loss": round(mean_loss(lm, fresh), 4),
        "mass": [float(f"{m:.4g}") for m in mass],
        "sharpness": round(
            sharpness(log_probs.softmax(dim=-1), count / count.sum()).item(), 3
        ),
    }


# The log, as notebook 05 reads it


@dataclass(frozen=True, repr=False)
class Overfitting:
    """A skewed corpus that is read again and again.

    Class i of the corpus has tales that stand `copies[i]` times in it; `arms` has the
    rows of every run, one for each number of `readings`. Each run has a seed, and with
    it a corpus, of its own.
    """

    copies: list[int]
    readings: list[int]
    seeds: list[int]
    arms: dict[str, list[list[Row]]]

    @classmethod
    def read(cls) -> "Overfitting":
        log = read_log("pretraining")
        copies, batch = log["settings"]["copies"], log["settings"]["batch"]
        texts = copies[0] * len(copies)  # every class is an equal part of the corpus
        readings = [step * batch // texts for step in log["settings"]["checkpoints"]]
        return cls(copies, readings, log["seeds"], log["overfitting"])

    def values(self, arm: str, measure: str) -> Float[Tensor, "runs readings *classes"]:
        """One measure, such as "mass" or "held_out_loss", in every run."""
        rows = [[row[measure] for row in run] for run in self.arms[arm]]
        return torch.tensor(rows, dtype=torch.float64)

    def shares(self, arm: str, factor: str) -> Float[Tensor, "runs readings values"]:
        """How the texts told are shared among a factor's values, in every run."""
        rows = [[row["labels"][factor] for row in run] for run in self.arms[arm]]
        return as_shares(torch.tensor(rows))

    def heroes(self, arm: str) -> Float[Tensor, "runs readings"]:
        """The effective number of heroes told, in every run."""
        return effective_modes(self.shares(arm, "hero"))

    def corpus_shares(
        self, world: StoryWorld, factor: str
    ) -> Float[Tensor, "runs values"]:
        """How each run's corpus is shared among a factor's values."""
        values = list(world.probabilities(factor))
        counts = torch.zeros(len(self.seeds), len(values))
        for row, seed in zip(counts, self.seeds, strict=True):
            for tale, c in zip(*skewed_corpus(world, seed), strict=True):
                row[values.index(tale.labels[factor])] += c
        return as_shares(counts)


@dataclass(frozen=True, repr=False)
class Flattening:
    """Losses that flatten, each beside plain training at the same cross-entropy.

    `kinds` has the runs of every loss; of a run, "loss" is the model trained with it
    and "temperature" the plainly trained one at the matched temperature.
    """

    kinds: dict[str, list[dict[str, Row]]]

    @classmethod
    def read(cls) -> "Flattening":
        return cls(read_log("pretraining")["flattening"])

    def values(self, kind: str, which: str, measure: str) -> Float[Tensor, " runs"]:
        """One measure, such as "temperature" or "junk", in every run.

        "excess" is the cross-entropy above the world's own entropy, in nats per token.
        """
        rows = [run[which][measure] for run in self.kinds[kind]]
        return torch.tensor(rows, dtype=torch.float64)

    def valid(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """Which share of the texts is valid, in every run."""
        return self.values(kind, which, "valid") / self.values(kind, which, "told")

    def shares(
        self, kind: str, which: str, factor: str
    ) -> Float[Tensor, "runs values"]:
        """How the texts told are shared among a factor's values, in every run."""
        rows = [run[which]["labels"][factor] for run in self.kinds[kind]]
        return as_shares(torch.tensor(rows))

    def heroes(self, kind: str, which: str) -> Float[Tensor, " runs"]:
        """The effective number of heroes told, in every run."""
        return effective_modes(self.shares(kind, which, "hero"))

    def beside_temperature(
        self, kind: str
    ) -> tuple[Float[Tensor, " runs"], Float[Tensor, " runs"]]:
        """Heroes and validity of a loss, minus those of temperature, in every run."""
        heroes, valid = (
            of(kind, "loss") - of(kind, "temperature")
            for of in (self.heroes, self.valid)
        )
        return heroes, valid
