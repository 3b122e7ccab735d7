"""Weighted phrases with slots, compiled so that every next word has a known chance.

A grammar is a sequence of choice points. Each choice point is a trie over words:
walking it word by word multiplies shares of probability mass, and the chain rule gives
the probability of the whole text. Slots draw from factors that are decided once: the
first mention of the hero is a choice, every later one has to agree.
"""

import bisect
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from course_utils.foundations.entropy import entropy

# GPT-2's pre-tokenizer: byte-level BPE never merges across these pieces, which is
# what lets a distribution over words become one over any tokenizer's tokens.
WORD = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"
)
_CHOICE = re.compile(r"\[([^\]]+)\]")
_SLOT = re.compile(r"(\{\w+\})")

Forms = Mapping[str, str]  # form -> text, for one value of a factor


class GrammarError(ValueError):
    """The grammar's data contradict themselves: the message says where."""


class Slot(NamedTuple):
    """A place for one factor's value in a certain form, such as `{an_animal}`."""

    factor: str
    form: str
    spaced: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """One fully expanded phrasing: its format string, weight and label (if any)."""

    template: str
    weight: float
    label: tuple[str, str] | None = None  # (factor, value) that the phrase settles


@dataclass(slots=True)
class Node:
    """A place in a trie; `mass` is the weight of all phrases that pass through it."""

    mass: float = 0.0
    words: dict[str, "Node"] = field(default_factory=dict)
    slots: dict[Slot, "Node"] = field(default_factory=dict)
    phrase: Phrase | None = None


def split_words(text: str) -> list[str]:
    """Split into pre-tokens: words carry their leading space, so joining restores."""
    return WORD.findall(text)


def expand_choices(template: str, skew: float) -> Iterator[tuple[str, float]]:
    """All texts of a template with their shares: in `[a|b]`, `a` is the commonest."""
    parts = _CHOICE.split(template)
    options = [p.split("|") if i % 2 else [p] for i, p in enumerate(parts)]
    shares = [zipf(len(option), skew) for option in options]
    for chosen in itertools.product(*map(zip, options, shares)):
        texts, weights = zip(*chosen, strict=True)
        yield "".join(texts), math.prod(weights)


