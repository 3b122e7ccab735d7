"""Texts as points, k-means against scikit-learn's, and shares that mislead."""

import copy
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering, KMeans

from course_utils.detection.clusters import (
    clusters,
    clusters_of_cosines,
    dominant_share,
    k_means,
    move_centres,
    nearest_centre,
)
from course_utils.detection.embedding import (
    sentence_points,
    state_points,
    tfidf_cosines,
    tfidf_points,
    without_common_directions,
)
from course_utils.detection.hidden_states import mean_pairwise_cosine

TEXTS = ["a fox sang in the wood", "the fox sang in a wood", "ships sail at dawn"]


def points(n, width, seed=0):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def around(centres, each, seed=1, spread=0.05):
    centres = centres.repeat_interleave(each, dim=0)
    return centres + spread * points(*centres.shape, seed=seed)


ONE_BLOB = around(points(1, 64), 400)
FIVE_MODES = around(points(5, 64), 80)


@pytest.mark.parametrize("k", [1, 2, 5, 10])
def test_k_means_is_as_good_as_scikit_learns(k):
    data = points(300, 16)
    theirs = KMeans(k, n_init=5, random_state=0).fit(data.numpy()).inertia_
    assert k_means(data, k).spread < 1.02 * theirs


def test_one_step_of_k_means_is_scikit_learns():
    data, centres = points(50, 4), points(3, 4, seed=1)
    labels = nearest_centre(data, centres)
    moved = move_centres(data, labels, centres)
    theirs = KMeans(3, init=centres.numpy(), n_init=1, max_iter=1).fit(data.numpy())
    torch.testing.assert_close(moved, torch.tensor(theirs.cluster_centers_))


def test_a_cluster_that_lost_its_points_keeps_its_centre():
    data, far = torch.zeros(3, 2), torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    labels = nearest_centre(data, far)
    assert move_centres(data, labels, far).tolist() == far.tolist()


def test_nearest_centre_is_exact_far_from_zero():
    """The fast way to all distances, by scalar products, fails here."""
    centres = 1e4 + torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    labels = torch.arange(60) % 2
    assert torch.equal(nearest_centre(centres[labels], centres), labels)


def test_half_precision_is_widened():
    data = points(12, 3).half()
    assert k_means(data, 2).centres.dtype == torch.float32
    assert without_common_directions(data).dtype == torch.float32
    assert clusters(data, 2).size == 12


def test_equal_points_make_one_cluster_of_all():
    found = clusters(torch.ones(20, 4), k=5)
    assert (found.share, found.kinds, found.largest_kind) == (1, 1, 1)
    assert found.silhouette is None


def test_the_share_of_a_collapsed_set_is_small_and_of_a_healthy_one_large():
    """The rule "above 80 % is collapse", turned on its head by k."""
    assert clusters(ONE_BLOB, k=5).share < 0.5
    assert clusters(FIVE_MODES, k=2).share > 0.7


def test_clusters_by_distance_need_no_k():
    assert clusters(ONE_BLOB).kinds == 1
    assert clusters(FIVE_MODES).kinds == 5
    assert clusters(FIVE_MODES).largest_kind == pytest.approx(0.2)


@given(st.integers(2, 20), st.randoms())
@settings(deadline=None, max_examples=25)
def test_order_does_not_matter_to_clusters_by_distance(n, random):
    data = points(n, 3, seed=n)
    order = random.sample(range(n), n)
    first, second = clusters(data, k=1), clusters(data[order], k=1)
    assert (first.kinds, first.largest_kind) == (second.kinds, second.largest_kind)


@given(st.integers(2, 12), st.integers(1, 12))
@settings(deadline=None, max_examples=25)
def test_shares_lie_between_an_even_split_and_1(n, k):
    found = clusters(points(n, 3, seed=n), k)
    assert 1 / found.k - 1e-9 <= found.share <= 1
    assert found.k <= n


def test_like_texts_are_near_in_tfidf():
    found = tfidf_points(TEXTS)
    cosine = torch.nn.functional.cosine_similarity
    near, far = cosine(found[0], found[1], 0), cosine(found[0], found[2], 0)
    assert near > 0.8
    assert far < 0.1
    many = [*TEXTS, *(f"number {i}" for i in range(60))]
    assert tfidf_points(many, 10).shape[1] == 10
    assert tfidf_points(many, 1).shape[1] == 1


def test_states_are_means_over_a_texts_tokens(lm):
    found = state_points(lm, TEXTS)
    assert found.shape == (3, lm.model.config.n_embd)
    ids = torch.tensor([lm.encode(TEXTS[0])])
    # A copy: transformers leaves hooks behind in a model that was asked for states.
    model = copy.deepcopy(lm.model)
    with torch.no_grad():
        states = model(ids, output_hidden_states=True).hidden_states[-1]
    torch.testing.assert_close(found[0], states[0].mean(dim=0))
    assert state_points(lm, ["fox " * 2 * lm.context_length]).isfinite().all()
    with pytest.raises(ValueError, match="layer must lie between"):
        state_points(lm, TEXTS, layer=99)


def test_states_do_not_depend_on_the_company(lm):
    many = [TEXTS[i % 3] + " again" * (i % 5) for i in range(40)]
    alone = torch.cat([state_points(lm, [text]) for text in many])
    torch.testing.assert_close(state_points(lm, many), alone, atol=1e-5, rtol=1e-4)


def test_common_directions_are_taken_out():
    long_direction = 20 * points(1, 16, seed=3)
    crowded = points(200, 16) + long_direction
    assert mean_pairwise_cosine(crowded) > 0.9
    freed = without_common_directions(crowded)
    assert abs(mean_pairwise_cosine(freed)) < 0.05
    assert torch.linalg.matrix_rank(freed) == 15


def test_a_missing_encoder_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ImportError, match="pip install sentence-transformers"):
        sentence_points(TEXTS, "some-encoder")


def test_results_print_and_draw():
    found = clusters(FIVE_MODES)
    assert "5 kinds by distance" in repr(found)
    assert found.plot().axes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: k_means(points(3, 2), 4), "k is 4, but there are only 3 points"),
        (lambda: k_means(points(3, 2), 0), "k must be a whole number of at least 1"),
        (lambda: clusters(points(1, 2)), "points must have the shape"),
        (lambda: clusters(torch.full((3, 2), torch.inf)), "points has NaN or infinite"),
        (lambda: dominant_share([]), "labels is empty"),
        (lambda: tfidf_points(["", " "]), "texts hold no word"),
        (lambda: tfidf_points("one"), "texts must be a list of texts"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("apart", [0.2, 0.5, 0.9, 1.0])
@given(st.integers(2, 30), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_clusters_by_distance_are_those_of_scikit_learn(apart, n, dice):
    texts = [" ".join(dice.choices("abcdefgh", k=dice.randint(1, 6))) for _ in range(n)]
    cosines = tfidf_cosines(texts)
    theirs = AgglomerativeClustering(
        n_clusters=None,
        distance_threshold=apart,
        metric="precomputed",
        linkage="average",
    ).fit_predict((1 - cosines).clamp(min=0).fill_diagonal_(0).numpy())
    ours = clusters_of_cosines(cosines, apart).tolist()
    pairs = set(zip(ours, theirs.tolist(), strict=True))
    assert len(pairs) == len(set(ours)) == len(set(theirs.tolist()))
