"""What the parts of the screen say reaches whom it is for: each key and click, from end to end."""

import asyncio
import subprocess

import pytest

from omg.agent.permit import Answer, parse_rule
from omg.agent.runtime import Rules
from omg.core.spoken import Image, Pasted, Spoken
from omg.ui.taste import Taste
from omg.ui.tui.dialogs import ask
from omg.ui.tui.dialogs.ask import Ask
from omg.ui.tui.dialogs.fork_form import ForkForm
from omg.ui.tui.dialogs.help import Help
from omg.ui.tui.look import Rows
from tests.scripted import Says, lines, stage
from tests.ui.tui.driving import driven

HOLD = Says("a moment", calls=(("hold", {"name": "gate"}),))
ASKS = Says("I run it", calls=(("shell", {"command": "touch made.txt"}),))
WIDE, NARROW = (140, 40), (80, 24)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 0.0)


def at_work(tmp_path):
    """Forks a (held), and whatever else is asked of it."""
    return stage(
        tmp_path, lines(looks=[HOLD, Says("seen")], swift=Says("it is so"), first=[HOLD, Says("main is done")])
    )


async def forked(desk, *tasks: str) -> None:
    await desk.enter(f"/fork {' | '.join(tasks)}")
    await desk.until(lambda: len(desk.conversation.tree.branches) == 1 + len(tasks))


async def pointed(desk, name: str) -> None:
    """The cursor of the forks pane at this fork."""
    await desk.pilot.press("ctrl+f")
    rows = desk.app.margin.forks.query_one("#forks", Rows)
    await desk.until(lambda: rows.has_focus and f" {name}  " in rows.text + "  ")
    while rows.key != name:
        await desk.pilot.press("down")


