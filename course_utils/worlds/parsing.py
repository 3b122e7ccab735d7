"""Reading a text of the world word by word, with the exact chance of every next word.

A `Telling` follows one tale; a `Reading` follows a document of several, and keeps the
posterior over what they share. Both know nothing of tokens: see `oracle`.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from course_utils.worlds.grammar import Grammar, Node, Phrase, Walk

FACTORS = ("arc", "hero", "animal", "place", "object", "trait", "opening", "mood")
DRAWN = ("hero", "animal", "place", "object", "trait")  # fill slots; the rest label
BEATS = 5
ENDING = BEATS + 2  # stages of a tale: 0 header, 1 opening, 2-6 beats, 7 ending
END = ""  # the "word" that ends a document
NEXT_TALE = "\n"  # the word between the tales of a collection

Labels = dict[str, str]


@dataclass(frozen=True)
class Rules:
    """All that a reader needs to know: the tries of each stage, the factors' values."""

    grammar: Grammar
    probabilities: dict[str, dict[str, float]]
    opening: Node
    first_beat: Node  # of all arcs together
    beats: dict[str, list[Node]]  # of each arc
    ending: Node
    headers: dict[str, Node]


@dataclass(frozen=True)
class Framing:
    """What may surround a tale: a header, or further tales that share a factor.

    `kinds` are probabilities ("plain" is without header); `another_tale` those of going
    on after the 1st, 2nd, ... tale of a plain document; `shared` those of each factor.
    """

    kinds: Mapping[str, float]
    another_tale: Sequence[float]
    shared: Mapping[str, float]


SINGLE_TALES = Framing({"plain": 1.0}, (), {})


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


class Telling:
    """One tale being read word by word: where it stands and what it has settled.

    `given` fixes factors from outside (what a collection shares); a header is read
    first and settles its own.
    """

    def __init__(
        self,
        rules: Rules,
        given: Mapping[str, str] | None = None,
        header: Node | None = None,
    ) -> None:
        given = dict(given or {})
        self.rules = rules
        self.headed = header is not None
        self.arc = given.pop("arc", None)
        self.labels: Labels = {}
        self.stage = 0 if self.headed else 1
        possible = {factor: rules.probabilities[factor] for factor in DRAWN}
        possible |= {factor: {value: 1.0} for factor, value in given.items()}
        self.walk = Walk(rules.grammar, header or self._trie(), possible)

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
            return self.rules.opening
        if self.stage == ENDING:
            return self.rules.ending
        if self.stage == 2 and self.arc is None:
            return self.rules.first_beat
        assert self.arc is not None  # settled by the first beat
        return self.rules.beats[self.arc][self.stage - 2]

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

    def __init__(self, rules: Rules, framing: Framing) -> None:
        self.rules = rules
        self.framing = framing
        self._begin_document()

    def _begin_document(self) -> None:
        self.stories: list[Labels] = []
        self.between_tales = False
        self.hypotheses = [
            Hypothesis(p, Telling(self.rules, header=self.rules.headers.get(kind)))
            for kind, p in self.framing.kinds.items()
        ]

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
                kept.append((hypothesis, hypothesis.weight * p))
        total = sum(weight for _, weight in kept)
        if total:
            self.hypotheses = [
                Hypothesis(weight / total, h.telling, h.shared) for h, weight in kept
            ]
            self._note_end_of_tale()
        return total

    def _note_end_of_tale(self) -> None:
        telling = self.hypotheses[0].telling
        if telling.done:
            self.stories.append(telling.known())
            self.between_tales = True

    def _chance_of_another(self) -> float:
        chances = self.framing.another_tale
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
            weights = self.framing.shared
        else:
            weights = self.shared_posterior()
        first = self.stories[0]
        self.between_tales = False
        self.hypotheses = [
            Hypothesis(weight, Telling(self.rules, {factor: first[factor]}), factor)
            for factor, weight in weights.items()
        ]

    def explain(self, word: str | None, position: int, last: bool = False) -> Fault:
        """Say why `word` can't come next (None: why the text can't end here)."""
        options = self.options()
        if word is None or (last and any(o.startswith(word) for o in options)):
            message = f"the text ends within a tale, at character {position}"
            return Fault("unfinished", position, word or "", message)
        found = word.strip() or word
        broken = self._broken_promise(word)
        if broken is not None:
            return Fault("consistency", position, found, broken)
        expected = sorted(options, key=options.__getitem__, reverse=True)[:3]
        bare = any(o != word and o.strip() == found for o in expected)
        allowed = " or ".join(_shown(o, with_space=bare) for o in expected)
        comes = _shown(word, with_space=bare)
        message = f"at character {position} comes {comes}, not {allowed}"
        return Fault("grammar", position, found, message)

    def _broken_promise(self, word: str) -> str | None:
        """In words: what the tale or its collection has settled and `word` breaks."""
        if self.between_tales:
            return None
        for hypothesis in self.hypotheses:
            broken = _contradicted(hypothesis.telling.walk, word)
            if broken and broken[0] == hypothesis.shared:
                return (
                    "the tales of a collection share something, and with "
                    f"{_shown(word)} these share nothing"
                )
            if broken:
                factor, before = broken
                return f"the {factor} was {before}, but then comes {_shown(word)}"
        return None

    def report(self, prefix: str, fault: Fault | None, finished: bool) -> Parse:
        """Sum up the reading as a Parse."""
        wrong = fault is not None and fault.kind != "unfinished"
        labels = self.stories[0] if self.stories else self.hypotheses[0].telling.known()
        valid = bool(self.stories) and not wrong
        return Parse(valid, finished, labels, tuple(self.stories), prefix, fault)


def _shown(word: str, with_space: bool = False) -> str:
    """A word as a message quotes it; the space before it only where that matters."""
    if word == END:
        return "the end"
    word = word if with_space else word.strip() or word
    return repr(word if len(word) <= 40 else word[:37] + "...")


def _contradicted(walk: Walk, word: str) -> tuple[str, str] | None:
    """The factor (and its value) that `word` contradicts, if that is what is wrong."""
    for slot, said in walk.expected():
        possible = walk.possible[slot.factor]
        spelled = walk.grammar.spelled(slot)
        if any(words[said] == word for words in spelled.values()):
            return slot.factor, " or ".join(possible)
    return None
