"""A browser, a JupyterLab for each model, and pictures of what went wrong."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils.classroom.workbook import make_workbook
from tests.browser.exploring import explore
from tests.other_model import save_other_model
from tools.browser_lab import OpenNotebook, chromium, jupyter_lab

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
    """Start a JupyterLab on a learner's workbook; all end at the end.

    `changed` are notebooks in which the learner has changed some parameters.
    """
    with contextlib.ExitStack() as running:

        def start(changed: bool = False, **settings: str) -> str:
            folder = tmp_path_factory.mktemp("lab")
            make_workbook(folder / "workbook")
            for notebook in (folder / "workbook").glob("*.ipynb") if changed else ():
                explore(notebook)
            settings["COURSE_PROGRESS"] = str(folder / "progress.json")
            settings["COURSE_STRICT"] = ""
            lab = jupyter_lab(folder / "workbook", settings)
            return running.enter_context(lab)

        yield start


@pytest.fixture(scope="session")
def lab(open_lab):
    """JupyterLab with the course's own model, for a learner who explores."""
    return open_lab(changed=True)


@pytest.fixture(scope="session")
def lab_with_other_model(open_lab, tmp_path_factory):
    folder = save_other_model(tmp_path_factory.mktemp("other_model"))
    return open_lab(COURSE_MODEL=str(folder))


@pytest.fixture(scope="session")
def visit(browser):
    """Open and run a notebook, and leave nothing of it behind: page and kernel end.

    Then nothing may have gone out, and nothing may have gone wrong on the way.
    """

    @contextlib.contextmanager
    def visit(address: str, name: str) -> Iterator[OpenNotebook]:
        outside, complaints = [], []
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.on("request", lambda request: outside.append(request.url))
        page.on("response", lambda answer: complaints.extend(_refusal(answer)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.extend(_error_in(line)))
        try:
            notebook = OpenNotebook(page, address, name)
            notebook.run_all()
            yield notebook
            notebook.shut_down()
        finally:
            page.close()
        inside = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
        assert [url for url in outside if not url.startswith(inside)] == []
        assert complaints == []

    return visit


def _refusal(answer) -> list[str]:
    """What the server could not do, with its address: the console leaves it out."""
    if answer.status < 400:
        return []
    return [f"{answer.status} {answer.request.method} {answer.url}"]


def _error_in(line) -> list[str]:
    told_with_its_address = line.text.startswith("Failed to load resource")
    return [line.text] if line.type == "error" and not told_with_its_address else []
