"""A probing request: its bytes, and the most that it can cost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from omg.cache.mirror import Mirror
from omg.cache.plan import IllegalPlan
from omg.cache.prices import Prices, Rates
from omg.cache.rules import CacheRules
from omg.provider.offline.validate import check
from omg.provider.probe.ask import Ask, call_of, most, rendered, text, user
from tests.provider.probe.varied import MODEL, target

HIDDEN = 804  # what a provider's system prompt for tools has at most, by its price page
RULES = CacheRules(minimums={MODEL: 1})


def hungry(block: bytes) -> int:
    """A tokenizer that makes a token of each byte, and hides a prompt behind the tools."""
    return len(block) + (HIDDEN if b"input_schema" in block else 0)


LONG = user(text("a b c " * 100))
ASKS = {
    "plain": Ask((LONG,), ()),
    "5m": Ask((LONG,), ((0, 0, "5m"),)),
    "1h": Ask((LONG,), ((0, 0, "1h"),)),
    "tools": Ask((LONG,), ((0, 0, "1h"),), tools=True),
    "talkative": Ask((LONG,), ((0, 0, "5m"),), max_tokens=500),
}


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize("dear", ["plain", "read", "write_5m", "write_1h", "output"])
def test_no_bill_is_above_what_is_reserved(name: str, dear: str) -> None:
    ask = ASKS[name]
    prices = Prices(replace(Rates(1, 1, 1, 1, 1), **{dear: 1000}))
    to = replace(target(), prices=prices)
    body = rendered(to, ask)
    mirror = Mirror(RULES, hungry)
    for now in (0.0, 1.0):  # written, then read
        billed = mirror.bill(body.data, now=now)
        cost = prices.cost(replace(billed.usage, output=ask.max_tokens))
        assert cost is not None
        assert cost <= most(to, ask, body.size)
        mirror.begin(billed, now)


@pytest.mark.parametrize("name", ASKS)
def test_the_bytes_are_a_request_that_the_api_takes(name: str) -> None:
    ask, to = ASKS[name], replace(target(), headers=(("anthropic-version", "v"),))
    call = call_of(to, rendered(to, ask))
    request = json.loads(call.body)
    check(request)
    assert (request["model"], request["max_tokens"], request["stream"]) == (MODEL, ask.max_tokens, True)
    assert ("tools" in request) == ask.tools
    assert call.headers == to.headers


def test_a_plan_that_the_api_refuses_never_leaves() -> None:
    with pytest.raises(IllegalPlan):
        rendered(target(), Ask((user(text("a"), text("b")),), ((0, 0, "5m"), (0, 1, "1h"))))
