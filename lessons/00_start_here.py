# %% [markdown]
# # 00 · Start here: a model that could say many things
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
from course_utils.classroom import start

start("00")

# %% [markdown]
# **What you will be able to do**
#
# - See mode collapse happen, next to the truth
# - Say in one sentence what it is, and what it is not
# - Use the instruments of this course: sliders, predictions, exercises
# - Check that your machine is ready
#
# **Time**: about {{minutes}} minutes
#
# **What you need first**: a little Python. Run each cell with Shift + Enter.
#
# **The question**: a model has learned tales about two dozen heroes. Ask it
# for sixty-four tales: how many heroes will you meet?

# %% [markdown]
# ## A storyteller
#
# This course carries its own language model, the *storyteller*: a small GPT-2
# with about two million parameters. It needs no download. It has read a few
# hundred thousand tales, each of them only once, and nothing else. At each
# word it was told how likely every next word is in the world of the tales.

# %%
import textwrap

from course_utils import generate, load_model

lm = load_model()
parameters = sum(weights.numel() for weights in lm.model.parameters())
f"{lm.name}: {parameters / 1e6:.1f} million parameters"

# %% [markdown]
# Ask it for a tale. `n` is how many, `seed` makes the dice repeatable, and an
# empty prompt `""` means: begin as you like. Models write
# [*tokens*](../GLOSSARY.md#token): words or pieces of words. In our tales most
# words are one token, so we often say word. A tale has about 80 of them.

# %%
runs = generate(lm, "", n=1, max_new_tokens=110, seed=6)
print(textwrap.fill(runs.texts[0], 79))

# %% [markdown]
# Another seed gives another tale, usually with another hero. Some come with a
# heading or are followed by a second tale, like those the model has read.
#
# ## One dial: the temperature
#
# At each word the model has a probability for every possible next word.
# [*Temperature*](../GLOSSARY.md#temperature) bends these probabilities before
# the dice are thrown. Below 1, likely words become likelier still. Above 1,
# unlikely ones get their chance. [Notebook
# 01](01_softmax_and_temperature.ipynb) builds it. Here you only turn it.
# (`processors` is a list of what bends the probabilities; 110 is the most
# tokens that a tale may have.)

# %%
from course_utils import Temperature


def tell(temperature, n=1, seed=0):
    """Texts that the model writes at this temperature."""
    bend = [Temperature(temperature)]
    runs = generate(
        lm, "", n=n, max_new_tokens=110, processors=bend, seed=seed
    )
    return runs.texts


# %%
for temperature in (0.3, 1, 3):
    print(f"T = {temperature}")
    print(textwrap.fill(tell(temperature)[0], 79), end="\n\n")

# %% [markdown]
# The first two are tales. The third is what people call *word salad*. Judged
# tale by tale, low temperature looks safe. But one tale tells you nothing
# about a model's variety. For that you need many.

# %% [markdown]
# ## Who is a tale about?
#
# The first hero whose name occurs in it, we say. The list of heroes comes
# from the *world*: the grammar that wrote the storyteller's books. We wrote
# that grammar, so we know exactly how common each hero is.

# %%
import re

from course_utils import StoryWorld

world = StoryWorld()
truth = world.probabilities("hero")
list(truth)[:6]

# %% tags=["nbval-check-output"]
print(f"{len(truth)} heroes; in the world, {truth['Mira']:.0%} are Mira")


# %%
def hero_of(text):
    """The first hero named in a text."""
    words = re.findall(r"\w+", text)
    return next((word for word in words if word in truth), "(nobody)")


# %%
# only with the storyteller
hero_of(runs.texts[0])

# %% [markdown]
# ## Predict first
#
# Before an experiment this course asks what you expect. Your answer is kept,
# and set beside the result. Guessing first, even wrongly, helps you to
# remember ([Kornell, Hays and Bjork 2009](https://doi.org/10.1037/a0015729)).

# %%
from course_utils.classroom import predict

# %%
# only with the storyteller
guess = predict(
    "sixty-four tales",
    "At T = 0.3, how many of 64 tales are about the same hero?",
    choices=["fewer than 16", "16 to 31", "32 or more"],
)
guess

