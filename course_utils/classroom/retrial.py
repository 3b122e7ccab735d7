"""The ledger of verdicts: what it says, and whether it comes out the same again.

`python -m course_utils verdicts` runs the notebooks anew and holds every row against
the stored one; with other draws (`--draws 1`), every verdict's word.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from course_utils.classroom.other_draws import DRAWS
from course_utils.classroom.verdicts import LEDGER, basis
from course_utils.data_files import data_path, notebooks_path

Entry = dict[str, Any]

_SECONDS_PER_CELL = 600
_ALLOWED = "numbers of notebooks, such as 05"


def stored_verdicts() -> list[Entry]:
    """The rows of data/results/verdicts.json."""
    path = data_path("results", "verdicts.json")
    return json.loads(path.read_text(encoding="utf-8"))


def listing(entries: Sequence[Entry]) -> str:
    """Every row in three lines: the verdict, the question, and the number."""
    return "\n\n".join(
        f"{entry['claim']} ({entry['notebook']}): {entry['verdict']}\n"
        f"  {entry['question']}\n  {_number(entry)}"
        for entry in entries
    )


def notebooks_on_trial(chosen: Sequence[str] = ()) -> list[Path]:
    """The notebooks that try a claim, or those of them that are chosen by number.

    Raises ValueError for a number that has no verdicts.
    """
    numbers = {entry["notebook"] for entry in stored_verdicts()}
    wrong = [number for number in chosen if number not in numbers]
    if wrong:
        raise ValueError(f"notebook is {wrong[0]!r}; allowed are {_ALLOWED}")
    return [
        path
        for path in sorted(notebooks_path().glob("[0-9][0-9]_*.ipynb"))
        if path.name[:2] in (chosen or numbers)
    ]


def try_again(
    notebooks: Sequence[Path], draws: int = 0, at_once: int = 1
) -> Iterator[tuple[str, list[Entry] | str]]:
    """Run notebooks in kernels of their own: number and rows, or what went wrong.

    `draws` moves every seed, so that all that is drawn is drawn anew; 0 leaves them.
    """
    with ThreadPoolExecutor(at_once) as pool:
        tried = pool.map(lambda path: _tried(path, draws), notebooks)
        yield from zip((path.name[:2] for path in notebooks), tried, strict=True)


def differences(
    stored: Sequence[Entry], found: Sequence[Entry], words_only: bool = False
) -> list[str]:
    """Where rows of a retrial differ from the stored ones, a line each.

    `words_only` leaves out the numbers, which other draws are bound to move.
    """
    before, after = ({_place(e): e for e in rows} for rows in (stored, found))
    lines = [_named(p, "is stored, and was not found") for p in before.keys() - after]
    lines += [_named(p, "was found, and is not stored") for p in after.keys() - before]
    for place in before.keys() & after.keys():
        changes = _changes(before[place], after[place], words_only)
        lines += [_named(place, change) for change in changes]
    return sorted(lines)


def _tried(path: Path, draws: int) -> list[Entry] | str:
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise OSError(
            "verdicts are tried again in kernels of their own, which needs nbclient: "
            "`pip install nbclient`"
        ) from error

    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=_SECONDS_PER_CELL,
            kernel_name="python3",
            allow_errors=bool(draws),
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute(env=_environment(Path(folder), draws))
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}".partition("\n")[0]
        ledger = Path(folder) / "verdicts.json"
        if not ledger.exists():
            return "no verdict was reached"
        return json.loads(ledger.read_text(encoding="utf-8"))


def _environment(folder: Path, draws: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSE_")}
    kept.pop("MPLBACKEND", None)
    return kept | {
        LEDGER: str(folder / "verdicts.json"),
        DRAWS: str(draws),
        "COURSE_PROGRESS": str(folder / "progress.json"),
        "IPYTHONDIR": str(folder / "ipython"),
        "OMP_NUM_THREADS": "1",
    }


def _place(entry: Entry) -> tuple[str, str, str]:
    return entry["claim"], entry["notebook"], entry["question"]


def _named(place: tuple[str, str, str], what: str) -> str:
    claim, notebook, question = place
    return f"{claim} ({notebook}) {question} {what}"


def _changes(stored: Entry, found: Entry, words_only: bool) -> list[str]:
    if stored["verdict"] != found["verdict"]:
        return [f"verdict {found['verdict']!r}, stored {stored['verdict']!r}"]
    return [
        f"{name} {found[name]}, stored {stored[name]}"
        for name in stored
        if not words_only and found.get(name) != stored[name]
    ]


def _number(entry: Entry) -> str:
    rests_on = basis(
        entry["interval"], entry["level"], entry["n"], entry["unit"], entry["clusters"]
    )
    return f"{entry['estimate']:.3g} ({rests_on}); {entry['command']}"
