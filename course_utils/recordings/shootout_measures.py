"""What is measured of the texts that a contestant wrote for its budget.

Where the world is known, against its truth; of any other model's texts, by what a
reference model and the course's detectors say.
"""

import functools
import math
from collections import Counter
from collections.abc import Sequence

import torch

from course_utils.detection.repetition import compression_ratio, distinct_n, rep_n
from course_utils.detection.sample import Sample
from course_utils.detection.self_bleu import self_bleu
from course_utils.detection.vendi import vendi_of_kernel
from course_utils.detection.words import words
from course_utils.mitigation.shootout import MAX_NEW_TOKENS
from course_utils.model import LanguageModel
from course_utils.recordings.finetuning import encode_documents, token_log_probs
from course_utils.recordings.logs import Row
from course_utils.worlds.measures import (
    effective_number,
    faults,
    label_divergence,
    label_shares,
    parse_all,
)
from course_utils.worlds.parsing import Parse
from course_utils.worlds.stories import StoryWorld

COMPARED = 15  # texts in which Vendi and pairs of words are counted: all have as many
FACTORS = ("hero", "arc", "animal", "place")
OF_WORLD = (
    *("texts", "valid", "changed", "pairs", "covered", "arcs", "heroes"),
    *("kl_to_truth", "kl_from_truth", "nats", "vendi", "bigrams"),
)
OF_ANY = ("texts", "nats", "vendi", "bigrams", "rep", "self_bleu", "compression")


def measure_tales(texts: Sequence[str]) -> Row:
    """The numbers of `OF_WORLD`; None for those that too few texts leave open.

    texts, valid, changed  how many; changed ones have no other fault
    pairs          different pairs of hero and plot among the valid ones
    covered        share of the values of hero, plot, animal and place that occur
    arcs, heroes   effective numbers
    kl_to_truth    KL(texts || world) in bits, mean over hero and plot
    kl_from_truth  KL(world || texts), half a text added to every value's
    nats           -log p of the valid ones under the world, per word
    vendi, bigrams of words, in the first 15 texts
    """
    row: Row = dict.fromkeys(OF_WORLD)
    row |= {"texts": len(texts), "valid": 0, "changed": 0, "pairs": 0, "covered": 0.0}
    if not texts:
        return row
    parses = parse_all(_world(), texts)
    found, valid = faults(parses), [p for p in parses if p.valid]
    row |= {"valid": found["valid"], "changed": found["consistency"]}
    if valid:
        row |= _of_labels(valid)
        row["nats"] = _oracle_nats(
            [t for t, p in zip(texts, parses, strict=True) if p.valid]
        )
    return _rounded(row | _of_words(texts))


def _of_labels(valid: Sequence[Parse]) -> Row:
    shares = {factor: label_shares(valid, factor) for factor in FACTORS}
    truth = {factor: _world().probabilities(factor) for factor in FACTORS}
    hit = sum(len(values) for values in shares.values())
    both = ("hero", "arc")
    smooth = {factor: _smoothed(valid, factor) for factor in both}
    return {
        "pairs": len({(p.labels["hero"], p.labels["arc"]) for p in valid}),
        "covered": hit / sum(len(values) for values in truth.values()),
        "arcs": effective_number(shares["arc"]),
        "heroes": effective_number(shares["hero"]),
        "kl_to_truth": _mean(label_divergence(shares[f], truth[f]) for f in both),
        "kl_from_truth": _mean(label_divergence(truth[f], smooth[f]) for f in both),
    }


def _smoothed(valid: Sequence[Parse], factor: str) -> dict[str, float]:
    """Shares with half a text more of every value, so that none is 0."""
    counts = Counter(parse.labels[factor] for parse in valid)
    values = list(_world().probabilities(factor))
    total = len(valid) + len(values) / 2
    return {value: (counts[value] + 0.5) / total for value in values}


def _oracle_nats(valid: Sequence[str]) -> float | None:
    """Cross-entropy under the world, in nats per word, of texts that it can tell."""
    told = [(_world().documents.log_prob(text), len(words(text))) for text in valid]
    told = [(nats, length) for nats, length in told if math.isfinite(nats)]
    if not told:
        return None
    return -sum(nats for nats, _ in told) / sum(length for _, length in told)


def _of_words(texts: Sequence[str]) -> Row:
    """What needs no truth, in as many texts for all; None where there are fewer."""
    first = [text for text in texts if words(text)][:COMPARED]
    if len(first) < COMPARED:
        return {"vendi": None, "bigrams": None}
    rows = [words(text) for text in first]
    return {
        "vendi": vendi_of_kernel(Sample(first).cosines),
        "bigrams": distinct_n(rows, 2),
    }


def measure_any(texts: Sequence[str], reference: LanguageModel) -> Row:
    """The numbers of `OF_ANY`, of a model whose truth nobody knows.

    nats is the reference model's cross-entropy per token: low for what it expects,
    which is no proof of quality. self_bleu and compression are of the first 15 texts.
    """
    row: Row = dict.fromkeys(OF_ANY) | {"texts": len(texts)}
    some = [text for text in texts if words(text)]
    if not some:
        return row
    row["nats"] = _nats_under(reference, some)
    row["rep"] = _mean(rep_n(words(text), 4) for text in some)
    row |= _of_words(texts)
    if row["vendi"] is not None:
        row["self_bleu"] = self_bleu(some[:COMPARED]).mean
        row["compression"] = compression_ratio(some[:COMPARED])
    return _rounded(row)


def _nats_under(lm: LanguageModel, texts: Sequence[str]) -> float:
    room = (lm.context_length or 10**9) - 1
    documents = [ids[:room] for ids in encode_documents(lm, texts)]
    return -torch.cat(token_log_probs(lm, documents)).mean().item()


def tales_of_the_world(lm: LanguageModel, budget: int, seed: int) -> list[str]:
    """The world's own texts for a budget: what no contestant is expected to beat.

    Cut where the model's would be, and paid for as if the model had written them.
    """
    told, spent = list[str](), 0
    many = budget // 20
    for document in _world().documents.sample(many, [17, seed]):
        (ids,) = encode_documents(lm, [document.text])
        kept = ids[:MAX_NEW_TOKENS]
        spent += 1 + len(kept)  # and the token that begins it
        if spent > budget:
            break
        told.append(lm.decode(kept))
    return told


def _rounded(row: Row) -> Row:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def _mean(values) -> float:
    numbers = list(values)
    return math.fsum(numbers) / len(numbers)


@functools.cache
def _world() -> StoryWorld:
    return StoryWorld()
