"""Answers to notebook 09 that are right in an unusual way, or nearly right."""

import math

import pytest
import torch

from tests.judging import judge_at

# --- nearest_centre


def one_by_one(points, centres):
    labels = []
    for point in points:
        distances = [math.dist(point.tolist(), c) for c in centres.tolist()]
        labels.append(distances.index(min(distances)))
    return torch.tensor(labels)


def by_broadcasting(points, centres):
    squares = (points[:, None, :] - centres[None, :, :]) ** 2
    return squares.sum(dim=-1).argmin(dim=1)


def by_scalar_products(points, centres):
    lengths = centres.square().sum(dim=-1)
    return (lengths - 2 * points @ centres.T).argmin(dim=-1)


def in_doubles_and_short_integers(points, centres):
    return torch.cdist(points.double(), centres.double()).min(dim=-1).indices.int()


@pytest.mark.parametrize(
    "answer",
    [one_by_one, by_broadcasting, by_scalar_products, in_doubles_and_short_integers],
)
def test_nearest_centre_in_other_ways_passes(answer):
    assert judge_at("detection.clusters.nearest_centre", answer).passed


# --- move_centres


def cluster_by_cluster(points, labels, centres):
    moved = centres.clone()
    for j in range(len(centres)):
        if (labels == j).any():
            moved[j] = points[labels == j].mean(dim=0)
    return moved


def by_one_hot(points, labels, centres):
    marks = torch.nn.functional.one_hot(labels, len(centres)).double()
    counts = marks.sum(dim=0)[:, None]
    means = marks.T @ points.double() / counts
    return torch.where(counts > 0, means, centres.double())


def by_a_list(points, labels, centres):
    rows = []
    for j, centre in enumerate(centres):
        mine = [p for p, label in zip(points, labels, strict=True) if label == j]
        rows.append(sum(mine) / len(mine) if mine else centre)
    return torch.stack(rows)


def with_nan_to_centre(points, labels, centres):
    means = [points[labels == j].mean(dim=0) for j in range(len(centres))]
    means = torch.stack(means)
    return torch.where(means.isnan(), centres, means)


@pytest.mark.parametrize(
    "answer", [cluster_by_cluster, by_one_hot, by_a_list, with_nan_to_centre]
)
def test_move_centres_in_other_ways_passes(answer):
    assert judge_at("detection.clusters.move_centres", answer).passed


def test_move_centres_in_place_is_told_so():
    def answer(points, labels, centres):
        for j in labels.unique():
            centres[j] = points[labels == j].mean(dim=0)
        return centres

    verdict = judge_at("detection.clusters.move_centres", answer)
    assert "changes `centres` in place" in verdict.diagnosis


# --- without_common_directions


def by_covariance(points, directions=1):
    centred = (points - points.mean(dim=0)).double()
    vectors = torch.linalg.eigh(centred.T @ centred).eigenvectors
    widest = vectors.flip(-1)[:, :directions]
    return centred - centred @ widest @ widest.T


def by_zeroing_singular_values(points, directions=1):
    centred = points - points.mean(dim=0, keepdim=True)
    u, s, vh = torch.linalg.svd(centred, full_matrices=False)
    s = s.clone()
    s[:directions] = 0
    return u @ torch.diag(s) @ vh


def one_direction_after_the_other(points, directions=1):
    rest = points - points.mean(dim=0)
    for _ in range(directions):
        along = torch.linalg.svd(rest, full_matrices=False).Vh[0]
        rest = rest - torch.outer(rest @ along, along)
    return rest


def with_full_matrices(points, directions=1):
    centred = points - points.mean(0)
    v = torch.linalg.svd(centred).Vh.T[:, :directions]
    return centred - centred @ v @ v.T


@pytest.mark.parametrize(
    "answer",
    [
        by_covariance,
        by_zeroing_singular_values,
        one_direction_after_the_other,
        with_full_matrices,
    ],
)
def test_without_common_directions_in_other_ways_passes(answer):
    path = "detection.embedding.without_common_directions"
    assert judge_at(path, answer).passed


# --- vendi_score


def by_the_other_form(vectors):
    units = vectors.double() / vectors.double().norm(dim=-1, keepdim=True)
    shares = torch.linalg.eigvalsh(units.T @ units / len(units))
    shares = shares[shares > 1e-12]
    return (-(shares * shares.log()).sum()).exp()


def by_squared_singular_values(vectors):
    units = torch.nn.functional.normalize(vectors, dim=-1)
    shares = torch.linalg.svdvals(units).square() / len(units)
    return math.exp(-sum(s * math.log(s) for s in shares.tolist() if s > 1e-9))


def pair_by_pair(vectors):
    n = len(vectors)
    table = torch.empty(n, n)
    for i in range(n):
        for j in range(n):
            table[i, j] = torch.cosine_similarity(vectors[i], vectors[j], dim=0)
    shares = torch.linalg.eigvals(table / n).real.clamp(min=0)
    return torch.exp(-torch.xlogy(shares, shares).sum()).item()


def in_bits_and_with_a_small_number(vectors):
    units = vectors / vectors.norm(dim=1)[:, None]
    shares = torch.linalg.eigh(units @ units.T / len(units)).eigenvalues.abs()
    return 2 ** -(shares * torch.log2(shares + 1e-10)).sum()


@pytest.mark.parametrize(
    "answer",
    [
        by_the_other_form,
        by_squared_singular_values,
        pair_by_pair,
        in_bits_and_with_a_small_number,
    ],
)
def test_vendi_score_in_other_ways_passes(answer):
    assert judge_at("detection.vendi.vendi_score", answer).passed


def test_a_logarithm_of_zero_is_named():
    def answer(vectors):
        units = vectors / vectors.norm(dim=-1, keepdim=True)
        shares = torch.linalg.eigvalsh(units @ units.T / len(units)).clamp(min=0)
        return (-(shares * shares.log()).sum()).exp().item()

    verdict = judge_at("detection.vendi.vendi_score", answer)
    assert "has no logarithm" in verdict.diagnosis
