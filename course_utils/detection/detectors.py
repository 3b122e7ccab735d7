"""Every detector of Part III behind one door: a set of texts in, a number out.

Some look at the texts alone, some at the texts of each prompt, some at the entropies
that the model left behind while it wrote. `scores` takes all that a set allows. Which
of them to trust is the question of notebook 11, where they play in one league.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from course_utils.detection.clusters import clusters_of_cosines, dominant_share, k_means
from course_utils.detection.embedding import (
    tfidf_points,
    without_common_directions,
)
from course_utils.detection.mauve import mauve
from course_utils.detection.monitor import (
    Baseline,
    Request,
    fit_baselines,
    largest_drop,
)
from course_utils.detection.repetition import (
    adjusted_distinct,
    compression_ratio,
    distinct_n,
    find_loops,
    rep_n,
)
from course_utils.detection.sample import APART, Sample
from course_utils.detection.self_bleu import (
    bleu_against_others,
    estimate_self_bleu,
    self_repetition,
)
from course_utils.detection.vendi import vendi_of_kernel, vendi_score
from course_utils.detection.words import is_drawing
from course_utils.foundations.entropy import entropy

K = 5  # clusters of k-means
DROP = 0.3  # the article's alarm
VOCABULARY = 1000  # words of the language, for adjusted distinct-1

Kind = Literal["texts", "prompts", "trace"]


@dataclass(frozen=True)
class Detector:
    """A measure that should tell a collapsed set from a sound one.

    kind         what it looks at: "texts", the texts of each of several "prompts", or
                 the "trace" that a model left
    collapse_is  "high" or "low": where the measure goes as a set collapses
    built_in     the notebook in which it is built
    of           its value for a set beside a reference; NaN where it can't tell
    needs        what the set must have beside texts; "reference" is the other set
    """

    name: str
    kind: Kind
    collapse_is: Literal["high", "low"]
    built_in: str
    of: Callable[[Sample, Sample], float]
    needs: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 where larger values mean more collapse, else -1."""
        return 1 if self.collapse_is == "high" else -1


def scores(sample: Sample, reference: Sample | None = None) -> dict[str, float]:
    """The value of each detector for a set, by name, in the detector's own units.

    reference  sound texts of the same kind, for those that compare; what the set or the
               reference lacks leaves out the detectors that need it

    NaN stands where a detector can't tell, such as within prompts of one text each.
    Values of sets of unlike sizes can't be compared with each other. Raises ValueError
    for a reference that is no Sample, and for points of unlike widths. Built in
    notebook 11.
    """
    if reference is not None and not isinstance(reference, Sample):
        raise ValueError(
            f"reference must be a Sample or None, not a {type(reference).__name__}"
        )
    _check_widths(sample, reference)
    return {
        name: detector.of(sample, reference or sample)
        for name, detector in DETECTORS.items()
        if _can_tell(detector, sample, reference)
    }


def _check_widths(sample: Sample, reference: Sample | None) -> None:
    sides = [s.points for s in (sample, reference) if s is not None]
    widths = {points.shape[1] for points in sides if points is not None}
    if len(widths) > 1:
        raise ValueError(
            f"reference and sample have points of widths {sorted(widths)}; allowed is "
            "one embedding for both"
        )


def _can_tell(detector: Detector, sample: Sample, reference: Sample | None) -> bool:
    own = [need for need in detector.needs if need != "reference"]
    if any(getattr(sample, need) is None for need in own):
        return False
    if "reference" not in detector.needs:
        return True
    return reference is not None and all(
        getattr(reference, need) is not None for need in own
    )


# Texts


def _self_bleu(sample: Sample, _: Sample) -> float:
    return float(bleu_against_others(sample.rows).mean())


def _self_bleu_of_pairs(sample: Sample, _: Sample) -> float:
    return estimate_self_bleu(sample.texts)[0]


def _copied(sample: Sample, _: Sample) -> float:
    return float(self_repetition(sample.rows).mean())


def _copies(sample: Sample, _: Sample) -> float:
    """The share of texts that stand in the set before."""
    return 1 - len({tuple(row) for row in sample.rows}) / len(sample)


