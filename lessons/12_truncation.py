# %% [markdown]
# # 12 · Truncation
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import numpy as np
import torch
from course_utils import StoryWorld, TopK, load_model
from course_utils.classroom import exercise, fact, predict, show, start
from transformers import LogitsProcessor

start("12")

# %% [markdown]
# **What you will be able to do**
#
# - Write min-p and top-p, and say when each draws its line elsewhere
# - Measure what a sampler cuts against what is truly possible
# - Tell which of two limits binds, and why the order of samplers matters
# - Compare samplers fairly: variety at the same validity
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: softmax, temperature and processors
# ([notebook 01](01_softmax_and_temperature.ipynb)), entropy
# ([notebook 03](03_entropy_and_its_collapse.ipynb))
#
# **The question**: to hear more of what a model can say, you raise the
# temperature. The tales break. Which tokens must you forbid, and what do you
# lose with them?

# %% [markdown]
# ## Small mistakes add up
#
# A tale has some 80 tokens, drawn one after the other. Each comes from a whole
# vocabulary, and nearly all of that vocabulary would be wrong.

# %%
guess = predict(
    "clean tales",
    "Say each token is wrong with a chance of 1 %. How many tales of 80 "
    "tokens have no wrong token?",
    choices=["99 %", "about 80 %", "about 45 %"],
)
guess

# %%
clean = 0.99**80
print(f"{clean:.0%}")

# %%
guess.compare(
    "about 45 %",
    "Every token has to be right: 0.99 to the power of 80.",
)

# %%
fact("1 % a token leaves about 45 % of the tales", abs(clean - 0.45) < 0.01)

# %% [markdown]
# So what matters is the *tail*: a thousand tokens that are each nearly
# impossible, and likely together. Here are two steps of a toy with twelve
# tokens. One is *decided*: only the first token is right. One is *open*: the
# first eight are.

# %%
decided = [8.0, 2.0, 1.0, *[0.0] * 9]
open_step = [3.0, 2.9, 2.6, 2.4, 2.2, 2.0, 1.9, 1.8, -1.0, -1.2, -1.5, -2.0]
toy = torch.tensor([decided, open_step])
right = torch.tensor([[True] + [False] * 11, [True] * 8 + [False] * 4])

# %% tags=["nbval-check-output"]
for T in (1.0, 1.5, 2.0):
    wrong = ((toy / T).softmax(dim=-1) * ~right).sum(dim=-1)
    print(f"T = {T}: wrong {wrong[0]:.1%} when decided, {wrong[1]:.1%} open")

# %% [markdown]
# At T = 2 every fifth token of the decided step is wrong, for a little more
# choice at the open one: one T has to do for both. To
# [*truncate*](../GLOSSARY.md#truncation) is to forbid the tail and leave the
# rest as it is: the logits of forbidden tokens become
# $-\infty$, and the softmax shares their probability out among the others.
#
# ## Keep k tokens
#
# The oldest rule keeps the $k$ likeliest ([Fan and others
# 2018](https://arxiv.org/abs/1805.04833)). `kept` shows which tokens a sampler
# leaves.


# %%
def kept(sampler, scores):
    """Which tokens of each row a sampler leaves."""
    return sampler(None, scores) > -torch.inf


# %%
def tell_counts(sampler, scores=toy, right=right):
    """Print how many right and how many wrong tokens stay."""
    stays = kept(sampler, scores)
    for name, row, ok in zip(("decided", "open"), stays, right, strict=True):
        good, bad = (row & ok).sum().item(), (row & ~ok).sum().item()
        print(f"{name:8} keeps {good} of {ok.sum()} right, {bad} wrong")


# %% tags=["nbval-check-output"]
tell_counts(TopK(4))

# %% [markdown]
# No $k$ fits both: 4 is three too many for one and four too few for the
# other. A rule has to look at the row.
#
# ## Keep what is nearly as likely
#
# *Min-p* ([Nguyen and others 2024](https://arxiv.org/abs/2407.01082)) looks at
# the likeliest token, and keeps those with at least a share of its
# probability:
#
# $$ p_i \;\geq\; p_\mathrm{min} \cdot \max_j p_j $$
#
# ### Exercise 1: min-p
#
# Difficulty: easy · 8 minutes
#
# `scores` has one row of logits for each text of the batch. Return the same
# scores, with $-\infty$ for what is forbidden. A token right at the limit
# stays.


