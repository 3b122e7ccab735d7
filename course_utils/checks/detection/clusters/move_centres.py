"""Checks of `move_centres`, an exercise of notebook 09."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _counts(labels, centres):
    return labels.bincount(minlength=len(centres))[:, None]


def _means(points, labels, k):
    """Of clusters without points, 0."""
    marks = torch.nn.functional.one_hot(labels, k).to(points.dtype)
    return marks.T @ points / marks.sum(dim=0).clamp(min=1)[:, None]


def _moved(points, labels, centres):
    means = _means(points, labels, len(centres))
    return torch.where(_counts(labels, centres) > 0, means, centres)


CASES = [
    Case(
        "move_centres(points, labels, centres)",
        points=[[1.0], [3.0], [9.0]],
        labels=[0, 0, 1],
        centres=[[0.0], [10.0]],
    ),
    Case(
        "move_centres(points, labels, centres)",
        points=[[0.0, 6.0], [3.0, 0.0], [0.0, 0.0], [8.0, 9.0]],
        labels=[1, 1, 1, 0],
        centres=[[7.0, 7.0], [0.0, 1.0]],
    ),
    Case(
        "move_centres(points, labels, centres)",
        points=[[1.0, 2.0], [3.0, 4.0]],
        labels=[2, 0],
        centres=[[0.0, 0.0], [5.0, 6.0], [1.0, 1.0]],
    ),
    Case(
        "move_centres(points, labels, centres)",
        points=[[1.0, 2.0], [3.0, 4.0]],
        labels=[0, 0],
        centres=[[0.0, 0.0], [5.0, 6.0]],
    ),
]
HINTS = [
    "`points[labels == j]` are the points of cluster j, and their mean over dim 0 "
    "is where its centre goes.",
    "Start from `moved = centres.clone()` and fill in one row after the other. "
    "(Without `clone` you would change the caller's centres.)",
    "`for j in labels.unique()` only meets clusters that have points. The others "
    "stay as they are.",
]
WRONG = [
    wrong(
        "torch.stack([points[labels == j].mean(dim=0) for j in range(len(centres))])",
        "A cluster without points gives you NaN, 0 divided by 0. It keeps the centre "
        "that it had.",
    ),
    wrong(
        "_means(points, labels, len(centres))",
        "A cluster without points goes to 0 in your answer. It keeps the centre that "
        "it had.",
    ),
    wrong(
        "torch.stack([points[labels == j].mean(dim=0) for j in labels.unique()])",
        "A cluster without points is missing from your answer. There must be as many "
        "centres as before: it keeps the one that it had.",
    ),
    wrong(
        "torch.where(_counts(labels, centres) > 0, sums, centres)",
        "You divide by the number of all points. Divide each cluster's sum by the "
        "number of *its* points.",
        sums="torch.zeros_like(centres).index_add(0, labels, points) / len(points)",
    ),
    wrong(
        "torch.where(_counts(labels, centres) > 0, sums, centres)",
        "You add up each cluster's points, but don't divide by how many they are.",
        sums="torch.zeros_like(centres).index_add(0, labels, points)",
    ),
    wrong(
        "centres.index_add(0, labels, points) / (_counts(labels, centres) + 1)",
        "You count the old centre as if it were one of the points. The new centre is "
        "the mean of the points alone.",
    ),
    wrong(
        "(centres + _moved(points, labels, centres)) / 2",
        "Your centres go half the way to the mean. They go all the way.",
    ),
    wrong(
        "points.mean(dim=0).expand_as(centres)",
        "All your centres are the mean of all points. Each is the mean of the points "
        "with its label: `points[labels == j]`.",
    ),
    wrong(
        "centres.clone()",
        "Your centres stay where they are. Each moves to the mean of its points.",
    ),
    wrong(
        "torch.stack([row.median(0).values if len(row) else c for row, c in pairs])",
        "You take medians. The sum of squared distances is smallest around the mean.",
        pairs="[(points[labels == j], c) for j, c in enumerate(centres)]",
    ),
    wrong(
        "torch.stack([row.mean() + 0 * c if len(row) else c for row, c in pairs])",
        "You average over the coordinates too: a centre is a point. `mean(dim=0)` "
        "keeps the coordinates apart.",
        pairs="[(points[labels == j], c) for j, c in enumerate(centres)]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_counts, _means, _moved])
