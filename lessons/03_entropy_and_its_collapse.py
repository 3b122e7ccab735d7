# %% [markdown]
# # 03 · Entropy and its collapse
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import math

import torch
from course_utils.classroom import PALETTE, exercise, predict, show, start

start("03")

# %% [markdown]
# **What you will be able to do**
#
# - Measure in bits how undecided a model is, and how wrong
# - Prove that temperature never lowers the entropy of a fixed choice
# - Explain how a text's mean entropy can fall with temperature all the same
# - Tell a loop that feeds itself from one that only repeats
# - Look inside: attention and hidden states of a text that has broken
#
# **Time**: about 90 minutes
#
# **What you need first**: [notebook 01](01_softmax_and_temperature.ipynb),
# logarithms, and what a derivative is
#
# **The question**: the article says that entropy rises with temperature and
# then collapses. Can it?

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
# gives *nats*.


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
# Say the words come with the probabilities $p$, and a model believes in $q$.
# Its surprise at a word is $-\log_2 q_i$. The mean of that is the
# *cross-entropy*. It is never below the entropy, and what is left over, the
# price of believing in $q$, is the *KL divergence*.
#
# $$ \mathrm{KL}(p \,\|\, q) = -\sum_i p_i \log_2 q_i + \sum_i p_i \log_2 p_i
#    = \sum_i p_i \log_2 \frac{p_i}{q_i} $$
#
# *Perplexity* is the cross-entropy on another scale, 2 to the power of it: "as
# undecided as between so many equal words".

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
# cases.) Afterwards your function sees what temperature costs the storyteller:
# KL(truth ‖ model) should be least where it was trained, at T = 1.


# %%
@exercise("foundations.entropy.kl_divergence")
def kl_divergence(p, q, base=2):
    """KL(p || q) of each row, in units of log `base`."""
    ...


# %%
from course_utils import StoryWorld, Temperature, generate, load_model, softmax

lm = load_model()
knows_the_truth = lm.name == "storyteller"
world, prompt = StoryWorld(), "Once upon a time there was a"
logits = lm.next_token_logits(prompt)
if knows_the_truth:
    truth = world.next_token_distribution(prompt, lm.tokenizer)
    price = {t: kl_divergence(truth, softmax(logits, t)) for t in (0.5, 1, 2)}
    assert price[1] < price[0.5] and price[1] < price[2]
    for t, bits in price.items():
        print(f"T = {t}: the model pays {bits:.3f} bits for its errors")

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
# Let us derive it. Write $\langle z \rangle = \sum_i p_i z_i$ for the mean
# logit under the model's own probabilities $p_i = e^{z_i/T} / Z$, with
# $Z = \sum_j e^{z_j/T}$. In nats:
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
z = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
h = 1e-4
for t in (0.5, 1.0, 2.0, 5.0):
    p = softmax(z, t)
    slope = (p * (z - (p * z).sum()) ** 2).sum() / t**3
    rise = entropy(softmax(z, t + h), math.e)
    rise = (rise - entropy(softmax(z, t - h), math.e)) / (2 * h)
    print(f"T = {t}: {slope:.6f}, by differences {rise:.6f}")
    assert abs(slope - rise) < 1e-6

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
z = logits.double()  # a real model's, for its whole vocabulary
for t in (0.5, 1.0, 2.0, 5.0):
    rise = entropy(softmax(z, t + h)) - entropy(softmax(z, t - h))
    assert abs(entropy_slope(z, t) - rise / (2 * h)) < 1e-6
    assert entropy_slope(z, t) >= 0
guess.compare(
    "no, none",
    "The slope is a variance over T cubed, and no variance is negative. It is "
    "0 only if all possible tokens have the same logit.",
)

# %% [markdown]
# So for one choice there is no threshold beyond which entropy declines. It
# rises from the entropy of the ties for the top (0 if there is one winner) to
# $\log_2$ of the vocabulary's size, and stays below it. That is a theorem, not
# a finding.
#
# ## Along a text
#
# A text is a row of choices. We take one text, and read it at every
# temperature: `read_logits` gives the logits before each token. And we let the
# model write a text of its own at every temperature.


