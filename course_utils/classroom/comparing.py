"""Say in words how an answer differs from what was expected."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.classroom.errors import message_of

RELATIVE, ABSOLUTE = 1e-4, 1e-6  # what counts as equal


@dataclass(frozen=True)
class Difference:
    """`diagnosis` in words, and the two values as they are to be shown."""

    diagnosis: str
    expected: str
    got: str


Comparer = Callable[[Any, Any], Difference | None]


def compare(expected: Any, got: Any) -> Difference | None:
    """The first difference of type, shape or value; None if there is none.

    A tensor's precision is left to the answer: float64 will do for float32.
    """
    return compare_kind(expected, got) or _difference(
        _values(expected, got), expected, got
    )


def compare_kind(expected: Any, got: Any) -> Difference | None:
    """As `compare`, but the values may differ: for random answers."""
    return _difference(_kind(expected, got), expected, got)


def compare_shares(truth: Sequence[float], tolerance: float) -> Comparer:
    """A comparer of random draws: each category's share must agree within tolerance.

    Expected draws that come as often as `truth` says stand for `truth` itself, so
    that their own scatter doesn't count against an answer.
    """
    categories, true_shares = len(truth), torch.tensor([*truth, 0.0])

    def comparer(expected: Tensor, got: Tensor) -> Difference | None:
        different_kind = compare_kind(expected, got)
        if different_kind or expected.is_floating_point():
            # Two wrong answers that give no token ids are compared here as well.
            return different_kind or compare(expected, got)
        wanted, found = _shares(expected, categories), _shares(got, categories)
        if (wanted - true_shares).abs().max() <= tolerance:
            wanted = true_shares
        if (wanted - found).abs().max() <= tolerance:
            return None
        if found[-1] > wanted[-1]:
            diagnosis = f"Some draws lie outside 0 ... {categories - 1}."
        else:
            diagnosis = "The draws don't come as often as their probabilities say."
        return Difference(diagnosis, _shares_text(wanted), _shares_text(found))

    return comparer


def _shares(draws: Tensor, categories: int) -> Tensor:
    """How large a part of all `draws` each category has; last, what lies outside."""
    outside = (draws < 0) | (draws >= categories)
    inside = draws.long().masked_fill(outside, categories)
    counts = torch.bincount(inside.flatten(), minlength=categories + 1)
    return counts / max(draws.numel(), 1)


def _shares_text(shares: Tensor) -> str:
    return "shares " + ", ".join(f"{share:.2f}" for share in shares[:-1].tolist())


def in_form_of(expected: Any, got: Any) -> Any:
    """`got` in the form of what is expected, where it is the same but for its form.

    A numpy array may stand for a tensor, anything in a row for an array, and a list for
    a tuple or the other way round. What is more than that stays as it is.
    """
    if isinstance(expected, Tensor):
        return as_tensors(got) if is_array(got) else got
    if isinstance(expected, np.ndarray):
        row = got.tolist() if isinstance(got, (np.ndarray, Tensor)) else got
        return list(row) if isinstance(row, tuple) else row
    if type(expected) in (list, tuple) and isinstance(got, (list, tuple)):
        items = map(in_form_of, expected, got)
        return type(expected)(items) if len(expected) == len(got) else got
    return got


def as_tensors(value: Any) -> Any:
    """`value` with tensors in place of numpy's arrays, in lists and tuples too."""
    if is_array(value):
        return torch.as_tensor(np.array(value)) if value.dtype.kind in "biuf" else value
    if type(value) in (list, tuple):
        return type(value)(map(as_tensors, value))
    return value


def is_array(value: object) -> bool:
    """Whether this is numpy's, an array or a number."""
    return isinstance(value, (np.ndarray, np.generic))


def shown(value: object, limit: int = 300) -> str:
    """`repr`, cut to a readable length."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<{type(value).__name__} that can't be shown: {message_of(error)}>"
    return text if len(text) <= limit else text[:limit] + " ..."


def _difference(diagnosis: str | None, expected: Any, got: Any) -> Difference | None:
    if diagnosis is None:
        return None
    return Difference(diagnosis, shown(expected), shown(got))


def _kind(expected: Any, got: Any) -> str | None:
    if got is None and expected is not None:
        return "Your answer returns `None`: did you forget `return`?"
    if isinstance(expected, Tensor):
        return _tensor_kind(expected, got)
    if isinstance(expected, Real) and _is_number(got):
        return None
    if not isinstance(got, type(expected)):
        return _wrong_type(expected, got)
    if isinstance(expected, (list, tuple)) and len(expected) != len(got):
        return f"{len(expected)} items are expected, yours has {len(got)}."
    return None


def _tensor_kind(expected: Tensor, got: Any) -> str | None:
    if not isinstance(got, Tensor):
        return _wrong_type(expected, got)
    if got.shape != expected.shape:
        return (
            f"The shape is wrong: {list(expected.shape)} is expected, "
            f"yours is {list(got.shape)}."
        )
    if _number_kind(got) != _number_kind(expected):
        return f"The dtype is wrong: {expected.dtype} is expected, not {got.dtype}."
    return None


def _number_kind(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "truth value"
    if tensor.is_complex():
        return "complex"
    return "floating point" if tensor.is_floating_point() else "integer"


def _wrong_type(expected: Any, got: Any) -> str:
    cure = isinstance(expected, Tensor) and isinstance(got, np.ndarray)
    return (
        f"The type is wrong: `{type(expected).__name__}` is expected, "
        f"yours is `{type(got).__name__}`."
    ) + " `torch.from_numpy(...)` makes a tensor of it." * cure


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) or (isinstance(value, Tensor) and value.ndim == 0)


def _values(expected: Any, got: Any) -> str | None:
    if isinstance(expected, Tensor):
        return _tensor_values(expected, got)
    if isinstance(expected, (list, tuple)):
        differences = map(compare, expected, got)
        return next((each.diagnosis for each in differences if each), None)
    if isinstance(expected, Real):
        close = math.isclose(
            float(expected), float(got), rel_tol=RELATIVE, abs_tol=ABSOLUTE
        )
        return None if close else "The value is wrong."
    return None if expected == got else "The value is wrong."


def _tensor_values(expected: Tensor, got: Tensor) -> str | None:
    got = got.to(expected.dtype)
    close = torch.isclose(got, expected, RELATIVE, ABSOLUTE, equal_nan=True)
    if close.all():
        return None
    if got.is_floating_point() and (got.isnan() & ~expected.isnan()).any():
        return "Your answer holds NaN (not a number)."
    if close.ndim == 0:
        return "The value is wrong."
    index = (~close).nonzero()[0].tolist()
    place = ", ".join(map(str, index))
    return f"The values differ, first at index [{place}]."
