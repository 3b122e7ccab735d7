"""A retrial moves every seed of a process, and nothing else does."""

import subprocess
import sys

SCRIPT = """
import numpy as np, torch
from course_utils.classroom import start
from course_utils.worlds.stories import StoryWorld
start("03")
dice = torch.Generator().manual_seed(0)
print(torch.rand(1, generator=dice).item(), np.random.default_rng(0).random(),
      np.random.default_rng([1, 2]).random(), StoryWorld().sample(1, 0)[0].text)
"""


def drawn(monkeypatch, draws):
    monkeypatch.delenv("COURSE_DRAWS", raising=False)
    if draws is not None:
        monkeypatch.setenv("COURSE_DRAWS", draws)
    command = [sys.executable, "-c", SCRIPT]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return out.split(maxsplit=3)


def test_other_draws_move_every_seed_and_the_same_ones_move_them_alike(monkeypatch):
    plain, zero, one, again, two = (
        drawn(monkeypatch, draws) for draws in (None, "0", "1", "1", "2")
    )
    assert plain == zero
    assert one == again
    for other in (one, two):
        assert all(a != b for a, b in zip(plain, other, strict=True))
    assert all(a != b for a, b in zip(one, two, strict=True))
