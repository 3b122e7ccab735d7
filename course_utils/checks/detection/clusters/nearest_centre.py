"""Checks of `nearest_centre`, an exercise of notebook 09."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case(
        "nearest_centre(points, centres)",
        points=[[2.0], [9.0], [3.0]],
        centres=[[1.0], [10.0]],
    ),
    Case(
        "nearest_centre(points, centres)",
        points=[[1.0, 1.0], [4.0, 4.0]],
        centres=[[9.0, 9.0], [1.0, 0.0], [3.0, 4.0]],
    ),
    Case(
        "nearest_centre(points, centres)",
        points=[[0.0, 0.0]],
        centres=[[3.0, -3.0], [1.0, 1.0], [0.0, 5.0]],
    ),
    Case(
        "nearest_centre(points, centres)",
        points=[[0.0, 0.0, 0.0]],
        centres=[[4.0, 0.0, 0.0], [-2.0, 2.0, 2.0]],
    ),
    Case(
        "nearest_centre(points, centres)",
        points=[[1.0, 0.0], [0.0, 5.0]],
        centres=[[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]],
    ),
    Case(
        "nearest_centre(points, centres)",
        points=[[0.0, 0.0]],
        centres=[[3.0, 3.0], [4.0, 0.0]],
    ),
]
HINTS = [
    "For each point, measure the distance to each centre: a table with a row for "
    "each point and a column for each centre. Where in its row is the smallest?",
    "`torch.cdist(points, centres)` is that table. So is "
    "`(points[:, None] - centres).square().sum(dim=-1)`, squared.",
    "`argmin(dim=-1)` says where the smallest entry of each row is.",
]
WRONG = [
    wrong(
        "torch.cdist(points, centres).argmax(dim=-1)",
        "You find the centre that is farthest away. The smallest distance wins: "
        "`argmin`.",
    ),
    wrong(
        "torch.cdist(points, centres).argmin(dim=0)",
        "You find the nearest point of each centre. Turn it around: for each point the "
        "nearest centre, so the minimum runs over the centres, the last dimension.",
    ),
    wrong(
        "torch.cdist(points, centres).amin(dim=-1)",
        "You return how far the nearest centre is. Which one it is, is wanted: "
        "`argmin` in place of `min`.",
    ),
    wrong(
        "(points @ centres.T).argmax(dim=-1)",
        "You take the largest scalar product, which favours long centres. Take the "
        "smallest distance.",
    ),
    wrong(
        "(unit(points, dim=-1) @ unit(centres, dim=-1).T).argmax(dim=-1)",
        "You compare directions, by the cosine. Here the distance counts: two points "
        "in the same direction may be far apart.",
        unit="torch.nn.functional.normalize",
    ),
    wrong(
        "torch.cdist(points, centres, p=1).argmin(dim=-1)",
        "You add up the differences of the coordinates. Distance is the root of the "
        "sum of their *squares*.",
    ),
    wrong(
        "(points[:, None] - centres).sum(dim=-1).abs().argmin(dim=-1)",
        "You add up differences with their sign, and they cancel. Square them first.",
    ),
    wrong(
        "(points[:, None, 0] - centres[:, 0]).abs().argmin(dim=-1)",
        "You compare the first coordinate alone. All of them make the distance.",
    ),
    wrong(
        "len(centres) - 1 - torch.cdist(points, centres).flip(-1).argmin(dim=-1)",
        "Where two centres are equally near, you take the last. Take the first, as "
        "`argmin` does.",
    ),
    wrong(
        "torch.cdist(points, centres).argmin(dim=-1) + 1",
        "Your labels are one too high: the first centre has the number 0.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
