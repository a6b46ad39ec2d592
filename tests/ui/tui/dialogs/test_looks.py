"""What each dialog looks like: dark and light, on a small screen and on a large one."""

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from omg.agent.permit import Cost, Question
from omg.cache.quote import Quote
from omg.cli.settings_desk import settings_desk
from omg.core.tool import Show
from omg.core.usage import Usage
from omg.session import picker
from omg.ui.setting import Setting, SettingsDesk
from omg.ui.tui.dialogs.ask import Ask
from omg.ui.tui.dialogs.fork_form import ForkForm
from omg.ui.tui.dialogs.help import Help
from omg.ui.tui.dialogs.offers import Offers, Way
from omg.ui.tui.dialogs.places import Places
from omg.ui.tui.dialogs.sessions import Sessions
from omg.ui.tui.dialogs.settings import Change, SettingsView
from omg.ui.tui.dialogs.settle import Efforts, Models, Modes
from tests.ui.tui.dialogs.asked import shown
from tests.ui.tui.snapshots import same

DIFF = "@@ -10,7 +10,9 @@ class Berth:\n" + "\n".join(
    f"{'+-  '[n % 4]}    depth_{n} = tide_at(hour={n}) + allowance(draught=1.5, neaps={n % 2 == 0})" for n in range(40)
)


def quotes(children: int) -> list[Quote]:
    def quote(start: str, prefix: int, usd: float) -> Quote:
        return Quote(start, children, prefix, Usage(), Usage(), usd * children, usd * 4)

    return [quote("here", 88_000, 0.05), quote("@plan", 31_000, 0.02), quote("fresh", 2_000, 0.01)]


class Shelf:
    def search(self, text: str) -> tuple[picker.Row, ...]:
        titles = ("why does mooring fail at neaps?", "a cache that is cold every morning, and what it costs", "tides")
        return tuple(picker.Row(n, str(n), title, f"{n} days ago", f"…{title}…") for n, title in enumerate(titles, 1))

    def preview(self, row: picker.Row) -> str:
        return f"you   {row.title}\n\nomg   It is the depth: moor() never adds the tide.\n\n12 turns, 3 forks, $0.84"


NOTHING = SettingsDesk("settings.toml", tuple, lambda name, value: None)
WAYS = [
    Way("summary", "s", "from the summary", 11_000, 0.06, 2.0, "written yesterday, while warm"),
    Way("all", "a", "all of it", 118_000, 0.59, 9.0),
    Way("@plan", "2", "from @plan", 31_000, 0.16, 3.0),
]
SINCE = [
    "commits since 3f2a91c: 4 tides are added, a berth has a name, neaps",
    "files you have read that are not as you read them, since 2026-11-20 18:02: AGENTS.md (changed), old.py (gone)",
]

DIALOGS = {
    "command": lambda _: Ask(
        Question("a", "shell", "make test", Show("code", "make test"), "shell(make test)"), ("b", "c")
    ),
    "diff": lambda _: Ask(Question("main", "edit", "berth.py", Show("diff", DIFF), "edit(/berth.py)")),
    "price": lambda _: Ask(Question("main", "fork", "fork 3", None, "", Cost(2.5, 1.0, tuple(quotes(3))))),
    "fork": lambda _: ForkForm(quotes, ["who calls moor()?", "is there a test for neaps?"]),
    "sessions": lambda _: Sessions(Shelf()),
    "model": lambda _: Models(
        ["claude-opus-5-5", "claude-haiku-5-5"],
        "claude-opus-5-5",
        lambda _: Quote("here", 1, 118_000, Usage(), Usage(), 0.59, 0.59),
    ),
    "mode": lambda _: Modes("ask"),
    "effort": lambda _: Efforts("high"),
    "settings": lambda place: SettingsView(settings_desk(place, place, {})),
    "change": lambda _: Change(Setting("budget.confirm_usd", "0.5", "~/.omg/settings.toml"), NOTHING),
    "change-choice": lambda _: Change(Setting("mode", "ask", "default", ("ask", "edit", "plan", "all")), NOTHING),
    "help": lambda _: Help(),
    "place": lambda _: Places(
        "go back to before",
        [("1", "and what does it cost at neaps, when nobody looks?"), ("2", "why fails mooring?")],
        lambda name: "why fails mooring?\n\nwritten since: berth.py\n\n1k tokens, all of them cold: $0.01",
    ),
    "cold": lambda _: Offers("118k tokens; the cache is cold, one of these is read first", WAYS, lambda: SINCE),
}


async def still(app, pilot):
    """Until nothing moves."""
    for line in app.screen.query(Input):
        line.cursor_blink = False
    seen = ""
    while seen != app.page():
        seen = app.page()
        await asyncio.sleep(0.05)
        await pilot.pause()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", DIALOGS)
async def test_what_a_dialog_looks_like(monkeypatch, tmp_path, name, theme):
    monkeypatch.chdir(tmp_path)
    async with shown(DIALOGS[name](Path("home")), (80, 24), theme) as (app, pilot):
        await still(app, pilot)
        same(app, f"dialog-{name}-{theme}-80x24")
        await pilot.resize_terminal(200, 60)
        await still(app, pilot)
        same(app, f"dialog-{name}-{theme}-200x60")


@pytest.mark.parametrize("name", [*DIALOGS, "eight tasks"])
async def test_buttons_and_keys_are_seen_on_the_smallest_screen(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    many = ForkForm(quotes, [f"what about number {n}?" for n in range(8)]) if name == "eight tasks" else None
    async with shown(many or DIALOGS[name](Path("home")), (60, 20)) as (app, pilot):
        await still(app, pilot)
        foot, box = app.screen.query_one(".foot"), app.screen.query_one(".box")
        assert foot.region.height > 0 and box.region.contains_region(foot.region)
        assert app.screen.region.contains_region(box.region)
        for button in app.screen.query(Button):
            assert foot.region.contains_region(button.region), button.id
