"""How a fan-out goes: by hand-worked sums. Dollars for a million tokens: 4 plain, 5 to write, 0.2 to read."""

import pytest

from omg.cache.fan import Fan, depart
from omg.cache.prices import Rates

RATES = Rates(plain=4.0, read=0.2, write_5m=5.0, write_1h=8.0, output=20.0)
TENTH = Rates(plain=1.0, read=0.1, write_5m=1.25, write_1h=2.0, output=5.0)
"""In token-equivalents, by the million."""


def way(fan: Fan, hold_usd: float = 0.0, **more) -> str:
    return depart(fan, RATES, hold_usd, **more).way


def test_o18_one_writes_and_19_read():
    found = depart(Fan(children=20, shared=2000, unwritten=2000, task=0), TENTH, 0.0)
    assert found.way == "leader"
    assert found.usd["leader"] * 1e6 == pytest.approx(6300)  # 2,000 at 1.25, 19 times 2,000 at 0.1
    assert found.usd["pre-warm"] * 1e6 == pytest.approx(6500)  # once more 2,000 at 0.1
    assert found.usd["at once"] * 1e6 == pytest.approx(50_000)  # 20 times 2,000 at 1.25


def test_a_pre_warm_reads_the_whole_prefix_once_more():
    found = depart(Fan(children=3, shared=100_000, unwritten=10_000, task=50), RATES, 0.0)
    assert found.usd["leader"] == pytest.approx(0.05 + 2 * 0.002 + 50 * 3.8e-6)
    assert found.usd["pre-warm"] == pytest.approx(0.05 + 3 * 0.002 + 90_000 * 0.2e-6)


def test_a_leader_with_much_of_its_own_pays_for_it_twice():
    # 20,000 shared cost 0.004 to read once more: as much as 1,052.6 tokens of a task, at 3.8 a million.
    assert way(Fan(children=4, shared=20_000, unwritten=5000, task=1052)) == "leader"
    assert way(Fan(children=4, shared=20_000, unwritten=5000, task=1053)) == "pre-warm"


def test_how_many_there_are_makes_no_difference_between_the_two():
    assert way(Fan(children=32, shared=20_000, unwritten=5000, task=1052)) == "leader"
    assert way(Fan(children=2, shared=20_000, unwritten=5000, task=1053)) == "pre-warm"


def test_where_nobody_can_send_nothing_it_is_a_leader():
    assert way(Fan(children=4, shared=20_000, unwritten=5000, task=9000), prewarms=False) == "leader"


def test_all_go_at_once_where_the_wait_costs_more_than_it_saves():
    fan = Fan(children=3, shared=10_000, unwritten=10_000, task=0)  # two reads for two writes: saves 0.096
    assert way(fan, 0.0959) == "leader"
    assert way(fan, 0.0961) == "at once"


def test_a_short_wait_is_worth_a_read_where_waiting_has_its_price():
    # Of the leader's 20,000 tokens half are its own: a pre-warm is waited for half as long, for 0.002 more.
    fan = Fan(children=9, shared=10_000, unwritten=10_000, task=10_000)
    dear = Rates(plain=0.2, read=0.2, write_5m=5.0, write_1h=8.0, output=20.0)  # a task that costs nothing twice
    assert depart(fan, dear, 0.0039).way == "leader"
    assert depart(fan, dear, 0.0041).way == "pre-warm"


@pytest.mark.parametrize(("children", "unwritten"), [(1, 10_000), (8, 63), (8, 0)])
def test_nobody_waits_where_there_is_nothing_to_share(children, unwritten):
    found = depart(Fan(children, 20_000, unwritten, 5000), RATES, 0.0)
    assert (found.way, found.usd) == ("at once", {})


def test_64_tokens_are_worth_a_wait():
    assert way(Fan(children=8, shared=20_000, unwritten=64, task=10)) == "leader"


def test_a_task_that_costs_more_twice_than_the_tail_lets_all_go_at_once():
    assert way(Fan(children=2, shared=100_000, unwritten=64, task=200)) == "at once"


@pytest.mark.parametrize(("hold_usd", "expected"), [(0.0, "leader"), (1.0, "at once")])
def test_with_no_price_a_leader_goes_unless_waiting_has_a_price(hold_usd, expected):
    assert depart(Fan(2, 20_000, 5000, 0), None, hold_usd).way == expected


def test_the_reason_names_what_was_reckoned_with():
    found = depart(Fan(children=4, shared=20_000, unwritten=5000, task=30), RATES, 0.0)
    assert found.why == "nobody holds 5,000 of the 20,000 tokens that 4 share, and the first has 30 of its own"
