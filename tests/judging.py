"""What tests of exercises share."""

from collections.abc import Callable

from course_utils.classroom.exercises import load_exercise
from course_utils.classroom.judging import Verdict, judge


def judge_at(path: str, answer: Callable) -> Verdict:
    """The verdict on an answer to the exercise `path`."""
    return judge(answer, *load_exercise(path))
