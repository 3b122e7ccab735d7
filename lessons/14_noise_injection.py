# %% [markdown]
# # 14 · Noise injection
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import math
import re

import numpy as np
import torch
from course_utils import StoryWorld, entropy, generate, load_model
from course_utils.classroom import exercise, fact, predict, show, start

start("14")

# %% [markdown]
# **What you will be able to do**
#
# - Tell apart the entropy that a log shows and that of what comes out
# - Compute what noisy draws follow, and set it beside a temperature
# - Explain what independent noise adds to a *set* of texts and what it can't,
#   and build draws that know of each other
# - Put "explores without destabilising" to the test
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: softmax, Gumbel noise and the inverse CDF
# ([notebook 01](01_softmax_and_temperature.ipynb)), entropy
# ([notebook 03](03_entropy_and_its_collapse.ipynb)), equal validity
# ([notebook 12](12_truncation.ipynb))
#
# **The question**: you want a dozen tales that differ. Shake the logits at
# every word: does that spread the tales apart?

# %% [markdown]
# ## Shake a row
#
# The article proposes noise on the logits, like shaking a box of puzzle
# pieces: add a normal random number to each. Take a row that could not be more
# open, 500 equal logits, so log2(500) = 8.97 bits. Shake it with a standard
# deviation of $\sigma$ = 1, take the softmax, and measure its entropy. Again
# and again: 2,000 shakes.

# %%
guess = predict(
    "entropy of the shaken row",
    "What is the mean entropy of the shaken softmax?",
    choices=["more than 8.97 bits", "the same", "about 8.25 bits"],
)
guess

# %%
dice = torch.Generator().manual_seed(0)
even = torch.zeros(2000, 500)
noise = torch.randn(even.shape, generator=dice)
bits = entropy((even + noise).softmax(dim=-1)).mean()
print(f"{bits:.2f} bits")

# %%
guess.compare(
    "about 8.25 bits",
    "Noise makes some tokens likelier than others. Nothing was undecided "
    "before; each shake decides a little.",
)

# %%
fact("the mean entropy is about 8.25 bits", abs(bits - 8.25) < 0.05)

# %% [markdown]
# So is noise a cause of collapse? Not so fast. *Which* tokens are favoured is
# another matter in each shake. Over many shakes every token comes out equally
# often. There are two entropies:
#
# - **realised**: of each shaken softmax, then the mean. A log of entropies
#   shows this one.
# - **marginal**: of the mean of all the softmaxes. The tokens that come out
#   follow this one.
#
# ### Exercise 1: two entropies
#
# Difficulty: medium · 8 minutes
#
# `noisy_logits` has one row for each shake. Return both, in bits: realised,
# marginal.


# %%
@exercise("mitigation.noise.two_entropies")
def two_entropies(noisy_logits):
    """The mean of the entropies, and the entropy of the mean."""
    ...


# %%
sigmas = [0.25, 0.5, 1, 1.5, 2, 3]
pairs = [two_entropies(sigma * noise) for sigma in sigmas]
realised, marginal = (
    [value.item() for value in column] for column in zip(*pairs, strict=True)
)

# %% jupyter={"source_hidden": true}
# Draws: the two entropies over the noise's standard deviation
from course_utils.plots import noise as pictures

show(
    pictures.plot_two_entropies(sigmas, realised, marginal),
    alt="Over sigma from 0.25 to 3 the marginal entropy stays at 8.97 bits, "
    "the realised one falls, to about 4 bits at sigma 3.",
)

# %% [markdown]
# For small $\sigma$ the realised entropy of an even row falls by about
# $\sigma^2 / 2$ nats, that is $0.72\,\sigma^2$ bits.

# %%
even_bits = math.log2(500)
drops = [even_bits - bits for bits in realised]
fact(
    "for sigma up to 1 the realised entropy falls by sigma^2 / 2 nats",
    all(
        abs(drop - sigma**2 / 2 / math.log(2)) < 0.05 * sigma**2
        for drop, sigma in zip(drops[:3], sigmas[:3], strict=True)
    ),
)
fact("the marginal entropy stays", min(marginal) > even_bits - 0.1)

