"""The logs that notebooks read belong to the present settings and model."""

import json

import pytest

from course_utils.data_files import data_path
from course_utils.recordings import (
    adaptive,
    foresight,
    noise,
    pretraining,
    prompts,
    recursion,
    searches,
    shootout_again,
    truncation,
)

SAMPLERS = {"truncation": truncation, "adaptive": adaptive, "noise": noise}
RECORDERS = {
    "foresight": foresight,
    "pretraining": pretraining,
    "prompts": prompts,
    "recursion": recursion,
    "searches": searches,
    **SAMPLERS,
}


@pytest.mark.parametrize("name", RECORDERS)
def test_the_log_belongs_to_the_present_settings(name):
    log = json.loads(data_path("results", f"{name}.json").read_text())
    assert log["settings"] == RECORDERS[name].settings()
    assert log["command"] == f"python -m course_utils.recordings {name}"
    assert log["seeds"] == list(RECORDERS[name].SEEDS)


@pytest.mark.parametrize("name", RECORDERS)
def test_the_log_is_small(name):
    assert data_path("results", f"{name}.json").stat().st_size < 200_000


def test_the_second_shootout_is_like_the_first_on_other_seeds():
    first, again = (
        json.loads(data_path("results", f"{name}.json").read_text())
        for name in ("shootout", "shootout_again")
    )
    assert again["command"] == shootout_again.COMMAND
    assert list(again["models"]) == list(shootout_again.MODELS)
    assert again["seeds"] == list(shootout_again.SEEDS)
    assert not {*again["seeds"]} & {*first["seeds"], *first["settings"]["tuning"]}
    assert again["failed"] == [] and len(again["seeds"]) == 8
    for name in ("budget", "kept", "max_new_tokens"):
        assert again["settings"][name] == first["settings"][name]
    for model, result in again["models"].items():
        settings, before = (
            [{k: v for k, v in row.items() if k != "runs"} for row in rows["judged"]]
            for rows in (result, first["models"][model])
        )
        names = shootout_again.CONTESTANTS
        assert settings == [row for row in before if row["contestant"] in names]


def test_the_storyteller_ran_for_five_generations_and_three_seeds():
    log = json.loads(data_path("results", "recursion.json").read_text())
    for keep in ("replace", "accumulate"):
        runs = [run for run in log["runs"] if run["keep"] == keep]
        assert len({run["seed"] for run in runs}) >= 3
        assert all(len(run["told"]) >= 6 for run in runs)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_arm_has_eight_seeds_at_every_setting(name):
    log = json.loads(data_path("results", f"{name}.json").read_text())
    assert len(log["seeds"]) >= 8
    assert list(log["arms"]) == list(SAMPLERS[name].ARMS)
    for rows in log["arms"].values():
        assert rows and all(len(row) == len(log["seeds"]) for row in rows)
