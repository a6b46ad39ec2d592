"""Tool calls: side by side, in order on the wire, and only with leave."""

import asyncio

from omg.agent.journal import JournalError, NodeSealed
from omg.agent.permit import parse_rule
from omg.agent.runtime import Rules
from omg.core.events import Permission, ToolResult, TurnEnded, UserSaid
from omg.session.verify import verify
from tests.scripted import Person, Says, failure, lines, stage, until


def hold(*names):
    return tuple(("hold", {"name": name}) for name in names)


def shell(*commands):
    return tuple(("shell", {"command": command}) for command in commands)


def write(path):
    return (("write", {"path": path, "content": "x"}),)


def result_texts(sent):
    return [block["content"][0]["text"] for block in sent.newest if block["type"] == "tool_result"]


async def test_calls_run_side_by_side_and_results_stand_in_the_order_of_the_calls(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=hold("x", "y", "z"))))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.hold.begun) == 3)
    for count, name in enumerate(("z", "x", "y"), 1):
        on.hold.gate(name).set()
        await until(lambda count=count: len(on.seen(ToolResult)) == count)
    await turn
    assert result_texts(on.provider.sent[1]) == ["held x", "held y", "held z"]
    assert verify(conversation.tree).problem is None


async def test_steering_goes_into_the_turn_behind_the_results(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=hold("x"))))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    conversation.agent.steer("main", "look here")
    on.hold.gate("x").set()
    await turn
    assert [block["type"] for block in on.provider.sent[1].newest] == ["tool_result", "text"]
    assert on.provider.sent[1].words == "look here"
    assert [event.text for event in on.seen(UserSaid)] == ["first", "look here"]


async def test_steering_that_comes_with_the_last_reply_makes_one_more_request(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(first=Says("done?", midway=gate)))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.spoke("main"))
    conversation.agent.steer("main", "one more thing")
    gate.set()
    assert (await turn).stop == "end_turn"
    assert [sent.words for sent in on.provider.sent] == ["first", "one more thing"]


async def test_steering_that_could_not_be_logged_comes_back(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=hold("x"))))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    conversation.agent.steer("main", "look here")
    write = conversation.agent.runtime.journal.write

    def full(*records):
        if any(isinstance(record, NodeSealed) for record in records):
            raise JournalError("no room")
        write(*records)

    conversation.agent.runtime.journal.write = full
    on.hold.gate("x").set()
    assert (await turn).stop == "error"
    assert on.seen(TurnEnded)[-1].draft == "look here"


async def test_a_tool_that_does_not_exist_and_an_input_that_is_wrong_are_told(tmp_path):
    calls = (("teleport", {}), ("read", {"pathh": "x"}))
    on = stage(tmp_path, lines(first=Says(calls=calls)))
    await on.open().say("first")
    one, other = result_texts(on.provider.sent[1])
    assert "no tool named 'teleport'" in one
    assert "nothing was done" in other


async def test_a_bug_in_a_tool_is_told_and_harms_no_turn(tmp_path, monkeypatch):
    on = stage(tmp_path, lines(first=Says(calls=hold("x"))))

    async def bug(given, context):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(on.hold, "run", bug)
    assert (await on.open().say("first")).stop == "end_turn"
    assert "ZeroDivisionError: oh" in result_texts(on.provider.sent[1])[0]


async def test_with_nobody_to_ask_it_is_refused_in_words(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=shell("touch made"))))
    await on.open().say("first")
    assert "nobody is there to agree" in result_texts(on.provider.sent[1])[0]
    assert not (on.folder / "made").exists()
    assert [event.decision for event in on.seen(Permission)] == ["refused"]


async def test_once_is_for_this_call_alone(tmp_path):
    person = Person()
    on = stage(tmp_path, lines(first=[Says(calls=shell("touch made")), Says(calls=shell("touch made"))]), asker=person)
    turn = asyncio.ensure_future(on.open().say("first"))
    await until(lambda: person.questions)
    person.answers(0, "once")
    await until(lambda: len(person.questions) == 2)
    assert (on.folder / "made").exists()
    person.answers(1, "no", "enough of that")
    await turn
    assert result_texts(on.provider.sent[2]) == ["The person said no: enough of that."]


async def test_an_answer_for_the_session_covers_its_like_and_nothing_else(tmp_path):
    person = Person()
    calls = [Says(calls=shell("git diff one")), Says(calls=shell("git diff two")), Says(calls=shell("git push"))]
    on = stage(tmp_path, lines(first=calls), asker=person)
    turn = asyncio.ensure_future(on.open().say("first"))
    await until(lambda: person.questions)
    assert person.questions[0].rule == "shell(git diff *)"
    person.answers(0, "session")
    await until(lambda: len(person.questions) == 2)
    assert person.questions[1].subject == "git push"
    person.answers(1, "no")
    await turn


