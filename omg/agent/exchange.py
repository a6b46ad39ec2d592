"""One exchange: a branch's history goes out, a reply comes back and is sealed. Retries are here, and visible."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from omg.agent.asking import previous
from omg.agent.attach import said_in
from omg.agent.budget import Held, Risky
from omg.agent.counting import count_first
from omg.agent.journal import (
    JournalError,
    NodeSealed,
    ReplyBegun,
    RequestLogged,
    RequestSettled,
    Settlement,
    TakenBack,
)
from omg.agent.live import Live
from omg.agent.marking import marks_for
from omg.agent.replay import baseline, envelope, shared_length
from omg.agent.retry import wait_before_retry
from omg.agent.runtime import Runtime
from omg.agent.spending import risked
from omg.agent.warm import foretell, learn, records_of, replied
from omg.agent.witness import contradiction
from omg.cache.cause import Cause
from omg.cache.forecast import Forecast
from omg.cache.witness import NOTHING
from omg.core.events import CacheMissed, Notice, ReplyEnded, Requested, Text, Thinking, Used
from omg.core.spoken import Spoken, together
from omg.provider.protocol import Began, Call, Ended, ProviderError, TextDelta, ThinkingDelta
from omg.wire.chain import Node
from omg.wire.guard import check
from omg.wire.request import Body, Mark, build
from omg.wire.seal import Block, seal


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that ended. `node` is None where there was nothing to seal (a refusal, an empty reply)."""

    node: Node | None
    stop: str
    text: str
    broken: frozenset[str] = frozenset()
    """Calls in it that must not run: their input did not arrive whole."""
    call_cut: bool = False
    """Whether a last tool call was left out, because the output limit cut it."""
    refusal: str | None = None


@dataclass(slots=True)
class _Attempt:
    """One request under way."""

    n: int
    body: Body
    marks: tuple[Mark, ...]
    sent_at: float
    forecast: Forecast | None
    """None where the endpoint has no breakpoints to go by."""
    cause: Cause | None = None
    begun: Began | None = None
    seen: int = 0
    """Characters of output streamed so far."""


async def exchange(runtime: Runtime, live: Live) -> Reply:
    """Ask for the next message of `live`'s branch, at its tip.

    Raises ProviderError when it failed for good. If no reply had begun, the message is then taken back. On
    cancellation the same holds. Raises Diverged, JournalError and Exhausted with nothing sent, the message taken back.
    """
    tries, refused = 0, None
    while True:
        try:
            await count_first(runtime, live.branch)
            reply = await _attempt(runtime, live)
            if refused is not None:
                _tell(runtime, live, f"the provider is not asked about its cache any more: {refused}")
            return reply
        except ProviderError as error:
            if refused is None and _refuses_diagnostics(runtime, live, error):
                refused = error
                continue
            if refused is not None and error.failure == "refused":  # so it was something else
                runtime.refused.discard("diagnostics")
            wait = wait_before_retry(error, tries)
            if wait is None:
                take_back(runtime, live)
                raise
            tries += 1
            _tell(runtime, live, f"{error}; trying again in {wait:.1f} s ({tries})")
            await _pause(runtime, live, wait)
        except BaseException:
            take_back(runtime, live)
            raise


def _refuses_diagnostics(runtime: Runtime, live: Live, error: ProviderError) -> bool:
    """Whether a refusal may be of being asked about the cache: it is not asked again then."""
    if error.failure != "refused" or error.status not in (400, 422):
        return False
    requests = runtime.tree.requests.values()
    own = next(request.logged for request in reversed(requests) if request.logged.branch == live.name)
    taken = any(request.begun is not None and request.logged.previous is not None for request in requests)
    if own.previous is None or (taken and "diagnostics" not in str(error)):
        return False
    runtime.refused.add("diagnostics")
    return True


async def _pause(runtime: Runtime, live: Live, wait: float) -> None:
    try:
        await asyncio.sleep(runtime.retry_wait(wait))
    except asyncio.CancelledError:
        take_back(runtime, live)
        raise


def _tell(runtime: Runtime, live: Live, text: str) -> None:
    runtime.emit(Notice(branch=live.name, at=runtime.clock(), text=text))


