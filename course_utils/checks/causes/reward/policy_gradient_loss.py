"""Checks of `policy_gradient_loss`, an exercise of notebook 06."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case(
        "policy_gradient_loss(token_log_probs, rewards)",
        token_log_probs=[[-1.0], [-2.0], [-4.0]],
        rewards=[1.0, 0.0, 0.0],
    ),
    Case(
        "policy_gradient_loss(token_log_probs, rewards)",
        token_log_probs=[[-1.0, -0.5], [-2.0, -1.5], [-0.1, -0.3]],
        rewards=[1.0, 0.0, 1.0],
    ),
    Case(
        "policy_gradient_loss(token_log_probs, rewards)",
        token_log_probs="torch.tensor([[-1.0, -0.5], [-2.0, torch.nan]])",
        rewards=[0.5, 2.0],
    ),
    Case(
        "torch.autograd.grad(policy_gradient_loss(token_log_probs, rewards), "
        "token_log_probs)[0].nan_to_num()",
        token_log_probs="torch.tensor([[-1.0, -0.5], [-2.0, torch.nan], "
        "[-1.0, -3.0]], requires_grad=True)",
        rewards=[1.0, 1.0, 0.0],
    ),
]
HINTS = [
    "The log-probability of a text is the sum over its tokens: `nansum(dim=-1)` "
    "skips what stands after its end.",
    "Weigh each text's log-probability with its advantage, take the mean over the "
    "texts, and put a minus before it.",
]
WRONG = [
    wrong(
        "(leave_one_out_advantages(rewards) * token_log_probs.nansum(dim=-1)).mean()",
        "Your sign is the wrong way round: an optimiser makes the loss small, and what "
        "earned an advantage is to become likelier. The loss is minus the mean.",
    ),
    wrong(
        "-(rewards * token_log_probs.nansum(dim=-1)).mean()",
        "You weigh texts with their rewards. Weigh them with their advantages, "
        "`leave_one_out_advantages(rewards)`: without a baseline every text with a "
        "reward is pushed up, good or middling.",
    ),
    wrong(
        "-((rewards - rewards.mean()) * token_log_probs.nansum(dim=-1)).mean()",
        "Your baseline includes the text's own reward, which makes the gradient too "
        "small by (n - 1) / n. Use `leave_one_out_advantages(rewards)`.",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * token_log_probs.nanmean(dim=-1)).mean()",
        "You take the mean over a text's tokens. The log-probability of a text is the "
        "sum over its tokens; with a mean, long texts would count less.",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * token_log_probs.nansum(dim=-1)).sum()",
        "You take the sum over the texts. Take the mean: otherwise the step grows with "
        "the batch.",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * token_log_probs.sum(dim=-1)).mean()",
        "After the end of a text stands NaN, and a sum with NaN in it is NaN: use "
        "`nansum`.",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * text.exp()).mean()",
        "You weigh the probabilities of the texts. REINFORCE weighs their logarithms, "
        "which is what makes the draws' own frequency cancel out.",
        text="token_log_probs.nansum(dim=-1)",
    ),
    wrong(
        "loss.detach()",
        "The number is right, but it has no gradient: keep to tensor operations, "
        "without `.item()`, `.detach()` or `torch.tensor(...)`.",
        loss="policy_gradient_loss(token_log_probs, rewards)",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * token_log_probs).nansum(dim=-1).mean()",
        "Your advantages lie along the tokens, so that every text gets all of them. "
        "Sum over the tokens first: then there is one number for each text on both "
        "sides.",
    ),
    wrong(
        "-leave_one_out_advantages(rewards).mean() * token_log_probs.nansum(-1).mean()",
        "You take the means first and multiply them. The mean of the advantages is "
        "always 0: multiply text by text, then take the mean.",
    ),
    wrong(
        "-(advantages * token_log_probs.nansum(dim=-1)).mean()",
        "You divide the advantages by their standard deviation, as GRPO does. Here "
        "they are `leave_one_out_advantages(rewards)`, in units of reward.",
        advantages="(rewards - rewards.mean()) / (rewards.std() + 1e-8)",
    ),
    wrong(
        "-weighted.sum() / (len(rewards) - 1)",
        "You divide the sum over the texts by one fewer than there are. The others' "
        "mean is in the advantages already: here take the plain mean.",
        weighted="leave_one_out_advantages(rewards) * token_log_probs.nansum(dim=-1)",
    ),
    wrong(
        "-(leave_one_out_advantages(rewards) * token_log_probs.nansum(dim=-1))",
        "You return one number for each text. A loss is one number: take the mean.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
