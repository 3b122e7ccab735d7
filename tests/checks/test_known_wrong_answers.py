"""Every exercise of the course: the reference passes, each known mistake is named."""

import inspect
import pkgutil
from importlib import import_module

import pytest

import course_utils.checks
from course_utils.classroom.judging import judge


def _exercises() -> list[tuple[str, object]]:
    prefix = "course_utils.checks."
    modules = pkgutil.walk_packages(course_utils.checks.__path__, prefix)
    return [
        (f"{module.name.removeprefix(prefix)}.{name}", checks)
        for module in modules
        for name, checks in getattr(import_module(module.name), "CHECKS", {}).items()
    ]


def _reference(path: str):
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"course_utils.{module}"), name)


EXERCISES = dict(_exercises())
WRONG = [(path, wrong) for path, checks in EXERCISES.items() for wrong in checks.wrong]

each_exercise = pytest.mark.parametrize("path", EXERCISES)


def test_there_are_exercises():
    assert "foundations.softmax.softmax" in EXERCISES


@each_exercise
def test_the_reference_passes(path):
    assert judge(_reference(path), EXERCISES[path], _reference(path)).passed


@each_exercise
def test_three_known_wrong_answers_with_diagnoses_of_their_own(path):
    diagnoses = [_diagnosis(wrong) for wrong in EXERCISES[path].wrong]
    assert len(diagnoses) >= 3
    assert len(set(diagnoses)) == len(diagnoses)


@each_exercise
def test_there_are_graded_hints(path):
    assert len(set(EXERCISES[path].hints)) >= 2


@each_exercise
def test_a_stub_is_unattempted(path):
    reference = _reference(path)
    stub = _stub_class() if isinstance(reference, type) else _stub_function
    assert judge(stub, EXERCISES[path], reference).state == "unattempted"


@pytest.mark.parametrize(
    ("path", "wrong"), WRONG, ids=[f"{path}-{wrong.__name__}" for path, wrong in WRONG]
)
def test_a_known_wrong_answer_gets_its_own_diagnosis(path, wrong):
    verdict = judge(wrong, EXERCISES[path], _reference(path))
    assert not verdict.passed
    assert verdict.diagnosis == _diagnosis(wrong)
    assert verdict.example


def _diagnosis(wrong) -> str:
    return " ".join(inspect.getdoc(wrong).split())


def _stub_function(*args, **kwargs):
    """To be written."""


def _stub_class() -> type:
    class Stub:
        def __init__(self, *args):
            self.given = args

        def __call__(self, *args):
            raise NotImplementedError("your turn")

    return Stub
