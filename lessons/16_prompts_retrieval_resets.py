# %% [markdown]
# # 16 · Prompts, retrieval, restarts
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import textwrap

import numpy as np
from course_utils import StoryWorld, Temperature, generate, load_model
from course_utils.classroom import exercise, fact, predict, show, start

start("16")

# %% [markdown]
# **What you will be able to do**
#
# - Look for a collapse under several prompts, and say what one prompt hides
# - Build a retriever: TF-IDF, cosines, and a re-ranking for diversity
# - Set what examples do to a model beside what they should do
# - Say what a cold restart can mend and what it can't
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: sampling
# ([notebook 01](01_softmax_and_temperature.ipynb)), collapse from reward
# ([notebook 06](06_collapse_from_reward.ipynb)), loops
# ([notebook 10](10_repetition.ipynb))
#
# **The question**: you can't change the model, nor its sampler. What can you
# put in front of it, and when should you wipe the slate?

# %% [markdown]
# ## One prompt is one window
#
# A model may have collapsed after one kind of request and be healthy after
# another. Take the eight storytellers that notebook 06 tuned on a blind reward
# for 60 steps, each with luck of its own. All their practice began with
# *nothing*: no header, no given words. What do they tell after requests that
# they never practised? 100 tales of each; plots are counted in 60 valid ones.
#
# ```
# python -m course_utils.recordings prompts
# ```

# %%
from course_utils.recordings.prompts import Prompts

log = Prompts.read()
requests = ["nothing", "about Mira", "about Bruno"]
requests += ["two words", "other words", "once upon a time"]

# %%
models = ["storyteller", "tuned 60"]
print(log.request("two words"))

# %%
guess = predict(
    "under a header",
    "After nothing the tuned models have some 5 plots in 60 tales, the "
    "untuned one 12. And the tuned ones after a header that they never "
    "practised?",
    choices=["about as few", "twice as many", "as many as the untuned one"],
)
guess

# %% jupyter={"source_hidden": true}
# Prints: plots after each request, model by model
plots = {m: {r: log.plots(m, r).tolist() for r in requests} for m in models}
print(" " * 18, *(f"{model:>12}" for model in models))
for request in requests:
    means = [np.nanmean(plots[model][request]) for model in models]
    print(f"{request:18}", *(f"{mean:>12.1f}" for mean in means))
broken = [r for r in requests if np.isnan(plots["tuned 60"][r]).any()]
print("some tuned models hardly tell a tale after:", *broken)

# %%
guess.compare(
    "about as few",
    "The collapse sits in the weights that choose a plot, and every request "
    "goes through them.",
)

# %% jupyter={"source_hidden": true}
# Draws: plots after each request, model by model
from course_utils.plots import prompting as pictures

arcs = StoryWorld().probabilities("arc").values()
of_world = sum(1 - (1 - p) ** 60 for p in arcs)
show(
    pictures.plot_requests(plots, of_world),
    alt="Different plots in 60 tales after six requests, a dot for a model. "
    "The untuned storyteller lies near the dashed line of the world after all "
    "of them, the tuned ones far below, at 1 to 8.",
)

# %%
fact(
    "after every request the tuned models have fewer than 7 plots on average, "
    "the untuned one 12 or more",
    max(np.nanmean(values) for values in plots["tuned 60"].values()) < 7
    and min(np.mean(values) for values in plots["storyteller"].values()) > 12,
)
fact(
    "two or three tuned models break after a request for one hero",
    0 < sum(np.isnan(v).sum() for v in plots["tuned 60"].values()) < 4
    and set(broken) <= {"about Mira", "about Bruno"},
)

