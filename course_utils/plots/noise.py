"""The figures of notebook 14: two entropies, noise beside a temperature, and codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE

RANKS = 40  # tokens that the live figure shows, the likeliest first


def plot_two_entropies(
    sigmas: Sequence[float], realised: Sequence[float], marginal: Sequence[float]
) -> Figure:
    """Mean entropy of the noisy softmaxes, and entropy of their mean, over sigma."""
    figure = Figure(figsize=(7.5, 3))
    axes = figure.subplots()
    lines = {
        "marginal: of the tokens that come out": (marginal, "healthy", -1),
        "realised: what a log shows": (realised, "model", len(sigmas) // 2),
    }
    for name, (values, colour, place) in lines.items():
        axes.plot(sigmas, values, "o-", color=PALETTE[colour])
        label = axes.text(sigmas[place], values[place] - 0.3, name, ha="right")
        label.set(va="top", color=PALETTE[colour])
    axes.set(xlabel="sigma of the noise", ylabel="entropy (bits)", ylim=(0, 9.6))
    axes.set_title("The same noise: one entropy falls, the other stays")
    return figure


def draw_marginal(figure: Figure) -> dict[str, Any]:
    """What `show_marginal` moves: three distributions over the likeliest tokens."""
    axes = figure.subplots()
    places = np.arange(1, RANKS + 1)
    looks = {
        "the model": ("_", "truth", 16),
        "with noise": ("o", "model", 6),
        "temperature of the same mean logit": ("x", "collapsed", 7),
    }
    lines = [
        axes.plot(places, places, mark, ms=size, mew=2, color=PALETTE[c], label=name)[0]
        for name, (mark, c, size) in looks.items()
    ]
    shade = axes.axvspan(RANKS, RANKS + 1, color=PALETTE["muted"], alpha=0.35, lw=0)
    label = axes.text(RANKS, 0.3, "impossible in the world ", ha="right")
    axes.set(yscale="log", ylim=(1e-7, 1), xlim=(0.3, RANKS + 0.7))
    axes.set(xlabel="token, by rank", ylabel="probability")
    axes.legend(loc="lower left")
    title = axes.set_title(" ")
    return {"lines": lines, "shade": shade, "label": label, "title": title}


def show_marginal(
    artists: dict[str, Any],
    rows: Sequence[np.ndarray],
    T: float,
    possible: np.ndarray | None,
) -> str:
    """Three distributions, by the model's rank: model, noise, temperature.

    possible  which tokens the world allows; None where that is not known
    """
    for line, row in zip(artists["lines"], rows, strict=True):
        line.set_ydata(np.maximum(row[:RANKS], 1e-12))
    title = f"Nearest temperature: {T:.2f}"
    artists["shade"].set_visible(possible is not None)
    artists["label"].set_visible(possible is not None)
    if possible is not None:
        first = int(possible.sum()) + 0.5
        artists["shade"].set_bounds(first, 0, RANKS + 1 - first, 1)
        noise, heat = (row[~possible].sum() for row in rows[1:])
        title += f". Impossible tokens: noise {noise:.2%}, temperature {heat:.2%}"
    artists["title"].set_text(title)
    return f"{title}."


def plot_codes(
    shares: Mapping[str, float], codes: Mapping[str, Sequence[float]]
) -> Figure:
    """Codes as ticks on [0, 1), which the tokens part among themselves."""
    figure = Figure(figsize=(8, 2.4))
    axes = figure.subplots()
    colours = ["model", "healthy", "highlight", "learner", "muted"]
    start = 0.0
    for (token, share), colour in zip(shares.items(), colours, strict=False):
        axes.axvspan(start, start + share, color=PALETTE[colour], alpha=0.35, lw=0)
        axes.text(start + share / 2, len(codes) - 0.35, token, ha="center")
        start += share
    for row, (name, places) in enumerate(codes.items()):
        axes.plot(places, [row] * len(places), "|", ms=22, mew=2.5, color="black")
        axes.text(-0.02, row, name, ha="right", va="center")
    axes.set(xlim=(0, 1), ylim=(-0.5, len(codes)), yticks=[])
    axes.set_xlabel("code")
    axes.set_title("Even codes meet each token as often as it deserves")
    return figure
