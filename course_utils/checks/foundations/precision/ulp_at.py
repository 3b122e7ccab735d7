"""Checks of `ulp_at`, an exercise of notebook 02."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _gap(values, dtype):
    limits = torch.finfo(dtype)
    exponent = values.abs().clamp_min(limits.tiny).log2().floor()
    return limits.eps * 2**exponent


CASES = [
    Case("ulp_at(values, torch.bfloat16)", values=[35.0]),
    Case("ulp_at(values, torch.bfloat16)", values=[1.0, 2.0, 3.0, 5.0, 60.0]),
    Case("ulp_at(values, torch.float16)", values=[[35.0, 100.0], [0.1, 0.75]]),
    Case("ulp_at(values, torch.bfloat16)", values=[-35.0]),
    # As powers of two, because so small gaps would all pass for 0.
    Case("ulp_at(values, torch.float32).log2()", values=[35.0]),
    Case("ulp_at(values, torch.bfloat16).log2()", values="torch.tensor([2e-5])"),
    Case(
        "ulp_at(values, torch.float16).log2()",
        values="torch.tensor([1e-4, 2e-5, 1e-6])",
    ),
    Case("ulp_at(values, torch.float16).log2()", values=[0.0]),
]
HINTS = [
    "`torch.finfo(dtype).eps` is the gap at 1, and up to 2. From 2 to 4 it is "
    "twice as wide, from 4 to 8 four times.",
    "The power of two at or below a value is `2 ** values.abs().log2().floor()`. "
    "Multiply `eps` by it.",
    "Below `torch.finfo(dtype).tiny` the gap stays what it is there: "
    "`values.abs().clamp_min(tiny)` before the logarithm.",
]
WRONG = [
    wrong(
        "torch.full_like(values, torch.finfo(dtype).eps)",
        "This is the gap at 1, whatever the value. It doubles at every power of two: "
        "multiply `eps` by the power of two at or below the value.",
    ),
    wrong(
        "values.abs().clamp_min(torch.finfo(dtype).tiny) * torch.finfo(dtype).eps",
        "You multiply `eps` by the value itself. The gap stays the same from one power "
        "of two to the next: multiply by the power of two at or below the value.",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** magnitude.log2().ceil()",
        "Between two powers of two you take the upper one, so your gap is twice too "
        "wide: `floor` the logarithm.",
        magnitude="values.abs().clamp_min(torch.finfo(dtype).tiny)",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** magnitude.log2().round()",
        "You take the nearest power of two. The gap belongs to the one at or below the "
        "value: `floor` the logarithm instead of rounding it.",
        magnitude="values.abs().clamp_min(torch.finfo(dtype).tiny)",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** magnitude.log2().trunc()",
        "Below 1 the logarithm is negative, and cutting off its digits rounds it up, "
        "so your gap is twice too wide there: `floor` it instead.",
        magnitude="values.abs().clamp_min(torch.finfo(dtype).tiny)",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** magnitude.log2().int()",
        "Your exponents are integers, and of those torch takes no negative power: 2 to "
        "the -4 becomes 0. `floor()` leaves them floats.",
        magnitude="values.abs().clamp_min(torch.finfo(dtype).tiny)",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** magnitude.log().floor()",
        "You take the natural logarithm. Which power of two lies below a value is told "
        "by the logarithm to base 2: `log2()`.",
        magnitude="values.abs().clamp_min(torch.finfo(dtype).tiny)",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** values.abs().clamp_min(1).log2().floor()",
        "Below 1 your gap stays at `eps`. It goes on halving there, down to "
        "`torch.finfo(dtype).tiny`: let the exponent be negative.",
    ),
    wrong(
        "limits.eps * 2 ** values.abs().clamp_min(limits.eps).log2().floor()",
        "You raise small values to `eps`, the gap at 1. The gap goes on halving far "
        "below that: raise them to the smallest normal number, "
        "`torch.finfo(dtype).tiny`.",
        limits="torch.finfo(dtype)",
    ),
    wrong(
        "_gap(values, dtype) / 2",
        "This is the largest rounding error, half of the gap.",
    ),
    wrong(
        "_gap(values, values.dtype)",
        "This is the gap in the format that `values` has. Asked for is that of "
        "`dtype`: `torch.finfo(dtype)`.",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** values.abs().log2().floor()",
        "Near 0 your gap goes on shrinking. Below the smallest normal number, "
        "`torch.finfo(dtype).tiny`, it stays the same: raise smaller values to it "
        "first.",
    ),
    wrong(
        "torch.finfo(dtype).eps * 2 ** torch.where(values < 0, torch.nan, exponent)",
        "A negative number has no logarithm. The gap at -35 is the one at 35: take "
        "`values.abs()` first.",
        exponent="values.clamp(min=torch.finfo(dtype).tiny).log2().floor()",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_gap])
