import math
import warnings

import pytest
import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
)

from course_utils import generation
from course_utils.forward import OwnForward, PlainGPT2, is_plain_gpt2
from course_utils.foundations.entropy import entropy, perplexity
from course_utils.foundations.softmax import log_softmax, softmax
from course_utils.generation import Runs, draw, generate, waiting_times
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import TopK, TopP
from course_utils.model import LanguageModel, load_model
from tests.conftest import random_gpt2, save_random_model


class EndsSoon(LogitsProcessor):
    """Makes the end of the text likelier, so that rows drop out one by one."""

    def __call__(self, input_ids, scores):
        scores[:, 0] += 3.0
        return scores


ONE = ["Once upon a time"]
THREE = ["Once", "The owl said nothing, and the", "In the end they shared"]
PROMPTS = {"batch 1": (ONE, 1), "batch 3": (THREE, 1), "batch 32": (["", *THREE], 8)}
SAMPLERS = {
    "none": [],
    "cold": [Temperature(0.3)],
    "hot": [Temperature(2.5)],
    "chain": [Temperature(0.8), TopK(50), TopP(0.9)],
    "ending": [EndsSoon()],
    "theirs": [RepetitionPenaltyLogitsProcessor(1.3)],
}


def by_transformers(lm, prompts, n, max_new_tokens, processors, seed, **options):
    """What `model.generate` makes of the same prompts: generated ids, row by row."""
    ids = [lm.encode(prompt) for prompt in prompts]
    longest = max(map(len, ids))
    gaps = [longest - len(row) for row in ids]
    padded = [[lm.padding_id] * gap + row for gap, row in zip(gaps, ids, strict=True)]
    mask = [[0] * gap + [1] * (longest - gap) for gap in gaps]
    if not options:
        options = {"do_sample": True, "top_k": 0, "num_return_sequences": n}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        out = lm.model.generate(
            torch.tensor(padded, device=lm.device),
            attention_mask=torch.tensor(mask, device=lm.device),
            max_new_tokens=max_new_tokens,
            logits_processor=LogitsProcessorList(processors),
            eos_token_id=lm.stop_ids,
            pad_token_id=lm.padding_id,
            **options,
        )
    return out[:, longest:].tolist()


def assert_same_tokens(runs, rows, lm):
    """Equal up to each row's end; what follows there is padding."""
    assert len(runs) == len(rows)
    for ours, theirs in zip(runs.token_ids, rows, strict=True):
        assert ours == theirs[: len(ours)]
        assert set(theirs[len(ours) :]) <= {lm.padding_id}


@pytest.mark.parametrize("batch", PROMPTS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_seed_draws_the_same_tokens_as_transformers(lm, batch, sampler):
    (prompts, n), processors = PROMPTS[batch], SAMPLERS[sampler]
    ended_early = 0
    for seed in range(3):
        runs = generate(lm, prompts, n, 40, processors, seed)
        rows = by_transformers(lm, prompts, n, 40, processors, seed)
        assert_same_tokens(runs, rows, lm)
        ended_early += sum(len(ids) < 40 for ids in runs.token_ids)
    if batch == "batch 32" and sampler in ("none", "ending"):
        assert ended_early > (80 if sampler == "ending" else 5)


@pytest.mark.parametrize("batch", PROMPTS)
def test_zero_temperature_is_transformers_greedy(lm, batch):
    prompts, _ = PROMPTS[batch]
    runs = generate(lm, prompts, 1, 40, [Temperature(0)])
    rows = by_transformers(lm, prompts, 1, 40, [], 0, do_sample=False)
    assert_same_tokens(runs, rows, lm)
    assert torch.nansum(runs.entropy) == torch.nansum(runs.logprob) == 0
    assert "-0" not in str(runs.entropy)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_draw_the_same_tokens_too(checkpoint, dtype):
    lm = load_model(checkpoint)
    lm.model.to(dtype)
    runs = generate(lm, THREE, 4, 30, [Temperature(0.9)], seed=1)
    rows = by_transformers(lm, THREE, 4, 30, [Temperature(0.9)], 1)
    assert_same_tokens(runs, rows, lm)
    assert runs.entropy.dtype == torch.float32


def tiny_llama():
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**TINY, num_key_value_heads=2))


