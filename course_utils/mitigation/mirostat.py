"""Mirostat: truncation that is steered by how surprising the drawn tokens were."""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.validation import as_number, as_whole_number
from course_utils.mitigation.rows import RowMemory

Rows = Float[Tensor, " rows"]


def next_limit(limit: Rows, surprise: Rows, target: float, rate: float) -> Rows:
    """Mirostat's step: limit - rate * (surprise - target), all in bits.

    A surprise above the target tightens the limit, one below it loosens it.
    Basu et al. 2021 (arXiv 2007.14966), Algorithm 1. Built in notebook 13.
    """
    return limit - rate * (surprise - target)


class _Mirostat(LogitsProcessor):
    """What both versions share: a limit for each row, moved after each token.

    limit  of each row, in bits, at the latest step; it starts at twice the target
    """

    def __init__(
        self,
        target: float,
        rate: float,
        surprise_under: Literal["model", "kept"],
    ) -> None:
        self.target = _above_zero("target", target)
        self.rate = _above_zero("rate", rate)
        if surprise_under not in ("model", "kept"):
            raise ValueError(
                f"surprise_under must be 'model' or 'kept', not {surprise_under!r}"
            )
        self.surprise_under = surprise_under
        self._rows = RowMemory()
        self.reset()

    def reset(self) -> None:
        """Forget all rows; `generate` calls it before it begins."""
        self._rows.forget()
        self.limit: float | Tensor = 2 * self.target

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        limit = scores.new_full((len(scores),), 2 * self.target, dtype=torch.float32)
        if self._rows.goes_on(input_ids):
            limit = self._moved(input_ids[:, -1:])
        bits = -scores.float().log_softmax(dim=-1) / math.log(2)
        kept = scores.masked_fill(self._removed(bits, limit), -torch.inf)
        if self.surprise_under == "kept":
            bits = -kept.float().log_softmax(dim=-1) / math.log(2)
        self._rows.values = {"limit": limit, "bits": bits}
        self.limit = limit
        return kept

    def _moved(self, drawn: Int[Tensor, "rows 1"]) -> Rows:
        """The limits after the tokens that were drawn at the last step."""
        limit = self._rows.values["limit"]
        surprise = self._rows.values["bits"].gather(-1, drawn)[:, 0]
        moved = next_limit(limit, surprise, self.target, self.rate)
        # A token that could not be drawn: the row has ended, and this is its padding.
        return torch.where(surprise.isfinite(), moved, limit)

    def _removed(
        self, bits: Float[Tensor, "rows vocab"], limit: Rows
    ) -> Bool[Tensor, "rows vocab"]:
        raise NotImplementedError


class MirostatV2(_Mirostat):
    """Drop too surprising tokens; a moving limit steers the mean surprise to `target`.

    Kept are tokens of at most `limit` bits. The limit falls by `rate` times what the
    last token's surprise had above the target, so that the mean surprise of a long text
    comes to it. A token's surprise is taken under what was kept, as in llama.cpp, whose
    defaults these are, or under the "model". The likeliest token always stays.
    Raises ValueError for numbers that are not above 0. Built in notebook 13.
    """

    def __init__(
        self,
        target: float = 5.0,
        rate: float = 0.1,
        surprise_under: Literal["model", "kept"] = "kept",
    ) -> None:
        super().__init__(target, rate, surprise_under)

    def _removed(
        self, bits: Float[Tensor, "rows vocab"], limit: Rows
    ) -> Bool[Tensor, "rows vocab"]:
        return (bits > limit[:, None]) & (bits > bits.amin(dim=-1, keepdim=True))

    def __repr__(self) -> str:
        return f"MirostatV2({self.target:g})"


class MirostatV1(_Mirostat):
    """Keep the k likeliest tokens; a moving k steers the mean surprise to `target`.

    k follows from the limit by Zipf's law, whose exponent is estimated from the
    `fitted` likeliest tokens. A token's surprise is taken under the model, as in the
    authors' code, or under what was "kept", as in llama.cpp, whose rate and number of
    fitted tokens these are. (The authors' code has a rate of 1, fits 3,000 tokens and
    keeps one more than the formula says.) A target below the surprise of the likeliest
    tokens is never reached.
    Raises ValueError for numbers that are not above 0, and for fitted < 2.
    Basu et al. 2021 (arXiv 2007.14966), Algorithm 1. Built in notebook 13.
    """

    def __init__(
        self,
        target: float = 3.0,
        rate: float = 0.1,
        fitted: int = 100,
        surprise_under: Literal["model", "kept"] = "model",
    ) -> None:
        super().__init__(target, rate, surprise_under)
        self.fitted = as_whole_number("fitted", fitted, at_least=2)

    def _removed(
        self, bits: Float[Tensor, "rows vocab"], limit: Rows
    ) -> Bool[Tensor, "rows vocab"]:
        vocabulary = bits.shape[-1]
        least = bits.topk(min(self.fitted, vocabulary), largest=False).values
        k = zipf_k(zipf_exponent(-least * math.log(2)), limit, vocabulary)
        most = int(k.max())
        last = bits.topk(most, largest=False).values.gather(-1, k[:, None] - 1)
        return bits > last

    def __repr__(self) -> str:
        return f"MirostatV1({self.target:g})"


def zipf_exponent(log_probs: Float[Tensor, "rows fitted"]) -> Rows:
    """The s of p_i ~ i^-s by least squares, from log-probabilities, largest first.

    s = sum t b / sum t^2 with t = ln((i + 1) / i) and b = ln(p_i / p_(i+1)), over the
    pairs that are possible; 0 where there is none.
    Basu et al. 2021 (arXiv 2007.14966), section 4.
    """
    place = torch.arange(1, log_probs.shape[-1], device=log_probs.device).float()
    t = ((place + 1) / place).log().expand(len(log_probs), -1)
    b = log_probs[:, :-1] - log_probs[:, 1:]
    possible = b.isfinite()
    t, b = t.where(possible, 0.0), b.where(possible, 0.0)
    return (t * b).sum(dim=-1) / t.square().sum(dim=-1).clamp(min=1e-12)


def zipf_k(s: Rows, limit: Rows, vocabulary: int) -> Int[Tensor, " rows"]:
    """How many tokens to keep, so that their surprise is about `limit` bits at most.

    k = (e 2^limit / (1 - V^-e)) ^ (1 / s) with e = s - 1, between 1 and V.
    Basu et al. 2021 (arXiv 2007.14966), equation 2.
    """
    if vocabulary == 1:
        return torch.ones_like(s, dtype=torch.long)
    s, limit = s.double().clamp(min=1e-3), limit.double()
    e = s - 1
    # e / (1 - V^-e), whose limit at e = 0 is 1 / ln V.
    near_one = e.abs() < 1e-6
    safe = e.where(~near_one, 1.0)
    ratio = safe / -torch.expm1(-safe * math.log(vocabulary))
    ratio = ratio.where(~near_one, 1 / math.log(vocabulary))
    log_k = (ratio.log() + limit * math.log(2)) / s
    return log_k.clamp(0, math.log(vocabulary)).exp().round().long()


def _above_zero(name: str, value: object) -> float:
    number = as_number(name, value, "a finite number above 0")
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, not {value}")
    return number
