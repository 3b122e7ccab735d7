"""A language model small enough to be exact: a Markov chain over a few contexts.

What a real model sees are contexts that it wrote itself, and temperature changes which.
Here the contexts are a handful of states, so the mean entropy along own contexts is a
sum instead of a sample: it can fall with T while every single distribution's entropy
rises. Built in notebook 03.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.entropy import entropy
from course_utils.foundations.softmax import softmax
from course_utils.foundations.validation import as_logits, as_whole_number


@dataclass(frozen=True, eq=False)
class TokenChain:
    """In each state a row of logits; each token leads to a state.

    logits      [states, tokens], -inf for a token that the state cannot say
    next_state  [states, tokens], the state after each token, from 0 on
    Raises ValueError where the two don't fit together.
    """

    logits: Float[Tensor, "states tokens"]
    next_state: Int[Tensor, "states tokens"]

    def __post_init__(self) -> None:
        logits = as_logits(self.logits).double()
        object.__setattr__(self, "logits", logits)
        object.__setattr__(self, "next_state", _as_states(self.next_state, logits))

    def entropies(
        self, temperature: float, base: float = 2
    ) -> Float[Tensor, " states"]:
        """Entropy of each state's next token, in bits (or units of log `base`)."""
        return entropy(softmax(self.logits, temperature), base)

    def moves(self, temperature: float) -> Float[Tensor, "states states"]:
        """Row i: the probabilities of the state that follows state i."""
        probs = softmax(self.logits, temperature)
        states = len(probs)
        return probs.new_zeros(states, states).scatter_add(1, self.next_state, probs)

    def state_shares(
        self, temperature: float, steps: int, start: int = 0
    ) -> Float[Tensor, " states"]:
        """The expected share of a text's first `steps` tokens drawn in each state.

        Exact: the distribution over states is carried from step to step.
        Raises ValueError for steps < 1 and a state that the chain doesn't have.
        """
        steps = as_whole_number("steps", steps, at_least=1)
        moves = self.moves(temperature)
        at = torch.zeros(len(moves), dtype=moves.dtype)
        at[_as_start(start, len(moves))] = 1
        total = torch.zeros_like(at)
        for _ in range(steps):
            total += at
            at = at @ moves
        return total / steps

    def mean_entropy(
        self, temperature: float, steps: int, start: int = 0, base: float = 2
    ) -> float:
        """The expected mean entropy along own texts of `steps` tokens, in bits.

        Each state's entropy, weighted by how often a text written at this temperature
        is there. Takes and refuses what `state_shares` does.
        """
        shares = self.state_shares(temperature, steps, start)
        return (shares * self.entropies(temperature, base)).sum().item()


def meadow_and_rut(ways: int = 50, fall: float = -4.0, rut: float = 60.0) -> TokenChain:
    """A wide meadow with one hidden ditch: the chain of notebook 03.

    State 0, the meadow: `ways` tokens with logit 0 stay in it, the last token with
    logit `fall` leads into state 1. State 1, the rut: its first token is `rut` above
    the others, and nothing leads out. Texts begin in the meadow.
    """
    ways = as_whole_number("ways", ways, at_least=1)
    logits = torch.zeros(2, ways + 1, dtype=torch.float64)
    logits[0, -1] = fall
    logits[1, 0] = rut
    next_state = torch.zeros(2, ways + 1, dtype=torch.long)
    next_state[0, -1] = 1
    next_state[1] = 1
    return TokenChain(logits, next_state)


def _as_states(next_state: Any, logits: Tensor) -> Int[Tensor, "states tokens"]:
    try:
        states = torch.as_tensor(next_state)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError("next_state must be a tensor of whole numbers") from None
    if logits.ndim != 2 or states.shape != logits.shape:
        raise ValueError(
            "logits and next_state must both have shape [states, tokens], not "
            f"{tuple(logits.shape)} and {tuple(states.shape)}"
        )
    if states.is_floating_point() or states.is_complex() or states.dtype == torch.bool:
        raise ValueError(f"next_state must hold whole numbers, not {states.dtype}")
    if states.min() < 0 or states.max() >= len(logits):
        raise ValueError(
            f"next_state must name states from 0 to {len(logits) - 1}, not "
            f"{states.min().item()} to {states.max().item()}"
        )
    return states.long()


def _as_start(start: Any, states: int) -> int:
    start = as_whole_number("start", start, at_least=0)
    if start >= states:
        raise ValueError(f"start must be a state from 0 to {states - 1}, not {start}")
    return start
