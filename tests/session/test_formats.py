"""Sessions written by older versions: a log of each format, as the code of its time wrote it, resumes unchanged."""

import json
import re
import zlib
from pathlib import Path

import pytest

from omg.agent.journal import ReportDropped
from omg.session.codec import FORMAT
from omg.session.index import Index
from omg.session.load import NoSession, load
from omg.session.log import frame, read_lines
from omg.session.query import Query
from omg.session.store import Store
from omg.session.transcript import transcript
from omg.session.verify import verify
from tests.scripted import lines, prefix, stage

FORMATS = Path(__file__).with_name("formats")
LOGS = sorted(FORMATS.glob("*.jsonl"))


@pytest.fixture(params=LOGS, ids=[path.stem for path in LOGS])
def old(request, tmp_path):
    """A stage with such a log as its only session, and the log's bytes."""
    on = stage(tmp_path, lines())
    data = request.param.read_bytes()
    first = json.loads(data.split(b"\n", 1)[0])
    path = Store(on.home).path(first["id"])
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return on, data


def test_there_is_a_log_of_every_format():
    assert {f"v{number}" for number in range(1, FORMAT + 1)} <= {path.stem for path in LOGS}


def test_it_loads_whole_and_renders_to_what_was_sent(old):
    on, _ = old
    loaded = load(on.log)
    assert loaded.damage == ()
    assert loaded.tree.session.format <= FORMAT
    verdict = verify(loaded.tree)
    assert verdict.problem is None
    assert verdict.requests > 10


async def test_it_goes_on_with_the_head_and_the_bytes_that_it_was_written_with(old):
    on, data = old
    again = on.again(name=on.log.stem)
    branch = again.tree.branches["main"]
    assert branch.head.id != on.config().catalog.head(branch.head.endpoint, model=branch.head.model).id, "it is older"
    last = [record for record in map(json.loads, data.splitlines()) if record["kind"] == "node"]
    assert (await again.say("last")).stop == "end_turn"
    assert on.provider.illegal == []
    sent = prefix(on.provider.sent[0].body)
    assert sent.startswith(branch.head.body + b',"messages":[')
    on_main = [
        record["message"] for record in last if record["branch"] == "main" and record["message"]["role"] == "user"
    ]
    for message in on_main[-2:]:
        assert json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() in sent
    assert verify(again.tree).problem is None
    await again.close()
    assert on.log.read_bytes().startswith(data), "nothing is rewritten"


async def test_its_forks_can_still_be_woken(old):
    on, _ = old
    again = on.again(name=on.log.stem)
    fork = next(branch for branch in again.tree.branches.values() if branch.made.purpose == "fork")
    again.agent.wake(fork.name, "once more")
    await again.agent.forks.wait([again.agent.live(fork.name)])
    assert fork.status == "done"
    assert prefix(on.provider.sent[0].body).startswith(fork.head.body)
    await again.close()


def test_it_is_listed_found_and_told(old):
    on, _ = old
    with Index(on.home) as index:
        index.update()
        (found,) = index.find(Query(("task_one",)), 9)
    told = transcript(load(on.log).tree)
    assert (found.summary.title, found.summary.turns) == (told.title, 5)
    assert found.summary.cost_usd == pytest.approx(told.figures.cost_usd)


def newer(data: bytes) -> bytes:
    """A log as a later version of the same format might write it: with fields and records that this one has not."""
    made: list[bytes] = []
    for line in data.splitlines():
        rest = re.sub(rb'("kind":"[a-z]+",)', rb'\1"spin":{"up":[1,null]},', line[len('{"crc":"01234567",') :], count=1)
        made.append(b'{"crc":"%08x",%s\n' % (zlib.crc32(rest), rest))

    class Hologram(ReportDropped):
        kind = "hologram"

    return b"".join(made) + frame(Hologram(at=1.0, branch="nowhere"))


async def test_fields_and_records_of_a_newer_version_are_passed_over(old):
    on, data = old
    before = load(on.log).tree
    on.log.write_bytes(newer(data))
    assert sum(1 for _ in read_lines(on.log)) == data.count(b"\n") + 1
    loaded = load(on.log)
    assert loaded.damage == ()
    assert verify(loaded.tree).problem is None
    assert loaded.tree.nodes.keys() == before.nodes.keys()
    assert {name: branch.status for name, branch in loaded.tree.branches.items()} == {
        name: branch.status for name, branch in before.branches.items()
    }
    again = on.again(name=on.log.stem)
    assert (await again.say("last")).stop == "end_turn"
    await again.close()


async def test_what_goes_on_is_of_this_format_from_there_and_an_older_version_leaves_it_alone(old, monkeypatch):
    on, _ = old
    before = load(on.log).tree
    again = on.again(name=on.log.stem)
    assert (await again.say("last")).stop == "end_turn"
    await again.close()
    after = load(on.log, whole=True).tree
    assert (after.session.format, after.session.at) == (FORMAT, before.session.at)
    with Index(on.home) as index:
        index.update()
        (found,) = index.find(Query(), 9)
    assert found.summary.created == before.session.at
    monkeypatch.setattr("omg.session.load.FORMAT", FORMAT - 1)
    with pytest.raises(NoSession, match="newer OMG"):
        load(on.log)


def test_a_log_that_is_only_looked_at_stays_of_its_format(old):
    on, data = old
    verify(load(on.log).tree)
    assert on.log.read_bytes() == data
