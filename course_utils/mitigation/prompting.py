"""Before the sampler: what stands in the context, and when to throw it away.

Retrieval of whole texts from any corpus (a list of strings), re-ranked so that they
differ, and put into the model's window; and cold restarts, which drop the context
where a text has got stuck. Plain functions; any causal model.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.foundations.validation import (
    Processor,
    as_number,
    as_seed,
    as_whole_number,
)
from course_utils.generation import generate
from course_utils.model import LanguageModel

Weights = dict[str, float]  # of the words of one text


# Retrieval


def tfidf(texts: Sequence[str]) -> tuple[list[Weights], Weights]:
    """Each text's words, weighted by how often they come and how rare they are.

    A word that comes t times in a text and in d of n texts weighs t * idf, with
    idf = ln((1 + n) / (1 + d)) + 1; then each text's weights get length 1. The second
    result is the idf of every word. The same as scikit-learn's `TfidfVectorizer` with
    `token_pattern=r"\\w+"`. Salton & Buckley 1988. Built in notebook 16.
    """
    counts = [Counter(_words(text)) for text in _as_corpus("texts", texts)]
    documents = Counter(word for row in counts for word in row)
    idf = {w: math.log((1 + len(counts)) / (1 + d)) + 1 for w, d in documents.items()}
    return [_weighted(row, idf) for row in counts], idf


def cosine(a: Weights, b: Weights) -> float:
    """The cosine of two rows of length 1: 0 without a word in common, 1 for the same.

    Built in notebook 16.
    """
    return sum(weight * b[word] for word, weight in a.items() if word in b)


def mmr(
    to_query: Float[Tensor, " texts"],
    between: Float[Tensor, "texts texts"],
    k: int,
    diversity: float = 0.5,
) -> list[int]:
    """k texts that are like the query and unlike each other, one after the other.

    Each time the one with the largest
    (1 - diversity) * its likeness to the query - diversity * its largest likeness to
    those already taken: maximal marginal relevance. 0 takes the k nearest.
    Raises ValueError for k < 1 and for a diversity outside [0, 1].
    Carbonell & Goldstein 1998. Built in notebook 16.
    """
    k = as_whole_number("k", k, at_least=1)
    diversity = as_number("diversity", diversity, "a number from 0 to 1")
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity must be a number from 0 to 1, not {diversity}")
    taken: list[int] = []
    for _ in range(min(k, len(to_query))):
        score = (1 - diversity) * to_query
        if taken:
            score = score - diversity * between[:, taken].amax(dim=-1)
        score[taken] = -torch.inf
        taken.append(int(score.argmax()))
    return taken


class Retriever:
    """Finds texts of a corpus that are like a query, and if asked unlike each other.

    Raises ValueError for an empty corpus and for texts that are not strings.
    Built in notebook 16.
    """

    pool = 50  # so many of the nearest are re-ranked

    def __init__(self, corpus: Sequence[str]) -> None:
        self.corpus = _as_corpus("corpus", corpus)
        self.rows, self.idf = tfidf(self.corpus)
        self._texts_with: dict[str, list[int]] = {}
        for i, row in enumerate(self.rows):
            for word in row:
                self._texts_with.setdefault(word, []).append(i)

    def search(self, query: str, k: int = 3, diversity: float = 0.0) -> list[int]:
        """Places of k texts in the corpus, the best first; fewer if it is smaller."""
        row = _weighted(Counter(_words(query)), self.idf)
        found: dict[int, float] = {}
        for word, weight in row.items():
            for i in self._texts_with.get(word, ()):
                found[i] = found.get(i, 0.0) + weight * self.rows[i][word]
        nearest = sorted(found, key=lambda i: -found[i])[: self.pool]
        rest = (i for i in range(len(self.corpus)) if i not in found)
        while len(nearest) < min(k, len(self.corpus)):
            nearest.append(next(rest))
        to_query = torch.tensor([found.get(i, 0.0) for i in nearest]).double()
        between = torch.tensor(
            [[cosine(self.rows[i], self.rows[j]) for j in nearest] for i in nearest],
            dtype=torch.float64,
        )
        return [nearest[place] for place in mmr(to_query, between, k, diversity)]

    def __repr__(self) -> str:
        return f"Retriever({len(self.corpus):,} texts, {len(self.idf):,} words)"


def fit_into(
    lm: LanguageModel,
    texts: Sequence[str],
    request: str = "",
    room: int = 120,
    separator: str = "\n\n",
) -> str:
    """Texts, then the request, as one prompt that leaves `room` tokens to write.

    Whole texts only: where the window is too small, the last ones are left out. Raises
    ValueError where the request alone leaves no room. Built in notebook 16.
    """
    room = as_whole_number("room", room, at_least=1)
    window = lm.context_length or math.inf
    kept = list(texts)
    while True:
        prompt = separator.join([*kept, request])
        if len(lm.encode(prompt)) + room <= window:
            return prompt
        if not kept:
            raise ValueError(
                f"request has {len(lm.encode(prompt))} tokens, which leaves no room "
                f"for {room} more in a window of {window}"
            )
        kept.pop()


class RetrievalPrompter:
    """Puts texts of a corpus that fit a query before a request.

    k          texts at most; those that don't fit into the window are left out
    diversity  0 takes the nearest, up to 1 those that differ (see `mmr`)
    room       tokens that are left for what is to be written

    Built in notebook 16.
    """

    def __init__(
        self,
        lm: LanguageModel,
        corpus: Sequence[str],
        k: int = 3,
        diversity: float = 0.5,
        room: int = 120,
        separator: str = "\n\n",
    ) -> None:
        self.lm, self.retriever = lm, Retriever(corpus)
        self.k, self.diversity = k, diversity
        self.room, self.separator = room, separator

    def __call__(self, query: str, request: str = "") -> str:
        """The prompt for a query: the texts found, then the request."""
        found = self.retriever.search(query, self.k, self.diversity)
        texts = [self.retriever.corpus[i] for i in found]
        return fit_into(self.lm, texts, request, self.room, self.separator)

    def __repr__(self) -> str:
        return f"RetrievalPrompter({self.retriever!r}, k={self.k})"


# Cold restarts


@dataclass(frozen=True)
class Restarted:
    """A text with its restarts.

    pieces    what was written between restarts, stuck ends cut off
    restarts  how often the context was dropped
    """

    pieces: list[str]
    restarts: int

    @property
    def text(self) -> str:
        return " ".join(piece for piece in self.pieces if piece)


def write_with_restarts(
    lm: LanguageModel,
    prompt: str,
    stuck_from: Callable[[list[int], list[float]], int | None],
    max_new_tokens: int = 200,
    look_every: int = 30,
    processors: Sequence[Processor] = (),
    seed: int = 0,
) -> Restarted:
    """Write on, and begin anew from the prompt wherever the text is stuck.

    stuck_from  of the token ids since the last restart, and the model's entropy in
                bits before each: the place from which the text is stuck, or None. For
                loops `lambda ids, bits: (loop := find_loop(ids)) and loop.start`, by
                entropy `low_entropy(...)`

    Looked at after every `look_every` tokens. The stuck end is cut off and all that
    stood in the context is dropped but the prompt: a cold restart. Ends with an
    end-of-text token, or after `max_new_tokens` in all, cut ones counted.
    Raises ValueError for bad arguments. Built in notebook 16.
    """
    look_every = as_whole_number("look_every", look_every, at_least=1)
    left = as_whole_number("max_new_tokens", max_new_tokens, at_least=1)
    seed, start = as_seed(seed), lm.encode(prompt)
    pieces, restarts = list[str](), 0
    ids, bits = list[int](), list[float]()
    while left > 0:
        # Read anew, a text may have more tokens than it was written with.
        text = lm.decode([*start, *ids])
        window = (lm.context_length or 10**9) - len(lm.encode(text))
        length = min(look_every, left, window)
        if length < 1:
            break
        run = generate(lm, text, 1, length, processors, seed, progress=False)
        ids += run.token_ids[0]
        bits += run.model_entropy[0, : len(run.token_ids[0])].tolist()
        left, seed = left - len(run.token_ids[0]), seed + 1
        if ids[-1] in lm.stop_ids:
            break
        place = stuck_from(ids, bits)
        if place is not None:
            pieces.append(lm.decode(ids[:place]))
            restarts, ids, bits = restarts + 1, [], []
    return Restarted(
        [*pieces, lm.decode([i for i in ids if i not in lm.stop_ids])], restarts
    )


def low_entropy(
    threshold: float, window: int = 30
) -> Callable[[list[int], list[float]], int | None]:
    """Stuck is a text whose entropy stays low: for `write_with_restarts`.

    From where the model's mean entropy over `window` tokens, up to the last one, is
    below `threshold` bits. Raises ValueError for a threshold below 0 and a window < 1.
    Built in notebook 16.
    """
    threshold = as_number("threshold", threshold, "a number of at least 0, in bits")
    if threshold < 0:
        raise ValueError(f"threshold must be at least 0 bits, not {threshold}")
    window = as_whole_number("window", window, at_least=1)

    def stuck_from(ids: list[int], bits: list[float]) -> int | None:
        last = bits[-window:]
        is_low = len(last) == window and sum(last) / window < threshold
        return len(bits) - window if is_low else None

    return stuck_from


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _weighted(counts: Counter, idf: Weights) -> Weights:
    weights = {w: count * idf[w] for w, count in counts.items() if w in idf}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()}


def _as_corpus(name: str, texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str) or not texts:
        raise ValueError(f"{name} must be a list of at least one text, not {texts!r}")
    texts = list(texts)
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{name} must hold texts, but has {text!r}")
    return texts
