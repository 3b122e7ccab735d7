"""The course's own contestants: all samplers and searches of notebooks 12 to 15.

Each may try six settings, plain temperature as well: whoever may try more wins by that
alone. `published` are settings as their authors, or the article under trial, use them.
Those of notebook 16 need texts of a world: they are in `recordings.shootout_prompts`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from course_utils.foundations.validation import Processor
from course_utils.generation import generate
from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
)
from course_utils.mitigation.contrastive import contrastive_search
from course_utils.mitigation.mirostat import MirostatV1, MirostatV2
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
)
from course_utils.mitigation.prompting import cosine, tfidf
from course_utils.mitigation.search import diverse_beam_search
from course_utils.mitigation.search_run import Found
from course_utils.mitigation.shootout import (
    MAX_NEW_TOKENS,
    Batch,
    Contestant,
    Setting,
    register,
    sampler,
    told,
)
from course_utils.mitigation.stochastic import stochastic_beam_search
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)
from course_utils.model import LanguageModel

TRIED = 6  # settings that each may try
PLAIN = "temperature"  # what all others are set beside
OPENING = 6  # tokens that are drawn before a contrastive search goes on


def settings(names: str, *rows: Sequence[Any]) -> tuple[Setting, ...]:
    """Settings from the names of their numbers, and a row of numbers for each."""
    keys = names.split()
    return tuple(dict(zip(keys, row, strict=True)) for row in rows)


def one(name: str, *values: Any) -> tuple[Setting, ...]:
    """Settings of a single number."""
    return settings(name, *((value,) for value in values))


def _sampler(
    name: str,
    notebook: str,
    make: Callable[..., Any],
    candidates: Sequence[Setting],
    published: Sequence[Setting] = (),
) -> None:
    register(sampler(name, make, candidates, notebook, published))


def _truncating(
    name: str,
    make: Callable[..., Processor],
    candidates: Sequence[Setting],
    published: Sequence[Setting] = (),
) -> None:
    """A sampler that cuts, behind a temperature."""

    def behind(T: float, **setting: Any) -> list[Processor]:
        return [Temperature(T), make(**setting)]

    _sampler(name, "12", behind, candidates, published)


# Notebook 12

_sampler(
    PLAIN,
    "01",
    lambda T: [Temperature(T)],
    one("T", 0.85, 1, 1.15, 1.3, 1.45, 1.6),
    one("T", 0.7, 0.8, 0.9, 1),
)
_truncating(
    "top-k",
    lambda k: TopK(k),
    settings("T k", (1, 50), (1.3, 50), (1.5, 50), (1.3, 20), (1.6, 20), (2, 20)),
)
_truncating(
    "top-p",
    lambda p: TopP(p),
    settings(
        "T p", (1, 0.9), (1.3, 0.9), (1.5, 0.9), (1.2, 0.95), (1.4, 0.95), (2, 0.8)
    ),
    settings("T p", (1, 0.9)),
)
_sampler(
    "top-k and top-p",
    "12",
    lambda T, k, p: [Temperature(T), TopK(k), TopP(p)],
    settings("T k p", *((T, 50, 0.9) for T in (1, 1.25, 1.5, 1.75, 2, 2.25))),
    settings("T k p", *((T, 50, 0.9) for T in (0.7, 0.8, 0.9))),
)
_truncating(
    "min-p",
    lambda min_p: MinP(min_p),
    settings(
        "T min_p",
        *((1, 0.1), (1.5, 0.1), (2, 0.1), (2.5, 0.1), (1.4, 0.05), (1.8, 0.05)),
    ),
    settings("T min_p", (1, 0.1), (1.5, 0.1)),
)
_truncating(
    "typical",
    lambda mass: Typical(mass),
    settings(
        "T mass",
        *((1, 0.9), (1.25, 0.9), (1.5, 0.9), (1.75, 0.9), (1.25, 0.95), (1.5, 0.95)),
    ),
    settings("T mass", (1, 0.95)),
)
_truncating(
    "epsilon",
    lambda epsilon: Epsilon(epsilon),
    settings(
        "T epsilon",
        *((T, 9e-4) for T in (1, 1.25, 1.5, 1.75, 2)),
        (1.5, 3e-4),
    ),
    settings("T epsilon", (1, 9e-4)),
)
_truncating(
    "eta",
    lambda epsilon: Eta(epsilon),
    settings("T epsilon", *((T, 2e-3) for T in (1, 1.25, 1.5, 1.75, 2)), (1.5, 3e-4)),
    settings("T epsilon", (1, 2e-3)),
)
_truncating(
    "top-n-sigma",
    lambda n: TopNSigma(n),
    settings("T n", (1, 1), (1.5, 1), (2, 1), (2.5, 1), (3, 1), (1.5, 1.5)),
    settings("T n", (1, 1)),
)
_truncating(
    "top-h",
    lambda alpha: TopH(alpha),
    settings("T alpha", (1, 0.4), (2, 0.4), (2.5, 0.4), (3, 0.4), (1.5, 0.6), (2, 0.6)),
    settings("T alpha", (1, 0.4)),
)
_truncating("p-less", PLess, one("T", 1, 1.5, 2, 2.5, 2.75, 3), one("T", 1))

# Notebook 13

_sampler(
    "spark",
    "13",
    lambda highest: AdaptiveTemperature(highest=highest),
    one("highest", 1, 1.2, 1.4, 1.6, 1.8, 2),
    one("highest", 2.5),
)
_sampler(
    "target entropy",
    "13",
    lambda bits: EntropyTarget(bits),
    one("bits", 0.3, 0.4, 0.5, 0.55, 0.6, 0.65),
)
_sampler(
    "EDT",
    "13",
    lambda T, theta: EDT(T, theta=theta),
    settings("T theta", (1, 0.1), (1.3, 0.1), (1.5, 0.1), (1.2, 1), (1.5, 1), (1.8, 1)),
)
_sampler(
    "dynatemp",
    "13",
    lambda low, high: DynamicTemperature(low, high),
    settings("low high", (0.5, 3), (0.5, 4), (0.5, 5), (1, 1.5), (1, 2.5), (1, 3.5)),
)
_sampler(
    "mirostat v1",
    "13",
    lambda T, bits: [Temperature(T), MirostatV1(bits)],
    settings("T bits", (1, 2), (1.5, 1), (1.5, 2), (1.5, 2.5), (1.5, 3), (1.5, 4)),
)
_sampler(
    "mirostat v2",
    "13",
    lambda T, bits: [Temperature(T), MirostatV2(bits)],
    settings("T bits", (1, 2), (1.5, 1), (1.5, 2), (1.5, 3), (1.5, 4), (1.5, 5)),
    settings("T bits", (1, 5)),
)

# Notebook 14

_sampler(
    "noise",
    "14",
    lambda sigma, seed: GaussianNoise(sigma, seed=seed),
    one("sigma", 0.5, 1, 1.5, 2, 2.5, 3),
)
_sampler(
    "noise per text",
    "14",
    lambda sigma, seed: GaussianNoise(sigma, per="text", seed=seed),
    one("sigma", 0.5, 1, 1.5, 2, 2.5, 3),
)
_sampler(
    "entropy noise",
    "14",
    lambda epsilon, seed: EntropyNoise(epsilon, seed=seed),
    one("epsilon", 0.2, 0.4, 0.6, 0.8, 1, 1.2),
    one("epsilon", 0.1),
)
_sampler(
    "stratified Gumbel",
    "14",
    lambda T, seed: [Temperature(T), GumbelNoise(True, seed=seed)],
    one("T", 0.85, 1, 1.15, 1.3, 1.45, 1.6),
)
_sampler(
    "arithmetic",
    "14",
    lambda T, seed: [Temperature(T), ArithmeticSampling(seed=seed)],
    one("T", 0.85, 1, 1.15, 1.3, 1.45, 1.6),
)

# Notebook 15


def _diverse_beams(
    lm: LanguageModel, n: int, seed: int, /, beams: int, groups: int, penalty: float
) -> Batch:
    found = diverse_beam_search(lm, "", beams, groups, penalty, MAX_NEW_TOKENS)
    return _shared_out(found)


def _beams(lm: LanguageModel, n: int, seed: int, /, beams: int) -> Batch:
    return _diverse_beams(lm, n, seed, beams, groups=1, penalty=0.0)


def _without_replacement(
    lm: LanguageModel, n: int, seed: int, /, beams: int, T: float
) -> Batch:
    heat = [Temperature(T)]
    found = stochastic_beam_search(
        lm, "", beams, MAX_NEW_TOKENS, processors=heat, seed=seed
    )
    return _shared_out(found)


def _shared_out(found: Found) -> Batch:
    """What a search has read, in equal parts to its texts."""
    each, over = divmod(found.passes, len(found))
    costs = [each + (place < over) for place in range(len(found))]
    return Batch(found.texts, costs)


def _contrastive(
    lm: LanguageModel, n: int, seed: int, /, alpha: float, k: int, rewarded: int = 0
) -> Batch:
    """Contrastive search from openings that are drawn: by itself it draws nothing."""
    n = max(1, n // (k - 1))
    drawn = generate(lm, "", n, OPENING, seed=seed, progress=False)
    starts = [lm.decode(ids) for ids in drawn.token_ids]
    room = MAX_NEW_TOKENS - OPENING
    runs = contrastive_search(lm, starts, k, alpha, room, bool(rewarded))
    costs = [
        len(lm.encode(start)) + k * len(ids)
        for start, ids in zip(starts, runs.token_ids, strict=True)
    ]
    return Batch(runs.texts, costs)


register(
    Contestant(
        "beam search",
        _beams,
        one("beams", 5, 10, 20, 40, 60, 80),
        notebook="15",
        draws=False,
    )
)
register(
    Contestant(
        "diverse beams",
        _diverse_beams,
        settings(
            "beams groups penalty",
            *((20, 20, 1), (40, 20, 1), (40, 40, 1), (60, 60, 0.5), (60, 60, 1)),
            (60, 60, 3),
        ),
        settings("beams groups penalty", (10, 5, 0.5)),
        notebook="15",
        draws=False,
    )
)
register(
    Contestant(
        "without replacement",
        _without_replacement,
        settings("beams T", (10, 1), (40, 1), (80, 1), (40, 1.2), (80, 1.2), (80, 1.4)),
        notebook="15",
    )
)
register(
    Contestant(
        "contrastive",
        _contrastive,
        settings("k alpha", *((5, alpha) for alpha in (0, 0.1, 0.2, 0.3, 0.4, 0.5))),
        settings("k alpha rewarded", (5, 0.6, 0), (5, 0.6, 1)),
        notebook="15",
    )
)

# After the sampler


def _unlike(lm: LanguageModel, n: int, seed: int, /, T: float, limit: float) -> Batch:
    """Keeps a text if it is unlike all that are kept of its batch; the rest is paid.

    Likeness is the cosine of their words by TF-IDF (notebook 16).
    """
    batch = told(lm, "", n, [Temperature(T)], seed)
    rows, _ = tfidf(batch.texts)
    kept: list[int] = []
    costs, owed = list[int](), 0
    for i, cost in enumerate(batch.costs):
        owed += cost
        if all(cosine(rows[i], rows[j]) < limit for j in kept):
            kept.append(i)
            costs.append(owed)
            owed = 0
    return Batch([batch.texts[i] for i in kept], costs, owed)


register(
    Contestant(
        "unlike the others",
        _unlike,
        settings(
            "T limit",
            *((1, 0.5), (1, 0.4), (1, 0.3), (1.3, 0.5), (1.3, 0.4), (1.3, 0.3)),
        ),
        settings("T limit", (0.75, 0.4)),
        notebook="16",
    )
)
