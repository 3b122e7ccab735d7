"""Noise on the logits: what it does to one draw, to a text, and to a set of texts.

Fresh noise at every step only flattens each token's distribution, as a temperature
does. To spread the texts of a set apart, their noise has to be *shared out* between
them: antithetic pairs, stratified Gumbel noise, arithmetic sampling.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.entropy import entropy_of_log_probs
from course_utils.foundations.validation import (
    as_logits,
    as_number,
    as_probs,
    as_whole_number,
)
from course_utils.mitigation.rows import RowMemory

# What noise does to a distribution


def two_entropies(
    noisy_logits: Float[Tensor, "draws vocab"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The mean entropy of the draws' softmaxes, and the entropy of their mean, in bits.

    The first is what a log of entropies shows (realised); the second is that of the
    tokens that come out (marginal). The first is never above the second (Jensen).
    Built in notebook 14.
    """
    log_probs = as_logits(noisy_logits).log_softmax(dim=-1)
    marginal = log_probs.exp().mean(dim=0)
    return entropy_of_log_probs(log_probs).mean(), entropy_of_log_probs(marginal.log())


def noisy_marginal(
    logits: Float[Tensor, "*batch vocab"],
    sigma: float,
    draws: int = 1000,
    seed: int = 0,
) -> Float[Tensor, "*batch vocab"]:
    """The mean of softmax(logits + sigma * noise): a draw with fresh noise follows it.

    A mean over `draws` draws of normal noise, half of them the others with their sign
    turned. Deterministic in the seed. Raises ValueError for a sigma below 0 and for
    fewer than two draws. Built in notebook 14.
    """
    logits, sigma = as_logits(logits), _at_least_zero("sigma", sigma)
    draws = as_whole_number("draws", draws, at_least=2)
    generator = torch.Generator(logits.device).manual_seed(seed)
    total = torch.zeros_like(logits, dtype=torch.float64)
    for _ in range(draws // 2):
        noise = torch.empty_like(logits).normal_(generator=generator)
        for sign in (sigma, -sigma):
            total += (logits + sign * noise).softmax(dim=-1)
    return (total / total.sum(dim=-1, keepdim=True)).to(logits.dtype)


def matching_temperature(
    logits: Float[Tensor, "*batch vocab"], probs: Float[Tensor, "*batch vocab"]
) -> Float[Tensor, "*batch"]:
    """The T whose softmax(logits / T) is nearest to `probs`: KL(probs || it) is least.

    That is the one with the same mean logit (a softmax is an exponential family in
    1 / T). Between 1e-3 and 1e3, found by halving; where all logits are equal every T
    gives the same, and it is 1e3. Raises ValueError for rows of `probs` that are no
    distributions. Built in notebook 14.
    """
    logits, probs = as_logits(logits), as_probs("probs", probs)
    finite = logits.masked_fill(logits.isneginf(), 0.0).double()
    wanted = (probs * finite).sum(dim=-1)
    low = torch.full_like(wanted, math.log(1e-3))
    high = torch.full_like(wanted, math.log(1e3))
    for _ in range(60):
        middle = (low + high) / 2
        heated = (logits.double() / middle.exp()[..., None]).softmax(dim=-1)
        too_cold = (heated * finite).sum(dim=-1) > wanted
        low, high = middle.where(too_cold, low), high.where(too_cold, middle)
    return ((low + high) / 2).exp().to(logits.dtype)


# The samplers


class GaussianNoise(LogitsProcessor):
    """Add normal noise of standard deviation `sigma` to every logit.

    per         "step": fresh at every token; "text": one draw for a whole text
    antithetic  rows come in pairs (1st and 2nd, 3rd and 4th, ...): one gets the
                noise, the other the same with its sign turned

    Each row's noise is its own; the same seed gives the same noise in every run of the
    course's `generate`. Raises ValueError for a sigma below 0. Built in notebook 14.
    """

    def __init__(
        self,
        sigma: float,
        per: Literal["step", "text"] = "step",
        antithetic: bool = False,
        seed: int = 0,
    ) -> None:
        self.sigma = _at_least_zero("sigma", sigma)
        if per not in ("step", "text"):
            raise ValueError(f"per must be 'step' or 'text', not {per!r}")
        self.per, self.antithetic = per, antithetic
        self.seed = as_whole_number("seed", seed, at_least=0)
        self._rows = RowMemory(by_lot=per == "text")
        self.reset()

    def reset(self) -> None:
        """Begin the noise anew; `generate` calls it before it begins."""
        self._rows.forget()
        self._generator: torch.Generator | None = None

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        goes_on = self._rows.goes_on(input_ids)
        if self.per == "step" or not goes_on:
            self._rows.values = {"noise": self._draw(scores)}
        noise = self._rows.values["noise"] * self._scale(scores)
        return scores + noise.to(scores.dtype)

    def _scale(self, scores: Float[Tensor, "batch vocab"]) -> float | Tensor:
        """The standard deviation: a number, or one for each row, [rows, 1]."""
        return self.sigma

    def _draw(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Float[Tensor, "batch vocab"]:
        if self._generator is None:
            self._generator = _own_generator(self.seed, scores.device)
        rows = (len(scores) + 1) // 2 if self.antithetic else len(scores)
        noise = torch.empty(rows, scores.shape[-1], device=scores.device)
        noise.normal_(generator=self._generator)
        if self.antithetic:
            noise = torch.stack([noise, -noise], dim=1).flatten(0, 1)[: len(scores)]
        return noise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sigma:g})"


