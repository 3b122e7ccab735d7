"""Checks of `drawn_in`, an exercise of notebook 02."""

import torch

from course_utils.classroom.cases import Case, Checks, mistake, wrong


def _shares(sums):
    sums = sums.double()
    return sums.diff(dim=-1, prepend=torch.zeros_like(sums[..., :1])) / sums[..., -1:]


def _sums(probs, dtype, dim=-1):
    return probs.float().cumsum(dim=dim).to(dtype)


CASES = [
    Case("drawn_in(probs, torch.float32)", probs=[0.5, 0.25, 0.25]),
    Case("drawn_in(probs, torch.bfloat16)", probs=[0.5, 0.001, 0.499]),
    Case("drawn_in(probs, torch.bfloat16)", probs=[0.3, 0.003, 0.003, 0.694]),
    Case("drawn_in(probs, torch.float16)", probs=[0.7, 0.0003, 0.0003, 0.2994]),
    Case(
        "drawn_in(probs, torch.bfloat16)",
        probs=[[0.5, 0.001, 0.499], [0.25, 0.25, 0.5]],
    ),
    Case("drawn_in(probs, torch.bfloat16)", probs=[0.5, 0.25, 0.2]),
    Case("drawn_in(probs, torch.bfloat16)[-5:]", probs="torch.full((1000,), 1 / 1000)"),
    Case(
        "drawn_in(probs, torch.float32)",
        probs="torch.tensor([0.5, 0.001, 0.499]).bfloat16()",
    ),
]
HINTS = [
    "Three steps: the running sums, rounded to `dtype`; what lies between each sum and "
    "the one before it; that as a share of the last sum.",
    "`sums = probs.float().cumsum(dim=-1).to(dtype).float()` are the sums. The first "
    "token's piece begins at 0.",
    "`sums.diff(dim=-1, prepend=torch.zeros_like(sums[..., :1]))` are the pieces. "
    "Divide them by `sums[..., -1:]`.",
]
WRONG = [
    wrong(
        "normalised(probs.double())",
        "You don't round the running sums. Store them first: "
        "`probs.float().cumsum(dim=-1).to(dtype)`.",
    ),
    wrong(
        "normalised(probs.to(dtype).double())",
        "You round the probabilities. Here it is their running sum that is stored in "
        "`dtype`: `cumsum` first, then `.to(dtype)`.",
    ),
    wrong(
        "_shares(probs.float().cumsum(dim=-1)).to(dtype)",
        "You round the pieces, after taking differences. Round the sums, before.",
    ),
    wrong(
        "_sums(probs, dtype)",
        "These are the running sums. A token is drawn as often as its sum lies above "
        "the one before it: take differences.",
    ),
    wrong(
        "_sums(probs, dtype).double() / _sums(probs, dtype)[..., -1:]",
        "These are the running sums. A token is drawn as often as its sum lies above "
        "the one before it: take their differences, too.",
    ),
    wrong(
        "_sums(probs, dtype).double().diff(dim=-1) / _sums(probs, dtype)[..., -1:]",
        "Your answer lacks a token: the first piece begins at 0, so put a 0 in front "
        "of the sums.",
    ),
    wrong(
        "_shares(_sums(probs, dtype)) * _sums(probs, dtype)[..., -1:].double()",
        "Your pieces need not add up to 1. A draw scales its uniform number by the "
        "last sum, as in notebook 01: divide by that.",
    ),
    wrong(
        "sums.diff(dim=-1, prepend=torch.zeros_like(sums[..., :1])) / sums[..., -1:]",
        "You subtract and divide in `dtype`, which rounds again. Only the sums are "
        "stored in it: go back with `.float()` before you take differences.",
        sums="_sums(probs, dtype)",
    ),
    wrong(
        "_shares(_sums(probs.to(dtype), dtype))",
        "You round the probabilities as well. They come as they are; only their "
        "running sum is stored in `dtype`.",
    ),
    wrong(
        "_shares(probs.cumsum(dim=-1).to(dtype))",
        "You add in the format that `probs` has, so 16-bit probabilities get a 16-bit "
        "sum whatever `dtype` says. Go to float32 first: "
        "`probs.float().cumsum(dim=-1)`.",
    ),
    wrong(
        "_shares(_sums(probs, torch.bfloat16))",
        "You round to `bfloat16`, whatever `dtype` says: `.to(dtype)`.",
    ),
    wrong(
        "_shares(_sums(probs, dtype, 0))",
        "You add down the columns of a batch. The running sum goes along each row: "
        "`dim=-1`.",
    ),
    wrong(
        "_shares(_sums(probs.flatten(), dtype)).reshape(probs.shape)",
        "Your running sum goes on from row to row. Each row starts anew: `dim=-1`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_shares, _sums])


@mistake(CHECKS)
def stalls(probs, dtype):
    """You round after every addition, and so small pieces vanish in the sum. Add in
    float32, and round what is stored: `probs.float().cumsum(dim=-1).to(dtype)`."""
    total, sums = torch.zeros(probs.shape[:-1], dtype=dtype), []
    for column in probs.unbind(dim=-1):
        total = (total + column).to(dtype)
        sums.append(total)
    return _shares(torch.stack(sums, dim=-1))
