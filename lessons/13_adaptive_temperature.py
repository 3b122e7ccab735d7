# %% [markdown]
# # 13 · Adaptive temperature
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import textwrap

import numpy as np
import torch
from course_utils import StoryWorld, generate, load_model
from course_utils.classroom import exercise, fact, predict, show, start
from course_utils.foundations.entropy import entropy, entropy_slope

start("13")

# %% [markdown]
# **What you will be able to do**
#
# - Read a rule for T in pseudocode, and name what will go wrong before it runs
# - Build a controller that holds a text's mean entropy, and say why it is
#   stable
# - Tell rules that heat where a model is sure from those that heat where it
#   hesitates
# - Put such a rule to a fair test: against a fixed T of the same entropy, and
#   against one of the same validity
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: temperature and processors
# ([notebook 01](01_softmax_and_temperature.ipynb)), how entropy moves with T
# ([notebook 03](03_entropy_and_its_collapse.ipynb)), equal validity
# ([notebook 12](12_truncation.ipynb))
#
# **The question**: a fixed temperature is the same at every token. Where in a
# text should it rise: where the model is sure, or where it hesitates?

# %% [markdown]
# ## The article's loop
#
# The article proposes a "creative spark": whenever the entropy falls below a
# threshold, raise T by half; else lower it a little. Here is its pseudocode
# in Python, step by step as it stands there. It wants a `model` that turns a
# *text* into logits, so we give it one.

# %%
lm, world = load_model(), StoryWorld()


class ModelOfTexts:
    """A text in, the logits of the next token out."""

    def get_logits(self, text):
        return lm.next_token_logits(text).cpu().numpy()


# %%
def softmax(z):
    powers = np.exp(z - z.max())
    return powers / powers.sum()


# %%
dice = np.random.default_rng(3)


def sample_from(probs):
    """One token, as text."""
    probs = probs.astype(float) / probs.sum(dtype=float)
    return lm.decode([int(dice.choice(len(probs), p=probs))])


# %%
def adaptive_sampling(model, prompt, max_steps=100):
    """The article's loop, as it is written."""
    T = 0.8
    history = []
    for _ in range(max_steps):
        logits = model.get_logits(prompt + " ".join(history))
        probs = softmax(logits / T)
        bits = -np.sum(probs * np.log2(probs + 1e-10))
        if len(history) > 5 and bits < 2.0:
            T = min(T * 1.5, 2.5)
        else:
            T = max(T * 0.98, 0.3)
        history.append(sample_from(probs))
    return " ".join(history)


# %%
prompt = "Once upon a time there was a"
print(textwrap.fill(adaptive_sampling(ModelOfTexts(), prompt, 40), 79))

# %% [markdown]
# Word salad, and wide gaps. The gaps are the first fault: **tokens are joined
# by spaces**. Most tokens bring their own, and a name of two tokens is torn
# apart. Worse, the torn text is what the model reads next.

# %%
ids = lm.encode(prompt + " brave girl")
torn = " ".join(lm.decode([token]) for token in ids)
print(repr(lm.decode(ids)))
print(repr(torn))
print(f"{len(ids)} tokens become {len(lm.encode(torn))}")

# %%
fact("joined by spaces, a text becomes another", torn != lm.decode(ids))

# %% [markdown]
# ## The rule by itself
#
# That fault is easily mended. What about the rule? Build it for a whole batch:
# each row has its own temperature.
#
# ### Exercise 1: the spark
#
# Difficulty: easy · 8 minutes
#
# `temperature` and `entropy` have one number for each row. Where the entropy
# is *below* the threshold, the next temperature is `heat` times as high, but
# at most `highest`; elsewhere it is `cool` times as high, but at least
# `lowest`.


# %%
@exercise("mitigation.adaptive.spark")
def spark(
    temperature,
    entropy,
    threshold=2.0,
    heat=1.5,
    highest=2.5,
    cool=0.98,
    lowest=0.3,
):
    """The next temperature of each row."""
    ...


# %% [markdown]
# Three rows, whose model never changes its mind: sure (0.1 bits at T = 1),
# middling (2 bits) and open (8 bits). As in the article, the rule hears the
# entropy *at the temperature it has set*.


