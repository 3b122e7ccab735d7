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
# - Compute exactly how often a sampler with a rounded sum draws each token
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

# %%
from course_utils.foundations.precision import distinct_values

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
# ### Exercise 2: softmax with two roundings
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
# ## Noise against signal
#
# "Rounding dominates" can be measured. The *signal* is what the logits have
# to say: how far the exact distribution is from uniform. The *noise* is how
# far rounding moves it. Both are total variations (notebook 01).
# `rounding_share` divides the noise by the signal. Near 0, the model decides.
# At 1, rounding has eaten all there was.
#
# Nothing saturates at T = 2, nor at T = 10: there `bfloat16` keeps as many
# different probabilities as there were stored logits. Here is the share:

# %% jupyter={"source_hidden": true}
# Draws: the rounding share of each format over the temperature
import matplotlib.pyplot as plt
from course_utils.classroom import PALETTE, show

grid = torch.logspace(-1, 6, 60).tolist()
shares = {
    dtype: [precision.rounding_share(row, dtype, t).item() for t in grid]
    for dtype in formats
}
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
axes.set_title("Of what is stored, rounding takes half far beyond T = 100")
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
    "bfloat16 keeps as many probabilities as logits at T = 1, 2 and 10",
    lambda: all(
        distinct_values(softmax_in(row, torch.bfloat16, t)) == kept
        for t in (1, 2, 10)
    ),
)
fact(
    "in float32 rounding has less than a half up to T = 1,000,000",
    lambda: max(shares[torch.float32]) < 0.5,
)

# %% [markdown]
# ## The draw has a sum in it
#
# So far we have looked at what is *stored*: logits and probabilities. But no
# token has been drawn yet. Notebook 01 drew by the inverse of the cumulative
# distribution: add the probabilities up one by one, and see which piece of
# that *running sum* a uniform number falls into.
#
# The running sum ends near 1. The probabilities of a large vocabulary are
# small. Say that the first token has 0.5, the next two 0.001 each, and the
# last 0.498, and that the sum is stored in `bfloat16`.

# %%
toy = torch.tensor([0.5, 0.001, 0.001, 0.498])
guess_second = predict(
    "the second token",
    "The running sum is stored in bfloat16. How often does the sampler draw "
    "the second token, of probability 0.001?",
    choices=["never", "half as often as it should", "as often as it should"],
)
guess_second

# %%
sums = toy.cumsum(dim=-1).bfloat16()
print(sums.tolist())

# %%
guess_second.compare(
    "never",
    "The sum before it is 0.5, and the sum after it is 0.5 again: its piece "
    "is empty. The third token, equally likely, gets four times its share.",
)

# %% [markdown]
# Read the numbers from left to right: each is what the sum shows after another
# token. A token is drawn where the uniform number falls between the sum before
# it and the sum after it. So what counts is the difference of two neighbours,
# and not the probability that was added.
#
# The apple is on the truck. `bfloat16` holds 0.001 well enough, but not on top
# of 0.5. The probabilities are right; what goes wrong is their *sum*. Two
# tokens with the same probability, and one gets nothing, the other a whole
# tick of the ruler.
#
# ### Exercise 3: drawn from a rounded sum
#
# Difficulty: medium · 10 minutes
#
# How often is each token really drawn? You need no random numbers. Add up
# `probs` in `float32`, and round the running sums to `dtype`. Token i is drawn
# where the uniform number, times the last sum, falls between the sums before
# and after i. Return that piece as a share of the last sum, for each token.
# Take the uniform number as exact.


# %%
@exercise("foundations.precision.drawn_in")
def drawn_in(probs, dtype):
    """How often each token is drawn, by running sums stored in `dtype`."""
    ...


# %% tags=["nbval-check-output"]
for dtype in formats:
    shares_drawn = drawn_in(toy, dtype).tolist()
    print(f"{dtype!s:14}", *(f"{share:.4f}" for share in shares_drawn))

