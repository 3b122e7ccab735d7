"""What is counted, timed and weighed of samplers."""

import json

import pytest
import torch

from course_utils.data_files import data_path
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings import costs
from course_utils.recordings.costs import Costs
from course_utils.recordings.operations import Operations


def counted(do):
    with Operations() as found:
        do()
    return found.total


def test_a_product_counts_two_for_each_multiplication():
    a, b = torch.ones(3, 4), torch.ones(4, 5)
    assert counted(lambda: a @ b) == 2 * 3 * 4 * 5


def test_other_calls_count_by_size():
    x = torch.ones(2, 100)
    assert counted(lambda: x + 1) == 200
    assert counted(lambda: x.sum(dim=-1)) == 200
    assert counted(lambda: x.view(100, 2)) == 0
    assert counted(lambda: x.softmax(dim=-1)) == 4 * 200
    assert counted(lambda: torch.ones(1, 1024).sort(dim=-1)) == 1024 * 10


def test_a_temperature_is_one_division():
    scores = torch.randn(1, 500)
    assert counted(lambda: Temperature(0.8)(None, scores)) == 500


def test_a_step_of_the_model_counts_about_two_a_weight():
    model = costs._model("storyteller")
    with torch.inference_mode():
        bench = costs._Bench.of(model, 1, 3)
        total = counted(bench.step)
    embeddings = 256 * 192  # positions, which are looked up
    weights = sum(p.numel() for p in model.parameters()) - embeddings
    assert 1.9 * weights < total < 2.5 * weights


@pytest.fixture
def made():
    times = {"model": [10.0, 20.0], "temperature": [1.0, 2.0], "slow": [2.0, 4.0]}
    counts = {"model": 990, "temperature": 10, "slow": 110}
    memory = {"without": [100, 100], "with": [110, 120], "weights": 50}
    return Costs({"here": {"ms": times, "operations": counts}}, {"m": memory})


def test_numbers_are_set_beside_plain_sampling_round_by_round(made):
    assert made.more_ms("slow", "here") == [1.0, 2.0]
    assert made.ratio("slow", "here") == [12 / 11, 24 / 22]
    assert made.more_operations("slow", "here") == pytest.approx(0.1)
    assert made.more_memory("m") == pytest.approx([0.1, 0.2])


def test_the_shipped_log_belongs_to_the_present_settings():
    log = json.loads(data_path("results", "costs.json").read_text(encoding="utf-8"))
    assert log["settings"] == costs.settings() and log["command"] == costs.COMMAND
    assert log["seeds"] == list(costs.SEEDS)
    places = [f"{s}, batch {b}" for s in costs.SHAPES for b in costs.BATCHES]
    assert list(log["rows"]) == places
    for row in log["rows"].values():
        assert all(len(times) == len(costs.SEEDS) for times in row["ms"].values())


def test_every_contestant_that_adapts_has_its_costs():
    assert {*costs.ADAPTIVE, *costs.BY_ENTROPY} <= set(costs.SAMPLERS)
