"""A checkpoint never changes what a resume means: it says what the log says, or it is not used."""

import json
import os
import random

import pytest

from omg.agent import requests
from omg.session import checkpoint, keeping
from omg.session.keeping import Keeping
from omg.session.load import load
from omg.session.store import Store
from omg.session.verify import verify
from omg.workspace import git
from tests.scripted import Says, lines, stage
from tests.session.eventful import eventful, whole
from tests.session.same import told


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """A checkpoint after each of the shortest of sessions, and requests packed as soon as some are settled."""
    monkeypatch.setattr(keeping, "WORTH", 1)
    monkeypatch.setattr(requests, "PACKED", 2)
    monkeypatch.setattr(requests, "LOOSE", 3)
    monkeypatch.setattr(git, "root", lambda folder: None)


def at_rest(log):
    return checkpoint.path_of(log).read_bytes()


def resumed(log):
    """What a resume knows, and whether that is what the log alone tells."""
    loaded = load(log)
    assert told(loaded) == told(load(log, whole=True))
    return loaded


async def short(tmp_path):
    """A stage with a closed session of two turns and a fork."""
    tmp_path.mkdir(exist_ok=True)
    on = stage(tmp_path, lines(first=[Says("", calls=(("glob", {"pattern": "*"}),)), Says("one")], task=Says("found")))
    conversation = on.open()
    await conversation.say("first")
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    await conversation.say("second")
    await conversation.close()
    return on


async def test_a_closed_session_is_resumed_without_replaying_a_record(tmp_path):
    on = await eventful(tmp_path)
    loaded = resumed(on.log)
    assert loaded.replayed == 0
    assert verify(loaded.tree).problem is None


async def test_what_came_after_a_checkpoint_is_replayed(tmp_path):
    on = await short(tmp_path)
    kept = at_rest(on.log)
    again = on.again()
    await again.say("third")
    await again.close()
    checkpoint.path_of(on.log).write_bytes(kept)
    assert 0 < resumed(on.log).replayed < on.log.stat().st_size


async def test_a_resumed_session_goes_on_is_verified_and_can_be_forked_from_its_first_message(tmp_path):
    on = await eventful(tmp_path)
    again = on.again()
    first = again.tree.branches["main"].past[0].tip.at_depth(2)
    children = again.agent.fork(["task_four"], node=first)
    await again.agent.forks.wait(children)
    assert children[0].branch.status == "done"
    assert (await again.say("last")).stop == "end_turn"
    assert on.provider.illegal == []
    assert verify(again.tree).problem is None
    await again.close()
    assert resumed(on.log).replayed == 0


async def test_at_every_moment_of_a_session_a_resume_knows_what_the_log_tells(tmp_path, monkeypatch):
    """The process may be killed behind any record, and while one is being written."""
    moments, write, dice = [], Keeping.write, random.Random(3)

    def watched(self, *records):
        monkeypatch.setattr(keeping, "EVERY", dice.choice([1, 2000, 10**9]))
        write(self, *records)
        kept = checkpoint.path_of(self.log.path)
        moments.append((self.log.path.read_bytes(), kept.read_bytes() if kept.exists() else None))

    monkeypatch.setattr(Keeping, "write", watched)
    on = await eventful(tmp_path)
    short_cuts = 0
    for log, kept in moments:
        for torn in (0, dice.randrange(1, 400)):
            left = log[: len(log) - torn]
            on.log.write_bytes(left)
            checkpoint.path_of(on.log).unlink(missing_ok=True)
            if kept is not None:
                checkpoint.path_of(on.log).write_bytes(kept)
            if b'"kind":"branch"' in left[: whole(left)]:
                loaded = resumed(on.log)
                short_cuts += loaded.replayed < loaded.covered.size
    assert short_cuts > len(moments) / 2


