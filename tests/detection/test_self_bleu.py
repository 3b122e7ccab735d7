"""Self-BLEU: nltk's scores, in linear time, and what a set's size does to it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import word_tokenize
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from course_utils.detection.self_bleu import (
    bleu,
    brevity_penalty,
    clipped_precision,
    estimate_self_bleu,
    largest_elsewhere,
    null_band,
    self_bleu,
    self_repetition,
)
from course_utils.detection.words import words

SENTENCE = "The quantum computer uses superconducting qubits with error correction."
NLTK = {"method1": "method1", "method4": "method4", None: "method0"}

few_words = st.lists(st.sampled_from("abc"), min_size=1, max_size=9).map(" ".join)
sets = st.lists(few_words, min_size=2, max_size=7)
any_text = st.text(min_size=1).filter(words)


def nltk_score(hypothesis, references, n, smoothing):
    method = getattr(SmoothingFunction(), NLTK[smoothing])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sentence_bleu(references, hypothesis, (1 / n,) * n, method)


@given(sets, st.integers(1, 5), st.sampled_from(list(NLTK)))
@settings(max_examples=60, deadline=None)
def test_all_others_as_references_is_nltk(texts, n, smoothing):
    rows = [text.split() for text in texts]
    found = self_bleu(texts, n, "all", smoothing, tokenize=str.split, short="nltk")
    for i, score in enumerate(found.scores):
        others = rows[:i] + rows[i + 1 :]
        assert score == pytest.approx(
            nltk_score(rows[i], others, n, smoothing), abs=1e-12
        )
        assert bleu(rows[i], others, n, smoothing) == pytest.approx(score, abs=1e-12)


@given(sets, st.integers(1, 5), st.sampled_from(list(NLTK)))
@settings(max_examples=60, deadline=None)
def test_pairs_is_nltk(texts, n, smoothing):
    rows = [text.split() for text in texts]
    expected = [
        nltk_score(rows[i], [rows[j]], n, smoothing)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
    ]
    found = self_bleu(texts, n, "pairs", smoothing, tokenize=str.split, short="nltk")
    np.testing.assert_allclose(found.scores, expected, atol=1e-12)


def test_the_articles_example_is_above_nine_tenths():
    mean, std = estimate_self_bleu([SENTENCE] * 3)
    assert mean == pytest.approx(1)
    assert std == pytest.approx(0)


def test_the_articles_measure_gives_the_articles_answer():
    texts = [SENTENCE, SENTENCE.replace("uses", "has"), "The cat sat on a mat today."]
    rows = [word_tokenize(text.lower(), preserve_line=True) for text in texts]
    assert rows == [words(text) for text in texts]
    scores = [
        nltk_score(rows[i], [rows[j]], 4, "method4")
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    mean, std = estimate_self_bleu(texts)
    assert mean == pytest.approx(np.mean(scores), abs=1e-12)
    assert std == pytest.approx(np.std(scores), abs=1e-12)


@given(sets, st.randoms())
@settings(deadline=None)
def test_the_order_of_texts_does_not_matter_to_all(texts, random):
    shuffled = random.sample(texts, len(texts))
    assert self_bleu(shuffled).mean == pytest.approx(self_bleu(texts).mean)


@given(sets, st.data())
@settings(deadline=None)
def test_a_duplicate_adds_matches_and_takes_none(texts, data):
    rows = [text.split() for text in texts]
    copy = data.draw(st.sampled_from(rows))
    for i, row in enumerate(rows):
        others = rows[:i] + rows[i + 1 :]
        before, _ = clipped_precision(row, others, 2)
        after, _ = clipped_precision(row, [*others, copy], 2)
        assert after >= before


@given(st.lists(any_text, min_size=2, max_size=5))
@settings(deadline=None)
def test_scores_of_any_script_lie_in_0_to_1(texts):
    for references in ("all", "pairs"):
        scores = self_bleu(texts, references=references).scores
        assert (scores >= 0).all()
        assert (scores <= 1 + 1e-12).all()


def test_equal_texts_score_1_and_disjoint_ones_0():
    assert self_bleu(["a b c d e"] * 4).mean == pytest.approx(1)
    assert self_bleu(["a b c d e", "f g h i j"]).mean == 0


def test_one_hypothesis_is_not_among_its_own_references():
    """Texygen's `get_bleu` leaves it there and always says 1."""
    assert self_bleu(["a b c d e f", "u v w x y z", "a b c k l m"]).mean < 0.5


