"""How checks are written: cases with their tensors, wrong answers in one expression."""

import pytest
import torch

from course_utils.classroom.cases import Case, Checks, mistake, wrong
from course_utils.classroom.judging import judge
from course_utils.mitigation.temperature import Temperature

FACTOR = 2


def scaled(number, by=3):
    return number * by


def scaled_checks(*answers, helpers=()):
    cases = [Case("scaled(number)", number="2.0"), Case("scaled(1, by=5)")]
    return Checks(cases, ["Multiply.", "number * by"], list(answers), helpers)


def test_a_list_stands_for_a_tensor_and_reads_like_one():
    case = Case("double(row)", row=[[1.0, 2.0]], n="3")
    assert torch.equal(case.arguments()["row"], torch.tensor([[1.0, 2.0]]))
    assert str(case) == "row = torch.tensor([[1.0, 2.0]])\nn = 3\ndouble(row)"


def test_what_is_given_later_may_use_what_is_given_before():
    assert Case("f(b)", a="2", b="a + 1").arguments() == {"a": 2, "b": 3}


def test_an_expression_knows_parameters_defaults_and_the_references_module():
    checks = scaled_checks(wrong("number + by * FACTOR", "You add."))
    ((answer, diagnosis),) = checks.known_mistakes(scaled)
    assert (answer(1), answer(1, by=5), answer(by=1, number=0)) == (7, 11, 2)
    assert diagnosis == "You add."


def test_an_expression_knows_helpers_and_what_is_given_in_order():
    def halved(number):
        return number / 2

    ((answer, _),) = scaled_checks(
        wrong("b - 1", "Off by one.", a="halved(number)", b="a * by"), helpers=[halved]
    ).known_mistakes(scaled)
    assert answer(4) == 5


def test_a_mistake_is_added_with_its_docstring_and_stays_what_it_is():
    checks = scaled_checks(wrong("by", "You forget the number."))

    @mistake(checks)
    def subtracts(number, by=3):
        """You subtract.
        Multiply."""
        return number - by

    assert subtracts(5) == 2
    assert [diagnosis for _, diagnosis in checks.known_mistakes(scaled)] == [
        "You forget the number.",
        "You subtract. Multiply.",
    ]
    verdict = judge(lambda number, by=3: number - by, checks, scaled)
    assert verdict.diagnosis == "You subtract. Multiply."


def test_where_a_class_is_wanted_the_expression_is_the_value_of_its_call():
    checks = Checks([], [], [wrong("scores * self.temperature", "You multiply.")])
    ((answer, _),) = checks.known_mistakes(Temperature)
    scores = torch.tensor([[1.0, 2.0]])
    assert torch.equal(answer(3.0)(None, scores), 3 * scores)


def test_a_call_that_the_reference_refuses_is_refused_by_the_expression():
    ((answer, _),) = scaled_checks(wrong("by", "...")).known_mistakes(scaled)
    with pytest.raises(TypeError, match="factor"):
        answer(1, factor=2)
