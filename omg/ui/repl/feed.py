"""What happens, told on the page as it happens, and kept for what is shown live."""

from __future__ import annotations

from dataclasses import dataclass, field

from omg.core.amounts import dollars
from omg.core.events import (
    CacheMissed,
    Compacted,
    Event,
    Failed,
    Forked,
    ForkStatus,
    Joined,
    Notice,
    ReplyEnded,
    Text,
    Thinking,
    ToolCalled,
    ToolOutput,
    ToolResult,
    TurnEnded,
    UserSaid,
)
from omg.session.conversation import Conversation
from omg.ui.repl.cards import Deck
from omg.ui.repl.ink import Tone
from omg.ui.repl.page import Page
from omg.ui.repl.stream import Stream
from omg.ui.text import clean, cut, one_line

_ENDS: dict[ForkStatus, tuple[str, Tone, str]] = {
    "done": ("✔", "running", "report ready"),
    "failed": ("✗", "failed", "failed"),
    "stopped": ("◼", "warm", "stopped"),
    "running": ("●", "running", "running"),
}
_FIRST = 6
"""Lines of a report that are shown when it comes."""


@dataclass(slots=True)
class Feed:
    """Listens to one conversation."""

    conversation: Conversation
    page: Page
    deck: Deck = field(default_factory=Deck)
    watched: str | None = None
    silent: set[str] = field(default_factory=set[str])
    """Words that are on the page already, when they go out."""
    streams: dict[str, Stream] = field(default_factory=dict[str, Stream])

    def __post_init__(self) -> None:
        self.streams["main"] = Stream(self.page, self.deck)

    def watch(self, name: str) -> None:
        """Tell what this fork says as well, from now on; instead of the one watched before."""
        self.unwatch()
        self.watched = name
        self.streams[name] = Stream(self.page, self.deck, f"{name} │ ")

    def unwatch(self) -> str | None:
        """Watch nobody any more; who was watched."""
        name, self.watched = self.watched, None
        if name is not None:
            self.streams.pop(name, None)
            self.deck.forget(name)
        return name

    def heard(self, event: Event) -> None:
        """Take one event in."""
        stream = self.streams.get(event.branch)
        match event:
            case Text() | Thinking() | ReplyEnded() | ToolCalled() | ToolOutput() | ToolResult():
                if stream is not None:
                    stream.heard(event)
            case UserSaid(text=text, attached=attached):
                if text in self.silent:
                    self.silent.discard(text)
                elif stream is not None:
                    said = [*([text] if text else []), *(f"[{one}]" for one in attached)]
                    self.page.words("\n".join(said), stream.label)
            case Forked(child=child, task=task):
                self._line("cold", "⑂", f"{child}  {one_line(task)}")
            case Joined():
                self._joined(event)
            case TurnEnded():
                self._turn_ended(event)
            case _:
                self._told(event)

    def _told(self, event: Event) -> None:
        who = "" if event.branch == "main" else f"{event.branch}: "
        match event:
            case Notice(text=text):
                self.page.note(who + text)
            case Failed(text=text):
                self.page.error(who + text)
            case CacheMissed(cause=cause):
                self._line("warm", "!", f"cache miss: {cause}")
            case Compacted(phase=phase, text=text):
                self.page.note(f"{who}{'the history is folded later: ' if phase == 'waits' else ''}{text}")
            case _:
                pass

    def _line(self, tone: Tone, mark: str, text: str) -> None:
        self.page.line(f"{self.page.ink(tone, mark)} {cut(text, self.page.width() - 3)}")

    def _joined(self, event: Joined) -> None:
        if event.sealed:
            return self._line("cold", "⑂", f"{event.branch} reads the report of {event.child}")
        made = self.conversation.tree.branches[event.child].made
        mark, tone, what = _ENDS[event.status]
        if made.purpose == "aside" and event.status == "done":
            what = "answered"
        cost = dollars(self.conversation.figures(event.child).cost_usd)
        self._line(tone, mark, f"{event.child} {what} · {cost} · {one_line(made.task or '')}")
        if event.child == self.watched:
            self.unwatch()
        else:
            self._beginning(event)
        return None

    def _beginning(self, event: Joined) -> None:
        """The first lines of a report, and why it ended where something was wrong."""
        lines = [line for line in clean(event.text).splitlines() if line.strip() and not line.startswith("```")]
        more = [f"… {len(lines) - _FIRST} more lines: /watch {event.child}"] if len(lines) > _FIRST else []
        error = self.conversation.tree.branches[event.child].error
        for line in [*lines[:_FIRST], *more]:
            self.page.line(self.page.ink("dim", "  │ " + cut(line, self.page.width() - 5)))
        if error:
            self.page.error(f"{event.child}: {error}")

    def _turn_ended(self, event: TurnEnded) -> None:
        if event.branch != "main":
            return
        if event.error:
            self.page.error(event.error)
        elif event.stop == "interrupted":
            self.page.note("(interrupted)")
