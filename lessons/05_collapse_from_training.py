# %% [markdown]
# # 05 · Collapse from training
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import math

import torch
from course_utils import StoryWorld, load_model
from course_utils.classroom import exercise, fact, predict, show, start
from course_utils.foundations.entropy import cross_entropy, entropy
from course_utils.foundations.intervals import bootstrap_interval
from course_utils.plots import training as pictures

start("05")

# %% [markdown]
# **What you will be able to do**
#
# - Tell a corpus that has favourites from a model that exaggerates them
# - Say what a model keeps of a corpus that it reads again and again
# - Build a loss that asks for variety, and compare it fairly with its rivals
# - Let models learn from their own output, and predict what gets lost
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 00](00_start_here.ipynb),
# [notebook 01](01_softmax_and_temperature.ipynb) and entropy
# ([notebook 03](03_entropy_and_its_collapse.ipynb))
#
# **The question**: a model reads skewed text, or the same text again and
# again, or its own text. Which of the three makes variety vanish?
#
# ## A corpus with favourites
#
# Every corpus has favourites. In our world one hero, Mira, has about a quarter
# of the tales, and the rarest of 24 about one in ninety.

# %% tags=["nbval-check-output"]
world = StoryWorld()
names = list(world.probabilities("hero"))
truth = torch.tensor([*world.probabilities("hero").values()], dtype=float)
print(f"{names[0]} {truth[0]:.1%}, {names[-1]} {truth[-1]:.1%}")

# %% [markdown]
# The smallest model of that has one logit for each hero. It starts without
# favourites and learns from 2000 tales, by gradient descent on the
# cross-entropy. The gradient of a logit is simply *predicted minus counted*.

# %%
read = [names.index(t.labels["hero"]) for t in world.sample(2000)]
counted = torch.tensor(read).bincount(minlength=24).double() / len(read)
logits = torch.zeros(24, dtype=float)
for _ in range(2000):
    logits -= 2.0 * (logits.softmax(dim=-1) - counted)
fact(
    "the smallest model predicts what it has counted",
    (logits.softmax(dim=-1) - counted).abs().max() < 0.001,
)

# %% [markdown]
# Learning stops where predicted equals counted. So this smallest of models
# copies its corpus's favourites.
#
# Another one may exaggerate them, or flatten them. One number says which of
# the three it is. If a model's shares are proportional to $\text{truth}^s$,
# then $s = 1$ means copied, $s > 1$ exaggerated and $s < 1$ flattened. The
# best-fitting $s$ is the shares' **sharpness**. Temperature is the pure case:

# %% tags=["nbval-check-output"]
from course_utils.causes.pretraining import sharpness

for T in (0.5, 1.0, 2.0):
    tempered = (truth.log() / T).softmax(dim=-1)
    print(f"T = {T}: sharpness {sharpness(tempered, truth):.2f}")

# %% [markdown]
# ## What does a large model do?
#
# The storyteller has two million weights, not 24. Does it copy, exaggerate or
# flatten? We let it continue "Once upon a time there was a brave girl named",
# and eleven such beginnings: girls and boys of six traits.

# %%
# only with the storyteller
guess = predict(
    "favourites",
    "How sharp are the storyteller's names, on average?",
    choices=["below 0.9", "0.9 to 1.1", "above 1.1"],
)
guess

# %%
# only with the storyteller
lm = load_model()
traits = ["brave", "curious", "shy", "stubborn", "clever", "dreamy"]  # of ten
kinds = [f"{trait} {child}" for trait in traits for child in ("girl", "boy")]


# %%
# only with the storyteller
def names_after(prompt):
    """The model's and the world's probabilities of the possible names."""
    told = world.next_token_distribution(prompt, lm.tokenizer)
    probs = lm.next_token_logits(prompt).double().softmax(dim=-1)
    return probs[told > 0], told[told > 0]


# %%
# only with the storyteller
pairs = [names_after(f"Once upon a time there was a {k} named") for k in kinds]
said, true = map(torch.stack, zip(*pairs, strict=True))
found = sharpness(said / said.sum(dim=-1, keepdim=True), true)
low, high = bootstrap_interval(found.tolist())
print(f"{found.mean():.3f} ({low:.3f} to {high:.3f}, n = {len(kinds)})")

# %%
# only with the storyteller
guess.compare("0.9 to 1.1", "It was trained until it agreed with the world.")

# %%
# only with the storyteller
fact("the storyteller's sharpness is near 1", low > 0.9 and high < 1.1)

# %% jupyter={"source_hidden": true}
# Draws: each name's probability in the model over that in the world
# only with the storyteller
cold = (said.log() / 0.5).softmax(dim=-1)
show(
    pictures.plot_favourites(true, said, cold),
    alt="Each name's probability in the model over that in the world, on log "
    "axes. The storyteller's points lie on the diagonal. At T = 0.5 they lie "
    "on a steeper line: rare names fall far below it.",
)

# %% [markdown]
# A skewed corpus alone is no collapse, and a model that fits it does not make
# it one. The sampler does, at low temperature.
#
# **Stretch**: the smallest model read 2000 tales. Let it read 50. How sharp
# are its names then, and is that learning or luck?
#
# ## The same text, again and again
# {{deep}}
#
# What if the corpus is small, and read many times? Begin with a model that can
# do nothing but remember. An [**n-gram**](../GLOSSARY.md#n-gram) table lists,
# for each run of n - 1 words, the words that followed it. To tell a tale, it
# draws from the list that belongs to its last n - 1 words. What stands there
# twice is drawn twice as often. (The empty word stands before and after a
# tale.) The larger n, the more the table remembers. First a table of two
# short tales, then one that reads 100 tales and tells 100.