def _compression(sample: Sample, _: Sample) -> float:
    return compression_ratio(sample.texts)


def _distinct(sample: Sample, _: Sample) -> float:
    """NaN where no text has two words."""
    if max(map(len, sample.rows)) < 2:
        return math.nan
    return distinct_n(sample.rows, 2)


def _adjusted_distinct(sample: Sample, _: Sample) -> float:
    return adjusted_distinct(sample.rows, VOCABULARY)


def _rep(sample: Sample, _: Sample) -> float:
    return math.fsum(map(rep_n, sample.rows)) / len(sample)


def _looping(sample: Sample, _: Sample) -> float:
    loops = find_loops(sample.rows, 3, is_drawing)
    return sum(loop is not None for loop in loops) / len(sample)


def _largest_of_k(sample: Sample, _: Sample) -> float:
    points = tfidf_points(sample.texts)
    unit = points / points.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return dominant_share(k_means(unit, min(K, len(sample))).labels)


def _largest_kind(sample: Sample, _: Sample) -> float:
    return dominant_share(sample.kinds)


def _mean_cosine(sample: Sample, _: Sample) -> float:
    n = len(sample)
    return (sample.cosines.sum().item() - n) / (n * (n - 1))


def _kinds_entropy(sample: Sample, _: Sample) -> float:
    return _entropy_of_labels(sample.kinds)


def _entropy_of_labels(labels: Sequence[int]) -> float:
    """Bits."""
    counts = np.unique(labels, return_counts=True)[1]
    return entropy(torch.tensor(counts / counts.sum())).item()


def _vendi_of_words(sample: Sample, _: Sample) -> float:
    return vendi_of_kernel(sample.cosines)


def _vendi_of_states(sample: Sample, reference: Sample) -> float:
    """Their common direction is the reference's too: a blob alone has none left."""
    assert sample.points is not None and reference.points is not None
    both = torch.cat([sample.points, reference.points])
    own = without_common_directions(both)[: len(sample)]
    own = own[own.norm(dim=-1) > 1e-6 * both.norm(dim=-1).max()]
    return vendi_score(own) if len(own) > 1 else 1.0  # all in one place


