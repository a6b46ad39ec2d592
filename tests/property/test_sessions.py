"""What was sent stays sent: held over whole sessions in which everything happens at random moments.

What the provider received is the witness. It is read with regular expressions and JSON, and never with the code
that made it.
"""

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omg.agent import requests
from omg.agent.facts import Fact
from omg.agent.forks import ForkRefused
from omg.agent.permit import Answer
from omg.agent.runtime import Limits
from omg.agent.starts import Start, of_branch, of_epoch, start_at
from omg.session import accounts, keeping
from omg.session.load import load
from omg.session.rewind import spoken
from omg.session.verify import verify
from omg.workspace import git
from tests.scripted import Says, failure, others_first, prefix, stage
from tests.session.eventful import records, whole
from tests.session.same import told

SESSIONS = 120
PARTS = 8
"""So that they can be shared out over processes."""
ACTIONS = 22
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5")


class Somebody:
    """A person who answers anything, sooner or later."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    async def ask(self, question) -> Answer:
        await others_first(self.dice.randrange(6))
        return Answer(self.dice.choice(["once", "session", "always", "no"]), "because")


class Session:
    """One session, driven by dice."""

    def __init__(self, tmp_path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.place = 1
        self.on = stage(
            tmp_path,
            self.answer,
            asker=Somebody(self.dice),
            limits=Limits(width=2, depth=2, max_turns=4),
            facts=lambda: [Fact("folder", f"folder: {self.place}"), Fact("file AGENTS.md", "be brief")],
        )
        (self.on.folder / "a.txt").write_text("hello\n")
        self.on.hold.gate("open").set()
        self.conversation = self.on.open()
        self.turns: list[asyncio.Future] = []

    @property
    def agent(self):
        return self.conversation.agent

    # what the provider answers

    def answer(self, sent) -> Says:
        dice = self.dice
        steps = dice.randrange(4)
        thinking = f"hm {dice.random()}" if dice.random() < 0.3 else ""
        text = f"words {dice.random()}" if dice.random() < 0.8 else ""
        if len(self.on.provider.sent) > 60:
            return Says("enough", steps=steps)
        what = dice.random()
        if what < 0.1:
            kind = dice.choice(["refused", "unavailable", "network", "limited", "context_full"])
            return Says(refused=failure(kind, retryable=dice.random() < 0.7), steps=steps)
        if what < 0.2:
            return Says(text, thinking=thinking, cut=failure("cut", retryable=dice.random() < 0.7), steps=steps)
        if what < 0.26:
            return Says(text, thinking=thinking, stop=dice.choice(["refusal", "max_tokens", "new"]), steps=steps)
        if what < 0.6:
            calls = tuple(self.call() for _ in range(dice.randint(1, 3)))
            limited = dice.random() < 0.15
            broken = (len(calls) - 1,) if limited else ()
            return Says(text, calls, thinking, "max_tokens" if limited else None, broken, steps=steps)
        return Says(text, thinking=thinking, steps=steps)

    def call(self):
        tasks = [f"task {self.dice.random()}" for _ in range(self.dice.randint(1, 2))]
        return self.dice.choice(
            [
                ("glob", {"pattern": "*"}),
                ("read", {"path": "a.txt"}),
                ("read", {"path": "nowhere"}),
                ("write", {"path": f"{self.dice.randrange(3)}.txt", "content": "x"}),
                ("hold", {"name": "open"}),
                ("hold", {"nam": "wrong"}),
                ("teleport", {}),
                ("fork", {"tasks": tasks}),
            ]
        )

    # what happens

    async def live(self) -> None:
        actions = [self.say] * 5 + [self.fork, self.fork, self.interrupt, self.steer, self.wake, self.stop, self.join]
        actions += [self.aside, self.drop, self.model, self.die, self.move, self.settle, self.settle]
        actions += [self.switch, self.switch, self.rewind, self.ask, self.want, self.fork_from]
        for _ in range(ACTIONS):
            with suppress(ForkRefused):
                await self.dice.choice(actions)()
            await others_first(self.dice.randrange(30))
            if self.dice.random() < 0.3:
                await asyncio.sleep(0.001)
        await self.settle()
        await self.conversation.close()

    def background(self, coroutine) -> None:
        self.turns.append(asyncio.ensure_future(coroutine))

    async def say(self) -> None:
        self.background(self.conversation.say(f"say {self.dice.random()}"))

    async def join(self) -> None:
        pending = self.conversation.tree.branches["main"].pending
        self.background(self.agent.join(self.dice.choice([None, *pending])))

    async def fork(self) -> None:
        parent = self.dice.choice(["main", *self.children()])
        tasks = [f"task {self.dice.random()}" for _ in range(self.dice.randint(1, 3))]
        self.agent.fork(tasks, parent=parent)

    async def aside(self) -> None:
        self.agent.aside(f"why {self.dice.random()}")

    def children(self) -> list[str]:
        return [name for name in self.conversation.tree.branches if name != "main"]

    def some_child(self) -> str:
        names = self.children()
        if not names:
            raise ForkRefused("there is none")
        return self.dice.choice(names)

    async def interrupt(self) -> None:
        self.agent.interrupt(self.dice.choice(["main", "main", *self.children()]))

    async def steer(self) -> None:
        self.agent.steer(self.dice.choice(["main", *self.children()]), f"steer {self.dice.random()}")

    async def wake(self) -> None:
        self.agent.wake(self.some_child(), f"wake {self.dice.random()}")

    async def stop(self) -> None:
        await self.agent.stop(self.some_child())

    async def drop(self) -> None:
        pending = self.conversation.tree.branches["main"].pending
        if pending:
            self.agent.drop(self.dice.choice(pending))

    async def model(self) -> None:
        self.conversation.set_model(self.dice.choice(MODELS))

    def some_start(self) -> Start:
        tree = self.conversation.tree
        nodes = [start_at(tree, node) for node in [None, *tree.nodes.values()]]
        epochs = [of_epoch(tree, epoch) for epoch in tree.branches["main"].past]
        return self.dice.choice([*nodes, *epochs, *(of_branch(branch) for branch in tree.branches.values())])

    async def switch(self) -> None:
        self.conversation.go_on_at(self.some_start(), "switch")

    async def rewind(self) -> None:
        said = list(spoken(self.conversation.tree))
        if said:
            node = self.dice.choice(said).node.parent
            self.conversation.go_on_at(start_at(self.conversation.tree, node), "rewind")

    async def ask(self) -> None:
        self.agent.aside(f"why {self.dice.random()}", self.some_start())

    async def want(self) -> None:
        tree = self.conversation.tree
        asides = [name for name, branch in tree.branches.items() if branch.made.purpose == "aside"]
        if asides and tree.branches[child := self.dice.choice(asides)].status != "running":
            self.agent.want(child)

    async def fork_from(self) -> None:
        start = self.some_start()
        self.agent.fork([f"task {self.dice.random()}"], node=start.node, head=start.head)

    async def move(self) -> None:
        self.place += 1

    async def settle(self) -> None:
        """Wait until nobody works any more; then the session in memory is the one in the log."""
        while self.agent.running() or any(not turn.done() for turn in self.turns):
            await asyncio.sleep(0.001)
        for turn in self.turns:
            if not isinstance(turn.exception(), ForkRefused | type(None)):
                raise turn.exception()
        self.turns.clear()
        if self.on.provider.sent:
            loaded = load(self.on.log)
            assert summary(loaded.tree) == summary(self.conversation.tree)
            assert told(loaded) == told(load(self.on.log, whole=True))

    async def die(self) -> None:
        """The process is gone; sometimes the machine too, and then the log's end is torn."""
        sessions = list((self.on.home / "sessions").glob("*.jsonl"))
        log, received = (self.on.log.read_bytes() if sessions else b""), len(self.on.provider.sent)
        await self.conversation.close()
        await asyncio.gather(*self.turns, return_exceptions=True)
        self.turns.clear()
        if self.dice.random() < 0.5:
            log = log[: len(log) - self.dice.randrange(min(4000, 1 + len(log)))]
        if b'"kind":"branch"' not in log[: whole(log)]:
            for path in (self.on.home / "sessions").glob("*.jsonl"):
                path.unlink()
            self.on.provider.sent.clear()
            self.conversation = self.on.open()
            return
        self.on.log.write_bytes(log)
        self.forget(log, received)
        self.conversation = self.on.again()

    def forget(self, log: bytes, received: int) -> None:
        """What the log does not tell of any more cannot bind whoever goes on from it."""
        found = records(log)
        kinds = {kind: {r["n"] for r in found if r["kind"] == kind} for kind in ("request", "begun", "settled")}
        del self.on.provider.sent[min(received, len(kinds["request"])) :]
        for n, sent in enumerate(self.on.provider.sent, 1):
            sent.began = sent.began and n in kinds["begun"]
            sent.ended = sent.ended and n in kinds["settled"]
            if sent.usage is not None:
                sent.usage = sent.usage if sent.ended else replace(sent.usage, output=None) if sent.began else None


