"""A session in which everything happens once, and what its log must be able to say after it was damaged."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

from omg.agent.facts import Fact
from omg.core.events import ToolResult
from omg.session.verify import verify
from tests.scripted import Says, Stage, failure, lines, prefix, stage, until

OTHER = "claude-sonnet-5-5"


def script():
    return lines(
        task_one=[Says("report one", calls=(("glob", {"pattern": "*"}),)), Says("found one")],
        task_two=Says("found two"),
        task_three=Says("found three", thinking="deep"),
        again_one=Says("found more"),
        first=[Says("let me", thinking="hm", calls=(("hold", {"name": "x"}), ("glob", {"pattern": "*"}))), Says("one")],
        second=Says("half", cut=failure("cut")),
        fourth=Says(refused=failure("refused")),
        fifth=[Says("", calls=(("fork", {"tasks": ["task_three"]}),)), Says("so it is")],
        sixth=Says("wait", thinking="h", calls=(("hold", {"name": "x"}), ("hold", {"name": "never"}))),
        last=Says("went on"),
    )


async def eventful(tmp_path: Path) -> Stage:
    """A stage on which one such session has been closed. Its log is `stage.log`."""
    on = stage(tmp_path, script(), facts=lambda: [Fact("folder", "folder: here")])
    on.hold.gate("x").set()
    conversation = on.open()
    agent = conversation.agent
    await conversation.say("first")
    await agent.forks.wait(agent.fork(["task_one", "task_two"]))
    agent.drop("b")
    await conversation.say("second")
    await conversation.say("third")
    await conversation.say("fourth")
    agent.set_mode("plan")
    await conversation.say("fifth")
    conversation.set_model(OTHER)
    agent.wake("a", "again_one")
    await agent.forks.wait([agent.live("a")])
    before = len(on.seen(ToolResult))
    turn = asyncio.ensure_future(conversation.say("sixth"))
    await until(lambda: len(on.seen(ToolResult)) > before)
    agent.interrupt()
    await turn
    assert verify(conversation.tree).problem is None
    assert on.provider.illegal == []
    await conversation.close()
    return on


async def goes_on(on: Stage, log: bytes) -> list[str]:
    """Open the log (as it is now), take one turn, and check that nothing readable in `log` was lost.

    The notices are returned. What must hold is read from the log's JSON and the provider's bodies alone.
    """
    count = len(on.provider.sent)
    conversation = on.again()
    outcome = await conversation.say("last")
    assert outcome.stop == "end_turn", outcome
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None
    sent = prefix(on.provider.sent[count].body)
    assert sent.startswith(last_begun(on, log))
    for message in said(log):
        assert json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() in sent
    await conversation.close()
    return conversation.notices


def whole(log: bytes) -> int:
    """Where the last write that is all there ends."""
    end, complete = 0, 0
    for line in log.splitlines(keepends=True):
        end += len(line)
        if line.endswith(b"\n") and "more" not in json.loads(line):
            complete = end
    return complete


def records(log: bytes) -> list[dict[str, object]]:
    """What was written whole, parsed line by line."""
    return [json.loads(line) for line in log[: whole(log)].splitlines()]


def of_last_epoch(log: bytes) -> list[dict[str, object]]:
    found = records(log)
    epochs = [at for at, record in enumerate(found) if record["kind"] == "epoch" and record["branch"] == "main"]
    return found[epochs[-1] :] if epochs else found


def last_begun(on: Stage, log: bytes) -> bytes:
    """Head and messages of main's newest request whose reply began, in its newest epoch, as the provider got it."""
    found = of_last_epoch(log)
    begun = {record["n"] for record in found if record["kind"] == "begun"}
    hashes = [r["hash"] for r in found if r["kind"] == "request" and r["branch"] == "main" and r["n"] in begun]
    bodies = {hashlib.sha256(sent.body).hexdigest(): sent.body for sent in on.provider.sent}
    return prefix(bodies[hashes[-1]]) if hashes else b""


def said(log: bytes) -> list[object]:
    """Every reply that main has sealed in its newest epoch."""
    nodes = [r for r in of_last_epoch(log) if r["kind"] == "node" and r["branch"] == "main"]
    return [r["message"] for r in nodes if r["message"]["role"] == "assistant"]
