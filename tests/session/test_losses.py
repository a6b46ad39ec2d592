"""Where the money went: shares by branch, and misses added up by cause, small ones too."""

import pytest

from omg.cache.ledger import Line
from omg.cache.prices import PriceList, SetPrices
from omg.core.usage import Usage
from omg.session.losses import Lost, losses, of_lines
from omg.session.reports import cache_json, cache_table
from tests.scripted import Says, stage

PRICES = PriceList({"m": SetPrices(plain=10, read=1, write_5m=11, write_1h=20, output=0)})


def line(n, cause, lost, model="m"):
    usage = Usage(write_5m=1000)
    return Line(n, "main", "turn", 0.0, model, "http://localhost:1", usage, cause=cause, lost=lost, prices=PRICES)


def test_many_small_misses_are_one_sum_and_details_do_not_keep_them_apart():
    small = [line(n, f"ttl lapse (5m, {n} s since it was last used)", 100) for n in range(50)]
    found = of_lines([*small, line(99, "evicted by the provider", 1000), line(100, None, None)])
    assert [(lost.cause, lost.count, lost.tokens) for lost in found] == [
        ("ttl lapse", 50, 5000),
        ("evicted by the provider", 1, 1000),
    ]
    assert [lost.usd for lost in found] == [pytest.approx(0.05), pytest.approx(0.01)]


def test_what_is_not_known_of_one_is_not_known_of_the_sum_and_comes_last():
    found = of_lines([line(1, "evicted", 10, model="unknown"), line(2, "evicted", None), line(3, "look-back", 10)])
    assert [lost.cause for lost in found] == ["look-back", "evicted"]
    assert (found[1].tokens, found[1].usd) == (None, None)
    assert losses([]) == []
    assert losses([("evicted", 5, None)]) == [Lost("evicted", 1, None, 5)]


async def test_the_ledger_tells_shares_by_branch_and_the_time_to_the_first_token(tmp_path):
    on = stage(tmp_path, lambda request: Says("yes"))
    conversation = on.open()
    await conversation.say("a question")
    await conversation.agent.forks.wait(conversation.agent.fork(["one task", "another task"]))
    told = cache_json(conversation.tree)
    assert sum(branch["share"] for branch in told["branches"]) == pytest.approx(1, abs=0.001)
    assert {branch["branch"] for branch in told["branches"]} == {"main", "a", "b"}
    assert all(request["seconds"] is not None for request in told["requests"])
    assert told["lost"] == []
    table = cache_table(conversation.tree)
    assert "share" in table and "100%" in table and "first" in table
    assert "not read for" not in table
