"""The world's probabilities are exact, its tales consistent, its parser exacting."""

import math
import random
import re
from collections import Counter

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from course_utils.worlds.grammar import Grammar, GrammarError, Phrase, split_words
from course_utils.worlds.parsing import DRAWN, FACTORS
from course_utils.worlds.stories import StoryWorld

WORLD = StoryWorld()


def byte_level_bpe(vocab_size: int) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [document.text for document in WORLD.documents.sample(2000)]
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>"
    )


@pytest.fixture(scope="module", params=[270, 500, 1500])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    """From words in letters to words in one piece."""
    return byte_level_bpe(request.param)


@pytest.fixture(scope="module")
def stories():
    return WORLD.sample(50_000, seed=11)


def test_sampling_is_deterministic_in_the_seed():
    assert WORLD.sample(20, seed=3) == WORLD.sample(20, seed=3)
    assert WORLD.sample(20, seed=3) != WORLD.sample(20, seed=4)
    assert WORLD.documents.sample(20, 3) == WORLD.documents.sample(20, 3)


def test_a_retold_tale_has_other_words_and_the_same_events():
    story = WORLD.sample(1, seed=8)[0]
    told = WORLD.retell(story, 30, seed=1)
    assert len({other.text for other in told}) == 30
    for other in told:
        parse = WORLD.parse(other.text)
        assert parse.finished and parse.labels == other.labels
        for factor in ("arc", *DRAWN):
            assert other.labels[factor] == story.labels[factor]
    assert len({other.labels["mood"] for other in told}) > 1
    assert WORLD.retell(story, 3, seed=1) == WORLD.retell(story, 3, seed=1)


def test_only_a_whole_tale_is_retold():
    story = WORLD.sample(1)[0]
    with pytest.raises(ValueError, match="n is 0"):
        WORLD.retell(story, 0)
    with pytest.raises(ValueError, match="no label 'arc'"):
        WORLD.retell(type(story)("Once", {}), 2)


def test_every_sample_parses_to_its_own_labels(stories):
    for story in stories[:2000]:
        parse = WORLD.parse(story.text)
        assert parse.valid and parse.finished and parse.fault is None
        assert parse.labels == story.labels
        assert parse.valid_prefix == story.text


def test_every_document_parses_to_its_own_tales():
    documents = WORLD.documents.sample(1500, seed=5)
    assert {d.kind for d in documents} == {"plain", "words", "about"}
    assert {len(d.stories) for d in documents} == {1, 2, 3, 4}
    for document in documents:
        parse = WORLD.parse(document.text)
        assert parse.finished and parse.stories == document.stories


def test_tales_of_a_collection_share_their_factor():
    for document in WORLD.documents.sample(2000, seed=6):
        if document.shared:
            assert len({labels[document.shared] for labels in document.stories}) == 1


def test_monte_carlo_agrees_with_the_closed_form_entropy(stories):
    logs = np.array([WORLD.log_prob(story.text) for story in stories])
    standard_error = logs.std() / math.sqrt(len(logs))
    assert abs(-logs.mean() - WORLD.entropy()) < 4 * standard_error


def test_monte_carlo_agrees_with_the_closed_form_document_entropy():
    documents = WORLD.documents.sample(10_000, seed=7)
    logs = np.array([WORLD.documents.log_prob(d.text) for d in documents])
    standard_error = logs.std() / math.sqrt(len(logs))
    assert abs(-logs.mean() - WORLD.documents.entropy()) < 4 * standard_error


@pytest.mark.parametrize("factor", FACTORS)
def test_sampled_shares_agree_with_the_true_probabilities(factor, stories):
    counts = Counter(story.labels[factor] for story in stories)
    truth = WORLD.probabilities(factor)
    assert set(counts) == set(truth)
    chi_square = sum(
        (counts[v] - len(stories) * p) ** 2 / (len(stories) * p)
        for v, p in truth.items()
    )
    degrees = len(truth) - 1
    assert chi_square < degrees + 5 * math.sqrt(2 * degrees)
    assert math.isclose(sum(truth.values()), 1.0, abs_tol=1e-12)
    entropy = -sum(p * math.log(p) for p in truth.values())
    assert math.isclose(WORLD.entropy(factor), entropy, abs_tol=1e-12)


