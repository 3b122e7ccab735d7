"""Repetition: n-grams, distinct words, compression, loops."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.detection.repetition import (
    Loop,
    adjusted_distinct,
    compression_ratio,
    distinct_n,
    find_loop,
    find_loops,
    rep_n,
    rep_n_along,
    repetition,
    within_and_across,
)
from course_utils.detection.words import words

rows = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=15), min_size=1)
any_text = st.text(min_size=1).filter(words)


def longest_loop(row, repeats):
    """The definition, place by place."""
    best, longest = None, 0
    for period in range(1, len(row) // repeats + 1):
        for start in range(len(row)):
            end = start + period
            while end < len(row) and row[end] == row[end - period]:
                end += 1
            if end - start >= repeats * period and end - start > longest:
                longest = end - start
                best = Loop(start, period, longest / period)
    return best


@given(rows, st.sampled_from([2, 3]))
@settings(deadline=None)
def test_loops_are_found_as_defined(rows, repeats):
    assert list(find_loops(rows, repeats)) == [longest_loop(r, repeats) for r in rows]


def test_a_loop_has_start_period_and_repeats():
    text = "once there was a fox and a crow and a crow and a crow and a"
    assert find_loop(text.split()) == Loop(start=5, period=3, repeats=11 / 3)


def test_a_refrain_is_no_loop():
    assert find_loop(words("la la said the fox, la la said the crow")) is None


def test_padding_is_no_loop():
    short_and_long = [["a"], list("abcdefghijkl")]
    assert list(find_loops(short_and_long)) == [None, None]


@pytest.mark.parametrize(
    ("row", "n", "share"),
    [
        ("a b c d", 4, 0.0),
        ("a b c", 4, 0.0),
        ("a a a a a", 1, 0.8),
        ("a b a b a", 2, 0.5),
    ],
)
def test_rep_n(row, n, share):
    """ "a b c d" at n = 4 has its one n-gram counted: SimCTG's own code drops it."""
    assert rep_n(row.split(), n) == pytest.approx(share)


@given(
    st.lists(st.sampled_from("ab"), max_size=20), st.integers(1, 3), st.integers(3, 9)
)
def test_rep_n_along_is_rep_n_of_each_window(row, n, window):
    ends = range(1, len(row) + 1)
    expected = [rep_n(row[max(0, end - window) : end], n) for end in ends]
    assert rep_n_along(row, n, window).tolist() == pytest.approx(expected)


@given(rows, st.integers(1, 4))
def test_within_and_across_sum_to_what_is_repeated(parts, n):
    within, across = within_and_across(parts, n)
    grams = [tuple(row[i : i + n]) for row in parts for i in range(len(row) - n + 1)]
    assert within + across == pytest.approx(
        1 - len(set(grams)) / max(len(grams), 1) if grams else 0
    )
    alone = [(rep_n(row, n), max(len(row) - n + 1, 0)) for row in parts]
    mean = sum(share * size for share, size in alone) / max(len(grams), 1)
    assert within == pytest.approx(mean)


def test_a_loop_repeats_within_and_a_copy_across():
    tale = words("the fox saw the sea and the owl slept")
    assert within_and_across([tale, tale], 2) == (0, 0.5)
    loop = words("round and round and round and round")
    assert within_and_across([loop, tale], 2)[1] == 0 < within_and_across([loop], 2)[0]
    assert within_and_across([["a"], []], 2) == (0, 0)
    with pytest.raises(ValueError, match="n must"):
        within_and_across([tale], 0)


def test_along_a_text_four_grams_of_the_last_64_words_are_the_default():
    row = list(range(20)) * 5
    assert rep_n_along(row).tolist() == rep_n_along(row, n=4, window=64).tolist()
    assert rep_n(row) == rep_n(row, n=4) != rep_n(row, n=5)


def test_a_window_no_longer_than_the_period_sees_no_loop():
    row = list(range(20)) * 4
    assert rep_n_along(row, n=1, window=20).max() == 0
    assert rep_n_along(row, n=1, window=21).max() > 0


@given(rows)
def test_distinct_never_rises_with_a_duplicate(rows):
    assert distinct_n([*rows, rows[0]], 1) <= distinct_n(rows, 1)


@given(rows, st.randoms())
def test_order_of_texts_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert distinct_n(shuffled, 1) == distinct_n(rows, 1)
    assert adjusted_distinct(shuffled, 3) == pytest.approx(adjusted_distinct(rows, 3))


def test_adjusted_distinct_does_not_fall_with_length():
    import random

    dice = random.Random(0)
    drawn = [dice.randrange(50) for _ in range(2000)]
    short, long = [drawn[:50]], [drawn]
    assert distinct_n(long, 1) < 0.1 * distinct_n(short, 1)
    assert adjusted_distinct(short, 50) == pytest.approx(1, abs=0.15)
    assert adjusted_distinct(long, 50) == pytest.approx(1, abs=0.01)


def test_compression_is_counted_once():
    texts = ["The same sentence again."] * 200
    raw = "\n".join(texts).encode()
    assert compression_ratio(texts) == len(raw) / len(zlib.compress(raw, 9))
    assert compression_ratio(texts) > 50


def test_compression_looks_back_over_32_kilobytes_only():
    import random

    dice = random.Random(0)
    texts = ["".join(dice.choices("abcdefghijklmnop", k=1000)) for _ in range(60)]
    once, apart = compression_ratio(texts), compression_ratio(texts + texts)
    side_by_side = compression_ratio([text for text in texts for _ in range(2)])
    assert apart == pytest.approx(once, rel=0.01)
    assert side_by_side > 1.8 * once


def test_excess_over_a_reference():
    sound = [f"word{i} word{i + 1} word{i + 2} word{i + 3} end" for i in range(20)]
    loop = ["a b c d a b c d a b c d"] * 20
    found = repetition(loop, reference=sound)
    assert found.excess == pytest.approx(found.share)
    assert found.excess_interval[0] > 0.5
    assert found.loops[0] == Loop(0, 4, 3.0)
    assert repetition(sound, reference=sound).excess == 0
    assert repetition(sound).excess is None
    assert "loops in 20 of 20 texts" in repr(found)
    assert found.plot().axes


@given(st.lists(any_text, min_size=2, max_size=5))
@settings(deadline=None)
def test_any_script_is_read(texts):
    found = repetition(texts, n=2)
    assert 0 <= found.share < 1
    assert compression_ratio(texts) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: repetition(["alone"]), "texts has 1 entries"),
        (lambda: repetition(["a", ""]), r"texts\[1\] is '', which holds no word"),
        (lambda: repetition(["a", "b"], reference=["c"]), "reference has 1 entries"),
        (lambda: rep_n(["a"], 0), "n must be a whole number of at least 1"),
        (lambda: distinct_n([["a"]], 2), "rows holds no text of 2 words or more"),
        (lambda: distinct_n([["a"]], 0), "n must be a whole number of at least 1"),
        (lambda: rep_n_along(["a"], 4, 3), "window must be a whole number of at least"),
        (lambda: find_loops([["a"]], 1), "repeats must be a whole number of at least"),
        (lambda: find_loop(["a"], 1), "repeats must be a whole number of at least 2"),
        (lambda: compression_ratio([""]), "texts holds no letter"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
