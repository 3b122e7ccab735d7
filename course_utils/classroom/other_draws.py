"""Other draws for a whole notebook: would other seeds say the same?

A lesson's seeds are written in its cells. For a retrial the variable COURSE_DRAWS
moves all of them at once, so that every random number is another one.
"""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

DRAWS = "COURSE_DRAWS"
_STRIDE = 7_919  # so that moved seeds fall on no seed that a lesson uses

_default_rng = np.random.default_rng


class _Moved(torch.Generator):
    """A generator whose seeds are all moved."""

    def manual_seed(self, seed: int) -> "_Moved":
        super().manual_seed(seed + _STRIDE * _draws())
        return self


def move_seeds() -> None:
    """Move every seed of this process, if COURSE_DRAWS asks for it; once is enough."""
    if _draws() and torch.Generator is not _Moved:
        torch.Generator = _Moved  # type: ignore[misc]
        np.random.default_rng = _moved_rng


def _draws() -> int:
    return int(os.environ.get(DRAWS, "0"))


def _moved_rng(seed: Any = None) -> np.random.Generator:
    if isinstance(seed, int):
        return _default_rng([seed, _draws()])
    if isinstance(seed, Iterable):
        return _default_rng([*seed, _draws()])
    return _default_rng(seed)
