"""Compaction: a fork writes a summary, the branch goes on from it, and nothing of the old history is touched."""

import asyncio

import pytest

from omg.agent.compact import CompactionRefused
from omg.agent.facts import Fact
from omg.agent.runtime import Limits
from omg.agent.schedule import Decision
from omg.core.events import Compacted
from omg.core.usage import Usage
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, failure, lines, prefix, stage, until
from tests.summaries import SECTIONS, faithful, summarising, without, written

NOW = Decision("fold", "a test wants it")


async def fold(conversation):
    agent = conversation.agent
    return await agent.compactor.fold(agent.live("main"), NOW)


def scribes(on):
    return on.provider.of("<compact>")


async def test_the_request_is_the_history_and_one_message(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    await conversation.say("first")
    await conversation.say("second")
    last = on.provider.sent[-1]
    await fold(conversation)
    (sent,) = scribes(on)
    assert prefix(sent.body).startswith(prefix(last.body))
    assert len(sent.request["messages"]) == len(last.request["messages"]) + 2  # the last reply, and what asks
    for field in ("max_tokens", "model", "tools", "system", "thinking"):
        assert sent.request.get(field) == last.request.get(field)


async def test_the_new_epoch_begins_with_the_summary_and_the_last_exchange(tmp_path):
    on = stage(tmp_path, summarising(lines(second=Says("the reply", thinking="hm"))))
    conversation = on.open()
    await conversation.say("first: never touch tests/")
    await conversation.say("second")
    old = conversation.tree.branches["main"].tip
    await fold(conversation)
    main = conversation.tree.branches["main"]
    first, reply = path(main.tip)
    texts = [block["text"] for block in first.message.content]
    assert texts[0].startswith("<summary>") and "- first: never touch tests/" in texts[0]
    assert texts[1].startswith("<earlier-words>") and "never touch tests/" in texts[1]
    assert texts[2] == "second"
    assert conversation.tree.words[first.id] == 2
    assert [block["type"] for block in reply.message.content] == ["text"]
    assert main.epoch == 2 and main.past[0].tip is old
    await conversation.say("third")
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None


async def test_what_the_new_history_does_not_tell_is_told_anew(tmp_path):
    facts = [Fact("folder", "folder: here")]
    on = stage(tmp_path, summarising(lines()), facts=lambda: facts)
    conversation = on.open()
    await conversation.say("first")
    await fold(conversation)
    texts = [block["text"] for block in path(conversation.tree.branches["main"].tip)[0].message.content]
    assert texts[0] == "<environment>\nfolder: here\n</environment>"
    await conversation.say("second")
    assert [block["text"] for block in on.provider.sent[-1].newest] == ["second"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Says(""), "no answer"),
        (Says("Just some prose."), "sections are missing"),
        (Says(written(["x" * 30_000])), "characters"),
        (Says(written([])), "not named: You must keep 3.11 working"),
        (Says(written([]), calls=(("read", {"path": "a"}),)), "calls tools"),
        (Says(written([]), stop="max_tokens"), "output limit"),
    ],
)
async def test_a_bad_summary_is_asked_again_once_with_what_is_wrong(tmp_path, bad, why):
    on = stage(tmp_path, summarising(lines(), lambda sent: bad, faithful))
    conversation = on.open()
    await conversation.say("You must keep 3.11 working.")
    await fold(conversation)
    first, again = scribes(on)
    assert why in again.words
    assert prefix(again.body).startswith(prefix(first.body))
    assert on.provider.illegal == []
    assert conversation.tree.branches["main"].epoch == 2


async def test_a_summary_refused_twice_leaves_everything_as_it_was(tmp_path):
    on = stage(tmp_path, summarising(lines(), without("3.11")))
    conversation = on.open()
    await conversation.say("You must keep 3.11 working.")
    before = conversation.tree.branches["main"].tip
    with pytest.raises(CompactionRefused, match=r"3\.11"):
        await fold(conversation)
    main = conversation.tree.branches["main"]
    assert (main.tip, main.epoch, main.summary) == (before, 1, None)
    assert len(scribes(on)) == 2
    assert [event.phase for event in on.seen(Compacted)] == ["writes", "refused"]
    await conversation.say("go on")
    assert prefix(on.provider.sent[-1].body).startswith(prefix(on.provider.sent[0].body))


