import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.forms import effective_modes, mode_shares
from course_utils.causes.forms.gan import (
    MODES,
    RATE,
    SPREAD,
    Discriminator,
    digit_modes,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    load_digits,
    minibatch_std,
    ring_centres,
    ring_modes,
    sample_digits,
    sample_ring,
    train_gan,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_ring_has_eight_equal_modes_on_a_circle():
    centres = ring_centres()
    assert torch.allclose(centres.norm(dim=-1), torch.full((8,), 2.0))
    assert torch.allclose(centres.mean(dim=0), torch.zeros(2), atol=1e-6)
    shares = mode_shares(ring_modes(sample_ring(4000, seeded())), MODES)
    assert effective_modes(shares) > 7.9
    assert shares.sum() == pytest.approx(1 - math.exp(-4.5), abs=0.01)


def test_a_point_beyond_three_deviations_belongs_to_no_mode():
    centres = ring_centres()
    step = torch.tensor([0.0, SPREAD])
    assert ring_modes(centres + 2.9 * step).tolist() == list(range(8))
    assert ring_modes(centres + 3.1 * step).tolist() == [-1] * 8
    assert ring_modes(torch.zeros(3, 1, 2)).tolist() == [[-1]] * 3


def test_every_digit_is_recognised_and_noise_is_not():
    images, labels = load_digits()
    assert images.min() == -1 and images.max() == 1
    seen = digit_modes(images[1::2])  # the half that the reader doesn't know
    known = seen >= 0
    assert known.float().mean() > 0.98
    assert (seen == labels[1::2])[known].float().mean() > 0.97
    noise = torch.randn(200, 64, generator=seeded()).clamp(-1, 1)
    assert (digit_modes(noise) == -1).all()
    assert (digit_modes(torch.zeros(1, 64)) == -1).all()


def test_real_digits_cover_all_ten():
    shares = mode_shares(digit_modes(sample_digits(2000, seeded())), 10)
    assert effective_modes(shares) > 9.8


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_minibatch_std_appends_the_same_number_to_each_row(rows, columns, seed):
    features = torch.randn(rows, columns, generator=seeded(seed))
    result = minibatch_std(features)
    assert torch.equal(result[:, :-1], features)
    expected = features.numpy().std(axis=0).mean()
    assert torch.allclose(result[:, -1], torch.tensor(expected), atol=1e-6)


def test_minibatch_std_of_equal_samples_is_zero_with_a_finite_gradient():
    features = torch.ones(4, 3, requires_grad=True)
    minibatch_std(features)[:, -1].sum().backward()
    assert minibatch_std(features)[0, -1] == 0
    assert features.grad.isfinite().all()


@pytest.mark.parametrize(
    "features", [[1.0], [[]], torch.ones(2, 2, 2), torch.ones(0, 2)]
)
def test_minibatch_std_wants_rows_and_columns(features):
    with pytest.raises(ValueError, match="features"):
        minibatch_std(features)


def test_losses_of_an_undecided_discriminator():
    nothing = torch.zeros(5)
    assert discriminator_loss(nothing, nothing).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(nothing).item() == pytest.approx(math.log(2))
    sure = torch.full((5,), 50.0)
    assert discriminator_loss(sure, -sure).item() == pytest.approx(0, abs=1e-6)
    assert generator_loss(sure).item() == pytest.approx(0, abs=1e-6)


def test_gradient_penalty_is_the_squared_slope():
    slope = torch.tensor([3.0, 4.0])
    penalty = gradient_penalty(lambda x: x @ slope, torch.randn(7, 2))
    assert penalty.item() == pytest.approx(25)


def test_only_a_batch_statistic_lets_samples_see_each_other():
    torch.manual_seed(0)
    one, many = torch.ones(1, 2), torch.cat([torch.ones(1, 2), torch.randn(7, 2)])
    alone, aware = Discriminator(2), Discriminator(2, minibatch_std)
    assert torch.allclose(alone(one)[0], alone(many)[0])
    assert not torch.allclose(aware(one)[0], aware(many)[0])


def test_training_is_deterministic_in_the_seed_and_leaves_torchs_dice_alone():
    before = torch.get_rng_state()
    runs = [
        train_gan(sample_ring, seed, 4, record_every=2, shown=9) for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert runs[0].steps == [0, 2, 4]
    assert runs[0].samples.shape == (3, 9, 2)
    assert torch.equal(runs[0].samples, runs[1].samples)
    assert not torch.equal(runs[0].samples, runs[2].samples)


@pytest.mark.parametrize(
    "remedy",
    [{"batch_statistic": minibatch_std}, {"r1": 1.0}, {"generator_rate": RATE}],
)
def test_each_remedy_changes_the_training(remedy):
    plain = train_gan(sample_ring, 0, 3, record_every=3, shown=9)
    cured = train_gan(sample_ring, 0, 3, record_every=3, shown=9, **remedy)
    assert (
        torch.equal(plain.samples[0], cured.samples[0]) or "batch_statistic" in remedy
    )
    assert not torch.equal(plain.samples[1], cured.samples[1])


@pytest.mark.parametrize("setting", [{"steps": 0}, {"steps": 1, "record_every": 0}])
def test_training_refuses_no_steps(setting):
    with pytest.raises(ValueError, match=list(setting)[-1]):
        train_gan(sample_ring, 0, **setting)
