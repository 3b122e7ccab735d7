import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from course_utils import model as model_module
from course_utils.model import LanguageModel, load_model


@pytest.fixture
def bundle(checkpoint, tmp_path, monkeypatch):
    """The random checkpoint as if it were a bundled model called "bundle"."""
    folder = tmp_path / "models" / "bundle"
    shutil.copytree(checkpoint, folder)
    names = ("config.json", "model.safetensors", "tokenizer.json")
    checksums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }
    monkeypatch.setitem(model_module.BUNDLED, "bundle", checksums)
    monkeypatch.setattr(
        model_module, "data_path", lambda *parts: tmp_path.joinpath(*parts)
    )
    return folder


def test_a_folder_is_loaded_in_eval_mode_and_float32(checkpoint):
    lm = load_model(checkpoint)
    assert isinstance(lm, LanguageModel)
    assert not lm.model.training
    assert lm.model.dtype == torch.float32
    assert lm.name == str(checkpoint)
    assert lm.context_length == 128
    assert lm.end_of_text_id == lm.tokenizer.pad_token_id == 0
    assert lm.stop_ids == [0]


def test_a_model_prints_in_one_line(checkpoint):
    text = repr(load_model(checkpoint))
    assert text.endswith("0.0 million weights, 128 positions, on cpu)")


def test_course_model_sets_the_default(checkpoint, monkeypatch):
    monkeypatch.setenv("COURSE_MODEL", str(checkpoint))
    assert load_model().name == str(checkpoint)


def test_a_half_precision_checkpoint_is_loaded_as_float32(checkpoint, tmp_path):
    model = load_model(checkpoint).model.bfloat16()
    model.save_pretrained(tmp_path)
    shutil.copy(checkpoint / "tokenizer.json", tmp_path)
    assert load_model(tmp_path).model.dtype == torch.float32


def test_next_token_logits_are_the_models_own(lm):
    prompt = "Once upon a time"
    ids = torch.tensor([lm.tokenizer(prompt)["input_ids"]])
    with torch.no_grad():
        expected = lm.model(ids).logits[0, -1]
    logits = lm.next_token_logits(prompt)
    assert torch.equal(logits, expected)
    assert logits.dtype == torch.float32
    assert not logits.requires_grad
    assert not logits.is_inference()


def test_an_empty_prompt_starts_a_document(lm):
    assert lm.encode("") == [0]
    assert torch.equal(lm.next_token_logits(""), lm.next_token_logits("<|endoftext|>"))


def test_decoding_restores_the_text_without_special_tokens(lm):
    text = "The owl said nothing , twice. Ünïcode 🦊 \n"
    assert lm.decode(lm.encode(text)) == text
    assert lm.decode([*lm.encode(text), lm.end_of_text_id]) == text
    assert lm.decode([]) == ""


@pytest.mark.parametrize("prompt", [None, 3, ["Once"], b"Once"])
def test_a_prompt_that_is_no_string_is_refused(lm, prompt):
    with pytest.raises(ValueError, match="prompt must be a string"):
        lm.next_token_logits(prompt)


def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(lm):
    assert lm.next_token_logits("z" * 128).shape == (300,)
    with pytest.raises(ValueError, match=r"\b130 tokens.* 128 positions"):
        lm.next_token_logits("z" * 130)


def test_a_whole_bundle_is_loaded(bundle):
    assert load_model("bundle").name == "bundle"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_a_damaged_bundle_is_refused_in_one_line(bundle, name, damage, monkeypatch):
    path = bundle / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        path.write_bytes(content[:-9] if damage == "truncated" else flipped)
    monkeypatch.setattr(model_module, "_load_folder", None)  # must not get that far
    with pytest.raises(OSError, match=name) as caught:
        load_model("bundle")
    assert "\n" not in str(caught.value)
    assert "missing" in str(caught.value) or "truncated or altered" in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", 3, True, [], b"gpt2"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match='allowed are "storyteller", a folder'):
        load_model(name)


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "~/nowhere", "a/b/c"])
def test_a_path_that_does_not_exist_is_not_looked_for_on_the_hub(name):
    with pytest.raises(ValueError, match="is not a folder"):
        load_model(name)


