"""The REPL's screen: live lines, question, prompt and bottom line, below the terminal's own scrollback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import ThreadedHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from omg.core.trouble import Trouble
from omg.session.glance import Status
from omg.session.talk import next_mode
from omg.ui.leaving import patiently
from omg.ui.repl import shows
from omg.ui.repl.above import Above
from omg.ui.repl.complete import Words
from omg.ui.repl.dialog import Dialog
from omg.ui.repl.first import PROMPT
from omg.ui.repl.history import Kept
from omg.ui.repl.ink import Ink
from omg.ui.repl.keys import bindings
from omg.ui.repl.live import live_lines
from omg.ui.repl.page import Page
from omg.ui.repl.talk import Talk
from omg.ui.repl.toolbar import bottom_line
from omg.ui.screen import Screen

_ESCAPE = 0.15
"""Seconds after which Esc is a key of its own, and not the beginning of Alt+Enter."""
_STYLE = Style.from_dict(
    {"bottom": "reverse", "completion-menu": "noreverse", "completion-menu.completion": "bg:default"}
)


async def talk(screen: Screen) -> int:
    """Talk until the person leaves. Raises Trouble where no session can be opened."""
    output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
    output.enable_cpr = False  # where the cursor is does not matter here, and not every terminal answers
    return await App(screen, create_input(always_prefer_tty=False), output).run()


class App:
    """Wires the editor, the dialog and the page to the talk."""

    def __init__(self, screen: Screen, input: Input, output: Output) -> None:
        self.screen, self._output = screen, output
        self._above = Above(output)
        page = Page(self._above, lambda: output.get_size().columns, Ink(screen.color))
        self.talk = Talk(screen, page, self._changed, self.returned, self.leave)
        self._failed: Trouble | None = None
        self._status = 0
        self._left = False
        self._hint = ""
        history = ThreadedHistory(Kept(screen.home / "history", self.talk.trouble))
        self.editor = Buffer(
            name="prompt",
            multiline=True,
            history=history,
            completer=Words(screen.folder, lambda: self.talk.open.conversation if self.talk.open else None),
            complete_while_typing=Condition(self._completes),
            on_text_changed=lambda _: self._typed(),
        )
        self.dialog = Dialog(self.talk, self._size, self._to_prompt)
        self._app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=bindings(self),
            style=_STYLE,
            color_depth=None if screen.color else ColorDepth.DEPTH_1_BIT,
            erase_when_done=True,
            input=input,
            output=output,
        )
        self._app.timeoutlen = self._app.ttimeoutlen = _ESCAPE
        self._above.attach(self._app)

    def _layout(self) -> Layout:
        search = SearchToolbar(vi_mode=False)
        control = BufferControl(self.editor, search_buffer_control=search.control, preview_search=True)
        prompt = Window(
            control,
            wrap_lines=True,
            dont_extend_height=True,
            height=lambda: Dimension(min=1, max=max(self._size()[1] // 2, 1)),
            get_line_prefix=lambda line, wrap: PROMPT if line == wrap == 0 else "  ",
        )
        live = Window(FormattedTextControl(self._live), dont_extend_height=True)
        bottom = Window(FormattedTextControl(self._bottom), height=1, style="class:bottom" if self.screen.color else "")
        menu = CompletionsMenu(max_height=8)
        has_live = Condition(lambda: bool(self._live_lines()))
        rows = [ConditionalContainer(live, has_live), self.dialog.container, prompt, menu, search, bottom]
        return Layout(HSplit(rows), focused_element=prompt)

    async def run(self) -> int:
        """Show the prompt, open the session behind it, and stay until the person leaves."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.leave)
        self._output.write_raw("\r\x1b[J")
        shows.banner(self.talk.page, self.screen)
        self._above.flush()
        try:
            await self._app.run_async(pre_run=self._begin, set_exception_handler=False)
        except EOFError:  # the terminal is gone
            pass
        finally:
            await patiently(self.talk.close())
            self._above.flush()
        if self._failed is not None:
            raise self._failed
        return self._status

    def _begin(self) -> None:
        if self._left:  # a signal came before the prompt did
            asyncio.get_running_loop().call_soon(self.leave)
        self._app.create_background_task(self._open())

    async def _open(self) -> None:
        try:
            await self.talk.begin()
        except Trouble as error:
            self._failed = error
            self.leave()
        except Exception as error:  # noqa: BLE001 - without a session there is nothing to stay for
            self.talk.trouble(error)
            self._status = 1
            self.leave()

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The last border: what nobody caught is told in one line, and the REPL goes on."""
        error = context.get("exception")
        self.talk.trouble(error if isinstance(error, Exception) else RuntimeError(str(context.get("message"))))

    @property
    def editing(self) -> bool:
        return self._app.layout.has_focus(self.editor)

    @property
    def words_wait(self) -> bool:
        """Whether words wait that can be taken back."""
        return bool(self.talk.early) or (
            self.talk.open is not None and bool(self.talk.open.turns.queued or self.talk.open.turns.steers)
        )

    def enter(self, steer: bool = False) -> None:
        """Do what is in the editor, and empty it."""
        text = self.editor.text.encode("utf-8", "replace").decode()
        self.editor.text = text
        self.editor.reset(append_to_history=bool(text.strip()))
        self._hint = ""
        self.talk.forget_card()
        if steer:
            self.talk.steer(text)
        else:
            self.talk.submit(text)

    def take_back(self) -> None:
        """The newest words that wait, back into the editor."""
        if self.talk.early:
            self.returned(self.talk.early.pop())
        elif self.talk.open is not None and (said := self.talk.open.turns.take_back()) is not None:
            self.talk.put_back(said)

    def returned(self, words: str) -> None:
        """Put words into the editor, before what is there."""
        there = self.editor.text
        text = f"{words}\n{there}" if there.strip() else words
        self.editor.document = Document(text, len(text))
        self._changed()

    def rewind(self) -> None:
        """Offer the person's messages, to go back to before one of them."""
        self.editor.insert_text("/rewind ")

    def next_mode(self) -> None:
        """The next of the modes that a key goes through."""
        if self.talk.open is not None:
            next_mode(self.talk.open.conversation)
            self._changed()

    def leave(self) -> None:
        """End the REPL."""
        self._left = True
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def hint(self, text: str) -> None:
        """A word above the prompt, until something is typed."""
        self._hint = text
        self._changed()

    def _typed(self) -> None:
        self._hint = ""

    def _to_prompt(self, typed: str) -> None:
        self._app.layout.focus(self.editor)
        if typed.isprintable():
            self.editor.insert_text(typed)

    def _completes(self) -> bool:
        """Whether to complete while typing: commands and files, and nothing else."""
        before = self.editor.document.text_before_cursor
        return before.startswith("/") or "@" in before.rpartition(" ")[2]

    def _changed(self) -> None:
        if self._app.is_running:
            self.dialog.attend(bool(self.editor.text))
            self._app.invalidate()

    def _size(self) -> tuple[int, int]:
        size = self._output.get_size()
        return size.columns, size.rows

    def _live_lines(self) -> list[str]:
        hint = [self.talk.page.ink("dim", self._hint)] if self._hint else []
        return [*live_lines(self.talk, *self._size()), *hint]

    def _live(self) -> ANSI:
        return ANSI("\n".join(self._live_lines()))

    def _bottom(self) -> str:
        open = self.talk.open
        if open is not None:
            seen = open.glance.status()
        else:
            seen = Status(self.screen.model, self.screen.mode, self.screen.provider == "offline")
        return bottom_line(seen, self._size()[0])
