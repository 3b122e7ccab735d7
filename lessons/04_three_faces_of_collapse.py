# %% [markdown]
# # 04 · Three faces of collapse
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
import torch
from course_utils.classroom import (
    LiveFigure,
    dropdown,
    exercise,
    fact,
    predict,
    quiz,
    show,
    start,
    steps,
    verdict,
)

start("04")

# %% [markdown]
# **What you will be able to do**
#
# - Define collapse so that it fits texts, images and behaviour alike
# - Train a small GAN, and count what it covers
# - Judge an encoder by its embeddings
# - See what an agent does with several choices that are equally good
# - Say what a cure costs
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: notebooks [00](00_start_here.ipynb) and
# [01](01_softmax_and_temperature.ipynb); torch
#
# **The question**: can the same thing befall a storyteller, a maker of images
# and a player of games?

# %% [markdown]
# ## One complaint, three systems
#
# The article names three forms of collapse:
#
# | form | who | what goes missing |
# |---|---|---|
# | output collapse (**C11**) | a storyteller | tales |
# | feature collapse (**C12**) | an image maker, an encoder | kinds of things |
# | behavioural collapse (**C13**) | an agent | ways to act |
#
# It gives no definition, and without one there is nothing to measure. Ours
# has three steps:
#
# 1. Say what counts as a **mode**: a plot, a digit, a route to the goal.
# 2. Take a **reference**: the shares the modes would have if all were well.
# 3. Compare the **effective number of modes** with the reference's.
#
# ## How many modes are in use?
#
# Here are three systems with four modes each, one in a row. Counting the modes
# that occur says four, four, four. The entropy $H$ knows better. $N$ equally
# common modes have $H = \ln N$ (in nats, with the natural logarithm). Turn
# that around: $N_\text{eff} = e^H$ equally common modes would be as diverse
# ([Hill 1973](https://doi.org/10.2307/1934352)).

# %% tags=["nbval-check-output"]
shares = torch.tensor(
    [[0.25] * 4, [0.7, 0.1, 0.1, 0.1], [0.97, 0.01, 0.01, 0.01]]
)
entropy = -torch.xlogy(shares, shares).sum(dim=-1)
print(*(f"{n:.2f}" for n in entropy.exp().tolist()))

# %% [markdown]
# ### Exercise 1: effective modes
#
# Difficulty: easy · 8 minutes
#
# Return $e^H$ for each row of `shares`; modes are the last dimension. Two
# details. A row may sum to *less* than 1, as some outputs belong to no mode at
# all: divide it by its sum first. And a row of zeros, where nothing belongs to
# any mode, has 0 effective modes.


# %%
@exercise("causes.forms.effective_modes")
def effective_modes(shares):
    """How many equally common modes would be as diverse."""
    ...


# %% [markdown]
# ## First face: output
#
# You met this one in notebook 00: the storyteller at low temperature. Its
# modes are now the plots of its tales (*arcs*). The reference is the world
# that wrote its books, whose shares we know exactly.

# %%
from course_utils import StoryWorld, Temperature, generate, load_model, softmax

lm, world = load_model(), StoryWorld()
arcs = list(world.probabilities("arc"))

# %%
warm, cold = 1, 0.3
tales = {}
for T in (warm, cold):
    tales[T] = generate(lm, "", 200, 40, [Temperature(T)], seed=4).texts


# %%
def arc_numbers(texts):
    """The number of each text's arc, -1 where none can be told."""
    told = [world.parse(text).labels.get("arc") for text in texts]
    return torch.tensor([arcs.index(arc) if arc else -1 for arc in told])


# %%
# only with the storyteller
from course_utils.causes.forms import kept, mode_shares

told = {T: arc_numbers(texts) for T, texts in tales.items()}
of_arcs = {T: mode_shares(numbers, len(arcs)) for T, numbers in told.items()}
in_use = {T: effective_modes(row).item() for T, row in of_arcs.items()}
truth = torch.tensor(list(world.probabilities("arc").values()))
in_use["world"] = effective_modes(truth).item()
for source, number in in_use.items():
    print(f"{source:>5}: {number:4.1f} of {len(arcs)} arcs in use")

# %%
# only with the storyteller
fact(
    "at T = 1 the storyteller has nearly as many arcs as the world",
    in_use[warm] > in_use["world"] - 2,
)
fact(
    "at T = 0.3 less than a third of them is left",
    in_use[cold] < in_use["world"] / 3,
)

