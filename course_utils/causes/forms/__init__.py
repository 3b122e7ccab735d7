"""Three faces of collapse and the one definition that covers them.

Name the modes: the tales' heroes, the clusters of a data set, the routes to a goal.
Take a reference: how what comes out would be spread over the modes if all were well.
A system has collapsed where it keeps few of the reference's modes, counted by their
effective number, exp of the entropy. The modules put this to work: `gan` and
`embeddings` on features, `policies` on behaviour. Built in notebook 04.
"""

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.entropy import entropy
from course_utils.foundations.validation import (
    SUM_TOLERANCE,
    as_float_tensor,
    as_number,
    as_whole_number,
)


def mode_shares(
    labels: Int[Tensor, "*batch n"], modes: int
) -> Float[Tensor, "*batch modes"]:
    """Which share of each row's n outputs belongs to each of `modes` modes.

    `labels` are numbers from 0; -1 marks an output that belongs to no mode, so that a
    row may sum to less than 1. Raises ValueError for an empty row, for labels that are
    not integers, and for those outside -1 ... modes - 1. Built in notebook 04.
    """
    labels = torch.as_tensor(labels)
    modes = as_whole_number("modes", modes, at_least=1)
    if labels.is_floating_point() or labels.ndim == 0 or labels.shape[-1] == 0:
        raise ValueError(
            "labels must be whole numbers, at least one in each row, not "
            f"{labels.dtype} of shape {tuple(labels.shape)}"
        )
    if labels.min() < -1 or labels.max() >= modes:
        raise ValueError(
            f"labels must lie in -1 ... {modes - 1}, but go from {labels.min().item()} "
            f"to {labels.max().item()}"
        )
    belongs = labels.unsqueeze(-1) == torch.arange(modes, device=labels.device)
    return belongs.float().mean(dim=-2)


def effective_modes(shares: Float[Tensor, "*batch modes"]) -> Float[Tensor, "*batch"]:
    """How many equally common modes would be as diverse: exp of the entropy.

    From 1 (one mode takes all) to the number of modes (all alike). What a row lacks to
    1 belongs to no mode and is left out; a row of zeros has 0 effective modes.
    Raises ValueError where a row is negative or sums to more than 1.
    Hill 1973, order 1. Built in notebook 04.
    """
    shares = _as_shares("shares", shares)
    total = shares.sum(dim=-1, keepdim=True)
    # A row of zeros has no probabilities: even ones stand in until its 0 is put in.
    probs = torch.where(total > 0, shares / total, 1 / shares.shape[-1])
    number = entropy(probs, base=math.e).exp()
    return torch.where(total.squeeze(-1) > 0, number, 0.0)


def covered_modes(
    shares: Float[Tensor, "*batch modes"],
    reference: Float[Tensor, "modes"],
    floor: float = 0.1,
) -> Int[Tensor, "*batch"]:
    """How many of the reference's modes still come up.

    A mode counts where it has at least `floor` times its share in the reference.
    Modes that the reference lacks never count. Raises ValueError for a floor outside
    0 (excluded) to 1 and for shares over other modes. Built in notebook 04.
    """
    shares, reference = _as_pair(shares, reference)
    floor = as_number("floor", floor, "above 0 and at most 1")
    if not 0 < floor <= 1:
        raise ValueError(f"floor must be above 0 and at most 1, not {floor}")
    return ((shares >= floor * reference) & (reference > 0)).sum(dim=-1)


def kept(
    shares: Float[Tensor, "*batch modes"], reference: Float[Tensor, "modes"]
) -> Float[Tensor, "*batch"]:
    """Effective modes as a share of the reference's: near 0 is collapse, 1 is none.

    Above 1 where the shares are more even than the reference. Takes and refuses what
    `effective_modes` does. Built in notebook 04.
    """
    shares, reference = _as_pair(shares, reference)
    return effective_modes(shares) / effective_modes(reference)


def _as_pair(shares: Any, reference: Any) -> tuple[Tensor, Tensor]:
    shares, reference = _as_shares("shares", shares), _as_shares("reference", reference)
    if reference.shape != shares.shape[-1:] or not (reference > 0).any():
        raise ValueError(
            f"reference must be one row of shares over the {shares.shape[-1]} modes, "
            f"not all of them 0, but has shape {tuple(reference.shape)}"
        )
    return shares, reference


def _as_shares(name: str, shares: Any) -> Tensor:
    """Shares as a tensor of at least float32: half precision rounds small ones away."""
    tensor = as_float_tensor(name, shares)
    tensor = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
    totals = tensor.sum(dim=-1)
    if not ((tensor >= 0).all() and (totals <= 1 + SUM_TOLERANCE).all()):
        raise ValueError(
            f"{name} must be at least 0 and sum to at most 1, but the smallest is "
            f"{tensor.min().item():.6g} and the largest sum {totals.max().item():.6g}"
        )
    return tensor
