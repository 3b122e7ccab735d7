"""Training starts from nothing, goes on after an interruption, and is repeatable."""

import math

import pytest
import torch
from safetensors.torch import load_file

from course_utils import load_model
from course_utils.training import measure, model_card, storyteller
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A corpus and batches that train in seconds."""
    monkeypatch.setattr(storyteller, "BATCH", 2)
    monkeypatch.setattr(storyteller, "CONTEXT", 96)
    monkeypatch.setattr(storyteller, "VOCABULARY", 400)
    monkeypatch.setattr(storyteller, "DOCUMENTS_PER_CHUNK", 200)
    monkeypatch.setattr(storyteller, "CHECKPOINT_EVERY", 2)


def weights_after(folder, steps, seed=0):
    storyteller.train(folder, steps, seed, threads=1)
    return load_file(folder / "model.safetensors")


def equal(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def interrupt_after(monkeypatch, steps):
    real, done = storyteller.training_step, []

    def interrupted(*args):
        if len(done) == steps:
            raise KeyboardInterrupt
        done.append(1)
        return real(*args)

    monkeypatch.setattr(storyteller, "training_step", interrupted)
    return lambda: monkeypatch.setattr(storyteller, "training_step", real)


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, monkeypatch):
    whole = weights_after(tmp_path / "whole", 5)
    restore = interrupt_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        storyteller.train(tmp_path / "broken", 5, 0, threads=1)
    restore()
    assert equal(weights_after(tmp_path / "broken", 5), whole)


def test_the_seed_decides(tmp_path):
    first = weights_after(tmp_path / "a", 1, seed=0)
    assert equal(first, weights_after(tmp_path / "b", 1, seed=0))
    assert not equal(first, weights_after(tmp_path / "c", 1, seed=1))


def test_the_trained_folder_can_be_loaded_and_measured(tmp_path):
    storyteller.train(tmp_path, 1, 0, threads=1)
    lm = load_model(tmp_path)
    assert lm.encode("") == [0] and lm.encode("Once")[0] == 0
    found = measure.cross_entropy(lm, StoryWorld(), n=5)
    assert found.model > found.oracle > 0
    assert math.isclose(found.gap, found.model / found.oracle - 1)


def test_the_card_says_what_was_measured(tmp_path, monkeypatch):
    storyteller.train(tmp_path, 1, 0, threads=1)
    few = measure.cross_entropy
    monkeypatch.setattr(measure, "cross_entropy", lambda lm, world: few(lm, world, 5))
    monkeypatch.setattr(
        measure,
        "at_temperature",
        lambda lm, world, t: measure.AtTemperature(t, 10, 9, (0.6, 0.98), 5.0),
    )
    monkeypatch.setattr(
        measure, "factor_distances", lambda lm, world: {"hero": (0.02, 0.01)}
    )
    model_card.write_model_card(tmp_path, steps=1, seed=0)
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "Cross-entropy" in card and "| 0.3 | 9 | 0.600 to 0.980 | 5.0 |" in card
    assert "| hero | 0.0200 | 0.0100 |" in card


def test_windows_begin_with_a_document_and_never_repeat_one():
    world = StoryWorld()
    tokenizer = storyteller.make_tokenizer(world, 0)
    batches = storyteller.endless_batches(world, tokenizer, 0, skip=0)
    first, second = next(batches).inputs, next(batches).inputs
    assert first.shape == (2, 96)
    assert (first[:, 0] == 0).all() and (second[:, 0] == 0).all()
    assert not torch.equal(first, second)
    skipped = storyteller.endless_batches(world, tokenizer, 0, skip=1)
    assert torch.equal(next(skipped).inputs, second)


def test_the_rate_warms_up_stays_and_falls_to_zero():
    shares = [storyteller.rate_share(step, 1000) for step in range(1000)]
    assert shares[0] == 1 / storyteller.WARM_UP
    assert shares[storyteller.WARM_UP] == shares[200] == 1.0
    assert 0 < shares[-1] < 0.01


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        (["a", "a", "begun"], "it tells the same tale 2 times in a row."),
        (["b", "a", "a", "a", "be"], "it tells the same tale 3 times in a row."),
        (["a", "b", "begun"], "2 different documents, no loop within the context."),
        (["a", "begun"], "1 different documents, no loop within the context."),
    ],
)
def test_the_card_tells_a_loop_from_two_complete_documents_on(documents, told):
    assert model_card._loop(documents) == told
