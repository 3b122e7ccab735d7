"""The figures of notebook 09: still ones, and what its sliders draw and move."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.classroom.style import PALETTE

_LIMIT = 0.8  # the share that claim C16 takes for a sign of collapse
_TEN_COLOURS: dict[str, Any] = {"cmap": "tab10", "vmin": 0, "vmax": 9}


def plot_centres(
    points: Float[Tensor, "n 2"],
    labels: Int[Tensor, " n"],
    centres: Float[Tensor, "k 2"],
) -> Figure:
    """Points of the plane, coloured by their cluster, and the centres as crosses."""
    figure = Figure(figsize=(6, 3.2))
    axes = figure.subplots()
    x, y = points.numpy().T
    axes.scatter(x, y, c=labels, s=14, **_TEN_COLOURS)
    axes.plot(*centres.numpy().T, "X", ms=11, color=PALETTE["truth"])
    axes.set(xlabel="first coordinate", ylabel="second coordinate")
    axes.set_title("Stuck: one centre serves four villages")
    return figure


def draw_collapse(
    figure: Figure,
    points: Float[Tensor, "n 2"],
    levels: Sequence[float],
    scores: Sequence[float],
) -> dict[str, Any]:
    """What `show_collapse` moves; `scores` are Vendi scores, one for each level."""
    plane, share, kinds = figure.subplot_mosaic(
        [["plane", "share"], ["plane", "kinds"]], width_ratios=[1.7, 1]
    ).values()
    x, y = points.numpy().T
    dots = plane.scatter(x, y, s=12, c=[0] * len(points), **_TEN_COLOURS)
    left, low = (points.amin(0) - 0.5).tolist()
    right, high = (points.amax(0) + 0.5).tolist()
    plane.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
    share.set(ylim=(0, 1.05), ylabel="largest cluster")
    share.set_yticks([0, 0.4, _LIMIT], ["0", "40 %", f"{100 * _LIMIT:.0f} %"])
    share.axhline(_LIMIT, ls="--", color=PALETTE["truth"])
    (curve,) = share.plot(levels, levels, color=PALETTE["model"])
    kinds.plot(levels, scores, color=PALETTE["healthy"])
    kinds.set(ylim=(0, 1.1 * max(scores)), xlabel="collapse", ylabel="Vendi score")
    marks = [
        axes.plot([], [], "o", ms=9, color=PALETTE["collapsed"])[0]
        for axes in (share, kinds)
    ]
    title = plane.set_title(" ")
    return {"dots": dots, "curve": curve, "marks": marks, "title": title}


def show_collapse(
    artists: dict[str, Any],
    points: Float[Tensor, "n 2"],
    ranks: Int[Tensor, " n"],
    shares: Sequence[float],
    chosen: int,
) -> str:
    """The points at the chosen level, coloured by their cluster's rank in size.

    shares  of the largest cluster, one for each level
    """
    artists["dots"].set_offsets(points.numpy())
    artists["dots"].set_array(ranks.numpy())
    artists["curve"].set_ydata(shares)
    share_mark, score_mark = artists["marks"]
    level = artists["curve"].get_xdata()[chosen]
    score = score_mark.axes.lines[0].get_ydata()[chosen]
    share_mark.set_data([level], [shares[chosen]])
    score_mark.set_data([level], [score])
    fires = "the rule fires" if shares[chosen] > _LIMIT else "the rule is silent"
    title = f"Largest cluster {shares[chosen]:.0%}: {fires}"
    artists["title"].set_text(title)
    return f"Collapse {level:.1f}. {title}. Vendi score {score:.1f}."


def plot_looks(
    shares: Mapping[str, Sequence[float]], scores: Mapping[str, Sequence[float]]
) -> Figure:
    """Two measures of sets of tales, source by source, the healthy one first.

    shares  of the largest cluster
    scores  Vendi scores of the same sets
    """
    figure = Figure(figsize=(8.5, 3.2))
    panels = figure.subplots(1, 2)
    for axes, looks in zip(panels, (shares, scores), strict=True):
        for place, values in enumerate(looks.values()):
            colour = PALETTE["healthy" if place == 0 else "collapsed"]
            across = place + np.linspace(-0.25, 0.25, len(values))
            axes.plot(across, values, "o", ms=4, color=colour)
        axes.set_xticks(range(len(looks)), list(looks))
    panels[0].axhline(_LIMIT, ls="--", color=PALETTE["truth"])
    panels[0].set(ylabel="largest of two clusters", ylim=(0.4, 1.03))
    panels[1].set(ylabel="Vendi score of 20 tales")
    panels[0].set_title("The share goes up, and down again")
    panels[1].set_title("The Vendi score only falls")
    return figure
