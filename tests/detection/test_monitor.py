"""The entropy monitor: what it sees, what it flags, and a log that outlives a crash."""

import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.monitor import (
    Baseline,
    EntropyMonitor,
    EntropyTrace,
    Request,
    cusum,
    entropy_of_logits,
    first_above,
    fit_baselines,
    largest_drop,
    prompt_key,
    read_requests,
    shortfalls,
    windowed_drops,
    windowed_means,
)
from course_utils.detection.scoring import AlarmRate, alarm_rate, auroc, auroc_interval
from course_utils.foundations.entropy import entropy
from course_utils.foundations.softmax import softmax
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature
from course_utils.plots.monitor import draw_alarms, show_alarms

numbers = st.lists(st.floats(0, 10), max_size=20)
drops = st.lists(st.integers(-4, 4).map(lambda n: n / 4), min_size=1, max_size=15)


def watch(lm, prompt, n=2, processors=(), seed=0, **settings):
    monitor = EntropyMonitor(lm.stop_ids, **settings)
    steps = [*processors, monitor]
    runs = generate(lm, prompt, n, 12, steps, seed=seed, progress=False)
    monitor.finish()
    return monitor, runs


# --- what it can't follow


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"num_beams": 3, "do_sample": False}, "a beam search"),
        ({"num_beams": 2, "do_sample": True}, "a beam search"),
        ({"prompt_lookup_num_tokens": 2, "do_sample": False}, "assisted decoding"),
        ({"assistant_model": True, "do_sample": True}, "assisted decoding"),
        ({"assistant_model": True, "do_sample": False}, "assisted decoding"),
    ],
)
def test_searches_whose_rows_are_no_requests_are_refused(lm, settings, what):
    if settings.get("assistant_model"):
        settings = settings | {"assistant_model": lm.model}
    monitor = EntropyMonitor(lm.stop_ids)
    ids = torch.tensor([lm.encode("One day a fox")])
    with pytest.raises(ValueError, match=f"is called by {what}; allowed are greedy"):
        lm.model.generate(
            ids,
            max_new_tokens=8,
            logits_processor=[monitor],
            pad_token_id=0,
            **settings,
        )
    assert monitor.finish() == [] and monitor.requests == []


@pytest.mark.parametrize(
    "settings", [{"do_sample": False}, {"do_sample": True, "num_return_sequences": 3}]
)
def test_the_generate_of_transformers_is_followed_row_by_row(lm, settings):
    ids = torch.tensor([lm.encode("One day a fox")])
    with EntropyMonitor(lm.stop_ids) as monitor:
        for _ in range(2):
            lm.model.generate(
                ids,
                max_new_tokens=8,
                logits_processor=[monitor],
                pad_token_id=0,
                **settings,
            )
    assert len(monitor.requests) == 2 * settings.get("num_return_sequences", 1)
    assert len({request.prompt for request in monitor.requests}) == 1


# --- the entropy before a token


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_entropy_of_logits_is_that_of_their_softmax(values):
    scores = torch.tensor(values)
    expected = entropy(softmax(scores)).item()
    assert entropy_of_logits(scores).item() == pytest.approx(expected, abs=1e-4)


def test_what_a_sampler_has_ruled_out_counts_for_nothing():
    scores = torch.tensor([[0.0, 0.0, -torch.inf], [7.0, -torch.inf, -torch.inf]])
    assert entropy_of_logits(scores).tolist() == [1.0, 0.0]
    assert math.copysign(1, entropy_of_logits(scores)[1].item()) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_entropy_of_logits_is_computed_in_float32(dtype):
    found = entropy_of_logits(torch.zeros(2, 50_000, dtype=dtype))
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([math.log2(50_000)] * 2, rel=1e-5)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_entropy_of_logits_refuses_rows_that_are_no_logits(bad):
    with pytest.raises(ValueError, match="logits has a row"):
        entropy_of_logits(torch.tensor([[1.0, 2.0], [bad, bad]]))


