"""The figures of notebook 16: what examples shift, and what restarts mend."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE

SHOWN = 8  # values of a factor, the commonest of the world first


def draw_posteriors(
    figure: Figure, priors: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """What `show_posteriors` moves: bars for each factor, beside the world's own."""
    panels = figure.subplots(1, len(priors))
    bars = {}
    for axes, (factor, prior) in zip(panels, priors.items(), strict=True):
        names = list(prior)[:SHOWN]
        places = np.arange(len(names))
        bars[factor] = axes.barh(places, [0] * len(names), color=PALETTE["model"])
        axes.plot(
            list(prior.values())[:SHOWN], places, "|", ms=16, mew=3, color="black"
        )
        axes.set_yticks(places, names)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 1), xlabel=factor)
    panels[0].text(
        0.98, 0.06, "black: without examples", ha="right", transform=panels[0].transAxes
    )
    return {"bars": bars, "title": figure.suptitle(" ")}


def show_posteriors(
    artists: dict[str, Any],
    posteriors: Mapping[str, Mapping[str, float]] | None,
    shared: Sequence[str],
    tales: Sequence[str] = (),
) -> str:
    """The exact distribution of each factor in the next tale.

    posteriors  by factor; None where no tale can follow the examples
    shared      the factors that the examples have in common
    tales       a few words on each example
    """
    for factor, bars in artists["bars"].items():
        values = [] if posteriors is None else list(posteriors[factor].values())
        for place, bar in enumerate(bars):
            bar.set_width(values[place] if place < len(values) else 0)
    title = f"The examples share: {', '.join(shared) or 'nothing'}"
    if posteriors is None:
        title += ". No such collection exists in the world"
    artists["title"].set_text("\n".join(["; ".join(tales), title]))
    return f"{title}."


def plot_requests(
    plots: Mapping[str, Mapping[str, Sequence[float]]], truth: float
) -> Figure:
    """Different plots after each request, a dot for each seed; none where it is NaN."""
    figure = Figure(figsize=(8.5, 3.4))
    axes = figure.subplots()
    colours = [PALETTE[name] for name in ("healthy", "highlight", "collapsed")]
    requests = list(next(iter(plots.values())))
    for shift, (model, rows) in enumerate(plots.items()):
        for place, request in enumerate(requests):
            values = rows[request]
            across = place + 0.25 * (shift - 1) + np.linspace(-0.08, 0.08, len(values))
            label = model if place == 0 else None
            axes.plot(across, values, "o", ms=4, color=colours[shift], label=label)
    axes.axhline(truth, ls="--", lw=1, color=PALETTE["truth"])
    axes.set_xticks(range(len(requests)), [r.replace(" ", "\n", 1) for r in requests])
    axes.set(ylim=(0, None), ylabel="different plots in 60 tales")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    axes.set_title("A tuned model has collapsed after every request")
    return figure


def plot_shift(
    pairs: Mapping[str, Sequence[tuple[float, float]]], label: str
) -> Figure:
    """The model's share over the exact one, given as (told, exact); a dot a query."""
    figure = Figure(figsize=(5.2, 4))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], ls="--", color=PALETTE["truth"])
    for (name, dots), colour in zip(
        pairs.items(), ("collapsed", "model"), strict=False
    ):
        told, exact = zip(*dots, strict=True)
        axes.plot(exact, told, "o", color=PALETTE[colour], label=name, alpha=0.8)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=f"{label}: exact posterior")
    axes.set_ylabel("told by the storyteller")
    axes.set_title("The model copies")
    axes.legend(loc="upper left")
    return figure
