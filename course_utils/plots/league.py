"""The figures of notebook 11: a league of detectors, and how far ahead they see."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from course_utils.classroom.style import PALETTE
from course_utils.detection.league import SOUND
from course_utils.recordings.league_log import League

LEVELS = ("mild", "clear", "deep")
_LEVEL_COLOURS = [PALETTE[name] for name in ("highlight", "collapsed", "learner")]
_FAMILY_MARKS = {"sampler": "o", "tuning": "s", "selection": "^", "fault": "D"}
_BLIND_TO_SURE = LinearSegmentedColormap.from_list(
    "blind to sure", [PALETTE["collapsed"], "#FFFFFF", PALETTE["model"]]
)
_FAR_PERPLEXITY = 2.2
_BAND_POINTS = 8
_FARTHEST = 12  # deviations that the live figure shows
_KIND_COLOURS = {
    "texts": PALETTE["model"],
    "prompts": PALETTE["healthy"],
    "trace": PALETTE["collapsed"],
    "together": PALETTE["truth"],
}

Ends = tuple[float, float]


def plot_variety(league: League) -> Figure:
    """The true variety of each cause's sets, a dot for each draw, and of sound ones."""
    figure = Figure(figsize=(8, 4.2))
    axes = figure.subplots()
    sound = league.variety[SOUND].ravel()
    axes.axvspan(sound.min(), sound.max(), color=PALETTE["healthy"], alpha=0.2, lw=0)
    for place, cause in enumerate(league.causes):
        for level, colour in enumerate(_LEVEL_COLOURS):
            found = league.variety[cause][:, level]
            across = place + 0.22 * (level - 1) + np.linspace(-0.06, 0.06, len(found))
            label = LEVELS[level] if place == 0 else None
            axes.plot(found, across, "o", ms=4, color=colour, label=label)
    axes.set_yticks(range(len(league.causes)), league.causes)
    axes.set(ylim=(len(league.causes) - 0.4, -0.6), xlim=(0, 1.15))
    axes.set_xlabel("share of the world's variety that a set shows")
    axes.text(
        1.04,
        len(league.causes) - 1.1,
        "sound\nsets",
        va="center",
        color=PALETTE["healthy"],
    )
    axes.legend(loc="lower left")
    axes.set_title("What eleven causes leave of a set's variety")
    return figure


def plot_table(
    areas: Mapping[str, Sequence[float]], columns: Sequence[str], title: str
) -> Figure:
    """AUROC of detectors (rows) for causes (columns): orange is blind, blue is sure."""
    shading = {"cmap": _BLIND_TO_SURE, "vmin": 0.5, "vmax": 1}
    return _table(areas, columns, title, _short_area, shading)


def plot_sizes(
    sizes: Mapping[str, Sequence[int | None]], columns: Sequence[str], title: str
) -> Figure:
    """The number of texts from which on a detector is awake; none where it never is."""
    shading = {"cmap": "Blues_r", "norm": LogNorm(4, 512)}
    return _table(sizes, columns, title, lambda n: f"{n:.0f}", shading)


def plot_alarms(
    shares: Mapping[str, Sequence[float]], columns: Sequence[str], title: str
) -> Figure:
    """The share of sound sets that each detector flags, by what makes them unlike."""
    shading = {"cmap": "Oranges", "vmin": 0, "vmax": 1.2}
    return _table(shares, columns, title, lambda share: f"{share:.0%}", shading)


def _short_area(area: float) -> str:
    return f"{area:.2f}"[-3:] if area < 1 else "1"


def _table(
    rows: Mapping[str, Sequence[float | None]],
    columns: Sequence[str],
    title: str,
    text: Callable[[float], str],
    shading: Mapping[str, Any],
) -> Figure:
    """A shaded cell for each value, with `text` in it; a dash where there is none."""
    width = 2.7 + 0.62 * len(columns)
    figure = Figure(figsize=(width, 0.27 * len(rows) + 1.3))
    axes = figure.subplots()
    grid = np.array([*rows.values()], dtype=float)  # None becomes NaN
    image = axes.imshow(grid, aspect="auto", **shading)
    _write_cells(image, grid, text)
    _label_table(axes, rows, columns, title)
    return figure


def _write_cells(
    image: AxesImage,
    grid: Float[np.ndarray, "rows columns"],
    text: Callable[[float], str],
) -> None:
    """Each cell's value, dark on a bright cell and bright on a dark one."""
    faces = image.to_rgba(grid)[..., :3]
    dark = faces @ np.array([0.299, 0.587, 0.114]) < 0.55
    for (row, column), value in np.ndenumerate(grid):
        said = "–" if np.isnan(value) else text(value)
        ink = "white" if dark[row, column] and not np.isnan(value) else "black"
        where: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 8,
            "color": ink,
        }
        image.axes.text(column, row, said, **where)


def _label_table(
    axes: Axes, rows: Mapping[str, Any], columns: Sequence[str], title: str
) -> None:
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_xticks(range(len(columns)), [c.replace(" ", "\n", 1) for c in columns])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8)
    axes.grid(False)
    axes.set_title(title)