# %%
def write(temperature, n, length):
    """The first `length` tokens of texts by the model."""
    dice = [Temperature(temperature)]
    runs = generate(lm, "", n, length, dice, seed=1, progress=False)
    return [ids for ids in runs.token_ids if len(ids) == length]


# %%
from course_utils.detection.hidden_states import read_logits

temperatures = [0.3, 0.5, 0.7, 1, 1.3, 1.6, 2, 2.5, 3, 5]
own = {t: write(t, 8, 60)[0] for t in temperatures}
texts = {"one text": dict.fromkeys(temperatures, own[1]), "own texts": own}
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

# %%
from course_utils.plots.entropy import ColouredText, printable_tokens

most = math.log2(len(logits))  # no entropy is higher


def draw(figure):
    text = ColouredText(figure, (0.02, 0.5, 0.96, 0.38), highest=most)
    axes = figure.add_axes((0.08, 0.13, 0.9, 0.3), xlim=(-1, 60))
    axes.set(ylim=(0, most), xlabel="token", ylabel="entropy (bits)")
    curve = axes.plot([], color=PALETTE["model"])[0]
    dot = axes.plot([], "o", color="black")[0]
    mean = axes.plot([], "--", color=PALETTE["muted"])[0]
    axes.text(60, 1.03 * most, "dashed: the text's mean", ha="right")
    title = figure.text(0.02, 0.93, "", weight="bold", parse_math=False)
    return {"text": text, "lines": [curve, mean, dot], "title": title}


# %%
def update(artists, which, temperature, position):
    tokens = printable_tokens(lm, texts[which][temperature])
    bits = traces[which, temperature]
    artists["text"].show(tokens, bits.tolist(), position)
    curve, mean, dot = artists["lines"]
    curve.set_data(range(60), bits)
    mean.set_data([0, 59], [bits.mean()] * 2)
    dot.set_data([position], [bits[position]])
    words = f"T = {temperature:g}: {bits[position]:.1f} bits before "
    equal = 2 ** bits[position]
    words += f"{tokens[position]!r}, like a choice among {equal:.0f}"
    artists["title"].set_text(words)
    return f"{words}. The mean of the text is {bits.mean():.1f} bits."


# %%
from course_utils.classroom import LiveFigure, dropdown, slider, steps

controls = {
    "which": dropdown(list(texts), value="one text", label="read"),
    "temperature": steps(temperatures, value=1, label="temperature T"),
    "position": slider(0, 59, value=20, step=1, label="token"),
}
alt = """A text with a coloured box behind each token, and the entropy before
each as a curve below. At T = 1 a few tokens are dark, such as names, and most
are pale, near 0 bits. Higher temperature darkens all of them."""
dial = LiveFigure(
    draw, update, controls, alt=alt, size=(8.5, 4), play="position"
)
dial

# %%
fixed = torch.stack([traces["one text", t] for t in temperatures])
assert (fixed.diff(dim=0) >= -1e-4).all()  # token by token, it never falls
dial.set(temperature=3, which="own texts")
assert dial.error is None
dial.set(temperature=1, which="one text")

# %% [markdown]
# ## T also chooses where you are
#
# Reading one text, every entropy rises. But a model writes its own contexts,
# and T decides which. Take the smallest model in which that matters. It has
# two contexts. In the *meadow* fifty words are equally likely, and a
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

# %% tags=["nbval-check-output"]
along = {t: chain.mean_entropy(t, steps=100) for t in (0.25, 1, 5, 10, 100)}
for t, bits in along.items():
    share = chain.state_shares(t, steps=100)[1]
    print(f"T = {t:<4} in the rut {share:4.0%}, mean entropy {bits:.2f} bits")

