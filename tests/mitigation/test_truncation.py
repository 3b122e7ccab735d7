import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    LogitsProcessor,
    MinPLogitsWarper,
    TopHLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from course_utils.foundations.entropy import entropy
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)

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


@pytest.mark.parametrize("min_p", [0.0, 1e-6, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("keep", [1, 3, 400])
def test_min_p_masks_what_transformers_masks(min_p, keep):
    for scores in adversarial_batches():
        expected = MinPLogitsWarper(min_p, min_tokens_to_keep=keep)(IDS, scores)
        assert torch.equal(MinP(min_p, keep)(IDS, scores), expected)


@pytest.mark.parametrize("epsilon", [1e-9, 3e-4, 0.02, 0.3, 0.99])
@pytest.mark.parametrize("keep", [1, 3, 400])
def test_epsilon_and_eta_mask_what_transformers_masks(epsilon, keep):
    for scores in adversarial_batches():
        for ours, theirs in ((Epsilon, EpsilonLogitsWarper), (Eta, EtaLogitsWarper)):
            expected = theirs(epsilon, min_tokens_to_keep=keep)(IDS, scores)
            assert torch.equal(ours(epsilon, keep)(IDS, scores), expected)


@pytest.mark.parametrize("mass", [1e-6, 0.2, 0.5, 0.95, 0.999999])
@pytest.mark.parametrize("keep", [1, 3, 400])
def test_typical_masks_what_transformers_masks(mass, keep):
    for scores in adversarial_batches():
        expected = TypicalLogitsWarper(mass, min_tokens_to_keep=keep)(IDS, scores)
        assert torch.equal(Typical(mass, keep)(IDS, scores), expected)


@pytest.mark.parametrize("h", [1e-6, 0.2, 0.4, 1.0])
def test_top_h_unfinished_masks_what_transformers_masks(h):
    for scores in adversarial_batches():
        expected = TopHLogitsWarper(h)(IDS, scores)
        assert torch.equal(TopH(h, renormalised=False)(IDS, scores), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_masks_agree_in_half_precision(dtype):
    torch.manual_seed(0)
    scores = (torch.randn(500, 300) * 4).to(dtype)
    pairs = [
        (MinP(0.05), MinPLogitsWarper(0.05)),
        (Epsilon(1e-3), EpsilonLogitsWarper(1e-3)),
        (Eta(1e-3), EtaLogitsWarper(1e-3)),
        (Typical(0.9), TypicalLogitsWarper(0.9)),
        (TopH(0.4, renormalised=False), TopHLogitsWarper(0.4)),
    ]
    for ours, theirs in pairs:
        assert torch.equal(ours(IDS, scores), theirs(IDS, scores)), ours


@pytest.mark.parametrize("spread", [0.1, 3.0, 10.0])
def test_typical_agrees_on_gpt2s_vocabulary(spread):
    torch.manual_seed(0)
    smooth, half, masked = torch.randn(3, 3, 50_257) * spread
    masked[:, 9:] = -math.inf
    scores = torch.cat([smooth, half.bfloat16().float(), masked])
    for mass in (1e-6, 0.2, 0.9, 0.99):
        expected = TypicalLogitsWarper(mass)(IDS, scores)
        assert torch.equal(Typical(mass)(IDS, scores), expected)


def kept(processor, row) -> list[bool]:
    return processor(IDS, torch.tensor([row])).isfinite()[0].tolist()


def test_typical_may_drop_the_likeliest():
    """Of 2.2 nats of entropy, 0.4 lies 1.2 nats away and 0.05 only 0.8."""
    row = [math.log(p) for p in (0.4, *[0.05] * 12)]
    assert kept(Typical(0.3), row) == [False, *[True] * 12]


def test_top_n_sigma_keeps_the_same_at_every_temperature():
    torch.manual_seed(0)
    scores = torch.randn(50, 300) * 3
    for temperature in (0.25, 4.0):
        bent = TopNSigma(1)(IDS, scores / temperature)
        assert torch.equal(bent.isfinite(), TopNSigma(1)(IDS, scores).isfinite())


def test_top_n_sigma_leaves_out_what_is_ruled_out_already():
    """Counted as zeros, the masked logits would make sigma large and keep all four."""
    row = [-10.0, -10.5, -11.0, -14.0]
    assert kept(TopNSigma(1), row) == [True, True, True, False]
    assert kept(TopNSigma(1), [*row, -math.inf, -math.inf])[:4] == kept(
        TopNSigma(1), row
    )


def test_p_less_keeps_what_is_likelier_than_a_chance_agreement():
    probs = [0.5, 0.3, 0.15, 0.05]  # sum of squares: 0.365
    assert kept(PLess(), [math.log(p) for p in probs]) == [True, False, False, False]
    assert kept(PLess(), [0.0] * 7) == [True] * 7


def test_top_h_as_published_stays_within_its_bound():
    torch.manual_seed(0)
    scores = torch.randn(2000, 50) * 2
    whole = entropy(scores.softmax(dim=-1))
    broken = {}
    for renormalised in (True, False):
        left = TopH(0.4, renormalised=renormalised)(IDS, scores)
        several = left.isfinite().sum(dim=-1) > 1
        beyond = entropy(left.softmax(dim=-1)) > 0.4 * whole + 1e-5
        broken[renormalised] = (beyond & several).float().mean().item()
    assert broken[True] == 0
    assert broken[False] > 0.3


def test_top_h_as_published_could_take_no_token_more():
    torch.manual_seed(1)
    scores = torch.randn(200, 50) * 2
    left = TopH(0.4)(IDS, scores)
    for row, some in zip(scores, left, strict=True):
        count = int(some.isfinite().sum())
        one_more = row.sort(descending=True).values[: count + 1].softmax(dim=-1)
        assert entropy(one_more) > 0.4 * entropy(row.softmax(dim=-1)) - 1e-5


SAMPLERS = [
    MinP(0.1), Epsilon(1e-3), Eta(1e-3), Typical(0.9), TopNSigma(), TopH(), PLess(),
]  # fmt: skip


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_rows_are_independent_and_the_scores_stay(sampler):
    torch.manual_seed(0)
    scores = torch.randn(20, 50) * 3
    before = scores.clone()
    together = sampler(IDS, scores)
    assert torch.equal(scores, before)
    alone = torch.cat([sampler(IDS, row[None]) for row in scores])
    assert torch.equal(together, alone)
    assert together.isfinite().any(dim=-1).all()


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_each_says_its_parameter(sampler):
    assert eval(repr(sampler)).__dict__ == sampler.__dict__


@pytest.mark.parametrize(
    ("make", "values", "message"),
    [
        (MinP, (-0.1, 1.1, math.nan, "a", None), "min_p must be"),
        (Epsilon, (0, 1, -1, math.nan, True), "epsilon must be"),
        (Eta, (0, 1, math.inf), "epsilon must be"),
        (Typical, (0, 1, 1.5), "mass must be"),
        (TopNSigma, (0, -1, math.nan, math.inf), "n must be"),
        (TopH, (0, 1.1, math.nan), "h must be"),
    ],
)
def test_bad_parameters_are_named(make, values, message):
    for value in values:
        with pytest.raises(ValueError, match=message):
            make(value)


@pytest.mark.parametrize("make", [MinP, Epsilon, Eta, Typical])
@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_a_bad_count_of_tokens_to_keep_is_named(make, count):
    with pytest.raises(ValueError, match="min_tokens_to_keep must be"):
        make(0.1, count)
