"""A verdict stands on the page, and in the ledger when the notebooks are built."""

import json

import pytest

from course_utils.classroom import start, verdict
from course_utils.classroom.facts import STRICT

FINDING = "The share of texts with runs of their own."
KEYS = {
    *("claim", "question", "verdict", "estimate", "interval", "level", "n", "unit"),
    *("clusters", "notebook", "command"),
}


def on_trial(claim="C04", says="fails", **chosen):
    usual = {
        "question": "Do texts agree?",
        "stands": True,
        "estimate": 0.9,
        "interval": (0.8, 1.0),
        "n": 200,
        "unit": "pair of texts",
    }
    return verdict(claim, says, FINDING, **usual | chosen)


@pytest.fixture
def ledger(monkeypatch, tmp_path):
    path = tmp_path / "new" / "results" / "verdicts.json"
    monkeypatch.setenv("COURSE_LEDGER", str(path))
    return path


def test_a_verdict_shows_claim_question_finding_number_interval_and_n():
    text = repr(on_trial())
    assert text.startswith("C04: fails\n")
    assert FINDING in text and "Do texts agree?" in text
    expected = "Estimate: 0.9 (95 % interval 0.8 to 1, n = 200 pairs of texts)."
    assert expected in text
    assert text.endswith('What would count for and against it: `claims("C04")`.')


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({"level": 0.9875}, "98.75 % interval 0.8 to 1"),
        ({"unit": "text", "clusters": 8}, "n = 200 texts in 8 independent draws)"),
        ({"interval": None, "n": 1, "unit": "run"}, "0.9 (no interval, n = 1 run)"),
    ],
)
def test_the_number_says_what_it_rests_on(chosen, shown):
    assert shown in repr(on_trial(**chosen))


def test_nothing_is_written_outside_a_build(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_LEDGER", raising=False)
    monkeypatch.chdir(tmp_path)
    on_trial()
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_keeps_one_entry_per_question(ledger):
    start("03")
    on_trial("C07")
    on_trial("C04", estimate=0.85)
    on_trial("C04", says="holds when the sampler is broken")
    on_trial("C04", question="And below?", interval=None)
    start("00")
    on_trial("C04", recorded="reward")
    entries = json.loads(ledger.read_text())
    assert [(e["claim"], e["notebook"], e["question"]) for e in entries] == [
        ("C04", "00", "Do texts agree?"),
        ("C04", "03", "And below?"),
        ("C04", "03", "Do texts agree?"),
        ("C07", "03", "Do texts agree?"),
    ]
    assert entries[2]["verdict"] == "holds when the sampler is broken"
    assert all(set(entry) == KEYS for entry in entries)
    assert entries[1]["interval"] is None and entries[0]["clusters"] == 200
    assert entries[0]["command"].startswith("python -m course_utils.recordings reward")


@pytest.mark.parametrize("stands", [False, lambda: False])
def test_a_verdict_that_does_not_stand_says_so(stands, ledger, monkeypatch):
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    assert repr(on_trial(stands=stands)).startswith("C04: open\n")
    assert json.loads(ledger.read_text())[0]["verdict"] == "does not stand"


def test_a_verdict_that_does_not_stand_ends_a_build(ledger, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(AssertionError, match="C04: 'fails' does not stand"):
        on_trial(stands=False)
    assert not ledger.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"claim": "4"}, "claim is '4'; allowed is C and two digits"),
        ({"says": "maybe"}, "verdict is 'maybe'; allowed are 'holds'"),
        ({"says": "holds when "}, "verdict is 'holds when '"),
        ({"question": "do texts agree"}, "question is 'do texts agree'; allowed"),
        ({"unit": " "}, "unit is ' '; name what was drawn"),
        ({"estimate": 0.5}, "it must be finite and hold estimate, 0.5"),
        ({"estimate": float("nan"), "interval": None}, "estimate is nan"),
        ({"interval": (0.0, float("inf"))}, "it must be finite"),
        ({"n": 2.5}, "n is 2.5"),
        ({"n": 0}, "n is 0"),
        ({"n": 4}, "interval is over 4 independent draws; allowed are 5 or more"),
        ({"clusters": 3}, "interval is over 3 independent draws"),
        ({"level": 95}, "level is 95"),
    ],
)
def test_a_malformed_verdict_is_refused(wrong, message, monkeypatch):
    monkeypatch.setenv(STRICT, "1")
    with pytest.raises(ValueError, match=message):
        on_trial(**wrong)


@pytest.mark.parametrize(
    "few",
    [{"n": 4}, {"clusters": 3}, {"interval": (float("nan"), float("nan"))}],
)
def test_who_draws_less_loses_the_interval_and_no_more(few):
    assert "0.9 (no interval, n = " in repr(on_trial(**few))


@pytest.mark.parametrize("estimate", [0.8, 1.0, 1.0 + 1e-12])
def test_an_estimate_at_the_end_of_its_interval_lies_in_it(estimate):
    assert f"Estimate: {estimate:.3g}" in repr(on_trial(estimate=estimate))
