import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from course_utils.mitigation.truncation import TopK, TopP

IDS = torch.zeros(1, 1, dtype=torch.long)


def adversarial_batches():
    """10,000 rows: smooth, peaked, flat, tied, masked, with one token left, huge."""
    torch.manual_seed(0)
    for vocab in (1, 2, 7, 50, 300):
        shape = (2000, vocab)
        smooth = torch.randn(400, vocab)
        tied = torch.randint(-2, 3, (400, vocab)).float()
        masked = torch.randn(400, vocab) * 8
        masked[torch.rand_like(masked) < 0.7] = -math.inf
        masked[torch.arange(400), torch.randint(vocab, (400,))] = 1.0
        alone = torch.full((200, vocab), -math.inf)
        alone[torch.arange(200), torch.randint(vocab, (200,))] = 0.0
        huge = torch.randn(200, vocab) * 1e30
        half = torch.randn(200, vocab).bfloat16().float()
        flat = torch.zeros(200, vocab)
        batch = torch.cat([smooth, tied, masked, alone, huge, half, flat])
        assert batch.shape == shape
        yield batch


@pytest.mark.parametrize("k", [1, 2, 5, 50, 10**9])
@pytest.mark.parametrize("keep", [1, 3, 400])
def test_top_k_masks_what_transformers_masks(k, keep):
    for scores in adversarial_batches():
        expected = TopKLogitsWarper(k, min_tokens_to_keep=keep)(IDS, scores)
        assert torch.equal(TopK(k, min_tokens_to_keep=keep)(IDS, scores), expected)


@pytest.mark.parametrize("p", [1e-9, 0.2, 0.5, 0.9, 0.95, 0.999999, 1.0])
@pytest.mark.parametrize("keep", [1, 3, 400])
def test_top_p_masks_what_transformers_masks(p, keep):
    for scores in adversarial_batches():
        expected = TopPLogitsWarper(p, min_tokens_to_keep=keep)(IDS, scores)
        assert torch.equal(TopP(p, min_tokens_to_keep=keep)(IDS, scores), expected)


@pytest.mark.parametrize("spread", [0.0, 0.1, 3.0, 10.0])
def test_top_p_agrees_on_gpt2s_vocabulary(spread):
    torch.manual_seed(0)
    smooth, half, masked = torch.randn(3, 3, 50_257) * spread
    masked[:, 9:] = -math.inf
    scores = torch.cat([smooth, half.bfloat16().float(), masked])
    for p in (1e-6, 0.1, 0.9, 0.99, 1.0):
        expected = TopPLogitsWarper(p)(IDS, scores)
        assert torch.equal(TopP(p)(IDS, scores), expected)


@pytest.mark.parametrize("keep", [2, 300, 60_000])
def test_top_p_keeps_enough_tokens_of_gpt2s_vocabulary(keep):
    torch.manual_seed(0)
    scores = torch.randn(3, 50_257) * 8
    expected = TopPLogitsWarper(0.3, min_tokens_to_keep=keep)(IDS, scores)
    assert torch.equal(TopP(0.3, min_tokens_to_keep=keep)(IDS, scores), expected)


@given(
    st.lists(st.sampled_from([-math.inf, -3.0, 0.0, 0.5, 3.0]), min_size=1, max_size=8),
    st.floats(0.01, 1),
    st.integers(1, 9),
)
def test_a_likeliest_token_always_survives(row, p, k):
    scores = torch.tensor([[*row, 1.0]])
    for processor in (TopP(p), TopK(k)):
        assert processor(IDS, scores).max() == scores.max()


def test_top_p_keeps_the_smallest_set_of_that_mass():
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for p, kept in ((0.4, 1), (0.6, 2), (0.9, 3), (0.99, 4)):
        assert torch.isfinite(TopP(p)(IDS, scores)).sum() == kept


def test_rows_do_not_influence_each_other():
    for scores in adversarial_batches():
        scores = scores[::37]
        for processor in (TopK(3), TopP(0.7)):
            together = processor(IDS, scores)
            alone = torch.cat([processor(IDS, row[None]) for row in scores])
            assert torch.equal(together, alone)


def test_other_dtypes_pass_through():
    scores = torch.randn(3, 20).bfloat16()
    for ours, theirs in (
        (TopK(4), TopKLogitsWarper(4)),
        (TopP(0.8), TopPLogitsWarper(0.8)),
    ):
        assert torch.equal(ours(IDS, scores), theirs(IDS, scores))


def test_they_are_logits_processors_and_leave_their_argument_alone():
    scores = torch.randn(2, 5)
    before = scores.clone()
    for processor in (TopK(2), TopP(0.5)):
        assert isinstance(processor, LogitsProcessor)
        processor(IDS, scores)
    assert torch.equal(scores, before)
    assert (repr(TopK(2)), repr(TopP(0.5))) == ("TopK(2)", "TopP(0.5)")


@pytest.mark.parametrize("k", [0, -1, 2.0, "2", None, True])
def test_bad_k_is_refused(k):
    with pytest.raises(ValueError, match=r"^k must"):
        TopK(k)


@pytest.mark.parametrize("p", [0, -0.1, 1.01, math.nan, math.inf, "0.9", None, True])
def test_bad_p_is_refused(p):
    with pytest.raises(ValueError, match=r"^p must"):
        TopP(p)


@pytest.mark.parametrize("keep", [0, -1, 1.5, None])
def test_bad_min_tokens_to_keep_is_refused(keep):
    for make in (lambda: TopK(1, keep), lambda: TopP(1, keep)):
        with pytest.raises(ValueError, match="min_tokens_to_keep"):
            make()
