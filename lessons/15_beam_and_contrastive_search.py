# %% [markdown]
# # 15 · Beam and contrastive search
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

start("15")

# %% [markdown]
# **What you will be able to do**
#
# - Write a step of beam search, and say what it looks for
# - Keep groups of beams apart, and draw texts without replacement
# - Compute what contrastive search punishes, and show what its sign does
# - Compare ten beams with ten samples at the same cost
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: softmax, sampling and Gumbel noise
# ([notebook 01](01_softmax_and_temperature.ipynb)), repetition
# ([notebook 10](10_repetition.ipynb))
#
# **The question**: you want ten different tales about Mira. Should you search
# for ten good ones, or throw the dice ten times?

# %% [markdown]
# ## The likeliest text is not made of likeliest words
#
# Greedy decoding takes the likeliest token, again and again. Does that give
# the likeliest *text*? A toy with two steps: first A or B, then x or y.

# %% tags=["nbval-check-output"]
first = torch.tensor([0.6, 0.4])  # A, B
second = torch.tensor([[0.55, 0.45], [0.95, 0.05]])  # x, y after A; after B
texts = first[:, None] * second
for begin, row in zip("AB", texts.tolist(), strict=True):
    print(
        *(f"{begin}{end}: {p:.2f}" for end, p in zip("xy", row, strict=True))
    )

# %% [markdown]
# Greedy takes A, then x: 0.33. But Bx has 0.38. A choice that looks good now
# can lead to where nothing is good. [*Beam
# search*](../GLOSSARY.md#beam-search) hedges: it keeps several
# beginnings, the *beams*, and at each step the best of **all** their
# continuations, by log-probability.
#
# ### Exercise 1: the best continuations
#
# Difficulty: medium · 10 minutes
#
# `scores` has the log-probability of each beginning, `log_probs` a row for
# each with those of the next token. Return three things for the `k` best
# continuations, the best first: the beginning each continues, its token, and
# its score.


# %%
@exercise("mitigation.search.best_continuations")
def best_continuations(scores, log_probs, k):
    """Parents, tokens, scores."""
    ...


# %% [markdown]
# Two beams find the best text of the toy.

# %% tags=["nbval-check-output"]
parents, tokens, scores = best_continuations(
    torch.zeros(1), first.log()[None], k=2
)
parents, ends, scores = best_continuations(scores, second[tokens].log(), k=2)
for parent, end, score in zip(parents, ends, scores.exp(), strict=True):
    print(f"{'AB'[tokens[parent]]}{'xy'[end]}: {score:.2f}")

# %% [markdown]
# `beam_search` does this with the storyteller, with caches that follow the
# beams, and ended texts kept aside. It finds the same tokens and scores as
# `transformers`. (By default a score is the mean log-probability of a token,
# so that short texts have no advantage.)

# %%
from course_utils.mitigation.search import beam_search

lm, world = load_model(), StoryWorld()

# %%
request = "A story about Mira."
best = beam_search(lm, request, num_beams=10, max_new_tokens=110)
greedy = beam_search(lm, request, num_beams=1, max_new_tokens=110)
print(f"log-probability: beams {best.logprobs[0]:.1f}", end=", ")
print(f"greedy {greedy.logprobs[0]:.1f}")

# %%
guess = predict(
    "plots of ten beams",
    "Ten beams bring ten different texts about Mira. How many different plots "
    "do they tell?",
    choices=["one or two", "about five", "eight or more"],
)
guess

# %%
for text in best.texts[:4]:
    print(textwrap.fill(text.replace("\n", " "), 79), end="\n\n")

# %%
# only with the storyteller
plots = [world.parse(text).labels["arc"] for text in best.texts]
print(f"{len(set(best.texts))} texts, {len(set(plots))} plots: {set(plots)}")

# %%
# only with the storyteller
guess.compare(
    "one or two",
    "The likeliest texts are near copies of the likeliest one. A search for "
    "likely texts finds the mode, and its neighbours.",
)

# %%
# only with the storyteller
fact(
    "ten beams tell one plot or two, in ten different texts",
    len(set(plots)) <= 2 and len(set(best.texts)) == 10,
)

# %% [markdown]
# ## Groups that keep apart
#
# *Diverse beam search*
# ([Vijayakumar and others 2016](https://arxiv.org/abs/1610.02424)) parts the
# beams into groups that choose one after the other. A token costs a group
# $\lambda$ for each time that the groups before it have just chosen it: a
# *Hamming penalty*, by position.
#
# ### Exercise 2: the Hamming penalty
#
# Difficulty: easy · 6 minutes
#
# `chosen` are the tokens that earlier groups have taken at this step. Return
# the penalised log-probabilities.


