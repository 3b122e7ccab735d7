"""Self-BLEU-4 against nltk and fast-bleu: how many times as long they take."""

import numpy as np

from benchmarks.timing import ratios, report, take_turns
from course_utils.detection.self_bleu import bleu_against_others

SIZES = (1000, 3000)
LENGTH = 30  # words in a text
VOCABULARY = 2000
JUDGED = 2  # texts that nltk judges; its time for all is extrapolated
ROUNDS = 3


def run() -> None:
    for size in SIZES:
        rows = zipf_texts(size)
        peers = {"nltk": nltk_scores(rows), "fast-bleu": fast_bleu_scores(rows)}
        present = {name: peer for name, peer in peers.items() if peer is not None}
        contestants = {"ours": lambda rows=rows: bleu_against_others(rows), **present}
        seconds = take_turns(contestants, ROUNDS)
        for name in peers:
            if name not in present:
                print(f"{name} is not installed: no ratio for N = {size}", flush=True)
                continue
            factor = size / JUDGED if name == "nltk" else 1.0
            values = [factor * x for x in ratios(seconds[name], seconds["ours"])]
            bar = "at least 150" if name == "nltk" else "above 1"
            report(f"{name} / Self-BLEU-4, N = {size}, L = {LENGTH}", values, bar)


def zipf_texts(size: int) -> list[list[str]]:
    """Texts of words that are as unequally common as those of a language."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    dice = np.random.default_rng(0)
    drawn = dice.choice(VOCABULARY, (size, LENGTH), p=weights / weights.sum())
    return [[f"w{word}" for word in row] for row in drawn]


def nltk_scores(rows: list[list[str]]):
    """A function that judges the first few texts by all others."""
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    smooth = SmoothingFunction().method1
    weights = (0.25,) * 4

    def judge() -> list[float]:
        return [
            sentence_bleu(rows[:i] + rows[i + 1 :], rows[i], weights, smooth)
            for i in range(JUDGED)
        ]

    return judge


def fast_bleu_scores(rows: list[list[str]]):
    """A function that judges all texts by all others; None without fast-bleu."""
    try:
        from fast_bleu import SelfBLEU
    except ImportError:
        return None
    return lambda: SelfBLEU(rows, {"bleu": (0.25,) * 4}).get_score()
