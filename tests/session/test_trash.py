"""Deleting a session, and having it back."""

import json

import pytest

from omg.core.trouble import Trouble
from omg.session.index import Index
from omg.session.opening import open_fork
from omg.session.query import Query
from omg.session.store import Store
from omg.session.trash import Trash
from omg.session.verify import verify
from tests.scripted import lines, stage


async def kept(tmp_path, words="why is the cache cold?"):
    """A stage, its store, and the summary of the session that is saved there."""
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say(words)
    await conversation.close()
    with Index(on.home) as index:
        index.update()
        summary = index.summary(conversation.id)
    return on, Store(on.home), summary


def listed(home):
    with Index(home) as index:
        index.update()
        return [found.summary.id for found in index.find(Query(), 9)]


async def test_a_deleted_session_is_in_the_trash_with_all_that_lay_beside_it(tmp_path):
    on, store, summary = await kept(tmp_path)
    beside = store.folder / f"{summary.id}.torn-99"
    beside.write_bytes(b"half")
    kept_files = store.kept(summary.id)
    kept_files.mkdir()
    (kept_files / "content").write_bytes(b"before")
    (store.folder / f"{summary.id}0.jsonl").write_bytes(b"another's")
    before = store.path(summary.id).read_bytes()
    trash = Trash(store)
    trash.delete(summary, now=50.0)
    assert listed(on.home) == []
    assert [path.name for path in store.folder.iterdir()] == [f"{summary.id}0.jsonl"]
    place = on.home / "trash" / summary.id
    assert (place / f"{summary.id}.jsonl").read_bytes() == before
    assert (place / beside.name).read_bytes() == b"half"
    assert (place / kept_files.name / "content").read_bytes() == b"before"
    manifest = json.loads((place / "manifest.json").read_text())
    assert (manifest["title"], manifest["deleted"]) == ("why is the cache cold?", 50.0)
    (told,) = trash.summaries()
    assert (told.id, told.title, told.folder, told.deleted) == (summary.id, summary.title, summary.folder, 50.0)


async def test_it_comes_back_as_it_was(tmp_path):
    on, store, summary = await kept(tmp_path)
    before = store.path(summary.id).read_bytes()
    Trash(store).delete(summary, now=50.0)
    assert Trash(store).restore(summary.id[:4]) == summary.id
    assert store.path(summary.id).read_bytes() == before
    assert listed(on.home) == [summary.id]
    assert list((on.home / "trash").iterdir()) == []
    again = on.again()
    assert verify(again.tree).problem is None
    await again.close()


async def test_an_open_session_is_not_deleted(tmp_path):
    on, store, summary = await kept(tmp_path)
    again = on.again()
    with pytest.raises(Trouble, match="is open in another process: leave it first"):
        Trash(store).delete(summary, now=50.0)
    assert (await again.say("go on")).stop == "end_turn"
    await again.close()
    assert Trash(store).summaries() == []


async def test_what_was_forked_from_it_works_on(tmp_path):
    on, store, summary = await kept(tmp_path)
    fork = open_fork(on.config(), store.path(summary.id), None)
    await fork.agent.forks.wait(fork.agent.fork(["task_one"]))
    await fork.close()
    Trash(store).delete(summary, now=50.0)
    again = on.again(name=fork.id)
    assert (await again.say("go on")).stop == "end_turn"
    assert verify(again.tree).problem is None
    await again.close()


async def test_killed_in_the_middle_the_session_is_where_it_was_and_again_does_the_rest(tmp_path, monkeypatch):
    from pathlib import Path

    on, store, summary = await kept(tmp_path)
    (store.folder / f"{summary.id}.torn-99").write_bytes(b"half")
    rename = Path.rename

    def dies(self, to):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return rename(self, to)

    trash = Trash(store)
    for step in (lambda: trash.delete(summary, 50.0), lambda: trash.restore(summary.id)):
        monkeypatch.setattr(Path, "rename", dies)
        left = [1]
        before = (listed(on.home), [one.id for one in trash.summaries()])
        with pytest.raises(KeyboardInterrupt):
            step()
        assert (listed(on.home), [one.id for one in trash.summaries()]) == before
        monkeypatch.setattr(Path, "rename", rename)
        step()
    assert listed(on.home) == [summary.id]
    assert (store.folder / f"{summary.id}.torn-99").read_bytes() == b"half"


async def test_only_what_was_deleted_long_ago_is_pruned(tmp_path):
    _, store, summary = await kept(tmp_path)
    trash = Trash(store)
    trash.delete(summary, now=50.0)
    assert trash.prune(before=50.0) == []
    assert trash.prune(before=50.1) == [summary.id]
    assert trash.summaries() == []


async def test_names_that_are_not_there_or_are_there_again_are_told(tmp_path):
    _, store, summary = await kept(tmp_path)
    trash = Trash(store)
    for name in ("nothing", ""):
        with pytest.raises(Trouble, match="in the trash"):
            trash.restore(name)
    data = store.path(summary.id).read_bytes()
    trash.delete(summary, now=50.0)
    with pytest.raises(Trouble, match="there is no session"):
        trash.delete(summary, now=60.0)
    store.path(summary.id).write_bytes(data)
    with pytest.raises(Trouble, match=r"there is a session \w+ again"):
        trash.restore(summary.id)
    with pytest.raises(Trouble, match=r"holds a session \w+ already"):
        trash.delete(summary, now=60.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", "garbage", '{"created": "x"}'])
async def test_a_manifest_that_cannot_be_read_hides_nothing(tmp_path, text):
    on, store, summary = await kept(tmp_path)
    Trash(store).delete(summary, now=50.0)
    (on.home / "trash" / summary.id / "manifest.json").write_text(text)
    assert [one.id for one in Trash(store).summaries()] == [summary.id]
    assert Trash(store).restore(summary.id) == summary.id
