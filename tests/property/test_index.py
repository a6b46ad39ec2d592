"""Whatever happens to the logs and to whoever indexes them: read on, the index is the one that is made from scratch."""

import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from omg.agent.journal import (
    BranchEnded,
    BranchMade,
    HeadMade,
    NodeSealed,
    Record,
    ReplyBegun,
    RequestLogged,
    RequestSettled,
    SessionMade,
    TakenBack,
)
from omg.core.usage import Usage
from omg.session.index import Index
from omg.session.log import frame
from omg.session.query import Query
from omg.wire.chain import Node
from omg.wire.head import render_head
from omg.wire.seal import seal

HEAD = render_head("https://api.anthropic.com", model="claude-opus-5-5", tools=[], system=["s"])
WORDS = ["krill", "squid", "whale", "the cache is cold", "/a/b.py: why?"]


def made(folder: str) -> list[Record]:
    first = SessionMade(at=1.0, format=1, id="x", folder=folder, omg="0", provider="p")
    return [first, HeadMade(at=1.0, head=HEAD), BranchMade(at=1.0, name="main", head=HEAD.id, node=None)]


class Writer:
    """A log that grows by whole writes, tears, cuts and garbage."""

    def __init__(self, path: Path) -> None:
        self.path, self.tip, self.n, self.branches = path, None, 0, ["main"]
        self.append(*made(f"/w/{path.stem}"))

    def append(self, *records: Record) -> None:
        last = len(records) - 1
        with self.path.open("ab") as file:
            file.write(b"".join(frame(record, last - place) for place, record in enumerate(records)))

    def say(self, words: str, branch: str) -> None:
        self.tip = Node(self.tip, seal("user", [{"type": "text", "text": words}]))
        self.append(NodeSealed(at=2.0, branch=branch, node=self.tip, words=0))

    def ask(self, how: str, branch: str) -> None:
        self.n += 1
        usage = Usage(plain=self.n, output=None)
        mark = RequestLogged(
            at=2.0,
            n=self.n,
            branch=branch,
            head=HEAD.id,
            tip="t",
            marks=(),
            max_tokens=9,
            hash="",
            size=1,
            purpose="turn",
        )
        self.append(mark)
        if how == "failed":
            self.append(RequestSettled(at=3.0, n=self.n, how="failed"), TakenBack(at=3.0, branch=branch, node=None))
            return
        self.append(ReplyBegun(at=3.0, n=self.n, message_id="m", usage=usage, seconds=1.0))
        if how == "open":
            return
        self.tip = Node(self.tip, seal("assistant", [{"type": "text", "text": f"so {how}"}]))
        settled = RequestSettled(at=4.0, n=self.n, how="whole", usage=Usage(plain=self.n, output=5))
        self.append(NodeSealed(at=4.0, branch=branch, node=self.tip), settled)

    def fork(self, task: str) -> None:
        name = f"f{len(self.branches)}"
        self.branches.append(name)
        self.append(BranchMade(at=2.0, name=name, head=HEAD.id, node=None, parent="main", task=task, purpose="fork"))
        self.say(task, name)

    def end(self, branch: str, text: str) -> None:
        self.append(BranchEnded(at=5.0, branch=branch, status="done", text=text))

    def garbage(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def cut(self, by: int) -> None:
        data = self.path.read_bytes()
        self.path.write_bytes(data[: max(0, len(data) - by)])


words = st.sampled_from(WORDS)
which = st.integers(0, 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), which, words),
        st.tuples(st.just("ask"), which, st.sampled_from(["failed", "open", "krill", "squid"])),
        st.tuples(st.just("fork"), which, words),
        st.tuples(st.just("end"), which, words),
        st.tuples(st.just("garbage"), which, st.sampled_from([b"\n", b"{}\n", b'{"crc":"00000000",', b"\xff\n"])),
        st.tuples(st.just("cut"), which, st.integers(1, 3000)),
        st.tuples(st.just("update"), which, st.none()),
        st.tuples(st.just("killed"), which, st.integers(1, 60)),
        st.tuples(st.just("remove"), which, st.none()),
    ),
    max_size=25,
)


class Killed(BaseException):
    """The end of a process, as its database sees it: in the middle of a transaction."""


def killed_update(index: Index, after: int) -> None:
    """Update, and end before statement number `after`: nothing more is executed, nothing committed."""
    left = [after]

    def work(base: sqlite3.Connection) -> None:
        def step(_: str) -> None:
            left[0] -= 1

        def ends() -> int:
            return left[0] <= 0

        base.set_trace_callback(step)
        base.set_progress_handler(ends, 1)
        try:
            index._update(base, None)
        except sqlite3.OperationalError as error:
            raise Killed from error
        finally:
            base.set_progress_handler(None, 1)
            base.set_trace_callback(None)

    with suppress(Killed):
        index._writes.run(work)


def told(home: Path) -> list[object]:
    """All that an index says, places aside that only order."""
    with Index(home) as index:
        index.update()
        found = [index.find(Query((word,) if word else ()), 99) for word in ("", *WORDS, "so", "fork")]
    base = sqlite3.connect(home / "index.sqlite")
    texts = base.execute(
        "SELECT name, texts.id & 0xffffffff, texts.branch, node, kind, text"
        " FROM texts JOIN files ON num = texts.id >> 32 ORDER BY 1, 2"
    ).fetchall()
    strays = base.execute("SELECT count(*) FROM texts WHERE id >> 32 NOT IN (SELECT num FROM files)").fetchone()
    base.execute("INSERT INTO words(words, rank) VALUES('integrity-check', 1)")
    base.close()
    return [found, texts, strays]


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_index_that_was_read_on_is_the_one_made_from_scratch(steps):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / "sessions").mkdir(parents=True)
        writers = {}
        index = Index(home)
        for kind, number, given_ in steps:
            path = home / "sessions" / f"s{number}.jsonl"
            writer = writers.get(number) or writers.setdefault(number, Writer(path))
            match kind:
                case "say":
                    writer.say(given_, writer.branches[-1])
                case "ask":
                    writer.ask(given_, writer.branches[-1])
                case "fork":
                    writer.fork(given_)
                case "end":
                    writer.end(writer.branches[-1], given_)
                case "garbage":
                    writer.garbage(given_)
                case "cut":
                    writer.cut(given_)
                case "update":
                    index.update()
                case "killed":
                    killed_update(index, given_)
                case "remove":
                    path.unlink()
                    writers.pop(number)
        index.close()
        read_on = told(home)
        fresh = Path(folder) / "fresh"
        fresh.mkdir()
        shutil.copytree(home / "sessions", fresh / "sessions", copy_function=shutil.copy2)
        found, texts, strays = told(fresh)
        assert read_on[1:] == [texts, strays]
        assert strays == (0,)
        assert str(read_on[0]).replace(str(home), "") == str(found).replace(str(fresh), "")