# %% [markdown]
# The storyteller forgot nothing, as T = 1 shows: the narrowing happens as we
# *draw*. In the next two faces we look for it in what is *learnt*.
#
# ## Second face: features
#
# A **generative adversarial network** (GAN,
# [Goodfellow and others 2014](https://arxiv.org/abs/1406.2661)) is a race of
# two networks. The *generator* turns random numbers into samples. The
# *discriminator* says of each sample how real it looks. One learns to tell
# real from made; the other learns to look real. Our data: a ring of eight
# clusters in the plane.

# %%
from course_utils.causes.forms import (
    covered_modes,
    embeddings,
    gan,
    mode_shares,
    policies,
)
from course_utils.plots import three_faces as pictures
from course_utils.recordings import forms as recording

# %% [markdown]
# ## Before the race
# {{deep}}
#
# What do the two losses say while nobody knows anything?

# %%
dice = torch.manual_seed(0)
generator, discriminator = gan.make_generator(2), gan.Discriminator(2)
real = gan.sample_ring(256, dice)
fake = generator(torch.randn(256, gan.NOISE, generator=dice))

# %%
on_fake = discriminator(fake)
to_tell = gan.discriminator_loss(discriminator(real), on_fake).item()
to_pass = gan.generator_loss(on_fake).item()
print(f"discriminator {to_tell:.1f}, generator {to_pass:.1f}")

# %%
fact(
    "untrained, both losses are near those of a coin",
    abs(to_tell - 1.39) < 0.3 and abs(to_pass - 0.69) < 0.3,
)

# %% [markdown]
# The discriminator's loss is low if it tells real from made. The generator's
# is low if its samples pass for real. Both are near those of a coin:
# $2 \ln 2 \approx 1.39$ and $\ln 2 \approx 0.69$.
#
# ## The race
#
# In each step the discriminator lowers its loss, then the generator its own.
# We take 1,500 steps. (The loop is short: `gan.train_gan??` in a new cell
# shows it.) One choice is ours: the generator is **in haste**, it learns four
# times as fast as the discriminator.
#
# This time we count the modes that are **covered**. One is, as soon as it has
# a tenth of its share in the reference.

# %%
guess = predict(
    "modes of the ring",
    "After 1,500 steps, how many of the 8 clusters does the generator cover?",
    choices=["at most 2", "3 to 6", "7 or 8"],
)
guess


# %%
def covered_along(run):
    """How many of the ring's modes are covered at each recorded step."""
    shares = mode_shares(gan.ring_modes(run.samples), gan.MODES)
    return covered_modes(shares, torch.full((gan.MODES,), 1 / gan.MODES))


# %%
plain = gan.train_gan(gan.sample_ring, seed=0)
late = plain.samples[-8:]  # [records, samples, 2]

# %%
guess.compare(
    "at most 2",
    "Its samples sit in one blob, near a cluster or between two. Most lie in "
    "no cluster at all (which ends at three standard deviations).",
)

# %%
fact(
    "late in the run the samples sit in one blob",
    late.std(dim=1).norm(dim=-1).mean() < 1,  # that of the ring is 2
)
fact(
    "most samples of the plain GAN lie in no cluster",
    (gan.ring_modes(late) >= 0).float().mean() < 0.5,
)
fact(
    "the plain GAN covers two clusters or fewer",
    covered_along(plain)[-8:].float().mean() < 2.5,
)

# %% [markdown]
# Why? The discriminator judges **one sample at a time**. If one spot looks
# most real just now, the generator's best answer is to put *everything*
# there. The discriminator learns that this spot is suspicious, and the
# generator moves on to the next. Round and round.
#
# ## A remedy: look at the whole batch
# {{deep}}
#
# Let the discriminator see more than one sample. A forger may well paint one
# perfect picture. A hundred equal ones give him away.
#
# ### Exercise 2: minibatch statistics
#
# Difficulty: medium · 10 minutes
#
# `features` has a row for each sample of a batch. Take each feature's standard
# deviation over the batch (divide by n, not n - 1), average them into one
# number, and append it as a last column, the same in every row
# ([Karras and others 2018](https://arxiv.org/abs/1710.10196), section 3).
# Gradients must flow through it: it is how the generator learns to vary.


# %%
@exercise("causes.forms.gan.minibatch_std")
def minibatch_std(features):
    """[n, k] features become [n, k + 1]: the last column is the spread."""
    ...


