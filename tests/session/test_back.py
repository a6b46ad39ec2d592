"""A branch read from its end: everything once, in order, however small the pages are."""

import asyncio

import pytest

from omg.session.back import Back, Piece
from omg.session.commands import run_command
from tests.scripted import Says, lines, stage, until

READ = Says("I look.", calls=(("read", {"path": "a.txt"}), ("read", {"path": "none.txt"})), thinking="hm")


async def told(tmp_path):
    there = stage(tmp_path, lines(first=[READ, Says("It says A.")], second=Says("Again.")))
    (there.folder / "a.txt").write_text("A\n")
    conversation = there.open()
    await conversation.say("first")
    await conversation.say("second")
    return conversation


def all_of(conversation, branch: str, nodes: int) -> list[Piece]:
    back = Back(conversation.tree, conversation.tree.branches[branch])
    pages = []
    while back.more:
        pages.insert(0, back.page(nodes))
    return [piece for page in pages for piece in page]


@pytest.mark.parametrize("nodes", [1, 2, 3, 100])
async def test_pages_add_up_to_the_whole(tmp_path, nodes):
    conversation = await told(tmp_path)
    pieces = all_of(conversation, "main", nodes)
    assert [piece.kind for piece in pieces] == ["words", "thought", "reply", "call", "call", "reply", "words", "reply"]
    assert [piece.text for piece in pieces if piece.kind in ("words", "reply")] == [
        "first",
        "I look.",
        "It says A.",
        "second",
        "Again.",
    ]


@pytest.mark.parametrize("nodes", [1, 100])
async def test_calls_have_their_results(tmp_path, nodes):
    calls = [piece for piece in all_of(await told(tmp_path), "main", nodes) if piece.kind == "call"]
    assert [(call.name, call.input, call.is_error, call.open) for call in calls] == [
        ("read", {"path": "a.txt"}, False, False),
        ("read", {"path": "none.txt"}, True, False),
    ]
    assert "A" in calls[0].text


async def test_a_fork_tells_its_own_part_and_its_parent_where_it_was_born(tmp_path):
    there = stage(tmp_path, lines(first=Says("All right."), look=Says("Found it.")))
    conversation = there.open()
    await conversation.say("first")
    (child,) = conversation.agent.fork(["look at it"])
    await conversation.agent.forks.wait([child])
    await conversation.agent.join()
    main = all_of(conversation, "main", 100)
    assert [piece.kind for piece in main] == ["words", "reply", "fork", "report", "reply"]
    assert main[2].name == main[3].name == child.name
    assert main[3].text == "Found it."
    assert [(piece.kind, piece.text) for piece in all_of(conversation, child.name, 100)] == [
        ("words", "look at it"),
        ("reply", "Found it."),
    ]


async def test_a_call_without_its_result_is_open(tmp_path):
    there = stage(tmp_path, lines(first=Says(calls=(("hold", {"name": "gate"}),))))
    conversation = there.open()
    turn = asyncio.create_task(conversation.say("first"))
    await until(lambda: there.hold.begun)
    (call,) = [piece for piece in all_of(conversation, "main", 100) if piece.kind == "call"]
    assert call.open
    there.hold.gate("gate").set()
    await turn


async def test_a_call_of_the_past_says_in_one_line_what_it_said_when_it_ended(tmp_path):
    conversation = await told(tmp_path)
    calls = [piece for piece in all_of(conversation, "main", 100) if piece.kind == "call"]
    assert calls[0].line == "a.txt, 1 line" and "none.txt" in calls[1].line
    await conversation.close()


async def test_what_a_call_came_to_is_known_where_the_epoch_ended_with_it(tmp_path):
    there = stage(tmp_path, lines(first=Says("ok"), look=Says("", (("hold", {"name": "x"}),))))
    conversation = there.open()
    await conversation.say("first")
    turn = asyncio.ensure_future(conversation.say("look"))
    await until(lambda: there.hold.begun)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    conversation.set_model("claude-sonnet-5-5")
    (call,) = [piece for piece in all_of(conversation, "main", 100) if piece.kind == "call"]
    assert not call.open and call.is_error and call.line == "interrupted"


async def test_another_epoch_is_told_as_a_break(tmp_path):
    conversation = await told(tmp_path)
    conversation.set_model("claude-haiku-5-5")
    await conversation.say("third")
    pieces = all_of(conversation, "main", 100)
    at = [piece.kind for piece in pieces].index("break")
    assert "claude-haiku-5-5" in pieces[at].text
    assert [piece.text for piece in pieces[at + 1 :]] == ["third", "done"]
    assert [piece.text for piece in pieces if piece.kind == "words"] == ["first", "second", "third"]


async def test_what_a_branch_has_gone_back_from_is_not_read(tmp_path):
    conversation = await told(tmp_path)
    done = await run_command(conversation, "/rewind 1")
    assert done.action is not None
    pieces = all_of(conversation, "main", 3)
    assert [piece.text for piece in pieces if piece.kind == "words"] == ["first"]


async def test_nothing_said_is_nothing_to_read(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    back = Back(conversation.tree, conversation.tree.branches["main"])
    assert not back.more
    assert back.page(10) == []
