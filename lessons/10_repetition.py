# %% [markdown]
# # 10 · Repetition
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import gzip
import random
import textwrap
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from course_utils import StoryWorld, Temperature, generate, load_model
from course_utils.classroom import (
    PALETTE,
    LiveFigure,
    exercise,
    fact,
    predict,
    quiz,
    show,
    slider,
    start,
    verdict,
)

start("10")

# %% [markdown]
# **What you will be able to do**
#
# - Measure how much a text repeats itself, and say from which length on
# - Find a loop: where it starts, how long a round is, how often it is said
# - Tell too much repetition from the repetition that belongs there
# - Spot the length bias of distinct-n and of compression, and what mends it
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: notebooks [00](00_start_here.ipynb) and
# [01](01_softmax_and_temperature.ipynb); Python's `zip` and `Counter`
#
# **The question**: a refrain belongs to a song. When is repetition a sign of
# collapse?

# %% [markdown]
# ## Said before
#
# An *n-gram* is n words in a row. To see whether a text says the same again,
# collect its n-grams and count how many are different. `zip` of a text with
# itself, moved by one word, gives the 2-grams. (`words` splits a text.)

# %% tags=["nbval-check-output"]
from course_utils.detection.words import words

text = words("the fox saw the crow and the fox saw the sea")
pairs = list(zip(*(text[moved:] for moved in (0, 1)), strict=False))
print(len(pairs), "pairs of words,", len(set(pairs)), "different:")
print(*("-".join(pair) for pair in pairs))

# %% [markdown]
# Three of the ten stood there before: *the-fox*, *fox-saw*, *saw-the*. The
# first time that an n-gram comes, it repeats nothing. So the repeated share is
#
# $$ \text{rep-}n = 1 - \frac{\text{different n-grams}}{\text{all n-grams}} $$
#
# Its mean over texts is called *seq-rep-n*
# ([Welleck and others 2020](https://arxiv.org/abs/1908.04319)).
#
# ### Exercise 1: rep-n
#
# Difficulty: easy · 8 minutes
#
# `row` is a text as a list, of words or of token ids. N-grams overlap: a text
# of L words has L - n + 1 of them. A text shorter than n has none, and repeats
# nothing: 0.


# %%
@exercise("detection.repetition.rep_n")
def rep_n(row, n=4):
    """The share of a text's n-grams that stand earlier in it."""
    ...


# %% [markdown]
# Mind the last n-gram. A widely copied script
# ([SimCTG](https://github.com/yxuansu/SimCTG)'s `eval_text`) stops one too
# early. In long texts nobody notices. In short ones it misses the repetition
# that they end in:

# %% tags=["nbval-check-output"]
song = words("row row row")
print(f"all 2-grams: {rep_n(song, 2):.2f}")
print(f"without the last: {rep_n(song[:-1], 2):.2f}")

# %% [markdown]
# ## A text that runs on
#
# The storyteller ends its tales by itself. Forbid it to, let it be greedy
# (T = 0), and look what becomes of the text. Models that write greedily often
# end up repeating themselves word for word
# ([Holtzman and others 2019](https://arxiv.org/abs/1904.09751)).

# %%
from transformers import SuppressTokensLogitsProcessor

lm, world = load_model(), StoryWorld()
never_end = SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device)


def run_on(openings, temperature, length, seed=0):
    """Texts that may not end: `length` more tokens, or what the model has."""
    longest = max(len(lm.encode(text)) for text in openings)
    room = (lm.context_length or 1000) - longest - 1
    length = min(length, room)
    dice = [never_end, Temperature(temperature)]
    return generate(lm, openings, 1, length, dice, seed, progress=False)


# %%
stuck = run_on([""], temperature=0, length=250)
ids = stuck.token_ids[0]
for line in stuck.texts[0].splitlines():
    print(textwrap.fill(line, 79))

# %%
guess = predict(
    "start of the loop",
    "Where does the loop start?",
    choices=["within the first ten tokens", "later"],
)
guess

# %% [markdown]
# ## Live figure: window and n
#
# Left, a *dot plot*: a dot wherever the same n tokens stand at both places.
# Up goes the text, to the right what came earlier in it. Whoever watches a
# text as it grows looks back over a *window* only: orange-red dots lie within
# it, grey ones do not. Right: rep-n of the window at each place.
#
# First move n from 1 to 4. Then find the smallest window that sees anything.

# %%
from course_utils.detection.repetition import Loop, rep_n_along


def dots_of(row, n):
    """[place, earlier place]: do the same n tokens stand at both?"""
    numbers = {}
    grams = zip(*(row[start:] for start in range(n)), strict=False)
    of = np.array([numbers.setdefault(gram, len(numbers)) for gram in grams])
    dots = np.tril(of[:, None] == of, k=-1)
    return np.pad(dots, (0, n - 1))


dots = {n: dots_of(ids, n) for n in range(1, 9)}


