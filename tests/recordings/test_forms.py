import json

import pytest
import torch

from course_utils.recordings import forms as recording
from course_utils.recordings.forms import (
    EXPERIMENTS,
    Experiment,
    final_values,
    forms_log,
    late,
    late_table,
    record,
    settings,
)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Two variants of a toy that takes no time; the list of its runs."""
    ran = []

    def run(seed, loud=False):
        ran.append((seed, loud))
        shares = torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.0, 0.0], [0.25, 0.25]])
        return [0, 10, 20, 30], shares, {"seed": [float(seed)] * 4}

    toy = Experiment(run, 2, recording, {"quiet": {}, "loud": {"loud": True}})
    monkeypatch.setattr(recording, "EXPERIMENTS", {"toy": toy})
    monkeypatch.setattr(recording, "STATE", tmp_path / "state")
    return ran


def test_log_has_one_row_per_seed_for_each_measure(tiny, tmp_path):
    record(tmp_path / "log.json", seeds=(3, 5))
    log = forms_log(tmp_path / "log.json")
    quiet = log["runs"]["toy"]["quiet"]
    assert log["seeds"] == [3, 5] and log["modes"] == {"toy": 2}
    assert quiet["steps"] == [0, 10, 20, 30]
    assert quiet["effective"] == [[2.0, 1.0, 0.0, 2.0]] * 2
    assert quiet["covered"] == [[2, 1, 0, 2]] * 2
    assert quiet["inside"] == [[1.0, 1.0, 0.0, 0.5]] * 2
    assert quiet["seed"] == [[3.0] * 4, [5.0] * 4]
    assert final_values(log, "toy", "loud", "seed") == [3, 5]


def test_an_interrupted_recording_goes_on(tiny, tmp_path):
    record(tmp_path / "log.json", seeds=(1,))
    record(tmp_path / "log.json", seeds=(1, 2))
    assert tiny == [(1, False), (1, True), (2, False), (2, True)]


def test_runs_under_other_settings_are_not_kept(tiny, tmp_path, monkeypatch):
    record(tmp_path / "log.json", seeds=(1,))
    changed = Experiment(
        recording.EXPERIMENTS["toy"].run, 2, recording, {"quiet": {"loud": False}}
    )
    monkeypatch.setitem(recording.EXPERIMENTS, "toy", changed)
    record(tmp_path / "log.json", seeds=(1,))
    assert len(tiny) == 3


def test_final_values_average_the_last_quarter():
    log = {
        "runs": {"toy": {"plain": {"effective": [list(range(8)), [1] * 6 + [0, 4]]}}}
    }
    assert final_values(log, "toy", "plain") == [6.5, 2]


@pytest.fixture(scope="module")
def log():
    return forms_log()


def test_the_log_belongs_to_the_present_settings(log):
    assert set(log["runs"]) == set(EXPERIMENTS)
    for name in EXPERIMENTS:
        assert log["settings"][name] == json.loads(json.dumps(settings(name)))


def test_the_log_has_five_seeds_or_more(log):
    for variants in log["runs"].values():
        for run in variants.values():
            rows = [row for key, row in run.items() if key != "steps"]
            assert all(len(row) == len(log["seeds"]) >= 5 for row in rows)


@pytest.mark.parametrize("name", ["bandit", "grid"])
def test_the_log_can_be_made_again(log, name):
    seed = log["seeds"][1]
    again = recording._trace(name, "as it is", seed)
    stored = log["runs"][name]["as it is"]["effective"][1]
    assert again["effective"][:4] == pytest.approx(stored[:4], abs=0.02)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_toy_collapses_with_every_seed(log, name):
    assert max(final_values(log, name, "as it is")) < log["modes"][name] / 2


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("ring", "minibatch statistics"),
        ("digits", "minibatch statistics"),
        ("embeddings", "negatives"),
        ("embeddings", "stop-gradient"),
        ("bandit", "entropy bonus"),
        ("grid", "entropy bonus"),
        ("self-play", "entropy bonus"),
    ],
)
def test_these_remedies_help_with_every_seed(log, name, remedy):
    assert min(final_values(log, name, remedy)) > log["modes"][name] / 2


def test_late_values_carry_an_interval(log):
    found = late(log, "ring", "as it is")
    assert found.low <= found.mean <= found.high
    assert str(found) == f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"
    assert late_table(log, "ring").splitlines()[0] == f"{'as it is':22}{found}"


def test_self_play_is_seen_from_its_first_step_on():
    steps, policies, more = recording.self_play(0, bonus=0.0, steps=40)
    assert steps == [0, 20, 40]
    assert len(policies) == len(more["so far"]) == len(more["exploitability"]) == 3
