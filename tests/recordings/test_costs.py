"""What is counted, timed and weighed of samplers."""

import json
import sys

import pytest
import torch

from course_utils.data_files import data_path
from course_utils.mitigation.shootout import CONTESTANTS
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings import costs
from course_utils.recordings.costs import Costs
from course_utils.recordings.memory import peak_of
from course_utils.recordings.operations import Operations

COURSE = dict(CONTESTANTS)  # before any test adds its own


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
    model = costs.model_of("storyteller").model
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
    peaks = {"reading": [100, 100], "embeddings": [110, 120], "plain": [50, 100]}
    searches = {"ms": {"plain": [2.0, 4.0], "beams": [3.0, 8.0]}}
    searches["operations"] = {"plain": 10, "beams": 45}
    memory = {"peaks": peaks | {"beams": [100, 100]}, "weights": 50}
    rows = {"here": {"ms": times, "operations": counts}}
    return Costs(rows, {"m": searches}, {"m": memory})


def test_numbers_are_set_beside_plain_sampling_round_by_round(made):
    assert made.more_ms("slow", "here") == [1.0, 2.0]
    assert made.ratio("slow", "here") == [12 / 11, 24 / 22]
    assert made.more_operations("slow", "here") == pytest.approx(0.1)
    assert made.times_as_long("beams", "m") == [1.5, 2.0]
    assert made.times_as_many("beams", "m") == 4.5
    assert made.more_memory("embeddings", "m") == pytest.approx([0.1, 0.2])
    assert made.more_memory("beams", "m") == [1.0, 0.0]


def test_the_shipped_log_belongs_to_the_present_settings():
    log = json.loads(data_path("results", "costs.json").read_text(encoding="utf-8"))
    assert log["settings"] == costs.settings() and log["command"] == costs.COMMAND
    assert log["seeds"] == list(costs.SEEDS)
    places = [f"{s}, batch {b}" for s in costs.SHAPES for b in costs.BATCHES]
    assert list(log["rows"]) == places
    for row in log["rows"].values():
        assert all(len(times) == len(costs.SEEDS) for times in row["ms"].values())
    for shape in costs.SHAPES:
        assert list(log["searches"][shape]["ms"]) == list(costs.WRITERS)
        assert list(log["memory"][shape]["peaks"]) == list(costs.KINDS)


def test_every_sampler_among_the_contestants_has_its_costs():
    samplers = {n for n, e in COURSE.items() if e.make is not None}
    assert set(costs.SETTINGS) == samplers
    assert {*costs.ADAPTIVE, *costs.BY_ENTROPY} <= samplers


@pytest.mark.parametrize("kind", costs.KINDS)
def test_every_kind_of_memory_can_be_looked_at(kind):
    costs.probe("storyteller", kind)


@pytest.mark.parametrize("name", costs.WRITERS)
def test_every_writer_writes_as_many_tokens(name):
    lm = costs.model_of("storyteller")
    written = costs.WRITERS[name](lm, costs.OPENING)
    assert len(written.token_ids[0]) == costs.LENGTH


def test_a_process_says_how_much_it_held():
    script = "made = bytearray(300_000_000); made[:] = b'1' * 300_000_000; del made"
    held, nothing = (peak_of(each, steady=True) for each in (script, ""))
    assert held > nothing + 3e8


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forget")
def test_a_peak_can_be_forgotten():
    script = "made = bytearray(300_000_000); made[:] = b'1' * 300_000_000; del made\n"
    script += "from course_utils.recordings.memory import forget_peak\n"
    script += "forget_peak()"
    assert peak_of(script, steady=True) < 3e8


def test_times_are_taken_with_one_thread_from_the_start(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(costs.subprocess, "run", lambda *a, **k: begun.append((a, k)))
    costs.record(tmp_path / "costs.json", seeds=(0, 1))
    ((command,), options) = begun[0]
    assert command[-3:] == ["--seeds", "0", "1"] and "costs" in command
    assert options["env"]["OMP_NUM_THREADS"] == "1" and options["check"]
