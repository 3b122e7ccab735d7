# %% [markdown]
# # 02 · Logit saturation: what rounding can do, and what it can't
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
from course_utils.classroom import exercise, fact, predict, start

start("02")

# %% [markdown]
# **What you will be able to do**
#
# - Say how far apart two numbers must be for a format to keep them apart
# - Say what rounding does to a softmax, and at which temperatures
# - Find by bisection where each format can no longer tell tokens apart
# - Tell a broken sampler from a collapsed model
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**:
# [notebook 01](01_softmax_and_temperature.ipynb)
#
# **The question**: at high temperature, do rounding errors take over from
# the model? And if the texts repeat themselves, who did it?

# %% [markdown]
# ## What the article claims
#
# Temperature divides the logits. At T = 20 logits of 2.1 and 2.0 become 0.105
# and 0.100. High temperature brings them so close together, says the article,
# that the numbers of a computer can't hold them apart. Then rounding decides
# which token is drawn, and no longer the model (claim **C05**).
#
# If that is so, you sample noise without knowing it. Whether it is so depends
# on how finely a computer writes its numbers. So look at that first.
#
# ## A ruler whose marks grow apart
#
# Suppose you note every weight with four digits. An apple weighs 182.3 g, to
# a tenth of a gram. You weigh 71.36 kg, to ten grams. A truck weighs 18.42 t,
# to ten kilograms. Put the apple on the truck: you still note 18.42 t. There
# are always four digits, but the larger the weight, the coarser the ruler.
#
# A *float* is a number noted in this way, with a fixed count of *significant*
# binary digits, or bits. Here are four logits in `bfloat16`, the format in
# which many large models run. It keeps eight bits:

# %% tags=["nbval-check-output"]
import math

import torch

logits = torch.tensor([35.0, 35.1, 35.2, 35.3])
print(logits.bfloat16().tolist())

# %% tags=["nbval-check-output"]
formats = [torch.float32, torch.float16, torch.bfloat16]
for dtype in formats:
    limits = torch.finfo(dtype)
    bits, smallest = 1 - math.log2(limits.eps), limits.tiny * limits.eps
    print(f"{dtype!s:14} {bits:.0f} significant bits,", end=" ")
    print(f"from {smallest:.0e} up to {limits.max:.0e}")

# %% [markdown]
# Four numbers have become two: 0.1 more is an apple on a truck. The last two
# formats have 16 bits each and spend them in different ways: `float16` on
# precision, `bfloat16` on range. Each will fail in its own way.
#
# The gap between two marks has a name: [*ulp*](../GLOSSARY.md#ulp), the unit
# in the last place. For the apple it was a tenth of a gram, for the truck ten
# kilograms. In binary it is `torch.finfo(dtype).eps` at 1, and doubles at
# every power of two. For `bfloat16` eps is 1/128. At 32, five doublings later,
# the gap is 1/4, and so it is at 35:
#
# $$ \text{ulp}(x) = \text{eps} \cdot 2^{\lfloor \log_2 |x| \rfloor} $$
#
# Close to 0 the doubling stops: below `torch.finfo(dtype).tiny` all marks are
# equally far apart, down to 0.
#
# ### Exercise 1: the gap
#
# Difficulty: medium · 10 minutes
#
# `values` is a tensor of any shape. Return the gap of `dtype` at each value,
# as a tensor of that shape. The sign doesn't matter, and 0 has a gap too.


# %%
@exercise("foundations.precision.ulp_at")
def ulp_at(values, dtype):
    """The gap between neighbouring numbers of `dtype` at each value."""
    ...


# %% tags=["nbval-check-output"]
for dtype in formats:
    gap = ulp_at(torch.tensor([35.0]), dtype).item()
    print(f"{dtype!s:14} at 35: {gap:.7f}")

# %% [markdown]
# At 35, `bfloat16` moves in quarters. Rounding goes to the nearest mark, so
# it moves a number by half a gap at most: here by an eighth.
#
# **Stretch**: from which whole number on can `float16` no longer count in
# ones? And `float32`?

# %%
fact(
    "rounding moves a number by half a gap at most",
    lambda: (
        (logits.bfloat16().float() - logits).abs()
        <= ulp_at(logits, torch.bfloat16) / 2
    ).all(),
)

# %% [markdown]
# ## Fifty thousand logits
#
# Real vocabularies are large, and real logits lie far from 0. This row has
# the shape of one of GPT-2's: 50,257 logits around -35, 29 from the smallest
# to the largest. It is made by a formula and a seed, since the course brings
# no GPT-2 with it.

