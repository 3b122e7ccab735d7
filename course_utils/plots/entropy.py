"""Figures of entropies along texts, first used in notebook 03.

`ColouredText` shades each token by a number, such as the entropy before it. Made for
sliders: the artists are made once and moved, see `LiveFigure`.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor

from course_utils.classroom.style import PALETTE
from course_utils.foundations.intervals import bootstrap_interval
from course_utils.model import LanguageModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.path import Path

Corners = list[tuple[int, int]]

_LETTER = 0.602  # width of a letter of DejaVu Sans Mono, in font sizes
BASELINE = 0.72  # where letters stand in their line, in lines from its top
_GAMMA = 0.6  # spreads the small values out
_HEADROOM = 1.4  # leaves out the darkest shades, on which black letters drown


class ColouredText(list):
    """Tokens in lines of equal letters, each on a box that is darker for larger values.

    rect     left, bottom, width and height of the panel, in shares of the figure
    highest  the value of the darkest box; 0 is the palest
    width    letters in a line; the panel holds `lines` of them, the rest is cut off

    It is the list of the artists that `show` moves, as `LiveFigure` wants them. The
    figure keeps no automatic layout, so that letters and boxes share one grid.
    """

    def __init__(
        self,
        figure: "Figure",
        rect: tuple[float, float, float, float],
        highest: float,
        width: int = 84,
        lines: int = 4,
    ) -> None:
        from matplotlib.collections import PathCollection, PolyCollection
        from matplotlib.colors import PowerNorm
        from matplotlib.transforms import Affine2D

        figure.set_layout_engine("none")
        axes = figure.add_axes(rect, xlim=(0, width), ylim=(lines, 0))
        axes.axis("off")
        shade = PowerNorm(_GAMMA, 0, _HEADROOM * highest)
        self.boxes = PolyCollection([], cmap="YlOrBr", norm=shade)
        self.outline = PolyCollection([], facecolor="none", edgecolor="black", lw=2)
        axes.add_collection(self.boxes)
        axes.add_collection(self.outline)
        # Drawn as shapes: a tenth of the time that matplotlib takes for text.
        size = rect[2] * figure.get_figwidth() / width / _LETTER  # inches
        self.letters = PathCollection(
            [], facecolor="black", lw=0, snap=False, offset_transform=axes.transData
        )
        self.letters.set_transform(Affine2D().scale(size) + figure.dpi_scale_trans)
        axes.add_collection(self.letters)
        self.width, self.lines = width, lines
        super().__init__([self.boxes, self.outline, self.letters])

    def show(
        self,
        tokens: Sequence[str],
        values: Sequence[float],
        position: int | None = None,
    ) -> None:
        """Put these tokens and their values in place, and outline one of them."""
        lines, boxes = lay_out(tokens, self.width)
        letters = [
            (letter, (column, row + BASELINE))
            for row, line in enumerate(lines[: self.lines])
            for column, letter in enumerate(line)
            if letter != " "
        ]
        self.letters.set_paths([_shape(letter) for letter, _ in letters])
        self.letters.set_offsets([place for _, place in letters] or [(0, 0)])
        self.boxes.set_verts(boxes)
        self.boxes.set_array(list(values))
        self.outline.set_verts([] if position is None else [boxes[position]])


@functools.cache
def _shape(letter: str) -> "Path":
    """A letter of the monospaced font, for a font size of 1."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    return TextPath((0, 0), letter, size=1, prop=FontProperties("monospace"))


def lay_out(tokens: Iterable[str], width: int) -> tuple[list[str], list[Corners]]:
    """The lines of a text, and the four corners of each token's box in letters.

    A line ends before the token that would not fit into `width` letters.
    """
    lines, boxes = [""], []
    for token in tokens:
        if lines[-1] and len(lines[-1]) + len(token) > width:
            lines.append("")
        left, top = len(lines[-1]), len(lines) - 1
        lines[-1] += token
        right, bottom = len(lines[-1]), top + 1
        boxes.append([(left, top), (right, top), (right, bottom), (left, bottom)])
    return lines, boxes


def printable_tokens(lm: LanguageModel, token_ids: Iterable[int]) -> list[str]:
    """Each token in letters that fonts have: ¶ for a new line, · for what has none."""
    return [_printable(lm.decode([token])) for token in token_ids]


def _printable(text: str) -> str:
    latin = text.replace("\n", "¶").encode("latin-1", "replace").decode("latin-1")
    return "".join(c if c.isprintable() else "·" for c in latin) or "·"


def plot_written_and_read(
    grid: Sequence[float],
    sets: Sequence[Float[Tensor, "texts temperatures"]],
    at_own: Float[Tensor, "texts temperatures"],
    at_one: Float[Tensor, "texts temperatures"],
) -> "Figure":
    """Mean entropies of texts, over the temperatures of reading and of writing.

    grid    the temperatures, rising: those of writing and those of reading
    sets    for each temperature of writing, its texts at each one of reading, in bits
    at_own  each temperature's texts, read at that temperature
    at_one  each temperature's texts, all read at T = 1
    Bands are 95 % intervals over the texts; it takes two texts or more.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.3))
    panels = figure.subplots(1, 2)
    for rows in sets:
        panels[0].plot(grid, rows.mean(0), color=PALETTE["muted"], lw=1)
    for axes, columns in zip(panels, (at_own, at_one), strict=True):
        bounds = [bootstrap_interval(column.tolist()) for column in columns.T]
        low, high = zip(*bounds, strict=True)
        axes.fill_between(grid, low, high, color=PALETTE["model"], alpha=0.3)
        axes.plot(grid, columns.mean(0), "o-", color=PALETTE["model"])
        axes.set(xscale="log", ylabel="mean entropy (bits)")
        axes.set_xticks([0.5, 1, 2, 5], [0.5, 1, 2, 5])
        axes.minorticks_off()
    names = {"own texts": "model", "thin: a set of texts each": "truth"}
    for line, (name, shade) in enumerate(names.items()):
        label = panels[0].text(0.03, 0.9 - 0.1 * line, name, color=PALETTE[shade])
        label.set_transform(panels[0].transAxes)
    rises = (at_own.mean(0).diff() > 0).all()
    panels[0].set_title(f"Along own texts it {'rises' if rises else 'wavers'}")
    turns = 0 < at_one.mean(0).argmin() < len(grid) - 1
    found = "down, then up" if turns else "what texts do"
    panels[1].set_title(f"Always read at T = 1: {found}")
    panels[0].set_xlabel("read at T")
    panels[1].set_xlabel("written at T")
    return figure