# %%
from course_utils.causes.recursion import NGram, named_shares, retell
from course_utils.worlds.measures import memorised_share

table = NGram(["The fox sang.", "The fox slept."], order=2)
dict(table.followers)

# %% tags=["nbval-check-output"]
tales = [story.text for story in world.sample(100, seed=2)]
print(" n   by heart   commonest hero")
for n in (2, 4, 6, 8, 12):
    told = NGram(tales, n).tell(100)
    mira = named_shares(told, names)[0]
    print(f"{n:>2} {memorised_share(told, tales):>10.0%} {mira:>16.0%}")
fact("the world has trillions of tales", world.entropy() > math.log(1e12))

# %% [markdown]
# With a long memory most tales stand in the corpus, to the letter: a collapse
# from trillions of possible tales to 100. Yet look at the last column. The
# favourite doesn't become more of one.
#
# ## What does a network learn by heart?
#
# A table knows all its lines equally well from the start. A network learns
# step by step. Here claim **C09** comes in: *overfitting to frequent patterns
# causes collapse*. Three things may hide in that: the corpus is **small**, it
# holds **copies**, and it is **read again and again**. To tell which of them
# does what, let only one change at a time. Each run of the storyteller reads
# 3,072 texts, which may be new or old:
#
# | corpus | different tales | texts | readings |
# |---|---|---|---|
# | fresh | 3,072 | 3,072 | 1 |
# | large, with copies | 1,008 | 3,072 | 1 |
# | 192 once | 192 | 192 | 16 |
# | 63 once | 63 | 63 | 49 |
# | repeated | 63 | 192 | 16 |
#
# In those with copies some tales stand more often than others, as pages do on
# the web. The last corpus, *repeated*, has 63 tales:
#
# | copies of each | 32 | 16 | 8 | 4 | 2 | 1 |
# |---|---|---|---|---|---|---|
# | different tales | 1 | 2 | 4 | 8 | 16 | 32 |
#
# Each column is a sixth of the corpus. A perfect copy would tell each in one
# text of six. Training takes minutes, so it is recorded, by
# `python -m course_utils.recordings pretraining`: eight runs of each, every
# run with a corpus of its own. `mass` is the probability that the model's next
# text is one of a column's tales, to the letter: exact, from the model's own
# probabilities.

# %%
from course_utils.recordings.pretraining_log import Overfitting

overfitting = Overfitting.read()
mass = overfitting.values("repeated", "mass")
print("runs, points in time, columns:", list(mass.shape))
print("readings of the corpus:", overfitting.readings("repeated"))

# %%
by_heart = predict(
    "by heart",
    "After 16 readings: of all that the model tells by heart, which share is "
    "the one tale with 32 copies? (It is 17 % of the corpus.)",
    between=(0, 100),
    unit="%",
)
by_heart

# %%
last = mass[:, -1]
of_the_first = (last[:, 0] / last.sum(dim=-1)).mean().item()
by_heart.compare(
    round(100 * of_the_first),
    f"{6 * of_the_first:.1f} times its share. It has been read most often.",
)

# %% [markdown]
# And the heroes? We count as in
# [notebook 04](04_three_faces_of_collapse.ipynb): by the effective number of
# heroes, in 100 texts of each model. The corpora have their own numbers.

# %%
from course_utils.causes.forms import effective_modes

heroes = {arm: overfitting.heroes(arm) for arm in overfitting.arms}
held = {
    arm: effective_modes(overfitting.corpus_shares(world, arm, "hero"))
    for arm in overfitting.arms
}
early, late = heroes["repeated"][:, 1].mean(), held["repeated"].mean()
print(f"repeated: {late:.1f} in it, {early:.1f} told after one reading")

# %%
guess = predict(
    "sixteen readings",
    "How many effective heroes does the model tell after sixteen readings of "
    "this corpus?",
    choices=["under 5", "5 to 10", "over 10"],
)
guess

# %%
guess.compare(
    "5 to 10",
    f"{heroes['repeated'][:, -1].mean():.1f}: fifteen more readings have not "
    "changed it much.",
)

# %% jupyter={"source_hidden": true}
# Draws: what is by heart, what unread tales cost, and the effective heroes
show(
    pictures.plot_overfitting(overfitting),
    alt="Left: the probability of each column's tales over readings. The tale "
    "with 32 copies rises first and highest, towards a sixth; the fewer the "
    "copies, the later and lower the curve. Middle: the loss on unread tales "
    "rises with the readings of the repeated corpus, and stays with fresh "
    "tales. Right: with the repeated corpus the effective number of heroes "
    "falls at the first reading and stays there; with fresh tales it stays.",
)

# %%
sharp = overfitting.values("repeated", "sharpness")[:, -1]
print(f"by heart: {last.sum(dim=-1).mean():.0%} of the texts")
print(f"sharpness of what is by heart: {sharp.mean():.1f}")

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the figure.
unread = {arm: overfitting.values(arm, "held_out_loss") for arm in heroes}
fact(
    "no column is told as often as by a perfect copy, the frequent most",
    (last.mean(dim=0) < 1 / 6).all() and (last.mean(dim=0).diff() < 0).all(),
)
fact(
    "hardly anything is by heart after the first reading",
    (mass[:, 1].sum(dim=-1) < 0.01).all(),
)
fact(
    "unread tales cost more with each reading of the repeated corpus",
    (unread["repeated"].diff(dim=-1) > 0).all(),
)
fact(
    "unread tales cost about the same after any number of fresh ones",
    (unread["fresh"] - unread["fresh"][:, :1]).abs().max() < 0.03,
)
fact("5 to 10 heroes", 5 < heroes["repeated"][:, -1].mean() < 10)

