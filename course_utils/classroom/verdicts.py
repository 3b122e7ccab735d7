"""`verdict`: what an experiment says about a claim, on the page and in the ledger."""

import json
import math
import operator
import os
import re
from collections.abc import Callable
from pathlib import Path

from course_utils.classroom.cards import Card
from course_utils.classroom.facts import strict
from course_utils.classroom.session import current_notebook

LEDGER = "COURSE_LEDGER"  # the variable that names the file of a build's verdicts
FEWEST_CLUSTERS = 5  # below, no interval is claimed
_TONES = {"holds": "good", "fails": "bad"}
_FORMS = "'holds', 'holds when ...', 'fails' or 'cannot be tested here'"
_OPEN = "does not stand"


def verdict(
    claim: str,
    verdict: str,
    finding: str,
    *,
    question: str,
    stands: bool | Callable[[], bool],
    estimate: float,
    interval: tuple[float, float] | None,
    n: int,
    unit: str,
    clusters: int | None = None,
    level: float = 0.95,
    recorded: str | None = None,
) -> Card:
    """The verdict on `claim` ("C04") with its number; make it the value of a cell.

    question   what is asked, in one sentence; a claim may be asked several
    finding    in a sentence or two, what was measured
    stands     what must be so for this verdict, such as `high < 0.5`: with other draws
               it may not be, and then the card says that the verdict does not stand
    estimate   the number, with its `interval` at `level`; None where it has none
    n          how many `unit`s ("text", "seed", ...) were observed
    clusters   how many independent draws they came in, if fewer: texts of so many
               prompts, say; the interval must be one over these
    recorded   the recording that it is read from, if it is

    When the notebooks are built (COURSE_LEDGER names a file), the verdict is entered
    there as well; one that doesn't stand ends the build, as does an interval over fewer
    than five independent draws, which is left out elsewhere. Raises ValueError for
    another form of verdict, a claim without number, a question without its mark and an
    interval around something else.
    """
    n = _as_count("n", n)
    clusters = n if clusters is None else _as_count("clusters", clusters)
    if not strict() and _is_of_too_few(interval, clusters):
        interval = None  # a reader has drawn less: no reason to stop
    _check_words(claim, verdict, question, unit)
    _check_interval(estimate, interval, clusters, level)
    holds = bool(stands() if callable(stands) else stands)
    if strict() and not holds:
        raise AssertionError(f"{claim}: {verdict!r} does not stand: {question}")
    _enter(
        {
            "claim": claim,
            "question": question,
            "verdict": verdict if holds else _OPEN,
            "estimate": float(f"{estimate:.4g}"),
            "interval": interval and [float(f"{end:.4g}") for end in interval],
            "level": level,
            "n": n,
            "unit": unit,
            "clusters": clusters,
            "notebook": current_notebook(),
            "command": _command(recorded),
        }
    )
    number = f"Estimate: {estimate:.3g} ({basis(interval, level, n, unit, clusters)})."
    more = f'What would count for and against it: `claims("{claim}")`.'
    tone = _TONES.get(verdict, "plain")
    if holds:
        return Card(f"{claim}: {verdict}", question, finding, number, more, tone=tone)
    other = f'With these draws "{verdict}" does not stand. You changed something above,'
    other += " or other draws would say otherwise."
    return Card(f"{claim}: open", question, other, number, more)


def basis(
    interval: tuple[float, float] | None, level: float, n: int, unit: str, clusters: int
) -> str:
    """What a number rests on, in words: its interval and level, n and unit."""
    among = f"n = {n} {_several(unit, n)}"
    if clusters < n:
        among += f" in {clusters} independent draws"
    if interval is None:
        return f"no interval, {among}"
    low, high = interval
    return f"{100 * level:.4g} % interval {low:.3g} to {high:.3g}, {among}"


def _several(unit: str, n: int) -> str:
    head, of, rest = unit.partition(" of ")
    return unit if n == 1 else f"{head}s{of}{rest}"


def _command(recorded: str | None) -> str:
    build = "make notebooks ALL=1"
    if recorded is None:
        return build
    return f"python -m course_utils.recordings {recorded} && {build}"


def _as_count(name: str, value: int) -> int:
    if not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} is {value}; allowed are whole numbers from 1 on")
    return operator.index(value)


def _check_words(claim: str, verdict: str, question: str, unit: str) -> None:
    if not re.fullmatch(r"C\d\d", claim):
        raise ValueError(f"claim is {claim!r}; allowed is C and two digits, as 'C04'")
    if not re.fullmatch(r"holds( when .+)?|fails|cannot be tested here", verdict):
        raise ValueError(f"verdict is {verdict!r}; allowed are {_FORMS}")
    if not re.fullmatch(r"[A-Z].+\?", question):
        raise ValueError(f"question is {question!r}; allowed is a sentence with its ?")
    if not unit.strip():
        raise ValueError(f"unit is {unit!r}; name what was drawn, such as 'text'")


def _is_of_too_few(interval: tuple[float, float] | None, clusters: int) -> bool:
    """Over fewer than five draws there is none, and a jackknife gives NaN."""
    return interval is not None and (
        clusters < FEWEST_CLUSTERS or any(map(math.isnan, interval))
    )


def _check_interval(
    estimate: float, interval: tuple[float, float] | None, clusters: int, level: float
) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed is what lies between 0 and 1")
    if not math.isfinite(estimate):
        raise ValueError(f"estimate is {estimate}; it must be a finite number")
    if interval is None:
        return
    low, high = interval
    slack = 1e-9 * max(1.0, abs(estimate))  # a mean may round out of its interval
    finite = math.isfinite(low) and math.isfinite(high)
    if not (finite and low - slack <= estimate <= high + slack):
        raise ValueError(
            f"interval is ({low}, {high}); it must be finite and hold estimate, "
            f"{estimate}"
        )
    if clusters < FEWEST_CLUSTERS:
        raise ValueError(
            f"interval is over {clusters} independent draws; allowed are "
            f"{FEWEST_CLUSTERS} or more, or None"
        )


def _enter(entry: dict) -> None:
    """Put the entry into the ledger in place of the same question's."""
    if LEDGER not in os.environ:
        return
    ledger = Path(os.environ[LEDGER])
    entries = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else []
    entries = [e for e in entries if _place(e) != _place(entry)]
    entries = sorted([*entries, entry], key=_place)
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _place(entry: dict) -> tuple[str, str, str]:
    return entry["claim"], entry["notebook"] or "", entry["question"]