# %%
@exercise("mitigation.search.hamming_penalised")
def hamming_penalised(log_probs, chosen, penalty):
    """Each token's log-probability less what it costs."""
    ...


# %% [markdown]
# ## A live figure: beams as a tree
#
# Ten texts about Mira, from left to right. They run together as long as their
# tokens agree, and are named by their last words; a colour is a group. Move
# the number of groups and the penalty. (One group is plain beam search.)

# %%
from course_utils.mitigation.search import diverse_beam_search

# %%
penalties = [0, 0.5, 1, 2, 5]
trees = {
    (groups, penalty): diverse_beam_search(
        lm, request, 10, groups, penalty, max_new_tokens=90
    )
    for groups in (1, 2, 5, 10)
    for penalty in penalties
}

# %% jupyter={"source_hidden": true}
# Draws: ten texts as a tree, by groups and penalty
from course_utils.classroom import LiveFigure, steps
from course_utils.plots import search as pictures

kinds = dict.fromkeys(trees)
if lm.name == "storyteller":
    parsed = {k: map(world.parse, tree.texts) for k, tree in trees.items()}
    kinds = {
        key: len({p.labels["arc"] for p in parses if p.valid})
        for key, parses in parsed.items()
    }


def move_tree(artists, groups, penalty):
    tree = trees[groups, penalty]
    return pictures.show_tree(
        artists,
        tree.token_ids,
        tree.texts,
        tree.groups,
        kinds[groups, penalty],
    )


dial = LiveFigure(
    lambda figure: pictures.draw_tree(figure, 10, 90),
    move_tree,
    {
        "groups": steps([1, 2, 5, 10], value=5, label="groups"),
        "penalty": steps(penalties, value=0.5, label="penalty"),
    },
    alt="Ten texts as lines from left to right, in five colours. Two of a "
    "group run together nearly to the end, the groups part early. With one "
    "group all ten run together; with ten groups and a penalty of 5 many are "
    "no tales.",
    size=(9, 4.2),
)
dial

# %% [markdown]
# Set it to one group: ten texts that part only near their end. With more,
# groups part early, each by itself stays a bundle, and what a penalty adds has
# a limit: set it to 5, and groups take *any* other token, right or wrong.
#
# **Stretch**: the penalty compares tokens at the same place. What happens to
# two groups that tell the same tale, one of them a word later?
#
# ## Drawing without replacement
# {{deep}}
#
# Dice repeat themselves; a search does not. Can one have both, *different*
# texts that are honest draws? Gumbel-max
# ([notebook 01](01_softmax_and_temperature.ipynb)) draws one value: add Gumbel
# noise to the log-probabilities, take the largest. Take the $k$ largest, and
# you have drawn $k$ *without replacement*: the first, then the next from what
# is left, and so on.
#
# ### Exercise 3: Gumbel-top-k
#
# Difficulty: easy · 6 minutes
#
# `uniform` has a number in (0, 1) for each value, to make Gumbel noise of:
# $-\ln(-\ln u)$. Return the places of the `k` drawn, the first first.


# %%
@exercise("mitigation.stochastic.gumbel_top_k")
def gumbel_top_k(log_probs, uniform, k):
    """Places of k different values, in the order of drawing."""
    ...


# %%
probs = torch.tensor([0.5, 0.3, 0.2])
uniform = torch.rand(10_000, 3, generator=torch.Generator().manual_seed(0))

# %% tags=["nbval-check-output"]
drawn = [tuple(gumbel_top_k(probs.log(), u, 2).tolist()) for u in uniform]
for pair in ((0, 1), (1, 0), (2, 0)):
    a, b = probs[pair[0]], probs[pair[1]]
    share, exact = drawn.count(pair) / len(drawn), a * b / (1 - a)
    print(f"{pair}: {share:.3f}, exactly {exact:.3f}")

# %% [markdown]
# For whole texts there are too many values to add noise to each.
# [Kool and others 2019](https://arxiv.org/abs/1903.06059) draw it top down: a
# beginning carries the largest noisy number of all its continuations, so only
# the $k$ best beginnings have to be followed, as in a beam search.

# %%
from course_utils.mitigation.stochastic import stochastic_beam_search

