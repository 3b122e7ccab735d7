"""`claims`: every claim has its place, what would count, and its verdicts."""

import json
import re

import pytest

from course_utils.classroom import claims
from course_utils.classroom.claim_index import read_claims
from course_utils.data_files import data_path

ALL = read_claims()


def test_claims_are_numbered_from_one_on_without_a_gap():
    assert [claim.id for claim in ALL] == [f"C{n:02}" for n in range(1, 43)]


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.id)
def test_each_claim_is_a_sentence_with_what_counts_for_and_against_it(claim):
    for sentence in (claim.text, claim.for_it, claim.against_it):
        assert re.fullmatch(r"[A-Z].+\.", sentence)
    assert claim.place.startswith("On ")
    assert claim.notebooks == tuple(sorted(claim.notebooks))
    assert all(re.fullmatch(r"[0-2]\d", notebook) for notebook in claim.notebooks)


def test_every_verdict_belongs_to_a_claim_and_its_notebook():
    ledger = json.loads(data_path("results", "verdicts.json").read_text("utf-8"))
    planned = {claim.id: claim.notebooks for claim in ALL}
    assert all(entry["notebook"] in planned[entry["claim"]] for entry in ledger)
    assert sum(len(claim.verdicts) for claim in ALL) == len(ledger)


def test_the_index_names_the_article_once_and_spoils_no_lesson():
    page, text = claims()._repr_html_(), repr(claims())
    for shown in (page, text):
        assert shown.count("author unknown, read on the web, in 2026") == 1
        assert all(claim.id in shown for claim in ALL)
    assert "fails" not in re.sub(r"<details>.*?</details>", "", page)
    assert "fails" not in text and "tried: not yet" in text


def test_one_claim_shows_what_was_found():
    card = repr(claims("C04"))
    assert card.startswith("C04: From T = 2 on")
    assert "Notebook 00: Do texts at T = 2 or 3 share" in card
    assert "? fails (" in card and "99.17 % interval" in card
    assert "For it: " in card and "Against it: " in card


def test_a_claim_that_was_not_tried_says_where_it_will_be():
    assert "Not tried yet; planned for notebook 21." in repr(claims("C40"))


@pytest.mark.parametrize("claim", ["C43", "c04", "4", "", 4])
def test_a_claim_that_is_not_there_is_refused(claim):
    with pytest.raises(ValueError, match="allowed are C01 to C42"):
        claims(claim)
