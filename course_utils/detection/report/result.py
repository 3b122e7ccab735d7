"""What a report holds: numbers and examples, before anything is said of them."""

from dataclasses import dataclass, field

from course_utils.detection.report.along import Along
from course_utils.detection.report.examples import LoopFinding, PromptFinding
from course_utils.detection.report.groups import Groups
from course_utils.detection.report.measures import Finding


@dataclass(frozen=True)
class About:
    """Where the texts come from, as the head of the page says it.

    name, reference    what the set and its reference are called
    field, reference_field  where in the file the texts stand
    compared           whether two sets are compared, of which none is the standard
    made               the day, as 2026-11-28
    """

    name: str = ""
    field: str = ""
    reference: str = ""
    reference_field: str = ""
    compared: bool = False
    made: str = ""


@dataclass(frozen=True)
class Result:
    """All that the detectors found.

    texts      how many there are; reference_texts likewise, 0 without a reference
    sample     how many of them the measures of likeness looked at
    findings   one for each measure
    copied     texts that stand there more than once, and how often, commonest first
    looping    how many texts hold a loop; loops are examples
    alike      pairs of different texts with the most like words
    prompts    the prompts whose texts are most alike, if prompts are known
    notes      what could not be read or measured
    unit       what was drawn: "texts", "prompts" or "texts of the same prompt"
    units      how many of these are compared
    words      the texts' median number of words; reference_words likewise
    along      whether texts grow more alike along the file; None of too few
    groups     the measures of each group, if one was asked for
    all_prompts  the median Self-BLEU of the prompts that could be measured
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
    unit: str = "texts"
    units: int = 0
    words: float = 0.0
    reference_words: float = 0.0
    along: Along | None = None
    groups: Groups | None = None
    all_prompts: float | None = None
    seed: int = 0
    about: About = field(default_factory=About)