# %% [markdown]
# Now the row of fifty thousand, at temperatures that people use. Its logits
# and probabilities stay in `float32`: only the running sum is rounded.

# %%
guess_lost = predict(
    "never drawn at T = 2",
    "At T = 2, with the running sum in bfloat16: how much probability do "
    "the tokens have together that are never drawn?",
    choices=["less than 1 %", "a tenth", "a third", "more than half"],
)
guess_lost


# %%
def never_drawn(probs, dtype):
    """The probability of all tokens together that are never drawn."""
    return probs[drawn_in(probs, dtype) == 0].double().sum().item()


print("never  ", *(f"{str(dtype)[6:]:>8}" for dtype in formats))
lost = {}
for temperature in (0.5, 1, 2, 3):
    probs = softmax(row, temperature)
    lost[temperature] = [never_drawn(probs, dtype) for dtype in formats]
    print(f"T = {temperature:<3}", *(f"{x:>8.2%}" for x in lost[temperature]))

# %%
guess_lost.compare(
    "more than half",
    "And the hotter, the worse: at high T the probability lies on many "
    "small pieces. This time the article points at the right end.",
)

# %%
fact("the second piece is empty", lambda: sums[0] == sums[1])
fact(
    "the third token gets nearly four times its share",
    lambda: 3.5 < (sums[2] - sums[1]) / toy[2] < 4,
)
fact(
    "as a probability 0.001 is kept, to less than 1 %",
    lambda: abs(toy.bfloat16()[1] / toy[1] - 1) < 0.01,
)
fact(
    "in 16 bits much of the probability is never drawn at T = 2",
    lambda: lost[2][1] > 0.3 and lost[2][2] > 0.5,
)
fact(
    "a 16-bit sum loses the more the hotter",
    lambda: all(
        lost[0.5][i] < lost[1][i] < lost[2][i] < lost[3][i] for i in (1, 2)
    ),
)
fact("a float32 sum loses nearly nothing", lambda: lost[2][0] < 0.001)

# %% [markdown]
# ## A live figure: stairs
#
# Left: the running sum over a thousand tokens in the middle of the row. Where
# it climbs, tokens are drawn. On a flat step none is. Right: the rounding
# share, once for what is stored (dashed), once for the running sum.

# %% jupyter={"source_hidden": true}
# Computes: the stairs and the shares for each format and temperature
from course_utils.classroom import LiveFigure, dropdown, steps

names = [str(dtype) for dtype in formats]
hotter = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5]
part, stairs = slice(25_000, 26_000), {}
for t in hotter:
    probs = softmax(row.double(), t)
    exact = probs.cumsum(dim=-1)[part]
    for dtype in formats:
        kept_sums = drawn_in(probs, dtype)
        some = int((kept_sums > 0).sum())
        climb = (kept_sums.cumsum(dim=-1)[part], exact)
        scaled = [(y - exact[0]) / (exact[-1] - exact[0]) for y in climb]
        stairs[str(dtype), t] = scaled, some
both = {}
for dtype in formats:
    both[str(dtype)] = [
        [precision.rounding_share(row, dtype, t).item() for t in hotter],
        [
            precision.rounding_share(row, torch.float32, t, dtype).item()
            for t in hotter
        ],
    ]


# %% jupyter={"source_hidden": true}
# Draws: the running sum in stairs, and what rounding has at each T
def draw_stairs(figure):
    left, right = figure.subplots(1, 2)
    right_sum = left.plot([], [], lw=5, color=PALETTE["muted"])
    kept_sum = left.plot(
        [], [], drawstyle="steps-post", color=PALETTE["model"]
    )
    left.set(xlim=(0, 1000), ylim=(-0.4, 1.4), xlabel="token, from 25,000 on")
    left.set_ylabel("running sum, as a share of these tokens'")
    stored_line = right.plot([], [], "--", color=PALETTE["model"])
    summed_line = right.plot([], [], color=PALETTE["collapsed"])
    right.axhline(0.5, color=PALETTE["truth"], lw=1)
    right.text(5, 0.55, "half of the signal", ha="right")
    right.text(3.2, 2.0, "running sum", color=PALETTE["collapsed"])
    right.text(2.6, 0.1, "stored", color=PALETTE["model"])
    here = right.axvline(1, color=PALETTE["highlight"])
    right.set(xlim=(1, 5.1), ylim=(-0.05, 3.2), xlabel="temperature T")
    right.set_ylabel("rounding share")
    lines = right_sum + kept_sum + stored_line + summed_line
    return [*lines, here, left.set_title(" ")]


