"""Choosing a model, an effort or a mode: each is dismissed with the command that changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from omg.agent.permit import MODES, Mode
from omg.core.amounts import dollars, short_model, tokens
from omg.provider.models import EFFORTS
from omg.ui.text import one_line
from omg.ui.tui.dialogs.choose import Choose, Row

if TYPE_CHECKING:
    from omg.cache.quote import Quote

_MODES: dict[Mode, str] = {
    "plan": "reads only",
    "ask": "asks before it writes or runs anything that no rule allows",
    "edit": "edits files here without asking, asks before anything else",
    "all": "does everything without asking, but for what a rule forbids",
}


class Models(Choose):
    """`quote(model)` is what this history costs to be read by that model. A name that is not listed can be typed."""

    HEADING = "model"
    KEYS = "type a name or part of one · ↵ goes on with it · esc back"

    def __init__(self, names: Sequence[str], current: str, quote: Callable[[str], Quote]) -> None:
        super().__init__()
        self._names, self._current, self._quote = list(dict.fromkeys([current, *names])), current, quote

    def rows(self, typed: str) -> Sequence[Row]:
        wanted = one_line(typed)
        names = [name for name in self._names if wanted.lower() in name.lower()]
        if wanted and wanted not in names and not names:
            names = [wanted]
        return [Row(name, self._shown(name)) for name in names]

    def _shown(self, name: str) -> Content:
        if name == self._current:
            return Content.assemble((short_model(name), "bold"), ("  in use", "dim"))
        found = self._quote(name)
        about = f"  {tokens(found.prefix)} tokens to read anew, {dollars(found.usd_cold)}"
        return Content.assemble(short_model(name), (about, "dim"))


class Efforts(Choose):
    HEADING = "effort"

    def __init__(self, current: str | None) -> None:
        super().__init__()
        self._current = current

    def rows(self, typed: str) -> Sequence[Row]:
        return [Row(name, _marked(name, name == self._current)) for name in EFFORTS if typed.lower() in name]


class Modes(Choose):
    HEADING = "mode"

    def __init__(self, current: Mode) -> None:
        super().__init__()
        self._current = current

    def rows(self, typed: str) -> Sequence[Row]:
        fitting = (mode for mode in _MODES if typed.lower() in mode)
        return [Row(mode, _marked(mode, mode == self._current), _MODES[mode]) for mode in fitting if mode in MODES]


def _marked(name: str, current: bool) -> Content:
    return Content.assemble((name, "bold"), ("  in use", "dim")) if current else Content(name)
