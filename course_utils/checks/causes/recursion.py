"""Checks of `expected_distinct` and `recurse`, exercises of notebook 05."""

import torch

from course_utils.classroom.judging import Case, Checks


def counts_what_is_missed(probs, samples):
    """This is how many values are *missed* on average. Each value is found with
    1 minus that probability: add those up."""
    return ((1 - probs) ** samples).sum(dim=-1)


def gives_a_share(probs, samples):
    """You average over the values, which gives the share of them that is found. Here
    their number is wanted: the sum."""
    return (1 - (1 - probs) ** samples).mean(dim=-1)


def counts_draws(probs, samples):
    """You add up how often each value is drawn, which gives the number of draws. A
    value counts once, however often it comes."""
    return (samples * probs).sum(dim=-1)


def finds_what_never_stops_coming(probs, samples):
    """`p ** samples` is the chance that *every* draw gives the value. You need the
    chance that no draw does: `(1 - p) ** samples`."""
    return (1 - probs**samples).sum(dim=-1)


def looks_at_one_draw(probs, samples):
    """`samples` has no effect in your answer. One draw misses a value with 1 - p; all
    of them miss it with that to the power of `samples`."""
    return (1 - (1 - probs)).sum(dim=-1)


def counts_all_that_is_possible(probs, samples):
    """You count all values that can come up. In a finite sample some of them don't."""
    return (probs > 0).sum(dim=-1).to(probs.dtype)


def sums_over_the_batch(probs, samples):
    """You add up all rows of the batch. Each row has a number of its own:
    `sum(dim=-1)`."""
    return (1 - (1 - probs) ** samples).sum()


def approximates(probs, samples):
    """`exp(-samples * p)` is close for rare values, but only close: the exact chance
    of missing a value is `(1 - p) ** samples`."""
    return (1 - torch.exp(-samples * probs)).sum(dim=-1)


EXPECTED_DISTINCT = Checks(
    cases=[
        Case("expected_distinct(probs, 2)", {"probs": "torch.tensor([0.5, 0.5])"}),
        Case("expected_distinct(probs, 1)", {"probs": "torch.tensor([0.7, 0.2, 0.1])"}),
        Case(
            "expected_distinct(probs, 10)", {"probs": "torch.tensor([0.7, 0.2, 0.1])"}
        ),
        Case(
            "expected_distinct(probs, 3)",
            {"probs": "torch.tensor([[0.5, 0.5, 0.0], [0.8, 0.1, 0.1]])"},
        ),
        Case("expected_distinct(probs, 100)", {"probs": "torch.full((1000,), 0.001)"}),
    ],
    hints=[
        "Take one value of probability p. With which chance do *all* draws miss it? "
        "Then the sum over values: expectations add up.",
        "One draw misses it with 1 - p, independent draws all miss it with "
        "`(1 - p) ** samples`.",
    ],
    wrong=[
        counts_what_is_missed,
        gives_a_share,
        counts_draws,
        finds_what_never_stops_coming,
        looks_at_one_draw,
        counts_all_that_is_possible,
        sums_over_the_batch,
        approximates,
    ],
)


def asks_the_truth_each_time(
    probs, samples, generations, keep="replace", generator=None
):
    """Every generation of yours draws from the truth. It must draw from the
    generation before: from the last shares."""
    return _chain(probs, samples, generations, keep, generator, source=lambda all: 0)


def always_replaces(probs, samples, generations, keep="replace", generator=None):
    """`keep="accumulate"` has no effect in your answer: there the new counts are added
    to all earlier ones."""
    return _chain(probs, samples, generations, "replace", generator)


def always_accumulates(probs, samples, generations, keep="replace", generator=None):
    """You always keep the earlier draws. With `keep="replace"` a generation learns
    from the newest draws alone."""
    return _chain(probs, samples, generations, "accumulate", generator)


