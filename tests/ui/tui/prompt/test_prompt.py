"""The prompt by its keys: what is typed, sent, recalled, completed, attached, queued and taken back."""

import asyncio
import time

import pytest
from textual._xterm_parser import XTermParser

from omg.core.spoken import Image, Pasted, Spoken
from omg.core.trouble import Trouble
from omg.session.history import keep, load
from omg.ui.tui.parts import Noted
from omg.ui.tui.prompt import Prompt
from omg.ui.tui.prompt.keys import NEW_LINE, STEER, teach
from tests.pictures import png
from tests.scripted import Says, lines, stage
from tests.ui.tui.prompt.typing import typing

HOLD = Says("a moment", calls=(("hold", {"name": "gate"}),))


async def test_enter_sends_and_empties():
    async with typing() as desk:
        await desk.type("hello")
        await desk.press("enter")
        assert desk.words() == ["hello"]
        assert desk.text == ""
        assert desk.sent()[0].how == "say"


async def test_nothing_is_not_sent():
    async with typing() as desk:
        await desk.press("enter", "space", "enter")
        assert desk.words() == []


@pytest.mark.parametrize("key", ["ctrl+enter", "alt+s"])
async def test_a_key_steers(key):
    async with typing() as desk:
        await desk.type("now")
        await desk.press(key)
        assert (desk.words(), desk.sent()[0].how) == (["now"], "steer")


@pytest.mark.parametrize("key", ["alt+enter", "shift+enter", "ctrl+j"])
async def test_new_lines_by_key(key):
    async with typing() as desk:
        await desk.type("one")
        await desk.press(key)
        await desk.type("two")
        assert desk.text == "one\ntwo"


async def test_a_trailing_backslash_makes_a_new_line():
    async with typing() as desk:
        await desk.type("one\\")
        await desk.press("enter")
        await desk.type("two")
        await desk.press("enter")
        assert desk.words() == ["one\ntwo"]


async def test_it_grows_to_a_third_of_the_screen_and_scrolls_then():
    async with typing(size=(80, 30)) as desk:
        assert desk.prompt.editor.size.height == 1
        await desk.press(*["x", "ctrl+j"] * 4)
        assert desk.prompt.editor.size.height == 5
        await desk.press(*["x", "ctrl+j"] * 20)
        assert desk.prompt.editor.size.height == 9


async def test_keys_typed_behind_enter_are_the_next_words():
    async with typing() as desk:
        await desk.press("a", "enter", "b", "c", "enter", "d")
        assert (desk.words(), desk.text) == (["a", "bc"], "d")


async def test_undo_and_redo():
    async with typing() as desk:
        await desk.paste("one ")
        await desk.paste("two")
        await desk.press("ctrl+underscore")
        assert desk.text == "one "
        await desk.press("ctrl+y")
        assert desk.text == "one two"


async def test_history_goes_over_sessions_and_keeps_the_draft(tmp_path):
    there = stage(tmp_path, lines())
    keep(there.home / "history", "first\nline")
    keep(there.home / "history", "second")
    async with typing(there.open()) as desk:
        await desk.until(lambda: desk.prompt.recall.entries)
        await desk.type("draft")
        await desk.press("up")
        assert desk.text == "second"
        await desk.press("up")
        assert desk.text == "first\nline"
        await desk.press("up", "up", "up")
        assert desk.text == "first\nline"
        await desk.press("down", "down", "down")
        assert desk.text == "draft"
        await desk.press("enter")
        assert load(there.home / "history") == ["draft", "second", "first\nline"]
        assert (there.home / "history").stat().st_mode & 0o777 == 0o600


async def test_a_history_that_cannot_be_written_is_told_once(tmp_path):
    there = stage(tmp_path, lines())
    there.home.mkdir()
    (there.home / "history").mkdir()
    async with typing(there.open()) as desk:
        await desk.press("a", "enter", "b", "enter")
        assert desk.words() == ["a", "b"]
        assert desk.heard(Noted) == 1


async def test_control_r_looks_through_the_history(tmp_path):
    there = stage(tmp_path, lines())
    for text in ("make test", "say what\nthis is", "make lint"):
        keep(there.home / "history", text)
    async with typing(there.open()) as desk:
        await desk.until(lambda: desk.prompt.recall.entries)
        await desk.press("ctrl+r")
        await desk.type("what")
        await desk.until(lambda: len(desk.app.screen._rows) == 1)
        await desk.press("enter")
        assert desk.text == "say what\nthis is"
        await desk.press("ctrl+r")
        await desk.press("escape")
        assert desk.text == "say what\nthis is"
        assert desk.heard(Prompt.Interrupted) == 0


