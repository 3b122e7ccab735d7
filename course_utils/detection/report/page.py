"""The report as one page of HTML, for the screen and for paper."""

import difflib
import html
import math
from collections.abc import Sequence
from typing import Any

from course_utils.detection.report.measures import Finding


def page_of(
    report: Any, findings: Sequence[Finding], alike: Sequence[tuple[str, str]]
) -> str:
    """`report`, with a strip for each finding and the most alike texts side by side."""
    from jinja2 import Environment, PackageLoader

    pages = Environment(
        loader=PackageLoader("course_utils.detection.report", "."), autoescape=True
    )
    pages.filters["number"] = _number
    page = pages.get_template("report.html.jinja")
    sides = [side_by_side(first, second) for first, second in alike]
    return page.render(report=report, strips=list(map(strip_of, findings)), sides=sides)


def strip_of(finding: Finding) -> dict[str, float]:
    """Where value, interval and band lie on a strip from 0 to 100."""
    ends = [finding.value, *finding.interval, *(finding.band or ())]
    known = [end for end in ends if not math.isnan(end)]
    low, high = min(known), max(known)
    room = (high - low) * 0.15 or abs(low) * 0.1 or 1.0
    low, high = low - room, high + room

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    spots = {"value": place(finding.value)}
    if not math.isnan(finding.interval[0]):
        left, right = map(place, finding.interval)
        spots |= {"left": left, "width": round(right - left, 2)}
    if finding.band is not None and not math.isnan(finding.band[0]):
        left, right = map(place, finding.band)
        spots |= {"band": left, "band_width": round(right - left, 2)}
    return spots


def side_by_side(first: str, second: str) -> tuple[Any, Any]:
    """Both texts as HTML, with the words marked that the other one does not have."""
    from markupsafe import Markup

    rows = first.split(), second.split()
    marked: list[list[str]] = [[], []]
    matcher = difflib.SequenceMatcher(a=rows[0], b=rows[1], autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        for side, (start, stop) in enumerate((ends[:2], ends[2:])):
            piece = html.escape(" ".join(rows[side][start:stop]))
            if piece:
                marked[side].append(
                    piece if kind == "equal" else f"<mark>{piece}</mark>"
                )
    left, right = (Markup(" ".join(pieces)) for pieces in marked)
    return left, right


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "unknown"
    return f"{value:.3g}"
