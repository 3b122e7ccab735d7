"""Every detector behind one door: each gives its own module's value, and its side."""

import math

import numpy as np
import pytest
import torch

from course_utils.detection import clusters, repetition, self_bleu, vendi
from course_utils.detection.detectors import DETECTORS, scores
from course_utils.detection.embedding import tfidf_cosines
from course_utils.detection.monitor import Request, fit_baselines, largest_drop
from course_utils.detection.sample import Sample
from course_utils.worlds.stories import StoryWorld

N, PROMPTS = 24, 4


def made(texts, fall=0.0, seed=0):
    """Texts with prompts, traces and points, all as varied as the texts' words."""
    generator = torch.Generator().manual_seed(seed)
    bits = [(torch.rand(30, generator=generator) * (1 - fall)).tolist() for _ in texts]
    nats = [[1.0 - fall] * 30 for _ in texts]
    points = tfidf_cosines(texts)[:, :N]
    return Sample(texts, [i % PROMPTS for i in range(len(texts))], bits, nats, points)


@pytest.fixture(scope="module")
def sets():
    tales = [story.text for story in StoryWorld().sample(3 * N, seed=1)]
    collapsed = [tales[i % 3] + " Again and again and again." for i in range(N)]
    return {
        "sound": made(tales[:N]),
        "reference": made(tales[N : 2 * N], seed=1),
        "collapsed": made(collapsed, fall=0.6),
    }


def test_there_are_three_kinds_and_more_than_a_dozen():
    kinds = [detector.kind for detector in DETECTORS.values()]
    assert len(kinds) >= 12
    assert set(kinds) == {"texts", "prompts", "trace"}


NOT_MOVED = {  # by three tales, told eight times each
    "rep-4": "looks within a text",
    "looping": "looks within a text",
    "spread of drops": "traces need not grow alike",
    "largest of 5 clusters": "cuts what is one into five",
    "MAUVE": "has two buckets at this size",
}


@pytest.mark.parametrize("name", [n for n in DETECTORS if n not in NOT_MOVED])
def test_each_detector_moves_to_its_side_when_a_set_collapses(name, sets):
    detector = DETECTORS[name]
    before = detector.of(sets["sound"], sets["reference"])
    after = detector.of(sets["collapsed"], sets["reference"])
    assert detector.sign * (after - before) > 0


def test_traces_that_are_alike_have_a_small_spread(sets):
    same = made(sets["sound"].texts)
    alike = Sample(same.texts, same.prompts, [same.entropy[0]] * N)
    spread = DETECTORS["spread of drops"].of
    assert spread(alike, alike) < spread(same, sets["reference"])


def test_values_are_those_of_the_modules(sets):
    sample, reference = sets["sound"], sets["reference"]
    found = scores(sample, reference)
    texts, rows = sample.texts, sample.rows
    cosines = tfidf_cosines(texts)
    kinds = clusters.clusters_of_cosines(cosines, 0.5)
    assert found["Self-BLEU"] == pytest.approx(self_bleu.self_bleu(texts).mean)
    assert found["compression"] == repetition.compression_ratio(texts)
    assert found["distinct-2"] == repetition.distinct_n(rows, 2)
    assert found["rep-4"] == pytest.approx(repetition.repetition(texts).share)
    assert found["Vendi, words"] == pytest.approx(vendi.vendi_of_kernel(cosines))
    assert found["largest kind"] == clusters.dominant_share(kinds)
    assert found["perplexity"] == pytest.approx(math.e)


def test_the_entropy_drop_is_that_of_the_monitor(sets):
    sample, reference = sets["collapsed"], sets["reference"]
    requests = [
        Request(str(prompt), bits, None, False)
        for prompt, bits in zip(reference.prompts, reference.entropy, strict=True)
    ]
    baselines = fit_baselines(requests)
    drops = [
        largest_drop(bits, baselines[str(prompt)].usual)
        for prompt, bits in zip(sample.prompts, sample.entropy, strict=True)
    ]
    found = scores(sample, reference)
    assert found["entropy drop"] == pytest.approx(sum(drops) / len(drops))
    assert found["flagged texts"] == sum(drop > 0.3 for drop in drops) / len(drops)


