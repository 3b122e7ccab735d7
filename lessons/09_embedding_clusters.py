# %% [markdown]
# # 09 · Embedding clusters
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import torch
from course_utils.classroom import (
    LiveFigure,
    exercise,
    fact,
    predict,
    quiz,
    show,
    slider,
    start,
    steps,
    verdict,
)
from course_utils.detection.clusters import dominant_share, k_means
from course_utils.detection.embedding import (
    sentence_points,
    state_points,
    tfidf_points,
)
from course_utils.detection.hidden_states import mean_pairwise_cosine
from course_utils.detection.vendi import (
    cosines,
    nearness,
    vendi,
    vendi_of_kernel,
)
from course_utils.foundations.intervals import (
    jackknife_interval,
    wilson_interval,
)
from course_utils.plots import clusters as pictures

start("09")

# %% [markdown]
# **What you will be able to do**
#
# - Turn texts into points, in three ways
# - Build k-means, and say what it answers and what it cannot
# - Put a popular alarm to the test, on healthy sets and on collapsed ones
# - Build the Vendi score, which counts kinds without being told how many
# - Find the direction that all texts share, and take it out
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: notebooks [01](01_softmax_and_temperature.ipynb),
# [03](03_entropy_and_its_collapse.ipynb) (entropy, cosines) and
# [04](04_three_faces_of_collapse.ipynb) (effective modes); torch
#
# **The question**: if most texts fall into one cluster, have they collapsed?
#
# ## Texts become points
#
# Two texts can say the same in other words, and share hardly a run of four.
# So people compare *embeddings*: each text becomes a point, such that like
# texts lie close together. Three short ones to begin with:

# %%
texts = [
    "The fox hid a lantern in the wood.",
    "In the wood the fox found a lantern.",
    "Ships sail at dawn when the wind is low.",
]

# %% [markdown]
# **TF-IDF** counts words, and weighs each by how rare it is: *the* stands in
# all three texts and says little, *ships* says much. Many words are then
# squeezed into 50 numbers a text (a *truncated SVD*).
#
# **Hidden states**: let a language model read the text, and average its
# states over the tokens. No word needs to be the same for two texts to be
# close.
#
# Likeness is the cosine of the angle between two points: 1 in the same
# direction, 0 at right angles. Here are those of the first text with each:

# %%
from course_utils import load_model

lm = load_model()
by_words = cosines(tfidf_points(texts))
by_states = cosines(state_points(lm, texts))
for name, table in {"words": by_words, "states": by_states}.items():
    print(name, *(f"{value:.2f}" for value in table[0].tolist()))

# %%
fact(
    "by its words the first text is like the second, not like the third",
    lambda: by_words[0, 1] > 0.8 and by_words[0, 2] < 0.2,
)

# %%
# only with the storyteller
fact(
    "by its states the third text looks like the first",
    lambda: by_states[0, 2] > 0.4,
)

# %% [markdown]
# By its words the first text is like the second, and hardly like the third.
# By its states even the odd one out looks like the others. We shall come
# back to that.
#
# **A sentence encoder** is a model that was taught to put like sentences close
# together ([Reimers and Gurevych 2019](https://arxiv.org/abs/1908.10084)). The
# article proposes one. The course does without, as its weights must be fetched
# from outside. If you have one, name it here, and it will take part.

# %% tags=["volatile"]
ENCODER = None  # or "sentence-transformers/all-MiniLM-L6-v2"
if ENCODER:
    print(cosines(sentence_points(texts, ENCODER))[0])

# %% [markdown]
# ## Points fall into clusters
#
# For a while we use points in the plane, which can be drawn: 200 of them, in
# five villages of 40.

# %%
VILLAGES = torch.tensor(
    [[-2.6, 1.2], [-2.9, -1.4], [-0.6, 2.3], [-0.4, -1.9], [4.6, 0.3]]
)
dice = torch.Generator().manual_seed(0)
scatter = 0.25 * torch.randn(200, 2, generator=dice)
home = torch.arange(200) % len(VILLAGES)
points = VILLAGES[home] + scatter

