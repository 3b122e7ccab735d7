"""Checks of `clipped_precision`, `bleu`, `largest_elsewhere`: notebook 08."""

import math
from collections import Counter, defaultdict
from typing import Any

from course_utils.classroom.comparing import Difference, compare
from course_utils.classroom.judging import Case, Checks

# clipped_precision


def does_not_clip(hypothesis, references, n):
    """You count every n-gram that stands in a reference, however often the hypothesis
    repeats it. Clip: it counts at most as often as the reference has it."""
    counts = _ngrams(hypothesis, n)
    known = set().union(*(_ngrams(row, n) for row in references))
    matches = sum(count for gram, count in counts.items() if gram in known)
    return matches, max(counts.total(), 1)


def counts_kinds(hypothesis, references, n):
    """You count each kind of n-gram once. One that stands twice in the hypothesis and
    twice in a reference counts twice: use a `Counter`, not a `set`."""
    kinds = set(_ngrams(hypothesis, n))
    known = set().union(*(_ngrams(row, n) for row in references))
    return len(kinds & known), max(len(kinds), 1)


def counts_matching_kinds(hypothesis, references, n):
    """You count each kind of match once. One that stands twice in the hypothesis and
    twice in a reference is two matches."""
    counts = _ngrams(hypothesis, n)
    known = set().union(*(_ngrams(row, n) for row in references))
    return len(set(counts) & known), max(counts.total(), 1)


def adds_the_references(hypothesis, references, n):
    """You add the counts of all references. What counts is the one reference that has
    the n-gram most often: join the counters with `|`, not with `+`."""
    counts = _ngrams(hypothesis, n)
    empty: Counter[tuple] = Counter()
    allowed = sum((_ngrams(row, n) for row in references), empty)
    return (counts & allowed).total(), max(counts.total(), 1)


def adds_up_the_matches(hypothesis, references, n):
    """You clip against each reference and add up the matches. One n-gram of the
    hypothesis can match once only: first find the most that any reference allows."""
    counts = _ngrams(hypothesis, n)
    matches = sum((counts & _ngrams(row, n)).total() for row in references)
    return matches, max(counts.total(), 1)


def takes_the_best_reference(hypothesis, references, n):
    """You give the matches of the best single reference. Each n-gram may match another
    reference: take the largest count n-gram by n-gram."""
    counts = _ngrams(hypothesis, n)
    matches = [(counts & _ngrams(row, n)).total() for row in references]
    return max(matches), max(counts.total(), 1)


def strings_references_together(hypothesis, references, n):
    """You string the references together, so an n-gram may straddle the seam between
    two of them, and counts add up. Count each reference by itself."""
    counts = _ngrams(hypothesis, n)
    together = [word for row in references for word in row]
    return (counts & _ngrams(together, n)).total(), max(counts.total(), 1)


def sees_one_reference(hypothesis, references, n):
    """You look at the first reference only. An n-gram may match any of them."""
    counts = _ngrams(hypothesis, n)
    return (counts & _ngrams(references[0], n)).total(), max(counts.total(), 1)


def takes_words_only(hypothesis, references, n):
    """You count single words whatever `n` says. An n-gram is `n` words in a row."""
    return _clipped(hypothesis, references, 1)


def takes_all_orders(hypothesis, references, n):
    """You add up the orders 1 to `n`. Only n-grams of exactly `n` words are wanted."""
    orders = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    return sum(m for m, _ in orders), sum(t for _, t in orders)


def drops_the_last(hypothesis, references, n):
    """You miss the last n-gram: a row of `length` words has `length - n + 1`."""
    shorter = [row[:-1] for row in references]
    return _clipped(hypothesis[:-1], shorter, n)


def divides(hypothesis, references, n):
    """You return the share. Return the two counts, matches and total: the total is
    still needed."""
    matches, total = _clipped(hypothesis, references, n)
    return matches / total


def judges_the_reference(hypothesis, references, n):
    """Your total counts the n-grams of a reference. Precision asks which part of the
    hypothesis is matched."""
    matches, _ = _clipped(hypothesis, references, n)
    return matches, max(_ngrams(references[0], n).total(), 1)


def gives_nothing_of_nothing(hypothesis, references, n):
    """A hypothesis shorter than `n` has no n-gram at all, and you return 0 of 0. Return
    0 of 1, so that the share can be computed."""
    counts = _ngrams(hypothesis, n)
    allowed = _most(references, n)
    return (counts & allowed).total(), counts.total()


def _ngrams(row, n):
    return Counter(tuple(row[i : i + n]) for i in range(len(row) - n + 1))


def _most(references, n):
    allowed: Counter[tuple] = Counter()
    for row in references:
        allowed |= _ngrams(row, n)
    return allowed


