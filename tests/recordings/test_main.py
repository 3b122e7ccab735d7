"""`python -m course_utils.recordings NAME` hands each recorder its file and seeds."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from course_utils.data_files import data_path
from course_utils.recordings import __main__ as command


@pytest.fixture
def calls(monkeypatch):
    """What was called, in place of anything long."""
    made = []

    def fake(module):
        def record(out, seeds):
            made.append((module, out, tuple(seeds)))

        return SimpleNamespace(record=record, SEEDS=(0, 1, 2))

    monkeypatch.setattr(command, "import_module", fake)
    return made


@pytest.mark.parametrize("name", command.RECORDERS)
def test_each_name_has_a_recorder_with_seeds(name):
    recorder = import_module(command.RECORDERS[name])
    assert callable(recorder.record)
    assert len(recorder.SEEDS) >= 3
    assert len(set(recorder.SEEDS)) == len(recorder.SEEDS)


@pytest.mark.parametrize("name", command.RECORDERS)
def test_a_name_alone_makes_the_log_in_the_course(name, calls):
    command.main([name])
    log = data_path("results", f"{name}.json")
    assert calls == [(command.RECORDERS[name], log, (0, 1, 2))]


def test_file_and_seeds_can_be_chosen(calls, tmp_path):
    out = tmp_path / "log.json"
    command.main(["recursion", "--out", str(out), "--seeds", "7", "8"])
    assert calls == [(command.RECORDERS["recursion"], out, (7, 8))]


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["overfitting"])
    assert "invalid choice: 'overfitting'" in capsys.readouterr().err
