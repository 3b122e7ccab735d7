"""The league as notebook 11 reads it: what each detector said of every set."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from course_utils.detection.detectors import DETECTORS
from course_utils.detection.league import (
    SOUND,
    Standing,
    sound_deviation,
    standing,
    standing_of_areas,
)
from course_utils.detection.scoring import auroc
from course_utils.recordings.logs import read_log

SIZE = 64  # texts, where nothing else is said
CLEAR, DEEP = 1, 2  # of mild, clear and deep
REPORT = "the report"

Grid = Float[np.ndarray, "draws sets"]


@dataclass(frozen=True, repr=False)
class League:
    """Sets of texts, sound and collapsed, and what each detector said of them.

    draws      ladders of sets that were drawn, each with all causes
    sizes      numbers of texts that detectors were given
    levels     of each cause: what its sets differ in, from mild to deep
    families   of each cause: the family that it belongs to
    unlike     names of sets that have not collapsed, but are unlike the reference
    variety    by name of a set: its true share of the world's variety [draws, sets]
    valid      likewise: the share of texts that are tales of the world
    called     likewise: 1 where the report, given 64 texts beside 64, finds the set
               more alike
    """

    draws: int
    sizes: list[int]
    levels: dict[str, list[str]]
    families: dict[str, str]
    unlike: list[str]
    variety: dict[str, Grid]
    valid: dict[str, Grid]
    called: dict[str, Grid]
    _p: dict[str, Grid]
    _values: dict[str, Float[np.ndarray, "draws sets sizes detectors"]]

    @classmethod
    def read(cls) -> "League":
        log = read_log("league")
        rows, settings = log["rows"], log["settings"]

        def of(key: str) -> dict[str, Any]:
            return {
                name: np.array([[row[key] for row in draw] for draw in draws], float)
                for name, draws in rows.items()
            }

        return cls(
            len(log["seeds"]),
            settings["sizes"],
            settings["causes"],
            settings["families"],
            settings["sound"],
            of("variety"),
            of("valid"),
            of("called"),
            of("p"),
            of("values"),
        )

    @property
    def causes(self) -> list[str]:
        return list(self.levels)

    def values(self, name: str, detector: str, size: int = SIZE) -> Grid:
        """What a detector said of the sets of that name, in its own units.

        NaN where it can't tell. Raises KeyError for an unknown name or detector.
        """
        place = list(DETECTORS).index(_known(detector))
        return self._values[name][:, :, self.sizes.index(size), place]

    def scores(self, name: str, detector: str, size: int = SIZE) -> Grid:
        """The same, turned so that larger means more collapse; the report's as well."""
        if detector == REPORT:
            return -self._p[name]
        return DETECTORS[_known(detector)].sign * self.values(name, detector, size)

    def deviations(self, name: str, detector: str, size: int = SIZE) -> Grid:
        """Scores in standard deviations of the sound sets of that size."""
        sound = self.scores(SOUND, detector, size)
        spread = sound_deviation(sound.ravel())
        return (self.scores(name, detector, size) - sound.mean()) / spread

    def standing(
        self, detector: str, cause: str, level: int = CLEAR, size: int = SIZE
    ) -> Standing | None:
        """How well a detector tells sets of one cause and level; None if it can't."""
        sound = self.scores(SOUND, detector, size)
        collapsed = self.scores(cause, detector, size)[:, [level]]
        if np.isnan(collapsed).any() or np.isnan(sound).any():
            return None
        return standing(sound.tolist(), collapsed.tolist())

    def overall(
        self,
        detector: str,
        level: int = CLEAR,
        size: int = SIZE,
        causes: Iterable[str] | None = None,
    ) -> Standing | None:
        """The mean over causes, each counted alike; None if the detector can't tell."""
        chosen = list(causes or self.causes)
        sound = self.scores(SOUND, detector, size)
        at = {cause: self.scores(cause, detector, size)[:, level] for cause in chosen}
        if np.isnan([sound.sum(), *(values.sum() for values in at.values())]).any():
            return None
        areas = [
            np.mean([auroc(sound[d].tolist(), [at[c][d].item()]) for c in chosen])
            for d in range(self.draws)
        ]
        sets = self.draws * len(chosen)
        return standing_of_areas([float(a) for a in areas], sound.size, sets)

    def table(
        self, detectors: Iterable[str], levels: Iterable[int] = (CLEAR,)
    ) -> tuple[Float[np.ndarray, "sets detectors"], list[str], list[int]]:
        """Scores of all sets: a row each, its cause, and the draw it belongs to.

        Sound sets come first, draw by draw.
        """
        every = range(self.variety[SOUND].shape[1])
        names = [(SOUND, every), *((cause, levels) for cause in self.causes)]
        of = list(detectors)
        rows, causes, draws = [], [], []
        for name, sets in names:
            scores = np.stack([self.scores(name, d) for d in of], axis=-1)
            for draw in range(self.draws):
                for place in sets:
                    rows.append(scores[draw, place])
                    causes.append(name)
                    draws.append(draw)
        return np.array(rows), causes, draws


def _known(detector: str) -> str:
    if detector not in DETECTORS:
        raise KeyError(f"detector is {detector!r}; allowed: {', '.join(DETECTORS)}")
    return detector