def break_config(folder):
    (folder / "config.json").write_text("{")


def truncate_weights(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])


def drop_a_weight(folder):
    weights = load_file(folder / "model.safetensors")
    weights.pop("transformer.h.1.mlp.c_fc.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def leave_only_pickle(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def remove_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def ask_for_remote_code(folder):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Model"}
    config["model_type"] = "evil"
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    "damage",
    [
        break_config,
        truncate_weights,
        drop_a_weight,
        leave_only_pickle,
        remove_tokenizer,
        ask_for_remote_code,
    ],
)
def test_a_folder_without_a_whole_model_is_refused_in_one_line(
    checkpoint, tmp_path, damage
):
    folder = tmp_path / "copy"
    shutil.copytree(checkpoint, folder)
    damage(folder)
    with pytest.raises(ValueError, match="no model can be loaded from") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no model can be loaded from"):
        load_model(tmp_path)


def test_a_saved_tokenizer_keeps_its_own_end_of_text(checkpoint, tmp_path):
    lm = load_model(checkpoint)
    lm.model.save_pretrained(tmp_path)
    lm.tokenizer.eos_token = lm.tokenizer.convert_ids_to_tokens(5)
    lm.tokenizer.save_pretrained(tmp_path)
    again = load_model(tmp_path)
    assert again.end_of_text_id == 5
    assert again.stop_ids == [0, 5]


def test_loading_is_quiet_and_leaves_the_settings_alone(checkpoint, capfd):
    from transformers.utils import logging

    logging.set_verbosity_info()
    logging.enable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            load_model(checkpoint)
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity_warning()
    assert capfd.readouterr() == ("", "")


def test_a_cached_hub_model_is_loaded_without_a_network(checkpoint, tmp_path):
    cached = tmp_path / "hub" / "models--someone--tiny" / "snapshots" / "abc"
    shutil.copytree(checkpoint, cached)
    reference = cached.parent.parent / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text("abc")
    found = in_fresh_process(
        "print(load_model('someone/tiny').name)",
        HF_HUB_CACHE=str(tmp_path / "hub"),
        HF_HUB_OFFLINE="0",
        HF_ENDPOINT="http://127.0.0.1:9",
    )
    assert found == "someone/tiny"


def in_fresh_process(code: str, **environment: str) -> str:
    """Run `code` after the import: the hub reads its environment only once."""
    script = f"from course_utils.model import load_model\n{code}"
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


REPORT = """
import time
start = time.monotonic()
try:
    load_model("gpt2")
except OSError as error:
    print(f"{time.monotonic() - start:.1f}|{error.__suppress_context__}|{error}")
"""


@pytest.fixture
def silent_server():
    """A server that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("network", ["offline", "refused", "silent"])
def test_without_a_network_a_hub_name_fails_soon_and_says_what_to_do(
    network, tmp_path, silent_server
):
    endpoint = {"refused": "http://127.0.0.1:9", "silent": silent_server}
    report = in_fresh_process(
        REPORT,
        HF_HUB_CACHE=str(tmp_path),
        HF_HUB_OFFLINE="1" if network == "offline" else "0",
        HF_ENDPOINT=endpoint.get(network, ""),
        NO_PROXY="127.0.0.1",
    )
    seconds, is_bare, message = report.split("|")
    assert float(seconds) < 15
    assert is_bare == "True"
    assert "\n" not in message
    assert "'gpt2' is not on this machine" in message
    assert 'load_model("storyteller")' in message


def test_a_name_no_hub_could_have_is_a_value_error():
    with pytest.raises(ValueError, match="there is no model"):
        load_model("no spaces allowed")


def test_checksums_are_compared_before_the_weights_are_parsed(bundle):
    (bundle / "model.safetensors").write_bytes(b"not a safetensors file")
    start = time.monotonic()
    with pytest.raises(OSError, match="sha256"):
        load_model("bundle")
    assert time.monotonic() - start < 1
