"""Checks of `rep_n`, `find_loop` and `adjusted_distinct`, exercises of notebook 10."""

import math
from collections import Counter
from itertools import pairwise

from course_utils.classroom.comparing import Difference, compare, shown
from course_utils.classroom.judging import Case, Checks
from course_utils.detection.repetition import Loop


def drops_the_last_ngram(row, n=4):
    """You leave out the text's last n-gram: a text of `len(row)` words has
    `len(row) - n + 1` of them, the last one begins at `len(row) - n`."""
    grams = _grams(row, n)[:-1]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def gives_the_distinct_share(row, n=4):
    """This is the share of *different* n-grams (distinct-n). The repeated share is 1
    minus that."""
    grams = _grams(row, n)
    return len(set(grams)) / len(grams) if grams else 0.0


def counts_first_places_too(row, n=4):
    """You count every place of an n-gram that comes more than once. Its first place
    repeats nothing: count only the later ones, all minus different."""
    counts = Counter(_grams(row, n))
    if not counts:
        return 0.0
    return sum(c for c in counts.values() if c > 1) / counts.total()


def shares_of_kinds(row, n=4):
    """You give the share of *kinds* of n-grams that come more than once. Count places:
    an n-gram that comes five times is repeated four times."""
    counts = Counter(_grams(row, n))
    return sum(c > 1 for c in counts.values()) / len(counts) if counts else 0.0


def divides_by_words(row, n=4):
    """You divide by the number of words, or count n-grams that stick out over the end.
    A text of `len(row)` words has `len(row) - n + 1` whole n-grams."""
    grams = _grams(row, n)
    return (len(grams) - len(set(grams))) / len(row)


def looks_at_single_words(row, n=4):
    """You compare single words, whatever `n` says. Compare n words in a row."""
    return 1 - len(set(row)) / len(row) if len(row) >= n else 0.0


