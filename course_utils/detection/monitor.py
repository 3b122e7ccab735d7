"""Watching a model while it writes: entropy per token, per request, against a baseline.

`EntropyTrace` is a `transformers.LogitsProcessor` that changes nothing and keeps the
entropy before each token. `EntropyMonitor` cuts that into requests, compares each with
what is usual after the same prompt, and can write it to a log. `scoring` says what such
a comparison is worth. Built in notebook 07.
"""

import hashlib
import inspect
import itertools
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from course_utils.foundations.entropy import entropy_of_log_probs
from course_utils.foundations.validation import as_logits, as_number, as_whole_number

_NOT_ROW_BY_ROW = {  # loops of transformers in which a row is no request
    "_beam_search": "a beam search",
    "_assisted_decoding": "assisted decoding",
}


@dataclass(frozen=True)
class Baseline:
    """The usual entropy before each token after one prompt, over healthy requests.

    usual   bits, one for each token, as far as most requests went
    seen    how many requests it rests on
    """

    usual: list[float]
    seen: int


@dataclass(frozen=True)
class Request:
    """One monitored request.

    prompt   a key of the prompt's tokens, equal for equal prompts
    entropy  bits, before each token
    drop     the largest drop below the baseline, as a share of it; None without one
    flagged  whether the drop is above the monitor's threshold
    """

    prompt: str
    entropy: list[float] = field(repr=False)
    drop: float | None
    flagged: bool

    @property
    def mean(self) -> float:
        """Mean entropy of the request in bits."""
        return sum(self.entropy) / len(self.entropy)


class EntropyTrace(LogitsProcessor):
    """Keeps the entropy of each row's distribution, step by step, and changes nothing.

    steps  bits: a tensor [batch] for each call so far
    """

    def __init__(self) -> None:
        self.steps: list[Float[Tensor, " batch"]] = []

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        self.steps.append(entropy_of_logits(scores))
        return scores


class EntropyMonitor(LogitsProcessor):
    """Keeps the entropies of each request, and flags those that drop too far.

    stop_ids   tokens that end a text; what follows them is not counted
    padding_id  token that fills up short prompts on the left, if it is none of those
    baselines  by prompt, from `fit_baselines`; without one nothing is flagged
    threshold  of the drop, a share: 0.3 flags a fall by more than 30 %
    window     tokens over which entropies are averaged before they are compared; None:
               all that request and baseline have in common
    log        a file to which every finished request is appended, a JSON line each

    Works with sampling and greedy decoding; a `generate` of transformers with beams, an
    assistant or prompt lookup, where rows are no requests, is refused (ValueError).
    Put it last, behind the samplers, to see what they leave, or first, to see the
    model. Finished requests are in `requests`; the batch that is being written joins
    them with `finish`, at the next call of `generate`, or at the end of a `with`.
    Raises ValueError for a threshold outside 0 to 1 and a window below 1.
    """

    def __init__(
        self,
        stop_ids: Iterable[int] = (),
        padding_id: int | None = None,
        baselines: Mapping[str, Baseline] | None = None,
        threshold: float = 0.3,
        window: int | None = None,
        log: str | Path | None = None,
    ) -> None:
        allowed = "a share from 0 to 1"
        self.threshold = as_number("threshold", threshold, allowed)
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must be {allowed}, not {threshold}")
        self.window = None
        if window is not None:
            self.window = as_whole_number("window", window, at_least=1)
        self.stop_ids = torch.tensor(sorted(set(stop_ids)), dtype=torch.long)
        self.padding = {*self.stop_ids.tolist(), padding_id}
        self.baselines = dict(baselines or {})
        self.log = None if log is None else Path(log)
        self.requests: list[Request] = []
        self._batch: _Batch | None = None

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if self._batch is None or not self._batch.goes_on_as(input_ids):
            self.finish()
            _refuse_searches()
            self._batch = _Batch(input_ids, self.padding)
        self._batch.add(input_ids, entropy_of_logits(scores), self.stop_ids)
        return scores

    def finish(self) -> list[Request]:
        """Close the batch that is being written; returns its requests, in order."""
        batch, self._batch = self._batch, None
        done = [] if batch is None else batch.requests(self._judged)
        self.requests += done
        if self.log is not None and done:
            append_requests(self.log, done)
        return done

    reset = finish  # `generate` calls it before it begins

    def __enter__(self) -> "EntropyMonitor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    def _judged(self, prompt: str, entropy: list[float]) -> Request:
        baseline = self.baselines.get(prompt, Baseline([], 0))
        drop = largest_drop(entropy, baseline.usual, self.window)
        flagged = drop is not None and drop > self.threshold
        return Request(prompt, entropy, drop, flagged)

    def __repr__(self) -> str:
        return (
            f"EntropyMonitor({len(self.requests)} requests, "
            f"{sum(request.flagged for request in self.requests)} flagged)"
        )


