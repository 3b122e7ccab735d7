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
# is really drawn from. We put one at either place. A row must be a request: a
# beam search of `transformers`, whose rows change places, ends with an error
# rather than with a log of requests that never were.

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
    read_requests,
    windowed_means,
)
from course_utils.detection.scoring import alarm_rate, auroc_interval


def serve(model=lm, samplers=(), seed=0, n=n, asked=prompts, length=length):
    """n requests a prompt, seen in front and behind, and their texts."""
    known = model.stop_ids, model.padding_id
    front, behind = EntropyMonitor(*known), EntropyMonitor(*known)
    chain = [front, *samplers, behind]
    texts = generate(
        model, asked, n, length, chain, seed=seed, progress=False
    ).texts
    seen = {"in front": front.finish(), "behind": behind.finish()}
    return seen | {"texts": texts}


# %% [markdown]
# A *healthy* request is one at T = 1: for that the storyteller was trained.
# The *baseline* of a prompt is what is usual at each token after it: the mean
# of 24 healthy requests. Then come 24 others for each prompt, which the
# baselines have not seen. Any alarm on these is a false one.

# %%
sound = serve(seed=1)["behind"]
baselines = fit_baselines(sound)
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

# %% jupyter={"source_hidden": true}
# Built here: mean entropies of requests, and of baselines
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

# %% jupyter={"source_hidden": true}
# Prints: false alarms with own baselines, and with one for all
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
# 0.3. The others come from models tuned on the blind reward of notebook 06,
# for 20, 40 or 60 steps. One tuned model is one draw, however often you ask
# it: a second run collapses onto another tale. So there are two runs of 20 and
# 40 steps, and eight of 60 steps, each with a seed of its own.
#
# How far have they collapsed in truth? The parser counts the effective number
# of plots, after the five prompts that leave the plot open: of eight tales a
# prompt, as few tales show fewer plots. And model by model, for eight models
# with a plot each would look varied if thrown together.

# %%
COLD = [0.5, 0.3]  # temperatures
patients = {f"T = {T}": serve(samplers=[Temperature(T)], seed=3) for T in COLD}
mild, deep = f"T = {COLD[0]}", f"T = {COLD[-1]}"
left = {}  # effective plots, where the parser can tell them

# %%
# only with the storyteller
from course_utils.recordings.ladder import ladder, load_tuned

EACH = min(8, n)  # requests a prompt to each tuned model
tuned = {20: {}, 40: {}, 60: {}}  # by step and seed
for rung in ladder():
    if rung.step in tuned:
        model = load_tuned(rung.step, rung.seed)
        tuned[rung.step][rung.seed] = serve(model, seed=4, n=EACH)

# %% jupyter={"source_hidden": true}
# Built here: the tuned models of a step as one kind of patient
# only with the storyteller
for step, models in tuned.items():
    patients[f"tuned {step}"] = {
        place: [x for served in models.values() for x in served[place]]
        for place in healthy
    }

# %%
# only with the storyteller
from course_utils import StoryWorld
from course_utils.worlds import measures

world, OPEN = StoryWorld(), 5  # prompts that leave the plot open


def plots_left(served, n=n, many=EACH):
    """Effective plots of `many` tales after each of the open prompts."""
    starts = range(0, OPEN * n, n)
    texts = [text for i in starts for text in served["texts"][i : i + many]]
    tales = measures.parse_all(world, texts)
    if not any(tale.valid for tale in tales):
        return math.nan  # texts are too short to be tales
    return measures.effective_number(measures.label_shares(tales, "arc"))


# %% jupyter={"source_hidden": true}
# Prints: how many plots are left, run by run
# only with the storyteller
for name in ("healthy", *patients):
    runs = tuned.get(int(name.split()[-1])) if "tuned" in name else None
    if runs is None:
        of_runs = [plots_left({"healthy": healthy, **patients}[name])]
    else:
        of_runs = [plots_left(served, EACH) for served in runs.values()]
    left[name] = sum(of_runs) / len(of_runs)
    each = ", ".join(f"{plots:.1f}" for plots in of_runs)
    print(f"{name:<9} {left[name]:.1f} plots ({each})")
