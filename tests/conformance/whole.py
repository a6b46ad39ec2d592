"""A whole session against the offline provider: its clock, its gateway, its folder and its cache are the test's."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from omg.agent.permit import Answer, Question
from omg.agent.runtime import Habits, Limits, ModelSetup, Rules
from omg.cache.mirror import Billed, Mirror
from omg.cache.plan import Ttls
from omg.cache.rules import CacheRules
from omg.core.catalog import Catalog, load_catalog
from omg.core.events import CacheMissed, Event
from omg.core.usage import Ttl
from omg.provider.messages import MessagesProvider
from omg.provider.offline.api import OfflineApp
from omg.provider.offline.engine import Reply, respond
from omg.provider.offline.engine.reply import ToolCall
from omg.provider.profiles import PROFILES
from omg.provider.sdk import SdkTransport
from omg.session.config import Config
from omg.session.conversation import Conversation
from omg.session.opening import open_new, open_saved
from omg.session.verify import verify
from omg.wire.chain import path

MODEL, OTHER = "claude-opus-5-5", "claude-sonnet-5-5"
START = 1_790_000_000.0
CATALOG = load_catalog()
THINKS = (("thinking", {"type": "adaptive"}),)
SETUP = ModelSetup(
    MODEL, 32_000, 200_000, 512, Ttls("1h", "5m"), headers=(("anthropic-version", "2026-10-21"),), extra=THINKS
)


class Clock:
    """Seconds, for client and provider alike; they pass when a test lets them."""

    def __init__(self, at: float = START) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Cache(Mirror):
    """The provider's cache, with a time to settle: what is written can be read `settles` seconds after it began."""

    def __init__(self, rules: CacheRules | None = None) -> None:
        super().__init__(rules)
        self.settles = 0.0
        self._settling: list[tuple[float, Billed]] = []

    def bill(self, body: bytes, *, now: float, scope: str = "") -> Billed:
        settled = [billed for due, billed in self._settling if due <= now]
        self._settling = [(due, billed) for due, billed in self._settling if due > now]
        for billed in settled:
            super().begin(billed, now)
        return super().bill(body, now=now, scope=scope)

    def begin(self, billed: Billed, now: float) -> None:
        if self.settles:
            self._settling.append((now + self.settles, billed))
        else:
            super().begin(billed, now)

    def evict(self, keep: int = 0) -> None:
        """Drop all entries but the first `keep` that were written."""
        for key in list(self._entries)[keep:]:
            del self._entries[key]


@dataclass
class Passed:
    """One request as it came to the gateway."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def prefix(self) -> bytes:
        """Head and messages, markers out."""
        return MARKER.sub(b"", self.body).rpartition(b'],"max_tokens"')[0]


MARKER = re.compile(rb',"cache_control":\{"type":"ephemeral","ttl":"(?:5m|1h)"\}')


@dataclass
class Gateway:
    """Stands before the offline provider: sees every request, and may change what passes either way."""

    app: OfflineApp
    passed: list[Passed] = field(default_factory=list)
    rewrite: Callable[[bytes], bytes] = bytes
    adds: dict[str, str] = field(default_factory=dict)
    """Headers of the response."""
    on_first: Callable[[Passed], None] | None = None
    """Called when the first piece of a reply goes back."""

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], AsyncGenerator[bytes]]:
        passed = Passed(body, dict(headers))
        self.passed.append(passed)
        status, back, pieces = self.app.handle(method, path, headers, self.rewrite(body))
        return status, {**back, **self.adds}, self._watched(passed, pieces)

    async def _watched(self, passed: Passed, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        first = True
        async for piece in pieces:
            if first and self.on_first:
                self.on_first(passed)
            first = False
            yield piece


def answer(request: Mapping[str, Any]) -> Reply:
    """The offline engine, which also reads a story in as many parts at once as it is told: "parts 3"."""
    newest = request["messages"][-1]["content"]
    words = newest[-1].get("text", "")
    count = re.match(r"parts (\d+)$", words)
    if count is None:
        return respond(request)
    place = len(request["messages"])
    parts = [{"path": "story.txt", "offset": 1 + 10 * part, "limit": 10} for part in range(int(count[1]))]
    return Reply(tuple(ToolCall(f"toolu_{place}_{n}", "read", part) for n, part in enumerate(parts)))


class Person:
    """Asked for permission, it lets the call wait until the test is over with it."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        await asyncio.Event().wait()
        raise AssertionError("nobody answers")