different = stochastic_beam_search(lm, request, 10, 110, seed=1)
for text in different.texts[:4]:
    print(text.replace("\n", " ")[:75], "...")

# %% [markdown]
# ## A fair count
#
# 24 requests: for tales about a hero, with two words in them, or with given
# first words. At each, ten tales: the ten best beams, ten diverse beams, ten
# samples, ten without replacement. All move ten rows through the model, so
# they cost about the same. Methods that draw were tried with eight seeds each.
#
# ```
# python -m course_utils.recordings searches
# ```

# %%
from course_utils.foundations.intervals import bootstrap_interval
from course_utils.recordings.searches import Searches

log = Searches.read()
print(len(log.prompts), "requests, such as", log.prompts[0], log.prompts[-1])

# %%
guess = predict(
    "most plots",
    "Which ten tales have the most different plots?",
    choices=[
        "ten diverse beams, with the best groups and penalty",
        "ten samples at T = 1",
        "about the same",
    ],
)
guess


# %%
def row_of(method):
    """Plots with their interval over requests, the valid share, the passes."""
    plots = log.values(method, "arcs").tolist()
    valid = log.values(method, "valid").mean().item() / 10
    passes = log.values(method, "passes").mean().item()
    return np.mean(plots), *bootstrap_interval(plots), valid, passes


# %%
shown = ["beams", "diverse, 5 groups, 0.5", "diverse, 10 groups, 0.5"]
shown += ["diverse, 10 groups, 1", "diverse, 10 groups, 2"]
shown += ["samples, T 0.7", "samples, T 1", "without replacement"]
rows = {method: row_of(method) for method in shown}

# %%
print("                         plots (95 % interval)  valid  passes")
for method, (plots, low, high, valid, passes) in rows.items():
    print(f"{method:25}{plots:4.1f} ({low:.1f} to {high:.1f})", end="")
    print(f"{valid:>12.0%}{passes:>8.0f}")

# %%
guess.compare(
    "ten samples at T = 1",
    "Groups keep *tokens* apart at each place, not tales. The dice need no "
    "penalty to tell another tale.",
)

# %% jupyter={"source_hidden": true}
# Draws: plots in ten tales and valid tales, method by method
arcs = list(world.probabilities("arc").values())
of_world = sum(1 - (1 - p) ** 10 for p in arcs)
show(
    pictures.plot_methods({m: row[:4] for m, row in rows.items()}, of_world),
    alt="Different plots in ten tales: beams one, diverse beams two or three, "
    "samples about six, without replacement a little more, near the dashed "
    "line of the world. Valid tales: nearly all, but for ten groups with a "
    "penalty of 2.",
)

# %%
diverse = [method for method in log.rows if method.startswith("diverse")]
best_diverse = max(diverse, key=lambda m: log.values(m, "arcs").mean())
gap = log.values("samples, T 1", "arcs") - log.values(best_diverse, "arcs")
low, high = bootstrap_interval(gap.tolist())
print(
    f"samples less {best_diverse}: {gap.mean():+.1f} ({low:.1f} to {high:.1f})"
)

# %%
fact(
    "samples at T = 1 have more plots than any diverse beams, and none fewer "
    "valid",
    low > 1 and log.values("samples, T 1", "valid").mean() > 9.8,
)
fact(
    "without replacement there are at least as many plots as with it",
    (
        log.values("without replacement", "arcs").mean()
        > log.values("samples, T 1", "arcs").mean() - 0.2
    ),
)

# %% [markdown]
# So "diverse" is said in comparison with beams. Beside dice, a diverse beam
# search is a narrow thing, for it still looks for *likely* texts. Where one
# answer is wanted, and it shall be likely, as in translation, that is right.
#
# ## Contrastive search
#
# One more search, of one text.
# [*Contrastive search*](../GLOSSARY.md#contrastive-search)
# ([Su and others 2022](https://arxiv.org/abs/2202.06417)) takes, of the $k$
# likeliest tokens, the one with the best score of two parts: the model's
# probability, and a punishment. The punishment is the largest cosine between
# the candidate's hidden state and those of all tokens before:
#
# $$ (1 - \alpha)\, p(v) - \alpha \max_j \cos(h_v, h_j) $$
#
# ### Exercise 4: the score
#
# Difficulty: easy · 4 minutes
#
# Both tensors have a row for each text and a column for each candidate.


# %%
@exercise("mitigation.contrastive.contrastive_scores")
def contrastive_scores(probs, similarity, alpha):
    """The score of each candidate."""
    ...


