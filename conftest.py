"""Tests and notebooks run in a neutral environment, not in a learner's own."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Set before any kernel starts: kernels inherit this process's environment."""
    folder = Path(tempfile.mkdtemp(prefix="course_tests_"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    for name in [name for name in os.environ if name.startswith("COURSE_")]:
        del os.environ[name]
    os.environ["COURSE_PROGRESS"] = str(folder / "progress.json")
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    os.environ["COURSE_STRICT"] = "1"  # a fact that fails ends its notebook
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
