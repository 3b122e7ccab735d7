"""`python -m course_utils report`: files in, a page out."""

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import course_utils.detection.report as reports
from course_utils.detection.report.reading import Generations, read_generations
from course_utils.detection.report.sources import kept
from course_utils.detection.report.writing import NUMBERS, PAGES, check_target
from course_utils.detection.words import Tokenize, letters, words

COLLAPSED, NOT_JUDGED = 3, 4  # exit codes of --fail-if-collapsed
STOPPED = 130
_LINE = re.compile(r"\A\(((?:line|row|entry) \d+)\)\Z")


def run(options: argparse.Namespace) -> int:
    """Read, measure, write, print; the exit code. Raises ValueError for bad input."""
    stage = "checking what was asked for"
    try:
        _check(options)
        pages, tokenize = _targets(options), tokenizer(options.tokenize)
        stage = "reading"
        read, reference = _read(options)
        stage = f"measuring {len(read.texts):,} texts of {read.name}"
        report = reports.collapse_report(
            read.texts,
            reference.texts if reference else None,
            read.prompts,
            options.sample,
            options.seed,
            progress=True,
            reference_prompts=_prompts_of(reference),
            by=None if read.groups is None else (options.by, read.groups),
            tokenize=tokenize,
            about=_about(options, read, reference),
        )
        remarks = read.remarks + (reference.remarks if reference else [])
        report = replace(report, notes=[*remarks, *report.notes])
        stage = "writing"
        reports.write_report(report, *pages)
    except KeyboardInterrupt:
        print(f"stopped while {stage}: no report was made", file=sys.stderr)
        return STOPPED
    _print(repr(report))
    if not options.fail_if_collapsed or report.is_judged:
        return COLLAPSED * (options.fail_if_collapsed and report.is_collapsed)
    print("too few to say whether texts are more alike", file=sys.stderr)
    return NOT_JUDGED


def _prompts_of(reference: Generations | None) -> list[str] | None:
    """A reference's prompts; lines without one are not those of the other file."""
    if reference is None or reference.prompts is None:
        return None
    return [_LINE.sub(r"(\1 of the reference)", p) for p in reference.prompts]


def tokenizer(name: str) -> Tokenize:
    """`words`, `letters`, or the tokenizer in a file or folder.

    Raises ValueError where there is none.
    """
    if name in ("words", "letters"):
        return {"words": words, "letters": letters}[name]
    from tokenizers import Tokenizer

    path = Path(name) / "tokenizer.json" if Path(name).is_dir() else Path(name)
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception:  # the library raises nothing more special
        raise ValueError(
            f"tokenize is {name!r}; allowed are words, letters, and a tokenizer.json "
            "or the folder of one"
        ) from None
    return lambda text: loaded.encode(text, add_special_tokens=False).tokens


def _check(options: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, before any work."""
    beside = options.reference is not None or options.reference_field is not None
    if options.compare and (options.file or beside):
        raise ValueError(
            "compare takes two files by itself; allowed beside it are no other file "
            "and no reference"
        )
    if not options.compare and options.file is None:
        raise ValueError("file is missing; allowed are a file, or --compare with two")
    if options.fail_if_collapsed and not (options.compare or beside):
        raise ValueError(
            "fail-if-collapsed needs a standard: give --reference, --reference-field "
            "or --compare"
        )


def _targets(options: argparse.Namespace) -> list[Path]:
    """The files to write, refused before the work where they can't be."""
    sources = [options.file, options.reference, *(options.compare or ())]
    held = {Path(os.path.realpath(path)) for path in sources if path}
    found = []
    for path, allowed in ((options.html, PAGES), (options.json, NUMBERS)):
        if path is not None:
            check_target(path, allowed)
            if path.resolve() in held:
                raise ValueError(f"path is {str(path)!r}, which holds the texts")
            found.append(path)
    return found


def _read(options: argparse.Namespace) -> tuple[Generations, Generations | None]:
    """The texts and their reference, which may stand in the same file."""
    how = options.prompt_field, options.encoding
    if options.compare:
        before, after = options.compare
        if str(before) == "-" == str(after):
            raise ValueError("compare is - twice; allowed is standard input once")
        read = read_generations(after, options.field, *how, options.by)
        return read, read_generations(before, options.field, *how)
    file = kept(options.file)
    read = read_generations(file, options.field, *how, options.by)
    beside = options.reference_field
    if options.reference is None and beside is None:
        return read, None
    field = beside or options.field
    if options.reference in (None, options.file):
        return read, read_generations(file, field, *how)
    return read, _read_reference(options, field)


def _read_reference(options: argparse.Namespace, field: str | None) -> Generations:
    """A reference in a file of its own need not name the prompts as the set does."""
    try:
        return read_generations(
            options.reference, field, options.prompt_field, options.encoding
        )
    except ValueError:
        if options.prompt_field is None:
            raise
        return read_generations(options.reference, field, None, options.encoding)


def _about(
    options: argparse.Namespace, read: Generations, reference: Generations | None
) -> reports.About:
    return reports.About(
        name=read.name,
        field=read.field,
        reference=reference.name if reference else "",
        reference_field=reference.field if reference else "",
        compared=bool(options.compare),
    )


def _print(text: str) -> None:
    """Print, with question marks for what the terminal can't show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
