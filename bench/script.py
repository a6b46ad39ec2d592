"""What the scripted model does: it does what it is told in so many words, and says something at the end."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

_LOOK = re.compile(r"look at (\d+) files?, (\d+) at once")
_READ = re.compile(r"read (\S+\.\w+)")
_FORK = re.compile(r"fork (\d+) times: (.+)")
_SAY = re.compile(r"answer in (\d+) words")
_WORDS = (
    "the a and of to in is that when which cache prefix parser token reader handler returns before after each"
    " request session module state value writes holds bytes order lines index branch error path config test"
    " only never still once because through between caller update result empty missing stale"
).split()
FILES = 80
_REPLY = 60
"""Words of a reply, where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Says:
    """One reply: text, or calls of tools (name, input)."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def answer(request: Mapping[str, Any]) -> Says:
    """The reply to a request. The newest words that order something decide, and how often was replied since."""
    newest = _newest(request["messages"])
    if newest.startswith("<compact>"):
        return Says(text=summary(request["messages"]))
    words, step = _order(request["messages"])
    calls = _calls(words, step)
    return Says(calls=calls) if calls else Says(text=prose(f"{words} {step}", _length(words)))


def _newest(messages: Sequence[Mapping[str, Any]]) -> str:
    texts = [block["text"] for block in messages[-1]["content"] if block["type"] == "text"]
    return texts[-1] if texts else ""


SECTIONS = ("Requests and constraints", "Open", "Decisions", "Facts", "Errors and fixes", "Done")
_SUMMARY_WORDS = 900
"""Words of a summary beside what it keeps word for word."""


def summary(messages: Sequence[Mapping[str, Any]]) -> str:
    """A summary that keeps what the person insisted on and what is asked for by name, and says much besides."""
    kept = list(dict.fromkeys(_kept(messages)))
    first = "\n".join(f"- {line}" for line in kept) or "- none"
    rest = [f"## {title}\n- {prose(f'{title} {len(messages)}', _SUMMARY_WORDS // 5)}" for title in SECTIONS[1:]]
    return "\n\n".join([f"## {SECTIONS[0]}\n{first}", *rest])


def _kept(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for message in messages:
        for block in message["content"]:
            text = block["text"] if block["type"] == "text" and message["role"] == "user" else ""
            if text.startswith(("<summary>", "<compact>")):
                yield from (line[2:] for line in text.splitlines() if line.startswith("- ") and "must" in line)
            elif "must" in text and not text.startswith("<"):
                yield text[:200]
    listed = _newest(messages).partition("must be named")[2]
    yield from (line[2:] for line in listed.splitlines() if line.startswith("- "))


def _order(messages: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    replies = 0
    for message in reversed(messages):
        if message["role"] == "assistant":
            replies += 1
            continue
        for block in reversed(message["content"]):
            if block["type"] == "text" and not block["text"].startswith("<"):
                return block["text"], replies
    return "", replies


def _calls(words: str, step: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    if look := _LOOK.search(words):
        number, width = int(look[1]), int(look[2])
        left = number - step * width
        return tuple(("read", {"path": a_file(words, step, place)}) for place in range(max(0, min(width, left))))
    named = _READ.findall(words)
    if step < len(named):
        return (("read", {"path": named[step]}),)
    if (forks := _FORK.search(words)) and step == 0:
        return (("fork", {"tasks": [f"Part {place}: {forks[2]}" for place in range(int(forks[1]))]}),)
    return ()


def a_file(words: str, step: int, place: int) -> str:
    """The file that is looked at next: always the same one for the same words."""
    return f"src/m{(crc32(words.encode()) + 31 * step + place) % FILES:02}.py"


def _length(words: str) -> int:
    said = _SAY.search(words)
    return int(said[1]) if said else _REPLY


def prose(seed: str, words: int) -> str:
    """So many words that mean nothing, the same for the same seed."""
    chance = random.Random(crc32(seed.encode()))
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."


def code(seed: int, lines: int) -> str:
    """Lines that look like Python."""
    chance = random.Random(seed)
    found: list[str] = []
    for number in range(lines):
        name, other = chance.choice(_WORDS), chance.choice(_WORDS)
        found.append(
            f"\ndef {name}_{other}_{number}(self, {other}: int) -> str:"
            if number % 6 == 0
            else f"    {name} = self._{other}[{chance.randrange(900)}] + {chance.choice(_WORDS)}({other})"
        )
    return "\n".join(found) + "\n"
