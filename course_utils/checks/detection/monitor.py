"""Checks of the entropy monitor's parts, exercises of notebook 07."""

import math

import torch

from course_utils.classroom.judging import Case, Checks
from course_utils.detection.monitor import windowed_means


def takes_scores_for_probabilities(scores):
    """You treat the scores as probabilities. They are logits: first
    `torch.softmax(scores, dim=-1)`."""
    return -torch.xlogy(scores, scores).sum(dim=-1) / math.log(2)


def stays_in_nats(scores):
    """This is the entropy in nats. Divide by `math.log(2)`: the monitor counts in
    bits."""
    return _entropy(scores) * math.log(2)


def forgets_the_minus(scores):
    """The sign is wrong: logarithms of probabilities are negative, so a minus belongs
    in front."""
    return -_entropy(scores)


def multiplies_zero_by_infinity(scores):
    """A score of `-inf` gives NaN: its probability is 0, and 0 times the logarithm of 0
    is not a number. It must count as 0: `torch.xlogy(probs, probs)` does that."""
    probs = torch.softmax(scores, dim=-1)
    return -(probs * probs.log2()).sum(dim=-1)


def lets_large_scores_overflow(scores):
    """`exp` of a large score overflows, and the result is NaN. `torch.softmax` shifts
    the scores first."""
    weights = scores.exp()
    probs = weights / weights.sum(dim=-1, keepdim=True)
    return -torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)


def takes_the_largest_probability_only(scores):
    """This is the surprise of the likeliest token. Entropy is the mean surprise of all,
    each weighted with its probability."""
    return -torch.softmax(scores, dim=-1).amax(dim=-1).log2()


def gives_the_perplexity(scores):
    """This is the number of equally likely tokens. Entropy is its logarithm, in bits:
    `log2`."""
    return 2 ** _entropy(scores)


def forgets_the_weights(scores):
    """You don't weigh the surprises: each token's counts as often as the token comes.
    Multiply by its probability before you add up."""
    return -torch.log_softmax(scores, dim=-1).sum(dim=-1) / math.log(2)


def adds_up_the_batch(scores):
    """You add up over the whole batch. Every row is a text of its own:
    `sum(dim=-1)`."""
    return _entropy(scores).sum()


def works_along_the_first_dimension(scores):
    """You work along the first dimension. The vocabulary is the last one:
    `dim=-1`."""
    return _entropy(scores.movedim(0, -1))


def _entropy(scores):
    probs = torch.softmax(scores, dim=-1)
    return -torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)


ENTROPY_OF_LOGITS = Checks(
    cases=[
        Case("entropy_of_logits(scores)", {"scores": "torch.tensor([0.0, 0.0])"}),
        Case("entropy_of_logits(scores)", {"scores": "torch.tensor([2.0, 1.0, 0.0])"}),
        Case(
            "entropy_of_logits(scores)",
            {"scores": "torch.tensor([0.0, -torch.inf, 1.0])"},
        ),
        Case("entropy_of_logits(scores)", {"scores": "torch.tensor([1000.0, 999.0])"}),
        Case(
            "entropy_of_logits(scores)",
            {"scores": "torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, -9.0]])"},
        ),
        Case(
            "entropy_of_logits(scores)",
            {"scores": "torch.tensor([[[1.0, 0.0]], [[0.0, 3.0]]])"},
        ),
    ],
    hints=[
        "Two steps that you know: softmax makes probabilities of the scores, and "
        "entropy is minus the sum of p log p.",
        "`torch.xlogy(probs, probs)` is p log p, and 0 where p is 0. It is in nats.",
        "`-torch.xlogy(probs, probs).sum(dim=-1) / math.log(2)`, with "
        "`probs = torch.softmax(scores, dim=-1)`.",
    ],
    wrong=[
        takes_scores_for_probabilities,
        stays_in_nats,
        forgets_the_minus,
        multiplies_zero_by_infinity,
        lets_large_scores_overflow,
        takes_the_largest_probability_only,
        gives_the_perplexity,
        forgets_the_weights,
        adds_up_the_batch,
        works_along_the_first_dimension,
    ],
)


class ReturnsNothing:
    """`__call__` returns `None`, and the next processor gets no scores. Return them as
    they came."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores))


class ReturnsTheEntropy:
    """You return the entropies. A processor returns scores; this one returns them as
    they came."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores))
        return self.steps[-1]


class ReturnsLogProbabilities:
    """You return other scores than you got. A monitor watches and changes nothing:
    `return scores`."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores))
        return torch.log_softmax(scores, dim=-1)


class KeepsNothing:
    """The list stays empty: append the entropies to `self.steps` at each call."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        return scores


