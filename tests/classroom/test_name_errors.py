"""After a kernel restart a cell below fails with a NameError: the hint says why."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.classroom import start


@pytest.fixture
def shell():
    quiet = Config({"HistoryManager": {"enabled": False}})
    made = InteractiveShell.instance(config=quiet)
    yield made
    InteractiveShell.clear_instance()


def test_a_name_error_says_what_to_do_and_still_counts(shell, capsys):
    start("01")
    result = shell.run_cell("probabilities + 1")
    assert isinstance(result.error_in_exec, NameError)
    printed = capsys.readouterr().out
    assert "name 'probabilities' is not defined" in printed
    assert "Run > Run All Above Selected Cell" in printed


def test_other_errors_stay_as_they_are(shell, capsys):
    start("01")
    shell.run_cell("1 / 0")
    assert "Run All Above" not in capsys.readouterr().out
