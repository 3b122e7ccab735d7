"""`quiz`: questions at the end of a notebook, with a word on every option."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import ipywidgets as widgets

from course_utils.classroom.bundles import widget_bundle
from course_utils.classroom.cards import inline_html
from course_utils.classroom.progress_file import progress_file
from course_utils.classroom.session import current_notebook

_NOT_ALL = "Not quite: what you ticked is right, but there is more."


@dataclass(frozen=True)
class Option:
    text: str
    right: bool
    explanation: str


@dataclass(frozen=True)
class Question:
    text: str
    options: tuple[Option, ...]

    @property
    def several(self) -> bool:
        return sum(option.right for option in self.options) > 1


def quiz(notebook: str | Path) -> "Quiz":
    """The quiz of notebook `notebook` ("01"), from `data/quizzes/01.toml`, or a path.

    Raises ValueError that names file and question if the file isn't a sound quiz.
    """
    path = Path(notebook)
    if path.suffix != ".toml":
        from course_utils.data_files import data_path

        path = data_path("quizzes", f"{notebook}.toml")
    return Quiz(path.stem, read_quiz(path))


def read_quiz(path: Path) -> list[Question]:
    """Questions from a TOML file of [[question]] tables.

    Each has a `text` and two or more [[question.option]] tables with `text`,
    `explanation` and, on those that are right, `right = true`.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no quiz file {path}") from None
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deep for a quiz") from None
    except ValueError as error:  # TOML's, and that of bytes that are no text
        raise ValueError(f"{path.name} is not valid TOML: {error}") from None
    tables = _tables(path.name, found, "question")
    if not tables:
        raise ValueError(f"{path.name} holds no [[question]]")
    return [
        _question(f"{path.name}, question {number}", table)
        for number, table in enumerate(tables, start=1)
    ]


def _question(place: str, table: dict) -> Question:
    tables = _tables(place, table, "question.option")
    options = tuple(
        _option(f"{place}, option {number}", option)
        for number, option in enumerate(tables, start=1)
    )
    if len(options) < 2:
        raise ValueError(f"{place} needs two or more [[question.option]]")
    if not any(option.right for option in options):
        raise ValueError(f"{place} has no option with right = true")
    return Question(_text(place, table, "text"), options)


def _tables(place: str, table: dict, name: str) -> list[dict]:
    """The [[tables]] of that name."""
    tables = table.get(name.rpartition(".")[2], [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise ValueError(f"{place}: [[{name}]] must be tables, not {tables!r:.60}")
    return tables


def _option(place: str, table: dict) -> Option:
    right = table.get("right", False)
    if not isinstance(right, bool):
        raise ValueError(f"{place}: right must be true or false, not {right!r}")
    return Option(
        _text(place, table, "text"), right, _text(place, table, "explanation")
    )


def _text(place: str, table: dict, field: str) -> str:
    text = table.get(field)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{place} needs a {field}")
    return " ".join(text.split())


class Quiz:
    """Questions with their controls; what is answered goes into the progress file."""

    def __init__(self, name: str, questions: list[Question]):
        self.name, self.questions = name, questions
        self._notebook = current_notebook()
        self.asked = [
            AskedQuestion(number, question, self._record)
            for number, question in enumerate(questions, start=1)
        ]
        self.widget = widgets.VBox([asked.widget for asked in self.asked])

    def _record(self, number: int, right: bool) -> None:
        """Once right, an answer stays right in the file, whatever is tried later."""
        known = progress_file().entry(self._notebook, "quizzes", self.name)
        entry = {str(number): right or known.get(str(number), False)}
        progress_file().record(self._notebook, "quizzes", self.name, entry)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return widget_bundle(self.widget, repr(self))

    def __repr__(self) -> str:
        return "\n".join([*map(repr, self.asked), "Run this cell to answer."])


class AskedQuestion:
    """One question on the page: the options, a button, and a word on what was chosen.

    Radio buttons where one option is right, tick boxes where several are.
    """

    def __init__(self, number: int, question: Question, record):
        self.number, self.question, self._record = number, question, record
        self._boxes = _controls(question)
        self._reply = widgets.HTML()
        button = widgets.Button(description="Check my answer")
        button.layout.width = "auto"
        button.on_click(lambda _: self._check())
        asked = widgets.HTML(
            f"<strong>Question {number}.</strong> {inline_html(question.text)}"
            + " <em>Tick all that are right.</em>" * question.several
        )
        parts = [asked, *self._boxes, button, self._reply]
        layout = {"margin": "0 0 1.2em 0", "align_items": "flex-start"}
        self.widget = widgets.VBox(parts, layout=layout)

    def answer(self, *options: int) -> str:
        """Choose options by index (from 0) and check them; returns the reply's text."""
        if self.question.several:
            for index, box in enumerate(self._boxes):
                box.value = index in options
        else:
            self._boxes[0].index = options[0]
        self._check()
        return self._reply.value

    def _chosen(self) -> list[int]:
        if self.question.several:
            return [index for index, box in enumerate(self._boxes) if box.value]
        index = self._boxes[0].index
        return [] if index is None else [index]

    def _check(self) -> None:
        chosen = self._chosen()
        if not chosen:
            self._reply.value = "Choose an option first."
            return
        options = self.question.options
        right = [i for i, option in enumerate(options) if option.right]
        solved = chosen == right
        self._record(self.number, solved)
        missing = set(chosen) < set(right)
        verdict = "Right." if solved else _NOT_ALL if missing else "Not quite."
        told = range(len(options)) if solved else chosen
        self._reply.value = _reply_html(verdict, [options[i] for i in told])

    def __repr__(self) -> str:
        return f"Question {self.number}. {self.question.text}"


def _controls(question: Question) -> list[widgets.Widget]:
    texts = [option.text for option in question.options]
    if question.several:
        wide = {"width": "auto"}
        return [
            widgets.Checkbox(value=False, description=text, indent=False, layout=wide)
            for text in texts
        ]
    return [widgets.RadioButtons(options=texts, index=None, layout={"width": "auto"})]


def _reply_html(verdict: str, options: list[Option]) -> str:
    words = "".join(
        f"<li><strong>{inline_html(option.text)}</strong> "
        f"({'right' if option.right else 'wrong'}): "
        f"{inline_html(option.explanation)}</li>"
        for option in options
    )
    return (
        f'<div role="status" style="line-height: 1.4"><strong>{verdict}</strong>'
        f"<ul>{words}</ul></div>"
    )
