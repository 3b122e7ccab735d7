"""`python -m course_utils`: report, samplers, shootout, verdicts, workbook, lab."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course_utils.classroom.workbook import default_folder, fresh_copy, make_workbook


def main(arguments: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(wanted=given[:1])
    options, more = parser.parse_known_args(given)
    if more and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    try:
        if options.command == "report":
            code = _report(options)
            if code:
                sys.exit(code)
        elif options.command == "samplers":
            _samplers()
        elif options.command == "shootout":
            sys.exit(_shootout(options))
        elif options.command == "verdicts":
            sys.exit(_verdicts(options))
        elif options.command == "workbook":
            _workbook(options)
        else:
            sys.exit(_lab(options, more))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def _parser(wanted: Sequence[str] = ()) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_utils")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_report(commands)
    about = "all samplers: their arguments, what they do, where they are built"
    commands.add_parser("samplers", help=about, description=about)
    _add_shootout(commands, wanted)
    _add_verdicts(commands)
    about = "your own copies of the notebooks, made and brought up to date"
    workbook = commands.add_parser("workbook", help=about, description=about)
    workbook.add_argument(
        "--fresh", metavar="NN", help="a pristine copy of one; your old one is kept"
    )
    about = "open JupyterLab on the workbook; options of its own are passed on"
    lab = commands.add_parser("lab", help=about, description=about)
    for command in (workbook, lab):
        command.add_argument(
            "--folder", type=Path, help="default: workbook, in the course or here"
        )
    return parser


def _add_report(commands: argparse._SubParsersAction) -> None:
    about = "how collapsed are the texts of a file?"
    report = commands.add_parser("report", help=about, description=about)
    report.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="JSON lines or array, CSV, parquet, a text a line; a folder of .txt; "
        "- is standard input",
    )
    report.add_argument(
        "--field",
        help="where the text stands, such as text or choices.0.message.content "
        "(default: told from the names)",
    )
    report.add_argument("--prompt-field", help="where the prompt stands, if anywhere")
    report.add_argument(
        "--reference", type=Path, help="a file of texts as they should be"
    )
    report.add_argument(
        "--reference-field",
        help="where the reference's text stands (default: --field); without "
        "--reference, a column of the same file",
    )
    report.add_argument(
        "--compare",
        type=Path,
        nargs=2,
        metavar=("BEFORE", "AFTER"),
        help="two files, of two models or settings, instead of one and a reference",
    )
    report.add_argument(
        "--by", metavar="FIELD", help="also the measures by model, temperature, prompt"
    )
    report.add_argument(
        "--tokenize",
        default="words",
        help="words (default), letters, or a tokenizer.json or the folder of one",
    )
    report.add_argument(
        "--fail-if-collapsed",
        action="store_true",
        help="exit with 3 if texts are more alike than the reference (or BEFORE), with "
        "4 if they are too few to say",
    )
    report.add_argument("--encoding", help="of files that aren't UTF-8: latin-1, ...")
    report.add_argument("--html", type=Path, help="write a page to this .html file")
    report.add_argument(
        "--json", type=Path, help="write all numbers to this .json file"
    )
    report.add_argument("--sample", type=int, default=500, help="default: 500 texts")
    report.add_argument("--seed", type=int, default=0)


def _add_shootout(commands: argparse._SubParsersAction, wanted: Sequence[str]) -> None:
    about = "all remedies at one budget of tokens, on this machine or on a cluster"
    shootout = commands.add_parser("shootout", help=about, description=about)
    if wanted == ["shootout"]:  # what it imports takes seconds
        from course_utils.recordings.shootout_command import add_arguments

        add_arguments(shootout)


def _add_verdicts(commands: argparse._SubParsersAction) -> None:
    about = "every verdict, tried again and held against the stored one"
    verdicts = commands.add_parser("verdicts", help=about, description=about)
    verdicts.add_argument(
        "notebooks", nargs="*", metavar="NN", help="of these notebooks; default: of all"
    )
    verdicts.add_argument(
        "--stored", action="store_true", help="only list what is stored"
    )
    verdicts.add_argument(
        "--draws", type=int, default=0, help="move all seeds: 1, 2, 3, ..."
    )
    verdicts.add_argument("--at-once", type=int, default=1, help="notebooks at a time")


def _verdicts(options: argparse.Namespace) -> int:
    from course_utils.classroom import retrial

    notebooks = retrial.notebooks_on_trial(options.notebooks)
    numbers = {path.name[:2] for path in notebooks}
    stored = [e for e in retrial.stored_verdicts() if e["notebook"] in numbers]
    if options.stored:
        print(retrial.listing(stored))
        return 0
    differ = 0
    for number, found in retrial.try_again(notebooks, options.draws, options.at_once):
        rows = [entry for entry in stored if entry["notebook"] == number]
        if isinstance(found, str):
            lines = [f"notebook {number} ended early: {found}"]
        else:
            print(retrial.listing(found), end="\n\n", flush=True)
            lines = retrial.differences(rows, found, words_only=bool(options.draws))
        print(*(f"DIFFERS: {line}\n" for line in lines), sep="\n", end="", flush=True)
        differ += len(lines)
    among = f"{len(stored)} verdicts tried again"
    print(f"{among}; {differ} differences from the stored ones")
    return int(differ > 0)


def _samplers() -> None:
    from course_utils.mitigation.catalogue import listing

    print(listing())


def _shootout(options: argparse.Namespace) -> int:
    from course_utils.recordings.shootout_command import run

    return run(options)


def _workbook(options: argparse.Namespace) -> None:
    folder = options.folder or default_folder()
    if options.fresh is not None:
        print(*fresh_copy(folder, options.fresh), sep="\n")
        return
    for line in make_workbook(folder):
        print(line)
    print(f"Your workbook is in {folder}.")


def _lab(options: argparse.Namespace, more: Sequence[str]) -> int:
    from course_utils.classroom.lab import run_lab

    folder = options.folder or default_folder()
    for line in make_workbook(folder):
        print(line, flush=True)
    return run_lab(folder, more)


def _report(options: argparse.Namespace) -> int:
    from course_utils.detection.report.command import run

    return run(options)


if __name__ == "__main__":
    main()
