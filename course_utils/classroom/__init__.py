"""What turns a notebook into a lesson: exercises, live figures, predictions, quizzes.

Nothing here knows the course's subject. Each name is imported when it is first
used, so that a notebook without sliders never loads the widgets.
"""

from importlib import import_module

_HOME = {
    "start": "session",
    "exercise": "exercises",
    "fact": "facts",
    "LiveFigure": "figures",
    "slider": "figures",
    "steps": "figures",
    "dropdown": "figures",
    "show": "still_figure",
    "predict": "predictions",
    "quiz": "quizzes",
    "progress": "progress_report",
    "claims": "claim_index",
    "verdict": "verdicts",
    "PALETTE": "style",
}

__all__ = list(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
