"""The world of the storyteller: children's tales whose true distribution is known.

A tale is an opening, five beats of an arc and an ending, filled from eight independent
factors. Because each text has exactly one derivation, its probability, every entropy
and every next-token distribution can be computed, not estimated. Whatever a model
trained on these tales does differently is the model's doing. Built on in notebook 00.
"""

import copy
import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.worlds.grammar import (
    Choices,
    Grammar,
    Node,
    Phrase,
    Walk,
    entropy_of,
    expand_phrases,
    split_words,
    zipf,
)

FACTORS = ("arc", "hero", "animal", "place", "object", "trait", "opening", "mood")
DRAWN = ("hero", "animal", "place", "object", "trait")  # fill slots; the rest label
BEATS = 5
ENDING = BEATS + 2  # stages of a tale: 0 header, 1 opening, 2-6 beats, 7 ending
END = ""  # the "word" that ends a document
NEXT_TALE = "\n"  # the word between the tales of a collection

Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """One tale and the factors it was made from."""

    text: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Document:
    """What the storyteller reads in training: a tale, perhaps with a header, or 2-4.

    `kind` is "plain", "words" or "about"; `shared` names what a collection shares.
    """

    text: str
    kind: str
    stories: tuple[Labels, ...]
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is not a tale of this world.

    `kind` is "grammar" (a word that can't stand there), "consistency" (a name or thing
    changed within the tale) or "unfinished"; `position` counts characters.
    """

    kind: str
    position: int
    found: str
    message: str


@dataclass(frozen=True, slots=True)
class Parse:
    """What a text is in this world.

    `valid`: at least one tale is complete and nothing wrong is said anywhere; a text
    cut off within a later tale of a collection is still valid, but not `finished`.
    `labels` are those of the first tale, as far as it got; `stories` the complete ones.
    """

    valid: bool
    finished: bool
    labels: Labels
    stories: tuple[Labels, ...]
    valid_prefix: str
    fault: Fault | None

    def __str__(self) -> str:
        if self.fault is None or self.valid:
            hero, arc = self.labels["hero"], self.labels["arc"]
            return f"valid: {arc} with {hero} ({len(self.stories)} complete)"
        return f"not valid ({self.fault.kind}): {self.fault.message}"


class StoryWorld:
    """The distribution over tales and documents, exact in every respect.

    Entropies and log-probabilities are in nats.
    """

    def __init__(self) -> None:
        self.data = _read_data()
        self.grammar = Grammar(_forms(self.data))
        self._probabilities = _factor_probabilities(self.data)
        self._build_tries()

    # --- what is true -----------------------------------------------------------

    def probabilities(self, factor: str) -> dict[str, float]:
        """The true distribution of one factor, commonest value first."""
        if factor not in self._probabilities:
            raise ValueError(f"factor is {factor!r}; allowed: {', '.join(FACTORS)}")
        return dict(self._probabilities[factor])

    def entropy(self, factor: str | None = None) -> float:
        """Exact entropy in nats of a tale (None) or of one factor."""
        if factor is not None:
            return entropy_of(self.probabilities(factor).values())
        phrasing = self._openings.entropy() + self._endings.entropy()
        for arc, beats in self._beats.items():
            p = self._probabilities["arc"][arc]
            phrasing += p * sum(beat.entropy() for beat in beats)
        return phrasing + sum(self.entropy(factor) for factor in ("arc", *DRAWN))

    def document_entropy(self) -> float:
        """Exact entropy in nats of a document, header and collection included."""
        documents = self.data["documents"]
        kinds = {kind: documents[kind] for kind in ("plain", "words", "about")}
        total = entropy_of(kinds.values())
        total += (1 - kinds["plain"]) * self.entropy()
        sizes = _collection_sizes(documents["another_tale"])
        total += kinds["plain"] * entropy_of(sizes)
        for size, p in enumerate(sizes, start=1):
            told = size * self.entropy() - self._shared_information(size)
            total += kinds["plain"] * p * told
        return total

    def _shared_information(self, size: int) -> float:
        """How many nats the tales of a collection of `size` tell about each other."""
        if size == 1:
            return 0.0
        shared = self.data["documents"]["shared"]
        grids = np.meshgrid(
            *(np.array(list(self._probabilities[f].values())) for f in shared),
            indexing="ij",
        )
        first = math.prod(grids)
        matches = [p ** (size - 1) for p in grids]  # all later tales agree by chance
        weights = list(shared.values())
        total = 0.0
        for agree in _subsets(len(weights)):
            chance = _chance_of_agreement(agree, matches, weights)
            ratio = sum(weights[i] / matches[i] for i in agree)
            total += float((first * chance * np.log(ratio)).sum())
        return total

    # --- sampling ---------------------------------------------------------------

    def sample(self, n: int, seed: int = 0) -> list[Story]:
        """Draw n independent tales (no headers, no collections)."""
        _check_count(n)
        return self._tell(n, np.random.default_rng(seed), {})

    def sample_documents(self, n: int, seed: int | Sequence[int] = 0) -> list[Document]:
        """Draw n independent documents, the storyteller's training text.

        `seed` is whatever numpy's `default_rng` takes for one.
        """
        _check_count(n)
        rng = np.random.default_rng(seed)
        settings = self.data["documents"]
        kinds = rng.choice(
            ["plain", "words", "about"],
            size=n,
            p=[settings["plain"], settings["words"], settings["about"]],
        )
        sizes = 1 + rng.choice(4, size=n, p=_collection_sizes(settings["another_tale"]))
        sizes[kinds != "plain"] = 1
        shared = rng.choice(
            list(settings["shared"]), size=n, p=list(settings["shared"].values())
        )
        first = self._tell(n, rng, {})
        tales = [[story] for story in first]
        for rank in (2, 3, 4):
            self._add_tales(tales, np.flatnonzero(sizes >= rank), shared, rng)
        return [
            self._document(*parts) for parts in zip(kinds, tales, shared, strict=True)
        ]

    def _add_tales(
        self,
        tales: list[list[Story]],
        which: np.ndarray,
        shared: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Tell one more tale in each of the documents `which`."""
        for factor in self.data["documents"]["shared"]:
            rows = [i for i in which if shared[i] == factor]
            fixed = {factor: [tales[i][0].labels[factor] for i in rows]}
            for i, story in zip(rows, self._tell(len(rows), rng, fixed), strict=True):
                tales[i].append(story)

    def _document(self, kind: str, tales: list[Story], shared: str) -> Document:
        text = NEXT_TALE.join(story.text for story in tales)
        if kind != "plain":
            header = self.data["headers"][kind].format(**self._filling(tales[0].labels))
            text = header + NEXT_TALE + text
        labels = tuple(story.labels for story in tales)
        return Document(text, str(kind), labels, str(shared) if tales[1:] else None)

    def _tell(
        self, n: int, rng: np.random.Generator, fixed: Mapping[str, list[str]]
    ) -> list[Story]:
        """Tell n tales; `fixed` gives some factors' values, one for each tale."""
        drawn = {}
        for factor in ("arc", *DRAWN):
            truth = self._probabilities[factor]
            drawn[factor] = fixed.get(factor) or rng.choice(
                list(truth), size=n, p=list(truth.values())
            )
        uniforms = rng.random((n, BEATS + 2)).tolist()
        rows = zip(*(map(str, values) for values in drawn.values()), strict=True)
        return [
            self._tell_one(dict(zip(drawn, row, strict=True)), us)
            for row, us in zip(rows, uniforms, strict=True)
        ]

    def _tell_one(self, labels: Labels, uniforms: list[float]) -> Story:
        """Choose the phrasings of a tale (one number in [0, 1) each) and fill them."""
        points = (self._openings, *self._beats[labels["arc"]], self._endings)
        told = [c.pick(u) for c, u in zip(points, uniforms, strict=True)]
        labels |= dict(p.label for p in told if p.label)
        text = "".join(p.template for p in told).format(**self._filling(labels))
        return Story(text, {factor: labels[factor] for factor in FACTORS})

    def _filling(self, labels: Labels) -> dict[str, str]:
        filling: dict[str, str] = {}
        for factor, values in self.grammar.forms.items():
            filling |= values[labels[factor]]
        return filling

    # --- reading ----------------------------------------------------------------

    def log_prob(self, text: str) -> float:
        """Exact log-probability in nats of `text` as a whole document; -inf if none."""
        reading = Reading(self)
        total = 0.0
        for word in (*split_words(text), END):
            p = reading.advance(word)
            if p == 0:
                return -math.inf
            total += math.log(p)
        return total

    def story_log_prob(self, text: str) -> float:
        """Exact log-probability in nats of `text` as one tale, as `sample` draws it."""
        telling = Telling(self)
        total = 0.0
        for word in split_words(text):
            p = 0.0 if telling.done else telling.advance(word)
            if p == 0:
                return -math.inf
            total += math.log(p)
        return total if telling.done else -math.inf

    def parse(self, text: str) -> Parse:
        """Read `text` as far as it is a document of this world."""
        reading = Reading(self)
        words = split_words(text)
        position = 0
        for i, word in enumerate(words):
            if reading.advance(word) == 0:
                last = i == len(words) - 1
                fault = reading.explain(word, position, last)
                return reading.report(text[:position], fault, finished=False)
            position += len(word)
        if reading.between_tales:
            return reading.report(text, None, finished=True)
        return reading.report(text, reading.explain(None, position), finished=False)

    def reading(self) -> "Reading":
        """A reader at the start of a document, to be fed word by word."""
        return Reading(self)

    # --- the oracle -------------------------------------------------------------

    def oracle(self, tokenizer: Any) -> "Oracle":
        """The true next-token distribution, token by token, for a byte-level BPE."""
        return Oracle(self, tokenizer)

    def next_token_distribution(
        self, prefix: str | Sequence[int], tokenizer: Any
    ) -> Float[Tensor, " vocab"]:
        """The true distribution of the token after `prefix` (text or token ids).

        An empty prefix is the start of a document; the end of a document is the
        tokenizer's `eos_token`. Tokens with probability above 0 are the valid ones.
        Raises ValueError where `prefix` can't occur in this world.
        Built on in notebook 00.
        """
        if isinstance(prefix, str):
            prefix = tokenizer.encode(prefix, add_special_tokens=False)
        oracle = self.oracle(tokenizer)
        for token in prefix:
            oracle.push(int(token))
        return oracle.distribution()

    # --- construction -----------------------------------------------------------

    def _build_tries(self) -> None:
        data, skew = self.data, self.data["skew"]["phrasing"]
        probabilities = self._probabilities
        self._openings = Choices(
            [
                phrase
                for style, p in probabilities["opening"].items()
                for phrase in expand_phrases(
                    data["openings"][style], skew, p, ("opening", style)
                )
            ]
        )
        self._endings = Choices(
            [
                phrase
                for mood, p in probabilities["mood"].items()
                for phrase in expand_phrases(
                    _spaced(data["endings"][mood]), skew, p, ("mood", mood)
                )
            ]
        )
        self._beats = {
            arc: [
                Choices(expand_phrases(_spaced(beat), skew, 1.0, ("arc", arc)))
                for beat in beats
            ]
            for arc, beats in data["arcs"].items()
        }
        first = [
            replace(phrase, weight=phrase.weight * probabilities["arc"][arc])
            for arc, beats in self._beats.items()
            for phrase in beats[0].phrases
        ]
        trie = self.grammar.trie
        self._opening_trie = trie(self._openings.phrases)
        self._ending_trie = trie(self._endings.phrases)
        self._beat_tries = {
            arc: [trie(beat.phrases) for beat in beats]
            for arc, beats in self._beats.items()
        }
        self._first_beat_trie = trie(first)
        self._header_tries = {
            kind: trie([Phrase(text + NEXT_TALE, 1.0)])
            for kind, text in data["headers"].items()
        }


