"""The figures of notebook 06."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from matplotlib.figure import Figure

from course_utils.causes.reward import Exchange, least_kl
from course_utils.classroom.style import PALETTE
from course_utils.recordings.measurement import Measured
from course_utils.recordings.reward import EVERY, STEPS, RewardRuns

MET_IN = 50  # tales among which heroes are met: fewer than are valid at any point

_COURSES = {
    "reward": "highlight",
    "plots": "collapsed",
    "coverage": "learner",
    "entropy": "model",
}


def plot_climbs(climbs: Mapping[str, Sequence[float]]) -> Figure:
    """Effective heroes over the steps of each climb, named at its end."""
    figure = Figure(figsize=(7.5, 3.2))
    axes = figure.subplots()
    for (name, left), meaning in zip(
        climbs.items(), ("healthy", "model", "collapsed"), strict=True
    ):
        axes.plot(left, color=PALETTE[meaning])
        name_at = (1.02 * len(left), left[-1])
        axes.text(*name_at, name, color=PALETTE[meaning], va="center")
    axes.set(xlabel="step", ylabel="effective heroes", ylim=(0, 16))
    axes.set_xlim(0, 1.4 * len(left))
    axes.set_xticks(range(0, len(left) + 1, 50))
    axes.set_title("The climb loses heroes where each learns alone")
    return figure


def draw_run(figure: Figure, plots: Mapping[str, float]) -> dict[str, Any]:
    """Empty panels for `show_run`: a run's course, and its plots beside the truth."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    lines, names = {}, {}
    for name, meaning in _COURSES.items():
        look = {"color": PALETTE[meaning], "ls": "--" if name == "entropy" else "-"}
        (lines[name],) = left.plot([], [], **look)
        names[name] = left.text(61, 0, name, color=PALETTE[meaning], va="center")
    now = left.axvline(0, color=PALETTE["muted"])
    left.set(
        xlim=(0, 80), ylim=(0, 1.3), xlabel="step", ylabel="reward; shares of the start"
    )
    left.set_xticks(range(0, STEPS + 1, 20))
    bars = right.bar(range(len(plots)), [0] * len(plots), color=PALETTE["model"])
    right.plot(plots.values(), "_", ms=14, mew=3, color=PALETTE["truth"])
    right.set_xticks(range(len(plots)), plots, rotation=60, ha="right")
    right.set(ylim=(0, 1), ylabel="share of valid tales")
    titles = [axes.set_title(" ") for axes in (left, right)]
    return {"lines": lines, "names": names, "now": now, "bars": bars, "titles": titles}


def show_run(
    artists: Mapping[str, Any], runs: RewardRuns, recipe: str, seed: int, step: int
) -> str:
    """Move what `draw_run` drew to a step of a run; says in words what is seen."""
    points = runs.points[recipe, seed]
    courses = _courses(points)
    heights = _spread({name: course[-1] for name, course in courses.items()})
    for name, course in courses.items():
        artists["lines"][name].set_data([point.step for point in points], course)
        artists["names"][name].set_y(heights[name])
    artists["now"].set_xdata([step, step])
    now = points[min(step // EVERY, len(points) - 1)]
    plots = now.effective("arc")
    for bar, share in zip(artists["bars"], now.shares("arc").values(), strict=True):
        bar.set_height(share)
        bar.set_color(PALETTE["collapsed" if plots < 5 else "model"])
    artists["titles"][0].set_text(f"{recipe}, seed {seed}: reward {now.reward:.2f}")
    artists["titles"][1].set_text(f"Step {now.step}: {plots:.1f} effective plots")
    return (
        f"{recipe}, seed {seed}, step {now.step}: reward {now.reward:.2f}, {plots:.1f} "
        f"effective plots, entropy {now.entropy:.2f} nats a token."
    )


def _courses(points: Sequence[Measured]) -> dict[str, list[float]]:
    """What is left of each measure at every point, as a share of the first one's."""
    first = points[0]
    return {
        "reward": [p.reward for p in points],
        "plots": [p.effective("arc") / first.effective("arc") for p in points],
        "coverage": [
            p.coverage("hero", MET_IN) / first.coverage("hero", MET_IN) for p in points
        ],
        "entropy": [p.entropy / first.entropy for p in points],
    }


def _spread(heights: Mapping[str, float], gap: float = 0.085) -> dict[str, float]:
    """The heights in the same order, moved up where they are nearer than `gap`."""
    placed: dict[str, float] = {}
    lowest = 0.0
    for name in sorted(heights, key=lambda name: heights[name]):
        placed[name] = max(heights[name], lowest)
        lowest = placed[name] + gap
    return placed


def plot_price(runs: RewardRuns) -> Figure:
    """Mean reward over KL divergence along the runs, with the cheapest way there."""
    figure = Figure(figsize=(8.5, 7.6))
    panels = figure.subplots(4, 4, sharex=True, sharey=True).flat
    before = runs.start.reward
    rewards = [before + (1 - before) * i / 100 for i in range(101)]
    least = [least_kl(reward, before) for reward in rewards]
    for axes, recipe in zip(panels, runs.recipes, strict=True):
        axes.plot(least, rewards, color=PALETTE["truth"])
        for seed in runs.seeds(recipe):
            points = runs.points[recipe, seed]
            paid, earned = [p.kl for p in points], [p.reward for p in points]
            axes.plot(paid, earned, ".-", color=PALETTE["model"], lw=0.8)
            axes.plot(paid[-1], earned[-1], "o", color=PALETTE["collapsed"], ms=4)
        axes.set_title(recipe, fontweight="normal")
    title = "A plain run pays on when the reward is up; with SGD it stops"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    what = "KL to the reference, nats a tale (grey: the least; orange: at the end)"
    figure.supxlabel(what, fontsize=10)
    figure.supylabel("mean reward", fontsize=10)
    return figure


def plot_exchange(runs: RewardRuns, law: Exchange) -> Figure:
    """Reward over entropy, step by step, and the law that was fitted."""
    figure = Figure(figsize=(7.5, 3.4))
    axes = figure.subplots()
    for recipe, meaning, name_at in (
        ("plain", "collapsed", (0.24, 0.7)),
        ("SGD", "healthy", (0.42, 1.04)),
    ):
        entropies, rewards = (values.mean(dim=0) for values in runs.traces(recipe))
        axes.plot(entropies, rewards, "o", ms=4, alpha=0.7, color=PALETTE[meaning])
        axes.text(*name_at, recipe, color=PALETTE[meaning])
    low, high = axes.get_xlim()
    entropies = torch.linspace(low, high, 50)
    fitted = [law.reward_at(entropy) for entropy in entropies.tolist()]
    axes.plot(entropies, fitted, color=PALETTE["truth"], ls="--", lw=1)
    axes.text(0.305, 1.1, "the law, fitted", color=PALETTE["truth"])
    axes.set(xlabel="entropy (nats a token)", ylabel="mean reward", ylim=(0.3, 1.2))
    axes.invert_xaxis()
    axes.set_title("The reward stops, the entropy goes on falling")
    return figure
