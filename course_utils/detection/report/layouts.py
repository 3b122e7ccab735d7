"""Layouts of generations, by the names that tools and people give: texts and prompts.

A value holds texts as a string, a list of them, messages of a chat, or objects of an
API's answer. A path with dots leads to a value that lies deeper.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Names of what a model wrote, the surest first.
TEXT_FIELDS = (
    *("response", "completion", "generation", "model_output", "output"),
    *("responses", "completions", "generations", "model_outputs", "outputs"),
    *("generated_text", "generated_texts", "generated", "prediction", "predictions"),
    *("reply", "model_response", "assistant", "choices", "candidates", "result"),
    *("resps", "filtered_resps", "text", "texts", "answer", "answers", "samples"),
    *("chosen", "messages", "conversations", "conversation", "content", "story"),
    "rejected",
)
PROMPT_FIELDS = (
    *("prompt", "input", "instruction", "question", "query", "user", "problem"),
    *("prompts", "questions", "instructions"),
    *("messages", "conversations", "conversation", "arguments"),
)
_ANSWER_WORDS = {
    *("output", "response", "completion", "generation", "generated", "answer"),
    *("outputs", "responses", "completions", "generations", "reply", "prediction"),
}
_OTHER_WORDS = {
    *("reference", "target", "gold", "label", "human", "prompt", "input", "id", "type"),
    *("tokens", "length", "score", "time", "url", "path", "file", "name", "model"),
    *("ids", "count", "logprob", "logprobs", "format", "reason", "correct", "expected"),
}
_ASSISTANTS = {"assistant", "gpt", "model", "bot", "chatgpt", "ai"}
_USERS = {"user", "human"}
# Where the text lies in an object of an API's answer, the surest first.
_INNER = (
    *("body", "choices", "candidates", "message", "output_text", "text", "content"),
    *("generated_text", "output", "outputs", "parts", "value", "response", "messages"),
    "arg_0",
)
_CONTAINERS = (
    *("data", "rows", "samples", "results", "examples", "instances", "items"),
    *("generations", "completions", "outputs", "responses", "requests", "records"),
)
_DEEPEST = 12
_LIST = re.compile(r"""\s*\[\s*(?:\{\s*)?["'].*["']\s*\}?\s*\]\s*\Z""", re.DOTALL)


def plain_name(name: Any) -> str:
    """A column's name in small letters, with `_` for what stands between words."""
    return re.sub(r"[\s_\-]+", "_", str(name).strip().lower())


def is_text_name(name: str) -> bool:
    return plain_name(name) in TEXT_FIELDS


def is_answer_name(name: Any) -> bool:
    """Whether a name such as gpt4_output or assistant_response tells of an answer."""
    parts = set(plain_name(name).split("_"))
    return bool(parts & _ANSWER_WORDS) and not parts & (_OTHER_WORDS - {"model"})


def is_other_name(name: Any) -> bool:
    """Whether a name tells that there is no answer: a reference, a score, an id."""
    return bool(set(plain_name(name).split("_")) & _OTHER_WORDS)


def texts_in(value: Any, depth: int = 0) -> list[Any]:
    """All texts of `value`; what should be one and isn't stands there as it is."""
    if depth > _DEEPEST:
        return [value]
    if isinstance(value, Mapping):
        name = next((n for n in _INNER if value.get(n) is not None), None)
        if name is None:
            return [None]
        if name in ("content", "parts"):
            return [_joined(value[name])]
        return texts_in(value[name], depth + 1)
    value = as_list(value)
    if is_chat(value):
        return [last_answer(value)]
    if isinstance(value, list):
        told = [entry for entry in value if not _is_thought(entry)]
        if told and all(_is_part(entry) for entry in told):
            return [_joined(told)]
        return [text for entry in told for text in texts_in(entry, depth + 1)]
    return [value]


def _is_part(entry: Any) -> bool:
    """Whether an entry is a piece of one message, such as {"type": "text", ...}."""
    return isinstance(entry, Mapping) and {*entry} == {"type", "text"}


def _is_thought(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("type") == "reasoning"


def as_list(value: Any) -> Any:
    """A tuple, an array, or a list in a table's cell as a list, others as they are."""
    if isinstance(value, str) and _LIST.match(value):
        return _list_in(value)
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "tolist") and getattr(value, "ndim", None):
        return value.tolist()
    return value


def _list_in(cell: str) -> Any:
    """A chat or a list of texts, in JSON or as Python writes it; else the cell."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if is_chat(value) or (_is_texts(value) and value):
            return value
    return cell


def is_chat(value: Any) -> bool:
    """Whether `value` is a list of messages of a user or an assistant."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(m, Mapping) and _role(m) for m in value)
        and not all("index" in m or "finish_reason" in m for m in value)
    )


def last_answer(chat: Sequence[Mapping]) -> str | None:
    """What the assistant said last, or None."""
    said = [_said(m) for m in chat if _role(m) in _ASSISTANTS]
    return said[-1] if said else None


def asked(chat: Sequence[Mapping]) -> str | None:
    """What the user said before the assistant's last message, or None."""
    answers = [i for i, m in enumerate(chat) if _role(m) in _ASSISTANTS]
    before = chat[: answers[-1]] if answers else chat
    said = [_said(m) for m in before if _role(m) in _USERS]
    return "\n\n".join(filter(None, said)) or None


def prompt_in(value: Any) -> str | None:
    """A prompt as a text: messages give what the user said."""
    value = as_list(value)
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if is_chat(value):
        return asked(value)
    if isinstance(value, Mapping) and value:
        if "gen_args_0" in value:
            return prompt_in(value["gen_args_0"])
        return prompt_in(texts_in(value)[0])
    if isinstance(value, list) and value:
        return prompt_in(value[0])
    return None


def at_path(value: Any, path: str) -> Any:
    """What lies at `path`, such as choices.0.message.content; KeyError if nothing.

    A name that holds dots itself counts first. In a list without a number, or with
    `*`, the path goes on in every entry.
    """
    if isinstance(value, Mapping):
        name = own_name(value, path)
        if name is not None:
            return value[name]
    steps = re.sub(r"\[(\d*)\]", lambda m: f".{m[1] or '*'}", path).split(".")
    for depth, step in enumerate(steps):
        value = as_list(value)
        if isinstance(value, list) and not step.isdigit():
            rest = ".".join(steps[depth + (step == "*") :])
            return [at_path(v, rest) for v in value] if rest else value
        value = _step(value, step)
    return value


def own_name(row: Mapping, name: str) -> Any:
    """How `row` spells `name` itself (capitals and spaces don't count), or None."""
    if name in row:
        return name
    return next((n for n in row if n and plain_name(n) == plain_name(name)), None)


def unwrapped(row: Any) -> list[Any]:
    """The rows that one object holds: below a usual name, or column by column."""
    if not isinstance(row, Mapping) or not row:
        return [row]
    for name in _CONTAINERS:
        inner = row.get(name)
        if not isinstance(inner, list) or not inner or is_chat(inner):
            continue
        if isinstance(inner[0], Mapping) and "prompt" not in row:
            return inner
    columns = [_column(value) for value in row.values()]
    lengths = {len(c) if c is not None else None for c in columns}
    known = any(map(is_text_name, map(str, row)))
    if known and len(row) > 1 and len(lengths) == 1 and None not in lengths:
        cells = zip(*(column or [] for column in columns), strict=True)
        return [dict(zip(row, values, strict=True)) for values in cells]
    if not known and all(_is_texts(value) for value in row.values()):
        return [{"prompt": p, "texts": texts} for p, texts in row.items()]
    return [row]


def _column(value: Any) -> list | None:
    if isinstance(value, Mapping):
        return [*value.values()]
    return value if isinstance(value, list) and not is_chat(value) else None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        name = own_name(value, step)
        if name is not None:
            return value[name]
    elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    raise KeyError(step)


def _role(message: Mapping) -> str:
    role = message.get("role", message.get("from"))
    return str(role).lower() if role and {"content", "value"} & {*message} else ""


def _said(message: Mapping) -> Any:
    return _joined(message.get("content", message.get("value")))


def _joined(content: Any) -> Any:
    """A message's content as one text: it may come in parts."""
    content = as_list(content)
    if isinstance(content, list):
        return "".join(filter(None, map(_part, content))) or None
    if isinstance(content, Mapping):
        return _joined(content.get("text", content.get("parts")))
    return content


def _part(part: Any) -> str | None:
    text = part.get("text") if isinstance(part, Mapping) else part
    return text if isinstance(text, str) else None


def one_filter(rows: Sequence[Any]) -> Iterator[bool]:
    """Which rows to keep: of the same answers under several filters, the first."""
    first = None
    for row in rows:
        name = row.get("filter") if isinstance(row, Mapping) else None
        if name is not None and "resps" in row:
            first = first or name
            yield name == first
        else:
            yield True
