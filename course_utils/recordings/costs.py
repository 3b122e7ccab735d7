"""What remedies cost beside the model: time, operations, memory.

    python -m course_utils.recordings costs

makes data/results/costs.json anew, on the storyteller and on random weights of the
shape of GPT-2 with 124 million, on one thread: samplers step by step, for one text and
eight at a time; searches for a whole text beside plain sampling. Times are of one
machine and count as ratios to plain sampling within the same round. Run it on an idle
machine.
"""

import functools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from course_utils.forward import Prompts, make_decoder
from course_utils.foundations.validation import Processor
from course_utils.generation import generate
from course_utils.mitigation.contestants import PLAIN
from course_utils.mitigation.contrastive import contrastive_search
from course_utils.mitigation.search import beam_search, diverse_beam_search
from course_utils.mitigation.shootout import CONTESTANTS, Setting, processors_of
from course_utils.model import LanguageModel, load_model
from course_utils.recordings.logs import Row, read_log, write_json
from course_utils.recordings.memory import forget_peak, peak_of
from course_utils.recordings.operations import Operations

COMMAND = "python -m course_utils.recordings costs"
SEEDS = tuple(range(12))  # rounds, in each of which all take their turn
SHAPES = ("storyteller", "GPT-2 124M")
BATCHES = (1, 8)
PROMPT, STEPS = 64, 5  # tokens of the prompt, and drawn in a turn
LENGTH = 24  # tokens of a text that is searched for
KEPT_TEXTS = 500  # whose embeddings are kept in memory
# The contestants that are samplers, each with one setting.
SETTINGS: dict[str, Setting] = {
    PLAIN: {"T": 0.8},
    "top-k": {"T": 0.8, "k": 50},
    "top-p": {"T": 0.8, "p": 0.9},
    "top-k and top-p": {"T": 0.8, "k": 50, "p": 0.9},
    "min-p": {"T": 0.8, "min_p": 0.1},
    "typical": {"T": 0.8, "mass": 0.9},
    "epsilon": {"T": 0.8, "epsilon": 9e-4},
    "eta": {"T": 0.8, "epsilon": 2e-3},
    "top-n-sigma": {"T": 0.8, "n": 1.0},
    "top-h": {"T": 0.8, "alpha": 0.4},
    "p-less": {"T": 0.8},
    "spark": {"highest": 2.5},
    "target entropy": {"bits": 2.0},
    "EDT": {"T": 1.2, "theta": 1.0},
    "dynatemp": {"low": 0.5, "high": 1.5},
    "mirostat v1": {"T": 0.8, "bits": 3.0},
    "mirostat v2": {"T": 0.8, "bits": 3.0},
    "noise": {"sigma": 0.5},
    "noise per text": {"sigma": 0.5},
    "entropy noise": {"epsilon": 0.1},
    "stratified Gumbel": {"T": 0.8},
    "arithmetic": {"T": 0.8},
}
BY_ENTROPY = ("spark", "target entropy", "EDT", "dynatemp", "entropy noise", "eta")
ADAPTIVE = ("spark", "target entropy", "EDT", "dynatemp")
# One text each, after a prompt; searches as their authors use them.
WRITERS: dict[str, Callable[[LanguageModel, str], object]] = {
    "plain": lambda lm, p: generate(lm, p, 1, LENGTH, progress=False),
    "beam search": lambda lm, p: beam_search(lm, p, 5, LENGTH, n_best=1),
    "diverse beams": lambda lm, p: diverse_beam_search(lm, p, 10, 5, 0.5, LENGTH),
    "contrastive": lambda lm, p: contrastive_search(lm, p, 5, 0.6, LENGTH),
}
OPENING = "Once upon a time there was an old"
TRACKED = "embeddings"  # the kind of memory that keeps embeddings of texts


def settings() -> dict[str, Any]:
    """All that decides what is measured."""
    return {
        "samplers": {name: dict(setting) for name, setting in SETTINGS.items()},
        "batches": list(BATCHES),
        "prompt": PROMPT,
        "steps": STEPS,
        "writers": list(WRITERS),
        "length": LENGTH,
        "kept_texts": KEPT_TEXTS,
    }


