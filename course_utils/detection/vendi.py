"""The Vendi score: how many entirely different things a set amounts to.

Things may be alike in part. With a similarity of 0 between any two of n things the
score is n, with 1 between all it is 1. Friedman and Dieng 2023; orders q: Pasarkar and
Dieng 2024. Built in notebook 09.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.foundations.entropy import effective_number
from course_utils.foundations.intervals import Interval, jackknife_interval
from course_utils.foundations.validation import as_float_tensor, as_number

_SLACK = 1e-4  # of a kernel's diagonal and symmetry


@dataclass(frozen=True)
class Vendi:
    """An effective number of different things among `size`.

    interval  95 %, for as many things, by the jackknife, within 1 and size
    """

    score: float
    interval: Interval
    size: int
    q: float

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"Vendi score {self.score:.2f} ({low:.2f} to {high:.2f}) of {self.size}, "
            f"order {self.q:g}"
        )


def vendi(vectors: Any, q: float = 1.0) -> Vendi:
    """The Vendi score of vectors [n, width] by their cosines, with its interval.

    Takes the n x n form or the width x width form, whichever is smaller: both have
    the same eigenvalues. Raises ValueError for fewer than two vectors and for a vector
    of length 0, which has no direction.
    """
    unit = _unit_rows(vectors)

    def score_of(kept: Sequence[int]) -> float:
        return vendi_score(unit[list(kept)], q)

    low, high = jackknife_interval(score_of, range(len(unit)), at_least=2)
    possible = max(low, 1.0), min(high, float(len(unit)))  # NaN stays, as it is first
    return Vendi(vendi_score(unit, q), possible, len(unit), float(q))


def vendi_score(vectors: Any, q: float = 1.0) -> float:
    """The score alone, see `vendi`."""
    unit = _unit_rows(vectors)
    n, width = unit.shape
    gram = unit @ unit.T if n <= width else unit.T @ unit
    return vendi_of_eigenvalues(torch.linalg.eigvalsh(gram / n), _as_order(q))


def vendi_of_kernel(kernel: Any, q: float = 1.0) -> float:
    """The Vendi score of things whose similarities [n, n] are given.

    Raises ValueError unless the matrix is square and symmetric, has ones on its
    diagonal and no negative eigenvalue.
    """
    similar = as_float_tensor("kernel", kernel).double()
    if similar.ndim != 2 or similar.shape[0] != similar.shape[1]:
        raise ValueError(
            f"kernel must be a square matrix, not of shape {tuple(similar.shape)}"
        )
    if not torch.allclose(similar, similar.T, atol=_SLACK):
        raise ValueError("kernel must be symmetric, but is not")
    diagonal = similar.diagonal()
    if not torch.allclose(diagonal, torch.ones_like(diagonal), atol=_SLACK):
        raise ValueError(
            "kernel must have 1 on its diagonal (everything is like itself), but "
            f"entries lie in {diagonal.min():.3g} ... {diagonal.max():.3g}"
        )
    eigenvalues = torch.linalg.eigvalsh(similar / len(similar))
    if eigenvalues.min() < -_SLACK:
        raise ValueError(
            "kernel must have no negative eigenvalue, but its smallest is "
            f"{eigenvalues.min() * len(similar):.3g}"
        )
    return vendi_of_eigenvalues(eigenvalues, _as_order(q))


def cosines(vectors: Any) -> Float[Tensor, "n n"]:
    """The cosines of all pairs of vectors [n, width]: the kernel of `vendi_score`.

    Raises ValueError for fewer than two vectors and for a vector of length 0.
    """
    unit = _unit_rows(vectors)
    return unit @ unit.T


def nearness(points: Any, width: float) -> Float[Tensor, "n n"]:
    """A kernel of distances d between points: exp(-d^2 / (2 width^2)).

    1 for points in one place, about 0 for those many widths apart. Raises ValueError
    for points that aren't [n, k] and for a width that isn't positive.
    """
    points = as_float_tensor("points", points).double()
    if points.ndim != 2 or not points.isfinite().all():
        raise ValueError(
            "points must be finite numbers of the shape [n, k], not of shape "
            f"{tuple(points.shape)} or with NaN"
        )
    allowed = "a positive number"
    width = as_number("width", width, allowed)
    if width <= 0:
        raise ValueError(f"width must be {allowed}, not {width:g}")
    return torch.exp(-torch.cdist(points, points).square() / (2 * width**2))


def vendi_of_eigenvalues(eigenvalues: Float[Tensor, " n"], q: float = 1.0) -> float:
    """Their effective number, less those that only rounding keeps from being 0.

    They are those of a kernel over its size, whose sum is 1.
    """
    noise = len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps * eigenvalues.max()
    kept = eigenvalues[eigenvalues > noise]
    return effective_number(kept / kept.sum(), q).item()


def _unit_rows(vectors: Any) -> Float[Tensor, "n width"]:
    vectors = as_float_tensor("vectors", vectors).double()
    if vectors.ndim != 2 or len(vectors) < 2:
        raise ValueError(
            "vectors must have the shape [n, width] with n of at least 2, not "
            f"{tuple(vectors.shape)}"
        )
    if not vectors.isfinite().all():
        raise ValueError("vectors has NaN or infinite entries; allowed are numbers")
    lengths = vectors.norm(dim=-1, keepdim=True)
    if (lengths == 0).any():
        index = int((lengths == 0).flatten().nonzero()[0])
        raise ValueError(f"vectors[{index}] is 0 everywhere and has no direction")
    return vectors / lengths


def _as_order(q: Any) -> float:
    allowed = "a number of at least 0, or inf"
    order = as_number("q", q, allowed)
    if order < 0:
        raise ValueError(f"q must be {allowed}, not {order:g}")
    return order
