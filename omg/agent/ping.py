"""One ping: a branch's last request once more, with an envelope that asks for no reply."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from omg.agent.journal import JournalError, ReplyBegun, RequestLogged, RequestSettled, Settlement
from omg.agent.live import Live
from omg.agent.replay import baseline
from omg.agent.runtime import Runtime
from omg.agent.warm import learn
from omg.cache.cause import Cause
from omg.cache.forecast import Forecast
from omg.core.events import CacheMissed, Requested, Used
from omg.core.usage import Usage
from omg.provider.protocol import Began, Call, Ended, ProviderError
from omg.wire.chain import Node
from omg.wire.guard import check
from omg.wire.request import Body, Envelope, Mark, build


@dataclass(frozen=True, slots=True)
class Ping:
    """What is to be sent again, `of` which request, and what of it is foretold."""

    of: RequestLogged
    tip: Node
    marks: tuple[Mark, ...]
    max_tokens: int
    foretold: Forecast | None = None


@dataclass(slots=True)
class Flight:
    """A ping that is on record, and about to leave or under way."""

    runtime: Runtime
    ping: Ping
    logged: RequestLogged
    body: Body
    begun: Usage | None = None
    cause: Cause | None = None

    async def fly(self) -> None:
        """Send it, and settle it however it ends. Raises ProviderError and JournalError."""
        try:
            async with aclosing(self.runtime.provider.stream(Call(self.body.pieces, self.body.head.headers))) as events:
                async for event in events:
                    if isinstance(event, Began):
                        self._began(event)
                    elif isinstance(event, Ended):
                        return self._settled("whole", event.usage, event.stop_reason)
            raise ProviderError("cut", "the reply stopped before its end", retryable=True)
        except ProviderError as error:
            self._failed("refused" if error.failure == "refused" else "failed", str(error))
            raise
        except asyncio.CancelledError:
            self._failed("interrupted", None)
            raise
        except JournalError as error:
            self._failed("failed", str(error))
            raise

    def _began(self, event: Began) -> None:
        runtime, logged, now = self.runtime, self.logged, self.runtime.clock()
        self.begun = event.usage
        runtime.record(
            ReplyBegun(
                at=now,
                n=logged.n,
                message_id=event.message_id,
                usage=event.usage,
                seconds=round(now - logged.at, 3),
                request_id=event.request_id,
                organisation=event.organisation,
                workspace=event.workspace,
            )
        )
        head, request = runtime.tree.heads[logged.head], runtime.tree.requests[logged.n]
        self.cause = learn(runtime.holdings, runtime.tree, request, self.ping.foretold, runtime.setup_of(head))
        if self.cause is not None:
            runtime.emit(CacheMissed(branch=logged.branch, at=now, n=logged.n, cause=str(self.cause)))

    def _settled(self, how: Settlement, usage: Usage | None, stop: str | None = None, error: str | None = None) -> None:
        runtime, now = self.runtime, self.runtime.clock()
        cause, lost = (str(self.cause), self.cause.tokens) if self.cause else (None, None)
        runtime.record_anyway(
            RequestSettled(
                at=now, n=self.logged.n, how=how, stop=stop, usage=usage, error=error, cause=cause, lost=lost
            )
        )
        if usage is not None:
            runtime.emit(Used(branch=self.logged.branch, at=now, n=self.logged.n, purpose="keep_alive", usage=usage))

    def _failed(self, how: Settlement, error: str | None) -> None:
        if self.begun is None:
            self._settled(how, None, error=error)
        else:
            self._settled("cut", self.begun.unsettled() if self.ping.max_tokens else self.begun, error=error)


def send_off(runtime: Runtime, live: Live, ping: Ping) -> Flight:
    """Build, guard and log a ping for `live`, which reads what its last request has sent and adds nothing to it.

    Raises Diverged, ReplayFailed, Exhausted and JournalError with nothing on record.
    """
    of, branch = ping.of, live.branch
    head = runtime.tree.heads[of.head]
    body = build(head, ping.tip, ping.marks, Envelope(ping.max_tokens, stream=False))
    last = live.last or baseline(runtime.tree, branch)
    if last is not None:
        check(body, last, branch.name)
    n, now = runtime.tree.next_n, runtime.clock()
    predicted = ping.foretold.usage if ping.foretold else None
    runtime.budgets.reserve(branch.name, n, predicted or Usage(), head, now)
    logged = RequestLogged(
        at=now,
        n=n,
        branch=branch.name,
        head=of.head,
        tip=of.tip,
        marks=of.marks,
        max_tokens=ping.max_tokens,
        hash=body.hash(),
        size=body.size,
        purpose="keep_alive",
        epoch=of.epoch,
        predicted=predicted,
        stream=False,
    )
    runtime.record(logged)
    runtime.emit(Requested(branch=branch.name, at=now, n=n, purpose="keep_alive", usage=predicted))
    return Flight(runtime, ping, logged, body)