# %% jupyter={"source_hidden": true}
# Draws: empty axes, on the left for the dots, on the right for rep-n
def draw(figure):
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.3])
    left.set(xlim=(0, len(ids)), ylim=(0, len(ids)), aspect="equal")
    left.set(xlabel="earlier place (token)", ylabel="place (token)")
    left.grid(False)
    kinds = [PALETTE["muted"], PALETTE["collapsed"]]
    marks = [left.plot([], [], ".", ms=3, color=kind)[0] for kind in kinds]
    curve = right.plot([], color=PALETTE["collapsed"])[0]
    right.set(xlim=(0, len(ids)), ylim=(0, 1), xlabel="place (token)")
    right.set_ylabel("rep-n of the window")
    titles = [left.set_title(" "), right.set_title(" ")]
    return {"marks": marks, "curve": curve, "titles": titles}


# %% jupyter={"source_hidden": true}
# Draws: the sliders, and what they move
def update(artists, n, window):
    place, earlier = dots[n].nonzero()
    inside = place - earlier <= window - n
    for mark, shown in zip(artists["marks"], (~inside, inside), strict=True):
        mark.set_data(earlier[shown], place[shown])
    shares = rep_n_along(ids, n, window)
    artists["curve"].set_data(range(1, len(ids) + 1), shares)
    left, right = artists["titles"]
    left.set_text(f"The same {n} tokens" if n > 1 else "The same token")
    right.set_text(f"Looking back {window} tokens: up to {shares.max():.0%}")
    return (
        f"n = {n}, window {window}: at most {shares.max():.0%} of the n-grams "
        f"in the window are repeated, {shares[-1]:.0%} at the end of the text."
    )


controls = {
    "n": slider(1, 8, value=4, step=1, label="n"),
    "window": slider(10, 250, value=150, step=5, label="window (tokens)"),
}
alt = """Left: dots where a text repeats itself. At n = 1 a cloud; from n = 4
on little is left but lines parallel to the diagonal. Right: rep-n of the
window. It stays near zero in a short one, and rises steeply in a long one."""
LiveFigure(draw, update, controls, alt=alt, size=(9.5, 4.2))

# %% [markdown]
# At n = 1 any *the* makes a dot. With longer n-grams chance goes, and lines
# stay: their distance from the diagonal is the length of a round. A window
# that is no longer than a round sees *nothing* of the loop, since within it
# nothing comes twice. (The repetition penalty of Ollama, a well-known program,
# looks back over 64 tokens by default:
# [`repeat_last_n`](https://reference.langchain.com/python/langchain-ollama/chat_models/ChatOllama/repeat_last_n).)

# %%
by_window = {w: rep_n_along(ids, 4, w) for w in (64, 150, 250)}
for window, shares in by_window.items():
    print(f"looking back {window:3} tokens: {shares[-1]:.0%} repeated")

# %%
fact(
    "a window as long as the text sees what rep-n sees",
    lambda: abs(by_window[250][-1] - rep_n(ids, 4)) < 1e-9,
)

# %%
# only with the storyteller
fact(
    "a window of 64 tokens sees next to nothing",
    lambda: by_window[64].max() < 0.05,
)
fact(
    "in all of the text more than six n-grams in ten are repeated",
    lambda: by_window[250][-1] > 0.6,
)

# %% [markdown]
# ## Where does it start?
#
# The lines show how a program can find a loop. Compare the text with itself,
# moved by a period $p$: the words of a loop equal those $p$ places before.

# %%
tale = words("there was a fox and a crow and a crow and a crow and")
p = 3
same = [a == b for a, b in zip(tale[p:], tale, strict=False)]
print(*(f"{word:5}" for word in tale))
print(" " * 6 * p + " ".join("yes  " if a else "no   " for a in same))

# %% [markdown]
# One match by chance, and a run of seven. The stretch that these belong to is
# a period longer: it begins with the *first* "and a crow", which matches
# nothing yet. So it has ten words and starts at place 4 (counted from 0), and
# its words are said 10/3 times.
#
# ## A finder of loops
#
# ### Exercise 2: find the loop
#
# Difficulty: hard · 20 minutes
#
# A *stretch with period p* is a piece of the text in which each word equals
# the one p places before it, but for the first p words. It is a *loop* if it
# has at least `repeats` times p words. Return the longest loop as
# `Loop(start, period, repeats)`, where the last is its length over its period,
# or `None` if there is none. Of loops of the same length the shortest period
# wins, then the earliest start.


# %%
@exercise("detection.repetition.find_loop")
def find_loop(row, repeats=3):
    """The longest stretch that says the same `repeats` times or more."""
    ...


# %%
def told(loop):
    """What the finder found, in a line."""
    if loop is None:
        return "no loop"
    long = f"from place {loop.start} on, a period of {loop.period}"
    return f"{long}, said {loop.repeats:.2f} times"


# %%
loop = find_loop(tale)
print(told(loop))
if loop is not None:
    print(*tale[loop.start : loop.start + loop.period])

# %%
fact(
    "the loop of this tale starts at place 4 and is said 10/3 times",
    loop == Loop(start=4, period=3, repeats=10 / 3),
)

# %% [markdown]
# Three things to note. *La la la* is a loop by this definition, so a song
# would need `repeats=4`; a rule of hyphens is one, too, which `repetition`
# leaves out. Words that merely come back now and then are no loop: nothing may
# stand between the rounds. And yours takes time in the square of a text's
# length; the course's `find_loops` finds the same in nearly linear time. Now
# to the greedy text, in tokens and in words:

# %%
in_tokens, in_words = find_loop(ids), find_loop(words(stuck.texts[0]))
print(f"tokens: {told(in_tokens)}\nwords:  {told(in_words)}")

