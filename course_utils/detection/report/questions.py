"""The three questions that people have, answered in plain words from the numbers."""

from collections.abc import Sequence

from course_utils.detection.report.judging import FAMILY
from course_utils.detection.report.measures import MEASURES, Finding
from course_utils.detection.report.result import Result
from course_utils.detection.report.units import FEWEST_JUDGED

_NAMED = 3  # measures in a headline
_OTHER_LENGTH = 1.25
_MEASURES = {measure.name: measure for measure in MEASURES}

COLLAPSED = "Is it collapsed, compared with what?"
SINCE = "Since when, and under which prompts?"
SURE = "What would it take to be sure?"


def is_collapsed(result: Result) -> bool:
    """Whether any measure finds the texts more alike than the reference."""
    return bool(_called(result, "more alike"))


def headline(result: Result) -> str:
    """The report in one or two sentences."""
    if not result.reference_texts:
        return "Without a reference nothing here is too much or too little."
    if _is_too_few(result):
        unit = "prompts" if result.unit == "prompts" else "texts"
        return (
            f"Too few {unit} to say: {result.units} beside {result.units}, where "
            f"{FEWEST_JUDGED} are needed."
        )
    alike, varied = _called(result, "more alike"), _called(result, "more varied")
    other = reference_name(result)
    if alike:
        said = f"More alike than {other}: {_listed(alike)}."
    else:
        said = f"No measure finds these texts more alike than {other}."
    if varied:
        names = ", ".join(finding.name for finding in varied)
        said += f" More varied than {other} by {names}."
    return said


def answers(result: Result) -> list[tuple[str, str]]:
    """Each question with its answer."""
    return [
        (COLLAPSED, _compared_with(result)),
        (SINCE, f"{_since(result)} {_prompts(result)}"),
        (SURE, _what_it_takes(result)),
    ]


def reference_name(result: Result) -> str:
    """What the reference is called in a sentence."""
    if result.about.compared and result.about.reference:
        return result.about.reference
    return "the reference"


def number(name: str, value: float) -> str:
    """A measure's value as a sentence has it: shares in percent, others in digits."""
    if _MEASURES[name].in_percent:
        return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.0f} %"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _called(result: Result, verdict: str) -> list[Finding]:
    """The findings with a verdict, the clearest first."""
    found = [f for f in result.findings if f.verdict == verdict]
    return sorted(found, key=lambda f: -_clarity(f))


def _clarity(finding: Finding) -> float:
    difference, detectable = finding.difference or 0.0, finding.detectable or 1.0
    return abs(difference) / detectable


def _is_too_few(result: Result) -> bool:
    return any(finding.verdict == "too few" for finding in result.findings)


def _listed(findings: Sequence[Finding]) -> str:
    told = [
        f"{_MEASURES[f.name].plainly} ({f.name} {number(f.name, f.value)} against "
        f"{number(f.name, f.reference or 0.0)})"
        for f in findings[:_NAMED]
    ]
    more = len(findings) - _NAMED
    return ", ".join(told) + (f", and {more} more" if more > 0 else "")


def _compared_with(result: Result) -> str:
    if not result.reference_texts:
        return (
            "Nobody can say without a reference. The numbers below describe these "
            "texts; how much likeness is usual depends on the task, the length and the "
            "number of texts."
        )
    other = result.about.reference or "the reference"
    by_prompt = result.unit == "prompts"
    said = [
        _yes_or_no(result),
        f"Compared with {_count(result.reference_texts, 'text')} of {other}: "
        f"{_count(result.sample, 'text')} beside {result.sample:,}"
        + (f", of {result.units:,} prompts." if by_prompt else "."),
    ]
    if not _is_too_few(result):
        said.append(
            "Of pages whose two sets come from one source, "
            f"{100 * FAMILY:.0f} % at most call any measure more alike."
        )
    return " ".join([*said, *_other_length(result)])


def _yes_or_no(result: Result) -> str:
    if _is_too_few(result):
        return "Too few were drawn to say."
    alike, count = _called(result, "more alike"), len(result.findings)
    if alike:
        return f"Yes, by {len(alike)} of {count} measures."
    varied = len(_called(result, "more varied"))
    more = f"; {varied} say more varied" if varied else ""
    return f"Not that it shows: none of {count} measures says more alike{more}."


def _other_length(result: Result) -> list[str]:
    shorter, longer = sorted((result.words, result.reference_words))
    if longer <= _OTHER_LENGTH * max(shorter, 1):
        return []
    return [
        f"But texts have {result.words:g} words at the median and "
        f"{reference_name(result)} {result.reference_words:g}: every measure here "
        "changes with length, so part of what is found may be that. Cut both to one "
        "length."
    ]


def _since(result: Result) -> str:
    found = result.along
    if found is None:
        return (
            "Too few texts to look for a beginning (80, of 10 prompts where prompts "
            "stand together, are needed)."
        )
    if found.step is None:
        return (
            "In the order of the file no beginning is found: its "
            f"{len(found.starts)} parts of equal length differ as those of shuffled "
            "orders do."
        )
    return (
        f"From about text {found.step + 1:,} of {result.texts:,} on texts are more "
        f"alike: {found.measure} {number(found.measure, found.before)} before, "
        f"{number(found.measure, found.after)} after (as clear a step in "
        f"{100 * found.p:.0f} % of shuffled orders)."
    )


def _prompts(result: Result) -> str:
    if not result.prompts:
        return (
            "By prompt nothing can be said: no two prompts with five texts are known."
        )
    worst = result.prompts[0]
    name = worst.prompt if len(worst.prompt) <= 80 else worst.prompt[:77] + "..."
    return (
        f"Most alike are the texts of “{name}”: Self-BLEU-4 {worst.self_bleu:.2f}, "
        f"where the median of all prompts is {result.all_prompts or 0.0:.2f}."
    )


def _what_it_takes(result: Result) -> str:
    if not result.reference_texts:
        return (
            "Texts of the same task and length that are as they should be: people's, "
            f"or those of an earlier model, from {FEWEST_JUDGED} prompts or more, "
            "better hundreds. Give them as the reference."
        )
    if _is_too_few(result):
        told = (
            f"At least {FEWEST_JUDGED} {result.unit} of each must stand beside each "
            f"other; of {result.texts:,} texts and {result.reference_texts:,} only "
            f"{result.units} do."
        )
        if result.unit == "prompts":
            told += " More texts of the same prompts do not help."
        return told
    if is_collapsed(result):
        return (
            "Chance is ruled out as well as one page can. What no number rules out is "
            "an unlike reference: other prompts, another length, another format. Read "
            "the examples below, and hold the texts against a second reference."
        )
    found = _detectable(result)
    if not found:
        return "All texts of both are the same or nearly so: no swap changes anything."
    unit = result.unit.partition(" ")[0]
    return (
        f"With {result.units:,} {unit} of each a difference is found four times in "
        f"five if it is {found}. Half of that needs about four times as many. What is "
        "smaller may be there and is not seen."
    )


def _detectable(result: Result) -> str:
    known = [f for f in result.findings if f.detectable]
    shown = [f for f in known if f.name in ("Self-BLEU-4", "Vendi score", "copies")]
    told = [
        f"{number(f.name, f.detectable or 0.0)} in {f.name}" for f in shown or known[:3]
    ]
    return " or ".join(told)


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
