"""A collapse report: every detector on one set of texts, beside a reference.

All measures of likeness depend on how many texts are looked at. So they are taken on
one number of texts, drawn at random, for the set and for the reference alike. Copies,
repetition and loops are counted in all texts. Built in notebook 11.
"""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.detection.report.examples import (
    LoopFinding,
    PromptFinding,
    longest_loops,
    loops_in,
    most_alike,
    most_copied,
    worst_prompts,
)
from course_utils.detection.report.measures import (
    MEASURES,
    Finding,
    find,
    samples_of,
)
from course_utils.detection.report.page import page_of
from course_utils.detection.report.writing import PAGES, check_target, write_whole
from course_utils.detection.words import check_texts, words
from course_utils.foundations.validation import as_whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLE = 500  # texts that measures of likeness look at
_PAIRS_AMONG = 3000  # texts among which the most alike are looked for


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
        return page_of(self, self.findings, self.alike)

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
        samples = samples_of([among, _draw(model, size, dice)] if model else [among])
        bar.update()
        findings = []
        for measure in MEASURES:
            findings.append(find(measure, [s.only(range(size)) for s in samples]))
            bar.update()
        loops = list(loops_in(told))
        bar.update()
        worst = worst_prompts(told, [prompts[i] for i in kept] if prompts else [], dice)
        bar.update()
    return CollapseReport(
        len(told),
        len(model),
        size,
        findings,
        most_copied(told),
        len(loops),
        longest_loops(loops, kept),
        most_alike(samples[0]),
        worst,
        notes,
    )


def write_report(report: CollapseReport, path: Path) -> None:
    """Write a report as .html or as .json, by the file's name, whole or not at all."""
    check_ending(path)
    is_page = path.suffix.lower() in PAGES
    write_whole(path, (report.to_html() if is_page else report.to_json()) + "\n")


def check_ending(path: Path) -> None:
    """Refuse a file that is no report by its name, before any work is done."""
    check_target(path)


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


def _without_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and math.isnan(content) else content
