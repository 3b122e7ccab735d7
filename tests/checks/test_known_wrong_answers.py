"""Every exercise of the course: the reference passes, each known mistake is named."""

import re

import pytest

from course_utils.classroom.exercises import load_exercise
from course_utils.classroom.judging import judge, outcome_of
from tests.judging import exercise_paths
from tools.build_notebooks import ROOT

EXERCISES = {path: load_exercise(path) for path in exercise_paths()}
WRONG = [
    pytest.param(path, answer, diagnosis, id=f"{path}-{diagnosis[:40]}")
    for path, (checks, reference) in EXERCISES.items()
    for answer, diagnosis in checks.known_mistakes(reference)
]

each_exercise = pytest.mark.parametrize("path", EXERCISES)


def test_every_exercise_stands_in_a_lesson_and_every_lessons_exercise_has_checks():
    lessons = [
        path.read_text(encoding="utf-8") for path in (ROOT / "lessons").glob("*.py")
    ]
    named = re.findall(r'^@exercise\("([\w.]+)"\)', "\n".join(lessons), re.MULTILINE)
    assert sorted(named) == sorted(EXERCISES)


@each_exercise
def test_the_reference_passes(path):
    checks, reference = EXERCISES[path]
    assert judge(reference, checks, reference).passed


@each_exercise
def test_three_known_wrong_answers_with_diagnoses_of_their_own(path):
    checks, reference = EXERCISES[path]
    diagnoses = [diagnosis for _, diagnosis in checks.known_mistakes(reference)]
    assert len(diagnoses) >= 3
    assert len(set(diagnoses)) == len(diagnoses)
    assert all(diagnoses)


@each_exercise
def test_there_are_graded_hints(path):
    assert len(set(EXERCISES[path][0].hints)) >= 2


@each_exercise
def test_a_stub_is_unattempted(path):
    checks, reference = EXERCISES[path]
    stub = _stub_class() if isinstance(reference, type) else _stub_function
    assert judge(stub, checks, reference).state == "unattempted"


@pytest.mark.parametrize(("path", "answer", "diagnosis"), WRONG)
def test_a_known_wrong_answer_gets_its_own_diagnosis(path, answer, diagnosis):
    checks, reference = EXERCISES[path]
    verdict = judge(answer, checks, reference)
    assert not verdict.passed
    assert verdict.diagnosis == diagnosis
    assert verdict.example


@pytest.mark.parametrize(("path", "answer", "diagnosis"), WRONG)
def test_a_known_wrong_answer_does_not_stumble_over_a_name(path, answer, diagnosis):
    checks, reference = EXERCISES[path]
    for case in checks.cases:
        error = outcome_of(answer, case, reference.__name__).error
        assert not isinstance(error, NameError), error


def _stub_function(*args, **kwargs):
    """To be written."""


def _stub_class() -> type:
    class Stub:
        def __init__(self, *args):
            self.given = args

        def __call__(self, *args):
            raise NotImplementedError("your turn")

    return Stub
