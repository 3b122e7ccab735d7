"""The log of notebook 06: made under the present settings, and able to go on."""

import itertools
import json

import pytest

from course_utils.causes.tuning import Recipe
from course_utils.data_files import data_path
from course_utils.foundations.intervals import FEWEST
from course_utils.model import load_model
from course_utils.recordings.ladder import FOLDER
from course_utils.recordings.reward import (
    EVERY,
    LADDER_STEPS,
    RECIPES,
    SEEDS,
    SEEDS_OF,
    STEPS,
    Measured,
    Run,
    as_rung,
    happy_ending,
    measure,
    place_of_ladder,
    planned,
    planned_run,
    settings,
    steps_of,
)
from course_utils.worlds.parsing import FACTORS
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def world():
    return StoryWorld()


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller")


@pytest.fixture(scope="module")
def log():
    return json.loads(data_path("results", "reward.json").read_text())


def test_the_log_belongs_to_the_present_settings(log):
    assert log["settings"] == json.loads(json.dumps(settings()))
    assert log["seeds"] == list(SEEDS)
    assert log["command"] == "python -m course_utils.recordings reward"


def test_the_log_holds_every_recipe_with_every_seed(log):
    found = [(run["recipe"], run["seed"]) for run in log["runs"]]
    assert found == planned(SEEDS)
    assert {name for name, _ in found} == set(RECIPES)
    for run in log["runs"]:
        steps = steps_of(run["recipe"])
        assert len(run["steps"]) == steps
        assert [each["step"] for each in run["measured"]][-1] == steps


def test_few_seeds_are_planned_only_where_no_interval_is_claimed():
    seeds = {name: [s for n, s in planned(SEEDS) if n == name] for name in RECIPES}
    for name, of_name in seeds.items():
        assert of_name == list(SEEDS[: SEEDS_OF.get(name, len(SEEDS))])
    assert set(RECIPES) > set(SEEDS_OF)
    assert len(SEEDS) >= 8 and max(SEEDS_OF.values()) < FEWEST


def test_the_log_counts_what_it_measured(log, world):
    for measured in [
        log["start"],
        *(m for run in log["runs"] for m in run["measured"]),
    ]:
        assert measured["happy"] <= measured["valid"] <= measured["n"]
        for factor in FACTORS:
            counts = measured["counts"][factor]
            assert len(counts) == len(world.probabilities(factor))
            assert sum(counts) == measured["valid"]


def test_the_reward_sees_the_ending_and_nothing_else(world):
    reward = happy_ending(world)
    for story in world.sample(50, seed=1):
        assert reward(story.text) == (story.labels["mood"] == "merry")
        assert reward(story.text[:-20]) == 0
    assert reward("") == 0


def test_measuring_counts_labels_of_valid_texts(storyteller, world):
    found = measure(storyteller, storyteller, world, step=0, n=12, seed=1)
    assert found.n == 12
    assert found.kl == 0
    assert found.entropy > 0
    assert {sum(counts) for counts in found.counts.values()} == {found.valid}
    mood = list(world.probabilities("mood")).index("merry")
    assert found.counts["mood"][mood] == found.happy


def test_an_interrupted_run_goes_on_to_the_same_end(storyteller, world, tmp_path):
    recipe = Recipe(texts=4, learning_rate=1e-3)

    def run(folder):
        return Run(storyteller, world, recipe, 5, tmp_path / folder, 1, 4, rungs=(2,))

    whole = run("whole")
    at_once = whole.up_to(2)
    run("halves").up_to(1)
    second = run("halves")
    assert second.up_to(2) == at_once
    assert second.steps_up_to(2) == whole.steps_up_to(2)
    assert len(whole.steps_up_to(2)) == 2
    assert second.difference_at(2).keys() == whole.difference_at(2).keys()


def test_runs_that_differ_have_folders_of_their_own(storyteller, world, tmp_path):
    folders = {
        planned_run(storyteller, world, name, seed, tmp_path).folder
        for name in RECIPES
        for seed in SEEDS
    }
    assert len(folders) == len(RECIPES) * len(SEEDS)


def measured_with(counts, n=20):
    """A point with these counts of heroes, and nothing to tell apart otherwise."""
    valid = sum(counts)
    all_counts = {
        factor: [valid] + [0] * (len(StoryWorld().probabilities(factor)) - 1)
        for factor in FACTORS
    }
    all_counts["hero"] = counts + [0] * (24 - len(counts))
    return Measured(20, n, valid, valid // 2, 0.4, 1.0, all_counts)


def test_a_rung_says_what_is_left_of_each_factor():
    rung = as_rung(measured_with([5, 5]), seed=3)
    assert (rung.seed, rung.step, rung.valid, rung.reward) == (3, 20, 0.5, 0.25)
    assert rung.effective == dict.fromkeys(FACTORS, 1.0) | {"hero": 2.0}
    assert rung.coverage["hero"] == pytest.approx(2 / 24, abs=1e-3)


def test_shares_are_those_among_the_valid(world):
    point = measured_with([6, 2, 2], n=40)
    assert (point.reward, point.validity) == (0.125, 0.25)
    shares = point.shares("hero")
    assert list(shares) == list(world.probabilities("hero"))
    assert list(shares.values())[:4] == [0.6, 0.2, 0.2, 0]
    assert measured_with([1, 3, 2]).commonest("hero") == list(shares)[1]


def test_coverage_is_the_mean_over_all_draws_of_so_many():
    counts = [3, 2, 1]
    tales = [hero for hero, count in enumerate(counts) for _ in range(count)]
    for texts in range(1, 7):
        draws = [len(set(draw)) for draw in itertools.combinations(tales, texts)]
        expected = sum(draws) / len(draws) / 24
        assert measured_with(counts).coverage("hero", texts) == pytest.approx(expected)


@pytest.mark.parametrize("texts", [0, -1, 11])
def test_no_more_can_be_drawn_than_are_valid(texts):
    with pytest.raises(ValueError, match=f"texts is {texts}; allowed are 1 to 10"):
        measured_with([5, 5]).coverage("hero", texts)


def test_where_nothing_is_valid_there_are_no_shares():
    with pytest.raises(ValueError, match="no text is valid at step 20"):
        measured_with([0]).effective("hero")


def test_only_the_shipped_log_makes_the_shipped_ladder(tmp_path):
    assert place_of_ladder(data_path("results", "reward.json")) == FOLDER
    assert place_of_ladder(tmp_path / "reward.json") == tmp_path / "ladder"
    assert set(LADDER_STEPS) <= set(SEEDS)
    for steps in LADDER_STEPS.values():
        assert steps[-1] == STEPS and all(step % EVERY == 0 for step in steps)
