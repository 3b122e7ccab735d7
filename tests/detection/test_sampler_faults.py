import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.sampler_faults import (
    ALARM,
    agreement,
    check_generations,
    check_sampler,
)
from course_utils.foundations.softmax import gumbel_max, sample
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from tests.judging import judge_at


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def right_sampler(seed):
    generator = dice(seed)
    return lambda probs: sample(probs, generator=generator)


def with_one_seed_for_all_rows():
    generators = [dice() for _ in range(64)]

    def draw(probs):
        pairs = zip(probs, generators, strict=True)
        return torch.stack([torch.multinomial(p, 1, generator=g) for p, g in pairs])

    return draw


def with_a_seed_at_every_step():
    return lambda probs: torch.multinomial(probs, 1, generator=dice(7))


def with_rows_in_pairs():
    draw = right_sampler(0)
    return lambda probs: torch.cat([draw(probs[:32])] * 2)


def with_another_temperature():
    draw = right_sampler(0)

    def warmer(probs):
        weights = probs ** (1 / 1.2)
        return draw(weights / weights.sum(dim=-1, keepdim=True))

    return warmer


def greedy():
    return lambda probs: probs.argmax(dim=-1)


def now_and_then_impossible():
    draw = right_sampler(0)

    def slip(probs):
        uniform = torch.full(probs.shape, 1 / probs.shape[-1])
        return draw(0.95 * probs + 0.05 * uniform)

    return slip


@pytest.mark.parametrize(
    ("broken", "faults"),
    [
        (with_one_seed_for_all_rows, {"rows"}),
        (with_rows_in_pairs, {"rows"}),
        (with_a_seed_at_every_step, {"steps"}),
        (with_another_temperature, {"match"}),
        (greedy, {"match"}),
        (now_and_then_impossible, {"match"}),
    ],
)
def test_each_fault_is_found_and_called_by_its_name(broken, faults):
    check = check_sampler(broken(), steps=100)
    answers = {"rows": check.rows, "steps": check.steps, "match": check.match}
    assert {name for name, p in answers.items() if p < ALARM} == faults
    assert not check.passed
    assert "BROKEN" in repr(check)


def test_right_samplers_are_rarely_accused():
    checks = [
        check_sampler(right_sampler(seed), rows=32, steps=50) for seed in range(60)
    ]
    for name in ("rows", "steps", "match"):
        suspicious = sum(getattr(check, name) < 0.1 for check in checks)
        assert suspicious <= 14  # of 60, where 6 are expected; more: 1 in 1000
    assert sum(not check.passed for check in checks) <= 2


def test_other_right_samplers_pass():
    generator = dice(3)
    race = lambda probs: gumbel_max(probs.log(), generator=generator)  # noqa: E731
    assert check_sampler(race).passed
    torchs = lambda probs: torch.multinomial(probs, 1, generator=generator)  # noqa: E731
    assert check_sampler(torchs, torch.tensor([0.9, 0.1])).passed


def test_a_sampler_may_alter_what_it_is_given():
    draw = right_sampler(1)

    def careless(probs):
        tokens = draw(probs)
        probs.zero_()
        return tokens

    assert check_sampler(careless).passed


def test_the_report_reads_well():
    check = check_sampler(with_one_seed_for_all_rows())
    assert repr(check).splitlines()[:2] == [
        "SamplerCheck of 64 rows, 200 steps: BROKEN",
        "  rows are independent:            NO   p < 1e-9",
    ]
    assert "no fault found" in repr(check_sampler(right_sampler(0)))


def test_the_plot_shows_every_draw():
    check = check_sampler(right_sampler(0), rows=16, steps=20)
    axes = check.plot()
    assert axes.images[0].get_array().shape == (16, 20)
    assert check.plot(axes) is axes


@pytest.mark.parametrize(
    "probs", [[1.0], [1.0, 0.0], [0.5, 0.6], [], [[0.5, 0.5]], "fair"]
)
def test_probabilities_that_test_nothing_are_refused(probs):
    with pytest.raises(ValueError, match="probs"):
        check_sampler(right_sampler(0), probs)


@pytest.mark.parametrize("count", [0, 15, 20.0, True])
def test_too_few_draws_are_refused(count):
    with pytest.raises(ValueError, match="rows"):
        check_sampler(right_sampler(0), rows=count)
    with pytest.raises(ValueError, match="steps"):
        check_sampler(right_sampler(0), steps=count)


@pytest.mark.parametrize(
    "draw",
    [
        lambda probs: None,
        lambda probs: probs,
        lambda probs: probs[:, 0] > 0,
        lambda probs: torch.tensor(0),
        lambda probs: torch.full((len(probs),), 9),
        lambda probs: torch.full((len(probs),), -1),
    ],
)
def test_draws_that_are_no_tokens_are_refused(draw):
    with pytest.raises(ValueError, match="draw must return"):
        check_sampler(draw)


# --- agreement


def test_agreement_is_the_share_of_equal_pairs():
    tokens = torch.tensor([[1, 1, 1], [1, 1, 2], [1, 2, 3]])
    torch.testing.assert_close(agreement(tokens), torch.tensor([1, 1 / 3, 0]))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=12))
