"""How near a trained storyteller comes to its world: the numbers of the model card."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from course_utils.foundations.intervals import (
    Interval,
    bootstrap_interval,
    wilson_interval,
)
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from course_utils.model import LanguageModel
from course_utils.training import storyteller
from course_utils.worlds.measures import (
    effective_number,
    label_shares,
    noise_floor,
    parse_all,
    total_variation,
    validity,
)
from course_utils.worlds.parsing import FACTORS
from course_utils.worlds.stories import StoryWorld

HELD_OUT_SEED = 2**31  # chunks of training text are seeded [seed, chunk]
BATCH = 250
MAX_NEW_TOKENS = 110  # any tale, with a header


@dataclass(frozen=True)
class CrossEntropy:
    """Model against oracle, nats per token, over the same positions."""

    model: float
    oracle: float
    gap: float  # (model - oracle) / oracle
    interval: Interval  # of the gap, 95 %, over documents
    documents: int
    tokens: int


def cross_entropy(lm: LanguageModel, world: StoryWorld, n: int = 1000) -> CrossEntropy:
    """Held-out documents; at each position the exact expectation over the next token.

    Documents longer than the context are cut to it.
    """
    totals = torch.tensor(
        [
            _document_entropies(lm, world, document.text)
            for document in world.documents.sample(n, HELD_OUT_SEED)
        ],
        dtype=torch.float64,
    )
    model, oracle, tokens = totals.sum(dim=0).tolist()
    excess = (totals[:, 0] - totals[:, 1]) / totals[:, 1].mean()
    return CrossEntropy(
        model / tokens,
        oracle / tokens,
        model / oracle - 1,
        bootstrap_interval(excess.tolist()),
        n,
        int(tokens),
    )


def _document_entropies(
    lm: LanguageModel, world: StoryWorld, text: str
) -> tuple[float, float, int]:
    """Cross-entropy of the model, entropy of the oracle (both summed), tokens."""
    ids = lm.encode(text)[: lm.context_length]
    with torch.no_grad():
        logits = lm.model(torch.tensor([ids], device=lm.device)).logits[0]
    log_probs = logits.double().cpu().log_softmax(dim=-1)
    oracle = world.documents.oracle(lm.tokenizer)
    by_model = by_oracle = 0.0
    for token, predicted in zip(ids, log_probs, strict=True):
        oracle.push(token)
        truth = oracle.distribution()
        possible = truth.nonzero()[:, 0]
        p = truth[possible]
        by_model -= (p * predicted[possible]).sum().item()
        by_oracle -= (p * p.log()).sum().item()
    return by_model, by_oracle, len(ids)


@dataclass(frozen=True)
class AtTemperature:
    """What n fresh texts at one temperature are like."""

    temperature: float
    n: int
    valid: int
    interval: Interval
    effective_arcs: float


def at_temperature(
    lm: LanguageModel, world: StoryWorld, temperature: float, n: int = 1000
) -> AtTemperature:
    """Validity and effective number of arcs of n texts from the empty prompt."""
    parses = parse_all(world, texts_at(lm, temperature, n))
    valid = round(validity(parses) * n)
    arcs = effective_number(label_shares(parses, "arc")) if valid else float("nan")
    return AtTemperature(temperature, n, valid, wilson_interval(valid, n), arcs)


def factor_distances(
    lm: LanguageModel, world: StoryWorld, n: int = 34_000
) -> dict[str, tuple[float, float]]:
    """For each factor: total variation from the truth at T = 1, and its noise floor."""
    parses = parse_all(world, texts_at(lm, 1.0, n, seed=1))
    valid = sum(parse.valid for parse in parses)
    return {
        factor: (
            total_variation(label_shares(parses, factor), world.probabilities(factor)),
            noise_floor(world.probabilities(factor), valid),
        )
        for factor in FACTORS
    }


def texts_at(lm: LanguageModel, temperature: float, n: int, seed: int = 0) -> list[str]:
    """n texts from the empty prompt, in batches that fit any machine."""
    texts: list[str] = []
    for start in range(0, n, BATCH):
        runs = generate(
            lm,
            "",
            min(BATCH, n - start),
            MAX_NEW_TOKENS,
            [Temperature(temperature)],
            seed=seed * 1_000_003 + start,
            progress=False,
        )
        texts += runs.texts
    return texts


def greedy_documents(lm: LanguageModel) -> list[str]:
    """The documents that argmax writes, end after end, as far as the context goes."""
    ids = lm.encode("")
    for _ in range(storyteller.CONTEXT - len(ids)):
        with torch.no_grad():
            logits = lm.model(torch.tensor([ids], device=lm.device)).logits[0, -1]
        ids.append(int(logits.argmax()))
    return [lm.decode(part) for part in _split(ids, lm.end_of_text_id)]


def _split(ids: Sequence[int], separator: int) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    for token in ids:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]