# %% [markdown]
# *k-means* looks for k centres, such that the points are as near to their
# centres as can be: it wants a small sum of squared distances. Two steps,
# again and again ([Lloyd 1982](https://doi.org/10.1109/TIT.1982.1056489)).
# First, each point joins its nearest centre.
#
# ### Exercise 1: nearest centre
#
# Difficulty: easy · 6 minutes
#
# For each row of `points` [n, width] return the number of the nearest row of
# `centres` [k, width], by the usual straight distance. Of several equally near
# the first wins.


# %%
@exercise("detection.clusters.nearest_centre")
def nearest_centre(points, centres):
    """The nearest centre of each point: whole numbers, [n]."""
    ...


# %% [markdown]
# ## Centres move to their points
#
# Second, each centre moves to the mean of the points that joined it. The mean
# is the place from which the sum of squared distances is smallest.
#
# ### Exercise 2: move the centres
#
# Difficulty: medium · 10 minutes
#
# Return new centres of the same shape: row j is the mean of the points whose
# label is j. A centre without points stays where it was. Leave the caller's
# `centres` as they are.


# %%
@exercise("detection.clusters.move_centres")
def move_centres(points, labels, centres):
    """Centres [k, width], each at the mean of its points."""
    ...


# %%
centres = points[29:54:5]
sums = []
for _ in range(10):
    labels = nearest_centre(points, centres).long()
    sums.append((points - centres[labels]).square().sum())
    centres = move_centres(points, labels, centres).to(points.dtype)

# %%
print(*(f"{value:.0f}" for value in sums))

# %%
fact("the sum never rises", (torch.stack(sums).diff() <= 0.01).all())
fact(
    "one centre serves three villages or more",
    nearest_centre(VILLAGES, centres).bincount().max() >= 3,
)

# %% jupyter={"source_hidden": true}
# Draws: the points, coloured by their nearest centre, and the centres
show(
    pictures.plot_centres(points, labels, centres),
    alt="Five groups of points, with crosses for the centres. Four groups at "
    "the left have one colour and share a cross in their middle. The group at "
    "the right is cut into several colours, each with its cross.",
)

# %% [markdown]
# All five centres began in the fifth village. The sum of squares never rises,
# for neither step can raise it. But it may get stuck, as here: each centre is
# where it should be for the points it has.
#
# ## A better start
# {{deep}}
#
# The remedy is a better start, and several of them. *k-means++*
# ([Arthur and Vassilvitskii 2007](https://dl.acm.org/doi/10.5555/1283383.1283494))
# draws the first centre from the points, and each further one with chances
# as its squared distance from those before. That is `spread_centres`; the
# course's `k_means` tries five such starts, and keeps the best.

# %%
from sklearn.cluster import KMeans

ours = k_means(points, 5).spread
theirs = KMeans(5, n_init=5, random_state=0).fit(points.numpy()).inertia_
print(f"stuck {sums[-1]:.1f}, ours {ours:.1f}, scikit-learn's {theirs:.1f}")

# %%
fact(
    "ours is as small as scikit-learn's, and less than half of the stuck one",
    abs(ours / theirs - 1) < 0.02 and sums[-1] > 2 * ours,
)

# %% [markdown]
# ## The 80 % rule
#
# The article wants to detect collapse like this (claim **C16**): cluster the
# embeddings by k-means. If the largest cluster has more than 80 % of the
# texts, take it for a strong sign. It doesn't say what k is.
#
# The extreme case first: *everything* is in one village. Five clusters, and
# the generator knows but one kind of thing.

# %%
guess = predict(
    "one blob, five clusters",
    "200 points in one round blob, k = 5: what share has the largest cluster?",
    choices=["100 %", "80 to 99 %", "50 to 79 %", "under 50 %"],
)
guess

# %%
one_blob = VILLAGES[0] + scatter
share = dominant_share(k_means(one_blob, 5).labels)

