"""`fact`: silent where it holds, a card for the learner, an error for the author."""

import numpy as np
import pytest
import torch

from course_utils.classroom import fact


@pytest.mark.parametrize(
    "condition",
    [True, 1, np.True_, torch.tensor(True), lambda: True, lambda: torch.tensor([1])],
)
def test_a_fact_that_holds_is_silent(condition, capsys, monkeypatch):
    fact("one is one", condition)
    monkeypatch.setenv("COURSE_STRICT", "1")
    fact("one is one", condition)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "condition",
    [False, 0, np.False_, torch.tensor(False), lambda: False, lambda: 1 / 0],
)
def test_a_fact_that_fails_is_a_card_and_the_notebook_goes_on(condition, capsys):
    fact("most tales are about one hero", condition)
    told = capsys.readouterr().out
    assert "Here it does not hold that most tales are about one hero." in told
    assert "Nothing is broken" in told


@pytest.mark.parametrize("condition", [False, torch.tensor(0.0), lambda: [][0]])
def test_in_the_builder_it_is_an_error_with_the_sentence(condition, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(AssertionError, match="most tales are about one hero"):
        fact("most tales are about one hero", condition)


def test_what_went_wrong_in_the_condition_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(AssertionError, match=r"one is one \(ZeroDivisionError"):
        fact("one is one", lambda: 1 / 0)


def test_many_truth_values_are_no_condition(monkeypatch):
    """`.all()` is missing: the author hears of it."""
    with pytest.raises(ValueError, match=r"one truth value.*\.all\(\)"):
        fact("all are one", torch.ones(3) == 1)
    with pytest.raises(ValueError, match=r"one truth value.*\.all\(\)"):
        fact("all are one", np.ones(3) == 1)


@pytest.mark.parametrize("sentence", ["", "  ", None, True])
def test_a_fact_is_a_sentence(sentence):
    with pytest.raises(ValueError, match="sentence must be a text"):
        fact(sentence, True)
