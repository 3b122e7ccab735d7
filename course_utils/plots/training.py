"""The figures of notebook 05: still ones, and what its sliders draw and move."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from torch import Tensor

from course_utils.causes.recursion import KEEPS, Keep
from course_utils.classroom.style import PALETTE
from course_utils.foundations.intervals import FEWEST, bootstrap_interval
from course_utils.recordings.pretraining_log import Flattening, Overfitting
from course_utils.recordings.recursion import Recursion

TOKENS_OF_A_TALE = 80  # about
_KEEP_COLOURS: dict[Keep, str] = {
    "replace": PALETTE["collapsed"],
    "accumulate": PALETTE["healthy"],
}
_ARM_COLOURS = {
    "repeated": PALETTE["collapsed"],
    "63 once": PALETTE["highlight"],
    "192 once": PALETTE["learner"],
    "large, with copies": PALETTE["model"],
    "fresh": PALETTE["healthy"],
}
_ALONG = ("repeated", "fresh")  # the corpora that are followed over the readings
_LOSS_COLOURS = {"entropy": PALETTE["model"], "smoothing": PALETTE["learner"]}
_STRENGTHS = {"entropy": "bonus λ", "smoothing": "smoothing ε"}
_LABELS_AT = {"entropy": (6, 8), "smoothing": (-8, -4)}  # points from the dot


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
    """What is told by heart, what unread tales cost, and how many heroes are told.

    Over the readings of the repeated corpus; of the fresh one as many texts are read.
    """
    figure = Figure(figsize=(10, 3.4))
    by_heart, loss, heroes = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
    readings = runs.readings("repeated")
    _draw_mass(by_heart, runs)
    for arm in _ALONG:
        colour = _ARM_COLOURS[arm]
        unread, modes = runs.values(arm, "held_out_loss").T, runs.heroes(arm).T
        _band(loss, readings, unread, colour)
        loss.text(9, unread[4].mean() + 0.02, arm, color=colour, ha="right")
        low, high = _band(heroes, readings, modes, colour)
        y = high[-1] + 0.3 if arm == "fresh" else low[-1] - 1
        heroes.text(16, y, arm, color=colour, ha="right")
    heroes.set(ylim=(0, 18), title="Effective heroes told")
    loss.set(ylabel="nats per token", title="Loss on unread tales")
    for axes in (by_heart, loss, heroes):
        axes.set_xlabel("readings of 192 texts")
    return figure


def _draw_mass(axes: Axes, runs: Overfitting) -> None:
    """The probability that the next text is one of a class's tales."""
    readings = runs.readings("repeated")
    mass = runs.values("repeated", "mass").mean(dim=0)
    end = readings[-1] + 0.4
    for copies, line, colour in zip(runs.copies, mass.T, _shades(6), strict=True):
        axes.plot(readings, line, "o-", color=colour, ms=4)
        if copies >= 4:  # below, the lines lie on each other
            axes.text(end, line[-1], f"{copies} copies", color=colour, va="center")
    axes.axhline(1 / 6, color=PALETTE["truth"], ls="--", lw=1)
    axes.text(-0.3, 1 / 6 + 0.004, "in the corpus", color=PALETTE["truth"])
    axes.set(xlim=(-0.7, end + 6.5), ylim=(-0.005, 0.19), ylabel="probability")
    axes.set_xticks([0, 5, 10, 15])
    axes.set_title("By heart: the frequent first")


def plot_corpora(
    held: Mapping[str, Float[Tensor, " runs"]],
    told: Mapping[str, Float[Tensor, " runs"]],
) -> Figure:
    """Effective heroes told over those that a corpus holds: a dot for each run.

    Both by arm of `Overfitting`; a dot on the line has been copied.
    """
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    ends = (3, 19)
    axes.plot(ends, ends, color=PALETTE["truth"], lw=1)
    axes.text(4.2, 5, "as many as it holds", color=PALETTE["truth"], rotation=45)
    for place, (arm, colour) in enumerate(_ARM_COLOURS.items()):
        axes.plot(held[arm], told[arm], "o", color=colour, ms=5)
        axes.text(19.5, 4 + 1.2 * place, arm, color=colour)
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.set(xlabel="effective heroes in the corpus", ylabel="told")
    axes.set_title("A model tells as many heroes as it has read of")
    return figure


def draw_bonus(
    figure: Figure, names: Sequence[str], truth: Float[Tensor, " heroes"]
) -> dict[str, Any]:
    """What `show_bonus` moves: bars, marks, junk and the title."""
    left, right = figure.subplots(1, 2, width_ratios=[3, 1])
    places = range(len(names))
    bars = left.bar(places, [0] * len(names), color=PALETTE["model"])
    left.plot(places, truth, "_", ms=10, mew=3, color=PALETTE["truth"])
    marks = left.plot([], "x", mew=2, color=PALETTE["highlight"])[0]
    left.text(12, 0.2, "grey: the world", color=PALETTE["truth"])
    left.text(12, 0.17, "x: temperature", color=PALETTE["highlight"])
    left.set_xticks(places, names, rotation=70)
    left.set(ylim=(0, 0.3), ylabel="probability")
    junk = right.barh(range(3), [0] * 3, color=PALETTE["collapsed"])
    right.set_yticks(range(3), ["temperature", "smoothing", "bonus"])
    right.set(xlim=(0, 0.1), xticks=[0, 0.05, 0.1], xlabel="junk per token")
    return {"bars": bars, "marks": marks, "junk": junk, "title": left.set_title(" ")}