# %% [markdown]
# An entropy monitor that reads logits *after* the noise raises false alarms.
# Log the entropy before.
#
# ## Which temperature is that?
#
# If what comes out follows the marginal, and fresh noise is drawn at every
# token, then noise is nothing but another way to bend the distribution. Is it
# a temperature in disguise? Take two tokens whose logits are $d$ apart. Noise
# on both shifts $d$ by a normal number of standard deviation
# $\sigma \sqrt 2$. The mean over it is an integral, which Gauss and Hermite
# solve with a handful of points.

# %%
points, weights = np.polynomial.hermite_e.hermegauss(80)
weights = weights / weights.sum()


def loser(d, sigma):
    """The chance of the unlikelier of two tokens, under noise."""
    shifted = d + sigma * math.sqrt(2) * points
    return (weights / (1 + np.exp(shifted))).sum()


# %%
sigma = 2.0
print("   d   plain     noise     the temperature that does the same")
for d in (1, 2, 4, 8, 12):
    plain, shaken = loser(d, 0), loser(d, sigma)
    T = d / math.log((1 - shaken) / shaken)
    print(f"{d:>4}{plain:>9.1e}{shaken:>10.1e}{T:>9.2f}")

# %%
like = {d: d / math.log(1 / loser(d, 2.0) - 1) for d in (1, 12)}
fact(
    "noise of 2 is a temperature of 2 for a gap of 1, and below 1.5 for 12",
    1.9 < like[1] < 2.2 and like[12] < 1.5,
)

# %% [markdown]
# For two tokens every distribution is *some* temperature. But mark which: the
# same noise acts like T = 2 on a gap of 1, and like less than 1.5 on a gap of
# 12. A temperature divides all gaps; noise has to *jump* them, and normal
# numbers rarely jump far. So **noise stirs near rivals and spares far ones**.
#
# ## A live figure: noise beside its temperature
#
# On the storyteller: grey is the model, blue what noise makes of it, orange
# the temperature nearest to that (the same mean logit, which is the smallest
# KL divergence). The shaded tokens are impossible in the world.

# %%
from course_utils.mitigation.noise import matching_temperature, noisy_marginal

lm, world = load_model(), StoryWorld()
opening = "Before there were trains there was a curious girl called"
contexts = {
    "the hero's name": opening,
    "after the name": opening + " Wren",
    "inside a phrase": "Once upon",
}
logits_of = {name: lm.next_token_logits(t) for name, t in contexts.items()}
possible_of = dict.fromkeys(contexts)

# %%
# only with the storyteller
for name, text in contexts.items():
    truth = world.documents.next_token_distribution(text, lm.tokenizer)
    possible_of[name] = truth > 0

# %%
levels = [0.5, 1, 1.5, 2, 2.5, 3]
bent = {}
for name, logits in logits_of.items():
    for sigma in levels:
        marginal = noisy_marginal(logits, sigma)
        bent[name, sigma] = marginal, matching_temperature(logits, marginal)

# %% jupyter={"source_hidden": true}
# Draws: the model, noise, and the nearest temperature, token by token
from course_utils.classroom import LiveFigure, dropdown, steps


def move_marginal(artists, context, sigma):
    logits, (marginal, T) = logits_of[context], bent[context, sigma]
    order = logits.argsort(descending=True)
    heated = (logits / T).softmax(dim=-1)
    rows = [p[order].numpy() for p in (logits.softmax(-1), marginal, heated)]
    possible = possible_of[context]
    if possible is not None:
        possible = possible[order].numpy()
    return pictures.show_marginal(artists, rows, T.item(), possible)


dial = LiveFigure(
    pictures.draw_marginal,
    move_marginal,
    {
        "context": dropdown(
            list(contexts), value="the hero's name", label="step of the tale"
        ),
        "sigma": steps(levels, value=2, label="noise (sigma)"),
    },
    alt="Probabilities of 40 tokens by rank on a logarithmic axis. At the "
    "hero's name noise of 2 and T = 1.45 agree on the twelve possible names; "
    "on the impossible tokens the temperature lies about twenty times higher.",
    size=(9, 4.4),
)
dial

