# %% [markdown]
# # 06 · Collapse from reward
#
# {{badges}}

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
# {{bootstrap}}

# %%
from course_utils.classroom import exercise, fact, predict, show, start

start("06")

# %% [markdown]
# **What you will be able to do**
#
# - Compute the best answer to a reward that is blind to the hero
# - Write REINFORCE with a baseline, and test that it is unbiased
# - Tune a language model on a reward, and measure what else changes
# - Hold it back: a leash to the reference, an entropy bonus, a clipped ratio
#
# **Time**: about {{minutes}} minutes. Short of time? In sections marked
# *deep* run the cells and read on.
#
# **What you need first**: [notebook 00](00_start_here.ipynb),
# [notebook 01](01_softmax_and_temperature.ipynb), entropy and KL divergence
# ([notebook 03](03_entropy_and_its_collapse.ipynb)), and what a gradient is
#
# **The question**: a reward asks for happy endings and for nothing else. What
# becomes of the plots and the heroes, which it never mentions?

# %% [markdown]
# ## A world of 48 tales
#
# Before the storyteller, a toy. A tale has one of 24 heroes, as common as in
# our world, and a happy ending or not. The ending does not depend on the hero.
# So there are 48 tales, and we can write down the probability of each. The
# reward is 1 for a happy ending: it is *blind* to the hero.
#
# In notebook 00 we counted heroes by their *effective number*: how many
# equally common ones would be as diverse. That is 2 to the power of their
# entropy in bits.

# %% tags=["nbval-check-output"]
import torch
from course_utils import StoryWorld, entropy

world = StoryWorld()
hero_probs = torch.tensor([*world.probabilities("hero").values()])
happy = world.probabilities("mood")["merry"]
reference = hero_probs[:, None] * torch.tensor([happy, 1 - happy])
reward = torch.tensor([1.0, 0.0]).expand(24, 2)
print(f"{reference.numel()} tales, {reference.sum():.3f} in all")
print(f"mean reward {(reference * reward).sum():.2f}")


# %% tags=["nbval-check-output"]
def effective_heroes(tales):
    """How many equally common heroes these 48 probabilities amount to."""
    return 2 ** entropy(tales.sum(dim=-1)).item()


print(f"{effective_heroes(reference):.1f} effective heroes of 24")

# %% [markdown]
# ## What does the reward ask for?
#
# People who tune a model on a reward $r$ rarely want the reward alone. They
# keep the model on a *leash*: it shall stay near the *reference*, the model
# that it was before. The distance is the KL divergence, and its price is
# $\beta$, in reward per nat:
#
# $$ \max_\pi \; \mathrm{E}_\pi[r] - \beta \, \mathrm{KL}(\pi \,\|\,
# \pi_\mathrm{ref}) $$
#
# The best $\pi$ is known in closed form
# ([Rafailov and others 2023](https://arxiv.org/abs/2305.18290), eq. 4): take
# the reference, multiply by $e^{r / \beta}$, normalise.
#
# $$ \pi^* \;\propto\; \pi_\mathrm{ref} \, e^{r / \beta} $$
#
# ### Exercise 1: the best that a leash allows
#
# Difficulty: medium · 10 minutes
#
# Return that distribution along the last dimension, for `beta` above 0. Two
# things as in softmax: large rewards must not overflow, and what the
# reference never says stays impossible, whatever its reward.


# %%
@exercise("causes.reward.regularised_optimum")
def regularised_optimum(ref_probs, rewards, beta):
    """The distribution with the highest E[reward] - beta * KL."""
    ...


# %% [markdown]
# ## What is best for our tales?
#
# Put the 48 tales and their rewards into your function.


# %%
def best_tales(beta):
    """The optimum among all distributions over the 48 tales."""
    both = reference.flatten(), reward.flatten()
    return regularised_optimum(*both, beta).reshape(24, 2)


# %%
guess = predict(
    "heroes at the optimum",
    "A small beta is a long leash. How many heroes are left at beta = 0.05?",
    choices=["one or two", "about 7", "14.4 as before"],
)
guess

# %%
betas = (2, 0.5, 0.2, 0.05)
print("beta   mean reward   effective heroes")
for beta in betas:
    tales = best_tales(beta)
    mean, left = (tales * reward).sum(), effective_heroes(tales)
    print(f"{beta:<7}{mean:>10.3f}{left:>15.1f}")

# %%
at_the_best = [effective_heroes(best_tales(beta)) for beta in betas]
guess.compare(
    "14.4 as before",
    "Tales with the same reward are all multiplied by the same number. Their "
    "odds stay. A blind reward asks for no collapse.",
)

# %%
fact(
    "the optimum has as many effective heroes as the reference, at every beta",
    all(abs(n - effective_heroes(reference)) < 1e-3 for n in at_the_best),
)

# %% [markdown]
# So what the reward *asks for* is innocent. (So it would be with the leash the
# other way round, the *forward* KL from the reference to the model. Its
# optimum is the reference over $c - r$, with $c$ such that all sums to 1:
# again equal rewards keep their odds, and what earns less keeps more.) But a
# formula for the best leaves things out. We look at three of them.
#
# ## A taste for the familiar
# {{deep}}
#
# First, the reward may not be blind after all. Suppose people judge, and
# people like what sounds familiar. Then the reward has a second term,
# $\alpha \ln \pi_\mathrm{ref}$. Put it into the closed form, and the
# reference gets a power:
#
# $$ \pi^* \;\propto\; \pi_\mathrm{ref}^{\,1 + \alpha/\beta} \, e^{r/\beta} $$
#
# [Zhang and others 2025](https://arxiv.org/abs/2510.01171) found such a taste
# in ratings by people, and call it *typicality bias*.

# %% tags=["nbval-check-output"]
from course_utils.causes.reward import sharpen

flat = reference.flatten()
for ratio in (0, 0.5, 1, 2, 5):
    tales = sharpen(flat, 1 + ratio).reshape(24, 2)
    print(f"alpha/beta {ratio:<4}{effective_heroes(tales):>5.1f} heroes")
same = regularised_optimum(flat, 0.5 * flat.log(), 0.5)
fact(
    "the power is the optimum with that taste",
    torch.allclose(sharpen(flat, 1 + 0.5 / 0.5), same, atol=1e-6),
)

# %% [markdown]
# This is the temperature $1/(1 + \alpha/\beta)$, but over *whole tales*, not
# word by word. That is not the same. Say A has one tale, of probability 0.4,
# and B has two, of 0.3 each. Word by word, the hero's name comes first.

