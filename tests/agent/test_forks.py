"""Forks: what they share, what they do not, and how they end."""

import asyncio
import json

import pytest

from omg.agent.forks import ForkRefused
from omg.agent.runtime import Limits
from omg.core.events import Forked, Joined
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, failure, lines, prefix, stage, until


async def ended(conversation, children):
    await conversation.agent.forks.wait(children)
    return [conversation.tree.branches[child.name] for child in children]


def first_requests(on, *tasks):
    return [on.provider.of(task)[0] for task in tasks]


def shared(one: bytes, other: bytes) -> int:
    """How many bytes two bodies share from their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def assert_siblings(on, parent, *tasks):
    """Each first request is the parent's bytes and one user message; they differ only from their task on."""
    sent = first_requests(on, *tasks)
    for each, task in zip(sent, tasks, strict=True):
        bare = prefix(each.body)
        assert bare.startswith(parent)
        added = json.loads(b'[{"role":"user","content":[]}%s]' % bare[len(parent) :].removesuffix(b"]"))[1:]
        assert [message["role"] for message in added] == ["user"]
        assert added[0]["content"][-1]["text"] == task
    for one, other in zip(sent, sent[1:], strict=False):
        at = shared(prefix(one.body), prefix(other.body))
        assert prefix(one.body)[:at].endswith((b'"text":"task_', b'"text":"'))


def marked(sent):
    """Where the markers in the messages stand: (message, block)."""
    return [
        (at, place)
        for at, message in enumerate(sent.request["messages"])
        for place, block in enumerate(message["content"])
        if "cache_control" in block
    ]


async def test_forks_of_an_idle_parent_share_all_its_bytes(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    tip = conversation.tree.branches["main"].tip
    children = conversation.agent.fork(["task_one", "task_two"])
    await ended(conversation, children)
    parent = prefix(on.provider.sent[0].body) + b"," + tip.message.body
    assert_siblings(on, parent, "task_one", "task_two")
    for sent in first_requests(on, "task_one", "task_two"):
        assert marked(sent) == [(1, 0), (2, 0), (2, 1)]
    assert conversation.tree.branches["main"].tip is tip
    assert verify(conversation.tree).problem is None


async def test_forks_of_a_streaming_parent_begin_before_its_reply(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(first=Says("long", midway=gate)))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.spoke("main"))
    children = conversation.agent.fork(["task_one", "task_two"])
    await ended(conversation, children)
    assert_siblings(on, prefix(on.provider.sent[0].body), "task_one", "task_two")
    gate.set()
    assert (await turn).stop == "end_turn"
    assert on.provider.illegal == []


async def test_forks_know_words_that_nobody_has_begun_to_answer(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(first=Says("long", before=gate)))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.provider.sent)
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    assert_siblings(on, prefix(on.provider.sent[0].body), "task_one", "task_two")
    gate.set()
    await turn


async def test_forks_of_a_parent_with_open_calls_have_constant_results_before_their_task(tmp_path):
    calls = (("hold", {"name": "x"}), ("hold", {"name": "y"}))
    on = stage(tmp_path, lines(first=Says("let me", calls=calls)))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.hold.begun) == 2)
    tip = conversation.tree.branches["main"].tip
    children = conversation.agent.fork(["task_one", "task_two"])
    await ended(conversation, children)
    parent = prefix(on.provider.sent[0].body) + b"," + tip.message.body
    assert_siblings(on, parent, "task_one", "task_two")
    for sent in first_requests(on, "task_one", "task_two"):
        assert [block["type"] for block in sent.newest] == ["tool_result", "tool_result", "text", "text"]
        assert "belongs to your parent" in sent.newest[1]["content"][0]["text"]
        assert (2, 1) in marked(sent), "the last block that siblings share"
    on.hold.gate("x").set()
    on.hold.gate("y").set()
    await turn
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None


