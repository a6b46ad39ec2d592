"""An app of a prompt alone: what it says is remembered, keys go in by Pilot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from omg.session.conversation import Conversation
from omg.session.turns import Turns
from omg.ui.taste import Taste
from omg.ui.tui.in_order import InOrder
from omg.ui.tui.look import dress
from omg.ui.tui.prompt import Prompt


class Alone(InOrder[None]):
    """The prompt at the foot of an empty screen."""

    CSS = "Screen { align: left bottom; }"

    def __init__(self, *, vim: bool = False) -> None:
        super().__init__()
        dress(self, Taste("dark"))
        self.prompt = Prompt(vim=vim)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.prompt

    def on_mount(self) -> None:
        self.prompt.focus()

    def _keep(self, message: Message) -> None:
        self.said.append(message)

    on_prompt_submitted = on_prompt_interrupted = on_prompt_rewound = on_prompt_left = _keep
    on_prompt_mode_cycled = on_prompt_answer_wanted = on_noted = _keep


@dataclass
class Typing:
    """One prompt, and who types into it."""

    app: Alone
    pilot: Pilot[None]
    turns: Turns | None = None
    returned: list = field(default_factory=list)

    @property
    def prompt(self) -> Prompt:
        return self.app.prompt

    @property
    def text(self) -> str:
        return self.prompt.editor.text

    async def type(self, text: str) -> None:
        """Press a key for each character."""
        await self.pilot.press(*text)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, reached: Callable[[], object]) -> None:
        for _ in range(500):
            if reached():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"it never came to that: {self.text!r}, {self.app.said}")

    def sent(self) -> list[Prompt.Submitted]:
        return [message for message in self.app.said if isinstance(message, Prompt.Submitted)]

    def words(self) -> list[str]:
        return [message.text for message in self.sent()]

    def heard(self, kind: type) -> int:
        """How many messages of this kind there were."""
        return sum(isinstance(message, kind) for message in self.app.said)

    async def paste(self, text: str) -> None:
        from textual.events import Paste

        self.prompt.editor.post_message(Paste(text))
        await self.pilot.pause()


@asynccontextmanager
async def typing(
    conversation: Conversation | None = None, *, vim: bool = False, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Typing]:
    app = Alone(vim=vim)
    async with app.run_test(size=size) as pilot:
        desk = Typing(app, pilot)
        if conversation is not None:
            prompt = app.prompt
            desk.turns = Turns(conversation, prompt.waiting_changed, prompt.give_back, desk.returned.append)
            prompt.adopt(conversation, desk.turns)
        await pilot.pause()
        yield desk
