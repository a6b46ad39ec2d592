"""A log that was cut or damaged anywhere: what can be read is kept, the rest is told, and the session goes on."""

import asyncio
import random

import pytest

from omg.session.load import load
from omg.session.log import read_lines
from omg.workspace import git
from tests.session.eventful import eventful, goes_on, records, whole


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A stage with the eventful session, and its log's bytes."""
    on = asyncio.run(eventful(tmp_path_factory.mktemp("eventful")))
    return on, on.log.read_bytes()


@pytest.fixture
def on(written, monkeypatch):
    """The same, with the log as it was written, and no time spent on asking git."""
    monkeypatch.setattr(git, "root", lambda folder: None)
    stage, log = written
    yield stage
    stage.log.write_bytes(log)
    for aside in stage.log.parent.glob("*.torn-*"):
        aside.unlink()


def restore(stage, log):
    stage.log.write_bytes(log)


def offsets_of_lines(log):
    return [at + 1 for at, byte in enumerate(log) if byte == ord("\n")]


def after_main(log):
    """The first offset behind which the log tells of main."""
    ends = offsets_of_lines(log)
    kinds = [record["kind"] for record in records(log)]
    return ends[kinds.index("branch")]


async def test_cut_at_the_end_of_any_record_it_goes_on(on, written):
    _, log = written
    for end in offsets_of_lines(log):
        if end >= after_main(log):
            restore(on, log[:end])
            await goes_on(on, log[:end])


async def test_cut_at_any_byte_of_its_last_records_it_goes_on_and_keeps_the_torn_end(on, written):
    _, log = written
    begin = offsets_of_lines(log)[-3]
    for end in range(begin + 1, len(log), 7):
        restore(on, log[:end])
        notices = await goes_on(on, log[:end])
        kept = whole(log[:end])
        if kept != end:
            assert any("torn end is set aside" in notice for notice in notices)
            assert on.log.with_suffix(f".torn-{kept}").read_bytes() == log[kept:end]


async def test_cut_anywhere_else_it_goes_on(on, written):
    _, log = written
    places = random.Random(7)
    for _ in range(60):
        end = places.randrange(after_main(log), len(log))
        restore(on, log[:end])
        await goes_on(on, log[:end])


def test_every_cut_can_be_read_and_tells_of_all_whole_records(on, written):
    _, log = written
    for end in [*offsets_of_lines(log), *range(offsets_of_lines(log)[2], len(log), 101)]:
        restore(on, log[:end])
        kept = whole(log[:end])
        if not kept:
            continue
        loaded = load(on.log)
        assert [damage.offset for damage in loaded.damage] == ([] if end == kept else [kept])
        assert len(loaded.tree.requests) == sum(record["kind"] == "request" for record in records(log[:end]))


async def test_twice_cut_it_still_goes_on(on, written):
    _, log = written
    restore(on, log[:-20])
    await goes_on(on, log[:-20])
    longer = on.log.read_bytes()
    restore(on, longer[:-31])
    await goes_on(on, longer[:-31])


async def test_a_byte_that_was_flipped_is_reported_with_its_place_and_harms_no_more_than_it_must(on, written):
    _, log = written
    places = random.Random(11)
    begin = after_main(log)
    for _ in range(120):
        at = places.randrange(begin, len(log))
        damaged = bytearray(log)
        damaged[at] ^= 1 << places.randrange(8)
        restore(on, bytes(damaged))
        loaded = load(on.log)
        first = loaded.damage[0]
        line = log.rfind(b"\n", 0, at) + 1
        assert first.offset == line
        conversation = on.again()
        assert f"byte {line}" in conversation.notices[0]
        outcome = await conversation.say("last")
        assert outcome.stop == "end_turn", outcome
        await conversation.close()


async def test_with_any_one_record_lost_it_opens_forks_and_goes_on(on, written):
    _, log = written
    lines = log.splitlines(keepends=True)
    for gone in range(len(lines)):
        if records(log)[gone]["kind"] in ("session", "head") or gone <= 2:
            continue
        restore(on, b"".join(lines[:gone] + lines[gone + 1 :]))
        before = max(record["n"] for record in records(on.log.read_bytes()) if record["kind"] == "request")
        conversation = on.again()
        outcome = await conversation.say("last")
        assert outcome.stop == "end_turn", (records(log)[gone], outcome)
        await conversation.agent.forks.wait(conversation.agent.fork(["task_two"]))
        assert min(n for n in conversation.tree.requests if n > before) == before + 1
        conversation.figures()
        await conversation.close()
        numbers = [record["n"] for record in records(on.log.read_bytes()) if record["kind"] == "request"]
        assert len(numbers) == len(set(numbers)), records(log)[gone]


def test_the_places_of_lines_are_their_offsets(on, written):
    _, log = written
    for line in read_lines(on.log):
        assert log[line.offset :].startswith(b'{"crc":')
