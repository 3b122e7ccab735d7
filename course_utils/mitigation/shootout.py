"""A contest at an equal budget: who writes what for so many tokens of the model?

A *contestant* is a way to get texts out of a model, with the settings it may try. It is
asked for texts until its budget is spent. What counts is every token that the model has
read or written for it: prompts, candidates of a search, texts that were thrown away.
So a remedy that needs five tales to keep one is set beside five plain tales.
"""

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from course_utils.foundations.validation import Processor, as_seed, as_whole_number
from course_utils.generation import Runs, generate
from course_utils.model import LanguageModel

Setting = Mapping[str, Any]  # of numbers and words, as JSON has them
MAX_NEW_TOKENS = 110  # any tale, with a header
AT_ONCE = 72  # texts that a contestant is asked for
SHORT = 40  # tokens that a text is taken to cost until one is there
EMPTY_ROUNDS = 20  # batches in a row without a text, after which nobody waits


class Batch(NamedTuple):
    """Some texts, and for each how many tokens of the model it has cost.

    A text may cost more than its own tokens: its prompt, the candidates that a search
    has looked at, texts that were thrown away. What was thrown away at the end, after
    the last text, stands in `wasted`.
    """

    texts: list[str]
    costs: list[int]
    wasted: int = 0


@dataclass(frozen=True)
class Contestant:
    """A way to write, and the settings that it may try.

    write       write(lm, n, seed, **setting): a `Batch` of up to n texts
    candidates  its settings; a contest tries each on seeds that nobody is judged by
    published   settings that are judged in any case: as their authors use them
    notebook    where it is built
    draws       whether other seeds give other texts; if not, it is asked once
    make        of a sampler, what gives its processors for a setting; None for others
    """

    name: str
    write: Callable[..., Batch]
    candidates: tuple[Setting, ...]
    published: tuple[Setting, ...] = ()
    notebook: str = ""
    draws: bool = True
    make: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"name must be a name, not {self.name!r}")
        if not self.candidates:
            raise ValueError(
                f"candidates of {self.name!r} is empty; allowed: at least one setting, "
                'such as {"T": 1.2}'
            )
        for setting in (*self.candidates, *self.published):
            _check_plain(self.name, setting)

    def settings(self) -> list[Setting]:
        """The candidates, then the published ones that are not among them."""
        return [
            *self.candidates,
            *(each for each in self.published if each not in self.candidates),
        ]


CONTESTANTS: dict[str, Contestant] = {}  # all that are registered, by name


def register(entry: Contestant, replace: bool = False) -> Contestant:
    """Let a contestant take part. Raises ValueError where its name is taken."""
    if entry.name in CONTESTANTS and not replace:
        raise ValueError(
            f"name {entry.name!r} is taken; allowed is any other (there are "
            f"{len(CONTESTANTS)} contestants)"
        )
    CONTESTANTS[entry.name] = entry
    return entry


def contestant(name: str, *candidates: Setting) -> Callable[[Callable], Callable]:
    """Registers the sampler below it for the shoot-out, with settings to try.

        @contestant("mine", {"T": 1.2}, {"T": 1.5})
        def mine(T):
            return [Temperature(T), MinP(0.1)]

    The function returns processors, for each of its settings; a class of processors
    will do, too. It is given `seed` if it asks for one. A name that was registered
    this way before may be given again: the new function takes its place. Raises
    ValueError for a name of the course's own contestants, and for settings that are
    no dictionaries of plain numbers and words. Built in notebook 17.
    """

    def decorate(make: Callable) -> Callable:
        known = CONTESTANTS.get(name)
        is_own = known is not None and known.notebook == OWN
        register(sampler(name, make, candidates or ({},), OWN), replace=is_own)
        return make

    return decorate


OWN = "yours"  # the notebook of those that a learner has registered


# What contestants do


def sampler(
    name: str,
    make: Callable[..., Any],
    candidates: Sequence[Setting],
    notebook: str,
    published: Sequence[Setting] = (),
) -> Contestant:
    """A contestant from processors: `make(**setting)` gives one, or a list.

    `make` is given `seed`, too, if it asks for one.
    """

    def write(lm: LanguageModel, n: int, seed: int, /, **setting: Any) -> Batch:
        return told(lm, "", n, _processors(make, setting, seed), seed)

    settings = tuple(candidates), tuple(published)
    return Contestant(name, write, *settings, notebook, make=make)