# %% [markdown]
# Your function now goes into the discriminator, before its last layer. A
# second remedy goes another way: a **gradient penalty** ("R1",
# [Mescheder and others 2018](https://arxiv.org/abs/1801.04406)) forbids the
# discriminator to be steep around real samples, so that no spot can look much
# better than its neighbours.

# %%
varied = gan.train_gan(gan.sample_ring, 0, batch_statistic=minibatch_std)
gentle = gan.train_gan(gan.sample_ring, 0, r1=1.0)
runs = {"none": plain, "minibatch statistics": varied}
runs["gradient penalty"] = gentle
covered = {remedy: covered_along(run) for remedy, run in runs.items()}

# %%
fact(
    "with minibatch statistics more than six clusters are covered",
    covered["minibatch statistics"][-1] > 6,
)

# %% [markdown]
# ## Live figure: the generator's samples
#
# Drag the step, or press play, and watch where the 500 samples go. Then choose
# a remedy: the discriminator sees the spread of the whole batch, or is kept
# from being steep by a gradient penalty.

# %% jupyter={"source_hidden": true}
# Draws: the generator's samples over the real ring, at any step
race = LiveFigure(
    lambda figure: pictures.draw_race(figure, real),
    lambda artists, **chosen: pictures.show_race(
        artists, runs, covered, **chosen
    ),
    {
        "remedy": dropdown(list(runs), value="none", label="remedy"),
        "step": steps(
            plain.steps, value=plain.steps[-1], label="training step"
        ),
    },
    alt="Points of a generator over a grey ring of eight clusters. Without a "
    "remedy the points form one dense blob that jumps about on the ring; with "
    "either remedy they spread to all eight clusters.",
    size=(5, 5),
    play="step",
)
race

# %% [markdown]
# **Stretch**: train `plain` with equal rates, `generator_rate=gan.RATE`, and
# play the figure again. Was it the haste?
#
# ## Ten seeds
# {{deep}}
#
# One run is an anecdote. The course keeps a log of ten seeds, made by
# `python -m course_utils.recordings forms` in some minutes. It has a control
# as well: equal rates, a generator that learns no faster than its
# discriminator. *As it is* means: no remedy. The table gives effective modes
# late in the run, mean and 95 % interval. (Below 1 is possible: at times no
# sample lies in any cluster.)

# %%
log = recording.forms_log()
print(recording.late_table(log, "ring"), end="\n\n")
ring = {
    variant: recording.final_values(log, "ring", variant)
    for variant in log["runs"]["ring"]
}
for variant, modes in ring.items():
    above = sum(number > 4 for number in modes)
    print(f"{variant:22}above 4 in {above} of {len(modes)}")

# %%
fact(
    "every seed stays below four modes as it is, and with no remedy all do",
    all((max(m) < 4) == (name == "as it is") for name, m in ring.items()),
)
fact(
    "only minibatch statistics work with every seed",
    all(
        (min(m) > 4) == (name == "minibatch statistics")
        for name, m in ring.items()
    ),
)

# %% jupyter={"source_hidden": true}
# Draws: modes covered over the steps, a line for each seed
show(
    pictures.plot_ring(log),
    alt="Modes covered over the training steps, per seed and in the mean. As "
    "it is, all stay at 0 to 2; with minibatch statistics all reach 8; with a "
    "gradient penalty or equal rates all but one or two do.",
)

# %% [markdown]
# Two surprises. At equal rates this GAN mostly needs no remedy: what collapses
# here is a race that one side runs too fast. And only minibatch statistics
# work with every seed. The others fail now and then, which a single run would
# not have told.
#
# ## Is the blob an average?
# {{deep}}
#
# Some say that a collapsed model shows the *average* of all that it has seen.
# That of the ring is its empty middle: what lies there?

# %%
in_the_middle = (late.norm(dim=-1) < 0.5).float().mean()
print(f"samples in the middle of the ring: {in_the_middle:.1%}")
centres = late.mean(dim=1)  # of the blob, at each of the last records
print(f"its centre moves by up to {torch.cdist(centres, centres).max():.1f}")

# %%
fact("next to nothing lies in the middle", in_the_middle < 0.05)
fact("the blob wanders", torch.cdist(centres, centres).max() > 1)

# %% [markdown]
# Next to nothing. The blob is no average, and it wanders about the ring.
#
# ## Digits: the same with images
# {{deep}}
#
# Scikit-learn brings 1,797 images of handwritten digits, 8 by 8 pixels: ten
# modes. To count them, a classifier must say which digit an image shows. Ours
# takes the label of the nearest real image, and says *none* if even that one
# is far. Most classifiers never say *none*: they sort any rubbish into ten
# classes, and rubbish would count as variety.

