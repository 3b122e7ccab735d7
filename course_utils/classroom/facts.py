"""`fact`: what the prose states, tested where it stands.

A learner who changes something above meets a card, never an error. The builder and
the tests set `COURSE_STRICT`, and there a fact that fails ends the notebook.
"""

import os

from course_utils.classroom.cards import Card, show_card
from course_utils.classroom.texts import require_text

STRICT = "COURSE_STRICT"


def fact(sentence: str, condition: object) -> None:
    """State `sentence`; silent where `condition` holds.

    `condition` is one truth value, or a function without arguments that returns one:
    write `lambda: ...` where a changed parameter could make the condition itself fail.
    The sentence goes on from "it holds that": no capital, no full stop.
    Where it doesn't hold, a card says so; with the environment variable COURSE_STRICT
    an AssertionError does. Raises ValueError for a sentence without words and for
    several truth values at once.
    """
    require_text("sentence", sentence)
    try:
        holds = _truth(condition() if callable(condition) else condition)
    except _ManyTruthsError:
        raise
    except Exception as error:
        if strict():
            raise AssertionError(f"{sentence} ({error!r})") from error
        holds = False
    if holds:
        return
    if strict():
        raise AssertionError(sentence)
    show_card(
        Card(
            f"Here it does not hold that {sentence}.",
            "You changed something above, or this is another model. Nothing is "
            "broken: go on, and keep in mind that the text around was written for the "
            "values as they came.",
        )
    )


class _ManyTruthsError(ValueError):
    """An array or tensor of several truth values, with `.all()` forgotten."""


def _truth(condition: object) -> bool:
    size = getattr(condition, "numel", lambda: getattr(condition, "size", 1))()
    if size != 1:
        raise _ManyTruthsError(
            "condition must be one truth value: add .all() or .any()"
        )
    return bool(condition)


def strict() -> bool:
    """Whether a fact that fails shall be an error: in the builder and in tests."""
    return bool(os.environ.get(STRICT))
