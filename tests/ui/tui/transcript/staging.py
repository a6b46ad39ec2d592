"""A transcript in an app of its own, over a conversation that is as long as a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from omg.agent.journal import NodeSealed
from omg.core.events import Event, ReplyEnded, Text, Thinking, ToolCalled, ToolOutput, ToolResult
from omg.core.tool import Show
from omg.session.conversation import Conversation
from omg.ui.tui.look import dress
from omg.ui.tui.transcript import Transcript
from omg.wire.chain import Node
from omg.wire.seal import seal


class Page(App[None]):
    """A transcript and nothing else."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        dress(self)
        self.conversation = conversation
        self.transcript = Transcript()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_mount(self) -> None:
        self.transcript.adopt(self.conversation)
        self.transcript.focus()

    def on_transcript_chosen(self, event: Transcript.Chosen) -> None:
        self.chosen.append(event.branch)


@asynccontextmanager
async def page(conversation: Conversation, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Transcript, Pilot]]:
    app = Page(conversation)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app.transcript, pilot


def history(conversation: Conversation, exchanges: int, reply: str = "Answer {n}, in a few words.") -> None:
    """Put so many exchanges on main, as a log would."""
    tree = conversation.tree
    tip = tree.branches["main"].tip
    for n in range(exchanges):
        for role, text in (("user", f"question {n}"), ("assistant", reply.format(n=n))):
            tip = Node(tip, seal(role, [{"type": "text", "text": text}]))  # type: ignore[arg-type]
            words = 0 if role == "user" else None
            tree.apply(NodeSealed(at=1.0, branch="main", node=tip, words=words))


def text(words: str, branch: str = "main") -> Event:
    return Text(branch=branch, at=1.0, text=words)


def thinking(words: str) -> Event:
    return Thinking(branch="main", at=1.0, text=words)


def ended(whole: bool = True) -> Event:
    return ReplyEnded(branch="main", at=1.0, whole=whole)


def called(id: str, name: str, **given: Any) -> Event:
    return ToolCalled(branch="main", at=1.0, id=id, name=name, input=given)


def wrote(id: str, words: str) -> Event:
    return ToolOutput(branch="main", at=1.0, id=id, text=words)


def result(id: str, name: str, words: str, line: str = "", *shows: Show, failed: bool = False) -> Event:
    return ToolResult(branch="main", at=1.0, id=id, is_error=failed, text=words, name=name, line=line, shows=shows)
