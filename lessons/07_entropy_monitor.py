# %% [markdown]
# # 07 · The entropy monitor
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import math

import torch
from course_utils.classroom import (
    LiveFigure,
    dropdown,
    exercise,
    fact,
    predict,
    quiz,
    show,
    slider,
    start,
    verdict,
)
from course_utils.plots import monitor as pictures

start("07")

# %% [markdown]
# **What you will be able to do**
#
# - Watch a model while it writes, from inside `generate`
# - Compare a request with what is usual after the same prompt
# - Judge an alarm by its hits and its false alarms, at every threshold
# - Name collapses that leave the entropy as it was
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 01](01_softmax_and_temperature.ipynb) for
# processors, [notebook 03](03_entropy_and_its_collapse.ipynb) for entropy, and
# [notebook 06](06_collapse_from_reward.ipynb) for the tuned models
#
# **The question**: the article says to log each request's entropy, and to flag
# those that drop by more than 30 %. How many does that catch, and how many
# does it accuse for nothing?

# %% [markdown]
# ## One number for each token
#
# You run a service that tells stories. You cannot read them all. But before
# each token you can see how undecided the model is: that is the entropy of
# notebook 03, in bits. Where the tokens are drawn there are no probabilities
# yet. There are *scores*: logits, perhaps changed by samplers. A sampler that
# rules a token out sets its score to `-inf`.
#
# ### Exercise 1: entropy of logits
#
# Difficulty: easy · 5 minutes
#
# Scores of any shape, the vocabulary last: one entropy in bits for each row.
# Scores of 1000 must not overflow, and `-inf` means probability 0, which
# counts for nothing (`torch.xlogy(p, p)` is p log p with that rule).


# %%
@exercise("detection.monitor.entropy_of_logits")
def entropy_of_logits(scores):
    """Bits, of softmax(scores)."""
    ...


# %% tags=["nbval-check-output"]
for row in ([2.0, 1.0, 0.0], [9.0, 1.0, 0.0], [5.0, 5.0, -math.inf]):
    print(row, f"{entropy_of_logits(torch.tensor(row)).item():.3f} bits")

# %% [markdown]
# ## A processor that changes nothing
#
# How do we get at the scores while somebody else's loop is running? As a
# `LogitsProcessor`: it is called before each token, with the scores of the
# whole batch, and returns scores. Ours returns them as they came.
#
# ### Exercise 2: a trace
#
# Difficulty: easy · 5 minutes
#
# Append a tensor to `self.steps` at each call: the entropy of each row.

# %%
from transformers import LogitsProcessor, SuppressTokensLogitsProcessor


@exercise("detection.monitor.EntropyTrace")
class EntropyTrace(LogitsProcessor):
    """Keeps the entropy of each row's distribution, step by step."""

    def __init__(self):
        self.steps = []

    def __call__(self, input_ids, scores):
        """The scores, as they came."""
        ...


# %% [markdown]
# Does it see what is there? `generate` keeps a trace of its own, to compare
# with. And a watched run must write the same tokens as a free one. Then we let
# it watch somebody else's loop.

# %%
from course_utils import Temperature, generate, load_model

lm = load_model()
once = "Once upon a time there was a"
trace = EntropyTrace()

# %%
watched = generate(lm, once, max_new_tokens=30, processors=[trace])
free = generate(lm, once, max_new_tokens=30)
seen = torch.cat(trace.steps)
print([round(bits, 1) for bits in seen.tolist()])

# %%
fact(
    "a watched run writes what a free one does",
    watched.token_ids == free.token_ids,
)
fact(
    "your trace is that of `generate`",
    lambda: torch.allclose(seen, watched.entropy[0], atol=1e-3),
)

