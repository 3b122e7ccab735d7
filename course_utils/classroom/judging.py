"""Judge a learner's answer: run the cases, find the smallest that fails, say why.

An exercise's checks are data, see `cases`. When an answer fails, the known wrong one
that behaves like it supplies the diagnosis.
"""

import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_utils.classroom.cases import Case, Checks
from course_utils.classroom.comparing import (
    Difference,
    as_tensors,
    compare,
    holds_array,
    holds_tensor,
    in_form_of,
    incomparable,
)
from course_utils.classroom.errors import error_diagnosis, line_in, message_of
from course_utils.classroom.shell import kernel_kept
from course_utils.classroom.stubs import is_stub
from course_utils.classroom.time_limit import (
    CapturedPrints,
    Halt,
    Stopped,
    captured_prints,
    run_in_time,
)

TIME_LIMIT = 5.0  # seconds for all cases of an exercise together
_TENSORS_WANTED = (
    "Yours gives numpy arrays. They are turned into tensors for the cells that follow; "
    "in your own code `torch.from_numpy(array)` does that (`torch.as_tensor(number)` "
    "for a single number)."
)
# What Python and torch say of a `...`; "no ellipsis was given" is torch's on einsum.
_ABOUT_DOTS = re.compile(r"'ellipsis'|not ellipsis\b")


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value or an error, and the argument it changed, if any."""

    value: Any = None
    error: BaseException | None = None
    changed: str | None = None
    prints: str = ""


@dataclass(frozen=True)
class Verdict:
    """`state` is "unattempted", "wrong", "raised", "too slow" or "passed".

    `arrays`: whether numpy arrays came where tensors were expected.
    """

    state: str
    diagnosis: str = ""
    example: str = ""
    prints: str = ""
    arrays: bool = False

    @property
    def passed(self) -> bool:
        return self.state == "passed"


def judge(answer: Callable, checks: Checks, reference: Callable) -> Verdict:
    """Run all of `checks` on `answer`; never raises on account of the answer."""
    if is_stub(answer):
        return Verdict("unattempted")
    trial = _Trial(answer, checks, reference)
    with _global_state_restored(), captured_prints() as prints, kernel_kept():
        trial.run(prints)
        return trial.verdict()


class _WithTensors:
    """An answer whose numpy arrays come out as tensors, and whether there were any."""

    def __init__(self, answer: Callable) -> None:
        self.answer = answer
        self.gave_arrays = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value = self.answer(*args, **kwargs)
        self.gave_arrays |= holds_array(value)
        return as_tensors(value)


class _Trial:
    """One answer beside the reference, case by case."""

    def __init__(self, answer: Callable, checks: Checks, reference: Callable):
        self.answer, self.reference = answer, reference
        self.asked = answer if isinstance(reference, type) else _WithTensors(answer)
        self.cases, self.known_mistakes = checks.cases, checks.known_mistakes(reference)
        self.expected: list[Outcome] = []
        self.outcomes: list[Outcome] = []
        self.halt: Halt | None = None
        self.prints = ""

    def run(self, prints: CapturedPrints) -> None:
        """Stops at the first case that takes too long; `outcomes` ends there."""
        self.expected = list(self._outcomes_of(self.reference))
        with _callable_by_its_own_name(self.answer):
            self.halt = run_in_time(
                lambda: self._answer_all(prints), TIME_LIMIT, prints
            )
        self.prints = prints.take()
        self.outcomes = self._in_form(self.outcomes)
        self.expected = self._in_form(self.expected)

    def verdict(self) -> Verdict:
        if self.halt and self.halt.stuck_at:  # each further try would take as long
            return self._too_slow()
        for index, outcome in enumerate(self.outcomes):
            if _is_unfinished(outcome):
                return Verdict("unattempted", "There is still a `...` to fill in.")
            if self._fails(index):
                return replace(self._explanation(index), prints=outcome.prints)
        if len(self.outcomes) < len(self.cases):
            return self._too_slow()
        arrays = self._gives_arrays_for_tensors()
        return Verdict("passed", _TENSORS_WANTED * arrays, arrays=arrays)

    def _gives_arrays_for_tensors(self) -> bool:
        wanted = any(holds_tensor(outcome.value) for outcome in self.expected)
        return wanted and getattr(self.asked, "gave_arrays", False)

    def _too_slow(self) -> Verdict:
        stuck = self.halt is not None and self.halt.stuck_at
        case = self.cases[0 if stuck else len(self.outcomes)]
        diagnosis = _why_too_slow(self.answer, self.halt)
        return Verdict("too slow", diagnosis, str(case), self.prints)

    def _answer_all(self, prints: CapturedPrints) -> None:
        for outcome in self._outcomes_of(self.asked):
            self.outcomes.append(replace(outcome, prints=prints.take()))

    def _outcomes_of(self, answer: Callable) -> Iterator[Outcome]:
        for case in self.cases:
            yield outcome_of(answer, case, self.reference.__name__)

    def _in_form(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Each value in the form that the reference gives it, where that is all.

        Those of a class stay as they are: later cells meet them inside its objects.
        """
        if isinstance(self.reference, type):
            return list(outcomes)
        return [
            replace(outcome, value=in_form_of(expected.value, outcome.value))
            for expected, outcome in zip(self.expected, outcomes, strict=False)
        ]

    def _fails(self, index: int) -> bool:
        outcome = self.outcomes[index]
        broken = outcome.error is not None or outcome.changed is not None
        return broken or self._difference(index) is not None

    def _difference(self, index: int) -> Difference | None:
        expected, got = self.expected[index].value, self.outcomes[index].value
        return _compared(self.cases[index], expected, got)

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

        It must do the same in all cases up to the failing one, and in half of those
        that fail; where an error is raised, in all.
        """
        best, agreement = None, 0
        failing = [self._fails(place) for place in range(len(self.outcomes))]
        for wrong, diagnosis in self.known_mistakes:
            theirs = self._in_form(self._outcomes_of(wrong))
            pairs = zip(self.cases, theirs, self.outcomes, strict=False)
            agree = [_same_behaviour(*pair) for pair in pairs]
            needed = agree if self.outcomes[index].error else agree[: index + 1]
            alike = sum(
                same for same, fails in zip(agree, failing, strict=True) if fails
            )
            common = 2 * alike >= sum(failing)
            if all(needed) and common and sum(agree) > agreement:
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
    said = message_of(outcome.error)
    return outcome.value is Ellipsis or bool(_ABOUT_DOTS.search(said))


def _same_behaviour(case: Case, known: Outcome, outcome: Outcome) -> bool:
    if known.error or outcome.error:
        return type(known.error) is type(outcome.error)
    same_value = not _compared(case, known.value, outcome.value)
    return known.changed == outcome.changed and same_value


def _compared(case: Case, expected: Any, got: Any) -> Difference | None:
    """As the case compares them; what can't be compared differs."""
    try:
        return case.compare(expected, got)
    except Exception:
        return incomparable(expected, got)


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


def _why_too_slow(answer: Callable, halt: Halt | None) -> str:
    if halt is None or halt.stuck_at is None:
        return (
            f"The check was stopped after {TIME_LIMIT:g} seconds, for all its calls "
            "together: is there a loop that never ends, or one over single numbers?"
        )
    return (
        f"The check could only be stopped after {halt.seconds:.0f} seconds. "
        f"{line_in(answer, halt.stuck_at)} is one call into compiled code that lets "
        "nothing else run: neither the check nor Kernel > Interrupt can end such a "
        "call. Give it less to do, or let tensors do it."
    )


@contextmanager
def _callable_by_its_own_name(answer: Callable) -> Iterator[None]:
    """Let a recursive answer find itself: its name is bound only after the check."""
    module = sys.modules.get(getattr(answer, "__module__", ""))
    own = inspect.unwrap(answer)  # a decorator's globals are not the learner's
    space = getattr(own, "__globals__", None) or vars(module or object)
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
            space.pop(name, None)
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