class KeepsTheLastStep:
    """Only the last step is left: append to `self.steps` instead of replacing it."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps = [_entropy(scores)]
        return scores


class KeepsTheScores:
    """You keep the scores themselves. At a real vocabulary that is fifty thousand
    numbers a step: keep their entropy, one number for each row."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(scores)
        return scores


class MixesTheBatch:
    """You keep one number for the whole batch. Its rows are different texts: keep one
    for each, a tensor of shape [batch]."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores).mean())
        return scores


class WatchesTheFirstRow:
    """You keep the first row's entropy only. The batch has one for each text."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores[:1]))
        return scores


class SharesItsList:
    """Two traces share one list: what the one sees turns up in the other. Make the list
    in `__init__`, not in the body of the class or as a default."""

    def __init__(self, steps=[]):  # noqa: B006
        self.steps = steps

    def __call__(self, input_ids, scores):
        self.steps.append(_entropy(scores))
        return scores


_WATCH = {
    "watch": "lambda trace, *calls: [trace(None, each) for each in calls] and trace"
}
_ONE = "torch.tensor([[2.0, 1.0, 0.0]])"
_TWO = "torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, -torch.inf]])"

ENTROPY_TRACE = Checks(
    cases=[
        Case("EntropyTrace()(None, scores)", {"scores": _ONE}),
        Case("watch(EntropyTrace(), scores).steps", {"scores": _ONE} | _WATCH),
        Case("watch(EntropyTrace(), scores).steps", {"scores": _TWO} | _WATCH),
        Case(
            "watch(EntropyTrace(), scores, 2 * scores).steps", {"scores": _TWO} | _WATCH
        ),
        Case(
            "[watch(EntropyTrace(), scores).steps for _ in range(2)]",
            {"scores": _TWO} | _WATCH,
        ),
        Case("EntropyTrace()(None, scores)", {"scores": _TWO}),
    ],
    hints=[
        "`__call__` is called once for each token, with the scores of the whole batch. "
        "It has two things to do: keep a number for each row, and hand the scores on.",
        "`entropy_of_logits(scores)` has one number for each row: append it to "
        "`self.steps`.",
        "The last line is `return scores`.",
    ],
    wrong=[
        ReturnsNothing,
        ReturnsTheEntropy,
        ReturnsLogProbabilities,
        KeepsNothing,
        KeepsTheLastStep,
        KeepsTheScores,
        MixesTheBatch,
        WatchesTheFirstRow,
        SharesItsList,
    ],
)


def gives_bits(entropy, usual, window=None):
    """This is a difference in bits. Divide it by the usual entropy: a drop is a share
    of what is usual."""
    return _worst(entropy, usual, window, lambda now, before: before - now)


def divides_by_the_request(entropy, usual, window=None):
    """You divide by the request's own entropy. A drop of 30 % is 30 % of the usual
    one: that goes below the line."""
    return _worst(entropy, usual, window, lambda now, before: before / now - 1)


def gives_what_is_left(entropy, usual, window=None):
    """This is what is left of the usual entropy. The drop is what is missing: 1 minus
    that, and the largest of them."""
    return _worst(entropy, usual, window, lambda now, before: now / before)


def measures_the_rise(entropy, usual, window=None):
    """The sign is wrong: a fall below the usual entropy is a positive drop,
    1 - now / usual."""
    return _worst(entropy, usual, window, lambda now, before: now / before - 1)


def takes_the_smallest(entropy, usual, window=None):
    """You take the smallest drop. One bad window shall be enough: take the largest."""
    return min(_drops(entropy, usual, window), default=None)


def takes_the_mean_drop(entropy, usual, window=None):
    """You average the drops of all windows. One bad window shall be enough: take the
    largest."""
    drops = _drops(entropy, usual, window)
    return sum(drops) / len(drops) if drops else None


def never_rises(entropy, usual, window=None):
    """A request above the usual entropy has a negative drop; yours stops at 0. Leave
    the number as it is: the mean over many requests would be wrong otherwise."""
    drops = _drops(entropy, usual, window)
    return max(0.0, *drops) if drops else None


def averages_the_ratios(entropy, usual, window=None):
    """You take ratios token by token, and average those. Where the usual entropy is
    small a ratio says next to nothing: average both first, then divide."""
    pairs = zip(entropy, usual, strict=False)
    ratios = [now / before if before else 1.0 for now, before in pairs]
    size = window or len(ratios)
    if not any(usual) or size == 0 or len(ratios) < size:
        return None
    return 1 - min(windowed_means(ratios, size))


