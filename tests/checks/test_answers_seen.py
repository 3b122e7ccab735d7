"""Answers outside the lists of known mistakes: what each check must make of them."""

import statistics

import pytest
import torch

from course_utils.classroom.judging import Verdict
from tests.judging import judge_at

# --- softmax


def judge_softmax(answer) -> Verdict:
    return judge_at("foundations.softmax.softmax", answer)


def right_softmax(logits, temperature):
    if temperature == 0:
        largest = (logits == logits.amax(dim=-1, keepdim=True)).float()
        return largest / largest.sum(dim=-1, keepdim=True)
    return torch.softmax(logits / temperature, dim=-1)


def test_softmax_in_double_precision_passes():
    assert judge_softmax(
        lambda z, temperature=1.0: right_softmax(z, temperature)
    ).passed
    assert judge_softmax(
        lambda z, temperature=1.0: right_softmax(z.double(), temperature).double()
    ).passed


@pytest.mark.parametrize("stand_in", [0.1, 0.05, 0.001])
def test_softmax_with_a_small_temperature_in_place_of_zero_fails(stand_in):
    verdict = judge_softmax(
        lambda z, temperature=1.0: right_softmax(z, temperature or stand_in)
    )
    assert verdict.state == "wrong"


def test_softmax_as_a_power_of_probabilities_fails():
    def answer(logits, temperature=1.0):
        if temperature == 0:
            return right_softmax(logits, temperature)
        weights = torch.softmax(logits, dim=-1) ** (1 / temperature)
        return weights / weights.sum(dim=-1, keepdim=True)

    assert "to the power" in judge_softmax(answer).diagnosis


def test_softmax_summed_over_the_batch_without_a_shift_is_told_so():
    def answer(logits, temperature=1.0):
        weights = (logits / temperature).exp()
        return weights / weights.sum()

    assert "sum over the whole batch" in judge_softmax(answer).diagnosis


# --- sample


def judge_sample(answer) -> Verdict:
    return judge_at("foundations.softmax.sample", answer)


def scaled_sample(probs, num_samples=1, generator=None):
    ends = probs.cumsum(dim=-1)
    shape = (*probs.shape[:-1], num_samples)
    uniform = torch.rand(shape, generator=generator) * ends[..., -1:]
    return torch.searchsorted(ends, uniform, right=True)


def test_sample_with_a_scaled_uniform_number_passes():
    assert judge_sample(scaled_sample).passed


def test_sample_in_another_integer_dtype_passes():
    assert judge_sample(
        lambda *given, **named: scaled_sample(*given, **named).int()
    ).passed


def test_sample_clamped_to_the_last_token_falls_into_the_trap():
    def answer(probs, num_samples=1, generator=None):
        shape = (*probs.shape[:-1], num_samples)
        uniform = torch.rand(shape, generator=generator)
        drawn = torch.searchsorted(probs.cumsum(dim=-1), uniform, right=True)
        return drawn.clamp(max=probs.shape[-1] - 1)

    assert "ends a little below 1" in judge_sample(answer).diagnosis


def test_sample_that_seeds_torch_is_told_so():
    def answer(probs, num_samples=1, generator=None):
        torch.manual_seed(0)
        return scaled_sample(probs, num_samples)

    assert "the same tokens at every call" in judge_sample(answer).diagnosis


def test_sample_that_seeds_the_given_generator_fails():
    def answer(probs, num_samples=1, generator=None):
        if generator is not None:
            generator.manual_seed(0)
        return scaled_sample(probs, num_samples, generator)

    assert judge_sample(answer).state == "wrong"


# --- Temperature


def judge_temperature(call) -> Verdict:
    class Temperature:
        def __init__(self, temperature):
            self.temperature = temperature

        __call__ = call

    return judge_at("mitigation.temperature.Temperature", Temperature)


@pytest.mark.parametrize("stand_in", [0.05, 1e-9])
def test_temperature_zero_must_mask(stand_in):
    verdict = judge_temperature(
        lambda self, input_ids, scores: scores / (self.temperature or stand_in)
    )
    assert "all but the largest become `-torch.inf`" in verdict.diagnosis


def test_a_missing_keepdim_is_not_taken_for_a_maximum_of_the_batch():
    def call(self, input_ids, scores):
        if self.temperature > 0:
            return scores / self.temperature
        return scores.masked_fill(scores < scores.amax(dim=-1), -torch.inf)

    verdict = judge_temperature(call)
    assert verdict.state == "raised"
    assert "size of tensor" in verdict.diagnosis


# --- share_of_commonest


@pytest.mark.parametrize(
    "pick",
    [max, statistics.median_high, lambda values: max(values, key=len)],
    ids=["last in the alphabet", "median", "longest"],
)
def test_a_value_that_only_happens_to_be_the_commonest_fails(pick):
    verdict = judge_at(
        "worlds.measures.share_of_commonest",
        lambda values: values.count(pick(values)) / len(values),
    )
    assert verdict.state == "wrong"


# --- ulp_at


def test_a_gap_that_is_right_but_for_one_power_above_tiny_fails():
    def answer(values, dtype):
        limits = torch.finfo(dtype)
        return limits.eps * 2 ** (values.abs() + limits.tiny).log2().floor()

    assert judge_at("foundations.precision.ulp_at", answer).state == "wrong"


# --- softmax_in


def test_two_roundings_by_way_of_double_precision_pass():
    def answer(logits, dtype, temperature=1.0):
        stored = logits.to(dtype).double()
        return torch.softmax(stored / temperature, dim=-1).to(dtype)

    assert judge_at("foundations.precision.softmax_in", answer).passed


# --- mean_pairwise_cosine


def test_cosines_in_double_precision_pass():
    def answer(vectors):
        units = torch.nn.functional.normalize(vectors.double(), dim=-1)
        n = vectors.shape[-2]
        return 2 * (units @ units.mT).triu(1).sum(dim=(-2, -1)) / (n * (n - 1))

    path = "detection.hidden_states.mean_pairwise_cosine"
    assert judge_at(path, answer).passed