# %% [markdown]
# (Where fewer than 60 of 100 tales were valid, a model has no dot. After a
# request for one hero a few have forgotten how to tell a tale: they were never
# paid for that.)
#
# So here one prompt would have told enough. Do not rely on it: these models
# were tuned without any request. Where a model is tuned *on* some requests,
# others may be spared. The rule is cheap: ask in several ways before you call
# a model healthy, and before you call it sick.
#
# **Stretch**: `log.plots("tuned 60", "about Bruno")` against "about Mira". Is
# a rare hero treated otherwise?
#
# ## A retriever
#
# Now put something *in* the prompt: texts from a collection, found for a
# query. What is alike? Count words, and give rare ones more weight. A word
# that comes $t$ times in a text, and in $d$ of $n$ texts, weighs
#
# $$ t \cdot \mathrm{idf}, \qquad \mathrm{idf} = \ln \frac{1 + n}{1 + d} + 1 $$
#
# (*TF-IDF*). Then scale each text's weights to length
# 1, so that the sum of products of two texts is their cosine.
#
# ### Exercise 1: TF-IDF
#
# Difficulty: medium · 12 minutes
#
# Words are `re.findall(r"\w+", text.lower())`. Return two things: for each
# text a dictionary from word to weight, of length 1, and the idf of every
# word.


# %%
@exercise("mitigation.prompting.tfidf")
def tfidf(texts):
    """A dictionary of weights for each text, and the idf."""
    ...


# %% tags=["nbval-check-output"]
rows, idf = tfidf(["The fox saw the crow.", "The crow slept.", "A fox!"])
print({word: round(weight, 2) for word, weight in rows[0].items()})
print({word: round(weight, 2) for word, weight in idf.items()})

# %% [markdown]
# "The" stands twice in the first text and still counts little more than "saw",
# which no other text has. The same as scikit-learn's:

# %%
from course_utils.mitigation.prompting import cosine
from sklearn.feature_extraction.text import TfidfVectorizer

world = StoryWorld()

# %%
corpus = [tale.text for tale in world.sample(2000, seed=16)]
rows, _ = tfidf(corpus[:100])

# %%
theirs = TfidfVectorizer(token_pattern=r"\w+").fit_transform(corpus[:100])
theirs = (theirs @ theirs.T).toarray()
ours = np.array([[cosine(a, b) for b in rows] for a in rows])
print(f"largest difference of 10,000 cosines: {abs(ours - theirs).max():.1e}")

# %%
fact(
    "our cosines are those of scikit-learn",
    abs(ours - theirs).max() < 1e-12,
)

# %% [markdown]
# ## Near, and different
#
# The nearest texts are often near copies of each other: three tales of a fox
# who was lost at the harbour. *Maximal marginal relevance*
# ([Carbonell and Goldstein 1998](https://doi.org/10.1145/290941.291025)) takes
# one after the other, and each pays for being like those already taken:
#
# $$ (1 - \lambda)\, \cos(q, d) - \lambda \max_{t\,\text{taken}} \cos(d, t) $$
#
# ### Exercise 2: MMR
#
# Difficulty: medium · 12 minutes
#
# `to_query` has the likeness of each text to the query, `between` that of
# every two texts. Return a list with the places of `k` texts (or all, if there
# are fewer), in the order in which they are taken; $\lambda$ is `diversity`.


# %%
@exercise("mitigation.prompting.mmr")
def mmr(to_query, between, k, diversity=0.5):
    """Places of k texts, like the query and unlike each other."""
    ...


# %% [markdown]
# `Retriever` keeps the rows of a collection and an index from words to texts,
# and re-ranks the 50 nearest by MMR. Look for tales of a fox:

# %%
from course_utils.mitigation.prompting import Retriever

retriever = Retriever(corpus)

# %%
for diversity in (0.0, 0.8):
    found = [corpus[i] for i in retriever.search("fox", 2, diversity)]
    print(f"diversity {diversity}:")
    for of in (world.parse(text).labels for text in found):
        print(f"  {of['hero']}, {of['animal']}, {of['place']}, {of['arc']}")

# %% [markdown]
# ## What should two examples do?
#
# Some of the documents that the storyteller has read are collections: tales
# that share something, a hero, an animal, a place or a plot, and nobody says
# which. So after two tales a reader can tell what the third may be like, and
# the world can tell *exactly*: `next_tale` gives the distribution of a factor
# in the tale that follows.

# %%
guess = predict(
    "after two diverse tales",
    "Two tales share a fox, and nothing else: other heroes, places, plots. "
    "Mira is in 26 % of the world's tales. In how many third tales is she?",
    choices=["in fewer", "in 26 % again", "in more"],
)
guess

