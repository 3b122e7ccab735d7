"""Each test has a progress file of its own and begins before any `start`."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.classroom import progress_file, session


@pytest.fixture(autouse=True)
def progress_path(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    monkeypatch.setattr(progress_file, "_files", {})
    monkeypatch.setattr(session, "_notebook", "01")
    return path


@pytest.fixture
def shell():
    """A running IPython shell, as a kernel has one."""
    quiet = Config({"HistoryManager": {"enabled": False}})
    made = InteractiveShell.instance(config=quiet)
    yield made
    InteractiveShell.clear_instance()
