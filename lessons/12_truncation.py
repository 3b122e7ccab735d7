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
# A temperature has to treat both alike. To
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
# In the open step top-p cuts right tokens too. It always cuts about a tenth of
# the probability, whether a tenth is wrong or not.
#
# ## Six more lines
# {{deep}}
#
# People have proposed many rules. Each has a number, given here as its authors
# use it; all are in `course_utils`, and keep the same tokens as
# `transformers` does, bit by bit, where it has them.
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
            list(contexts), value="the hero's name", label="step of the tale"
        ),
        "T": steps([0.5, 0.7, 1, 1.5, 2, 3, 5], value=1, label="temperature"),
    },
    alt="Above, the probabilities of the 40 likeliest tokens: at the hero's "
    "name the 12 that are possible lie far above the others. Below, bars for "
    "what each sampler keeps: top-k 50 keeps 50, top-h 0.4 two or three. At "
    "high T top-p and typical keep hundreds, min-p a dozen, top-n-sigma the "
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
    counts[5]["top-p 0.9"] > 200
    and counts[5]["min-p 0.1"] <= 16
    and counts[5]["top-n-sigma 1"] == counts[1]["top-n-sigma 1"],
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
tales = [tale.text for tale in world.documents.sample(50, seed=12)]
pairs = [along(tale) for tale in tales]
logits, truth = (torch.cat(column) for column in zip(*pairs, strict=True))
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
# At T = 1 there is next to nothing to cut: this model was told the truth at
# every step. At 1.5 more than one token in a thousand is impossible: with 80
# tokens a tale, about every tenth tale gets one.

# %%
# only with the storyteller
T = 1.5
probs = (logits / T).softmax(dim=-1)
cuts = {"no sampler": torch.ones_like(impossible)}
cuts |= {name: kept(s, logits / T) for name, s in samplers.items()}
quality = {n: precision_and_recall(c, probs, truth) for n, c in cuts.items()}
print("at T = 1.5      impossible in 1,000   of the truth cut")
for name, (precision, recall) in quality.items():
    wrong, lost = 1 - precision.mean(), 1 - recall.mean()
    print(f"{name:16}{1000 * wrong:>19.3f}{lost:>19.2%}")

# %% jupyter={"source_hidden": true}
# Draws: mistakes left and truth cut, sampler by sampler
# only with the storyteller
mistakes = {n: 1 - p.mean().item() for n, (p, _) in quality.items()}
lost = {n: 1 - r.mean().item() for n, (_, r) in quality.items()}
show(
    pictures.plot_cut(mistakes, lost),
    alt="Left: without a sampler about 1.5 tokens in 1,000 are impossible at "
    "T = 1.5, with top-k 50 more than half of that; with the others less than "
    "a third. Right: of what the world says, p-less and top-h cut about 14 %, "
    "the others less than 1 %.",
)

# %%
# only with the storyteller
fact(
    "top-k 50 leaves more than half of the mistakes, the others less than a "
    "third, and about as many as there are at T = 1",
    all(
        left > mistakes["no sampler"] / 2
        if name == "top-k 50"
        else left < mistakes["no sampler"] / 3 and left < 1.6 * mass_at[1.0]
        for name, left in mistakes.items()
        if name != "no sampler"
    ),
)
fact(
    "p-less and top-h cut more than a tenth of the truth, the others below "
    "1 %",
    all(
        (lost[n] > 0.1) if n in ("p-less", "top-h 0.4") else lost[n] < 0.01
        for n in lost
    ),
)