# %% jupyter={"source_hidden": true}
# Prints: Mira's share after two tales of the market, near and diverse ones
after = {}
for diversity in (0.0, 0.8):
    found = [corpus[i] for i in retriever.search("market", 2, diversity)]
    of = [world.parse(text).labels for text in found]
    factors = ("hero", "animal", "place", "arc")
    shared = [f for f in factors if of[0][f] == of[1][f]]
    after[diversity] = world.documents.next_tale("\n".join(found), "hero")
    print(f"diversity {diversity}: they share {', '.join(shared)};", end=" ")
    print(f"Mira then has {after[diversity]['Mira']:.0%}")

# %%
guess.compare(
    "in 26 % again",
    "The shared thing is the fox. What examples do *not* share says nothing, "
    "so the heroes are as common as ever.",
)

# %% jupyter={"source_hidden": true}
# Tested here: what the text says.
prior = world.probabilities("hero")["Mira"]
fact(
    "two tales that share no hero leave Mira where she is",
    lambda: abs(after[0.8]["Mira"] - prior) < 1e-6,
)

# %% [markdown]
# Both lines are exact: no model was asked. The world itself says what follows
# two tales of a collection, and so what a reader who knows it should expect.
#
# That is the honest yardstick for "retrieval guides the model away from its
# dominant patterns": examples that are alike *narrow* what should come, and
# diverse ones narrow it less. None of them should make it wider than nothing.
#
# ## A live figure: number and diversity of examples
#
# Choose what to look for, how many tales to put in, and how diverse they shall
# be. The bars are the exact distributions of hero and plot in the next tale,
# the black marks those without examples.

# %% jupyter={"source_hidden": true}
# Draws: what the next tale is like after some examples, exactly
from course_utils.classroom import LiveFigure, dropdown, steps

factors = ("hero", "arc")
diversities = [0, 0.2, 0.4, 0.6, 0.8, 1]
searched = ["fox", "market", "lantern", "Mira", "otter"]


def posteriors_of(query, k, diversity):
    found = [corpus[i] for i in retriever.search(query, k, diversity)]
    of = [world.parse(text).labels for text in found]
    shared = [
        f
        for f in ("hero", "animal", "place", "arc")
        if len({labels[f] for labels in of}) == 1 and k > 1
    ]
    try:
        context = "\n".join(found)
        after = {f: world.documents.next_tale(context, f) for f in factors}
    except ValueError:
        after = None
    tales = [f"{x['hero']}, {x['animal']}, {x['arc']}" for x in of]
    tales[0] = f"diversity {diversity}: {tales[0]}"
    return after, shared, tales


known = {
    (q, k, d): posteriors_of(q, k, d)
    for q in searched
    for k in (1, 2, 3)
    for d in diversities
}
dial = LiveFigure(
    lambda figure: pictures.draw_posteriors(
        figure, {f: world.probabilities(f) for f in factors}
    ),
    lambda artists, query, k, diversity: pictures.show_posteriors(
        artists, *known[query, k, diversity]
    ),
    {
        "query": dropdown(searched, value="market", label="look for"),
        "diversity": steps(diversities, value=0.4, label="diversity"),
        "k": steps([1, 2, 3], value=2, label="examples"),
    },
    alt="Bars for the heroes and plots of the next tale, black marks for the "
    "world's own. Two near tales of the market share their hero and plot, and "
    "the bars of these rise far above the marks; with diverse ones most bars "
    "lie on their marks.",
    size=(9, 4.3),
)
dial

# %% [markdown]
# ## Does the model do what it should?
#
# For each of the world's 16 animals and 16 places two tales were looked for,
# near ones (diversity 0) and diverse ones (0.8), and put before the model. It
# told 64 third tales. Set its shares beside the exact posterior.


# %%
def mean_of(kind, factor, take):
    """A number of the model's shares and of the exact ones: the means."""
    rows = log.next_tale(kind, factor)
    return [
        np.mean([take(column[i], column[1]) for column in rows])
        for i in (0, 1)
    ]


# %%
print("after two tales         told  exact")
for kind in ("nearest", "diverse"):
    for factor, first in (("hero", "Mira"), ("arc", "lost")):
        told, exact = mean_of(kind, factor, lambda p, _: p[0].item())
        print(f"{kind}: share of {first:6}{told:>7.0%}{exact:>7.0%}")

