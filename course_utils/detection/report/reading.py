"""Generations as people have them: files of every form and layout, tables, lists."""

import re
import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from course_utils.detection.report.columns import (
    Choice,
    choose,
    fields_of,
    listed,
    prompt_of,
)
from course_utils.detection.report.forms import Row, Said, Unusable
from course_utils.detection.report.layouts import (
    as_list,
    at_path,
    is_chat,
    one_filter,
    texts_in,
    unwrapped,
)
from course_utils.detection.report.sources import name_of, source_rows

_REASONS = 5
_PLACES_NAMED = 20  # of the lines that can't be used for one reason
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACED = "\ufffd"


@dataclass(frozen=True)
class Generations:
    """The texts of a file, and what could not be read of it.

    prompts  of each text, or None where the file names none
    skipped  how many lines (or texts of a line with several) could not be used
    reasons  the first of them, in words; left_out has all
    notes    which column was taken and why, and what was mended, in sentences
    name     what the source is called
    field    where most texts stood, "" where lines are texts
    groups   for each text what stands in the field `by`, None without one
    """

    texts: list[str]
    prompts: list[str] | None
    skipped: int
    reasons: list[str]
    notes: list[str] = field(default_factory=list)
    name: str = "source"
    groups: list[Any] | None = None
    left_out: list[str] = field(default_factory=list)
    field: str = ""

    @property
    def remarks(self) -> list[str]:
        """All that a reader should know of the reading, each a sentence."""
        said = [f"{self.name}: {note}." for note in self.notes]
        if self.skipped:
            what = "line" if self.skipped == 1 else "lines"
            named = "; ".join(_by_reason(self.left_out))
            said.append(f"{self.name}: {self.skipped:,} {what} left out ({named}).")
        return said


def _by_reason(reasons: list[str]) -> Iterator[str]:
    """`line 3, line 5: why` for all places with one reason."""
    places: dict[str, list[str]] = {}
    for reason in reasons:
        place, _, why = reason.partition(": ")
        places.setdefault(why, []).append(place)
    for why, found in places.items():
        more = len(found) - _PLACES_NAMED
        rest = f" and {more:,} more" if more > 0 else ""
        yield f"{', '.join(found[:_PLACES_NAMED])}{rest}: {why}"


def read_generations(
    source: Any,
    field: str | None = None,
    prompt_field: str | None = None,
    encoding: str | None = None,
    by: str | None = None,
) -> Generations:
    """Read the texts of a path, an open file, a list, or a table.

    source  a path ("-": standard input; a folder: each .txt is a text), an open file,
            a list of texts or dicts, a datasets.Dataset or a pandas.DataFrame
    field   where the text stands; dots lead deeper (choices.0.message.content)
    prompt_field  where the prompt stands, likewise
    encoding      of a file that is neither UTF-8 nor has a byte-order mark
    by            a field to group texts by, such as model; "prompt" is the prompt

    A file's form (JSON lines or array, table, parquet, a text a line; gzip, zstd) is
    told from what stands in it. Without `field` the column is chosen by known names,
    never the one that repeats the prompt; `notes` say which, where more than one could
    be meant. Several texts in a line are texts of one prompt. A line that can't be
    used is counted, never fatal. Raises ValueError where there is no such file, where
    it is binary or in another encoding, and where no text is left.
    """
    name = name_of(source)
    rows = _unwrapped_rows(list(source_rows(source, encoding)))
    try:
        choice = Choice((field,)) if field else choose(_values(rows), prompt_field)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    found = _Found(by)
    for row, is_kept in zip(rows, one_filter(_values(rows)), strict=True):
        if is_kept:
            found.add(row, choice, bool(field), prompt_field or choice.prompt)
        else:
            found.filtered += 1
    if not found.texts:
        said = f" ({found.reasons[0]})" if found.reasons else ""
        raise ValueError(f"{name} holds no text{said}")
    _check_named("prompt_field", prompt_field, found.named, rows, name)
    _check_named("by", by, found.groups, rows, name)
    return found.generations(name, choice.why)


