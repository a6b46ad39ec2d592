"""The purse is never passed, whatever the prices, the rules and the tokenizer; failures say what it has cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omg.cache.mirror import Billed, Mirror
from omg.cache.prices import Prices, Rates
from omg.cache.rules import CacheRules
from omg.core.usage import Usage
from omg.provider.messages import MessagesProvider
from omg.provider.probe.ask import Target
from omg.provider.probe.purse import NotEnough, Purse
from omg.provider.probe.run import ProbeFailed
from omg.provider.profiles import PROFILES
from omg.provider.protocol import Began, Call, Ended, ProviderError, StreamEvent
from omg.provider.sdk import SdkTransport
from tests.provider.probe.varied import MODEL, Hands, VariedMirror, knows, probed, target, varied
from tests.provider.raw_server import raw_server, sse, status


class Billing(VariedMirror):
    """A mirror that keeps the bill."""

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self.bills: list[Usage] = []

    def bill(self, body: bytes, *, now: float, scope: str = "") -> Billed:
        billed = super().bill(body, now=now, scope=scope)
        self.bills.append(billed.usage)
        return billed

    def cost(self, prices: Prices, output: int) -> float:
        """What all of it cost, if each reply had `output` tokens."""
        return sum(prices.cost(replace(usage, output=output)) or 0.0 for usage in self.bills)


class Exact(Purse):
    """A purse that notices a request which costs more than was reserved for it."""

    def settle(self, reserved: float, cost: float | None) -> None:
        assert cost is None or cost <= reserved
        super().settle(reserved, cost)


@settings(max_examples=40, deadline=None)
@given(
    plain=st.floats(0.05, 400),
    read=st.floats(0, 1),
    write=st.floats(0.5, 3),
    hour=st.one_of(st.none(), st.floats(0.5, 4)),
    output=st.floats(0.1, 900),
    per_token=st.integers(1, 6),
    hidden=st.integers(0, 800),
    minimum=st.sampled_from((64, 512, 700, 2048, 4096, 10_000)),
    settle=st.sampled_from((0.0, 2.0, 60.0)),
    lookback=st.integers(1, 60),
    limit=st.sampled_from((0.05, 0.01, 0.0001)),
    informed=st.booleans(),
)
def test_the_limit_holds(
    plain: float,
    read: float,
    write: float,
    hour: float | None,
    output: float,
    per_token: int,
    hidden: int,
    minimum: int,
    settle: float,
    lookback: int,
    limit: float,
    informed: bool,
) -> None:
    def count(block: bytes) -> int:
        return -(-len(block) // per_token) + (hidden if b"input_schema" in block else 0)

    prices = Prices(Rates(plain, plain * read, plain * write, None if hour is None else plain * hour, output))
    mirror = Billing(CacheRules(minimums={MODEL: minimum}, lookback=lookback), count, settle=settle)
    known = knows(minimum=100, settle_seconds=0.5) if informed else knows()

    async def run() -> None:
        hands = Hands()
        to = Target("offline", MODEL, prices)
        told = await probed(varied(hands, mirror), hands, to=to, limit=limit, wait=True, known=known, purse=Exact)
        assert told.purse.at_most <= limit
        assert told.purse.unsettled == 0
        assert told.purse.requests == len(mirror.bills)
        assert mirror.cost(prices, 0) <= told.purse.spent + 1e-12
        assert len(told.values) + len(told.left_out) >= 6

    asyncio.run(run())


def test_a_purse_counts_what_is_reserved_and_what_was_never_told() -> None:
    purse = Purse(1.0)
    purse.reserve(0.6)
    with pytest.raises(NotEnough):
        purse.reserve(0.5)
    purse.settle(0.6, 0.1)
    purse.reserve(0.5)
    purse.settle(0.5, None)
    assert (purse.spent, purse.unsettled, purse.left) == (0.1, 0.5, pytest.approx(0.4))
    assert str(purse) == "at most $0.6000 in 2 requests"


async def test_too_dear_questions_are_left_out_and_named() -> None:
    hands = Hands()
    to = target("claude-haiku-4-5")
    told = await probed(varied(hands, Mirror()), hands, to=to, limit=0.01)
    assert told.values == {}
    assert "to be sure, with $0.0100 left" in told.left_out["effective minimum"]


@dataclass
class Scripted:
    """A provider that reports the same usage whatever it is asked."""

    usage: Usage
    fails: ProviderError | None = None
    after: int = 0
    begins: bool = False
    """Whether the reply that fails begins."""
    endpoint: str = "http://scripted"
    calls: list[Call] = field(default_factory=list[Call])

    async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        self.calls.append(call)
        failing = self.fails is not None and len(self.calls) > self.after
        if self.fails is not None and failing and not self.begins:
            raise self.fails
        yield Began("m", MODEL, self.usage)
        await asyncio.sleep(0)
        if self.fails is not None and failing:
            raise self.fails
        yield Ended((), "max_tokens", self.usage)

    def warm_up(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(output=None),
        Usage(plain=1),
        Usage(plain=200),
        Usage(plain=10**15),
        Usage(read=500),
        Usage(write_5m=200, output=1),
        Usage(write_1h=700, output=1),
        Usage(plain=3, read=7, write_5m=150),
    ],
    ids=str,
)
async def test_figures_that_make_no_sense_tell_nothing(usage: Usage) -> None:
    hands = Hands()
    told = await probed(Scripted(usage), hands, wait=True)
    assert set(told.values.values()) <= {None}
    assert all(answer.said.startswith("could not tell: ") for answer in told.answers.values())


@pytest.mark.parametrize("lies", range(12))
async def test_one_lie_among_true_figures_is_no_finding_of_another_rule(lies: int) -> None:
    class Lying(Mirror):
        bills = 0

        def bill(self, body: bytes, *, now: float, scope: str = "") -> Billed:
            billed = super().bill(body, now=now, scope=scope)
            self.bills += 1
            return replace(billed, usage=Usage(read=33, plain=17)) if self.bills == lies + 1 else billed

    hands = Hands()
    told = await probed(varied(hands, Lying()), hands)
    right = {"minimum": 512, "settle_seconds": 0.0, "prewarm": "writes", "lookback": 20, "collapse_tool_runs": False}
    assert all(value in (None, right[name]) for name, value in told.values.items())


async def test_a_request_whose_figures_never_came_is_counted_at_its_worst() -> None:
    hands = Hands()
    told = await probed(Scripted(Usage()), hands)
    assert told.purse.spent == 0
    assert 0 < told.purse.unsettled <= told.purse.limit


async def test_a_reply_that_breaks_off_is_counted_at_its_worst() -> None:
    broken = Scripted(Usage(plain=150), ProviderError("cut", "the reply was cut"), after=1, begins=True)
    with pytest.raises(
        ProbeFailed, match=r"the reply was cut; the probe has cost at most \$0.0\d+ in 2 requests so far"
    ):
        await probed(broken, Hands())


async def test_a_leader_that_breaks_off_fails_the_probe() -> None:
    known = knows(minimum=512, prewarm="writes", lookback=20, collapse_tool_runs=False)
    broken = Scripted(Usage(write_5m=600), ProviderError("cut", "the reply was cut"), after=1, begins=True)
    broken.usage = Usage(plain=150)
    with pytest.raises(ProbeFailed, match="was cut"):
        await probed(broken, Hands(), known=known)


def remote(url: str) -> MessagesProvider:
    return MessagesProvider(SdkTransport(url), PROFILES["anthropic"], url)


ERROR = '{"type":"error","error":{"type":"%s","message":"%s"}}'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(401, ERROR % ("authentication_error", "invalid x-api-key")), "invalid x-api-key"),
        (status(400, ERROR % ("invalid_request_error", "Your credit balance is too low")), "credit balance"),
        (status(529, ERROR % ("overloaded_error", "Overloaded")), "Overloaded"),
        (sse(b'event: ping\ndata: {"type":"ping"}\n\n'), "cut"),
        (status(200, "<html>"), "event stream|JSON"),
    ],
)
async def test_a_failing_server_ends_it_in_one_line(answer: Sequence[bytes], words: str) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(ProbeFailed, match=words) as failed:
            await probed(remote(server.url), Hands())
    assert "\n" not in str(failed.value)
    assert "the probe has cost" in str(failed.value)


async def test_a_refusal_costs_nothing() -> None:
    async with raw_server(status(401, ERROR % ("authentication_error", "no"))) as server:
        with pytest.raises(ProbeFailed, match=r"cost \$0.0000 in 1 requests so far"):
            await probed(remote(server.url), Hands())


async def test_nobody_there() -> None:
    with pytest.raises(ProbeFailed, match="no connection"):
        await probed(remote("http://127.0.0.1:9"), Hands())


async def test_a_refused_zero_is_only_believed_when_the_same_request_goes_through_otherwise() -> None:
    """The account runs dry at that very moment: a 400 as well, and no answer about `max_tokens: 0`."""
    known = knows(minimum=512, settle_seconds=0.0, lookback=20, collapse_tool_runs=False)
    dry = Scripted(Usage(plain=150), ProviderError("refused", "Your credit balance is too low", status=400), after=1)
    with pytest.raises(ProbeFailed, match="credit balance"):
        await probed(dry, Hands(), known=known)
