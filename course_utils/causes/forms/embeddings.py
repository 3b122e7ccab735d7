"""Feature collapse without a generator: embeddings that all become the same.

An encoder learns without labels that two views of one image belong together. Nothing
is easier: give every image the same embedding. Two remedies keep it from doing so:
negatives (other images must be told apart) and a stop-gradient. Built in notebook 04.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_utils.foundations.validation import as_float_tensor, as_whole_number

Pair = Float[Tensor, "n dimensions"]
Loss = Callable[[Tensor, Tensor], Tensor]

DIMENSIONS = 16
WIDTH = 128
BATCH = 128
RATE = 2e-3
STEPS = 500
CONTRAST_TEMPERATURE = 0.2


# What is learnt


def pull_together(first: Pair, second: Pair) -> Float[Tensor, ""]:
    """Minus the mean cosine of two views' embeddings: -1 where each pair agrees."""
    return -F.cosine_similarity(first, second).mean()


def tell_apart(first: Pair, second: Pair) -> Float[Tensor, ""]:
    """Cross-entropy, in nats, of picking each view's partner out of the whole batch.

    Every other image is a negative. ln n where all embeddings are the same.
    InfoNCE: van den Oord et al. 2018, eq. 4 (arXiv 1807.03748), on cosines over a
    temperature as in SimCLR (Chen et al. 2020, arXiv 2002.05709).
    """
    cosines = F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).T
    partners = torch.arange(len(first), device=first.device)
    return F.cross_entropy(cosines / CONTRAST_TEMPERATURE, partners)


def two_views(
    images: Float[Tensor, "n 64"], dice: torch.Generator
) -> tuple[Float[Tensor, "n 64"], Float[Tensor, "n 64"]]:
    """Each image twice, moved by up to a pixel and with noise on it."""
    return _view(images, dice), _view(images, dice)


def _view(images: Tensor, dice: torch.Generator) -> Tensor:
    padded = F.pad(images.view(-1, 8, 8), (1, 1, 1, 1), value=-1.0)
    windows = padded.unfold(1, 8, 1).unfold(2, 8, 1)  # image, down, right, 8, 8
    down, right = torch.randint(3, (2, len(images)), generator=dice)
    moved = windows[torch.arange(len(images)), down, right].flatten(1)
    return moved + 0.3 * torch.randn(moved.shape, generator=dice)


# What is left of it


def direction_shares(
    embeddings: Float[Tensor, "*batch n dimensions"],
) -> Float[Tensor, "*batch directions"]:
    """How the embeddings spread over directions: singular values over their sum.

    `effective_modes` of it is the effective rank of Roy and Vetterli 2007 (eq. 5).
    Nothing is centred, so that a set of equal embeddings has one direction.
    Raises ValueError for embeddings that are all 0 or not finite.
    """
    embeddings = _as_embeddings(embeddings)
    values = torch.linalg.svdvals(embeddings)
    total = values.sum(dim=-1, keepdim=True)
    if not (total > 0).all():
        raise ValueError("embeddings must not all be 0: they have no direction")
    return values / total


def relative_std(
    embeddings: Float[Tensor, "*batch n dimensions"],
) -> Float[Tensor, "*batch"]:
    """The spread of normalised embeddings: 0 if all are the same, 1 if isotropic.

    The mean over dimensions of the standard deviation, times sqrt(dimensions).
    Chen and He 2021, section 4.1 (arXiv 2011.10566).
    """
    embeddings = F.normalize(_as_embeddings(embeddings), dim=-1)
    spread = embeddings.std(dim=-2, correction=0).mean(dim=-1)
    return spread * embeddings.shape[-1] ** 0.5


def neighbour_accuracy(
    embeddings: Float[Tensor, "n dimensions"], labels: Int[Tensor, "n"]
) -> float:
    """How often an embedding's nearest other one, by cosine, has the same label.

    Ties go to the first; so do all where all embeddings are the same.
    """
    unit = F.normalize(_as_embeddings(embeddings), dim=-1)
    cosines = (unit @ unit.T).fill_diagonal_(-2)
    return (labels[cosines.argmax(dim=-1)] == labels).float().mean().item()


def _as_embeddings(embeddings: Tensor) -> Tensor:
    embeddings = as_float_tensor("embeddings", embeddings)
    if embeddings.ndim < 2 or embeddings.shape[-2] == 0:
        raise ValueError(
            "embeddings must be rows of numbers, [n, dimensions], not of shape "
            f"{tuple(embeddings.shape)}"
        )
    if not embeddings.isfinite().all():
        raise ValueError("embeddings must be finite, but hold NaN or infinity")
    return embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))


# Training


@dataclass(frozen=True, eq=False)
class EmbeddingRun:
    """The embeddings of all images while their encoder learns.

    `embeddings[i]` are those after `steps[i]` steps; `agreement[i]` is the mean cosine
    of two views of the images that were learnt from in that step.
    """

    steps: list[int]
    agreement: list[float]
    embeddings: Float[Tensor, "records images dimensions"]


def train_embeddings(
    images: Float[Tensor, "images 64"],
    seed: int,
    steps: int = STEPS,
    *,
    loss: Loss = pull_together,
    stop_gradient: bool = False,
    record_every: int = 25,
) -> EmbeddingRun:
    """Train an encoder to bring two views of an image together.

    With `stop_gradient` a second network predicts one view's embedding from the
    other's, and only the predicting side learns (SimSiam: Chen and He 2021,
    arXiv 2011.10566). Deterministic in the seed; leaves torch's own random numbers
    alone. Built in notebook 04.
    """
    steps = as_whole_number("steps", steps, at_least=1)
    record_every = as_whole_number("record_every", record_every, at_least=1)
    dice = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder, predictor = _make_encoder(images.shape[-1]), _make_predictor()
    weights = [*encoder.parameters(), *predictor.parameters()]
    adam = torch.optim.Adam(weights, lr=RATE)
    recorded, agreement = {}, []
    for step in range(steps + 1):
        chosen = torch.randint(len(images), (BATCH,), generator=dice)
        first, second = map(encoder, two_views(images[chosen], dice))
        if step % record_every == 0:
            recorded[step] = _embed(encoder, images)
            agreement.append(-pull_together(first, second).item())
        value = _loss(first, second, loss, predictor if stop_gradient else None)
        adam.zero_grad()
        value.backward()
        adam.step()
    embeddings = torch.stack(list(recorded.values()))
    return EmbeddingRun(list(recorded), agreement, embeddings)


def _loss(first: Pair, second: Pair, loss: Loss, predictor: nn.Module | None) -> Tensor:
    if predictor is None:
        return loss(first, second)
    forth = loss(predictor(first), second.detach())
    back = loss(predictor(second), first.detach())
    return (forth + back) / 2


def _make_encoder(features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(features, WIDTH),
        nn.BatchNorm1d(WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, DIMENSIONS),
    )


def _make_predictor() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(DIMENSIONS, WIDTH // 2),
        nn.BatchNorm1d(WIDTH // 2),
        nn.ReLU(),
        nn.Linear(WIDTH // 2, DIMENSIONS),
    )


@torch.no_grad()
def _embed(encoder: nn.Module, images: Tensor) -> Tensor:
    """Normalised embeddings of whole images, in the encoder's present state."""
    encoder.eval()
    embeddings = F.normalize(encoder(images), dim=-1)
    encoder.train()
    return embeddings