# %%
# only with the storyteller
marginal, T = bent["the hero's name", 2]
logits, possible = (
    logits_of["the hero's name"],
    possible_of["the hero's name"],
)
heated = (logits / T).softmax(dim=-1)
wrong = [p[~possible].sum().item() for p in (marginal, heated)]
bits = [entropy(p).item() for p in (marginal, heated)]
print(f"entropy: noise {bits[0]:.2f} bits, T = {T:.2f} {bits[1]:.2f} bits")
print(f"impossible: noise {wrong[0]:.2%}, temperature {wrong[1]:.2%}")

# %%
# only with the storyteller
fact(
    "with nearly the same entropy noise lets in ten times fewer impossible "
    "tokens",
    abs(bits[0] - bits[1]) < 0.05 and wrong[0] < wrong[1] / 10,
)

# %% [markdown]
# With the same entropy, noise of 2 lets in less than a tenth of the mistakes.
# That was not expected of noise, so think it over: a mistake is a token that
# lies 8 or more below the right ones. Dividing by 1.45 closes nearly a third
# of that gap, every time. Noise has to be 8 units lucky.
#
# **Stretch**: would a noise with fatter tails spare the far tokens as well?
# Try `torch.distributions.StudentT(3).sample(...)` in place of `torch.randn`.
#
# ## Shake a text
#
# The article scales the noise by the *local entropy*: where the model is
# decided nothing shakes. `EntropyNoise` does that; `GaussianNoise` shakes
# every step alike. Either can be drawn afresh at each token, or once `per`
# text: then a tale keeps its whims, and another tale has others.

# %%
from course_utils import EntropyNoise

for per in ("step", "text"):
    shaken = [EntropyNoise(1.0, per=per, seed=4)]
    runs = generate(lm, "", 3, 40, shaken, seed=14, progress=False)
    print(f"noise per {per}:")
    print(*(f"  {text[:75]}" for text in runs.texts), sep="\n")

# %% [markdown]
# What is recorded: 192 tales in a run, in sets of 64, with eight seeds.
# Variety is counted within a set: different pairs of hero and plot to be
# expected in 40 valid tales.
#
# ```
# python -m course_utils.recordings noise
# ```

# %%
guess = predict(
    "noise at 95 %",
    "Turn each up until 95 % of the tales are valid. Plain temperature then "
    "has about 35 pairs in 40 tales. Which has clearly more?",
    choices=[
        "noise of one strength at every token",
        "noise scaled by the entropy",
        "neither",
    ],
)
guess

# %%
from course_utils.foundations.intervals import mean_interval
from course_utils.recordings.frontier import Frontier

runs = Frontier.read("noise")
print(runs.table_of_leads())

# %%
guess.compare(
    "noise scaled by the entropy",
    "Look at its first row in the table: afresh at every token, with each "
    "step's own entropy for a scale.",
)

# %% jupyter={"source_hidden": true}
# Draws: pairs of hero and plot over validity, for the kinds of noise
from course_utils.plots.truncation import plot_frontiers

panels = (
    ("Afresh: scaled by entropy leads", ("noise", "entropy noise")),
    ("Per text: nearly free", ("noise per text", "entropy noise per text")),
)
of_world = sum(
    1 - (1 - hero * arc) ** runs.counted
    for hero in world.probabilities("hero").values()
    for arc in world.probabilities("arc").values()
)
show(
    plot_frontiers(runs, of_world, panels),
    alt="Pairs of hero and plot in 40 tales over validity, plain temperature "
    "in grey. Left: noise of one strength runs beside it, entropy noise a "
    "little above. Right: kept for a whole text, both climb with hardly a "
    "tale broken, and entropy noise lies above the grey line all the way.",
)

