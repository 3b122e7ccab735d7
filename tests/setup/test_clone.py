"""A clone as Windows makes it, with its own line endings, is a course that works."""

import os
import subprocess
import sys

import pytest

from tools.build_notebooks import ROOT

LOAD = "from course_utils import load_model; print(load_model().name)"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    folder = tmp_path_factory.mktemp("clone") / "course"
    settings = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    command = ["git", *settings, "clone", "--quiet", str(ROOT), str(folder)]
    subprocess.run(command, check=True)
    return folder


def test_it_loads_the_model(clone):
    environment = os.environ | {"PYTHONPATH": str(clone)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "storyteller", done.stderr


def test_no_text_has_line_endings_of_windows(clone):
    command = ["git", "ls-files", "--eol"]
    done = subprocess.run(
        command, cwd=clone, capture_output=True, text=True, check=True
    )
    ends = [line.split() for line in done.stdout.splitlines()]
    assert [
        line[-1] for line in ends if line[1] not in ("w/lf", "w/none", "w/-text")
    ] == []


def test_what_a_shell_runs_may_be_run(clone):
    if os.name == "nt":
        pytest.skip("no such permission on Windows")
    for name in ("binder/postBuild", ".ci/run"):
        assert (clone / name).read_bytes().startswith(b"#!")