async def test_a_fork_is_stopped_from_its_pane(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await forked(desk, "looks")
        await pointed(desk, "a")
        await desk.pilot.press("x")
        await desk.until(lambda: desk.conversation.tree.branches["a"].status == "stopped")


async def test_a_report_is_joined_and_another_one_dropped_from_the_pane(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await forked(desk, "swift", "swift again")
        await desk.until(lambda: len(desk.conversation.tree.branches["main"].pending) == 2)
        await pointed(desk, "a")
        await desk.pilot.press("d")
        await desk.until(lambda: desk.conversation.tree.branches["main"].pending == ["b"])
        await desk.pilot.press("down", "j")
        await desk.until(lambda: not desk.conversation.tree.branches["main"].pending)
        await desk.sees("its report is read here")


async def test_what_cannot_be_done_with_a_fork_is_said(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await forked(desk, "swift")
        await desk.until(lambda: desk.conversation.tree.branches["a"].status == "done")
        await pointed(desk, "a")
        await desk.pilot.press("x")
        await desk.sees("a is not at work")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_fork_that_is_chosen_is_watched_with_its_figures(tmp_path, size):
    async with driven(at_work(tmp_path), size=size) as desk:
        await forked(desk, "swift")
        await desk.until(lambda: desk.conversation.tree.branches["a"].status == "done")
        await pointed(desk, "a")
        await desk.until(lambda: desk.app.margin.cache.branch == "a")
        await desk.pilot.press("enter")
        await desk.sees("it is so")
        assert desk.app.transcript.branch == "a" and desk.app.transcript.display
        assert "what you say goes to it" in desk.screen
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.transcript.branch == desk.app.margin.cache.branch == "main")


async def test_a_forks_card_that_is_clicked_leads_to_it(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await forked(desk, "looks")
        await desk.sees("⑂ a")
        row = next(n for n, line in enumerate(desk.screen.splitlines()) if line.strip().startswith("⑂ a   "))
        await desk.pilot.click(offset=(6, row))
        await desk.until(lambda: desk.app.transcript.branch == "a")


async def test_main_is_forked_from_the_pane_in_a_form(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await forked(desk, "swift")
        await desk.pilot.press("ctrl+f")
        await desk.pilot.press("f")
        await desk.until(lambda: isinstance(desk.app.screen, ForkForm))


async def test_words_are_put_into_the_turn_under_way(tmp_path):
    there = at_work(tmp_path)
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        desk.app.prompt.give_back(Spoken("look there too"))
        await desk.pilot.press("alt+s")
        assert [said.words for said in desk.conversation.agent.live("main").steers] == ["look there too"]
        there.hold.gate("gate").set()
        await desk.sees("main is done")


async def test_what_is_attached_reaches_the_fork_that_is_watched(tmp_path):
    there = at_work(tmp_path)
    async with driven(there) as desk:
        await forked(desk, "swift")
        await desk.until(lambda: desk.conversation.tree.branches["a"].status == "done")
        desk.app.follow("a")
        for words, text in (("and this?", "a long text"), ("", "another text")):
            sent = len(there.provider.sent)
            desk.app.prompt.give_back(Spoken(words, (Pasted(text),)))
            await desk.pilot.press("enter")
            await desk.until(lambda sent=sent: len(there.provider.sent) == sent + 1)
            assert text in str(there.provider.sent[-1].newest) and words in str(there.provider.sent[-1].newest)
            await desk.until(lambda: desk.conversation.tree.branches["a"].status == "done")
        assert desk.conversation.tree.branches["main"].tip is None
        desk.app.prompt.give_back(Spoken("and that?", (Image("a.png", "image/png", b"", 3, 2),)))
        await desk.pilot.press("enter")
        await desk.sees("an image goes to main only")
        assert desk.app.prompt.editor.text == "and that?" and desk.app.prompt.attachments


async def test_what_is_attached_to_a_command_waits_in_the_prompt(tmp_path):
    async with driven(at_work(tmp_path)) as desk:
        desk.app.prompt.give_back(Spoken("/forks", (Pasted("a long text"),)))
        await desk.pilot.press("enter")
        await desk.sees("goes with words, not with a command")
        assert desk.app.prompt.attachments == [Pasted("a long text")]


async def test_a_shell_line_is_one_also_while_a_fork_is_watched(tmp_path):
    there = at_work(tmp_path)
    async with driven(there) as desk:
        await forked(desk, "swift")
        await desk.until(lambda: desk.conversation.tree.branches["a"].status == "done")
        desk.app.follow("a")
        sent = len(there.provider.sent)
        await desk.enter("!!echo here it is")
        await desk.sees("kept from the model")
        assert "here it is" in desk.page and len(there.provider.sent) == sent


def asking(tmp_path):
    there = stage(tmp_path, lines(first=[ASKS, Says("done with it")], looks=[ASKS, Says("seen")]))
    there.rules = Rules("ask", (parse_rule("shell(ls *)"),))
    return there


async def test_mains_question_comes_up_and_the_answer_is_noted(tmp_path):
    there = asking(tmp_path)
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        await desk.pilot.press("y")
        await desk.sees("✔ yes, once: shell touch made.txt")
        await desk.sees("done with it")
        assert (there.folder / "made.txt").exists()


async def test_a_forks_question_waits_for_a_key(tmp_path):
    async with driven(asking(tmp_path)) as desk:
        await forked(desk, "looks")
        await desk.until(lambda: "a asks: shell touch made.txt" in desk.screen)
        assert len(desk.app.screen_stack) == 1
        await desk.pilot.press("ctrl+a")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        await desk.pilot.press("y")
        await desk.sees("report ready")


async def test_a_question_comes_up_over_no_dialog_but_when_that_goes(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, ASKS, Says("done with it")]))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        await desk.pilot.press("f1")
        there.hold.gate("gate").set()
        await desk.until(lambda: desk.app.desk.talk.questions.waiting)
        assert isinstance(desk.app.screen, Help)
        await desk.pilot.press("escape")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))


