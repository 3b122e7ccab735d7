"""The workbook: no outputs, renewed while untouched, never overwritten."""

import json
import subprocess
import sys

import pytest

from course_utils.__main__ import main
from course_utils.classroom import workbook
from course_utils.classroom.workbook import fresh_copy, make_workbook


def notebook(code: str, outputs=(), prose: str = "Words.") -> str:
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": prose},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": code,
            "outputs": list(outputs),
            "execution_count": 3,
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """A course of two lessons, whose folder is returned."""
    folder = tmp_path / "notebooks"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "colab.svg").write_text("<svg/>")
    output = {"output_type": "stream", "name": "stdout", "text": "42"}
    (folder / "00_first.ipynb").write_text(notebook("6 * 7", [output]))
    (folder / "03_second.ipynb").write_text(notebook("7 * 7", [output]))
    (tmp_path / "GLOSSARY.md").write_text(
        "## KL divergence\n\n[00](notebooks/00_first.ipynb)\n"
    )
    monkeypatch.setattr(workbook, "notebooks_path", lambda: folder)
    monkeypatch.setattr(workbook, "glossary_path", lambda: tmp_path / "GLOSSARY.md")
    return folder


@pytest.fixture
def book(tmp_path, lessons):
    folder = tmp_path / "workbook"
    assert make_workbook(folder) == []
    return folder


def code_of(path) -> str:
    return json.loads(path.read_text())["cells"][1]["source"]


def write_into(path, code, outputs=()):
    path.write_text(notebook(code, outputs))


def test_copies_have_all_but_outputs(book):
    cell = json.loads((book / "00_first.ipynb").read_text())["cells"][1]
    assert (cell["source"], cell["outputs"]) == ("6 * 7", [])
    assert cell["execution_count"] is None
    assert (book / "images" / "colab.svg").exists()


def test_links_to_the_glossary_and_back_lead_to_the_copies(lessons, tmp_path):
    text = notebook("1", prose="[it](../GLOSSARY.md#kl-divergence)")
    (lessons / "00_first.ipynb").write_text(text)
    make_workbook(tmp_path / "workbook")
    copied = json.loads((tmp_path / "workbook" / "00_first.ipynb").read_text())
    assert copied["cells"][0]["source"] == "[it](GLOSSARY.md#KL-divergence)"
    assert (
        (tmp_path / "workbook" / "GLOSSARY.md")
        .read_text()
        .endswith("[00](00_first.ipynb)\n")
    )


def test_made_twice_it_stays_as_it_is(book):
    before = {path: path.stat().st_mtime_ns for path in book.rglob("*.ipynb")}
    assert make_workbook(book) == []
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_untouched_copy_is_renewed(book, lessons):
    write_into(lessons / "00_first.ipynb", "6 * 8")
    assert make_workbook(book) == []
    assert code_of(book / "00_first.ipynb") == "6 * 8"