# %%
trace = EntropyTrace()  # a new one, for the loop of `transformers`
ids = torch.tensor([lm.encode(once)] * 2, device=lm.device)
settings = {"do_sample": True, "pad_token_id": lm.padding_id}
settings |= {"max_new_tokens": 5, "attention_mask": torch.ones_like(ids)}
lm.model.generate(ids, logits_processor=[trace], **settings)
print(f"{len(trace.steps[0])} texts, at most 5 steps: {len(trace.steps)}")

# %%
fact(
    "the trace saw two texts, and five steps at most",
    lambda: len(trace.steps[0]) == 2 and len(trace.steps) <= 5,
)

# %% [markdown]
# ## From tokens to requests
#
# `EntropyMonitor` keeps your trace request by request. It cuts each row where
# its text ends, and files it under its prompt (under a *hash* of it such as
# `e3b0c44298fc1c14`, so that a log does not give prompts away). These are the
# eight prompts of our service. Some leave everything open, in others half of
# the tale is told.
#
# Processors work one after the other, so the monitor's *place* matters. In
# front of the samplers it sees the model. Behind them it sees what the token
# is really drawn from. We put one at either place.

# %%
PROMPTS = {
    "blank": "",
    "once": once,
    "about": "A story about Mira.\n",
    "words": "Words: fox, lantern.\n",
    "song": "Let me sing about Tom, a brave boy.",
    "drum": "Long before us there lived a brave girl called Zelda. Zelda had "
    "a drum and took it everywhere.",
    "lantern": "Once upon a time there was an honest girl named Rosa. She "
    "had saved for a year to buy a lantern. One sleepy moment at the river, "
    "and the lantern was lost.",
    "violin": "Once there was an honest boy by the name of Finn. Finn rubbed "
    "a violin, and it began to glow. Finn wished to marry the orchard. There "
    "was a bang, and there stood a toad in pyjamas.",
}
prompts = [*PROMPTS.values()]
n, length = 24, 100  # requests a prompt, tokens; fewer for a slow model

# %%
from course_utils.detection.monitor import (
    EntropyMonitor,
    fit_baselines,
    pooled_drops,
    read_requests,
    windowed_means,
)
from course_utils.detection.scoring import alarm_rate, auroc_interval


def serve(model=lm, samplers=(), seed=0, n=n):
    """n requests a prompt, seen in front and behind, and their texts."""
    known = model.stop_ids, model.padding_id
    front, behind = EntropyMonitor(*known), EntropyMonitor(*known)
    chain = [front, *samplers, behind]
    texts = generate(
        model, prompts, n, length, chain, seed=seed, progress=False
    ).texts
    seen = {"in front": front.finish(), "behind": behind.finish()}
    return seen | {"texts": texts}


# %% [markdown]
# A *healthy* request is one at T = 1: for that the storyteller was trained.
# The *baseline* of a prompt is what is usual at each token after it: the mean
# of 24 healthy requests. Then come 24 others for each prompt, which the
# baselines have not seen. Any alarm on these is a false one.

# %%
baselines = fit_baselines(serve(seed=1)["behind"])
healthy = serve(seed=2)
bits = torch.tensor([b for r in healthy["behind"] for b in r.entropy])
forced = (bits < 0.01).float().mean()  # nothing to choose
print(f"{len(healthy['behind'])} requests; {forced:.0%} of tokens are forced")

# %%
# only with the storyteller
fact("more than half of the tokens are forced", forced > 0.5)

# %% jupyter={"source_hidden": true}
# Draws: the entropy of one request, token by token, and the usual one
one = healthy["behind"][n]  # the first after "once"
show(
    pictures.plot_request(one, baselines[one.prompt]),
    alt="Entropy before each token of one request as bars: most are 0, some "
    "reach two bits and more. The usual entropy, a line, lies between.",
)

