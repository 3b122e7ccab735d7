"""Files of a report: refused before the work, and written whole or not at all."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGES = (".html", ".htm")
NUMBERS = (".json",)
_LONGEST_NAME = 220  # bytes: most systems allow 255, and a part has some more


def check_target(path: Path, allowed: Sequence[str] = (*PAGES, *NUMBERS)) -> None:
    """Refuse a file by its ending, in capitals or not, and where none can be written.

    Raises ValueError; asked before any work is done.
    """
    if path.suffix.lower() not in allowed:
        raise ValueError(
            f"path is {str(path)!r}; allowed ends are {' and '.join(allowed)}"
        )
    if len(path.name.encode()) > _LONGEST_NAME:
        raise ValueError(
            f"path has a name of {len(path.name)} characters; allowed are fewer"
        )
    if path.is_dir():
        raise ValueError(f"path is {str(path)!r}, which is a folder")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ValueError(f"path is {str(path)!r}; there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"path is {str(path)!r}; {str(folder)!r} can't be written to")


def write_whole(path: Path, text: str) -> None:
    """`write_all` of one file."""
    write_all({path: text})


def write_all(texts: Mapping[Path, str]) -> None:
    """Write each text beside its path, then put all in place: none, or all whole.

    What UTF-8 can't hold becomes a question mark.
    """
    places = {path.resolve(): text for path, text in texts.items()}
    parts = {p: p.with_name(f".{p.name}.{os.getpid()}.part") for p in places}
    try:
        for path, text in places.items():
            parts[path].write_bytes(text.encode("utf-8", "replace"))
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
