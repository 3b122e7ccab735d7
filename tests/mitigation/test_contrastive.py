import math

import pytest
import torch

from course_utils import generate, load_model
from course_utils.forward import is_plain_gpt2
from course_utils.mitigation.contrastive import (
    contrastive_scores,
    contrastive_search,
    largest_cosine,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.model import share_weights
from tests.mitigation.test_search import ARCHITECTURES, Positions, random_lm


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller")


@torch.no_grad()
def read(lm, ids):
    """Last hidden states and the next token's probabilities, without a cache."""
    model = share_weights(lm.model)
    out = model(torch.tensor([ids], device=lm.device), output_hidden_states=True)
    return out.hidden_states[-1][0].float(), out.logits[0, -1].float().softmax(dim=-1)


def slow_search(lm, prompt, k, alpha, length, sign=-1):
    """Token by token, candidate by candidate, state by state: the paper's equation 5.

    Ids, probabilities, similarities and the narrowest lead of the best candidate.
    """
    ids, new, probs, cosines, lead = lm.encode(prompt), [], [], [], math.inf
    while len(new) < length and not (new and new[-1] in lm.stop_ids):
        states, distribution = read(lm, ids)
        options = []
        for token in distribution.argsort(descending=True)[:k].tolist():
            prob = distribution[token].item()
            after, _ = read(lm, [*ids, token])
            similarity = max(
                torch.cosine_similarity(after[-1], state, dim=0).item()
                for state in states
            )
            score = (1 - alpha) * prob + sign * alpha * similarity
            options.append((score, token, prob, similarity))
        options.sort(reverse=True)
        if len(options) > 1:
            lead = min(lead, options[0][0] - options[1][0])
        _, token, prob, similarity = options[0]
        ids, new = [*ids, token], [*new, token]
        probs.append(prob)
        cosines.append(similarity)
    return new, probs, cosines, lead


def assert_as_slow(found, row, slow):
    ids, probs, cosines, lead = slow
    assert lead > 1e-6, "too near a tie to compare"
    assert found.token_ids[row] == ids
    assert found.probs[row] == pytest.approx(probs, rel=1e-3, abs=1e-5)
    assert found.similarity[row] == pytest.approx(cosines, abs=1e-4)


# Against the slow version


@pytest.mark.parametrize("reward", [False, True])
@pytest.mark.parametrize("k, alpha", [(2, 0.9), (5, 0.6), (8, 0.3), (4, 1.0)])
def test_chooses_what_the_slow_version_chooses(storyteller, k, alpha, reward):
    for prompt in ("Once upon a time", "The owl"):
        found = contrastive_search(storyteller, prompt, k, alpha, 12, reward)
        sign = 1 if reward else -1
        slow = slow_search(storyteller, prompt, k, alpha, 12, sign)
        assert_as_slow(found, 0, slow)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("reward", [False, True])
def test_any_architecture_chooses_what_the_slow_version_chooses(architecture, reward):
    lm = random_lm(architecture)
    for k, alpha in ((3, 0.6), (6, 0.2)):
        found = contrastive_search(lm, "bcdefghij", k, alpha, 14, reward)
        slow = slow_search(lm, "bcdefghij", k, alpha, 14, 1 if reward else -1)
        assert_as_slow(found, 0, slow)


def test_the_sign_and_alpha_change_the_text(storyteller):
    texts = {
        contrastive_search(storyteller, "Once", 5, alpha, 25, reward).texts[0]
        for alpha in (0.3, 0.9)
        for reward in (False, True)
    }
    assert len(texts) == 4


# Batches


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_row_of_a_batch_is_what_it_is_alone(architecture):
    lm = random_lm(architecture)
    prompts = ["b", "cdefghijklmn", "", "fedcb"]
    together = contrastive_search(lm, prompts, 4, 0.5, 15)
    for row, prompt in enumerate(prompts):
        alone = contrastive_search(lm, prompt, 4, 0.5, 15)
        assert together.texts[row] == alone.texts[0]
        assert together.token_ids[row] == alone.token_ids[0]
        assert together.probs[row] == pytest.approx(alone.probs[0], abs=1e-4)
        assert together.similarity[row] == pytest.approx(alone.similarity[0], abs=1e-4)


def test_a_batch_of_the_storyteller_is_what_the_slow_version_writes(storyteller):
    prompts = ["Once upon a time there was a fox", "The", "In the end they"]
    found = contrastive_search(storyteller, prompts, 5, 0.6, 10)
    for row, prompt in enumerate(prompts):
        assert_as_slow(found, row, slow_search(storyteller, prompt, 5, 0.6, 10))


def raise_end(lm, by):
    """Make the end of the text likelier; GPT-2's head has no bias of its own."""
    head = torch.nn.Linear(*reversed(lm.model.lm_head.weight.shape))
    with torch.no_grad():
        head.weight.copy_(lm.model.lm_head.weight)
        head.bias.copy_(by * (torch.arange(len(head.bias)) == 0))
    lm.model.lm_head = head


def test_a_row_that_ends_leaves_the_others_running():
    lm = random_lm("gpt2")
    raise_end(lm, 1.5)
    prompts = [letter * 3 for letter in "bcdefghijk"]
    found = contrastive_search(lm, prompts, 3, 0.5, 12)
    lengths = [len(ids) for ids in found.token_ids]
    assert min(lengths) < 6 and max(lengths) == 12
    for row, prompt in enumerate(prompts):
        ids = found.token_ids[row]
        assert ids == slow_search(lm, prompt, 3, 0.5, 12)[0]
        assert 0 not in ids[:-1] and (len(ids) == 12 or ids[-1] == 0)
        assert len(found.probs[row]) == len(found.similarity[row]) == len(ids)
        assert found.texts[row] == lm.decode([*lm.encode(prompt), *ids])


def test_a_batch_that_has_ended_costs_nothing_more():
    lm = random_lm("gpt2")
    raise_end(lm, 30.0)
    counted = Positions(lm.model)
    found = contrastive_search(lm, ["bcd", "def"], 2, 0.1, 50)
    assert found.token_ids == [[0], [0]]
    assert found.passes == counted.passes() == 2 * 3 + 2 * 2
    assert found.texts == ["bcd", "def"]


def test_several_tokens_may_end_a_text():
    lm = random_lm("gpt2")
    free = contrastive_search(lm, "bcd", 3, 0.5, 10).token_ids[0]
    lm.model.generation_config.eos_token_id = [0, free[4]]
    ended = contrastive_search(lm, "bcd", 3, 0.5, 10).token_ids[0]
    assert ended == free[: free.index(free[4]) + 1]


# Greedy decoding at the edges


@pytest.mark.parametrize("k, alpha", [(1, 0.6), (1, 1.0), (5, 0.0), (1, 0.0)])
def test_without_a_choice_or_a_penalty_it_is_greedy(storyteller, k, alpha):
    prompts = ["Once", "The owl said nothing"]
    greedy = generate(storyteller, prompts, 1, 20, [Temperature(0)], progress=False)
    for reward in (False, True):
        found = contrastive_search(storyteller, prompts, k, alpha, 20, reward)
        assert found.token_ids == greedy.token_ids
        assert found.texts == greedy.texts


def test_more_candidates_than_tokens_are_all_of_them():
    lm = random_lm("gpt2", vocab_size=7)
    found = contrastive_search(lm, "bcd", 100, 0.6, 8)
    assert found.token_ids == contrastive_search(lm, "bcd", 7, 0.6, 8).token_ids
    counted = Positions(lm.model)
    assert contrastive_search(lm, "bcd", 100, 0.6, 8).passes == counted.passes()


def test_alpha_one_asks_for_the_similarity_alone(storyteller):
    low = contrastive_search(storyteller, "Once", 6, 1.0, 15)
    high = contrastive_search(storyteller, "Once", 6, 1.0, 15, reward_similarity=True)
    mean = [sum(found.similarity[0]) / 15 for found in (low, high)]
    assert mean[0] < mean[1]


def test_rewarded_similarity_repeats_itself(storyteller):
    kept = contrastive_search(storyteller, "Once", 5, 0.6, 60)
    rewarded = contrastive_search(storyteller, "Once", 5, 0.6, 60, True)
    assert len(set(rewarded.token_ids[0])) < len(set(kept.token_ids[0]))


# What is found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_passes_are_what_went_through_the_model(architecture):
    lm = random_lm(architecture)
    counted = Positions(lm.model)
    found = contrastive_search(lm, ["bcd", "efg"], 4, 0.5, 6)
    steps = max(map(len, found.token_ids))
    assert found.passes == counted.passes() == 2 * 3 + 2 * 4 * steps


def test_padding_is_no_pass():
    lm = random_lm("llama")
    alone, batch = (
        contrastive_search(lm, prompt, 2, 0.5, 1)
        for prompt in ("bcdef", ["bcdef", "b"])
    )
    assert (alone.passes, batch.passes) == (5 + 2, 5 + 1 + 4)


def test_the_same_prompt_gives_the_same_text(storyteller):
    one, again = (contrastive_search(storyteller, "Once", 5, 0.6, 20) for _ in range(2))
    assert vars(one) == vars(again)
    assert len(one) == 1 and one.texts[0].startswith("Once")


def test_prompts_come_back_in_order(storyteller):
    prompts = ["The owl", "Once", "The owl"]
    found = contrastive_search(storyteller, prompts, 3, 0.6, 5)
    assert len(found) == 3 and found.texts[0] == found.texts[2]
    for text, prompt in zip(found.texts, prompts, strict=True):
        assert text.startswith(prompt)


def test_half_precision_runs():
    lm = random_lm("llama")
    lm.model.bfloat16()
    found = contrastive_search(lm, ["bcd", "e"], 3, 0.6, 8)
    for row in found.probs:
        assert all(0 < prob <= 1 for prob in row)
    for row in found.similarity:
        assert all(-1.001 <= cosine <= 1.001 for cosine in row)


# The two formulas


def test_scores_by_hand():
    probs = torch.tensor([[0.5, 0.4], [0.9, 0.1]])
    similarity = torch.tensor([[0.9, 0.1], [1.0, -1.0]])
    expected = torch.tensor([[-0.34, 0.1], [-0.24, 0.64]])
    torch.testing.assert_close(contrastive_scores(probs, similarity, 0.6), expected)
    assert torch.equal(contrastive_scores(probs, similarity, 0.0), probs)
    assert torch.equal(contrastive_scores(probs, similarity, 1.0), -similarity)


def test_cosines_by_hand_and_without_padding():
    before = torch.tensor([[[3.0, 0.0], [0.0, 2.0]], [[1.0, 1.0], [0.0, -1.0]]])
    candidates = torch.tensor([[[1.0, 1.0], [-5.0, 0.0]], [[7.0, 7.0], [0.0, 1.0]]])
    everything = torch.ones(2, 2, dtype=torch.bool)
    half = math.sqrt(0.5)
    torch.testing.assert_close(
        largest_cosine(candidates, before, everything),
        torch.tensor([[half, 0.0], [1.0, half]]),
    )
    padded = torch.tensor([[True, True], [False, True]])
    torch.testing.assert_close(
        largest_cosine(candidates, before, padded),
        torch.tensor([[half, 0.0], [-half, -1.0]]),
    )


def test_the_length_of_a_state_does_not_matter():
    dice = torch.Generator().manual_seed(0)
    candidates = torch.randn(3, 4, 8, generator=dice)
    before = torch.randn(3, 5, 8, generator=dice)
    is_token = torch.ones(3, 5, dtype=torch.bool)
    torch.testing.assert_close(
        largest_cosine(7 * candidates, before * torch.rand(3, 5, 1), is_token),
        largest_cosine(candidates, before, is_token),
    )


# Bad arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prompt", None),
        ("prompt", []),
        ("prompt", 3),
        ("prompt", ["Once", 3]),
        ("k", 0),
        ("k", 2.0),
        ("k", True),
        ("alpha", -0.1),
        ("alpha", 1.1),
        ("alpha", math.nan),
        ("alpha", "0.6"),
        ("max_new_tokens", 0),
        ("max_new_tokens", 1.5),
        ("reward_similarity", "yes"),
    ],
)
def test_bad_arguments_are_refused_by_name(lm, argument, value):
    with pytest.raises(ValueError, match=argument) as error:
        contrastive_search(lm, **{argument: value})
    assert "\n" not in str(error.value)


