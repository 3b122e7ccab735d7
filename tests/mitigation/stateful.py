"""What every sampler with a memory or with lots of its own has to keep."""

import torch
from scipy.stats import chisquare
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


def write(sampler, steps, start, seed=0):
    """Play a sampler and draw each token from what it left: its output, the tokens."""
    dice = torch.Generator().manual_seed(seed)
    ids, out, tokens = start, [], []
    for scores in steps:
        out.append(sampler(ids, scores))
        drawn = torch.multinomial(out[-1].softmax(dim=-1), 1, generator=dice)
        tokens.append(drawn[:, 0])
        ids = torch.cat([ids, drawn], dim=-1)
    return torch.stack(out), tokens


def p_value(tokens, probs):
    """Chi-square: how likely counts as odd as these are, if `tokens` follow `probs`."""
    counts = torch.bincount(torch.as_tensor(tokens), minlength=len(probs))
    possible = probs > 0
    assert counts[~possible].sum() == 0
    expected = probs[possible].double() / probs.double().sum() * counts.sum()
    return chisquare(counts[possible].numpy(), expected.numpy()).pvalue


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


def beams_of_transformers(lm, sampler, do_sample, num_beams=3, length=16):
    """Token ids that a beam search of transformers makes of two prompts."""
    prompts = torch.tensor([lm.encode("Once upon a"), lm.encode("There was a")])
    torch.manual_seed(0)
    out = lm.model.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        num_beams=num_beams,
        do_sample=do_sample,
        max_new_tokens=length,
        pad_token_id=lm.padding_id,
        logits_processor=LogitsProcessorList([sampler]),
    )
    return out[:, prompts.shape[1] :].tolist()
