"""One branch's story: its past, read backwards as somebody wants to see it, and what happens on it now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from omg.core.amounts import dollars, money, ratio
from omg.core.events import (
    CacheMissed,
    Compacted,
    Event,
    Failed,
    Forked,
    Joined,
    Notice,
    Priced,
    ReplyEnded,
    Requested,
    Text,
    Thinking,
    ToolCalled,
    ToolOutput,
    ToolResult,
    TurnEnded,
    UserSaid,
)
from omg.ui.text import one_line
from omg.ui.tui.transcript.items import Call, Fork, Item, Note, Output, Reply, Report, Thought, Tone, Words, replied

if TYPE_CHECKING:
    from omg.session.back import Back, Piece
    from omg.session.conversation import Conversation

PAGE = 60
"""Messages that are read at a time."""


class Watcher(Protocol):
    """Somebody who shows a story."""

    def added(self, item: Item) -> None: ...
    def altered(self, item: Item) -> None: ...


@dataclass(slots=True)
class Story:
    """What is to be read of a branch. `items` grow at both ends: `earlier` reads another page of the past."""

    conversation: Conversation
    branch: str
    items: list[Item] = field(default_factory=list[Item])
    watcher: Watcher | None = None
    _back: Back | None = None
    _reply: Reply | None = None
    _thought: Thought | None = None
    _calls: dict[str, Call] = field(default_factory=dict[str, Call])
    _forks: dict[str, Fork] = field(default_factory=dict[str, Fork])
    _asked: list[int] = field(default_factory=list[int])
    """The requests of the turn under way."""

    def __post_init__(self) -> None:
        tree = self.conversation.tree
        from omg.session.back import Back

        self._back = Back(tree, tree.branches[self.branch])

    def earlier(self, messages: int = PAGE) -> list[Item]:
        """Another page of the past, put before `items`; empty at the beginning."""
        pieces = self._back.page(messages) if self._back is not None else []
        found = [self._item(piece) for piece in pieces]
        self.items[:0] = found
        return found

    def begin(self, streaming: str) -> None:
        """Read the end of the past, and go on from the middle of what is under way."""
        while not self.items and self._back is not None and self._back.more:
            self.earlier()
        if streaming:
            self._said(streaming)

    @property
    def more(self) -> bool:
        """Whether there is more of the past."""
        return self._back is not None and self._back.more

    def add(self, item: Item) -> None:
        """Put something at the end."""
        self.items.append(item)
        if self.watcher is not None:
            self.watcher.added(item)

    def note(self, text: str, tone: Tone = "dim", mark: str = "") -> None:
        self.add(Note(text, tone, mark))

    def alter(self, item: Item) -> None:
        """An item has changed."""
        if self.watcher is not None:
            self.watcher.altered(item)

    def newest_folding(self) -> Item | None:
        """The newest item that can be opened."""
        found = (item for item in reversed(self.items) if item.folds)
        return next((item for item in found if not (isinstance(item, Output) and item.whole)), None)

    def call(self, n: int) -> Call | None:
        """The newest tool call (1), or the one that so many stand behind."""
        found = [item for item in self.items if isinstance(item, Call)]
        return found[-n] if 0 < n <= len(found) else None

    def heard(self, event: Event) -> None:
        """Take one event in; those of other branches too, for what they tell of its forks."""
        match event:
            case Forked() | Joined() if event.branch == self.branch:
                self._family(event)
            case Joined(child=child):
                self._status(child, event)
            case _ if event.branch != self.branch:
                self._elsewhere(event)
            case Text(text=text):
                self._said(text)
            case Thinking(text=text):
                self._thinks(text)
            case ReplyEnded(whole=whole):
                self._reply_ended(whole)
            case ToolCalled() | ToolOutput() | ToolResult():
                self._called(event)
            case _:
                self._told(event)

    def _elsewhere(self, event: Event) -> None:
        """What main's story tells of other branches: what a person must know."""
        if self.branch != "main":
            return
        if isinstance(event, Failed):
            self.note(f"{event.branch}: {event.text}", "failed", "✗")
        elif isinstance(event, Notice):
            self.note(f"{event.branch}: {event.text}")
        elif isinstance(event, CacheMissed):
            self.note(f"{event.branch}: cache miss: {event.cause}", "warm", "!")

    def _told(self, event: Event) -> None:
        match event:
            case UserSaid(text=text, attached=attached):
                self.add(Words("\n".join(part for part in (text, *(f"[{one}]" for one in attached)) if part)))
            case Notice(text=text):
                self.note(text)
            case Failed(text=text):
                self.note(text, "failed", "✗")
            case CacheMissed(cause=cause):
                self.note(f"cache miss: {cause}", "warm", "!")
            case Compacted(phase=phase, text=text):
                self.note(("the history is folded later: " if phase == "waits" else "") + one_line(text)[:200])
            case Priced() if any(call.name == "fork" for call in self._calls.values()):
                cost = f"{event.children} forks · predicted {money(event.usd)} (cold: {money(event.usd_cold)})"
                self.note(cost, "cold", "⑂")
            case Requested(n=n):
                self._asked.append(n)
            case TurnEnded():
                self._turn_ended(event)
            case _:
                pass

    def _said(self, text: str) -> None:
        self._end_thought()
        if self._reply is None:
            self._reply = Reply()
            self._reply.grow(text)
            self.add(self._reply)
        else:
            self._reply.grow(text)
            self.alter(self._reply)

    def _thinks(self, text: str) -> None:
        if self._thought is None:
            self._thought = Thought([text], True)
            self.add(self._thought)
        else:
            self._thought.parts.append(text)
            self._thought.changed()
            self.alter(self._thought)

    def _end_thought(self) -> None:
        thought, self._thought = self._thought, None
        if thought is not None:
            thought.live = False
            thought.changed()
            self.alter(thought)

    def _reply_ended(self, whole: bool) -> None:
        self._end_thought()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.end(whole)
            self.alter(reply)

    def _called(self, event: ToolCalled | ToolOutput | ToolResult) -> None:
        call = self._calls.get(event.id)
        match event:
            case ToolCalled(id=id, name=name, input=given):
                self._calls[id] = Call(id, name, given)
                self.add(self._calls[id])
            case ToolOutput(text=text) if call is not None:
                call.take(text)
                self.alter(call)
            case ToolResult(id=id) if call is not None:
                del self._calls[id]
                call.end(event.text, event.line, event.shows, event.is_error)
                self.alter(call)
            case ToolResult(id=id, name=name):
                call = Call(id, name, {})
                call.end(event.text, event.line, event.shows, event.is_error)
                self.add(call)
            case _:
                pass

    def _family(self, event: Forked | Joined) -> None:
        if isinstance(event, Forked):
            self._forks[event.child] = Fork(event.child, event.task)
            return self.add(self._forks[event.child])
        self._status(event.child, event)
        branch = self.conversation.tree.branches[event.child]
        if event.sealed:
            return self.add(Report(event.child, event.text, event.status, branch.made.task or "", joined=True))
        report = Report(event.child, event.text, event.status, branch.made.task or "", error=branch.error or "")
        report.cost = dollars(self.conversation.figures(event.child).cost_usd)
        report.aside = branch.made.purpose == "aside"
        return self.add(report)

    def _status(self, child: str, event: Joined) -> None:
        fork = self._forks.get(child)
        if fork is not None and fork.status != event.status and not event.sealed:
            fork.status = event.status
            fork.changed()
            self.alter(fork)

    def _turn_ended(self, event: TurnEnded) -> None:
        self._reply_ended(False)
        asked, self._asked = self._asked, []
        if event.error:
            self.note(event.error, "failed", "✗")
        elif event.stop == "interrupted":
            self.note("interrupted")
        if asked:
            self.note(_price(self.conversation, asked))

    def _item(self, piece: Piece) -> Item:
        """What a piece of the past looks like."""
        match piece.kind:
            case "words":
                return Words(piece.text)
            case "reply":
                return replied(piece.text)
            case "thought":
                return Thought([piece.text])
            case "report":
                return Report(piece.name, piece.text, joined=True)
            case "fork":
                return self._past_fork(piece)
            case "break":
                return Note(f"before: {piece.text}", "cold", "─")
            case "call":
                return self._past_call(piece)

    def _past_fork(self, piece: Piece) -> Fork:
        status = self.conversation.tree.branches[piece.name].status or "done"
        fork = self._forks[piece.name] = Fork(piece.name, piece.text, status)
        return fork

    def _past_call(self, piece: Piece) -> Call:
        call = Call(piece.id, piece.name, piece.input)
        if piece.open:
            self._calls[piece.id] = call
        else:
            call.end(piece.text, piece.line, (), piece.is_error)
        return call


def _price(conversation: Conversation, asked: Sequence[int]) -> str:
    """What a turn came to, in one line."""
    from omg.session.accounts import lines_of, sums

    figures = sums(lines_of(conversation.tree, asked))
    requests = f"{figures.requests} request{'' if figures.requests == 1 else 's'}"
    return f"{requests} · {ratio(figures.usage)} · {dollars(figures.cost_usd)}"


Write = Callable[[str], None]
"""Takes output as it comes."""


def output(story: Story, command: str) -> Output:
    """A place at the end of a story for what a command comes to."""
    item = Output(command, live=True)
    story.add(item)
    return item