# %%
images, labels = gan.load_digits()
seen = gan.digit_modes(images[1::2])  # it has only been shown the others
right = (seen == labels[1::2])[seen >= 0].float().mean().item()
as_digit = (gan.digit_modes(torch.randn(500, 64)) >= 0).sum().item()
print(f"{right:.1%} right; {as_digit} of 500 noisy squares taken for a digit")

# %%
fact(
    "the classifier knows digits, and takes no noise for one",
    right > 0.97 and as_digit == 0,
)

# %%
haste = {"steps": gan.DIGIT_STEPS, "generator_rate": gan.DIGIT_HASTE}
spread = {"batch_statistic": minibatch_std}
made = {"real": images}
for name, remedy in {"as it is": {}, "minibatch statistics": spread}.items():
    run = gan.train_gan(gan.sample_digits, 0, **haste, **remedy)
    made[name] = run.samples[-1]

# %% jupyter={"source_hidden": true}
# Draws: images of each set, and how many digits they show
show(
    pictures.plot_images(made),
    alt="Three sets of 35 small images. Real ones: all ten digits. As it is: "
    "two or three blurred shapes again and again. With minibatch statistics: "
    "many different digits, some of them blurred.",
)

# %%
for measure in ("effective", "inside"):
    print(recording.late_table(log, "digits", measure), end="\n\n")
digits = {v: recording.late(log, "digits", v) for v in log["runs"]["digits"]}

# %%
fact(
    "equal rates help the digits too",
    digits["as it is"].high < 5 < digits["equal rates"].low,
)
fact(
    "the gradient penalty does little for them",
    digits["gradient penalty"].low < digits["as it is"].high,
)
fact(
    "at equal rates many images are no digit at all",
    recording.late(log, "digits", "equal rates", "inside").high < 0.7,
)

# %% [markdown]
# A batch's spread does it again, and equal rates help too. (But the lower
# table says which share of the images are a digit at all. Variety is not
# quality.) The gradient penalty, with the weight that it had on the ring, does
# little here. What cures one race need not cure the next.
#
# Mind what we did to get here. In our trials the digits' generator recovered
# by itself at the ring's haste, so we doubled it, and some runs that went on
# for longer began to recover even so. This collapse is a state of a race, and
# not its end.
#
# ## Embeddings: two views of an image
# {{deep}}
#
# Can features collapse where nothing is generated? An *encoder* turns each
# image into 16 numbers, its embedding. Without labels it is taught one thing:
# two views of an image (shifted by up to a pixel, with noise) shall get the
# same embedding. That is the *pull*.
#
# Two additions are common. **Negatives**: views of *other* images must be told
# apart ([SimCLR](https://arxiv.org/abs/2002.05709)). **Stop-gradient**: a
# small network predicts one view's embedding from the other's, and only the
# predicting side learns ([SimSiam](https://arxiv.org/abs/2011.10566)).

# %%
guess_pull = predict(
    "agreement of views",
    "Which teaching makes two views of an image most alike?",
    choices=["pull alone", "with negatives", "with stop-gradient"],
)
guess_pull

# %%
learn = embeddings.train_embeddings
encoders = {
    "pull alone": learn(images, 0),
    "with negatives": learn(images, 0, loss=embeddings.tell_apart),
    "with stop-gradient": learn(images, 0, stop_gradient=True),
}

# %%
cosines = {name: run.agreement[-1] for name, run in encoders.items()}
guess_pull.compare(
    "pull alone",
    f"The cosine of two views is {cosines['pull alone']:.4f}, nearly perfect.",
)

# %%
fact(
    "two views agree best, and nearly perfectly, with the pull alone",
    cosines["pull alone"] == max(0.99, *cosines.values()),
)

# %% [markdown]
# And what are the embeddings worth? Three measures, from the log; *as it is*
# is the pull alone.
#
# - *Rank*, the effective rank (Roy and Vetterli 2007), is our definition
#   again: the modes are the 16 directions, the singular values give their
#   shares.
# - *Spread* is 0 if all embeddings are the same, 1 if all directions are
#   alike.
# - *Neighbours*: how often does an image's nearest one show the same digit?

# %%
measures = {"effective": "rank", "std": "spread", "accuracy": "neighbours"}
for measure, name in measures.items():
    print(f"{name}:")
    print(recording.late_table(log, "embeddings", measure), end="\n\n")