async def test_a_provider_that_fails_leaves_everything_as_it_was(tmp_path):
    on = stage(tmp_path, summarising(lines(), lambda sent: Says(refused=failure("auth", words="no key"))))
    conversation = on.open()
    await conversation.say("first")
    with pytest.raises(CompactionRefused, match="no key"):
        await fold(conversation)
    assert conversation.tree.branches["main"].epoch == 1


async def test_forks_of_the_old_epoch_go_on_in_it(tmp_path):
    on = stage(tmp_path, summarising(lines(task_a=[Says(calls=(("hold", {"name": "x"}),)), Says("found")])))
    conversation = on.open()
    await conversation.say("first")
    (child,) = conversation.agent.fork(["task_a"])
    await until(lambda: on.hold.begun)
    await fold(conversation)
    on.hold.gate("x").set()
    await conversation.agent.forks.wait([child])
    before, after = (sent for sent in on.provider.of("task_a") if sent not in scribes(on))
    assert prefix(after.body).startswith(prefix(before.body))
    await conversation.say("second")
    assert "found" in "".join(on.provider.sent[-1].texts)
    assert verify(conversation.tree).problem is None


async def test_the_threshold_folds_before_the_next_message(tmp_path):
    on = stage(tmp_path, summarising(lines()), setup={"window": 120_000})
    conversation = on.open()
    long = "x " * 60_000
    big = Says("done", usage=Usage(plain=97_000, output=10))
    on.provider.script = summarising(lambda sent: big if "first" in sent.words else Says("ok"))
    await conversation.say("first " + long[:10])
    await conversation.say("second")
    assert conversation.tree.branches["main"].epoch == 2
    assert scribes(on) and "second" in on.provider.sent[-1].words
    assert [event.phase for event in on.seen(Compacted)] == ["writes", "done"]


async def test_a_tool_loop_is_folded_between_its_requests(tmp_path):
    def model(sent):
        if sent.words.startswith("first") and len(sent.request["messages"]) == 1:
            return Says(calls=(("hold", {"name": "x"}),), usage=Usage(plain=97_000, output=10))
        return Says("done")

    on = stage(tmp_path, summarising(model), setup={"window": 120_000})
    on.hold.gate("x").set()
    conversation = on.open()
    await conversation.say("first")
    (sent,) = scribes(on)
    assert sent.newest[0]["content"][0]["text"] == "held x"
    last = on.provider.sent[-1]
    kinds = [[block["type"] for block in message["content"]] for message in last.request["messages"]]
    assert kinds == [["text", "text"], ["tool_use"], ["tool_result"]]
    assert "\n\nfirst\n" in last.request["messages"][0]["content"][1]["text"]
    assert on.provider.illegal == []
    assert conversation.tree.branches["main"].epoch == 2


async def test_forks_at_work_are_waited_for(tmp_path):
    on = stage(tmp_path, summarising(lines(task_a=[Says(calls=(("hold", {"name": "x"}),)), Says("found")])))
    on.setup["window"] = 120_000
    conversation = on.open()
    await conversation.say("first")
    (child,) = conversation.agent.fork(["task_a"])
    await until(lambda: on.hold.begun)
    main = conversation.agent.live("main")
    conversation.agent.compactor.ask("main")
    assert conversation.agent.compactor.decision(main).what == "wait"
    await conversation.say("second")
    assert conversation.tree.branches["main"].epoch == 1
    assert any("when a has ended" in event.text for event in on.seen(Compacted))
    on.hold.gate("x").set()
    await conversation.agent.forks.wait([child])
    await conversation.say("third")
    assert conversation.tree.branches["main"].epoch == 2


async def test_when_the_context_is_full_the_newest_ancestor_that_fits_is_folded(tmp_path):
    full = failure("context_full", words="prompt is too long")

    def model(sent):
        n = len(sent.request["messages"])
        if sent.words.startswith("<compact>"):
            return Says(refused=full) if n > 5 else faithful(sent)
        return Says(refused=full) if n > 7 else Says(f"reply {n} " + "word " * 600)

    on = stage(tmp_path, model)
    conversation = on.open()
    for number in range(4):
        await conversation.say(f"words {number}")
    outcome = await conversation.say("words 4")
    assert outcome.stop == "end_turn"
    main = conversation.tree.branches["main"]
    assert main.epoch == 2
    sent = on.provider.sent[-1].request["messages"]
    carried = [block["text"] for message in sent for block in message["content"] if block["type"] == "text"]
    assert "words 4" in carried[-1]
    assert any(text.startswith("reply 7") for text in carried)  # behind the ancestor: word for word
    assert not any(text.startswith("reply 1 ") for text in carried)
    assert verify(conversation.tree).problem is None


