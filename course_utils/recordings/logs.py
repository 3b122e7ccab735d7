"""The files of a long recording: its log, and what is finished of it so far."""

import json
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from course_utils.data_files import data_path

Row = dict[str, Any]  # what was measured at one point of one run


class Parts:
    """The finished parts of a recording, kept in a file until all are done.

    Each part has a name and any content that JSON can hold. A file that was written
    under other settings is not used.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path = path
        self.settings = json.loads(json.dumps(settings))  # tuples become lists
        self.parts: dict[str, Any] = {}
        if path.exists():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["settings"] == self.settings:
                self.parts = stored["parts"]

    def __contains__(self, name: str) -> bool:
        return name in self.parts

    def __getitem__(self, name: str) -> Any:
        return self.parts[name]

    def add(self, name: str, content: Any) -> None:
        """Keep one more part, on disk too, before anything else is done."""
        self.parts[name] = content
        write_json(self.path, {"settings": self.settings, "parts": self.parts})


def write_json(path: Path, content: Any) -> None:
    """Write or replace a file in one move, so that it is never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)


def read_log(name: str) -> dict[str, Any]:
    """The log that `python -m course_utils.recordings NAME` has made."""
    return json.loads(data_path("results", f"{name}.json").read_text(encoding="utf-8"))


def as_shares(counts: Tensor) -> Float[Tensor, "*batch values"]:
    """Counts, divided by their sum; all zeros where there are none."""
    counts = counts.double()
    return counts / counts.sum(dim=-1, keepdim=True).clamp_min(1)
