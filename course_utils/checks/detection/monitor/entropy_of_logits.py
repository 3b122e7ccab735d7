"""Checks of `entropy_of_logits`, an exercise of notebook 07."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("entropy_of_logits(scores)", scores=[0.0, 0.0]),
    Case("entropy_of_logits(scores)", scores=[2.0, 1.0, 0.0]),
    Case("entropy_of_logits(scores)", scores="torch.tensor([0.0, -torch.inf, 1.0])"),
    Case("entropy_of_logits(scores)", scores=[1000.0, 999.0]),
    Case("entropy_of_logits(scores)", scores=[[2.0, 1.0, 0.0], [0.0, 0.0, -9.0]]),
    Case("entropy_of_logits(scores)", scores=[[[1.0, 0.0]], [[0.0, 3.0]]]),
]
HINTS = [
    "Two steps that you know: softmax makes probabilities of the scores, and "
    "entropy is minus the sum of p log p.",
    "`torch.xlogy(probs, probs)` is p log p, and 0 where p is 0. It is in nats.",
    "`-torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)`, with "
    "`probs = torch.softmax(scores, dim=-1)`.",
]
WRONG = [
    wrong(
        "-torch.xlogy(scores, scores).sum(dim=-1) / math.log(2)",
        "You treat the scores as probabilities. They are logits: first "
        "`torch.softmax(scores, dim=-1)`.",
    ),
    wrong(
        "entropy_of_logits(scores) * math.log(2)",
        "This is the entropy in nats. Divide by `math.log(2)`: the monitor counts in "
        "bits.",
    ),
    wrong(
        "-entropy_of_logits(scores)",
        "The sign is wrong: logarithms of probabilities are negative, so a minus "
        "belongs in front.",
    ),
    wrong(
        "-(probs * probs.log2()).sum(dim=-1)",
        "A score of `-inf` gives NaN: its probability is 0, and 0 times the logarithm "
        "of 0 is not a number. It must count as 0: `torch.xlogy(probs, probs)` does "
        "that.",
        probs="torch.softmax(scores, dim=-1)",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)",
        "`exp` of a large score overflows, and the result is NaN. `torch.softmax` "
        "shifts the scores first.",
        weights="scores.exp()",
        probs="weights / weights.sum(dim=-1, keepdim=True)",
    ),
    wrong(
        "-torch.softmax(scores, dim=-1).amax(dim=-1).log2()",
        "This is the surprise of the likeliest token. Entropy is the mean surprise of "
        "all, each weighted with its probability.",
    ),
    wrong(
        "2 ** entropy_of_logits(scores)",
        "This is the number of equally likely tokens. Entropy is its logarithm, in "
        "bits: `log2`.",
    ),
    wrong(
        "-torch.log_softmax(scores, dim=-1).sum(dim=-1) / math.log(2)",
        "You don't weigh the surprises: each token's counts as often as the token "
        "comes. Multiply by its probability before you add up.",
    ),
    wrong(
        "entropy_of_logits(scores).sum()",
        "You add up over the whole batch. Every row is a text of its own: "
        "`sum(dim=-1)`.",
    ),
    wrong(
        "entropy_of_logits(scores.movedim(0, -1))",
        "You work along the first dimension. The vocabulary is the last one: `dim=-1`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