async def test_facts_survive_four_compactions(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    planted = [
        "You must never call the network in tests.",
        "The limit is 4096 bytes, always.",
        "Keep the file src/berth/moor.py as it is.",
        "Later we still need to rename draught to depth_m.",
    ]
    for round, words in enumerate(planted):
        await conversation.say(words)
        for filler in range(3):
            await conversation.say(f"filler {round} {filler} " + "words " * 400)
        await fold(conversation)
    first = path(conversation.tree.branches["main"].tip)[0]
    summary = next(b["text"] for b in first.message.content if b["text"].startswith("<summary>"))
    for words in planted:
        assert words in summary


@pytest.mark.parametrize(
    "words",
    [
        "You must never call the network in tests.",
        "The limit is 4096 bytes, always.",
        "Keep the file src/berth/moor.py as it is.",
        "Later we still need to rename draught to depth_m.",
    ],
)
async def test_a_model_that_drops_something_is_caught(tmp_path, words):
    on = stage(tmp_path, summarising(lines(), without(words)))
    conversation = on.open()
    await conversation.say(words)
    with pytest.raises(CompactionRefused):
        await fold(conversation)


async def test_what_an_earlier_summary_carried_must_be_carried_on(tmp_path):
    on = stage(tmp_path, summarising(lines(), faithful, without("never call")))
    conversation = on.open()
    await conversation.say("You must never call the network in tests.")
    for _ in range(4):
        await conversation.say("filler " * 900)
    await fold(conversation)
    for _ in range(4):
        await conversation.say("filler " * 900)
    with pytest.raises(CompactionRefused, match="never call the network"):
        await fold(conversation)


async def test_a_resumed_session_is_in_its_new_epoch(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    await conversation.say("first")
    await fold(conversation)
    tip = conversation.tree.branches["main"].tip.id
    await conversation.close()
    again = on.again()
    main = again.tree.branches["main"]
    assert (main.tip.id, main.epoch) == (tip, 2)
    assert [epoch.cause for epoch in main.past] == ["compaction"]
    assert again.tree.anchors["epoch2"].id == tip
    await again.say("second")
    assert prefix(on.provider.sent[-1].body).count(b"<summary>") == 1


async def test_an_anchor_that_a_person_calls_like_an_epoch_stays_where_it_is(tmp_path):
    conversation = stage(tmp_path, summarising(lines())).open()
    await conversation.say("first")
    mine = conversation.agent.anchor("epoch2")
    await fold(conversation)
    assert conversation.tree.anchors["epoch2"] is mine


async def test_a_threshold_below_what_a_summary_leaves_does_not_fold_each_exchange(tmp_path):
    """As much as that must have been said again first, however low the threshold is."""
    on = stage(tmp_path, summarising(lines()), limits=Limits(compact_at=1_100))
    conversation = on.open()
    main, sizes = conversation.tree.branches["main"], []
    for n in range(12):
        epoch, used = main.epoch, conversation.context_used()
        await conversation.say(f"{n} " + "and so on " * 100)
        if main.epoch > epoch and epoch > 1:
            begun = conversation.agent.runtime.holdings.tokens(main.past[-1].head, main.past[-1].base)
            sizes.append((used, begun))
    assert 2 < main.epoch < 8
    assert all(used >= 1.5 * begun for used, begun in sizes), sizes


async def test_an_interrupt_leaves_everything_as_it_was(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, summarising(lines(), lambda sent: Says(written([]), before=gate)))
    conversation = on.open()
    await conversation.say("first")
    task = asyncio.ensure_future(fold(conversation))
    await until(lambda: scribes(on))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    main = conversation.tree.branches["main"]
    assert main.epoch == 1 and main.summary is None
    assert conversation.tree.branches["compact1"].status == "stopped"


async def test_own_instructions_name_the_sections(tmp_path):
    on = stage(tmp_path, summarising(lines(), lambda sent: Says("## Only this\n- fine")))
    (on.folder / ".omg").mkdir()
    (on.folder / ".omg" / "COMPACT.md").write_text("Mind the tides.\n\n## Only this\nWhat else?\n")
    conversation = on.open()
    await conversation.say("first")
    await fold(conversation)
    assert "Mind the tides." in scribes(on)[0].words
    assert SECTIONS[0] not in scribes(on)[0].words
