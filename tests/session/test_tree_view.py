"""The tree as rows: epochs with their newest exchanges, forks and anchors where they begin, costs, warmth."""

import asyncio
import json
import time

import pytest

from omg.cache.mirror import Mirror
from omg.session.commands import run_command
from omg.session.load import load
from omg.session.tree_text import tree_text
from omg.session.tree_view import held, rows, tree_json
from tests.scripted import Says, lines, stage, until

LONG = " and so on" * 300


async def grown(tmp_path):
    """Five exchanges, an anchor and two forks behind the last but one; then another model and one exchange more."""
    on = stage(tmp_path, lines(task=[Says("one"), Says("two")]), setup={"minimum": 512})
    on.provider.mirror = Mirror()
    conversation = on.open()
    for words in ("first", "second", "third", "fourth"):
        await conversation.say(words + LONG)
    conversation.agent.anchor("here")
    await conversation.agent.forks.wait(conversation.agent.fork(["task  one", "task two"]))
    await conversation.say("fifth")
    conversation.set_model("claude-sonnet-5-5")
    await conversation.say("sixth")
    return on, conversation


def seen(conversation, now=None):
    runtime = conversation.agent.runtime
    return rows(runtime.tree, runtime.holdings, runtime.clock() if now is None else now)


def called(row) -> str:
    return row.name if row.kind != "exchange" else row.words[:6]


async def test_every_row_in_its_place(tmp_path):
    _, conversation = await grown(tmp_path)
    found = [
        (row.depth, row.kind, row.name if row.kind != "exchange" else row.words[:6], row.status)
        for row in seen(conversation)
    ]
    assert found == [
        (0, "branch", "main", ""),
        (1, "epoch", "1", "past"),
        (2, "more", "", ""),
        (2, "exchange", "third ", ""),
        (2, "exchange", "fourth", ""),
        (3, "anchor", "@here", ""),
        (3, "fork", "a", "done"),
        (3, "fork", "b", "done"),
        (2, "exchange", "fifth", ""),
        (1, "epoch", "2", "now"),
        (2, "exchange", "sixth", ""),
    ]


async def test_an_exchange_is_called_by_its_last_node_and_a_fork_by_its_task_on_one_line(tmp_path):
    _, conversation = await grown(tmp_path)
    found, tree = seen(conversation), conversation.tree
    for row in found:
        if row.kind == "exchange":
            assert row.node in tree.nodes and row.node.startswith(row.name)
            assert tree.nodes[row.node].message.role == "assistant"
    assert {row.name: row.words for row in found if row.kind == "fork"} == {"a": "task one", "b": "task two"}
    assert [row.words for row in found if row.kind == "epoch"] == ["the beginning", "model claude-sonnet-5-5"]


async def test_costs_add_up_to_what_the_session_cost(tmp_path):
    _, conversation = await grown(tmp_path)
    found, whole = seen(conversation), conversation.figures().cost_usd
    parts = [row.cost_usd for row in found if row.kind in ("branch", "fork")]
    assert sum(parts) == pytest.approx(whole)
    main = next(row.cost_usd for row in found if row.kind == "branch")
    assert sum(row.cost_usd for row in found if row.kind == "epoch") == pytest.approx(main)
    last = [row for row in found if row.kind in ("epoch", "exchange")][-2:]
    assert last[0].cost_usd == pytest.approx(last[1].cost_usd)


async def test_what_is_warm_and_until_when(tmp_path):
    _, conversation = await grown(tmp_path)
    main, *_ = seen(conversation)
    assert 0 < main.warm <= main.tokens
    assert 200 < main.until - time.time() <= 300
    assert all(row.warm == 0 and row.until is None for row in seen(conversation, time.time() + 7200))


async def test_a_read_session_is_shown_as_an_open_one(tmp_path):
    on, conversation = await grown(tmp_path)
    now = time.time()
    there = seen(conversation, now)
    await conversation.close()
    tree = load(on.log).tree
    found = rows(tree, held(tree), now)
    assert [(row.name, row.node, row.cost_usd, row.status) for row in found] == [
        (row.name, row.node, row.cost_usd, row.status) for row in there
    ]
    assert json.loads(json.dumps(tree_json(tree, found)))["rows"][0]["name"] == "main"


async def test_forks_that_work_and_reports_that_wait(tmp_path):
    on = stage(tmp_path, lines(swift=Says("done"), task=Says(calls=(("hold", {"name": "x"}),))))
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task", "swift"])
    await until(lambda: on.hold.begun and not conversation.agent.live("b").busy)
    assert {row.name: row.status for row in seen(conversation) if row.kind == "fork"} == {
        "a": "running",
        "b": "done, report ready",
    }
    done = await run_command(conversation, "/tree")
    text = done.text
    assert done.fit is not None and done.fit(200) == text
    narrow = done.fit(60)
    assert "report ready" in narrow and conversation.tree.branches["a"].base.id[:8] not in narrow
    assert len({line.index(row) for line in text.splitlines() for row in ("cold",) if row in line}) <= 1
    assert "⑂ b" in text and "running" in text and "first" in text
    await conversation.close()


async def test_a_session_in_which_nothing_has_happened_has_a_tree(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    found = seen(conversation)
    assert [(row.kind, row.node) for row in found] == [("branch", None), ("epoch", None)]
    assert tree_text(found, 0.0).splitlines()[0].startswith("main")


async def test_a_fork_of_a_fork_hangs_on_it(tmp_path):
    on = stage(tmp_path, lines(deep=Says("deep"), task=[Says("x"), Says("y")]))
    conversation = on.open()
    await conversation.say("first")
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    await conversation.agent.forks.wait(conversation.agent.fork(["deep"], parent="a"))
    depths = {row.name: row.depth for row in seen(conversation) if row.kind == "fork"}
    assert depths == {"a": 3, "a.a": 4}


def test_it_can_be_asked_of_a_saved_session_from_the_shell(tmp_path, capsys, monkeypatch):
    from omg.cli.run import run

    on = stage(tmp_path, lines())

    async def talk() -> None:
        conversation = on.open()
        await conversation.say("first")
        await conversation.close()

    asyncio.run(talk())
    monkeypatch.setenv("OMG_HOME", str(on.home))
    assert run(["tree", "--cwd", str(on.folder)]) == 0
    assert "› first" in capsys.readouterr().out
    assert run(["tree", "--cwd", str(on.folder), "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["kind"] for row in told["rows"]] == ["branch", "epoch", "exchange"]
