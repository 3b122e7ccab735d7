"""The wheel carries the data: installed elsewhere, the model loads and speaks."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest

from tools.build_notebooks import ROOT

SPEAK = """
import course_utils
from course_utils import generate, load_model

runs = generate(load_model(), "Once upon a time", max_new_tokens=1, seed=0)
print(course_utils.__file__)
print(len(runs.token_ids[0]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built without a network: hatchling is among the test requirements."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *command, "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory, wheel):
    """A new environment with the wheel; torch and the like are borrowed from here."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    scheme = sysconfig.get_paths(vars={"base": folder, "platbase": folder})
    target = scheme["purelib"]
    command = ["-m", "pip", "--quiet", "install", "--no-deps", "--target", target]
    subprocess.run([sys.executable, *command, str(wheel)], check=True)
    borrowed = os.path.join(target, "borrowed.pth")  # noqa: PTH118
    with open(borrowed, "w") as file:  # noqa: PTH123
        file.write(sysconfig.get_paths()["purelib"])
    return os.path.join(scheme["scripts"], "python")  # noqa: PTH118


def test_wheel_holds_the_package_its_data_and_both_licences(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for file in ("model.safetensors", "config.json", "tokenizer.json"):
        assert f"course_utils/data/models/storyteller/{file}" in names
    assert "course_utils/worlds/stories.toml" in names
    assert "course_utils/classroom/course.mplstyle" in names
    assert sum(name.endswith(("/LICENSE", "/LICENSE-CONTENT")) for name in names) == 2


def test_the_installed_course_makes_a_workbook(bare_python, tmp_path):
    neutral = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [bare_python, "-m", "course_utils", "workbook"],
        cwd=tmp_path,
        env=neutral,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Your workbook is in {tmp_path / 'workbook'}.\n"
    made = {path.name for path in (tmp_path / "workbook").iterdir()}
    shipped = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert made == shipped | {"images", "GLOSSARY.md", ".made.json"}


def test_wheel_holds_nothing_else(wheel):
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert top == {"course_utils", "collapse_course-0.1.0.dist-info"}


def test_model_of_the_wheel_speaks_in_another_folder(bare_python, tmp_path):
    neutral = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [bare_python, "-c", SPEAK],
        cwd=tmp_path,
        env=neutral | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    package, tokens = done.stdout.splitlines()
    assert not package.startswith(str(ROOT))
    assert tokens == "1"
