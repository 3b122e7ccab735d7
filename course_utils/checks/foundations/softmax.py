"""Checks of `softmax`, `sample` and `gumbel_max`, exercises of notebook 01."""

import torch

from course_utils.classroom.comparing import compare_shares
from course_utils.classroom.judging import Case, Checks


def ignores_temperature(logits, temperature=1.0):
    """`temperature` changes nothing in your answer: divide the logits by it before
    you exponentiate."""
    return torch.softmax(logits, dim=-1)


def multiplies_by_temperature(logits, temperature=1.0):
    """You multiply the logits by the temperature. Divide by it: a high temperature
    must bring the logits closer together."""
    return torch.softmax(logits * temperature, dim=-1)


def divides_after_softmax(logits, temperature=1.0):
    """You divide the probabilities by the temperature, so they no longer sum to 1.
    Divide the logits, before `exp`."""
    return torch.softmax(logits, dim=-1) / temperature


def forgets_to_normalise(logits, temperature=1.0):
    """Your numbers don't sum to 1: divide the exponentials by their sum."""
    scaled = logits / temperature
    return (scaled - scaled.amax(dim=-1, keepdim=True)).exp()


def does_not_shift(logits, temperature=1.0):
    """`exp` of a large logit overflows to infinity (and of a very negative one
    vanishes to 0), and the division gives NaN. Subtract each row's largest logit
    first: the probabilities stay the same."""
    weights = (logits / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def shifts_by_the_batch_maximum(logits, temperature=1.0):
    """You subtract the largest logit of the whole batch; in a row that lies far below
    it every `exp` vanishes to 0. Take each row's own: `amax(dim=-1, keepdim=True)`."""
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def normalises_the_first_dimension(logits, temperature=1.0):
    """You normalise over the first dimension. The vocabulary is the last one:
    `dim=-1`."""
    return torch.softmax(logits / temperature, dim=0)


def normalises_the_whole_batch(logits, temperature=1.0):
    """You divide by the sum over the whole batch. Every row is a distribution of its
    own: `sum(dim=-1, keepdim=True)`."""
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum()


def normalises_shifted_rows_together(logits, temperature=1.0):
    """After the shift you divide by the sum over all rows. Every row needs a sum of
    its own: `sum(dim=-1, keepdim=True)`."""
    weights = ((logits - logits.amax(dim=-1, keepdim=True)) / temperature).exp()
    return weights / weights.sum()


def raises_probabilities_to_a_power(logits, temperature=1.0):
    """You raise the probabilities to the power `1 / temperature`; at a low
    temperature they all vanish to 0. Divide the logits, before `exp`."""
    weights = torch.softmax(logits, dim=-1) ** (1 / temperature)
    return weights / weights.sum(dim=-1, keepdim=True)


def takes_the_logarithm(logits, temperature=1.0):
    """These are log-probabilities: leave the logarithm out, or exponentiate."""
    return torch.log_softmax(logits / temperature, dim=-1)


def divides_by_zero(logits, temperature=1.0):
    """At temperature 0 you divide by zero. Treat it on its own: the largest logit
    takes all the probability."""
    scaled = (logits - logits.amax(dim=-1, keepdim=True)) / temperature
    return torch.softmax(scaled, dim=-1)


def gives_ties_to_one(logits, temperature=1.0):
    """At temperature 0 two logits tie for the largest, and you give all to one of
    them. Ties share: compare with the largest (`logits == largest`) and divide by how
    many there are."""
    if temperature == 0:
        winners = torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1])
        return winners.to(logits.dtype)
    return torch.softmax(logits / temperature, dim=-1)


def counts_ties_over_the_batch(logits, temperature=1.0):
    """At temperature 0 you compare with the largest logit of the whole batch. Every
    row has a largest of its own: `amax(dim=-1, keepdim=True)`."""
    if temperature == 0:
        winners = (logits == logits.max()).to(logits.dtype)
        return winners / winners.sum(dim=-1, keepdim=True)
    return torch.softmax(logits / temperature, dim=-1)


