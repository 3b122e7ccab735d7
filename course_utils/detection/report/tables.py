"""Tables of any delimiter, with quoted cells, and with quotes that nobody closed."""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

DELIMITERS = (",", "\t", ";", "|")
_SEP_LINE = re.compile(r"sep=(.)\r?\n")
# Lines of a cell that are whole rows, so that it is none; where all else is sound.
_ROWS_IN_A_CELL = {",": (5, 20), "\t": (1, 5)}


class TableRow(NamedTuple):
    line: int
    cells: list[str]
    doubtful: bool = False  # a cell's further lines are each a whole row


def delimiter_of(header: str) -> str | None:
    """What stands most often between the names of the first line; None: one column."""
    bare = re.sub(r'"[^"]*"', "", header)
    best = max(DELIMITERS, key=bare.count)
    return best if bare.count(best) else None


def table_rows(text: str) -> Iterator[TableRow]:
    """Every row of a table with the line it begins in; the first holds the names.

    A quote opens a cell only if it is closed before a delimiter or a line's end. Where
    all rows then have as many cells as there are names, and no quote is left over, the
    table is taken at its word. Else what a quote closes in must not be a run of whole
    rows, or it is a mark like any other.
    """
    rows = list(_rows(text, trusting=True))
    is_sound = len({len(row.cells) for row in rows}) == 1 and not any(
        cell.lstrip(" ").startswith('"') and not cell.endswith('"')
        for row in rows
        for cell in row.cells
    )
    yield from rows if is_sound else _rows(text, trusting=False)


def _rows(text: str, trusting: bool) -> Iterator[TableRow]:
    named = _SEP_LINE.match(text)
    start = named.end() if named else 0
    line = 1 + bool(named)
    header = re.match(r"[^\r\n]*", text[start:].lstrip("\r\n"))
    delimiter = named[1] if named else delimiter_of(header[0] if header else "")
    names = 0
    while start < len(text):
        cells, stop = _row_at(text, start, delimiter, names, trusting)
        if any(cell.strip() for cell in cells):
            names = names or len(cells)
            doubtful = any(_holds_rows(cell, delimiter, names, 1) for cell in cells)
            yield TableRow(line, cells, doubtful)
        line += len(re.findall(r"\r\n|\r|\n", text[start:stop]))
        start = stop


def _row_at(
    text: str, start: int, delimiter: str | None, names: int, trusting: bool
) -> tuple[list[str], int]:
    """The cells of the row at `start`, and where the next one begins."""
    quoted, bare = _patterns(delimiter)
    needed = _ROWS_IN_A_CELL["\t" if delimiter == "\t" else ","][trusting]
    cells = []
    while True:
        match = quoted.match(text, start) if text[start : start + 1] in '" ' else None
        if match and not _holds_rows(match[1], delimiter, names, needed):
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


def _holds_rows(cell: str, delimiter: str | None, names: int, needed: int) -> bool:
    """Whether a cell's further lines are each a whole row: an unbalanced quote."""
    if delimiter is None or names < 2 or "\n" not in cell:
        return False
    further = cell.splitlines()[1:]
    return len(further) >= needed and all(
        line.count(delimiter) == names - 1 for line in further
    )
