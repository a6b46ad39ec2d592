"""/switch, /promote, /rewind, /ask: what they do, cost, refuse and say."""

import asyncio
from pathlib import Path

import pytest

from omg.agent.permit import Answer
from omg.agent.runtime import Limits
from omg.cache.mirror import Mirror
from omg.core.spoken import Pasted
from omg.core.trouble import Trouble
from omg.session.command import Action
from omg.session.commands import run_command
from omg.session.rewind import spoken, written_since
from omg.session.verify import verify
from omg.wire.chain import path
from omg.workspace.kept import Kept
from tests.scripted import CATALOG, Says, lines, stage, until

OTHER = "claude-sonnet-5-5"
LONG = " and so on" * 500


async def talked(tmp_path, *words, script=None, **values):
    on = stage(tmp_path, script or lines(), setup={"minimum": 512}, **values)
    on.provider.mirror = Mirror()
    conversation = on.open()
    for each in words or ("first", "second", "third"):
        await conversation.say(each)
    return on, conversation


def main_of(conversation):
    return conversation.tree.branches["main"]


async def test_switch_says_what_it_costs_warm_and_cold_and_how_to_come_back(tmp_path):
    _, conversation = await talked(tmp_path, "first" + LONG, "second" + LONG)
    node = path(main_of(conversation).tip)[1]
    done = await run_command(conversation, f"/switch {node.id[:8]}")
    assert done.action == Action("past")
    assert "warm" in done.text and "(cold: $" in done.text and "/switch 1 goes back" in done.text
    assert main_of(conversation).tip is node
    assert conversation.context_used() > 1000
    back = await run_command(conversation, "/switch epoch 1")
    assert main_of(conversation).tip.depth == 4 and "/switch 2" in back.text


@pytest.mark.parametrize("rest", ["", "nowhere", "@nowhere", "9", "main", "1", "a"])
async def test_switch_to_nowhere_or_to_where_main_is_is_told_and_changes_nothing(tmp_path, rest):
    _, conversation = await talked(tmp_path)
    with pytest.raises(Trouble):
        await run_command(conversation, f"/switch {rest}")
    assert main_of(conversation).epoch == 1


class Asked:
    """Somebody who gives the same answer to everything, and remembers what was asked."""

    def __init__(self, kind) -> None:
        self.kind, self.questions = kind, []

    async def ask(self, question):
        self.questions.append(question)
        return Answer(self.kind)


@pytest.mark.parametrize("command", ["/switch 1", "/ask what was it?", "/rewind 1"])
async def test_above_the_limit_a_person_is_asked_and_a_no_changes_nothing(tmp_path, command):
    asker = Asked("no")
    on, conversation = await talked(tmp_path, limits=Limits(confirm_usd=0.000001), asker=asker)
    conversation.set_model(OTHER)
    sent = len(on.provider.sent)
    with pytest.raises(Trouble):
        await run_command(conversation, command)
    assert len(asker.questions) == 1 and main_of(conversation).epoch == 2 and len(on.provider.sent) == sent
    asker.kind = "once"
    await run_command(conversation, command)
    assert len(asker.questions) == 2
    await conversation.close()


async def test_promote_is_for_a_fork_that_has_said_something(tmp_path):
    on, conversation = await talked(tmp_path, script=lines(task=Says("found")))
    for rest in ("", "a", "main"):
        with pytest.raises(Trouble):
            await run_command(conversation, f"/promote {rest}")
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    done = await run_command(conversation, "/promote a")
    assert "fork a" in done.text and main_of(conversation).pending == []
    await conversation.say("go on")
    assert verify(conversation.tree).problem is None
    assert len(on.provider.sent) == 5


async def test_rewind_lists_what_the_person_said_the_newest_with_number_one(tmp_path):
    _, conversation = await talked(tmp_path)
    done = await run_command(conversation, "/rewind")
    assert [line.split() for line in done.text.splitlines()[:3]] == [["3", "first"], ["2", "second"], ["1", "third"]]
    assert done.action is None and main_of(conversation).epoch == 1