def compares_single_tokens(entropy, usual, window=None):
    """You compare token by token, without averaging. One forced token then makes a drop
    of 100 %: average both over the window first."""
    return max(_drops(entropy, usual, 1), default=None)


def ignores_the_window(entropy, usual, window=None):
    """You average over the whole request, whatever `window` says. Slide it along:
    `windowed_means(values, window)`."""
    return max(_drops(entropy, usual, None), default=None)


def jumps_from_window_to_window(entropy, usual, window=None):
    """Your windows stand side by side, and a fall across the seam of two gets lost. Let
    the window slide by one token at a time."""
    drops = _drops(entropy, usual, window)
    return max(drops[:: window or 1], default=None)


def compares_whole_lengths(entropy, usual, window=None):
    """You average the request over its own length and the baseline over its own. Where
    one is longer, they speak of different places: cut both to the shorter one first."""
    if window is not None:
        return max(_drops(entropy, usual, window), default=None)
    if not entropy or not any(usual):
        return None
    return 1 - (sum(entropy) / len(entropy)) / (sum(usual) / len(usual))


def gives_zero_for_nothing(entropy, usual, window=None):
    """Where no window fits there is nothing to compare, and you give a number all the
    same. Give `None`: nobody knows how far it dropped."""
    return max(_drops(entropy, usual, window), default=0.0)


def divides_by_nothing(entropy, usual, window=None):
    """Where the usual entropy is 0, you divide by zero. A place where everything is
    forced can't drop: leave it out."""
    both = min(len(entropy), len(usual))
    size = window or max(both, 1)
    found = windowed_means(entropy[:both], size)
    expected = windowed_means(usual[:both], size)
    pairs = zip(found, expected, strict=True)
    return max((1 - now / before for now, before in pairs), default=None)


def _pairs(entropy, usual, window):
    """Means of request and baseline over each window in which the latter is not 0."""
    both = min(len(entropy), len(usual))
    size = window or max(both, 1)
    found = windowed_means(entropy[:both], size)
    expected = windowed_means(usual[:both], size)
    return [pair for pair in zip(found, expected, strict=True) if pair[1] > 0]


def _worst(entropy, usual, window, measure):
    pairs = _pairs(entropy, usual, window)
    return max((measure(now, before) for now, before in pairs), default=None)


def _drops(entropy, usual, window):
    return [1 - now / before for now, before in _pairs(entropy, usual, window)]


LARGEST_DROP = Checks(
    cases=[
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[1.0, 1.0]", "usual": "[2.0, 3.0]"},
        ),
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[0.0, 1.0, 0.5]", "usual": "[0.5, 2.0, 0.0]"},
        ),
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[3.0, 3.0]", "usual": "[2.0, 1.0]"},
        ),
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[1.0, 2.0]", "usual": "[2.0, 2.0, 5.0]"},
        ),
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[1.0, 2.0, 9.0]", "usual": "[2.0, 2.0]"},
        ),
        Case(
            "largest_drop(entropy, usual, window=2)",
            {"entropy": "[2.0, 1.0, 0.0, 1.0, 3.0]", "usual": "[2.0, 2.0, 1.0, 4.0]"},
        ),
        Case(
            "largest_drop(entropy, usual, window=2)",
            {
                "entropy": "[2.0, 2.0, 2.0, 0.5, 0.5, 2.0]",
                "usual": "[2.0, 2.0, 2.0, 2.0, 2.0, 2.0]",
            },
        ),
        Case(
            "largest_drop(entropy, usual, window=3)",
            {"entropy": "[1.0, 1.0]", "usual": "[2.0, 2.0, 2.0]"},
        ),
        Case("largest_drop(entropy, usual)", {"entropy": "[]", "usual": "[]"}),
        Case(
            "largest_drop(entropy, usual, window=1)",
            {"entropy": "[0.0, 1.0]", "usual": "[0.0, 2.0]"},
        ),
        Case(
            "largest_drop(entropy, usual)",
            {"entropy": "[0.0, 0.0]", "usual": "[0.0, 0.0]"},
        ),
    ],
    hints=[
        "Cut both lists to the length of the shorter one. Without a `window`, that "
        "length is the window.",
        "`windowed_means(values, window)` gives the means of all windows. At each "
        "place the drop is `1 - now / before`; where `before` is 0, leave it out.",
        "`max(drops, default=None)` is the largest of a list, and `None` where the "
        "list is empty. No window may be 0: two empty lists need `max(both, 1)`.",
    ],
    wrong=[
        gives_bits,
        divides_by_the_request,
        gives_what_is_left,
        measures_the_rise,
        takes_the_smallest,
        takes_the_mean_drop,
        never_rises,
        averages_the_ratios,
        compares_single_tokens,
        ignores_the_window,
        jumps_from_window_to_window,
        compares_whole_lengths,
        gives_zero_for_nothing,
        divides_by_nothing,
    ],
)


