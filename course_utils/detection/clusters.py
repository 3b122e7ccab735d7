"""Texts as points, and the points in clusters: does one kind of text take over?

The share of the largest cluster depends on how many clusters are asked for, and one
tight blob is cut into pieces like any other set. So the share comes with clusters by
distance, which need no number. Built in notebook 09.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.detection.hidden_states import read_states
from course_utils.detection.words import check_texts
from course_utils.foundations.inputs import as_float_tensor, as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_utils.model import LanguageModel

_ROWS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 16
_MOST_TERMS = 20_000
_BY_DISTANCE_AT_MOST = 5000  # every two points are compared


# Points for texts


def tfidf_points(
    texts: Sequence[str], width: int = 50, seed: int = 0
) -> Float[Tensor, "texts width"]:
    """Words weighted by their rarity, in `width` directions (latent semantics).

    Fewer directions where the texts have fewer words. A text without a word lies at 0.
    Points of one call can be compared with each other, not with those of another.
    Deerwester and others 1990.
    """
    from sklearn.decomposition import TruncatedSVD

    width = as_whole_number("width", width, at_least=1)
    weights = _tfidf_weights(texts)
    width = min(width, weights.shape[1])
    if width == weights.shape[1]:
        return torch.tensor(weights.toarray(), dtype=torch.float32)
    points = TruncatedSVD(width, random_state=seed).fit_transform(weights)
    return torch.tensor(points, dtype=torch.float32)


def tfidf_cosines(texts: Sequence[str]) -> Float[Tensor, "texts texts"]:
    """The likeness of every two texts: the cosine of their words' TF-IDF weights.

    From 0 (no word in common) to 1, which is also each text's likeness to itself.
    Unlike `tfidf_points` it leaves no direction out.
    """
    weights = _tfidf_weights(texts)
    cosines = torch.tensor((weights @ weights.T).toarray(), dtype=torch.float32)
    return cosines.clamp(0, 1).fill_diagonal_(1)


def _tfidf_weights(texts: Sequence[str]) -> Any:
    """A sparse matrix, a row of length 1 for each text."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    check_texts(texts)
    pattern = r"(?u)\w+|[^\w\s]"
    weigh = TfidfVectorizer(
        token_pattern=pattern, max_features=_MOST_TERMS, sublinear_tf=True
    )
    try:
        return weigh.fit_transform(texts)
    except ValueError:
        raise ValueError("texts hold no word at all; at least one is needed") from None


def state_points(
    lm: "LanguageModel", texts: Sequence[str], layer: int = -1
) -> Float[Tensor, "texts width"]:
    """The model's hidden states of a layer, averaged over the tokens of each text.

    Texts are cut where the model's context ends. Layer 0 is the embedding, -1 the last.
    Raises ValueError for a layer that the model doesn't have.
    """
    check_texts(texts, at_least=1)
    rows = [lm.encode(text)[: lm.context_length] for text in texts]
    by_length = defaultdict(list)
    for index, row in enumerate(rows):
        by_length[len(row)].append(index)
    points: dict[int, Tensor] = {}
    for indices in by_length.values():
        for first in range(0, len(indices), _TEXTS_AT_ONCE):
            batch = indices[first : first + _TEXTS_AT_ONCE]
            means = _mean_states(lm, [rows[index] for index in batch], layer)
            points.update(zip(batch, means, strict=True))
    return torch.stack([points[index] for index in range(len(rows))])


def _mean_states(
    lm: "LanguageModel", rows: list[list[int]], layer: int
) -> Float[Tensor, "texts width"]:
    """Of texts of one length, which need no padding."""
    hidden = read_states(lm, rows).hidden
    if not -len(hidden) <= layer < len(hidden):
        raise ValueError(
            f"layer must lie between {-len(hidden)} and {len(hidden) - 1}, not {layer}"
        )
    return hidden[layer].mean(dim=1)


def sentence_points(texts: Sequence[str], name: str) -> Float[Tensor, "texts width"]:
    """Points by a sentence encoder of the `sentence-transformers` package.

    Raises ImportError with what to do where the package is not installed, and OSError
    where the encoder is neither here nor within reach.
    """
    check_texts(texts, at_least=1)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ImportError(
            "sentence_points needs the package sentence-transformers: "
            "pip install sentence-transformers"
        ) from None
    encoder = SentenceTransformer(name)
    return torch.tensor(encoder.encode(list(texts)), dtype=torch.float32)


