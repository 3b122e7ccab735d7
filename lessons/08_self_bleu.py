# %% [markdown]
# # 08 · Self-BLEU
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import itertools
import re
import time
from collections import Counter

import numpy as np
from course_utils import StoryWorld
from course_utils.classroom import (
    LiveFigure,
    exercise,
    fact,
    predict,
    quiz,
    show,
    start,
    steps,
    verdict,
)
from course_utils.detection.null_bands import cut_alike, in_sets, rank_band
from course_utils.detection.scoring import alarm_rate, auroc, auroc_interval
from course_utils.detection.self_bleu import (
    estimate_self_bleu,
    null_band,
    self_bleu,
)
from course_utils.plots import self_bleu as pictures
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

start("08")

# %% [markdown]
# **What you will be able to do**
#
# - Build BLEU: clipped precision, brevity penalty, smoothing
# - Turn it into Self-BLEU, and say which of its two forms a paper means
# - Compute it in time that grows with the corpus, not with its square
# - Say whether scores of sets of different size can be compared
# - Set a threshold that has a false alarm rate
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 00](00_start_here.ipynb) and Python
#
# **The question**: a team asks its model twenty times for a tale, and measures
# by [Self-BLEU](../GLOSSARY.md#self-bleu) how much alike the answers are. It
# gets 0.4. Is that bad?

# %% [markdown]
# ## What does 0.4 mean?
#
# So far we counted heroes and plots, with our world's parser. Nobody has a
# parser for a chatbot. But a model that tells the same thing again and again
# repeats its *words*, and words can be counted anywhere. So does the team. Its
# scale runs from 0, where no two texts share a word, to 1, where all are
# copies. Is 0.4 near the good end? That depends on what is counted, and on
# what healthy texts would get. We build the measure from its smallest part on:
# [BLEU](../GLOSSARY.md#bleu), which asks how much of *one* text stands in
# *another*.
#
# Three toy tales. `words` gives lower-case words, and each mark by itself.

# %%
from course_utils.detection.words import words

fox = words("The fox found the lamp in the old tower")
owl = words("The owl found the lamp in the dark wood")
goat = words("A goat lost her bell by the river")
fox

# %% [markdown]
# An *n-gram* is n words in a row: *found the lamp* is a 3-gram. Take the fox's
# tale as the *hypothesis* and the owl's as the *reference*. The **precision**
# of order n is the share of the hypothesis' n-grams that stand in the
# reference: of the fox's eight 2-grams the owl has four, a precision of 1/2.
# `ngrams` finds and counts them.

# %% tags=["nbval-check-output"]
from course_utils.detection.self_bleu import ngrams

for n in (1, 2, 3, 4):
    shared = sorted(ngrams(fox, n).keys() & ngrams(owl, n).keys())
    print(f"n = {n}:", *(" ".join(gram) for gram in shared), sep="  | ")

# %% [markdown]
# Long n-grams say more: everybody uses *the*, hardly anybody *found the lamp
# in* by chance.
#
# ## A parrot, and a clip
#
# A hypothesis that says *the the the the the the the* has a precision of 1 for
# any reference with a *the* in it. The inventors of BLEU
# ([Papineni and others 2002](https://aclanthology.org/P02-1040/), section 2.1)
# tell this joke, and the remedy: **clip**. An n-gram of the hypothesis counts
# at most as often as it stands in a reference. With several references, the
# one that has it most often decides, n-gram by n-gram.
#
# ### Exercise 1: clipped precision
#
# Difficulty: medium · 12 minutes
#
# Return two counts: how many n-grams of the hypothesis are matched, and how
# many it has. A hypothesis shorter than `n` counts as 0 of 1. `ngrams(row, n)`
# gives a `Counter`; look up what `|` and `&` do with two of them.


# %%
@exercise("detection.self_bleu.clipped_precision")
def clipped_precision(hypothesis, references, n):
    """(matches, total) of the n-grams of `hypothesis`."""
    ...


# %% tags=["nbval-check-output"]
parrot = ["the"] * 7
mats = [words("The cat is on the mat"), words("There is a cat on the mat")]
print(clipped_precision(parrot, mats, 1))
print([clipped_precision(fox, [owl], n) for n in (1, 2, 3, 4)])

# %% [markdown]
# ## Four orders, one number
#
# BLEU is the geometric mean of the precisions $p_1 \dots p_n$ (that of 1 and
# 1/4 is $\sqrt{1 \cdot 1/4} = 1/2$), times a penalty:
#
# $$ \text{BLEU} = \text{BP} \cdot \Big( \prod_{k=1}^{n} p_k \Big)^{1/n} $$
#
# Why a penalty? Because precision is easy for those who say little: all four
# precisions of *found the lamp in* are perfect. The **brevity penalty** is
# $e^{1 - r/c}$ for a hypothesis of $c$ words that is shorter than its
# reference of $r$ words, and 1 for all others. With several references, $r$ is
# the length closest to $c$, and the shorter of two that are equally close.