# %% [markdown]
# ## Sixty-four tales

# %%
# only with the storyteller
tales = tell(0.3, n=64)
heroes = [hero_of(tale) for tale in tales]
print(*heroes)

# %% [markdown]
# Look at that row of names. Now count. `Counter` does it:

# %%
# only with the storyteller
from collections import Counter

counts = Counter(heroes)
commonest, count = counts.most_common(1)[0]
print(f"{commonest}: {count} of {len(heroes)} tales")

# %%
# only with the storyteller
if count < 16:
    result = "fewer than 16"
elif count < 32:
    result = "16 to 31"
else:
    result = "32 or more"
guess.compare(
    result,
    "The world gives about 17 of 64 to its commonest hero. The model knows "
    "that and forgets nothing: low temperature only changes how we draw.",
)

# %%
# only with the storyteller
from course_utils.classroom import fact

fact("the world gives Mira about 17 of 64", 16 < 64 * truth["Mira"] < 18)
lengths = [len(lm.encode(tale.text)) for tale in world.sample(200)]
fact("a tale has about 80 tokens", 75 < sum(lengths) / 200 < 85)

# %% [markdown]
# ## Mode collapse in one picture
#
# In statistics a [*mode*](../GLOSSARY.md#mode) is a peak of a distribution.
# Here each hero counts as one. Grey marks say how often the hero occurs in the
# world. The bars are what the model told; in this course, orange-red means
# collapsed. (Code that only draws is folded, in all notebooks. A click on its
# line unfolds it.)

# %% jupyter={"source_hidden": true}
# Draws: the share of tales for each hero, beside the truth
# only with the storyteller
import matplotlib.pyplot as plt
from course_utils.classroom import PALETTE, show


def shares_of(heroes):
    """The share of each hero of the world."""
    counts = Counter(heroes)
    return [counts[name] / len(heroes) for name in truth]


figure, axes = plt.subplots(figsize=(8, 3.2))
axes.bar(range(len(truth)), shares_of(heroes), color=PALETTE["collapsed"])
axes.plot(truth.values(), "_", ms=14, mew=3, color=PALETTE["truth"])
axes.annotate("grey marks: the truth", (5.5, 0.12), color=PALETTE["truth"])
axes.set_xticks(range(len(truth)), truth, rotation=60, ha="right")
axes.set_ylabel("share of tales")
share = count / len(heroes)
axes.set_title(f"{commonest} takes {share:.0%} of the tales")
show(
    figure,
    alt=f"Bars of the share of tales per hero. {commonest} has by far the "
    f"tallest bar, {share:.0%}, well above the mark for the truth; most of "
    "the heroes have no bar at all.",
)

# %% [markdown]
# [**Mode collapse**](../GLOSSARY.md#mode-collapse): a model that could say
# many things, and was taught many things, keeps saying few of them.
#
# Four details matter.
#
# - It is a property of *many* outputs, not of one. Each tale above is fine.
# - It is measured *against something*. Mira being common is no collapse: she
#   is common in the world. Her taking most of the tales is.
# - It is not a kind of mistake. A collapsed model can be flawless.
# - It has more than one cause. Here it is the temperature, and turning it
#   back is a cure. Most papers mean collapse that *training* has put into the
#   model. Part II of the course makes that kind.

# %%
# only with the storyteller
print(len(set(tales)), "different texts among", len(tales))

# %% [markdown]
# That line is worth a second look. Hardly any two tales are the same to the
# letter, and still the set has collapsed. What you compare decides what you
# see: texts, heroes, plots.

# %% [markdown]
# ## Your first exercise
#
# In an exercise you write the code. When your function is right, it *takes
# over*: the cells below use it. As long as it isn't, they use the course's
# own, so nothing ever breaks. Wrong answers get a diagnosis, not a mark.

# %% [markdown]
# ### Exercise 1: the share of the commonest
#
# Difficulty: easy · 3 minutes
#
# Given a list such as `["Mira", "Tom", "Mira"]`, return the share of the
# commonest value: here 2/3. Replace the `...` and run the cell. After that,
# `share_of_commonest.hint()` in a new cell gives a hint, and
# `share_of_commonest.solution()` shows the course's own.

