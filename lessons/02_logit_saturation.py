# %% [markdown]
# # 02 · Logit saturation: what rounding can do, and what it can't
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
from course_utils.classroom import exercise, predict, start

start("02")

# %% [markdown]
# **What you will be able to do**
#
# - Say how far apart two numbers must be for a format to keep them apart
# - Tell what rounding does to a softmax: ties, zeros, and in the end one value
# - Find by bisection where each format can no longer tell tokens apart
# - Tell a broken sampler from a collapsed model
#
# **Time**: about 75 minutes
#
# **What you need first**:
# [notebook 01](01_softmax_and_temperature.ipynb)
#
# **The question**: at high temperature, do rounding errors take over from
# the model? And if the texts repeat themselves, who did it?

# %% [markdown]
# ## A ruler whose marks grow apart
#
# High temperature brings the logits so close together, says the article, that
# the numbers of a computer can't hold them apart: then rounding decides which
# token is drawn (claim **C05**). To judge that, look at how numbers are
# stored. Here are four logits in `bfloat16`, the format in which many large
# models run:

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
# Four numbers have become two. A *float* keeps a fixed count of significant
# bits, as a scientist keeps four significant digits. So its ruler has fine
# marks near 1, and coarse ones at 35. The last two formats have 16 bits each
# and spend them in different ways: `float16` on precision, `bfloat16` on
# range. Each will fail in its own way.
#
# The gap between two marks has a name: *ulp*, the unit in the last place. At
# 1 it is `torch.finfo(dtype).eps`. It doubles at every power of two:
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
moved = (logits.bfloat16().float() - logits).abs()
assert (moved <= ulp_at(logits, torch.bfloat16) / 2).all()

# %% [markdown]
# At 35, `bfloat16` moves in quarters. Rounding goes to the nearest mark, so
# it moves a number by half a gap at most: here by an eighth.
#
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
assert 100 < kept < 200 and len(row) / kept > 200

# %%
guess.compare(
    "about 150",
    "The row is 29 wide, and the gaps are a quarter or an eighth. Hundreds "
    "of tokens share one value: they tie.",
)

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
assert distinct_values(back) == kept
for temperature in (0.25, 0.5, 2, 4, 1024):
    assert distinct_values(stored / temperature) == kept  # in bfloat16
for temperature in (0.3, 3):
    assert 0.8 * kept < distinct_values(stored / temperature) < kept

# %% [markdown]
# So the ties come from *storing* the logits, and they are the same at every
# temperature. The article looks for the fault at the wrong place.
#
# At which T does rounding matter most? A logit that is off by $\delta$ makes
# its token's probability wrong by a factor of $e^{\delta / T}$, next to the
# others. High temperature *shrinks* that error. Low temperature blows it up.

# %%
delta = (back - row).abs().max().item()
for temperature in (0.25, 0.5, 1, 2, 4):
    wrong = math.exp(delta / temperature) - 1
    print(f"T = {temperature:<4}  wrong by up to {wrong:.0%}")
assert 0.05 < delta <= 0.125
assert math.exp(delta / 2) < 1.07 and math.exp(delta / 0.25) > 1.2

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
# smallest number is too large. This is *underflow*, and it is a fault of *low*
# temperature. The other two reach further down, and lose their tail later. How
# much probability is gone?

# %%
lost = {t: softmax_in(row, torch.float16, t) == 0 for t in (0.5, 1, 3)}
together = softmax(row.double())[lost[1]].sum().item()
print(f"{lost[1].sum():,} tokens at 0 had {together:.4%} together at T = 1")
assert lost[0.5].sum() > 50_000 and lost[1].sum() > 30_000
assert not lost[3].any() and together < 0.001
assert zeroed(softmax_in(row, torch.bfloat16, 0.5)) == 0

# %% [markdown]
# A sampler hardly notices: you would wait for a thousand tokens and more to
# draw one of them. But whoever takes a logarithm does. One such token in a
# text, and its log-probability is minus infinity, and so is the text's. Losses
# and perplexities belong in `float32`.
#
# ## A live figure: read the logits back
#
# How much of the logits is left in the probabilities? Softmax can be undone:
#
# $$ T \ln \frac{p_i}{p_{\max}} = z_i - z_{\max} $$
#
# If nothing was lost, this gives the same curve at *every* temperature: the
# grey one. Blue is what you can read back from stored probabilities. (The next
# two cells compute all frames and draw them. You need not follow them.)

# %%
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
for t in (0.5, 1, 2, 3, 10):
    assert frames["torch.bfloat16", t][1] == (kept, 0)
assert frames["torch.bfloat16", 1000][1][0] < 20

# %%
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


