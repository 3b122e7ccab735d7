"""A collapse report: every detector on one set of texts, beside a reference.

All measures of likeness depend on how many texts are looked at. So they are taken on
one number of texts, drawn at random, for the set and for the reference alike. Copies,
repetition and loops are counted in all texts. Built in notebook 11.
"""

import difflib
import html
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

from course_utils.detection.clusters import (
    clusters_of_cosines,
    dominant_share,
    tfidf_cosines,
)
from course_utils.detection.repetition import (
    Loop,
    compression_ratio,
    find_loops,
    rep_n,
)
from course_utils.detection.self_bleu import bleu_against_others, self_bleu
from course_utils.detection.vendi import vendi_of_kernel
from course_utils.detection.words import check_texts, words
from course_utils.foundations.inputs import as_whole_number
from course_utils.foundations.intervals import Interval, jackknife_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLE = 500  # texts that measures of likeness look at
_PAIRS_AMONG = 3000  # texts among which the most alike are looked for
_SHOWN = 5  # of each kind of example
_FEWEST_OF_A_PROMPT = 5
_MOST_OF_A_PROMPT = 20
_CHUNK = 2000
_APART = 0.5  # cosine distance between kinds of texts
_Z95, _Z99 = 1.96, 2.576


class _Sample(NamedTuple):
    """Some texts, their words, and how alike every two of them are by their words."""

    texts: list[str]
    rows: list[Sequence[Hashable]]
    cosines: Float[Tensor, "n n"]

    def only(self, kept: Sequence[int]) -> "_Sample":
        chosen = list(kept)
        texts = [self.texts[i] for i in chosen]
        rows = [self.rows[i] for i in chosen]
        return _Sample(texts, rows, self.cosines[chosen][:, chosen])


@dataclass(frozen=True)
class Measure:
    """One detector of the report.

    collapse_is  "high" or "low": where this measure goes as texts grow alike
    limits       the least and the largest value possible
    share        whether it is a share of texts, known no better than to one text
    """

    name: str
    question: str
    collapse_is: str
    of: Callable[[_Sample], float]
    limits: Interval = (0.0, 1.0)
    share: bool = False


def _copies(sample: _Sample) -> float:
    counts = Counter(map(_plain, sample.texts))
    return sum(c for c in counts.values() if c > 1) / len(sample.texts)


MEASURES = (
    Measure(
        "copies",
        "Which share of the texts occurs more than once?",
        "high",
        _copies,
        share=True,
    ),
    Measure(
        "Self-BLEU-4",
        "How much of each text, up to four words in a row, stands in the others?",
        "high",
        lambda sample: bleu_against_others(sample.rows).mean(),
    ),
    Measure(
        "compression ratio",
        "How many times smaller do all texts together get when compressed?",
        "high",
        lambda sample: compression_ratio(sample.texts),
        limits=(0.0, math.inf),
    ),
    Measure(
        "Vendi score",
        "To how many entirely different texts does the set amount, by its words?",
        "low",
        lambda sample: vendi_of_kernel(sample.cosines),
        limits=(1.0, math.inf),
    ),
    Measure(
        "largest kind",
        "Which share has the largest cluster of texts with like words?",
        "high",
        lambda sample: dominant_share(clusters_of_cosines(sample.cosines, _APART)),
        share=True,
    ),
    Measure(
        "repetition",
        "Which share of a text's four-word runs stood in it before?",
        "high",
        lambda sample: sum(map(rep_n, sample.rows)) / len(sample.rows),
    ),
)


@dataclass(frozen=True)
class Finding:
    """What one measure says.

    interval   95 % of the value, for as many texts
    reference  the same measure of as many reference texts, if there are any
    band       where 99 % of sets of this size from the reference's source would lie
    """

    name: str
    question: str
    value: float
    interval: Interval
    reference: float | None
    band: Interval | None
    collapse_is: str

    @property
    def verdict(self) -> str:
        """In words: "more alike", "more varied", "like the reference" or "no band"."""
        if self.band is None or math.isnan(self.band[0]):
            return "no band"
        low, high = self.band
        if low <= self.value <= high:
            return "like the reference"
        alike = (self.value > high) == (self.collapse_is == "high")
        return "more alike" if alike else "more varied"


