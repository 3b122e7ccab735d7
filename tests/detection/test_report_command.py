"""`python -m course_utils report`: from files to pages, and exit codes."""

import json
import random
import subprocess
import sys

import pytest

from course_utils.__main__ import main
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def tales():
    return [story.text for story in StoryWorld().sample(450, seed=1)]


@pytest.fixture
def files(tmp_path, tales):
    own, reference = tmp_path / "own.jsonl", tmp_path / "reference.txt"
    rows = [json.dumps({"text": text}) for text in tales[:40]]
    own.write_text("\n".join(rows) + '\n{"text": "half')
    reference.write_text("\n".join(tales[100:160]))
    return own, reference


def test_the_command_writes_page_and_numbers(files, tmp_path, capsys):
    own, reference = map(str, files)
    page, numbers = tmp_path / "out.html", tmp_path / "out.json"
    main(
        [
            "report",
            own,
            "--reference",
            reference,
            "--html",
            str(page),
            "--json",
            str(numbers),
        ]
    )
    printed = capsys.readouterr().out
    assert "40 texts" in printed
    assert "own.jsonl: 1 line left out" in printed
    assert page.read_text().startswith("<!doctype html>")
    assert json.loads(numbers.read_text())["texts"] == 40


def test_an_error_is_one_line(tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    run = [sys.executable, "-m", "course_utils", "report", str(empty)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "error: empty.jsonl holds no text"


def test_an_unknown_ending_is_named(files, tmp_path):
    with pytest.raises(SystemExit, match=r"allowed ends are \.html"):
        main(["report", str(files[0]), "--html", str(tmp_path / "out.pdf")])


@pytest.fixture
def compared(tmp_path, tales):
    """A sound file, and one in which half of the texts are one."""
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    sound = [{"text": t, "model": "a"} for t in tales[:60]]
    copied = [{"text": t, "model": "b"} for t in [*tales[60:90], *[tales[90]] * 30]]
    random.Random(0).shuffle(copied)
    before.write_text("\n".join(map(json.dumps, sound)))
    after.write_text("\n".join(map(json.dumps, copied)))
    return str(before), str(after)


def test_two_files_are_compared(compared, tmp_path, capsys):
    page = tmp_path / "out.html"
    main(["report", "--compare", *compared, "--html", str(page)])
    assert "More alike than before.jsonl: " in capsys.readouterr().out
    told = page.read_text(encoding="utf-8")
    assert "two sets compared" in told
    assert "after.jsonl" in told and "before.jsonl" in told
    for question in ("Is it collapsed", "Since when", "What would it take"):
        assert question in told


@pytest.mark.parametrize(("turned", "code"), [(False, 3), (True, 0)])
def test_the_exit_code_says_whether_texts_are_more_alike(compared, turned, code):
    files = compared[::-1] if turned else compared
    try:
        main(["report", "--compare", *files, "--fail-if-collapsed"])
        found = 0
    except SystemExit as stop:
        found = stop.code
    assert found == code


def test_measures_by_a_field(tmp_path, tales, capsys):
    rows = [{"text": t, "model": "ab"[i % 2], "n": i} for i, t in enumerate(tales[:80])]
    path, numbers = tmp_path / "all.jsonl", tmp_path / "out.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    main(["report", str(path), "--by", "model", "--json", str(numbers)])
    groups = json.loads(numbers.read_text())["groups"]
    assert [g["name"] for g in groups["groups"]] == ["a", "b"]
    assert {g["texts"] for g in groups["groups"]} == {40}
    with pytest.raises(SystemExit, match="by is 'n', whose values have 1, 1, 1, 1, 1"):
        main(["report", str(path), "--by", "n"])
    with pytest.raises(SystemExit, match=r"by is .size., where all.jsonl holds no"):
        main(["report", str(path), "--by", "size"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "a", "b", "--reference", "c"], "compare takes two files"),
        (["c", "--compare", "a", "b"], "compare takes two files"),
        ([], "file is missing"),
        (["a", "--fail-if-collapsed"], "fail-if-collapsed needs a standard"),
        (["a", "--tokenize", "stems"], "tokenize is 'stems'; allowed are words"),
    ],
)
def test_what_contradicts_itself_is_refused_before_the_work(arguments, message):
    with pytest.raises(SystemExit, match=message):
        main(["report", *arguments])


@pytest.mark.parametrize("tokenize", ["letters", "words", "folder", "file"])
def test_a_tokenizer_may_be_given(tmp_path, tokenize, capsys):
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[?]": 2}, unk_token="[?]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    names = {"folder": str(tmp_path), "file": str(tmp_path / "tokenizer.json")}
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"text": f"a b a{i}"}) for i in range(12)))
    main(["report", str(path), "--tokenize", names.get(tokenize, tokenize)])
    assert "12 texts" in capsys.readouterr().out


def test_a_page_that_can_not_be_written_leaves_no_other(tmp_path, files, monkeypatch):
    page, numbers = tmp_path / "a.html", tmp_path / "a.json"

    def broken(self):
        raise OSError("no room")

    monkeypatch.setattr("course_utils.detection.report.CollapseReport.to_json", broken)
    with pytest.raises(SystemExit, match="no room"):
        main(["report", str(files[0]), "--html", str(page), "--json", str(numbers)])
    assert not page.exists() and not numbers.exists()


def test_too_few_to_say_has_an_exit_code_of_its_own(tmp_path, compared, capsys):
    few = tmp_path / "few.jsonl"
    few.write_text('{"text": "a b"}\n{"text": "c d"}\n')
    with pytest.raises(SystemExit) as stop:
        main(["report", "--compare", compared[0], str(few), "--fail-if-collapsed"])
    assert stop.value.code == 4
    assert "too few to say" in capsys.readouterr().err


def test_lines_of_two_files_are_no_shared_prompts(tmp_path, tales, capsys):
    for name, start in (("a", 0), ("b", 60)):
        rows = [
            {"responses": tales[start + 20 * i : start + 20 * i + 20]} for i in range(3)
        ]
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
    files = [str(tmp_path / "a"), str(tmp_path / "b")]
    main(["report", "--compare", *files])
    assert "prompt that both have" not in capsys.readouterr().out


def test_a_link_to_itself_is_one_line(tmp_path):
    link = tmp_path / "loop.jsonl"
    link.symlink_to(link)
    with pytest.raises(SystemExit, match="where there is no file"):
        main(["report", str(link)])


def test_a_name_that_is_too_long_is_refused_before_the_work(files, tmp_path):
    with pytest.raises(SystemExit, match="path has a name of 245 characters"):
        main(["report", str(files[0]), "--html", str(tmp_path / ("a" * 240 + ".html"))])