# %% [markdown]
# Does a cosine tell anything here? In some models all states point more or
# less the same way (*anisotropy*, [notebook
# 09](09_embedding_clusters.ipynb)). Then every candidate has nearly the same
# cosine, and the punishment punishes none. So measure first.

# %%
from course_utils.mitigation.contrastive import contrastive_search

ids = torch.tensor([lm.encode(best.texts[0])])
with torch.no_grad():
    states = lm.model(ids, output_hidden_states=True).hidden_states[-1][0]
unit = torch.nn.functional.normalize(states.float(), dim=-1)

# %%
cosines = (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)]
print(f"cosines: mean {cosines.mean():.2f}, 90 % of them ", end="")
print("{:.2f} to {:.2f}".format(*cosines.quantile(torch.tensor([0.05, 0.95]))))

# %%
# only with the storyteller
fact(
    "the storyteller's states do not all point one way",
    cosines.mean() < 0.5 and cosines.std() > 0.1,
)

# %% [markdown]
# They differ widely: the penalty can discriminate.
#
# ## Both signs
#
# The article describes the method as picking what is likely *and similar* to
# the text so far. That is the other sign. Run both.

# %%
guess = predict(
    "similarity rewarded",
    "Reward similarity instead of punishing it (alpha = 0.6). What becomes of "
    "the text?",
    choices=["it loops", "it is more varied", "hardly anything changes"],
)
guess

# %%
for reward in (False, True):
    told = contrastive_search(
        lm, request, 5, 0.6, 70, reward_similarity=reward
    )
    print("rewarded:" if reward else "punished:")
    print(textwrap.fill(told.texts[0].replace("\n", " "), 79), end="\n\n")

# %%
# only with the storyteller
guess.compare(
    "it loops",
    "What is most similar to what was said is what was said.",
)

# %%
print("           alpha  valid  repeated pairs of words  loops")
for sign in ("penalised", "rewarded"):
    for alpha in (0, 0.2, 0.4, 0.5, 0.6, 0.8):
        name = f"contrastive, {sign}, {alpha:g}"
        valid, rep, loops = (
            log.values(name, m).mean().item()
            for m in ("valid", "rep", "loops")
        )
        print(f"{sign:11}{alpha:>5}{valid:>7.0%}{rep:>20.1%}{loops:>12.0%}")


# %% jupyter={"source_hidden": true}
# Tested here: what the text says of both signs.
def of_log(sign, alpha, measure):
    return log.values(f"contrastive, {sign}, {alpha:g}", measure).mean().item()


fact(
    "rewarded, most texts loop at alpha = 0.6; punished, none does",
    of_log("rewarded", 0.6, "loops") > 0.5
    and of_log("penalised", 0.6, "loops") == 0,
)
fact(
    "up to 0.5 every punished tale is valid, at 0.6 hardly one",
    of_log("penalised", 0.5, "valid") == 1
    and of_log("penalised", 0.6, "valid") < 0.2,
)

# %% [markdown]
# The published sign never loops, and up to $\alpha$ = 0.5 every tale is valid,
# though the texts are hardly other than greedy ones. At 0.6, the usual
# setting, hardly a tale survives. Look at the formula for a token that the
# model is *sure* of: $p$ = 1, so its score is $1 - \alpha - \alpha \cos$. With
# $\alpha$ = 0.6 and a cosine of 0.7 that is below 0, and an impossible token
# with a cosine of 0 wins.

# %%
alpha, cosine = 0.6, 0.7
pair = torch.tensor([[1.0, 0.0]]), torch.tensor([[cosine, 0.0]])
sure, impossible = contrastive_scores(*pair, alpha)[0].tolist()
print(f"sure: {sure:+.2f}, impossible: {impossible:+.2f}")

# %%
fact(
    "with alpha = 0.6 an impossible token beats a sure one of cosine 0.7",
    lambda: impossible > sure,
)

# %% [markdown]
# Which tokens have such a cosine to one before them? In the best of the beams:

# %%
earlier = torch.ones(len(unit), len(unit)).tril(-1).bool()
nearest = (unit @ unit.T).masked_fill(~earlier, -1).amax(dim=-1)
alike = [i for i in range(1, len(unit)) if nearest[i] > 2 / 3]
print(f"{len(alike)} of {len(unit)} tokens:", end=" ")
print(*(lm.decode([ids[0, i].item()]) for i in alike), sep=" |")