# %% [markdown]
# - **Noise of one strength** gains nothing clear at 95 %, whatever it spares
#   at a single step.
# - **Noise scaled by the entropy is ahead**, by about two pairs in 40. A
#   decided step stays as it is, an open one is stirred. That is the finding of
#   [notebook 13](13_adaptive_temperature.ipynb) again: spend chance where
#   there is a choice. Is it the noise, then, or the place? The row of dynatemp
#   answers: a temperature that rises with the entropy is ahead by half a pair,
#   the noise by two. So the place is a part of it. The rest is what the live
#   figure shows: noise spares far rivals.
# - **Kept for a whole text** it is nearly free at first. With $\varepsilon$ =
#   0.8 as many tales are valid as at T = 1, and tell some three pairs more. A
#   whim that lasts does not contradict itself: a name that is favoured when
#   the hero appears is favoured at every later mention. Turned up further, its
#   lead shrinks.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of noise.
fact(
    "noise of one strength has no clear lead at 95 %, entropy noise has",
    runs.lead("noise", 0.95).interval[0] < 0
    and runs.lead("entropy noise", 0.95).interval[0] > 1,
)
fact(
    "it is ahead of a temperature that follows the entropy, too",
    runs.lead("entropy noise", 0.95, over="dynatemp from 1").interval[0] > 0.5,
)
fact(
    "kept for a text its lead is larger at 98 % than at 95 %",
    runs.lead("entropy noise per text", 0.98).value
    > runs.lead("entropy noise per text", 0.95).value
    > 0,
)
lasting, plain_one = "entropy noise per text", runs.settings["temperature"]
change = {
    name: (
        runs.values(lasting, name)[runs.settings[lasting].index(0.8)]
        - runs.values("temperature", name)[plain_one.index(1)]
    ).tolist()
    for name in ("validity", "pairs", "fidelity")
}
fact(
    "entropy noise of 0.8 kept for a text costs no validity and brings two to "
    "five pairs",
    mean_interval(change["validity"])[0] > -0.01
    and mean_interval(change["validity"])[1] > 0
    and 2 < np.mean(change["pairs"]) < 5,
)
fact(
    "names and things stay no less often, within a hundredth",
    mean_interval(change["fidelity"])[0] > -0.01,
)

# %% [markdown]
# ## Shake a set?
#
# A dozen tales, each with noise of its own, drawn for itself alone. The noise
# bends what each tale follows, and may flatten it, as a temperature may. Does
# it do more for a *set*, such as keep two tales from choosing the same hero?
# It can't. Independent draws don't know of each other: a dozen of them hit the
# same name three times by luck, and noise is more of that luck.
#
# To spread a set, its draws must *know of each other*. Three ways; in each, a
# tale by itself follows what it would follow alone:
#
# - *Antithetic pairs*: two tales get the same noise, one with its sign turned.
# - *Strata*: at each token, every row's random number comes from another part
#   of [0, 1).
# - *Codes*: the whole text is decoded from one number, and the numbers are
#   evenly spaced.
#
# ## Strata for Gumbel noise
# {{deep}}
#
# Gumbel-max ([notebook 01](01_softmax_and_temperature.ipynb)) adds noise
# $-\ln(-\ln u)$ to each logit and takes the largest: an exact draw. It needs
# a uniform $u$ for each token of each row. Deal them out fairly: with $N$
# rows, one $u$ in each $N$-th part of [0, 1), in an order drawn by lot for
# each token.
#
# ### Exercise 2: one in each stratum
#
# Difficulty: medium · 8 minutes
#
# Both tensors have a row for each text and a column for each token, and are
# uniform on [0, 1). In each column row i gets the stratum number
# `lots.argsort(dim=0)[i]`: a random order of 0 to $N - 1$. `uniform` is the
# place within the stratum.


# %%
@exercise("mitigation.noise.strata")
def strata(lots, uniform):
    """Uniform numbers, one of each column in every 1 / rows of [0, 1)."""
    ...


# %%
dice = torch.Generator().manual_seed(0)
lots, places = torch.rand(2, 5, 3, generator=dice)
dealt = strata(lots, places)
print(dealt.sort(dim=0).values)

# %%
fact(
    "each column has one number in every fifth of [0, 1)",
    torch.equal(
        (5 * dealt).floor().sort(dim=0).values,
        torch.arange(5.0)[:, None].expand(5, 3),
    ),
)

