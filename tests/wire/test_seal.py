"""Sealing: canonical bytes, numbers as written, and blocks found again in the bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.wire.seal import Raw, canonical, compact, fields, parse, seal, unseal

text = st.text(st.characters(codec=None, exclude_categories=()))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_is_what_the_standard_library_writes_without_spaces(value):
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not any("\ud800" <= c <= "\udfff" for c in plain):
        assert canonical(value) == plain.encode()
    json.loads(canonical(value))


@given(json_values)
def test_what_was_parsed_is_rendered_as_it_was_spelt(value):
    spelt = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    assert json.loads(canonical(parse(spelt))) == json.loads(canonical(value))


@pytest.mark.parametrize("number", ["1.0", "1e5", "1E+05", "-0", "123456789012345678901234567890", "0.10"])
def test_a_number_keeps_its_spelling(number):
    assert canonical(parse(f'{{"n":{number}}}')) == f'{{"n":{number}}}'.encode()
    assert compact(f'{{ "n" : {number} }}') == f'{{"n":{number}}}'.encode()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('{ "b": 1,\n "a" : "x  y" }', b'{"b":1,"a":"x  y"}'),
        ('{"a":1,"a":2}', b'{"a":1,"a":2}'),
        (r'{"a":"\u00e9\/"}', rb'{"a":"\u00e9\/"}'),
        (r'{"a":"\ud83d\ude00"}', rb'{"a":"\ud83d\ude00"}'),
        (r'{"a":"\ud83d"}', rb'{"a":"\ufffd"}'),
        (r'{"a":"\ude00\ud83d\ude00"}', rb'{"a":"\ufffd\ud83d\ude00"}'),
        (r'{"a":"\\ud83d"}', rb'{"a":"\\ud83d"}'),
        ('{"a":"\ud800"}', '{"a":"�"}'.encode()),
    ],
)
def test_compact_takes_out_white_space_and_lone_surrogates_only(written, kept):
    assert compact(written) == kept


@pytest.mark.parametrize("broken", ["", "{", '{"a":NaN}', "{'a':1}", '{"a":1}}'])
def test_compact_refuses_what_is_not_json(broken):
    with pytest.raises(ValueError):
        compact(broken)


def test_nan_is_refused():
    with pytest.raises(ValueError):
        canonical({"a": float("nan")})


def test_lone_surrogates_are_replaced_before_sealing():
    assert seal("user", [{"type": "text", "text": "a\ud800b"}]).content[0]["text"] == "a�b"


@given(st.lists(st.tuples(text, st.sampled_from(["text", "thinking", "tool_use"])), min_size=1, max_size=5))
def test_blocks_are_found_again_in_the_bytes(drawn):
    blocks = [{"x": {"y": [{"z": "}]"}]}, "type": kind, "text": words + '}{][\\"'} for words, kind in drawn]
    message = unseal(seal("user", blocks).body)
    assert [place.kind for place in message.places] == [kind for _, kind in drawn]
    for place, block in zip(message.places, blocks, strict=True):
        assert message.body[place.start : place.end] == canonical(block)
        assert place.markable == (place.kind != "thinking")


def test_empty_text_and_thinking_cannot_be_marked():
    message = seal("assistant", [{"type": "text", "text": ""}, {"type": "thinking", "thinking": "x", "signature": "y"}])
    assert [place.markable for place in message.places] == [False, False]


def test_a_message_needs_a_block():
    with pytest.raises(ValueError):
        seal("user", [])


@pytest.mark.parametrize("bytes_", [b"", b"{}", b'{"role":"system","content":[{}]}', b'{"role":"user","content":"x"}'])
def test_unseal_refuses_other_bytes(bytes_):
    with pytest.raises(ValueError):
        unseal(bytes_)


def test_fields_of_an_object():
    body = canonical({"model": "m", "tools": [{"a": {"b": 1}}], "n": Raw(b"1e5")})
    assert [(name, body[start:end]) for name, start, end in fields(body)] == [
        ("model", b'"model":"m"'),
        ("tools", b'"tools":[{"a":{"b":1}}]'),
        ("n", b'"n":1e5'),
    ]
