"""Build notebooks/*.ipynb from lessons/*.py.

    python tools/build_notebooks.py            build what changed
    python tools/build_notebooks.py --all      build everything
    python tools/build_notebooks.py --check    say which notebooks are out of date

A lesson is a jupytext "percent" script. In it `{{badges}}` and `{{slug}}` are
filled in, and a code cell `# {{bootstrap}}` becomes tools/bootstrap.py. The
notebook is run in a fresh kernel and stored with its outputs, without anything
that would differ in a second run. A cell tagged `volatile` depends on the
machine or the clock: it is run, but its output is not stored.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbformat import NotebookNode
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
SECONDS_PER_CELL = 300
PNG = "image/png"
INVISIBLE = 15  # of 255: by so much may a pixel change its colour


class LessonError(Exception):
    """A lesson that cannot become a notebook, in one line for its author."""


# From a lesson to a notebook without outputs


def repository_slug() -> str:
    """The `owner/name` that pyproject.toml gives under [project.urls]."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def badges(notebook: str, images: str = "images") -> str:
    """Markdown links that open `notebook` on Colab and on Binder.

    The pictures lie beside the notebooks, so that they show without a network.
    """
    slug = repository_slug()
    colab = f"https://colab.research.google.com/github/{slug}/blob/main/notebooks"
    binder = f"https://mybinder.org/v2/gh/{slug}/main?labpath=notebooks%2F"
    return (
        f"[![Open in Colab]({images}/colab.svg)]({colab}/{notebook}) "
        f"[![Open on Binder]({images}/binder.svg)]({binder}{notebook})"
    )


