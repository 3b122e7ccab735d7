"""Checks of `entropy_regularised_loss`, an exercise of notebook 05."""

from course_utils.classroom.cases import Case, Checks, wrong


def _surprise(logits, targets):
    log_probs = logits.log_softmax(-1)
    return -log_probs.gather(-1, targets[..., None]).squeeze(-1)


def _entropy(logits):
    log_probs = logits.log_softmax(-1)
    finite = log_probs.masked_fill(log_probs.isneginf(), 0.0)
    return -(log_probs.exp() * finite).sum(-1)


_ONE = {"logits": "torch.tensor([[2.0, 1.0, 0.0]])", "targets": "torch.tensor([1])"}
_TWO = {
    "logits": "torch.tensor([[2.0, 1.0, 0.0, 0.0], [0.0, 3.0, 1.0, -1.0]])",
    "targets": "torch.tensor([0, 2])",
}
CASES = [
    Case("entropy_regularised_loss(logits, targets, 0.5)", **_ONE),
    Case("entropy_regularised_loss(logits, targets, 0.0)", **_ONE),
    Case("entropy_regularised_loss(logits, targets, 0.1)", **_TWO),
    Case(
        "entropy_regularised_loss(logits, targets, 2.0)",
        logits=[[[2.0, 1.0], [0.0, 0.0]], [[5.0, 1.0], [-1.0, 1.0]]],
        targets=[[0, 1], [1, 1]],
    ),
    Case(
        "entropy_regularised_loss(logits, targets, 0.5)",
        logits="torch.tensor([[1.0, 0.0, -torch.inf]])",
        targets=[0],
    ),
    Case(
        "torch.autograd.grad(entropy_regularised_loss(logits, targets, 0.5), "
        "logits)[0]",
        logits="torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)",
        targets=[1],
    ),
]
HINTS = [
    "Both parts are made from `log_probs = logits.log_softmax(dim=-1)`. What is "
    "the surprise at the target, and what is the entropy of a row?",
    "`log_probs.gather(-1, targets[..., None]).squeeze(-1)` picks each target's "
    "log-probability. The entropy of a row is minus the sum of p log p, with "
    "`p = log_probs.exp()`.",
    "0 times `-inf` is NaN: use `log_probs.masked_fill(log_probs.isneginf(), 0.0)` "
    "as the second factor. Then `(surprise - weight * entropy).mean()`.",
]
WRONG = [
    wrong(
        "(_surprise(logits, targets) + weight * _entropy(logits)).mean()",
        "You add the entropy. A loss is to become small, and the entropy is to become "
        "large: subtract it.",
    ),
    wrong(
        "(_surprise(logits, targets) - _entropy(logits)).mean()",
        "`weight` has no effect in your answer: multiply the entropy by it.",
    ),
    wrong(
        "_surprise(logits, targets).mean()",
        "This is the cross-entropy alone. Take `weight` times the entropy of the "
        "prediction away from it.",
    ),
    wrong(
        "-weight * _entropy(logits).mean()",
        "This is the entropy term alone. The surprise at the targets belongs to the "
        "loss too.",
    ),
    wrong(
        "(_surprise(logits, targets) - weight * entropy).mean()",
        "You average p log p over the vocabulary. Entropy is its sum over the "
        "vocabulary; only the positions are averaged.",
        entropy="_entropy(logits) / logits.shape[-1]",
    ),
    wrong(
        "(_surprise(logits, targets) - weight * _entropy(logits)).sum()",
        "You sum the loss over all positions. Take the mean, so that it doesn't grow "
        "with the batch.",
    ),
    wrong(
        "_surprise(logits, targets).mean() - weight * _entropy(logits).sum()",
        "You average the surprise over the positions, but sum the entropy over them: "
        "average both.",
    ),
    wrong(
        "(_surprise(logits, targets) - weight * entropy).mean()",
        "Your entropy is in bits, your surprise in nats. Use the natural logarithm for "
        "both.",
        entropy="_entropy(logits) / torch.log(torch.tensor(2.0))",
    ),
    wrong(
        "(-_surprise(logits, targets) - weight * _entropy(logits)).mean()",
        "The surprise is *minus* the log-probability of the target: yours has the "
        "wrong sign.",
    ),
    wrong(
        "(_surprise(logits, targets) - weight * entropy).mean()",
        "A token with a logit of `-inf` has probability 0 and log-probability `-inf`, "
        "and their product is NaN. It counts as zero: replace the log-probability "
        "there, with `masked_fill`, before you multiply.",
        log_probs="logits.log_softmax(-1)",
        entropy="-(log_probs.exp() * log_probs).sum(-1)",
    ),
    wrong(
        "(surprise - weight * -(log_probs.exp() * log_probs).sum(-1)).mean()",
        "You normalise over the first dimension. The vocabulary is the last one: "
        "`dim=-1`.",
        log_probs="logits.log_softmax(0)",
        surprise="-log_probs.gather(-1, targets[..., None]).squeeze(-1)",
    ),
    wrong(
        "(_surprise(logits.softmax(-1), targets) - weight * _entropy(logits)).mean()",
        "You hand probabilities to `cross_entropy`, which takes softmax of what it "
        "gets. It wants the logits themselves.",
    ),
    wrong(
        "surprise - weight * _entropy(logits).mean()",
        "torch's `cross_entropy` takes *dimension 1* for the vocabulary, and here it "
        "is the last one. Flatten the logits to [positions, vocabulary] first, and the "
        "targets to [positions].",
        surprise="torch.nn.functional.cross_entropy(logits, targets)",
    ),
    wrong(
        "_surprise(logits, targets) - weight * _entropy(logits)",
        "You return a loss for each position. Training needs one number: their mean.",
    ),
    wrong(
        "(_surprise(logits, targets) - weight * _entropy(logits).detach()).mean()",
        "The value is right, but the entropy carries no gradient, so that training "
        "would not feel it: leave out `detach()` and `torch.no_grad()`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_surprise, _entropy])