# %%
early = in_tokens is not None and in_tokens.start < 10
guess.compare(
    "within the first ten tokens" if early else "later",
    "A loop starts where its words are said for the first time. The "
    "storyteller's first tale is the loop already: it comes again, word for "
    "word.",
)

# %%
# only with the storyteller
fact(
    "the loop starts within the first ten tokens or so",
    lambda: in_tokens.start <= 10,
)
fact(
    "a round is a tale of 60 to 90 tokens",
    lambda: 60 <= in_tokens.period <= 90,
)
fact(
    "in words a round is as long or a little shorter",
    lambda: in_tokens.period - 10 < in_words.period <= in_tokens.period,
)

# %% [markdown]
# ## When can a reader know?
#
# So one round of the storyteller's loop is a whole tale. And while it is told
# for the first time, nothing is wrong with it. A reader can *know* only at
# place start + repeats × period.

# %%
known = {}
if in_tokens is not None:
    for repeats in (2, 3):
        known[repeats] = in_tokens.start + repeats * in_tokens.period
for repeats, tokens in known.items():
    print(f"said {repeats} times: known after {tokens} tokens")

# %%
fact(
    "a finder that reads so far finds the loop's period",
    lambda: all(
        find_loop(ids[:tokens], repeats).period == in_tokens.period
        for repeats, tokens in known.items()
    ),
)

# %% [markdown]
# A server that watches for loops must choose: the fewer repeats, the earlier
# it knows and the oftener it is wrong. In vLLM such a watch has a longest
# period to try
# ([`RepetitionDetectionParams`](https://docs.vllm.ai/en/latest/api/vllm/sampling_params/),
# `max_pattern_size`). Set to 50, it would never find this loop.
#
# ## How much is too much?
#
# To say how much rep-n is too much, look where all is well. We know a
# source that is beyond suspicion: the world that wrote the storyteller's
# books. Some of its books are *collections*: up to four tales that share a
# hero, an animal, a place or a plot. Nothing has collapsed there.

# %%
tales = [story.text for story in world.sample(1000, seed=1)]
books = world.documents.sample(9000, seed=5)
collections = [book.text for book in books if len(book.stories) == 4]
print(len(collections), "collections of four tales; one of them:\n")
for line in "".join(collections[1:2]).splitlines():
    print(textwrap.fill(line, 79))

# %%
from course_utils.detection.self_bleu import ngrams

again = Counter()
for collection in collections:
    counts = ngrams(words(collection), 4)  # how often each n-gram comes
    again += counts - Counter(list(counts))  # less its first time
for gram, count in again.most_common(6):
    print(f"{count:3} times again: {' '.join(gram)}")

# %% [markdown]
# Say we flag a text whose rep-4 is above that of 99 % of single tales: of a
# hundred sound tales the rule flags one.

# %%
guess_alarms = predict(
    "false alarms",
    "How many of 100 sound collections does the rule flag?",
    between=(0, 100),
)
guess_alarms

# %%
of_tales = [rep_n(words(text)) for text in tales]
of_collections = [rep_n(words(text)) for text in collections]
limit = np.quantile(of_tales, 0.99)
alarms = np.mean(np.array(of_collections) > limit)
print(f"seq-rep-4: tales {np.mean(of_tales):.2%}, ", end="")
print(f"collections {np.mean(of_collections):.2%}")

# %%
guess_alarms.compare(
    round(100 * alarms),
    "Four tales give four times the occasions to repeat, and they share a "
    "hero or even a plot. Neither is collapse.",
)

# %%
fact("the rule flags more than half of all sound collections", alarms > 0.5)

# %% [markdown]
# The number alone is no evidence. What counts is the *excess* over texts of
# the same kind and length from a sound source. `repetition` gives it, with an
# interval. First, half of the collections against the other half, and against
# tales. Then, for each n, the mean rep-n of tales, of collections cut to the
# length of the greedy text, and of that text.

# %%
from course_utils.detection.repetition import repetition

half = len(collections) // 2
first, second = collections[:half], collections[half:]
sound = repetition(first, reference=second)
print(f"over collections: {sound.excess:+.2%}")
unfair = repetition(first, reference=tales)
print(f"over tales:       {unfair.excess:+.2%}")

# %%
fact(
    "over other collections the excess may well be zero",
    sound.excess_interval[0] < 0 < sound.excess_interval[1],
)
fact("over single tales it is above zero", unfair.excess_interval[0] > 0)


# %%
def cut(texts, length):
    """The beginnings of texts, all of the same number of tokens."""
    rows = [lm.encode(text)[:length] for text in texts]
    return [lm.decode(row) for row in rows if len(row) == length]


# %%
lengths = range(1, 9)
usual = int(np.median([len(lm.encode(text)) for text in collections]))
sources = {"tales": tales[:200]}
sources["collections"] = cut(collections, min(250, usual))
sources["greedy"] = [lm.decode(ids)]
rows = {name: list(map(words, texts)) for name, texts in sources.items()}
by_n = {
    name: [np.mean([rep_n(row, n) for row in rows[name]]) for n in lengths]
    for name in rows
}

# %% jupyter={"source_hidden": true}
# Draws: mean rep-n over n, of tales, collections and the greedy text
figure, axes = plt.subplots(figsize=(7.5, 3.2))
shades = {"tales": "muted", "collections": "truth", "greedy": "collapsed"}
for name, values in by_n.items():
    axes.plot(lengths, values, "o-", color=PALETTE[shades[name]])
