"""Checks of `largest_elsewhere`, an exercise of notebook 08."""

from collections import defaultdict

from course_utils.classroom.cases import Case, Checks, mistake, wrong


def _groups(gram, counts):
    """For each entry all counts of its n-gram, and its own."""
    together = defaultdict(list)
    for g, c in zip(gram, counts, strict=True):
        together[g].append(c)
    return [(together[g], c) for g, c in zip(gram, counts, strict=True)]


def _largest_other(group, own):
    others = list(group)
    others.remove(own)
    return max(others, default=0)


_CALL = "largest_elsewhere(gram, counts)"
CASES = [
    Case(_CALL, gram="[0, 0]", counts="[3, 1]"),
    Case(_CALL, gram="[0, 0, 0]", counts="[2, 5, 1]"),
    Case(_CALL, gram="[0, 0, 0]", counts="[4, 1, 4]"),
    Case(_CALL, gram="[0]", counts="[2]"),
    Case(_CALL, gram="[0, 0, 1, 1]", counts="[1, 2, 7, 5]"),
    Case(_CALL, gram="[1, 0, 1, 0, 2]", counts="[6, 2, 3, 1, 9]"),
    Case(_CALL, gram="[0, 0, 0, 1, 1, 1]", counts="[1, 2, 3, 3, 2, 1]"),
]
HINTS = [
    "Try it for one n-gram: the counts are 2, 5, 1. Who is held to 5, and who is not?",
    "Go through the entries once. For each n-gram remember where its largest count "
    "stands, and how large the second is. A new largest makes the old one second.",
    "Go through them again: an entry that is where its n-gram's largest stands "
    "gets the second, any other gets the largest. Two dicts of numbers and one of "
    "places will do.",
]
WRONG = [
    wrong(
        "[max(group) for group, _ in _groups(gram, counts)]",
        "You give the largest count of the n-gram, its own included. Whoever holds the "
        "largest must get the second largest.",
    ),
    wrong(
        "[[0, *sorted(group)][-2] for group, _ in _groups(gram, counts)]",
        "You give everybody the second largest count. Only whoever holds the largest "
        "gets the second, all others get the largest.",
    ),
    wrong(
        "[max([c for j, c in enumerate(counts) if j != i], default=0) for i in "
        "range(len(counts))]",
        "You compare counts of different n-grams. Only entries with the same number in "
        "`gram` belong together.",
    ),
    wrong(
        "[max([c for c in group if c != own], default=0) if own == max(group) else "
        "max(group) for group, own in _groups(gram, counts)]",
        "Two entries tie for the largest count, and you give both the next smaller. "
        "Each must get the other's: the largest is held by two.",
    ),
    wrong(
        "[sum(group) - own for group, own in _groups(gram, counts)]",
        "You add up the other counts. The largest single one is wanted.",
    ),
    wrong(
        "[min(own, _largest_other(all_, own)) for all_, own in _groups(gram, counts)]",
        "You clip the counts already. Return the largest other count as it is, even "
        "where it exceeds the entry's own.",
    ),
    wrong(
        "[own if len(group) == 1 else _largest_other(group, own) for group, own in "
        "_groups(gram, counts)]",
        "An n-gram that stands in one text only has no other count: give 0, not its "
        "own count.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_groups, _largest_other])


@mistake(CHECKS)
def sorts_the_entries(gram, counts):
    """Your answers are right but in another order. The first must belong to the first
    entry, and so on."""
    by_gram = sorted(zip(gram, counts, strict=True), key=lambda entry: entry[0])
    grams, sorted_counts = zip(*by_gram, strict=True)
    return [_largest_other(*pair) for pair in _groups(grams, sorted_counts)]


@mistake(CHECKS)
def expects_neighbours(gram, counts):
    """You compare an entry with its neighbours only. Entries of the same n-gram may
    stand anywhere."""
    found = []
    for i in range(len(gram)):
        near = [j for j in (i - 1, i + 1) if 0 <= j < len(gram)]
        found.append(max([counts[j] for j in near if gram[j] == gram[i]], default=0))
    return found


@mistake(CHECKS)
def forgets_the_old_largest(gram, counts):
    """When a new largest count turns up, you forget the old one, which has now become
    the second."""
    first: dict[int, int] = {}
    second: dict[int, int] = defaultdict(int)
    for i, (g, c) in enumerate(zip(gram, counts, strict=True)):
        if g not in first or c > counts[first[g]]:
            first[g] = i
        else:
            second[g] = max(second[g], c)
    return [
        second[g] if first[g] == i else counts[first[g]] for i, g in enumerate(gram)
    ]
