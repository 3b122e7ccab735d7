"""Checks of `leave_one_out_advantages`, an exercise of notebook 06."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("leave_one_out_advantages(rewards)", rewards=[4.0, 1.0]),
    Case("leave_one_out_advantages(rewards)", rewards=[1.0, 0.0, 0.0]),
    Case("leave_one_out_advantages(rewards)", rewards=[2.0, 2.0, 2.0]),
    Case("leave_one_out_advantages(rewards)", rewards=[3.0, 1.0, -2.0, 0.5]),
]
HINTS = [
    "For each text: which rewards are the others', how many are they, what is "
    "their mean?",
    "The sum of the others is `rewards.sum() - rewards`, for all texts at once.",
]
WRONG = [
    wrong(
        "rewards.clone()",
        "You return the rewards as they are. Take away from each the mean of the "
        "others.",
    ),
    wrong(
        "rewards - rewards.mean()",
        "Your mean includes the text itself, so that its reward pulls its own baseline "
        "along. Take the mean of the other rewards.",
    ),
    wrong(
        "-leave_one_out_advantages(rewards)",
        "Your sign is the wrong way round: a reward above the others' mean is a "
        "positive advantage.",
    ),
    wrong(
        "rewards - (rewards.sum() - rewards)",
        "You take away the sum of the other rewards. It is their mean: divide by how "
        "many there are.",
    ),
    wrong(
        "rewards - (rewards.sum() - rewards) / len(rewards)",
        "You add up the other rewards but divide by the number of all. There is one "
        "fewer: `len(rewards) - 1`.",
    ),
    wrong(
        "(rewards.sum() - rewards) / (len(rewards) - 1)",
        "These are the means of the others, the baselines. The advantage is the reward "
        "less its baseline.",
    ),
    wrong(
        "leave_one_out_advantages(rewards) / (rewards.std() + 1e-8)",
        "You also divide by the standard deviation (GRPO does that with the mean of "
        "all). Here the advantage stays in units of reward.",
    ),
    wrong(
        "rewards - torch.stack(others)",
        "You compare with the best of the other rewards. Compare with their mean.",
        others="[torch.cat([rewards[:i], rewards[i + 1:]]).max() for i in "
        "range(len(rewards))]",
    ),
    wrong(
        "(rewards - rewards.mean()) / (rewards.std() + 1e-8)",
        "You take away the mean of all and divide by the standard deviation, as GRPO "
        "does. Here it is the mean of the others, and nothing is divided.",
    ),
    wrong(
        "rewards - rewards.sum() / (len(rewards) - 1)",
        "You divide by the number of the others, but the text's own reward is still in "
        "the sum: take it out, `rewards.sum() - rewards`.",
    ),
    wrong(
        "rewards - rewards.median()",
        "You compare with the median. Compare with the mean of the other rewards.",
    ),
    wrong(
        "rewards.mean()",
        "You return one number. Every text has an advantage of its own.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
