"""What the watch of looping services says, on texts whose loops are known."""

import numpy as np
import pytest

from course_utils.detection.foresight import Onset
from course_utils.recordings.foresight import (
    AHEAD,
    RATES,
    SERVICES,
    TOGETHER,
    Foresight,
    Watched,
    measured,
    record,
)

LENGTH, BEGINS = 150, 80


def watched(seed, foretells):
    """120 texts, 30 of which loop; a sign that does or doesn't rise ahead of that."""
    rng = np.random.default_rng(seed)
    along = []
    for text in range(120):
        noise = rng.normal(size=(2, LENGTH))
        if text < 30:
            noise[0, BEGINS + (-30 if foretells else 1) :] += 6
        along.append({"sign": noise[0], "noise": noise[1]})
    return Watched(
        along, [Onset(t, BEGINS, BEGINS + 40) for t in range(30)], [*range(30, 120)]
    )


@pytest.fixture(scope="module", params=[True, False])
def row(request):
    return request.param, measured([watched(seed, request.param) for seed in range(8)])


def mean_area(row, sign, ahead):
    return np.mean([areas[AHEAD.index(ahead)] for areas in row["areas"][sign]])


def test_a_sign_that_foretells_is_found_and_noise_is_not(row):
    foretells, found = row
    for sign in ("sign", TOGETHER):
        assert (mean_area(found, sign, 20) > 0.95) == foretells
        assert mean_area(found, sign, -12) > 0.95
        assert mean_area(found, sign, 60) == pytest.approx(0.5, abs=0.06)
    assert mean_area(found, "noise", -12) == pytest.approx(0.5, abs=0.06)


def test_false_alarms_are_as_promised_on_seeds_that_set_no_threshold(row):
    _, found = row
    for rate, rows in zip(RATES, found["warnings"]["noise"], strict=True):
        false = sum(r["false"] for r in rows) / sum(r["sound"] for r in rows)
        assert false == pytest.approx(rate, abs=0.03)


def test_warnings_come_as_early_as_the_sign(row):
    foretells, found = row
    rows = found["warnings"]["sign"][RATES.index(0.05)]
    assert np.median([r["lead"] for r in rows]) > (60 if foretells else 30)
    before = sum(r["before"] for r in rows) / sum(r["loops"] for r in rows)
    assert (before > 0.9) == foretells


@pytest.mark.parametrize("service", SERVICES)
def test_the_log_is_read_seed_by_seed(service):
    log = Foresight.read(service)
    assert len(log.loops) >= 8 and min(log.loops) >= 20
    for areas in log.areas.values():
        assert areas.shape == (len(log.loops), len(AHEAD))
    for sign in log.warnings:
        for what in ("false", "early", "before"):
            shares = log.rate(sign, 0.05, what)
            assert len(shares) == len(log.loops)
            assert all(0 <= share <= 1 for share in shares)


def test_three_seeds_are_enough_and_two_are_too_few(tmp_path):
    found = measured([watched(seed, foretells=True) for seed in range(3)])
    assert len(found["warnings"]["sign"][0]) == 3
    with pytest.raises(ValueError, match="seeds has 2 entries"):
        record(tmp_path / "log.json", seeds=(0, 1), state=tmp_path)
