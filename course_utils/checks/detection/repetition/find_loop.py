"""Checks of `find_loop`, an exercise of notebook 10."""

import math

from course_utils.classroom.cases import Case, Checks, wrong
from course_utils.classroom.comparing import Difference, compare, shown
from course_utils.detection.repetition import Loop


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


CASES = [
    Case(f"find_loop({call})", compare_loops, row=row)
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
]
HINTS = [
    "Take one period p. Compare the text with itself, moved by p places: a run of "
    "matches is a stretch that repeats itself. What is its length, if you count "
    "the first p words in?",
    "For each p from 1 to `len(row) // repeats`, walk along `i` from p on and "
    "count the matches `row[i] == row[i - p]` that follow each other. The stretch "
    "has that count plus p words and ends at i.",
    "Keep the longest stretch so far. When `run + p >= repeats * p` and "
    "`run + p > longest`, it is the new best: "
    "`Loop(i - run - p + 1, p, (run + p) / p)`.",
]
WRONG = [
    wrong(
        "_best(row, repeats, length=lambda run, period: run)",
        "You count only the words that match the one a period before. The stretch "
        "begins a period earlier: its length is the matches plus the period.",
    ),
    wrong(
        "loop and Loop(loop.start + loop.period, loop.period, loop.repeats)",
        "Your loop starts at its first *match*, a period late. It starts where the "
        "words are said for the first time.",
        loop="_best(row, repeats)",
    ),
    wrong(
        "loop and Loop(max(loop.start - 1, 0), loop.period, loop.repeats)",
        "Your loop starts one word too early, at the last word that does not belong to "
        "it.",
        loop="_best(row, repeats)",
    ),
    wrong(
        "loop and Loop(loop.start, loop.period, loop.repeats - 1)",
        'Your `repeats` leaves out the first time the words are said. "a b a b a b" '
        "says them 3 times.",
        loop="_best(row, repeats)",
    ),
    wrong(
        "loop and Loop(loop.start, loop.period, float(loop.repeats // 1))",
        "Your `repeats` counts whole rounds only. Count the part of the last one too: "
        "the length of the stretch over the period.",
        loop="_best(row, repeats)",
    ),
    wrong(
        "loop and Loop(loop.start, loop.period, loop.repeats * loop.period)",
        "Your `repeats` is the length of the stretch in words. Divide it by the "
        "period.",
        loop="_best(row, repeats)",
    ),
    wrong(
        "_best(row, repeats, key=lambda loop: -loop.period)",
        "You take the loop with the shortest period. The longest *stretch* wins; the "
        "period only decides between stretches of the same length.",
    ),
    wrong(
        "_best(row, repeats, key=lambda loop: (_length(loop), loop.period))",
        '"a a a a a a" is six times "a", and also three times "a a". Of '
        "stretches of the same length the shortest period wins: replace the best one "
        "only by a longer stretch (`>`, not `>=`).",
    ),
    wrong(
        "_best(row, repeats, key=lambda loop: (_length(loop), -loop.period, "
        "loop.start))",
        "Of two loops of the same length and period you take the later one. The "
        "earlier one wins: replace the best one only by a longer stretch (`>`, not "
        "`>=`).",
    ),
    wrong(
        "_best(row, repeats, key=lambda loop: -loop.start)",
        "You take the loop that starts first. The longest stretch wins, wherever it "
        "starts.",
    ),
    wrong(
        "_best(row, repeats, key=lambda loop: loop.repeats)",
        "You take the loop with the most repeats. The longest stretch wins, in words.",
    ),
    wrong(
        "loop if loop and loop.repeats >= repeats else None",
        "You look for the longest stretch first, and only then ask whether it is said "
        "often enough. Leave out what is said fewer than `repeats` times from the "
        "start.",
        loop="_best(row, 1.01)",
    ),
    wrong(
        "max(kept, key=_length, default=None)",
        "You find a loop only if the text ends in it. It may be anywhere: many a text "
        "goes on afterwards.",
        kept="[loop for loop in _loops(row, repeats) if _end(loop) == len(row)]",
    ),
    wrong(
        "max(kept, key=_length, default=None)",
        "You find a loop only if the text begins with it. It may start anywhere.",
        kept="[loop for loop in _loops(row, repeats) if loop.start == 0]",
    ),
    wrong("_best(row, 3)", "You want three times, whatever `repeats` says."),
    wrong(
        "max((loop for loop in _loops(row, repeats) if loop.repeats > repeats), "
        "key=_length, default=None)",
        "You want the words to be said more than `repeats` times. Exactly `repeats` "
        "times will do: `>=`.",
    ),
    wrong(
        "_best(row, repeats - 1)",
        "You take a stretch that is said fewer than `repeats` times for a loop. Its "
        "length must be at least `repeats * period`.",
    ),
    wrong(
        "max(kept, key=_length, default=None)",
        "You leave out the longest period that is possible: `len(row) // repeats` must "
        "be tried as well, and `range` ends before its end.",
        kept="[x for x in _loops(row, repeats) if x.period < len(row) // repeats]",
    ),
    wrong(
        "max(kept, key=_length, default=None)",
        "You try short periods only. A whole tale can come again: try every period up "
        "to `len(row) // repeats`.",
        kept="[loop for loop in _loops(row, repeats) if loop.period <= 10]",
    ),
    wrong(
        "Loop(row.index(often[0]), 1, Counter(row)[often[0]]) if often else None",
        "Words that come back now and then are no loop: they must follow each other "
        "without a gap.",
        often="[word for word, count in Counter(row).items() if count >= repeats]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_best, _loops, _length, _end])