# %%
def logits_with(bits, vocabulary=500):
    """Logits of one row whose softmax at T = 1 has so many bits."""
    row = torch.randn(vocabulary, generator=torch.Generator().manual_seed(0))
    low, high = 0.0, 500.0
    for _ in range(60):
        middle = (low + high) / 2
        too_open = entropy((middle * row).softmax(dim=-1)) > bits
        low, high = (middle, high) if too_open else (low, middle)
    return low * row


# %%
def follow(rule, rows, steps=60, T=0.8):
    """The temperature of each row, step by step, under a rule."""
    T, history = torch.full((len(rows),), T), []
    for _ in range(steps):
        history.append(T)
        T = rule(T, entropy((rows / T[:, None]).softmax(dim=-1)))
    return torch.stack(history)


# %%
rows = torch.stack([logits_with(bits) for bits in (0.1, 2.0, 8.0)])
temperatures = follow(spark, rows)

# %%
print("step  sure  middling  open")
for step in (*range(6), *range(12, 20), 40, 59):
    sure, middling, open_row = temperatures[step].tolist()
    print(f"{step:>4}{sure:>6.2f}{middling:>10.2f}{open_row:>6.2f}")

# %%
sure, middling, open_row = temperatures.T
fact(
    "the sure row is at the top within five steps, the open one sinks below "
    "0.4",
    sure[5] > 2.3 and open_row.min() < 0.4,
)
fact(
    "the middling row jumps up again and again",
    (middling[1:] > 1.2 * middling[:-1]).sum() >= 2,
)

# %% [markdown]
# Two more faults show. **What is open is cooled**: the open row has 8 bits to
# choose from, and the rule cools it until 2 are left. So it makes the
# narrowness that it was to heal. And **it hears its own echo**: once T is high
# the entropy is high too, so the rule cools step by step, until the entropy is
# below 2 again and T jumps back by half. It never comes to rest.
#
# The gravest is not in the loop at all. It is the threshold.

# %%
guess = predict(
    "below two bits",
    "The storyteller tells 64 healthy tales at T = 1. At how many of their "
    "tokens is the entropy below 2 bits?",
    choices=["about 10 %", "about half", "nearly 90 %"],
)
guess

# %%
healthy = generate(lm, "", 64, 110, seed=13, progress=False)
bits = healthy.model_entropy[~healthy.model_entropy.isnan()]
print(f"below 2 bits: {(bits < 2).float().mean():.0%} of the tokens")
print(f"below 0.1 bits: {(bits < 0.1).float().mean():.0%}")

# %%
# only with the storyteller
guess.compare(
    "nearly 90 %",
    "In these tales most tokens follow from those before. Low entropy at a "
    "token is no sign of collapse here; it is grammar.",
)

# %%
# only with the storyteller
fact(
    "nearly 90 % of the tokens are below 2 bits, two thirds below 0.1",
    0.82 < (bits < 2).float().mean() < 0.95
    and 0.6 < (bits < 0.1).float().mean() < 0.75,
)

# %% [markdown]
# So in this world the spark fires nearly always, and most often where a token
# is decided anyway: in the middle of a word, at "once upon *a*". Ordinary text
# has more open tokens. Count your own model's: the cell above is all it takes.
#
# ## With a memory for each row
#
# `AdaptiveTemperature` is this rule as a processor: for batches, with a memory
# for each row that begins anew with each text, and that follows beams when
# they change places. It works in `transformers`' own loop as well.

# %%
from course_utils import AdaptiveTemperature

as_written = generate(lm, "", 64, 110, [AdaptiveTemperature()], seed=0)
print(textwrap.fill(as_written.texts[1], 79))
print(f"mean T: {as_written.temperature.nanmean():.2f}")

# %%
# only with the storyteller
valid = sum(world.parse(text).valid for text in as_written.texts)
print(f"{valid} of 64 are tales")

# %%
# only with the storyteller
fact(
    "as written it tells hardly a valid tale, at a mean T of more than 2",
    valid <= 5 and as_written.temperature.nanmean() > 2,
)

