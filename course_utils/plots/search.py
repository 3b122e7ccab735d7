"""The figures of notebook 15: a tree of texts, and searches beside samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils.classroom.style import PALETTE

_GROUPS = [
    PALETTE[name] for name in ("model", "collapsed", "healthy", "learner", "highlight")
]


def heights(ids: Sequence[Sequence[int]]) -> list[list[float]]:
    """Of each text its height at every token: shared as long as the tokens are.

    Texts lie in the order of their tokens; a beginning lies in the middle of the texts
    that share it.
    """
    order = sorted(range(len(ids)), key=lambda i: list(ids[i]))
    place = {text: row for row, text in enumerate(order)}
    found = []
    for text in ids:
        row = []
        for length in range(len(text) + 1):
            begin = tuple(text[:length])
            same = [place[j] for j, o in enumerate(ids) if tuple(o[:length]) == begin]
            row.append(sum(same) / len(same))
        found.append(row)
    return found


def draw_tree(figure: Figure, texts: int, length: int) -> dict[str, Any]:
    """What `show_tree` moves: a line for each text, and its ending at the right."""
    axes = figure.subplots()
    lines = [axes.plot([], [], lw=2)[0] for _ in range(texts)]
    endings = [axes.text(0, 0, "", va="center", fontsize=8) for _ in range(texts)]
    axes.set(xlim=(0, 1.75 * length), ylim=(texts - 0.3, -0.7), yticks=[])
    axes.set_xticks(range(0, length + 1, 20))
    axes.set_xlabel("token")
    return {"lines": lines, "endings": endings, "title": axes.set_title(" ")}


def show_tree(
    artists: dict[str, Any],
    ids: Sequence[Sequence[int]],
    texts: Sequence[str],
    groups: Sequence[int],
    kinds: int | None,
) -> str:
    """The texts as a tree: they run together as long as their tokens agree.

    kinds  how many different plots they have; None where nobody knows
    """
    rows = heights(ids)
    parted = [_parts(ids, i) for i in range(len(ids))]
    for i, (line, ending) in enumerate(
        zip(artists["lines"], artists["endings"], strict=True)
    ):
        if i >= len(ids):
            line.set_data([], [])
            ending.set_text("")
            continue
        colour = _GROUPS[groups[i] % len(_GROUPS)]
        line.set_data(range(len(rows[i])), rows[i])
        line.set_color(colour)
        ending.set_position((len(rows[i]) + 1, rows[i][-1]))
        ending.set_text("..." + texts[i].replace("\n", " ")[-46:])
        ending.set_color(colour)
    shared = int(np.median(parted))
    title = f"Texts part after {shared} tokens (median)"
    if kinds is not None:
        title += f"; different plots: {kinds}"
    artists["title"].set_text(title)
    return f"{title}."


def _parts(ids: Sequence[Sequence[int]], i: int) -> int:
    """How many tokens a text shares with the one that it shares most with."""
    return max(
        (_shared(ids[i], other) for j, other in enumerate(ids) if j != i), default=0
    )


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    for place, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return place
    return min(len(a), len(b))


def plot_methods(
    rows: Mapping[str, tuple[float, float, float, float]], truth: float
) -> Figure:
    """Method by method: different plots in ten tales, and how many are valid.

    rows   of each method the plots, the ends of their interval, and the valid share
    truth  plots to be expected in ten tales of the world
    """
    figure = Figure(figsize=(8.5, 0.4 * len(rows) + 1.2))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1])
    places = range(len(rows))
    for place, (plots, low, high, valid) in enumerate(rows.values()):
        left.plot([low, high], [place, place], color=PALETTE["model"], lw=3)
        left.plot([plots], [place], "o", color=PALETTE["model"], ms=8)
        right.barh([place], [100 * valid], color=PALETTE["healthy"], height=0.6)
    left.axvline(truth, color=PALETTE["truth"], ls="--")
    left.text(truth, -0.8, " the world", color=PALETTE["truth"], va="center")
    left.set_yticks(places, list(rows))
    left.set(ylim=(len(rows) - 0.4, -1.2), xlim=(0, None))
    left.set_xlabel("different plots in ten tales")
    right.set(xlabel="valid tales, in %", xlim=(0, 100))
    left.set_title("Variety")
    right.set_title("and its price")
    return figure
