"""Files as people have them: each fault of its whole kind, in small inputs."""

import bz2
import csv
import gzip
import importlib.util
import io
import json
import lzma
import sys
import types
from pathlib import Path

import pytest

from course_utils.__main__ import main
from course_utils.detection.report.reading import read_generations
from course_utils.detection.report.writing import check_target, write_whole

PROMPTS = [f"Tell a story about the {thing}" for thing in ("mill", "lake", "boat")]
TEXTS = [f"{name} went out, and found a bär there." for name in ("Ada", "Bo", "Cy")]
ROWS = [{"prompt": p, "text": t} for p, t in zip(PROMPTS, TEXTS, strict=True)]


@pytest.fixture
def written(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def lines(entries):
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n"


def table(delimiter, *columns):
    names, *cells = zip(*columns, strict=True)
    quoted = [[f'"{cell}"' for cell in row] for row in cells]
    return "\n".join(delimiter.join(row) for row in [names, *quoted]) + "\n"


# --- form before name

FORMS = {
    "JSON lines": lines(ROWS),
    "array on many lines": json.dumps(ROWS, indent=2),
    "array on one line": json.dumps(ROWS),
    "objects on many lines": "\n".join(json.dumps(row, indent=1) for row in ROWS),
    "an object of rows": json.dumps({"model": "m", "data": ROWS}),
    "an object of columns": json.dumps({"prompt": PROMPTS, "text": TEXTS}),
}
JSON_NAMES = ["a.json", "a.jsonl", "a.ndjson", "a.txt", "a.csv", "a"]


@pytest.mark.parametrize("name", JSON_NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_json_is_known_by_what_stands_in_it(written, form, name):
    found = read_generations(written(name, FORMS[form]))
    assert (found.texts, found.prompts, found.skipped) == (TEXTS, PROMPTS, 0)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a", "a.jsonl"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_known_by_the_line_of_names(written, delimiter, name):
    content = table(delimiter, ("prompt", *PROMPTS), ("text", *TEXTS))
    found = read_generations(written(name, content))
    assert (found.texts, found.prompts) == (TEXTS, PROMPTS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
@pytest.mark.parametrize("content", ["\n".join(TEXTS), lines(ROWS)])
def test_an_encoding_is_known_by_its_mark(written, content, encoding):
    found = read_generations(written("a.txt", content.encode(encoding)))
    assert found.texts == TEXTS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl", "a"])
def test_packed_files_are_unpacked_whatever_their_name(written, pack, name):
    assert read_generations(written(name, pack(lines(ROWS).encode()))).texts == TEXTS


def test_zstd_and_parquet_are_read_or_named(written, monkeypatch):
    for name, content, package in (
        ("a.jsonl", b"\x28\xb5\x2f\xfd" + b"\x00" * 20, "zstandard"),
        ("a.csv", b"PAR1" + b"\x00" * 20 + b"PAR1", "pyarrow"),
    ):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ValueError, match=f"needs the package {package}"):
            read_generations(written(name, content))


@pytest.mark.skipif(not importlib.util.find_spec("pyarrow"), reason="no pyarrow")
def test_parquet_is_read(written):
    import pyarrow
    import pyarrow.parquet

    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    assert read_generations(written("a.bin", sink.getvalue())).texts == TEXTS
    with pytest.raises(ValueError, match="damaged parquet"):
        read_generations(written("b.parquet", sink.getvalue()[:60]))


@pytest.mark.skipif(not importlib.util.find_spec("zstandard"), reason="no zstandard")
def test_zstd_is_read(written):
    import zstandard

    packed = zstandard.compress(lines(ROWS).encode())
    assert read_generations(written("a.jsonl.zst", packed)).texts == TEXTS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(range(256)) * 4, "is not text|holds binary data"),
        (b"\x00\x01\x02" * 50, "holds binary data"),
        (b"\x80\x04\x95" + b"\x00" * 50, "is not text|holds binary data"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 9, "is an image"),
        (b"PK\x03\x04" + b"\x00" * 9, "is a zip archive"),
        ("\n".join(TEXTS).encode("latin-1"), "not text in UTF-8 .byte 0xe4 in line 1"),
        (
            gzip.compress(b"some text\n" * 99, mtime=0)[:-9],
            "gzip file that is damaged or cut",
        ),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_what_is_no_text_is_one_clear_error(written, name, content, message):
    with pytest.raises(ValueError, match=message):
        read_generations(written(name, content))


def test_an_encoding_can_be_named(written):
    path = written("a.txt", "\n".join(TEXTS).encode("latin-1"))
    assert read_generations(path, encoding="latin-1").texts == TEXTS
    with pytest.raises(ValueError, match="encoding is 'latin-x', which is not known"):
        read_generations(path, encoding="latin-x")


def test_plain_lines_with_brackets_stay_plain(written):
    texts = ["[Bo] goes out.", "{he} comes back", '"So," he said, "what?"', "[1] one"]
    assert read_generations(written("a.txt", "\n".join(texts))).texts == texts


def test_only_real_line_ends_end_a_line(written):
    text = "one\u2028two\x85three\x0cfour"
    assert read_generations(written("a.txt", text + "\r\n")).texts == [text]
    assert read_generations(written("a.jsonl", lines([{"text": text}]))).texts == [text]


# --- layouts


def chat(prompt, text, role="role", user="user", bot="assistant", content="content"):
    system = {role: "system", content: "Be kind."}
    return [system, {role: user, content: prompt}, {role: bot, content: text}]


def batch(text):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    return {
        "custom_id": "r",
        "response": {"body": {"choices": [choice]}},
        "error": None,
    }


def shared_gpt(prompt, text):
    return {"conversations": chat(prompt, text, "from", "human", "gpt", "value")}


WITH_PROMPTS = {
    "lm-eval": lambda p, t: {
        "doc_id": 1,
        "doc": {"q": p},
        "target": "42",
        "arguments": [[p, {"until": []}]],
        "resps": [[t]],
        "filtered_resps": ["42"],
    },
    "lm-eval, newer": lambda p, t: {
        "arguments": {"gen_args_0": {"arg_0": p, "arg_1": {}}},
        "resps": [[t]],
        "filtered_resps": [t],
    },
    "messages": lambda p, t: {"messages": chat(p, t)},
    "conversations": shared_gpt,
    "parts": lambda p, t: {"messages": chat(p, [{"type": "text", "text": t}])},
    "vLLM texts": lambda p, t: {"prompt": p, "outputs": [t]},
    "vLLM objects": lambda p, t: {"prompt": p, "outputs": [{"index": 0, "text": t}]},
    "chosen": lambda p, t: {"prompt": p, "chosen": t, "rejected": "No."},
    "chosen chats": lambda p, t: {"chosen": chat(p, t), "rejected": chat(p, "No.")},
    "alpaca": lambda p, t: {"instruction": p, "input": "", "output": t},
    "prompt of messages": lambda p, t: {"prompt": chat(p, "")[:2], "response": t},
    "prompt beside chat": lambda p, t: {"messages": chat(p, "")[:2], "response": t},
    "chat in a cell": lambda p, t: {"id": "1", "messages": json.dumps(chat(p, t))},
    "plural": lambda p, t: {"prompts": p, "texts": [t]},
    "capitals": lambda p, t: {"Prompt": p, "Model Output": t},
}
WITHOUT_PROMPTS = {
    "OpenAI batch": batch,
    "OpenAI answer": lambda t: {"choices": [{"index": 0, "text": t}]},
    "Anthropic batch": lambda t: {
        "result": {"message": {"content": [{"type": "text", "text": t}]}}
    },
    "pipeline": lambda t: [{"generated_text": t}],
    "pipeline of chats": lambda t: [{"generated_text": chat("Hi", t)}],
    "reasoning": lambda t: {
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": t}]},
        ]
    },
    "lone": lambda t: {"generated_text": t},
    "capital": lambda t: {"Text": t},
}


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("layout", WITH_PROMPTS)
def test_layouts_with_prompts(written, layout, as_array):
    pairs = zip(PROMPTS, TEXTS, strict=True)
    rows = [WITH_PROMPTS[layout](prompt, text) for prompt, text in pairs]
    path = written("a.json", json.dumps(rows, indent=1) if as_array else lines(rows))
    found = read_generations(path)
    assert (found.texts, found.prompts, found.skipped) == (TEXTS, PROMPTS, 0)


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("layout", WITHOUT_PROMPTS)
def test_layouts_without_prompts(written, layout, as_array):
    rows = [WITHOUT_PROMPTS[layout](text) for text in TEXTS]
    path = written("a.json", json.dumps(rows, indent=1) if as_array else lines(rows))
    assert read_generations(path).texts == TEXTS


