"""A request is read from its bytes: markers come out without a trace, and garbage is refused in words."""

from __future__ import annotations

import pytest

from omg.cache.mirror import Mirror
from omg.cache.mirror_request import Block, read_request
from omg.core.usage import Usage
from tests.cache.mirror_bodies import a_thousand

MARKER = b'"cache_control":{"type":"ephemeral"}'


def only_block(block: bytes) -> Block:
    request = read_request(b'{"model":"m","messages":[{"role":"user","content":[' + block + b"]}]}")
    return request.turns[0].blocks[0]


@pytest.mark.parametrize(
    "block",
    [
        b'{"type":"text","text":"a",%s}' % MARKER,
        b'{"type":"text",%s,"text":"a"}' % MARKER,
        b'{%s,"type":"text","text":"a"}' % MARKER,
        b'{%s,"type":"text","text":"a",%s}' % (MARKER, MARKER),
        b'{"type":"text","text":"a","cache\\u005fcontrol":{"type":"ephemeral"}}',
    ],
)
def test_wherever_a_marker_stands_the_block_is_as_if_it_never_had_one(block: bytes) -> None:
    assert only_block(block).raw == b'{"type":"text","text":"a"}'
    assert only_block(block).marker == "5m"


@pytest.mark.parametrize(
    "spaced", [b'{ "type": "text" , "text" : "a"%s }', b'{\n  "type":\t"text",\r\n"text":"a"%s\n}']
)
def test_white_space_inside_a_block_stays(spaced: bytes) -> None:
    assert only_block(spaced % (b", " + MARKER)).raw == spaced % b""
    assert only_block(spaced % b"").raw == spaced % b""


@pytest.mark.parametrize("marker", [b"null", b'"ephemeral"', b"[]", b"5"])
def test_what_is_no_marker_marks_nothing(marker: bytes) -> None:
    block = only_block(b'{"type":"text","text":"a","cache_control":' + marker + b"}")
    assert (block.raw, block.marker) == (b'{"type":"text","text":"a"}', None)


def test_a_marker_inside_a_tool_result_is_content() -> None:
    nested = b'{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a",%s}]}' % MARKER
    assert only_block(nested).raw == nested
    assert only_block(nested).marker is None


def test_braces_quotes_and_markers_in_text_are_text() -> None:
    tricky = b'{"type":"text","text":"}]{[\\"cache_control\\":{\\\\"}'
    assert only_block(tricky).raw == tricky


def test_content_as_a_string_keeps_its_own_form() -> None:
    request = read_request(b'{"model":"m","system":"be brief","messages":[{"role":"user","content":"\\u0061"}]}')
    assert [block.raw for block in request.system] == [b'"be brief"']
    assert request.turns[0].blocks[0].raw == b'"\\u0061"'


@pytest.mark.parametrize("field", [b'"system":null', b'"tools":null', b'"system":[]', b'"tools":[]'])
def test_nothing_is_nothing(field: bytes) -> None:
    body = b'{"model":"claude-opus-5-5",' + field + b',"messages":[{"role":"user","content":"a"}]}'
    assert Mirror(count=a_thousand).bill(body, now=0).usage == Usage(plain=1000)


def test_of_a_field_given_twice_the_last_counts() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"a"}],"model":"n","messages":[]}'
    assert read_request(body).model == "n"
    assert read_request(body).turns == ()


def test_long_numbers_and_lone_surrogates_are_carried() -> None:
    block = b'{"type":"tool_use","id":"\\ud800","name":"x","input":{"n":%s}}' % (b"9" * 10_000)
    assert only_block(block).raw == block


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"{",
        b'{"model":"m"}',
        b'{"messages":[]}',
        b'{"model":null,"messages":[]}',
        b'{"model":5,"messages":[]}',
        b'{"model":"m","messages":null}',
        b'{"model":"m","messages":{}}',
        b'{"model":"m","messages":["a"]}',
        b'{"model":"m","messages":[{"role":"user"}]}',
        b'{"model":"m","messages":[{"content":"a"}]}',
        b'{"model":"m","messages":[{"role":5,"content":"a"}]}',
        b'{"model":"m","messages":[{"role":"user","content":null}]}',
        b'{"model":"m","messages":[{"role":"user","content":5}]}',
        b'{"model":"m","messages":[{"role":"user","content":["a"]}]}',
        b'{"model":"m","messages":[],"tools":"read"}',
        b'{"model":"m","messages":[],"tools":{}}',
        b'{"model":"m","messages":[],"tools":[5]}',
        b'{"model":"m","messages":[],"system":5}',
        b'{"model":"m","messages":[],}',
        b'{"model":"m","messages":[] "a":1}',
        b'{"model":"m","messages":[]} trailing',
        b'{"model":"m","messages":[]',
        b'{"model":"m",5:6,"messages":[]}',
        b'{"model":"m","messages":[{"role":"user","content":"a',
        b'\xef\xbb\xbf{"model":"m","messages":[]}',
        b'{"model":"\xff","messages":[]}',
        b'{"model":"m","x":' + b"[" * 100_000 + b"]" * 100_000 + b',"messages":[]}',
    ],
)
def test_what_is_no_messages_request_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Mirror().bill(body, now=0)


def test_the_error_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="needs a model and messages"):
        Mirror().bill(b"{}", now=0)
