"""pyproject.toml, requirements.txt, environment.yml and binder/ ask for the same."""

import re
import subprocess
import sys
import tomllib

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools.build_notebooks import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {
    name: [Requirement(line) for line in lines]
    for name, lines in PROJECT["optional-dependencies"].items()
}
PINS = [
    Requirement(line)
    for line in (ROOT / "requirements.txt").read_text().splitlines()
    if not line.startswith("#")
]
CONDA_FILES = [ROOT / "environment.yml", ROOT / "binder" / "environment.yml"]
# conda-forge's name where it is not PyPI's, and why.
CONDA_NAMES = {
    "torch": "pytorch-cpu",  # plain pytorch may bring CUDA
    "matplotlib": "matplotlib-base",  # without Qt
}
# What Colab shipped when the ranges were chosen.
COLAB = {
    "torch": "2.11.0",
    "transformers": "5.15.0",
    "tokenizers": "0.22.2",
    "ipywidgets": "7.7.1",
    "numpy": "2.1.3",
    "matplotlib": "3.10.0",
    "nltk": "3.9.1",
    "scikit-learn": "1.6.1",
}


def conda_specs(path) -> dict[str, str]:
    """Name to version range, as conda's own parser reads them."""
    lines = yaml.safe_load(path.read_text())["dependencies"]
    specs = [rattler.MatchSpec(line) for line in lines if isinstance(line, str)]
    return {spec.name.normalized: str(spec.version or "") for spec in specs}


def applies(pin: Requirement, python: str) -> bool:
    return pin.marker is None or pin.marker.evaluate({"python_full_version": python})


def test_requirements_are_exact():
    inexact = [pin for pin in PINS if [s.operator for s in pin.specifier] != ["=="]]
    assert inexact == []


@pytest.mark.parametrize("python", ["3.11.7", "3.12.1", "3.13.0"])
@pytest.mark.parametrize(
    "wanted", [*RUNTIME, *EXTRAS["lab"], *EXTRAS["dev"]], ids=lambda w: w.name
)
def test_requirements_hold_what_pyproject_asks_for(wanted, python):
    name = canonicalize_name(wanted.name)
    pins = [
        next(iter(pin.specifier)).version
        for pin in PINS
        if canonicalize_name(pin.name) == name and applies(pin, python)
    ]
    assert len(pins) == 1
    assert wanted.specifier.contains(pins[0])


@pytest.mark.parametrize("path", CONDA_FILES, ids=["environment.yml", "binder"])
def test_conda_asks_for_the_same_ranges(path):
    specs = conda_specs(path)
    python = specs.pop("python")
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.strip("=.*"))
    del specs["pip"]
    wanted = {
        CONDA_NAMES.get(r.name, r.name): r.specifier for r in RUNTIME + EXTRAS["lab"]
    }
    assert {name: SpecifierSet(spec) for name, spec in specs.items()} == wanted


def test_binder_asks_for_what_environment_yml_asks_for():
    environment, binder = (yaml.safe_load(path.read_text()) for path in CONDA_FILES)
    pip = environment["dependencies"].pop()
    assert pip == {"pip": ["-e ."]}
    assert environment == binder


def test_binder_renders():
    """repo2docker accepts binder/ and runs postBuild (no Docker is needed)."""
    command = ["-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '--file "binder/environment.yml"' in done.stdout
    assert "RUN ./binder/postBuild" in done.stdout


def test_postbuild_can_be_run():
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o111


@pytest.mark.parametrize("name", COLAB)
def test_ranges_admit_what_colab_ships(name):
    wanted = next(requirement for requirement in RUNTIME if requirement.name == name)
    assert wanted.specifier.contains(COLAB[name])


def test_torch_of_the_makefile_is_the_one_of_requirements():
    """The Makefile reads torch's line: it must be bare, without a marker."""
    torch = [pin for pin in PINS if pin.name == "torch"]
    assert [str(pin) for pin in torch] == [f"torch{torch[0].specifier}"]


def test_version_and_date_are_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(
        r"^## ([\d.]+) \(([\d-]+)\)$",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert newest is not None
    assert citation["version"] == PROJECT["version"] == newest[1]
    assert str(citation["date-released"]) == newest[2]
