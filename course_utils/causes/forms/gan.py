"""Feature collapse: a generator that makes few of the kinds of things it was shown.

A generative adversarial network (GAN) is two networks in a race. The generator turns
noise into samples; the discriminator tells them from real ones, and the generator
climbs the discriminator's opinion. Two worlds with known modes: a ring of Gaussians in
the plane, and scikit-learn's 8 x 8 digits. Built in notebook 04.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_utils.foundations.validation import as_float_tensor, as_whole_number

Sampler = Callable[[int, torch.Generator], Tensor]
BatchStatistic = Callable[[Tensor], Tensor]

MODES = 8  # Gaussians on the ring
RADIUS = 2.0
SPREAD = 0.1  # standard deviation of each Gaussian
DIGITS = 10

RATE = (
    1e-3  # learning rate of the discriminator, and of a generator that is not in haste
)
HASTE = 4e-3  # learning rate of a generator that outruns its discriminator
DIGIT_HASTE = 8e-3  # at 4e-3 the digits' generator recovers in the end
BATCH = 256
NOISE = 16  # numbers that the generator starts from
WIDTH = 64  # of both hidden layers, in both networks
RING_STEPS = 1500
DIGIT_STEPS = 2000


# The ring


def ring_centres() -> Float[Tensor, "modes 2"]:
    """The means of the Gaussians, evenly spaced on a circle of radius 2."""
    angles = torch.arange(MODES) * 2 * math.pi / MODES
    return RADIUS * torch.stack([angles.cos(), angles.sin()], dim=-1)


def sample_ring(n: int, dice: torch.Generator) -> Float[Tensor, "n 2"]:
    """n points of the ring, each Gaussian equally likely."""
    chosen = torch.randint(MODES, (n,), generator=dice)
    return ring_centres()[chosen] + SPREAD * torch.randn(n, 2, generator=dice)


def ring_modes(points: Float[Tensor, "*batch n 2"]) -> Int[Tensor, "*batch n"]:
    """The number of each point's Gaussian, -1 beyond three standard deviations of all.

    The rule of VEEGAN (Srivastava et al. 2017, arXiv 1705.07761, section 4.1).
    """
    distances = torch.cdist(points, ring_centres().to(points.dtype))
    nearest, modes = distances.min(dim=-1)
    return modes.masked_fill(nearest > 3 * SPREAD, -1)


# The digits


@functools.cache
def load_digits() -> tuple[Float[Tensor, "images 64"], Int[Tensor, "images"]]:
    """scikit-learn's 1,797 images of digits, pixels from -1 to 1, and their labels.

    Alpaydin and Kaynak 1998, UCI machine learning repository.
    """
    from sklearn import datasets

    data = datasets.load_digits()
    images = torch.tensor(data.data, dtype=torch.float32) / 8 - 1
    return images, torch.tensor(data.target)


def sample_digits(n: int, dice: torch.Generator) -> Float[Tensor, "n 64"]:
    """n images of digits, drawn with replacement."""
    images, _ = load_digits()
    return images[torch.randint(len(images), (n,), generator=dice)]


def digit_modes(images: Float[Tensor, "*batch n 64"]) -> Int[Tensor, "*batch n"]:
    """Which digit each image is: that of the nearest among half of the real images.

    -1 where even the nearest is farther than 99 % of the other half's are from theirs:
    no classifier says no by itself, and noise would count as some digit. Pixels beyond
    -1 ... 1 are clipped, as on a screen.
    """
    known, labels, reach = _known_digits()
    nearest, index = torch.cdist(images.clamp(-1, 1), known).min(dim=-1)
    return labels[index].masked_fill(nearest > reach, -1)


@functools.cache
def _known_digits() -> tuple[Tensor, Tensor, float]:
    images, labels = load_digits()
    known, others = images[::2], images[1::2]
    nearest = torch.cdist(others, known).min(dim=-1).values
    return known, labels[::2], nearest.quantile(0.99).item()


# The two networks


def make_generator(features: int) -> nn.Sequential:
    """From noise to samples."""
    return nn.Sequential(
        nn.Linear(NOISE, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, features),
    )


class Discriminator(nn.Module):
    """From samples to one logit each: how real it looks.

    `batch_statistic`, such as `minibatch_std`, adds columns to the last hidden layer
    that tell something about the batch as a whole.
    """

    def __init__(self, features: int, batch_statistic: BatchStatistic | None = None):
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(features, WIDTH),
            nn.LeakyReLU(0.2),
            nn.Linear(WIDTH, WIDTH),
            nn.LeakyReLU(0.2),
        )
        self.batch_statistic = batch_statistic or nn.Identity()
        columns = self.batch_statistic(torch.zeros(2, WIDTH)).shape[-1]
        self.logit = nn.Linear(columns, 1)

    def forward(self, samples: Float[Tensor, "n features"]) -> Float[Tensor, "n"]:
        return self.logit(self.batch_statistic(self.hidden(samples))).squeeze(-1)


def minibatch_std(features: Float[Tensor, "n k"]) -> Float[Tensor, "n k+1"]:
    """`features` with one more column: how much the batch differs within itself.

    Each feature's standard deviation over the batch (divided by n, not n - 1), and
    their mean; every row gets the same number. It lets a discriminator see that a
    generator repeats itself. Raises ValueError unless there are rows and columns.
    Karras et al. 2018, section 3 (arXiv 1710.10196). Built in notebook 04.
    """
    features = as_float_tensor("features", features)
    if features.ndim != 2 or len(features) == 0:
        raise ValueError(
            "features must have rows and columns, [n, k], not shape "
            f"{tuple(features.shape)}"
        )
    spread = features.std(dim=0, correction=0).mean()
    return torch.cat([features, spread.expand(len(features), 1)], dim=-1)


# The race


def discriminator_loss(
    real: Float[Tensor, "n"], fake: Float[Tensor, "n"]
) -> Float[Tensor, ""]:
    """Cross-entropy in nats, from logits: 1 for real samples, 0 for the generator's."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Float[Tensor, "n"]) -> Float[Tensor, ""]:
    """Low where the discriminator takes the samples for real (not saturating).

    Goodfellow et al. 2014, section 3 (arXiv 1406.2661).
    """
    return F.softplus(-fake).mean()


