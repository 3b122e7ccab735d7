"""Tell an exercise that nobody has begun from one that is answered wrongly."""

import dis
import inspect
from collections.abc import Callable
from types import FunctionType

_EMPTY_STEPS = {
    "RESUME", "NOP", "CACHE", "PRECALL", "PUSH_NULL", "POP_TOP", "CALL", "LOAD_GLOBAL",
    "LOAD_CONST", "STORE_FAST", "LOAD_FAST", "RETURN_CONST", "RETURN_VALUE",
    "RAISE_VARARGS",
}  # fmt: skip


def is_stub(answer: Callable) -> bool:
    """Whether `answer` holds nothing yet but a docstring, `...`, `pass` or the like.

    In a class the methods count, besides an `__init__` that the lesson may have given.
    """
    functions = own_functions(answer)
    if isinstance(answer, type):
        methods = [f for f in functions if f.__name__ != "__init__"]
        return all(map(_is_empty, methods or functions))
    return bool(functions) and all(map(_is_empty, functions))


def own_functions(answer: Callable) -> list[FunctionType]:
    """The function itself, or the methods that a class defines."""
    if isinstance(answer, type):
        return [f for f in vars(answer).values() if inspect.isfunction(f)]
    answer = inspect.unwrap(answer)
    return [answer] if inspect.isfunction(answer) else []


def _is_empty(function: Callable) -> bool:
    """Reads the compiled code, which is there even where the source isn't."""
    steps = list(dis.get_instructions(function))
    raises = any(step.opname == "RAISE_VARARGS" for step in steps)
    allowed_constants = (type(None), type(...)) + ((str,) if raises else ())
    return all(
        step.opname in _EMPTY_STEPS and _says_nothing(function, step, allowed_constants)
        for step in steps
    )


def _says_nothing(function: Callable, step: dis.Instruction, constants: tuple) -> bool:
    if step.opname == "LOAD_GLOBAL":
        return step.argval == "NotImplementedError"
    if step.opname in {"LOAD_CONST", "RETURN_CONST"}:
        return isinstance(step.argval, constants)
    if step.opname == "LOAD_FAST":
        return step.argval not in inspect.signature(function).parameters
    return True
