"""How sure a number from a run is: intervals for shares and for means."""

import math
from collections.abc import Sequence

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
