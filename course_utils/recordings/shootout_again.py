"""The contest once more for some, on seeds that have picked nobody: for notebook 17.

    python -m course_utils.recordings shootout_again

makes data/results/shootout_again.json anew. Those that came out ahead in the shoot-out
were picked by its seeds; here they are tried on others, and the tuned models are new
ones, too. Settings are chosen as they were, by the seeds for tuning. (Tuning ends a
little differently on other processors, so that even there models are not the same.)
"""

from collections.abc import Sequence
from pathlib import Path

from course_utils.recordings import shootout

COMMAND = "python -m course_utils.recordings shootout_again"
SEEDS = tuple(range(20, 28))
MODELS = ("storyteller", "tuned")
CONTESTANTS = (
    *("temperature", "top-k and top-p", "min-p", "epsilon", "eta"),
    *("EDT", "entropy noise", "several requests"),
)


def record(
    out: Path, seeds: Sequence[int] = SEEDS, state: Path = shootout.STATE
) -> dict[str, str]:
    """Hold the contest, or what is missing of it, and write the log to `out`."""
    plan = shootout.Plan(
        models=MODELS,
        contestants=CONTESTANTS,
        seeds=seeds,
        state=state,
        command=COMMAND,
    )
    return shootout.record(out, plan=plan)
