"""Checks of k-means' two steps and of `without_common_directions`: notebook 09."""

import torch

from course_utils.classroom.judging import Case, Checks


def finds_the_farthest(points, centres):
    """You find the centre that is farthest away. The smallest distance wins:
    `argmin`."""
    return torch.cdist(points, centres).argmax(dim=-1)


def finds_points_for_centres(points, centres):
    """You find the nearest point of each centre. Turn it around: for each point the
    nearest centre, so the minimum runs over the centres, the last dimension."""
    return torch.cdist(points, centres).argmin(dim=0)


def returns_the_distance(points, centres):
    """You return how far the nearest centre is. Which one it is, is wanted: `argmin`
    in place of `min`."""
    return torch.cdist(points, centres).amin(dim=-1)


def takes_the_largest_product(points, centres):
    """You take the largest scalar product, which favours long centres. Take the
    smallest distance."""
    return (points @ centres.T).argmax(dim=-1)


def compares_directions(points, centres):
    """You compare directions, by the cosine. Here the distance counts: two points in
    the same direction may be far apart."""
    unit = torch.nn.functional.normalize
    return (unit(points, dim=-1) @ unit(centres, dim=-1).T).argmax(dim=-1)


def adds_up_the_sides(points, centres):
    """You add up the differences of the coordinates. Distance is the root of the sum
    of their *squares*."""
    return torch.cdist(points, centres, p=1).argmin(dim=-1)


def adds_differences_with_their_sign(points, centres):
    """You add up differences with their sign, and they cancel. Square them first."""
    return (points[:, None] - centres).sum(dim=-1).abs().argmin(dim=-1)


def looks_at_one_coordinate(points, centres):
    """You compare the first coordinate alone. All of them make the distance."""
    return (points[:, None, 0] - centres[:, 0]).abs().argmin(dim=-1)


def takes_the_last_of_ties(points, centres):
    """Where two centres are equally near, you take the last. Take the first, as
    `argmin` does."""
    distances = torch.cdist(points, centres).flip(-1)
    return len(centres) - 1 - distances.argmin(dim=-1)


def counts_centres_from_one(points, centres):
    """Your labels are one too high: the first centre has the number 0."""
    return torch.cdist(points, centres).argmin(dim=-1) + 1


NEAREST_CENTRE = Checks(
    cases=[
        Case(
            "nearest_centre(points, centres)",
            {
                "points": "torch.tensor([[2.0], [9.0], [3.0]])",
                "centres": "torch.tensor([[1.0], [10.0]])",
            },
        ),
        Case(
            "nearest_centre(points, centres)",
            {
                "points": "torch.tensor([[1.0, 1.0], [4.0, 4.0]])",
                "centres": "torch.tensor([[9.0, 9.0], [1.0, 0.0], [3.0, 4.0]])",
            },
        ),
        Case(
            "nearest_centre(points, centres)",
            {
                "points": "torch.tensor([[0.0, 0.0]])",
                "centres": "torch.tensor([[3.0, -3.0], [1.0, 1.0], [0.0, 5.0]])",
            },
        ),
        Case(
            "nearest_centre(points, centres)",
            {
                "points": "torch.tensor([[0.0, 0.0, 0.0]])",
                "centres": "torch.tensor([[4.0, 0.0, 0.0], [-2.0, 2.0, 2.0]])",
            },
        ),
        Case(
            "nearest_centre(points, centres)",
            {
                "points": "torch.tensor([[1.0, 0.0], [0.0, 5.0]])",
                "centres": "torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]])",
            },
        ),
    ],
    hints=[
        "For each point, measure the distance to each centre: a table with a row for "
        "each point and a column for each centre. Where in its row is the smallest?",
        "`torch.cdist(points, centres)` is that table. So is "
        "`(points[:, None] - centres).square().sum(dim=-1)`, squared.",
        "`argmin(dim=-1)` says where the smallest entry of each row is.",
    ],
    wrong=[
        finds_the_farthest,
        finds_points_for_centres,
        returns_the_distance,
        takes_the_largest_product,
        compares_directions,
        adds_up_the_sides,
        adds_differences_with_their_sign,
        looks_at_one_coordinate,
        takes_the_last_of_ties,
        counts_centres_from_one,
    ],
)


def loses_a_centre_to_nan(points, labels, centres):
    """A cluster without points gives you NaN, 0 divided by 0. It keeps the centre
    that it had."""
    return torch.stack([points[labels == j].mean(dim=0) for j in range(len(centres))])


