"""Checks of `effective_modes`, an exercise of notebook 04."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _scaled(shares):
    return shares / shares.sum(dim=-1, keepdim=True).clamp_min(1e-30)


def _entropy(probs):
    return -torch.xlogy(probs, probs).sum(dim=-1)


def _naive(shares):
    probs = _scaled(shares)
    number = (-(probs * probs.log()).sum(dim=-1)).exp()  # NaN for 0 times log 0
    return torch.where(shares.sum(dim=-1) > 0, number, 0.0)


CASES = [
    Case("effective_modes(shares)", shares=[0.5, 0.5]),
    Case("effective_modes(shares)", shares=[0.9, 0.05, 0.05]),
    Case("effective_modes(shares)", shares=[[0.7, 0.3], [0.5, 0.5], [0.9, 0.1]]),
    Case("effective_modes(shares)", shares=[0.8, 0.2, 0.0]),
    Case("effective_modes(shares)", shares=[0.4, 0.1, 0.1]),
    Case("effective_modes(shares)", shares=[[0.0, 0.0], [0.2, 0.1]]),
    Case("effective_modes(shares)", shares=[[[0.25, 0.75]], [[0.6, 0.4]]]),
]
HINTS = [
    "Three steps: divide each row by its sum, take the entropy with the natural "
    "logarithm, and `exp` of that.",
    "`-torch.xlogy(probs, probs).sum(dim=-1)` is the entropy of each row in nats, "
    "and doesn't mind zeros.",
    "For rows of zeros: divide by `total.clamp_min(1e-30)`, and at the end "
    "`torch.where(total.squeeze(-1) > 0, entropy.exp(), 0.0)`.",
]
WRONG = [
    wrong(
        "_entropy(_scaled(shares))",
        "This is the entropy itself. The effective number of modes is `exp` of it.",
    ),
    wrong(
        "(_entropy(_scaled(shares)) / torch.log(torch.tensor(2.0))).exp()",
        "Your entropy is in bits, and you take `exp` of it. Either use the natural "
        "logarithm and `exp`, or bits and a power of 2.",
    ),
    wrong(
        "torch.where(shares.sum(-1) > 0, 2 ** _entropy(_scaled(shares)), 0.0)",
        "Your entropy is in nats, and you raise 2 to it. Take `exp`, or measure it in "
        "bits.",
    ),
    wrong(
        "torch.where(shares.sum(-1) > 0, entropy.exp(), 0.0)",
        "You take the mean of -p log p over the modes. The entropy is their sum.",
        entropy="_entropy(_scaled(shares)) / shares.shape[-1]",
    ),
    wrong(
        "torch.where(shares.sum(-1) > 0, parts, 0.0)",
        "You take `exp` of each mode's part and add up. First the sum, which is the "
        "entropy, then `exp` of it.",
        probs="_scaled(shares)",
        parts="(-torch.xlogy(probs, probs)).exp().sum(dim=-1)",
    ),
    wrong(
        "(-_entropy(_scaled(shares))).exp()",
        "Your number falls where it should grow: the entropy is MINUS the sum of p log "
        "p.",
    ),
    wrong(
        "-(-_entropy(_scaled(shares))).exp()",
        "Your minus comes last: `-x.exp()` is minus the `exp` of x. Put the sum in "
        "brackets with its minus: `(-x).exp()`.",
    ),
    wrong(
        "(shares > 0).sum(dim=-1)",
        "You count the modes that come up. A mode with a share of 1 % is not a whole "
        "mode, and the answer no whole number: weigh them by the entropy.",
    ),
    wrong(
        "(shares > 0).sum(dim=-1).float()",
        "You count the modes that come up at all. A mode with a share of 1 % is not a "
        "whole mode: weigh them by the entropy.",
    ),
    wrong(
        "torch.where(shares.sum(-1) > 0, 1 / (_scaled(shares) ** 2).sum(dim=-1), 0.0)",
        "This is 1 over the sum of squares (Simpson's number, a cousin of order 2). "
        "Here `exp` of the entropy is wanted.",
    ),
    wrong(
        "torch.where(largest > 0, 1 / largest, 0.0)",
        "You look at the largest share only. All of them count: take `exp` of the "
        "entropy.",
        largest="_scaled(shares).amax(dim=-1)",
    ),
    wrong(
        "_naive(shares)",
        "A mode with a share of 0 makes your answer NaN, for 0 times log 0 is not a "
        "number here. `torch.xlogy(p, p)` knows that it should be 0.",
    ),
    wrong(
        "_naive(shares).nan_to_num()",
        "A single mode with a share of 0 makes a row NaN, and you turn all of it into "
        "0. `torch.xlogy(p, p)` is 0 for p = 0, and there is nothing to hide.",
    ),
    wrong(
        "torch.where(shares.sum(-1) > 0, _entropy(shares).exp(), 0.0)",
        "A row that sums to less than 1 is not yet a distribution. Divide it by its "
        "sum before you take the entropy.",
    ),
    wrong(
        "_entropy(torch.cat([shares, rest], dim=-1)).exp()",
        "You count what belongs to no mode as one mode more. Leave it out: divide the "
        "row by its sum.",
        rest="(1 - shares.sum(dim=-1, keepdim=True)).clamp_min(0)",
    ),
    wrong(
        "_entropy(shares / shares.sum(dim=-1, keepdim=True)).exp()",
        "In a row of zeros you divide 0 by 0 and get NaN. Nothing belongs to any mode "
        "there: the answer is 0.",
    ),
    wrong(
        "_entropy(_scaled(shares)).exp()",
        "You give a row of zeros one mode, for exp(0) is 1. Nothing belongs to any "
        "mode there: the answer is 0.",
    ),
    wrong(
        "torch.where(shares.sum() > 0, (-torch.xlogy(probs, probs).sum()).exp(), 0.0)",
        "You sum over all rows together. Every row is a distribution of its own: "
        "`sum(dim=-1)`.",
        probs="shares / shares.sum().clamp_min(1e-30)",
    ),
    wrong(
        "(-torch.xlogy(probs, probs).sum(dim=0)).exp()",
        "You sum over the first dimension. The modes are the last one: `dim=-1`.",
        probs="shares / shares.sum(dim=0, keepdim=True).clamp_min(1e-30)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_scaled, _entropy, _naive])
