"""The commands about saved sessions: find one, go on with it, throw one away."""

import pytest

from omg.core.trouble import Trouble
from omg.session.command import Action
from omg.session.commands import run_command
from tests.scripted import Says, lines, stage


@pytest.fixture
async def at(tmp_path):
    """An open conversation with three other sessions saved beside it; their ids, the oldest first."""
    on = stage(tmp_path, lines(task=Says("found squid")))
    ids = []
    for words in ("where does the krill live?", "what is in the sea?", "and who lives in the sea?"):
        conversation = on.open()
        await conversation.say(words)
        await conversation.close()
        ids.append(conversation.id)
    conversation = on.open()
    await conversation.say("the one that is open")
    yield conversation, ids
    await conversation.close()


async def test_sessions_lists_the_others_with_numbers_the_newest_first(at):
    conversation, ids = at
    text = (await run_command(conversation, "/sessions")).text
    rows = text.splitlines()
    assert [row.split()[0] for row in rows[::2]] == ["1", "2", "3"]
    assert [row.split()[0] for row in rows[1::2]] == ids[::-1]
    assert rows[0].endswith("and who lives in the sea?")
    assert conversation.id not in text


async def test_words_and_filters_narrow_the_list(at):
    conversation, ids = at
    assert ids[0] in (await run_command(conversation, "/sessions krill live")).text
    assert (await run_command(conversation, "/sessions krill folder:elsewhere")).text == "no session matches"
    with pytest.raises(Trouble, match="is no day"):
        await run_command(conversation, "/sessions since:never")


async def test_resume_takes_a_number_of_the_list_an_id_or_words(at):
    conversation, ids = at
    await run_command(conversation, "/sessions sea")
    for said, id in (("2", ids[1]), (ids[0][:8], ids[0]), ("krill", ids[0])):
        assert (await run_command(conversation, f"/resume {said}")).action == Action("resume", id)
    assert (await run_command(conversation, "/resume")).action == Action("resume")


async def test_words_of_several_sessions_list_them_to_choose_from(at):
    conversation, ids = at
    done = await run_command(conversation, "/resume the sea")
    assert done.action is None
    assert done.text.endswith("2 sessions match: say a number")
    assert (await run_command(conversation, "/resume 2")).action == Action("resume", ids[1])
    with pytest.raises(Trouble, match="no session matches 'pony'"):
        await run_command(conversation, "/resume pony")


async def test_delete_moves_another_session_to_the_trash_and_never_this_one(at):
    conversation, ids = at
    await run_command(conversation, "/sessions krill")
    done = await run_command(conversation, "/delete 1")
    assert done.text == f"where does the krill live? is in the trash: `omg sessions restore {ids[0]}` brings it back"
    assert ids[0] not in (await run_command(conversation, "/sessions")).text
    for said in (conversation.id, "", "the sea"):
        with pytest.raises(Trouble):
            await run_command(conversation, f"/delete {said}")
    assert (await conversation.say("it is still here")).stop == "end_turn"


async def test_where_there_are_no_others_that_is_said(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    assert (await run_command(conversation, "/sessions")).text == "no other sessions yet"