async def test_rewind_goes_back_to_before_a_message_and_its_words_come_back(tmp_path):
    on, conversation = await talked(tmp_path)
    old = main_of(conversation).tip
    done = await run_command(conversation, "/rewind 2")
    assert done.action == Action("edit", "second")
    assert "no file was written" in done.text
    assert [message.words for message in spoken(conversation.tree)] == ["first"]
    await conversation.say("second, better")
    assert [sent.words for sent in on.provider.sent] == ["first", "second", "third", "second, better"]
    await run_command(conversation, "/switch 1")
    assert main_of(conversation).tip is old


async def test_what_was_attached_comes_back_with_the_words(tmp_path):
    _, conversation = await talked(tmp_path, "first")
    pasted = Pasted("a\nlong\ntext")
    await conversation.say("look at this", [pasted])
    done = await run_command(conversation, "/rewind 1")
    assert done.action == Action("edit", "look at this", (pasted,))


async def test_rewind_to_before_the_first_message_begins_anew_with_all_facts(tmp_path):
    on, conversation = await talked(tmp_path, facts=None)
    await run_command(conversation, "/rewind 3")
    assert main_of(conversation).tip is None
    await conversation.say("anew")
    first, last = on.provider.sent[0], on.provider.sent[-1]
    assert len(last.request["messages"]) == 1
    assert [block["text"] for block in last.newest][:-1] == [block["text"] for block in first.newest][:-1]
    assert verify(conversation.tree).problem is None


@pytest.mark.parametrize("rest", ["0", "4", "-1", "x", "1 2", "²"])
async def test_rewind_to_no_message_is_told(tmp_path, rest):
    _, conversation = await talked(tmp_path)
    with pytest.raises(Trouble, match="none of your messages"):
        await run_command(conversation, f"/rewind {rest}")


CALLS = (
    ("write", {"path": "new.txt", "content": "x"}),
    ("edit", {"path": "unread.txt", "old": "a", "new": "b"}),
    ("shell", {"command": "touch  made.txt"}),
    ("write", {"pth": "wrong"}),
    ("read", {"path": "new.txt"}),
)


async def rewritten(tmp_path, *more):
    """A session that has written new.txt and more before the second message, and since; its /rewind 1 is what is left
    to do."""
    script = lines(
        first=[Says(calls=(("write", {"path": "before.txt", "content": "1"}),))],
        second=[Says(calls=CALLS), *more],
    )
    on, conversation = await talked(tmp_path, "first", script=script, allow=("write(*)", "edit(*)", "shell(touch *)"))
    (on.folder / "unread.txt").write_text("a")
    await conversation.say("second")
    return on, conversation


async def test_rewind_names_what_was_run_since_and_leaves_the_files_as_they_are_when_told_to(tmp_path):
    on, conversation = await rewritten(tmp_path)
    done = await run_command(conversation, "/rewind 1 keep")
    assert "files left as they are, written since: new.txt" in done.text
    assert "commands run since, and what they did stays: touch made.txt" in done.text
    assert (on.folder / "new.txt").read_text() == "x"


async def test_rewind_brings_files_back_to_what_they_held_and_keeps_what_they_hold_till_now(tmp_path):
    again = Says(
        calls=(
            ("write", {"path": "new.txt", "content": "y"}),
            ("edit", {"path": "before.txt", "old": "1", "new": "2"}),
        )
    )
    on, conversation = await rewritten(tmp_path, again)
    assert (on.folder / "new.txt").read_text() == "y" and (on.folder / "before.txt").read_text() == "2"
    done = await run_command(conversation, "/rewind 1")
    assert "files hold again what they held: new.txt, before.txt" in done.text
    assert not (on.folder / "new.txt").exists() and (on.folder / "before.txt").read_text() == "1"
    assert "commands run since, and what they did stays: touch made.txt" in done.text and "left" not in done.text
    kept = Path(done.text.rpartition("is kept in ")[2])
    assert {file.read_text() for file in kept.iterdir()} == {"1", "2", "x", "y"}
    assert {file.stat().st_mode & 0o777 for file in kept.iterdir()} == {0o600}


async def test_what_the_model_has_read_is_what_the_file_holds_again(tmp_path):
    again = Says(calls=(("edit", {"path": "before.txt", "old": "1", "new": "2"}),))
    more = Says(calls=(("edit", {"path": "before.txt", "old": "1", "new": "3"}),))
    script = lines(
        first=[Says(calls=(("write", {"path": "before.txt", "content": "1"}),))], second=[again], third=[more]
    )
    on, conversation = await talked(tmp_path, "first", "second", script=script, allow=("write(*)", "edit(*)"))
    await run_command(conversation, "/rewind 1")
    await conversation.say("third")
    assert (on.folder / "before.txt").read_text() == "3"


