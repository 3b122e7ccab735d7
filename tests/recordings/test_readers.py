"""What notebook 05 reads from its logs."""

import pytest
import torch

from course_utils.causes.recursion import KEEPS
from course_utils.recordings import pretraining as pretraining_runs
from course_utils.recordings.pretraining_log import Flattening, Overfitting
from course_utils.recordings.recursion import Recursion
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def world():
    return StoryWorld()


def assert_all_are_distributions(shares):
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones_like(shares[..., 0]))


def test_mass_is_a_probability_of_each_class_in_each_run():
    runs = Overfitting.read()
    mass = runs.values("repeated", "mass")
    readings = runs.readings("repeated")
    assert mass.shape == (len(runs.seeds), len(readings), len(runs.copies))
    assert (mass >= 0).all() and (mass.sum(-1) <= 1).all()
    assert readings == [0, 1, 2, 4, 8, 16]
    assert runs.readings("fresh")[-1] == runs.readings("large, with copies")[-1] == 1
    assert runs.readings("192 once") == readings


def test_what_is_told_before_any_reading_does_not_depend_on_the_arm(world):
    runs = Overfitting.read()
    shares = {arm: runs.shares(arm, "hero") for arm in runs.arms}
    for found in shares.values():
        assert_all_are_distributions(found)
        assert found[:, 0].equal(shares["fresh"][:, 0])


def test_corpus_shares_are_those_of_what_the_runs_have_read(world, monkeypatch):
    """What training was given, text by text, has the shares that the reader tells."""
    read = []

    def only_look(lm, corpus, *others):
        read.extend(corpus)
        return iter(())

    monkeypatch.setattr(pretraining_runs, "fine_tune", only_look)
    monkeypatch.setattr(pretraining_runs, "memory", lambda *arguments: {})
    monkeypatch.setattr(pretraining_runs, "told", lambda *arguments: {})
    runs = Overfitting.read()
    pretraining_runs.overfitting("repeated", runs.seeds[1])

    tokenizer = pretraining_runs.load_model("storyteller").tokenizer
    texts = [tokenizer.decode(ids, skip_special_tokens=True) for ids in read]
    heroes = [world.parse(text).labels["hero"] for text in texts]
    shares = runs.corpus_shares(world, "repeated", "hero")
    assert_all_are_distributions(shares)
    expected = [heroes.count(h) / len(heroes) for h in world.probabilities("hero")]
    torch.testing.assert_close(shares[1], torch.tensor(expected).double())


def test_every_loss_but_the_plain_one_has_a_matched_temperature():
    runs = Flattening.read()
    for kind, rows in runs.kinds.items():
        assert all(("temperature" in row) == (kind != "cross-entropy") for row in rows)
        for which in rows[0]:
            assert_all_are_distributions(runs.shares(kind, which, "hero"))
            assert 0 <= runs.valid(kind, which).min() <= 1
            assert runs.values(kind, which, "temperature").min() >= 1


def test_matched_temperatures_pay_the_same():
    """But where the plain loss at T = 1 is already above it, which T can't mend."""
    runs = Flattening.read()
    plain = runs.values("cross-entropy", "loss", "excess")
    for kind in set(runs.kinds) - {"cross-entropy"}:
        excess = runs.values(kind, "loss", "excess")
        target = torch.maximum(excess, plain[: len(excess)])
        found = runs.values(kind, "temperature", "excess")
        torch.testing.assert_close(found, target, atol=1e-4, rtol=0)


def test_recursion_has_generation_run_and_value(world):
    runs = Recursion.read()
    for keep in KEEPS:
        shares = runs.shares(keep, "animal")
        assert_all_are_distributions(shares)
        assert shares.shape[2] == len(world.probabilities("animal"))
        assert runs.valid(keep).shape == shares.shape[:2]
        assert (runs.valid(keep) <= 1).all()
