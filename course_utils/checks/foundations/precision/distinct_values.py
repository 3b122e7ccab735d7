"""Checks of `distinct_values`, an exercise of notebook 02."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case("distinct_values(values)", values=[1.0, 1.0, 2.0]),
    Case("distinct_values(values)", values=[1.0, 2.0, 1.0, 2.0, 3.0]),
    Case(
        "distinct_values(values)", values=[[1.0, 2.0, 1.0, 4.0], [3.0, 3.0, 3.0, 3.0]]
    ),
    Case("distinct_values(values)", values=[[[1.0, 1.0]], [[2.0, 1.0]]]),
    Case(
        "distinct_values(values)",
        values="torch.tensor([0.0, -torch.inf, 1.0, -torch.inf])",
    ),
    Case("distinct_values(values)", values=[1.0, 1.0000002]),
    Case("distinct_values(values.bfloat16())", values="torch.linspace(32, 33, 9)"),
]
HINTS = [
    "In a sorted row, equal values stand side by side.",
    "`ordered = values.sort(dim=-1).values`. How often does a value differ from "
    "the one before it, `ordered[..., 1:] != ordered[..., :-1]`?",
    "Sum that along the last dimension, and add 1 for the first value.",
]
WRONG = [
    wrong(
        "torch.tensor(values.unique().numel())",
        "You count over all rows together. Each row has a count of its own: work along "
        "the last dimension.",
    ),
    wrong(
        "1 + (ordered[1:] != ordered[:-1]).sum(dim=0)",
        "You work along the first dimension, so each column gets a count. The values "
        "of a row lie along the last one: `dim=-1`.",
        ordered="values.sort(dim=0).values",
    ),
    wrong(
        "(ordered[..., 1:] != ordered[..., :-1]).sum(dim=-1)",
        "You count where a new value begins, but not the first one. Add 1.",
        ordered="values.sort(dim=-1).values",
    ),
    wrong(
        "1 + (values[..., 1:] != values[..., :-1]).sum(dim=-1)",
        "You compare neighbours as they stand. Equal values can lie apart: sort each "
        "row first, `values.sort(dim=-1).values`.",
    ),
    wrong(
        "(ordered[..., 1:] == ordered[..., :-1]).sum(dim=-1)",
        "You count the values that repeat another one. Asked for are the different "
        "ones.",
        ordered="values.sort(dim=-1).values",
    ),
    wrong(
        "1 + (values.sort(dim=-1).values.diff(dim=-1) != 0).sum(dim=-1)",
        "You subtract neighbours, and `-inf` minus `-inf` is NaN, which is not 0: two "
        "equal values count as different. Compare them with `!=` instead.",
    ),
    wrong(
        "1 + (~torch.isclose(ordered[..., 1:], ordered[..., :-1])).sum(dim=-1)",
        "You take values for equal that differ a little. Count to the last bit: two "
        "numbers are the same only where `==` says so.",
        ordered="values.sort(dim=-1).values",
    ),
    wrong(
        "(same.sum(dim=-1) == 1).sum(dim=-1)",
        "You count the values that no other one equals. A value that comes twice is a "
        "value too: count it once.",
        same="values[..., :, None] == values[..., None, :]",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
