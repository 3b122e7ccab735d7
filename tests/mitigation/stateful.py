"""What every sampler with a memory or with lots of its own has to keep."""

import torch
from transformers import LogitsProcessorList


def play(sampler, steps, start, tokens):
    """Call a sampler step by step; `steps` are its scores, `tokens` what is drawn."""
    ids, out = start, []
    for scores, drawn in zip(steps, tokens, strict=True):
        out.append(sampler(ids, scores))
        ids = torch.cat([ids, drawn[:, None]], dim=-1)
    return torch.stack(out)


def random_play(rows=3, vocabulary=40, length=12, seed=0):
    """Scores [step][rows, vocabulary], a start, and tokens [step][rows]."""
    dice = torch.Generator().manual_seed(seed)
    steps = list(torch.randn(length, rows, vocabulary, generator=dice) * 4)
    tokens = list(torch.randint(vocabulary, (length, rows), generator=dice))
    return steps, torch.arange(rows)[:, None], tokens


def generated_by_transformers(lm, sampler, prompt, n, length, seed):
    """Token ids of transformers' own loop, without the prompt."""
    inputs = lm.encode(prompt)
    torch.manual_seed(seed)
    out = lm.model.generate(
        torch.tensor([inputs] * n),
        attention_mask=torch.ones(n, len(inputs), dtype=torch.long),
        do_sample=True,
        top_k=0,
        max_new_tokens=length,
        pad_token_id=lm.padding_id,
        logits_processor=LogitsProcessorList([sampler]),
    )
    return out[:, len(inputs) :].tolist()