# %%
assert along[10] < along[1] - 1
guess_chain.compare(
    "falls",
    "Both contexts have become more undecided. But heat makes the odd word "
    "likelier, so texts fall into the rut sooner and stay there.",
)

# %% [markdown]
# The mean is a sum over contexts: how often you are there, times the entropy
# there. Temperature moves both factors:
#
# $$ \frac{d\bar H}{dT} = \underbrace{\sum_c s_c \frac{dH_c}{dT}}_{\ge 0}
#    + \underbrace{\sum_c \frac{ds_c}{dT} H_c}_{\text{any sign}} $$
#
# The first sum is the theorem. The second is where you go.

# %%
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
# So the article's claim is possible, along own contexts. Is it true of the
# storyteller?
#
# ## Written at one temperature, read at another
#
# Let the model write texts at nine temperatures, and read each set at all
# nine. Within a row the texts stay the same, so its entropies cannot fall. On
# the diagonal are the model's own contexts: there they may.

# %%
grid = [0.5, 0.7, 1, 1.2, 1.5, 1.8, 2, 3, 5]
n = 48 if knows_the_truth else 12  # for a large vocabulary, fewer texts
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
    assert (rows.diff(dim=-1) >= -1e-4).all()  # the theorem, text by text
    print(f"{t:10} |        ", *(f"{bits:5.2f}" for bits in rows.mean(0)))

# %%
from course_utils.foundations.intervals import bootstrap_interval

at_own = torch.stack([table[t][:, i] for i, t in enumerate(grid)], dim=-1)
at_one = torch.stack([table[t][:, grid.index(1)] for t in grid], dim=-1)
finding = "rises" if (at_own.mean(0).diff() > 0).all() else "wavers"
figure, panels = plt.subplots(1, 2, figsize=(9, 3.3))
for rows in table.values():
    panels[0].plot(grid, rows.mean(0), color=PALETTE["muted"], lw=1)
for axes, columns in zip(panels, (at_own, at_one), strict=True):
    low, high = zip(
        *(bootstrap_interval(c.tolist()) for c in columns.T), strict=True
    )
    axes.fill_between(grid, low, high, color=PALETTE["model"], alpha=0.3)
    axes.plot(grid, columns.mean(0), "o-", color=PALETTE["model"])
    axes.set(xscale="log", ylabel="mean entropy (bits)")
    axes.set_xticks([0.5, 1, 2, 5], [0.5, 1, 2, 5])
    axes.minorticks_off()
if knows_the_truth:
    shift = at_one[:, grid.index(1.8)] - at_one[:, grid.index(0.5)]
    assert bootstrap_interval(shift.tolist())[1] < 0
    assert at_one[:, -1].mean() > at_one[:, 0].mean()
panels[0].text(1.4, 5, "own texts", color=PALETTE["model"])
panels[0].text(0.5, 8, "thin: a set of texts each")
panels[0].set(title=f"Along own texts it {finding}", xlabel="read at T")
turn = "down, then up" if knows_the_truth else "what texts do"
panels[1].set(title=f"Always read at T = 1: {turn}", xlabel="written at T")
show(
    figure,
    alt="Left: mean entropy over the temperature of reading. Thin lines, one "
    "for each set of texts, all rise. A thick line follows each temperature's "
    f"own texts: it {finding}. Right: all sets of texts, read at T = 1. Mean "
    f"entropy is {at_one[:, 0].mean():.2f} bits for those written at 0.5, "
    f"{at_one[:, 5].mean():.2f} at 1.8, {at_one[:, -1].mean():.2f} at 5. "
    f"Bands: 95 % intervals over {n} texts.",
)

