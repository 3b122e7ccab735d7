"""Checks of `softmax_in`, an exercise of notebook 02."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("softmax_in(logits, torch.float32)", logits=[1.0, 0.0]),
    Case("softmax_in(logits, torch.bfloat16)", logits=[35.0, 35.1, 36.0]),
    Case(
        "softmax_in(logits, torch.float16, temperature=2.0)",
        logits=[[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]],
    ),
    Case("softmax_in(logits, torch.bfloat16, temperature=3.0)", logits=[33.0, 33.1]),
    Case(
        "softmax_in(logits, torch.bfloat16, temperature=0.7)", logits=[35.0, 33.0, 30.0]
    ),
    Case("softmax_in(logits, torch.float16) == 0", logits=[0.0, -18.0]),
    Case("softmax_in(logits, torch.float16).amax()", logits="torch.zeros(70_000)"),
    Case("softmax_in(logits, torch.float32, temperature=0.1)", logits=[-35.0, -35.1]),
]
HINTS = [
    "Three steps: round the logits, compute the softmax, round the result.",
    "`logits.to(dtype)` rounds. `.float()` goes back to float32 without bringing "
    "back what was lost.",
    "`softmax(logits.to(dtype).float(), temperature)`, and then `.to(dtype)`.",
]
WRONG = [
    wrong(
        "torch.softmax(logits / temperature, dim=-1)",
        "You don't round the logits: what lies within one gap must become equal. Store "
        "them first, `logits.to(dtype)`.",
    ),
    wrong(
        "torch.softmax(logits / temperature, dim=-1).to(dtype)",
        "You round the probabilities, but not the logits. Store the logits in `dtype` "
        "before you do anything else.",
    ),
    wrong(
        "torch.softmax(logits.to(dtype).float() / temperature, dim=-1)",
        "You round the logits, but not the probabilities: what is too small for "
        "`dtype` must become 0. End with `.to(dtype)`.",
    ),
    wrong(
        "torch.softmax((logits / temperature).to(dtype).float(), dim=-1).to(dtype)",
        "You divide by the temperature before you store the logits. A model stores "
        "them first: round, then divide.",
    ),
    wrong(
        "torch.softmax(logits.to(dtype) / temperature, dim=-1)",
        "You divide in `dtype`, which rounds once more. Go back to float32 before you "
        "divide: `logits.to(dtype).float()`.",
    ),
    wrong(
        "weights / weights.sum(dim=-1, keepdim=True)",
        "You compute in `dtype`, and every step rounds: subtract, `exp`, sum, divide. "
        "Go back to float32 between the two roundings: `logits.to(dtype).float()`.",
        stored="logits.to(dtype)",
        weights="((stored - stored.amax(dim=-1, keepdim=True)) / temperature).exp()",
    ),
    wrong(
        "torch.softmax(logits.bfloat16().float() / temperature, dim=-1).bfloat16()",
        "You round to `bfloat16`, whatever `dtype` says: `.to(dtype)`.",
    ),
    wrong(
        "torch.softmax(logits.to(dtype).float() * temperature, dim=-1).to(dtype)",
        "You multiply the logits by the temperature. Divide: high temperature brings "
        "them closer together.",
    ),
    wrong(
        "normalised((logits.to(dtype).float() / temperature).exp()).to(dtype)",
        "`exp` of such numbers is 0 or infinite, and their quotient NaN. `softmax` of "
        "notebook 01 subtracts the largest logit first: call it, or do the same.",
    ),
    wrong(
        "torch.softmax(logits.to(dtype).float(), dim=-1).to(dtype)",
        "`temperature` changes nothing in your answer: hand it on to `softmax`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