# %% tags=["nbval-check-output"]
by_tale = sharpen(torch.tensor([0.4, 0.3, 0.3]), 8)  # A's tale, B's two
by_word = sharpen(torch.tensor([0.4, 0.6]), 8)  # A or B, before the tale
print(f"whole tales: A has {by_tale[0]:.0%}, B {by_tale[1:].sum():.0%}")
print(f"word by word: A has {by_word[0]:.0%}, B {by_word[1]:.0%}")

# %% [markdown]
# Sharpened over tales, the single likeliest tale wins. Sharpened word by word,
# the commoner hero does, though each of its tales is rarer.
#
# ## The way up
#
# Second, and back to the blind reward: a model does not jump to its optimum.
# It climbs, step by step, along the gradient. In the toy we can climb without
# any noise, because the mean reward is a formula. The policy has one logit for
# each hero, and one for each hero's happy ending.


# %%
def tales_of(hero_logits, ending_logits):
    """Probabilities [hero, ending]; the first ending is the happy one."""
    happy = ending_logits.sigmoid().expand(24)
    endings = torch.stack([happy, 1 - happy], dim=-1)
    return hero_logits.softmax(dim=-1)[:, None] * endings


hero_start, ending_start = hero_probs.log(), torch.tensor([happy]).logit()
fact(
    "the climb begins at the reference",
    torch.allclose(tales_of(hero_start, ending_start), reference),
)


# %%
from course_utils.foundations.entropy import kl_divergence


def objective(tales, beta):
    """Mean reward less beta times KL to the reference, in nats."""
    kl = kl_divergence(tales.flatten(-2), reference.flatten(), torch.e)
    return (tales * reward).sum(dim=(-2, -1)) - beta * kl


# %%
def climb(endings, beta=0.0, steps=200, rate=1.0):
    """Exact gradient ascent; yields the 48 probabilities at each step."""
    hero_logits = hero_start.clone().requires_grad_()
    ending_logits = ending_start.repeat(endings).requires_grad_()
    for _ in range(steps):
        tales = tales_of(hero_logits, ending_logits)
        yield tales.detach()
        goal = objective(tales, beta)
        up = torch.autograd.grad(goal, [hero_logits, ending_logits])
        with torch.no_grad():
            hero_logits += rate * up[0]
            ending_logits += rate * up[1]


# %%
guess = predict(
    "heroes after the climb",
    "100 exact steps, no leash: how many of 14.4 effective heroes are left?",
    choices=["one or two", "about 7", "14.4 as before"],
)
guess

# %% jupyter={"source_hidden": true}
# Prints: the climb, step by step
apart = list(climb(endings=24))
print("step   reward   heroes   Mira's share   ends well: Mira, Bruno")
for step in [at for at in (0, 10, 20, 50, 100) if at < len(apart)]:
    tales = apart[step]
    mean, left = (tales * reward).sum(), effective_heroes(tales)
    share, well = tales.sum(dim=-1)[0], tales[:, 0] / tales.sum(dim=-1)
    print(f"{step:<6}{mean:>7.2f}{left:>9.1f}{share:>13.0%}", end="")
    print(f"{well[0]:>21.0%}{well[-1]:>7.0%}")

# %%
guess.compare(
    "one or two",
    "The optimum keeps all heroes, and still the way up leads to a corner.",
)

# %%
fact(
    "hardly more than one hero is left after 100 steps",
    lambda: effective_heroes(apart[100]) < 1.5,
)

# %% [markdown]
# Begin with the last two columns. They say how often a tale ends well if it is
# about Mira, and if it is about Bruno. At the start both do so equally often:
# the ending depends on nothing. From there each hero's ending is learned by
# itself, and only from tales about that hero. Then look at the middle columns:
# how many heroes are left, and how many of the tales are Mira's.
#
# Nearly all tales are about the hero who was commonest from the start, and
# nobody asked for it. What happened? Mira is in every fourth tale, so *her*
# endings are practised most, and turn happy
# first. From then on a tale about Mira really does earn more than one about
# Bruno. The gradient moves the heroes towards her, her endings are practised
# even more, and so on. Nobody's taste is needed: *whoever is ahead is taught
# first, and what is taught first wins.* We call this road to collapse
# *practice*.
#
# ## What if all heroes share an ending?
# {{deep}}
#
# It hinges on each hero having an ending to learn alone. Let them share one.
# Or keep them apart and add a leash:

# %%
leash = 0.5
shared = list(climb(endings=1))
leashed = list(climb(endings=24, beta=leash))

# %% jupyter={"source_hidden": true}
# Draws: the effective heroes over the steps of the three climbs
from course_utils.plots import reward as pictures

climbs = {
    "one ending for all": [effective_heroes(tales) for tales in shared],
    f"apart, leash of {leash:g}": [effective_heroes(t) for t in leashed],
    "apart, no leash": [effective_heroes(tales) for tales in apart],
}
show(
    pictures.plot_climbs(climbs),
    alt="Effective number of heroes over 200 steps of exact gradient ascent. "
    "With one ending shared by all heroes it stays at 14.4. With an ending "
    "for each hero it falls to nearly 1 within 100 steps; with a leash of "
    "0.5 it dips to about 12 and comes back.",
)

# %% [markdown]
# The leash pulls the heroes back, because at its optimum they are all there.
#
# **Stretch**: a weaker leash costs less reward. How small may `leash` be, if
# ten effective heroes are to be left after 200 steps?

# %%
fact(
    "all heroes stay where they share one ending",
    abs(effective_heroes(shared[-1]) - effective_heroes(reference)) < 0.01,
)
fact(
    "sharing one ending earns more, too",
    (shared[-1] * reward).sum() > (apart[-1] * reward).sum(),
)
fact(
    "with the leash more than ten effective heroes are left",
    effective_heroes(leashed[-1]) > 10,
)

# %% [markdown]
# A language model stands between the extremes: what it learns about one
# hero's endings carries over to others, in part. How large is the part? That
# is for an experiment to say.
#
# ## The gradient from samples
#
# A language model has too many texts for a formula. But the gradient of a mean
# reward is itself a mean, over texts that the model draws:
#
# $$ \nabla \, \mathrm{E}[r] = \mathrm{E}\left[ (r - b) \,
# \nabla \ln \pi(\text{text}) \right] $$
#
# This is REINFORCE
# ([Williams 1992](https://doi.org/10.1007/BF00992696)). Any *baseline* $b$
# that does not depend on the text itself leaves the mean as it is. A good one
# makes it less noisy: the mean reward of the *other* texts. What remains,
# $r - b$, is the [*advantage*](../GLOSSARY.md#advantage).
#
# ### Exercise 2: better than the others
#
# Difficulty: easy · 5 minutes
#
# Return each reward less the mean of the other rewards.


# %%
@exercise("causes.reward.leave_one_out_advantages")
def leave_one_out_advantages(rewards):
    """One advantage for each text."""
    ...


