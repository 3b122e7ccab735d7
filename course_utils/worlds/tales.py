"""Single tales: an opening, five beats of an arc and an ending, from eight factors.

The factors are independent of each other. `Tales` draws from them, and makes the rules
by which a reader knows a tale again. The words stand in stories.toml.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np

from course_utils.worlds.distribution import Distribution, check_count
from course_utils.worlds.grammar import (
    Choices,
    Grammar,
    Phrase,
    entropy_of,
    expand_phrases,
    zipf,
)
from course_utils.worlds.parsing import (
    BEATS,
    DRAWN,
    FACTORS,
    NEXT_TALE,
    SINGLE_TALES,
    Labels,
    Rules,
)


@dataclass(frozen=True, slots=True)
class Story:
    """One tale and the factors it was made from."""

    text: str
    labels: Labels


class Tales(Distribution):
    """The distribution over single tales, exact in every respect."""

    def __init__(self) -> None:
        self.data = _read_data()
        self.grammar = Grammar(_forms(self.data))
        self._probabilities = _factor_probabilities(self.data)
        self._make_choices()
        super().__init__(self._make_rules(), SINGLE_TALES)

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

    def sample(self, n: int, seed: int | Sequence[int] = 0) -> list[Story]:
        """Draw n independent tales; `seed` as numpy's `default_rng` takes it."""
        check_count(n)
        return self.tell(n, np.random.default_rng(seed))

    def tell(
        self,
        n: int,
        rng: np.random.Generator,
        fixed: Mapping[str, list[str]] | None = None,
    ) -> list[Story]:
        """Tell n tales; `fixed` gives some factors' values, one for each tale."""
        drawn = {}
        for factor in ("arc", *DRAWN):
            truth = self._probabilities[factor]
            drawn[factor] = (fixed or {}).get(factor) or rng.choice(
                list(truth), size=n, p=list(truth.values())
            )
        uniforms = rng.random((n, BEATS + 2)).tolist()
        rows = zip(*(map(str, values) for values in drawn.values()), strict=True)
        return [
            self._tell_one(dict(zip(drawn, row, strict=True)), us)
            for row, us in zip(rows, uniforms, strict=True)
        ]

    def retell(
        self, story: Story, n: int, seed: int | Sequence[int] = 0
    ) -> list[Story]:
        """The same tale n times, each time in words of its own.

        What happens, and to whom, stays; the wording is drawn anew, and with it the
        opening and the mood of the ending. So the texts differ, and the set has one
        kind only: paraphrase collapse. `seed` as numpy's `default_rng` takes it.
        Raises ValueError for n below 1 and for a story without the labels of a tale.
        Built in notebook 09.
        """
        check_count(n)
        missing = [f for f in ("arc", *DRAWN) if f not in story.labels]
        if missing:
            raise ValueError(
                f"story has no label {missing[0]!r}; allowed are whole tales, such as "
                "sample() gives"
            )
        fixed = {factor: [story.labels[factor]] * n for factor in ("arc", *DRAWN)}
        return self.tell(n, np.random.default_rng(seed), fixed)

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

    def header(self, kind: str, labels: Labels) -> str:
        """The line above a tale with these labels; `kind` is "words" or "about"."""
        return self.data["headers"][kind].format(**self._filling(labels))

    def _make_choices(self) -> None:
        """The choice points, to draw from: openings, beats of each arc, endings."""
        data = self.data
        self._openings = self._labelled_choices("opening", data["openings"], "")
        self._endings = self._labelled_choices("mood", data["endings"], " ")
        self._beats = {
            arc: [
                Choices(self._expand([" " + t for t in beat], 1.0, ("arc", arc)))
                for beat in beats
            ]
            for arc, beats in data["arcs"].items()
        }

    def _labelled_choices(
        self, factor: str, templates: Mapping[str, Sequence[str]], space: str
    ) -> Choices:
        phrases: list[Phrase] = []
        for value, p in self._probabilities[factor].items():
            spaced = [space + template for template in templates[value]]
            phrases += self._expand(spaced, p, (factor, value))
        return Choices(phrases)

    def _expand(
        self, templates: Sequence[str], mass: float, label: tuple[str, str]
    ) -> list[Phrase]:
        skew = self.data["skew"]
        return expand_phrases(templates, skew["phrasing"], skew["choice"], mass, label)

    def _make_rules(self) -> Rules:
        """The tries of the same choice points, to read with."""
        trie, arcs = self.grammar.trie, self._probabilities["arc"]
        beats = {
            arc: [trie(beat.phrases) for beat in beats]
            for arc, beats in self._beats.items()
        }
        first_beat = [
            replace(phrase, weight=phrase.weight * arcs[arc])
            for arc, beats in self._beats.items()
            for phrase in beats[0].phrases
        ]
        headers = {
            kind: trie([Phrase(text + NEXT_TALE, 1.0)])
            for kind, text in self.data["headers"].items()
        }
        return Rules(
            self.grammar,
            self._probabilities,
            trie(self._openings.phrases),
            trie(first_beat),
            beats,
            trie(self._endings.phrases),
            headers,
        )


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