# %%
@exercise("mitigation.truncation.MinP")
class MinP(LogitsProcessor):
    """Keeps tokens at least `min_p` times as likely as the likeliest."""

    def __init__(self, min_p):
        self.min_p = min_p

    def __call__(self, input_ids, scores):
        """The scores, -inf where a token is forbidden."""
        ...


# %% tags=["nbval-check-output"]
tell_counts(MinP(0.1))

# %%
fact(
    "min-p of 0.1 keeps what is right in the toy, and nothing else",
    torch.equal(kept(MinP(0.1), toy), right),
)

# %% [markdown]
# ## Keep most of the probability
#
# *Top-p*, or the [*nucleus*](../GLOSSARY.md#nucleus)
# ([Holtzman and others 2019](https://arxiv.org/abs/1904.09751)), looks at the
# sum. It keeps the *smallest set of tokens whose probabilities add up to* $p$
# *or more*: the likeliest, the second, and so on, until $p$ is reached.
#
# ### Exercise 2: top-p
#
# Difficulty: hard · 15 minutes
#
# Sort each row, sum up, and undo the sorting. The token that carries the sum
# to $p$ belongs to the set.


# %%
@exercise("mitigation.truncation.TopP")
class TopP(LogitsProcessor):
    """Keeps the smallest set of tokens with a probability of p or more."""

    def __init__(self, p):
        self.p = p

    def __call__(self, input_ids, scores):
        """The scores, -inf where a token is forbidden."""
        ...


# %% tags=["nbval-check-output"]
tell_counts(TopP(0.9))

# %% [markdown]
# In the open step top-p cuts a right token, too. It cuts up to a tenth of the
# probability, wrong or not.
#
# ## Six more lines
# {{deep}}
#
# People have proposed many rules. Most have a number, given here as their
# authors use it. All are in `course_utils`, and keep the same tokens as
# `transformers` does, bit by bit, where it has them ($H$ is in nats here). The
# last is an exception, as we shall see.
#
# - `Typical(0.9)`: tokens whose surprise is nearest to the entropy, up to a
#   mass ([Meister and others 2022](https://arxiv.org/abs/2202.00666))
# - `Epsilon(9e-4)`: $p_i \geq \varepsilon$; `Eta(2e-3)`: $p_i \geq
#   \min(\varepsilon, \sqrt{\varepsilon}\, e^{-H})$, which falls where the row
#   is open ([Hewitt and others 2022](https://arxiv.org/abs/2210.15191))
# - `TopNSigma(1)`: logits within $n$ standard deviations of the largest
#   ([Tang and others 2024](https://arxiv.org/abs/2411.07641))
# - `PLess()`: $p_i \geq \sum_j p_j^2$, the chance that two draws agree
#   ([Tan and others 2025](https://arxiv.org/abs/2509.23234))
# - `TopH(0.4)`: the likeliest, while their entropy is at most 0.4 times the
#   row's ([Potraghloo and others 2025](https://arxiv.org/abs/2509.02510))

# %%
from course_utils import Epsilon, Eta, PLess, TopH, TopNSigma, Typical

samplers = {
    "top-k 50": TopK(50),
    "top-p 0.9": TopP(0.9),
    "min-p 0.1": MinP(0.1),
    "typical 0.9": Typical(0.9),
    "epsilon 9e-4": Epsilon(9e-4),
    "eta 2e-3": Eta(2e-3),
    "top-n-sigma 1": TopNSigma(1.0),
    "p-less": PLess(),
    "top-h 0.4": TopH(0.4),
}
print("keeps            decided  open")
for name, sampler in samplers.items():
    counts = kept(sampler, toy).sum(dim=-1).tolist()
    print(f"{name:15}{counts[0]:>9}{counts[1]:>6}")

# %% [markdown]
# The last is a lesson about code. *Top-h* promises a bound: the
# entropy of what is kept, made to sum to 1, is at most 0.4 of the row's. The
# authors' code and that of `transformers` stop by another sum, the unfinished
# $\sum -p_i \ln p_i$ of the *un*normalised probabilities. Both can be had
# here. Give them 2,000 random rows.

# %%
from course_utils import entropy

dice = torch.Generator().manual_seed(0)
rows = 3 * torch.randn(2000, 50, generator=dice)
broken = {}
for name, sampler in {
    "as published": TopH(0.4),
    "as implemented": TopH(0.4, renormalised=False),
}.items():
    left = entropy(sampler(None, rows).softmax(dim=-1))
    bound = 0.4 * entropy(rows.softmax(dim=-1))
    broken[name] = (left > bound + 1e-4).float().mean().item()
    print(f"{name:15} breaks its bound in {broken[name]:.0%} of the rows")