def test_the_same_source_scores_higher_in_a_larger_set():
    weights = 1 / np.arange(1, 2001)
    dice = np.random.default_rng(0)
    drawn = dice.choice(2000, (1000, 30), p=weights / weights.sum())
    texts = [" ".join(map(str, row)) for row in drawn]
    means = [self_bleu(texts[:size]).mean for size in (10, 100, 1000)]
    assert means[0] < means[1] < means[2]
    assert means[2] > 3 * means[0]


def test_a_text_shorter_than_n_counts_as_no_match_out_of_one():
    assert clipped_precision(["a"], [["a", "b"]], 2) == (0, 1)
    assert 0 < bleu(["a", "b"], [["a", "b"]], 4) < 1


def test_clipping_counts_the_richest_reference():
    """The example of Papineni and others 2002, section 2.1."""
    hypothesis = ["the"] * 7
    references = [words("the cat is on the mat"), words("there is a cat on the mat")]
    assert clipped_precision(hypothesis, references, 1) == (2, 7)


def test_brevity_penalty():
    assert brevity_penalty(5, 5) == brevity_penalty(6, 5) == 1
    assert brevity_penalty(5, 10) == pytest.approx(np.exp(-1))
    assert brevity_penalty(0, 3) == 0


def test_interval_holds_the_mean_and_two_texts_have_none():
    result = self_bleu([f"{i} b c {i % 30} e {i % 7} f {i % 25}" for i in range(40)])
    assert 0 < result.interval[0] < result.mean < result.interval[1] < 1
    assert np.isnan(self_bleu(["a b", "a c"]).interval).all()
    assert "Self-BLEU-4" in repr(result)
    assert result.plot().axes


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), max_size=20))
@settings(deadline=None)
def test_largest_elsewhere_is_the_maximum_over_all_other_entries(entries):
    gram, counts = [g for g, _ in entries], [c for _, c in entries]
    expected = [
        max([c for j, (h, c) in enumerate(entries) if h == g and j != i], default=0)
        for i, (g, _) in enumerate(entries)
    ]
    assert largest_elsewhere(gram, counts).tolist() == expected


def drawn_texts(size, seed):
    dice = np.random.default_rng(seed)
    weights = 1 / np.arange(1, 101)
    drawn = dice.choice(100, (size, 8), p=weights / weights.sum())
    return [" ".join(map(str, row)) for row in drawn]


@pytest.mark.parametrize("references", ["all", "pairs"])
def test_few_fresh_sets_lie_above_the_null_band(references):
    band = null_band(drawn_texts(39 * 5, 1), 5, 2, references)
    fresh = drawn_texts(400 * 5, 2)
    sets = [fresh[i : i + 5] for i in range(0, len(fresh), 5)]
    means = np.array([self_bleu(s, 2, references).mean for s in sets])
    assert (means > band[1]).mean() < 0.1
    assert (means < band[0]).mean() < 0.1


def test_null_band_has_the_extremes_of_39_sets_and_the_second_of_79():
    texts = drawn_texts(79 * 3, 0)
    means = [self_bleu(texts[i : i + 3]).mean for i in range(0, len(texts), 3)]
    first = sorted(means[:39])
    assert null_band(texts[: 39 * 3 + 2], 3) == pytest.approx((first[0], first[-1]))
    all_means = sorted(means)
    expected = all_means[1], all_means[-2]
    assert null_band(texts, 3) == pytest.approx(expected)
    half = all_means[19], all_means[-20]
    assert null_band(texts, 3, level=0.5) == pytest.approx(half)


def test_copies_lie_above_the_null_band():
    texts = drawn_texts(39 * 5, 1)
    assert self_bleu(texts[:1] * 5).mean > null_band(texts, 5)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["just a text", 2], "reference must be a list of texts"),
        ([["a b"] * 50, 2], "reference has 50 texts, enough for 25 sets of 2; .* 39"),
        ([["a b"] * 100, 1], "size must be a whole number of at least 2"),
        ([["a b"] * 100, 2, 0], "n must be a whole number of at least 1"),
        ([["a b"] * 100, 2, 4, "some"], "references is 'some'"),
        ([["a b"] * 99 + [""], 2], r"reference\[99\] is '', which holds no word"),
    ],
)
def test_null_band_names_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        null_band(*arguments)


