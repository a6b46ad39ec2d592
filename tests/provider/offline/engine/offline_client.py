"""A client for the engine's tests: runs the calls of a reply over a real folder and goes on until it ends."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from omg.provider.offline.engine import Reply, TextBlock, ToolCall, respond

TOOLS = ("edit", "fork", "glob", "grep", "read", "shell", "write")


@dataclass
class Client:
    """`canned` answers a tool by name instead of running it: (text, is_error)."""

    root: Path
    tools: Sequence[str] = TOOLS
    canned: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    page: int = 2000
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[list[tuple[str, dict[str, Any]]]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        return {"model": "m", "tools": [{"name": name} for name in self.tools], "messages": self.messages}

    def say(self, *blocks: str) -> str:
        """Send one user message of text blocks, run what is asked for, return the final text."""
        self.messages.append({"role": "user", "content": [{"type": "text", "text": text} for text in blocks]})
        for _ in range(12):
            reply = respond(self.body())
            self.messages.append({"role": "assistant", "content": [_block(each) for each in reply.blocks]})
            calls = [each for each in reply.blocks if isinstance(each, ToolCall)]
            if not calls:
                return text_of(reply)
            self.calls.append([(call.name, call.input) for call in calls])
            self.messages.append({"role": "user", "content": [self._result(call) for call in calls]})
        raise AssertionError("the engine does not come to an end")

    def _result(self, call: ToolCall) -> dict[str, Any]:
        text, is_error = self.canned.get(call.name) or self._run(call)
        result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": text}]}
        return {**result, "is_error": True} if is_error else result

    def _run(self, call: ToolCall) -> tuple[str, bool]:
        try:
            return str(getattr(self, f"_{call.name}")(**call.input)), False
        except OSError as problem:
            return f"{problem.strerror}: {call.input.get('path')}", True

    def _files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def _grep(self, pattern: str) -> str:
        rule = re.compile(pattern)
        found = [
            f"{path.relative_to(self.root)}:{number}:{line}"
            for path in self._files()
            for number, line in enumerate(path.read_text().split("\n"), 1)
            if rule.search(line)
        ]
        return "\n".join(found) or "no matches"

    def _read(self, path: str, offset: int = 1, limit: int | None = None) -> str:
        lines = (self.root / path).read_text().split("\n")
        return "\n".join(lines[offset - 1 : offset - 1 + min(limit or self.page, self.page)])

    def _glob(self, pattern: str) -> str:
        names = [str(path.relative_to(self.root)) for path in self._files()]
        return "\n".join(name for name in names if fnmatch(f"/{name}", f"/{pattern}".replace("**/", "*")))

    def _shell(self, command: str) -> str:
        done = subprocess.run(command, check=False, shell=True, cwd=self.root, capture_output=True, text=True)
        return f"{done.stdout}{done.stderr}(exit status {done.returncode})"

    def _edit(self, path: str, old: str, new: str, all: bool = False) -> str:
        file = self.root / path
        text = file.read_text()
        assert all or text.count(old) == 1
        file.write_text(text.replace(old, new))
        return "edited"

    def _write(self, path: str, content: str) -> str:
        (self.root / path).write_text(content)
        return "written"


def _block(block: TextBlock | ToolCall) -> dict[str, Any]:
    if isinstance(block, TextBlock):
        return {"type": "text", "text": block.text}
    return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}


def text_of(reply: Reply) -> str:
    """The text blocks of a reply, joined."""
    return "\n".join(block.text for block in reply.blocks if isinstance(block, TextBlock))


def places(text: str) -> list[str]:
    """The `path:line: source` lines of an answer, in order."""
    return re.findall(r"^[^\s:]+:\d+: .*$", text, re.M)


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