def take_back(runtime: Runtime, live: Live) -> None:
    """Take a message that no reply began to back to the last accepted node; its words become a draft."""
    branch = live.branch
    if branch.tip is branch.accepted or branch.tip is None:
        return
    live.draft = spoken(live)
    back = TakenBack(at=runtime.clock(), branch=live.name, node=branch.accepted.id if branch.accepted else None)
    runtime.record_anyway(back)


def spoken(live: Live) -> Spoken | None:
    """What the person said in the messages that are being taken back."""
    said = (said_in(sealed.node.message, sealed.words, sealed.attached) for sealed in live.branch.unaccepted)
    return together(said, between="\n") or None


async def _attempt(runtime: Runtime, live: Live) -> Reply:
    live.streaming.clear()
    attempt = await _let_go(runtime, live)
    call = Call(attempt.body.pieces, attempt.body.head.headers)
    try:
        async with aclosing(runtime.provider.stream(call)) as events:
            async for event in events:
                if isinstance(event, Ended):
                    return _ended(runtime, live, attempt, event)
                _take(runtime, live, attempt, event)
        raise ProviderError("cut", "the reply stopped before its end", retryable=True)
    except ProviderError as error:
        how: Settlement = "cut" if attempt.begun else "refused" if error.failure == "refused" else "failed"
        _unfinished(runtime, live, attempt, how, str(error))
        raise
    except asyncio.CancelledError:
        _unfinished(runtime, live, attempt, "cut" if attempt.begun else "interrupted", None)
        raise
    except JournalError as error:
        _unfinished(runtime, live, attempt, "cut" if attempt.begun else "failed", str(error))
        raise JournalError(f"{error}. The reply is not kept" if attempt.begun else str(error)) from error


async def _let_go(runtime: Runtime, live: Live) -> _Attempt:
    """Send it off as soon as the budgets have room for it; where they have it only for what is foretold, a person
    decides. Raises Exhausted."""
    while True:
        try:
            return _send_off(runtime, live)
        except Held:
            await runtime.budgets.room()
        except Risky as error:
            if not await risked(runtime, live.name, error):
                raise
            runtime.budgets.risk(error.holder)


def _send_off(runtime: Runtime, live: Live) -> _Attempt:
    """Plan, build, guard and log a request: all that happens before it leaves."""
    branch = live.branch
    if branch.tip is None:
        raise ValueError("nothing to send")
    setup = runtime.setup_of(branch.head)
    last = live.last or baseline(runtime.tree, branch)
    marks = marks_for(runtime, live, branch.tip, last)
    asked = previous(runtime, branch, branch.tip)
    body = build(branch.head, branch.tip, marks, envelope(setup.max_tokens, True, asked))
    if last is not None:
        check(body, last, branch.name, shared_length(branch, last))
    n, now = runtime.tree.next_n, runtime.clock()
    foretold = foretell(runtime, branch, branch.tip, marks, now)
    predicted = foretold.usage if foretold else None
    _reserve(runtime, live, n, foretold or runtime.foretell(branch.head, branch.tip, (), now), now)
    runtime.record(
        RequestLogged(
            at=now,
            n=n,
            branch=branch.name,
            head=branch.head.id,
            tip=branch.tip.id,
            marks=records_of(marks),
            max_tokens=setup.max_tokens,
            hash=body.hash(),
            size=body.size,
            purpose=branch.made.purpose,
            epoch=branch.epoch,
            predicted=predicted,
            previous=asked,
        )
    )
    runtime.holdings.sent(branch.head, marks, now)
    runtime.emit(Requested(branch=live.name, at=now, n=n, purpose=branch.made.purpose, usage=predicted))
    return _Attempt(n, body, marks, now, foretold)


def _reserve(runtime: Runtime, live: Live, n: int, foretold: Forecast, now: float) -> None:
    """Set the request's input aside from the budgets it draws on. Raises Exhausted."""
    warning = runtime.budgets.reserve(live.name, n, foretold.usage, live.branch.head, now, most=foretold.most)
    if warning:
        _tell(runtime, live, warning)


