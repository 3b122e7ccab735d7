import math
from collections import Counter
from itertools import permutations

import pytest
import torch
from scipy.stats import chisquare, kstest

from course_utils import load_model
from course_utils.mitigation.stochastic import (
    conditional_gumbels,
    stochastic_beam_search,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import TopK
from tests.mitigation.stateful import p_value
from tests.mitigation.test_search import (
    ARCHITECTURES,
    Positions,
    all_texts,
    beginnings,
    logprob_of,
    next_log_probs,
    random_lm,
    small_lm,
)

SEEDS = 3000


# Against all texts of a tiny model


PROCESSORS = {
    "none": [],
    "temperature": [Temperature(0.5)],
    "top-k": [TopK(2)],
    "both": [Temperature(2.0), TopK(3)],
}


@pytest.fixture(scope="module", params=["none", "temperature", "both"])
def draws(request):
    """The exact probabilities of all texts, and the three that each seed has drawn."""
    lm, processors = small_lm(4), PROCESSORS[request.param]
    logprobs = all_texts(lm, "b", 3, processors)
    drawn = [
        stochastic_beam_search(lm, "b", 3, 3, processors=processors, seed=seed)
        for seed in range(SEEDS)
    ]
    texts = [[tuple(ids) for ids in found.token_ids] for found in drawn]
    return {ids: math.exp(logprob) for ids, logprob in logprobs.items()}, texts


def test_the_listed_texts_are_all_there_are(draws):
    probs, texts = draws
    assert sum(probs.values()) == pytest.approx(1, abs=1e-6)
    assert {ids for row in texts for ids in row} <= set(probs)


def test_no_text_comes_twice(draws):
    assert all(len(set(row)) == 3 for row in draws[1])


def test_the_first_text_is_a_draw_from_the_model(draws):
    probs, texts = draws
    assert fit(Counter(row[0] for row in texts), probs) > 1e-3


def test_the_first_two_are_drawn_without_replacement(draws):
    probs, texts = draws
    pairs = {
        (a, b): probs[a] * probs[b] / (1 - probs[a]) for a, b in permutations(probs, 2)
    }
    assert fit(Counter((row[0], row[1]) for row in texts), pairs) > 1e-3


def test_the_second_text_is_no_draw_from_the_model(draws):
    probs, texts = draws
    assert fit(Counter(row[1] for row in texts), probs) < 1e-9


def test_the_third_is_drawn_from_what_two_have_left(draws):
    probs, texts = draws
    third = Counter()
    for a, b, c in permutations(probs, 3):
        rest = (1 - probs[a]) * (1 - probs[a] - probs[b])
        third[c] += probs[a] * probs[b] * probs[c] / rest
    assert fit(Counter(row[2] for row in texts), third) > 1e-3


def fit(counts, probs):
    """Chi-square p-value; what is too rare to be tested alone is counted together."""
    total = sum(counts.values())
    common = [key for key, prob in probs.items() if prob * total >= 5]
    seen = [counts[key] for key in common]
    expected = [probs[key] * total for key in common]
    if len(common) < len(probs):
        seen.append(total - sum(seen))
        expected.append(total - sum(expected))
    return chisquare(seen, expected, sum_check=False).pvalue


@pytest.mark.parametrize("name", PROCESSORS)
def test_enough_beams_draw_every_text_there_is(name):
    lm, processors = small_lm(4), PROCESSORS[name]
    texts = all_texts(lm, "b", 3, processors)
    found = stochastic_beam_search(lm, "b", 60, 3, processors=processors)
    assert Counter(map(tuple, found.token_ids)) == Counter(list(texts))
    expected = [texts[tuple(ids)] for ids in found.token_ids]
    assert found.logprobs == pytest.approx(expected, rel=1e-4)
    assert sum(map(math.exp, found.logprobs)) == pytest.approx(1, abs=1e-5)


def test_a_beginning_has_exactly_the_largest_number_of_its_continuations():
    found = stochastic_beam_search(small_lm(4), "b", 60, 3)
    listed = [(ids, score) for ids, score, _ in beginnings(found, 60)]
    for ids, score in listed:
        after = [other for longer, other in listed if longer[:-1] == ids]
        assert not after or max(after) == score
    assert len(listed) == 4 + 3 * 4 + 9 * 4


def test_the_noise_of_every_text_is_gumbel():
    """Less the largest of all, which is put at 0: its own noise is drawn for it."""
    lm, seeds = small_lm(3), 1500
    noise = {ids: [] for ids in all_texts(lm, "b", 2)}
    dice = torch.Generator().manual_seed(0)
    shifts = -torch.rand(seeds, generator=dice, dtype=torch.float64).log().neg().log()
    for seed, shift in zip(range(seeds), shifts.tolist(), strict=True):
        found = stochastic_beam_search(lm, "b", 20, 2, seed=seed)
        arrivals = [math.exp(-score) for score in found.scores]
        # The first of all comes at an exponential time; the others wait from there on.
        first = math.exp(-shift)
        for ids, time, logprob in zip(
            found.token_ids, arrivals, found.logprobs, strict=True
        ):
            noise[tuple(ids)].append(-math.log(time - 1 + first) - logprob)
    assert len(noise) == 7
    for values in noise.values():
        assert len(values) == seeds
        assert kstest(values, "gumbel_r").pvalue > 1e-3


# Against a slow version, on real models


def slow_search(lm, prompt, num_beams, length, seed, processors=()):
    """The same without a cache and without rows: (ids, logprob, score), best first."""
    generator = torch.Generator().manual_seed(seed)
    start = lm.encode(prompt)
    texts = [((), 0.0, 0.0)]
    for _ in range(length):
        running = [text for text in texts if not text[0] or text[0][-1] != 0]
        texts = [text for text in texts if text not in running]
        if not running:
            break
        rows = [next_log_probs(lm, [*start, *ids], processors) for ids, *_ in running]
        log_probs = torch.stack(rows).double().log_softmax(dim=-1)
        _, before, largest = zip(*running, strict=True)
        totals = log_probs + torch.tensor(before).double()[:, None]
        noisy = conditional_gumbels(totals, torch.tensor(largest).double(), generator)
        for (ids, *_), total, scores in zip(running, totals, noisy, strict=True):
            longer = zip(total.tolist(), scores.tolist(), strict=True)
            texts += [((*ids, token), *pair) for token, pair in enumerate(longer)]
        texts = sorted(texts, key=lambda text: -text[2])[:num_beams]
    return sorted(texts, key=lambda text: -text[2])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("num_beams", [1, 5])
def test_any_architecture_draws_what_the_slow_version_draws(architecture, num_beams):
    lm = random_lm(architecture)
    for seed in range(2):
        found = stochastic_beam_search(lm, "bcdef", num_beams, 10, seed=seed)
        slow = slow_search(lm, "bcdef", num_beams, 10, seed)
        assert [tuple(ids) for ids in found.token_ids] == [ids for ids, *_ in slow]
        logprobs, scores = zip(*(text[1:] for text in slow), strict=True)
        assert found.logprobs == pytest.approx(logprobs, rel=1e-4)
        assert found.scores == pytest.approx(scores, rel=1e-3, abs=1e-3)


def test_processors_are_followed_on_the_storyteller():
    lm, processors = load_model("storyteller"), [Temperature(1.5), TopK(30)]
    found = stochastic_beam_search(lm, "Once", 4, 8, processors=processors, seed=2)
    slow = slow_search(lm, "Once", 4, 8, 2, processors)
    assert [tuple(ids) for ids in found.token_ids] == [ids for ids, *_ in slow]


def test_logprobs_are_the_sum_over_the_tokens():
    for lm in (load_model("storyteller"), random_lm("mistral")):
        found = stochastic_beam_search(lm, "onceu", 6, 12, seed=1)
        expected = [logprob_of(lm, "onceu", ids) for ids in found.token_ids]
        assert found.logprobs == pytest.approx(expected, rel=1e-4)
        assert found.scores == sorted(found.scores, reverse=True)
        assert len(set(found.texts)) == len(found) == 6
        assert found.groups == [0] * 6


def likely_end(ids, scores):
    return scores + 6 * (torch.arange(scores.shape[-1]) == 0)


def test_texts_that_have_ended_are_carried_along_unchanged():
    lm, carried = random_lm("gpt2"), 0
    for seed in range(20):
        short, long = (
            stochastic_beam_search(
                lm, "bcd", 5, length, processors=[likely_end], seed=seed
            )
            for length in (3, 12)
        )
        before = set(map(repr, zip(*facts(short), strict=True)))
        for fact in zip(*facts(long), strict=True):
            if len(fact[0]) <= 3:
                assert repr(fact) in before and fact[0][-1] == 0
                carried += 1
    assert carried > 20


def facts(found):
    return found.token_ids, found.scores, found.logprobs


def test_one_end_of_text_at_most_and_only_at_the_end():
    lm = random_lm("llama")
    found = stochastic_beam_search(lm, "bcd", 8, 15, processors=[likely_end], seed=4)
    assert len({len(ids) for ids in found.token_ids}) > 2
    for ids, text in zip(found.token_ids, found.texts, strict=True):
        assert 0 not in ids[:-1] and (len(ids) == 15 or ids[-1] == 0)
        assert text == lm.decode([1, 2, 3, *ids])


def test_a_seed_draws_the_same_texts_again_and_leaves_torch_s_own_dice():
    lm = random_lm("gpt2")
    torch.manual_seed(5)
    state = torch.get_rng_state()
    one, same, other = (
        stochastic_beam_search(lm, "bcd", 4, 8, seed=seed) for seed in (3, 3, 4)
    )
    assert vars(one) == vars(same)
    assert one.token_ids != other.token_ids
    assert torch.equal(torch.get_rng_state(), state)


def test_n_best_are_the_first_of_all():
    lm = random_lm("gpt2")
    everything = stochastic_beam_search(lm, "bcd", 5, 8)
    found = stochastic_beam_search(lm, "bcd", 5, 8, n_best=2)
    assert found.token_ids == everything.token_ids[:2]
    assert found.passes == everything.passes


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("processors", [[], [likely_end]])
def test_passes_are_what_went_through_the_model(architecture, processors):
    lm = random_lm(architecture)
    counted = Positions(lm.model, rows=4)
    found = stochastic_beam_search(lm, "bcd", 4, 9, processors=processors)
    assert found.passes == counted.passes() <= 3 + 4 * 8
    if not processors:
        assert found.passes == 3 + 4 * 8


@pytest.mark.parametrize("processors", [[], [likely_end]])
def test_every_text_can_be_followed_through_the_tree(processors):
    lm = random_lm("gpt2")
    for seed in range(3):
        found = stochastic_beam_search(
            lm, "bcd", 5, 9, processors=processors, seed=seed
        )
        listed = beginnings(found, 5)
        for ids, score in zip(found.token_ids, found.scores, strict=True):
            assert (ids, score, 0) in listed
            for length in range(1, len(ids)):
                assert any(ids[:length] == known[0] for known in listed)


def test_a_beginning_that_leads_nowhere_is_dropped():
    def nothing_after_b(ids, scores):
        return scores.masked_fill((ids[:, -1:] == 1), -torch.inf)

    lm = small_lm(4)
    found = stochastic_beam_search(lm, "c", 40, 2, processors=[nothing_after_b])
    assert Counter(map(tuple, found.token_ids)) == Counter(
        [(0,), *((first, second) for first in (2, 3) for second in range(4))]
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_leave_no_token_are_refused(value):
    def spoil(ids, scores):
        return torch.full_like(scores, value)

    with pytest.raises(ValueError, match="spoil"):
        stochastic_beam_search(small_lm(), "b", 2, 3, processors=[spoil])


# The noise


def gumbels(shape, seed):
    dice = torch.Generator().manual_seed(seed)
    return -torch.rand(shape, generator=dice, dtype=torch.float64).log().neg().log()


LOG_PROBS = torch.tensor([0.5, 0.3, 0.15, 0.05]).double().log()


@pytest.mark.parametrize("total", [0.0, -3.0, -200.0])
def test_the_largest_of_a_row_is_exactly_the_one_wanted(total):
    largest = total + gumbels(500, seed=0)
    dice = torch.Generator().manual_seed(1)
    log_probs = (LOG_PROBS + total).expand(500, -1)
    assert torch.equal(conditional_gumbels(log_probs, largest, dice).amax(-1), largest)


@pytest.mark.parametrize("total", [0.0, -3.0, -200.0])
def test_noise_below_a_drawn_maximum_is_plain_gumbel(total):
    largest = total + gumbels(4000, seed=2)
    dice = torch.Generator().manual_seed(3)
    log_probs = (LOG_PROBS + total).expand(4000, -1)
    noisy = conditional_gumbels(log_probs, largest, dice)
    noise = noisy - log_probs
    for column in noise.T:
        assert kstest(column.numpy(), "gumbel_r").pvalue > 1e-3
    correlations = torch.corrcoef(noise.T) - torch.eye(4)
    assert correlations.abs().max() < 0.06
    assert p_value(noisy.argmax(dim=-1), LOG_PROBS.exp()) > 1e-3


def test_the_wrong_maximum_gives_no_gumbel_noise():
    largest = gumbels(4000, seed=2) + 1
    dice = torch.Generator().manual_seed(3)
    noisy = conditional_gumbels(LOG_PROBS.expand(4000, -1), largest, dice)
    assert kstest((noisy - LOG_PROBS)[:, 0].numpy(), "gumbel_r").pvalue < 1e-9


def test_the_impossible_stays_impossible():
    log_probs = torch.tensor([[-torch.inf, 0.0, -torch.inf], [-1.0, -1.0, -torch.inf]])
    largest = torch.tensor([0.7, -2.0]).double()
    noisy = conditional_gumbels(log_probs.double(), largest, torch.Generator())
    assert torch.equal(noisy.isneginf(), log_probs.isneginf())
    assert torch.equal(noisy.amax(dim=-1), largest)
    nothing = torch.full((1, 3), -torch.inf).double()
    assert conditional_gumbels(nothing, largest[:1], torch.Generator()).isneginf().all()


def test_very_unlike_numbers_leave_no_nan():
    log_probs = torch.tensor([[0.0, -1e-12, -50.0, -800.0, -1e6]]).double()
    for largest in (-1e3, -5.0, 0.0, 40.0, 1e3):
        dice = torch.Generator().manual_seed(0)
        wanted = torch.tensor([largest]).double()
        noisy = conditional_gumbels(log_probs, wanted, dice)
        assert noisy.isfinite().all() and noisy.max() == largest


# Bad arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prompt", None),
        ("prompt", ["Once"]),
        ("num_beams", 0),
        ("num_beams", 2.5),
        ("max_new_tokens", 0),
        ("max_new_tokens", None),
        ("n_best", 0),
        ("n_best", 11),
        ("processors", Temperature(1)),
        ("processors", ["cold"]),
        ("seed", -1),
        ("seed", None),
        ("seed", True),
        ("seed", 2**64),
    ],
)
def test_bad_arguments_are_refused_by_name(lm, argument, value):
    with pytest.raises(ValueError, match=argument) as error:
        stochastic_beam_search(lm, **{argument: value})
    assert "\n" not in str(error.value)


def test_a_model_without_its_tokenizer_is_refused(lm):
    with pytest.raises(ValueError, match="lm must be a LanguageModel"):
        stochastic_beam_search(lm.model, "Once")


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_text_may_fill_the_context_and_no_more(architecture):
    lm = random_lm(architecture)
    found = stochastic_beam_search(lm, "b" * 120, 2, 9)
    assert max(map(len, found.token_ids)) == 9
    with pytest.raises(ValueError, match="exceed the 128 positions"):
        stochastic_beam_search(lm, "b" * 120, 2, 10)