@pytest.mark.parametrize(
    "several",
    [
        lambda p, ts: {"prompt": p, "response": ts},
        lambda p, ts: {"prompt": p, "responses": ts},
        lambda p, ts: {"prompt": p, "outputs": [{"text": t} for t in ts]},
        lambda p, ts: {
            "prompt": p,
            "choices": [
                {"index": i, "message": {"content": t}} for i, t in enumerate(ts)
            ],
        },
        lambda p, ts: {"arguments": [[p, {}]], "resps": [ts]},
    ],
)
def test_several_texts_of_a_line_are_of_one_prompt(written, several):
    rows = [several(p, [t, t + " Twice."]) for p, t in zip(PROMPTS, TEXTS, strict=True)]
    found = read_generations(written("a.jsonl", lines(rows)))
    assert found.texts == [t for text in TEXTS for t in (text, text + " Twice.")]
    assert found.prompts == [p for p in PROMPTS for _ in range(2)]


def test_texts_of_a_line_without_a_prompt_stay_together(written):
    rows = [[text, text + " Twice."] for text in TEXTS]
    found = read_generations(written("a.jsonl", lines(rows)))
    assert found.prompts == [f"(line {i})" for i in (1, 1, 2, 2, 3, 3)]
    by_prompt = dict(zip(PROMPTS, rows, strict=True))
    found = read_generations(written("b.json", json.dumps(by_prompt)))
    assert found.prompts == [p for p in PROMPTS for _ in range(2)]


