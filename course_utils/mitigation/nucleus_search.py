"""Search instead of sorting: where a nucleus ends, in one row of probabilities."""

import bisect

import numpy as np
import torch
from torch import Tensor

LARGE_VOCABULARY = 4096


def is_for_numpy(scores: Tensor) -> bool:
    return scores.ndim == 2 and scores.is_cpu and scores.dtype == torch.float32


def edge_of_nucleus(probs: np.ndarray, tail: float) -> np.float32 | None:
    """The smallest probability that is kept when `tail` of the mass is cut off.

    A search by bisection: some of the probabilities serve as marks on the scale, the
    sum crosses `tail` between two of them, and only what lies there is sorted. None
    where a sum comes too near to `tail`, or a tie lies across the edge.
    """
    marks = np.sort(probs[:: len(probs) // 512])
    crossing = bisect.bisect_right(marks, tail, key=lambda mark: probs @ (probs < mark))
    low, high = np.concatenate([[0], marks, [np.inf]])[crossing : crossing + 2]
    block = np.sort(probs[(probs >= low) & (probs < high)])
    below = probs.astype(np.float64) @ (probs < low)
    sums = below + np.concatenate([[0], block.cumsum(dtype=np.float64)])
    edge = int(np.searchsorted(sums, tail, side="right"))
    if not 0 < edge < len(sums):
        return None
    # Another order of summation, as in the sorted softmax, may shift a sum this far.
    if np.abs(sums[edge - 1 : edge + 1] - tail).min() < 4e-6 * tail:
        return None
    is_tied = edge > 1 and block[edge - 2] == block[edge - 1]
    return None if is_tied else block[edge - 1]


def place_of_mass(
    keys: np.ndarray, weights: np.ndarray, mass: float
) -> np.float32 | None:
    """The smallest key at which the weights of all keys up to it reach `mass`.

    A search by bisection over some of the keys; only what lies between two of them is
    sorted. None where a sum comes too near to `mass`.
    """
    marks = np.sort(keys[:: len(keys) // 512])
    crossing = bisect.bisect_left(marks, mass, key=lambda key: weights @ (keys <= key))
    low, high = np.concatenate([[-np.inf], marks, [np.inf]])[crossing : crossing + 2]
    inside = (keys > low) & (keys <= high)
    order = np.argsort(keys[inside])
    below = weights.astype(np.float64) @ (keys <= low)
    sums = below + weights[inside][order].cumsum(dtype=np.float64)
    place = int(np.searchsorted(sums, mass))
    if place == len(sums) or np.abs(sums - mass).min() < 1e-6:
        return None
    return keys[inside][order][place]