# %% [markdown]
# After "Once upon" comes "a time". A tale is a few choices, and between them
# long stretches without any, so *a token of low entropy is nothing unusual*.
# One has to average before one compares. Over how many tokens?
#
# ## The drop
#
# Over a window $w$ of tokens that request and baseline both have,
#
# $$ \mathrm{drop} = 1 - \frac{\sum_{t \in w} H_t}
#    {\sum_{t \in w} H_t^\mathrm{usual}}, $$
#
# and a request's drop is that of its *worst* window: 0.3 bits where 0.5 are
# usual make a drop of 0.4. The article's rule is drop > 0.3. A short window
# reacts fast. Is it the better watchman?

# %%
guess = predict(
    "false alarms",
    "Windows of 8 tokens: how many healthy requests somewhere drop by 30 %?",
    between=(0, 100),
    unit="%",
)
guess

# %% [markdown]
# ## The worst window
#
# ### Exercise 3: the largest drop
#
# Difficulty: medium · 12 minutes
#
# `entropy` and `usual` are lists of bits. Cut both to the shorter length, take
# `windowed_means(values, window)` of both (the means of every `window`
# neighbours) and return the largest drop. `window=None` makes one window of
# everything. Leave out windows whose usual entropy is 0. Return `None` if no
# window is left: then nobody knows.


# %%
@exercise("detection.monitor.largest_drop")
def largest_drop(entropy, usual, window=None):
    """The largest drop below the usual, as a share of it; or None."""
    ...


# %%
def drops(requests, window=None):
    """The drop of each request that can be compared with its baseline."""
    pairs = [(r.entropy, baselines[r.prompt].usual) for r in requests]
    found = [largest_drop(*pair, window) for pair in pairs]
    return [drop for drop in found if drop is not None]


# %%
windows, false_alarms = [8, 16, None], {}
for window in windows:
    found = drops(healthy["behind"], window)
    if found:  # a window can be longer than all texts
        rate = false_alarms[window] = alarm_rate(found, threshold=0.3)
        print(f"window {window or 'whole':<5} false alarms {rate}")

# %%
guess.compare(
    round(100 * next(iter(false_alarms.values())).share),
    "Most tales have eight forced tokens in a row, somewhere.",
)

# %%
# only with the storyteller
fact(
    "most healthy tales have eight forced tokens in a row",
    lambda: (
        sum(
            min(windowed_means(r.entropy, 8)) < 0.01 for r in healthy["behind"]
        )
        > len(healthy["behind"]) / 2
    ),
)
fact(
    "windows of eight accuse over 90 % of healthy requests, whole ones few",
    lambda: false_alarms[8].share > 0.9 and false_alarms[None].share < 0.1,
)

# %% [markdown]
# With windows of eight tokens the rule accuses nearly everybody. Over the
# whole request it accuses fewer than one in ten. From here on *the drop* is
# that of the whole request, which is what the monitor does if not told
# otherwise.
#
# ## One baseline for all prompts?
#
# That would be simpler. Below, each dot is a healthy
# request. Left of the dashed line it is more than 30 % below the mean of all
# baselines. The black ticks mark 30 % below its own prompt's.

# %%
means = {
    name: [r.mean for r in healthy["behind"][i * n : i * n + n]]
    for i, name in enumerate(PROMPTS)
}
own = {
    name: torch.tensor(baselines[healthy["behind"][i * n].prompt].usual)
    for i, name in enumerate(PROMPTS)
}
own = {name: usual.mean().item() for name, usual in own.items()}
overall = sum(own.values()) / len(own)

# %% jupyter={"source_hidden": true}
# Draws: mean entropies of healthy requests by prompt, and both baselines
show(
    pictures.plot_baselines(means, own, overall),
    alt="Mean entropies of healthy requests, a row for each prompt. Nearly "
    "all lie right of the dashed line but for the prompt 'violin', whose lie "
    "on both sides; but right of the black tick of their own baseline.",
)

# %%
by_own, by_one = (
    {name: sum(v < 0.7 * line[name] for v in means[name]) for name in means}
    for line in (own, dict.fromkeys(means, overall))
)
most = max(by_one, key=by_one.get)
print("false alarms, own baselines:", sum(by_own.values()))
print(f"one for all: {sum(by_one.values())}, {by_one[most]} after {most!r}")

