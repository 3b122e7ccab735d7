import math

import numpy as np
import pytest
import torch

from course_utils import generate, load_model
from course_utils.foundations.entropy import entropy, kl_divergence
from course_utils.generation import waiting_times
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
    decode_step,
    even_codes,
    matching_temperature,
    noisy_marginal,
)
from tests.mitigation.stateful import (
    beams_of_transformers,
    generated_by_transformers,
    p_value,
    play,
    random_play,
    write,
)

IDS = torch.zeros(1, 1, dtype=torch.long)
NORMAL = {
    "step": lambda: GaussianNoise(0.5),
    "text": lambda: GaussianNoise(0.5, per="text"),
    "pairs": lambda: GaussianNoise(0.5, antithetic=True),
    "pairs of texts": lambda: GaussianNoise(0.5, per="text", antithetic=True),
    "entropy": lambda: EntropyNoise(0.5),
    "entropy of pairs": lambda: EntropyNoise(0.5, per="text", antithetic=True),
}
DRAWS = {
    "gumbel": lambda: GumbelNoise(),
    "strata": lambda: GumbelNoise(stratified=True),
    "arithmetic": lambda: ArithmeticSampling(),
}
ALL = NORMAL | DRAWS
PROBS = torch.tensor([0.4, 0.0, 0.3, 0.2, 0.07, 0.03])


def starts(rows):
    return torch.zeros(rows, 1, dtype=torch.long)


def tokens_of(out):
    """The one token that is left in each row."""
    assert (out.isfinite().sum(dim=-1) == 1).all()
    return out.argmax(dim=-1)


# What noise does to a distribution


