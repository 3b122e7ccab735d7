"""Loops in nearly linear time: the same as by trying every period at every place."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.detection import loops
from course_utils.detection.repetition import Loop, find_loop, find_loops
from course_utils.detection.words import is_drawing, words

rows = st.lists(st.lists(st.integers(0, 2), max_size=30), min_size=1, max_size=5)


@given(rows, st.integers(2, 4))
@settings(max_examples=300, deadline=None)
def test_the_longest_loop_of_each_text_is_found(texts, repeats):
    assert find_loops(texts, repeats) == [find_loop(row, repeats) for row in texts]


@given(rows, st.lists(st.integers(0, 3), min_size=1, max_size=6), st.integers(2, 6))
@settings(max_examples=200, deadline=None)
def test_a_loop_within_a_text_is_found(texts, phrase, times):
    texts = [row[:10] + phrase * times + row[10:] for row in texts]
    assert find_loops(texts) == [find_loop(row, 3) for row in texts]


@pytest.mark.parametrize("cells", [1, 60, 500])
def test_portions_of_any_size_give_the_same(monkeypatch, cells):
    dice = random.Random(0)
    texts = [[dice.randrange(2) for _ in range(dice.randrange(40))] for _ in range(50)]
    expected = find_loops(texts)
    monkeypatch.setattr(loops, "_CELLS_AT_ONCE", cells)
    assert find_loops(texts) == expected


def test_nothing_and_empty_texts_have_no_loop():
    assert find_loops([]) == []
    assert find_loops([[], ["a"], []]) == [None, None, None]


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_the_loop_of_a_long_text_is_found(length):
    dice = random.Random(0)
    row = [*dice.choices(range(3, 300), k=length), *[0, 1, 2] * length, 9]
    assert find_loops([row]) == [Loop(length, 3, float(length))]


RULES = [
    "-" * 10,
    "=" * 60,
    "* * * * *",
    "| --- | --- | --- | --- |",
    "....",
    "\u2500" * 9,
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_no_loop(rule):
    row = words(f"a heading\n{rule}\nand words")
    assert find_loop(row) is not None
    assert find_loops([row], 3, is_drawing) == [None]


def test_a_loop_beside_a_longer_rule_is_found():
    row = words("-" * 40 + " and on and on and on and on " + "=" * 50)
    found = find_loops([row], 3, is_drawing)[0]
    assert found is not None
    assert row[found.start : found.start + found.period] == ["and", "on"]


@pytest.mark.parametrize("phrase", ["- no\n", "\U0001f602", "7 ", "ha! "])
def test_a_loop_that_holds_a_word_is_one(phrase):
    assert find_loops([words(phrase * 9)], 3, is_drawing)[0] is not None


def test_tokens_are_no_marks():
    assert find_loops([[12] * 9], 3, is_drawing) == [Loop(0, 1, 9.0)]
