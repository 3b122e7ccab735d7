"""How many numbers does a format have? Rounding, ties and underflow in the softmax.

A float keeps a fixed count of significant bits, so the gap between neighbours grows
with the number: it is the number's `ulp`, its unit in the last place. Logits that share
a gap become equal when they are stored, and no temperature parts them again;
probabilities below the smallest number become 0. And a running sum near 1 has gaps far
wider than the probability of a rare token: whoever draws by it, as `sample` of notebook
01 does, never draws that token. Built in notebook 02.
"""

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.softmax import softmax
from course_utils.foundations.validation import (
    as_float_tensor,
    as_logits,
    as_whole_number,
)

FORMATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)

_GPT2_VOCAB = 50_257
_GPT2_MEAN, _GPT2_SPREAD = -35.0, 29.0


def ulp_at(values: Any, dtype: torch.dtype) -> Float[Tensor, "*shape"]:
    """The gap between neighbouring numbers of `dtype` at each of `values`, in float64.

    It doubles at each power of two; at a power of two it is the gap above. Below the
    smallest normal number, `torch.finfo(dtype).tiny`, it stays the same.
    Takes numbers and tensors of any shape. Raises ValueError where a value is NaN or
    beyond the largest number of `dtype`, and for a dtype not in FORMATS.
    Goldberg 1991, section 1.2. Built in notebook 02.
    """
    limits = torch.finfo(_as_format(dtype))
    magnitude = _as_doubles("values", values).abs()
    if not (magnitude <= limits.max).all():
        raise ValueError(
            f"values must be numbers of at most {limits.max:.6g}, the largest of "
            f"{dtype}, but one is {magnitude.max().item():.6g}"
        )
    _, exponent = torch.frexp(magnitude.clamp_min(limits.tiny))
    # frexp's fraction lies in [1/2, 1), so the power of two below is one less.
    return torch.ldexp(torch.full_like(magnitude, limits.eps), exponent - 1)


def distinct_values(values: Float[Tensor, "*batch n"]) -> Int[Tensor, "*batch"]:
    """How many different numbers each row has; equal ones, -inf too, count once.

    Raises ValueError for rows with NaN, which differs from itself, and for empty ones.
    Built in notebook 02.
    """
    values = as_float_tensor("values", values)
    if values.isnan().any():
        raise ValueError("values has NaN, which equals nothing; allowed: numbers, inf")
    ordered = values.sort(dim=-1).values
    return 1 + (ordered[..., 1:] != ordered[..., :-1]).sum(dim=-1)


def zeroed(probs: Float[Tensor, "*batch vocab"]) -> Int[Tensor, "*batch"]:
    """How many tokens of each row have a probability of exactly 0.

    Softmax of finite logits gives none; what is 0 was lost to underflow.
    Raises ValueError for rows that are negative, NaN or empty. Half-precision rows need
    not sum to 1 here: their rounding errors may add up. Built in notebook 02.
    """
    probs = as_float_tensor("probs", probs)
    if not (probs >= 0).all():
        raise ValueError(
            f"probs must not be negative or NaN, but has {probs.min().item()}"
        )
    return (probs == 0).sum(dim=-1)


def softmax_in(
    logits: Float[Tensor, "*batch vocab"], dtype: torch.dtype, temperature: float = 1.0
) -> Float[Tensor, "*batch vocab"]:
    """Softmax with logits and probabilities stored in `dtype`: rounded twice.

    Between the two roundings it computes in float32, or in `dtype` if that is wider, as
    the kernels of torch do. The first rounding makes ties; the second makes zeros, and
    at extreme temperatures more ties. Sums to 1 only as far as `dtype` can tell.
    Takes and refuses what `softmax` does; a logit beyond the largest number of `dtype`
    becomes infinite, and is refused. Built in notebook 02.
    """
    stored = as_float_tensor("logits", logits).to(_as_format(dtype))
    wide = torch.promote_types(dtype, torch.float32)
    return softmax(stored.to(wide), temperature).to(dtype)


def drawn_in(
    probs: Float[Tensor, "*batch vocab"], dtype: torch.dtype
) -> Float[Tensor, "*batch vocab"]:
    """How often each token is really drawn by a running sum that is stored in `dtype`.

    Inverse-CDF sampling draws token i where a uniform number, times the last sum, falls
    between the sums before and after i. So i is drawn with their difference, as a share
    of the last sum: exactly, in float64, without a draw. The uniform number is taken as
    exact (one with few bits makes things worse). Each addition is exact to float32, or
    to `dtype` if that is wider, and only what is stored is rounded, as torch's `cumsum`
    does on a CPU; a sum that is rounded *before* the next addition may come to a halt.
    `probs` need not sum to 1, since half-precision ones don't.
    Raises ValueError for rows that are negative, NaN, infinite or all 0, and for a
    dtype not in FORMATS. Devroye 1986, chapter III.2. Built in notebook 02.
    """
    wide = torch.promote_types(_as_format(dtype), torch.float32)
    weights = _as_weights(probs).to(wide)
    sums = weights.cumsum(dim=-1).to(dtype).double()
    pieces = sums.diff(dim=-1, prepend=torch.zeros_like(sums[..., :1]))
    return pieces / sums[..., -1:]


