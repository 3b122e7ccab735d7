import math

import pytest
import torch

from course_utils import generate, load_model
from course_utils.mitigation.mirostat import (
    MirostatV1,
    MirostatV2,
    next_limit,
    zipf_exponent,
    zipf_k,
)
from tests.mitigation.stateful import (
    beams_of_transformers,
    generated_by_transformers,
    play,
    random_play,
    write,
)

IDS = torch.zeros(1, 1, dtype=torch.long)
ALL = {
    "v1": lambda: MirostatV1(2.0, 0.5),
    "v1 kept": lambda: MirostatV1(2.0, 0.5, fitted=20, surprise_under="kept"),
    "v2": lambda: MirostatV2(2.0, 0.5),
    "v2 model": lambda: MirostatV2(2.0, 0.5, surprise_under="model"),
}
BOTH = [MirostatV1, MirostatV2]


def softmax(row):
    powers = [math.exp(z - max(row)) for z in row]
    return [power / sum(powers) for power in powers]


def zipf_count(probs, limit, fitted):
    """Basu et al.: how many tokens to keep, from the `fitted` largest probabilities."""
    t = [math.log((i + 2) / (i + 1)) for i in range(fitted - 1)]
    b = [math.log(probs[i] / probs[i + 1]) for i in range(fitted - 1)]
    s = sum(x * y for x, y in zip(t, b, strict=True)) / sum(x * x for x in t)
    e = s - 1
    k = (e * 2**limit / (1 - len(probs) ** -e)) ** (1 / s)
    return min(max(round(k), 1), len(probs))


def by_hand(version, steps, tokens, target, rate, fitted, surprise_under):
    """One row in plain numbers: the limit and the kept tokens of each step."""
    limit, told = 2 * target, []
    for scores, drawn in zip(steps, tokens, strict=True):
        probs = softmax(scores.tolist())
        order = sorted(range(len(probs)), key=lambda i: -probs[i])
        if version == 1:
            count = zipf_count([probs[i] for i in order], limit, fitted)
        else:
            count = max(1, sum(-math.log2(p) <= limit for p in probs))
        kept = order[:count]
        told.append((limit, set(kept)))
        mass = sum(probs[i] for i in kept) if surprise_under == "kept" else 1
        limit -= rate * (-math.log2(probs[drawn] / mass) - target)
    return told


@pytest.mark.parametrize("version, sampler", [(1, MirostatV1), (2, MirostatV2)])
@pytest.mark.parametrize("surprise_under", ["model", "kept"])
@pytest.mark.parametrize("target, rate", [(2.0, 0.1), (1.0, 1.0), (4.0, 0.5)])
def test_row_by_row_as_published(version, sampler, surprise_under, target, rate):
    """Algorithm 1 of the paper, and version 2, which cuts at the limit itself."""
    steps, start, _ = random_play(rows=3, vocabulary=120, length=40)
    more = {"fitted": 30} if version == 1 else {}
    mirostat = sampler(target, rate, surprise_under=surprise_under, **more)
    out, tokens = write(mirostat, steps, start)
    limits = play_limits(mirostat, steps, start, tokens)
    counts = set()
    for row in range(3):
        told = by_hand(
            version,
            [scores[row] for scores in steps],
            [drawn[row].item() for drawn in tokens],
            *(target, rate, 30, surprise_under),
        )
        assert limits[:, row].tolist() == pytest.approx(
            [limit for limit, _ in told], rel=1e-4, abs=1e-4
        )
        for step, (_, kept) in enumerate(told):
            assert set(out[step, row].isfinite().nonzero()[:, 0].tolist()) == kept
            counts.add(len(kept))
    assert len(counts) > 3


def play_limits(sampler, steps, start, tokens):
    """The limit of each step and row, [step, row]."""
    limits = []

    def noting(ids, scores):
        kept = sampler(ids, scores)
        limits.append(sampler.limit)
        return kept

    sampler.reset()
    play(noting, steps, start, tokens)
    return torch.stack(limits)


