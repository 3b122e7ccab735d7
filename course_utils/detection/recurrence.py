"""Does a text that repeats itself make the model surer? Like is compared with like.

A loop feeds itself if each return to the same words lowers the entropy of what comes
next. Other words have other entropies, so each return is compared with the first time
that the same words stood in the text. Built in notebook 03.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch

from course_utils.foundations.intervals import FEWEST, bootstrap_interval
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Revisits:
    """The change of entropy since the first visit to a context.

    changes  {visit: [mean change in the units given, one for each text]}; visit 1 is
             the first return. Texts without such a return are left out.
    """

    changes: Mapping[int, Sequence[float]]

    def plot(self, axes: "Axes | None" = None, **line: Any) -> "Axes":
        """Mean change over the visits, with 95 % intervals where there are 5 texts."""
        axes = axes or _new_axes()
        visits = list(self.changes)
        middle = [fmean(self.changes[visit]) for visit in visits]
        drawn = axes.plot(visits, middle, marker="o", **line)
        several = [visit for visit in visits if len(self.changes[visit]) >= FEWEST]
        if several:
            ends = [bootstrap_interval(self.changes[visit]) for visit in several]
            low, high = zip(*ends, strict=True)
            colour = drawn[0].get_color()
            axes.fill_between(several, low, high, color=colour, alpha=0.2)
        axes.set(xlabel="visit after the first", ylabel="change of entropy")
        return axes

    def __repr__(self) -> str:
        lines = ["Revisits: change of entropy since the first visit"]
        for visit, values in self.changes.items():
            line = f"  visit {visit:2}: {fmean(values):+.3f}, n = {len(values)}"
            if len(values) >= FEWEST:
                low, high = bootstrap_interval(values)
                line += f", 95 % interval {low:+.3f} to {high:+.3f}"
            lines.append(line)
        return "\n".join(lines if self.changes else [*lines, "  no context came twice"])


def entropy_at_revisits(
    token_ids: Sequence[Sequence[int]],
    entropies: Iterable[Iterable[float]],
    size: int = 5,
    most: int = 10,
) -> Revisits:
    """How far entropy moves when the same `size` tokens stand in a text again.

    `entropies` has a row for each text, with the entropy before each token, such as
    `runs.model_entropy`; what lies beyond a text's end is ignored. Visits up to number
    `most` count. Raises ValueError where rows don't fit texts, for NaN within a text,
    and for size or most < 1. Built in notebook 03.
    """
    size = as_whole_number("size", size, at_least=1)
    most = as_whole_number("most", most, at_least=1)
    rows = [torch.as_tensor(row).tolist() for row in entropies]
    if len(rows) != len(token_ids):
        raise ValueError(f"entropies has {len(rows)} rows for {len(token_ids)} texts")
    changes: dict[int, list[float]] = {}
    per_text = [
        _changes(list(ids), row, size) for ids, row in zip(token_ids, rows, strict=True)
    ]
    for visit in range(1, most + 1):
        means = [fmean(found[visit]) for found in per_text if visit in found]
        if means:
            changes[visit] = means
    return Revisits(changes)


def _changes(
    ids: list[int], entropies: list[float], size: int
) -> dict[int, list[float]]:
    """{visit: the changes at all contexts that are visited so often}, for one text."""
    if len(entropies) < len(ids) or any(bits != bits for bits in entropies[: len(ids)]):
        raise ValueError(
            f"entropies must have a number for each of a text's {len(ids)} tokens"
        )
    visits: dict[tuple[int, ...], list[float]] = defaultdict(list)
    found: dict[int, list[float]] = defaultdict(list)
    for i in range(size, len(ids)):
        seen = visits[tuple(ids[i - size : i])]
        if seen:
            found[len(seen)].append(entropies[i] - seen[0])
        seen.append(entropies[i])
    return found


def _new_axes() -> "Axes":
    from matplotlib.figure import Figure

    return Figure(figsize=(7, 3)).subplots()
