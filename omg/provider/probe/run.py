"""Run the questions against a provider: reserve, send, settle, and hand each experiment what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from omg.cache.rules import CacheRules, RuleOverrides, minimum_for
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.provider.probe.ask import Ask, Target, call_of, most, rendered
from omg.provider.probe.bench import Answer, Bench, CannotTell, Seen, Send
from omg.provider.probe.purse import NotEnough, Purse
from omg.provider.probe.questions import Chosen, LeftOut, Question, choose, too_dear
from omg.provider.protocol import Began, Call, Ended, Provider, ProviderError

LIMIT = 0.05
"""Dollars, for all of it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question waits that many seconds before its next request."""

    question: Question
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a question."""

    question: Question
    answers: tuple[Answer, ...]


Event = Chosen | Waiting | Answered | LeftOut


class ProbeFailed(Trouble):
    """The provider failed: why, and what the probe has cost by then. What was answered before stays answered."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the probe sees it: seconds, and how to let some pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def probe(
    provider: Provider,
    target: Target,
    purse: Purse,
    tell: Callable[[Event], None],
    *,
    nonce: str,
    known: RuleOverrides | None = None,
    wait: bool = False,
    clock: Clock | None = None,
) -> None:
    """Ask what `purse` affords and `tell` each answer as it comes. `nonce` must differ from run to run; `known` is
    what earlier runs found; `wait` asks what needs minutes to an hour, too. Raises ProbeFailed."""
    known = known or RuleOverrides()
    rules = known.applied(CacheRules(), target.model)
    bench = Bench(nonce, minimum_for(target.model), rules.minimum_for(target.model), CacheRules().lookback)
    if known.settle_seconds is not None:
        bench.settle = known.settle_seconds.value
    chosen = choose(target, known, bench.minimum, purse.left, wait=wait)
    tell(chosen)
    for question in (*chosen.asked, *(out.question for out in chosen.short)):
        if (left := too_dear(question, target, bench.minimum, purse.left)) is not None:
            tell(left)
            continue
        run = _Run(provider, target, purse, question, tell, clock or Clock())
        tell(Answered(question, await run.answers(bench)))


class _Run:
    """One question, from its first request to its answers."""

    def __init__(
        self,
        provider: Provider,
        target: Target,
        purse: Purse,
        question: Question,
        tell: Callable[[Event], None],
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._target = target
        self._purse = purse
        self._question = question
        self._tell = tell
        self._clock = clock
        self._start = clock.now()
        self._held: asyncio.Task[Seen] | None = None

    async def answers(self, bench: Bench) -> tuple[Answer, ...]:
        """Its answers; those that could not be had say why. Raises ProbeFailed."""
        del bench.answers[:]
        try:
            why = await self._stopped_by(bench)
            await self._release()
        except ProviderError as error:
            raise ProbeFailed(f"{error}; the probe has cost {self._purse} so far") from error
        finally:
            await self._abandon()
        told = {answer.field: answer for answer in bench.answers}
        unknown = (Answer(field, None, None, f"could not tell: {why}") for field in self._question.fields)
        return tuple(told.get(answer.field, answer) for answer in unknown)

    async def _stopped_by(self, bench: Bench) -> str:
        """Run the experiment; why it ended before its last answer, where it did."""
        try:
            await self._drive(bench)
        except CannotTell as cannot:
            return str(cannot)
        except NotEnough:
            return "what was left of the money did not cover the next request"
        return "the experiment ended without an answer"

    async def _drive(self, bench: Bench) -> None:
        experiment = self._question.experiment(bench)
        try:
            send = next(experiment)
            while True:
                seen = await self._sent(send)
                send = experiment.send(seen)
        except StopIteration:
            return

    async def _sent(self, send: Send) -> Seen:
        await self._until(send.at)
        began: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        if send.hold:
            return await self._begun(asyncio.create_task(self._exchange(send.ask, began)), began)
        try:
            seen = await self._exchange(send.ask, began)
        except ProviderError as error:
            if send.may_refuse and error.failure == "refused":
                return replace(self._seen(self._now()), refused=str(error))
            raise
        await self._release()
        return seen

    async def _begun(self, leader: asyncio.Task[Seen], began: asyncio.Future[Seen]) -> Seen:
        """What is known when the reply of `leader` begins; it goes on in the background."""
        self._held = leader
        await asyncio.wait({leader, began}, return_when=asyncio.FIRST_COMPLETED)
        if began.done():
            return began.result()
        self._held = None
        return await leader

    async def _release(self) -> None:
        """Let the reply that was held come to its end, so that its cost is known."""
        if self._held is not None:
            held, self._held = self._held, None
            await held

    async def _abandon(self) -> None:
        """After a failure: drop a reply that is still held. The failure itself is what is told."""
        if self._held is not None:
            held, self._held = self._held, None
            held.cancel()
            await asyncio.gather(held, return_exceptions=True)

    async def _until(self, at: float) -> None:
        seconds = at - self._now()
        if seconds > 0:
            self._tell(Waiting(self._question, seconds))
            await self._clock.sleep(seconds)

    def _now(self) -> float:
        return self._clock.now() - self._start

    def _seen(self, sent: float) -> Seen:
        return Seen(Usage(), sent, sent, sent)

    async def _exchange(self, ask: Ask, began: asyncio.Future[Seen]) -> Seen:
        """Send `ask` and read its reply to the end. `began` is set when it begins."""
        body = rendered(self._target, ask)
        reserved = most(self._target, ask, body.size)
        self._purse.reserve(reserved)
        cost: float | None = None
        try:
            seen = await self._streamed(call_of(self._target, body), began)
            cost = self._cost(seen.usage, ask)
        except ProviderError as error:
            # A status before anything was begun is a refusal: those are not billed.
            cost = 0.0 if error.status is not None and not began.done() else None
            raise
        finally:
            self._purse.settle(reserved, cost)
        return seen

    async def _streamed(self, call: Call, began: asyncio.Future[Seen]) -> Seen:
        sent = self._now()
        seen = self._seen(sent)
        async with aclosing(self._provider.stream(call)) as events:
            async for event in events:
                if isinstance(event, Began):
                    held = self._held
                    now = self._now()
                    alongside = held is not None and held is not asyncio.current_task() and not held.done()
                    seen = Seen(event.usage, sent, now, now, alongside)
                    if not began.done():
                        began.set_result(seen)
                elif isinstance(event, Ended):
                    seen = replace(seen, usage=event.usage, ended=self._now())
        return seen

    def _cost(self, usage: Usage, ask: Ask) -> float | None:
        """What it cost; None where the provider's figures do not say."""
        if usage.input == 0:
            return None
        output = ask.max_tokens if usage.output is None else usage.output
        return self._target.prices.cost(replace(usage, output=output))