# %%
untrained = log["runs"]["embeddings"]["as it is"]["accuracy"]
before = sum(row[0] for row in untrained) / len(untrained)
print(f"neighbours before any training: {before:.2f}")
after = {
    variant: recording.late(log, "embeddings", variant, "accuracy")
    for variant in log["runs"]["embeddings"]
}
# %%
fact(
    "with the pull alone neighbours get worse, but stay better than chance",
    0.3 < after["as it is"].low < after["as it is"].high < before,
)
fact(
    "the other two encoders get better by learning",
    before < min(after["negatives"].low, after["stop-gradient"].low),
)

# %% [markdown]
# A perfect loss can belong to a poor encoder. The one with the best agreement
# is the only one that got *worse* by learning: the perfect answer to its task
# is the same embedding for all. (Its neighbours are still right more often
# than by chance, which is one in ten. The remaining differences are tiny, but
# our numbers have seven digits.)
#
# ## Third face: behaviour
#
# An agent has a logit for each choice and climbs the **policy gradient**:
# choices that earned more than usual get a higher logit
# ([Williams 1992](https://doi.org/10.1007/BF00992696)). First a *bandit*, a
# gaming machine with eight arms. Four of them pay in 80 % of all pulls, the
# others in 40 %. The best four are **equally good**: nothing in the rewards
# favours one of them.

# %%
guess_arms = predict(
    "equally good arms",
    "After 1,000 steps, how many of the four best arms are in use?",
    between=(1, 4),
)
guess_arms

# %% [markdown]
# ## Let it learn
#
# ### Exercise 3: the policy gradient, with a bonus for surprise
#
# Difficulty: medium · 12 minutes
#
# `actions` were drawn from the policy $\pi$, `softmax(logits)`, and earned
# `rewards`.
#
# 1. An action's *surprise* is $-\ln \pi(a)$.
# 2. Its *credit* is its reward plus `bonus` times its surprise, less the mean
#    of that over all actions.
# 3. It pulls the logits along `one_hot(action) - softmax(logits)`, times its
#    credit.
#
# Return the mean pull, one number for each logit. A `bonus` above 0 pays for
# rare choices. The average surprise is the entropy, hence *entropy bonus*.


# %%
@exercise("causes.forms.policies.policy_gradient")
def policy_gradient(logits, actions, rewards, bonus=0.0):
    """The direction in which the logits earn more: [choices]."""
    ...


# %%
unpaid, paid = 0.0, 0.1
paths = {}
for bonus in (unpaid, paid):
    paths[bonus] = policies.learn(
        policies.pull_arms, 8, bonus, seed=0, gradient=policy_gradient
    )
used = {bonus: effective_modes(path[:, :4]) for bonus, path in paths.items()}

# %%
guess_arms.compare(
    round(used[unpaid][-1].item(), 1),
    "An arm that happens to pay is pulled more, and can be lucky again.",
)

# %% [markdown]
# ## Live figure: what the agent does
#
# Left without, right with the bonus. Blue arms are the best four.

# %% jupyter={"source_hidden": true}
# Draws: the probability of each arm, without and with the bonus, at any step
taken = range(0, len(paths[unpaid]), 20)
arms = LiveFigure(
    lambda figure: pictures.draw_arms(figure, list(paths)),
    lambda artists, step: pictures.show_arms(artists, paths, step),
    {"step": steps(taken, value=taken[-1], label="training step")},
    alt="Probability of eight arms, without and with an entropy bonus. Both "
    "start with equal bars. Without the bonus one of the four good arms ends "
    "with nearly all the probability; with it all four stay in use.",
    size=(8, 3.2),
    play="step",
)
arms

# %% [markdown]
# **Stretch**: how small may the bonus `paid` be, if three of the best four
# arms are to stay in use? One seed is an anecdote: try several.
#
# ## Is the reward to blame?
#
# The reward treats the four alike, and so does its *exact* gradient,
# $\pi_i (r_i - \bar r)$: followed without sampling, it keeps them equal for
# ever. What breaks the tie is **luck in the samples**, and nothing
# pushes back. Geneticists know this as *drift*: in a small population one of
# several equally fit variants takes over. (Ours is small: four pulls a step.)

# %%
logits = torch.zeros(8)
for _ in range(1000):
    policy = softmax(logits)
    logits = logits + policy * (policies.PAYS - policy @ policies.PAYS)