loops = "the greedy text" if in_tokens else "the greedy text (no loop)"
axes.text(8, by_n["greedy"][-1] + 0.03, loops, ha="right")
axes.text(1.7, 0.36, "collections of the world")
axes.text(1.1, 0.04, "tales", color=PALETTE["truth"])
axes.set(ylim=(0, 1), xlabel="n (words in a row)", ylabel="mean rep-n")
axes.set_title("From four words on, sound texts hardly repeat themselves")
show(
    figure,
    alt="Mean rep-n over n. For tales and collections it falls from about a "
    "half at n = 1 to nearly 0 at n = 4. For the greedy text it goes from "
    f"{by_n['greedy'][0]:.2f} at n = 1 to {by_n['greedy'][-1]:.2f} at n = 8.",
)

# %%
# only with the storyteller
fact(
    "at n = 4 the greedy text repeats much, the collections hardly anything",
    lambda: by_n["greedy"][3] > 0.6 and by_n["collections"][3] < 0.05,
)
fact(
    "at n = 1 the greedy text repeats less than twice as much",
    lambda: by_n["greedy"][0] < 2 * by_n["collections"][0],
)

# %% [markdown]
# Single words repeat in any text. From four words on, what is sound and what
# is stuck lie far apart. That is why so many papers report rep-4.
#
# ## From stuck to sound
#
# Greedy is the extreme. Let the storyteller run on at other temperatures, each
# time from forty openings of collections. What would the *truth* be? The same
# collections, cut to the same length: 230 tokens. For a model whose truth
# nobody knows, its own texts at T = 1 must do: the article calls them its
# base distribution.

