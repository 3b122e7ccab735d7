import math
from collections import Counter

import pytest
import torch
from transformers import LogitsProcessorList, RepetitionPenaltyLogitsProcessor

from course_utils import load_model
from course_utils.forward import PlainGPT2
from course_utils.mitigation.search import beam_search, diverse_beam_search
from course_utils.mitigation.search_run import Found
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import TopK
from course_utils.model import LanguageModel
from tests.conftest import random_gpt2

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
}


def tiny_llama():
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**TINY, num_key_value_heads=2))


def tiny_qwen():
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(**TINY, num_key_value_heads=2))


def tiny_mistral():
    from transformers import MistralConfig, MistralForCausalLM

    grouped = {"num_key_value_heads": 2, "sliding_window": 6}
    return MistralForCausalLM(MistralConfig(**TINY, **grouped))


ARCHITECTURES = {
    "gpt2": random_gpt2,
    "llama": tiny_llama,
    "qwen2": tiny_qwen,
    "mistral": tiny_mistral,
}


class Letters:
    """A tokenizer with one letter for each token; the first ends a text."""

    eos_token_id = bos_token_id = pad_token_id = 0

    def __call__(self, text, verbose=False):
        return {"input_ids": [ord(letter) - ord("a") for letter in text]}

    def decode(self, ids, skip_special_tokens, clean_up_tokenization_spaces):
        return "".join(chr(ord("a") + token) for token in ids if token > 0)


def random_lm(architecture, **changes):
    torch.manual_seed(0)
    model = ARCHITECTURES[architecture](**changes).eval()
    return LanguageModel(model, Letters(), architecture)


def small_lm(vocabulary=5, **changes):
    """So few tokens that every text can be listed."""
    return random_lm("gpt2", vocab_size=vocabulary, initializer_range=0.5, **changes)


def table_lm(table):
    """A GPT-2 that looks at its last token alone: row i of `table` follows token i."""
    lm = small_lm(len(table), n_layer=1, n_embd=len(table), n_head=1)
    model, logits = lm.model, torch.tensor(table).clamp_min(1e-9).log()
    with torch.no_grad():
        for block in model.transformer.h:
            for part in (block.attn.c_proj, block.mlp.c_proj):
                part.weight.zero_(), part.bias.zero_()
        model.transformer.wpe.weight.zero_()
        model.transformer.wte.weight.copy_(torch.eye(len(table)))
        # The norm centres the states: its bias gives the head all of its freedom.
        model.transformer.ln_f.bias.fill_(1.0)
        states = model.transformer.ln_f(torch.eye(len(table)))
        model.lm_head.weight = torch.nn.Parameter(
            (torch.linalg.pinv(states) @ logits).T.contiguous()
        )
    return lm


@torch.no_grad()
def next_log_probs(lm, ids, processors=()):
    """Of the token after `ids`, by one forward without a cache."""
    ids = torch.tensor([ids], device=lm.device)
    scores = lm.model(ids).logits[:, -1].float().log_softmax(dim=-1)
    for processor in processors:
        scores = processor(ids, scores)
    return scores[0].cpu()


@torch.no_grad()
def logprob_of(lm, prompt, ids):
    start = lm.encode(prompt)
    logits = lm.model(torch.tensor([start + ids], device=lm.device)).logits[0]
    log_probs = logits.double().log_softmax(dim=-1)[len(start) - 1 : -1].cpu()
    return log_probs.gather(-1, torch.tensor(ids)[:, None]).sum().item()


class Positions:
    """Counts the token positions that go through a model, the prompt's once."""

    def __init__(self, model, rows=1):
        self.calls, self.rows = [], rows
        model.register_forward_pre_hook(self.note, with_kwargs=True)

    def note(self, module, arguments, options):
        self.calls.append(options["input_ids"].numel())

    def passes(self):
        return self.calls[0] // self.rows + sum(self.calls[1:])


