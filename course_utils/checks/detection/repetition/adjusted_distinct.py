"""Checks of `adjusted_distinct`, an exercise of notebook 10."""

from collections import Counter

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.detection.self_bleu import ngrams


def _counted(rows, n):
    """How many n-grams are different, and how many there are."""
    counts = sum((ngrams(row, n) for row in rows), Counter())
    return len(counts), counts.total()


def _expected(rows, vocabulary, n):
    kinds = vocabulary**n
    return kinds * (1 - (1 - 1 / kinds) ** _counted(rows, n)[1])


def _with_draws(rows, vocabulary, n, draws):
    kinds = vocabulary**n
    return _counted(rows, n)[0] / (kinds * (1 - (1 - 1 / kinds) ** draws))


CASES = [
    Case("adjusted_distinct(rows, vocabulary=2)", rows="[['a', 'b', 'a', 'b']]"),
    Case(
        "adjusted_distinct(rows, vocabulary=10)",
        rows="[['a', 'b', 'a'], ['a', 'c'], ['b', 'b', 'a', 'd']]",
    ),
    Case(
        "adjusted_distinct(rows, vocabulary=4, n=2)",
        rows="[['a', 'b', 'a', 'b'], ['c', 'b', 'a']]",
    ),
    Case(
        "adjusted_distinct(rows, vocabulary=50)",
        rows="[[i * i % 50 for i in range(300)]]",
    ),
    Case(
        "adjusted_distinct(rows, vocabulary=3, n=3)",
        rows="[['a', 'b'], ['a', 'b', 'c', 'a', 'b', 'c', 'a']]",
    ),
]
HINTS = [
    "Three numbers: N, the different n-grams of all texts; C, all of them; V, how "
    "many kinds there can be.",
    "`counts = sum((ngrams(row, n) for row in rows), Counter())` pools them: N is "
    "`len(counts)`, C is `counts.total()`. V is `vocabulary**n`.",
    "Return `N / (V * (1 - ((V - 1) / V) ** C))`.",
]
WRONG = [
    wrong(
        "_counted(rows, n)[0] / _counted(rows, n)[1]",
        "This is plain distinct-n, different over all, and it falls with length. "
        "Divide the different ones by the number *expected* of even draws.",
    ),
    wrong(
        "_counted(rows, n)[0] * _expected(rows, vocabulary, n)",
        "You multiply by the expected number. Divide by it: 1 means as many different "
        "ones as even draws would give.",
    ),
    wrong(
        "_expected(rows, vocabulary, n)",
        "This is the expected number of different n-grams alone. Divide the number "
        "that is really there by it.",
    ),
    wrong(
        "_expected(rows, vocabulary, n) / _counted(rows, n)[0]",
        "Your fraction is upside down: what is there goes above, what is expected goes "
        "below.",
    ),
    wrong(
        "_counted(rows, n)[0] / _expected(rows, vocabulary, n) * vocabulary ** n",
        "1 - ((V - 1) / V) ** C is the chance of *one* kind to come up at all. There "
        "are V kinds: multiply by V.",
    ),
    wrong(
        "_counted(rows, n)[0] / (vocabulary ** n - _expected(rows, vocabulary, n))",
        "V * ((V - 1) / V) ** C is how many kinds are expected *not* to come up. Take "
        "it from V.",
    ),
    wrong(
        "_with_draws(rows, vocabulary, n, len(rows))",
        "Your C is the number of texts. Every n-gram is a draw: count them in all "
        "texts.",
    ),
    wrong(
        "_with_draws(rows, vocabulary, n, _counted(rows, n)[0])",
        "Your C counts *different* n-grams. C is how many there are in all.",
    ),
    wrong(
        "_with_draws(rows, vocabulary, n, sum(map(len, rows)))",
        "Your C counts words. A text of L words has L - n + 1 n-grams: count those.",
    ),
    wrong(
        "_counted(joined, n)[0] / _expected(joined, vocabulary, n)",
        "You join the texts first, so that n-grams reach from one text into the next. "
        "Collect them text by text.",
        joined="[[word for row in rows for word in row]]",
    ),
    wrong(
        "sum(values) / len(values)",
        "You take each text by itself and average. Pool the n-grams of all texts: what "
        "they have in common must count.",
        values="[_counted([row], n)[0] / _expected([row], vocabulary, n) for row in "
        "rows if len(row) >= n]",
    ),
    wrong(
        "_counted(rows, n)[0] / (vocabulary * (1 - (1 - 1 / vocabulary) ** "
        "_counted(rows, n)[1]))",
        "Of V words there are V ** n n-grams: that many kinds can come up, not V.",
    ),
    wrong(
        "_counted(rows, 1)[0] / _expected(rows, vocabulary, 1)",
        "You look at single words, whatever `n` says.",
    ),
    wrong(
        "_counted(rows, n)[0] / _expected(rows, own, n)",
        "You count the texts' own words instead of using `vocabulary`. A word that "
        "never comes belongs to the vocabulary too.",
        own="len({word for row in rows for word in row})",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_counted, _expected, _with_draws])
