"""What tests share: a small random GPT-2 on disk, and who does which test."""

import re
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from course_utils.classroom import figures
from course_utils.classroom.moving_picture import MovingPicture
from course_utils.forward import is_plain_gpt2
from course_utils.model import END_OF_TEXT, LanguageModel, load_model

# Timings on a shared machine are no property of the code.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A worker takes a whole file, or all tests of a notebook in a file."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFileOrNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            notebook = re.search(r"\[(\d\d_\w+)", nodeid)
            file = nodeid.partition("::")[0]
            return f"{file}[{notebook[1]}]" if notebook else file

    return ByFileOrNotebook(config, log)


SENTENCES = [
    "Once upon a time there was a fox who lived in an old lantern.",
    "The owl said nothing, and the fox said it twice.",
    "In the end they shared the lantern, and nobody was cold again.",
]


def save_random_model(model, folder: Path) -> Path:
    """Write the model beside a byte-level BPE tokenizer with GPT-2's end-of-text."""
    from tokenizers import ByteLevelBPETokenizer

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(SENTENCES, vocab_size=300, special_tokens=[END_OF_TEXT])
    model.save_pretrained(folder)
    bpe.save(str(folder / "tokenizer.json"))
    return folder


def random_gpt2(**changes):
    """A GPT-2 of two layers whose distributions are far from uniform."""
    from transformers import GPT2Config, GPT2LMHeadModel

    settings = {"n_layer": 2, "n_embd": 32, "n_head": 4, "n_positions": 128}
    special = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    config = {"vocab_size": 300, "initializer_range": 0.2, **settings, **special}
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(**{**config, **changes})).eval()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A folder with config.json, model.safetensors and tokenizer.json."""
    return save_random_model(random_gpt2(), tmp_path_factory.mktemp("random_gpt2"))


@pytest.fixture(scope="session")
def lm(checkpoint) -> LanguageModel:
    return load_model(checkpoint)


@pytest.fixture(autouse=True)
def shared_model_stays_as_it_was(request):
    """One model serves all tests: whoever leaves something on it is to blame."""
    lm = request.getfixturevalue("lm") if "lm" in request.fixturenames else None
    was_plain = isinstance(lm, LanguageModel) and is_plain_gpt2(lm.model)
    yield
    assert not was_plain or is_plain_gpt2(lm.model)


@pytest.fixture(autouse=True)
def as_a_learner(monkeypatch):
    """A classroom that forgives, and in which nobody has moved a slider yet."""
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.setattr(figures, "_left_at", {})


@pytest.fixture
def full_draws(monkeypatch) -> list:
    """Gets an entry whenever a live figure draws all of itself, not its moving part."""
    drawn: list[MovingPicture] = []
    draw = MovingPicture._draw_background

    def counted(picture):
        drawn.append(picture)
        draw(picture)

    monkeypatch.setattr(MovingPicture, "_draw_background", counted)
    return drawn