# %%
from course_utils.classroom import exercise


@exercise("worlds.measures.share_of_commonest")
def share_of_commonest(values):
    """Share of the commonest value: 1.0 where all are the same."""
    ...


# %%
# only with the storyteller
share = float(share_of_commonest(heroes))
print(f"{share:.0%} of the tales are about {commonest}")

# %%
# only with the storyteller
fact("one hero takes more than half of the tales", share > 0.5)

# %% [markdown]
# **Stretch**: how high must the temperature be for the commonest hero to have
# less than half? Change `tell(0.3, n=64)` above, and run the cells below it.

# %% [markdown]
# ## Your first slider
#
# Now the whole range. The next cell tells 64 tales at each of eleven
# temperatures. That takes half a minute or so. Afterwards the slider answers
# at once. A tale is [*valid*](../GLOSSARY.md#validity) if the world could have
# told it: correct in every word, with the same hero and the same things from
# beginning to end. The world's parser knows.

# %%
# only with the storyteller
temperatures = [0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3]
told = {t: tell(t, n=64, seed=1) for t in temperatures}
valid = {
    t: sum(world.parse(tale).valid for tale in tales) / len(tales)
    for t, tales in told.items()
}

# %% [markdown]
# Press play, or drag the slider, or click on it and use the arrow keys. Go
# left from 1, then right from 1. What goes wrong, on which side? (If nothing
# moves, as after a restart or on another day: in the menu, choose Run > Run
# All Above Selected Cell, then run the figure's cell.)

# %% jupyter={"source_hidden": true}
# A live figure: heroes at every temperature
# only with the storyteller
from course_utils.classroom import LiveFigure, steps


def draw(figure):
    axes = figure.subplots()
    bars = axes.bar(range(len(truth)), [0] * len(truth))
    marks = axes.plot(truth.values(), "_", ms=14, mew=3, zorder=3)
    marks[0].set_color(PALETTE["truth"])
    axes.text(5.5, 0.12, "grey marks: the truth", color=PALETTE["truth"])
    axes.set_xticks(range(len(truth)), truth, rotation=60, ha="right")
    axes.set(ylim=(0, 1), ylabel="share of tales")
    return {"bars": bars, "marks": marks, "title": axes.set_title(" ")}


def update(artists, temperature):
    heroes = [hero_of(tale) for tale in told[temperature]]
    named = [hero for hero in heroes if hero != "(nobody)"] or heroes
    share = float(share_of_commonest(named))
    colour = PALETTE["collapsed" if share > 0.5 else "model"]
    for bar, height in zip(artists["bars"], shares_of(heroes), strict=True):
        bar.set_height(height)
        bar.set_color(colour)
    title = f"T = {temperature:g}: the commonest hero has {share:.0%}"
    artists["title"].set_text(f"{title}, {valid[temperature]:.0%} are valid")
    return f"{title} of the tales. {valid[temperature]:.0%} are valid."


dial = LiveFigure(
    draw,
    update,
    {"temperature": steps(temperatures, value=1, label="temperature T")},
    alt="Bars of the share of 64 tales per hero, with grey marks for the true "
    "shares. At temperature 1 bars and marks agree; the lower the "
    "temperature, the more the commonest hero takes; far above 1 bars "
    "level out.",
    size=(8, 3.6),
    play="temperature",
)
dial

# %% [markdown]
# Two different things go wrong, at two different ends:
#
# - **To the left, collapse.** Nearly every tale is valid, and most are about
#   the same hero.
# - **To the far right, breakage.** Every hero can come up, but hardly a text
#   is valid.
#
# A gauge for the first is the [*effective
# number*](../GLOSSARY.md#effective-number) of heroes. If four heroes were
# equally common, it would be 4. If one of the four took nearly all, it would
# be near 1.

# %%
from collections import Counter

from course_utils.worlds.measures import effective_number


