"""Mutations of a history: what buggy clients have done to messages that had been sent."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from omg.wire.chain import Node
from omg.wire.seal import canonical, unseal
from tests.conformance.numbered import case

Bodies = list[bytes]
Mutate = Callable[[Bodies], Bodies]
Message = dict[str, Any]

# The messages of the worked session, by what is in them.
WORDS, CALL, RESULT, ANSWER, PARALLEL, RESULTS, REPORTS = 0, 1, 2, 3, 5, 6, 10


def chain(bodies: Sequence[bytes]) -> Node:
    """The tip of a history with these messages."""
    tip: Node | None = None
    for body in bodies:
        tip = Node(tip, unseal(body))
    assert tip is not None
    return tip


def message(place: int, change: Callable[[Message], object]) -> Mutate:
    """One message changed in place, as parsed JSON."""

    def mutate(bodies: Bodies) -> Bodies:
        parsed = json.loads(bodies[place])
        change(parsed)
        return [*bodies[:place], canonical(parsed), *bodies[place + 1 :]]

    return mutate


def content(place: int, change: Callable[[list[Message]], object]) -> Mutate:
    return message(place, lambda parsed: change(parsed["content"]))


def spelt(place: int, old: bytes, new: bytes) -> Mutate:
    """One message spelt otherwise, with the same meaning."""

    def mutate(bodies: Bodies) -> Bodies:
        assert old in bodies[place]
        return [*bodies[:place], bodies[place].replace(old, new), *bodies[place + 1 :]]

    return mutate


def text(place: int, block: int, change: Callable[[str], str]) -> Mutate:
    return content(place, lambda blocks: blocks[block].update(text=change(blocks[block]["text"])))


def user(*texts: str) -> bytes:
    return canonical({"role": "user", "content": [{"type": "text", "text": each} for each in texts]})


def cut_result(blocks: list[Message]) -> None:
    blocks[0]["content"][0]["text"] = blocks[0]["content"][0]["text"][:100] + "[cut]"


def offloaded(blocks: list[Message]) -> None:
    blocks[0]["content"][0]["text"] += "\n[the rest is in /tmp/omg-5f6c/1.txt]"


def split(bodies: Bodies) -> Bodies:
    blocks = json.loads(bodies[REPORTS])["content"]
    assert len(blocks) == 3
    parts = [canonical({"role": "user", "content": part}) for part in (blocks[:2], blocks[2:])]
    return [*bodies[:REPORTS], *parts, *bodies[REPORTS + 1 :]]


def everywhere(old: bytes, new: bytes) -> Mutate:
    return lambda bodies: [body.replace(old, new) for body in bodies]


def tagged(bodies: Bodies) -> Bodies:
    return message(WORDS, lambda parsed: parsed["content"][-1].update(text=parsed["content"][-1]["text"] + " [id:0]"))(
        bodies
    )


def wrapped(words: str) -> str:
    return f"<system-reminder>\n{words}\n</system-reminder>"


def new_ids(blocks: list[Message]) -> None:
    for number, block in enumerate(block for block in blocks if block["type"] == "tool_use"):
        block["id"] = f"call_{number}"


def reversed_input(blocks: list[Message]) -> None:
    blocks[1]["input"] = dict(reversed(blocks[1]["input"].items()))


def as_image(blocks: list[Message]) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    blocks[0]["content"] = [{"type": "image", "source": source}]


NFD = "naïve".encode(), unicodedata.normalize("NFD", "naïve").encode()
MESSAGES = [
    case(33, "normal form of the words", WORDS, spelt(WORDS, *NFD)),
    case(40, "context added by a hook", WORDS, text(WORDS, 0, lambda words: words + "\nhook: lint is clean")),
    case(41, "attachment of the first message lost", WORDS, content(WORDS, lambda blocks: blocks.pop(0))),
    case(42, "edit in place", ANSWER, text(ANSWER, 1, lambda words: words + "!")),
    case(43, "result cut later than sent", RESULT, content(RESULT, cut_result)),
    case(44, "sliding window", WORDS, lambda bodies: bodies[4:]),
    case(45, "message inserted", ANSWER + 1, lambda bodies: [*bodies[:4], user("hm?"), *bodies[4:]]),
    case(46, "reminder wrapped otherwise", WORDS, text(WORDS, 0, wrapped)),
    case(46, "reminder moved behind the words", WORDS, content(WORDS, list.reverse)),
    case(47, "order of parallel results", RESULTS, content(RESULTS, list.reverse)),
    case(48, "a message split in two", REPORTS, split),
    case(49, "placeholder text varies", REPORTS, text(REPORTS, 0, lambda words: words.replace("done", "finished"))),
    case(50, "id tags", WORDS, tagged),
    case(51, "nudge behind the words", WORDS, text(WORDS, 1, lambda words: words + "\nBe brief.")),
    case(52, "thinking dropped", CALL, content(CALL, lambda blocks: blocks.pop(0))),
    case(52, "signature stripped", CALL, content(CALL, lambda blocks: blocks[0].pop("signature"))),
    case(53, "empty thinking removed", PARALLEL, content(PARALLEL, lambda blocks: blocks.pop(0))),
    case(54, "order of a tool's input", PARALLEL, content(PARALLEL, reversed_input)),
    case(55, "1 for 1.0", PARALLEL, spelt(PARALLEL, b'"limit":10', b'"limit":10.0')),
    case(56, "escapes", WORDS, spelt(WORDS, "ï".encode(), b"\\u00ef")),
    case(56, "slashes", WORDS, spelt(WORDS, b"ve/as", b"ve\\/as")),
    case(56, "separators", RESULT, spelt(RESULT, b'result","', b'result", "')),
    case(57, "ids of calls", CALL, content(CALL, new_ids)),
    case(59, "image added", RESULT, content(RESULT, as_image)),
    case(60, "role changed", ANSWER, message(ANSWER, lambda parsed: parsed.update(role="user"))),
    case(61, "orphan repaired on replay", ANSWER, lambda bodies: [*bodies[:3], user("(no result)"), *bodies[3:]]),
    case(62, "ephemeral turn pruned", PARALLEL - 1, lambda bodies: [*bodies[:4], *bodies[10:]]),
    case(63, "rewind", PARALLEL - 1, lambda bodies: bodies[:4]),
    case(64, "history for a summary", WORDS, lambda bodies: [user("Summary: all was read."), bodies[-1]]),
    case(65, "path of an offload", RESULT, content(RESULT, offloaded)),
    case(66, "replacement decided again", RESULTS, content(RESULTS, cut_result)),
    case(67, "search and replace", WORDS, everywhere("naïve".encode(), b"simple")),
    case(68, "time stamps", WORDS, content(WORDS, lambda blocks: blocks[1].update(at="14:03"))),
    case(69, "interrupt marker lost", RESULTS, content(RESULTS, lambda blocks: blocks.pop())),
    case(70, "task list rendered again", REPORTS, text(REPORTS, 1, lambda words: words + "\n- [x] read")),
]
