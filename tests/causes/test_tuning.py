"""One step of tuning: what it learns from, what it changes, what holds it back."""

import math

import pytest
import torch

from course_utils.causes.tuning import (
    SEED_STRIDE,
    Recipe,
    Tuner,
    log_probs_along,
    mean_entropy,
    mean_kl,
    sound,
    token_log_probs,
    trainable_copy,
    upper_blocks,
)
from course_utils.forward import is_plain_gpt2
from course_utils.generation import generate
from course_utils.worlds.stories import StoryWorld


def share_of_e(text):
    return text.count("e") / max(len(text), 1)


@pytest.fixture(scope="module")
def runs(lm):
    return generate(lm, "", n=6, max_new_tokens=20, seed=1)


def weights(lm):
    return {name: p.detach().clone() for name, p in lm.model.named_parameters()}


def changed(before, lm):
    after = dict(lm.model.named_parameters())
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_log_probs_are_those_that_the_tokens_were_drawn_with(lm, runs):
    found = token_log_probs(log_probs_along(lm, runs), runs)
    torch.testing.assert_close(
        found.detach(), runs.logprob, rtol=1e-4, atol=1e-4, equal_nan=True
    )


def test_entropy_is_that_of_the_trace(lm, runs):
    found = mean_entropy(log_probs_along(lm, runs), runs).item()
    bits = runs.entropy.nansum(dim=-1).mean().item()
    assert found == pytest.approx(bits * math.log(2), rel=1e-4)


def test_kl_to_itself_is_zero_and_to_another_positive(lm, runs):
    log_probs = log_probs_along(lm, runs)
    assert mean_kl(log_probs, log_probs, runs).item() == 0
    other = (2 * log_probs).log_softmax(-1)
    assert mean_kl(log_probs, other, runs).item() > 0


def test_log_probs_carry_a_gradient_only_to_what_learns(lm, runs):
    tuned = trainable_copy(lm)
    token_log_probs(log_probs_along(tuned, runs), runs).nansum().backward()
    for block, learns in zip(tuned.model.transformer.h, (False, True), strict=True):
        assert all((p.grad is not None) == learns for p in block.parameters())


def test_the_upper_half_of_the_blocks_learns(lm):
    blocks = lm.model.transformer.h
    assert upper_blocks(lm.model) == list(blocks)[len(blocks) // 2 :]
    assert not any(
        p.requires_grad for p in trainable_copy(lm).model.lm_head.parameters()
    )


def test_a_step_changes_the_copy_and_not_the_model(lm):
    before = weights(lm)
    tuner = Tuner(lm, share_of_e, Recipe(texts=6))
    tuner.step()
    assert changed(before, lm) == set()
    moved = changed(before, tuner.lm)
    assert moved and all(name.startswith("transformer.h.1.") for name in moved)
    assert is_plain_gpt2(tuner.lm.model)  # still on the fast path


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(texts=16, learning_rate=1e-2),
        Recipe(texts=16, learning_rate=1e-2, clip=(0.2, 0.28), updates=3),
    ],
    ids=["REINFORCE", "clipped"],
)
def test_tuning_raises_the_reward(lm, recipe):
    tuner = Tuner(lm, share_of_e, recipe)
    earned = [tuner.step().reward for _ in range(12)]
    assert sum(earned[-4:]) > sum(earned[:4])


def test_a_step_reports_the_entropy_of_its_texts(lm):
    found = Tuner(lm, share_of_e, Recipe(texts=4), seed=2).step()
    runs = generate(lm, "", 4, 110, seed=2 * SEED_STRIDE)
    assert found.reward == pytest.approx(sum(map(share_of_e, runs.texts)) / 4)
    assert found.entropy == pytest.approx(runs.entropy.nanmean().item() * math.log(2))


def test_the_same_seed_gives_the_same_run(lm):
    first, second, other = (
        Tuner(lm, share_of_e, Recipe(texts=4), seed) for seed in (3, 3, 4)
    )
    for tuner in (first, second, other):
        tuner.step()
        tuner.step()
    assert changed(weights(first.lm), second.lm) == set()
    assert changed(weights(first.lm), other.lm) != set()


def kl_after(lm, runs, recipe, steps=4):
    tuner = Tuner(lm, share_of_e, recipe)
    for _ in range(steps):
        tuner.step()
    with torch.no_grad():
        pair = [log_probs_along(each, runs) for each in (tuner.lm, lm)]
        return mean_kl(*pair, runs).item(), mean_entropy(pair[0], runs).item()


@pytest.mark.parametrize("penalties", ["reward", "loss"])
def test_a_leash_keeps_the_model_near_its_reference(lm, runs, penalties):
    free, _ = kl_after(lm, runs, Recipe(texts=6))
    held, _ = kl_after(
        lm, runs, Recipe(texts=6, kl_weight=10, penalties=penalties), steps=8
    )
    assert held < free


def test_an_entropy_bonus_raises_the_entropy(lm, runs):
    _, without = kl_after(lm, runs, Recipe(texts=6))
    bonus = Recipe(texts=6, entropy_weight=1, penalties="loss")
    assert kl_after(lm, runs, bonus)[1] > without


def test_a_penalised_reward_is_less_by_what_the_text_departs(lm):
    """By hand: each text's log-probability, less the reference's, in nats."""
    tuner = Tuner(lm, share_of_e, Recipe(texts=4, kl_weight=0.5, learning_rate=1e-2))
    tuner.step()
    drawn = generate(tuner.lm, "", 4, 110, seed=9)
    with torch.no_grad():
        along = log_probs_along(lm, drawn)
    departs = drawn.logprob.nansum(-1) - token_log_probs(along, drawn).nansum(-1)
    found = tuner._penalised(drawn, torch.ones(4))
    torch.testing.assert_close(found, 1 - 0.5 * departs, rtol=1e-4, atol=1e-3)
    assert departs.abs().max() > 1e-3


def test_a_bonus_is_paid_in_surprise(lm, runs):
    tuner = Tuner(lm, share_of_e, Recipe(entropy_weight=0.1))
    found = tuner._penalised(runs, torch.zeros(len(runs)))
    torch.testing.assert_close(found, -0.1 * runs.logprob.nansum(-1))


def test_in_the_loss_the_reward_stays_as_it_is(lm, runs):
    tuner = Tuner(lm, share_of_e, Recipe(kl_weight=1, penalties="loss"))
    assert tuner._penalised(runs, torch.ones(len(runs))).eq(1).all()


def test_sgd_goes_down_the_gradient_itself(lm):
    """One step of SGD moves the weights by the rate times the gradient."""
    recipe = Recipe(texts=4, optimizer="SGD", learning_rate=0.1)
    before = weights(lm)
    tuner = Tuner(lm, share_of_e, recipe)
    tuner.step()
    for name, weight in tuner.lm.model.named_parameters():
        if weight.grad is not None:
            expected = before[name] - 0.1 * weight.grad
            torch.testing.assert_close(weight.detach(), expected)


def test_sound_pays_for_validity_alone():
    world = StoryWorld()
    reward = sound(world)
    for story in world.sample(20, seed=1):
        assert reward(story.text) == 1
        assert reward(story.text[:-20]) == 0
