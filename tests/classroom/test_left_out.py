"""Cells marked for the storyteller are passed over with another model."""

import pytest

from course_utils.classroom import start

MARKED = "# only with the storyteller\nfound = 1"


@pytest.mark.parametrize("model", ["", "storyteller"])
def test_with_the_storyteller_every_cell_runs(shell, monkeypatch, model):
    monkeypatch.setenv("COURSE_MODEL", model)
    start("01")
    shell.run_cell(MARKED)
    assert shell.user_ns["found"] == 1


def test_another_model_passes_over_marked_cells(shell, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MODEL", "gpt2")
    start("01")
    start("01")
    shell.run_cell(MARKED)
    shell.run_cell("other = 2")
    assert "found" not in shell.user_ns
    assert shell.user_ns["other"] == 2
    assert capsys.readouterr().out.count("Left out: this cell needs") == 1


def test_going_back_to_the_storyteller_runs_them_again(shell, monkeypatch):
    monkeypatch.setenv("COURSE_MODEL", "gpt2")
    start("01")
    monkeypatch.delenv("COURSE_MODEL")
    start("01")
    shell.run_cell(MARKED)
    assert shell.user_ns["found"] == 1


def test_only_the_comments_at_its_head_mark_a_cell(shell, monkeypatch):
    monkeypatch.setenv("COURSE_MODEL", "gpt2")
    start("01")
    shell.run_cell("first = 1\n# only with the storyteller")
    shell.run_cell("# Draws tales\n# only with the storyteller\nsecond = 2")
    assert shell.user_ns["first"] == 1
    assert "second" not in shell.user_ns
