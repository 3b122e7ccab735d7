"""Checks of `ulp_at`, `distinct_values` and `softmax_in`, exercises of notebook 02."""

import torch

from course_utils.classroom.judging import Case, Checks


def gives_the_gap_at_one(values, dtype):
    """This is the gap at 1, whatever the value. It doubles at every power of two:
    multiply `eps` by the power of two at or below the value."""
    return torch.full_like(values, torch.finfo(dtype).eps)


def grows_with_every_step(values, dtype):
    """You multiply `eps` by the value itself. The gap stays the same from one power of
    two to the next: multiply by the power of two at or below the value."""
    return values.abs().clamp_min(torch.finfo(dtype).tiny) * torch.finfo(dtype).eps


def forgets_the_sign(values, dtype):
    """A negative number has no logarithm. The gap at -35 is the one at 35: take
    `values.abs()` first."""
    exponent = values.clamp(min=torch.finfo(dtype).tiny).log2().floor()
    exponent = torch.where(values < 0, torch.nan, exponent)
    return torch.finfo(dtype).eps * 2**exponent


def rounds_the_exponent_up(values, dtype):
    """Between two powers of two you take the upper one, so your gap is twice too wide:
    `floor` the logarithm."""
    magnitude = values.abs().clamp_min(torch.finfo(dtype).tiny)
    return torch.finfo(dtype).eps * 2 ** magnitude.log2().ceil()


def rounds_the_exponent(values, dtype):
    """You take the nearest power of two. The gap belongs to the one at or below the
    value: `floor` the logarithm instead of rounding it."""
    magnitude = values.abs().clamp_min(torch.finfo(dtype).tiny)
    return torch.finfo(dtype).eps * 2 ** magnitude.log2().round()


def truncates_the_exponent(values, dtype):
    """Below 1 the logarithm is negative, and cutting off its digits rounds it up, so
    your gap is twice too wide there: `floor` it instead."""
    magnitude = values.abs().clamp_min(torch.finfo(dtype).tiny)
    return torch.finfo(dtype).eps * 2 ** magnitude.log2().trunc()


def loses_negative_exponents(values, dtype):
    """Your exponents are integers, and of those torch takes no negative power: 2 to the
    -4 becomes 0. `floor()` leaves them floats."""
    magnitude = values.abs().clamp_min(torch.finfo(dtype).tiny)
    return torch.finfo(dtype).eps * 2 ** magnitude.log2().int()


def takes_the_natural_logarithm(values, dtype):
    """You take the natural logarithm. Which power of two lies below a value is told by
    the logarithm to base 2: `log2()`."""
    magnitude = values.abs().clamp_min(torch.finfo(dtype).tiny)
    return torch.finfo(dtype).eps * 2 ** magnitude.log().floor()


def never_gets_below_eps(values, dtype):
    """Below 1 your gap stays at `eps`. It goes on halving there, down to
    `torch.finfo(dtype).tiny`: let the exponent be negative."""
    return torch.finfo(dtype).eps * 2 ** values.abs().clamp_min(1).log2().floor()


def stops_at_eps(values, dtype):
    """You raise small values to `eps`, the gap at 1. The gap goes on halving far below
    that: raise them to the smallest normal number, `torch.finfo(dtype).tiny`."""
    limits = torch.finfo(dtype)
    return limits.eps * 2 ** values.abs().clamp_min(limits.eps).log2().floor()


def gives_the_rounding_error(values, dtype):
    """This is the largest rounding error, half of the gap."""
    return _gap(values, dtype) / 2


def looks_at_the_tensors_own_format(values, dtype):
    """This is the gap in the format that `values` has. Asked for is that of `dtype`:
    `torch.finfo(dtype)`."""
    return _gap(values, values.dtype)


def lets_the_gap_shrink_for_ever(values, dtype):
    """Near 0 your gap goes on shrinking. Below the smallest normal number,
    `torch.finfo(dtype).tiny`, it stays the same: raise smaller values to it first."""
    return torch.finfo(dtype).eps * 2 ** values.abs().log2().floor()


def _gap(values, dtype):
    limits = torch.finfo(dtype)
    exponent = values.abs().clamp_min(limits.tiny).log2().floor()
    return limits.eps * 2**exponent


