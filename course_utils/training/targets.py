"""What the storyteller is taught: at every token, the exact chances of the next one.

A tale shows at each place one of the words that might have stood there. Averaged over
endless tales, learning from that word and learning from the distribution it was drawn
from are the same; but the distribution spares the model the noise of the drawing (a
Rao-Blackwell estimate of the same gradient). We know it, so we use it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from tokenizers import Tokenizer
from torch import Tensor

from course_utils.worlds.distribution import Distribution
from course_utils.worlds.grammar import split_words
from course_utils.worlds.parsing import END

Chances = list[tuple[int, float]]  # (token, probability) of all that may come


class Batch(NamedTuple):
    """A batch of windows and, as sparse rows, the true distribution after each token.

    The entry `i` says: after token `rows[i]` of the flattened `inputs` comes
    `tokens[i]` with probability `probs[i]`.
    """

    inputs: Int[Tensor, "batch context"]
    rows: Int[Tensor, " entries"]
    tokens: Int[Tensor, " entries"]
    probs: Float[Tensor, " entries"]

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(part.to(device) for part in self))

    def entropy(self) -> Float[Tensor, ""]:
        """The mean entropy in nats of the targets: no model can have a lower loss."""
        count = self.inputs.numel()
        return torch.special.entr(self.probs).sum() / count

    def loss(self, logits: Float[Tensor, "batch context vocab"]) -> Float[Tensor, ""]:
        """Cross-entropy in nats of the model against the truth, mean over tokens."""
        flat = logits.float().flatten(0, 1)
        truth = torch.zeros_like(flat)
        truth[self.rows, self.tokens] = self.probs
        return torch.nn.functional.cross_entropy(flat, truth)


class Teacher:
    """Turns documents of a world into batches for a model with this tokenizer.

    After a token that may be a whole word or begin another ("A", "A|da") the chances
    are those of the word that was meant: averaged over documents, that is the same.
    """

    def __init__(self, world: Distribution, tokenizer: Tokenizer) -> None:
        self.world = world
        self.tokenizer = tokenizer
        self._spelled: dict[str, list[int]] = {END: [0]}

    def spell(self, word: str) -> list[int]:
        """The tokens of a word; BPE never merges across words."""
        if word not in self._spelled:
            encoding = self.tokenizer.encode(word, add_special_tokens=False)
            self._spelled[word] = encoding.ids
        return self._spelled[word]

    def read(self, texts: Iterable[str]) -> Iterator[tuple[int, Chances]]:
        """Every token of these documents, their ends included, with its chances."""
        for text in texts:
            reading = self.world.reading()
            for word in (*split_words(text), END):
                options = reading.options()
                if len(options) == 1:
                    yield from ((token, [(token, 1.0)]) for token in self.spell(word))
                else:
                    yield from self._spell_out(word, options)
                reading.advance(word)

    def _spell_out(
        self, word: str, options: dict[str, float]
    ) -> Iterator[tuple[int, Chances]]:
        """The tokens of `word`, each with the chances left by those before it."""
        open_words = {tuple(self.spell(w)): p for w, p in options.items()}
        for place, token in enumerate(self.spell(word)):
            chances: dict[int, float] = {}
            for ids, p in open_words.items():
                chances[ids[place]] = chances.get(ids[place], 0.0) + p
            total = sum(chances.values())
            yield token, [(t, p / total) for t, p in chances.items()]
            open_words = {
                ids: p
                for ids, p in open_words.items()
                if ids[place] == token and len(ids) > place + 1
            }

    def batch(self, windows: Iterable[list[str]], context: int) -> Batch:
        """A batch: each window holds documents that fill at least `context` tokens."""
        inputs: list[list[int]] = []
        entries: list[tuple[int, int, float]] = []
        for texts in windows:
            row = len(inputs) * context
            window = [0]  # a window begins where a document ended
            for token, chances in self.read(texts):
                at = row + len(window) - 1
                entries += [(at, known, p) for known, p in chances]
                window.append(token)
                if len(window) > context:
                    break
            inputs.append(window[:context])
        rows, tokens, probs = zip(*entries, strict=True)
        parts = map(torch.tensor, (inputs, rows, tokens, probs))
        return Batch(*parts)
