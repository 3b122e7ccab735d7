"""`@exercise`: the line above a learner's function that checks it on the spot."""

import functools
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from types import CodeType

from course_utils.classroom.cards import Card, Code, show_card
from course_utils.classroom.cases import Checks
from course_utils.classroom.comparing import as_tensors
from course_utils.classroom.judging import Verdict, judge
from course_utils.classroom.moved import present_path
from course_utils.classroom.progress_file import progress_file
from course_utils.classroom.session import current_notebook
from course_utils.classroom.stubs import own_functions


def exercise(path: str) -> Callable[[Callable], Callable]:
    """Check the function or class below against its reference `course_utils.<path>`.

    Shows one message, and returns the learner's own answer if it passed and the
    reference otherwise, so that the cells after it always run. What it returns has
    `.passed`, `.hint()` (each call shows one more) and `.solution()`.
    Raises ValueError if there is no such exercise; a wrong answer never raises.
    """
    checks, reference = load_exercise(path)

    def check(answer: Callable) -> Callable:
        name = _name_of(answer) or reference.__name__
        try:
            verdict = _judge(answer, checks, reference)
            solved_before = _file_result(path, verdict)
            misnamed = _misnamed(answer, reference)
            show_card(_message(name, verdict, solved_before, misnamed))
        except Exception as error:
            show_card(_broken_check(name, error))
            verdict = Verdict("not judged")
        usable = _usable(answer, verdict) if verdict.passed else _copy(reference)
        return _with_help(usable, name, verdict, checks, reference)

    return check


def load_exercise(path: str) -> tuple[Checks, Callable]:
    """The checks, from their file in `course_utils.checks`, and their reference."""
    if not isinstance(path, str) or "." not in path:
        raise ValueError(
            "path must be a reference's dotted name such as "
            f"'foundations.softmax.softmax', not {path!r}"
        )
    module, _, name = present_path(path).rpartition(".")
    try:
        checks = import_module(f"course_utils.checks.{module}.{file_name(name)}")
    except ModuleNotFoundError as error:
        if not _is_ours(error.name):
            raise
        raise ValueError(f"path {path!r} names no exercise of this course") from None
    reference = getattr(import_module(f"course_utils.{module}"), name, None)
    if reference is None:
        raise ValueError(f"path {path!r} has checks, but no reference of that name")
    return checks.CHECKS, reference


def file_name(name: str) -> str:
    """`EntropyTrace` has its checks in entropy_trace.py."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _is_ours(module: str | None) -> bool:
    return module is not None and module.startswith("course_utils.")


def _judge(answer: Callable, checks: Checks, reference: Callable) -> Verdict:
    wanted = "class" if isinstance(reference, type) else "function"
    fits = isinstance(answer, type) == isinstance(reference, type) and callable(answer)
    if not fits:
        return Verdict("wrong", f"A {wanted} is wanted below `@exercise`.")
    return judge(answer, checks, reference)


def _file_result(path: str, verdict: Verdict) -> bool:
    """Record the verdict; whether the exercise had been solved before."""
    record, notebook, path = progress_file(), current_notebook(), present_path(path)
    solved_before = bool(record.entry(notebook, "exercises", path).get("solved"))
    entry = {"solved": True} if verdict.passed else {}
    if not (verdict.passed and solved_before):
        record.record(notebook, "exercises", path, entry)
    return solved_before


def _name_of(answer: Callable) -> str | None:
    """None where it has none, as partial functions and instances."""
    try:
        return answer.__name__
    except Exception:
        return None


def _misnamed(answer: Callable, reference: Callable) -> str:
    """What to say of a function that later cells won't find under its name."""
    wanted, found = reference.__name__, _name_of(answer)
    if found in (None, wanted):
        return ""
    return (
        f"It is called `{found}`, but later cells call `{wanted}`: give it that name, "
        "and run the cell again."
    )


