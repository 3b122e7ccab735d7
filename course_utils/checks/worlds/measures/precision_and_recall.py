"""Checks of `precision_and_recall`, an exercise of notebook 12."""

from course_utils.classroom.cases import Case, Checks, wrong


def _drawn(kept, probs):
    left = probs * kept
    return left / left.sum(dim=-1, keepdim=True)


CALL = "precision_and_recall(kept, probs, truth)"
CASES = [
    Case(CALL, kept=[True, True, False], probs=[0.6, 0.2, 0.2], truth=[0.7, 0.0, 0.3]),
    Case(
        CALL,
        kept=[True, False, True, False],
        probs=[0.5, 0.2, 0.1, 0.2],
        truth=[0.4, 0.35, 0.25, 0.0],
    ),
    Case(
        CALL,
        kept=[[True, True, True], [True, False, False]],
        probs=[[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]],
        truth=[[0.9, 0.1, 0.0], [0.0, 0.5, 0.5]],
    ),
    Case(
        CALL,
        kept="torch.ones(2, 3, 50, dtype=torch.bool)",
        probs="torch.full((2, 3, 50), 0.02)",
        truth="torch.eye(50)[:6].reshape(2, 3, 50)",
    ),
]
HINTS = [
    "Precision is about what will be drawn: the model's probabilities of the kept "
    "tokens, made to sum to 1. Recall is about what is lost: the truth's.",
    "`left = probs * kept`, divided by its sum. How much of it is on tokens with "
    "`truth > 0`? And what does `truth * kept` sum to?",
    "`drawn = left / left.sum(dim=-1, keepdim=True)`; return "
    "`(drawn * (truth > 0)).sum(dim=-1), (truth * kept).sum(dim=-1)`.",
]
WRONG = [
    wrong(
        "((probs * kept * (truth > 0)).sum(-1), (truth * kept).sum(-1))",
        "What is kept must sum to 1 again before you look at it: the cut tokens' "
        "probability goes to those that stay.",
    ),
    wrong(
        "((kept & (truth > 0)).sum(-1) / kept.sum(-1), "
        "(kept & (truth > 0)).sum(-1) / (truth > 0).sum(-1))",
        "You count tokens. Weigh them: precision by the probability with which they "
        "will be drawn, recall by the truth's.",
    ),
    wrong(
        "((truth * kept).sum(-1), (_drawn(kept, probs) * (truth > 0)).sum(-1))",
        "You return recall first. The order is precision, recall.",
    ),
    wrong(
        "((_drawn(kept, probs) * (truth > 0)).sum(-1), "
        "(probs * kept * (truth > 0)).sum(-1))",
        "Recall is a share of what the *world* would say: sum the truth's "
        "probabilities of the kept tokens, not the model's.",
    ),
    wrong(
        "((_drawn(kept, probs) * truth).sum(-1), (truth * kept).sum(-1))",
        "Precision asks whether a token is possible at all, `truth > 0`, not how "
        "likely the world finds it.",
    ),
    wrong(
        "((_drawn(kept, probs) * (truth > 0)).sum(), (truth * kept).sum())",
        "You sum over all rows together. Each is a step of its own: `sum(dim=-1)`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_drawn])
