"""The fork form: tasks, from where (each start with its price), and a budget. Nothing is spent before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList, TextArea
from textual.widgets.option_list import Option

from omg.agent.starts import FRESH
from omg.cache.quote import Quote
from omg.ui.tui.dialogs.frame import Frame
from omg.ui.tui.dialogs.prices import price_row

Quoting = Callable[[int], Sequence[Quote]]
"""The prices of that many forks, from each place they could start."""


class ForkForm(Frame[str | None]):
    """Dismissed with the line that would have been typed: `/fork @plan --budget 2 this | that`."""

    DEFAULT_CSS = """
    ForkForm {
        & Label { color: $text-muted; }
        & TextArea { height: auto; min-height: 3; max-height: 10; border: none; background: $panel; padding: 0 1; }
        & OptionList { height: auto; max-height: 8; margin-bottom: 1; }
        & .wrong { color: $failed; display: none; }
        &.-wrong .wrong { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+enter,alt+s,ctrl+s", "fork", show=False, priority=True),
    ]
    HEADING = "fork"
    KEYS = "tab: from where, budget · ctrl+s, or ↵ there: fork · esc back"

    def __init__(self, quoting: Quoting, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self._quoting, self._given = quoting, tasks
        self._starts = [quote.start for quote in quoting(max(1, len(tasks)))]

    def contents(self) -> ComposeResult:
        yield Label("tasks, one a line")
        yield TextArea("\n".join(self._given), compact=True, soft_wrap=True, highlight_cursor_line=False)
        yield Label("from")
        yield OptionList(markup=False)
        yield Label("budget in dollars, for all of them")
        yield Input(
            placeholder="none: they draw on this session's", restrict=r"[0-9]*\.?[0-9]*", id="budget", compact=True
        )
        yield Label("", classes="wrong", markup=False)

    def buttons(self) -> ComposeResult:
        yield Button("fork", id="fork", compact=True)
        yield Button("esc  back", id="cancel", compact=True)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)
        self._price()

    @property
    def tasks(self) -> list[str]:
        """What is to be done, each task on one line."""
        lines = (" ".join(line.replace("|", "¦").split()) for line in self.query_one(TextArea).text.split("\n"))
        return [line for line in lines if line]

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._price()

    def _price(self) -> None:
        """The prices for as many tasks as there are now; the choice stays."""
        options = self.query_one(OptionList)
        chosen = options.highlighted or 0
        quotes = self._quoting(max(1, len(self.tasks)))
        self._starts = [quote.start for quote in quotes]
        options.set_options(Option(Content(_row(quote))) for quote in quotes)
        options.highlighted = min(chosen, len(quotes) - 1)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def action_fork(self) -> None:
        """Fork, if there is anything to be done."""
        if not self.tasks:
            self.query_one(".wrong", Label).update("say what each fork is to do")
            self.add_class("-wrong")
            self.query_one(TextArea).focus()
            return
        start = self._starts[self.query_one(OptionList).highlighted or 0]
        budget = self.query_one("#budget", Input).value
        usd = f"--budget {budget} " if budget.strip(".0") else ""
        where = "" if start == "here" else "@fresh " if start == FRESH else f"{start} "
        self.dismiss(f"/fork {where}{usd}{' | '.join(self.tasks)}")


def _row(quote: Quote) -> str:
    return price_row(quote) + ("   knows nothing" if quote.start == FRESH else "")