class _Found:
    """Texts and prompts as they are found, with what was wrong."""

    def __init__(self, by: str | None = None) -> None:
        self.by = by
        self.groups: list[Any] = []
        self.fields: Counter[str] = Counter()
        self.texts: list[str] = []
        self.prompts: list[str | None] = []
        self.reasons: list[str] = []
        self.said: list[str] = []
        self.named: list[str | None] = []  # prompts that the rows name
        self.cleaned = self.overfull = self.filtered = 0

    def add(self, row: Row, choice: Choice, is_named: bool, prompt: str | None) -> None:
        """Every text of a row, each with the row's prompt."""
        if isinstance(row.value, Said):
            self.said.append(row.value.note)
            return
        try:
            name, texts = _texts_of(row.value, choice, is_named)
        except ValueError as error:
            self.reasons.append(f"{row.place}: {error}")
            return
        asked = prompt_of(row.value, prompt, name)
        self.named.append(asked)
        if asked is None and len(texts) > 1:
            asked = f"({row.place})"
        group = self._group_of(row.value, asked)
        self.fields[name] += 1
        self.overfull += isinstance(row.value, Mapping) and None in row.value
        for text in texts:
            if isinstance(text, str) and text.strip():
                self.cleaned += bool(_SURROGATE.search(text))
                self.texts.append(_clean(text))
                self.prompts.append(None if asked is None else _clean(asked))
                self.groups.append(group)
            else:
                self.reasons.append(f"{row.place}: the text is {reprlib.repr(text)}")

    def _group_of(self, row: Any, prompt: str | None) -> Any:
        if self.by is None:
            return None
        try:
            return at_path(row, self.by)
        except (KeyError, TypeError):
            return prompt if self.by == "prompt" else None

    def generations(self, name: str, why: str) -> Generations:
        named = any(prompt is not None for prompt in self.prompts)
        prompts = [prompt or "" for prompt in self.prompts] if named else None
        used = [f for f, _ in self.fields.most_common() if f]
        if len(used) > 1:
            why = f"texts are {listed(used)}, whichever a row has"
        notes = [why] * bool(why) + list(self._notes())
        return Generations(
            self.texts,
            prompts,
            len(self.reasons),
            self.reasons[:_REASONS],
            notes,
            name,
            self.groups if self.by else None,
            self.reasons,
            self.fields.most_common(1)[0][0],
        )

    def _notes(self) -> Iterator[str]:
        yield from self.said
        if self.cleaned:
            yield f"{self.cleaned:,} texts held half a character, now {_REPLACED}"
        if self.overfull:
            yield f"{self.overfull:,} rows have more cells than the table has names"
        if self.filtered:
            yield f"{self.filtered:,} rows hold the same answers under another filter"


def _clean(text: str) -> str:
    return _SURROGATE.sub(_REPLACED, text)


def _values(rows: list[Row]) -> list[Any]:
    return [row.value for row in rows]


def _unwrapped_rows(rows: list[Row]) -> list[Row]:
    """A lone object may hold the rows."""
    if len(rows) != 1:
        return rows
    inner = unwrapped(rows[0].value)
    if len(inner) == 1:
        return [Row(rows[0].place, inner[0])]
    return [Row(f"entry {i}", value) for i, value in enumerate(inner, start=1)]


def _texts_of(value: Any, choice: Choice, is_named: bool) -> tuple[str, list[Any]]:
    """Which field of a row holds its texts, and these; ValueError if none."""
    value = as_list(value)
    if isinstance(value, Unusable):
        raise ValueError(value.reason)
    if isinstance(value, str):
        return "", [value]
    if is_chat(value) or (isinstance(value, list) and _holds_texts(value)):
        return "", texts_in(value)
    if not isinstance(value, Mapping) or not value:
        raise ValueError("neither a text nor an object")
    for name in choice.texts:
        try:
            found = texts_in(at_path(value, name))
        except (KeyError, TypeError):
            continue
        return name, found or [None]
    raise ValueError(_no_field(value, choice, is_named))


def _holds_texts(values: list[Any]) -> bool:
    return any(isinstance(value, (str, Mapping, list)) for value in values)


def _no_field(row: Mapping, choice: Choice, is_named: bool) -> str:
    there = f"the fields are {listed(fields_of([row]))}"
    if is_named:
        return f"no field {choice.texts[0]!r}; {there}"
    known = "'text' or 'generation' or another known name"
    return f"no field {known}; {there}: name one with field"


def _check_named(
    argument: str, field: str | None, values: list[Any], rows: list[Row], name: str
) -> None:
    """A field that was asked for must be somewhere."""
    dicts = [value for value in _values(rows) if isinstance(value, Mapping)]
    if not field or (not dicts and argument == "prompt_field"):
        return
    if all(value is None for value in values):
        what = "prompt" if argument == "prompt_field" else "value"
        there = f"the fields are {listed(fields_of(dicts))}" if dicts else "no fields"
        raise ValueError(
            f"{argument} is {field!r}, where {name} holds no {what}; {there}"
        )
