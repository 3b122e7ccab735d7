"""Checks of `dynamic_temperature`, an exercise of notebook 13."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "dynamic_temperature(entropy, most, low=0.5, high=2.5)"
CASES = [
    Case(CALL, entropy=[1.0], most=[2.0]),
    Case(CALL, entropy=[0.0, 4.0], most=[4.0, 4.0]),
    Case(
        "dynamic_temperature(entropy, most, low=1.0, high=3.0, exponent=2.0)",
        entropy=[1.0, 3.0],
        most=[2.0, 4.0],
    ),
    Case(CALL, entropy=[0.0, 1.0], most=[0.0, 3.0]),
]
HINTS = [
    "The fraction goes from 0 (sure) to 1 (as open as can be). T goes from `low` to "
    "`high` with it.",
    "0 / 0 is NaN: keep the divisor away from 0, for example with "
    "`most.clamp(min=1e-30)`.",
    "`share = entropy / most.clamp(min=1e-30)`, then "
    "`low + (high - low) * share**exponent`.",
]
WRONG = [
    wrong(
        "low + (high - low) * (entropy / most) ** exponent",
        "Where only one token is possible you divide 0 by 0. Return `low` there.",
    ),
    wrong(
        "low + (high - low) * (1 - share) ** exponent",
        "The sign is turned: dynatemp is at `low` where the entropy is 0.",
        share="entropy / most.clamp(min=1e-30)",
    ),
    wrong(
        "low + (high - low) * share",
        "You left out the exponent.",
        share="entropy / most.clamp(min=1e-30)",
    ),
    wrong(
        "low + high * share**exponent",
        "At the top this gives `low + high`. The way from `low` to `high` is "
        "`high - low`.",
        share="entropy / most.clamp(min=1e-30)",
    ),
    wrong(
        "(low + (high - low) * share) ** exponent",
        "The exponent belongs to the fraction alone, not to the temperature.",
        share="entropy / most.clamp(min=1e-30)",
    ),
    wrong(
        "low + (high - low) * (entropy.sum() / most.clamp(min=1e-30)) ** exponent",
        "You sum the entropy of the whole batch. Every row has its own (a popular "
        "program once had this very fault).",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