# %% tags=["nbval-check-output"]
from course_utils.foundations import precision

row = precision.gpt2_like_logits()
print(f"{len(row):,} logits from {row.min():.1f} to {row.max():.1f}")

# %%
guess = predict(
    "distinct in bfloat16",
    "How many different numbers are left when bfloat16 stores this row?",
    choices=["about 150", "about 1,500", "about 15,000", "nearly 50,000"],
)
guess

# %% [markdown]
# ### Exercise 2: count what is different
#
# Difficulty: easy · 10 minutes
#
# How many different numbers does each row have? Work on the last dimension:
# a batch of rows gives a batch of counts. Two numbers are the same only if
# they agree to the last bit; `-inf` may come more than once.


# %%
@exercise("foundations.precision.distinct_values")
def distinct_values(values):
    """How many different numbers each row has."""
    ...


# %%
for dtype in formats:
    print(f"{dtype!s:14} {distinct_values(row.to(dtype)).item():>7,}")
stored = row.bfloat16()
kept = distinct_values(stored).item()

# %%
guess.compare(
    "about 150",
    "The row is 29 wide, and the gaps are a quarter or an eighth. Hundreds "
    "of tokens share one value: they tie.",
)

# %%
fact("bfloat16 keeps about 150 numbers of this row", 100 < kept < 200)
fact("hundreds of tokens share one value", len(row) / kept > 200)

# %% [markdown]
# ## Once tied, always tied
#
# Many sampling loops cast the logits back to `float32` before they do
# anything else. That can't bring back what was lost.
#
# And the temperature? Dividing makes all differences smaller, but it makes
# the numbers smaller too, and with them the gaps. A float knows no scale.
# Dividing by a power of two loses nothing at all. (Another divisor rounds once
# more, and may add a few ties, at low T as well as at high.)

# %%
back = stored.float()
print("cast back:", distinct_values(back).item(), "different")
for temperature in (0.25, 4, 1024, 0.3, 3):
    left = distinct_values(stored / temperature)  # in bfloat16
    print(f"T = {temperature:<5} {left.item()} different")

# %%
fact("casting back undoes no tie", lambda: distinct_values(back) == kept)
fact(
    "dividing by a power of two loses nothing",
    lambda: all(
        distinct_values(stored / t) == kept for t in (0.25, 0.5, 2, 4, 1024)
    ),
)
fact(
    "another divisor adds a few ties, at low T as well as at high",
    lambda: all(
        0.8 * kept < distinct_values(stored / t) < kept for t in (0.3, 3)
    ),
)

# %% [markdown]
# So the ties come from *storing* the logits. Dividing by T adds few or none,
# whether T is high or low. The article looks for the fault at the wrong place.
#
# At which T does rounding matter most? A logit that is off by $\delta$ makes
# its token's probability wrong by a factor of $e^{\delta / T}$, next to the
# others. High temperature *shrinks* that error. Low temperature blows it up.

# %%
delta = (back - row).abs().max().item()
for temperature in (0.25, 0.5, 1, 2, 4):
    wrong = math.exp(delta / temperature) - 1
    print(f"T = {temperature:<4}  wrong by up to {wrong:.0%}")

# %%
fact("no logit is off by more than an eighth", 0.05 < delta <= 0.125)
fact(
    "high temperature shrinks the error, and low temperature blows it up",
    math.exp(delta / 2) < 1.07 and math.exp(delta / 0.25) > 1.2,
)

# %% [markdown]
# ## From logits to probabilities
#
# Probabilities are stored in a format too: that is a second rounding. In
# between, torch computes in `float32`, even if both are 16-bit formats.
#
# ### Exercise 3: softmax with two roundings
#
# Difficulty: easy · 5 minutes
#
# Round the logits to `dtype`, go back to `float32`, take the softmax at the
# temperature, and round the result to `dtype`.

# %%
from course_utils import entropy, softmax


@exercise("foundations.precision.softmax_in")
def softmax_in(logits, dtype, temperature=1.0):
    """Probabilities from logits, both stored in `dtype`."""
    ...


# %%
from course_utils.foundations.precision import zeroed  # counts exact zeros

print("zeros  ", *(f"{str(dtype)[6:]:>8}" for dtype in formats))
for temperature in (0.2, 0.5, 0.7, 1, 2, 3):
    stored_probs = [softmax_in(row, dtype, temperature) for dtype in formats]
    counts = [f"{zeroed(probs).item():>8,}" for probs in stored_probs]
    print(f"T = {temperature:<3}", *counts)