# %% [markdown]
# - **Left**: the more copies, the sooner by heart. A perfect copy would tell
#   each column in one text of six. After 16 readings none has got there yet,
#   and the frequent tales are nearest. So of what is by heart they have more
#   than their share.
# - **Middle**: unread tales cost more with each reading. That is what
#   *overfitting* means.
# - **Right**: variety falls with the *first* reading, before anything is known
#   by heart. There it stays, however often the corpus is read.
#
# ## Small, copied, or read too often?
#
# Now all five corpora, after as many texts. Each dot is a run. Across: the
# effective heroes that its corpus holds. Up: those that the model tells.

# %% jupyter={"source_hidden": true}
# Draws: effective heroes told over those in the corpus, a dot for each run
ends = {arm: runs[:, -1] for arm, runs in heroes.items()}
show(
    pictures.plot_corpora(held, ends),
    alt="Effective heroes told over those in the corpus. All dots lie near "
    "the diagonal. The corpora that are large, or have 192 tales, lie at its "
    "upper end; 63 tales once in the middle, and the 63 tales with copies at "
    "the lower end.",
)

# %%
arms = ("fresh", "large, with copies", "192 once", "63 once", "repeated")
print("corpus                heroes in it, told   by heart   unread cost")
for arm in arms:
    learnt = overfitting.values(arm, "mass")[:, -1].sum(dim=-1).mean()
    print(
        f"{arm:20} {held[arm].mean():9.1f} {ends[arm].mean():8.1f}"
        f"{learnt:11.1%} {unread[arm][:, -1].mean():10.2f}"
    )

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the corpora.
learnt = {
    arm: overfitting.values(arm, "mass")[:, -1].sum(dim=-1) for arm in arms
}
fact(
    "the corpora are read 1, 1, 16, 49 and 16 times",
    [round(overfitting.readings(arm)[-1]) for arm in arms]
    == [1, 1, 16, 49, 16],
)
fact(
    "in every corpus the model tells about as many heroes as it holds",
    all(0.75 < (ends[arm] / held[arm]).mean() < 1.1 for arm in arms),
)
fact(
    "copies cost heroes in the small corpus and not in the large one",
    ends["repeated"].mean() < 0.8 * ends["192 once"].mean()
    and ends["large, with copies"].mean() > 0.9 * ends["fresh"].mean(),
)
fact(
    "copies that are read again are by heart most; one reading brings none",
    learnt["repeated"].min() > learnt["63 once"].max()
    and learnt["large, with copies"].max() < 0.001,
)
fact(
    "the fewer the tales and the more readings, the dearer are unread ones",
    all(
        unread[a][:, -1].mean() < unread[b][:, -1].mean()
        for a, b in (("fresh", "192 once"), ("192 once", "repeated"))
    ),
)

# %% [markdown]
# - **Which heroes are told** is decided by what the corpus holds. Copies make
#   a small corpus poorer: one tale out of 63 takes a sixth of it. In a large
#   one the same copies hardly matter, since 16 tales share that sixth.
# - **Reading again** makes no corpus poorer. It brings tales *by heart*, the
#   copied ones first, and makes all unread ones dearer.
#
# So collapse comes, and it has two parts. The model **copies** a corpus that
# is poorer than the world, as its loss demands. And what it has by heart so
# far **exaggerates** the frequent tales.
#
# ## A loss that asks for variety
#
# Claim **C31** has a cure: subtract the entropy of the prediction from the
# loss,
#
# $$ L = L_{ce} - \lambda H(q), \qquad H(q) = -\sum_v q_v \ln q_v , $$
#
# with $q$ the model's distribution over the next token. It is known as the
# *confidence penalty*
# ([Pereyra and others 2017](https://arxiv.org/abs/1701.06548)).
#
# ### Exercise 1: the loss
#
# Difficulty: medium · 15 minutes
#
# `logits` have shape [..., vocabulary], `targets` are token ids of shape
# [...], and `weight` is λ. Return the mean over all positions of the surprise
# at the target minus `weight` times the entropy, in nats. A logit of `-inf`
# is allowed: that token has probability 0 and adds nothing to the entropy.


# %%
@exercise("causes.pretraining.entropy_regularised_loss")
def entropy_regularised_loss(logits, targets, weight):
    """Cross-entropy minus weight times entropy: one number, in nats."""
    ...


# %% [markdown]
# ## Where does training end?
# {{deep}}
#
# A toy tells. The next word is a hero's name, but the vocabulary has 1536
# tokens. The other 1512 are **junk** here: they would break the tale. We train
# one logit per token on 100 names, with λ = 0.1. (LBFGS is an optimiser that
# needs no learning rate.)

# %%
vocab, weight = 1536, 0.1
targets = torch.tensor(read[:100])
logits = torch.zeros(vocab, dtype=float, requires_grad=True)
search = torch.optim.LBFGS(
    [logits], max_iter=200, line_search_fn="strong_wolfe"
)


# %%
def loss_now():
    search.zero_grad()
    rows = logits.expand(len(targets), vocab)
    loss = entropy_regularised_loss(rows, targets, weight)
    loss.backward()
    return loss


# %%
from course_utils.causes.pretraining import entropy_regularised_optimum

search.step(loss_now)
trained = logits.softmax(dim=-1).detach()
print(f"probability of junk: {trained[24:].sum():.2%}")