def mixes_the_two_up(probs, samples, generations, keep="replace", generator=None):
    """The two ways are mixed up: "replace" forgets all earlier draws, "accumulate" adds
    the new ones to them."""
    other = "accumulate" if keep == "replace" else "replace"
    return _chain(probs, samples, generations, other, generator)


def hands_out_one_tensor(probs, samples, generations, keep="replace", generator=None):
    """All entries after the first are the same: you change one tensor in place and
    append it again and again. Append a new tensor each time, or a `clone()`."""
    last = _chain(probs, samples, generations, keep, generator)[-1]
    return torch.stack([probs, *[last] * generations])


def forgets_the_truth(probs, samples, generations, keep="replace", generator=None):
    """The truth is missing: entry 0 of the result is `probs`, so that there are
    `generations + 1` entries."""
    return _chain(probs, samples, generations, keep, generator)[1:]


def throws_the_real_data_away(
    probs, samples, generations, keep="replace", generator=None
):
    """In "accumulate" the first draws, those from the truth, are to stay in the
    corpus for ever. Yours are gone after the first generation."""
    return _chain(probs, samples, generations, keep, generator, start=-1)


def counts_the_truth_in(probs, samples, generations, keep="replace", generator=None):
    """You put the truth itself into the corpus. Nobody can read that: the corpus
    begins empty, and the first to enter are draws from it."""
    return _chain(probs, samples, generations, keep, generator, start=1)


def averages_the_last_two(probs, samples, generations, keep="replace", generator=None):
    """In "accumulate" you take the mean of the old and the new shares, which forgets
    the old ones by half each time. Add up counts: each draw weighs the same."""
    shares = [probs]
    for generation in range(generations):
        own = _draw(shares[-1], samples, generator) / samples
        old = shares[-1] if generation else own
        shares.append(own if keep == "replace" else (old + own) / 2)
    return torch.stack(shares)


def returns_counts(probs, samples, generations, keep="replace", generator=None):
    """You return counts. Divide them by their sum, so that every entry is a
    distribution."""
    shares = _chain(probs, samples, generations, keep, generator)
    sizes = [
        1,
        *(samples * (g if keep == "accumulate" else 1) for g in _numbers(generations)),
    ]
    return torch.stack([row * size for row, size in zip(shares, sizes, strict=True)])


def divides_by_samples(probs, samples, generations, keep="replace", generator=None):
    """You always divide by `samples`. An accumulated corpus holds more draws than
    that: divide by its own sum."""
    shares = _chain(probs, samples, generations, keep, generator)
    sizes = [1, *(g if keep == "accumulate" else 1 for g in _numbers(generations))]
    return torch.stack([row * size for row, size in zip(shares, sizes, strict=True)])


def shares_draws_between_rows(
    probs, samples, generations, keep="replace", generator=None
):
    """All rows get the same draws. Each row is a run of its own, with random numbers
    of its own."""
    first = probs.reshape(-1, probs.shape[-1])[0]
    chain = _chain(first, samples, generations, keep, generator)
    shape = (generations + 1, *([1] * (probs.ndim - 1)), probs.shape[-1])
    shared = chain.reshape(shape).expand(generations + 1, *probs.shape)
    return torch.cat([probs[None], shared[1:]])


def does_not_use_the_generator(
    probs, samples, generations, keep="replace", generator=None
):
    """You don't use `generator`: two generators with the same seed must give the same
    runs. Hand it on to `sample`."""
    return _chain(probs, samples, generations, keep, None)


def seeds_every_draw(probs, samples, generations, keep="replace", generator=None):
    """Your answer draws the same at every call. Set no seed inside: without a
    `generator`, torch's own random numbers go on from call to call."""
    generator = generator or torch.Generator().manual_seed(0)
    return _chain(probs, samples, generations, keep, generator)


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