# %% [markdown]
# Every row rises: the theorem. (Bands are 95 % intervals over the texts, here
# and below.) The right panel shows the other sum alone: all is read at T = 1,
# and only the texts change. From T = 0.5 to 1.8 it *falls*: heat does lead the
# storyteller into contexts where it is surer. But the first sum is larger, so
# along own texts entropy rises all the same. Only the measurement could tell.
#
# ## A loop that feeds itself
#
# There is a second way for entropy to fall: not with temperature, but along
# the text. Take a model that has learned one thing only, that texts repeat
# themselves. It gives each word a probability in proportion to how often the
# text has had it (*Pólya's urn*). Let it write greedily: each repetition makes
# the next one likelier. The loop feeds itself, and nobody turned a dial.
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

openings = [lm.decode(ids[:10]) for ids in written[1]]
openings = [text for text in openings if "\n" not in text][:24]


def run_on(lm, length):
    """A greedy text without end from each opening."""
    never_end = SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device)
    greedy = [never_end, Temperature(0)]
    return generate(lm, openings, 1, length, greedy, progress=False)


# %%
loops = run_on(lm, 220)
print(loops.texts[0])
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
level = loops.model_entropy.nanmean().item()
third_time = torch.tensor(revisits.changes.get(2, [0.0])).mean().item()
kept = 1 + third_time / level
print(f"Of {level:.2f} bits on average, {kept:.0%} are left.")
outcome = "falls by less" if kept < 0.95 else "hardly changes"
outcome = "falls by half or more" if kept <= 0.5 else outcome
guess_loop.compare(
    outcome,
    "A greedy text repeats itself because it always takes the same turn. That "
    "alone does not make the model any surer.",
)

# %% [markdown]
# If it hardly changed, as with the storyteller, the loop does *not* feed
# itself. Why not? No tale in its books says the same sentence twice. Only in
# collections do tales share something: a hero, an animal, a place or a plot.
# So having read a hero's name once should make it surer of that name the next
# time, and of little else. We know the truth, and can look: twenty tales of
# the world, told up to the name for the first, second and third time.


# %%
def at_the_name(story, times):
    """The model's entropy before the hero's name, and the true one."""
    opening = story.text.partition(story.labels["hero"])[0].rstrip()
    prefix = (story.text + "\n") * times + opening
    true = world.documents.next_token_distribution(prefix, lm.tokenizer)
    return entropy(softmax(lm.next_token_logits(prefix))), entropy(true)


# %%
told = range(3) if knows_the_truth else ()
stories = world.sample(20, seed=4)
names = [torch.tensor([at_the_name(s, k) for s in stories]) for k in told]
for time, bits in zip(("first", "second", "third"), names, strict=False):
    model, true = bits.mean(dim=0).tolist()
    print(f"{time} time: storyteller {model:.2f} bits, truth {true:.2f}")
if knows_the_truth:
    tales = [story.text.split(". ") for story in world.sample(500, seed=5)]
    assert all(len(set(tale)) == len(tale) for tale in tales)
    surer = (names[2] - names[0]).T.tolist()
    assert all(bootstrap_interval(row)[1] < 0 for row in surer)

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
    return (lm.encode(f"{first}.") + 50 * again)[:97]


# %%
import copy
from dataclasses import replace


def taught(lm, books, rate=2e-3):
    """A copy of the model, trained on these books, four at a step."""
    student = copy.deepcopy(lm.model)
    optimizer = torch.optim.AdamW(student.parameters())
    for left, ids in zip(range(100, 0, -1), books.split(4), strict=True):
        optimizer.param_groups[0]["lr"] = rate * min(1, left / 50)
        out = student(ids[:, :-1].to(lm.device)).logits.flatten(0, 1)
        after = ids[:, 1:].to(lm.device).flatten()
        torch.nn.functional.cross_entropy(out, after).backward()
        optimizer.step()
        optimizer.zero_grad()
    return replace(lm, model=student.eval(), name="parrot")


# %%
if knows_the_truth:
    library = [book(story.text) for story in world.sample(400, seed=11)]
    parrot = run_on(taught(lm, torch.tensor(library)), 86)
    print(parrot.texts[0])
    bits = parrot.model_entropy
    again = entropy_at_revisits(parrot.token_ids, bits, most=7)
    early, late = bits[:, 5:20].mean(), bits[:, -15:].mean()
    print(f"{early:.2f} bits at first, {late:.2f} at the end")
    assert bootstrap_interval(again.changes[5])[1] < -0.1