def test_agreement_counts_pairs_one_by_one(tokens):
    n = len(tokens)
    pairs = [tokens[i] == tokens[j] for i in range(n) for j in range(i)]
    assert agreement(tokens).item() == pytest.approx(sum(pairs) / len(pairs))


def test_agreement_comes_near_the_sum_of_squares():
    probs = torch.tensor([0.5, 0.3, 0.2])
    draws = sample(probs, 2000, dice())
    assert agreement(draws).item() == pytest.approx(0.38, abs=0.03)


@pytest.mark.parametrize("tokens", [[], [1], 1, torch.empty(3, 0)])
def test_agreement_needs_pairs(tokens):
    with pytest.raises(ValueError, match="tokens"):
        agreement(tokens)


# --- check_generations


@pytest.mark.parametrize("temperature", [0, 0.3, 1, 2, 3])
def test_right_generations_pass_at_every_temperature(lm, temperature):
    """Also at T = 0, where all rows are the same text and a loop: that is collapse."""
    runs = generate(
        lm, "Once", n=40, max_new_tokens=30, processors=[Temperature(temperature)]
    )
    check = check_generations(runs.token_ids, runs.logprob)
    assert check.passed
    assert check.match is None
    assert "not tested" in repr(check)


def test_rows_that_share_dice_are_found(lm):
    runs = generate(lm, "Once", n=1, max_new_tokens=20, processors=[Temperature(2)])
    same = check_generations(runs.token_ids * 5, runs.logprob.expand(5, -1))
    assert same.rows < ALARM < same.steps


def test_a_shared_opening_is_judged_by_its_probability():
    texts = [[1, 2, 3, 4], [1, 2, 3, 5]]
    likely = check_generations(texts, torch.full((2, 4), math.log(0.5)))
    assert likely.rows == pytest.approx(0.5**3)
    unlikely = check_generations(texts, torch.full((2, 4), math.log(0.01)))
    assert unlikely.rows == pytest.approx(0.01**3)


def test_a_repeated_token_is_judged_by_its_probability():
    texts = [[1, 2, 2, 2, 3], [4, 5, 6, 7, 8]]
    check = check_generations(texts, torch.full((2, 5), math.log(0.01)))
    assert check.steps == pytest.approx(10 * 0.01**2)
    assert check.rows == 1


def test_rows_of_different_lengths():
    nan = math.nan
    log_probs = torch.tensor([[-9.0, -9.0, -9.0], [-9.0, -9.0, nan], [-1.0, nan, nan]])
    check = check_generations([[1, 2, 3], [1, 2], [5]], log_probs)
    assert check.rows == pytest.approx(3 * math.exp(-18))
    assert check.steps == 1
    assert check.tokens.tolist() == [[1, 2, 3], [1, 2, -1], [5, -1, -1]]
    assert check.plot().images


def test_openings_of_independent_rows_are_no_more_surprising_than_promised():
    """The p-value of one pair of rows is below any level no more often than that."""
    probs = torch.tensor([0.6, 0.3, 0.1])
    draws = sample(probs, 600 * 2 * 6, dice()).reshape(600, 2, 6)
    log_probs = probs.log()[draws]
    checks = [
        check_generations(pair.tolist(), logs)
        for pair, logs in zip(draws, log_probs, strict=True)
    ]
    for level in (0.3, 0.1, 0.01):
        share = sum(check.rows <= level for check in checks) / 600
        assert share <= level + 3 * math.sqrt(level / 600)


@pytest.mark.parametrize("token_ids", [[], [[1, 2]], [[1], []]])
def test_too_few_generations_are_refused(token_ids):
    with pytest.raises(ValueError, match="token_ids"):
        check_generations(token_ids, torch.zeros(2, 2))


@pytest.mark.parametrize(
    "log_probs",
    [
        torch.zeros(2, 3),
        torch.zeros(2),
        torch.ones(2, 2),
        torch.full((2, 2), math.nan),
    ],
)
def test_log_probs_must_fit_the_tokens(log_probs):
    with pytest.raises(ValueError, match="log_probs"):
        check_generations([[1, 2], [3, 4]], log_probs)


# --- right answers to the exercise that take another way


def test_agreement_by_counting_each_token_passes():
    def agreement(tokens):
        counts = (tokens[..., None] == tokens.unique()).double().sum(dim=-2)
        n = tokens.shape[-1]
        return (counts * (counts - 1)).sum(dim=-1) / (n * (n - 1))

    assert judge_at("detection.sampler_faults.agreement", agreement).passed


def test_agreement_by_a_loop_over_pairs_passes():
    def agreement(tokens):
        n = tokens.shape[-1]
        pairs = [(i, j) for i in range(n) for j in range(i)]
        same = [tokens[..., i] == tokens[..., j] for i, j in pairs]
        return torch.stack(same).float().mean(dim=0)

    assert judge_at("detection.sampler_faults.agreement", agreement).passed
