"""Words of every script, and what texts are compared by."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.embedding import tfidf_cosines
from course_utils.detection.repetition import find_loop, rep_n
from course_utils.detection.self_bleu import self_bleu
from course_utils.detection.vendi import vendi_of_kernel
from course_utils.detection.words import (
    is_drawing,
    letters,
    terms,
    unspaced_share,
    words,
)

UNSPACED = {
    "Chinese": "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002",
    "Japanese": "\u30e9\u30fc\u30e1\u30f3\u304c\u597d\u304d",
    "Thai": "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a",
    "Lao": "\u0eaa\u0eb0\u0e9a\u0eb2\u0e8d\u0e94\u0eb5",
    "Khmer": "\u179f\u17bd\u179f\u17d2\u178f\u17b8",
    "Burmese": "\u1019\u1004\u103a\u1039\u1002\u101c\u102c\u1015\u102b",
}
SPACED = {
    "Hindi": "\u0928\u092e\u0938\u094d\u0924\u0947 "
    "\u0926\u0941\u0928\u093f\u092f\u093e",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 "
    "\u0628\u0631\u0648\u0645",
    "Arabic": "\u0643\u064e\u062a\u064e\u0628\u064e \u0642\u064e\u0644\u064e\u0645",
    "Hebrew": "\u05e9\u05c1\u05dc\u05d5\u05dd \u05dc\u05da",
    "Tamil": "\u0bb5\u0ba3\u0b95\u0bcd\u0b95\u0bae\u0bcd "
    "\u0ba8\u0ba3\u0bcd\u0baa\u0bbe",
    "Korean": "\ud55c\uad6d\uc5b4 \ubb38\uc7a5",
    "Greek": "\u03ba\u03b1\u03bb\u03cc \u03ba\u03cc\u03c3\u03bc\u03b5",
    "accents as marks": "cafe\u0301 e\u0301te\u0301",
}


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_words_of_ascii_are_runs_of_letters_and_single_marks(text):
    assert words(text) == re.findall(r"\w+|[^\w\s]", text.lower())
    assert terms(text) == words(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])))
def test_no_letter_is_lost_or_made(text):
    kept = re.sub(r"\s", "", text.lower())
    assert "".join(words(text)) == kept
    assert re.sub(r"\s", "", "".join(letters(text))) == kept


@pytest.mark.parametrize("text", SPACED.values(), ids=SPACED)
def test_marks_belong_to_the_word(text):
    assert words(text) == text.split()
    assert unspaced_share(text) == 0


@pytest.mark.parametrize("text", UNSPACED.values(), ids=UNSPACED)
def test_scripts_without_spaces_give_a_word_for_each_character(text):
    found = words(text)
    assert len(found) > len(text) / 3
    assert max(map(len, found)) <= 4
    assert unspaced_share(text) > 0.8
    assert terms(text)[0] == found[0] + found[1]


@pytest.mark.parametrize("text", [*UNSPACED.values()], ids=UNSPACED)
def test_loops_are_seen_in_scripts_without_spaces(text):
    loop = find_loop(words(text * 20))
    assert loop is not None
    assert loop.repeats >= 20
    assert rep_n(words(text * 20)) > 0.8


@pytest.mark.parametrize("text", [*UNSPACED.values()], ids=UNSPACED)
def test_nearly_equal_sentences_amount_to_few(text):
    alike = [text * 2 + text[i % len(text)] for i in range(40)]
    assert vendi_of_kernel(tfidf_cosines(alike)) < 4
    assert self_bleu(alike).mean > 0.8


def test_both_scripts_of_a_text_are_told_apart():
    text = "GPT-4\u306f\u597d\u304d 3.5"
    assert words(text) == ["gpt", "-", "4", "\u306f", "\u597d", "\u304d", "3", ".", "5"]
    pairs = ["\u306f\u597d", "\u597d\u304d"]
    assert terms(text) == ["gpt", "-", "4", *pairs, "3", ".", "5"]
    assert unspaced_share(text) == pytest.approx(1 / 3)


def test_a_picture_of_several_signs_is_one_word():
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    assert words(f"{family} ok \u2764\ufe0f") == [family, "ok", "\u2764\ufe0f"]


@pytest.mark.parametrize("mark", [*"-=_*#~.|+^`<>/\\", "\u2500", "\u2550", "\u2014"])
def test_marks_that_draw_a_rule(mark):
    assert is_drawing(mark)


@pytest.mark.parametrize("word", ["a", "7", "\u597d", "\U0001f602", 45, ("-",), ""])
def test_words_pictures_and_tokens_draw_no_rule(word):
    assert not is_drawing(word)
