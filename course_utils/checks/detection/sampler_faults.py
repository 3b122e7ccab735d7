"""Checks of `agreement`, an exercise of notebook 02."""

from course_utils.classroom.judging import Case, Checks


def pairs_each_token_with_itself(tokens):
    """You pair each token with itself as well, and those pairs always agree. Leave
    them out: n tokens make n * (n - 1) ordered pairs."""
    same = tokens[..., :, None] == tokens[..., None, :]
    return same.double().mean(dim=(-2, -1))


def keeps_the_diagonal_in_the_count(tokens):
    """You leave out each token's pair with itself in the sum, but not in the count.
    Without those, n * (n - 1) ordered pairs are left."""
    n = tokens.shape[-1]
    return _agreement(tokens) * (n - 1) / n


def keeps_the_diagonal_in_the_sum(tokens):
    """You divide by n * (n - 1), but your sum still holds each token paired with
    itself: subtract those n."""
    n = tokens.shape[-1]
    same = tokens[..., :, None] == tokens[..., None, :]
    return same.sum(dim=(-2, -1)) / (n * (n - 1))


def keeps_the_diagonal_in_a_triangle(tokens):
    """Your triangle of the table includes its diagonal, where each token meets itself.
    Begin one place beside it: `triu(1)`."""
    n = tokens.shape[-1]
    same = tokens[..., :, None] == tokens[..., None, :]
    return same.triu().sum(dim=(-2, -1)) / (n * (n - 1) / 2)


def works_along_the_first_dimension(tokens):
    """You compare along the first dimension. The tokens of a row lie along the last
    one: `tokens.shape[-1]` of them."""
    return _agreement(tokens.movedim(0, -1))


def compares_neighbours_only(tokens):
    """You compare each token with the next one only. Every pair counts:
    `tokens[..., :, None] == tokens[..., None, :]`."""
    return (tokens[..., 1:] == tokens[..., :-1]).double().mean(dim=-1)


def compares_with_the_first(tokens):
    """You compare all tokens with the first one. Compare each with each."""
    return (tokens[..., 1:] == tokens[..., :1]).double().mean(dim=-1)


def takes_the_commonest(tokens):
    """This is the share of the commonest token. Asked for is the share of *pairs* that
    agree."""
    same = tokens[..., :, None] == tokens[..., None, :]
    return same.sum(dim=-1).amax(dim=-1) / tokens.shape[-1]


def counts_pairs(tokens):
    """This is how many pairs agree. Divide by how many there are: n * (n - 1) / 2."""
    return _agreement(tokens) * tokens.shape[-1] * (tokens.shape[-1] - 1) / 2


def counts_each_pair_twice(tokens):
    """You count each pair twice, as (i, j) and (j, i), but divide by the number of
    pairs that counts it once."""
    return 2 * _agreement(tokens)


def measures_disagreement(tokens):
    """This is the share of pairs that differ: subtract it from 1."""
    return 1 - _agreement(tokens)


def pools_the_batch(tokens):
    """You take one share over the whole batch. Each row has a share of its own: keep
    the leading dimensions."""
    return _agreement(tokens).mean()


def _agreement(tokens):
    n = tokens.shape[-1]
    same = tokens[..., :, None] == tokens[..., None, :]
    return (same.sum(dim=(-2, -1)) - n) / (n * (n - 1))


AGREEMENT = Checks(
    cases=[
        Case("agreement(tokens)", {"tokens": "torch.tensor([5, 5, 5])"}),
        Case("agreement(tokens)", {"tokens": "torch.tensor([7, 5, 5])"}),
        Case("agreement(tokens)", {"tokens": "torch.tensor([5, 2, 5, 5, 2, 9])"}),
        Case("agreement(tokens)", {"tokens": "torch.tensor([[1, 1, 2], [3, 3, 3]])"}),
        Case(
            "agreement(tokens)",
            {"tokens": "torch.tensor([[[1, 2], [1, 1]], [[0, 0], [4, 3]]])"},
        ),
    ],
    hints=[
        "`tokens[..., :, None] == tokens[..., None, :]` compares each token with each: "
        "a square table of truth values for each row.",
        "Sum over the table's two dimensions. The n places on its diagonal compare a "
        "token with itself: subtract them.",
        "What is left are n * (n - 1) places. Divide by that.",
    ],
    wrong=[
        pairs_each_token_with_itself,
        keeps_the_diagonal_in_the_count,
        keeps_the_diagonal_in_the_sum,
        keeps_the_diagonal_in_a_triangle,
        works_along_the_first_dimension,
        compares_neighbours_only,
        compares_with_the_first,
        takes_the_commonest,
        counts_pairs,
        counts_each_pair_twice,
        measures_disagreement,
        pools_the_batch,
    ],
)

CHECKS = {"agreement": AGREEMENT}
