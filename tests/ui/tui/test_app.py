"""The app by its keys: words, commands, forks, questions of a second screen, coming and going."""

import asyncio

import pytest
from textual.widgets import OptionList

from omg.cache.mirror import Mirror
from omg.core.amounts import dollars, hit, ratio
from omg.core.events import TurnEnded
from omg.core.spoken import Pasted, Spoken
from omg.core.tool import ToolError
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.ui.tui.app import OmgApp
from tests.scripted import Says, failure, lines, prefix, stage, until
from tests.ui.tui.driving import driven, screen_of

HOLD = Says("a moment", calls=(("hold", {"name": "gate"}),))


async def test_words_are_answered_on_the_page(tmp_path):
    async with driven(stage(tmp_path, lines(where=Says("In **one** place.")))) as desk:
        await desk.enter("where?")
        await desk.sees("In one place.")
        assert "› where?" in desk.page
        await desk.sees("1 request")


async def test_what_was_entered_before_the_session_was_open_is_said_then(tmp_path):
    there, gate = stage(tmp_path, lines(where=Says("In one place."))), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(resume):
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
        return there.open()

    async with driven(there, slowly, wait=False) as desk:
        await desk.pilot.press(*"where")
        await desk.pilot.press("enter")
        assert "where" in desk.screen
        assert not there.provider.sent
        gate.set()
        await desk.sees("In one place.")


async def test_words_said_meanwhile_wait_and_go_out_next(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, Says("first done")], second=Says("second done")))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        await desk.enter("second")
        assert "second" in desk.screen
        there.hold.gate("gate").set()
        await desk.sees("second done")
        assert desk.page.index("first done") < desk.page.index("› second")


async def test_escape_interrupts_and_gives_the_words_that_waited_back(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD]))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        await desk.enter("queued")
        await desk.pilot.press("escape")
        await desk.sees("interrupted")
        await desk.until(lambda: desk.app.prompt.editor.text == "queued")
        assert len(there.provider.sent) == 1


async def test_words_that_were_refused_are_in_the_prompt_again(tmp_path):
    there = stage(tmp_path, lines(first=Says(refused=failure("refused", words="no such model"))))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.sees("no such model")
        await desk.until(lambda: desk.app.prompt.editor.text == "first")
        assert "Traceback" not in desk.screen