def summary(tree):
    """All of a tree's state that a later request depends on."""
    return {
        name: {
            "tip": branch.tip and branch.tip.id,
            "accepted": branch.accepted and branch.accepted.id,
            "base": branch.base and branch.base.id,
            "head": branch.head.id,
            **{
                field: getattr(branch, field) for field in ("epoch", "last_request", "status", "report", "error", "cut")
            },
            **{field: getattr(branch, field) for field in ("results", "pending", "told", "seen", "rules", "mode")},
            "was_fork": branch.was_fork,
            "past": [(epoch.number, epoch.tip and epoch.tip.id, sorted(epoch.results)) for epoch in branch.past],
        }
        for name, branch in tree.branches.items()
    }


# what must hold


def holds(session: Session) -> None:
    sent, log = session.on.provider.sent, records(session.on.log.read_bytes())
    requests = [record for record in log if record["kind"] == "request"]
    assert [record["n"] for record in requests] == list(range(1, len(sent) + 1))
    assert [record["hash"] for record in requests] == [sha256(each.body).hexdigest() for each in sent]
    assert session.on.provider.illegal == []
    each_request_extends_the_last(requests, sent)
    each_fork_begins_with_its_parent(log, requests, sent)
    each_beginning_extends_what_was_sent_up_to_there(log, requests, sent)
    siblings_differ_in_their_task_alone(log, requests, sent)
    tree = load(session.on.log).tree
    assert verify(tree).problem is None
    the_ledger_is_what_the_provider_said(tree, sent)
    no_report_is_lost(tree, log)


