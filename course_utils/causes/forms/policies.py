"""Behavioural collapse: an agent that drops all but one of its equally good habits.

Three small worlds with several equally good ways to act: a bandit whose best arms tie,
a grid with twenty shortest routes, and rock-paper-scissors against oneself. All agents
learn by policy gradient (REINFORCE), with or without a bonus for surprise.
Built in notebook 04.
"""

import itertools
import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.foundations.softmax import log_softmax, sample, softmax
from course_utils.foundations.validation import as_float_tensor, as_number

Gradient = Callable[[Tensor, Tensor, Tensor, float], Tensor]
Play = Callable[[Tensor, Tensor, torch.Generator], Tensor]

STEPS = 1000
ACTIONS_PER_STEP = 4  # few, as luck is to play a part
RATE = 1.0  # how far each gradient moves the logits


# Learning from rewards


def policy_gradient(
    logits: Float[Tensor, "choices"],
    actions: Int[Tensor, "n"],
    rewards: Float[Tensor, "n"],
    bonus: float = 0.0,
) -> Float[Tensor, "choices"]:
    """The direction in which `logits` earn more, estimated from n actions.

    Each action's credit is its reward plus `bonus` times its surprise -log pi(action)
    in nats, less the mean credit of all. It pulls the logits towards that action and
    away from what the policy expects: (one-hot - pi). The result is the mean pull.
    Raises ValueError for other shapes, actions that are not choices and bonus < 0.
    Williams 1992, with the entropy bonus of Williams and Peng 1991.
    Built in notebook 04.
    """
    logits, rewards = _as_row("logits", logits), _as_row("rewards", rewards)
    actions, bonus = _as_actions(actions, rewards, len(logits)), _as_bonus(bonus)
    surprise = -log_softmax(logits)[actions]
    credit = rewards + bonus * surprise
    credit = credit - credit.mean()
    return (credit.unsqueeze(-1) * _pull(logits, actions)).mean(dim=0)


def _pull(
    logits: Float[Tensor, "*n choices"], actions: Int[Tensor, "*n"]
) -> Float[Tensor, "*n choices"]:
    """The gradient of log pi(action) with respect to the logits: one-hot - pi."""
    chosen = torch.nn.functional.one_hot(actions, logits.shape[-1])
    return chosen - softmax(logits)


def learn(
    play: Play,
    choices: int,
    bonus: float,
    seed: int,
    steps: int = STEPS,
    *,
    actions_per_step: int = ACTIONS_PER_STEP,
    gradient: Gradient = policy_gradient,
) -> Float[Tensor, "steps+1 choices"]:
    """Climb the policy gradient from indifference; the policy after each step.

    `play(actions, policy, dice)` gives each action's reward. Deterministic in the seed.
    """
    dice = torch.Generator().manual_seed(seed)
    logits = torch.zeros(choices)
    policies = [softmax(logits)]
    for _ in range(steps):
        actions = sample(policies[-1], actions_per_step, dice)
        rewards = play(actions, policies[-1], dice)
        logits = logits + RATE * gradient(logits, actions, rewards, bonus)
        policies.append(softmax(logits))
    return torch.stack(policies)


# A bandit: eight arms, four of them equally good

PAYS = torch.tensor([0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4])
BEST_ARMS = 4  # the first four


def pull_arms(
    arms: Int[Tensor, "n"], policy: Float[Tensor, "arms"], dice: torch.Generator
) -> Float[Tensor, "n"]:
    """Each arm pays 1 or nothing, with the probability that `PAYS` gives it."""
    return (torch.rand(len(arms), generator=dice) < PAYS[arms]).float()


def pull_sure_arms(
    arms: Int[Tensor, "n"], policy: Float[Tensor, "arms"], dice: torch.Generator
) -> Float[Tensor, "n"]:
    """Each arm always pays its mean: the bandit without luck."""
    return PAYS[arms]


# Rock, paper, scissors against oneself

PAYOFF = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
MOVES = ("rock", "paper", "scissors")
GAMES_PER_STEP = 64


def play_oneself(
    moves: Int[Tensor, "n"], policy: Float[Tensor, "3"], dice: torch.Generator
) -> Float[Tensor, "n"]:
    """1 for each win, -1 for each loss against moves drawn from the same policy."""
    return PAYOFF[moves, sample(policy, len(moves), dice)]


