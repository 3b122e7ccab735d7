import itertools
import math

import pytest
import torch

from course_utils import generate, load_model
from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
    dynamic_temperature,
    edt_temperature,
    spark,
    steer,
)
from tests.mitigation.stateful import (
    beams_of_transformers,
    generated_by_transformers,
    play,
    random_play,
)

IDS = torch.zeros(1, 1, dtype=torch.long)
MEMORY = {
    "adaptive": lambda: AdaptiveTemperature(threshold=1.0, wait=1),
    "model": lambda: AdaptiveTemperature(threshold=1.0, wait=0, entropy_of="model"),
    "target": lambda: EntropyTarget(1.0),
}
ALL = MEMORY | {
    "edt": lambda: EDT(1.2, 0.5),
    "dynatemp": lambda: DynamicTemperature(0.5, 2.0),
}


def articles_loop(steps, start=0.8):
    """The article's rule for one row, in plain numbers: the T of each step."""
    T, used = start, []
    for step, scores in enumerate(steps):
        used.append(T)
        probs = (scores / T).softmax(dim=-1)
        entropy = -(probs * (probs + 1e-10).log2()).sum().item()
        is_low = step > 5 and entropy < 2.0
        T = min(T * 1.5, 2.5) if is_low else max(T * 0.98, 0.3)
    return used


def test_the_article_s_rule_row_by_row():
    steps, start, tokens = random_play(length=30)
    sampler, used = AdaptiveTemperature(), []
    ids = start
    for scores, drawn in zip(steps, tokens, strict=True):
        heated = sampler(ids, scores)
        used.append(sampler.temperature)
        torch.testing.assert_close(heated, scores / sampler.temperature[:, None])
        ids = torch.cat([ids, drawn[:, None]], dim=-1)
    for row in range(3):
        expected = articles_loop([scores[row] for scores in steps])
        found = [T[row].item() for T in used]
        assert found == pytest.approx(expected, rel=1e-5)
    assert len({round(T[0].item(), 3) for T in used}) > 5


@pytest.mark.parametrize("name", ALL)
def test_rows_do_not_see_each_other(name):
    steps, start, tokens = random_play()
    together = play(ALL[name](), steps, start, tokens)
    for row in range(3):
        alone = play(
            ALL[name](),
            [scores[row : row + 1] for scores in steps],
            start[row : row + 1],
            [drawn[row : row + 1] for drawn in tokens],
        )
        torch.testing.assert_close(together[:, row : row + 1], alone)


@pytest.mark.parametrize("name", MEMORY)
@pytest.mark.parametrize("between", ["reset", "nothing"])
def test_nothing_is_carried_into_the_next_text(name, between):
    steps, start, tokens = random_play()
    sampler = MEMORY[name]()
    first = play(sampler, steps, start, tokens)
    if between == "reset":
        sampler.reset()
    assert torch.equal(play(sampler, steps, start, tokens), first)
    assert not torch.equal(first[-1], steps[-1])


@pytest.mark.parametrize("name", MEMORY)
def test_beams_that_change_places_keep_their_temperature(name):
    steps, start, tokens = random_play()
    straight = play(MEMORY[name](), steps, start, tokens)
    sampler, order = MEMORY[name](), torch.tensor([2, 0, 1])
    play(sampler, steps[:-1], start, tokens[:-1])
    ids = torch.cat([start, torch.stack(tokens[:-1], dim=1)], dim=-1)[order]
    assert torch.equal(sampler(ids, steps[-1][order]), straight[-1][order])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("do_sample", [False, True])
def test_a_beam_search_of_transformers_runs(name, do_sample):
    texts = beams_of_transformers(load_model(), ALL[name](), do_sample)
    assert [len(ids) for ids in texts] == [16, 16]


@pytest.mark.parametrize("name", ALL)
def test_draws_what_transformers_draws(name):
    lm = load_model()
    runs = generate(lm, "Once", 4, 12, [ALL[name]()], seed=3, progress=False)
    theirs = generated_by_transformers(lm, ALL[name](), "Once", 4, 12, seed=3)
    assert runs.token_ids == [
        ids[: len(own)] for ids, own in zip(theirs, runs.token_ids, strict=True)
    ]
    shown = runs.temperature[~runs.temperature.isnan()]
    assert shown.std() > 0


@pytest.mark.parametrize("name", ALL)
def test_a_run_s_trace_shows_the_temperature_of_each_token(name):
    lm = load_model()
    runs = generate(lm, "", 2, 20, [ALL[name]()], seed=1, progress=False)
    length = len(runs.token_ids[0])
    assert runs.temperature[0, :length].isfinite().all()
    assert (runs.temperature[0, :length] > 0).all()


def test_half_precision_stays_half():
    scores = torch.randn(2, 9).half()
    ids = torch.zeros(2, 1, dtype=torch.long)
    for make in ALL.values():
        assert make()(ids, scores).dtype == torch.float16


# The rules


def test_the_spark_stays_within_its_limits():
    T = torch.tensor([2.4, 0.301, 1.0])
    assert spark(T, torch.tensor([0.0, 9.0, 2.0])).tolist() == pytest.approx(
        [2.5, 0.3, 0.98]
    )