# %%
fact(
    "as published the bound holds; as implemented it is often broken",
    broken["as published"] == 0 and broken["as implemented"] > 0.1,
)

# %% [markdown]
# ## A live figure: all lines on one distribution
#
# Now the storyteller. Choose a step of a tale and a temperature. Above are the
# 40 likeliest tokens, in the colour of the truth; below is what each sampler
# keeps, and how many in all. The temperature comes first, then the sampler.

# %%
lm, world = load_model(), StoryWorld()

# %%
opening = "Before there were trains there was a curious girl called"
contexts = {
    "the hero's name": opening,
    "a trait": opening.removesuffix(" curious girl called"),
    "how a tale begins": "",
    "after the name": opening + " Wren",
}

# %%
logits_of = {name: lm.next_token_logits(t) for name, t in contexts.items()}
truth_of = dict.fromkeys(contexts)

# %%
# only with the storyteller
truth_of = {
    name: world.documents.next_token_distribution(text, lm.tokenizer)
    for name, text in contexts.items()
}

# %% jupyter={"source_hidden": true}
# Draws: one distribution by rank, and what each sampler keeps of it
from course_utils.classroom import LiveFigure, dropdown, steps
from course_utils.plots import truncation as pictures


def move_cuts(artists, context, T):
    scores, order = (logits_of[context] / T).sort(descending=True)
    truth = truth_of[context]
    allowed = None if truth is None else (truth[order] > 0).numpy()
    masks = {name: kept(s, scores[None])[0] for name, s in samplers.items()}
    cuts = {name: mask.numpy() for name, mask in masks.items()}
    probs = scores.softmax(dim=-1).numpy()
    return pictures.show_cuts(artists, probs, allowed, cuts)


dial = LiveFigure(
    lambda figure: pictures.draw_cuts(figure, list(samplers)),
    move_cuts,
    {
        "context": dropdown(
            list(contexts), value="a trait", label="step of the tale"
        ),
        "T": steps([0.5, 0.7, 1, 1.5, 2, 3, 5], value=1, label="temperature"),
    },
    alt="Above, the probabilities of the 40 likeliest tokens: at the trait "
    "the 8 that are possible lie far above the others. Below, bars for what "
    "each sampler keeps: top-k 50 keeps 50, p-less and top-h two or three. At "
    "high T top-p and typical keep hundreds, min-p about ten, top-n-sigma the "
    "same as before.",
    size=(9, 5.0),
)
dial

# %% [markdown]
# Turn T up to 5 and back. Rules on probabilities move with T: top-p grows to
# hundreds of tokens, since no few of them hold nine tenths any more.
# Top-n-sigma does not move at all: largest logit and standard deviation shrink
# by the same factor.

# %%
# only with the storyteller
scores = logits_of["the hero's name"]
counts = {
    T: {
        name: kept(sampler, (scores / T)[None]).sum().item()
        for name, sampler in samplers.items()
    }
    for T in (1, 5)
}
fact(
    "at T = 5 top-p keeps hundreds, min-p at most 16, top-n-sigma as at T = 1",
    lambda: (
        counts[5]["top-p 0.9"] > 200
        and counts[5]["min-p 0.1"] <= 16
        and counts[5]["top-n-sigma 1"] == counts[1]["top-n-sigma 1"]
    ),
)

# %% [markdown]
# ## What does the world allow?
#
# Outside of this course nobody can say whether a sampler cut mistakes or
# ideas. Here the world's *oracle* knows each next token's true probability.

# %%
# only with the storyteller
guess = predict(
    "names kept",
    "At the hero's name the world allows 12 names. How many does top-p 0.9 "
    "keep at T = 1?",
    choices=["all 12", "7 or 8", "3 or 4"],
)
guess

# %%
# only with the storyteller
truth = truth_of["the hero's name"]
stay = kept(TopP(0.9), logits_of["the hero's name"][None])[0]
left, all_names = (stay & (truth > 0)).sum(), (truth > 0).sum()
print(f"{left} of {all_names} names, {truth[stay].sum():.0%} of the truth")

# %%
# only with the storyteller
guess.compare(
    "7 or 8",
    "The first eight hold nine tenths. The other heroes are never told again "
    "by whoever samples so, and not one mistake was prevented.",
)

