"""The storyteller is taught what the world's oracle says, at every token."""

import pytest
import torch

from course_utils import load_model
from course_utils.training.targets import Teacher
from course_utils.worlds.stories import StoryWorld

WORLD = StoryWorld()
AMBIGUOUS = ("A", " In", " a")  # tokens that are a word and begin another


@pytest.fixture(scope="module")
def tokenizer():
    return load_model().tokenizer


@pytest.fixture(scope="module")
def teacher(tokenizer):
    return Teacher(WORLD.documents, tokenizer.backend_tokenizer)


def of_kind(wanted, n=300):
    return next(d.text for d in WORLD.documents.sample(n, 3) if wanted(d))


@pytest.mark.parametrize(
    "wanted",
    [
        lambda document: document.kind == "words",
        lambda document: document.kind == "about",
        lambda document: document.shared is not None,
    ],
    ids=["words", "about", "collection"],
)
def test_the_targets_are_the_oracles(teacher, tokenizer, wanted):
    text = of_kind(wanted)
    oracle = WORLD.documents.oracle(tokenizer)
    before = ""
    for token, chances in teacher.read([text]):
        expected = oracle.distribution()
        given = torch.zeros_like(expected)
        given[[t for t, _ in chances]] = torch.tensor(
            [p for _, p in chances], dtype=expected.dtype
        )
        if before not in AMBIGUOUS:
            torch.testing.assert_close(given, expected, rtol=1e-9, atol=1e-12)
        assert (expected[given > 0] > 0).all()
        oracle.push(token)
        before = tokenizer.decode([token])


def test_the_tokens_are_the_tokenizers(teacher, tokenizer):
    texts = [document.text for document in WORLD.documents.sample(50, 5)]
    read = [token for token, _ in teacher.read(texts)]
    encoded = [tokenizer.encode(t, add_special_tokens=False) for t in texts]
    assert read == [token for ids in encoded for token in (*ids, 0)]


def test_a_window_begins_with_a_new_document_and_is_full(teacher):
    texts = [document.text for document in WORLD.documents.sample(8, 7)]
    batch = teacher.batch([texts[:4], texts[4:]], context=64)
    assert batch.inputs.shape == (2, 64)
    assert (batch.inputs[:, 0] == 0).all()
    sums = torch.zeros(2 * 64).index_add(0, batch.rows, batch.probs)
    torch.testing.assert_close(sums, torch.ones(2 * 64))


def test_the_truth_itself_has_a_loss_of_its_entropy(teacher, tokenizer):
    texts = [document.text for document in WORLD.documents.sample(4, 11)]
    batch = teacher.batch([texts], context=64)
    truth = torch.full((64, len(tokenizer)), -torch.inf)
    truth[batch.rows, batch.tokens] = batch.probs.log()
    loss = batch.loss(truth.clamp_min(-1e4).view(1, 64, -1))
    torch.testing.assert_close(loss, batch.entropy())
