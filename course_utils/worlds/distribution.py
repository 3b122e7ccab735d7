"""What tales and documents have in common: exact probabilities of texts and tokens."""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from course_utils.worlds.grammar import split_words
from course_utils.worlds.oracle import Oracle
from course_utils.worlds.parsing import END, Framing, Reading, Rules


class Distribution:
    """A distribution over texts, given by the rules of tales and what frames them."""

    def __init__(self, rules: Rules, framing: Framing) -> None:
        self.rules = rules
        self.framing = framing

    def reading(self) -> Reading:
        """A reader at the start of a text, to be fed word by word."""
        return Reading(self.rules, self.framing)

    def log_prob(self, text: str) -> float:
        """Exact log-probability in nats of `text`, its end included; -inf if none."""
        reading = self.reading()
        total = 0.0
        for word in (*split_words(text), END):
            p = reading.advance(word)
            if p == 0:
                return -math.inf
            total += math.log(p)
        return total

    def oracle(self, tokenizer: Any) -> Oracle:
        """The true next-token distribution, to be fed token by token."""
        return Oracle(self.reading(), tokenizer)

    def next_token_distribution(
        self, prefix: str | Sequence[int], tokenizer: Any
    ) -> Float[Tensor, " vocab"]:
        """The true distribution of the token after `prefix` (text or token ids).

        An empty prefix is the start of a text; its end is the tokenizer's `eos_token`.
        Tokens with probability above 0 are the valid ones. float64, summing to 1.
        Raises ValueError where `prefix` has probability 0. Built on in notebook 01.
        """
        ids: Sequence[Any] = prefix
        if isinstance(prefix, str):
            ids = tokenizer.encode(prefix, add_special_tokens=False)
        oracle = self.oracle(tokenizer)
        for token in ids:
            oracle.push(operator.index(token))
        return oracle.distribution()


def check_count(n: int) -> None:
    """Refuse what is no number of samples."""
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; allowed are whole numbers from 1 on")