async def test_a_command_shows_what_it_came_to(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        await desk.enter("/forks")
        await desk.sees("› /forks")
        await desk.sees("no forks yet: /fork TASK | TASK")
        await desk.enter("/nonsense")
        await desk.sees("there is no /nonsense")


async def test_what_goes_wrong_in_a_command_is_a_line_and_its_traceback_a_file(tmp_path, monkeypatch):
    there = stage(tmp_path, lines())

    async def broken(conversation, line):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("omg.session.commands.run_command", broken)
    async with driven(there) as desk:
        await desk.enter("/forks")
        await desk.sees("this is a bug in OMG: ZeroDivisionError")
        assert "Traceback" not in desk.screen
        assert "of all things" in (there.home / "omg.log").read_text()


async def test_a_shell_line_streams_and_is_told_to_the_model(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        await desk.enter("!echo one; echo two")
        await desk.sees("the model reads this with your next words")
        assert "one\n  two" in desk.page
        await desk.enter("and?")
        await desk.sees("done")
        assert "echo one" in there.provider.sent[0].body.decode()


async def test_escape_ends_a_shell_line(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        await desk.enter("!sleep 60")
        await desk.until(lambda: desk.app.desk.talk.busy)
        await desk.pilot.press("escape")
        await desk.sees("interrupted")


async def test_a_shell_line_that_cannot_start_says_so(tmp_path, monkeypatch):
    async def gone(*args, **kwargs):
        raise ToolError("there is no bash")

    monkeypatch.setattr("omg.session.own_shell.run_own", gone)
    async with driven(stage(tmp_path, lines())) as desk:
        await desk.enter("!ls")
        await desk.sees("there is no bash")
        await desk.sees("it did not start")


async def test_a_fork_is_watched_spoken_to_and_left(tmp_path):
    there = stage(tmp_path, lines(looks=[HOLD, Says("seen")], deeper=Says("deeper it is")))
    async with driven(there) as desk:
        await desk.enter("/fork looks")
        await desk.until(lambda: there.hold.begun)
        await desk.enter("/watch a")
        await desk.until(lambda: desk.app.transcript.branch == "a")
        await desk.sees("› looks")
        await desk.enter("and there?")
        await desk.until(lambda: desk.conversation.agent.live("a").steers)
        there.hold.gate("gate").set()
        await desk.sees("seen")
        await desk.until(lambda: not desk.conversation.agent.running())
        await desk.enter("look deeper")
        await desk.sees("deeper it is")
        await desk.pilot.press("escape")
        assert desk.app.transcript.branch == "main"
        await desk.sees("✔ a      report ready")


async def test_f_on_a_fork_forks_that_fork(tmp_path):
    there = stage(tmp_path, lines(looks=Says("seen"), deeper=Says("deeper it is")))
    async with driven(there, size=(140, 40)) as desk:
        await desk.enter("/fork looks")
        await desk.sees("report ready")
        await desk.pilot.press("ctrl+f", "down", "f")
        await desk.until(lambda: desk.app.prompt.editor.text == "/fork @a ")
        await desk.pilot.press(*"deeper", "enter")
        await desk.until(lambda: len(desk.conversation.tree.branches) == 3)
        await desk.until(lambda: len(there.provider.sent) == 2)
        assert prefix(there.provider.sent[1].body).startswith(prefix(there.provider.sent[0].body))


async def test_a_chosen_miss_says_what_that_request_read(tmp_path):
    there = stage(tmp_path, lines(), setup={"minimum": 500})
    there.provider.mirror = Mirror()
    async with driven(there, size=(140, 40)) as desk:
        await desk.enter("first " + "words " * 6_000)
        await desk.sees("1 request")
        there.provider.mirror = Mirror()  # the provider has thrown it all away
        await desk.enter("second")
        await desk.until(lambda: "1 miss" in desk.screen)
        desk.app.margin.cache.query_one("#misses").focus()
        await desk.pilot.press("enter")
        await desk.sees("request 2 of main")


async def test_a_question_aside_leaves_the_reader_where_they_are_and_its_answer_comes_there(tmp_path):
    async with driven(stage(tmp_path, lines(first=Says("one"), flag=Says("It was --all.")))) as desk:
        await desk.enter("first")
        await desk.sees("one")
        await desk.enter("/btw what was that flag?")
        await desk.until(lambda: "btw1's answer comes here" in desk.screen)
        await desk.sees("It was --all.")
        assert desk.app.transcript.branch == "main"


async def test_an_escape_that_leaves_a_fork_is_not_the_first_of_two(tmp_path):
    there = stage(tmp_path, lines(first=Says("one"), looks=Says("seen")))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.sees("one")
        await desk.enter("/fork looks")
        await desk.sees("report ready")
        await desk.enter("/watch a")
        await desk.until(lambda: desk.app.transcript.branch == "a")
        await desk.pilot.press("escape", "escape")
        await desk.pilot.pause()
        assert desk.app.transcript.branch == "main" and len(desk.app.screen_stack) == 1
        await desk.pilot.press("escape")
        await desk.until(lambda: "go back to before" in desk.screen)


@pytest.mark.parametrize(("typed", "chosen"), [("/rewind", "second"), ("/switch", "@here")])
async def test_where_to_go_is_chosen_from_a_list_that_says_what_it_costs(tmp_path, typed, chosen):
    async with driven(stage(tmp_path, lines(first=Says("one"), second=Says("two"))), size=(180, 34)) as desk:
        await desk.enter("first")
        await desk.until(lambda: not desk.app.desk.talk.busy)
        desk.conversation.agent.anchor("here")
        await desk.enter("second")
        await desk.until(lambda: not desk.app.desk.talk.busy)
        await desk.enter(typed)
        await desk.until(lambda: all(words in desk.screen for words in (chosen, "next request")))
        await desk.pilot.press(*chosen)
        await desk.until(lambda: desk.app.screen.query_one(OptionList).option_count == 1)
        await desk.pilot.press("enter")
        await desk.until(lambda: desk.conversation.tree.branches["main"].epoch == 2)
        assert desk.app.prompt.editor.text == ("second" if typed == "/rewind" else "")


async def test_shift_tab_goes_through_the_modes(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        for mode in ("edit", "plan", "ask"):
            await desk.pilot.press("shift+tab")
            await desk.until(lambda mode=mode: f"· {mode} " in desk.screen.splitlines()[0])


async def test_pages_turn_from_the_prompt(tmp_path):
    there = stage(tmp_path, lines(first=Says("\n\n".join(f"row {n}" for n in range(80)))))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.sees("row 79")
        await desk.pilot.press("pageup")
        assert "row 79" not in desk.page
        await desk.pilot.press("pagedown")
        await desk.sees("row 79")


async def test_control_o_opens_the_newest_card(tmp_path):
    there = stage(tmp_path, lines(first=[Says(calls=(("read", {"path": "a.txt"}),)), Says("read it")]))
    (there.folder / "a.txt").write_text("what it says\n")
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.sees("read it")
        assert "what it says" not in desk.page
        await desk.pilot.press("ctrl+o")
        await desk.sees("what it says")


async def test_a_session_is_resumed_in_place(tmp_path):
    there = stage(tmp_path, lines(first=Says("first answer"), second=Says("second answer")))
    before = there.open()
    await before.say("first")
    await before.close()
    async with driven(there, lambda resume: there.again(name=resume) if resume else there.open()) as desk:
        await desk.enter("second")
        await desk.sees("second answer")
        await desk.enter(f"/resume {before.id}")
        await desk.sees("first answer")
        assert "second answer" not in desk.page
        assert before.id in desk.screen


async def test_the_terminal_is_told_what_goes_on(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, Says("done")]))
    async with driven(there) as desk:
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun)
        assert "\x1b]2;● work · omg\x07" in desk.written
        desk.app.app_focus = False
        there.hold.gate("gate").set()
        await desk.sees("done")
        await desk.until(lambda: "\x07" in desk.written)
        assert any("the turn is over" in text for text in desk.written)
        assert desk.written[-1] == "\x1b]2;work · omg\x07" or "\x1b]2;work · omg\x07" in desk.written


async def test_nobody_is_called_who_is_there(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        await desk.enter("first")
        await desk.sees("done")
        assert not any("\x1b]9" in text or text == "\x07" for text in desk.written)


async def test_without_a_session_the_app_ends_with_what_kept_it_from_opening(tmp_path):
    there = stage(tmp_path, lines())

    def refuse(resume):
        raise Trouble("session abc is open elsewhere")

    app = OmgApp(screen_of(there, refuse))
    async with app.run_test():
        await until(lambda: app.failed is not None)
    assert str(app.failed) == "session abc is open elsewhere"
    assert app.return_value == 1


async def test_a_bug_in_a_part_ends_the_app_with_one_line(tmp_path, capsys):
    there = stage(tmp_path, lines())
    with pytest.raises(ZeroDivisionError):
        async with driven(there) as desk:
            app = desk.app

            def broken(y):
                raise ZeroDivisionError("of all things")

            app.header.render = broken.__get__(0)  # any widget's drawing
            app.header.refresh()
            await desk.until(lambda: app._crash is not None)
    words = app._last_words()
    assert words.startswith("omg: this is a bug in OMG: ")
    assert words.count("\n") == 1
    assert "Traceback" not in capsys.readouterr().err
    assert "Traceback" in (there.home / "omg.log").read_text()


async def test_a_listener_that_fails_is_told_and_the_turn_goes_on(tmp_path):
    async with driven(stage(tmp_path, lines(first=Says("an answer")))) as desk:
        seen = []

        def broken(event):
            seen.append(event)
            if isinstance(event, TurnEnded):
                raise ZeroDivisionError("of all things")

        desk.app.header.heard = broken
        await desk.enter("first")
        await desk.sees("this is a bug in OMG")
        await desk.sees("an answer")


async def test_what_is_attached_goes_with_the_words(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.app.prompt.give_back(Spoken("look", (Pasted("a long text"),)))
        await desk.pilot.press("enter")
        await desk.sees("done")
        assert "[pasted 11 characters]" in desk.page
        assert "a long text" in there.provider.sent[0].body.decode()
        await desk.enter("/rewind 1")
        await desk.until(lambda: desk.app.prompt.editor.text == "look")
        assert "pasted 11 characters" in desk.screen


async def test_leaving_while_a_fork_works_is_asked_for_twice(tmp_path):
    there = stage(tmp_path, lines(looks=[HOLD]))
    async with driven(there) as desk:
        await desk.enter("/fork looks")
        await desk.until(lambda: there.hold.begun)
        await desk.enter("/quit")
        await desk.until(lambda: "1 fork at work" in desk.screen)
        assert desk.app.is_running
        await desk.enter("/quit")
        await until(lambda: not desk.app.is_running)
    assert desk.conversation.tree.branches["a"].status == "stopped"


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_is_one_key_away(tmp_path, key):
    async with driven(stage(tmp_path, lines())) as desk:
        await desk.pilot.press(key)
        await desk.until(lambda: len(desk.app.screen_stack) == 2)
        await desk.pilot.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        await desk.pilot.press("a", "question_mark")
        assert desk.app.prompt.editor.text == "a?"


CLICKS = {
    "mode": lambda desk: "· edit " in desk.screen.splitlines()[0],
    "cache": lambda desk: not desk.app.margin.cache.display,
    "file": lambda desk: desk.app.prompt.editor.text == "@",
    "command": lambda desk: desk.app.prompt.editor.text == "/" and "/fork" in desk.screen,
    "shell": lambda desk: desk.app.prompt.editor.text == "!",
    "help": lambda desk: len(desk.app.screen_stack) == 2,
}


@pytest.mark.parametrize("word", CLICKS)
async def test_a_click_on_a_key_at_the_foot_is_that_key(tmp_path, word):
    async with driven(stage(tmp_path, lines()), size=(120, 36)) as desk:
        place = desk.screen.splitlines()[-1].index(word)
        await desk.pilot.click(offset=(place, 35))
        await desk.until(lambda: CLICKS[word](desk))


async def test_what_can_be_interrupted_is_by_a_click_too(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD]))
    async with driven(there, size=(120, 36)) as desk:
        assert "esc interrupt" not in desk.screen
        await desk.enter("first")
        await desk.until(lambda: there.hold.begun and "esc interrupt" in desk.screen)
        await desk.pilot.click(offset=(desk.screen.splitlines()[-1].index("interrupt"), 35))
        await desk.sees("\n  interrupted")
        await desk.until(lambda: "esc interrupt" not in desk.screen)


async def test_the_margin_hides_and_folds(tmp_path):
    async with driven(stage(tmp_path, lines()), size=(120, 30)) as desk:
        await desk.enter("first")
        await desk.sees("done")
        await desk.until(lambda: "CACHE" in desk.screen and "FORKS" in desk.screen)
        await desk.pilot.press("ctrl+k")
        await desk.until(lambda: "CACHE" not in desk.screen and "FORKS" in desk.screen)
        assert desk.app.status.display
        await desk.pilot.press("ctrl+f", "ctrl+f")
        await desk.until(lambda: "FORKS" not in desk.screen)
        await desk.pilot.resize_terminal(80, 24)
        await desk.until(lambda: not desk.app.margin.display)
        assert desk.app.status.display
        await desk.pilot.press("ctrl+k")
        await desk.until(lambda: "CACHE" in desk.screen)
        assert not desk.app.transcript.display
        await desk.pilot.press("escape")
        await desk.until(lambda: "› first" in desk.screen and "CACHE" not in desk.screen)


async def test_figures_on_the_screen_are_the_ledgers_at_every_step(tmp_path):
    there = stage(tmp_path, lines(first=Says("one"), second=Says("two")))
    there.provider.mirror = Mirror()
    async with driven(there, size=(140, 40)) as desk:

        def shown() -> bool:
            figures = desk.conversation.figures()
            row = next((line for line in desk.screen.splitlines() if "│ all " in line), "")
            words = row.partition("│ all ")[2].split()
            wanted = f"{ratio(figures.usage)} {hit(figures.usage)} {dollars(figures.cost_usd)}".split()
            return words[: len(wanted)] == wanted and words[-1] == str(figures.requests)

        for line in ("first", "/fork a1 | b2 | c3", "second", "/btw and?"):
            before = desk.conversation.figures().requests
            await desk.enter(line)
            await desk.until(lambda before=before: desk.conversation.figures().requests > before)
            await desk.until(lambda: not desk.app.desk.talk.busy and not desk.app.desk.talk.forks_running)
            await desk.until(shown)


async def test_going_back_shows_what_is_left_and_gives_the_words_to_be_said_anew(tmp_path):
    async with driven(stage(tmp_path, lines(first=Says("one answer"), second=Says("another")))) as desk:
        await desk.enter("first")
        await desk.sees("one answer")
        await desk.enter("second")
        await desk.sees("another")
        await desk.until(lambda: not desk.app.desk.talk.busy)
        await desk.enter("/rewind 1")
        await desk.until(lambda: desk.app.prompt.editor.text == "second")
        await desk.sees("one answer")
        await desk.sees("main goes on from")
        assert "another" not in desk.page


def eight_hours_later(there):
    """Opens the newest session of a stage, at a time when nothing is warm any more."""

    def opened(resume):
        conversation = there.again()
        clock = conversation.agent.runtime.clock
        conversation.agent.runtime.clock = lambda: clock() + 8 * 3600
        return conversation

    return opened


async def test_a_session_that_has_gone_cold_asks_how_to_go_on(tmp_path):
    there = stage(tmp_path, lines(first=Says("done", usage=Usage(plain=60_000, output=10))))
    there.setup["minimum"] = 500
    before = there.open()
    await before.say("first " + "words " * 12_000)
    before.agent.anchor("plan")
    await before.say("second")
    await before.close()

    async with driven(there, eight_hours_later(there)) as desk:
        await desk.until(lambda: "the cache is cold" in desk.screen)
        assert "all of it" in desk.screen and "@plan" in desk.screen
        await desk.pilot.press("a")
        await desk.sees("on with all of it")


async def changed_meanwhile(tmp_path, answer):
    """A stage on which a session has read a file that was changed afterwards."""
    there = stage(tmp_path, lines(first=[Says(calls=(("read", {"path": "a.txt"}),)), answer]))
    (there.folder / "a.txt").write_text("old")
    before = there.open()
    await before.say("first " + "words " * 12_000)
    before.agent.anchor("plan")
    await before.say("second")
    await before.close()
    (there.folder / "a.txt").write_text("new")
    return there


async def test_what_has_changed_meanwhile_is_said_at_a_resume(tmp_path):
    there = await changed_meanwhile(tmp_path, Says("done"))
    async with driven(there, lambda resume: there.again()) as desk:
        await desk.sees("since then: files you have read")
        await desk.sees("a.txt (changed)")


async def test_what_has_changed_meanwhile_is_said_beside_the_ways_to_go_on(tmp_path):
    there = await changed_meanwhile(tmp_path, Says("done", usage=Usage(plain=60_000, output=10)))
    there.setup["minimum"] = 500

    async with driven(there, eight_hours_later(there)) as desk:
        await desk.until(lambda: "go on" in desk.screen and "a.txt (changed)" in desk.screen)
        assert "since then:" not in desk.page


async def test_the_margin_comes_and_goes_with_the_width_at_once(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        app = desk.app
        await desk.pilot.resize_terminal(120, 36)
        await desk.until(lambda: not app.narrow and app.margin.display)
        await desk.pilot.resize_terminal(80, 24)
        await desk.until(lambda: app.narrow and app.screen_stack[0].has_class("narrow"))
