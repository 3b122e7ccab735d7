"""What samplers cost beside the model: time, operations, memory.

    python -m course_utils.recordings costs

makes data/results/costs.json anew, on the storyteller and on random weights of the
shape of GPT-2 with 124 million, for one text and eight at a time, on one thread. Times
are of one machine and count as ratios to plain sampling within the same round. Run it
on an idle machine.
"""

import functools
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
from course_utils.mitigation.adaptive import (
    EDT,
    AdaptiveTemperature,
    DynamicTemperature,
    EntropyTarget,
)
from course_utils.mitigation.mirostat import MirostatV1, MirostatV2
from course_utils.mitigation.noise import (
    ArithmeticSampling,
    EntropyNoise,
    GaussianNoise,
    GumbelNoise,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import (
    Epsilon,
    Eta,
    MinP,
    PLess,
    TopH,
    TopK,
    TopNSigma,
    TopP,
    Typical,
)
from course_utils.model import load_model
from course_utils.recordings.logs import Row, read_log, write_json
from course_utils.recordings.operations import Operations

COMMAND = "python -m course_utils.recordings costs"
SEEDS = tuple(range(12))  # rounds, in each of which all take their turn
SHAPES = ("storyteller", "GPT-2 124M")
BATCHES = (1, 8)
PROMPT, STEPS = 64, 5  # tokens of the prompt, and drawn in a turn
PLAIN = "temperature"
KEPT_TEXTS = 500  # whose embeddings are kept in memory
SAMPLERS: dict[str, Callable[[], list[Processor]]] = {
    PLAIN: lambda: [Temperature(0.8)],
    "top-k 50": lambda: [Temperature(0.8), TopK(50)],
    "top-p 0.9": lambda: [Temperature(0.8), TopP(0.9)],
    "top-k 50, top-p 0.9": lambda: [Temperature(0.8), TopK(50), TopP(0.9)],
    "min-p 0.1": lambda: [Temperature(0.8), MinP(0.1)],
    "typical 0.9": lambda: [Temperature(0.8), Typical(0.9)],
    "epsilon": lambda: [Temperature(0.8), Epsilon(9e-4)],
    "eta": lambda: [Temperature(0.8), Eta(2e-3)],
    "top-n-sigma": lambda: [Temperature(0.8), TopNSigma(1.0)],
    "top-h": lambda: [Temperature(0.8), TopH(0.4)],
    "p-less": lambda: [Temperature(0.8), PLess()],
    "spark": lambda: [AdaptiveTemperature()],
    "target entropy": lambda: [EntropyTarget(2.0)],
    "EDT": lambda: [EDT(1.2, theta=1.0)],
    "dynatemp": lambda: [DynamicTemperature(0.5, 1.5)],
    "mirostat v1": lambda: [Temperature(0.8), MirostatV1(3.0)],
    "mirostat v2": lambda: [Temperature(0.8), MirostatV2(3.0)],
    "noise": lambda: [GaussianNoise(0.5)],
    "entropy noise": lambda: [EntropyNoise(0.1)],
    "Gumbel noise": lambda: [GumbelNoise()],
    "arithmetic": lambda: [Temperature(0.8), ArithmeticSampling()],
}
BY_ENTROPY = ("spark", "target entropy", "EDT", "dynatemp", "entropy noise", "eta")
ADAPTIVE = ("spark", "target entropy", "EDT", "dynatemp")


def settings() -> dict[str, Any]:
    """All that decides what is measured."""
    return {
        "samplers": list(SAMPLERS),
        "batches": list(BATCHES),
        "prompt": PROMPT,
        "steps": STEPS,
        "kept_texts": KEPT_TEXTS,
    }


def record(out: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Take all times, counts and sizes, and write the log to `out`."""
    torch.set_num_threads(1)
    rows = {}
    for shape in SHAPES:
        model = _model(shape)
        for batch in BATCHES:
            rows[f"{shape}, batch {batch}"] = _measured(model, batch, len(seeds), shape)
        del model
    memory = {shape: _memory(shape, len(seeds)) for shape in SHAPES}
    log = {"command": COMMAND, "seeds": list(seeds), "settings": settings()}
    write_json(out, log | {"rows": rows, "memory": memory})


def _model(shape: str) -> Any:
    if shape == "storyteller":
        return load_model("storyteller").model
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config()).eval()


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
def _measured(model: Any, batch: int, rounds: int, shape: str) -> dict[str, Any]:
    """Milliseconds a step in each round, and operations a step."""
    capacity = STEPS * (rounds + 1) + 1
    bench = _Bench.of(model, batch, capacity)
    made = {name: make() for name, make in SAMPLERS.items()}
    scores = [bench.logits + 0.01 * step for step in range(STEPS)]
    ids = [torch.ones(batch, PROMPT + s, dtype=torch.long) for s in range(STEPS)]
    times: dict[str, list[float]] = {name: [] for name in ("model", *made)}
    for turn in tqdm(range(rounds + 1), desc=f"{shape}, batch {batch}"):
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


# Memory, each in a process of its own

_PROBE = """
import sys, torch
from course_utils.recordings.costs import probe
torch.set_num_threads(1)
print(probe(sys.argv[1], int(sys.argv[2])))
"""


def probe(shape: str, kept: int) -> int:
    """Most bytes in memory while 8 texts at a time are read and embeddings are kept.

    An embedding is the mean of a text's last hidden states. They are set beside
    each other once, by cosine, as whoever tracks diversity does.
    """
    import resource

    with torch.inference_mode():
        model = _model(shape)
        width = model.config.n_embd
        store = torch.zeros(kept, width) if kept else None
        for first in range(0, 64, 8):
            texts = torch.randint(0, 1000, (8, 100))
            states = model.transformer(texts).last_hidden_state
            if store is not None:
                store[first : first + 8] = states.mean(dim=1)
        if store is not None:
            unit = torch.nn.functional.normalize(store + 1e-3, dim=-1)
            (unit @ unit.T).mean()
    status = Path("/proc/self/status")
    if status.exists():
        told = status.read_text(encoding="utf-8").split("VmHWM:")[1]
        return int(told.split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _memory(shape: str, rounds: int) -> Row:
    """Peak bytes with and without embeddings, round by round, and what they weigh."""
    peaks: dict[str, list[int]] = {"without": [], "with": []}
    for _ in tqdm(range(rounds), desc=f"memory of {shape}"):
        for name, kept in (("without", 0), ("with", KEPT_TEXTS)):
            command = [sys.executable, "-c", _PROBE, shape, str(kept)]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks[name].append(int(told.stdout))
    model = _model(shape)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return {**peaks, "weights": weights, "an embedding": 4 * model.config.n_embd}


# The log, as notebook 17 reads it


@dataclass(frozen=True, repr=False)
class Costs:
    """Times, operations and memory of samplers beside the model."""

    rows: dict[str, Row]
    memory: dict[str, Row]

    @classmethod
    def read(cls) -> "Costs":
        log = read_log("costs")
        return cls(log["rows"], log["memory"])

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

    def more_memory(self, shape: str) -> list[float]:
        """Peak memory more with embeddings kept, as a share, round by round."""
        row = self.memory[shape]
        return [a / b - 1 for a, b in zip(row["with"], row["without"], strict=True)]
