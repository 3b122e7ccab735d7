"""The figures of notebook 04: still ones, and what its sliders draw and move."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.causes.forms import effective_modes, mode_shares
from course_utils.causes.forms.gan import DIGITS, MODES, GanRun, digit_modes
from course_utils.causes.forms.policies import (
    BEST_ARMS,
    GOAL,
    MOVES,
    PAYS,
    ROUTES,
    SIDE,
    route_cells,
    route_shares,
    wandering_bonus,
)
from course_utils.classroom.style import PALETTE
from course_utils.recordings.forms import late

Log = Mapping[str, Any]

_MOVE_COLOURS = [PALETTE[name] for name in ("model", "highlight", "learner")]


def draw_race(figure: Figure, real: Float[Tensor, "points 2"]) -> dict[str, Any]:
    """The real ring, and what `show_race` moves over it: dots and the title."""
    axes = figure.subplots()
    axes.plot(*real.T, ".", ms=3, color=PALETTE["muted"])
    (dots,) = axes.plot([], [], ".", ms=4, alpha=0.5)
    axes.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal")
    axes.set(xlabel="first feature", ylabel="second feature")
    axes.text(-3.1, -3.05, "grey: the real ring", color=PALETTE["truth"])
    axes.grid(False)
    return {"dots": dots, "title": axes.set_title(" ")}


def show_race(
    artists: Mapping[str, Any],
    runs: Mapping[str, GanRun],
    covered: Mapping[str, Int[Tensor, " records"]],
    remedy: str,
    step: int,
) -> str:
    """The samples of a remedy's run at its record nearest to `step`; says so in words.

    `covered` has the number of modes covered at each record of each run.
    """
    run = runs[remedy]
    at = min(range(len(run.steps)), key=lambda i: abs(run.steps[i] - step))
    count = int(covered[remedy][at])
    artists["dots"].set_data(*run.samples[at].T)
    artists["dots"].set_color(PALETTE["healthy" if count > 6 else "collapsed"])
    text = f"Step {run.steps[at]}: {count} of {MODES} modes covered"
    artists["title"].set_text(text)
    return f"{text}. Remedy: {remedy}."


def plot_ring(log: Log) -> Figure:
    """Modes covered along the steps: one thin line per seed, their mean as a thick."""
    variants = log["runs"]["ring"]
    figure = Figure(figsize=(8, 3.2))
    _headline(
        figure, "In haste, a generator covers one mode; with a remedy, most or all"
    )
    places = figure.subplots(1, len(variants), sharey=True)
    for axes, (variant, run) in zip(places, variants.items(), strict=True):
        colour = PALETTE["collapsed" if variant == "as it is" else "healthy"]
        rows = torch.tensor(run["covered"], dtype=torch.float64)
        axes.plot(run["steps"], rows.T, color=colour, lw=0.7, alpha=0.5)
        axes.plot(run["steps"], rows.mean(dim=0), color=colour, lw=3)
        axes.set_title(variant, weight="normal")
        axes.set(xlabel="training step", ylim=(0, 8.3), xticks=[0, 500, 1000, 1500])
    places[0].set_ylabel("modes covered, of 8")
    places[0].text(750, 5, "thin: one seed\nthick: mean of all", ha="center")
    return figure


def plot_images(sets: Mapping[str, Float[Tensor, "images 64"]]) -> Figure:
    """The first images of each set as tiles; the title counts the digits in all."""
    rows, columns = 5, 7
    figure = Figure(figsize=(8, 2.4))
    places = figure.subplots(1, len(sets))
    for axes, (name, images) in zip(places, sets.items(), strict=True):
        tiles = images[: rows * columns].view(rows, columns, 8, 8)
        framed = F.pad(tiles, (1, 1, 1, 1), value=-1.0).transpose(1, 2)
        picture = framed.reshape(10 * rows, 10 * columns)
        axes.imshow(picture, cmap="gray_r", vmin=-1, vmax=1)
        number = effective_modes(mode_shares(digit_modes(images), DIGITS)).item()
        axes.set_title(f"{name}:\n{number:.1f} of {DIGITS} digits")
        axes.set_axis_off()
    return figure


def draw_arms(figure: Figure, bonuses: Sequence[float]) -> dict[float, Any]:
    """What `show_arms` moves: bars and a title for each bonus."""
    artists = {}
    panels = figure.subplots(1, len(bonuses), sharey=True, squeeze=False)[0]
    colours = [PALETTE["model" if i < BEST_ARMS else "muted"] for i in range(len(PAYS))]
    for axes, bonus in zip(panels, bonuses, strict=True):
        axes.set(ylim=(0, 1.15), xlabel="arm", xticks=range(len(PAYS)))
        axes.text(1.5, 1.05, "pay in 80 %", ha="center")
        axes.text(5.5, 1.05, "pay in 40 %", ha="center")
        bars = axes.bar(range(len(PAYS)), [0] * len(PAYS), color=colours)
        artists[bonus] = (bars, axes.set_title(" "))
    panels[0].set_ylabel("probability")
    return artists


def show_arms(
    artists: Mapping[float, Any],
    paths: Mapping[float, Float[Tensor, "steps arms"]],
    step: int,
) -> str:
    """The policy of each bonus at `step`, or at its last one; says in words which."""
    for bonus, (bars, title) in artists.items():
        policy = paths[bonus][min(step, len(paths[bonus]) - 1)]
        for bar, probability in zip(bars, policy.tolist(), strict=True):
            bar.set_height(probability)
        used = effective_modes(policy[:BEST_ARMS]).item()
        text = f"Bonus {bonus:g}: {used:.1f} of the best {BEST_ARMS} in use"
        title.set_text(text)
    return f"After {step} steps."


def plot_routes(policies: Mapping[float, Float[Tensor, "cells 4"]]) -> Figure:
    """The grid's edges, the thicker the more shortest walks use them, per bonus."""
    figure = Figure(figsize=(8, 3.6))
    places = figure.subplots(1, len(policies))
    for axes, (bonus, policy) in zip(places, policies.items(), strict=True):
        colour = PALETTE["healthy" if bonus else "collapsed"]
        for (start, end), used in _edge_shares(policy).items():
            x, y = zip(_place(start), _place(end), strict=True)
            axes.plot(x, y, lw=0.8, color=PALETTE["muted"], zorder=1)
            axes.plot(x, y, lw=14 * used, color=colour, solid_capstyle="round")
        corners = [0, SIDE - 1]
        axes.plot(corners, corners, "o", ms=10, color=PALETTE["truth"])
        axes.text(-0.2, 0, "start", ha="right", va="center")
        axes.text(SIDE - 0.8, SIDE - 1, "goal", va="center")
        number = effective_modes(route_shares(policy)).item()
        axes.set_title(f"Bonus {bonus:g}: {number:.1f} of {len(ROUTES)} routes")
        axes.set(xlim=(-0.8, SIDE - 0.2), ylim=(-0.3, SIDE - 0.7), aspect="equal")
        axes.set_axis_off()
    return figure