# %% jupyter={"source_hidden": true}
# Draws: the sliders, and what they move
def update_stairs(artists, format, temperature):
    right_sum, kept_sum, stored_line, summed_line, here, title = artists
    (steps_kept, exact), some = stairs[format, temperature]
    right_sum.set_data(range(len(exact)), exact)
    kept_sum.set_data(range(len(steps_kept)), steps_kept)
    for line, shares_of in zip(
        (stored_line, summed_line), both[format], strict=True
    ):
        line.set_data(hotter, shares_of)
    here.set_xdata([temperature, temperature])
    title.set_text(
        f"{format[6:]}, T = {temperature}: {some:,} tokens can be drawn"
    )
    share = both[format][1][hotter.index(temperature)]
    return f"{some:,} tokens can be drawn, rounding share {share:.2f}"


LiveFigure(
    draw_stairs,
    update_stairs,
    {
        "format": dropdown(names, value=names[-1], label="format"),
        "temperature": steps(hotter, value=hotter[3], label="temperature T"),
    },
    alt="Left: the exact running sum climbs evenly over a thousand tokens; "
    "in bfloat16 it climbs in a handful of stairs, in float16 in some "
    "dozens, and in float32 it follows. Right: the rounding share over the "
    "temperature. For what is stored it stays near 0. For a running sum in "
    "16 bits it passes a half between T = 1 and 2 and 1.5 at T = 3; in "
    "float32 it stays at 0.",
    size=(9, 3.6),
    play="temperature",
)

# %% [markdown]
# In `bfloat16` a few tokens, one at each stair, get what belongs to hundreds.
# Which ones depends on their place in the vocabulary: a tick of the ruler
# happens to fall on them. So the noise is no longer the model's.

# %%
fact(
    "what is stored has less than a tenth of the signal from T = 1 to 5",
    lambda: all(max(both[name][0]) < 0.1 for name in names),
)
fact(
    "a running sum in float32 has less than a hundredth",
    lambda: max(both["torch.float32"][1]) < 0.01,
)
fact(
    "a running sum in 16 bits passes a half between T = 1 and 2",
    lambda: all(
        both[name][1][0] < 0.5 < both[name][1][hotter.index(2)]
        for name in names[1:]
    ),
)

# %% [markdown]
# ## Who adds up in 16 bits?
#
# Anyone who writes the loop by hand around a 16-bit model: torch's softmax
# of `bfloat16` logits is `bfloat16`, and so is its `cumsum`. The known
# systems don't. We looked at their code, in 2026:
#
# | system | how one token is drawn | where |
# |---|---|---|
# | transformers 5.23 | float32 logits, then `torch.multinomial` | `_sample` |
# | torch, one token | exponential race, no sum | `multinomial` |
# | vLLM | float32 softmax, then the race | `random_sample` |
# | llama.cpp | inverse CDF, running sum in 64 bits | `llama_sampler_dist` |
# | this course | inverse CDF, running sum in 64 bits | `sample` |
#
# In the *exponential race* each token draws a waiting time, and the first to
# arrive wins: the largest of $p_i / e_i$, with $e_i$ exponential. It is
# Gumbel-max (notebook 01) without its logarithms. Where nothing is added up,
# nothing can be lost on top of something large. First look whether torch does
# what it says. Then give both ways only 16 bits, and let each draw 2,000
# tokens at T = 2.

