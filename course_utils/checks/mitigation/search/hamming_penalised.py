"""Checks of `hamming_penalised`, an exercise of notebook 15."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _counts(chosen, vocabulary):
    return torch.bincount(chosen, minlength=vocabulary)


CASES = [
    Case(
        "hamming_penalised(log_probs, chosen, penalty=0.5)",
        log_probs=[[-1.0, -2.0, -3.0]],
        chosen=[1],
    ),
    Case(
        "hamming_penalised(log_probs, chosen, penalty=0.5)",
        log_probs=[[-1.0, -2.0, -3.0]],
        chosen=[0, 0, 2],
    ),
    Case(
        "hamming_penalised(log_probs, chosen, penalty=2.0)",
        log_probs=[[-1.0, -2.0, -3.0, -0.5], [-0.5, -4.0, -1.5, -2.0]],
        chosen=[3, 3, 3, 1],
    ),
    Case(
        "hamming_penalised(log_probs, chosen, penalty=1.0)",
        log_probs=[[-1.0, -2.0]],
        chosen="torch.tensor([], dtype=torch.long)",
    ),
]
HINTS = [
    "Count how often the earlier groups have just chosen each token of the vocabulary.",
    "`torch.bincount(chosen, minlength=vocabulary)` counts; the penalty times that "
    "count is what a token costs, in every row.",
    "`log_probs - penalty * torch.bincount(chosen, minlength=log_probs.shape[-1])`.",
]
WRONG = [
    wrong(
        "log_probs - penalty * (_counts(chosen, log_probs.shape[-1]) > 0)",
        "A token that was chosen three times costs three penalties, not one.",
    ),
    wrong(
        "log_probs + penalty * _counts(chosen, log_probs.shape[-1])",
        "You reward what others have chosen. The penalty is subtracted.",
    ),
    wrong(
        "log_probs * (1 - penalty * _counts(chosen, log_probs.shape[-1]))",
        "You multiply. The penalty is subtracted from the log-probability.",
    ),
    wrong(
        "log_probs - penalty * _counts(chosen, log_probs.shape[-1]) / "
        "max(1, len(chosen))",
        "You take the share of the choices. It is the *count* that costs.",
    ),
    wrong(
        "log_probs - _counts(chosen, log_probs.shape[-1])",
        "You forgot the penalty: it says what one earlier choice costs.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_counts])
