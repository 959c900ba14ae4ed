"""Whatever some items raise, only they are kept out; the results of the others stay in order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import TerminalError
from etl.fence import Caught, fenced, told


class Attempts:
    """Doubles numbers, raises for those of `faulty`, and counts how often it was tried."""

    def __init__(self, faulty: set[int]) -> None:
        self.faulty, self.count = faulty, 0

    def __call__(self, some: Sequence[int]) -> list[int]:
        self.count += 1
        for number in some:
            if number in self.faulty:
                raise ValueError(f"{number} is not foreseen")
        return [2 * number for number in some]


@given(st.integers(0, 60), st.sets(st.integers(0, 60)))
def test_exactly_the_items_that_are_raised_for_are_caught(count: int, faulty: set[int]) -> None:
    items = range(count)
    ended = fenced(items, Attempts(faulty))
    caught = [item for each in ended if isinstance(each, Caught) for item in each.items]
    results = [item for each in ended if not isinstance(each, Caught) for item in each]
    assert caught == [item for item in items if item in faulty]
    assert results == [2 * item for item in items if item not in faulty]


def test_what_raises_for_nothing_is_attempted_once() -> None:
    attempts = Attempts(set())
    assert fenced([1, 2, 3], attempts) == [[2, 4, 6]]
    assert attempts.count == 1
    assert fenced([], attempts) == []


def test_one_faulty_item_of_many_takes_few_attempts() -> None:
    attempts = Attempts({701})
    fenced(range(1024), attempts)
    assert attempts.count == 21


def test_when_the_attempts_are_used_up_few_items_are_caught_with_the_faulty_ones() -> None:
    faulty = {100, 700}
    attempts = Attempts(faulty)
    ended = fenced(range(1024), attempts, most=12)
    caught = {item for each in ended if isinstance(each, Caught) for item in each.items}
    assert faulty <= caught
    assert len(caught) <= 256
    assert sorted([*caught, *(n // 2 for e in ended if isinstance(e, list) for n in e)]) == list(
        range(1024)
    )


def test_what_no_item_is_to_blame_for_is_raised() -> None:
    def full(some: Sequence[int]) -> None:
        raise TerminalError("the disk is full")

    with pytest.raises(TerminalError):
        fenced([1, 2], full)


def test_a_fault_is_told_with_its_place_and_what_to_do() -> None:
    [caught] = fenced([1], Attempts({1}))
    assert isinstance(caught, Caught)
    sentence = told("reading it", caught.error)
    assert sentence.startswith("reading it raised ValueError: 1 is not foreseen (at fence.py:")
    assert sentence.endswith("etl exceptions retry")
    assert len(told("x", ValueError("y" * 100_000))) < 600
