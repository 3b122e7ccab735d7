"""The still figures of notebook 04."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.causes.forms import effective_modes
from course_utils.causes.forms.policies import (
    GOAL,
    MOVES,
    ROUTES,
    SIDE,
    route_cells,
    route_shares,
    wandering_bonus,
)
from course_utils.causes.forms.recording import late
from course_utils.classroom.style import PALETTE

Log = Mapping[str, Any]

_RING_COLOURS = {
    "as it is": PALETTE["collapsed"],
    "minibatch statistics": PALETTE["healthy"],
    "gradient penalty": PALETTE["model"],
    "equal rates": PALETTE["learner"],
}
_MOVE_COLOURS = [PALETTE[name] for name in ("model", "highlight", "learner")]


def plot_ring(log: Log) -> Figure:
    """Modes covered along the steps: one thin line per seed, their mean as a thick."""
    figure = Figure(figsize=(8, 2.8))
    places = figure.subplots(1, len(_RING_COLOURS), sharey=True)
    for axes, (variant, colour) in zip(places, _RING_COLOURS.items(), strict=True):
        run = log["runs"]["ring"][variant]
        rows = torch.tensor(run["covered"], dtype=torch.float64)
        axes.plot(run["steps"], rows.T, color=colour, lw=0.7, alpha=0.5)
        axes.plot(run["steps"], rows.mean(dim=0), color=colour, lw=3)
        axes.set(xlabel="training step", title=variant, ylim=(0, 8.3))
        axes.set_xticks([0, 500, 1000, 1500])
    places[0].set_ylabel("modes covered, of 8")
    return figure


def plot_images(sets: Mapping[str, Float[Tensor, "images 64"]]) -> Figure:
    """The first images of each set as tiles, under its name."""
    rows, columns = 5, 7
    figure = Figure(figsize=(8, 2.4))
    places = figure.subplots(1, len(sets))
    for axes, (name, images) in zip(places, sets.items(), strict=True):
        tiles = images[: rows * columns].view(rows, columns, 8, 8)
        framed = F.pad(tiles, (1, 1, 1, 1), value=-1.0).transpose(1, 2)
        picture = framed.reshape(10 * rows, 10 * columns)
        axes.imshow(picture, cmap="gray_r", vmin=-1, vmax=1)
        axes.set_title(name)
        axes.set_axis_off()
    return figure


def plot_routes(policies: Mapping[float, Float[Tensor, "cells 4"]]) -> Figure:
    """The shortest routes, the thicker the more they are used, for each bonus."""
    figure = Figure(figsize=(8, 3.6))
    places = figure.subplots(1, len(policies), sharey=True)
    goal = torch.full((len(ROUTES), 1), GOAL)
    cells = torch.cat([route_cells(), goal], dim=1)
    for axes, (bonus, policy) in zip(places, policies.items(), strict=True):
        shares = route_shares(policy)
        colour = PALETTE["healthy" if bonus else "collapsed"]
        for route, p in zip(cells, shares.tolist(), strict=True):
            x, y = route % SIDE, route // SIDE
            axes.plot(x, y, lw=16 * p**0.5, color=colour, alpha=0.4)
        axes.plot([0, SIDE - 1], [0, SIDE - 1], "o", ms=10, color=PALETTE["truth"])
        axes.set(xticks=range(SIDE), yticks=range(SIDE), aspect="equal")
        axes.set(xlim=(-0.4, SIDE - 0.6), ylim=(-0.4, SIDE - 0.6))
        number = effective_modes(shares).item()
        axes.set_title(f"Bonus {bonus:g}: {number:.1f} of {len(ROUTES)} routes")
        axes.grid(False)
    return figure


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
    paid.text(wandering_bonus() - 0.01, 0.9, "wandering pays", ha="right")
    return figure


def plot_moves(paths: Mapping[float, Float[Tensor, "rounds 3"]]) -> Figure:
    """The probability of each move along the rounds of learning, for each bonus."""
    figure = Figure(figsize=(8, 3))
    places = figure.subplots(1, len(paths), sharey=True)
    for axes, (bonus, path) in zip(places, paths.items(), strict=True):
        for line, move, colour in zip(path.T, MOVES, _MOVE_COLOURS, strict=True):
            axes.plot(line, color=colour, lw=1.5, label=move)
        axes.set(xlabel="round of learning", ylim=(0, 1), title=f"Bonus {bonus:g}")
    places[0].set_ylabel("probability of the move")
    places[-1].legend(loc="upper right")
    return figure


_SHOWN = {
    "ring": ["as it is", "minibatch statistics", "gradient penalty"],
    "digits": ["as it is", "minibatch statistics"],
    "embeddings": ["as it is", "negatives", "stop-gradient"],
    "bandit": ["as it is", "entropy bonus"],
    "grid": ["as it is", "entropy bonus"],
    "self-play": ["as it is", "entropy bonus"],
}


def plot_faces(log: Log) -> Figure:
    """Effective modes as a share of the reference's, for all toys of the log."""
    figure = Figure(figsize=(8, 4.6))
    axes = figure.subplots()
    rows = [(toy, variant) for toy, variants in _SHOWN.items() for variant in variants]
    for place, (toy, variant) in enumerate(rows):
        found, modes = late(log, toy, variant), log["modes"][toy]
        colour = PALETTE["collapsed" if variant == "as it is" else "healthy"]
        axes.plot([found.low / modes, found.high / modes], [place] * 2, color=colour)
        axes.plot(found.mean / modes, place, "o", color=colour)
    axes.set_yticks(range(len(rows)), [f"{toy}: {variant}" for toy, variant in rows])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.03), xlabel="effective modes / the reference's")
    axes.set_title("Left alone, each collapses; with a remedy, none does")
    axes.grid(axis="x")
    return figure