# %% [markdown]
# In [notebook 04](04_three_faces_of_collapse.ipynb) the baseline was the mean
# of *all* rewards, the own one included. That shortens each advantage to
# $(n-1)/n$ of yours, and no more: with n texts, another learning rate. GRPO
# ([Shao and others 2024](https://arxiv.org/abs/2402.03300)) does so too, and
# then divides by the standard deviation of the batch. So a batch in which all
# texts but one agree pushes as hard as one that is split in halves.
#
# ## From advantages to a loss
#
# ### Exercise 3: REINFORCE
#
# Difficulty: medium · 15 minutes
#
# `token_log_probs` has a row for each text: the log-probability of each token,
# and NaN after the text's end. A text's log-probability is the sum over its
# tokens. Return a *loss*: a number whose gradient is minus the one above, with
# the mean over the texts and `leave_one_out_advantages(rewards)`.


# %%
@exercise("causes.reward.policy_gradient_loss")
def policy_gradient_loss(token_log_probs, rewards):
    """A loss; going down it raises the mean reward."""
    ...


# %% [markdown]
# ## Is it right? Ask the exact gradient
# {{deep}}
#
# In the toy the exact gradient is known. Let all heroes share one ending: then
# there are 25 numbers to learn, 24 logits of heroes and one of the happy
# ending. Draw batches of 32 tales, 500 times, and compare.

# %%
policy = torch.cat([hero_start, ending_start]).requires_grad_()
drawn_from = tales_of(policy[:24], policy[24:]).flatten()
rewards = reward.flatten()
mean_reward = (drawn_from * rewards).sum()
(exact,) = torch.autograd.grad(mean_reward, policy, retain_graph=True)


# %%
def estimates(loss, batches=500, texts=32):
    """The gradient uphill, estimated from batches of drawn tales."""
    dice = torch.Generator().manual_seed(0)
    for _ in range(batches):
        drawn = torch.multinomial(drawn_from, texts, True, generator=dice)
        value = -loss(drawn_from[drawn, None].log(), rewards[drawn])
        yield torch.autograd.grad(value, policy, retain_graph=True)[0]


# %%
drawn = torch.stack(list(estimates(policy_gradient_loss)))
mean, spread = drawn.mean(dim=0), drawn.std(dim=0)
print("           exact   mean of all   one batch, +-")
for name, i in {"happy end": 24, "Mira": 0, "Tom": 1, "Bruno": 23}.items():
    row = [round(x[i].item(), 2) + 0.0 for x in (exact, mean, spread)]
    print(f"{name:<11}{row[0]:>5.2f}{row[1]:>12.2f}{row[2]:>14.2f}")
error = spread / len(drawn) ** 0.5
fact(
    "the mean of all batches is the exact gradient, within its error",
    ((mean - exact).abs() <= 4.5 * error + 1e-6).all(),
)

# %% [markdown]
# On average the estimate is right. Now leave the baseline out: the mean stays,
# and the variance on the heroes grows by a quarter or more.


# %%
def no_baseline(token_log_probs, rewards):
    return -(rewards * token_log_probs.nansum(dim=-1)).mean()


noisier = torch.stack(list(estimates(no_baseline)))
noise = [x[:, :24].var(dim=0).sum().item() for x in (drawn, noisier)]
print(
    f"variance on the heroes: {noise[0]:.4f}, without baseline {noise[1]:.4f}"
)
fact(
    "the mean stays without the baseline",
    (noisier.mean(dim=0) - exact).abs().max() < 0.01,
)
fact("the variance grows by a quarter or more", noise[1] > 1.25 * noise[0])

# %% [markdown]
# ## Third road: drift
#
# The reward is blind to the heroes, so the exact gradient doesn't push them:
# 0 for each, if they share one ending. Yet *each single batch pushes them
# somewhere*. Say it holds four tales, two of Mira's and two of Tom's. By
# chance both of hers end well, and one of his. A hero's logit is pushed by the
# advantages of that hero's tales, divided by the number of all tales.

# %%
ends_well = torch.tensor([1.0, 1.0, 1.0, 0.0])  # Mira, Mira, Tom, Tom
advantages = leave_one_out_advantages(ends_well)
print("advantages:", *(f"{value:+.2f}" for value in advantages))
own_too = ends_well - ends_well.mean()
fact(
    "with the own reward in the baseline they are 3/4 of that",
    torch.allclose(own_too, 0.75 * advantages),
)
pushes = advantages.reshape(2, 2).sum(dim=-1) / len(ends_well)
print(f"push on Mira {pushes[0]:+.2f}, on Tom {pushes[1]:+.2f}")
after = (torch.zeros(2) + pushes).softmax(dim=-1)  # one step of rate 1
print(f"shares: 50 % each before, then {after[0]:.0%} and {after[1]:.0%}")

# %% [markdown]
# The next batch is drawn from the new shares. Its push is 0 on average, too,
# so it is as likely to go on as to go back: **nothing remembers where it
# began**. A walk that goes left or right as a coin falls is like that. On
# average it stays at 0, but after 100 steps a walker is about
# $\sqrt{100} = 10$ steps away. This is *drift*.
#
# So the last two roads can be told apart. Practice favours whoever is ahead,
# in every run. Drift favours whoever is lucky, in each run another.
#
# ## Sixty models adrift
# {{deep}}
#
# Let 60 models go 60 steps, long ones, of 16 tales each, with plain gradient
# steps (SGD).


# %%
def wander(seed, optimizer, rate, steps=60, texts=16):
    """Heroes' probabilities after some steps along sampled gradients."""
    dice = torch.Generator().manual_seed(seed)
    walker = torch.cat([hero_start, ending_start]).requires_grad_()
    descent = optimizer([walker], lr=rate)
    for _ in range(steps):
        tales = tales_of(walker[:24], walker[24:]).flatten()
        drawn = torch.multinomial(tales, texts, True, generator=dice)
        log_probs = tales[drawn, None].log()
        descent.zero_grad()
        policy_gradient_loss(log_probs, rewards[drawn]).backward()
        descent.step()
    return walker[:24].detach().softmax(dim=-1)


# %%
from course_utils.foundations.intervals import bootstrap_interval


def after_60_walks(optimizer, rate, **more):
    """Where 60 walks end; returns the interval of Mira's mean share."""
    walks = [wander(seed, optimizer, rate, **more) for seed in range(60)]
    ends = torch.stack(walks)  # [walks, heroes]
    left, first = 2 ** entropy(ends), (ends.argmax(dim=-1) == 0).sum()
    low, high = bootstrap_interval(ends[:, 0].tolist())
    print(f"{left.mean():.1f} heroes left, Mira first in {first} of 60,")
    print(f"her mean share {low:.2f} to {high:.2f} (95 % interval)")
    return low, high


