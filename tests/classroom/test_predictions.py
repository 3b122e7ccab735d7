"""`predict`: asked before, compared after, kept over restarts."""

import pytest

from course_utils.classroom import predict

CHOICES = ["under 10 %", "over 10 %"]


def hero_share():
    return predict("hero share", "Which share has the hero?", CHOICES)


def stories():
    return predict("stories", "How many of 64?", between=(0, 64), unit="stories")


def test_unattended_the_notebook_goes_on():
    card = hero_share().compare("over 10 %", "Because.")
    assert repr(card).startswith("You made no prediction.\nAnswer the question above")


def test_without_a_prediction_the_result_is_folded_away():
    card = hero_share().compare("over 10 %", "Because.")
    assert "Because" not in repr(card)
    shown, folded = card._repr_html_().split("<details>")
    assert "Because" not in shown and "10" not in shown
    assert "Show me anyway" in folded and "Result: over 10 %" in folded
    assert "Because." in folded.split("</details>")[0]


def test_the_first_answer_stays_and_a_later_one_is_shown_as_such():
    guess = hero_share()
    guess._control.value = "under 10 %"
    guess._control.value = "over 10 %"
    assert (guess.answer, guess.later) == ("under 10 %", "over 10 %")
    assert "first one counts; over 10 % is noted" in guess._note.value
    told = repr(hero_share().compare("over 10 %"))
    assert told.startswith("A surprise.\nYou predicted: under 10 %.")
    assert "(Later you changed to: over 10 %.)" in told


def test_going_back_to_the_first_answer_leaves_no_later_one():
    guess = hero_share()
    for answer in ("under 10 %", "over 10 %", "under 10 %"):
        guess._control.value = answer
    assert hero_share().later is None
    assert "Later" not in repr(guess.compare("over 10 %"))


def test_a_kept_answer_is_not_taken_for_a_later_one():
    hero_share()._control.value = "under 10 %"
    again = hero_share()
    assert (again.answer, again.later) == ("under 10 %", None)
    assert "under 10 %" in again._note.value


def test_a_choice_is_kept_over_a_restart():
    hero_share()._control.value = "over 10 %"
    again = hero_share()
    assert again.answer == "over 10 %"
    assert again._control.value == "over 10 %"


def test_prediction_and_result_stand_side_by_side():
    guess = hero_share()
    guess._control.value = "under 10 %"
    assert repr(guess.compare("over 10 %")) == (
        "A surprise.\nYou predicted: under 10 %.\nResult: over 10 %."
    )
    assert repr(guess.compare("under 10 %")).startswith("As you predicted.")


def test_a_number_is_kept_when_the_button_is_pressed():
    guess = stories()
    guess._control.value = 40
    assert guess.answer is None
    guess.widget.children[2].click()
    assert stories().answer == 40
    assert repr(guess.compare(49.5)) == (
        "You were off by 9.5 stories.\n"
        "You predicted: 40 stories.\nResult: 49.5 stories."
    )


def test_an_answer_to_another_question_is_forgotten():
    hero_share()._control.value = "over 10 %"
    changed = predict("hero share", "Which?", ["all", "none"])
    assert changed.answer is None
    assert predict("hero share", "How many?", between=(0, 5)).answer is None


def test_the_text_is_the_same_whether_answered_or_not():
    before = repr(hero_share())
    hero_share()._control.value = "over 10 %"
    assert repr(hero_share()) == before
    assert before == "Predict: Which share has the hero?\nRun this cell to answer."


@pytest.mark.parametrize(
    ("between", "step"), [((0, 64), 1), ((0, 1), 0.01), ((0, 2.5), 0.025)]
)
def test_a_guess_moves_in_whole_numbers_only_between_whole_numbers(between, step):
    control = predict("step", "How many?", between=between)._control
    assert control.step == pytest.approx(step)
    assert (control.min, control.max) == between


@pytest.mark.parametrize("question", ["", "  ", None, 3])
def test_a_question_is_a_text(question):
    with pytest.raises(ValueError, match="must be a text that can be read out"):
        predict("key", question, CHOICES)


def test_the_bundle_holds_widget_and_text():
    bundle = stories()._repr_mimebundle_()
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert (view["version_major"], view["version_minor"]) == (2, 0)
    assert bundle["text/plain"] == "Predict: How many of 64?\nRun this cell to answer."
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"choices": ["one"]}, "choices"),
        ({"choices": ["a", "a"]}, "choices"),
        ({"between": (3, 3)}, "between"),
        ({}, "either choices or between"),
        ({"choices": CHOICES, "between": (0, 1)}, "either choices or between"),
    ],
)
def test_a_question_needs_one_way_to_answer(arguments, message):
    with pytest.raises(ValueError, match=message):
        predict("key", "question?", **arguments)


def test_a_result_that_was_no_choice_is_refused():
    with pytest.raises(ValueError, match="one of"):
        hero_share().compare("half")
    with pytest.raises(ValueError, match="number"):
        stories().compare("half")