# %%
guess.compare(
    "under 50 %",
    f"It is {share:.0%}. k-means must hand out five pieces, and the smallest "
    "squared distances come from pieces of about equal size.",
)

# %%
fact("the largest of five pieces has less than a half", 0.2 <= share < 0.5)
fact(
    "exact copies cannot be cut",
    dominant_share(k_means(torch.ones(9, 2), 5).labels) == 1,
)

# %% tags=["nbval-check-output"]
mostly_one = torch.where(torch.arange(200) < 180, 0, home)
sets = {
    "five villages": points,
    "90 % in one": VILLAGES[mostly_one] + scatter,
    "one blob": one_blob,
}
print("k              2    5    10")
for name, some in sets.items():
    shares = [dominant_share(k_means(some, k).labels) for k in (2, 5, 10)]
    print(f"{name:14}", *(f"{share:.2f}" for share in shares))

# %% [markdown]
# The table has a set in perfect health, the five even villages, and one with
# 90 % of the points in one village.
#
# At k = 2 the two ends are upside down. The healthy set is at the limit: four
# villages lie closer to each other than to the fifth, so they make one cluster
# of 80 %. The one blob, the most collapsed, is cut in half. Only the set in
# between is caught. (Exact copies cannot be cut.)
#
# What k-means tells is where to cut, *if* there are k clusters. Whether there
# are, one blob or five villages, it was never asked.
#
# ## Counting kinds without a k
#
# The [**Vendi score**](../GLOSSARY.md#vendi-score) ([Friedman and Dieng
# 2023](https://arxiv.org/abs/2210.02410)) takes the table of all likenesses, 1
# on its diagonal, and divides it by n. The eigenvalues of this table sum to 1.
# (An eigenvalue says how far a table stretches along one direction.) Each
# stands for a direction, and says which share of the set lies along it:
# two like texts fall into one direction. Four copies of one text make one
# share of 1. As in notebook 04, $e^H$ turns the entropy of the shares into a
# number of equally common kinds:
#
# $$ \mathrm{VS} = \exp\Big(-\sum_i \lambda_i \ln \lambda_i\Big) $$

# %% tags=["nbval-check-output"]
shares = torch.linalg.eigvalsh(by_words / len(texts))
print("shares", *(f"{value:.2f}" for value in shares.tolist()))
print(f"sum    {shares.sum():.2f}")
print(f"score  {torch.special.entr(shares).sum().exp():.2f}")

# %% [markdown]
# Three texts, about two kinds.
#
# ### Exercise 3: the Vendi score
#
# Difficulty: medium · 12 minutes
#
# Return the score of `vectors` [n, width] as a number; likeness is the cosine.
# Divide each vector by its length first. An eigenvalue can be 0, or a little
# below by rounding: it adds nothing to the entropy.


# %%
@exercise("detection.vendi.vendi_score")
def vendi_score(vectors):
    """How many entirely different things the vectors amount to."""
    ...


# %% [markdown]
# Two anchors: copies are one thing, and things at right angles are as many as
# there are. The course's own version, `vendi`, adds an interval and an *order*
# $q$: the higher it is, the less rare kinds count. Order 0 counts what is
# there at all, 1 is the score above, infinity looks at the largest share
# alone. The last four lines printed below are for nine copies and one odd one
# out.

# %% tags=["nbval-check-output"]
print(f"six copies        {vendi_score(torch.ones(6, 4)):.2f}")
print(f"six right angles  {vendi_score(torch.eye(6)):.2f}")
nine_and_one = torch.tensor([[1.0, 0.0]] * 9 + [[0.0, 1.0]])
for q in (0, 1, 2, float("inf")):
    print(f"order {q:<11} {vendi(nine_and_one, q).score:.2f}")

# %% [markdown]
# ## Back to the villages
#
# Any likeness will do that has 1 on the diagonal and no negative eigenvalue.
# In the plane, angles say little; there likeness may fall off with distance,
# $e^{-d^2 / 2 h^2}$. The width $h$ is a choice: it says what counts as alike.
# With $h = 1.5$ two points at a distance of 1.5 have a likeness of 0.61:

# %%
kinds = [vendi_of_kernel(nearness(some, 1.5)) for some in sets.values()]
for name, score in zip(sets, kinds, strict=True):
    print(f"{name:14} {score:.2f}")

# %%
fact(
    "the score puts the three sets in order",
    kinds[0] > 4 > kinds[1] > kinds[2] and kinds[2] < 1.5,
)
fact(
    "a likeness at the distance h is 0.61",
    abs(nearness(torch.tensor([[0.0], [1.5]]), 1.5)[0, 1] - 0.61) < 0.01,
)

# %% [markdown]
# In the right order, and nobody said how many villages there are. (A village
# is not a point, so it counts for a little more than 1.)
#
# (Another way out keeps clusters, but asks for a *distance* in place of k:
# what is nearer is one kind: `clusters` in `course_utils.detection.clusters`.)
#
# **Stretch**: how many kinds does the score find in the five villages with
# $h = 0.2$, and with $h = 10$? Why?
#
# ## Live figure: k against collapse
#
# The slider *collapse* moves points from their own village to the first one.
# At 0 there are five even villages, at 1 there is one blob. The other slider
# is k. Blue is the largest cluster.

# %%
LEVELS = [step / 10 for step in range(11)]
luck = torch.rand(200, generator=dice)


def at_level(level):
    """The points, after a share `level` has moved to the first village."""
    return VILLAGES[torch.where(luck < level, 0, home)] + scatter


crowds = {level: at_level(level) for level in LEVELS}
scores = [vendi_of_kernel(nearness(c, 1.5)) for c in crowds.values()]

# %%
ranked, largest = {}, {}
for k in range(2, 11):
    for level, crowd in crowds.items():
        labels = k_means(crowd, k).labels
        order = labels.bincount(minlength=k).argsort(descending=True)
        ranked[k, level] = order.argsort()[labels]  # 0: the largest
        largest[k, level] = dominant_share(labels)

# %% jupyter={"source_hidden": true}
# Draws: the points and their clusters, and both measures over collapse
dial = LiveFigure(
    lambda figure: pictures.draw_collapse(figure, points, LEVELS, scores),
    lambda artists, k, collapse: pictures.show_collapse(
        artists,
        crowds[collapse],
        ranked[k, collapse],
        [largest[k, level] for level in LEVELS],
        LEVELS.index(collapse),
    ),
    {
        "k": slider(2, 10, value=5, step=1, label="clusters k"),
        "collapse": steps(LEVELS, value=LEVELS[-1], label="collapse"),
    },
    alt="Left: one blob, cut into five clusters. Right: at k = 5 the share of "
    "the largest cluster climbs with collapse from 20 % past 80 %, and drops "
    "to a third where all is one blob. The Vendi score falls all the way, "
    "from above five to about one.",
    size=(8.5, 3.8),
    play="collapse",
)
dial

# %%
fact(
    "at k = 5 the share climbs from below 30 % to 90 %, and drops to 31 %",
    lambda: (
        largest[5, 0.0] < 0.3
        and 0.305 < largest[5, 1.0] < 0.315
        and 0.895 < largest[5, 0.9] < 0.905
    ),
)
fact(
    "at k = 2, 5 and 10 the share falls when the collapse is complete",
    lambda: all(largest[k, 1.0] < largest[k, 0.8] for k in (2, 5, 10)),
)
fact("the Vendi score only falls", (torch.tensor(scores).diff() < 0).all())

# %% [markdown]
# Let it play. The share climbs while a *rest* is left to cut off, for then the
# big village can stay whole. When the collapse is complete, there is no rest,
# and the big village itself is cut: at k = 5 the share drops from 90 % to
# 31 %. Then try k = 2, which is on the limit before anything has happened.
#
# **Stretch**: `largest[k, level]` has all shares. Is there a k whose share
# never falls while collapse rises?
#
# ## Real tales
#
# Now the storyteller: 300 tales at T = 1, and the same at 0.3 and 0.1. With
# the storyteller comes a fourth source, its version from notebook 06 that was
# tuned the longest on a blind reward. All sources in one call: points of
# TF-IDF can only be compared if they were made together. How bad is it, in
# truth? Effective plots (*arcs*) tell, as in notebook 04.

