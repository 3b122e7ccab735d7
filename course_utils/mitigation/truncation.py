"""Truncation: forbid the unlikely tokens, keep the shape of the rest.

Each sampler masks the same tokens as transformers' warper of that name, bit by bit,
ties included.
"""

import bisect

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.validation import as_number, as_whole_number


class TopK(LogitsProcessor):
    """Keep the `k` largest logits of each row, and whatever ties with the last of them.

    A `k` beyond the vocabulary keeps everything. Equal to transformers'
    `TopKLogitsWarper`. Raises ValueError for k < 1.
    Fan et al. 2018 (arXiv 1805.04833). Built in notebook 12.
    """

    def __init__(self, k: int, min_tokens_to_keep: int = 1) -> None:
        self.k = as_whole_number("k", k, at_least=1)
        self.min_tokens_to_keep = as_whole_number(
            "min_tokens_to_keep", min_tokens_to_keep, at_least=1
        )

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        k = min(max(self.k, self.min_tokens_to_keep), scores.shape[-1])
        smallest_kept = scores.topk(k, dim=-1).values[..., -1:]
        return scores.masked_fill(scores < smallest_kept, -torch.inf)

    def __repr__(self) -> str:
        return f"TopK({self.k})"


class TopP(LogitsProcessor):
    """Keep the smallest set of tokens whose probabilities sum to `p` or more.

    Equal to transformers' `TopPLogitsWarper`, bit by bit, but several times faster on a
    CPU, because it sorts no more than it has to.
    Raises ValueError for p outside (0, 1].
    Holtzman et al. 2020 (arXiv 1904.09751). Built in notebook 12.
    """

    def __init__(self, p: float, min_tokens_to_keep: int = 1) -> None:
        self.p = as_number("p", p, "a number above 0 and at most 1")
        if not 0 < self.p <= 1:
            raise ValueError(f"p must be a number above 0 and at most 1, not {p}")
        self.min_tokens_to_keep = as_whole_number(
            "min_tokens_to_keep", min_tokens_to_keep, at_least=1
        )

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        removed = self._removed_by_search(scores)
        if removed is None:
            removed = self._removed_by_values(scores)
        if removed is None:
            removed = self._removed_by_sorting(scores)
        return scores.masked_fill(removed, -torch.inf)

    def _removed_by_sorting(self, scores: Tensor) -> Bool[Tensor, "batch vocab"]:
        """The algorithm itself: sort, sum up from the least likely, cut at 1 - p."""
        ascending, order = scores.sort(dim=-1)
        unlikely = self._outside_nucleus(ascending)
        return torch.zeros_like(unlikely).scatter(-1, order, unlikely)

    def _outside_nucleus(self, ascending: Tensor) -> Bool[Tensor, "batch vocab"]:
        outside = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - self.p
        outside[..., -self.min_tokens_to_keep :] = False
        return outside

    def _removed_by_values(self, scores: Tensor) -> Bool[Tensor, "batch vocab"] | None:
        """The same without indices, which numpy sorts faster; None if a tie is cut."""
        if not _is_for_numpy(scores):
            return None
        ascending = torch.from_numpy(np.sort(scores.detach().numpy(), axis=-1))
        num_removed = self._outside_nucleus(ascending).sum(dim=-1, keepdim=True)
        removed = scores < ascending.gather(-1, num_removed)
        is_cut = removed.sum(dim=-1, keepdim=True) != num_removed
        return None if is_cut.any() else removed

    def _removed_by_search(self, scores: Tensor) -> Bool[Tensor, "batch vocab"] | None:
        """The same without sorting all; None if rounding could decide."""
        if not _is_for_numpy(scores) or scores.shape[-1] < _LARGE_VOCABULARY:
            return None
        probs = scores.detach().softmax(dim=-1)
        edges = [_edge_of_nucleus(row, 1 - self.p) for row in probs.numpy()]
        if None in edges:
            return None
        removed = probs < torch.tensor(edges)[:, None]
        num_kept = scores.shape[-1] - removed.sum(dim=-1)
        return None if (num_kept < self.min_tokens_to_keep).any() else removed

    def __repr__(self) -> str:
        return f"TopP({self.p:g})"


_LARGE_VOCABULARY = 4096


def _is_for_numpy(scores: Tensor) -> bool:
    return scores.ndim == 2 and scores.is_cpu and scores.dtype == torch.float32


def _edge_of_nucleus(probs: np.ndarray, tail: float) -> np.float32 | None:
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