def test_sizes_are_as_designed():
    least = {"arc": 12, "hero": 24, "animal": 16, "place": 16, "object": 16}
    least |= {"trait": 10, "opening": 4, "mood": 4}
    for factor, size in least.items():
        assert len(WORLD.probabilities(factor)) >= size
    for beats in WORLD.data["arcs"].values():
        assert len(beats) >= 5 and all(len(beat) >= 4 for beat in beats)


def test_tales_have_45_to_90_words_and_marks(stories):
    lengths = [len(split_words(story.text)) for story in stories[:5000]]
    assert min(lengths) >= 45 and max(lengths) <= 90


def test_people_and_things_are_named_at_least_twice_in_every_tale():
    """Otherwise a changed name could pass for another tale."""
    opening = [t for style in WORLD.data["openings"].values() for t in style]
    ending = [t for mood in WORLD.data["endings"].values() for t in mood]
    for arc, beats in WORLD.data["arcs"].items():
        for factor in ("hero", "animal", "place", "object"):
            least = sum(_least(point, factor) for point in (opening, *beats, ending))
            assert least >= 2, f"{factor} in {arc}"


def _least(templates: list[str], factor: str) -> int:
    forms = {factor, f"an_{factor}", f"An_{factor}"}
    return min(sum(t.count(f"{{{form}}}") for form in forms) for t in templates)


def test_log_prob_of_a_text_outside_the_world_is_minus_infinity():
    assert WORLD.log_prob("Call me Ishmael.") == -math.inf
    assert WORLD.log_prob("") == -math.inf
    story = WORLD.sample(1)[0].text
    assert WORLD.log_prob(story + " ") == -math.inf
    assert WORLD.log_prob(story[:-1]) == -math.inf


# --- faults -----------------------------------------------------------------------


@pytest.mark.parametrize("factor", ["hero", "animal", "place", "object"])
def test_one_changed_mention_is_caught_and_named(factor):
    """Every later mention, and the first one through the second."""
    chooser = random.Random(factor)
    for story in WORLD.sample(150, seed=21):
        before = story.labels[factor]
        after = chooser.choice([v for v in WORLD.probabilities(factor) if v != before])
        words = split_words(story.text)
        places = [i for i, word in enumerate(words) if word.strip() == before]
        words[chooser.choice(places)] = " " + after
        parse = WORLD.parse("".join(words))
        assert not parse.valid, (before, after, parse)
        assert parse.fault.kind in ("consistency", "grammar")


def test_a_changed_hero_is_named():
    text = next(s.text for s in WORLD.sample(200, 2) if s.labels["hero"] == "Mira")
    head, _, tail = text.rpartition("Mira")
    parse = WORLD.parse(head + "Tom" + tail)
    assert parse.fault.kind == "consistency"
    assert parse.fault.message == "the hero was Mira, but then comes 'Tom'"
    assert parse.fault.position == len(head) - (head[-1] == " ")
    assert parse.valid_prefix == head.rstrip(" ")


def test_a_wrong_pronoun_is_a_changed_hero():
    story = next(
        s
        for s in WORLD.sample(300, 8)
        if s.labels["hero"] == "Mira" and " she " in s.text
    )
    parse = WORLD.parse(story.text.replace(" she ", " he ", 1))
    assert parse.fault.kind == "consistency"
    assert "Mira" in parse.fault.message and "'he'" in parse.fault.message


def test_tales_that_share_nothing_are_no_collection():
    first = WORLD.sample(1, 1)[0]
    shared = WORLD.data["documents"]["shared"]
    other = next(
        s
        for s in WORLD.sample(200, 3)
        if all(s.labels[f] != first.labels[f] for f in shared)
    )
    parse = WORLD.parse(first.text + "\n" + other.text)
    assert not parse.valid and parse.stories == (first.labels,)
    assert parse.fault.kind == "consistency"
    assert "share nothing" in parse.fault.message


def test_a_missing_space_is_shown():
    text = WORLD.sample(1, 1)[0].text.replace(". ", ".", 1)
    message = WORLD.parse(text).fault.message
    first, _, allowed = message.partition(", not ")
    assert first.rpartition("comes ")[2] not in allowed.split(" or ")


def test_after_a_complete_tale_the_end_is_named():
    message = WORLD.parse(WORLD.sample(1, 1)[0].text + " It").fault.message
    assert "the end" in message