# %% [markdown]
# By the formula no probability is 0. Here tens of thousands are. Read the
# table from the bottom up. At T = 3 no format loses a token. `float16` loses
# most of the vocabulary at T = 1, a temperature that everybody uses: its
# smallest number is too large. This is
# [*underflow*](../GLOSSARY.md#underflow), and it is a fault of *low*
# temperature. The other two reach further down, and lose their tail later. How
# much probability is gone?

# %%
gone = softmax_in(row, torch.float16, 1) == 0
together = softmax(row.double())[gone].sum().item()
print(f"{gone.sum():,} tokens at 0 had {together:.4%} together at T = 1")

# %%
fact(
    "float16 loses most of the vocabulary at T = 1, and nearly all at 0.5",
    lambda: (
        zeroed(softmax_in(row, torch.float16, 0.5)) > 50_000
        and gone.sum() > 30_000
    ),
)
fact(
    "no token is at 0 in float16 at T = 3, nor in bfloat16 at T = 0.5",
    lambda: (
        zeroed(softmax_in(row, torch.float16, 3)) == 0
        and zeroed(softmax_in(row, torch.bfloat16, 0.5)) == 0
    ),
)
fact(
    "what is lost had less than a thousandth of the probability",
    together < 0.001,
)

# %% [markdown]
# A sampler hardly notices: you would wait for a thousand tokens and more to
# draw one of them. But whoever takes a logarithm does. One such token in a
# text, and its log-probability is minus infinity, and so is the text's. Losses
# belong in `float32`.
#
# ## Where everything becomes equal
#
# At very high T all probabilities come near to 1/50,257. They are exactly
# equal as soon as all round to the same mark. When is that?

# %%
guess_uniform = predict(
    "uniform in bfloat16",
    "From which T on are all probabilities equal in bfloat16?",
    choices=["about 10", "about 300", "about 5,000", "about 1,000,000"],
)
guess_uniform

# %% [markdown]
# The likeliest and the unlikeliest token differ by a factor of
# $e^{29/T} \approx 1 + 29/T$. That must fit into one gap:
#
# $$ \frac{1}{V} \cdot \frac{29}{T} \le \text{ulp}(1/V)
# \quad\Rightarrow\quad T \ge \frac{29}{V \cdot \text{ulp}(1/V)} $$
#
# This gives a lower bound. To find the place, use *bisection*. You know a T
# where they still differ and one where they don't. Try one in between, and
# keep the half that has the border in it. Since T spans many powers of ten,
# take the geometric mean. (`uniform_from` in the package does the same for any
# row and format.)

# %%
low, high = 1.0, 1e6  # not yet, and already
while high / low > 1.001:
    middle = math.sqrt(low * high)
    if precision.is_uniform(softmax_in(row, torch.bfloat16, middle)):
        high = middle
    else:
        low = middle
print(f"bfloat16 is exactly uniform from T = {high:,.0f} on")

# %%
V = len(row)
found = {dtype: precision.uniform_from(row, dtype) for dtype in formats}
gaps = {dtype: ulp_at(torch.tensor([1 / V]), dtype) for dtype in formats}
bound = {dtype: 29 / (V * gaps[dtype].item()) for dtype in formats}
for dtype in formats:
    print(f"{dtype!s:14} {found[dtype]:>13,.0f}  (bound {bound[dtype]:,.0f})")

# %%
guess_uniform.compare(
    "about 5,000",
    "Nobody samples there. People argue about whether 1 or 1.5 is better.",
)

# %%
fact(
    "the bound is a lower one, and the place is less than four times higher",
    lambda: all(0.99 * bound[d] < found[d] < 4 * bound[d] for d in formats),
)
fact(
    "bfloat16 is uniform from about 5,000 on",
    lambda: 3e3 < found[torch.bfloat16] < 8e3,
)
fact(
    "float16 and float32 last longer",
    lambda: (
        5e3 < found[torch.float16] < 5e4 and 1e8 < found[torch.float32] < 3e9
    ),
)

# %% [markdown]
# One thing surprised us. `float16` has three more significant bits than
# `bfloat16`, so it should last eight times as long. It lasts about twice as
# long. The reason: 1/50,257 lies below its smallest *normal* number, where
# the marks no longer move closer. The larger the vocabulary, the worse.
#
# **Stretch**: take every second logit of the row, `row[::2]`. Where is
# `float16` uniform now, and where would you expect it?
#
# And by then there is nothing left to lose.
# [*Entropy*](../GLOSSARY.md#entropy) (notebook 03) says how undecided a choice
# is, in bits: log2 V for V equal tokens, here 15.617. Without any rounding,
# the row is as good as there at T = 50:

# %%
bits = entropy(softmax(row.double(), 50)).item()
print(f"{bits:.3f} of {math.log2(V):.3f} bits at T = 50")

# %%
fact("the row is as good as uniform at T = 50", bits > 0.9995 * math.log2(V))
fact(
    "float16 lasts about twice as long as bfloat16",
    lambda: 1.5 < found[torch.float16] / found[torch.bfloat16] < 3,
)
fact(
    "1/50,257 lies below the smallest normal number of float16",
    torch.finfo(torch.float16).tiny > 1 / V,
)

# %% [markdown]
# ## A live figure: read the logits back
#
# How much of the logits is left in the probabilities? Softmax can be undone:
#
# $$ T \ln \frac{p_i}{p_{\max}} = z_i - z_{\max} $$
#
# If nothing was lost, this gives the same curve at *every* temperature: the
# grey one. Blue is what you can read back from stored probabilities.

# %% jupyter={"source_hidden": true}
# Computes: a picture's numbers for each format and temperature
temperatures = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 30]
temperatures += [round(10**k) for k in (2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)]
ordered = row.sort(descending=True).values
ranks = torch.logspace(0, math.log10(len(row)), 200).long().unique() - 1
names, frames = [str(dtype) for dtype in formats], {}
for dtype in formats:
    for t in temperatures:
        probs = softmax_in(ordered, dtype, t)
        logs = (probs[ranks].double() / probs[0].double()).log()
        counts = distinct_values(probs).item(), zeroed(probs).item()
        frames[str(dtype), t] = t * logs, counts

# %% jupyter={"source_hidden": true}
# Draws: the logits read back, and how many probabilities differ
from course_utils.classroom import PALETTE, LiveFigure, dropdown, steps


def draw(figure):
    left, right = figure.subplots(1, 2)
    true_curve = ordered[ranks] - ordered[0]
    left.plot(ranks + 1, true_curve, lw=7, color=PALETTE["muted"])
    read = left.plot([], [], lw=1.5, color=PALETTE["model"])
    left.set(xscale="log", xlabel="rank of the token", ylim=(-31, 2))
    left.set_ylabel("logit read back (0: the largest)")
    right.set(xscale="log", yscale="log", xlim=(0.08, 2e9), ylim=(0.7, 1e5))
    right.set(xlabel="temperature T", ylabel="how many")
    labels = {"different probabilities": "model", "tokens at 0": "collapsed"}
    for y, (text, colour) in zip((3e4, 1e4), labels.items(), strict=True):
        right.text(6e8, y, text, ha="right", color=PALETTE[colour])
    here = right.axvline(1, color=PALETTE["highlight"])
    kinds = right.plot([], [], color=PALETTE["model"])
    gone = right.plot([], [], "--", color=PALETTE["collapsed"])
    return read + kinds + gone + [here, left.set_title(" ")]


# %% jupyter={"source_hidden": true}
# Draws: the sliders, and what they move
def update(artists, format, temperature):
    read, kinds, gone, here, title = artists
    curve, (different, zeros) = frames[format, temperature]
    read.set_data(ranks + 1, curve.masked_fill(curve.isinf(), math.nan))
    counts = [frames[format, t][1] for t in temperatures]
    kinds.set_data(temperatures, [d for d, _ in counts])
    gone.set_data(temperatures, [z or math.nan for _, z in counts])
    here.set_xdata([temperature, temperature])
    text = f"{different:,} different, {zeros:,} at 0"
    title.set_text(f"{format[6:]}, T = {temperature:,}: {text}")
    return f"{different:,} different probabilities, {zeros:,} tokens at 0"


start_at = min(temperatures, key=lambda t: abs(t - 1))
LiveFigure(
    draw,
    update,
    {
        "format": dropdown(names, value=names[-1], label="format"),
        "temperature": steps(
            temperatures, value=start_at, label="temperature T"
        ),
    },
    alt="Left: logits read back from stored probabilities, over the rank of "
    "the token, on top of the true curve. At low temperature float16 breaks "
    "off at a cliff; from T = 0.5 to 10 bfloat16 follows the curve; at "
    "T = 1,000 the curve becomes a few stairs. Right: how many "
    "probabilities differ and how many are 0, over the temperature.",
    size=(9, 3.6),
    play="temperature",
)

# %% [markdown]
# Try three things. Take `float16` to T = 0.5: a cliff. Take `bfloat16` from
# T = 0.5 to 10: the curve stays as it is, with as many different
# probabilities as there were stored logits. So nothing saturates at T = 2, nor
# at 10. Then go on to 1,000 and beyond: stairs, ever coarser, and in the end
# the flat line that you have found.

