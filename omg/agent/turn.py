"""A turn: from a person's words (or a fork's task) to a reply without tool calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from omg.agent.budget import Exhausted
from omg.agent.compose import Draft, next_message, open_calls
from omg.agent.dispatch import Dispatcher
from omg.agent.exchange import Reply, exchange, take_back
from omg.agent.facts import Telling, untold
from omg.agent.journal import JournalError, NodeSealed
from omg.agent.live import Live
from omg.agent.replay import ReplayFailed
from omg.agent.runtime import Runtime
from omg.agent.spending import Declined
from omg.cache.plan import IllegalPlan
from omg.core.events import Joined, Notice, UserSaid
from omg.core.spoken import Attachment, Spoken, together
from omg.provider.protocol import ProviderError
from omg.wire.chain import Node
from omg.wire.guard import Diverged

Stop = Literal["end_turn", "max_tokens", "refusal", "context_full", "max_turns", "budget", "interrupted", "error"]

_PAUSES = 10
"""Times in a row that a server may pause a reply of its own accord before that is taken for its end."""
_NOTICES: dict[str, str] = {
    "max_tokens": "the reply reached its output limit; say “go on” for the rest",
    "refusal": "the model refused; its reply is not part of the history. Say it differently, or go on from earlier",
    "context_full": "the context is full: fork from an earlier point, or begin a new session",
    "max_turns": "the limit of requests for one turn is reached; say “go on” to continue",
    "budget": "out of budget: /budget or --budget raises it",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended. `error` is one line, for stop "error" and where the provider said something."""

    stop: Stop
    error: str | None = None