def by_transformers(lm, prompt, num_beams, length, processors=(), **options):
    """Token ids up to each end, and scores."""
    start = torch.tensor([lm.encode(prompt)], device=lm.device)
    out = lm.model.generate(
        start,
        attention_mask=torch.ones_like(start),
        num_beams=num_beams,
        num_return_sequences=num_beams,
        do_sample=False,
        max_new_tokens=length,
        logits_processor=LogitsProcessorList(processors),
        eos_token_id=lm.stop_ids,
        pad_token_id=lm.padding_id,
        return_dict_in_generate=True,
        output_scores=True,
        **options,
    )
    rows = out.sequences[:, start.shape[1] :].tolist()
    return [cut(row, lm) for row in rows], out.sequences_scores.tolist()


def cut(ids, lm):
    ends = [place + 1 for place, token in enumerate(ids) if token in lm.stop_ids]
    return ids[: ends[0]] if ends else ids


def assert_as_transformers(lm, prompt, num_beams, length, processors=(), **options):
    found = beam_search(lm, prompt, num_beams, length, processors=processors, **options)
    rows, scores = by_transformers(lm, prompt, num_beams, length, processors, **options)
    assert found.token_ids == rows
    assert found.scores == pytest.approx(scores, rel=1e-5, abs=1e-6)
    return found


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller")


# Beam search is that of transformers


@pytest.mark.parametrize("num_beams, length", [(2, 40), (4, 5), (10, 1), (10, 40)])
@pytest.mark.parametrize("prompt", ["", "Once upon a time", "The fox"])
def test_finds_what_transformers_finds(storyteller, prompt, num_beams, length):
    assert_as_transformers(storyteller, prompt, num_beams, length)


@pytest.mark.parametrize("num_beams", [2, 4])
def test_finds_what_transformers_finds_in_long_texts(storyteller, num_beams):
    found = assert_as_transformers(storyteller, "The owl", num_beams, 100)
    assert max(map(len, found.token_ids)) > 40


@pytest.mark.parametrize("early_stopping", [True, False, "never"])
@pytest.mark.parametrize("length_penalty", [0, 1, 2, -1])
def test_ends_when_transformers_ends(length_penalty, early_stopping, storyteller, lm):
    options = {"length_penalty": length_penalty, "early_stopping": early_stopping}
    assert_as_transformers(storyteller, "In the end", 4, 30, **options)
    likely_ends = [lambda ids, scores: scores + 3 * (torch.arange(300) == 0)]
    lengths = set()
    for prompt in ("Once", "The owl said", ""):
        found = assert_as_transformers(lm, prompt, 4, 40, likely_ends, **options)
        lengths |= {len(ids) for ids in found.token_ids}
    assert len(lengths) > 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("num_beams", [2, 10])
def test_any_architecture_finds_what_transformers_finds(architecture, num_beams):
    lm = random_lm(architecture)
    for prompt in ("", "bcd", "onceuponatime"):
        assert_as_transformers(lm, prompt, num_beams, 20)


PROCESSORS = {
    "top-k": lambda: [TopK(20)],
    "temperature": lambda: [Temperature(0.5)],
    "both": lambda: [Temperature(2.0), TopK(15)],
    "repetition": lambda: [RepetitionPenaltyLogitsProcessor(1.5)],
    "of the row": lambda: [by_sum_of_ids],
}


def by_sum_of_ids(ids, scores):
    """Another row's text would change the scores."""
    places = ids.sum(dim=-1, keepdim=True) + torch.arange(scores.shape[-1])
    return scores - 4.0 * (places % 3 == 0)


@pytest.mark.parametrize("name", PROCESSORS)
def test_processors_change_scores_as_in_transformers(storyteller, name):
    processors = PROCESSORS[name]()
    assert_as_transformers(storyteller, "Once upon", 4, 25, processors)
    assert_as_transformers(random_lm("mistral"), "bcde", 4, 15, processors)


@pytest.mark.parametrize("stops", [[0, 7], [0, 3, 5, 90, 91, 92, 120, 200]])
def test_several_tokens_may_end_a_text(stops):
    lm = random_lm("gpt2")
    lm.model.generation_config.eos_token_id = stops
    likely = torch.isin(torch.arange(300), torch.tensor(stops))
    for num_beams in (2, 4):
        found = assert_as_transformers(
            lm, "bcd", num_beams, 25, [lambda ids, scores: scores + 4 * likely]
        )
        assert found.token_ids[0][-1] in stops
        assert not {0, *stops} & {
            token for ids in found.token_ids for token in ids[:-1]
        }


