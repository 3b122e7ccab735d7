"""MAUVE against what its paper, its package and arithmetic say."""

import math

import pytest
import torch

from course_utils.detection.mauve import mauve, mauve_of_histograms


def test_equal_histograms_score_one():
    assert mauve_of_histograms([0.2, 0.3, 0.5], [0.2, 0.3, 0.5]) == pytest.approx(1)


def test_histograms_apart_score_what_the_integral_says():
    # The curve is ((1 - w)^c, w^c): its area is c B(c + 1, c).
    c = 5
    exact = c * math.factorial(c) * math.factorial(c - 1) / math.factorial(2 * c)
    assert mauve_of_histograms([1, 0], [0, 1]) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize(
    ("p", "q", "of_the_package"),  # mauve-text 0.4.0, its curve and its area
    [
        ([0.6, 0.4], [0.4, 0.6], 0.9768261247536059),
        ([0.4, 0.6, 0.0], [0.1, 0.2, 0.7], 0.09768131738876598),
    ],
)
def test_histograms_score_as_in_the_package(p, q, of_the_package):
    assert mauve_of_histograms(p, q) == pytest.approx(of_the_package, abs=1e-12)
    assert mauve_of_histograms(q, p) == pytest.approx(of_the_package, abs=1e-12)


def test_points_of_one_source_score_higher_than_points_apart():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 300, 8, generator=generator)
    assert mauve(first, second) > 0.9 > 0.3 > mauve(first, second + 1.5)


def test_a_mode_that_is_lost_lowers_the_score():
    generator = torch.Generator().manual_seed(1)
    centres = 4 * torch.eye(6)
    noise = torch.randn(2, 240, 6, generator=generator)
    every = centres.repeat(40, 1) + noise[0]
    few = centres[:2].repeat(120, 1) + noise[1]
    assert mauve(few, every) < 0.3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"points": torch.ones(1, 2), "reference": torch.ones(3, 2)}, "points"),
        ({"points": torch.ones(3, 2), "reference": torch.ones(1, 2)}, "reference"),
        ({"points": torch.ones(3, 2), "reference": torch.ones(3, 4)}, "width 4"),
        (
            {"points": torch.ones(3, 2), "reference": torch.ones(3, 2), "buckets": 7},
            "buckets is 7",
        ),
        (
            {"points": torch.ones(3, 2), "reference": torch.ones(3, 2), "buckets": 0},
            "buckets",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, named):
    with pytest.raises(ValueError, match=named):
        mauve(**arguments)


def test_histograms_of_unlike_lengths_are_refused():
    with pytest.raises(ValueError, match="q must be a list, as long as the list p"):
        mauve_of_histograms([0.5, 0.5], [1.0])
