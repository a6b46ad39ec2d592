"""What invalidates what: the published table, row by row, and the controls that must not alarm."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from omg.cache.mirror import Mirror
from omg.core.usage import Usage
from tests.cache.mirror_bodies import (
    Block,
    a_thousand,
    assistant,
    body,
    encode,
    marked,
    said,
    text,
    tool,
    use,
    user,
)

Request = dict[str, Any]

IMAGE: Block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
DOCUMENT: Block = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}
CITED: Block = {**DOCUMENT, "citations": {"enabled": True}}


def base(**changes: Any) -> Request:
    """One block in each tier, each marked; 1000 tokens each. What a hit reads tells which tiers survived."""
    return {
        "model": "claude-opus-5-5",
        "max_tokens": 100,
        "tools": [marked(tool("read"))],
        "system": [marked(text("be brief"))],
        "messages": [user(marked(text("hello"))), assistant(text("hi"))],
        **changes,
    }


def survives(before: Request, after: Request) -> int:
    """How many of `before`'s marked blocks `after` can still read: 3 all, 2 tools and system, 1 tools, 0 none."""
    mirror = Mirror(count=a_thousand)
    mirror.begin(mirror.bill(encode(before), now=0), now=0)
    return mirror.bill(encode(after), now=1).usage.read // 1000


ALL, TOOLS_AND_SYSTEM, TOOLS, NONE = 3, 2, 1, 0


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"model": "claude-opus-5"}, NONE),
        ({"tools": [marked(tool("read", description="reads"))]}, NONE),
        ({"tools": [tool("edit"), marked(tool("read"))]}, NONE),
        ({"tools": []}, NONE),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, NONE),
        ({"output_config": {"effort": "low"}}, NONE),
        ({"mcp_servers": [{"type": "url", "name": "x", "url": "https://x"}]}, NONE),
        ({"inference_geo": "us"}, NONE),
        ({"service_tier": "standard_only"}, NONE),
        ({"system": [marked(text("be brief "))]}, TOOLS),
        ({"system": "be brief"}, TOOLS),
        ({"speed": "fast"}, TOOLS),
        ({"tool_choice": {"type": "any"}}, TOOLS_AND_SYSTEM),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, TOOLS_AND_SYSTEM),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, TOOLS_AND_SYSTEM),
        ({"output_config": {"task_budget": {"type": "tokens", "total": 9}}}, TOOLS_AND_SYSTEM),
        ({"output_format": {"type": "json_schema", "schema": {}}}, TOOLS_AND_SYSTEM),
    ],
)
def test_a_changed_parameter_loses_its_tier_and_those_behind(change: Request, left: int) -> None:
    assert survives(base(), base(**change)) == left
    assert survives(base(**change), base(**change)) > 0 or change.get("tools") == []


@pytest.mark.parametrize("web", ["web_search_20250305", "web_fetch_20250910"])
def test_switching_web_tools_on_keeps_the_cache_of_tools(web: str) -> None:
    server = {"type": web, "name": "web"}
    assert survives(base(), base(tools=[marked(tool("read")), server])) == TOOLS
    assert survives(base(), base(tools=[server, marked(tool("read"))])) == TOOLS


def test_switching_citations_on_keeps_the_cache_of_tools() -> None:
    messages = base()["messages"]
    assert survives(base(), base(messages=[*messages, user(DOCUMENT)])) == ALL
    assert survives(base(), base(messages=[*messages, user(CITED)])) == TOOLS
    once = base(messages=[*messages, user(CITED)])
    assert survives(once, base(messages=[*messages, user(CITED), user(CITED)])) == ALL


@pytest.mark.parametrize("held", [False, True])
def test_an_image_anywhere_loses_the_messages(held: bool) -> None:
    shown = {"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]} if held else IMAGE
    messages = base()["messages"]
    first = base(messages=[*messages, user(shown)])
    assert survives(base(), first) == TOOLS_AND_SYSTEM
    assert survives(first, base()) == TOOLS_AND_SYSTEM
    # Presence is what counts: a second image loses nothing more.
    assert survives(first, base(messages=[*messages, user(shown), user(IMAGE)])) == ALL


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 0},
        {"metadata": {"user_id": "somebody else"}},
        {"stream": True},
        {"stop_sequences": ["x"]},
        {"temperature": 0.3},
        {"diagnostics": {"previous_message_id": None}},
        {"thinking": None},
        {"speed": "standard"},
        {"tool_choice": {"type": "auto"}},
        {"output_config": {"effort": "medium"}},  # the default of Opus 5.5
        {"output_config": {}},
    ],
)
def test_what_loses_nothing(change: Request) -> None:
    assert survives(base(), base(**change)) == ALL


