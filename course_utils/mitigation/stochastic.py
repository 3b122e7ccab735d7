"""Stochastic beam search: texts drawn without replacement, by Gumbel noise top down."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.validation import Processor, as_seed, as_whole_number
from course_utils.mitigation.search_run import (
    Branch,
    Found,
    Hypothesis,
    SearchRun,
    as_n_best,
)
from course_utils.model import LanguageModel


def stochastic_beam_search(
    lm: LanguageModel,
    prompt: str = "",
    num_beams: int = 10,
    max_new_tokens: int = 80,
    n_best: int | None = None,
    processors: Sequence[Processor] = (),
    seed: int = 0,
) -> Found:
    """Draw `num_beams` different texts: sampling without replacement.

    Each text's log-probability gets Gumbel noise, and the largest win. The noise is
    drawn top down: a beginning has the largest of its continuations' numbers, so that
    only num_beams beginnings need to be followed. The first text is an exact draw from
    the model, after the processors. `scores` are the noisy log-probabilities, given
    that the largest is 0: no order depends on it. A text that reaches `max_new_tokens`
    stands for all of its continuations.
    Raises ValueError for bad arguments. Kool et al. 2019 (arXiv 1903.06059).
    Built in notebook 15.
    """
    num_beams = as_whole_number("num_beams", num_beams, at_least=1)
    n_best = as_n_best(n_best, num_beams)
    generator = torch.Generator().manual_seed(as_seed(seed))
    run = SearchRun(lm, prompt, num_beams, max_new_tokens, processors)
    # The score of each is its noisy log-probability.
    beams, ended = [Hypothesis([], 0.0, 0.0)], list[Hypothesis]()
    while beams:
        new = _continuations(run.log_probs(), beams, num_beams, generator)
        # Ended ones wait aside: they cost nothing, but may be pushed out.
        waiting = [(hypothesis, -1) for hypothesis in ended]
        best = sorted([*new, *waiting], key=lambda pair: -pair[0].score)[:num_beams]
        run.tree += [_branch(h, parent) for h, parent in best if parent >= 0]
        has_ended = [parent < 0 or run.ends(h.ids) for h, parent in best]
        ended = [h for (h, _), e in zip(best, has_ended, strict=True) if e]
        on = [pair for pair, e in zip(best, has_ended, strict=True) if not e]
        beams = [h for h, _ in on]
        # Rows that are not needed repeat the first, so that their number stays.
        rows = on + on[:1] * (num_beams - len(on))
        run.advance([p for _, p in rows], [h.ids[-1] for h, _ in rows], bool(on))
    return run.found([(hypothesis, 0) for hypothesis in ended[:n_best]])


def _continuations(
    log_probs: Float[Tensor, "rows vocab"],
    beams: list[Hypothesis],
    num_beams: int,
    generator: torch.Generator,
) -> list[tuple[Hypothesis, int]]:
    """The best by their noise, each with the place of the beam that it continues."""
    kept = log_probs[: len(beams)].double().cpu()
    # Processors leave weights, but the noise needs probabilities that sum to 1.
    log_probs = kept.log_softmax(dim=-1).masked_fill(kept.isneginf(), -torch.inf)
    numbers = [(beam.logprob, beam.score) for beam in beams]
    before, largest = torch.tensor(numbers, dtype=torch.float64).T
    totals = log_probs + before[:, None]
    noisy = conditional_gumbels(totals, largest, generator)
    top, places = noisy.flatten().topk(min(num_beams, noisy.numel()))
    new = []
    for score, place in zip(top.tolist(), places.tolist(), strict=True):
        parent, token = divmod(place, noisy.shape[-1])
        if score > -torch.inf:
            ids = [*beams[parent].ids, token]
            new.append((Hypothesis(ids, totals[parent, token].item(), score), parent))
    return new


def _branch(text: Hypothesis, parent: int) -> Branch:
    return Branch(len(text.ids) - 1, parent, text.ids[-1], text.score, 0)


def gumbel_top_k(
    log_probs: Float[Tensor, " values"], uniform: Float[Tensor, " values"], k: int
) -> Int[Tensor, " k"]:
    """k different values, drawn one after the other without replacement, in order.

    The k largest of the log-probabilities with Gumbel noise -ln(-ln u).
    Vieira 2014; Kool et al. 2019 (arXiv 1903.06059), section 2. Built in notebook 15.
    """
    return (log_probs - (-uniform.log()).log()).topk(k).indices


def conditional_gumbels(
    log_probs: Float[Tensor, "rows vocab"],
    largest: Float[Tensor, " rows"],
    generator: torch.Generator,
) -> Float[Tensor, "rows vocab"]:
    """Gumbel numbers with these locations, given that each row's largest is `largest`.

    A row's own largest Z is moved to the place wanted, and all others along, each by
    as much as leaves its distribution right: -ln(e^-largest - e^-Z + e^-G).
    Kool et al. 2019, section 3. Built in notebook 15.
    """
    uniform = torch.rand(log_probs.shape, dtype=torch.float64, generator=generator)
    gumbels = log_probs - (-uniform.clamp(1e-16, 1 - 1e-16).log()).log()
    top = gumbels.amax(dim=-1, keepdim=True)
    largest = largest[:, None]
    # The same without overflow (the paper's appendix B.3).
    v = largest - gumbels + torch.log1p(-(gumbels - top).exp())
    moved = largest - v.clamp(min=0) - torch.log1p((-v.abs()).exp())
    return moved.masked_fill(log_probs.isneginf(), -torch.inf)