@pytest.mark.parametrize("sampler", BOTH)
@pytest.mark.parametrize("surprise_under", ["model", "kept"])
def test_the_surprise_is_taken_under_what_was_asked(sampler, surprise_under):
    scores = (1 / torch.arange(1, 65)).log()[None]
    mirostat = sampler(2.0, 1.0, surprise_under=surprise_under)
    kept = mirostat(IDS, scores)
    assert 2 < kept.isfinite().sum() < 64
    mirostat(torch.tensor([[0, 1]]), scores)
    shown = scores if surprise_under == "model" else kept
    surprise = -shown.softmax(dim=-1)[0, 1].log2().item()
    assert mirostat.limit.item() == pytest.approx(4.0 - (surprise - 2.0), abs=1e-5)


@pytest.mark.parametrize("surprise_under", ["model", "kept"])
@pytest.mark.parametrize("sampler", BOTH)
@pytest.mark.parametrize("target", [4.0, 5.0])
def test_the_mean_surprise_of_a_long_text_comes_to_the_target(
    sampler, surprise_under, target
):
    steps, start, _ = random_play(rows=8, vocabulary=500, length=500)
    steps = [scores / 2 for scores in steps]
    mirostat = sampler(target, 0.1, surprise_under=surprise_under)
    out, tokens = write(mirostat, steps, start)
    shown = out if surprise_under == "kept" else torch.stack(steps)
    bits = surprises(shown, tokens)[100:].mean(dim=0)
    assert bits.mean().item() == pytest.approx(target, abs=0.05)
    assert bits.tolist() == pytest.approx([target] * 8, abs=0.2)


@pytest.mark.parametrize("sampler", BOTH)
def test_under_the_model_no_target_below_that_of_greedy_is_reached(sampler):
    """The likeliest tokens alone have 3 bits here: the limit falls and falls."""
    steps, start, _ = random_play(rows=8, vocabulary=500, length=500)
    steps = [scores / 2 for scores in steps]
    for surprise_under, reached in (("model", 3.0), ("kept", 2.0)):
        mirostat = sampler(2.0, 0.1, surprise_under=surprise_under)
        out, tokens = write(mirostat, steps, start)
        shown = out if surprise_under == "kept" else torch.stack(steps)
        bits = surprises(shown, tokens)[100:].mean().item()
        assert bits == pytest.approx(reached, abs=0.05)
        assert (mirostat.limit < 0).all() == (surprise_under == "model")


def surprises(shown, tokens):
    """The bits of each token under softmax(shown), [step, row]."""
    drawn = torch.stack(tokens)[..., None]
    return -shown.log_softmax(dim=-1).gather(-1, drawn)[..., 0] / math.log(2)


# What a sampler with a memory has to keep


@pytest.mark.parametrize("name", ALL)
def test_rows_do_not_see_each_other(name):
    steps, start, _ = random_play()
    together, tokens = write(ALL[name](), steps, start)
    for row in range(3):
        alone = play(
            ALL[name](),
            [scores[row : row + 1] for scores in steps],
            start[row : row + 1],
            [drawn[row : row + 1] for drawn in tokens],
        )
        torch.testing.assert_close(together[:, row : row + 1], alone)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("between", ["reset", "nothing"])
def test_nothing_is_carried_into_the_next_text(name, between):
    steps, start, _ = random_play()
    sampler = ALL[name]()
    first, tokens = write(sampler, steps, start)
    assert (sampler.limit != 4.0).all()
    if between == "reset":
        sampler.reset()
        assert sampler.limit == 4.0
    assert torch.equal(play(sampler, steps, start, tokens), first)


@pytest.mark.parametrize("name", ALL)
def test_beams_that_change_places_keep_their_limit(name):
    steps, start, _ = random_play()
    straight, tokens = write(ALL[name](), steps, start)
    sampler, order = ALL[name](), torch.tensor([2, 0, 1])
    play(sampler, steps[:-1], start, tokens[:-1])
    ids = torch.cat([start, torch.stack(tokens[:-1], dim=1)], dim=-1)[order]
    assert torch.equal(sampler(ids, steps[-1][order]), straight[-1][order])


@pytest.mark.parametrize("name", ALL)
def test_a_beam_that_goes_on_twice_hands_its_limit_to_both(name):
    steps, start, _ = random_play(length=6)
    _, tokens = write(ALL[name](), steps, start)
    sampler = ALL[name]()
    play(sampler, steps[:-1], start, tokens[:-1])
    before = sampler.limit
    ids = torch.cat([start, torch.stack(tokens[:-2], dim=1)], dim=-1)[[1, 1, 2]]
    drawn = torch.stack([tokens[-2][1], tokens[-2][1], tokens[-2][2]])
    sampler(torch.cat([ids, drawn[:, None]], dim=-1), steps[-1])
    assert sampler.limit[0] == sampler.limit[1] != before[0]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("do_sample", [False, True])