# %%
# only with the storyteller
fact(
    "top-p keeps 7 or 8 of 12 names", left.item() in (7, 8) and all_names == 12
)

# %% [markdown]
# Two numbers describe a cut, like a search engine's. *Precision*: of what will
# be drawn, how much is possible? *Recall*: of what the world would say, how
# much can still be said?
#
# ### Exercise 3: precision and recall
#
# Difficulty: medium · 10 minutes
#
# `kept` marks the tokens that stay, `probs` are the model's probabilities
# before the cut and `truth` the world's, all with the vocabulary last. Mind
# that what is kept sums to 1 again before a token is drawn.


# %%
@exercise("worlds.measures.precision_and_recall")
def precision_and_recall(kept, probs, truth):
    """Two numbers for each step: precision, recall."""
    ...


# %% [markdown]
# Now many steps. Take tales of the world, and at each of their tokens the
# model's logits and the truth.


# %%
def along(text):
    """The model's logits and the truth before each token of a text."""
    ids = lm.tokenizer.encode(text, add_special_tokens=False)[:200]
    oracle, truth = world.documents.oracle(lm.tokenizer), []
    for token in ids:
        truth.append(oracle.distribution())
        oracle.push(token)
    with torch.no_grad():
        told = torch.tensor([[lm.tokenizer.eos_token_id, *ids]])
        logits = lm.model(told.to(lm.device)).logits[0, :-1].float().cpu()
    return logits, torch.stack(truth).float()


# %%
# only with the storyteller
tales = [tale.text for tale in world.documents.sample(100, seed=12)]
read = [along(tale) for tale in tales]
logits, truth = (torch.cat(column) for column in zip(*read, strict=True))
steps_of = [len(z) for z, _ in read]
impossible = truth == 0
choices = (~impossible).sum(dim=-1)
print(f"{len(logits):,} steps; {(choices == 1).float().mean():.0%} decided")

# %%
# only with the storyteller
for T in (1.0, 1.5, 2.0):
    mass = ((logits / T).softmax(dim=-1) * impossible).sum(dim=-1)
    print(f"T = {T}: {1000 * mass.mean():.2f} impossible tokens in 1,000")

# %%
# only with the storyteller
mass_at = {
    T: ((logits / T).softmax(dim=-1) * impossible).sum(dim=-1).mean().item()
    for T in (1.0, 1.5, 2.0)
}
fact(
    "T = 1.5 brings more than one impossible token in a thousand, T = 1 next "
    "to none, and about every tenth tale gets one",
    0.001 < mass_at[1.5] < 0.002
    and mass_at[1.0] < 5e-4
    and 0.07 < 1 - (1 - mass_at[1.5]) ** 80 < 0.15,
)

# %% [markdown]
# At T = 1 there is next to nothing to cut. At 1.5 more than one token in a
# thousand is impossible: with 80 tokens a tale, about every tenth tale gets
# one.


# %%
def cut_at(T):
    """Precision and recall of each sampler behind T, at every step."""
    probs = (logits / T).softmax(dim=-1)
    cuts = {"no sampler": torch.ones_like(impossible)}
    cuts |= {name: kept(s, logits / T) for name, s in samplers.items()}
    return {n: precision_and_recall(c, probs, truth) for n, c in cuts.items()}


# %% [markdown]
# Small losses add up as small mistakes do: a tale can be told only if *none*
# of its tokens is cut. So for each tale multiply the recalls of its steps: the
# share of such tales that can still be told, whole.


# %%
def tales_left(recall):
    """For each tale, the product of the recalls of its steps."""
    return [steps.prod().item() for steps in recall.split(steps_of)]


# %%
def show_cut(quality):
    """Print what each sampler prevents, and what it costs."""
    print("                impossible in 1,000  truth cut  tales left")
    for name, (precision, recall) in quality.items():
        wrong, lost = 1 - precision.mean(), 1 - recall.mean()
        left = np.mean(tales_left(recall))
        print(f"{name:16}{1000 * wrong:>19.3f}{lost:>11.2%}{left:>12.0%}")


# %%
# only with the storyteller
quality = cut_at(1.5)
show_cut(quality)

# %% jupyter={"source_hidden": true}
# Draws: mistakes left, and tales that can no longer be told
# only with the storyteller
mistakes = {n: 1 - p.mean().item() for n, (p, _) in quality.items()}
left = {n: np.mean(tales_left(r)) for n, (_, r) in quality.items()}
show(
    pictures.plot_cut(mistakes, {n: 1 - share for n, share in left.items()}),
    alt="Left: without a sampler about 1.5 tokens in 1,000 are impossible at "
    "T = 1.5, with top-k 50 more than half of that; with the others less than "
    "half. Right: top-p makes about two in five of the world's tales "
    "impossible, min-p, typical and top-n-sigma one in five or so, epsilon "
    "and eta next to none, p-less and top-h nearly all.",
)

