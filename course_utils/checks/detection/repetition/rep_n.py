"""Checks of `rep_n`, an exercise of notebook 10."""

from itertools import pairwise

from course_utils.classroom.cases import Case, Checks, wrong


def _grams(row, n):
    return [tuple(row[i : i + n]) for i in range(len(row) - n + 1)]


def _repeated(grams):
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


CASES = [
    Case("rep_n(row, n=1)", row="'la la la la'.split()"),
    Case("rep_n(row, n=2)", row="'a b a b'.split()"),
    Case("rep_n(row, n=2)", row="'a b c b a c'.split()"),
    Case("rep_n(row, n=2)", row="'a b x a b y z a b w'.split()"),
    Case("rep_n(row, n=3)", row="'a b c d a b c d a b'.split()"),
    Case("rep_n(row)", row="'a b c d e a b c d f'.split()"),
    Case("rep_n(row, n=4)", row="'a b c d'.split()"),
    Case("rep_n(row, n=4)", row="'a b c'.split()"),
    Case("rep_n(row, n=2)", row="['a', 'bc', 'ab', 'c']"),
    Case("rep_n(row, n=2)", row="[7, 1, 7, 1, 7, 0]"),
    Case("rep_n(row, n=1)", row="[]"),
]
HINTS = [
    "Collect all n-grams of the text, one beginning at each word but the last "
    "n - 1. How many are there, and how many different ones?",
    "`zip(*(row[i:] for i in range(n)))` gives them as tuples; a `set` keeps each "
    "one once.",
    "`grams = list(zip(*(row[i:] for i in range(n))))`. Return 0 if there are "
    "none, else `1 - len(set(grams)) / len(grams)`.",
]
WRONG = [
    wrong(
        "_repeated(_grams(row, n)[:-1])",
        "You leave out the text's last n-gram: a text of `len(row)` words has "
        "`len(row) - n + 1` of them, the last one begins at `len(row) - n`.",
    ),
    wrong(
        "len(set(grams)) / len(grams) if grams else 0.0",
        "This is the share of *different* n-grams (distinct-n). The repeated share is "
        "1 minus that.",
        grams="_grams(row, n)",
    ),
    wrong(
        "0.0 if not counts else sum(c for c in counts.values() if c > 1) / "
        "counts.total()",
        "You count every place of an n-gram that comes more than once. Its first place "
        "repeats nothing: count only the later ones, all minus different.",
        counts="Counter(_grams(row, n))",
    ),
    wrong(
        "sum(c > 1 for c in counts.values()) / len(counts) if counts else 0.0",
        "You give the share of *kinds* of n-grams that come more than once. Count "
        "places: an n-gram that comes five times is repeated four times.",
        counts="Counter(_grams(row, n))",
    ),
    wrong(
        "(len(grams) - len(set(grams))) / len(row)",
        "You divide by the number of words, or count n-grams that stick out over the "
        "end. A text of `len(row)` words has `len(row) - n + 1` whole n-grams.",
        grams="_grams(row, n)",
    ),
    wrong(
        "1 - len(set(row)) / len(row) if len(row) >= n else 0.0",
        "You compare single words, whatever `n` says. Compare n words in a row.",
    ),
    wrong(
        "_repeated(_grams(row, 4))", "You take four words in a row, whatever `n` says."
    ),
    wrong(
        "_repeated([tuple(row[i:i + n]) for i in range(0, len(row) - n + 1, n)])",
        "You cut the text into pieces of n words. N-grams overlap: one begins at every "
        "word.",
    ),
    wrong(
        "sum(a == b for a, b in pairwise(grams)) / len(grams) if grams else 0.0",
        "You compare each n-gram with the one just before. It may have stood anywhere "
        "earlier in the text.",
        grams="_grams(row, n)",
    ),
    wrong(
        "_repeated([tuple(sorted(gram)) for gram in _grams(row, n)])",
        'You take "a b" and "b a" for the same. The order of words counts: use a '
        "tuple, not a set or a sorted list.",
    ),
    wrong(
        "_repeated([''.join(gram) for gram in _grams(row, n)])",
        'You glue the words together, so that ("a", "bc") and ("ab", "c") look '
        "the same. Keep an n-gram as a tuple.",
    ),
    wrong(
        "_repeated([' '.join(gram) for gram in _grams(row, n)])",
        "You join words to a text. They may be token ids as well: a tuple takes "
        "anything.",
    ),
    wrong(
        "len(grams) - len(set(grams))",
        "This is how many n-grams are repeated. Divide by how many there are.",
        grams="_grams(row, n)",
    ),
    wrong(
        "1 - len(set(grams)) / len(grams)",
        "A text shorter than n has no n-gram, and you divide by 0. Nothing repeats "
        "there: return 0.",
        grams="_grams(row, n)",
    ),
    wrong(
        "1 - len(set(grams)) / max(len(grams), 1)",
        "A text shorter than n has no n-gram, so nothing can repeat: return 0, not 1.",
        grams="_grams(row, n)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_grams, _repeated, pairwise])
