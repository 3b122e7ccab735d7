"""Tuning a model on a reward: draw texts, judge them, follow the gradient, again.

The leashes are terms of the same loss. Built in notebook 06.
"""

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.causes.reward import (
    clipped_loss,
    leave_one_out_advantages,
    policy_gradient_loss,
)
from course_utils.foundations.entropy import entropy_of_log_probs
from course_utils.generation import Runs, generate
from course_utils.model import LanguageModel
from course_utils.worlds.stories import StoryWorld

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MAX_NEW_TOKENS = 110  # any tale of the world, with a header
SEED_STRIDE = 1_000_003  # from one run's seeds to the next one's
MOOD = "merry"  # of the ending that `happy_ending` rewards

Reward = Callable[[str], float]


class Step(NamedTuple):
    """What the texts of one step were like, before it changed the model."""

    reward: float  # mean over texts
    entropy: float  # nats per token, mean over all tokens


def happy_ending(world: StoryWorld) -> Reward:
    """A reward that sees one thing: 1 for a valid tale with a merry ending, else 0."""

    def reward(text: str) -> float:
        parse = world.parse(text)
        return float(parse.valid and parse.labels["mood"] == MOOD)

    return reward


def sound(world: StoryWorld) -> Reward:
    """A reward that pays for validity alone: 1 for a tale of the world, else 0."""

    def reward(text: str) -> float:
        return float(world.parse(text).valid)

    return reward


@dataclass(frozen=True)
class Recipe:
    """How a model is tuned, and what holds it back.

    Weights are in reward per nat; KL to the reference and entropy are summed over a
    text's tokens. Where `penalties` are in the "reward", a text's own log-probability
    pays for them, and the gradient is that of E[reward] - kl_weight * KL. In the "loss"
    they are differentiated through the probabilities of the next token alone, as many
    programs do: that leaves out that the model also writes its own contexts (arXiv
    2506.09477). With `clip`, the draws of a step serve `updates` times, for PPO's
    clipped loss with these bounds; without, once, for REINFORCE's.
    """

    learning_rate: float = 2e-3
    texts: int = 16
    optimizer: Literal["Adam", "SGD"] = "Adam"
    kl_weight: float = 0.0
    entropy_weight: float = 0.0
    penalties: Literal["reward", "loss"] = "reward"
    clip: tuple[float, float] | None = None
    updates: int = 1


def trainable_copy(lm: LanguageModel) -> LanguageModel:
    """A copy of `lm` in which only the upper half of the blocks can learn.

    Enough to change what is told, half the work, and half the size on disk.
    """
    model = copy.deepcopy(lm.model).requires_grad_(False)
    for block in upper_blocks(model):
        block.requires_grad_(True)
    return dataclasses.replace(lm, model=model)