# %%
shares = targets.bincount(minlength=vocab).double() / len(targets)
optimum = entropy_regularised_optimum(shares, weight)
fact(
    "training ends at the minimum",
    (trained - optimum).abs().max() < 0.001,
)
fact("the minimum has junk", optimum[24:].sum() > 0.002)

# %% [markdown]
# Not one of the 100 names was junk, and yet the model has learned to say some.
# It is no accident of training: the minimum can be computed, and there it is.
#
# If the truth is $p$, the minimum has
# $p_v / q_v = 1 + \lambda\,(\ln q_v + H(q))$ for every token. (Set the
# derivative to zero. The package solves this with Newton's method.) Now take a
# token that the world never says, $p_v = 0$:
#
# $$ q_v = e^{-1/\lambda} \, e^{-H(q)} $$
#
# **No token is ever ruled out.** The bonus has put a floor under the junk.

# %% tags=["nbval-check-output"]
word = torch.cat([truth, torch.zeros(vocab - 24)])
optima = {w: entropy_regularised_optimum(word, w) for w in (0.05, 0.1, 0.15)}
for w, q in optima.items():
    print(f"weight {w}: junk {q[24:].sum():.7f}")


# %% jupyter={"source_hidden": true}
# Tested here: the formula of the floor.
def floor_of(w, q):
    return math.exp(-1 / w - entropy(q, base=math.e))


fact(
    "the floor is as the formula says",
    lambda: all(
        math.isclose(q[-1], floor_of(w, q), rel_tol=1e-6)
        for w, q in optima.items()
    ),
)

# %% [markdown]
# A tiny floor, but 1512 tokens stand on it, and a tale has about 80 of them:
# it survives with a chance of about $(1 - \text{junk})^{80}$. And the floor
# rises steeply.

# %% jupyter={"source_hidden": true}
# Tested here: the length of a tale.
# only with the storyteller
lengths = [len(lm.encode(tale.text)) for tale in world.sample(100)]
fact("a tale has about 80 tokens", 75 < sum(lengths) / 100 < 85)

# %% [markdown]
# ## Compare at the same price
#
# Two rivals. **Label smoothing** takes a part ε of the target's probability
# and shares it among all tokens
# ([Szegedy and others 2016](https://arxiv.org/abs/1512.00567)). And the
# cheapest of all: train as ever, and sample at a temperature above 1.
#
# Which ε and which T are to stand beside λ = 0.1? Any dial flattens more if it
# is turned further. A fair comparison lets all pay the same price: the same
# **cross-entropy** against the truth. `flatten_to_loss` finds the dial, by
# bisection.

# %%
from course_utils.causes.pretraining import (
    flatten_to_loss,
    label_smoothing_optimum,
)

weights = [0, 0.02, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15]


def at_temperature(probs, temperature):
    """Plain training, sampled at a temperature."""
    return (probs.log() / temperature).softmax(dim=-1)


# %%
bonus = {w: entropy_regularised_optimum(word, w) for w in weights}
dearest = cross_entropy(word, at_temperature(word, 20), base=math.e).item()
warm, smooth = {}, {}
for w, q in bonus.items():
    price = min(cross_entropy(word, q, base=math.e).item(), dearest)
    warm[w] = flatten_to_loss(at_temperature, word, price, 1, 20)
    smooth[w] = flatten_to_loss(label_smoothing_optimum, word, price, 0, 0.9)

# %% [markdown]
# ## A live figure: the weight λ
#
# Bars are the model with the bonus, grey marks the world, crosses the
# temperature that pays the same. On the right: what each gives to *junk*, the
# 1512 tokens of 1536 that are no hero's name and would break the tale.

# %% jupyter={"source_hidden": true}
# Draws: the heroes with the bonus and its rivals, and the junk of each
from course_utils.classroom import LiveFigure, dropdown, slider, steps

at = min(weights, key=lambda weight: abs(weight - 0.1))
dial = LiveFigure(
    lambda figure: pictures.draw_bonus(figure, names, truth),
    lambda artists, weight: pictures.show_bonus(
        artists, weight, bonus[weight], smooth[weight], warm[weight]
    ),
    {"weight": steps(weights, value=at, label="weight λ")},
    alt="Left: probabilities of 24 heroes with an entropy bonus, a little "
    "flatter than the world's; crosses for the temperature of the same price "
    "are at least as flat. Right: probability of junk. Smoothing has it from "
    "the start, the bonus from a weight of 0.08 on, temperature never.",
    size=(9, 3.6),
    play="weight",
)
dial

# %%
fact(
    "up to a weight of 0.05 the bonus is about a temperature 1 / (1 - weight)",
    lambda: (bonus[0.05] - at_temperature(word, 1 / 0.95)).abs().max() < 0.002,
)
fact(
    "at a weight of 0.05 smoothing pays for junk already, the bonus not yet",
    lambda: bonus[0.05][24:].sum() < 1e-6 < 0.001 < smooth[0.05][1][24:].sum(),
)

# %% [markdown]
# - **A small bonus is a temperature**, trained in: up to λ = 0.05 the bars lie
#   on the crosses, and those have a temperature of about $1 / (1 - \lambda)$.
# - **A larger one pays for junk**, and tales break.
# - **Label smoothing pays for little else**, from the first step on.
#
# ## The same in real training
#
# In this toy, temperature never makes junk: zero stays zero. No real model has
# zeros, though. So look at real training. The storyteller went on learning
# from fresh texts, with each of the losses. And once more with the plain loss,
# then sampled at the temperature of the same price. (Recorded: eight runs of
# the plain loss, of λ = 0.1 and of ε = 0.005, three of the others.)

