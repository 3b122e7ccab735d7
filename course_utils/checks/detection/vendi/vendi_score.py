"""Checks of `vendi_score`, an exercise of notebook 09."""

import torch
from torch.nn.functional import normalize

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import Difference, compare, compare_kind


def _cosines(vectors):
    units = normalize(vectors, dim=-1)
    return units @ units.T


def _shares(vectors):
    return torch.linalg.eigvalsh(_cosines(vectors) / len(vectors)).clamp(min=0)


def _entropy(shares):
    return torch.special.entr(shares.clamp(min=0)).sum()


def _score(shares):
    return _entropy(shares).exp().item()


def compare_scores(expected, got) -> Difference | None:
    """As `compare`, but NaN equals NaN, so that a known mistake with NaN is found."""
    different_kind = compare_kind(expected, got)
    if different_kind:
        return different_kind
    return compare(torch.tensor(float(expected)), torch.tensor(float(got)))


CASES = [
    Case("vendi_score(vectors)", compare_scores, vectors=vectors)
    for vectors in (
        "torch.tensor([[1.0, 0.0], [0.0, 1.0]])",
        "torch.tensor([[0.0, 2.0], [0.0, 2.0]])",
        "torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])",
        "torch.tensor([[3.0, 0.0], [1.0, 2.0]])",
        "torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.0, 2.0]])",
        "torch.tensor([[1.0, 2.0], [2.0, 4.0], [-1.0, 1.0]])",
    )
]
HINTS = [
    "Three steps: a table of all cosines, divided by n; its eigenvalues; $e$ to "
    "the power of their entropy.",
    "Divide each vector by its length. Then `units @ units.T` is the table of "
    "cosines, and `torch.linalg.eigvalsh` gives a symmetric table's eigenvalues.",
    "`torch.special.entr(x)` is $-x \\ln x$, and 0 at 0. Clamp at 0 first: "
    "rounding may leave an eigenvalue a little below.",
]
WRONG = [
    wrong(
        "_score(torch.linalg.eigvalsh(_cosines(vectors)))",
        "Your eigenvalues sum to n, so they are no shares. Divide the table of cosines "
        "by n first.",
    ),
    wrong(
        "_score(torch.linalg.eigvalsh(_cosines(vectors) / vectors.shape[1]))",
        "You divide the table of cosines by the number of coordinates. Divide by the "
        "number of vectors: then the eigenvalues sum to 1.",
    ),
    wrong(
        "_score(torch.linalg.eigvalsh(vectors @ vectors.T / len(vectors)))",
        "These are scalar products. For cosines divide each vector by its length, "
        "`vectors.norm(dim=-1, keepdim=True)`.",
    ),
    wrong(
        "_score(eigenvalues / eigenvalues.sum())",
        "Your eigenvalues sum to 1, but they are those of scalar products, in which "
        "long vectors count more. Divide each vector by its length first.",
        eigenvalues="torch.linalg.eigvalsh(vectors @ vectors.T)",
    ),
    wrong(
        "_entropy(_shares(vectors)).item()",
        "That is the entropy. How many different things it amounts to is its "
        "exponential, $e^H$.",
    ),
    wrong(
        "(_entropy(_shares(vectors)) / torch.tensor(2.0).log()).exp().item()",
        "You take the logarithm to base 2, but raise $e$ to the result. Use one base "
        "for both.",
    ),
    wrong(
        "(-_entropy(_shares(vectors))).exp().item()",
        "Entropy has a minus in front: $H = -\\sum \\lambda \\ln \\lambda$. Without it "
        "the score falls below 1.",
    ),
    wrong(
        "_score(singular / singular.sum())",
        "You take singular values for shares. The eigenvalues of the table are their "
        "*squares*.",
        singular="torch.linalg.svdvals(torch.nn.functional.normalize(vectors))",
    ),
    wrong(
        "1 / _shares(vectors).square().sum().item()",
        "You divide 1 by the sum of squares, which is the score of order 2. Order 1 is "
        "$e^H$.",
    ),
    wrong(
        "float((_shares(vectors) > 1e-6).sum())",
        "You count the eigenvalues above 0, so a faint direction counts as much as a "
        "strong one. (That is the score of order 0.) Order 1 is $e^H$.",
    ),
    wrong(
        "1 / _cosines(vectors).mean().item()",
        "You go by the mean of the cosines alone. Two sets with the same mean can have "
        "different scores: the eigenvalues see how the likeness is spread.",
    ),
    wrong(
        "_score((table / table.sum()).flatten())",
        "You take the entropy of the table's entries. Its *eigenvalues* are the "
        "shares: `torch.linalg.eigvalsh`.",
        table="_cosines(vectors)",
    ),
    wrong(
        "_score((_cosines(vectors) / len(vectors)).diagonal())",
        "You take the table's diagonal for shares. It is 1 / n throughout, however "
        "alike the vectors are. Take its eigenvalues, `torch.linalg.eigvalsh`.",
    ),
    wrong(
        "(-(shares * shares.log()).sum()).exp().item()",
        "A share of 0 (or a little below, by rounding) has no logarithm, and you get "
        "NaN. Leave such shares out: they add nothing.",
        shares="torch.where(_shares(vectors) < 1e-6, 0.0, _shares(vectors))",
    ),
    wrong(
        "_score(torch.linalg.eigvalsh(_cosines(centred) / len(vectors)))",
        "You subtract the mean of the vectors first. The score looks at them as they "
        "are: the cosines are those of `vectors` themselves.",
        centred="vectors - vectors.mean(dim=0)",
    ),
    wrong(
        "2 ** _entropy(_shares(vectors)).item()",
        "Your entropy is in nats, by the natural logarithm, and you raise 2 to it. Use "
        "one base for both: $e^H$.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_cosines, _shares, _entropy, _score])
