"""What a sampler costs per step, as a share of a GPT-2-124M step that it follows."""

import torch
from torch import Tensor

from benchmarks.models import random_gpt2
from benchmarks.timing import ratios, report, take_turns
from course_utils.forward import Prompts, make_decoder
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)

VOCABULARY = 50_257
STEPS, ROUNDS = 5, 9
SAMPLERS = [
    *(Temperature(0.8), TopK(50), TopP(0.9), MinP(0.05), Typical(0.9)),
    *(Epsilon(3e-4), Eta(3e-4), TopNSigma(), TopH(), PLess()),
]
# Logits as spread as a language model's, and as flat as at a high temperature.
SPREADS = {"peaked": 3.0, "flat": 0.5}


def run() -> None:
    steps = gpt2_steps()
    for shape, spread in SPREADS.items():
        torch.manual_seed(0)
        scores = torch.randn(STEPS, 1, VOCABULARY) * spread
        contestants = {
            str(sampler): lambda sampler=sampler, scores=scores: [
                sampler(None, row) for row in scores
            ]
            for sampler in SAMPLERS
        }
        seconds = take_turns({"step": steps, **contestants}, ROUNDS)
        for sampler in contestants:
            share = [100 * x for x in ratios(seconds[sampler], seconds["step"])]
            what = f"{sampler} / step of GPT-2 124M, {shape} logits"
            report(what, share, "at most 3", unit="%")


def gpt2_steps():
    """A function that takes a few steps of one row after a prompt of 64 tokens."""
    model = random_gpt2()
    prompts = Prompts(torch.ones(1, 64, dtype=torch.long), torch.ones(1, 64) > 0)

    def steps() -> Tensor:
        for _ in range(STEPS):
            logits = decoder.step(torch.zeros(1, dtype=torch.long))
        return logits

    with torch.inference_mode():
        capacity = STEPS * (ROUNDS + 1) * len(SPREADS)
        decoder = make_decoder(model, prompts, n=1, max_new_tokens=capacity)
        decoder.read_prompts()
    return steps