def test_the_default_effort_is_the_models() -> None:
    older = base(model="claude-opus-5")
    assert survives(older, base(model="claude-opus-5", output_config={"effort": "high"})) == ALL
    assert survives(older, base(model="claude-opus-5", output_config={"effort": "medium"})) == NONE


def test_the_order_of_top_level_keys_loses_nothing() -> None:
    turned = dict(reversed(base().items()))
    assert list(turned) != list(base())
    assert survives(base(), turned) == ALL


def test_the_order_and_spacing_of_a_parameters_value_lose_nothing() -> None:
    one = base(thinking={"type": "enabled", "budget_tokens": 2048})
    other = base(thinking={"budget_tokens": 2048, "type": "enabled"})
    assert survives(one, other) == ALL


def test_a_marker_moved_right_reads_what_was_written_and_writes_the_rest() -> None:
    mirror = Mirror(count=a_thousand)
    mirror.begin(mirror.bill(said(3, {3: "5m"}), now=0), now=0)
    assert mirror.bill(said(4, {4: "5m"}), now=1).usage == Usage(read=3000, write_5m=1000)


def test_a_markers_ttl_is_no_part_of_the_key() -> None:
    mirror = Mirror(count=a_thousand)
    mirror.begin(mirror.bill(said(3, {3: "1h"}), now=0), now=0)
    assert mirror.bill(said(3, {3: "5m"}), now=1).usage == Usage(read=3000)


def test_a_system_message_appended_in_mid_conversation_loses_nothing() -> None:
    appended = {"role": "system", "content": [text("the mode is now plan")]}
    assert survives(base(), base(messages=[*base()["messages"], appended])) == ALL


def test_a_messages_other_fields_are_part_of_the_prefix() -> None:
    effort = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    messages = base()["messages"]
    with_effort = base(messages=[messages[0], effort, user(marked(text("x")))])
    without = base(messages=[messages[0], user(marked(text("x")))])
    assert survives(without, with_effort) == 3  # of four: all but the last
    assert survives(with_effort, with_effort) == 4


def test_a_deferred_tool_is_no_part_of_the_prefix() -> None:
    assert survives(base(), base(tools=[tool("later", defer_loading=True), *base()["tools"]])) == ALL


class TestThinkingThatAModelDrops:
    THOUGHT: ClassVar[Block] = {"type": "thinking", "thinking": "hm", "signature": "s"}

    def turn(self, model: str, *more: Block) -> bytes:
        call = assistant(self.THOUGHT, use(1))
        answer = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "r"}
        return body(user(text("q")), call, user(marked(answer)), *more, model=model)

    @pytest.mark.parametrize(
        ("model", "read"),
        [
            ("claude-opus-5-5", 4096),
            ("claude-haiku-5-5", 4096),
            ("claude-opus-4-5", 4096),
            ("claude-sonnet-4-6", 4096),
            ("claude-sonnet-4-5", 0),
            ("claude-opus-4-1", 0),
            ("claude-haiku-4-5", 0),
        ],
    )
    def test_older_models_lose_the_messages_at_the_next_words(self, model: str, read: int) -> None:
        mirror = Mirror(count=lambda block: 1024)
        mirror.begin(mirror.bill(self.turn(model), now=0), now=0)
        words = mirror.bill(self.turn(model, assistant(text("so")), user(marked(text("and?")))), now=1)
        assert words.usage.read == read

    def test_tool_results_alone_lose_nothing(self) -> None:
        mirror = Mirror(count=lambda block: 1024)
        model = "claude-haiku-4-5"
        mirror.begin(mirror.bill(self.turn(model), now=0), now=0)
        second = {"type": "tool_result", "tool_use_id": "toolu_2", "content": "r"}
        looped = self.turn(model, assistant(self.THOUGHT, use(2)), user(marked(second)))
        assert mirror.bill(looped, now=1).usage.read == 4 * 1024


