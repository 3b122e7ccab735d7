"""Checks of `best_continuations`, an exercise of notebook 15."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case(
        "best_continuations(scores, log_probs, k=1)",
        scores=[0.0],
        log_probs=[[-2.0, -0.5, -1.0]],
    ),
    Case(
        "best_continuations(scores, log_probs, k=2)",
        scores=[-0.5, -1.0],
        log_probs=[[-1.0, -2.0, -1.5], [-3.0, -0.1, -0.2]],
    ),
    Case(
        "best_continuations(scores, log_probs, k=3)",
        scores=[-4.0, -0.25, -1.0],
        log_probs=[
            [-0.1, -3.0, -2.0, -5.0],
            [-0.7, -1.5, -2.5, -1.25],
            [-2.25, -1.75, -0.125, -4.0],
        ],
    ),
    Case(
        "best_continuations(scores, log_probs, k=2)",
        scores=[-1.0, -20.0],
        log_probs="torch.tensor([[-1.0, -torch.inf], [-0.5, -2.0]])",
    ),
]
HINTS = [
    "A continuation's score is its beginning's score plus the token's log-probability. "
    "Compare all of them at once, whichever beginning they continue.",
    "`totals = scores[:, None] + log_probs`; flatten it before `topk(k)`. A place in "
    "the flat list is parent * vocabulary + token.",
    "`best, places = totals.flatten().topk(k)`; return `places // vocabulary`, "
    "`places % vocabulary`, `best`.",
]
WRONG = [
    wrong(
        "(places // log_probs.shape[-1], places % log_probs.shape[-1], best)",
        "You compare the tokens' log-probabilities alone. Add the score that the "
        "beginning already has.",
        best="log_probs.flatten().topk(k).values",
        places="log_probs.flatten().topk(k).indices",
    ),
    wrong(
        "(places % log_probs.shape[-1], places // log_probs.shape[-1], best)",
        "Parent and token have changed places: the rows are the beginnings, so "
        "`places // vocabulary` is the parent.",
        best="(scores[:, None] + log_probs).flatten().topk(k).values",
        places="(scores[:, None] + log_probs).flatten().topk(k).indices",
    ),
    wrong(
        "(torch.arange(len(scores))[:k], log_probs.argmax(-1)[:k], "
        "(scores + log_probs.amax(-1))[:k])",
        "You take the best token of each beginning. One beginning may have several of "
        "the k best continuations, and another none.",
    ),
    wrong(
        "(places // log_probs.shape[-1], places % log_probs.shape[-1], best)",
        "You multiply. Log-probabilities are added.",
        best="(scores[:, None] * log_probs).flatten().topk(k).values",
        places="(scores[:, None] * log_probs).flatten().topk(k).indices",
    ),
    wrong(
        "(places // log_probs.shape[-1], places % log_probs.shape[-1], best)",
        "You keep the worst. The largest sums win: `topk(k)` as it is.",
        best="(scores[:, None] + log_probs).flatten().topk(k, largest=False).values",
        places="(scores[:, None] + log_probs).flatten().topk(k, largest=False).indices",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
