"""All sessions behind one door: up to date when asked, and never in the way."""

import threading

from omg.session.index import Index
from omg.session.library import Library
from omg.session.query import Query
from tests.scripted import Says, lines, stage


async def talked(on, *words):
    conversation = on.open()
    for each in words:
        await conversation.say(each)
    await conversation.close()
    return conversation.id


async def test_nothing_is_read_before_the_first_question(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    Library(on.home).close()
    assert not (on.home / "index.sqlite").exists()


async def test_a_question_does_not_wait_for_a_long_reading_and_says_that_more_is_to_come(tmp_path, monkeypatch):
    on = stage(tmp_path, lines())
    id = await talked(on, "fish")
    go, update = threading.Event(), Index.update
    monkeypatch.setattr(Index, "update", lambda self, progress=None: (go.wait(30), update(self, progress)))
    library = Library(on.home, wait=0.01)
    assert library.find(Query()) == []
    assert library.reading
    go.set()
    library.settle(None)
    assert [found.summary.id for found in library.find(Query())] == [id]
    library.close()


async def test_settled_it_knows_what_was_written_until_now(tmp_path):
    on = stage(tmp_path, lines())
    library = Library(on.home, wait=None)
    conversation = on.open()
    for count in range(3):
        await conversation.say(f"fish {count}")
        library.settle(None)
        assert library.find(Query(("fish",)))[0].summary.turns == count + 1
    await conversation.close()
    library.close()


async def test_a_preview_is_the_end_of_what_was_said(tmp_path):
    on = stage(tmp_path, lines(first=[Says("looking", calls=(("glob", {"pattern": "*"}),)), Says("found it")]))
    id = await talked(on, "first", "second")
    library = Library(on.home, wait=None)
    library.settle(None)
    assert library.preview(id) == "› first\nlooking\n▸ glob *\nfound it\n› second\ndone"
    assert library.preview("none") == ""
    library.close()


async def test_what_there_is_to_say_of_the_index_is_said_once(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    (on.home / "index.sqlite").write_bytes(b"garbage" * 999)
    library = Library(on.home, wait=None)
    library.settle(None)
    assert len(library.told()) == 1
    assert library.told() == []
    assert len(library.find(Query())) == 1
    library.close()
