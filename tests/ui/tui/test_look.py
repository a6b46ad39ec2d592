"""Themes and what is drawn in them: which one is used, what is painted again, and lists that are chosen from."""

import subprocess
import sys

import pytest
from textual.app import App, ComposeResult
from textual.color import Color

from omg.ui.taste import Palette, Taste
from omg.ui.tui.look import Lines, Row, Rows, dress, line, reads_aloud, spread, text_of
from omg.ui.tui.look.dress import theme_of

TRUE = {"COLORTERM": "truecolor"}


class Bare(App[None]):
    def __init__(self, taste: Taste | None = None, color: bool = True) -> None:
        super().__init__()
        self.chosen: list[str] = []
        dress(self, taste, color=color, env={})

    def compose(self) -> ComposeResult:
        yield Lines(id="lines")
        yield Rows(id="rows")

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        self.chosen.append(event.key)


@pytest.mark.parametrize(
    ("taste", "color", "env", "theme"),
    [
        (Taste(), True, {}, "ansi"),
        (Taste(), True, TRUE, "ansi"),
        (Taste(), True, {**TRUE, "COLORFGBG": "15;0"}, "dark"),
        (Taste(), True, {**TRUE, "COLORFGBG": "0;default;15"}, "light"),
        (Taste(), True, {"COLORFGBG": "15;0"}, "ansi"),
        (Taste(), True, {**TRUE, "COLORFGBG": "default;default"}, "ansi"),
        (Taste("light"), True, TRUE, "light"),
        (Taste("light"), False, TRUE, "plain"),
    ],
)
def test_the_theme_that_is_used(taste, color, env, theme):
    assert theme_of(taste, color, env) == theme


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
async def test_the_colours_that_mean_something_are_there_in_every_theme(theme):
    app = Bare(Taste(theme))
    async with app.run_test():
        found = {name: Color.parse(app.theme_variables[name]) for name in ("warm", "cold", "running", "failed", "line")}
        assert len(set(found.values())) == 5
        assert all((colour.ansi is not None) == (theme == "ansi") for colour in found.values())


async def test_without_colour_nothing_has_one():
    app = Bare(color=False)
    async with app.run_test(size=(20, 5)) as pilot:
        app.query_one("#lines", Lines).show([line(("x", "warm"), ("y", "bold failed"))])
        await pilot.pause()
        segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
        styles = [segment.style for segment in segments if segment.text.strip()]
        assert styles and all(style.color is None or style.color.is_default for style in styles)
        assert styles[-1].bold


async def test_a_theme_of_ones_own_goes_over_its_base():
    app = Bare(Taste("mine", {"mine": Palette("light", warm="#010203", failed="bright_red")}))
    async with app.run_test():
        assert app.theme_variables["warm"] == "#010203"
        assert app.theme_variables["failed"] == "ansi_bright_red"
        assert app.theme_variables["cold"] == "#2a66ae"
        assert not app.current_theme.dark


async def test_a_screen_that_is_read_aloud_says_so_and_nothing_moves():
    app = Bare(Taste(screen_reader=True))
    async with app.run_test():
        assert reads_aloud(app.query_one("#lines"))
        assert app.animation_level == "none"
    app = Bare()
    async with app.run_test():
        assert not reads_aloud(app.query_one("#lines"))
        assert app.animation_level == "none"


@pytest.mark.parametrize(
    ("width", "text"), [(12, "left   right"), (10, "left right"), (9, "le… right"), (4, "rig…"), (0, "")]
)
def test_both_ends_of_a_line(width, text):
    assert text_of(spread(line("left"), line("right"), width)) == text


async def test_only_lines_that_changed_are_painted_again(monkeypatch):
    app = Bare()
    async with app.run_test(size=(20, 10)) as pilot:
        lines = app.query_one("#lines", Lines)
        lines.show([line("a"), line("b"), line("c")])
        await pilot.pause()
        painted = []
        monkeypatch.setattr(lines, "refresh_line", painted.append)
        lines.show([line("a"), line("B"), line("c")])
        assert painted == [1]


def rows(*keys: str) -> list[Row]:
    return [Row(key, (line(key), line(f"more of {key}"))) for key in keys]


async def test_rows_are_chosen_by_keys_and_by_mouse():
    app = Bare()
    async with app.run_test(size=(20, 10)) as pilot:
        found = app.query_one("#rows", Rows)
        found.show_rows(rows("a", "b", "c"))
        found.focus()
        await pilot.pause()
        assert found.key == "a"
        await pilot.press("down", "enter", "end", "enter", "up", "up", "up", "enter")
        assert app.chosen == ["b", "c", "a"]
        await pilot.click(found, offset=(4, 3))
        assert (found.key, app.chosen) == ("b", ["b", "c", "a"])
        await pilot.click(found, offset=(4, 2))
        assert app.chosen == ["b", "c", "a", "b"]


async def test_the_cursor_stays_with_its_row_and_else_in_its_place():
    app = Bare()
    async with app.run_test(size=(20, 10)):
        found = app.query_one("#rows", Rows)
        found.show_rows(rows("a", "b", "c"))
        found.key = "b"
        found.show_rows(rows("z", "a", "b"))
        assert found.key == "b"
        found.show_rows(rows("z", "a"))
        assert found.key == "a"
        found.show_rows([])
        assert found.key is None
        found.action_choose()
        found.action_move(1)


async def test_a_hundred_rows_scroll_with_the_cursor():
    app = Bare()
    async with app.run_test(size=(20, 10)) as pilot:
        found = app.query_one("#rows", Rows)
        found.styles.height = 6
        found.show_rows(rows(*(f"r{n}" for n in range(100))))
        found.focus()
        await pilot.pause()
        await pilot.press("end")
        assert found.scroll_offset.y == 194
        assert "r99" in found.render_line(4).text
        await pilot.press("home")
        assert found.scroll_offset.y == 0


def test_the_screen_is_drawn_before_what_a_session_needs_is_loaded():
    heavy = "omg.agent.agent", "omg.agent.state", "omg.session.conversation", "omg.session.commands", "anthropic"
    script = f"import sys, omg.cli.plan, omg.ui.tui.app\nprint(*(name for name in {heavy} if name in sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