# %%
fact(
    "bfloat16 keeps as many probabilities as logits from T = 0.5 to 10",
    lambda: all(
        frames["torch.bfloat16", t][1] == (kept, 0) for t in (0.5, 1, 2, 3, 10)
    ),
)
fact(
    "at T = 1,000 only a few stairs are left",
    lambda: frames["torch.bfloat16", 1000][1][0] < 20,
)

# %% [markdown]
# ## Noise against signal
#
# "Rounding dominates" can be measured. The *signal* is what the logits have
# to say: how far the exact distribution is from uniform. The *noise* is how
# far rounding moves it. Both are total variations (notebook 01).
# `rounding_share` divides the noise by the signal. Near 0, the model decides.
# At 1, rounding has eaten all there was.

# %%
grid = torch.logspace(-1, 6, 60).tolist()
shares = {
    dtype: [precision.rounding_share(row, dtype, t).item() for t in grid]
    for dtype in formats
}

# %% jupyter={"source_hidden": true}
# Draws: the rounding share of each format over the temperature
import matplotlib.pyplot as plt
from course_utils.classroom import show

figure, axes = plt.subplots(figsize=(7.5, 3.2))
styles, places = (":", "--", "-"), ((1e3, 2e-7), (400, 0.004), (20, 0.1))
for dtype, style, place in zip(formats, styles, places, strict=False):
    axes.plot(grid, shares[dtype], ls=style, color=PALETTE["model"])
    axes.text(*place, str(dtype).removeprefix("torch."), ha="center")
axes.axvspan(grid[0], 2, color=PALETTE["muted"], alpha=0.3, lw=0)
axes.text(0.45, 1e-5, "T up to 2", ha="center")
axes.axhline(0.5, color=PALETTE["truth"], lw=1)
axes.text(9e5, 0.12, "half of the signal", color=PALETTE["truth"], ha="right")
axes.set(xscale="log", yscale="log", ylim=(1e-9, 9), xlim=(0.1, 1e6))
axes.set(xlabel="temperature T", ylabel="rounding share")
axes.set_title("Rounding drowns the model only far beyond T = 100")
show(
    figure,
    alt="The share of rounding in what the logits say, over the temperature, "
    "both on log axes. Up to T = 2 it is below 3 % in bfloat16, 1 % in "
    "float16 and a thousandth of a percent in float32. It passes a half far "
    "beyond T = 100, and in float32 not before T = 1,000,000.",
)


# %%
fact(
    "up to T = 2 rounding has less than 3 % in bfloat16, and less elsewhere",
    lambda: all(
        share < limit
        for dtype, limit in zip(formats, (1e-5, 0.01, 0.03), strict=True)
        for t, share in zip(grid, shares[dtype], strict=True)
        if t <= 2
    ),
)
fact(
    "up to T = 100 rounding has less than a fifth in each format",
    lambda: all(
        share < 0.2
        for dtype in formats
        for t, share in zip(grid, shares[dtype], strict=True)
        if t <= 100
    ),
)
fact(
    "in float32 rounding has less than a half up to T = 1,000,000",
    lambda: max(shares[torch.float32]) < 0.5,
)

# %% [markdown]
# ## Where low precision does harm
# {{deep}}
#
# Ties are no noise among tokens that nobody draws. They also hit the top. If
# the two likeliest tokens tie, [greedy
# decoding](../GLOSSARY.md#greedy-decoding) tosses a coin. Here are fifty
# beginnings that the storyteller wrote, continued at T = 0: once as it is,
# once with its logits rounded to `bfloat16`.

# %%
from course_utils import Temperature, generate, load_model

lm = load_model()
greedy = [Temperature(0)]


def rounded(input_ids, scores):
    """A logits processor: stores the logits in bfloat16."""
    return scores.bfloat16().float()


# %%
openings = generate(lm, "", n=50, max_new_tokens=12, seed=3).texts
as_it_is = generate(lm, openings, 1, 100, greedy)
in_bfloat16 = generate(lm, openings, 1, 100, [rounded, *greedy])
pairs = zip(as_it_is.texts, in_bfloat16.texts, strict=True)
diverged = sum(a != b for a, b in pairs)
print(f"{diverged} of {len(openings)} greedy texts have changed")

# %%
# only with the storyteller
fact("at least three greedy texts have changed", diverged >= 3)