def test_a_beam_search_of_transformers_runs(name, do_sample):
    texts = beams_of_transformers(load_model(), ALL[name](), do_sample)
    assert [len(ids) for ids in texts] == [16, 16]


@pytest.mark.parametrize("name", ALL)
def test_padding_after_the_end_changes_nothing(name):
    """Row 1 ends after five tokens; the loop goes on with its last scores."""
    steps, start, _ = random_play(length=12)
    steps = [scores.index_fill(1, torch.tensor([0]), -math.inf) for scores in steps]
    straight, tokens = write(ALL[name](), steps, start)
    for step in range(5, 12):
        steps[step] = steps[step].clone()
        steps[step][1] = steps[4][1]
        tokens[step] = tokens[step].clone()
        tokens[step][1] = 0
    limits = play_limits(ALL[name](), steps, start, tokens)
    padded = play(ALL[name](), steps, start, tokens)
    assert torch.equal(padded[:, [0, 2]], straight[:, [0, 2]])
    assert not padded.isnan().any() and limits.isfinite().all()
    assert (limits[6:, 1] == limits[5, 1]).all()


@pytest.mark.parametrize("name", ALL)
def test_draws_what_transformers_draws(name):
    """Also after some texts have ended, which the two loops go on with differently."""
    lm = load_model()
    runs = generate(lm, "Once", 6, 100, [ALL[name]()], seed=3, progress=False)
    theirs = generated_by_transformers(lm, ALL[name](), "Once", 6, 100, seed=3)
    lengths = [len(ids) for ids in runs.token_ids]
    assert min(lengths) < max(lengths)
    assert runs.token_ids == [
        ids[:length] for ids, length in zip(theirs, lengths, strict=True)
    ]


# Odd rows


@pytest.mark.parametrize("name", ALL)
def test_what_is_ruled_out_already_stays_out_and_does_not_count(name):
    torch.manual_seed(0)
    scores = torch.randn(4, 30) * 3
    wide = torch.cat([scores, torch.full((4, 8), -math.inf)], dim=-1)
    ids = torch.zeros(4, 1, dtype=torch.long)
    kept = ALL[name]()(ids, wide)
    assert kept[:, 30:].isneginf().all() and not kept.isnan().any()
    if name.startswith("v2"):
        assert torch.equal(kept[:, :30], ALL[name]()(ids, scores))


@pytest.mark.parametrize("name", ALL)
def test_one_possible_token_stays(name):
    scores = torch.full((1, 7), -math.inf)
    scores[0, 3] = 2.0
    sampler = ALL[name]()
    assert torch.equal(sampler(IDS, scores), scores)
    assert torch.equal(sampler(torch.tensor([[0, 3]]), scores), scores)
    assert sampler.limit.tolist() == pytest.approx([4.0 + 0.5 * 2.0])


@pytest.mark.parametrize("sampler", BOTH)
def test_the_likeliest_stays_where_the_limit_is_below_its_surprise(sampler):
    scores = torch.tensor([[0.3, 0.1, *[0.05] * 12]]).log()
    assert (
        sampler(1e-3, 0.1)(IDS, scores).isfinite()[0].tolist() == [True] + [False] * 13
    )


@pytest.mark.parametrize("sampler", BOTH)
def test_tokens_that_tie_stay_or_go_together(sampler):
    flat = torch.zeros(1, 64)
    assert torch.equal(sampler(0.5, 0.1)(IDS, flat), flat)
    steps = torch.tensor([[4.0, 4.0, 0.0, 0.0, 0.0, -3.0]])
    for target in (0.1, 0.5, 1.0, 2.0, 8.0):
        kept = sampler(target, 0.1)(IDS, steps).isfinite()[0].tolist()
        assert len(set(kept[:2])) == len(set(kept[2:5])) == 1


