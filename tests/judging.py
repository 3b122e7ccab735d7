"""What tests of exercises share."""

import pkgutil
from collections.abc import Callable
from importlib import import_module

import course_utils.checks
from course_utils.classroom.exercises import file_name, load_exercise
from course_utils.classroom.judging import Verdict, judge


def judge_at(path: str, answer: Callable) -> Verdict:
    """The verdict on an answer to the exercise `path`."""
    return judge(answer, *load_exercise(path))


def exercise_paths() -> list[str]:
    """All exercises that have a file in `course_utils.checks`."""
    prefix = "course_utils.checks."
    found = pkgutil.walk_packages(course_utils.checks.__path__, prefix)
    files = [each.name for each in found if hasattr(import_module(each.name), "CHECKS")]
    return [_path(name.removeprefix(prefix)) for name in files]


def _path(checks: str) -> str:
    module, _, file = checks.rpartition(".")
    names = vars(import_module(f"course_utils.{module}"))
    name = next((name for name in names if file_name(name) == file), None)
    assert name, f"checks/{checks.replace('.', '/')}.py: {module} has no such function"
    return f"{module}.{name}"