# %%
low, high = after_60_walks(torch.optim.SGD, rate=16.0)
fact(
    "with SGD Mira's mean share stays where it began",
    low < hero_probs[0] < high,
)

# %% [markdown]
# Heroes are lost, by luck. But *nobody gains on average*: Mira's mean share
# stays near the 0.26 that she began with.
#
# **Stretch**: give `after_60_walks` four times as many tales a batch,
# `texts=64`. A batch's luck falls with the root of its size: how many heroes
# do you expect to be left?
#
# ## Drift with Adam
# {{deep}}
#
# Language models are tuned with Adam, which *divides each push by its usual
# size* ([Kingma and Ba 2014](https://arxiv.org/abs/1412.6980)). In the table
# of the exact gradient, a batch pushes Mira's logit by about 0.04, one way or
# the other, and Bruno's by 0.01, for he is rarely drawn. Now take a step:
#
# | | Mira | Bruno |
# |---|---|---|
# | usual push | 0.04 | 0.01 |
# | SGD, rate 16: rate × push | 16 × 0.04 = 0.64 | 16 × 0.01 = 0.16 |
# | Adam, rate 0.4: rate × push / usual push | 0.4 | 0.4 |
#
# So with Adam rare heroes walk as far as common ones.

# %%
low, high = after_60_walks(torch.optim.Adam, rate=0.4)
fact("with Adam Mira's mean share falls", high < hero_probs[0])

# %% [markdown]
# More heroes are lost, and Mira's mean share falls. Why hers? By the rule of
# the coin, a logit is about $0.4 \cdot \sqrt{60} \approx 3.1$ away after 60
# steps. Mira's lead over Bruno is hardly more:
# $\ln(0.265 / 0.011) \approx 3.2$. So a lucky walk can carry any of the 24 to
# the top, and 23 of them are not Mira.
#
# ## The storyteller learns to please
#
# Now the real, small one. Its reward: 1 for a valid tale with a merry ending,
# 0 for anything else. The parser judges. In the world the ending depends on
# nothing, so the reward is blind to hero, plot and place.
#
# We tune a copy, and only the upper half of its blocks: that is enough, and
# quicker. A step is what you have built: draw texts, judge them, follow the
# gradient. The loss is yours.

# %%
from course_utils import generate, load_model
from course_utils.causes import tuning

lm = load_model()
tuned = tuning.trainable_copy(lm)
learning = [p for p in tuned.model.parameters() if p.requires_grad]
adam = torch.optim.Adam(learning, lr=2e-3)


# %%
def has_a_comma(text):
    """The reward for other models: a comma among the first 60 letters."""
    return float("," in text[:60])


reward_of = has_a_comma

# %%
# only with the storyteller
from course_utils.causes.tuning import happy_ending

reward_of = happy_ending(world)


# %%
def tune(seed):
    """One step on 16 texts: their mean reward, and their entropy in bits."""
    runs = generate(tuned, "", 16, 110, seed=seed, progress=False)
    earned = torch.tensor([reward_of(text) for text in runs.texts])
    log_probs = tuning.log_probs_along(tuned, runs)
    chosen = tuning.token_log_probs(log_probs, runs)
    adam.zero_grad()
    policy_gradient_loss(chosen, earned.to(tuned.device)).backward()
    adam.step()
    return earned.mean().item(), runs.entropy.nanmean().item()


# %%
# only with the storyteller
guess = predict(
    "steps to please",
    "38 % of its tales end merrily. After how many steps are 90 %?",
    choices=["fewer than 20", "20 to 200", "more than 200"],
)
guess

# %% jupyter={"source_hidden": true}
# Sets how long this first look is.
rounds = 20 if len(lm.tokenizer) < 10_000 else 3

# %%
history = torch.tensor([tune(seed) for seed in range(rounds)])
for at in range(0, rounds, 5):
    mean = history[at : at + 5].mean(dim=0)
    print(f"step {at:<3} on: reward {mean[0]:.2f}, {mean[1]:.3f} bits a token")

# %%
# only with the storyteller
late = history[-8:, 0].mean()
guess.compare(
    "fewer than 20" if late > 0.9 else "20 to 200",
    "Pleasing is easy: the model could always end a tale merrily. It only has "
    "to do so more often.",
)

# %%
# only with the storyteller
fact(
    "the reward rises",
    history[:2, 0].mean() < 0.7 and history[-8:, 0].mean() > 0.8,
)
fact(
    "the entropy falls",
    history[-5:, 1].mean() < 0.92 * history[:2, 1].mean(),
)

# %% [markdown]
# The reward is there. What is gone? Count the plots of 96 tales by the
# storyteller and by its tuned copy.

# %% jupyter={"source_hidden": true}
# Prints: the commonest plots before and after
# only with the storyteller
from course_utils.worlds.measures import label_shares, parse_all

for name, model in {"before": lm, "tuned": tuned}.items():
    told = generate(model, "", 96, 110, seed=1, progress=False).texts
    counted = label_shares(parse_all(world, told), "arc").items()
    print(
        f"{name:7}",
        *(f"{plot} {share:.0%}," for plot, share in [*counted][:6]),
        "...",
    )

# %% [markdown]
# ## Longer runs, recorded
#
# To see where this goes, and to compare leashes, we need longer runs and
# several seeds. They take an hour or so, so they are recorded. One command
# makes them anew, and goes on where it was interrupted:
#
# ```
# python -m course_utils.recordings reward
# ```
#
# Each run has 60 steps. At every tenth, 192 fresh tales were counted. The
# *plain* runs are the loop above, on eight seeds. The others differ in one
# thing: *slow* has half the learning rate, *KL* a leash with that $\beta$,
# *entropy* a bonus for each nat of a tale's entropy. The rest comes later.
# Recipes from which we draw a verdict have eight seeds, the others two or
# three.
#
# First the plain runs. The storyteller's commonest plot is "lost", with more
# than every fourth tale. If practice is at work, it takes over. If drift is,
# some plot does, by luck.

# %% tags=["nbval-check-output"]
from course_utils.recordings.reward import RewardRuns

runs = RewardRuns.read()
print(*(f"{name} x {len(runs.seeds(name))}," for name in runs.recipes))

# %%
guess = predict(
    "who takes over",
    'In how many of the eight plain runs does "lost" come out on top?',
    choices=["all, or all but one", "some of them", "none"],
)
guess

# %%
before, ends = runs.start.shares("arc"), runs.ends("plain")
winners = [end.commonest("arc") for end in ends]
for end, top in zip(ends, winners, strict=True):
    share = f"{before[top]:.0%} to {end.shares('arc')[top]:.0%}"
    print(f"{end.effective('arc'):.1f} effective plots; {top!r} from {share}")

