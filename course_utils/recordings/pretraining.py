"""Losses and repetitions put to the test on the storyteller: behind notebook 05.

    python -m course_utils.recordings pretraining

makes data/results/pretraining.json anew, from two experiments. "flattening": the
storyteller goes on learning from fresh texts, with losses that ask for flatter
predictions; each result is set beside plain temperature at the same cross-entropy.
"overfitting": it reads 3,072 tales, which may be new or old: corpora differ in how many
different tales they have, in whether some stand in them more often than others, and so
in how often they are read. What is finished is kept in runs/pretraining: an interrupted
command goes on from there.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

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
from course_utils.recordings.logs import Parts, write_json
from course_utils.worlds.measures import label_counts, parse_all
from course_utils.worlds.stories import StoryWorld
from course_utils.worlds.tales import Story

COMMAND = "python -m course_utils.recordings pretraining"
SEEDS = tuple(range(8))
FEW = 3  # seeds of losses that are shown run by run, without an interval
STATE = Path("runs/pretraining")
FACTORS = ("hero", "animal", "arc")
MAX_NEW_TOKENS = 110  # any tale, with a header
BATCH, RATE = 16, 1e-3
HELD_OUT_SEED = 2**31  # no corpus has it

# Flattening: a loss and its strength.
WEIGHTS = (0.05, 0.1, 0.2)
AMOUNTS = (0.001, 0.005, 0.02)
IN_FEW = {"entropy 0.05", "entropy 0.2", "smoothing 0.001", "smoothing 0.02"}
FLATTENING_STEPS = 60
FLATTENING_HELD_OUT = 40
FLATTENING_TOLD = 250

# Overfitting: what a corpus holds. With copies, each class of tales takes an equal part
# of it: a class with c copies of each has 32 / c different tales, times `scale`.
COPIES = (32, 16, 8, 4, 2, 1)


class Corpus(NamedTuple):
    """`scale` times 63 tales, which copies make 192 texts; or `tales` once each."""

    scale: int = 0
    tales: int = 0
    bonus: float = 0.0  # the weight of an entropy bonus in the loss

    @property
    def texts(self) -> int:
        return self.tales or self.scale * COPIES[0] * len(COPIES)


ARMS = {
    "repeated": Corpus(scale=1),
    "repeated, entropy bonus": Corpus(scale=1, bonus=0.1),
    "fresh": Corpus(tales=3072),
    "large, with copies": Corpus(scale=16),
    "192 once": Corpus(tales=192),
    "63 once": Corpus(tales=63),
}
CHECKPOINTS = (0, 12, 24, 48, 96, 192)  # steps, of 16 texts each
OVERFITTING_HELD_OUT = 60
OVERFITTING_TOLD = 100


def settings() -> dict[str, Any]:
    """All that decides what the log says, but for the seeds."""
    return {
        "weights": list(WEIGHTS),
        "amounts": list(AMOUNTS),
        "few": FEW,
        "in_few": sorted(IN_FEW),
        "flattening_steps": FLATTENING_STEPS,
        "flattening_held_out": FLATTENING_HELD_OUT,
        "flattening_told": FLATTENING_TOLD,
        "copies": list(COPIES),
        "arms": {arm: corpus._asdict() for arm, corpus in ARMS.items()},
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
    kinds = (*ARMS, *losses())
    jobs = [(kind, seed) for seed in seeds for kind in kinds if planned(kind, seed)]
    for kind, seed in tqdm(jobs, desc="pretraining"):
        name = f"{kind}-{seed}"
        if name not in parts:
            make = overfitting if kind in ARMS else flattening
            parts.add(name, make(kind, seed))
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    for experiment, named in (("flattening", [*losses()]), ("overfitting", [*ARMS])):
        log[experiment] = {
            kind: [parts[f"{kind}-{s}"] for s in seeds if planned(kind, s)]
            for kind in named
        }
    write_json(out, log)


def planned(kind: str, seed: int) -> bool:
    """Whether a kind of run is made with a seed."""
    return seed < FEW or kind not in IN_FEW


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
    """Read the corpus of an arm for as many steps as all others; measure on the way."""
    world, lm = StoryWorld(), twin(load_model("storyteller"))
    stories, copies = corpus_of(world, arm, seed)
    tales = encode_documents(lm, [story.text for story in stories])
    corpus = [tale for tale, c in zip(tales, copies, strict=True) for _ in range(c)]
    if arm == "fresh":  # what it has not read: how much of that is by heart?
        stories, copies = corpus_of(world, "repeated", seed)
        tales = encode_documents(lm, [story.text for story in stories])
    loss = regularised(ARMS[arm].bonus)
    training = fine_tune(lm, corpus, loss, CHECKPOINTS[-1], BATCH, RATE, seed)
    return [
        {"step": step, **memory(lm, tales, copies), **told(lm, OVERFITTING_TOLD, seed)}
        for step in itertools.chain([0], training)
        if step in CHECKPOINTS
    ]


def corpus_of(world: StoryWorld, arm: str, seed: int) -> tuple[list[Story], list[int]]:
    """Different tales, and how often each stands in the corpus of a run."""
    corpus = ARMS[arm]
    if arm == "fresh":
        return world.sample(corpus.tales, [seed, 3]), [1] * corpus.tales
    if corpus.tales:
        return world.sample(corpus.tales, [seed, 2]), [1] * corpus.tales
    copies = [c for c in COPIES for _ in range(corpus.scale * COPIES[0] // c)]
    return world.sample(len(copies), [seed, 2]), copies


def memory(
    lm: LanguageModel, tales: Sequence[Document], copies: Sequence[int]
) -> dict[str, Any]:
    """What the model has kept of a corpus in which the tales stand so often.

    `mass` is the probability, for each number of copies, that the next text is one of
    those tales to the letter; exact, by the model's own probabilities. `sharpness`
    compares the tales' shares of all that with their shares of the corpus; None where
    all of them stand equally often.
    """
    unread = StoryWorld().sample(OVERFITTING_HELD_OUT, HELD_OUT_SEED)
    fresh = encode_documents(lm, [story.text for story in unread])
    log_probs = torch.stack([row.sum() for row in token_log_probs(lm, tales)]).double()
    count = torch.tensor(copies, dtype=torch.float64)
    kinds = sorted(set(copies), reverse=True)
    mass = [log_probs[count == c].exp().sum().item() for c in kinds]
    lengths = torch.tensor([len(tale) for tale in tales])
    train = -(count * log_probs).sum() / (count * lengths).sum()
    return {
        "train_loss": round(train.item(), 4),
        "held_out_loss": round(mean_loss(lm, fresh), 4),
        "mass": [float(f"{m:.4g}") for m in mass],
        "sharpness": _sharpness(log_probs, count) if len(kinds) > 1 else None,
    }


def _sharpness(
    log_probs: Float[Tensor, " tales"], count: Float[Tensor, " tales"]
) -> float:
    found = sharpness(log_probs.softmax(dim=-1), count / count.sum())
    return round(found.item(), 3)