def test_enough_goes_on_where_all_of_the_best_end():
    lm, stops = random_lm("gpt2"), [0, 3, 5, 90, 91, 92, 120, 200]
    lm.model.generation_config.eos_token_id = stops
    likely = torch.isin(torch.arange(300), torch.tensor(stops))
    found = assert_as_transformers(
        lm,
        "bcd",
        3,
        8,
        [lambda ids, scores: scores + 25 * likely - 25],
        length_penalty=2,
        early_stopping="never",
    )
    assert found.passes == 3 + 3 * 7


def test_half_precision_finds_what_transformers_finds():
    lm = random_lm("llama")
    lm.model.bfloat16()
    assert_as_transformers(lm, "bcd", 4, 12)


def test_one_beam_is_greedy(storyteller):
    found, ids = beam_search(storyteller, "Once", 1, 20), storyteller.encode("Once")
    for token in found.token_ids[0]:
        assert token == next_log_probs(storyteller, ids).argmax()
        ids.append(token)
    assert len(found) == 1


def test_enough_beams_find_the_best_text_of_all():
    lm = small_lm()
    texts = all_texts(lm, "b", 3)
    best = sorted(texts, key=texts.get, reverse=True)
    found = beam_search(lm, "b", 125, 3, length_penalty=0, early_stopping="never")
    assert [tuple(ids) for ids in found.token_ids] == best
    assert found.scores == pytest.approx([texts[ids] for ids in best], rel=1e-5)


def all_texts(lm, prompt, length, processors=()):
    """Every text of a small vocabulary with its log-probability, exactly."""
    texts, running = {}, {(): 0.0}
    for step in range(length):
        longer = {}
        for ids, logprob in running.items():
            start = [*lm.encode(prompt), *ids]
            scores = next_log_probs(lm, start, processors).double()
            for token, score in enumerate(scores.log_softmax(dim=-1).tolist()):
                has_ended = token in lm.stop_ids or step == length - 1
                if score > -math.inf:
                    into = texts if has_ended else longer
                    into[*ids, token] = logprob + score
        running = longer
    return texts


# What is found


def test_texts_are_the_prompt_and_what_follows(lm):
    ends = [lambda ids, scores: scores + 3 * (torch.arange(300) == 0)]
    found = beam_search(lm, "Once", 6, 30, processors=ends)
    assert any(ids[-1] == lm.end_of_text_id for ids in found.token_ids)
    for text, ids in zip(found.texts, found.token_ids, strict=True):
        assert text == lm.decode([*lm.encode("Once"), *ids])
        assert text.startswith("Once") and "<|endoftext|>" not in text
        assert lm.end_of_text_id not in ids[:-1]


def test_logprobs_are_the_sum_over_the_tokens(storyteller, lm):
    for model in (storyteller, lm, random_lm("mistral")):
        for length_penalty in (0, 1):
            found = beam_search(
                model, "onceu", 4, 12, length_penalty, early_stopping="never"
            )
            expected = [logprob_of(model, "onceu", ids) for ids in found.token_ids]
            assert found.logprobs == pytest.approx(expected, rel=1e-4)
            lengths = [len(ids) ** length_penalty for ids in found.token_ids]
            scores = [p / n for p, n in zip(found.logprobs, lengths, strict=True)]
            assert found.scores == pytest.approx(scores, rel=1e-5)
            assert found.scores == sorted(found.scores, reverse=True)


def test_n_best_are_the_first_of_all(storyteller):
    everything = beam_search(storyteller, "Once", 5, 12)
    assert len(everything) == 5
    for n_best in (1, 3):
        found = beam_search(storyteller, "Once", 5, 12, n_best=n_best)
        assert len(found) == len(found.groups) == n_best
        assert found.token_ids == everything.token_ids[:n_best]
        assert found.scores == everything.scores[:n_best]
        assert found.passes == everything.passes


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_passes_are_what_went_through_the_model(architecture):
    lm = random_lm(architecture)
    counted = Positions(lm.model, rows=4)
    found = diverse_beam_search(lm, "bcd", 4, 2, max_new_tokens=9)
    assert found.passes == counted.passes() == 3 + 4 * 8


