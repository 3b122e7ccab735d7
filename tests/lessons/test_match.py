"""Notebooks are what their lessons say, in everything but the outputs."""

import json

import pytest

from tests.lessons.anatomy import lesson_files
from tools.build_notebooks import CONTENTS, ROOT, contents, is_current

LESSONS = lesson_files(ROOT / "lessons")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_notebook_equals_its_lesson(lesson):
    assert is_current(lesson, ROOT / "notebooks" / f"{lesson.stem}.ipynb")


def test_no_notebook_without_a_lesson():
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks == {path.stem for path in LESSONS}


def test_the_contents_are_those_of_the_lessons():
    stored = json.loads((ROOT / CONTENTS).read_text(encoding="utf-8"))
    assert stored == contents(ROOT / "lessons")
