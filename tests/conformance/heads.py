"""Mutations of a head: what buggy clients have done to tools, system text and parameters between two requests."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

from omg.wire.head import Head
from omg.wire.seal import canonical
from tests.conformance.numbered import case

Fields = dict[str, Any]
Mutate = Callable[[Fields], object]

EXTRA = {"name": "mcp__late", "description": "Came late.", "input_schema": {"type": "object", "properties": {}}}


def mutated(head: Head, mutate: Mutate) -> Head:
    """`head`, with its body's fields changed in place by `mutate`."""
    fields = json.loads(head.body + b"}")
    mutate(fields)
    found = Head(head.endpoint, head.headers, canonical(fields)[:-1])
    assert found != head, "this changes nothing"
    return found


def tool(fields: Fields, name: str = "read") -> Fields:
    return next(tool for tool in fields["tools"] if tool["name"] == name)


def described(words: str) -> Mutate:
    def mutate(fields: Fields) -> None:
        tool(fields)["description"] += words

    return mutate


def only(*names: str) -> Mutate:
    def mutate(fields: Fields) -> None:
        fields["tools"] = [tool for tool in fields["tools"] if tool["name"] in names]

    return mutate


def added(fields: Fields) -> None:
    fields["tools"].append(EXTRA)


def inserted(fields: Fields) -> None:
    fields["tools"].insert(0, EXTRA)


def reordered(fields: Fields) -> None:
    fields["tools"].reverse()


def schema_keys(fields: Fields) -> None:
    schema = tool(fields)["input_schema"]
    schema["properties"] = dict(reversed(schema["properties"].items()))


def required_order(fields: Fields) -> None:
    tool(fields, "edit")["input_schema"]["required"].reverse()


def default_value(fields: Fields) -> None:
    tool(fields)["input_schema"]["properties"]["limit"]["default"] = 500


def flagged(fields: Fields) -> None:
    tool(fields)["strict"] = True


def renamed(fields: Fields) -> None:
    tool(fields)["name"] = "read_file"


def materialised(fields: Fields) -> None:
    fields["tools"].append({**EXTRA, "defer_loading": False})


def placeholder(fields: Fields) -> None:
    tool(fields)["description"] = "..."


TOOLS = [
    case(1, "add a tool", added),
    case(2, "remove a tool", only("read", "write", "edit", "glob", "grep", "fork")),
    case(3, "reorder tools", reordered),
    case(4, "edit a description", described(" Prefer it to cat.")),
    case(5, "order of nested schema keys", schema_keys),
    case(6, "order of required", required_order),
    case(7, "another default", default_value),
    case(8, "partial list of tools", only("read", "grep")),
    case(9, "servers enumerated in another order", lambda fields: fields["tools"].sort(key=lambda t: t["name"][::-1])),
    case(10, "temporary path in a description", described(" Scratch: /tmp/omg-6f1c.")),
    case(11, "list of skills in a description", described(" Skills: review, test.")),
    case(12, "deferred tool materialised", materialised),
    case(13, "helper tool on some turns", added),
    case(14, "tools emptied", only()),
    case(15, "tools narrowed for a child", only("read", "glob", "grep")),
    case(16, "tool inserted at index 0", inserted),
    case(17, "flag added", flagged),
    case(18, "plan mode by removal", only("read", "glob", "grep", "fork")),
    case(19, "tool renamed", renamed),
    case(20, "placeholder description", placeholder),
]


def said(change: Callable[[str], str]) -> Mutate:
    def mutate(fields: Fields) -> None:
        fields["system"][0]["text"] = change(fields["system"][0]["text"])

    return mutate


def told(words: str) -> Mutate:
    return said(lambda text: f"{text}\n{words}")


def as_string(fields: Fields) -> None:
    fields["system"] = fields["system"][0]["text"]


def other_identity(text: str) -> str:
    return text.replace("You are a coding agent in a terminal", "You are an agent in an editor")


SYSTEM = [
    case(21, "date", told("Today is 2026-09-21.")),
    case(22, "clock", told("It is 14:03.")),
    case(23, "time zone", told("Time zone: Asia/Tokyo.")),
    case(24, "folder", told("Folder: /home/me/project.")),
    case(25, "git branch", told("Branch: main, clean.")),
    case(26, "session id", told("Session: 5f6c0c1b.")),
    case(27, "billing hash", said(lambda text: f"x-billing: cch=1f3a;\n{text}")),
    case(28, "version", said(lambda text: f"omg 0.4.1\n{text}")),
    case(29, "identity by entry point", said(other_identity)),
    case(30, "instruction file", told("# AGENTS.md\nUse tabs.")),
    case(31, "memory", told("Remember: the person likes short answers.")),
    case(32, "trailing new line", said(lambda text: text + "\n")),
    case(33, "line ends and normal forms", said(lambda text: unicodedata.normalize("NFD", text).replace("\n", "\r\n"))),
    case(34, "flag read again", told("Experiments: on.")),
    case(35, "list of trusted hosts", told("Trusted: example.test.")),
    case(36, "budget counter", told("Tokens left: 181000.")),
    case(37, "mode in prose", told("You are in plan mode.")),
    case(38, "prefix of the first turn only", said(lambda text: text.removeprefix("You are "))),
    case(39, "string for array", as_string),
]


def field(name: str, value: object) -> Mutate:
    return lambda fields: fields.update({name: value})


PARAMETERS = [
    case(72, "model", "model", field("model", "claude-sonnet-5-5")),
    case(73, "thinking off", "thinking", lambda fields: fields.pop("thinking")),
    case(74, "effort", "output_config", field("output_config", {"effort": "high"})),
    case(75, "tool choice", "tool_choice", field("tool_choice", {"type": "any", "disable_parallel_tool_use": True})),
    case(76, "speed", "speed", field("speed", "fast")),
    case(78, "long context variant", "model", field("model", "claude-opus-5-5[1m]")),
    case(79, "web search on", "tools", lambda fields: fields["tools"].append({"type": "web_search_20260209"})),
    case(80, "output format", "output_config", field("output_config", {"format": {"type": "json_schema"}})),
    case(81, "random cache key", "prompt_cache_key", field("prompt_cache_key", "7e0f")),
    case(84, "service tier", "service_tier", field("service_tier", "standard_only")),
    case(84, "where it is inferred", "inference_geo", field("inference_geo", "eu")),
]
