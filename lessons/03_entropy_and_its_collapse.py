# %% [markdown]
# # 03 · Entropy and its collapse
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import math

import torch
from course_utils.classroom import (
    PALETTE,
    exercise,
    fact,
    predict,
    show,
    start,
)

start("03")

# %% [markdown]
# **What you will be able to do**
#
# - Measure in bits how undecided a model is, and how wrong
# - Derive how the entropy of one choice moves with temperature
# - Measure how that of a whole text does
# - Measure whether a loop makes the model surer and surer
# - Look inside: attention and hidden states of a text that has broken
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 01](01_softmax_and_temperature.ipynb),
# logarithms, and what a derivative is
#
# **The question**: the article says that entropy
# rises with temperature and then collapses. Can it?

# %% [markdown]
# ## Surprise
#
# How surprised are you by a word? Not at all if it was certain, more the rarer
# it was. Shannon measured it as $-\log_2 p$, in *bits*: a word of probability
# 1/2 has one bit of surprise, one of 1/8 has three. *Entropy* is the mean
# surprise: each word's surprise, as often as that word comes.
#
# $$ H = -\sum_i p_i \log_2 p_i $$

# %% tags=["nbval-check-output"]
probs = torch.tensor([0.5, 0.25, 0.125, 0.0625, 0.0625])
surprise = -probs.log2()
print("surprise:", surprise.tolist(), "bits")
print(f"entropy: {(probs * surprise).sum():.3f} bits")

# %% [markdown]
# So it takes 1.875 yes-or-no questions on average to find out the word: first
# "is it number one?", then "number two?", and so on.
#
# ### Exercise 1: entropy
#
# Difficulty: easy · 5 minutes
#
# Write it for a batch of rows (`dim=-1`). A probability of 0 counts for
# nothing, although the logarithm of 0 is minus infinity: `torch.xlogy(p, p)`
# is p log p with that rule. `base` names the unit: 2 gives bits, `math.e`
# gives *nats*. One nat is 1.44 bits.


# %%
@exercise("foundations.entropy.entropy")
def entropy(probs, base=2):
    """Entropy of each row, in units of log `base`."""
    ...


# %% tags=["nbval-check-output"]
for row in ([1.0, 0.0, 0.0], probs.tolist(), [1 / 8] * 8):
    bits = entropy(torch.tensor(row)).item()
    print(f"{bits:.3f} bits, like {2**bits:.1f} equal words")

# %% [markdown]
# ## When the model is wrong
#
# Take a model that thinks the five words equally likely. Its surprise at each
# of them is $\log_2 5$, or 2.32 bits, where 1.875 would do on average. It pays
# 0.45 bits for being wrong.
#
# In general, words come with the probabilities $p$, and a model believes in
# $q$. The mean of its surprise $-\log_2 q_i$ is the
# [*cross-entropy*](../GLOSSARY.md#cross-entropy): above, 2.32 bits. It is
# never below the entropy, and what is left over, the price of believing in
# $q$, is the [*KL divergence*](../GLOSSARY.md#kl-divergence): 0.45 bits.
#
# $$ \mathrm{KL}(p \,\|\, q) = -\sum_i p_i \log_2 q_i + \sum_i p_i \log_2 p_i
#    = \sum_i p_i \log_2 \frac{p_i}{q_i} $$
#
# [*Perplexity*](../GLOSSARY.md#perplexity) is the cross-entropy on another
# scale, 2 to the power of it: "as undecided as between so many equal words".
# Above, it is 5.

# %% tags=["nbval-check-output"]
q = torch.full((5,), 1 / 5)  # a model that knows the words, and nothing else
cross = -(probs * q.log2()).sum()
print(f"cross-entropy {cross:.3f} bits, perplexity {2**cross:.1f}")
print(f"of these, KL  {cross - entropy(probs):.3f} bits")

# %% [markdown]
# ### Exercise 2: KL divergence
#
# Difficulty: medium · 8 minutes
#
# Again for rows. Where $p_i$ is 0, the word counts for nothing, whatever $q$
# says. Where only $q_i$ is 0, KL is infinite: the model has ruled out what can
# happen. (`torch.xlogy(p, q)` is p log q, and does the right thing in both
# cases.)


# %%
@exercise("foundations.entropy.kl_divergence")
def kl_divergence(p, q, base=2):
    """KL(p || q) of each row, in units of log `base`."""
    ...


# %% [markdown]
# **Stretch**: KL(p ‖ q) and KL(q ‖ p) are different numbers. Find a p and a q
# for which one is ten times the other.
#
# ## What does temperature cost?
# {{deep}}
#
# We know the truth about the storyteller's next word, so your function can
# tell what its errors cost. KL(truth ‖ model) should be least where it was
# trained, at T = 1.

# %%
from course_utils import Temperature, generate, load_model, softmax

lm = load_model()
prompt = "Once upon a time there was a"
logits = lm.next_token_logits(prompt)

# %%
# only with the storyteller
from course_utils import StoryWorld

world, price = StoryWorld(), {}
fault = world.parse(prompt).fault
if fault is None or fault.kind == "unfinished":  # so a tale may begin
    truth = world.next_token_distribution(prompt, lm.tokenizer)
    price = {t: kl_divergence(truth, softmax(logits, t)) for t in (0.5, 1, 2)}
for t, bits in price.items():
    print(f"T = {t}: the model pays {bits:.3f} bits for its errors")

# %%
# only with the storyteller
fact(
    "the model pays least at T = 1",
    lambda: price[1] < price[0.5] and price[1] < price[2],
)