def test_an_alpaca_row_keeps_instruction_and_input():
    row = {"instruction": "Sort this", "input": "b a", "output": "It is a b."}
    assert read_generations([row]).prompts == ["Sort this\n\nb a"]


def test_the_same_answers_under_another_filter_count_once():
    rows = [{"doc_id": i, "resps": [[t]]} for i, t in enumerate(TEXTS)]
    twice = [row | {"filter": name} for name in ("strict", "loose") for row in rows]
    found = read_generations(twice)
    assert found.texts == TEXTS
    assert "3 rows hold the same answers" in found.remarks[0]


# --- which column, and why


@pytest.mark.parametrize(
    "answer", ["response", "output", "model_output", "gpt4_output"]
)
@pytest.mark.parametrize("echo", ["{}", "Write: {}", " {}\n"])
def test_a_column_that_repeats_the_prompt_is_not_taken(answer, echo):
    rows = [
        {"prompt": r["prompt"], "text": echo.format(r["prompt"]), answer: r["text"]}
        for r in ROWS
    ]
    found = read_generations(rows)
    assert found.texts == TEXTS
    assert found.notes == [f"texts are {answer!r}: 'text' repeats the prompt"]


def test_a_choice_between_columns_is_said():
    found = read_generations([{"text": p, "response": "An answer."} for p in PROMPTS])
    assert set(found.texts) == {"An answer."}
    assert "'response'" in found.remarks[0]
    assert "not 'text'" in found.remarks[0]
    assert read_generations([{"text": "a", "response": "b"}], field="text").texts == [
        "a"
    ]