def test_a_trace_keeps_a_number_for_each_row_and_step(lm):
    trace, other = EntropyTrace(), EntropyTrace()
    runs = generate(lm, "the", 3, 6, [trace], progress=False)
    lengths = torch.tensor([len(ids) for ids in runs.token_ids])
    seen = torch.stack(trace.steps, dim=-1)
    within = torch.arange(seen.shape[1]) < lengths[:, None]
    assert torch.allclose(seen[within], runs.entropy[within], atol=1e-4)
    assert other.steps == []


# --- what it sees


def test_it_sees_what_generate_traces(lm):
    monitor, runs = watch(lm, ["the fox", "a"], 2, [Temperature(0.7)])
    assert len(monitor.requests) == 4
    for request, ids, trace in zip(
        monitor.requests, runs.token_ids, runs.entropy, strict=True
    ):
        assert len(request.entropy) == len(ids)
        assert request.entropy == pytest.approx(trace[: len(ids)].tolist(), abs=1e-4)


def test_it_changes_no_token(lm):
    _, watched = watch(lm, "the", 3)
    free = generate(lm, "the", 3, 12, progress=False)
    assert watched.token_ids == free.token_ids


def test_each_call_of_generate_makes_requests_of_its_own(lm):
    monitor = EntropyMonitor(lm.stop_ids)
    for _ in range(2):
        generate(lm, "the", 2, 5, [monitor], progress=False)
    monitor.finish()
    assert len(monitor.requests) == 4


def test_it_works_inside_transformers(lm):
    monitor = EntropyMonitor(lm.stop_ids)
    ids = torch.tensor([lm.encode("the fox")] * 2)
    for _ in range(2):  # no reset in between
        out = lm.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            max_new_tokens=6,
            logits_processor=[monitor],
            pad_token_id=lm.padding_id,
        )
    monitor.finish()
    assert len(monitor.requests) == 4
    assert all(len(r.entropy) <= out.shape[1] - ids.shape[1] for r in monitor.requests)


def test_equal_prompts_have_equal_keys_whatever_stands_beside_them(lm):
    alone, _ = watch(lm, "a")
    beside, _ = watch(lm, ["a", "the fox ran into the wood"])
    keys = [request.prompt for request in beside.requests]
    assert alone.requests[0].prompt == keys[0] == keys[1]
    assert keys[2] == keys[3] != keys[0]
    assert prompt_key([1, 2]) != prompt_key([12])


# --- what it flags


@given(numbers, st.integers(1, 6))
def test_windowed_means(values, window):
    expected = [
        sum(values[i : i + window]) / window for i in range(len(values) - window + 1)
    ]
    assert windowed_means(values, window) == pytest.approx(expected, abs=1e-9)


def test_a_drop_is_a_share_of_what_is_usual():
    usual = [2.0] * 6
    assert windowed_drops([2, 2, 1, 1, 2, 2], usual, 2) == [0, 0.25, 0.5, 0.25, 0]
    assert largest_drop([2, 2, 1, 1, 2, 2], usual, 2) == 0.5
    assert largest_drop([3] * 6, usual, 2) == -0.5


def test_without_a_window_all_that_both_have_counts():
    assert largest_drop([1, 3, 2], [2, 2]) == 0.0
    assert largest_drop([1, 1], [2, 3, 9]) == pytest.approx(0.6)
    assert largest_drop([], [1.0]) is None


@given(numbers, numbers)
def test_one_window_over_everything_is_no_window(entropy, usual):
    both = min(len(entropy), len(usual))
    assert largest_drop(entropy, usual) == largest_drop(entropy, usual, max(both, 1))


@given(numbers.filter(any), st.integers(1, 6))
def test_a_request_like_its_baseline_drops_nowhere(values, window):
    assert largest_drop(values, values, window) in (0, None)


def test_without_enough_in_common_there_is_no_drop():
    assert largest_drop([1.0], [1.0, 1.0], 2) is None
    assert largest_drop([1.0, 1.0], [0.0, 0.0], 2) is None


def request(prompt, entropy):
    return Request(prompt, entropy, None, False)