# %%
# only with the storyteller
fact(
    "one baseline for all gives over twice the false alarms, most by 'violin'",
    lambda: (
        sum(by_one.values()) > 2 * sum(by_own.values())
        and by_one["violin"] > sum(by_one.values()) / 2
    ),
)

# %% [markdown]
# With one baseline for all, most false alarms come from a single prompt. Its
# tale is nearly told, so little is left to choose, and nothing is wrong with
# it. *The entropy depends on the prompt as well as on health.*
#
# ## Requests that have collapsed
#
# Now the patients, on the same prompts. Some get a cold sampler, T = 0.5 or
# 0.3. The others come from the storyteller of notebook 06, tuned on a blind
# reward for 20, 40 or 60 steps. How far have they collapsed in truth? The
# parser counts the effective number of plots, after the five prompts that
# leave the plot open.

# %%
COLD = [0.5, 0.3]  # temperatures
patients = {f"T = {T}": serve(samplers=[Temperature(T)], seed=3) for T in COLD}
mild, deep = f"T = {COLD[0]}", f"T = {COLD[-1]}"
left = {}  # effective plots, where the parser can tell them

# %%
# only with the storyteller
from course_utils.recordings.ladder import load_tuned

for step in (20, 40, 60):
    patients[f"tuned {step}"] = serve(load_tuned(step), seed=4)

# %%
# only with the storyteller
from course_utils import StoryWorld
from course_utils.worlds import measures

world = StoryWorld()
for name, served in ({"healthy": healthy} | patients).items():
    tales = measures.parse_all(world, served["texts"][: 5 * n])
    left[name] = math.nan  # if texts are too short to be tales
    if any(tale.valid for tale in tales):
        shares = measures.label_shares(tales, "arc")
        left[name] = measures.effective_number(shares)
    print(f"{name:<9} {left[name]:.1f} plots, {len(tales)} tales")

# %%
guess_half = predict(
    "half cold",
    "T = 0.5 takes more than half of the plots. How many are flagged?",
    between=(0, 100),
    unit="%",
)
guess_half

# %% [markdown]
# ## The 30 % rule, collapse by collapse
#
# All intervals are 95 % ones (Wilson's), and speak of these eight prompts.

# %%
base = drops(healthy["behind"])
rates = {
    name: alarm_rate(drops(served["behind"]))
    for name, served in patients.items()
}

# %%
guess_half.compare(
    round(100 * rates[mild].share),
    "Most of the plots are gone, but not most of the entropy.",
)

# %% jupyter={"source_hidden": true}
# Prints: how many plots are left, and how many requests are flagged
for name, rate in ({"healthy": alarm_rate(base)} | rates).items():
    plots = f"{left[name]:4.1f} plots, " if name in left else ""
    print(f"{name:<9} {plots}flagged {rate}")

# %%
# only with the storyteller
fact(
    "T = 0.5 takes more than half of the plots, and few requests are flagged",
    lambda: (
        left["T = 0.5"] < left["healthy"] / 2
        and rates["T = 0.5"].interval[1] < 0.3
    ),
)
fact(
    "deep collapse is caught",
    lambda: min(rates[k].interval[0] for k in ("T = 0.3", "tuned 60")) > 0.7,
)
fact(
    "after 20 steps of tuning more plots are left, and more is flagged",
    lambda: (
        left["tuned 20"] > left["T = 0.5"] + 1
        and rates["tuned 20"].interval[0] > rates["T = 0.5"].interval[1]
    ),
)

# %% [markdown]
# Deep collapse is caught, T = 0.3 and 60 steps of tuning, and few healthy
# requests are accused. But T = 0.5 slips through. After 20 steps of tuning
# *more* plots are left, and far more requests are flagged. So a drop says how
# far the *entropy* fell, not how many *plots* are gone, and the rate of
# exchange depends on the cause.
#
# Mind the base rate, too. Say one request in a hundred is collapsed, as deeply
# as at T = 0.3. How many flags are right?

