# %% [markdown]
# # 01 · Softmax and temperature
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
from course_utils.classroom import start

start("01")

# %% [markdown]
# **What you will be able to do**
#
# - Turn logits into probabilities, without overflow
# - Say what temperature changes, and the one thing it never changes
# - Draw a token in two ways, and test that the draws are right
# - Write a decoding loop and a sampler that `transformers` accepts
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 00](00_start_here.ipynb), Python, and a
# little torch (tensors, `sum`, `dim`)
#
# **The question**: what does temperature do to a model's choice, exactly?

# %% [markdown]
# ## Five words and their logits
#
# A language model gives every word of its vocabulary a number, the
# [*logit*](../GLOSSARY.md#logit). (Strictly, every *token*: a word or a piece
# of one.) A higher logit means a likelier word. Here is a vocabulary of five.

# %%
import torch

words = ["fox", "owl", "goat", "crow", "lynx"]
logits = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0])

# %% [markdown]
# Logits are not probabilities: they can be negative, and their sum can be
# anything. Two steps turn them into probabilities. First, `exp` makes them
# positive:

# %%
weights = logits.exp()
weights

# %% [markdown]
# Second, division by their sum makes them add up to 1:

# %% tags=["nbval-check-output"]
probs = weights / weights.sum()
for word, p in zip(words, probs.tolist(), strict=False):
    print(f"{word:5} {p:.3f}")

# %%
from course_utils.classroom import fact

fact("the probabilities add up to 1", lambda: abs(probs.sum() - 1) < 1e-6)

# %% [markdown]
# That is [*softmax*](../GLOSSARY.md#softmax). Each step down of 1 in the logit
# costs the same factor, $e \approx 2.72$. Only differences count.
#
# ## Temperature divides the logits
#
# $$ p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}} $$
#
# The article writes the same formula, with $P(\text{token})$ on the left and
# an index $i$ on the right that nothing explains. It means: the probability
# of token number $i$. With that repair it is claim **C01**.
# (All signs of the course are in a
# [table of notation](../GLOSSARY.md#notation).)

# %%
from course_utils.classroom import predict

guess = predict(
    "fox at T = 2",
    "At T = 1 the fox has a probability of 64 %. What is it at T = 2?",
    choices=["about 32 %", "about 43 %", "about 64 %", "about 80 %"],
)
guess

# %%
halved = (logits / 2).exp()
at_two = halved / halved.sum()
at_two

# %%
guess.compare(
    "about 43 %",
    "Not half: dividing the logits by 2 takes the square root of every ratio "
    "between two words. Four steps of 2.72 become four steps of 1.65.",
)

# %%
fact(
    "the fox has about 43 % at T = 2",
    lambda: abs(at_two[0] - 0.43) < 0.005,
)
fact(
    "T = 2 takes the square root of the ratio of fox to owl",
    lambda: torch.isclose(at_two[0] / at_two[1], (probs[0] / probs[1]).sqrt()),
)

# %% [markdown]
# ## Too hot for `exp`
#
# Real logits are not as tidy. Watch what happens to large ones.

# %%
large = torch.tensor([1000.0, 999.0])
large.exp(), large.exp() / large.exp().sum()

# %% [markdown]
# `exp(1000)` is too large for a float: infinity. Infinity divided by infinity
# is `nan`, not a number. But only differences count. So shift
# all logits until the largest is 0. `exp` of it is 1, and nothing overflows.
#
# The same shift gives the logarithm of the sum, known as *log-sum-exp*:
#
# $$ \ln \sum_i e^{z_i} = z_{\max} + \ln \sum_i e^{z_i - z_{\max}} $$
#
# A log-probability is a logit minus the log-sum-exp of all logits, with no
# division and no `log(0)`: this is what `log_softmax` does.

# %%
shifted = large - large.max()
stable = shifted.exp() / shifted.exp().sum()
stable