def sends_an_empty_cluster_to_zero(points, labels, centres):
    """A cluster without points goes to 0 in your answer. It keeps the centre that it
    had."""
    return _means(points, labels, len(centres))


def drops_empty_clusters(points, labels, centres):
    """A cluster without points is missing from your answer. There must be as many
    centres as before: it keeps the one that it had."""
    found = labels.unique()
    return torch.stack([points[labels == j].mean(dim=0) for j in found])


def divides_by_all_points(points, labels, centres):
    """You divide by the number of all points. Divide each cluster's sum by the number
    of *its* points."""
    sums = torch.zeros_like(centres).index_add(0, labels, points) / len(points)
    return torch.where(_counts(labels, centres) > 0, sums, centres)


def forgets_to_divide(points, labels, centres):
    """You add up each cluster's points, but don't divide by how many they are."""
    sums = torch.zeros_like(centres).index_add(0, labels, points)
    return torch.where(_counts(labels, centres) > 0, sums, centres)


def takes_medians(points, labels, centres):
    """You take medians. The sum of squared distances is smallest around the mean."""
    moved = centres.clone()
    for j in labels.unique():
        moved[j] = points[labels == j].median(dim=0).values
    return moved


def counts_the_old_centre(points, labels, centres):
    """You count the old centre as if it were one of the points. The new centre is the
    mean of the points alone."""
    sums = centres.index_add(0, labels, points)
    return sums / (_counts(labels, centres) + 1)


def goes_half_the_way(points, labels, centres):
    """Your centres go half the way to the mean. They go all the way."""
    return (centres + _moved(points, labels, centres)) / 2


def averages_all_points(points, labels, centres):
    """All your centres are the mean of all points. Each is the mean of the points with
    its label: `points[labels == j]`."""
    return points.mean(dim=0).expand_as(centres)


def averages_the_coordinates(points, labels, centres):
    """You average over the coordinates too: a centre is a point. `mean(dim=0)` keeps
    the coordinates apart."""
    moved = centres.clone()
    for j in labels.unique():
        moved[j] = points[labels == j].mean()
    return moved


def stays_where_it_is(points, labels, centres):
    """Your centres stay where they are. Each moves to the mean of its points."""
    return centres.clone()


def _counts(labels, centres):
    return labels.bincount(minlength=len(centres))[:, None]


def _means(points, labels, k):
    """Of clusters without points, 0."""
    marks = torch.nn.functional.one_hot(labels, k).to(points.dtype)
    return marks.T @ points / marks.sum(dim=0).clamp(min=1)[:, None]


def _moved(points, labels, centres):
    means = _means(points, labels, len(centres))
    return torch.where(_counts(labels, centres) > 0, means, centres)


MOVE_CENTRES = Checks(
    cases=[
        Case(
            "move_centres(points, labels, centres)",
            {
                "points": "torch.tensor([[1.0], [3.0], [9.0]])",
                "labels": "torch.tensor([0, 0, 1])",
                "centres": "torch.tensor([[0.0], [10.0]])",
            },
        ),
        Case(
            "move_centres(points, labels, centres)",
            {
                "points": "torch.tensor([[0.0, 6.0], [3.0, 0.0], [0.0, 0.0], "
                "[8.0, 9.0]])",
                "labels": "torch.tensor([1, 1, 1, 0])",
                "centres": "torch.tensor([[7.0, 7.0], [0.0, 1.0]])",
            },
        ),
        Case(
            "move_centres(points, labels, centres)",
            {
                "points": "torch.tensor([[1.0, 2.0], [3.0, 4.0]])",
                "labels": "torch.tensor([2, 0])",
                "centres": "torch.tensor([[0.0, 0.0], [5.0, 6.0], [1.0, 1.0]])",
            },
        ),
        Case(
            "move_centres(points, labels, centres)",
            {
                "points": "torch.tensor([[1.0, 2.0], [3.0, 4.0]])",
                "labels": "torch.tensor([0, 0])",
                "centres": "torch.tensor([[0.0, 0.0], [5.0, 6.0]])",
            },
        ),
    ],
    hints=[
        "`points[labels == j]` are the points of cluster j, and their mean over dim 0 "
        "is where its centre goes.",
        "Start from `moved = centres.clone()` and fill in one row after the other. "
        "(Without `clone` you would change the caller's centres.)",
        "`for j in labels.unique()` only meets clusters that have points. The others "
        "stay as they are.",
    ],
    wrong=[
        loses_a_centre_to_nan,
        sends_an_empty_cluster_to_zero,
        drops_empty_clusters,
        divides_by_all_points,
        forgets_to_divide,
        takes_medians,
        counts_the_old_centre,
        goes_half_the_way,
        averages_all_points,
        averages_the_coordinates,
        stays_where_it_is,
    ],
)