# %%
hot_probs = softmax(row, 2)
dice = torch.Generator().manual_seed(5)
by_torch = torch.multinomial(hot_probs, 1, generator=dice).item()
waits = torch.empty(V).exponential_(generator=dice.manual_seed(5))
by_hand = (hot_probs / waits).argmax().item()
print("by torch:", by_torch, " by hand:", by_hand)

# %%
sums = hot_probs.cumsum(dim=-1).bfloat16().float()
spots = torch.rand(2000, generator=dice) * sums[-1]
by_sum = torch.searchsorted(sums, spots, right=True)
raced = {torch.float32: [], torch.bfloat16: []}
for _ in range(20):
    waits = torch.empty(100, V).exponential_(generator=dice)
    for dtype, tokens in raced.items():
        tokens.append((hot_probs.to(dtype) / waits.to(dtype)).argmax(dim=-1))

# %%
different = {dtype: len(torch.cat(t).unique()) for dtype, t in raced.items()}
print("different tokens among 2,000:")
print("  running sum in bfloat16:", len(by_sum.unique()))
print("  race in bfloat16:       ", different[torch.bfloat16])
print("  race in float32:        ", different[torch.float32])

# %%
fact("torch draws one token by the race", by_torch == by_hand)
fact(
    "a running sum in bfloat16 draws fewer than half as many tokens",
    lambda: len(by_sum.unique()) < different[torch.bfloat16] / 2,
)
fact(
    "a race in bfloat16 draws nearly as many tokens as one in float32",
    lambda: 0.95 < different[torch.bfloat16] / different[torch.float32] < 1.05,
)

# %% [markdown]
# The race keeps its variety, even in `bfloat16`. So you have two ways out of a
# 16-bit sum: add in `float32`, or don't add.
#
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
# ## The same row in other company
# {{deep}}
#
# Nothing need even change its format. Where numbers are rounded after every
# addition, the *order* of a sum shows in its last bits: Python says that
# `(0.1 + 0.2) + 0.3` is not `0.1 + (0.2 + 0.3)`. A layer of a model is a great
# many sums. In which order they run is chosen for speed, and the choice
# depends on how many rows there are. So give the model one prompt, first alone
# and then with seven copies of itself:

# %%
prompt = torch.tensor([lm.encode("Once upon a time")], device=lm.device)
with torch.no_grad():
    alone = lm.model(prompt).logits[0].float()
    among = lm.model(prompt.expand(8, -1)).logits[0].float()
apart = (alone - among).abs()
print(f"{(apart > 0).float().mean():.0%} of the logits have other bits,")
print(f"the largest difference is {apart.max():.1e}")

# %%
fact("the order of a sum shows", (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3))
fact("in float32 the difference is tiny", apart.max().item() < 1e-3)

# %% [markdown]
# How many differ is up to your processor; there may be none. Where some do,
# the model isn't *batch-invariant*: a row depends on its company. A server
# puts your prompt into a batch with strangers' prompts, so the same prompt at
# T = 0 needn't give the same text twice. [He and others
# 2025](https://thinkingmachines.ai/blog/defeating-nondeterminism-in-llm-inference/)
# got 80 different texts from 1,000 such requests, and one text only from
# kernels that add in one order whatever the batch. If you must reproduce a
# text to the letter, you need such kernels. A seed isn't enough.
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
fact(
    "the texts accuse the shared dice, and not the right ones",
    lambda: by_texts["right"].passed and by_texts["shared"].rows < 1e-9,
)
fact("the dice are found right at T = 0", in_the_cold.passed)