def tiny_neox():
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    return GPTNeoXForCausalLM(GPTNeoXConfig(**TINY))


def tiny_opt():
    from transformers import OPTConfig, OPTForCausalLM

    return OPTForCausalLM(OPTConfig(**TINY, ffn_dim=64, word_embed_proj_dim=32))


def tiny_mistral():
    from transformers import MistralConfig, MistralForCausalLM

    grouped = {"num_key_value_heads": 2, "sliding_window": 8}
    return MistralForCausalLM(MistralConfig(**TINY, **grouped))


def tiny_bloom():
    from transformers import BloomConfig, BloomForCausalLM

    sizes = {"vocab_size": 300, "hidden_size": 32, "n_layer": 2, "n_head": 4}
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    return BloomForCausalLM(BloomConfig(**sizes, **special, initializer_range=0.3))


TINY = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}


@pytest.mark.parametrize(
    "make", [tiny_llama, tiny_neox, tiny_opt, tiny_mistral, tiny_bloom]
)
def test_any_architecture_goes_through_its_own_forward(make, tmp_path):
    torch.manual_seed(0)
    lm = load_model(save_random_model(make().eval(), tmp_path))
    for seed in range(2):
        for processors in ([Temperature(0.9)], [EndsSoon()]):
            runs = generate(lm, THREE, 8, 40, processors, seed)
            rows = by_transformers(lm, THREE, 8, 40, processors, seed)
            assert_same_tokens(runs, rows, lm)


EXOTIC = {
    "scale_attn_weights": False,
    "scale_attn_by_inverse_layer_idx": True,
    "reorder_and_upcast_attn": True,
    "activation_function": "relu",
    "attn_implementation": "eager",
    "tie_word_embeddings": False,
    "n_inner": 48,
    "layer_norm_epsilon": 0.1,
}


@pytest.mark.parametrize("setting", EXOTIC)
def test_unusual_gpt2_settings_are_honoured(setting, lm):
    model = random_gpt2(**{setting: EXOTIC[setting]})
    exotic = LanguageModel(model, lm.tokenizer, setting)
    runs = generate(exotic, THREE, 2, 30, seed=2)
    assert_same_tokens(runs, by_transformers(exotic, THREE, 2, 30, [], 2), exotic)


def test_a_plain_gpt2_is_recognised(lm):
    assert is_plain_gpt2(lm.model)


def test_a_hooked_or_changed_gpt2_goes_through_its_own_forward(checkpoint):
    def hook(module, inputs, output):
        seen.append(output)
        return output * 0.5

    seen = []
    lm = load_model(checkpoint)
    plain = generate(lm, ONE, n=4, seed=1, max_new_tokens=20)
    handle = lm.model.transformer.h[0].mlp.register_forward_hook(hook)
    assert not is_plain_gpt2(lm.model)
    hooked = generate(lm, ONE, n=4, seed=1, max_new_tokens=20)
    assert_same_tokens(hooked, by_transformers(lm, ONE, 4, 20, [], 1), lm)
    assert seen
    assert hooked.token_ids != plain.token_ids
    handle.remove()
    assert is_plain_gpt2(lm.model)


def test_replaced_parts_dropout_and_half_precision_are_not_plain(checkpoint):
    class Linear(torch.nn.Linear):
        """As LoRA libraries do: another class of the same name."""

    replaced, training, half, patched = (load_model(checkpoint).model for _ in range(4))
    replaced.lm_head = Linear(32, 300, bias=False)
    training.transformer.h[0].attn.train()
    half.bfloat16()
    patched.transformer.ln_f.forward = lambda x: x
    for model in (replaced, training, half, patched):
        assert not is_plain_gpt2(model)


