"""Checks of `clipped_loss`, an exercise of notebook 06."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _ratio(new, old):
    return (new - old).nan_to_num().exp()


def _loss(surrogate, new):
    return -(surrogate * ~new.isnan()).sum(dim=-1).mean()


def _smaller(ratio, clipped, advantages):
    return torch.minimum(ratio * advantages[:, None], clipped * advantages[:, None])


def _clipped(new, old, advantages, low, high):
    ratio = _ratio(new, old)
    return _loss(_smaller(ratio, ratio.clamp(1 - low, 1 + high), advantages), new)


_CALL = "clipped_loss(token_log_probs, old_token_log_probs, advantages)"
_BOUNDS = _CALL.replace(")", ", low=0.1, high=0.5)")
CASES = [
    Case(
        _CALL,
        token_log_probs="torch.tensor([[0.55]]).log()",
        old_token_log_probs="torch.tensor([[0.5]]).log()",
        advantages=[2.0],
    ),
    Case(
        _CALL,
        token_log_probs="torch.tensor([[0.9], [0.2]]).log()",
        old_token_log_probs="torch.tensor([[0.5], [0.5]]).log()",
        advantages=[1.0, -1.0],
    ),
    Case(
        _CALL,
        token_log_probs="torch.tensor([[0.2], [0.9]]).log()",
        old_token_log_probs="torch.tensor([[0.5], [0.5]]).log()",
        advantages=[1.0, -1.0],
    ),
    Case(
        _BOUNDS,
        token_log_probs="torch.tensor([[0.5, 0.5, 0.7], [0.3, 0.6, 0.4]]).log()",
        old_token_log_probs="torch.tensor([[0.4, 0.6, 0.4], [0.5, 0.4, 0.38]]).log()",
        advantages=[1.5, -0.5],
    ),
    Case(
        _CALL,
        token_log_probs="torch.tensor([[0.5, 0.45], [0.6, torch.nan]]).log()",
        old_token_log_probs="torch.tensor([[0.4, 0.5], [0.3, torch.nan]]).log()",
        advantages=[1.0, -2.0],
    ),
    Case(
        f"torch.autograd.grad({_CALL}, token_log_probs)[0].nan_to_num()",
        token_log_probs="torch.tensor([[0.5, 0.9], [0.6, torch.nan]]).log()"
        ".requires_grad_()",
        old_token_log_probs="torch.tensor([[0.5, 0.5], [0.6, torch.nan]]).log()",
        advantages=[1.0, -2.0],
    ),
]
HINTS = [
    "The ratio of each token is `(token_log_probs - old_token_log_probs).exp()`. "
    "`advantages[:, None]` has one row for each text, so that it fits.",
    "Two products: ratio times advantage, and the ratio clamped to 1 - low ... "
    "1 + high times advantage. `torch.minimum` of them, place by place.",
    "`-torch.minimum(plain, clipped).nansum(dim=-1).mean()`.",
]
WRONG = [
    wrong(
        "_loss(ratio * advantages[:, None], token_log_probs)",
        "Nothing is clipped in your answer: a text can gain without end. Clamp the "
        "ratio to 1 - low ... 1 + high, and take the smaller of the two products.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
    ),
    wrong(
        "_loss(ratio.clamp(1 - low, 1 + high) * advantages[:, None], token_log_probs)",
        "You take the clipped product alone. Take the smaller of it and the unclipped "
        "one: a token that went the wrong way must still be pulled back.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
    ),
    wrong(
        "_loss(-_smaller(ratio, clipped, -advantages), token_log_probs)",
        "You take the larger of the two products. PPO is a pessimist: it takes the "
        "smaller, `torch.minimum`.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "_loss(smaller * advantages[:, None], token_log_probs)",
        "You take the smaller ratio and then multiply by the advantage. Multiply "
        "first: for a negative advantage it is the larger ratio that gives the smaller "
        "product.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
        smaller="torch.minimum(ratio, ratio.clamp(1 - low, 1 + high))",
    ),
    wrong(
        "_loss(_smaller(ratio, clipped, advantages), token_log_probs)",
        "Your upper bound is 1 + low. It is 1 + high: with `high` above `low`, rare "
        "tokens may grow faster.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
        clipped="ratio.clamp(1 - low, 1 + low)",
    ),
    wrong(
        "_loss(_smaller(change.exp(), clipped, advantages), token_log_probs)",
        "You clip the difference of the log-probabilities. Take `exp` first: it is the "
        "ratio of the probabilities that stays between 1 - low and 1 + high.",
        change="(token_log_probs - old_token_log_probs).nan_to_num()",
        clipped="change.clamp(-low, high).exp()",
    ),
    wrong(
        "_loss(_smaller(ratio, clipped, advantages), token_log_probs)",
        "Your ratio is upside down. It is new over old: `(token_log_probs - "
        "old_token_log_probs).exp()`.",
        ratio="_ratio(old_token_log_probs, token_log_probs)",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "-_clipped(token_log_probs, old_token_log_probs, advantages, low, high)",
        "Your sign is the wrong way round: the optimiser makes the loss small, so it "
        "is minus what the texts earn.",
    ),
    wrong(
        "total * len(advantages) / (~token_log_probs.isnan()).sum()",
        "You take the mean over all tokens. Here a text counts as the sum of its "
        "tokens, and the mean is over texts, so that at ratio 1 the gradient is "
        "REINFORCE's.",
        total="_clipped(token_log_probs, old_token_log_probs, advantages, low, high)",
    ),
    wrong(
        "-torch.minimum(ratio * advantages, clipped * advantages).mean()",
        "You take one ratio for the whole text. PPO and DAPO have one for each token, "
        "and clip each on its own.",
        ratio="(token_log_probs - old_token_log_probs).nansum(dim=-1).exp()",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "-_smaller(ratio, clipped, advantages).sum(dim=-1).mean()",
        "After the end of a text stands NaN, and a sum with NaN in it is NaN: leave "
        "those places out, for instance with `nansum(dim=-1)`.",
        ratio="(token_log_probs - old_token_log_probs).exp()",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "-_smaller(ratio, clipped, advantages).sum(dim=-1).mean()",
        "You turn the NaN after a text's end into ratio 1, so that the empty places "
        "earn the advantage too. Leave them out of the sum.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "_loss(_smaller(ratio, ratio.clamp(low, high), advantages), token_log_probs)",
        "You clip to low ... high. The bounds are 1 - low and 1 + high: the ratio lies "
        "around 1.",
        ratio="_ratio(token_log_probs, old_token_log_probs)",
    ),
    wrong(
        "_clipped(token_log_probs, old_token_log_probs, advantages, high, low)",
        "You clip to 1 - high ... 1 + low. It is the other way round.",
    ),
    wrong(
        "_clipped(token_log_probs, old_token_log_probs, advantages, 0.2, 0.28)",
        "`low` and `high` change nothing in your answer: clip to 1 - low ... 1 + high "
        "instead of numbers of your own.",
    ),
    wrong(
        "_loss(_smaller(change, clipped, advantages), token_log_probs)",
        "You weigh the difference of the log-probabilities. The ratio is its "
        "exponential: `(token_log_probs - old_token_log_probs).exp()`.",
        change="(token_log_probs - old_token_log_probs).nan_to_num()",
        clipped="change.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "_loss(_smaller(ratio, clipped, advantages), token_log_probs)",
        "You divide the log-probabilities. A ratio of probabilities is the exponential "
        "of their difference: `(token_log_probs - old_token_log_probs).exp()`.",
        ratio="(token_log_probs / old_token_log_probs).nan_to_num()",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "total * len(advantages)",
        "You take the sum over the texts. Take the mean: otherwise the step grows with "
        "the batch.",
        total="_clipped(token_log_probs, old_token_log_probs, advantages, low, high)",
    ),
    wrong(
        "-surrogate.nansum(dim=-1).mean()",
        "Your advantages lie along the tokens. There is one for each text: "
        "`advantages[:, None]` is a column that fits.",
        ratio="(token_log_probs - old_token_log_probs).exp()",
        clipped="ratio.clamp(1 - low, 1 + high)",
        surrogate="torch.minimum(ratio * advantages, clipped * advantages)",
    ),
    wrong(
        "-_smaller(ratio, clipped, advantages).nanmean(dim=-1).mean()",
        "You take the mean over each text's tokens. Sum over them: a text's "
        "probability is the product of all its tokens'.",
        ratio="(token_log_probs - old_token_log_probs).exp()",
        clipped="ratio.clamp(1 - low, 1 + high)",
    ),
    wrong(
        "loss.detach()",
        "The number is right, but it has no gradient: keep to tensor operations, "
        "without `.item()`, `.detach()` or `torch.tensor(...)`.",
        loss="_clipped(token_log_probs, old_token_log_probs, advantages, low, high)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_ratio, _loss, _smaller, _clipped])
