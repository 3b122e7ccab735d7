"""The storyteller as it is shipped."""

import hashlib

import pytest
import torch

from course_utils import StoryWorld, Temperature, generate, load_model
from course_utils.data_files import data_path
from course_utils.forward import is_plain_gpt2
from course_utils.model import BUNDLED
from course_utils.training.model_card import WORLD_FILE
from course_utils.worlds.measures import parse_all, validity


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller")


def test_it_is_a_small_plain_gpt2(storyteller):
    assert is_plain_gpt2(storyteller.model)
    assert storyteller.context_length == 256
    assert storyteller.stop_ids == [0]
    weights = data_path("models", "storyteller", "model.safetensors")
    assert weights.stat().st_size <= 12 * 2**20


def test_its_tokenizer_and_its_model_have_one_vocabulary(storyteller):
    logits = storyteller.next_token_logits("Once upon a time")
    assert logits.shape == (len(storyteller.tokenizer),)
    assert torch.isfinite(logits).all()


def test_it_tells_stories_that_end(storyteller):
    runs = generate(storyteller, n=32, max_new_tokens=150, seed=0)
    ended = [ids[-1] == storyteller.end_of_text_id for ids in runs.token_ids]
    told = [len(StoryWorld().parse(text).stories) for text in runs.texts]
    # One document in eight is a collection, most of which are longer than this.
    assert sum(ended) >= 24
    assert all(end or tales for end, tales in zip(ended, told, strict=True))
    assert len(set(runs.texts)) == 32


def test_its_card_speaks_of_these_files_and_this_world():
    card = data_path("models", "storyteller", "MODEL_CARD.md").read_text()
    for checksum in BUNDLED["storyteller"].values():
        assert checksum in card
    assert hashlib.sha256(WORLD_FILE.read_bytes()).hexdigest() in card


def test_it_keeps_to_its_world_when_cool_and_leaves_it_when_hot(storyteller):
    world = StoryWorld()

    def valid(temperature):
        processors = [Temperature(temperature)]
        runs = generate(storyteller, "", 60, 110, processors, seed=3)
        return validity(parse_all(world, runs.texts))

    assert valid(0.3) > 0.95 and valid(1.0) > 0.9
    assert valid(2.0) < 1 / 3 and valid(3.0) <= 0.05
