"""The still figures of notebook 05."""

from collections.abc import Mapping, Sequence

import matplotlib
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from torch import Tensor

from course_utils.causes.recorded import Flattening, Overfitting, Recursion
from course_utils.causes.recursion import KEEPS, Keep
from course_utils.classroom.style import PALETTE
from course_utils.foundations.intervals import bootstrap_interval

_KEEP_COLOURS: dict[Keep, str] = {
    "replace": PALETTE["collapsed"],
    "accumulate": PALETTE["healthy"],
}

_FAMILY_COLOURS = {
    "cross-entropy": "truth",
    "entropy": "model",
    "smoothing": "learner",
}


def plot_favourites(
    truth: Float[Tensor, "prompts values"],
    model: Float[Tensor, "prompts values"],
    cold: Float[Tensor, "prompts values"],
) -> Figure:
    """Each value's probability in the model over that in the world, on log axes."""
    figure = Figure(figsize=(6, 3.6))
    axes = figure.subplots()
    ends = [truth.min().item() / 1.5, truth.max().item() * 1.5]
    axes.plot(ends, ends, color=PALETTE["truth"], lw=1)
    axes.plot(truth.T, model.T, "o", color=PALETTE["model"], ms=4)
    axes.plot(truth.T, cold.T, "x", color=PALETTE["collapsed"], ms=5)
    above, below = (ends[0] * 1.2, ends[1] / 3), (ends[1] / 4, ends[0] / 2)
    axes.text(*above, "the line: copied", color=PALETTE["truth"])
    axes.text(*below, "x: the same at T = 0.5", color=PALETTE["collapsed"])
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator([0.01, 0.03, 0.1, 0.3]))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.set(xlabel="probability in the world", ylabel="in the model")
    axes.set_title("The storyteller copies its corpus's favourites")
    return figure


def plot_overfitting(runs: Overfitting) -> Figure:
    """Probability of each line's tales, and what unread tales pay, over readings."""
    figure = Figure(figsize=(8.5, 3.4))
    left, right = figure.subplots(1, 2)
    mass = runs.values("repeated", "mass").mean(dim=0)
    end = runs.readings[-1] + 0.4
    for copies, line, colour in zip(runs.copies, mass.T, _shades(6), strict=True):
        left.plot(runs.readings, line, "o-", color=colour, ms=4)
        if copies >= 4:  # below, the lines lie on each other
            left.text(end, line[-1], f"{copies} copies", color=colour, va="center")
    left.axhline(1 / 6, color=PALETTE["truth"], ls="--", lw=1)
    left.text(0, 1 / 6 + 0.004, "part of the corpus", color=PALETTE["truth"])
    left.set(xlim=(-0.5, end + 5.5), ylabel="probability by heart")
    left.set_title("Frequent tales first")
    for arm, meaning in (("repeated", "collapsed"), ("fresh", "healthy")):
        loss = runs.values(arm, "held_out_loss").mean(dim=0)
        right.plot(runs.readings, loss, "o-", color=PALETTE[meaning], ms=4)
        right.text(end, loss[-1], arm, color=PALETTE[meaning], va="center")
    right.set(xlim=(-0.5, end + 4.5), ylabel="nats per token")
    right.set_title("Loss on unread tales")
    for axes in (left, right):
        axes.set_xlabel("readings of the corpus")
    return figure


def plot_flattening(runs: Flattening) -> Figure:
    """Every loss, joined to plain training at the temperature of the same price."""
    figure = Figure(figsize=(7, 3.8))
    axes = figure.subplots()
    for kind in runs.kinds:
        colour = PALETTE[_FAMILY_COLOURS[kind.split()[0]]]
        x, y = (
            [of(kind, which).mean().item() for which in runs.kinds[kind][0]]
            for of in (runs.valid, runs.heroes)
        )
        axes.plot(x, y, "-", color=PALETTE["muted"], lw=1, zorder=1)
        axes.plot(x[0], y[0], "o", color=colour, ms=7)
        axes.plot(x[1:], y[1:], "x", color=colour, ms=7, mew=2)
        axes.annotate(
            kind,
            (x[0], y[0]),
            xytext=(6, -10),
            textcoords="offset points",
            color=colour,
            fontsize=9,
        )
    axes.set(xlabel="share of valid texts", ylabel="effective number of heroes")
    axes.set_title("Dots: a loss. Crosses: temperature at the same price")
    return figure


def plot_survival(
    told: Mapping[Keep, Bool[Tensor, "generations runs values"]],
    generations: Sequence[int],
) -> Figure:
    """In which share of the runs each value is still told, by rank."""
    figure = Figure(figsize=(8.5, 3.2))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (keep, present) in zip(panels, told.items(), strict=True):
        share = present.double().mean(dim=1)
        ranks = range(1, share.shape[-1] + 1)
        for generation, colour in zip(generations, _shades(4), strict=True):
            axes.plot(ranks, share[generation], color=colour)
            at = (ranks[-1] + 0.5, share[generation, -3:].mean())
            if keep == "replace" or generation == generations[-1]:
                text = f"{generation}" if keep == "replace" else "all"
                axes.text(*at, text, color=colour, va="center")
        axes.set(ylim=(0, 1.05), xlabel="rank of the hero", title=keep.capitalize())
        axes.set_xticks([1, 8, 16, 24])
    panels[0].set_ylabel("still told, share of runs")
    return figure


def plot_recursion(runs: Recursion, truth: Mapping[str, float]) -> Figure:
    """Heroes told, the rarest and the commonest of them, and validity, over time."""
    figure = Figure(figsize=(9, 3.2))
    kinds, ranks, valid = figure.subplots(1, 3)
    for keep in KEEPS:
        told = runs.counts(keep, "hero") > 0
        _band(kinds, told.sum(dim=-1).double(), _KEEP_COLOURS[keep], keep)
        _band(valid, runs.valid(keep), _KEEP_COLOURS[keep], keep)
    told = (runs.counts("replace", "hero") > 0).double()
    _band(ranks, told[..., :8].mean(dim=-1), PALETTE["model"], "commonest 8")
    _band(ranks, told[..., -8:].mean(dim=-1), PALETTE["learner"], "rarest 8")
    kinds.set(ylim=(0, len(truth) + 1), title="Heroes still told")
    ranks.set(ylim=(0, 1.05), title="Replace: rare ones go first")
    valid.set(ylim=(0, 1.05), title="Valid texts")
    for axes in (kinds, ranks, valid):
        axes.set_xlabel("generation")
    return figure


def _band(
    axes: Axes, values: Float[Tensor, "generations runs"], colour: str, label: str
) -> None:
    """Mean over the runs, with a 95 % bootstrap interval over them."""
    mean = values.mean(dim=1)
    intervals = torch.tensor([bootstrap_interval(row.tolist()) for row in values])
    generations = range(len(values))
    axes.plot(generations, mean, "o-", color=colour, ms=3)
    axes.fill_between(generations, *intervals.T, color=colour, alpha=0.2, lw=0)
    above = (0, 6) if mean[-1] < 0.9 * values.max() else (0, -14)
    axes.annotate(
        label,
        (len(values) - 1, mean[-1]),
        above,
        textcoords="offset points",
        color=colour,
        ha="right",
    )


def _shades(count: int) -> list[str]:
    colour_at = matplotlib.colormaps["viridis"]
    return [to_hex(colour_at(x)) for x in torch.linspace(0, 0.85, count).tolist()]