def _edge_shares(policy: Float[Tensor, "cells 4"]) -> Counter[tuple[int, int]]:
    """The probability that a shortest walk uses an edge between two cells."""
    goal = torch.full((len(ROUTES), 1), GOAL)
    routes = torch.cat([route_cells(), goal], dim=1).tolist()
    shares: Counter[tuple[int, int]] = Counter()
    for route, p in zip(routes, route_shares(policy).tolist(), strict=True):
        for edge in pairwise(route):
            shares[edge] += p
    return shares


def _place(cell: int) -> tuple[int, int]:
    return cell % SIDE, cell // SIDE


def plot_price(log: Log) -> Figure:
    """What an entropy bonus buys and costs on the grid, with intervals over seeds."""
    variants = log["settings"]["grid"]["variants"]
    named = sorted((made["bonus"], name) for name, made in variants.items())
    bonuses = [bonus for bonus, _ in named]
    figure = Figure(figsize=(8, 3))
    bought, paid = figure.subplots(1, 2)
    for axes, measure in ((bought, "effective"), (paid, "inside")):
        found = [late(log, "grid", name, measure) for _, name in named]
        axes.plot(bonuses, [each.mean for each in found], "o-")
        axes.vlines(bonuses, [each.low for each in found], [e.high for e in found])
        axes.axvline(wandering_bonus(), color=PALETTE["truth"], ls=":")
        axes.set(xlabel="entropy bonus", ylim=(0, None))
    bought.set(title="What the bonus buys", ylabel="routes in use, of 20")
    paid.set(title="What it costs", ylabel="share of shortest walks")
    paid.text(
        wandering_bonus() - 0.01, 0.9, "wandering pays \N{RIGHTWARDS ARROW}", ha="right"
    )
    return figure


def plot_moves(paths: Mapping[float, Float[Tensor, "rounds 3"]]) -> Figure:
    """The probability of each move along the rounds of learning, for each bonus."""
    figure = Figure(figsize=(8, 3))
    places = figure.subplots(1, len(paths), sharey=True)
    for axes, (bonus, path) in zip(places, paths.items(), strict=True):
        for line, move, colour in zip(path.T, MOVES, _MOVE_COLOURS, strict=True):
            axes.plot(line, color=colour, lw=1.5, label=move)
        number = effective_modes(path).mean().item()
        axes.set_title(f"Bonus {bonus:g}: {number:.1f} of 3 moves at a time")
        axes.set(xlabel="round of learning", ylim=(0, 1))
    places[0].set_ylabel("probability of the move")
    places[-1].legend(loc="upper right")
    return figure


_SHOWN = {
    "ring": ["as it is", "minibatch statistics", "gradient penalty", "equal rates"],
    "digits": ["as it is", "minibatch statistics", "gradient penalty", "equal rates"],
    "embeddings": ["as it is", "negatives", "stop-gradient"],
    "bandit": ["as it is", "entropy bonus"],
    "grid": ["as it is", "entropy bonus"],
    "self-play": ["as it is", "entropy bonus"],
}


def plot_faces(log: Log) -> Figure:
    """Effective modes as a share of the reference's, for all toys and remedies."""
    figure = Figure(figsize=(8, 5))
    _headline(
        figure, "Left alone, each toy keeps less than half; remedies keep more, bar one"
    )
    axes = figure.subplots()
    rows = [(toy, variant) for toy, variants in _SHOWN.items() for variant in variants]
    for place, (toy, variant) in enumerate(rows):
        found, modes = late(log, toy, variant), log["modes"][toy]
        colour = PALETTE["collapsed" if variant == "as it is" else "healthy"]
        axes.plot([found.low / modes, found.high / modes], [place] * 2, color=colour)
        axes.plot(found.mean / modes, place, "o", color=colour)
    axes.axvline(0.5, color=PALETTE["truth"], ls=":", lw=1.2)
    axes.set_yticks(range(len(rows)), [f"{toy}: {variant}" for toy, variant in rows])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.03), xlabel="effective modes / the reference's")
    axes.grid(axis="x")
    return figure


def _headline(figure: Figure, text: str) -> None:
    """The finding of a figure whose own titles, or labels, leave no room for it."""
    figure.suptitle(text, x=0.01, ha="left", size=11, weight="bold")
