"""The index over all sessions: what it tells, and that it is never more than what the logs say."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from omg.agent.facts import Fact
from omg.session import accounts
from omg.session.index import Index
from omg.session.query import Query
from tests.scripted import Says, failure, lines, stage, until
from tests.session.eventful import eventful

GIT = [Fact("git", "git: branch feature/x at abc1234")]


async def talked(on, *words):
    """A saved session in which `words` were said."""
    conversation = on.open()
    for each in words:
        await conversation.say(each)
    await conversation.close()
    return conversation


def indexed(home, **values) -> Index:
    index = Index(home, **values)
    index.update()
    return index


EVERYTHING = Query()


def listed(home, query=EVERYTHING, **values):
    with indexed(home, **values) as index:
        return index.find(query, 100)


def hits(home, *words, **values):
    return [hit for found in listed(home, Query(words), **values) for hit in found.hits]


@pytest.fixture(params=[True, False], ids=["full text", "plain"])
def full(request):
    return request.param


async def test_a_session_is_told_by_what_happened_in_it(tmp_path):
    on = stage(tmp_path, lines(task=Says("found")), facts=lambda: GIT)
    conversation = on.open()
    await conversation.say("why is the cache cold?")
    await conversation.agent.forks.wait(conversation.agent.fork(["task_one", "task_two"]))
    await conversation.say("thanks")
    figures = conversation.figures()
    await conversation.close()
    (found,) = listed(on.home)
    one = found.summary
    assert (one.id, one.path, one.folder) == (conversation.id, on.log, str(on.folder.resolve()))
    assert (one.title, one.branch, one.parent) == ("why is the cache cold?", "feature/x", None)
    assert (one.turns, one.forks, one.requests) == (2, 2, figures.requests)
    assert one.cost_usd == pytest.approx(figures.cost_usd)
    assert one.updated == pytest.approx(on.log.stat().st_mtime)


async def test_of_an_eventful_session_it_tells_what_the_ledger_does(tmp_path):
    on = await eventful(tmp_path)
    (found,) = listed(on.home)
    conversation = on.again()
    before = accounts.sums(accounts.lines(conversation.tree))
    await conversation.close()
    assert found.summary.requests == before.requests
    assert found.summary.cost_usd == pytest.approx(before.cost_usd)
    assert found.summary.turns == 5, "the fourth was refused, and taken back"


async def test_words_replies_tasks_and_calls_are_found_where_they_stand(tmp_path, full):
    on = stage(
        tmp_path, lines(whale=Says("the answer is krill"), task=Says("squid", calls=(("glob", {"pattern": "*.ink"}),)))
    )
    conversation = on.open()
    await conversation.say("what does a whale eat?")
    await conversation.agent.forks.wait(conversation.agent.fork(["task of a walrus"]))
    await conversation.close()
    assert [(hit.branch, hit.kind) for hit in hits(on.home, "eat", words=full)] == [
        ("main", "title"),
        ("main", "words"),
    ]
    (reply,) = hits(on.home, "krill", words=full)
    assert (reply.branch, reply.kind, reply.node) == ("main", "reply", conversation.tree.branches["main"].tip.id)
    assert [reply.snippet[start:end] for start, end in reply.marks] == ["krill"]
    assert [(hit.branch, hit.kind) for hit in hits(on.home, "walrus", words=full)] == [("a", "task")]
    assert [(hit.branch, hit.kind) for hit in hits(on.home, "ink", words=full)] == [("a", "call")]


async def test_what_tools_gave_and_what_the_model_was_told_is_not_searched(tmp_path, full):
    on = stage(
        tmp_path, lines(first=[Says(calls=(("read", {"path": "secret.txt"}),)), Says("read it")]), facts=lambda: GIT
    )
    on.folder.joinpath("secret.txt").write_text("plankton")
    await talked(on, "first")
    assert hits(on.home, "plankton", words=full) == []
    assert hits(on.home, "feature", words=full) == []


async def test_all_words_must_stand_together_and_a_phrase_side_by_side(tmp_path, full):
    on = stage(tmp_path, lines())
    await talked(on, "red fish and blue bird", "red bird")
    assert len(hits(on.home, "blue", "fish", words=full)) == 2, "title and words"
    assert hits(on.home, "blue fish", words=full) == []
    assert [hit.kind for hit in hits(on.home, "red bird", words=full)] == ["words"]


async def test_the_last_word_may_be_the_beginning_of_one_and_case_does_not_matter(tmp_path, full):
    on = stage(tmp_path, lines())
    await talked(on, "first", "Breakpoints are FEW")
    assert [hit.kind for hit in hits(on.home, "few", "breakp", words=full)] == ["title", "words"]


@pytest.mark.parametrize(
    "word", ['"', "'", "%", "_", "*", "a*b", "NEAR(", "AND", "^", "\\", "(", ":", "text:x", "--", "é"]
)
async def test_any_word_can_be_looked_for(tmp_path, full, word):
    on = stage(tmp_path, lines())
    await talked(on, f"this holds x{word}x and {word} too", "nothing here")
    assert {hit.kind for hit in hits(on.home, word, words=full)} <= {"words", "title"} != set()


async def test_a_word_that_no_text_can_hold_asks_for_nothing(tmp_path, full):
    on = stage(tmp_path, lines())
    await talked(on, "first")
    assert [found.hits for found in listed(on.home, Query(("\0", " \ud800")), words=full)] == [()]


async def test_accents_do_not_matter_to_full_text_and_the_words_are_marked(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "first", "le café est froid, vraiment")
    (hit,) = hits(on.home, "cafe")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["cafe"]
    (hit,) = hits(on.home, "froid vraiment", "le")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["le", "froid, vraiment"]


async def test_a_snippet_is_cut_around_the_words(tmp_path, full):
    on = stage(tmp_path, lines())
    await talked(on, "first", f"{'before ' * 100} krill {'after ' * 100}")
    (hit,) = hits(on.home, "krill", words=full)
    assert hit.snippet.startswith("…before") and hit.snippet.endswith("after…")
    assert len(hit.snippet) < 200
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["krill"]


async def test_scripts_without_spaces_are_found_inside(tmp_path, full):
    on = stage(tmp_path, lines())
    await talked(on, "first", "キャッシュが冷たい理由を教えて")
    assert [hit.kind for hit in hits(on.home, "冷たい", words=full)] == ["words"]


async def test_filters_hold_beside_the_words_and_the_newest_is_first(tmp_path):
    on = stage(tmp_path, lines(), facts=lambda: GIT)
    old, new = await talked(on, "one fish"), await talked(on, "two fish")
    os.utime(on.home / "sessions" / f"{old.id}.jsonl", (1e9, 1e9))
    here = str(on.folder.resolve())

    def ids(**values):
        return [found.summary.id for found in listed(on.home, Query(**values))]

    assert ids() == ids(words=("fish",)) == ids(folder=here) == ids(branch="feature/x") == [new.id, old.id]
    assert ids(folder=str(tmp_path.resolve())) == [new.id, old.id]
    assert ids(folder=here + "x") == ids(branch="main") == []
    assert ids(since=1.1e9) == ids(words=("two",)) == [new.id]
    assert ids(until=1.1e9, words=("fish",)) == [old.id]


async def test_what_was_taken_back_is_not_found_and_no_turn(tmp_path, full):
    on = stage(tmp_path, lines(pony=Says(refused=failure("refused"))))
    conversation = on.open()
    await conversation.say("good words")
    with indexed(on.home, words=full) as index:
        await conversation.say("pony words")
        index.update()
        (found,) = index.find(Query(("words",)), 9)
        assert [hit.kind for hit in found.hits if "pony" in hit.snippet] == []
        assert found.summary.turns == 1
        assert index.find(Query(("pony",)), 9) == []
    await conversation.close()


async def test_what_was_found_while_it_was_on_its_way_is_not_once_it_was_taken_back(tmp_path, full):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(pony=Says(refused=failure("refused"), before=gate)))
    conversation = on.open()
    await conversation.say("good words")
    with Index(on.home, words=full) as index:
        turn = asyncio.ensure_future(conversation.say("pony words"))
        await until(lambda: len(on.provider.sent) == 2)
        index.update()
        (found,) = index.find(Query(("pony",)), 9)
        assert found.summary.turns == 2
        gate.set()
        await turn
        index.update()
        assert index.find(Query(("pony",)), 9) == []
        assert index.find(Query(), 9)[0].summary.turns == 1
    await conversation.close()


async def test_it_is_read_on_while_a_session_grows(tmp_path, full):
    on = stage(tmp_path, lines())
    conversation = on.open()
    with Index(on.home, words=full) as index:
        for count in range(3):
            await conversation.say(f"number{count} fish")
            index.update()
            (found,) = index.find(Query((f"number{count}",)), 9)
            assert found.summary.turns == count + 1
    await conversation.close()
    with Index(on.home, words=full) as index:
        told = []
        index.update(told.append)
        assert told[0] < 5000, "only what was written since is read"


async def test_a_fork_of_a_saved_session_is_found_by_its_own_words_only(tmp_path):
    from omg.session.opening import open_fork

    on = stage(tmp_path, lines(task=Says("gave squid")))
    source = await talked(on, "only krill")
    fork = open_fork(on.config(), on.log, None)
    await fork.agent.forks.wait(fork.agent.fork(["task_one"]))
    await fork.close()
    found = {one.summary.id: one.summary for one in listed(on.home)}
    assert (found[fork.id].parent, found[fork.id].forks, found[fork.id].turns) == (source.id, 1, 0)
    assert [one.summary.id for one in listed(on.home, Query(("krill",)))] == [source.id]
    assert [one.summary.id for one in listed(on.home, Query(("squid",)))] == [fork.id]


GARBAGE = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "no end": b"x" * 5000,
    "a log's beginning": b'{"crc":"',
    "json": b'{"kind":"session"}\n[]\nnull\n',
    "lines": b"\n\n\n",
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_garbage_is_passed_over(tmp_path, name):
    on = stage(tmp_path, lines())
    good = await talked(on, "fish")
    (on.home / "sessions" / "bad.jsonl").write_bytes(GARBAGE[name])
    (on.home / "sessions" / "folder.jsonl").mkdir()
    (on.home / "sessions" / "dangling.jsonl").symlink_to("nowhere")
    os.mkfifo(on.home / "sessions" / "pipe.jsonl")
    assert [found.summary.id for found in listed(on.home)] == [good.id]
    assert [found.summary.id for found in listed(on.home, Query(("fish",)))] == [good.id]


async def test_what_is_gone_shrunk_or_replaced_is_read_again(tmp_path, full):
    on = stage(tmp_path, lines())
    one, two = await talked(on, "first fish"), await talked(on, "second fish")
    logs = on.home / "sessions"
    with indexed(on.home, words=full) as index:
        whole = (logs / f"{one.id}.jsonl").read_bytes()
        (logs / f"{two.id}.jsonl").unlink()
        index.update()
        assert [found.summary.id for found in index.find(Query(("fish",)), 9)] == [one.id]
        at = whole.index(b'"kind":"node"')
        (logs / f"{one.id}.jsonl").write_bytes(whole[: whole.rindex(b"\n", 0, at) + 1])
        index.update()
        assert index.find(Query(("fish",)), 9) == []
        assert index.find(Query(), 9)[0].summary.turns == 0
        (logs / f"{one.id}.jsonl").write_bytes(whole)
        index.update()
        assert [found.summary.turns for found in index.find(Query(("fish",)), 9)] == [1]


async def test_another_file_of_the_same_size_and_length_is_read_again(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "krill krill")
    log = on.log
    with indexed(on.home) as index:
        other = stage(tmp_path / "x", lines()) if (tmp_path / "x").mkdir() is None else None
        await talked(other, "squid squid")
        data = other.log.read_bytes()
        log.write_bytes(data + b"\n" * max(0, log.stat().st_size - len(data)))
        index.update()
        assert index.find(Query(("krill",)), 9) == []
        assert len(index.find(Query(("squid",)), 9)) == 1


DAMAGE = {
    "not a database": lambda path: path.write_bytes(b"this is no database, " * 400),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "holes": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\0" * (path.stat().st_size - 4096)),
    "tables gone": lambda path: sqlite3.connect(path).executescript("DROP TABLE files"),
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_a_damaged_index_is_made_again_and_that_is_said_once(tmp_path, name):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    before = listed(on.home, Query(("fish",)))
    DAMAGE[name](on.home / "index.sqlite")
    told = []
    assert listed(on.home, Query(("fish",)), tell=told.append) == before
    assert len(told) == 1
    assert "made again" in told[0]
    assert listed(on.home, Query(("fish",)), tell=told.append) == before
    assert len(told) == 1


async def test_an_index_of_another_version_or_without_full_text_is_made_again(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    told = []
    for full in (True, False, True):
        assert len(hits(on.home, "fish", words=full, tell=told.append)) == 2
    base = sqlite3.connect(on.home / "index.sqlite")
    base.execute("PRAGMA user_version=1000")
    base.close()
    assert len(hits(on.home, "fish", tell=told.append)) == 2
    assert told == []


async def test_where_none_can_be_kept_it_is_made_in_memory(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    (on.home / "index.sqlite").mkdir()
    told = []
    assert len(hits(on.home, "fish", tell=told.append)) == 2
    assert len(told) == 1
    assert "cannot keep the index" in told[0]


async def test_a_home_without_sessions_has_none(tmp_path):
    assert listed(tmp_path / "nowhere") == []


async def test_it_is_as_private_as_the_logs(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    listed(on.home)
    assert {path.stat().st_mode & 0o077 for path in on.home.glob("index.sqlite*")} == {0}


async def test_records_of_a_newer_kind_and_fields_are_passed_over(tmp_path):
    import zlib

    on = stage(tmp_path, lines())
    await talked(on, "fish")
    for record in ({"kind": "hologram", "at": 1}, {"kind": "end", "branch": 5}, {"kind": "begun", "n": "x"}):
        rest = json.dumps(record)[1:].encode()
        with on.log.open("ab") as file:
            file.write(b'{"crc":"%08x",%s\n' % (zlib.crc32(b"" + rest), rest))
    (found,) = listed(on.home)
    assert found.summary.turns == 1


async def test_a_copy_is_a_session_of_its_own(tmp_path):
    on = stage(tmp_path, lines())
    one = await talked(on, "fish")
    shutil.copy(on.log, on.home / "sessions" / "copy.jsonl")
    assert {found.summary.id for found in listed(on.home)} == {one.id, "copy"}
    assert replace(listed(on.home)[0].summary, id="", path=one.config.home, updated=0) == replace(
        listed(on.home)[1].summary, id="", path=one.config.home, updated=0
    )


INDEXER = """
import sys
from pathlib import Path
from omg.session.index import Index
with Index(Path(sys.argv[1])) as index:
    print("began", flush=True)
    index.update()