# %% tags=["nbval-check-output"]
from course_utils.detection.self_bleu import brevity_penalty

little = words("found the lamp in")
print([clipped_precision(little, [owl], n) for n in (1, 2, 3, 4)])
print(f"{brevity_penalty(len(little), len(owl)):.3f}")
print(brevity_penalty(len(owl), len(little)))

# %% [markdown]
# ## When an order finds nothing
#
# The goat's tale shares one word with the owl's, *the*, and no 2-gram. If a
# single order has no match, the product is 0, whatever the others say.
# **Smoothing** puts something small in its place. There are
# seven ways in the paper that compares them
# ([Chen and Cherry 2014](https://aclanthology.org/W14-3346/)). *Method 1*
# counts 0.1 matches where there are none.
#
# ### Exercise 2: BLEU
#
# Difficulty: medium · 15 minutes
#
# Put it together, with method 1: for an order without a match take 0.1 of its
# total. But where not even a word matches, return 0. Use your
# `clipped_precision` and the course's `brevity_penalty`.


# %%
@exercise("detection.self_bleu.bleu")
def bleu(hypothesis, references, n=4):
    """BLEU of one text against one or more references, 0 to 1."""
    ...


# %% tags=["nbval-check-output"]
tales = {"fox": fox, "owl": owl, "goat": goat, "little": little}
print("against " + "".join(f"{name:>8}" for name in tales))
for name, hypothesis in tales.items():
    scores = [bleu(hypothesis, [reference]) for reference in tales.values()]
    print(f"{name:8}" + "".join(f"{score:8.3f}" for score in scores))

# %% [markdown]
# The table is not symmetric: *little* against the owl is not the owl against
# *little*. And a text against itself scores 1. Does somebody else get the same
# numbers? `nltk` has a BLEU too. Give both 100 pairs of our world's tales.


# %%
def nltk_bleu(hypothesis, references, method, n=4):
    """nltk's BLEU, with one of its smoothing methods."""
    smooth = getattr(SmoothingFunction(), method)
    return sentence_bleu(references, hypothesis, (1 / n,) * n, smooth)


# %%
world = StoryWorld()
healthy = [story.text for story in world.sample(8000, seed=1)]
rows = [words(text) for text in healthy]

# %%
fact(
    "nltk gives the same BLEU for 100 pairs of tales",
    lambda: all(
        abs(bleu(a, [b]) - nltk_bleu(a, [b], "method1")) < 1e-5
        for a, b in zip(rows[:100], rows[100:200], strict=True)
    ),
)

# %% [markdown]
# They agree, to five decimals.
#
# ## From BLEU to Self-BLEU: pairs
#
# BLEU was made to judge translations: the references were people's. Use the
# model's *other texts* as references, and it measures how much a set repeats
# itself. The article does so with every two texts, the earlier one judged by
# the later, and takes the mean and the standard deviation. It smooths with
# nltk's *method 4*, whose stand-in depends on the text's length.
#
# The article cuts texts into words with nltk's `word_tokenize`. That needs a
# download, and cuts *don't* differently; we use `words`. The course's
# `estimate_self_bleu` gives the same, somewhat faster. The article's own
# example is three times the same sentence.


# %%
def article_self_bleu(texts, n=4):
    """The article's measure: nltk's BLEU of every two texts."""
    pairs = itertools.combinations([words(text) for text in texts], 2)
    scores = [nltk_bleu(a, [b], "method4", n) for a, b in pairs]
    return np.mean(scores), np.std(scores)


# %% tags=["nbval-check-output"]
example = "The quantum computer uses superconducting qubits"
example += " with error correction."
print("mean {:.3f}, std {:.3f}".format(*estimate_self_bleu([example] * 3)))

# %%
fact(
    "the course's `estimate_self_bleu` gives what the article's measure gives",
    lambda: np.allclose(
        article_self_bleu(healthy[:15]),
        estimate_self_bleu(healthy[:15]),
        atol=1e-12,
    ),
)

# %% [markdown]
# ## From BLEU to Self-BLEU: all others
#
# Those who coined the name
# ([Zhu and others 2018](https://arxiv.org/abs/1802.01886)) did something else.
# They judge each text by **all other texts together**, as joint references:
# each n-gram may match any of them.


# %%
def slow_self_bleu(rows, n=4):
    """BLEU of each text against all others, averaged."""
    scores = [
        bleu(row, rows[:i] + rows[i + 1 :], n) for i, row in enumerate(rows)
    ]
    return sum(scores) / len(scores)


# %%
guess_forms = predict(
    "two forms",
    "Pair by pair, 20 tales of our world score about 0.05. What do the same "
    "20 tales score with all others as joint references?",
    choices=["less", "about the same", "five times as much or more"],
)
guess_forms

# %%
pairs, _ = estimate_self_bleu(healthy[:20])
joint = slow_self_bleu(rows[:20])
print(f"20 tales: {pairs:.2f} by pairs, {joint:.2f} against all others")

