"""Cells that need the storyteller are left out where another model is used.

Such a cell has `# only with the storyteller` among the comments that it begins with.
Its notebook still
runs to the end with `COURSE_MODEL` set to another model: the cell then says in a
sentence that it is left out.
"""

import os
from itertools import takewhile

from course_utils.classroom.shell import running_shell

MARK = "# only with the storyteller"
_SAID = "Left out: this cell needs the storyteller, whose truth is known."


def leave_out_what_needs_the_truth() -> None:
    """Let the running IPython shell, if there is one, pass over marked cells."""
    shell = running_shell()
    if shell is None:
        return
    transforms = shell.input_transformers_cleanup
    transforms[:] = [step for step in transforms if step is not _leave_out]
    if (os.environ.get("COURSE_MODEL") or "storyteller") != "storyteller":
        transforms.insert(0, _leave_out)


def _leave_out(lines: list[str]) -> list[str]:
    opening = takewhile(lambda line: line.startswith("#"), lines)
    marked = any(line.strip() == MARK for line in opening)
    return [f"print({_SAID!r})\n"] if marked else lines