def test_a_model_without_its_tokenizer_is_refused(lm):
    with pytest.raises(ValueError, match="lm must be a LanguageModel"):
        contrastive_search(lm.model, "Once")


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_text_may_fill_the_context_and_no_more(architecture):
    lm = random_lm(architecture)
    found = contrastive_search(lm, ["b" * 120, "c"], 2, 0.6, 8)
    assert len(found.token_ids[0]) == 8
    with pytest.raises(ValueError, match=r"120 tokens.* exceed the 128 positions"):
        contrastive_search(lm, ["b" * 120, "c"], 2, 0.6, 9)


def test_searching_leaves_the_model_as_it_was(checkpoint):
    """Hooks left behind would send `generate` down its slow path for good."""
    lm = load_model(checkpoint)
    config = lm.model.config.to_dict()
    contrastive_search(lm, ["Once", "b"], max_new_tokens=2)
    assert is_plain_gpt2(lm.model) and lm.model.config.to_dict() == config


def test_a_hook_of_ones_own_is_called(checkpoint):
    lm = load_model(checkpoint)
    plain = contrastive_search(lm, "Once", max_new_tokens=20)
    mlp = lm.model.transformer.h[0].mlp
    handle = mlp.register_forward_hook(lambda module, inputs, output: 0 * output)
    assert contrastive_search(lm, "Once", max_new_tokens=20).probs != plain.probs
    handle.remove()
    assert contrastive_search(lm, "Once", max_new_tokens=20).probs == plain.probs


def test_a_model_without_a_cache_is_refused(checkpoint, monkeypatch):
    lm = load_model(checkpoint)
    forward = lm.model.forward

    def without_cache(input_ids, attention_mask, **options):
        return forward(input_ids, use_cache=False, output_hidden_states=True)

    monkeypatch.setattr(lm.model, "forward", without_cache)
    with pytest.raises(ValueError, match="needs a model with a key-value cache"):
        contrastive_search(lm, "Once", max_new_tokens=2)
