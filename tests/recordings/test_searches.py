"""Searches beside samples: what is recorded, and how it is read."""

import json

import pytest

from course_utils.recordings import searches
from course_utils.recordings.searches import Searches


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Runs that take seconds."""
    short = {"ROWS": 2, "MAX_NEW_TOKENS": 8, "OF_EACH_KIND": 1, "GROUPS": (2,)}
    short |= {"PENALTIES": (0.5,), "HEATS": (1.0,), "ALPHAS": (0.5,)}
    for name, value in short.items():
        monkeypatch.setattr(searches, name, value)


def record(folder, seeds=(0, 1)):
    searches.record(folder / "log.json", seeds, folder / "state")
    return json.loads((folder / "log.json").read_text())


def test_every_method_answers_every_request(tmp_path):
    log = record(tmp_path)
    assert len(log["prompts"]) == 3
    assert all(len(rows) == 3 for rows in log["rows"].values())
    assert [len(runs) for runs in log["rows"]["samples, T 1"]] == [2, 2, 2]
    assert [len(runs) for runs in log["rows"]["beams"]] == [1, 1, 1]


def test_an_interrupted_recording_ends_with_the_same_log(tmp_path, monkeypatch):
    whole, real, calls = record(tmp_path / "whole"), searches.contrastive_search, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(searches, "contrastive_search", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record(tmp_path)
    assert record(tmp_path) == whole


def test_a_value_is_the_mean_over_the_seeds():
    rows = {"a": [[{"arcs": 1}, {"arcs": 2}], [{"arcs": 4}, {"arcs": 4}]]}
    assert Searches(["x", "y"], rows).values("a", "arcs").tolist() == [1.5, 4]


def test_ten_texts_are_tallied_by_what_the_parser_says():
    tale = searches._world().sample(1, seed=0)[0].text
    row = searches.tallied([tale, tale, "No tale."], passes=7)
    assert row == {"valid": 2, "texts": 2, "arcs": 1, "tales": 1, "passes": 7}
