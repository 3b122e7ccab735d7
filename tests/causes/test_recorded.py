"""What notebook 05 reads from its logs, and that its figures can be drawn."""

import pytest
import torch
from matplotlib.figure import Figure

from course_utils.causes import pictures, pretraining_runs
from course_utils.causes.recorded import Flattening, Overfitting, Recursion
from course_utils.causes.recursion import KEEPS, recurse
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
    assert mass.shape == (len(runs.seeds), len(runs.readings), len(runs.copies))
    assert (mass >= 0).all() and (mass.sum(-1) <= 1).all()
    assert runs.readings == [0, 1, 2, 4, 8, 16]


def test_what_is_told_before_any_reading_does_not_depend_on_the_arm(world):
    runs = Overfitting.read()
    shares = {arm: runs.shares(arm, "hero") for arm in runs.arms}
    for found in shares.values():
        assert_all_are_distributions(found)
        assert found[:, 0].equal(shares["fresh"][:, 0])


def test_corpus_shares_are_those_of_what_the_runs_have_read(world, monkeypatch):
    """Both sides draw the corpus by themselves: they must not drift apart."""
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
    shares = runs.corpus_shares(world, "hero")
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
        target = torch.maximum(runs.values(kind, "loss", "excess"), plain)
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


def test_figures_can_be_drawn(world):
    truth = torch.tensor([*world.probabilities("hero").values()]).double()
    truth /= truth.sum()
    told = {k: recurse(truth.expand(5, 24), 9, 4, k) > 0 for k in KEEPS}
    rows = truth.expand(3, 24)
    figures = [
        pictures.plot_favourites(rows, rows, rows.square()),
        pictures.plot_overfitting(Overfitting.read(), in_corpus=9.0),
        pictures.plot_flattening(Flattening.read(), in_world=14.0),
        pictures.plot_survival(told, (1, 2, 3, 4)),
        pictures.plot_recursion(Recursion.read()),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)


def test_the_bonus_figure_shows_heroes_and_junk():
    bonus, smooth, warm = torch.tensor(
        [[0.5, 0.4, 0.05, 0.05], [0.6, 0.3, 0.1, 0.0], [0.5, 0.5, 0.0, 0.0]]
    )
    artists = pictures.draw_bonus(Figure(), ["Mira", "Tom"], torch.tensor([0.6, 0.4]))
    caption = pictures.show_bonus(artists, 0.1, bonus, (0.2, smooth), (1.3, warm))
    assert [bar.get_height() for bar in artists["bars"]] == pytest.approx([0.5, 0.4])
    assert [bar.get_width() for bar in artists["junk"]] == pytest.approx([0, 0.1, 0.1])
    assert artists["title"].get_text() == "λ = 0.1: 0% of tales survive"
    assert "T = 1.30" in caption


def test_the_generation_figure_counts_who_is_told():
    artists = pictures.draw_generation(Figure(), torch.tensor([0.6, 0.3, 0.1]))
    shares = {
        "replace": torch.tensor([0.0, 1.0, 0.0]),
        "accumulate": torch.tensor([0.5, 0.5, 0.0]),
    }
    caption = pictures.show_generation(artists, shares)
    assert caption == "Replace: 1 of 3 heroes; accumulate: 2 of 3 heroes."
    assert artists["replace"]["bars"][1].get_height() == 1
    assert artists["accumulate"]["title"].get_text() == "Accumulate: 2 of 3 heroes"
