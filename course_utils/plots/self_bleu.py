"""The figures of notebook 08: still ones, and what its sliders draw and move."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.foundations.intervals import Interval

_ARTICLE = 0.95  # the mean that claim C15 takes for a sign of collapse
_ORDER_COLOURS = [PALETTE[name] for name in ("learner", "model", "healthy", "muted")]


def plot_growth(
    sizes: Sequence[int],
    against_all: Mapping[int, Sequence[float]],
    by_pairs: Sequence[float],
) -> Figure:
    """Self-BLEU of one source over the number of texts.

    against_all  for each order n one score for each size
    by_pairs     for n = 4, of the first few sizes
    """
    figure = Figure(figsize=(7.5, 3.4))
    axes = figure.subplots()

    def beside(text: str, point: tuple, away: tuple[int, int], color: str) -> None:
        axes.annotate(text, point, xytext=away, textcoords="offset points", color=color)

    colours = itertools.cycle(_ORDER_COLOURS)
    for (n, scores), colour in zip(against_all.items(), colours, strict=False):
        axes.plot(sizes, scores, "o-", color=colour)
        second = list(zip(sizes, scores, strict=True))[:2][-1]
        beside(f"n = {n}", second, (9, -13), colour)
    axes.plot(sizes[: len(by_pairs)], by_pairs, "o-", color=PALETTE["truth"])
    last = sizes[len(by_pairs) - 1], by_pairs[-1]
    axes.text(400, 0.55, "in colour: against all others")
    beside("n = 4, by pairs", last, (12, -4), PALETTE["truth"])
    axes.axhline(_ARTICLE, color=PALETTE["collapsed"], lw=1, ls="--")
    axes.text(10, 0.97, str(_ARTICLE), color=PALETTE["collapsed"])
    axes.set(xscale="log", ylim=(0, 1.05), xlabel="number of tales N")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylabel("Self-BLEU")
    axes.set_title("One healthy source: Self-BLEU grows with the set")
    return figure


def plot_resampling(
    fresh: Sequence[float], resampled: Sequence[float], jackknife: Interval
) -> Figure:
    """Scores of fresh sets of 20, of bootstrap samples, and a jackknife interval."""
    figure = Figure(figsize=(7.5, 2.8))
    axes = figure.subplots()
    bins = np.linspace(0.1, 1, 61).tolist()
    axes.hist(fresh, bins, density=True, color=PALETTE["truth"])
    axes.hist(resampled, bins, density=True, color=PALETTE["collapsed"])
    axes.text(0.4, 8.5, "fresh sets of 20 tales", color=PALETTE["truth"])
    axes.text(0.83, 5, "bootstrap of\none such set", color=PALETTE["collapsed"])
    axes.plot(jackknife, [-0.7, -0.7], lw=4, color=PALETTE["model"])
    beside = jackknife[1] + 0.01
    axes.text(beside, -0.95, "jackknife of the same set", color=PALETTE["model"])
    axes.set(ylim=(-1.5, 11), yticks=[], xlabel="Self-BLEU-4")
    axes.set_title("The bootstrap draws copies, and finds them")
    return figure


def plot_sets(means: Mapping[str, Sequence[float]], band: Interval) -> Figure:
    """The scores of each source's sets of 20, over the null band."""
    figure = Figure(figsize=(7.5, 3.2))
    axes = figure.subplots()
    axes.axhspan(*band, color=PALETTE["muted"])
    for place, scores in enumerate(means.values()):
        places = place + np.linspace(-0.2, 0.2, len(scores))
        above = np.array(scores) > band[1]
        colours = np.where(above, PALETTE["collapsed"], PALETTE["model"])
        axes.scatter(places, scores, color=colours.tolist(), s=18)
    axes.axhline(_ARTICLE, color=PALETTE["collapsed"], lw=1, ls="--")
    axes.text(-0.4, 0.97, str(_ARTICLE), color=PALETTE["collapsed"])
    axes.set_xticks(range(len(means)), list(means))
    axes.set(xlim=(-0.5, len(means) - 0.5), ylim=(0, 1.05))
    axes.set_ylabel("Self-BLEU-4, all others")
    axes.text(2.5, float(np.mean(band)), "null band of 20 texts", va="center")
    axes.set_title("The null band finds collapse long before 0.95")
    return figure


def draw_bands(figure: Figure, sizes: Sequence[int]) -> dict[str, Any]:
    """What `show_bands` moves: the bands, the curve, the marker and the title."""
    axes = figure.subplots()
    places = range(len(sizes))
    bars = axes.vlines(places, 0, 1, color=PALETTE["muted"], lw=22)
    zeros = [0.0] * len(sizes)
    curve = axes.plot(places, zeros, "o-", color=PALETTE["model"])[0]
    marker = axes.plot([], "o", ms=13)[0]
    axes.axhline(_ARTICLE, color=PALETTE["collapsed"], lw=1, ls="--")
    axes.text(-0.45, 0.97, str(_ARTICLE), color=PALETTE["collapsed"])
    axes.set_xticks(places, list(map(str, sizes)))
    axes.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(0, 1.05), ylabel="Self-BLEU")
    axes.set_xlabel("number of tales N (grey: the world's null band)")
    title = axes.set_title(" ")
    return {"bars": bars, "curve": curve, "marker": marker, "title": title}


def show_bands(
    artists: dict[str, Any],
    scores: Sequence[float],
    bands: Sequence[Interval],
    chosen: int,
) -> str:
    """One score and one band for each size; the marker goes to the chosen size."""
    score, (low, high) = scores[chosen], bands[chosen]
    artists["bars"].set_segments(
        [[(place, least), (place, most)] for place, (least, most) in enumerate(bands)]
    )
    artists["curve"].set_ydata(scores)
    artists["marker"].set_data([chosen], [score])
    colour = PALETTE["collapsed" if score > high else "healthy"]
    artists["marker"].set_color(colour)
    verdict = "like the world" if score >= low else "more varied than the world"
    if score > high:
        verdict = "more alike than the world"
    artists["title"].set_text(f"Self-BLEU {score:.2f}: {verdict}")
    return f"{score:.2f}; healthy sets of this size: {low:.2f} to {high:.2f}."
