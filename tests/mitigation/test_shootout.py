"""Contestants, and what they may spend."""

import pytest

from course_utils.generation import generate
from course_utils.mitigation import shootout
from course_utils.mitigation.contestants import PLAIN, TRIED
from course_utils.mitigation.shootout import (
    CONTESTANTS,
    Batch,
    Contestant,
    contestant,
    processors_of,
    register,
    write_within,
)
from course_utils.mitigation.temperature import Temperature
from course_utils.mitigation.truncation import MinP

COURSE = list(CONTESTANTS)


@pytest.fixture(autouse=True)
def only_the_course(monkeypatch):
    monkeypatch.setattr(shootout, "CONTESTANTS", dict(CONTESTANTS))


def entry(write, **more):
    return Contestant("made up", write, ({"T": 1},), **more)


def fixed(cost, texts=3, wasted=0):
    """A way to write whose texts all cost the same."""

    def write(lm, n, seed, /, T):
        return Batch([f"{seed}-{i}" for i in range(texts)], [cost] * texts, wasted)

    return write


def test_every_contestant_may_try_as_many_settings_as_plain_temperature():
    assert {len(CONTESTANTS[name].candidates) for name in COURSE} == {TRIED}
    assert PLAIN in COURSE


def test_texts_are_taken_while_they_fit(lm):
    told = write_within(entry(fixed(10)), {"T": 1}, lm, budget=75, seed=2)
    assert told.texts == [
        "2000-0",
        "2000-1",
        "2000-2",
        "2001-0",
        "2001-1",
        "2001-2",
        "2002-0",
    ]
    assert told.tokens == 70


def test_a_text_that_does_not_fit_ends_it(lm):
    assert write_within(entry(fixed(80)), {"T": 1}, lm, 75, 0) == ([], 0)


def test_what_was_thrown_away_is_paid_for(lm):
    told = write_within(entry(fixed(10, wasted=20)), {"T": 1}, lm, 60, 0)
    assert len(told.texts) == 4 and told.tokens == 60


def test_who_draws_no_lots_is_asked_once(lm):
    told = write_within(entry(fixed(10), draws=False), {"T": 1}, lm, 1000, 0)
    assert len(told.texts) == 3 and told.tokens == 30


def test_who_finds_nothing_more_ends_early(lm):
    told = write_within(entry(fixed(10, texts=0, wasted=1)), {"T": 1}, lm, 1000, 0)
    assert told.texts == [] and told.tokens == shootout.EMPTY_ROUNDS


def test_plain_sampling_pays_for_prompt_and_tokens(lm):
    told = write_within(CONTESTANTS[PLAIN], {"T": 1}, lm, 300, 4, at_once=5)
    runs = generate(lm, "", 5, 110, [Temperature(1)], 4000, progress=False)
    costs = [1 + len(ids) for ids in runs.token_ids]
    fitting = [sum(costs[: i + 1]) <= 300 for i in range(5)].count(True)
    assert told.texts == runs.texts[:fitting]
    assert told.tokens == sum(costs[:fitting]) and 0 < fitting < 5


def test_samplers_say_what_they_hand_to_generate():
    made = CONTESTANTS["min-p"]
    temperature, min_p = processors_of(made, {"T": 1.5, "min_p": 0.1})
    assert isinstance(temperature, Temperature) and isinstance(min_p, MinP)
    (noise,) = processors_of(CONTESTANTS["noise"], {"sigma": 1}, seed=3)
    assert noise.seed == 3
    with pytest.raises(ValueError, match="'beam search' is no sampler"):
        processors_of(CONTESTANTS["beam search"], {"beams": 5})


@pytest.mark.parametrize("name", COURSE)
def test_every_contestant_writes_within_its_budget(lm, name):
    course = CONTESTANTS[name]
    for setting in (course.candidates[0], *course.published[-1:]):
        told = write_within(course, setting, lm, 1500, 0, at_once=4)
        assert told.tokens <= 1500
        if course.draws:
            again = write_within(course, setting, lm, 1500, 0, at_once=4)
            assert told == again


def test_a_learners_sampler_takes_part(lm):
    @contestant("mine", {"T": 1.2}, {"T": 1.5})
    def mine(T):
        return [Temperature(T), MinP(0.1)]

    known = shootout.CONTESTANTS["mine"]
    assert known.candidates == ({"T": 1.2}, {"T": 1.5})
    assert write_within(known, {"T": 1.2}, lm, 300, 0).texts

    @contestant("mine", {"min_p": 0.2})
    class Mine(MinP):
        pass

    assert shootout.CONTESTANTS["mine"].candidates == ({"min_p": 0.2},)
    assert write_within(shootout.CONTESTANTS["mine"], {"min_p": 0.2}, lm, 300, 0).texts


def test_a_sampler_without_numbers_has_one_setting(lm):
    @contestant("plainest")
    def plainest():
        return []

    assert shootout.CONTESTANTS["plainest"].candidates == ({},)
    assert write_within(shootout.CONTESTANTS["plainest"], {}, lm, 300, 0).texts


def test_a_seed_is_given_to_those_that_ask(lm):
    seeds = []

    @contestant("lots", {"T": 1})
    def lots(T, seed):
        seeds.append(seed)
        return Temperature(T)

    write_within(shootout.CONTESTANTS["lots"], {"T": 1}, lm, 300, 3)
    assert seeds[0] == 3000


def test_the_courses_names_are_taken():
    with pytest.raises(ValueError, match="'min-p' is taken"):
        contestant("min-p", {"T": 1})(lambda T: [])
    with pytest.raises(ValueError, match="'top-p' is taken"):
        register(Contestant("top-p", fixed(1), ({},)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Contestant("", fixed(1), ({},)), "name must be"),
        (lambda: Contestant("a", fixed(1), ()), "candidates of 'a' is empty"),
        (lambda: Contestant("a", fixed(1), ("T",)), "settings of 'a' must be"),
        (lambda: Contestant("a", fixed(1), ({"T": object()},)), "plain numbers"),
        (lambda: Contestant("a", fixed(1), ({1: 2},)), "plain numbers"),
        (lambda: Contestant("a", fixed(1), ({"T": float("nan")},)), "plain numbers"),
    ],
)
def test_bad_entries_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (["a"], "must return a Batch"),
        (Batch(["a"], []), "a cost for each text"),
        (Batch(["a"], [0]), "has cost nothing"),
        (Batch([], []), "has cost nothing"),
    ],
)
def test_a_batch_that_is_none_is_named(lm, batch, words):
    with pytest.raises(ValueError, match=words):
        write_within(entry(lambda *_, T: batch), {"T": 1}, lm, 100, 0)


def test_a_budget_below_one_is_refused(lm):
    with pytest.raises(ValueError, match="budget"):
        write_within(entry(fixed(1)), {"T": 1}, lm, 0, 0)
