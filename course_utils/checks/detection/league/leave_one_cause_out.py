"""Checks of `leave_one_cause_out`, an exercise of notebook 11."""

import numpy as np

from course_utils.classroom.cases import Case, Checks, mistake, wrong
from course_utils.detection.scoring import auroc as _auroc

# A score that moves along the difference of the two means it was fitted on.
_ALONG = (
    "lambda rows, collapsed: lambda new: "
    "new @ (rows[collapsed].mean(0) - rows[~collapsed].mean(0))"
)
# One that knows nothing but the sound rows it was fitted on: how far from the nearest?
_FAR = (
    "lambda rows, collapsed: lambda new: "
    "abs(new[:, None] - rows[None, ~collapsed]).sum(2).min(1)"
)
# One that knows the collapsed rows alone: how near?
_NEAR = (
    "lambda rows, collapsed: lambda new: "
    "-abs(new[:, None] - rows[None, collapsed]).sum(2).min(1)"
)


def _rows(*rows):
    return f"torch.tensor({list(map(list, rows))}).double().numpy()"


_TWO = _rows((0, 1), (1, 0), (0, 2), (2, 1), (5, 1), (4, 0), (1, 3), (0, 4))
_TWO_CAUSES = '["sound"] * 4 + ["copies"] * 2 + ["loops"] * 2'
_APART = _rows((0, 1), (1, 0), (0, 2), (2, 1), (3, 1), (2, 0), (-4, 2), (-5, 3))
_MIXED = _rows(
    (1, 9, 0), (0, 1, 1), (8, 0, 1), (1, 1, 0), (0, 0, 7), (2, 0, 1), (1, 0, 2),
    (0, 6, 1), (3, 1, 0), (1, 2, 3),
)  # fmt: skip
_MIXED_CAUSES = (
    '["heat", "sound", "tuning", "sound", "loops", "sound", "sound", "heat", '
    '"sound", "loops"]'
)
CASES = [
    Case(
        "leave_one_cause_out(rows, causes, fit)",
        rows=_TWO, causes=_TWO_CAUSES, fit=_ALONG,
    ),
    Case(
        "leave_one_cause_out(rows, causes, fit)",
        rows=_APART,
        causes=_TWO_CAUSES,
        fit=_ALONG,
    ),
    Case(
        "leave_one_cause_out(rows, causes, fit)",
        rows=_MIXED, causes=_MIXED_CAUSES, fit=_FAR,
    ),
    Case(
        "leave_one_cause_out(rows, causes, fit)",
        rows=_MIXED, causes=_MIXED_CAUSES, fit=_NEAR,
    ),
    Case(
        "leave_one_cause_out(rows, causes, fit)",
        rows=_MIXED, causes=_MIXED_CAUSES, fit=_ALONG,
    ),
]  # fmt: skip
HINTS = [
    "For one cause: which rows may be fitted on? The sets of all *other* causes, and "
    "the first half of the sound ones. What is left is there to judge by.",
    "`named = np.array(causes)`, `sound = np.flatnonzero(named == 'sound')`, and "
    "`known, fresh = np.split(sound, [len(sound) // 2])`. The others: "
    "`np.flatnonzero((named != 'sound') & (named != cause))`.",
    "`kept = np.concatenate([known, others])`; `score = fit(rows[kept], named[kept] != "
    "'sound')`; the area is `auroc(score(rows[fresh]), score(rows[named == cause]))`.",
]


def _halves(causes):
    sound = np.flatnonzero(np.array(causes) == "sound")
    return np.split(sound, [len(sound) // 2])


def _played(rows, causes, fit, fitted_on, judged_by, area=_auroc):
    """{cause: area}, with the places to fit on and the sound ones to judge by."""
    named = np.array(causes)
    areas = {}
    for cause in dict.fromkeys(causes):
        if cause == "sound":
            continue
        kept = np.array(fitted_on(named, cause), dtype=int)
        score = fit(rows[kept], named[kept] != "sound")
        sound = score(rows[judged_by(named)])
        areas[cause] = area(sound.tolist(), score(rows[named == cause]).tolist())
    return areas


def _known(named):
    return _halves(named)[0]


def _fresh(named):
    return _halves(named)[1]


def _others(named, cause):
    return np.flatnonzero((named != "sound") & (named != cause))


WRONG = [
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_known(named), *np.flatnonzero(named != 'sound')], _fresh)",
        "The cause that you judge was fitted on, too. Leave all of its sets out of the "
        "fit: in the wild the next cause is one that you have not met.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*np.flatnonzero(named == 'sound'), *_others(named, cause)], _fresh)",
        "You judge by sound sets that were fitted on. Fit on the first half of them "
        "only, and judge by the other.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_known(named), *_others(named, cause)], _known)",
        "You judge by the half of the sound sets that was fitted on. Judge by the "
        "other half.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_known(named), *_others(named, cause)], "
        "lambda named: np.flatnonzero(named == 'sound'))",
        "You judge by all sound sets, those that were fitted on among them. Judge by "
        "the second half only.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_fresh(named), *_others(named, cause)], _known)",
        "The halves of the sound sets have changed places: fit on the first, judge by "
        "the second.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_known(named), *np.flatnonzero(named == cause)], _fresh)",
        "You fit on the very cause that you judge, and leave the others out. It is the "
        "other way round.",
    ),
    wrong(
        "_played(rows, causes, fit, lambda named, cause: "
        "[*_known(named), *_others(named, cause)], _fresh, "
        "lambda sound, sick: 1 - auroc(sound, sick))",
        "Sound and collapsed have changed places in your AUROC: `auroc(healthy, "
        "collapsed)`.",
    ),
    wrong(
        "{cause: area for cause, area in zip(leave_one_cause_out(rows, causes, fit), "
        "[math.fsum(leave_one_cause_out(rows, causes, fit).values()) / "
        "len(leave_one_cause_out(rows, causes, fit))] * 99)}",
        "Each cause has an area of its own; you give the mean to all.",
    ),
]
CHECKS = Checks(CASES, HINTS, WRONG, helpers=[_played, _known, _fresh, _others])


@mistake(CHECKS)
def leaves_out_a_set(rows, causes, fit):
    """You leave out one *set* at a time. Its sisters of the same cause stay in the fit,
    and give it away. Leave out the whole cause."""
    named = np.array(causes)
    areas = {}
    for cause in dict.fromkeys(causes):
        if cause == "sound":
            continue
        values = []
        for place in np.flatnonzero(named == cause):
            rest = [p for p in np.flatnonzero(named != "sound") if p != place]
            kept = np.array([*_known(named), *rest])
            score = fit(rows[kept], named[kept] != "sound")
            sound = score(rows[_fresh(named)]).tolist()
            values.append(_auroc(sound, score(rows[[place]]).tolist()))
        areas[cause] = sum(values) / len(values)
    return areas
