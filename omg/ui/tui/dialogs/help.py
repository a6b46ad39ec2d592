"""Help: every key, and every command."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from omg.session.commands import COMMANDS
from omg.ui.tui.dialogs.frame import Frame

Section = tuple[str, tuple[tuple[str, str], ...]]
KEYS: tuple[Section, ...] = (
    (
        "saying something",
        (
            ("enter", "send; while it works, queue for the next turn"),
            ("alt+enter, shift+enter, \\ enter", "new line"),
            ("ctrl+enter, alt+s", "send into the turn under way"),
            ("@", "a file"),
            ("/", "a command"),
            ("! and !!", "a shell command of yours; !! keeps it from the model"),
            ("ctrl+v, or drop a file", "attach an image; long text that is pasted is attached as well"),
            ("backspace at the beginning", "to what is attached: enter opens it, x takes it off"),
            ("ctrl+g", "write in your own editor"),
        ),
    ),
    (
        "before and after",
        (
            ("up, down at the edges", "what was typed before"),
            ("ctrl+r", "look through what was typed before"),
            ("up in an empty prompt", "what waits: enter edits, x removes, ⇧↑ ⇧↓ move, s sends now"),
            ("ctrl+_ , ctrl+y", "undo, redo"),
            ("esc", "stop what is under way; back from a fork to main"),
            ("esc esc", "at rest: go back to before a message"),
        ),
    ),
    (
        "answering and moving about",
        (
            ("ctrl+a, tab in an empty prompt", "answer the question that waits"),
            ("shift+tab", "the next mode"),
            ("ctrl+f, ctrl+k", "forks, cache: show or hide"),
            ("ctrl+o", "unfold the newest call"),
            ("pageup, pagedown, end", "move through the conversation"),
            ("up, down, enter, y in the page", "from card to card; open or fold one; copy it"),
            ("enter among the forks", "watch it; what you say then goes to it"),
            ("s x w j d f among the forks", "steer, stop, wake, join, drop; fork it"),
            ("enter among the misses", "what that request read, and why not more"),
            ("f1, f2", "this help; the settings"),
            ("ctrl+z", "suspend; fg comes back"),
            ("ctrl+c ctrl+c, ctrl+d, ctrl+q", "leave; the session is kept"),
        ),
    ),
)
VIM: Section = (
    "vim's keys",
    (
        ("h j k l, w b e, 0 ^ $, gg G", "move, with counts"),
        ("i a I A o O", "insert"),
        ("x, d c y with a motion, dd cc yy, D C", "delete, change, copy"),
        ("p P, u, ctrl+r", "put, undo, redo"),
        ("v V", "select characters, lines"),
    ),
)


class Help(Frame[None]):
    """Dismissed with None. `vim` shows vim's keys too; `more` are sections of other parts of the screen."""

    DEFAULT_CSS = """
    Help {
        & > .box { height: 90%; }
        & VerticalScroll { height: 1fr; }
        & VerticalScroll Static, & VerticalScroll Horizontal { height: auto; }
        & .heading { margin-top: 1; color: $accent; text-style: bold; }
        & .key { width: 36; padding-right: 2; }
        & .about { width: 1fr; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,question_mark,f1,enter", "cancel", show=False)]
    HEADING: ClassVar[str] = "help"
    KEYS: ClassVar[str] = "↑↓ pageup pagedown · esc back"

    def __init__(self, *, vim: bool = False, more: tuple[Section, ...] = ()) -> None:
        super().__init__()
        self._sections = (*KEYS, *more, *((VIM,) if vim else ()), _commands())

    def contents(self) -> ComposeResult:
        with VerticalScroll():
            for heading, rows in self._sections:
                yield Static(Content(heading), classes="heading")
                for keys, about in rows:
                    with Horizontal():
                        yield Static(Content(keys), classes="key")
                        yield Static(Content(about), classes="about")

    def buttons(self) -> ComposeResult:
        yield Button("esc  back", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def _commands() -> Section:
    there = (command for command in COMMANDS.values() if command.run)
    return "commands", tuple((f"/{one.name} {one.usage}".rstrip(), one.help) for one in there)
