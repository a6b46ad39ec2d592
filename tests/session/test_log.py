"""The log file: checked lines, one writer, and nothing half-written when the disk is full."""

import errno
import os
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from omg.agent.journal import JournalError, ReportDropped
from omg.core.events import TurnEnded
from omg.session.codec import FORMAT
from omg.session.load import NoSession, load
from omg.session.log import Log, SessionBusy, frame, read_lines
from omg.session.store import Store
from omg.session.verify import verify
from tests.scripted import Says, lines, stage


def drop(name: str) -> ReportDropped:
    return ReportDropped(at=1.0, branch=name)


def test_what_is_written_is_read_back_line_by_line(tmp_path):
    with Log(tmp_path / "a.jsonl") as log:
        log.write(drop("one"))
        log.write(drop("two"), drop("three"))
        log.sync()
    assert [b'"three"' in line.data for line in read_lines(tmp_path / "a.jsonl")] == [False, False, True]


def test_a_second_writer_in_this_process_or_another_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    with Log(path):
        with pytest.raises(SessionBusy):
            Log(path)
        program = f"from pathlib import Path; from omg.session.log import Log; Log(Path({str(path)!r}))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "SessionBusy" in done.stderr
    Log(path).close()


def test_a_log_that_is_closed_is_free_whoever_holds_a_copy_of_its_file(tmp_path):
    log = Log(tmp_path / "a.jsonl")
    copy = os.dup(log._file)
    log.close()
    Log(tmp_path / "a.jsonl").close()
    os.close(copy)


async def test_a_session_that_is_open_is_busy_and_free_again_when_it_is_closed(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    with pytest.raises(SessionBusy):
        on.again()
    await conversation.close()
    await on.again().close()


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="cannot open the session log"):
        Log(tmp_path / "file" / "a.jsonl")


class Full:
    """A disk with room for so many bytes more: the write that does not fit is done in part."""

    def __init__(self, monkeypatch, path, room: int) -> None:
        self.room, self.path, self.write = room, path, os.write
        monkeypatch.setattr("omg.session.log.os.write", self)

    def __call__(self, file: int, data: bytes) -> int:
        if not os.path.samestat(os.fstat(file), os.stat(self.path)):
            return self.write(file, data)
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(file, data[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 17, len(frame(drop("one"))), len(frame(drop("one"))) + 5])
def test_records_that_do_not_fit_are_not_written_at_all(tmp_path, monkeypatch, room):
    path = tmp_path / "a.jsonl"
    with Log(path) as log:
        log.write(drop("zero"))
        before = path.read_bytes()
        disk = Full(monkeypatch, path, room)
        with pytest.raises(JournalError, match="No space left"):
            log.write(drop("one"), drop("two"))
        assert path.read_bytes() == before
        disk.room = 10_000
        log.write(drop("three"))
    assert len(list(read_lines(path))) == 2


@pytest.mark.parametrize("room", [0, 300, 900, 1500, 2500, 5000])
async def test_a_full_disk_ends_the_turn_in_one_line_and_later_words_go_on(tmp_path, monkeypatch, room):
    calls = (("glob", {"pattern": "*"}), ("fork", {"tasks": ["task_one"]}))
    on = stage(tmp_path, lines(second=[Says("x" * 500, thinking="hm", calls=calls), Says("two")]))
    conversation = on.open()
    await conversation.say("first")
    disk = Full(monkeypatch, on.log, room)
    outcome = await conversation.say("second")
    disk.room = 10**9
    if outcome.stop == "error":
        assert "No space left" in outcome.error
        assert "\n" not in outcome.error
    else:
        assert room == 5000
    assert (await conversation.say("third")).stop == "end_turn"
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None
    live = conversation.tree.branches["main"]
    await conversation.close()
    loaded = load(on.log)
    assert loaded.damage == ()
    assert verify(loaded.tree).problem is None
    assert loaded.tree.branches["main"].tip.id == live.tip.id
    assert loaded.tree.branches["main"].pending == live.pending
    again = on.again()
    assert (await again.say("fourth")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_the_words_that_found_no_room_come_back_and_a_new_session_can_still_begin(tmp_path, monkeypatch):
    on = stage(tmp_path, lines())
    conversation = on.open()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limit[1]))
    try:
        outcome = await conversation.say("first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (outcome.stop, on.seen(TurnEnded)[-1].draft) == ("error", "first")
    assert on.provider.sent == []
    assert list(Store(on.home).newest()) == []
    assert list((on.home / "sessions").iterdir()) == []
    assert (await conversation.say("first")).stop == "end_turn"
    await conversation.close()
    assert (await on.again().say("second")).stop == "end_turn"


async def test_a_disk_that_cannot_sync_ends_the_turn_in_one_line(tmp_path, monkeypatch):
    on = stage(tmp_path, lines())
    conversation = on.open()

    def broken(file):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("omg.session.log.os.fdatasync", broken)
    outcome = await conversation.say("first")
    assert outcome.stop == "error"
    assert "cannot sync" in outcome.error
    monkeypatch.undo()
    assert (await conversation.say("second")).stop == "end_turn"


async def test_a_newer_format_is_refused_in_one_line_and_newer_records_are_passed_over(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    log = on.log.read_bytes()

    class Newer(ReportDropped):
        kind = "hologram"

    on.log.write_bytes(log + frame(Newer(at=1.0, branch="main")))
    again = on.again()
    assert not any("left out" in notice for notice in again.notices)
    assert (await again.say("second")).stop == "end_turn"
    await again.close()

    first = load(on.log).tree.session
    on.log.write_bytes(frame(replace(first, format=FORMAT + 1, omg="9.9")) + log.split(b"\n", 1)[1])
    with pytest.raises(NoSession, match="newer OMG"):
        on.again()
    Log(on.log).close()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hello", b"\x00" * 5000, b"{}\n", b'{"crc":"00000000",}\n', b"\xff" * 99]
)
def test_what_is_no_session_is_told_in_one_line_and_listed_nowhere(tmp_path, content):
    on = stage(tmp_path, lines())
    path = Store(on.home).path("abc123")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(NoSession):
        on.again(name="abc123")
    assert path.read_bytes() == content
    assert list(Store(on.home).newest()) == []
    Log(path).close()


async def test_a_torn_end_that_cannot_be_set_aside_is_told_in_one_line(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    torn = on.log.read_bytes()[:-10]
    on.log.write_bytes(torn)
    end = load(on.log).torn.offset
    aside = on.log.with_suffix(f".torn-{end}")
    aside.mkdir()
    with pytest.raises(JournalError):
        on.again()
    assert on.log.read_bytes() == torn
    aside.rmdir()
    assert (await on.again().say("second")).stop == "end_turn"
