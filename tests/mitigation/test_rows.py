"""The memory of samplers follows the rows, and never a text that is over."""

import pytest
import torch

from course_utils.mitigation.rows import RowMemory


def ids(*rows):
    return torch.tensor(rows)


def remembering(before):
    memory = RowMemory()
    memory.goes_on(before)
    memory.values = {"row": torch.arange(len(before))}
    return memory


def test_the_first_call_begins_a_run():
    assert not RowMemory().goes_on(ids([1], [2]))


def test_rows_with_one_more_token_go_on():
    memory = remembering(ids([1], [2]))
    assert memory.goes_on(ids([1, 5], [2, 6]))
    assert memory.values["row"].tolist() == [0, 1]


def test_beams_that_change_places_take_their_memory_along():
    memory = remembering(ids([1], [2], [3]))
    assert memory.goes_on(ids([3, 5], [1, 6], [1, 7]))
    assert memory.values["row"].tolist() == [2, 0, 0]


@pytest.mark.parametrize(
    "after", [[[1], [2]], [[7, 8], [7, 8]], [[1, 5, 5], [2, 5, 5]]]
)
def test_another_text_begins_with_nothing(after):
    memory = remembering(ids([1], [2]))
    assert not memory.goes_on(ids(*after))
    assert memory.values == {}


def test_rows_of_which_only_some_go_on_are_refused():
    memory = remembering(ids([1], [2]))
    with pytest.raises(ValueError, match=r"1 of 2 rows go on from none.*reset\(\)"):
        memory.goes_on(ids([1, 5], [9, 5]))
    assert not memory.goes_on(ids([1, 5], [9, 5]))


def test_lots_refuse_rows_that_move():
    memory = RowMemory(by_lot=True)
    memory.goes_on(ids([1], [2]))
    assert memory.goes_on(ids([1, 5], [2, 6]))
    with pytest.raises(ValueError, match="changed places"):
        memory.goes_on(ids([2, 6, 7], [1, 5, 7]))