def rounding_share(
    logits: Float[Tensor, "*batch vocab"],
    dtype: torch.dtype,
    temperature: float = 1.0,
    sum_dtype: torch.dtype | None = None,
) -> Float[Tensor, "*batch"]:
    """What rounding moves, as a share of what the logits have to say.

    The total variation between what is drawn and the softmax in float64, over that
    between the latter and the uniform distribution over all possible tokens. Near 0 the
    logits decide which token is drawn; at 1 rounding moves as much as they do. 0 where
    all logits are equal.
    Drawn is `softmax_in` as it stands, or by a running sum that is stored in
    `sum_dtype`, as `drawn_in` has it.
    Takes and refuses what `softmax_in` does. Built in notebook 02.
    """
    logits = as_logits(logits).double()
    exact = softmax(logits, temperature)
    rounded = softmax_in(logits, dtype, temperature).double()
    if sum_dtype is not None:
        rounded = drawn_in(rounded, sum_dtype)
    # What is drawn are shares of the sum, which in half precision is not quite 1.
    noise = _total_variation(rounded / rounded.sum(dim=-1, keepdim=True), exact)
    possible = logits.isfinite().double()
    uniform = possible / possible.sum(dim=-1, keepdim=True)
    signal = _total_variation(exact, uniform)
    return torch.where(signal > 0, noise / signal, 0.0)


def is_uniform(probs: Float[Tensor, "*batch vocab"]) -> Tensor:
    """Whether all tokens of a row have the very same probability, to the last bit.

    Built in notebook 02.
    """
    probs = as_float_tensor("probs", probs)
    return (probs == probs[..., :1]).all(dim=-1)


def uniform_from(logits: Float[Tensor, "vocab"], dtype: torch.dtype) -> float:
    """The temperature from which on `softmax_in` is exactly uniform, within 0.1 %.

    Found by bisection on a logarithmic scale: the largest probability only falls with
    T and the smallest only rises, so once they round to the same number they stay.
    0.0 for logits that tie in `dtype`. Raises ValueError for more than one row, and for
    -inf logits: their probability is 0 at every T. Built in notebook 02.
    """
    logits = as_logits(logits)
    if logits.ndim != 1 or not logits.isfinite().all():
        raise ValueError(
            "logits must be one row of finite numbers, not of shape "
            f"{tuple(logits.shape)} with {int(logits.isinf().sum())} infinite"
        )
    if is_uniform(softmax_in(logits, dtype, 0)):
        return 0.0
    low, high = 0.0, 1.0
    while not is_uniform(softmax_in(logits, dtype, high)):
        low, high = high, 2 * high
    while low == 0 or high / low > 1.001:
        middle = math.sqrt(low * high) if low else high / 2
        if is_uniform(softmax_in(logits, dtype, middle)):
            high = middle
        else:
            low = middle
    return high


def gpt2_like_logits(seed: int = 0) -> Float[Tensor, "vocab"]:
    """A row of 50,257 logits shaped like GPT-2's, by a formula: no recording.

    A normal bulk plus an exponential tail, brought to a mean of -35 and a spread of 29
    from the smallest to the largest. The tail makes the likeliest tokens follow Zipf's
    law. Float32, deterministic in the seed. Built in notebook 02.
    """
    seed = as_whole_number("seed", seed, at_least=0)
    generator = torch.Generator().manual_seed(seed)
    shape = (2, _GPT2_VOCAB)
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
    # Away from 0 and 1, where both functions are infinite.
    uniform = uniform.clamp(1e-12, 1 - 1e-12)
    raw = 2.3 * torch.special.ndtri(uniform[0]) - 1.6 * uniform[1].log()
    scale = _GPT2_SPREAD / (raw.max() - raw.min())
    return (_GPT2_MEAN + scale * (raw - raw.mean())).float()


def _total_variation(p: Tensor, q: Tensor) -> Tensor:
    return (p - q).abs().sum(dim=-1) / 2


def _as_weights(probs: Any) -> Float[Tensor, "*batch vocab"]:
    probs = as_float_tensor("probs", probs)
    total = probs.double().sum(dim=-1)
    if not ((probs >= 0).all() and (total > 0).all() and total.isfinite().all()):
        raise ValueError(
            "probs must be finite, not negative, and not all 0 in a row, but lie "
            f"between {probs.min().item()} and {probs.max().item()}"
        )
    return probs


def _as_format(dtype: Any) -> torch.dtype:
    if dtype not in FORMATS:
        allowed = ", ".join(map(str, FORMATS))
        raise ValueError(f"dtype must be one of {allowed}, not {dtype!r}")
    return dtype


def _as_doubles(name: str, values: Any) -> Float[Tensor, "*shape"]:
    try:
        return torch.as_tensor(values, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"{name} must be a number, a tensor or a list of numbers, not "
            f"{values!r:.60}"
        ) from None