# %% [markdown]
# ## Claims on trial
#
# **C05**: at high T rounding noise dominates sampling.
#
# **C06**: high T yields variants of the same high-probability sequence.
#
# A claim on rounding must name its stage. So C05 gets four questions: what is
# stored, the running sum in `float32`, the running sum in 16 bits, and that
# sum over a small vocabulary. We say that noise dominates if it moves more
# than half of what the logits say.
#
# For the sums take twelve rows like GPT-2's, each of another seed, at T = 2.
# The rest is tried on texts that the model writes itself, 200 at each
# temperature. T = 0.3 is there as a control: a test that finds repetition
# must find it there. For C05 we take the rounding share along 100 texts, at
# the temperature at which they were written, in the coarsest format. Each
# text gives one number, the mean over its steps.

# %%
rows_like = [precision.gpt2_like_logits(seed) for seed in range(12)]
by_rows = {
    dtype: [
        precision.rounding_share(one, torch.float32, 2, dtype).item()
        for one in rows_like
    ]
    for dtype in formats
}

# %%
many = {t: generate(lm, "", 200, 80, [Temperature(t)]) for t in (0.3, 1, 2, 3)}


def logits_along(ids):
    """The model's logits at each token of a text it wrote, [steps, vocab]."""
    prompt = lm.encode("")
    with torch.no_grad():
        tokens = torch.tensor([prompt + ids[:-1]], device=lm.device)
        logits = lm.model(tokens).logits[0].float().cpu()
    return logits[len(prompt) - 1 :]


# %%
def shares_along(t, sum_dtype=None):
    """The rounding share of each of 100 texts, in bfloat16."""
    first = torch.float32 if sum_dtype else torch.bfloat16
    return [
        precision.rounding_share(logits_along(ids), first, t, sum_dtype)
        .mean()
        .item()
        for ids in many[t].token_ids[:100]
    ]


along = {t: shares_along(t) for t in (2, 3)}
worse = max(along, key=lambda t: sum(along[t]))
stored_mean = sum(along[worse]) / len(along[worse])
summed = shares_along(2, torch.bfloat16)
summed_mean = sum(summed) / len(summed)
print(
    f"stored, T = {worse}: {stored_mean:.2%}, at most {max(along[worse]):.2%}"
)
print(f"summed, T = 2: {summed_mean:.2%}, the worst text {max(summed):.2%}")

# %%
from course_utils.classroom import verdict
from course_utils.foundations.intervals import (
    bootstrap_interval,
    mean_interval,
    wilson_interval,
)

stored_interval = bootstrap_interval(along[worse])
verdict(
    "C05",
    "fails",
    "What rounding to bfloat16, both of logits and of probabilities, moves, "
    "as a share of what the logits say, at the worse of T = 2 and 3. On the "
    "row like GPT-2's, half of it is gone only beyond T = 100.",
    question="Does rounding dominate where logits and probabilities are "
    "stored in 16 bits?",
    stands=stored_interval[1] < 0.5,
    estimate=stored_mean,
    interval=stored_interval,
    n=len(along[worse]),
    unit="text",
)


# %% jupyter={"source_hidden": true}
# Prints: a card of C05 on a running sum
def added_up(dtype, place, word, finding, stands):
    """The verdict on a draw that adds up 50,257 probabilities in `dtype`."""
    shares = by_rows[dtype]
    return verdict(
        "C05",
        word,
        finding,
        question="Does rounding dominate where the draw adds up 50,257 "
        f"probabilities in {place}?",
        stands=stands,
        estimate=sum(shares) / len(shares),
        interval=mean_interval(shares),
        n=len(shares),
        unit="row",
    )


# %%
added_up(
    torch.float32,
    "float32",
    "fails",
    "The same share for a draw by a running sum in float32, at T = 2, on "
    "rows like GPT-2's. A race or Gumbel-max has no sum at all.",
    mean_interval(by_rows[torch.float32])[1] < 0.5,
)

# %%
added_up(
    torch.float16,
    "16 bits",
    "holds when the draw's running sum is kept in 16 bits and the "
    "vocabulary is large",
    "The share at T = 2 in float16, the finer of the two formats; in "
    "bfloat16 it is higher. Most systems don't draw that way.",
    all(
        mean_interval(by_rows[dtype])[0] > 0.5
        for dtype in (torch.float16, torch.bfloat16)
    ),
)