def only_takes_the_mean_away(points, directions=1):
    """You take the mean away, and stop there. The widest directions of what is left
    must go too."""
    return points - points.mean(dim=0)


def keeps_the_mean(points, directions=1):
    """You leave the mean in, so the widest direction mostly points to it. Take it away
    first: `points - points.mean(dim=0)`."""
    widest = torch.linalg.svd(points, full_matrices=False).Vh[:directions]
    return points - points @ widest.T @ widest


def puts_the_mean_back(points, directions=1):
    """You take the directions out of the points with their mean, so part of the mean
    stays. Go on with the centred points."""
    widest = _widest(points, directions)
    return points - points @ widest.T @ widest


def centres_each_point(points, directions=1):
    """You take the mean of each point's coordinates away. The mean over the *points* is
    wanted, `points.mean(dim=0)`."""
    centred = points - points.mean(dim=-1, keepdim=True)
    widest = torch.linalg.svd(centred, full_matrices=False).Vh[:directions]
    return centred - centred @ widest.T @ widest


def returns_what_goes(points, directions=1):
    """You return the part along the widest directions. That is what goes: subtract
    it."""
    centred = points - points.mean(dim=0)
    widest = _widest(points, directions)
    return centred @ widest.T @ widest


def returns_coordinates(points, directions=1):
    """You return how far each point goes along the widest directions. Multiply by the
    directions once more, `@ widest`, and subtract that from the points."""
    return (points - points.mean(dim=0)) @ _widest(points, directions).T


def takes_the_narrowest(points, directions=1):
    """You take the *narrowest* directions out. In `Vh` of `svd` the widest come first
    (`eigh` sorts the other way round)."""
    centred = points - points.mean(dim=0)
    rows = torch.linalg.svd(centred, full_matrices=False).Vh
    narrowest = rows[len(rows) - directions :]
    return centred - centred @ narrowest.T @ narrowest


def takes_columns_of_vh(points, directions=1):
    """You take columns of `Vh`. The directions are its rows: `Vh[:directions]`."""
    centred = points - points.mean(dim=0)
    widest = torch.linalg.svd(centred, full_matrices=False).Vh[:, :directions].T
    return centred - centred @ widest.T @ widest


def always_takes_one(points, directions=1):
    """You take one direction out, whatever `directions` says."""
    centred = points - points.mean(dim=0)
    widest = _widest(points, 1)
    return centred - centred @ widest.T @ widest


def divides_by_the_spread(points, directions=1):
    """You also divide by the standard deviations. The points only lose something; what
    stays is not stretched."""
    centred = points - points.mean(dim=0)
    widest = _widest(points, directions)
    return (centred - centred @ widest.T @ widest) / centred.std(dim=0)


def _widest(points, directions):
    centred = points - points.mean(dim=0)
    return torch.linalg.svd(centred, full_matrices=False).Vh[:directions]


FOUR_POINTS = (
    "torch.tensor([[9.0, 1.0, 2.0], [3.0, 2.0, 1.0], [6.0, 4.0, 1.0], [2.0, 1.0, 5.0]])"
)

WITHOUT_COMMON_DIRECTIONS = Checks(
    cases=[
        Case(
            "without_common_directions(points)",
            {"points": "torch.tensor([[8.0, 1.0], [2.0, 0.0], [5.0, 5.0]])"},
        ),
        Case("without_common_directions(points)", {"points": FOUR_POINTS}),
        Case(
            "without_common_directions(points, directions=2)", {"points": FOUR_POINTS}
        ),
        Case(
            "without_common_directions(points, directions=0)", {"points": FOUR_POINTS}
        ),
    ],
    hints=[
        "Two steps: take the mean of all points away; then find the widest directions "
        "of what is left, and take them away too.",
        "`torch.linalg.svd(centred, full_matrices=False).Vh` has the directions in its "
        "rows, widest first, each of length 1.",
        "`centred @ widest.T` says how far each point goes along each of them; times "
        "`widest` it is a point again. Subtract it from `centred`.",
    ],
    wrong=[
        only_takes_the_mean_away,
        keeps_the_mean,
        puts_the_mean_back,
        centres_each_point,
        returns_what_goes,
        returns_coordinates,
        takes_the_narrowest,
        takes_columns_of_vh,
        always_takes_one,
        divides_by_the_spread,
    ],
)

CHECKS = {
    "nearest_centre": NEAREST_CENTRE,
    "move_centres": MOVE_CENTRES,
}
