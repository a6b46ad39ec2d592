"""Finding sessions, and beginning one at a node of another."""

import pytest

from omg.agent.facts import Fact
from omg.agent.turn import Outcome
from omg.core.spoken import Spoken
from omg.session.load import NoSession, load
from omg.session.opening import open_fork, open_saved
from omg.session.outcome import linked_lines, result
from omg.session.store import Store
from omg.session.verify import verify
from tests.scripted import Says, lines, prefix, stage


async def said(on, *words):
    conversation = on.open()
    for each in words:
        await conversation.say(each)
    await conversation.close()
    return conversation.id


async def test_nothing_is_written_before_anything_happens(tmp_path):
    on = stage(tmp_path, lines())
    await on.open().close()
    assert not (on.home / "sessions").exists()
    assert list(Store(on.home).newest()) == []
    with pytest.raises(NoSession, match="no session in"):
        on.again()


async def test_a_session_is_found_by_its_id_by_a_unique_beginning_and_as_the_last_of_its_folder(tmp_path):
    on = stage(tmp_path, lines())
    id = await said(on, "first")
    store = Store(on.home)
    assert store.find(id, on.folder) == store.find(id[:5], on.folder) == store.find("last", on.folder) == store.path(id)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(NoSession):
        store.find("last", other)
    for name in ("", "zzz", "../" + id, id + "x"):
        with pytest.raises(NoSession):
            store.find(name, on.folder)


async def test_of_several_that_begin_alike_none_is_chosen(tmp_path):
    on = stage(tmp_path, lines())
    await said(on, "first")
    for name in ("abc1", "abc2"):
        Store(on.home).path(name).touch()
    with pytest.raises(NoSession, match="2 sessions begin"):
        Store(on.home).find("abc", on.folder)


async def test_a_fork_of_a_saved_session_shares_its_bytes_and_knows_where_it_is_from(tmp_path):
    on = stage(tmp_path, lines(first=Says("one", thinking="hm")), facts=lambda: [Fact("folder", "folder: here")])
    source = on.open()
    await source.say("first")
    before = on.log.read_bytes()
    fork = open_fork(on.config(), Store(on.home).path(source.id), None)
    fork.agent.runtime.facts = lambda: [Fact("folder", "folder: here")]
    await fork.agent.forks.wait(fork.agent.fork(["task_one"]))
    parent = prefix(on.provider.sent[0].body) + b"," + source.tree.branches["main"].tip.message.body
    assert prefix(on.provider.sent[1].body).startswith(parent)
    assert len(on.provider.sent[1].newest) == 2, "what the parent was told is not told again"
    assert fork.tree.session.parent == source.id
    assert Store(on.home).path(source.id).read_bytes() == before
    await fork.close()
    loaded = load(Store(on.home).path(fork.id))
    assert verify(loaded.tree).problem is None
    assert loaded.damage == ()
    await source.close()


async def test_the_sums_of_a_tree_hold_its_forked_sessions_and_never_the_reverse(tmp_path):
    on = stage(tmp_path, lines())
    source = on.open()
    await source.say("first")
    fork = open_fork(on.config(), Store(on.home).path(source.id), None)
    await fork.agent.forks.wait(fork.agent.fork(["task_one"]))
    assert len(linked_lines(Store(on.home), source.id)) == 1
    value = result(source, Outcome("end_turn"))
    assert (value["requests"], value["tree"]["requests"]) == (1, 2)
    value = result(fork, Outcome("end_turn"), forked=True)
    assert (value["tree"]["requests"], value["parent"], value["text"]) == (1, source.id, None)
    await fork.close()
    await source.close()


async def test_a_fork_can_begin_at_a_node_or_a_branch_and_nowhere_else(tmp_path):
    on = stage(tmp_path, lines())
    source = on.open()
    await source.say("first")
    node = source.tree.branches["main"].tip
    await source.say("second")
    await source.agent.forks.wait(source.agent.fork(["task_one"]))
    path = Store(on.home).path(source.id)
    assert open_fork(on.config(), path, node.id[:12]).tree.branches["main"].tip.id == node.id
    child = source.tree.branches["a"]
    assert open_fork(on.config(), path, "a").tree.branches["main"].tip.id == child.tip.id
    for place in ("", "nowhere", "0" * 64):
        with pytest.raises(NoSession):
            open_fork(on.config(), path, place)
    await source.close()


async def test_a_saved_session_without_a_readable_main_is_refused_in_one_line(tmp_path):
    on = stage(tmp_path, lines())
    await said(on, "first")
    kept = [line for line in on.log.read_bytes().splitlines(keepends=True) if b'"name":"main"' not in line]
    on.log.write_bytes(b"".join(kept))
    for opened in (lambda: open_saved(on.config(), on.log), lambda: open_fork(on.config(), on.log, None)):
        with pytest.raises(NoSession, match="no branch that can be read"):
            opened()


async def test_resuming_writes_nothing_where_there_is_nothing_to_mend(tmp_path):
    on = stage(tmp_path, lines())
    await said(on, "first")
    before = on.log.read_bytes()
    again = on.again()
    assert again.draft is None
    await again.close()
    assert on.log.read_bytes() == before


async def test_words_that_were_never_answered_are_in_the_prompt_again(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    log = on.log.read_bytes()
    again = on.again()
    await again.say("second")
    await again.close()
    longer = on.log.read_bytes()
    end = longer.index(b'"kind":"request"', len(log))
    on.log.write_bytes(longer[: longer.rindex(b"\n", 0, end) + 1])
    last = on.again()
    assert last.draft == Spoken("second")
    assert any("your last words were not answered" in notice for notice in last.notices)
    assert (await last.say("third")).stop == "end_turn"
    assert verify(last.tree).problem is None


def test_an_id_is_never_given_twice(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.folder.mkdir(parents=True)
    given = iter(["aa", "aa", "bb"])
    monkeypatch.setattr("omg.session.store.secrets.token_hex", lambda size: next(given))
    store.path("aa").touch()
    assert store.new_id() == "bb"
