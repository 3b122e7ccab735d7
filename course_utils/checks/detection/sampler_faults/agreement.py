"""Checks of `agreement`, an exercise of notebook 02."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("agreement(tokens)", tokens=[5, 5, 5]),
    Case("agreement(tokens)", tokens=[7, 5, 5]),
    Case("agreement(tokens)", tokens=[5, 2, 5, 5, 2, 9]),
    Case("agreement(tokens)", tokens=[[1, 1, 2], [3, 3, 3]]),
    Case("agreement(tokens)", tokens=[[[1, 2], [1, 1]], [[0, 0], [4, 3]]]),
]
HINTS = [
    "`tokens[..., :, None] == tokens[..., None, :]` compares each token with each: "
    "a square table of truth values for each row.",
    "Sum over the table's two dimensions. The n places on its diagonal compare a "
    "token with itself: subtract them.",
    "What is left are n * (n - 1) places. Divide by that.",
]
WRONG = [
    wrong(
        "(tokens[..., :, None] == tokens[..., None, :]).double().mean(dim=(-2, -1))",
        "You pair each token with itself as well, and those pairs always agree. Leave "
        "them out: n tokens make n * (n - 1) ordered pairs.",
    ),
    wrong(
        "agreement(tokens) * (n - 1) / n",
        "You leave out each token's pair with itself in the sum, but not in the count. "
        "Without those, n * (n - 1) ordered pairs are left.",
        n="tokens.shape[-1]",
    ),
    wrong(
        "same.sum(dim=(-2, -1)) / (n * (n - 1))",
        "You divide by n * (n - 1), but your sum still holds each token paired with "
        "itself: subtract those n.",
        n="tokens.shape[-1]",
        same="tokens[..., :, None] == tokens[..., None, :]",
    ),
    wrong(
        "same.triu().sum(dim=(-2, -1)) / (n * (n - 1) / 2)",
        "Your triangle of the table includes its diagonal, where each token meets "
        "itself. Begin one place beside it: `triu(1)`.",
        n="tokens.shape[-1]",
        same="tokens[..., :, None] == tokens[..., None, :]",
    ),
    wrong(
        "agreement(tokens.movedim(0, -1))",
        "You compare along the first dimension. The tokens of a row lie along the last "
        "one: `tokens.shape[-1]` of them.",
    ),
    wrong(
        "(tokens[..., 1:] == tokens[..., :-1]).double().mean(dim=-1)",
        "You compare each token with the next one only. Every pair counts: "
        "`tokens[..., :, None] == tokens[..., None, :]`.",
    ),
    wrong(
        "(tokens[..., 1:] == tokens[..., :1]).double().mean(dim=-1)",
        "You compare all tokens with the first one. Compare each with each.",
    ),
    wrong(
        "same.sum(dim=-1).amax(dim=-1) / tokens.shape[-1]",
        "This is the share of the commonest token. Asked for is the share of *pairs* "
        "that agree.",
        same="tokens[..., :, None] == tokens[..., None, :]",
    ),
    wrong(
        "agreement(tokens) * tokens.shape[-1] * (tokens.shape[-1] - 1) / 2",
        "This is how many pairs agree. Divide by how many there are: n * (n - 1) / 2.",
    ),
    wrong(
        "2 * agreement(tokens)",
        "You count each pair twice, as (i, j) and (j, i), but divide by the number of "
        "pairs that counts it once.",
    ),
    wrong(
        "1 - agreement(tokens)",
        "This is the share of pairs that differ: subtract it from 1.",
    ),
    wrong(
        "agreement(tokens).mean()",
        "You take one share over the whole batch. Each row has a share of its own: "
        "keep the leading dimensions.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
