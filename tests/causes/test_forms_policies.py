import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.forms import effective_modes
from course_utils.causes.forms.policies import (
    BEST_ARMS,
    GOAL,
    NEXT_CELL,
    PAYS,
    ROUTES,
    exploitability,
    learn,
    learn_routes,
    play_oneself,
    policy_gradient,
    pull_arms,
    pull_sure_arms,
    route_cells,
    route_shares,
    wandering_bonus,
)
from course_utils.foundations.softmax import softmax

small_logits = st.lists(st.floats(-3, 3), min_size=2, max_size=6).map(torch.tensor)


@given(small_logits, st.integers(0, 99), st.floats(0, 2))
def test_policy_gradient_is_that_of_autograd(logits, seed, bonus):
    dice = torch.Generator().manual_seed(seed)
    actions = torch.randint(len(logits), (9,), generator=dice)
    rewards = torch.randn(9, generator=dice)
    variable = logits.clone().requires_grad_()
    log_probs = variable.log_softmax(dim=-1)[actions]
    credit = rewards - bonus * log_probs.detach()
    ((credit - credit.mean()) * log_probs).mean().backward()
    found = policy_gradient(logits, actions, rewards, bonus)
    torch.testing.assert_close(found, variable.grad, rtol=1e-4, atol=1e-5)


@given(small_logits)
def test_equal_rewards_move_nothing(logits):
    actions = torch.arange(len(logits))
    still = policy_gradient(logits, actions, torch.ones(len(logits)))
    assert torch.allclose(still, torch.zeros(len(logits)), atol=1e-6)


def test_the_bonus_pulls_towards_rare_actions():
    logits = torch.tensor([2.0, 0.0])
    actions, rewards = torch.tensor([0, 0, 0, 1]), torch.ones(4)
    pull = policy_gradient(logits, actions, rewards, bonus=0.5)
    assert pull[1] > 0 > pull[0]


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("logits", ([[0.0, 1.0]], [0], [1.0], 0.0)),
        ("logits", ([math.nan, 1.0], [0], [1.0], 0.0)),
        ("actions", ([0.0, 1.0], [0, 1], [1.0], 0.0)),
        ("actions", ([0.0, 1.0], [2], [1.0], 0.0)),
        ("actions", ([0.0, 1.0], [-1], [1.0], 0.0)),
        ("actions", ([0.0, 1.0], [0.5], [1.0], 0.0)),
        ("rewards", ([0.0, 1.0], [], [], 0.0)),
        ("bonus", ([0.0, 1.0], [0], [1.0], -0.1)),
        ("bonus", ([0.0, 1.0], [0], [1.0], math.inf)),
    ],
)
def test_bad_arguments_are_refused_by_name(argument, values):
    logits, actions, rewards, bonus = values
    with pytest.raises(ValueError, match=argument):
        policy_gradient(
            torch.tensor(logits), torch.tensor(actions), torch.tensor(rewards), bonus
        )


def test_learning_starts_indifferent_and_is_deterministic():
    runs = [learn(pull_arms, 8, 0.0, seed, steps=5) for seed in (1, 1, 2)]
    assert torch.allclose(runs[0][0], torch.full((8,), 1 / 8))
    assert runs[0].shape == (6, 8)
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_arms_pay_what_they_promise():
    dice = torch.Generator().manual_seed(0)
    arms = torch.arange(8).repeat(2000)
    pay = pull_arms(arms, torch.ones(8) / 8, dice).view(2000, 8).mean(dim=0)
    assert torch.allclose(pay, PAYS, atol=0.05)
    assert torch.equal(pull_sure_arms(torch.arange(8), pay, dice), PAYS)


def test_the_exact_gradient_keeps_equal_arms_equal():
    logits = torch.zeros(8)
    for _ in range(200):
        policy = softmax(logits)
        logits = logits + policy * (PAYS - policy @ PAYS)
    best = policy[:BEST_ARMS]
    assert effective_modes(best).item() == pytest.approx(BEST_ARMS, abs=1e-3)
    assert best.sum() > 0.95


def test_drift_ends_at_few_arms_and_the_bonus_prevents_it():
    drifted, held = (learn(pull_arms, 8, bonus, 0, steps=500)[-1] for bonus in (0, 0.1))
    assert effective_modes(drifted[:BEST_ARMS]) < 2
    assert effective_modes(held[:BEST_ARMS]) > 3


def test_there_are_twenty_shortest_routes_and_they_reach_the_goal():
    assert ROUTES.shape == (20, 6) and len(ROUTES.unique(dim=0)) == 20
    last_cells = route_cells()[:, -1]
    assert (NEXT_CELL[last_cells, ROUTES[:, -1]] == GOAL).all()


def test_walls_hold():
    assert NEXT_CELL[0].tolist() == [1, 4, 0, 0]  # right, up, and twice a wall
    assert NEXT_CELL[GOAL].tolist() == [GOAL, GOAL, GOAL - 1, GOAL - 4]


def test_route_shares_are_probabilities_of_walks():
    coin = torch.zeros(16, 4)
    coin[:, :2] = 0.5
    assert route_shares(coin).sum() < 1  # at the edge the coin walks into the wall
    straight = coin.clone()
    straight[3::4, :2] = torch.tensor([0.0, 1.0])  # at the right edge: up
    straight[12:, :2] = torch.tensor([1.0, 0.0])  # at the upper edge: right
    assert route_shares(straight).sum().item() == pytest.approx(1)
    assert route_shares(straight.expand(3, 16, 4)).shape == (3, 20)


def test_learning_routes_is_deterministic_and_leads_to_the_goal():
    walks = [learn_routes(0.0, 1, steps=60) for _ in range(2)]
    assert torch.equal(walks[0], walks[1])
    assert route_shares(walks[0][-1]).sum() > 10 * route_shares(walks[0][0]).sum()


def test_wandering_pays_from_one_over_log_four_on():
    assert wandering_bonus() * math.log(4) == pytest.approx(1)


def test_only_equal_shares_cannot_be_exploited():
    assert exploitability(torch.full((3,), 1 / 3)) == pytest.approx(0, abs=1e-6)
    assert exploitability(torch.eye(3)).tolist() == [1, 1, 1]
    assert exploitability(torch.tensor([0.5, 0.3, 0.2])) > 0


def test_self_play_pays_zero_on_average_and_rock_loses_to_paper():
    dice = torch.Generator().manual_seed(0)
    always_rock = torch.tensor([1.0, 0.0, 0.0])
    moves = torch.tensor([0, 1, 2])
    assert play_oneself(moves, always_rock, dice).tolist() == [0, 1, -1]