def without_common_directions(
    points: Float[Tensor, "n width"], directions: int = 1
) -> Float[Tensor, "n width"]:
    """Points less their mean and their `directions` widest directions.

    Embeddings of texts often share one long direction, so that all cosines are near 1
    (*anisotropy*). Mu and Viswanath 2018.
    """
    points = as_points(points)
    directions = as_whole_number("directions", directions, at_least=0)
    centred = points - points.mean(dim=0)
    widest = torch.linalg.svd(centred, full_matrices=False).Vh[:directions]
    return centred - centred @ widest.T @ widest


# k-means


@dataclass(frozen=True, eq=False)
class KMeans:
    """Points in k clusters.

    labels   the cluster of each point
    centres  the mean of each cluster
    spread   sum of squared distances from each point to its centre
    """

    labels: Int[Tensor, " n"]
    centres: Float[Tensor, "k width"]
    spread: float


def k_means(points: Any, k: int, seed: int = 0, starts: int = 5) -> KMeans:
    """The best of `starts` runs of Lloyd's algorithm from k-means++ centres.

    Raises ValueError for a k below 1 or above the number of points. Lloyd 1982, Arthur
    and Vassilvitskii 2007.
    """
    points = as_points(points)
    k = as_whole_number("k", k, at_least=1)
    if k > len(points):
        raise ValueError(f"k is {k}, but there are only {len(points)} points")
    generator = torch.Generator().manual_seed(seed)
    runs = [
        _lloyd(points, spread_centres(points, k, generator))
        for _ in range(as_whole_number("starts", starts, at_least=1))
    ]
    return min(runs, key=lambda run: run.spread)


def spread_centres(
    points: Float[Tensor, "n width"], k: int, generator: torch.Generator
) -> Float[Tensor, "k width"]:
    """k of the points, each drawn with chances as its squared distance from the former.

    Where all points already lie on a centre, any of them is drawn.
    """
    first = torch.randint(len(points), (1,), generator=generator)
    chosen = [int(first)]
    distance = torch.full((len(points),), torch.inf, dtype=points.dtype)
    for _ in range(k - 1):
        step = (points - points[chosen[-1]]).square().sum(dim=-1)
        distance = torch.minimum(distance, step)
        weights = distance if distance.sum() > 0 else torch.ones_like(distance)
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
    return points[chosen]


def nearest_centre(
    points: Float[Tensor, "n width"], centres: Float[Tensor, "k width"]
) -> Int[Tensor, " n"]:
    """The nearest centre of each point; of several equally near the first."""
    # By differences: the faster way, by scalar products, blurs points far from 0.
    exact = "donot_use_mm_for_euclid_dist"
    return torch.cat(
        [
            torch.cdist(part, centres, compute_mode=exact).argmin(dim=-1)
            for part in points.split(_ROWS_AT_ONCE)
        ]
    )


def move_centres(
    points: Float[Tensor, "n width"],
    labels: Int[Tensor, " n"],
    centres: Float[Tensor, "k width"],
) -> Float[Tensor, "k width"]:
    """The mean of each cluster's points; a cluster without points keeps its centre."""
    counts = labels.bincount(minlength=len(centres))
    sums = torch.zeros_like(centres).index_add_(0, labels, points)
    means = sums / counts.clamp(min=1)[:, None]
    return torch.where(counts[:, None] > 0, means, centres)


def _lloyd(
    points: Float[Tensor, "n width"], centres: Float[Tensor, "k width"], most: int = 100
) -> KMeans:
    labels = nearest_centre(points, centres)
    for _ in range(most):
        centres = move_centres(points, labels, centres)
        before, labels = labels, nearest_centre(points, centres)
        if torch.equal(before, labels):
            break
    spread = (points - centres[labels]).square().sum().item()
    return KMeans(labels, centres, spread)


# What clusters say