exact = effective_modes(policy[:4]).item()
print(f"exact gradient        {exact:.2f}\nsampled, ten seeds:")
print(recording.late_table(log, "bandit"))

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of luck.
sure, lucky = (
    recording.late(log, "bandit", v) for v in ("no luck", "as it is")
)
fact("the exact gradient keeps all four best arms", abs(exact - 4) < 1e-3)
fact(
    "more than three of the best arms stay with the bonus, under two without",
    used[unpaid][-1] < 2 < 3 < used[paid][-1],
)
fact(
    "without luck the drift ends halfway",
    lucky.high < sure.low < sure.high < 4,
)
fact(
    "without luck the bad arms are gone in the end",
    recording.late(log, "bandit", "no luck", "inside").low > 0.95,
)

# %% [markdown]
# "No luck" is a machine whose arms pay their mean for sure. There the drift
# comes to an end halfway: once the bad arms are gone all rewards are equal,
# and no credit is left to give.
#
# ## A grid with twenty shortest routes
# {{deep}}
#
# A walker crosses a 4 by 4 grid from corner to corner, and each step costs 1.
# Twenty routes are equally short. It learns as before, with four logits
# (right, up, left, down) in each cell.

# %%
walks = {b: policies.learn_routes(b, seed=0)[-1] for b in (0, 0.3)}

# %% jupyter={"source_hidden": true}
# Draws: the grid, its edges the thicker the more walks use them
show(
    pictures.plot_routes(walks),
    alt="A grid, its edges the thicker the more walks use them. Without a "
    "bonus one route leads from start to goal, with it a net of all edges.",
)

# %% [markdown]
# The bonus is not free. Detours are surprising, so the walker takes some. And
# if the bonus is large, it never arrives. A step costs 1, and choosing evenly
# among four moves is a surprise of $\ln 4 \approx 1.39$. So from a bonus of
# $1 / \ln 4 \approx 0.72$ on, wandering costs nothing, or even pays. Well
# before that, hardly a walk is a shortest one.

# %%
fact(
    "without a bonus fewer than three routes are used, with it more than ten",
    recording.late(log, "grid", "as it is").high
    < 3
    < 10
    < recording.late(log, "grid", "entropy bonus").low,
)
fact(
    "with the bonus the walker takes detours",
    recording.late(log, "grid", "entropy bonus", "inside").high < 0.9,
)
fact(
    "with a bonus of 0.6 hardly a walk is a shortest one",
    recording.late(log, "grid", "bonus 0.6", "inside").high < 0.2,
)
fact(
    "wandering pays from a bonus of 0.72 on",
    abs(policies.wandering_bonus() - 0.72) < 0.005,
)

# %% jupyter={"source_hidden": true}
# Draws: what the bonus buys on the grid, and what it costs
show(
    pictures.plot_price(log),
    alt="Left: routes in use rise with the bonus from about one to nearly "
    "twenty. Right: the share of shortest walks falls, slowly and then fast, "
    "from nearly all to nearly none before the dotted line at 0.72, from "
    "which on wandering pays.",
)

# %% [markdown]
# ## Rock, paper, scissors against oneself
# {{deep}}
#
# In self-play a policy learns against a copy of itself. Only a policy that
# plays all three moves equally often cannot be beaten.

# %%
games = {}
for bonus in (unpaid, 0.2):
    games[bonus] = policies.learn(
        policies.play_oneself,
        3,
        bonus,
        seed=0,
        actions_per_step=policies.GAMES_PER_STEP,
    )

# %% jupyter={"source_hidden": true}
# Draws: the probability of each move over the rounds, per bonus
show(
    pictures.plot_moves(games),
    alt="Without a bonus the probabilities of rock, paper and scissors swing "
    "ever more widely: one has nearly all, then the one that beats it, and so "
    "on. With a bonus all three stay near a third.",
)


# %%
def at_a_moment_and_pooled(shares):
    """Effective modes: the mean over records, and those of all records."""
    pooled = effective_modes(shares.mean(dim=0)).item()
    return effective_modes(shares).mean().item(), pooled


blob = mode_shares(gan.ring_modes(plain.samples), gan.MODES)
counted = {
    "game": at_a_moment_and_pooled(games[unpaid]),
    "ring": at_a_moment_and_pooled(blob),
}
for name, (now, pooled) in counted.items():
    print(f"{name}: {now:.1f} modes at a moment, {pooled:.1f} over all steps")

