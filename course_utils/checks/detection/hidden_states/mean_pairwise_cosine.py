"""Checks of `mean_pairwise_cosine`, an exercise of notebook 03."""

import torch
from torch.nn.functional import normalize

from course_utils.classroom.cases import Case, Checks, wrong


def _mean_of_pairs(units):
    """Mean scalar product of two different rows."""
    n = units.shape[-2]
    return ((units @ units.mT).sum(dim=(-2, -1)) - n) / (n * (n - 1))


def _cosines(vectors):
    units = normalize(vectors, dim=-1)
    return units @ units.mT


def _other_cosines(vectors):
    cosines = _cosines(vectors)
    return cosines - torch.diag_embed(cosines.diagonal(dim1=-2, dim2=-1))


CASES = [
    Case("mean_pairwise_cosine(vectors)", vectors=[[1.0, 0.0], [0.0, 1.0]]),
    Case("mean_pairwise_cosine(vectors)", vectors=[[1.0, 1.0], [3.0, 3.0]]),
    Case(
        "mean_pairwise_cosine(vectors)", vectors=[[2.0, 1.0], [-1.0, 2.0], [3.0, 0.0]]
    ),
    Case("mean_pairwise_cosine(vectors)", vectors=[[1.0, 0.0], [-2.0, 0.0]]),
    Case(
        "mean_pairwise_cosine(vectors)",
        vectors="torch.tensor([[[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], "
        "[[1.0, 2.0], [2.0, 1.0], [1.0, -1.0]]])",
    ),
]
HINTS = [
    "Divide each vector by its length. The scalar product of two such unit vectors "
    "is their cosine.",
    "`units @ units.mT` holds all n^2 cosines. The n on its diagonal are 1: take "
    "them off the sum, and divide by how many are left.",
    "`cosines.sum(dim=(-2, -1)) - n`, divided by `n * (n - 1)`, with "
    "`n = vectors.shape[-2]`.",
]
WRONG = [
    wrong(
        "_cosines(vectors).mean(dim=(-2, -1))",
        "You count each vector's cosine with itself, always 1, so n vectors at right "
        "angles would seem alike. Leave the diagonal out: n (n - 1) cosines are left.",
    ),
    wrong(
        "_other_cosines(vectors).sum(dim=(-2, -1)) / vectors.shape[-2] ** 2",
        "You set the diagonal to 0 but still divide by n^2. Without it there are n (n "
        "- 1) cosines.",
    ),
    wrong(
        "_other_cosines(vectors).sum(dim=(-2, -1)) / (n * (n - 1) / 2)",
        "You add up each pair twice (i with j and j with i) and divide by the number "
        "of pairs counted once. Divide by n (n - 1).",
        n="vectors.shape[-2]",
    ),
    wrong(
        "_cosines(vectors).triu(1).sum(dim=(-2, -1)) / (n * (n - 1))",
        "You add up each pair once, i before j, but divide by n (n - 1), which counts "
        "it twice. Divide by n (n - 1) / 2.",
        n="vectors.shape[-2]",
    ),
    wrong(
        "_cosines(vectors).triu(1).mean(dim=(-2, -1))",
        "You take the mean over all n^2 places of the table, the emptied ones too. "
        "Divide the sum by the number of cosines that are left in it.",
    ),
    wrong(
        "torch.cosine_similarity(vectors, vectors, dim=-1).mean(dim=-1)",
        "You compare each vector with itself, which always gives 1. Compare it with "
        "the others: `units @ units.mT` holds the cosines of all pairs.",
    ),
    wrong(
        "torch.cosine_similarity(first, vectors[..., 1:, :], dim=-1).mean(dim=-1)",
        "You compare all vectors with the first one only. Every pair counts.",
        first="vectors[..., :1, :]",
    ),
    wrong(
        "_mean_of_pairs(vectors / vectors.norm())",
        "You divide all vectors by one number, so their lengths still differ. Each has "
        "a length of its own: `vectors.norm(dim=-1, keepdim=True)`.",
    ),
    wrong(
        "_mean_of_pairs(vectors / vectors.norm(dim=-1))",
        "Without `keepdim=True` the lengths run along the wrong dimension, and vectors "
        "get divided by the lengths of others: `vectors.norm(dim=-1, keepdim=True)`.",
    ),
    wrong(
        "(products.sum(dim=(-2, -1)) - diagonal) / (n * (n - 1))",
        "These are scalar products. For a cosine, divide each vector by its length, "
        "`vectors.norm(dim=-1, keepdim=True)`.",
        n="vectors.shape[-2]",
        products="vectors @ vectors.mT",
        diagonal="products.diagonal(dim1=-2, dim2=-1).sum(dim=-1)",
    ),
    wrong(
        "(total - n) / (n * (n - 1))",
        "You divide by the length of each column. A vector is a row: its length runs "
        "along the last dimension, `norm(dim=-1, keepdim=True)`.",
        n="vectors.shape[-2]",
        total="normalize(vectors, dim=-2).sum(dim=-2).square().sum(dim=-1)",
    ),
    wrong(
        "torch.cosine_similarity(vectors[..., :-1, :], vectors[..., 1:, :], "
        "dim=-1).mean(dim=-1)",
        "You compare each vector with the next one only. Every pair counts, however "
        "far apart.",
    ),
    wrong(
        "torch.cosine_similarity(vectors, mean, dim=-1).mean(dim=-1)",
        "You compare each vector with their mean. Compare them with each other, two by "
        "two.",
        mean="vectors.mean(dim=-2, keepdim=True)",
    ),
    wrong(
        "_other_cosines(vectors).abs().sum(dim=(-2, -1)) / (n * (n - 1))",
        "You take cosines without their sign. Vectors that point in opposite "
        "directions have a cosine of -1.",
        n="vectors.shape[-2]",
    ),
    wrong(
        "1 - _other_cosines(vectors).sum(dim=(-2, -1)) / (n * (n - 1))",
        "These are distances, 1 - cosine. The mean cosine itself is wanted: 1 where "
        "all vectors point the same way.",
        n="vectors.shape[-2]",
    ),
    wrong(
        "(_other_cosines(vectors).sum(dim=(-2, -1)) / (n * (n - 1))).mean()",
        "You average over the whole batch. Each of its sets of vectors has a mean "
        "cosine of its own.",
        n="vectors.shape[-2]",
    ),
    wrong(
        "_cosines(vectors).sum(dim=(-2, -1)) / (n * (n - 1))",
        "You divide by the number of pairs, but your sum still holds each vector's "
        "cosine with itself: subtract n, or the diagonal.",
        n="vectors.shape[-2]",
    ),
]
CHECKS = Checks(
    CASES, HINTS, WRONG, helpers=[normalize, _mean_of_pairs, _cosines, _other_cosines]
)