@pytest.mark.parametrize("gain, settles", [(0.1, True), (1.0, True), (2.5, False)])
def test_steering_settles_below_a_gain_of_two(gain, settles):
    torch.manual_seed(0)
    z, T = 3 * torch.randn(1, 200).double(), torch.tensor([1.0]).double()
    errors = []
    for _ in range(200):
        log_probs = (z / T[:, None]).log_softmax(-1)
        p = log_probs.exp()
        entropy = -(p * log_probs).sum(-1) / math.log(2)
        mean = (p * log_probs).sum(-1, keepdim=True)
        slope = (p * (log_probs - mean) ** 2).sum(-1) / math.log(2)
        errors.append(abs(entropy.item() - 4.0))
        T = steer(T, entropy, slope, target=4.0, gain=gain).clamp(0.1, 20)
    assert (errors[-1] < 1e-3) == settles


def test_a_gain_of_one_is_newton_s_step():
    """Near the target one step removes all but the second order of the error."""
    torch.manual_seed(1)
    z = torch.randn(1, 50).double()

    def entropy_and_slope(T):
        log_probs = (z / T).log_softmax(-1)
        p = log_probs.exp()
        mean = (p * log_probs).sum(-1, keepdim=True)
        slope = (p * (log_probs - mean) ** 2).sum(-1)
        return -(p * log_probs).sum(-1) / math.log(2), slope / math.log(2)

    entropy, slope = entropy_and_slope(1.0)
    target = entropy.item() + 0.01
    T = steer(torch.ones(1).double(), entropy, slope, target, gain=1.0)
    assert abs(entropy_and_slope(T)[0].item() - target) < 1e-4


def test_entropy_target_holds_a_mean_over_a_long_text():
    """Contexts that are decided or open by turns, as those of a text."""
    steps, start, tokens = random_play(rows=8, length=600)
    steps = [4 * s if i % 3 else s / 4 for i, s in enumerate(steps)]
    heated = play(EntropyTarget(1.5), steps, start, tokens)[100:]
    log_probs = heated.log_softmax(-1)
    entropy = -(log_probs.exp() * log_probs).sum(-1) / math.log(2)
    assert entropy.mean().item() == pytest.approx(1.5, abs=0.15)


def test_edt_is_cold_where_the_model_is_sure():
    entropy = torch.tensor([0.01, 0.5, 3.0])
    T = edt_temperature(entropy, highest=1.5, theta=1.0)
    assert T.tolist() == pytest.approx([1.5 * 0.8 ** (1 / h) for h in (0.01, 0.5, 3)])
    sure = torch.tensor([[9.0, -math.inf, -math.inf]])
    assert EDT(1.0, 1.0)(IDS, sure).softmax(-1).tolist() == [[1, 0, 0]]


def test_dynatemp_goes_by_the_share_of_the_largest_entropy():
    most = torch.tensor([math.log(4)] * 3)
    T = dynamic_temperature(most * torch.tensor([0, 0.5, 1]), most, 0.5, 2.5)
    assert T.tolist() == pytest.approx([0.5, 1.5, 2.5])
    flat = DynamicTemperature(0.5, 2.5)
    flat(IDS, torch.tensor([[0.0, 0.0, -math.inf]]))
    assert flat.temperature.tolist() == pytest.approx([2.5])


def test_dynatemp_does_not_sum_the_entropy_of_the_batch():
    """Another implementation does; here each row has its own T."""
    scores = torch.tensor([[9.0, 0, 0, 0], [1.0, 1, 1, 1]])
    ids = torch.zeros(2, 1, dtype=torch.long)
    sampler = DynamicTemperature(0.5, 2.5)
    sampler(ids, scores)
    assert sampler.temperature[0] < 0.6 and sampler.temperature[1] > 2.4


def test_one_possible_token_has_no_entropy_to_share():
    sampler = DynamicTemperature(0.5, 2.5)
    out = sampler(IDS, torch.tensor([[2.0, -math.inf]]))
    assert sampler.temperature.tolist() == [0.5] and out.tolist() == [[4.0, -math.inf]]


BAD = [
    (AdaptiveTemperature, {"threshold": -1}, "threshold"),
    (AdaptiveTemperature, {"start": 9}, "start must be a number from 0.3 to 2.5"),
    (AdaptiveTemperature, {"heat": 0.5}, "heat"),
    (AdaptiveTemperature, {"cool": 1.5}, "cool"),
    (AdaptiveTemperature, {"lowest": 3}, "lowest must be at most highest"),
    (AdaptiveTemperature, {"wait": -1}, "wait"),
    (AdaptiveTemperature, {"entropy_of": "all"}, "'drawn' or 'model'"),
    (EntropyTarget, {"target": math.nan}, "target"),
    (EntropyTarget, {"target": 1, "gain": -1}, "gain"),
    (EDT, {"highest": 0, "theta": 1}, "highest"),
    (EDT, {"highest": 1, "theta": 1, "base": 2}, "base"),
    (DynamicTemperature, {"low": 2, "high": 1}, "low must be at most high"),
    (DynamicTemperature, {"low": 1, "high": 2, "exponent": "x"}, "exponent"),
]


@pytest.mark.parametrize("sampler, arguments, words", BAD)
def test_bad_arguments_are_named(sampler, arguments, words):
    with pytest.raises(ValueError, match=words):
        sampler(**arguments)


def test_what_is_printed_says_the_main_number():
    shown = [repr(make()) for make in itertools.chain(ALL.values())]
    assert shown[0] == "AdaptiveTemperature(1)" and shown[2] == "EntropyTarget(1)"
    assert shown[3:] == ["EDT(1.2, 0.5)", "DynamicTemperature(0.5, 2)"]
