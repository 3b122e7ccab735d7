"""`predict`: say what you expect before you look, and see both side by side."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import ipywidgets as widgets

from course_utils.classroom.accessible import NAMED_CLASS, names_for_screen_readers
from course_utils.classroom.bundles import widget_bundle
from course_utils.classroom.cards import Card, Folded, inline_html
from course_utils.classroom.progress_file import progress_file
from course_utils.classroom.session import current_notebook
from course_utils.classroom.texts import require_text


def predict(
    key: str,
    question: str,
    choices: Sequence[str] | None = None,
    *,
    between: tuple[float, float] | None = None,
    unit: str = "",
) -> "Prediction":
    """Ask `question` before an experiment: one of `choices`, or a number `between`.

    The first answer is kept under `key` in the progress file, for good: a later one is
    noted beside it. Make the prediction the value of a cell to show it, and call
    `.compare(result)` after the experiment.
    Raises ValueError unless there is exactly one of `choices` and `between`.
    """
    require_text("key", key)
    require_text("question", question)
    if choices is not None and between is None:
        return Prediction(key, question, _radio_buttons(choices), unit)
    if between is not None and choices is None:
        return Prediction(key, question, _number_slider(between), unit)
    raise ValueError("give either choices or between, one and only one of them")


class Prediction:
    """A question, the learner's first answer (`.answer`, None until given), the result.

    `.later` is the last other answer, given after the first one.
    """

    def __init__(self, key: str, question: str, control: widgets.Widget, unit: str):
        self.key, self.question, self.unit = key, question, unit
        self._control = control
        self._notebook = current_notebook()
        self.answer: Any = self._remembered("answer")
        self.later: Any = self._remembered("later")
        if self.answer is not None:
            self._control.value = self.answer
        self._note = widgets.HTML()
        self.widget = self._assemble()

    def compare(self, result: object, explanation: str = "") -> Card:
        """Prediction and `result` side by side; make it the value of a cell.

        For a choice, `result` is the choice that came true; for a number, the number.
        Without a prediction the result is folded away.
        """
        self._require_possible(result)
        measured = f"Result: {self._with_unit(result)}."
        if self.answer is None:
            return Folded(
                "You made no prediction.",
                "Answer the question above and run this cell again: what you have "
                "guessed first, you remember better.",
                folded=[measured, explanation],
            )
        predicted = f"You predicted: {self._with_unit(self.answer)}."
        if self.later is not None:
            predicted += f" (Later you changed to: {self._with_unit(self.later)}.)"
        return Card(self._headline(result), predicted, measured, explanation)

    def _headline(self, result: Any) -> str:
        if self._is_choice:
            return "As you predicted." if result == self.answer else "A surprise."
        return f"You were off by {self._with_unit(abs(result - self.answer))}."

    @property
    def _is_choice(self) -> bool:
        return hasattr(self._control, "options")

    def _require_possible(self, value: object) -> None:
        if self._is_choice and value not in self._control.options:
            allowed = list(self._control.options)
            raise ValueError(f"it must be one of {allowed}, not {value!r}")
        if not self._is_choice and not isinstance(value, Real):
            raise ValueError(f"it must be a number, not {value!r}")

    def _with_unit(self, value: object) -> str:
        text = f"{value:.3g}" if isinstance(value, float) else str(value)
        return f"{text} {self.unit}".strip()

    def _remembered(self, which: str) -> object | None:
        """An answer from the progress file, if it still fits the question."""
        entry = progress_file().entry(self._notebook, "predictions", self.key)
        answer = entry.get(which)
        return answer if self._fits(answer) else None

    def _fits(self, answer: object) -> bool:
        if self._is_choice:
            return answer in self._control.options
        in_range = (self._control.min, self._control.max)
        return isinstance(answer, Real) and in_range[0] <= answer <= in_range[1]

    def _keep(self, answer: object) -> None:
        """File the first answer as such, another one as a later one."""
        if self.answer is None:
            self.answer = answer
            entry = {"answer": answer}
        else:
            self.later = None if answer == self.answer else answer
            entry = {"later": self.later}
        progress_file().record(self._notebook, "predictions", self.key, entry)
        self._note.value = self._kept_html()

    def _kept_html(self) -> str:
        first = inline_html(self._with_unit(self.answer))
        note = f"Your prediction is kept: <strong>{first}</strong>."
        if self.later is None:
            return note
        later = inline_html(self._with_unit(self.later))
        return f"{note} The first one counts; {later} is noted as a later one."

    def _assemble(self) -> widgets.VBox:
        if self.answer is not None:
            self._note.value = self._kept_html()
        asked = widgets.HTML(f"<strong>Predict:</strong> {inline_html(self.question)}")
        parts = [asked, self._control, self._note]
        if self._is_choice:
            self._control.observe(lambda change: self._keep(change["new"]), "value")
        else:
            parts[2:2] = [self._button(), names_for_screen_readers()]
        box = widgets.VBox(parts, layout={"align_items": "flex-start"})
        box.add_class(NAMED_CLASS)
        return box

    def _button(self) -> widgets.Button:
        button = widgets.Button(description="This is my prediction")
        button.layout.width = "auto"
        button.on_click(lambda _: self._keep(self._control.value))
        return button

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return widget_bundle(self.widget, repr(self))

    def __repr__(self) -> str:
        return f"Predict: {self.question}\nRun this cell to answer."


def _radio_buttons(choices: Sequence[str]) -> widgets.RadioButtons:
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise ValueError(f"choices must be two or more different texts, not {choices}")
    return widgets.RadioButtons(
        options=list(choices), index=None, layout={"width": "max-content"}
    )


def _number_slider(between: tuple[float, float]) -> widgets.Widget:
    low, high = between
    if not low < high:
        raise ValueError(f"between must be a lower and a higher number, not {between}")
    whole = isinstance(low, int) and isinstance(high, int)
    kind = widgets.IntSlider if whole and high - low > 1 else widgets.FloatSlider
    step = 1 if kind is widgets.IntSlider else (high - low) / 100
    return kind(min=low, max=high, step=step, value=low, description="Your guess")
