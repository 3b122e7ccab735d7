"""Measures against a known truth: how much of a world a set of generations keeps.

They need what only a world of our own can give: the verdict of a parser and the true
probability of every label. Distributions are dicts {value: probability}.
Built on in notebook 00.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from course_utils.worlds.reading import Parse
from course_utils.worlds.stories import StoryWorld

Distribution = Mapping[str, float]


def parse_all(world: StoryWorld, texts: Iterable[str]) -> list[Parse]:
    """Parse every text; raises ValueError where there is none."""
    parses = [world.parse(text) for text in texts]
    if not parses:
        raise ValueError("texts is empty; at least one text is needed")
    return parses


def validity(parses: Sequence[Parse]) -> float:
    """Share of texts with a complete tale and nothing wrong in them."""
    return sum(parse.valid for parse in parses) / len(parses)


def fidelity(parses: Sequence[Parse]) -> float:
    """Among texts without a fault of grammar: share in which names and things stay.

    NaN where no text is free of such faults.
    """
    kept = sum(parse.valid for parse in parses)
    changed = sum(_fault(parse) == "consistency" for parse in parses)
    return kept / (kept + changed) if kept + changed else math.nan


def faults(parses: Sequence[Parse]) -> dict[str, int]:
    """How many texts are valid, and how many broke in which way."""
    found = Counter(_fault(parse) for parse in parses)
    return {kind: found[kind] for kind in ("valid", *_FAULTS)}


_FAULTS = ("grammar", "consistency", "unfinished")


def _fault(parse: Parse) -> str:
    return "valid" if parse.valid or parse.fault is None else parse.fault.kind


def label_shares(parses: Sequence[Parse], factor: str) -> dict[str, float]:
    """Shares of a factor's values over the valid texts' first tales, largest first.

    Raises ValueError where no text is valid.
    """
    found = Counter(parse.labels[factor] for parse in parses if parse.valid)
    if not found:
        raise ValueError("parses has no valid tale; at least one is needed")
    total = found.total()
    return {value: count / total for value, count in found.most_common()}


def share_of_commonest(values: Sequence[str]) -> float:
    """Share of the commonest value: 1.0 where all are the same.

    Raises ValueError where there is none. Built in notebook 00.
    """
    if not values:
        raise ValueError("values is empty; at least one value is needed")
    return Counter(values).most_common(1)[0][1] / len(values)


def coverage(shares: Distribution, truth: Distribution) -> float:
    """Share of the truth's values that occur at all: modes hit / modes."""
    return sum(shares.get(value, 0) > 0 for value in truth) / len(truth)


def effective_number(shares: Distribution) -> float:
    """exp of the entropy: how many equally common values would be as diverse.

    Hill 1973, order 1. The plug-in estimate from n samples is a little too low.
    """
    return math.exp(-sum(p * math.log(p) for p in shares.values() if p > 0))


def total_variation(p: Distribution, q: Distribution) -> float:
    """Half the sum of absolute differences: 0 for equal, 1 for disjoint."""
    return sum(abs(p.get(v, 0) - q.get(v, 0)) for v in {*p, *q}) / 2


def label_divergence(p: Distribution, q: Distribution) -> float:
    """KL(p || q) in bits; infinite where q lacks a value that p has."""
    if any(p[v] > 0 and not q.get(v, 0) > 0 for v in p):
        return math.inf
    return sum(p[v] * math.log2(p[v] / q[v]) for v in p if p[v] > 0)


def noise_floor(truth: Distribution, n: int) -> float:
    """Expected total variation between the truth and n perfect samples of it.

    Normal approximation to the binomial: E|x| = sqrt(2 / pi) sigma.
    """
    spread = sum(math.sqrt(p * (1 - p)) for p in truth.values())
    return spread * math.sqrt(2 / (math.pi * n)) / 2


def memorised_share(texts: Sequence[str], corpus: Collection[str]) -> float:
    """Share of texts that stand in the corpus to the letter."""
    known = corpus if isinstance(corpus, (set, frozenset)) else set(corpus)
    return sum(text in known for text in texts) / len(texts)
