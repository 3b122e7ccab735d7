"""`progress`: what is done in each notebook, and what is left in each section."""

import json
import re
from collections.abc import Iterator

from course_utils.classroom.cards import Card
from course_utils.classroom.progress_file import ProgressFile, progress_file
from course_utils.data_files import data_path


class Progress:
    """Call it to see what is done and left; `.reset()` begins anew."""

    def __call__(self) -> Card:
        """A line for each notebook begun, and one for each section with work left."""
        done = progress_file().entries()
        lessons = _lessons()
        lines = [
            line
            for number in sorted(done)
            for line in _of_notebook(number, done[number], lessons.get(number, {}))
        ]
        return Card("Your progress", *(lines or ["Nothing is recorded yet."]))

    def reset(self, notebook: str | None = None) -> Card:
        """Forget one notebook ("03") or all of them, after a question.

        What was there is kept aside in a file. Raises ValueError for another form of
        number.
        """
        if notebook is not None and not re.fullmatch(r"[0-9]{2}", str(notebook)):
            raise ValueError(
                f"notebook must be two digits in quotes such as '03', not {notebook!r}"
            )
        what = f"notebook {notebook}" if notebook else "all notebooks"
        if not _agreed(f"Forget your progress in {what}? Type yes: "):
            return Card("Nothing was changed.")
        return _forget(progress_file(), notebook, what)


progress = Progress()


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, NotImplementedError):  # nobody there to ask
        return False


def _forget(file: ProgressFile, notebook: str | None, what: str) -> Card:
    kept = file.forget(notebook)
    if kept is None:
        return Card("Nothing is recorded yet.")
    return Card(
        f"Your progress in {what} is forgotten.",
        f"What was there is kept in `{kept.name}`. Run a notebook's cells again, and "
        "its predictions and exercises begin anew.",
    )


def _lessons() -> dict:
    """What each lesson holds, section by section; nothing where it isn't known."""
    path = data_path("lessons.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _of_notebook(number: str, kinds: dict, lesson: dict) -> Iterator[str]:
    parts = [
        _exercise_summary(kinds.get("exercises", {})),
        _prediction_summary(kinds.get("predictions", {})),
        _quiz_summary(kinds.get("quizzes", {})),
    ]
    yield f"Notebook {number}: " + "; ".join(filter(None, parts)) + "."
    for section in lesson.get("sections", ()):
        if left := ", ".join(_left_in(section, kinds)):
            yield f"Left in “{section['title']}”: {left}."


def _left_in(section: dict, kinds: dict) -> Iterator[str]:
    for path in section.get("exercises", ()):
        if not kinds.get("exercises", {}).get(path, {}).get("solved"):
            yield f"exercise `{path.rpartition('.')[2]}`"
    for key in section.get("predictions", ()):
        if "answer" not in kinds.get("predictions", {}).get(key, {}):
            yield f"prediction “{key}”"
    answered = _right_answers(kinds.get("quizzes", {}))
    if section.get("quiz", 0) > answered:
        yield f"{section['quiz'] - answered} of {section['quiz']} quiz questions"


def _right_answers(quizzes: dict) -> int:
    return sum(bool(right) for quiz in quizzes.values() for right in quiz.values())


def _exercise_summary(exercises: dict) -> str:
    if not exercises:
        return ""
    solved = [path for path in exercises if exercises[path].get("solved")]
    names = [
        f"{path.rpartition('.')[2]} {'solved' if path in solved else 'open'}"
        for path in sorted(exercises)
    ]
    listed = ", ".join(names)
    return f"{len(solved)} of {len(exercises)} exercises met so far ({listed})"


def _prediction_summary(predictions: dict) -> str:
    count = len(predictions)
    return f"{count} prediction{'s' * (count != 1)} made" if count else ""


def _quiz_summary(quizzes: dict) -> str:
    answers = [right for quiz in quizzes.values() for right in quiz.values()]
    return f"{sum(map(bool, answers))} of {len(answers)} quiz answers right" * bool(
        answers
    )
