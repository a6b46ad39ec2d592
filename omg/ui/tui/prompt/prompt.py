"""The prompt: what stands at the foot of the screen, and the messages by which it speaks up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from omg.core.spoken import Attachment, Pasted, Spoken
from omg.core.trouble import Trouble
from omg.session.history import keep, load
from omg.session.images import clipboard_image, image_of, image_paths
from omg.ui.tui.parts import Noted
from omg.ui.tui.prompt.asking import Asking
from omg.ui.tui.prompt.chips import Chip, Chips
from omg.ui.tui.prompt.editor import Editor
from omg.ui.tui.prompt.keys import teach
from omg.ui.tui.prompt.look_into import LookInto
from omg.ui.tui.prompt.meanings import Meanings
from omg.ui.tui.prompt.menu import Menu
from omg.ui.tui.prompt.outside import edited_outside
from omg.ui.tui.prompt.recall import Recall
from omg.ui.tui.prompt.search import Search
from omg.ui.tui.prompt.vim import Vim
from omg.ui.tui.prompt.waiting import Waiting

if TYPE_CHECKING:
    from omg.core.events import Event
    from omg.session.completing import Choices, Completing
    from omg.session.conversation import Conversation
    from omg.session.turns import Turns

How = Literal["say", "steer", "queue"]
"""say: now, or (when main is at work) as its next turn. steer: into the turn under way. queue: as the next turn."""
_LONG, _MANY_LINES = 2000, 40
"""Characters and lines from which a paste becomes an attachment."""


class Prompt(Vertical):
    """The editor and all that belongs to it. Speaks up by messages; does nothing to the conversation itself, but for
    the words that wait in `turns`, which can be edited here."""

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        max-height: 66vh;
        & > .row { height: auto; }
        & .mark { width: 2; height: 1; text-style: bold; }
        & .mode { width: auto; height: 1; padding: 0 1; text-style: reverse; display: none; }
        &.-vim .mode { display: block; }
    }
    """

    @dataclass
    class Submitted(Message):
        """Something was entered: words, `/command` or `!shell`, as it was typed. It is in the history already."""

        text: str
        attachments: tuple[Attachment, ...] = ()
        how: How = "say"

        @property
        def spoken(self) -> Spoken:
            return Spoken(self.text, self.attachments)

    class Interrupted(Message):
        """Esc, where there is nothing here left to close: stop what is under way."""

    class Rewound(Message):
        """Esc twice on an empty prompt while nothing works: go back to before a message."""

    class Left(Message):
        """Ctrl+C or Ctrl+D twice on an empty prompt: leave."""

    class ModeCycled(Message):
        """Shift+Tab: the next mode."""

    class AnswerWanted(Message):
        """The bar of a question that waits was chosen (Ctrl+A, or a click): show the question."""

    class Changed(Message):
        """What is typed, or attached, is not the same any more."""

    def __init__(self, *, vim: bool = False) -> None:
        super().__init__()
        teach()
        self.conversation: Conversation | None = None
        self.turns: Turns | None = None
        self.recall = Recall()
        self.attachments: list[Attachment] = []
        self._meanings = Meanings(self)
        self.editor, self.menu, self.waiting = Editor(self._meanings), Menu(), Waiting()
        self.chips, self.asking, self._mode = Chips(), Asking(), Static("", classes="mode", markup=False)
        self.menu.complete = self._choices
        self._completing: Completing | None = None
        self._home: Path | None = None
        self._told_of_history = False
        self._tasks: set[asyncio.Task[None]] = set()
        if vim:
            self.use_vim()

    def compose(self) -> ComposeResult:
        yield self.asking
        yield self.waiting
        yield self.chips
        yield self.menu
        with Horizontal(classes="row"):
            yield Static("› ", classes="mark", markup=False)
            yield self.editor
            yield self._mode

    @property
    def its_app(self) -> App[Any]:
        return cast("App[Any]", self.app)  # pyright: ignore[reportUnknownMemberType]

    # What the app tells

    def adopt(self, conversation: Conversation, turns: Turns | None = None) -> None:
        """Go on with `conversation`; `turns` holds the words that wait. Call `waiting_changed` when they change."""
        self.conversation, self.turns = conversation, turns
        from omg.session.completing import Completing

        self._completing = Completing(conversation.config.folder, lambda: self.conversation)
        if self._home != conversation.config.home:
            self._home = conversation.config.home
            self._start(self._load_history(self._home / "history"))
        self.waiting_changed()

    async def _load_history(self, path: Path) -> None:
        self.recall.load(await asyncio.to_thread(load, path))

    def heard(self, event: Event) -> None:
        """An event of the conversation."""

    def waiting_changed(self, early: Sequence[Spoken] = ()) -> None:
        """The words that wait are not the same any more; `early` wait for the session itself."""
        self.waiting.follow(self.turns, early)

    def ask(self, questions: Sequence[str]) -> None:
        """What is asked now, each in a line: `a asks: shell make`. Shown until it is told otherwise."""
        self.asking.show(questions)

    def escape_used(self) -> None:
        """Esc has done something elsewhere: the next one is no second."""
        self._meanings.forget("escape")

    def give_back(self, spoken: Spoken) -> None:
        """Put what was said back into the editor, before what is there."""
        self._add(*spoken.attachments)
        there = self.editor.text
        if spoken.words:
            self.editor.set_text(f"{spoken.words}\n{there}" if there.strip() else spoken.words)

    def use_vim(self, on: bool = True) -> None:
        """Edit with vim's keys, or with the usual ones."""
        self.editor.vim = Vim(self._show_mode) if on else None
        self.set_class(on, "-vim")
        self._show_mode()

    def _show_mode(self) -> None:
        if self.editor.vim is not None:
            self._mode.update(self.editor.vim.shown)

    def focus(self, scroll_visible: bool = True) -> Prompt:
        self.editor.focus(scroll_visible)
        return self

    @property
    def typing(self) -> bool:
        """Whether there is anything in the editor or attached to it."""
        return bool(self.editor.text or self.attachments)

    # What a person enters

    def enter(self, how: How) -> None:
        """Send what is in the editor, and empty it."""
        text = self.editor.text.encode("utf-8", "replace").decode()
        said = Spoken(text, tuple(self.attachments))
        if not said:
            return
        self.menu.hide()
        self.editor.empty()
        self._set_attachments([])
        if text.strip():
            self._remember(text)
        self.post_message(self.Submitted(text, said.attachments, how))

    def _remember(self, text: str) -> None:
        self.recall.add(text)
        if self._home is None:
            return
        try:
            keep(self._home / "history", text)
        except OSError as error:
            if not self._told_of_history:
                self._told_of_history = True
                self.note(f"what you type is not kept: {error.strerror}: {error.filename}", failed=True)

    def note(self, text: str, *, failed: bool = False) -> None:
        """Tell the person something in one line."""
        self.post_message(Noted(text, failed=failed))

    @on(TextArea.Changed)
    def _text_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._meanings.changed()
        self.post_message(self.Changed())

    def _choices(self, before: str) -> Choices | None:
        from omg.session.completing import Completing

        completing = self._completing or Completing(Path.cwd(), lambda: self.conversation)
        return completing.choices(before)

    def take_choice(self) -> bool:
        """Put the highlighted completion into the text; whether that made a difference."""
        choice, choices = self.menu.choice, self.menu.choices
        if choice is None or choices is None:
            return False
        row, column = self.editor.cursor_location
        text = choice.text + " " * (choice.wants and not _spaced(self.editor, row, column))
        before = self.editor.before
        different = before[len(before) - choices.typed :] != text.rstrip()
        self.menu.hide()
        if different:
            self.editor.swap(choices.typed, text)
        return different

    @on(Menu.Taken)
    def _taken(self, event: Menu.Taken) -> None:
        event.stop()
        self.take_choice()
        self.focus()

    # What goes with the words

    def paste(self, text: str) -> bool:
        """Take a paste that is no plain insertion: an image's path, long text; an empty one may be an image."""
        if not text:
            self.paste_image()
            return True
        folder = self.conversation.config.folder if self.conversation else Path.cwd()
        paths = image_paths(text, folder)
        if paths:
            self._start(self._attach_files(paths))
        elif len(text) > _LONG or text.count("\n") >= _MANY_LINES:
            self._add(Pasted(text))
        else:
            return False
        return True

    async def _attach_files(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self._add(await asyncio.to_thread(image_of, path))

    def paste_image(self) -> None:
        """Attach the image on the clipboard."""
        self._start(self._paste_image())

    async def _paste_image(self) -> None:
        try:
            self._add(await asyncio.to_thread(clipboard_image, os.environ))
        except Trouble:
            if not self.its_app.clipboard:
                raise
            self.editor.put(self.its_app.clipboard)

    def _add(self, *attachments: Attachment) -> None:
        if attachments:
            self._set_attachments([*self.attachments, *attachments])

    def _set_attachments(self, attachments: list[Attachment]) -> None:
        self.attachments = attachments
        self.chips.put(attachments)
        self.post_message(self.Changed())

    def detach(self, attachment: Attachment) -> None:
        """Take one off."""
        self._set_attachments([one for one in self.attachments if one is not attachment])
        self.focus()

    @on(Chip.Wanted)
    def _chip_wanted(self, event: Chip.Wanted) -> None:
        event.stop()
        if event.open:
            self._start(self._look_into(event.attachment))
        else:
            self.detach(event.attachment)

    async def _look_into(self, attachment: Attachment) -> None:
        after = await self._shown(attachment)
        if after is None:
            self.detach(attachment)
        elif after is not attachment:
            self._set_attachments([after if one is attachment else one for one in self.attachments])
        self.focus()

    async def _shown(self, attachment: Attachment) -> Attachment | None:
        closed: asyncio.Future[Attachment | None] = asyncio.get_running_loop().create_future()
        self.its_app.push_screen(LookInto(attachment), closed.set_result)
        return await closed

    @on(Chip.Left)
    def _chip_left(self, event: Chip.Left) -> None:
        event.stop()
        self.focus()

    # What waits

    @on(Waiting.Wanted)
    def _waiting_wanted(self, event: Waiting.Wanted) -> None:
        event.stop()
        if event.what == "leave" or self.turns is None:
            self.focus()
        elif event.what in ("up", "down"):
            self.turns.move(event.said, -1 if event.what == "up" else 1)
        elif event.what == "now":
            self.turns.send_now(event.said)
        elif self.turns.remove(event.said) and event.what == "edit":
            self.give_back(event.said)
            self.focus()
        self.waiting_changed()

    # Other places to write in

    def search(self) -> None:
        """Look through what was typed before."""
        self.its_app.push_screen(Search(self.recall.entries, self.editor.text), self._found)

    def _found(self, text: str | None) -> None:
        if text is not None:
            self.editor.set_text(text)
        self.focus()

    def edit_outside(self) -> None:
        """Go on in the person's own editor."""
        self._start(self._edit_outside())

    async def _edit_outside(self) -> None:
        text = self.editor.text
        after = await edited_outside(self.its_app, text, os.environ)
        if after != text:
            self.editor.set_text(after)
        self.focus()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Trouble | OSError):
            self.note(str(error), failed=True)
        elif error is not None:
            raise error

    def on_click(self, event: events.Click) -> None:
        self.focus()


def _spaced(editor: Editor, row: int, column: int) -> bool:
    """Whether a space follows the cursor already."""
    return editor.document.get_line(row)[column : column + 1] == " "