class Choices:
    """One choice point: phrases with weights that sum to 1, to draw from."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = list(phrases)
        self._bounds = list(itertools.accumulate(p.weight for p in self.phrases))
        self._bounds[-1] = 1.0  # rounding must not leave a gap at the end

    def pick(self, uniform: float) -> Phrase:
        """The phrase at `uniform`, in [0, 1), of the cumulative weights."""
        return self.phrases[bisect.bisect_right(self._bounds, uniform)]

    def entropy(self) -> float:
        """Exact entropy of the choice in nats."""
        return entropy_of(p.weight for p in self.phrases)


def entropy_of(probabilities: Iterable[float]) -> float:
    """Entropy in nats of plain numbers."""
    return entropy(torch.tensor([*probabilities], dtype=torch.float64), math.e).item()


def expand_phrases(
    templates: Sequence[str],
    skew: float,
    choice_skew: float,
    mass: float = 1.0,
    label: tuple[str, str] | None = None,
) -> list[Phrase]:
    """Expand ranked templates; together they weigh `mass`, rank r as r ** -skew.

    `choice_skew` does the same for the ranked options within a template.
    """
    weights = zipf(len(templates), skew)
    return [
        Phrase(text, mass * weight * share, label)
        for template, weight in zip(templates, weights, strict=True)
        for text, share in expand_choices(template, choice_skew)
    ]


def zipf(n: int, skew: float) -> list[float]:
    """Probabilities of ranks 1..n, proportional to rank ** -skew."""
    raw = [rank**-skew for rank in range(1, n + 1)]
    total = math.fsum(raw)
    return [weight / total for weight in raw]


class Grammar:
    """The factors' forms, and the tries built over them.

    `forms` maps factor -> value -> form -> text: forms["animal"]["owl"]["an_animal"]
    is "an owl". Form names are unique over all factors.
    """

    def __init__(self, forms: Mapping[str, Mapping[str, Forms]]) -> None:
        self.forms = forms
        self.factor_of = {
            form: factor
            for factor, values in forms.items()
            for form in next(iter(values.values()))
        }
        self._spelled: dict[Slot, dict[str, tuple[str, ...]]] = {}

    def items(self, template: str) -> list[str | Slot]:
        """A template as words and slots, leading spaces attached to what follows."""
        items: list[str | Slot] = []
        spaced = False
        for part in _SLOT.split(template):
            if part.startswith("{"):
                form = part[1:-1]
                if form not in self.factor_of:
                    raise GrammarError(f"unknown slot {part} in {template!r}")
                items.append(Slot(self.factor_of[form], form, spaced))
                continue
            spaced = part.endswith(" ")
            items += split_words(part[:-1] if spaced else part)
        return items

    def spelled(self, slot: Slot) -> dict[str, tuple[str, ...]]:
        """The words of every value in this slot: {"owl": (" an", " owl"), ...}."""
        if slot not in self._spelled:
            space = " " if slot.spaced else ""
            self._spelled[slot] = {
                value: tuple(split_words(space + forms[slot.form]))
                for value, forms in self.forms[slot.factor].items()
            }
        return self._spelled[slot]

    def trie(self, phrases: Iterable[Phrase]) -> Node:
        """Compile phrases; refuses two phrases that could read the same."""
        root = Node()
        for phrase in phrases:
            node = root
            node.mass += phrase.weight
            for item in self.items(phrase.template):
                if isinstance(item, Slot):
                    node = node.slots.setdefault(item, Node())
                else:
                    node = node.words.setdefault(item, Node())
                node.mass += phrase.weight
            if node.phrase is not None:
                raise GrammarError(f"{phrase.template!r} stands twice")
            node.phrase = phrase
        self._check(root)
        return root

    def _check(self, node: Node) -> None:
        """Every next word must lead to one place only, and no phrase begin another."""
        if node.phrase is not None and (node.words or node.slots):
            raise GrammarError(f"{node.phrase.template!r} begins another phrase")
        seen = set(node.words)
        for slot in node.slots:
            spelled = self.spelled(slot).values()
            if len({len(words) for words in spelled}) > 1:
                raise GrammarError(f"{slot} has values of one word and of several")
            firsts = {words[0] for words in spelled}
            if firsts & seen:
                raise GrammarError(f"{slot} collides with {sorted(firsts & seen)}")
            seen |= firsts
        for child in (*node.words.values(), *node.slots.values()):
            self._check(child)


class Candidate(NamedTuple):
    """A value that a factor may still have, the words it has yet to say, its mass."""

    value: str
    rest: tuple[str, ...]
    mass: float


class Walk:
    """A reader's place within a sequence of tries, one word at a time.

    `possible` maps each factor to {value: mass}; saying a value narrows it, and
    what has been said can't be unsaid: this is what keeps a story consistent.
    """

    def __init__(self, grammar: Grammar, root: Node, possible: dict[str, dict]) -> None:
        self.grammar = grammar
        self.node = root
        self.possible = possible
        self.slot: Slot | None = None
        self.candidates: list[Candidate] = []

    def copy(self) -> "Walk":
        twin = Walk.__new__(Walk)
        twin.grammar, twin.node = self.grammar, self.node
        twin.possible = dict(self.possible)
        twin.slot, twin.candidates = self.slot, self.candidates
        return twin

    @property
    def phrase(self) -> Phrase | None:
        """The phrase just completed, or None in the midst of one."""
        return None if self.slot else self.node.phrase

    def expected(self) -> list[tuple[Slot, int]]:
        """The slots that may come next, each with how many of its words are said."""
        if self.slot is None:
            return [(slot, 0) for slot in self.node.slots]
        full = len(next(iter(self.grammar.spelled(self.slot).values())))
        return [(self.slot, full - len(self.candidates[0].rest))]

    def options(self) -> dict[str, float]:
        """The exact distribution of the next word (empty when a phrase is complete)."""
        if self.slot:
            return _next_words(self.candidates)
        found = {w: c.mass / self.node.mass for w, c in self.node.words.items()}
        for slot, child in self.node.slots.items():
            share = child.mass / self.node.mass
            for word, p in _next_words(self._candidates(slot)).items():
                found[word] = share * p
        return found

    def advance(self, word: str) -> float:
        """Take one word; return its probability, 0.0 (and stay put) if impossible."""
        if self.slot:
            return self._narrow(self.candidates, word)
        child = self.node.words.get(word)
        if child is not None:
            share = child.mass / self.node.mass
            self.node = child
            return share
        for slot, child in self.node.slots.items():
            share = child.mass / self.node.mass
            p = self._narrow(self._candidates(slot), word, slot)
            if p:
                return share * p
        return 0.0

    def _candidates(self, slot: Slot) -> list[Candidate]:
        spelled = self.grammar.spelled(slot)
        values = self.possible[slot.factor].items()
        return [Candidate(value, spelled[value], mass) for value, mass in values]

    def _narrow(
        self, candidates: list[Candidate], word: str, slot: Slot | None = None
    ) -> float:
        kept = [c for c in candidates if c.rest[0] == word]
        if not kept:
            return 0.0
        before = sum(c.mass for c in candidates)
        slot = slot or self.slot
        assert slot is not None
        if kept[0].rest[1:]:
            self.slot = slot
            self.candidates = [c._replace(rest=c.rest[1:]) for c in kept]
        else:
            self.possible[slot.factor] = {c.value: c.mass for c in kept}
            self.node = self.node.slots[slot]
            self.slot, self.candidates = None, []
        return sum(c.mass for c in kept) / before


def _next_words(candidates: list[Candidate]) -> dict[str, float]:
    total = sum(c.mass for c in candidates)
    found: dict[str, float] = {}
    for candidate in candidates:
        word = candidate.rest[0]
        found[word] = found.get(word, 0.0) + candidate.mass / total
    return found
