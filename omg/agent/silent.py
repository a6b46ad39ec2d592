"""One request that asks for no reply: it writes or refreshes a prefix, and the branch it serves stays as it was."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from omg.agent.journal import JournalError, NodeSealed, ReplyBegun, RequestLogged, RequestSettled, Settlement
from omg.agent.live import Live
from omg.agent.replay import baseline
from omg.agent.runtime import Runtime
from omg.agent.warm import learn, records_of
from omg.cache.cause import Cause
from omg.cache.forecast import Forecast
from omg.core.events import CacheMissed, Purpose, Requested, Used
from omg.core.usage import Usage
from omg.provider.protocol import Began, Call, Ended, ProviderError
from omg.wire.chain import Node
from omg.wire.guard import check
from omg.wire.head import Head
from omg.wire.request import Body, Envelope, Mark, build, prefix_length


@dataclass(frozen=True, slots=True)
class Silent:
    """What is to be sent for a branch, and what of it is foretold."""

    purpose: Purpose
    head: Head
    tip: Node
    own: Node | None
    """The newest message in it that is the branch's own history: what is behind it nobody has said."""
    marks: tuple[Mark, ...]
    max_tokens: int
    epoch: int
    foretold: Forecast | None = None


@dataclass(slots=True)
class Flight:
    """A request that is on record, and about to leave or under way."""

    runtime: Runtime
    silent: Silent
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

    def silence_refused(self, error: ProviderError) -> bool:
        """Whether the endpoint does not let `max_tokens` be 0; it is asked for a token from then on."""
        refused = error.failure == "refused" and self.silent.max_tokens == 0
        if refused:
            self.runtime.refused.add("silence")
        return refused

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
        self.cause = learn(runtime, runtime.tree.requests[logged.n], self.silent.foretold)
        if self.cause is not None:
            runtime.emit(CacheMissed(branch=logged.branch, at=now, n=logged.n, cause=str(self.cause)))

    def _settled(self, how: Settlement, usage: Usage | None, stop: str | None = None, error: str | None = None) -> None:
        runtime, now, silent = self.runtime, self.runtime.clock(), self.silent
        cause, lost = (str(self.cause), self.cause.tokens) if self.cause else (None, None)
        runtime.record_anyway(
            RequestSettled(
                at=now, n=self.logged.n, how=how, stop=stop, usage=usage, error=error, cause=cause, lost=lost
            )
        )
        if self.begun is None:
            runtime.holdings.withdrawn(silent.head, silent.marks)
        else:
            runtime.holdings.ended(silent.head, silent.marks, now)
        if usage is not None:
            runtime.emit(Used(branch=self.logged.branch, at=now, n=self.logged.n, purpose=silent.purpose, usage=usage))

    def _failed(self, how: Settlement, error: str | None) -> None:
        if self.begun is None:
            self._settled(how, None, error=error)
        else:
            self._settled("cut", self.begun.unsettled() if self.silent.max_tokens else self.begun, error=error)


def tokens_asked(runtime: Runtime, head: Head) -> int | None:
    """`max_tokens` of the cheapest request that writes a prefix or keeps it; None where the endpoint's cache is not
    kept by requests."""
    tokens = runtime.setup_of(head).ping_tokens
    return 1 if tokens == 0 and "silence" in runtime.refused else tokens


def send_off(runtime: Runtime, live: Live, silent: Silent) -> Flight:
    """Build, guard and log a request for `live`: what stands in it up to its `own` is what that branch has sent.

    Raises Diverged, ReplayFailed, Exhausted and JournalError with nothing on record.
    """
    branch, head = live.branch, silent.head
    body = build(head, silent.tip, silent.marks, Envelope(silent.max_tokens, stream=False))
    last = live.last or baseline(runtime.tree, branch)
    if last is not None:
        check(body, last, branch.name, min(last.prefix_length, prefix_length(head, silent.own)))
    n, now = runtime.tree.next_n, runtime.clock()
    predicted = silent.foretold.usage if silent.foretold else None
    most = silent.foretold.most if silent.foretold else None
    runtime.budgets.reserve(branch.name, n, predicted or Usage(), head, now, most=most)
    logged = RequestLogged(
        at=now,
        n=n,
        branch=branch.name,
        head=head.id,
        tip=silent.tip.id,
        marks=records_of(silent.marks),
        max_tokens=silent.max_tokens,
        hash=body.hash(),
        size=body.size,
        purpose=silent.purpose,
        epoch=silent.epoch,
        predicted=predicted,
        stream=False,
    )
    # Of no branch: a placeholder is nobody's history.
    unknown = silent.tip.id not in runtime.tree.nodes
    runtime.record(*([NodeSealed(at=now, branch="", node=silent.tip)] if unknown else []), logged)
    runtime.holdings.sent(head, silent.marks, now)
    runtime.emit(Requested(branch=branch.name, at=now, n=n, purpose=silent.purpose, usage=predicted))
    return Flight(runtime, silent, logged, body)
