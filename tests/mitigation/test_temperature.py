import math

import pytest
import torch
from transformers import LogitsProcessor, TemperatureLogitsWarper

from course_utils.mitigation.temperature import Temperature

IDS = torch.zeros(1, 1, dtype=torch.long)


@pytest.mark.parametrize("temperature", [1e-6, 0.1, 0.7, 1.0, 3.0, 1e6])
def test_equals_transformers_bit_by_bit(temperature):
    scores = torch.randn(500, 40) * 20
    scores[torch.rand_like(scores) < 0.3] = -math.inf
    expected = TemperatureLogitsWarper(temperature)(IDS, scores)
    assert torch.equal(Temperature(temperature)(IDS, scores), expected)


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-300])
def test_zero_keeps_the_largest_and_ties_share_it(temperature):
    scores = torch.tensor([[1.0, 3.0, 3.0], [5.0, -math.inf, 2.0]])
    probs = Temperature(temperature)(IDS, scores).softmax(dim=-1)
    assert probs.tolist() == [[0, 0.5, 0.5], [1, 0, 0]]


def test_is_a_logits_processor_that_shows_its_temperature():
    assert isinstance(Temperature(0.5), LogitsProcessor)
    assert Temperature(0.5).temperature == 0.5
    assert repr(Temperature(0.5)) == "Temperature(0.5)"


def test_leaves_its_argument_alone():
    scores = torch.randn(2, 5)
    before = scores.clone()
    Temperature(0)(IDS, scores), Temperature(0.5)(IDS, scores)
    assert torch.equal(scores, before)


@pytest.mark.parametrize("temperature", [-0.1, math.nan, math.inf, "hot", None, True])
def test_bad_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        Temperature(temperature)
