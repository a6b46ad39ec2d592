"""A provider whose cache rules are not the published ones, and a probe of it in which no time passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from omg.cache.mirror import Billed, Mirror, quarter
from omg.cache.prices import Prices, price
from omg.cache.rules import CacheRules, Finding, RuleOverrides
from omg.core.usage import Usage
from omg.provider.messages import MessagesProvider
from omg.provider.offline.api import OfflineApp, Response
from omg.provider.offline.engine import Reply, TextBlock
from omg.provider.offline.fault import invalid
from omg.provider.offline.shape import Fields
from omg.provider.probe.ask import Target
from omg.provider.probe.bench import Answer
from omg.provider.probe.purse import Purse
from omg.provider.probe.questions import Chosen, LeftOut
from omg.provider.probe.run import LIMIT, Answered, Clock, Event, Waiting, probe
from omg.provider.profiles import PROFILES
from omg.provider.protocol import Provider
from omg.provider.sdk import SdkTransport

MODEL = "claude-haiku-5-5"


@dataclass
class Hands:
    """A clock that moves when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


class VariedMirror(Mirror):
    """The mirror with rules that `CacheRules` has no word for."""

    def __init__(
        self,
        rules: CacheRules,
        count: Callable[[bytes], int] = quarter,
        *,
        settle: float = 0.0,
        zero_writes: bool = True,
        short_refreshes_long: bool = True,
    ) -> None:
        super().__init__(rules, count)
        self._settle = settle
        self._zero_writes = zero_writes
        self._short_refreshes_long = short_refreshes_long
        self._settling: list[tuple[float, Billed]] = []

    def bill(self, body: bytes, *, now: float, scope: str = "") -> Billed:
        for due, billed in [each for each in self._settling if each[0] <= now]:
            self._settling.remove((due, billed))
            super().begin(billed, now)
        billed = super().bill(body, now=now, scope=scope)
        if not self._zero_writes and json.loads(body)["max_tokens"] == 0:
            return replace(billed, usage=Usage(plain=billed.usage.input), holds=())
        if not self._short_refreshes_long and b'"ttl":"1h"' not in body:
            return replace(billed, holds=tuple(hold for hold in billed.holds if hold[1] != "1h"))
        return billed

    def begin(self, billed: Billed, now: float) -> None:
        if self._settle:
            self._settling.append((now + self._settle, billed))
        else:
            super().begin(billed, now)


class RefusesZero(OfflineApp):
    """Knows no `max_tokens: 0`."""

    def _messages(self, request: Fields, body: bytes, request_id: str) -> Response:
        if request.get("max_tokens") == 0:
            raise invalid("max_tokens: Input should be greater than or equal to 1")
        return super()._messages(request, body, request_id)


def says(request: Fields) -> Reply:
    """In place of the engine."""
    return Reply((TextBlock("One, two, three, four, and so on."),))


def in_process(app: OfflineApp) -> MessagesProvider:
    return MessagesProvider(SdkTransport("http://offline", app=app), PROFILES["anthropic"], "offline")


def varied(hands: Hands, mirror: Mirror, app: type[OfflineApp] = OfflineApp) -> MessagesProvider:
    return in_process(app(lambda: hands.now, mirror=mirror, delay=0, answer=says))


def prices(model: str = MODEL) -> Prices:
    found = price(model)
    assert found is not None
    return found


def target(model: str = MODEL) -> Target:
    return Target("offline", model, prices(model))


def knows(**values: float | bool | str) -> RuleOverrides:
    """What an earlier run found."""
    found = {name: Finding(value, "2026-11-01T00:00:00+00:00", "high", "") for name, value in values.items()}
    return RuleOverrides(**found)  # type: ignore[arg-type]


@dataclass
class Told:
    """What a probe told, by kind."""

    purse: Purse
    events: list[Event] = field(default_factory=list[Event])

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {answer.field: answer for each in self.events if isinstance(each, Answered) for answer in each.answers}

    @property
    def values(self) -> Mapping[str, object]:
        return {name: answer.value for name, answer in self.answers.items()}

    @property
    def left_out(self) -> Mapping[str, str]:
        planned = [out for each in self.events if isinstance(each, Chosen) for out in each.left_out]
        later = [each for each in self.events if isinstance(each, LeftOut)]
        return {out.question.name: out.why for out in (*planned, *later)}

    @property
    def waits(self) -> list[float]:
        return [each.seconds for each in self.events if isinstance(each, Waiting)]


async def probed(
    provider: Provider,
    hands: Hands,
    *,
    to: Target | None = None,
    limit: float = LIMIT,
    wait: bool = False,
    known: RuleOverrides | None = None,
    nonce: str = "abcdef012345",
    purse: type[Purse] = Purse,
) -> Told:
    """One run, and all it told."""
    told = Told(purse(limit))
    await probe(
        provider,
        to or target(),
        told.purse,
        told.events.append,
        nonce=nonce,
        known=known,
        wait=wait,
        clock=hands.clock,
    )
    return told
