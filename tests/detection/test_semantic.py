"""Semantic entropy: texts are grouped by what they mean, and meanings are counted."""

import math
from operator import eq

import pytest

from course_utils.detection.semantic import group_by_meaning, semantic_entropy


def same_first_word(a, b):
    return a.split()[0] == b.split()[0]


def test_groups_come_in_order_and_hold_every_item():
    texts = ["fox runs", "owl sleeps", "fox hides", "goat"]
    expected = [["fox runs", "fox hides"], ["owl sleeps"], ["goat"]]
    assert group_by_meaning(texts, same_first_word) == expected


def test_no_item_makes_no_group():
    assert group_by_meaning([], eq) == []


def test_one_meaning_in_many_words_has_no_entropy():
    assert semantic_entropy(["fox runs", "fox hides", "fox"], same_first_word) == 0


def test_as_many_meanings_as_items_make_the_most():
    assert semantic_entropy([*"abcdefgh"], eq) == pytest.approx(3)


def test_even_meanings_count_and_uneven_ones_count_less():
    assert semantic_entropy([*"aabb"], eq) == pytest.approx(1)
    assert semantic_entropy([*"aaab"], eq) == pytest.approx(0.8112781)


def test_the_base_sets_the_unit():
    assert semantic_entropy([*"ab"], eq, base=math.e) == pytest.approx(math.log(2))


@pytest.mark.parametrize("items", [[], ["alone"]])
def test_fewer_than_two_items_are_refused(items):
    with pytest.raises(ValueError, match=f"items has {len(items)} entries; allowed"):
        semantic_entropy(items, eq)
