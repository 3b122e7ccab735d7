import pytest
import torch
from matplotlib.figure import Figure

from course_utils.causes.forms.gan import GanRun, load_digits
from course_utils.causes.forms.policies import GOAL, ROUTES, route_cells
from course_utils.classroom.style import PALETTE
from course_utils.plots import three_faces as pictures
from course_utils.recordings.forms import forms_log, late


@pytest.fixture(scope="module")
def log():
    return forms_log()


def walks_along(route):
    """The policy that always takes one of the shortest routes."""
    policy = torch.full((GOAL + 1, 4), 0.25)
    policy[route_cells()[route]] = torch.eye(4)[ROUTES[route]]
    return policy


def test_edges_of_the_only_route_are_always_used():
    used = pictures._edge_shares(walks_along(3))
    assert sorted(used.values())[-6:] == pytest.approx([1] * 6)
    assert sum(used.values()) == pytest.approx(6)


def test_routes_are_counted_in_the_title():
    figure = pictures.plot_routes({0: walks_along(0), 0.5: walks_along(1)})
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes]
    assert titles == ["Bonus 0: 1.0 of 20 routes", "Bonus 0.5: 1.0 of 20 routes"]


def test_the_faces_keep_what_their_headline_says(log):
    below_half = {
        (toy, variant)
        for toy, variants in pictures._SHOWN.items()
        for variant in variants
        if late(log, toy, variant).mean < log["modes"][toy] / 2
    }
    alone = {(toy, "as it is") for toy in pictures._SHOWN}
    assert below_half == alone | {("digits", "gradient penalty")}


@pytest.mark.parametrize("draw", ["plot_ring", "plot_price", "plot_faces"])
def test_figures_of_the_log_can_be_drawn(draw, log):
    figure = getattr(pictures, draw)(log)
    figure.draw_without_rendering()
    assert all(axes.lines for axes in figure.axes)


def test_images_are_tiled_under_the_number_of_digits_in_them():
    images, _ = load_digits()
    figure = pictures.plot_images({"blank": torch.full((40, 64), -1.0), "all": images})
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes]
    assert titles == ["blank:\n0.0 of 10 digits", "all:\n10.0 of 10 digits"]
    assert figure.axes[0].images[0].get_array().shape == (50, 70)


def test_moves_have_a_line_each():
    paths = {0.0: torch.eye(3), 0.2: torch.full((4, 3), 1 / 3)}
    figure = pictures.plot_moves(paths)
    assert [len(axes.lines) for axes in figure.axes] == [3, 3]


def test_each_row_has_its_mean_inside_its_interval(log):
    axes = pictures.plot_faces(log).axes[0]
    lines = [line.get_xdata() for line in axes.lines]
    intervals = [x for x in lines if len(x) == 2 and x[0] != x[1]]
    means = [x[0] for x in lines if len(x) == 1]
    assert len(means) == len(intervals) == len(axes.get_yticks())
    for (low, high), mean in zip(intervals, means, strict=True):
        assert low <= mean <= high


def test_the_race_shows_the_nearest_record_of_a_run():
    samples = torch.arange(12.0).reshape(2, 3, 2)  # [records, samples, 2]
    runs = {"none": GanRun([0, 50], samples), "long": GanRun([0, 900], samples)}
    covered = {"none": torch.tensor([1, 2]), "long": torch.tensor([1, 7])}
    artists = pictures.draw_race(Figure(), torch.zeros(4, 2))
    said = pictures.show_race(artists, runs, covered, remedy="none", step=50)
    assert said == "Step 50: 2 of 8 modes covered. Remedy: none."
    assert artists["dots"].get_xydata().tolist() == samples[1].tolist()
    assert artists["dots"].get_color() == PALETTE["collapsed"]
    pictures.show_race(artists, runs, covered, remedy="long", step=1500)
    assert artists["title"].get_text() == "Step 900: 7 of 8 modes covered"
    assert artists["dots"].get_color() == PALETTE["healthy"]


def test_the_arms_have_a_panel_for_each_bonus():
    even, one = torch.full((8,), 0.125), torch.eye(8)[0]
    paths = {0.0: torch.stack([even, one]), 0.1: torch.stack([even, even, even])}
    artists = pictures.draw_arms(Figure(), list(paths))
    assert pictures.show_arms(artists, paths, step=2) == "After 2 steps."
    heights = [[bar.get_height() for bar in bars] for bars, _ in artists.values()]
    assert heights == [one.tolist(), even.tolist()]
    titles = [title.get_text() for _, title in artists.values()]
    assert titles == [
        "Bonus 0: 1.0 of the best 4 in use",
        "Bonus 0.1: 4.0 of the best 4 in use",
    ]