class Telling:
    """One tale being read word by word: where it stands and what it has settled.

    `given` fixes factors from outside (what a collection shares); a header is read
    first and settles its own.
    """

    def __init__(
        self,
        world: StoryWorld,
        given: Mapping[str, str] | None = None,
        header: Node | None = None,
    ) -> None:
        given = dict(given or {})
        self.world = world
        self.headed = header is not None
        self.arc = given.pop("arc", None)
        self.labels: Labels = {}
        self.stage = 0 if self.headed else 1
        possible = {factor: world._probabilities[factor] for factor in DRAWN}
        possible |= {factor: {value: 1.0} for factor, value in given.items()}
        self.walk = Walk(world.grammar, header or self._trie(), possible)

    def copy(self) -> "Telling":
        twin = copy.copy(self)
        twin.labels, twin.walk = dict(self.labels), self.walk.copy()
        return twin

    @property
    def done(self) -> bool:
        return self.stage == ENDING + 1

    def _trie(self) -> Node:
        """The trie of the present stage (0 header, 1 opening, beats, ending)."""
        if self.stage == 1:
            return self.world._opening_trie
        if self.stage == ENDING:
            return self.world._ending_trie
        if self.stage == 2 and self.arc is None:
            return self.world._first_beat_trie
        return self.world._beat_tries[self.arc][self.stage - 2]

    def advance(self, word: str) -> float:
        """Take one word; return its probability, 0.0 (and stay put) if impossible."""
        p = self.walk.advance(word)
        phrase = self.walk.phrase if p else None
        if phrase is not None:
            self._finish(phrase)
        return p

    def _finish(self, phrase: Phrase) -> None:
        if phrase.label is not None:
            factor, value = phrase.label
            self.labels[factor] = value
            self.arc = self.labels.get("arc", self.arc)
        self.stage += 1
        if not self.done:
            self.walk.node = self._trie()

    def known(self) -> Labels:
        """The factors that the words so far have settled, in the order of FACTORS."""
        possible = self.walk.possible
        settled = {f: next(iter(v)) for f, v in possible.items() if len(v) == 1}
        settled |= self.labels
        return {factor: settled[factor] for factor in FACTORS if factor in settled}


