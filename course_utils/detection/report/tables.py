"""Tables of any delimiter, with quoted cells, and with quotes that nobody closed."""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

DELIMITERS = (",", "\t", ";", "|")
_SEP_LINE = re.compile(r"sep=(.)\r?\n")
# Lines of a cell that are rows by themselves, so that it is none: by columns. Prose may
# have one comma in each of a few lines, but hardly three in each.
_ROWS_IN_A_CELL = {2: 5, 3: 3}
_ROWS_AT_LEAST = 1


class TableRow(NamedTuple):
    line: int
    cells: list[str]


def delimiter_of(header: str) -> str | None:
    """What stands most often between the names of the first line; None: one column."""
    bare = re.sub(r'"[^"]*"', "", header)
    best = max(DELIMITERS, key=bare.count)
    return best if bare.count(best) else None


def table_rows(text: str) -> Iterator[TableRow]:
    """Every row of a table with the line it begins in; the first holds the names.

    A quote opens a cell only if it is closed before a delimiter or a line's end, and
    if what it closes in is not a run of whole rows; else it is a mark like any other.
    """
    named = _SEP_LINE.match(text)
    start = named.end() if named else 0
    line = 1 + bool(named)
    header = re.match(r"[^\r\n]*", text[start:])
    delimiter = named[1] if named else delimiter_of(header[0] if header else "")
    names = 0
    while start < len(text):
        cells, stop = _row_at(text, start, delimiter, names)
        names = names or len(cells)
        if any(cell.strip() for cell in cells):
            yield TableRow(line, cells)
        line += len(re.findall(r"\r\n|\r|\n", text[start:stop]))
        start = stop


def _row_at(
    text: str, start: int, delimiter: str | None, names: int
) -> tuple[list[str], int]:
    """The cells of the row at `start`, and where the next one begins."""
    quoted, bare = _patterns(delimiter)
    cells = []
    while True:
        match = quoted.match(text, start) if text[start : start + 1] in '" ' else None
        if match and not _holds_rows(match[1], delimiter, names):
            cells.append(match[1].replace('""', '"'))
        else:
            match = bare.match(text, start)
            assert match is not None  # it matches nothing, too
            cells.append(match[0])
        start = match.end()
        if delimiter is None or text[start : start + 1] != delimiter:
            break
        start += 1
    return cells, start + (2 if text[start : start + 2] == "\r\n" else 1)


@functools.cache
def _patterns(delimiter: str | None) -> tuple[re.Pattern, re.Pattern]:
    ends = re.escape(delimiter or "") + r"\r\n"
    quoted = rf' *"([^"]*+(?:""[^"]*+)*+)"(?=[{ends}]|\Z)'
    return re.compile(quoted), re.compile(f"[^{ends}]*")


def _holds_rows(cell: str, delimiter: str | None, names: int) -> bool:
    """Whether a cell's further lines are each a whole row: an unbalanced quote."""
    if delimiter is None or names < 2 or "\n" not in cell:
        return False
    further = cell.splitlines()[1:]
    needed = _ROWS_IN_A_CELL.get(names, _ROWS_AT_LEAST)
    needed = _ROWS_AT_LEAST if delimiter == "\t" else needed
    return len(further) >= needed and all(
        line.count(delimiter) == names - 1 for line in further
    )
