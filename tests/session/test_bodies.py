"""What was said is read again from the log: never other bytes than those that were sealed, and no more than is used."""

import gc
import os

import pytest

from omg.agent.journal import NodeSealed
from omg.session.bodies import Bodies, BytesLost
from omg.session.load import load
from omg.session.log import Log
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, lines, stage
from tests.wire.histories import said, talk


def written(log, tip):
    """The history of `tip` on record."""
    log.write(*(NodeSealed(at=1.0, branch="main", node=node) for node in path(tip)))
    return tip


def forget(tip):
    for node in tip.ancestors():
        node.let_go()
        node.let_go()


def test_a_message_that_was_written_is_read_back_from_its_line(tmp_path):
    with Log(tmp_path / "a.jsonl") as log:
        tip = written(log, talk("one", 'two "quoted" ☃', "three"))
        written(log, said("four", parent=tip))
        bodies = [node.message.body for node in path(tip)]
        forget(tip)
        assert all(node._message is None for node in tip.ancestors())
        assert [node.message.body for node in path(tip)] == bodies


def test_only_so_much_is_in_memory_and_what_is_in_use_is(tmp_path):
    with Log(tmp_path / "a.jsonl") as log:
        log.bodies = Bodies(log.path, most=30_000)
        tip = None
        for count in range(100):
            tip = said(f"{count} " + "x" * 1000, parent=tip)
            log.write(NodeSealed(at=1.0, branch="main", node=tip))
            assert path(tip)[0].message
        there = [node.depth for node in tip.ancestors() if node._message]
        assert 10 < len(there) < 30
        assert there[-1] == 1
        assert b"".join(tip.pieces()) == b",".join(node.message.body for node in path(tip))


@pytest.mark.parametrize("damage", [lambda data: data.replace(b"xyzzy", b"plugh"), lambda data: data[:40]])
def test_bytes_that_are_not_those_that_were_sealed_are_told_and_never_used(tmp_path, damage):
    path = tmp_path / "a.jsonl"
    with Log(path) as log:
        tip = written(log, talk("xyzzy", "two"))
        forget(tip)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(BytesLost, match=r"byte \d+ of .*a\.jsonl.*omg verify a") as found:
            b"".join(tip.pieces())
        assert "\n" not in str(found.value)


def test_a_log_that_was_moved_is_still_read(tmp_path):
    with Log(tmp_path / "a.jsonl") as log:
        tip = written(log, talk("one", "two"))
        forget(tip)
        log.path.rename(tmp_path / "trash")
        assert tip.message.content[0]["text"] == "two"


def test_the_file_is_closed_with_the_last_node(tmp_path):
    gc.collect()
    before = len(os.listdir("/dev/fd"))
    with Log(tmp_path / "a.jsonl") as log:
        tip = written(log, talk("one", "two"))
    del log
    assert tip.message
    assert len(os.listdir("/dev/fd")) == before + 1
    del tip
    assert len(os.listdir("/dev/fd")) == before


async def test_a_turn_on_bytes_that_were_lost_ends_in_one_line_and_later_forks_go_on_before_them(tmp_path):
    on = stage(tmp_path, lines(first=Says("one"), second=Says("xyzzy"), task=Says("found")))
    conversation = on.open()
    await conversation.say("first")
    early = conversation.agent.anchor("early")
    await conversation.say("second")
    await conversation.close()
    again = on.again()
    forget(again.tree.branches["main"].tip)
    again.agent.live("main").last = None
    on.log.write_bytes(on.log.read_bytes().replace(b"xyzzy", b"plugh"))
    outcome = await again.say("third")
    assert outcome.stop == "error"
    assert "cannot be read again from byte" in outcome.error
    assert len(on.provider.sent) == 2
    children = again.agent.fork(["task"], node=again.tree.nodes[early.id])
    await again.agent.forks.wait(children)
    assert children[0].branch.status == "done"
    assert on.provider.illegal == []
    await again.close()


async def test_a_session_reads_and_verifies_the_same_with_next_to_nothing_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("omg.session.bodies.MOST", 1)
    monkeypatch.setattr(Bodies.__init__, "__defaults__", (1,))
    on = stage(tmp_path, lines(first=[Says("", calls=(("glob", {"pattern": "*"}),)), Says("one")], task=Says("found")))
    conversation = on.open()
    for count in range(40):
        await conversation.say(f"words {count}")
    await conversation.agent.forks.wait(conversation.agent.fork(["task", "task"]))
    await conversation.close()
    again = on.again()
    assert (await again.say("more")).stop == "end_turn"
    assert on.provider.illegal == []
    assert verify(again.tree).problem is None
    assert sum(node._message is not None for node in again.tree.nodes.values()) < 10
    await again.close()
    assert verify(load(on.log).tree).problem is None
