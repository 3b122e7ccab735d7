"""The storyteller as it is shipped. Fails until `data/models/storyteller` is there."""

import pytest
import torch

from course_utils import generate, load_model
from course_utils.data_files import data_path
from course_utils.forward import is_plain_gpt2


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
    assert sum(ended) >= 30
    assert len(set(runs.texts)) == 32