def test_baselines_go_as_far_as_half_of_their_requests():
    traces = [[1.0], [3.0, 2.0], [2.0, 4.0, 9.0]]
    requests = [Request("p", trace, None, False) for trace in traces]
    assert fit_baselines(requests) == {"p": Baseline([2.0, 3.0], 3)}


def test_a_colder_request_is_flagged_against_its_own_prompts_baseline(lm):
    healthy, _ = watch(lm, ["the", "a fox"], 16)
    baselines = fit_baselines(healthy.requests)
    cold, _ = watch(lm, ["the", "a fox"], 4, [Temperature(0.2)], baselines=baselines)
    again, _ = watch(lm, ["the", "a fox"], 4, seed=9, baselines=baselines)
    assert all(r.flagged and r.drop > 0.3 for r in cold.requests)
    assert not any(r.flagged for r in again.requests)
    unknown, _ = watch(lm, "who", 2, [Temperature(0.2)], baselines=baselines)
    assert all(r.drop is None and not r.flagged for r in unknown.requests)


# --- a running sum


def test_cusum_adds_up_what_exceeds_the_slack_and_starts_afresh_below_zero():
    sums = cusum([1.0, 1.0, -5.0, 0.5, 2.0], slack=0.5)
    assert sums == [0.5, 1.0, 0.0, 0.0, 1.5]
    assert cusum([-3.0, 1.0]) == [0.0, 1.0]  # the first starts afresh, too