def effective_heroes(texts):
    """How many equally common heroes would be as diverse."""
    heroes = [hero_of(text) for text in texts]
    named = Counter(hero for hero in heroes if hero != "(nobody)")
    total = named.total()
    return effective_number({h: k / total for h, k in named.items()})


# %% tags=["nbval-check-output"]
print(f"in the world: {effective_number(truth):.1f} heroes of {len(truth)}")

# %% [markdown]
# One trap, before we compare. In only 64 tales some rare heroes never come
# up, so even the world itself scores less than that. The fair line to compare
# with is what 64 tales *by the world* give.

# %%
by_the_world = [
    effective_heroes([story.text for story in world.sample(64, seed)])
    for seed in range(40)
]
fair = sum(by_the_world) / len(by_the_world)
print(f"64 tales by the world: {fair:.1f} on average")

# %% jupyter={"source_hidden": true}
# Draws: heroes and valid tales over the temperature
# only with the storyteller
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), sharex=True)
effective = {t: effective_heroes(told[t]) for t in temperatures}
left.plot(effective.keys(), effective.values(), "o-", color=PALETTE["model"])
left.axhline(fair, color=PALETTE["truth"], ls="--")
left.text(0.1, fair + 0.7, "64 tales by the world", color=PALETTE["truth"])
left.set(title="Left of 1 heroes vanish", ylabel="effective number of heroes")
right.plot(valid.keys(), valid.values(), "o-", color=PALETTE["model"])
right.set(title="Right of 1 tales break", ylabel="share of valid tales")
for axes in (left, right):
    axes.set(xscale="log", xlabel="temperature T")
    axes.set_xticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
    axes.set_ylim(bottom=0)
low, high = min(temperatures), max(temperatures)
show(
    figure,
    alt="Left: the effective number of heroes over the temperature, from "
    f"{effective[low]:.0f} at T = {low} up; at T = 1 it meets the dashed line "
    f"of the world, {fair:.0f}. Right: the share of valid tales, near 100 % "
    f"up to T = 1, {valid[high]:.0%} at T = {high}.",
)

# %% [markdown]
# In the left panel, above the line is not better than on it: there the rare
# heroes come up too often. The world is the goal, not the largest number.

# %%
# only with the storyteller
fact(
    "64 tales score fewer effective heroes than the world",
    fair < effective_number(truth),
)
fact(
    "at T = 0.1 fewer than three effective heroes are left",
    lambda: effective[0.1] < 3,
)
fact(
    "at T = 1 heroes are as varied as in 64 tales by the world",
    lambda: effective[1] > 0.8 * fair,
)
fact(
    "tales are valid up to T = 1, and hardly one at T = 3",
    lambda: valid[1] >= 0.9 and valid[0.3] >= 0.93 and valid[3] <= 0.08,
)

# %% [markdown]
# ## Claims on trial
#
# The course tests an article's claims, C01 to C42. Each gets a verdict from an
# experiment, *holds*, *holds when ...*, *fails* or *cannot be tested here*,
# with a number, an [*interval*](../GLOSSARY.md#interval) (how far the number
# might move with other random draws) and *n* (how many observations). A claim
# with several sides is asked several questions, and each has its verdict.
#
# **C04**: beyond T = 2, apparent randomness masks a deeper collapse.
#
# Then texts at T = 2 and 3 would look different on the surface and share
# something below. On the surface: which share of a text's runs of four words
# occurs in no other text? Below: how often are two texts about the same hero,
# tell the same plot, or both?
#
# Hot texts are broken, so few have a plot that one could follow to its end. We
# need a rule that works on pieces: the hero is the first hero named, and the
# plot is that of the first *plot word*, a word that the world uses in tales of
# one plot only.


# %%
def own_runs(texts):
    """The share of each text's four-word runs that no other text has."""
    runs = []
    for text in texts:
        words = text.split()
        runs.append({tuple(words[i : i + 4]) for i in range(len(words) - 3)})
    seen = Counter(run for own in runs for run in own)
    return [
        sum(seen[run] == 1 for run in own) / max(len(own), 1) for own in runs
    ]


# %%
# only with the storyteller
plots_with = {}
for tale in world.sample(2000, seed=9):
    for word in set(re.findall(r"\w+", tale.text)):
        plots_with.setdefault(word, []).append(tale.labels["arc"])