# %%
from course_utils import Temperature, generate

SOURCES, EACH = [1, 0.3, 0.1], 300  # temperatures, healthy first; texts
tales = {
    f"T = {T}": generate(lm, "", EACH, 60, [Temperature(T)], seed=9).texts
    for T in SOURCES
}

# %%
# only with the storyteller
from course_utils.recordings.ladder import ladder, load_tuned

tuned = load_tuned(ladder()[-1].step)
tales["tuned"] = generate(tuned, "", EACH, 60, seed=9).texts

# %%
every_text = [  # an empty text would have no direction
    text.strip() or "(nothing)" for source in tales.values() for text in source
]
states = state_points(lm, every_text)
embeddings = {"states": states, "words": tfidf_points(every_text)}
if ENCODER:
    embeddings["sentences"] = sentence_points(every_text, ENCODER)


# %%
def by_source(points):
    """The points of each source, [EACH, width]."""
    return dict(zip(tales, points.split(EACH), strict=True))


# %%
# only with the storyteller
from collections import Counter

from course_utils import StoryWorld
from course_utils.worlds.measures import effective_number

world, plots = StoryWorld(), {}
for name, source in tales.items():
    told = [world.parse(text).labels.get("arc") for text in source]
    counts = Counter(arc for arc in told if arc)
    shares = {arc: n / counts.total() for arc, n in counts.items()}
    plots[name] = effective_number(shares)
    print(f"{name:8} {plots[name]:4.1f} effective plots")

# %%
# only with the storyteller
fact(
    "the tales at T = 1 have many plots, all others few",
    lambda: (
        plots["T = 1"] > 7 > 3 > plots["T = 0.3"] > plots["T = 0.1"]
        and plots["T = 0.1"] < 1.2
        and plots["tuned"] < plots["T = 1"] / 2
    ),
)

# %% [markdown]
# ## All texts point the same way
#
# Imagine people who all face the same wall. Any two look in nearly the same
# direction, whoever they are. Points can be like that: (10, 1) and (10, -1)
# differ in all that is not common to them, and still have a cosine of
# 99 / 101 = 0.98. This is [*anisotropy*](../GLOSSARY.md#anisotropy)
# ([Ethayarajh 2019](https://arxiv.org/abs/1909.00512)). Are the states of our
# tales like that? Those at T = 1 are as varied as the world.

# %%
for name, rows in by_source(states).items():
    print(f"{name:8} cosine {mean_pairwise_cosine(rows):.2f}, {vendi(rows)}")

# %%
fact(
    "(10, 1) and (10, -1) have a cosine of 0.98",
    abs(cosines(torch.tensor([[10.0, 1], [10, -1]]))[0, 1] - 0.98) < 0.005,
)

# %%
# only with the storyteller
fact(
    "the varied tales at T = 1 have cosines above a half",
    lambda: mean_pairwise_cosine(by_source(states)["T = 1"]) > 0.5,
)

# %% [markdown]
# Whoever takes a mean cosine of more than a half for "nearly the same text" is
# misled: the varied tales have that too.
#
# ## Take out what is common
# {{deep}}
#
# The usual remedy: take away the mean of all points, then the widest direction
# of what is left ([Mu and Viswanath 2018](https://arxiv.org/abs/1702.01417)).
#
# ### Exercise 4: without common directions
#
# Difficulty: medium · 12 minutes
#
# 1. Take the mean over the points away from each point.
# 2. The first rows of `Vh` in `torch.linalg.svd(centred, full_matrices=False)`
#    are the widest directions, each of length 1. Take from each point what it
#    has along the first `directions` of them.


# %%
@exercise("detection.embedding.without_common_directions")
def without_common_directions(points, directions=1):
    """Points [n, width] less their mean and their widest directions."""
    ...