# %%
dial = LiveFigure(
    draw,
    update,
    {
        "format": dropdown(names, value=names[2], label="format"),
        "temperature": steps(temperatures, value=1, label="temperature T"),
    },
    alt="Left: logits read back from stored probabilities, over the rank of "
    "the token, on top of the true curve. At low temperature float16 breaks "
    "off at a cliff; from T = 0.5 to 10 bfloat16 follows the curve; at "
    "T = 1,000 the curve becomes a few stairs. Right: how many "
    "probabilities differ and how many are 0, over the temperature.",
    size=(9, 3.6),
    play="temperature",
)
dial.set(format=names[1], temperature=0.5)
dial.set(format=names[2], temperature=1)
assert dial.error is None
dial

# %% [markdown]
# Try three things. Take `float16` to T = 0.5: a cliff. Take `bfloat16` from
# T = 0.5 to 10: the curve stays as it is, with as many different
# probabilities as there were stored logits. So nothing saturates at T = 2, nor
# at 10. Then go on to 1,000 and beyond: stairs, ever coarser, and in the end a
# flat line. Where does it begin?
#
# ## Where everything becomes equal
#
# At very high T all probabilities come near to 1/50,257. They are exactly
# equal as soon as all round to the same mark. The likeliest and the
# unlikeliest token differ by a factor of $e^{29/T} \approx 1 + 29/T$. That
# must fit into one gap:
#
# $$ \frac{1}{V} \cdot \frac{29}{T} \le \text{ulp}(1/V)
# \quad\Rightarrow\quad T \ge \frac{29}{V \cdot \text{ulp}(1/V)} $$

# %%
guess_uniform = predict(
    "uniform in bfloat16",
    "From which T on are all probabilities equal in bfloat16?",
    choices=["about 10", "about 300", "about 5,000", "about 1,000,000"],
)
guess_uniform

# %% [markdown]
# The formula gives a lower bound. To find the place, use *bisection*. You
# know a T where they still differ and one where they don't. Try one in
# between, and keep the half that has the border in it. Since T spans many
# powers of ten, take the geometric mean. (`uniform_from` in the package does
# the same for any row and format.)

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
bound = {
    d: 29 / (V * ulp_at(torch.tensor([1 / V]), d)).item() for d in formats
}
found = {dtype: precision.uniform_from(row, dtype) for dtype in formats}
for dtype in formats:
    print(f"{dtype!s:14} {found[dtype]:>13,.0f}  (bound {bound[dtype]:,.0f})")
    assert 0.99 * bound[dtype] < found[dtype] < 4 * bound[dtype]
assert 3e3 < found[torch.bfloat16] < 3e4
assert 5e3 < found[torch.float16] < 5e4
assert 1e8 < found[torch.float32] < 3e9
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
# And by then there is nothing left to lose. Without any rounding, the
# distribution is as good as uniform at T = 50:

# %%
bits = entropy(softmax(row.double(), 50)).item()
print(f"{bits:.3f} of {math.log2(V):.3f} bits at T = 50")
assert bits > 0.9995 * math.log2(V)
assert 1.5 < found[torch.float16] / found[torch.bfloat16] < 3
assert torch.finfo(torch.float16).tiny > 1 / V

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
for dtype, limit in zip(formats, (1e-5, 0.01, 0.03), strict=True):
    assert max(shares[dtype][: sum(t <= 2 for t in grid)]) < limit
    assert max(shares[dtype][: sum(t <= 100 for t in grid)]) < 0.2
assert max(shares[torch.float32]) < 0.5

# %%
import matplotlib.pyplot as plt
from course_utils.classroom import show

figure, axes = plt.subplots(figsize=(7.5, 3.2))
styles, places = (":", "--", "-"), ((1e3, 2e-7), (400, 0.004), (20, 0.1))
for dtype, style, place in zip(formats, styles, places, strict=True):
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

# %% [markdown]
# ## Where low precision does harm
#
# Ties are no noise among tokens that nobody draws. They also hit the top. If
# the two likeliest tokens tie, greedy decoding tosses a coin. Here are fifty
# beginnings that the storyteller wrote, continued at T = 0: once as it is,
# once with its logits rounded to `bfloat16`.

# %%
from course_utils import Temperature, generate, load_model

lm = load_model()
knows_the_truth = lm.name == "storyteller"


def rounded(input_ids, scores):
    """A logits processor: stores the logits in bfloat16."""
    return scores.bfloat16().float()