@dataclass(frozen=True)
class PromptFinding:
    """How alike the texts of one prompt are, by Self-BLEU of `size` of them."""

    prompt: str
    texts: int
    size: int
    self_bleu: float
    interval: Interval


@dataclass(frozen=True)
class LoopFinding:
    """A text that goes round in a loop."""

    index: int
    loop: Loop
    phrase: str


@dataclass(frozen=True)
class CollapseReport:
    """All that the detectors found.

    texts      how many there are; reference_texts likewise, 0 without a reference
    sample     how many of them the measures of likeness looked at
    findings   one for each measure
    copied     texts that stand there more than once, and how often, commonest first
    looping    how many texts hold a loop; loops are examples
    alike      pairs of different texts with the most like words
    prompts    the prompts whose texts are most alike, if prompts are known
    notes      what could not be read or measured
    """

    texts: int
    reference_texts: int
    sample: int
    findings: list[Finding]
    copied: list[tuple[str, int]]
    looping: int
    loops: list[LoopFinding]
    alike: list[tuple[str, str]]
    prompts: list[PromptFinding]
    notes: list[str]

    @property
    def headline(self) -> str:
        """The report in one sentence."""
        if not self.reference_texts:
            return "Without a reference nothing here is too much or too little."
        names = [f.name for f in self.findings if f.verdict == "more alike"]
        if not names:
            return "No measure finds these texts more alike than the reference."
        listed = ", ".join(names)
        count = f"{len(names)} of {len(self.findings)} measures"
        return f"More alike than the reference by {count}: {listed}."

    def __repr__(self) -> str:
        lines = [f"{self.texts:,} texts. {self.headline}", ""]
        for finding in self.findings:
            low, high = finding.interval
            line = f"{finding.name:<18}{finding.value:>9.3f} ({low:.3f} to {high:.3f})"
            if finding.band is not None:
                low, high = finding.band
                line += f"  reference {low:.3f} to {high:.3f}: {finding.verdict}"
            lines.append(line)
        lines += ["", f"{self.looping:,} texts hold a loop.", *self.notes]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers, texts and lists; unknown numbers are None."""
        findings = [asdict(f) | {"verdict": f.verdict} for f in self.findings]
        content = asdict(self) | {"findings": findings, "headline": self.headline}
        return _without_nan(content)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def to_html(self) -> str:
        """One page that needs nothing else, for the screen and for paper."""
        from jinja2 import Environment, PackageLoader

        pages = Environment(
            loader=PackageLoader("course_utils.detection", "."), autoescape=True
        )
        pages.filters["number"] = _number
        page = pages.get_template("report.html.jinja")
        sides = [_side_by_side(first, second) for first, second in self.alike]
        return page.render(
            report=self, strips=list(map(_strip, self.findings)), sides=sides
        )

    def plot(self) -> "Figure":
        """Each measure with its interval, over the reference's band."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 0.8 * len(self.findings) + 0.5))
        panels = figure.subplots(len(self.findings), 1)
        for axes, finding in zip(panels, self.findings, strict=True):
            _draw_finding(axes, finding)
        return figure


def collapse_report(
    texts: Sequence[str],
    reference: Sequence[str] | None = None,
    prompts: Sequence[str] | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
    progress: bool = False,
) -> CollapseReport:
    """Run every detector on `texts`.

    reference  texts as they should be: what people wrote, or a model that is sound
    prompts    the prompt of each text, to find those whose texts are most alike
    sample     so many texts, or as many as there are, for measures of likeness
    Texts without a word are left out with a note. Raises ValueError for fewer than two
    texts (or reference texts) with words, and unless there is a prompt for each text.
    """
    from tqdm.auto import tqdm

    check_texts(texts)
    sample = as_whole_number("sample", sample, at_least=2)
    if prompts is not None and len(prompts) != len(texts):
        raise ValueError(
            f"prompts has {len(prompts)} entries for {len(texts)} texts; allowed is "
            "one for each"
        )
    notes: list[str] = []
    kept = _with_words(texts, "texts", notes)
    told = [texts[i] for i in kept]
    model = [] if reference is None else _reference_texts(reference, notes)
    size = min([sample, len(told)] + [len(model)] * bool(model))
    dice = random.Random(seed)
    with tqdm(total=3 + len(MEASURES), desc="report", disable=not progress) as bar:
        among = _draw(told, max(size, min(_PAIRS_AMONG, len(told))), dice)
        samples = _samples([among, _draw(model, size, dice)] if model else [among])
        bar.update()
        findings = []
        for measure in MEASURES:
            findings.append(_find(measure, [s.only(range(size)) for s in samples]))
            bar.update()
        loops = list(_loops(told))
        bar.update()
        worst = _worst_prompts(
            told, [prompts[i] for i in kept] if prompts else [], dice
        )
        bar.update()
    return CollapseReport(
        len(told),
        len(model),
        size,
        findings,
        [(t, c) for t, c in Counter(told).most_common(_SHOWN) if c > 1],
        len(loops),
        _longest_loops(loops, kept),
        _most_alike(samples[0]),
        worst,
        notes,
    )


