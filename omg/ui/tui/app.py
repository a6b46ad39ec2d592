"""The app: the parts of the screen, the keys that work everywhere, coming and going."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.drivers.linux_driver import LinuxDriver
from textual.signal import Signal
from textual.widget import Widget

from omg.core.amounts import dollars, hit, ratio
from omg.core.spoken import Spoken
from omg.session.mishaps import told
from omg.ui.tui.desk import Desk
from omg.ui.tui.dialogs.attending import Attending
from omg.ui.tui.footer import Footer
from omg.ui.tui.header import Header
from omg.ui.tui.in_order import InOrder
from omg.ui.tui.look import dress
from omg.ui.tui.margin import Margin, PaneName
from omg.ui.tui.panes import CachePane, ForksPane, StatusLine
from omg.ui.tui.parts import Drafted, Noted, Ordered, Part
from omg.ui.tui.prompt import Prompt
from omg.ui.tui.signals import Signals
from omg.ui.tui.transcript import Transcript

if TYPE_CHECKING:
    from omg.ui.screen import Screen
    from omg.ui.tui.first import Attributes

_NARROW = 100
"""Columns below which the margin is one line."""
_TWICE = 2.0
"""Seconds in which a second Ctrl+C leaves."""
_SURE = 10.0
"""Seconds in which leaving again means it, though forks are at work."""


_OF_THE_PAGE = frozenset({"open_newest", "page", "pane", "help", "settings"})
"""Actions whose keys mean nothing, or something else, while a dialog is open."""


class OmgApp(InOrder[int]):
    """One person's terminal."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #page { height: 1fr; }
    #page > Transcript { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "stop", show=False),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("ctrl+o", "open_newest", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("ctrl+k", "pane('cache')", show=False, priority=True),
        Binding("ctrl+f", "pane('forks')", show=False, priority=True),
        Binding("escape", "back", show=False),
        Binding("f1", "help", show=False, priority=True),
        Binding("question_mark", "help", show=False),
        Binding("f2", "settings", show=False, priority=True),
    ]

    def __init__(self, screen: Screen) -> None:
        kept = os.environ.get("NO_COLOR")
        super().__init__()  # takes NO_COLOR out of the environment, which commands are to see
        if kept is not None:
            os.environ["NO_COLOR"] = kept
        self._width = 0
        dress(self, screen.taste, color=screen.color)
        self.start = screen
        self.header, self.footer, self.status = Header(screen), Footer(), StatusLine()
        self.transcript, self.margin, self.prompt = Transcript(), Margin(), Prompt(vim=screen.taste.vim)
        self.signals = Signals(self._to_terminal, screen.taste.notify)
        panes = (self.margin.cache, self.margin.forks, self.status)
        self.parts: Sequence[Part] = (self.header, self.transcript, *panes)
        self.desk = Desk(self)
        self.failed: Exception | None = None
        self.attending = Attending(self, self.desk.talk.questions, self.prompt, self._answered, self.desk.trouble)
        self._crash: Exception | None = None
        self._before: Attributes | None = None
        self._opening: asyncio.Task[None] | None = None
        self._last_stop = self._last_leave = -_SURE

    def compose(self) -> ComposeResult:
        yield self.header
        with Horizontal(id="page"):
            yield self.transcript
            yield self.margin
        yield self.status
        yield self.prompt
        yield self.footer

    def on_mount(self) -> None:
        if isinstance(self._driver, LinuxDriver) and self._before is not None:
            self._driver.attrs_before = self._before  # what it has found itself is what the first picture has left
        self.screen.set_focus(self.prompt.editor)  # at once: keys that were typed before are waiting already
        resumed = cast("Signal[object]", self.app_resume_signal)  # pyright: ignore[reportUnknownMemberType]
        resumed.subscribe(self, self._resumed)
        self.call_after_refresh(self._open)  # the screen is drawn first: a thread beside it would hold that up

    def _open(self) -> None:
        self._opening = asyncio.create_task(self.desk.open())

    def _resumed(self, _: object) -> None:
        """Back from Ctrl+Z: whatever has been on the terminal meanwhile, all of the screen is drawn again."""
        self.screen.refresh(layout=True)

    def run_here(self, before: Attributes | None = None) -> int:
        """Run until the person leaves; the exit status. `before` is what the terminal is put back to whenever it is not
        drawn on; None: to what it was found as. Raises what has kept the session from being opened."""
        self._before = before
        status = asyncio.run(self._stay())
        if self.failed is not None:
            raise self.failed
        sys.stderr.write(self._last_words())
        return status

    async def _stay(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 0)
        try:
            status = await self.run_async()
        finally:
            for number in (signal.SIGTSTP, signal.SIGCONT):  # Textual would take the screen again, and for good: a
                signal.signal(number, signal.SIG_DFL)  # terminal that is closed sends SIGCONT, too
            if self._opening is not None and not self._opening.done():
                self._opening.cancel()
            await self.desk.close()
        return 1 if self._crash is not None else status or 0

    def _last_words(self) -> str:
        """What stays on the terminal: what went wrong, which session this was, and how to come back."""
        lines: list[str] = []
        if self._crash is not None:
            lines.append(f"omg: {told(self.start.home, self._crash)}")
        conversation = self.desk.talk.conversation
        figures = conversation.figures() if conversation is not None else None
        if conversation is not None and figures is not None and figures.requests:
            money = f"{dollars(figures.cost_usd)} spent"
            usage = figures.usage
            lines.append(f"session {conversation.id} · {ratio(usage)} {hit(usage)} · {money} · come back: omg -c")
        return "".join(f"{line}\n" for line in lines)

    def _to_terminal(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def fail(self, error: Exception) -> None:
        """There is no session to stay for."""
        self.failed = error
        self.exit(1)

    def _handle_exception(self, error: Exception) -> None:
        """A bug in a widget leaves it dead: the app ends in order, with one line; the traceback goes into a file."""
        if self._exception is None:  # what a test's pilot looks at
            self._exception = error
            cast(asyncio.Event, self._exception_event).set()  # pyright: ignore[reportUnknownMemberType]
        self._return_code = 1
        if self._crash is None:
            self._crash = error
        self._close_messages_no_wait()

    # What a person does

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        self.footer.hint("")
        if self.transcript.branch == "main":
            self.transcript.action_scroll_end()
        if not self.open_for(event.text):
            self.desk.entered(event.spoken, steer=event.how == "steer")

    @on(Ordered)
    def _ordered(self, event: Ordered) -> None:
        self.desk.talk.submit(Spoken(event.line))

    @on(Drafted)
    def _drafted(self, event: Drafted) -> None:
        self.prompt.give_back(Spoken(event.text))
        self.prompt.focus()

    @on(Noted)
    def _noted(self, event: Noted) -> None:
        self.desk.note(event.text, failed=event.failed)

    @on(Transcript.Chosen)
    def _chosen(self, event: Transcript.Chosen) -> None:
        self.follow(event.branch)

    async def action_back(self) -> None:
        self._back()

    @on(Prompt.Changed)
    def _typed(self) -> None:
        """`?` alone is a question about this screen: an editor takes every letter, so it is looked for there."""
        text = self.prompt.editor.text
        if text:
            self.footer.hint("")
        if text == "?":
            self.prompt.editor.set_text("")
            self.action_help()

    @on(Prompt.Interrupted)
    def _back(self) -> None:
        """Esc: from a fork back to main, else stop what is under way."""
        if self.margin.covers:
            self.margin.uncover()
            self.make_room()
            self.prompt.focus()
        elif not self.prompt.has_focus_within:
            self.prompt.focus()
        elif self.transcript.branch != "main":
            self.prompt.escape_used()
            self.follow("main")
        elif not self.desk.talk.interrupt():
            self.prompt.focus()

    @on(Prompt.Rewound)
    def _rewound(self) -> None:
        if not self.open_for("/rewind"):
            self.desk.talk.submit(Spoken("/rewind"))  # it says why there is nothing to choose from

    @on(Prompt.ModeCycled)
    def action_next_mode(self) -> None:
        self.desk.talk.next_mode()

    def action_begin(self, sign: str) -> None:
        """Put into the prompt what begins a command, a shell line (where nothing else stands there) or a file."""
        self.prompt.focus()
        if sign == "@" or not self.prompt.typing:
            self.prompt.editor.insert(sign)

    @on(Prompt.Left)
    def action_leave(self) -> None:
        self.leave()

    def action_stop(self) -> None:
        """Ctrl+C outside the prompt: interrupt, else back to the prompt; twice, leave."""
        now = time.monotonic()
        if self.desk.talk.interrupt():
            return
        if now - self._last_stop < _TWICE:
            self.leave()
        self._last_stop = now
        self.prompt.focus()
        self.footer.hint("ctrl+c once more leaves")

    def action_open_newest(self) -> None:
        self.transcript.unfold_newest()

    def action_page(self, way: int) -> None:
        if way < 0:
            self.transcript.scroll_page_up(animate=False)
        else:
            self.transcript.scroll_page_down(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the main screen are its own: a dialog over it has others."""
        return action not in _OF_THE_PAGE or len(self.screen_stack) < 2

    def follow(self, branch: str) -> None:
        """Show this branch in the transcript, and its figures in the margin."""
        self.transcript.follow(branch)
        self.margin.cache.select(branch)
        self.footer.hint("" if branch == "main" else f"fork {branch}: what you say goes to it · esc: back to main")
        self.prompt.focus()

    def leave(self) -> None:
        """Leave; while forks are at work, only when that is asked for again."""
        forks = self.desk.talk.forks_running
        if not forks or time.monotonic() - self._last_leave < _SURE:
            self.exit(0)
            return
        self._last_leave = time.monotonic()
        what = f"{forks} fork{'' if forks == 1 else 's'}"
        self.footer.hint(f"{what} at work: once more stops them and leaves · omg -c goes on from there")

    def attend(self) -> None:
        """See to the questions that wait."""
        self.attending.attend()

    def pop_screen(self) -> AwaitComplete:
        """A dialog goes; what has been asked meanwhile may come up."""
        popped = super().pop_screen()
        self.call_later(self.attend)
        return popped

    @on(Prompt.AnswerWanted)
    def _answer_wanted(self) -> None:
        self.attending.open()

    def _answered(self, line: str, no: bool) -> None:
        self.desk.note(f"{'✗' if no else '✔'} {line}")

    def open_for(self, line: str) -> bool:
        """Open the dialog of a command that was entered without what it needs; whether it has one."""
        from omg.ui.tui.dialogs.by_command import dialog_for
        from omg.ui.tui.dialogs.settings import SettingsView

        if line.strip() == "/settings" and self.start.settings is not None:
            self.push_screen(SettingsView(self.start.settings), lambda _: self._chosen_in_dialog(None))
            return True
        conversation = self.desk.talk.conversation
        found = dialog_for(line, conversation, vim=self.start.taste.vim) if conversation is not None else None
        if found is None:
            return False
        dialog, whole = found
        self.push_screen(dialog, lambda chosen: self._chosen_in_dialog(None if chosen is None else whole(chosen)))
        return True

    def _chosen_in_dialog(self, line: str | None) -> None:
        self.prompt.focus()
        if line:
            self.desk.talk.submit(Spoken(line))

    def action_settings(self) -> None:
        """Look at the settings, and change them."""
        self.open_for("/settings")

    def action_help(self) -> None:
        """Every key and every command."""
        self.open_for("/help")

    def pick_session(self) -> None:
        """Let a person choose a session."""
        self.open_for("/resume")

    @property
    def narrow(self) -> bool:
        """Whether there is no room for a margin beside the page."""
        return (self._width or self.size.width) < _NARROW

    def on_resize(self, event: events.Resize) -> None:
        self._width = event.size.width  # the app's own size is the one before, still
        self.make_room()

    def make_room(self) -> None:
        """Show what is wanted in the room there is."""
        self.screen_stack[0].set_class(self.narrow, "narrow")
        self.margin.fit(self.narrow)
        self.transcript.display = not self.margin.covers
        self.status.display = not self.margin.cache.display
        focused = self.screen_stack[0].focused
        if focused is not None and not all(
            node.display for node in focused.ancestors_with_self if isinstance(node, Widget)
        ):
            self.prompt.focus()  # what is hidden takes no keys

    def action_pane(self, name: PaneName) -> None:
        """Show or hide a pane. The forks' has the keys when it comes; when it is there without them, it gets them."""
        pane = self.margin.forks if name == "forks" else self.margin.cache
        if name == "forks" and pane.display and not pane.has_focus_within:
            pane.focus()
            return
        shown = self.margin.toggle(name, self.narrow)
        self.make_room()
        if shown and name == "forks":
            pane.focus()
        elif not self.prompt.has_focus_within:
            self.prompt.focus()

    @on(ForksPane.Chosen)
    def _fork_chosen(self, event: ForksPane.Chosen) -> None:
        self.margin.uncover()
        self.make_room()
        self.follow(event.branch)

    @on(ForksPane.Pointed)
    def _fork_pointed(self, event: ForksPane.Pointed) -> None:
        self.margin.cache.select(event.branch)

    @on(ForksPane.ForkAsked)
    def _fork_asked(self, event: ForksPane.ForkAsked) -> None:
        """Main's form has prices and places; from a fork, its name stands before the tasks in the prompt."""
        if event.branch == "main":
            self.open_for("/fork")
        else:
            self._drafted(Drafted(f"/fork @{event.branch} "))

    @on(CachePane.MissChosen)
    def _miss_chosen(self, event: CachePane.MissChosen) -> None:
        self.desk.talk.submit(Spoken(f"/cache {event.n}"))