def test_one_changed_word_is_caught():
    chooser = random.Random(0)
    for story in WORLD.sample(200, seed=22):
        words = split_words(story.text)
        i = chooser.randrange(len(words))
        words[i] = " xylophone"
        parse = WORLD.parse("".join(words))
        assert not parse.valid and parse.fault.kind == "grammar"
        assert "xylophone" in parse.fault.message
        assert parse.valid_prefix == "".join(words[:i])


def test_a_swapped_sentence_is_caught():
    for story in WORLD.sample(50, seed=23):
        sentences = story.text.split(". ")
        sentences[2], sentences[3] = sentences[3], sentences[2]
        assert not WORLD.parse(". ".join(sentences)).valid


def test_a_text_cut_short_is_unfinished_and_keeps_what_it_settled():
    story = WORLD.sample(1, seed=1)[0]
    for end in range(len(story.text)):
        parse = WORLD.parse(story.text[:end])
        assert parse.fault.kind == "unfinished", story.text[:end]
        assert not parse.valid
        assert parse.labels.items() <= story.labels.items()


def test_a_collection_cut_within_its_second_tale_is_valid_but_not_finished():
    document = next(d for d in WORLD.documents.sample(500) if len(d.stories) == 2)
    parse = WORLD.parse(document.text[:-20])
    assert parse.valid and not parse.finished
    assert parse.stories == document.stories[:1]


@pytest.mark.parametrize("text", ["", " ", "\n", "?!", "Über", "🦊", "ا", "Once"])
def test_any_text_can_be_parsed(text):
    assert not WORLD.parse(text).valid


def test_a_parse_prints_its_verdict():
    assert str(WORLD.parse("Once upon a midnight")).startswith("not valid (grammar): ")
    assert str(WORLD.parse(WORLD.sample(1)[0].text)).startswith("valid: ")


# --- the oracle -------------------------------------------------------------------


def test_the_oracle_sums_to_one_and_its_chain_rule_gives_log_prob(tokenizer):
    for distribution in (WORLD, WORLD.documents):
        for text in (sample.text for sample in distribution.sample(15, seed=9)):
            oracle = distribution.oracle(tokenizer)
            total = 0.0
            ids = tokenizer.encode(text, add_special_tokens=False)
            for token in [*ids, tokenizer.eos_token_id]:
                probs = oracle.distribution()
                assert math.isclose(probs.sum().item(), 1.0, abs_tol=1e-9)
                assert math.isclose(probs[token], oracle.push(token), rel_tol=1e-9)
                total += math.log(probs[token])
            assert math.isclose(total, distribution.log_prob(text), abs_tol=1e-8)


def test_next_token_distribution_takes_text_and_ids(tokenizer):
    text = "Once upon a time there"
    ids = tokenizer.encode(text, add_special_tokens=False)
    by_text = WORLD.next_token_distribution(text, tokenizer)
    assert by_text.equal(WORLD.next_token_distribution(ids, tokenizer))
    headed = [tokenizer.eos_token_id, *ids]
    assert by_text.equal(WORLD.next_token_distribution(headed, tokenizer))


def test_after_a_complete_headed_tale_only_the_end_can_come(tokenizer):
    document = next(d for d in WORLD.documents.sample(99) if d.kind == "words")
    probs = WORLD.documents.next_token_distribution(document.text, tokenizer)
    assert probs[tokenizer.eos_token_id] == 1.0


def test_a_tale_by_itself_ends_and_within_a_document_may_go_on(tokenizer):
    text = WORLD.sample(1)[0].text
    end = tokenizer.eos_token_id
    assert WORLD.next_token_distribution(text, tokenizer)[end] == 1.0
    probs = WORLD.documents.next_token_distribution(text, tokenizer)
    assert probs[end] == 1 - WORLD.data["documents"]["another_tale"][0]


def test_a_tale_is_as_likely_in_a_document_as_its_framing():
    text = WORLD.sample(1)[0].text
    framing = WORLD.data["documents"]
    alone = framing["plain"] * (1 - framing["another_tale"][0])
    within = WORLD.documents.log_prob(text)
    assert within == pytest.approx(WORLD.log_prob(text) + math.log(alone))


def test_an_impossible_prefix_is_refused_by_name(tokenizer):
    with pytest.raises(ValueError, match="prefix has the token"):
        WORLD.next_token_distribution("Once upon a xylophone", tokenizer)


