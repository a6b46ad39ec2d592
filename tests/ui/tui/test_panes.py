"""The margin: what it shows is the ledger's, and every key and click says what it should."""

from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from omg.core.amounts import dollars, hit, ratio
from omg.session import accounts
from omg.ui.taste import Taste
from omg.ui.tui.look import Lines, Rows, dress
from omg.ui.tui.panes import CachePane, ForksPane, StatusLine
from omg.ui.tui.parts import Drafted, Noted, Ordered
from tests.ui.tui.scene import scene
from tests.ui.tui.snapshots import same


class Margin(App[None]):
    CSS = """
    #page { width: 1fr; }
    #margin { width: 48; border-left: vkey $line; }
    """

    def __init__(self, theme: str = "dark", **taste) -> None:
        super().__init__()
        self.said: list[Message] = []
        dress(self, Taste(theme, **taste), env={})

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Vertical(id="page")
            with Vertical(id="margin"):
                yield CachePane()
                yield ForksPane()
        yield StatusLine()

    def heard(self, event) -> None:
        for pane in (CachePane, ForksPane, StatusLine):
            self.query_one(pane).heard(event)

    def on_forks_pane_chosen(self, event) -> None:
        self.said.append(event)

    on_forks_pane_pointed = on_forks_pane_fork_asked = on_cache_pane_miss_chosen = on_forks_pane_chosen
    on_ordered = on_drafted = on_noted = on_forks_pane_chosen

    @property
    def asked(self) -> list[str]:
        """What it was asked for, without where the cursor went."""
        found = []
        for message in self.said:
            match message:
                case Ordered(line=text) | Drafted(text=text) | Noted(text=text):
                    found.append(text)
                case ForksPane.Chosen(branch=branch):
                    found.append(f"watch {branch}")
                case ForksPane.ForkAsked(branch=branch):
                    found.append(f"fork {branch}")
                case CachePane.MissChosen(n=n):
                    found.append(f"miss {n}")
        return found

    def text(self, id: str) -> str:
        return self.query_one(f"#{id}", Lines).text


@asynccontextmanager
async def margin(scene, app: Margin | None = None, size=(110, 44)):
    """The margin over a scene, and its pilot, when all is drawn."""
    app = app or Margin()
    async with app.run_test(size=size) as pilot:
        for pane in (CachePane, ForksPane, StatusLine):
            app.query_one(pane).adopt(scene.conversation)
        no_more = scene.conversation.hub.listen(app.heard)
        await app.workers.wait_for_complete()
        await drawn(pilot)
        yield app, pilot
        no_more()


async def drawn(pilot) -> None:
    """What has been gathered is drawn."""
    await pilot.pause(0.15)
    await pilot.pause()


SIZES = [("dark", (110, 44)), ("light", (110, 44)), ("ansi", (110, 44)), ("dark", (80, 24)), ("dark", (200, 60))]
SIZES += [("light", (80, 24)), ("light", (200, 60))]


@pytest.mark.parametrize(("theme", "size"), SIZES)
async def test_what_the_margin_looks_like(tmp_path, theme, size):
    async with scene(tmp_path) as at, margin(at, Margin(theme), size) as (app, pilot):
        app.query_one(ForksPane).focus()
        await pilot.press("down")
        await drawn(pilot)
        same(app, f"margin-{theme}-{size[0]}x{size[1]}")


async def test_what_it_looks_like_without_colour_and_to_be_read_aloud(tmp_path):
    async with scene(tmp_path) as at, margin(at, Margin("dark", screen_reader=True)) as (app, _):
        same(app, "margin-aloud")


async def test_before_anything_was_said(tmp_path):
    on = scene(tmp_path, forks=False)
    async with on as at, margin(at) as (app, _):
        assert "none yet: /fork TASK | TASK" in app.text("title")
        assert "2000" not in app.text("figures")


async def test_the_figures_on_screen_are_the_ledgers_after_every_turn(tmp_path):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        for words in ("depth again", "harbour", "anything", "is it over"):
            await at.say(words)
            await drawn(pilot)
            figures = accounts.sums(accounts.lines(at.conversation.tree))
            (row,) = [row.split() for row in app.text("figures").splitlines() if row.startswith("all")]
            shown = [ratio(figures.usage), *hit(figures.usage).split(), dollars(figures.cost_usd)]
            assert row[1:] == [*shown, dollars(figures.saved_usd), str(figures.requests)]
            line = app.query_one(StatusLine).query_one(Lines).text
            assert f"{ratio(figures.usage)} {hit(figures.usage)} · {dollars(figures.cost_usd)}" in line


async def test_the_selected_branch_is_beside_the_tree(tmp_path):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        app.query_one(CachePane).select("c")
        await drawn(pilot)
        figures = accounts.of_branch(accounts.lines(at.conversation.tree), "c")
        (row,) = [row.split() for row in app.text("figures").splitlines() if row.startswith("c ")]
        assert row[1] == ratio(figures.usage) and row[-1] == "1"
        assert "context of c" in app.text("figures")


async def test_the_warm_clock_goes_on_by_itself_and_ends_cold(tmp_path):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        assert "warm 58:00" in app.text("figures")
        at.clock.now += 61
        await pilot.pause(1.2)
        assert "warm 56:59" in app.text("figures")
        at.clock.now += 3600
        await pilot.pause(1.2)
        assert app.text("figures").splitlines()[0].endswith("cold")
        assert "cold · writing it again: $" in app.text("figures")