# %% [markdown]
# The new texts need not be worse. But the same model with the same input said
# something else. With large reasoning models, Yuan and others saw accuracy
# move by up to 9 % for such reasons (see *Read on*). And it happened at T = 0,
# not at T = 2.
#
# ## When the texts do repeat: look at the dice first
#
# Suppose a colleague shows you this: sixteen answers to one question at
# T = 1.5, almost all the same. Is that collapse? It was a
# [real report](https://github.com/tenstorrent/tt-metal/issues/53077) in 2026,
# and the cause was in the sampler: all rows of the batch drew with the same
# random numbers. Let us build that, and its sibling.
#
# First a loop that takes any `draw_tokens`, a function from probabilities to
# tokens. (It goes on after the end of a text, which makes no difference here.)


# %%
def write(draw_tokens, temperature, rows=16, steps=24):
    """Tokens and their log-probabilities, both [rows, steps]."""
    ids = torch.tensor([lm.encode("Once upon a time")] * rows)
    log_probs = []
    for _ in range(steps):
        with torch.no_grad():
            outputs = lm.model(ids.to(lm.device))
        probs = softmax(outputs.logits[:, -1].float().cpu(), temperature)
        tokens = draw_tokens(probs)
        ids = torch.cat([ids, tokens], dim=-1)
        log_probs.append(probs.gather(-1, tokens).log())
    return ids[:, -steps:], torch.cat(log_probs, dim=-1)


# %%
dice = torch.Generator().manual_seed(0)


def right(probs):
    return torch.multinomial(probs, 1, generator=dice)


def shared(probs):
    """One set of random numbers (Gumbel's, before the log) for all rows."""
    noise = torch.empty(probs.shape[-1]).exponential_(generator=dice)
    return (probs / noise).argmax(dim=-1, keepdim=True)


def reset(probs):
    """The seed is set anew at every step."""
    return torch.multinomial(probs, 1, generator=dice.manual_seed(7))


# %%
samplers = {"right": right, "shared": shared, "reset": reset}
texts = {name: write(sampler, 3) for name, sampler in samplers.items()}
for name, (token_ids, _) in texts.items():
    for ids in token_ids[:3].tolist():
        print(f"{name}: Once upon a time{lm.decode(ids)}")

# %% [markdown]
# Salad, as befits T = 3. But *shared* writes the same salad in every row. And
# *reset* gets stuck on a few words: its noise favours the same ones at every
# step, and high T leaves the model little say. Both look like what the
# article calls collapse at high temperature. Neither has anything to do with
# the model.
#
# How can you tell? Two independent draws from the same probabilities agree
# with probability $\sum_i p_i^2$: both are token 1, or both are token 2, and
# so on. With probabilities of 0.4, 0.3, 0.2 and 0.1 chance allows
# 0.16 + 0.09 + 0.04 + 0.01, or 30 %. A collapsed model has a large
# $\sum_i p_i^2$. A broken sampler agrees more often than *that*. This is the
# whole difference.
#
# ## More than chance allows?
# {{deep}}
#
# Measure how often tokens agree, for the three samplers and these four
# probabilities.
#
# ### Exercise 4: agreement
#
# Difficulty: medium · 10 minutes
#
# Of all pairs among the last dimension's tokens, which share agrees? For
# `[5, 5, 2]` it is one of three. Leading dimensions stay, as always.


# %%
@exercise("detection.sampler_faults.agreement")
def agreement(tokens):
    """The share of pairs that are the same token."""
    ...


# %%
fair = torch.tensor([0.4, 0.3, 0.2, 0.1])
print(f"chance allows {(fair**2).sum():.0%}")
for name, sampler in samplers.items():
    drawn = [sampler(fair.expand(64, -1)).flatten() for _ in range(50)]
    across, along = torch.stack(drawn), torch.stack(drawn).T
    print(name, f"rows agree in {agreement(across).mean():.0%},", end=" ")
    print(f"steps in {agreement(along).mean():.0%}")

# %% [markdown]
# Each fault shows in its own direction.
#
# ## A test for any sampler
#
# `check_sampler` tests any function that draws. It asks three questions, each
# by a chi-square. A *p-value* says how often a right sampler would look at
# least as suspicious: one of 0.3 is nothing special, one of 0.000001 is.

# %%
from course_utils.detection.sampler_faults import check_sampler

checks = {name: check_sampler(f) for name, f in samplers.items()}
for name, check in checks.items():
    print(f"{name}: {check}")

