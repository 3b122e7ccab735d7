"""Checks of `without_common_directions`, an exercise of notebook 09."""

import torch

from course_utils.classroom.cases import Case, Checks, wrong


def _widest(points, directions):
    centred = points - points.mean(dim=0)
    return torch.linalg.svd(centred, full_matrices=False).Vh[:directions]


FOUR_POINTS = (
    "torch.tensor([[9.0, 1.0, 2.0], [3.0, 2.0, 1.0], [6.0, 4.0, 1.0], [2.0, 1.0, 5.0]])"
)
CASES = [
    Case(
        "without_common_directions(points)", points=[[8.0, 1.0], [2.0, 0.0], [5.0, 5.0]]
    ),
    Case("without_common_directions(points)", points=FOUR_POINTS),
    Case("without_common_directions(points, directions=2)", points=FOUR_POINTS),
    Case("without_common_directions(points, directions=0)", points=FOUR_POINTS),
]
HINTS = [
    "Two steps: take the mean of all points away; then find the widest directions "
    "of what is left, and take them away too.",
    "`torch.linalg.svd(centred, full_matrices=False).Vh` has the directions in its "
    "rows, widest first, each of length 1.",
    "`centred @ widest.T` says how far each point goes along each of them; times "
    "`widest` it is a point again. Subtract it from `centred`.",
]
WRONG = [
    wrong(
        "points - points.mean(dim=0)",
        "You take the mean away, and stop there. The widest directions of what is left "
        "must go too.",
    ),
    wrong(
        "points - points @ widest.T @ widest",
        "You leave the mean in, so the widest direction mostly points to it. Take it "
        "away first: `points - points.mean(dim=0)`.",
        widest="torch.linalg.svd(points, full_matrices=False).Vh[:directions]",
    ),
    wrong(
        "points - points @ widest.T @ widest",
        "You take the directions out of the points with their mean, so part of the "
        "mean stays. Go on with the centred points.",
        widest="_widest(points, directions)",
    ),
    wrong(
        "centred - centred @ widest.T @ widest",
        "You take the mean of each point's coordinates away. The mean over the "
        "*points* is wanted, `points.mean(dim=0)`.",
        centred="points - points.mean(dim=-1, keepdim=True)",
        widest="torch.linalg.svd(centred, full_matrices=False).Vh[:directions]",
    ),
    wrong(
        "(points - points.mean(dim=0)) @ widest.T @ widest",
        "You return the part along the widest directions. That is what goes: subtract "
        "it.",
        widest="_widest(points, directions)",
    ),
    wrong(
        "(points - points.mean(dim=0)) @ _widest(points, directions).T",
        "You return how far each point goes along the widest directions. Multiply by "
        "the directions once more, `@ widest`, and subtract that from the points.",
    ),
    wrong(
        "centred - centred @ narrowest.T @ narrowest",
        "You take the *narrowest* directions out. In `Vh` of `svd` the widest come "
        "first (`eigh` sorts the other way round).",
        centred="points - points.mean(dim=0)",
        rows="torch.linalg.svd(centred, full_matrices=False).Vh",
        narrowest="rows[len(rows) - directions:]",
    ),
    wrong(
        "centred - centred @ widest.T @ widest",
        "You take columns of `Vh`. The directions are its rows: `Vh[:directions]`.",
        centred="points - points.mean(dim=0)",
        widest="torch.linalg.svd(centred, full_matrices=False).Vh[:, :directions].T",
    ),
    wrong(
        "centred - centred @ widest.T @ widest",
        "You take one direction out, whatever `directions` says.",
        centred="points - points.mean(dim=0)",
        widest="_widest(points, 1)",
    ),
    wrong(
        "(centred - centred @ widest.T @ widest) / centred.std(dim=0)",
        "You also divide by the standard deviations. The points only lose something; "
        "what stays is not stretched.",
        centred="points - points.mean(dim=0)",
        widest="_widest(points, directions)",
    ),
    wrong(
        "centred - centred @ widest.T @ widest",
        "You look for the widest directions in the points as they came, where the "
        "first mostly leads to their mean. Centre them before the SVD.",
        centred="points - points.mean(dim=0)",
        widest="torch.linalg.svd(points, full_matrices=False).Vh[:directions]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_widest])
