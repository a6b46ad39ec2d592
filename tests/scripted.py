"""A provider that says what a test tells it to, and conversations over it with a real log and the real tools."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from omg.agent.permit import Answer as Permit
from omg.agent.permit import Question, parse_rule
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.mirror import Mirror
from omg.cache.plan import Ttls
from omg.core.catalog import Catalog, load_catalog
from omg.core.events import Event, Text
from omg.core.tool import Context, Effect, Input, Result, Tool
from omg.core.usage import Usage
from omg.provider.offline.fault import Fault
from omg.provider.offline.validate import check, read
from omg.provider.protocol import (
    Began,
    Call,
    Ended,
    Failure,
    ProviderError,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from omg.session.config import Config
from omg.session.conversation import Conversation
from omg.session.opening import open_new, open_saved
from omg.session.store import Store

ENDPOINT = "https://example.test"


def failure(kind: Failure, *, retryable: bool = False, words: str = "") -> ProviderError:
    return ProviderError(kind, words or f"it failed: {kind}", retryable=retryable)


@dataclass(frozen=True)
class Says:
    """One reply. `calls` are (tool, input); `refused` fails it before it begins, `cut` after its text."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    thinking: str = ""
    stop: str | None = None
    broken: tuple[int, ...] = ()
    """Which of the calls arrive without a whole input."""
    usage: Usage | None = None
    before: asyncio.Event | None = None
    midway: asyncio.Event | None = None
    refused: ProviderError | None = None
    cut: ProviderError | None = None
    why: str | None = None
    """What is said of a refusal."""
    steps: int = 0
    """How often others may go first, before it begins and in its middle."""


@dataclass
class Sent:
    """One request as the provider saw it."""

    body: bytes
    request: dict[str, Any]
    words: str
    began: bool = False
    ended: bool = False
    usage: Usage | None = None
    answer: Says = Says()

    @property
    def texts(self) -> list[str]:
        """Every text block of its user messages, the oldest first."""
        return [block["text"] for block in self.blocks("text")]

    def blocks(self, kind: str) -> list[dict[str, Any]]:
        users = [message for message in self.request["messages"] if message["role"] == "user"]
        return [block for message in users for block in message["content"] if block["type"] == kind]

    @property
    def newest(self) -> list[dict[str, Any]]:
        """The blocks of its last message."""
        return self.request["messages"][-1]["content"]


Script = Callable[[Sent], Says]


