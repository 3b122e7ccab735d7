"""The world's own budgets: seconds for 10,000 samples, milliseconds for a parse."""

from benchmarks.timing import report, take_turns
from course_utils.worlds.stories import StoryWorld

ROUNDS = 5
PARSES = 1000


def run() -> None:
    world = StoryWorld()
    texts = [story.text for story in world.sample(PARSES)]
    seconds = take_turns(
        {
            "sample": lambda: world.sample(10_000, seed=1),
            "parse": lambda: [world.parse(text) for text in texts],
        },
        ROUNDS,
    )
    report("10,000 stories sampled", seconds["sample"], "under 2", unit="s")
    milliseconds = [1000 * total / PARSES for total in seconds["parse"]]
    report("one story parsed", milliseconds, "under 1", unit="ms")