@pytest.mark.parametrize("gap", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_marginal_of_two_tokens_is_an_integral(gap, sigma):
    """The difference of two normals is normal, with sqrt(2) sigma."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    shaken = gap + math.sqrt(2) * sigma * nodes
    exact = weights @ (1 / (1 + np.exp(-shaken))) / weights.sum()
    found = noisy_marginal(torch.tensor([gap, 0.0]).double(), sigma, draws=20_000)
    assert found[0].item() == pytest.approx(exact, abs=0.005)


def test_the_marginal_is_that_of_draws_with_fresh_noise():
    logits = torch.tensor([2.0, 1.0, 0.0, -math.inf])
    marginal = noisy_marginal(logits, 1.5, draws=20_000)
    noisy = GaussianNoise(1.5)(starts(20_000), logits.repeat(20_000, 1))
    dice = torch.Generator().manual_seed(1)
    drawn = torch.multinomial(noisy.softmax(dim=-1), 1, generator=dice)[:, 0]
    assert p_value(drawn, marginal) > 1e-3
    assert marginal.sum().item() == pytest.approx(1) and marginal[3] == 0


def test_no_noise_leaves_the_marginal_alone():
    logits = torch.randn(3, 8)
    torch.testing.assert_close(noisy_marginal(logits, 0.0, 2), logits.softmax(dim=-1))


def test_the_marginal_is_the_same_for_the_same_seed():
    logits = torch.randn(8)
    first = noisy_marginal(logits, 1.0, 50, seed=4)
    assert torch.equal(noisy_marginal(logits, 1.0, 50, seed=4), first)
    assert not torch.equal(noisy_marginal(logits, 1.0, 50, seed=5), first)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_noise_on_uniform_logits_lowers_the_entropy_but_not_that_of_the_marginal(sigma):
    flat = torch.zeros(20, 20_000)
    noisy = GaussianNoise(sigma)(starts(20), flat).softmax(dim=-1)
    lost = math.log(20_000) - entropy(noisy, math.e).mean().item()
    assert lost == pytest.approx(sigma**2 / 2, rel=0.03)
    marginal = noisy_marginal(torch.zeros(50), sigma, draws=10_000)
    assert marginal.tolist() == pytest.approx([1 / 50] * 50, rel=0.05)


@pytest.mark.parametrize("T", [0.2, 1.0, 1.7, 30.0])
def test_the_matching_temperature_of_a_softmax_is_its_own(T):
    logits = torch.randn(4, 30, generator=torch.Generator().manual_seed(0)).double()
    found = matching_temperature(logits, (logits / T).softmax(dim=-1))
    assert found.tolist() == pytest.approx([T] * 4, rel=1e-9)


def test_a_temperature_can_always_say_what_noise_does_to_two_tokens():
    logits = torch.tensor([[1.0, 0.0], [0.0, 3.0], [-2.0, -2.5]]).double()
    marginal = noisy_marginal(logits, 2.0)
    T = matching_temperature(logits, marginal)
    assert (T > 1).all()
    torch.testing.assert_close((logits / T[:, None]).softmax(dim=-1), marginal)


def test_for_more_tokens_no_other_temperature_is_nearer():
    logits = torch.randn(5, 6, generator=torch.Generator().manual_seed(2)).double() * 3
    marginal = noisy_marginal(logits, 2.0)
    T = matching_temperature(logits, marginal)
    grid = torch.logspace(-1, 2, 3001).double()
    heated = (logits[:, None] / grid[:, None]).softmax(dim=-1)
    on_grid = kl_divergence(marginal[:, None].expand_as(heated), heated)
    own = kl_divergence(marginal, (logits / T[:, None]).softmax(dim=-1))
    assert (own <= on_grid.amin(dim=-1)).all()
    assert grid[on_grid.argmin(dim=-1)].tolist() == pytest.approx(T.tolist(), rel=2e-3)
    assert (own > 1e-4).any()


def test_what_is_ruled_out_has_no_part_in_the_matching_temperature():
    logits = torch.tensor([2.0, 1.0, 0.0]).double()
    wide = torch.cat([logits, torch.tensor([-math.inf])])
    probs = (wide / 1.5).softmax(dim=-1)
    assert matching_temperature(wide, probs).item() == pytest.approx(1.5)


# Normal noise


def noise_of(sampler, steps, start, tokens):
    return play(sampler, steps, start, tokens) - torch.stack(steps)


def test_noise_has_the_deviation_asked_for_and_is_fresh_at_every_step():
    steps, start, tokens = random_play(rows=4, vocabulary=5000, length=3)
    noise = noise_of(GaussianNoise(0.7), steps, start, tokens)
    assert noise.mean().abs() < 0.01 and noise.std().item() == pytest.approx(0.7, 0.02)
    flat = noise.flatten(0, 1)
    assert (torch.corrcoef(flat) - torch.eye(12)).abs().max() < 0.07


@pytest.mark.parametrize("make", [GaussianNoise, EntropyNoise])
def test_noise_per_text_is_one_draw_a_text_and_another_for_the_next(make):
    steps, start, tokens = random_play(rows=4)
    steps = [steps[0]] * len(steps)
    sampler = make(0.7, per="text")
    first = noise_of(sampler, steps, start, tokens)
    assert torch.equal(first, first[:1].expand_as(first))
    assert (first[0, 0] != first[0, 1]).all()
    second = noise_of(sampler, steps, start, tokens)
    assert torch.equal(second, second[:1].expand_as(second))
    assert (second != first).all(dim=-1).all()


@pytest.mark.parametrize("per", ["step", "text"])
@pytest.mark.parametrize("make", [GaussianNoise, EntropyNoise])
def test_antithetic_rows_are_the_logits_in_the_mean(make, per):
    steps, start, tokens = random_play(rows=5)
    steps = [scores[:1].repeat(5, 1) for scores in steps]
    out = play(make(0.7, per=per, antithetic=True), steps, start, tokens)
    for one, other in ((0, 1), (2, 3)):
        twice = 2 * torch.stack(steps)[:, one]
        torch.testing.assert_close(out[:, one] + out[:, other], twice)
        assert (out[:, one] != out[:, other]).any()
    assert (out[:, 4] != steps[0][0]).any() and (out[:, 0] != out[:, 2]).any()


def test_entropy_noise_is_scaled_by_the_bits_of_entropy():
    steps, start, tokens = random_play()
    unit = noise_of(GaussianNoise(1.0, seed=5), steps, start, tokens)
    noise = noise_of(EntropyNoise(0.3, seed=5), steps, start, tokens)
    bits = entropy(torch.stack(steps).softmax(dim=-1))[..., None]
    torch.testing.assert_close(noise, 0.3 * bits * unit, atol=1e-4, rtol=1e-4)
    four = EntropyNoise(0.5, seed=5)(IDS, torch.zeros(1, 16))
    assert torch.equal(four, GaussianNoise(2.0, seed=5)(IDS, torch.zeros(1, 16)))


def test_entropy_noise_leaves_a_decided_row_exactly_as_it_is():
    scores = torch.tensor([[0.3, -math.inf, -math.inf], [300.0, 0.1, -7.0]])
    assert torch.equal(EntropyNoise(5.0)(starts(2), scores), scores)


# Draws


@pytest.mark.parametrize("stratified", [False, True])
def test_gumbel_noise_is_an_exact_draw_in_every_row(stratified):
    sampler = GumbelNoise(stratified)
    scores = PROBS.log().repeat(4, 1)
    drawn = torch.stack(
        [tokens_of(sampler(starts(4), scores)) for _ in range(20_000)], dim=-1
    )
    assert all(p_value(row, PROBS) > 1e-3 for row in drawn)


def test_independent_rows_of_gumbel_noise_are_independent_draws():
    drawn = tokens_of(GumbelNoise()(starts(20_000), PROBS.log().repeat(20_000, 1)))
    assert p_value(drawn, PROBS) > 1e-3
    pairs = drawn[::2] * 6 + drawn[1::2]
    assert p_value(pairs, torch.outer(PROBS, PROBS).flatten()) > 1e-3


def test_stratified_rows_differ_more_than_independent_ones():
    scores = torch.zeros(8, 8)

    def kinds(sampler):
        trials = [tokens_of(sampler(starts(8), scores)) for _ in range(1000)]
        return sum(len(drawn.unique()) for drawn in trials) / len(trials)

    independent = 8 * (1 - (7 / 8) ** 8)
    assert kinds(GumbelNoise()) == pytest.approx(independent, abs=0.12)
    assert kinds(GumbelNoise(stratified=True)) > independent + 0.25


def texts_of_arithmetic_sampling(rows, seeds):
    """Two tokens each, [seed, row]: the second's logits depend on the first."""
    second = torch.tensor([[0.0, 1.0, 2.0], [1.0, -math.inf, 0.0], [0.0, 0.0, 3.0]])
    first = torch.tensor([0.5, 0.3, 0.2])
    found = []
    for seed in range(seeds):
        sampler, ids = ArithmeticSampling(seed), starts(rows)
        drawn = tokens_of(sampler(ids, first.log().repeat(rows, 1)))
        after = sampler(torch.cat([ids, drawn[:, None]], dim=-1), second[drawn])
        found.append(3 * drawn + tokens_of(after))
    return torch.stack(found), (first[:, None] * second.softmax(dim=-1)).flatten()


def test_each_row_of_arithmetic_sampling_is_an_exact_draw_of_a_text():
    drawn, probs = texts_of_arithmetic_sampling(rows=6, seeds=3000)
    assert all(p_value(row, probs) > 1e-3 for row in drawn.T)


@pytest.mark.parametrize("rows", [7, 64])
def test_a_set_of_arithmetic_sampling_has_each_text_as_often_as_it_can(rows):
    drawn, probs = texts_of_arithmetic_sampling(rows, seeds=50)
    for texts in drawn:
        counts = torch.bincount(texts, minlength=9)
        assert (counts >= (rows * probs).floor()).all()
        assert (counts <= (rows * probs).ceil()).all()


def test_a_step_of_decoding_by_hand():
    probs = torch.tensor([[0.5, 0.25, 0.25]] * 5).double()
    codes = torch.tensor([0.0, 0.125, 0.5, 0.625, 0.9375]).double()
    tokens, inside, shares = decode_step(probs, codes)
    assert tokens.tolist() == [0, 0, 1, 1, 2]
    assert inside.tolist() == [0.0, 0.25, 0.0, 0.5, 0.75]
    assert shares.tolist() == [0.5, 0.5, 0.25, 0.25, 0.25]


def test_a_code_never_picks_what_is_impossible():
    probs = torch.tensor([[0.0, 0.5, 0.0, 0.5, 0.0]] * 4, dtype=torch.float64)
    codes = torch.tensor([0.0, 0.5 - 2**-53, 0.5, 1 - 2**-53], dtype=torch.float64)
    tokens, inside, _ = decode_step(probs, codes)
    assert tokens.tolist() == [1, 1, 3, 3]
    assert ((inside >= 0) & (inside < 1)).all()


def test_codes_are_evenly_spaced_in_random_order():
    codes = even_codes(starts(8), torch.Generator().manual_seed(0))
    ordered = codes.sort().values
    assert torch.allclose(ordered.diff(), torch.full((7,), 1 / 8).double())
    assert 0 <= ordered[0] < 1 / 8 and not torch.equal(codes, ordered)


def test_rows_with_different_prompts_share_out_codes_within_their_own():
    ids = torch.tensor([[1, 2], [1, 3], [1, 2], [1, 2], [1, 3], [1, 2], [5, 5]])
    codes = even_codes(ids, torch.Generator().manual_seed(0))
    for kind, gap in (([0, 2, 3, 5], 1 / 4), ([1, 4], 1 / 2)):
        gaps = codes[kind].sort().values.diff()
        assert gaps.tolist() == pytest.approx([gap] * len(gaps))
    drawn = tokens_of(ArithmeticSampling()(ids, torch.zeros(7, 4)))
    assert drawn[[0, 2, 3, 5]].sort().values.tolist() == [0, 1, 2, 3]
    assert abs(drawn[1] - drawn[4]) == 2


def test_steps_that_are_decided_use_up_no_digits():
    rows, sampler = 4, ArithmeticSampling()
    decided = torch.full((rows, 4), -math.inf)
    decided[:, 2] = 0.0
    steps = [decided] * 500 + [torch.zeros(rows, 4)]
    _, tokens = write(sampler, steps, starts(rows))
    assert (torch.stack(tokens[:500]) == 2).all()
    assert tokens[500].sort().values.tolist() == [0, 1, 2, 3]


def test_a_text_longer_than_its_code_goes_on_with_fresh_digits():
    """A fair coin uses up one binary digit a step, and a code has 53."""
    steps = [torch.zeros(64, 2)] * 800
    _, tokens = write(ArithmeticSampling(), steps, starts(64))
    bits = torch.stack(tokens).double()
    assert torch.equal(bits[:6].sum(dim=1), torch.full((6,), 32.0).double())
    late = bits[60:]
    assert late.mean().item() == pytest.approx(0.5, abs=4 * 0.5 / late.numel() ** 0.5)
    assert (late.mean(dim=0) - 0.5).abs().max() < 4.5 * 0.5 / len(late) ** 0.5
    changes = (late[1:] != late[:-1]).double().mean().item()
    assert changes == pytest.approx(0.5, abs=0.02)
    alike = torch.corrcoef(late.T) - torch.eye(64)
    assert alike.abs().max() < 5 / len(late) ** 0.5


# The noise and the draw


@pytest.mark.parametrize("make", [GaussianNoise, GumbelNoise])
def test_with_the_same_seed_the_noise_knows_nothing_of_the_draw(make):
    """Else the noise would favour the tokens that the draw is about to favour."""
    flat, pairs = torch.zeros(1, 3), []
    for seed in range(5000):
        more = {"sigma": 1.0} if make is GaussianNoise else {}
        noisiest = make(seed=seed, **more)(IDS, flat).argmax().item()
        race = next(waiting_times(flat, torch.Generator().manual_seed(seed), 1))
        pairs.append(3 * noisiest + race.argmin().item())
    assert p_value(pairs, torch.full((9,), 1 / 9)) > 1e-3


def test_with_the_same_seed_the_noisiest_token_is_drawn_as_often_as_it_should():
    hits, chances = [], []
    for seed in range(2000):
        probs = GaussianNoise(1.0, seed=seed)(IDS, torch.zeros(1, 5)).softmax(dim=-1)
        race = next(waiting_times(probs, torch.Generator().manual_seed(seed), 1))
        hits.append(float((probs / race).argmax() == probs.argmax()))
        chances.append(probs.max().item())
    assert np.mean(hits) == pytest.approx(np.mean(chances), abs=4 * 0.5 / 2000**0.5)


# What a sampler with a memory has to keep


@pytest.mark.parametrize("name", ALL)
def test_reset_begins_the_noise_anew(name):
    steps, start, _ = random_play(rows=4)
    sampler = ALL[name]()
    first, tokens = write(sampler, steps, start)
    sampler.reset()
    assert torch.equal(play(sampler, steps, start, tokens), first)


@pytest.mark.parametrize("name", ALL)
def test_the_next_text_gets_noise_of_its_own(name):
    steps, start, _ = random_play(rows=4)
    steps = [scores / 8 for scores in steps]
    sampler = ALL[name]()
    first, _ = write(sampler, steps, start)
    second, _ = write(sampler, steps, start)
    assert not torch.equal(first[0], second[0])
    assert not torch.equal(write(ALL[name](), steps, start)[0], second)


LOTS_OF_A_ROW = {"text", "pairs of texts", "entropy of pairs", "arithmetic"}


@pytest.mark.parametrize("name", sorted(LOTS_OF_A_ROW))
def test_lots_that_were_drawn_for_a_row_refuse_to_move(name):
    steps, start, tokens = random_play(rows=4)
    sampler, order = ALL[name](), torch.tensor([2, 0, 1, 3])
    play(sampler, steps[:-1], start, tokens[:-1])
    ids = torch.cat([start, torch.stack(tokens[:-1], dim=1)], dim=-1)[order]
    with pytest.raises(ValueError, match=r"rows have changed places.*without beams"):
        sampler(ids, steps[-1][order])


@pytest.mark.parametrize("name", sorted(ALL.keys() - LOTS_OF_A_ROW))
@pytest.mark.parametrize("do_sample", [False, True])
def test_a_beam_search_of_transformers_runs(name, do_sample):
    texts = beams_of_transformers(load_model(), ALL[name](), do_sample)
    assert [len(ids) for ids in texts] == [16, 16]


@pytest.mark.parametrize("name", [*NORMAL, "gumbel", "strata"])
def test_draws_what_transformers_draws(name):
    """Also after some texts have ended, which the two loops go on with differently."""
    ours, theirs = drawn_by_both(ALL[name], length=100)
    lengths = [len(ids) for ids in ours]
    assert min(lengths) < max(lengths)
    assert ours == [ids[:length] for ids, length in zip(theirs, lengths, strict=True)]


def test_arithmetic_sampling_begins_as_with_transformers():
    """Late digits of a code may still hang on how either loop rounds its logits."""
    ours, theirs = drawn_by_both(ArithmeticSampling, length=20)
    assert ours == theirs and len({tuple(ids) for ids in ours}) == 6


def drawn_by_both(make, length):
    """Six texts' token ids by the course's loop, and by transformers'."""
    lm = load_model()
    runs = generate(lm, "Once", 6, length, [make()], seed=3, progress=False)
    theirs = generated_by_transformers(lm, make(), "Once", 6, length, seed=3)
    return runs.token_ids, theirs


@pytest.mark.parametrize("name", DRAWS)
def test_after_a_draw_no_entropy_is_left(name):
    runs = generate(load_model(), "", 4, 12, [ALL[name]()], seed=0, progress=False)
    assert runs.entropy[~runs.entropy.isnan()].eq(0).all()
    assert len(set(runs.texts)) > 1


# Odd rows


@pytest.mark.parametrize("name", ALL)
def test_what_is_ruled_out_already_stays_out(name):
    scores = torch.full((4, 9), -math.inf)
    scores[:, 2:5] = torch.randn(4, 3)
    out = ALL[name]()(starts(4), scores)
    assert out[:, [0, 1, 5, 6, 7, 8]].isneginf().all() and not out.isnan().any()
    assert out.isfinite().any(dim=-1).all()


@pytest.mark.parametrize("name", ALL)
def test_one_possible_token_stays(name):
    scores = torch.full((2, 7), -math.inf)
    scores[:, 3] = 2.0
    probs = ALL[name]()(starts(2), scores).softmax(dim=-1)
    assert probs[:, 3].tolist() == [1, 1]


@pytest.mark.parametrize("name", ALL)
def test_half_precision_stays_half(name):
    scores = torch.randn(4, 9).half()
    assert ALL[name]()(starts(4), scores).dtype == torch.float16


@pytest.mark.parametrize("name", DRAWS)
def test_half_precision_draws_from_the_same_probabilities(name):
    scores = torch.tensor([1.0, 0.5, 0.0, -1.0]).half().repeat(2000, 1)
    drawn = tokens_of(ALL[name]()(starts(2000), scores))
    assert p_value(drawn, scores[0].float().softmax(dim=-1)) > 1e-3


@pytest.mark.parametrize("name", ALL)
def test_the_argument_stays_as_it_is(name):
    scores = torch.randn(4, 9)
    before = scores.clone()
    ALL[name]()(starts(4), scores)
    assert torch.equal(scores, before)


BAD = [
    (GaussianNoise, {"sigma": -1}, "sigma must be a finite number of at least 0"),
    (GaussianNoise, {"sigma": math.inf}, "sigma must"),
    (GaussianNoise, {"sigma": "much"}, "sigma must"),
    (GaussianNoise, {"sigma": 1, "per": "row"}, "per must be 'step' or 'text'"),
    (GaussianNoise, {"sigma": 1, "seed": -1}, "seed must"),
    (EntropyNoise, {"epsilon": math.nan}, "epsilon must"),
    (EntropyNoise, {"epsilon": 1, "per": None}, "per must"),
    (GumbelNoise, {"seed": 1.5}, "seed must be a whole number"),
    (ArithmeticSampling, {"seed": None}, "seed must be a whole number"),
]


@pytest.mark.parametrize("sampler, arguments, words", BAD)
def test_bad_arguments_are_named(sampler, arguments, words):
    with pytest.raises(ValueError, match=words):
        sampler(**arguments)


def test_what_is_printed_says_the_main_number():
    shown = [repr(make()) for make in (NORMAL["step"], NORMAL["entropy"])]
    assert shown == ["GaussianNoise(0.5)", "EntropyNoise(0.5)"]
    assert [repr(make()) for make in DRAWS.values()] == [
        "GumbelNoise()",
        "GumbelNoise(stratified=True)",
        "ArithmeticSampling()",
    ]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda z: noisy_marginal(z, math.nan), "sigma"),
        (lambda z: noisy_marginal(z, -1), "sigma"),
        (lambda z: noisy_marginal(z, 1, draws=0), "draws"),
        (lambda z: matching_temperature(z, torch.tensor([math.nan, 1, 0])), "probs"),
        (lambda z: matching_temperature(z, torch.tensor([0.5, 0.1, 0.1])), "probs"),
    ],
)
def test_functions_name_what_is_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call(torch.zeros(3))