# %%
log_sum_exp = large.max() + shifted.exp().sum().log()
fact(
    "a logit minus the log-sum-exp is a log-probability",
    lambda: torch.allclose(large - log_sum_exp, stable.log(), atol=1e-4),
)
fact(
    "logits of 1000 and 999 give what logits of 1 and 0 give",
    lambda: torch.allclose(stable, torch.tensor([1.0, 0.0]).softmax(-1)),
)

# %% [markdown]
# ## Many rows at once
#
# Models work on many rows at once. `dim=-1` means: along the last dimension,
# within each row. `keepdim=True` keeps the shape such that rows and their
# maxima fit together.

# %%
rows = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
rows - rows.amax(dim=-1, keepdim=True)

# %% [markdown]
# ### Exercise 1: softmax
#
# Difficulty: medium · 15 minutes
#
# Write softmax with a temperature, without `torch.softmax`. It works on the
# *last* dimension, so that a batch of rows comes out as a batch. It doesn't
# overflow, and a logit of `-inf` gets probability 0. At `temperature=0` the
# largest logit takes everything; where several tie for it, they share. Leave
# the caller's tensor as it is.

# %%
from course_utils.classroom import exercise


@exercise("foundations.softmax.softmax")
def softmax(logits, temperature=1.0):
    """Probabilities along the last dimension, at a temperature."""
    ...


# %% [markdown]
# From here on `softmax` is yours if it passed, and the course's own if not.
#
# ## The two ends of the dial

# %% tags=["nbval-check-output"]
for temperature in (0, 0.25, 1, 4, 1000):
    row = softmax(logits, temperature)
    print(f"T = {temperature:<4}", *(f"{p:.3f}" for p in row.tolist()))

# %% [markdown]
# Towards T = 0 the most likely word takes all (claim **C02**). Towards
# infinity all words become equal. At T = 1 the probabilities are those that
# the model was trained to give.

# %%
grid = torch.logspace(-1.3, 1.7, 200)
curves = torch.stack([softmax(logits, t.item()) for t in grid])

# %% jupyter={"source_hidden": true}
# Draws: each word's probability over the temperature
import matplotlib.pyplot as plt
from course_utils.classroom import PALETTE, show

figure, axes = plt.subplots(figsize=(7.5, 3.2))
axes.plot(grid, curves)
places = [0.6, 1.3, 1.6, 2.6, 5.5]  # where each word stands on its curve
for t, word, at in zip(places, words, range(len(logits)), strict=False):
    label = axes.text(t, softmax(logits, t)[at], word, ha="center")
    box = {"fc": axes.get_facecolor(), "ec": "none", "pad": 0.5}
    label.set(va="center", bbox=box)
axes.axvline(1, color=PALETTE["muted"], lw=1)
axes.set(xscale="log", xlabel="temperature T", ylabel="probability")
axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
axes.set_title("From one word to all words: the curves never cross")
show(
    figure,
    alt="Probability of five words over the temperature on a log axis. At the "
    "left the fox has 1 and the others 0; at the right all have 0.2. The "
    "curves approach each other but never cross.",
)

# %% [markdown]
# **Stretch**: at which T does the fox have exactly one half? Find it to two
# decimals.
#
# ## What temperature never changes
#
# The curves never cross. A word that is behind stays behind, at every
# temperature. Higher temperature gives the rarest words more (claim **C03**),
# but it never prefers one to a likelier one.

# %%
from course_utils import load_model

lm = load_model()
prompt = "Once upon a time there was a"
real = lm.next_token_logits(prompt)
order = real.argsort(descending=True)

# %%
fact(
    "along the order of the logits, probabilities only fall or stay",
    lambda: all(
        (softmax(real, t)[order].diff() <= 0).all()
        for t in (0.2, 0.7, 1.3, 3.0)
    ),
)

# %% [markdown]
# ## Who gains as T rises, and who loses?
# {{deep}}
#
# There is a rule: a word gains just as long as its logit
# lies below the *average* logit, weighted by the probabilities at that T. So
# the likeliest word always loses and the rarest always gains. In between it
# depends: the owl gains up to about T = 1.8, and then loses.

