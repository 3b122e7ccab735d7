"""Can a trace foretell a loop? Signs of trouble, token by token, and when they speak.

A loop begins with the first token that repeats; it is known once its words have been
said three times. Each *sign* is a number before each token that a reader of the trace
could have, larger for more trouble. Texts that will loop are compared with texts that
won't, at the same place: how far ahead do they part? Built in notebook 11.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from course_utils.detection.monitor import first_above
from course_utils.detection.repetition import find_loops, rep_n_along
from course_utils.foundations.validation import as_whole_number

WINDOW = 16  # tokens, of means
REPEATED_WINDOW = 32  # tokens, of repeated 4-grams
SURE = 0.5  # bits: a token below was nearly settled
LONGEST = 40  # tokens of a repetition that are counted

Along = Float[np.ndarray, " places"]  # before each token, and after the last


@dataclass(frozen=True)
class Onset:
    """When a text's loop begins, and when it is known.

    text    its place among the texts
    begins  tokens before the first one that repeats
    known   tokens by which its words have been said `repeats` times
    """

    text: int
    begins: int
    known: int


def onsets(
    token_ids: Sequence[Sequence[int]], repeats: int = 3, shortest: int = 1
) -> list[Onset]:
    """The loops of texts, each of at least `shortest` tokens a round.

    Of a text its longest loop counts (`find_loops`), which need not be the first.
    Raises ValueError for fewer than two repeats and a length below 1.
    """
    shortest = as_whole_number("shortest", shortest, at_least=1)
    return [
        Onset(text, loop.start + loop.period, loop.start + round(repeats * loop.period))
        for text, loop in enumerate(find_loops(token_ids, repeats))
        if loop and loop.period >= shortest
    ]


def signs(
    token_ids: Sequence[int], bits: Sequence[float], nats: Sequence[float]
) -> dict[str, Along]:
    """What can be read off a text so far, before each token and after the last.

    bits  entropy before each token, behind the sampler
    nats  log-probability of each token

    Means are NaN before the first token, where nothing is known yet. Raises ValueError
    where the lists are not as long as the text.

    "low entropy" and "sure tokens in a row" are of the trace, "likely so far" of the
    tokens' probabilities, "repeated 4-grams" and "words said before" of the tokens.
    """
    if not len(token_ids) == len(bits) == len(nats):
        raise ValueError(
            f"bits and nats have {len(bits)} and {len(nats)} entries; allowed is one "
            f"for each of the {len(token_ids)} tokens"
        )
    return {
        "low entropy": -trailing_mean(bits, WINDOW),
        "sure tokens in a row": run_below(bits, SURE),
        "likely so far": trailing_mean(nats, max(len(nats), 1)),
        "repeated 4-grams": np.append(0, rep_n_along(token_ids, 4, REPEATED_WINDOW)),
        "words said before": said_before(token_ids),
    }


def trailing_mean(values: Sequence[float], window: int) -> Along:
    """The mean of the last `window` values before each place, or of those there are.

    NaN before the first. Raises ValueError for a window below 1.
    """
    window = as_whole_number("window", window, at_least=1)
    sums = np.append(0, np.cumsum(values))
    places = np.arange(len(sums))
    first = np.maximum(places - window, 0)
    means = (sums - sums[first]) / np.maximum(places - first, 1)
    return np.append(np.nan, means[1:])


def run_below(values: Sequence[float], limit: float) -> Along:
    """How many values in a row lie below the limit, before each place."""
    run = [0]
    for value in values:
        run.append(run[-1] + 1 if value < limit else 0)
    return np.array(run, dtype=float)


def said_before(token_ids: Sequence[int], longest: int = LONGEST) -> Along:
    """How many of the last tokens stood in the text before, in the same order.

    [5, 6, 7, 5, 6] ends in 5, 6, which is how it began: 2. At most `longest`.
    """
    ids = np.asarray(token_ids)
    found, run = [0.0], np.zeros(len(ids))
    for place in range(len(ids)):
        same = ids == ids[place]
        run = np.where(same, np.append(0, run[:-1]) + 1, 0)  # ends at each place
        found.append(min(run[:place].max(initial=0), longest))
    return np.array(found)


def area_ahead(
    looping: Sequence[tuple[Along, int]], others: Sequence[Along], ahead: int
) -> float | None:
    """AUROC of a sign `ahead` tokens before the loops begin (negative: after).

    looping  the sign along each text that loops, and where the loop begins
    others   along texts that don't

    Each looping text is compared with all others that go on there, at the same place.
    None where nothing can be compared.
    """
    areas = []
    for along, begins in looping:
        place = begins - ahead
        beside = np.array([other[place] for other in others if goes_on(other, place)])
        if goes_on(along, place) and len(beside):
            mine = along[place]
            areas.append(np.mean((beside < mine) + 0.5 * (beside == mine)))
    return float(np.mean(areas)) if areas else None


def goes_on(along: Along, place: int) -> bool:
    """Whether a text has begun at a place, and has a token there."""
    return 0 < place < len(along) - 1


@dataclass(frozen=True)
class Warnings:
    """What one threshold on a sign does.

    false   texts without a loop in which it is passed, of `sound`
    leads   for each loop: tokens from the alarm to where it is known; None without one
    before  loops in which the alarm came before anything was repeated
    """

    false: int
    sound: int
    leads: list[int | None]
    before: int

    def ahead_by(self, tokens: int) -> float:
        """The share of loops announced by so many tokens before they are known.

        NaN where there is no loop.
        """
        early = [lead is not None and lead >= tokens for lead in self.leads]
        return sum(early) / len(early) if early else math.nan


def warnings(
    alongs: Sequence[Along],
    loops: Sequence[Onset],
    sound: Sequence[int],
    threshold: float,
) -> Warnings:
    """The first alarm of every text: where a sign passes the threshold.

    alongs  the sign along each text
    sound   places of the texts that don't loop
    """
    first = [first_above(along.tolist(), threshold) for along in alongs]
    alarms = [(first[onset.text], onset) for onset in loops]
    leads = [
        None if at is None or at > onset.known else onset.known - at
        for at, onset in alarms
    ]
    before = sum(at is not None and at <= onset.begins for at, onset in alarms)
    false = sum(first[text] is not None for text in sound)
    return Warnings(false, len(sound), leads, before)