# %%
# only with the storyteller
remaining = (1 - quality["top-p 0.9"][0]).sort(descending=True).values
fact(
    "top-k 50 leaves more than half of the mistakes, the others less",
    all(
        (share > mistakes["no sampler"] / 2) == (name == "top-k 50")
        for name, share in mistakes.items()
        if name != "no sampler"
    ),
)
fact(
    "more than half of what top-p leaves sits at 20 steps of some 9,000",
    lambda: remaining[:20].sum() > remaining.sum() / 2,
)
fact(
    "top-p loses a quarter of the tales or more, epsilon and eta hardly any, "
    "p-less and top-h nearly all",
    lambda: (
        left["top-p 0.9"] < 0.75
        and min(left["epsilon 9e-4"], left["eta 2e-3"]) > 0.95
        and max(left["p-less"], left["top-h 0.4"]) < 0.05
    ),
)

# %% [markdown]
# Top-k leaves more than half of the mistakes, since 50 are too many for a
# decided step. With the others most are gone. What stays sits at a handful of
# steps, where the model is in doubt about a name and gives wrong ones a fifth
# of the probability: too much for a cut of the tail.
#
# What it costs differs far more. Half a percent of the truth at each token,
# and top-p makes about two tales in five impossible. Epsilon and eta, with
# limits near one in a thousand, prevent nearly as much and lose hardly a tale.
# P-less and top-h leave next to none. They were made for other aims: where one
# answer is right, a narrow row is an advantage.
#
# **Stretch**: `show_cut(cut_at(1))`. Who still pays, and for what?
#
# ## Temperature first, or last?
#
# `transformers` and vLLM divide by T and truncate then. llama.cpp truncates
# first and heats what is left. Does it matter?

# %% tags=["nbval-check-output"]
for T in (0.5, 1.0, 2.0, 5.0):
    first = kept(MinP(0.1), toy / T).sum(dim=-1).tolist()
    last = kept(MinP(0.1), toy).sum(dim=-1).tolist()
    print(f"T = {T}: min-p keeps {first} after T, {last} before it")

# %% [markdown]
# It does. Behind a temperature min-p's rule reads
# $z_i \geq z_\mathrm{max} + T \ln p_\mathrm{min}$: its limit moves with T.
# Before the temperature it stays where it is. So the same two numbers, T = 2
# and 0.1, mean two things in two programs. Whoever copies settings has to copy
# the order.

# %%
T = 2.0
limit = toy.amax(dim=-1, keepdim=True) + T * torch.tensor(0.1).log()
fact(
    "behind a temperature min-p keeps z >= z_max + T ln min_p",
    torch.equal(kept(MinP(0.1), toy / T), toy >= limit),
)

# %% [markdown]
# ## Two limits at once: which one binds?
#
# A popular setting has three numbers: T = 0.7 to 0.9, $k$ = 50, $p$ = 0.9.
# Top-p decides among what top-k leaves. If top-p alone would keep no more than
# 50 tokens, top-k does nothing: *it does not bind*.

# %%
# only with the storyteller
nuclei = {
    T: kept(TopP(0.9), logits / T).sum(dim=-1)
    for T in (0.7, 0.8, 0.9, 1.5, 2.0, 2.5)
}
for T, sizes in nuclei.items():
    binds = (sizes > 50).float().mean()
    print(f"T = {T}: largest nucleus {sizes.max():>4}, k binds at {binds:.2%}")

# %%
# only with the storyteller
fact(
    "at T = 0.7 to 0.9 k never binds, and at T = 2 it does, but rarely",
    lambda: (
        all(nuclei[T].max() <= 50 for T in (0.7, 0.8, 0.9))
        and 0 < (nuclei[2.0] > 50).float().mean() < 0.02
    ),
)