def always_takes_four(row, n=4):
    """You take four words in a row, whatever `n` says."""
    grams = _grams(row, 4)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def cuts_into_pieces(row, n=4):
    """You cut the text into pieces of n words. N-grams overlap: one begins at every
    word."""
    grams = [tuple(row[i : i + n]) for i in range(0, len(row) - n + 1, n)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def compares_neighbours(row, n=4):
    """You compare each n-gram with the one just before. It may have stood anywhere
    earlier in the text."""
    grams = _grams(row, n)
    same = sum(a == b for a, b in pairwise(grams))
    return same / len(grams) if grams else 0.0


def forgets_the_order(row, n=4):
    """You take "a b" and "b a" for the same. The order of words counts: use a tuple,
    not a set or a sorted list."""
    grams = [tuple(sorted(gram)) for gram in _grams(row, n)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def glues_words_together(row, n=4):
    """You glue the words together, so that ("a", "bc") and ("ab", "c") look the same.
    Keep an n-gram as a tuple."""
    grams = ["".join(gram) for gram in _grams(row, n)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def joins_words_by_spaces(row, n=4):
    """You join words to a text. They may be token ids as well: a tuple takes
    anything."""
    grams = [" ".join(gram) for gram in _grams(row, n)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def counts_repeats(row, n=4):
    """This is how many n-grams are repeated. Divide by how many there are."""
    grams = _grams(row, n)
    return len(grams) - len(set(grams))


def divides_by_nothing(row, n=4):
    """A text shorter than n has no n-gram, and you divide by 0. Nothing repeats there:
    return 0."""
    grams = _grams(row, n)
    return 1 - len(set(grams)) / len(grams)


def takes_short_texts_for_repeated(row, n=4):
    """A text shorter than n has no n-gram, so nothing can repeat: return 0, not 1."""
    grams = _grams(row, n)
    return 1 - len(set(grams)) / max(len(grams), 1)


def _grams(row, n):
    return [tuple(row[i : i + n]) for i in range(len(row) - n + 1)]


REP_N = Checks(
    cases=[
        Case("rep_n(row, n=1)", {"row": "'la la la la'.split()"}),
        Case("rep_n(row, n=2)", {"row": "'a b a b'.split()"}),
        Case("rep_n(row, n=2)", {"row": "'a b c b a c'.split()"}),
        Case("rep_n(row, n=2)", {"row": "'a b x a b y z a b w'.split()"}),
        Case("rep_n(row, n=3)", {"row": "'a b c d a b c d a b'.split()"}),
        Case("rep_n(row)", {"row": "'a b c d e a b c d f'.split()"}),
        Case("rep_n(row, n=4)", {"row": "'a b c d'.split()"}),
        Case("rep_n(row, n=4)", {"row": "'a b c'.split()"}),
        Case("rep_n(row, n=2)", {"row": "['a', 'bc', 'ab', 'c']"}),
        Case("rep_n(row, n=2)", {"row": "[7, 1, 7, 1, 7, 0]"}),
        Case("rep_n(row, n=1)", {"row": "[]"}),
    ],
    hints=[
        "Collect all n-grams of the text, one beginning at each word but the last "
        "n - 1. How many are there, and how many different ones?",
        "`zip(*(row[i:] for i in range(n)))` gives them as tuples; a `set` keeps each "
        "one once.",
        "`grams = list(zip(*(row[i:] for i in range(n))))`. Return 0 if there are "
        "none, else `1 - len(set(grams)) / len(grams)`.",
    ],
    wrong=[
        drops_the_last_ngram,
        gives_the_distinct_share,
        counts_first_places_too,
        shares_of_kinds,
        divides_by_words,
        looks_at_single_words,
        always_takes_four,
        cuts_into_pieces,
        compares_neighbours,
        forgets_the_order,
        glues_words_together,
        joins_words_by_spaces,
        counts_repeats,
        divides_by_nothing,
        takes_short_texts_for_repeated,
    ],
)


def compare_loops(expected, got):
    """Like `compare`, but says what of the loop is wrong; rounding is forgiven."""
    if isinstance(expected, Loop) and isinstance(got, Loop):
        fields = ("start", "period", "repeats")
        wrong = [f for f in fields if compare(getattr(expected, f), getattr(got, f))]
        diagnosis = f"The loop's `{wrong[0]}` is wrong." if wrong else ""
    elif expected is None and isinstance(got, Loop):
        diagnosis = "There is no loop here, but yours finds one."
    elif isinstance(expected, Loop) and got is None:
        diagnosis = "There is a loop here, but yours gives `None`."
    else:
        return compare(expected, got)
    return Difference(diagnosis, shown(expected), shown(got)) if diagnosis else None


def counts_the_matches_only(row, repeats=3):
    """You count only the words that match the one a period before. The stretch begins
    a period earlier: its length is the matches plus the period."""
    return _best(row, repeats, length=lambda run, period: run)


def starts_at_the_first_match(row, repeats=3):
    """Your loop starts at its first *match*, a period late. It starts where the words
    are said for the first time."""
    loop = _best(row, repeats)
    return loop and Loop(loop.start + loop.period, loop.period, loop.repeats)


def starts_where_nothing_matches(row, repeats=3):
    """Your loop starts one word too early, at the last word that does not belong to
    it."""
    loop = _best(row, repeats)
    return loop and Loop(max(loop.start - 1, 0), loop.period, loop.repeats)


def counts_repetitions_after_the_first(row, repeats=3):
    """Your `repeats` leaves out the first time the words are said. "a b a b a b" says
    them 3 times."""
    loop = _best(row, repeats)
    return loop and Loop(loop.start, loop.period, loop.repeats - 1)


def counts_whole_rounds(row, repeats=3):
    """Your `repeats` counts whole rounds only. Count the part of the last one too: the
    length of the stretch over the period."""
    loop = _best(row, repeats)
    return loop and Loop(loop.start, loop.period, float(loop.repeats // 1))


def gives_the_length(row, repeats=3):
    """Your `repeats` is the length of the stretch in words. Divide it by the period."""
    loop = _best(row, repeats)
    return loop and Loop(loop.start, loop.period, loop.repeats * loop.period)


def takes_the_first_found(row, repeats=3):
    """You take the loop with the shortest period. The longest *stretch* wins; the
    period only decides between stretches of the same length."""
    return _best(row, repeats, key=lambda loop: -loop.period)


def takes_the_longest_period(row, repeats=3):
    """ "a a a a a a" is six times "a", and also three times "a a". Of stretches of the
    same length the shortest period wins: replace the best one only by a longer
    stretch (`>`, not `>=`)."""
    return _best(row, repeats, key=lambda loop: (_length(loop), loop.period))


def takes_the_last(row, repeats=3):
    """Of two loops of the same length and period you take the later one. The earlier
    one wins: replace the best one only by a longer stretch (`>`, not `>=`)."""
    return _best(
        row, repeats, key=lambda loop: (_length(loop), -loop.period, loop.start)
    )


def takes_the_earliest(row, repeats=3):
    """You take the loop that starts first. The longest stretch wins, wherever it
    starts."""
    return _best(row, repeats, key=lambda loop: -loop.start)


def takes_the_most_repeats(row, repeats=3):
    """You take the loop with the most repeats. The longest stretch wins, in words."""
    return _best(row, repeats, key=lambda loop: loop.repeats)


def takes_the_longest_row_of_all(row, repeats=3):
    """You look for the longest stretch first, and only then ask whether it is said
    often enough. Leave out what is said fewer than `repeats` times from the start."""
    loop = _best(row, 1.01)
    return loop if loop and loop.repeats >= repeats else None


def looks_at_the_end(row, repeats=3):
    """You find a loop only if the text ends in it. It may be anywhere: many a text goes
    on afterwards."""
    kept = [loop for loop in _loops(row, repeats) if _end(loop) == len(row)]
    return max(kept, key=_length, default=None)


def looks_at_the_beginning(row, repeats=3):
    """You find a loop only if the text begins with it. It may start anywhere."""
    kept = [loop for loop in _loops(row, repeats) if loop.start == 0]
    return max(kept, key=_length, default=None)


def always_wants_three(row, repeats=3):
    """You want three times, whatever `repeats` says."""
    return _best(row, 3)


def wants_one_time_more(row, repeats=3):
    """You want the words to be said more than `repeats` times. Exactly `repeats` times
    will do: `>=`."""
    return max(
        (loop for loop in _loops(row, repeats) if loop.repeats > repeats),
        key=_length,
        default=None,
    )


def is_content_with_less(row, repeats=3):
    """You take a stretch that is said fewer than `repeats` times for a loop. Its length
    must be at least `repeats * period`."""
    return _best(row, repeats - 1)


def stops_before_the_longest_period(row, repeats=3):
    """You leave out the longest period that is possible: `len(row) // repeats` must be
    tried as well, and `range` ends before its end."""
    kept = [x for x in _loops(row, repeats) if x.period < len(row) // repeats]
    return max(kept, key=_length, default=None)


def looks_for_short_periods(row, repeats=3):
    """You try short periods only. A whole tale can come again: try every period up to
    `len(row) // repeats`."""
    kept = [loop for loop in _loops(row, repeats) if loop.period <= 10]
    return max(kept, key=_length, default=None)


def counts_words_that_come_back(row, repeats=3):
    """Words that come back now and then are no loop: they must follow each other
    without a gap."""
    often = [word for word, count in Counter(row).items() if count >= repeats]
    return Loop(row.index(often[0]), 1, Counter(row)[often[0]]) if often else None


def _best(row, repeats, length=lambda run, period: run + period, key=None):
    return max(_loops(row, repeats, length), key=key or _length, default=None)


def _loops(row, repeats, length=lambda run, period: run + period):
    """Every stretch that cannot be prolonged, by period and place, if long enough."""
    found = []
    for period in range(1, len(row)):
        same = [a == b for a, b in zip(row[period:], row, strict=False)] + [False]
        run = 0
        for place, matches in enumerate(same):
            long = length(run, period)
            if not matches and run > 0 and long >= math.ceil(repeats * period):
                found.append(Loop(place - run, period, long / period))
            run = run + 1 if matches else 0
    return found


def _length(loop):
    return round(loop.repeats * loop.period)


def _end(loop):
    return loop.start + _length(loop)


FIND_LOOP = Checks(
    cases=[
        Case(f"find_loop({call})", {"row": row}, compare_loops)
        for call, row in [
            ("row", "'a b a b a b'.split()"),
            ("row", "'x y a b a b a b'.split()"),
            ("row", "'a b a b a b x y'.split()"),
            ("row", "'a b c d e'.split()"),
            ("row", "'x a b a b a b a y'.split()"),
            ("row", "'a b x a b y a b z'.split()"),
            ("row", "'a b c a b c d'.split()"),
            ("row, repeats=2", "'a b c a b c d'.split()"),
            ("row, repeats=4", "'a b a b a b'.split()"),
            ("row", "'a a a a a a'.split()"),
            ("row", "'a a a b c c c'.split()"),
            ("row", "'x y x y x y x b a a a'.split()"),
            ("row", "'a a a b x y x y x y x y'.split()"),
            ("row", "'x y z x y z x y z a a a a'.split()"),
            ("row", "'a a a v w x y z v w x y z'.split()"),
            ("row", "list(range(20)) * 3"),
            ("row", "[5, 0, 0, 0]"),
            ("row", "[]"),
        ]
    ],
    hints=[
        "Take one period p. Compare the text with itself, moved by p places: a run of "
        "matches is a stretch that repeats itself. What is its length, if you count "
        "the first p words in?",
        "For each p from 1 to `len(row) // repeats`, walk along `i` from p on and "
        "count the matches `row[i] == row[i - p]` that follow each other. The stretch "
        "has that count plus p words and ends at i.",
        "Keep the longest stretch so far. When `run + p >= repeats * p` and "
        "`run + p > longest`, it is the new best: "
        "`Loop(i - run - p + 1, p, (run + p) / p)`.",
    ],
    wrong=[
        counts_the_matches_only,
        starts_at_the_first_match,
        starts_where_nothing_matches,
        counts_repetitions_after_the_first,
        counts_whole_rounds,
        gives_the_length,
        takes_the_first_found,
        takes_the_longest_period,
        takes_the_last,
        takes_the_earliest,
        takes_the_most_repeats,
        takes_the_longest_row_of_all,
        looks_at_the_end,
        looks_at_the_beginning,
        always_wants_three,
        wants_one_time_more,
        is_content_with_less,
        stops_before_the_longest_period,
        looks_for_short_periods,
        counts_words_that_come_back,
    ],
)


def gives_plain_distinct(rows, vocabulary, n=1):
    """This is plain distinct-n, different over all, and it falls with length. Divide
    the different ones by the number *expected* of even draws."""
    different, total = _counted(rows, n)
    return different / total


def multiplies_by_the_expected(rows, vocabulary, n=1):
    """You multiply by the expected number. Divide by it: 1 means as many different ones
    as even draws would give."""
    return _counted(rows, n)[0] * _expected(rows, vocabulary, n)


def gives_the_expected(rows, vocabulary, n=1):
    """This is the expected number of different n-grams alone. Divide the number that is
    really there by it."""
    return _expected(rows, vocabulary, n)


def divides_upside_down(rows, vocabulary, n=1):
    """Your fraction is upside down: what is there goes above, what is expected goes
    below."""
    return _expected(rows, vocabulary, n) / _counted(rows, n)[0]


def forgets_the_factor(rows, vocabulary, n=1):
    """1 - ((V - 1) / V) ** C is the chance of *one* kind to come up at all. There are V
    kinds: multiply by V."""
    return _counted(rows, n)[0] / _expected(rows, vocabulary, n) * vocabulary**n


def expects_the_unseen(rows, vocabulary, n=1):
    """V * ((V - 1) / V) ** C is how many kinds are expected *not* to come up. Take it
    from V."""
    kinds = vocabulary**n
    return _counted(rows, n)[0] / (kinds - _expected(rows, vocabulary, n))


def takes_texts_for_draws(rows, vocabulary, n=1):
    """Your C is the number of texts. Every n-gram is a draw: count them in all
    texts."""
    return _with_draws(rows, vocabulary, n, len(rows))


def takes_kinds_for_draws(rows, vocabulary, n=1):
    """Your C counts *different* n-grams. C is how many there are in all."""
    return _with_draws(rows, vocabulary, n, _counted(rows, n)[0])


def takes_words_for_draws(rows, vocabulary, n=1):
    """Your C counts words. A text of L words has L - n + 1 n-grams: count those."""
    return _with_draws(rows, vocabulary, n, sum(map(len, rows)))


def lets_ngrams_cross_texts(rows, vocabulary, n=1):
    """You join the texts first, so that n-grams reach from one text into the next.
    Collect them text by text."""
    joined = [[word for row in rows for word in row]]
    return _counted(joined, n)[0] / _expected(joined, vocabulary, n)


def averages_over_texts(rows, vocabulary, n=1):
    """You take each text by itself and average. Pool the n-grams of all texts: what
    they have in common must count."""
    values = [
        _counted([row], n)[0] / _expected([row], vocabulary, n)
        for row in rows
        if len(row) >= n
    ]
    return sum(values) / len(values)


def takes_words_for_kinds(rows, vocabulary, n=1):
    """Of V words there are V ** n n-grams: that many kinds can come up, not V."""
    return _counted(rows, n)[0] / (
        vocabulary * (1 - (1 - 1 / vocabulary) ** _counted(rows, n)[1])
    )


def looks_at_words_only(rows, vocabulary, n=1):
    """You look at single words, whatever `n` says."""
    return _counted(rows, 1)[0] / _expected(rows, vocabulary, 1)


def takes_the_texts_own_words(rows, vocabulary, n=1):
    """You count the texts' own words instead of using `vocabulary`. A word that never
    comes belongs to the vocabulary too."""
    own = len({word for row in rows for word in row})
    return _counted(rows, n)[0] / _expected(rows, own, n)


def _counted(rows, n):
    """How many n-grams are different, and how many there are."""
    grams = [gram for row in rows for gram in _grams(row, n)]
    return len(set(grams)), len(grams)


def _expected(rows, vocabulary, n):
    kinds = vocabulary**n
    return kinds * (1 - (1 - 1 / kinds) ** _counted(rows, n)[1])


def _with_draws(rows, vocabulary, n, draws):
    kinds = vocabulary**n
    return _counted(rows, n)[0] / (kinds * (1 - (1 - 1 / kinds) ** draws))


ADJUSTED_DISTINCT = Checks(
    cases=[
        Case(
            "adjusted_distinct(rows, vocabulary=2)", {"rows": "[['a', 'b', 'a', 'b']]"}
        ),
        Case(
            "adjusted_distinct(rows, vocabulary=10)",
            {"rows": "[['a', 'b', 'a'], ['a', 'c'], ['b', 'b', 'a', 'd']]"},
        ),
        Case(
            "adjusted_distinct(rows, vocabulary=4, n=2)",
            {"rows": "[['a', 'b', 'a', 'b'], ['c', 'b', 'a']]"},
        ),
        Case("adjusted_distinct(rows, vocabulary=1)", {"rows": "[['a', 'a'], ['a']]"}),
        Case(
            "adjusted_distinct(rows, vocabulary=50)",
            {"rows": "[[i * i % 50 for i in range(300)]]"},
        ),
        Case(
            "adjusted_distinct(rows, vocabulary=3, n=3)",
            {"rows": "[['a', 'b'], ['a', 'b', 'c', 'a', 'b', 'c', 'a']]"},
        ),
    ],
    hints=[
        "Three numbers: N, the different n-grams of all texts; C, all of them; V, how "
        "many kinds there can be.",
        "`counts = sum((ngrams(row, n) for row in rows), Counter())` pools them: N is "
        "`len(counts)`, C is `counts.total()`. V is `vocabulary**n`.",
        "Return `N / (V * (1 - ((V - 1) / V) ** C))`.",
    ],
    wrong=[
        gives_plain_distinct,
        multiplies_by_the_expected,
        gives_the_expected,
        divides_upside_down,
        forgets_the_factor,
        expects_the_unseen,
        takes_texts_for_draws,
        takes_kinds_for_draws,
        takes_words_for_draws,
        lets_ngrams_cross_texts,
        averages_over_texts,
        takes_words_for_kinds,
        looks_at_words_only,
        takes_the_texts_own_words,
    ],
)

CHECKS = {
    "rep_n": REP_N,
    "find_loop": FIND_LOOP,
    "adjusted_distinct": ADJUSTED_DISTINCT,
}