@dataclass(slots=True)
class Hypothesis:
    """One way to understand the tale at hand: its posterior weight, what is shared."""

    weight: float
    telling: Telling
    shared: str | None = None


class Reading:
    """A document being read word by word, with the exact posterior over its kind.

    Within a collection nobody says which factor the tales share: each possibility is
    a hypothesis, and every word that one of them foresaw better moves the weights.
    """

    def __init__(self, world: StoryWorld) -> None:
        self.world = world
        self._begin_document()

    def _begin_document(self) -> None:
        settings = self.world.data["documents"]
        self.stories: list[Labels] = []
        self.between_tales = False
        self.hypotheses = [Hypothesis(settings["plain"], Telling(self.world))]
        for kind, header in self.world._header_tries.items():
            telling = Telling(self.world, header=header)
            self.hypotheses.append(Hypothesis(settings[kind], telling))

    def copy(self) -> "Reading":
        twin = copy.copy(self)
        twin.stories = list(self.stories)
        twin.hypotheses = [
            replace(h, telling=h.telling.copy()) for h in self.hypotheses
        ]
        return twin

    def shared_posterior(self) -> dict[str, float]:
        """How probable it is, given the words so far, that this factor is shared."""
        return {h.shared: h.weight for h in self.hypotheses if h.shared is not None}

    def options(self) -> dict[str, float]:
        """The exact distribution of the next word; END is the document's end."""
        if self.between_tales:
            more = self._chance_of_another()
            return {END: 1 - more, NEXT_TALE: more} if more else {END: 1.0}
        found: dict[str, float] = {}
        for hypothesis in self.hypotheses:
            for word, p in hypothesis.telling.walk.options().items():
                found[word] = found.get(word, 0.0) + hypothesis.weight * p
        return found

    def advance(self, word: str) -> float:
        """Take one word; return its probability, 0.0 (and stay put) if impossible."""
        if self.between_tales:
            return self._pass_between(word)
        kept = []
        for hypothesis in self.hypotheses:
            p = hypothesis.telling.advance(word)
            if p:
                kept.append(replace(hypothesis, weight=hypothesis.weight * p))
        total = sum(h.weight for h in kept)
        if total:
            self.hypotheses = [replace(h, weight=h.weight / total) for h in kept]
            self._note_end_of_tale()
        return total

    def _note_end_of_tale(self) -> None:
        telling = self.hypotheses[0].telling
        if telling.done:
            self.stories.append(telling.known())
            self.between_tales = True

    def _chance_of_another(self) -> float:
        chances = self.world.data["documents"]["another_tale"]
        headed = self.hypotheses[0].telling.headed
        told = len(self.stories)
        return 0.0 if headed or told > len(chances) else chances[told - 1]

    def _pass_between(self, word: str) -> float:
        p = self.options().get(word, 0.0)
        if p and word == END:
            self._begin_document()
        elif p:
            self._begin_next_tale()
        return p

    def _begin_next_tale(self) -> None:
        if len(self.stories) == 1:
            weights = self.world.data["documents"]["shared"]
        else:
            weights = self.shared_posterior()
        first = self.stories[0]
        self.between_tales = False
        self.hypotheses = [
            Hypothesis(weight, Telling(self.world, {factor: first[factor]}), factor)
            for factor, weight in weights.items()
        ]

    def explain(self, word: str | None, position: int, last: bool = False) -> Fault:
        """Say why `word` can't come next (None: why the text can't end here)."""
        options = self.options()
        if word is None or (last and any(o.startswith(word) for o in options)):
            message = f"the text ends within a tale, at character {position}"
            return Fault("unfinished", position, word or "", message)
        found = word.strip() or word
        for hypothesis in self.hypotheses if not self.between_tales else ():
            broken = _broken_promise(hypothesis.telling.walk, word)
            if broken:
                factor, before = broken
                message = f"the {factor} was {before}, but then comes {found!r}"
                return Fault("consistency", position, found, message)
        expected = sorted(options, key=options.__getitem__, reverse=True)[:3]
        allowed = " or ".join(repr(o.strip() or o) for o in expected)
        message = f"at character {position} comes {found!r}, not {allowed}"
        return Fault("grammar", position, found, message)

    def report(self, prefix: str, fault: Fault | None, finished: bool) -> Parse:
        """Sum up the reading as a Parse."""
        wrong = fault is not None and fault.kind != "unfinished"
        labels = self.stories[0] if self.stories else self.hypotheses[0].telling.known()
        valid = bool(self.stories) and not wrong
        return Parse(valid, finished, labels, tuple(self.stories), prefix, fault)


