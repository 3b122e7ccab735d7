"""Is it the sampler? Rule out broken dice before you diagnose a collapse.

A collapsed model repeats itself because its probabilities say so. A broken sampler
repeats itself although they do not: its rows share their random numbers, or its seed is
set anew at every step. So judge repetitions by the probabilities they were drawn from.
Built in notebook 02.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.validation import as_probs, as_whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Draw = Callable[[Float[Tensor, "rows vocab"]], Int[Tensor, "rows"]]

ALARM = 0.001  # a p-value below this is taken for a fault
_ENDED = -1  # stands for the token after a row's end
_SKEWED = torch.tensor([8, 7, 6, 5, 4, 3, 2, 1, 0]) / 36  # the last is impossible


@dataclass(frozen=True, eq=False)
class SamplerCheck:
    """What `check_sampler` or `check_generations` found: p-values and the draws.

    rows    do the rows of a batch draw independently of each other?
    steps   does each step draw independently of the steps before it?
    match   do tokens come as often as their probabilities say? None if not tested
    tokens  token ids, -1 after a row's end

    A p-value is how often a right sampler would look at least as suspicious.
    """

    rows: float
    steps: float
    match: float | None
    tokens: Int[Tensor, "rows steps"] = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether no p-value is below ALARM; a right sampler fails 3 times in 1000."""
        return all(not _is_fault(p) for p in (self.rows, self.steps, self.match))

    def __repr__(self) -> str:
        rows, steps = self.tokens.shape
        outcome = "no fault found" if self.passed else "BROKEN"
        return "\n".join(
            [
                f"SamplerCheck of {rows} rows, {steps} steps: {outcome}",
                _line("rows are independent", self.rows),
                _line("steps are independent", self.steps),
                _line("tokens match the probabilities", self.match),
            ]
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Tokens as shades: rows that share dice make vertical stripes, reset dice
        horizontal ones. Draws into `axes`, or into a figure of its own."""
        if axes is None:
            from matplotlib.figure import Figure

            axes = Figure(figsize=(5, 3)).subplots()
        shades = self.tokens.double().masked_fill(self.tokens == _ENDED, math.nan)
        axes.imshow(
            shades.numpy(), aspect="auto", interpolation="nearest", cmap="cividis"
        )
        axes.set(xlabel="step", ylabel="row")
        axes.grid(visible=False)
        return axes


def check_sampler(
    draw: Draw,
    probs: Float[Tensor, "vocab"] = _SKEWED,
    rows: int = 64,
    steps: int = 200,
) -> SamplerCheck:
    """Test any `draw(probs) -> tokens`: are its draws independent, and do they match?

    Calls `draw` on `steps` batches of shape [rows, vocab] whose rows are all `probs`;
    it returns a token id for each row. Three chi-square tests: do some steps favour
    tokens that others don't (then rows share their randomness), do some rows (then
    steps repeat it), and do the draws fit `probs` (over draws that are independent;
    None where neither rows nor steps are). A sampler that always draws the same token
    fails the last.
    Raises ValueError for fewer than two possible tokens, fewer than 16 rows or steps,
    and for draws that are no token ids. Pearson 1900. Built in notebook 02.
    """
    probs = _as_test_probs(probs)
    rows = as_whole_number("rows", rows, at_least=16)
    steps = as_whole_number("steps", steps, at_least=16)
    batch = probs.expand(rows, -1)
    drawn = [_as_tokens(draw(batch.clone()), rows, len(probs)) for _ in range(steps)]
    tokens = torch.stack(drawn, dim=1)
    # Rows that share dice favour one token at this step and another at the next.
    rows_p, steps_p = _homogeneity(tokens.T), _homogeneity(tokens)
    match = None
    if not (_is_fault(rows_p) and _is_fault(steps_p)):
        usable = tokens[:1] if _is_fault(rows_p) else tokens
        usable = usable[:, :1] if _is_fault(steps_p) else usable
        match = _goodness_of_fit(usable, probs)
    return SamplerCheck(rows_p, steps_p, match, tokens)


def check_generations(
    token_ids: Sequence[Sequence[int]], log_probs: Float[Tensor, "rows steps"]
) -> SamplerCheck:
    """Test generations from one prompt: are their repetitions too unlikely for chance?

    `log_probs` in nats, of each token under the distribution it was drawn from, NaN
    after a row's end: `check_generations(runs.token_ids, runs.logprob)`. By chance, a
    row begins like another with the probability of that opening, and repeats its last
    token with the probability of these repetitions. The smallest of them, times the
    number of pairs or of tokens (Bonferroni), is the p-value. Collapsed text passes: it
    repeats what was likely. Sharpest at high temperature, where chance repeats nothing.
    Raises ValueError for fewer than two rows, and for log-probabilities that are above
    0 or don't fit the tokens. Built in notebook 02.
    """
    tokens, surprise = _as_table(token_ids, log_probs)
    pairs = math.comb(len(tokens), 2)
    rows = _bonferroni(_most_surprising_opening(tokens, surprise), pairs)
    count = int((tokens != _ENDED).sum())
    steps = _bonferroni(_most_surprising_repeat(tokens, surprise), count)
    return SamplerCheck(rows, steps, None, tokens)


def agreement(tokens: Int[Tensor, "*batch n"]) -> Float[Tensor, "*batch"]:
    """The share of pairs among the last dimension's n tokens that are the same token.

    For independent draws from probabilities p it comes near sum_i p_i**2: more of it
    in the draws than in the probabilities points to the sampler.
    Raises ValueError for fewer than two tokens. Simpson 1949. Built in notebook 02.
    """
    tokens = torch.as_tensor(tokens)
    if tokens.ndim == 0 or tokens.shape[-1] < 2:
        raise ValueError(
            "tokens must have at least two entries in its last dimension, "
            f"not shape {tuple(tokens.shape)}"
        )
    n = tokens.shape[-1]
    same = (tokens[..., :, None] == tokens[..., None, :]).sum(dim=(-2, -1))
    return (same - n) / (n * (n - 1))  # n tokens agree with themselves


def _homogeneity(groups: Int[Tensor, "groups draws"]) -> float:
    """p-value of groups that differ more in their tokens than one source makes them."""
    categories, indices = groups.unique(return_inverse=True)
    counts = torch.nn.functional.one_hot(indices, len(categories)).sum(dim=1).double()
    expected = counts.mean(dim=0)
    statistic = ((counts - expected) ** 2 / expected).sum().item()
    return _chi_square_tail(statistic, (len(groups) - 1) * (len(categories) - 1))


def _goodness_of_fit(tokens: Int[Tensor, "rows steps"], probs: Tensor) -> float:
    """p-value of counts that are further from `probs` than chance takes them."""
    counts = torch.bincount(tokens.flatten(), minlength=len(probs)).double()
    possible = probs > 0
    if counts[~possible].any():
        return 0.0
    expected = probs[possible].double() * counts.sum()
    statistic = ((counts[possible] - expected) ** 2 / expected).sum().item()
    return _chi_square_tail(statistic, int(possible.sum()) - 1)


def _chi_square_tail(statistic: float, degrees: int) -> float:
    """How often chi-square of so many degrees of freedom is at least `statistic`."""
    if degrees == 0:
        return 1.0
    half = torch.tensor([degrees / 2, statistic / 2], dtype=torch.float64)
    return torch.special.gammaincc(half[0], half[1]).item()


def _most_surprising_opening(tokens: Tensor, surprise: Tensor) -> float:
    """The largest surprise, in nats, of an opening that two rows share."""
    most = 0.0
    for i in range(1, len(tokens)):
        shared = (tokens[:i] == tokens[i]).cumprod(dim=-1)
        most = max(most, (shared * surprise[i]).sum(dim=-1).max().item())
    return most


def _most_surprising_repeat(tokens: Tensor, surprise: Tensor) -> float:
    """The largest surprise, in nats, of one token's repetitions in a row."""
    most, run = 0.0, torch.zeros(len(tokens), dtype=torch.float64)
    for step in range(1, tokens.shape[1]):
        repeats = tokens[:, step] == tokens[:, step - 1]
        run = (run + surprise[:, step]) * repeats
        most = max(most, run.max().item())
    return most


