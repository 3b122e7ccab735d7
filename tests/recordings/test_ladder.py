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
    with_difference,
    write_ladder,
)


@pytest.fixture
def copied(tmp_path):
    """A copy of the ladder that may be spoilt."""
    return shutil.copytree(FOLDER, tmp_path / "ladder")


def test_collapse_rises_from_rung_to_rung():
    rungs = ladder()
    assert len(rungs) >= 6
    assert rungs[0].step == 0
    for kept in ([r.effective["arc"] for r in rungs], [r.entropy for r in rungs]):
        assert kept == sorted(kept, reverse=True)
        assert kept[-1] < kept[0] / 2


def test_all_files_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 15e6


def test_the_folder_holds_what_the_manifest_names_and_no_more():
    named = {rung.filename for rung in ladder() if rung.step > 0}
    assert {path.name for path in FOLDER.iterdir()} == {MANIFEST, *named}


@pytest.mark.parametrize("rung", ladder()[1:], ids=lambda rung: f"step {rung.step}")
def test_a_rung_is_the_storyteller_plus_its_difference(rung):
    base, tuned = load_model("storyteller"), load_tuned(rung.step)
    change = load_file(FOLDER / rung.filename)
    assert tuned.name == f"storyteller-tuned-{rung.step}"
    for name, weight in tuned.model.named_parameters():
        expected = base.model.get_parameter(name)
        if name in change:
            expected = expected + change[name].float()
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


def test_an_altered_file_is_refused(copied):
    path = copied / ladder()[1].filename
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(OSError, match="truncated or altered"):
        load_tuned(ladder()[1].step, copied)


def test_a_missing_file_is_named(copied):
    path = copied / ladder()[1].filename
    path.unlink()
    with pytest.raises(OSError, match=f"{path.name} is missing"):
        load_tuned(ladder()[1].step, copied)


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
    rungs = [Rung(step, 4, 1.0, 0.5, 0.4, 0.0, {}, {}) for step in (0, 5)]
    write_ladder(tmp_path, [(rungs[0], {}), (rungs[1], change)], {"seed": 0})
    found = ladder(tmp_path)
    assert [rung.step for rung in found] == [0, 5]
    again = with_difference(lm, load_file(tmp_path / found[1].filename), "again")
    for name, weight in again.model.named_parameters():
        torch.testing.assert_close(
            weight, tuned.model.get_parameter(name), rtol=0, atol=1e-5
        )