def test_a_search_that_ends_early_costs_less():
    lm = random_lm("gpt2")
    ends = [lambda ids, scores: scores + 9 * (torch.arange(300) == 0)]
    counted = Positions(lm.model, rows=3)
    found = beam_search(lm, "bcd", 3, 50, early_stopping=True, processors=ends)
    assert found.passes == counted.passes() < 3 + 3 * 10


def test_a_plain_gpt2_runs_from_its_weights(storyteller, monkeypatch):
    steps = []
    step = PlainGPT2.step
    monkeypatch.setattr(
        PlainGPT2, "step", lambda self, ids: steps.append(len(ids)) or step(self, ids)
    )
    beam_search(storyteller, "Once", 4, 6)
    assert steps == [4] * 5


def beginnings(found, size):
    """Every beginning in the tree: its ids, score and group."""
    rows, listed = {}, []
    for step in range(1 + max(branch.step for branch in found.tree)):
        new = Counter()
        longer = {}
        for branch in (branch for branch in found.tree if branch.step == step):
            before = rows[branch.parent] if step else []
            assert branch.parent // size == branch.group
            listed.append(([*before, branch.token], branch.score, branch.group))
            if branch.token != 0:
                longer[branch.group * size + new[branch.group]] = listed[-1][0]
                new[branch.group] += 1
        assert max(new.values(), default=0) <= size
        rows = longer
    return listed


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("likely", [0.0, 3.0, 6.0])
def test_every_text_can_be_followed_through_the_tree(groups, likely):
    lm = random_lm("gpt2")
    ends = [lambda ids, scores: scores + likely * (torch.arange(300) == 0)]
    found = diverse_beam_search(
        lm, "bcd", 6, groups, 2.0, 20, length_penalty=0, processors=ends
    )
    listed = beginnings(found, 6 // groups)
    for ids, score, group in zip(
        found.token_ids, found.scores, found.groups, strict=True
    ):
        for length in range(1, len(ids) + 1):
            assert any(ids[:length] == known[0] for known in listed)
        assert (ids, score, group) in listed


def test_the_tree_holds_as_many_branches_as_beams(storyteller):
    found = beam_search(storyteller, "Once", 4, 7, processors=[TopK(20)])
    assert Counter(branch.step for branch in found.tree) == dict.fromkeys(range(7), 4)
    assert {branch.group for branch in found.tree} == {0}
    assert {branch.parent for branch in found.tree if branch.step == 0} == {0}


def test_the_tree_is_too_long_to_print(storyteller):
    found = beam_search(storyteller, "Once", 2, 3)
    assert isinstance(found, Found)
    assert repr(found).startswith("Found(2 texts in ") and "Branch" not in repr(found)


def test_a_search_starts_without_memory_of_the_last(storyteller):
    class Counts:
        def __init__(self):
            self.calls = 0

        def reset(self):
            self.calls = 0

        def __call__(self, ids, scores):
            self.calls += 1
            return scores / self.calls

    processor = Counts()
    first = beam_search(storyteller, "Once", 3, 8, processors=[processor])
    again = beam_search(storyteller, "Once", 3, 8, processors=[processor])
    assert first.token_ids == again.token_ids and first.scores == again.scores
    assert processor.calls == 8


# Few texts


def test_no_text_twice_where_there_are_fewer_than_beams():
    lm = small_lm()
    for length, number in ((1, 5), (2, 21)):
        found = beam_search(lm, "b", 30, length, length_penalty=0)
        assert len(set(map(tuple, found.token_ids))) == len(found) == number
        assert all(math.isfinite(score) for score in found.scores)


def test_forbidden_tokens_never_appear(storyteller):
    found = beam_search(storyteller, "Once", 4, 6, processors=[TopK(1)])
    greedy = beam_search(storyteller, "Once", 1, 6)
    assert found.token_ids == greedy.token_ids
    assert found.logprobs == pytest.approx(greedy.logprobs, rel=1e-5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_leave_no_token_are_refused(storyteller, value):
    def spoil(ids, scores):
        return torch.full_like(scores, value)

    with pytest.raises(ValueError, match="spoil"):
        beam_search(storyteller, "Once", 2, 3, processors=[spoil])


# Groups


@pytest.mark.parametrize("penalty", [0.0, 0.5, 100.0])
def test_one_group_is_beam_search(storyteller, penalty):
    for options in ({}, {"length_penalty": 2, "early_stopping": True, "n_best": 2}):
        alone = beam_search(storyteller, "Once", 4, 15, **options)
        group = diverse_beam_search(storyteller, "Once", 4, 1, penalty, 15, **options)
        assert vars(alone) == vars(group)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_without_a_penalty_every_group_is_its_own_beam_search(storyteller, groups):
    alone = beam_search(storyteller, "The fox", 6 // groups, 20)
    found = diverse_beam_search(storyteller, "The fox", 6, groups, 0.0, 20)
    for number in range(groups):
        assert of_group(found, number) == alone.token_ids


def of_group(found, number):
    pairs = zip(found.token_ids, found.groups, strict=True)
    return [ids for ids, group in pairs if group == number]


def slow_diverse(lm, prompt, num_beams, num_groups, penalty, length):
    """(text, score, group), without cache, by the rule of the paper's algorithm 1.

    length_penalty = 0: scores only fall, so that a full group stops when its best
    beginning is below its worst text.
    """
    size, start = num_beams // num_groups, lm.encode(prompt)
    running = [[((), 0.0)] for _ in range(num_groups)]
    finished = [[] for _ in range(num_groups)]
    for step in range(length):
        said = Counter()
        for number in range(num_groups):
            options = sorted(
                (
                    ((*ids, token), score + log_prob - penalty * said[token])
                    for ids, score in running[number]
                    for token, log_prob in enumerate(
                        next_log_probs(lm, [*start, *ids]).tolist()
                    )
                ),
                key=lambda option: -option[1],
            )
            ends = [o for o in options[:size] if o[0][-1] == 0 or step == length - 1]
            on = [o for o in options if o[0][-1] != 0 and step < length - 1][:size]
            said.update(ids[-1] for ids, _ in on or options[:size])
            both = sorted([*finished[number], *ends], key=lambda option: -option[1])
            finished[number] = both[:size]
            full = len(finished[number]) == size
            running[number] = (
                [] if not on or (full and on[0][1] <= finished[number][-1][1]) else on
            )
    texts = [
        (*option, number) for number, group in enumerate(finished) for option in group
    ]
    return sorted(texts, key=lambda text: -text[1])


@pytest.mark.parametrize("penalty", [0.0, 0.3, 1.0, 10.0])
@pytest.mark.parametrize("groups", [2, 3, 6])
def test_groups_pay_for_what_earlier_ones_have_just_chosen(groups, penalty):
    lm = small_lm(12)
    for prompt, length in (("b", 1), ("cd", 2), ("bed", 6)):
        slow = slow_diverse(lm, prompt, 6, groups, penalty, length)
        found = diverse_beam_search(
            lm, prompt, 6, groups, penalty, length, length_penalty=0
        )
        assert sorted(map(tuple, found.token_ids)) == sorted(ids for ids, *_ in slow)
        assert found.scores == pytest.approx([score for _, score, _ in slow], rel=1e-4)
        assert Counter(found.groups) == Counter(group for *_, group in slow)


def test_scores_hold_the_penalties_and_logprobs_do_not():
    lm = table_lm([[0.0, 0.5, 0.3, 0.2], *[[0.0, 0.7, 0.2, 0.1]] * 3])
    found = diverse_beam_search(lm, "", 3, 3, 0.9, 2, length_penalty=0)
    by_group = sorted(
        zip(found.groups, found.token_ids, found.scores, found.logprobs, strict=True)
    )
    # 1st: b b. 2nd: ln .5 - .9 < ln .3, so c; then ln .7 - .9 > ln .2, so b, and pays.
    # 3rd: ln .5 - .9 > ln .2 > ln .3 - .9, so b, and pays; then c, as b costs 1.8.
    assert [ids for _, ids, *_ in by_group] == [[1, 1], [2, 1], [1, 2]]
    logs = [[0.5, 0.7], [0.3, 0.7], [0.5, 0.2]]
    logprobs = [math.log(a) + math.log(b) for a, b in logs]
    assert [row[3] for row in by_group] == pytest.approx(logprobs, rel=1e-4)
    paid = [logprob - row[2] for logprob, row in zip(logprobs, by_group, strict=True)]
    assert paid == pytest.approx([0, 0.9, 0.9], abs=1e-4)


def test_a_high_penalty_parts_the_groups_at_every_step(storyteller):
    for length in (1, 8):
        found = diverse_beam_search(storyteller, "Once", 5, 5, 1e4, length)
        for step in range(length):
            assert len({ids[step] for ids in found.token_ids}) == 5
    assert found.groups[0] == 0 and sorted(found.groups) == list(range(5))


def test_a_strong_group_pushes_nobody_out(storyteller):
    """As it did in transformers before issue 13079: groups then shared one list."""
    ends = [lambda ids, scores: scores + 5 * (torch.arange(scores.shape[-1]) == 0)]
    options = {"length_penalty": 1.0, "processors": ends}
    for early_stopping in (True, False, "never"):
        found = diverse_beam_search(
            storyteller,
            "Once",
            6,
            3,
            50.0,
            20,
            early_stopping=early_stopping,
            **options,
        )
        strong = min(
            s for s, g in zip(found.scores, found.groups, strict=True) if g == 0
        )
        weak = [s for s, g in zip(found.scores, found.groups, strict=True) if g > 0]
        assert max(weak) < strong
        assert Counter(found.groups) == {0: 2, 1: 2, 2: 2}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_groups_run_on_any_architecture(architecture):
    lm = random_lm(architecture)
    found = diverse_beam_search(lm, "bcd", 4, 2, 1.0, 12, length_penalty=0)
    slow = slow_diverse(lm, "bcd", 4, 2, 1.0, 12)
    assert [tuple(ids) for ids in found.token_ids] == [ids for ids, *_ in slow]


# Bad arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prompt", None),
        ("prompt", ["Once"]),
        ("num_beams", 0),
        ("num_beams", 2.0),
        ("num_beams", True),
        ("max_new_tokens", 0),
        ("max_new_tokens", "80"),
        ("length_penalty", math.nan),
        ("length_penalty", math.inf),
        ("length_penalty", "1"),
        ("early_stopping", "always"),
        ("early_stopping", None),
        ("early_stopping", 1),
        ("n_best", 0),
        ("n_best", 11),
        ("n_best", 1.5),
        ("processors", Temperature(1)),
        ("processors", None),
        ("processors", [Temperature]),
        ("processors", ["cold"]),
        ("num_groups", 0),
        ("num_groups", 3),
        ("num_groups", 20),
        ("diversity_penalty", math.nan),
        ("diversity_penalty", math.inf),
        ("diversity_penalty", None),
    ],
)
def test_bad_arguments_are_refused_by_name(lm, argument, value):
    searches = [diverse_beam_search]
    if argument not in ("num_groups", "diversity_penalty"):
        searches.append(beam_search)
    for search in searches:
        with pytest.raises(ValueError, match=argument) as error:
            search(lm, **{argument: value})
        assert "\n" not in str(error.value)


def test_a_model_without_its_tokenizer_is_refused(lm):
    with pytest.raises(ValueError, match="lm must be a LanguageModel"):
        beam_search(lm.model, "Once")


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_text_may_fill_the_context_and_no_more(architecture):
    lm = random_lm(architecture)
    found = beam_search(lm, "b" * 120, 2, 9, early_stopping="never", length_penalty=0)
    assert max(map(len, found.token_ids)) == 9
    with pytest.raises(ValueError, match="exceed the 128 positions"):
        beam_search(lm, "b" * 120, 2, 10)