def gradient_penalty(
    discriminator: nn.Module, real: Float[Tensor, "n features"]
) -> Float[Tensor, ""]:
    """R1: the mean squared slope of the logits at real samples.

    Mescheder et al. 2018, eq. 9 without its factor (arXiv 1801.04406).
    """
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return slope.square().sum(dim=-1).mean()


@dataclass(frozen=True, eq=False)
class GanRun:
    """The same noise turned into samples again and again while the generator learns.

    `samples[i]` were made after `steps[i]` steps.
    """

    steps: list[int]
    samples: Float[Tensor, "records shown features"]


def train_gan(
    draw_real: Sampler,
    seed: int,
    steps: int = RING_STEPS,
    *,
    batch_statistic: BatchStatistic | None = None,
    r1: float = 0.0,
    generator_rate: float = HASTE,
    record_every: int = 50,
    shown: int = 500,
) -> GanRun:
    """Train a GAN on what `draw_real(n, dice)` draws, and watch its samples.

    Both networks learn by Adam. `batch_statistic` and `r1`, the weight of the gradient
    penalty, are remedies, and so is a `generator_rate` no higher than `RATE`.
    Deterministic in the seed; leaves torch's own random numbers alone.
    Goodfellow et al. 2014 (arXiv 1406.2661). Built in notebook 04.
    """
    steps = as_whole_number("steps", steps, at_least=1)
    record_every = as_whole_number("record_every", record_every, at_least=1)
    dice = torch.Generator().manual_seed(seed)
    features = draw_real(1, dice).shape[-1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = make_generator(features)
        discriminator = Discriminator(features, batch_statistic)
    generator_adam = _adam(generator, generator_rate)
    discriminator_adam = _adam(discriminator, RATE)
    shown_noise = torch.randn(shown, NOISE, generator=dice)
    recorded = {0: _samples(generator, shown_noise)}
    for step in range(1, steps + 1):
        real = draw_real(BATCH, dice)
        fake = generator(torch.randn(BATCH, NOISE, generator=dice))
        loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
        if r1:
            loss = loss + r1 / 2 * gradient_penalty(discriminator, real)
        _descend(discriminator_adam, loss)
        _descend(generator_adam, generator_loss(discriminator(fake)))
        if step % record_every == 0:
            recorded[step] = _samples(generator, shown_noise)
    return GanRun(list(recorded), torch.stack(list(recorded.values())))


def _adam(network: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99))


def _descend(optimizer: torch.optim.Optimizer, loss: Float[Tensor, ""]) -> None:
    """One step of the optimizer's own network; the other one learns nothing from it."""
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    optimizer.zero_grad()
    loss.backward(inputs=weights)  # the other gradients would be thrown away
    optimizer.step()


@torch.no_grad()
def _samples(generator: nn.Module, noise: Tensor) -> Tensor:
    return generator(noise)