async def test_damage_in_what_is_covered_is_found_at_once_and_told_as_ever(tmp_path):
    on = await short(tmp_path)
    log = on.log.read_bytes()
    for place in range(0, len(log), max(1, len(log) // 40)):
        on.log.write_bytes(log[:place] + bytes([log[place] ^ 1]) + log[place + 1 :])
        if place < log.index(b"\n"):
            continue
        loaded = resumed(on.log)
        assert loaded.damage
        assert loaded.replayed == loaded.covered.size  # no short cut: a torn end is not covered


async def test_damage_that_was_there_is_told_again_by_every_resume(tmp_path):
    on = await short(tmp_path)
    on.log.write_bytes(on.log.read_bytes().replace(b'"kind":"begun","at"', b'"kind":"begun","aT"', 1))
    first = on.again()
    assert (await first.say("third")).stop == "end_turn"
    await first.close()
    second = on.again()
    assert [notice for notice in second.notices if "left out" in notice]
    await second.close()
    loaded = resumed(on.log)
    assert loaded.replayed == 0
    assert loaded.damage


@pytest.mark.parametrize("end", [0, 1, 40, -1, -400])
async def test_a_checkpoint_that_is_torn_is_not_used(tmp_path, end):
    on = await short(tmp_path)
    checkpoint.path_of(on.log).write_bytes(at_rest(on.log)[:end])
    assert resumed(on.log).replayed == on.log.stat().st_size


async def test_a_checkpoint_that_is_damaged_anywhere_is_not_used(tmp_path):
    on = await short(tmp_path)
    kept = at_rest(on.log)
    for place in range(0, len(kept), max(1, len(kept) // 60)):
        damaged = kept[:place] + bytes([kept[place] ^ 4]) + kept[place + 1 :]
        checkpoint.path_of(on.log).write_bytes(damaged)
        resumed(on.log)


async def test_a_checkpoint_of_other_code_is_not_used(tmp_path, monkeypatch):
    on = await short(tmp_path)
    monkeypatch.setattr(checkpoint, "_shape", lambda: "another")
    assert resumed(on.log).replayed == on.log.stat().st_size
    await on.again().close()
    assert resumed(on.log).replayed == 0


async def test_a_checkpoint_of_another_session_is_not_used(tmp_path):
    on = await short(tmp_path / "one")
    other = await short(tmp_path / "two")
    checkpoint.path_of(on.log).write_bytes(at_rest(other.log))
    assert resumed(on.log).replayed == on.log.stat().st_size


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


async def test_a_checkpoint_makes_data_of_ours_and_runs_nothing(tmp_path, monkeypatch):
    import pickle
    import zlib

    on = await short(tmp_path)
    monkeypatch.chdir(tmp_path)
    first = json.loads(at_rest(on.log).split(b"\n", 1)[0])
    payload = pickle.dumps(Evil())
    first["payload"] = zlib.crc32(payload)
    checkpoint.path_of(on.log).write_bytes(json.dumps(first).encode() + b"\n" + payload)
    assert resumed(on.log).replayed == on.log.stat().st_size
    assert not (tmp_path / "evil").exists()


async def test_what_could_not_be_written_is_in_no_checkpoint(tmp_path, monkeypatch):
    """The tree takes it into account all the same; a later process must find what the log tells."""
    on = await short(tmp_path)
    again, write, full = on.again(), os.write, True

    def fails(file, data):
        if full and b'"kind":"settled"' in data:
            raise OSError(28, "No space left")
        return write(file, data)

    monkeypatch.setattr("omg.session.log.os.write", fails)
    assert (await again.say("third")).stop == "error"
    full = False
    assert (await again.say("fourth")).stop == "end_turn"
    await again.close()
    resumed(on.log)


async def test_a_checkpoint_that_cannot_be_written_costs_time_alone(tmp_path):
    on = await short(tmp_path)
    checkpoint.path_of(on.log).unlink()
    on.log.with_suffix(".checkpoint-new").mkdir()
    again = on.again()
    assert (await again.say("third")).stop == "end_turn"
    await again.close()
    assert not checkpoint.path_of(on.log).exists()
    assert resumed(on.log).replayed == on.log.stat().st_size


async def test_a_short_session_needs_none_and_no_list_shows_one(tmp_path, monkeypatch):
    on = await short(tmp_path)
    assert len(list(Store(on.home).newest())) == 1
    checkpoint.path_of(on.log).unlink()
    monkeypatch.setattr(keeping, "WORTH", 10**6)
    await on.again().close()
    assert not checkpoint.path_of(on.log).exists()


async def test_a_session_that_never_began_for_want_of_room_is_resumed_as_its_log_tells(tmp_path, monkeypatch):
    on = stage(tmp_path, lines())
    conversation, write = on.open(), os.write

    def full(file, data):
        raise OSError(28, "No space left")

    monkeypatch.setattr("omg.session.log.os.write", full)
    assert (await conversation.say("first")).stop == "error"
    monkeypatch.setattr("omg.session.log.os.write", write)
    assert (await conversation.say("again")).stop == "end_turn"
    await conversation.close()
    resumed(on.log)
