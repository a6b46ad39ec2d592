"""Read a Messages API request: the job, what was done on it so far, the reports, the tools on offer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from omg.provider.offline.engine.work import Ask, Outcome

_OPENING = re.compile(r"<([A-Za-z][\w-]*)(?:\s[^>]*)?>")
_EARLIER = re.compile(r"<earlier-words>[^\n]*\n[^\n]*\n\s*\n(.*)</earlier-words>", re.S)
_READ_THEM = "sum up what they found"
_REPORT = re.compile(r"<report\b((?:[^>\"]|\"[^\"]*\")*)>(.*?)</report>", re.S)

Block = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its content always blocks."""

    role: str
    blocks: tuple[Block, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Its text blocks that are not blank."""
        return tuple(text for block in self.blocks if (text := _text_of(block)).strip())


@dataclass(frozen=True, slots=True)
class Report:
    """What a fork found: the attributes of its tag as written, and its words."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """The calls of one assistant message with their outcomes, in order; `ids` are the calls' own."""

    asks: tuple[Ask, ...]
    outcomes: tuple[Outcome, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request, as far as rules care. `job` is the person's newest words; `exchanges` came after them."""

    job: str
    is_fork: bool
    exchanges: tuple[Exchange, ...]
    offered: frozenset[str]
    reports: tuple[Report, ...]
    """The newest reports at or before the job."""
    reports_are_new: bool
    """Whether they came together with the job."""


def read_request(request: Mapping[str, object]) -> Conversation:
    """Raises ValueError, in words, when the body is not a Messages API request with something to answer."""
    messages = read_messages(request)
    at, job = _job(messages)
    told = [(place, report) for place in range(at + 1) for report in _reports(messages[place])]
    newest = max((place for place, _ in told), default=-1)
    return Conversation(
        job=job,
        is_fork=any(text.lstrip().startswith("<fork") for text in messages[at].texts),
        exchanges=tuple(exchanges_of(messages[at + 1 :])),
        offered=frozenset(_tool_names(request)),
        reports=tuple(report for place, report in told if place == newest),
        reports_are_new=newest == at,
    )


def read_messages(request: Mapping[str, object]) -> list[Message]:
    """The messages of a request. Raises ValueError, in words, when they are none."""
    return [_message(item, place) for place, item in enumerate(_list(request, "messages"))]


def _list(request: Mapping[str, object], field: str) -> list[object]:
    value = request.get(field)
    if not isinstance(value, list):
        raise ValueError(f"{field}: a list is needed")
    return cast(list[object], value)


def _message(item: object, place: int) -> Message:
    if not isinstance(item, Mapping):
        raise ValueError(f"messages.{place}: an object is needed")
    given = cast(Mapping[str, object], item)
    role, content = given.get("role"), given.get("content")
    if role not in ("user", "assistant", "system"):
        raise ValueError(f"messages.{place}.role: 'user' or 'assistant' is needed")
    if isinstance(content, str):
        return Message(str(role), ({"type": "text", "text": content},))
    return Message(str(role), tuple(_blocks(content, f"messages.{place}.content")))


def _blocks(content: object, where: str) -> list[Block]:
    if not isinstance(content, list):
        raise ValueError(f"{where}: a string or a list of blocks is needed")
    items = cast(list[object], content)
    for place, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise ValueError(f"{where}.{place}: an object is needed")
    return cast(list[Block], items)


def _tool_names(request: Mapping[str, object]) -> list[str]:
    if request.get("tools") is None:
        return []
    names: list[str] = []
    for place, item in enumerate(_list(request, "tools")):
        name = cast(Mapping[str, object], item).get("name") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            raise ValueError(f"tools.{place}.name: a string is needed")
        names.append(name)
    return names


def _text_of(block: Block) -> str:
    text = block.get("text")
    return text if block.get("type") == "text" and isinstance(text, str) else ""


def _only_reports(message: Message) -> bool:
    """Whether nothing but reports has come: whoever sends them wants them read."""
    return bool(message.texts) and all(
        block.get("type") == "text" and _REPORT.fullmatch(_text_of(block).strip()) for block in message.blocks
    )


def _job(messages: Sequence[Message]) -> tuple[int, str]:
    spoken = [(place, message.texts) for place, message in enumerate(messages) if message.role == "user"]
    if spoken and _only_reports(messages[spoken[-1][0]]):
        return spoken[-1][0], _READ_THEM
    for place, texts in reversed(spoken):
        for text in reversed(texts):
            if not is_told(text):
                return place, text.strip()
    for place, texts in spoken:
        for earlier in filter(None, map(earlier_words, texts)):
            return place, earlier[-1]
    for place, texts in reversed(spoken):
        if texts:
            return place, texts[-1].strip()
    raise ValueError("messages: there is no user message with words in it")


def is_told(text: str) -> bool:
    """Whether a text is nothing but tags with what they wrap: told by the client, and not said by a person."""
    rest = text.strip()
    while match := _OPENING.match(rest):
        closing = f"</{match[1]}>"
        if rest.endswith(closing):
            return True
        _, found, rest = rest.partition(closing)
        rest = rest.strip()
        if not found:
            return False
    return not rest and bool(text.strip())


def earlier_words(text: str) -> tuple[str, ...]:
    """What a person said before the history began, the oldest first, where a text tells that: by paragraphs."""
    match = _EARLIER.fullmatch(text.strip())
    if match is None:
        return ()
    return tuple(part.strip() for part in re.split(r"\n\s*\n", match[1]) if part.strip())


def exchanges_of(messages: Sequence[Message]) -> list[Exchange]:
    answers = {
        str(block.get("tool_use_id")): _outcome(block)
        for message in messages
        for block in message.blocks
        if block.get("type") == "tool_result"
    }
    lost = Outcome("no result came back for this call", is_error=True)
    found: list[Exchange] = []
    for message in messages:
        calls = [block for block in message.blocks if block.get("type") == "tool_use"]
        if message.role == "assistant" and calls:
            ids = tuple(str(block.get("id")) for block in calls)
            found.append(Exchange(tuple(map(_ask, calls)), tuple(answers.get(name, lost) for name in ids), ids))
    return found


def _ask(block: Block) -> Ask:
    given = block.get("input")
    return Ask(str(block.get("name")), dict(cast(Mapping[str, object], given)) if isinstance(given, Mapping) else {})


def _outcome(block: Block) -> Outcome:
    content = block.get("content")
    if content is None or isinstance(content, str):
        return Outcome(content or "", block.get("is_error") is True)
    parts = _blocks(content, "tool_result.content")
    return Outcome("\n".join(filter(None, map(_text_of, parts))), block.get("is_error") is True)


def find_reports(text: str) -> list[Report]:
    """The reports that stand in a text, in order."""
    return [Report(match[1].strip(), match[2].strip()) for match in _REPORT.finditer(text)]


def _reports(message: Message) -> list[Report]:
    if message.role != "user":
        return []
    results = [_outcome(block).text for block in message.blocks if block.get("type") == "tool_result"]
    return [report for text in (*results, *message.texts) for report in find_reports(text)]
