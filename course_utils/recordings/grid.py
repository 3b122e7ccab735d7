"""Many small jobs, on one machine or a cluster: finished ones are never done again.

A *cell* is a dictionary of plain parameters that says all that decides its result.
Results are files named by a hash of the cell: an interrupted grid goes on where it was,
and gives the same rows. Cells run through joblib, so that
`joblib.parallel_config(backend="dask")` around the call spreads them over a cluster. A
cell that raises, that takes too long or that kills its worker is reported as failed;
the others are done all the same.
"""

import faulthandler
import functools
import hashlib
import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from joblib import Parallel, delayed
from joblib.parallel import get_active_backend
from tqdm.auto import tqdm

from course_utils.recordings.logs import Row, write_json

Cell = dict[str, Any]
TIME_LIMIT = 600.0  # seconds without a result, after which a cell is given up
STARTING = 60.0  # seconds that a worker may take to start again after it has died
WAITING = 2  # cells handed out ahead for each worker


class Store:
    """Finished cells, each in a file of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: Cell) -> Path:
        key = key_of(cell)
        return self.folder / key[:2] / f"{key}.json"

    def read(self, cell: Cell) -> Row | None:
        """The row of a finished cell; None where it is not finished, or not whole."""
        try:
            stored = json.loads(self.path(cell).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return stored["row"] if stored.get("cell") == cell else None

    def add(self, cell: Cell, row: Row) -> None:
        write_json(self.path(cell), {"cell": cell, "row": row})


def key_of(cell: Cell) -> str:
    """A hash of a cell's parameters: the same whatever their order.

    1 and 1.0 are the same parameter, as they are in JSON's eyes and ours. Raises
    ValueError for parameters that JSON doesn't know.
    """
    try:
        text = json.dumps(_plain(cell), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"cell must hold plain numbers, words, lists and dictionaries: {error}"
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def run_grid(
    cells: Sequence[Cell],
    run: Callable[[Cell], Row],
    store: Store,
    jobs: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: bool = True,
) -> dict[str, str]:
    """Run all cells that the store lacks; what failed, by key, with the reason.

    run   must be known to the workers: a function of a module, or one that cloudpickle
          can send
    jobs  processes at once; None takes the backend's own number: all workers of a
          cluster, else 1, which is this process, and a cell that kills it ends the grid

    A failure is not stored: the next call tries it again.
    """
    failed: dict[str, str] = {}
    todo = [cell for cell in cells if store.read(cell) is None]
    with tqdm(
        total=len(cells), initial=len(cells) - len(todo), disable=not progress
    ) as bar:

        def keep(cell: Cell, found: Row | str) -> None:
            bar.update()
            if isinstance(found, str):
                failed[key_of(cell)] = found
            else:
                store.add(cell, found)

        while todo:
            todo = _round(todo, run, keep, jobs, time_limit)
    return failed


def _round(
    todo: list[Cell],
    run: Callable[[Cell], Row],
    keep: Callable[[Cell, Row | str], None],
    jobs: int | None,
    time_limit: float,
) -> list[Cell]:
    """All cells together until the pool breaks; those that are not done by then.

    Those that were in its hands are suspects, and get one more chance, one by one.
    """
    out: dict[int, Cell] = {}
    done: set[int] = set()
    found = _parallel(_handed_out(todo, out), run, jobs, time_limit, 1.2 * time_limit)
    while True:
        try:
            place, row = next(found)
        except StopIteration:
            break
        except Exception:  # whatever a backend raises when workers die or take too long
            if not out and not done:
                raise  # it never took a cell: this is no cell's fault
            for place, cell in dict(out).items():
                keep(cell, _alone(cell, run, jobs, time_limit))
                done.add(place)
            break
        keep(out.pop(place), row)
        done.add(place)
    return [cell for place, cell in enumerate(todo) if place not in done]


def _handed_out(todo: list[Cell], out: dict[int, Cell]) -> Iterator[tuple[int, Cell]]:
    for place, cell in enumerate(todo):
        out[place] = cell
        yield place, cell


def _parallel(
    cells: Iterator[tuple[int, Cell]],
    run: Callable[[Cell], Row],
    jobs: int | None,
    time_limit: float,
    wait: float,
) -> Iterator[tuple[int, Row | str]]:
    """Results as they come, each with the place of its cell.

    wait  seconds without a result, after which it is given up from here. By then its
          worker should have ended itself; a process that is alone knows no limit
    """
    _send_to_a_single_worker()
    pool = Parallel(
        n_jobs=jobs,
        return_as="generator_unordered",
        timeout=None if jobs == 1 else wait,
        batch_size=1,
        pre_dispatch=f"{WAITING}*n_jobs",
    )
    here = os.getpid()
    return pool(delayed(_run)(run, *each, time_limit, here) for each in cells)


def _send_to_a_single_worker() -> None:
    """Keep joblib from running cells here, where a cluster has one worker just now.

    It takes one worker for none, also while all others are starting again. A cell that
    kills its process, or never ends, would take the whole grid with it.
    """
    backend, _ = get_active_backend()
    if type(backend).__name__ != "DaskDistributedBackend":
        return
    count = type(backend).effective_n_jobs

    def at_least_two(n_jobs: int) -> int:
        many = count(backend, n_jobs)
        return 2 if many == 1 else many

    backend.effective_n_jobs = at_least_two


def _run(
    run: Callable[[Cell], Row], place: int, cell: Cell, time_limit: float, caller: int
) -> tuple[int, Row | str]:
    """In the worker. One that takes too long ends itself: nobody else could end it.

    A cluster can take back a job only before it has begun. The timer is one for a
    process, so each worker must have one thread.
    """
    elsewhere = os.getpid() != caller
    if elsewhere:
        faulthandler.dump_traceback_later(time_limit, exit=True, file=_nowhere())
    try:
        return place, run(cell)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return place, f"{type(error).__name__}: {error} (in {where.name})"
    finally:
        if elsewhere:
            faulthandler.cancel_dump_traceback_later()


@functools.cache
def _nowhere() -> IO[str]:
    return Path(os.devnull).open("w", encoding="utf-8")


def _alone(
    cell: Cell, run: Callable[[Cell], Row], jobs: int | None, time_limit: float
) -> Row | str:
    """One cell by itself, so that nothing else can be to blame.

    Workers may just be on their way back from what another one did to them.
    """
    wait = time_limit + STARTING
    patience = time.monotonic() + wait
    while True:
        try:
            ((_, found),) = _parallel(iter([(0, cell)]), run, jobs, time_limit, wait)
            return found
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:120] or type(error).__name__
            if "no worker" not in reason or time.monotonic() > patience:
                return f"its worker died or took over {time_limit:g} s ({reason})"
