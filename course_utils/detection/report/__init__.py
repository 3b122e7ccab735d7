"""A collapse report: every detector on one set of texts, beside a reference.

All measures of likeness depend on how many texts are looked at. So they are taken on
one number of texts, drawn at random, for the set and for the reference alike. Copies
and loops are shown from all texts. Built in notebook 11.
"""

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils.detection.report import questions
from course_utils.detection.report.along import along
from course_utils.detection.report.examples import (
    longest_loops,
    loops_in,
    most_alike,
    most_copied,
    worst_prompts,
)
from course_utils.detection.report.groups import check_groups, groups_by
from course_utils.detection.report.judging import SHUFFLES, drawn, judged
from course_utils.detection.report.measures import Finding, Pool
from course_utils.detection.report.page import page_of
from course_utils.detection.report.result import About, Result
from course_utils.detection.report.spread import SPLITS
from course_utils.detection.report.units import (
    FEWEST_JUDGED,
    Units,
    units_alone,
    units_beside,
    units_of_texts,
)
from course_utils.detection.report.writing import PAGES, check_target, write_all
from course_utils.detection.words import Tokenize, check_texts, unspaced_share, words
from course_utils.foundations.intervals import Interval
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLE = 500  # texts that measures of likeness look at
_LONGEST = 20_000  # characters of a text that measures look at
_PAIRS_AMONG = 3000  # texts among which the most alike are looked for
_UNSPACED = 0.25  # of the words, from which on the page says how they are counted
_ALONG_SHUFFLES = 99


class CollapseReport(Result):
    """What the detectors found, and what it says in plain words."""

    @property
    def headline(self) -> str:
        """The report in one or two sentences."""
        return questions.headline(self)

    @property
    def answers(self) -> list[tuple[str, str]]:
        """The three questions that people have, each with its answer."""
        return questions.answers(self)

    @property
    def is_judged(self) -> bool:
        """Whether there is a reference, and enough of both to tell them apart."""
        return any(finding.band is not None for finding in self.findings)

    @property
    def is_collapsed(self) -> bool:
        """Whether any measure finds the texts more alike than the reference."""
        return questions.is_collapsed(self)

    def __repr__(self) -> str:
        lines = [f"{self.texts:,} texts. {self.headline}", ""]
        for finding in self.findings:
            line = f"{finding.name:<18}{finding.value:>9.3f} {_ends(finding.interval)}"
            if finding.band is not None:
                low, high = finding.band
                line += f"  reference {low:.3f} to {high:.3f}: {finding.verdict}"
            lines.append(line)
        verb = "holds" if self.looping == 1 else "hold"
        lines += ["", f"{self.looping:,} of {self.texts:,} texts {verb} a loop."]
        for question, answer in self.answers[1:]:
            lines += ["", question, answer]
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers, texts and lists; unknown numbers are None."""
        content = asdict(self) | {
            "headline": self.headline,
            "is_collapsed": self.is_collapsed,
            "answers": dict(self.answers),
        }
        return _without_nan(content)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def to_html(self) -> str:
        """One page that needs nothing else, for the screen and for paper."""
        return page_of(self, self.headline, self.answers)

    def plot(self) -> "Figure":
        """Each measure with its interval, over the reference's band."""
        from course_utils.detection.report.drawing import draw

        return draw(self.findings)


