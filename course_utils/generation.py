"""The decoding loop, with its trace: what was drawn, and how undecided the model was.

The whole batch moves one token at a time. Samplers are `transformers.LogitsProcessor`
objects, called as `transformers.generate` calls them, and the same seed draws the same
tokens. Built in notebook 01.
"""

import functools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.forward import Prompts, RunningRows, make_decoder
from course_utils.foundations.validation import (
    Processor,
    as_processors,
    as_prompts,
    as_seed,
    as_whole_number,
)
from course_utils.model import LanguageModel, check_fits_context

_SECONDS_UNTIL_PROGRESS_BAR = 5.0
_TRACE_BUFFER = 2**18  # probabilities held back, to compute their entropies together
_NOISE_BUFFER = 2**16  # random numbers drawn ahead


@dataclass(frozen=True, eq=False)
class Runs:
    """What `generate` made: one row per text, prompt by prompt.

    texts        each with its prompt, without end-of-text tokens
    prompts      the prompt of each row
    token_ids    the generated ids, with the end-of-text token where one was drawn
    entropy      bits, of the distribution each token was drawn from
    model_entropy  bits, of the model's own distribution, before the processors
    temperature  the product of the processors' temperatures, 1 where there is none
    logprob      nats, of each token under the distribution it was drawn from

    The last four are float32 tensors [rows, steps] on the CPU: entry [i, j] belongs to
    token_ids[i][j], and is NaN after the row's end.
    """

    texts: list[str]
    prompts: list[str]
    token_ids: list[list[int]]
    entropy: Float[Tensor, "rows steps"]
    model_entropy: Float[Tensor, "rows steps"]
    temperature: Float[Tensor, "rows steps"]
    logprob: Float[Tensor, "rows steps"]

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        lengths = [len(ids) for ids in self.token_ids]
        first = (
            self.texts[0] if len(self.texts[0]) <= 60 else self.texts[0][:57] + "..."
        )
        return (
            f"Runs({len(self)} of {min(lengths)} to {max(lengths)} new tokens, "
            f"{self.entropy.nanmean():.2f} bits of entropy per token, first: {first!r})"
        )


def generate(
    lm: LanguageModel,
    prompt: str | Sequence[str] = "",
    n: int = 1,
    max_new_tokens: int = 80,
    processors: Iterable[Processor] = (),
    seed: int = 0,
    progress: bool | None = None,
) -> Runs:
    """Continue each prompt n times, drawing one token after the other.

    An empty prompt starts a fresh document. A list of prompts makes one batch, the n
    rows of the first prompt first. A row ends with an end-of-text token, or after
    `max_new_tokens`. Without processors tokens come from the model's own distribution
    at temperature 1; `Temperature(0)` is greedy, and draws lots where logits tie.
    Draws the same tokens as transformers' `model.generate(do_sample=True, top_k=0,
    logits_processor=processors)` after `torch.manual_seed(seed)`, and leaves torch's
    own random state alone. Processors that have a `reset()` are reset at the start; the
    same object given twice is called twice at each step, also where it keeps a state.
    progress: True shows a bar, False none, None one after five seconds.
    Raises ValueError for bad arguments, for more positions than the model has, and for
    processors that leave a row without a possible token. Built in notebook 01.
    """
    if not isinstance(lm, LanguageModel):
        raise ValueError(
            f"lm must be a LanguageModel, as load_model() gives, not {lm!r}"
        )
    prompts = as_prompts(prompt)
    n = as_whole_number("n", n, at_least=1)
    max_new_tokens = as_whole_number("max_new_tokens", max_new_tokens, at_least=1)
    processors = as_processors(processors)
    generator = torch.Generator(lm.device).manual_seed(as_seed(seed))
    prompt_ids = [lm.encode(prompt) for prompt in prompts]
    check_fits_context(lm, max(map(len, prompt_ids)), max_new_tokens)
    with torch.no_grad():
        new_ids, trace = _decode(
            lm,
            _pad_left(prompt_ids, lm),
            n,
            processors,
            generator,
            _steps(max_new_tokens, progress),
            max_new_tokens,
        )
    return _as_runs(lm, prompts, prompt_ids, n, new_ids, trace)


def draw(
    probs: Float[Tensor, "rows vocab"], times: Float[Tensor, "rows vocab"]
) -> Int[Tensor, "rows"]:
    """The tokens that `torch.multinomial(probs, 1)` draws with the same noise.

    A race: token i arrives after a waiting time with rate p_i, which is exponential
    noise over p_i, and the first to arrive wins. That is Gumbel-max (notebook 01)
    before taking logarithms.
    """
    return (probs / times).argmax(dim=-1)


