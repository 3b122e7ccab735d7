"""The GitHub workflow, as far as it can be tested without GitHub."""

import re

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.setup.test_dependencies import COLAB, RUNTIME
from tools.build_notebooks import ROOT

FOLDER = ROOT / ".github"
TEXT = (FOLDER / "workflows" / "test.yml").read_text(encoding="utf-8")
JOBS = yaml.safe_load(TEXT)["jobs"]
COMMANDS = [
    step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step
]


def pins(name: str) -> dict[str, Version]:
    text = (FOLDER / f"constraints-{name}.txt").read_text(encoding="utf-8")
    lines = [Requirement(line) for line in text.splitlines() if line[:1] != "#"]
    return {pin.name: Version(str(pin.specifier).removeprefix("==")) for pin in lines}


def test_three_systems_and_the_ends_of_the_python_range_are_tested():
    matrices = [job.get("strategy", {}).get("matrix", {}) for job in JOBS.values()]
    systems = {system for matrix in matrices for system in matrix.get("os", [])}
    assert systems == {"ubuntu-latest", "macos-latest"}
    assert JOBS["windows"]["runs-on"] == "windows-latest"
    for job in ("unix", "windows"):
        assert JOBS[job]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    called = re.findall(r"\bmake ([a-z-]+)", "\n".join(COMMANDS))
    assert called and set(called) <= set(targets)


def test_every_file_that_a_command_names_exists():
    named = re.findall(r"[\w./-]*\w\.(?:txt|cfg)\b|\.ci/run", "\n".join(COMMANDS))
    constraints = JOBS["versions"]["strategy"]["matrix"]["include"]
    named += [f".github/constraints-{each['constraints']}.txt" for each in constraints]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_colab_s_constraints_are_those_that_the_ranges_admit():
    assert pins("colab") == {name: Version(version) for name, version in COLAB.items()}


def test_the_lowest_constraints_are_the_lower_ends_of_the_ranges():
    lowest = {
        requirement.name: Version(spec.version)
        for requirement in RUNTIME
        for spec in requirement.specifier
        if spec.operator == ">="
    }
    assert pins("lowest") == lowest


@pytest.mark.parametrize("job", JOBS)
def test_a_job_that_hangs_is_ended(job):
    assert JOBS[job]["timeout-minutes"] <= 90