class TestAutomaticCaching:
    AUTO: ClassVar[Request] = {"cache_control": {"type": "ephemeral"}}

    def usage(self, request: bytes) -> Usage:
        return Mirror(count=a_thousand).bill(request, now=0).usage

    def test_the_last_block_is_marked(self) -> None:
        assert self.usage(said(3, **self.AUTO)) == Usage(write_5m=3000)

    def test_with_its_ttl(self) -> None:
        hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
        assert self.usage(said(3, **hour)) == Usage(write_1h=3000)

    def test_content_sent_as_a_string_can_be_marked_too(self) -> None:
        assert self.usage(body({"role": "user", "content": "hello"}, **self.AUTO)) == Usage(write_5m=1000)

    def test_it_walks_back_to_the_nearest_block_that_can_be_marked(self) -> None:
        thought = {"type": "thinking", "thinking": "", "signature": "s"}
        request = body(user(text("a")), assistant(thought, text("")), **self.AUTO)
        assert self.usage(request) == Usage(write_5m=1000, plain=2000)

    def test_where_none_can_nothing_is_cached(self) -> None:
        assert self.usage(body(user(text("")), **self.AUTO)) == Usage(plain=1000)
        assert self.usage(body(**self.AUTO)) == Usage()

    def test_on_a_marked_block_it_changes_nothing(self) -> None:
        assert self.usage(said(3, {3: "5m"}, **self.AUTO)) == self.usage(said(3, {3: "5m"}))

    def test_where_the_ttls_differ_the_blocks_own_counts(self) -> None:
        # The API refuses such a request.
        assert self.usage(said(3, {3: "1h"}, **self.AUTO)) == Usage(write_1h=3000)

    def test_together_with_explicit_markers(self) -> None:
        assert self.usage(said(3, {1: "1h"}, **self.AUTO)) == Usage(write_1h=1000, write_5m=2000)


@pytest.mark.parametrize(
    "unmarkable",
    [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": ""},
    ],
)
def test_a_marker_where_none_can_be_is_no_breakpoint(unmarkable: Block) -> None:
    request = body(user(marked(text("a"))), assistant(marked(unmarkable)))
    assert Mirror(count=a_thousand).bill(request, now=0).usage == Usage(write_5m=1000, plain=1000)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([user(text("a"), text("b"))], [user(text("a")), user(text("b"))]),  # split and merged
        ([user(text("a"), text("b"))], [user(text("b"), text("a"))]),
        ([user(text("ab"))], [user(text("a"), text("b"))]),
        ([user(text("a"))], [assistant(text("a"))]),
        ([user(text("a"))], [{"role": "user", "content": "a"}]),
        ([user(text("é"))], [user(text("e\u0301"))]),
        ([assistant({**use(1), "input": {"a": 1, "b": 2}})], [assistant({**use(1), "input": {"b": 2, "a": 1}})]),
        ([assistant({**use(1), "input": {"a": 1}})], [assistant({**use(1), "input": {"a": 1.0}})]),
    ],
)
def test_what_differs_in_the_messages_is_another_prefix(one: list[Block], other: list[Block]) -> None:
    auto = {"cache_control": {"type": "ephemeral"}}
    mirror = Mirror(count=a_thousand)
    mirror.begin(mirror.bill(body(*one, **auto), now=0), now=0)
    assert mirror.bill(body(*one, **auto), now=1).usage.read > 0
    assert mirror.bill(body(*other, **auto), now=1).usage.read == 0


def test_bytes_of_a_block_matter_and_those_between_blocks_do_not() -> None:
    mirror = Mirror(count=a_thousand)
    compact = json.dumps(base(), separators=(",", ":")).encode()
    mirror.begin(mirror.bill(compact, now=0), now=0)
    around = compact.replace(b'"messages":[', b'"messages" : [\n  ').replace(b'"content":[', b'"content": [ ')
    assert mirror.bill(around, now=1).usage.read == 3000
    inside = compact.replace(b'"text":"hello"', b'"text": "hello"')
    assert mirror.bill(inside, now=1).usage.read == 2000
    escaped = compact.replace(b"hello", b"h\\u0065llo")
    assert mirror.bill(escaped, now=1).usage.read == 2000