@dataclass(frozen=True, repr=False)
class Clusters:
    """How a set of points falls into clusters.

    share         of the largest of k clusters by k-means
    silhouette    from -1 to 1: are points nearer to their own cluster than to others?
                  None where all points lie in one place
    kinds         clusters by distance: points nearer than `apart` on average are one
    largest_kind  the share of the largest of those
    """

    share: float
    k: int
    silhouette: float | None
    kinds: int
    largest_kind: float
    size: int

    def __repr__(self) -> str:
        return (
            f"largest of {self.k} clusters {self.share:.0%}; {self.kinds} kinds by "
            f"distance, the largest {self.largest_kind:.0%}, of {self.size}"
        )

    def plot(self) -> "Figure":
        """Both shares beside what k equal clusters would have."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 2.2))
        axes = figure.subplots()
        axes.barh(["by distance", "k-means"], [self.largest_kind, self.share])
        axes.axvline(1 / self.k, color="black", ls="--")
        axes.set(xlim=(0, 1), xlabel="share of the largest cluster")
        axes.set_title(f"Dashed: {self.k} equal clusters")
        return figure


def clusters(points: Any, k: int = 5, apart: float = 0.5, seed: int = 0) -> Clusters:
    """k-means clusters and clusters by distance of points, compared by direction.

    apart is a cosine distance (1 - cosine), from 0 to 2. At most 5,000 points, drawn by
    the seed, are clustered by distance. Raises ValueError for a k out of range.
    """
    points = as_points(points)
    unit = points / points.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    k = min(as_whole_number("k", k, at_least=1), len(unit))
    labels = k_means(unit, k, seed).labels
    kinds = clusters_by_distance(drawn(unit, _BY_DISTANCE_AT_MOST, seed), apart)
    return Clusters(
        dominant_share(labels),
        k,
        silhouette(unit, labels, seed),
        len(kinds.unique()),
        dominant_share(kinds),
        len(unit),
    )


def dominant_share(labels: Any) -> float:
    """The share of the commonest label."""
    labels = torch.as_tensor(labels)
    if labels.numel() == 0:
        raise ValueError("labels is empty; at least one label is needed")
    return labels.unique(return_counts=True)[1].max().item() / labels.numel()


def silhouette(
    points: Float[Tensor, "n width"], labels: Int[Tensor, " n"], seed: int = 0
) -> float | None:
    """Mean silhouette by scikit-learn, of at most 5,000 points. Rousseeuw 1987.

    None unless there are at least 2 clusters and one of them has two points.
    """
    from sklearn.metrics import silhouette_score

    together = torch.cat([points, labels[:, None].to(points.dtype)], dim=-1)
    together = drawn(together, _BY_DISTANCE_AT_MOST, seed)
    points, labels = together[:, :-1], together[:, -1].long()
    if not 1 < len(labels.unique()) < len(labels):
        return None
    return float(silhouette_score(points.numpy(), labels.numpy()))


def clusters_by_distance(
    points: Float[Tensor, "n width"], apart: float
) -> Int[Tensor, " n"]:
    """Labels such that clusters are `apart` or more in mean cosine distance.

    Average linkage by scikit-learn. Every two points are compared.
    """
    unit = points / points.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return clusters_of_cosines(unit @ unit.T, apart)


def clusters_of_cosines(
    cosines: Float[Tensor, "n n"], apart: float
) -> Int[Tensor, " n"]:
    """The same, for things whose cosines are given."""
    from sklearn.cluster import AgglomerativeClustering

    join = AgglomerativeClustering(
        n_clusters=None,
        distance_threshold=apart,
        metric="precomputed",
        linkage="average",
    )
    distances = (1 - cosines).clamp(min=0).fill_diagonal_(0)
    return torch.tensor(join.fit_predict(distances.numpy()))


def drawn(
    points: Float[Tensor, "n width"], most: int, seed: int
) -> Float[Tensor, "m width"]:
    """All points, or `most` of them at random."""
    if len(points) <= most:
        return points
    generator = torch.Generator().manual_seed(seed)
    return points[torch.randperm(len(points), generator=generator)[:most]]


def as_points(points: Any) -> Float[Tensor, "n width"]:
    """A tensor [n, width] of finite numbers in float32 or wider, n of at least 2."""
    points = as_float_tensor("points", points)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(
            "points must have the shape [n, width] with n of at least 2, not "
            f"{tuple(points.shape)}"
        )
    if not points.isfinite().all():
        raise ValueError("points has NaN or infinite entries; allowed are numbers")
    return points.to(torch.promote_types(points.dtype, torch.float32))
