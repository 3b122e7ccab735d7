"""How often the collapse report cries wolf, and how often its intervals hold the truth.

    python -m benchmarks.report_rates                 what is recorded, as tables
    python -m benchmarks.report_rates 20 --runs 400   draw what is missing at this size

Set and reference come from one source, so every "more alike" is a false alarm. The
report promises one page in twenty at most; the bar is 0.5 to 1.5 of that. An interval
holds the truth where it encloses the mean of its measure over all sets of its size.
What was found last stands in benchmarks/report_rates.txt. Runs are kept, one line each,
in runs/report_rates.jsonl; a trial that was stopped goes on where it was. Here a page
rests on 49 swaps of blocks, not 199: the test is exact with any number.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.sources import SOURCES
from course_utils.detection.report.judging import FAMILY, drawn, judged
from course_utils.detection.report.measures import MEASURES, Finding, Pool
from course_utils.detection.report.units import units_beside
from course_utils.foundations.intervals import wilson_interval

KEPT = Path(__file__).resolve().parent.parent / "runs" / "report_rates.jsonl"
SHUFFLES = 49


def one_page(source: str, size: int, run: int) -> list[Finding]:
    """The findings for a set and a reference of one source."""
    dice = random.Random(f"{source} {size} {run}")
    texts, prompts = SOURCES[source](size, dice)
    reference, others = SOURCES[source](size, dice)
    units = units_beside(size, prompts, size, others, size, dice)
    chosen = [texts[i] for block in units.own for i in block]
    chosen += [reference[i] for block in units.reference for i in block]
    return judged(drawn(units, Pool(chosen)), SHUFFLES, run)


def record(source: str, size: int, runs: int) -> None:
    """Add the runs that are missing, each in a line."""
    done = {e["run"] for e in recorded() if (e["source"], e["size"]) == (source, size)}
    for run in sorted({*range(runs)} - done):
        found = one_page(source, size, run)
        entry = {"source": source, "size": size, "run": run}
        entry["found"] = [_numbers(finding) for finding in found]
        KEPT.parent.mkdir(exist_ok=True)
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _numbers(found: Finding) -> dict:
    assert found.reference is not None and found.reference_interval is not None
    assert found.difference_interval is not None
    numbers = [found.value, *found.interval]
    numbers += [found.reference, *found.reference_interval, *found.difference_interval]
    return {"is": found.verdict, "numbers": [float(f"{x:.5g}") for x in numbers]}


def recorded() -> list[dict]:
    if not KEPT.exists():
        return []
    return [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()]


def tables() -> Iterator[str]:
    """False alarms of the page, then coverage of each measure's interval."""
    by: dict[tuple[int, str], list[dict]] = defaultdict(list)
    for entry in recorded():
        by[entry["size"], entry["source"]].append(entry)
    yield f"false alarms; the page says {FAMILY:.0%}, allowed are 2.5 to 7.5 %"
    for (size, source), entries in sorted(by.items()):
        yield f"  N = {size:3}  {source:22} {_alarms(entries)}"
    yield "coverage of 95 % intervals: of a value, of a difference (width / true width)"
    for (size, source), entries in sorted(by.items()):
        for i, measure in enumerate(MEASURES):
            told = _coverage(entries, i)
            if told:
                yield f"  N = {size:3}  {source:22} {measure.name:18} {told}"


def _alarms(entries: list[dict]) -> str:
    verdicts = [[found["is"] for found in entry["found"]] for entry in entries]
    judged_ones = [row for row in verdicts if "too few" not in row]
    if not judged_ones:
        return f"{len(entries)} runs: too few to say in all"
    told = []
    for word in ("more alike", "more varied"):
        count = sum(word in row for row in judged_ones)
        low, high = wilson_interval(count, len(judged_ones))
        told.append(f"{word} {count / len(judged_ones):5.1%} ({low:.1%} to {high:.1%})")
    return f"{', '.join(told)} of {len(judged_ones)}"


def _coverage(entries: list[dict], measure: int) -> str:
    numbers = np.array([entry["found"][measure]["numbers"] for entry in entries])
    numbers = numbers[~np.isnan(numbers).any(axis=1)]
    if not len(numbers):
        return ""
    values = np.concatenate([numbers[:, :3], numbers[:, 3:6]])
    if np.ptp(values[:, 0]) == 0:
        return f"{values[0, 0]:.3g} in every set"
    truth, spread = values[:, 0].mean(), values[:, 0].std()
    holds = ((values[:, 1] <= truth) & (truth <= values[:, 2])).mean()
    width = (values[:, 2] - values[:, 1]).mean() / (3.92 * spread)
    apart = ((numbers[:, 6] <= 0) & (numbers[:, 7] >= 0)).mean()
    return (
        f"{holds:.3f}, {apart:.3f}  ({width:.2f}; mean {truth:.3g}, n = {len(values)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, help="texts of a set: 20, 100")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--sources", nargs="*", default=[*SOURCES])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for size in options.sizes:
        for source in options.sources:
            record(source, size, options.runs)
    print(*tables(), sep="\n")


if __name__ == "__main__":
    main()
