"""Judge a learner's answer: run the cases, find the smallest that fails, say why.

An exercise's checks are data, see `cases`. When an answer fails, the known wrong one
that behaves like it supplies the diagnosis.
"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_utils.classroom.cases import Case, Checks
from course_utils.classroom.comparing import Difference, compare
from course_utils.classroom.errors import error_diagnosis, message_of
from course_utils.classroom.stubs import is_stub
from course_utils.classroom.time_limit import (
    CapturedPrints,
    Stopped,
    captured_prints,
    finishes_in_time,
)

TIME_LIMIT = 5.0  # seconds for all cases of an exercise together


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value or an error, and the argument it changed, if any."""

    value: Any = None
    error: BaseException | None = None
    changed: str | None = None
    prints: str = ""


@dataclass(frozen=True)
class Verdict:
    """`state` is "unattempted", "wrong", "raised", "too slow" or "passed"."""

    state: str
    diagnosis: str = ""
    example: str = ""
    prints: str = ""

    @property
    def passed(self) -> bool:
        return self.state == "passed"


def judge(answer: Callable, checks: Checks, reference: Callable) -> Verdict:
    """Run all of `checks` on `answer`; never raises on account of the answer."""
    if is_stub(answer):
        return Verdict("unattempted")
    trial = _Trial(answer, checks, reference)
    with _global_state_restored(), captured_prints() as prints:
        trial.run(prints)
        return trial.verdict()


class _Trial:
    """One answer beside the reference, case by case."""

    def __init__(self, answer: Callable, checks: Checks, reference: Callable):
        self.answer, self.reference = answer, reference
        self.cases, self.known_mistakes = checks.cases, checks.known_mistakes(reference)
        self.expected: list[Outcome] = []
        self.outcomes: list[Outcome] = []
        self.prints = ""

    def run(self, prints: CapturedPrints) -> None:
        """Stops at the first case that takes too long; `outcomes` ends there."""
        self.expected = list(self._outcomes_of(self.reference))
        with _callable_by_its_own_name(self.answer):
            finishes_in_time(lambda: self._answer_all(prints), TIME_LIMIT, prints)
        self.prints = prints.take()

    def verdict(self) -> Verdict:
        for index, outcome in enumerate(self.outcomes):
            if _is_unfinished(outcome):
                return Verdict("unattempted", "There is still a `...` to fill in.")
            if self._fails(index):
                return replace(self._explanation(index), prints=outcome.prints)
        if len(self.outcomes) < len(self.cases):
            return _too_slow(self.cases[len(self.outcomes)], self.prints)
        return Verdict("passed")

    def _answer_all(self, prints: CapturedPrints) -> None:
        for outcome in self._outcomes_of(self.answer):
            self.outcomes.append(replace(outcome, prints=prints.take()))

    def _outcomes_of(self, answer: Callable) -> Iterator[Outcome]:
        for case in self.cases:
            yield outcome_of(answer, case, self.reference.__name__)

    def _fails(self, index: int) -> bool:
        outcome = self.outcomes[index]
        broken = outcome.error is not None or outcome.changed is not None
        return broken or self._difference(index) is not None

    def _difference(self, index: int) -> Difference | None:
        expected, got = self.expected[index].value, self.outcomes[index].value
        return self.cases[index].compare(expected, got)

    def _explanation(self, index: int) -> Verdict:
        case, outcome = self.cases[index], self.outcomes[index]
        known = self._known_mistake(index)
        if outcome.error:
            diagnosis = error_diagnosis(self.answer, self.reference, outcome.error)
            return Verdict("raised", known or diagnosis, str(case))
        if outcome.changed:
            return Verdict("wrong", known or _changes(outcome.changed), str(case))
        difference = self._difference(index)
        assert difference is not None
        return Verdict("wrong", known or difference.diagnosis, _shown(case, difference))

    def _known_mistake(self, index: int) -> str | None:
        """The diagnosis of the known wrong answer that behaves most like this one.

        It must do the same in all cases up to the failing one; where an error is
        raised, in those after it too.
        """
        best, agreement = None, 0
        for wrong, diagnosis in self.known_mistakes:
            theirs = self._outcomes_of(wrong)
            pairs = zip(self.cases, theirs, self.outcomes, strict=False)
            agree = [_same_behaviour(*pair) for pair in pairs]
            needed = agree if self.outcomes[index].error else agree[: index + 1]
            if all(needed) and sum(agree) > agreement:
                best, agreement = diagnosis, sum(agree)
        return best


def outcome_of(answer: Callable, case: Case, name: str) -> Outcome:
    """What one call of the answer, under this name, gives."""
    given = case.arguments()
    names = {"torch": torch, name: answer, **given}
    _seed()
    try:
        value = eval(compile(case.call, "<check>", "eval"), names)
    except Stopped:
        raise
    except BaseException as error:  # sys.exit() in an answer must not end the kernel
        return Outcome(error=error)
    return Outcome(value, changed=_changed(given, case.arguments()))


def _changed(used: dict[str, object], fresh: dict[str, object]) -> str | None:
    """The name of the first argument that a call has altered."""
    for name, value in fresh.items():
        if isinstance(value, (torch.Tensor, list, dict)) and compare(value, used[name]):
            return name
    return None


def _is_unfinished(outcome: Outcome) -> bool:
    """Whether a `...` or a bare NotImplementedError is what the call ran into."""
    if isinstance(outcome.error, NotImplementedError):
        return not outcome.error.args  # torch's own say what isn't implemented
    return outcome.value is Ellipsis or "ellipsis" in message_of(outcome.error)


def _same_behaviour(case: Case, known: Outcome, outcome: Outcome) -> bool:
    if known.error or outcome.error:
        return type(known.error) is type(outcome.error)
    same_value = not case.compare(known.value, outcome.value)
    return known.changed == outcome.changed and same_value


def _changes(argument: str) -> str:
    return (
        f"The call changes `{argument}` in place, and whoever passed it in loses the "
        "original: compute a new value instead."
    )


def _shown(case: Case, difference: Difference) -> str:
    expected, got = _hanging(difference.expected), _hanging(difference.got)
    return f"{case}\nexpected: {expected}\ngot:      {got}"


def _hanging(text: str) -> str:
    return text.replace("\n", "\n          ")


def _too_slow(case: Case, prints: str) -> Verdict:
    diagnosis = (
        f"The check was stopped after {TIME_LIMIT:g} seconds: "
        "is there a loop that never ends?"
    )
    return Verdict("too slow", diagnosis, str(case), prints)


@contextmanager
def _callable_by_its_own_name(answer: Callable) -> Iterator[None]:
    """Let a recursive answer find itself: its name is bound only after the check."""
    module = sys.modules.get(getattr(answer, "__module__", ""))
    space = getattr(answer, "__globals__", None) or vars(module or object)
    name, missing = getattr(answer, "__name__", None), object()
    nested = getattr(answer, "__qualname__", None) != name
    if name is None or nested or not isinstance(space, dict):
        yield
        return
    before = space.get(name, missing)
    space[name] = answer
    try:
        yield
    finally:
        if before is missing:
            del space[name]
        else:
            space[name] = before


def _seed() -> None:
    """Make every call see the same random numbers."""
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)


@contextmanager
def _global_state_restored() -> Iterator[None]:
    """Leave the random numbers and torch's default dtype as they were."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    dtype = torch.get_default_dtype()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        torch.set_default_dtype(dtype)
