"""Where generations come from: a path, a folder, an open file, a list or a table."""

import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from course_utils.detection.report.forms import Row, Unusable, rows_of
from course_utils.detection.report.unpacking import decoded

_WHOLE_TEXTS = {".txt", ".md", ".text"}
STANDARD_INPUT = "standard input"


def name_of(source: Any) -> str:
    """How messages call a source."""
    if isinstance(source, (str, Path)):
        return STANDARD_INPUT if str(source) == "-" else Path(source).name or "."
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) and name else "source"


def kept(source: Any) -> Any:
    """Standard input as a file in memory, to be read twice; others as they are."""
    if str(source) != "-":
        return source
    held = _Held(sys.stdin.buffer.read())
    held.name = STANDARD_INPUT
    return held


class _Held(io.BytesIO):
    """Bytes with a name that can be read again and again."""

    name = ""

    def read(self, size: int | None = -1, /) -> bytes:
        self.seek(0)
        return super().read(size)


def source_rows(source: Any, encoding: str | None = None) -> Iterable[Row]:
    """The rows of whatever holds generations.

    Raises ValueError where there is no such file, and for a source of another kind.
    """
    name = name_of(source)
    if isinstance(source, (str, Path)):
        if str(source) == "-":
            return rows_of(sys.stdin.buffer.read(), name, encoding)
        return _path_rows(Path(source), encoding)
    if hasattr(source, "read"):
        content = source.read()
        if isinstance(content, str):
            content, encoding = content.encode("utf-8", "surrogatepass"), "utf-8"
        return rows_of(content, name, encoding)
    return _entry_rows(source)


def _path_rows(path: Path, encoding: str | None) -> Iterable[Row]:
    try:
        if path.is_dir():
            return _folder_rows(path, encoding)
        is_there = path.exists()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        raise ValueError(f"path is {_short(path)!r}, where there is no file")
    return rows_of(path.read_bytes(), path.name, encoding)


def _folder_rows(folder: Path, encoding: str | None) -> Iterator[Row]:
    """Each .txt of a folder as one text; without any, the rows of all its files."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and _is_seen(p, folder))
    whole = [p for p in paths if p.suffix.lower() == ".txt"]
    whole = whole or [p for p in paths if p.suffix.lower() in _WHOLE_TEXTS]
    for path in paths:
        place = path.relative_to(folder).as_posix()
        if not whole:
            for row in rows_of(path.read_bytes(), path.name, encoding):
                yield Row(f"{place} {row.place}", row.value)
        elif path in whole:
            yield Row(place, _whole_text(path, encoding))
        else:
            yield Row(place, Unusable("not a .txt file"))


def _is_seen(path: Path, folder: Path) -> bool:
    return not any(p.startswith(".") for p in path.relative_to(folder).parts)


def _whole_text(path: Path, encoding: str | None) -> str:
    return decoded(path.read_bytes(), path.name, encoding).strip()


def _entry_rows(source: Any) -> Iterator[Row]:
    """Rows of a list, of columns, of a datasets.Dataset or of a pandas.DataFrame."""
    if isinstance(source, (bytes, bytearray)) or not isinstance(source, Iterable):
        raise _wrong_kind(source)
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        source = source.to_dict("records")
    elif isinstance(source, Mapping):
        if type(source).__name__.endswith("DatasetDict"):
            raise ValueError(
                f"source holds the splits {', '.join(map(repr, source))}; allowed is "
                "one of them"
            )
        source = [dict(source)]
    return (Row(f"entry {i}", row) for i, row in enumerate(source, start=1))


def _wrong_kind(source: Any) -> ValueError:
    return ValueError(
        f"source is a {type(source).__name__}; allowed are a path, an open file, a "
        "list of texts or dicts, a datasets.Dataset and a pandas.DataFrame"
    )


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else text[:200] + "..."
