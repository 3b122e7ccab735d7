"""How sure a number from a run is: intervals for shares, for means, for measures."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

Interval = tuple[float, float]


def wilson_interval(successes: int, n: int, z: float = 1.96) -> Interval:
    """Interval of a share of `successes` out of n; 95 % with the default z.

    Stays within 0 and 1 and is right for shares near them, where the usual
    plus-minus fails. Raises ValueError unless 0 <= successes <= n and n >= 1.
    Wilson 1927.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(
            f"successes is {successes}, n is {n}; allowed: 0 <= successes <= n, n >= 1"
        )
    share = successes / n
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Exact at the ends, where rounding would leave the share itself outside.
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == n else (middle + spread) / scale
    return low, high


def student_t(n: int, level: float = 0.95) -> float:
    """How many standard errors a two-sided interval from n values reaches.

    Above 1.96 at 95 %, since few values also tell little about their own spread.
    Raises ValueError for n < 2 and for a level outside 0 to 1. Student 1908.
    """
    if n < 2:
        raise ValueError(f"n is {n}; at least 2 values are needed")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed is what lies between 0 and 1")
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, n - 1))


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Student's t interval of the mean: the one for few values, up to 15 or so.

    Raises ValueError for fewer than two values, and for values that are not finite.
    """
    data = torch.as_tensor(values, dtype=torch.float64)
    if data.ndim != 1 or not data.isfinite().all():
        raise ValueError("values has NaN, infinite or nested entries; allowed: numbers")
    reach = student_t(len(data), level) * data.std().item() / math.sqrt(len(data))
    return data.mean().item() - reach, data.mean().item() + reach


def bootstrap_interval(
    values: Sequence[float], resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Percentile interval of the mean of `values`, drawn again with replacement.

    Deterministic in the seed. Raises ValueError for fewer than two values, for values
    that are not finite, and for a level outside 0 to 1. Efron 1979.
    """
    if len(values) < 2:
        raise ValueError(f"values has {len(values)} entries; at least 2 are needed")
    data = torch.as_tensor(values, dtype=torch.float64)
    if data.ndim != 1 or not data.isfinite().all():
        raise ValueError("values has NaN, infinite or nested entries; allowed: numbers")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed is what lies between 0 and 1")
    generator = torch.Generator().manual_seed(seed)
    means = torch.stack([_resampled_mean(data, generator) for _ in range(resamples)])
    tail = (1 - level) / 2
    bounds = torch.quantile(means, torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return bounds[0].item(), bounds[1].item()


def _resampled_mean(data: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    chosen = torch.randint(len(data), (len(data),), generator=generator)
    return data[chosen].mean()


def jackknife_interval(
    measure: Callable[[Sequence[Any]], float],
    items: Sequence[Any],
    groups: int = 20,
    at_least: int = 1,
    z: float = 1.96,
) -> Interval:
    """Interval of any measure of a set of items, 95 % with the default z.

    The measure is taken again without every 20th item, from each start. Unlike the
    bootstrap this never sees an item twice, which would look like a duplicate to a
    measure of diversity. (nan, nan) where fewer than `at_least` items, which is what
    the measure needs, would be left. Tukey 1958; Shao and Wu 1989 for groups.
    """
    groups = min(groups, len(items))
    if groups < 2 or len(items) - math.ceil(len(items) / groups) < at_least:
        return math.nan, math.nan
    without = [
        measure([item for i, item in enumerate(items) if i % groups != group])
        for group in range(groups)
    ]
    middle, spread = measure(items), torch.tensor(without, dtype=torch.float64).std()
    error = z * spread.item() * (groups - 1) / math.sqrt(groups)
    return middle - error, middle + error
