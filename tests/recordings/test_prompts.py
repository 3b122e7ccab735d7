"""Requests, retrieved tales and restarts: what is recorded, and how it is read."""

import json

import pytest

from course_utils.recordings import prompts
from course_utils.recordings.prompts import Prompts


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Runs that take seconds."""
    short = {"TOLD": 4, "COUNTED": 1, "MODELS": {"storyteller": 0}, "NEXT_TOLD": 2}
    short |= {"REQUESTS": {"nothing": ""}, "STUCK_TOKENS": 60, "RESTARTED_TOKENS": 60}
    for name, value in short.items():
        monkeypatch.setattr(prompts, name, value)
    monkeypatch.setattr(prompts, "queries", lambda: ["fox"])


def record(folder, seeds=(0, 1)):
    prompts.record(folder / "log.json", seeds, folder / "state")
    return json.loads((folder / "log.json").read_text())


def test_the_log_has_every_run(tmp_path):
    log = record(tmp_path)
    kinds = [name.split("/")[0] for name in log["rows"]]
    assert kinds == ["prompts"] * 2 + ["retrieval"] + ["restarts"] * 6
    read = Prompts(log["seeds"], log["rows"])
    assert len(read.plots("storyteller", "nothing")) == 2
    assert all(0 <= share <= 1 for share in read.restarts("alone"))


def test_exact_shares_are_those_of_the_world(tmp_path):
    log = record(tmp_path)
    for kind in ("nearest", "diverse"):
        exact = log["rows"]["retrieval/fox"][kind]["hero"]["exact"]
        assert sum(exact) == pytest.approx(1, abs=1e-3)
        assert len(exact) == 24


def test_an_interrupted_recording_ends_with_the_same_log(tmp_path, monkeypatch):
    whole, real, calls = record(tmp_path / "whole"), prompts.write_with_restarts, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(prompts, "write_with_restarts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record(tmp_path)
    assert record(tmp_path) == whole


def test_retrieved_tales_share_what_was_looked_for():
    for diversity in (0.0, 0.8):
        texts = prompts.found_for("owl", diversity)
        assert len(texts) == 2 and all("owl" in text for text in texts)