# %%
guess.compare(
    "some of them", "Collapse comes every time, but not to the commonest."
)

# %% [markdown]
# Each line is a run: how many effective plots it ends with, which plot has the
# most tales, and the share of that plot before and after. The storyteller has
# some ten effective plots at the start.
#
# Each run has lost more than half of its plots, and "lost" came out on top in
# few of them. So it was not practice. At step 10 nearly all valid tales end
# well, while most runs still tell more than five effective plots: what the
# network learns about one plot's endings carries over to the others, and
# nobody is left behind. What remains is drift: luck chooses.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of step 10.
early = [runs.points["plain", seed][1] for seed in runs.seeds("plain")]
fact(
    "at step 10 more than 97 % of the valid tales end well",
    min(point.happy / point.valid for point in early) > 0.97,
)
fact(
    "six of eight runs still tell more than five effective plots at step 10",
    sorted(point.effective("arc") for point in early)[2] > 5,
)
fact(
    'each run loses half of its plots or more, and "lost" is top in a few',
    max(end.effective("arc") for end in ends) < 5
    and 0 < winners.count("lost") < 4
    and len(set(winners)) > 2,
)

# %% [markdown]
# ## A live figure: any run, any step
#
# Choose a recipe and a seed, and move the step. On the left is the course of
# the run: the mean reward, and as shares of what the storyteller had, the
# effective number of plots, the [*coverage*](../GLOSSARY.md#coverage) of the
# heroes (how many of the 24 one meets in 50 tales) and the entropy of the next
# word. On the right are the plots that are told at this step, with the truth
# in grey.

# %% jupyter={"source_hidden": true}
# Draws: one recorded run at any step, with a menu of recipes and of seeds
from course_utils.classroom import LiveFigure, dropdown, steps

in_all = sorted(set.intersection(*(set(runs.seeds(r)) for r in runs.recipes)))
dial = LiveFigure(
    lambda figure: pictures.draw_run(figure, world.probabilities("arc")),
    lambda artists, **chosen: pictures.show_run(artists, runs, **chosen),
    {
        "step": steps(range(0, 61, 10), value=60, label="training step"),
        "recipe": dropdown(runs.recipes, value="plain", label="recipe"),
        "seed": dropdown(in_all, value=0, label="seed"),
    },
    alt="Left: reward, effective plots, coverage of heroes and entropy over "
    "60 steps. In the plain runs the reward is up after 10 steps while the "
    "others go on falling; with SGD they stay. Right: bars of the plots at "
    "one step, beside marks for the true shares.",
    size=(9, 3.8),
    play="step",
)
dial

# %% [markdown]
# ## The batch, the optimiser, or the reward?
#
# In the toy, drift had two causes: the luck of a small batch, and Adam, which
# makes each push as long as the last. So tune the storyteller with plain SGD,
# and with larger batches. SGD's rate, 0.1, was chosen so that 60 steps earn
# the same reward.

# %%
guess = predict(
    "with SGD",
    "16 texts a step, SGD in place of Adam, the reward comes out the same. "
    "How many effective plots are left, of some ten?",
    choices=["under 4", "4 to 8", "over 8"],
)
guess

# %% jupyter={"source_hidden": true}
# Prints: reward and plots for batches and optimisers
print("                 reward   effective plots, run by run")
for name in ("plain", "64 texts", "256 texts"):
    for recipe in (name, f"SGD, {name}" if name != "plain" else "SGD"):
        ends = runs.ends(recipe)
        mean = sum(end.reward for end in ends) / len(ends)
        each = " ".join(f"{end.effective('arc'):4.1f}" for end in ends)
        print(f"{recipe:16} {mean:7.2f}   {each}")

# %%
guess.compare(
    "over 8", "Hardly any is lost: the collapse wasn't the reward's doing."
)

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of batches and optimisers.
plots_of = {
    name: [end.effective("arc") for end in runs.ends(name)]
    for name in runs.recipes
}
fact(
    "with SGD seven runs of eight keep four fifths of their plots or more",
    sorted(plots_of["SGD"])[1] > 0.8 * runs.start.effective("arc"),
)
fact(
    "no run with Adam, in any batch, keeps half of its plots",
    max(plots_of["plain"] + plots_of["64 texts"] + plots_of["256 texts"])
    < runs.start.effective("arc") / 2,
)
fact(
    "with SGD the reward comes out as with Adam, or above",
    min(end.reward for end in runs.ends("SGD")) > 0.93,
)

# %% [markdown]
# In the table a line of Adam's runs is followed by one of SGD's, for each size
# of batch. First compare the two lines of one size: what changes is how long a
# step is made of a small push. Then compare the lines of one optimiser: what
# changes is how much of a push is luck, since that falls with the root of the
# number of texts. Which of the two changes more?
#
# **The reward is innocent, in practice as in theory.** With SGD it is earned,
# and the plots are nearly all there. Why does Adam lose them? Once nearly all
# tales end well, the pushes become small, and what is left of them is luck.
# SGD lets them be small. Adam divides each push by its usual size: so it goes
# on in long steps, wherever luck points. Larger batches have less luck, and in
# their 30 steps at 256 texts more plots are left; but the long steps remain.
#
# Most language models are tuned with Adam, and in batches of hundreds of
# texts. So ask of a tuned model that has collapsed: what was paid for, and how
# much of each step was luck?
#
# ## A reward for next to nothing
# {{deep}}
#
# Or did the winners make fewer mistakes? A broken tale earns nothing, so a
# plot told with fewer slips earns a little more. A reward for *validity alone*
# tells: "valid only", Adam as in the plain runs. It is a reward that the
# storyteller has nearly earned before it begins: 98 of 100 of its tales are
# valid. If slips chose the winner, one plot would win in every run.

# %%
ends = runs.ends("valid only")
for end in ends:
    top = end.commonest("arc")
    print(
        f"{end.validity:.0%} valid, {end.effective('arc'):.1f} plots, {top!r}"
    )
fact("98 of 100 were valid", round(runs.start.validity, 2) == 0.98)
fact("no single plot wins", len({end.commonest("arc") for end in ends}) > 2)
fact(
    "validity is lower than before the tuning, in every run",
    max(end.validity for end in ends) < runs.start.validity,
)
fact(
    "most runs lose half of their plots",
    sum(n < runs.start.effective("arc") / 2 for n in plots_of["valid only"])
    > len(ends) / 2,
)

