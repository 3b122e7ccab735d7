"""Make the README's picture: the first live figure of a notebook, in JupyterLab.

.venv/bin/python -m tools.screenshot                      of 00, for README.md
.venv/bin/python -m tools.screenshot --keys "ArrowLeft"   after pressing keys
"""

import argparse
import tempfile
from pathlib import Path

from course_utils.classroom.workbook import make_workbook
from tools.browser_lab import OpenNotebook, chromium, jupyter_lab
from tools.build_notebooks import ROOT

SETTLE_MS = 1500


def photograph(name: str, target: Path, keys: list[str]) -> None:
    """Run a notebook, press keys on its first slider, keep what is then seen."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_workbook(folder / "workbook")
        progress = {"COURSE_PROGRESS": str(folder / "progress.json")}
        with jupyter_lab(folder / "workbook", progress) as address:
            _photograph(address, name, target, keys)


def _photograph(address: str, name: str, target: Path, keys: list[str]) -> None:
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": 1200, "height": 1000}, device_scale_factor=2
        )
        notebook = OpenNotebook(page, address, name)
        notebook.run_all()
        handle, picture = notebook.live_figure()
        for key in keys:
            handle.press(key)
        page.wait_for_timeout(SETTLE_MS)
        box = picture.evaluate_handle("picture => picture.closest('.widget-vbox')")
        target.parent.mkdir(exist_ok=True)
        figure = box.as_element()
        assert figure is not None
        figure.screenshot(path=target)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebook", nargs="?", default="00_start_here.ipynb")
    parser.add_argument("picture", nargs="?", default="docs/live_figure.png")
    parser.add_argument("--keys", default="", help='such as "ArrowLeft ArrowLeft"')
    options = parser.parse_args()
    photograph(options.notebook, ROOT / options.picture, options.keys.split())
    print(options.picture)


if __name__ == "__main__":
    main()
