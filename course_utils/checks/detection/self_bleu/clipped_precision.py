"""Checks of `clipped_precision`, an exercise of notebook 08."""

from course_utils.checks.detection.self_bleu.word_cases import words_case
from course_utils.classroom.cases import Checks, wrong

CASES = [
    words_case("clipped_precision(hypothesis, references, 1)", "a b c", "b c d e"),
    words_case("clipped_precision(hypothesis, references, 2)", "a b c", "b c d e"),
    words_case(
        "clipped_precision(hypothesis, references, 1)",
        "the the the the the the the",
        "the cat is on the mat",
    ),
    words_case(
        "clipped_precision(hypothesis, references, 1)", "a a a b", "a a c", "a b"
    ),
    words_case(
        "clipped_precision(hypothesis, references, 1)", "a b c", "a x", "a y", "c z"
    ),
    words_case("clipped_precision(hypothesis, references, 2)", "b a c", "a b", "a c"),
    words_case(
        "clipped_precision(hypothesis, references, 2)", "a b a b a b", "a b a b c"
    ),
    words_case(
        "clipped_precision(hypothesis, references, 4)", "a b c d", "x", "a b c d"
    ),
    words_case("clipped_precision(hypothesis, references, 2)", "a", "a b"),
    words_case("clipped_precision(hypothesis, references, 4)", "a b c", "a b c"),
]
HINTS = [
    "Count the n-grams of the hypothesis with `ngrams(hypothesis, n)`, and those "
    "of each reference in the same way.",
    "Counters know two operations that help: `a | b` keeps the larger count of "
    "each n-gram, `a & b` the smaller.",
    "Join all references with `|` into `allowed`. The matches are "
    "`(counts & allowed).total()`, and the total is `max(counts.total(), 1)`.",
]
WRONG = [
    wrong(
        "(matches, max(counts.total(), 1))",
        "You count every n-gram that stands in a reference, however often the "
        "hypothesis repeats it. Clip: it counts at most as often as the reference has "
        "it.",
        counts="ngrams(hypothesis, n)",
        known="set().union(*(ngrams(row, n) for row in references))",
        matches="sum(count for gram, count in counts.items() if gram in known)",
    ),
    wrong(
        "(len(kinds & known), max(len(kinds), 1))",
        "You count each kind of n-gram once. One that stands twice in the hypothesis "
        "and twice in a reference counts twice: use a `Counter`, not a `set`.",
        kinds="set(ngrams(hypothesis, n))",
        known="set().union(*(ngrams(row, n) for row in references))",
    ),
    wrong(
        "(len(set(counts) & known), max(counts.total(), 1))",
        "You count each kind of match once. One that stands twice in the hypothesis "
        "and twice in a reference is two matches.",
        counts="ngrams(hypothesis, n)",
        known="set().union(*(ngrams(row, n) for row in references))",
    ),
    wrong(
        "((counts & allowed).total(), max(counts.total(), 1))",
        "You add the counts of all references. What counts is the one reference that "
        "has the n-gram most often: join the counters with `|`, not with `+`.",
        counts="ngrams(hypothesis, n)",
        allowed="sum((ngrams(row, n) for row in references), Counter())",
    ),
    wrong(
        "(matches, max(counts.total(), 1))",
        "You clip against each reference and add up the matches. One n-gram of the "
        "hypothesis can match once only: first find the most that any reference "
        "allows.",
        counts="ngrams(hypothesis, n)",
        matches="sum((counts & ngrams(row, n)).total() for row in references)",
    ),
    wrong(
        "(max(matches), max(counts.total(), 1))",
        "You give the matches of the best single reference. Each n-gram may match "
        "another reference: take the largest count n-gram by n-gram.",
        counts="ngrams(hypothesis, n)",
        matches="[(counts & ngrams(row, n)).total() for row in references]",
    ),
    wrong(
        "((counts & ngrams(together, n)).total(), max(counts.total(), 1))",
        "You string the references together, so an n-gram may straddle the seam "
        "between two of them, and counts add up. Count each reference by itself.",
        counts="ngrams(hypothesis, n)",
        together="[word for row in references for word in row]",
    ),
    wrong(
        "((counts & ngrams(references[0], n)).total(), max(counts.total(), 1))",
        "You look at the first reference only. An n-gram may match any of them.",
        counts="ngrams(hypothesis, n)",
    ),
    wrong(
        "clipped_precision(hypothesis, references, 1)",
        "You count single words whatever `n` says. An n-gram is `n` words in a row.",
    ),
    wrong(
        "(sum(m for m, _ in orders), sum(t for _, t in orders))",
        "You add up the orders 1 to `n`. Only n-grams of exactly `n` words are wanted.",
        orders="[clipped_precision(hypothesis, references, k + 1) for k in range(n)]",
    ),
    wrong(
        "clipped_precision(hypothesis[:-1], [row[:-1] for row in references], n)",
        "You miss the last n-gram: a row of `length` words has `length - n + 1`.",
    ),
    wrong(
        "counted[0] / counted[1]",
        "You return the share. Return the two counts, matches and total: the total is "
        "still needed.",
        counted="clipped_precision(hypothesis, references, n)",
    ),
    wrong(
        "(matches, max(ngrams(references[0], n).total(), 1))",
        "Your total counts the n-grams of a reference. Precision asks which part of "
        "the hypothesis is matched.",
        matches="clipped_precision(hypothesis, references, n)[0]",
    ),
    wrong(
        "(matches, ngrams(hypothesis, n).total())",
        "A hypothesis shorter than `n` has no n-gram at all, and you return 0 of 0. "
        "Return 0 of 1, so that the share can be computed.",
        matches="clipped_precision(hypothesis, references, n)[0]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
