"""One person's side of a session, for any front end: what they enter, and what comes of it. Light to import: a front
end has it before its first picture; what commands need comes with the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from omg.agent.permit import Asker, Mode
from omg.core.spoken import Spoken
from omg.core.trouble import Trouble
from omg.session.breath import BREATH
from omg.session.questions import Questions
from omg.session.turns import Turns

if TYPE_CHECKING:
    from omg.core.events import Event
    from omg.session.columns import Fit
    from omg.session.command import Action
    from omg.session.conversation import Conversation

Opener = Callable[[Asker | None, str | None], "Conversation"]
"""Opens the session that the flags name, or resumes the one that is named here. Slow; raises Trouble."""

_BY_KEY: tuple[Mode, ...] = ("ask", "edit", "plan")
"""The modes that a key goes through. `all` must be typed: nobody should get there by a slip."""


class Front(Protocol):
    """What a front end does for a talk. All of it is called from the event loop, and must be quick."""

    def adopted(self, conversation: Conversation, turns: Turns) -> None:
        """Show this conversation from now on; its opening is told next."""
        ...

    def heard(self, event: Event) -> None:
        """Something happened."""
        ...

    def changed(self) -> None:
        """What waits, runs or is asked is not the same any more."""
        ...

    def returned(self, said: Spoken) -> None:
        """Give this back to the person, who may say it again."""
        ...

    def trouble(self, error: BaseException) -> None:
        """Say in one line what went wrong."""
        ...

    def ordered(self, line: str, shell: bool = False) -> Sheet:
        """A command begins: where what it writes is to be shown."""
        ...

    async def act(self, action: Action) -> None:
        """Do what a command leaves to the front end: watch, resume, quit, trust, open. Raises Trouble."""
        ...


class Sheet(Protocol):
    """Where a command's output goes."""

    def write(self, text: str) -> None: ...

    def end(self, text: str = "", ending: str = "", fit: Fit | None = None) -> None:
        """The rest of it, and how it ended, in words; `fit` makes the whole text for a narrow screen."""
        ...


class Talk:
    """`open` is None until the session is there; what is entered before that waits in `early`."""

    def __init__(self, front: Front, opener: Opener, remember: Callable[[str], None]) -> None:
        self.front, self._opener = front, opener
        self.questions = Questions(front.changed, remember)
        self.conversation: Conversation | None = None
        self.turns: Turns | None = None
        self.early: list[Spoken] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._own: set[asyncio.Task[None]] = set()
        """Shell commands of the person's own."""

    @property
    def busy(self) -> bool:
        """Whether main, or a command of the person's own, is at work."""
        return bool(self._own) or (self.turns is not None and self.turns.busy)

    @property
    def forks_running(self) -> int:
        return len(self.conversation.agent.running()) if self.conversation is not None else 0

    async def begin(self) -> None:
        """Open the session that the flags name. Raises Trouble."""
        conversation = await asyncio.to_thread(self._load)
        self.adopt(conversation)
        await asyncio.sleep(BREATH)
        conversation.config.provider.warm_up()

    def _load(self) -> Conversation:
        """In a thread: with the session comes what its commands and figures need, so that no key waits for that."""
        for name in ("commands", "completing", "glance"):
            import_module(f"omg.session.{name}")
        return self._opener(self.questions, None)

    async def resume(self, name: str) -> None:
        """Go on with another session; this one is closed once that one is open. Raises Trouble."""
        before = self.conversation
        following = await asyncio.to_thread(self._opener, self.questions, name)
        if before is not None:
            await before.close()
        self.adopt(following)

    def adopt(self, conversation: Conversation) -> None:
        """Go on with `conversation`, and with what was entered before it was there."""
        self.conversation = conversation
        conversation.hub.listen(self.front.heard, self.front.trouble)
        self.turns = Turns(conversation, self.front.changed, self.front.returned, self.front.trouble)
        self.front.adopted(conversation, self.turns)
        conversation.opened()
        early, self.early = self.early, []
        for said in early:
            self.submit(said)

    def submit(self, said: Spoken, *, steer: bool = False) -> None:
        """Do what was entered: a command, a shell line, or words, which `steer` puts into the turn under way."""
        words = said.words.strip()
        if not said:
            return
        if self.conversation is None or self.turns is None:
            self.early.append(said)
            self.front.changed()
        elif words.startswith("!"):
            self._start(self._shell(self.conversation, words), self._own)
        elif is_command(words):
            if said.attachments:
                self.front.returned(Spoken("", said.attachments))
                self.front.trouble(
                    Trouble("what is attached goes with words, not with a command: it waits in the prompt")
                )
            self._start(self._command(self.conversation, self.turns, words), self._tasks)
        elif steer:
            self.turns.steer(words, said.attachments)
        else:
            self.turns.say(words, said.attachments)

    def interrupt(self) -> bool:
        """Stop the person's own command, else the turn under way; whether there was one."""
        for task in self._own:
            task.cancel()
        return bool(self._own) or (self.turns is not None and self.turns.interrupt())

    def next_mode(self) -> None:
        """Main's next mode of those that keys may lead to."""
        if self.conversation is not None:
            next_mode(self.conversation)
            self.front.changed()

    async def close(self) -> None:
        """Stop what runs, and let forks report."""
        for task in [*self._own, *self._tasks]:
            if task is not asyncio.current_task():
                task.cancel()
        if self.conversation is not None:
            await self.conversation.close()

    def _start(self, work: Coroutine[object, object, None], among: set[asyncio.Task[None]]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(lambda done: self._ended(done, among))
        self.front.changed()

    def _ended(self, task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
        among.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.front.trouble(error)
        self.front.changed()

    async def _shell(self, conversation: Conversation, text: str) -> None:
        """Run what stands behind `!`, or behind `!!` to keep it from the model."""
        tell, command = not text.startswith("!!"), text.lstrip("!").strip()
        if not command:
            return
        from omg.session.own_shell import run_own

        sheet = self.front.ordered(f"{'!' if tell else '!!'} {command}", shell=True)
        try:
            outcome = await run_own(conversation, command, sheet.write, tell=tell)
        except BaseException as error:
            sheet.end(ending="interrupted" if isinstance(error, asyncio.CancelledError) else "it did not start")
            raise
        told = "the model reads this with your next words" if tell else "kept from the model"
        sheet.end(ending=_joined(["" if outcome.status == 0 else f"status {outcome.status}", told]))

    async def _command(self, conversation: Conversation, turns: Turns, line: str) -> None:
        from omg.session.commands import run_command

        sheet, done = self.front.ordered(line), None
        try:
            done = await run_command(conversation, line)
            if done.action is not None:
                await self._act(turns, done.action)
        finally:
            sheet.end(done.text, fit=done.fit) if done is not None else sheet.end()

    async def _act(self, turns: Turns, action: Action) -> None:
        match action.kind:
            case "say":
                turns.say(action.subject)
            case "join":
                turns.join(action.subject or None)
            case _:
                await self.front.act(action)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def is_command(words: str) -> bool:
    """Whether words are a command, and no path: /fork is one, and so is a misspelt one, /etc/hosts is none."""
    if not words.startswith("/"):
        return False
    from omg.session.commands import COMMANDS

    name = words[1:].split(None, 1)[0] if words[1:].strip() else ""
    return name in COMMANDS or "/" not in name


def next_mode(conversation: Conversation) -> None:
    """Put main into the next mode of those that a key goes through."""
    mode = conversation.agent.mode("main")
    place = _BY_KEY.index(mode) + 1 if mode in _BY_KEY else 0
    conversation.agent.set_mode(_BY_KEY[place % len(_BY_KEY)])