# %% [markdown]
# ## A live figure: thresholds, traces, text
#
# Is it only a matter of numbers? Lower the threshold, or the highest T. On top
# is the temperature of each token, below it the entropy that the rule heard,
# with the threshold; then the text, darker where it was drawn hotter.

# %%
thresholds, highs, seeds = [0.1, 0.5, 1, 2, 3], [1, 1.25, 1.5, 2, 2.5], [0, 1]
sparks = {}
for threshold in thresholds:
    for high in highs:
        rule = AdaptiveTemperature(threshold, highest=high)
        for seed in seeds:
            run = generate(lm, "", 1, 90, [rule], seed=seed, progress=False)
            sparks[threshold, high, seed] = run

# %% jupyter={"source_hidden": true}
# Draws: one text under the spark, with its temperatures and entropies
from course_utils.classroom import LiveFigure, steps
from course_utils.plots import adaptive as pictures
from course_utils.plots.entropy import printable_tokens

judge = dict.fromkeys(sparks)
if lm.name == "storyteller":
    judge = {key: world.parse(r.texts[0]).valid for key, r in sparks.items()}


def move_spark(artists, threshold, high, seed):
    run = sparks[threshold, high, seed]
    ids, heard = run.token_ids[0], run.entropy[0]
    return pictures.show_spark(
        artists,
        printable_tokens(lm, ids),
        run.temperature[0, : len(ids)].tolist(),
        heard[: len(ids)].tolist(),
        threshold,
        judge[threshold, high, seed],
    )


dial = LiveFigure(
    lambda figure: pictures.draw_spark(figure, 90, 2.5),
    move_spark,
    {
        "threshold": steps(thresholds, value=2, label="threshold (bits)"),
        "high": steps(highs, value=2.5, label="highest T"),
        "seed": steps(seeds, value=0, label="seed"),
    },
    alt="On top the temperature of each token: with the article's numbers it "
    "is at 2.5 from the tenth token on. Below, bars of entropy, most of them "
    "under the dashed threshold, and the text, dark all over and salad. With "
    "a highest T of 1.25 it is a tale; the threshold changes little.",
    size=(9, 4.8),
)
dial

# %% [markdown]
# The threshold hardly matters, since one heating by half undoes twenty
# coolings by 2 %: after a single decided token T is back at the top. So what
# matters is the highest T. From the tenth token or so on, the rule *is* a
# fixed temperature of that height. What is left of "adaptive" is the start,
# where T is 0.8 and lower: the opening, the trait, the hero's name.
#
# **Stretch**: `AdaptiveTemperature(entropy_of="model")` listens to the model
# at T = 1 and not to its own echo. Does that help?
#
# ## Steering instead of kicking
#
# A better controller knows how much a turn of the dial does. Notebook 03
# derived it: $dH/dT = \mathrm{Var}_p(z) / T^3$. In terms of $\ln T$, where
# equal steps are equal factors, that is
#
# $$ \frac{dH}{d \ln T} = \frac{\mathrm{Var}_p(z)}{T^2} $$
#
# Call it the *slope*. To move the entropy by $\Delta$, move $\ln T$ by
# $\Delta / \text{slope}$. A *gain* $g$ says which part of the way to go at
# once:
#
# $$ \ln T \;\leftarrow\; \ln T + g \cdot \frac{\text{target} - H}
# {\text{slope}} $$
#
# To first order the error shrinks by the factor $1 - g$ in each step. For $0 <
# g < 2$ that is smaller than 1 in size: the error dies out. Beyond 2 it grows.
#
# ### Exercise 2: one turn of the wheel
#
# Difficulty: medium · 10 minutes
#
# Return the next temperature of each row. `slope` is $dH / d \ln T$, in the
# same unit as `entropy` and `target`.


# %%
@exercise("mitigation.adaptive.steer")
def steer(temperature, entropy, slope, target, gain):
    """The next temperature, on the way to an entropy of `target`."""
    ...


# %% [markdown]
# Try it on the middling row, with a target of 4 bits.