kept = plots_left(patients[mild], many=n) / plots_left(healthy, many=n)
print(f"{mild} keeps {kept:.0%} of the plots, of {n} tales a prompt")

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
# What was drawn here? Requests after the same prompt are alike, so each share
# comes with a 95 % interval over the eight *prompts*, by Student's t. Wilson's
# interval takes 192 requests for as many independent ones. But where all
# are flagged, or none, prompts don't differ, and Student's interval shrinks to
# nothing. So take whatever either of them holds.

# %%
base = drops(healthy["behind"])
rates = {
    name: alarm_rate(drops(served["behind"]))
    for name, served in patients.items()
}


def flags_by_prompt(requests, window=None):
    """For each prompt, whether each of its requests is flagged: 1 or 0."""
    flags = {}
    for request in requests:
        for drop in drops([request], window):
            flags.setdefault(request.prompt, []).append(float(drop > 0.3))
    return [*flags.values()]


# %% jupyter={"source_hidden": true}
# Built here: an interval over prompts or requests, whichever is wider
from course_utils.foundations.intervals import (
    cluster_interval,
    mean_interval,
    wilson_interval,
)


def share_interval(flags):
    """95 % of a share: over prompts or over requests, whichever is wider."""
    n_flagged, n_all = sum(map(sum, flags)), sum(map(len, flags))
    ends = cluster_interval(flags), wilson_interval(int(n_flagged), n_all)
    lows, highs = zip(*ends, strict=True)
    return max(min(lows), 0), min(max(highs), 1)


# %%
guess_half.compare(
    round(100 * rates[mild].share),
    "Most of the plots are gone, but not most of the entropy.",
)

# %% jupyter={"source_hidden": true}
# Prints: how many plots are left, and how many requests are flagged
over_prompts = {}
for name, served in ({"healthy": healthy} | patients).items():
    flags = flags_by_prompt(served["behind"])
    low, high = over_prompts[name] = share_interval(flags)
    share = sum(map(sum, flags)) / sum(map(len, flags))
    plots = f"{left[name]:4.1f} plots, " if name in left else ""
    print(f"{name:<9} {plots}flagged {share:4.0%} ({low:.0%} to {high:.0%})")

# %%
# only with the storyteller
fact(
    "T = 0.5 takes more than half of the plots, and few requests are flagged",
    lambda: kept < 0.5 and over_prompts["T = 0.5"][1] < 0.3,
)
fact(
    "deep collapse is caught",
    lambda: min(over_prompts[k][0] for k in ("T = 0.3", "tuned 60")) > 0.7,
)
fact(
    "after 20 steps of tuning more plots are left, and more is flagged",
    lambda: (
        left["tuned 20"] > left["T = 0.5"] + 1
        and over_prompts["tuned 20"][0] > over_prompts["T = 0.5"][1]
    ),
)

# %% [markdown]
# Deep collapse is caught, T = 0.3 and 60 steps of tuning, and few healthy
# requests are accused. Is that so for *each* tuned model? Here are the eight,
# one by one, with a 95 % interval over models:

# %%
# only with the storyteller
of_models = [
    alarm_rate(drops(served["behind"])).share for served in tuned[60].values()
]
print(*(f"{share:.0%}" for share in of_models))
hit = sum(of_models) / len(of_models)
hit_low, hit_high = mean_interval(of_models)
print(f"mean {hit:.1%} ({hit_low:.1%} to {min(hit_high, 1):.1%})")

# %% [markdown]
# But T = 0.5 slips through. After 20 steps of tuning
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
# [Newcombe 2006](https://doi.org/10.1002/sim.2324), and never of width zero.
# They speak of these prompts and models only.) Look at T = 0.5: its
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

# %% jupyter={"source_hidden": true}
# Prints: the loop of each text, and how its entropy goes on
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
# ## The entropy of meanings
# {{deep}}
#
# Or take the entropy *between* answers. Ask one prompt several times, put
# answers together that mean the same, and take the entropy of the shares of
# these heaps. That is the
# [**semantic entropy**](../GLOSSARY.md#semantic-entropy)
# ([Farquhar and others 2024](https://doi.org/10.1038/s41586-024-07421-0)).
# They ask a second model whether two answers follow from each other. We need
# not ask: the parser knows. Two tales mean the same here if they have the same
# plot. Four answers with plots *a a b c* make

# %% tags=["nbval-check-output"]
from operator import eq

from course_utils.detection.semantic import semantic_entropy

print(f"{semantic_entropy(['a', 'a', 'b', 'c'], same=eq)} bits")


