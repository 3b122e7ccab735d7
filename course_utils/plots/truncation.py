"""The figures of notebook 12: the live cut-offs, what is cut, and the frontiers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE
from course_utils.recordings.frontier import Frontier

RANKS = 40  # tokens that the live figure shows, the likeliest first


def draw_cuts(figure: Figure, samplers: Sequence[str]) -> dict[str, Any]:
    """What `show_cuts` moves: bars of probabilities, and a row for each sampler."""
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.2, 1])
    places = np.arange(1, RANKS + 1)
    bars = above.bar(places, np.ones(RANKS), color=PALETTE["muted"])
    above.set(yscale="log", ylim=(1e-6, 1.5), ylabel="probability")
    for name, label in (("healthy", "possible in the world"), ("collapsed", "not")):
        above.bar([0], [0], color=PALETTE[name], label=label)
    above.legend(loc="upper right", ncols=2)
    image = below.imshow(
        np.zeros((len(samplers), RANKS)),
        extent=(0.5, RANKS + 0.5, len(samplers) - 0.5, -0.5),
        cmap=ListedColormap(["none", PALETTE["model"]]),
        aspect="auto",
        vmin=0,
        vmax=1,
    )
    for edge in range(1, len(samplers)):
        below.axhline(edge - 0.5, color="white", lw=3)
    below.grid(False)
    below.set_yticks(range(len(samplers)), samplers)
    below.set(xlabel="token, by rank", xlim=(0.4, RANKS + 7))
    below.set_xticks([1, 10, 20, 30, 40])
    counts = [
        below.text(RANKS + 1, row, "", va="center", color=PALETTE["model"])
        for row in range(len(samplers))
    ]
    title = above.set_title(" ")
    return {"bars": list(bars), "image": image, "counts": counts, "title": title}


def show_cuts(
    artists: dict[str, Any],
    probs: np.ndarray,
    allowed: np.ndarray | None,
    kept: Mapping[str, np.ndarray],
) -> str:
    """One distribution, by rank, and which of its tokens each sampler keeps.

    probs    of all tokens, the likeliest first
    allowed  which of them are possible in the world; None where that is not known
    kept     for each sampler which of them it keeps
    """
    for place, bar in enumerate(artists["bars"]):
        bar.set_height(max(probs[place], 1e-12) if place < len(probs) else 1e-12)
        colour = "muted"
        if allowed is not None and place < len(probs):
            colour = "healthy" if allowed[place] else "collapsed"
        bar.set_color(PALETTE[colour])
    rows = np.zeros((len(kept), RANKS))
    for row, mask in enumerate(kept.values()):
        shown = mask[:RANKS]
        rows[row, : len(shown)] = shown
        artists["counts"][row].set_text(f"{mask.sum():,}")
    artists["image"].set_data(rows)
    counts = {name: int(mask.sum()) for name, mask in kept.items()}
    fewest, most = (f(counts, key=counts.__getitem__) for f in (min, max))
    title = f"{fewest} keeps {counts[fewest]:,}, {most} keeps {counts[most]:,}"
    artists["title"].set_text(title)
    if allowed is None:
        return f"{title}."
    return f"The world allows {int(allowed.sum()):,} tokens. {title}."


def plot_cut(errors: Mapping[str, float], lost: Mapping[str, float]) -> Figure:
    """Sampler by sampler: mistakes left per 1,000 tokens, and what is lost with them.

    lost  the share of the world's tales that can no longer be told
    """
    figure = Figure(figsize=(8.5, 3.6))
    left, right = figure.subplots(1, 2, sharey=True)
    names = list(errors)[::-1]
    rows = np.arange(len(names))
    left.barh(rows, [1000 * errors[n] for n in names], color=PALETTE["collapsed"])
    right.barh(rows, [100 * lost[n] for n in names], color=PALETTE["truth"])
    left.set_yticks(rows, names)
    left.set(xlabel="impossible tokens in 1,000")
    right.set(xlabel="tales that can't be told any more, in %", xlim=(0, 100))
    left.set_title("Most cuts stop most mistakes ...")
    right.set_title("... at prices that differ")
    return figure


PANELS = (
    (
        "Both limits lead, top-k doesn't",
        ("top-k 50", "top-p 0.9", "top-k 50, top-p 0.9"),
    ),
    ("Min-p leads, p-less is late", ("min-p 0.1", "top-n-sigma 1", "p-less")),
)
_COLOURS = [PALETTE[name] for name in ("model", "learner", "collapsed", "healthy")]


def plot_frontiers(
    runs: Frontier,
    truth: float,
    panels: Sequence[tuple[str, Sequence[str]]] = PANELS,
    floor: float = 0.88,
    marked: Sequence[float] = (0.8, 1, 1.2),
) -> Figure:
    """Variety over validity: plain temperature in grey, some samplers in colour.

    truth   pairs that as many tales of the world have
    floor   the lowest validity that is shown
    marked  settings of plain temperature that are written beside it
    """
    figure = Figure(figsize=(8.5, 3.8))
    for axes, (title, arms) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0],
        panels,
        strict=True,
    ):
        _frontier(axes, runs, "temperature", PALETTE["truth"], floor, width=5)
        for arm, colour in zip(arms, _COLOURS, strict=False):
            _frontier(axes, runs, arm, colour, floor)
        for setting in marked:
            place = runs.settings["temperature"].index(setting)
            x, y = (runs.mean("temperature", m)[place] for m in ("validity", "pairs"))
            axes.annotate(
                f"T = {setting:g}",
                (x, y),
                xytext=(5, 6),
                textcoords="offset points",
                color=PALETTE["truth"],
                zorder=5,
                bbox={"fc": "white", "ec": "none", "pad": 0.5, "alpha": 0.7},
            )
        axes.axhline(truth, color=PALETTE["muted"], ls="--", lw=1)
        axes.text(floor, truth, " the world", va="bottom", color=PALETTE["muted"])
        axes.set(xlabel="valid tales", xlim=(floor, 1.005))
        axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
        axes.legend(loc="center left")
        axes.set_title(title)
    figure.axes[0].set_ylabel(f"pairs of hero and plot in {runs.counted} tales")
    return figure


def _frontier(
    axes: Axes, runs: Frontier, arm: str, colour: str, floor: float, width: float = 1.6
) -> None:
    """One arm's curve as far as it is shown, from careful to bold."""
    x, y = (np.array(runs.mean(arm, m)) for m in ("validity", "pairs"))
    inside = np.flatnonzero((x >= floor) & ~np.isnan(y))
    # One point more, so that the line leaves the picture instead of ending in it.
    shown = [*inside, *(i for i in (inside[-1] + 1,) if i < len(x))]
    label = "plain temperature" if arm == "temperature" else arm
    axes.plot(
        x[shown], y[shown], "o-", ms=width + 2, lw=width, color=colour, label=label
    )