def each_request_extends_the_last(requests, sent) -> None:
    last: dict[tuple[str, int], bytes] = {}
    for record, each in zip(requests, sent, strict=True):
        key = (record["branch"], record["epoch"])
        assert prefix(each.body).startswith(last.get(key, b"")), key
        if each.began:
            last[key] = prefix(each.body)


def each_fork_begins_with_its_parent(log, requests, sent) -> None:
    """Until its first reply begins, a fork sends what stands up to its fork point and exactly one user message."""
    nodes = {record["id"]: record for record in log if record["kind"] == "node"}
    made = {record["name"]: record for record in log if record["kind"] == "branch"}
    begun = set()
    for record, each in zip(requests, sent, strict=True):
        branch = made[record["branch"]]
        if branch["parent"] is None or record["branch"] in begun:
            continue
        if each.began:
            begun.add(record["branch"])
        messages = [dict(m, content=[unmarked(block) for block in m["content"]]) for m in each.request["messages"]]
        assert messages[:-1] == [nodes[id]["message"] for id in line(nodes, branch["node"])]
        assert messages[-1]["role"] == "user"


def each_beginning_extends_what_was_sent_up_to_there(log, requests, sent) -> None:
    """The first requests of a fork, and of main in a new epoch, extend the newest one with their head that ended on
    the line they begin with."""
    found, begun = sent_up_to_there(log, sent), set()
    for record, each in zip(requests, sent, strict=True):
        key = (record["branch"], record["epoch"])
        if key not in begun:
            assert prefix(each.body).startswith(found.get(key, b""))
        if each.began:
            begun.add(key)


