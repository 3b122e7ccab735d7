"""Generations from a file: plain text, JSON lines or a table, bad lines counted."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TEXT_FIELDS = ("text", "generation", "completion", "output", "response")
PROMPT_FIELDS = ("prompt", "input", "instruction", "question")
_BAD_LINES_NAMED = 5
_LONGEST_FIELD = 10_000_000

Entry = tuple[int, str | dict]  # a line's number, and what stands there


@dataclass(frozen=True)
class Generations:
    """The texts of a file, and what could not be read of it.

    prompts  of each text, or None where the file names none
    skipped  how many lines could not be used
    reasons  the first of them, in words
    """

    texts: list[str]
    prompts: list[str] | None
    skipped: int
    reasons: list[str]


def read_generations(
    path: str | Path, field: str | None = None, prompt_field: str | None = None
) -> Generations:
    """Read .jsonl, .csv, .tsv, or any other file as one text a line.

    A JSON line is a text by itself or an object; a table has a line of names. `field`
    says where the text stands (default: text, generation, completion, output or
    response, whichever comes first), `prompt_field` the prompt (default: prompt, input,
    instruction or question, if there). A line that can't be used is counted, never
    fatal. Raises ValueError where there is no such file and where no text is left.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"path is {str(path)!r}, where there is no file")
    reader = _READERS.get(path.suffix.lower(), _plain_lines)
    texts, prompts, reasons = [], [], []
    for number, entry in reader(path):
        try:
            text = _text_of(entry, field)
        except ValueError as error:
            reasons.append(f"line {number}: {error}")
            continue
        texts.append(text)
        prompts.append(_prompt_of(entry, prompt_field))
    if not texts:
        said = f" ({reasons[0]})" if reasons else ""
        raise ValueError(f"{path.name} holds no text{said}")
    named = [prompt for prompt in prompts if prompt is not None]
    complete = [prompt or "" for prompt in prompts] if named else None
    return Generations(texts, complete, len(reasons), reasons[:_BAD_LINES_NAMED])


def _plain_lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line.strip()


def _json_lines(path: Path) -> Iterator[Entry]:
    for number, line in _plain_lines(path):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        yield number, entry if isinstance(entry, (str, dict)) else {}


def _table(path: Path) -> Iterator[Entry]:
    csv.field_size_limit(_LONGEST_FIELD)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file, delimiter=delimiter, restkey="")
        for row in rows:
            yield rows.line_num, row


_READERS = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _table,
    ".tsv": _table,
}


def _text_of(entry: str | dict, field: str | None) -> str:
    if isinstance(entry, str):
        text: object = entry
    else:
        if not entry:
            raise ValueError("neither a text nor an object")
        names = (field,) if field else TEXT_FIELDS
        name = next((name for name in names if name in entry), None)
        if name is None:
            raise ValueError(f"no field {' or '.join(map(repr, names))}")
        text = entry[name]
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"the text is {text!r}")
    return text


def _prompt_of(entry: str | dict, field: str | None) -> str | None:
    if isinstance(entry, str):
        return None
    names = (field,) if field else PROMPT_FIELDS
    found = next((entry[name] for name in names if name in entry), None)
    return found if isinstance(found, str) else None
