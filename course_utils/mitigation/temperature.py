"""Temperature as a `LogitsProcessor`: divides the logits before the softmax."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.validation import as_temperature


class Temperature(LogitsProcessor):
    """Divide every logit by `temperature`.

    0 keeps only the largest logit; where several tie, all of them, so that they share
    the probability. Above 0, equal bit by bit to transformers'
    `TemperatureLogitsWarper`.
    Raises ValueError for a temperature below 0, NaN or inf. Built in notebook 01.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = as_temperature(temperature)

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        # Below the smallest normal number the division could only give inf and NaN.
        if self.temperature < torch.finfo(scores.dtype).tiny:
            largest = scores.amax(dim=-1, keepdim=True)
            return scores.masked_fill(scores < largest, -torch.inf)
        return scores / self.temperature

    def __repr__(self) -> str:
        return f"Temperature({self.temperature:g})"