else:
    print("Only the storyteller is taught anew: we know what it has read.")

# %%
figure, axes = plt.subplots(figsize=(7.5, 3))
if revisits.changes:
    revisits.plot(axes, color=PALETTE["model"])
axes.text(2.2, -0.01, "as it is", color=PALETTE["model"])
if knows_the_truth:
    again.plot(axes, color=PALETTE["collapsed"])
    style = {"color": PALETTE["collapsed"], "ha": "right", "va": "bottom"}
    axes.text(7, -0.2, "after books that repeat themselves", style)
    assert abs(third_time) < 0.05
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

# %% [markdown]
# So this collapse of entropy can be *learned*, and the storyteller had to
# learn it. Real models have no such clear teacher: natural text hardly ever
# says a sentence twice in a row, as Xu and others note. But the more their
# training texts repeat words, the more they loop
# ([Li and others 2023](https://arxiv.org/abs/2310.10226)). Notebook 10 finds
# such loops.
#
# ## Inside the model
#
# The article gives a reason for its claim: noise overloads the model, so that
# attention and hidden states *lose discriminative power*. The network never
# sees T. It sees the text, so if this happens, the text does it. Three
# measures, on the texts from before, written at T = 0.7, 1, 2 and 3:
#
# - *Attention entropy*: over how many tokens does a head spread its look?
# - *Mean pairwise cosine*: how alike are the states at a text's tokens? 1 if
#   all point the same way.
# - *Effective rank*: how many directions do they fill? It is the exponential
#   of an entropy, that of the singular values (Roy and Vetterli 2007).
#
# Each is taken layer by layer. Layer 0 holds the token embeddings, before any
# attention.
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
from course_utils.detection.hidden_states import measure_states

begin = lm.encode("")
inside = {}
for t in (0.7, 1, 2, 3):
    inside[t] = measure_states(lm, [begin + ids for ids in written[t]])
    print(f"T = {t}:", inside[t])

# %%
from course_utils.detection.hidden_states import read_states

hidden = read_states(lm, [begin + ids for ids in written[1]]).hidden
alike = mean_pairwise_cosine(hidden[:, :, 1:])  # without the start token
assert torch.allclose(alike.T.float(), inside[1].cosine, atol=1e-4)

# %%
figure = plt.figure(figsize=(9, 3))
shades = ("muted", "model", "highlight", "collapsed")
for (t, report), shade in zip(inside.items(), shades, strict=True):
    style = {"color": PALETTE[shade], "label": f"T = {t}", "marker": "o"}
    report.plot(figure, **style)
if knows_the_truth:
    titles = "On salad: wide attention", "states more alike", "in less room"
    for axes, title in zip(figure.axes, titles, strict=True):
        axes.set_title(title)
    assert inside[3].cosine.mean() > inside[1].cosine.mean()
    assert inside[3].effective_rank.mean() < inside[1].effective_rank.mean()
figure.axes[0].legend(fontsize=9)
show(
    figure,
    alt="Three panels over the layers of the model, with one line for the "
    "texts of each temperature. For the storyteller, those of T = 0.7 and 1 "
    "lie together. At T = 3 attention entropy and mean cosine are higher and "
    "the effective rank is lower, most of all in the middle layers.",
)

# %% [markdown]
# A fourth measure asks for discriminative power itself. Give the model many
# contexts: how far is what it says next from what it says on average? That is
# a mean KL divergence, the *mutual information* of context and next token. Two
# to the power of it is how many contexts the model tells apart.


# %%
def told_apart(rows):
    """For each text, bits from its next-token choices to the average ones."""
    choices = softmax(read_logits(lm, rows))[:, 16:]
    return kl_divergence(choices, choices.mean(dim=0)).mean(dim=-1)