def test_both_decoders_give_the_same_logits(lm):
    from course_utils.generation import _pad_left

    prompts = _pad_left([lm.encode(prompt) for prompt in THREE], lm)
    with torch.no_grad():
        plain = PlainGPT2(lm.model, prompts, n=2, max_new_tokens=20)
        own = OwnForward(lm.model, prompts, n=2)
        torch.testing.assert_close(plain.read_prompts(), own.read_prompts())
        for step in range(20):
            if step == 10:
                for decoder in (plain, own):
                    decoder.keep(torch.tensor([0, 3, 5]))
            tokens = torch.randint(300, (6 if step < 10 else 3,))
            torch.testing.assert_close(
                plain.step(tokens), own.step(tokens), rtol=1e-4, atol=1e-4
            )


def test_rows_are_prompt_major_and_keep_their_prompt(lm):
    runs = generate(lm, ["Once", "The owl"], n=3, max_new_tokens=5)
    assert runs.prompts == ["Once"] * 3 + ["The owl"] * 3
    for text, prompt in zip(runs.texts, runs.prompts, strict=True):
        assert text.startswith(prompt)


def test_texts_are_prompt_and_continuation_without_end_of_text(lm):
    runs = generate(lm, ["", "Once"], n=16, max_new_tokens=40, seed=3)
    assert any(ids[-1] == lm.end_of_text_id for ids in runs.token_ids)
    for text, prompt, ids in zip(runs.texts, runs.prompts, runs.token_ids, strict=True):
        assert "<|endoftext|>" not in text
        own = [] if prompt == "" else lm.encode(prompt)
        assert text == lm.decode([*own, *ids])


def test_token_ids_hold_one_end_of_text_at_most_and_only_at_the_end(lm):
    runs = generate(lm, n=32, max_new_tokens=60, seed=0)
    for ids in runs.token_ids:
        assert lm.end_of_text_id not in ids[:-1]
        assert len(ids) == 60 or ids[-1] == lm.end_of_text_id


def test_traces_belong_to_the_tokens_and_are_nan_after_the_end(lm):
    runs = generate(lm, n=32, max_new_tokens=60, processors=[Temperature(0.9)], seed=0)
    longest = max(map(len, runs.token_ids))
    for trace in (runs.entropy, runs.model_entropy, runs.temperature, runs.logprob):
        assert trace.shape == (32, longest)
        assert trace.dtype == torch.float32
        assert not trace.is_inference()
        for row, ids in zip(trace, runs.token_ids, strict=True):
            assert torch.isfinite(row[: len(ids)]).all()
            assert row[len(ids) :].isnan().all()


def test_traces_are_what_the_model_says_about_its_own_tokens(lm):
    processors = [Temperature(0.7), TopK(20)]
    runs = generate(lm, THREE, 2, 25, processors, seed=4)
    for row, prompt in enumerate(runs.prompts):
        start, ids = lm.encode(prompt), runs.token_ids[row]
        with torch.no_grad():
            logits = lm.model(torch.tensor([start + ids])).logits[
                0, len(start) - 1 : -1
            ]
        scores = TopK(20)(None, Temperature(0.7)(None, logits))
        places = slice(len(ids))
        torch.testing.assert_close(
            runs.model_entropy[row, places],
            entropy(softmax(logits)),
            rtol=1e-3,
            atol=1e-4,
        )
        torch.testing.assert_close(
            runs.entropy[row, places], entropy(softmax(scores)), rtol=1e-3, atol=1e-4
        )
        chosen = log_softmax(scores)[torch.arange(len(ids)), ids]
        torch.testing.assert_close(
            runs.logprob[row, places], chosen, rtol=1e-3, atol=1e-4
        )
    assert perplexity(runs.logprob).shape == (6,)


def test_without_processors_both_entropies_are_the_same(lm):
    runs = generate(lm, "Once", n=3, max_new_tokens=9)
    torch.testing.assert_close(runs.entropy, runs.model_entropy, equal_nan=True)
    assert torch.nanmean(runs.temperature) == 1