async def test_files_are_brought_back_by_another_process_too(tmp_path):
    on, conversation = await rewritten(tmp_path)
    await conversation.close()
    done = await run_command(on.again(), "/rewind 2")
    assert "new.txt" in done.text and "before.txt" in done.text
    assert sorted(file.name for file in on.folder.iterdir()) == ["made.txt", "unread.txt"]


async def test_a_file_that_somebody_else_has_changed_since_is_left_and_named(tmp_path):
    on, conversation = await rewritten(tmp_path, Says(calls=(("write", {"path": "other.txt", "content": "o"}),)))
    (on.folder / "new.txt").write_text("mine")
    done = await run_command(conversation, "/rewind 1")
    assert "hold again what they held: other.txt" in done.text
    assert "left as they are, written since: new.txt (changed since)" in done.text
    assert (on.folder / "new.txt").read_text() == "mine"


async def test_what_is_not_kept_any_more_or_cannot_be_written_is_left_and_told(tmp_path):
    edits = [
        ("edit", {"path": "before.txt", "old": "1", "new": "2"}),
        ("write", {"path": "shut/new.txt", "content": "n"}),
    ]
    on, conversation = await rewritten(tmp_path, Says(calls=tuple(edits)))
    for file in conversation.agent.runtime.kept.folder.iterdir():
        file.write_text("something else")
    (on.folder / "shut/new.txt").unlink()
    (on.folder / "shut/new.txt").mkdir()
    done = await run_command(conversation, "/rewind 1")
    assert "before.txt (what it held is not kept)" in done.text and "shut/new.txt (" in done.text
    assert (on.folder / "before.txt").read_text() == "2" and "new.txt" in done.text


async def test_a_disk_that_cannot_keep_what_was_there_does_not_keep_a_file_from_being_written(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Kept, "keep", full)
    again = Says(calls=(("edit", {"path": "before.txt", "old": "1", "new": "2"}),))
    on, conversation = await rewritten(tmp_path, again)
    assert (on.folder / "before.txt").read_text() == "2"
    done = await run_command(conversation, "/rewind 1")
    assert "left as they are, written since: " in done.text and "before.txt" in done.text
    assert (on.folder / "before.txt").read_text() == "2"


async def test_written_since_the_beginning_is_all_that_was_written(tmp_path):
    script = lines(first=[Says(calls=(("write", {"path": "a", "content": ""}),))])
    _, conversation = await talked(tmp_path, "first", script=script, allow=("write(*)",))
    main = main_of(conversation)
    assert written_since(main, None, CATALOG.tools).files == ("a",)
    assert written_since(main, main.tip, CATALOG.tools).files == ()


async def test_a_write_that_was_refused_or_interrupted_and_is_in_no_message_yet_has_written_nothing(tmp_path):
    calls = (("write", {"path": "a", "content": ""}), ("hold", {"name": "x"}))
    on, conversation = await talked(tmp_path, "first", script=lines(second=Says(calls=calls)), asker=Asked("no"))
    turn = asyncio.ensure_future(conversation.say("second"))
    await until(lambda: on.hold.begun)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    assert written_since(main_of(conversation), None, CATALOG.tools).files == ()


async def test_ask_is_for_the_newest_past_epoch_or_the_place_it_begins_with(tmp_path):
    on, conversation = await talked(tmp_path)
    with pytest.raises(Trouble, match="no earlier epoch"):
        await run_command(conversation, "/ask what was it?")
    node = path(main_of(conversation).tip)[1]
    for model in (OTHER, "claude-opus-5-5", OTHER):
        conversation.set_model(model)
        await conversation.say(f"with {model}")
    asked = {
        "what was it?": ("claude-opus-5-5", "what was it?"),
        "1 what was it?": ("claude-opus-5-5", "what was it?"),
        "epoch 2 was it?": (OTHER, "was it?"),
        f"{node.id[:10]} and here?": (OTHER, "and here?"),
        "deed or fact?": ("claude-opus-5-5", "deed or fact?"),
    }
    for rest, (model, question) in asked.items():
        done = await run_command(conversation, f"/ask {rest}")
        await until(lambda: not conversation.agent.running())
        assert on.provider.sent[-1].words == question
        assert on.provider.sent[-1].request["model"] == model
        assert done.action is not None and done.action.kind == "aside" and "/join" in done.text
    for rest in ("", "1", "1 ", "@nowhere why?"):
        with pytest.raises(Trouble):
            await run_command(conversation, f"/ask {rest}")
    assert verify(conversation.tree).problem is None


