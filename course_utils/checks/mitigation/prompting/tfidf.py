"""Checks of `tfidf`, an exercise of notebook 16."""

import math
import re
from collections import Counter

from course_utils.classroom.cases import Case, Checks, wrong


def _counts(texts):
    return [Counter(re.findall(r"\w+", text.lower())) for text in texts]


def _idf(counts, idf=lambda n, d: math.log((1 + n) / (1 + d)) + 1):
    documents = Counter(word for row in counts for word in row)
    return {word: idf(len(counts), d) for word, d in documents.items()}


def _rows(counts, idf, unit=True):
    rows = [{w: t * idf[w] for w, t in row.items()} for row in counts]
    if not unit:
        return rows
    lengths = [math.sqrt(sum(x * x for x in row.values())) for row in rows]
    return [
        {w: x / length for w, x in row.items()}
        for row, length in zip(rows, lengths, strict=True)
    ]


CASES = [
    Case("tfidf(texts)", texts="['the fox']"),
    Case("tfidf(texts)", texts="['the fox', 'the crow']"),
    Case("tfidf(texts)", texts="['the fox saw the fox', 'The crow saw it.', 'a sea']"),
    Case("tfidf(texts)", texts="['one two', 'Two three!', 'two', 'four two two']"),
]
HINTS = [
    "Count the words of each text (lower case, `re.findall(r'\\w+', ...)`). Then count "
    "in how many texts each word comes: that is d.",
    "`idf = {word: math.log((1 + n) / (1 + d)) + 1 ...}`; a text's weight of a word is "
    "its count times that.",
    "Divide each row by the root of its sum of squares; return the rows and the idf.",
]
WRONG = [
    wrong(
        "(_rows(counts, _idf(counts), unit=False), _idf(counts))",
        "The rows must have length 1: divide each by the root of its sum of squares.",
        counts="_counts(texts)",
    ),
    wrong(
        "(_rows(counts, idf), idf)",
        "The 1 at the end of the idf is missing: a word of every text would weigh "
        "nothing at all.",
        counts="_counts(texts)",
        idf="_idf(counts, lambda n, d: math.log((1 + n) / (1 + d)) + 1e-9)",
    ),
    wrong(
        "(_rows(counts, idf), idf)",
        "The idf counts *texts* that have the word; it is (1 + n) / (1 + d), with one "
        "added to both.",
        counts="_counts(texts)",
        idf="_idf(counts, lambda n, d: math.log(n / d) + 1)",
    ),
    wrong(
        "(_rows([Counter(dict.fromkeys(row, 1)) for row in counts], _idf(counts)), "
        "_idf(counts))",
        "A word that comes twice in a text weighs twice as much: use its count.",
        counts="_counts(texts)",
    ),
    wrong(
        "(_rows(counts, _idf(counts)), _idf(counts))",
        "`The` and `the` are one word: lower the case first.",
        counts="[Counter(re.findall(r'\\w+', text)) for text in texts]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_counts, _idf, _rows])
