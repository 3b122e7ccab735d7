"""What a sampler costs per step, as a share of a GPT-2-124M step that it follows."""

import torch
from torch import Tensor
from transformers import LogitsProcessor

from benchmarks.models import random_gpt2
from benchmarks.timing import Contestant, ratios, report, take_turns
from course_utils.forward import Prompts, make_decoder
from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
)
from course_utils.mitigation.mirostat import MirostatV1, MirostatV2
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
)
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
# GPT-2's has a bar; those of two larger families are shown for comparison.
VOCABULARIES = {VOCABULARY: "at most 3", 151_936: "no bar", 256_000: "no bar"}
PROMPT, STEPS, ROUNDS = 64, 5, 9
SAMPLERS = [
    *(Temperature(0.8), TopK(50), TopP(0.9), MinP(0.05), Typical(0.9)),
    *(Epsilon(3e-4), Eta(3e-4), TopNSigma(), TopH(), PLess()),
    *(AdaptiveTemperature(), EntropyTarget(2.0), EDT(1.2, 0.5)),
    *(DynamicTemperature(0.5, 1.5), MirostatV1(), MirostatV2()),
    *(GaussianNoise(0.5), EntropyNoise(0.1)),
    *(GumbelNoise(), GumbelNoise(stratified=True), ArithmeticSampling()),
]
# Logits as spread as a language model's, and as flat as at a high temperature.
SPREADS = {"peaked": 3.0, "flat": 0.5}


def run() -> None:
    for vocabulary, bar in VOCABULARIES.items():
        print(f"{vocabulary:,} tokens, over a step of GPT-2 124M (of {VOCABULARY:,}):")
        steps = gpt2_steps()
        for shape, spread in SPREADS.items():
            torch.manual_seed(0)
            scores = torch.randn(STEPS, 1, vocabulary) * spread
            contestants = {str(each): text(each, scores) for each in SAMPLERS}
            seconds = take_turns({"step": steps, **contestants}, ROUNDS)
            for sampler in contestants:
                share = [100 * x for x in ratios(seconds[sampler], seconds["step"])]
                what = f"{sampler} / step of GPT-2 124M, {shape}"
                report(what, share, bar, unit="%")


def text(sampler: LogitsProcessor, scores: Tensor) -> Contestant:
    """A function that calls a sampler as the loop does, with one more token a step."""
    prompt = torch.ones(1, PROMPT, dtype=torch.long)
    ids = torch.cat([prompt, scores.argmax(dim=-1).T], dim=-1)
    return lambda: [
        sampler(ids[:, : PROMPT + step], row) for step, row in enumerate(scores)
    ]


def gpt2_steps():
    """A function that takes a few steps of one row after a prompt of 64 tokens."""
    model = random_gpt2()
    ones = torch.ones(1, PROMPT, dtype=torch.long)
    prompts = Prompts(ones, ones > 0)

    def steps() -> Tensor:
        for _ in range(STEPS):
            logits = decoder.step(torch.zeros(1, dtype=torch.long))
        return logits

    with torch.inference_mode():
        capacity = STEPS * (ROUNDS + 1) * len(SPREADS)
        decoder = make_decoder(model, prompts, n=1, max_new_tokens=capacity)
        decoder.read_prompts()
    return steps