# %% [markdown]
# ## Entropy against temperature
#
# Now to the article's claim: with rising T, entropy first rises, then
# declines. First for one choice, with fixed logits.

# %%
guess = predict(
    "can entropy fall",
    "Are there logits for which entropy falls somewhere as T rises?",
    choices=["yes, widely spread ones", "yes, ones with ties", "no, none"],
)
guess

# %% [markdown]
# Look for some: 3,000 rows of eight logits, a third of them with ties and a
# third widely spread, each at forty temperatures.

# %%
dice = torch.Generator().manual_seed(3)
rows_tried = 3 * torch.randn(3000, 8, generator=dice, dtype=torch.float64)
rows_tried[1000:2000] = rows_tried[1000:2000].round()
rows_tried[2000:] *= 30
heats = torch.logspace(-1, 2, 40).tolist()
along_heats = torch.stack([entropy(softmax(rows_tried, t)) for t in heats])
falling = (along_heats.diff(dim=0) < -1e-9).any(dim=0).sum().item()
print(f"entropy falls somewhere in {falling} of {len(rows_tried):,} rows")

# %%
guess.compare(
    "no, none" if falling == 0 else "yes, widely spread ones",
    "Not one of them. The next section says why.",
)

# %%
fact("entropy falls in none of the rows", falling == 0)

# %% [markdown]
# ## Why?
#
# A search proves nothing. Let us derive it. Write
# $\langle z \rangle = \sum_i p_i z_i$ for the mean logit under the model's own
# probabilities $p_i = e^{z_i/T} / Z$, with $Z = \sum_j e^{z_j/T}$. In nats:
#
# 1. Put $\ln p_i = z_i/T - \ln Z$ into the entropy:
#    $\;H = \ln Z - \langle z \rangle / T$.
# 2. The sum of all weights: $\;\frac{d \ln Z}{dT} = -\langle z \rangle / T^2$.
# 3. One probability:
#    $\;\frac{dp_i}{dT} = -p_i\,(z_i - \langle z \rangle)/T^2$.
#    It grows just if its logit lies below the mean (the rule of notebook 01).
# 4. So the mean logit sinks: $\;\frac{d\langle z \rangle}{dT} = \sum_i z_i
#    \frac{dp_i}{dT} = -\mathrm{Var}_p(z)/T^2$.
# 5. Together: $\;\frac{dH}{dT} = -\frac{\langle z \rangle}{T^2} +
#    \frac{\mathrm{Var}_p(z)}{T^3} + \frac{\langle z \rangle}{T^2} =
#    \frac{\mathrm{Var}_p(z)}{T^3}$.
#
# A derivation can be wrong. So compare it with two entropies at nearly the
# same temperature, a *finite difference*:


# %%
def by_differences(z, t, base=2, h=1e-4):
    """The slope of the entropy at t, from two entropies close together."""
    above = entropy(softmax(z, t + h), base)
    below = entropy(softmax(z, max(t - h, 0)), base)
    return (above - below) / (2 * h)


# %%
z = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
slopes = {}
for t in (0.5, 1.0, 2.0, 5.0):
    p = softmax(z, t)
    derived = (p * (z - (p * z).sum()) ** 2).sum() / t**3
    slopes[t] = derived, by_differences(z, t, math.e)
    print(f"T = {t}: {derived:.6f}, by differences {slopes[t][1]:.6f}")

# %% [markdown]
# ### Exercise 3: the slope
#
# Difficulty: medium · 10 minutes
#
# Write dH/dT for rows, in units of log `base`: nats are divided by
# `math.log(base)`. The temperature is above 0 here. A logit of `-inf` belongs
# to a token that never comes, and counts for nothing.


# %%
@exercise("foundations.entropy.entropy_slope")
def entropy_slope(logits, temperature=1.0, base=2):
    """How fast each row's entropy rises with T, per unit of T."""
    ...


# %%
for t in (0.5, 1.0, 2.0, 5.0):  # a real model, with its whole vocabulary
    print(
        f"T = {t}: {entropy_slope(logits.double(), t):.3f} bits per unit of T"
    )

# %%
fact(
    "the derived slope is that of two entropies close together",
    lambda: all(abs(one - other) < 1e-6 for one, other in slopes.values()),
)
fact(
    "the slope of a real model is that of two entropies, and never negative",
    lambda: all(
        abs(entropy_slope(z, t) - by_differences(z, t)) < 1e-6
        and entropy_slope(z, t) >= 0
        for z in [logits.double()]
        for t in (0.5, 1.0, 2.0, 5.0)
    ),
)

# %% [markdown]
# The slope is a variance over T cubed, and no variance is negative. It is 0
# only if all possible tokens have the same logit. So for one choice there is
# no threshold beyond which entropy declines. It rises from the entropy of the
# ties for the top (0 if there is one winner) to $\log_2$ of the vocabulary's
# size, and stays below it. That is a theorem, not a finding.
#
# ## Along a text
#
# A text is a row of choices. We take one text, and read it at every
# temperature: `read_logits` gives the logits before each token. And we let the
# model write a text of its own at every temperature.


