"""Each lesson says how long it takes: words, lines of code, exercises and quiz."""

import re

import nbformat
import pytest

from tests.lessons.anatomy import MINUTES, lesson_files
from tools.build_notebooks import ROOT, sections_of
from tools.contents import is_folded, questions_of

LESSONS = lesson_files(ROOT / "lessons")
STEMS = [path.stem for path in LESSONS]
STATED = re.compile(r"\*\*Time\*\*: about (\d+) minutes")
# Long ones, of which a third or more can be left out when time is short.
LONG = ("03", "04", "06")


def counted(path) -> float:
    """By the formula of CONTRIBUTING, from the built notebook alone."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    text = MINUTES.sub("", "\n".join(prose))
    code = [c for c in notebook.cells if c.cell_type == "code" and not is_folded(c)]
    lines = [line for c in code for line in c.source.splitlines() if line.strip()]
    own = sum(map(int, re.findall(r"Difficulty: \w+ · (\d+) minutes", text)))
    quiz = questions_of(ROOT / "data" / "quizzes", path.stem[:2])
    return len(text.split()) / 150 + len(lines) / 8 + own + quiz


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_stated_minutes_are_those_of_the_formula(path):
    text = (ROOT / "notebooks" / f"{path.stem}.ipynb").read_text(encoding="utf-8")
    stated = int(STATED.search(text)[1])
    assert stated == pytest.approx(counted(path), rel=0.15)


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_sections_say_their_minutes(path):
    notebook = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    headings = re.findall(r"(?m)^## .+$", text)
    timed = re.findall(r"(?m)^## .+\n\n\*\d+ minutes?\*", text)
    assert len(timed) == len(headings) == len(sections_of(path)) - 1


@pytest.mark.parametrize("path", LESSONS, ids=STEMS)
def test_no_section_is_longer_than_twenty_five_minutes(path):
    assert [s.title for s in sections_of(path) if s.minutes > 25] == []


@pytest.mark.parametrize("number", LONG)
def test_long_lessons_can_be_cut_by_a_third(number):
    (path,) = [path for path in LESSONS if path.stem.startswith(number)]
    found = sections_of(path)
    deep = sum(section.minutes for section in found if section.deep)
    assert deep >= sum(section.minutes for section in found) / 3
