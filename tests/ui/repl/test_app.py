"""The REPL by its keys: what is typed, queued, steered, asked, interrupted and taken back."""

import asyncio
import json

import pytest

from omg.core.amounts import hit, ratio
from omg.core.spoken import Pasted, Spoken
from omg.core.tool import ToolError
from omg.core.trouble import Trouble
from omg.session.reports import cache_json
from omg.ui.repl import dialog
from tests.scripted import Says, failure, lines, stage, until
from tests.ui.repl.driving import driven

ENTER, ESC, UP, CTRL_C, CTRL_D, CTRL_O, TAB = "\r", "\x1b", "\x1b[A", "\x03", "\x04", "\x0f", "\t"
HOLD = Says("a moment", calls=(("hold", {"name": "gate"}),))


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(dialog, "_SETTLE", 0.0)


async def test_words_are_answered_on_the_page(tmp_path):
    async with driven(stage(tmp_path, lines(where=Says("In **one** place.\n\nThat is all.")))) as desk:
        desk.type("where?" + ENTER)
        await desk.sees("That is all.")
        assert "› where?" in desk.paper.text
        assert "In one place." in desk.paper.text
        assert desk.prompt == ""


async def test_the_bottom_line_is_the_ledger(tmp_path):
    async with driven(stage(tmp_path, lines(where=Says("here")))) as desk:
        desk.type("where?" + ENTER)
        await desk.sees("here")
        desk.type("/fork one | two" + ENTER)
        await desk.until(lambda: "2 ready" in desk.bottom)
        conversation = desk.app.talk.open.conversation
        usage = conversation.figures().usage
        await desk.until(lambda: f"{ratio(usage)} {hit(usage)}" in desk.bottom)
        assert json.dumps(cache_json(conversation.tree)["tree"]["ratio"]) == json.dumps(usage.ratio)


async def test_a_backslash_and_alt_enter_make_new_lines(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type("one\\" + ENTER + "two" + ESC + ENTER + "three" + ENTER)
        await desk.sees("done")
        assert there.provider.sent[0].texts[-1] == "one\ntwo\nthree"


async def test_a_paste_is_taken_as_it_is(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type("\x1b[200~def f():\r\n    pass\r\x1b[201~")
        await desk.until(lambda: "pass" in desk.prompt)
        assert not there.provider.sent
        desk.type(ENTER)
        await desk.sees("done")
        assert there.provider.sent[0].texts[-1] == "def f():\n    pass"


async def test_words_said_meanwhile_wait_and_go_out_next(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, Says("first done")], second=Says("second done")))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type("second" + ENTER)
        await desk.until(lambda: "⋯ next: second" in desk.live)
        there.hold.gate("gate").set()
        await desk.sees("second done")
        assert desk.paper.text.index("first done") < desk.paper.text.index("› second")