plot_words = {
    word: plots[0]
    for word, plots in plots_with.items()
    if len(plots) >= 5 and len(set(plots)) == 1
}


def plot_of(text):
    """The plot of the first plot word in a text, or none."""
    words = re.findall(r"\w+", text)
    return next((plot_words[w] for w in words if w in plot_words), None)


# %%
# only with the storyteller
unseen = world.sample(500, seed=10)
found = sum(plot_of(tale.text) == tale.labels["arc"] for tale in unseen)
print(f"{len(plot_words)} plot words; right in {found} of 500 tales")

# %% [markdown]
# Now compare each text with each other one. Of all pairs, which share agrees?
# (Those without a hero or a plot are left out.)


# %%
def agreement(labels):
    """The share of all pairs of labels that are the same."""
    counts = Counter(label for label in labels if label is not None)
    n = counts.total()
    return sum(k * (k - 1) for k in counts.values()) / max(n * (n - 1), 1)


# %%
# only with the storyteller
def labels_of(texts):
    """Hero, plot and both of each text, in three lists."""
    named = [hero_of(text) for text in texts]
    heroes = [None if hero == "(nobody)" else hero for hero in named]
    plots = [plot_of(text) for text in texts]
    both = [
        (h, p) if h and p else None for h, p in zip(heroes, plots, strict=True)
    ]
    return {"hero": heroes, "plot": plots, "both": both}


# %%
guess_c04 = predict(
    "own runs",
    "At T = 3, which share of a text's four-word runs occurs in no other of "
    "200 texts? (In the world it is about a half.)",
    between=(0, 1),
)
guess_c04

# %%
many = {t: tell(t, n=200, seed=2) for t in (0.3, 1, 2, 3)}

# %% jupyter={"source_hidden": true}
# Prints: valid texts, runs of their own, and what pairs agree in
# only with the storyteller
many["world"] = [tale.text for tale in world.documents.sample(200)]
labels = {t: labels_of(texts) for t, texts in many.items()}
print("    T   valid   own runs   hero   plot   both")
for t, texts in many.items():
    ok = sum(world.parse(text).valid for text in texts) / len(texts)
    own = sum(own_runs(texts)) / len(texts)
    below = [agreement(kind) for kind in labels[t].values()]
    shares_below = "".join(f"{share:>7.1%}" for share in below)
    print(f"{t:>5} {ok:>7.0%} {own:>10.2f}{shares_below}")

# %%
own_at_3 = sum(own_runs(many[3])) / len(many[3])
guess_c04.compare(round(own_at_3, 2), "Salad shares next to nothing.")

# %% [markdown]
# At low temperature the last three columns show a collapse: pairs agree far
# more often than in the world. If C04 were right, they would do so again at
# T = 2 or 3. How many times as often as in the world do pairs agree there? (At
# T = 1 it is about once. To compare with the world has less noise in it: of
# its tales we can have as many as we like.) Six numbers, and we judge by the
# largest. Since we pick one of six, each gets a wider interval, so that all
# six hold at once in 95 of 100 trials. The claim would get its chance if pairs
# agreed a quarter more often than in the world.

# %% jupyter={"source_hidden": true}
# Prints: agreement at T = 2 and 3 in terms of that in the world
# only with the storyteller
from course_utils.foundations.intervals import jackknife_interval

level = 1 - 0.05 / 6
of_world = [tale.text for tale in world.documents.sample(4000, seed=3)]
by_world = {kind: agreement(of) for kind, of in labels_of(of_world).items()}


def rise_at(t, kind):
    """How many times as often as in the world pairs agree, its interval."""
    low, high = jackknife_interval(agreement, labels[t][kind], level=level)
    times = agreement(labels[t][kind]) / by_world[kind]
    return times, (low / by_world[kind], high / by_world[kind])


rises = {(t, kind): rise_at(t, kind) for t in (2, 3) for kind in by_world}
for (t, kind), (times, (low, high)) in rises.items():
    print(f"T = {t}, {kind}: {times:.2f} times ({low:.2f} to {high:.2f})")

