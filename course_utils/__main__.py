"""`python -m course_utils report generations.jsonl`: a collapse report of a file."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        _report(options)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_utils")
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser(
        "report", help="how collapsed are the texts of a file?", description=__doc__
    )
    report.add_argument("file", type=Path, help=".jsonl, .csv, .tsv or a text a line")
    report.add_argument("--field", help="where the text stands (default: text, ...)")
    report.add_argument("--prompt-field", help="where the prompt stands, if anywhere")
    report.add_argument(
        "--reference", type=Path, help="a file of texts as they should be"
    )
    report.add_argument("--html", type=Path, help="write a page to this .html file")
    report.add_argument(
        "--json", type=Path, help="write all numbers to this .json file"
    )
    report.add_argument("--sample", type=int, default=500, help="default: 500 texts")
    report.add_argument("--seed", type=int, default=0)
    return parser


def _report(options: argparse.Namespace) -> None:
    from course_utils.detection.report import (
        check_ending,
        collapse_report,
        write_report,
    )
    from course_utils.detection.report.reading import read_generations

    pages = [path for path in (options.html, options.json) if path]
    for path in pages:
        check_ending(path)
    read = read_generations(options.file, options.field, options.prompt_field)
    reference = None
    notes = _notes(options.file, read.skipped, read.reasons)
    if options.reference:
        model = read_generations(options.reference, options.field, options.prompt_field)
        reference = model.texts
        notes += _notes(options.reference, model.skipped, model.reasons)
    report = collapse_report(
        read.texts, reference, read.prompts, options.sample, options.seed, progress=True
    )
    report = dataclasses.replace(report, notes=[*notes, *report.notes])
    print(report)
    for path in pages:
        write_report(report, path)


def _notes(path: Path, skipped: int, reasons: list[str]) -> list[str]:
    if not skipped:
        return []
    more = "" if skipped == len(reasons) else ", ..."
    return [f"{path.name}: {skipped:,} lines left out ({'; '.join(reasons)}{more})."]


if __name__ == "__main__":
    main()
