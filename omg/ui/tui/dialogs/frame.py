"""What all dialogs have: a box over the screen, a title, a line of keys, buttons for the mouse, and a way out."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

Result = TypeVar("Result")


class Frame(ModalScreen[Result]):
    """A dialog yields its `contents`, which scroll where they are too long, and what is always seen below them: what is
    `fixed`, and its `buttons`, above the keys. A button named `x` is the action `x`. Esc, or a click beside the box, is
    the action `cancel`: dismissed with None."""

    DEFAULT_CSS = """
    Frame {
        align: center middle;
        background: $background 60%;
        & > .box {
            width: 90%;
            max-width: 100;
            height: auto;
            max-height: 90%;
            overflow-y: auto;
            border: round $warm;
            border-title-color: $warm;
            border-title-style: bold;
            background: $surface;
            padding: 0 1;
        }
        & .foot { dock: bottom; height: auto; background: $surface; }
        & .keys { height: auto; color: $text-muted; }
        & .buttons { height: auto; margin-top: 1; }
        & .buttons Button { min-width: 0; margin-right: 1; }
        & Input { border: none; height: 1; padding: 0; background: transparent; }
        & OptionList { border: none; padding: 0; background: transparent; height: auto; max-height: 1fr; }
        & OptionList:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "back", show=False)]
    HEADING: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self.heading()
            yield from self.contents()
            with Vertical(classes="foot"):
                yield from self.fixed()
                with Horizontal(classes="buttons"):
                    yield from self.buttons()
                yield Static(self.KEYS, classes="keys", markup=False)

    def heading(self) -> str:
        """The title in the box's border."""
        return self.HEADING

    def contents(self) -> ComposeResult:
        """What is in the box."""
        yield from ()

    def fixed(self) -> ComposeResult:
        """What must be seen however long the contents are: little."""
        yield from ()

    def buttons(self) -> ComposeResult:
        """What can be clicked below it."""
        yield from ()

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id:
            await self.run_action(event.button.id)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box leaves."""
        if event.widget is self:
            self.action_cancel()
