"""Checks of `softmax`, an exercise of notebook 01."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("softmax(logits)", logits=[1.0, 0.0]),
    Case("softmax(logits, temperature=2.0)", logits=[2.0, 1.0, 0.0]),
    Case("softmax(logits, temperature=0.5)", logits=[[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]]),
    Case("softmax(logits)", logits=[[[1.0, 0.0]], [[0.0, 2.0]]]),
    Case("softmax(logits)", logits="torch.tensor([0.0, -torch.inf, 1.0])"),
    Case("softmax(logits)", logits=[1000.0, 999.0]),
    Case("softmax(logits)", logits=[-1000.0, -999.0]),
    Case("softmax(logits)", logits=[[1000.0, 999.0], [0.0, 1.0]]),
    Case("softmax(logits, temperature=0.001)", logits=[1.0, 3.0, 2.0]),
    Case("softmax(logits, temperature=0)", logits=[1.0, 3.0, 2.0]),
    Case("softmax(logits, temperature=0.0)", logits=[1.0, 1.001, 0.999]),
    Case("softmax(logits, temperature=0)", logits=[2.0, 1.0, 2.0]),
    Case("softmax(logits, temperature=0)", logits=[[1.0, 3.0, 3.0], [0.0, -1.0, -2.0]]),
]
HINTS = [
    "Three steps: divide the logits by the temperature, exponentiate, divide by "
    "the sum. Along which dimension does the vocabulary lie?",
    "`exp(1000)` overflows. Softmax doesn't change when the same number is taken "
    "from all logits of a row: take away the largest, "
    "`logits.amax(dim=-1, keepdim=True)`.",
    "Temperature 0 needs an `if` of its own: `largest = logits == logits.amax("
    "dim=-1, keepdim=True)` marks the winners, which share the probability.",
]
WRONG = [
    wrong(
        "torch.softmax(logits, dim=-1)",
        "`temperature` changes nothing in your answer: divide the logits by it before "
        "you exponentiate.",
    ),
    wrong(
        "torch.softmax(logits * temperature, dim=-1)",
        "You multiply the logits by the temperature. Divide by it: a high temperature "
        "must bring the logits closer together.",
    ),
    wrong(
        "torch.softmax(logits, dim=-1) / temperature",
        "You divide the probabilities by the temperature, so they no longer sum to 1. "
        "Divide the logits, before `exp`.",
    ),
    wrong(
        "(scaled - scaled.amax(dim=-1, keepdim=True)).exp()",
        "Your numbers don't sum to 1: divide the exponentials by their sum.",
        scaled="logits / temperature",
    ),
    wrong(
        "normalised((logits / temperature).exp())",
        "`exp` of a large logit overflows to infinity (and of a very negative one "
        "vanishes to 0), and the division gives NaN. Subtract each row's largest logit "
        "first: the probabilities stay the same.",
    ),
    wrong(
        "normalised(((logits - logits.max()) / temperature).exp())",
        "You subtract the largest logit of the whole batch; in a row that lies far "
        "below it every `exp` vanishes to 0. Take each row's own: `amax(dim=-1, "
        "keepdim=True)`.",
    ),
    wrong(
        "torch.softmax(logits / temperature, dim=0)",
        "You normalise over the first dimension. The vocabulary is the last one: "
        "`dim=-1`.",
    ),
    wrong(
        "weights / weights.sum()",
        "You divide by the sum over the whole batch. Every row is a distribution of "
        "its own: `sum(dim=-1, keepdim=True)`.",
        weights="((logits - logits.max()) / temperature).exp()",
    ),
    wrong(
        "weights / weights.sum()",
        "After the shift you divide by the sum over all rows. Every row needs a sum of "
        "its own: `sum(dim=-1, keepdim=True)`.",
        weights="((logits - logits.amax(dim=-1, keepdim=True)) / temperature).exp()",
    ),
    wrong(
        "normalised(torch.softmax(logits, dim=-1) ** (1 / temperature))",
        "You raise the probabilities to the power `1 / temperature`; at a low "
        "temperature they all vanish to 0. Divide the logits, before `exp`.",
    ),
    wrong(
        "torch.log_softmax(logits / temperature, dim=-1)",
        "These are log-probabilities: leave the logarithm out, or exponentiate.",
    ),
    wrong(
        "torch.softmax(scaled, dim=-1)",
        "At temperature 0 you divide by zero. Treat it on its own: the largest logit "
        "takes all the probability.",
        scaled="(logits - logits.amax(dim=-1, keepdim=True)) / temperature",
    ),
    wrong(
        "torch.softmax(logits / temperature, dim=-1) if temperature else one.float()",
        "At temperature 0 two logits tie for the largest, and you give all to one of "
        "them. Ties share: compare with the largest (`logits == largest`) and divide "
        "by how many there are.",
        one="torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1])",
    ),
    wrong(
        "torch.softmax(logits / temperature, dim=-1) if temperature else shared",
        "At temperature 0 you compare with the largest logit of the whole batch. Every "
        "row has a largest of its own: `amax(dim=-1, keepdim=True)`.",
        winners="(logits == logits.max()).float()",
        shared="winners / winners.sum(dim=-1, keepdim=True)",
    ),
    wrong(
        "torch.softmax(logits / temperature, dim=-1) if temperature else 1.0 * largest",
        "At temperature 0 each of the tied logits gets probability 1. They share it: "
        "divide by how many there are, `largest.sum(dim=-1, keepdim=True)`.",
        largest="logits == logits.amax(dim=-1, keepdim=True)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