# %%
def steered(gain, target=4.0, steps=15):
    """The entropies of the middling row under this gain."""
    row, T, found = rows[1], torch.tensor(1.0), []
    for _ in range(steps):
        found.append(entropy((row / T).softmax(dim=-1)).item())
        slope = T * entropy_slope(row, T.item())
        T = steer(T, torch.tensor(found[-1]), slope, target, gain)
        T = T.clamp(0.2, 20)
    return found


# %%
guess = predict(
    "a gain of 1",
    "A gain of 1 goes the whole way at once. After how many steps is the "
    "error below 0.1 bits for good?",
    choices=["five or fewer", "about fifteen", "never: it swings"],
)
guess

# %%
traces = {gain: steered(gain) for gain in (0.3, 1.0, 2.5)}
for gain, trace in traces.items():
    print(f"gain {gain:<4}", *(f"{value:.2f}" for value in trace[:7]))

# %%
guess.compare(
    "five or fewer",
    "This is Newton's method: near the target the error falls to its square.",
)

# %%
fact(
    "with a gain of 1 the error is below 0.1 bits within five steps",
    lambda: max(abs(h - 4) for h in traces[1.0][5:]) < 0.1,
)
fact(
    "with a gain of 0.3 it is there after fifteen, with 2.5 it never settles",
    lambda: (
        abs(traces[0.3][-1] - 4) < 0.1
        and max(abs(h - 4) for h in traces[2.5][-4:]) > 0.3
    ),
)

# %% jupyter={"source_hidden": true}
# Draws: the entropy of one row under three gains
show(
    pictures.plot_control(traces, 4.0),
    alt="Entropy over 15 steps. Gain 0.3 creeps up to the target of 4 bits, "
    "gain 1 is there after three steps, gain 2.5 swings above and below it.",
)

# %% [markdown]
# ## A target for a text
# {{deep}}
#
# In a text each step has another row, so no single error can die out; but its
# *mean* can. `EntropyTarget` takes the mean slope so far, and a small gain.

# %%
from course_utils import EntropyTarget

print("target   mean entropy   mean T")
for target in (0.4, 0.5, 0.6, 0.7):
    run = generate(lm, "", 64, 110, [EntropyTarget(target)], seed=1)
    mean, T = run.entropy.nanmean(), run.temperature.nanmean()
    print(f"{target:>6}{mean:>13.2f}{T:>11.2f}")

# %%
# only with the storyteller
at_60 = generate(lm, "", 64, 110, [EntropyTarget(0.6)], seed=1)
held = at_60.entropy.nanmean().item()
broken = sum(not world.parse(text).valid for text in at_60.texts)
print(f"target 0.6: mean {held:.2f}, {broken} of 64 tales broken")

# %%
# only with the storyteller
fact(
    "the mean comes within 0.1 bits of the target of 0.6",
    abs(held - 0.6) < 0.1,
)
fact("more than a tenth of the tales are broken", broken > 6)

# %% [markdown]
# It holds what it promises. Yet plain sampling at T = 1 has a mean of about
# 0.62 bits as well, and hardly a broken tale. The mean entropy of a text says
# *how much* chance there is, and nothing about *where*. Between two open steps
# the controller sees nothing but certainty, turns the heat up and up, and the
# next decided token pays for it.
#
# ## The opposite sign
#
# Others let T *fall* where the model is sure. They want correct answers, not
# variety. *EDT* ([Zhang and others 2024](https://arxiv.org/abs/2403.14541))
# and llama.cpp's *dynatemp* do so. The second is a straight line between two
# temperatures:
#
# $$ T = T_\mathrm{low} + (T_\mathrm{high} - T_\mathrm{low})
# \left( \frac{H}{\ln n} \right)^\gamma $$
#
# with $n$ the number of possible tokens, so that $\ln n$ is the most that
# the entropy can be, and $\gamma$ = 1 as a rule.
#
# ### Exercise 3: dynatemp
#
# Difficulty: easy · 6 minutes
#
# `entropy` and `most` have one number for each row, `most` is $\ln n$. Where
# only one token is possible both are 0: return `low`.


# %%
@exercise("mitigation.adaptive.dynamic_temperature")
def dynamic_temperature(entropy, most, low, high, exponent=1.0):
    """The temperature of each row."""
    ...