# %% [markdown]
# Where the setting is advised, $k$ never binds in this world, whose steps have
# 35 choices at most. (With a vocabulary of 50,000 an open step may well have
# more; count it on your own model, the cell above is all it takes.) At T = 2
# it binds at one step in a few hundred. We come back to whether so rare a
# guard is worth anything.
#
# ## Validity against variety
#
# Precision at one step is not yet a better set of tales. So the storyteller
# told tales with each sampler at every temperature, 200 in a run, with eight
# seeds. One command makes them anew, and goes on where it was interrupted:
#
# ```
# python -m course_utils.recordings truncation
# ```
#
# For each run the parser says how many tales are *valid*. *Variety* is counted
# among the valid ones: how many different pairs of hero and plot are to be
# expected in 100 of them.

# %%
from course_utils.foundations.intervals import mean_interval
from course_utils.recordings.frontier import Frontier

runs = Frontier.read("truncation")

# %% jupyter={"source_hidden": true}
# Prints: plain temperature, and what the world itself has
of_world = sum(
    1 - (1 - hero * arc) ** runs.counted
    for hero in world.probabilities("hero").values()
    for arc in world.probabilities("arc").values()
)
even = 24 * 14 * (1 - (1 - 1 / (24 * 14)) ** runs.counted)
print(f"the world: {of_world:.1f} pairs in {runs.counted} tales")
print(f"if all pairs were equally common: {even:.1f}")
print("  T   valid   pairs   (plain temperature)")
for T, valid, count in zip(
    runs.settings["temperature"],
    runs.mean("temperature", "validity"),
    runs.mean("temperature", "pairs"),
    strict=True,
):
    print(f"{T:>4}{valid:>7.1%}{count:>8.1f}")

# %% [markdown]
# Two samplers at one temperature can't be compared: the bolder one looks
# varied and broken, the other sound and dull. A fair question keeps one of the
# two fixed. *Turn each sampler's temperature up until 95 % of its tales are
# valid. How many pairs does it tell?*

# %%
guess = predict(
    "ahead at 95 %",
    "Plain temperature has about 77 pairs where 95 % are valid. And min-p "
    "0.1?",
    choices=["fewer", "80 to 82", "more than 90"],
)
guess


# %%
print(runs.table_of_leads())

# %%
guess.compare(
    "80 to 82",
    "A few pairs more, at the same validity. Equally common pairs would give "
    "87 in 100 tales (see above), so there is not much more to be had.",
)

# %% [markdown]
# Behind each lead stands its interval, from the jackknife over eight seeds.
# One that holds 0 says: other seeds might say otherwise. *Never there* is a
# sampler whose tales never break so often, however high T goes.
#
# Here are some of the samplers as curves. Each begins at the lower right, at a
# low T, and moves up and to the left as T rises: more pairs, fewer valid
# tales. Compare curves at one validity, straight up and down. A curve above
# the thick grey one tells more.
#
# The dashed line is the world itself. Above it rare heroes and plots come more
# often than they do in the world. That is variety beyond the truth: a remedy
# for a model that has collapsed, and a distortion of one that has not.

# %% jupyter={"source_hidden": true}
# Draws: pairs of hero and plot over validity, for each sampler
show(
    pictures.plot_frontiers(runs, of_world),
    alt="Pairs of hero and plot over validity. Plain temperature climbs from "
    "right to left: more variety, fewer valid tales. Left: top-k 50 lies on "
    "it, top-p 0.9 a little above, both together more so. Right: min-p 0.1 "
    "runs above it left of 98 %; top-n-sigma near it; p-less stands at 100 % "
    "with few pairs and climbs late.",
)

