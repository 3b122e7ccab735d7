"""Generations from files of every kind, good and bad."""

import json

import pytest

from course_utils.detection.report.reading import read_generations


@pytest.fixture
def written(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def lines(*entries):
    return "\n".join(json.dumps(entry) for entry in entries) + "\n"


def test_json_lines_of_objects(written):
    path = written("a.jsonl", lines({"text": "one", "prompt": "p"}, {"text": "two"}))
    found = read_generations(path)
    assert found.texts == ["one", "two"]
    assert found.prompts == ["p", ""]
    assert found.skipped == 0


def test_json_lines_of_texts(written):
    found = read_generations(written("a.ndjson", lines("one", "two")))
    assert (found.texts, found.prompts) == (["one", "two"], None)


@pytest.mark.parametrize("field", ["generation", "completion", "output", "response"])
def test_usual_names_are_known(written, field):
    assert read_generations(written("a.jsonl", lines({field: "one"}))).texts == ["one"]


def test_a_field_can_be_named(written):
    path = written("a.jsonl", lines({"text": "no", "story": "yes", "who": "me"}))
    found = read_generations(path, field="story", prompt_field="who")
    assert (found.texts, found.prompts) == (["yes"], ["me"])


def test_bad_lines_are_counted_and_named(written):
    bad = '{"text": "half\n[1]\n{"text": 3}\n{"text": " "}\n{"other": "x"}\nnull\n'
    found = read_generations(written("a.jsonl", lines({"text": "one"}) + bad))
    assert found.texts == ["one"]
    assert found.skipped == 6
    assert len(found.reasons) == 5
    assert found.reasons[0].startswith("line 2: neither a text nor an object")
    assert "line 4: the text is 3" in found.reasons


def test_tables(written):
    comma = 'prompt,text\np,"a ""quoted"" text, with\nlines"\nq,\nr,three,four\n'
    found = read_generations(written("a.csv", comma))
    assert found.texts == ['a "quoted" text, with\nlines', "three"]
    assert found.prompts == ["p", "r"]
    assert found.skipped == 1
    tabs = read_generations(written("a.tsv", "text\tprompt\none, two\tp\n"))
    assert tabs.texts == ["one, two"]


def test_plain_text_is_a_text_a_line(written):
    content = "one\n\n  two \r\nb\xe4r \U0001f98a\n"
    found = read_generations(written("a.txt", content))
    assert found.texts == ["one", "two", "b\xe4r \U0001f98a"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "", "a.txt holds no text"),
        ("a.jsonl", "{}\n", r"a.jsonl holds no text \(line 1: neither a text"),
        ("a.csv", "name,age\nx,3\n", r"line 2: no field 'text' or 'generation'"),
    ],
)
def test_a_file_without_texts_is_one_clear_error(written, name, content, message):
    with pytest.raises(ValueError, match=message):
        read_generations(written(name, content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="where there is no file"):
        read_generations(tmp_path / "none.jsonl")
