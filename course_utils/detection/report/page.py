"""The report as one page of HTML, for the screen and for paper."""

import difflib
import html
import math
from collections.abc import Sequence
from typing import Any

from course_utils.detection.report.along import NAMES, Along
from course_utils.detection.report.groups import REFERENCE, Groups
from course_utils.detection.report.measures import Finding
from course_utils.detection.report.result import Result
from course_utils.foundations.intervals import Interval

_WORDS_SHOWN = 150  # of each of two texts side by side
_MINUS = "\N{MINUS SIGN}"
_TICKS = 4  # at most, on a scale


def page_of(result: Result, headline: str, answers: Sequence[tuple[str, str]]) -> str:
    """All of a report, with a strip for each finding, each group and each part."""
    from jinja2 import Environment, PackageLoader

    pages = Environment(
        loader=PackageLoader("course_utils.detection.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["number"] = _number
    pages.filters["span"] = _span
    pages.filters["signed"] = _signed
    return pages.get_template("report.html.jinja").render(
        report=result,
        headline=_held_together(headline),
        answers=[(question, _held_together(text)) for question, text in answers],
        strips=[strip_of(finding) for finding in result.findings],
        sides=[side_by_side(first, second) for first, second in result.alike],
        multiples=multiples_of(result.groups) if result.groups else [],
        courses=courses_of(result.along, result.texts) if result.along else [],
        reference=REFERENCE,
    )


def strip_of(finding: Finding, ends: Interval | None = None) -> dict[str, Any]:
    """Where value, interval, band and ticks lie on a strip from 0 to 100."""
    low, high = ends or ends_of([finding])

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    spots: dict[str, Any] = {"value": place(finding.value)}
    if not math.isnan(finding.interval[0]):
        left, right = map(place, finding.interval)
        spots |= {"left": left, "width": round(right - left, 2)}
    if finding.band is not None and not math.isnan(finding.band[0]):
        left, right = map(place, finding.band)
        spots |= {"band": left, "band_width": round(right - left, 2)}
    if finding.reference is not None:
        spots["reference"] = place(finding.reference)
    spots["ticks"] = [(place(tick), _label(tick)) for tick in ticks(low, high)]
    return spots


def ends_of(findings: Sequence[Finding]) -> Interval:
    """A scale on which all of the findings have room."""
    ends: list[float] = []
    for finding in findings:
        ends += [finding.value, *finding.interval, *(finding.band or ())]
        ends += [] if finding.reference is None else [finding.reference]
    known = [end for end in ends if not math.isnan(end)]
    low, high = min(known), max(known)
    room = (high - low) * 0.15 or abs(low) * 0.1 or 0.1
    # Nothing here is below 0, so a scale begins just before it.
    return max(low - room, -0.2 * room) if low >= 0 else low - room, high + room


def ticks(low: float, high: float) -> list[float]:
    """Round numbers within a scale, two to four of them."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    first = math.ceil(low / step)
    count = math.floor(high / step) - first + 1
    return [round((first + i) * step, 12) for i in range(count)]


def multiples_of(groups: Groups) -> list[dict[str, Any]]:
    """For each measure a strip of each group, all on one scale."""
    found = []
    for i, finding in enumerate(groups.groups[0].findings):
        own = [group.findings[i] for group in groups.groups]
        ends = ends_of(own)
        rows = [
            (group.name, group.texts, finding, strip_of(finding, ends))
            for group, finding in zip(groups.groups, own, strict=True)
        ]
        found.append({"name": finding.name, "question": finding.question, "rows": rows})
    return found


def courses_of(along: Along, texts: int) -> list[dict[str, Any]]:
    """Along the file: the points of a line for each measure, from 0 to 100."""
    size = along.starts[1] - along.starts[0]
    found = []
    for i, name in enumerate(NAMES):
        values = [part[i] for part in along.values]
        low, high = min(values), max(values)
        room = (high - low) * 0.1 or 0.1
        low, high = max(low - room, 0.0), high + room
        points = [
            (
                round(100 * (start + size / 2) / texts, 2),
                round(100 * (high - value) / (high - low), 2),
            )
            for start, value in zip(along.starts, values, strict=True)
        ]
        levels = [
            (round(100 * (high - tick) / (high - low), 2), _label(tick))
            for tick in ticks(low, high)
        ]
        step = None
        if along.step is not None and along.measure == name:
            step = round(100 * along.step / texts, 2)
        found.append({"name": name, "points": points, "levels": levels, "step": step})
    return found


def side_by_side(first: str, second: str) -> tuple[Any, Any]:
    """Both texts as HTML, with the words marked that the other one does not have.

    Long texts are cut, since finding what differs takes time in the square.
    """
    from markupsafe import Markup

    rows = tuple(text.split()[:_WORDS_SHOWN] for text in (first, second))
    marked: list[list[str]] = [[], []]
    matcher = difflib.SequenceMatcher(a=rows[0], b=rows[1], autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        for side, (start, stop) in enumerate((ends[:2], ends[2:])):
            piece = html.escape(" ".join(rows[side][start:stop]))
            if piece:
                marked[side].append(
                    piece if kind == "equal" else f"<mark>{piece}</mark>"
                )
    for side, text in enumerate((first, second)):
        if len(text.split()) > _WORDS_SHOWN:
            marked[side].append("...")
    left, right = (Markup(" ".join(pieces)) for pieces in marked)
    return left, right


def _held_together(text: str) -> str:
    """A number and its percent sign stay on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "unknown"
    told = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return told.replace("-", _MINUS)


def _span(interval: Interval, is_signed: bool = False) -> str:
    """Both ends of an interval in brackets; nothing where it is unknown."""
    if math.isnan(interval[0]):
        return ""
    told = _signed if is_signed else _number
    return f"({told(interval[0])} to {told(interval[1])})"


def _signed(value: float | None) -> str:
    return _number(value) if value is None or not value > 0 else f"+{_number(value)}"


def _label(value: float) -> str:
    return f"{value:g}".replace("-", _MINUS)
