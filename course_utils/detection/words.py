"""Texts as lists of words, for all detectors that compare what is on the page."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

Tokenize = Callable[[str], Sequence[Hashable]]

_WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """Runs of letters and digits, and each other mark by itself, in lower case.

    Scripts without spaces give one long word for each run: pass `tokenize=list`
    (letters) or a model's tokenizer to the detectors instead.
    """
    return _WORD.findall(text.lower())


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