@pytest.mark.parametrize("name", ALL)
def test_half_precision_stays_half_and_keeps_the_same_tokens(name):
    scores = (torch.randn(3, 50, generator=torch.Generator().manual_seed(0)) * 3).half()
    ids = torch.zeros(3, 1, dtype=torch.long)
    kept = ALL[name]()(ids, scores)
    assert kept.dtype == torch.float16
    assert torch.equal(kept, ALL[name]()(ids, scores.float()).half())


@pytest.mark.parametrize("name", ALL)
def test_the_argument_stays_as_it_is(name):
    scores = torch.randn(2, 9)
    before = scores.clone()
    ALL[name]()(torch.zeros(2, 1, dtype=torch.long), scores)
    assert torch.equal(scores, before)


# The rules


def test_a_surprise_above_the_target_tightens_the_limit():
    limit, surprise = torch.tensor([6.0, 6.0, 6.0]), torch.tensor([5.0, 3.0, 1.0])
    assert next_limit(limit, surprise, target=3.0, rate=0.5).tolist() == [5, 6, 7]


@pytest.mark.parametrize("s", [0.3, 1.0, 1.7])
def test_the_exponent_of_a_zipf_law_is_found(s):
    log_probs = (-s * torch.arange(1, 101).double().log()).log_softmax(dim=-1)
    assert zipf_exponent(log_probs[None]).item() == pytest.approx(s, rel=1e-5)


def test_the_exponent_comes_from_the_pairs_that_are_possible():
    log_probs = -1.3 * torch.arange(1, 21).float().log()
    cut = torch.cat([log_probs, torch.full((5,), -math.inf)])
    alone = torch.tensor([0.0, -math.inf, -math.inf])
    assert zipf_exponent(cut[None]).item() == pytest.approx(1.3, rel=1e-4)
    assert zipf_exponent(alone[None]).item() == 0


@pytest.mark.parametrize("s, limit", [(0.7, 9.0), (1.3, 4.0), (2.0, 6.0), (3.0, 8.0)])
def test_the_number_of_tokens_is_that_of_the_equation(s, limit):
    e = s - 1
    k = (e * 2**limit / (1 - 5000**-e)) ** (1 / s)
    found = zipf_k(torch.tensor([s]).double(), torch.tensor([limit]), 5000)
    assert found.tolist() == [round(k)] and 1 < k < 5000


def test_the_number_of_tokens_has_no_gap_at_an_exponent_of_one():
    s = torch.tensor([1 - 1e-5, 1 - 1e-9, 1, 1 + 1e-9, 1 + 1e-5]).double()
    counts = zipf_k(s, torch.full((5,), 10.0), 50_257)
    assert counts.tolist() == [round(2**10 / math.log(50_257))] * 5


@pytest.mark.parametrize("s", [0.0, 1e-3, 1.0, 50.0])
@pytest.mark.parametrize("limit", [-1e4, 0.0, 1e4])
def test_the_number_of_tokens_lies_between_one_and_all(s, limit):
    k = zipf_k(torch.tensor([s]), torch.tensor([limit]), 1000).item()
    assert 1 <= k <= 1000


BAD = [
    ({"target": 0}, "target must be a finite number above 0, not 0"),
    ({"target": math.nan}, "target must"),
    ({"target": math.inf}, "target must"),
    ({"rate": -0.1}, "rate must be a finite number above 0"),
    ({"rate": "fast"}, "rate must"),
    ({"surprise_under": "both"}, "surprise_under must be 'model' or 'kept'"),
]


@pytest.mark.parametrize("sampler", BOTH)
@pytest.mark.parametrize("arguments, words", BAD)
def test_bad_arguments_are_named(sampler, arguments, words):
    with pytest.raises(ValueError, match=words):
        sampler(**arguments)


@pytest.mark.parametrize("fitted", [1, 2.5, None])
def test_too_few_tokens_for_a_fit_are_named(fitted):
    with pytest.raises(ValueError, match="fitted must be a whole number of at least 2"):
        MirostatV1(fitted=fitted)


def test_what_is_printed_says_the_target():
    assert repr(MirostatV1()) == "MirostatV1(3)"
    assert repr(MirostatV2(4.5)) == "MirostatV2(4.5)"


def test_a_vocabulary_of_one_token_is_no_failure():
    ids = torch.zeros(1, 1, dtype=torch.long)
    assert MirostatV1()(ids, torch.zeros(1, 1)).tolist() == [[0.0]]