# %%
true, false = 0.01 * rates[deep].share, 0.99 * alarm_rate(base).share
print(f"of 10,000 requests, flagged {10_000 * (true + false):.0f}")
print(f"of these, rightly {10_000 * true:.0f}")

# %% [markdown]
# ## Hits and false alarms
#
# A threshold is a bargain. Lower it, and you get more *hits*, collapsed
# requests that are flagged, and more *false alarms*. Drawn against each other
# for all thresholds, they make the **ROC** curve ("receiver operating
# characteristic": it comes from radar). A curve in the upper left corner is
# good, the diagonal is a coin. The area under it,
# [**AUROC**](../GLOSSARY.md#auroc), has a plain meaning: take a healthy
# request and a collapsed one at random. How often has the collapsed one the
# larger drop? Healthy drops of 0 and 0.2 and collapsed ones of 0.1 and 0.5
# make four pairs. Three are in order: 0.75.
#
# ### Exercise 4: AUROC
#
# Difficulty: easy · 8 minutes
#
# `healthy` and `collapsed` are lists of drops. Return the share of all pairs,
# a healthy and a collapsed one, in which the collapsed one dropped further.
# Ties count half.


# %%
@exercise("detection.scoring.auroc")
def auroc(healthy, collapsed):
    """How probable it is that a collapsed request drops further."""
    ...


# %%
sick = drops(patients[mild]["behind"])
print(f"{auroc(base, sick):.2f}")

# %%
from sklearn.metrics import roc_auc_score

fact(
    "scikit-learn finds the same",
    lambda: (
        abs(
            auroc(base, sick)
            - roc_auc_score([0] * len(base) + [1] * len(sick), base + sick)
        )
        < 1e-9
    ),
)


# %%
def described(low, high):
    """The AUROC of two lists of drops with its interval, as text."""
    ends = auroc_interval(low, high)
    return f"AUROC {auroc(low, high):.2f} ({ends[0]:.2f} to {ends[1]:.2f})"


# %%
for name, served in patients.items():
    print(f"{name:<9} {described(base, drops(served['behind']))}")

# %%
# only with the storyteller
fact("at T = 0.5 most drop further than healthy ones", auroc(base, sick) > 0.8)

# %% [markdown]
# (The intervals are made in the way of Wilson's,
# [Newcombe 2006](https://doi.org/10.1002/sim.2324).) Look at T = 0.5: its
# requests mostly drop further than healthy ones, but not by 30 %.
#
# ## A live figure: move the threshold
#
# Left: the drops of healthy requests (green) and collapsed ones (orange). What
# lies right of the line is flagged. Right: where that puts you on the ROC
# curve. Which threshold would you choose for each collapse? Then change the
# *rule*: one baseline for all, the worst eight tokens, or a monitor in front
# of the sampler.

# %%
rules = {
    "own baseline": lambda served: drops(served["behind"]),
    "one baseline for all": lambda served: [
        1 - request.mean / overall for request in served["behind"]
    ],
    "worst 8 tokens": lambda served: drops(served["behind"], window=8),
    "in front of the sampler": lambda served: drops(served["in front"]),
}
found = {
    (rule, name): measure(served)
    for rule, measure in rules.items()
    for name, served in ({"healthy": healthy} | patients).items()
}


# %% jupyter={"source_hidden": true}
# Draws: the drops with a threshold, and where that lies on the ROC curve
def update(artists, threshold, collapse, rule):
    sides = found[rule, "healthy"], found[rule, collapse]
    words = pictures.show_alarms(artists, *sides, threshold / 100)
    return f"{collapse}, {rule}, above {threshold} %: {words}."


