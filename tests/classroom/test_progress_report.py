"""`progress()` says what is done and left; `progress.reset()` asks, then forgets."""

import json

import pytest

from course_utils.classroom import progress, progress_report
from course_utils.classroom.progress_file import progress_file

LESSON = {
    "sections": [
        {"title": "First", "exercises": ["a.softmax", "a.sample"]},
        {"title": "Second", "predictions": ["hero share"]},
        {"title": "A short quiz", "quiz": 3},
        {"title": "Recap"},
    ]
}


@pytest.fixture
def some_progress():
    file = progress_file()
    file.record("01", "exercises", "a.softmax", {"solved": True})
    file.record("01", "exercises", "a.sample", {})
    file.record("00", "predictions", "hero share", {"answer": "over 50 %"})
    file.record("00", "quizzes", "00", {"1": True, "2": False})
    return file


@pytest.fixture
def lessons(monkeypatch):
    monkeypatch.setattr(progress_report, "_lessons", lambda: {"00": LESSON})


def answer(monkeypatch, text):
    asked = []
    monkeypatch.setattr(
        "builtins.input", lambda question: asked.append(question) or text
    )
    return asked


def test_progress_counts_each_notebook_and_names_what_is_left(some_progress, lessons):
    assert repr(progress()).splitlines()[1:] == [
        "Notebook 00: 1 prediction made; 1 of 2 quiz answers right.",
        "Left in “First”: exercise `softmax`, exercise `sample`.",
        "Left in “A short quiz”: 2 of 3 quiz questions.",
        "Notebook 01: 1 of 2 exercises met so far (sample open, softmax solved).",
    ]


def test_nothing_is_left_where_all_is_done(some_progress, monkeypatch):
    lesson = {"sections": [{"title": "First", "exercises": ["a.softmax"]}]}
    monkeypatch.setattr(progress_report, "_lessons", lambda: {"01": lesson})
    assert "Left" not in repr(progress())


def test_the_courses_own_contents_are_known(some_progress):
    assert "Left in “A short quiz”" in repr(progress())


def test_one_notebook_is_forgotten_after_a_yes(
    some_progress, monkeypatch, progress_path
):
    asked = answer(monkeypatch, "yes")
    told = repr(progress.reset("01"))
    assert asked == ["Forget your progress in notebook 01? Type yes: "]
    assert told.startswith("Your progress in notebook 01 is forgotten.")
    assert list(some_progress.entries()) == ["00"]
    (kept,) = progress_path.parent.glob("*.bak*")
    assert kept.name in told
    assert "softmax" in kept.read_text()


def test_all_notebooks_are_forgotten_after_a_yes(some_progress, monkeypatch):
    answer(monkeypatch, " Y ")
    progress.reset()
    assert some_progress.entries() == {}


@pytest.mark.parametrize("text", ["", "no", "yess", "n"])
def test_anything_but_a_yes_changes_nothing(some_progress, monkeypatch, text):
    answer(monkeypatch, text)
    assert repr(progress.reset()) == "Nothing was changed."
    assert set(some_progress.entries()) == {"00", "01"}


@pytest.mark.parametrize("nobody", [EOFError, NotImplementedError])
def test_where_nobody_can_answer_nothing_changes(some_progress, monkeypatch, nobody):
    def no_answer(question):
        raise nobody

    monkeypatch.setattr("builtins.input", no_answer)
    assert repr(progress.reset("00")) == "Nothing was changed."


def test_there_may_be_nothing_to_forget(some_progress, monkeypatch):
    answer(monkeypatch, "yes")
    assert repr(progress.reset("07")) == "Nothing is recorded yet."


@pytest.mark.parametrize("notebook", ["3", 3, "three", "", "030"])
def test_another_form_of_number_is_refused(notebook):
    with pytest.raises(ValueError, match="two digits in quotes"):
        progress.reset(notebook)


def test_a_file_that_cannot_be_written_keeps_all(monkeypatch, progress_path, capsys):
    progress_path.mkdir()
    answer(monkeypatch, "yes")
    progress.reset()
    assert "Progress can't be saved." in capsys.readouterr().out


def test_contents_that_are_missing_leave_the_rest(some_progress, monkeypatch, tmp_path):
    monkeypatch.setattr(progress_report, "data_path", tmp_path.joinpath)
    assert "Notebook 01: 1 of 2 exercises" in repr(progress())
    (tmp_path / "lessons.json").write_text(json.dumps({"01": LESSON}), "utf-8")
    assert "Left in “Second”: prediction “hero share”." in repr(progress())