RECURSE = Checks(
    cases=[
        Case("recurse(probs, 5, 2)", {"probs": "torch.tensor([1.0, 0.0])"}),
        Case(
            'recurse(probs, 5, 3, keep="accumulate")',
            {"probs": "torch.tensor([[1.0, 0.0], [0.0, 1.0]])"},
        ),
        Case("recurse(probs, 5, 2)[0]", {"probs": "torch.tensor([0.5, 0.3, 0.2])"}),
        Case("recurse(probs, 5, 2).shape", {"probs": "torch.full((3, 2, 4), 0.25)"}),
        Case(
            'recurse(probs, 5, 3, keep="accumulate").sum(dim=-1)',
            {"probs": "torch.full((2, 4), 0.25)"},
        ),
        # With one draw each, the value that is drawn first stays for ever.
        Case("(shares := recurse(probs, 1, 3))[3].equal(shares[1])", _RUNS),
        Case("(shares := recurse(probs, 5, 4))[4].equal(shares[1])", _RUNS),
        Case("whole(5 * recurse(probs, 5, 4)[1:])", _COUNTS),
        # What the real data had, an accumulated corpus always has.
        Case(
            '((shares := recurse(probs, 5, 4, "accumulate"))[4] > 0)'
            ".equal(shares[1] > 0)",
            _RUNS,
        ),
        Case('whole(sizes * recurse(probs, 5, 4, "accumulate")[1:])', _COUNTS),
        # Nothing is ever taken out of an accumulated corpus.
        Case(
            '((sizes * recurse(probs, 5, 4, "accumulate")[1:]).diff(dim=0) > -1e-3)'
            ".all().item()",
            _COUNTS,
        ),
        Case(
            "(shares := recurse(probs, 50, 1))[1, 0].equal(shares[1, 1])",
            {"probs": "torch.full((2, 8), 0.125)"},
        ),
        Case(
            'recurse(probs, 50, 2, "replace", seeded())'
            '.equal(recurse(probs, 50, 2, "replace", seeded()))',
            {
                "probs": "torch.full((8,), 0.125)",
                "seeded": "lambda: torch.Generator().manual_seed(1)",
            },
        ),
        Case(
            "recurse(probs, 50, 2).equal(recurse(probs, 50, 2))",
            {"probs": "torch.full((8,), 0.125)"},
        ),
        Case(
            "torch.allclose(recurse(probs, 10, 3)[3].double().mean(dim=0), probs[0], "
            "atol=0.05)",
            {"probs": "torch.tensor([0.6, 0.3, 0.1]).double().expand(2000, 3)"},
        ),
        # The chance that two draws agree: by the formula 0.69 on average.
        Case(
            '(0.5 < (shares := recurse(probs, 5, 4, "replace"))[4].square().sum(-1)'
            ".mean().item() < 0.8)",
            {"probs": "torch.full((2000, 4), 0.25)"},
        ),
    ],
    hints=[
        "Keep a list of shares that begins with `probs`. In each round, draw from its "
        "last entry, count, update the corpus, and append the corpus's shares.",
        "`sample(shares, samples, generator)` draws ids of shape [..., samples]; "
        "`torch.nn.functional.one_hot(ids, values).sum(dim=-2)` counts them.",
        'For "replace" the corpus is the new counts. For "accumulate" it starts at '
        "zero and grows by the new counts. Shares are `corpus / corpus.sum(dim=-1, "
        "keepdim=True)`; at the end, `torch.stack` the list.",
    ],
    wrong=[
        asks_the_truth_each_time,
        always_replaces,
        always_accumulates,
        mixes_the_two_up,
        hands_out_one_tensor,
        forgets_the_truth,
        throws_the_real_data_away,
        counts_the_truth_in,
        averages_the_last_two,
        returns_counts,
        divides_by_samples,
        shares_draws_between_rows,
        does_not_use_the_generator,
        seeds_every_draw,
    ],
)

CHECKS = {"expected_distinct": EXPECTED_DISTINCT, "recurse": RECURSE}
