"""The report as a figure."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from course_utils.detection.report.measures import Finding


def draw(findings: Sequence[Finding]) -> Figure:
    """Each measure with its interval, over what is not told from the reference."""
    figure = Figure(figsize=(7, 0.8 * len(findings) + 0.5), layout="constrained")
    panels = figure.subplots(len(findings), 1)
    for axes, finding in zip(panels, findings, strict=True):
        _draw_finding(axes, finding)
    if any(finding.band is not None for finding in findings):
        figure.suptitle("grey: not told from the reference", fontsize="medium")
    return figure


def _draw_finding(axes: Any, finding: Finding) -> None:
    low, high = finding.interval
    if finding.band is not None:
        axes.axvspan(*finding.band, color="0.6", alpha=0.5)
    axes.plot([low, high], [0, 0], lw=3)
    axes.plot([finding.value], [0], "o")
    axes.set(yticks=[0], yticklabels=[finding.name], ylim=(-1, 1))