def processors_of(
    entry: Contestant, setting: Setting, seed: int = 0
) -> list[Processor]:
    """What a sampler with some setting hands to `generate`.

    Raises ValueError for a contestant that is no sampler.
    """
    if entry.make is None:
        raise ValueError(f"contestant {entry.name!r} is no sampler")
    return _processors(entry.make, setting, seed)


def _processors(
    make: Callable[..., Any], setting: Setting, seed: int
) -> list[Processor]:
    wants_seed = "seed" in inspect.signature(make).parameters
    made = make(**setting, seed=seed) if wants_seed else make(**setting)
    return list(made) if isinstance(made, list | tuple) else [made]


def told(
    lm: LanguageModel,
    prompt: str | Sequence[str],
    n: int,
    processors: Sequence[Any],
    seed: int,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> Batch:
    """n texts after each prompt by plain sampling; each pays for its prompt, too."""
    room = max_new_tokens
    if lm.context_length is not None:
        prompts = [prompt] if isinstance(prompt, str) else prompt
        longest = max(len(lm.encode(each)) for each in prompts)
        room = max(1, min(room, lm.context_length - longest))
    runs = generate(lm, prompt, n, room, processors, seed, progress=False)
    return Batch(runs.texts, costs_of(lm, runs))


def costs_of(lm: LanguageModel, runs: Runs) -> list[int]:
    """Tokens of each row: those of its prompt, and those drawn."""
    prompts = {prompt: len(lm.encode(prompt)) for prompt in set(runs.prompts)}
    rows = zip(runs.prompts, runs.token_ids, strict=True)
    return [prompts[prompt] + len(ids) for prompt, ids in rows]


# The budget


class Written(NamedTuple):
    """What a contestant wrote for its budget: its texts, and all tokens spent."""

    texts: list[str]
    tokens: int


def write_within(
    entry: Contestant,
    setting: Setting,
    lm: LanguageModel,
    budget: int,
    seed: int,
    at_once: int = AT_ONCE,
) -> Written:
    """Texts of a contestant for at most `budget` tokens of the model.

    Texts are taken in order while their costs fit. A contestant that draws no lots is
    asked once, and may leave most of its budget; one that finds no more texts ends
    early. Raises ValueError for bad arguments, and where a contestant's batch is none.
    Built in notebook 17.
    """
    budget = as_whole_number("budget", budget, at_least=1)
    at_once = as_whole_number("at_once", at_once, at_least=1)
    texts, spent, empty = list[str](), 0, 0
    number = 1000 * as_seed(seed)  # batches of other seeds have other numbers
    while True:
        each = spent / len(texts) if texts else SHORT
        many = min(at_once, max(1, math.ceil((budget - spent) / each)))
        batch = entry.write(lm, many, number, **setting)
        _check_batch(entry.name, batch)
        for text, cost in zip(batch.texts, batch.costs, strict=True):
            if spent + cost > budget:
                return Written(texts, spent)
            texts.append(text)
            spent += cost
        spent += batch.wasted
        empty = 0 if batch.texts else empty + 1
        if not entry.draws or spent >= budget or empty == EMPTY_ROUNDS:
            return Written(texts, min(spent, budget))
        number += 1


def _check_batch(name: str, batch: Any) -> None:
    if not isinstance(batch, Batch) or len(batch.texts) != len(batch.costs):
        raise ValueError(
            f"contestant {name!r} must return a Batch with a cost for each text, not "
            f"{batch!r:.80}"
        )
    if any(cost < 1 for cost in batch.costs) or (not batch.texts and batch.wasted < 1):
        raise ValueError(
            f"contestant {name!r} says that a text has cost nothing; each costs at "
            "least 1 token"
        )


def _check_plain(name: str, setting: Any) -> None:
    """Settings are keys of stored results: they must be the same when read again."""
    try:
        same = isinstance(setting, Mapping) and json.loads(
            json.dumps(dict(setting), allow_nan=False)
        ) == dict(setting)
    except (TypeError, ValueError):
        same = False
    if not same:
        raise ValueError(
            f"settings of {name!r} must be dictionaries of plain numbers and words, "
            f"such as {{'T': 1.2}}, not {setting!r:.60}"
        )
