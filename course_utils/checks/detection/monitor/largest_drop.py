"""Checks of `largest_drop`, an exercise of notebook 07."""

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.detection.monitor import windowed_means


def _pairs(entropy, usual, window):
    """Means of request and baseline over each window in which the latter is not 0."""
    both = min(len(entropy), len(usual))
    size = window or max(both, 1)
    found = windowed_means(entropy[:both], size)
    expected = windowed_means(usual[:both], size)
    return [pair for pair in zip(found, expected, strict=True) if pair[1] > 0]


def _worst(entropy, usual, window, measure):
    pairs = _pairs(entropy, usual, window)
    return max((measure(now, before) for now, before in pairs), default=None)


CASES = [
    Case("largest_drop(entropy, usual)", entropy="[1.0, 1.0]", usual="[2.0, 3.0]"),
    Case(
        "largest_drop(entropy, usual)",
        entropy="[0.0, 1.0, 0.5]",
        usual="[0.5, 2.0, 0.0]",
    ),
    Case("largest_drop(entropy, usual)", entropy="[3.0, 3.0]", usual="[2.0, 1.0]"),
    Case("largest_drop(entropy, usual)", entropy="[1.0, 2.0]", usual="[2.0, 2.0, 5.0]"),
    Case("largest_drop(entropy, usual)", entropy="[1.0, 2.0, 9.0]", usual="[2.0, 2.0]"),
    Case(
        "largest_drop(entropy, usual, window=2)",
        entropy="[2.0, 1.0, 0.0, 1.0, 3.0]",
        usual="[2.0, 2.0, 1.0, 4.0]",
    ),
    Case(
        "largest_drop(entropy, usual, window=2)",
        entropy="[2.0, 2.0, 2.0, 0.5, 0.5, 2.0]",
        usual="[2.0, 2.0, 2.0, 2.0, 2.0, 2.0]",
    ),
    Case(
        "largest_drop(entropy, usual, window=3)",
        entropy="[1.0, 1.0]",
        usual="[2.0, 2.0, 2.0]",
    ),
    Case("largest_drop(entropy, usual)", entropy="[]", usual="[]"),
    Case(
        "largest_drop(entropy, usual, window=1)",
        entropy="[0.0, 1.0]",
        usual="[0.0, 2.0]",
    ),
    Case("largest_drop(entropy, usual)", entropy="[0.0, 0.0]", usual="[0.0, 0.0]"),
]
HINTS = [
    "Cut both lists to the length of the shorter one. Without a `window`, that "
    "length is the window.",
    "`windowed_means(values, window)` gives the means of all windows. At each "
    "place the drop is `1 - now / before`; where `before` is 0, leave it out.",
    "`max(drops, default=None)` is the largest of a list, and `None` where the "
    "list is empty. No window may be 0: two empty lists need `max(both, 1)`.",
]
WRONG = [
    wrong(
        "_worst(entropy, usual, window, lambda now, before: before - now)",
        "This is a difference in bits. Divide it by the usual entropy: a drop is a "
        "share of what is usual.",
    ),
    wrong(
        "_worst(entropy, usual, window, lambda now, before: before / now - 1)",
        "You divide by the request's own entropy. A drop of 30 % is 30 % of the usual "
        "one: that goes below the line.",
    ),
    wrong(
        "_worst(entropy, usual, window, lambda now, before: now / before)",
        "This is what is left of the usual entropy. The drop is what is missing: 1 "
        "minus that, and the largest of them.",
    ),
    wrong(
        "_worst(entropy, usual, window, lambda now, before: now / before - 1)",
        "The sign is wrong: a fall below the usual entropy is a positive drop, 1 - now "
        "/ usual.",
    ),
    wrong(
        "min(windowed_drops(entropy, usual, window), default=None)",
        "You take the smallest drop. One bad window shall be enough: take the largest.",
    ),
    wrong(
        "sum(drops) / len(drops) if drops else None",
        "You average the drops of all windows. One bad window shall be enough: take "
        "the largest.",
        drops="windowed_drops(entropy, usual, window)",
    ),
    wrong(
        "max(0.0, *drops) if drops else None",
        "A request above the usual entropy has a negative drop; yours stops at 0. "
        "Leave the number as it is: the mean over many requests would be wrong "
        "otherwise.",
        drops="windowed_drops(entropy, usual, window)",
    ),
    wrong(
        "None if not any(usual) or size == 0 or len(ratios) < size else 1 - "
        "min(windowed_means(ratios, size))",
        "You take ratios token by token, and average those. Where the usual entropy is "
        "small a ratio says next to nothing: average both first, then divide.",
        pairs="zip(entropy, usual, strict=False)",
        ratios="[now / before if before else 1.0 for now, before in pairs]",
        size="window or len(ratios)",
    ),
    wrong(
        "max(windowed_drops(entropy, usual, 1), default=None)",
        "You compare token by token, without averaging. One forced token then makes a "
        "drop of 100 %: average both over the window first.",
    ),
    wrong(
        "max(windowed_drops(entropy, usual, None), default=None)",
        "You average over the whole request, whatever `window` says. Slide it along: "
        "`windowed_means(values, window)`.",
    ),
    wrong(
        "max(windowed_drops(entropy, usual, window)[::window or 1], default=None)",
        "Your windows stand side by side, and a fall across the seam of two gets lost. "
        "Let the window slide by one token at a time.",
    ),
    wrong(
        "max(windowed_drops(entropy, usual, window), default=0.0)",
        "Where no window fits there is nothing to compare, and you give a number all "
        "the same. Give `None`: nobody knows how far it dropped.",
    ),
    wrong(
        "max((1 - now / before for now, before in means), default=None)",
        "Where the usual entropy is 0, you divide by zero. A place where everything "
        "is forced can't drop: leave it out.",
        both="min(len(entropy), len(usual))",
        size="window or max(both, 1)",
        rows="(entropy[:both], usual[:both])",
        means="zip(*(windowed_means(row, size) for row in rows), strict=True)",
    ),
    wrong(
        "max(windowed_drops(entropy, usual, window), default=None) if window else rest",
        "You average the request over its own length and the baseline over its own. "
        "Where one is longer, they speak of different places: cut both to the shorter "
        "one first.",
        mean="lambda row: sum(row) / len(row)",
        rest="1 - mean(entropy) / mean(usual) if entropy and any(usual) else None",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_worst])