# %%
guess_forms.compare(
    "five times as much or more",
    "With nineteen others each n-gram has nineteen chances. So 0.3 would be "
    "high by pairs, and against all others less than usual.",
)

# %%
fact("against all others the score is over five times", joint > 5 * pairs)

# %% [markdown]
# ## In linear time
# {{deep}}
#
# `slow_self_bleu` compares each text with each other one: twice the texts,
# four times the work. Yet most of it is in vain. What does a text need to know
# about the others? For each of its n-grams, only the **largest count in any
# other text**, to clip by. And for that, two numbers per n-gram are enough,
# over the whole corpus: its largest count and its second largest. Whoever
# holds the largest is held to the second. Everyone else is held to the
# largest.
#
# ### Exercise 3: the largest count elsewhere
#
# Difficulty: medium · 15 minutes
#
# `gram` and `counts` have an entry for each n-gram and each text that holds
# it: the n-gram's number, and how often it stands there. For each entry return
# the largest *other* count with the same number, or 0 if there is none. A list
# will do. Go through the entries once or twice, not each against each.


# %%
@exercise("detection.self_bleu.largest_elsewhere")
def largest_elsewhere(gram, counts):
    """For each entry the largest count of its n-gram in another entry."""
    ...


# %% [markdown]
# ## All texts at once
# {{deep}}
#
# With it, the matches of *all* texts come at once. Here are the toy tales and
# the parrot, for single words:

# %% tags=["nbval-check-output"]
corpus = [fox, owl, goat, parrot]
entries = [
    (word, text, count)
    for text, row in enumerate(corpus)
    for word, count in ngrams(row, 1).items()
]
numbers = {word: i for i, word in enumerate(dict(e[:2] for e in entries))}
gram = [numbers[word] for word, _, _ in entries]
counts = [count for _, _, count in entries]
elsewhere = list(largest_elsewhere(gram, counts))

matches = [0] * len(corpus)
for (_, text, count), limit in zip(entries, elsewhere, strict=True):
    matches[text] += min(count, int(limit))
print("matches of single words:", matches)

# %%
fact(
    "these are the counts of `clipped_precision`",
    lambda: all(
        matches[i]
        == clipped_precision(row, corpus[:i] + corpus[i + 1 :], 1)[0]
        for i, row in enumerate(corpus)
    ),
)

# %% [markdown]
# No approximation: the same counts. The course's `bleu_against_others` does
# this for all orders with numpy. Compare it with nltk on 60 tales. (The time
# of nltk grows with the square of the number of texts, so the ratio grows.)

# %% tags=["volatile"]
from course_utils.detection.self_bleu import bleu_against_others

began = time.perf_counter()
slow = [
    nltk_bleu(rows[i], rows[:i] + rows[i + 1 : 60], "method1")
    for i in range(60)
]
middle = time.perf_counter()
fast = bleu_against_others(rows[:60])
ended = time.perf_counter()
print(f"nltk takes {(middle - began) / (ended - middle):.0f} times as long")

# %%
fact(
    "nltk and the fast way agree on 60 tales",
    lambda: np.abs(fast - slow).max() < 1e-12,
)

# %% [markdown]
# ## The same source, more tales
#
# Our world is as varied as it is, no matter how many of its tales we take. So
# a measure of variety should not care how many we take either.

# %%
guess_size = predict(
    "Self-BLEU of 3,000",
    "Ten tales of our world score about 0.2. And 3,000 of the same world?",
    between=(0, 1),
)
guess_size

# %%
sizes = [10, 30, 100, 300, 1000, 3000, 8000]
sizes = [N for N in sizes if len(rows) >= N]
curves = {
    n: [bleu_against_others(rows[:N], n).mean() for N in sizes] for n in (2, 4)
}
by_pairs = [estimate_self_bleu(healthy[:N])[0] for N in sizes[:3]]

# %%
near_3000 = min(range(len(sizes)), key=lambda i: abs(sizes[i] - 3000))
guess_size.compare(
    round(curves.get(4, [*curves.values()][-1])[near_3000], 2),
    "Nothing collapsed. With enough references, some tale has the n-gram.",
)

# %%
fact(
    "against all others the score rises with the number of tales",
    all(np.all(np.diff(curve) > 0) for curve in curves.values()),
)
fact(
    "by pairs the score stays near 0",
    max(by_pairs) < min(0.08, 1.5 * min(by_pairs)),
)

# %% jupyter={"source_hidden": true}
# Draws: Self-BLEU over the number of tales, all others and by pairs
show(
    pictures.plot_growth(sizes, curves, by_pairs),
    alt="Self-BLEU of one world's tales over their number: by pairs it stays "
    "near 0; for all others it rises from 0.2 or 0.5 to above 0.95.",
)

