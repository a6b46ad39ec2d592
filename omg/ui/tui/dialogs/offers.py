"""How to go on with a session whose cache has gone cold: each way with its tokens, its price and its wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from omg.core.amounts import dollars, tokens
from omg.ui.text import clean, one_line
from omg.ui.tui.dialogs.frame import Frame


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go on. `key` is the letter that chooses it, `about` what else there is to say."""

    name: str
    key: str
    words: str
    tokens: int
    usd: float | None
    seconds: float | None = None
    about: str = ""


class Offers(Frame[str | None]):
    """Dismissed with a way's name; None: nothing is done, and the session goes on as it is."""

    DEFAULT_CSS = """
    Offers {
        & .said { height: auto; margin-bottom: 1; }
        & .since { height: auto; max-height: 8; margin-top: 1; color: $text-muted; display: none; }
        &.-since .since { display: block; }
        & .since Static { height: auto; }
    }
    """
    HEADING = "go on"
    KEYS = "the letter, or ↑↓ and ↵ · esc decides nothing"

    def __init__(self, said: str, ways: Sequence[Way], since: Callable[[], Sequence[str]] = tuple) -> None:
        """`since` tells what has changed meanwhile; it may be slow: it is called in a thread."""
        super().__init__()
        self._said, self._ways, self._since = said, list(ways), since
        self._looking: asyncio.Task[None] | None = None

    def contents(self) -> ComposeResult:
        yield Static(Content(one_line(self._said)), classes="said")
        widest = max((len(way.words) for way in self._ways), default=0)
        yield OptionList(*(Option(_row(way, widest)) for way in self._ways), markup=False)
        with VerticalScroll(classes="since", can_focus=False):
            yield Static()

    def buttons(self) -> ComposeResult:
        yield Button("esc  later", id="cancel", compact=True)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.focus()
        options.highlighted = 0 if self._ways else None
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """Tell what has changed, where anything has."""
        lines = await asyncio.to_thread(self._since)
        if lines and self.is_attached:
            self.add_class("-since")
            self.query_one(".since Static", Static).update(Content(clean("since then\n" + "\n".join(lines))))

    def on_key(self, event: Key) -> None:
        for way in self._ways:
            if event.character == way.key:
                event.stop()
                self.dismiss(way.name)
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._ways[event.option_index].name)


def _row(way: Way, widest: int) -> Content:
    wait = f"~{way.seconds:.0f} s to the first word" if way.seconds is not None else ""
    row = f"{way.key}  {way.words:<{widest}}  {tokens(way.tokens):>6}  {dollars(way.usd):>7}  {wait}".rstrip()
    return Content.assemble(row, (f"   {one_line(way.about)}", "dim")) if way.about else Content(row)
