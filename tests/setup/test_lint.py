"""ruff and mypy pass: what `make lint` runs, CI enforces; and what they can't see."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.build_notebooks import ROOT


def _text_without_encoding(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(call.func, "attr", None) if isinstance(call, ast.Call) else None
        if name not in {"read_text", "write_text", "open"}:
            continue
        values = [each.value for each in call.args if isinstance(each, ast.Constant)]
        binary = any("b" in value for value in values if isinstance(value, str))
        named = any(keyword.arg == "encoding" for keyword in call.keywords)
        elsewhere = ast.unparse(call.func) in {"os.open", "Image.open"}
        if not (named or elsewhere or (name == "open" and binary)):
            yield f"{path.name}:{call.lineno}: {ast.unparse(call)}"


@pytest.mark.parametrize("folder", ["course_utils", "tools", "benchmarks"])
def test_texts_are_read_and_written_with_their_encoding(folder):
    """Windows would take its own."""
    files = (ROOT / folder).rglob("*.py")
    assert [fault for path in files for fault in _text_without_encoding(path)] == []


@pytest.mark.parametrize(
    "command",
    ["ruff check .", "ruff format --check .", "mypy"],
)
def test_lint(command):
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