class Room(Protocol):
    """Whoever keeps a history within its window."""

    async def make_room(self, live: Live, coming: int = 0) -> bool:
        """Before a message of `coming` tokens is sealed: begin a new epoch if it is time. Whether one began."""
        ...

    async def rescue(self, live: Live) -> bool:
        """The context is full: begin a new epoch if that can be. Whether one began."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one branch."""

    runtime: Runtime
    live: Live
    dispatcher: Dispatcher
    room: Room

    async def say(
        self,
        words: Sequence[str],
        *,
        only: str | None = None,
        notes: Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
    ) -> Outcome:
        """Seal the next user message (with `words`, the `attachments` and `notes` before them, or just with what is
        pending) and work until the turn ends."""
        said = [Spoken(word) for word in words[:-1]] + [Spoken("".join(words[-1:]), tuple(attachments))]
        try:
            await self.room.make_room(self.live, _about(words, notes))
            facts = await asyncio.to_thread(self._untold)
            tree, branch, catalog = self.runtime.tree, self.live.branch, self.runtime.catalog
            draft = next_message(
                tree, branch, catalog, words=words, facts=facts, only=only, notes=notes, attachments=attachments
            )
            if draft is None:
                return Outcome("end_turn")
            self._tell_said(said)
            self._seal(draft)
        except JournalError as error:
            self.live.draft = together(said, between="\n") or None
            return Outcome("error", str(error))
        except Declined as error:
            self.live.draft = together(said, between="\n") or None
            return self._declined(error)
        except asyncio.CancelledError:
            self.live.draft = together(said, between="\n") or None
            return Outcome("interrupted")
        return await self.go_on()

    async def go_on(self) -> Outcome:
        """Work on the newest message until the turn ends. Never raises for what can go wrong; says it."""
        try:
            return await self._work()
        except asyncio.CancelledError:
            return Outcome("interrupted")
        except Declined as error:
            return self._declined(error)
        except Exhausted as error:
            return self._stopped("budget", str(error))
        except ProviderError as error:
            if error.failure == "context_full":
                return Outcome("context_full", f"{error}: {_NOTICES['context_full']}")
            return Outcome("error", str(error))
        except (Diverged, IllegalPlan, JournalError, ReplayFailed) as error:
            take_back(self.runtime, self.live)
            return Outcome("error", str(error))

    async def _work(self) -> Outcome:
        requests = pauses = 0
        while True:
            limit = self._limit(requests)
            if limit is not None:
                return self._stopped(limit)
            reply = await self._exchange()
            requests += 1
            if reply.refusal:
                self._notice(reply.refusal)
            calls = open_calls(reply.node)
            if calls:
                await self.dispatcher.run_all(calls, reply.broken)
            steers = self.live.take_steers()
            if calls or steers:
                await self._make_room(steers)
                self._seal_next(steers, reply)
            elif reply.stop != "pause_turn" or reply.node is None or pauses == _PAUSES:
                return self._stopped(_stop_of(reply))
            pauses = pauses + 1 if reply.stop == "pause_turn" else 0

    async def _exchange(self) -> Reply:
        """The next reply; where the context is full, that to the same message behind a history that was folded."""
        sent = list(self.live.branch.unaccepted)
        try:
            return await exchange(self.runtime, self.live)
        except ProviderError as error:
            if error.failure != "context_full" or not sent or not await self.room.rescue(self.live):
                raise
        for sealed in sent:
            node = Node(self.live.branch.tip, sealed.node.message)
            self.runtime.record(replace(sealed, at=self.runtime.clock(), node=node))
        self.live.draft = None
        return await exchange(self.runtime, self.live)

    async def _make_room(self, steers: Sequence[Spoken]) -> None:
        """Before results are sealed. Words for this turn are not lost where that is interrupted."""
        try:
            await self.room.make_room(self.live, _about([done.text for done in self.live.branch.results.values()]))
        except BaseException:
            self.live.steers[:0] = steers
            raise

    def _limit(self, requests: int) -> Stop | None:
        limits = self.runtime.limits
        if limits.max_turns is not None and requests >= limits.max_turns:
            return "max_turns"
        return None

    def _declined(self, error: Declined) -> Outcome:
        self._notice(str(error))
        return Outcome("interrupted")

    def _stopped(self, stop: Stop, error: str | None = None) -> Outcome:
        if stop in _NOTICES:
            self._notice(_NOTICES[stop])
        return Outcome(stop, error)

    def _tell_said(self, said: Sequence[Spoken]) -> None:
        for one in said:
            if one:
                labels = tuple(attachment.label for attachment in one.attachments)
                now = self.runtime.clock()
                self.runtime.emit(UserSaid(branch=self.live.name, at=now, text=one.words, attached=labels))

    def _seal_next(self, steers: Sequence[Spoken], reply: Reply) -> None:
        """Seal results, reports that have come in, and words of the person that were to go into this turn."""
        say = self.runtime.catalog.say
        notes = [say("call_cut")] if reply.call_cut else []
        notes += [say("budget_low")] if self.runtime.budgets.short(self.live.name) else []
        tree, branch, catalog, said = self.runtime.tree, self.live.branch, self.runtime.catalog, together(steers, "\n")
        draft = next_message(tree, branch, catalog, words=[said.words], notes=notes, attachments=said.attachments)
        if draft is not None:
            self._tell_said(steers)
            try:
                self._seal(draft)
            except JournalError:
                self.live.steers[:0] = steers  # they are words of a person: handed back when the turn ends
                raise

    def _seal(self, draft: Draft) -> None:
        now, tree = self.runtime.clock(), self.runtime.tree
        node = Node(self.live.branch.tip, draft.seal())
        self.live.draft = None
        self.runtime.record(
            NodeSealed(
                at=now,
                branch=self.live.name,
                node=node,
                joins=draft.joins,
                told=draft.told,
                words=draft.words,
                attached=draft.attached,
            )
        )
        for child in draft.joins:
            branch = tree.branches[child]
            status = branch.status or "done"
            self.runtime.emit(
                Joined(branch=self.live.name, at=now, child=child, status=status, text=branch.report, sealed=True)
            )

    def _untold(self) -> Telling:
        return untold([*self.runtime.facts(), *self.runtime.news(self.live.branch)], self.live.branch.told)

    def _notice(self, text: str) -> None:
        self.runtime.emit(Notice(branch=self.live.name, at=self.runtime.clock(), text=text))


def _about(*texts: Sequence[str]) -> int:
    """Tokens of some texts, roughly, and rather too many."""
    return sum(len(text) for some in texts for text in some) // 3


def _stop_of(reply: Reply) -> Stop:
    match reply.stop:
        case "max_tokens" | "refusal":
            return reply.stop
        case "model_context_window_exceeded":
            return "context_full"
        case _:
            return "end_turn"
