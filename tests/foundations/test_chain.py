"""The exact chain: its distributions, and the fall that no single state shows."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.foundations.chain import TokenChain, meadow_and_rut
from course_utils.foundations.entropy import entropy_slope
from course_utils.foundations.softmax import softmax

temperatures = st.floats(0.05, 50)
logits = st.lists(
    st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=3, max_size=3
)
next_states = st.lists(
    st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=3, max_size=3
)
chains = st.builds(TokenChain, logits, next_states)


def by_enumeration(chain, temperature, steps):
    """Mean entropy over all texts of `steps` tokens, each with its probability."""
    probs = softmax(chain.logits, temperature)
    entropies = chain.entropies(temperature)
    total = 0.0
    for tokens in itertools.product(range(probs.shape[1]), repeat=steps):
        state, chance, along = 0, 1.0, 0.0
        for token in tokens:
            along += entropies[state].item()
            chance *= probs[state, token].item()
            state = chain.next_state[state, token].item()
        total += chance * along / steps
    return total


@given(chains, temperatures)
def test_mean_entropy_is_that_of_all_texts_weighted(chain, temperature):
    expected = by_enumeration(chain, temperature, 3)
    assert chain.mean_entropy(temperature, 3) == pytest.approx(expected, abs=1e-9)


@given(chains, temperatures, st.integers(1, 10), st.integers(0, 2))
def test_shares_and_moves_are_distributions(chain, temperature, steps, start):
    shares = chain.state_shares(temperature, steps, start)
    assert (shares >= 0).all()
    assert shares.sum().item() == pytest.approx(1)
    assert shares[start] >= 1 / steps - 1e-12
    rows = chain.moves(temperature).sum(dim=-1)
    torch.testing.assert_close(rows, torch.ones_like(rows))


@given(chains, temperatures, temperatures)
def test_no_states_entropy_falls_with_temperature(chain, one, other):
    low, high = sorted((one, other))
    assert (chain.entropies(low) <= chain.entropies(high) + 1e-9).all()


def test_mean_entropy_falls_in_the_meadow_while_both_states_rise():
    chain = meadow_and_rut()
    means = [chain.mean_entropy(t, 100, base=math.e) for t in (0.25, 1, 5, 10, 100)]
    assert [round(m, 2) for m in means] == [3.91, 3.84, 2.61, 2.53, 3.93]
    states = torch.stack([chain.entropies(t) for t in torch.linspace(0.25, 100, 400)])
    assert (states.diff(dim=0) >= -1e-12).all()


def test_the_fall_comes_from_the_shares_alone():
    """d mean / dT = shares x slopes, never negative, + change of shares x entropies."""
    chain, t, h, steps = meadow_and_rut(), 3.0, 1e-4, 100
    change = (chain.mean_entropy(t + h, steps) - chain.mean_entropy(t - h, steps)) / 2
    slopes = entropy_slope(chain.logits, t)
    from_states = (chain.state_shares(t, steps) * slopes).sum().item() * h
    moved = (chain.state_shares(t + h, steps) - chain.state_shares(t - h, steps)) / 2
    from_shares = (moved * chain.entropies(t)).sum().item()
    assert from_states >= 0 > from_shares
    assert change == pytest.approx(from_states + from_shares, abs=1e-9)
    assert change < 0


def test_short_texts_do_not_reach_the_rut():
    chain = meadow_and_rut()
    assert chain.state_shares(5, 1).tolist() == [1, 0]
    assert chain.state_shares(5, 10)[1] < 0.05 < 0.9 < chain.state_shares(5, 3000)[1]
    short = [chain.mean_entropy(t, 1) for t in (0.25, 1, 5, 10, 100)]
    assert short == sorted(short)


def test_at_temperature_zero_greedy_text_stays_in_the_meadow():
    chain = meadow_and_rut()
    assert chain.state_shares(0, 100).tolist() == pytest.approx([1, 0])
    assert chain.mean_entropy(0, 100) == pytest.approx(math.log2(50))


def test_a_token_that_cannot_come_leads_nowhere():
    chain = TokenChain([[0.0, -math.inf], [0.0, 0.0]], [[0, 1], [1, 1]])
    assert chain.moves(2.0).tolist() == [[1, 0], [0, 1]]
    assert chain.mean_entropy(2.0, 5) == 0
    assert chain.mean_entropy(2.0, 5, start=1) == 1


@pytest.mark.parametrize(
    "next_state",
    [[[0, 2], [0, 0]], [[0, -1], [0, 0]], [[0, 1]], [[0.0, 1.0], [1.0, 0.0]], "x"],
)
def test_states_that_are_not_there_are_refused(next_state):
    with pytest.raises(ValueError, match="next_state"):
        TokenChain([[0.0, 1.0], [1.0, 0.0]], next_state)


@pytest.mark.parametrize("steps", [0, -1, 2.0, True, None])
def test_bad_lengths_are_refused(steps):
    with pytest.raises(ValueError, match="steps"):
        meadow_and_rut().mean_entropy(1.0, steps)


@pytest.mark.parametrize("start", [2, -1, 0.0])
def test_bad_starts_are_refused(start):
    with pytest.raises(ValueError, match="start"):
        meadow_and_rut().state_shares(1.0, 5, start)


def test_bad_logits_and_temperatures_are_refused():
    with pytest.raises(ValueError, match="logits"):
        TokenChain([[0.0, math.nan]], [[0, 0]])
    with pytest.raises(ValueError, match="temperature"):
        meadow_and_rut().entropies(-1.0)
    with pytest.raises(ValueError, match="ways"):
        meadow_and_rut(ways=0)


def test_a_refusal_names_the_last_state_there_is():
    with pytest.raises(ValueError, match="states from 0 to 1, not 0 to 2"):
        TokenChain([[0.0, 1.0], [1.0, 0.0]], [[0, 2], [0, 0]])
    with pytest.raises(ValueError, match="a state from 0 to 1, not 2"):
        meadow_and_rut().mean_entropy(1.0, 3, start=2)
