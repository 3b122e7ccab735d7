"""Points in clusters: does one kind of text take over?

The share of the largest cluster depends on how many clusters are asked for, and one
tight blob is cut into pieces like any other set. So the share comes with clusters by
distance, which need no number. Built in notebook 09.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.detection.embedding import as_points
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS_AT_ONCE = 4096
_BY_DISTANCE_AT_MOST = 5000  # every two points are compared


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

    Average linkage by scipy. Every two points are compared.
    """
    unit = points / points.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return clusters_of_cosines(unit @ unit.T, apart)


def clusters_of_cosines(
    cosines: Float[Tensor, "n n"], apart: float
) -> Int[Tensor, " n"]:
    """The same, for things whose cosines are given."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(cosines) < 2:
        return torch.zeros(len(cosines), dtype=torch.int64)
    first, second = np.triu_indices(len(cosines), k=1)
    distances = (1 - cosines).clamp(min=0).double().numpy()[first, second]
    tree = linkage(distances, "average")
    below = np.nextafter(apart, -np.inf)  # at `apart` itself they are two
    return torch.tensor(fcluster(tree, below, "distance") - 1, dtype=torch.int64)


def drawn(
    points: Float[Tensor, "n width"], most: int, seed: int
) -> Float[Tensor, "m width"]:
    """All points, or `most` of them at random."""
    if len(points) <= most:
        return points
    generator = torch.Generator().manual_seed(seed)
    return points[torch.randperm(len(points), generator=generator)[:most]]