ULP_AT = Checks(
    cases=[
        Case("ulp_at(values, torch.bfloat16)", {"values": "torch.tensor([35.0])"}),
        Case(
            "ulp_at(values, torch.bfloat16)",
            {"values": "torch.tensor([1.0, 2.0, 3.0, 5.0, 60.0])"},
        ),
        Case(
            "ulp_at(values, torch.float16)",
            {"values": "torch.tensor([[35.0, 100.0], [0.1, 0.75]])"},
        ),
        Case("ulp_at(values, torch.bfloat16)", {"values": "torch.tensor([-35.0])"}),
        # As powers of two, because so small gaps would all pass for 0.
        Case(
            "ulp_at(values, torch.float32).log2()", {"values": "torch.tensor([35.0])"}
        ),
        Case(
            "ulp_at(values, torch.bfloat16).log2()", {"values": "torch.tensor([2e-5])"}
        ),
        Case(
            "ulp_at(values, torch.float16).log2()",
            {"values": "torch.tensor([1e-4, 2e-5, 1e-6])"},
        ),
        Case("ulp_at(values, torch.float16).log2()", {"values": "torch.tensor([0.0])"}),
    ],
    hints=[
        "`torch.finfo(dtype).eps` is the gap at 1, and up to 2. From 2 to 4 it is "
        "twice as wide, from 4 to 8 four times.",
        "The power of two at or below a value is `2 ** values.abs().log2().floor()`. "
        "Multiply `eps` by it.",
        "Below `torch.finfo(dtype).tiny` the gap stays what it is there: "
        "`values.abs().clamp_min(tiny)` before the logarithm.",
    ],
    wrong=[
        gives_the_gap_at_one,
        grows_with_every_step,
        forgets_the_sign,
        rounds_the_exponent_up,
        rounds_the_exponent,
        truncates_the_exponent,
        loses_negative_exponents,
        takes_the_natural_logarithm,
        never_gets_below_eps,
        stops_at_eps,
        gives_the_rounding_error,
        looks_at_the_tensors_own_format,
        lets_the_gap_shrink_for_ever,
    ],
)


def counts_the_whole_batch(values):
    """You count over all rows together. Each row has a count of its own: work along
    the last dimension."""
    return torch.tensor(values.unique().numel())


def works_along_the_first_dimension(values):
    """You work along the first dimension, so each column gets a count. The values of a
    row lie along the last one: `dim=-1`."""
    ordered = values.sort(dim=0).values
    return 1 + (ordered[1:] != ordered[:-1]).sum(dim=0)


def counts_the_steps(values):
    """You count where a new value begins, but not the first one. Add 1."""
    ordered = values.sort(dim=-1).values
    return (ordered[..., 1:] != ordered[..., :-1]).sum(dim=-1)


def compares_unsorted_neighbours(values):
    """You compare neighbours as they stand. Equal values can lie apart: sort each row
    first, `values.sort(dim=-1).values`."""
    return 1 + (values[..., 1:] != values[..., :-1]).sum(dim=-1)


def counts_the_ties(values):
    """You count the values that repeat another one. Asked for are the different
    ones."""
    ordered = values.sort(dim=-1).values
    return (ordered[..., 1:] == ordered[..., :-1]).sum(dim=-1)


def subtracts_infinities(values):
    """You subtract neighbours, and `-inf` minus `-inf` is NaN, which is not 0: two
    equal values count as different. Compare them with `!=` instead."""
    return 1 + (values.sort(dim=-1).values.diff(dim=-1) != 0).sum(dim=-1)


def forgives_small_differences(values):
    """You take values for equal that differ a little. Count to the last bit: two
    numbers are the same only where `==` says so."""
    ordered = values.sort(dim=-1).values
    same = torch.isclose(ordered[..., 1:], ordered[..., :-1])
    return 1 + (~same).sum(dim=-1)


def counts_what_occurs_once(values):
    """You count the values that no other one equals. A value that comes twice is a
    value too: count it once."""
    same = values[..., :, None] == values[..., None, :]
    return (same.sum(dim=-1) == 1).sum(dim=-1)


DISTINCT_VALUES = Checks(
    cases=[
        Case("distinct_values(values)", {"values": "torch.tensor([1.0, 1.0, 2.0])"}),
        Case(
            "distinct_values(values)",
            {"values": "torch.tensor([1.0, 2.0, 1.0, 2.0, 3.0])"},
        ),
        Case(
            "distinct_values(values)",
            {"values": "torch.tensor([[1.0, 2.0, 1.0, 4.0], [3.0, 3.0, 3.0, 3.0]])"},
        ),
        Case(
            "distinct_values(values)",
            {"values": "torch.tensor([[[1.0, 1.0]], [[2.0, 1.0]]])"},
        ),
        Case(
            "distinct_values(values)",
            {"values": "torch.tensor([0.0, -torch.inf, 1.0, -torch.inf])"},
        ),
        Case("distinct_values(values)", {"values": "torch.tensor([1.0, 1.0000002])"}),
        Case(
            "distinct_values(values.bfloat16())",
            {"values": "torch.linspace(32, 33, 9)"},
        ),
    ],
    hints=[
        "In a sorted row, equal values stand side by side.",
        "`ordered = values.sort(dim=-1).values`. How often does a value differ from "
        "the one before it, `ordered[..., 1:] != ordered[..., :-1]`?",
        "Sum that along the last dimension, and add 1 for the first value.",
    ],
    wrong=[
        counts_the_whole_batch,
        works_along_the_first_dimension,
        counts_the_steps,
        compares_unsorted_neighbours,
        counts_the_ties,
        subtracts_infinities,
        forgives_small_differences,
        counts_what_occurs_once,
    ],
)