# %%
guess_alone = predict(
    "each set by itself",
    "Each source less its own mean and widest direction: what becomes of the "
    "cosine at T = 0.3?",
    choices=["stays high", "falls by half", "falls to about 0"],
)
guess_alone

# %%
raw = by_source(states)
alone = {name: without_common_directions(rows) for name, rows in raw.items()}
together = by_source(without_common_directions(states))
for name in tales:
    print(name)
    for how, found in ("raw", raw), ("alone", alone), ("together", together):
        cosine = round(mean_pairwise_cosine(found[name]).item(), 2) + 0.0
        score = vendi_score(found[name])
        print(f"   {how:9} cosine {cosine:5.2f}   Vendi {score:5.1f}")

# %%
left = [mean_pairwise_cosine(rows).item() for rows in alone.values()]
guess_alone.compare(
    "falls to about 0" if abs(left[:2][-1]) < 0.1 else "falls by half",
    "Arrows around their own mean cancel out, varied ones and others.",
)

# %%
# only with the storyteller
fact(
    "alone, T = 1 and T = 0.3 have the same cosine, and T = 0.1 has more",
    lambda: abs(left[0] - left[1]) < 0.1 < left[2],
)

# %% [markdown]
# If all tales of a set are about one hero, that hero is what they have in
# common, and also what is wrong with them. Take each set's own mean and widest
# direction away, and the evidence goes with them: by their mean cosine the
# tales at T = 1 and at 0.3 can no longer be told apart. (At 0.1 something is
# left: there the mean lies in a heap of near-copies, and few others pull at
# it.)
#
# The Vendi score can still tell them, as tales at low T differ in few ways.
# But it need not. Here is one blob, nothing but noise around one place:

# %%
dice = torch.Generator().manual_seed(1)
blob = torch.ones(8) + 0.05 * torch.randn(100, 8, generator=dice)
blob_alone = without_common_directions(blob)
print(f"{vendi_score(blob):.1f}, alone {vendi_score(blob_alone):.1f}")

# %%
fact(
    "less its own mean and widest direction one kind becomes more than six",
    vendi_score(blob) < 1.5 and vendi_score(blob_alone) > 6,
)

# %%
# only with the storyteller
fact(
    "raw and together, the varied tales come first and those at 0.1 last",
    lambda: all(
        s[0] > max(s[1:]) and s[2] == min(s)
        for s in ([*map(vendi_score, x.values())] for x in (raw, together))
    ),
)
fact(
    "raw, the varied tales score less than ten, together more",
    lambda: vendi_score(raw["T = 1"]) < 10 < vendi_score(together["T = 1"]),
)

# %% [markdown]
# One kind has become nearly seven. So the common direction must come from
# somewhere else: from all sources together, or from a reference. Done like
# that, the varied tales stay first and those at T = 0.1 last, and the scale
# opens up: the raw score of the varied tales stayed below ten.
#
# ## The rule on 200 toy sets
#
# How often is the rule right? The unit is a *set*. First the toy, where truth
# is known by construction: 100 healthy sets, each of five even modes at random
# places in eight dimensions, and 100 collapsed ones with a single mode. 100
# points a set.


# %%
def random_set(modes, dice, n=100, width=8):
    """Points around `modes` random places, each as likely as the others."""
    places = torch.randn(modes, width, generator=dice)
    which = torch.randint(modes, (n,), generator=dice)
    noise = torch.randn(n, width, generator=dice)
    return places[which] + 0.05 * noise


dice = torch.Generator().manual_seed(1)
healthy = [random_set(5, dice) for _ in range(100)]
collapsed = [random_set(1, dice) for _ in range(100)]


# %%
def largest_share(rows, k):
    """The share of the largest of k clusters."""
    return dominant_share(k_means(rows, k).labels)


# %%
KS = [2, 5, 10]


def alarms(shares):
    """How often the rule fires, as text with a 95 % interval."""
    fired, n = sum(share > 0.8 for share in shares), len(shares)
    low, high = wilson_interval(fired, n)
    return f"{fired:2} of {n} ({low:.2f} to {high:.2f})"


