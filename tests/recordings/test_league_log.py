"""The league as it is shipped: whole, of the present settings, and read rightly."""

import json
import math

import numpy as np
import pytest

from course_utils.data_files import data_path
from course_utils.detection.detectors import DETECTORS
from course_utils.detection.league import SOUND
from course_utils.detection.scoring import auroc
from course_utils.recordings import league as recorder
from course_utils.recordings.league_log import CLEAR, REPORT, League


@pytest.fixture(scope="module")
def league():
    return League.read()


def test_the_log_belongs_to_the_present_settings():
    log = json.loads(data_path("results", "league.json").read_text(encoding="utf-8"))
    assert log["settings"] == recorder.settings()
    assert log["command"] == recorder.COMMAND
    assert log["seeds"] == list(recorder.SEEDS)
    assert data_path("results", "league.json").stat().st_size < 500_000


def test_there_are_far_more_than_sixty_sets_from_unlike_causes(league):
    sets = sum(variety.size for variety in league.variety.values())
    assert league.draws >= 8 and len(DETECTORS) >= 12 and sets >= 60
    assert len(league.causes) >= 10 and len(set(league.families.values())) >= 4


def test_draws_are_not_copies_of_each_other(league):
    for name in ("Self-BLEU", "Vendi, words", "perplexity"):
        every = [tuple(draw) for draw in league.values(SOUND, name)]
        assert len(set(every)) == league.draws


def test_scores_point_towards_collapse(league):
    for name in ("Vendi, words", "Self-BLEU"):
        deep, sound = (league.scores(n, name) for n in ("top-p", SOUND))
        assert deep[:, 2].min() > sound.max()
    assert (league.values(SOUND, "Vendi, words") > 1).all()


def test_sound_sets_have_deviations_about_zero(league):
    for name in DETECTORS:
        deviations = league.deviations(SOUND, name)
        assert abs(deviations.mean()) < 1e-9


def test_a_standing_is_the_mean_of_the_draws_areas(league):
    found = league.standing("compression", "copies", CLEAR)
    sound = league.scores(SOUND, "compression")
    sick = league.scores("copies", "compression")[:, [CLEAR]]
    areas = [auroc(*map(list, pair)) for pair in zip(sound, sick, strict=True)]
    assert found.area == pytest.approx(np.mean(areas))
    assert found.draws == league.draws


def test_a_detector_that_cannot_tell_has_no_standing(league):
    assert league.standing("Vendi in prompts", "copies", CLEAR, size=8) is None
    assert league.overall("Vendi in prompts", CLEAR, size=8) is None
    assert math.isnan(league.values("the world's own", "entropy drop")[0, 0])


def test_the_mean_over_causes_counts_each_alike(league):
    whole = league.overall("Self-BLEU").area
    each = [league.standing("Self-BLEU", cause).area for cause in league.causes]
    assert whole == pytest.approx(np.mean(each))
    two = league.overall("Self-BLEU", causes=["top-p", "loops"]).area
    assert two == pytest.approx(
        np.mean([each[league.causes.index(c)] for c in ("top-p", "loops")])
    )


def test_the_table_has_a_row_for_every_set_in_the_order_of_draws(league):
    rows, causes, draws = league.table(["Self-BLEU", REPORT], levels=(0, 2))
    sound = causes.count(SOUND)
    assert rows.shape == (sound + 2 * league.draws * len(league.causes), 2)
    assert causes[:sound] == [SOUND] * sound
    assert draws[:sound] == sorted(draws[:sound])
    assert rows[0, 0] == league.scores(SOUND, "Self-BLEU")[0, 0]


def test_an_unknown_detector_is_refused(league):
    with pytest.raises(KeyError, match="detector is 'BLEU'"):
        league.values(SOUND, "BLEU")


def test_the_report_calls_deep_collapse_and_few_sound_sets(league):
    assert league.called["top-p"][:, 2].all()
    assert league.called[SOUND].mean() < 0.2