@pytest.mark.parametrize("steer", ["now" + ESC + "s", "now\x1b[13;5u", "now\x1b[27;5;13~", "/steer now" + ENTER])
async def test_words_can_steer_the_turn_under_way(tmp_path, steer):
    there = stage(tmp_path, lines(first=[HOLD, Says("first done")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type(steer)
        await desk.until(lambda: "⇢ after the tools: now" in desk.live)
        there.hold.gate("gate").set()
        await desk.until(lambda: len(there.provider.sent) == 2)
        assert [block["type"] for block in there.provider.sent[1].newest] == ["tool_result", "text"]
        assert there.provider.sent[1].words == "now"


async def test_up_takes_waiting_words_back(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD, Says("first done")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type("second" + ENTER + "third" + ESC + "s")
        await desk.until(lambda: "third" in desk.live)
        desk.type(UP)
        await desk.until(lambda: desk.prompt == "second")
        desk.type("\x15" + UP)
        await desk.until(lambda: desk.prompt == "third")
        assert "⋯" not in desk.live
        assert "⇢" not in desk.live


async def test_escape_interrupts_and_gives_back_what_waited(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type("steers" + ESC + "s" + "queued" + ENTER + "typed")
        await desk.until(lambda: desk.prompt == "typed")
        desk.type(ESC)
        await desk.sees("(interrupted)")
        await desk.until(lambda: desk.prompt == "steers\n\nqueued\ntyped")
        assert len(there.provider.sent) == 1


async def test_words_that_were_refused_are_in_the_prompt_again(tmp_path):
    there = stage(tmp_path, lines(first=Says(refused=failure("refused", words="no such model"))))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("error: no such model")
        await desk.until(lambda: desk.prompt == "first")
        assert "Traceback" not in desk.paper.text


RUN = Says(calls=(("shell", {"command": "echo A > made"}),))
SIMPLE = Says(calls=(("shell", {"command": "touch made"}),))


async def test_yes_runs_it_once(tmp_path):
    there = stage(tmp_path, lines(first=[RUN, Says("made it")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: "│ echo A > made" in desk.asked)
        assert "always" not in desk.asked  # no rule covers a redirection
        desk.type("y")
        await desk.sees("made it")
        assert (there.folder / "made").read_text() == "A\n"


async def test_always_is_remembered_as_the_rule_that_was_shown(tmp_path):
    there = stage(tmp_path, lines(first=[SIMPLE, Says("made it")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: "a always  shell(touch made)" in desk.asked)
        desk.type("a")
        await desk.sees("made it")
        assert desk.remembered == ["shell(touch made)"]


async def test_no_with_words_tells_the_model(tmp_path):
    there = stage(tmp_path, lines(first=[RUN, Says("all right")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: desk.asked)
        desk.type("n")
        await desk.until(lambda: "y once" not in desk.asked)
        desk.type("not there" + ENTER)
        await desk.sees("all right")
        assert not (there.folder / "made").exists()
        assert "The person said no: not there." in there.provider.sent[1].body.decode()


async def test_a_question_of_main_leaves_what_is_being_typed(tmp_path):
    gate = asyncio.Event()
    there = stage(tmp_path, lines(first=[Says(before=gate, calls=RUN.calls), Says("made it")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.provider.sent)
        desk.type("maybe y")
        await desk.until(lambda: desk.prompt == "maybe y")
        gate.set()
        await desk.until(lambda: "tab answers" in desk.asked)
        desk.type("y")
        await desk.until(lambda: desk.prompt == "maybe yy")
        desk.type(TAB)
        await desk.until(lambda: desk.app.dialog.focused)
        desk.type("y")
        await desk.sees("made it")
        assert desk.prompt == "maybe yy"


async def test_a_key_pressed_as_the_question_comes_is_no_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(dialog, "_SETTLE", 60.0)
    there = stage(tmp_path, lines(first=[RUN, Says("made it")]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: desk.asked)
        desk.type("yes, but")
        await desk.until(lambda: desk.prompt == "yes, but")
        assert not (there.folder / "made").exists()


async def test_tab_answers_from_an_empty_prompt_too(tmp_path):
    there = stage(tmp_path, lines(asks=[RUN, Says("made it")]))
    async with driven(there) as desk:
        desk.type("/fork asks" + ENTER)
        await desk.until(lambda: "tab answers" in desk.asked)
        desk.type(TAB + "y")
        await desk.sees("✔ a report ready")
        assert desk.prompt == ""


async def test_a_fork_asks_under_its_name_and_holds_only_itself(tmp_path):
    there = stage(tmp_path, lines(asks=[RUN, Says("made it")], looks=Says("seen")))
    async with driven(there) as desk:
        desk.type("/fork asks | looks" + ENTER)
        await desk.until(lambda: "? a asks: shell" in desk.asked and "✔ b report ready" in desk.paper.text)
        assert "asks you" in desk.live
        desk.type("y")
        await desk.until(lambda: desk.prompt == "y")
        desk.type(TAB)
        await desk.until(lambda: desk.app.dialog.focused)
        desk.type("y")
        await desk.sees("✔ a report ready")
        assert desk.prompt == "y"
        assert not desk.asked


async def test_interrupting_takes_mains_question_away(tmp_path):
    there = stage(tmp_path, lines(first=[RUN]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: desk.app.dialog.focused)
        desk.type(ESC)
        await desk.sees("(interrupted)")
        await desk.until(lambda: not desk.asked and desk.app.editing)


async def test_own_commands_go_before_the_model_with_the_next_words(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type("!echo mine; exit 3" + ENTER)
        await desk.sees("(status 3, the model reads this with your next words)")
        desk.type("!!echo secret" + ENTER)
        await desk.sees("kept from the model")
        assert not there.provider.sent
        desk.type("so?" + ENTER)
        await desk.sees("done")
        newest = [block["text"] for block in there.provider.sent[0].newest]
        assert newest == ['<ran command="echo mine; exit 3" status="3">\nmine\n</ran>', "so?"]
        assert "<ran" not in desk.paper.text
        desk.type("and?" + ENTER)
        await desk.until(lambda: len(there.provider.sent) == 2)
        assert len(there.provider.sent[1].newest) == 1


async def test_a_command_of_ones_own_is_interrupted(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        desk.type("!echo begun; sleep 60" + ENTER)
        await desk.sees("│ begun")
        desk.type(ESC)
        await desk.sees("(interrupted)")
        assert not desk.app.talk.working


async def test_cards_open_from_the_newest_back(tmp_path):
    there = stage(tmp_path, lines(first=[Says(calls=(("glob", {"pattern": "*.a"}), ("glob", {"pattern": "*.b"})))]))
    (there.folder / "x.a").touch()
    (there.folder / "y.b").touch()
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("done")
        desk.type(CTRL_O)
        await desk.sees("▾ glob")
        desk.type(CTRL_O)
        await desk.until(lambda: "│ x.a" in desk.paper.text and "│ y.b" in desk.paper.text)
        desk.type("/open 7" + ENTER)
        await desk.sees("there is no such call")


async def test_a_fork_is_watched_until_escape(tmp_path):
    there = stage(tmp_path, lines(long=[HOLD, Says("fork done")]))
    async with driven(there) as desk:
        desk.type("/fork long task" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type("/watch a" + ENTER)
        await desk.sees("a │ › long task")
        desk.type(ESC)
        await desk.sees("watching ended")
        there.hold.gate("gate").set()
        await desk.sees("✔ a report ready")
        assert "a │ fork done" not in desk.paper.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/nothing", "error: there is no /nothing"),
        ("/stop zz", "error: there is no fork 'zz'"),
        ("/fork", "error: say what each fork is to do"),
        ("/undo", "error: /undo is not there yet"),
        ("/", "error: there is no /;"),
        ("/join", "error: there is no report to join"),
    ],
)
async def test_a_wrong_command_is_one_line(tmp_path, typed, told):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type(typed + ENTER)
        await desk.sees(told)
        assert not there.provider.sent


async def test_a_path_is_no_command(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type("/etc/hosts is odd" + ENTER)
        await desk.sees("done")
        assert there.provider.sent[0].words == "/etc/hosts is odd"


async def test_a_bug_is_one_line_and_its_traceback_is_kept(tmp_path, monkeypatch):
    async with driven(stage(tmp_path, lines())) as desk:
        monkeypatch.setattr(desk.app.talk.open.feed, "page", None, raising=True)
        desk.type("first" + ENTER)
        await desk.sees("this is a bug in OMG: AttributeError")
        assert "Traceback" not in desk.paper.text
        assert "Traceback" in (tmp_path / "home" / "omg.log").read_text()
        await desk.until(lambda: not desk.app.talk.working)


async def test_ctrl_c_clears_then_asks_then_leaves(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        desk.type("typed" + CTRL_C)
        await desk.until(lambda: desk.prompt == "")
        desk.type(CTRL_C)
        await desk.until(lambda: "once more" in desk.live)
        desk.type(CTRL_C)
        await desk.until(lambda: desk.status == 0)


async def test_ctrl_d_does_not_leave_work_behind_unasked(tmp_path):
    there = stage(tmp_path, lines(first=[HOLD]))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.until(lambda: there.hold.begun)
        desk.type(CTRL_D)
        await desk.until(lambda: "ctrl+d once more" in desk.live)
        desk.type(CTRL_D)
        await desk.until(lambda: desk.status == 0)
        assert f"session {there.log.stem}" in desk.paper.text


async def test_what_was_said_is_there_again_on_resume(tmp_path):
    there = stage(tmp_path, lines(first=Says("the answer")))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("the answer")
    async with driven(there, lambda resume: there.again()) as desk:
        await desk.sees("› first")
        await desk.sees("the answer")


async def test_another_session_is_gone_on_with(tmp_path):
    there = stage(tmp_path, lines(first=Says("the answer")))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("the answer")
    old = there.log.stem
    async with driven(there, lambda resume: there.again(name=resume) if resume else there.open()) as desk:
        desk.type(f"/resume {old[:6]}" + ENTER)
        await desk.sees("› first")
        assert desk.app.talk.open.conversation.id == old
        desk.type("/resume" + ENTER)
        await desk.sees("say which: /resume N")


async def test_words_typed_before_the_session_is_open_are_kept(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        open, desk.app.talk.open = desk.app.talk.open, None
        desk.type("early" + ENTER)
        await desk.until(lambda: "when the session is open: early" in desk.live)
        await desk.app.talk.adopt(open.conversation)
        await desk.sees("done")
        assert there.provider.sent[0].words == "early"


async def test_where_no_session_can_be_opened_it_leaves_with_the_reason(tmp_path):
    def refuse(resume):
        raise Trouble("there is no session in here yet")

    with pytest.raises(Trouble, match="no session in here"):
        async with driven(stage(tmp_path, lines()), refuse):
            pass


async def test_a_command_that_cannot_start_is_told(tmp_path, monkeypatch):
    async def refuse(*_, **__):
        raise ToolError("cannot start bash")

    monkeypatch.setattr("omg.ui.repl.own.run_own", refuse)
    async with driven(stage(tmp_path, lines())) as desk:
        desk.type("!ls" + ENTER)
        await desk.sees("error: cannot start bash")


async def test_shift_tab_goes_through_the_modes_but_never_to_all(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        seen = set()
        for _ in range(4):
            before = desk.bottom
            desk.type("\x1b[Z")
            await desk.until(lambda before=before: desk.bottom != before)
            seen.add(desk.app.talk.open.conversation.agent.mode("main"))
        assert seen == {"ask", "edit", "plan"}


async def test_what_was_typed_is_found_again(tmp_path):
    there = stage(tmp_path, lines())
    async with driven(there) as desk:
        desk.type("where is the tide?" + ENTER)
        await desk.sees("done")
    async with driven(there) as desk:
        desk.type("\x12tide")
        await desk.until(desk.app.editor.history.get_strings)
        desk.type(ENTER)
        await desk.until(lambda: desk.prompt == "where is the tide?")
        assert len(there.provider.sent) == 1
    assert (tmp_path / "home" / "history").stat().st_mode & 0o077 == 0


async def test_escape_twice_on_an_empty_prompt_offers_to_go_back_and_the_words_come_back(tmp_path):
    there = stage(tmp_path, lines(first=Says("one is done"), second=Says("two is done")))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("one is done")
        desk.type("second" + ENTER)
        await desk.sees("two is done")
        desk.type(ESC)
        await asyncio.sleep(0.3)
        assert desk.prompt == ""
        desk.type(ESC)
        await desk.until(lambda: desk.prompt == "/rewind ")
        desk.type("1" + ENTER)
        await desk.until(lambda: desk.prompt == "second")
        assert desk.app.talk.open.conversation.tree.branches["main"].epoch == 2
    await desk.sees("main goes on from")


async def test_what_was_attached_comes_back_with_the_words(tmp_path):
    there = stage(tmp_path, lines(first=Says("one is done")))
    async with driven(there) as desk:
        desk.app.talk.put_back(Spoken("first", (Pasted("a long text"),)))
        desk.type(ENTER)
        await desk.sees("one is done")
        desk.type("/rewind 1" + ENTER)
        await desk.until(lambda: desk.prompt == "first")
        desk.type(ENTER)
        await until(lambda: len(there.provider.sent) == 2)
        assert "a long text" in str(there.provider.sent[1].newest)


async def test_what_has_changed_meanwhile_is_said_at_a_resume(tmp_path):
    there = stage(tmp_path, lines(first=[Says(calls=(("read", {"path": "a.txt"}),)), Says("done")]))
    (there.folder / "a.txt").write_text("old")
    before = there.open()
    await before.say("first")
    await before.close()
    (there.folder / "a.txt").write_text("new")
    async with driven(there, lambda resume: there.again()) as desk:
        await desk.sees("since then: files you have read")
        await desk.sees("a.txt (changed)")


async def test_escape_twice_leaves_what_is_being_typed_alone(tmp_path):
    async with driven(stage(tmp_path, lines())) as desk:
        desk.type("half a thought")
        for _ in range(2):
            desk.type(ESC)
            await asyncio.sleep(0.3)
        assert desk.prompt == "half a thought"


async def test_a_switch_shows_what_was_said_there(tmp_path):
    there = stage(tmp_path, lines(first=Says("one is done"), second=Says("two is done")))
    async with driven(there) as desk:
        desk.type("first" + ENTER)
        await desk.sees("one is done")
        desk.type("/anchor plan" + ENTER)
        desk.type("second" + ENTER)
        await desk.sees("two is done")
        desk.type("/switch @plan" + ENTER)
        await desk.sees("main goes on from @plan")
        assert desk.paper.text.count("one is done") == 2 and desk.paper.text.count("two is done") == 1