def _clipped(hypothesis, references, n):
    counts = _ngrams(hypothesis, n)
    return (counts & _most(references, n)).total(), max(counts.total(), 1)


def _words_case(call: str, hypothesis: str, *references: str) -> Case:
    rows = ", ".join(f'"{row}".split()' for row in references)
    given = {"hypothesis": f'"{hypothesis}".split()', "references": f"[{rows}]"}
    return Case(call, given)


CLIPPED_PRECISION = Checks(
    cases=[
        _words_case("clipped_precision(hypothesis, references, 1)", "a b c", "b c d e"),
        _words_case("clipped_precision(hypothesis, references, 2)", "a b c", "b c d e"),
        _words_case(
            "clipped_precision(hypothesis, references, 1)",
            "the the the the the the the",
            "the cat is on the mat",
        ),
        _words_case(
            "clipped_precision(hypothesis, references, 1)", "a a a b", "a a c", "a b"
        ),
        _words_case(
            "clipped_precision(hypothesis, references, 1)", "a b c", "a x", "a y", "c z"
        ),
        _words_case(
            "clipped_precision(hypothesis, references, 2)", "b a c", "a b", "a c"
        ),
        _words_case(
            "clipped_precision(hypothesis, references, 2)", "a b a b a b", "a b a b c"
        ),
        _words_case(
            "clipped_precision(hypothesis, references, 4)", "a b c d", "x", "a b c d"
        ),
        _words_case("clipped_precision(hypothesis, references, 2)", "a", "a b"),
        _words_case("clipped_precision(hypothesis, references, 4)", "a b c", "a b c"),
    ],
    hints=[
        "Count the n-grams of the hypothesis with `ngrams(hypothesis, n)`, and those "
        "of each reference in the same way.",
        "Counters know two operations that help: `a | b` keeps the larger count of "
        "each n-gram, `a & b` the smaller.",
        "Join all references with `|` into `allowed`. The matches are "
        "`(counts & allowed).total()`, and the total is `max(counts.total(), 1)`.",
    ],
    wrong=[
        does_not_clip,
        counts_kinds,
        counts_matching_kinds,
        adds_the_references,
        adds_up_the_matches,
        takes_the_best_reference,
        strings_references_together,
        sees_one_reference,
        takes_words_only,
        takes_all_orders,
        drops_the_last,
        divides,
        judges_the_reference,
        gives_nothing_of_nothing,
    ],
)


# bleu


def takes_the_arithmetic_mean(hypothesis, references, n=4):
    """You average the precisions by adding them. BLEU takes the geometric mean: the
    mean of their logarithms, exponentiated."""
    return (
        sum(_precisions(hypothesis, references, n))
        / n
        * _penalty(hypothesis, references)
    )


def forgets_the_root(hypothesis, references, n=4):
    """You multiply the precisions and stop. A geometric mean of `n` numbers is the
    n-th root of their product."""
    product = math.prod(_precisions(hypothesis, references, n))
    return product * _penalty(hypothesis, references)


def takes_one_order(hypothesis, references, n=4):
    """You use n-grams of order `n` only. All orders from 1 to `n` count alike."""
    return _precisions(hypothesis, references, n)[-1] * _penalty(hypothesis, references)


def stops_before_n(hypothesis, references, n=4):
    """You leave out the highest order: `range(n)` ends at `n - 1`, so add 1 to it."""
    return _score(_precisions(hypothesis, references, max(n - 1, 1))) * _penalty(
        hypothesis, references
    )


def forgets_the_penalty(hypothesis, references, n=4):
    """A hypothesis that is much shorter than the reference scores too well: multiply
    by the brevity penalty."""
    return _score(_precisions(hypothesis, references, n))


def swaps_the_lengths(hypothesis, references, n=4):
    """You penalise long hypotheses instead of short ones: the hypothesis' length comes
    first, `brevity_penalty(length, reference_length)`."""
    length = _closest(hypothesis, references)
    penalty = math.exp(min(0, 1 - len(hypothesis) / length))
    return _score(_precisions(hypothesis, references, n)) * penalty


def takes_the_first_length(hypothesis, references, n=4):
    """You take the first reference's length for the penalty. Take the one closest to
    the hypothesis' length."""
    penalty = _brevity(hypothesis, len(references[0]))
    return _score(_precisions(hypothesis, references, n)) * penalty


def takes_the_shortest(hypothesis, references, n=4):
    """You take the shortest reference's length for the penalty. Take the one closest
    to the hypothesis' length."""
    penalty = _brevity(hypothesis, min(map(len, references)))
    return _score(_precisions(hypothesis, references, n)) * penalty


def takes_the_longest(hypothesis, references, n=4):
    """You take the longest reference's length for the penalty. Take the one closest to
    the hypothesis' length."""
    penalty = _brevity(hypothesis, max(map(len, references)))
    return _score(_precisions(hypothesis, references, n)) * penalty