SOFTMAX = Checks(
    cases=[
        Case("softmax(logits)", {"logits": "torch.tensor([1.0, 0.0])"}),
        Case(
            "softmax(logits, temperature=2.0)",
            {"logits": "torch.tensor([2.0, 1.0, 0.0])"},
        ),
        Case(
            "softmax(logits, temperature=0.5)",
            {"logits": "torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])"},
        ),
        Case(
            "softmax(logits)", {"logits": "torch.tensor([[[1.0, 0.0]], [[0.0, 2.0]]])"}
        ),
        Case("softmax(logits)", {"logits": "torch.tensor([0.0, -torch.inf, 1.0])"}),
        Case("softmax(logits)", {"logits": "torch.tensor([1000.0, 999.0])"}),
        Case("softmax(logits)", {"logits": "torch.tensor([-1000.0, -999.0])"}),
        Case(
            "softmax(logits)",
            {"logits": "torch.tensor([[1000.0, 999.0], [0.0, 1.0]])"},
        ),
        Case(
            "softmax(logits, temperature=0.001)",
            {"logits": "torch.tensor([1.0, 3.0, 2.0])"},
        ),
        Case(
            "softmax(logits, temperature=0)",
            {"logits": "torch.tensor([1.0, 3.0, 2.0])"},
        ),
        Case(
            "softmax(logits, temperature=0.0)",
            {"logits": "torch.tensor([1.0, 1.001, 0.999])"},
        ),
        Case(
            "softmax(logits, temperature=0)",
            {"logits": "torch.tensor([2.0, 1.0, 2.0])"},
        ),
        Case(
            "softmax(logits, temperature=0)",
            {"logits": "torch.tensor([[1.0, 3.0, 3.0], [0.0, -1.0, -2.0]])"},
        ),
    ],
    hints=[
        "Three steps: divide the logits by the temperature, exponentiate, divide by "
        "the sum. Along which dimension does the vocabulary lie?",
        "`exp(1000)` overflows. Softmax doesn't change when the same number is taken "
        "from all logits of a row: take away the largest, "
        "`logits.amax(dim=-1, keepdim=True)`.",
        "Temperature 0 needs an `if` of its own: `largest = logits == logits.amax("
        "dim=-1, keepdim=True)` marks the winners, which share the probability.",
    ],
    wrong=[
        ignores_temperature,
        multiplies_by_temperature,
        divides_after_softmax,
        forgets_to_normalise,
        does_not_shift,
        shifts_by_the_batch_maximum,
        normalises_the_first_dimension,
        normalises_the_whole_batch,
        normalises_shifted_rows_together,
        raises_probabilities_to_a_power,
        takes_the_logarithm,
        divides_by_zero,
        gives_ties_to_one,
        counts_ties_over_the_batch,
    ],
)


def takes_the_likeliest(probs, num_samples=1, generator=None):
    """You always return the most probable token. Draw: a token of probability 0.2
    should come out in about one draw in five."""
    return probs.argmax(dim=-1, keepdim=True).expand(*probs.shape[:-1], num_samples)


def draws_uniformly(probs, num_samples=1, generator=None):
    """Your draws don't depend on `probs`: every token comes equally often."""
    shape = (*probs.shape[:-1], num_samples)
    return torch.randint(probs.shape[-1], shape, generator=generator)


def forgets_to_accumulate(probs, num_samples=1, generator=None):
    """You look the uniform number up in the probabilities themselves. Look it up in
    their running sum, `probs.cumsum(dim=-1)`."""
    uniform = _uniform(probs, num_samples, generator)
    found = (uniform[..., None, :] > probs[..., :, None]).sum(dim=-2)
    return found.clamp(max=probs.shape[-1] - 1)


def is_one_too_high(probs, num_samples=1, generator=None):
    """Your token ids are one too high. The first interval, below the first running
    sum, belongs to token 0."""
    return _inverse_cdf(probs, _uniform(probs, num_samples, generator)) + 1


def is_one_too_low(probs, num_samples=1, generator=None):
    """Your token ids are one too low. A uniform number below the first running sum
    means token 0."""
    return _inverse_cdf(probs, _uniform(probs, num_samples, generator)) - 1


def repeats_one_draw(probs, num_samples=1, generator=None):
    """All `num_samples` draws of a row are the same. Each needs a uniform number of
    its own."""
    uniform = _uniform(probs, 1, generator)
    return _inverse_cdf(probs, uniform).expand(*probs.shape[:-1], num_samples)


def shares_numbers_between_rows(probs, num_samples=1, generator=None):
    """All rows use the same uniform numbers, so their draws are not independent. Draw
    numbers of shape `(*probs.shape[:-1], num_samples)`."""
    uniform = torch.rand(num_samples, generator=generator)
    return _inverse_cdf(probs, uniform.expand(*probs.shape[:-1], num_samples))


def returns_one_draw(probs, num_samples=1, generator=None):
    """You draw one token per row and leave the last dimension out: the shape must be
    that of `probs` with `num_samples` in place of the vocabulary."""
    return _inverse_cdf(probs, _uniform(probs, 1, generator)).squeeze(-1)


def draws_without_replacement(probs, num_samples=1, generator=None):
    """You draw without replacement, so no token can come twice. Each draw must see
    all tokens again (`torch.multinomial` has `replacement=True`)."""
    return torch.multinomial(probs, num_samples, generator=generator)