@dataclass
class Scripted:
    """Implements omg.provider.protocol.Provider. Every body is held against the API's own rules."""

    script: Script
    legal: bool = True
    """Whether a body that the API would refuse is refused here too."""
    mirror: Mirror | None = None
    """Bills by the published rules; None: all input is plain."""
    endpoint: str = ENDPOINT
    sent: list[Sent] = field(default_factory=list)
    illegal: list[str] = field(default_factory=list)

    async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        body = call.body
        request = read(body)
        sent = Sent(body, dict(request), newest_text(request))
        self.sent.append(sent)
        n = len(self.sent)
        try:
            check(request)
        except Fault as fault:
            self.illegal.append(fault.message)
            if self.legal:
                raise ProviderError("refused", fault.message) from None
        answer = sent.answer = self.script(sent)
        if answer.before:
            await answer.before.wait()
        await others_first(answer.steps)
        if answer.refused:
            raise answer.refused
        usage = answer.usage or replace(self._billed(body), output=1 + len(answer.text) // 4)
        sent.began, sent.usage = True, Usage(usage.plain, usage.read, usage.write_5m, usage.write_1h, None)
        yield Began(f"msg_{n}", request["model"], sent.usage)
        if answer.thinking:
            yield ThinkingDelta(answer.thinking)
        if answer.text:
            yield TextDelta(answer.text)
        if answer.midway:
            await answer.midway.wait()
        await others_first(answer.steps)
        if answer.cut:
            raise answer.cut
        sent.ended, sent.usage = True, usage
        yield ended(answer, usage, n)

    def _billed(self, body: bytes) -> Usage:
        if self.mirror is None:
            return Usage(plain=len(body) // 4)
        billed = self.mirror.bill(body, now=0.0)
        self.mirror.begin(billed, 0.0)
        return billed.usage

    async def count_tokens(self, call: Call) -> int:
        return len(call.body) // 4

    def warm_up(self) -> None: ...

    async def close(self) -> None: ...

    def of(self, words: str) -> list[Sent]:
        """The requests whose newest words hold `words`, in the order they came."""
        return [sent for sent in self.sent if words in sent.words]


def ended(answer: Says, usage: Usage, n: int) -> Ended:
    blocks: list[dict[str, Any]] = []
    if answer.thinking:
        signature = hashlib.sha256(answer.thinking.encode()).hexdigest()
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": signature})
    if answer.text.strip():
        blocks.append({"type": "text", "text": answer.text})
    ids = [f"toolu_{n}_{place}" for place in range(len(answer.calls))]
    for id, place, (name, given) in zip(ids, range(len(ids)), answer.calls, strict=True):
        blocks.append({"type": "tool_use", "id": id, "name": name, "input": {} if place in answer.broken else given})
    stop = answer.stop or ("tool_use" if answer.calls else "end_turn")
    return Ended(tuple(blocks), stop, usage, frozenset(ids[place] for place in answer.broken), answer.why)


def newest_text(request: Mapping[str, Any]) -> str:
    """The newest words in a request: the last text block that stands behind no tool result of its own."""
    for message in reversed(request["messages"]):
        texts = [block["text"] for block in message["content"] if block["type"] == "text"]
        if message["role"] == "user" and texts:
            return texts[-1]
    return ""


def lines(**queues: list[Says] | Says) -> Script:
    """A script by branch: a queue for each word, which is looked for in the newest words first. What is left over
    is answered with "done"."""
    waiting = {word: list(answers) if isinstance(answers, list) else [answers] for word, answers in queues.items()}

    def answer(sent: Sent) -> Says:
        for text in reversed(sent.texts):
            for word, answers in waiting.items():
                if re.search(rf"\b{word}\b", text) and not text.startswith("<report"):
                    return answers.pop(0) if answers else Says("done")
        return Says("done")

    return answer


class HoldInput(Input):
    name: str


class Hold(Tool[HoldInput]):
    """A tool that begins, and goes on when the test opens the gate of that name."""

    name: ClassVar[str] = "hold"
    description: ClassVar[str] = "Waits."
    effect: ClassVar[Effect] = "read"
    input = HoldInput

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())

    def subject(self, given: HoldInput) -> str:
        return given.name

    async def run(self, given: HoldInput, context: Context) -> Result:
        self.begun.append(given.name)
        await self.gate(given.name).wait()
        return Result(f"held {given.name}")


class Person:
    """Somebody who is asked: answers wait until the test gives them."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self._answers: dict[int, asyncio.Future[Permit]] = {}

    async def ask(self, question: Question) -> Permit:
        place = len(self.questions)
        self.questions.append(question)
        self._answers[place] = asyncio.get_running_loop().create_future()
        return await self._answers[place]

    def answers(self, place: int, kind: str, words: str = "") -> None:
        self._answers[place].set_result(Permit(kind, words))  # type: ignore[arg-type]


CATALOG = load_catalog()


@dataclass
class Stage:
    """A home, a folder, a provider and the tools; opens conversations over them and remembers their events."""

    home: Path
    folder: Path
    provider: Scripted
    hold: Hold = field(default_factory=Hold)
    events: list[Event] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    rules: Rules = field(default_factory=lambda: Rules("ask"))
    asker: Any = None
    facts: Any = tuple
    """What is told in messages: nothing, unless a test says what; None: what a real session tells."""
    setup: dict[str, Any] = field(default_factory=dict)

    def config(self, model: str | None = None) -> Config:
        return Config(
            home=self.home,
            folder=self.folder,
            catalog=Catalog({**CATALOG.tools, "hold": self.hold}, CATALOG.prompts, CATALOG.compact),
            provider=self.provider,
            provider_name="scripted",
            default_model="claude-opus-5-5",
            setup_for=self._setup,
            rules=self.rules,
            limits=self.limits,
            model=model,
            asker=self.asker,
        )

    def _setup(self, model: str, effort: str | None) -> ModelSetup:
        values: dict[str, Any] = {"max_tokens": 8000, "window": 200_000, "minimum": 50_000, "ttls": Ttls("1h", "5m")}
        return ModelSetup(model, **{**values, **self.setup})

    def open(self, model: str | None = None) -> Conversation:
        """A new session."""
        return self._staged(open_new(self.config(model)))

    def again(self, model: str | None = None, name: str = "last") -> Conversation:
        """The newest session, read from its log."""
        return self._staged(open_saved(self.config(model), Store(self.home).find(name, self.folder)))

    def _staged(self, conversation: Conversation) -> Conversation:
        runtime = conversation.agent.runtime
        runtime.retry_wait = lambda seconds: 0.0
        if self.facts is not None:
            runtime.facts = self.facts
        conversation.hub.listen(self.events.append)
        return conversation

    @property
    def log(self) -> Path:
        """The log of the only session."""
        (found,) = (self.home / "sessions").glob("*.jsonl")
        return found

    def spoke(self, branch: str) -> bool:
        """Whether any text of that branch has arrived."""
        return any(event.branch == branch for event in self.seen(Text))

    def seen(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def stage(tmp_path: Path, script: Script, *, allow: tuple[str, ...] = (), **values: Any) -> Stage:
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)
    if allow or "mode" in values:
        values["rules"] = Rules(values.pop("mode", "ask"), tuple(map(parse_rule, allow)))
    provider = Scripted(script, legal=values.pop("legal", True))
    return Stage(tmp_path / "home", folder, provider, **values)


async def others_first(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def until(reached: Callable[[], object]) -> None:
    """Let the others work until `reached`; five seconds at most."""
    for _ in range(5000):
        if reached():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to that")


_MARKER = re.compile(rb',"cache_control":\{"type":"ephemeral","ttl":"(?:5m|1h)"\}')


def prefix(body: bytes) -> bytes:
    """Head and messages of a body as sent, markers taken out: read from the bytes alone."""
    bare = _MARKER.sub(b"", body)
    end = bare.rindex(b'],"max_tokens":')
    assert json.loads(bare[:end] + b"]}")
    return bare[:end]
