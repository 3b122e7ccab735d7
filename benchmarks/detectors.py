"""What each detector costs for 64 texts, as a share of the time to write them."""

from functools import partial

import torch

from benchmarks.timing import Contestant, ratios, report, take_turns
from course_utils.detection.detectors import DETECTORS, Detector
from course_utils.detection.sample import Sample
from course_utils.model import load_model
from course_utils.recordings.league import sample_of
from course_utils.recordings.league_sources import write

EACH, ROUNDS = 8, 5  # texts after each of eight openings


def run() -> None:
    torch.manual_seed(0)
    lm = load_model("storyteller")
    texts = write(lm, EACH, seed=1)
    whole = sample_of(lm, texts)
    contestants: dict[str, Contestant] = {
        "write": partial(write, lm, EACH, seed=1),
        "read with the model": partial(sample_of, lm, texts),
    }
    for name, detector in DETECTORS.items():
        contestants[name] = partial(_value, detector, whole)
    seconds = take_turns(contestants, ROUNDS)
    for name, spent in seconds.items():
        if name != "write":
            share = [100 * x for x in ratios(spent, seconds["write"])]
            report(f"{name} / writing the 64 texts", share, "no bar", unit="%")


def _value(detector: Detector, whole: Sample) -> float:
    """From scratch: words, weights and cosines are found anew."""
    return detector.of(whole.take(range(len(whole))), whole)