def test_an_unknown_column_is_taken_where_the_known_one_is_the_prompt():
    rows = [{"prompt": p, "text": p} for p in PROMPTS]
    with pytest.raises(ValueError, match="'text' is the prompt again; the fields are"):
        read_generations(rows)
    rows = [row | {"gemma": t} for row, t in zip(rows, TEXTS, strict=True)]
    assert read_generations(rows).texts == TEXTS


def test_prompt_and_continuation_in_one_column_are_texts():
    rows = [
        {"prompt": p, "text": f"{p}. {t}"} for p, t in zip(PROMPTS, TEXTS, strict=True)
    ]
    assert read_generations(rows).texts == [row["text"] for row in rows]


@pytest.mark.parametrize(
    "path",
    [
        "response.body.choices.0.message.content",
        "response.body.choices[0].message.content",
        "response.body.choices.message.content",
        "response.body.choices[].message.content",
        "response",
    ],
)
def test_a_path_leads_deeper(path):
    assert read_generations([batch(t) for t in TEXTS], field=path).texts == TEXTS


def test_a_name_with_dots_counts_first_and_prompts_have_paths():
    rows = [
        {"a.b": t, "meta": {"ask": [p]}} for p, t in zip(PROMPTS, TEXTS, strict=True)
    ]
    found = read_generations(rows, field="a.b", prompt_field="meta.ask.0")
    assert (found.texts, found.prompts) == (TEXTS, PROMPTS)


def test_errors_list_the_fields_that_are_there():
    with pytest.raises(
        ValueError, match="no field 'story'; the fields are 'prompt', 'te"
    ):
        read_generations(ROWS, field="story")
    with pytest.raises(ValueError, match="the fields are 'name', 'age': name one"):
        read_generations([{"name": "Bo", "age": 3}])
    with pytest.raises(
        ValueError, match="prompt_field is 'ask', where source holds no"
    ):
        read_generations(ROWS, prompt_field="ask")


# --- lines that can't be used


def test_numbers_and_nulls_are_counted_and_named(written):
    rows = [row if i % 2 else {"text": None} for i, row in enumerate(ROWS * 4)]
    found = read_generations(written("a.jsonl", lines(rows)))
    assert (len(found.texts), found.skipped) == (6, 6)
    assert found.reasons[0] == "line 1: the text is None"
    with pytest.raises(ValueError, match=r"holds no text \(line 1: the text is 0\)"):
        read_generations(written("b.jsonl", lines([{"text": i} for i in range(5)])))


@pytest.mark.parametrize("form", ["JSON lines", "array on many lines"])
def test_a_file_that_is_cut_off_loses_one_entry(written, form):
    found = read_generations(written("a.json", FORMS[form].rstrip()[:-20]))
    assert (found.texts, found.skipped) == (TEXTS[:2], 1)
    assert "cut off, or no JSON" in found.reasons[0]


@pytest.mark.parametrize("as_array", [False, True])
def test_deep_json_is_one_bad_entry(written, as_array):
    deep = '{"text": ' + "[" * 200_000 + "]" * 200_000 + "}"
    rows = [json.dumps(ROWS[0]), deep, json.dumps(ROWS[1])]
    content = "[\n" + ",\n".join(rows) + "\n]" if as_array else "\n".join(rows)
    found = read_generations(written("a.json", content))
    assert (found.texts, found.skipped) == (TEXTS[:2], 1)
    assert "nested too deeply" in found.reasons[0]


def test_a_character_that_is_cut_off_is_counted(written):
    found = read_generations(written("a.txt", "one\nb\xe4".encode()[:-1]))
    assert found.texts == ["one", "b\ufffd"]
    assert "1 texts held half a character" in found.remarks[0]


@pytest.mark.parametrize("form", ["lines", "table", "raw"])
def test_half_a_character_is_replaced_and_counted(written, form, tmp_path):
    half = "a half \ud83d emoji"
    if form == "lines":
        content = json.dumps({"text": half}).encode()
    else:
        name = "text\n" if form == "table" else ""
        content = (name + half).encode("utf-8", "surrogatepass")
    end = {"lines": "jsonl", "table": "csv", "raw": "txt"}[form]
    found = read_generations(written(f"a.{end}", content))
    assert found.texts == ["a half \ufffd emoji"]
    assert "1 texts held half a character" in found.remarks[0]


