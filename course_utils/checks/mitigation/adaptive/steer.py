"""Checks of `steer`, an exercise of notebook 13."""

from course_utils.classroom.cases import Case, Checks, wrong

CASES = [
    Case(
        "steer(temperature, entropy, slope, target=3.0, gain=1.0)",
        temperature=[1.0],
        entropy=[2.0],
        slope=[1.0],
    ),
    Case(
        "steer(temperature, entropy, slope, target=3.0, gain=1.0)",
        temperature=[2.0],
        entropy=[2.0],
        slope=[4.0],
    ),
    Case(
        "steer(temperature, entropy, slope, target=1.5, gain=0.1)",
        temperature=[0.7, 1.3],
        entropy=[2.5, 0.5],
        slope=[2.0, 0.5],
    ),
    Case(
        "steer(temperature, entropy, slope, target=2.0, gain=0.5)",
        temperature=[1.0, 0.4, 3.0],
        entropy=[2.0, 6.0, 0.0],
        slope=[1.0, 0.9, 3.0],
    ),
]
HINTS = [
    "The formula is about the *logarithm* of the temperature. What happens to T itself "
    "when you add a number to ln T?",
    "Adding a to ln T multiplies T by e^a.",
    "`temperature * torch.exp(gain * (target - entropy) / slope)`.",
]
WRONG = [
    wrong(
        "temperature + gain * (target - entropy) / slope",
        "You add the change to T itself. The formula adds it to ln T: multiply T by "
        "its exponential.",
    ),
    wrong(
        "temperature * torch.exp(gain * (entropy - target) / slope)",
        "The sign is turned: where the entropy is too low, T must rise.",
    ),
    wrong(
        "temperature * torch.exp(gain * (target - entropy) * slope)",
        "You multiply by the slope. Where the entropy answers strongly a small turn is "
        "enough: divide by it.",
    ),
    wrong(
        "temperature * torch.exp((target - entropy) / slope)",
        "You go the whole way at once. `gain` says which part of it.",
    ),
    wrong(
        "temperature.log() + gain * (target - entropy) / slope",
        "This is ln T. Return the temperature itself: take the exponential.",
    ),
    wrong(
        "temperature * (1 + gain * (target - entropy) / slope)",
        "That is right for small changes only, and can fall below 0. Multiply by the "
        "exponential.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