dial = LiveFigure(
    pictures.draw_alarms,
    update,
    {
        "threshold": slider(-50, 99, value=30, step=1, label="threshold %"),
        "collapse": dropdown([*patients], value=mild, label="collapse"),
        "rule": dropdown([*rules], value="own baseline", label="rule"),
    },
    alt="Left: drops of healthy requests around 0, those of collapsed ones "
    "further right, and a line at the threshold. Right: the ROC curve with a "
    "dot at the threshold. At T = 0.5 the two overlap, and 30 % lies beyond "
    "nearly all of both.",
    size=(9, 3.6),
)
dial

# %% [markdown]
# **Stretch**: your service can bear 10 % false alarms. Which rule finds most
# of the requests at T = 0.5 then, and with which threshold?

# %% [markdown]
# ## Blind in three ways
#
# The first blindness is one of *place*. Behind the sampler, T = 0.3 is easy to
# see. And in front?

# %%
before = drops(healthy["in front"])
in_front = {k: drops(served["in front"]) for k, served in patients.items()}
for name, found_there in in_front.items():
    print(f"{name:<9} {described(before, found_there)}")

# %%
# only with the storyteller
fact(
    "in front, T = 0.3 looks healthier than the healthy, tuning does not",
    lambda: (
        auroc_interval(before, in_front["T = 0.3"])[1]
        < 0.5
        < auroc(before, in_front["tuned 60"])
    ),
)

# %% [markdown]
# Tuning is in the weights, and both places see it. But in front of a cold
# sampler the AUROC is *below* one half: the collapsed requests look healthier
# than the healthy ones. Temperature also chooses where you are, as
# [notebook 03](03_entropy_and_its_collapse.ipynb) has shown, and cold leads
# the storyteller to places where it is less sure.
#
# The second blindness is a *loop*. Never allowed to stop, and greedy, the
# storyteller comes back to the same tokens. The monitor in front compares with
# the baselines as before:

# %%
from course_utils.detection.repetition import find_loop

monitor = EntropyMonitor(lm.stop_ids, lm.padding_id, baselines)
never_end = SuppressTokensLogitsProcessor(lm.stop_ids, device=lm.device)
greedy = [monitor, never_end, Temperature(0)]
runs = generate(lm, prompts, 1, 2 * length, greedy, progress=False)

# %%
loops = [find_loop(ids, repeats=2) for ids in runs.token_ids]
requests = monitor.finish()
late = [sum(r.entropy[length:]) / length for r in requests]
print(f"usual: {overall:.2f} bits. In the second half of the loops:")
for i, (name, loop) in enumerate(zip(PROMPTS, loops, strict=True)):
    what = f"{loop.period} tokens again and again" if loop else "no loop"
    drop = (
        "unknown" if requests[i].drop is None else f"{requests[i].drop:+.2f}"
    )
    print(f"{name:<8} {what:<24} {late[i]:.2f} bits, drop {drop}")

# %%
# only with the storyteller
fact(
    "no request drops, and late in the text entropy is above the usual",
    lambda: all(
        bits > overall > 0 > request.drop
        for bits, request in zip(late, requests, strict=True)
    ),
)
fact("six texts or more loop", sum(loop is not None for loop in loops) >= 6)

# %% [markdown]
# No drop anywhere, neither from the start nor late in the text: the
# storyteller's loops do not feed themselves, as notebook 03 found. Behind a
# greedy sampler every entropy is 0, loop or not. Loops have to be looked for
# in the text. That is notebook 10.
#
# The third blindness is one of *principle*. A bug gives every request the same
# seed:

# %%
same = [serve(seed=5, n=1) for _ in range(3)]
texts = {text for served in same for text in served["texts"]}
rate = alarm_rate(drops(same[0]["behind"]))
print(f"{3 * len(prompts)} requests, {len(texts)} different texts")
print(f"flagged: {rate.flagged} of {rate.n}")

