"""A second simulator of the provider's cache, to judge the first: written apart from it, and as plainly as can be.

It parses the whole body, writes every prefix out in full and compares prefixes literally. No hashing, no bytes
looked for in place; it is slow, and knows only the models its tests use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from omg.core.usage import Usage

MINIMUM = {"claude-opus-5-5": 512, "claude-sonnet-4-6": 1024, "claude-haiku-4-5-20251001": 4096}
DEFAULT_EFFORT = {"claude-opus-5-5": "medium"}
FORGETFUL = "claude-haiku-4-5-20251001"
LIFE = {"5m": 300, "1h": 3600}


@dataclass
class Entry:
    """A prefix that was written, word for word."""

    prefix: list[str]
    ttl: str
    started: float

    def lives(self, now: float) -> bool:
        return now - self.started < LIFE[self.ttl]


@dataclass
class Sheet:
    """A request written out: `lines` is the prefix, `blocks` says after how many lines each block ends."""

    lines: list[str] = field(default_factory=list)
    blocks: list[tuple[int, str, int, str | None]] = field(default_factory=list)  # lines, kind, tokens, ttl

    def line(self, tag: str, value: Any) -> None:
        self.lines.append(tag + " " + json.dumps(value, sort_keys=True))

    def block(self, value: Any) -> None:
        ttl, kind = None, "text"
        markable = value != ""
        if isinstance(value, dict):
            marker = value.get("cache_control")
            value = {key: item for key, item in value.items() if key != "cache_control"}
            kind = value.get("type", "")
            markable = kind not in ("thinking", "redacted_thinking") and value.get("text") != ""
            if marker and markable:
                ttl = marker.get("ttl", "5m")
        written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        size = len(written.encode())
        tokens = size // 4 + (1 if size % 4 else 0)
        self.lines.append("block " + written)
        self.blocks.append((len(self.lines), kind if markable else kind + "!", tokens, ttl))


def write_out(body: bytes, scope: str) -> tuple[str, Sheet]:
    request = json.loads(body)
    model, sheet = request["model"], Sheet()
    output = request.get("output_config") or {}
    messages = as_rendered(model, request["messages"])

    sheet.line("scope", scope)
    sheet.line("model", model)
    sheet.line("thinking", request.get("thinking"))
    sheet.line("effort", output.get("effort") or DEFAULT_EFFORT.get(model, "high"))
    for each in request.get("tools", []):
        if not each.get("type", "").startswith("web_"):
            sheet.block(each)

    sheet.line("speed", request.get("speed") or "standard")
    sheet.line("citations", '"citations": {"enabled": true}' in json.dumps(messages))
    for each in request.get("tools", []):
        if each.get("type", "").startswith("web_"):
            sheet.block(each)
    system = request.get("system", [])
    for each in [system] if isinstance(system, str) else system:
        sheet.block(each)

    sheet.line("tool_choice", request.get("tool_choice") or {"type": "auto"})
    sheet.line("format", output.get("format"))
    sheet.line("images", '"type": "image"' in json.dumps(messages))
    for message in messages:
        sheet.line("role", message["role"])
        content = message["content"]
        for each in [content] if isinstance(content, str) else content:
            sheet.block(each)

    automatic = request.get("cache_control")
    if automatic:
        for place in range(len(sheet.blocks) - 1, -1, -1):
            end, kind, tokens, ttl = sheet.blocks[place]
            if not kind.endswith("!"):
                sheet.blocks[place] = (end, kind, tokens, ttl or automatic.get("ttl", "5m"))
                break
    return model, sheet


def as_rendered(model: str, messages: list[Any]) -> list[Any]:
    """Without the thinking that stands before a user's newest words, for a model that forgets it."""
    if model != FORGETFUL:
        return messages
    kept: list[Any] = []
    for place, message in enumerate(messages):
        words_follow = any(has_words(later) for later in messages[place + 1 :])
        content = message["content"]
        if words_follow and isinstance(content, list):
            content = [block for block in content if block["type"] not in ("thinking", "redacted_thinking")]
        kept.append({**message, "content": content})
    return kept


def has_words(message: Any) -> bool:
    if message["role"] != "user":
        return False
    return isinstance(message["content"], str) or any(block["type"] != "tool_result" for block in message["content"])


class NaiveCache:
    """What was written, in one list."""

    def __init__(self, collapse: bool = False, lookback: int = 20) -> None:
        self.collapse = collapse
        self.lookback = lookback
        self.entries: list[Entry] = []

    def find(self, prefix: list[str], now: float) -> Entry | None:
        for entry in self.entries:
            if entry.lives(now) and entry.prefix == prefix:
                return entry
        return None

    def bill(self, body: bytes, now: float, scope: str) -> tuple[Usage, list[Entry]]:
        model, sheet = write_out(body, scope)
        total = [0]
        for _, _, tokens, _ in sheet.blocks:
            total.append(total[-1] + tokens)
        marked = [
            number
            for number in range(1, len(sheet.blocks) + 1)
            if sheet.blocks[number - 1][3] and total[number] >= MINIMUM[model]
        ]

        def prefix(number: int) -> list[str]:
            return sheet.lines[: sheet.blocks[number - 1][0]]

        hit = 0
        for breakpoint_ in sorted(marked, reverse=True):
            for number in self.window(sheet, breakpoint_):
                if hit == 0 and self.find(prefix(number), now):
                    hit = number

        keep: list[Entry] = []
        usage = {"plain": 0, "read": 0, "5m": 0, "1h": 0}
        for number, (_, _, tokens, _) in enumerate(sheet.blocks, 1):
            ahead = [sheet.blocks[mark - 1][3] for mark in marked if mark >= number]
            if number <= hit:
                usage["read"] += tokens
            elif not ahead:
                usage["plain"] += tokens
            else:
                usage["1h" if "1h" in ahead else "5m"] += tokens
        for number in {*marked, hit} - {0}:
            if number > hit:
                keep.append(Entry(prefix(number), str(sheet.blocks[number - 1][3]), now))
            elif found := self.find(prefix(number), now):
                keep.append(Entry(prefix(number), found.ttl, now))
        return Usage(usage["plain"], usage["read"], usage["5m"], usage["1h"]), keep

    def window(self, sheet: Sheet, breakpoint_: int) -> list[int]:
        seen: list[int] = []
        positions = 0
        for number in range(breakpoint_, 0, -1):
            kind = sheet.blocks[number - 1][1]
            behind = sheet.blocks[number][1] if number < breakpoint_ else None
            if not (self.collapse and kind == behind and kind in ("tool_use", "tool_result")):
                positions += 1
            if positions <= self.lookback:
                seen.append(number)
        return seen

    def begin(self, keep: list[Entry], now: float) -> None:
        for new in keep:
            old = self.find(new.prefix, now)
            if old is None:
                self.entries.append(Entry(new.prefix, new.ttl, new.started))
            else:
                old.ttl = "1h" if "1h" in (old.ttl, new.ttl) else "5m"
                old.started = max(old.started, new.started)