# %%
fact("the right sampler passes", lambda: checks["right"].passed)
fact(
    "shared dice show between rows, and not between steps",
    lambda: checks["shared"].rows < 1e-9 and checks["shared"].steps > 0.001,
)
fact(
    "dice that are reset show between steps, and not between rows",
    lambda: checks["reset"].steps < 1e-9 and checks["reset"].rows > 0.001,
)
fact(
    "a sampler that takes the likeliest token does not match",
    lambda: check_sampler(lambda probs: probs.argmax(-1)).match < 1e-9,
)

# %% jupyter={"source_hidden": true}
# Draws: the tokens of each sampler as shades, rows by steps
figure, panels = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
titles = ("right", "shared: stripes down", "reset: stripes across")
for axes, check, title in zip(panels, checks.values(), titles, strict=False):
    check.plot(axes)
    axes.set(title=title, xlim=(-0.5, 59.5))
for axes in panels[1:]:
    axes.set_ylabel("")
show(
    figure,
    alt="Three tables of tokens as shades, 64 rows by 60 steps. The right "
    "sampler gives grain without a pattern. With shared dice all rows are "
    "alike: vertical stripes. With dice that are reset each row keeps its "
    "token: horizontal stripes.",
)

# %% [markdown]
# ## When only the texts are left
# {{deep}}
#
# Often you can't call the sampler; you only have its texts. If their
# log-probabilities came with them, that is enough. Two rows that begin alike
# were drawn alike by chance with the probability of that beginning, no more.
# `check_generations` looks for repetitions that were too unlikely.
#
# And true collapse? At T = 0 all texts are the same. The check finds no fault
# in the dice, and rightly: the probabilities said so.

# %%
from course_utils.detection.sampler_faults import check_generations

by_texts = {}
for name, (ids, log_probs) in texts.items():
    by_texts[name] = check_generations(ids.tolist(), log_probs)
    print(f"{name}: {by_texts[name]}")

# %%
fact(
    "the texts accuse the shared dice, and not the right ones",
    lambda: by_texts["right"].passed and by_texts["shared"].rows < 1e-9,
)

# %%
# only with the storyteller
fact(
    "the texts accuse the dice that are reset",
    lambda: by_texts["reset"].steps < 1e-9,
)

# %%
cold = generate(lm, "Once upon a time", 16, 24, greedy)
print(len(set(cold.texts)), "different among", len(cold.texts))
in_the_cold = check_generations(cold.token_ids, cold.logprob)
in_the_cold

# %%
fact("the dice are found right at T = 0", in_the_cold.passed)

# %% [markdown]
# ## Claims on trial
#
# **C05**: at high T rounding noise dominates sampling.
#
# **C06**: high T yields variants of the same high-probability sequence.
#
# We try both on texts that the model writes itself, 200 at each temperature.
# T = 0.3 is there as a control: a test that finds repetition must find it
# there. For C05 we take the rounding share at T = 2, in the coarsest format,
# along 100 texts written at T = 2. Each text gives one number, the mean over
# its steps.

# %%
many = {t: generate(lm, "", 200, 80, [Temperature(t)]) for t in (0.3, 1, 2, 3)}
hot = min(many, key=lambda t: abs(t - 2))


def logits_along(ids):
    """The model's logits at each token of a text it wrote, [steps, vocab]."""
    prompt = lm.encode("")
    with torch.no_grad():
        tokens = torch.tensor([prompt + ids[:-1]], device=lm.device)
        logits = lm.model(tokens).logits[0].float().cpu()
    return logits[len(prompt) - 1 :]


# %%
from course_utils.foundations.intervals import (
    bootstrap_interval,
    wilson_interval,
)

noise = [
    precision.rounding_share(logits_along(ids), torch.bfloat16, hot).mean()
    for ids in many[hot].token_ids[:100]
]
c05 = (sum(noise) / len(noise)).item()
c05_interval = bootstrap_interval(noise)
print(f"{c05:.2%} of the signal, the worst text {max(noise):.2%}")

# %%
fact("rounding has less than half of the signal", c05_interval[1] < 0.5)

# %%
# only with the storyteller
fact("rounding has less than 5 % in every single text", max(noise) < 0.05)

# %%
from course_utils.classroom import verdict

verdict(
    "C05",
    "fails",
    "At T = 2 this is what rounding to bfloat16, both of logits and of "
    "probabilities, moves, as a share of what the logits say: a mean over "
    "texts. On the row like GPT-2's, half of it is gone only beyond T = 100. "
    "What low precision does bring are ties at every T, and zeros at low T.",
    estimate=c05,
    interval=c05_interval,
    n=len(noise),
)

