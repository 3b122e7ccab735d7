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
_TORCHS = {
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64"),
}  # the dtypes that numpy and torch have in common


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

    Anything in a row may stand for a numpy array, and a list for a tuple or the other
    way round. What is more than that stays as it is.
    """
    if isinstance(expected, np.ndarray):
        row = got.tolist() if isinstance(got, (np.ndarray, Tensor)) else got
        return list(row) if isinstance(row, tuple) else row
    if type(expected) in (list, tuple) and isinstance(got, (list, tuple)):
        items = map(in_form_of, expected, got)
        return type(expected)(items) if len(expected) == len(got) else got
    return got


def as_tensors(value: Any) -> Any:
    """`value` with tensors in place of numpy's arrays, in lists and tuples too."""
    if holds_array(value) and not isinstance(value, (list, tuple)):
        return torch.as_tensor(np.ascontiguousarray(value).reshape(np.shape(value)))
    if type(value) in (list, tuple):
        return type(value)(map(as_tensors, value))
    return value


def holds_array(value: object) -> bool:
    """Whether it is numpy's and of a dtype that torch has, or holds such a thing."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_array, value))
    if not isinstance(value, (np.ndarray, np.generic)):
        return False
    return value.dtype.isnative and value.dtype.name in _TORCHS


def holds_tensor(value: object) -> bool:
    """Whether it is a tensor, or a list or tuple that holds one."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_tensor, value))
    return isinstance(value, Tensor)


def incomparable(expected: Any, got: Any) -> Difference:
    """For values whose comparison raises an error, as that of complex numbers may."""
    kinds = [
        f"{type(value).__name__} of {value.dtype}"
        if isinstance(value, Tensor)
        else type(value).__name__
        for value in (expected, got)
    ]
    diagnosis = f"A {kinds[0]} is expected; a {kinds[1]} can't be compared with that."
    return Difference(diagnosis, shown(expected), shown(got))


def shown(value: object, limit: int = 300) -> str:
    """`repr`, cut to a readable length."""
    try:
        text = repr(value)
    except BaseException as error:
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
    cure = _to_tensor(got) if isinstance(expected, Tensor) else None
    return (
        f"The type is wrong: `{type(expected).__name__}` is expected, "
        f"yours is `{type(got).__name__}`."
    ) + (f" `{cure}` makes a tensor of it." if cure else "")


def _to_tensor(got: Any) -> str | None:
    """What makes a tensor of it, if anything does."""
    if isinstance(got, np.ndarray) and holds_array(got):
        return "torch.from_numpy(...)"
    if isinstance(got, (list, tuple)) and got and isinstance(got[0], Tensor):
        return "torch.stack(...)"
    return "torch.tensor(...)" if isinstance(got, (list, tuple, Real)) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) or (isinstance(value, Tensor) and value.ndim == 0)


def _values(expected: Any, got: Any) -> str | None:
    if isinstance(expected, Tensor):
        return _tensor_values(expected, got)
    if isinstance(expected, (list, tuple)):
        differences = map(compare, expected, got)
        return next((each.diagnosis for each in differences if each), None)
    if isinstance(expected, dict):
        return _entries(expected, got)
    if isinstance(expected, Real):
        close = math.isclose(
            float(expected), float(got), rel_tol=RELATIVE, abs_tol=ABSOLUTE
        )
        return None if close else "The value is wrong."
    return None if expected == got else "The value is wrong."


def _entries(expected: dict, got: dict) -> str | None:
    """What differs between two dicts; their order does not count."""
    for key in expected:
        if key not in got:
            return f"{key!r} is missing from your answer."
    for key in got:
        if key not in expected:
            return f"{key!r} should not be in your answer."
    differences = (compare(value, got[key]) for key, value in expected.items())
    return next((each.diagnosis for each in differences if each), None)


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
