"""`start`: the first line of every notebook."""

import os
import re
import sys

from course_utils.classroom.left_out import leave_out_what_needs_the_truth
from course_utils.classroom.name_errors import explain_name_errors
from course_utils.classroom.other_draws import move_seeds

_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
}

_notebook: str | None = None


def start(notebook: str) -> None:
    """Prepare the kernel for notebook `notebook` ("00", "01", ...), in silence.

    Sets the figure style, one torch thread (two are far slower on a busy machine),
    a quiet `transformers` (without importing it), where progress is filed, a card
    for a NameError, and which cells are left out with another model.
    A second call is harmless. Raises ValueError unless `notebook` is two digits.
    """
    global _notebook
    if not isinstance(notebook, str) or not re.fullmatch(r"[0-9]{2}", notebook):
        raise ValueError(
            f"notebook must be two digits in quotes such as '01', not {notebook!r}"
        )
    _notebook = notebook
    _hush_transformers()
    _use_one_thread()
    move_seeds()
    _use_style()
    explain_name_errors()
    leave_out_what_needs_the_truth()


def current_notebook() -> str:
    """The number given to `start`, or "--" before any."""
    return _notebook or "--"


def _hush_transformers() -> None:
    os.environ.update(_QUIET)
    if "transformers" in sys.modules:
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _use_style() -> None:
    import matplotlib.style

    from course_utils.classroom.style import STYLE_FILE

    matplotlib.style.use(STYLE_FILE)