def _bonferroni(surprise: float, trials: int) -> float:
    return min(1.0, trials * math.exp(-surprise))


def _is_fault(p: float | None) -> bool:
    return p is not None and p < ALARM


def _line(question: str, p: float | None) -> str:
    if p is None:
        return f"  {question + ':':<32} not tested"
    answer = "NO" if _is_fault(p) else "yes"
    number = "p < 1e-9" if p < 1e-9 else f"p = {p:.2g}"
    return f"  {question + ':':<32} {answer:<4} {number}"


def _as_test_probs(probs: Any) -> Float[Tensor, "vocab"]:
    probs = as_probs("probs", probs)
    if probs.ndim != 1 or (probs > 0).sum() < 2:
        raise ValueError(
            "probs must be one row with at least two possible tokens, not of shape "
            f"{tuple(probs.shape)} with {int((probs > 0).sum())} possible"
        )
    return probs


def _as_tokens(drawn: Any, rows: int, vocab: int) -> Int[Tensor, "rows"]:
    is_ids = isinstance(drawn, Tensor) and not (
        drawn.is_floating_point() or drawn.dtype == torch.bool
    )
    if not is_ids or drawn.numel() != rows:
        found = f"shape {tuple(drawn.shape)}" if is_ids else f"{drawn!r:.60}"
        raise ValueError(
            f"draw must return a tensor of {rows} token ids, one for each row of "
            f"probabilities, not {found}"
        )
    tokens = drawn.flatten().long().cpu()
    if tokens.min() < 0 or tokens.max() >= vocab:
        raise ValueError(
            f"draw must return token ids from 0 to {vocab - 1}, not from "
            f"{tokens.min().item()} to {tokens.max().item()}"
        )
    return tokens


def _as_table(
    token_ids: Sequence[Sequence[int]], log_probs: Any
) -> tuple[Int[Tensor, "rows steps"], Float[Tensor, "rows steps"]]:
    """Tokens with -1 and surprises with 0 after each row's end."""
    lengths = [len(ids) for ids in token_ids]
    if len(lengths) < 2 or min(lengths) == 0:
        raise ValueError(
            "token_ids must hold at least two generations, none of them empty, but "
            f"their lengths are {lengths}"
        )
    surprise = -torch.as_tensor(log_probs).double().cpu()
    after_end = torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None]
    if surprise.shape != after_end.shape or not (surprise >= -1e-5)[~after_end].all():
        raise ValueError(
            "log_probs must have a number of at most 0 for each token: shape "
            f"{tuple(after_end.shape)}, not {tuple(surprise.shape)} with "
            f"{int((~(surprise >= -1e-5)).sum())} entries that are NaN or above 0"
        )
    tokens = torch.full(after_end.shape, _ENDED)
    tokens[~after_end] = torch.tensor([token for ids in token_ids for token in ids])
    return tokens, surprise.masked_fill(after_end, 0.0)