def test_entropies_are_the_same_however_many_steps_are_held_back(lm, monkeypatch):
    at_once = generate(lm, THREE, 5, 30, [Temperature(0.8)], seed=5)
    monkeypatch.setattr("course_utils.generation._TRACE_BUFFER", 1)
    step_by_step = generate(lm, THREE, 5, 30, [Temperature(0.8)], seed=5)
    assert at_once.token_ids == step_by_step.token_ids
    for name in ("entropy", "model_entropy", "temperature", "logprob"):
        one, other = getattr(at_once, name), getattr(step_by_step, name)
        torch.testing.assert_close(one, other, equal_nan=True)


def test_extreme_scores_leave_the_entropy_finite(lm):
    runs = generate(lm, "Once", 4, 9, [Temperature(1e-6)])
    assert (runs.entropy == 0).all()
    runs = generate(lm, "Once", 4, 9, [Temperature(1e6)], seed=1)
    assert torch.nanmean(runs.entropy).item() == pytest.approx(math.log2(300), abs=1e-3)


def test_the_temperature_trace_is_the_product_of_the_processors(lm):
    class PerRow(LogitsProcessor):
        def __call__(self, input_ids, scores):
            self.temperature = torch.full((len(scores), 1), float(input_ids.shape[1]))
            return scores / self.temperature

    runs = generate(lm, "Once", 2, 3, [Temperature(0.5), TopK(9), PerRow()])
    length = len(lm.encode("Once"))
    expected = torch.tensor([length, length + 1, length + 2]) * 0.5
    assert torch.equal(runs.temperature[0], expected)


def test_processors_see_prompt_padding_and_tokens_as_in_transformers(lm):
    class Witness(LogitsProcessor):
        def __init__(self):
            self.seen = []

        def __call__(self, input_ids, scores):
            self.seen.append((input_ids.tolist(), scores.dtype, scores.shape))
            assert input_ids.is_contiguous()
            return scores

    ours, theirs = Witness(), Witness()
    generate(lm, THREE, 2, 12, [ours], seed=6)
    by_transformers(lm, THREE, 2, 12, [theirs], 6)
    assert ours.seen == theirs.seen


def test_processors_may_write_into_their_argument(lm):
    class InPlace(LogitsProcessor):
        def __call__(self, input_ids, scores):
            return scores.div_(0.5)

    in_place = generate(lm, THREE, 2, 20, [InPlace()], seed=7)
    expected = generate(lm, THREE, 2, 20, [Temperature(0.5)], seed=7)
    assert in_place.token_ids == expected.token_ids
    torch.testing.assert_close(
        in_place.model_entropy, expected.model_entropy, equal_nan=True
    )


def test_a_processor_with_a_state_is_reset_once_per_run(lm):
    class Counter(LogitsProcessor):
        resets = steps = 0

        def reset(self):
            self.resets, self.steps = self.resets + 1, 0

        def __call__(self, input_ids, scores):
            self.steps += 1
            return scores

    counter = Counter()
    for run in (1, 2):
        runs = generate(lm, "Once", max_new_tokens=7, processors=[counter])
        assert counter.resets == run
        assert counter.steps == len(runs.token_ids[0])


