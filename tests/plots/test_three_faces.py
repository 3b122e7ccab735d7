import pytest
import torch

from course_utils.causes.forms.gan import load_digits
from course_utils.causes.forms.policies import GOAL, ROUTES, route_cells
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
