"""The glossary explains each word once, and the lessons lead to it."""

import re

import pytest

from tests.lessons.anatomy import lesson_files
from tools.build_notebooks import ROOT

GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"(?ms)^## ([^\n]+)\n\n(.+?)(?=\n## |\Z)", GLOSSARY))
NOTATION = ENTRIES.pop("Notation")
LESSONS = lesson_files(ROOT / "lessons")
LINK = re.compile(r"\[[^\]]+\]\(\.\./GLOSSARY\.md#([\w-]+)\)")
PROSE = re.compile(r"(?ms)^# %% \[markdown\]\n(.*?)(?=^# %%|\Z)")


def anchor(term: str) -> str:
    """As GitHub makes it of a heading."""
    return term.lower().replace(" ", "-")


def prose_of(lesson) -> str:
    """The text of a lesson without formulas, code and its last cell."""
    cells = PROSE.findall(lesson.read_text(encoding="utf-8"))[:-1]
    text = re.sub(r"(?m)^# ?", "", "\n".join(cells))
    return re.sub(r"`[^`]*`|(?s:\$\$.*?\$\$)|\$[^$\n]*\$", "", text)


def test_terms_stand_in_alphabetical_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_explained_and_says_where_it_is_built(term):
    text, link = re.fullmatch(
        r"(.+?)\[Notebook \d\d\]\((.+)\)\s*", ENTRIES[term], re.S
    ).groups()
    assert 6 <= len(text.split()) <= 45
    assert (ROOT / link).exists()


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_linked_once_where_it_is_used_first(term):
    linking = [
        lesson.stem[:2]
        for lesson in LESSONS
        if anchor(term) in LINK.findall(lesson.read_text(encoding="utf-8"))
    ]
    assert len(linking) == 1
    for lesson in LESSONS:
        if lesson.stem[:2] < linking[0]:
            used = rf"(?i)(?<![\w-])[*]+{re.escape(term)}s?[*]+(?![\w-])"
            assert not re.search(used, prose_of(lesson)), lesson.stem


def test_no_link_leads_to_a_word_that_is_not_there():
    known = {anchor(term) for term in ENTRIES} | {"notation"}
    for lesson in LESSONS:
        assert set(LINK.findall(lesson.read_text(encoding="utf-8"))) <= known


def test_the_notation_names_each_sign_once():
    signs = re.findall(r"(?m)^\| (\$.+?) \|", NOTATION)
    assert len(signs) == len(set(signs)) >= 8
    for sign in ("$T$", "$z_i$", "$H$", r"$\beta$"):
        assert sign in signs