# %% [markdown]
# Slips don't choose the winner. And look what else happened: paid for validity
# alone, the model became *less* valid, and lost its plots as well. There was
# next to nothing to learn, so nearly every push was luck, and Adam made long
# steps of it.
#
# ## What did it cost?
# {{deep}}
#
# Distance from the reference is a price. The cheapest way to a mean reward $R$
# is known: with the share $p$ of happy endings at the start, no policy can do
# it for less than
#
# $$ \mathrm{KL} \;\geq\; R \ln \frac{R}{p} + (1 - R) \ln \frac{1-R}{1-p} $$
#
# nats a tale, and the optimum under a leash needs exactly that. What a run
# spends beyond it, nobody asked for.

# %% jupyter={"source_hidden": true}
# Draws: the mean reward over the KL paid for it, a panel for each recipe
show(
    pictures.plot_price(runs),
    alt="Reward against KL, a panel for each recipe. All rise; the plain runs "
    "then go far to the right at the same reward. SGD and a leash in the loss "
    "stay near the least KL, and a leash of 0.5 stops at a lower reward.",
)

# %% [markdown]
# The plain runs have the reward within ten steps. After that they pay on and
# on and get nothing for it. The strong leash stops short of the full reward:
# its optimum lies at 0.82, by the closed form of the beginning.
#
# ## Where does the leash belong?
# {{deep}}
#
# KL is a mean over the texts of a model that is changing. It can be held down
# in two ways. **In the reward**: each text pays for its own log-ratio to the
# reference, and REINFORCE does the rest. **In the loss**: add the KL of each
# next token and differentiate. The second is shorter and often done. It leaves
# something out: the model also chooses *which contexts come up*
# ([Tang and Munos 2025](https://arxiv.org/abs/2506.09477)). Tales of two words
# show it: A or B, then x or y. Only "A x" earns 1.

# %%
pays, half = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor(0.5).log()


def leashed_goal(first, second, place, beta=0.5):
    """Reward less beta times KL, as it is differentiated in either place."""
    first, second = first.log_softmax(-1), second.log_softmax(-1)
    texts = first[:, None] + second
    if place == "reward":
        return (texts.exp() * (pays - beta * (texts - 2 * half))).sum()
    after = (second.exp() * (second - half)).sum(dim=-1)
    kl = (first.exp() * (first - half)).sum() + first.exp().detach() @ after
    return (texts.exp() * pays).sum() - beta * kl


# %% jupyter={"source_hidden": true}
# Prints: where the climb ends in either form
says_a = {}
for place in ("reward", "loss"):
    words = [
        torch.zeros(2).requires_grad_(),
        torch.zeros(2, 2).requires_grad_(),
    ]
    up = torch.optim.SGD(words, lr=1.0, maximize=True)
    for _ in range(500):
        up.zero_grad()
        leashed_goal(*words, place).backward()
        up.step()
    says_a[place] = words[0].softmax(dim=-1)[0].item()
best = regularised_optimum(torch.full((4,), 0.25), pays.flatten(), 0.5)
print(f"A at the optimum: {best[:2].sum():.3f}")
print(*(f"in the {place}: {a:.3f}" for place, a in says_a.items()))
fact(
    "in the reward the climb ends at the optimum, in the loss beyond it",
    lambda: (
        abs(says_a["reward"] - best[:2].sum()) < 0.005
        and says_a["loss"] > best[:2].sum() + 0.03
    ),
)

# %% [markdown]
# So the leash in the loss is *wrong on average*. Which of the two is better
# for 16 texts a step? Take the tuned storyteller of step 20, and ask four
# batches which way the leash pulls. Directions that agree have a cosine of 1.


# %% jupyter={"source_hidden": true}
# Builds the pull of the leash, in the reward and in the loss
# only with the storyteller
from course_utils.recordings.ladder import load_tuned

held = tuning.trainable_copy(load_tuned(20))
weights = [p for p in held.model.parameters() if p.requires_grad]


def pull(place, seed):
    """The direction in which a batch of 16 texts is pulled back."""
    texts = generate(held, "", 16, 110, seed=seed, progress=False)
    along = tuning.log_probs_along(held, texts)
    with torch.no_grad():
        before = tuning.log_probs_along(lm, texts)
    goal = tuning.mean_kl(along, before, texts)
    if place == "reward":
        own = tuning.token_log_probs(along, texts)
        ratios = own - tuning.token_log_probs(before, texts)
        goal = policy_gradient_loss(own, -ratios.detach().nansum(dim=-1))
    parts = torch.autograd.grad(goal, weights)
    return torch.nn.functional.normalize(
        torch.cat([part.flatten() for part in parts]), dim=0
    )


# %%
# only with the storyteller
agree = {}
for place in ("loss", "reward"):
    pulls = torch.stack([pull(place, seed) for seed in range(4)])
    agree[place] = (pulls @ pulls.T)[*torch.triu_indices(4, 4, 1)]
    low, high = agree[place].min(), agree[place].max()
    print(f"in the {place:7} cosine of two batches {low:.2f} to {high:.2f}")
fact(
    "in the loss two batches agree, in the reward hardly",
    agree["loss"].min() > 0.35 and agree["reward"].mean() < 0.25,
)

# %% [markdown]
# In the reward, one number must speak for the 80 tokens of a tale: right on
# average, and mostly noise. In the loss each token has its own exact KL: wrong
# on average, and calm. With Adam and 16 texts calm wins, as a table will show.
# Don't take that for a law: in large models with large batches
# [Shah and others 2025](https://arxiv.org/abs/2512.21852) found the unbiased
# form to be better.
#
# ## Several updates with the same tales
# {{deep}}
#
# Drawing tales is the dear part, so one would like to use each batch more than
# once. But after the first update the tales no longer come from the model.
# The *ratio* of a token's new probability to its old one, $\rho$, repairs
# that, and PPO ([Schulman and others 2017](https://arxiv.org/abs/1707.06347),
# eq. 7) *clips* it, so that nothing can be gained by going too far:
#
# $$ \min\left( \rho A, \; \mathrm{clip}(\rho,\, 1 - \varepsilon_\mathrm{low},
# \, 1 + \varepsilon_\mathrm{high})\, A \right) $$
#
# With $\varepsilon_\mathrm{high} = 0.2$ a token of probability 0.9 is free to
# grow to 1, but one of 0.01 only to 0.012. DAPO
# ([Yu and others 2025](https://arxiv.org/abs/2503.14476)) raises it to 0.28
# and calls that *clip-higher*: a chance for the rare.
#
# ### Exercise 4: the clipped ratio
#
# Difficulty: hard · 15 minutes
#
# Both tensors of log-probabilities have a row for each text, and NaN after its
# end. `advantages` has one number for each text. Sum over a text's tokens,
# take the mean over texts, and return minus that.


# %%
@exercise("causes.reward.clipped_loss")
def clipped_loss(
    token_log_probs, old_token_log_probs, advantages, low=0.2, high=0.28
):
    """PPO's loss, with DAPO's two bounds."""
    ...


