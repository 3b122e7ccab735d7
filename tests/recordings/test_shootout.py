"""The contest: who is judged by what, its log, its command, and other models."""

import json

import pytest

from course_utils.__main__ import main
from course_utils.data_files import data_path
from course_utils.mitigation.shootout import CONTESTANTS, sampler
from course_utils.mitigation.temperature import Temperature
from course_utils.recordings import shootout, shootout_models
from course_utils.recordings.grid import key_of
from course_utils.recordings.shootout import Plan, record
from course_utils.recordings.shootout_cells import run_cell
from course_utils.recordings.shootout_measures import (
    COMPARED,
    OF_ANY,
    OF_WORLD,
    measure_any,
    measure_tales,
    tales_of_the_world,
)
from course_utils.worlds.stories import StoryWorld
from tests.conftest import save_random_model
from tests.mitigation.test_search import tiny_llama

SMALL = {
    "models": ("storyteller", "tuned"),
    "contestants": ("temperature", "min-p"),
    "seeds": (0, 1),
    "tuning": (2,),
    "budget": 300,
    "jobs": 1,
}
LOG = json.loads(data_path("results", "shootout.json").read_text(encoding="utf-8"))


def small(folder, **changes):
    return Plan(**SMALL | {"state": folder} | changes)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A small contest, and its log."""
    folder = tmp_path_factory.mktemp("contest")
    plan = small(folder)
    assert record(folder / "log.json", plan=plan) == {}
    return plan, json.loads((folder / "log.json").read_text())


def test_chosen_and_published_settings_are_judged(held):
    _, log = held
    for result in log["models"].values():
        for name in SMALL["contestants"]:
            rows = [r for r in result["judged"] if r["contestant"] == name]
            assert sum(r["chosen"] for r in rows) == shootout.KEPT
            published = [r["setting"] for r in rows if r["published"]]
            assert len(published) == len(CONTESTANTS[name].published)
            assert all(r["chosen"] or r["published"] for r in rows)
            assert all(len(r["runs"]) == 2 for r in rows)


def test_settings_are_chosen_by_other_seeds_than_they_are_judged_by(held):
    plan, _ = held
    tried = plan.tried("storyteller", "temperature")
    rows = [
        plan.store.read(plan.cell("storyteller", 2, "temperature", setting))
        for setting in CONTESTANTS["temperature"].candidates
    ]
    expected = [[row["valid"] / row["texts"], row["pairs"]] for row in rows]
    assert tried == [[round(q, 4), float(v)] for q, v in expected]


def test_nobody_spends_more_than_the_budget(held):
    _, log = held
    place = log["measures"].index("tokens")
    for result in log["models"].values():
        for row in result["judged"]:
            assert all(0 < run[place] <= 300 for run in row["runs"])


def test_resumed_gives_the_same_file_and_does_nothing_twice(
    held, tmp_path, monkeypatch
):
    plan, _ = held
    refused = {"run_cell": lambda *_, **__: pytest.fail("a cell was done again")}
    monkeypatch.setattr(shootout, "run_cell", refused["run_cell"])
    record(tmp_path / "again.json", plan=plan)
    before = (plan.state / "log.json").read_text()
    assert (tmp_path / "again.json").read_text() == before


def test_a_cluster_gives_the_same_rows(held, tmp_path):
    pytest.importorskip("dask.distributed")
    _plan, log = held
    state = tmp_path / "cluster"
    options = ["--backend", "dask", "--jobs", "2", "--out", str(tmp_path / "log.json")]
    words = ["--models", "storyteller", "tuned", "--contestants", "temperature"]
    words += ["min-p", "--seeds", "0", "1", "--tuning", "2", "--budget", "300"]
    with pytest.raises(SystemExit) as ended:
        main(["shootout", *words, *options, "--state", str(state)])
    assert ended.value.code == 0
    spread = json.loads((tmp_path / "log.json").read_text())
    timed = {"cpu_minutes", "command"}
    assert {k: v for k, v in spread.items() if k not in timed} == {
        k: v for k, v in log.items() if k not in timed
    }
    assert spread["command"].endswith("--tuning 2 --budget 300")


def test_other_weights_than_the_cells_are_refused(held):
    plan, _ = held
    cell = plan.cell("storyteller", 0, "temperature", {"T": 1}) | {"weights": "0"}
    with pytest.raises(ValueError, match="not those of this cell"):
        run_cell(cell, plan.folder)


def test_another_version_is_another_cell(held, monkeypatch):
    plan, _ = held
    before = plan.cell("storyteller", 0, "temperature", {"T": 1})
    monkeypatch.setattr("course_utils.recordings.shootout_cells.version", lambda: "9")
    after = plan.cell("storyteller", 0, "temperature", {"T": 1})
    assert key_of(before) != key_of(after)


def test_a_model_of_another_kind_is_judged_by_a_reference(tmp_path):
    llama = tmp_path / "llama"
    llama.mkdir()
    save_random_model(tiny_llama(), llama)
    plan = small(
        tmp_path,
        models=(str(llama),),
        contestants=("temperature", "contrastive", "unlike the others"),
        reference=str(llama),
        budget=1500,
    )
    assert record(tmp_path / "log.json", plan=plan) == {}
    log = json.loads((tmp_path / "log.json").read_text())
    assert log["measures"] == [*OF_ANY, "tokens"] and log["world"] == []
    place = log["measures"].index("nats")
    rows = log["models"][str(llama)]["judged"]
    assert all(run[place] is None or run[place] > 0 for r in rows for run in r["runs"])
    assert "retrieval" not in small(tmp_path, contestants=(), reference="x").entries


def test_ones_own_contestant_takes_part_in_other_processes(tmp_path):
    hot = sampler("hot", lambda T: [Temperature(T)], [{"T": 1}, {"T": 1.2}], "mine")
    wrong = sampler("wrong", lambda T: [T / 0], [{"T": 1}], "mine")
    plan = small(
        tmp_path,
        models=("storyteller",),
        contestants=("hot", "wrong"),
        own={"hot": hot, "wrong": wrong},
        jobs=2,
    )
    failed = record(tmp_path / "log.json", plan=plan)
    assert len(failed) == 3 and "ZeroDivisionError" in next(iter(failed.values()))
    log = json.loads((tmp_path / "log.json").read_text())
    judged = log["models"]["storyteller"]["judged"]
    assert [row["contestant"] for row in judged] == ["hot", "hot", "wrong"]
    assert judged[2]["runs"] == [None, None]
    assert {each["contestant"] for each in log["failed"]} == {"wrong"}


# What is measured


def test_the_worlds_own_tales_are_valid_and_within_the_budget():
    lm = shootout_models.load("storyteller", 0)
    told = tales_of_the_world(lm, 2000, 0)
    assert sum(1 + len(lm.encode(text)) for text in told) <= 2000
    row = measure_tales(told)
    assert list(row) == list(OF_WORLD)
    assert row["valid"] == row["texts"] == len(told)


def test_measures_count_what_they_say():
    tales = [tale.text for tale in StoryWorld().sample(30, seed=3)]
    row = measure_tales([*tales, "The fox of the fox of."])
    labels = [tale.labels for tale in StoryWorld().sample(30, seed=3)]
    assert row["texts"] == 31 and row["valid"] == 30
    assert row["pairs"] == len({(x["hero"], x["arc"]) for x in labels})
    assert row["kl_to_truth"] > 0 and row["kl_from_truth"] > 0
    assert row["vendi"] <= COMPARED


def test_too_few_texts_leave_measures_open():
    assert measure_tales([]) == dict.fromkeys(OF_WORLD) | {
        "texts": 0,
        "valid": 0,
        "changed": 0,
        "pairs": 0,
        "covered": 0.0,
    }
    row = measure_tales(["Nothing of this is a tale."])
    assert row["valid"] == 0 and row["arcs"] is None and row["vendi"] is None


def test_any_models_texts_are_measured_without_a_truth(lm):
    row = measure_any(["the fox the fox the fox the fox"] * COMPARED, lm)
    assert row["vendi"] == pytest.approx(1, abs=1e-3) and row["rep"] > 0.5
    assert measure_any(["", " "], lm)["nats"] is None


# The command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seeds", "0", "8"], "seeds and tuning share"),
        (["--models", "gpt2"], "need --reference"),
        (["--budget", "100"], "out is missing"),
        (["--scheduler", "tcp://x:1", "--budget", "9"], "scheduler is for"),
        (["--contestants", "nobody", "--out", "x.json"], "contestants has 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_named(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "--scheduler" in words:
        words = [*words, "--out", "x.json"]
    with pytest.raises(SystemExit, match=told):
        main(["shootout", *words])


def test_the_ladder_is_all_of_its_rungs():
    from course_utils.recordings.shootout_command import _models

    assert _models(["ladder"], None) == shootout_models.LADDER
    for kind in shootout_models.LADDER:
        lm = shootout_models.load(kind, 3)
        assert lm.context_length == 256


def test_weights_that_nobody_made_are_named(tmp_path):
    with pytest.raises(OSError, match="own_output_3"):
        shootout_models.load("own output", 3, tmp_path)
    with pytest.raises(ValueError, match="model must be one of"):
        shootout_models.load("gpt2", 0, tmp_path)


# The log that is shipped


def test_the_shipped_log_is_of_all_contestants_and_eight_seeds():
    assert LOG["command"] == shootout.COMMAND and LOG["failed"] == []
    assert LOG["seeds"] == list(shootout.SEEDS)
    assert LOG["settings"]["tuning"] == list(shootout.TUNING)
    assert set(LOG["models"]) == set(shootout_models.KINDS)
    plan = Plan()
    for name in ("contestants", "published"):
        entries = plan.entries.items()
        field = "candidates" if name == "contestants" else name
        expected = {n: [dict(s) for s in getattr(e, field)] for n, e in entries}
        assert LOG["settings"][name] == expected
    for result in LOG["models"].values():
        assert len(result["judged"]) >= 40
        assert all(len(row["runs"]) == 8 for row in result["judged"])


def test_a_cell_of_the_shipped_log_comes_out_again():
    row = LOG["models"]["tuned"]["judged"][0]
    plan = Plan()
    cell = plan.cell("tuned", 3, row["contestant"], row["setting"])
    found = run_cell(cell, plan.folder)
    expected = dict(zip(LOG["measures"], row["runs"][3], strict=True))
    assert found["texts"] == pytest.approx(expected["texts"], abs=2)
    assert found["pairs"] == pytest.approx(expected["pairs"], abs=4)