# %% [markdown]
# Plots come as they should. Heroes don't quite: after *diverse* tales Mira is
# rarer than the posterior says, though nothing speaks against her. Who takes
# her place? Perhaps the examples' own heroes: the storyteller has learned that
# tales of a collection often share one.

# %% jupyter={"source_hidden": true}
# Prints: how often the examples' own heroes come again
from course_utils.recordings.prompts import found_for, queries

heroes = list(world.probabilities("hero"))
copied = []
for query, (told, exact) in zip(
    queries(), log.next_tale("diverse", "hero"), strict=True
):
    seen = {world.parse(text).labels["hero"] for text in found_for(query, 0.8)}
    places = [heroes.index(hero) for hero in seen]
    copied.append((told[places].sum().item(), exact[places].sum().item()))
told, exact = np.mean(copied, axis=0)
print(f"heroes of the examples: told {told:.0%}, exactly {exact:.0%}")

# %% jupyter={"source_hidden": true}
# Draws: how often the examples' heroes come again, against the posterior
show(
    pictures.plot_shift({"a dot for each query": copied}, "examples' heroes"),
    alt="Share of third tales with a hero of the two examples, told by the "
    "storyteller over the exact posterior, a dot for each of 32 queries. Most "
    "dots lie above the diagonal.",
)

# %%
fact(
    "the model tells of the examples' heroes more often than it should, and "
    "of Mira less",
    told > exact + 0.05
    and mean_of("diverse", "hero", lambda p, _: p[0].item())[0] < prior - 0.03,
)

# %% [markdown]
# So it is: the model *copies*. That does guide away from the dominant hero. It
# is no gain in variety, though: what Mira loses goes to the two heroes that
# stand in the context. In numbers of heroes (32 queries, 64 tales each):

# %% jupyter={"source_hidden": true}
# Prints: effective numbers of heroes, told and exact
kinds = {}
for kind in ("nearest", "diverse"):
    rows = log.next_tale(kind, "hero")
    dice = np.random.default_rng(0)
    drawn = [dice.multinomial(64, exact.numpy()) / 64 for _, exact in rows]
    kinds[kind] = [
        np.mean([np.exp(-np.sum(p[p > 0] * np.log(p[p > 0]))) for p in shares])
        for shares in ([told.numpy() for told, _ in rows], drawn)
    ]
    print(
        "{}: told {:.1f} effective heroes, exactly {:.1f}".format(
            kind, *kinds[kind]
        )
    )

# %%
fact(
    "told are fewer effective heroes than 64 exact draws have",
    all(told < exact for told, exact in kinds.values()),
)

# %% [markdown]
# ## Into the window
# {{deep}}
#
# A window of 256 tokens holds two of our tales and the next. `fit_into` puts
# whole texts before a request and leaves out those that don't fit; half a
# story teaches a model to stop in the middle. `RetrievalPrompter` does all of
# it, with any model and any list of texts.

# %%
from course_utils.mitigation.prompting import RetrievalPrompter

prompter = RetrievalPrompter(
    lm := load_model(), corpus, k=3, room=90, separator="\n"
)
prompt = prompter("a fox at the harbour")
print(f"{len(lm.encode(prompt))} tokens:")
print(textwrap.shorten(prompt, 150, placeholder=" ..."))

# %% [markdown]
# ## Not like these
# {{deep}}
#
# People also write "tell me a story, but not like these". A model that follows
# no instructions, such as GPT-2 or our storyteller, takes what stands there
# for an example all the same. What works with any model is to tell, and to
# throw away what is too near:

# %%
examples = [
    text for text in corpus if world.parse(text).labels["arc"] == "lost"
]
fresh = generate(lm, "", 200, 110, seed=16, progress=False).texts
rows, _ = tfidf([*examples[:50], *fresh])
near = [max(cosine(row, other) for other in rows[:50]) for row in rows[50:]]
limit = np.quantile(near, 0.5)
kept = [text for text, c in zip(fresh, near, strict=True) if c < limit]


# %%
# only with the storyteller
def share_lost(texts):
    arcs = [world.parse(text).labels.get("arc") for text in texts]
    return arcs.count("lost") / len(arcs)