# %%
peak = curves[:, 1].argmax()  # of the owl's curve
average = (curves * logits).sum(dim=-1)
print(f"The owl has most at T = {grid[peak]:.2f}.")
print(f"There the average logit is {average[peak]:.2f}, its own {logits[1]}.")

# %%
fact(
    "the likeliest word always loses, and the rarest always gains",
    lambda: (
        (curves[:, 0].diff() <= 1e-7).all()
        and (curves[:, 4].diff() >= -1e-7).all()
    ),
)
fact("the owl gains up to about T = 1.8", lambda: 1.7 < grid[peak] < 1.9)
fact(
    "the owl has most where the average logit is its own",
    lambda: abs(average[peak] - logits[1]) < 0.05,
)

# %% [markdown]
# ## A live figure: the same dial on a real model
#
# The storyteller continues "Once upon a time there was a". Grey marks are the
# truth: what the world that wrote its books would say here. [*Total
# variation*](../GLOSSARY.md#total-variation) is half the sum of the
# absolute differences: 0 if model and truth agree, 1 if they have nothing in
# common.

# %%
shown = order[:9]
labels = [lm.decode([i]).strip() or "?" for i in shown.tolist()]
truth = None  # known of the storyteller only

# %%
# only with the storyteller
from course_utils import StoryWorld

world = StoryWorld()
fault = world.parse(prompt).fault
if fault is None or fault.kind == "unfinished":  # so a tale may begin
    truth = world.next_token_distribution(prompt, lm.tokenizer)
    gap = (softmax(real) - truth).abs().sum() / 2
    print(f"total variation between model and truth: {gap:.1%}")

# %% jupyter={"source_hidden": true}
# Draws: a bar for each word, and the truth as grey marks
from course_utils.classroom import LiveFigure, slider


def draw(figure):
    axes = figure.subplots()
    places = range(len(labels))
    bars = axes.bar(places, [0] * len(labels), color=PALETTE["model"])
    marks = []
    if truth is not None:
        look = {"ms": 34, "mew": 3, "color": PALETTE["truth"]}
        marks = axes.plot(places, truth[shown], "_", **look)
        axes.text(4, 0.9, "grey marks: the truth", color=PALETTE["truth"])
    axes.set_xticks(places, labels, rotation=45, ha="right")
    axes.set(ylim=(0, 1), ylabel="probability")
    return {"bars": bars, "marks": marks, "title": axes.set_title(" ")}


# %% jupyter={"source_hidden": true}
# Draws: the slider, and what it moves
def update(artists, temperature):
    probs = softmax(real, temperature)
    for bar, height in zip(artists["bars"], probs[shown], strict=False):
        bar.set_height(height.item())
    rest = 1 - probs[shown].sum().item()
    title = f"T = {temperature:.1f}, words not shown: {rest:.0%}"
    artists["title"].set_text(title)
    return (
        f"At T = {temperature:.1f} {labels[0]!r} has {probs.max():.0%}, "
        f"all words not shown have {rest:.0%}."
    )


LiveFigure(
    draw,
    update,
    {
        "temperature": slider(
            0.0, 5.0, value=1.0, step=0.1, label="temperature T"
        )
    },
    alt="Bars of the nine likeliest next words with marks for their true "
    "probabilities. At T = 1 bars and marks agree. Below, the first word "
    "takes all. Above, words that are not shown take over.",
    size=(8, 3.5),
)

# %% [markdown]
# Turn it to 0, then up to 5. At the top, the words that are *not* shown take
# over: there are more than a thousand of them, each with next to nothing,
# and temperature lifts them all. That is why tales break at high T.

# %%
fact(
    "the words that are not shown have more at T = 5 than at T = 1",
    lambda: softmax(real, 5)[shown].sum() < softmax(real, 1)[shown].sum(),
)

# %% [markdown]
# ## From probabilities to a word
#
# Lay the probabilities end to end: together they fill the line from 0 to 1. A
# uniform random number falls into one of the pieces. That piece's word is
# drawn. This is [sampling](../GLOSSARY.md#sampling) by the *inverse of the
# cumulative distribution*. The cumulative sum is a *running sum*: each entry
# is rounded to what a float can hold. So it may end a little below 1, and
# notebook 02 asks what else that can do.

