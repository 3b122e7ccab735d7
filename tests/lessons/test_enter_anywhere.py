"""Whoever begins in the middle of a lesson gets a card that says what to do."""

import nbformat
import pytest
from nbclient import NotebookClient

from course_utils.classroom.lab import lab_environment
from tests.lessons.anatomy import lesson_files
from tools.build_notebooks import ROOT, neutral_environment, read_lesson

LESSONS = lesson_files(ROOT / "lessons")


def run_from_the_middle(lesson, folder) -> list:
    """The outputs of the first cell that fails, of those from the middle on."""
    cells = [c for c in read_lesson(lesson).cells if c.cell_type == "code"]
    rest = nbformat.v4.new_notebook(cells=cells[len(cells) // 2 :])
    client = NotebookClient(rest, kernel_name="python3", timeout=120)
    settings = neutral_environment(folder) | {"COURSE_STRICT": ""}
    try:
        client.execute(env=settings)
    except Exception:
        failed = [c for c in rest.cells if any(_is_error(o) for o in c.outputs)]
        return failed[0].outputs
    return []


def _is_error(output) -> bool:
    return output.output_type == "error"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_middle_of_a_lesson_answers_with_the_card(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", lab_environment()["JUPYTER_PATH"])
    outputs = run_from_the_middle(lesson, tmp_path)
    assert [o.ename for o in outputs if _is_error(o)] == ["NameError"]
    cards = [o.data["text/html"] for o in outputs if "data" in o]
    assert any("Run All Above Selected Cell" in card for card in cards)