def write_report(report: CollapseReport, path: Path) -> None:
    """Write a report as .html or as .json, by the file's name."""
    check_ending(path)
    text = report.to_html() if path.suffix == ".html" else report.to_json()
    path.write_text(text + "\n", encoding="utf-8")


def check_ending(path: Path) -> None:
    """Refuse a file that is no report by its name, before any work is done."""
    if path.suffix not in (".html", ".json"):
        raise ValueError(f"path is {str(path)!r}; allowed ends are .html and .json")


# Measures of likeness, on samples of one size


def _with_words(texts: Sequence[str], name: str, notes: list[str]) -> list[int]:
    kept = [i for i, text in enumerate(texts) if words(text[:1000]) or words(text)]
    if len(kept) < 2:
        raise ValueError(
            f"{name} holds {len(kept)} texts with a word; at least 2 are needed"
        )
    if len(kept) < len(texts):
        notes.append(f"{len(texts) - len(kept):,} {name} without a word are left out.")
    return kept


def _reference_texts(reference: Sequence[str], notes: list[str]) -> list[str]:
    check_texts(reference, name="reference")
    return [reference[i] for i in _with_words(reference, "reference", notes)]


def _draw(texts: list[str], size: int, dice: random.Random) -> list[str]:
    return dice.sample(texts, min(size, len(texts)))


def _samples(drawn: list[list[str]]) -> list[_Sample]:
    """Words are weighted alike in all samples, so that these can be compared."""
    cosines = tfidf_cosines([text for texts in drawn for text in texts])
    samples, start = [], 0
    for texts in drawn:
        own = slice(start, start + len(texts))
        rows: list[Sequence[Hashable]] = [words(text) for text in texts]
        samples.append(_Sample(texts, rows, cosines[own, own]))
        start += len(texts)
    return samples


def _find(measure: Measure, samples: list[_Sample]) -> Finding:
    """The measure of the first sample, and the band around that of the second."""
    (value, error), *others = [_value_and_error(measure, s) for s in samples]
    reference, band = None, None
    if others:
        reference, spread = others[0]
        # The reference's own value is uncertain, and so is a new set's.
        band = _around(reference, _Z99 * math.sqrt(2) * spread, measure.limits)
    interval = _around(value, _Z95 * error, measure.limits)
    return Finding(
        measure.name,
        measure.question,
        value,
        interval,
        reference,
        band,
        measure.collapse_is,
    )


def _value_and_error(measure: Measure, sample: _Sample) -> tuple[float, float]:
    def of(kept: Sequence[int]) -> float:
        return float(measure.of(sample.only(kept)))

    n = len(sample.texts)
    value = of(range(n))
    low, high = jackknife_interval(of, range(n), at_least=2, z=1.0)
    # No share is surer than a count of so many texts (Poisson), plus one unseen.
    least = math.sqrt(value * n + 1) / n if measure.share else 0.0
    return value, max((high - low) / 2, least)


def _around(value: float, error: float, limits: Interval) -> Interval:
    return max(value - error, limits[0]), min(value + error, limits[1])


# Examples, from all texts


def _loops(texts: list[str]) -> Iterator[tuple[int, Loop, str]]:
    for start in range(0, len(texts), _CHUNK):
        rows = [words(text) for text in texts[start : start + _CHUNK]]
        for i, loop in enumerate(find_loops(rows)):
            if loop is not None and loop.period * loop.repeats >= 6:
                phrase = rows[i][loop.start : loop.start + loop.period]
                yield start + i, loop, " ".join(phrase)