# %%
cumulative = probs.cumsum(dim=-1)
cumulative

# %%
u = 0.8
drawn = torch.searchsorted(cumulative, torch.tensor(u), right=True)
winner = words[drawn] if drawn < len(words) else "nobody"
print(f"{u} falls into the piece of {winner!r}")

# %% jupyter={"source_hidden": true}
# Tested here: what the text says.
from itertools import accumulate

fact(
    "ten tenths, added one by one, end a little below 1",
    list(accumulate([0.1] * 10))[-1] < 1,
)

# %% [markdown]
# ### Exercise 2: sample
#
# Difficulty: medium · 10 minutes
#
# Draw `num_samples` token ids for each row of `probs`. You need
# `torch.rand(shape, generator=generator)`, `cumsum` and
# `torch.searchsorted(..., right=True)`. Draw with replacement; the result has
# the shape of `probs`, with `num_samples` in place of the vocabulary. A word
# with probability 0 must never come out. (Beware: a running sum of floats may
# end a little below 1.)


# %%
@exercise("foundations.softmax.sample")
def sample(probs, num_samples=1, generator=None):
    """Token ids, shape [..., num_samples], drawn from the last dimension."""
    ...


# %% [markdown]
# ## Is it right? Ask 10,000 draws
#
# Counts of a right sampler scatter around n·p. The *chi-square* statistic
# adds up the squared misses, each divided by what was expected. For five
# words a right sampler stays below 18.5 in 999 of 1000 runs.


# %%
def chi_square(draws, probs):
    """How far the counts of `draws` are from what `probs` lets expect."""
    expected = len(draws) * probs
    counts = torch.bincount(draws, minlength=len(probs))
    return ((counts - expected) ** 2 / expected).sum().item()


# %%
dice = torch.Generator().manual_seed(1)
draws = sample(probs, num_samples=10_000, generator=dice)
wrong = softmax(logits, 1.2)
print(f"chi-square {chi_square(draws, probs):.1f}, to be below 18.5")
print(f"as draws at T = 1.2: {chi_square(draws, wrong):.1f}")

# %%
fact("10,000 draws pass", lambda: chi_square(draws, probs) < 18.5)
fact(
    "10,000 draws at T = 1 don't pass as draws at T = 1.2",
    lambda: chi_square(draws, wrong) > 18.5,
)

# %% [markdown]
# The second number matters as much as the first: a test that could never
# fail shows nothing. Ours notices a temperature of 1.2 instead of 1.
#
# ## Another way: add noise, take the largest
# {{deep}}
#
# Draw a number $g_i = -\ln(-\ln u_i)$ for each word, with $u_i$ uniform
# between 0 and 1 ([*Gumbel noise*](../GLOSSARY.md#gumbel-noise)), add it to
# the logits divided by T, and take the largest. The winner has exactly the
# softmax distribution ([Maddison, Tarlow, Minka
# 2014](https://arxiv.org/abs/1411.0030) tell the story). Nobody had to sum
# anything.
#
# ### Exercise 3: Gumbel-max
#
# Difficulty: medium · 10 minutes
#
# Return one token id per row. Use `torch.rand(..., generator=generator)`, a
# number of its own for every logit. The temperature is above 0 here.


# %%
@exercise("foundations.softmax.gumbel_max")
def gumbel_max(logits, temperature=1.0, generator=None):
    """One token id per row, without computing a probability."""
    ...


# %%
many_rows = logits.expand(10_000, -1)
dice = torch.Generator().manual_seed(2)
noisy = gumbel_max(many_rows, generator=dice)
print(f"chi-square {chi_square(noisy, probs):.1f}")

# %%
fact("Gumbel-max passes, too", lambda: chi_square(noisy, probs) < 18.5)