print(f"tales of something lost: {share_lost(fresh):.0%} of all", end=", ")
print(f"{share_lost(kept):.0%} of those unlike the examples")

# %%
# only with the storyteller
fact(
    "of the tales unlike the examples fewer are of that plot",
    share_lost(kept) < share_lost(fresh) / 2,
)

# %% [markdown]
# It costs a tale for each that is kept. Other roads want a model that follows
# instructions: to ask for five answers *with their probabilities*
# ([verbalised sampling](https://arxiv.org/abs/2510.01171)), or to have the
# model write a random string and choose by it
# ([string seed of thought](https://arxiv.org/abs/2510.21150)). Do not expect
# them of GPT-2. With a network and a tuned model of the hub,
# `load_model("...")` takes its name, and all functions of this notebook work
# with it.
#
# ## Cold restarts
#
# The last tool wipes the slate. Where a text has begun to loop, each round
# makes the next likelier (notebook 10). A
# [*cold restart*](../GLOSSARY.md#cold-restart) drops the context, all but the
# prompt. Here the storyteller may not end, and is nearly greedy.

# %%
from course_utils.detection.repetition import find_loop
from course_utils.mitigation.prompting import write_with_restarts
from transformers import SuppressTokensLogitsProcessor


# %%
def stuck_from(ids, bits):
    """Where the ids begin to be said twice in a row, or None."""
    loop = find_loop(ids, repeats=2)
    return None if loop is None else loop.start


# %%
never_end = SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device)
cold = [never_end, Temperature(0.05)]

# %%
room = min(400, (lm.context_length or 400))
told = write_with_restarts(lm, "", stuck_from, room, 30, cold, seed=0)
print(f"{told.restarts} restarts; pieces of", end=" ")
print(*(len(lm.encode(piece)) for piece in told.pieces), "tokens")

# %%
guess = predict(
    "restarts of a collapsed model",
    "The tuned model tells fewer than 5 plots in 60 tales. Give each tale a "
    "cold restart before it begins. How many plots now?",
    choices=["as few", "about twice as many", "as many as the untuned one"],
)
guess

# %%
alone, restarted = log.restarts("alone"), log.restarts("restarted")
print(f"in a loop: {np.mean(alone):.0%} of a text, ", end="")
print(f"with restarts {np.mean(restarted):.0%}")
print(f"kept of what was written: {np.mean(log.restarts('kept')):.0%}")

# %%
guess.compare(
    "as few",
    "Each of the 60 tales began with a fresh context already. A restart is "
    "what they all had.",
)

# %%
fact(
    "without restarts more than half of the text is a loop, with them none; a "
    "third of what was written is kept",
    np.mean(alone) > 0.5
    and max(restarted) == 0
    and 0.2 < np.mean(log.restarts("kept")) < 0.5,
)

# %% [markdown]
# Restarts end every loop. They are dear, for the model falls into the same one
# again, from the same start. And against a collapse *between* samples they can
# do nothing: those samples never shared a context. What has collapsed is the
# model.
#
# ## Or listen to the entropy
# {{deep}}
#
# A monitor (notebook 07) could pull the trigger instead: stuck is a text whose
# mean entropy over 30 tokens is below a threshold. Try some, on texts that
# loop and on healthy ones at T = 1. A restart of a healthy text is a false
# alarm.

# %%
from course_utils.mitigation.prompting import low_entropy


def restarts_at(threshold, T, texts=4):
    """Restarts in all, of a few texts that may not end."""
    heat = [never_end, Temperature(T)]
    trigger = low_entropy(threshold)
    runs = [
        write_with_restarts(lm, "", trigger, room, 30, heat, seed=1000 * i)
        for i in range(texts)
    ]
    return sum(run.restarts for run in runs)


# %%
print("threshold   nearly greedy   healthy   (restarts of 4 texts)")
alarms = {}
for threshold in (0.2, 0.4, 0.6):
    alarms[threshold] = restarts_at(threshold, 0.05), restarts_at(threshold, 1)
    print("{:>9}{:>16}{:>10}".format(threshold, *alarms[threshold]))

# %%
# only with the storyteller
fact(
    "a threshold that catches loops restarts healthy texts as well",
    all(healthy > 0 for caught, healthy in alarms.values() if caught > 0),
)

