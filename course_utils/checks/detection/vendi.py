"""Checks of `vendi_score`, an exercise of notebook 09."""

import torch
from torch.nn.functional import normalize

from course_utils.classroom.comparing import Difference, compare, compare_kind
from course_utils.classroom.judging import Case, Checks


def forgets_to_divide_by_n(vectors):
    """Your eigenvalues sum to n, so they are no shares. Divide the table of cosines by
    n first."""
    return _exp_entropy(torch.linalg.eigvalsh(_cosines(vectors)))


def divides_by_the_width(vectors):
    """You divide the table of cosines by the number of coordinates. Divide by the
    number of vectors: then the eigenvalues sum to 1."""
    return _exp_entropy(torch.linalg.eigvalsh(_cosines(vectors) / vectors.shape[1]))


def forgets_the_lengths(vectors):
    """These are scalar products. For cosines divide each vector by its length,
    `vectors.norm(dim=-1, keepdim=True)`."""
    products = vectors @ vectors.T / len(vectors)
    return _exp_entropy(torch.linalg.eigvalsh(products))


def shares_out_scalar_products(vectors):
    """Your eigenvalues sum to 1, but they are those of scalar products, in which long
    vectors count more. Divide each vector by its length first."""
    eigenvalues = torch.linalg.eigvalsh(vectors @ vectors.T)
    return _exp_entropy(eigenvalues / eigenvalues.sum())


def returns_the_entropy(vectors):
    """That is the entropy. How many different things it amounts to is its exponential,
    $e^H$."""
    return _entropy(_shares(vectors)).item()


def mixes_bits_and_nats(vectors):
    """You take the logarithm to base 2, but raise $e$ to the result. Use one base for
    both."""
    return (_entropy(_shares(vectors)) / torch.tensor(2.0).log()).exp().item()


def forgets_the_sign(vectors):
    """Entropy has a minus in front: $H = -\\sum \\lambda \\ln \\lambda$. Without it the
    score falls below 1."""
    return (-_entropy(_shares(vectors))).exp().item()


def takes_the_logarithm_of_zero(vectors):
    """A share of 0 (or a little below, by rounding) has no logarithm, and you get NaN.
    Leave such shares out: they add nothing."""
    shares = _shares(vectors)
    shares = torch.where(shares < 1e-6, torch.zeros_like(shares), shares)
    return (-(shares * shares.log()).sum()).exp().item()


def takes_singular_values(vectors):
    """You take singular values for shares. The eigenvalues of the table are their
    *squares*."""
    singular = torch.linalg.svdvals(normalize(vectors, dim=-1))
    return _exp_entropy(singular / singular.sum())


def adds_up_squares(vectors):
    """You divide 1 by the sum of squares, which is the score of order 2. Order 1 is
    $e^H$."""
    return 1 / _shares(vectors).square().sum().item()


def counts_directions(vectors):
    """You count the eigenvalues above 0, so a faint direction counts as much as a
    strong one. (That is the score of order 0.) Order 1 is $e^H$."""
    return float((_shares(vectors) > 1e-6).sum())


def looks_at_mean_cosine(vectors):
    """You go by the mean of the cosines alone. Two sets with the same mean can have
    different scores: the eigenvalues see how the likeness is spread."""
    return 1 / _cosines(vectors).mean().item()


def takes_the_table_for_shares(vectors):
    """You take the entropy of the table's entries. Its *eigenvalues* are the shares:
    `torch.linalg.eigvalsh`."""
    table = _cosines(vectors)
    return _exp_entropy((table / table.sum()).flatten())


def leaves_the_diagonal_as_shares(vectors):
    """You take the table's diagonal for shares. It is 1 / n throughout, however alike
    the vectors are. Take its eigenvalues, `torch.linalg.eigvalsh`."""
    return _exp_entropy((_cosines(vectors) / len(vectors)).diagonal())


def _cosines(vectors):
    units = normalize(vectors, dim=-1)
    return units @ units.T


def _shares(vectors):
    return torch.linalg.eigvalsh(_cosines(vectors) / len(vectors)).clamp(min=0)


def _entropy(shares):
    return torch.special.entr(shares.clamp(min=0)).sum()


def _exp_entropy(shares):
    return _entropy(shares).exp().item()


def compare_scores(expected, got) -> Difference | None:
    """As `compare`, but NaN equals NaN, so that a known mistake with NaN is found."""
    different_kind = compare_kind(expected, got)
    if different_kind:
        return different_kind
    return compare(torch.tensor(float(expected)), torch.tensor(float(got)))


VENDI_SCORE = Checks(
    cases=[
        Case("vendi_score(vectors)", {"vectors": vectors}, compare_scores)
        for vectors in (
            "torch.tensor([[1.0, 0.0], [0.0, 1.0]])",
            "torch.tensor([[0.0, 2.0], [0.0, 2.0]])",
            "torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])",
            "torch.tensor([[3.0, 0.0], [1.0, 2.0]])",
            "torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.0, 2.0]])",
            "torch.tensor([[1.0, 2.0], [2.0, 4.0], [-1.0, 1.0]])",
        )
    ],
    hints=[
        "Three steps: a table of all cosines, divided by n; its eigenvalues; $e$ to "
        "the power of their entropy.",
        "Divide each vector by its length. Then `units @ units.T` is the table of "
        "cosines, and `torch.linalg.eigvalsh` gives a symmetric table's eigenvalues.",
        "`torch.special.entr(x)` is $-x \\ln x$, and 0 at 0. Clamp at 0 first: "
        "rounding may leave an eigenvalue a little below.",
    ],
    wrong=[
        forgets_to_divide_by_n,
        divides_by_the_width,
        forgets_the_lengths,
        shares_out_scalar_products,
        returns_the_entropy,
        mixes_bits_and_nats,
        forgets_the_sign,
        takes_the_logarithm_of_zero,
        takes_singular_values,
        adds_up_squares,
        counts_directions,
        looks_at_mean_cosine,
        takes_the_table_for_shares,
        leaves_the_diagonal_as_shares,
    ],
)

CHECKS = {"vendi_score": VENDI_SCORE}