def lets_the_sum_end_below_1(probs, num_samples=1, generator=None):
    """The running sum ends a little below 1, and a uniform number above its end gives
    a token that `probs` rules out. Scale the uniform number by the sum's last entry:
    `uniform * ends[..., -1:]`."""
    return _inverse_cdf(probs, _uniform(probs, num_samples, generator))


def seeds_itself(probs, num_samples=1, generator=None):
    """Your answer draws the same tokens at every call. Set no seed inside: without a
    `generator`, torch's own random numbers go on from call to call."""
    generator = generator or torch.Generator().manual_seed(0)
    return _scaled_inverse_cdf(probs, _uniform(probs, num_samples, generator))


def ignores_the_generator(probs, num_samples=1, generator=None):
    """You don't use `generator`: two generators with the same seed must give the same
    draws. Hand it on: `torch.rand(..., generator=generator)`."""
    return _scaled_inverse_cdf(probs, _uniform(probs, num_samples, None))


def _uniform(probs, num_samples, generator):
    return torch.rand((*probs.shape[:-1], num_samples), generator=generator)


def _inverse_cdf(probs, uniform):
    ends = probs.cumsum(dim=-1)
    return torch.searchsorted(ends, uniform.contiguous(), right=True)


def _scaled_inverse_cdf(probs, uniform):
    return _inverse_cdf(probs, uniform * probs.sum(dim=-1, keepdim=True))


SAMPLE = Checks(
    cases=[
        Case("sample(probs)", {"probs": "torch.tensor([1.0, 0.0])"}),
        Case("sample(probs)", {"probs": "torch.tensor([0.0, 1.0, 0.0])"}),
        Case(
            "sample(probs, num_samples=3)", {"probs": "torch.tensor([0.0, 1.0, 0.0])"}
        ),
        Case(
            "sample(probs, num_samples=2)",
            {"probs": "torch.tensor([[1.0, 0.0], [0.0, 1.0]])"},
        ),
        Case("sample(probs)", {"probs": "torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])"}),
        Case(
            "sample(probs, num_samples=4_000)",
            {"probs": "torch.tensor([0.5, 0.3, 0.2])"},
            compare_shares((0.5, 0.3, 0.2), tolerance=0.04),
        ),
        Case(
            "sample(probs, num_samples=4_000)[1]",
            {"probs": "torch.tensor([[0.8, 0.2, 0.0], [0.1, 0.0, 0.9]])"},
            compare_shares((0.1, 0.0, 0.9), tolerance=0.04),
        ),
        Case(
            "sample(probs, num_samples=4_000).sum(dim=0)",
            {"probs": "torch.tensor([[0.5, 0.5], [0.5, 0.5]])"},
            compare_shares((0.25, 0.5, 0.25), tolerance=0.04),
        ),
        Case(
            "torch.equal(sample(probs, 99, seeded()), sample(probs, 99, seeded()))",
            {
                "probs": "torch.tensor([0.5, 0.5])",
                "seeded": "lambda: torch.Generator().manual_seed(1)",
            },
        ),
        Case(
            "torch.equal(sample(probs, 99), sample(probs, 99))",
            {"probs": "torch.tensor([0.5, 0.5])"},
        ),
        Case(
            "torch.equal(sample(probs, 99, dice), sample(probs, 99, dice))",
            {
                "probs": "torch.tensor([0.5, 0.5])",
                "dice": "torch.Generator().manual_seed(1)",
            },
        ),
        Case(
            # With this seed the uniform numbers, whether drawn as float32 or float64,
            # soon exceed 0.99992; chance alone would ask for ten times as many.
            "(sample(probs, 20_000, dice) > 1).sum()",
            {
                "probs": "torch.tensor([0.5, 0.49992, 0.0])",
                "dice": "torch.Generator().manual_seed(647)",
            },
        ),
    ],
    hints=[
        "Lay the probabilities end to end on a line from 0 to 1. A uniform number "
        "falls into one of the intervals: that is the token.",
        "`probs.cumsum(dim=-1)` gives where the intervals end, `torch.rand` the "
        "numbers. The token is the count of ends that lie at or below the number.",
        "`torch.searchsorted(ends, uniform, right=True)` counts them, row by row, for "
        "`uniform` of shape `(*probs.shape[:-1], num_samples)`.",
    ],
    wrong=[
        takes_the_likeliest,
        draws_uniformly,
        forgets_to_accumulate,
        is_one_too_high,
        is_one_too_low,
        repeats_one_draw,
        shares_numbers_between_rows,
        returns_one_draw,
        draws_without_replacement,
        ignores_the_generator,
        seeds_itself,
        lets_the_sum_end_below_1,
    ],
)


def adds_no_noise(logits, temperature=1.0, generator=None):
    """Your answer always takes the largest logit. Add Gumbel noise before the argmax,
    a number of its own to every logit."""
    return logits.argmax(dim=-1)


