"""How an exercise's checks are written down: cases, hints and known wrong answers.

    CASES = [Case("double(number)", number="3")]
    HINTS = ["Twice a number is the number plus itself."]
    WRONG = [wrong("number**2", "That is the square: add, don't multiply.")]
    CHECKS = Checks(CASES, HINTS, WRONG)

    @mistake(CHECKS)
    def forgets_negatives(number):
        \"\"\"What is below 0 has a double too.\"\"\"
        ...

A known wrong answer is there for its diagnosis: whoever's answer behaves like it reads
that. `judging` runs all of it.
"""

import inspect
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from course_utils.classroom.comparing import Comparer, compare


def normalised(weights: torch.Tensor) -> torch.Tensor:
    """Each row divided by its sum: known to every expression in `wrong`."""
    return weights / weights.sum(dim=-1, keepdim=True)


_ALWAYS_KNOWN = {"torch": torch, "np": np, "math": math, "normalised": normalised}


class Case:
    """One call of the answer, and what its names stand for, both as source text.

    `given` is evaluated anew for each call, in order; a list stands for a tensor:
    Case("softmax(logits)", logits=[1.0, 2.0]). The text is what the learner is shown.
    A comparer for what `compare` can't judge comes second.
    """

    def __init__(
        self, call: str, compare: Comparer = compare, /, **given: str | list
    ) -> None:
        self.call, self.compare = call, compare
        self.given = {
            name: value if isinstance(value, str) else f"torch.tensor({value})"
            for name, value in given.items()
        }

    def arguments(self) -> dict[str, object]:
        names: dict[str, object] = {"torch": torch}
        for name, source in self.given.items():
            names[name] = eval(source, names)
        return {name: names[name] for name in self.given}

    def __str__(self) -> str:
        lines = [f"{name} = {source}" for name, source in self.given.items()]
        return "\n".join([*lines, self.call])


class Wrong(NamedTuple):
    """A known wrong answer that is one expression of the reference's parameters."""

    expression: str
    diagnosis: str
    given: dict[str, str]


def wrong(expression: str, diagnosis: str, /, **given: str) -> Wrong:
    """A wrong answer in one expression. Others are functions below `@mistake(CHECKS)`.

    `expression` may use the reference's parameters (with its defaults), all names of
    the reference's module, torch, np, math, `normalised`, the `helpers` of its
    `Checks`, and what is `given`: names for expressions that come first, in order.
    Where a class is wanted it is the value of `__call__`, and `self` an instance of the
    reference.
    """
    return Wrong(expression, diagnosis, given)


@dataclass(frozen=True)
class Checks:
    """All that judges one exercise.

    cases     from small to large
    hints     from a nudge to nearly the answer
    wrong     known wrong answers in one expression each
    helpers   functions that those expressions use
    mistakes  known wrong answers that `mistake` adds, their docstring the diagnosis
    """

    cases: list[Case]
    hints: list[str]
    wrong: Sequence[Wrong] = ()
    helpers: Sequence[Callable] = ()
    mistakes: list[Callable] = field(default_factory=list)

    def known_mistakes(self, reference: Callable) -> list[tuple[Callable, str]]:
        """Every known wrong answer as a function or class, with its diagnosis."""
        own = {helper.__name__: helper for helper in self.helpers}
        names = {**_ALWAYS_KNOWN, **vars(sys.modules[reference.__module__]), **own}
        short = [
            (_answer(each, reference, names), each.diagnosis) for each in self.wrong
        ]
        long = [(each, inspect.getdoc(each) or "") for each in self.mistakes]
        return [*short, *((each, " ".join(doc.split())) for each, doc in long)]


def mistake(checks: Checks) -> Callable[[Callable], Callable]:
    """Add the function or class below to the known wrong answers of `checks`."""

    def add(answer: Callable) -> Callable:
        checks.mistakes.append(answer)
        return answer

    return add


def _answer(wrong: Wrong, reference: Callable, names: dict[str, Any]) -> Callable:
    """A function like the reference, or a class like it but for its `__call__`."""
    if not isinstance(reference, type):
        return _function(wrong, reference, names)
    call = _function(wrong, reference.__call__, names)
    return type(reference.__name__, (reference,), {"__call__": call})


def _function(wrong: Wrong, reference: Callable, names: dict[str, Any]) -> Callable:
    """A function with the reference's parameters that gives the expression's value."""
    signature = inspect.signature(reference)

    def answer(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        known = {**names, **bound.arguments}
        for name, source in wrong.given.items():
            known[name] = eval(source, known)
        return eval(wrong.expression, known)

    return answer
