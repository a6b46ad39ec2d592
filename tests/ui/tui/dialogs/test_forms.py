"""The fork form, what chooses one of many, ways to go on, and help: by key and by mouse."""

import pytest
from textual import events
from textual.widgets import OptionList

from omg.cache.quote import Quote
from omg.cli.settings_desk import settings_desk
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.session import picker
from omg.ui.tui.dialogs.by_command import dialog_for
from omg.ui.tui.dialogs.fork_form import ForkForm
from omg.ui.tui.dialogs.help import Help
from omg.ui.tui.dialogs.offers import Offers, Way
from omg.ui.tui.dialogs.sessions import Sessions
from omg.ui.tui.dialogs.settings import Change, SettingsView
from omg.ui.tui.dialogs.settle import Efforts, Models, Modes
from tests.scripted import lines, stage
from tests.ui.tui.dialogs.asked import shown, until


def quoting(children: int) -> list[Quote]:
    def quote(start: str, prefix: int, usd: float) -> Quote:
        return Quote(start, children, prefix, Usage(), Usage(), usd * children, usd * 4)

    return [quote("here", 88_000, 0.05), quote("@plan", 31_000, 0.02), quote("fresh", 2_000, 0.01)]


async def test_tasks_and_their_price_from_each_start():
    async with shown(ForkForm(quoting)) as (app, pilot):
        await pilot.press(*"one", "enter", *"two")
        await pilot.pause()
        page = app.page()
        for words in ("here", "88k", "$0.10 now", "$0.20 if cold", "@plan", "$0.04", "knows nothing"):
            assert words in page
        await pilot.press("ctrl+s")
        assert app.answers == ["/fork one | two"]


async def test_what_was_typed_just_before_is_not_lost():
    async with shown(ForkForm(quoting)) as (app, _):
        for key in ("o", "n", "e", "ctrl+s"):  # faster than anything is drawn
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(lambda: app.answers)
        assert app.answers == ["/fork one"]


async def test_from_an_anchor_with_a_budget():
    async with shown(ForkForm(quoting, ["one"])) as (app, pilot):
        await pilot.press("tab", "down", "tab", *"2.5", "enter")
        assert app.answers == ["/fork @plan --budget 2.5 one"]


async def test_from_the_beginning_where_nothing_was_said():
    async with shown(ForkForm(quoting, ["one"])) as (app, pilot):
        await pilot.press("tab", "down", "down", "enter")
        assert app.answers == ["/fork @fresh one"]


async def test_nothing_to_do_is_said():
    async with shown(ForkForm(quoting)) as (app, pilot):
        await pilot.press("ctrl+s")
        assert "say what each fork is to do" in app.page()
        await pilot.click("#cancel")
        assert app.answers == [None]


async def test_a_task_is_one_line_and_no_separator():
    async with shown(ForkForm(quoting, ["a | b", "  ", "c"])) as (app, pilot):
        await pilot.click("#fork")
        assert app.answers == ["/fork a ¦ b | c"]