# %%
fact("there is one text a prompt", len(texts) <= len(prompts))

# %%
# only with the storyteller
fact("at most two requests are flagged", rate.flagged <= 2)

# %% [markdown]
# Everybody who asks the same gets the same tale, and the monitor is content:
# each request by itself *is* healthy. What is missing is missing *between*
# requests. No look at one of them can show that. So the next notebooks compare
# texts.
#
# ## Does a drop foretell?
# {{deep}}
#
# **C14** hopes that a sudden drop of the mean entropy "signals onset".
# [Notebook 03](03_entropy_and_its_collapse.ipynb) has looked for its peak over
# temperatures, and found none. Here is the other reading: something happens
# *while* a text is being written. After 30 tokens, the sampler turns cold.


# %%
class TurnsCold(Temperature):
    """Temperature 1 for the first 30 tokens, then 0.3."""

    calls = 0

    def __call__(self, input_ids, scores):
        self.calls += 1
        if self.calls <= 30:
            return scores
        return super().__call__(input_ids, scores)


onset = serve(samplers=[TurnsCold(0.3)], seed=6)

# %%
sides = {w: [drops(x["behind"], w) for x in (healthy, onset)] for w in windows}
for window, both in sides.items():
    if all(both):  # some models write no text of 16 tokens
        print(f"window {window or 'whole':<5} {described(*both)}")

# %%
# only with the storyteller
fact(
    "no window sees well who turns cold",
    lambda: all(auroc(*both) < 0.85 for both in sides.values()),
)

# %% [markdown]
# A short window is made for a sudden fall, and yet it is little better than a
# coin: the spikes of a single request are larger than the fall. The whole
# request says more, when it is over. The article, though, speaks of the
# *average over batches*. So add up the entropies of all requests, place by
# place, and compare the sums with those of their baselines.

# %%
crowd = {
    "one request": pooled_drops([onset["behind"][n]], baselines),
    "all healthy ones": pooled_drops(healthy["behind"], baselines),
    "all that turn cold": pooled_drops(onset["behind"], baselines),
}

# %% jupyter={"source_hidden": true}
# Draws: drops over the tokens, of one request and of many together
show(
    pictures.plot_onset(crowd, onset=30),
    alt="Drop over the last five tokens. One request swings wildly all the "
    "time. All healthy requests together stay near 0. Those that turn cold "
    "follow them until token 30, then rise well above and stay there.",
)

# %%
# only with the storyteller
fact(
    "together those that turn cold fall, and healthy ones do not",
    lambda: (
        torch.tensor(crowd["all that turn cold"])[31:50].mean()
        > 0.2
        > torch.tensor(crowd["all healthy ones"])[:50].abs().mean() + 0.1
    ),
)