# %% [markdown]
# Top-k leaves more than half of the mistakes, since 50 are too many for a
# decided step. The others leave about as many as there are at T = 1: what the
# model says wrongly *and is sure of*. No line through the tail finds those.
#
# What it costs differs. Most lose less than a hundredth of what the world
# says; p-less and top-h lose more than a tenth. They were made for other aims:
# where one answer is right, a narrow row is an advantage.
#
# **Stretch**: set `T = 1` in the cell of the table. Who still pays for it?
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
    all(nuclei[T].max() <= 50 for T in (0.7, 0.8, 0.9))
    and 0 < (nuclei[2.0] > 50).float().mean() < 0.02,
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
print(f"the world: {of_world:.1f} pairs in {runs.counted} tales")
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
    "87 in 100 tales, so there is not much more to be had.",
)

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
#   With them T can rise to about 2 before as many tales break as at 1.3
#   without.
# - **Top-k 50 alone is not ahead**, and of top-p 0.9 alone nobody can say.
#   *Together* they are. At T = 2 top-k binds at one step in hundreds, but that
#   is where a nucleus has swollen and a tale breaks: the rare guard is worth
#   something.
# - **P-less and top-h tell few tales.** At T = 1 p-less has some five pairs,
#   all valid: mode collapse, made by a sampler. It needs a T near 3.
# - **Cut first, heat later** is safe, and bounded. With min-p before the
#   temperature more than 95 % of the tales are valid however high T goes, and
#   at 98 % it is more than ten pairs behind: what was cut cold never comes
#   back.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the frontiers.
leads = {arm: runs.lead(arm, 0.95) for arm in runs.rows}
gentle = ["min-p 0.1", "min-p 0.05", "typical 0.9", "epsilon 9e-4", "eta 2e-3"]
fact(
    "gentle cuts and both limits together are ahead by two to five pairs",
    all(
        leads[arm].interval[0] > 0 and 2 < leads[arm].value < 5
        for arm in [*gentle, "top-k 50, top-p 0.9"]
    ),
)
fact(
    "top-k 50 and top-p 0.9 alone are not clearly ahead",
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
from course_utils.foundations.intervals import (
    bootstrap_interval,
    wilson_interval,
)

# %%
# only with the storyteller
steps_of = [len(z) for z, _ in pairs]
lost_by_tale = [
    1 - recall.mean().item()
    for recall in quality["top-p 0.9"][1].split(steps_of)
]
stopped = 1 - mistakes["top-p 0.9"] / mistakes["no sampler"]
few = runs.mean("top-p 0.9", "pairs")[runs.settings["top-p 0.9"].index(1)]
print(f"at T = 1.5 it cuts {stopped:.0%} of what is impossible")
print(f"at T = 1 it tells {few:.0f} pairs; the world has {of_world:.0f}")

# %%
# only with the storyteller
verdict(
    "C21",
    "holds when the temperature is raised above 1",
    "The share of what the world says that top-p 0.9 cuts at T = 1.5, tale by "
    f"tale: little, and with it {stopped:.0%} of what is impossible. (The "
    "rest the model says wrongly and is sure of.) At T = 1 there is next to "
    "nothing to prevent, and it tells fewer pairs than the world. Its lead "
    "over plain temperature, where 95 % of the tales are valid: "
    f"{leads['top-p 0.9']:+.1f} pairs.",
    estimate=np.mean(lost_by_tale),
    interval=bootstrap_interval(lost_by_tale),
    n=len(lost_by_tale),
)

# %%
# only with the storyteller
fact(
    "at T = 1.5 top-p 0.9 cuts more than half of what is impossible and less "
    "than 1 % of the truth; at T = 1 it is less varied than the world",
    stopped > 0.5
    and max(bootstrap_interval(lost_by_tale)) < 0.01
    and few < of_world - 5,
)

# %% [markdown]
# **C29**: T of 0.7 to 0.9 with $k$ = 50 and $p$ = 0.9 is a robust default, in
# which both limits matter. Count the tales in which $k$ binds at any token.

# %%
# only with the storyteller
from course_utils.foundations.intervals import mean_interval, wilson_interval

steps_of = [len(z) for z, _ in pairs]
bound = [(sizes > 50).any().item() for sizes in nuclei[0.8].split(steps_of)]
print(f"k binds in {sum(bound)} of {len(bound)} tales at T = 0.8")

# %%
# only with the storyteller
verdict(
    "C29",
    "fails",
    "The share of tales in which k = 50 binds at any token, at T = 0.8 with "
    "p = 0.9: top-p does all of the cutting, in a world with 35 choices at "
    "most. Sound it is, but less varied than plain temperature needs to be.",
    estimate=sum(bound) / len(bound),
    interval=wilson_interval(sum(bound), len(bound)),
    n=len(bound),
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
    estimate=np.mean(change["fidelity"]),
    interval=mean_interval(change["fidelity"]),
    n=len(change["fidelity"]),
)

# %%
fact(
    "different pairs of words rise, and fidelity falls",
    mean_interval(change["bigrams"])[0] > 0
    and mean_interval(change["fidelity"])[1] < 0,
)

# %% [markdown]
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
# - Compare at equal validity: most cuts are a little ahead of temperature.
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
