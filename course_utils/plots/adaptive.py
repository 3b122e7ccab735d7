"""The figures of notebook 13: controllers, a spark beside its text, and rules of T."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.plots.entropy import ColouredText

_COLOURS = [PALETTE[name] for name in ("collapsed", "model", "healthy")]


def plot_control(traces: Mapping[float, Sequence[float]], target: float) -> Figure:
    """The entropy of one fixed row, step by step, under some gains of a controller."""
    figure = Figure(figsize=(7.5, 3))
    axes = figure.subplots()
    axes.axhline(target, color=PALETTE["truth"], ls="--")
    for (gain, trace), colour in zip(traces.items(), _COLOURS, strict=False):
        axes.plot(trace, "o-", ms=4, color=colour, label=f"gain {gain:g}")
    axes.set(xlabel="step", ylabel="entropy (bits)")
    axes.text(len(trace) - 0.3, target, "target", va="center")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    axes.set_title("A small gain creeps, 1 jumps there, above 2 it never settles")
    return figure


def plot_rules(
    entropies: Sequence[float], rules: Mapping[str, Sequence[float]]
) -> Figure:
    """What temperature each rule sets at a step of some entropy."""
    figure = Figure(figsize=(7.5, 3.2))
    axes = figure.subplots()
    for (name, temperatures), colour in zip(rules.items(), _COLOURS, strict=False):
        axes.plot(entropies, temperatures, color=colour, lw=2)
        last = entropies[-1], temperatures[-1]
        axes.annotate(f" {name}", last, color=colour, va="center")
    axes.set(xlabel="entropy of the step (bits)", ylabel="temperature")
    axes.set(xlim=(0, 1.35 * entropies[-1]), ylim=(0, None))
    axes.set_title("The less sure the model, the hotter")
    return figure


def draw_spark(figure: Figure, length: int, hottest: float) -> dict[str, Any]:
    """What `show_spark` moves: T and entropy of each token, above the text."""
    heat = figure.add_axes((0.09, 0.72, 0.89, 0.2))
    bits = figure.add_axes((0.09, 0.44, 0.89, 0.2), sharex=heat)
    (line,) = heat.step([], [], where="mid", color=PALETTE["collapsed"])
    heat.set(ylim=(0, 1.1 * hottest), xlim=(-0.5, length - 0.5), ylabel="T")
    heat.tick_params(labelbottom=False)
    bars = bits.bar(range(length), [0] * length, color=PALETTE["model"])
    threshold = bits.axhline(0, color=PALETTE["truth"], ls="--")
    bits.set(ylim=(0, 6), ylabel="bits", xlabel="token")
    title = heat.set_title(" ")
    text = ColouredText(figure, (0.03, 0.02, 0.95, 0.28), 2 * hottest, lines=5)
    moving = {"line": line, "bars": list(bars), "threshold": threshold}
    return moving | {"title": title, "text": text}


def show_spark(
    artists: dict[str, Any],
    tokens: Sequence[str],
    temperatures: Sequence[float],
    entropies: Sequence[float],
    threshold: float,
    is_valid: bool | None,
) -> str:
    """One text with its traces; the darker a token, the hotter it was drawn.

    entropies  bits, of the distributions that the rule listened to
    is_valid   whether it is a tale of the world; None where nobody knows
    """
    artists["line"].set_data(range(len(temperatures)), temperatures)
    for place, bar in enumerate(artists["bars"]):
        bar.set_height(entropies[place] if place < len(entropies) else 0)
    artists["threshold"].set_ydata([threshold, threshold])
    artists["text"].show(tokens, temperatures)
    below = np.mean(np.array(entropies) < threshold)
    judged = {True: "a valid tale", False: "no tale", None: "a text"}[is_valid]
    title = f"Below the threshold: {below:.0%} of the tokens. Out comes {judged}."
    artists["title"].set_text(title)
    return f"Mean T {np.mean(temperatures):.2f}. {title}"