class Shelf:
    """Sessions that are found by a word of their id."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def search(self, text: str) -> tuple[picker.Row, ...]:
        if text == "!":
            raise Trouble("that is no query")
        found = [id for id in self.ids if text in id]
        return tuple(picker.Row(n, id, f"title of {id}", "yesterday", f"…{id}…") for n, id in enumerate(found, 1))

    def preview(self, row: picker.Row) -> str:
        return f"the end of {row.id}"


async def test_a_session_is_found_looked_at_and_chosen():
    async with shown(Sessions(Shelf("abc", "abd", "xyz"))) as (app, pilot):
        await until(lambda: "the end of abc" in app.page())
        assert "title of xyz" in app.page()
        await pilot.press("a", "b")
        await until(lambda: "title of xyz" not in app.page())
        await pilot.press("down")
        await until(lambda: "the end of abd" in app.page())
        await pilot.press("enter")
        assert app.answers == ["abd"]


async def test_what_cannot_be_understood_is_said_and_what_was_found_stays():
    async with shown(Sessions(Shelf("abc"))) as (app, pilot):
        await until(lambda: "title of abc" in app.page())
        await pilot.press("!")
        await until(lambda: "that is no query" in app.page())
        assert "title of abc" in app.page()
        await pilot.press("escape")
        assert app.answers == [None]


async def test_nothing_found_cannot_be_chosen():
    async with shown(Sessions(Shelf("abc"))) as (app, pilot):
        await pilot.press("z")
        await until(lambda: "nothing fits" in app.page())
        await pilot.press("enter")
        assert app.answers == []


async def test_a_click_chooses():
    async with shown(Sessions(Shelf("abc", "abd"))) as (app, pilot):
        await until(lambda: app.screen.query_one(OptionList).option_count == 2)
        await pilot.click(OptionList, offset=(2, 4))
        assert app.answers == ["abd"]


async def test_a_model_with_what_it_must_read_anew():
    quote = Quote("here", 1, 118_000, Usage(), Usage(), 0.59, 0.59)
    async with shown(Models(["claude-opus-5-5", "claude-haiku-5-5"], "claude-opus-5-5", lambda _: quote)) as (
        app,
        pilot,
    ):
        await until(lambda: "118k tokens to read anew, $0.59" in app.page())
        await pilot.press(*"haiku")
        await until(lambda: app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        assert app.answers == ["claude-haiku-5-5"]


async def test_a_model_that_is_not_listed_can_be_typed():
    quote = Quote("here", 1, 0, Usage(), Usage(), None, None)
    async with shown(Models(["a"], "a", lambda _: quote)) as (app, pilot):
        await pilot.press(*"their/own-7")
        await until(lambda: "own-7" in app.page().replace("their/own-7", "", 1))
        await pilot.press("enter")
        assert app.answers == ["their/own-7"]


@pytest.mark.parametrize(("dialog", "typed", "chosen"), [(Modes("ask"), "pl", "plan"), (Efforts("high"), "lo", "low")])
async def test_modes_and_efforts(dialog, typed, chosen):
    async with shown(dialog) as (app, pilot):
        await until(lambda: "in use" in app.page())
        await pilot.press(*typed)
        await until(lambda: app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        assert app.answers == [chosen]


WAYS = [
    Way("all", "a", "all of it", 118_000, 0.59, 9.0),
    Way("summary", "d", "from the summary", 11_000, 0.06, 2.0, "written yesterday, while warm"),
]


async def test_ways_to_go_on_by_letter_and_by_enter():
    said = "session 7f3a · 118k tokens · cold"
    async with shown(Offers(said, WAYS, lambda: ["4 commits on main", "AGENTS.md changed"])) as (app, pilot):
        await until(lambda: "AGENTS.md changed" in app.page())
        page = app.page()
        for words in (said, "118k", "$0.59", "~9 s", "$0.06", "written yesterday", "4 commits on main", "since then"):
            assert words in page
        await pilot.press("d")
        assert app.answers == ["summary"]
    async with shown(Offers(said, WAYS)) as (app, pilot):
        await pilot.press("enter")
        assert app.answers == ["all"]


async def test_help_has_every_key_and_every_command_that_is_there():
    async with shown(Help(vim=True), size=(100, 120)) as (app, pilot):
        page = app.page()
        for words in ("ctrl+r", "ctrl+g", "alt+s", "/fork", "/anchor", "h j k l"):
            assert words in page
        await pilot.press("q")
        assert app.answers == [None]


async def test_bare_commands_have_dialogs_and_whole_ones_none(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    await conversation.say("one")
    for line, whole in (
        ("/model", "/model x"),
        ("/effort", "/effort x"),
        ("/mode", "/mode x"),
        ("/sessions", "/resume x"),
        ("/fork", "x"),
    ):
        found = dialog_for(line, conversation)
        assert found is not None
        assert found[1]("x") == whole
    assert dialog_for("/fork a task", conversation) is None
    assert dialog_for("words", conversation) is None
    dialog, _ = dialog_for("/fork", conversation)
    async with shown(dialog) as (app, pilot):
        await pilot.press(*"look", "ctrl+s")
        assert app.answers == ["/fork look"]


async def test_settings_are_seen_with_their_source_and_changed(tmp_path):
    desk = settings_desk(tmp_path, tmp_path, {})
    desk.change("forks.width", "4")
    async with shown(SettingsView(desk), size=(120, 40)) as (app, pilot):
        await until(lambda: "forks.width" in app.page())
        assert str(tmp_path / "settings.toml")[:20] in app.page()
        await pilot.press(*"width", "enter")
        await until(lambda: isinstance(app.screen, Change))
        await pilot.press("backspace", "0", "enter")
        await until(lambda: "greater than or equal" in app.page())
        await pilot.press("backspace", "8", "enter")
        await until(lambda: isinstance(app.screen, SettingsView))
        await until(lambda: "value: 8" in app.page())
        assert (tmp_path / "settings.toml").read_text() == "[forks]\nwidth = 8\n"


async def test_a_setting_of_few_values_is_chosen(tmp_path):
    desk = settings_desk(tmp_path, tmp_path, {})
    async with shown(SettingsView(desk), size=(120, 40)) as (app, pilot):
        await pilot.press(*"vim")
        await until(lambda: app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Change))
        await pilot.press("up", "enter")
        await until((tmp_path / "settings.toml").exists)
        assert (tmp_path / "settings.toml").read_text() == "vim = true\n"