# %%
from course_utils.recordings.pretraining_log import Flattening

flattening = Flattening.read()

# %% [markdown]
# A measure from 250 tales misses rare heroes (notebook 00). So compare with
# what 250 tales of the world give: the star in the figure.

# %%
dice = torch.Generator().manual_seed(0)
drawn = torch.multinomial(truth.expand(200, 24), 250, True, generator=dice)
counts = torch.nn.functional.one_hot(drawn, 24).sum(dim=1)
in_world = effective_modes(counts / 250).mean().item()

# %% jupyter={"source_hidden": true}
# Draws: effective heroes over the share of valid texts, a dot for each loss
show(
    pictures.plot_flattening(flattening, in_world),
    alt="Effective number of heroes over the share of valid texts. A line for "
    "temperature goes up and to the left. The dots of weights 0.05 and 0.1 "
    "lie close to it. Those of label smoothing lie below: fewer heroes at the "
    "same price. At a weight of 0.2 no text is valid.",
)

# %% [markdown]
# The star is the world. Further up is more varied, further left more broken.
# The orange line is plain training, sampled warmer and warmer; each dot is a
# loss. A thin line joins two that have the same cross-entropy. A loss is worth
# its trouble where its dot lies above the orange line, or to the right of it.

# %%
others = list(flattening.kinds)[1:]
beside = {kind: flattening.beside_temperature(kind) for kind in others}
for kind, (more, valid) in beside.items():
    each = " ".join(f"{run:+.1f}" for run in more)
    print(f"{kind:15} {valid.mean():+4.0%} valid, heroes {each}")

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of each loss.
small = [beside[f"entropy {w}"] for w in (0.05, 0.1)]
smoothed = [beside[kind] for kind in beside if kind.startswith("smoothing")]
fact(
    "a small bonus is a temperature, give or take one hero and some tales",
    all(m.abs().max() < 1 and abs(v.mean()) < 0.05 for m, v in small),
)
fact(
    "label smoothing is worse than a temperature",
    all((m < -0.4).all() and v.mean() < 0.01 for m, v in smoothed),
)
fact(
    "with a weight of 0.2 not one tale in fifty is valid",
    flattening.valid("entropy 0.2", "loss").max() < 0.02,
)

# %% [markdown]
# The toy was right.
#
# - **A small bonus is a temperature**, give or take one hero, with about as
#   many valid tales. At λ = 0.1 the storyteller has more variety than the
#   world, and breaks more tales.
# - **Label smoothing is worse**: it gives to junk what the others give to
#   other heroes.
# - **A large bonus breaks everything**: at λ = 0.2 not one tale in fifty is
#   valid.
#
# ## Does it help where variety is lost?
# {{deep}}
#
# More of the runs with the repeated corpus had the bonus, with λ = 0.1.

# %%
for arm in ("repeated", "repeated, entropy bonus"):
    learnt = overfitting.values(arm, "mass")[:, -1].sum(dim=-1)
    print(f"{arm}: {learnt.mean():.0%} by heart, ", end="")
    valid = overfitting.values(arm, "valid")[:, -1].mean()
    print(f"{heroes[arm][:, -1].mean():.1f} heroes, {valid:.0f} of 100 valid")
# %%
fact(
    "the bonus slows the learning by heart",
    (learnt < 0.9 * last.sum(dim=-1)).all(),
)
fact("the bonus breaks tales, one in five or more", valid < 80)
fact(
    "with the bonus heroes stay nearly as few",
    (heroes[arm] - heroes["repeated"])[:, -1].abs().max() < 2,
)

# %% [markdown]
# It slows the learning by heart, and it breaks more tales. Heroes stay nearly
# as few: the bonus flattens every prediction a little, but it knows nothing of
# what the corpus lacks.
#
# ## A model that reads its own tales
#
# The third way: the next model learns from what the last one told. More and
# more of the web is written by models, so nobody had to make this up.
#
# Again a toy first. A *generation* hears 50 tales about the world's 24 heroes,
# and takes the shares that it counts for the truth. How many of the 24 does it
# hear of at all?
#
# ### Exercise 2: how many are heard of?
#
# Difficulty: easy · 5 minutes
#
# `probs` has shape [..., values]. Return how many different values come up in
# `samples` independent draws, on average, with shape [...]. A value of
# probability p is missed by all draws with probability $(1-p)^{samples}$.


# %%
@exercise("causes.recursion.expected_distinct")
def expected_distinct(probs, samples):
    """How many different values come up, on average."""
    ...


# %%
from course_utils.foundations.softmax import sample  # noqa: F401, you need it

tales_each, generations = 50, 20
heard = expected_distinct(truth, tales_each).item()
missed = (1 - truth[-1]) ** tales_each
print(f"{heard:.1f} of 24 heroes; {names[-1]} is missed with {missed:.0%}")

# %%
fact(
    "a generation hears of some two thirds, and misses the rarest mostly",
    15 < heard < 18 and missed > 0.5,
)

# %% [markdown]
# ## Replace or accumulate
#
# Whoever is missed has probability 0 in the next generation, and can never
# come back. There are two ways to go on:
#
# - **replace**: each generation reads only what the last one told;
# - **accumulate**: it reads everything so far, the first real tales included.
#
# ### Exercise 3: the recursion
#
# Difficulty: hard · 20 minutes
#
# Return a tensor [generations + 1, ..., values] of distributions. Entry 0 is
# `probs`. Each further entry comes from the one before: draw `samples` values
# (with `sample` from notebook 01), count them, and add the counts to the
# corpus ("accumulate") or let them take its place ("replace"). The new entry
# is the corpus's shares. The corpus is empty at first: nobody reads the truth
# itself.