def counts_ties_as_losses(healthy, collapsed):
    """Ties count as lost. Two equal drops tell nothing, like a coin: they count
    half."""
    return _share_of_pairs(healthy, collapsed, lambda low, high: high > low)


def counts_ties_as_wins(healthy, collapsed):
    """Ties count as won. Two equal drops tell nothing, like a coin: they count half."""
    return _share_of_pairs(healthy, collapsed, lambda low, high: high >= low)


def turns_the_sides_round(healthy, collapsed):
    """You count the pairs in which the healthy request drops further. It shall be the
    collapsed one."""
    return 1 - _auroc(healthy, collapsed)


def pairs_neighbours_only(healthy, collapsed):
    """You compare the first with the first, the second with the second. Every healthy
    request meets every collapsed one."""
    pairs = list(zip(healthy, collapsed, strict=False))
    return sum(_wins(low, high) for low, high in pairs) / len(pairs)


def counts_pairs(healthy, collapsed):
    """This is how many pairs are won. Divide by how many there are:
    `len(healthy) * len(collapsed)`."""
    return _auroc(healthy, collapsed) * len(healthy) * len(collapsed)


def divides_by_one_side(healthy, collapsed):
    """You divide by the requests of one side. There are `len(healthy)` times
    `len(collapsed)` pairs."""
    return _auroc(healthy, collapsed) * len(collapsed)


def compares_the_means(healthy, collapsed):
    """You compare the two means. That says which side drops further on average, not how
    often a request can be told from another."""
    return _wins(sum(healthy) / len(healthy), sum(collapsed) / len(collapsed))


def subtracts_the_means(healthy, collapsed):
    """This is the difference of the mean drops. Asked for is a share of pairs: only who
    drops further counts, not by how much."""
    return sum(collapsed) / len(collapsed) - sum(healthy) / len(healthy)


def uses_one_threshold(healthy, collapsed):
    """This judges one threshold, 0.3. The pairs need none: compare the drops with each
    other."""
    hits = sum(drop > 0.3 for drop in collapsed) / len(collapsed)
    passed = sum(drop <= 0.3 for drop in healthy) / len(healthy)
    return (hits + passed) / 2


def _wins(low, high):
    return (high > low) + (high == low) / 2


def _share_of_pairs(healthy, collapsed, wins):
    pairs = [wins(low, high) for low in healthy for high in collapsed]
    return sum(pairs) / len(pairs)


def _auroc(healthy, collapsed):
    return _share_of_pairs(healthy, collapsed, _wins)


AUROC = Checks(
    cases=[
        Case("auroc(healthy, collapsed)", {"healthy": "[0.1]", "collapsed": "[0.6]"}),
        Case(
            "auroc(healthy, collapsed)",
            {"healthy": "[0.1, 0.5]", "collapsed": "[0.2, 0.6]"},
        ),
        Case(
            "auroc(healthy, collapsed)",
            {"healthy": "[-0.2, 0.1, 0.4]", "collapsed": "[0.5, 0.2]"},
        ),
        Case(
            "auroc(healthy, collapsed)",
            {"healthy": "[0.1, 0.2]", "collapsed": "[0.2, 0.1, 0.2, 0.3]"},
        ),
        Case(
            "auroc(healthy, collapsed)",
            {"healthy": "[0.5, 0.5]", "collapsed": "[0.5, 0.5, 0.5]"},
        ),
        Case(
            "auroc(healthy, collapsed)",
            {"healthy": "[0.4, 0.9]", "collapsed": "[-1.0, 0.1, -0.5]"},
        ),
    ],
    hints=[
        "Let every healthy request meet every collapsed one: two loops, or "
        "`collapsed[:, None] > healthy` with tensors.",
        "A pair counts 1 where the collapsed one drops further, one half where both "
        "drop alike, and 0 otherwise.",
        "Divide the sum by the number of pairs, `len(healthy) * len(collapsed)`.",
    ],
    wrong=[
        counts_ties_as_losses,
        counts_ties_as_wins,
        turns_the_sides_round,
        pairs_neighbours_only,
        counts_pairs,
        divides_by_one_side,
        compares_the_means,
        subtracts_the_means,
        uses_one_threshold,
    ],
)

CHECKS = {
    "EntropyTrace": ENTROPY_TRACE,
    "largest_drop": LARGEST_DROP,
}