def _longest_loops(
    loops: list[tuple[int, Loop, str]], kept: list[int]
) -> list[LoopFinding]:
    longest = sorted(loops, key=lambda found: -found[1].period * found[1].repeats)
    return [LoopFinding(kept[i], loop, phrase) for i, loop, phrase in longest[:_SHOWN]]


def _most_alike(sample: _Sample) -> list[tuple[str, str]]:
    """Pairs of texts that differ, with the largest cosines; each text in one pair."""
    first_of = {_plain(text): i for i, text in reversed(list(enumerate(sample.texts)))}
    own = sorted(first_of.values())
    cosines = sample.cosines[own][:, own].triu(diagonal=1)
    most = min(cosines.numel(), 50 * _SHOWN)
    values, places = cosines.flatten().topk(most)
    pairs: list[tuple[str, str]] = []
    used: set[int] = set()
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        i, j = divmod(place, len(own))
        if value > 0 and not {i, j} & used and len(pairs) < _SHOWN:
            used |= {i, j}
            pairs.append((sample.texts[own[i]], sample.texts[own[j]]))
    return pairs


def _worst_prompts(
    texts: list[str], prompts: list[str], dice: random.Random
) -> list[PromptFinding]:
    """Self-BLEU of the same number of texts for each prompt that has enough."""
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for prompt, text in zip(prompts, texts, strict=bool(prompts)):
        by_prompt[prompt].append(text)
    enough = {p: t for p, t in by_prompt.items() if len(t) >= _FEWEST_OF_A_PROMPT}
    if len(enough) < 2:
        return []
    size = min(_MOST_OF_A_PROMPT, *map(len, enough.values()))
    drawn = {p: dice.sample(t, size) for p, t in enough.items()}
    scores = {
        p: bleu_against_others(list(map(words, t))).mean() for p, t in drawn.items()
    }
    worst = sorted(scores, key=lambda p: -scores[p])[:_SHOWN]
    return [
        PromptFinding(
            p, len(enough[p]), size, float(scores[p]), self_bleu(drawn[p]).interval
        )
        for p in worst
    ]


def _plain(text: str) -> str:
    return " ".join(text.split())


# Drawing and writing


def _draw_finding(axes: Any, finding: Finding) -> None:
    low, high = finding.interval
    if finding.band is not None:
        axes.axvspan(*finding.band, color="0.85")
    axes.plot([low, high], [0, 0], lw=3)
    axes.plot([finding.value], [0], "o")
    axes.set(yticks=[0], yticklabels=[finding.name], ylim=(-1, 1))


def _strip(finding: Finding) -> dict[str, float]:
    """Where value, interval and band lie on a strip from 0 to 100."""
    ends = [finding.value, *finding.interval, *(finding.band or ())]
    known = [end for end in ends if not math.isnan(end)]
    low, high = min(known), max(known)
    room = (high - low) * 0.15 or abs(low) * 0.1 or 1.0
    low, high = low - room, high + room

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    spots = {"value": place(finding.value)}
    if not math.isnan(finding.interval[0]):
        left, right = map(place, finding.interval)
        spots |= {"left": left, "width": round(right - left, 2)}
    if finding.band is not None and not math.isnan(finding.band[0]):
        left, right = map(place, finding.band)
        spots |= {"band": left, "band_width": round(right - left, 2)}
    return spots


def _side_by_side(first: str, second: str) -> tuple[Any, Any]:
    """Both texts as HTML, with the words marked that the other one does not have."""
    from markupsafe import Markup

    rows = first.split(), second.split()
    marked: list[list[str]] = [[], []]
    matcher = difflib.SequenceMatcher(a=rows[0], b=rows[1], autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        for side, (start, stop) in enumerate((ends[:2], ends[2:])):
            piece = html.escape(" ".join(rows[side][start:stop]))
            if piece:
                marked[side].append(
                    piece if kind == "equal" else f"<mark>{piece}</mark>"
                )
    left, right = (Markup(" ".join(pieces)) for pieces in marked)
    return left, right


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "unknown"
    return f"{value:.3g}"


def _without_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and math.isnan(content) else content
