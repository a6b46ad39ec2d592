"""The settings: each with its value and where that comes from; one that is chosen can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from omg.core.trouble import Trouble
from omg.ui.text import clean
from omg.ui.tui.dialogs.choose import Choose, Row
from omg.ui.tui.dialogs.frame import Frame

if TYPE_CHECKING:
    from omg.ui.setting import Setting, SettingsDesk


class SettingsView(Choose):
    """Dismissed with None. What is changed is written at once, into OMG's own file."""

    HEADING = "settings"
    KEYS = "type to narrow down · ↑↓ · ↵ change · esc back · changes hold from the next start on"

    def __init__(self, desk: SettingsDesk) -> None:
        super().__init__()
        self._desk = desk
        self._settings: dict[str, Setting] = {}

    def rows(self, typed: str) -> Sequence[Row]:
        found = [one for one in self._desk.listed() if typed.lower() in one.name]
        self._settings = {one.name: one for one in found}
        return [Row(one.name, _shown(one), self._about(one)) for one in found]

    def _about(self, setting: Setting) -> str:
        lines = [setting.name, f"value: {setting.value or '(not set)'}", f"from: {setting.source}"]
        if setting.choices:
            lines.append(f"one of: {', '.join(setting.choices)}")
        if not setting.editable:
            lines.append(f"several values: change them in {self._desk.path}")
        return "\n".join(lines)

    def chosen(self, row: Row) -> None:
        """Change it, where it is one value."""
        setting = self._settings[row.name]
        if setting.editable:
            self.app.push_screen(  # pyright: ignore[reportUnknownMemberType]
                Change(setting, self._desk), lambda changed: self._look(self._typed_now) if changed else None
            )

    @property
    def _typed_now(self) -> str:
        return self.query_one(Input).value


class Change(Frame[bool | None]):
    """Dismissed with whether anything was written."""

    KEYS: ClassVar[str] = "↵ writes it into the file · empty: back to the default · esc back"
    DEFAULT_CSS = """
    Change .wrong { color: $failed; height: auto; }
    """

    def __init__(self, setting: Setting, desk: SettingsDesk) -> None:
        super().__init__()
        self._setting, self._desk = setting, desk
        self._writing: asyncio.Task[None] | None = None

    def heading(self) -> str:
        return self._setting.name

    def contents(self) -> ComposeResult:
        if self._setting.choices:
            yield OptionList(*(Option(Content(choice)) for choice in self._setting.choices), markup=False)
        else:
            yield Input(self._setting.value, placeholder="not set", select_on_focus=False, compact=True)
        yield Static("", classes="wrong", markup=False)

    def buttons(self) -> ComposeResult:
        yield Button("esc  back", id="cancel", compact=True)

    def on_mount(self) -> None:
        if self._setting.choices:
            options = self.query_one(OptionList)
            choices = self._setting.choices
            options.highlighted = choices.index(self._setting.value) if self._setting.value in choices else 0

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._write(self._setting.choices[event.option_index])

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._write(event.value)

    def _write(self, value: str) -> None:
        self._writing = asyncio.create_task(self._written(value))

    async def _written(self, value: str) -> None:
        try:
            await asyncio.to_thread(self._desk.change, self._setting.name, value)
        except Trouble as error:
            self.query_one(".wrong", Static).update(Content(clean(str(error))))
        else:
            self.dismiss(True)


def _shown(setting: Setting) -> Content:
    source = "" if setting.source == "default" else f"  {clean(setting.source)}"
    weight = "" if setting.source == "default" else "bold"
    return Content.assemble(setting.name.ljust(22), (clean(setting.value) or "-", weight), (source, "dim"))