# %%
# only with the storyteller
def meanings(served, prompt, n=n, many=EACH):
    """The semantic entropy of `many` answers to one prompt, by their plots."""
    texts = served["texts"][prompt * n : prompt * n + many]
    told = [world.parse(text).labels.get("arc") for text in texts]
    return semantic_entropy(told, same=eq)


# %% jupyter={"source_hidden": true}
# Prints: the semantic entropy of each source, with 95 % intervals
# only with the storyteller
one_seed = {"texts": [same[0]["texts"][i // n] for i in range(n * OPEN)]}
asked = {"healthy": healthy, mild: patients[mild], deep: patients[deep]}
between = {
    name: [meanings(served, prompt) for prompt in range(OPEN)]
    for name, served in (asked | {"one seed": one_seed}).items()
}
between["tuned 60"] = [
    sum(meanings(served, prompt, EACH) for prompt in range(OPEN)) / OPEN
    for served in tuned[60].values()
]
for name, bits in between.items():
    if len(bits) >= 5:
        low, high = mean_interval(bits)
        print(f"{name:<9} {sum(bits) / len(bits):.2f} bits ", end="")
        print(f"({max(low, 0):.2f} to {high:.2f}, n = {len(bits)})")

# %%
# only with the storyteller
fact(
    "one seed has no entropy of meanings, and T = 0.5 less than the healthy",
    lambda: (
        max(between["one seed"]) == 0
        and sum(between["T = 0.5"]) < 0.8 * sum(between["healthy"])
    ),
)

# %% [markdown]
# (n counts prompts, for the tuned ones models.) It sees the seed that
# everybody shares, and T = 0.5, without any baseline of tokens. What does it
# cost? Eight answers in place of one. And somebody must say what *means the
# same*: with hero and animal counted in, nearly all healthy tales differ, and
# eight of them have log2 8 = 3 bits at most. So compare it at one number of
# answers only.
#
# ## The moment it begins
# {{deep}}
#
# **C14** hopes that a sudden drop of the mean entropy "signals onset".
# [Notebook 03](03_entropy_and_its_collapse.ipynb) has looked for its peak over
# temperatures. Here is the other reading: something happens *while* a text is
# being written. After 30 tokens, the sampler turns cold. A window forgets what
# lies behind it. The classic for changes is a running sum that does not,
# [**CUSUM**](../GLOSSARY.md#cusum)
# ([Page 1954](https://doi.org/10.1093/biomet/41.1-2.100)). Add up at each
# token how many bits are missing, $x_t = H_t^\mathrm{usual} - H_t$, less a
# little *slack* $k$ that brings the sum back while all is well, and start
# afresh whenever it falls below 0:
#
# $$ S_t = \max(0,\; S_{t-1} + x_t - k) $$
#
# An alarm sounds when $S$ passes a limit.

# %% tags=["nbval-check-output"]
from course_utils.detection.monitor import cusum, first_above, shortfalls

missing = [0.5, -0.5, 0.0, 0.5, 0.5, 0.5, 0.5]
print(cusum(missing, slack=0.25))
print("first above 0.6 at place", first_above(cusum(missing, 0.25), 0.6))

# %% [markdown]
# The spike at place 0 is forgotten, the four small steps add up. Now for the
# real thing: healthy requests to set the limit by, others to count false
# alarms on, and some that turn cold. All have one of the five open prompts,
# after which 30 more tokens follow.


# %%
class TurnsCold(Temperature):
    """Temperature 1 for the first 30 tokens, then 0.3."""

    calls = 0

    def __call__(self, input_ids, scores):
        self.calls += 1
        if self.calls <= 30:
            return scores
        return super().__call__(input_ids, scores)


# %%
# only with the storyteller
CROWD, CROWDS, SLACK = 6, 19, 0.05  # requests a prompt, crowds, bits a token
few = {"n": CROWD * CROWDS, "asked": prompts[:OPEN], "length": 60}
calm, fresh = serve(seed=7, **few), serve(seed=8, **few)
onset = serve(samplers=[TurnsCold(0.3)], seed=6, **few)

# %% [markdown]
# A single request is one thing. The article speaks of the "average over
# batches". So put requests together, too: one of each prompt, or a *crowd* of
# six of each prompt, and add up what is missing *on average*. No request is in
# two crowds. And a running sum adds up the baseline's own error at each token,
# so we take all 48 healthy requests a prompt for it.


# %% jupyter={"source_hidden": true}
# Built here: groups of requests, and their running sums
# only with the storyteller
from course_utils.detection.null_bands import in_sets, rank_band


def crowds(served, each):
    """Groups of `each` requests of every prompt, none in two of them."""
    of_prompts = in_sets(served["behind"], CROWD * CROWDS)
    parts = [in_sets(requests, each) for requests in of_prompts]
    together = zip(*parts, strict=True)
    return [[r for part in group for r in part] for group in together]


firmer = fit_baselines([*sound, *healthy["behind"]])


def sums(groups):
    """The running sum of each group."""
    return [cusum(shortfalls(group, firmer), SLACK) for group in groups]


# %% jupyter={"source_hidden": true}
# Built here: the running sums of single requests, fives and crowds
# only with the storyteller
cuts = {
    "one request": lambda served: [[request] for request in served["behind"]],
    "five": lambda served: crowds(served, 1),
    "a crowd": lambda served: crowds(served, CROWD),
}
climbs = {
    name: [sums(cut(served)) for served in (calm, fresh, onset)]
    for name, cut in cuts.items()
}

# %% [markdown]
# The limit: one healthy group in twenty may climb above it. Of 19 crowds that
# is the highest (a further one is the highest of 20 with a chance of 1 in 20).
# An alarm before token 30 is no success, it is a false one.

# %% jupyter={"source_hidden": true}
# Prints: how many groups are heard, and when, and the false alarms
# only with the storyteller
limits, heard, delays = {}, {}, {}
for name, (calm_sums, fresh_sums, cold_sums) in climbs.items():
    limit = rank_band([max(climb) for climb in calm_sums], level=0.9)[1]
    places = [first_above(climb, limit) for climb in cold_sums]
    wrong = sum(max(climb) > limit for climb in fresh_sums)
    limits[name] = limit
    heard[name] = [float(p is not None and p >= 30) for p in places]
    delays[name] = sorted(p - 30 for p in places if p is not None and p >= 30)
    print(
        f"{name:<12} {sum(heard[name]):.0f} of {len(places)} heard, ", end=""
    )
    print(f"false alarms: {wrong} of {len(fresh_sums)}; tokens late:", end=" ")
    print(*delays[name][:: max(1, len(delays[name]) // 5)])

# %% jupyter={"source_hidden": true}
# Draws: running sums of single requests and of crowds, with their limits
# only with the storyteller
both = {k: (*climbs[k][1:], limits[k]) for k in ("one request", "a crowd")}
show(
    pictures.plot_sums(both, onset=30),
    alt="Running sums over the tokens. Left, of single requests: those that "
    "turn cold at token 30 lie among the healthy ones, below the limit. "
    "Right, of crowds: they part after token 30 and pass the limit.",
)


# %%
# only with the storyteller
def share(flags):
    """The share of flags that are up."""
    return sum(flags) / len(flags)


fact(
    "few single requests are heard, and nearly all crowds",
    lambda: share(heard["one request"]) < 0.3 < 0.8 < share(heard["a crowd"]),
)
fact(
    "half of the crowds are heard within twenty tokens",
    lambda: sum(late <= 20 for late in delays["a crowd"]) > CROWDS / 2,
)

# %% [markdown]
# Within a single request the spikes are larger than the fall. In a crowd they
# cancel out. So watch the *service* by many requests together, and single
# requests for deep collapse only. (Limits and baselines are drawn, too: what
# should be one false alarm in twenty may turn out three. A service has more
# healthy requests to set them by.)
#
# **Does this transfer?** The storyteller was trained, and serves its healthy
# requests, at T = 1, and after a prompt all of them are the same kind of text.
# Elsewhere a quotation, code, a list or the end of an answer lowers the
# entropy for good reasons, in one request here, in another there. A baseline
# by places knows nothing of that, and flags it. A service that runs at T = 0.7
# has its baselines there, and a drop then means: other than usual.
#
# **Stretch**: let the sampler turn *hot* after 30 tokens, at T = 2. Which sign
# must $x_t$ have to hear that?
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
# prompt's own baseline, the whole request, behind the sampler. Three questions
# follow, and what was drawn to answer the first is *tuned models*: eight.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on deep collapse
# only with the storyteller
verdict(
    "C30",
    "holds when the collapse is deep",
    "The share of a model's requests that is flagged, over eight models tuned "
    "with seeds of their own, each of which has few plots left. Baseline: the "
    "prompt's own, over the whole request, behind the sampler.",
    question="After 60 steps of tuning on a blind reward, are the requests of "
    "such a model flagged?",
    stands=hit_low > 0.8,
    estimate=hit,
    interval=(hit_low, min(hit_high, 1)),
    n=len(of_models),
    unit="tuned model",
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on a cold sampler
# only with the storyteller
verdict(
    "C30",
    "fails",
    f"The share of requests at {mild} that is flagged, with {kept:.0%} of the "
    "healthy number of plots left. The interval is the wider one of two: over "
    "prompts, and over requests.",
    question=f"Is most of what a sampler at {mild} writes flagged, when more "
    "than half of the plots are gone?",
    stands=over_prompts[mild][1] < 0.5 and kept < 0.5,
    estimate=rates[mild].share,
    interval=over_prompts[mild],
    n=rates[mild].n,
    unit="request",
    clusters=len(prompts),
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on false alarms
# only with the storyteller
shortest, of_shortest = next(iter(false_alarms.items()))
verdict(
    "C30",
    "holds when the whole request counts",
    "The share of healthy requests, not used for the baselines, that is "
    f"flagged. With windows of {shortest} tokens {of_shortest.share:.0%} are. "
    "The interval is the wider one of two: over prompts, and over requests.",
    question="Are healthy requests spared, with their prompt's own baseline?",
    stands=over_prompts["healthy"][1] < 0.1 and of_shortest.share > 0.5,
    estimate=alarm_rate(base).share,
    interval=over_prompts["healthy"],
    n=len(base),
    unit="request",
    clusters=len(prompts),
)

# %% [markdown]
# And the hope of **C14**, that a sudden drop signals onset? (The verdict on
# its peak is in [notebook 03](03_entropy_and_its_collapse.ipynb).) Two
# questions: within one request, and over a crowd of them.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on single requests
# only with the storyteller
by_prompt = in_sets(heard["one request"], CROWD * CROWDS)
verdict(
    "C14",
    "fails",
    "The share of single requests in which a running sum of missing bits "
    "passes its limit after the sampler has turned cold, with a limit that "
    "one healthy request in twenty passes.",
    question="Does a drop within one request signal the moment at which a "
    "sampler turns cold?",
    stands=share_interval(by_prompt)[1] < 0.5,
    estimate=share(heard["one request"]),
    interval=share_interval(by_prompt),
    n=len(heard["one request"]),
    unit="request",
    clusters=len(by_prompt),
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on crowds
# only with the storyteller
crowd_interval = wilson_interval(int(sum(heard["a crowd"])), CROWDS)
verdict(
    "C14",
    "holds when many requests are added up, each against its own prompt's "
    "baseline",
    f"The share of crowds of {CROWD * OPEN} requests in which that sum passes "
    f"its limit after the onset. False alarms: {wrong} of {CROWDS} healthy "
    "crowds. It speaks of this model at T = 1: where "
    "healthy entropies drop at quotations or at ends of texts, they do so "
    "without any collapse.",
    question="Does the mean entropy of a crowd of requests signal the moment "
    "at which a sampler turns cold?",
    stands=crowd_interval[0] > 0.5,
    estimate=share(heard["a crowd"]),
    interval=crowd_interval,
    n=CROWDS,
    unit="crowd of requests",
)

# %% [markdown]
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
# - Many requests of one tuned model are one draw of a tuned model.
#
# ## Read on
#
# - Hanley and McNeil 1982,
#   [The meaning and use of the area under a ROC curve](https://doi.org/10.1148/radiology.143.1.7063747):
#   why the area is a share of pairs, and how sure one can be of it.
# - Farquhar and others 2024,
#   [Detecting hallucinations using semantic entropy](https://doi.org/10.1038/s41586-024-07421-0):
#   the entropy of meanings, with a second model where we have a parser.
# - Xu and others 2022,
#   [Learning to break the loop](https://arxiv.org/abs/2206.02369): in models
#   of natural text loops do feed themselves, and there the entropy does fall.
#
# **Next**: [08 Self-BLEU](08_self_bleu.ipynb). It compares texts with each
# other, and sees the tale that everybody gets.
