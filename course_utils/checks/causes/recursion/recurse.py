"""Checks of `recurse`, an exercise of notebook 05."""

import torch

from course_utils.classroom.cases import Case, Checks, mistake, wrong


def _chain(probs, samples, generations, keep, generator, source=None, start=0):
    """The right recursion, but for where it draws from and with what it starts."""
    shares = [probs]
    corpus = samples * probs * max(start, 0)
    for generation in range(generations):
        drawn_from = shares[source(shares) if source else -1]
        own = _draw(drawn_from, samples, generator)
        forget = keep == "replace" or (start < 0 and generation == 1)
        corpus = own if forget else corpus + own
        shares.append(corpus / corpus.sum(dim=-1, keepdim=True))
    return torch.stack(shares)


def _draw(shares, samples, generator):
    flat = shares.reshape(-1, shares.shape[-1])
    drawn = torch.multinomial(flat, samples, replacement=True, generator=generator)
    counts = torch.nn.functional.one_hot(drawn, shares.shape[-1]).sum(dim=1)
    return counts.reshape(shares.shape).to(shares.dtype)


def _numbers(generations):
    return range(1, generations + 1)


_RUNS = {"probs": "torch.full((200, 4), 0.25)"}
_COUNTS = {
    **_RUNS,
    "sizes": "5.0 * torch.arange(1, 5)[:, None, None]",
    "whole": "lambda counts: torch.allclose(counts, counts.round(), atol=1e-3)",
}
CASES = [
    Case("recurse(probs, 5, 2)", probs=[1.0, 0.0]),
    Case('recurse(probs, 5, 3, keep="accumulate")', probs=[[1.0, 0.0], [0.0, 1.0]]),
    Case("recurse(probs, 5, 2)[0]", probs=[0.5, 0.3, 0.2]),
    Case("recurse(probs, 5, 2).shape", probs="torch.full((3, 2, 4), 0.25)"),
    Case(
        'recurse(probs, 5, 3, keep="accumulate").sum(dim=-1)',
        probs="torch.full((2, 4), 0.25)",
    ),
    # With one draw each, the value that is drawn first stays for ever.
    Case("(shares := recurse(probs, 1, 3))[3].equal(shares[1])", **_RUNS),
    Case("(shares := recurse(probs, 5, 4))[4].equal(shares[1])", **_RUNS),
    Case("whole(5 * recurse(probs, 5, 4)[1:])", **_COUNTS),
    # What the real data had, an accumulated corpus always has.
    Case(
        '((shares := recurse(probs, 5, 4, "accumulate"))[4] > 0).equal(shares[1] > 0)',
        **_RUNS,
    ),
    Case('whole(sizes * recurse(probs, 5, 4, "accumulate")[1:])', **_COUNTS),
    # Nothing is ever taken out of an accumulated corpus.
    Case(
        '((sizes * recurse(probs, 5, 4, "accumulate")[1:]).diff(dim=0) > -1e-3)'
        ".all().item()",
        **_COUNTS,
    ),
    Case(
        "(shares := recurse(probs, 50, 1))[1, 0].equal(shares[1, 1])",
        probs="torch.full((2, 8), 0.125)",
    ),
    Case(
        'recurse(probs, 50, 2, "replace", seeded())'
        '.equal(recurse(probs, 50, 2, "replace", seeded()))',
        probs="torch.full((8,), 0.125)",
        seeded="lambda: torch.Generator().manual_seed(1)",
    ),
    Case(
        "recurse(probs, 50, 2).equal(recurse(probs, 50, 2))",
        probs="torch.full((8,), 0.125)",
    ),
    Case(
        "torch.allclose(recurse(probs, 10, 3)[3].double().mean(dim=0), probs[0], "
        "atol=0.05)",
        probs="torch.tensor([0.6, 0.3, 0.1]).double().expand(2000, 3)",
    ),
    # The chance that two draws agree: by the formula 0.69 on average.
    Case(
        '(0.5 < (shares := recurse(probs, 5, 4, "replace"))[4].square().sum(-1)'
        ".mean().item() < 0.8)",
        probs="torch.full((2000, 4), 0.25)",
    ),
]
HINTS = [
    "Keep a list of shares that begins with `probs`. In each round, draw from its "
    "last entry, count, update the corpus, and append the corpus's shares.",
    "`sample(shares, samples, generator)` draws ids of shape [..., samples]; "
    "`torch.nn.functional.one_hot(ids, values).sum(dim=-2)` counts them.",
    'For "replace" the corpus is the new counts. For "accumulate" it starts at '
    "zero and grows by the new counts. Shares are `corpus / corpus.sum(dim=-1, "
    "keepdim=True)`; at the end, `torch.stack` the list.",
]
WRONG = [
    wrong(
        "_chain(probs, samples, generations, keep, generator, source=lambda all: 0)",
        "Every generation of yours draws from the truth. It must draw from the "
        "generation before: from the last shares.",
    ),
    wrong(
        "_chain(probs, samples, generations, 'replace', generator)",
        '`keep="accumulate"` has no effect in your answer: there the new counts are '
        "added to all earlier ones.",
    ),
    wrong(
        "_chain(probs, samples, generations, 'accumulate', generator)",
        'You always keep the earlier draws. With `keep="replace"` a generation '
        "learns from the newest draws alone.",
    ),
    wrong(
        "_chain(probs, samples, generations, other, generator)",
        'The two ways are mixed up: "replace" forgets all earlier draws, '
        '"accumulate" adds the new ones to them.',
        other="'accumulate' if keep == 'replace' else 'replace'",
    ),
    wrong(
        "torch.stack([probs, *[last] * generations])",
        "All entries after the first are the same: you change one tensor in place and "
        "append it again and again. Append a new tensor each time, or a `clone()`.",
        last="_chain(probs, samples, generations, keep, generator)[-1]",
    ),
    wrong(
        "_chain(probs, samples, generations, keep, generator)[1:]",
        "The truth is missing: entry 0 of the result is `probs`, so that there are "
        "`generations + 1` entries.",
    ),
    wrong(
        "_chain(probs, samples, generations, keep, generator, start=-1)",
        'In "accumulate" the first draws, those from the truth, are to stay in the '
        "corpus for ever. Yours are gone after the first generation.",
    ),
    wrong(
        "_chain(probs, samples, generations, keep, generator, start=1)",
        "You put the truth itself into the corpus. Nobody can read that: the corpus "
        "begins empty, and the first to enter are draws from it.",
    ),
    wrong(
        "torch.stack([row * size for row, size in zip(shares, sizes, strict=True)])",
        "You return counts. Divide them by their sum, so that every entry is a "
        "distribution.",
        shares="_chain(probs, samples, generations, keep, generator)",
        sizes="[1, *(samples * (g if keep == 'accumulate' else 1) for g in "
        "_numbers(generations))]",
    ),
    wrong(
        "torch.stack([row * size for row, size in zip(shares, sizes, strict=True)])",
        "You always divide by `samples`. An accumulated corpus holds more draws than "
        "that: divide by its own sum.",
        shares="_chain(probs, samples, generations, keep, generator)",
        sizes="[1, *(g if keep == 'accumulate' else 1 for g in _numbers(generations))]",
    ),
    wrong(
        "_chain(probs, samples, generations, keep, None)",
        "You don't use `generator`: two generators with the same seed must give the "
        "same runs. Hand it on to `sample`.",
    ),
    wrong(
        "_chain(probs, samples, generations, keep, dice)",
        "Your answer draws the same at every call. Set no seed inside: without a "
        "`generator`, torch's own random numbers go on from call to call.",
        dice="generator or torch.Generator().manual_seed(0)",
    ),
    wrong(
        "torch.cat([probs[None], shared[1:]])",
        "All rows get the same draws. Each row is a run of its own, with random "
        "numbers of its own.",
        first="probs.reshape(-1, probs.shape[-1])[0]",
        chain="_chain(first, samples, generations, keep, generator)",
        shape="(generations + 1, *[1] * (probs.ndim - 1), probs.shape[-1])",
        shared="chain.reshape(shape).expand(generations + 1, *probs.shape)",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_chain, _numbers])


@mistake(CHECKS)
def averages_the_last_two(probs, samples, generations, keep="replace", generator=None):
    """In "accumulate" you take the mean of the old and the new shares, which forgets
    the old ones by half each time. Add up counts: each draw weighs the same."""
    shares = [probs]
    for generation in range(generations):
        own = _draw(shares[-1], samples, generator) / samples
        old = shares[-1] if generation else own
        shares.append(own if keep == "replace" else (old + own) / 2)
    return torch.stack(shares)
