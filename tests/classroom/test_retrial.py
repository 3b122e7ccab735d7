"""`python -m course_utils verdicts`: the ledger, tried again."""

import builtins

import nbformat
import pytest

from course_utils.__main__ import main
from course_utils.classroom import retrial

ROW = {
    "claim": "C01",
    "question": "Does it?",
    "verdict": "holds",
    "estimate": 0.5,
    "interval": [0.4, 0.6],
    "level": 0.95,
    "n": 8,
    "unit": "seed",
    "clusters": 8,
    "notebook": "01",
    "command": "jupyter lab notebooks/01.ipynb",
}


def test_equal_rows_do_not_differ():
    assert retrial.differences([ROW], [dict(ROW)]) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "fails"}, "verdict 'fails', stored 'holds'"),
        ({"estimate": 0.6}, "estimate 0.6, stored 0.5"),
        ({"interval": None}, "interval None, stored [0.4, 0.6]"),
        ({"n": 9}, "n 9, stored 8"),
        ({"unit": "text"}, "unit text, stored seed"),
    ],
)
def test_a_changed_row_is_named_with_both_values(change, says):
    (line,) = retrial.differences([ROW], [ROW | change])
    assert line == f"C01 (01) Does it? {says}"


def test_other_draws_may_move_numbers_but_no_word():
    moved = ROW | {"estimate": 0.6, "interval": [0.5, 0.7], "n": 9}
    assert retrial.differences([ROW], [moved], words_only=True) == []
    other = moved | {"verdict": "fails"}
    assert len(retrial.differences([ROW], [other], words_only=True)) == 1


def test_rows_that_are_missing_or_new_are_named():
    other = ROW | {"question": "Does another?"}
    lines = retrial.differences([ROW], [other])
    assert lines == [
        "C01 (01) Does another? was found, and is not stored",
        "C01 (01) Does it? is stored, and was not found",
    ]


def test_the_listing_has_question_verdict_and_number():
    text = retrial.listing([ROW, ROW | {"interval": None}])
    assert text.startswith("C01 (01): holds\n  Does it?\n  0.5 (95 % interval 0.4")
    assert "n = 8 seeds" in text and ROW["command"] in text


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Notebooks on trial that are written by the test: number and source."""
    monkeypatch.setattr(retrial, "notebooks_path", lambda: tmp_path)
    rows = []
    monkeypatch.setattr(retrial, "stored_verdicts", lambda: rows)

    def write(number, source, stored=()):
        cell = nbformat.v4.new_code_cell(source)
        path = tmp_path / f"{number}_trial.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
        rows.extend({**ROW, "notebook": number} | row for row in stored)
        return path

    return write


TRIAL = """
import numpy as np
from course_utils.classroom import start, verdict
from course_utils.foundations.intervals import mean_interval
start("01")
x = np.random.default_rng(3).normal(size=8)
low, high = mean_interval(x.tolist())
verdict("C01", "holds", "A mean of draws.", question="Is it below three?",
        stands=high < 3, estimate=x.mean(), interval=(low, high), n=8, unit="draw")
"""


def test_a_notebook_gives_the_same_rows_again(bench):
    path = bench("01", TRIAL)
    ((number, first),) = retrial.try_again([path])
    ((_, again),) = retrial.try_again([path])
    assert number == "01"
    assert first == again and first[0]["question"] == "Is it below three?"


def test_other_draws_move_the_numbers(bench):
    path = bench("01", TRIAL)
    rows = {draws: next(retrial.try_again([path], draws))[1] for draws in (0, 1, 2)}
    estimates = [found[0]["estimate"] for found in rows.values()]
    assert len(set(estimates)) == 3
    assert {found[0]["verdict"] for found in rows.values()} == {"holds"}


def test_a_notebook_that_breaks_is_reported_in_a_line(bench):
    path = bench("01", "raise RuntimeError('no such file')")
    assert list(retrial.try_again([path])) == [("01", "RuntimeError: no such file")]
    quiet = bench("02", "1 + 1")
    assert list(retrial.try_again([quiet])) == [("02", "no verdict was reached")]


@pytest.mark.parametrize("chosen", ["1", "99", "C01", ""])
def test_a_notebook_without_verdicts_is_refused(bench, chosen):
    bench("01", TRIAL, [{}])
    with pytest.raises(ValueError, match=r"notebook is .*; allowed are numbers"):
        retrial.notebooks_on_trial([chosen])


def test_the_command_ends_with_how_many_differ(bench, capsys):
    bench("01", TRIAL, [{"question": "Is it below three?", "verdict": "fails"}])
    with pytest.raises(SystemExit) as ended:
        main(["verdicts", "01"])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "DIFFERS: C01 (01) Is it below three? verdict 'holds', stored 'f" in out
    assert out.endswith("1 verdicts tried again; 1 differences from the stored ones\n")


def test_what_is_stored_is_only_listed(bench, capsys):
    bench("01", "raise RuntimeError", [{}])
    with pytest.raises(SystemExit) as ended:
        main(["verdicts", "--stored"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == retrial.listing(retrial.stored_verdicts()) + "\n"


def test_without_nbclient_the_command_says_what_to_install(bench, monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("nbclient"):
            raise ImportError(name)
        return real(name, *rest)

    path = bench("01", TRIAL)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(OSError, match="pip install nbclient"):
        list(retrial.try_again([path]))
