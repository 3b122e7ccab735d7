"""The inside of a model: known geometries, and a reading that leaves no trace."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.hidden_states import (
    attention_entropy,
    effective_rank,
    mean_pairwise_cosine,
    measure_states,
    read_logits,
    read_states,
)
from course_utils.forward import is_plain_gpt2
from course_utils.foundations.entropy import entropy
from course_utils.foundations.softmax import softmax
from course_utils.generation import generate

TEXTS = torch.randint(1, 300, (5, 12), generator=torch.Generator().manual_seed(0))

shapes = st.tuples(st.integers(2, 8), st.integers(1, 6), st.integers(0, 999))


def random_vectors(shape):
    *size, seed = shape
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)).double()


# --- mean pairwise cosine


@given(shapes)
def test_mean_pairwise_cosine_is_the_mean_over_all_pairs(shape):
    vectors = random_vectors(shape)
    pairs = torch.combinations(torch.arange(len(vectors)))
    left, right = vectors[pairs[:, 0]], vectors[pairs[:, 1]]
    expected = torch.cosine_similarity(left, right, dim=-1).mean()
    torch.testing.assert_close(mean_pairwise_cosine(vectors), expected)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_known_cosines(n):
    same = torch.ones(n, 4) * torch.arange(1, n + 1)[:, None]
    assert mean_pairwise_cosine(same).item() == pytest.approx(1)
    assert mean_pairwise_cosine(torch.eye(n)).item() == pytest.approx(0)
    simplex = torch.eye(n) - 1 / n  # as far apart as n vectors can be
    assert mean_pairwise_cosine(simplex).item() == pytest.approx(-1 / (n - 1))
    assert mean_pairwise_cosine([[1.0, 0.0], [-2.0, 0.0]]).item() == -1


# --- effective rank


@pytest.mark.parametrize("n", [1, 2, 7])
def test_effective_rank_counts_equal_directions(n):
    assert effective_rank(torch.eye(n)).item() == pytest.approx(n)
    assert effective_rank(torch.ones(n, 5)).item() == pytest.approx(1)
    assert effective_rank(torch.eye(n).repeat(3, 1)).item() == pytest.approx(n)


@given(shapes, st.floats(0.01, 100))
def test_effective_rank_lies_between_one_and_the_rank(shape, scale):
    vectors = random_vectors(shape)
    rank = effective_rank(vectors).item()
    assert 1 - 1e-9 <= rank <= min(vectors.shape) + 1e-9
    assert effective_rank(vectors * scale).item() == pytest.approx(rank)


def test_a_dominant_direction_lowers_the_effective_rank():
    vectors = torch.diag(torch.tensor([10.0, 1.0, 1.0]))
    assert 1 < effective_rank(vectors).item() < 3


# --- both, and attention


def test_batches_are_measured_one_by_one():
    vectors = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(1))
    for measure in (mean_pairwise_cosine, effective_rank):
        assert measure(vectors).shape == (2, 3)
        torch.testing.assert_close(measure(vectors)[1, 2], measure(vectors[1, 2]))


def test_half_precision_does_not_overflow():
    vectors = torch.full((3, 64), 6e4, dtype=torch.float16)
    assert mean_pairwise_cosine(vectors).item() == pytest.approx(1, abs=1e-5)
    assert effective_rank(vectors).item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "vectors",
    [[[1.0, math.nan], [1.0, 0.0]], [[math.inf], [1.0]], [1.0, 2.0], [], "x", 1.0],
)
def test_what_are_no_vectors_is_refused(vectors):
    for measure in (mean_pairwise_cosine, effective_rank):
        with pytest.raises(ValueError, match="vectors"):
            measure(vectors)


def test_vectors_without_direction_are_refused():
    with pytest.raises(ValueError, match="length 0"):
        mean_pairwise_cosine([[0.0, 0.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="all 0"):
        effective_rank(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="at least 2"):
        mean_pairwise_cosine([[1.0, 0.0]])


def test_attention_entropy_is_zero_for_one_token_and_full_for_all():
    rows = torch.tensor([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    assert attention_entropy(rows).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="sum to 1"):
        attention_entropy(rows / 2)


# --- reading a model


def test_states_are_those_that_transformers_gives(lm):
    states = read_states(lm, TEXTS)
    other = copy.deepcopy(lm.model)
    other.set_attn_implementation("eager")
    mask = torch.ones_like(TEXTS)
    with torch.no_grad():
        theirs = other(
            TEXTS,
            attention_mask=mask,
            output_attentions=True,
            output_hidden_states=True,
        )
    torch.testing.assert_close(states.hidden, torch.stack(theirs.hidden_states))
    torch.testing.assert_close(states.attention, torch.stack(theirs.attentions))
    assert states.hidden.shape == (3, 5, 12, 32)


def test_attention_looks_back_only_and_sums_to_one(lm):
    attention = read_states(lm, TEXTS).attention
    assert attention.shape == (2, 5, 4, 12, 12)
    assert attention.triu(diagonal=1).abs().max() == 0
    torch.testing.assert_close(attention.sum(-1), torch.ones(2, 5, 4, 12))


def test_the_last_state_is_what_the_head_reads(lm):
    logits = lm.model.lm_head(read_states(lm, TEXTS).hidden[-1])
    with torch.no_grad():
        expected = lm.model(TEXTS, attention_mask=torch.ones_like(TEXTS)).logits
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


def test_logits_before_each_token_are_those_of_its_prefix(lm):
    logits = read_logits(lm, TEXTS[:2])
    assert logits.shape == (2, 12, 300)
    torch.testing.assert_close(logits[0, 0], lm.next_token_logits(""))
    prefix = torch.cat([torch.tensor(lm.encode("")), TEXTS[1, :7]])
    with torch.no_grad():
        expected = lm.model(prefix[None]).logits[0, -1]
    torch.testing.assert_close(logits[1, 7], expected, rtol=1e-4, atol=1e-4)


def test_logits_agree_with_the_trace_of_a_generation(lm):
    runs = generate(lm, "", 3, 10, seed=1)
    length = min(map(len, runs.token_ids))
    rows = [ids[:length] for ids in runs.token_ids]
    bits = entropy(softmax(read_logits(lm, rows)))
    torch.testing.assert_close(bits, runs.entropy[:, :length], rtol=1e-3, atol=1e-3)


def test_reading_leaves_the_model_as_it_was(lm):
    """Hooks left behind would send `generate` down its slow path for good."""
    before = copy.deepcopy(lm.model.config.to_dict())
    implementation = lm.model.config._attn_implementation
    addresses = [weight.data_ptr() for weight in lm.model.parameters()]
    read_states(lm, TEXTS), measure_states(lm, TEXTS), read_logits(lm, TEXTS)
    assert lm.model.config.to_dict() == before
    assert lm.model.config._attn_implementation == implementation == "sdpa"
    assert [weight.data_ptr() for weight in lm.model.parameters()] == addresses
    assert is_plain_gpt2(lm.model)
    assert not any(module._forward_hooks for module in lm.model.modules())


def test_reading_is_done_without_dropout(lm):
    lm.model.train()
    try:
        assert torch.equal(read_states(lm, TEXTS).hidden, read_states(lm, TEXTS).hidden)
        assert lm.model.training
    finally:
        lm.model.eval()


def test_a_model_without_attention_is_told_so(lm, monkeypatch):
    forward = type(lm.model.base_model).forward

    def bare(self, **kwargs):
        return forward(self, **{**kwargs, "output_attentions": False})

    monkeypatch.setattr(type(lm.model.base_model), "forward", bare)
    with pytest.raises(ValueError, match="no attention"):
        read_states(lm, TEXTS)


@pytest.mark.parametrize(
    "token_ids",
    [
        [[1, 2], [1, 2, 3]],
        [1, 2, 3],
        [[]],
        [],
        [[0.5, 1.5, 2.5]],
        [[1, 2, 300]],
        [[1, -1, 2]],
        "text",
    ],
)
def test_bad_token_ids_are_refused(lm, token_ids):
    for measure in (read_states, measure_states, read_logits):
        with pytest.raises(ValueError, match="token_ids"):
            measure(lm, token_ids)


def test_texts_beyond_the_context_are_refused(lm):
    with pytest.raises(ValueError, match="128 positions"):
        measure_states(lm, torch.ones(1, 129, dtype=torch.long))


def test_what_is_no_language_model_is_refused(lm):
    with pytest.raises(ValueError, match="lm must be"):
        measure_states(lm.model, TEXTS)
    with pytest.raises(ValueError, match="batch_size"):
        measure_states(lm, TEXTS, batch_size=0)
    with pytest.raises(ValueError, match="3 tokens"):
        measure_states(lm, TEXTS[:, :2])


# --- the report


def test_report_holds_one_row_per_text_whatever_the_batch(lm):
    report = measure_states(lm, TEXTS, batch_size=2)
    assert report.attention_entropy.shape == (5, 2, 4)
    assert report.cosine.shape == report.effective_rank.shape == (5, 3)
    whole = measure_states(lm, TEXTS.tolist())
    for field in ("attention_entropy", "cosine", "effective_rank"):
        torch.testing.assert_close(getattr(report, field), getattr(whole, field))


def test_report_leaves_the_first_token_out(lm):
    states, report = read_states(lm, TEXTS), measure_states(lm, TEXTS)
    expected = mean_pairwise_cosine(states.hidden[2, 3, 1:])
    torch.testing.assert_close(report.cosine[3, 2], expected)
    expected = attention_entropy(states.attention[1, 3, 2, 1:]).mean()
    torch.testing.assert_close(report.attention_entropy[3, 1, 2], expected)


def test_repeating_one_token_makes_states_alike(lm):
    varied = measure_states(lm, TEXTS).per_text()
    same = measure_states(lm, torch.full((5, 12), 7)).per_text()
    assert min(same["mean cosine"]) > max(varied["mean cosine"])
    assert max(same["effective rank"]) < min(varied["effective rank"])


def test_report_prints_intervals_and_draws_itself(lm):
    report = measure_states(lm, TEXTS)
    assert "n = 5, 95 % intervals" in repr(report)
    assert repr(report).count(" to ") == 3
    figure = report.plot(label="one")
    assert report.plot(figure, label="two") is figure
    assert [len(axes.lines) for axes in figure.axes] == [2, 2, 2]


def test_one_text_has_no_interval(lm):
    report = measure_states(lm, TEXTS[:1])
    assert "interval" not in repr(report)
    assert not report.plot().axes[0].collections