def test_jupyter_may_write_an_untouched_copy_in_its_own_way(book, lessons):
    """It stores sources as lists of lines, and adds metadata."""
    path = book / "00_first.ipynb"
    stored = json.loads(path.read_text())
    for cell in stored["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    stored["metadata"]["language_info"] = {"name": "python", "version": "3.13"}
    path.write_text(json.dumps(stored))
    write_into(lessons / "00_first.ipynb", "6 * 8")
    make_workbook(book)
    assert code_of(path) == "6 * 8"


@pytest.mark.parametrize(
    ("code", "outputs"),
    [
        ("6 * 9", ()),
        ("6 * 7", [{"output_type": "stream", "name": "stdout", "text": "x"}]),
    ],
)
def test_a_touched_copy_stays_and_the_new_lesson_is_put_beside_it(
    book, lessons, code, outputs
):
    write_into(book / "00_first.ipynb", code, outputs)
    mine = (book / "00_first.ipynb").read_bytes()
    assert make_workbook(book) == []  # its lesson is the same
    write_into(lessons / "00_first.ipynb", "6 * 8")
    (line,) = make_workbook(book)
    assert line == (
        "00_first.ipynb holds your work and stays. Its lesson has changed: see "
        "00_first (new).ipynb."
    )
    assert (book / "00_first.ipynb").read_bytes() == mine
    assert code_of(book / "00_first (new).ipynb") == "6 * 8"
    assert make_workbook(book) == []  # once


def test_a_second_new_lesson_overwrites_no_first(book, lessons):
    write_into(book / "00_first.ipynb", "mine")
    for code in ("second", "third"):
        write_into(lessons / "00_first.ipynb", code)
        make_workbook(book)
    assert code_of(book / "00_first.ipynb") == "mine"
    assert code_of(book / "00_first (new).ipynb") == "second"
    assert code_of(book / "00_first (new 2).ipynb") == "third"


@pytest.mark.parametrize("state", [None, "{", "[]", '{"00_first.ipynb": 3}'])
def test_without_its_notes_it_overwrites_nothing(book, lessons, state):
    made = book / ".made.json"
    made.unlink() if state is None else made.write_text(state)
    write_into(book / "00_first.ipynb", "mine")
    assert len(make_workbook(book)) == 1
    assert code_of(book / "00_first.ipynb") == "mine"


def test_a_broken_copy_counts_as_touched(book, lessons):
    (book / "00_first.ipynb").write_text("{ half")
    write_into(lessons / "00_first.ipynb", "6 * 8")
    assert len(make_workbook(book)) == 1
    assert (book / "00_first.ipynb").read_text() == "{ half"


def test_a_deleted_copy_comes_back(book):
    (book / "00_first.ipynb").unlink()
    make_workbook(book)
    assert code_of(book / "00_first.ipynb") == "6 * 7"


def test_a_fresh_copy_keeps_the_old_one_aside(book):
    write_into(book / "03_second.ipynb", "mine")
    told = fresh_copy(book, "03")
    assert told == [
        "03_second.ipynb is fresh. Your old one is 03_second (yours).ipynb."
    ]
    assert code_of(book / "03_second.ipynb") == "7 * 7"
    assert code_of(book / "03_second (yours).ipynb") == "mine"
    write_into(book / "03_second.ipynb", "mine too")
    fresh_copy(book, "3")
    assert code_of(book / "03_second (yours).ipynb") == "mine"
    assert code_of(book / "03_second (yours 2).ipynb") == "mine too"


def test_a_fresh_copy_of_an_untouched_one_leaves_nothing_behind(book):
    assert fresh_copy(book, "03") == ["03_second.ipynb is fresh."]
    assert not list(book.glob("*yours*"))


def test_after_a_fresh_copy_renewal_goes_on(book, lessons):
    write_into(book / "03_second.ipynb", "mine")
    fresh_copy(book, "03")
    write_into(lessons / "03_second.ipynb", "8 * 8")
    assert make_workbook(book) == []
    assert code_of(book / "03_second.ipynb") == "8 * 8"


@pytest.mark.parametrize("number", ["01", "42", "", "three", "003"])
def test_a_lesson_that_is_not_there_is_named(book, number):
    with pytest.raises(ValueError, match="there are lessons 00 to 03"):
        fresh_copy(book, number)


def test_the_command_makes_and_freshens(tmp_path, lessons, capsys):
    folder = tmp_path / "mine"
    main(["workbook", "--folder", str(folder)])
    assert capsys.readouterr().out == f"Your workbook is in {folder}.\n"
    main(["workbook", "--folder", str(folder), "--fresh", "00"])
    assert capsys.readouterr().out == "00_first.ipynb is fresh.\n"
    with pytest.raises(SystemExit, match="error: number is '7'"):
        main(["workbook", "--folder", str(folder), "--fresh", "7"])


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, lessons):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match=r"error: .*file"):
        main(["workbook", "--folder", str(tmp_path / "file" / "book")])


def test_the_command_starts_without_anything_heavy():
    code = (
        "import sys; from course_utils.__main__ import _parser; _parser();"
        "print({'torch', 'transformers', 'ipywidgets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n"