def collapse_report(
    texts: Sequence[str],
    reference: Sequence[str] | None = None,
    prompts: Sequence[str] | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
    progress: bool = False,
    *,
    reference_prompts: Sequence[str] | None = None,
    by: tuple[str, Sequence[Any]] | None = None,
    tokenize: Tokenize = words,
    shuffles: int = SHUFFLES,
    about: About | None = None,
) -> CollapseReport:
    """Run every detector on `texts`.

    reference  texts as they should be: what people wrote, or a model that is sound
    prompts    the prompt of each text, which is then what counts as drawn; and to find
               those whose texts are most alike. reference_prompts likewise
    sample     so many texts, or as many as there are, for measures of likeness
    by         a field's name and its value for each text: the measures of each group
    tokenize   makes words of a text; `words.letters` takes every character as one
    shuffles   swaps of blocks between set and reference that show what is chance
    about      names for the page
    Texts without a word are left out with a note. Raises ValueError for fewer than two
    texts (or reference texts) with words, and unless there are a prompt and a value for
    each text.
    """
    from tqdm.auto import tqdm

    sample = as_whole_number("sample", sample, at_least=2)
    shuffles = as_whole_number("shuffles", shuffles, at_least=19)
    seed = as_whole_number("seed", seed, at_least=0)
    notes: list[str] = []
    own = _side(texts, prompts, ("texts", "prompts", "texts"), tokenize, notes)
    names = "reference", "reference_prompts", "reference texts"
    model = _NOTHING
    if reference is not None:
        model = _side(reference, reference_prompts, names, tokenize, notes)
    grouped = None
    if by is not None:
        _check_one_each("by", by[1], texts)
        grouped = by[0], [by[1][i] for i in own.kept]
        check_groups(*grouped)
    dice = random.Random(seed)
    units = _units(own, model, sample, dice)
    notes += units.notes + _how_counted(own.whole[:SAMPLE], tokenize)
    steps = SPLITS + shuffles + 4
    with tqdm(total=steps, desc="report", disable=not progress, leave=False) as bar:
        findings = _findings(
            own, model, units, sample, shuffles, seed, tokenize, bar.update
        )
        loops = list(loops_in(own.whole, tokenize))
        bar.update()
        worst, usual = worst_prompts(own.texts, own.prompts or [], dice, tokenize)
        bar.update()
        found = along(own.texts, own.prompts, _ALONG_SHUFFLES, seed, tokenize)
        bar.update()
        groups = None
        if grouped is not None:
            groups = groups_by(
                *grouped, own.texts, own.prompts, model.texts, seed, tokenize
            )
        pairs = most_alike(_draw(own.texts, _PAIRS_AMONG, dice), tokenize)
        bar.update()
    return CollapseReport(
        texts=len(own.texts),
        reference_texts=len(model.texts),
        sample=units.texts,
        findings=findings,
        copied=most_copied(own.whole),
        looping=len(loops),
        loops=longest_loops(loops, own.kept),
        alike=pairs,
        prompts=worst,
        notes=notes,
        unit=units.unit,
        units=len(units.own),
        words=_median_words(own.whole, tokenize),
        reference_words=_median_words(model.whole, tokenize),
        along=found,
        groups=groups,
        all_prompts=usual,
        seed=seed,
        about=replace(about or About(), made=date.today().isoformat()),
    )


def write_report(report: CollapseReport, *paths: Path) -> None:
    """Write a report as .html or .json, by each file's name: all whole, or none."""
    for path in paths:
        check_target(path)
    pages = [path.suffix.lower() in PAGES for path in paths]
    texts = [report.to_html() if page else report.to_json() for page in pages]
    write_all({p: text + "\n" for p, text in zip(paths, texts, strict=True)})


def _ends(interval: Interval) -> str:
    low, high = interval
    return "(unknown)" if math.isnan(low) else f"({low:.3f} to {high:.3f})"


def _one(names: str, count: int) -> str:
    """`texts` as one of them is called, if there is one."""
    return names.removesuffix("s") if count == 1 else names


def _check_one_each(
    name: str, values: Sequence[Any] | None, texts: Sequence[str]
) -> None:
    if values is not None and len(values) != len(texts):
        raise ValueError(
            f"{name} has {len(values)} entries for {len(texts)} texts; allowed is one "
            "for each"
        )


class _Side(NamedTuple):
    """The set or its reference: texts with words, whole and cut to what is measured.

    kept  the places of these texts among those given
    """

    kept: list[int]
    whole: list[str]
    texts: list[str]
    prompts: list[str] | None


_NOTHING = _Side([], [], [], None)


