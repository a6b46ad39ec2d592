"""Refuse what the real Messages API refuses, in its words: parameters, messages, blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

from omg.provider.models import model_for
from omg.provider.offline.fault import Fault, invalid
from omg.provider.offline.markers import check_markers
from omg.provider.offline.pairs import check_pairs
from omg.provider.offline.shape import Fields, blocks, fields, messages

LARGEST = 32 * 1024 * 1024  # bytes of a request (errors docs, August 2026)
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_BLOCKS = frozenset(
    {"text", "image", "document", "search_result", "thinking", "redacted_thinking", "tool_use", "tool_result"}
    | {"server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "container_upload", "compaction"}
)
_REQUIRED = {
    "text": ("text",),
    "tool_use": ("id", "name"),
    "tool_result": ("tool_use_id",),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
}
# Mid-conversation system messages are taken by these (their docs, September 2026).
_SYSTEM_MODELS = ("claude-opus-4-8", "claude-opus-5", "claude-opus-5-5", "claude-fable-", "claude-mythos-")


def read(body: bytes) -> Fields:
    """The request in `body`. Raises Fault: 413, or 400 where it is no JSON object."""
    if len(body) > LARGEST:
        raise Fault(413, "request_too_large", "Request exceeds the maximum size")
    try:
        parsed: object = json.loads(body)
    except RecursionError:
        raise invalid("The request body is not valid JSON: nested too deeply") from None
    except ValueError as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise invalid("Input should be a valid dictionary")
    return cast(Fields, parsed)


def check(request: Fields, *, counting: bool = False) -> None:
    """Raises Fault for the first thing wrong. `counting`: for count_tokens, which takes no `max_tokens`."""
    _check_model(request)
    _check_messages(request)
    if not counting:
        _check_max_tokens(request)
    _check_tools(request)
    _check_system(request)
    check_markers(request)
    for path, block in _texts(request):
        _check_text(path, block)
    check_pairs(messages(request))
    if request.get("max_tokens") == 0 and not counting:
        _check_prewarm(request)


def _check_model(request: Fields) -> None:
    model = request.get("model")
    if model is None:
        raise invalid("model: Field required")
    if not isinstance(model, str):
        raise invalid("model: Input should be a valid string")
    if not model:
        raise invalid("model: String should have at least 1 character")


def _check_max_tokens(request: Fields) -> None:
    asked, model = request.get("max_tokens"), str(request.get("model"))
    if asked is None:
        raise invalid("max_tokens: Field required")
    if not isinstance(asked, int) or isinstance(asked, bool):
        raise invalid("max_tokens: Input should be a valid integer")
    if asked < 0:
        raise invalid("max_tokens: Input should be greater than or equal to 0")
    most = model_for(model).max_output
    if most is not None and asked > most:
        raise invalid(f"max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for {model}")
    _check_budget(request, asked)


def _check_budget(request: Fields, max_tokens: int) -> None:
    thinking = fields(request.get("thinking"))
    budget = thinking.get("budget_tokens")
    if thinking.get("type") != "enabled" or max_tokens == 0:
        return
    if not isinstance(budget, int) or budget < 1024:
        raise invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= max_tokens:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_prewarm(request: Fields) -> None:
    """What `max_tokens: 0` cannot be combined with (prompt caching docs, September 2026)."""
    kinds = {
        "stream": request.get("stream") is True,
        "thinking.type enabled": fields(request.get("thinking")).get("type") == "enabled",
        "output_config.format": "format" in fields(request.get("output_config")),
        "tool_choice any or tool": fields(request.get("tool_choice")).get("type") in ("any", "tool"),
    }
    for kind, present in kinds.items():
        if present:
            raise invalid(f"max_tokens: 0 is not supported together with {kind}")


def _check_tools(request: Fields) -> None:
    names: set[str] = set()
    for place, tool in enumerate(_listed(request.get("tools"), "tools")):
        fields = _object(tool, f"tools.{place}")
        if fields.get("type", "custom") != "custom":
            continue
        name = fields.get("name")
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            raise invalid(f"tools.{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if not isinstance(fields.get("input_schema"), dict):
            raise invalid(f"tools.{place}.custom.input_schema: Field required")
        if name in names:
            raise invalid("tools: Tool names must be unique.")
        names.add(name)


def _check_system(request: Fields) -> None:
    system = request.get("system")
    if isinstance(system, str):
        return
    for place, block in enumerate(_listed(system, "system")):
        if _object(block, f"system.{place}").get("type") != "text":
            raise invalid(f"system.{place}.type: Input should be 'text'")


def _check_messages(request: Fields) -> None:
    if request.get("messages") is None:
        raise invalid("messages: Field required")
    listed = _listed(request["messages"], "messages")
    if not listed:
        raise invalid("messages: at least one message is required")
    for place, message in enumerate(listed):
        found = _object(message, f"messages.{place}")
        _check_role(place, found, str(request.get("model")))
        _check_content(place, found)
    if messages(request)[0].get("role") != "user":
        raise invalid('messages: first message must use the "user" role')
    spoken = [message for message in messages(request) if message.get("role") != "system"]
    if spoken[-1].get("role") != "user":
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


def _check_role(place: int, message: Fields, model: str) -> None:
    role = message.get("role")
    if role == "system" and place > 0:
        if not model_for(model).prefix.startswith(_SYSTEM_MODELS):
            raise invalid("role 'system' is not supported on this model")
    elif role not in ("user", "assistant"):
        raise invalid(f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant"')


def _check_content(place: int, message: Fields) -> None:
    content = message.get("content")
    if content is None:
        raise invalid(f"messages.{place}.content: Field required")
    if isinstance(content, str):
        if not content:
            raise _empty(place)
        return
    listed = _listed(content, f"messages.{place}.content")
    if not listed:
        raise _empty(place)
    for at, block in enumerate(listed):
        _check_block(f"messages.{place}.content.{at}", _object(block, f"messages.{place}.content.{at}"))


def _empty(place: int) -> Fault:
    return invalid(
        f"messages.{place}: all messages must have non-empty content except for the optional final assistant message"
    )


def _check_block(path: str, block: Fields) -> None:
    kind = block.get("type")
    if kind is None:
        raise invalid(f"{path}.type: Field required")
    if not isinstance(kind, str) or kind not in _BLOCKS:
        expected = ", ".join(f"'{each}'" for each in sorted(_BLOCKS))
        raise invalid(
            f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"
        )
    for name in _REQUIRED.get(kind, ()):
        if not isinstance(block.get(name), str):
            reason = "Input should be a valid string" if name in block else "Field required"
            raise invalid(f"{path}.{kind}.{name}: {reason}")
    if kind == "tool_use" and not isinstance(block.get("input"), dict):
        raise invalid(f"{path}.tool_use.input: Input should be a valid dictionary")


def _texts(request: Fields) -> Iterator[tuple[str, Fields]]:
    """Every text block, with the name of the parameter that holds it."""
    yield from (("system", block) for block in blocks(request.get("system")))
    for message in messages(request):
        for block in blocks(message.get("content")):
            yield "messages", block
            if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
                yield from (("messages", inner) for inner in blocks(block["content"]))


def _check_text(path: str, block: Fields) -> None:
    if block.get("type") != "text":
        return
    text = block.get("text")
    if not isinstance(text, str) or not text:
        raise invalid(f"{path}: text content blocks must be non-empty")
    if not text.strip():
        raise invalid(f"{path}: text content blocks must contain non-whitespace text")


def _listed(value: object, path: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"{path}: Input should be a valid list")
    return cast(list[object], value)


def _object(value: object, path: str) -> Fields:
    if not isinstance(value, dict):
        raise invalid(f"{path}: Input should be a valid dictionary")
    return cast(Fields, value)
