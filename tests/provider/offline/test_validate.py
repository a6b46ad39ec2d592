from typing import Any

import pytest

from omg.provider.offline.fault import Fault
from omg.provider.offline.validate import LARGEST, check, read
from tests.provider.offline.requests import assistant, body, call, marked, result, text, user


def words(request: Any, *, counting: bool = False) -> str:
    with pytest.raises(Fault) as fault:
        check(request, counting=counting)
    assert (fault.value.status, fault.value.kind) == (400, "invalid_request_error")
    return fault.value.message


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in body().items() if key != name}


THINKING = {"type": "thinking", "thinking": "Hm", "signature": "x"}
TOOL = {"name": "read", "description": "", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    "good",
    [
        body(),
        body({"role": "user", "content": "Hi"}),
        body(user("a"), user("b")),
        body(user("a"), assistant(call("t")), user(result("t"), "and now")),
        body(user("a"), assistant("b", call("t"), call("u")), user(result("u"), result("t"))),
        body(user("a"), assistant(call("t")), user(result("t")), user("steered")),
        body(user("a"), assistant(call("t")), user(result("t", content=[]))),
        body(user("a"), {"role": "system", "content": "Mind the step."}),
        body(user("a"), assistant(THINKING, "b"), user("c")),
        body(system="Be brief.", tools=[TOOL], thinking={"type": "adaptive"}),
        body(max_tokens=0),
        body(user(marked(text("a"), "1h"), marked(text("b"))), system=[marked(text("s"), "1h")]),
        body(unheard_of={"a": 1}),
    ],
)
def test_what_the_api_takes(good: dict[str, Any]) -> None:
    check(good)


def test_counting_takes_no_max_tokens() -> None:
    check(without("max_tokens"), counting=True)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (without("model"), "model: Field required"),
        (body(model=7), "model: Input should be a valid string"),
        (without("messages"), "messages: Field required"),
        ({**body(), "messages": []}, "messages: at least one message is required"),
        ({**body(), "messages": {"a": 1}}, "messages: Input should be a valid list"),
        ({**body(), "messages": ["Hi"]}, "messages.0: Input should be a valid dictionary"),
        (without("max_tokens"), "max_tokens: Field required"),
        (body(max_tokens="many"), "max_tokens: Input should be a valid integer"),
        (body(max_tokens=True), "max_tokens: Input should be a valid integer"),
        (body(max_tokens=-1), "max_tokens: Input should be greater than or equal to 0"),
        (
            body(max_tokens=128_001),
            "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-opus-5-5",
        ),
        (body(assistant("Hi")), 'messages: first message must use the "user" role'),
        (body({"role": "system", "content": "Hi"}), 'messages: Unexpected role "system". Allowed roles'),
        (body({"role": "tool", "content": "Hi"}), 'messages: Unexpected role "tool". Allowed roles'),
        (
            body(user("a"), {"role": "system", "content": "b"}, model="claude-sonnet-5"),
            "role 'system' is not supported on this model",
        ),
        (body(user("a"), assistant("b")), "must end with a user message"),
        (body({"role": "user"}), "messages.0.content: Field required"),
        (body(user()), "messages.0: all messages must have non-empty content"),
        (body({"role": "user", "content": ""}), "messages.0: all messages must have non-empty content"),
        (body({"role": "user", "content": 7}), "messages.0.content: Input should be a valid list"),
        (body(user(text(""))), "messages: text content blocks must be non-empty"),
        (body(user(text(" \n"))), "messages: text content blocks must contain non-whitespace text"),
        (body(system=[text("")]), "system: text content blocks must be non-empty"),
        (body(system=["Hi"]), "system.0: Input should be a valid dictionary"),
        (body(user({"type": "video"})), "messages.0.content.0: Input tag 'video' found using 'type'"),
        (body(user({"type": []})), "messages.0.content.0: Input tag"),
        (body(user({"text": "a"})), "messages.0.content.0.type: Field required"),
        (body(user({"type": "text"})), "messages.0.content.0.text.text: Field required"),
        (
            body(user("a"), assistant(call("t", input=[]))),
            "messages.1.content.0.tool_use.input: Input should be a valid",
        ),
        (body(tools=[{"name": "a b", "input_schema": {}}]), "tools.0.custom.name: String should match pattern"),
        (body(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
        (body(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
        (body(thinking={"type": "enabled", "budget_tokens": 10}), "thinking.enabled.budget_tokens: Input should be"),
        (body(thinking={"type": "enabled", "budget_tokens": 2000}), "`max_tokens` must be greater than"),
        (body(max_tokens=0, stream=True), "max_tokens: 0 is not supported together with stream"),
        (body(max_tokens=0, tool_choice={"type": "any"}), "max_tokens: 0 is not supported together with tool_choice"),
    ],
)
def test_what_the_api_refuses(bad: dict[str, Any], said: str) -> None:
    assert said in words(bad)


def test_a_call_without_its_result() -> None:
    for after in ([], [user("never mind")], [user("first", result("t"))]):
        said = words(body(user("a"), assistant(call("t")), *after, *([] if after else [user("b")])))
        assert said == (
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )


def test_a_result_without_its_call() -> None:
    said = words(body(user("a"), assistant("b"), user("c", result("t"))))
    assert said == (
        "messages.2.content.1: unexpected `tool_use_id` found in `tool_result` blocks: t. "
        "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
    )


def test_a_call_answered_twice_and_an_id_used_twice() -> None:
    twice = body(user("a"), assistant(call("t")), user(result("t"), result("t")))
    assert "each tool_use must have a single result" in words(twice)
    same = body(user("a"), assistant(call("t"), call("t")), user(result("t")))
    assert words(same) == "messages: `tool_use` ids must be unique"


def test_five_markers() -> None:
    blocks = [marked(text(name)) for name in "abcde"]
    assert words(body(user(*blocks))) == "A maximum of 4 blocks with cache_control may be provided. Found 5."
    automatic = body(user(*blocks[:4]), cache_control={"type": "ephemeral"})
    assert words(automatic) == "A maximum of 4 blocks with cache_control may be provided. Found 5."


def test_one_hour_after_five_minutes() -> None:
    said = words(body(user("a", marked(text("b"), "1h")), tools=[marked(TOOL)]))
    assert said == (
        "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
        "cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
    )


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (
            body(user("a"), assistant(marked(THINKING), "b"), user("c")),
            "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
        ),
        (
            body(user(marked(text("")))),
            "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
        ),
        (
            body(user("a"), assistant(call("t")), user(result("t", content=[marked(text("x"))]))),
            "cache_control may not be specified within tool_result.content. Instead, place it directly on tool_result",
        ),
        (body(user(marked(text("a"), "2h"))), "messages.0.content.0.cache_control.ttl: Input should be '5m' or '1h'"),
        (body(user(text("a", cache_control="yes"))), "does not match any of the expected tags: 'ephemeral'"),
        (
            body(user(marked(text("a"), "1h")), cache_control={"type": "ephemeral"}),
            "cache_control.ttl: the last block already carries",
        ),
    ],
)
def test_markers_where_none_may_stand(bad: dict[str, Any], said: str) -> None:
    assert said in words(bad)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b'"a"', b"[]", b"null"])
def test_a_body_that_is_no_json_object(raw: bytes) -> None:
    with pytest.raises(Fault) as fault:
        read(raw)
    assert fault.value.status == 400


def test_a_body_over_32_mb() -> None:
    with pytest.raises(Fault) as fault:
        read(b" " * (LARGEST + 1))
    assert (fault.value.status, fault.value.kind) == (413, "request_too_large")
