"""What is lost when models learn from their own output, and what is not."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.causes.recursion import (
    KEEPS,
    NGram,
    expected_distinct,
    gini_simpson,
    kept_diversity,
    kept_with_real,
    named_shares,
    next_corpus,
    recurse,
    recurse_mixed,
    retell,
)
from course_utils.foundations.softmax import softmax
from course_utils.worlds.grammar import split_words
from course_utils.worlds.parsing import END

rows = st.lists(st.floats(-8, 8), min_size=2, max_size=12).map(
    lambda row: softmax(torch.tensor(row, dtype=torch.float64))
)
ZIPF = torch.tensor([1 / r for r in range(1, 25)]).double()
ZIPF /= ZIPF.sum()
TEXTS = ["A fox sang.", "A fox slept.", "An owl sang.", "An owl and a fox sang."]


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


# --- closed forms


def test_expected_distinct_by_hand():
    assert expected_distinct([0.5, 0.5], 1).item() == 1
    assert expected_distinct([0.5, 0.5], 2).item() == 1.5
    assert expected_distinct([1.0, 0.0], 9).item() == 1
    assert expected_distinct([1.0], 1).item() == 1


@given(rows, st.integers(1, 1000))
def test_expected_distinct_lies_between_one_and_all(probs, samples):
    found = expected_distinct(probs, samples).item()
    assert 1 - 1e-9 <= found <= min(len(probs), samples) + 1e-9
    assert found <= expected_distinct(probs, samples + 1).item() + 1e-12


def test_expected_distinct_is_what_samples_show():
    shares = recurse(ZIPF.expand(4000, 24), 100, 1, generator=dice())[1]
    found = (shares > 0).sum(-1).double().mean().item()
    assert found == pytest.approx(expected_distinct(ZIPF, 100).item(), abs=0.1)


def test_gini_simpson_is_the_chance_that_two_draws_differ():
    assert gini_simpson([0.5, 0.5]).item() == 0.5
    assert gini_simpson([1.0, 0.0]).item() == 0
    assert gini_simpson(torch.full((4,), 0.25)).item() == pytest.approx(0.75)
    assert gini_simpson(torch.full((3, 4), 0.25)).shape == (3,)


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("samples", [1, 10, 100])
def test_diversity_falls_as_the_formula_says(keep, samples):
    shares = recurse(ZIPF.expand(4000, 24), samples, 12, keep, dice())
    kept = (gini_simpson(shares) / gini_simpson(ZIPF)).mean(dim=-1)
    for generation in range(13):
        expected = kept_diversity(samples, generation, keep)
        assert kept[generation].item() == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize("samples", [1, 2, 10, 1000])
def test_replace_loses_all_and_accumulate_stops(samples):
    x = math.pi / math.sqrt(samples)
    assert kept_diversity(samples, 20_000, "replace") < 1e-8
    found = kept_diversity(samples, 20_000, "accumulate")
    assert found == pytest.approx(math.sin(x) / x, abs=1e-4)


def test_the_truth_itself_is_generation_zero():
    for keep in KEEPS:
        assert kept_diversity(5, 0, keep) == 1
        assert torch.equal(recurse(ZIPF, 5, 1, keep)[0], ZIPF)


# --- the recursion


@given(rows, st.integers(1, 30), st.integers(1, 6), st.sampled_from(KEEPS))
def test_every_generation_is_a_distribution(probs, samples, generations, keep):
    shares = recurse(probs, samples, generations, keep)
    assert shares.shape == (generations + 1, len(probs))
    torch.testing.assert_close(
        shares.sum(-1), torch.ones(generations + 1, dtype=torch.float64)
    )


@given(rows, st.integers(1, 30))
def test_what_is_lost_never_comes_back(probs, samples):
    shares = recurse(probs, samples, 8, "replace")
    lost = shares[1:] == 0
    assert (lost[1:] | ~lost[:-1]).all()


@given(rows, st.integers(1, 30))
def test_accumulate_loses_nothing_that_the_real_data_had(probs, samples):
    shares = recurse(probs, samples, 8, "accumulate")
    assert ((shares[1:] > 0) == (shares[1] > 0)).all()


def test_shares_are_counts_of_the_corpus():
    replaced = recurse(ZIPF, 10, 5, "replace")[1:] * 10
    torch.testing.assert_close(replaced, replaced.round())
    kept = recurse(ZIPF, 10, 5, "accumulate")[1:]
    kept = kept * torch.arange(10, 60, 10)[:, None]
    torch.testing.assert_close(kept, kept.round())
    assert (kept.diff(dim=0) > -1e-9).all()  # nothing is taken out


def test_on_average_no_value_gains_or_loses():
    """So a tail vanishes by presence, run by run, not in the mean."""
    for keep in KEEPS:
        shares = recurse(ZIPF.expand(4000, 24), 50, 10, keep, dice())
        torch.testing.assert_close(shares[-1].mean(0), ZIPF, atol=0.012, rtol=0)


def test_rare_values_go_first():
    shares = recurse(ZIPF.expand(1000, 24), 100, 8, "replace", dice())
    present = (shares > 0).double().mean(dim=1)
    assert (present[:, 0] > 0.99).all() and (present[8, -4:] < 0.4).all()
    thirds = present[5].reshape(3, 8).mean(-1)
    assert thirds[0] > thirds[1] > thirds[2]


def test_both_ways_agree_in_the_first_generation_only():
    replaced, kept = (recurse(ZIPF, 50, 3, keep, dice()) for keep in KEEPS)
    assert torch.equal(replaced[1], kept[1])
    assert not torch.equal(replaced[2], kept[2])


def test_the_generator_decides():
    first, second = (recurse(ZIPF, 9, 3, generator=dice(1)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, recurse(ZIPF, 9, 3, generator=dice(2)))


def test_each_row_is_a_run_of_its_own():
    shares = recurse(ZIPF.expand(2, 3, 24), 50, 2, generator=dice())
    assert shares.shape == (3, 2, 3, 24)
    assert not torch.equal(shares[1, 0, 0], shares[1, 1, 2])


def test_a_single_value_and_a_single_sample():
    assert (recurse([1.0], 3, 4) == 1).all()
    assert (recurse(ZIPF, 1, 4)[1:].max(-1).values == 1).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probs": [0.5, 0.4]}, "probs must sum to 1"),
        ({"probs": []}, "probs must have at least one entry"),
        ({"samples": 0}, "samples must be a whole number of at least 1"),
        ({"samples": 2.0}, "samples must be a whole number"),
        ({"generations": 0}, "generations must be a whole number of at least 1"),
        ({"keep": "both"}, "keep is 'both'; allowed: replace, accumulate"),
        ({"generator": 3}, "generator must be a torch.Generator"),
    ],
)
def test_recurse_refuses_what_cannot_be_meant(changed, message):
    given_ = {"probs": ZIPF, "samples": 5, "generations": 2} | changed
    with pytest.raises(ValueError, match=message):
        recurse(**given_)


def test_closed_forms_refuse_what_cannot_be_meant():
    with pytest.raises(ValueError, match="samples"):
        expected_distinct(ZIPF, 0)
    with pytest.raises(ValueError, match="probs"):
        gini_simpson([0.5])
    with pytest.raises(ValueError, match="generation"):
        kept_diversity(10, -1, "replace")
    with pytest.raises(ValueError, match="keep"):
        kept_diversity(10, 1, "forget")


# --- texts


def test_the_next_corpus_is_new_or_all():
    assert next_corpus(["old"], ["new"], "replace") == ["new"]
    assert next_corpus(["old"], ["new"], "accumulate") == ["old", "new"]
    counts = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])
    assert next_corpus(*counts, "accumulate").tolist() == [1, 2]


def test_an_ngram_counts_what_follows():
    model = NGram(TEXTS, 2)
    assert sorted(model.followers[(" fox",)]) == [" sang", " sang", " slept"]
    assert sorted(model.followers[("",)]) == ["A", "A", "An", "An"]


def test_an_ngram_tells_only_what_it_has_read():
    for order in (1, 2, 3):
        model = NGram(TEXTS, order)
        read = {word for text in TEXTS for word in split_words(text)}
        for told in model.followers.values():
            assert set(told) <= read | {END}
        for text in model.tell(50, seed=1):
            assert set("".join(read)) >= set(text)
    assert set(NGram(TEXTS, 9).tell(50)) <= set(TEXTS)


def test_an_ngram_copies_frequencies():
    told = NGram(["sun"] * 3 + ["rain"], 2).tell(4000)
    assert told.count("sun") / 4000 == pytest.approx(0.75, abs=0.03)


def test_a_text_that_never_ends_is_cut():
    assert NGram(["a a a a a a a a a"], 1).tell(1, max_words=3)[0].count("a") <= 3


def test_the_empty_text_can_be_learned():
    assert NGram([""], 3).tell(2) == ["", ""]


@pytest.mark.parametrize("texts", [[], "one text", ()])
def test_an_ngram_needs_texts(texts):
    with pytest.raises(ValueError, match="texts must be a list"):
        NGram(texts, 2)


@pytest.mark.parametrize("order", [0, -1, 1.5, None])
def test_an_ngram_needs_an_order(order):
    with pytest.raises(ValueError, match="order"):
        NGram(TEXTS, order)


def test_an_ngram_refuses_to_tell_nothing():
    with pytest.raises(ValueError, match="n must be"):
        NGram(TEXTS, 2).tell(0)


@pytest.mark.parametrize("keep", KEEPS)
def test_retelling_gives_as_many_texts_each_time(keep):
    told = retell(TEXTS, 2, 3, keep, seed=1)
    assert told[0] == TEXTS
    assert [len(texts) for texts in told] == [4] * 4
    assert told == retell(TEXTS, 2, 3, keep, seed=1)
    assert told != retell(TEXTS, 2, 3, keep, seed=2)


def test_retelling_loses_words_for_good_unless_it_keeps_the_real_texts():
    words = [
        {w for t in texts for w in t.split()}
        for texts in retell([f"word{i}" for i in range(40)], 2, 8, "replace")
    ]
    assert all(after <= before for before, after in itertools.pairwise(words))
    assert len(words[-1]) < 15


def test_retell_refuses_what_cannot_be_meant():
    with pytest.raises(ValueError, match="generations"):
        retell(TEXTS, 2, 0, "replace")
    with pytest.raises(ValueError, match="keep"):
        retell(TEXTS, 2, 1, "half")
    with pytest.raises(ValueError, match="texts"):
        retell([], 2, 1, "replace")


def test_shares_go_to_the_first_name_in_a_text():
    texts = ["Tom met Ada.", "Ada slept.", "ADA, Tomas and Tom", "nobody", ""]
    assert named_shares(texts, ["Ada", "Tom", "Mira"]).tolist() == [1 / 3, 2 / 3, 0]
    assert named_shares(["nobody"], ["Ada", "Tom"]).tolist() == [0, 0]
    assert named_shares([], ["Ada"]).tolist() == [0]


@pytest.mark.parametrize("real", [0, 1, 5, 20])
def test_mixed_chains_keep_what_the_formula_says(real):
    truth = torch.tensor([0.5, 0.3, 0.15, 0.05])
    chain = recurse_mixed(truth.expand(4000, 4), 20, 60, real, dice(4))
    kept = (gini_simpson(chain[-1]).mean() / gini_simpson(truth)).item()
    assert kept == pytest.approx(kept_with_real(truth, 20, real).item(), abs=0.06)
    torch.testing.assert_close(
        chain[-1].mean(dim=0), truth.double(), atol=0.03, rtol=0.1
    )


def test_without_real_tales_a_mixed_chain_is_replace():
    truth = torch.tensor([0.5, 0.3, 0.2])
    chains = [
        f(truth, 9, 3, *rest, torch.Generator().manual_seed(1))
        for f, rest in ((recurse_mixed, (0,)), (recurse, ("replace",)))
    ]
    torch.testing.assert_close(*(chain.double() for chain in chains))
    assert kept_with_real(truth, 9, 0) == pytest.approx(0, abs=1e-9)


def test_real_tales_alone_lose_no_more_than_one_sample_does():
    truth = torch.tensor([0.5, 0.3, 0.2])
    assert kept_with_real(truth, 10, 10).item() == pytest.approx(0.9)


@pytest.mark.parametrize("real", [-1, 10, 1.5])
def test_more_real_tales_than_samples_are_refused(real):
    for call in (
        lambda: recurse_mixed([0.5, 0.5], 9, 2, real),
        lambda: kept_with_real([0.5, 0.5], 9, real),
    ):
        with pytest.raises(ValueError, match="real"):
            call()
