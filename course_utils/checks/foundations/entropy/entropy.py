"""Checks of `entropy`, an exercise of notebook 03."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("entropy(probs)", probs=[0.75, 0.25]),
    Case("entropy(probs)", probs=[0.25, 0.25, 0.25, 0.25]),
    Case("entropy(probs)", probs=[1.0, 0.0]),
    Case("entropy(probs, base=torch.e)", probs=[0.5, 0.3, 0.2]),
    Case("entropy(probs)", probs=[[0.5, 0.5], [0.9, 0.1], [0.0, 1.0]]),
    Case("entropy(probs)", probs=[[[0.5, 0.5]], [[0.125, 0.875]]]),
]
HINTS = [
    "The surprise of a token is minus the logarithm of its probability. Entropy is "
    "the mean surprise, each token weighted with its probability.",
    "`torch.xlogy(probs, probs)` is p log p, and 0 where p is 0. Add it up along "
    "the last dimension. Where does the minus go?",
    "A logarithm to another base is the natural one, divided by `math.log(base)`.",
]
WRONG = [
    wrong(
        "-probs.log() / math.log(base)",
        "These are the surprises, one for each token. Entropy is their mean: weigh "
        "each with its probability and add up along the last dimension.",
    ),
    wrong(
        "-probs.log().sum(dim=-1) / math.log(base)",
        "You add up the surprises without weights. A token's surprise counts as often "
        "as the token comes: multiply by its probability.",
    ),
    wrong(
        "torch.xlogy(probs, probs).sum(dim=-1) / math.log(base)",
        "The sign is wrong: the logarithm of a probability is negative, so a minus "
        "belongs in front.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum(dim=-1)",
        "This is the entropy in nats, whatever `base` says. Divide by "
        "`math.log(base)`: that makes bits where `base` is 2.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)",
        "You give bits, whatever `base` says. Divide the sum over natural logarithms "
        "by `math.log(base)`.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).mean(dim=-1) / math.log(base)",
        "You divide by the number of tokens. The probabilities are the weights "
        "already: add up, `sum(dim=-1)`, instead of taking the mean.",
    ),
    wrong(
        "-(probs * probs.log()).sum(dim=-1) / math.log(base)",
        "A probability of 0 gives NaN, because the logarithm of 0 is minus infinity. "
        "What never comes never surprises: it must count as 0. `torch.xlogy(probs, "
        "probs)` is p log p with that rule.",
    ),
    wrong(
        "torch.exp(-torch.xlogy(probs, probs).sum(dim=-1))",
        "This is the perplexity, the number of equally likely tokens. Entropy is its "
        "logarithm.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum(dim=-1) / math.log(probs.shape[-1])",
        "You divide by the entropy of equal chances, so the result never exceeds 1. "
        "Leave that out: the entropy of four equal chances is 2 bits.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum() / math.log(base)",
        "You add up over the whole batch. Every row has an entropy of its own: "
        "`sum(dim=-1)`.",
    ),
    wrong(
        "-torch.xlogy(probs, probs).sum(dim=0) / math.log(base)",
        "You add up along the first dimension. The tokens are along the last one: "
        "`sum(dim=-1)`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