def sent_up_to_there(log, sent) -> dict[tuple[str, int], bytes]:
    """For each fork and each epoch, the newest request with its head, whose reply had begun, that ended on the way to
    where it begins."""
    nodes = {record["id"]: record for record in log if record["kind"] == "node"}
    requests = {record["n"]: record for record in log if record["kind"] == "request"}
    begun: list[dict] = []
    epochs: dict[str, int] = {}
    found: dict[tuple[str, int], bytes] = {}
    for record in log:
        if record["kind"] == "begun":
            begun.append(requests[record["n"]])
        elif record["kind"] in ("epoch", "branch"):
            name = record["name"] if record["kind"] == "branch" else record["branch"]
            epochs[name] = epochs.get(name, 0) + 1
            way = set(line(nodes, record["node"]))
            before = (each for each in reversed(begun) if each["head"] == record["head"] and each["tip"] in way)
            last = next(before, None)
            found[name, epochs[name]] = prefix(sent[last["n"] - 1].body) if last else b""
    return found


def line(nodes, id) -> list[str]:
    """The nodes up to that one, the oldest first."""
    found = []
    while id is not None:
        found.append(id)
        id = nodes[id]["parent"]
    return found[::-1]


def siblings_differ_in_their_task_alone(log, requests, sent) -> None:
    first: dict[str, dict] = {}
    for record, each in zip(requests, sent, strict=True):
        first.setdefault(record["branch"], each)
    groups: dict[tuple, list] = {}
    for record in log:
        if record["kind"] == "branch" and record["parent"] and record["name"] in first:
            groups.setdefault((record["parent"], record["group"], record["at"]), []).append(record)
    for group in groups.values():
        for one, other in zip(group, group[1:], strict=False):
            a, b = prefix(first[one["name"]].body), prefix(first[other["name"]].body)
            end = a.index(json.dumps(one["task"])[1:-1].encode(), len(a) - len(one["task"]) - 200)
            assert a[:end] == b[:end]


def unmarked(block):
    return {name: value for name, value in block.items() if name != "cache_control"}


def the_ledger_is_what_the_provider_said(tree, sent) -> None:
    figures = accounts.sums(accounts.lines(tree)).usage
    said = [each.usage for each in sent if each.usage is not None and each.began]
    for name in ("plain", "read", "write_5m", "write_1h"):
        assert getattr(figures, name) == sum(getattr(usage, name) for usage in said)
    lengths = [usage.output for usage in said]
    assert figures.output == (None if None in lengths else sum(lengths))


def no_report_is_lost(tree, log) -> None:
    joined = {child for record in log for child in record.get("joins", ())}
    dropped = {record["branch"] for record in log if record["kind"] == "drop"}
    for name, branch in tree.branches.items():
        if branch.made.purpose == "fork" and branch.status != "running":
            pending = tree.branches[branch.made.parent].pending
            assert name in pending or name in joined or name in dropped


@pytest.mark.parametrize("part", range(PARTS))
@settings(
    max_examples=SESSIONS // PARTS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_happens_what_was_sent_stays_sent(tmp_path_factory, monkeypatch, part, seed):
    monkeypatch.setattr(git, "root", lambda folder: None)
    # Checkpoints and packed requests, which long sessions have, in short ones too.
    for module, name, value in ((keeping, "WORTH", 1), (keeping, "EVERY", 9000), (requests, "PACKED", 2)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(requests, "LOOSE", 3)
    session = Session(tmp_path_factory.mktemp("session"), seed + (part << 32))

    async def live() -> None:
        async with asyncio.timeout(30):
            await session.live()

    asyncio.run(live())
    if session.on.provider.sent:
        holds(session)
