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


LESSONS = [path.read_text(encoding="utf-8") for path in (ROOT / "lessons").glob("*.py")]
IN_LESSONS = re.findall(r'^@exercise\("([\w.]+)"\)', "\n".join(LESSONS), re.MULTILINE)


@each_exercise
def test_an_exercise_stands_in_one_lesson(path):
    assert IN_LESSONS.count(path) == 1


@pytest.mark.parametrize("path", IN_LESSONS)
def test_an_exercise_of_a_lesson_has_checks(path):
    assert path in EXERCISES


@each_exercise
def test_the_cases_make_sense_to_the_reference(path):
    checks, reference = EXERCISES[path]
    for case in checks.cases:
        error = outcome_of(reference, case, reference.__name__).error
        assert error is None, f"{case}\nraises {error!r}"


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
    assert not verdict.passed, "no case tells this answer from the reference"
    assert verdict.diagnosis == diagnosis
    assert verdict.example


@pytest.mark.parametrize(("path", "answer", "diagnosis"), WRONG)
def test_a_known_wrong_answer_has_no_slip_of_its_own(path, answer, diagnosis):
    checks, reference = EXERCISES[path]
    for case in checks.cases:
        error = outcome_of(answer, case, reference.__name__).error
        assert not isinstance(error, (NameError, AttributeError, SyntaxError)), error


def _stub_function(*args, **kwargs):
    """To be written."""


def _stub_class() -> type:
    class Stub:
        def __init__(self, *args):
            self.given = args

        def __call__(self, *args):
            raise NotImplementedError("your turn")

    return Stub
