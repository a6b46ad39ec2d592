"""The title of a session: whose it is, and that it lasts."""

import pytest

from omg.agent.journal import TitleSet
from omg.core.trouble import Trouble
from omg.session.commands import run_command
from omg.session.naming import rename_saved, title_of
from omg.session.query import Query
from omg.session.store import Store
from omg.session.verify import verify
from tests.scripted import lines, stage


async def talked(on):
    conversation = on.open()
    await conversation.say("why is the cache cold?")
    return conversation


async def test_it_is_made_of_the_first_words_until_somebody_gives_one(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    assert title_of(conversation.tree) == ""
    await conversation.say("why is the cache cold?")
    assert title_of(conversation.tree) == "why is the cache cold?"
    done = await run_command(conversation, "/rename  Cold   mornings")
    assert done.text == "this session is called: Cold mornings"
    await conversation.close()
    again = on.again()
    assert title_of(again.tree) == "Cold mornings"
    assert verify(again.tree).problem is None
    assert [found.summary.title for found in again.library.find(Query(("mornings",)))] == ["Cold mornings"]
    await again.close()


async def test_a_models_title_does_not_replace_a_persons(tmp_path):
    conversation = await talked(stage(tmp_path, lines()))
    record = conversation.agent.runtime.record
    record(TitleSet(at=1.0, title="the model's", by="model"))
    assert title_of(conversation.tree) == "the model's"
    record(TitleSet(at=2.0, title="mine"))
    record(TitleSet(at=3.0, title="the model's again", by="model"))
    assert title_of(conversation.tree) == "mine"
    assert [found.summary.title for found in conversation.library.find(Query())] == ["mine"]


async def test_a_title_changes_nothing_that_is_sent(tmp_path):
    on = stage(tmp_path, lines())
    conversation = await talked(on)
    await run_command(conversation, "/rename xyzzy")
    await conversation.say("second")
    assert b"xyzzy" not in on.provider.sent[-1].body
    assert verify(conversation.tree).problem is None


async def test_a_saved_session_is_named_without_being_the_newest_then(tmp_path):
    on = stage(tmp_path, lines())
    one = await talked(on)
    await one.close()
    before = on.log.stat().st_mtime_ns
    assert rename_saved(on.log, "a new name.") == "a new name"
    assert on.log.stat().st_mtime_ns == before
    again = on.again()
    assert title_of(again.tree) == "a new name"
    assert (await again.say("second")).stop == "end_turn"
    await again.close()


async def test_a_torn_end_is_set_aside_before_a_name_is_written_behind_it(tmp_path):
    on = stage(tmp_path, lines())
    await (await talked(on)).close()
    with on.log.open("ab") as file:
        file.write(b'{"crc":"00000000","more":1,"ki')
    rename_saved(on.log, "named")
    again = on.again()
    assert again.notices == [] or all("left out" not in notice for notice in again.notices)
    assert title_of(again.tree) == "named"
    await again.close()


async def test_an_open_session_is_named_where_it_is_open(tmp_path):
    on = stage(tmp_path, lines())
    conversation = await talked(on)
    with pytest.raises(Trouble, match="is open: say `/rename mine` there"):
        rename_saved(on.log, "mine")
    await conversation.close()


@pytest.mark.parametrize("words", ["", "   ", "\x1b\u202e"])
async def test_a_title_needs_words(tmp_path, words):
    conversation = await talked(stage(tmp_path, lines()))
    with pytest.raises(Trouble, match="a title needs words"):
        await run_command(conversation, f"/rename {words}")


async def test_what_is_no_session_cannot_be_named(tmp_path):
    store = Store(tmp_path)
    store.folder.mkdir()
    store.path("bad").write_bytes(b"garbage\n")
    with pytest.raises(Trouble):
        rename_saved(store.path("bad"), "x")
    assert store.path("bad").read_bytes() == b"garbage\n"
