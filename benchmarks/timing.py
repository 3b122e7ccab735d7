"""Contestants take turns; what counts is the ratio within a round."""

import statistics
import time
from collections.abc import Callable

Contestant = Callable[[], object]


def take_turns(
    contestants: dict[str, Contestant], rounds: int
) -> dict[str, list[float]]:
    """CPU seconds of each contestant in each round, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, contestant in contestants.items():
            start = time.process_time()
            contestant()
            if turn > 0:
                seconds[name].append(time.process_time() - start)
    return seconds


def ratios(over: list[float], under: list[float]) -> list[float]:
    """`over` in units of `under`, round by round."""
    return [a / b for a, b in zip(over, under, strict=True)]


def report(what: str, values: list[float], bar: str, unit: str = "x") -> None:
    """One line: minimum, median, maximum, and the budget."""
    low, middle, high = min(values), statistics.median(values), max(values)
    numbers = f"{low:8.2f} {middle:8.2f} {high:8.2f} {unit}"
    print(f"{what:58} {numbers}   ({bar})", flush=True)
