"""Models that learn from their own output, generation after generation.

Each generation draws a finite sample of the last one's distribution and learns from
that. What a sample misses is lost: rare values go first. Whether the real data stay in
the corpus ("accumulate") or give way to the newest output ("replace") decides whether
this ever stops. Built in notebook 05.
"""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.softmax import sample
from course_utils.foundations.validation import as_probs, as_whole_number
from course_utils.worlds.grammar import split_words
from course_utils.worlds.parsing import END

Keep = Literal["replace", "accumulate"]
KEEPS: tuple[Keep, Keep] = ("replace", "accumulate")
Texts = TypeVar("Texts", list, Tensor)


def expected_distinct(
    probs: Float[Tensor, "*batch values"], samples: int
) -> Float[Tensor, "*batch"]:
    """How many different values come up in `samples` independent draws, on average.

    A value of probability p is missed by all draws with probability (1 - p)^samples.
    Raises ValueError for rows that are no distributions and for samples < 1.
    Built in notebook 05.
    """
    probs = as_probs("probs", probs).double()
    samples = as_whole_number("samples", samples, at_least=1)
    return (1 - (1 - probs.clamp(max=1)) ** samples).sum(dim=-1)


def gini_simpson(probs: Float[Tensor, "*batch values"]) -> Float[Tensor, "*batch"]:
    """The chance that two draws differ, 1 - sum p^2: 0 where one value has all.

    Raises ValueError for rows that are no distributions.
    Gini 1912; Simpson 1949. Built in notebook 05.
    """
    probs = as_probs("probs", probs).double()
    return (1 - probs.square().sum(dim=-1)).clamp_min(0)


def recurse(
    probs: Float[Tensor, "*batch values"],
    samples: int,
    generations: int,
    keep: Keep = "replace",
    generator: torch.Generator | None = None,
) -> Float[Tensor, "generation *batch values"]:
    """Distributions of models each of which learned from samples of the one before.

    Entry 0 is `probs`, the truth. Each generation draws `samples` values from the last
    entry and becomes the shares within its corpus: these draws alone ("replace"), or
    with all draws of earlier generations, those from the truth among them
    ("accumulate"). Each row of a batch is a run of its own.
    Raises ValueError for rows that are no distributions, counts below 1 and another
    `keep`. "replace" is the model of Wright 1931 (genetic drift); for language models
    Shumailov et al. 2024, Nature 631:755. Built in notebook 05.
    """
    probs = as_probs("probs", probs).double()
    samples = as_whole_number("samples", samples, at_least=1)
    generations = as_whole_number("generations", generations, at_least=1)
    _check_keep(keep)
    shares = [probs]
    corpus = torch.zeros_like(probs)
    for _ in range(generations):
        own = _counts(sample(shares[-1], samples, generator), probs.shape[-1])
        corpus = next_corpus(corpus, own, keep)
        shares.append(corpus / corpus.sum(dim=-1, keepdim=True))
    return torch.stack(shares)


def next_corpus(corpus: Texts, own: Texts, keep: Keep) -> Texts:
    """What the next generation reads: the model's own output alone, or all so far.

    Lists of texts are joined, tensors of counts are added.
    """
    return own if keep == "replace" else corpus + own


def kept_diversity(samples: int, generation: int, keep: Keep) -> float:
    """The mean share of the truth's Gini-Simpson diversity left after `generation`.

    "replace": (1 - 1/n)^g for n samples each, which goes to 0 (Wright 1931).
    "accumulate": the product over k = 1 ... g of 1 - 1/(n k^2), which never falls below
    sin(x)/x with x = pi/sqrt(n), about 1 - pi^2/(6n): generation k moves the shares of
    the whole corpus only by 1/k of its sampling error. The bounded sum of 1/k^2 is
    that of Gerstgrasser et al. 2024 (arXiv 2404.01413) for linear regression.
    Raises ValueError for samples < 1, generation < 0 and another `keep`.
    Built in notebook 05.
    """
    samples = as_whole_number("samples", samples, at_least=1)
    generation = as_whole_number("generation", generation, at_least=0)
    _check_keep(keep)
    if keep == "replace":
        return (1 - 1 / samples) ** generation
    return math.prod(1 - 1 / (samples * k * k) for k in range(1, generation + 1))


def recurse_mixed(
    probs: Float[Tensor, "*batch values"],
    samples: int,
    generations: int,
    real: int,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "generations+1 *batch values"]:
    """Models that each read `real` fresh draws of the truth, the rest of the last one.

    Entry 0 is the truth, `probs`; every later one has the shares of its `samples`
    draws. `real` = 0 is `recurse` with "replace".
    Raises ValueError for counts below 1 and for `real` outside 0 to `samples`.
    Bertrand et al. 2023 (arXiv 2310.00429) for such mixtures. Built in notebook 05.
    """
    samples = as_whole_number("samples", samples, at_least=1)
    generations = as_whole_number("generations", generations, at_least=1)
    real = _as_real(real, samples)
    truth = as_probs("probs", probs).double()
    chain = [truth]
    for _ in range(generations):
        sources = ((truth, real), (chain[-1], samples - real))
        drawn = [sample(source, n, generator) for source, n in sources if n]
        chain.append(_counts(torch.cat(drawn, dim=-1), truth.shape[-1]) / samples)
    return torch.stack(chain)