async def test_an_answer_from_the_past_is_joined_when_the_person_says_so_and_not_before(tmp_path):
    on, conversation = await talked(tmp_path, script=lines(why=Says("because")))
    conversation.set_model(OTHER)
    await run_command(conversation, "/ask why?")
    await until(lambda: conversation.tree.branches["btw1"].status == "done")
    await conversation.say("on")
    assert "because" not in str(on.provider.sent[-1].request)
    done = await run_command(conversation, "/join btw1")
    assert done.action == Action("join", "btw1") and main_of(conversation).pending == ["btw1"]
    await conversation.agent.join("btw1")
    assert "because" in str(on.provider.sent[-1].newest)
    await conversation.close()
    again = on.again()
    assert main_of(again).pending == []
    await again.close()


async def test_fork_takes_any_place_behind_its_at_sign(tmp_path):
    _, conversation = await talked(tmp_path)
    node = path(main_of(conversation).tip)[1]
    conversation.set_model(OTHER)
    await conversation.say("on")
    await run_command(conversation, f"/fork @{node.id[:8]} look | see")
    done = await run_command(conversation, "/fork @1 look back")
    await until(lambda: not conversation.agent.running())
    assert conversation.tree.branches["a"].base is node
    assert conversation.tree.branches["c"].head.model == "claude-opus-5-5"
    assert "from epoch 1 · setting off: $" in done.text
    with pytest.raises(Trouble, match="nowhere"):
        await run_command(conversation, "/fork @nowhere look")
    assert verify(conversation.tree).problem is None


async def test_a_fork_from_fresh_knows_the_place_and_nothing_that_was_said(tmp_path):
    on, conversation = await talked(tmp_path, facts=None)
    done = await run_command(conversation, "/fork @fresh what is this folder for?")
    await until(lambda: not conversation.agent.running())
    first, last = on.provider.sent[0], on.provider.sent[-1]
    assert len(last.request["messages"]) == 1 and last.request["system"] == first.request["system"]
    assert [block["text"] for block in last.newest][:-2] == [block["text"] for block in first.newest][:-1]
    assert "from fresh · setting off: $" in done.text
    conversation.agent.anchor("fresh")
    await run_command(conversation, "/fork @fresh and this?")
    assert conversation.tree.branches["b"].base is main_of(conversation).accepted, "an anchor of that name is meant"


async def test_at_another_endpoint_the_past_cannot_be_asked_and_main_goes_on_without_its_thinking(tmp_path):
    on, conversation = await talked(tmp_path, script=lines(first=Says("one", thinking="hm")))
    old = main_of(conversation).tip
    await conversation.close()
    on.provider.endpoint = "https://elsewhere.test"
    again = on.again()
    assert main_of(again).epoch == 2
    await again.say("fourth")
    with pytest.raises(Trouble, match="elsewhere"):
        await run_command(again, "/ask 1 why?")
    await run_command(again, "/switch 1")
    await again.say("fifth")
    assert main_of(again).head.endpoint == "https://elsewhere.test"
    assert b"thinking" not in b"".join(node.message.body for node in path(main_of(again).tip))
    assert main_of(again).tip.depth == old.depth + 2
    assert verify(again.tree).problem is None
    await again.close()


async def test_nothing_of_it_works_while_main_does(tmp_path):
    on, conversation = await talked(tmp_path, script=lines(last=Says(calls=(("hold", {"name": "x"}),))))
    turn = asyncio.ensure_future(conversation.say("last"))
    await until(lambda: on.hold.begun)
    for command in ("/rewind 1", f"/switch {path(main_of(conversation).tip)[1].id}"):
        with pytest.raises(Trouble, match="main is at work"):
            await run_command(conversation, command)
    on.hold.gate("x").set()
    await turn
    await conversation.close()
