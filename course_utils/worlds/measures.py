"""Measures against a known truth: how much of a world a set of generations keeps.

They need what only a world of our own can give: the verdict of a parser and the true
probability of every label. Distributions are dicts {value: probability}.
Built on in notebook 00.
"""

import math
import operator
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.foundations import entropy
from course_utils.foundations.validation import as_whole_number
from course_utils.worlds.parsing import FACTORS, Parse
from course_utils.worlds.stories import StoryWorld

Distribution = Mapping[str, float]


def parse_all(world: StoryWorld, texts: Iterable[str]) -> list[Parse]:
    """Parse every text; raises ValueError where there is none."""
    parses = [world.parse(text) for text in texts]
    _require_some("texts", parses)
    return parses


def validity(parses: Sequence[Parse]) -> float:
    """Share of texts with a complete tale and nothing wrong in them."""
    _require_some("parses", parses)
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
    if factor not in FACTORS:
        raise ValueError(f"factor is {factor!r}; allowed: {', '.join(FACTORS)}")
    found = Counter(parse.labels[factor] for parse in parses if parse.valid)
    if not found:
        raise ValueError("parses has no valid tale; at least one is needed")
    total = found.total()
    return {value: count / total for value, count in found.most_common()}


def label_counts(world: StoryWorld, parses: Sequence[Parse], factor: str) -> list[int]:
    """How many texts settle on each value of a factor, in the order of the truth.

    Broken texts count too if they got as far as that.
    """
    found = Counter(parse.labels.get(factor) for parse in parses)
    return [found[value] for value in world.probabilities(factor)]


def share_of_commonest(values: Sequence[str]) -> float:
    """Share of the commonest value: 1.0 where all are the same.

    Raises ValueError where there is none. Built in notebook 00.
    """
    _require_some("values", values)
    return Counter(values).most_common(1)[0][1] / len(values)


def coverage(shares: Distribution, truth: Distribution) -> float:
    """Share of the truth's values that occur at all: modes hit / modes."""
    _require_some("truth", truth)
    return sum(shares.get(value, 0) > 0 for value in truth) / len(truth)


def rarefied(counts: Iterable[int], texts: int) -> float:
    """How many different values to expect in so many of the texts counted.

    More texts show more values: compare sets at one number of texts. Exact, for a draw
    without replacement. Raises ValueError for more texts than were counted.
    Hurlbert 1971, rarefaction.
    """
    counts = [operator.index(count) for count in counts]
    total = sum(counts)
    if not 0 < texts <= total:
        raise ValueError(f"texts is {texts}; allowed are 1 to {total}")
    draws = math.comb(total, texts)
    return sum(1 - math.comb(total - count, texts) / draws for count in counts)


def kept_variety(
    world: StoryWorld,
    parses: Sequence[Parse],
    texts: int = 64,
    factors: Sequence[str] = FACTORS,
) -> float:
    """How much of the world's variety a set of texts shows: about 1 for a sound one.

    For each factor the number of different values to expect in `texts` of them, over
    that in as many tales of the world; the mean over the factors. Broken texts count as
    far as they got. Fewer texts are taken where fewer settle on a factor, and NaN
    stands where none does. Unlike `coverage` it does not grow with the number of texts,
    and it can be a little above 1. Raises ValueError for `texts` below 1 and for no
    factor. Built in notebook 11.
    """
    texts = as_whole_number("texts", texts, at_least=1)
    _require_some("factors", factors)
    shown = []
    for factor in factors:
        counts = label_counts(world, parses, factor)
        many = min(texts, sum(counts))
        if many == 0:
            return math.nan
        truth = world.probabilities(factor).values()
        expected = sum(1 - (1 - p) ** many for p in truth)
        shown.append(rarefied(counts, many) / expected)
    return math.fsum(shown) / len(shown)


def effective_number(shares: Distribution) -> float:
    """exp of the entropy: how many equally common values would be as diverse.

    Hill 1973, order 1. The plug-in estimate from n samples is a little too low.
    Raises ValueError where the shares don't sum to 1 within 1e-4.
    """
    total = sum(shares.values())
    if abs(total - 1) > 1e-4:
        raise ValueError(f"shares sum to {total:.6g}; they must sum to 1")
    as_tensor = torch.tensor([*shares.values()], dtype=torch.float64)
    return entropy.effective_number(as_tensor).item()


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

    Exact: de Moivre's mean deviation of the binomial (Diaconis and Zabell 1991).
    Raises ValueError for n < 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; allowed are whole numbers from 1 on")
    return sum(_mean_deviation(p, n) for p in truth.values()) / 2


def _mean_deviation(p: float, n: int) -> float:
    """E|X / n - p| for X binomial in n and p."""
    if not 0 < p < 1:
        return 0.0
    m = min(math.floor(n * p) + 1, n)
    log_choose = math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1)
    log_mass = log_choose + m * math.log(p) + (n - m + 1) * math.log1p(-p)
    return 2 * m / n * math.exp(log_mass)


def precision_and_recall(
    kept: Bool[Tensor, "*batch vocab"],
    probs: Float[Tensor, "*batch vocab"],
    truth: Float[Tensor, "*batch vocab"],
) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch"]]:
    """What a truncated step will say, and what it can no longer say.

    kept   tokens that a sampler leaves
    probs  the model's probabilities before it cuts
    truth  the world's, 0 for what is impossible

    Precision is the chance that a token drawn from what is left is possible in the
    world; recall is the world's own probability of what is left. Built in notebook 12.
    """
    left = probs * kept
    drawn = left / left.sum(dim=-1, keepdim=True)
    return (drawn * (truth > 0)).sum(dim=-1), (truth * kept).sum(dim=-1)


def memorised_share(texts: Sequence[str], corpus: Collection[str]) -> float:
    """Share of texts that stand in the corpus to the letter."""
    _require_some("texts", texts)
    if isinstance(corpus, str):
        raise ValueError("corpus is one string; a collection of texts is needed")
    known = corpus if isinstance(corpus, (set, frozenset)) else set(corpus)
    return sum(text in known for text in texts) / len(texts)


def _require_some(name: str, values: Sized) -> None:
    if len(values) == 0:
        raise ValueError(f"{name} is empty; at least one is needed")
