"""Beam search, and diverse beam search: keep several beginnings and compare.

Beam search looks for likely texts, diverse beam search for likely ones that differ.
They run every causal model that `load_model` takes, with its own cache; transformers 5
has only the first in its core.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.validation import (
    Processor,
    as_number,
    as_whole_number,
)
from course_utils.mitigation.search_run import (
    Branch,
    Found,
    Hypothesis,
    SearchRun,
    as_n_best,
)
from course_utils.model import LanguageModel

Early = bool | Literal["never"]
_NEVER = -torch.inf  # the score of rows that are there for their number only


def beam_search(
    lm: LanguageModel,
    prompt: str = "",
    num_beams: int = 10,
    max_new_tokens: int = 80,
    length_penalty: float = 1.0,
    early_stopping: Early = False,
    n_best: int | None = None,
    processors: Sequence[Processor] = (),
) -> Found:
    """The texts with the highest log-probability / length ^ length_penalty, nearly.

    Keeps the `num_beams` best beginnings at every step. The same tokens and scores as
    transformers' `generate(num_beams=..., do_sample=False)`. early_stopping: True stops
    once num_beams texts have ended, False where the best running one can't win at its
    present length, "never" where it can't win at any length.
    Raises ValueError for bad arguments. Built in notebook 15.
    """
    return diverse_beam_search(
        lm,
        prompt,
        num_beams,
        num_groups=1,
        diversity_penalty=0.0,
        max_new_tokens=max_new_tokens,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
        n_best=n_best,
        processors=processors,
    )


def diverse_beam_search(
    lm: LanguageModel,
    prompt: str = "",
    num_beams: int = 10,
    num_groups: int = 5,
    diversity_penalty: float = 0.5,
    max_new_tokens: int = 80,
    length_penalty: float = 1.0,
    early_stopping: Early = False,
    n_best: int | None = None,
    processors: Sequence[Processor] = (),
) -> Found:
    """Beam search in groups that keep out of each other's way.

    The groups choose one after the other at every step. A token costs a group
    `diversity_penalty` for each time that earlier groups have just chosen it (Hamming).
    Each group has hypotheses of its own: none can push another's out. `scores` have the
    penalties in them, `logprobs` don't.
    Raises ValueError for bad arguments, and where num_groups does not divide num_beams.
    Vijayakumar et al. 2016 (arXiv 1610.02424), whose code has 10 beams in 5 groups and
    a penalty of 0.5. Built in notebook 15.
    """
    num_beams = as_whole_number("num_beams", num_beams, at_least=1)
    num_groups = as_whole_number("num_groups", num_groups, at_least=1)
    if num_beams % num_groups:
        raise ValueError(
            f"num_groups must divide num_beams, but {num_beams} beams can't be "
            f"parted into {num_groups} groups"
        )
    penalty = _as_finite("diversity_penalty", diversity_penalty)
    length_penalty = _as_finite("length_penalty", length_penalty)
    early = _as_early(early_stopping)
    n_best = as_n_best(n_best, num_beams)
    run = SearchRun(lm, prompt, num_beams, max_new_tokens, processors)
    rule = _Rule(length_penalty, early, run)
    size = num_beams // num_groups
    groups = [_Group(number, size, rule) for number in range(num_groups)]
    while any(group.running for group in groups):
        _take_turns(groups, run, penalty)
    ended = [(text, group.number) for group in groups for text in group.finished]
    ended.sort(key=lambda pair: -pair[0].score)
    return run.found(ended[:n_best])


def best_continuations(
    scores: Float[Tensor, " beams"], log_probs: Float[Tensor, "beams vocab"], k: int
) -> tuple[Int[Tensor, " k"], Int[Tensor, " k"], Float[Tensor, " k"]]:
    """The k best of all continuations of all beginnings: parents, tokens, scores.

    scores     of the beginnings
    log_probs  of the next token after each, with penalties if there are any

    Fewer where there are fewer. Built in notebook 15.
    """
    totals = (scores[:, None] + log_probs).flatten()
    best, places = totals.topk(min(k, len(totals)))
    vocabulary = log_probs.shape[-1]
    return places // vocabulary, places % vocabulary, best


def hamming_penalised(
    log_probs: Float[Tensor, "beams vocab"], chosen: Int[Tensor, " n"], penalty: float
) -> Float[Tensor, "beams vocab"]:
    """Each token's log-probability less `penalty` for each time that it was chosen.

    chosen  tokens that earlier groups have taken at this step

    Vijayakumar et al. 2016 (arXiv 1610.02424), section 3. Built in notebook 15.
    """
    return log_probs - penalty * torch.bincount(chosen, minlength=log_probs.shape[-1])


# How it works inside


class _Rule(NamedTuple):
    """What a text is worth, and when its group has enough."""

    length_penalty: float
    early: Early
    run: SearchRun

    def worth(self, score: float, length: int) -> float:
        return score / length**self.length_penalty

    def best_possible(self, score: float, length: int) -> float:
        """What a running text may yet be worth, by the chosen heuristic."""
        if self.early == "never" and self.length_penalty > 0:
            length = self.run.max_new_tokens
        return self.worth(score, length)


def _take_turns(groups: list["_Group"], run: SearchRun, penalty: float) -> None:
    """One step: each group chooses, and pays for what those before it have chosen."""
    log_probs = run.log_probs()
    chosen: list[int] = []
    for group in groups:
        if group.running:
            rows = log_probs[group.first : group.first + group.size]
            before = torch.tensor(chosen, dtype=torch.long, device=rows.device)
            scored = hamming_penalised(rows, before, penalty)
            run.tree += group.choose(rows, scored)
            chosen += group.chosen
    parents = [parent for group in groups for parent in group.parents]
    tokens = [token for group in groups for token in group.tokens]
    run.advance(parents, tokens, any(group.running for group in groups))


class _Group:
    """The beams of one group: running ones in rows, ended ones by their worth."""

    def __init__(self, number: int, size: int, rule: _Rule) -> None:
        self.number, self.size, self.rule = number, size, rule
        self.first = number * size  # of its rows
        spare = Hypothesis([], 0.0, _NEVER)
        self.rows = [Hypothesis([], 0.0, 0.0), *[spare] * (size - 1)]
        self.finished: list[Hypothesis] = []
        self.running = True
        # What its rows read next, and the tokens that later groups pay for.
        self.parents, self.tokens = [self.first] * size, [0] * size
        self.chosen: list[int] = []

    def choose(
        self,
        log_probs: Float[Tensor, "size vocab"],
        scored: Float[Tensor, "size vocab"],
    ) -> list[Branch]:
        """The best continuations go on, those of them that end are kept aside."""
        candidates = self._candidates(log_probs, scored)
        best = candidates[: self.size]
        ended = [c for c in best if self.rule.run.ends(c[0].ids)]
        on = [c for c in candidates if not self.rule.run.ends(c[0].ids)][: self.size]
        # At the last step nothing goes on: what ends is paid for.
        self.chosen = [h.ids[-1] for h, _ in on or best]
        self._finish([h for h, _ in ended])
        self._go_on(on)
        return [
            Branch(len(h.ids) - 1, parent, h.ids[-1], h.score, self.number)
            for h, parent in sorted([*ended, *on], key=lambda c: -c[0].score)
        ]

    def _candidates(
        self,
        log_probs: Float[Tensor, "size vocab"],
        scored: Float[Tensor, "size vocab"],
    ) -> list[tuple[Hypothesis, int]]:
        """Continuations with their parents' rows, the best first."""
        before = torch.tensor([row.score for row in self.rows], device=scored.device)
        # So many that enough go on, even if the best ones all end here.
        wide = max(2, 1 + len(self.rule.run.stops)) * self.size
        best = best_continuations(before, scored, wide)
        own = log_probs[best[0], best[1]]
        candidates = []
        for parent, token, score, logprob in zip(
            *(column.tolist() for column in (*best, own)), strict=True
        ):
            row = self.rows[parent]
            text = Hypothesis([*row.ids, token], row.logprob + logprob, score)
            if score > _NEVER:
                candidates.append((text, self.first + parent))
        return candidates

    def _finish(self, ended: list[Hypothesis]) -> None:
        new = [h._replace(score=self.rule.worth(h.score, len(h.ids))) for h in ended]
        both = sorted([*self.finished, *new], key=lambda h: -h.score)
        self.finished = both[: self.size]

    def _go_on(self, on: list[tuple[Hypothesis, int]]) -> None:
        if not on:
            self.running = False
            return
        last, parent = on[-1]
        spare = [(last._replace(score=_NEVER), parent)] * (self.size - len(on))
        self.rows = [h for h, _ in [*on, *spare]]
        self.parents = [parent for _, parent in [*on, *spare]]
        self.tokens = [h.ids[-1] for h in self.rows]
        if len(self.finished) == self.size:
            best = self.rows[0]
            possible = self.rule.best_possible(best.score, len(best.ids))
            can_improve = possible > self.finished[-1].score
            self.running = can_improve and self.rule.early is not True


def _as_finite(name: str, value: Any) -> float:
    number = as_number(name, value, "a finite number")
    if math.isinf(number):
        raise ValueError(f"{name} must be a finite number, not {number}")
    return number


def _as_early(early: Any) -> Early:
    if early is True or early is False or early == "never":
        return early
    raise ValueError(f"early_stopping must be True, False or 'never', not {early!r}")
