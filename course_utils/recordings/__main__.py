"""`python -m course_utils.recordings NAME` makes data/results/NAME.json anew."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from course_utils.data_files import data_path

RECORDERS = {  # the module of each log, with its `record(out, seeds)` and `SEEDS`
    "adaptive": "course_utils.recordings.adaptive",
    "costs": "course_utils.recordings.costs",
    "foresight": "course_utils.recordings.foresight",
    "forms": "course_utils.recordings.forms",
    "league": "course_utils.recordings.league",
    "noise": "course_utils.recordings.noise",
    "pretraining": "course_utils.recordings.pretraining",
    "prompts": "course_utils.recordings.prompts",
    "recursion": "course_utils.recordings.recursion",
    "reward": "course_utils.recordings.reward",
    "searches": "course_utils.recordings.searches",
    "shootout": "course_utils.recordings.shootout",
    "shootout_again": "course_utils.recordings.shootout_again",
    "truncation": "course_utils.recordings.truncation",
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m course_utils.recordings")
    parser.add_argument("name", choices=RECORDERS)
    parser.add_argument("--out", type=Path, help="default: data/results/NAME.json")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: the log's own")
    options = parser.parse_args(arguments)
    recorder = import_module(RECORDERS[options.name])
    out = options.out or data_path("results", f"{options.name}.json")
    recorder.record(out, options.seeds or recorder.SEEDS)


if __name__ == "__main__":
    main()
