"""Retrieval agrees with scikit-learn; contexts fit; restarts break loops."""

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from transformers import SuppressTokensLogitsProcessor

from course_utils import StoryWorld, Temperature, load_model
from course_utils.detection.repetition import find_loop
from course_utils.mitigation.prompting import (
    RetrievalPrompter,
    Retriever,
    cosine,
    fit_into,
    low_entropy,
    mmr,
    tfidf,
    write_with_restarts,
)

TEXTS = ["The fox saw the fox.", "A crow saw it!", "the sea", "", "fox fox fox sea"]


@pytest.fixture(scope="module")
def corpus():
    return [tale.text for tale in StoryWorld().sample(300, seed=1)]


def test_weights_and_cosines_are_those_of_scikit_learn(corpus):
    texts = [*TEXTS[:3], *corpus[:60]]
    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+")
    theirs = vectorizer.fit_transform(texts)
    rows, idf = tfidf(texts)
    names = vectorizer.get_feature_names_out()
    assert idf == pytest.approx(dict(zip(names, vectorizer.idf_, strict=True)))
    ours = [[cosine(a, b) for b in rows] for a in rows]
    np.testing.assert_allclose(ours, (theirs @ theirs.T).toarray(), atol=1e-12)


def test_a_text_without_words_is_like_none():
    rows, _ = tfidf(TEXTS)
    assert rows[3] == {} and cosine(rows[3], rows[0]) == 0


def test_the_nearest_are_those_of_a_full_search(corpus):
    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+")
    likeness = vectorizer.fit_transform(corpus) @ vectorizer.transform(["a fox"]).T
    best = np.sort(likeness.toarray()[:, 0])[::-1][:5]
    found = Retriever(corpus).search("a fox", 5)
    np.testing.assert_allclose(likeness.toarray()[found, 0], best)


def test_mmr_written_out():
    dice = torch.Generator().manual_seed(0)
    for _ in range(50):
        points = torch.nn.functional.normalize(torch.rand(12, 5, generator=dice), dim=1)
        between, to_query = points @ points.T, torch.rand(12, generator=dice)
        taken = []
        while len(taken) < 4:
            scores = {
                i: 0.4 * to_query[i].item()
                - 0.6 * max((between[i, j].item() for j in taken), default=0)
                for i in range(12)
                if i not in taken
            }
            taken.append(max(scores, key=scores.__getitem__))
        assert mmr(to_query, between, 4, 0.6) == taken


def test_diverse_examples_are_less_alike(corpus):
    retriever = Retriever(corpus)

    def alike(diversity):
        i, j = retriever.search("fox", 2, diversity)
        return cosine(retriever.rows[i], retriever.rows[j])

    assert alike(0.8) < alike(0.0)


def test_a_query_of_unknown_words_still_gives_k_texts(corpus):
    found = Retriever(corpus).search("zeppelin", 3)
    assert len(set(found)) == 3
    assert len(Retriever(corpus[:2]).search("fox", 9)) == 2


def test_the_context_holds_whole_texts_and_leaves_room(corpus):
    lm = load_model()
    prompt = fit_into(lm, corpus[:5], "A story about Mira.", room=90, separator="\n")
    *texts, request = prompt.split("\n")
    assert request == "A story about Mira." and texts == corpus[: len(texts)]
    assert 0 < len(texts) < 5
    assert len(lm.encode(prompt)) + 90 <= 256
    assert fit_into(lm, corpus[:2], "x", room=250, separator="\n") == "x"


def test_a_prompter_puts_what_it_found_before_the_request(corpus):
    prompter = RetrievalPrompter(load_model(), corpus, k=1, separator="\n")
    text, request = prompter("an owl", "A story about Tom.").split("\n")
    assert text in corpus and "owl" in text and request == "A story about Tom."


def loop_start(ids, bits=()):
    loop = find_loop(ids, repeats=2)
    return None if loop is None else loop.start


def test_restarts_drop_the_loop_and_the_context():
    lm = load_model()
    greedy = [SuppressTokensLogitsProcessor(lm.stop_ids), Temperature(0)]
    told = write_with_restarts(lm, "", loop_start, 400, 30, greedy)
    assert told.restarts >= 1 and len(told.pieces) == told.restarts + 1
    assert all(loop_start(lm.encode(piece)) is None for piece in told.pieces)


def test_a_text_that_is_never_stuck_is_the_model_s_own():
    lm = load_model()
    told = write_with_restarts(lm, "Once", lambda ids, bits: None, 120, seed=3)
    assert told.restarts == 0 and len(told.pieces) == 1
    assert StoryWorld().parse("Once" + told.text).valid


def test_low_entropy_says_from_where():
    stuck = low_entropy(0.5, window=3)
    assert stuck([1] * 5, [2.0, 2.0, 0.1, 0.2, 0.3]) == 2
    assert stuck([1] * 5, [2.0, 0.1, 0.2, 0.3, 2.0]) is None
    assert stuck([1] * 2, [0.0, 0.0]) is None


def test_restarts_get_the_model_s_entropy_of_each_token():
    lm, seen = load_model(), []

    def watch(ids, bits):
        seen.append((len(ids), len(bits), min(bits)))

    write_with_restarts(lm, "", watch, 60, 20, seed=1)
    assert [lengths[:2] for lengths in seen] == [(20, 20), (40, 40), (60, 60)]
    assert all(least >= 0 for *_, least in seen)


BAD = [
    (lambda lm: low_entropy(-1), "threshold must be at least 0"),
    (lambda lm: low_entropy(1, 0), "window"),
    (lambda lm: tfidf([]), "texts must be a list of at least one text"),
    (lambda lm: tfidf("one"), "texts must be a list"),
    (lambda lm: Retriever(["a", 3]), "corpus must hold texts, but has 3"),
    (lambda lm: mmr(torch.ones(2), torch.ones(2, 2), 0), "k must be"),
    (lambda lm: mmr(torch.ones(2), torch.ones(2, 2), 1, 2), "diversity must be"),
    (lambda lm: fit_into(lm, [], "x", room=300), "leaves no room"),
    (lambda lm: write_with_restarts(lm, "", loop_start, 0), "max_new_tokens"),
    (lambda lm: write_with_restarts(lm, "", loop_start, 9, 0), "look_every"),
]


@pytest.mark.parametrize("call, words", BAD)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(load_model())