async def test_an_answer_outlives_the_process(tmp_path):
    person = Person()
    script = lines(first=Says(calls=shell("touch made")), second=Says(calls=shell("touch made")))
    on = stage(tmp_path, script, asker=person)
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: person.questions)
    person.answers(0, "session")
    await turn
    await conversation.close()
    await on.again().say("second")
    assert len(person.questions) == 1


async def test_an_answer_to_a_child_widens_that_child_alone_and_its_question_holds_it_alone(tmp_path):
    person = Person()
    made = shell("touch made")
    script = lines(one=[Says(calls=made), Says(calls=made)], two=Says(calls=made), three=Says("swift"))
    on = stage(tmp_path, script, asker=person)
    conversation = on.open()
    conversation.agent.fork(["one", "two", "three"])
    await until(lambda: len(person.questions) == 2)
    await until(lambda: conversation.tree.branches["c"].status == "done")
    assert [question.branch for question in person.questions] == ["a", "b"]
    assert (await conversation.say("main goes on")).stop == "end_turn"
    person.answers(0, "session")
    await until(lambda: conversation.tree.branches["a"].status == "done")
    assert len(person.questions) == 2
    assert conversation.tree.branches["b"].status == "running"
    assert conversation.tree.branches["main"].rules == conversation.tree.branches["b"].rules == []
    person.answers(1, "no")
    await until(lambda: conversation.tree.branches["b"].status == "done")


async def test_a_child_never_writes_whatever_the_mode_and_the_rules(tmp_path):
    on = stage(tmp_path, lines(task=Says(calls=write("made"))), allow=("write",), mode="all")
    conversation = on.open()
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    assert "a fork reads only" in result_texts(on.provider.sent[1])[0]
    assert not (on.folder / "made").exists()


async def test_a_child_runs_commands_by_a_rule_and_not_by_the_mode(tmp_path):
    on = stage(tmp_path, lines(task=Says(calls=shell("echo yes", "touch made"))), allow=("shell(echo *)",), mode="all")
    conversation = on.open()
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    one, other = result_texts(on.provider.sent[1])
    assert one == "yes"
    assert "no allow rule covers" in other


async def test_what_main_does_by_its_mode_it_does_without_asking(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=write("made"))), mode="edit", asker=Person())
    await on.open().say("first")
    assert (on.folder / "made").read_text() == "x"
    assert [event.decision for event in on.seen(Permission)] == ["allowed"]


async def test_a_link_that_leads_out_of_the_folder_is_asked_about_in_mode_edit(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=write("out/made"))), mode="edit")
    (tmp_path / "elsewhere").mkdir()
    (on.folder / "out").symlink_to(tmp_path / "elsewhere")
    await on.open().say("first")
    assert "nobody is there to agree" in result_texts(on.provider.sent[1])[0]
    assert not (tmp_path / "elsewhere" / "made").exists()


async def test_a_mode_that_is_set_holds_at_once_and_after_a_restart(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=write("one")), second=Says(calls=write("two"))), mode="edit")
    conversation = on.open()
    conversation.agent.set_mode("plan")
    await conversation.say("first")
    await conversation.close()
    await on.again().say("second")
    assert list(on.folder.iterdir()) == []


async def test_results_that_were_taken_back_are_sent_again_with_the_next_words(tmp_path):
    on = stage(tmp_path, lines(first=[Says(calls=hold("x")), Says(refused=failure("network"))]))
    on.hold.gate("x").set()
    conversation = on.open()
    assert (await conversation.say("first")).stop == "error"
    assert (await conversation.say("again")).stop == "end_turn"
    assert result_texts(on.provider.sent[2]) == ["held x"]
    assert len(on.hold.begun) == 1
    assert on.provider.illegal == []


async def test_denied_wins_over_what_a_person_has_granted(tmp_path):
    rules = Rules("all", allow=(parse_rule("shell"),), deny=(parse_rule("shell(rm *)"),))
    on = stage(tmp_path, lines(first=Says(calls=shell("echo a; rm -rf made"))), rules=rules)
    (on.folder / "made").mkdir()
    await on.open().say("first")
    assert "a rule forbids this: shell(rm *)" in result_texts(on.provider.sent[1])[0]
    assert (on.folder / "made").is_dir()
