"""Samplers by validity and variety: what is recorded, and how it is read."""

import dataclasses
import json
import math

import pytest
import torch

from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings import adaptive, frontier, noise, truncation
from course_utils.recordings.frontier import Arm, Frontier, Plan

PLANS = {"truncation": truncation, "adaptive": adaptive, "noise": noise}


def row(valid, pairs, entropy=1.0):
    return {"valid": valid, "changed": 0, "pairs": pairs, "entropy": entropy}


@pytest.fixture
def made():
    """Two arms at three settings and two seeds, of 100 texts each."""
    plain = [[row(100, 10), row(100, 12)], [row(90, 20), row(90, 22)]]
    other = [[row(100, 14), row(98, 16)], [row(80, 44), row(82, 46)]]
    rows = {"temperature": [*plain, [row(70, 30), row(70, 32)]], "other": other}
    settings = {"temperature": [1.0, 1.5, 2.0], "other": [0.1, 0.2]}
    return Frontier(100, 10, settings, rows)


def test_a_level_between_two_settings_is_read_off_a_straight_line(made):
    assert made.at("temperature", 0.95).value == pytest.approx(16)
    assert made.at("temperature", 0.80).value == pytest.approx(26)
    assert math.isnan(made.at("temperature", 0.5).value)


def test_the_lead_is_the_difference_at_one_level(made):
    lead = made.lead("other", 0.90)
    assert lead.value == pytest.approx(30 - 21)
    assert lead.n == 2 and all(map(math.isnan, lead.interval))


def test_a_lead_has_an_interval_from_five_seeds_on(made):
    rows = {arm: [each * 3 for each in at] for arm, at in made.rows.items()}
    lead = dataclasses.replace(made, rows=rows).lead("other", 0.90)
    assert lead.n == 6 and lead.value == pytest.approx(30 - 21)
    assert lead.interval[0] < lead.value < lead.interval[1]


def test_a_setting_is_compared_where_the_other_arm_comes_to_its_level(made):
    assert made.lead_at("other", 0.2).value == pytest.approx(45 - 25.5)
    assert made.lead_at("temperature", 1.5).value == pytest.approx(0)


def test_shares_and_gaps(made):
    assert made.values("other", "validity")[1].tolist() == [0.8, 0.82]
    made.rows["other"][1][0]["pairs"] = None
    assert made.values("other", "pairs").isnan().tolist() == [
        [False] * 2,
        [True, False],
    ]


def test_an_estimate_prints_its_interval(made):
    lead = made.lead("other", 0.90)
    assert format(lead, ".2f").startswith("9.00 (")
    assert str(lead).startswith("9.0 (")


def test_the_table_says_who_is_ahead_and_who_never_gets_there(made):
    lines = made.table_of_leads((0.9, 0.5)).splitlines()
    assert lines[0].split() == ["90%", "are", "valid", "50%", "are", "valid"]
    assert lines[1].startswith("plain temperature has") and "21.0 (" in lines[1]
    assert lines[2].split()[:2] == ["other", "+9.0"]
    assert lines[2].endswith("never there")


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr(frontier, "MAX_NEW_TOKENS", 20)
    arms = {
        "T": Arm((0.5, 9, 10, 11), lambda T, _: [Temperature(T)]),
        "again": Arm((0.5,), lambda T, _: [Temperature(T)]),
    }
    return Plan("trial", arms, groups=2, size=3, counted=2)


def record(plan, folder, seeds=(0, 1)):
    plan.record(folder / "log.json", seeds, folder / "state")
    return json.loads((folder / "log.json").read_text())


def test_an_arm_ends_where_its_texts_are_broken(plan, tmp_path):
    plan = dataclasses.replace(plan, name="trial")
    log = record(plan, tmp_path)
    # Texts of 20 tokens are unfinished, so the first setting is broken already.
    assert [len(rows) for rows in log["arms"].values()] == [1, 1]
    assert log["command"] == "python -m course_utils.recordings trial"
    assert log["settings"] == json.loads(json.dumps(plan.settings()))


def test_the_same_sampler_gives_the_same_rows(plan, tmp_path):
    log = record(plan, tmp_path)
    assert log["arms"]["T"][0] == log["arms"]["again"][0]
    assert log["arms"]["T"][0][0] != log["arms"]["T"][0][1]


def test_an_interrupted_recording_ends_with_the_same_log(plan, tmp_path, monkeypatch):
    whole, calls = record(plan, tmp_path / "whole"), []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return generate(*args, **kwargs)

    monkeypatch.setattr(frontier, "generate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record(plan, tmp_path)
    assert record(plan, tmp_path) == whole
    assert len(calls) < 4 + 8


def test_variety_is_counted_in_as_many_valid_texts_of_each_group():
    lm = frontier._lm()
    told = [generate(lm, "", 20, 110, seed=seed, progress=False) for seed in (0, 1)]
    both = frontier.measures(told, counted=10)
    each = [frontier.measures([runs], counted=10) for runs in told]
    assert both["pairs"] == pytest.approx(sum(r["pairs"] for r in each) / 2, abs=1e-3)
    assert both["valid"] == sum(r["valid"] for r in each)
    assert frontier.measures(told, counted=21)["pairs"] is None
    entropies = torch.cat([runs.entropy.flatten() for runs in told])
    assert both["entropy"] == pytest.approx(entropies.nanmean().item(), abs=1e-4)


@pytest.mark.parametrize("name", PLANS)
def test_every_arm_makes_samplers_that_run(name):
    lm = frontier._lm()
    for arm in PLANS[name].ARMS.values():
        samplers = arm.make(arm.settings[0], 1)
        assert len(generate(lm, "", 2, 3, samplers, progress=False)) == 2
        assert list(arm.settings) == sorted(arm.settings)