# %%
@exercise("causes.recursion.recurse")
def recurse(probs, samples, generations, keep="replace", generator=None):
    """Distributions of models that each learn from the one before."""
    ...


# %% [markdown]
# ## Twenty generations
#
# Let 400 chains of models go 20 generations, each chain with its own luck.

# %%
dice = torch.Generator().manual_seed(0)
keeps = ("replace", "accumulate")
runs = truth.expand(400, 24)
chains = {
    keep: recurse(runs, tales_each, generations, keep, dice).double()
    for keep in keeps
}

# %%
drift = predict(
    "drift",
    "After 20 generations of replace, averaged over the 400 runs: what is "
    "Mira's share? (In the world it is 26 %.)",
    choices=["under 20 %", "20 to 33 %", "over 33 %"],
)
drift

# %%
mira = chains["replace"][-1, :, 0]
gone, over_half = (mira == 0).double().mean(), (mira > 0.5).double().mean()
print(f"gone in {gone:.0%} of the runs, over half in {over_half:.0%}")

# %%
drift.compare(
    "20 to 33 %",
    "A sample has too many as easily as too few. Every run drifts, but their "
    "mean stays where it was. So look at runs, never at their mean.",
)

# %%
fact("Mira's mean share is where it was", 0.2 < mira.mean() < 0.33)
fact(
    "in some runs she is gone, in others she has more than half",
    gone > 0.02 and over_half > 0.1,
)

# %% [markdown]
# ## How much diversity is left?
# {{deep}}
#
# Biologists know what you have just seen as *genetic drift*
# ([Wright 1931](https://doi.org/10.1093/genetics/16.2.97)). Take the chance
# that two tales have different heroes, one minus the sum of squared shares.
# With n tales a generation, replace leaves on average $1 - 1/n$ of it each
# time, until nothing is left. Accumulate leaves $1 - 1/(n k^2)$ in generation
# k, because the old tales outweigh the new. The product of all of these is
# $\sin(x)/x$ with $x = \pi/\sqrt{n}$: it never falls below that.

# %%
from course_utils.causes.recursion import gini_simpson, kept_diversity

off = []
for keep, chain in chains.items():
    left = gini_simpson(chain[-1]).mean() / gini_simpson(truth)
    expected = kept_diversity(tales_each, generations, keep)
    print(f"{keep:10} {left:.3f}, by the formula {expected:.3f}")
    off.append(abs(left - expected))
x = math.pi / math.sqrt(tales_each)
print(f"accumulate, for ever: {math.sin(x) / x:.3f}")
fact("the chains keep what the formula says", max(off) < 0.05)

# %% [markdown]
# ## Who is still told?
# {{deep}}
#
# Order the heroes by their rank in the world. In how many of the 400 runs is
# each of them still told?

# %% jupyter={"source_hidden": true}
# Draws: the share of runs in which a hero is still told, by rank
looked_at = [g for g in (1, 3, 8, 20) if g <= generations]
show(
    pictures.plot_survival(
        {k: chain > 0 for k, chain in chains.items()}, looked_at
    ),
    alt="Share of 400 runs in which a hero is still told, by rank, after 1, "
    "3, 8 and 20 generations. With replace the curves fall to the right and "
    "sink with each generation. With accumulate all four are the same.",
)

# %%
early = min(3, generations)
told = (chains["replace"][early] > 0).double().mean(dim=0)  # [heroes]
alive = told.reshape(3, 8).mean(dim=-1)
print(f"generation {early}, by eights:", *(f"{s:.0%}" for s in alive))

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of who is told.
kept = chains["accumulate"] > 0
fact(
    "of the commonest heroes most live on, of the rarest few",
    alive[0] > 0.6 > alive[1] > alive[2] < 0.4,
)
fact(
    "with accumulate nobody who was heard of is forgotten",
    kept[1].equal(kept[-1]),
)

# %% [markdown]
# **The tail vanishes first.** Of the eight commonest heroes most live on, of
# the eight rarest few. With accumulate, whoever was in the first 50 tales is
# never forgotten.
#
# **Stretch**: give each generation 500 tales instead of 50. After how many
# generations of replace is as much lost?
#
# ## A few real tales in each generation
# {{deep}}
#
# Between the two lies what happens on the web: each corpus has *some* fresh
# real text, and the rest is written by models. Let 5 of the 50 tales be real,
# new ones each time, and 45 come from the last generation. How much diversity
# is left after very many generations?

# %%
one_in_ten = predict(
    "one in ten",
    "With 5 real tales in 50, after 400 generations: which part of the "
    "world's diversity is left, on average?",
    choices=["under a third", "a third to two thirds", "over two thirds"],
)
one_in_ten

# %%
from course_utils.causes.recursion import kept_with_real, recurse_mixed

dice, off = torch.Generator().manual_seed(1), []
for real in (0, 1, 5, 25):
    end = recurse_mixed(runs, tales_each, 400, real, dice)[-1]
    left = (gini_simpson(end).mean() / gini_simpson(truth)).item()
    limit = kept_with_real(truth, tales_each, real).item()
    print(f"{real:>2} real: {left:.2f} left, by the formula {limit:.2f}")
    off.append(abs(left - limit))

# %%
one_in_ten.compare(
    "over two thirds",
    f"{kept_with_real(truth, tales_each, 5).item():.0%}, and it stays there.",
)