def kept_with_real(
    probs: Float[Tensor, "*batch values"], samples: int, real: int
) -> Float[Tensor, "*batch"]:
    """The mean share of the truth's Gini-Simpson diversity that `recurse_mixed` keeps.

    For ever: two of a generation's tales agree as two real ones do, unless both come
    from the last generation, or are one and the same tale. 0 without any real one.
    Raises ValueError for samples < 1 and for `real` outside 0 to `samples`.
    Built in notebook 05.
    """
    samples = as_whole_number("samples", samples, at_least=1)
    real = _as_real(real, samples)
    agree = 1 - gini_simpson(probs)  # two real tales
    own = samples - real
    pairs = own * (own - 1) / samples**2  # of tales that both come from the last one
    others = 1 - 1 / samples - pairs
    agree_for_ever = (1 / samples + others * agree) / (1 - pairs)
    return (1 - agree_for_ever) / (1 - agree)


class NGram:
    """A table of which word followed which `order - 1` words, learned from texts.

    Words are those of the world's grammar, with their leading spaces. A word that
    followed twice as often is told twice as often; what never followed is never told.
    Raises ValueError for order < 1 and where there is no text.
    Shannon 1948, section 3. Built in notebook 05.
    """

    def __init__(self, texts: Sequence[str], order: int) -> None:
        self.order = as_whole_number("order", order, at_least=1)
        if isinstance(texts, str) or len(texts) == 0:
            raise ValueError("texts must be a list of at least one text")
        self.followers: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for text in texts:
            context = self._start()
            for word in (*split_words(text), END):
                self.followers[context].append(word)
                context = self._after(context, word)

    def tell(self, n: int, seed: int = 0, max_words: int = 200) -> list[str]:
        """n texts, each drawn word by word until its end or for `max_words`."""
        n = as_whole_number("n", n, at_least=1)
        rng = np.random.default_rng(seed)
        return [self._tell_one(rng.random(max_words).tolist()) for _ in range(n)]

    def _tell_one(self, uniforms: list[float]) -> str:
        words: list[str] = []
        context = self._start()
        for uniform in uniforms:
            options = self.followers[context]
            word = options[int(uniform * len(options))]
            if word == END:
                break
            words.append(word)
            context = self._after(context, word)
        return "".join(words)

    def _start(self) -> tuple[str, ...]:
        return ("",) * (self.order - 1)

    def _after(self, context: tuple[str, ...], word: str) -> tuple[str, ...]:
        return (*context, word)[1:]


def retell(
    texts: Sequence[str], order: int, generations: int, keep: Keep, seed: int = 0
) -> list[list[str]]:
    """What generation after generation of n-gram models tells, each from the last.

    Entry 0 is `texts`, the real ones; every generation tells as many.
    Raises ValueError for no text, counts below 1 and another `keep`.
    Built in notebook 05.
    """
    generations = as_whole_number("generations", generations, at_least=1)
    _check_keep(keep)
    told, corpus = [list(texts)], list(texts)
    for generation in range(1, generations + 1):
        model = NGram(corpus, order)
        told.append(model.tell(len(texts), _seed(seed, generation)))
        corpus = next_corpus(corpus, told[-1], keep)
    return told


def named_shares(texts: Sequence[str], names: Sequence[str]) -> Float[Tensor, " names"]:
    """How the texts that name one of `names` are shared among them, by the first named.

    All zeros where no text names one. Built in notebook 05.
    """
    places = {name: i for i, name in enumerate(names)}
    words = ([w for w in re.findall(r"\w+", text) if w in places] for text in texts)
    first = [places[named[0]] for named in words if named]
    counts = torch.bincount(torch.tensor(first, dtype=torch.long), minlength=len(names))
    return counts.double() / max(len(first), 1)


def _as_real(real: int, samples: int) -> int:
    real = as_whole_number("real", real, at_least=0)
    if real > samples:
        raise ValueError(f"real is {real}; allowed are 0 to {samples}, the samples")
    return real


def _check_keep(keep: str) -> None:
    if keep not in KEEPS:
        raise ValueError(f"keep is {keep!r}; allowed: {', '.join(KEEPS)}")


def _counts(
    draws: Int[Tensor, "*batch samples"], values: int
) -> Float[Tensor, "*batch values"]:
    """How often each value was drawn."""
    shape = (*draws.shape[:-1], values)
    counts = torch.zeros(shape, dtype=torch.float64, device=draws.device)
    return counts.scatter_add(-1, draws, torch.ones_like(draws, dtype=counts.dtype))


def _seed(seed: int, generation: int) -> int:
    """Seeds of a run's generations that no other run's generation has."""
    return 1000 * seed + generation