# %%
hits, false = {}, {}
for k in KS:
    hits[k] = [largest_share(rows, k) for rows in collapsed]
    false[k] = [largest_share(rows, k) for rows in healthy]
    print(f"k = {k:<3} hits {alarms(hits[k])}   false {alarms(false[k])}")

# %%
from course_utils.detection.scoring import alarm_rate

fact(
    "at k = 2 the rule fires more often on healthy sets than on collapsed",
    lambda: (
        alarm_rate(hits[2], 0.8).interval[1]
        < alarm_rate(false[2], 0.8).interval[0]
    ),
)
fact(
    "at k = 5 and k = 10 it never fires",
    lambda: max(map(max, (hits[5], hits[10], false[5], false[10]))) <= 0.8,
)
fact(
    "the Vendi score puts every collapsed set below every healthy one",
    max(map(vendi_score, collapsed)) < min(map(vendi_score, healthy)),
)

# %% [markdown]
# Inverted at k = 2: the rule fires on healthy sets (where four modes happen to
# lie on one side), and hardly ever on collapsed ones. At k = 5 and k = 10 it
# never fires at all. The Vendi score puts every collapsed set below
# every healthy one.
#
# ## Claims on trial
#
# **C16**: a cluster above 80 % is a strong sign of collapse. On trial are the
# tales, in sets of 20: twenty answers to one request. T = 1 counts as
# healthy, the others as collapsed. Besides the rule, look at each measure
# without any threshold. Its **AUROC** says: of a collapsed and a healthy set,
# how often does it rank the two rightly? If in 3 of 4 pairs, it is 0.75; 0.5
# is a coin.

# %%
looks = {}
for kind, embedded in embeddings.items():
    for name, rows in by_source(embedded).items():
        sets = [rows[i : i + 20] for i in range(0, EACH - 19, 20)]
        for k in KS:
            found = [largest_share(some, k) for some in sets]
            looks.setdefault(f"{kind}, k = {k}", {})[name] = found
        found = [vendi_score(some) for some in sets]
        looks.setdefault(f"{kind}, Vendi", {})[name] = found

# %% jupyter={"source_hidden": true}
# Prints: how often the rule fires on collapsed and on healthy sets
rules = {name: found for name, found in looks.items() if ", k =" in name}
for measure, (calm, *others) in (
    (measure, found.values()) for measure, found in rules.items()
):
    hit = alarms([share for source in others for share in source])
    print(f"{measure:14} hits {hit}   false {alarms(calm)}")

# %%
smallest = f"states, k = {KS[0]}"
for name, found in looks[smallest].items():
    print(f"{smallest}, {name:8} {alarms(found)}")

# %%
from sklearn.metrics import roc_auc_score


def auroc(pairs):
    """From pairs (is it collapsed?, how collapsed does it look?)."""
    return roc_auc_score(*zip(*pairs, strict=True))


# %%
aurocs, calm = {}, next(iter(tales))  # the first source is healthy
for name, found in looks.items():
    sign = -1 if "Vendi" in name else 1  # low is collapsed, or high is
    pairs = [(s != calm, sign * x) for s, xs in found.items() for x in xs]
    aurocs[name] = auroc(pairs)
    low, high = jackknife_interval(auroc, pairs)
    print(f"{name:14} AUROC {aurocs[name]:.2f} ({low:.2f} to {high:.2f})")

# %% jupyter={"source_hidden": true}
# Draws: both measures of each set of 20 tales, source by source
show(
    pictures.plot_looks(looks[smallest], looks["states, Vendi"]),
    alt="Sets of 20 tales as dots. Left, the largest of two clusters: at "
    "T = 1 mostly below the dashed line at 80 %, at T = 0.3 mostly above it, "
    "at T = 0.1 mostly below it. Right, the Vendi score: high at T = 1, lower "
    "at 0.3, lowest at 0.1, with hardly any overlap between T = 1 and others.",
)