# %% [markdown]
# ## Arithmetic sampling
#
# An inverse CDF (notebook 01) turns a uniform number into a token: the tokens
# part [0, 1) among themselves, and the number falls into one part. *Where*
# within that part it fell is again a uniform number, so it can choose the next
# token, and so on. One number decodes a whole text, as in arithmetic coding:
# [*arithmetic sampling*](../GLOSSARY.md#arithmetic-sampling)
# ([Vilnis and others 2023](https://arxiv.org/abs/2210.15458)). Now give $N$
# texts the codes $(i + u) / N$: evenly spaced, with one random $u$. (The paper
# spaces them by $1 / (N + 1)$; the idea is the same.)

# %% jupyter={"source_hidden": true}
# Draws: ten codes by luck and ten even ones, on the parts of four tokens
luck = np.random.default_rng(2)
names = {"Mira": 0.45, "Lena": 0.25, "Ada": 0.2, "Ivy": 0.1}
show(
    pictures.plot_codes(
        names,
        {
            "even": (np.arange(10) + 0.4) / 10,
            "by luck": np.sort(luck.random(10)),
        },
    ),
    alt="The unit interval in four parts. Ten random codes bunch up and miss "
    "the last part; ten even ones fall into it once, and into the others as "
    "often as their width says.",
)

# %% [markdown]
# ### Exercise 3: one step of decoding
#
# Difficulty: hard · 15 minutes
#
# `probs` has one row for each text, `codes` one number in [0, 1) for each.
# Return three things for each row: the token whose part the code falls into,
# the code's place within that part (0 where the part begins, nearly 1 where
# it ends), and the part's width. A code on a boundary belongs to the later
# token.


# %%
@exercise("mitigation.noise.decode_step")
def decode_step(probs, codes):
    """Tokens, new codes, widths."""
    ...


# %% tags=["nbval-check-output"]
probs = torch.tensor([[0.45, 0.25, 0.2, 0.1]], dtype=torch.float64)
codes = (torch.arange(10, dtype=torch.float64) + 0.4) / 10
tokens, inside, width = decode_step(probs.expand(10, 4), codes)
print("tokens", tokens.tolist())
print("new codes", *(f"{code:.2f}" for code in inside))

# %% [markdown]
# Even codes give each token as often as it deserves, and the new codes of
# those who share a token are evenly spaced again. So the set stays spread, as
# long as there are several texts to share a beginning.

# %%
guess = predict(
    "twelve girls",
    "A tale begins, and the name of a girl is next: 12 are possible. Draw 12 "
    "tales. How many different names, on average?",
    choices=[
        "independent 5 or 6, with codes 6 or 7",
        "independent 5 or 6, with codes 11 or 12",
        "no difference",
    ],
)
guess

# %%
from course_utils import ArithmeticSampling, GumbelNoise


def first_words(prompt, samplers, seed, n=12):
    """The word that follows the prompt, in n texts."""
    told = generate(lm, prompt, n, 6, samplers, seed=seed, progress=False)
    rest = [text[len(prompt) :] for text in told.texts]
    return [(re.findall(r"\w+", text) or [""])[0] for text in rest]


def different(make, prompt=opening, sets=40):
    """Mean number of different words, over sets."""
    found = [len({*first_words(prompt, make(s), s)}) for s in range(sets)]
    return np.mean(found)


# %%
ways = {
    "independent": lambda seed: [],
    "stratified": lambda seed: [GumbelNoise(stratified=True, seed=seed)],
    "codes": lambda seed: [ArithmeticSampling(seed=seed)],
}
names_told = {name: different(make) for name, make in ways.items()}
for name, mean in names_told.items():
    print(f"{name:12}{mean:.1f} different names in 12 tales")

# %%
# only with the storyteller
guess.compare(
    "independent 5 or 6, with codes 6 or 7",
    "Every tale is still an exact draw: nearly half of them are about Mira. "
    "Codes take the bad luck out, and no more.",
)

