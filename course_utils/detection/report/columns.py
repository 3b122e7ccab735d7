"""Which column holds the texts and which the prompts, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.detection.report.layouts import (
    PROMPT_FIELDS,
    TEXT_FIELDS,
    as_list,
    at_path,
    is_answer_name,
    is_other_name,
    is_text_name,
    own_name,
    plain_name,
    prompt_in,
    texts_in,
)

_LOOKED_AT = 200  # rows that decide
_MOSTLY = 0.9
_REPEATS = 0.5  # different texts of a column of prompts, at most
_OWN_WORDS = 5  # a text with fewer besides the prompt's repeats the prompt
_FIELDS_LISTED = 12


@dataclass(frozen=True)
class Choice:
    """The columns that could hold the texts, the best first, and why it is.

    A row's text stands in the first of them that the row has. `prompt` is a column of
    texts that must be the prompts, since it repeats and no column is named so.
    """

    texts: tuple[str, ...]
    why: str = ""
    prompt: str | None = None


def choose(rows: Sequence[Any], prompt_field: str | None = None) -> Choice:
    """The column of texts, by name and by what stands there, never the prompt's.

    Raises ValueError where the only one repeats the prompt in nearly every row.
    """
    dicts = [row for row in rows if isinstance(row, Mapping)][:_LOOKED_AT]
    found = {n: _texts_of(dicts, n) for n in _candidates(dicts, prompt_field)}
    prompts = {n: [prompt_of(row, prompt_field, n) for row in dicts] for n in found}
    echo = {n: _echoes(found[n], prompts[n]) for n in found}
    own = [n for n in found if any(found[n]) and not echo[n]]
    repeated = [n for n in found if any(found[n]) and echo[n]]
    first = prompts[repeated[0]] if repeated else []
    if not own and repeated and _equal(found[repeated[0]], first):
        own = _unnamed(dicts, [*found], first, prompt_field)
        if not own:
            raise ValueError(
                f"{repeated[0]!r} is the prompt again; the fields are "
                f"{listed(fields_of(dicts))}: name one with field"
            )
    if not own:
        return Choice((*repeated, *(n for n in found if n not in repeated)))
    is_known = own[0] not in prompts or any(prompts[own[0]])
    prompt = None if is_known else _repeating(own, found)
    why = _why(own, repeated) + (f", and prompts are {prompt!r}" if prompt else "")
    return Choice(tuple(n for n in own if n != prompt), why, prompt)


def _repeating(own: Sequence[str], found: Mapping[str, Sequence]) -> str | None:
    """A column whose texts come again, where those of the surest one hardly do."""
    kinds = {n: len(set(found[n])) / len(found[n]) for n in own}
    others = [n for n in own[1:] if kinds[n] <= _REPEATS < kinds[own[0]]]
    return others[0] if others else None


def prompt_of(row: Any, field: str | None = None, text: str = "") -> str | None:
    """The prompt of a row, unless it stands where the text does without a chat."""
    if not isinstance(row, Mapping):
        return None
    if field is not None:
        try:
            return prompt_in(at_path(row, field))
        except KeyError:
            return None
    instruction = own_name(row, "instruction")
    if instruction and not own_name(row, "prompt"):
        parts = [prompt_in(row[instruction])]
        more = own_name(row, "input") or own_name(row, "context")
        parts += [prompt_in(row[more])] if more and more != text else []
        return "\n\n".join(filter(None, parts)) or None
    return _first_prompt(row, text)


def fields_of(rows: Iterable[Any]) -> list[str]:
    """All names of the rows, in their order."""
    names = (n for row in rows if isinstance(row, Mapping) for n in row if n)
    return list(dict.fromkeys(map(str, names)))


def listed(names: Sequence[str]) -> str:
    """Names as a sentence holds them."""
    shown = [repr(name) for name in names[:_FIELDS_LISTED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _first_prompt(row: Mapping, text: str) -> str | None:
    for known in (*PROMPT_FIELDS, "chosen"):
        name = own_name(row, known)
        if name is None or (name == text and isinstance(as_list(row[name]), str)):
            continue
        if known == "chosen" and isinstance(row[name], str):
            continue
        found = prompt_in(row[name])
        if known == "user" and found is not None and " " not in found.strip():
            continue  # somebody's name
        if found is not None:
            return found
    return None


def _candidates(rows: Sequence[Mapping], prompt_field: str | None) -> list[str]:
    """Names that could hold texts, the surest first."""
    names = [n for n in fields_of(rows) if n != prompt_field]
    order = {name: place for place, name in enumerate(TEXT_FIELDS)}
    known = [n for n in names if is_text_name(n)]
    known.sort(key=lambda n: order[plain_name(n)])
    like = [n for n in names if n not in known and is_answer_name(n)]
    prompts = [n for n in like if plain_name(n) in PROMPT_FIELDS]
    like = [n for n in like if n not in prompts]
    sure = order["text"]
    before = [n for n in known if order[plain_name(n)] < sure]
    return [*before, *like, *(n for n in known if n not in before)]


def _texts_of(rows: Sequence[Mapping], name: str) -> list[str | None]:
    """The first text that each row has under `name`."""
    texts = []
    for row in rows:
        found = texts_in(row[name]) if row.get(name) is not None else [None]
        told = [t for t in found if isinstance(t, str) and t.strip()]
        texts.append(told[0] if told else None)
    return texts


def _pairs(
    texts: Sequence[str | None], prompts: Sequence[str | None]
) -> list[tuple[str, str]]:
    pairs = zip(texts, prompts, strict=True)
    return [(" ".join(t.split()), " ".join(p.split())) for t, p in pairs if t and p]


def _echoes(texts: Sequence[str | None], prompts: Sequence[str | None]) -> bool:
    """Whether most texts say little besides their prompt."""
    pairs = _pairs(texts, prompts)
    said = [p in t and len(t.replace(p, " ").split()) < _OWN_WORDS for t, p in pairs]
    return bool(said) and sum(said) > len(said) / 2


def _equal(texts: Sequence[str | None], prompts: Sequence[str | None]) -> bool:
    pairs = _pairs(texts, prompts)
    return sum(t == p for t, p in pairs) >= _MOSTLY * max(len(pairs), 1)


def _unnamed(
    rows: Sequence[Mapping],
    seen: Sequence[str],
    prompts: Sequence[str | None],
    prompt_field: str | None,
) -> list[str]:
    """The one column with other texts, where every known name repeats the prompt."""
    taken = {*seen, prompt_field, *PROMPT_FIELDS}
    names = [n for n in fields_of(rows) if n not in taken and not is_other_name(n)]
    found = {n: _texts_of(rows, n) for n in names}
    other = [n for n in names if _is_prose(found[n]) and not _echoes(found[n], prompts)]
    return other if len(other) == 1 else []


def _is_prose(texts: Sequence[str | None]) -> bool:
    told = [t for t in texts if t]
    return bool(told) and sum(len(t.split()) for t in told) > _OWN_WORDS * len(told)


def _why(own: Sequence[str], repeated: Sequence[str]) -> str:
    """Which column was taken and why, where there was a choice."""
    if repeated:
        verb = "repeat" if len(repeated) > 1 else "repeats"
        return f"texts are {own[0]!r}: {listed(repeated)} {verb} the prompt"
    if len(own) > 1:
        others = listed(own[1:])
        return f"texts are {own[0]!r}, the surest name for answers, not {others}"
    return "" if is_text_name(own[0]) else f"texts are {own[0]!r}, by its name"