class EntropyNoise(GaussianNoise):
    """Add normal noise that grows with the row's entropy, by `epsilon` for each bit.

    The article's formula, with the entropy in bits: a step that is decided stays as it
    is, an open one is shaken. `per`, `antithetic` and `seed` are those of
    `GaussianNoise`. Raises ValueError for an epsilon below 0. Built in notebook 14.
    """

    def __init__(
        self,
        epsilon: float,
        per: Literal["step", "text"] = "step",
        antithetic: bool = False,
        seed: int = 0,
    ) -> None:
        self.epsilon = _at_least_zero("epsilon", epsilon)
        super().__init__(epsilon, per, antithetic, seed)

    def _scale(self, scores: Float[Tensor, "batch vocab"]) -> Tensor:
        log_probs = scores.float().log_softmax(dim=-1)
        return self.epsilon * entropy_of_log_probs(log_probs)[:, None]


class GumbelNoise(LogitsProcessor):
    """Add Gumbel noise and keep the largest logit alone: an exact draw of a token.

    So what follows has no choice left, and the entropy of what is drawn from is 0.
    stratified  for each token the rows' uniform numbers fall into as many equal
                strata, one in each: every row is still an exact draw, but rows that are
                at the same point of their texts differ more than independent ones

    Raises ValueError for a bad seed. Gumbel 1954; McKay et al. 1979 for the strata
    (Latin hypercube sampling). Built in notebook 14.
    """

    def __init__(self, stratified: bool = False, seed: int = 0) -> None:
        self.stratified = stratified
        self.seed = as_whole_number("seed", seed, at_least=0)
        self.reset()

    def reset(self) -> None:
        """Begin the noise anew; `generate` calls it before it begins."""
        self._generator: torch.Generator | None = None

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if self._generator is None:
            self._generator = _own_generator(self.seed, scores.device)
        noise = -(-self._uniform(scores).log()).log()
        return _only(scores, (scores + noise).argmax(dim=-1))

    def _uniform(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Float[Tensor, "batch vocab"]:
        """Uniform numbers strictly between 0 and 1, in float64."""
        uniform = torch.empty(
            scores.shape, dtype=torch.float64, device=scores.device
        ).uniform_(generator=self._generator)
        if self.stratified and len(scores) > 1:
            lots = torch.empty_like(uniform).uniform_(generator=self._generator)
            uniform = strata(lots, uniform)
        return uniform.clamp(1e-16, 1 - 1e-16)

    def __repr__(self) -> str:
        return f"GumbelNoise({'stratified=True' if self.stratified else ''})"


def strata(
    lots: Float[Tensor, "rows vocab"], uniform: Float[Tensor, "rows vocab"]
) -> Float[Tensor, "rows vocab"]:
    """Uniform numbers of which each column has one in every 1 / rows of [0, 1).

    lots     uniform numbers: their order in a column says who gets which stratum
    uniform  uniform numbers: the place within it

    McKay et al. 1979 (Latin hypercube sampling). Built in notebook 14.
    """
    return (lots.argsort(dim=0) + uniform) / len(lots)


class ArithmeticSampling(LogitsProcessor):
    """Draw a set of texts that covers the model's distribution evenly.

    The rows that begin alike get the codes (i + u) / N, i = 0 to N - 1, with one random
    u, in random order. A row's code picks the token into whose part of [0, 1) it falls,
    and its place within that part is the code of the next step: as arithmetic coding
    decodes a number. Each text by itself is an exact draw from the model; as a set they
    cover it evenly. Where a text has used up the digits of its code it goes on
    with fresh ones. Put it last: it leaves one token a row.
    Raises ValueError for a bad seed, and for beams that change their order.
    Vilnis et al. 2023 (arXiv 2210.15458). Built in notebook 14.
    """

    # Of a code, as a width. Float32 logits hold a few digits only: to go on with finer
    # ones would let their last bit decide a text, another one on each machine.
    fewest_digits = 2.0**-12

    def __init__(self, seed: int = 0) -> None:
        self.seed = as_whole_number("seed", seed, at_least=0)
        self._rows = RowMemory(by_lot=True)
        self.reset()

    def reset(self) -> None:
        """Begin with new codes; `generate` calls it before it begins."""
        self._rows.forget()
        self._generator = _own_generator(self.seed)

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if not self._rows.goes_on(input_ids):
            codes = even_codes(input_ids, self._generator).to(scores.device)
            self._rows.values = {"codes": codes, "width": torch.ones_like(codes)}
        codes, width = self._rows.values["codes"], self._rows.values["width"]
        tokens, codes, shares = decode_step(scores.double().softmax(dim=-1), codes)
        width = width * shares
        is_used_up = width < min(self.fewest_digits, 1 / (8 * len(codes)))
        fresh = torch.rand(
            len(codes), dtype=torch.float64, generator=self._generator
        ).to(codes.device)
        self._rows.values = {
            "codes": fresh.where(is_used_up, codes),
            "width": width.masked_fill(is_used_up, 1.0),
        }
        return _only(scores, tokens)

    def __repr__(self) -> str:
        return "ArithmeticSampling()"


def even_codes(
    input_ids: Int[Tensor, "rows length"], generator: torch.Generator
) -> Float[Tensor, " rows"]:
    """Evenly spaced codes in [0, 1) for the rows that begin alike, in random order."""
    _, kinds, sizes = input_ids.cpu().unique(
        dim=0, return_inverse=True, return_counts=True
    )
    codes = torch.empty(len(input_ids), dtype=torch.float64)
    for kind, size in enumerate(sizes.tolist()):
        offset = torch.rand(1, dtype=torch.float64, generator=generator)
        places = torch.randperm(size, generator=generator)
        codes[kinds == kind] = (places + offset) / size
    return codes


def decode_step(
    probs: Float[Tensor, "rows vocab"], codes: Float[Tensor, " rows"]
) -> tuple[Int[Tensor, " rows"], Float[Tensor, " rows"], Float[Tensor, " rows"]]:
    """The token in whose part of [0, 1) each code falls, its new code, and the share.

    Built in notebook 14.
    """
    ends = probs.cumsum(dim=-1)
    ends = ends / ends[:, -1:]
    tokens = (ends <= codes[:, None]).sum(dim=-1, keepdim=True)
    tokens = tokens.clamp(max=probs.shape[-1] - 1)
    ends_at = ends.gather(-1, tokens)[:, 0]
    starts = ends.gather(-1, (tokens - 1).clamp(min=0))[:, 0]
    starts = starts.where(tokens[:, 0] > 0, 0.0)
    share = ends_at - starts
    inside = ((codes - starts) / share).clamp(0, 1 - 2**-53)
    return tokens[:, 0], inside, share


def _own_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A stream of its own, also where the loop that draws has the same seed.

    Else noise and draw would be made of the same random numbers (notebook 02).
    """
    return torch.Generator(device).manual_seed((seed ^ 0x9E3779B9) & 0xFFFFFFFF)


def _only(
    scores: Float[Tensor, "batch vocab"], tokens: Int[Tensor, " batch"]
) -> Float[Tensor, "batch vocab"]:
    """Nothing but one token of each row is left."""
    nothing = torch.full_like(scores, -torch.inf)
    return nothing.scatter(-1, tokens[:, None], 0.0)


def _at_least_zero(name: str, value: object) -> float:
    number = as_number(name, value, "a finite number of at least 0")
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, not {value}")
    return number