def takes_the_longer_of_two(hypothesis, references, n=4):
    """Two references are equally close in length, and you take the longer. The shorter
    one counts."""
    length = len(hypothesis)
    closest = min((abs(len(row) - length), -len(row)) for row in references)[1]
    penalty = _brevity(hypothesis, -closest)
    return _score(_precisions(hypothesis, references, n)) * penalty


def does_not_smooth(hypothesis, references, n=4):
    """One order without a match makes your whole score 0. Count 0.1 matches there, so
    that the other orders are still heard."""
    precisions = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    if any(matches == 0 for matches, _ in precisions):
        return 0.0
    return _score([m / t for m, t in precisions]) * _penalty(hypothesis, references)


def smooths_the_share(hypothesis, references, n=4):
    """Where an order has no match you make its *precision* 0.1. Count 0.1 *matches*,
    and divide them by the total as usual."""
    counted = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    if counted[0][0] == 0:
        return 0.0
    return _score([m / t or 0.1 for m, t in counted]) * _penalty(hypothesis, references)


def smooths_everything(hypothesis, references, n=4):
    """You add 0.1 to the matches of every order. Only an order without any match gets
    it, so that equal texts still score 1."""
    counted = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    if counted[0][0] == 0:
        return 0.0
    return _score([(m + 0.1) / t for m, t in counted]) * _penalty(
        hypothesis, references
    )


def leaves_empty_orders_out(hypothesis, references, n=4):
    """You leave out the orders without a match, and the mean is taken over the rest.
    They count too, with 0.1 matches."""
    counted = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    kept = [m / t for m, t in counted if m > 0]
    return _score(kept) * _penalty(hypothesis, references) if kept else 0.0


def leaves_long_orders_out(hypothesis, references, n=4):
    """You leave out the orders above the hypothesis' length. They count as well, as 0
    of 1 and hence, smoothed, as 0.1 of 1."""
    orders = min(n, len(hypothesis))
    return _score(_precisions(hypothesis, references, orders)) * _penalty(
        hypothesis, references
    )


def smooths_strangers(hypothesis, references, n=4):
    """Not a single word matches, and your score is not 0. Smoothing is for the longer
    n-grams: without any common word return 0."""
    counted = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    return _score([(m or 0.1) / t for m, t in counted]) * _penalty(
        hypothesis, references
    )


def _precisions(hypothesis, references, n):
    counted = [_clipped(hypothesis, references, k + 1) for k in range(n)]
    none = counted[0][0] == 0
    return [0.0 if none else (m or 0.1) / t for m, t in counted]


def _score(precisions):
    return math.prod(precisions) ** (1 / len(precisions))


def _closest(hypothesis, references):
    length = len(hypothesis)
    return min((abs(len(row) - length), len(row)) for row in references)[1]


def _brevity(hypothesis, reference_length):
    return math.exp(min(0, 1 - reference_length / len(hypothesis)))


def _penalty(hypothesis, references):
    return _brevity(hypothesis, _closest(hypothesis, references))


BLEU = Checks(
    cases=[
        _words_case("bleu(hypothesis, references, n=1)", "a b c d", "a b x y"),
        _words_case("bleu(hypothesis, references, n=2)", "a b c d", "a b c x"),
        _words_case("bleu(hypothesis, references)", "a b c d e", "a b c d e"),
        _words_case("bleu(hypothesis, references)", "a b c d e f", "a b c d e x"),
        _words_case("bleu(hypothesis, references)", "a b c d", "a b c d e f g h"),
        _words_case("bleu(hypothesis, references)", "a b c d e f g h", "a b c d"),
        _words_case("bleu(hypothesis, references)", "a b c d e f", "a b x d e f"),
        _words_case("bleu(hypothesis, references)", "a b c d e", "v w x y z"),
        _words_case(
            "bleu(hypothesis, references, n=2)",
            "a b c d",
            "a b c d x y",
            "a b c d e f g h i",
            "a b c x y",
            "a",
        ),
        _words_case(
            "bleu(hypothesis, references, n=2)", "a b c d", "a b c d e f", "a b"
        ),
        _words_case("bleu(hypothesis, references)", "a b", "a b"),
    ],
    hints=[
        "For each order from 1 to `n` call `clipped_precision`. An order with 0 "
        "matches counts as 0.1 of its total, unless order 1 has none: then return 0.",
        "The geometric mean is `math.prod(precisions) ** (1 / n)`.",
        "The closest length, the shorter of two: "
        "`min((abs(len(row) - length), len(row)) for row in references)[1]`. "
        "Then multiply by `brevity_penalty(length, closest)`.",
    ],
    wrong=[
        takes_the_arithmetic_mean,
        forgets_the_root,
        takes_one_order,
        stops_before_n,
        forgets_the_penalty,
        swaps_the_lengths,
        takes_the_first_length,
        takes_the_shortest,
        takes_the_longest,
        takes_the_longer_of_two,
        does_not_smooth,
        smooths_the_share,
        smooths_everything,
        leaves_empty_orders_out,
        leaves_long_orders_out,
        smooths_strangers,
    ],
)


