"""README.md and CONTRIBUTING.md say what is so."""

import json
import re

import pytest

from tests.lessons.anatomy import LINK, lesson_files
from tools.build_notebooks import ROOT, badges, repository_slug

README = (ROOT / "README.md").read_text()
CONTENTS = json.loads((ROOT / "data" / "lessons.json").read_text(encoding="utf-8"))
LESSONS = lesson_files(ROOT / "lessons")
PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_python_blocks_run(capsys):
    blocks = PYTHON_BLOCK.findall(README)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert "Once upon a time" in capsys.readouterr().out


def test_badges_lead_to_the_repository():
    assert badges("00_start_here.ipynb", images="notebooks/images") in README


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "LICENSE-CONTENT"])
def test_no_other_repository_is_named(name):
    text = (ROOT / name).read_text()
    named = set(
        re.findall(r"github(?:\.com)?/([\w-]+/[\w-]+)|/gh/([\w-]+/[\w-]+)", text)
    )
    assert {slug for pair in named for slug in pair if slug} == {repository_slug()}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    targets = LINK.findall((ROOT / name).read_text())
    local = [target for target in targets if not target.startswith("http")]
    assert [target for target in local if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_table_lists_the_lesson_with_its_minutes(lesson):
    minutes = CONTENTS[lesson.stem[:2]]["minutes"]
    row = re.search(
        rf"^\|.*\(notebooks/{lesson.stem}\.ipynb\).*$", README, re.MULTILINE
    )
    assert row is not None
    assert row[0].endswith(f"| {minutes} |")


def test_every_make_command_that_is_named_exists():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    texts = README + (ROOT / "CONTRIBUTING.md").read_text()
    assert set(re.findall(r"`?make ([a-z-]+)`", texts)) <= set(targets)