# %% tags=["nbval-check-output"]
old = torch.tensor([[0.01]]).log()
for growth in (1.0, 1.19, 1.25, 1.3):
    new = (old + torch.tensor(growth).log()).requires_grad_()
    for high in (0.2, 0.28):
        loss = clipped_loss(new, old, torch.ones(1), high=high)
        (down,) = torch.autograd.grad(loss, new)
        what = "pushed on" if down < 0 else "let go"
        print(f"{growth:.2f} times as likely, high {high}: {what}")

# %% [markdown]
# ## Which leash restores what, at which price?
#
# The end of each recipe: the mean over its seeds, and from the lowest to the
# highest. *KL* and *entropy* stand in the reward where nothing else is said.
# The last line is the storyteller, from which all started. (Plots come out
# some 3 % too few when 192 tales are counted.)

# %% tags=["nbval-check-output"] jupyter={"source_hidden": true}
# Prints: reward, validity, plots and heroes at the end of each recipe
from course_utils.recordings.reward import span

rows = {recipe: runs.ends(recipe) for recipe in runs.recipes}
print(f"{'':<25}valid             plots           heroes          KL")
for name, ends in (rows | {"at the start": [runs.start]}).items():
    print(f"{name:<24}", span([end.validity for end in ends], 2), end="  ")
    for factor in ("arc", "hero"):
        counted = [end.effective(factor) for end in ends]
        print(f"{span(counted, 1):<15}", end=" ")
    print(f"{sum(end.kl for end in ends) / len(ends):.0f}")

# %% [markdown]
# - **SGD** keeps nearly all plots and breaks no tale. It is the cheapest.
# - **A leash of 0.1 in the loss** keeps most plots, too, and nearly the whole
#   reward. **In the reward** it keeps plots, and breaks tales: its noise is
#   one more thing for Adam to make long steps of. A leash of 0.5 costs reward.
# - **Half the speed** keeps the plots as well: short steps drift less far. It
#   puts the trouble off, though. In one run of three, tales have begun to
#   break.
# - **The entropy bonus in the reward** keeps the *heroes*, and more of them
#   than the storyteller had. It does not keep the plots. Nearly every run ends
#   at "lost": the bonus is paid for varied tales, and the commonest plot
#   learns variety first. That is *practice*, the second road. **In the loss**
#   the bonus keeps more plots, and breaks about every fifth tale.
# - **Clipping** does not hold the plots. Nor does clip-higher, here.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of each recipe.
valid_of = {n: [end.validity for end in ends] for n, ends in rows.items()}
heroes_of = {
    n: [end.effective("hero") for end in ends] for n, ends in rows.items()
}


def mean_of(values):
    return sum(values) / len(values)


fact(
    "SGD has the least KL of all that keep their plots, and breaks no tale",
    mean_of(valid_of["SGD"]) > 0.96
    and mean_of([end.kl for end in rows["SGD"]]) < 4,
)
fact(
    "a leash of 0.1 in the loss keeps most plots, and nearly the whole reward",
    min(plots_of["KL 0.1 in the loss"]) > 7
    and min(end.reward for end in rows["KL 0.1 in the loss"]) > 0.93,
)
fact(
    "in the reward it keeps plots, and breaks one tale in ten or more",
    mean_of(plots_of["KL 0.1"]) > 3 * mean_of(plots_of["plain"])
    and mean_of(valid_of["KL 0.1"]) < 0.9,
)
merry = torch.tensor([runs.start.reward, 1 - runs.start.reward])
fact(
    "the optimum of the strong leash lies at 0.82",
    lambda: (
        abs(regularised_optimum(merry, torch.eye(2)[0], 0.5)[0] - 0.82) < 0.005
    ),
)
fact(
    "a leash of 0.5 costs reward",
    max(end.reward for end in rows["KL 0.5"]) < 0.85,
)
fact(
    "half the speed keeps the plots; in one run tales have begun to break",
    min(plots_of["slow"]) > 6.5
    and sum(end.validity < 0.9 for end in rows["slow"]) == 1,
)
lost = [end.commonest("arc") == "lost" for end in rows["entropy 0.03"]]
fact(
    "the bonus in the reward keeps heroes and no plots; 'lost' nearly always",
    mean_of(heroes_of["entropy 0.03"]) > runs.start.effective("hero")
    and mean_of(plots_of["entropy 0.03"]) < 4
    and sum(lost) >= len(lost) - 1,
)
fact(
    "in the loss it keeps more plots, and breaks about every fifth tale",
    mean_of(plots_of["entropy 0.03 in the loss"]) > 7
    and 0.75 < mean_of(valid_of["entropy 0.03 in the loss"]) < 0.87,
)
fact(
    "no kind of clipping holds the plots",
    max(plots_of["clip"] + plots_of["clip higher"]) < 6,
)

# %% [markdown]
# ## A law of exchange?
# {{deep}}
#
# [Cui and others 2025](https://arxiv.org/abs/2505.22617) found that reward is
# bought with entropy: $R = -a\,e^H + b$, with the policy's entropy $H$ in nats
# per token. They saw it in reasoning models of many sizes, and conclude that
# the reward ends at $b - a$, when the entropy is spent. Does it hold here? We
# have reward and entropy of the 16 tales of every step.

# %%
from course_utils.causes.reward import exchange_intervals, fit_exchange

entropies, earned = runs.traces("plain")  # [runs, steps]
rise = entropies[:, :8], earned[:, :8]  # until the reward is up
law = fit_exchange(*(values.mean(dim=0) for values in rise))
of_a, of_b = exchange_intervals(*rise)
print(f"a = {law.a:.2f}, 95 % interval {of_a[0]:.2f} to {of_a[1]:.2f}")
print(f"b = {law.b:.2f}, 95 % interval {of_b[0]:.2f} to {of_b[1]:.2f}")
print(f"n = {len(entropies)} runs, R squared {law.r_squared:.2f}")

# %% jupyter={"source_hidden": true}
# Draws: reward over entropy, step by step, and the fitted law
show(
    pictures.plot_exchange(runs, law),
    alt="Reward against entropy. The plain runs climb along the fitted law, "
    "then leave it: the entropy falls on at the same reward. With SGD that "
    "reward is had at nearly the old entropy.",
)

# %% [markdown]
# On the rise the law fits. But that is all it does here:
#
# - It ends where the reward does. From then on the plain runs lose another
#   quarter of their entropy or more, and gain nothing.
# - Its end, $b - a$, lies above 2. No reward here is above 1.
# - Entropy is no price that *must* be paid. With SGD the same reward is had at
#   nearly the old entropy, where the law allows four fifths at most.

