"""The figures of notebook 07."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.detection.monitor import Baseline, Request
from course_utils.detection.scoring import alarm_rate

_EDGES = np.linspace(-1, 1, 41)  # of the bars of drops; what lies beyond is at the end
_LINES = np.linspace(-1, 1, 201)  # thresholds of a ROC curve


def plot_request(request: Request, baseline: Baseline) -> Figure:
    """A request's entropies as bars, and what is usual after its prompt as a line."""
    figure = Figure(figsize=(8, 3))
    axes = figure.subplots()
    axes.bar(range(len(request.entropy)), request.entropy, color=PALETTE["model"])
    usual = baseline.usual
    axes.step(range(len(usual)), usual, where="mid", color=PALETTE["healthy"], lw=2)
    names = {"line: usual": "healthy", "bars: one request": "model"}
    for row, (name, meaning) in enumerate(names.items()):
        label = axes.text(0.99, 0.9 - 0.1 * row, name, color=PALETTE[meaning])
        label.set(transform=axes.transAxes, ha="right")
    axes.set(xlabel="token", ylabel="entropy (bits)")
    axes.set_title("One request is spikes and zeros; the usual lies between")
    return figure


def plot_baselines(
    means: Mapping[str, Sequence[float]], own: Mapping[str, float], overall: float
) -> Figure:
    """Mean entropies of healthy requests by prompt, and lines 30 % below baselines."""
    figure = Figure(figsize=(8, 3.8))
    axes = figure.subplots()
    for row, (name, values) in enumerate(means.items()):
        accused = np.array(values) < 0.7 * overall
        colours = np.where(accused, PALETTE["collapsed"], PALETTE["healthy"])
        axes.scatter(values, [row] * len(values), c=colours, s=18, alpha=0.7)
        axes.plot([0.7 * own[name]], [row], "|", ms=16, mew=3, color="black")
    axes.axvline(0.7 * overall, ls="--", color=PALETTE["truth"])
    axes.set_yticks(range(len(means)), means)
    axes.set(xlabel="mean entropy of a request (bits)", xlim=(0, None))
    axes.set_ylim(len(means) - 0.4, -0.6)
    axes.set_title("The line for all (dashed) accuses the prompt with little to choose")
    return figure


def draw_alarms(figure: Figure) -> dict[str, Any]:
    """Empty panels for `show_alarms`: drops with a threshold, and the ROC curve."""
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    shapes, empty = {}, [0] * (len(_EDGES) - 1)
    for row, side in enumerate(("healthy", "collapsed")):
        look = {"fill": True, "alpha": 0.6, "color": PALETTE[side]}
        shapes[side] = left.stairs(empty, _EDGES, **look)
        left.text(-0.95, 0.82 - 0.09 * row, side, color=PALETTE[side], weight="bold")
    line = left.axvline(0, color="black")
    left.set(xlim=(-1, 1), ylim=(0, 0.92), xlabel="drop", ylabel="share of requests")
    right.plot([0, 1], [0, 1], ls=":", color=PALETTE["muted"])
    (curve,) = right.plot([], color=PALETTE["model"])
    (dot,) = right.plot([], "o", color="black")
    right.set(xlabel="false alarms", ylabel="hits", aspect="equal")
    right.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), title="ROC curve")
    return {
        "shapes": shapes,
        "marks": [line, curve, dot],
        "title": left.set_title(" "),
    }


def show_alarms(
    artists: dict[str, Any],
    healthy: Sequence[float],
    collapsed: Sequence[float],
    threshold: float,
) -> str:
    """Fill the panels; returns what they say in words."""
    sides = {"healthy": healthy, "collapsed": collapsed}
    for side, drops in sides.items():
        counts, _ = np.histogram(np.clip(drops, -1, 1), _EDGES)
        artists["shapes"][side].set_data(counts / len(drops))
    false, hits = (alarm_rate(drops, threshold).share for drops in sides.values())
    line, curve, dot = artists["marks"]
    line.set_xdata([threshold, threshold])
    curve.set_data(_shares_above(healthy), _shares_above(collapsed))
    dot.set_data([false], [hits])
    words = f"{100 * hits:.0f} % hits, {100 * false:.0f} % false alarms"
    artists["title"].set_text(f"Above {100 * threshold:.0f} %: {words}")
    return words


def plot_sums(
    panels: Mapping[
        str, tuple[Sequence[Sequence[float]], Sequence[Sequence[float]], float]
    ],
    onset: int,
) -> Figure:
    """Running sums of healthy groups and of those that turn cold, with their limit.

    Each panel has (healthy, cold, limit), sums and limit in bits.
    """
    figure = Figure(figsize=(9, 3.2))
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, (*sides, limit)) in zip(row, panels.items(), strict=True):
        for sums, meaning in zip(sides, ("healthy", "collapsed"), strict=True):
            for climb in sums[:: max(1, len(sums) // 19)]:
                axes.plot(climb, color=PALETTE[meaning], lw=1.2, alpha=0.7)
        axes.axhline(limit, color=PALETTE["truth"], lw=1)
        axes.axvline(onset, ls=":", color=PALETTE["truth"])
        top = 2 * limit
        axes.text(1, 1.04 * limit, "limit", color=PALETTE["truth"])
        axes.text(1, 0.91 * top, "healthy", color=PALETTE["healthy"], weight="bold")
        axes.text(
            1, 0.82 * top, "turns cold", color=PALETTE["collapsed"], weight="bold"
        )
        axes.set(title=name.capitalize(), xlabel="token", xlim=(0, 59), ylim=(0, top))
    figure.axes[0].set_ylabel("running sum (bits)")
    figure.suptitle("A crowd shows the onset, a single request does not")
    return figure


def _shares_above(drops: Sequence[float]) -> np.ndarray:
    """The share of `drops` above each threshold, from the lowest threshold on."""
    lines = np.array([-np.inf, *_LINES, np.inf])
    return (np.array(drops)[:, None] > lines).mean(axis=0)
