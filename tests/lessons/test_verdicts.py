"""data/results/verdicts.json holds the verdicts of the lessons, and no others."""

import ast
import json
import re

from tests.lessons.anatomy import Lesson, lesson_files
from tools.build_notebooks import ROOT, new_verdicts, read_lesson

KEYS = {
    "claim", "question", "verdict", "estimate", "interval", "level",
    "n", "unit", "clusters", "notebook", "command",
}  # fmt: skip


def claims_tried(lesson):
    """The claims that the lesson's code names in quotes, directly or in a loop."""
    nodes = (node for source in lesson.code for node in ast.walk(ast.parse(source)))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {text for text in texts if re.fullmatch(r"C\d\d", str(text))}


def test_ledger_holds_exactly_the_claims_that_lessons_try():
    lessons = [
        Lesson(path.stem, read_lesson(path)) for path in lesson_files(ROOT / "lessons")
    ]
    tried = {(lesson.number, c) for lesson in lessons for c in claims_tried(lesson)}
    entries = json.loads((ROOT / "data" / "results" / "verdicts.json").read_text())
    assert {(entry["notebook"], entry["claim"]) for entry in entries} == tried
    assert all(set(entry) == KEYS for entry in entries)


def test_each_question_is_asked_once_in_a_notebook():
    entries = json.loads((ROOT / "data" / "results" / "verdicts.json").read_text())
    asked = [(e["claim"], e["notebook"], e["question"]) for e in entries]
    assert len(set(asked)) == len(asked)


def test_no_interval_rests_on_fewer_than_five_independent_draws():
    entries = json.loads((ROOT / "data" / "results" / "verdicts.json").read_text())
    for entry in entries:
        drawn = entry["clusters"] or entry["n"]
        assert drawn >= 5 or entry["interval"] is None, entry


def test_failed_run_leaves_the_ledger_alone(tmp_path):
    ledger = tmp_path / "verdicts.json"
    ledger.write_text("[]\n")
    try:
        with new_verdicts(ledger, "00") as draft:
            draft.write_text("half a verdict")
            raise ValueError
    except ValueError:
        pass
    assert ledger.read_text() == "[]\n"


def test_new_run_forgets_what_its_notebook_said_before(tmp_path):
    ledger = tmp_path / "verdicts.json"
    others = [{"notebook": "01", "claim": "C01"}]
    old = [{"notebook": "00", "claim": "C04"}]
    ledger.write_text(json.dumps(old + others))
    with new_verdicts(ledger, "00"):
        pass
    assert json.loads(ledger.read_text()) == others
