"""How sure a number from a run is: intervals for shares, for means, for measures.

Each covers the truth about as often as its level says, at the n that it admits; a test
draws thousands of samples to hold that. The n is the number of independent draws: ten
texts of one prompt, or of one tuned model, are no ten draws of prompts or of models.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

Interval = tuple[float, float]

FEWEST = 5  # below this many values there is no interval: show the values
BOOTSTRAP_FROM = 15  # below, a bootstrap knows too little of the values' spread
_AT_ONCE = 4_000_000  # resampled values held in memory


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
    """Student's t interval of the mean, exact for normal values at any n from 5 on.

    Of skewed values, such as waiting times, it holds the truth somewhat less often than
    it says where n is below 15 or so: 90 % instead of 95 %.
    Raises ValueError for fewer than five values, which say next to nothing of their own
    spread, for values that are not finite, and for a level outside 0 to 1.
    Student 1908.
    """
    data = _as_values(values, level)
    reach = student_t(len(data), level) * _error(data)
    return data.mean().item() - reach, data.mean().item() + reach


def bootstrap_interval(
    values: Sequence[float], resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Interval of the mean of `values`, drawn again with replacement.

    How far each resample's mean lies from that of `values`, in its own standard errors,
    says how far theirs may lie from the truth: this covers skewed values too, where
    plain percentiles fall short. Among values of which most are equal, standard errors
    are no guide, and percentiles are taken, widened as Student's t would. Below 15
    values it is `mean_interval`.
    Deterministic in the seed. Raises ValueError as `mean_interval` does.
    Efron and Tibshirani 1993, chapter 12; Hesterberg 2015 (doi:10.1080/00031305.2015.
    1089789) for widened percentiles.
    """
    data = _as_values(values, level)
    if len(data) < BOOTSTRAP_FROM or _error(data) == 0:
        return mean_interval(values, level)
    means, errors = _resampled(data, resamples, seed)
    if len(data.unique()) < len(data) / 2:
        tail = _wider_tail(len(data), level)
        low, high = _quantiles(means, tail)
        return low, high
    off = (means - data.mean()) / errors
    low, high = _quantiles(off[errors > 0], (1 - level) / 2)
    return (
        data.mean().item() - high * _error(data),
        data.mean().item() - low * _error(data),
    )


def cluster_interval(
    clusters: Sequence[Sequence[float]], level: float = 0.95
) -> Interval:
    """Interval of the mean of all values, where whole clusters of them were drawn.

    Requests of one prompt, or texts of one tuned model, are alike: what counts is how
    the clusters differ, each with the weight of its size. Student's t, with a degree of
    freedom less than there are clusters.
    Raises ValueError for fewer than five clusters, for an empty one and for values that
    are not finite. Cochran 1977, section 6.4 (the ratio estimator).
    """
    if any(len(cluster) == 0 for cluster in clusters):
        raise ValueError("clusters has an empty one; allowed: at least one value each")
    sizes = torch.tensor([len(cluster) for cluster in clusters], dtype=torch.float64)
    sums = _as_values([math.fsum(cluster) for cluster in clusters], level, "clusters")
    middle = sums.sum() / sizes.sum()
    residual = (sums - middle * sizes) / sizes.mean()
    reach = student_t(len(sums), level) * _error(residual)
    return middle.item() - reach, middle.item() + reach


def jackknife_interval(
    measure: Callable[[Sequence[Any]], float],
    items: Sequence[Any],
    groups: int = 20,
    at_least: int = 1,
    level: float = 0.95,
) -> Interval:
    """Interval of any measure of a set of items, by Student's t over the groups.

    The measure is taken again without every 20th item, from each start. Unlike the
    bootstrap this never sees an item twice, which would look like a duplicate to a
    measure of diversity. (nan, nan) where there are fewer than five items, or fewer
    than `at_least`, which is what the measure needs, would be left.
    Tukey 1958; Shao and Wu 1989 for groups.
    """
    error = jackknife_error(measure, items, groups, at_least)
    if math.isnan(error):
        return math.nan, math.nan
    reach = student_t(min(groups, len(items)), level) * error
    middle = measure(items)
    return middle - reach, middle + reach


def jackknife_error(
    measure: Callable[[Sequence[Any]], float],
    items: Sequence[Any],
    groups: int = 20,
    at_least: int = 1,
) -> float:
    """The standard error behind `jackknife_interval`; nan where that is unknown."""
    groups = min(groups, len(items))
    if groups < FEWEST or len(items) - math.ceil(len(items) / groups) < at_least:
        return math.nan
    without = [
        measure([item for i, item in enumerate(items) if i % groups != group])
        for group in range(groups)
    ]
    spread = torch.tensor(without, dtype=torch.float64).std()
    return spread.item() * (groups - 1) / math.sqrt(groups)


def _as_values(
    values: Sequence[float], level: float, name: str = "values"
) -> torch.Tensor:
    data = torch.as_tensor(values, dtype=torch.float64)
    if data.ndim != 1 or not data.isfinite().all():
        raise ValueError(
            f"{name} has NaN, infinite or nested entries; allowed: numbers"
        )
    if len(data) < FEWEST:
        raise ValueError(
            f"{name} has {len(data)} entries; allowed are {FEWEST} or more (show fewer "
            "one by one)"
        )
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed is what lies between 0 and 1")
    return data


def _error(data: torch.Tensor) -> float:
    """The standard error of the mean."""
    return data.std().item() / math.sqrt(len(data))


def _resampled(
    data: torch.Tensor, resamples: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The means of samples drawn again with replacement, and their standard errors."""
    generator = torch.Generator().manual_seed(seed)
    size, parts = len(data), []
    rows = max(1, min(resamples, _AT_ONCE // size))
    for start in range(0, resamples, rows):
        shape = (min(rows, resamples - start), size)
        drawn = data[torch.randint(size, shape, generator=generator)]
        parts.append((drawn.mean(dim=1), drawn.std(dim=1) / math.sqrt(size)))
    means, errors = zip(*parts, strict=True)
    return torch.cat(means), torch.cat(errors)


def _wider_tail(n: int, level: float) -> float:
    """What to cut off at each end, so that percentiles reach as far as Student's t."""
    from scipy.stats import norm

    return float(norm.cdf(-student_t(n, level) * math.sqrt(n / (n - 1))))


def _quantiles(values: torch.Tensor, tail: float) -> Interval:
    low, high = values.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return low.item(), high.item()
