"""`python -m course_utils shootout`: the contest, on this machine or on a cluster."""

import argparse
import contextlib
import dataclasses
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from joblib import parallel_config

from course_utils.data_files import data_path
from course_utils.recordings import shootout, shootout_models

BACKENDS = ("loky", "dask")
WAIT_FOR_WORKERS = 300  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        nargs="+",
        default=list(shootout_models.KINDS),
        metavar="MODEL",
        help="storyteller, tuned, 'own output' (default: these three), 'tuned 20', "
        "'tuned 40', or ladder for the storyteller and all tuned ones; with "
        "--reference any names for load_model",
    )
    parser.add_argument(
        "--reference",
        metavar="MODEL",
        help="a model that judges texts by their cross-entropy; needed for models of "
        "the hub or of a folder, whose truth nobody knows",
    )
    parser.add_argument(
        "--contestants", nargs="+", default=[], metavar="NAME", help="default: all"
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=list(shootout.SEEDS), metavar="N"
    )
    parser.add_argument(
        "--tuning",
        type=int,
        nargs="+",
        default=list(shootout.TUNING),
        metavar="N",
        help="seeds that settings are chosen by; no others' (default: 8 9 10)",
    )
    parser.add_argument(
        "--budget", type=int, default=shootout.BUDGET, help="tokens of the model a cell"
    )
    parser.add_argument("--out", type=Path, help="default: data/results/shootout.json")
    parser.add_argument(
        "--state",
        type=Path,
        default=shootout.STATE,
        help="finished cells, and models that are not bundled (default: runs/shootout)",
    )
    parser.add_argument(
        "--jobs", type=int, help="processes at once (default: 2; of a cluster: all)"
    )
    parser.add_argument("--backend", choices=BACKENDS, default="loky")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running Dask cluster, such as tcp://head:8786, or a scheduler file "
        "(default: one on this machine)",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=shootout.TIME_LIMIT,
        metavar="SECONDS",
        help="after which a cell is given up (default: 600)",
    )


def run(options: argparse.Namespace) -> int:
    """Hold the contest; returns 1 where a cell failed."""
    plan, out = plan_of(options), _place(options)
    if options.scheduler is not None and options.backend != "dask":
        raise ValueError("scheduler is for --backend dask only")
    with _workers(options):
        failed = shootout.record(out, plan=plan)
    for reason in sorted(set(failed.values())):
        many = list(failed.values()).count(reason)
        print(f"failed, {many} cells: {reason}", file=sys.stderr)
    print(f"{out}: {len(failed)} cells failed")
    return int(bool(failed))


def plan_of(options: argparse.Namespace) -> shootout.Plan:
    """What the options ask for. Raises ValueError where they contradict each other."""
    both = sorted({*options.seeds} & {*options.tuning})
    if both:
        raise ValueError(
            f"seeds and tuning share {both}: settings must be chosen by other seeds "
            "than those they are judged by"
        )
    models = _models(options.models, options.reference)
    jobs = options.jobs or (None if options.backend == "dask" else 2)
    plan = shootout.Plan(
        models=models,
        contestants=tuple(options.contestants),
        seeds=tuple(options.seeds),
        tuning=tuple(options.tuning),
        budget=options.budget,
        reference=options.reference,
        state=options.state,
        jobs=jobs,
        time_limit=options.time_limit,
    )
    return dataclasses.replace(plan, command=_command(plan))


def _models(names: Sequence[str], reference: str | None) -> tuple[str, ...]:
    if reference is not None:
        return tuple(names)
    known = {*shootout_models.KINDS, *shootout_models.LADDER}
    found: list[str] = []
    for name in names:
        more = list(shootout_models.LADDER) if name == "ladder" else [name]
        if not {*more} <= known:
            raise ValueError(
                f"models has {name!r}; the world's are {', '.join(sorted(known))} and "
                "ladder; others need --reference, a model that judges their texts"
            )
        found += [each for each in more if each not in found]
    return tuple(found)


def _command(plan: shootout.Plan) -> str:
    """What makes the same log: only what differs from the course's own."""
    words = [shootout.COMMAND]
    usual = shootout.Plan()
    for name in ("models", "contestants", "seeds", "tuning", "budget", "reference"):
        value = getattr(plan, name)
        if value != getattr(usual, name):
            values = value if isinstance(value, tuple) else [value]
            words += [f"--{name}", *(shlex.quote(str(each)) for each in values)]
    return " ".join(words)


def _place(options: argparse.Namespace) -> Path:
    """The course's own log is not written over by another contest."""
    if options.out is not None:
        return options.out
    if plan_of(options).command != shootout.COMMAND:
        raise ValueError(
            "out is missing: data/results/shootout.json is for the course's own contest"
        )
    return data_path("results", "shootout.json")


@contextlib.contextmanager
def _workers(options: argparse.Namespace) -> Iterator[None]:
    """What the grid runs on while this lasts."""
    if options.backend == "loky":
        yield
        return
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError:
        raise ValueError(
            "backend dask needs `pip install 'dask[distributed]'`, here and on the "
            "workers"
        ) from None
    waits = {"wait_for_workers_timeout": WAIT_FOR_WORKERS}
    with contextlib.ExitStack() as open_ones:
        if options.scheduler is None:
            cluster = LocalCluster(
                n_workers=options.jobs or 2,
                threads_per_worker=1,
                dashboard_address=":0",
            )
            address = open_ones.enter_context(cluster)
        else:
            address = options.scheduler
        is_file = isinstance(address, str) and address.endswith(".json")
        named = {"scheduler_file": address} if is_file else {"address": address}
        open_ones.enter_context(Client(**named))
        open_ones.enter_context(parallel_config(backend="dask", **waits))
        yield