def exploitability(policy: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
    """What the best answer to this policy wins per game: 0 only for equal shares."""
    return (policy @ PAYOFF.T).amax(dim=-1)


# A grid: from one corner to the opposite one, twenty equally short routes

SIDE = 4
GOAL = SIDE * SIDE - 1
ROUTE_STEPS = 400
ROUTE_RATE = 0.4
EPISODES = 16  # for each step of learning
PATIENCE = 20  # moves: an episode ends here, at the goal or not
DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, up, left, down


def _next_cells() -> Int[Tensor, "cells 4"]:
    """Where each move leads from each cell: against a wall one stays."""
    inside = range(SIDE)
    return torch.tensor(
        [
            [_clip(x + dx) + SIDE * _clip(y + dy) for dx, dy in DIRECTIONS]
            for y, x in itertools.product(inside, inside)
        ]
    )


def _clip(coordinate: int) -> int:
    return min(max(coordinate, 0), SIDE - 1)


NEXT_CELL = _next_cells()
ROUTES = torch.tensor(sorted(set(itertools.permutations((0, 1) * (SIDE - 1)))))


def route_cells() -> Int[Tensor, "routes steps"]:
    """The cells from which the moves of `ROUTES` are made."""
    cells = [torch.zeros(len(ROUTES), dtype=torch.long)]
    for moves in ROUTES.T[:-1]:
        cells.append(NEXT_CELL[cells[-1], moves])
    return torch.stack(cells, dim=-1)


def route_shares(
    policy: Float[Tensor, "*batch cells 4"],
) -> Float[Tensor, "*batch routes"]:
    """The probability of each shortest route; what lacks to 1 are longer walks."""
    return policy[..., route_cells(), ROUTES].prod(dim=-1)


def learn_routes(
    bonus: float, seed: int, steps: int = ROUTE_STEPS
) -> Float[Tensor, "steps+1 cells 4"]:
    """Learn to walk to the goal at -1 a step; the policy after each update.

    Each move's credit is what follows it, rewards and `bonus` times surprise, less the
    mean over the episodes at that time. Deterministic in the seed.
    """
    bonus = _as_bonus(bonus)
    dice = torch.Generator().manual_seed(seed)
    logits = torch.zeros(SIDE * SIDE, len(DIRECTIONS))
    policies = [softmax(logits)]
    for _ in range(steps):
        cells, moves = _walk(policies[-1], EPISODES, dice)
        credit = _credit(policies[-1], cells, moves, bonus)
        pulls = credit.unsqueeze(-1) * _pull(logits[cells], moves)
        gradient = torch.zeros_like(logits).index_add_(
            0, cells.flatten(), pulls.flatten(0, 1)
        )
        logits = logits + ROUTE_RATE * gradient / EPISODES
        policies.append(softmax(logits))
    return torch.stack(policies)


def _walk(
    policy: Float[Tensor, "cells 4"], episodes: int, dice: torch.Generator
) -> tuple[Int[Tensor, "time episodes"], Int[Tensor, "time episodes"]]:
    """Cells and moves of some episodes; whoever is at the goal waits there."""
    cells = [torch.zeros(episodes, dtype=torch.long)]
    moves: list[Tensor] = []
    while len(moves) < PATIENCE and not (cells[-1] == GOAL).all():
        moves.append(sample(policy[cells[-1]], 1, dice).squeeze(-1))
        moved = NEXT_CELL[cells[-1], moves[-1]]
        cells.append(torch.where(cells[-1] == GOAL, GOAL, moved))
    return torch.stack(cells[:-1]), torch.stack(moves)


def _credit(
    policy: Float[Tensor, "cells 4"],
    cells: Int[Tensor, "time episodes"],
    moves: Int[Tensor, "time episodes"],
    bonus: float,
) -> Float[Tensor, "time episodes"]:
    walking = (cells != GOAL).float()
    surprise = -policy[cells, moves].log()
    rewards = walking * (bonus * surprise - 1)
    to_come = rewards.flip(0).cumsum(dim=0).flip(0)
    walkers = walking.sum(dim=1, keepdim=True).clamp_min(1)
    baseline = (walking * to_come).sum(dim=1, keepdim=True) / walkers
    return walking * (to_come - baseline)


def wandering_bonus() -> float:
    """From this bonus on wandering pays: each step costs 1 and may earn ln 4 of it."""
    return 1 / math.log(len(DIRECTIONS))


# At the public door


def _as_row(name: str, values: Tensor) -> Tensor:
    row = as_float_tensor(name, values)
    if row.ndim != 1:
        raise ValueError(f"{name} must be one row, not of shape {tuple(row.shape)}")
    return row


def _as_actions(actions: Tensor, rewards: Tensor, choices: int) -> Tensor:
    actions = torch.as_tensor(actions)
    if actions.is_floating_point() or actions.shape != rewards.shape:
        raise ValueError(
            f"actions must be whole numbers, one for each of the {len(rewards)} "
            f"rewards, not {actions.dtype} of shape {tuple(actions.shape)}"
        )
    if not 0 <= actions.min() <= actions.max() < choices:
        raise ValueError(
            f"actions must lie in 0 ... {choices - 1}, but go from "
            f"{actions.min().item()} to {actions.max().item()}"
        )
    return actions.long()


def _as_bonus(bonus: float) -> float:
    allowed = "a finite number of at least 0"
    number = as_number("bonus", bonus, allowed)
    if not 0 <= number < math.inf:
        raise ValueError(f"bonus must be {allowed}, not {number}")
    return number