"""


async def test_killed_while_it_is_made_it_goes_on_with_nothing_lost(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    logs = on.home / "sessions"
    for count in range(30):
        shutil.copy(on.log if count == 0 else logs / "copy0.jsonl", logs / f"copy{count}.jsonl")
    for wait in (0.0, 0.01, 0.03, 0.1):
        process = subprocess.Popen([sys.executable, "-c", INDEXER, str(on.home)], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"began\n"
        time.sleep(wait)
        process.kill()
        process.communicate()
    told = []
    assert len(listed(on.home, Query(("fish",)), tell=told.append)) == 31
    assert told == []


async def test_several_processes_at_once_make_one_index(tmp_path):
    on = stage(tmp_path, lines())
    await talked(on, "fish")
    for count in range(20):
        shutil.copy(
            on.log if count == 0 else on.home / "sessions" / "copy0.jsonl", on.home / "sessions" / f"copy{count}.jsonl"
        )
    command = [sys.executable, "-c", INDEXER, str(on.home)]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate()[1] for process in processes] == [b""] * 4
    assert len(listed(on.home, Query(("fish",)))) == 21
    base = sqlite3.connect(on.home / "index.sqlite")
    assert base.execute("SELECT count(*), count(DISTINCT id >> 32) FROM texts").fetchone() == (42, 21)
    base.close()
