"""What a lesson holds, section by section, and how many minutes it takes.

A section begins with a `## heading`. One reads 150 words a minute and follows 8 lines
of code; an exercise takes the minutes that it says; a quiz takes one for each
question. Folded cells are not read. A section with the line `{{deep}}` below its
heading may be skipped when time is short.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

WORDS_A_MINUTE = 150
LINES_A_MINUTE = 8
DEEP = "{{deep}}"
HEADING = re.compile(r"(?m)^(?=## )")
EXERCISE_MINUTES = re.compile(r"Difficulty: (?:easy|medium|hard) · (\d+) minutes")
WORD = re.compile(r"[\w\d][^\s]*")
OPENING = "Before you begin"


@dataclass
class Section:
    """A `## heading` with what stands below it, up to the next one."""

    title: str
    deep: bool = False
    words: int = 0
    lines: int = 0
    own_minutes: int = 0
    exercises: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    quiz: int = 0

    @property
    def minutes(self) -> float:
        reading = self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE
        return reading + self.own_minutes + self.quiz

    @property
    def rounded(self) -> int:
        return max(1, round(self.minutes))

    def summary(self) -> dict:
        named = {"title": self.title, "minutes": self.rounded, "deep": self.deep}
        found = {
            "exercises": self.exercises,
            "predictions": self.predictions,
            "quiz": self.quiz,
        }
        return named | {kind: what for kind, what in found.items() if what}


def sections(cells: Iterable[NotebookNode], questions: int = 0) -> list[Section]:
    """The sections of a lesson's `cells`, whose quiz has so many `questions`."""
    found = [Section(OPENING)]
    for cell in cells:
        if cell.cell_type == "markdown":
            for text in HEADING.split(cell.source):
                _read_prose(found, text)
        elif not _is_bootstrap(cell):
            _read_code(found[-1], cell, questions)
    return found


def minutes(found: list[Section]) -> int:
    """The minutes of all sections together, to the next five."""
    return 5 * max(1, round(sum(section.minutes for section in found) / 5))


def _read_prose(found: list[Section], text: str) -> None:
    if text.startswith("## "):
        found.append(Section(text.splitlines()[0].removeprefix("## ").strip()))
    section = found[-1]
    section.deep |= DEEP in text
    section.words += len(WORD.findall(text.replace(DEEP, "")))
    section.own_minutes += sum(map(int, EXERCISE_MINUTES.findall(text)))


def _read_code(section: Section, cell: NotebookNode, questions: int) -> None:
    for call in calls(cell.source):
        name = called(call)
        if name == "exercise":
            section.exercises.append(ast.literal_eval(call.args[0]))
        elif name == "predict":
            section.predictions.append(ast.literal_eval(call.args[0]))
        elif name == "quiz":
            section.quiz = questions
    if not is_folded(cell):
        section.lines += sum(bool(line.strip()) for line in cell.source.splitlines())


def calls(source: str) -> Iterator[ast.Call]:
    """Every call in a code cell."""
    nodes = ast.walk(ast.parse(source))
    return (node for node in nodes if isinstance(node, ast.Call))


def called(call: ast.Call) -> str | None:
    """`compare` of `guess.compare(...)`, `fact` of `fact(...)`."""
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def is_folded(cell: NotebookNode) -> bool:
    """Whether the notebook shows only a line in place of the cell's code."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def _is_bootstrap(cell: NotebookNode) -> bool:
    return "google.colab" in cell.source


def questions_of(quizzes: Path, number: str) -> int:
    """How many questions the quiz of lesson `number` asks; 0 without one."""
    path = quizzes / f"{number}.toml"
    if not path.exists():
        return 0
    return len(tomllib.loads(path.read_text(encoding="utf-8"))["question"])


def summary(stem: str, title: str, found: list[Section]) -> dict:
    """An entry of data/lessons.json."""
    return {
        "file": f"{stem}.ipynb",
        "title": title,
        "minutes": minutes(found),
        "sections": [section.summary() for section in found],
    }


def with_minutes(table: str, told: Mapping[str, dict]) -> str:
    """A table of the README whose rows end with what `told` says of their lessons."""
    for lesson in told.values():
        row = rf"^(\|.*\(notebooks/{re.escape(lesson['file'])}\).*\| )\d+ \|$"
        table = re.sub(row, rf"\g<1>{lesson['minutes']} |", table, flags=re.MULTILINE)
    return table