@pytest.mark.parametrize(
    ("token", "shown"), [(0, "'<|endoftext|>'"), (-1, "unknown"), (10**6, "unknown")]
)
def test_an_impossible_token_is_shown_where_it_has_a_text(tokenizer, token, shown):
    oracle = WORLD.oracle(tokenizer)
    oracle.push(tokenizer.encode("Once")[0])
    with pytest.raises(ValueError, match=re.escape(f"token {token} ({shown})")):
        oracle.push(token)


def test_a_header_settles_its_words():
    tokenizer = byte_level_bpe(1500)
    text = "A story about Mira.\nOnce upon a time there was a brave"
    probs = WORLD.documents.next_token_distribution(text, tokenizer)
    assert probs[tokenizer.encode(" girl")[0]] == 1.0
    with pytest.raises(ValueError, match="prefix has the token"):
        WORLD.next_token_distribution(text, tokenizer)


def test_the_posterior_over_what_is_shared_is_bayes_rule():
    """After two whole tales, against the definition."""
    prior = WORLD.data["documents"]["shared"]
    for document in WORLD.documents.sample(4000, seed=12):
        if len(document.stories) != 2:
            continue
        reading = WORLD.documents.reading()
        for word in split_words(document.text):
            reading.advance(word)
        first, second = document.stories
        weights = {
            factor: weight / WORLD.probabilities(factor)[first[factor]]
            for factor, weight in prior.items()
            if first[factor] == second[factor]
        }
        total = sum(weights.values())
        assert reading.shared_posterior() == pytest.approx(
            {factor: weight / total for factor, weight in weights.items()}
        )


# --- bad input and bad grammars -----------------------------------------------------


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3"])
def test_a_bad_count_is_refused(n):
    with pytest.raises(ValueError, match="n is"):
        WORLD.sample(n)


def test_an_unknown_factor_is_refused():
    with pytest.raises(ValueError, match="factor is 'colour'; allowed: arc"):
        WORLD.probabilities("colour")


def grammar() -> Grammar:
    pets = {v: {"pet": v, "a_pet": f"a {v}"} for v in ("cat", "dog")}
    return Grammar({"pet": pets})


def test_a_grammar_with_two_readings_is_refused():
    with pytest.raises(GrammarError, match="stands twice"):
        grammar().trie([Phrase("A {pet}.", 0.5), Phrase("A {pet}.", 0.5)])
    with pytest.raises(GrammarError, match="collides"):
        grammar().trie([Phrase("My {pet}.", 0.5), Phrase("My cat.", 0.5)])
    with pytest.raises(GrammarError, match="begins another"):
        grammar().trie([Phrase("My {pet}", 0.5), Phrase("My {pet}.", 0.5)])
    with pytest.raises(GrammarError, match="unknown slot"):
        grammar().trie([Phrase("My {hat}.", 1.0)])


def test_every_factor_that_fills_slots_has_forms():
    assert set(WORLD.grammar.forms) == set(DRAWN)


def test_the_next_tale_is_what_collections_say():
    """Of many collections, those whose first tale has this hero go on as foretold."""
    documents = [d for d in WORLD.documents.sample(40_000, seed=3) if d.stories[1:]]
    mira = [d for d in documents if d.stories[0]["hero"] == "Mira"]
    told = sum(d.stories[1]["hero"] == "Mira" for d in mira) / len(mira)
    first = mira[0].text.split("\n")[0]
    assert told == pytest.approx(
        WORLD.documents.next_tale(first, "hero")["Mira"], abs=0.04
    )


def test_what_two_tales_do_not_share_stays_as_it_is():
    tales = WORLD.sample(3000, seed=4)
    one = tales[0]
    other = next(
        t
        for t in tales
        if t.labels["animal"] == one.labels["animal"]
        and all(t.labels[f] != one.labels[f] for f in ("hero", "place", "arc"))
    )
    after = WORLD.documents.next_tale(f"{one.text}\n{other.text}", "hero")
    assert after == pytest.approx(WORLD.probabilities("hero"))
    animals = WORLD.documents.next_tale(f"{one.text}\n{other.text}", "animal")
    assert animals[one.labels["animal"]] == pytest.approx(1)


def test_no_tale_follows_what_is_no_collection():
    with pytest.raises(ValueError, match="one to three whole tales"):
        WORLD.documents.next_tale("No tale.", "hero")