# %% [markdown]
# Against all others Self-BLEU measures how well the set *covers its own
# n-grams*, and a larger set covers more. Pair by pair the number of texts does
# not matter, but each pair knows so little that the score stays near 0.
#
# **Stretch**: add n = 3 and n = 6 to `curves`. Does a longer n-gram keep the
# curve down, or only come later?
#
# The article's rule says: a mean of 0.95 with a standard deviation below 0.02
# signals collapse (claim **C15**). Ask it about our world, which is as it is:


# %% tags=["nbval-check-output"]
def rule_fires(mean, std):
    """The article's rule."""
    return mean >= 0.95 and std < 0.02


fires = {}
for n, N in ((4, 1000), (4, 8000), (2, 1000)):
    of_texts = bleu_against_others(rows[:N], n)
    fires[n, N] = bool(rule_fires(of_texts.mean(), of_texts.std()))
    print(f"{N} healthy tales, n = {n}: fires: {fires[n, N]}")

# %%
fact(
    "the rule fires on 8000 healthy tales and on 1000 with n = 2",
    list(fires.values()) == [False, True, True],
)

# %% [markdown]
# A perfectly healthy source "collapses", if only you look at enough of it, or
# at shorter n-grams. Smoothing matters too, where matches are rare:

# %% jupyter={"source_hidden": true}
# Prints: the score of 25 tales by pairs, with three ways to smooth
settings = {}
for smoothing in (None, "method1", "method4"):
    found = self_bleu(healthy[:25], 4, "pairs", smoothing)
    settings[smoothing] = found.mean
    print(f"25 tales by pairs, smoothing {smoothing}: {found.mean:.3f}")

# %%
fact(
    "with smoothing by method 4 the score is over 1.5 times that without",
    lambda: settings["method4"] > 1.5 * settings[None],
)

# %% [markdown]
# And so does length. `yes` has no four words in a row: nltk counts each order
# above a text's length as no match out of one, the course leaves it out.

# %% tags=["nbval-check-output"]
for answer in ("yes", "Tokyo Japan"):
    as_nltk = self_bleu([answer] * 10, short="nltk").mean
    left_out = self_bleu([answer] * 10).mean
    print(f"ten times {answer}: {as_nltk:.2f} by nltk, {left_out:.2f} here")

# %% [markdown]
# ## How sure is the number?
#
# A number needs an interval. The usual way is the
# [*bootstrap*](../GLOSSARY.md#bootstrap): draw as many
# texts from the set as it has, with replacement (from *a b c* perhaps
# *b c b*), compute the measure again, and repeat.

# %%
guess_bootstrap = predict(
    "bootstrap",
    "20 tales score 0.4. What does a bootstrap sample of the same 20 score?",
    choices=["about 0.4, up or down", "much less", "much more"],
)
guess_bootstrap


# %%
def mean_score(rows):
    return bleu_against_others(rows).mean()


starts = range(0, len(rows) - 19, 20)
fresh = [mean_score(rows[i : i + 20]) for i in starts]


# %%
def bootstrap_scores(rows, resamples):
    """The measure on samples drawn from `rows` with replacement."""
    dice = np.random.default_rng(0)
    drawn = dice.integers(len(rows), size=(resamples, len(rows)))
    return [mean_score([rows[i] for i in sample]) for sample in drawn]


# %%
resampled = bootstrap_scores(rows[:20], resamples=400)
print(f"fresh sets of 20: {np.mean(fresh):.2f} on average")
print(f"bootstrap of one: {np.mean(resampled):.2f} on average")

# %%
guess_bootstrap.compare(
    "much more",
    "It draws copies: a text meets one of itself among the 19 others with a "
    "probability of 1 - (19/20)^19 = 0.62, and then scores 1.",
)

# %%
fact("1 - (19/20)^19 is 0.62", abs(1 - (19 / 20) ** 19 - 0.62) < 0.005)
fact(
    "the bootstrap's samples score more than fresh sets do",
    np.quantile(resampled, 0.025) > np.quantile(fresh, 0.975),
)

# %% [markdown]
# The **jackknife** goes the other way. It leaves texts out, a twentieth at a
# time: of 20 tales the first, then only the second, and so on. The more the
# 20 scores differ, the wider the interval. It never sees a text twice.
# (`self_bleu` reports its interval.) Which of the two is right? A 95 %
# interval should hold the true mean, that of many fresh sets, about 19 times
# in 20.

# %% jupyter={"source_hidden": true}
# Prints: how many of 40 intervals hold the truth
from course_utils.foundations.intervals import (
    jackknife_interval,
    wilson_interval,
)

of_first = self_bleu(healthy[:20])
print(of_first)
truth = np.mean(fresh)
held = {"bootstrap": 0, "jackknife": 0}
for i in range(0, 800, 20):
    low, high = jackknife_interval(mean_score, rows[i : i + 20], at_least=2)
    held["jackknife"] += int(low <= truth <= high)
    resampled_here = bootstrap_scores(rows[i : i + 20], resamples=40)
    low, high = np.quantile(resampled_here, [0.025, 0.975])
    held["bootstrap"] += int(low <= truth <= high)
print(f"of 40 intervals so many hold the truth: {held}")

