"""What was said on a branch, read back from what was sealed."""

from omg.session.past import Said, said
from tests.scripted import Says, lines, stage


async def test_words_calls_and_replies_in_their_order(tmp_path):
    there = stage(tmp_path, lines(first=[Says("looking", calls=(("glob", {"pattern": "*"}),) * 2), Says("found")]))
    conversation = there.open()
    await conversation.say("first")
    items, more = said(conversation.tree, conversation.tree.branches["main"], 3)
    assert items == [
        Said("words", "first"),
        Said("reply", "looking"),
        Said("calls", "glob", 2),
        Said("reply", "found"),
    ]
    assert not more


async def test_the_last_exchanges_only(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    for words in ("one", "two", "three"):
        await conversation.say(words)
    items, more = said(conversation.tree, conversation.tree.branches["main"], 2)
    assert [item.text for item in items if item.kind == "words"] == ["two", "three"]
    assert more


async def test_a_fork_has_its_task_and_what_came_of_it(tmp_path):
    conversation = stage(tmp_path, lines(task=Says("report"))).open()
    await conversation.say("one")
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    items, _ = said(conversation.tree, conversation.tree.branches["a"], 3)
    assert items == [Said("words", "task"), Said("reply", "report")]


async def test_it_is_the_same_after_a_resume(tmp_path):
    there = stage(tmp_path, lines(first=Says("found")), facts=None)
    conversation = there.open()
    conversation.notes.append("<ran>\n</ran>")
    await conversation.say("first")
    before = said(conversation.tree, conversation.tree.branches["main"], 3)
    await conversation.close()
    again = there.again()
    assert (
        said(again.tree, again.tree.branches["main"], 3)
        == before
        == ([Said("words", "first"), Said("reply", "found")], False)
    )
    await again.close()


def test_a_session_without_words_has_no_past(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    assert said(conversation.tree, conversation.tree.branches["main"], 3) == ([], False)
