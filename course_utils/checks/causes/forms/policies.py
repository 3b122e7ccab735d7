"""Checks of `policy_gradient`, an exercise of notebook 04."""

import torch

from course_utils.classroom.judging import Case, Checks


def forgets_the_baseline(logits, actions, rewards, bonus=0.0):
    """You use the credit as it is. Subtract the mean credit first, so that an action
    is favoured only for doing better than the others."""
    return _mean_pull(logits, actions, rewards + bonus * _surprise(logits, actions))


def ignores_the_bonus(logits, actions, rewards, bonus=0.0):
    """`bonus` changes nothing in your answer. Add `bonus` times each action's surprise,
    minus the log of its probability, to its reward. (The entropy is the same
    for all actions and cancels: it has to be each action's own surprise.)"""
    return _mean_pull(logits, actions, rewards - rewards.mean())


def adds_the_exact_entropy_gradient(logits, actions, rewards, bonus=0.0):
    """You add the exact gradient of the entropy. A fine idea, but here the bonus is
    part of each action's credit: `bonus` times its own surprise."""
    probs, log_probs = torch.softmax(logits, -1), torch.log_softmax(logits, -1)
    entropy = -torch.xlogy(probs, probs).sum()
    pull = _mean_pull(logits, actions, rewards - rewards.mean())
    return pull - bonus * probs * (log_probs + entropy)


def learns_through_the_credit(logits, actions, rewards, bonus=0.0):
    """You let the gradient flow through the surprise in the credit as well. Credit is
    a fixed number: `detach()` it."""
    logits = logits.clone().requires_grad_()
    log_probs = torch.log_softmax(logits, dim=-1)[actions]
    credit = rewards - bonus * log_probs
    mean = ((credit - credit.mean()) * log_probs).mean()
    return torch.autograd.grad(mean, logits)[0]


def loses_the_log_of_a_tiny_probability(logits, actions, rewards, bonus=0.0):
    """A tiny probability rounds to 0 before you take its log. Take the logarithm in one
    go: `torch.log_softmax`."""
    credit = rewards - bonus * torch.softmax(logits, -1)[actions].log()
    return _mean_pull(logits, actions, credit - credit.mean())


def rewards_the_expected(logits, actions, rewards, bonus=0.0):
    """The sign of your bonus is wrong: you pay for likely actions. Surprise is MINUS
    the log of the probability."""
    credit = rewards - bonus * _surprise(logits, actions)
    return _mean_pull(logits, actions, credit - credit.mean())


def measures_surprise_in_bits(logits, actions, rewards, bonus=0.0):
    """Your surprise is in bits. Take the natural logarithm: nats."""
    surprise = _surprise(logits, actions) / torch.log(torch.tensor(2.0))
    credit = rewards + bonus * surprise
    return _mean_pull(logits, actions, credit - credit.mean())


def pays_for_small_probability(logits, actions, rewards, bonus=0.0):
    """You pay `1 - probability`. Surprise is minus its logarithm."""
    credit = rewards + bonus * (1 - torch.softmax(logits, -1)[actions])
    return _mean_pull(logits, actions, credit - credit.mean())


def leaves_the_bonus_out_of_the_baseline(logits, actions, rewards, bonus=0.0):
    """You subtract the mean of the rewards, but the credit is reward plus bonus.
    Subtract the mean of that."""
    credit = rewards - rewards.mean() + bonus * _surprise(logits, actions)
    return _mean_pull(logits, actions, credit)


def multiplies_reward_and_surprise(logits, actions, rewards, bonus=0.0):
    """You multiply the reward by the bonus. The two are added: reward plus `bonus`
    times surprise."""
    credit = rewards * (1 + bonus * _surprise(logits, actions))
    return _mean_pull(logits, actions, credit - credit.mean())


def subtracts_the_sum(logits, actions, rewards, bonus=0.0):
    """You subtract the sum of the credits. Subtract their mean."""
    credit = rewards + bonus * _surprise(logits, actions)
    return _mean_pull(logits, actions, credit - credit.sum())


def divides_by_the_scatter(logits, actions, rewards, bonus=0.0):
    """You divide the credit by its standard deviation. Some algorithms do; here only
    the mean is subtracted."""
    credit = rewards + bonus * _surprise(logits, actions)
    credit = (credit - credit.mean()) / credit.std(correction=0).clamp_min(1e-8)
    return _mean_pull(logits, actions, credit)


def divides_by_torchs_scatter(logits, actions, rewards, bonus=0.0):
    """You divide the credit by its standard deviation, and a single action gives NaN.
    Only the mean is subtracted here."""
    credit = rewards + bonus * _surprise(logits, actions)
    credit = (credit - credit.mean()) / (credit.std() + 1e-8)
    return _mean_pull(logits, actions, credit)


def adds_up(logits, actions, rewards, bonus=0.0):
    """You add up the pulls of all actions. Take their mean, so that the step doesn't
    grow with the number of actions."""
    return len(actions) * _right(logits, actions, rewards, bonus)


def goes_down(logits, actions, rewards, bonus=0.0):
    """Your sign is wrong: this leads to less reward. An action pulls the logits towards
    itself, `one_hot - probs`."""
    return -_right(logits, actions, rewards, bonus)