def record(out: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Take all times, counts and sizes, and write the log to `out`."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        _begin_with_one_thread(out, seeds)
        return
    torch.set_num_threads(1)
    rows, searches = {}, {}
    for shape in SHAPES:
        lm = model_of(shape)
        for batch in BATCHES:
            name = f"{shape}, batch {batch}"
            rows[name] = _samplers(lm.model, batch, len(seeds), name)
        searches[shape] = _searches(lm, len(seeds), shape)
        del lm
    memory = {shape: _memory(shape, len(seeds)) for shape in SHAPES}
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"rows": rows, "searches": searches, "memory": memory})


def _begin_with_one_thread(out: Path, seeds: Sequence[int]) -> None:
    """In a process of its own: once torch is there, other threads stay, and spin.

    Short calls, as those of samplers are, then take up to ten times the processor's
    time.
    """
    command = [sys.executable, "-m", "course_utils.recordings", "costs", "--out"]
    command += [str(out), "--seeds", *map(str, seeds)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def model_of(shape: str) -> LanguageModel:
    """The storyteller, or random weights that ends no text early."""
    lm = load_model("storyteller")
    if shape == "storyteller":
        return lm
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(eos_token_id=None)).eval()
    return LanguageModel(model, lm.tokenizer, shape)


@dataclass
class _Bench:
    """A model in the middle of some texts, ready for one step after the other."""

    decoder: Any
    ids: Tensor
    logits: Float[Tensor, "batch vocab"]

    @classmethod
    def of(cls, model: Any, batch: int, capacity: int) -> "_Bench":
        ones = torch.ones(1, PROMPT, dtype=torch.long)
        decoder = make_decoder(model, Prompts(ones, ones > 0), batch, capacity)
        logits = decoder.read_prompts()
        return cls(decoder, ones.repeat(batch, 1), logits.expand(batch, -1).clone())

    def step(self) -> Tensor:
        return self.decoder.step(self.ids[:, -1])


@torch.inference_mode()
def _samplers(model: Any, batch: int, rounds: int, name: str) -> dict[str, Any]:
    """Milliseconds a step in each round, and operations a step."""
    capacity = STEPS * (rounds + 1) + 1
    bench = _Bench.of(model, batch, capacity)
    made = {who: _processors(who) for who in SETTINGS}
    scores = [bench.logits + 0.01 * step for step in range(STEPS)]
    ids = [torch.ones(batch, PROMPT + s, dtype=torch.long) for s in range(STEPS)]
    times: dict[str, list[float]] = {name: [] for name in ("model", *made)}
    for turn in tqdm(range(rounds + 1), desc=name):
        taken = {"model": _seconds(lambda: [bench.step() for _ in range(STEPS)])}
        for name, processors in made.items():
            turn_of = functools.partial(_sampled, processors, ids, scores)
            taken[name] = _seconds(turn_of)
        for name, seconds in taken.items():
            if turn > 0:  # the first one warms up
                times[name].append(round(1000 * seconds / STEPS, 5))
    with Operations() as counted:
        bench.step()
    operations = {"model": counted.total}
    for name, processors in made.items():
        with Operations() as counted:
            _sampled(processors, ids, scores)
        operations[name] = round(counted.total / STEPS)
    return {"ms": times, "operations": operations}


def _sampled(
    processors: list[Processor], ids: Sequence[Tensor], scores: Sequence[Tensor]
) -> None:
    """What sampling does at some steps, once the model has given its logits."""
    for processor in processors:
        if hasattr(processor, "reset"):
            processor.reset()
    for row, logits in zip(ids, scores, strict=True):
        left = logits
        for processor in processors:
            left = processor(row, left)
        torch.multinomial(left.softmax(dim=-1), 1)


def _seconds(do: Callable[[], object]) -> float:
    begin = time.process_time()
    do()
    return time.process_time() - begin


def _processors(contestant: str) -> list[Processor]:
    return processors_of(CONTESTANTS[contestant], SETTINGS[contestant])


def _searches(lm: LanguageModel, rounds: int, name: str) -> dict[str, Any]:
    """Milliseconds and operations for each token of one text, by whoever writes it."""
    times: dict[str, list[float]] = {who: [] for who in WRITERS}
    for turn in tqdm(range(rounds + 1), desc=f"{name}, searches"):
        for who, write in WRITERS.items():
            seconds = _seconds(functools.partial(write, lm, OPENING))
            if turn > 0:
                times[who].append(round(1000 * seconds / LENGTH, 4))
    operations = {}
    for who, write in WRITERS.items():
        with Operations() as counted:
            write(lm, OPENING)
        operations[who] = round(counted.total / LENGTH)
    return {"ms": times, "operations": operations}