# %%
fact(
    "the game and the ring have collapsed at a moment, not over all steps",
    all(now < 2 < 2.7 < pooled for now, pooled in counted.values()),
)
fact(
    "whoever knows the move can beat it",
    policies.exploitability(games[unpaid][500:]).mean() > 0.5,
)

# %% [markdown]
# At nearly any moment the policy has collapsed, and whoever knows the move can
# beat it. Over time it plays all three. The GAN on the ring is the same story:
# one blob, and sooner or later nearly every cluster. Two learners chase each
# other in circles, as
# [Mertikopoulos and others 2018](https://arxiv.org/abs/1709.02738) prove for
# games of this kind. What you pool decides what you see.
#
# ## One definition, all faces
#
# Effective modes as a share of the reference's: first the storyteller's, from
# the tales above, then those of the toys, late in the run. (Above 1 means:
# more even than the reference.) The figure shows the mean of ten seeds with
# its 95 % interval.

# %%
# only with the storyteller
for T, row in of_arcs.items():
    print(f"storyteller at T = {T}: {kept(row, truth):.2f} of the world's")

# %% jupyter={"source_hidden": true}
# Draws: the modes kept by each toy, as it is and with each remedy
show(
    pictures.plot_faces(log),
    alt="Modes kept. Below a half: all six toys as they are, and the digits "
    "with a gradient penalty. All other remedies are above, most above 0.8.",
)

# %% [markdown]
# Is it the same thing, then? Six toys, one axis, and one pattern: where they
# collapse, **each output is judged alone**, and nothing pays for variety. Most
# cures look at many outputs at once: a batch's spread, other images, a
# policy's own entropy. The others (equal rates, a gradient penalty, a
# stop-gradient) hold back one of two learners.
#
# ## Claims on trial
#
# **C11**, output collapse: "repetition of templates or boilerplate across
# generations". Take the storyteller's tales two by two. How often have both
# the same arc, the template of a tale?

# %%
# only with the storyteller
from course_utils.foundations.intervals import wilson_interval

n = len(told[cold]) // 2  # pairs
same_arc = {}
for T, found in told.items():
    one, other = found[: 2 * n].reshape(n, 2).T
    same_arc[T] = ((one == other) & (one >= 0)).sum().item()
by_chance = truth.square().sum().item()  # two tales of the world
print(f"pairs of {n} with the same arc: {same_arc}, world {by_chance:.1%}")

# %%
# only with the storyteller
low, high = wilson_interval(same_arc[warm], n)
often = wilson_interval(same_arc[cold], n)
verdict(
    "C11",
    "holds when the temperature is low",
    f"The share of pairs of tales with the same arc at T = {cold:g}. In the "
    f"world it is {by_chance:.2f}, at T = {warm:g} {low:.2f} to {high:.2f}.",
    question="Does a template repeat across generations more than in the "
    "world?",
    stands=low < by_chance < high < often[0],
    estimate=same_arc[cold] / n,
    interval=often,
    n=n,
    unit="pair of tales",
)

# %% [markdown]
# **C12**, feature collapse: "all images or embeddings converge to a single
# prototype", as when all faces resemble the *average* one. Two toys went that
# far: the ring in haste, and the encoder with the pull alone. The digits kept
# a few kinds, and the ring at equal rates mostly kept all. And the prototype
# of the ring is no average: its middle stays empty.
#
# Mind what such a trial can show. **We tuned the ring to collapse**: its
# generator learns faster than its discriminator because that makes it fail.
# So the toys show that this collapse *exists*, and what undoes it. They don't
# show how often it comes to those who don't seek it.

# %%
fact(
    "with the pull alone all embeddings are nearly the same",
    recording.late(log, "embeddings", "as it is", "std").high < 0.1,
)
fact("the digits keep more than one kind", digits["as it is"].low > 1.5)

# %%
from course_utils.foundations.intervals import mean_interval

equal_rates = recording.late(log, "ring", "equal rates")
one_prototype = recording.final_values(log, "ring", "as it is")
verdict(
    "C12",
    "holds when a generator tuned to collapse is judged sample by sample",
    "Effective modes at a moment of the GAN on the ring, of 8, with the rate "
    f"that we chose to make it fail. At equal rates they are "
    f"{equal_rates.mean:.1f}. On the digits, in haste "
    f"too, {digits['as it is'].mean:.1f} of 10 are left: few kinds, not one. "
    "The ring's prototype is not the data's average, and it wanders.",
    question="Does a generator converge to a single prototype?",
    stands=mean_interval(one_prototype)[1] < 2 < equal_rates.low,
    estimate=sum(one_prototype) / len(one_prototype),
    interval=mean_interval(one_prototype),
    n=len(one_prototype),
    unit="seed",
    recorded="forms",
)

