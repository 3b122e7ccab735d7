"""Build notebooks/*.ipynb from lessons/*.py.

    python tools/build_notebooks.py            build what changed
    python tools/build_notebooks.py --all      build everything
    python tools/build_notebooks.py --check    say which notebooks are out of date

A lesson is a jupytext "percent" script. In it `{{badges}}` and `{{slug}}` are
filled in, a code cell `# {{bootstrap}}` becomes tools/bootstrap.py, and each
section says its minutes. The notebook is run in a fresh kernel and stored with its
outputs, without anything that would differ in a second run. Not stored are the
outputs of cells tagged `volatile` (they depend on the machine or the clock) and of
all cells between a `predict(...)` and its `compare(...)`. Cells that only state facts
or compare are folded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.contents import (
    DEEP,
    HEADING,
    Section,
    minutes,
    questions_of,
    sections,
    summary,
    with_minutes,
)
from tools.pictures import store_pictures
from tools.spoilers import drop_spoilers, fold

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = Path("data") / "lessons.json"
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
ON_TRIAL = "Claims on trial"
CLAIMS = "[all claims](00_start_here.ipynb#The-claims)"


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
    binder = f"https://mybinder.org/v2/gh/{slug}/main?labpath=workbook%2F"
    return (
        f"[![Open in Colab]({images}/colab.svg)]({colab}/{notebook}) "
        f"[![Open on Binder]({images}/binder.svg)]({binder}{notebook})"
    )


def read_lesson(lesson: Path) -> NotebookNode:
    """The notebook that `lesson` describes, not yet run."""
    notebook = _without_minutes(lesson)
    _say_minutes(notebook, sections_of(lesson))
    _set_cell_ids(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _without_minutes(lesson: Path) -> NotebookNode:
    notebook = jupytext.read(lesson, fmt="py:percent")
    for cell in notebook.cells:
        cell.source = _fill(cell.source, f"{lesson.stem}.ipynb")
        cell.metadata.pop("lines_to_next_cell", None)
        if cell.cell_type == "code":
            fold(cell)
    return notebook


def _fill(source: str, notebook: str) -> str:
    bootstrap = (ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8").rstrip()
    source = source.replace("# {{bootstrap}}", bootstrap)
    source = source.replace("{{badges}}", badges(notebook))
    return source.replace("{{slug}}", repository_slug())


def sections_of(lesson: Path) -> list[Section]:
    """The sections of a lesson, with its own quiz."""
    quizzes = lesson.resolve().parent.parent / "data" / "quizzes"
    cells = _without_minutes(lesson).cells
    return sections(cells, questions_of(quizzes, lesson.stem[:2]))


def _say_minutes(notebook: NotebookNode, found: list[Section]) -> None:
    """Fill `{{minutes}}`, and write below each heading how long its section takes."""
    later = iter(found[1:])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source.replace("{{minutes}}", str(minutes(found)))
            parts = HEADING.split(source)
            cell.source = "".join(
                _with_minutes(part, next(later)) if part.startswith("## ") else part
                for part in parts
            )


def _with_minutes(text: str, section: Section) -> str:
    unit = "minute" if section.rounded == 1 else "minutes"
    line = f"*{section.rounded} {unit}*"
    if section.title == ON_TRIAL:
        line += f" · {CLAIMS}"
    if section.deep:
        line += " · *deep: run its cells and read on where time is short*"
    heading, _, rest = text.replace(f"\n{DEEP}", "").partition("\n")
    return f"{heading}\n\n{line}\n{rest}"


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
        "COURSE_STRICT": "1",
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
    drop_spoilers(notebook)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if "volatile" in cell.metadata.get("tags", []):
            cell.outputs = []
        _drop_progress_bars(cell)
        _fix_widget_ids(cell)
        store_pictures(cell.outputs)
        if fault := _noise_in(cell.outputs):
            raise LessonError(f"{cell_name(notebook, index)}: {fault}")


def _fix_widget_ids(cell: NotebookNode) -> None:
    """Widget models get a random id in each run: name them after their cell."""
    views = [out for out in cell.outputs if WIDGET_VIEW in out.get("data", {})]
    for number, output in enumerate(views):
        output.data[WIDGET_VIEW]["model_id"] = f"{cell.id}-{number}"


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


def contents(lessons: Path) -> dict:
    """What data/lessons.json says of each lesson in a folder, by its number."""
    told = {}
    for lesson in sorted(lessons.glob("[0-9][0-9]_*.py")):
        title = read_lesson(lesson).cells[0].source.partition("\n")[0]
        number, _, name = title.removeprefix("# ").partition(" · ")
        told[number] = summary(lesson.stem, name, sections_of(lesson))
    return told


def write_contents(lessons: Path) -> None:
    told = contents(lessons)
    path = lessons.resolve().parent / CONTENTS
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    readme = lessons.resolve().parent / "README.md"
    if readme.exists():
        table = with_minutes(readme.read_text(encoding="utf-8"), told)
        readme.write_text(table, encoding="utf-8")


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
    parser.add_argument("--check", action="store_true", help="compare, run nothing")
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
    write_contents(options.lessons)
    return int(build_many(lessons if options.all else stale, options.notebooks) > 0)


if __name__ == "__main__":
    sys.exit(main())