# %%
# only with the storyteller
summed_interval = bootstrap_interval(summed)
vocab = lm.model.config.vocab_size
verdict(
    "C05",
    "fails",
    "The share at T = 2 in bfloat16, the coarser format. Of this "
    f"vocabulary of {vocab:,} tokens few are likely. At T = 3 more are, and "
    "the share is larger.",
    question="Does rounding dominate where the draw adds up the "
    "storyteller's own probabilities in 16 bits?",
    stands=summed_interval[1] < 0.5,
    estimate=summed_mean,
    interval=summed_interval,
    n=len(summed),
    unit="text",
)

# %% [markdown]
# Four questions, two answers, and no contradiction: the small error of a
# *stored* number belongs to one token, while the error of a *sum* near 1 is
# far larger than a rare token's whole share. It matters where there are many
# rare tokens, so where the vocabulary is large and T is high.
#
# ## C06: variants of one sequence?
#
# For C06, take the texts two by two. Variants of one sequence would share long
# runs of words (we ask for eight), or at least their hero. And a
# high-probability sequence would have a high log-probability. We ask the model
# for it at T = 1, whatever the temperature was at which the text was drawn.
# We judge at T = 2 and at T = 3, by the one that speaks more for the claim.


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
runs_hot = max((same_run[t] for t in (2, 3)), key=lambda kn: kn[0] / kn[1])
verdict(
    "C06",
    "fails",
    "The share of pairs with eight words in a row in common, at the worse "
    f"of T = 2 and 3. At T = 0.3 it is {same_run[0.3][0] / 100:.0%}, at T = 1 "
    f"{same_run[1][0] / 100:.0%}. If you do see repeated texts at high T, "
    "check the sampler.",
    question="Do pairs of texts at T = 2 or 3 share long runs of words?",
    stands=lambda: (
        wilson_interval(*runs_hot)[1] < wilson_interval(*same_run[0.3])[0]
        and runs_hot[0] <= wilson_interval(*same_run[1])[1] * runs_hot[1]
    ),
    estimate=runs_hot[0] / runs_hot[1],
    interval=wilson_interval(*runs_hot),
    n=runs_hot[1],
    unit="pair of texts",
)

# %%
# only with the storyteller
heroes_hot = max((same_hero[t] for t in (2, 3)), key=lambda kn: kn[0] / kn[1])
verdict(
    "C06",
    "fails",
    "The share of pairs with one hero, at the worse of T = 2 and 3. At "
    f"T = 1 it is {same_hero[1][0] / same_hero[1][1]:.0%}.",
    question="Do pairs of texts at T = 2 or 3 share their hero more often "
    "than at T = 1?",
    stands=lambda: (
        wilson_interval(*heroes_hot)[1] < wilson_interval(*same_hero[1])[1]
    ),
    estimate=heroes_hot[0] / heroes_hot[1],
    interval=wilson_interval(*heroes_hot),
    n=heroes_hot[1],
    unit="pair of texts",
)

# %%
# only with the storyteller
less_likely = [b - a for a, b in zip(likely[1], likely[2], strict=True)]
verdict(
    "C06",
    "fails",
    "Nats per token by which texts written at T = 2 are more likely to the "
    "model than texts written at T = 1. At T = 3 they are less likely still.",
    question="Are texts at T = 2 or 3 more likely to the model than at T = 1?",
    stands=lambda: (
        bootstrap_interval(less_likely)[1] < 0
        and bootstrap_interval(likely[3])[1] < bootstrap_interval(likely[2])[0]
    ),
    estimate=sum(less_likely) / len(less_likely),
    interval=bootstrap_interval(less_likely),
    n=len(less_likely),
    unit="pair of texts",
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
# - Of what is stored, rounding takes over at hundreds or thousands only.
# - A draw by a 16-bit sum over a large vocabulary loses most of it at T = 2.
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
