"""`generate` against transformers' `generate` and against a loop without a sampler.

The last line of each batch is the limit: what `generate` would reach if sampling and
its trace cost nothing. The steps of the model themselves hold the rest: with one row
they read 8 MB of weights per token, with 32 rows half of their time is matrix products
and a third is attention (one core, measured with parts of a block left out).
"""

import torch

from benchmarks.models import random_storyteller, storyteller
from benchmarks.timing import ratios, report, take_turns
from course_utils.forward import Prompts, make_decoder
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import TopK, TopP
from course_utils.model import LanguageModel

NEW_TOKENS = 100
BARS = {1: "at least 3", 32: "at least 2"}
ROUNDS = {1: 9, 32: 7}


def run() -> None:
    lm = storyteller()
    for batch in (1, 32):
        against_transformers(lm, batch, "T = 1", [], {})
        against_transformers(
            lm,
            batch,
            "T = 0.8, k = 50, p = 0.9",
            [Temperature(0.8), TopK(50), TopP(0.9)],
            {"temperature": 0.8, "top_k": 50, "top_p": 0.9},
        )
    endless = random_storyteller()
    endless.tokenizer.eos_token = endless.model.generation_config.eos_token_id = None
    for batch in (1, 32):
        against_bare_loop(endless, batch)


def against_transformers(lm, batch, sampler, processors, options) -> None:
    """Same prompt, same seed, same tokens: transformers' seconds over ours."""
    seconds = take_turns(
        {
            "ours": lambda: generate(lm, "", batch, NEW_TOKENS, processors),
            "theirs": lambda: by_transformers(lm, batch, options),
        },
        ROUNDS[batch],
    )
    what = f"transformers.generate / generate, batch {batch}, {sampler}"
    report(what, ratios(seconds["theirs"], seconds["ours"]), BARS[batch])


def by_transformers(lm: LanguageModel, batch: int, options: dict) -> torch.Tensor:
    ids = torch.tensor([lm.encode("")])
    torch.manual_seed(0)
    return lm.model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=NEW_TOKENS,
        do_sample=True,
        num_return_sequences=batch,
        pad_token_id=lm.padding_id,
        **{"top_k": 0, **options},
    )


def against_bare_loop(lm: LanguageModel, batch: int) -> None:
    """What sampling and its trace add to the model's own steps."""
    seconds = take_turns(
        {
            "ours": lambda: generate(lm, "", batch, NEW_TOKENS),
            "bare": lambda: bare_loop(lm, batch),
            "theirs": lambda: by_transformers(lm, batch, {}),
        },
        ROUNDS[batch],
    )
    what = f"generate / loop without a sampler, batch {batch}"
    report(what, ratios(seconds["ours"], seconds["bare"]), "at most 1.15")
    what = f"transformers.generate / loop without a sampler, batch {batch}"
    report(what, ratios(seconds["theirs"], seconds["bare"]), "the limit")


def bare_loop(lm: LanguageModel, batch: int) -> None:
    """The same steps of the model, taking the largest logit."""
    ids = torch.tensor([lm.encode("")])
    prompts = Prompts(ids, torch.ones_like(ids, dtype=torch.bool))
    with torch.inference_mode():
        decoder = make_decoder(lm.model, prompts, batch, NEW_TOKENS)
        tokens = decoder.read_prompts().argmax(dim=-1)
        for _ in range(NEW_TOKENS - 1):
            tokens = decoder.step(tokens).argmax(dim=-1)