# Memory, each in a process of its own

_PROBE = """
import sys, torch
from course_utils.recordings.costs import probe
torch.set_num_threads(1)
probe(*sys.argv[1:])
"""


def probe(shape: str, kind: str) -> None:
    """What is done to a model while its process's memory is looked at.

    "reading" reads 64 texts, eight at a time, "embeddings" keeps those of 500 besides:
    the mean of a text's last hidden states. They are set beside each other once, by
    cosine, as whoever tracks diversity does. All other kinds write a text: "plain" and
    the searches, or a sampler by its name.
    """
    lm = model_of(shape)
    forget_peak()  # loading takes more than any use
    if kind in ("reading", TRACKED):
        _read(lm, KEPT_TEXTS if kind == TRACKED else 0)
    elif kind in WRITERS:
        WRITERS[kind](lm, OPENING)
    else:
        generate(lm, OPENING, 1, LENGTH, _processors(kind), progress=False)


@torch.inference_mode()
def _read(lm: LanguageModel, kept: int) -> None:
    store = torch.zeros(kept, lm.model.config.n_embd) if kept else None
    for first in range(0, 64, 8):
        texts = torch.randint(0, 1000, (8, 100))
        states = lm.model.transformer(texts).last_hidden_state
        if store is not None:
            store[first : first + 8] = states.mean(dim=1)
    if store is not None:
        unit = torch.nn.functional.normalize(store + 1e-3, dim=-1)
        (unit @ unit.T).mean()


KINDS = ("reading", TRACKED, *WRITERS, "typical", "target entropy")


def _memory(shape: str, rounds: int) -> Row:
    """Peak bytes of each kind, round by round, and what weights and embeddings take."""
    peaks: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for _ in tqdm(range(rounds), desc=f"memory of {shape}"):
        for kind in KINDS:
            peaks[kind].append(peak_of(_PROBE, shape, kind, steady=True))
    model = model_of(shape).model
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return {"peaks": peaks, "weights": weights, "embedding": 4 * model.config.n_embd}


# The log, as notebook 17 reads it


@dataclass(frozen=True, repr=False)
class Costs:
    """Times, operations and memory of remedies beside plain sampling."""

    rows: dict[str, Row]
    searches: dict[str, Row]
    memory: dict[str, Row]

    @classmethod
    def read(cls) -> "Costs":
        log = read_log("costs")
        return cls(log["rows"], log["searches"], log["memory"])

    def more_ms(self, sampler: str, place: str) -> list[float]:
        """Milliseconds a step more than plain sampling takes, round by round.

        place   such as "GPT-2 124M, batch 1"
        """
        times = self.rows[place]["ms"]
        return [a - b for a, b in zip(times[sampler], times[PLAIN], strict=True)]

    def ratio(self, sampler: str, place: str) -> list[float]:
        """A whole step with the sampler over one with plain sampling, by round."""
        times = self.rows[place]["ms"]
        columns = times["model"], times[sampler], times[PLAIN]
        return [(m + s) / (m + p) for m, s, p in zip(*columns, strict=True)]

    def more_operations(self, sampler: str, place: str) -> float:
        """Operations of a whole step more than with plain sampling, as a share."""
        counts = self.rows[place]["operations"]
        plain = counts["model"] + counts[PLAIN]
        return (counts["model"] + counts[sampler]) / plain - 1

    def times_as_long(self, search: str, shape: str) -> list[float]:
        """A text by a search over one by plain sampling, as long, round by round."""
        times = self.searches[shape]["ms"]
        return [a / b for a, b in zip(times[search], times["plain"], strict=True)]

    def times_as_many(self, search: str, shape: str) -> float:
        """Operations of a text by a search over those of one by plain sampling."""
        counts = self.searches[shape]["operations"]
        return counts[search] / counts["plain"]

    def more_memory(self, kind: str, shape: str) -> list[float]:
        """Peak memory more than without it, as a share, round by round."""
        peaks = self.memory[shape]["peaks"]
        base = peaks["reading" if kind == TRACKED else "plain"]
        return [a / b - 1 for a, b in zip(peaks[kind], base, strict=True)]
