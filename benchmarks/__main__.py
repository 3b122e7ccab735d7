"""Print every budget beside what was measured.

Ratios of contestants that take turns within one run, so that a busy machine disturbs
both alike; minimum, median and maximum over the rounds. Give names to run only some:
`python -m benchmarks world samplers`.
"""

import importlib
import sys

import torch
from transformers.utils import logging

SUITES = (
    "world",
    "generation",
    "samplers",
    "monitor",
    "self_bleu",
    "loops",
    "detectors",
    "memory",
)


def main() -> None:
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    names = sys.argv[1:] or SUITES
    for name in names:
        if name not in SUITES:
            sys.exit(f"no benchmark {name!r}; there are {', '.join(SUITES)}")
        importlib.import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main()
