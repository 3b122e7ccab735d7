"""The report's statistics: what is drawn, what is chance, and how sure a value is."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.detection.ngram_table import NgramTable
from course_utils.detection.report import collapse_report, groups, spread
from course_utils.detection.report.along import along
from course_utils.detection.report.groups import groups_by
from course_utils.detection.report.judging import judged, step_down
from course_utils.detection.report.measures import MEASURES, Pool
from course_utils.detection.report.spread import Parts, interval_of, parts_of
from course_utils.detection.report.units import units_alone, units_beside
from course_utils.detection.self_bleu import bleu_against_others
from course_utils.worlds.stories import StoryWorld


@pytest.fixture(scope="module")
def tales():
    return [story.text for story in StoryWorld().sample(600, seed=3)]


@pytest.fixture
def dice():
    return random.Random(0)


def named(count, each, name="p"):
    return [f"{name}{i}" for i in range(count) for _ in range(each)]


# --- what is drawn


def test_single_texts_are_drawn_where_no_prompts_are_known(dice):
    units = units_beside(50, None, 80, ["one"] * 80, 500, dice)
    assert (units.unit, len(units.own), units.texts) == ("texts", 50, 50)
    assert {len(block) for block in units.own + units.reference} == {1}
    assert units.notes == []


def test_prompts_with_their_texts_are_drawn(dice):
    units = units_beside(100, named(10, 10), 120, named(12, 10, "q"), 500, dice)
    assert (units.unit, len(units.own), units.texts) == ("prompts", 10, 100)
    for own, reference in zip(units.own, units.reference, strict=True):
        assert len({i // 10 for i in own}) == len({i // 10 for i in reference}) == 1


def test_prompts_of_unlike_sizes_stand_beside_those_of_like_size(dice):
    own = named(12, 4) + named(3, 20, "large")
    reference = named(20, 3, "q") + named(5, 9, "r")
    units = units_beside(len(own), own, len(reference), reference, 500, dice)
    assert len(units.own) == 15
    for a, b in zip(units.own, units.reference, strict=True):
        assert len(a) == len(b)


def test_the_same_prompts_stand_beside_each_other(dice):
    prompts = named(20, 5)
    units = units_beside(100, prompts, 100, prompts[::-1], 500, dice)
    assert (units.unit, len(units.own)) == ("prompts", 20)
    for own, reference in zip(units.own, units.reference, strict=True):
        assert {prompts[i] for i in own} == {prompts[::-1][i] for i in reference}


def test_of_few_shared_prompts_texts_are_compared_one_by_one(dice):
    prompts = named(3, 20)
    units = units_beside(60, prompts, 60, prompts, 500, dice)
    assert (units.unit, len(units.own)) == ("texts of the same prompt", 60)
    assert len(set(units.strata)) == 3
    for (own,), (other,) in zip(units.own, units.reference, strict=True):
        assert prompts[own] == prompts[other]
    assert "within each prompt that both have (3)" in units.notes[0]


def test_one_text_of_each_prompt_where_the_reference_names_none(dice):
    units = units_beside(100, named(20, 5), 200, None, 500, dice)
    assert (len(units.own), units.texts) == (20, 20)
    assert "likeness within a prompt is not judged" in units.notes[0]


def test_few_prompts_with_many_texts_are_taken_as_given(dice):
    units = units_beside(150, named(2, 75), 300, None, 500, dice)
    assert (units.unit, units.texts) == ("texts", 150)
    assert "holds for these 2 prompts" in units.notes[0]


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=60),
    st.lists(st.integers(0, 6), min_size=2, max_size=60),
    st.integers(2, 40),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_no_text_is_drawn_twice_and_no_more_than_asked_for(own, other, sample, known):
    prompts = list(map(str, own)), list(map(str, other)) if known else None
    units = units_beside(
        len(own), prompts[0], len(other), prompts[1], sample, random.Random(1)
    )
    for blocks, size in ((units.own, len(own)), (units.reference, len(other))):
        places = [i for block in blocks for i in block]
        assert len(places) == len(set(places)) == units.texts <= sample
        assert all(0 <= i < size for i in places)
    assert units.texts >= 1 and len(units.strata) == len(units.own)
    alone = units_alone(len(own), prompts[0], sample, random.Random(1))
    assert 1 <= alone.texts <= sample


# --- measures of parts of a set


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_self_bleu_of_a_part_is_that_of_its_texts(lengths, data):
    dice = random.Random(sum(lengths))
    rows = [[dice.choice("abc") for _ in range(n * n + 1)] for n in lengths]
    chosen = data.draw(st.permutations(range(len(rows))))
    chosen = np.array(chosen[: data.draw(st.integers(2, len(rows)))])
    found = NgramTable(rows).bleu_against_others(chosen)
    expected = bleu_against_others([rows[i] for i in chosen])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_measures_of_a_part_are_those_of_its_texts(tales):
    pool, chosen = Pool(tales[:40]), np.array([3, 30, 7, 21, 11])
    alone = Pool([tales[i] for i in chosen])
    for measure in MEASURES:
        if measure.name not in ("Vendi score", "largest kind"):  # weights of all
            expected = measure.of(alone, np.arange(5))
            assert measure.of(pool, chosen) == pytest.approx(expected), measure.name


# --- how sure a value is


def test_the_error_of_a_mean_is_the_usual_one():
    values = np.random.default_rng(0).normal(size=400)
    halves, quarters = [], []
    for split in range(300):
        order = np.random.default_rng(split).permutation(400)
        means = values[order].reshape(4, 100).mean(axis=1)
        quarters.append(means)
        for i in (1, 2, 3):
            rest = [k for k in (1, 2, 3) if k != i]
            halves.append((means[[0, i]].mean(), means[rest].mean()))
    parts = Parts(np.array(halves), np.array(quarters))
    assert parts.error() == pytest.approx(values.std() / 20, rel=0.1)


def test_parts_share_no_text_and_hold_of_each_stratum_its_share(tales):
    pool, seen = Pool(tales[:40]), []
    strata = np.repeat([0, 1], 20)

    def remember(_pool, chosen):
        seen.append(np.array(chosen))
        return np.zeros(len(MEASURES))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "all_measures", remember)
        parts_of(
            pool,
            [np.arange(40)],
            np.arange(40),
            strata,
            np.random.default_rng(0),
            lambda: None,
        )
    for first in range(0, len(seen), 10):
        found = seen[first : first + 10]
        halves = [found[i : i + 2] for i in (0, 2, 4)]
        for parts, size in [(half, 20) for half in halves] + [(found[6:], 10)]:
            assert sorted(np.concatenate(parts)) == list(range(40))
            assert {len(part) for part in parts} == {size}
            assert {int((part < 20).sum()) for part in parts} == {size // 2}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)
def test_an_interval_holds_its_value_and_stays_within_limits(measure, tales):
    for texts in (tales[:20], ["yes"] * 20, [f"w{i} v{i}" for i in range(20)]):
        pool, every = Pool(texts), np.arange(20)
        strata = np.zeros(20, dtype=int)
        (parts,) = parts_of(
            pool, [every], every, strata, np.random.default_rng(0), lambda: None
        )
        value, place = measure.of(pool, every), MEASURES.index(measure)
        low, high = interval_of(measure, value, parts.of(place), 20, 20)
        assert low <= value * (1 + 1e-9) and value <= high * (1 + 1e-9)
        assert low >= measure.limits[0] and high <= measure.limits[1]


# --- what is chance


def test_one_measure_is_held_against_its_own_swaps():
    steps = np.random.default_rng(0).normal(size=(1000, 1))
    ((p, limit),) = step_down(steps)
    assert p == pytest.approx((steps[:, 0] >= steps[0, 0]).mean())
    assert (steps[:, 0] > limit).mean() == pytest.approx(0.05, abs=0.001)


def test_of_independent_measures_any_is_called_in_five_of_a_hundred_sets():
    dice = np.random.default_rng(1)
    called = [
        min(p for p, _ in step_down(dice.normal(size=(100, 7)))) <= 0.05
        for _ in range(1000)
    ]
    assert 0.03 <= np.mean(called) <= 0.07


def test_after_a_clear_measure_the_next_is_held_against_fewer():
    steps = np.random.default_rng(2).normal(size=(1000, 5))
    steps[0] = [9.0, 2.0, 0, 0, 0]
    ends = step_down(steps)
    largest = steps[:, 1:].max(axis=1)
    assert ends[1][0] == pytest.approx((largest >= 2.0).mean())
    assert ends[0][0] == 0.001
    assert all(p >= ends[1][0] for p, _ in ends[2:])


def test_a_verdict_lies_outside_the_band_and_no_band_is_without_width(tales):
    copied = [*tales[:40], *[tales[40]] * 30]
    for texts in (copied, tales[100:170]):
        report = collapse_report(texts, tales[200:300], shuffles=49)
        for finding in report.findings:
            low, high = finding.band
            assert low < high
            if finding.verdict in ("more alike", "more varied"):
                assert not low <= finding.value <= high
    assert collapse_report(copied, tales[200:300], shuffles=49).is_collapsed


def test_equal_sets_are_not_told_apart(tales):
    for texts in (tales[:30], ["yes"] * 30, ["yes", "no"] * 15):
        report = collapse_report(texts, texts, shuffles=19)
        assert {f.verdict for f in report.findings} == {"like the reference"}


@pytest.mark.parametrize(
    ("own", "reference", "prompts", "others"),
    [
        (["a b", "c d", "e f"], ["a b", "c d"], None, None),
        (["a b"] * 9, ["c d", "e f"] * 50, None, None),
        (["a b", "c d"] * 20, ["a b", "e f"] * 20, named(4, 10), named(4, 10, "q")),
        ([f"a {i}" for i in range(30)], ["x y", "z"] * 20, named(6, 5), None),
    ],
)
def test_where_nothing_can_be_judged_the_page_says_that(
    own, reference, prompts, others
):
    report = collapse_report(own, reference, prompts, reference_prompts=others)
    assert report.headline.startswith("Too few ")
    assert "more alike" not in report.headline
    assert {f.verdict for f in report.findings} == {"too few"}
    assert "too few to say" in report.to_html()
    assert not report.is_collapsed
    assert all(math.isfinite(f.value) for f in report.findings)


def test_likeness_within_a_prompt_is_no_false_alarm():
    """Ten texts of a prompt share its words, in the set as in the reference."""
    dice = random.Random(5)
    alarms = []
    for _ in range(10):
        sets = []
        for _ in range(2):
            words = [[f"w{dice.randrange(900)}" for _ in range(6)] for _ in range(10)]
            sets.append(
                [" ".join(dice.choices(own, k=12)) for own in words for _ in range(5)]
            )
        name = [f"{dice.random()} {i}" for i in range(20)]
        prompts = [n for n in name[:10] for _ in range(5)]
        others = [n for n in name[10:] for _ in range(5)]
        report = collapse_report(*sets, prompts, reference_prompts=others, shuffles=19)
        alarms.append(report.is_collapsed)
    assert sum(alarms) <= 3


# --- along a file, and by a field


def test_the_beginning_of_a_collapse_is_found(tales):
    late = [*tales[:120], *[tales[120 + i % 3] for i in range(80)]]
    found = along(late, None, 49)
    assert found.step == 120
    assert found.after > found.before
    assert "From about text 121 of 200 on" in collapse_report(late).answers[1][1]


def test_no_beginning_is_found_where_there_is_none(tales):
    steps = [along(tales[i : i + 100], None, 19, seed=i) for i in range(0, 500, 50)]
    assert sum(found.step is not None for found in steps) <= 3
    assert along(tales[:79], None, 19) is None
    assert along(tales[:200], named(4, 50), 19) is None


def test_texts_of_a_prompt_stay_together_along_the_file(tales):
    """Prompts differ, one after the other: no beginning, as far as prompts tell."""
    steps = []
    for seed in range(8):
        texts = [f"{tales[20 * seed + i // 10]} {i}" for i in range(200)]
        steps.append(along(texts, named(20, 10), 19, seed).step)
    assert sum(step is not None for step in steps) <= 2


def test_groups_are_measured_on_one_number_of_texts(tales):
    values = ["b"] * 30 + ["a 10"] * 50 + ["a 2"] * 25 + ["few"] * 3
    found = groups_by("model", values, tales[:108], None, tales[300:])
    assert [g.name for g in found.groups] == ["a 2", "a 10", "b", "the reference"]
    assert found.size == 25
    assert found.notes == ["1 values of model with under 20 texts are left out."]


def test_groups_of_few_and_of_many_prompts_have_one_number_of_texts(tales, monkeypatch):
    sizes = []

    def spied(texts, shuffles, seed):
        sizes.append(len(texts.own))
        return judged(texts, shuffles, seed)

    monkeypatch.setattr(groups, "judged", spied)
    prompts = ["p0"] * 58 + ["p1"] * 2 + named(30, 2, "q")
    found = groups_by("m", ["a"] * 60 + ["b"] * 60, tales[:120], prompts, [])
    assert sizes == [60, 60]
    for group in found.groups:
        assert not math.isnan(group.findings[1].interval[0])


def test_other_lengths_are_said(tales):
    short = [" ".join(text.split()[:9]) for text in tales[:60]]
    report = collapse_report(short, tales[100:160], shuffles=19)
    assert "Cut both to one length" in report.answers[0][1]


def test_scripts_without_spaces_are_said():
    texts = [f"\u732b\u304c\u597d\u304d{i}\u3067\u3059" for i in range(12)]
    assert "scripts without spaces" in collapse_report(texts).notes[0]


def test_texts_without_a_prompt_are_no_texts_of_one_prompt(dice):
    prompts = [""] * 40 + named(20, 2)
    units = units_beside(80, prompts, 80, prompts, 500, dice)
    assert units.texts >= 40
    empty = [block for block in units.own if block[0] < 40]
    assert {len(block) for block in empty} <= {1}


def test_one_text_a_thousand_times_is_not_more_alike_than_another():
    """Both have nothing to lose; only the lengths of the two differ."""
    report = collapse_report(["I don't know."] * 60, ["The answer is 42."] * 60)
    assert not report.is_collapsed
    assert "more varied" not in {f.verdict for f in report.findings}


def test_long_texts_have_their_own_lengths(tales):
    long = [" ".join(tales[i : i + 90]) for i in range(12)]
    report = collapse_report(long, long, shuffles=19)
    assert report.words == report.reference_words > 4000
    assert "Cut both" not in report.answers[0][1]
    assert "12 texts longer than 20,000 characters" in " ".join(report.notes)


def test_headline_and_first_answer_agree(tales):
    report = collapse_report(tales[:60], ["hello there you all"] * 50, shuffles=49)
    assert "More varied than the reference by" in report.headline
    assert "say more varied" in report.answers[0][1]


def test_a_seed_is_checked_before_the_work(tales):
    with pytest.raises(ValueError, match="seed must be a whole number"):
        collapse_report(tales[:20], seed=-1)


def test_no_share_and_no_difference_of_shares_leaves_its_limits(tales):
    loops = ["no no no no no no no no"] * 30
    report = collapse_report(loops, tales[:60], shuffles=19)
    for finding in report.findings:
        low, high = finding.difference_interval
        if finding.name in ("copies", "looping", "repetition", "largest kind"):
            assert -1 <= low <= high <= 1
    page = collapse_report(tales[:100]).to_html()
    assert ">\u22120" not in page  # no tick below 0