# %%
length = min(230, usual)
true_texts = cut(collections, length)
some = true_texts[: min(40, len(true_texts) // 2)]
openings = [lm.decode(lm.encode(text)[:8]) for text in some]

# %%
temperatures = [0, 0.3, 0.5, 0.7, 1]
ran_on = {
    t: run_on(openings, t, length - 8, seed=3).texts for t in temperatures
}


# %%
def near(t):
    """Which of the temperatures is the nearest to t."""
    return min(temperatures, key=lambda other: abs(other - t))


base = ran_on[near(1)]

# %%
# only with the storyteller
base = true_texts[len(openings) :]  # the truth; none that gave an opening

# %%
from course_utils.detection.repetition import find_loops

judged, twice = {}, {}
for t, texts in ran_on.items():
    judged[t] = repetition(texts, reference=base)
    twice[t] = sum(map(bool, find_loops(list(map(words, texts)), repeats=2)))
    low, high = judged[t].excess_interval
    print(f"T = {t:<3}  excess of rep-4 {judged[t].excess:+6.1%} ", end="")
    print(f"({low:+.1%} to {high:+.1%}), loops: {twice[t]} of {len(texts)}")

# %%
# only with the storyteller
fact(
    "at T = 1 the storyteller repeats about what the world repeats",
    lambda: abs(judged[1].excess) < 0.02,
)
fact(
    "the excess falls from T = 0 to 0.3 and to 0.7, where it is above zero",
    lambda: (
        judged[0].excess > judged[0.3].excess > judged[0.7].excess
        and judged[0.7].excess_interval[0] > 0
    ),
)
fact(
    "all texts loop at T = 0, and next to none at 0.3",
    lambda: twice[0] == 40 and twice[0.3] <= 4,
)
fact(
    "at T = 0.3 a tenth and more is repeated beyond the world's",
    lambda: judged[0.3].excess_interval[0] > 0.1,
)

# %% jupyter={"source_hidden": true}
# Draws: the excess over the temperature, and how many texts loop
figure, axes = plt.subplots(figsize=(7.5, 3.2))
excess = np.array([judged[t].excess for t in temperatures])
bounds = np.array([judged[t].excess_interval for t in temperatures]).T
loop_counts = [f"{twice[t]} of {len(ran_on[t])} loop" for t in temperatures]
axes.axhline(0, color=PALETTE["truth"])
axes.text(-0.03, 0.02, "0: as in the base", color=PALETTE["truth"])
spread = abs(bounds - excess)
axes.errorbar(temperatures, excess, spread, fmt="o-", capsize=3)
for t, value, words_there in zip(
    temperatures, excess, loop_counts, strict=True
):
    axes.text(t + 0.02, value + 0.04, words_there)
axes.set(xlabel="temperature T", ylabel="excess of rep-4")
axes.set_xlim(-0.05, max(temperatures) + 0.2)
axes.set_ylim(min(-0.05, excess.min() - 0.05), max(0.8, excess.max() + 0.1))
axes.set_title("How much is repeated beyond the base, and how many texts loop")
told_so = zip(temperatures, excess, loop_counts, strict=True)
show(
    figure,
    alt="Excess of rep-4 over the base against temperature, with 95 % "
    "intervals. "
    + "; ".join(
        f"T = {t}: {round(x, 2) + 0:.2f}, {loops}" for t, x, loops in told_so
    ),
)

# %% [markdown]
# At T = 1 the storyteller repeats about what the world repeats. The excess has
# the right order, and an honest zero. But at T = 0.3 the loop finder sees next
# to nothing, and rep-4 sees much. What does it see?
#
# **Stretch**: let a loop have one wrong word in ten. How many of the texts at
# T = 0.3 are in a loop then?
#
# ## Where the repeats stand
#
# A text that runs on is a row of tales, a line each. So an n-gram that stood
# before did so in the *same* tale, or only in *another* one.
# `within_and_across` counts both. A loop of a few words is of the first kind:

# %% tags=["nbval-check-output"]
from course_utils.detection.repetition import within_and_across

lines = ["the fox ran and ran and ran", "the fox ran home", "the owl slept"]
within, across = within_and_across(list(map(words, lines)), n=2)
print(f"pairs of words repeated: within {within:.2f}, across {across:.2f}")

# %%
guess_where = predict(
    "where the repeats stand",
    "At T = 0.3, where do most of the repeated n-grams stand before?",
    choices=["in the same tale", "in another tale of the text"],
)
guess_where

# %% [markdown]
# If across, there are two reasons to tell apart. A tale may be like those
# that it follows *because* the model has read them. Or the model tells like
# tales wherever it begins. For the second reason nothing needs to be read: so
# put tales together that stood in *different* texts, and count again.


# %%
def tales_of(texts):
    """Each text's tales, as lists of words."""
    lines = [text.splitlines() for text in texts]
    return [[words(line) for line in some if words(line)] for some in lines]


def strangers(rows):
    """Texts of as many tales, each of them out of a text of its own."""
    of = [
        [rows[(i + 7 * j) % len(rows)] for j in range(len(row))]
        for i, row in enumerate(rows)
    ]
    return [
        [row[min(j, len(row) - 1)] for j, row in enumerate(some)]
        for some in of
    ]


# %% jupyter={"source_hidden": true}
# Tested here: tales of one text, and tales that never met
cool_texts, where = ran_on[near(0.3)], {}
for name, texts in {"cool texts": cool_texts, "the base": base}.items():
    rows = [row for row in tales_of(texts) if row]
    of_text = np.array([within_and_across(row) for row in rows])
    mixed = np.array([within_and_across(row) for row in strangers(rows)])
    where[name] = (*of_text.mean(axis=0), mixed[:, 1].mean())

# %% jupyter={"source_hidden": true}
# Prints: what is repeated, where
for name, (within, across, mixed) in where.items():
    print(
        f"{name:10} within a tale {within:6.2%}, across {across:6.2%},", end=""
    )
    print(f" across tales that never met {mixed:6.2%}")

# %%
within, across, mixed = where["cool texts"]
guess_where.compare(
    "in another tale of the text" if across > within else "in the same tale",
    "Each tale by itself is sound. The model tells like tales, and a text "
    "that runs on is a small set of them.",
)

# %%
# only with the storyteller
fact(
    "at T = 0.3 nine in ten repeats and more are across tales",
    lambda: across > 9 * within,
)
fact(
    "more than half of them are left among tales that never met",
    lambda: mixed > across / 2,
)
fact(
    "within a tale T = 0.3 repeats no more than the base, to half a percent",
    lambda: within < where["the base"][0] + 0.005,
)

# %% [markdown]
# So the excess at T = 0.3 is not a loop. It is what notebook 00 saw between
# texts, the same few tales again and again, and a long text shows it because
# it holds several. Most of it is there between tales that never met. The rest
# is what collections do: they share something, and what they share becomes
# surer at a low T.
#
# ## Does a repeat make the next one likelier?
# {{deep}}
#
# Why do loops last? In models of natural text a repeated sentence becomes
# likelier each time: they *reinforce themselves*
# ([Xu and others 2022](https://arxiv.org/abs/2206.02369)). Their measure is
# simple: say a sentence n times, and look at the mean probability of its
# tokens at each time. ([Notebook 03](03_entropy_and_its_collapse.ipynb) asked
# for the entropy.) Here for the second sentence of 24 tales, and for whole
# tales, as in a collection:


# %%
from course_utils.detection.hidden_states import read_logits

start_token = len(lm.encode(""))


def chances(before, again, times):
    """A mean probability of the tokens of `again` at each time it is said."""
    first = lm.encode(before)[start_token:]
    piece = lm.tokenizer.encode(again, add_special_tokens=False)
    ids = first + piece * times
    every = read_logits(lm, [ids])[0].log_softmax(dim=-1)
    said = every[range(len(ids)), ids][len(first) :]
    return said.view(times, len(piece)).mean(dim=1).exp().tolist()


# %%
# only with the storyteller
many = [story.text.split(". ") for story in world.sample(24, seed=6)]
of_sentence = np.array([chances(f"{a}.", f" {b}.", 8) for a, b, *_ in many])
whole = [story.text + "\n" for story in world.sample(60, seed=6)]
whole = [text for text in whole if len(lm.encode(text)) <= 80][:24]
of_tale = np.array([chances("", text, 3) for text in whole])
print("a sentence:", *(f"{x:.2f}" for x in of_sentence.mean(axis=0)))
print("a tale:    ", *(f"{x:.2f}" for x in of_tale.mean(axis=0)))

# %%
# only with the storyteller
from course_utils.foundations.intervals import bootstrap_interval

fact(
    "a sentence's second time is less likely than its first",
    lambda: bootstrap_interval(of_sentence[:, 1] - of_sentence[:, 0])[1] < 0,
)
fact(
    "its eighth time is still below a tenth",
    lambda: bootstrap_interval(of_sentence[:, 7])[1] < 0.1,
)
fact(
    "a whole tale's second time is likelier than its first",
    lambda: bootstrap_interval(of_tale[:, 1] - of_tale[:, 0])[0] > 0,
)

# %% [markdown]
# A sentence said twice is nothing that the storyteller has read, and it stays
# unlikely. A whole tale again gains a little, since collections do share
# things. So a model reinforces what its books repeat: this one tales, one of
# natural text sentences. A loop needs no reinforcement at T = 0, where a lead
# of a hair is enough. At higher T it does, or the dice lead out.
#
# ## Distinct-n, and its trouble with length
#
# The same count, turned around and taken over a whole *set* of texts:
# *distinct-n* is the share of different n-grams among all n-grams of all texts
# ([Li and others 2016](https://arxiv.org/abs/1510.03055)). High sounds good.
# But here is one and the same source, fair dice with 50 faces, thrown more and
# more often:

# %% tags=["nbval-check-output"]
from course_utils.detection.repetition import distinct_n

dice = random.Random(0)
thrown = [dice.randrange(50) for _ in range(5000)]
for throws in (10, 50, 500, 5000):
    print(
        f"{throws:4} throws: distinct-1 {distinct_n([thrown[:throws]], 1):.2f}"
    )

# %% [markdown]
# There are only 50 faces, and the number of throws has no end. So distinct-n
# falls with length, whatever the source. It can even turn a comparison upside
# down: a few tales at T = 0.3 against many tales of the world.

# %%
cool = 0.3
cold = generate(lm, "", 60, 90, [Temperature(cool)], seed=4, progress=False)
cold_tales = [text for text in cold.texts if words(text)]  # none is empty
cold_rows, true_rows = (list(map(words, x)) for x in (cold_tales, tales))
for some, whose in (
    (cold_rows[:20], f"at T = {cool}"),
    (cold_rows, f"at T = {cool}"),
    (true_rows[:60], "of the world"),
    (true_rows, "of the world"),
):
    print(f"{len(some):4} tales {whose:12}", end=" ")
    print(f"distinct-2 {distinct_n(some, 2):.3f}")

# %%
# only with the storyteller
fact(
    "20 cold tales have a higher distinct-2 than all those of the world",
    lambda: distinct_n(cold_rows[:20], 2) > distinct_n(true_rows, 2),
)
fact(
    "60 cold tales have less than half of the distinct-2 of 60 of the world",
    lambda: distinct_n(cold_rows, 2) < distinct_n(true_rows[:60], 2) / 2,
)

# %% [markdown]
# With 60 tales each, the collapsed set has less than half of the world's
# distinct-2. Yet 20 collapsed tales "beat" a thousand sound ones. So compare
# texts of the *same length and number*, and set a sound source beside them.
#
# ## Can one divide the length away?
# {{deep}}
#
# A remedy divides by what to expect. $C$ even draws from $V$ kinds hit on
# average $V\,(1 - (\frac{V-1}{V})^C)$ of them: each kind is missed by all
# draws with probability $(\frac{V-1}{V})^C$. *Expectation-adjusted distinct*
# ([Liu and others 2022](https://arxiv.org/abs/2202.13587)) is
#
# $$ \text{EAD} = \frac{N}{V\,\bigl(1 - (\frac{V-1}{V})^C\bigr)} $$
#
# with $N$ different n-grams among $C$.
#
# ### Exercise 3: distinct without the bias
#
# Difficulty: medium · 10 minutes
#
# `rows` is a list of texts (lists of words), `vocabulary` the number of words
# of the language. Pool the n-grams of all texts, but let none reach from one
# text into the next. For n words in a row there are `vocabulary**n` kinds.
# `ngrams(row, n)`, imported above, is a `Counter` of a text's n-grams.


# %%
@exercise("detection.repetition.adjusted_distinct")
def adjusted_distinct(rows, vocabulary, n=1):
    """Different n-grams over those expected of as many even draws."""
    ...


# %% tags=["nbval-check-output"]
for throws in (10, 50, 500, 5000):
    adjusted = adjusted_distinct([thrown[:throws]], vocabulary=50)
    print(f"{throws:4} throws: adjusted {adjusted:.2f}")

# %% [markdown]
# The bias is gone, for fair dice. But words are not drawn evenly: a few are
# very common, most are rare. Does it hold for tales?

# %%
much = world.sample(5000, seed=7)
vocabulary = len({word for story in much for word in words(story.text)})
sizes = [1, 3, 10, 30, 100, 300, 1000]
grown = {
    "fair dice": ([[thrown[: 5 * size]] for size in sizes], 50),
    "tales": ([true_rows[:size] for size in sizes], vocabulary),
}
plain = {k: [distinct_n(x, 1) for x in s] for k, (s, _) in grown.items()}
fair = {
    source: [adjusted_distinct(some, kinds) for some in sets]
    for source, (sets, kinds) in grown.items()
}

# %% jupyter={"source_hidden": true}
# Draws: distinct-1 and the adjusted one over the words drawn, for both sources
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for axes, source in zip(panels, grown, strict=True):
    drawn = [sum(map(len, some)) for some in grown[source][0]]
    axes.plot(drawn, plain[source], "o-", color=PALETTE["muted"])
    axes.plot(drawn, fair[source], "o-", color=PALETTE["model"])
    axes.set(xscale="log", xlabel="words drawn", ylim=(0, 1.25))
panels[0].text(40, 1.1, "adjusted", color=PALETTE["model"])
panels[0].text(6, 0.55, "distinct-1")
panels[0].set_ylabel("share")
panels[0].set_title("Fair dice: the adjusted one stays level")
panels[1].set_title("Tales: it falls, then rises")
show(
    figure,
    alt="Distinct-1 and adjusted distinct over the number of words drawn. "
    "Fair dice: distinct-1 falls towards 0, the adjusted one stays at 1. "
    "Tales of the world: distinct-1 falls as well; the adjusted one falls "
    "from 0.7 to below 0.5 and rises again to nearly 1.",
)

# %%
fact(
    "for tales the adjusted one falls, then rises to 0.9 and more",
    lambda: fair["tales"][2] < fair["tales"][0] < 0.9 < fair["tales"][-1],
)
fact(
    "for fair dice it stays within a quarter of 1",
    lambda: all(abs(value - 1) < 0.25 for value in fair["fair dice"]),
)

# %% [markdown]
# No. In short texts the common words come again sooner than even draws would;
# in a huge collection all words have come, and EAD ends at 1 for any source.
# Its assumption fails, and so does its promise. The less clever way stays: the
# same length and number, and a sound source beside it.
#
# ## Compression
# {{deep}}
#
# A program such as gzip writes "as 80 letters before" where a text repeats
# itself. Bytes before over bytes after, the *compression ratio*, therefore
# measures repetition of every length, within texts and between them
# ([Shaib and others 2024](https://arxiv.org/abs/2403.00553)). Mind two traps.
# First: a published package (`diversity` 0.3.1) compresses *twice*, and the
# second pass only adds bytes. Second: gzip looks back over 32 kilobytes only,
# about a hundred tales. Say every one of 200 tales is there twice. Then it
# matters *where* the copies are.

# %%
raw = "\n".join(["The cat sat on the mat."] * 200).encode()
once = gzip.compress(raw)
double = gzip.compress(once)
print(f"once {len(raw) / len(once):.1f}, twice {len(raw) / len(double):.1f}")

# %%
from course_utils.detection.repetition import compression_ratio

some = tales[:200]
ratios = {
    "each tale once": compression_ratio(some),
    "the copies far apart": compression_ratio(some + some),
    "side by side": compression_ratio([t for t in some for _ in range(2)]),
}
for order, ratio in ratios.items():
    print(f"{order:21} {ratio:.2f}")

# %%
fact("the second pass adds bytes", len(once) < len(double))
fact(
    "side by side copies raise the ratio by 30 % more than far apart",
    lambda: ratios["side by side"] > 1.3 * ratios["the copies far apart"],
)

# %% [markdown]
# The window again! And like distinct-n, the ratio grows with the number of
# texts. So: same number, same order of length, a sound source beside it.
#
# **Stretch**: Python's `lzma` looks back over megabytes. Compress the 200
# tales and their copies with it. Does it still matter where the copies are?
#
# ## Within a text, and between texts
#
# Finally, a collapse that rep-n *cannot* see. Take a model that always tells
# the same tale, word for word. Beside it: texts that each go in a loop of
# their own, and sound ones.

# %%
from course_utils.detection.self_bleu import self_bleu

in_loops = [" ".join([text.split(". ")[:2][-1]] * 8) for text in tales[:60]]
kinds = {
    "sound tales": tales[:60],
    "one tale, 60 times": tales[:1] * 60,
    "60 loops": in_loops,
    f"the model at T = {cool}": cold_tales,
}
print(" " * 22 + "rep-4  Self-BLEU  distinct-2  compression")
for name, texts in kinds.items():
    some = list(map(words, texts))
    rep = np.mean([rep_n(row) for row in some])
    print(f"{name:21} {rep:6.3f} {self_bleu(texts).mean:8.2f}", end="")
    print(f"{distinct_n(some, 2):11.2f} {compression_ratio(texts):11.1f}")

# %%
one_tale = repetition(kinds["one tale, 60 times"], reference=tales)
alone = repetition(cold_tales, reference=tales)
for name, seen in {"one tale": one_tale, f"T = {cool}": alone}.items():
    print(f"{name}: excess of rep-4 over tales {seen.excess:+.2%}")

# %%
fact(
    "one tale, told again and again, has no excess of rep-4",
    abs(one_tale.excess) < 0.005,
)

# %%
# only with the storyteller
fact("each cold tale by itself looks sound", abs(alone.excess) < 0.02)

# %% [markdown]
# Rep-n looks *within* each text: it finds the loops and misses the sixty
# copies. Self-BLEU ([notebook 08](08_self_bleu.ipynb)) looks *between* texts.
# Distinct-n and compression (bytes before over bytes after gzip) see both, and
# cannot tell them apart. A good report has one of each kind.
#
# ## Claims on trial
#
# **C17**: n-gram repetition "beyond what's expected from the model's base
# distribution" signals collapse. Taken at its word, it asks for a baseline, as
# we did. The trial: texts that run on, at T = 0.3 (narrowed, as notebook 00
# saw) and at T = 1 (sound), each against the world's collections of the same
# length. One half of these makes the bar, the other half tries it.

# %%
from course_utils.detection.null_bands import rank_band
from course_utils.detection.scoring import alarm_rate, auroc, auroc_interval

yard, fresh = (repetition(some).shares for some in (base[::2], base[1::2]))
narrow, wide = near(0.3), near(1)
bar = rank_band(yard, level=0.9)[1]  # 5 in 100 sound texts lie above
on_trial = {f"T = {t}": judged[t].shares for t in (narrow, wide)}
on_trial["fresh texts of the base"] = fresh
for name, shares in on_trial.items():
    print(f"{name:24} flagged {alarm_rate(shares, bar)}, n = {len(shares)}")

# %%
# only with the storyteller
fact(
    "at T = 0.3 more than eight texts in ten are flagged",
    lambda: alarm_rate(judged[narrow].shares, bar).share > 0.8,
)
fact(
    "fresh texts and those of T = 1 may well be flagged as promised",
    lambda: all(
        low < 0.06
        for shares in (fresh, judged[wide].shares)
        for low in [alarm_rate(shares, bar).interval[0]]
    ),
)

# %% [markdown]
# Taken at its word, the claim stands. But three more questions must be asked
# of it: what if the base is of other texts, is it a loop that is found, and
# what does it miss? They have other answers, since each takes away one of the
# two conditions: like texts, and several tales within one text.

# %% jupyter={"source_hidden": true}
# only with the storyteller
# Prints: a card on C17
area = auroc(fresh, judged[narrow].shares)
low, high = auroc_interval(fresh, judged[narrow].shares)
verdict(
    "C17",
    "holds when the base is of like texts and one text holds several tales",
    f"The AUROC of rep-4: how often a text at T = {narrow} has more of it "
    f"than a collection of the same length. The excess is "
    f"{judged[narrow].excess:+.3f}; at T = {wide} {judged[wide].excess:+.3f}.",
    question=f"Does the excess tell texts that run on at T = {narrow} from "
    "sound ones?",
    stands=low > 0.9 and judged[narrow].excess_interval[0] > 0.05,
    estimate=area,
    interval=(low, high),
    n=len(fresh) + len(judged[narrow].shares),
    unit="text",
)

# %% jupyter={"source_hidden": true}
# only with the storyteller
# Prints: a card on C17
low, high = alarm_rate(of_collections, limit).interval
verdict(
    "C17",
    "fails",
    "The share of sound collections above 99 % of single tales.",
    question="Are sound collections left alone if the base is of single "
    "tales?",
    stands=low > 0.05,
    estimate=alarms,
    interval=(low, high),
    n=len(of_collections),
    unit="collection",
)

# %% jupyter={"source_hidden": true}
# only with the storyteller
# Prints: a card on C17
inside = [within_and_across(row)[0] for row in tales_of(cool_texts)]
beyond = np.array(inside) - where["the base"][0]
low, high = bootstrap_interval(beyond.tolist())
verdict(
    "C17",
    "fails",
    f"The share of 4-grams repeated within a tale at T = {narrow}, beyond "
    f"the base. Across tales {across:.3f} are repeated.",
    question=f"Is the excess at T = {narrow} a text stuck in a loop?",
    stands=high < judged[narrow].excess / 10,
    estimate=beyond.mean(),
    interval=(low, high),
    n=len(inside),
    unit="text",
)

# %% jupyter={"source_hidden": true}
# only with the storyteller
# Prints: a card on C17
beyond = np.array(alone.shares) - np.mean(of_tales)
low, high = bootstrap_interval(beyond.tolist())
verdict(
    "C17",
    "fails",
    f"The excess of rep-4 of single tales at T = {cool}, over tales of the "
    "world. Told one by one, the same few tales have none.",
    question="Does the excess show a collapse whose texts are one tale each?",
    stands=high < 0.02,
    estimate=beyond.mean(),
    interval=(low, high),
    n=len(alone.shares),
    unit="text",
)

# %% [markdown]
# ## A short quiz

# %%
quiz("10")

# %% [markdown]
# ## Recap
#
# - rep-n: the share of n-grams said before; from n = 4 on, chance is gone.
# - A loop is known long after it starts; a window of one round never sees it.
# - Repetition is evidence only beyond a sound source of like texts; ask where
#   it stands, within a tale or across.
# - Distinct-n and compression depend on size; EAD helps with fair dice only.
#
# ## Read on
#
# - Welleck and others 2020,
#   [Neural text generation with unlikelihood training](https://arxiv.org/abs/1908.04319):
#   rep and seq-rep-n, and a loss that punishes repetition.
# - Xu and others 2022,
#   [Learning to break the loop](https://arxiv.org/abs/2206.02369): why a
#   sentence becomes likelier each time that it is repeated.
# - Shaib and others 2024,
#   [Standardizing the measurement of text diversity](https://arxiv.org/abs/2403.00553):
#   which of these measures say the same, and which are worth reporting.
# - Liu and others 2022,
#   [Rethinking and refining the distinct metric](https://arxiv.org/abs/2202.13587):
#   where the expectation comes from, and how it agrees with people.
#
# **Next**: [11 Which detector to trust](11_which_detector_to_trust.ipynb). All
# detectors of this part, side by side: which collapse does each one miss?