# %% [markdown]
# For C06, take the texts two by two. Variants of one sequence would share long
# runs of words (we ask for eight), or at least their hero. And a
# high-probability sequence would have a high log-probability. We ask the model
# for it at T = 1, whatever the temperature was at which the text was drawn.


# %%
from course_utils import log_softmax


def runs_of_eight(words):
    """Every eight words in a row."""
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def log_prob_per_token(ids):
    """The model's own log-probability of a text, in nats per token."""
    chosen = torch.tensor(ids)[:, None]
    return log_softmax(logits_along(ids)).gather(-1, chosen).mean().item()


# %%
same_run, likely = {}, {}
for t, runs in many.items():
    eights = [runs_of_eight(text.split()) for text in runs.texts]
    couples = list(zip(eights[::2], eights[1::2], strict=False))
    same_run[t] = sum(bool(a & b) for a, b in couples), len(couples)
    likely[t] = [log_prob_per_token(ids) for ids in runs.token_ids[:100]]

# %% jupyter={"source_hidden": true}
# Prints: how many pairs share a run, and how likely the texts are
print("  T  pairs with a run in common     log-probability per token")
for t, (k, n) in same_run.items():
    low, high = wilson_interval(k, n)
    line = f"{t:>3}  {k:>6} of {n:>3} ({low:>3.0%} to {high:>3.0%})"
    low, high = bootstrap_interval(likely[t])
    mean = sum(likely[t]) / len(likely[t])
    print(f"{line}    {mean:.2f} ({low:.2f} to {high:.2f})")

# %%
# only with the storyteller
from course_utils import StoryWorld

heroes = StoryWorld().probabilities("hero")


def hero_of(text):
    """The hero who is named first, or none."""
    named = [hero for hero in heroes if hero in text]
    return min(named, key=text.find, default=None)


# %%
# only with the storyteller
same_hero = {}
for t, runs in many.items():
    named = [hero for hero in map(hero_of, runs.texts) if hero]
    couples = list(zip(named[::2], named[1::2], strict=False))
    same_hero[t] = k, n = sum(a == b for a, b in couples), len(couples)
    low, high = wilson_interval(k, n) if n else (0, 1)
    print(f"T = {t}: one hero in {k} of {n} pairs ({low:.0%} to {high:.0%})")

# %%
# only with the storyteller
shared_runs, n = same_run[hot]
verdict(
    "C06",
    "fails",
    "The share of pairs at T = 2 with eight words in a row in common. It "
    "falls as T rises, and so does the log-probability of the texts: no "
    "variants, and no likely sequence. If you do see repeated texts at "
    "high T, check the sampler.",
    estimate=shared_runs / n,
    interval=wilson_interval(shared_runs, n),
    n=n,
)

# %%
# only with the storyteller
fact(
    "pairs share fewer runs at T = 2 than at T = 0.3",
    lambda: shared_runs / n < 0.1 < wilson_interval(*same_run[0.3])[0],
)
fact(
    "texts become less likely from T = 1 to 2, and from 2 to 3",
    lambda: (
        bootstrap_interval(likely[2])[1] < bootstrap_interval(likely[1])[0]
        and bootstrap_interval(likely[3])[1] < bootstrap_interval(likely[2])[0]
    ),
)
fact(
    "pairs share their hero no more often at T = 2 than at T = 1",
    lambda: (
        same_hero[2][0] / same_hero[2][1] <= wilson_interval(*same_hero[1])[1]
    ),
)

# %% [markdown]
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("02")

# %% [markdown]
# ## Recap
#
# - A float's gaps grow with the number. Storing logits makes ties, at every T.
# - Underflow is a fault of low T, and above all of `float16`.
# - Rounding takes over only at hundreds or thousands, where nothing is left.
# - Repeated texts: agreement above $\sum_i p_i^2$ is the fault of the dice.

# %% [markdown]
# ## Read on
#
# - Goldberg 1991,
#   [What every computer scientist should know about floating-point arithmetic](https://doi.org/10.1145/103162.103163):
#   the classic on rounding, ulps and underflow.
# - Yuan and others 2025,
#   [Numerical sources of nondeterminism in LLM inference](https://arxiv.org/abs/2506.09501):
#   what bfloat16 does to greedy decoding in large reasoning models.
# - [vLLM issue 50440](https://github.com/vllm-project/vllm/issues/50440):
#   one seed for a whole batch gives every prompt the same noise, found in a
#   system that many people use.

# %% [markdown]
# **Next**: [03 Entropy and its collapse](03_entropy_and_its_collapse.ipynb).
# Does entropy fall once the temperature passes some threshold, as the article
# says? First for one choice, then for a whole text.
