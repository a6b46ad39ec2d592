"""A log that ends anywhere within what a compaction, a draft, a pruning or a move has written: the session is as it was
before or after, never between, also with a checkpoint beside it."""

import pytest

from omg.agent.cold import take
from omg.agent.runtime import Limits
from omg.agent.schedule import Decision
from omg.agent.starts import find_start, start_at
from omg.session import checkpoint, keeping
from omg.session.load import load
from omg.session.verify import verify
from tests.scripted import Says, lines, prefix, stage
from tests.summaries import summarising


async def folded(conversation):
    live = conversation.agent.live("main")
    await conversation.agent.compactor.fold(live, Decision("fold", "a test wants it"))


async def drafted(conversation):
    live = conversation.agent.live("main")
    await conversation.agent.compactor.draft(live, "the cache ends soon")


async def pruned(conversation):
    assert await take(conversation.agent.runtime, conversation.agent.live("main"), "pruned")


async def switched(conversation):
    conversation.go_on_at(find_start(conversation.tree, "a"), "switch to a")


async def rewound(conversation):
    tip = conversation.tree.branches["main"].tip
    conversation.go_on_at(start_at(conversation.tree, tip.parent.parent), "rewind")


CHANGES = [folded, drafted, pruned, switched, rewound]


async def changed(tmp_path, change):
    """(a stage, its log before a change and after it): three turns, one with much output, and a fork with a report."""
    loud = Says("", calls=(("shell", {"command": "yes | head -9000"}),))
    script = lines(first=[loud, Says("done")], task_one=Says("found"))
    on = stage(tmp_path, summarising(script), mode="all", limits=Limits(cold="all"))
    conversation = on.open()
    await conversation.say("first: never touch tests/")
    await conversation.agent.forks.wait(conversation.agent.fork(["task_one"]))
    for words in ("second", "third", "fourth"):
        await conversation.say(words)
    await conversation.agent.forks.wait(conversation.agent.fork(["task_two"]))
    before = on.log.read_bytes()
    await change(conversation)
    after = on.log.read_bytes()
    await conversation.close()
    return on, before, after


def main_of(loaded):
    main = loaded.tree.branches["main"]
    told, seen = tuple(main.told.items()), tuple(main.seen.items())
    return main.epoch, main.tip.id, main.accepted.id, main.base and main.base.id, tuple(main.pending), told, seen


def ends(before: bytes, after: bytes) -> list[int]:
    """Where a log is cut: at each byte around the end of a line, and in every ninth place between."""
    lines = [at + 1 for at in range(len(before) - 1, len(after)) if after[at : at + 1] == b"\n"]
    near = {min(max(line + step, len(before)), len(after)) for line in lines for step in (-2, -1, 0, 1, 2)}
    return sorted(near | set(range(len(before), len(after), 9)))


@pytest.mark.parametrize("beside", ["nothing", "one from before", "one from after"])
@pytest.mark.parametrize("change", CHANGES)
async def test_cut_at_any_byte_it_is_before_or_after(tmp_path, monkeypatch, change, beside):
    monkeypatch.setattr(keeping, "WORTH", 1)
    on, before, after = await changed(tmp_path, change)
    log, kept = on.log, checkpoint.path_of(on.log)
    kept.unlink(missing_ok=True)
    if beside != "nothing":
        log.write_bytes(before if beside == "one from before" else after)
        on.again().agent.runtime.journal.close()
        point = kept.read_bytes()
    states = {}
    for end in ends(before, after):
        log.write_bytes(after[:end])
        if beside != "nothing":
            kept.write_bytes(point)
        states[end] = main_of(load(log))
    assert set(states.values()) == {states[len(before)], states[len(after)]}
    assert list(states.values()) == sorted(states.values(), key=lambda state: state != states[len(before)])


@pytest.mark.parametrize("change", CHANGES)
async def test_wherever_it_was_killed_the_next_process_goes_on(tmp_path, change):
    on, before, after = await changed(tmp_path, change)
    stops = [at for at in ends(before, after) if after[at - 1 : at] == b"\n"]
    for end in stops:
        on.log.write_bytes(after[:end])
        conversation = on.again()
        main = conversation.tree.branches["main"]
        tip, pending, sent = main.tip, list(main.pending), len(on.provider.sent)
        assert not [branch for branch in conversation.tree.branches.values() if branch.status == "running"]
        outcome = await conversation.say("and on")
        assert outcome.stop == "end_turn", outcome.error
        (request,) = on.provider.sent[sent:]
        assert b"and on" in prefix(request.body)
        assert main.tip.extends(tip) and pending == ["a", "b"][len(["a", "b"]) - len(pending) :]
        assert verify(conversation.tree).problem is None
        await folded(conversation)
        await conversation.close()
    assert on.provider.illegal == []