openings = generate(lm, "", n=50, max_new_tokens=12, seed=3).texts
greedy = [Temperature(0)]
as_it_is = generate(lm, openings, 1, 100, greedy)
in_bfloat16 = generate(lm, openings, 1, 100, [rounded, *greedy])
pairs = zip(as_it_is.texts, in_bfloat16.texts, strict=True)
diverged = sum(a != b for a, b in pairs)
print(f"{diverged} of 50 greedy texts have changed")
if knows_the_truth:
    assert diverged >= 3

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
# ## What chance allows
#
# Two independent draws from the same probabilities agree with probability
# $\sum_i p_i^2$: both are token 1, or both are token 2, and so on. A collapsed
# model has a large $\sum_i p_i^2$. A broken sampler agrees more often than
# *that*. This is the whole difference.
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
    drawn = [sampler(fair.expand(64, 4)).flatten() for _ in range(50)]
    rows, steps_ = torch.stack(drawn), torch.stack(drawn).T
    print(name, f"rows agree in {agreement(rows).mean():.0%},", end=" ")
    print(f"steps in {agreement(steps_).mean():.0%}")

# %% [markdown]
# Each fault shows in its own direction. `check_sampler` turns this into a test
# for any function that draws. It asks three questions, each by a chi-square.
# A p-value says how often a right sampler would look at least as suspicious.

# %%
from course_utils.detection.sampler_faults import check_sampler

checks = {name: check_sampler(f) for name, f in samplers.items()}
for name, check in checks.items():
    print(f"{name}: {check}")

# %%
assert checks["right"].passed
assert checks["shared"].rows < 1e-9 and checks["shared"].steps > 0.001
assert checks["reset"].steps < 1e-9 and checks["reset"].rows > 0.001
assert check_sampler(lambda probs: probs.argmax(-1)).match < 1e-9

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
titles = ("right", "shared: stripes down", "reset: stripes across")
for axes, check, title in zip(panels, checks.values(), titles, strict=True):
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
assert by_texts["right"].passed
assert by_texts["shared"].rows < 1e-9
if knows_the_truth:
    assert by_texts["reset"].steps < 1e-9

# %%
cold = generate(lm, "Once upon a time", 16, 24, greedy)
print(len(set(cold.texts)), "different among", len(cold.texts))
in_the_cold = check_generations(cold.token_ids, cold.logprob)
assert in_the_cold.passed
in_the_cold

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
    precision.rounding_share(logits_along(ids), torch.bfloat16, 2).mean()
    for ids in many[2].token_ids[:100]
]
c05 = (sum(noise) / len(noise)).item()
c05_interval = bootstrap_interval(noise)
print(f"{c05:.2%} of the signal, the worst text {max(noise):.2%}")
assert c05_interval[1] < 0.5  # to dominate, it would need more than half
if knows_the_truth:
    assert max(noise) < 0.05

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
from course_utils import StoryWorld, log_softmax

heroes = StoryWorld().probabilities("hero")


def runs_of_eight(words):
    """Every eight words in a row."""
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def hero_of(text):
    """The hero who is named first, or none."""
    named = [hero for hero in heroes if hero in text]
    return min(named, key=text.find, default=None)


def log_prob_per_token(ids):
    """The model's own log-probability of a text, in nats per token."""
    chosen = torch.tensor(ids)[:, None]
    return log_softmax(logits_along(ids)).gather(-1, chosen).mean().item()


# %%
same_run, same_hero, likely = {}, {}, {}
for t, runs in many.items():
    eights = [runs_of_eight(text.split()) for text in runs.texts]
    couples = list(zip(eights[::2], eights[1::2], strict=True))
    same_run[t] = sum(bool(a & b) for a, b in couples), len(couples)
    named = [hero for hero in map(hero_of, runs.texts) if hero]
    couples = list(zip(named[::2], named[1::2], strict=False))
    same_hero[t] = sum(a == b for a, b in couples), len(couples)
    likely[t] = [log_prob_per_token(ids) for ids in runs.token_ids[:100]]
print("  T  pairs with a run in common  pairs with one hero    nats per token")
for t in many:
    print(f"{t:>3}", end="")
    for k, n in (same_run[t], same_hero[t]):
        low, high = wilson_interval(k, n) if n else (0, 1)
        print(f"  {k:>6} of {n:>3} ({low:>3.0%} to {high:>3.0%})", end="")
    low, high = bootstrap_interval(likely[t])
    print(f"  {sum(likely[t]) / len(likely[t]):.2f} ({low:.2f} to {high:.2f})")

# %%
shared_runs, n = same_run[2]
if knows_the_truth:
    box = verdict(
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
    assert shared_runs / n < 0.1 < wilson_interval(*same_run[0.3])[0]
    assert bootstrap_interval(likely[2])[1] < bootstrap_interval(likely[1])[0]
    assert bootstrap_interval(likely[3])[1] < bootstrap_interval(likely[2])[0]
    heroes_at_2 = same_hero[2][0] / same_hero[2][1]
    assert heroes_at_2 <= wilson_interval(*same_hero[1])[1]
else:
    box = "This verdict needs the storyteller: it is left out."
box

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
# - Repetition at high T: check the dice before the model. More agreement than
#   $\sum_i p_i^2$ is a bug.

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
# says? You will prove that it can't, and then see a case in which it seems to.
