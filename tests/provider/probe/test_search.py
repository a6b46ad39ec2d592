"""The search for the number from which something holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.provider.probe.search import Threshold


def found(search: Threshold, truth: int, drift: float = 1.0) -> list[int]:
    """Run `search` where something holds from `truth` on; what was tried. `drift`: what is seen is off the mark."""
    tried: list[int] = []
    while (number := search.next()) is not None:
        assert len(tried) < 60, tried
        tried.append(number)
        seen = round(number * drift)
        (search.holds if seen >= truth else search.lacks)(seen)
    return tried


@given(st.integers(1, 80))
def test_without_tolerance_it_finds_the_very_number(truth: int) -> None:
    search = Threshold(start=20, likely=(19, 20), ceiling=80)
    found(search, truth)
    assert (search.reached, search.below) == (truth, truth - 1)


def test_a_published_number_is_confirmed_in_two_tries() -> None:
    assert found(Threshold(start=20, likely=(19, 20), ceiling=80), 20) == [20, 19]


@given(st.integers(65, 4000), st.floats(0.98, 1.02))
def test_with_tolerance_the_truth_is_between_what_lacks_and_what_holds(truth: int, drift: float) -> None:
    steps = [527, 1055, 2109, 4219]
    search = Threshold(start=527, likely=[*steps, 497, 993, 1987], ceiling=4219, floor=64, tolerance=0.08, steps=steps)
    found(search, truth, drift)
    assert search.reached is not None
    assert search.below < truth <= search.reached
    assert search.reached - search.below <= max(1, 0.08 * search.reached) or search.reached <= 64
    assert not search.contradicts


def test_it_gives_up_above_its_ceiling() -> None:
    search = Threshold(start=20, likely=(), ceiling=80)
    assert found(search, 1000) == [20, 40, 80]
    assert search.reached is None


@pytest.mark.parametrize("order", [("holds", "lacks"), ("lacks", "holds")])
def test_what_cannot_be_is_noticed(order: tuple[str, str]) -> None:
    search = Threshold(start=20, likely=(), ceiling=80)
    for name in order:
        getattr(search, name)({"holds": 20, "lacks": 30}[name])
    assert search.contradicts
