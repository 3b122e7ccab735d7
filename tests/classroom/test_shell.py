"""An answer that quits: in plain Python, in a shell, and in a real kernel."""

import os
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from course_utils.classroom import shell
from course_utils.classroom.exercises import load_exercise
from course_utils.classroom.judging import judge

QUITTING = """
from course_utils.classroom import exercise

@exercise("foundations.softmax.softmax")
def softmax(logits, temperature=1.0):
    {how}
"""


@pytest.fixture
def fake_shell(monkeypatch):
    """A shell that would note it if anyone asked it to end."""
    asked = []
    fake = type("Shell", (), {"ask_exit": lambda self: asked.append(True)})()
    fake.keepkernel_on_exit = None
    ipython = SimpleNamespace(get_ipython=lambda: fake)
    monkeypatch.setitem(shell.sys.modules, "IPython", ipython)
    return fake, asked


def test_the_shell_is_not_asked_to_end_by_an_answer(fake_shell):
    fake, asked = fake_shell

    def softmax(logits, temperature=1.0):
        fake.keepkernel_on_exit = False
        fake.ask_exit()

    verdict = judge(softmax, *load_exercise("foundations.softmax.softmax"))
    assert (verdict.state, asked) == ("raised", [])
    assert "`fake.ask_exit()`, asks Python to end" in verdict.diagnosis
    assert fake.keepkernel_on_exit is None


def test_afterwards_the_shell_can_be_ended_again(fake_shell):
    fake, asked = fake_shell
    with shell.kernel_kept(), pytest.raises(SystemExit):
        fake.ask_exit()
    fake.ask_exit()
    assert asked == [True]


def test_an_exercise_within_another_keeps_the_shell_for_both(fake_shell):
    fake, asked = fake_shell
    with shell.kernel_kept():
        with shell.kernel_kept():
            pass
        with pytest.raises(SystemExit):
            fake.ask_exit()
    assert asked == []


@pytest.mark.parametrize("how", ["quit()", "exit()", "import sys; sys.exit(3)"])
def test_a_kernel_outlives_an_answer_that_quits(how, tmp_path):
    cells = [QUITTING.format(how=how), "import time; time.sleep(0.5)", "6 * 7"]
    notebook = nbformat.v4.new_notebook(
        cells=list(map(nbformat.v4.new_code_cell, cells))
    )
    environment = os.environ | {"COURSE_PROGRESS": str(tmp_path / "progress.json")}
    NotebookClient(notebook, timeout=60).execute(env=environment)
    assert notebook.cells[-1].outputs[0].data["text/plain"] == "42"
    assert "asks Python to end" in notebook.cells[0].outputs[0].data["text/plain"]