# %% [markdown]
# EDT is a curve that is 0 where the model is sure, and rises to $T_0$:
#
# $$ T = T_0 \cdot 0.8^{\,\theta / H} $$
#
# with $H$ in nats, and $T_0$ and $\theta$ to be chosen.

# %%
from course_utils.mitigation.adaptive import edt_temperature

grid = torch.linspace(0, 5, 101)
most = torch.full_like(grid, float(np.log2(len(lm.tokenizer))))
rules = {
    "dynatemp 1 to 3": dynamic_temperature(grid, most, 1.0, 3.0),
    "EDT 1.5, theta 1": edt_temperature(
        grid.clamp(min=1e-6) * np.log(2), 1.5, theta=1.0
    ),
}

# %% jupyter={"source_hidden": true}
# Draws: the temperature over the entropy of a step, for two rules
show(
    pictures.plot_rules(
        grid.tolist(), {name: T.tolist() for name, T in rules.items()}
    ),
    alt="Temperature over the entropy of a step. Dynatemp rises from 1 in a "
    "straight line; EDT is 0 where the model is sure, rises steeply within "
    "the first bit and flattens towards 1.5.",
)

# %% [markdown]
# Two opposite aims, one name: "entropy-based dynamic temperature" is said of
# both. Ask which sign is meant.
#
# ## Mirostat: steer the surprise
# {{deep}}
#
# [*Mirostat*](../GLOSSARY.md#mirostat)
# ([Basu and others 2021](https://arxiv.org/abs/2007.14966)) is a controller,
# too, but it steers a *cut*. It forbids tokens of more than $\mu$ bits of
# surprise. After each token it compares that token's surprise with a target,
# and moves $\mu$:
#
# $$ \mu \;\leftarrow\; \mu - \eta\,(\text{surprise} - \text{target}) $$
#
# ### Exercise 4: Mirostat's step
#
# Difficulty: easy · 4 minutes
#
# Return the next limit of each row.


# %%
@exercise("mitigation.mirostat.next_limit")
def next_limit(limit, surprise, target, rate):
    """The next limit, in bits."""
    ...


# %% [markdown]
# A thousand draws from one row that falls like $1 / i$, as words do (Zipf's
# law): does the mean surprise come to a target of 3 bits?

# %%
zipf = -torch.arange(1, 1001).float().log()

# %%
dice = torch.Generator().manual_seed(0)
limit, surprises = torch.tensor([6.0]), []
for _ in range(1000):
    bits = -zipf.log_softmax(dim=-1) / np.log(2)
    stays = (bits <= limit) | (bits == bits.min())
    left = zipf.masked_fill(~stays, -torch.inf).softmax(dim=-1)
    token = torch.multinomial(left, 1, generator=dice)
    surprises.append(-left[token].log2().item())
    limit = next_limit(limit, surprises[-1], 3.0, 0.1)
print(f"mean surprise {np.mean(surprises):.2f} bits; limit {limit.item():.1f}")

# %%
fact(
    "the mean surprise comes within 0.1 bits of the target of 3",
    abs(np.mean(surprises) - 3) < 0.1,
)

# %% [markdown]
# It does. But Mirostat can only take away. The row has more than 7 bits, so 3
# can be had. A target above what the model itself has does next to nothing:
# the usual 5 bits hardly ever bind for the storyteller at T = 1. And there are
# two Mirostats: the authors' code takes the surprise under the model,
# llama.cpp under what was left after the cut (as we did just now). The same
# target means two things; `MirostatV1` and `MirostatV2` have a switch,
# `surprise_under`.

# %%
from course_utils import MirostatV2

usual = generate(lm, "", 64, 110, [MirostatV2()], seed=13, progress=False)
same = sum(a == b for a, b in zip(usual.texts, healthy.texts, strict=True))
print(f"{same} of 64 texts are the same as without it")

# %%
# only with the storyteller
fact("a target of 5 bits changes one text in ten at most", same >= 58)

# %% [markdown]
# ## A fair test
#
# Each rule has one number to turn: the highest T of the spark, the target, the
# upper end of dynatemp, and so on. 200 tales in a run, eight seeds, as in
# notebook 12:
#
# ```
# python -m course_utils.recordings adaptive
# ```