# The live figure


def draw_detectors(figure: Figure, kinds: Mapping[str, str]) -> dict[str, Any]:
    """What `show_detectors` moves: a row for each detector, given with its kind."""
    axes = figure.subplots()
    places = np.arange(len(kinds))
    bands = axes.hlines(places, 0, 0, lw=_BAND_POINTS, color="#DDDDDD")
    dots = axes.plot([], [], "o", ms=4, color=PALETTE["collapsed"], alpha=0.8)[0]
    axes.set_yticks(places, list(kinds))
    for label, kind in zip(axes.get_yticklabels(), kinds.values(), strict=True):
        label.set_color(_KIND_COLOURS[kind])
        label.set_fontsize(7)
    axes.set(ylim=(len(kinds) - 0.4, -0.6), xlim=(-5, _FARTHEST + 1))
    axes.set_xlabel("standard deviations of sound sets, towards collapse")
    axes.axvline(0, color=PALETTE["truth"], lw=1)
    return {"bands": bands, "dots": dots, "title": axes.set_title(" ")}


def show_detectors(
    artists: dict[str, Any],
    deviations: Mapping[str, Sequence[float]],
    bands: Mapping[str, Ends | None],
    what: str,
) -> str:
    """All detectors at one cause, level and size, with their null bands.

    deviations  of the draws' sets, none where a detector can't tell
    bands       where 95 % of sound sets lie; None where a detector can't tell
    """
    across, up, segments, above = [], [], [], 0
    for place, (name, values) in enumerate(deviations.items()):
        low, high = bands[name] or (0.0, 0.0)
        segments.append([(low, place), (high, place)])
        across += np.clip(values, -4.8, _FARTHEST).tolist()
        up += (place + np.linspace(-0.25, 0.25, len(values))).tolist()
        above += len(values) > 0 and min(values) > high
    artists["bands"].set_segments(segments)
    artists["dots"].set_data(across, up)
    awake = sum(len(values) > 0 for values in deviations.values())
    title = f"{what}: {above} of {awake} detectors call every set"
    artists["title"].set_text(title)
    return f"{title}."


# Kinds of detectors, and all together