async def test_commands_are_offered_and_those_without_words_run_at_once():
    async with typing() as desk:
        await desk.type("/for")
        await desk.until(lambda: desk.prompt.menu.open)
        assert [row.text for row in desk.prompt.menu.choices.rows][:2] == ["fork", "forks"]
        await desk.press("tab")
        assert desk.text == "/fork "
        await desk.press("ctrl+c")
        await desk.type("/for")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("down", "enter")
        assert desk.words() == ["/forks"]


async def test_escape_closes_the_list_first():
    async with typing() as desk:
        await desk.type("/fo")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("escape")
        assert not desk.prompt.menu.open
        assert desk.heard(Prompt.Interrupted) == 0
        await desk.type("r")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("escape", "escape")
        assert desk.heard(Prompt.Interrupted) == 1


async def test_what_a_command_takes_is_offered(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    await conversation.say("one")
    conversation.agent.anchor("plan")
    async with typing(conversation) as desk:
        await desk.type("/mode p")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("enter")
        assert (desk.text, desk.words()) == ("/mode plan", [])
        await desk.press("enter")
        assert desk.words() == ["/mode plan"]
        await desk.type("/fork @")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("tab")
        assert desk.text == "/fork @plan"


async def test_an_optional_word_is_not_forced_upon_enter(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    async with typing(conversation) as desk:
        await desk.type("/mode ")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("enter")
        assert desk.words() == ["/mode "]


async def test_an_at_sign_completes_files(tmp_path):
    there = stage(tmp_path, lines())
    for name in ("src/tides.py", "src/berth.py"):
        (there.folder / name).parent.mkdir(exist_ok=True)
        (there.folder / name).touch()
    async with typing(there.open()) as desk:
        await desk.type("read @tid")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.press("enter")
        assert (desk.text, desk.words()) == ("read src/tides.py", [])
        await desk.type(" now")
        await desk.press("enter")
        assert desk.words() == ["read src/tides.py now"]


async def test_a_click_takes_a_row(tmp_path):
    async with typing() as desk:
        await desk.type("/for")
        await desk.until(lambda: desk.prompt.menu.open)
        await desk.pilot.pause()
        await desk.pilot.click("Menu", offset=(3, 1))
        assert desk.text == "/forks"


LONG = "\n".join(f"line {n}" for n in range(180))


async def test_long_text_is_attached_and_can_be_edited_and_taken_off():
    async with typing() as desk:
        await desk.paste(LONG)
        assert desk.text == ""
        assert desk.prompt.attachments == [Pasted(LONG)]
        assert "[pasted 180 lines]" in str(desk.app.query_one("Chip").render())
        await desk.type("why?")
        await desk.press("home", "left", "enter")
        await desk.pilot.pause()
        await desk.press("X", "escape")
        await desk.until(lambda: desk.prompt.attachments == [Pasted("X" + LONG)])
        await desk.press("enter")
        assert desk.sent()[0].spoken == Spoken("why?", (Pasted("X" + LONG),))
        assert not desk.prompt.typing


async def test_a_short_paste_is_text_with_its_own_new_lines():
    async with typing() as desk:
        await desk.paste("def f():\r\n    pass\r")
        assert desk.text == "def f():\n    pass\n"
        assert desk.words() == []


async def test_backspace_at_the_beginning_reaches_the_chips():
    async with typing() as desk:
        await desk.paste(LONG)
        await desk.press("backspace", "backspace")
        assert desk.prompt.attachments == []
        await desk.type("on")
        assert desk.text == "on"


async def test_a_dropped_image_is_attached(tmp_path):
    there = stage(tmp_path, lines())
    (there.folder / "a plan.png").write_bytes(png())
    async with typing(there.open()) as desk:
        await desk.paste(f"'{there.folder}/a plan.png' ")
        await desk.until(lambda: desk.prompt.attachments)
        assert desk.prompt.attachments == [Image("a plan.png", "image/png", png(), 3, 2)]
        await desk.press("enter")
        assert desk.sent()[0].attachments[0].name == "a plan.png"


async def test_what_is_no_image_is_said_in_a_line(tmp_path):
    there = stage(tmp_path, lines())
    (there.folder / "plan.png").write_text("not one")
    async with typing(there.open()) as desk:
        await desk.paste(str(there.folder / "plan.png"))
        await desk.until(lambda: desk.heard(Noted))
        assert "plan.png is no PNG" in desk.app.said[0].text
        assert not desk.prompt.typing


async def test_a_clipboard_that_gives_nothing_is_said_plainly(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    async with typing() as desk:
        await desk.press("ctrl+v")
        await desk.until(lambda: desk.heard(Noted))
        assert "clipboard" in desk.app.said[0].text


async def test_what_waits_is_shown_and_can_be_changed(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, Says("first done")]))
    conversation = there.open()
    async with typing(conversation) as desk:
        desk.turns.say("first")
        await desk.until(lambda: there.hold.begun)
        for words in ("second", "third", "fourth"):
            desk.turns.say(words)
        assert desk.prompt.waiting.option_count == 3
        await desk.press("up")
        assert desk.app.focused is desk.prompt.waiting
        await desk.press("K")
        assert [said.words for said in desk.turns.queued] == ["second", "fourth", "third"]
        await desk.press("J")
        assert [said.words for said in desk.turns.queued] == ["second", "third", "fourth"]
        await desk.press("K")
        await desk.press("s")
        assert [said.words for said in desk.turns.steers] == ["fourth"]
        await desk.press("x")
        assert [said.words for said in desk.turns.queued] == ["second"]
        await desk.press("enter")
        await desk.until(lambda: desk.text == "second")
        assert desk.turns.queued == []
        assert desk.app.focused is desk.prompt.editor
        there.hold.gate("gate").set()
        await desk.turns.idle()


async def test_attachments_come_back_with_the_words(tmp_path):
    async with typing() as desk:
        await desk.type("there")
        desk.prompt.give_back(Spoken("back", (Pasted(LONG),)))
        await desk.pilot.pause()
        assert desk.text == "back\nthere"
        assert desk.prompt.attachments == [Pasted(LONG)]
        assert desk.prompt.typing


async def test_escape_interrupts_and_twice_at_rest_goes_back():
    async with typing() as desk:
        await desk.press("escape")
        assert (desk.heard(Prompt.Interrupted), desk.heard(Prompt.Rewound)) == (1, 0)
        await desk.press("escape")
        assert (desk.heard(Prompt.Interrupted), desk.heard(Prompt.Rewound)) == (1, 1)


async def test_control_c_clears_and_twice_leaves():
    async with typing() as desk:
        await desk.type("words")
        await desk.press("ctrl+c")
        assert (desk.text, desk.heard(Prompt.Left)) == ("", 0)
        await desk.press("ctrl+c")
        assert (desk.heard(Noted), desk.heard(Prompt.Left)) == (1, 0)
        await desk.press("ctrl+c")
        assert desk.heard(Prompt.Left) == 1


async def test_what_control_c_cleared_can_be_undone():
    async with typing() as desk:
        await desk.type("words")
        await desk.press("ctrl+c", "ctrl+underscore")
        assert desk.text == "words"


async def test_control_d_leaves_an_empty_prompt_only():
    async with typing() as desk:
        await desk.press("a", "left", "ctrl+d")
        assert (desk.text, desk.heard(Prompt.Left)) == ("", 0)
        await desk.press("ctrl+d")
        assert desk.heard(Prompt.Left) == 1


async def test_shift_tab_asks_for_the_next_mode():
    async with typing() as desk:
        await desk.press("shift+tab")
        assert desk.heard(Prompt.ModeCycled) == 1


async def test_a_question_waits_in_a_bar_and_takes_no_keys():
    async with typing() as desk:
        desk.prompt.ask(["a asks: shell make", "b asks: shell ls"])
        await desk.type("typed")
        assert desk.text == "typed"
        assert "a asks: shell make  (and 1 more)" in str(desk.prompt.asking.render())
        await desk.press("ctrl+a")
        await desk.pilot.click("Asking")
        assert desk.heard(Prompt.AnswerWanted) == 2
        desk.prompt.ask([])
        assert not desk.prompt.asking.display


@pytest.fixture
def own_editor(tmp_path, monkeypatch):
    """An editor that adds a line, and a screen that can be lent."""
    from contextlib import nullcontext

    script = tmp_path / "ed.sh"
    script.write_text('#!/bin/sh\nprintf " and more\\n" >> "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    monkeypatch.setattr("textual.app.App.suspend", lambda self: nullcontext())
    return script


async def test_control_g_goes_on_in_the_persons_own_editor(own_editor):
    async with typing() as desk:
        await desk.type("some words")
        await desk.press("ctrl+g")
        await desk.until(lambda: desk.text == "some words and more")


@pytest.mark.parametrize(("editor", "said"), [("", "no editor is set"), ("no-such-editor -w", "there is no no-such")])
async def test_an_editor_that_is_missing_is_said_in_a_line(monkeypatch, editor, said):
    monkeypatch.setenv("VISUAL", editor)
    monkeypatch.delenv("EDITOR", raising=False)
    async with typing() as desk:
        await desk.type("some words")
        await desk.press("ctrl+g")
        await desk.until(lambda: desk.heard(Noted))
        assert said in desk.app.said[0].text
        assert desk.text == "some words"


async def test_an_editor_that_fails_changes_nothing(own_editor):
    own_editor.write_text("#!/bin/sh\nexit 3\n")
    async with typing() as desk:
        await desk.type("some words")
        await desk.press("ctrl+g")
        await desk.until(lambda: desk.heard(Noted))
        assert "ended with status 3" in desk.app.said[0].text
        assert desk.text == "some words"


async def test_another_session_keeps_what_is_typed(tmp_path):
    there = stage(tmp_path, lines())
    async with typing(there.open()) as desk:
        await desk.type("half a")
        desk.prompt.adopt(there.open())
        await asyncio.sleep(0)
        assert desk.text == "half a"


async def test_what_is_taken_fits_what_is_typed_by_then_and_not_what_was():
    async with typing() as desk:
        complete = desk.prompt.menu.complete

        def slowly(before):
            time.sleep(0.3)
            return complete(before)

        await desk.type("/")
        await desk.until(lambda: desk.prompt.menu.open)
        desk.prompt.menu.complete = slowly
        await desk.type("join")
        await desk.press("enter")
        assert (desk.text, desk.words()) == ("", ["/join"])


async def at_work(tmp_path):
    """A conversation whose main holds on, and its stage."""
    there = stage(tmp_path, lines(first=[HOLD, Says("done")]))
    return there, there.open()


async def test_while_something_works_control_c_interrupts_and_one_control_d_does_not_leave(tmp_path):
    there, conversation = await at_work(tmp_path)
    async with typing(conversation) as desk:
        desk.turns.say("first")
        await desk.until(lambda: there.hold.begun)
        await desk.press("ctrl+c")
        assert desk.heard(Prompt.Interrupted) == 1 and not desk.heard(Prompt.Left)
        await desk.press("ctrl+d")
        assert not desk.heard(Prompt.Left)
        await desk.press("escape", "escape")
        assert not desk.heard(Prompt.Rewound) and desk.heard(Prompt.Interrupted) == 3
        await desk.press("ctrl+d", "ctrl+d")
        assert desk.heard(Prompt.Left)
        there.hold.gate("gate").set()
        await desk.until(lambda: not desk.turns.busy)
    await conversation.close()


async def test_control_c_takes_off_what_is_attached_too():
    async with typing() as desk:
        desk.prompt.give_back(Spoken("look", (Pasted("long"),)))
        await desk.press("ctrl+c")
        assert desk.text == "" and desk.prompt.attachments == []


async def test_up_and_down_go_through_a_draft_of_several_lines_before_they_leave_it(tmp_path):
    keep(tmp_path / "history", "before")
    async with typing(stage(tmp_path, lines()).open()) as desk:
        desk.prompt.editor.set_text("one\ntwo\nthree")
        await desk.press("up")
        assert desk.prompt.editor.cursor_location[0] == 1
        await desk.press("down")
        assert (desk.prompt.editor.cursor_location[0], desk.text) == (2, "one\ntwo\nthree")


@pytest.mark.parametrize(
    ("sent", "keys"),
    [("\x1b\r", NEW_LINE), ("\x1b[27;3;13~", NEW_LINE), ("\x1b[27;2;13~", NEW_LINE), ("\x1b[27;5;13~", STEER)],
)
def test_enter_with_another_key_is_told_from_enter(sent, keys):
    teach()
    parser = XTermParser(False)
    (event,) = [*parser.feed(sent), *parser.tick()]
    assert event.key in keys


async def test_an_image_on_the_clipboard_is_attached_and_without_one_text_is_pasted(monkeypatch):
    picture = Image("clipboard", "image/png", png(), 3, 2)
    there = [picture]

    def clipboard(env):
        if not there:
            raise Trouble("there is no image on the clipboard")
        return there.pop()

    monkeypatch.setattr("omg.ui.tui.prompt.prompt.clipboard_image", clipboard)
    async with typing() as desk:
        await desk.press("ctrl+v")
        await desk.until(lambda: desk.prompt.attachments == [picture])
        desk.app._clipboard = "some words"
        await desk.press("ctrl+v")
        await desk.until(lambda: desk.text == "some words")
        assert desk.prompt.attachments == [picture] and not desk.heard(Noted)


async def test_many_characters_on_few_lines_are_attached():
    async with typing() as desk:
        await desk.paste("x" * 2001)
        assert desk.prompt.attachments == [Pasted("x" * 2001)] and desk.text == ""


async def test_a_click_on_what_is_attached_opens_it_and_it_can_be_taken_off_there():
    async with typing() as desk:
        await desk.paste(LONG)
        await desk.pilot.click("Chip")
        await desk.until(lambda: len(desk.app.screen_stack) == 2)
        await desk.press("ctrl+d")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        await desk.until(lambda: desk.prompt.attachments == [])
