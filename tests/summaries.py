"""Models that write summaries: one does what COMPACT.md asks, others leave something out."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.scripted import Says, Script, Sent

SECTIONS = ("Requests and constraints", "Open", "Decisions", "Facts", "Errors and fixes", "Done")
_TAGGED = re.compile(r"\s*<([a-z-]+)[^>]*>.*</\1>\s*", re.S)


def asks_for_summary(sent: Sent) -> bool:
    return sent.words.startswith("<compact>")


def said(sent: Sent) -> list[str]:
    """What the person said, what an earlier summary says they did, and what is asked for by name."""
    found: list[str] = []
    for text in sent.texts:
        if text.startswith("<summary>"):
            found += [line[2:] for line in text.splitlines() if line.startswith("- ") and line != "- none"]
        elif text.startswith("<compact>"):
            listed = text.partition("must be named")[2]
            found += [line[2:] for line in listed.splitlines() if line.startswith("- ")]
        elif text.startswith("<earlier-words>") or not _TAGGED.fullmatch(text):
            found += text.splitlines()
    return list(dict.fromkeys(line[:200] for line in found if line.strip() and not line.startswith("<")))


def written(lines: list[str], sections: tuple[str, ...] = SECTIONS) -> str:
    first = "\n".join(f"- {line}" for line in lines) or "- none"
    return "\n\n".join(f"## {title}\n{first if place == 0 else '- none'}" for place, title in enumerate(sections))


def faithful(sent: Sent) -> Says:
    """All that was said, word for word."""
    return Says(written(said(sent)))


def without(*words: str) -> Callable[[Sent], Says]:
    """All but the lines that hold one of `words`."""
    return lambda sent: Says(written([line for line in said(sent) if not any(word in line for word in words)]))


def summarising(script: Script, *writers: Callable[[Sent], Says]) -> Script:
    """`script`, but that summaries are written by `writers` in turn, the last of them from then on."""
    waiting = list(writers or [faithful])

    def answer(sent: Sent) -> Says:
        if not asks_for_summary(sent):
            return script(sent)
        return (waiting.pop(0) if len(waiting) > 1 else waiting[0])(sent)

    return answer