def plot_budget(
    standings: Mapping[str, Mapping[int, tuple[float, Ends]]], names: Mapping[str, str]
) -> Figure:
    """AUROC over the number of texts, for the best of each kind; bars are 95 %.

    standings  by kind: {texts: (area, interval)}
    names      by kind, the detector that plays for it
    """
    figure = Figure(figsize=(7.5, 3.4))
    axes = figure.subplots()
    for shift, (kind, found) in enumerate(standings.items()):
        sizes = np.array([*found]) * (1 + 0.03 * (shift - 1.5))
        areas = np.array([area for area, _ in found.values()])
        ends = np.array([ends for _, ends in found.values()]).T
        colour = _KIND_COLOURS[kind]
        label = f"{kind}: {names[kind]}"
        off = [areas - ends[0], ends[1] - areas]
        axes.errorbar(sizes, areas, off, fmt="o-", ms=4, color=colour, label=label)
    ticks = sorted({size for found in standings.values() for size in found})
    axes.set(xscale="log", ylim=(0.45, 1.02), xlabel="texts (each of 70 tokens or so)")
    axes.set_xticks(ticks, [str(size) for size in ticks])
    axes.minorticks_off()
    axes.axhline(0.9, ls=":", color=PALETTE["truth"])
    axes.text(ticks[0], 0.905, "awake", va="bottom", color=PALETTE["truth"])
    axes.set_ylabel("AUROC, mean over causes")
    axes.set_title("More texts help those who compare texts")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def plot_left_out(areas: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """AUROC for each cause by scores that never met it, a mark for each score."""
    figure = Figure(figsize=(8, 3.4))
    axes = figure.subplots()
    causes = list(next(iter(areas.values())))
    marks = zip("os^D", ("model", "collapsed", "healthy", "muted"), strict=True)
    for shift, ((name, found), (mark, colour)) in enumerate(
        zip(areas.items(), marks, strict=False)
    ):
        places = np.arange(len(causes)) + 0.14 * (shift - (len(areas) - 1) / 2)
        values = [found[cause] for cause in causes]
        axes.plot(places, values, mark, ms=6, color=PALETTE[colour], label=name)
    axes.axhline(0.95, ls=":", color=PALETTE["truth"])
    axes.text(-0.4, 0.93, "hoped for", va="top", color=PALETTE["truth"])
    axes.set_xticks(range(len(causes)), [c.replace(" ", "\n", 1) for c in causes])
    axes.tick_params(axis="x", labelsize=8)
    axes.set(ylim=(min(0.45, *(min(f.values()) for f in areas.values())) - 0.03, 1.03))
    axes.set_ylabel("AUROC")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    axes.set_title(title)
    return figure


# Perplexity


def plot_perplexity(league: League) -> Figure:
    """Perplexity against true variety, a mark for each set, by family of causes."""
    figure = Figure(figsize=(7.5, 4))
    axes = figure.subplots()
    found = {
        family: [
            (league.values(c, "perplexity"), league.variety[c])
            for c in league.causes
            if league.families[c] == family
        ]
        for family in _FAMILY_MARKS
    }
    sound = league.values(SOUND, "perplexity"), league.variety[SOUND]
    colours = ("model", "collapsed", "highlight", "learner")
    for (family, sets), colour in zip(found.items(), colours, strict=True):
        across = np.concatenate([values.ravel() for values, _ in sets])
        across = across.clip(max=_FAR_PERPLEXITY)
        up = np.concatenate([variety.ravel() for _, variety in sets])
        mark = _FAMILY_MARKS[family]
        axes.plot(across, up, mark, ms=4, color=PALETTE[colour], label=family)
    axes.plot(*map(np.ravel, sound), ".", color=PALETTE["healthy"], label="sound")
    hot = (
        league.values("hot", "perplexity").clip(max=_FAR_PERPLEXITY),
        league.variety["hot"],
    )
    axes.plot(*map(np.ravel, hot), "x", color=PALETTE["truth"], label="hot (T = 2)")
    axes.set(xlim=(1.35, _FAR_PERPLEXITY + 0.02), ylim=(0, 1.15))
    axes.set_xlabel("perplexity under the storyteller (from 2.2 on at the edge)")
    axes.set_ylabel("share of the world's variety")
    axes.set_title("Perplexity does not order sets as variety does")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


# Ahead of loops


def plot_ahead(
    areas: Mapping[str, Mapping[str, Float[np.ndarray, "seeds ahead"]]],
    ahead: Sequence[int],
    known: Mapping[str, float],
) -> Figure:
    """AUROC of signs over the tokens since a loop began, a panel for each service.

    known  tokens from there until the loop is known, in the median
    """
    figure = Figure(figsize=(10, 3.4))
    panels = np.atleast_1d(figure.subplots(1, len(areas), sharey=True))
    for axes, (service, signs) in zip(panels, areas.items(), strict=True):
        since = [-tokens for tokens in ahead]
        for (sign, found), colour in zip(signs.items(), _SIGN_COLOURS, strict=False):
            axes.plot(since, np.nanmean(found, axis=0), color=colour, label=sign)
        axes.axvline(0, color=PALETTE["truth"], lw=1)
        axes.axhline(0.5, ls=":", color=PALETTE["truth"])
        axes.axvline(known[service], ls="--", color=PALETTE["truth"])
        axes.set(xlim=(-60, 75), ylim=(0.1, 1.03), xlabel="tokens since it began")
        axes.text(known[service] - 2, 0.13, "known", rotation=90, ha="right")
        axes.set_title(service)
    panels[0].set_ylabel("AUROC")
    figure.suptitle("In one service signs part once a loop has begun, hardly before")
    panels[-1].legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


_SIGN_COLOURS = [
    PALETTE[name]
    for name in ("model", "healthy", "highlight", "learner", "collapsed", "truth")
]


def plot_signs(
    along: Mapping[str, Float[np.ndarray, " places"]], begins: int, known: int
) -> Figure:
    """Each sign along one text, in a panel of its own; where its loop begins."""
    figure = Figure(figsize=(8, 4.6))
    panels = figure.subplots(len(along), 1, sharex=True)
    for axes, (sign, values), colour in zip(
        panels, along.items(), _SIGN_COLOURS, strict=False
    ):
        axes.plot(values, color=colour)
        axes.axvline(begins, color=PALETTE["truth"], lw=1)
        axes.axvline(known, color=PALETTE["truth"], ls="--")
        axes.set_ylabel(sign.replace(" ", "\n", 1), rotation=0, ha="right", va="center")
        axes.set(yticks=[], xlim=(0, len(values) - 1))
    top = panels[0].get_xaxis_transform()
    panels[0].text(begins, 1.05, "begins", ha="center", transform=top)
    panels[0].text(known, 1.05, "known", ha="center", transform=top)
    panels[-1].set_xlabel("token (each sign in units of its own, up is trouble)")
    figure.suptitle("Five signs along the text above")
    return figure


def plot_warnings(
    early: Mapping[str, Sequence[float]],
    false: Mapping[str, Sequence[float]],
    title: str,
) -> Figure:
    """Loops announced early over false alarms, by sign: up and left is good."""
    figure = Figure(figsize=(6.5, 3.4))
    axes = figure.subplots()
    for (sign, shares), colour in zip(early.items(), _SIGN_COLOURS, strict=False):
        axes.plot(false[sign], shares, "o-", ms=4, color=colour, label=sign)
    axes.plot([0, 1], [0, 1], ls=":", color=PALETTE["truth"])
    axes.text(0.2, 0.13, "chance", color=PALETTE["truth"])
    axes.set(xlim=(-0.005, 0.25), ylim=(-0.02, 1.02))
    axes.set_xlabel("sound texts with a false alarm")
    axes.set_ylabel("loops announced early")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    axes.set_title(title)
    return figure
