"""`start`: silent, repeatable, and without heavy imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_utils import classroom
from course_utils.classroom import session, start


def test_start_is_silent_and_may_be_called_twice(capsys):
    start("03")
    start("03")
    assert capsys.readouterr() == ("", "")
    assert session.current_notebook() == "03"
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("notebook", [1, "1", "one", "001", "", None, "01\n"])
def test_a_bad_notebook_is_refused(notebook):
    with pytest.raises(ValueError, match="two digits"):
        start(notebook)


def test_start_applies_the_style():
    import matplotlib

    start("01")
    assert matplotlib.rcParams["axes.titlelocation"] == "left"


def test_start_quietens_transformers_without_importing_it():
    modules = _modules_after("from course_utils.classroom import start; start('01')")
    assert not {"transformers", "ipywidgets", "matplotlib.pyplot"} & modules


def test_importing_the_classroom_imports_nothing_heavy():
    heavy = {"torch", "transformers", "ipywidgets", "matplotlib", "IPython"}
    assert not heavy & _modules_after("import course_utils.classroom")


def test_an_unknown_name_is_an_attribute_error():
    import course_utils.classroom

    with pytest.raises(AttributeError, match="begin"):
        _ = course_utils.classroom.begin


def _modules_after(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    command = [sys.executable, "-c", program]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    )
    return set(done.stdout.split())


def test_no_module_hides_a_name_of_the_classroom():
    """An imported submodule becomes an attribute of its package."""
    modules = {path.stem for path in Path(classroom.__file__).parent.glob("*.py")}
    assert modules & set(classroom.__all__) == set()
