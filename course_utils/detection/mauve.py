"""How far a set of texts lies from a reference: what it says too much, or too little.

Points of both sets are put into common buckets, and the two histograms are compared by
their Kullback-Leibler divergences to every mixture of them. Few texts fill few buckets:
compare scores at one number of texts only. Pillutla and others 2021 (arXiv 2102.01454).
Built in notebook 11.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from course_utils.detection.clusters import k_means
from course_utils.detection.embedding import as_points
from course_utils.foundations.validation import as_probs, as_whole_number

SCALE = 5.0  # c of the paper
_MIXTURES = np.linspace(1e-6, 1 - 1e-6, 25)
_POINTS_A_BUCKET = 10


def mauve(
    points: Any, reference: Any, buckets: int | None = None, seed: int = 0
) -> float:
    """MAUVE of two sets of points [n, width]: 1 for equal histograms, near 0 for apart.

    buckets  of k-means over both sets' directions; None: a tenth of the smaller set

    The points of both must come from one embedding. Histograms are not smoothed.
    Raises ValueError for fewer than two points, and where widths differ.
    """
    points, reference = as_points(points), _as_reference(reference)
    if points.shape[1] != reference.shape[1]:
        raise ValueError(
            f"reference has points of width {reference.shape[1]}; allowed is that of "
            f"points, {points.shape[1]}"
        )
    fewer = min(len(points), len(reference))
    if buckets is None:
        buckets = max(2, fewer // _POINTS_A_BUCKET)
    buckets = as_whole_number("buckets", buckets, at_least=1)
    if buckets > len(points) + len(reference):
        raise ValueError(
            f"buckets is {buckets}; allowed are at most as many as there are points, "
            f"{len(points) + len(reference)}"
        )
    both = torch.cat([points, reference.to(points.dtype)])
    unit = both / both.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    labels = k_means(unit, buckets, seed).labels
    ours, theirs = (
        part.bincount(minlength=buckets).double() / len(part)
        for part in labels.split([len(points), len(reference)])
    )
    return mauve_of_histograms(ours, theirs)


def _as_reference(points: Any) -> Float[torch.Tensor, "n width"]:
    try:
        return as_points(points)
    except ValueError as error:
        raise ValueError(str(error).replace("points", "reference", 1)) from None


def mauve_of_histograms(p: Any, q: Any) -> float:
    """The area under the curve of two histograms' divergences to their mixtures.

    For each mixture r of p and q the curve has the point (exp(-c KL(q||r)),
    exp(-c KL(p||r))) with c = 5. Histograms that share no bucket score .004, not 0.
    Raises ValueError where they are no distributions, or not equally long.
    """
    first, second = (
        as_probs(name, values).detach().double().numpy()
        for name, values in (("p", p), ("q", q))
    )
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"q must be a list, as long as the list p, not of shape {second.shape} "
            f"beside {first.shape}"
        )
    curve = [(1.0, 0.0)]  # as the weight of p grows, it goes left and up
    for weight in _MIXTURES:
        mixture = weight * first + (1 - weight) * second
        curve.append((_nearness(second, mixture), _nearness(first, mixture)))
    across, up = np.array([*curve, (0.0, 1.0)]).T
    return float(np.trapezoid(up[::-1], across[::-1]))


def _nearness(
    p: Float[np.ndarray, " buckets"], mixture: Float[np.ndarray, " buckets"]
) -> float:
    """exp(-c KL(p || mixture)), in nats."""
    filled = p > 0
    divergence = (p[filled] * np.log(p[filled] / mixture[filled])).sum()
    return float(np.exp(-SCALE * divergence))
