"""Checks of `auroc`, an exercise of notebook 07."""

from course_utils.classroom.cases import Case, Checks, wrong


def _wins(low, high):
    return (high > low) + (high == low) / 2


def _share_of_pairs(healthy, collapsed, wins):
    pairs = [wins(low, high) for low in healthy for high in collapsed]
    return sum(pairs) / len(pairs)


CASES = [
    Case("auroc(healthy, collapsed)", healthy="[0.1]", collapsed="[0.6]"),
    Case("auroc(healthy, collapsed)", healthy="[0.1, 0.5]", collapsed="[0.2, 0.6]"),
    Case(
        "auroc(healthy, collapsed)", healthy="[-0.2, 0.1, 0.4]", collapsed="[0.5, 0.2]"
    ),
    Case(
        "auroc(healthy, collapsed)",
        healthy="[0.1, 0.2]",
        collapsed="[0.2, 0.1, 0.2, 0.3]",
    ),
    Case(
        "auroc(healthy, collapsed)", healthy="[0.5, 0.5]", collapsed="[0.5, 0.5, 0.5]"
    ),
    Case(
        "auroc(healthy, collapsed)", healthy="[0.4, 0.9]", collapsed="[-1.0, 0.1, -0.5]"
    ),
]
HINTS = [
    "Let every healthy request meet every collapsed one: two loops, or "
    "`collapsed[:, None] > healthy` with tensors.",
    "A pair counts 1 where the collapsed one drops further, one half where both "
    "drop alike, and 0 otherwise.",
    "Divide the sum by the number of pairs, `len(healthy) * len(collapsed)`.",
]
_AT_THRESHOLDS = {
    "lines": "[-math.inf, *healthy, *collapsed]",
    "hits": "lambda t: sum(drop > t for drop in collapsed)",
    "passed": "lambda t: sum(drop <= t for drop in healthy)",
}
WRONG = [
    wrong(
        "_share_of_pairs(healthy, collapsed, lambda low, high: high > low)",
        "Ties count as lost. Two equal drops tell nothing, like a coin: they count "
        "half.",
    ),
    wrong(
        "_share_of_pairs(healthy, collapsed, lambda low, high: high >= low)",
        "Ties count as won. Two equal drops tell nothing, like a coin: they "
        "count half.",
    ),
    wrong(
        "1 - auroc(healthy, collapsed)",
        "You count the pairs in which the healthy request drops further. It shall be "
        "the collapsed one.",
    ),
    wrong(
        "sum(_wins(low, high) for low, high in pairs) / len(pairs)",
        "You compare the first with the first, the second with the second. Every "
        "healthy request meets every collapsed one.",
        pairs="list(zip(healthy, collapsed, strict=False))",
    ),
    wrong(
        "auroc(healthy, collapsed) * len(healthy) * len(collapsed)",
        "This is how many pairs are won. Divide by how many there are: `len(healthy) * "
        "len(collapsed)`.",
    ),
    wrong(
        "auroc(healthy, collapsed) * len(collapsed)",
        "You divide by the requests of one side. There are `len(healthy)` times "
        "`len(collapsed)` pairs.",
    ),
    wrong(
        "_wins(sum(healthy) / len(healthy), sum(collapsed) / len(collapsed))",
        "You compare the two means. That says which side drops further on average, not "
        "how often a request can be told from another.",
    ),
    wrong(
        "sum(collapsed) / len(collapsed) - sum(healthy) / len(healthy)",
        "This is the difference of the mean drops. Asked for is a share of pairs: only "
        "who drops further counts, not by how much.",
    ),
    wrong(
        "(sum(drop > 0.3 for drop in collapsed) / len(collapsed) + passed) / 2",
        "This judges one threshold, 0.3. The pairs need none: compare the drops with "
        "each other.",
        passed="sum(drop <= 0.3 for drop in healthy) / len(healthy)",
    ),
    wrong(
        "max((hits(t) / len(collapsed) + passed(t) / len(healthy)) / 2 for t in lines)",
        "You look for the threshold that is right most often, and give the mean of its "
        "two rates. No threshold is wanted: every pair counts, whatever drops further.",
        **_AT_THRESHOLDS,
    ),
    wrong(
        "max((hits(t) + passed(t)) / (len(collapsed) + len(healthy)) for t in lines)",
        "This is how often the best threshold is right (its accuracy). The pairs need "
        "no threshold, and do not care how many there are of each side.",
        **_AT_THRESHOLDS,
    ),
    wrong(
        "max(hits(t) / len(collapsed) + passed(t) / len(healthy) - 1 for t in lines)",
        "This is hits minus false alarms at the best threshold (Youden's J). The area "
        "under the ROC curve takes in all thresholds: compare the drops in pairs.",
        **_AT_THRESHOLDS,
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_wins, _share_of_pairs])
