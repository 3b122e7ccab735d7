"""Checks of `share_of_commonest`, an exercise of notebook 00."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("share_of_commonest(values)", values="['Tom', 'Mira', 'Mira']"),
    Case("share_of_commonest(values)", values="['Mira']"),
    Case("share_of_commonest(values)", values="['Tom', 'Mira', 'Ada', 'Mira', 'Pia']"),
    Case(
        "share_of_commonest(values)",
        values="['Ada', 'Mira', 'Ada', 'Mira', 'Mira', 'Tom', 'Mira', 'Pia']",
    ),
    Case(
        "share_of_commonest(values)",
        values="['Mira', 'Tom', 'Leonora', 'Mira', 'Ada', 'Ada', 'Ada']",
    ),
]
HINTS = [
    "How often does the commonest value occur, and out of how many?",
    "`Counter(values).most_common(1)` gives a list with one pair: the commonest "
    "value and its count.",
    "`count = Counter(values).most_common(1)[0][1]`, then divide by `len(values)`.",
]
WRONG = [
    wrong(
        "Counter(values).most_common(1)[0][1]",
        "This is how often the commonest value occurs. Divide it by how many values "
        "there are: a share lies between 0 and 1.",
    ),
    wrong(
        "Counter(values).most_common(1)[0][1] / len(set(values))",
        "You divide by the number of different values. Divide by the number of all "
        "values, `len(values)`.",
    ),
    wrong(
        "values.count(values[0]) / len(values)",
        "You take the share of the first value. The commonest one may stand anywhere.",
    ),
    wrong(
        "values.count('Mira') / len(values)",
        "You count one name that often is the commonest. Another may be: count every "
        "value, with `Counter(values)`.",
    ),
    wrong(
        "len(set(values)) / len(values)",
        "This is the share of different values (a measure of its own, called "
        "distinct-1). Here you want the commonest value's share.",
    ),
    wrong(
        "Counter(values).most_common(1)[0][0]",
        "This is the commonest value itself. Return its share of all values instead.",
    ),
    wrong(
        "100 * Counter(values).most_common(1)[0][1] / len(values)",
        "You give percent. A share lies between 0 and 1: leave out the factor 100.",
    ),
    wrong(
        "Counter(values).most_common(1)[0][1] // len(values)",
        "Your division drops what comes after the point: use `/`, not `//`.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
