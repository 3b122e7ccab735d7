"""Training further: in place, in the right order, and measured without the padding."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_utils.recordings.finetuning import (
    encode_documents,
    fine_tune,
    logits_along,
    mean_loss,
    token_log_probs,
    twin,
)

TEXTS = ["The fox slept.", "An owl sang all night.", "A fox"]


def tuned(lm, loss=cross_entropy, steps=12, seed=0):
    copy = twin(lm)
    documents = encode_documents(lm, TEXTS)
    for _ in fine_tune(copy, documents, loss, steps, batch=2, rate=1e-2, seed=seed):
        assert not copy.model.training
    return copy


def test_documents_end_with_the_end_of_text(lm):
    for text, ids in zip(TEXTS, encode_documents(lm, TEXTS), strict=True):
        assert ids[-1] == lm.end_of_text_id
        assert lm.decode(ids) == text


def test_training_lowers_the_loss_and_leaves_the_original_alone(lm):
    documents = encode_documents(lm, TEXTS)
    before = mean_loss(lm, documents)
    assert mean_loss(tuned(lm), documents) < before
    assert mean_loss(lm, documents) == before


def test_the_seed_decides(lm):
    first, second = (tuned(lm, seed=1).model.state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = tuned(lm, seed=2).model.state_dict()
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_every_step_is_announced(lm):
    documents = encode_documents(lm, TEXTS)
    steps = fine_tune(twin(lm), documents, cross_entropy, 3, batch=2, rate=0.1, seed=0)
    assert list(steps) == [1, 2, 3]


def test_every_document_is_read_once_before_any_is_read_again(lm):
    documents = encode_documents(lm, TEXTS)
    read = []

    def loss(logits, targets):
        read.extend(targets.tolist())
        return cross_entropy(logits, targets)

    for _ in fine_tune(twin(lm), documents, loss, 2, batch=3, rate=0.0, seed=0):
        pass
    assert sorted(read) == sorted(2 * [token for row in documents for token in row])


def test_log_probs_do_not_depend_on_the_neighbours_in_a_batch(lm):
    documents = encode_documents(lm, TEXTS)
    together = token_log_probs(lm, documents)
    for document, row in zip(documents, together, strict=True):
        assert len(row) == len(document)
        torch.testing.assert_close(row, token_log_probs(lm, [document])[0])


def test_log_probs_are_those_of_a_plain_forward_pass(lm):
    document = encode_documents(lm, TEXTS)[1]
    with torch.no_grad():
        ids = torch.tensor([[lm.end_of_text_id, *document]])
        expected = lm.model(ids).logits[0, :-1].log_softmax(-1)
    found = next(logits_along(lm, [document])).log_softmax(-1)
    torch.testing.assert_close(found, expected)
    chosen = expected[range(len(document)), document]
    torch.testing.assert_close(token_log_probs(lm, [document])[0], chosen)
    assert mean_loss(lm, [document]) == pytest.approx(-chosen.mean().item())