def _message(
    name: str, verdict: Verdict, solved_before: bool, misnamed: str = ""
) -> Card:
    if verdict.passed:
        return Card(
            f"Exercise {name}: passed.",
            misnamed or "From here on the notebook runs on your version.",
            verdict.diagnosis,
            tone="good",
        )
    again = "You have solved it before, and that stays recorded. " * solved_before
    hint = f"Stuck? Type `{name}.hint()` in a new cell."
    if verdict.state == "unattempted":
        return Card(
            f"Exercise {name}: not attempted yet.",
            misnamed,
            f"{verdict.diagnosis} Write your answer and run the cell again; until then "
            f"the notebook uses the course's version. {again}{hint}".strip(),
        )
    return Card(
        f"Exercise {name}: not yet.",
        misnamed,
        verdict.diagnosis,
        Code(verdict.example),
        verdict.prints and "What it printed:",
        Code(verdict.prints.rstrip()),
        f"Until it passes, the notebook uses the course's version. {again}{hint}",
        tone="bad",
    )


def _broken_check(name: str, error: Exception) -> Card:
    return Card(
        f"Exercise {name}: the check itself failed.",
        f"`{type(error).__name__}: {error}` is a fault of the course or a value that "
        "it can't compare. The notebook goes on with the course's version.",
    )


def _usable(answer: Callable, verdict: Verdict) -> Callable:
    """The learner's own, made to give tensors if it gives numpy arrays."""
    if not verdict.arrays:
        return answer

    @functools.wraps(answer)
    def with_tensors(*args, **kwargs):
        return as_tensors(answer(*args, **kwargs))

    return with_tensors


def _copy(reference: Callable) -> Callable:
    """A stand-in that can carry attributes without touching the package."""
    if isinstance(reference, type):
        same = {"__doc__": reference.__doc__, "__module__": reference.__module__}
        return type(reference.__name__, (reference,), same)

    @functools.wraps(reference)
    def stand_in(*args, **kwargs):
        return reference(*args, **kwargs)

    return stand_in


def _with_help(
    usable: Callable, name: str, verdict: Verdict, checks: Checks, reference: Callable
) -> Callable:
    help_ = {
        "passed": verdict.passed,
        "hint": staticmethod(_hinter(name, checks.hints)),
        "solution": staticmethod(lambda: _show_solution(name, reference)),
    }
    try:
        return _with_attributes(usable, help_)
    except (AttributeError, TypeError):  # a built-in function takes no attributes
        return _with_attributes(_copy(usable), help_)


def _with_attributes(usable: Callable, attributes: dict[str, object]) -> Callable:
    for name, value in attributes.items():
        setattr(usable, name, value)
    return usable


def _hinter(name: str, hints: list[str]) -> Callable[[], None]:
    """A function that shows one more hint each time it is called."""
    left = iter(enumerate(hints, start=1))

    def hint() -> None:
        number, text = next(left, (None, ""))
        if number is None:
            title = f"No more hints for {name}: all {len(hints)} were shown."
            card = Card(title, f"`{name}.solution()` shows the course's own version.")
        else:
            card = Card(f"Hint {number} of {len(hints)} for {name}", text)
        show_card(card)

    return hint


def _show_solution(name: str, reference: Callable) -> None:
    home = f"{reference.__module__}.{reference.__name__}"
    sources = map(inspect.getsource, [reference, *_helpers(reference)])
    code = "\n\n".join(source.rstrip() for source in sources)
    show_card(Card(f"The course's version of {name}: `{home}`", Code(code)))


def _helpers(reference: Callable) -> list[Callable]:
    """The functions of the course that `reference` stands on.

    Left out are those that everybody can call by `course_utils.` and their name, and
    what lies in the modules for checks of arguments and for intervals.
    """
    public = set(import_module("course_utils").__all__)
    found: dict[str, Callable] = {}
    waiting = own_functions(reference)
    while waiting:
        function = waiting.pop(0)
        for name in _names_in(function.__code__):
            helper = function.__globals__.get(name)
            new = name not in {*found, *public, reference.__name__}
            if new and inspect.isfunction(helper) and _teaches(helper.__module__):
                found[name] = helper
                waiting.append(helper)
    return list(found.values())


def _names_in(code: CodeType) -> list[str]:
    """What a function's code looks up, its inner functions and loops included."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return [*code.co_names, *(name for each in inner for name in _names_in(each))]


def _teaches(module: str) -> bool:
    return _is_ours(module) and not module.endswith((".validation", ".intervals"))