# %% [markdown]
# The share is not blind: at k = 5 it ranks most pairs rightly, with numbers
# far below 80 %. But that is so by the states only. By the words it is no
# better than a coin, or worse. The Vendi score needs no k, and ranks nearly
# all pairs rightly by both. (It does need a fixed number of texts: of 300
# tales it was higher than of 20.)
#
# So the verdict: **fails**. At k = 5 or more the rule is silent on every set,
# collapsed or not. At k = 2 it hears a big mode with a rest, which is *one*
# station on the road to collapse. At the end of the road it is all but
# silent, and it fires on healthy sets as well.

# %%
# only with the storyteller
on = {
    name: sum(share > 0.8 for share in found)
    for name, found in looks[smallest].items()
}

# %%
# only with the storyteller
fact(
    "at k = 2 the rule fires less at T = 0.1 than at 0.3, and on healthy sets",
    lambda: on["T = 0.1"] < on["T = 0.3"] - 4 and on["T = 1"] > 0,
)
fact(
    "at k = 5 and more the rule fires on no set",
    all(
        max(map(max, found.values())) <= 0.8
        for measure, found in rules.items()
        if not measure.endswith("k = 2")
    ),
)

# %%
# only with the storyteller
fact(
    "by the states the share ranks worse than the Vendi score",
    lambda: (
        aurocs["states, k = 2"] < 0.8 < 0.95 < aurocs["states, Vendi"]
        and 0.6 < aurocs["states, k = 5"] < aurocs["states, Vendi"]
    ),
)
fact(
    "by the words the share at k = 5 is no better than a coin",
    lambda: aurocs["words, k = 5"] < 0.55 and aurocs["words, Vendi"] > 0.95,
)
fact(
    "300 varied tales score higher than any 20 of them",
    lambda: max(looks["states, Vendi"]["T = 1"]) < vendi_score(raw["T = 1"]),
)

# %%
# only with the storyteller
middle = KS[len(KS) // 2]
calm, *others = looks[f"states, k = {middle}"].values()
judged = [share for source in others for share in source]
fired = sum(share > 0.8 for share in judged)
by_name = ", ".join(f"{count} ({name})" for name, count in on.items())

# %%
# only with the storyteller
verdict(
    "C16",
    "fails",
    "The share of collapsed sets of 20 tales on which the rule fires, by "
    f"their states, at k = {middle}. At k = {KS[0]} it fires on so many of "
    f"{len(calm)} sets: {by_name}. AUROC of the share at k = {KS[0]}: "
    f"{aurocs[smallest]:.2f}, of the Vendi score "
    f"{aurocs['states, Vendi']:.2f}.",
    estimate=fired / len(judged),
    interval=wilson_interval(fired, len(judged)),
    n=len(judged),
)

# %% [markdown]
# ## A short quiz

# %%
quiz("09")

# %% [markdown]
# ## Recap
#
# - k-means cuts every set into k pieces, one blob too.
# - The largest cluster's share rises with collapse, and falls at its end.
# - The Vendi score needs no k: exp of the entropy of the eigenvalues.
# - Take common directions out, but never each set's own.
#
# ## Read on
#
# - Friedman and Dieng 2023,
#   [The Vendi score](https://arxiv.org/abs/2210.02410): where the score comes
#   from, with molecules and images.
# - Pasarkar and Dieng 2024,
#   [Cousins of the Vendi score](https://arxiv.org/abs/2310.12952): the orders
#   q, for those who care about rare kinds or common ones.
# - Mu and Viswanath 2018,
#   [All-but-the-top](https://arxiv.org/abs/1702.01417): the remedy for
#   anisotropy, tried on many tasks.
# - Jiang and others 2025,
#   [Artificial hivemind](https://arxiv.org/abs/2510.22954): embeddings of
#   answers by 70 models, and how alike they are.
#
# **Next**: [10 Repetition](10_repetition.ipynb). So far we compared texts with
# each other. A text can also collapse by itself, into a loop.