@given(st.lists(st.floats(-10, 10), max_size=30), st.floats(-1, 1))
def test_cusum_is_the_largest_sum_of_steps_that_end_here(values, slack):
    for end, total in enumerate(cusum(values, slack)):
        tails = [sum(values[k : end + 1]) - slack * (end + 1 - k) for k in range(end)]
        tails.append(values[end] - slack)
        assert total == pytest.approx(max(0.0, *tails), abs=1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_cusum_refuses_what_is_not_finite(bad):
    with pytest.raises(ValueError, match="finite"):
        cusum([1.0, bad])
    with pytest.raises(ValueError, match="slack"):
        cusum([1.0], slack=bad)


def test_first_above_is_a_place_or_none():
    assert first_above([0.0, 2.0, 3.0], 1.0) == 1
    assert first_above([1.0], 1.0) is None
    assert first_above([], 0.0) is None


def test_shortfalls_are_means_over_the_requests_that_reach_a_place():
    baselines = {"a": Baseline([2.0, 1.0, 5.0], 9), "b": Baseline([1.0, 1.0], 9)}
    requests = [
        Request("a", [1.0, 0.0], None, False),
        Request("b", [1.0, 1.0, 1.0], None, False),
        Request("unknown", [0.0, 0.0, 0.0], None, False),
    ]
    assert shortfalls(requests, baselines) == [0.5, 0.5]
    assert shortfalls([], baselines) == []


# --- what a drop is worth


@given(drops, drops)
def test_auroc_is_the_area_that_scikit_learn_finds(healthy, collapsed):
    from sklearn.metrics import roc_auc_score

    truth = [0] * len(healthy) + [1] * len(collapsed)
    expected = roc_auc_score(truth, healthy + collapsed)
    assert auroc(healthy, collapsed) == pytest.approx(expected, abs=1e-12)
    assert auroc(collapsed, healthy) == pytest.approx(1 - expected, abs=1e-12)


def test_auroc_of_ties_is_chance():
    assert auroc([0.3, 0.3], [0.3]) == 0.5


def test_auroc_tells_drops_apart_that_float32_does_not():
    assert auroc([0.3], [0.3 + 1e-12]) == 1.0


def test_an_alarm_rate_counts_what_lies_above_the_threshold():
    rate = alarm_rate([0.1, 0.3, 0.5, -1.0], threshold=0.3)
    assert rate == AlarmRate(1, 4)
    assert rate.share == 0.25
    assert str(rate) == "25% (5% to 70%)"
    with pytest.raises(ValueError, match="drops must"):
        alarm_rate([])


@given(drops, drops)
def test_the_interval_of_auroc_holds_it(healthy, collapsed):
    low, high = auroc_interval(healthy, collapsed)
    assert 0 <= low <= auroc(healthy, collapsed) <= high + 1e-12 <= 1 + 1e-9
    assert low < high
    turned = auroc_interval(collapsed, healthy)
    assert turned == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_a_perfect_separation_of_few_is_not_sure():
    low, high = auroc_interval([0.1] * 24, [0.6] * 24)
    assert 0.8 < low < 0.95
    assert high == 1


@pytest.mark.parametrize("n", [15, 60])
@pytest.mark.parametrize("apart", [0.0, 1.0, 2.0])
def test_the_interval_of_auroc_covers_no_less_than_it_says(apart, n):
    """It errs on the wide side: Hanley and McNeil's error is that of exponentials."""
    dice = torch.Generator().manual_seed(n)
    truth = 0.5 * (1 + math.erf(apart / 2))  # of two normals
    held = 0
    for _ in range(600):
        low, high = torch.randn(2, n, generator=dice)
        ends = auroc_interval(low.tolist(), (high + apart).tolist())
        held += ends[0] <= truth <= ends[1]
    assert 0.93 <= held / 600 <= 0.99


def test_the_figure_says_what_the_rates_are():
    from matplotlib.figure import Figure

    artists = draw_alarms(Figure())
    words = show_alarms(artists, [0.0, 0.5, -9.0, 0.1], [0.4, 9.0], threshold=0.3)
    assert words == "100 % hits, 25 % false alarms"
    x, y = artists["marks"][1].get_data()
    assert (x[0], y[0], x[-1], y[-1]) == (1, 1, 0, 0)


@pytest.mark.parametrize("bad", [[], [torch.nan], [[0.1]], ["much"], [None]])
def test_auroc_refuses_what_are_no_drops(bad):
    with pytest.raises(ValueError, match="healthy"):
        auroc(bad, [0.5])
    with pytest.raises(ValueError, match="collapsed"):
        auroc([0.5], bad)


# --- the log


def test_the_log_gives_back_what_was_seen(lm, tmp_path):
    path = tmp_path / "logs" / "requests.jsonl"
    with EntropyMonitor(lm.stop_ids, log=path) as monitor:
        generate(lm, "the", 2, 5, [monitor], progress=False)
    log = read_requests(path)
    assert log.skipped == 0
    assert [r.prompt for r in log.requests] == [r.prompt for r in monitor.requests]
    for read, seen in zip(log.requests, monitor.requests, strict=True):
        assert read.entropy == pytest.approx(seen.entropy, abs=1e-4)
        assert read.mean == pytest.approx(seen.mean, abs=1e-4)


def test_a_half_written_line_is_skipped_and_counted(lm, tmp_path):
    path = tmp_path / "requests.jsonl"
    watch(lm, "the", 2, log=path)
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert (len(read_requests(path).requests), read_requests(path).skipped) == (1, 1)
    watch(lm, "the", 2, log=path)
    log = read_requests(path)
    assert (len(log.requests), log.skipped) == (3, 1)


ODD_LINES = [
    "",
    "[]",
    "3",
    "{",
    "\x00\xff",
    "[" * 100_000,
    '{"prompt": "p"}',
    '{"prompt": "p", "entropy": [], "drop": null, "flagged": false}',
    '{"prompt": "p", "entropy": [NaN], "drop": null, "flagged": false}',
    '{"prompt": "p", "entropy": [1.0], "drop": "much", "flagged": false}',
]


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
def test_a_strange_line_is_never_fatal(tmp_path, line):
    path = tmp_path / "requests.jsonl"
    good = {"prompt": "p", "entropy": [1.0], "drop": None, "flagged": False}
    path.write_text(line + "\n" + json.dumps(good) + "\n")
    log = read_requests(path)
    assert len(log.requests) == 1
    assert log.skipped == bool(line)


# --- bad input


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 1.5}, "threshold must be a share from 0 to 1"),
        ({"threshold": "much"}, "threshold must be a share from 0 to 1"),
        ({"window": 0}, "window must be a whole number of at least 1"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        EntropyMonitor(**settings)


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(ValueError, match="where there is no log"):
        read_requests(tmp_path / "none.jsonl")
