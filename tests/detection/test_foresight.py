"""Signs along a text, and how far ahead of a loop they speak."""

import numpy as np
import pytest

from course_utils.detection.foresight import (
    Onset,
    area_ahead,
    onsets,
    run_below,
    said_before,
    signs,
    trailing_mean,
    warnings,
)

LOOPING = [9, 8, 7, *[1, 2, 3, 4] * 4]
PLAIN = [*range(20)]


def test_a_loop_begins_with_the_first_token_that_repeats():
    assert onsets([LOOPING, PLAIN]) == [Onset(text=0, begins=7, known=15)]
    assert onsets([LOOPING], repeats=2) == [Onset(0, 7, 11)]
    assert onsets([LOOPING], shortest=5) == []


def test_a_mean_takes_what_there_is_at_first():
    nothing, *means = trailing_mean([1, 2, 3, 4], 2)
    assert np.isnan(nothing) and means == [1, 1.5, 2.5, 3.5]


def test_a_run_counts_sure_tokens_up_to_the_last():
    assert run_below([0.1, 0.9, 0.1, 0.2], 0.5).tolist() == [0, 1, 0, 1, 2]


def slowly_said_before(ids):
    """Straight from the definition."""
    found = []
    for end in range(len(ids) + 1):
        lengths = [
            length
            for length in range(end)
            for start in range(end - length)
            if length and ids[start : start + length] == ids[end - length : end]
        ]
        found.append(max(lengths, default=0))
    return found


def test_what_was_said_before_is_counted_as_defined():
    rng = np.random.default_rng(0)
    for _ in range(30):
        ids = rng.integers(0, 3, size=14).tolist()
        assert said_before(ids).tolist() == slowly_said_before(ids)
    assert said_before([5, 6, 7, 5, 6])[-1] == 2
    assert said_before([1] * 50, longest=40).max() == 40


def test_signs_stand_before_each_token_and_after_the_last():
    along = signs(LOOPING, [1.0] * len(LOOPING), [-1.0] * len(LOOPING))
    assert all(len(sign) == len(LOOPING) + 1 for sign in along.values())


def test_signs_know_nothing_of_what_comes():
    bits, nats = np.random.default_rng(0).random((2, len(LOOPING)))
    whole = signs(LOOPING, bits, nats)
    for cut in (5, 10):
        part = signs(LOOPING[:cut], bits[:cut], nats[:cut])
        for name, along in part.items():
            assert along == pytest.approx(whole[name][: cut + 1], nan_ok=True)


def test_texts_are_compared_at_the_same_place():
    rising = np.arange(10.0)
    others = [rising - 0.5, rising + 0.5, np.arange(3.0)]  # the last one ended
    assert area_ahead([(rising, 6)], others, ahead=2) == 0.5
    assert area_ahead([(rising, 6)], others, ahead=6) is None
    assert area_ahead([], others, ahead=0) is None
    ending = rising[:5]  # at place 4 it has no further token
    assert area_ahead([(rising, 4)], [ending], ahead=0) is None


def test_lists_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="bits and nats have 2 and 3 entries"):
        signs([1, 2, 3], [0.5, 0.5], [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="window"):
        trailing_mean([1.0], 0)


def test_warnings_count_from_the_alarm_to_where_the_loop_is_known():
    quiet, early, late = np.zeros(20), np.zeros(20), np.zeros(20)
    early[4:], late[18:] = 1, 1
    loops = [Onset(1, begins=7, known=15), Onset(2, begins=7, known=15)]
    found = warnings([quiet, early, late, early], loops, sound=[0, 3], threshold=0.5)
    assert found.leads == [11, None]
    assert (found.false, found.sound, found.before) == (1, 2, 1)
    assert found.ahead_by(10) == 0.5 and found.ahead_by(12) == 0