def test_the_seed_decides_and_no_global_state_is_touched(lm):
    torch.manual_seed(9)
    before = torch.get_rng_state()
    first = generate(lm, n=3, max_new_tokens=20, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(5)
    assert generate(lm, n=3, max_new_tokens=20, seed=1).token_ids == first.token_ids
    assert generate(lm, n=3, max_new_tokens=20, seed=2).token_ids != first.token_ids


def test_the_largest_seed_is_fine(lm):
    assert len(generate(lm, max_new_tokens=2, seed=2**64 - 1)) == 1


def test_rows_of_a_batch_do_not_influence_each_others_distribution(lm):
    greedy = [Temperature(0)]
    together = generate(lm, ["", *THREE], max_new_tokens=30, processors=greedy)
    for row, prompt in enumerate(["", *THREE]):
        alone = generate(lm, prompt, max_new_tokens=30, processors=greedy)
        assert together.token_ids[row] == alone.token_ids[0]
        places = slice(len(alone.token_ids[0]))
        torch.testing.assert_close(
            together.model_entropy[row, places],
            alone.model_entropy[0],
            rtol=1e-3,
            atol=1e-3,
        )


def test_the_context_may_be_filled_to_the_last_position(lm):
    prompt_tokens = len(lm.encode("Once"))
    fits = 128 - prompt_tokens + 1  # nothing is drawn after the last, so it needs none
    runs = generate(lm, "Once", max_new_tokens=fits, processors=[NoEnd()])
    assert len(runs.token_ids[0]) == fits
    assert_same_tokens(runs, by_transformers(lm, ["Once"], 1, fits, [NoEnd()], 0), lm)
    with pytest.raises(
        ValueError, match=f"{prompt_tokens} tokens.*={fits + 1} .* 128 positions"
    ):
        generate(lm, ["", "Once"], max_new_tokens=fits + 1)


def test_a_prompt_that_fills_the_context_has_room_for_one_token(lm):
    prompt = next("z" * k for k in range(129) if len(lm.encode("z" * k)) == 128)
    runs = generate(lm, prompt, max_new_tokens=1)
    assert len(runs.token_ids[0]) == 1


class NoEnd(LogitsProcessor):
    """Forbids the end of the text."""

    def __call__(self, input_ids, scores):
        scores[:, 0] = -math.inf
        return scores


def test_several_end_tokens_all_end_a_row(checkpoint):
    lm = load_model(checkpoint)
    lm.model.generation_config.eos_token_id = [0, *range(100, 150)]
    assert len(lm.stop_ids) == 51
    runs = generate(lm, "Once", n=8, max_new_tokens=40, seed=1)
    assert_same_tokens(runs, by_transformers(lm, ["Once"], 8, 40, [], 1), lm)
    for ids in runs.token_ids:
        assert not set(ids[:-1]) & set(lm.stop_ids)


def test_a_vocabulary_of_two_tokens_works(lm):
    class OnlyTwo(LogitsProcessor):
        def __call__(self, input_ids, scores):
            scores[:, 2:] = -math.inf
            return scores

    runs = generate(lm, n=8, max_new_tokens=10, processors=[OnlyTwo()])
    assert {token for ids in runs.token_ids for token in ids} <= {0, 1}
    assert torch.isfinite(runs.entropy[~runs.entropy.isnan()]).all()


@pytest.mark.parametrize("by_hand", [True, False])
def test_the_race_is_multinomial_draw_for_draw(monkeypatch, by_hand):
    is_log_of_uniform = generation._exponential_is_log_of_uniform()
    monkeypatch.setattr(
        generation,
        "_exponential_is_log_of_uniform",
        lambda: by_hand and is_log_of_uniform,
    )
    for shape in ((1, 7), (5, 300), (2, 50_257)):
        probs = (torch.randn(shape, generator=generator(99)) * 3).softmax(dim=-1)
        probs[:, ::3] = 0
        ours, theirs = generator(1), generator(1)
        noise = waiting_times(probs, ours, steps=12)
        for _ in range(30):
            expected = torch.multinomial(probs, 1, generator=theirs)[:, 0]
            assert torch.equal(draw(probs, next(noise)), expected)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def test_runs_print_in_one_short_line(lm):
    runs = generate(lm, "Once upon a time", n=64, max_new_tokens=10)
    assert isinstance(runs, Runs)
    assert len(runs) == 64
    for fact in ("64", "10 new tokens", "bits", "Once upon a time"):
        assert fact in repr(runs)
    assert "\n" not in repr(runs)
    assert len(repr(runs)) < 160


def test_generating_is_silent_unless_a_bar_is_asked_for(lm, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generate(lm, "Once", max_new_tokens=5)
    assert capfd.readouterr() == ("", "")
    generate(lm, "Once", max_new_tokens=5, progress=True)
    shown = capfd.readouterr().err
    assert "tokens" in shown and "5/5" in shown and "6/" not in shown


def test_a_bar_appears_in_long_runs_only(lm, capfd, monkeypatch):
    monkeypatch.setattr("course_utils.generation._SECONDS_UNTIL_PROGRESS_BAR", 0.0)
    generate(lm, "Once", max_new_tokens=5, progress=False)
    assert capfd.readouterr().err == ""
    generate(lm, "Once", max_new_tokens=5)
    assert "tokens" in capfd.readouterr().err


def test_an_interrupt_passes_through(lm):
    def interrupt(input_ids, scores):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(lm, processors=[interrupt])


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prompt", []),
        ("prompt", None),
        ("prompt", 3),
        ("prompt", ["Once", 3]),
        ("prompt", {"Once": 1}),
        ("n", 0),
        ("n", 1.5),
        ("n", True),
        ("max_new_tokens", 0),
        ("max_new_tokens", -5),
        ("max_new_tokens", "80"),
        ("seed", -1),
        ("seed", True),
        ("seed", None),
        ("seed", 1.0),
        ("seed", 2**64),
        ("processors", Temperature(1)),
        ("processors", None),
        ("processors", [Temperature]),
        ("processors", ["cold"]),
    ],
)
def test_bad_arguments_are_refused_by_name(lm, argument, value):
    with pytest.raises(ValueError, match=argument):
        generate(lm, **{argument: value})