# %%
from course_utils.recordings.frontier import Frontier

runs = Frontier.read("adaptive")

# %% tags=["nbval-check-output"]
print("highest T   valid   pairs   mean entropy   (the spark)")
for row in zip(
    runs.settings["spark up to T"],
    *(runs.mean("spark up to T", m) for m in ("validity", "pairs", "entropy")),
    strict=True,
):
    print("{:>9}{:>8.1%}{:>8.1f}{:>15.3f}".format(*row))

# %% [markdown]
# First test: *a fixed T of the same mean entropy*. For each setting of the
# spark, find the plain temperature with the same mean entropy, and compare the
# pairs of hero and plot in 100 valid tales, and the share of valid tales.

# %%
same_entropy = {}
for T in (1, 1.2, 1.4):
    same_entropy[T] = [
        runs.lead_at("spark up to T", T, measure=measure, by="entropy")
        for measure in ("pairs", "validity")
    ]
    more, sounder = same_entropy[T]
    print(f"up to {T}: pairs {more:+.1f}, valid {sounder:+.3f}")

# %%
fact(
    "at the same mean entropy the spark up to 1 has more pairs and is as "
    "sound; up to 1.2 it has more and is less sound; up to 1.4 no more",
    lambda: (
        same_entropy[1][0].interval[0] > 0
        and same_entropy[1][1].interval[1] > 0
        and same_entropy[1.2][0].interval[0] > 0
        and same_entropy[1.2][1].interval[1] < 0
        and same_entropy[1.4][0].interval[0] < 0
    ),
)

# %% [markdown]
# Up to 1 the rule has about three pairs more and loses nothing: this test it
# would pass. But is it a fair one? The first tokens, drawn at 0.8 and below,
# pull the *mean* entropy of a text down, so it is set beside a fixed T that is
# colder than its own. Mean entropy is the wrong thing to hold fixed once a
# rule puts its chance elsewhere.
#
# Second test: *the same validity*. Turn each rule up until 98 % of its tales
# are valid, as a careful person would, or 95 %. One arm is the spark without
# its cold start: it begins at its highest T, and need not wait.

# %%
guess = predict(
    "who is ahead",
    "At 98 % valid tales, plain temperature has about 72 pairs in 100. Which "
    "rule has clearly more?",
    choices=["the spark", "the target entropy", "dynatemp", "none of them"],
)
guess

# %%
print(runs.table_of_leads())

# %%
guess.compare(
    "dynatemp",
    "The rule of the opposite sign: it heats where there is a choice and "
    "leaves the grammar alone.",
)

# %% jupyter={"source_hidden": true}
# Draws: pairs of hero and plot over validity, for the rules of both signs
from course_utils.plots.truncation import plot_frontiers

panels = (
    (
        "Started hot, the spark ties",
        ("spark up to T", "spark, hot from the start"),
    ),
    ("Heat at open steps leads a little", ("dynatemp from 1", "EDT, theta 1")),
)
of_world = sum(
    1 - (1 - hero * arc) ** runs.counted
    for hero in world.probabilities("hero").values()
    for arc in world.probabilities("arc").values()
)
show(
    plot_frontiers(runs, of_world, panels),
    alt="Pairs of hero and plot over validity, plain temperature in grey. "
    "Left: the spark runs below it; started hot, on it. Right: dynatemp and "
    "EDT run a little above it where nearly all tales are valid; EDT meets it "
    "at 95 %.",
)

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the rules' leads.
careful, bold = (
    {arm: runs.lead(arm, level) for arm in runs.rows} for level in (0.98, 0.95)
)
fact(
    "dynatemp from 1 is ahead at 98 % and at 95 %, EDT with theta 1 at 98 %",
    careful["dynatemp from 1"].interval[0] > 0
    and bold["dynatemp from 1"].interval[0] > 0
    and careful["EDT, theta 1"].interval[0]
    > 0
    > bold["EDT, theta 1"].interval[0],
)
fact(
    "the spark is behind, and started hot it is neither behind nor ahead",
    bold["spark up to T"].interval[1] < 0
    and bold["spark, hot from the start"].interval[0]
    < 0
    < bold["spark, hot from the start"].interval[1],
)
fact(
    "the target entropy is behind by more than 30 pairs",
    bold["target entropy"].interval[1] < -30,
)