def _broken_promise(walk: Walk, word: str) -> tuple[str, str] | None:
    """The factor (and its value) that `word` contradicts, if that is what is wrong."""
    for slot, said in walk.expected():
        possible = walk.possible[slot.factor]
        spelled = walk.grammar.spelled(slot)
        if any(words[said] == word for words in spelled.values()):
            return slot.factor, " or ".join(possible)
    return None


@dataclass(slots=True)
class _Partial:
    """A reader between two tokens: the tokens of the word that is being spelled."""

    weight: float
    reading: Reading
    spelled: tuple[int, ...] = ()


class Oracle:
    """The exact distribution of the next token, fed token by token.

    Holds for any byte-level BPE with GPT-2's pre-tokenizer: its merges stay within
    the grammar's words, so each word is a fixed sequence of tokens.
    """

    def __init__(self, world: StoryWorld, tokenizer: Any) -> None:
        self.world = world
        self.tokenizer = tokenizer
        self.vocab_size = len(tokenizer)
        self._tokens: dict[str, tuple[int, ...]] = {END: (tokenizer.eos_token_id,)}
        self._partials = [_Partial(1.0, Reading(world))]
        self._fresh = True

    def push(self, token: int) -> float:
        """Take one token; return its probability. ValueError if it is impossible.

        A leading end-of-text token marks the start of a document and is free.
        """
        if self._fresh and token == self.tokenizer.eos_token_id:
            self._fresh = False
            return 1.0
        self._fresh = False
        kept = [after for p in self._partials for after in self._after(p, token)]
        total = sum(partial.weight for partial in kept)
        if not total:
            text = self.tokenizer.decode([token])
            raise ValueError(
                f"prefix has the token {token} ({text!r}) where this world has none "
                "such; only prefixes with a probability above 0 are allowed"
            )
        self._partials = [replace(p, weight=p.weight / total) for p in kept]
        return total

    def distribution(self) -> Float[Tensor, " vocab"]:
        """Probabilities of every token of the vocabulary, float64, summing to 1."""
        probs = torch.zeros(self.vocab_size, dtype=torch.float64)
        for partial in self._partials:
            said = len(partial.spelled)
            words = self._words(partial)
            mass = sum(words.values())
            for word, p in words.items():
                probs[self._spell(word)[said]] += partial.weight * p / mass
        return probs

    def _spell(self, word: str) -> tuple[int, ...]:
        if word not in self._tokens:
            ids = self.tokenizer.encode(word, add_special_tokens=False)
            self._tokens[word] = tuple(ids)
        return self._tokens[word]

    def _words(self, partial: _Partial) -> dict[str, float]:
        """The words that agree with the tokens so far and go on beyond them."""
        said = len(partial.spelled)
        return {
            word: p
            for word, p in partial.reading.options().items()
            if self._spell(word)[:said] == partial.spelled
            and len(self._spell(word)) > said
        }

    def _after(self, partial: _Partial, token: int) -> Iterator[_Partial]:
        """What `token` can mean: a word is complete, or it goes on."""
        spelled = (*partial.spelled, token)
        words = self._words(partial)
        mass = sum(words.values())
        going_on = 0.0
        for word, p in words.items():
            if self._spell(word) == spelled:
                reading = partial.reading.copy()
                reading.advance(word)
                yield _Partial(partial.weight * p / mass, reading)
            elif self._spell(word)[: len(spelled)] == spelled:
                going_on += p
        if going_on:
            weight = partial.weight * going_on / mass
            yield _Partial(weight, partial.reading, spelled)