# %%
# only with the storyteller
fact(
    "independent draws have 5 to 6 names, codes and strata 6 to 7",
    5 < names_told["independent"] < 6
    and all(6 < names_told[name] < 7.2 for name in ("stratified", "codes")),
)

# %% [markdown]
# A code has only so many digits to share. Twelve codes tell $\log_2 12 = 3.6$
# bits apart; what comes after that is luck again. Here the name is next, and
# gets them all. At the start of a fresh document the opening would get them:
# "Once upon a time" or "Long ago", and nothing is left for the hero. *Spread
# what you care about first.*

# In the recorded sets of 64 tales, which begin afresh, draws that know of each
# other have no clear lead over draws that don't. (For pairs the fair
# comparison is noise per text without pairing.)

# %%
shared = {
    "stratified Gumbel": "temperature",
    "arithmetic": "temperature",
    "noise per text, in pairs": "noise per text",
}
for arm, alone in shared.items():
    print(f"{arm:26}{runs.lead(arm, 0.95, over=alone):+.1f} pairs at 95 %")

# %%
fact(
    "strata, codes and pairs have no clear lead in sets of whole tales",
    all(
        runs.lead(arm, 0.95, over=alone).interval[0] < 0
        for arm, alone in shared.items()
    ),
)

# %% [markdown]
# ## Claims on trial
#
# **C20**: noise that grows with the entropy explores without destabilising. If
# so, variety rises and validity stays. If it only made the mean distribution
# flatter, a higher temperature would do as well: one for all tokens, or one
# that follows the entropy.

# %%
from course_utils.classroom import quiz, verdict

place = runs.settings["entropy noise"].index(0.4)
one = runs.settings["temperature"].index(1)
for name in ("pairs", "validity"):
    values = runs.values("entropy noise", name)[place]
    change = (values - runs.values("temperature", name)[one]).tolist()
    low, high = mean_interval(change)
    print(f"{name}: {np.mean(change):+.3f} ({low:+.3f} to {high:+.3f})")

# %%
lead = runs.lead("entropy noise", 0.95)
control = runs.lead("entropy noise", 0.95, over="dynatemp from 1")
verdict(
    "C20",
    "holds",
    "By how many pairs of hero and plot in 40 valid tales noise scaled by the "
    "entropy, drawn afresh at each token, is ahead of plain temperature, each "
    "turned until 95 % are valid. Ahead of a temperature that follows the "
    f"entropy it is by {control:+.1f}. What falls under noise is the realised "
    "entropy; noise of one strength at every token has no clear lead.",
    question="Does entropy-scaled noise tell more different tales than plain "
    "temperature, at equal validity?",
    stands=lead.interval[0] > 0 and control.interval[0] > 0,
    estimate=lead.value,
    interval=lead.interval,
    n=lead.n,
    unit="seed",
    recorded="noise",
)

# %%
fact("entropy noise is ahead at the same validity", lead.interval[0] > 0)

# %% [markdown]
# "Holds" is said of this model, whose open steps are open because the world
# is: a dozen right names, and a cliff behind them. Where a model is undecided
# because it does not know, noise would stir mistakes.
#
# ## A short quiz

# %%
quiz("14")

# %% [markdown]
# ## Recap
#
# - Under noise the realised entropy falls; tokens follow the marginal.
# - Noise stirs near rivals and spares far ones; a temperature moves all.
# - Scaled by the entropy it spends chance where there is a choice, and leads.
# - Independent draws add nothing to a set; codes spread what comes first.
#
# ## Read on
#
# - Vilnis and others 2023,
#   [Arithmetic sampling](https://arxiv.org/abs/2210.15458): parallel draws
#   that know of each other, with proofs and translations.
# - Maddison and others 2014, [A* sampling](https://arxiv.org/abs/1411.0030):
#   what Gumbel noise can do beyond one draw.
# - Kool and others 2019,
#   [Stochastic beams and where to find them](https://arxiv.org/abs/1903.06059):
#   Gumbel noise for whole texts, without replacement.
#
# **Next**:
# [15 Beam and contrastive search](15_beam_and_contrastive_search.ipynb).
# Instead of drawing better, compare whole beginnings.