def adds_uniform_noise(logits, temperature=1.0, generator=None):
    """You add the uniform numbers as they are. Gumbel noise is
    `-log(-log(uniform))`."""
    scaled = logits / temperature
    return (scaled + torch.rand(logits.shape, generator=generator)).argmax(dim=-1)


def adds_normal_noise(logits, temperature=1.0, generator=None):
    """You add normal noise. Only Gumbel noise, `-log(-log(uniform))`, makes the argmax
    follow the softmax."""
    scaled = logits / temperature
    return (scaled + torch.randn(logits.shape, generator=generator)).argmax(dim=-1)


def subtracts_the_noise(logits, temperature=1.0, generator=None):
    """The sign of your noise is wrong: it is `-log(-log(uniform))`, with two minus
    signs, and it is added."""
    return (logits / temperature - _gumbel(logits.shape, generator)).argmax(dim=-1)


def forgets_the_temperature(logits, temperature=1.0, generator=None):
    """`temperature` has no effect in your answer. Divide the logits by it, and only
    the logits: if the noise is divided too, it cancels out."""
    return (logits + _gumbel(logits.shape, generator)).argmax(dim=-1)


def shares_noise_between_rows(logits, temperature=1.0, generator=None):
    """All rows get the same noise, so their draws are not independent. The noise has
    the shape of `logits`."""
    noise = _gumbel(logits.shape[-1:], generator)
    return (logits / temperature + noise).argmax(dim=-1)


def returns_the_noisy_logits(logits, temperature=1.0, generator=None):
    """You return the noisy logits. Return where the largest is: `argmax(dim=-1)`."""
    return logits / temperature + _gumbel(logits.shape, generator)


def draws_without_the_generator(logits, temperature=1.0, generator=None):
    """You don't use `generator`: two generators with the same seed must give the same
    tokens. Hand it on: `torch.rand(..., generator=generator)`."""
    return (logits / temperature + _gumbel(logits.shape, None)).argmax(dim=-1)


def seeds_its_own_noise(logits, temperature=1.0, generator=None):
    """Your noise is the same at every call. Set no seed inside: without a
    `generator`, torch's own random numbers go on from call to call."""
    generator = generator or torch.Generator().manual_seed(0)
    return (logits / temperature + _gumbel(logits.shape, generator)).argmax(dim=-1)


def _gumbel(shape, generator):
    return -torch.log(-torch.log(torch.rand(shape, generator=generator)))


GUMBEL_MAX = Checks(
    cases=[
        Case("gumbel_max(logits)", {"logits": "torch.tensor([0.0, 100.0])"}),
        Case(
            "gumbel_max(logits)",
            {"logits": "torch.tensor([[100.0, 0.0], [0.0, 100.0]])"},
        ),
        Case(
            "gumbel_max(logits)",
            {"logits": "torch.tensor([2.0, 1.0, 0.0]).repeat(20_000, 1)"},
            compare_shares((0.6652, 0.2447, 0.0900), tolerance=0.02),
        ),
        Case(
            "gumbel_max(logits, temperature=3.0)",
            {"logits": "torch.tensor([2.0, 1.0, 0.0]).repeat(20_000, 1)"},
            compare_shares((0.4484, 0.3213, 0.2302), tolerance=0.02),
        ),
        Case(
            "torch.equal(gumbel_max(logits, 1.0, seeded()), "
            "gumbel_max(logits, 1.0, seeded()))",
            {
                "logits": "torch.zeros(99, 5)",
                "seeded": "lambda: torch.Generator().manual_seed(1)",
            },
        ),
        Case(
            "torch.equal(gumbel_max(logits), gumbel_max(logits))",
            {"logits": "torch.zeros(99, 5)"},
        ),
        Case(
            "torch.equal(gumbel_max(logits, 1.0, dice), gumbel_max(logits, 1.0, dice))",
            {
                "logits": "torch.zeros(99, 5)",
                "dice": "torch.Generator().manual_seed(1)",
            },
        ),
    ],
    hints=[
        "No softmax is needed: divide the logits by the temperature, add noise to "
        "each, and take the argmax over the vocabulary.",
        "Gumbel noise is `-log(-log(uniform))`, with "
        "`uniform = torch.rand(logits.shape, generator=generator)`.",
    ],
    wrong=[
        adds_no_noise,
        adds_uniform_noise,
        adds_normal_noise,
        subtracts_the_noise,
        forgets_the_temperature,
        shares_noise_between_rows,
        returns_the_noisy_logits,
        draws_without_the_generator,
        seeds_its_own_noise,
    ],
)

CHECKS = {"softmax": SOFTMAX, "sample": SAMPLE, "gumbel_max": GUMBEL_MAX}