# %%
fact(
    "the bootstrap's intervals hardly ever hold the truth, the jackknife's do",
    held["bootstrap"] < 5 and held["jackknife"] > 32,
)

# %% jupyter={"source_hidden": true}
# Draws: scores of fresh sets, of bootstrap samples, and a jackknife interval
show(
    pictures.plot_resampling(fresh, resampled, of_first.interval),
    alt="Self-BLEU of fresh sets of 20 tales, around 0.36, and, far to their "
    "right, of bootstrap samples of one. A jackknife bar is below the first.",
)

# %% [markdown]
# ## A threshold with a false alarm rate
#
# So what is a high Self-BLEU? Ask healthy texts: as many as in your set, with
# the same n, the same references, the same smoothing. Cut a healthy corpus
# into sets of N texts that share none, and take the mean of each. A further
# healthy set has the same chance of each rank among them. So with 39 sets, it
# lies above all of them in 1 case of 40; with 200, above all but four of them
# equally often. What lies between is a **null band** of 95 %, whatever the
# distribution. An alarm above it is *false* if the set was healthy.
#
# Healthy texts *of the same kind*, that is. Our world's tales are at hand. But
# the storyteller learned from *documents*: some are tales, some have a header,
# some are collections of tales that share a hero or a plot. And we stop it
# after 140 tokens. So make a second band of true documents that are cut after
# as many tokens. Then let both judge fresh true documents, and the
# storyteller itself at T = 1.

# %%
from course_utils import Temperature, generate, load_model

lm, length = load_model(), 140  # tokens
documents = world.documents.sample(8000, seed=2)
true = cut_alike([document.text for document in documents], lm, length)


# %%
def tell(lm, temperature, n=200):
    """n texts, less those without a word."""
    heat = [Temperature(temperature)]
    texts = generate(lm, "", n, length, heat, seed=8, progress=False).texts
    return [text for text in texts if words(text)]


# %%
def scores_of_sets(texts, size=20):
    """Self-BLEU of each set of `size` texts."""
    sets = in_sets([words(text) for text in texts], size)
    return [mean_score(rows) for rows in sets]