# largest_elsewhere


def includes_itself(gram, counts):
    """You give the largest count of the n-gram, its own included. Whoever holds the
    largest must get the second largest."""
    return [max(group) for group, _ in _groups(gram, counts)]


def gives_the_second_to_all(gram, counts):
    """You give everybody the second largest count. Only whoever holds the largest gets
    the second, all others get the largest."""
    return [([0, *sorted(group)])[-2] for group, _ in _groups(gram, counts)]


def mixes_ngrams(gram, counts):
    """You compare counts of different n-grams. Only entries with the same number in
    `gram` belong together."""
    return [
        max([c for j, c in enumerate(counts) if j != i], default=0)
        for i in range(len(counts))
    ]


def skips_ties(gram, counts):
    """Two entries tie for the largest count, and you give both the next smaller. Each
    must get the other's: the largest is held by two."""
    return [
        max([c for c in group if c != own], default=0)
        if own == max(group)
        else max(group)
        for group, own in _groups(gram, counts)
    ]


def adds_the_others(gram, counts):
    """You add up the other counts. The largest single one is wanted."""
    return [sum(group) - own for group, own in _groups(gram, counts)]


def clips_already(gram, counts):
    """You clip the counts already. Return the largest other count as it is, even where
    it exceeds the entry's own."""
    return [
        min(own, _largest_other(group, own)) for group, own in _groups(gram, counts)
    ]


def keeps_the_lonely(gram, counts):
    """An n-gram that stands in one text only has no other count: give 0, not its own
    count."""
    return [
        own if len(group) == 1 else _largest_other(group, own)
        for group, own in _groups(gram, counts)
    ]


def sorts_the_entries(gram, counts):
    """Your answers are right but in another order. The first must belong to the first
    entry, and so on."""
    by_gram = sorted(zip(gram, counts, strict=True), key=lambda entry: entry[0])
    grams, sorted_counts = zip(*by_gram, strict=True)
    return [_largest_other(*pair) for pair in _groups(grams, sorted_counts)]


def expects_neighbours(gram, counts):
    """You compare an entry with its neighbours only. Entries of the same n-gram may
    stand anywhere."""
    found = []
    for i in range(len(gram)):
        near = [j for j in (i - 1, i + 1) if 0 <= j < len(gram)]
        found.append(max([counts[j] for j in near if gram[j] == gram[i]], default=0))
    return found


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


def _compare_as_lists(expected: Any, got: Any) -> Difference | None:
    """A list will do, and so will an array or a tensor."""
    return compare(_as_list(expected), _as_list(got))


def _as_list(values: Any) -> Any:
    if hasattr(values, "tolist"):
        return values.tolist()
    return list(values) if isinstance(values, tuple) else values


def _counts_case(gram: str, counts: str) -> Case:
    given = {"gram": gram, "counts": counts}
    return Case("largest_elsewhere(gram, counts)", given, _compare_as_lists)


LARGEST_ELSEWHERE = Checks(
    cases=[
        _counts_case("[0, 0]", "[3, 1]"),
        _counts_case("[0, 0, 0]", "[2, 5, 1]"),
        _counts_case("[0, 0, 0]", "[4, 1, 4]"),
        _counts_case("[0]", "[2]"),
        _counts_case("[0, 0, 1, 1]", "[1, 2, 7, 5]"),
        _counts_case("[1, 0, 1, 0, 2]", "[6, 2, 3, 1, 9]"),
        _counts_case("[0, 0, 0, 1, 1, 1]", "[1, 2, 3, 3, 2, 1]"),
    ],
    hints=[
        "Try it for one n-gram: the counts are 2, 5, 1. Who is held to 5, and who is "
        "not?",
        "Go through the entries once. For each n-gram remember where its largest count "
        "stands, and how large the second is. A new largest makes the old one second.",
        "Go through them again: an entry that is where its n-gram's largest stands "
        "gets the second, any other gets the largest. Two dicts of numbers and one of "
        "places will do.",
    ],
    wrong=[
        includes_itself,
        gives_the_second_to_all,
        mixes_ngrams,
        skips_ties,
        adds_the_others,
        clips_already,
        keeps_the_lonely,
        sorts_the_entries,
        expects_neighbours,
        forgets_the_old_largest,
    ],
)

CHECKS = {
    "clipped_precision": CLIPPED_PRECISION,
    "bleu": BLEU,
    "largest_elsewhere": LARGEST_ELSEWHERE,
}
