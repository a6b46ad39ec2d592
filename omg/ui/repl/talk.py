"""What a person types, and what comes of it: words, commands, shell, questions; apart from any screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from omg.core.events import Event, Text, Thinking, ToolOutput
from omg.core.spoken import Attachment, Spoken
from omg.session.breath import BREATH
from omg.session.commands import run_command
from omg.session.conversation import Conversation
from omg.session.glance import Glance
from omg.session.mishaps import told
from omg.session.questions import Questions
from omg.session.talk import is_command
from omg.session.turns import Turns
from omg.ui.repl import shows
from omg.ui.repl.actions import act
from omg.ui.repl.feed import Feed
from omg.ui.repl.markdown import warm_up
from omg.ui.repl.own import run_shown
from omg.ui.repl.page import Page
from omg.ui.screen import Screen


@dataclass(slots=True)
class Open:
    """An open conversation, and what belongs to it."""

    conversation: Conversation
    feed: Feed
    turns: Turns
    glance: Glance


class Talk:
    """One person's REPL. `changed` asks for what is live to be drawn again, `returned` puts words back into the
    editor, `leave` ends it."""

    def __init__(
        self,
        screen: Screen,
        page: Page,
        changed: Callable[[], None],
        returned: Callable[[str], None],
        leave: Callable[[], None],
    ) -> None:
        self.screen, self.page = screen, page
        self.changed, self.returned, self.leave = changed, returned, leave
        self.questions = Questions(changed, screen.remember)
        self.open: Open | None = None
        self.early: list[str] = []
        """What was said before the session was open."""
        self.attached: tuple[Attachment, ...] = ()
        """What was given back and no line can hold: it goes with the next words."""
        self.began = 0.0
        """When the turn under way began, by the monotonic clock."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._own: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._next_card: int | None = None

    @property
    def working(self) -> bool:
        """Whether anything runs."""
        return bool(self._own) or (self.open is not None and (self.open.turns.busy or self.forks_running > 0))

    @property
    def forks_running(self) -> int:
        return len(self.open.conversation.agent.running()) if self.open else 0

    async def begin(self) -> None:
        """Open the session that the flags name. Raises Trouble."""
        conversation = await asyncio.to_thread(self.screen.open, self.questions, None)
        await self.adopt(conversation)
        await asyncio.sleep(BREATH)
        conversation.config.provider.warm_up()
        for line in await asyncio.to_thread(conversation.since):
            self.page.note(f"(since then: {line})")
        await asyncio.to_thread(warm_up)

    async def adopt(self, conversation: Conversation) -> None:
        """Go on with `conversation`."""
        glance = Glance(conversation)
        feed = Feed(conversation, self.page)
        turns = Turns(conversation, self._turned, self.put_back, self.trouble)
        self.open = Open(conversation, feed, turns, glance)
        conversation.hub.listen(self._heard)
        shows.past(self.page, conversation, conversation.tree.branches["main"])
        conversation.opened()
        self._start(self._count_up(glance), self._tasks)
        early, self.early = self.early, []
        for words in early:
            self.submit(words)
        self.changed()

    async def _count_up(self, glance: Glance) -> None:
        """Sum the ledger up, so that the prompt answers meanwhile."""
        await glance.begin()
        self.changed()

    def _heard(self, event: Event) -> None:
        """Whatever goes wrong in showing an event must not reach the branch that it comes from."""
        try:
            if self.open is not None:
                self.open.feed.heard(event)
        except Exception as error:  # noqa: BLE001 - the border between the agent and what is shown of it
            self.trouble(error)
        self._tick()
        if not isinstance(event, Text | Thinking | ToolOutput) or self._shown(event.branch):
            self.changed()

    def _shown(self, branch: str) -> bool:
        return self.open is not None and branch in self.open.feed.streams

    def _turned(self) -> None:
        if self.open is not None and not self.open.turns.busy:
            self.began = 0.0
        elif not self.began:
            self.began = time.monotonic()
        self._tick()
        self.changed()

    def _tick(self) -> None:
        """Let what is live show the seconds, while something runs."""
        if self.working and (self._ticking is None or self._ticking.done()):
            self._ticking = asyncio.create_task(self._ticks())

    async def _ticks(self) -> None:
        while self.working:
            await asyncio.sleep(1)
            self.changed()

    def submit(self, text: str) -> None:
        """Do what was typed."""
        words = text.strip()
        if not words:
            return
        if self.open is None:
            self.early.append(words)
            self.changed()
        elif words.startswith("!"):
            self._start(self._shell(self.open, words), self._own)
        elif is_command(words):
            self._start(self._command(self.open, words), self._tasks)
        else:
            self.open.turns.say(words, self._take_attached())

    def put_back(self, said: Spoken) -> None:
        """Hand what was said to the editor again."""
        self.attached += said.attachments
        if said.attachments:
            self.page.note(f"({', '.join(one.label for one in said.attachments)}: goes with your next words)")
        if said.words:
            self.returned(said.words)

    def _take_attached(self) -> tuple[Attachment, ...]:
        attached, self.attached = self.attached, ()
        return attached

    def steer(self, text: str) -> None:
        """Put words into the turn under way; commands are commands here too."""
        words = text.strip()
        if not words or self.open is None or words.startswith("!") or is_command(words):
            return self.submit(words)
        return self.open.turns.steer(words, self._take_attached())

    def interrupt(self) -> bool:
        """Stop the nearest thing: watching, a command of one's own, the turn. Whether there was one."""
        if self.open is None:
            return False
        if self.open.feed.unwatch() is not None:
            self.page.note("(watching ended; the fork works on)")
            return True
        for task in self._own:
            task.cancel()
        return bool(self._own) or self.open.turns.interrupt()

    def open_card(self, number: int | None) -> None:
        """Open a card; without a number the newest, then the one before it, and so on."""
        deck = self.open.feed.deck if self.open else None
        asked = number if number is not None else self._next_card
        card = deck.find(asked) if deck else None
        if card is None:
            self.page.note("there is no such call" if asked else "there is no call to open yet")
            self._next_card = None
            return
        shows.opened(self.page, card)
        self._next_card = card.number - 1 if card.number > 1 else None

    def forget_card(self) -> None:
        """The next card to open without a number is the newest again."""
        self._next_card = None

    def _start(self, work: Coroutine[object, object, None], among: set[asyncio.Task[None]]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(lambda done: self._ended(done, among))
        self._tick()

    def _ended(self, task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
        among.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.trouble(error)
        elif task.cancelled():
            self.page.note("(interrupted)")
        self.changed()

    def trouble(self, error: BaseException) -> None:
        """Say in one line what went wrong."""
        self.page.error(told(self.screen.home, error))
        self.changed()

    async def _shell(self, open: Open, text: str) -> None:
        await run_shown(open.conversation, self.page, text)

    async def _command(self, open: Open, text: str) -> None:
        self.page.words(text)
        done = await run_command(open.conversation, text)
        if done.action is not None:
            await act(self, open, done.action)
        if done.text:
            self.page.line(done.text)

    async def put_away(self, open: Open) -> None:
        """Close a conversation, and say what it came to."""
        await open.conversation.close()
        shows.farewell(self.page, open.conversation)

    async def close(self) -> None:
        """Stop what runs, let forks report, and say the last line."""
        for task in (*self._own, *self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        if self.open is not None:
            await self.put_away(self.open)
