"""`make venv`: once, again after a change, and afresh after an interruption."""

import os
import shutil
import subprocess
import sys

import pytest

from tools.build_notebooks import ROOT

# Stands in for Python: writes down what it is asked to do, and "makes" a venv.
RECORDER = """#!/bin/sh
echo "$*" >> calls
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    *"-r requirements.txt"*) exit ${FAIL:-0} ;;
esac
"""
# A Python that says it is too old.
OLD = """#!/bin/sh
exec python3 -c 'import sys; sys.version_info = (3, 9, 18); exec(sys.argv[1])' "$2"
"""


@pytest.fixture
def checkout(tmp_path):
    """What make needs of the course, with a recorder for Python."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    script = tmp_path / "recorder"
    script.write_text(RECORDER)
    script.chmod(0o755)
    return tmp_path


def make(folder, *arguments, **environment):
    """Run make as from a shell, not as a child of the make that runs the tests."""
    shell = {
        k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=shell | environment,
        capture_output=True,
        text=True,
    )


def calls(folder) -> list[str]:
    """What the recorder was asked since the last look."""
    log = folder / "calls"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_make_alone_lists_its_targets(checkout):
    listed = make(checkout).stdout
    for target in ("venv", "lab", "test", "notebooks", "bench", "test-browser"):
        assert f"  make {target} " in listed


def test_venv_installs_torch_then_the_rest_then_the_course(checkout):
    assert make(checkout, "venv", "PYTHON=./recorder").returncode == 0
    installs = [call for call in calls(checkout) if " install " in call]
    assert sys.platform != "linux" or "torch==" in installs[-3]
    assert installs[-2].endswith("install -r requirements.txt")
    assert installs[-1].endswith("-e .")


def test_second_venv_does_nothing(checkout):
    make(checkout, "venv", "PYTHON=./recorder")
    calls(checkout)
    assert make(checkout, "venv", "PYTHON=./recorder").returncode == 0
    assert calls(checkout) == []


def test_changed_requirements_are_installed(checkout):
    make(checkout, "venv", "PYTHON=./recorder")
    calls(checkout)
    later = (checkout / ".venv" / ".ready").stat().st_mtime + 5
    os.utime(checkout / "requirements.txt", (later, later))
    make(checkout, "venv", "PYTHON=./recorder")
    assert any("-r requirements.txt" in call for call in calls(checkout))


def test_interrupted_installation_starts_afresh(checkout):
    broken = make(checkout, "venv", "PYTHON=./recorder", FAIL="1")
    assert broken.returncode != 0
    (checkout / ".venv" / "half-written").touch()
    repaired = make(checkout, "venv", "PYTHON=./recorder")
    assert repaired.returncode == 0
    assert "Repairing" in repaired.stdout
    assert not (checkout / ".venv" / "half-written").exists()


def test_old_python_gets_one_clear_line(checkout):
    (checkout / "old").write_text(OLD)
    (checkout / "old").chmod(0o755)
    told = make(checkout, "lab", "PYTHON=./old")
    assert told.returncode != 0
    first, *rest = told.stderr.splitlines()
    assert first.startswith(
        "The course needs Python 3.11, 3.12 or 3.13, but ./old is 3.9"
    )
    assert all(line.startswith("make:") for line in rest)


def test_missing_python_makes_no_environment(checkout):
    assert make(checkout, "venv", "PYTHON=./nowhere").returncode != 0
    assert not (checkout / ".venv").exists()