def show_bonus(
    artists: dict[str, Any],
    weight: float,
    bonus: Float[Tensor, " vocab"],
    smooth: tuple[float, Float[Tensor, " vocab"]],
    warm: tuple[float, Float[Tensor, " vocab"]],
) -> str:
    """The optimum with an entropy bonus, beside its rivals at the same price.

    Rivals come with their strength. The first tokens are heroes, all others junk.
    """
    heroes = len(artists["bars"])
    for bar, height in zip(artists["bars"], bonus[:heroes].tolist(), strict=True):
        bar.set_height(height)
    artists["marks"].set_data(range(heroes), warm[1][:heroes])
    junk = [row[heroes:].sum().item() for row in (warm[1], smooth[1], bonus)]
    for bar, width in zip(artists["junk"], junk, strict=True):
        bar.set_width(width)
    _, with_smoothing, with_bonus = ((1 - j) ** TOKENS_OF_A_TALE for j in junk)
    artists["title"].set_text(f"λ = {weight:g}: {with_bonus:.0%} of tales survive")
    return (
        f"The price of T = {warm[0]:.2f}. With label smoothing of the same price "
        f"{with_smoothing:.0%} of the tales survive."
    )


def plot_flattening(runs: Flattening, in_world: float) -> Figure:
    """Variety over validity: each loss, joined to temperature at the same price.

    `in_world` is the effective number of heroes in as many of the world's own tales.
    """
    figure = Figure(figsize=(8, 4.4))
    axes = figure.subplots()
    axes.plot(1, in_world, "*", color=PALETTE["truth"], ms=12)
    _note(axes, "the world", (1, in_world), (8, -4), PALETTE["truth"])
    _draw_temperatures(axes, runs)
    for kind in runs.kinds:
        family, _, strength = kind.partition(" ")
        if family in _LOSS_COLOURS:
            here, there = _place(runs, kind, "loss"), _place(runs, kind, "temperature")
            axes.plot(*zip(here, there, strict=True), color=PALETTE["muted"], lw=1)
            axes.plot(*here, "o", color=_LOSS_COLOURS[family], ms=7)
            label = f"{_STRENGTHS[family]} = {strength}"
            _note(axes, label, here, _LABELS_AT[family], _LOSS_COLOURS[family])
    axes.margins(y=0.1)
    axes.set(xlim=(-0.05, 1.25), xlabel="share of valid texts")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set(ylabel="effective number of heroes")
    axes.set_title("Each way to flatten pays for variety with broken tales")
    return figure


def _draw_temperatures(axes: Axes, runs: Flattening) -> None:
    """Plain training, sampled at T = 1 and at every matched temperature."""
    places = {1.0: _place(runs, "cross-entropy", "loss")}
    for kind, rows in runs.kinds.items():
        if "temperature" in rows[0]:
            warm = runs.values(kind, "temperature", "temperature").mean().item()
            places[warm] = _place(runs, kind, "temperature")
    colour = PALETTE["highlight"]
    xs, ys = zip(*(places[T] for T in sorted(places)), strict=True)
    axes.plot(xs, ys, "x-", color=colour, ms=7, mew=2)
    for T in (1.0, max(places)):
        _note(axes, f"temperature T = {T:.1f}", places[T], (8, -12), colour)


def _place(runs: Flattening, kind: str, which: str) -> tuple[float, float]:
    """Validity and effective number of heroes, each the mean of the runs."""
    valid, heroes = runs.valid(kind, which), runs.heroes(kind, which)
    return valid.mean().item(), heroes.mean().item()


def _note(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    offset: tuple[float, float],
    colour: str,
) -> None:
    """A label some points away from its dot, on the side to which the offset goes."""
    side = "left" if offset[0] > 0 else "right"
    axes.annotate(text, at, offset, textcoords="offset points", color=colour, ha=side)