def weighs_by_the_probability(logits, actions, rewards, bonus=0.0):
    """You weigh each action by its probability. That happens by itself: likely actions
    are drawn more often."""
    credit = rewards + bonus * _surprise(logits, actions)
    weights = torch.softmax(logits, -1)[actions]
    return _mean_pull(logits, actions, weights * (credit - credit.mean()))


def overwrites_repeated_actions(logits, actions, rewards, bonus=0.0):
    """`pull[actions] += credit` counts an action that was drawn twice only once. Use
    `index_add_`, or `one_hot` and a mean."""
    credit = rewards + bonus * _surprise(logits, actions)
    pull = torch.zeros_like(logits)
    pull[actions] += (credit - credit.mean()) / len(actions)
    return pull


def pulls_without_the_policy(logits, actions, rewards, bonus=0.0):
    """You pull along `one_hot` alone, and your credit still has its mean in it.
    Subtract the mean from the credit, and the policy from `one_hot`."""
    chosen = torch.nn.functional.one_hot(actions, len(logits))
    credit = rewards + bonus * _surprise(logits, actions)
    return (credit[:, None] * chosen).mean(dim=0)


def returns_new_logits(logits, actions, rewards, bonus=0.0):
    """You return new logits. Return the direction only: whoever calls you decides how
    far to go."""
    return logits + _right(logits, actions, rewards, bonus)


def keeps_one_row_per_action(logits, actions, rewards, bonus=0.0):
    """You return one pull for each action. Take their mean over the actions:
    `mean(dim=0)`."""
    credit = rewards + bonus * _surprise(logits, actions)
    return (credit - credit.mean())[:, None] * _pulls(logits, actions)


def _surprise(logits, actions):
    return -torch.log_softmax(logits, dim=-1)[actions]


def _pulls(logits, actions):
    chosen = torch.nn.functional.one_hot(actions, len(logits))
    return chosen - torch.softmax(logits, dim=-1)


def _mean_pull(logits, actions, credit):
    return (credit[:, None] * _pulls(logits, actions)).mean(dim=0)


def _right(logits, actions, rewards, bonus):
    credit = rewards + bonus * _surprise(logits, actions)
    return _mean_pull(logits, actions, credit - credit.mean())


_THREE_ACTIONS = {
    "logits": "torch.tensor([1.0, 0.0, -1.0])",
    "actions": "torch.tensor([0, 2, 2])",
    "rewards": "torch.tensor([0.0, 1.0, 3.0])",
}

POLICY_GRADIENT = Checks(
    cases=[
        Case(
            "policy_gradient(logits, actions, rewards)",
            {
                "logits": "torch.tensor([0.0, 0.0])",
                "actions": "torch.tensor([0, 1])",
                "rewards": "torch.tensor([1.0, 0.0])",
            },
        ),
        Case("policy_gradient(logits, actions, rewards)", _THREE_ACTIONS),
        Case("policy_gradient(logits, actions, rewards, bonus=0.5)", _THREE_ACTIONS),
        Case(
            "policy_gradient(logits, actions, rewards, bonus=0.2)",
            {
                "logits": "torch.tensor([2.0, 0.0])",
                "actions": "torch.tensor([0, 0, 0, 1])",
                "rewards": "torch.tensor([1.0, 1.0, 1.0, 1.0])",
            },
        ),
        Case(
            "policy_gradient(logits, actions, rewards, bonus=1.0)",
            {
                "logits": "torch.tensor([40.0, 0.0, -400.0])",
                "actions": "torch.tensor([0, 2])",
                "rewards": "torch.tensor([1.0, 0.0])",
            },
        ),
        Case(
            "policy_gradient(logits, actions, rewards)",
            {
                "logits": "torch.tensor([0.5, -0.5])",
                "actions": "torch.tensor([1])",
                "rewards": "torch.tensor([1.0])",
            },
        ),
    ],
    hints=[
        "First the credit of each action: its reward, plus `bonus` times its surprise, "
        "less the mean of all credits.",
        "`-torch.log_softmax(logits, -1)[actions]` is the surprise. "
        "`torch.nn.functional.one_hot(actions, len(logits))` has one row per action.",
        "`(credit[:, None] * (one_hot - probs)).mean(dim=0)` is the mean pull.",
    ],
    wrong=[
        forgets_the_baseline,
        ignores_the_bonus,
        adds_the_exact_entropy_gradient,
        learns_through_the_credit,
        loses_the_log_of_a_tiny_probability,
        rewards_the_expected,
        measures_surprise_in_bits,
        pays_for_small_probability,
        leaves_the_bonus_out_of_the_baseline,
        multiplies_reward_and_surprise,
        subtracts_the_sum,
        divides_by_the_scatter,
        divides_by_torchs_scatter,
        adds_up,
        goes_down,
        weighs_by_the_probability,
        overwrites_repeated_actions,
        pulls_without_the_policy,
        returns_new_logits,
        keeps_one_row_per_action,
    ],
)

CHECKS = {"policy_gradient": POLICY_GRADIENT}
