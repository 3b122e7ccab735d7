"""Checks of `policy_gradient`, an exercise of notebook 04."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


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
CASES = [
    Case(
        "policy_gradient(logits, actions, rewards)",
        logits=[0.0, 0.0],
        actions=[0, 1],
        rewards=[1.0, 0.0],
    ),
    Case("policy_gradient(logits, actions, rewards)", **_THREE_ACTIONS),
    Case("policy_gradient(logits, actions, rewards, bonus=0.5)", **_THREE_ACTIONS),
    Case(
        "policy_gradient(logits, actions, rewards, bonus=0.2)",
        logits=[2.0, 0.0],
        actions=[0, 0, 0, 1],
        rewards=[1.0, 1.0, 1.0, 1.0],
    ),
    Case(
        "policy_gradient(logits, actions, rewards, bonus=1.0)",
        logits=[40.0, 0.0, -400.0],
        actions=[0, 2],
        rewards=[1.0, 0.0],
    ),
    Case(
        "policy_gradient(logits, actions, rewards)",
        logits=[0.5, -0.5],
        actions=[1],
        rewards=[1.0],
    ),
    Case(
        "policy_gradient(logits, actions, rewards)",
        logits=[0.0, 1.0, 2.0],
        actions=[0, 1],
        rewards=[1.0, 0.0],
    ),
]
HINTS = [
    "First the credit of each action: its reward, plus `bonus` times its surprise, "
    "less the mean of all credits.",
    "`-torch.log_softmax(logits, -1)[actions]` is the surprise. "
    "`torch.nn.functional.one_hot(actions, len(logits))` has one row per action.",
    "`(credit[:, None] * (one_hot - probs)).mean(dim=0)` is the mean pull.",
]
WRONG = [
    wrong(
        "_mean_pull(logits, actions, rewards + bonus * _surprise(logits, actions))",
        "You use the credit as it is. Subtract the mean credit first, so that an "
        "action is favoured only for doing better than the others.",
    ),
    wrong(
        "_mean_pull(logits, actions, rewards - rewards.mean())",
        "`bonus` changes nothing in your answer. Add `bonus` times each action's "
        "surprise, minus the log of its probability, to its reward. (The entropy is "
        "the same for all actions and cancels: it has to be each action's own "
        "surprise.)",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.mean())",
        "A tiny probability rounds to 0 before you take its log. Take the logarithm in "
        "one go: `torch.log_softmax`.",
        credit="rewards - bonus * torch.softmax(logits, -1)[actions].log()",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.mean())",
        "The sign of your bonus is wrong: you pay for likely actions. Surprise is "
        "MINUS the log of the probability.",
        credit="rewards - bonus * _surprise(logits, actions)",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.mean())",
        "Your surprise is in bits. Take the natural logarithm: nats.",
        surprise="_surprise(logits, actions) / torch.log(torch.tensor(2.0))",
        credit="rewards + bonus * surprise",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.mean())",
        "You pay `1 - probability`. Surprise is minus its logarithm.",
        credit="rewards + bonus * (1 - torch.softmax(logits, -1)[actions])",
    ),
    wrong(
        "_mean_pull(logits, actions, credit)",
        "You subtract the mean of the rewards, but the credit is reward plus bonus. "
        "Subtract the mean of that.",
        credit="rewards - rewards.mean() + bonus * _surprise(logits, actions)",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.mean())",
        "You multiply the reward by the bonus. The two are added: reward plus `bonus` "
        "times surprise.",
        credit="rewards * (1 + bonus * _surprise(logits, actions))",
    ),
    wrong(
        "_mean_pull(logits, actions, credit - credit.sum())",
        "You subtract the sum of the credits. Subtract their mean.",
        credit="rewards + bonus * _surprise(logits, actions)",
    ),
    wrong(
        "len(actions) * _right(logits, actions, rewards, bonus)",
        "You add up the pulls of all actions. Take their mean, so that the step "
        "doesn't grow with the number of actions.",
    ),
    wrong(
        "-_right(logits, actions, rewards, bonus)",
        "Your sign is wrong: this leads to less reward. An action pulls the logits "
        "towards itself, `one_hot - probs`.",
    ),
    wrong(
        "_mean_pull(logits, actions, weights * (credit - credit.mean()))",
        "You weigh each action by its probability. That happens by itself: likely "
        "actions are drawn more often.",
        credit="rewards + bonus * _surprise(logits, actions)",
        weights="torch.softmax(logits, -1)[actions]",
    ),
    wrong(
        "(credit[:, None] * chosen).mean(dim=0)",
        "You pull along `one_hot` alone, and your credit still has its mean in it. "
        "Subtract the mean from the credit, and the policy from `one_hot`.",
        chosen="torch.nn.functional.one_hot(actions, len(logits))",
        credit="rewards + bonus * _surprise(logits, actions)",
    ),
    wrong(
        "logits + _right(logits, actions, rewards, bonus)",
        "You return new logits. Return the direction only: whoever calls you decides "
        "how far to go.",
    ),
    wrong(
        "(credit - credit.mean())[:, None] * _pulls(logits, actions)",
        "You return one pull for each action. Take their mean over the actions: "
        "`mean(dim=0)`.",
        credit="rewards + bonus * _surprise(logits, actions)",
    ),
    wrong(
        "_mean_pull(logits, actions, centred / credit.std(correction=0).clamp(1e-8))",
        "You divide the credit by its standard deviation. Some algorithms do; here "
        "only the mean is subtracted.",
        credit="rewards + bonus * _surprise(logits, actions)",
        centred="credit - credit.mean()",
    ),
    wrong(
        "_mean_pull(logits, actions, (credit - credit.mean()) / (credit.std() + 1e-8))",
        "You divide the credit by its standard deviation, and a single action gives "
        "NaN. Only the mean is subtracted here.",
        credit="rewards + bonus * _surprise(logits, actions)",
    ),
    wrong(
        "_mean_pull(logits, actions, rewards - rewards.mean()) - bonus * rise",
        "You add the exact gradient of the entropy. A fine idea, but here the bonus "
        "is part of each action's credit: `bonus` times its own surprise.",
        log_probs="torch.log_softmax(logits, -1)",
        entropy="-(log_probs.exp() * log_probs).nansum()",
        rise="log_probs.exp() * (log_probs + entropy)",
    ),
    wrong(
        "torch.func.grad(lambda z: mean(z.log_softmax(-1)[actions]))(logits)",
        "You let the gradient flow through the surprise in the credit as well. Credit "
        "is a fixed number: `detach()` it.",
        credit="lambda logs: rewards - bonus * logs",
        mean="lambda logs: ((credit(logs) - credit(logs).mean()) * logs).mean()",
    ),
    wrong(
        "torch.zeros_like(logits).index_put((actions,), centred / len(actions))",
        "`pull[actions] += credit` counts an action that was drawn twice only once. "
        "Use `index_add_`, or `one_hot` and a mean.",
        credit="rewards + bonus * _surprise(logits, actions)",
        centred="credit - credit.mean()",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_surprise, _pulls, _mean_pull, _right])
