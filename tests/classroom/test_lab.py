"""`python -m course_utils lab`: on loopback, on the workbook, with the card."""

import importlib.util
import json
import sys

import pytest

from course_utils import __main__ as command
from course_utils.classroom import lab


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What would have been started, instead of JupyterLab."""
    calls = []

    class Popen:
        def __init__(self, arguments, env):
            calls.append((arguments, env))
            self.interruptions = 2

        def wait(self):
            if self.interruptions:
                self.interruptions -= 1
                raise KeyboardInterrupt
            return 7

    monkeypatch.setattr(lab.subprocess, "Popen", Popen)
    return calls


def test_lab_opens_the_workbook_and_passes_options_on(started, tmp_path):
    folder = tmp_path / "book"
    with pytest.raises(SystemExit) as ended:
        command.main(["lab", "--folder", str(folder), "--port=9999"])
    assert ended.value.code == 7
    ((arguments, environment),) = started
    assert arguments[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--ip=127.0.0.1" in arguments and arguments[-1] == "--port=9999"
    assert f"--ServerApp.root_dir={folder}" in arguments
    assert (folder / "00_start_here.ipynb").exists()
    assert not any("token" in argument for argument in arguments)
    assert environment["JUPYTER_PATH"].startswith(str(lab._JUPYTER))


def test_the_kernel_loads_the_card_for_name_errors():
    spec = json.loads((lab._JUPYTER / "kernels/python3/kernel.json").read_text())
    (option,) = [word for word in spec["argv"] if "extra_extensions" in word]
    module = importlib.import_module(option.partition("=")[2])
    assert callable(module.load_ipython_extension)


def test_jupyter_finds_this_kernel_first(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setenv("JUPYTER_PATH", lab.lab_environment()["JUPYTER_PATH"])
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert spec.resource_dir.startswith(str(lab._JUPYTER))


def test_a_jupyter_path_of_the_learners_own_stays(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/mine")
    assert lab.lab_environment()["JUPYTER_PATH"].endswith("/mine")


@pytest.mark.parametrize(
    ("root", "platform", "display", "opens"),
    [
        (False, "linux", ":0", True),
        (False, "linux", "", False),
        (False, "darwin", "", True),
        (False, "win32", "", True),
        (True, "linux", ":0", False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sits(
    monkeypatch, tmp_path, root, platform, display, opens
):
    monkeypatch.setattr(lab, "_is_root", lambda: root)
    monkeypatch.setattr(lab.sys, "platform", platform)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    arguments = lab.lab_command(tmp_path)
    assert ("--no-browser" not in arguments) == opens
    assert ("--allow-root" in arguments) == root


def test_without_jupyterlab_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'collapse-course\[lab\]'"):
        lab.run_lab(tmp_path)