# %% jupyter={"source_hidden": true}
# Prints: the verdict on embeddings
pull_alone = recording.final_values(log, "embeddings", "as it is")
verdict(
    "C12",
    "holds when the loss asks for agreement alone",
    "Directions that the embeddings use, of as many as they have: "
    f"{log['modes']['embeddings']}. With negatives they use "
    f"{recording.late(log, 'embeddings', 'negatives').mean:.1f}.",
    question="Do embeddings converge to a single prototype?",
    stands=mean_interval(pull_alone)[1]
    < recording.late(log, "embeddings", "negatives").low
    and recording.late(log, "embeddings", "as it is", "std").high < 0.1,
    estimate=sum(pull_alone) / len(pull_alone),
    interval=mean_interval(pull_alone),
    n=len(pull_alone),
    unit="seed",
    recorded="forms",
)

# %% [markdown]
# **C13**, behavioural collapse: agents "stop innovating and fall back on
# trivial strategies". Three worlds are three questions, and ten seeds of one
# say nothing of another. In each: how many of its equally good choices, as a
# share, is the agent left with? And is what is left trivial?


# %%
def left_in(name, variant="as it is"):
    """The share of equally good choices that each seed ends with."""
    values = recording.final_values(log, name, variant)
    return [value / log["modes"][name] for value in values]


# %%
for name in ("bandit", "grid", "self-play"):
    low, high = mean_interval(left_in(name))
    with_bonus = sum(left_in(name, "entropy bonus")) / len(log["seeds"])
    print(f"{name:10} {low:.0%} to {high:.0%} left; bonus {with_bonus:.0%}")

# %%
best = {
    w: recording.late(log, w, "as it is", "inside").low
    for w in ("bandit", "grid")
}
beaten = recording.late(log, "self-play", "as it is", "exploitability")

# %%
fact(
    "on the bandit and the grid what is left is still optimal",
    min(best.values()) > 0.95,
)
fact("in self-play it is easily beaten", beaten.low > 0.5)

# %% jupyter={"source_hidden": true}
# Shows: one verdict for each world
ENDS = {
    "bandit": "What is left still pays the most: not trivial, but not varied.",
    "grid": "What is left is still a shortest route: as good, and only one.",
    "self-play": "What is left is trivial, and beaten by whoever knows it.",
}


def on_trial(name):
    """Whether agents in one world fall back on less than half of it."""
    values, low, high = left_in(name), *mean_interval(left_in(name))
    with_bonus = mean_interval(left_in(name, "entropy bonus"))
    return verdict(
        "C13",
        "holds when nothing pays for variety",
        "The share of equally good choices in use, late in the run; with an "
        f"entropy bonus {with_bonus[0]:.2f} to {with_bonus[1]:.2f}. "
        + ENDS[name],
        question=f"{name.capitalize()}: do agents fall back on less than half "
        "of equally good choices?",
        stands=high < 0.5 < with_bonus[0],
        estimate=sum(values) / len(values),
        interval=(low, high),
        n=len(values),
        unit="seed",
        recorded="forms",
    )


# %%
on_trial("bandit")

# %%
on_trial("grid")

# %%
on_trial("self-play")

# %% [markdown]
# ## A short quiz

# %%
quiz("04")

# %% [markdown]
# ## Recap
#
# - Collapse: fewer effective modes, exp of the entropy, than a reference has.
# - A generator in haste collapses; the spread of a batch gives it away.
# - The perfect loss can belong to the worst encoder.
# - Luck drops equally good choices; a paid surprise holds them, at a cost.
#
# ## Read on
#
# - Metz and others 2017,
#   [Unrolled generative adversarial networks](https://arxiv.org/abs/1611.02163):
#   the ring of eight Gaussians, and a remedy that looks ahead in the race.
# - Jing and others 2022,
#   [Understanding dimensional collapse](https://arxiv.org/abs/2110.09348):
#   embeddings may also lose directions one by one, even with negatives.
# - Chung and others 2021,
#   [Beyond variance reduction](https://arxiv.org/abs/2008.13773): how a mere
#   baseline decides what a policy gradient commits itself to.
#
# **Next**: [05 Collapse from training](05_collapse_from_training.ipynb). What
# a corpus, an overfitted model and a model fed on its own output do to the
# storyteller.