def test_a_model_without_its_tokenizer_is_refused(lm):
    with pytest.raises(ValueError, match="lm must be a LanguageModel"):
        generate(lm.model, "Once")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_leave_no_token_are_refused(lm, value):
    def spoil(input_ids, scores):
        return torch.full_like(scores, value)

    with pytest.raises(ValueError, match="no token can be drawn"):
        generate(lm, "Once", max_new_tokens=3, processors=[spoil])


def test_a_model_that_gives_nan_is_blamed_itself(checkpoint):
    lm = load_model(checkpoint)
    with torch.no_grad():
        lm.model.lm_head.weight[5] = math.nan
    for processors in ([], [Temperature(0.5)]):
        with pytest.raises(ValueError, match="which the model left"):
            generate(lm, "Once", max_new_tokens=2, processors=processors)


def test_scores_in_whole_numbers_are_refused(lm):
    with pytest.raises(ValueError, match=r"in floating point, not torch\.int64"):
        generate(lm, "Once", processors=[lambda input_ids, scores: scores.long()])


@pytest.mark.parametrize(
    "temperature", ["hot", [1.0, 2.0, 3.0], None, {}, [[1.0], "x"]]
)
def test_a_temperature_that_is_none_is_named(lm, temperature):
    def same(input_ids, scores):
        return scores

    same.temperature = temperature
    if temperature is None:  # as good as not there
        assert generate(lm, "Once", n=2, max_new_tokens=2, processors=[same])
        return
    with pytest.raises(ValueError, match=r"temperature of processor .* a number"):
        generate(lm, "Once", n=2, max_new_tokens=2, processors=[same])


def test_runs_show_the_beginning_of_a_long_first_text(lm):
    runs = generate(lm, "Once", max_new_tokens=60, processors=[NoEnd()])
    assert len(runs.texts[0]) > 60
    assert f"first: {runs.texts[0][:57] + '...'!r})" in repr(runs)
    short = generate(lm, "Once", max_new_tokens=1)
    assert f"first: {short.texts[0]!r})" in repr(short)


def test_the_same_object_twice_is_called_twice(lm):
    calls = []

    def note(input_ids, scores):
        calls.append(len(input_ids))
        return scores

    generate(lm, "Once", max_new_tokens=1, processors=[note, note])
    assert calls == [1, 1]


@pytest.mark.parametrize("result", [None, torch.zeros(3), "scores"])
def test_processors_must_return_scores(lm, result):
    with pytest.raises(ValueError, match="must return scores of shape"):
        generate(lm, "Once", processors=[lambda input_ids, scores: result])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_same_tokens_on_a_gpu(lm):
    runs = generate(lm, THREE, 8, 40, [Temperature(0.8), TopK(50), TopP(0.9)], seed=1)
    rows = by_transformers(lm, THREE, 8, 40, SAMPLERS["chain"], 1)
    assert_same_tokens(runs, rows, lm)