def test_a_cell_of_any_length_is_read(written):
    long = "word " * 3_000_000
    path = written("a.csv", f'prompt,text\np,"{long}"\nq,short one\n')
    assert list(map(len, read_generations(path).texts)) == [len(long), 9]


@pytest.mark.parametrize("delimiter", ["\t", ","])
@pytest.mark.parametrize("at", [[5], [5, 40], [5, 6, 59]])
def test_an_unbalanced_quote_swallows_nothing(written, delimiter, at):
    texts = [f"text {i} goes on" for i in range(60)]
    for i in at:
        texts[i] = '"' + texts[i]
    rows = [f"p{i}{delimiter}{text}" for i, text in enumerate(texts)]
    content = "\n".join([f"prompt{delimiter}response", *rows])
    assert read_generations(written("a.tsv", content)).texts == texts


def test_an_unbalanced_pair_of_quotes_swallows_nothing(written):
    texts = [f"text {i} goes on" for i in range(60)]
    texts[5], texts[40] = '"' + texts[5], texts[40] + '"'
    rows = [f"p{i}\t{text}" for i, text in enumerate(texts)]
    found = read_generations(written("a.tsv", "\n".join(["prompt\ttext", *rows])))
    assert found.texts == texts


def test_line_breaks_stay_in_a_quoted_cell(written):
    poem = "one, two\nthree,\n\nfour five"
    content = f'id,text,prompt\n1,"{poem}",p\n2,"He said ""no"".",q\n'
    found = read_generations(written("a.csv", content))
    assert found.texts == [poem, 'He said "no".']
    assert found.prompts == ["p", "q"]


def test_rows_with_too_many_cells_are_said(written):
    found = read_generations(written("a.csv", "prompt,text\np,one, two\nq,three\n"))
    assert "1 rows have more cells" in found.remarks[0]


# --- sources


class Columns:
    """Looks like a table of pandas."""

    columns = ("prompt", "text")

    def __iter__(self):
        return iter(self.columns)

    def to_dict(self, orient):
        assert orient == "records"
        return ROWS


@pytest.mark.parametrize(
    "source",
    [
        ROWS,
        tuple(ROWS),
        (row for row in ROWS),
        {"prompt": PROMPTS, "text": TEXTS},
        Columns(),
        io.StringIO(lines(ROWS)),
        io.BytesIO(gzip.compress(lines(ROWS).encode())),
    ],
)
def test_lists_tables_and_open_files(source):
    found = read_generations(source)
    assert (found.texts, found.prompts) == (TEXTS, PROMPTS)


def test_lists_of_texts_and_true_tables():
    assert read_generations(TEXTS).texts == TEXTS
    if importlib.util.find_spec("pandas"):
        import pandas

        assert read_generations(pandas.DataFrame(ROWS)).prompts == PROMPTS
        assert read_generations(pandas.Series(TEXTS)).texts == TEXTS
    if importlib.util.find_spec("datasets"):
        import datasets

        own = datasets.Dataset.from_list(ROWS)
        assert read_generations(own).prompts == PROMPTS
        with pytest.raises(ValueError, match="holds the splits 'train'"):
            read_generations(datasets.DatasetDict(train=own))


@pytest.mark.parametrize("source", [3, None, b"text"])
def test_another_kind_of_source_is_named(source):
    with pytest.raises(ValueError, match=r"source is a \w+; allowed are a path"):
        read_generations(source)