# %% [markdown]
# Without a real tale all is lost. With one in ten most of it stays, for ever.
# The reason is a balance. Of two tales of a generation, the chance that both
# come from the last one is about $0.9^2$. Each such pair loses a little to
# drift, and every other pair is as varied as two real tales. So what counts is
# the *number* of real tales in a generation, here 5, more than their share:
# with 500 tales, the same 5 would hold as much. (In language models the share
# matters, too: errors add up where most of the text is generated;
# [Bertrand and others 2023](https://arxiv.org/abs/2310.00429).)

# %%
alike = kept_with_real(truth, 500, 5).item()
fact("the chains keep what the formula says", max(off) < 0.05)
fact(
    "5 real tales in 500 hold about as much as 5 in 50",
    abs(alike - kept_with_real(truth, 50, 5).item()) < 0.05,
)

# %% [markdown]
# ## From a table to a language model
#
# The same with texts. A 4-gram table (which word followed which three?) reads
# 50 tales, tells 50, and so on. And the storyteller: each generation goes on
# from the last one's weights, and reads what it told. Recorded, by
# `python -m course_utils.recordings recursion`.


# %%
def ngram_shares(keep, run):
    """Shares of the heroes in each generation of 4-gram tables."""
    real = [story.text for story in world.sample(50, [run, 5])]
    told = retell(real, 4, 8, keep, run)
    return torch.stack([named_shares(texts, names) for texts in told])


# %%
from course_utils.recordings.recursion import Recursion

recursion = Recursion.read()
learners = {
    "shares": {k: chains[k][:9, :8] for k in keeps},
    "4-gram": {
        k: torch.stack([ngram_shares(k, run) for run in range(8)], dim=1)
        for k in keeps
    },
    "storyteller": {k: recursion.shares(k, "hero") for k in keeps},
}

# %% [markdown]
# ## A live figure: generation after generation
#
# Bars are the heroes that a generation tells, by their rank in the world. Grey
# marks are the world. Play it for each learner: who vanishes, and who rises?
# The still figure after it has all eight runs of the storyteller, with bands
# for the 95 % interval of their mean.


# %% jupyter={"source_hidden": true}
# Draws: the heroes that a generation tells, for any learner and run
def told_at(generation, learner, run):
    """Shares of the heroes, for each way to keep the corpus."""
    chain = learners[learner]
    return {k: chain[k][: generation + 1, :run][-1, -1] for k in keeps}


film = LiveFigure(
    lambda figure: pictures.draw_generation(figure, truth),
    lambda artists, **chosen: pictures.show_generation(
        artists, told_at(**chosen)
    ),
    {
        "generation": slider(0, 8, value=8, label="generation"),
        "learner": dropdown([*learners], value="storyteller", label="learner"),
        "run": dropdown([*range(1, 9)], value=1, label="run"),
    },
    alt="Shares of the heroes by rank, left for replace and right for "
    "accumulate, with marks for the world. Under replace bars vanish from "
    "generation to generation, and rare heroes may rise above common ones; "
    "under accumulate they stay nearer to their marks.",
    size=(9, 3.4),
    play="generation",
)
film

# %% jupyter={"source_hidden": true}
# Draws: heroes told and valid texts of the storyteller, over the generations
show(
    pictures.plot_recursion(recursion),
    alt="Left: with replace the heroes told fall to a third, with accumulate "
    "to two thirds. Middle: with replace the eight rarest vanish sooner than "
    "the eight commonest. Right: with replace the valid texts fall steeply.",
)

# %%
told = {keep: recursion.shares(keep, "hero") > 0 for keep in keeps}
left = {keep: told[keep][8].double().sum(dim=-1) for keep in keeps}
for keep in keeps:
    low, high = bootstrap_interval(left[keep].tolist())
    print(f"{keep}: {left[keep].mean():.1f} ({low:.1f} to {high:.1f}, n = 8)")

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the storyteller's generations.
third = told["replace"][3].double().mean(dim=0)
valid = {keep: recursion.valid(keep)[8] for keep in keeps}
fact(
    "about twice as many heroes are left with accumulate",
    1.7 < left["accumulate"].mean() / left["replace"].mean() < 2.4
    and (left["accumulate"] > left["replace"]).all(),
)
fact(
    "with accumulate fewer heroes are left than in generation 1",
    told["accumulate"][1].sum(dim=-1).double().mean()
    > left["accumulate"].mean(),
)
fact(
    "with replace the rarest go first",
    third[:8].mean() > 0.7 > 0.5 > third[-8:].mean(),
)
fact(
    "with replace about half of the tales are broken, with accumulate fewer",
    0.4 < valid["replace"].mean() < 0.6
    and (valid["replace"] < valid["accumulate"]).all(),
)

# %% [markdown]
# - **Replace**: heroes go, the rarest first, as in the toys.
# - **Accumulate**: about twice as many are left. What surprised us: they are
#   fewer than in generation 1, though nothing ever leaves the corpus. A
#   network is no table; what it seldom reads, it may lose.
# - **Broken tales** are new. The toy of shares makes no slips, the storyteller
#   does. Under replace, each generation reads the slips of the last and adds
#   its own, until about half of the tales are broken.
#
# ## Claims on trial
#
# **C09**: *overfitting to frequent patterns causes collapse.* It asks three
# questions, and the arms answer them apart. The unit is a run, with a corpus
# of its own; arms with the same seed are compared. The claim's first part
# fails if as many heroes are told after sixteen readings as after one.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on further readings
from course_utils.classroom import verdict
from course_utils.foundations.intervals import mean_interval