@dataclass
class Whole:
    """A home and a folder, and a provider that outlives every process which talks to it."""

    home: Path
    folder: Path
    clock: Clock = field(default_factory=Clock)
    cache: Cache = field(default_factory=Cache)
    setup: ModelSetup = SETUP
    catalog: Catalog = CATALOG
    endpoint: str = "offline"
    asker: Any = None
    ttl: Ttl = "5m"
    """What messages are written with."""
    events: list[Event] = field(default_factory=list)
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "story.txt").exists():
            lines = (f"line {n} of a long story, naïve as it is" for n in range(120))
            (self.folder / "story.txt").write_text("\n".join(lines))
        self.gateway = Gateway(OfflineApp(self.clock, mirror=self.cache, delay=0, answer=answer))

    def config(self, model: str | None = None, effort: str | None = None) -> Config:
        transport = SdkTransport("http://offline", app=self.gateway)
        return Config(
            home=self.home,
            folder=self.folder,
            catalog=self.catalog,
            provider=MessagesProvider(transport, PROFILES["offline"], self.endpoint),
            provider_name="offline",
            default_model=MODEL,
            setup_for=self._setup,
            rules=Rules("ask"),
            limits=Limits(),
            model=model,
            effort=effort,
            asker=self.asker,
        )

    def _setup(self, model: str, effort: str | None) -> ModelSetup:
        extra = (("output_config", {"effort": effort}),) if effort else ()
        return replace(self.setup, model=model, extra=(*self.setup.extra, *extra))

    def open(self, **asked: str) -> Conversation:
        return self._watched(open_new(self.config(**asked)))

    def again(self, **asked: str) -> Conversation:
        """The newest session of the home, read from its log by a new process."""
        (log,) = (self.home / "sessions").glob("*.jsonl")
        return self._watched(open_saved(self.config(**asked), log))

    def _watched(self, conversation: Conversation) -> Conversation:
        conversation.agent.runtime.clock = self.clock
        conversation.agent.runtime.habits = Habits(ttl=self.ttl, keep_warm=False)
        conversation.agent.runtime.retry_wait = lambda seconds: 0.0
        conversation.hub.listen(self.events.append)
        return conversation

    async def say(self, conversation: Conversation, *words: str) -> None:
        """Turns that must end well, some seconds apart."""
        for word in words:
            self.clock.at += 20
            outcome = await conversation.say(word)
            assert outcome.stop == "end_turn", outcome

    async def fork(self, conversation: Conversation, *tasks: str) -> None:
        """Forks that must end well."""
        self.clock.at += 20
        children = conversation.agent.fork(tasks)
        await conversation.agent.forks.wait(children)
        assert {child.branch.status for child in children} == {"done"}, [child.branch.error for child in children]

    @property
    def sent(self) -> list[Passed]:
        return self.gateway.passed

    @property
    def causes(self) -> list[str]:
        """What misses were blamed on, in order."""
        return [event.cause for event in self.events if isinstance(event, CacheMissed)]

    def copied(self, folder: Path) -> Whole:
        """The same at this moment, for one test: its log, its clock and its provider's cache are its own."""
        home = folder / "home"
        shutil.copytree(self.home, home)
        work = folder / "work"
        shutil.copytree(self.folder, work)
        return Whole(home, work, Clock(self.clock.at), copy.deepcopy(self.cache), self.setup)


async def worked(whole: Whole) -> None:
    """A session that has read, read in parallel, forked, joined, and been resumed by another process."""
    conversation = whole.open()
    await whole.say(conversation, "show story.txt, naïve/as it is", "parts 3")
    await whole.fork(conversation, "show story.txt, part 1", "show story.txt, part 2")
    await whole.say(conversation, "what did they find?")
    await conversation.close()
    conversation = whole.again()
    await whole.say(conversation, "show story.txt, and the rest")
    await conversation.close()


def bodies(conversation: Conversation, branch: str = "main") -> list[bytes]:
    return [node.message.body for node in path(conversation.tree.branches[branch].tip)]


def usage(conversation: Conversation, n: int = -1) -> Any:
    """What a request was billed: the newest, unless told."""
    request = list(conversation.tree.requests.values())[n]
    return request.settled.usage


def foretold(conversation: Conversation, n: int = -1) -> Any:
    return list(conversation.tree.requests.values())[n].logged.predicted


def sound(conversation: Conversation) -> bool:
    """Whether every request can be rendered again as it was sent."""
    return verify(conversation.tree).problem is None