@pytest.mark.parametrize("level", [0, 1, -0.5, 2, float("nan"), "95 %", True])
def test_null_band_refuses_what_is_no_level(level):
    with pytest.raises(ValueError, match="level must be a number between 0 and 1"):
        null_band(["a b"] * 100, 2, level=level)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["just a text"], "texts must be a list of texts, not a str"),
        ([["one"]], "texts has 1 entries; at least 2"),
        ([["one", "  "]], r"texts\[1\] is '  ', which holds no word"),
        ([["one", 2]], r"texts\[1\] must be a text, not 2"),
        ([["a", "b"], 0], "n must be a whole number of at least 1"),
        ([["a", "b"], 4, "some"], "references is 'some'; allowed are"),
        ([["a", "b"], 4, "all", "method9"], "smoothing is 'method9'; allowed are"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        self_bleu(*arguments)


def test_the_articles_measure_names_its_argument():
    with pytest.raises(ValueError, match="generations has 1 entries"):
        estimate_self_bleu(["alone"])


@given(sets, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_self_repetition_is_the_share_that_other_texts_have(texts, n):
    rows = [text.split() for text in texts]
    grams = [[*zip(*(row[k:] for k in range(n)), strict=False)] for row in rows]
    for i, share in enumerate(self_repetition(rows, n)):
        others = {gram for j, row in enumerate(grams) if j != i for gram in row}
        expected = np.mean([gram in others for gram in grams[i]]) if grams[i] else 0.0
        assert share == pytest.approx(expected)


def test_copies_repeat_wholly_and_short_texts_not_at_all():
    assert self_repetition([["a", "b", "c"]] * 3, 3).tolist() == [1, 1, 1]
    assert self_repetition([["a", "b"], ["a", "b"]], 5).tolist() == [0, 0]
    assert self_repetition([["a", "a", "a", "a"]], 2).tolist() == [0]


def test_self_repetition_names_bad_input():
    with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
        self_repetition([["a"]], 0)
    with pytest.raises(ValueError, match="rows is empty"):
        self_repetition([])


@given(sets, st.integers(1, 5), st.sampled_from(list(NLTK)))
@settings(max_examples=60, deadline=None)
def test_a_short_text_is_judged_by_the_orders_that_it_has(texts, n, smoothing):
    """By nltk with as many orders as the text has words, if these are fewer than n."""
    rows = [text.split() for text in texts]
    for references in ("all", "pairs"):
        found = self_bleu(texts, n, references, smoothing, tokenize=str.split)
        expected = [
            nltk_score(rows[i], others, min(n, len(rows[i])), smoothing)
            for i in range(len(rows))
            for others in (
                [rows[:i] + rows[i + 1 :]]
                if references == "all"
                else [[row] for row in rows[i + 1 :]]
            )
        ]
        np.testing.assert_allclose(found.scores, expected, atol=1e-12)


@pytest.mark.parametrize("text", ["yes", "Tokyo Japan", "I don't", "\u306f\u3044"])
@pytest.mark.parametrize("references", ["all", "pairs"])
@pytest.mark.parametrize("smoothing", [None, "method1", "method4"])
def test_equal_texts_score_one_however_short(text, references, smoothing):
    found = self_bleu([text] * 10, 4, references, smoothing)
    assert found.mean == pytest.approx(1)
    assert found.interval == pytest.approx((1, 1))


@pytest.mark.parametrize(("text", "score"), [("yes", 0.178), ("two words", 0.316)])
def test_nltks_form_of_short_texts_is_kept_by_name(text, score):
    found = self_bleu([text] * 10, short="nltk").mean
    assert found == pytest.approx(score, abs=0.001)
    row = text.split()
    assert found == pytest.approx(nltk_score(row, [row] * 9, 4, "method1"))


def test_an_interval_of_self_bleu_stays_between_0_and_1():
    nearly = ["a b c d e f"] * 9 + ["a b c d e g"]
    low, high = self_bleu(nearly).interval
    assert 0 <= low < high <= 1
    low, high = self_bleu([f"{i}a {i}b {i % 2}" for i in range(9)]).interval
    assert 0 <= low <= high <= 1


def test_the_form_of_short_texts_is_named():
    with pytest.raises(
        ValueError, match=r'short is "?\'?sacrebleu.*allowed are "capped"'
    ):
        self_bleu(["a b", "c d"], short="sacrebleu")
