"""A set of texts on trial, with what is known of them beside their words.

What several detectors need, such as the cosines of every two texts, is found once.
Built in notebook 11.
"""

import reprlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from course_utils.detection.clusters import clusters_of_cosines
from course_utils.detection.embedding import as_points, tfidf_cosines
from course_utils.detection.words import split_texts, words
from course_utils.foundations.validation import as_whole_number

APART = 0.5  # cosine distance between kinds of texts, as in the report


@dataclass(frozen=True, eq=False)
class Sample:
    """Texts on trial, and what is known of them beside their words.

    prompts   what each text answers
    entropy   bits before each token of each text, behind the sampler
    surprise  nats of each token of each text under one fixed model
    points    an embedding of each text [texts, width]

    Raises ValueError for fewer than two texts, for a text without a word, where a list
    is not as long, and for a number that is not finite.
    """

    texts: Sequence[str]
    prompts: Sequence[Hashable] | None = None
    entropy: Sequence[Sequence[float]] | None = None
    surprise: Sequence[Sequence[float]] | None = None
    points: Float[Tensor, "texts width"] | None = None

    def __post_init__(self) -> None:
        split_texts(self.texts)
        for name, form in _FORMS.items():
            if getattr(self, name) is not None:
                self._check(name, form(name, getattr(self, name)))

    def _check(self, name: str, given: Sequence | Tensor) -> None:
        """Keep a list in its checked form."""
        if len(given) != len(self.texts):
            raise ValueError(
                f"{name} has {len(given)} entries; allowed is one for each of the "
                f"{len(self.texts)} texts"
            )
        object.__setattr__(self, name, given)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: Sequence[int]) -> "Sample":
        """Some of the texts, by their places, with all that belongs to them."""
        places = [as_whole_number("places", place, at_least=0) for place in places]

        def of(values: Sequence | None) -> list | None:
            return None if values is None else [values[place] for place in places]

        points = None if self.points is None else self.points[places]
        known = of(self.prompts), of(self.entropy), of(self.surprise)
        return Sample([self.texts[place] for place in places], *known, points)

    @cached_property
    def rows(self) -> list[list[str]]:
        return [words(text) for text in self.texts]

    @cached_property
    def cosines(self) -> Float[Tensor, "texts texts"]:
        return tfidf_cosines(self.texts)

    @cached_property
    def kinds(self) -> list[int]:
        """The cluster of each text, by distance."""
        return clusters_of_cosines(self.cosines, APART).tolist()

    @cached_property
    def of_prompt(self) -> dict[Hashable, list[int]]:
        """The places of the texts of each prompt that has two or more."""
        places: dict[Hashable, list[int]] = {}
        for place, prompt in enumerate(self.prompts or ()):
            places.setdefault(prompt, []).append(place)
        return {prompt: found for prompt, found in places.items() if len(found) > 1}


def _as_prompts(name: str, values: Any) -> list[Hashable]:
    if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
        raise ValueError(f"{name} must be a list, not {reprlib.repr(values)}")
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _as_rows(name: str, values: Any) -> list[list[float]]:
    """A list of finite numbers for each text, none empty."""
    try:
        rows = [np.asarray(row, dtype=float) for row in values]
    except (TypeError, ValueError):
        rows = [np.empty(0)]
    for index, row in enumerate(rows):
        if row.ndim != 1 or len(row) == 0 or not np.isfinite(row).all():
            raise ValueError(
                f"{name} must hold a list of one finite number or more for each text; "
                f"that of text {index} is none"
            )
    return [row.tolist() for row in rows]


def _as_points(name: str, values: Any) -> Float[Tensor, "n width"]:
    return as_points(values)


_FORMS: dict[str, Callable[[str, Any], Any]] = {
    "prompts": _as_prompts,
    "entropy": _as_rows,
    "surprise": _as_rows,
    "points": _as_points,
}