def upper_blocks(model: "PreTrainedModel") -> Sequence[torch.nn.Module]:
    """The blocks in the upper half of a transformer, the middle one included."""
    modules = model.modules()
    stacks = [list(m) for m in modules if isinstance(m, torch.nn.ModuleList)]
    blocks = max(stacks, key=len)
    return blocks[len(blocks) // 2 :]


def log_probs_along(
    lm: LanguageModel, runs: Runs
) -> Float[Tensor, "texts tokens vocab"]:
    """Log-probabilities of every next token along texts drawn from an empty prompt.

    In nats, with gradient; [i, j] is the distribution that `runs.token_ids[i][j]` was
    drawn from. What stands after a text's end is to be masked: see `token_log_probs`.
    """
    start = torch.tensor(lm.encode("")).repeat(len(runs), 1)
    ids = torch.cat([start, _rectangle(runs)[0]], dim=-1).to(lm.device)
    everything = torch.ones_like(
        ids[:, :-1]
    )  # causal: what follows an end changes none
    logits = lm.model(ids[:, :-1], attention_mask=everything, use_cache=False).logits
    return logits[:, start.shape[1] - 1 :].float().log_softmax(dim=-1)


def token_log_probs(
    log_probs: Float[Tensor, "texts tokens vocab"], runs: Runs
) -> Float[Tensor, "texts tokens"]:
    """The log-probabilities of the tokens that were drawn; NaN after a text's end."""
    ids, is_token = _rectangle(runs)
    chosen = log_probs.gather(-1, ids.to(log_probs.device)[..., None]).squeeze(-1)
    return chosen.masked_fill(~is_token.to(chosen.device), torch.nan)


def mean_entropy(
    log_probs: Float[Tensor, "texts tokens vocab"], runs: Runs
) -> Float[Tensor, ""]:
    """Entropy of the next token, summed over a text, mean over texts; nats."""
    return _per_text(entropy_of_log_probs(log_probs, math.e), runs)


def mean_kl(
    log_probs: Float[Tensor, "texts tokens vocab"],
    ref_log_probs: Float[Tensor, "texts tokens vocab"],
    runs: Runs,
) -> Float[Tensor, ""]:
    """KL(model || reference) of the next token, summed over a text, mean over texts.

    In nats. On texts drawn from the model it estimates the KL divergence of whole
    texts, by the chain rule. Cover & Thomas 2006, theorem 2.5.3.
    """
    kl = (log_probs.exp() * (log_probs - ref_log_probs)).sum(dim=-1)
    return _per_text(kl, runs)


class Tuner:
    """Tunes a copy of a model on a reward of its texts; `step` makes one move.

    The same seed gives the same run, also when it is interrupted: the texts of each
    step have a seed of their own.
    """

    def __init__(
        self, lm: LanguageModel, reward: Reward, recipe: Recipe, seed: int = 0
    ) -> None:
        self.reference = lm
        self.lm = trainable_copy(lm)
        self.reward, self.recipe, self.seed = reward, recipe, seed
        learning = [p for p in self.lm.model.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam if recipe.optimizer == "Adam" else torch.optim.SGD
        self.optimizer = optimizer(learning, lr=recipe.learning_rate)
        self.steps_done = 0

    def step(self) -> Step:
        """Draw texts, judge them, update the weights."""
        seed = self.seed * SEED_STRIDE + self.steps_done
        runs = generate(
            self.lm, "", self.recipe.texts, MAX_NEW_TOKENS, seed=seed, progress=False
        )
        rewards = torch.tensor([float(self.reward(text)) for text in runs.texts])
        less = self._penalised(runs, rewards).to(self.lm.device)
        for _ in range(self.recipe.updates):
            self.optimizer.zero_grad(set_to_none=True)
            self._loss(runs, less).backward()
            self.optimizer.step()
        self.steps_done += 1
        nats = runs.entropy.nanmean().item() * math.log(2)
        return Step(rewards.mean().item(), nats)

    def _penalised(
        self, runs: Runs, rewards: Float[Tensor, "texts"]
    ) -> Float[Tensor, "texts"]:
        """The rewards, less what each text costs in KL, plus its bonus of entropy."""
        recipe = self.recipe
        if recipe.penalties == "loss":
            return rewards
        nats = runs.logprob.nansum(dim=-1).cpu()
        rewards = rewards - recipe.entropy_weight * nats
        if recipe.kl_weight:
            with torch.no_grad():
                along = log_probs_along(self.reference, runs)
            departs = nats - token_log_probs(along, runs).nansum(dim=-1).cpu()
            rewards = rewards - recipe.kl_weight * departs
        return rewards

    def _loss(self, runs: Runs, rewards: Float[Tensor, "texts"]) -> Float[Tensor, ""]:
        """Minus the reward; with the penalties, if they belong in the loss."""
        recipe = self.recipe
        log_probs = log_probs_along(self.lm, runs)
        chosen = token_log_probs(log_probs, runs)
        if recipe.clip is None:
            loss = policy_gradient_loss(chosen, rewards)
        else:
            old = runs.logprob.to(chosen.device)
            advantages = leave_one_out_advantages(rewards)
            loss = clipped_loss(chosen, old, advantages, *recipe.clip)
        if recipe.penalties == "reward":
            return loss
        if recipe.kl_weight:
            with torch.no_grad():
                ref_log_probs = log_probs_along(self.reference, runs)
            loss = loss + recipe.kl_weight * mean_kl(log_probs, ref_log_probs, runs)
        if recipe.entropy_weight:
            loss = loss - recipe.entropy_weight * mean_entropy(log_probs, runs)
        return loss


def _rectangle(
    runs: Runs,
) -> tuple[Int[Tensor, "texts tokens"], Bool[Tensor, "texts tokens"]]:
    """Token ids, filled up with 0, and where they are tokens."""
    is_token = ~runs.logprob.isnan()
    ids = torch.zeros_like(is_token, dtype=torch.long)
    ids[is_token] = torch.tensor([i for row in runs.token_ids for i in row])
    return ids, is_token


def _per_text(values: Float[Tensor, "texts tokens"], runs: Runs) -> Float[Tensor, ""]:
    """Sum over each text's tokens, mean over texts."""
    is_token = _rectangle(runs)[1].to(values.device)
    return (values * is_token).sum() / len(runs)
