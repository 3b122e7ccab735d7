"""The storyteller's recursion: what it records, and that it can be interrupted."""

import json

import pytest

from course_utils.causes.recursion import KEEPS
from course_utils.recordings import recursion as recursion_runs
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Chains that take seconds."""
    settings = {"GENERATIONS": 2, "SAMPLES": 3, "TOLD": 4, "STEPS": 2, "BATCH": 2}
    for name, value in (settings | {"MAX_NEW_TOKENS": 30}).items():
        monkeypatch.setattr(recursion_runs, name, value)


def record(folder, seeds=(0,)):
    out = folder / "log.json"
    recursion_runs.record(out, seeds, folder / "state")
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        small.__wrapped__(patch)
        return record(tmp_path_factory.mktemp("whole"))


def test_the_log_has_every_generation_of_every_chain(whole):
    assert [run["keep"] for run in whole["runs"]] == list(KEEPS)
    assert whole["command"] == "python -m course_utils.recordings recursion"
    world = StoryWorld()
    for run in whole["runs"]:
        assert len(run["told"]) == 3
        for told in run["told"]:
            for factor, counts in told["labels"].items():
                assert len(counts) == len(world.probabilities(factor))
                assert sum(counts) <= 4
            assert 0 <= told["valid"] <= 4


def test_both_chains_of_a_seed_begin_alike(whole):
    first, second = (run["told"] for run in whole["runs"])
    assert first[:2] == second[:2]


@pytest.mark.parametrize("broken", ["fine_tune", "generate"])
def test_an_interrupted_recording_ends_with_the_same_log(
    whole, tmp_path, monkeypatch, broken
):
    real, calls = getattr(recursion_runs, broken), []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(recursion_runs, broken, interrupted)
        with pytest.raises(KeyboardInterrupt):
            record(tmp_path)
    assert not (tmp_path / "log.json").exists()
    assert record(tmp_path) == whole


def test_what_is_finished_is_not_made_again(whole, tmp_path, monkeypatch):
    first = record(tmp_path)
    monkeypatch.setattr(recursion_runs, "generate", None)
    assert record(tmp_path) == first == whole


def test_other_settings_begin_anew(tmp_path, monkeypatch):
    first = record(tmp_path)
    monkeypatch.setattr(recursion_runs, "RATE", 0.5)
    second = record(tmp_path)
    assert second["settings"] != first["settings"]
    assert second["runs"] != first["runs"]
