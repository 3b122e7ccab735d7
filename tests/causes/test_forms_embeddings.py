import math

import pytest
import torch

from course_utils.causes.forms import effective_modes
from course_utils.causes.forms.embeddings import (
    direction_shares,
    neighbour_accuracy,
    pull_together,
    relative_std,
    tell_apart,
    train_embeddings,
    two_views,
)
from course_utils.causes.forms.gan import load_digits


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def rank(embeddings):
    return effective_modes(direction_shares(embeddings)).item()


def test_equal_embeddings_have_one_direction_and_no_spread():
    same = torch.tensor([[1.0, 2.0, 2.0]]).repeat(50, 1)
    assert rank(same) == pytest.approx(1, abs=1e-3)
    assert relative_std(same) == pytest.approx(0, abs=1e-3)


def test_isotropic_embeddings_have_all_directions_and_full_spread():
    assert rank(torch.eye(6)) == pytest.approx(6)
    many = torch.randn(20_000, 8, generator=seeded())
    assert rank(many) == pytest.approx(8, abs=0.01)
    assert relative_std(many) == pytest.approx(1, abs=0.01)


def test_embeddings_on_a_line_are_collapsed_though_they_differ():
    line = torch.randn(100, 1, generator=seeded()) * torch.ones(1, 5)
    assert rank(line) == pytest.approx(1, abs=1e-3)
    assert relative_std(line) > 0.9


def test_measures_do_not_mind_the_scale():
    some = torch.randn(30, 4, generator=seeded())
    assert rank(1e3 * some) == pytest.approx(rank(some), rel=1e-4)
    assert relative_std(1e3 * some) == pytest.approx(relative_std(some).item())


def test_measures_take_a_batch_of_sets():
    sets = torch.randn(3, 20, 4, generator=seeded())
    assert direction_shares(sets).shape == (3, 4)
    assert relative_std(sets).shape == (3,)
    assert direction_shares(sets.half()).dtype == torch.float32


@pytest.mark.parametrize(
    "embeddings", [[1.0], torch.empty(0, 3), [[math.nan, 1.0]], [[0.0, 0.0]]]
)
def test_bad_embeddings_are_refused(embeddings):
    with pytest.raises(ValueError, match="embeddings"):
        direction_shares(embeddings)


def test_neighbours_never_count_themselves():
    two_pairs = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    assert neighbour_accuracy(two_pairs, torch.tensor([0, 0, 1, 1])) == 1
    assert neighbour_accuracy(two_pairs, torch.tensor([0, 1, 0, 1])) == 0


def test_equal_embeddings_minimise_the_pull_and_not_the_contrast():
    same, apart = torch.ones(8, 4), torch.eye(8)
    assert pull_together(same, same).item() == pytest.approx(-1)
    assert tell_apart(same, same).item() == pytest.approx(math.log(8))
    assert tell_apart(apart, apart) < tell_apart(same, same)


def test_views_move_by_at_most_a_pixel():
    dot = torch.full((200, 8, 8), -1.0)
    dot[:, 4, 4] = 50.0  # far above the noise
    for view in two_views(dot.flatten(1), seeded()):
        places = view.argmax(dim=1)
        offsets = {divmod(place - 3 * 8 - 3, 8) for place in places.tolist()}
        assert offsets == {(down, right) for down in range(3) for right in range(3)}


@pytest.mark.parametrize("setting", [{}, {"stop_gradient": True}, {"loss": tell_apart}])
def test_training_is_deterministic_and_records(setting):
    images = load_digits()[0][:200]
    before = torch.get_rng_state()
    runs = [train_embeddings(images, 3, 4, record_every=2, **setting) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert runs[0].steps == [0, 2, 4] and len(runs[0].agreement) == 3
    assert runs[0].embeddings.shape == (3, 200, 16)
    assert torch.equal(runs[0].embeddings, runs[1].embeddings)


def test_the_pull_alone_collapses_and_negatives_prevent_it():
    images, _ = load_digits()
    alone = train_embeddings(images, 0, 60, record_every=60)
    apart = train_embeddings(images, 0, 60, record_every=60, loss=tell_apart)
    assert relative_std(alone.embeddings[-1]) < 0.3 < relative_std(apart.embeddings[-1])
    assert rank(alone.embeddings[-1]) < rank(apart.embeddings[-1]) / 2
    assert alone.agreement[-1] > 0.9 > apart.agreement[-1]
