"""Checks of `kl_divergence`, an exercise of notebook 03."""

import math

import torch
from torch.nn.functional import kl_div

from course_utils.classroom.cases import Case, Checks, wrong


def _kl(p, q, base):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1) / math.log(base)


CASES = [
    Case("kl_divergence(p, q)", p=[0.5, 0.5], q=[0.75, 0.25]),
    Case("kl_divergence(p, q)", p=[0.2, 0.8], q=[0.8, 0.2]),
    Case("kl_divergence(p, p)", p=[0.2, 0.3, 0.5]),
    Case("kl_divergence(p, q)", p=[1.0, 0.0], q=[0.25, 0.75]),
    Case("kl_divergence(p, q)", p=[0.5, 0.5, 0.0], q=[0.5, 0.5, 0.0]),
    Case("kl_divergence(p, q)", p=[0.5, 0.5], q=[1.0, 0.0]),
    Case("kl_divergence(p, q, base=torch.e)", p=[0.9, 0.1], q=[0.3, 0.7]),
    Case("kl_divergence(p, q, base=torch.e)", p=[0.4, 0.6], q=[0.0, 1.0]),
    Case("kl_divergence(p, q)", p=[[0.5, 0.5], [0.1, 0.9]], q=[[0.6, 0.4], [0.7, 0.3]]),
]
HINTS = [
    "KL is the cross-entropy of p and q minus the entropy of p: the surprise that "
    "q's errors add.",
    "In one sum: the mean under p of log p - log q. `torch.xlogy(p, q)` is "
    "p log q, 0 where p is 0, and minus infinity where only q is 0.",
    "`(torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1)`, and then the unit.",
]
WRONG = [
    wrong(
        "_kl(q, p, base)",
        "You have swapped p and q: KL is not symmetric. The tokens are drawn from p, "
        "so p is what weighs.",
    ),
    wrong(
        "-torch.xlogy(p, q).sum(dim=-1) / math.log(base)",
        "This is the cross-entropy. Subtract p's own entropy: KL is what is left, and "
        "0 where p and q agree.",
    ),
    wrong(
        "gain / math.log(base)",
        "This is the difference of two entropies, and it can be 0 for very different p "
        "and q. Take the cross-entropy, with q's surprises weighted by p, minus the "
        "entropy of p.",
        gain="torch.xlogy(p, p).sum(dim=-1) - torch.xlogy(q, q).sum(dim=-1)",
    ),
    wrong(
        "-_kl(p, q, base)",
        "The sign is wrong: KL is the mean of log(p / q), and never negative.",
    ),
    wrong(
        "(_kl(p, q, base) + _kl(q, p, base)) / 2",
        "You take the mean of both directions. KL(p || q) is one of them: tokens are "
        "drawn from p.",
    ),
    wrong(
        "(p - q).abs().sum(dim=-1) / 2",
        "This is the total variation, half the sum of the differences. KL compares "
        "logarithms: the mean under p of log p - log q.",
    ),
    wrong(
        "_kl(p, q, math.e)",
        "This is KL in nats, whatever `base` says: divide by `math.log(base)`.",
    ),
    wrong(
        "_kl(p, q, 2)",
        "You give bits, whatever `base` says: divide the sum over natural logarithms "
        "by `math.log(base)`.",
    ),
    wrong(
        "(p * (p / q).log()).sum(dim=-1) / math.log(base)",
        "Where p is 0 you multiply 0 by an infinite logarithm, and get NaN. What p "
        "never draws counts as 0: `torch.xlogy(p, p) - torch.xlogy(p, q)` keeps to "
        "that.",
    ),
    wrong(
        "logs.sum(dim=-1) / math.log(base)",
        "Where q gives 0 to a token that p can draw, KL is infinite: q would be "
        "surprised without end. You add something small or leave such tokens out. Only "
        "p's zeros may be left out.",
        small="torch.finfo(torch.float32).tiny",
        logs="torch.xlogy(p, p) - torch.xlogy(p, q.clamp_min(small))",
    ),
    wrong(
        "logs.masked_fill(q == 0, 0.0).sum(dim=-1) / math.log(base)",
        "You leave out the tokens to which q gives 0. But where p can draw such a "
        "token, KL is infinite. Only p's own zeros count as 0.",
        logs="torch.xlogy(p, p) - torch.xlogy(p, q)",
    ),
    wrong(
        "(torch.xlogy(p, p) - torch.xlogy(p, q + 1e-9)).sum(dim=-1) / math.log(base)",
        "You add something small to q, so that its logarithm stays finite. But where q "
        "gives 0 to a token that p can draw, KL is infinite.",
    ),
    wrong(
        "(torch.xlogy(p, p) - torch.xlogy(p, q)).mean(dim=-1) / math.log(base)",
        "You take the plain mean over the tokens. The terms are weighted with p "
        "already: add them up, `sum(dim=-1)`.",
    ),
    wrong(
        "(torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / math.log(base)",
        "You add up over the whole batch. Each row has a KL of its own: `sum(dim=-1)`.",
    ),
    wrong(
        "kl_div(p, q, reduction='none').sum(dim=-1) / math.log(base)",
        "`F.kl_div(a, b)` is no KL(a || b). Its first argument is a *logarithm*, and "
        "its second is what is drawn from: `F.kl_div(q.log(), p, ...)`.",
    ),
    wrong(
        "kl_div(q, p, reduction='none').sum(dim=-1) / math.log(base)",
        "`F.kl_div` wants the logarithm of its first argument: `q.log()`.",
    ),
    wrong(
        "kl_div(q.log(), p, reduction='none').sum(dim=-1) / math.log(base)",
        "`F.kl_div(q.log(), p)` gives NaN where both are 0. What p never draws counts "
        "as 0: `torch.xlogy(p, p) - torch.xlogy(p, q)` knows that.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_kl, kl_div])
