"""Keys that come at once do what they do one by one."""

import asyncio
import random

import pytest
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from omg.ui.tui import in_order
from omg.ui.tui.in_order import InOrder
from tests.scripted import until
from tests.ui.tui.prompt.typing import typing

KEYS = ["a", "b", "é", "space", "backspace", "left", "right", "home", "end", "delete", "ctrl+w", "ctrl+u", "ctrl+k"]
CHARACTERS = {"space": " ", "backspace": "\x7f", "enter": "\r"}


class Line(InOrder[None]):
    """One line to type into, and what was entered."""

    def __init__(self) -> None:
        super().__init__()
        self.entered: list[str] = []

    def compose(self) -> ComposeResult:
        yield Input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.entered.append(event.value)


def at_once(app, keys) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else CHARACTERS.get(key)))


async def settled(app) -> None:
    taken = asyncio.Event()
    app.call_later(taken.set)
    await taken.wait()
    await until(lambda: app._given is None and not app._coming)


async def test_letters_and_what_edits_them_act_in_the_order_they_were_typed():
    chance = random.Random(7)
    async with typing() as desk:
        for _ in range(60):
            keys = chance.choices(KEYS, k=chance.randrange(2, 12))
            desk.prompt.editor.set_text("")
            await desk.pilot.press(*keys)
            one_by_one = desk.text, desk.prompt.editor.cursor_location
            desk.prompt.editor.set_text("")
            at_once(desk.app, keys)
            await settled(desk.app)
            assert (desk.text, desk.prompt.editor.cursor_location) == one_by_one, keys


async def test_what_is_entered_is_what_was_typed_before():
    app = Line()
    async with app.run_test():
        at_once(app, [*"1.0", "backspace", "5", "enter", *"more"])
        await settled(app)
        assert app.entered == ["1.5"]
        assert app.query_one(Input).value == "1.5more"


async def test_a_paste_stands_where_it_came():
    async with typing() as desk:
        at_once(desk.app, "ab")
        desk.app.post_message(events.Paste("PASTED"))
        at_once(desk.app, ["backspace", "c"])
        await settled(desk.app)
        assert desk.text == "abPASTEc"


@pytest.mark.parametrize("where", ["input", "nowhere"])
async def test_a_key_that_comes_to_no_end_keeps_the_others_waiting_no_longer_than_a_moment(monkeypatch, where):
    monkeypatch.setattr(in_order, "_LONGEST", 0.05)
    monkeypatch.setattr(
        InOrder, "_follow", lambda self, node, given: node is self and self.call_later(self._next, given)
    )
    app = Line()
    async with app.run_test():
        if where == "nowhere":
            app.screen.set_focus(None)
        at_once(app, "abc")
        await settled(app)
        assert app.query_one(Input).value == ("abc" if where == "input" else "")


async def test_what_has_the_keys_can_go_away_under_them():
    app = Line()
    async with app.run_test():
        at_once(app, "ab")
        await app.query_one(Input).remove()
        at_once(app, "cd")
        await settled(app)
        await app.mount(Input())
        app.query_one(Input).focus()
        at_once(app, "ef")
        await settled(app)
        assert app.query_one(Input).value == "ef"