# %%
# only with the storyteller
together = {}
for size in (1, 2, 4, 8):
    groups = (torch.tensor(v[: len(v) // size * size]) for v in (base, sick))
    low, high = (v.view(-1, size).mean(dim=-1).tolist() for v in groups)
    together[size] = auroc(low, high)
    print(f"{mild}, {size} together: {described(low, high)}, n = {len(low)}")

# %%
# only with the storyteller
fact(
    "the more requests together, the better",
    all(area > together[1] - 1e-6 for area in together.values()),
)

# %% [markdown]
# A crowd shows it within a few tokens. It helps with T = 0.5, too: the last
# lines take the mean drop of several requests after the same prompt. So watch
# the *service* by the mean over many requests, and single requests for deep
# collapse only.
#
# **Stretch**: let the sampler turn *hot* after 30 tokens, at T = 2. Does the
# crowd show that?
#
# ## The log
# {{deep}}
#
# The monitor writes finished requests to a file, one line of JSON each. When
# the service crashes, nothing that was written is lost but a line that was
# half written at that moment. `read_requests` counts such lines and goes on.
# Let us crash it, and start it again.

# %%
import tempfile
from pathlib import Path

folder = tempfile.TemporaryDirectory()
log = Path(folder.name) / "requests.jsonl"
office = EntropyMonitor(lm.stop_ids, lm.padding_id, baselines, log=log)

# %% tags=["nbval-check-output"]
for crash in (True, False):
    with office:  # at its end the batch is finished, and written
        generate(lm, prompts, 2, length, [office], progress=False)
    if crash:
        log.write_text(log.read_text()[:-20])
    logged = read_requests(log)
    print(f"{len(logged.requests)} requests, {logged.skipped} line skipped")
print(log.read_text()[:43], "...")
folder.cleanup()

# %% [markdown]
# ## What it costs
# {{deep}}
#
# An entropy takes one pass over the vocabulary. The times below are of this
# machine, for one text, at the storyteller's vocabulary and at GPT-2's.
# `python -m benchmarks monitor` compares the whole monitor with a step of a
# model of GPT-2's shape; its bar is 3 %.

# %% tags=["volatile"]
from timeit import timeit

reading = timeit(lambda: lm.next_token_logits("Once"), number=50) / 50
print(f"a step of {lm.name}: {1000 * reading:.2f} ms on this machine")
for size in (len(lm.tokenizer), 50_257):
    scores = torch.randn(1, size)
    cost = timeit(lambda scores=scores: entropy_of_logits(scores), number=50)
    print(f"entropy of {size} logits: {1000 * cost / 50:.2f} ms")

# %% [markdown]
# ## Claims on trial
#
# **C30**: flag requests whose entropy drops more than 30 % below the baseline.
# The article does not say which baseline, over which tokens, or against which
# collapse, and all three decide. We take the most favourable reading: the
# prompt's own baseline, the whole request, behind the sampler.

# %%
# only with the storyteller
caught, false = rates["tuned 60"], alarm_rate(base)
kept = left[mild] / left["healthy"]
shortest, of_shortest = next(iter(false_alarms.items()))
verdict(
    "C30",
    "holds when the baseline is the prompt's own, the whole request "
    "counts, and the collapse is deep",
    "The share of requests that is flagged after 60 steps of tuning. "
    f"False alarms: {false}, n = {false.n}. At {mild}, with {kept:.0%} of the "
    f"plots left, {rates[mild]} are flagged. With windows of {shortest} "
    f"tokens {of_shortest} of the healthy requests are.",
    estimate=caught.share,
    interval=caught.interval,
    n=caught.n,
)

# %% [markdown]
# And the hope of **C14**, that a sudden drop signals onset? Within a single
# request it **fails**: a healthy one drops as suddenly. It holds for the mean
# over many requests, against the baselines of their own prompts, when the
# collapse lowers the entropy at all. (The verdict on its peak is in
# [notebook 03](03_entropy_and_its_collapse.ipynb).)
#
# ## A short quiz

# %%
quiz("07")

# %% [markdown]
# ## Recap
#
# - Low entropy at a token is normal: most tokens are forced. Average first.
# - Compare with the same prompt, over the whole request, behind the sampler.
# - An alarm has two rates, hits and false alarms, and a base rate besides.
# - No request can show what is missing between requests.
#
# ## Read on
#
# - Hanley and McNeil 1982,
#   [The meaning and use of the area under a ROC curve](https://doi.org/10.1148/radiology.143.1.7063747):
#   why the area is a share of pairs, and how sure one can be of it.
# - Farquhar and others 2024,
#   [Detecting hallucinations using semantic entropy](https://doi.org/10.1038/s41586-024-07421-0):
#   entropy between answers instead of within one, to see what ours cannot.
# - Xu and others 2022,
#   [Learning to break the loop](https://arxiv.org/abs/2206.02369): in models
#   of natural text loops do feed themselves, and there the entropy does fall.
#
# **Next**: [08 Self-BLEU](08_self_bleu.ipynb). It compares texts with each
# other, and sees the tale that everybody gets.