# %%
# only with the storyteller
fact(
    "a tale has five such tokens or more, full stops among them",
    lambda: len(alike) >= 5 and "." in [lm.decode([ids[0, i]]) for i in alike],
)

# %% [markdown]
# Full stops are among them: wherever a sentence ends, the state is much the
# same. It takes one such token to break a tale.

# %% [markdown]
# Larger models were tuned for such a search, or have states that lie closer
# together ([Su and Collier 2022](https://arxiv.org/abs/2210.14140) measured
# both). And a warning that holds for all of them: nothing is drawn. The same
# request gives the same text. Contrastive search lessens repetition *within* a
# text; it can do nothing for variety *between* texts.
#
# ## What does it cost?
# {{deep}}
#
# Count what goes through the model for one tale of some 80 tokens. Ten beams
# and ten samples move ten rows. Contrastive search reads all $k$ candidates of
# each token, and holds $k$ copies of the cache meanwhile.

# %%
one = generate(lm, request, 1, 110, seed=0)
told = contrastive_search(lm, request, 5, 0.5, 110)
start_length = len(lm.encode(request))
print(f"one sample: {start_length + len(one.token_ids[0])} passes")
print(f"contrastive, k = 5: {told.passes} passes")
print(f"ten beams: {best.passes} passes")

# %% [markdown]
# ## Claims on trial
#
# **C22**: diverse beam search keeps beams from saying the same. Beside plain
# beams it must tell more plots, at the same cost and validity.

# %%
from course_utils.classroom import quiz, verdict

method = "diverse, 10 groups, 1"
more = (log.values(method, "arcs") - log.values("beams", "arcs")).tolist()
usual = log.values("diverse, 5 groups, 0.5", "arcs").mean()
low, high = bootstrap_interval(more)
print(f"{method}: {np.mean(more):+.1f} plots ({low:.1f} to {high:.1f})")

# %%
verdict(
    "C22",
    "holds when set beside plain beams",
    "By how many plots ten diverse beams (ten groups, penalty 1: the best of "
    "18 settings that keep all tales valid) are ahead of ten plain beams, at "
    f"the same cost. The usual setting has {usual:.1f} plots in ten tales. "
    f"Ten samples have {log.values('samples, T 1', 'arcs').mean():.1f}.",
    question="Do ten diverse beams tell more plots than ten plain ones?",
    stands=low > 0,
    estimate=np.mean(more),
    interval=bootstrap_interval(more),
    n=len(more),
    unit="request",
    recorded="searches",
)

# %%
fact("diverse beams tell more plots than plain ones", low > 0)

# %% [markdown]
# **C23**: contrastive search picks what is likely and similar to the text so
# far. If so, rewarding similarity should serve. Count the texts that loop.

# %%
from course_utils.foundations.intervals import wilson_interval

loops = int(log.values("contrastive, rewarded, 0.6", "loops").sum())
verdict(
    "C23",
    "fails",
    "The share of texts that loop when similarity is rewarded (alpha = 0.6, k "
    "= 5). The method punishes it; so written, no text loops.",
    question="Does contrastive search work by maximising similarity?",
    stands=wilson_interval(loops, len(log.prompts))[0] > 0.5
    and not log.values("contrastive, penalised, 0.6", "loops").any(),
    estimate=loops / len(log.prompts),
    interval=wilson_interval(loops, len(log.prompts)),
    n=len(log.prompts),
    unit="request",
    recorded="searches",
)

# %% [markdown]
# ## A short quiz

# %%
quiz("15")

# %% [markdown]
# ## Recap
#
# - A search finds the mode and its neighbours: ten beams, one plot.
# - A Hamming penalty keeps tokens apart, not tales; dice tell more plots.
# - Gumbel-top-k draws without replacement: honest, and never twice the same.
# - Contrastive search punishes similarity within a text; nothing is drawn.
#
# ## Read on
#
# - Vijayakumar and others 2016,
#   [Diverse beam search](https://arxiv.org/abs/1610.02424): the groups, with
#   pictures and captions where one likely answer is wanted.
# - Kool and others 2019,
#   [Stochastic beams](https://arxiv.org/abs/1903.06059): the top-down trick,
#   with a proof in two pages.
# - Su and Collier 2022,
#   [Contrastive search is what you need](https://arxiv.org/abs/2210.14140):
#   where it works, and how anisotropy decides.
#
# **Next**:
# [16 Prompts, retrieval, restarts](16_prompts_retrieval_resets.ipynb). What
# can be done without touching the sampler at all?
