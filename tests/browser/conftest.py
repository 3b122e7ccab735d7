"""A browser, a JupyterLab for each model, and pictures of what went wrong."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.other_model import save_other_model
from tools.browser_lab import OpenNotebook, chromium, jupyter_lab
from tools.build_notebooks import ROOT

SCREENSHOTS = pytest.StashKey[Path]()


def pytest_configure(config):
    config.stash[SCREENSHOTS] = Path(tempfile.mkdtemp(prefix="course_screenshots_"))


def pytest_unconfigure(config):
    with contextlib.suppress(OSError):
        config.stash[SCREENSHOTS].rmdir()  # stays where it holds a picture


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    notebook = getattr(item, "funcargs", {}).get("notebook")
    if report.failed and notebook is not None:
        path = item.config.stash[SCREENSHOTS] / f"{item.name}.png"
        notebook.page.screenshot(path=path)
        report.sections.append(("screenshot", str(path)))
    return report


def pytest_terminal_summary(terminalreporter):
    """Tell what was measured, whichever worker measured it."""
    passed = terminalreporter.stats.get("passed", [])
    measured = [line for report in passed for _, line in report.user_properties]
    if measured:
        terminalreporter.section("key press to new picture")
        terminalreporter.write_line("\n".join(sorted(measured)))


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def open_lab(tmp_path_factory):
    """Start a JupyterLab on a copy of the notebooks; all are stopped at the end."""
    with contextlib.ExitStack() as running:

        def start(**settings: str) -> str:
            folder = tmp_path_factory.mktemp("lab")
            shutil.copytree(ROOT / "notebooks", folder / "notebooks")
            settings["COURSE_PROGRESS"] = str(folder / "progress.json")
            lab = jupyter_lab(folder / "notebooks", settings)
            return running.enter_context(lab)

        yield start


@pytest.fixture(scope="session")
def lab(open_lab):
    """JupyterLab with the course's own model."""
    return open_lab()


@pytest.fixture(scope="session")
def lab_with_other_model(open_lab, tmp_path_factory):
    folder = save_other_model(tmp_path_factory.mktemp("other_model"))
    return open_lab(COURSE_MODEL=str(folder))


@pytest.fixture(scope="module")
def visit(browser):
    """Open and run a notebook; afterwards nothing may have gone out or gone wrong."""
    outside, complaints, pages = [], [], []

    def visit(address: str, name: str) -> OpenNotebook:
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        pages.append(page)
        page.on("request", lambda request: outside.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: line.type == "error" and complaints.append(line.text),
        )
        notebook = OpenNotebook(page, address, name)
        notebook.run_all()
        return notebook

    yield visit
    for page in pages:
        page.close()
    inside = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    assert [url for url in outside if not url.startswith(inside)] == []
    assert complaints == []