# %% [markdown]
# No threshold works here: where the loops are caught, healthy texts are, too.
# The storyteller is no surer within a loop than within a tale
# ([notebook 03](03_entropy_and_its_collapse.ipynb)): it still finds the next
# word open, and only the cold choice repeats. In models whose loops feed
# themselves the entropy does fall. Try your own model before you trust a
# threshold, as notebook 07 does.
#
# ## Claims on trial
#
# **C35**: some modes collapse only under some prompts. If so, a tuned model
# should be much more varied after some request than after nothing. To give the
# claim every chance, each model picks the request that suits it best.

# %%
from course_utils.classroom import quiz, verdict
from course_utils.foundations.intervals import (
    bootstrap_interval,
    mean_interval,
)

asked = [plots["tuned 60"][request] for request in requests[1:]]
best = np.nanmax(asked, axis=0)  # of each tuned model
more = (best - plots["tuned 60"]["nothing"]).tolist()
print("plots at best:", *(f"{value:.1f}" for value in best))

# %%
verdict(
    "C35",
    "fails",
    "By how many plots in 60 tales the request after which a tuned model is "
    "most varied is ahead of no request. It has collapsed after all of them: "
    f"the untuned one has {np.mean(plots['storyteller']['nothing']):.1f}. A "
    "model that is tuned on some requests may do otherwise.",
    question="Does a tuned model collapse after some requests only?",
    stands=mean_interval(more)[1] < 3,
    estimate=np.mean(more),
    interval=mean_interval(more),
    n=len(more),
    unit="tuned model",
    recorded="prompts",
)

# %% [markdown]
# **C32**: retrieval of diverse examples guides away from the dominant pattern.

# %%
shift = [
    (told[0] - exact[0]).item()
    for told, exact in log.next_tale("diverse", "hero")
]
verdict(
    "C32",
    "holds when only the commonest hero counts",
    "By how much Mira's share in the tale after two diverse examples differs "
    "from the exact posterior, which leaves her as common as ever. The model "
    "copies the examples' heroes; it has fewer effective heroes than exact "
    "draws.",
    question="Do diverse examples lower the dominant hero's share?",
    stands=bootstrap_interval(shift)[1] < 0,
    estimate=np.mean(shift),
    interval=bootstrap_interval(shift),
    n=len(shift),
    unit="pair of examples",
    recorded="prompts",
)

# %% [markdown]
# **C36**: cold restarts bring diversity back.

# %%
gone = [after - before for before, after in zip(alone, restarted, strict=True)]
verdict(
    "C36",
    "holds when the trouble is a loop",
    "The change of the share of a text that is a loop. Between samples a "
    "restart changes nothing: each begins with a fresh context already.",
    question="Do restarts break loops?",
    stands=bootstrap_interval(gone)[1] < -0.3,
    estimate=np.mean(gone),
    interval=bootstrap_interval(gone),
    n=len(gone),
    unit="text",
    recorded="prompts",
)

# %%
fact(
    "the verdicts' intervals say what the text says",
    max(bootstrap_interval(gone)) < -0.3
    and max(bootstrap_interval(shift)) < 0
    and np.mean(more) < 3,
)

# %% [markdown]
# ## A short quiz

# %%
quiz("16")

# %% [markdown]
# ## Recap
#
# - Ask in several ways before you call a model healthy, or collapsed.
# - TF-IDF finds what is near; MMR takes what is near and differs.
# - What examples share should shift a model, what they don't should not.
# - A cold restart ends a loop. It can't mend a collapsed model.
#
# ## Read on
#
# - Carbonell and Goldstein 1998,
#   [MMR](https://doi.org/10.1145/290941.291025): two pages, still in use.
# - Zhang and others 2025,
#   [Verbalized sampling](https://arxiv.org/abs/2510.01171): variety by asking
#   for a distribution.
# - Xu and others 2022,
#   [Learning to break the loop](https://arxiv.org/abs/2206.02369): why a loop
#   feeds itself, and what training does about it.
#
# **Next**: [17 The shoot-out](17_mitigation_shootout.ipynb): every remedy at
# the same budget of tokens, with its costs.