again = ("repeated", "63 once", "192 once")
change = sum((heroes[a][:, -1] / heroes[a][:, 1]).log() for a in again) / 3
low, high = (math.exp(end) for end in mean_interval(change.tolist()))
verdict(
    "C09",
    "fails",
    "Effective heroes after 3,072 texts, as a part of those after the first "
    "192, in three corpora that are read again and again. What they hold is "
    "told from the first reading on.",
    question="Do further readings of a corpus leave fewer heroes?",
    stands=low > 0.85 and high > 0.95,
    estimate=change.mean().exp().item(),
    interval=(low, high),
    n=len(change),
    unit="seed",
    recorded="pretraining",
)

# %% [markdown]
# The second question: do copies cost variety? Same number of texts, same
# number of readings, with copies and without.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on copies
kept = (heroes["repeated"] / heroes["192 once"])[:, -1]
in_large = (heroes["large, with copies"] / heroes["fresh"])[:, -1].mean()
low, high = mean_interval(kept.tolist())
verdict(
    "C09",
    "holds when copies make a small corpus poorer",
    "Effective heroes with copies, as a part of those without, of 192 texts "
    f"that are read 16 times. In a corpus of 3,072 texts {in_large:.2f}: "
    "there copies take no hero away.",
    question="Do copies of some tales leave fewer heroes?",
    stands=high < 0.9 < in_large,
    estimate=kept.mean().item(),
    interval=(low, high),
    n=len(kept),
    unit="seed",
    recorded="pretraining",
)

# %% [markdown]
# The third: of what is told by heart, have frequent tales more than their
# share? (At sharpness 1 they have just that.)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on what is by heart
once = overfitting.values("large, with copies", "mass")[:, -1].sum(dim=-1)
low, high = mean_interval(sharp.tolist())
verdict(
    "C09",
    "holds when a small corpus with copies is read again and again",
    "Sharpness of what is told by heart after 16 readings, of "
    f"{last.sum(dim=-1).mean():.0%} of all texts. After one reading of a "
    f"large corpus nothing is by heart ({once.mean():.1g}).",
    question="Are frequent tales told by heart beyond their share?",
    stands=low > 1.2 and once.max() < 0.001,
    estimate=sharp.mean().item(),
    interval=(low, high),
    n=len(sharp),
    unit="seed",
    recorded="pretraining",
)

# %% [markdown]
# So who says "overfitting collapsed the model" should ask what its corpus
# holds. (Frequency alone is no collapse: a model that fits the world copies
# its favourites, and that is all.)
#
# **C31**: *$L_{ce} - \lambda H$ keeps diversity.* Two rivals, so two
# questions: effective heroes with λ = 0.1, against the plain loss, and against
# the plain loss sampled at a temperature of the same cross-entropy.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the bonus and the plain loss
pair = ("cross-entropy", "entropy 0.1")
plain, ours = (flattening.heroes(kind, "loss") for kind in pair)
before, after = (flattening.valid(kind, "loss").mean() for kind in pair)
gain, more = ours - plain, flattening.beside_temperature("entropy 0.1")[0]
low, high = mean_interval(gain.tolist())
verdict(
    "C31",
    "holds when compared with the plain loss",
    "Effective heroes that λ = 0.1 adds, while of 100 texts "
    f"{100 * (before - after):.0f} more are broken. It gives more variety "
    "than the world has.",
    question="Does λ = 0.1 keep more heroes than the plain loss?",
    stands=low > 0 and ours.mean() > in_world,
    estimate=gain.mean().item(),
    interval=(low, high),
    n=len(gain),
    unit="seed",
    recorded="pretraining",
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the bonus and temperature
low, high = mean_interval(more.tolist())
verdict(
    "C31",
    "fails",
    "Effective heroes that λ = 0.1 has more than a temperature of the same "
    "cross-entropy. At the same price the temperature buys a little more.",
    question="Does λ = 0.1 keep more heroes than a temperature at the same "
    "cross-entropy?",
    stands=high < 0.1,
    estimate=more.mean().item(),
    interval=(low, high),
    n=len(more),
    unit="seed",
    recorded="pretraining",
)

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("05")

# %% [markdown]
# ## Recap
#
# - A model that fits a skewed corpus copies its skew. Sharpness 1 is no fault.
# - A model tells the heroes that its corpus holds; copies make that poorer.
# - Further readings bring tales by heart, the copied ones first.
# - A small entropy bonus is a temperature; a large one pays for junk.
# - Who reads only model text loses the rare; a few fresh real tales hold it.
#
# ## Read on
#
# - Shumailov and others 2024,
#   [AI models collapse when trained on recursively generated data](https://doi.org/10.1038/s41586-024-07566-y):
#   language models that read their own output; the tails go first.
# - Gerstgrasser and others 2024,
#   [Is model collapse inevitable?](https://arxiv.org/abs/2404.01413):
#   replace against accumulate, with the proof for linear models.
# - Pereyra and others 2017,
#   [Regularizing neural networks by penalizing confident output distributions](https://arxiv.org/abs/1701.06548):
#   the entropy bonus beside label smoothing.
# - Kandpal, Wallace and Raffel 2022,
#   [Deduplicating training data mitigates privacy risks](https://arxiv.org/abs/2202.06539):
#   what stands twice in a corpus is told far more than twice as often.

# %% [markdown]
# **Next**: [06 Collapse from reward](06_collapse_from_reward.ipynb). Tune a
# model on a reward that asks for one thing. What else changes?