def _side(
    texts: Sequence[str],
    prompts: Sequence[str] | None,
    names: tuple[str, str, str],
    tokenize: Tokenize,
    notes: list[str],
) -> _Side:
    """Texts as they are measured; `names` are the arguments', and the texts'."""
    argument, of_prompts, what = names
    check_texts(texts, name=argument)
    _check_one_each(of_prompts, prompts, texts)
    kept = [i for i, t in enumerate(texts) if len(tokenize(t[:1000]) or tokenize(t))]
    if len(kept) < 2:
        raise ValueError(
            f"{argument} holds {len(kept)} texts with a word; at least 2 are needed"
        )
    whole = [texts[i] for i in kept]
    notes += _left_out(len(texts) - len(kept), what) + _cut_short(whole, what)
    asked = None if prompts is None else [prompts[i] for i in kept]
    return _Side(kept, whole, [text[:_LONGEST] for text in whole], asked)


def _left_out(count: int, what: str) -> list[str]:
    verb = "is" if count == 1 else "are"
    said = f"{count:,} {_one(what, count)} without a word {verb} left out."
    return [said] * (count > 0)


def _cut_short(texts: list[str], what: str) -> list[str]:
    """A note on very long texts, which take minutes and outweigh all others."""
    count = sum(len(text) > _LONGEST for text in texts)
    said = (
        f"Of {count:,} {_one(what, count)} longer than {_LONGEST:,} characters the "
        "measures see the beginning; loops and copies are looked for in all."
    )
    return [said] * (count > 0)


def _units(own: _Side, model: _Side, sample: int, dice: random.Random) -> Units:
    if not model.texts:
        return units_alone(len(own.texts), own.prompts, sample, dice)
    sizes = len(own.texts), own.prompts, len(model.texts), model.prompts
    return units_beside(*sizes, sample, dice)


def _findings(
    own: _Side,
    model: _Side,
    units: Units,
    sample: int,
    shuffles: int,
    seed: int,
    tokenize: Tokenize,
    tick: Callable[[], object],
) -> list[Finding]:
    if model.texts and len(units.own) < FEWEST_JUDGED:
        return _described(own.texts, model.texts, sample, seed, tokenize)
    pool = Pool(_chosen(units, own.texts, model.texts), tokenize)
    return judged(drawn(units, pool), shuffles, seed, tick)


def _described(
    texts: list[str], reference: list[str], sample: int, seed: int, tokenize: Tokenize
) -> list[Finding]:
    """The measures of as many texts as there are, where too few prompts were drawn.

    How sure they are is unknown then.
    """
    units = units_of_texts(len(texts), len(reference), sample, random.Random(seed))
    pool = Pool(_chosen(units, texts, reference), tokenize)
    unknown = (math.nan, math.nan)
    return [
        replace(
            finding,
            interval=unknown,
            reference_interval=unknown,
            difference_interval=unknown,
        )
        for finding in judged(drawn(units, pool), 0, seed)
    ]


def _chosen(units: Units, texts: list[str], reference: list[str]) -> list[str]:
    own = [texts[i] for block in units.own for i in block]
    return own + [reference[i] for block in units.reference for i in block]


def _how_counted(texts: Sequence[str], tokenize: Tokenize) -> list[str]:
    """A note where characters are counted as words."""
    if tokenize is not words:
        return ["Words are those of the given tokenizer."]
    share = sum(map(unspaced_share, texts)) / len(texts)
    if share < _UNSPACED:
        return []
    return [
        f"{100 * share:.0f} % of the words are characters of scripts without spaces: "
        "each counts as a word, and texts are compared by pairs of them. A tokenizer "
        "of the language may cut better (tokenize)."
    ]


def _median_words(texts: list[str], tokenize: Tokenize) -> float:
    return float(median(len(tokenize(t)) for t in texts[:5000])) if texts else 0.0


def _draw(texts: list[str], size: int, dice: random.Random) -> list[str]:
    return dice.sample(texts, min(size, len(texts)))


def _without_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and math.isnan(content) else content