# %% jupyter={"source_hidden": true}
# Tested here: what the text says of the law.
late = [values[:, 50:].mean().item() for values in runs.traces("SGD")]
fact(
    "the law fits on the rise, and its end lies above 2",
    law.r_squared > 0.7 and law.b - law.a > 2,
)
fact(
    "with SGD the reward is above what the law allows",
    late[1] > 0.9 and law.reward_at(late[0]) < 0.8,
)
fact(
    "the plain runs go on losing entropy, a quarter or more",
    entropies[:, -10:].mean() < 0.75 * entropies[:, 8:12].mean(),
)
fact(
    "the plain runs gain nothing for the entropy lost later",
    earned[:, -10:].mean() <= earned[:, 8:12].mean(),
)

# %% [markdown]
# ## What collapse sounds like
# {{deep}}
#
# The plain runs are kept as a *ladder*: of two seeds the storyteller after 20,
# 40 and 60 steps, of six more the last. In Part III, whoever builds a detector
# can climb it.

# %%
import textwrap

from course_utils.recordings.ladder import ladder, load_tuned

for rung in ladder():
    left = f"{rung.effective['arc']:.1f} effective plots"
    print(f"seed {rung.seed}, step {rung.step}: {left}")
for text in generate(load_tuned(60), "", 3, 110, seed=0).texts:
    print(textwrap.fill(text, 79), end="\n\n")

# %% [markdown]
# ## Claims on trial
#
# **C10**: a reward that cannot tell variants apart reinforces the dominant
# mode. If so, the values that were commonest must gain, and in nearly every
# run. A tale has seven factors that the reward is blind to: plot, hero, animal
# and so on. For each, take what the storyteller told most, and see how its
# share has changed at the end of a run.

# %% jupyter={"source_hidden": true}
# Prints: what the dominant mode of each factor gains, from run to run
from course_utils.classroom import quiz, verdict
from course_utils.foundations.intervals import mean_interval
from course_utils.worlds.parsing import FACTORS

blind = [factor for factor in FACTORS if factor != "mood"]


def gains_of(recipe):
    """What the dominant mode gains: a row for each run, a column a factor."""
    ends = runs.ends(recipe)
    return torch.tensor([[runs.gain(end, f) for f in blind] for end in ends])


for factor, gain in zip(blind, gains_of("plain").T, strict=True):
    top = runs.start.commonest(factor)
    print(f"{factor:<8} {top!r} {gain.min():+.2f} to {gain.max():+.2f}")

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the dominant mode with Adam
grew = (gains_of("plain") > 0).double().mean(dim=1).tolist()
low, high = mean_interval(grew)
verdict(
    "C10",
    "fails",
    "In which share of a run's seven factors the dominant mode has grown, "
    "after 60 steps. Some mode takes over in each; luck chooses it. (Its mean "
    f"gain is {gains_of('plain').mean():+.2f}.)",
    question="Adam, small batches: does the dominant mode grow nearly always?",
    stands=high < 0.75,
    estimate=mean_of(grew),
    interval=(low, high),
    n=len(grew),
    unit="seed",
    recorded="reward",
)

# %% [markdown]
# And with SGD, whose steps are calm? There no mode takes over. But look at the
# mean over the factors: is it above 0?

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the dominant mode with SGD
gained = gains_of("SGD").mean(dim=1).tolist()
low, high = mean_interval(gained)
in_64 = gains_of("SGD, 64 texts").mean(dim=1)
verdict(
    "C10",
    "holds when steps are calm, and then by a few points only",
    "What the dominant mode of a factor gains by 60 steps, mean over seven "
    f"factors. In batches of 64 it gains {in_64.min():+.3f} to "
    f"{in_64.max():+.3f}, in three runs. No mode takes over.",
    question="SGD: does the dominant mode gain on average?",
    stands=0 < low < high < 0.1 and in_64.mean() > 0,
    estimate=mean_of(gained),
    interval=(low, high),
    n=len(gained),
    unit="seed",
    recorded="reward",
)

# %% [markdown]
# In the toy, where each hero has an ending to learn alone and the gradient is
# exact, the dominant hero *did* take over. No luck is in that, so there is
# nothing to draw an interval from: one climb, and always the same.

# %% jupyter={"source_hidden": true}
# Prints: the verdict on the dominant mode in the toy
in_toy = (apart[100].sum(dim=-1) - hero_probs)[0].item()
verdict(
    "C10",
    "holds when each variant learns alone",
    "What the commonest of 24 heroes gains by 100 exact steps, when each has "
    "an ending of its own to learn. If all share one ending it gains nothing.",
    question="Does the dominant mode gain under the exact gradient?",
    stands=in_toy > 0.5
    and abs(effective_heroes(shared[-1]) - effective_heroes(reference)) < 0.01,
    estimate=in_toy,
    interval=None,
    n=1,
    unit="exact climb",
)

# %% [markdown]
# So the article's mechanism is real: whoever is ahead does learn first. How
# far it goes depends on what is learned together. Where variants learn apart,
# the leader takes all. In the storyteller what is learned for one carries over
# to all, and the leader gains a few points. Collapse is another matter here:
# *what* collapses is chosen by luck, and *how much* by the noise of the steps.
#
# Mind how far this reaches: a small model, a reward without taste, and one
# way of tuning. In large models diversity falls with tuning in most studies.
# But count only what is *good enough to use*, and tuned models were the more
# varied ones ([Shypula and others 2025](https://arxiv.org/abs/2504.12522)).
#
# ## A short quiz

# %%
quiz("06")

# %% [markdown]
# ## Recap
#
# - Under a leash a reward asks for the reference times $e^{r/\beta}$, no more.
# - Three roads lead to collapse: a taste for the familiar, practice, drift.
# - Reward comes first, collapse after, and luck chooses what is left.
# - Adam makes long steps of noise; with SGD hardly a plot is lost.
# - A leash in the loss is biased and calm, in the reward unbiased and noisy.
#
# ## Read on
#
# - Chung and others 2021,
#   [Beyond variance reduction](https://arxiv.org/abs/2008.13773): how the
#   choice of baseline decides whether a policy commits too early.
# - Kirk and others 2023,
#   [Understanding the effects of RLHF](https://arxiv.org/abs/2310.06452): in
#   large models, tuning on preferences costs diversity within a prompt.
# - Lanchantin and others 2025,
#   [Diverse preference optimization](https://arxiv.org/abs/2501.18101): train
#   on pairs whose better text is also the rarer one.
# - Yu and others 2025, [DAPO](https://arxiv.org/abs/2503.14476): clip-higher
#   and three more remedies, in a system that works at scale.
#
# **Next**: [07 The entropy monitor](07_entropy_monitor.ipynb). Part III
# begins: how do you notice a collapse that you did not cause yourself?
