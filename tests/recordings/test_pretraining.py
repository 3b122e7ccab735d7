"""The storyteller's losses and repetitions: what is recorded, and how."""

import json

import pytest
import torch

from course_utils.recordings import pretraining as pretraining_runs
from course_utils.recordings.pretraining import (
    ARMS,
    Corpus,
    corpus_of,
    excess_loss,
    held_out,
    losses,
    matching_temperature,
)
from course_utils.worlds.stories import StoryWorld

SMALL = {
    "MAX_NEW_TOKENS": 20,
    "BATCH": 2,
    "WEIGHTS": (0.1,),
    "AMOUNTS": (0.01,),
    "FLATTENING_STEPS": 2,
    "FLATTENING_HELD_OUT": 2,
    "FLATTENING_TOLD": 3,
    "COPIES": (2, 1),
    "ARMS": {
        "repeated": Corpus(scale=1),
        "fresh": Corpus(tales=12),
        "few once": Corpus(tales=4, bonus=0.1),
    },
    "IN_FEW": {"smoothing 0.01"},
    "FEW": 1,
    "CHECKPOINTS": (0, 2),
    "OVERFITTING_HELD_OUT": 2,
    "OVERFITTING_TOLD": 3,
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Runs that take seconds; nothing that they cache outlives them."""
    for name, value in SMALL.items():
        monkeypatch.setattr(pretraining_runs, name, value)
    yield
    held_out.cache_clear()
    pretraining_runs.trained_with.cache_clear()


def record(folder, seeds=(0,)):
    out = folder / "log.json"
    pretraining_runs.record(out, seeds, folder / "state")
    return json.loads(out.read_text())


def test_an_interrupted_recording_ends_with_the_same_log(tmp_path, monkeypatch):
    whole = record(tmp_path / "whole")
    real, calls = pretraining_runs.told, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(pretraining_runs, "told", interrupted)
        with pytest.raises(KeyboardInterrupt):
            record(tmp_path / "broken")
    assert not (tmp_path / "broken" / "log.json").exists()
    assert record(tmp_path / "broken") == whole
    assert_complete(whole)


def assert_complete(log):
    heroes = len(StoryWorld().probabilities("hero"))
    assert log["command"] == pretraining_runs.COMMAND
    assert set(log["flattening"]) == {"cross-entropy", "entropy 0.1", "smoothing 0.01"}
    for runs in log["flattening"].values():
        for found in runs[0].values():
            assert found["excess"] > 0 and 0 < found["junk"] < 1
            assert len(found["labels"]["hero"]) == heroes
    assert list(log["overfitting"]) == ["repeated", "fresh", "few once"]
    for runs in log["overfitting"].values():
        assert [row["step"] for row in runs[0]] == [0, 2]
    for arm, kinds in (("repeated", 2), ("fresh", 2), ("few once", 1)):
        for row in log["overfitting"][arm][0]:
            assert len(row["mass"]) == kinds
            assert (row["sharpness"] is None) == (kinds == 1)


def test_some_losses_are_recorded_with_few_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining_runs, "overfitting", lambda *job: [])
    monkeypatch.setattr(pretraining_runs, "flattening", lambda kind, seed: seed)
    log = record(tmp_path, seeds=(0, 1))
    assert log["flattening"] == {
        "cross-entropy": [0, 1],
        "entropy 0.1": [0, 1],
        "smoothing 0.01": [0],
    }


@pytest.mark.parametrize("arm", ARMS)
def test_every_corpus_has_as_many_texts_as_it_says(arm, monkeypatch):
    monkeypatch.undo()
    stories, copies = corpus_of(StoryWorld(), arm, seed=4)
    assert len(stories) == len(copies)
    assert sum(copies) == ARMS[arm].texts
    assert len({story.text for story in stories}) > 0.99 * len(stories)
    if ARMS[arm].scale:  # each class is an equal part of the corpus
        parts = {c: c * copies.count(c) for c in set(copies)}
        assert set(parts) == set(pretraining_runs.COPIES)
        assert len(set(parts.values())) == 1


def test_every_loss_has_the_value_of_its_formula():
    logits, targets = torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([2])
    log_probs = logits.log_softmax(-1)[0]
    entropy = -(log_probs.exp() * log_probs).sum()
    expected = {
        "cross-entropy": -log_probs[2],
        "entropy 0.1": -log_probs[2] - 0.1 * entropy,
        "smoothing 0.01": -0.99 * log_probs[2] - 0.01 * log_probs.mean(),
    }
    found = {name: loss(logits, targets) for name, loss in losses().items()}
    torch.testing.assert_close(found, expected)


def test_the_truth_itself_has_no_excess_and_is_matched_at_one():
    truth = torch.tensor([[0.5, 0.5, 0.0], [0.9, 0.05, 0.05]])
    logits = truth.clamp_min(1e-20).log()
    assert excess_loss(logits, truth) == pytest.approx(0, abs=1e-6)
    assert matching_temperature(logits, truth, 0.0) == pytest.approx(1, abs=1e-3)
    warm = matching_temperature(logits, truth, excess_loss(logits / 1.5, truth))
    assert warm == pytest.approx(1.5, abs=1e-3)