# %%
apart = {t: told_apart(written[t]) for t in (0.5, 1, 2, 3, 5)}
for t, bits in apart.items():
    low, high = (2**x for x in bootstrap_interval(bits.tolist()))
    print(f"T = {t:<3} {2 ** bits.mean():4.1f} of {n} contexts told apart,")
    print(f"        95 % interval {low:.1f} to {high:.1f}")

# %% [markdown]
# The model tells fewer contexts apart at both ends: cold texts are alike, and
# hot ones look alike to it.
#
# ## Claims on trial
#
# **C07**: entropy rises with T, then declines past a threshold. **C14**: a
# peak near T = 1.2 with a lower value at 1.8 signals the onset of collapse.
# **C08**: noise makes attention and hidden states lose discriminative power.
# **C04**: beyond T = 2, apparent randomness masks a deeper collapse.
#
# All numbers are means over independent texts, and so are their intervals. A
# verdict *holds*, *holds when ...*, or *fails*, for this model.

# %%
from course_utils.classroom import verdict


def trial(claim, outcome, finding, values, level=0.95):
    """A verdict on the mean of `values`, one for each text."""
    if not knows_the_truth:
        return f"The verdict on {claim} is about the storyteller: left out."
    return verdict(
        claim,
        outcome,
        finding,
        estimate=values.mean().item(),
        interval=bootstrap_interval(values.tolist(), level=level),
        n=len(values),
    )


coarse = [grid.index(t) for t in (0.5, 1, 2, 3, 5)]
rises = at_own[:, coarse].diff(dim=-1)
smallest = rises[:, rises.mean(0).argmin()]
if knows_the_truth:
    assert bootstrap_interval(smallest.tolist(), level=0.9875)[0] > 0
trial(
    "C07",
    "fails",
    "For one choice it never declines: a theorem. Along own contexts it may, "
    "as in the meadow, but the storyteller's does not. The number is the "
    "smallest of the four rises between T = 0.5, 1, 2, 3 and 5, in bits a "
    "token; its interval allows for having picked one of four.",
    smallest,
    level=0.9875,
)

# %%
onset = at_own[:, grid.index(1.8)] - at_own[:, grid.index(1.2)]
if knows_the_truth:
    assert bootstrap_interval(onset.tolist())[0] > 0
trial(
    "C14",
    "fails",
    "The number is the rise of the mean entropy along own contexts from "
    "T = 1.2 to 1.8, in bits a token: no peak there. Notebook 07 tries drops "
    "within a text.",
    onset,
)

# %%
wider = inside[3].attention_entropy - inside[1].attention_entropy
wider = wider.mean(dim=(1, 2))  # over layers and heads
if knows_the_truth:
    assert bootstrap_interval(wider.tolist())[0] > 0
trial(
    "C08",
    "holds when the context is already salad",
    "The number is how many bits attention entropy rises from T = 1 to 3. "
    "States grow more alike, too. But the article's conclusion doesn't "
    "follow: the model becomes less decided, not more.",
    wider,
)

# %%
fewer = apart[3] - apart[2]
if knows_the_truth:
    assert max(apart[0.5].mean(), apart[5].mean()) < apart[1].mean()
    assert bootstrap_interval(fewer.tolist())[1] < 0
trial(
    "C04",
    "holds when one asks the model, not the texts",
    "Notebook 00 asked the texts: their variety does not shrink. The number "
    "here is the change, from T = 2 to 3, of the bits that a context tells "
    "the model. The hotter the salads, the more they are alike to the model.",
    fewer,
)

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("03")

# %% [markdown]
# ## Recap
#
# - Entropy is the mean surprise; KL is the extra surprise of a wrong model.
# - For fixed logits dH/dT = Var(z)/T³: entropy never falls.
# - Along own contexts it may: T also chooses where you are.
# - The storyteller's loop feeds itself only once it has read repetitions.
# - On salad attention widens, states grow alike, and entropy rises.
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
