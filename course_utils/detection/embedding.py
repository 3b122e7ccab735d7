"""Texts as points: near each other where the texts are alike.

By their words, by the states of a language model, or by a sentence encoder. Points of
a model often share one long direction, which `without_common_directions` takes away.
Built in notebook 09.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.detection.hidden_states import read_states
from course_utils.detection.words import Tokenize, check_texts, terms
from course_utils.foundations.validation import as_float_tensor, as_whole_number
from course_utils.model import LanguageModel

_TEXTS_AT_ONCE = 16
_MOST_TERMS = 20_000


def tfidf_points(
    texts: Sequence[str], width: int = 50, seed: int = 0, tokenize: Tokenize = terms
) -> Float[Tensor, "texts width"]:
    """Words weighted by their rarity, in `width` directions (latent semantics).

    Fewer directions where the texts have fewer words. A text without a word lies at 0.
    Points of one call can be compared with each other, not with those of another.
    Deerwester and others 1990.
    """
    from sklearn.decomposition import TruncatedSVD

    width = as_whole_number("width", width, at_least=1)
    weights = _tfidf_weights(texts, tokenize)
    width = min(width, weights.shape[1])
    if width == weights.shape[1]:
        return torch.tensor(weights.toarray(), dtype=torch.float32)
    points = TruncatedSVD(width, random_state=seed).fit_transform(weights)
    return torch.tensor(points, dtype=torch.float32)


def tfidf_cosines(
    texts: Sequence[str], tokenize: Tokenize = terms
) -> Float[Tensor, "texts texts"]:
    """The likeness of every two texts: the cosine of their words' TF-IDF weights.

    From 0 (no word in common) to 1, which is also each text's likeness to itself.
    Unlike `tfidf_points` it leaves no direction out.
    """
    weights = _tfidf_weights(texts, tokenize)
    cosines = torch.tensor((weights @ weights.T).toarray(), dtype=torch.float32)
    return cosines.clamp(0, 1).fill_diagonal_(1)


def _tfidf_weights(texts: Sequence[str], tokenize: Tokenize) -> Any:
    """A sparse matrix, a row of length 1 for each text."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    check_texts(texts)
    weigh = TfidfVectorizer(
        analyzer=tokenize, max_features=_MOST_TERMS, sublinear_tf=True
    )
    try:
        return weigh.fit_transform(texts)
    except ValueError:
        raise ValueError("texts hold no word at all; at least one is needed") from None


def state_points(
    lm: LanguageModel, texts: Sequence[str], layer: int = -1
) -> Float[Tensor, "texts width"]:
    """The model's hidden states of a layer, averaged over the tokens of each text.

    Texts are cut where the model's context ends. Layer 0 is the embedding, -1 the last.
    Raises ValueError for a layer that the model doesn't have.
    """
    check_texts(texts, at_least=1)
    rows = [lm.encode(text)[: lm.context_length] for text in texts]
    by_length = defaultdict(list)
    for index, row in enumerate(rows):
        by_length[len(row)].append(index)
    points: dict[int, Tensor] = {}
    for indices in by_length.values():
        for first in range(0, len(indices), _TEXTS_AT_ONCE):
            batch = indices[first : first + _TEXTS_AT_ONCE]
            means = _mean_states(lm, [rows[index] for index in batch], layer)
            points.update(zip(batch, means, strict=True))
    return torch.stack([points[index] for index in range(len(rows))])


def _mean_states(
    lm: LanguageModel, rows: list[list[int]], layer: int
) -> Float[Tensor, "texts width"]:
    """Of texts of one length, which need no padding."""
    hidden = read_states(lm, rows).hidden
    if not -len(hidden) <= layer < len(hidden):
        raise ValueError(
            f"layer must lie between {-len(hidden)} and {len(hidden) - 1}, not {layer}"
        )
    return hidden[layer].mean(dim=1)


def sentence_points(texts: Sequence[str], name: str) -> Float[Tensor, "texts width"]:
    """Points by a sentence encoder of the `sentence-transformers` package.

    Raises ImportError with what to do where the package is not installed, and OSError
    where the encoder is neither here nor within reach.
    """
    check_texts(texts, at_least=1)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ImportError(
            "sentence_points needs the package sentence-transformers: "
            "pip install sentence-transformers"
        ) from None
    encoder = SentenceTransformer(name)
    return torch.tensor(encoder.encode(list(texts)), dtype=torch.float32)


def without_common_directions(
    points: Float[Tensor, "n width"], directions: int = 1
) -> Float[Tensor, "n width"]:
    """Points less their mean and their `directions` widest directions.

    Embeddings of texts often share one long direction, so that all cosines are near 1
    (*anisotropy*). Mu and Viswanath 2018.
    """
    points = as_points(points)
    directions = as_whole_number("directions", directions, at_least=0)
    centred = points - points.mean(dim=0)
    widest = torch.linalg.svd(centred, full_matrices=False).Vh[:directions]
    return centred - centred @ widest.T @ widest


def as_points(points: Any) -> Float[Tensor, "n width"]:
    """A tensor [n, width] of finite numbers in float32 or wider, n of at least 2."""
    points = as_float_tensor("points", points)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(
            "points must have the shape [n, width] with n of at least 2, not "
            f"{tuple(points.shape)}"
        )
    if not points.isfinite().all():
        raise ValueError("points has NaN or infinite entries; allowed are numbers")
    return points.to(torch.promote_types(points.dtype, torch.float32))
