"""The contest once more for some, on seeds that have picked nobody: for notebook 17.

    python -m course_utils.recordings shootout_again

makes data/results/shootout_again.json anew. Those that came out ahead in the shoot-out
were picked by its seeds; here the settings that were chosen there are judged on others,
and the tuned models are new ones, too.
"""

from collections.abc import Sequence
from pathlib import Path

from course_utils.mitigation.shootout import Setting
from course_utils.recordings import shootout
from course_utils.recordings.logs import read_log

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
    """Judge them, or what is missing of it, and write the log to `out`."""
    plan = shootout.Plan(
        models=MODELS,
        contestants=CONTESTANTS,
        seeds=seeds,
        tuning=(),
        state=state,
        command=COMMAND,
        picked={model: chosen_first(model) for model in MODELS},
    )
    return shootout.record(out, plan=plan)


def chosen_first(model: str) -> dict[str, list[Setting]]:
    """The settings of each contestant that the shoot-out's seeds for tuning chose."""
    judged = read_log("shootout")["models"][model]["judged"]
    return {
        name: [r["setting"] for r in judged if r["chosen"] and r["contestant"] == name]
        for name in CONTESTANTS
    }
