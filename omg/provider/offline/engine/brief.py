"""What a request for a summary asks for: its sections, its limit, and what must be named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from omg.provider.offline.engine.conversation import Message

_BEGINS = "<compact>"
_ASKED = re.compile(r"^The history above is about to be folded\b.*$", re.M)
"""Where the brief ends, and what is asked for by name begins. A line of a list never begins like this."""
_SECTION = re.compile(r"^##[ \t]+(.+?)[ \t]*#*[ \t]*$", re.M)
_LIMIT = re.compile(r"^(?:The history above|Write all of it again)\b.*\bnot (?:be )?longer than (\d+) characters", re.M)
_ITEM = re.compile(r"^- (.+)$", re.M)
_DEFAULT_LIMIT = 24_000
_SECTIONS = ("Requests and constraints", "Open", "Decisions", "Facts", "Errors and fixes", "Done")
"""Where the brief names none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A summary of `limit` characters at most, with these sections in order, that names every item."""

    sections: tuple[str, ...]
    limit: int
    items: tuple[str, ...]


def wanted(messages: Sequence[Message]) -> Wanted | None:
    """What the newest words of a request want, where that is a summary; None where it is not."""
    newest = next((m.texts[-1] for m in reversed(messages) if m.role == "user" and m.texts), "")
    if not newest.lstrip().startswith(_BEGINS):
        return None
    texts = [text for message in messages if message.role == "user" for text in message.texts if is_asking(text)]
    whole = next((text for text in reversed(texts) if _ASKED.search(text)), newest)
    *_, asked = [*_ASKED.finditer(whole)] or [None]
    brief, rest = (whole[: asked.start()], whole[asked.start() :]) if asked else (whole, whole)
    titles = [match[1].strip("*:_ ") for match in _SECTION.finditer(brief)]
    items = [match[1].strip() for match in _ITEM.finditer(rest)] if asked else []
    return Wanted(tuple(titles) or _SECTIONS, _limit(newest), tuple(dict.fromkeys(items)))


def is_asking(text: str) -> bool:
    """Whether a text asks for a summary, or asks again for a better one."""
    return text.lstrip().startswith(_BEGINS)


def _limit(text: str) -> int:
    found = [int(match[1]) for match in _LIMIT.finditer(text)]
    return found[-1] if found else _DEFAULT_LIMIT
