"""Texts as lists of words, for all detectors that compare what is on the page.

Scripts without spaces between words (Chinese, Japanese, Thai, ...) give a word for each
character, so that runs of words are runs of characters there.
"""

import functools
import re
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import Any

Tokenize = Callable[[str], Sequence[Hashable]]

_PLAIN_WORD = re.compile(r"\w+|[^\w\s]")  # all that a text in ASCII needs
_UNSPACED = "".join(
    rf"\p{{scx={script}}}"
    for script in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
_RULES = r"[\p{P}\p{Sm}\p{Sk}\u2500-\u25ff]+"


def words(text: str) -> list[str]:
    """Runs of letters and digits, and each other mark by itself, in lower case.

    Marks above, below or between letters (vowel signs, accents, joiners) belong to the
    word. In scripts without spaces each character is a word, with its marks. A run of
    letters is not cut into stems or syllables: pass a model's tokenizer to the
    detectors as `tokenize` for that.
    """
    text = text.lower()
    if text.isascii():
        return _PLAIN_WORD.findall(text)
    return _pattern("word").findall(text)


def terms(text: str) -> list[Hashable]:
    """What texts are compared by where the order of words does not matter.

    The words; in scripts without spaces every two characters in a row instead, since
    most texts of a language share nearly all single ones.
    """
    if text.isascii():
        return [*words(text)]
    found: list[Hashable] = []
    run: list[str] = []
    for word in [*words(text), ""]:
        if _pattern("unspaced").match(word):
            run.append(word)
            continue
        found += run if len(run) == 1 else [a + b for a, b in pairwise(run)]
        found += [word] * bool(word)
        run = []
    return found


def terms_of(tokenize: Tokenize) -> Tokenize:
    """What texts are compared by whose words are those of `tokenize`."""
    return terms if tokenize is words else tokenize


def letters(text: str) -> list[str]:
    """Every character that is no space, in lower case, with its marks."""
    return [c for c in _pattern("letter").findall(text.lower()) if not c.isspace()]


def unspaced_share(text: str) -> float:
    """The share of a text's words that are characters of scripts without spaces."""
    found = [] if text.isascii() else words(text)
    inside = sum(map(bool, map(_pattern("unspaced").match, found))) if found else 0
    return inside / max(len(found), 1)


def is_drawing(word: Hashable) -> bool:
    """Whether a word only draws a line or a frame, as the marks of `-----` do.

    Such are punctuation, signs of arithmetic and box drawing: no letter, digit or
    picture. What is no string never is.
    """
    return isinstance(word, str) and _pattern("rule").fullmatch(word) is not None


@functools.cache
def _pattern(name: str) -> Any:
    import regex

    # Joiners hold a word together: \u200c in Persian, \u200d in Hindi and in pictures.
    letter = r"[\w\p{M}]"
    spaced = rf"[{letter}--[{_UNSPACED}]]"
    run = rf"{spaced}+(?:[\u200c\u200d]{spaced}+)*"
    character = rf"[{letter}&&[{_UNSPACED}]]\p{{M}}*"
    mark = r"[^\w\s]\p{M}*"
    patterns = {
        "word": rf"{character}|{run}|{mark}(?:\u200d{mark})*",
        "letter": r"\X",
        "unspaced": character,
        "rule": _RULES,
    }
    return regex.compile(patterns[name], flags=regex.VERSION1)


def split_texts(
    texts: Any, tokenize: Tokenize = words, at_least: int = 2, name: str = "texts"
) -> list[Sequence[Hashable]]:
    """Each text's words; ValueError for too few texts, and for one without words."""
    check_texts(texts, at_least, name)
    rows = [tokenize(text) for text in texts]
    for index, row in enumerate(rows):
        if len(row) == 0:
            raise ValueError(
                f"{name}[{index}] is {texts[index]!r}, which holds no word; every text "
                "must hold at least one"
            )
    return rows


def check_texts(texts: Any, at_least: int = 2, name: str = "texts") -> None:
    """Refuse what is not a list of strings, or has fewer than `at_least` of them."""
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Sequence):
        raise ValueError(
            f"{name} must be a list of texts, not a {type(texts).__name__}"
        )
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"{name}[{index}] must be a text, not {text!r}")
    if len(texts) < at_least:
        raise ValueError(
            f"{name} has {len(texts)} entries; at least {at_least} are needed"
        )