def plot_survival(
    told: Mapping[Keep, Bool[Tensor, "generations runs values"]],
    generations: Sequence[int],
) -> Figure:
    """In which share of the runs each value is still told, by rank."""
    figure = Figure(figsize=(9, 3.4))
    panels = figure.subplots(1, 2, sharey=True)
    shades = _shades(len(generations))
    for axes, (keep, present) in zip(panels, told.items(), strict=True):
        share = present.double().mean(dim=1)
        ranks = range(1, share.shape[-1] + 1)
        for generation, colour in zip(generations, shades, strict=True):
            axes.plot(ranks, share[generation], color=colour)
            if keep == "replace":  # with accumulate, the curves lie on each other
                at = ranks[-1] + 0.5, share[generation, -3:].mean()
                text = f"generation {generation}"
                axes.text(*at, text, color=colour, va="center")
        axes.set(ylim=(0, 1.05), xlabel="rank of the hero in the world")
        axes.set_xticks([1, 8, 16, 24])
    replace, accumulate = panels
    replace.set(xlim=(0, 34), ylabel="still told, share of runs")
    replace.set_title("Replace: the tail goes first")
    accumulate.text(12, 0.8, "all generations", color=shades[-1])
    accumulate.set_title("Accumulate: who was heard stays")
    return figure


def draw_generation(
    figure: Figure, truth: Float[Tensor, " heroes"]
) -> dict[Keep, dict[str, Any]]:
    """What `show_generation` moves: bars and titles."""
    artists: dict[Keep, dict[str, Any]] = {}
    ranks = range(1, len(truth) + 1)
    for axes, keep in zip(figure.subplots(1, 2, sharey=True), KEEPS, strict=True):
        bars = axes.bar(ranks, [0] * len(truth), color=_KEEP_COLOURS[keep])
        axes.plot(ranks, truth, "_", ms=8, color=PALETTE["truth"])
        axes.text(8, 0.55, "grey: the world", color=PALETTE["truth"])
        axes.set(ylim=(0, 0.7), xlabel="rank of the hero in the world")
        axes.set_xticks([1, 8, 16, 24])
        artists[keep] = {"bars": bars, "title": axes.set_title(" ")}
    figure.axes[0].set_ylabel("share of the tales")
    return artists


def show_generation(
    artists: dict[Keep, dict[str, Any]], shares: Mapping[Keep, Float[Tensor, " heroes"]]
) -> str:
    """The heroes' shares in one generation, for each way to keep the corpus."""
    found = []
    for keep, moving in artists.items():
        for bar, height in zip(moving["bars"], shares[keep].tolist(), strict=True):
            bar.set_height(height)
        left = int((shares[keep] > 0).sum())
        found.append(f"{keep}: {left} of {len(shares[keep])} heroes")
        moving["title"].set_text(found[-1].capitalize())
    return f"{'; '.join(found)}.".capitalize()


def plot_recursion(runs: Recursion) -> Figure:
    """Heroes told, the commonest and the rarest of them, and validity, over time."""
    figure = Figure(figsize=(10, 3.4))
    heroes, ranks, valid = figure.subplots(1, 3)
    for keep in KEEPS:
        told = runs.shares(keep, "hero") > 0
        _chain(heroes, told.double().sum(dim=-1), _KEEP_COLOURS[keep], keep)
        _chain(valid, runs.valid(keep), _KEEP_COLOURS[keep], keep)
    told = (runs.shares("replace", "hero") > 0).double()
    commonest, rarest = told[..., :8].mean(dim=-1), told[..., -8:].mean(dim=-1)
    _chain(ranks, rarest, PALETTE["learner"], "rarest 8")
    _chain(ranks, commonest, PALETTE["model"], "commonest 8")
    heroes.set(ylim=(0, told.shape[-1] + 1.5), title="Heroes still told")
    ranks.set(ylim=(0, 1.08), title="Replace: share still told")
    valid.set(ylim=(0, 1.08), title="Share of valid texts")
    for axes in (heroes, ranks, valid):
        axes.set_xlabel("generation")
    return figure


def _chain(
    axes: Axes, values: Float[Tensor, "generations runs"], colour: str, label: str
) -> None:
    """Runs over generations; the label stands above upper bands, below lower ones."""
    low, high = _band(axes, range(len(values)), values, colour)
    upper = label in ("accumulate", "commonest 8")
    x = 5 if upper else 4
    y, va = (high[x], "bottom") if upper else (low[x], "top")
    axes.text(x, y, label, color=colour, ha="center" if upper else "right", va=va)


def _band(
    axes: Axes, x: Sequence[float], values: Float[Tensor, "x runs"], colour: str
) -> Float[Tensor, "2 x"]:
    """Mean over the runs, with its 95 % interval, which is returned.

    Of fewer than five runs there is none: then the band spans the runs.
    """
    if values.shape[1] < FEWEST:
        interval = torch.stack([values.amin(dim=1), values.amax(dim=1)])
    else:
        interval = torch.tensor([bootstrap_interval(row.tolist()) for row in values]).T
    axes.plot(x, values.mean(dim=1), "o-", color=colour, ms=3)
    axes.fill_between(x, *interval, color=colour, alpha=0.2, lw=0)
    return interval


def _shades(count: int) -> list[str]:
    colour_at = matplotlib.colormaps["viridis"]
    return [to_hex(colour_at(x)) for x in torch.linspace(0, 0.85, count).tolist()]
