"""`verdict`: what an experiment says about a claim, on the page and in the ledger."""

import json
import math
import operator
import os
import re
from pathlib import Path

from course_utils.classroom.cards import Card
from course_utils.classroom.session import current_notebook

_TONES = {"holds": "good", "fails": "bad"}
_FORMS = "'holds', 'holds when ...', 'fails' or 'cannot be tested here'"


def verdict(
    claim: str,
    verdict: str,
    finding: str,
    *,
    estimate: float,
    interval: tuple[float, float],
    n: int,
) -> Card:
    """The verdict on `claim` ("C04") with its number; make it the value of a cell.

    `estimate` with its 95 % `interval` comes from n observations; `finding` says in a
    sentence what was measured. When the notebooks are built (COURSE_LEDGER names a
    file), the verdict is entered there as well. Raises ValueError for another form
    of verdict, a claim without number, or an interval around something else.
    """
    low, high = interval
    n = _check(claim, verdict, estimate, low, high, n)
    number = (
        f"Estimate: {estimate:.3g} (95 % interval {low:.3g} to {high:.3g}, n = {n})."
    )
    _enter(
        {
            "claim": claim,
            "verdict": verdict,
            "estimate": float(f"{estimate:.4g}"),
            "interval": [float(f"{low:.4g}"), float(f"{high:.4g}")],
            "n": n,
            "notebook": current_notebook(),
            "command": "make notebooks ALL=1",
        }
    )
    tone = _TONES.get(verdict, "plain")
    more = f'What would count for and against it: `claims("{claim}")`.'
    return Card(f"{claim}: {verdict}", finding, number, more, tone=tone)


def _check(
    claim: str, verdict: str, estimate: float, low: float, high: float, n: int
) -> int:
    """Refuse what is malformed; n as a plain whole number."""
    if not re.fullmatch(r"C\d\d", claim):
        raise ValueError(f"claim is {claim!r}; allowed is C and two digits, as 'C04'")
    if not re.fullmatch(r"holds( when .+)?|fails|cannot be tested here", verdict):
        raise ValueError(f"verdict is {verdict!r}; allowed are {_FORMS}")
    slack = 1e-9 * max(1.0, abs(estimate))  # a mean may round out of its interval
    finite = all(map(math.isfinite, (estimate, low, high)))
    if not (finite and low - slack <= estimate <= high + slack):
        raise ValueError(
            f"interval is ({low}, {high}); it must be finite and hold estimate, "
            f"{estimate}"
        )
    if not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"n is {n}; allowed are whole numbers from 1 on")
    return operator.index(n)


def _enter(entry: dict) -> None:
    """Put the entry into the ledger in place of the same claim's in this notebook."""
    if "COURSE_LEDGER" not in os.environ:
        return
    ledger = Path(os.environ["COURSE_LEDGER"])
    entries = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else []
    key = (entry["claim"], entry["notebook"])
    entries = [e for e in entries if (e["claim"], e["notebook"]) != key]
    entries = sorted([*entries, entry], key=lambda e: (e["claim"], e["notebook"]))
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