# %%
# only with the storyteller
from course_utils.classroom import verdict

(at, kind), (times, interval) = max(rises.items(), key=lambda item: item[1])
verdict(
    "C04",
    "fails",
    "How many times as often as in the world pairs agree: the largest of "
    f"six numbers, for the {kind} at T = {at}. Heroes and pairs of both are "
    "clearly rarer than in the world. Plots are not: in one of three other "
    "sets of draws their interval reached past 1.25, and the verdict did not "
    "stand. What falls is validity.",
    question="Do texts at T = 2 or 3 share heroes or plots more often than "
    "the world's tales do?",
    stands=lambda: max(high for _, (_, high) in rises.values()) < 1.25,
    estimate=times,
    interval=interval,
    n=len(many[at]),
    unit="text",
    level=level,
)

# %%
from course_utils.classroom import fact

cold_own_runs = sum(own_runs(many[0.3])) / len(many[0.3])
fact("texts at T = 3 share less than those at 0.3", own_at_3 >= cold_own_runs)

# %% jupyter={"source_hidden": true}
# Tested here: what the text says.
# only with the storyteller
worldly = sum(own_runs(many["world"])) / 200
fact("in the world half of the runs are a text's own", 0.4 < worldly < 0.6)
fact(
    "pairs agree far more at T = 0.3 than in the world",
    lambda: all(rise_at(0.3, kind)[1][0] > 2 for kind in by_world),
)
fact(
    "at T = 1 pairs agree about as often as in the world",
    lambda: all(0.5 < rise_at(1, kind)[0] < 2 for kind in by_world),
)
fact("the plot words find the plot of a whole tale", found >= 490)
fact(
    "at T = 3, too, nearly every text names a hero and a plot word",
    sum(label is not None for label in labels[3]["both"]) > 180,
)

# %% [markdown]
# So collapse and breakage are two faults, and what helps one need not help the
# other.
#
# ## The claims
#
# Here are all of them, in our own words. Verdicts are folded, so that you can
# judge for yourself first; `claims("C04")` shows one with its numbers.

# %%
from course_utils.classroom import claims

claims()

# %% [markdown]
# ## Is this machine ready?
#
# `doctor()` checks Python, packages, memory, the model and its speed, and
# whether your progress can be saved.

# %% tags=["volatile"]
from course_utils.doctor import doctor

doctor()

# %% [markdown]
# ## The map
#
# | part | notebooks | question |
# |---|---|---|
# | I | **00, 01, 02, 03** | What does temperature do? |
# | II | **04, 05, 06** | Where does collapse come from? |
# | III | **07, 08, 09, 10**, 11 | How do you detect it? |
# | IV | 12 to 17 | What helps against it? |
# | V | 18 to 22 | What happens in the wild? |
#
# Bold ones are here; the others are planned. Where there is a network, set
# the environment variable `COURSE_MODEL` to `gpt2`, and the notebooks run on
# that model.

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("00")

# %% [markdown]
# ## What you have done
#
# Your progress is in a file on this machine, and survives a restart. (On Colab
# or Binder it goes when the session ends.)

# %% tags=["volatile"]
from course_utils.classroom import progress

progress()

# %% [markdown]
# ## Recap
#
# - Most tales were about one hero because we drew at low temperature. The
#   model still knows the others.
# - Mode collapse: a model that could say many things keeps saying few.
# - You see it in many outputs at once, and against a truth or a baseline.
# - Valid and diverse are two axes. Always measure both.

# %% [markdown]
# ## Read on
#
# - [Artificial Hivemind](https://arxiv.org/abs/2510.22954): many large models
#   give nearly the same answers to open questions.
# - [NoveltyBench](https://arxiv.org/abs/2504.05228): how many distinct
#   answers do models have, and do larger ones have more?
# - [TinyStories](https://arxiv.org/abs/2305.07759): very small models that
#   write real stories, the idea behind our storyteller.

# %% [markdown]
# **Next**: [01 Softmax and temperature](01_softmax_and_temperature.ipynb).
# You build the dial that you have just turned.
