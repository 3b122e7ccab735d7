"""No file weighs more than it may."""

import subprocess

import pytest
import yaml

from tools.build_notebooks import ROOT
from tools.file_sizes import LIMIT, main, too_large


def test_no_file_of_the_repository_is_too_large():
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in done.stdout.split("\0") if (ROOT / name).is_file()]
    assert names
    assert too_large(ROOT, names) == []


def test_a_file_that_is_too_large_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "small.txt").write_bytes(b"x" * LIMIT)
    (tmp_path / "large.png").write_bytes(b"x" * (LIMIT + 1))
    monkeypatch.chdir(tmp_path)
    assert main(["small.txt"]) == 0
    assert main(["small.txt", "large.png"]) == 1
    assert capsys.readouterr().err.strip().startswith("large.png has 1,000,001 bytes")


def test_the_hook_runs_it():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = yaml.safe_load(text)["repos"][0]["hooks"]
    assert any("tools/file_sizes.py" in hook["entry"] for hook in hooks)
