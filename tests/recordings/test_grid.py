"""A grid of cells: on disk, in processes, on a cluster, and when things go wrong."""

import itertools
import json
import os
import time
from contextlib import contextmanager

import joblib
import pytest

from course_utils.recordings import grid
from course_utils.recordings.grid import Store, key_of, run_grid
from tests.recordings.grid_jobs import square, whereabouts

LIMIT = 15.0  # seconds


@contextmanager
def local_cluster(n_workers):
    distributed = pytest.importorskip("dask.distributed")
    with (
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    with local_cluster(2) as made:
        yield made


def on_dask():
    return joblib.parallel_config(backend="dask", wait_for_workers_timeout=60)


@contextmanager
def workers(backend, request):
    if backend == "dask":
        request.getfixturevalue("cluster")
        with on_dask():
            yield None
    else:
        with joblib.parallel_config(backend="loky"):
            yield 2


@pytest.fixture(params=["loky", "dask"])
def backend(request):
    return request.param


def cells_of(many, **faults):
    return [{"i": i, **faults.get(f"at_{i}", {})} for i in range(many)]


def contents(store):
    return {p.name: p.read_text() for p in store.folder.rglob("*.json")}


def run(cells, store, backend, request, limit=LIMIT):
    with workers(backend, request) as jobs:
        return run_grid(cells, square, store, jobs, limit, progress=False)


def test_all_cells_are_done(backend, request, tmp_path):
    store, cells = Store(tmp_path), cells_of(12)
    assert run(cells, store, backend, request) == {}
    assert [store.read(c)["square"] for c in cells] == [i**2 for i in range(12)]


def test_a_cluster_gives_the_same_bytes_as_one_process(request, tmp_path):
    cells = cells_of(10)
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    run_grid(cells, square, here, jobs=1, progress=False)
    run(cells, there, "dask", request)
    assert contents(here) == contents(there)


def test_a_finished_cell_is_never_done_again(tmp_path):
    store, done = Store(tmp_path), []

    def counted(cell):
        done.append(cell["i"])
        return {"square": cell["i"] ** 2}

    run_grid(cells_of(3), counted, store, jobs=1, progress=False)
    run_grid(cells_of(5), counted, store, jobs=1, progress=False)
    assert done == [0, 1, 2, 3, 4]


def test_interrupted_and_resumed_is_the_same(tmp_path):
    whole, parts = Store(tmp_path / "whole"), Store(tmp_path / "parts")
    run_grid(cells_of(6), square, whole, jobs=1, progress=False)

    def until(cell):
        if cell["i"] == 4:
            raise KeyboardInterrupt
        return square(cell)

    with pytest.raises(KeyboardInterrupt):
        run_grid(cells_of(6), until, parts, jobs=1, progress=False)
    assert 0 < len(contents(parts)) < 6
    run_grid(cells_of(6), square, parts, jobs=1, progress=False)
    assert contents(whole) == contents(parts)


def test_a_file_that_is_half_written_counts_as_missing(tmp_path):
    store, cell = Store(tmp_path), {"i": 3}
    store.add(cell, {"square": 0})
    store.path(cell).write_text('{"cell": {"i"')
    assert store.read(cell) is None
    run_grid([cell], square, store, jobs=1, progress=False)
    assert store.read(cell)["square"] == 9


def test_what_raises_is_reported_and_the_rest_is_done(backend, request, tmp_path):
    store = Store(tmp_path)
    cells = cells_of(8, at_3={"fault": "raises"})
    failed = run(cells, store, backend, request)
    assert failed == {key_of(cells[3]): "RuntimeError: no such luck (in square)"}
    assert sum(store.read(cell) is not None for cell in cells) == 7


def test_a_failure_is_tried_again_the_next_time(tmp_path):
    store, cell = Store(tmp_path), {"i": 2, "fault": "raises"}
    assert run_grid([cell], square, store, jobs=1, progress=False)
    assert not run_grid([cell], lambda _: {"square": 4}, store, jobs=1, progress=False)


def test_a_worker_that_is_killed_loses_nothing(backend, request, tmp_path):
    store, folder = Store(tmp_path / "cells"), str(tmp_path)
    cells = cells_of(12, at_5={"fault": "kills once", "folder": folder})
    assert run(cells, store, backend, request) == {}
    assert (tmp_path / "was here").exists()
    assert [store.read(c)["square"] for c in cells] == [i**2 for i in range(12)]


def test_a_cell_that_always_kills_its_worker_is_given_up(backend, request, tmp_path):
    store, begin = Store(tmp_path), time.monotonic()
    cells = cells_of(30, at_4={"fault": "kills"})
    failed = run(cells, store, backend, request)
    assert list(failed) == [key_of(cells[4])]
    assert "its worker died" in failed[key_of(cells[4])]
    assert sum(store.read(cell) is not None for cell in cells) == 29
    assert time.monotonic() - begin < 300  # it ends at all, however busy the machine


def test_a_cell_that_never_ends_is_given_up(backend, request, tmp_path):
    store = Store(tmp_path)
    cells = cells_of(12, at_2={"fault": "hangs"})
    failed = run(cells, store, backend, request, limit=4.0)
    assert list(failed) == [key_of(cells[2])]
    assert "took over 4 s" in failed[key_of(cells[2])]
    assert sum(store.read(cell) is not None for cell in cells) == 11


def test_the_only_worker_of_a_cluster_gets_the_cells(tmp_path):
    """joblib would run them here, where one that kills its process ends the grid."""
    store, cells = Store(tmp_path), cells_of(3)
    with local_cluster(1), on_dask():
        assert run_grid(cells, whereabouts, store, None, progress=False) == {}
    assert os.getpid() not in {store.read(cell)["pid"] for cell in cells}


@pytest.mark.parametrize("workers, counted", [(0, 0), (1, 2), (2, 2), (9, 9)])
def test_one_worker_counts_as_two(workers, counted, monkeypatch):
    class DaskDistributedBackend:
        def effective_n_jobs(self, n_jobs):
            return workers

    backend = DaskDistributedBackend()
    monkeypatch.setattr(grid, "get_active_backend", lambda: (backend, None))
    for _ in range(2):  # as often as cells are handed out
        grid._send_to_a_single_worker()
        assert backend.effective_n_jobs(None) == counted


class Breaking:
    """A pool that takes cells and gives some back before it breaks, as told."""

    def __init__(self, *rounds):
        self.rounds, self.ran = list(rounds), []

    def __call__(self, cells, run, jobs, time_limit, wait):
        takes, gives = self.rounds.pop(0) if self.rounds else (None, None)
        taken = list(itertools.islice(cells, takes))
        for place, cell in taken if gives is None else [taken[i] for i in gives]:
            self.ran.append(cell["i"])
            yield place, run(cell)
        if gives is not None:
            raise OSError("the pool is broken")


def run_breaking(pool, monkeypatch, store, many=5):
    monkeypatch.setattr(grid, "_parallel", pool)
    return run_grid(cells_of(many), square, store, 2, progress=False)


def test_what_was_done_before_the_pool_broke_is_not_done_again(tmp_path, monkeypatch):
    pool = Breaking((4, [3, 1]))  # 0 and 2 are in its hands, 4 was never taken
    assert run_breaking(pool, monkeypatch, Store(tmp_path)) == {}
    assert pool.ran == [3, 1, 0, 2, 4]


def test_what_was_never_taken_is_done_after_the_pool_broke(tmp_path, monkeypatch):
    pool, store = Breaking((2, [1, 0])), Store(tmp_path)
    assert run_breaking(pool, monkeypatch, store) == {}
    assert pool.ran == [1, 0, 2, 3, 4] and len(contents(store)) == 5


def test_a_pool_that_takes_nothing_ends_the_grid(tmp_path, monkeypatch):
    with pytest.raises(OSError, match="the pool is broken"):
        run_breaking(Breaking((0, [])), monkeypatch, Store(tmp_path))


def test_a_result_that_cannot_be_stored_ends_the_grid(tmp_path, monkeypatch):
    def full(self, cell, row):
        raise OSError("no space left")

    monkeypatch.setattr(Store, "add", full)
    pool = Breaking((5, [0, 1, 2, 3, 4]))
    with pytest.raises(OSError, match="no space left"):
        run_breaking(pool, monkeypatch, Store(tmp_path))
    assert pool.ran == [0]


def test_a_key_knows_no_order_and_no_kind_of_number():
    assert key_of({"a": 1, "b": [2, 0.5]}) == key_of({"b": (2.0, 0.5), "a": 1.0})
    assert key_of({"a": 1}) != key_of({"a": 1.5})
    assert key_of({"a": "1"}) != key_of({"a": 1})


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}])
def test_a_cell_of_other_things_is_refused(value):
    with pytest.raises(ValueError, match="cell must hold plain"):
        key_of({"a": value})


def test_files_hold_the_cell_beside_its_row(tmp_path):
    store, cell = Store(tmp_path), {"i": 7, "T": 1.5}
    run_grid([cell], square, store, jobs=1, progress=False)
    stored = json.loads(store.path(cell).read_text())
    assert stored == {"cell": cell, "row": {"square": 49, "half": 3.5}}
