"""`quiz`: a word on every option, a clear line on every fault of a quiz file."""

import pytest

from course_utils.classroom import progress, quiz
from course_utils.data_files import data_path

GOOD = """
[[question]]
text = "What does `T = 0` do?"
[[question.option]]
text = "It takes the likeliest token."
right = true
explanation = "The limit is the argmax."
[[question.option]]
text = "It makes all tokens alike."
explanation = "That is T going to infinity."

[[question]]
text = "What stays the same?"
[[question.option]]
text = "The order"
right = true
explanation = "Division keeps it."
[[question.option]]
text = "The argmax"
right = true
explanation = "It follows from the order."
[[question.option]]
text = "The entropy"
explanation = "It rises with T."
"""


@pytest.fixture
def quiz_file(tmp_path):
    def write(text):
        path = tmp_path / "01.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_wrong_option_is_explained_without_giving_the_answer_away(quiz_file):
    reply = quiz(quiz_file(GOOD)).asked[0].answer(1)
    assert "Not quite." in reply
    assert "T going to infinity" in reply
    assert "argmax" not in reply


def test_the_right_option_brings_every_explanation(quiz_file):
    reply = quiz(quiz_file(GOOD)).asked[0].answer(0)
    assert "Right." in reply
    assert "The limit is the argmax." in reply
    assert "T going to infinity" in reply


def test_several_right_options_must_all_be_ticked(quiz_file):
    asked = quiz(quiz_file(GOOD)).asked[1]
    assert "Not quite: what you ticked is right, but there is more." in asked.answer(0)
    assert "Not quite." in asked.answer(0, 1, 2)
    assert "Not quite." in asked.answer(0, 2)
    assert "Right." in asked.answer(0, 1)


def test_nothing_chosen_is_said(quiz_file):
    asked = quiz(quiz_file(GOOD)).asked[1]
    assert asked.answer() == "Choose an option first."


def test_results_are_kept(quiz_file):
    asked = quiz(quiz_file(GOOD)).asked
    asked[0].answer(1)
    asked[1].answer(0, 1)
    assert "1 of 2 quiz answers right" in repr(progress())


def test_a_right_answer_stays_right_in_the_progress(quiz_file):
    asked = quiz(quiz_file(GOOD)).asked[0]
    asked.answer(0)
    asked.answer(1)
    assert "1 of 1 quiz answers right" in repr(progress())


def test_the_text_lists_questions_and_how_to_answer_them(quiz_file):
    assert repr(quiz(quiz_file(GOOD))) == (
        "Question 1. What does `T = 0` do?\n"
        "Question 2. What stays the same?\n"
        "Run this cell to answer."
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('explanation = "Division keeps it."', "", "question 2, option 1 needs a exp"),
        ("right = true", "", "question 1 has no option with right = true"),
        ("right = true", "right = 1", "right must be true or false"),
        ('text = "The order"', 'text = " "', "question 2, option 1 needs a text"),
        ("[[question]]", "[[question", "is not valid TOML"),
        ("[[question", "[[other", "holds no"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(quiz_file, old, new, message):
    path = quiz_file(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message):
        quiz(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("question = 3", r"\[\[question\]\] must be tables, not 3"),
        ('question = ["x"]', r"\[\[question\]\] must be tables"),
        ("[question]\ntext = 'x'", r"\[\[question\]\] must be tables"),
        (
            "[[question]]\ntext = 'x'\noption = 5",
            r"question 1: \[\[question.option\]\]",
        ),
        ("question = " + "[" * 5000 + "]" * 5000, "nested too deep|must be tables"),
    ],
    ids=["number", "texts", "one table", "no options", "thousands deep"],
)
def test_a_table_of_another_kind_is_refused_in_one_sentence(
    quiz_file, content, message
):
    with pytest.raises(ValueError, match=message):
        quiz(quiz_file(content))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "07.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not valid TOML"):
        quiz(path)


def test_a_question_with_one_option_is_refused(quiz_file):
    with pytest.raises(ValueError, match="two or more"):
        quiz(quiz_file('[[question]]\ntext = "x"\n'))


def test_a_missing_quiz_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no quiz file"):
        quiz(tmp_path / "07.toml")


@pytest.mark.parametrize(
    "path", sorted(data_path("quizzes").glob("*.toml")), ids=lambda path: path.stem
)
def test_the_courses_quizzes_are_sound(path):
    assert quiz(path.stem).questions
