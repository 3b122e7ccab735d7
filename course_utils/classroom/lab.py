"""JupyterLab as the course needs it: on the workbook, on this machine alone."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_JUPYTER = Path(__file__).resolve().parent / "jupyter"


def run_lab(folder: Path, arguments: Sequence[str] = ()) -> int:
    """Open JupyterLab in `folder` at the first notebook; its exit status at the end.

    `arguments` are JupyterLab's own. Raises ValueError where it is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise ValueError(
            "JupyterLab is not installed: pip install 'collapse-course[lab]'"
        )
    lab = subprocess.Popen([*lab_command(folder), *arguments], env=lab_environment())
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:
            continue  # JupyterLab asks by itself whether to stop


def lab_command(folder: Path) -> list[str]:
    """The command: loopback only, a token, no news, no check for updates."""
    command = [
        *(sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1"),
        f"--ServerApp.root_dir={folder}",
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--LabApp.app_settings_dir={_JUPYTER / 'settings'}",
        "--LabApp.log_level=WARN",
        "--ServerApp.log_level=WARN",
    ]
    if _is_root():
        command.append("--allow-root")
    return command if _has_a_screen() else [*command, "--no-browser"]


def lab_environment() -> dict[str, str]:
    """This process's environment, with a kernel that greets a NameError with a card."""
    path = os.pathsep.join(
        filter(None, [str(_JUPYTER), os.environ.get("JUPYTER_PATH")])
    )
    return os.environ | {"JUPYTER_PATH": path}


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _has_a_screen() -> bool:
    """A browser is opened only where somebody sits."""
    if _is_root():
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