def _take(runtime: Runtime, live: Live, attempt: _Attempt, event: object) -> None:
    now = runtime.clock()
    match event:
        case Began():
            attempt.begun = event
            runtime.record(
                ReplyBegun(
                    at=now,
                    n=attempt.n,
                    message_id=event.message_id,
                    usage=event.usage,
                    seconds=round(now - attempt.sent_at, 3),
                    request_id=event.request_id,
                    organisation=event.organisation,
                    workspace=event.workspace,
                    reason=event.reason,
                    missed=event.missed,
                )
            )
            _learn(runtime, live, attempt)
            live.reply_began(attempt.body, event.usage)
        case TextDelta(text=text):
            attempt.seen += len(text)
            live.streaming.append(text)
            runtime.emit(Text(branch=live.name, at=now, text=text))
        case ThinkingDelta(text=text):
            attempt.seen += len(text)
            runtime.emit(Thinking(branch=live.name, at=now, text=text))
        case _:
            pass


def _learn(runtime: Runtime, live: Live, attempt: _Attempt) -> None:
    """Hold what was billed against the forecast, and take it into account for the next one."""
    request = runtime.tree.requests[attempt.n]
    attempt.cause = learn(runtime, request, attempt.forecast)
    cause = str(attempt.cause) if attempt.cause is not None else None
    other = contradiction(runtime.tree, request, cause)
    if cause is not None or other is not None:
        at = runtime.clock()
        runtime.emit(CacheMissed(branch=live.name, at=at, n=attempt.n, cause=cause or NOTHING, provider=other))


def _unfinished(runtime: Runtime, live: Live, attempt: _Attempt, how: Settlement, error: str | None) -> None:
    """Settle a request whose reply never ended. What was billed for input is known; the output is not."""
    usage = None
    if attempt.begun:
        usage = attempt.begun.usage.unsettled()
        runtime.emit(Used(branch=live.name, at=runtime.clock(), n=attempt.n, purpose=live.purpose, usage=usage))
    else:
        runtime.holdings.withdrawn(live.branch.head, attempt.marks)
    runtime.record_anyway(
        RequestSettled(
            at=runtime.clock(),
            n=attempt.n,
            how=how,
            usage=usage,
            output_seen=-(-attempt.seen // 4),
            error=error,
            cause=str(attempt.cause) if attempt.cause else None,
            lost=attempt.cause.tokens if attempt.cause else None,
        )
    )
    runtime.emit(ReplyEnded(branch=live.name, at=runtime.clock(), whole=False))


def _ended(runtime: Runtime, live: Live, attempt: _Attempt, ended: Ended) -> Reply:
    """Settle and seal a whole reply, in one write."""
    at = runtime.clock()
    cause = str(attempt.cause) if attempt.cause else None
    lost = attempt.cause.tokens if attempt.cause else None
    settled = RequestSettled(
        at=at, n=attempt.n, how="whole", stop=ended.stop_reason, usage=ended.usage, cause=cause, lost=lost
    )
    blocks = sealable(ended)
    node = Node(live.branch.tip, seal("assistant", blocks)) if blocks else None
    records = [NodeSealed(at=at, branch=live.name, node=node)] if node else []
    runtime.record(settled, *records)
    replied(runtime.holdings, runtime.tree.requests[attempt.n], node)
    runtime.holdings.ended(live.branch.head, attempt.marks, at)
    runtime.emit(Used(branch=live.name, at=at, n=attempt.n, purpose=live.purpose, usage=ended.usage))
    runtime.emit(ReplyEnded(branch=live.name, at=at, whole=True))
    text = "".join(live.streaming)
    live.streaming.clear()
    live.said = text or live.said
    return Reply(node, ended.stop_reason, text, ended.broken, 0 < len(blocks) < len(ended.blocks), ended.refusal)


def sealable(ended: Ended) -> tuple[Block, ...]:
    """What of a reply enters the history: all of it, but for three cases.

    A refused turn is left out: with it in the history, what follows would be refused as well (streaming refusals
    docs). A last tool call that the output limit cut is left out. Thinking alone is not an answer.
    """
    if ended.stop_reason == "refusal":
        return ()
    blocks = ended.blocks
    limited = ended.stop_reason in ("max_tokens", "model_context_window_exceeded")
    if limited and blocks and blocks[-1].get("type") == "tool_use" and blocks[-1].get("id") in ended.broken:
        blocks = blocks[:-1]
    if all(block.get("type") in ("thinking", "redacted_thinking") for block in blocks):
        return ()
    return blocks
