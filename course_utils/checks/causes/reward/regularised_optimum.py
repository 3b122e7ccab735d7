"""Checks of `regularised_optimum`, an exercise of notebook 06."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case(
        "regularised_optimum(ref_probs, rewards, beta=1.0)",
        ref_probs=[0.5, 0.5],
        rewards=[2.0, 1.0],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=0.5)",
        ref_probs=[0.6, 0.3, 0.1],
        rewards=[0.0, 1.0, 1.0],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=4.0)",
        ref_probs=[0.7, 0.2, 0.1],
        rewards=[-1.0, 0.5, 2.0],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=0.5)",
        ref_probs=[[0.6, 0.4], [0.2, 0.8]],
        rewards=[[0.0, 1.0], [3.0, 1.0]],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=1.0)",
        ref_probs=[0.0, 0.5, 0.5],
        rewards=[1.0, 1.0, 0.0],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=0.01)",
        ref_probs=[0.5, 0.5],
        rewards=[5.0, 5.01],
    ),
    Case(
        "regularised_optimum(ref_probs, rewards, beta=0.01)",
        ref_probs=[0.0, 0.5, 0.5],
        rewards=[9.0, 1.0, 1.0],
    ),
]
HINTS = [
    "Two steps: weigh every outcome with its share under the reference times "
    "`exp(rewards / beta)`, then divide by the sum of the row.",
    "For the same result without overflow, write the product as one exponential: "
    "`ref_probs.log() + rewards / beta` are logits.",
    "`torch.softmax(logits, dim=-1)` does the rest. An outcome of probability 0 "
    "has the logit -inf, and stays impossible.",
]
WRONG = [
    wrong(
        "torch.softmax(rewards / beta, dim=-1)",
        "The reference plays no part in your answer. Multiply by `ref_probs` before "
        "you normalise: under a leash, what the reference says often stays likelier.",
    ),
    wrong(
        "torch.softmax(ref_probs.log() + rewards * beta, dim=-1)",
        "You multiply the reward by beta. Divide by it: a strong leash, a large beta, "
        "must leave the reference as it is.",
    ),
    wrong(
        "torch.softmax(ref_probs.log() + rewards, dim=-1)",
        "`beta` changes nothing in your answer: divide the rewards by it.",
    ),
    wrong(
        "torch.softmax(ref_probs.log() - rewards / beta, dim=-1)",
        "Your sign is the wrong way round: what earns more must become likelier, "
        "`exp(+rewards / beta)`.",
    ),
    wrong(
        "ref_probs * (rewards / beta).exp()",
        "Your numbers don't sum to 1: divide `ref_probs * exp(rewards / beta)` by its "
        "sum.",
    ),
    wrong(
        "normalised(ref_probs + (rewards / beta).exp())",
        "You add the reference to the exponential of the reward. Multiply them.",
    ),
    wrong(
        "torch.softmax(ref_probs + rewards / beta, dim=-1)",
        "You add the reference's probabilities to the rewards inside the exponential. "
        "There it is their logarithm that belongs: `ref_probs.log()`.",
    ),
    wrong(
        "torch.softmax((ref_probs.log() + rewards) / beta, dim=-1)",
        "You divide the reference's log-probability by beta as well. Only the reward "
        "is divided: `ref_probs` stands there as it is, not to a power.",
    ),
    wrong(
        "normalised(ref_probs * (rewards / beta).exp())",
        "`exp` of a large reward overflows to infinity, and the division gives NaN. "
        "Take the largest reward away first, as in softmax: nothing else changes.",
    ),
    wrong(
        "normalised(ref_probs * (below / beta).exp())",
        "The highest reward here belongs to something that the reference never says. "
        "Subtract the highest reward among the possible, or everything vanishes to 0 "
        "(it is easiest with `ref_probs.log()` inside the exponential).",
        below="rewards - rewards.amax(dim=-1, keepdim=True)",
    ),
    wrong(
        "torch.softmax(logits.flatten(), dim=-1).reshape(logits.shape)",
        "You divide by the sum over the whole batch. Every row is a distribution of "
        "its own: `sum(dim=-1, keepdim=True)`.",
        logits="ref_probs.log() + rewards / beta",
    ),
    wrong(
        "normalised((rewards == rewards.amax(dim=-1, keepdim=True)) * ref_probs)",
        "All your probability is on the highest reward. That is the limit beta = 0: "
        "with a leash, the others keep some.",
    ),
    wrong(
        "normalised(ref_probs * rewards)",
        "You multiply the reference by the rewards themselves. What multiplies it is "
        "`exp(rewards / beta)`, which is never negative.",
    ),
    wrong(
        "torch.softmax(beta * ref_probs.log() + rewards, dim=-1)",
        "You multiply the reference's log-probability by beta. Only the reward feels "
        "beta: divide it, and leave `ref_probs` as it is.",
    ),
    wrong(
        "torch.log_softmax(ref_probs.log() + rewards / beta, dim=-1)",
        "These are log-probabilities. Return the probabilities: `softmax` in place of "
        "`log_softmax`.",
    ),
    wrong(
        "torch.softmax((ref_probs + 1e-8).log() + rewards / beta, dim=-1)",
        "You add a little to `ref_probs`, and a large reward makes much of it: what "
        "the reference never says has become possible. Take the logarithm as it is: "
        "-inf is what softmax needs here.",
    ),
    wrong(
        "torch.softmax(ref_probs.log() + rewards / beta, dim=0)",
        "You normalise along the first dimension, over the rows of the batch. Outcomes "
        "are along the last: `dim=-1`.",
    ),
    wrong(
        "normalised(ref_probs * (rewards / beta).exp()).nan_to_num()",
        "You turn the NaN of an overflow into 0, and the likeliest outcome is gone. "
        "Keep it from overflowing: subtract the largest reward before `exp`, as in "
        "softmax.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