# %% [markdown]
# So *Gumbel* noise and an argmax *are* sampling. Remember that when somebody
# proposes noise on the logits as a cure for low diversity.
#
# **Stretch**: take the *two* largest noisy logits of each row. What do you
# draw then? Compare how often the owl comes second with how often it comes
# first, and find a formula for it.
#
# ## Your own decoding loop
#
# Predict a word, draw it, append it, again. The slow and honest version:

# %%
ids = lm.encode("Once upon a time")
dice = torch.Generator().manual_seed(3)
for _ in range(25):
    with torch.no_grad():
        outputs = lm.model(torch.tensor([ids], device=lm.device))
    last = outputs.logits[0, -1].float().cpu()
    token = sample(softmax(last, 0.9), generator=dice).item()
    ids.append(token)
print(lm.decode(ids))

# %% [markdown]
# It reads the whole text again for each word. `generate` from the course is
# the same loop, for a whole batch at once, with a memory of what was read. And
# where does it get its temperature from? From a [*logits
# processor*](../GLOSSARY.md#logits-processor): an object that is called with
# the tokens so far and the logits, and gives back new logits. `transformers`
# has the same protocol.
#
# Processors run one after the other, so their *order* matters. `transformers`
# applies temperature before it cuts unlikely tokens off (top-k, top-p), and
# llama.cpp after. With temperature first, a hot dial lifts the tail before the
# cut by probability, and more of it is let through (notebook 12). The same
# settings don't mean the same sampler.
#
# ### Exercise 4: a sampler of your own
#
# Difficulty: easy · 5 minutes
#
# `scores` has one row of logits for each text in the batch. Return them
# divided by the temperature. For `temperature=0` keep each row's largest
# score (all of them where several tie) and set the others to `-torch.inf`.
# Leave `scores` itself as it is.

# %%
from transformers import LogitsProcessor


@exercise("mitigation.temperature.Temperature")
class Temperature(LogitsProcessor):
    """Divides every logit by the temperature."""

    def __init__(self, temperature):
        self.temperature = temperature

    def __call__(self, input_ids, scores):
        """New logits of the same shape."""
        ...


# %%
import textwrap

from course_utils import generate

runs = generate(
    lm, "", n=3, max_new_tokens=40, processors=[Temperature(0.7)], seed=5
)
for text in runs.texts:
    print(textwrap.fill(f"{text} ...", 79), end="\n\n")

# %% [markdown]
# ## Your sampler in other people's code
# {{deep}}
#
# Does it work there as well? The same seed must give the
# same words, in our loop and in that of `transformers`.

# %%
start_of_text = torch.tensor([lm.encode("Once upon a time")] * 3)
torch.manual_seed(5)
theirs = lm.model.generate(
    start_of_text.to(lm.device),
    do_sample=True,
    top_k=0,  # switches off the default of 50
    max_new_tokens=30,
    pad_token_id=lm.padding_id,
    logits_processor=[Temperature(0.7)],
)

# %%
ours = generate(
    lm,
    "Once upon a time",
    n=3,
    max_new_tokens=30,
    processors=[Temperature(0.7)],
    seed=5,
)
same = [
    row[start_of_text.shape[1] :][: len(ids)] == ids
    for ids, row in zip(ours.token_ids, theirs.tolist(), strict=False)
]
print(sum(same), "of", len(same), "texts are the same, token for token")

# %%
fact("both loops give the same tokens", all(same))

# %% [markdown]
# ## Claims on trial
#
# **C01** (the formula), **C02** (towards 0 only the likeliest token) and
# **C03** (higher T gives rare tokens more weight) can be tried on the logits
# of real contexts: 100 beginnings of texts that the model wrote itself. Mind
# what such a trial is worth: C01 is a definition, and C02 (without ties) and
# C03 (for the rarest tokens together) are theorems. The runs check our code,
# not the mathematics.

# %%
begin = lm.encode("")
written = generate(lm, "", n=100, max_new_tokens=30, seed=6).token_ids
with torch.no_grad():
    rows = [
        lm.model(torch.tensor([ids], device=lm.device)).logits[0, -1]
        for ids in (begin + new for new in written)
    ]
