"""The shoot-out's log: frontiers, areas and leads, from rows whose answer is known."""

import copy
import math

import pytest
import torch

from course_utils.recordings.logs import read_log
from course_utils.recordings.shootout_log import Judged, Shootout

MEASURES = ["texts", "valid", "changed", "pairs"]


def entry(name, T, chosen=True):
    return Judged(name, {"T": T}, chosen, not chosen)


@pytest.fixture
def log():
    """Two contestants on six seeds that differ a little."""
    luck = torch.tensor([0.0, 1.0, -1.0, 2.0, -2.0, 0.0])
    means = {"a": [(100, 20), (80, 40)], "b": [(90, 10), (60, 20)]}
    rows = []
    for settings in means.values():
        for valid, pairs in settings:
            columns = [torch.full((6,), 100.0), valid + luck, 0 * luck, pairs + luck]
            rows.append(torch.stack(columns, dim=-1))
    entries = [entry(name, T) for name in means for T in (1, 2)]
    world = torch.tensor([[100.0, 100.0, 0.0, 50.0]] * 6)
    tried = {"m": {"a": [[1.0, 20.0], [0.8, 40.0]], "b": [[0.9, 10.0], [0.6, 20.0]]}}
    table = torch.stack(rows).double()
    return Shootout(6000, MEASURES, {"m": entries}, {"m": table}, tried, world.double())


def test_points_are_means_over_the_seeds(log):
    expected = torch.tensor([[1, 20], [0.8, 40], [0.9, 10], [0.6, 20]]).double()
    assert torch.allclose(log.points("m"), expected)
    assert log.world_point() == (1.0, 50.0)


def test_who_is_beaten_and_who_clearly(log):
    assert log.beaten("m").tolist() == [False, False, True, True]
    assert log.clearly_beaten("m").tolist() == [False, False, True, True]


def test_luck_alone_is_no_clear_defeat(log):
    noisy = log.results["m"].clone()
    noisy[2, :, 3] = torch.tensor([40.0, 0, 0, 30, 0, 0]).double()
    noisy[3] = noisy[1] + torch.tensor([0, -0.1, 0, -0.1]).double() * noisy[3]
    again = Shootout(6000, MEASURES, log.entries, {"m": noisy}, log.tried, log.world)
    assert again.beaten("m")[2] and not again.clearly_beaten("m")[2]


def test_areas_are_in_units_of_the_worlds(log):
    assert log.area("m", "a").value == pytest.approx((20 + 0.8 * 20) / 50)
    assert log.area("m", ["a", "b"]).value == log.area("m", "a").value
    lead = log.lead("m", "b", over="a")
    assert lead.value == pytest.approx((9 + 0.6 * 10) / 50 - 36 / 50)
    assert lead.interval[0] < lead.value < lead.interval[1] < 0


def test_the_lead_of_a_setting_is_paired_by_seed(log):
    ahead = log.lead_at("m", 0, 2)
    assert ahead.value == 10 and ahead.interval == pytest.approx((10, 10))


def test_the_most_varied_of_those_that_are_good_enough_is_picked(log):
    assert log.picked("m", ["a", "b"], 0.9) == entry("a", 1)
    assert log.picked("m", ["a", "b"], 0.5) == entry("a", 2)
    assert log.picked("m", ["b"], 0.6) == entry("b", 2)
    with pytest.raises(ValueError, match="at_least is"):
        log.picked("m", ["b"], 0.99)


def test_more_tries_cover_more(log):
    once, twice = log.by_tries("m", "a")
    assert once == pytest.approx((20 + 32) / 2 / 50)
    assert twice == pytest.approx(36 / 50)


def test_what_is_shown_has_half_widths_and_no_gaps(log):
    found = log.shown("m", ("validity", "pairs"), (-1, 1))
    ((mean, half), _) = found["a"]
    assert mean == (-1.0, 20.0) and half[1] == pytest.approx(100 * half[0])
    gap = log.results["m"].clone()
    gap[0, 3, 3] = math.nan
    holey = Shootout(6000, MEASURES, log.entries, {"m": gap}, log.tried, log.world)
    assert len(holey.shown("m", ("validity", "pairs"))["a"]) == 1


def test_a_setting_that_was_not_judged_is_named(log):
    assert log.place("m", "b", T=2) == 3
    with pytest.raises(ValueError, match=r"'b' with .*3.* was not judged"):
        log.place("m", "b", T=3)


def test_the_shipped_log_can_be_read():
    shipped = Shootout.read()
    assert shipped.seeds == 8 and len(shipped.contestants) == 30
    assert shipped.entries["tuned"][0].label == "temperature (T 0.85)"
    assert torch.equal(shipped.of_world("validity"), torch.ones(8).double())


def test_a_setting_with_a_failed_run_is_left_out():
    told = copy.deepcopy(read_log("shootout"))
    rows = told["models"]["tuned"]["judged"]
    rows[1]["runs"][3] = None
    found, whole = Shootout.from_log(told), Shootout.read()
    assert len(found.entries["tuned"]) == len(rows) - 1
    assert found.entries["storyteller"] == whole.entries["storyteller"]
    assert found.points("tuned").isfinite().all()
    assert found.points("tuned")[1].equal(whole.points("tuned")[2])
