"""What the entropy monitor costs per step, as a share of a GPT-2-124M step."""

from functools import partial

import torch
from torch import Tensor

from benchmarks.samplers import ROUNDS, SPREADS, STEPS, VOCABULARY, gpt2_steps
from benchmarks.timing import ratios, report, take_turns
from course_utils.detection.monitor import EntropyMonitor

PROMPT = 64  # tokens


def run() -> None:
    steps = gpt2_steps()
    for shape, spread in SPREADS.items():
        torch.manual_seed(0)
        scores = torch.randn(STEPS, 1, VOCABULARY) * spread
        contestants = {"step": steps, "monitor": partial(watch, scores)}
        seconds = take_turns(contestants, ROUNDS)
        share = [100 * x for x in ratios(seconds["monitor"], seconds["step"])]
        what = f"EntropyMonitor / step of GPT-2 124M, {shape} logits"
        report(what, share, "at most 3", unit="%")


def watch(scores: Tensor) -> EntropyMonitor:
    """A request of a few tokens, from its first step until it is closed."""
    monitor = EntropyMonitor(stop_ids=[VOCABULARY - 1])
    ids = torch.ones(1, PROMPT + len(scores), dtype=torch.long)
    for step, row in enumerate(scores):
        monitor(ids[:, : PROMPT + step], row)
    monitor.finish()
    return monitor
