"""Checks of `EntropyTrace`, an exercise of notebook 07."""

from course_utils.classroom.cases import Case, Checks, mistake, wrong
from course_utils.detection.monitor import entropy_of_logits

_WATCH = {
    "watch": "lambda trace, *calls: [trace(None, each) for each in calls] and trace"
}
_ONE = "torch.tensor([[2.0, 1.0, 0.0]])"
_TWO = "torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, -torch.inf]])"
CASES = [
    Case("EntropyTrace()(None, scores)", scores=_ONE),
    Case("watch(EntropyTrace(), scores).steps", scores=_ONE, **_WATCH),
    Case("watch(EntropyTrace(), scores).steps", scores=_TWO, **_WATCH),
    Case("watch(EntropyTrace(), scores, 2 * scores).steps", scores=_TWO, **_WATCH),
    Case(
        "[watch(EntropyTrace(), scores).steps for _ in range(2)]", scores=_TWO, **_WATCH
    ),
    Case("EntropyTrace()(None, scores)", scores=_TWO),
]
HINTS = [
    "`__call__` is called once for each token, with the scores of the whole batch. "
    "It has two things to do: keep a number for each row, and hand the scores on.",
    "`entropy_of_logits(scores)` has one number for each row: append it to "
    "`self.steps`.",
    "The last line is `return scores`.",
]
WRONG = [
    wrong(
        "self.steps.append(entropy_of_logits(scores))",
        "`__call__` returns `None`, and the next processor gets no scores. Return them "
        "as they came.",
    ),
    wrong(
        "self.steps.append(entropy_of_logits(scores)) or self.steps[-1]",
        "You return the entropies. A processor returns scores; this one returns them "
        "as they came.",
    ),
    wrong(
        "self.steps.append(entropy_of_logits(scores)) or scores.log_softmax(dim=-1)",
        "You return other scores than you got. A monitor watches and changes nothing: "
        "`return scores`.",
    ),
    wrong(
        "scores",
        "The list stays empty: append the entropies to `self.steps` at each call.",
    ),
    wrong(
        "setattr(self, 'steps', [entropy_of_logits(scores)]) or scores",
        "Only the last step is left: append to `self.steps` instead of replacing it.",
    ),
    wrong(
        "self.steps.append(scores) or scores",
        "You keep the scores themselves. At a real vocabulary that is fifty thousand "
        "numbers a step: keep their entropy, one number for each row.",
    ),
    wrong(
        "self.steps.append(entropy_of_logits(scores).mean()) or scores",
        "You keep one number for the whole batch. Its rows are different texts: keep "
        "one for each, a tensor of shape [batch].",
    ),
    wrong(
        "self.steps.append(entropy_of_logits(scores[:1])) or scores",
        "You keep the first row's entropy only. The batch has one for each text.",
    ),
    wrong(
        "self.steps.append(entropy_of_logits(scores) * math.log(2)) or scores",
        "Your entropies are in nats. Bits are wanted: divide by `math.log(2)`, or let "
        "`entropy_of_logits(scores)` do it.",
    ),
    wrong(
        "self.steps.extend(entropy_of_logits(scores)) or scores",
        "`extend` (or `+=`) takes the tensor apart, and the rows of all steps run into "
        "one list. `append` adds a step's tensor as one entry.",
    ),
    wrong(
        "self.steps.extend(entropy_of_logits(scores).tolist()) or scores",
        "You string bare numbers together, and nobody sees any more which step and row "
        "they belong to. Append a tensor of shape [batch] for each step.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)


@mistake(CHECKS)
class SharesItsList:
    """Two traces share one list: what the one sees turns up in the other. Make the list
    in `__init__`, not in the body of the class or as a default."""

    def __init__(self, steps=[]):  # noqa: B006
        self.steps = steps

    def __call__(self, input_ids, scores):
        self.steps.append(entropy_of_logits(scores))
        return scores