def _mauve(sample: Sample, reference: Sample) -> float:
    """Against as many texts of the reference, or as many as it has."""
    assert sample.points is not None and reference.points is not None
    step = max(1, len(reference) // len(sample))  # from all prompts of the reference
    beside = reference.points[::step][: len(sample)]
    both = without_common_directions(torch.cat([sample.points, beside]))
    return mauve(both[: len(sample)], both[len(sample) :])


def _perplexity(sample: Sample, _: Sample) -> float:
    """Under the one fixed model, over all tokens of the set."""
    nats = [nat for row in sample.surprise or () for nat in row]
    mean = math.fsum(nats) / len(nats)
    return math.exp(mean) if mean < 700 else math.inf


# The texts of each prompt


def _within_prompts(
    measure: Callable[[Sample, list[int]], float],
) -> Callable[[Sample, Sample], float]:
    """The mean of a measure of one prompt's texts; NaN where no prompt has two."""

    def mean(sample: Sample, _: Sample) -> float:
        found = [measure(sample, places) for places in sample.of_prompt.values()]
        return math.fsum(found) / len(found) if found else math.nan

    return mean


def _bleu_of(sample: Sample, places: list[int]) -> float:
    return float(bleu_against_others([sample.rows[place] for place in places]).mean())


def _entropy_in(sample: Sample, places: list[int]) -> float:
    """Over kinds of texts, found among one prompt's by the cosines of the whole set."""
    kinds = clusters_of_cosines(sample.cosines[places][:, places], APART)
    return _entropy_of_labels(kinds.tolist())


def _vendi_in(sample: Sample, places: list[int]) -> float:
    return vendi_of_kernel(sample.cosines[places][:, places])


def _worst_prompt(sample: Sample, _: Sample) -> float:
    """The largest Self-BLEU within a prompt; NaN where no prompt has two texts."""
    found = [_bleu_of(sample, places) for places in sample.of_prompt.values()]
    return max(found, default=math.nan)


# Traces


def _drops(sample: Sample, reference: Sample) -> list[float]:
    """How far each text's entropy lies below the baseline that the reference makes.

    The baseline of its prompt, where both name prompts; else one for all.
    """
    by_prompt = sample.prompts is not None and reference.prompts is not None
    own, known = (_requests(side, by_prompt) for side in (sample, reference))
    baselines = fit_baselines(known)
    none = Baseline([], 0)
    drops = [largest_drop(r.entropy, baselines.get(r.prompt, none).usual) for r in own]
    return [drop for drop in drops if drop is not None]


def _requests(sample: Sample, by_prompt: bool) -> list[Request]:
    """The traces as the monitor keeps them, under one prompt if not `by_prompt`."""
    prompts = (by_prompt and sample.prompts) or [""] * len(sample)
    pairs = zip(prompts, sample.entropy or (), strict=True)
    return [Request(str(prompt), list(bits), None, False) for prompt, bits in pairs]


def _mean_drop(sample: Sample, reference: Sample) -> float:
    drops = _drops(sample, reference)
    return math.fsum(drops) / len(drops) if drops else math.nan


def _flagged(sample: Sample, reference: Sample) -> float:
    drops = _drops(sample, reference)
    return sum(drop > DROP for drop in drops) / len(drops) if drops else math.nan


def _spread_of_drops(sample: Sample, reference: Sample) -> float:
    """Interquartile range: texts that are alike leave traces that are alike."""
    drops = _drops(sample, reference)
    low, high = np.quantile(drops, [0.25, 0.75]) if drops else (math.nan, math.nan)
    return float(high - low)


_REFERRED = ("points", "reference")
_TRACED = ("entropy", "reference")
_OF_TEXTS = (
    ("Self-BLEU", "high", "08", _self_bleu),
    ("Self-BLEU of pairs", "high", "08", _self_bleu_of_pairs),
    ("copied 8-grams", "high", "08", _copied),
    ("copies", "high", "08", _copies),
    ("compression", "high", "10", _compression),
    ("distinct-2", "low", "10", _distinct),
    ("adjusted distinct-1", "low", "10", _adjusted_distinct),
    ("rep-4", "high", "10", _rep),
    ("looping", "high", "10", _looping),
    ("largest of 5 clusters", "high", "09", _largest_of_k),
    ("largest kind", "high", "09", _largest_kind),
    ("entropy of kinds", "low", "07", _kinds_entropy),
    ("mean cosine", "high", "09", _mean_cosine),
    ("Vendi, words", "low", "09", _vendi_of_words),
    ("Vendi, states", "low", "09", _vendi_of_states, *_REFERRED),
    ("MAUVE", "low", "11", _mauve, *_REFERRED),
    ("perplexity", "low", "03", _perplexity, "surprise"),
)
_OF_PROMPTS = (
    ("Self-BLEU in prompts", "high", "08", _within_prompts(_bleu_of), "prompts"),
    ("worst prompt's Self-BLEU", "high", "08", _worst_prompt, "prompts"),
    ("semantic entropy", "low", "07", _within_prompts(_entropy_in), "prompts"),
    ("Vendi in prompts", "low", "09", _within_prompts(_vendi_in), "prompts"),
)
_OF_TRACES = (
    ("entropy drop", "high", "07", _mean_drop, *_TRACED),
    ("flagged texts", "high", "07", _flagged, *_TRACED),
    ("spread of drops", "low", "11", _spread_of_drops, *_TRACED),
)


def _detectors(kind: Kind, *entries: Any) -> dict[str, Detector]:
    return {
        name: Detector(name, kind, collapse_is, built_in, of, tuple(needs))
        for name, collapse_is, built_in, of, *needs in entries
    }


DETECTORS: Mapping[str, Detector] = {
    **_detectors("texts", *_OF_TEXTS),
    **_detectors("prompts", *_OF_PROMPTS),
    **_detectors("trace", *_OF_TRACES),
}