of_true = scores_of_sets(true)
half = len(of_true) // 2  # the bands are made of the first half
band = rank_band(of_true[:half])
by_tales = rank_band(fresh[: len(fresh) // 2])

# %% jupyter={"source_hidden": true}
# Prints: both bands, and how many healthy sets lie above each
later = {"true": of_true[half:], "told": scores_of_sets(tell(lm, 1, 400))}
alarms = {}
for name, ends in {"tales": by_tales, "documents": band}.items():
    alarms[name] = {k: alarm_rate(v, ends[1]) for k, v in later.items()}
    print(f"band of 20 {name}: {ends[0]:.2f} to {ends[1]:.2f}; above it are")
    for k, rate in alarms[name].items():
        low, high = rate.interval
        print(f"  {rate.share:5.1%} of {rate.n:3} sets {k}", end="")
        print(f" ({low:.1%} to {high:.1%})")

# %%
# only with the storyteller
fact(
    "the band of documents keeps its promise of 2.5 % on true documents",
    lambda: (
        alarms["documents"]["true"].interval[0]
        < 0.025
        < alarms["documents"]["true"].interval[1]
    ),
)
fact(
    "the band of tales gives more false alarms on true documents",
    lambda: (
        alarms["tales"]["true"].flagged
        > 1.5 * alarms["documents"]["true"].flagged
    ),
)
fact(
    "a score of 0.4 lies in the band of 20 texts, and far above it by pairs",
    lambda: (
        band[0] < 0.4 < band[1]
        and 5 * null_band(true[:780], 20, references="pairs")[1] < 0.4
    ),
)

# %% [markdown]
# Promised were 2.5 %. The band of documents keeps that, the band of tales does
# not: collections and headers repeat more, and that is how the books are. (The
# promise is an average over bands; a single one may be off a little. And the
# storyteller is not quite the world: best calibrate on your own healthy
# model.) A set of another size needs a band of its own.
#
# So, is the team's 0.4 bad? If its twenty texts were like ours, and judged
# against all others with n = 4: no, healthy sets score as much. Had it been by
# pairs, 0.4 would be far beyond anything healthy. The number alone cannot say.
#
# ## Live figure: N, n and T
#
# The storyteller writes 200 texts at each of six temperatures. The grey bars
# are the null bands of true documents. (They say nothing about another model.)

# %%
temperatures = [0.1, 0.3, 0.5, 0.7, 1.0, 1.5]
told = {T: tell(lm, T) for T in temperatures}

# %%
shown_sizes, orders = [10, 20, 50, 100, 200], [2, 3, 4, 5]
bands = {
    n: [null_band(true[: 39 * N], N, n) for N in shown_sizes] for n in orders
}

# %%
told_rows = {T: [words(text) for text in told[T]] for T in temperatures}
scores = {
    (T, n): [
        bleu_against_others(told_rows[T][:N], n).mean() for N in shown_sizes
    ]
    for T in temperatures
    for n in orders
}

# %% jupyter={"source_hidden": true}
# Draws: Self-BLEU over the number of tales, beside the null bands
dials = LiveFigure(
    lambda figure: pictures.draw_bands(figure, shown_sizes),
    lambda artists, T, n, N: pictures.show_bands(
        artists, scores[T, n], bands[n], shown_sizes.index(N)
    ),
    {
        "T": steps(
            temperatures,
            value=min(temperatures, key=lambda T: abs(T - 0.5)),
            label="temperature T",
        ),
        "n": steps(orders, value=orders[len(orders) // 2], label="order n"),
        "N": steps(
            shown_sizes,
            value=shown_sizes[len(shown_sizes) // 2],
            label="number of tales N",
        ),
    },
    alt="Self-BLEU of the storyteller's tales over their number, beside grey "
    "bars for the world's null bands. Both rise with N and fall with n. At "
    "T = 0.5 and below the curve lies above the bars, at T = 1 beside them.",
    size=(7.5, 3.8),
)
dials

# %% [markdown]
# Move N: the curve climbs, and the band climbs along. A score of 0.6 is too
# much for 20 tales, and little for 200: look at the distance to the band. Then
# set T to 1.5. Many of these tales are broken (notebook 00), and Self-BLEU
# does not mind: it counts words, and knows no sense.

# %%
# only with the storyteller
fact(
    "at T = 1.5 many tales are broken, and 20 of them score no more than the "
    "world's",
    lambda: (
        sum(not world.parse(text).valid for text in told[1.5]) > 10
        and scores[1.5, 4][1] < bands[4][1][1]
    ),
)

# %%
# only with the storyteller
fact(
    "at T = 0.5 and below the score lies above the band at every N",
    lambda: all(
        value > high
        for T in (0.1, 0.3, 0.5)
        for value, (_, high) in zip(scores[T, 4], bands[4], strict=True)
    ),
)

# %%
# only with the storyteller
fact(
    "0.6 lies above the band of 20 tales, and below that of 200",
    lambda: bands[4][1][1] < 0.6 < bands[4][-1][0],
)

# %% [markdown]
# ## Claims on trial
#
# **C18**: the article's snippet gives more than 0.9 for three identical
# sentences. It gave 1 for its own example. Take the first sentences of 200
# tales, three times each. And then some short ones.

# %% jupyter={"source_hidden": true}
# Prints: how many identical sentences score above 0.9
sentences = [re.split(r"(?<=[.!?]) ", text)[0] for text in healthy[:200]]
above = sum(estimate_self_bleu([s] * 3)[0] > 0.9 for s in sentences)
fewest = min(len(words(s)) for s in sentences)
short = {
    s: estimate_self_bleu([s] * 3)[0]
    for s in ("Stop!", "He ran.", "The fox ran.")
}
print(f"{above} of {len(sentences)} above 0.9")
for sentence, mean in short.items():
    print(f"{len(words(sentence))} words (marks count): {mean:.2f}")

# %%
fact(
    "of identical sentences those of four words or more score above 0.9",
    all((mean > 0.9) == (len(words(s)) >= 4) for s, mean in short.items()),
)
fact(
    "all 200 first sentences have four words, and score above 0.9",
    above == 200 and fewest >= 4,
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the article's function
verdict(
    "C18",
    "holds when the sentence has at least n words",
    "The share of sentences, each the first of another tale, that score above "
    "0.9 when they stand three times in a set. With n = 4, sentences of two "
    "or three words score less, though they are identical: the orders above "
    "their length find no match.",
    question="Does the printed function give more than 0.9 for three equal "
    "sentences?",
    stands=wilson_interval(above, len(sentences))[0] > 0.95
    and min(short.values()) <= 0.9,
    estimate=above / len(sentences),
    interval=wilson_interval(above, len(sentences)),
    n=len(sentences),
    unit="sentence",
)

# %% [markdown]
# **C15**: a mean of 0.95 with a standard deviation below 0.02 signals
# collapse. Against all others, it fired on healthy tales. Give it a second
# chance, with the article's own measure: by pairs. On trial are sets of 20
# texts. Which of them *have* collapsed? Not by their looks, or we would choose
# them by the outcome. By how they were made: at T = 1, healthy; at 0.5 and
# below, or by a model tuned on a blind reward
# ([notebook 06](06_collapse_from_reward.ipynb)), collapsed. There are eight
# such models, each tuned with a seed of its own.

# %%
# only with the storyteller
from course_utils.recordings.ladder import ladder, load_tuned

seeds = [rung.seed for rung in ladder() if rung.step == 60]
tuned = {seed: tell(load_tuned(60, seed), 1, n=40) for seed in seeds}
sets = {f"T = {T}": in_sets(told[T], 20) for T in temperatures if T <= 1}
sets["tuned"] = [
    some for texts in tuned.values() for some in in_sets(texts, 20)
]

# %% [markdown]
# True documents, that went into no band, are on trial as well. And as a check
# on how we named the sources, the parser counts the plots of their sets.

# %% jupyter={"source_hidden": true}
# Built here: the effective number of plots of a set
from course_utils.worlds.measures import effective_number


def effective_arcs(texts):
    """How many equally common plots would be as diverse; 0 without any."""
    found = Counter(world.parse(text).labels.get("arc") for text in texts)
    del found[None]
    shares = {arc: count / found.total() for arc, count in found.items()}
    return effective_number(shares) if shares else 0.0


# %%
# only with the storyteller
sets = {"true": in_sets(true[-2000:], 20)} | sets
means = {k: [mean_score([*map(words, x)]) for x in v] for k, v in sets.items()}
ruled = {
    name: [rule_fires(*estimate_self_bleu(texts)) for texts in group]
    for name, group in sets.items()
}

# %% jupyter={"source_hidden": true}
# Prints: for each source its plots, and how many sets rule and band flag
# only with the storyteller
print("source    plots   rule   band  (of so many sets)")
for name, group in sets.items():
    plots = np.mean([effective_arcs(texts) for texts in group])
    beyond = sum(score > band[1] for score in means[name])
    print(f"{name:8}{plots:7.1f}{sum(ruled[name]):7}{beyond:7}", end="")
    print(f"  ({len(group)})")

# %% jupyter={"source_hidden": true}
# Draws: Self-BLEU of the sets of 20, source by source, over the null band
# only with the storyteller
in_order = [*[k for k in sets if "T = " in k][::-1], "tuned"]
show(
    pictures.plot_sets({k: means[k] for k in in_order}, band),
    alt="Self-BLEU of sets of 20 texts over a grey null band. At T = 1 nearly "
    "all lie in it; most at 0.7 and all at 0.5, 0.3, 0.1 and of tuned models "
    "lie above. The article's 0.95 is reached at T = 0.1 only.",
)

# %%
# only with the storyteller
collapsed = [name for name in sets if name in ("T = 0.5", "T = 0.3", "tuned")]
fact(
    "at T = 0.5, 0.3 and after tuning the rule finds one set in ten at most",
    lambda: all(sum(ruled[k]) <= len(sets[k]) / 10 for k in collapsed),
)
fact(
    "the null band finds nearly all of these sets",
    lambda: all(
        sum(score > band[1] for score in means[k]) >= 0.9 * len(sets[k])
        for k in collapsed
    ),
)

# %% [markdown]
# So there are three questions. Do collapsed models reach those numbers? Does a
# cold sampler? And do healthy sets stay below?

# %% jupyter={"source_hidden": true}
# Built here: in how many models rule and band find any set, or all
# only with the storyteller
of_models = in_sets(ruled["tuned"], len(sets["tuned"]) // len(tuned))
by_rule = sum(map(any, of_models))
of_bands = in_sets([x > band[1] for x in means["tuned"]], len(of_models[0]))
by_band = sum(map(all, of_bands))

# %% jupyter={"source_hidden": true}
# Prints: the verdict on tuned models
# only with the storyteller
verdict(
    "C15",
    "fails",
    "The share of tuned models of which the rule, by pairs, finds at least "
    "one of two sets of 20 texts. Of the same models, the null band finds "
    f"both sets of {by_band}.",
    question="Do sets of a model that was tuned on a blind reward reach a "
    "Self-BLEU of 0.95 that hardly varies?",
    stands=wilson_interval(by_rule, len(tuned))[1] < 0.5,
    estimate=by_rule / len(tuned),
    interval=wilson_interval(by_rule, len(tuned)),
    n=len(tuned),
    unit="tuned model",
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on a cold sampler
# only with the storyteller
coldest, *others = [f"T = {T}" for T in temperatures if T < 1]
counts = ", ".join(f"{k}: {sum(ruled[k])} of {len(sets[k])}" for k in others)
found = sum(ruled[coldest]), len(ruled[coldest])
verdict(
    "C15",
    "fails",
    f"The share of sets of 20 texts at {coldest} that the rule, by pairs, "
    f"finds. Warmer ones: {counts}.",
    question=f"Do sets of a sampler at {coldest} reach a Self-BLEU of 0.95 "
    "that hardly varies?",
    stands=wilson_interval(*found)[1] < 0.5,
    estimate=found[0] / found[1],
    interval=wilson_interval(*found),
    n=found[1],
    unit="set of texts",
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on healthy sets
# only with the storyteller
wrong = sum(ruled["true"]), len(ruled["true"])
verdict(
    "C15",
    "holds when every two texts are compared, not each with all others",
    "The share of sets of 20 true documents that the rule finds by pairs. "
    "Against all others it fires on healthy sets, if they are large enough: "
    f"on {sizes[-1]} tales.",
    question="Do healthy sets stay below a Self-BLEU of 0.95 that hardly "
    "varies?",
    stands=wilson_interval(*wrong)[1] < 0.05 and any(fires.values()),
    estimate=wrong[0] / wrong[1],
    interval=wilson_interval(*wrong),
    n=wrong[1],
    unit="set of texts",
)

# %% [markdown]
# What *does* the rule find, then? Copies. Take one tale 20 times; then put
# another hero's name into each; then replace one of the 20 by a different
# tale.

# %% jupyter={"source_hidden": true}
# Prints: what the rule says to copies
tale = healthy[0]
hero = world.parse(tale).labels["hero"]
names = list(world.probabilities("hero"))[:20]
trial = {
    "20 copies": [tale] * 20,
    "20 copies, other names": [tale.replace(hero, name) for name in names],
    "19 copies, one other tale": [tale] * 19 + [healthy[1]],
}
fired = {}
for name, texts in trial.items():
    mean, std = estimate_self_bleu(texts)
    fired[name] = bool(rule_fires(mean, std))
    print(f"{name:27}{mean:.2f}, std {std:.2f}, fires: {fired[name]}")

# %%
fact(
    "the rule fires on exact copies alone",
    list(fired.values()) == [True, False, False],
)
fact(
    "all three score above the null band",
    all(mean_score([*map(words, t)]) > band[1] for t in trial.values()),
)

# %% [markdown]
# One honest tale among twenty silences it: the standard deviation over pairs
# rises from 0 to 0.29. The null band finds all three.
#
# **Stretch**: put the same tale into a healthy set of 20 twice, three times,
# and so on. How many copies does it take until the set lies above the band?
#
# ## What to report beside it
# {{deep}}
#
# [Shaib and others 2024](https://arxiv.org/abs/2403.00553) have compared such
# measures on many models' texts. Some follow each other so closely that one is
# enough. They advise to report a few together: the **compression ratio** (how
# much smaller all texts get together, [notebook 10](10_repetition.ipynb)), the
# **self-repetition** of long n-grams, and Self-BLEU, beside a measure of
# meaning, which is notebook 09. For self-repetition we take a share: of all
# 8-grams of a text, how many stand in another text of the set?

# %% tags=["nbval-check-output"]
from course_utils.detection.repetition import compression_ratio
from course_utils.detection.self_bleu import self_repetition

print([round(float(x), 2) for x in self_repetition([fox, owl, goat], n=3)])

# %%
report = {
    "Self-BLEU": lambda texts: mean_score([*map(words, texts)]),
    "self-repetition": lambda texts: self_repetition(
        [*map(words, texts)], n=8
    ).mean(),
    "compression": compression_ratio,
}

# %% [markdown]
# All on the same sets of 20 texts. How well does each tell a source's sets
# from those of true documents? AUROC, with its 95 % interval over sets
# ([notebook 07](07_entropy_monitor.ipynb)):

# %% jupyter={"source_hidden": true}
# Prints: AUROC of the three measures, source by source
# only with the storyteller
values = {
    name: {k: [measure(texts) for texts in group] for k, group in sets.items()}
    for name, measure in report.items()
}
print(f"{'':8}" + "".join(f"{name:>22}" for name in report))
for source in [k for k in sets if k != "true"]:
    print(f"{source:8}", end="")
    for name in report:
        pair = values[name]["true"], values[name][source]
        low, high = auroc_interval(*pair)
        text = f"{auroc(*pair):.2f} ({low:.2f} to {high:.2f})"
        print(f"{text:>22}", end="")
    print()

# %%
# only with the storyteller
fact(
    "each of the three tells sets of tuned models from true documents",
    lambda: all(
        auroc_interval(found["true"], found["tuned"])[0] > 0.8
        for found in values.values()
    ),
)

# %% [markdown]
# Nearly the same three times: all of them count words in common, and here
# whole tales collapse. They differ in what they mind. Compression grows with
# the length of a set, and sees repeats inside a text, too. Long n-grams see
# copied passages only, so they are the last to notice a mild case. And all
# three are blind to other words for the same tale.
#
# ## A short quiz

# %%
quiz("08")

# %% [markdown]
# ## Recap
#
# - BLEU: clipped precisions, their geometric mean, a penalty for brevity.
# - Self-BLEU has two forms; against all others, it takes linear time.
# - It grows with the set. Compare only equal N, n, references, smoothing.
# - Calibrate: a null band of healthy sets, of texts of the same kind, cut
#   alike; a jackknife, never a bootstrap.
#
# ## Read on
#
# - Papineni and others 2002,
#   [BLEU](https://aclanthology.org/P02-1040/): short and clear, with the
#   parrot, and with why each part of the formula is there.
# - Zhu and others 2018, [Texygen](https://arxiv.org/abs/1802.01886): where
#   Self-BLEU comes from, beside other measures of generated text.
# - Shaib and others 2024,
#   [Standardizing the measurement of text diversity](https://arxiv.org/abs/2403.00553):
#   which measures say the same, and which few to report together.
#
# **Next**: [09 Embedding clusters](09_embedding_clusters.ipynb). Two tales can
# be the same in other words. Self-BLEU does not notice; an encoder might.
