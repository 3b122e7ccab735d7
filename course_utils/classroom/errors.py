"""Say where in a learner's code an error arose, and what it may mean."""

import inspect
import traceback
from collections.abc import Callable, Iterable

from course_utils.classroom.stubs import own_functions


def error_diagnosis(answer: Callable, reference: Callable, error: BaseException) -> str:
    """The learner's own line and the error, or how the signature misses."""
    message = f"{type(error).__name__}: {message_of(error)}".strip(": ")
    frame = own_frame(answer, error)
    if frame is None and isinstance(error, TypeError):
        return _call_diagnosis(answer, reference, message)
    if frame is None:
        return f"It raises an error: {message}"
    where = _line(frame)
    if isinstance(error, SystemExit):
        return f"{where} asks Python to end ({message}). A function ends with `return`."
    return f"{where} raises {message}"


def line_in(answer: Callable, stack: traceback.StackSummary) -> str:
    """The innermost line of `answer` itself in a stack that begins there."""
    own = _own(answer, stack)
    return _line(own) if own else "What it ran"


def _line(frame: traceback.FrameSummary) -> str:
    return f"Line {frame.lineno} of the cell, `{frame.line}`,"


def message_of(error: BaseException | None) -> str:
    """What the error says; a learner's own may fail to say anything."""
    try:
        return str(error)
    except Exception:
        return "its message can't be shown"


def own_frame(answer: Callable, error: BaseException) -> traceback.FrameSummary | None:
    """The last line of `answer` itself that led to the error, not one of torch's."""
    return _own(answer, reversed(traceback.extract_tb(error.__traceback__)))


def _own(
    answer: Callable, frames: Iterable[traceback.FrameSummary]
) -> traceback.FrameSummary | None:
    files = {function.__code__.co_filename for function in own_functions(answer)}
    return next((frame for frame in frames if frame.filename in files), None)


def _call_diagnosis(answer: Callable, reference: Callable, message: str) -> str:
    faults = [f"It can't be called as the exercise asks: {message}."]
    for wanted in own_functions(reference):
        if wanted.__name__ in {"__init__", "__call__"}:
            faults.append(_signature_fault(wanted, vars(answer).get(wanted.__name__)))
        elif not isinstance(reference, type):
            faults.append(_signature_fault(wanted, answer))
    return " ".join(filter(None, faults))


def _signature_fault(wanted: Callable, yours: Callable | None) -> str:
    signature = f"`{wanted.__name__}{_parameters(wanted)}`"
    if yours is None:
        return f"{signature} is missing."
    if _parameters(wanted) == _parameters(yours):
        return ""
    return f"Wanted is {signature}, yours has `{_parameters(yours)}`."


def _parameters(callable_: Callable) -> str:
    """The parameters by name and default, without their types."""
    try:
        signature = inspect.signature(callable_)
    except (TypeError, ValueError):
        return "(...)"
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(bare))
