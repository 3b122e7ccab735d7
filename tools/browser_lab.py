"""JupyterLab in a real browser, used as a learner uses it."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import Browser, ElementHandle, Page, sync_playwright

from course_utils.classroom.lab import lab_command, lab_environment

TOKEN = "course"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CELL_SECONDS = 60
NOTEBOOK_SECONDS = 240
PANEL = "window.jupyterapp.shell.currentWidget"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window: the one named in CHROMIUM, or `chromium`.

    Raises RuntimeError where there is none.
    """
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if path is None:
        raise RuntimeError("no Chromium found: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@contextmanager
def jupyter_lab(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """A server on `folder` with a free port of its own; yields its address."""
    address = f"http://127.0.0.1:{free_port()}"
    log = folder.parent / "jupyterlab.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            _command(folder, address.rpartition(":")[2]),
            env=lab_environment() | _jupyter_folders(folder.parent) | dict(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(address, server, log)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _command(folder: Path, port: str) -> list[str]:
    return [
        *lab_command(folder),
        *("--no-browser", "--allow-root"),
        *(f"--port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]


def _jupyter_folders(folder: Path) -> dict[str, str]:
    """Jupyter's own state, away from the home folder."""
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    return {f"JUPYTER_{name}": str(folder / f"jupyter_{name}") for name in names}


def _wait_until_up(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5).close()
        except URLError:
            time.sleep(0.3)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


class OpenNotebook:
    """One notebook in the browser, with the hands of a learner."""

    def __init__(self, page: Page, address: str, name: str):
        self.page, self.name = page, name
        workspace = f"{address}/lab/workspaces/{Path(name).stem}"
        page.goto(f"{workspace}/tree/{name}?token={TOKEN}&reset")
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        status = "sessionContext?.session?.kernel?.status"
        self.page.wait_for_function(
            f"window.jupyterapp && {PANEL}?.{status} == 'idle'", timeout=90_000
        )

    def run_all(self) -> None:
        """Run all cells and wait for the last."""
        self.page.evaluate(
            "() => { window.ran = false; window.jupyterapp.commands"
            ".execute('notebook:run-all-cells').then(() => { window.ran = true; }); }"
        )
        self.page.wait_for_function("window.ran", timeout=NOTEBOOK_SECONDS * 1000)

    def shut_down(self) -> None:
        """End the kernel, and let the page ask no more of the server."""
        self.page.evaluate(f"() => {PANEL}.sessionContext.shutdown()")
        self.page.goto("about:blank")

    def restart_kernel(self) -> None:
        self.page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:restart-kernel'); }"
        )
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self._wait_for_kernel()

    @property
    def cells(self) -> list[dict]:
        return self.page.evaluate(f"{PANEL}.content.model.toJSON().cells")

    def errors(self) -> list[str]:
        """What went wrong, cell by cell."""
        return [
            f"cell {number}: {output['ename']}: {output['evalue']}"
            for number, cell in enumerate(self.cells, start=1)
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def show_cell(self, index: int) -> ElementHandle:
        """Bring a cell into view: JupyterLab renders only what is in sight."""
        self.page.evaluate(
            f"async index => {{ const book = {PANEL}.content;"
            " book.activeCellIndex = index;"
            " await book.scrollToItem(index, 'center'); }",
            index,
        )
        node = self.page.evaluate_handle(
            f"index => {PANEL}.content.widgets[index].node", index
        ).as_element()
        assert node is not None
        return node

    def live_figures(self) -> list[int]:
        """The cells that show one."""
        return [n for n, cell in enumerate(self.cells) if _shows_live_figure(cell)]

    def live_figure(self) -> tuple[ElementHandle, ElementHandle]:
        """Slider handle and picture of the first live figure."""
        cell = self.show_cell(self.live_figures()[0])
        picture = cell.wait_for_selector("img.widget-image", timeout=20_000)
        handle = cell.wait_for_selector(".noUi-handle", timeout=20_000)
        assert picture is not None and handle is not None
        return handle, picture

    def exercise(self) -> tuple[int, str]:
        """Place and source of the first exercise whose answer is a function."""
        for index, cell in enumerate(self.cells):
            source = "".join(cell["source"])
            if "@exercise(" in source and "\ndef " in source:
                return index, source
        raise AssertionError(f"{self.name} has no exercise")

    def add_cell(self) -> int:
        """A new last cell; its index."""
        self.show_cell(len(self.cells) - 1)
        self.page.evaluate(
            "window.jupyterapp.commands.execute('notebook:insert-cell-below')"
        )
        return len(self.cells) - 1

    def type_and_run(self, index: int, source: str) -> str:
        """Replace a cell's text by keyboard, run it, and read what it shows."""
        node = self.show_cell(index)
        editor = node.wait_for_selector(".cm-content")
        assert editor is not None
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        before = self.cells[index]["execution_count"]
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            f"([index, before]) => {{ const cell = {PANEL}.content.model.cells"
            ".get(index); return cell.executionState == 'idle' &&"
            " ![null, before].includes(cell.executionCount); }",
            arg=[index, before],
            timeout=CELL_SECONDS * 1000,
        )
        output = node.wait_for_selector(".jp-OutputArea-output")
        assert output is not None
        return output.inner_text()


def _shows_live_figure(cell: dict) -> bool:
    texts = [
        "".join(output.get("data", {}).get("text/plain", ""))
        for output in cell.get("outputs", [])
    ]
    return any(text.startswith("Live figure") for text in texts)
