"""Checks of `share_of_commonest`, the warm-up exercise of notebook 00."""

from collections import Counter

from course_utils.classroom.judging import Case, Checks


def counts_instead_of_sharing(values):
    """This is how often the commonest value occurs. Divide it by how many values
    there are: a share lies between 0 and 1."""
    return Counter(values).most_common(1)[0][1]


def counts_the_kinds(values):
    """You divide by the number of different values. Divide by the number of all
    values, `len(values)`."""
    return Counter(values).most_common(1)[0][1] / len(set(values))


def takes_the_first(values):
    """You take the share of the first value. The commonest one may stand anywhere."""
    return values.count(values[0]) / len(values)


def looks_for_mira(values):
    """You count one name that often is the commonest. Another may be: count every
    value, with `Counter(values)`."""
    return values.count("Mira") / len(values)


def shares_of_distinct(values):
    """This is the share of different values (a measure of its own, called
    distinct-1). Here you want the commonest value's share."""
    return len(set(values)) / len(values)


def names_the_commonest(values):
    """This is the commonest value itself. Return its share of all
    values instead."""
    return Counter(values).most_common(1)[0][0]


def gives_percent(values):
    """You give percent. A share lies between 0 and 1: leave out the factor 100."""
    return 100 * Counter(values).most_common(1)[0][1] / len(values)


def rounds_down(values):
    """Your division drops what comes after the point: use `/`, not `//`."""
    return Counter(values).most_common(1)[0][1] // len(values)


SHARE_OF_COMMONEST = Checks(
    cases=[
        Case("share_of_commonest(values)", {"values": "['Tom', 'Mira', 'Mira']"}),
        Case("share_of_commonest(values)", {"values": "['Mira']"}),
        Case(
            "share_of_commonest(values)",
            {"values": "['Tom', 'Mira', 'Ada', 'Mira', 'Pia']"},
        ),
        Case(
            "share_of_commonest(values)",
            {"values": "['Ada', 'Mira', 'Ada', 'Mira', 'Mira', 'Tom', 'Mira', 'Pia']"},
        ),
        Case(
            "share_of_commonest(values)",
            {"values": "['Mira', 'Tom', 'Leonora', 'Mira', 'Ada', 'Ada', 'Ada']"},
        ),
    ],
    hints=[
        "How often does the commonest value occur, and out of how many?",
        "`Counter(values).most_common(1)` gives a list with one pair: the commonest "
        "value and its count.",
        "`count = Counter(values).most_common(1)[0][1]`, then divide by `len(values)`.",
    ],
    wrong=[
        counts_instead_of_sharing,
        counts_the_kinds,
        takes_the_first,
        looks_for_mira,
        shares_of_distinct,
        names_the_commonest,
        gives_percent,
        rounds_down,
    ],
)

CHECKS = {"share_of_commonest": SHARE_OF_COMMONEST}