def test_equal_answers_to_each_prompt_are_seen_by_the_prompts_alone():
    tales = [story.text for story in StoryWorld().sample(N, seed=5)]
    one_each = [tales[i % 8] for i in range(N)]
    sample = Sample(one_each, [i % 8 for i in range(N)])
    found = scores(sample)
    assert found["semantic entropy"] == pytest.approx(0, abs=1e-9)
    assert found["Vendi in prompts"] == pytest.approx(1)
    assert found["Vendi, words"] > 5


def test_what_is_missing_leaves_detectors_out(sets):
    texts = sets["sound"].texts
    alone = scores(Sample(texts))
    assert set(alone) == {n for n, d in DETECTORS.items() if not d.needs}
    assert "entropy drop" not in scores(sets["sound"])
    assert "MAUVE" not in scores(sets["sound"], Sample(texts))


def test_single_texts_of_prompts_tell_nothing_within_prompts():
    tales = [story.text for story in StoryWorld().sample(4, seed=1)]
    found = scores(Sample(tales, range(4)))
    assert math.isnan(found["Self-BLEU in prompts"])
    assert math.isnan(found["worst prompt's Self-BLEU"])


def test_a_part_keeps_what_belongs_to_its_texts(sets):
    part = sets["sound"].take([3, 7])
    assert part.texts == [sets["sound"].texts[3], sets["sound"].texts[7]]
    assert part.prompts == [3, 3]
    assert part.entropy == [sets["sound"].entropy[3], sets["sound"].entropy[7]]
    assert torch.equal(part.points, sets["sound"].points[[3, 7]])


NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompts": ["x"]}, "prompts has 1 entries"),
        ({"prompts": 3}, "prompts must be a list"),
        ({"entropy": [[0.5], [NAN]]}, "entropy must hold .* that of text 1"),
        ({"entropy": [1.0, 2.0]}, "entropy must hold"),
        ({"surprise": [[], [1.0]]}, "surprise must hold .* that of text 0"),
        ({"points": torch.ones(3, 2)}, "points has 3 entries"),
    ],
)
def test_what_does_not_fit_the_texts_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Sample(["a b", "c d"], **given)


def test_texts_without_words_are_refused_by_name():
    for texts in (["alone"], ["a b", ""]):
        with pytest.raises(ValueError, match="texts"):
            Sample(texts)


def test_lists_of_numpy_and_torch_will_do(sets):
    plain = sets["sound"]
    again = Sample(
        plain.texts,
        np.array(plain.prompts),
        torch.tensor(plain.entropy),
        np.array(plain.surprise),
        plain.points.numpy(),
    )
    reference = sets["reference"]
    found = scores(again, reference)
    assert found == pytest.approx(scores(plain, reference), rel=1e-5)


def test_a_reference_of_another_embedding_is_refused(sets):
    other = Sample(["a b", "c d"], points=torch.ones(2, 3))
    with pytest.raises(ValueError, match="widths"):
        scores(sets["sound"], other)
    with pytest.raises(ValueError, match="reference must be a Sample"):
        scores(sets["sound"], ["a b", "c d"])


def test_short_answers_and_points_in_one_place_have_scores():
    same = Sample(["yes", "no", "yes"], points=torch.ones(3, 4))
    found = scores(same, same)
    assert math.isnan(found["distinct-2"])
    assert found["Vendi, states"] == 1


def test_without_prompts_on_both_sides_traces_have_one_baseline(sets):
    sample, reference = sets["sound"], sets["reference"]
    alone = Sample(reference.texts, entropy=reference.entropy)
    assert not math.isnan(scores(sample, alone)["entropy drop"])


def test_places_are_whole_numbers(sets):
    with pytest.raises(ValueError, match="places"):
        sets["sound"].take([True, False])