def _refuse_searches() -> None:
    """ValueError where a loop of transformers calls that does not write row by row."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_name not in _NOT_ROW_BY_ROW:
        frame = frame.f_back
    if frame is not None:
        raise ValueError(
            f"EntropyMonitor is called by {_NOT_ROW_BY_ROW[frame.f_code.co_name]}; "
            "allowed are greedy decoding and sampling (num_beams=1, no assistant, "
            "no prompt lookup)"
        )


class _Batch:
    """The rows of one call of `generate`, while it runs."""

    def __init__(
        self, input_ids: Int[Tensor, "batch length"], padding: set[int | None]
    ) -> None:
        rows = input_ids.tolist()
        self.prompts = [
            prompt_key(itertools.dropwhile(padding.__contains__, row)) for row in rows
        ]
        self.steps: list[Float[Tensor, " batch"]] = []
        self.last: Tensor | None = None
        self.ended = torch.zeros(len(input_ids), dtype=torch.bool)

    def goes_on_as(self, input_ids: Int[Tensor, "batch length"]) -> bool:
        """Whether these rows are the last ones, each with one more token."""
        if self.last is None or input_ids.shape[1] != self.last.shape[1] + 1:
            return False
        return torch.equal(input_ids[:, :-1], self.last)

    def add(
        self,
        input_ids: Int[Tensor, "batch length"],
        entropy: Float[Tensor, " batch"],
        stop_ids: Int[Tensor, " stops"],
    ) -> None:
        if self.steps:
            drawn = input_ids[:, -1].cpu()
            self.ended = self.ended | torch.isin(drawn, stop_ids)
        self.steps.append(entropy.cpu().masked_fill(self.ended, math.nan))
        self.last = input_ids

    def requests(self, judged: Any) -> list[Request]:
        rows = torch.stack(self.steps, dim=1)
        return [
            judged(prompt, row[~row.isnan()].tolist())
            for prompt, row in zip(self.prompts, rows, strict=True)
        ]


def entropy_of_logits(scores: Float[Tensor, "*batch vocab"]) -> Float[Tensor, "*batch"]:
    """Bits, of softmax(scores), in float32; an entry of -inf has probability 0.

    Raises ValueError for a row with NaN, +inf or nothing but -inf.
    Built in notebook 07.
    """
    return entropy_of_log_probs(as_logits(scores).float().log_softmax(dim=-1))


def prompt_key(token_ids: Iterable[int]) -> str:
    """A short name of a prompt, equal for equal tokens; it does not give them away."""
    named = ",".join(map(str, token_ids)).encode()
    return hashlib.sha256(named).hexdigest()[:16]


# Baselines and drops


def fit_baselines(requests: Iterable[Request]) -> dict[str, Baseline]:
    """The usual entropies of each prompt, from requests that are known to be sound.

    A baseline reaches as far as half of its requests do, so that no place rests on a
    few long ones alone.
    """
    by_prompt: dict[str, list[list[float]]] = defaultdict(list)
    for request in requests:
        by_prompt[request.prompt].append(request.entropy)
    return {prompt: _baseline(traces) for prompt, traces in by_prompt.items()}


def _baseline(traces: list[list[float]]) -> Baseline:
    length = sorted(map(len, traces))[len(traces) // 2]
    usual = []
    for place in range(length):
        found = [trace[place] for trace in traces if len(trace) > place]
        usual.append(sum(found) / len(found))
    return Baseline(usual, len(traces))


def largest_drop(
    entropy: Sequence[float], usual: Sequence[float], window: int | None = None
) -> float | None:
    """How far the entropy falls below the usual one at worst, as a share of it.

    Both are averaged over the same `window` tokens, at every place that both have;
    None takes all tokens that both have as one window. 0.3 means 30 % below, a negative
    number that it is above everywhere. None where they have fewer than `window` tokens
    in common, or where the usual entropy is 0.
    """
    drops = windowed_drops(entropy, usual, window)
    return max(drops, default=None)


def windowed_drops(
    entropy: Sequence[float], usual: Sequence[float], window: int | None = None
) -> list[float]:
    """The drop at each place where a window fits; places with no usual entropy out."""
    both = min(len(entropy), len(usual))
    window = max(both, 1) if window is None else window
    found = windowed_means(entropy[:both], window)
    expected = windowed_means(usual[:both], window)
    return [
        1 - now / before
        for now, before in zip(found, expected, strict=True)
        if before > 0
    ]


def shortfalls(
    requests: Iterable[Request], baselines: Mapping[str, Baseline]
) -> list[float]:
    """How many bits requests lie below their baselines, at each place, on average.

    At a place count those that reach it and whose baseline does; a list as long as the
    longest of them. Requests without a baseline stay out.
    """
    below: dict[int, list[float]] = defaultdict(list)
    for request in requests:
        usual = baselines.get(request.prompt, Baseline([], 0)).usual
        for place, pair in enumerate(zip(usual, request.entropy, strict=False)):
            below[place].append(pair[0] - pair[1])
    return [sum(values) / len(values) for values in below.values()]


def cusum(values: Sequence[float], slack: float = 0.0) -> list[float]:
    """The running sum of `values`, each less `slack`, that starts afresh below 0.

    While values stay below the slack it keeps returning to 0; once they are above it on
    average it climbs. Has the units of `values` times steps. Raises ValueError for
    values or a slack that aren't finite. Page 1954 (doi:10.1093/biomet/41.1-2.100).
    Built in notebook 07.
    """
    slack = as_number("slack", slack, "a finite number")
    if not all(map(math.isfinite, [*values, slack])):
        raise ValueError("values and slack must be finite numbers")
    steps = (value - slack for value in values)
    added = itertools.accumulate(
        steps, lambda so_far, x: max(0.0, so_far + x), initial=0.0
    )
    return [*added][1:]


def first_above(values: Sequence[float], limit: float) -> int | None:
    """The place, from 0 on, of the first value above `limit`; None without one."""
    return next((place for place, value in enumerate(values) if value > limit), None)


def windowed_means(values: Sequence[float], window: int) -> list[float]:
    """Means of every `window` neighbours: len(values) - window + 1 of them."""
    window = as_whole_number("window", window, at_least=1)
    if len(values) < window:
        return []
    sums = torch.tensor([0.0, *values], dtype=torch.float64).cumsum(dim=0)
    return ((sums[window:] - sums[:-window]) / window).tolist()


# The log


@dataclass(frozen=True)
class RequestLog:
    """What a log file holds.

    skipped  lines that could not be read, as a crash leaves behind
    """

    requests: list[Request]
    skipped: int


def append_requests(path: Path, requests: Iterable[Request]) -> None:
    """Add a line for each request, begun on a line of its own after a crash."""
    lines = [json.dumps(_rounded(request)) for request in requests]
    path.parent.mkdir(parents=True, exist_ok=True)
    broken = path.exists() and not _ends_a_line(path)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * broken + "\n".join(lines) + "\n")


def read_requests(path: str | Path) -> RequestLog:
    """All requests of a log; lines that are not whole are counted and left out.

    Raises ValueError where there is no such file.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        raise ValueError(f"path is {str(path)!r}, where there is no log") from None
    found = [_parsed(line) for line in lines if line.strip()]
    requests = [request for request in found if request is not None]
    return RequestLog(requests, len(found) - len(requests))


def _rounded(request: Request) -> dict[str, Any]:
    return asdict(request) | {"entropy": [round(bits, 4) for bits in request.entropy]}


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        return file.read() in (b"", b"\n")


def _parsed(line: str) -> Request | None:
    """The request that a line holds; None where it holds none, or half of one."""
    try:
        entry = json.loads(line)
        entropy = [float(bits) for bits in entry["entropy"]]
        drop = None if entry["drop"] is None else float(entry["drop"])
        request = Request(str(entry["prompt"]), entropy, drop, bool(entry["flagged"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return request if entropy and all(map(math.isfinite, entropy)) else None
