"""The ladder of tuned models: whole, small, and of rising collapse."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from course_utils.causes.tuning import trainable_copy
from course_utils.generation import generate
from course_utils.model import load_model
from course_utils.recordings.ladder import (
    FOLDER,
    MANIFEST,
    Rung,
    difference,
    ladder,
    load_tuned,
    packed,
    unpacked,
    with_difference,
    write_ladder,
)


@pytest.fixture
def copied(tmp_path):
    """A copy of the ladder that may be spoilt."""
    return shutil.copytree(FOLDER, tmp_path / "ladder")


def test_collapse_rises_from_rung_to_rung():
    rungs = ladder()
    assert rungs[0].step == 0
    last = {rung.seed: rung for rung in rungs if rung.step == rungs[-1].step}
    assert len(last) >= 8
    for seed, rung in last.items():
        climbed = [rungs[0], *(r for r in rungs[1:] if r.seed == seed)]
        entropies = [each.entropy for each in climbed]
        assert entropies == sorted(entropies, reverse=True)
        assert rung.effective["arc"] < rungs[0].effective["arc"] / 2
        assert rung.entropy < 0.6 * rungs[0].entropy


def test_runs_differ_in_what_is_left():
    seeds = {rung.seed for rung in ladder() if rung.step == 60}
    heroes = {round(r.effective["hero"]) for r in ladder() if r.step == 60}
    assert len(seeds) >= 8 and len(heroes) >= 4


def test_all_files_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 15e6


def test_the_folder_holds_what_the_manifest_names_and_no_more():
    named = {rung.filename for rung in ladder() if rung.step > 0}
    assert {path.name for path in FOLDER.iterdir()} == {MANIFEST, *named}


@pytest.mark.parametrize(
    "rung", ladder()[1:], ids=lambda rung: f"step {rung.step}, seed {rung.seed}"
)
def test_a_rung_is_the_storyteller_plus_its_difference(rung):
    base, tuned = load_model("storyteller"), load_tuned(rung.step, rung.seed)
    change = unpacked(load_file(FOLDER / rung.filename))
    assert tuned.name.startswith(f"storyteller-tuned-{rung.step}")
    for name, weight in tuned.model.named_parameters():
        expected = base.model.get_parameter(name)
        if name in change:
            expected = expected + change[name]
        torch.testing.assert_close(weight, expected)


def test_the_last_rung_tells_tales_that_the_first_one_does_not_tell():
    first, last = load_tuned(0), load_tuned(ladder()[-1].step)
    assert first.name == "storyteller"
    texts = [generate(lm, "", 4, 110, seed=0).texts for lm in (first, last)]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("step", [-1, 7, 10_000, None, "10"])
def test_a_step_that_is_no_rung_is_refused(step):
    with pytest.raises(ValueError, match=r"step is .* allowed are the ladder's: 0, "):
        load_tuned(step)


@pytest.mark.parametrize("seed", [-1, 99, None, "0"])
def test_a_seed_without_that_rung_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed is .*; of step 60 there are: 0, 1, 2"):
        load_tuned(60, seed)
    with pytest.raises(ValueError, match="of step 20 there are: 0, 1"):
        load_tuned(20, 2)


def test_packing_keeps_each_row_to_a_part_in_254_of_its_largest():
    rows = torch.randn(5, 40, generator=torch.Generator().manual_seed(0))
    rows *= torch.tensor([[1e-6], [1e-3], [1.0], [1e3], [0.0]])
    change = {"weight": rows, "bias": rows[1]}
    again = unpacked(packed(change))
    assert again.keys() == change.keys()
    for name, values in change.items():
        largest = values.abs().amax(dim=-1, keepdim=True)
        assert ((again[name] - values).abs() <= largest / 254 * 1.0001).all()


def test_an_altered_file_is_refused(copied):
    path = copied / ladder()[1].filename
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(OSError, match="truncated or altered"):
        load_tuned(ladder()[1].step, folder=copied)


def test_a_missing_file_is_named(copied):
    path = copied / ladder()[1].filename
    path.unlink()
    with pytest.raises(OSError, match=f"{path.name} is missing"):
        load_tuned(ladder()[1].step, folder=copied)


def test_a_ladder_of_another_storyteller_is_refused(copied):
    manifest = json.loads((copied / MANIFEST).read_text())
    manifest["base_sha256"] = "0" * 64
    (copied / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(OSError, match="another storyteller"):
        ladder(copied)


def test_what_is_written_is_what_is_read(lm, tmp_path):
    tuned = trainable_copy(lm)
    with torch.no_grad():
        tuned.model.transformer.h[1].mlp.c_fc.weight += 0.01
    change = difference(tuned, lm)
    assert list(change) == ["transformer.h.1.mlp.c_fc.weight"]
    rungs = [Rung(0, step, 4, 1.0, 0.5, 0.4, 0.0, {}, {}) for step in (0, 5)]
    write_ladder(tmp_path, [(rungs[0], {}), (rungs[1], packed(change))], {})
    found = ladder(tmp_path)
    assert [rung.step for rung in found] == [0, 5]
    change = unpacked(load_file(tmp_path / found[1].filename))
    again = with_difference(lm, change, "again")
    for name, weight in again.model.named_parameters():
        torch.testing.assert_close(
            weight, tuned.model.get_parameter(name), rtol=0, atol=1e-5
        )
