"""A verdict stands on the page, and in the ledger when the notebooks are built."""

import json

import pytest

from course_utils.classroom import start, verdict

FINDING = "The share of texts with runs of their own."


def on_trial(claim="C04", says="fails", estimate=0.9, interval=(0.8, 1.0), n=200):
    return verdict(claim, says, FINDING, estimate=estimate, interval=interval, n=n)


def test_a_verdict_shows_claim_finding_number_interval_and_n():
    text = repr(on_trial())
    assert text.startswith("C04: fails\n")
    assert FINDING in text
    assert "Estimate: 0.9 (95 % interval 0.8 to 1, n = 200)." in text
    assert text.endswith('What would count for and against it: `claims("C04")`.')


def test_nothing_is_written_outside_a_build(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_LEDGER", raising=False)
    monkeypatch.chdir(tmp_path)
    on_trial()
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_keeps_one_entry_per_claim_and_notebook(monkeypatch, tmp_path):
    ledger = tmp_path / "new" / "results" / "verdicts.json"
    monkeypatch.setenv("COURSE_LEDGER", str(ledger))
    start("03")
    on_trial("C07")
    on_trial("C04", estimate=0.85)
    on_trial("C04", says="holds when the sampler is broken")
    start("00")
    on_trial("C04")
    entries = json.loads(ledger.read_text())
    assert [(e["claim"], e["notebook"]) for e in entries] == [
        ("C04", "00"),
        ("C04", "03"),
        ("C07", "03"),
    ]
    assert entries[1]["verdict"] == "holds when the sampler is broken"
    assert set(entries[0]) == {
        *("claim", "verdict", "estimate", "interval", "n", "notebook", "command")
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"claim": "4"}, "claim is '4'; allowed is C and two digits"),
        ({"says": "maybe"}, "verdict is 'maybe'; allowed are 'holds'"),
        ({"says": "holds when "}, "verdict is 'holds when '"),
        ({"estimate": 0.5}, "it must be finite and hold estimate, 0.5"),
        ({"interval": (0.0, float("inf"))}, "it must be finite"),
        ({"n": 2.5}, "n is 2.5"),
        ({"n": 0}, "n is 0"),
    ],
)
def test_a_malformed_verdict_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        on_trial(**wrong)


@pytest.mark.parametrize("estimate", [0.8, 1.0, 1.0 + 1e-12])
def test_an_estimate_at_the_end_of_its_interval_lies_in_it(estimate):
    assert f"Estimate: {estimate:.3g}" in repr(on_trial(estimate=estimate))