def test_a_folder_of_texts(written, tmp_path):
    for i, text in enumerate(TEXTS):
        written(f"own/{i}.txt", f"{text}\n\nMore.\n")
    written("own/notes.log", "x")
    written("own/.hidden.txt", "x")
    found = read_generations(tmp_path / "own")
    assert found.texts == [f"{text}\n\nMore." for text in TEXTS]
    assert found.reasons == ["notes.log: not a .txt file"]
    written("shards/a.jsonl", lines(ROWS[:2]))
    written("shards/b.jsonl", lines(ROWS[2:]))
    assert read_generations(tmp_path / "shards").texts == TEXTS


def test_names_that_no_file_can_have():
    for path in ("none.txt", "x" * 5000, "a\0b"):
        with pytest.raises(ValueError, match="where there is no file"):
            read_generations(path)


# --- the command


@pytest.fixture
def own(written):
    texts = [f"{a} {b} the {c}." for a in "ABC" for b in ("ran", "sat") for c in "xyz"]
    rows = [{"chosen": t, "rejected": t + " And so on it went."} for t in texts]
    return written("own.jsonl", lines(rows))


def test_standard_input_is_read(own, monkeypatch, capsys):
    stdin = types.SimpleNamespace(buffer=io.BytesIO(own.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    main(["report", "-", "--reference-field", "rejected"])
    printed = capsys.readouterr().out
    assert "18 texts" in printed
    assert "standard input: texts are 'chosen'" in printed


def test_two_columns_of_a_table_are_compared(own, tmp_path, capsys):
    target = tmp_path / "out.json"
    command = ["report", str(own), "--field", "chosen"]
    main([*command, "--reference-field", "rejected", "--json", str(target)])
    assert json.loads(target.read_text())["reference_texts"] == 18


@pytest.mark.parametrize("ending", [".html", ".HTML", ".Htm"])
def test_a_page_is_known_in_any_spelling(own, tmp_path, ending, capsys):
    target = tmp_path / f"out{ending}"
    main(["report", str(own), "--html", str(target)])
    assert target.read_text().startswith("<!doctype html>")
    assert {path.name for path in tmp_path.iterdir()} == {"own.jsonl", target.name}


@pytest.mark.parametrize(
    ("option", "target", "message"),
    [
        ("--html", "out.json", r"allowed ends are \.html and \.htm"),
        ("--html", "out", "allowed ends are"),
        ("--json", "out.html", r"allowed ends are \.json"),
        ("--html", "none/out.html", "there is no folder"),
    ],
)
def test_a_wrong_target_is_refused_before_the_work(tmp_path, option, target, message):
    with pytest.raises(SystemExit, match=message):
        main(["report", str(tmp_path / "missing"), option, str(tmp_path / target)])


def test_the_texts_are_not_written_over(own):
    own = own.rename(own.with_suffix(".json"))
    with pytest.raises(SystemExit, match="which holds the texts"):
        main(["report", str(own), "--json", str(own)])


def test_a_target_is_whole_or_as_it_was(tmp_path, monkeypatch):
    target = tmp_path / "out.html"
    target.write_text("before")
    (tmp_path / "is.html").mkdir()
    with pytest.raises(ValueError, match="which is a folder"):
        check_target(tmp_path / "is.html")

    def stopped(self, other):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", stopped)
        write_whole(target, "after")
    assert target.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"out.html", "is.html"}
    write_whole(target, "half \ud83d")
    assert target.read_text() == "half ?"


def test_a_stop_by_hand_is_one_line(own, monkeypatch, capsys):
    def stopped(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("course_utils.detection.report.collapse_report", stopped)
    with pytest.raises(SystemExit) as caught:
        main(["report", str(own)])
    assert caught.value.code == 130
    said = capsys.readouterr().err
    assert said == "stopped while measuring 18 texts of own.jsonl: no report was made\n"


@pytest.mark.parametrize(("columns", "apart"), [(2, 6), (3, 4), (4, 2), (5, 2), (8, 2)])
def test_two_quotes_that_nobody_closed_join_no_rows(tmp_path, columns, apart):
    """Lines between them are whole rows, so no cell holds them."""
    names = ["text", *(f"n{i}" for i in range(columns - 1))]
    rows = [[f"text {i}", *map(str, range(columns - 1))] for i in range(30)]
    for i in (5, 5 + apart):
        rows[i][0] = f'"{rows[i][0]}'
    rows[5 + apart][-1] += '"'
    path = tmp_path / "a.csv"
    path.write_text("\n".join(map(",".join, [names, *rows])))
    assert len(read_generations(path).texts) == 30


POEM = "Wild, the wind\nLow, the sun\nGone, the geese\nLong, the night\nStill, the lake"
LISTS = "a, b, c\nd, e, f\ng, h, i\nj, k, l\nm, n, o\np, q, r"


@pytest.mark.parametrize(
    ("names", "cell"),
    [("text,n", POEM), ("prompt,text,n", LISTS), ("text\tn", "A\tB\nx\ty\nz\tw")],
)
def test_a_sound_table_is_taken_at_its_word(tmp_path, names, cell):
    delimiter = "\t" if "\t" in names else ","
    columns = names.split(delimiter)
    rows = [
        [text if name == "text" else "7" for name in columns] for text in (cell, "b")
    ]
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([columns, *rows])
    found = read_generations(path)
    assert [text.replace("\r\n", "\n") for text in found.texts] == [cell, "b"]
    assert any("is a quote missing there?" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("row", "texts", "prompts"),
    [
        ({"question": "q", "answer": "gold", "model_answer": "m"}, ["m"], ["q"]),
        ({"prompt": "p", "text": "p", "model_output_text": "m"}, ["m"], ["p"]),
        ({"prompt": 17, "response": "m"}, ["m"], ["17"]),
        ({"user": "u123", "text": "m"}, ["m"], None),
        ({"user": "what is it?", "text": "m"}, ["m"], ["what is it?"]),
        ({"prompt": "p", "responses": '["one", "two"]'}, ["one", "two"], ["p", "p"]),
        ({"prompt": "p", "responses": "['one', 'two']"}, ["one", "two"], ["p", "p"]),
        ({"text": '["no list'}, ['["no list'], None),
        (
            {
                "chat": "[{'role': 'user', 'content': 'hi'}, "
                "{'role': 'assistant', 'content': 'ho'}]"
            },
            None,
            None,
        ),
        (
            {
                "messages": "[ {'role': 'user', 'content': 'hi'}, "
                "{'role': 'assistant', 'content': 'ho'}]"
            },
            ["ho"],
            ["hi"],
        ),
        (
            {
                "response": [
                    {"type": "text", "text": "a "},
                    {"type": "text", "text": "b"},
                ]
            },
            ["a b"],
            None,
        ),
    ],
)
def test_layouts_that_people_have(row, texts, prompts):
    if texts is None:
        with pytest.raises(ValueError, match="name one with field"):
            read_generations([row] * 3)
        return
    found = read_generations([row] * 3)
    assert (found.texts, found.prompts) == (texts * 3, prompts and prompts * 3)


def test_both_fields_are_named_where_rows_differ():
    rows = [{"response": "a"}, {"text": "b"}, {"response": "c"}]
    assert read_generations(rows).notes == [
        "texts are 'response', 'text', whichever a row has"
    ]


def test_a_prompt_field_that_nothing_has_is_refused_for_several_texts_a_row():
    rows = [{"prompt": "p", "outputs": ["a", "b"]}] * 3
    with pytest.raises(ValueError, match="prompt_field is 'nope'"):
        read_generations(rows, prompt_field="nope")


def test_a_table_may_begin_with_an_empty_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\nprompt,response\na,b\n")
    assert read_generations(path).texts == ["b"]


def test_a_column_that_repeats_is_the_prompt_where_none_is_named():
    rows = [{"text": f"Tell of {i // 3}", "response": f"a tale {i}"} for i in range(12)]
    found = read_generations(rows)
    assert found.prompts == [row["text"] for row in rows]
    assert "prompts are 'text'" in found.notes[0]
    rows = [{"text": f"one {i}", "response": f"another {i}"} for i in range(12)]
    assert read_generations(rows).prompts is None