async def test_nothing_is_drawn_while_nothing_happens_and_nothing_is_warm(tmp_path, monkeypatch):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        at.clock.now += 3 * 3600
        app.query_one(CachePane).changed()
        app.query_one(StatusLine).changed()
        await drawn(pilot)
        drawings = []
        monkeypatch.setattr(CachePane, "draw", lambda *_: drawings.append(1))
        monkeypatch.setattr(StatusLine, "draw", lambda *_: drawings.append(1))
        await pilot.pause(1.3)
        assert drawings == []


async def test_a_pane_that_is_hidden_draws_when_it_is_shown(tmp_path):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        pane = app.query_one(CachePane)
        pane.display = False
        before = app.text("figures")
        await at.say("once more")
        await drawn(pilot)
        assert app.text("figures") == before
        pane.display = True
        await drawn(pilot)
        assert app.text("figures") != before


async def test_misses_are_chosen_by_key_and_by_mouse(tmp_path):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        rows = app.query_one("#misses", Rows)
        assert "ttl lapse" in rows.text and "1 miss: 1 ttl lapse $0." in app.text("lost")
        rows.focus()
        await pilot.press("enter")
        await pilot.click(rows, offset=(4, 0))
        await pilot.pause()
        assert app.asked == ["miss 2", "miss 2"]


KEYS = [
    ("a", "enter", "watch a"),
    ("a", "s", "/steer @a "),
    ("a", "x", "/stop a"),
    ("a", "w", "a is at work: steer it"),
    ("a", "j", "a has no report that waits"),
    ("a", "f", "fork a"),
    ("c", "enter", "watch c"),
    ("c", "s", "c is not at work"),
    ("c", "x", "c is not at work"),
    ("c", "w", "/wake c "),
    ("c", "j", "/join c"),
    ("c", "d", "/drop c"),
    ("c", "f", "fork c"),
    ("main", "enter", "watch main"),
    ("main", "f", "fork main"),
]


@pytest.mark.parametrize(("branch", "key", "asks"), KEYS)
async def test_every_key_says_what_it_should(tmp_path, branch, key, asks):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        app.query_one(ForksPane).focus()
        app.query_one("#forks", Rows).key = branch
        await pilot.press(key)
        await pilot.pause()
        assert app.asked == [asks]
        word = {"enter": "watch", "s": "steer", "x": "stop", "w": "wake", "j": "join", "d": "drop", "f": "fork"}[key]
        assert (f" {word} " in app.text("keys") + " ") == (not asks.startswith(f"{branch} "))


async def test_a_click_goes_to_a_fork_and_another_opens_it(tmp_path):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        rows = app.query_one("#forks", Rows)
        await pilot.click(rows, offset=(6, 3))
        await pilot.pause()
        assert app.query_one(ForksPane).branch == "b"
        assert isinstance(app.said[-1], ForksPane.Pointed) and app.said[-1].branch == "b"
        await pilot.click(rows, offset=(6, 3))
        await pilot.pause()
        assert app.asked == ["watch b"]


async def test_a_click_on_what_a_key_does_is_that_key(tmp_path):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        keys = app.query_one("#keys", Lines)
        app.query_one("#forks", Rows).key = "c"
        await drawn(pilot)
        row = keys.text.splitlines()[-1]
        for word in ("join", "fork", "watch"):
            await pilot.click(keys, offset=(row.index(word), 1))
        await pilot.pause()
        assert app.asked == ["/join c", "fork c", "watch c"]


async def test_a_question_waits_under_its_forks_name_until_it_is_answered(tmp_path):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        assert "asks: shell git log pilot.py" in app.text("forks")
        assert "1 asking" in app.text("title") and "1 asking" in app.query_one(StatusLine).query_one(Lines).text
        await at.conversation.agent.stop("b")
        app.query_one(ForksPane).changed()
        await drawn(pilot)
        assert "asks:" not in app.text("forks") and "asking" not in app.text("title")
        assert "◼ b" in app.text("forks")


async def test_a_report_is_ready_until_it_is_dropped(tmp_path):
    async with scene(tmp_path) as at, margin(at) as (app, pilot):
        assert "✔ c" in app.text("forks") and "ready" in app.text("forks")
        at.conversation.agent.drop("c")
        app.query_one(ForksPane).changed()
        await drawn(pilot)
        assert "ready" not in app.text("forks")


async def test_another_session_takes_the_place_of_this_one(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with scene(tmp_path / "one") as at, scene(tmp_path / "two", forks=False) as other, margin(at) as (app, pilot):
        assert "● a" in app.text("forks")
        for pane in (CachePane, ForksPane, StatusLine):
            app.query_one(pane).adopt(other.conversation)
        await app.workers.wait_for_complete()
        await drawn(pilot)
        assert app.text("forks") == "" and "none yet" in app.text("title")


async def test_a_hundred_forks_are_shown_and_walked_through(tmp_path):
    async with scene(tmp_path, forks=False) as at, margin(at) as (app, pilot):
        at.conversation.agent.fork([f"task {n}" for n in range(100)])
        while at.conversation.agent.running():
            await pilot.pause(0.05)
        await drawn(pilot)
        assert "100 ready" in app.text("title")
        app.query_one(ForksPane).focus()
        await pilot.press("end")
        await drawn(pilot)
        assert app.query_one(ForksPane).branch == "cv"
        assert "task 99" in app.text("forks")
        at.conversation.agent.drop("a")
        app.query_one(ForksPane).changed()
        await drawn(pilot)
        assert app.query_one(ForksPane).branch == "cv"
