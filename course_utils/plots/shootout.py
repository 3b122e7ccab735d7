"""The figures of notebook 17: points of a contest, frontiers, leads, and costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.recordings.frontier import Estimate

Point = tuple[float, float]
FAR_OUT = 0.06  # share of the settings that the live figure may set upon its edge
_COLOURS = [PALETTE[name] for name in ("model", "collapsed", "healthy")]


def plot_area(points: Sequence[Point], names: Sequence[str]) -> Figure:
    """A few points, and the area that at least one of them beats."""
    figure = Figure(figsize=(5.2, 3.4))
    axes = figure.subplots()
    reached = 0.0
    for x, y in _frontier(points):
        axes.fill_between([0, x], reached, y, color=PALETTE["model"], alpha=0.2, lw=0)
        reached = y
    for (x, y), name in zip(points, names, strict=True):
        axes.plot(x, y, "o", color=PALETTE["model"])
        axes.annotate(name, (x, y), xytext=(5, 5), textcoords="offset points")
    most = [max(values) * 1.2 for values in zip(*points, strict=True)]
    axes.set(xlim=(0, most[0]), ylim=(0, most[1]))
    axes.set(xlabel="how good", ylabel="how varied")
    axes.set_title("What at least one of the settings beats")
    return figure


# The live figure


def draw_contest(figure: Figure) -> dict[str, Any]:
    """What `show_contest` moves: all settings in grey, some contestants in colour."""
    axes = figure.subplots()
    others = axes.plot([], [], "o", ms=4, color=PALETTE["muted"])[0]
    edge = axes.plot(
        [], [], "D-", ms=7, mfc="none", color=PALETTE["truth"], label="frontier"
    )[0]
    world = axes.plot([], [], "*", ms=14, color=PALETTE["truth"], label="the world")[0]
    shown = []
    for colour in _COLOURS:
        bars = [axes.plot([], [], "-", lw=1.2, color=colour)[0] for _ in range(12)]
        dots = axes.plot([], [], "o", ms=7, color=colour)[0]
        shown.append({"dots": dots, "bars": bars})
    notes = [
        axes.text(0.02, 0.20 - 0.07 * i, "", color=c, transform=axes.transAxes)
        for i, c in enumerate(_COLOURS)
    ]
    axes.legend(loc="upper left", ncols=2)
    title = axes.set_title(" ")
    return {
        "axes": axes,
        "others": others,
        "edge": edge,
        "world": world,
        "shown": shown,
        "notes": notes,
        "title": title,
    }


def show_contest(
    artists: dict[str, Any],
    points: Mapping[str, Sequence[tuple[Point, Point]]],
    picked: Sequence[str],
    world: Point | None,
    labels: tuple[str, str],
    title: str,
) -> str:
    """The settings of a contest, those of the picked contestants in colour.

    points   of each contestant: means of quality and variety of each setting, and
             half-widths of their intervals
    picked   up to three names
    labels   of the axes
    """
    every = [mean for rows in points.values() for mean, _ in rows]
    left, right = _limits(every, world, 0, FAR_OUT)
    points = {n: _not_beyond(left, rows) for n, rows in points.items()}
    every = [mean for rows in points.values() for mean, _ in rows]
    artists["others"].set_data(*_columns(every))
    artists["edge"].set_data(*_columns(_frontier(every)))
    artists["world"].set_data(*_columns([world] if world else []))
    said = []
    for i, slot in enumerate(artists["shown"]):
        name = picked[i] if i < len(picked) else None
        rows = [] if name is None else points[name]
        slot["dots"].set_data(*_columns([mean for mean, _ in rows]))
        for bar, data in zip(slot["bars"], _crosses(rows), strict=False):
            bar.set_data(*data)
        for bar in slot["bars"][2 * len(rows) :]:
            bar.set_data([], [])
        artists["notes"][i].set_text(name or "")
        if name is not None:
            best = max((y for (_, y), _ in rows), default=float("nan"))
            said.append(f"{name} up to {best:.3g}")
    axes: Axes = artists["axes"]
    axes.set(xlabel=f"{labels[0]} (on the left edge: still less)", ylabel=labels[1])
    axes.set_xlim(left, right)
    low, high = _limits(every, world, 1)
    axes.set_ylim(low, high + 0.12 * (high - low))  # room for the legend
    artists["title"].set_text(title)
    return f"{title}: {', '.join(said)}."


def _frontier(points: Sequence[Point]) -> list[Point]:
    """The points that none beats in both, from the best to the most varied."""
    edge: list[Point] = []
    for x, y in sorted(points, reverse=True):
        if not edge or y > edge[-1][1]:
            edge.append((x, y))
    return edge


def _crosses(rows: Sequence[tuple[Point, Point]]) -> list[tuple[list, list]]:
    lines = []
    for (x, y), (dx, dy) in rows:
        lines.append(([x - dx, x + dx], [y, y]))
        lines.append(([x, x], [y - dy, y + dy]))
    return lines


def _columns(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _not_beyond(
    left: float, rows: Sequence[tuple[Point, Point]]
) -> list[tuple[Point, Point]]:
    """What lies too far to the left is set upon the edge, without a width."""
    return [
        ((x, y), half) if x >= left else ((left, y), (0.0, half[1]))
        for (x, y), half in rows
    ]


def _limits(
    every: Sequence[Point], world: Point | None, axis: int, cut: float = 0.0
) -> Point:
    """The ends of an axis; a share `cut` of the points may lie below it."""
    values = np.array([p[axis] for p in every] + ([world[axis]] if world else []))
    low, high = np.quantile(values, cut), values.max()
    margin = 0.06 * (high - low) or 0.1
    return low - margin, high + margin


# Still figures


def plot_leads(leads: Mapping[str, Mapping[str, Estimate]]) -> Figure:
    """How much more each contestant covers than tuned temperature, model by model."""
    figure = Figure(figsize=(9, 0.21 * len(next(iter(leads.values()))) + 1.3))
    panels = figure.subplots(1, len(leads), sharey=True)
    names = list(next(iter(leads.values())))
    for axes, (model, found) in zip(panels, leads.items(), strict=True):
        axes.axvline(0, color=PALETTE["truth"], lw=1)
        for row, name in enumerate(names):
            low, high = found[name].interval
            tone = "healthy" if low > 0 else "collapsed" if high < 0 else "muted"
            axes.plot([low, high], [row, row], color=PALETTE[tone], lw=2.5)
            axes.plot(found[name].value, row, "o", ms=4, color=PALETTE[tone])
        axes.set_title(model)
        axes.set_xlabel("area more than temperature's")
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_yticks(range(len(names)), names, fontsize=8)
    return figure


def plot_tries(
    areas: Mapping[str, Sequence[float]], shown: Mapping[str, str], title: str
) -> Figure:
    """What the best settings cover, by how many settings were tried.

    shown   a colour's name for each contestant that has one; the others are grey
    """
    figure = Figure(figsize=(6.5, 3.8))
    axes = figure.subplots()
    for name, values in areas.items():
        tries = range(1, len(values) + 1)
        colour = PALETTE[shown.get(name, "muted")]
        width, order = (2.5, 3) if name in shown else (0.8, 1)
        label = name if name in shown else None
        axes.plot(tries, values, color=colour, lw=width, zorder=order, label=label)
    axes.set(xlabel="settings tried", ylabel="area (the world's own: 1)")
    axes.legend(loc="lower right")
    axes.set_title(title)
    return figure


def plot_costs(
    ratios: Mapping[str, Mapping[str, Sequence[float]]], title: str
) -> Figure:
    """A step with each sampler over one with plain sampling, by shape and batch."""
    names = list(next(iter(ratios.values())))
    figure = Figure(figsize=(9, 0.22 * len(names) + 1.4))
    panels = figure.subplots(1, len(ratios), sharey=True)
    for axes, (place, found) in zip(panels, ratios.items(), strict=True):
        for row, name in enumerate(names):
            low, middle, high = np.quantile(found[name], [0, 0.5, 1])
            axes.plot([low, high], [row, row], color=PALETTE["muted"], lw=2)
            axes.plot(middle, row, "o", ms=4, color=PALETTE["model"])
        axes.axvline(1, color=PALETTE["truth"], lw=1)
        axes.set_title(place.replace(", ", "\n"), fontsize=9)
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_yticks(range(len(names)), names, fontsize=8)
    figure.supxlabel("time of a step, over plain sampling's", fontsize=9)
    figure.suptitle(title)
    return figure
