"""The rows of a file: JSON lines, a JSON array, a table or a text a line, by sniffing.

The form is told from what stands in the file. Its name counts only where that leaves
the choice open.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Any, NamedTuple

from course_utils.detection.report.layouts import is_text_name
from course_utils.detection.report.tables import delimiter_of, table_rows
from course_utils.detection.report.unpacking import PARQUET, decoded, unpacked

_PACKED = {".gz", ".zst", ".zstd", ".bz2", ".xz"}
_JSON_NAMES = {".json", ".jsonl", ".ndjson", ".jsonlines"}
_TABLE_NAMES = {".csv", ".tsv", ".tab", ".psv"}
_OBJECTS = re.compile(r'[\[\s]*\{\s*(?:"|\})')
_SNIFFED = 20  # lines that tell JSON lines from an array
_LONGEST_NAME = 40  # letters, of a column
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_COMMA = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class Unusable:
    """What stands where a row could not be read."""

    reason: str


@dataclass(frozen=True)
class Said:
    """A remark on the whole file, in place of a row."""

    note: str


class Row(NamedTuple):
    """One entry of a file: where it stands, in words, and what stands there."""

    place: str
    value: Any


def rows_of(data: bytes, name: str, encoding: str | None = None) -> Iterator[Row]:
    """All rows of a file's bytes, whatever its form.

    Raises ValueError for what is damaged, binary or in another encoding, and for
    parquet without pyarrow.
    """
    data = unpacked(data, name)
    if data.startswith(PARQUET):
        return _parquet_rows(data, name)
    text = decoded(data, name, encoding)
    return _FORMS[form_of(text, name)](text)


def form_of(text: str, name: str) -> str:
    """'lines', 'table', 'JSON lines' or 'JSON values', by sniffing, then by `name`."""
    ending = _ending(name)
    if _is_json(text, ending):
        return "JSON lines" if _is_json_lines(text, ending) else "JSON values"
    if ending in _TABLE_NAMES or _is_table(text):
        return "table"
    return "JSON lines" if ending in _JSON_NAMES else "lines"


def plain_rows(text: str) -> Iterator[Row]:
    """A text a line, without the empty ones; only real line ends end a line."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if line.strip():
            yield Row(f"line {number}", line.strip())


def json_line_rows(text: str) -> Iterator[Row]:
    """A JSON value a line."""
    for place, line in plain_rows(text):
        yield Row(place, _loads(line))


def json_value_rows(text: str) -> Iterator[Row]:
    """The entries of an array, or JSON values after each other, over many lines."""
    start = _skip(text, 0)
    if text[start : start + 1] == "[":
        start = _skip(text, start + 1)
    number = 0
    while start < len(text) and text[start] != "]":
        number += 1
        value, start = _value_at(text, start)
        yield Row(f"entry {number}", value)
        start = _skip(text, start)


def table_dict_rows(text: str) -> Iterator[Row]:
    """Each row of a table as a dict; cells beyond the names stand under None."""
    rows = table_rows(text)
    first = next(rows, None)
    if first is None:
        return
    names = [name.strip() for name in first.cells]
    if len(names) == 1 and not _is_name(names[0]):
        yield Row(f"line {first.line}", names[0])  # one column without a name
        yield from (Row(f"line {line}", cells[0]) for line, cells, _ in rows)
        return
    doubtful = []
    for line, cells, is_doubtful in rows:
        doubtful += [line] * is_doubtful
        yield Row(f"line {line}", _table_row(names, cells))
    if doubtful:
        yield Row("", Said(_quotes_missing(doubtful)))


def _quotes_missing(lines: list[int]) -> str:
    named = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
    return (
        f"in {len(lines):,} cells (line {named}) each further line is a whole row: is "
        "a quote missing there?"
    )


def _table_row(names: list[str], cells: list[str]) -> dict[str | None, Any]:
    row: dict[str | None, Any] = dict.fromkeys(names)
    for index in reversed(range(min(len(names), len(cells)))):
        row[names[index]] = cells[index]  # of two equal names, the first one counts
    if len(cells) > len(names):
        row[None] = cells[len(names) :]
    return row


_FORMS = {
    "lines": plain_rows,
    "table": table_dict_rows,
    "JSON lines": json_line_rows,
    "JSON values": json_value_rows,
}


def _ending(name: str) -> str:
    endings = [end.lower() for end in PurePath(name).suffixes]
    while endings and endings[-1] in _PACKED:
        endings.pop()
    return endings[-1] if endings else ""


def _is_json(text: str, ending: str) -> bool:
    if _OBJECTS.match(text):
        return True
    first = next(plain_rows(text), Row("", "")).value
    if ending in _JSON_NAMES:
        return not (_is_table(text) and isinstance(_loads(first), Unusable))
    if not text.lstrip().startswith("["):
        return False
    whole = _loads(first)
    if isinstance(whole, Unusable):
        whole = _loads(text)
    return isinstance(whole, list) and any(isinstance(v, (str, list)) for v in whole)


def _is_json_lines(text: str, ending: str) -> bool:
    lines = [row.value for row in islice(plain_rows(text), _SNIFFED)]
    if not lines or lines[0] in ("[", "{", "[{"):
        return False
    readable = [not isinstance(_loads(line), Unusable) for line in lines]
    if len(lines) == 1:
        return readable[0] and lines[0][0] != "["
    if sum(readable) * 2 >= len(lines):
        return True
    return ending in {".jsonl", ".ndjson"} and isinstance(_loads(text), Unusable)


def _is_table(text: str) -> bool:
    """Whether the first line reads as names of columns, one of them known."""
    header = text.lstrip().partition("\n")[0]
    delimiter = delimiter_of(header)
    if delimiter is None:
        return False
    names = [name.strip(' "\r') for name in header.split(delimiter)]
    return any(map(is_text_name, names)) and all(map(_is_name, names))


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and len(name.split()) <= 3


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        return Unusable("nested too deeply")
    except ValueError:
        return Unusable("neither a text nor an object: cut off, or no JSON")


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value at `start` and where it ends; the rest where it can't be read."""
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except RecursionError:
        return Unusable("nested too deeply"), _end_of_value(text, start)
    except ValueError:
        return Unusable("cut off, or no JSON"), _end_of_value(text, start)


def _end_of_value(text: str, start: int) -> int:
    """Where the brackets that open at `start` are closed, or the end of the text."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth <= 0:
            return token.end()
    return len(text)


def _skip(text: str, start: int) -> int:
    match = _COMMA.match(text, start)
    return match.end() if match else start


def _parquet_rows(data: bytes, name: str) -> Iterator[Row]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise ValueError(
            f"{name} is a parquet file, which needs the package pyarrow; install it or "
            "save the table as .csv"
        ) from None
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        said = str(error).partition("\n")[0]
        raise ValueError(f"{name} is a damaged parquet file ({said})") from None
    return (Row(f"row {i}", row) for i, row in enumerate(table.to_pylist(), start=1))
