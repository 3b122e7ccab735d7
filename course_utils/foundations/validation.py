"""The checks at the public door: what cannot be meant is refused in one sentence.

Tensors pass as they are; lists of numbers and numpy arrays become tensors, so that
`softmax([2, 1, 0])` works. Whole numbers become float32.
"""

import math
import operator
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

SUM_TOLERANCE = 1e-4
Processor = Callable[[Tensor, Tensor], Tensor]  # token ids and scores to scores


def as_float_tensor(name: str, values: Any) -> Float[Tensor, "*batch n"]:
    """`values` as a floating-point tensor with at least one entry in each row."""
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"{name} must be a tensor or a list of numbers, not {_short(values)}"
        ) from None
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise ValueError(f"{name} must hold real numbers, not {tensor.dtype}")
    if tensor.ndim == 0 or tensor.shape[-1] == 0:
        raise ValueError(
            f"{name} must have at least one entry in its last dimension, "
            f"not shape {tuple(tensor.shape)}"
        )
    return tensor if tensor.is_floating_point() else tensor.to(torch.float32)


def as_logits(logits: Any) -> Float[Tensor, "*batch vocab"]:
    """Logits as a tensor; refuses rows with NaN, +inf or nothing but -inf."""
    logits = as_float_tensor("logits", logits)
    # NaN wins every maximum, so the largest entry tells all three faults apart.
    peaks = logits.detach().amax(dim=-1)
    if not torch.isfinite(peaks).all():
        worst = peaks[~torch.isfinite(peaks)][0].item()
        raise ValueError(
            f"logits has a row whose largest entry is {worst}: every row needs a "
            "finite logit, and only -inf may stand beside it"
        )
    return logits


def as_probs(name: str, probs: Any) -> Float[Tensor, "*batch vocab"]:
    """Probabilities as a tensor; refuses negative rows and rows that don't sum to 1."""
    probs = as_float_tensor(name, probs)
    if not (probs >= 0).all():
        raise ValueError(
            f"{name} must not be negative or NaN, but its smallest entry is "
            f"{probs.min().item()}"
        )
    totals = probs.detach().sum(dim=-1, dtype=_wide(probs.dtype))
    errors = (totals - 1).abs()
    if not (errors <= SUM_TOLERANCE).all():
        worst = totals.flatten()[errors.flatten().argmax()].item()
        raise ValueError(
            f"{name} must sum to 1 within {SUM_TOLERANCE} along its last dimension, "
            f"but a row sums to {worst:.6g}"
        )
    return probs


def as_number(name: str, value: Any, allowed: str) -> float:
    """A real number that is not NaN; `allowed` completes the sentence if it isn't."""
    if isinstance(value, Tensor) and value.ndim == 0 and value.dtype != torch.bool:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
        raise ValueError(f"{name} must be {allowed}, not {_short(value)}")
    return float(value)


def as_temperature(temperature: Any) -> float:
    """A temperature: 0 (the argmax alone) or any positive finite number."""
    allowed = "a finite number of at least 0"
    number = as_number("temperature", temperature, allowed)
    if number < 0 or math.isinf(number):
        raise ValueError(f"temperature must be {allowed}, not {number}")
    return number


def as_base(base: Any) -> float:
    """The base of a logarithm: 2 gives bits, math.e gives nats."""
    allowed = "a finite number above 1"
    number = as_number("base", base, allowed)
    if number <= 1 or math.isinf(number):
        raise ValueError(f"base must be {allowed}, not {number}")
    return number


def as_whole_number(name: str, value: Any, at_least: int) -> int:
    """An integer of at least `at_least`; True and 2.0 are not integers."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < at_least:
        raise ValueError(
            f"{name} must be a whole number of at least {at_least}, not {_short(value)}"
        )
    return number


def check_generator(generator: Any) -> None:
    """Refuse what is not a torch.Generator, such as a bare seed."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ValueError(
            "generator must be a torch.Generator or None, such as "
            f"torch.Generator().manual_seed(0), not {_short(generator)}"
        )


def as_prompts(prompt: Any) -> list[str]:
    """A prompt or a list of prompts, as a list."""
    prompts = [prompt] if isinstance(prompt, str) else prompt
    if not isinstance(prompts, list | tuple) or not prompts:
        raise ValueError(
            f"prompt must be a string or a list of at least one, not {prompt!r}"
        )
    return list(prompts)


def as_processors(processors: Any) -> list[Processor]:
    """Samplers as a list, those with a memory reset."""
    example = "a list of LogitsProcessor objects, such as [Temperature(0.8)]"
    if not isinstance(processors, Iterable):
        raise ValueError(f"processors must be {example}, not {processors!r}")
    processors = list(processors)
    for processor in processors:
        if not callable(processor) or isinstance(processor, type):
            raise ValueError(f"processors must be {example}, but has {processor!r}")
        if hasattr(processor, "reset"):
            processor.reset()
    return processors


def as_seed(seed: Any) -> int:
    """A whole number that a torch.Generator takes."""
    seed = as_whole_number("seed", seed, at_least=0)
    if seed >= 2**64:
        raise ValueError(f"seed must be below 2**64, not {seed}")
    return seed


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
