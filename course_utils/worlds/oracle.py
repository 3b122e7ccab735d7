"""The exact distribution of the next token, for any byte-level BPE tokenizer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.worlds.parsing import END, Reading


@dataclass(slots=True)
class _Partial:
    """A reader between two tokens: the tokens of the word that is being spelled."""

    weight: float
    reading: Reading
    spelled: tuple[int, ...] = ()


class Oracle:
    """The exact distribution of the next token, fed token by token.

    Holds for any byte-level BPE with GPT-2's pre-tokenizer: its merges stay within
    the grammar's words, so each word is a fixed sequence of tokens.
    """

    def __init__(self, reading: Reading, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.vocab_size = len(tokenizer)
        self._tokens: dict[str, tuple[int, ...]] = {END: (tokenizer.eos_token_id,)}
        self._partials = [_Partial(1.0, reading)]
        self._fresh = True

    def push(self, token: int) -> float:
        """Take one token; return its probability. ValueError if it is impossible.

        A leading end-of-text token marks the start of a document and is free.
        """
        if self._fresh and token == self.tokenizer.eos_token_id:
            self._fresh = False
            return 1.0
        self._fresh = False
        kept = [after for p in self._partials for after in self._after(p, token)]
        total = sum(partial.weight for partial in kept)
        if not total:
            known = 0 <= token < self.vocab_size
            text = repr(self.tokenizer.decode([token])) if known else "unknown"
            raise ValueError(
                f"prefix has the token {token} ({text}) where this world has none such;"
                " allowed are prefixes with a probability above 0 that end where a"
                " token ends (so without a space at the end)"
            )
        self._partials = [replace(p, weight=p.weight / total) for p in kept]
        return total

    def distribution(self) -> Float[Tensor, " vocab"]:
        """Probabilities of every token of the vocabulary, float64, summing to 1."""
        probs = torch.zeros(self.vocab_size, dtype=torch.float64)
        for partial in self._partials:
            said = len(partial.spelled)
            words = self._words(partial)
            mass = sum(words.values())
            for word, p in words.items():
                probs[self._spell(word)[said]] += partial.weight * p / mass
        return probs

    def _spell(self, word: str) -> tuple[int, ...]:
        if word not in self._tokens:
            ids = self.tokenizer.encode(word, add_special_tokens=False)
            self._tokens[word] = tuple(ids)
        return self._tokens[word]

    def _words(self, partial: _Partial) -> dict[str, float]:
        """The words that agree with the tokens so far and go on beyond them."""
        said = len(partial.spelled)
        return {
            word: p
            for word, p in partial.reading.options().items()
            if self._spell(word)[:said] == partial.spelled
            and len(self._spell(word)) > said
        }

    def _after(self, partial: _Partial, token: int) -> Iterator[_Partial]:
        """What `token` can mean: a word is complete, or it goes on."""
        spelled = (*partial.spelled, token)
        words = self._words(partial)
        mass = sum(words.values())
        going_on = 0.0
        for word, p in words.items():
            if self._spell(word) == spelled:
                reading = partial.reading.copy()
                reading.advance(word)
                yield _Partial(partial.weight * p / mass, reading)
            elif self._spell(word)[: len(spelled)] == spelled:
                going_on += p
        if going_on:
            weight = partial.weight * going_on / mass
            yield _Partial(weight, partial.reading, spelled)