def _read_data() -> dict[str, Any]:
    source = files("course_utils.worlds") / "stories.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _forms(data: dict[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """Every way to mention each value of each factor that is drawn for a tale."""
    values = data["values"]
    return {
        "hero": {name: _person(name, data["heroes"]) for name in _names(data)},
        "animal": {
            v: {"animal": v, "an_animal": _a(v), "An_animal": _a(v).capitalize()}
            for v in values["animal"]
        },
        "place": {v: {"place": v} for v in values["place"]},
        "object": {v: {"object": v, "an_object": _a(v)} for v in values["object"]},
        "trait": {v: {"trait": v, "a_trait": _a(v)} for v in values["trait"]},
    }


def _names(data: dict[str, Any]) -> list[str]:
    """Girls and boys in turn, commonest first."""
    heroes = data["heroes"]
    pairs = zip(heroes["girls"], heroes["boys"], strict=True)
    return [name for pair in pairs for name in pair]


def _person(name: str, heroes: dict[str, list[str]]) -> dict[str, str]:
    if name in heroes["girls"]:
        words = {"child": "girl", "he": "she", "his": "her", "him": "her"}
    else:
        words = {"child": "boy", "he": "he", "his": "his", "him": "him"}
    capital = {"He": words["he"].capitalize(), "His": words["his"].capitalize()}
    return {"hero": name, **words, **capital}


def _a(noun: str) -> str:
    vowel = noun[0] in "aeiou" or noun.startswith(("honest", "hour"))
    return f"{'an' if vowel else 'a'} {noun}"


def _spaced(templates: Sequence[str]) -> list[str]:
    return [" " + template for template in templates]


def _factor_probabilities(data: dict[str, Any]) -> dict[str, dict[str, float]]:
    values = {
        "arc": list(data["arcs"]),
        "hero": _names(data),
        **data["values"],
        "opening": list(data["openings"]),
        "mood": list(data["endings"]),
    }
    return {
        f: dict(zip(values[f], zipf(len(values[f]), data["skew"][f]), strict=True))
        for f in FACTORS
    }


def _collection_sizes(another_tale: Sequence[float]) -> list[float]:
    """Probabilities of 1, 2, 3, 4 tales in a plain document."""
    sizes, reached = [], 1.0
    for chance in another_tale:
        sizes.append(reached * (1 - chance))
        reached *= chance
    return [*sizes, reached]


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    """All subsets of range(n) but the empty one."""
    for size in range(1, n + 1):
        yield from itertools.combinations(range(n), size)


def _chance_of_agreement(
    agree: tuple[int, ...], matches: list[np.ndarray], weights: Sequence[float]
) -> np.ndarray:
    """Probability that exactly the factors `agree` are the same in all later tales.

    One of them is shared by design, the others agree by chance.
    """
    others = math.prod(1 - m for i, m in enumerate(matches) if i not in agree)
    designed = sum(
        weights[i] * math.prod(matches[j] for j in agree if j != i) for i in agree
    )
    return np.asarray(others * designed)


def _check_count(n: int) -> None:
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; allowed are whole numbers from 1 on")
