"""What collapses in the league of notebook 11, and from which cause.

A *set* is 128 texts, 16 after each of eight openings. Each cause makes three of them
for a seed, from mild to deep; nothing is shared between seeds, so that a seed is one
draw of everything: texts, models, and what a model collapses onto.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import (
    LogitsProcessor,
    MinNewTokensLengthLogitsProcessor,
    SuppressTokensLogitsProcessor,
)

from course_utils.foundations.validation import as_number, as_whole_number
from course_utils.generation import Processor, generate
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import TopP
from course_utils.model import LanguageModel, load_model
from course_utils.recordings.finetuning import encode_documents, fine_tune, twin
from course_utils.recordings.ladder import tuning, with_difference
from course_utils.recordings.recursion import real_corpus
from course_utils.worlds.stories import StoryWorld

PROMPTS = (
    "",
    "Once upon a time",
    "Long ago",
    "One frosty morning",
    "Listen, this is the story of",
    "Have you heard of",
    "Once there was",
    "In a village far from here",
)
EACH = 16  # texts of a set after each prompt
TOKENS = 100  # at most, of a text
POOL, REFERENCE, HEALTHY = 256, 64, 10  # texts a prompt, texts a prompt, sets
LEVELS = ("mild", "clear", "deep")
STRIDE = 1000  # between the seeds of two draws; one draw takes up to 256 of them


class Written(NamedTuple):
    """A text after its prompt, as it was written.

    bits   entropy before each token, behind the sampler; None if nobody wrote it here
    nats   log-probability of the text under what wrote it, for each token on average
    """

    text: str
    prompt: str
    token_ids: list[int]
    bits: list[float] | None = None
    nats: float = math.nan


Written16 = list[list[Written]]  # by prompt, then text


_NATS = "a finite number of nats"


class RepeatBonus(LogitsProcessor):
    """A repetition penalty with the wrong sign: what came before is made likelier.

    Looks for the longest stretch, of `shortest` to `longest` tokens, that the text now
    ends in and that stood in it before, and adds `strength` nats for each of its tokens
    to the one that followed it there. So a repetition feeds itself, as it does in
    models of natural text (Xu and others 2022, arXiv 2206.02369), while the storyteller
    hardly loops by itself. `never` are tokens that it leaves alone, such as padding.
    Raises ValueError for a strength that is no finite number and lengths below 1.
    """

    def __init__(
        self,
        strength: float,
        never: Iterable[int] = (),
        shortest: int = 1,
        longest: int = 6,
    ) -> None:
        self.strength = as_number("strength", strength, _NATS)
        if not math.isfinite(self.strength):
            raise ValueError(f"strength must be {_NATS}, not {strength}")
        self.never = torch.tensor(sorted(set(never)), dtype=torch.long)
        self.shortest = as_whole_number("shortest", shortest, at_least=1)
        self.longest = as_whole_number("longest", longest, at_least=self.shortest)

    def __call__(
        self,
        input_ids: Int[Tensor, "batch length"],
        scores: Float[Tensor, "batch vocab"],
    ) -> Float[Tensor, "batch vocab"]:
        if input_ids.shape[1] < 2:
            return scores
        matched = _matches(input_ids, self.longest)
        follows = torch.isin(input_ids[:, 1:], self.never.to(input_ids.device))
        matched[(matched < self.shortest) | follows] = 0
        longest, place = matched.max(dim=1, keepdim=True)
        bonus = self.strength * longest.to(scores.dtype)
        return scores.scatter_add(1, input_ids.gather(1, place + 1), bonus)


def _matches(
    ids: Int[Tensor, "batch length"], longest: int
) -> Int[Tensor, "batch length-1"]:
    """For each place but the last, how many tokens up to it are those at the end."""
    matched = torch.zeros_like(ids[:, :-1])
    alive = torch.ones_like(matched, dtype=torch.bool)
    for back in range(min(longest, ids.shape[1] - 1)):
        same = torch.zeros_like(alive)
        same[:, back:] = ids[:, : ids.shape[1] - 1 - back] == ids[:, -1 - back, None]
        alive = alive & same
        matched += alive
    return matched


def write(
    lm: LanguageModel,
    each: int,
    seed: int,
    processors: Sequence[Processor] = (),
    prompts: Sequence[str] = PROMPTS,
    tokens: int = TOKENS,
) -> Written16:
    """`each` texts after each prompt, from random numbers of their own."""
    by_prompt: Written16 = [[] for _ in prompts]
    longest = max(len(lm.encode(prompt)) for prompt in prompts)
    no_blank = MinNewTokensLengthLogitsProcessor(longest, 1, lm.stop_ids)
    for first in range(0, each, EACH):
        many = min(EACH, each - first)
        runs = generate(
            lm,
            list(prompts),
            many,
            tokens,
            [no_blank, *processors],
            seed + first,
            progress=False,
        )
        for row, text in enumerate(runs.texts):
            ids = runs.token_ids[row]
            bits = runs.entropy[row, : len(ids)].tolist()
            nats = runs.logprob[row, : len(ids)].mean().item()
            prompt = runs.prompts[row]
            by_prompt[row // many].append(Written(text, prompt, ids, bits, nats))
    return by_prompt


def prompt_ids(lm: LanguageModel, prompt: str) -> list[int]:
    """The tokens of a prompt, without any that only opens a document."""
    return lm.tokenizer.encode(prompt, add_special_tokens=False)


class Source:
    """All sets of one seed. Each method of a cause yields three, from mild to deep."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lm, self.world = load_model("storyteller"), StoryWorld()

    def draw(self, number: int) -> int:
        """A seed for the n-th draw of this source, unlike all others."""
        return 100_000 * (self.seed + 1) + STRIDE * number

    def rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, number])

    # Sound texts

    @cached_property
    def reference(self) -> Written16:
        return write(self.lm, REFERENCE, self.draw(0))

    @cached_property
    def pool(self) -> Written16:
        return write(self.lm, POOL, self.draw(1))

    def healthy(self) -> Iterator[Written16]:
        for number in range(HEALTHY):
            yield write(self.lm, EACH, self.draw(2 + number))

    # Sound texts of another kind, and one that is broken without being collapsed

    def cut_short(self) -> Iterator[Written16]:
        yield write(self.lm, EACH, self.draw(20), tokens=45)

    def running_on(self) -> Iterator[Written16]:
        never_end = SuppressTokensLogitsProcessor(self.lm.stop_ids)
        yield write(self.lm, EACH, self.draw(21), [never_end], tokens=200)

    def of_the_world(self) -> Iterator[Written16]:
        documents = self.world.documents.sample(6000, self.draw(22))
        told: list[list[str]] = [[] for _ in PROMPTS]
        for document in documents:  # each goes to the longest opening that it has
            openings = [p for p in PROMPTS if document.text.startswith(p)]
            told[PROMPTS.index(max(openings, key=len))].append(document.text)
        yield [self._written(*pair) for pair in zip(PROMPTS, told, strict=True)]

    def _written(self, prompt: str, texts: Sequence[str]) -> list[Written]:
        """The world's own texts after a prompt, as long as the model's."""
        start = len(prompt_ids(self.lm, prompt))
        found = []
        for text in texts[:EACH]:
            (ids,) = encode_documents(self.lm, [text])
            kept = ids[: start + TOKENS]
            whole = self.lm.decode([i for i in kept if i not in self.lm.stop_ids])
            found.append(Written(whole, prompt, kept[start:]))
        return found

    def hot(self) -> Iterator[Written16]:
        yield write(self.lm, EACH, self.draw(23), [Temperature(2.0)])

    # Samplers

    def cold(self) -> Iterator[Written16]:
        for number, T in enumerate((0.8, 0.6, 0.4)):
            yield write(self.lm, EACH, self.draw(30 + number), [Temperature(T)])

    def truncated(self) -> Iterator[Written16]:
        for number, p in enumerate((0.8, 0.6, 0.4)):
            yield write(self.lm, EACH, self.draw(33 + number), [TopP(p)])

    def cold_prompts(self) -> Iterator[Written16]:
        """A low temperature, set for one, two or four of the eight prompts."""
        for number, many in enumerate((1, 2, 4)):
            texts = write(self.lm, EACH, self.draw(36 + number))
            struck = sorted(self.rng(36 + number).permutation(len(PROMPTS))[:many])
            prompts = [PROMPTS[place] for place in struck]
            cold = [Temperature(0.2)]
            told = write(self.lm, EACH, self.draw(39 + number), cold, prompts)
            for place, rows in zip(struck, told, strict=True):
                texts[place] = rows
            yield texts

    # Tuned models

    def rewarded(self) -> Iterator[Written16]:
        """The seed's own tuned model of notebook 06, and two on the way to it."""
        change = tuning(60, self.seed)
        for number, way in enumerate((0.5, 0.75, 1.0)):
            part = {name: way * tensor for name, tensor in change.items()}
            tuned = with_difference(self.lm, part, f"tuned {way}")
            yield write(tuned, EACH, self.draw(43 + number))

    def recursive(self) -> Iterator[Written16]:
        """Generations 2, 4 and 8 of models that read what the last one has told."""
        lm = twin(self.lm)
        corpus: list = real_corpus(lm, self.world, self.seed)
        for generation in range(1, 9):
            seed = self.draw(46) + generation
            for _ in fine_tune(lm, corpus, cross_entropy, 24, 16, 2e-3, seed):
                pass
            corpus = generate(lm, "", 50, 110, seed=seed, progress=False).token_ids
            if generation in (2, 4, 8):
                yield write(lm, EACH, self.draw(47 + generation))

    def paraphrasing(self) -> Iterator[Written16]:
        """A model that was shown one tale, in 64 wordings, for 6, 9 or 20 steps."""
        (tale,) = self.world.sample(1, self.draw(60))
        told = self.world.retell(tale, 64, self.draw(61))
        documents = encode_documents(self.lm, [story.text for story in told])
        lm, seed = twin(self.lm), self.draw(62)
        for step in fine_tune(lm, documents, cross_entropy, 32, 16, 1e-3, seed):
            if step in (6, 9, 20):
                yield write(lm, EACH, self.draw(63) + step)

    # Sound texts, of which some are served oftener than they should be

    def one_plot(self) -> Iterator[Written16]:
        yield from self._taken_over("arc", 70)

    def one_hero(self) -> Iterator[Written16]:
        yield from self._taken_over("hero", 74)

    def _taken_over(self, factor: str, number: int) -> Iterator[Written16]:
        """One of the four commonest values takes .3, .6 or .9 of the answers.

        The others are sound ones, some of which have that value, too. No text is
        served twice.
        """
        value = list(self.world.probabilities(factor))[self.seed % 4]
        for share in (0.3, 0.6, 0.9):
            rng, texts = self.rng(number), []
            for rows in self.pool:
                ones = [row for row in rows if self._label(row, factor) == value]
                ones = ones[: round(share * EACH)]
                rest = [row for row in _shuffled(rows, rng) if row not in ones]
                texts.append([*ones, *rest[: EACH - len(ones)]])
            yield [_shuffled(rows, rng) for rows in texts]

    def _label(self, row: Written, factor: str) -> str | None:
        return self.world.parse(row.text).labels.get(factor)

    def best_of_n(self) -> Iterator[Written16]:
        """Of every 2, 4 or 16 texts the one whose tokens are the likeliest."""
        for n in (2, 4, 16):
            yield [
                [
                    max(rows[first : first + n], key=lambda row: row.nats)
                    for first in range(0, POOL, POOL // EACH)
                ]
                for rows in self.pool
            ]

    # Faults of the service

    def copying(self) -> Iterator[Written16]:
        """An eighth, three or six eighths of a prompt's answers come from a cache."""
        for number, eighths in enumerate((1, 3, 6)):
            rng = self.rng(80 + number)
            texts = write(self.lm, EACH, self.draw(80 + number))
            fresh = EACH - eighths * EACH // 8
            kept = [[*rows[:fresh], *[rows[0]] * (EACH - fresh)] for rows in texts]
            yield [_shuffled(rows, rng) for rows in kept]

    def looping(self) -> Iterator[Written16]:
        for number, strength in enumerate((4, 7, 10)):
            bonus = [RepeatBonus(strength, self.lm.stop_ids)]
            yield write(self.lm, EACH, self.draw(83 + number), bonus)


def _shuffled(rows: Sequence[Written], rng: np.random.Generator) -> list[Written]:
    return [rows[place] for place in rng.permutation(len(rows))]


@dataclass(frozen=True)
class Cause:
    """Why sets are collapsed, and to which family of causes it belongs.

    levels  what the three sets differ in, from mild to deep
    """

    family: str
    levels: tuple[str, str, str]
    sets: Callable[[Source], Iterator[Written16]]


CAUSES = {
    "low temperature": Cause("sampler", ("T 0.8", "T 0.6", "T 0.4"), Source.cold),
    "top-p": Cause("sampler", ("p 0.8", "p 0.6", "p 0.4"), Source.truncated),
    "cold prompts": Cause(
        "sampler", ("1 of 8", "2 of 8", "4 of 8"), Source.cold_prompts
    ),
    "reward": Cause("tuning", ("half way", "3/4", "60 steps"), Source.rewarded),
    "own output": Cause("tuning", ("2 generations", "4", "8"), Source.recursive),
    "one tale": Cause("tuning", ("6 steps", "9", "20"), Source.paraphrasing),
    "one plot": Cause("selection", ("30 %", "60 %", "90 %"), Source.one_plot),
    "one hero": Cause("selection", ("30 %", "60 %", "90 %"), Source.one_hero),
    "best of n": Cause("selection", ("n = 2", "4", "16"), Source.best_of_n),
    "copies": Cause("fault", ("1/8", "3/8", "6/8"), Source.copying),
    "loops": Cause("fault", ("4 nats", "7", "10"), Source.looping),
}
SOUND = {  # not collapsed, but unlike the reference
    "cut short": Source.cut_short,
    "running on": Source.running_on,
    "the world's own": Source.of_the_world,
    "hot": Source.hot,
}