def waiting_times(
    like: Float[Tensor, "rows vocab"], generator: torch.Generator, steps: int
) -> Iterator[Float[Tensor, "rows vocab"]]:
    """The exponential noise that `torch.multinomial` takes for step after step."""
    while not (like.is_cpu and _exponential_is_log_of_uniform()):
        yield torch.empty_like(like).exponential_(generator=generator)
    # The same numbers three times as fast, and for several small steps at once.
    steps = max(1, min(steps, _NOISE_BUFFER // like.numel()))
    while True:
        uniform = torch.empty(steps, *like.shape, dtype=torch.float64)
        uniform.uniform_(generator=generator)
        yield from uniform.neg_().log1p_().neg_().to(like.dtype)


@functools.cache
def _exponential_is_log_of_uniform() -> bool:
    """Whether this build of torch makes each exponential as -log(1 - u) of one u.

    Builds with a vendor's random numbers (MKL on Intel) don't.
    """
    by_torch, by_hand = (torch.Generator().manual_seed(0) for _ in range(2))
    expected = torch.empty(1000).exponential_(generator=by_torch)
    uniform = torch.empty(1000, dtype=torch.float64).uniform_(generator=by_hand)
    return torch.equal(expected, -torch.log1p(-uniform).to(torch.float32))


def _decode(
    lm: LanguageModel,
    prompts: Prompts,
    n: int,
    processors: list[Processor],
    generator: torch.Generator,
    steps: Iterator[int],
    max_new_tokens: int,
) -> tuple[Int[Tensor, "rows steps"], Float[Tensor, "4 rows steps"]]:
    """The loop itself: process the logits, draw, record, stop or feed the model."""
    batch = RunningRows(make_decoder(lm.model, prompts, n, max_new_tokens))
    ids = prompts.ids.repeat_interleave(n, dim=0)
    padding_id, stop_ids = lm.padding_id, set(lm.stop_ids)
    noise = waiting_times(batch.logits, generator, max_new_tokens)
    trace = _Trace(processors)
    ended: set[int] = set()
    tokens: Tensor
    for step in steps:
        logits = batch.step(tokens, ended) if step > 0 else batch.logits
        probs = _process(processors, ids, logits).softmax(dim=-1)
        tokens = draw(probs, next(noise))
        if ended:
            tokens[list(ended)] = padding_id
        trace.record(logits, probs, tokens)
        if processors:
            ids = torch.cat([ids, tokens[:, None]], dim=-1)
        ended.update(i for i, token in enumerate(tokens.tolist()) if token in stop_ids)
        if len(ended) == len(tokens):
            break
    return trace.token_ids(), trace.columns()


def _process(
    processors: list[Processor],
    ids: Int[Tensor, "rows length"],
    logits: Float[Tensor, "rows vocab"],
) -> Float[Tensor, "rows vocab"]:
    # A copy, as in transformers: a processor may change its argument in place.
    scores = logits.clone() if processors else logits
    for processor in processors:
        scores = processor(ids, scores)
        if not isinstance(scores, Tensor) or scores.shape != logits.shape:
            found = getattr(scores, "shape", type(scores).__name__)
            raise ValueError(
                f"processor {processor} must return scores of shape "
                f"{tuple(logits.shape)}, not {found}"
            )
        if not scores.is_floating_point():
            raise ValueError(
                f"processor {processor} must return scores in floating point, not "
                f"{scores.dtype}"
            )
    return scores


class _Trace:
    """What the steps leave behind; entropies are computed for many steps at once."""

    def __init__(self, processors: list[Processor]) -> None:
        self.processors = processors
        self.tokens: list[Tensor] = []
        self.waiting: list[tuple[Tensor, ...]] = []
        self.finished: list[Float[Tensor, "4 rows steps"]] = []

    def record(self, logits: Tensor, probs: Tensor, tokens: Tensor) -> None:
        self.tokens.append(tokens)
        # Without processors the model's distribution is the one drawn from, at T = 1.
        extra = (
            (logits, _temperature(self.processors, tokens)) if self.processors else ()
        )
        self.waiting.append((tokens, probs, *extra))
        if len(self.waiting) * probs.numel() >= _TRACE_BUFFER:
            self._finish_waiting()

    def token_ids(self) -> Int[Tensor, "rows steps"]:
        return torch.stack(self.tokens, dim=-1)

    def columns(self) -> Float[Tensor, "4 rows steps"]:
        """Entropy, model entropy, log-probability and temperature of each step."""
        if self.waiting:
            self._finish_waiting()
        return torch.cat(self.finished, dim=-1)

    def _finish_waiting(self) -> None:
        columns = zip(*self.waiting, strict=True)
        tokens, probs, *extra = (torch.stack(column, dim=1) for column in columns)
        self.waiting = []
        chosen = probs.gather(-1, tokens[..., None]).squeeze(-1)
        if chosen.isnan().any():
            raise ValueError(self._why_nothing_can_be_drawn(*extra[:1]))
        entropy = _entropy_bits(probs)
        model_entropy, temperature = entropy, torch.ones_like(entropy)
        if extra:
            logits, temperature = extra
            model_entropy = _entropy_bits(logits.softmax(dim=-1))
        traces = [entropy, model_entropy, chosen.log(), temperature]
        self.finished.append(torch.stack(traces))

    def _why_nothing_can_be_drawn(self, logits: Tensor | None = None) -> str:
        """Whether the model is to blame; without processors there are no logits."""
        is_model = logits is None or bool(logits.softmax(dim=-1).isnan().any())
        culprit = "the model" if is_model else f"processors={self.processors}"
        return (
            "no token can be drawn from scores that are NaN, +inf or nothing but -inf, "
            f"which {culprit} left"
        )


def _entropy_bits(probs: Float[Tensor, "*batch vocab"]) -> Float[Tensor, "*batch"]:
    # foundations.entropy without its checks; the smallest float stands in for 0.
    logs = probs.clamp_min(torch.finfo(probs.dtype).tiny).log2_()
    return logs.mul_(probs).sum(dim=-1).abs_()


def _temperature(processors: list[Processor], tokens: Tensor) -> Float[Tensor, "rows"]:
    """The product of the temperatures that the processors show, one for each row."""
    product: float | Tensor = 1.0
    for processor in processors:
        temperature = getattr(processor, "temperature", None)
        if isinstance(temperature, int | float):
            product = product * temperature
        elif temperature is not None:
            product = product * _row_temperatures(processor, temperature, tokens)
    return torch.as_tensor(product, device=tokens.device).expand(len(tokens))


def _row_temperatures(
    processor: Processor, temperature: Any, tokens: Int[Tensor, "rows"]
) -> Float[Tensor, "rows"]:
    try:
        rows = torch.as_tensor(temperature, device=tokens.device).reshape(-1)
        return rows.expand(len(tokens)).float()
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"the temperature of processor {processor} must be a number, or one for "
            f"each of the {len(tokens)} rows, not {temperature!r:.80}"
        ) from None


def _steps(total: int, progress: bool | None) -> Iterator[int]:
    """Count the steps, with a bar at once, never, or as soon as they take long."""
    patience = _SECONDS_UNTIL_PROGRESS_BAR if progress is None else 0.0
    due, bar = time.monotonic() + patience, None
    try:
        for step in range(total):
            yield step
            if bar is None and progress is not False and time.monotonic() >= due:
                from tqdm.auto import tqdm

                bar = tqdm(total=total, desc="tokens", leave=False)
            if bar is not None:
                bar.update(step + 1 - bar.n)
    finally:
        if bar is not None:
            bar.total = bar.n  # all texts may have ended early: that is no failure
            bar.refresh()
            bar.close()


def _pad_left(prompt_ids: list[list[int]], lm: LanguageModel) -> Prompts:
    longest = max(map(len, prompt_ids))
    gaps = [longest - len(ids) for ids in prompt_ids]
    rows = [
        [lm.padding_id] * gap + ids for gap, ids in zip(gaps, prompt_ids, strict=True)
    ]
    is_token = [[False] * gap + [True] * (longest - gap) for gap in gaps]
    return Prompts(
        torch.tensor(rows, device=lm.device), torch.tensor(is_token, device=lm.device)
    )


def _as_runs(
    lm: LanguageModel,
    prompts: list[str],
    prompt_ids: list[list[int]],
    n: int,
    new_ids: Int[Tensor, "rows steps"],
    traces: Float[Tensor, "4 rows steps"],
) -> Runs:
    stop_ids = set(lm.stop_ids)
    token_ids = [_until_stop(row, stop_ids) for row in new_ids.tolist()]
    lengths = torch.tensor([len(ids) for ids in token_ids])
    is_after_end = torch.arange(new_ids.shape[1]) >= lengths[:, None]
    traces = traces.float().cpu().masked_fill(is_after_end, torch.nan)
    entropy, model_entropy, logprob, temperature = traces.unbind()
    starts = [ids for ids in prompt_ids for _ in range(n)]
    texts = [
        lm.decode(start + [token for token in ids if token not in stop_ids])
        for start, ids in zip(starts, token_ids, strict=True)
    ]
    return Runs(
        texts=texts,
        prompts=[prompt for prompt in prompts for _ in range(n)],
        token_ids=token_ids,
        entropy=entropy,
        model_entropy=model_entropy,
        temperature=temperature,
        logprob=logprob,
    )


def _until_stop(ids: list[int], stop_ids: set[int]) -> list[int]:
    ends = (place for place, token in enumerate(ids, start=1) if token in stop_ids)
    return ids[: next(ends, len(ids))]
