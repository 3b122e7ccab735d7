"""What the searches have in common: rows in the model's cache, a tree, and a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.forward import Prompts, make_decoder
from course_utils.foundations.validation import (
    Processor,
    as_processors,
    as_whole_number,
)
from course_utils.model import LanguageModel, check_fits_context


class Branch(NamedTuple):
    """One token of the search's tree.

    step, parent  its step, and the row of the step before that it continues
    token, score  and the score of the beginning that ends with it
    group         its group, 0 where there is one

    These are the tokens that the search went on from, or that ended a text.

    The rows of a step are its branches that don't end, in the tree's order. In a search
    with groups, each group's rows begin at its number times its size.
    """

    step: int
    parent: int
    token: int
    score: float
    group: int


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found, the best first.

    texts      each with its prompt, without end-of-text tokens
    token_ids  the new ids, with the end-of-text token where there is one
    scores     what the search ranks by
    logprobs   nats, of each text under the model (after the processors), its end
               included where it has one
    groups     the group of each, all 0 where there is one
    passes     token positions that went through the model, the prompt's once: the cost
    tree       the branches of every step
    """

    texts: list[str]
    token_ids: list[list[int]]
    scores: list[float]
    logprobs: list[float]
    groups: list[int]
    passes: int
    tree: list[Branch]

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        first = self.texts[0] if self.texts else ""
        shown = first if len(first) <= 60 else first[:57] + "..."
        return f"Found({len(self)} texts in {self.passes} passes, first: {shown!r})"


class Hypothesis(NamedTuple):
    """A beginning, or a whole text: its new tokens, log-probability and rank."""

    ids: list[int]
    logprob: float
    score: float


class SearchRun:
    """The model's side: rows in a cache, their ids, and what it all cost."""

    def __init__(
        self,
        lm: LanguageModel,
        prompt: str,
        rows: int,
        max_new_tokens: int,
        processors: Sequence[Processor],
    ) -> None:
        if not isinstance(lm, LanguageModel):
            raise ValueError(
                f"lm must be a LanguageModel, as load_model() gives, not {lm!r}"
            )
        if not isinstance(prompt, str):
            raise ValueError(f"prompt must be a string, not {prompt!r}")
        self.lm, self.processors = lm, as_processors(processors)
        self.max_new_tokens = as_whole_number(
            "max_new_tokens", max_new_tokens, at_least=1
        )
        self.start, self.stops = lm.encode(prompt), set(lm.stop_ids)
        check_fits_context(lm, len(self.start), self.max_new_tokens)
        ids = torch.tensor([self.start], device=lm.device)
        prompts = Prompts(ids, torch.ones_like(ids, dtype=torch.bool))
        self.ids = ids.repeat_interleave(rows, dim=0)
        self.tree: list[Branch] = []
        self.passes = len(self.start)
        with torch.no_grad():
            self.decoder = make_decoder(lm.model, prompts, rows, self.max_new_tokens)
            self.logits = self.decoder.read_prompts()

    def log_probs(self) -> Float[Tensor, "rows vocab"]:
        scores = self.logits.float().log_softmax(dim=-1)
        for processor in self.processors:
            scores = processor(self.ids, scores)
        if not (scores < torch.inf).all():
            culprit = "the model" if not self.processors else f"{self.processors}"
            raise ValueError(f"scores must not be NaN or +inf, but {culprit} left some")
        return scores

    def advance(self, parents: list[int], tokens: list[int], goes_on: bool) -> None:
        """Continue the rows `parents` by these tokens."""
        if not goes_on:
            return
        order = torch.tensor(parents, device=self.ids.device)
        new = torch.tensor(tokens, device=self.ids.device)
        self.ids = torch.cat([self.ids[order], new[:, None]], dim=-1)
        self.passes += len(tokens)
        with torch.no_grad():
            if parents != list(range(len(parents))):
                self.decoder.keep(order)
            self.logits = self.decoder.step(new)

    def ends(self, ids: list[int]) -> bool:
        return ids[-1] in self.stops or len(ids) == self.max_new_tokens

    def found(self, ended: Sequence[tuple[Hypothesis, int]]) -> Found:
        if not ended:
            raise ValueError(f"no text was found: {self.processors} left no token")
        hypotheses = [hypothesis for hypothesis, _ in ended]
        texts = [
            self.lm.decode([*self.start, *(t for t in h.ids if t not in self.stops)])
            for h in hypotheses
        ]
        return Found(
            texts,
            [h.ids for h in hypotheses],
            [h.score for h in hypotheses],
            [h.logprob for h in hypotheses],
            [group for _, group in ended],
            self.passes,
            self.tree,
        )


def as_n_best(n_best: Any, num_beams: int) -> int:
    n_best = num_beams if n_best is None else n_best
    number = as_whole_number("n_best", n_best, at_least=1)
    if number > num_beams:
        raise ValueError(
            f"n_best must be at most num_beams, but {number} is more than {num_beams}"
        )
    return number