# %%
def write(temperature, n, length):
    """Texts of `length` tokens, or of what half of them reach."""
    dice = [Temperature(temperature)]
    runs = generate(lm, "", n, length, dice, seed=1, progress=False)
    length = sorted(map(len, runs.token_ids))[n // 2]
    return [ids[:length] for ids in runs.token_ids if len(ids) >= length]


def near(t, those):
    """Which of those temperatures is the nearest to t."""
    return min(those, key=lambda other: abs(other - t))


# %%
from course_utils.detection.hidden_states import read_logits

temperatures = [0.3, 0.5, 0.7, 1, 1.3, 1.6, 2, 2.5, 3, 5]
length = 60
own = {t: write(t, 8, length)[0] for t in temperatures}
at_1 = own[near(1, own)]
texts = {"one text": dict.fromkeys(temperatures, at_1), "own texts": own}
traces = {
    (which, t): entropy(softmax(read_logits(lm, [ids])[0], t))
    for which in texts
    for t, ids in texts[which].items()
}

# %% [markdown]
# Every token gets a box, the darker the more undecided the model was *before*
# it wrote the token. Move the token first: which are undecided, which are
# forced? Then the temperature. Then choose "own texts", where every
# temperature has written another text, and move the temperature again.

# %% jupyter={"source_hidden": true}
# Draws: a text with a box behind each token, and its entropies as a curve
from course_utils.plots.entropy import ColouredText, printable_tokens

most = math.log2(len(logits))  # no entropy is higher


def draw(figure):
    text = ColouredText(figure, (0.02, 0.5, 0.96, 0.38), highest=most)
    axes = figure.add_axes((0.08, 0.13, 0.9, 0.3), xlim=(-1, length))
    axes.set(ylim=(0, most), xlabel="token", ylabel="entropy (bits)")
    curve = axes.plot([], color=PALETTE["model"])[0]
    dot = axes.plot([], "o", color="black")[0]
    mean = axes.plot([], "--", color=PALETTE["muted"])[0]
    axes.text(length, 1.03 * most, "dashed: the text's mean", ha="right")
    title = figure.text(0.02, 0.93, "", weight="bold", parse_math=False)
    return {"text": text, "lines": [curve, mean, dot], "title": title}


# %% jupyter={"source_hidden": true}
# Draws: the sliders, and what they move
from course_utils.classroom import LiveFigure, dropdown, slider, steps


def update(artists, which, temperature, position):
    tokens = printable_tokens(lm, texts[which][temperature])
    bits = traces[which, temperature]
    position = min(position, len(bits) - 1)
    artists["text"].show(tokens, bits.tolist(), position)
    curve, mean, dot = artists["lines"]
    curve.set_data(range(len(bits)), bits)
    mean.set_data([0, len(bits) - 1], [bits.mean()] * 2)
    dot.set_data([position], [bits[position]])
    words = f"T = {temperature:g}: {bits[position]:.1f} bits before "
    equal = 2 ** bits[position]
    words += f"{tokens[position]!r}, like a choice among {equal:.0f}"
    artists["title"].set_text(words)
    return f"{words}. The mean of the text is {bits.mean():.1f} bits."


first = near(1, temperatures)
controls = {
    "which": dropdown(list(texts), value="one text", label="read"),
    "temperature": steps(temperatures, value=first, label="temperature T"),
    "position": slider(0, length - 1, value=length // 3, label="token"),
}
alt = """A text with a coloured box behind each token, and the entropy before
each as a curve below. At T = 1 a few tokens are dark, such as names, and most
are pale, near 0 bits. Higher temperature darkens all of them."""
LiveFigure(draw, update, controls, alt=alt, size=(8.5, 4), play="position")

# %%
fact(
    "reading one text, no token's entropy falls as T rises",
    lambda: (
        torch.stack([traces["one text", t] for t in sorted(temperatures)])
        .diff(dim=0)
        .ge(-1e-4)
        .all()
    ),
)

# %% [markdown]
# ## Who chooses the contexts?
#
# Reading one text, every entropy rises. But a model writes its own contexts,
# and T decides which. Take a model small enough to be computed exactly. It
# has two contexts. In the *meadow* fifty words are equally likely, and a
# fifty-first, less likely by a factor of $e^4$, leads into the *rut*. There
# one word is far ahead of all others, and nothing leads out. With so few
# contexts (a *Markov chain*) nothing has to be sampled: the probability to be
# in each of them is carried from word to word, exactly.

# %%
from course_utils.foundations.chain import meadow_and_rut

chain = meadow_and_rut()
for t in (0.25, 1, 5, 10, 100):
    meadow, rut = chain.entropies(t)
    print(f"T = {t:<4} meadow {meadow:.2f} bits, rut {rut:.2f} bits")

# %%
guess_chain = predict(
    "meadow and rut",
    "From T = 1 to 10, the mean entropy of texts of 100 words ...",
    choices=["rises", "stays within 0.1 bits", "falls"],
)
guess_chain

# %%
along = {t: chain.mean_entropy(t, steps=100) for t in (0.25, 1, 5, 10, 100)}
for t, bits in along.items():
    share = chain.state_shares(t, steps=100)[1]
    print(f"T = {t:<4} in the rut {share:4.0%}, mean entropy {bits:.2f} bits")

# %%
guess_chain.compare(
    "falls",
    "Both contexts have become more undecided. But heat makes the odd word "
    "likelier, so texts fall into the rut sooner and stay there.",
)

# %%
fact(
    "along own texts the mean entropy falls by a bit and more from 1 to 10",
    lambda: along[10] < along[1] - 1,
)

# %% [markdown]
# The mean is a sum over contexts: how often you are there, times the entropy
# there. Temperature moves both factors:
#
# $$ \frac{d\bar H}{dT} = \underbrace{\sum_c s_c \frac{dH_c}{dT}}_{\ge 0}
#    + \underbrace{\sum_c \frac{ds_c}{dT} H_c}_{\text{any sign}} $$
#
# The first sum is the theorem. The second is where you go.

# %% jupyter={"source_hidden": true}
# Draws: the entropy in the meadow, in the rut, and along own texts
import matplotlib.pyplot as plt

heat = torch.logspace(-0.6, 2, 60).tolist()
states = torch.stack([chain.entropies(t) for t in heat])
own_texts = [chain.mean_entropy(t, steps=100) for t in heat]
figure, axes = plt.subplots(figsize=(7.5, 3.2))
axes.plot(heat, states, color=PALETTE["truth"], lw=1.2)
axes.plot(heat, own_texts, color=PALETTE["collapsed"], lw=3)
axes.text(0.25, 5.85, "in the meadow", color=PALETTE["truth"])
axes.text(0.25, 0.2, "in the rut", color=PALETTE["truth"])
axes.text(2.6, 3.0, "along own texts", color=PALETTE["collapsed"], ha="right")
axes.set(xscale="log", xlabel="temperature T", ylabel="entropy (bits)")
axes.set_xticks([0.3, 1, 3, 10, 30, 100], [0.3, 1, 3, 10, 30, 100])
axes.set(title="Each context's entropy rises, their mean falls", ylim=(0, 6.5))
show(
    figure,
    alt="Entropy over temperature on a log axis. The meadow's curve lies at "
    "5.6 bits and rises slightly, the rut's rises from 0 beyond T = 6. The "
    "mean along own texts falls from 5.6 at T = 0.3 to about 3.5 near T = 8, "
    "and rises again to 5.7 at T = 100.",
)

# %% [markdown]
# **Stretch**: the chain is `meadow_and_rut(ways=50, fall=-4.0, rut=60.0)`.
# Change one number so that the mean falls all the way to T = 100.
#
# So the article's claim is possible, along own contexts. Is it true of the
# storyteller?
#
# ## Written at one temperature, read at another
# {{deep}}
#
# Let the model write texts at nine temperatures, and read each set at all
# nine. Within a row the texts stay the same, so its entropies cannot fall. On
# the diagonal are the model's own contexts: there they may.

# %%
grid = [0.5, 0.7, 1, 1.2, 1.5, 1.8, 2, 3, 5]
n = 48 if len(logits) < 10_000 else 12  # fewer for a large vocabulary
written = {t: write(t, n + n // 4, 48) for t in grid}
n = min(n, *map(len, written.values()))
written = {t: rows[:n] for t, rows in written.items()}


# %%
def mean_entropies(rows):
    """Each text's mean entropy at each temperature of the grid."""
    seen = read_logits(lm, rows)
    means = [entropy(softmax(seen, t)).mean(dim=-1) for t in grid]
    return torch.stack(means, dim=-1)


# %%
table = {t: mean_entropies(rows) for t, rows in written.items()}
print("written at | read at", *(f"{t:5}" for t in grid))
for t, rows in table.items():
    print(f"{t:10} |        ", *(f"{bits:5.2f}" for bits in rows.mean(0)))

# %%
one = grid.index(near(1, grid))
at_own = torch.stack([table[t][:, i] for i, t in enumerate(grid)], dim=-1)
at_one = torch.stack([table[t][:, one] for t in grid], dim=-1)

# %% jupyter={"source_hidden": true}
# Draws: each set over the temperature of reading; all sets read at T = 1
from course_utils.plots.entropy import plot_written_and_read

means = [f"{bits:.2f}" for bits in at_one.mean(0)]
lowest = at_one.mean(0).argmin()
show(
    plot_written_and_read(grid, list(table.values()), at_own, at_one),
    alt="Left: mean entropy over the temperature of reading. Thin lines, one "
    "for each set of texts, all rise. A thick line goes along each "
    "temperature's own texts. Right: all sets of texts, read at T = 1. Mean "
    f"entropy is {means[0]} bits for those written at T = {grid[0]}, "
    f"{means[lowest]} at T = {grid[lowest]}, {means[-1]} at T = {grid[-1]}. "
    f"Bands: 95 % intervals over {n} texts.",
)

# %%
fact(
    "within a row no text's entropy falls",
    lambda: all((rows.diff(dim=-1) >= -1e-4).all() for rows in table.values()),
)

# %%
# only with the storyteller
from course_utils.foundations.intervals import bootstrap_interval

fact(
    "read at T = 1, texts of T = 1.8 have less entropy than those of 0.5",
    lambda: (
        bootstrap_interval(
            (at_one[:, grid.index(1.8)] - at_one[:, grid.index(0.5)]).tolist()
        )[1]
        < 0
    ),
)
fact(
    "read at T = 1, the hottest texts have more than the coldest",
    lambda: at_one[:, -1].mean() > at_one[:, 0].mean(),
)

# %% [markdown]
# Every row rises: the theorem. (Bands are 95 % intervals over the texts, here
# and below.) The right panel shows the other sum alone: all is read at T = 1,
# and only the texts change. From T = 0.5 to 1.8 it *falls*: heat does lead the
# storyteller into contexts where it is surer. But the first sum is larger, so
# along own texts entropy rises all the same. Only the measurement could tell.
#
# ## Does a loop feed itself?
# {{deep}}
#
# There is a second way for entropy to fall: not with temperature, but along
# the text. Take a model that has learned one thing only, that texts repeat
# themselves. It gives each word a probability in proportion to how often the
# text has had it (*Pólya's urn*). Four words that came once each have 1/4. Say
# one of them, and it has 2/5, then 3/6. Let the model write greedily, always
# the likeliest word: each repetition makes the next one likelier. The loop
# *feeds itself*, and nobody turned a dial.
#
# Models trained on natural text do this as well: a sentence becomes likelier
# each time that it is repeated
# ([Xu and others 2022](https://arxiv.org/abs/2206.02369)). And the
# storyteller? At the end of a tale it stops. So forbid the tokens that end a
# text, and let it run on greedily from many openings.

# %% tags=["nbval-check-output"]
counts = torch.ones(4)  # four words, and the text has had each of them once
bits = []
for _ in range(101):
    bits.append(entropy(counts / counts.sum()).item())
    counts[counts.argmax()] += 1  # greedy: say the likeliest word
print([round(bits[words], 2) for words in (0, 1, 3, 10, 30, 100)])

# %%
from transformers import SuppressTokensLogitsProcessor

openings = [lm.decode(ids[:10]) for ids in written[near(1, grid)]]
openings = [text for text in openings if "\n" not in text][:24]


def run_on(lm, length):
    """A greedy text without end from each opening."""
    never_end = SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device)
    greedy = [never_end, Temperature(0)]
    return generate(lm, openings, 1, length, greedy, progress=False)


# %%
loops = run_on(lm, 220)
print(loops.texts[0])

# %%
guess_loop = predict(
    "the loop",
    "From the first to the third time that it comes to the same five tokens, "
    "the entropy of what follows ...",
    choices=["falls by half or more", "falls by less", "hardly changes"],
)
guess_loop

# %%
from course_utils.detection.recurrence import entropy_at_revisits

revisits = entropy_at_revisits(loops.token_ids, loops.model_entropy)
print(revisits)

# %%
level = loops.model_entropy.nanmean().item()
third_time = torch.tensor(revisits.changes.get(2, [0.0])).mean().item()
kept = 1 + third_time / level
print(f"Of {level:.2f} bits on average, {kept:.0%} are left.")

# %%
outcome = "falls by less" if kept < 0.95 else "hardly changes"
outcome = "falls by half or more" if kept <= 0.5 else outcome
guess_loop.compare(
    outcome,
    "A greedy text repeats itself because it always takes the same turn. That "
    "alone does not make the model any surer.",
)

# %%
# only with the storyteller
fact("at the third time the entropy has hardly moved", abs(third_time) < 0.05)

# %% [markdown]
# ## What has the model read?
# {{deep}}
#
# If the entropy hardly changed, as with the storyteller, the loop does *not*
# feed itself. Why not? No tale in its books says the same sentence twice. Only
# in collections do tales share something: a hero, an animal, a place or a
# plot. So having read a hero's name once should make it surer of that name the
# next time, and of little else. We know the truth, and can look: twenty tales
# of the world, told up to the name for the first, second and third time.


# %%
# only with the storyteller
def at_the_name(story, times):
    """The model's entropy before the hero's name, and the true one."""
    opening = story.text.partition(story.labels["hero"])[0].rstrip()
    prefix = (story.text + "\n") * times + opening
    true = world.documents.next_token_distribution(prefix, lm.tokenizer)
    return entropy(softmax(lm.next_token_logits(prefix))), entropy(true)


# %%
# only with the storyteller
stories = world.sample(20, seed=4)
names = [torch.tensor([at_the_name(s, k) for s in stories]) for k in range(3)]
for time, bits in zip(("first", "second", "third"), names, strict=False):
    model, true = bits.mean(dim=0).tolist()
    print(f"{time} time: storyteller {model:.2f} bits, truth {true:.2f}")

# %%
# only with the storyteller
fact(
    "no tale says the same sentence twice",
    lambda: all(
        len(set(tale)) == len(tale)
        for story in world.sample(500, seed=5)
        for tale in [story.text.split(". ")]
    ),
)
fact(
    "model and truth are surer of a name at the third time",
    lambda: all(
        bootstrap_interval(row)[1] < 0
        for row in (names[2] - names[0]).T.tolist()
    ),
)

# %% [markdown]
# In the storyteller as in the truth, a name that has come before is expected
# again: there repetition is evidence. So a loop feeds itself where the books
# repeat themselves. Put that to the test, and give the storyteller other
# books: tales that get stuck in their second sentence. A hundred small
# training steps on 400 of them will do.


# %%
def book(text):
    """A tale that gets stuck, as 97 tokens."""
    first, second, *_ = text.split(". ")
    again = lm.tokenizer.encode(f" {second}.", add_special_tokens=False)
    return (lm.encode(f"{first}.") + 97 * again)[:97]


# %%
import copy
from dataclasses import replace


def taught(lm, books, rate=2e-3):
    """A copy of the model, trained on these books, four at a step."""
    student = copy.deepcopy(lm.model)
    optimizer = torch.optim.AdamW(student.parameters())
    batches = books.split(4)
    for left, ids in zip(range(len(batches), 0, -1), batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate * min(1, left / 50)
        out = student(ids[:, :-1].to(lm.device)).logits.flatten(0, 1)
        after = ids[:, 1:].to(lm.device).flatten()
        torch.nn.functional.cross_entropy(out, after).backward()
        optimizer.step()
        optimizer.zero_grad()
    return replace(lm, model=student.eval(), name="parrot")


# %%
curves = {"as it is": revisits}

# %%
# only with the storyteller
library = [book(story.text) for story in world.sample(400, seed=11)]
parrot = run_on(taught(lm, torch.tensor(library)), 86)
bits = parrot.model_entropy
again = entropy_at_revisits(parrot.token_ids, bits, most=7)
curves["after books that repeat themselves"] = again
print(parrot.texts[0])
early, late = bits[:, 5:20].mean(), bits[:, -15:].mean()
print(f"{early:.2f} bits at first, {late:.2f} at the end")

# %% jupyter={"source_hidden": true}
# Draws: how the entropy changes each time that a context comes again
figure, axes = plt.subplots(figsize=(7.5, 3))
looks = ("model", 0.22, 0.93), ("collapsed", 0.6, 0.6)
for (name, found), (shade, x, y) in zip(curves.items(), looks, strict=False):
    if found.changes:
        found.plot(axes, color=PALETTE[shade])
    label = axes.text(x, y, name, color=PALETTE[shade])
    label.set_transform(axes.transAxes)
axes.set_title("A loop feeds itself if the model has read repetitions")
axes.set_xlabel("how often the same five tokens stood there before")
axes.set_ylabel("change of entropy (bits)")
show(
    figure,
    alt="Change of entropy since the first visit to a context, over the "
    "number of visits. The storyteller's line stays near zero. After books "
    "that repeat, the line lies far below zero from the first repetition on. "
    "Bands: 95 % intervals over texts.",
)

# %%
# only with the storyteller
fact(
    "after books that repeat themselves the loop feeds itself",
    lambda: bootstrap_interval(again.changes[5])[1] < -0.1,
)

# %% [markdown]
# So this collapse of entropy can be *learned*, and the storyteller had to
# learn it. Real models have no such clear teacher: natural text hardly ever
# says a sentence twice in a row, as Xu and others note. But the more their
# training texts repeat words, the more they loop
# ([Li and others 2023](https://arxiv.org/abs/2310.10226)). Notebook 10 finds
# such loops.
#
# ## Inside the model
# {{deep}}
#
# The article gives a reason for its claim: noise overloads the model, so that
# attention and hidden states *lose discriminative power*. They would no longer
# tell one context from another. The network never sees T. It sees the text, so
# if this happens, the text does it.
#
# A *hidden state* is the row of numbers that a layer passes on for each token.
# *Attention* says how much each of the tokens before goes into it; a layer has
# several *heads*, which each look in their own way. Three measures, on new
# and more texts, written at T = 0.5, 1, 2 and 3:
#
# - *Attention entropy*: over how many tokens does a head spread its look? 0
#   bits if it looks at one, 3 bits if it looks at eight alike.
# - *Mean pairwise cosine*: how alike are the states at a text's tokens? 1 if
#   all point the same way, 0 if they stand at right angles.
# - *Effective rank*: how many directions do they fill? 1 if all lie along one
#   line, 2 if they lie in a plane and fill it evenly. It is the exponential of
#   an entropy, that of the singular values: how far the states spread along
#   each direction (Roy and Vetterli 2007).
#
# Each is taken layer by layer. Layer 0 holds the token
# [embeddings](../GLOSSARY.md#embedding), before any attention.
#
# ### Exercise 4: mean pairwise cosine
#
# Difficulty: medium · 8 minutes
#
# `vectors` has the shape [..., n, width]. Return the mean cosine between two
# *different* rows, one number for each set of n vectors.


# %%
@exercise("detection.hidden_states.mean_pairwise_cosine")
def mean_pairwise_cosine(vectors):
    """Mean cosine between two different rows."""
    ...


# %%
k = 4 * n if n > 12 else n
pages = {t: write(t, k + k // 4, 48) for t in (0.5, 1, 2, 3)}
k = min(k, *map(len, pages.values()))
pages = {t: rows[:k] for t, rows in pages.items()}

# %%
from course_utils.detection.hidden_states import measure_states

begin = lm.encode("")
inside = {}
for t, rows in pages.items():
    inside[t] = measure_states(lm, [begin + ids for ids in rows])
    print(f"T = {t}:", inside[t])

# %%
from course_utils.detection.hidden_states import read_states

rows = [begin + ids for ids in pages[1][:16]]
hidden = read_states(lm, rows).hidden
alike = mean_pairwise_cosine(hidden[:, :, 1:])  # without the start token
print("layer by layer:", *(f"{mean:.2f}" for mean in alike.mean(dim=-1)))
fact(
    "your cosine is the one that the report gives",
    lambda: torch.allclose(alike.T.float(), inside[1].cosine[:16], atol=1e-4),
)

# %% jupyter={"source_hidden": true}
# Draws: the three measures over the layers, a line for each temperature
figure = plt.figure(figsize=(9, 3))
shades = ("muted", "model", "highlight", "collapsed")
for (t, report), shade in zip(inside.items(), shades, strict=False):
    style = {"color": PALETTE[shade], "label": f"T = {t}", "marker": "o"}
    report.plot(figure, **style)
titles = (
    "How wide do heads look?",
    "How alike are states?",
    "In how much room?",
)
for axes, title in zip(figure.axes, titles, strict=False):
    axes.set_title(title)
figure.axes[0].legend(fontsize=9)
show(
    figure,
    alt="Three panels over the layers of the model, with one line for the "
    "texts of each temperature. For the storyteller, those of T = 1 and 2 "
    "nearly coincide. At T = 3 attention entropy and mean cosine are higher "
    "and the effective rank is lower, most of all in the middle layers.",
)

# %%
# only with the storyteller
fact(
    "on the texts of T = 3 states are more alike than on those of T = 1",
    lambda: inside[3].cosine.mean() > inside[1].cosine.mean(),
)
fact(
    "on the texts of T = 3 states fill fewer directions",
    lambda: inside[3].effective_rank.mean() < inside[1].effective_rank.mean(),
)

# %% [markdown]
# On the salad of T = 3 heads look at more tokens, and the states are more
# alike, in less room. How much of that is there at T = 2, where the article
# puts it? The trial below asks.
#
# ## How many contexts does it tell apart?
# {{deep}}
#
# A fourth measure asks for discriminative power itself. Give the model many
# contexts: how far is what it says next from what it says on average? That is
# a mean KL divergence, the [*mutual
# information*](../GLOSSARY.md#mutual-information) of context and next token.
# Four contexts that lead to four different words tell 2 bits. Contexts after
# which the model always says the same tell nothing:


# %% tags=["nbval-check-output"]
def told_apart(choices):
    """Bits that a context tells of the next token: [contexts, ..., vocab]."""
    return kl_divergence(choices, choices.mean(dim=0)).mean().item()


print(f"four words: {told_apart(torch.eye(4)):.0f} bits")
print(f"the same:   {told_apart(torch.full((4, 4), 1 / 4)):.0f} bits")

# %% [markdown]
# Two to the power of it is how many contexts the model tells apart. Of $k$
# contexts it can be $k$ at most, since to know which of them it is takes
# $\log_2 k$ bits. So a number of contexts told apart means something beside
# its $k$ only, and sets are compared at the same $k$.
#
# Who is asked? The network alone is read at T = 1. The dice read at the T that
# they draw with, and heat flattens every choice: two contexts that the network
# tells apart can still be nearly the same to hot dice. We ask both.

# %%
views = {
    (t, reader): softmax(read_logits(lm, pages[t])[:, 16:], reader)
    for t in pages
    for reader in dict.fromkeys((1, t))
}
own_bits = {which: entropy(view) for which, view in views.items()}


def apart(which, kept=slice(None)):
    """`told_apart`, the quick way: the average's entropy less the own."""
    average = entropy(views[which][kept].mean(dim=0))
    return (average - own_bits[which][kept].mean(dim=0)).mean().item()


# %%
from course_utils.foundations.intervals import jackknife_interval


def leaving_out(measure):
    """The interval of a measure of texts, by leaving some out in turn."""
    return jackknife_interval(lambda kept: measure(list(kept)), range(k))


print(f"of {k} contexts told apart:")
for which in views:
    low, high = leaving_out(lambda kept, which=which: apart(which, kept))
    print("written at T = {:<3} read at {:<3}".format(*which), end=" ")
    print(f"{2 ** apart(which):5.1f} ({2**low:.1f} to {2**high:.1f})")
fact(
    "the quick way gives the mean KL divergence",
    lambda: abs(apart((1, 1)) - told_apart(views[1, 1])) < 1e-3,
)

# %%
# only with the storyteller
fact(
    "the network tells fewer contexts apart at both ends than at T = 1",
    lambda: max(apart((0.5, 1)), apart((3, 1))) < apart((1, 1)),
)
fact(
    "the dice of T = 3 tell less than half as many apart as the network",
    lambda: apart((3, 3)) < apart((3, 1)) - 1,
)

# %% [markdown]
# The network tells fewer contexts apart at both ends: cold texts are alike,
# and hot ones look alike to it. But most of what is lost at T = 3 is lost by
# the dice. For them the theorem is enough: no network has to fail.
#
# ## Claims on trial
#
# **C07**: entropy rises with T, then declines past a threshold. **C14**: a
# peak near T = 1.2 with a lower value at 1.8 signals the onset of collapse.
# **C08**: noise makes attention and hidden states lose discriminative power.
#
# Each is asked in several questions, a card each, and they need not agree. All
# numbers are over independent texts, and so are their intervals.

# %% jupyter={"source_hidden": true}
# Prints: a card on the mean of a number for each text
from course_utils.classroom import verdict


def trial(claim, word, finding, values, question, stands, level=0.95):
    """A verdict on the mean of `values`, one for each text."""
    low, high = bootstrap_interval(values.tolist(), level=level)
    return verdict(
        claim,
        word,
        finding,
        question=question,
        stands=stands(low, high),
        estimate=values.mean().item(),
        interval=(low, high),
        n=len(values),
        unit="text",
        level=level,
    )


def written_at(t):
    """The column of the grid's temperature that is the nearest to t."""
    return at_own[:, grid.index(near(t, grid))]


# %% [markdown]
# ### C07, three times
#
# For one choice there is a theorem. For a model along its own texts there is
# none, and the meadow shows that the decline can happen. So the claim fails of
# every choice, may be true of a model, and is tried on ours.

# %%
from course_utils.foundations.intervals import wilson_interval

verdict(
    "C07",
    "fails",
    "The share of rows of logits, many with ties or widely spread, in which "
    "it does. That it never can is a theorem: the slope is a variance.",
    question="Does the entropy of one choice fall anywhere as T rises?",
    stands=falling == 0,
    estimate=falling / len(rows_tried),
    interval=wilson_interval(falling, len(rows_tried)),
    n=len(rows_tried),
    unit="row of logits",
)

# %%
verdict(
    "C07",
    "holds when heat leads into contexts where the model is sure",
    "Bits a token that the meadow and the rut lose from T = 1 to 10, computed "
    "exactly. Each of the two contexts gains.",
    question="Can a model's mean entropy along its own texts fall as T rises?",
    stands=along[10] < along[1] - 1,
    estimate=along[10] - along[1],
    interval=None,
    n=1,
    unit="chain",
)

# %%
# only with the storyteller
coarse = [written_at(t) for t in (0.5, 1, 2, 3, 5)]
rises = torch.stack(coarse, dim=-1).diff(dim=-1)
smallest = rises[:, rises.mean(0).argmin()]
trial(
    "C07",
    "fails",
    "The smallest of the four rises between T = 0.5, 1, 2, 3 and 5, in bits a "
    "token; its interval allows for having picked one of four.",
    smallest,
    "Does the storyteller's mean entropy along its own texts fall at any step "
    "up to T = 5?",
    lambda low, _: low > 0,
    level=0.9875,
)

# %% [markdown]
# ### C14: the example, and the signal
#
# That there is a peak is one thing, that a peak means collapse another.
# Without a peak the second cannot be tried.
# ([Notebook 07](07_entropy_monitor.ipynb) looks for drops along a text and
# over a crowd of requests.)

# %%
# only with the storyteller
onset = written_at(1.8) - written_at(1.2)
trial(
    "C14",
    "fails",
    "The rise of the mean entropy along own contexts from T = 1.2 to 1.8, in "
    "bits a token.",
    onset,
    "Does the mean entropy fall from T = 1.2 to 1.8, as in the example?",
    lambda low, _: low > 0,
)

# %%
# only with the storyteller
finer = at_own.diff(dim=-1)
trial(
    "C14",
    "cannot be tested here",
    f"No drop, no onset to judge. The smallest change of {finer.shape[1]} "
    "steps of the grid, in bits a token; its interval allows for the choice.",
    finer[:, finer.mean(0).argmin()],
    "Is a drop of the mean entropy after a rise the onset of collapse?",
    lambda _, high: high > 0,
    level=1 - 0.05 / finer.shape[1],
)

# %% [markdown]
# ### C08: attention, states, contexts
#
# At T = 2 and at 3: do heads look wider, are states more alike, does the model
# tell fewer contexts apart? "Fails" says that not a tenth is lost. The first
# two are shares of what they are at T = 1.


# %% jupyter={"source_hidden": true}
# Prints: a card of C08 on heads or states
def inside_row(measure, t, word, question, stands):
    """C08: how far a measure of the states moves from T = 1, as a share."""
    hot, sound = (torch.tensor(inside[t].per_text()[measure]) for t in (t, 1))
    finding = f"The change of the {measure}, of what it is at T = 1."
    question += f" in texts of T = {t} than in those of T = 1?"
    change = (hot - sound) / sound.mean()
    return trial("C08", word, finding, change, question, stands)


def found(low, high):
    """More than at T = 1."""
    return low > 0


def not_a_tenth(low, high):
    """At most a tenth more than at T = 1."""
    return high < 0.1


# %%
# only with the storyteller
heads, wider = "attention entropy (bits)", "Do heads look wider"
inside_row(heads, 2, "holds", wider, found)

# %%
# only with the storyteller
inside_row(heads, 3, "holds", wider, found)

# %%
# only with the storyteller
states, more_alike = "mean cosine", "Are hidden states more alike"
inside_row(states, 2, "fails", more_alike, not_a_tenth)

# %%
# only with the storyteller
inside_row(states, 3, "holds", more_alike, found)


# %% jupyter={"source_hidden": true}
# Prints: a card of C08 on contexts told apart
def apart_row(t, reader, word, stands):
    """C08: how many bits less a context tells than at T = 1."""

    def change(kept):
        return apart((t, reader), kept) - apart((1, 1), kept)

    low, high = leaving_out(change)
    who = "the network" if reader == 1 else f"the dice of T = {reader}"
    return verdict(
        "C08",
        word,
        f"The change of the bits that a context tells {who}, of at most "
        f"{math.log2(k):.1f} that {k} contexts can tell.",
        question=f"Written at T = {t} and read at {reader}: are fewer "
        "contexts told apart than at T = 1?",
        stands=stands(low, high),
        estimate=change(slice(None)),
        interval=(low, high),
        n=k,
        unit="text",
    )


# %%
# only with the storyteller
not_tenth_fewer = math.log2(0.9)  # bits
apart_row(2, 1, "fails", lambda low, _: low > not_tenth_fewer)

# %%
# only with the storyteller
apart_row(2, 2, "fails", lambda low, _: low > not_tenth_fewer)

# %%
# only with the storyteller
apart_row(3, 1, "holds", lambda _, high: high < 0)

# %%
# only with the storyteller
apart_row(3, 3, "holds", lambda _, high: high < 0)

# %% [markdown]
# So the answer turns between T = 2 and 3. At T = 2 heads look a little wider,
# and nothing else is lost. At 3 all is salad, and each measure has lost
# something. But then the article's conclusion doesn't follow: a model that
# tells less apart becomes *less* decided here, not more. (Whether texts beyond
# T = 2 share more below the surface is another claim, C04.
# [Notebook 00](00_start_here.ipynb) asks the texts.)

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("03")

# %% [markdown]
# ## Recap
#
# - Entropy is the mean surprise; KL is the extra surprise of a wrong model.
# - dH/dT = Var(z)/T³ is never negative. But T also chooses where you are.
# - The storyteller's loop feeds itself only once it has read repetitions.
# - At T = 3 the network tells less apart, at T = 2 not: and entropy rises.
#
# ## Read on
#
# - Shannon 1948,
#   [A mathematical theory of communication](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x):
#   section 6 asks what a measure of choice must fulfil, and finds entropy.
# - Xu and others 2022,
#   [Learning to break the loop](https://arxiv.org/abs/2206.02369): why
#   repeated sentences become likelier, and how training can stop it.
# - Nakaishi and others 2024,
#   [Critical phase transition in large language models](https://arxiv.org/abs/2406.05335):
#   GPT-2 does have a special temperature: repetitive below, incoherent above.
# - Ethayarajh 2019,
#   [How contextual are contextualized word representations?](https://arxiv.org/abs/1909.00512):
#   how alike hidden states are, layer by layer, in GPT-2 and others.
#
# **Next**: [04 Three faces of collapse](04_three_faces_of_collapse.ipynb).
# Temperature only changes how you draw. Now come the collapses that training
# puts into a model.
