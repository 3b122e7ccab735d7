"""Checks of `contrastive_scores`, an exercise of notebook 15."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "contrastive_scores(probs, similarity, alpha=0.6)"
CASES = [
    Case(CALL, probs=[[0.5, 0.3]], similarity=[[0.9, 0.1]]),
    Case(
        "contrastive_scores(probs, similarity, alpha=0.0)",
        probs=[[0.5, 0.3]],
        similarity=[[0.9, 0.1]],
    ),
    Case(
        "contrastive_scores(probs, similarity, alpha=0.25)",
        probs=[[0.6, 0.2, 0.1], [0.9, 0.05, 0.05]],
        similarity=[[0.8, -0.2, 0.5], [0.99, 0.4, 0.0]],
    ),
]
HINTS = [
    "Two terms, weighed by 1 - alpha and alpha. Which of them is a reward, and which a "
    "punishment?",
    "`(1 - alpha) * probs - alpha * similarity`.",
]
WRONG = [
    wrong(
        "(1 - alpha) * probs + alpha * similarity",
        "You reward similarity to what was said before, as the article has it. It is "
        "subtracted.",
    ),
    wrong(
        "alpha * probs - (1 - alpha) * similarity",
        "The weights have changed places: alpha is that of the punishment.",
    ),
    wrong(
        "probs - alpha * similarity",
        "The first term has a weight, too: 1 - alpha.",
    ),
    wrong(
        "(1 - alpha) * probs.log() - alpha * similarity",
        "It is the probability itself here, not its logarithm: both terms then lie "
        "between -1 and 1.",
    ),
    wrong(
        "(1 - alpha) * probs - alpha * similarity.amax(-1, keepdim=True)",
        "Each candidate has a similarity of its own. With one for all, it changes "
        "nothing in their order.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