def read_lesson(lesson: Path) -> NotebookNode:
    """The notebook that `lesson` describes, not yet run."""
    notebook = jupytext.read(lesson, fmt="py:percent")
    for cell in notebook.cells:
        cell.source = _fill(cell.source, f"{lesson.stem}.ipynb")
        cell.metadata.pop("lines_to_next_cell", None)
    _set_cell_ids(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _fill(source: str, notebook: str) -> str:
    bootstrap = (ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8").rstrip()
    source = source.replace("# {{bootstrap}}", bootstrap)
    source = source.replace("{{badges}}", badges(notebook))
    return source.replace("{{slug}}", repository_slug())


def _set_cell_ids(notebook: NotebookNode) -> None:
    """Name each cell after its content: an edit elsewhere leaves the id alone."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        cell.id = f"{digest}-{seen[digest]}" if seen[digest] else digest
        seen[digest] += 1


def without_outputs(notebook: NotebookNode) -> dict:
    """All of `notebook` that its lesson decides."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def is_current(lesson: Path, notebook: Path) -> bool:
    """Whether `notebook` equals its lesson in all but the outputs."""
    if not notebook.exists():
        return False
    stored = nbformat.read(notebook, as_version=4)
    return without_outputs(stored) == without_outputs(read_lesson(lesson))


# Running it


def neutral_environment(folder: Path) -> dict[str, str]:
    """This process's environment without what a learner or a machine adds."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSE_")}
    kept.pop("MPLBACKEND", None)
    return kept | {
        "COURSE_PROGRESS": str(folder / "progress.json"),
        "IPYTHONDIR": str(folder / "ipython"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(ROOT),
    }


def execute(
    notebook: NotebookNode, folder: Path, settings: Mapping[str, str] | None = None
) -> None:
    """Run all cells in a fresh kernel with working folder `folder`.

    `settings` are environment variables on top of the neutral ones.
    Raises LessonError, in one line, for a cell that fails, hangs or kills the kernel.
    """
    started: list[int] = []
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS_PER_CELL,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        on_cell_execute=lambda cell, cell_index: started.append(cell_index),
    )
    with tempfile.TemporaryDirectory() as temporary:
        environment = neutral_environment(Path(temporary)) | dict(settings or {})
        try:
            # What the kernel itself logs on its own stderr is no news here.
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            what = _in_one_line(error)
            raise LessonError(f"{cell_name(notebook, started[-1])}: {what}") from None


def cell_name(notebook: NotebookNode, index: int) -> str:
    """Number and first line of a cell, so that its author finds it."""
    first_line = notebook.cells[index].source.partition("\n")[0]
    return f"cell {index + 1} ({first_line})"


def _in_one_line(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}".partition("\n")[0]
    if isinstance(error, CellTimeoutError):
        return f"still running after {SECONDS_PER_CELL} s"
    return "the kernel died"


# Storing nothing that a second run would change


PROGRESS_BAR = re.compile(r"^.*\d+%\|.*$\n?", re.MULTILINE)
MEMORY_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")


def tidy(notebook: NotebookNode) -> None:
    """Take the noise out of the outputs; refuse what only the lesson can mend."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if "volatile" in cell.metadata.get("tags", []):
            cell.outputs = []
        _drop_progress_bars(cell)
        _fix_widget_ids(cell)
        _lighten_pictures(cell)
        if fault := _noise_in(cell.outputs):
            raise LessonError(f"{cell_name(notebook, index)}: {fault}")


def _fix_widget_ids(cell: NotebookNode) -> None:
    """Widget models get a random id in each run: name them after their cell."""
    views = [out for out in cell.outputs if WIDGET_VIEW in out.get("data", {})]
    for number, output in enumerate(views):
        output.data[WIDGET_VIEW]["model_id"] = f"{cell.id}-{number}"


def _lighten_pictures(cell: NotebookNode) -> None:
    """Pictures with a palette of 256 colours, where nobody can see the difference."""
    for output in cell.outputs:
        data = output.get("data", {})
        if PNG in data:
            data[PNG] = b64encode(lighter(b64decode(data[PNG]))).decode() + "\n"


def lighter(png: bytes) -> bytes:
    """The same picture with a palette, if it is smaller and looks the same."""
    stored = Image.open(io.BytesIO(png))
    if stored.mode == "RGBA" and stored.getchannel("A").getextrema() != (255, 255):
        return png  # see-through somewhere
    picture = stored.convert("RGB")
    colours = Image.Quantize.MAXCOVERAGE
    palette = picture.quantize(256, colours, dither=Image.Dither.NONE)
    difference = ImageChops.difference(picture, palette.convert("RGB"))
    if np.asarray(difference).max() > INVISIBLE:
        return png
    file = io.BytesIO()
    palette.save(file, "png", optimize=True)
    return min(png, file.getvalue(), key=len)


def _drop_progress_bars(cell: NotebookNode) -> None:
    """Whether there is a bar depends on the machine: on stderr, or as a widget."""
    for output in cell.outputs:
        if output.get("name") == "stderr":
            output.text = PROGRESS_BAR.sub("", output.text).strip("\n")
    cell.outputs = [
        out
        for out in cell.outputs
        if out.get("text") != "" and not PROGRESS_BAR.fullmatch(_plain_text(out))
    ]


def _plain_text(output: NotebookNode) -> str:
    return output.get("data", {}).get("text/plain", "")


def _noise_in(outputs: list[NotebookNode]) -> str | None:
    """What keeps these outputs from being the same on every machine, if anything."""
    for output in outputs:
        if output.get("name") == "stderr":
            return f"writes to stderr: {output.text.partition(chr(10))[0]}"
        text = _text_of(output)
        if address := MEMORY_ADDRESS.search(text):
            return f"shows a memory address: {address[0]}"
        for folder in (ROOT, Path.home(), Path(tempfile.gettempdir())):
            if f"{folder}/" in text:
                return f"shows a path of this machine: {folder}"
    return None


def _text_of(output: NotebookNode) -> str:
    texts = [output.get("text", "")]
    texts += [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
    return "\n".join(texts)


# The command


def build(lesson: Path, notebook_path: Path) -> bool:
    """Build one notebook; whether its file changed. Raises LessonError."""
    notebook = read_lesson(lesson)
    course = notebook_path.resolve().parent.parent
    ledger = course / "data" / "results" / "verdicts.json"
    with new_verdicts(ledger, lesson.stem[:2]) as draft:
        execute(notebook, notebook_path.parent, {"COURSE_LEDGER": str(draft)})
        tidy(notebook)
    text = nbformat.writes(notebook) + "\n"
    if notebook_path.exists() and notebook_path.read_text(encoding="utf-8") == text:
        return False
    notebook_path.write_text(text, encoding="utf-8")
    return True


@contextmanager
def new_verdicts(ledger: Path, notebook: str) -> Iterator[Path]:
    """A draft of `ledger` for one notebook's run; it counts if the run succeeds."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / ledger.name
        if ledger.exists():
            entries = json.loads(ledger.read_text(encoding="utf-8"))
            others = [entry for entry in entries if entry["notebook"] != notebook]
            draft.write_text(json.dumps(others, indent=2) + "\n", encoding="utf-8")
        yield draft
        if draft.exists():
            ledger.parent.mkdir(parents=True, exist_ok=True)
            ledger.write_bytes(draft.read_bytes())


def build_many(lessons: list[Path], folder: Path) -> int:
    """Build each lesson into `folder`; the number of lessons that failed."""
    failed = 0
    for lesson in lessons:
        try:
            changed = build(lesson, folder / f"{lesson.stem}.ipynb")
        except LessonError as error:
            print(f"{lesson.name}: {error}", file=sys.stderr)
            failed += 1
        else:
            print(f"{lesson.name}: {'built' if changed else 'unchanged'}", flush=True)
    return failed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="build every lesson")
    parser.add_argument(
        "--check", action="store_true", help="only compare, run nothing"
    )
    parser.add_argument("--lessons", type=Path, default=ROOT / "lessons")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    options = parser.parse_args(arguments)

    lessons = sorted(options.lessons.glob("[0-9][0-9]_*.py"))
    stale = [
        lesson
        for lesson in lessons
        if not is_current(lesson, options.notebooks / f"{lesson.stem}.ipynb")
    ]
    if options.check:
        for lesson in stale:
            print(f"{lesson.name}: its notebook is out of date, run `make notebooks`")
        return int(bool(stale))
    return int(build_many(lessons if options.all else stale, options.notebooks) > 0)


if __name__ == "__main__":
    sys.exit(main())