rows = torch.stack(rows).float().cpu()
n = len(rows)
rows.shape

# %% [markdown]
# For C01 we need the formula's numbers from somebody else: from `torch`. For
# C03, take in each context the rarer half of the vocabulary and compare its
# total weight at T = 1 and T = 1.5: `argsort` finds these tokens, `gather`
# picks their probabilities.

# %%
agree = [
    (softmax(rows, t) - torch.softmax(rows / t, -1)).abs().amax(-1) < 1e-5
    for t in (0.5, 1.0, 2.0)
]
c01 = torch.stack(agree).all(0).sum().item()
c02 = (softmax(rows, 1e-5).amax(-1) > 0.999).sum().item()
c01, c02

# %%
rare = rows.argsort(-1)[:, : rows.shape[1] // 2]
cooler, warmer = (
    softmax(rows, t).gather(-1, rare).sum(-1) for t in (1.0, 1.5)
)
c03 = (warmer > cooler).sum().item()
ranks_stay = (softmax(rows, 1.5).argsort(-1) == rows.argsort(-1)).float()
print(f"{c03} contexts; {ranks_stay.mean():.1%} of all ranks stay")

# %%
fact("the formula gives torch's probabilities in every context", c01 == n)
fact("one token takes all in at least 95 of 100", c02 >= 0.95 * n)
fact("the rarer half gains in every context", c03 == n)
fact("the order of tokens stays, but for rounding", ranks_stay.mean() > 0.9)

# %%
from course_utils.classroom import verdict
from course_utils.foundations.intervals import wilson_interval

verdict(
    "C01",
    "holds",
    "With the index repaired: the share of contexts in which the formula "
    "gives torch's probabilities to five places, at three temperatures.",
    question="Does the formula, with its index repaired, give the "
    "probabilities that torch gives?",
    stands=c01 == n,
    estimate=c01 / n,
    interval=wilson_interval(c01, n),
    n=n,
    unit="context",
)

# %%
verdict(
    "C02",
    "holds",
    "The share of contexts in which one token has more than 99.9 % at "
    "T = 0.00001. The exceptions, if any, are near ties: gaps below 0.0001.",
    question="Does one token take all as T goes to 0?",
    stands=wilson_interval(c02, n)[0] > 0.8,
    estimate=c02 / n,
    interval=wilson_interval(c02, n),
    n=n,
    unit="context",
)

# %%
verdict(
    "C03",
    "holds",
    "The share of contexts in which the rarer half of the vocabulary gains "
    "weight from T = 1 to 1.5. But for rounding, the order of tokens stays.",
    question="Does the rarer half of the vocabulary gain weight as T rises?",
    stands=c03 == n,
    estimate=c03 / n,
    interval=wilson_interval(c03, n),
    n=n,
    unit="context",
)

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("01")

# %% [markdown]
# ## Recap
#
# - Softmax: shift, exponentiate, divide by the sum. Only differences count.
# - Temperature divides the logits: T → 0 is argmax, T → ∞ is uniform.
# - It never changes the order. The top falls, the bottom rises.
# - Sampling by inverse CDF and Gumbel-max are the same distribution.

# %% [markdown]
# ## Read on
#
# - Hinton, Vinyals, Dean 2015,
#   [Distilling the knowledge in a neural network](https://arxiv.org/abs/1503.02531):
#   made softmax temperature widely known, to teach a small model what a large
#   one knows.
# - Maddison, Tarlow, Minka 2014,
#   [A* sampling](https://arxiv.org/abs/1411.0030): the Gumbel-max trick,
#   carried over to continuous spaces.
# - Holtzman and others 2019,
#   [The curious case of neural text degeneration](https://arxiv.org/abs/1904.09751):
#   why the likeliest text is not the most human one.

# %% [markdown]
# **Next**: [02 Logit saturation](02_logit_saturation.ipynb). Does high
# temperature drown the logits in rounding noise, as the article says? You will
# find out where, and in which number format.
