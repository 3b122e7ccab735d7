"""Checks of `gumbel_top_k`, an exercise of notebook 15."""

from course_utils.classroom.cases import Case, Checks, wrong


def _gumbel(uniform):
    return -(-uniform.log()).log()


CASES = [
    Case(
        "gumbel_top_k(log_probs, uniform, k=1)",
        log_probs="torch.tensor([0.7, 0.2, 0.1]).log()",
        uniform=[0.5, 0.5, 0.5],
    ),
    Case(
        "gumbel_top_k(log_probs, uniform, k=2)",
        log_probs="torch.tensor([0.7, 0.2, 0.1]).log()",
        uniform=[0.1, 0.3, 0.9],
    ),
    Case(
        "gumbel_top_k(log_probs, uniform, k=3)",
        log_probs="torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05]).log()",
        uniform=[0.05, 0.6, 0.2, 0.97, 0.4],
    ),
    Case(
        "gumbel_top_k(log_probs, uniform, k=3)",
        log_probs="torch.tensor([0.05, 0.9, 0.03, 0.02]).log()",
        uniform=[0.6, 0.01, 0.7, 0.95],
    ),
]
HINTS = [
    "Gumbel-max takes the largest of the noisy log-probabilities. Here it is the k "
    "largest.",
    "The noise is `-(-uniform.log()).log()`.",
    "`(log_probs - (-uniform.log()).log()).topk(k).indices`.",
]
WRONG = [
    wrong(
        "log_probs.topk(k).indices",
        "These are the k likeliest, the same every time. Add the Gumbel noise first.",
    ),
    wrong(
        "(log_probs.exp() + _gumbel(uniform)).topk(k).indices",
        "The noise belongs to the *log*-probabilities.",
    ),
    wrong(
        "(log_probs + uniform.log().neg().log()).topk(k).indices",
        "The sign of the noise is turned: it is -ln(-ln u).",
    ),
    wrong(
        "(log_probs + uniform).topk(k).indices",
        "Uniform noise is too small to let a rare one win. Gumbel noise is -ln(-ln u).",
    ),
    wrong(
        "(log_probs + _gumbel(uniform)).topk(k).values",
        "These are the noisy log-probabilities. Wanted are the places: `indices`.",
    ),
    wrong(
        "(log_probs + _gumbel(uniform)).topk(k).indices.sort().values",
        "The order counts: the first drawn comes first.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_gumbel])
