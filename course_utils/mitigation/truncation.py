"""Truncation: forbid the unlikely tokens, keep the shape of the rest.

Each sampler masks the same tokens as transformers' warper of that name, bit by bit,
ties included.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.validation import as_number, as_whole_number
from course_utils.mitigation.nucleus_search import (
    LARGE_VOCABULARY,
    edge_of_nucleus,
    is_for_numpy,
    place_of_mass,
)


class Truncation(LogitsProcessor):
    """What all of them are: a rule that says which tokens of each row are forbidden.

    `min_tokens_to_keep`  so many of the likeliest stay, whatever the rule says
    """

    def __init__(self, min_tokens_to_keep: int = 1) -> None:
        self.min_tokens_to_keep = as_whole_number(
            "min_tokens_to_keep", min_tokens_to_keep, at_least=1
        )

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        """Which tokens the rule forbids."""
        raise NotImplementedError

    def _but_likeliest(
        self, scores: Tensor, removed: Tensor
    ) -> Bool[Tensor, "batch vocab"]:
        """`removed`, but for the likeliest to be kept and what ties with the last."""
        k = min(self.min_tokens_to_keep, scores.shape[-1])
        return removed & (scores < scores.topk(k, dim=-1).values[..., -1:])

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        return scores.masked_fill(self.removed(scores), -torch.inf)


class TopK(Truncation):
    """Keep the `k` largest logits of each row, and whatever ties with the last of them.

    A `k` beyond the vocabulary keeps everything. Equal to transformers'
    `TopKLogitsWarper`. Raises ValueError for k < 1.
    Fan et al. 2018 (arXiv 1805.04833). Built in notebook 12.
    """

    def __init__(self, k: int, min_tokens_to_keep: int = 1) -> None:
        self.k = as_whole_number("k", k, at_least=1)
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        k = min(max(self.k, self.min_tokens_to_keep), scores.shape[-1])
        smallest_kept = scores.topk(k, dim=-1).values[..., -1:]
        return scores < smallest_kept

    def __repr__(self) -> str:
        return f"TopK({self.k})"


class TopP(Truncation):
    """Keep the smallest set of tokens whose probabilities sum to `p` or more.

    Equal to transformers' `TopPLogitsWarper`, bit by bit, but several times faster on a
    CPU, because it sorts no more than it has to.
    Raises ValueError for p outside (0, 1].
    Holtzman et al. 2020 (arXiv 1904.09751). Built in notebook 12.
    """

    def __init__(self, p: float, min_tokens_to_keep: int = 1) -> None:
        self.p = as_number("p", p, "a number above 0 and at most 1")
        if not 0 < self.p <= 1:
            raise ValueError(f"p must be a number above 0 and at most 1, not {p}")
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        removed = self._removed_by_search(scores)
        if removed is None:
            removed = self._removed_by_values(scores)
        if removed is None:
            removed = self._removed_by_sorting(scores)
        return removed

    def _removed_by_sorting(self, scores: Tensor) -> Bool[Tensor, "batch vocab"]:
        """The algorithm itself: sort, sum up from the least likely, cut at 1 - p."""
        ascending, order = scores.sort(dim=-1)
        unlikely = self._outside_nucleus(ascending)
        return torch.zeros_like(unlikely).scatter(-1, order, unlikely)

    def _outside_nucleus(self, ascending: Tensor) -> Bool[Tensor, "batch vocab"]:
        outside = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - self.p
        outside[..., -self.min_tokens_to_keep :] = False
        return outside

    def _removed_by_values(self, scores: Tensor) -> Bool[Tensor, "batch vocab"] | None:
        """The same without indices, which numpy sorts faster; None if a tie is cut."""
        if not is_for_numpy(scores):
            return None
        ascending = torch.from_numpy(np.sort(scores.detach().numpy(), axis=-1))
        num_removed = self._outside_nucleus(ascending).sum(dim=-1, keepdim=True)
        removed = scores < ascending.gather(-1, num_removed)
        is_cut = removed.sum(dim=-1, keepdim=True) != num_removed
        return None if is_cut.any() else removed

    def _removed_by_search(self, scores: Tensor) -> Bool[Tensor, "batch vocab"] | None:
        """The same without sorting all; None if rounding could decide."""
        if not is_for_numpy(scores) or scores.shape[-1] < LARGE_VOCABULARY:
            return None
        probs = scores.detach().softmax(dim=-1)
        edges = [edge_of_nucleus(row, 1 - self.p) for row in probs.numpy()]
        if None in edges:
            return None
        removed = probs < torch.tensor(edges)[:, None]
        num_kept = scores.shape[-1] - removed.sum(dim=-1)
        return None if (num_kept < self.min_tokens_to_keep).any() else removed

    def __repr__(self) -> str:
        return f"TopP({self.p:g})"


class MinP(Truncation):
    """Keep tokens at least `min_p` times as likely as the likeliest.

    Equal to transformers' `MinPLogitsWarper`. After a temperature T the rule reads
    z >= z_max + T ln(min_p): put behind it, it keeps more at higher T.
    Raises ValueError for min_p outside [0, 1].
    Nguyen et al. 2024 (arXiv 2407.01082), who use 0.05 to 0.1. Built in notebook 12.
    """

    def __init__(self, min_p: float, min_tokens_to_keep: int = 1) -> None:
        self.min_p = as_number("min_p", min_p, "a number from 0 to 1")
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"min_p must be a number from 0 to 1, not {min_p}")
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        probs = scores.softmax(dim=-1)
        removed = probs < self.min_p * probs.amax(dim=-1, keepdim=True)
        k = min(self.min_tokens_to_keep, scores.shape[-1])
        return removed.scatter_(-1, probs.topk(k, dim=-1).indices, False)

    def __repr__(self) -> str:
        return f"MinP({self.min_p:g})"


class Epsilon(Truncation):
    """Keep tokens of probability `epsilon` or more, and the likeliest in any case.

    Equal to transformers' `EpsilonLogitsWarper`.
    Raises ValueError for epsilon outside (0, 1).
    Hewitt et al. 2022 (arXiv 2210.15191), who use 3e-4 to 9e-4. Built in notebook 12.
    """

    def __init__(self, epsilon: float, min_tokens_to_keep: int = 1) -> None:
        self.epsilon = _as_share("epsilon", epsilon)
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        return self._but_likeliest(scores, scores.softmax(dim=-1) < self.epsilon)

    def __repr__(self) -> str:
        return f"Epsilon({self.epsilon:g})"


class Eta(Truncation):
    """Keep tokens above a small probability, which falls where the model is undecided.

    The limit is min(epsilon, sqrt(epsilon) e^-H), H in nats. Equal to transformers'
    `EtaLogitsWarper`, whose docstring has another formula than its code.
    Raises ValueError for epsilon outside (0, 1).
    Hewitt et al. 2022 (arXiv 2210.15191), who use 3e-4 to 2e-3. Built in notebook 12.
    """

    def __init__(self, epsilon: float, min_tokens_to_keep: int = 1) -> None:
        self.epsilon = _as_share("epsilon", epsilon)
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        epsilon = torch.tensor(self.epsilon)
        limit = epsilon.sqrt() * (-_entropy_in_nats(scores)).exp()
        unlikely = scores.softmax(dim=-1) < limit.clamp(max=epsilon)[..., None]
        return self._but_likeliest(scores, unlikely)

    def __repr__(self) -> str:
        return f"Eta({self.epsilon:g})"


class TopNSigma(Truncation):
    """Keep logits within `n` standard deviations of the largest.

    The deviation is that of a row's finite logits: tokens that are ruled out already
    do not count. (One popular implementation counts them as zeros.) A temperature
    before or after changes nothing in what is kept.
    Raises ValueError for n not above 0.
    Tang et al. 2024 (arXiv 2411.07641), who use 1. Built in notebook 12.
    """

    def __init__(self, n: float = 1.0) -> None:
        self.n = as_number("n", n, "a number above 0")
        if not 0 < self.n < torch.inf:
            raise ValueError(f"n must be a number above 0, not {n}")
        super().__init__()

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        finite = scores.masked_fill(scores.isinf(), torch.nan).float()
        mean = finite.nanmean(dim=-1, keepdim=True)
        sigma = (finite - mean).square().nanmean(dim=-1, keepdim=True).sqrt()
        return scores < scores.amax(dim=-1, keepdim=True) - self.n * sigma

    def __repr__(self) -> str:
        return f"TopNSigma({self.n:g})"


class PLess(Truncation):
    """Keep tokens at least as likely as it is that two draws agree.

    That chance is sum p^2. There is no parameter. The likeliest token always stays, as
    no mean exceeds it.
    Tan et al. 2025 (arXiv 2509.23234). Built in notebook 12.
    """

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        probs = scores.softmax(dim=-1)
        agreement = probs.square().sum(dim=-1, keepdim=True)
        return self._but_likeliest(scores, probs < agreement)

    def __repr__(self) -> str:
        return "PLess()"


class Typical(Truncation):
    """Keep tokens about as surprising as the model expects, up to a mass of `mass`.

    Their surprise is nearest to the entropy. So the likeliest token may go, where the
    rest is far from certain. Equal to transformers' `TypicalLogitsWarper`; on a CPU it
    sorts no more than it has to.
    Raises ValueError for mass outside (0, 1).
    Meister et al. 2022 (arXiv 2202.00666), who use 0.2 to 0.95. Built in notebook 12.
    """

    def __init__(self, mass: float, min_tokens_to_keep: int = 1) -> None:
        self.mass = _as_share("mass", mass)
        super().__init__(min_tokens_to_keep)

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        log_probs = scores.log_softmax(dim=-1)
        probs = log_probs.exp()
        entropy = -(log_probs * probs).nansum(dim=-1, keepdim=True)
        distance = (-log_probs - entropy).abs()
        limits = self._limits_by_search(distance, probs)
        if limits is None:
            return self._removed_by_sorting(distance, scores)
        return distance > limits

    def _removed_by_sorting(
        self, distance: Tensor, scores: Tensor
    ) -> Bool[Tensor, "batch vocab"]:
        """The algorithm itself: sort by distance, sum up, cut where the mass is."""
        ascending, order = distance.sort(dim=-1)
        mass = scores.gather(-1, order).softmax(dim=-1).cumsum(dim=-1)
        last = (mass < self.mass).sum(dim=-1, keepdim=True)
        limit = ascending.gather(-1, last.clamp(max=scores.shape[-1] - 1))
        outside = ascending > limit
        outside[..., : self.min_tokens_to_keep] = False
        return torch.zeros_like(outside).scatter(-1, order, outside)

    def _limits_by_search(
        self, distance: Tensor, probs: Tensor
    ) -> Float[Tensor, "batch 1"] | None:
        """The distance of each row's cut, without sorting; None where it can't tell."""
        small = probs.shape[-1] < LARGE_VOCABULARY or self.min_tokens_to_keep > 1
        if small or not is_for_numpy(probs):
            return None
        rows = zip(distance.detach().numpy(), probs.detach().numpy(), strict=True)
        limits = [place_of_mass(keys, weights, self.mass) for keys, weights in rows]
        return None if None in limits else torch.tensor(limits)[:, None]

    def __repr__(self) -> str:
        return f"Typical({self.mass:g})"


class TopH(Truncation):
    """Keep the likeliest tokens, up to a share `h` of the row's entropy.

    As published, the entropy is that of what is kept, renormalised. With
    `renormalised=False` it is the unfinished sum of -p ln p over the 100 likeliest, as
    transformers' `TopHLogitsWarper` and the authors' code have it: more tokens stay,
    and the bound is often broken.
    Raises ValueError for h outside (0, 1].
    Potraghloo et al. 2025 (arXiv 2509.02510), who use 0.4. Built in notebook 12.
    """

    def __init__(self, h: float = 0.4, *, renormalised: bool = True) -> None:
        self.h = as_number("h", h, "a number above 0 and at most 1")
        if not 0 < self.h <= 1:
            raise ValueError(f"h must be a number above 0 and at most 1, not {h}")
        self.renormalised = renormalised
        super().__init__()

    def removed(
        self, scores: Float[Tensor, "batch vocab"]
    ) -> Bool[Tensor, "batch vocab"]:
        kept = self._as_published if self.renormalised else self._as_implemented
        return ~kept(scores)

    def _as_published(self, scores: Tensor) -> Bool[Tensor, "batch vocab"]:
        """Looks at the 256 likeliest first, and at eight times as many if need be."""
        log_probs = scores.float().log_softmax(dim=-1)
        most = -self.h * (log_probs.exp() * log_probs).nansum(dim=-1, keepdim=True)
        size = min(256, scores.shape[-1])
        while True:
            top, order = log_probs.topk(size, dim=-1)
            fits = (_entropies_of_prefixes(top) <= most).cumprod(dim=-1).bool()
            if size == scores.shape[-1] or not fits[:, -1].any():
                break
            size = min(8 * size, scores.shape[-1])
        fits[:, 0] = True
        nothing = torch.zeros_like(scores, dtype=torch.bool)
        return nothing.scatter(-1, order, fits)

    def _as_implemented(self, scores: Tensor) -> Bool[Tensor, "batch vocab"]:
        top, order = scores.topk(min(100, scores.shape[-1]), dim=-1)
        row = torch.distributions.Categorical(logits=top)
        partial = (-row.probs * row.probs.log()).cumsum(dim=-1)
        fits = partial <= self.h * row.entropy()[:, None]
        fits[:, 0] = True
        nothing = torch.zeros_like(scores, dtype=torch.bool)
        return nothing.scatter(-1, order, fits)

    def __repr__(self) -> str:
        more = "" if self.renormalised else ", renormalised=False"
        return f"TopH({self.h:g}{more})"


def _entropies_of_prefixes(
    log_probs: Float[Tensor, "batch k"],
) -> Float[Tensor, "batch k"]:
    """Entropy in nats of the first 1, 2, ... probabilities of a row, renormalised."""
    probs = log_probs.double().exp()
    mass = probs.cumsum(dim=-1)
    return mass.log() - torch.xlogy(probs, probs).cumsum(dim=-1) / mass


def _entropy_in_nats(scores: Float[Tensor, "batch vocab"]) -> Float[Tensor, " batch"]:
    """As torch's `Categorical` rounds it, so that limits agree to the last bit."""
    log_probs = scores - scores.logsumexp(dim=-1, keepdim=True)
    probs = log_probs.softmax(dim=-1)
    least = torch.finfo(scores.dtype).min
    return -(log_probs.clamp(min=least) * probs).sum(dim=-1)


def _as_share(name: str, value: object) -> float:
    number = as_number(name, value, "a number above 0 and below 1")
    if not 0 < number < 1:
        raise ValueError(f"{name} must be a number above 0 and below 1, not {value}")
    return number
