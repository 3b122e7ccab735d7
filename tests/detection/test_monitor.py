"""The entropy monitor: what it sees, what it flags, and a log that outlives a crash."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.detection.monitor import (
    Baseline,
    EntropyMonitor,
    Request,
    fit_baselines,
    largest_drop,
    prompt_key,
    read_requests,
    windowed_drops,
    windowed_means,
)
from course_utils.generation import generate
from course_utils.mitigation.temperature import Temperature

numbers = st.lists(st.floats(0, 10), max_size=20)


def watch(lm, prompt, n=2, processors=(), seed=0, **settings):
    monitor = EntropyMonitor(lm.stop_ids, **settings)
    steps = [*processors, monitor]
    runs = generate(lm, prompt, n, 12, steps, seed=seed, progress=False)
    monitor.finish()
    return monitor, runs


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


def test_without_enough_in_common_there_is_no_drop():
    assert largest_drop([1.0], [1.0, 1.0], 2) is None
    assert largest_drop([1.0, 1.0], [0.0, 0.0], 2) is None


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


@pytest.mark.parametrize("line", ["", "[]", "3", '{"prompt": "p"}', "\x00\xff", "{"])
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
