"""Checks of `spark`, an exercise of notebook 13."""

from course_utils.classroom.cases import Case, Checks, wrong

CALL = "spark(temperature, entropy)"
OWN = (
    "spark(temperature, entropy, threshold=1.0, heat=2.0, highest=1.5, cool=0.5, "
    "lowest=0.4)"
)
CASES = [
    Case(CALL, temperature=[0.8], entropy=[0.5]),
    Case(CALL, temperature=[0.8], entropy=[3.0]),
    Case(CALL, temperature=[0.8, 0.8], entropy=[3.0, 0.5]),
    Case(CALL, temperature=[2.4, 0.301], entropy=[0.1, 4.0]),
    Case(CALL, temperature=[1.0, 1.0, 1.0], entropy=[1.99, 2.0, 2.01]),
    Case(OWN, temperature=[0.7, 1.0, 0.5, 1.2], entropy=[0.5, 0.5, 1.5, 5.0]),
]
HINTS = [
    "Compute both candidates for every row, the hotter and the cooler one, and choose "
    "between them row by row.",
    "`torch.where(entropy < threshold, hotter, cooler)`; the limits are a job for "
    "`clamp(max=...)` and `clamp(min=...)`.",
    "`hotter = (temperature * heat).clamp(max=highest)` and "
    "`cooler = (temperature * cool).clamp(min=lowest)`.",
]
WRONG = [
    wrong(
        "torch.where(entropy < threshold, temperature * heat, temperature * cool)",
        "You forgot the limits: not above `highest`, not below `lowest`.",
    ),
    wrong(
        "torch.where(entropy > threshold, (temperature * heat).clamp(max=highest), "
        "(temperature * cool).clamp(min=lowest))",
        "You heat where the entropy is *high*. The spark heats where it is below the "
        "threshold.",
    ),
    wrong(
        "torch.where(entropy <= threshold, (temperature * heat).clamp(max=highest), "
        "(temperature * cool).clamp(min=lowest))",
        "Right at the threshold the entropy is not below it: compare with `<`.",
    ),
    wrong(
        "(temperature * heat).clamp(max=highest) if (entropy < threshold).all() else "
        "(temperature * cool).clamp(min=lowest)",
        "You decide for the whole batch at once. Every row has its own entropy: "
        "`torch.where`.",
    ),
    wrong(
        "torch.where(entropy < threshold, (temperature * 1.5).clamp(max=2.5), "
        "(temperature * 0.98).clamp(min=0.3))",
        "You have the article's numbers fixed. Use the arguments: `heat`, `highest`, "
        "`cool`, `lowest`.",
    ),
    wrong(
        "torch.where(entropy < threshold, (temperature + heat).clamp(max=highest), "
        "(temperature - cool).clamp(min=lowest))",
        "You add and subtract. `heat` and `cool` are factors.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG)
