"""Between the talk and the screen: what happens goes to the parts, what a person does goes to the talk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from omg.core.events import Event, Joined, TurnEnded
from omg.core.spoken import Pasted, Spoken
from omg.session.mishaps import told
from omg.session.talk import Sheet, Talk
from omg.ui.leaving import patiently
from omg.ui.text import one_line
from omg.ui.tui.first import short_folder
from omg.ui.tui.transcript.items import Output
from omg.ui.tui.transcript.marked import warm_up
from omg.ui.tui.transcript.story import Story, output

if TYPE_CHECKING:
    from omg.session.columns import Fit
    from omg.session.commands import Action
    from omg.session.conversation import Conversation
    from omg.session.questions import Asked
    from omg.session.turns import Turns
    from omg.ui.tui.app import OmgApp
    from omg.ui.tui.parts import Part


OFFLINE = (
    "offline: a rule-based engine answers, no language model, and money is simulated; set ANTHROPIC_API_KEY for a "
    "model. Ask where a name is defined, or /fork two questions; ? shows every key"
)


class Desk:
    """Implements `session.talk.Front` for the app."""

    def __init__(self, app: OmgApp) -> None:
        self.app = app
        self.talk = Talk(self, app.start.open, app.start.remember)
        self._asked: object = None
        self._waiting: list[Asked] = []
        self._looking: asyncio.Task[None] | None = None

    @property
    def _parts(self) -> Sequence[Part]:
        return self.app.parts

    @property
    def _story(self) -> Story | None:
        return self.app.transcript.story

    def adopted(self, conversation: Conversation, turns: Turns) -> None:
        """Every part shows this conversation from now on."""
        for part in self._parts:
            part.adopt(conversation)
        self.app.prompt.adopt(conversation, turns)
        self.changed()
        if conversation.config.provider_name == "offline" and conversation.tree.branches["main"].tip is None:
            self.note(OFFLINE)
        asks = conversation.cold and not self.talk.early and self.app.open_for("/from")
        if not asks:  # a dialog says it beside the ways to go on
            self._looking = asyncio.create_task(self._since(conversation))

    def heard(self, event: Event) -> None:
        for part in self._parts:
            part.heard(event)
        self.app.prompt.heard(event)
        match event:
            case TurnEnded(branch="main", error=error):
                self._call(f"it failed: {one_line(error)}" if error else "the turn is over")
                self.changed()
            case Joined(child=child, status=status, sealed=False):
                self._call(f"fork {child}: {'report ready' if status == 'done' else status}")
                self.changed()
            case _:
                pass

    def changed(self) -> None:
        """What waits, runs or is asked is not the same any more."""
        app = self.app
        if not app.is_attached:
            return
        app.prompt.waiting_changed(self.talk.early)
        app.header.refresh()
        app.footer.busy(self.talk.busy)
        waiting = [*self.talk.questions.waiting]
        if waiting != self._waiting:
            self._waiting = waiting
            app.margin.forks.changed()
            app.status.changed()
        current = self.talk.questions.current
        if current is not self._asked:
            self._asked = current
            if current is not None:
                self._call(_asked(current))
        app.attend()
        app.signals.title(self._title())

    def _title(self) -> str:
        """What the terminal's window is called: what goes on, and where."""
        mark = "? " if self.talk.questions.waiting else "● " if self.talk.busy or self.talk.forks_running else ""
        return f"{mark}{short_folder(self.app.start.folder).rpartition('/')[2]} · omg"

    def _call(self, text: str) -> None:
        """Call a person who looks elsewhere."""
        if not self.app.app_focus:
            self.app.signals.notify(text)

    def returned(self, said: Spoken) -> None:
        self.app.prompt.give_back(said)

    def trouble(self, error: BaseException) -> None:
        self.note(told(self.app.start.home, error), failed=True)

    def note(self, text: str, *, failed: bool = False) -> None:
        """Say something in one line, where it is read."""
        if self._story is None:
            self.app.footer.hint(text)
        elif failed:
            self._story.note(text, "failed", "✗")
        else:
            self._story.note(text)

    def ordered(self, line: str, shell: bool = False) -> Sheet:
        return _Sheet(lambda: self._story, line)

    async def act(self, action: Action) -> None:
        """Do what a command leaves to the screen. Raises Trouble."""
        app = self.app
        match action.kind:
            case "watch":
                app.follow(action.subject)
            case "aside":  # the reader stays where they are
                app.footer.hint(f"{action.subject}'s answer comes here · /watch {action.subject} looks on")
            case "resume":
                await self._resume(action.subject)
            case "quit":
                app.leave()
            case "trust":
                app.start.trust()
            case "open":
                if not app.transcript.open_call(int(action.subject or 1)):
                    self.note("there is no such tool call on this page")
            case "edit":
                app.transcript.again()
                self.returned(Spoken(action.subject, action.attachments))
                app.prompt.focus()
            case "past":
                app.transcript.again()
            case _:
                self.note(f"/{action.kind} has no screen here yet")

    async def _resume(self, name: str) -> None:
        if name:
            await self.talk.resume(name)
        else:
            self.app.pick_session()

    def entered(self, said: Spoken, *, steer: bool = False) -> None:
        """What a person entered. While a fork is looked at, it is for that one, but for commands and shell lines."""
        branch = self.app.transcript.branch
        if branch != "main" and said and not said.words.strip().startswith(("/", "!")):
            self._to_fork(branch, said)
        else:
            self.talk.submit(said, steer=steer)

    def _to_fork(self, name: str, said: Spoken) -> None:
        """Bring this to a fork, by the command for it: into its turn while it works, else it works again."""
        texts = [one.text for one in said.attachments if isinstance(one, Pasted)]
        if len(texts) < len(said.attachments):
            self.returned(said)
            return self.note("an image goes to main only: esc leads back to it", failed=True)
        words = "\n\n".join(text for text in (*texts, said.words.strip()) if text)
        conversation = self.talk.conversation
        running = conversation is not None and conversation.tree.branches[name].status == "running"
        return self.talk.submit(Spoken(f"/steer @{name} {words}" if running else f"/wake {name} {words}"))

    async def open(self) -> None:
        """Open the session that the flags name; without one there is nothing to stay for."""
        try:
            await self.talk.begin()
            await asyncio.to_thread(warm_up)
        except Exception as error:  # noqa: BLE001 - it is raised again when the terminal is as it was
            self.app.fail(error)

    async def _since(self, conversation: Conversation) -> None:
        """Say what has changed meanwhile."""
        try:
            lines = await asyncio.to_thread(conversation.since)
        except Exception as error:  # noqa: BLE001 - the border of a task: what goes wrong is told
            return self.trouble(error)
        if self.talk.conversation is conversation:
            for line in lines:
                self.note(f"since then: {line}")
        return None

    async def close(self) -> None:
        """Stop what runs, however often a person asks for it meanwhile."""
        await asyncio.shield(patiently(self.talk.close()))


def _asked(asked: Asked) -> str:
    """A question in one line."""
    question = asked.question
    return f"{question.branch} asks: {question.tool} {one_line(question.subject)}"


class _Sheet:
    """A command's output as an item of the transcript: of the one that was shown, or that the command has led to."""

    def __init__(self, shown: Callable[[], Story | None], line: str) -> None:
        self._shown, self._line = shown, line
        self._story = shown()
        self._item = output(self._story, line) if self._story is not None else Output(line)

    def write(self, text: str) -> None:
        self._item.take(text)
        self._tell()

    def end(self, text: str = "", ending: str = "", fit: Fit | None = None) -> None:
        story = self._shown()
        if story is not None and story is not self._story and text:  # the command has led elsewhere
            self._story, self._item = story, output(story, self._line)
        self._item.end(text, ending, fit)
        self._tell()

    def _tell(self) -> None:
        if self._story is not None:
            self._story.alter(self._item)
