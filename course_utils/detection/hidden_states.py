"""What a model makes of a text: how widely it looks, how alike its states are.

Three numbers from the inside of a transformer. Attention entropy: over how many tokens
does a head spread its attention? Mean pairwise cosine: do the states at different
tokens point the same way? Effective rank: how many directions do they fill? All three
depend on how many tokens there are, so compare texts of one length.
Built in notebook 03.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.entropy import effective_number, entropy
from course_utils.foundations.intervals import FEWEST, Interval, bootstrap_interval
from course_utils.foundations.validation import as_float_tensor, as_whole_number
from course_utils.model import LanguageModel, check_fits_context, share_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class States:
    """The inside of a model after it has read some texts, float32 on the CPU.

    hidden     [layers + 1, texts, tokens, width], the token embeddings first
    attention  [layers, texts, heads, tokens, tokens], from each token to each
    """

    hidden: Float[Tensor, "layers_and_1 texts tokens width"]
    attention: Float[Tensor, "layers texts heads tokens tokens"]


@dataclass(frozen=True, eq=False, repr=False)
class StateReport:
    """What `measure_states` found; one row per text.

    attention_entropy  [texts, layers, heads], bits, mean over the tokens
    cosine             [texts, layers + 1], mean over the pairs of tokens
    effective_rank     [texts, layers + 1], from 1 to the number of tokens
    The last two begin with the token embeddings, layer 0.
    """

    attention_entropy: Float[Tensor, "texts layers heads"]
    cosine: Float[Tensor, "texts layers_and_1"]
    effective_rank: Float[Tensor, "texts layers_and_1"]

    def per_text(self) -> dict[str, list[float]]:
        """Each measure as one number per text: its mean over layers and heads."""
        return {
            "attention entropy (bits)": self.attention_entropy.mean((1, 2)).tolist(),
            "mean cosine": self.cosine[:, 1:].mean(1).tolist(),
            "effective rank": self.effective_rank[:, 1:].mean(1).tolist(),
        }

    def plot(self, figure: "Figure | None" = None, **line: Any) -> "Figure":
        """Each measure over the layers, with 95 % intervals over the texts.

        Draws onto the three axes of `figure` if it is given; `line` goes to matplotlib.
        """
        from matplotlib.figure import Figure

        figure = figure or Figure(figsize=(9, 2.8))
        panels = figure.axes or figure.subplots(1, 3)
        layers = range(self.cosine.shape[1])
        measures = [
            ("attention entropy (bits)", self.attention_entropy.mean(-1), layers[1:]),
            ("mean pairwise cosine", self.cosine, layers),
            ("effective rank", self.effective_rank, layers),
        ]
        for axes, (label, values, places) in zip(panels, measures, strict=True):
            drawn = axes.plot(places, values.mean(0), **line)
            if len(values) >= FEWEST:
                band = zip(*map(_interval, values.T), strict=True)
                axes.fill_between(places, *band, color=drawn[0].get_color(), alpha=0.2)
            axes.set(xlabel="layer", ylabel=label, xticks=list(layers))
        return figure

    def __repr__(self) -> str:
        n = len(self.cosine)
        lines = [
            f"StateReport, n = {n}" + ", 95 % intervals over texts" * (n >= FEWEST)
        ]
        for name, values in self.per_text().items():
            line = f"  {name:25} {sum(values) / n:6.3f}"
            if n >= FEWEST:
                low, high = _interval(torch.tensor(values))
                line += f"  ({low:.3f} to {high:.3f})"
            lines.append(line)
        return "\n".join(lines)


def attention_entropy(
    attention: Float[Tensor, "*batch query key"],
) -> Float[Tensor, "*batch query"]:
    """Entropy in bits of each token's attention: 0 where it looks at one token only.

    At most log2 of how many tokens it can see, so later tokens can reach more.
    Raises ValueError for rows that are no distributions. Clark et al. 2019
    (arXiv 1906.04341), section 3.3. Built in notebook 03.
    """
    return entropy(attention)


def mean_pairwise_cosine(
    vectors: Float[Tensor, "*batch n width"],
) -> Float[Tensor, "*batch"]:
    """Mean cosine between two different rows of `vectors`, from -1/(n-1) to 1.

    Each vector's cosine with itself, always 1, is left out.
    Raises ValueError for fewer than two vectors, for one of length 0, which has no
    direction, and for NaN or infinity. Ethayarajh 2019 (arXiv 1909.00512).
    Built in notebook 03.
    """
    vectors = _as_vectors(vectors, at_least=2)
    lengths = vectors.norm(dim=-1, keepdim=True)
    if (lengths == 0).any():
        raise ValueError("vectors has one of length 0, which has no direction")
    n = vectors.shape[-2]
    # The squared length of the sum of unit vectors is the sum of all n^2 cosines.
    total = (vectors / lengths).sum(dim=-2).square().sum(dim=-1)
    return (total - n) / (n * (n - 1))


def effective_rank(
    vectors: Float[Tensor, "*batch n width"],
) -> Float[Tensor, "*batch"]:
    """How many directions the rows of `vectors` fill: exp of an entropy.

    The entropy is that of the singular values, divided by their sum. 1 where all rows
    are parallel, n where they are orthogonal and of one length.
    Raises ValueError where all vectors are 0, and for NaN or infinity.
    Roy & Vetterli 2007, definition 1. Built in notebook 03.
    """
    singular = torch.linalg.svdvals(_as_vectors(vectors, at_least=1))
    totals = singular.sum(dim=-1, keepdim=True)
    if (totals == 0).any():
        raise ValueError("vectors are all 0: they fill no direction")
    return effective_number(singular / totals)


def read_states(lm: LanguageModel, token_ids: Sequence[Sequence[int]]) -> States:
    """Let the model read texts of one length, and keep its states and attention.

    The model itself stays as it is: the reading is done by a copy of its modules that
    shares the weights and computes attention in the way that shows its weights.
    Raises ValueError for texts of different lengths, unknown tokens, more tokens than
    the context holds, and for models without attention. Built in notebook 03.
    """
    ids = _as_ids(lm, token_ids)
    reader = _eager_twin(lm.model.base_model)
    with torch.no_grad():
        outputs = reader(
            input_ids=ids.to(lm.device),
            attention_mask=torch.ones_like(ids, device=lm.device),
            output_attentions=True,
            output_hidden_states=True,
        )
    if not outputs.get("attentions") or outputs.attentions[0] is None:
        raise ValueError(f"model {lm.name!r} shows no attention weights")
    hidden, attention = map(torch.stack, (outputs.hidden_states, outputs.attentions))
    return States(hidden.float().cpu(), attention.float().cpu())


def read_logits(
    lm: LanguageModel, token_ids: Sequence[Sequence[int]]
) -> Float[Tensor, "texts tokens vocab"]:
    """The logits that the model had before each token of texts of one length.

    The texts begin a document each: the model reads its start token first. float32 on
    the CPU. Refuses what `read_states` refuses. Built in notebook 03.
    """
    ids = _as_ids(lm, token_ids)
    begin = torch.tensor(lm.encode("")).expand(len(ids), -1)
    given = torch.cat([begin, ids[:, :-1]], dim=-1).to(lm.device)
    with torch.no_grad():
        outputs = lm.model(input_ids=given, attention_mask=torch.ones_like(given))
    return outputs.logits[:, begin.shape[1] - 1 :].float().cpu()


def measure_states(
    lm: LanguageModel, token_ids: Sequence[Sequence[int]], batch_size: int = 16
) -> StateReport:
    """Attention entropy, mean cosine and effective rank of each text.

    The first token is left out of all three: it can only look at itself, and models
    park attention there, which makes its state an outlier (Xiao et al. 2023, arXiv
    2309.17453). Takes and refuses what `read_states` does, and texts of fewer than
    three tokens. Built in notebook 03.
    """
    batch_size = as_whole_number("batch_size", batch_size, at_least=1)
    ids = _as_ids(lm, token_ids)
    if ids.shape[1] < 3:
        raise ValueError(f"token_ids must have 3 tokens a text, not {ids.shape[1]}")
    parts = [_measures(read_states(lm, batch)) for batch in ids.split(batch_size)]
    return StateReport(*map(torch.cat, zip(*parts, strict=True)))


def _measures(states: States) -> Iterator[Tensor]:
    """The fields of a StateReport, for one batch of texts."""
    hidden = states.hidden[:, :, 1:]
    entropies = attention_entropy(states.attention)[..., 1:].mean(dim=-1)
    yield entropies.transpose(0, 1)
    yield mean_pairwise_cosine(hidden).T
    yield effective_rank(hidden).T


def _eager_twin(model: "PreTrainedModel") -> "PreTrainedModel":
    """A copy of the modules, not of the weights, that returns attention weights.

    Fused attention kernels never form the weights.
    """
    twin = share_weights(model)
    twin.set_attn_implementation("eager")
    return twin.eval()


def _interval(values: Tensor) -> Interval:
    return bootstrap_interval(values.tolist(), resamples=500)


def _as_ids(lm: LanguageModel, token_ids: Any) -> Int[Tensor, "texts tokens"]:
    if not isinstance(lm, LanguageModel):
        raise ValueError(
            f"lm must be a LanguageModel, as load_model() gives, not {lm!r}"
        )
    try:
        ids = torch.as_tensor(token_ids)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError("token_ids must be lists of one length, a text each") from None
    if ids.ndim != 2 or ids.numel() == 0 or ids.is_floating_point():
        raise ValueError(
            "token_ids must have shape [texts, tokens] and hold whole numbers, not "
            f"shape {tuple(ids.shape)} and {ids.dtype}"
        )
    known = lm.model.get_input_embeddings().num_embeddings
    if ids.min() < 0 or ids.max() >= known:
        raise ValueError(
            f"token_ids must lie between 0 and {known - 1}, not "
            f"{ids.min().item()} and {ids.max().item()}"
        )
    check_fits_context(lm, ids.shape[1], new_tokens=0)
    return ids.long()


def _as_vectors(vectors: Any, at_least: int) -> Float[Tensor, "*batch n width"]:
    """Rows of finite numbers, in at least single precision."""
    vectors = as_float_tensor("vectors", vectors)
    if vectors.ndim < 2 or vectors.shape[-2] < at_least:
        raise ValueError(
            f"vectors must have shape [..., n, width] with n of at least {at_least}, "
            f"not {tuple(vectors.shape)}"
        )
    if not vectors.isfinite().all():
        raise ValueError("vectors must be finite, but some entry is NaN or infinite")
    return vectors.to(torch.promote_types(vectors.dtype, torch.float32))