async def test_forks_of_an_empty_session_share_the_head_and_what_is_told(tmp_path):
    on = stage(tmp_path, lines(), facts=None)
    (on.folder / "AGENTS.md").write_text("Be brief.")
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    one, other = first_requests(on, "task_one", "task_two")
    assert "Be brief." in one.texts[0]
    assert prefix(one.body)[: shared(prefix(one.body), prefix(other.body))].endswith(b'"text":"task_')
    assert len(one.request["messages"]) == 1
    assert on.provider.illegal == []
    assert (await conversation.say("first")).stop == "end_turn"
    assert verify(conversation.tree).problem is None


async def test_two_forks_with_the_same_task_go_their_own_ways(tmp_path):
    cut = failure("cut")
    on = stage(tmp_path, lines(task_one=[Says("half", cut=cut), Says("whole")]))
    conversation = on.open()
    await conversation.say("first")
    one, other = await ended(conversation, conversation.agent.fork(["task_one", "task_one"]))
    assert {one.status, other.status} == {"failed", "done"}
    assert one.tip.extends(one.base)
    assert other.tip.extends(one.base)
    failed = one if one.status == "failed" else other
    assert failed.tip is failed.accepted
    conversation.agent.wake(failed.name, "once more")
    await until(lambda: failed.status == "done")
    assert verify(conversation.tree).problem is None
    assert on.provider.illegal == []


async def test_a_report_reaches_the_parent_in_the_order_of_the_tasks_and_bounded(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(task_one=Says("x" * 20_000 + "the end", before=gate), task_two=Says("two")))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one", "task_two"])
    await until(lambda: conversation.tree.branches["b"].status == "done")
    gate.set()
    await ended(conversation, children)
    await conversation.say("so?")
    one, two, words = on.provider.sent[-1].newest
    assert 'fork="a"' in one["text"]
    assert "4007 characters cut" in one["text"]
    assert len(one["text"]) < 16_300
    assert "the end" in one["text"]
    assert 'fork="b"' in two["text"]
    assert words["text"] == "so?"


async def test_a_report_that_was_dropped_does_not_join(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    conversation.agent.drop("a")
    await conversation.say("so?")
    assert ["fork=" in text for text in on.provider.sent[-1].texts] == [True, False]
    assert 'fork="b"' in on.provider.sent[-1].texts[0]


async def test_one_report_can_be_joined_and_the_other_waits(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    assert (await conversation.agent.join("b")).stop == "end_turn"
    assert conversation.tree.branches["main"].pending == ["a"]
    with pytest.raises(ForkRefused):
        await conversation.agent.join("b")


async def test_a_report_that_comes_in_during_a_turn_stands_behind_the_tool_results(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=(("hold", {"name": "x"}),)), task_one=Says("found")))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    await ended(conversation, conversation.agent.fork(["task_one"]))
    on.hold.gate("x").set()
    await turn
    assert [block["type"] for block in on.provider.sent[-1].newest] == ["tool_result", "text"]
    assert "found" in on.provider.sent[-1].newest[-1]["text"]


async def test_the_failure_of_one_child_is_reported_and_harms_nobody(tmp_path):
    on = stage(tmp_path, lines(task_one=Says(refused=failure("refused", words="no such thing")), task_two=Says("two")))
    conversation = on.open()
    await conversation.say("first")
    one, two = await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    assert (one.status, one.error, two.status) == ("failed", "no such thing", "done")
    assert (await conversation.say("so?")).stop == "end_turn"
    assert "no such thing" in on.provider.sent[-1].texts[-3]


async def test_a_bug_that_ends_a_child_is_reported_as_its_failure(tmp_path):
    def script(sent):
        if sent.words == "task_one":
            raise ZeroDivisionError("oh")
        return Says("two")

    on = stage(tmp_path, script)
    conversation = on.open()
    one, two = await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    assert (one.status, two.status) == ("failed", "done")
    assert "ZeroDivisionError: oh" in one.error


async def test_what_a_child_has_seen_and_may_do_is_its_own(tmp_path):
    on = stage(tmp_path, lines(task_one=Says(calls=(("read", {"path": "a.txt"}),))))
    (on.folder / "a.txt").write_text("hello")
    conversation = on.open()
    await conversation.say("first")
    await ended(conversation, conversation.agent.fork(["task_one", "task_two"]))
    seen = {name: len(branch.seen) for name, branch in conversation.tree.branches.items()}
    assert seen == {"main": 0, "a": 1, "b": 0}


