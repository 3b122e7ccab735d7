"""Checks of the optimum under a leash and the losses, exercises of notebook 06."""

import torch

from course_utils.classroom.judging import Case, Checks

# --- regularised_optimum


def forgets_the_reference(ref_probs, rewards, beta):
    """The reference plays no part in your answer. Multiply by `ref_probs` before you
    normalise: under a leash, what the reference says often stays likelier."""
    return torch.softmax(rewards / beta, dim=-1)


def multiplies_by_beta(ref_probs, rewards, beta):
    """You multiply the reward by beta. Divide by it: a strong leash, a large beta,
    must leave the reference as it is."""
    return torch.softmax(ref_probs.log() + rewards * beta, dim=-1)


def ignores_beta(ref_probs, rewards, beta):
    """`beta` changes nothing in your answer: divide the rewards by it."""
    return torch.softmax(ref_probs.log() + rewards, dim=-1)


def shuns_the_reward(ref_probs, rewards, beta):
    """Your sign is the wrong way round: what earns more must become likelier,
    `exp(+rewards / beta)`."""
    return torch.softmax(ref_probs.log() - rewards / beta, dim=-1)


def does_not_normalise(ref_probs, rewards, beta):
    """Your numbers don't sum to 1: divide `ref_probs * exp(rewards / beta)` by its
    sum."""
    return ref_probs * (rewards / beta).exp()


def adds_the_reference(ref_probs, rewards, beta):
    """You add the reference to the exponential of the reward. Multiply them."""
    weights = ref_probs + (rewards / beta).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def adds_probabilities_to_rewards(ref_probs, rewards, beta):
    """You add the reference's probabilities to the rewards inside the exponential.
    There it is their logarithm that belongs: `ref_probs.log()`."""
    return torch.softmax(ref_probs + rewards / beta, dim=-1)


def divides_the_reference_too(ref_probs, rewards, beta):
    """You divide the reference's log-probability by beta as well. Only the reward is
    divided: `ref_probs` stands there as it is, not to a power."""
    return torch.softmax((ref_probs.log() + rewards) / beta, dim=-1)


def overflows(ref_probs, rewards, beta):
    """`exp` of a large reward overflows to infinity, and the division gives NaN. Take
    the largest reward away first, as in softmax: nothing else changes."""
    weights = ref_probs * (rewards / beta).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def shifts_by_the_impossible(ref_probs, rewards, beta):
    """The highest reward here belongs to something that the reference never says.
    Subtract the highest reward among the possible, or everything vanishes to 0 (it is
    easiest with `ref_probs.log()` inside the exponential)."""
    below = rewards - rewards.amax(dim=-1, keepdim=True)
    weights = ref_probs * (below / beta).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def normalises_the_batch(ref_probs, rewards, beta):
    """You divide by the sum over the whole batch. Every row is a distribution of its
    own: `sum(dim=-1, keepdim=True)`."""
    logits = ref_probs.log() + rewards / beta
    return torch.softmax(logits.flatten(), dim=-1).reshape(logits.shape)


def takes_the_best(ref_probs, rewards, beta):
    """All your probability is on the highest reward. That is the limit beta = 0: with
    a leash, the others keep some."""
    tied = (rewards == rewards.amax(dim=-1, keepdim=True)) * ref_probs
    return tied / tied.sum(dim=-1, keepdim=True)


def weighs_with_the_rewards(ref_probs, rewards, beta):
    """You multiply the reference by the rewards themselves. What multiplies it is
    `exp(rewards / beta)`, which is never negative."""
    weights = ref_probs * rewards
    return weights / weights.sum(dim=-1, keepdim=True)


def puts_beta_on_the_reference(ref_probs, rewards, beta):
    """You multiply the reference's log-probability by beta. Only the reward feels
    beta: divide it, and leave `ref_probs` as it is."""
    return torch.softmax(beta * ref_probs.log() + rewards, dim=-1)