# %% [markdown]
# - **Cuts that leave most of an open row alone are ahead**: min-p, epsilon,
#   eta, typical and the two limits together, by three to five pairs at 95 %.
#   With them T can rise to between 1.6 and 2.3 before as many tales break as
#   at 1.3 without. (By different pairs of *words* nobody is ahead: what is
#   gained is heroes and plots.)
# - **Top-k 50 alone is not ahead**, and top-p 0.9 alone not clearly at 95 %.
#   *Together* they are. At T = 2 top-k binds at one step in hundreds, but that
#   is where a nucleus has swollen and a tale breaks: the rare guard is worth
#   something.
# - **P-less and top-h tell few tales.** At T = 1 p-less has some five pairs,
#   all valid: mode collapse, made by a sampler. It needs a T near 3.
# - **Cut first, heat later** is bounded. With min-p before the temperature
#   more than 95 % of the tales are valid up to T = 6, and at 98 % it is more
#   than ten pairs behind: what was cut cold never comes back.
#
# Read the column of 95 %. At 98 % a sampler's curve is steep and its settings
# far apart, so the straight lines between them, and the intervals, are less to
# be trusted. And of so many rows, tested at once, one in twenty may lead by
# luck.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the frontiers.
leads = {arm: runs.lead(arm, 0.95) for arm in runs.rows}
gentle = ["min-p 0.1", "min-p 0.05", "typical 0.9", "epsilon 9e-4", "eta 2e-3"]
ahead = [*gentle, "top-k 50, top-p 0.9"]
fact(
    "gentle cuts and both limits together are ahead by three to five pairs",
    all(
        leads[arm].interval[0] > 0 and 3 <= leads[arm].value < 5
        for arm in ahead
    ),
)
fact(
    "with them T rises to between 1.6 and 2.3",
    all(
        1.6 <= runs.at(arm, 0.95, measure="temperature").value < 2.3
        for arm in ahead
    ),
)
fact(
    "by different pairs of words none of them is ahead",
    all(
        runs.lead(arm, 0.95, measure="bigrams").interval[0] < 0
        for arm in ahead
    ),
)
fact(
    "top-k 50 and top-p 0.9 alone are not clearly ahead at 95 %",
    all(leads[arm].interval[0] < 0 for arm in ("top-k 50", "top-p 0.9")),
)
with_k, alone = (
    runs.values(arm, "validity")[runs.settings[arm].index(2)]
    for arm in ("top-k 50, top-p 0.9", "top-p 0.9")
)
fact(
    "at T = 2 the guard k = 50 saves tales",
    mean_interval((with_k - alone).tolist())[0] > 0.02,
)
at_one = runs.settings["p-less"].index(1)
fact(
    "at T = 1 p-less has about five pairs, all tales valid",
    4 < runs.mean("p-less", "pairs")[at_one] < 7
    and runs.mean("p-less", "validity")[at_one] > 0.995,
)
cold = "min-p 0.1, then T"
fact(
    "min-p before the temperature stays above 95 %, and is more than ten "
    "pairs behind at 98 %",
    runs.settings[cold][-1] == 6
    and min(runs.mean(cold, "validity")) > 0.95
    and runs.lead(cold, 0.98).interval[1] < -10,
)

# %% [markdown]
# ## Claims on trial
#
# **C21**: sampling from the nucleus of $p$ = 0.9 keeps texts diverse and
# sound. If so, it cuts what the world forbids, and little of what it allows.

# %%
from course_utils.classroom import verdict
from course_utils.foundations.intervals import bootstrap_interval

# %%
# only with the storyteller
left_by_tale = tales_left(quality["top-p 0.9"][1])
stopped = 1 - mistakes["top-p 0.9"] / mistakes["no sampler"]
print(f"at T = 1.5 it cuts {stopped:.0%} of what is impossible, and leaves")
print(f"{np.mean(left_by_tale):.0%} of the world's tales")

# %%
# only with the storyteller
for T in (1, 1.5, 2.5):
    place = runs.settings["top-p 0.9"].index(T)
    valid, told = (
        runs.mean("top-p 0.9", name)[place] for name in ("validity", "pairs")
    )
    print(f"T = {T}: {valid:.1%} valid, {told:.0f} pairs")

# %%
# only with the storyteller
verdict(
    "C21",
    "holds when T is raised, to 1.5 or so",
    "The share of the world's tales that can still be told at T = 1.5 under "
    f"top-p 0.9, with {stopped:.0%} of what is impossible cut. At T = 1 it is "
    "less varied than the world; at 2.5 the nucleus swells and hardly a tale "
    "is valid. Its lead over plain temperature, each turned until 95 % of the "
    f"tales are valid: {leads['top-p 0.9']:+.1f} pairs.",
    question="Does a nucleus of 0.9 cut the impossible and leave the rest?",
    stands=bootstrap_interval(left_by_tale)[0] > 0.5 < stopped,
    estimate=np.mean(left_by_tale),
    interval=bootstrap_interval(left_by_tale),
    n=len(left_by_tale),
    unit="document of the world",
    recorded="truncation",
)

# %%
# only with the storyteller
swollen = runs.settings["top-p 0.9"].index(2.5)
few = runs.mean("top-p 0.9", "pairs")[runs.settings["top-p 0.9"].index(1)]
fact(
    "top-p 0.9 cuts more than half of what is impossible at T = 1.5, is less "
    "varied than the world at 1, and hardly valid at 2.5",
    stopped > 0.5
    and few < of_world - 5
    and runs.mean("top-p 0.9", "validity")[swollen] < 0.2,
)