async def test_keys_of_the_page_do_nothing_behind_a_dialog(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await desk.pilot.press("f1")
        await desk.until(lambda: isinstance(desk.app.screen, Help))
        await desk.pilot.press("ctrl+k", "f2")
        assert desk.app.margin.cache.display and len(desk.app.screen_stack) == 2


@pytest.mark.parametrize("typed", ["f2", "/settings"])
async def test_settings_open(tmp_path, typed):
    async with driven(at_work(tmp_path)) as desk:
        await (desk.pilot.press(typed) if typed == "f2" else desk.enter(typed))
        await desk.until(lambda: "settings" in desk.screen and "budget.confirm_usd" in desk.screen)


async def test_the_taste_reaches_the_parts(tmp_path):
    async with driven(at_work(tmp_path), taste=Taste("dark", vim=True, notify="off")) as desk:
        assert desk.app.prompt.editor.vim is not None
        desk.written.clear()
        desk.app.signals.notify("the turn is over")
        assert desk.written == []
        desk.app.action_help()
        await desk.until(lambda: isinstance(desk.app.screen, Help))
        while "vim's keys" not in desk.screen:
            assert "/quit" not in desk.screen
            await desk.pilot.press("down")


async def test_what_is_hidden_by_a_narrow_screen_takes_no_keys(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await desk.pilot.press("ctrl+f")
        await desk.pilot.resize_terminal(*NARROW)
        await desk.until(lambda: desk.app.narrow)
        await desk.pilot.press("a", "b")
        assert desk.app.prompt.editor.text == "ab"


async def test_escape_interrupts_at_once_on_a_screen_that_has_grown(tmp_path):
    there = at_work(tmp_path)
    async with driven(there, size=NARROW) as desk:
        await desk.pilot.press("ctrl+k")
        await desk.until(lambda: desk.app.margin.covers)
        await desk.pilot.resize_terminal(*WIDE)
        await desk.until(lambda: not desk.app.margin.covers)
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        await desk.pilot.press("escape")
        await desk.sees("\n  interrupted")


async def test_the_cache_pane_takes_the_room_that_the_forks_leave(tmp_path):
    async with driven(at_work(tmp_path), size=(140, 24)) as desk:
        await forked(desk, "swift")
        await desk.until(lambda: "context" in desk.screen)
        before = desk.app.margin.cache.size.height
        for shown in (False, True):
            desk.app.margin.toggle("forks", narrow=False)
            desk.app.make_room()
            await desk.until(lambda shown=shown: (desk.app.margin.cache.size.height > before) != shown)


async def test_control_c_outside_the_prompt_interrupts_and_then_leaves(tmp_path):
    there = at_work(tmp_path)
    async with driven(there, size=WIDE) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        await desk.pilot.press("ctrl+f", "ctrl+c")
        await desk.sees("\n  interrupted")
        await desk.pilot.press("ctrl+c")
        await desk.until(lambda: desk.app.prompt.has_focus_within)
        desk.app.action_stop()
        await desk.until(lambda: not desk.app.is_running)


async def test_escape_twice_while_words_stand_there_or_main_works_rewinds_nothing(tmp_path):
    there = at_work(tmp_path)
    async with driven(there) as desk:
        await desk.enter("swift")
        await desk.sees("it is so")
        desk.app.prompt.give_back(Spoken("half a thought"))
        await desk.pilot.press("escape", "escape")
        await asyncio.sleep(0.1)
        assert len(desk.app.screen_stack) == 1 and desk.app.prompt.editor.text == "half a thought"


async def test_the_header_says_where_git_is_and_how_hard_the_model_tries(tmp_path):
    there = at_work(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "spring-tide"], cwd=there.folder, check=True)
    there.setup["extra"] = (("output_config", {"effort": "high"}),)
    async with driven(there, size=(220, 40)) as desk:
        await desk.until(lambda: "spring-tide" in desk.screen.splitlines()[0])
        assert "· high ·" in desk.screen.splitlines()[0]


async def test_a_budget_is_in_the_cache_pane_with_what_is_left_of_it(tmp_path):
    async with driven(at_work(tmp_path), size=WIDE) as desk:
        await desk.enter("/budget 2")
        await desk.until(lambda: "$2.00 left of $2.00" in desk.screen)


async def test_who_looks_elsewhere_is_called_for_a_question_and_for_a_report(tmp_path):
    there = stage(tmp_path, lines(looks=[ASKS, Says("seen")]))
    async with driven(there) as desk:
        desk.app.app_focus = False
        desk.app.desk.talk.submit(Spoken("/fork looks"))  # a key would be somebody who is there
        await desk.until(lambda: any("a asks: shell touch made.txt" in text for text in desk.written))
        assert any(text.startswith("\x1b]2;? ") for text in desk.written)
        desk.app.attending.open()
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        desk.app.screen.dismiss(Answer("once"))
        await desk.until(lambda: any("fork a: report ready" in text for text in desk.written))


async def test_a_command_opens_the_newest_card(tmp_path):
    there = stage(tmp_path, lines(first=[Says(calls=(("grep", {"pattern": "moor"}),)), Says("done")]))
    (there.folder / "a.txt").write_text("here we moor\n")
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.sees("1 line in 1 file")
        assert "here we moor" not in desk.page
        await desk.enter("/open")
        await desk.sees("here we moor")