def returns_log_probabilities(ref_probs, rewards, beta):
    """These are log-probabilities. Return the probabilities: `softmax` in place of
    `log_softmax`."""
    return torch.log_softmax(ref_probs.log() + rewards / beta, dim=-1)


def lets_the_impossible_in(ref_probs, rewards, beta):
    """You add a little to `ref_probs`, and a large reward makes much of it: what the
    reference never says has become possible. Take the logarithm as it is: -inf is
    what softmax needs here."""
    return torch.softmax((ref_probs + 1e-8).log() + rewards / beta, dim=-1)


def normalises_columns(ref_probs, rewards, beta):
    """You normalise along the first dimension, over the rows of the batch. Outcomes
    are along the last: `dim=-1`."""
    return torch.softmax(ref_probs.log() + rewards / beta, dim=0)


def hides_the_overflow(ref_probs, rewards, beta):
    """You turn the NaN of an overflow into 0, and the likeliest outcome is gone. Keep
    it from overflowing: subtract the largest reward before `exp`, as in softmax."""
    weights = ref_probs * (rewards / beta).exp()
    return (weights / weights.sum(dim=-1, keepdim=True)).nan_to_num()


REGULARISED_OPTIMUM = Checks(
    cases=[
        Case(
            "regularised_optimum(ref_probs, rewards, beta=1.0)",
            {
                "ref_probs": "torch.tensor([0.5, 0.5])",
                "rewards": "torch.tensor([2.0, 1.0])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=0.5)",
            {
                "ref_probs": "torch.tensor([0.6, 0.3, 0.1])",
                "rewards": "torch.tensor([0.0, 1.0, 1.0])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=4.0)",
            {
                "ref_probs": "torch.tensor([0.7, 0.2, 0.1])",
                "rewards": "torch.tensor([-1.0, 0.5, 2.0])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=0.5)",
            {
                "ref_probs": "torch.tensor([[0.6, 0.4], [0.2, 0.8]])",
                "rewards": "torch.tensor([[0.0, 1.0], [3.0, 1.0]])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=1.0)",
            {
                "ref_probs": "torch.tensor([0.0, 0.5, 0.5])",
                "rewards": "torch.tensor([1.0, 1.0, 0.0])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=0.01)",
            {
                "ref_probs": "torch.tensor([0.5, 0.5])",
                "rewards": "torch.tensor([5.0, 5.01])",
            },
        ),
        Case(
            "regularised_optimum(ref_probs, rewards, beta=0.01)",
            {
                "ref_probs": "torch.tensor([0.0, 0.5, 0.5])",
                "rewards": "torch.tensor([9.0, 1.0, 1.0])",
            },
        ),
    ],
    hints=[
        "Two steps: weigh every outcome with its share under the reference times "
        "`exp(rewards / beta)`, then divide by the sum of the row.",
        "For the same result without overflow, write the product as one exponential: "
        "`ref_probs.log() + rewards / beta` are logits.",
        "`torch.softmax(logits, dim=-1)` does the rest. An outcome of probability 0 "
        "has the logit -inf, and stays impossible.",
    ],
    wrong=[
        forgets_the_reference,
        multiplies_by_beta,
        ignores_beta,
        shuns_the_reward,
        does_not_normalise,
        adds_the_reference,
        adds_probabilities_to_rewards,
        divides_the_reference_too,
        overflows,
        shifts_by_the_impossible,
        normalises_the_batch,
        takes_the_best,
        weighs_with_the_rewards,
        puts_beta_on_the_reference,
        returns_log_probabilities,
        lets_the_impossible_in,
        normalises_columns,
        hides_the_overflow,
    ],
)

# --- leave_one_out_advantages


def keeps_the_rewards(rewards):
    """You return the rewards as they are. Take away from each the mean of the
    others."""
    return rewards.clone()


def includes_itself(rewards):
    """Your mean includes the text itself, so that its reward pulls its own baseline
    along. Take the mean of the other rewards."""
    return rewards - rewards.mean()


def is_upside_down(rewards):
    """Your sign is the wrong way round: a reward above the others' mean is a positive
    advantage."""
    return -_leave_one_out(rewards)


def takes_the_sum_of_the_others(rewards):
    """You take away the sum of the other rewards. It is their mean: divide by how
    many there are."""
    return rewards - (rewards.sum() - rewards)


def divides_by_all(rewards):
    """You add up the other rewards but divide by the number of all. There is one
    fewer: `len(rewards) - 1`."""
    return rewards - (rewards.sum() - rewards) / len(rewards)


def gives_the_baselines(rewards):
    """These are the means of the others, the baselines. The advantage is the reward
    less its baseline."""
    return (rewards.sum() - rewards) / (len(rewards) - 1)


def standardises(rewards):
    """You also divide by the standard deviation (GRPO does that with the mean of
    all). Here the advantage stays in units of reward."""
    return _leave_one_out(rewards) / (rewards.std() + 1e-8)


def takes_the_best_of_the_others(rewards):
    """You compare with the best of the other rewards. Compare with their mean."""
    others = [
        torch.cat([rewards[:i], rewards[i + 1 :]]).max() for i in range(len(rewards))
    ]
    return rewards - torch.stack(others)


def standardises_with_the_mean_of_all(rewards):
    """You take away the mean of all and divide by the standard deviation, as GRPO
    does. Here it is the mean of the others, and nothing is divided."""
    return (rewards - rewards.mean()) / (rewards.std() + 1e-8)


def shares_its_own_with_the_others(rewards):
    """You divide by the number of the others, but the text's own reward is still in
    the sum: take it out, `rewards.sum() - rewards`."""
    return rewards - rewards.sum() / (len(rewards) - 1)


def takes_the_median(rewards):
    """You compare with the median. Compare with the mean of the other rewards."""
    return rewards - rewards.median()


def returns_one_number(rewards):
    """You return one number. Every text has an advantage of its own."""
    return rewards.mean()


def _leave_one_out(rewards):
    n = len(rewards)
    return (rewards - rewards.mean()) * n / (n - 1)


LEAVE_ONE_OUT_ADVANTAGES = Checks(
    cases=[
        Case(
            "leave_one_out_advantages(rewards)", {"rewards": "torch.tensor([4.0, 1.0])"}
        ),
        Case(
            "leave_one_out_advantages(rewards)",
            {"rewards": "torch.tensor([1.0, 0.0, 0.0])"},
        ),
        Case(
            "leave_one_out_advantages(rewards)",
            {"rewards": "torch.tensor([2.0, 2.0, 2.0])"},
        ),
        Case(
            "leave_one_out_advantages(rewards)",
            {"rewards": "torch.tensor([3.0, 1.0, -2.0, 0.5])"},
        ),
    ],
    hints=[
        "For each text: which rewards are the others', how many are they, what is "
        "their mean?",
        "The sum of the others is `rewards.sum() - rewards`, for all texts at once.",
    ],
    wrong=[
        keeps_the_rewards,
        includes_itself,
        is_upside_down,
        takes_the_sum_of_the_others,
        divides_by_all,
        gives_the_baselines,
        standardises,
        takes_the_best_of_the_others,
        standardises_with_the_mean_of_all,
        shares_its_own_with_the_others,
        takes_the_median,
        returns_one_number,
    ],
)

# --- policy_gradient_loss


def climbs_down(token_log_probs, rewards):
    """Your sign is the wrong way round: an optimiser makes the loss small, and what
    earned an advantage is to become likelier. The loss is minus the mean."""
    return (_leave_one_out(rewards) * token_log_probs.nansum(dim=-1)).mean()


def has_no_baseline(token_log_probs, rewards):
    """You weigh texts with their rewards. Weigh them with their advantages,
    `leave_one_out_advantages(rewards)`: without a baseline every text with a reward
    is pushed up, good or middling."""
    return -(rewards * token_log_probs.nansum(dim=-1)).mean()


def has_the_wrong_baseline(token_log_probs, rewards):
    """Your baseline includes the text's own reward, which makes the gradient too small
    by (n - 1) / n. Use `leave_one_out_advantages(rewards)`."""
    advantages = rewards - rewards.mean()
    return -(advantages * token_log_probs.nansum(dim=-1)).mean()


def takes_the_mean_over_tokens(token_log_probs, rewards):
    """You take the mean over a text's tokens. The log-probability of a text is the
    sum over its tokens; with a mean, long texts would count less."""
    return -(_leave_one_out(rewards) * token_log_probs.nanmean(dim=-1)).mean()


def sums_over_texts(token_log_probs, rewards):
    """You take the sum over the texts. Take the mean: otherwise the step grows with
    the batch."""
    return -(_leave_one_out(rewards) * token_log_probs.nansum(dim=-1)).sum()


def trips_over_nan(token_log_probs, rewards):
    """After the end of a text stands NaN, and a sum with NaN in it is NaN: use
    `nansum`."""
    return -(_leave_one_out(rewards) * token_log_probs.sum(dim=-1)).mean()


def weighs_probabilities(token_log_probs, rewards):
    """You weigh the probabilities of the texts. REINFORCE weighs their logarithms,
    which is what makes the draws' own frequency cancel out."""
    texts = token_log_probs.nansum(dim=-1).exp()
    return -(_leave_one_out(rewards) * texts).mean()


def cuts_the_gradient(token_log_probs, rewards):
    """The number is right, but it has no gradient: keep to tensor operations, without
    `.item()`, `.detach()` or `torch.tensor(...)`."""
    loss = -(_leave_one_out(rewards) * token_log_probs.nansum(dim=-1)).mean()
    return loss.detach()


def forgets_the_column(token_log_probs, rewards):
    """Your advantages lie along the tokens, so that every text gets all of them. Sum
    over the tokens first: then there is one number for each text on both sides."""
    return -(_leave_one_out(rewards) * token_log_probs).nansum(dim=-1).mean()


def multiplies_the_means(token_log_probs, rewards):
    """You take the means first and multiply them. The mean of the advantages is always
    0: multiply text by text, then take the mean."""
    return -(_leave_one_out(rewards).mean() * token_log_probs.nansum(dim=-1).mean())


def standardises_advantages(token_log_probs, rewards):
    """You divide the advantages by their standard deviation, as GRPO does. Here they
    are `leave_one_out_advantages(rewards)`, in units of reward."""
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
    return -(advantages * token_log_probs.nansum(dim=-1)).mean()


def divides_by_one_fewer(token_log_probs, rewards):
    """You divide the sum over the texts by one fewer than there are. The others' mean
    is in the advantages already: here take the plain mean."""
    weighted = _leave_one_out(rewards) * token_log_probs.nansum(dim=-1)
    return -weighted.sum() / (len(rewards) - 1)


def keeps_the_texts_apart(token_log_probs, rewards):
    """You return one number for each text. A loss is one number: take the mean."""
    return -(_leave_one_out(rewards) * token_log_probs.nansum(dim=-1))


POLICY_GRADIENT_LOSS = Checks(
    cases=[
        Case(
            "policy_gradient_loss(token_log_probs, rewards)",
            {
                "token_log_probs": "torch.tensor([[-1.0], [-2.0], [-4.0]])",
                "rewards": "torch.tensor([1.0, 0.0, 0.0])",
            },
        ),
        Case(
            "policy_gradient_loss(token_log_probs, rewards)",
            {
                "token_log_probs": "torch.tensor([[-1.0, -0.5], [-2.0, -1.5], "
                "[-0.1, -0.3]])",
                "rewards": "torch.tensor([1.0, 0.0, 1.0])",
            },
        ),
        Case(
            "policy_gradient_loss(token_log_probs, rewards)",
            {
                "token_log_probs": "torch.tensor([[-1.0, -0.5], [-2.0, torch.nan]])",
                "rewards": "torch.tensor([0.5, 2.0])",
            },
        ),
        Case(
            "torch.autograd.grad(policy_gradient_loss(token_log_probs, rewards), "
            "token_log_probs)[0].nan_to_num()",
            {
                "token_log_probs": "torch.tensor([[-1.0, -0.5], [-2.0, torch.nan], "
                "[-1.0, -3.0]], requires_grad=True)",
                "rewards": "torch.tensor([1.0, 1.0, 0.0])",
            },
        ),
    ],
    hints=[
        "The log-probability of a text is the sum over its tokens: `nansum(dim=-1)` "
        "skips what stands after its end.",
        "Weigh each text's log-probability with its advantage, take the mean over the "
        "texts, and put a minus before it.",
    ],
    wrong=[
        climbs_down,
        has_no_baseline,
        has_the_wrong_baseline,
        takes_the_mean_over_tokens,
        sums_over_texts,
        trips_over_nan,
        weighs_probabilities,
        cuts_the_gradient,
        forgets_the_column,
        multiplies_the_means,
        standardises_advantages,
        divides_by_one_fewer,
        keeps_the_texts_apart,
    ],
)

# --- clipped_loss


def _ratio(new, old):
    return (new - old).nan_to_num().exp()


def _loss(surrogate, new):
    return -(surrogate * ~new.isnan()).sum(dim=-1).mean()


def does_not_clip(token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28):
    """Nothing is clipped in your answer: a text can gain without end. Clamp the ratio
    to 1 - low ... 1 + high, and take the smaller of the two products."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    return _loss(ratio * advantages[:, None], token_log_probs)


def only_clips(token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28):
    """You take the clipped product alone. Take the smaller of it and the unclipped
    one: a token that went the wrong way must still be pulled back."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    clipped = ratio.clamp(1 - low, 1 + high)
    return _loss(clipped * advantages[:, None], token_log_probs)


def takes_the_larger(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take the larger of the two products. PPO is a pessimist: it takes the
    smaller, `torch.minimum`."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return _loss(torch.maximum(ratio * a, clipped * a), token_log_probs)


def takes_the_smaller_ratio(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take the smaller ratio and then multiply by the advantage. Multiply first:
    for a negative advantage it is the larger ratio that gives the smaller product."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    smaller = torch.minimum(ratio, ratio.clamp(1 - low, 1 + high))
    return _loss(smaller * advantages[:, None], token_log_probs)


def clips_both_sides_alike(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """Your upper bound is 1 + low. It is 1 + high: with `high` above `low`, rare tokens
    may grow faster."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + low)
    return _loss(torch.minimum(ratio * a, clipped * a), token_log_probs)


def clips_the_logarithm(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You clip the difference of the log-probabilities. Take `exp` first: it is the
    ratio of the probabilities that stays between 1 - low and 1 + high."""
    change = (token_log_probs - old_token_log_probs).nan_to_num()
    a = advantages[:, None]
    clipped = change.clamp(-low, high).exp()
    return _loss(torch.minimum(change.exp() * a, clipped * a), token_log_probs)


def turns_the_ratio_round(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """Your ratio is upside down. It is new over old:
    `(token_log_probs - old_token_log_probs).exp()`."""
    ratio = _ratio(old_token_log_probs, token_log_probs)
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return _loss(torch.minimum(ratio * a, clipped * a), token_log_probs)


def forgets_the_minus(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """Your sign is the wrong way round: the optimiser makes the loss small, so it is
    minus what the texts earn."""
    return -_clipped(token_log_probs, old_token_log_probs, advantages, low, high)


def averages_tokens(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take the mean over all tokens. Here a text counts as the sum of its tokens,
    and the mean is over texts, so that at ratio 1 the gradient is REINFORCE's."""
    total = _clipped(token_log_probs, old_token_log_probs, advantages, low, high)
    return total * len(advantages) / (~token_log_probs.isnan()).sum()


def takes_one_ratio_for_a_text(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take one ratio for the whole text. PPO and DAPO have one for each token,
    and clip each on its own."""
    change = (token_log_probs - old_token_log_probs).nansum(dim=-1)
    ratio = change.exp()
    clipped = ratio.clamp(1 - low, 1 + high)
    return -torch.minimum(ratio * advantages, clipped * advantages).mean()


def lets_nan_through(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """After the end of a text stands NaN, and a sum with NaN in it is NaN: leave those
    places out, for instance with `nansum(dim=-1)`."""
    ratio = (token_log_probs - old_token_log_probs).exp()
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return -torch.minimum(ratio * a, clipped * a).sum(dim=-1).mean()


def counts_padding(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You turn the NaN after a text's end into ratio 1, so that the empty places earn
    the advantage too. Leave them out of the sum."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return -torch.minimum(ratio * a, clipped * a).sum(dim=-1).mean()


def takes_the_bounds_as_they_are(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You clip to low ... high. The bounds are 1 - low and 1 + high: the ratio lies
    around 1."""
    ratio = _ratio(token_log_probs, old_token_log_probs)
    a = advantages[:, None]
    return _loss(torch.minimum(ratio * a, ratio.clamp(low, high) * a), token_log_probs)


def swaps_the_bounds(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You clip to 1 - high ... 1 + low. It is the other way round."""
    return _clipped(token_log_probs, old_token_log_probs, advantages, high, low)


def ignores_the_bounds(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """`low` and `high` change nothing in your answer: clip to 1 - low ... 1 + high
    instead of numbers of your own."""
    return _clipped(token_log_probs, old_token_log_probs, advantages, 0.2, 0.28)


def takes_no_ratio(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You weigh the difference of the log-probabilities. The ratio is its exponential:
    `(token_log_probs - old_token_log_probs).exp()`."""
    change = (token_log_probs - old_token_log_probs).nan_to_num()
    a = advantages[:, None]
    clipped = change.clamp(1 - low, 1 + high)
    return _loss(torch.minimum(change * a, clipped * a), token_log_probs)


def divides_logarithms(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You divide the log-probabilities. A ratio of probabilities is the exponential of
    their difference: `(token_log_probs - old_token_log_probs).exp()`."""
    ratio = (token_log_probs / old_token_log_probs).nan_to_num()
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return _loss(torch.minimum(ratio * a, clipped * a), token_log_probs)


def sums_all_texts(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take the sum over the texts. Take the mean: otherwise the step grows with
    the batch."""
    total = _clipped(token_log_probs, old_token_log_probs, advantages, low, high)
    return total * len(advantages)


def lets_advantages_lie_along_tokens(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """Your advantages lie along the tokens. There is one for each text:
    `advantages[:, None]` is a column that fits."""
    ratio = (token_log_probs - old_token_log_probs).exp()
    clipped = ratio.clamp(1 - low, 1 + high)
    surrogate = torch.minimum(ratio * advantages, clipped * advantages)
    return -surrogate.nansum(dim=-1).mean()


def averages_each_text(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """You take the mean over each text's tokens. Sum over them: a text's probability
    is the product of all its tokens'."""
    ratio = (token_log_probs - old_token_log_probs).exp()
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return -torch.minimum(ratio * a, clipped * a).nanmean(dim=-1).mean()


def stops_the_gradient(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """The number is right, but it has no gradient: keep to tensor operations, without
    `.item()`, `.detach()` or `torch.tensor(...)`."""
    loss = _clipped(token_log_probs, old_token_log_probs, advantages, low, high)
    return loss.detach()


def _clipped(new, old, advantages, low, high):
    ratio = _ratio(new, old)
    a = advantages[:, None]
    clipped = ratio.clamp(1 - low, 1 + high)
    return _loss(torch.minimum(ratio * a, clipped * a), new)


_CALL = "clipped_loss(token_log_probs, old_token_log_probs, advantages)"
_BOUNDS = _CALL.replace(")", ", low=0.1, high=0.5)")

CLIPPED_LOSS = Checks(
    cases=[
        Case(
            _CALL,
            {
                "token_log_probs": "torch.tensor([[0.55]]).log()",
                "old_token_log_probs": "torch.tensor([[0.5]]).log()",
                "advantages": "torch.tensor([2.0])",
            },
        ),
        Case(
            _CALL,
            {
                "token_log_probs": "torch.tensor([[0.9], [0.2]]).log()",
                "old_token_log_probs": "torch.tensor([[0.5], [0.5]]).log()",
                "advantages": "torch.tensor([1.0, -1.0])",
            },
        ),
        Case(
            _CALL,
            {
                "token_log_probs": "torch.tensor([[0.2], [0.9]]).log()",
                "old_token_log_probs": "torch.tensor([[0.5], [0.5]]).log()",
                "advantages": "torch.tensor([1.0, -1.0])",
            },
        ),
        Case(
            _BOUNDS,
            {
                "token_log_probs": "torch.tensor([[0.5, 0.5, 0.7], [0.3, 0.6, 0.4]])"
                ".log()",
                "old_token_log_probs": "torch.tensor([[0.4, 0.6, 0.4], "
                "[0.5, 0.4, 0.38]]).log()",
                "advantages": "torch.tensor([1.5, -0.5])",
            },
        ),
        Case(
            _CALL,
            {
                "token_log_probs": "torch.tensor([[0.5, 0.45], [0.6, torch.nan]])"
                ".log()",
                "old_token_log_probs": "torch.tensor([[0.4, 0.5], [0.3, torch.nan]])"
                ".log()",
                "advantages": "torch.tensor([1.0, -2.0])",
            },
        ),
        Case(
            f"torch.autograd.grad({_CALL}, token_log_probs)[0].nan_to_num()",
            {
                "token_log_probs": "torch.tensor([[0.5, 0.9], [0.6, torch.nan]]).log()"
                ".requires_grad_()",
                "old_token_log_probs": "torch.tensor([[0.5, 0.5], [0.6, torch.nan]])"
                ".log()",
                "advantages": "torch.tensor([1.0, -2.0])",
            },
        ),
    ],
    hints=[
        "The ratio of each token is `(token_log_probs - old_token_log_probs).exp()`. "
        "`advantages[:, None]` has one row for each text, so that it fits.",
        "Two products: ratio times advantage, and the ratio clamped to 1 - low ... "
        "1 + high times advantage. `torch.minimum` of them, place by place.",
        "`-torch.minimum(plain, clipped).nansum(dim=-1).mean()`.",
    ],
    wrong=[
        does_not_clip,
        only_clips,
        takes_the_larger,
        takes_the_smaller_ratio,
        clips_both_sides_alike,
        clips_the_logarithm,
        turns_the_ratio_round,
        forgets_the_minus,
        averages_tokens,
        takes_one_ratio_for_a_text,
        lets_nan_through,
        counts_padding,
        takes_the_bounds_as_they_are,
        swaps_the_bounds,
        ignores_the_bounds,
        takes_no_ratio,
        divides_logarithms,
        sums_all_texts,
        lets_advantages_lie_along_tokens,
        averages_each_text,
        stops_the_gradient,
    ],
)

CHECKS = {
    "regularised_optimum": REGULARISED_OPTIMUM,
    "leave_one_out_advantages": LEAVE_ONE_OUT_ADVANTAGES,
    "policy_gradient_loss": POLICY_GRADIENT_LOSS,
    "clipped_loss": CLIPPED_LOSS,
}