# %% [markdown]
# **C29**: T of 0.7 to 0.9 with $k$ = 50 and $p$ = 0.9 is a robust default. A
# default should be sound, and near the best that soundness allows. Set it
# beside plain temperature of 0.8, which is as sound.

# %%
both, plain = "top-k 50, top-p 0.9", "temperature"
place = runs.settings[both].index(0.8), runs.settings[plain].index(0.8)
behind = {
    name: (
        runs.values(both, name)[place[0]] - runs.values(plain, name)[place[1]]
    ).tolist()
    for name in ("validity", "pairs")
}
for name, values in behind.items():
    low, high = mean_interval(values)
    print(f"{name:9}{np.mean(values):+.3f} ({low:+.3f} to {high:+.3f})")

# %%
verdict(
    "C29",
    "holds when soundness is all that is asked",
    "By how many pairs of hero and plot in 100 tales the setting, at T = 0.8, "
    "is ahead of plain temperature of 0.8, which is as sound: it is behind. "
    "Top-p does all of the cutting: with 35 choices at most k = 50 can't bind "
    "in this world, until T is 2 and the nucleus swells.",
    question="Is T = 0.8 with k = 50 and p = 0.9 as sound and as varied as T "
    "alone?",
    stands=mean_interval(behind["pairs"])[1] < 0
    and mean_interval(behind["validity"])[0] > -0.01,
    estimate=np.mean(behind["pairs"]),
    interval=mean_interval(behind["pairs"]),
    n=len(behind["pairs"]),
    unit="seed",
    recorded="truncation",
)

# %%
fact(
    "at T = 0.8 the setting is as sound as plain temperature, and tells fewer "
    "pairs",
    abs(np.mean(behind["validity"])) < 0.005
    and mean_interval(behind["pairs"])[1] < -5,
)

# %% [markdown]
# **C33**: more variation of words can come with less fidelity. From T = 1 to
# 1.5, by how much do the different pairs of *words* rise, and how much falls
# the share of tales in which names and things stay what they were?

# %%
cool, hot = (runs.settings["temperature"].index(T) for T in (1, 1.5))
change = {}
for name in ("bigrams", "fidelity"):
    values = runs.values("temperature", name)
    change[name] = (values[hot] - values[cool]).tolist()
    low, high = mean_interval(change[name])
    print(f"{name:9}{np.mean(change[name]):+.3f} ({low:+.3f} to {high:+.3f})")

# %%
verdict(
    "C33",
    "holds",
    "The change of fidelity from T = 1 to 1.5, while the share of different "
    "pairs of words rises.",
    question="Does fidelity fall where the variation of words rises?",
    stands=mean_interval(change["fidelity"])[1] < 0
    and mean_interval(change["bigrams"])[0] > 0,
    estimate=np.mean(change["fidelity"]),
    interval=mean_interval(change["fidelity"]),
    n=len(change["fidelity"]),
    unit="seed",
    recorded="truncation",
)

# %%
fact(
    "different pairs of words rise, and fidelity falls",
    mean_interval(change["bigrams"])[0] > 0
    and mean_interval(change["fidelity"])[1] < 0,
)

# %% [markdown]
# Both numbers follow from T alone here, so it *can* be so. It need not:
# [notebook 14](14_noise_injection.ipynb) has a sampler that raises the one and
# keeps the other.
#
# ## A short quiz

# %%
from course_utils.classroom import quiz

quiz("12")

# %% [markdown]
# ## Recap
#
# - Small mistakes add up: a sampler forbids the tail, so that T may rise.
# - Precision is what a cut prevents, recall what it costs.
# - The order of temperature and cut is part of the setting.
# - Compare at equal validity: gentle cuts tell a few more heroes and plots.
#
# ## Read on
#
# - Holtzman and others 2019,
#   [The curious case of neural text degeneration](https://arxiv.org/abs/1904.09751):
#   why likely text is dull, and where the nucleus comes from.
# - Hewitt and others 2022,
#   [Truncation sampling as desmoothing](https://arxiv.org/abs/2210.15191): a
#   model is the truth plus a smoothing, and a cut tries to undo it.
# - Nguyen and others 2024, [Min-p](https://arxiv.org/abs/2407.01082), and
#   Schaeffer and others 2025,
#   [Turning down the heat](https://arxiv.org/abs/2506.13681), who checked its
#   claims again: read them side by side.
#
# **Next**: [13 Adaptive temperature](13_adaptive_temperature.ipynb). One T for
# a whole text is crude. Could it follow the model's own doubt?