async def test_no_more_than_the_width_work_at_once(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lambda sent: Says("done", midway=gate), limits=Limits(width=2))
    conversation = on.open()
    children = conversation.agent.fork([f"task {n}" for n in range(5)])
    await until(lambda: sum(sent.began for sent in on.provider.sent) == 2)
    await asyncio.sleep(0.02)
    assert len(on.provider.sent) == 2
    gate.set()
    await ended(conversation, children)
    assert len(on.provider.sent) == 5


async def test_deeper_than_the_limit_is_refused_in_words(tmp_path):
    on = stage(tmp_path, lines(task_one=Says(calls=(("fork", {"tasks": ["deeper"]}),))), limits=Limits(depth=1))
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one"]))
    assert "nest 1 deep" in on.provider.sent[1].newest[0]["content"][0]["text"]
    assert list(conversation.tree.branches) == ["main", "a"]


@pytest.mark.parametrize("tasks", [[], [""], ["good", "  "]])
async def test_a_fork_without_words_is_refused(tmp_path, tasks):
    conversation = stage(tmp_path, lines()).open()
    with pytest.raises(ForkRefused):
        conversation.agent.fork(tasks)
    assert list(conversation.tree.branches) == ["main"]


async def test_stopping_a_fork_stops_its_own_forks_and_all_report_what_they_had(tmp_path):
    never = asyncio.Event()
    on = stage(
        tmp_path,
        lines(
            inner=Says("half found", midway=never),
            outer=Says("looking", calls=(("fork", {"tasks": ["inner"]}),)),
        ),
    )
    conversation = on.open()
    conversation.agent.fork(["outer"])
    await until(lambda: on.spoke("a.a"))
    await conversation.agent.stop("a")
    branches = conversation.tree.branches
    assert (branches["a"].status, branches["a"].report) == ("stopped", "looking")
    assert (branches["a.a"].status, branches["a.a"].report) == ("stopped", "half found")
    assert branches["main"].pending == ["a"]
    assert (await conversation.say("so?")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_a_fork_that_is_stopped_at_once_is_stopped(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    conversation.agent.fork(["task_one"])
    await conversation.agent.stop("a")
    assert conversation.tree.branches["a"].status == "stopped"
    assert [event.status for event in on.seen(Joined)] == ["stopped"]


async def test_a_fork_that_is_stopped_while_it_waits_for_a_place_is_stopped(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lambda sent: Says("done", midway=gate), limits=Limits(width=1))
    conversation = on.open()
    children = conversation.agent.fork(["task_one", "task_two"])
    await until(lambda: on.provider.sent)
    await conversation.agent.stop("b")
    assert conversation.tree.branches["b"].status == "stopped"
    gate.set()
    await ended(conversation, children[:1])
    assert conversation.tree.branches["a"].status == "done"


async def test_a_finished_fork_can_be_woken_and_reports_again(tmp_path):
    on = stage(tmp_path, lines(task_one=[Says("one")], more=[Says("more found")]))
    conversation = on.open()
    await conversation.say("first")
    (child,) = await ended(conversation, conversation.agent.fork(["task_one"]))
    await conversation.say("so?")
    conversation.agent.wake("a", "look for more")
    await until(lambda: child.status == "done")
    assert child.report == "more found"
    assert conversation.tree.branches["main"].pending == ["a"]
    sent = on.provider.of("look for more")[0]
    assert prefix(sent.body).startswith(prefix(on.provider.of("task_one")[0].body))
    assert verify(conversation.tree).problem is None


async def test_a_fork_at_work_and_main_cannot_be_woken(tmp_path):
    on = stage(tmp_path, lambda sent: Says(before=asyncio.Event()))
    conversation = on.open()
    conversation.agent.fork(["task_one"])
    for name in ("a", "main"):
        with pytest.raises(ForkRefused):
            conversation.agent.wake(name, "again")
    await conversation.close()


async def test_a_fork_that_failed_before_anything_was_accepted_begins_again_with_both_words(tmp_path):
    on = stage(tmp_path, lines(task_one=[Says(refused=failure("refused")), Says("found")]))
    conversation = on.open()
    await conversation.say("first")
    (child,) = await ended(conversation, conversation.agent.fork(["task_one"]))
    conversation.agent.wake("a", "try again")
    await until(lambda: child.status == "done")
    assert on.provider.sent[-1].words == "task_one\n\ntry again"
    assert [node.message.role for node in path(child.tip)] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize("width", [1, 2])
async def test_a_fork_that_was_stopped_before_it_was_sent_begins_anew_with_one_message(tmp_path, width):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(task_one=Says("one", midway=gate)), limits=Limits(width=width))
    conversation = on.open()
    await conversation.say("first")
    one, two = conversation.agent.fork(["task_one", "task_two"])
    if width == 1:
        await until(lambda: on.spoke("a"))
    await conversation.agent.stop("b")
    gate.set()
    await ended(conversation, [one])
    conversation.agent.wake("b", "go_on")
    await until(lambda: two.branch.status == "done")
    assert [message["role"] for message in on.provider.sent[-1].request["messages"]] == ["user", "assistant", "user"]
    assert on.provider.sent[-1].words == "task_two\n\ngo_on"


async def test_after_a_restart_a_fork_that_was_at_work_can_be_woken(tmp_path):
    never = asyncio.Event()
    script = lines(task_one=[Says(calls=(("hold", {"name": "x"}),)), Says("half", midway=never)], go_on=Says("found"))
    on = stage(tmp_path, script)
    on.hold.gate("x").set()
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task_one"])
    await until(lambda: on.spoke("a"))
    on.log.with_suffix(".copy").write_bytes(on.log.read_bytes())
    await conversation.close()
    on.log.write_bytes(on.log.with_suffix(".copy").read_bytes())
    again = on.again()
    child = again.tree.branches["a"]
    assert (child.status, again.tree.branches["main"].pending) == ("stopped", ["a"])
    again.agent.wake("a", "go_on")
    await until(lambda: child.status == "done")
    assert child.report == "found"
    assert on.provider.illegal == []
    assert verify(again.tree).problem is None


async def test_a_question_aside_stays_out_of_the_history_and_in_the_ledger(tmp_path):
    on = stage(tmp_path, lines(why=Says("because")))
    conversation = on.open()
    await conversation.say("first")
    before = conversation.figures().usage
    child = conversation.agent.aside("why")
    await ended(conversation, [child])
    assert (child.name, child.branch.report) == ("btw1", "because")
    assert conversation.tree.branches["main"].pending == []
    await conversation.say("second")
    assert "because" not in " ".join(on.provider.sent[-1].texts)
    assert conversation.tree.requests[2].logged.purpose == "aside"
    assert conversation.figures("btw1").usage == on.provider.sent[1].usage
    assert conversation.figures().usage.plain > before.plain + on.provider.sent[1].usage.plain


async def test_an_aside_that_failed_is_still_an_aside_when_it_is_woken(tmp_path):
    on = stage(tmp_path, lines(why=[Says(refused=failure("refused")), Says("because")]))
    conversation = on.open()
    await conversation.say("first")
    child = conversation.agent.aside("why")
    await ended(conversation, [child])
    conversation.agent.wake("btw1", "please")
    await until(lambda: child.branch.status == "done")
    assert on.provider.sent[-1].newest[0] == on.provider.sent[-2].newest[0]


async def test_a_fork_can_be_forked_again_by_a_person(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await ended(conversation, conversation.agent.fork(["task_one"]))
    await ended(conversation, conversation.agent.fork(["deeper"], parent="a"))
    assert [event.child for event in on.seen(Forked)] == ["a", "a.a"]
    assert conversation.tree.branches["a"].pending == ["a.a"]
    assert prefix(on.provider.of("deeper")[0].body).startswith(prefix(on.provider.of("task_one")[0].body))
