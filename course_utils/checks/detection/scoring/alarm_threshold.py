"""Checks of `alarm_threshold`, an exercise of notebook 11."""

import math

from course_utils.classroom.cases import Case, Checks, wrong


def _kth_largest(scores, k):
    """Infinity for the 0th; as Python's [-k], but never before the first."""
    return sorted(scores)[-min(k, len(scores))] if k > 0 else math.inf


_19 = "[3, 18, 7, 11, 1, 15, 9, 2, 13, 5, 17, 8, 12, 4, 16, 6, 14, 10, 19]"
CASES = [
    Case("alarm_threshold(healthy, 0.25)", healthy="[0.5, 0.1, 0.9]"),
    Case("alarm_threshold(healthy, 0.5)", healthy="[0.5, 0.1, 0.9]"),
    Case("alarm_threshold(healthy, 0.05)", healthy=_19),
    Case("alarm_threshold(healthy, 0.10)", healthy=_19),
    Case("alarm_threshold(healthy, 0.12)", healthy=_19),
    Case("alarm_threshold(healthy, 0.05)", healthy="[0.2, 0.4, 0.3]"),
    Case("alarm_threshold(healthy, 0.2)", healthy="[0.0] * 9 + [1.0]"),
    Case("alarm_threshold(healthy, 0.3)", healthy="[1, 2, 3, 4, 5, 6, 7, 8]"),
    Case("alarm_threshold(healthy, 0.05)", healthy="[*range(18)]"),
    Case("alarm_threshold(healthy, 0.4)", healthy="[1.0, 1.0, 0.0, 0.0]"),
]
HINTS = [
    "Put a further score among the m healthy ones. There are m + 1 places for it, all "
    "with the same chance. In how many of them does it lie above the largest?",
    "Above the k-th largest lie k of the m + 1 places. Look for the largest whole k "
    "with k / (m + 1) <= rate.",
    "`k = math.floor(rate * (len(healthy) + 1) + 1e-9)` (the last term is for "
    "rounding). `sorted(healthy)[-k]` is the k-th largest; k = 0 wants `math.inf`.",
]
WRONG = [
    wrong(
        "np.quantile(healthy, 1 - rate)",
        "This is the quantile of *these* scores. A further one passes it more often "
        "than promised: among m scores there are m + 1 places for it.",
    ),
    wrong(
        "_kth_largest(healthy, math.floor(rate * len(healthy) + 1e-9))",
        "You count with m places. A further score has m + 1 of them: k = floor(rate * "
        "(m + 1)).",
    ),
    wrong(
        "_kth_largest(healthy, math.ceil(rate * (len(healthy) + 1) - 1e-9))",
        "You round k up. Then more than the promised share passes: round down.",
    ),
    wrong(
        "_kth_largest(healthy, max(1, math.floor(rate * (len(healthy) + 1) + 1e-9)))",
        "With too few healthy scores not even the largest keeps the promise. Then no "
        "threshold does: return infinity.",
    ),
    wrong(
        "_kth_largest(healthy, round(rate * (len(healthy) + 1)))",
        "You round k to the nearest. Where that is up, more than the promised share "
        "passes: round down.",
    ),
    wrong(
        "_kth_largest(set(healthy), math.floor(rate * (len(healthy) + 1) + 1e-9))",
        "You count equal scores once. Each of them is a sound set of its own: keep "
        "them all.",
    ),
    wrong(
        "max(healthy)",
        "The largest score keeps any promise that can be kept, but it misses alarms "
        "that the rate would allow. Take the k-th largest.",
    ),
    wrong(
        "sorted(healthy)[max(0, math.floor(rate * (len(healthy) + 1) + 1e-9) - 1)]",
        "You count from the smallest score. Large scores mean collapse: the alarm lies "
        "above the k-th *largest*.",
    ),
    wrong(
        "_kth_largest(healthy, math.floor(rate * (len(healthy) + 1) + 1e-9) + 1)",
        "One too far: above the k-th largest lie k of the m + 1 places. In Python the "
        "k-th largest is `sorted(healthy)[-k]`.",
    ),
    wrong(
        "np.mean(healthy) + 2 * np.std(healthy)",
        "Mean plus two deviations promises a rate only for normal scores. Ranks "
        "promise it for any.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_kth_largest])