def rounds_nothing(logits, dtype, temperature=1.0):
    """You don't round the logits: what lies within one gap must become equal. Store
    them first, `logits.to(dtype)`."""
    return torch.softmax(logits / temperature, dim=-1)


def rounds_only_the_result(logits, dtype, temperature=1.0):
    """You round the probabilities, but not the logits. Store the logits in `dtype`
    before you do anything else."""
    return torch.softmax(logits / temperature, dim=-1).to(dtype)


def rounds_only_the_logits(logits, dtype, temperature=1.0):
    """You round the logits, but not the probabilities: what is too small for `dtype`
    must become 0. End with `.to(dtype)`."""
    return torch.softmax(logits.to(dtype).float() / temperature, dim=-1)


def rounds_after_dividing(logits, dtype, temperature=1.0):
    """You divide by the temperature before you store the logits. A model stores them
    first: round, then divide."""
    scaled = (logits / temperature).to(dtype).float()
    return torch.softmax(scaled, dim=-1).to(dtype)


def divides_in_the_format(logits, dtype, temperature=1.0):
    """You divide in `dtype`, which rounds once more. Go back to float32 before you
    divide: `logits.to(dtype).float()`."""
    scaled = logits.to(dtype) / temperature
    return torch.softmax(scaled, dim=-1)


def computes_in_the_format(logits, dtype, temperature=1.0):
    """You compute in `dtype`, and every step rounds: subtract, `exp`, sum, divide. Go
    back to float32 between the two roundings: `logits.to(dtype).float()`."""
    stored = logits.to(dtype)
    weights = ((stored - stored.amax(dim=-1, keepdim=True)) / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def rounds_always_to_bfloat16(logits, dtype, temperature=1.0):
    """You round to `bfloat16`, whatever `dtype` says: `.to(dtype)`."""
    stored = logits.bfloat16().float()
    return torch.softmax(stored / temperature, dim=-1).bfloat16()


def multiplies_by_the_temperature(logits, dtype, temperature=1.0):
    """You multiply the logits by the temperature. Divide: high temperature brings them
    closer together."""
    stored = logits.to(dtype).float()
    return torch.softmax(stored * temperature, dim=-1).to(dtype)


def leaves_the_range(logits, dtype, temperature=1.0):
    """`exp` of such numbers is 0 or infinite, and their quotient NaN. `softmax` of
    notebook 01 subtracts the largest logit first: call it, or do the same."""
    weights = (logits.to(dtype).float() / temperature).exp()
    return (weights / weights.sum(dim=-1, keepdim=True)).to(dtype)


def forgets_the_temperature(logits, dtype, temperature=1.0):
    """`temperature` changes nothing in your answer: hand it on to `softmax`."""
    return torch.softmax(logits.to(dtype).float(), dim=-1).to(dtype)


SOFTMAX_IN = Checks(
    cases=[
        Case(
            "softmax_in(logits, torch.float32)", {"logits": "torch.tensor([1.0, 0.0])"}
        ),
        Case(
            "softmax_in(logits, torch.bfloat16)",
            {"logits": "torch.tensor([35.0, 35.1, 36.0])"},
        ),
        Case(
            "softmax_in(logits, torch.float16, temperature=2.0)",
            {"logits": "torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])"},
        ),
        Case(
            "softmax_in(logits, torch.bfloat16, temperature=3.0)",
            {"logits": "torch.tensor([33.0, 33.1])"},
        ),
        Case(
            "softmax_in(logits, torch.bfloat16, temperature=0.7)",
            {"logits": "torch.tensor([35.0, 33.0, 30.0])"},
        ),
        Case(
            "softmax_in(logits, torch.float16) == 0",
            {"logits": "torch.tensor([0.0, -18.0])"},
        ),
        Case(
            "softmax_in(logits, torch.float16).amax()",
            {"logits": "torch.zeros(70_000)"},
        ),
        Case(
            "softmax_in(logits, torch.float32, temperature=0.1)",
            {"logits": "torch.tensor([-35.0, -35.1])"},
        ),
    ],
    hints=[
        "Three steps: round the logits, compute the softmax, round the result.",
        "`logits.to(dtype)` rounds. `.float()` goes back to float32 without bringing "
        "back what was lost.",
        "`softmax(logits.to(dtype).float(), temperature)`, and then `.to(dtype)`.",
    ],
    wrong=[
        rounds_nothing,
        rounds_only_the_result,
        rounds_only_the_logits,
        rounds_after_dividing,
        divides_in_the_format,
        computes_in_the_format,
        rounds_always_to_bfloat16,
        multiplies_by_the_temperature,
        leaves_the_range,
        forgets_the_temperature,
    ],
)

CHECKS = {
    "ulp_at": ULP_AT,
    "distinct_values": DISTINCT_VALUES,
    "softmax_in": SOFTMAX_IN,
}
