"""Train a small language model further, on texts of our choice and with any loss.

The runs of notebook 05 that need a real model all go through `fine_tune`.
"""

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.model import LanguageModel

Document = Sequence[int]  # token ids, with the end of text where there is one
Loss = Callable[[Tensor, Tensor], Tensor]  # of logits [n, vocab] and targets [n]
WARM_UP = 8  # steps up to the peak rate, which then falls to zero in a line
IGNORED = 0  # what fills up short rows; `mask` keeps it out of every loss


def encode_documents(lm: LanguageModel, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of whole texts, each with the token that ends it."""
    ids = [lm.tokenizer.encode(text, add_special_tokens=False) for text in texts]
    return [[*row, lm.end_of_text_id] for row in ids]


def twin(lm: LanguageModel) -> LanguageModel:
    """A copy whose weights can change without changing those of `lm`."""
    return LanguageModel(copy.deepcopy(lm.model), lm.tokenizer, lm.name)


def fine_tune(
    lm: LanguageModel,
    documents: Sequence[Document],
    loss: Loss,
    steps: int,
    batch: int,
    rate: float,
    seed: int,
) -> Iterator[int]:
    """Train the weights of `lm` in place; yields the number of steps done, 1 to steps.

    AdamW with its peak at `rate`; every document is read once before any is read
    again. The model stays in eval mode: no dropout, so that the seed decides.
    """
    optimizer = torch.optim.AdamW(
        lm.model.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=0.0
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda done: min((done + 1) / WARM_UP, 1 - done / steps)
    )
    batches = _batches(documents, batch, seed)
    for step in range(1, steps + 1):
        inputs, targets, mask = _padded(lm, next(batches))
        with torch.autocast(lm.device.type, dtype=torch.bfloat16):
            logits = _logits(lm, inputs)
        loss(logits[mask].float(), targets[mask]).backward()
        torch.nn.utils.clip_grad_norm_(lm.model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        yield step


def logits_along(
    lm: LanguageModel, documents: Sequence[Document]
) -> Iterator[Float[Tensor, "tokens vocab"]]:
    """The logits from which each token of a document came, document by document."""
    for start in range(0, len(documents), 32):
        inputs, _, mask = _padded(lm, documents[start : start + 32])
        with torch.no_grad():
            logits = _logits(lm, inputs).float().cpu()
        yield from (row[keep] for row, keep in zip(logits, mask.cpu(), strict=True))


def token_log_probs(
    lm: LanguageModel, documents: Sequence[Document]
) -> list[Float[Tensor, " tokens"]]:
    """The log-probability in nats of every token of each document."""
    return [
        logits.log_softmax(dim=-1)[range(len(document)), list(document)]
        for logits, document in zip(logits_along(lm, documents), documents, strict=True)
    ]


def mean_loss(lm: LanguageModel, documents: Sequence[Document]) -> float:
    """Cross-entropy in nats per token over all `documents`."""
    return -torch.cat(token_log_probs(lm, documents)).mean().item()


def _logits(
    lm: LanguageModel, inputs: Int[Tensor, "batch length"]
) -> Float[Tensor, "batch length vocab"]:
    # Rows are filled up on the right, where a causal model can't look: nothing needs
    # to be masked, but transformers warns unless it is told so.
    everything = torch.ones_like(inputs)
    return lm.model(inputs, attention_mask=everything, use_cache=False).logits


def _batches(
    documents: Sequence[Document], size: int, seed: int
) -> Iterator[list[Document]]:
    rng = np.random.default_rng(seed)
    queue: list[int] = []
    while True:
        while len(queue) < size:
            queue += rng.permutation(len(documents)).tolist()
        yield [documents[i] for i in queue[:size]]
        queue = queue[size:]


def _padded(
    lm: LanguageModel, documents: Sequence[Document]
) -> tuple[
    Int[Tensor, "batch length"], Int[Tensor, "batch length"], Bool[Tensor, "..."]
]:
    """Inputs that begin with the end of a document, targets, and where they count."""
    length = max(map(len, documents))
    targets = torch.full((len(documents), length), IGNORED)
    mask = torch.zeros(len(documents), length, dtype=torch.bool)
    for row, document in enumerate(documents):
        targets[row, : len(document)] = torch.tensor(document)
        mask[row, : len(document)] = True
    start = torch.full((len(documents), 1), lm.end_of_text_id)
    inputs = torch.cat([start, targets[:, :-1]], dim=1)
    device = lm.device
    return inputs.to(device), targets.to(device), mask.to(device)