# %% [markdown]
# The rule as the article has it is behind. Started hot it is a fixed
# temperature, and ties with one. So its cold first tokens are to blame: they
# choose opening, trait and hero, and chance is saved just there.
#
# The rules made for *correctness* are ahead in *variety*, by a pair or three.
# It is no contradiction. A tale's hero and plot are decided at a few open
# steps. Heat spent there buys variety; heat spent elsewhere buys mistakes, and
# mistakes are what limits the heat.
#
# The target entropy is far behind: it begins each tale by cooling, since the
# first step is open, and ends it too hot.
#
# ## What does it cost?
# {{deep}}
#
# One more softmax and a sum for each token. Beside the storyteller's small
# steps that shows; beside a step of GPT-2 with its vocabulary of 50,257 it is
# about one part in a hundred (`make bench` prints it for every sampler).

# %% tags=["volatile"] jupyter={"source_hidden": true}
# Prints: how much longer the storyteller takes
import time


def seconds(samplers):
    start_time = time.perf_counter()
    generate(lm, "", 32, 60, samplers, seed=0, progress=False)
    return time.perf_counter() - start_time


plain = min(seconds([]) for _ in range(5))
adaptive = min(seconds([AdaptiveTemperature(highest=1)]) for _ in range(5))
print(f"{adaptive / plain:.2f} times as long, with the storyteller")

# %% [markdown]
# ## Claims on trial
#
# **C19**: raising T by half when the entropy falls below 2 bits, and lowering
# it slowly otherwise, brings diversity back. With the article's numbers hardly
# a tale is valid. So it gets every chance: its highest T is turned down until
# as many tales are valid as with a fixed T.

# %%
from course_utils.classroom import quiz, verdict

written = runs.mean("article", "validity")[0]
lead = runs.lead("spark up to T", 0.95)
print(f"with the article's numbers {written:.1%} of the tales are valid")

# %%
verdict(
    "C19",
    "fails",
    "By how many pairs of hero and plot in 100 valid tales the rule is ahead "
    "of a fixed T, each turned until 95 % are valid: it is behind, for its "
    "first tokens are cold. Started hot it is a fixed T. (Beside a fixed T of "
    "the same mean entropy it has up to five pairs more where it is turned "
    "low, but that T is colder than its own.) With the article's own numbers "
    f"{written:.1%} of the tales are valid.",
    question="Does the rule tell more different tales than a fixed T, at "
    "equal validity?",
    stands=lead.interval[1] < 0,
    estimate=lead.value,
    interval=lead.interval,
    n=lead.n,
    unit="seed",
    recorded="adaptive",
)

# %%
fact(
    "with the article's numbers less than 2 % of the tales are valid",
    written < 0.02,
)
fact("the rule is behind at the same validity", lead.interval[1] < 0)

# %% [markdown]
# This storyteller has not collapsed; a model that has might gain. But the rule
# could not tell: it looks at a token's entropy, and a decided word looks like
# collapse to it.
#
# ## A short quiz

# %%
quiz("13")

# %% [markdown]
# ## Recap
#
# - Most tokens of these tales are decided. Low entropy there is grammar.
# - The article's rule soon is a fixed T, after a cold start: it is behind one.
# - A gain below 2 settles; what a mean entropy hides is *where* chance goes.
# - Heat where there is a choice helps a little; ask a rule for its sign.
#
# ## Read on
#
# - Basu and others 2021, [Mirostat](https://arxiv.org/abs/2007.14966): the
#   clearest account of steering a text's surprise, with Zipf's law.
# - Zhang and others 2024, [EDT](https://arxiv.org/abs/2403.14541): the
#   opposite sign, with results on four tasks.
# - Zhu and others 2023,
#   [Hot or cold?](https://arxiv.org/abs/2309.02772): for code, hot only at the
#   tokens that open a block, where the choices are.
#
# **Next**: [14 Noise injection](14_noise_injection.ipynb). Instead of heating,
# shake: does noise explore without breaking?
